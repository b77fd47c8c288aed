"""A guest whose kernel makes evidence, played by a thread of ours."""
import pathlib
import tempfile
import threading

from .makers import DATA

QUOTE = DATA / "intel/tdx_v4_b0c06f.quote.bin"
AT_REPORT_DATA = 568  # in the quote


class Kernel:
    """An entry of configfs-tsm with a thread behind it that answers each write. Use it in a with statement."""

    def __init__(self, provider="tdx_guest\n", flip=0):
        self.provider, self.flip, self.over = provider, flip, threading.Event()

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="deputy-test-")
        self.path = pathlib.Path(self.directory.name)
        for name, content in (("provider", self.provider), ("generation", "0\n"), ("inblob", "")):
            self.path.joinpath(name).write_text(content)
        self.thread = threading.Thread(target=self.play, daemon=True)
        self.thread.start()
        self.environment = {"DCAP_TDX_QUOTE_CONFIGFS_PATH": str(self.path)}
        return self

    def play(self):
        generation, last = 0, b""
        while not self.over.wait(0.005):
            asked = self.path.joinpath("inblob").read_bytes()
            if len(asked) != 64 or asked == last:
                continue
            answer = bytearray(QUOTE.read_bytes())
            answer[AT_REPORT_DATA:AT_REPORT_DATA + 64] = asked
            answer[AT_REPORT_DATA] ^= self.flip
            self.path.joinpath("outblob").write_bytes(answer)
            generation, last = generation + 1, asked
            with self.path.joinpath("generation").open("r+") as file:
                file.write(str(generation))

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.directory.cleanup()

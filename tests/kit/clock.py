"""Clocks of processes under test that go wrong, and time that goes by at once: the other side of tests/faults/clock.c."""
import mmap
import pathlib
import struct
import tempfile


class Clock:
    """Give `environment` to each process whose clock it is to be. Use it in a with statement."""

    def __init__(self, deputy):
        library = pathlib.Path(deputy).resolve().parent / "clock.so"
        assert library.exists(), f"{library} is not built"
        self.file = tempfile.NamedTemporaryFile(prefix="deputy-test-clock-")
        self.file.write(bytes(16))
        self.file.flush()
        self.memory = mmap.mmap(self.file.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_CONTROL": self.file.name, "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.passed = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.memory.close()
        self.file.close()

    def jump(self, seconds):
        """From here on the wall clock is so many seconds ahead of the truth, or behind it; 0: right again."""
        self.memory[0:8] = struct.pack("=q", seconds)

    def go_by(self, seconds):
        """So much more time goes by, for all clocks."""
        self.passed += seconds
        self.memory[8:16] = struct.pack("=q", self.passed)

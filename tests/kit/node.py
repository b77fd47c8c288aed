"""A data node of our own for a test: its configuration, its process, and requests to it."""
import os
import socket
import subprocess
import time

from .process import START_SECONDS, Process, Response, sanitized  # noqa: F401


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def confinement(deputy, mode=None):
    """Variables for a node with this setting of its sandbox, or one that suits. The search for leaks at its end needs a process of its
    own, which looks into the node: the sandbox refuses both. A build with sanitizers has either that search or, where the variable
    SANDBOX says so (tests/suites.txt), the sandbox."""
    mode = mode or os.environ.get("SANDBOX") or ("off" if sanitized(deputy) else "on")
    leaks = {} if mode == "off" else {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    return {"TINYCLOUD_DEPUTY__SANDBOX": mode, **leaks}


class Node(Process):
    """`deputy node` in a temporary directory; use it in a with statement."""

    name = "node"

    def __init__(self, deputy, config, environment=None, directory=None):
        super().__init__(deputy, directory)
        self.port = free_port()
        self.config = config.replace("{port}", str(self.port)).replace("{data}", str(self.directory / "data"))
        self.environment = environment or {}

    def command(self):
        return [str(self.deputy), "node"]

    def start(self):
        self.directory.joinpath("data").mkdir(parents=True, exist_ok=True)
        path = self.directory / "tinycloud.toml"
        path.write_text(self.config)
        self.log = open(self.log_path, "ab")
        environment = {**os.environ, "TINYCLOUD_CONFIG_FILE": str(path), **confinement(self.deputy), **self.environment}
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if self.request("GET", "/healthz").status == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
                raise RuntimeError("the node did not start:\n" + self.log_text())
            time.sleep(0.02)

    def verb(self, *arguments):
        """Runs `deputy node <verb>` with this node's settings; returns the finished process."""
        return subprocess.run([str(self.deputy), "node", *arguments], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "TINYCLOUD_CONFIG_FILE": str(self.directory / "tinycloud.toml"), **self.environment})

    @property
    def data(self):
        return self.directory / "data"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def request(self, method, path, headers=None, body=None):
        return self.exchange(method, path, headers or {}, body, 30)

"""A data node of our own for a test: its configuration, its process, and requests to it."""
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode(errors="replace")


class Node:
    """`deputy node` in a temporary directory; use it in a with statement."""

    def __init__(self, deputy, config, environment=None, directory=None):
        self.deputy = pathlib.Path(deputy).resolve()
        self.own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="deputy-test-"))
        self.port = free_port()
        self.config = config.replace("{port}", str(self.port)).replace("{data}", str(self.directory / "data"))
        self.environment = environment or {}
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def command(self):
        return [str(self.deputy), "node"]

    def start(self):
        self.directory.joinpath("data").mkdir(parents=True, exist_ok=True)
        path = self.directory / "tinycloud.toml"
        path.write_text(self.config)
        self.log = open(self.directory / "node.log", "ab")
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, "TINYCLOUD_CONFIG_FILE": str(path), **self.environment})
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

    def stop(self):
        """Asks it to end, and returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process = None
        self.log.close()
        return code

    def verb(self, *arguments):
        """Runs `deputy node <verb>` with this node's settings; returns the finished process."""
        return subprocess.run([str(self.deputy), "node", *arguments], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "TINYCLOUD_CONFIG_FILE": str(self.directory / "tinycloud.toml"), **self.environment})

    def kill(self):
        """Ends it at once, as a loss of power to the process."""
        self.process.kill()
        self.process.wait()
        self.process = None
        self.log.close()

    @property
    def data(self):
        return self.directory / "data"

    def log_text(self):
        return (self.directory / "node.log").read_text(errors="replace")

    def sanitized(self):
        """Is the binary built with AddressSanitizer, whose memory is not ours to bound?"""
        return b"__asan_init" in self.deputy.read_bytes()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

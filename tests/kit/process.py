"""A daemon under test: a directory of its own, its log, and its end."""
import http.client
import pathlib
import shutil
import signal
import subprocess
import tempfile

START_SECONDS, END_SECONDS = 20, 20


def sanitized(deputy):
    """Is the binary built with AddressSanitizer?"""
    return b"__asan_init" in pathlib.Path(deputy).read_bytes()


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode(errors="replace")


class Process:
    """Use it in a with statement; what it is and how it starts is for its heirs to say: `name`, `start`, and `port` once it runs."""

    def __init__(self, deputy, directory=None):
        self.deputy = pathlib.Path(deputy).resolve()
        self.own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="deputy-test-"))
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def log_path(self):
        return self.directory / f"{self.name}.log"

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def stop(self, how=signal.SIGTERM):
        """Asks it to end, and returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        self.log.close()
        return code

    def kill(self):
        """Ends it at once, as a loss of power to the process."""
        self.stop(signal.SIGKILL)

    def sanitized(self):
        """Is the binary built with AddressSanitizer, whose memory is not ours to bound?"""
        return sanitized(self.deputy)

    def exchange(self, method, path, headers, body, timeout):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

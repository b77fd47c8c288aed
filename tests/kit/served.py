"""A server of a test's own on a free loopback port, which answers as its handler does. The base of those that play somebody."""
import http.server
import threading


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Whoever asks may go away at any time."""


class Served:
    """Use it in a with statement; from the beginning it has its port and address."""

    def __init__(self, handler, port=0, path=""):
        self.handler = handler
        self.server = QuietServer(("127.0.0.1", port), handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Nobody is there any more."""
        self.server.shutdown()
        self.server.server_close()

    def up(self):
        """Somebody is there again."""
        self.server = QuietServer(("127.0.0.1", self.port), self.handler)
        self.__enter__()

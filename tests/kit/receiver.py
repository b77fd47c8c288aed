"""A receiver of webhooks on a free loopback port, which answers as it is told."""
import queue
import threading

from .served import QuietHandler, Served


class Receiver(Served):
    """Use it in a with statement. take() gives the next delivery as (headers, body); `status` is what is answered from now on."""

    def __init__(self, status=200, port=0):
        self.status, self.hold, self.got = status, threading.Event(), queue.Queue()
        self.hold.set()
        receiver = self

        class Handler(QuietHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.put(({name.lower(): value for name, value in self.headers.items()}, body))
                receiver.hold.wait(20)
                try:
                    self.send_response(receiver.status)
                    if receiver.status == 302:
                        self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass

        super().__init__(Handler, port, "/hook")

    def end(self):
        self.hold.set()
        super().end()

    def take(self, seconds=15):
        return self.got.get(timeout=seconds)

    def silent(self, seconds=2.5):
        try:
            self.got.get(timeout=seconds)
            return False
        except queue.Empty:
            return True

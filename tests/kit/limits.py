"""A quota service on a free loopback port, which answers as it is told."""
import json
import time

from .served import QuietHandler, Served


class Limits(Served):
    """Use it in a with statement. `answer` is what every space gets from now on: a number of bytes, (status, body), or an exception to break off."""

    def __init__(self, answer=0, seconds=0):
        self.answer, self.seconds, self.asked, self.headers = answer, seconds, [], []
        limits = self

        class Handler(QuietHandler):
            def do_GET(self):
                limits.asked.append(self.path)
                limits.headers.append({name.lower(): value for name, value in self.headers.items()})
                time.sleep(limits.seconds)
                given = limits.answer
                status, body = given if isinstance(given, tuple) else (200, json.dumps({"storage_limit_bytes": given}))
                try:
                    if body is None:  # breaks off
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
                        return
                    self.send_response(status)
                    if status in (301, 302, 307):
                        self.send_header("Location", f"http://127.0.0.1:{limits.port}/elsewhere")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body.encode())
                except OSError:
                    pass

        super().__init__(Handler, path="/base")

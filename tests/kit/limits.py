"""A quota service on a free loopback port, which answers as it is told."""
import http.server
import json
import threading
import time


class Limits:
    """Use it in a with statement. `answer` is what every space gets from now on: a number of bytes, (status, body), or an exception to break off."""

    def __init__(self, answer=0, seconds=0):
        self.answer, self.seconds, self.asked, self.headers = answer, seconds, [], []
        limits = self

        class Handler(http.server.BaseHTTPRequestHandler):
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

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/base"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

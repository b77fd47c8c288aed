"""A reader of a node's stream of events."""
import http.client
import json
import socket


class Events:
    """GET /hooks/events; use it in a with statement. read() gives (kind, data) of the next event, None at the end."""

    def __init__(self, node, ticket, receive_buffer=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=15)
        if receive_buffer is not None:
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            raw.settimeout(15)
            raw.connect(("127.0.0.1", node.port))
            self.connection.sock = raw
        self.connection.request("GET", "/hooks/events?ticket=" + ticket)
        self.answer = self.connection.getresponse()
        self.status, self.headers = self.answer.status, {name.lower(): value for name, value in self.answer.getheaders()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()
        self.connection.close()

    @property
    def text(self):
        return self.answer.read().decode()

    def read(self):
        kind, data = None, None
        while True:
            line = self.answer.readline().decode()
            if line == "":
                return None
            if line.startswith("event:"):
                kind = line[6:].strip()
            elif line.startswith("data:"):
                data = json.loads(line[5:])
            elif line == "\n" and kind is not None:
                return kind, data

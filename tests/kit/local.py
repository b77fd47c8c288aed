"""The local API of a backend as an app's server uses it, users who granted it something, and a node that fails on demand between them."""
import contextlib
import hashlib
import http.client
import json
import socket
import time
import urllib.parse

from . import tokens
from .backend import PAGE, Owner, iso
from .node import Response
from .served import QuietHandler, Served
from .world import serial

APP = "com.example.notes"
# What the backend of these tests asks for: values and a database of the app, and two secrets of the user.
PERMISSIONS = [
    {"service": "tinycloud.kv", "path": "/", "actions": ["get", "put", "del", "list", "metadata"]},
    {"service": "tinycloud.sql", "path": "main", "actions": ["read", "write", "schema"]},
    {"service": "tinycloud.kv", "space": "secrets", "path": "vault/secrets/READ_ONLY", "actions": ["get"], "skipPrefix": True},
    {"service": "tinycloud.kv", "space": "secrets", "path": "vault/secrets/scoped/notes/TOKEN", "actions": ["get", "put", "del"],
     "skipPrefix": True},
]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Local:
    """The app's server. A path is given in parts, which are escaped; a text is sent as it is."""

    def __init__(self, path=None, port=None, **headers):
        self.path, self.port, self.headers = path, port, headers

    def connection(self, timeout=60):
        return UnixConnection(self.path, timeout) if self.path else http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def open(self, method, path, body=None, headers=None, timeout=60):
        """The connection and the answer, whose body is still to be read."""
        connection = self.connection(timeout)
        connection.request(method, path, body=body, headers={**self.headers, **(headers or {})})
        return connection, connection.getresponse()

    def ask(self, method, path, body=None, headers=None, timeout=60):
        connection, answer = self.open(method, path, body, headers, timeout)
        try:
            return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def raw(self, request):
        """Bytes as they are; returns everything that comes back."""
        connection = self.connection(10)
        connection.connect()
        connection.sock.sendall(request)
        back = b""
        try:
            while part := connection.sock.recv(65536):
                back += part
        except TimeoutError:
            pass
        connection.close()
        return back


class User(Owner):
    """An owner of these tests, and the paths of the local API that are about him."""

    def __init__(self, backend, node, name, local):
        super().__init__(backend, node, name, resolved())
        self.local, self.given = local, []

    def child(self, *arguments, **options):
        token, payload = super().child(*arguments, **options)
        self.given.append(tokens.cid(token.encode()))
        return token, payload

    def revoke(self):
        """The page takes back at the node all that it gave the backend."""
        for cid in self.given:
            payload = {"iss": self.session.did_url, "aud": self.session.did_key, "exp": int(time.time()) + 60,
                       "nnc": f"urn:uuid:{time.time_ns():032x}-{next(serial)}", "prf": [],
                       "att": {"urn:cid:" + cid: {"tinycloud.delegation/revoke": [{}]}}}
            answer = self.node.request("POST", "/revoke", {"Authorization": tokens.ucan(self.session, payload)})
            assert answer.status == 200, (answer.status, answer.text)

    def granted(self, network=True):
        self.host()
        self.open_session()
        if network:
            self.make_network()
        self.grant()
        return self

    def make_network(self):
        """As the page does at the first sign-in."""
        create = {"tinycloud.encryption/network.create": [{}]}
        fields = {"domain": PAGE, "nonce": f"nonce{next(serial):08}", "iat": iso(0), "exp": iso(600)}
        right = tokens.cacao(self.wallet, self.session.did_url, fields, {self.network: create})
        self.delegate(tokens.cacao_header(right))
        node_id = json.loads(self.node.request("GET", "/info").text)["nodeId"]
        body = {"name": "default", "ownerDid": self.wallet.did_pkh, "threshold": {"n": 1, "t": 1}}
        facts = {"type": "tinycloud.encryption.network-admin/v1", "targetNode": node_id, "networkId": self.network,
                 "bodyHash": hashlib.sha256(tokens.compact(body).encode()).hexdigest(),
                 "action": "tinycloud.encryption/network.create"}
        payload = {"iss": self.session.did_url, "aud": node_id, "exp": int(time.time()) + 60, "nnc": f"urn:uuid:{time.time_ns():032x}",
                   "prf": [tokens.cid(right)], "att": {self.network: create}, "fct": [facts]}
        headers = {"Authorization": tokens.ucan(self.session, payload), "Content-Type": "application/json"}
        answer = self.node.request("POST", "/encryption/networks", headers, json.dumps(body))
        assert answer.status in (200, 409), (answer.status, answer.text)

    def invoke(self, resource, ability, body=None, **headers):
        """The page itself at the node, beside the backend."""
        payload = {"iss": self.session.did_url, "aud": self.session.did_key, "exp": int(time.time()) + 60,
                   "nnc": f"urn:uuid:{time.time_ns():032x}-{next(serial)}", "prf": [self.root], "att": {resource: {ability: [{}]}}}
        return self.node.request("POST", "/invoke", {"Authorization": tokens.ucan(self.session, payload), **headers}, body)

    def url(self, *parts, **query):
        path = "/v1/u/" + self.address + "".join("/" + urllib.parse.quote(part, safe="") for part in parts)
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def key(self, name):
        return APP + "/" + name

    def get(self, name, **headers):
        return self.local.ask("GET", self.url("kv", self.key(name)), headers=headers)

    def put(self, name, value, **headers):
        return self.local.ask("PUT", self.url("kv", self.key(name)), value, headers)

    def delete(self, name, **headers):
        return self.local.ask("DELETE", self.url("kv", self.key(name)), headers=headers)

    def sql(self, body, **query):
        return self.local.ask("POST", self.url("sql", self.key("main"), **query), json.dumps(body))

    def events(self, one=True):
        return Events(self.local, self.url("events") if one else "/v1/events")


def resolved():
    return [{**entry, "path": entry["path"] if entry.get("skipPrefix") else APP + "/" + entry["path"].lstrip("/"), "skipPrefix": True}
            for entry in PERMISSIONS]


class Events:
    """A stream of server-sent events, read on a thread of its own."""

    def __init__(self, local, path):
        self.connection, self.answer = local.open("GET", path, timeout=90)
        assert self.answer.status == 200, (self.answer.status, self.answer.read())
        assert self.answer.headers["Content-Type"] == "text/event-stream", self.answer.headers
        assert self.line() == ":", "a stream begins with a sign of life"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def line(self):
        line = self.answer.readline()
        assert line.endswith(b"\n"), "the stream ended"
        return line.decode().rstrip("\n")

    def take(self):
        """The next event, as (id, name, data)."""
        members = {}
        while True:
            line = self.line()
            if line == "" and members:
                return members.get("id"), members.get("event"), json.loads(members["data"])
            if line and not line.startswith(":"):
                name, _, value = line.partition(":")
                members[name] = value


class Between(Served):
    """Stands between a backend and its node, passes requests on, and fails as it is told: `fail` is called with each request before it
    is passed on, and answers instead of the node when it returns true; `cut` breaks answers off after so many bytes."""

    def __init__(self, node):
        self.fail, self.cut, self.slow, self.seen, self.connections = None, None, 0.0, [], set()
        between = self

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                between.connections.add(self.connection)

            def finish(self):
                between.connections.discard(self.connection)
                super().finish()

            def pass_on(self):
                between.seen.append(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else None
                if between.fail is not None and between.fail(self):
                    return
                upstream = http.client.HTTPConnection("127.0.0.1", node.port, timeout=60)
                upstream.request(self.command, self.path, body=body,
                                 headers={name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")})
                answer = upstream.getresponse()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("date", "server", "connection"):
                        self.send_header(name, value)
                self.end_headers()
                sent = 0
                while part := answer.read(16384):
                    if self.path == "/invoke" and between.cut is not None and sent + len(part) > between.cut:
                        self.wfile.write(part[:between.cut - sent])
                        self.close_connection = True
                        break
                    self.wfile.write(part)
                    sent += len(part)
                    if between.slow:
                        time.sleep(between.slow)
                upstream.close()

            do_GET = do_POST = pass_on

        super().__init__(Handler)

    def end(self):
        super().end()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    down = end


def says(status, body=b"", **headers):
    """A failure for Between: every request to /invoke is answered so."""
    def answer(handler):
        if handler.path != "/invoke":
            return False
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)
        return True

    return answer


def raw(data, hold=0.0):
    """Likewise with bytes that are no answer, after a while; then the connection is closed."""
    def answer(handler):
        if handler.path != "/invoke":
            return False
        time.sleep(hold)
        handler.wfile.write(data)
        handler.close_connection = True
        return True

    return answer

"""A known answer that is put to a running node: a session with everything on a space of its own, and requests in the vector's words."""
import json
import urllib.parse

from .hooked import Hooked
from .runner import expect

ADMIN = "an administrator of the tests"


def enc(text):
    return urllib.parse.quote(text, safe="")


class Case:
    """One vector: a session with everything on a space of the vector's own, hosted beside all others."""

    def __init__(self, node, number, vector):
        self.node, self.given, self.wanted = node, vector["input"], vector["expected"]
        self.world = Hooked(node, f"v{number}")
        world = self.world
        world.proof = world.sign_in({**world.caps("", "get", "put", "del", "list", "metadata"), **world.caps("", "*", "ddl", service="sql"),
                                     **world.hooks("", "subscribe", "register", "list")})
        self.path = "/vector"

    def token(self, att, by=None, proofs=None, seconds=60, **more):
        by = by or self.world.session
        return self.world.ucan(by, by.did_key, att, seconds, [self.world.proof] if proofs is None else proofs, **more)

    def call(self, att, body=None, **headers):
        return self.world.post("/invoke", self.token(att), body, **headers)

    def kv(self, name, body=None, path="vector", **headers):
        return self.call(self.world.caps("/" + path, name), body, **headers)

    def put(self, body=b"value", path="vector", **headers):
        answer = self.kv("put", body, path, **headers)
        expect(answer, 200)
        return answer.headers["etag"]

    # SQL: a database named by self.path

    def ask(self, body, *abilities, caveats=None, paths=None, **more):
        caps = {}
        for path, ability in paths or [(self.path, ability) for ability in abilities]:
            caps.setdefault(f"{self.world.space}/sql{path}", {})[ability if "/" in ability else "tinycloud.sql/" + ability] = caveats or [{}]
        return self.world.post("/invoke", self.token(caps, **more), json.dumps(body) if isinstance(body, dict) else body)

    def query(self, sql, **more):
        return self.ask({"action": "query", "sql": sql, **more}, "read")

    def execute(self, sql, ability="*"):
        return self.ask({"action": "execute", "sql": sql}, ability)

    def setup(self, *more):
        for sql in (*self.given.get("setup", ()), *more):
            if not sql.startswith("ANALYZE"):  # nobody may
                expect(self.execute(sql), 200)

    def limit(self, limit):
        """From here on the space may hold this many bytes."""
        body = json.dumps({"limit_bytes": limit})
        expect(self.node.request("PUT", "/admin/quota/" + enc(self.world.space), {"Authorization": "Bearer " + ADMIN}, body), 200)

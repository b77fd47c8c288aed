"""A small world on a node: an owner with a hosted space, a session, a backend and a stranger, and the tokens between them."""
import itertools
import time

from . import tokens

SECRET = tokens.b64url(b"deputy end-to-end tests: this secret is public")
CONFIG = f"""[global]
address = "127.0.0.1"
port = {{port}}
cors = true
[global.keys]
type = "static"
secret = "{SECRET}"
[global.storage]
datadir = "{{data}}"
"""

serial = itertools.count(1)


def key(kind, name):
    """A key that depends on its name alone."""
    return tokens.Key(kind, tokens.hashes.blake3(name.encode()))


class World:
    def __init__(self, node, name="default"):
        self.node = node
        self.owner = key("secp256k1", "owner " + name)
        self.session, self.backend, self.stranger = (key("ed25519", who + name) for who in ("session ", "backend ", "stranger "))
        self.space = f"tinycloud:pkh:eip155:1:{self.owner.address}:{name}"

    def nonce(self):
        return f"urn:uuid:{time.time_ns():032x}-{next(serial)}"

    def iso(self, seconds):
        return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))

    # tokens

    def cacao(self, aud, att, seconds=3600, proofs=(), **fields):
        fields = {"nonce": f"nonce{next(serial):08}", "iat": self.iso(0), **fields}
        if seconds is not None:
            fields["exp"] = self.iso(seconds)
        return tokens.cacao(self.owner, aud, fields, att, proofs)

    def ucan(self, by, aud, att, seconds=60, proofs=(), **more):
        payload = {"iss": by.did_url, "aud": aud, "att": att, "exp": int(time.time()) + seconds, "nnc": self.nonce(),
                   "prf": list(proofs), **more}
        return tokens.ucan(by, payload)

    def caps(self, path, *names, service="kv"):
        return {f"{self.space}/{service}{path}": {f"tinycloud.{service}/{name}": [{}] for name in names}}

    # requests

    def post(self, route, token, body=None, **headers):
        return self.node.request("POST", route, {"Authorization": token, **headers}, body)

    def delegate(self, token):
        return self.post("/delegate", token if isinstance(token, str) else tokens.cacao_header(token))

    def host(self):
        peer = self.node.request("GET", "/peer/generate/" + self.space.replace(":", "%3A")).text
        return self.delegate(self.cacao(peer, {self.space + "/space": {"tinycloud.space/host": [{}]}}, seconds=None))

    def sign_in(self, att=None):
        """Hosts the space, and gives the session everything on kv; returns the delegation's CID."""
        self.host()
        data = self.cacao(self.session.did_url, att or self.caps("", "get", "put", "del", "list", "metadata"))
        answer = self.delegate(data)
        assert answer.status == 200, answer.text
        return tokens.cid(data)

    def pass_on(self, proof, att, to=None, seconds=600):
        """The session delegates to the backend; returns the CID."""
        token = self.ucan(self.session, (to or self.backend).did_key, att, seconds, [proof])
        answer = self.delegate(token)
        assert answer.status == 200, answer.text
        return tokens.cid(token.encode())

    def invoke(self, by, proof, path, name, body=None, **headers):
        token = self.ucan(by, by.did_key, self.caps("/" + path, name), 60, [proof] if proof else [])
        return self.post("/invoke", token, body, **headers)

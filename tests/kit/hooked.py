"""A world in which write events are subscribed to."""
from . import tokens
from .runner import expect
from .world import World

JSON = {"Content-Type": "application/json"}


class Hooked(World):
    """A world whose session holds everything on kv and hooks, and whose backend gets what it is given."""

    def begin(self):
        self.proof = self.sign_in({**self.caps("", "get", "put", "del", "list"), **self.hooks("", "subscribe", "register", "list", "unregister")})
        return self

    def hooks(self, path, *names):
        return self.caps(path, *names, service="hooks")

    def scope(self, prefix=None, **more):
        return {"space": self.space, "service": "kv", **({"pathPrefix": prefix} if prefix else {}), **more}

    def ask(self, scopes, by=None, proof=None, path="", ability="subscribe", body=None, **more):
        by = by or self.session
        token = self.ucan(by, by.did_key, self.hooks(path, ability), 60, [proof or self.proof])
        return self.post("/hooks/tickets", token, body or tokens.json.dumps({"subscriptions": scopes, **more}), **JSON)

    def ticket(self, scopes, **more):
        answer = self.ask(scopes, **more)
        expect(answer, 200)
        return tokens.json.loads(answer.text)["ticket"]

    def put(self, key, value="x"):
        answer = self.invoke(self.session, self.proof, key, "put", value)
        assert answer.status == 200, answer.text

    def revoke(self, cid):
        expect(self.post("/revoke", self.ucan(self.session, self.session.did_key, {"urn:cid:" + cid: {"tinycloud.delegation/revoke": [{}]}})), 200)

    def register(self, url, prefix=None, by=None, proof=None, path="", ability="register", secret="hook-secret", **more):
        by = by or self.session
        token = self.ucan(by, by.did_key, self.hooks(path, ability), 60, [proof or self.proof])
        body = {**self.scope(prefix), "callbackUrl": url, "secret": secret, **more}
        return self.post("/hooks/webhooks", token, tokens.json.dumps(body), **JSON)

    def webhook(self, url, **more):
        answer = self.register(url, **more)
        expect(answer, 200)
        return tokens.json.loads(answer.text)

    def listed(self, query="", by=None, proof=None, path=""):
        by = by or self.session
        token = self.ucan(by, by.did_key, self.hooks(path, "list"), 60, [proof or self.proof])
        space = self.space.replace(":", "%3A")
        return self.node.request("GET", f"/hooks/webhooks?space={space}&service=kv{query}", {"Authorization": token})

    def unregister(self, cid, by=None, proof=None, path=""):
        by = by or self.session
        token = self.ucan(by, by.did_key, self.hooks(path, "unregister"), 60, [proof or self.proof])
        return self.node.request("DELETE", "/hooks/webhooks/" + cid, {"Authorization": token})

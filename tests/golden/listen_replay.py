#!/usr/bin/env python3
"""Replays what a running Listen backend was asked (tests/data/golden-listen.json) against `deputy backend` beside a `deputy node`.

The owner's key is the recorded one. What has a time or is good once (nonces, messages, session tokens, delegations) is made anew in the
recorded form. Answers are the recorded ones but where a recording says how ours differs, and there that difference is asserted; no
recording may be left out, and no difference may go unsaid.

usage: listen_replay.py --deputy PATH
"""
import argparse
import itertools
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.backend import DID, GOLDEN, INFO, LISTEN, Backend, Owner, bundle_of, changed, iso  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.world import CONFIG  # noqa: E402

MANIFEST = {"manifest_version": 1, "app_id": LISTEN, "name": "Listen", "defaults": False, "permissions": INFO["permissions"]}
OTHER_DID = "did:pkh:eip155:1:0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
INVALID = {"error": "invalid_delegation", "message": "Failed to process delegation"}
FAILED = {"error": "verification_failed", "message": "SIWE signature verification failed"}
WRITES_BEFORE_REST = 8

# Where ours answers otherwise: the status and body that the recording's `ours` stands for. Pages of a framework are JSON here.
OURS = {
    "unknown path": (404, {"error": "not_found"}),
    "foreign origin": (403, {"error": "origin_not_allowed", "message": "Origin is not allowed"}),
    "verify: malformed JSON": (400, {"error": "invalid_json", "message": "Request body is not valid JSON"}),
    "verify: foreign domain, URI and chain": (401, FAILED),
    "post: signatures broken": (400, INVALID),
    "post: wrapper cid is another CID": (400, INVALID),
    "post: not one delegation header in the bundle is real": (400, INVALID),
    "post: wrapper widened, signed side is one narrow grant": (400, INVALID),
    "post: wrapper expiry in 2099": (400, INVALID),  # spec/07 E11: a wrapper that contradicts what is signed
    "post: audience is another backend": (400, INVALID),
    "post: delegation of another owner": (400, INVALID),
    "post: delegation of another owner, wrapper rewritten": (400, INVALID),
    "status: of account 2 after the rewrite": (200, {"status": "none", "expiresAt": None}),  # as it was refused
}


class Replay:
    def __init__(self, backend, node):
        self.backend, self.node = backend, node
        self.owner, self.second = Owner(backend, node), Owner(backend, node, "account 2")
        self.owner.wallet = tokens.Key("secp256k1", GOLDEN["owner"]["privateKey"][2:])
        self.owner.network = f"urn:tinycloud:encryption:{self.owner.wallet.did_pkh}:default"
        assert self.owner.address == GOLDEN["owner"]["address"]
        self.addresses = (f"192.0.{i // 250}.{i % 250 + 1}" for i in itertools.count())
        self.writes = 0
        self.nonce = None
        self.expires = None
        for one in (self.owner, self.second):
            one.host()
            one.open_session()

    # what is made anew

    def message(self, name):
        """The body of a verify exchange, as its name says."""
        one = self.owner
        if name == "verify: the very SIWE of the TinyCloud sign-in":
            self.nonce = self.backend.nonce(one.address)
            line, statement = tokens.recap(one.att())
            self.text = one.message(self.nonce, statement=statement, resources=[line])
        if name in ("verify: the very SIWE of the TinyCloud sign-in", "verify: nonce used twice"):
            return {"message": self.text, "signature": one.sign(self.text)}
        fields = {"aud": "https://listen.example", "statement": "Sign in", "exp": None, "nonce": self.backend.nonce(one.address)}
        if name == "verify: expired SIWE":
            fields["exp"] = "2020-01-01T00:00:00.000Z"
        if name == "verify: unknown nonce":
            fields["nonce"] = "a" * 64
        if name == "verify: foreign domain, URI and chain":
            fields |= {"domain": "evil.example", "aud": "https://evil.example", "chain": 5}
        text = one.message(**fields)
        return {"message": text, "signature": (self.second if name == "verify: signed by a stranger" else one).sign(text)}

    def bundle(self, name):
        """The text of an intake exchange, as its name or its description says."""
        parts = self.owner.parts(seconds=3600)
        if name == "post: one of three (policy not covered)":
            return tokens.as_written(parts[0])
        if name == "post: signatures broken":
            parts = [{**part, "delegationHeader": {"Authorization": part["delegationHeader"]["Authorization"][:-4] + "AAAA"}} for part in parts]
        elif name == "post: wrapper cid is another CID":
            parts = changed(parts, 0, cid=parts[1]["cid"])
        elif name == "post: not one delegation header in the bundle is real":
            parts = [{**part, "delegationHeader": {"Authorization": "x"}} for part in parts]
        elif name == "post: wrapper widened, signed side is one narrow grant":
            return tokens.as_written({**parts[0], "resources": [each for part in parts for each in part["resources"]]})
        elif name == "post: wrapper expiry in 2099":
            parts = [{**part, "expiry": "2099-01-01T00:00:00.000Z"} for part in parts]
        elif name == "post: wrapper expired":
            parts = self.owner.parts(seconds=-3600, register=False)
        elif name == "post: audience is another backend":
            parts = self.owner.parts(to=OTHER_DID)
        elif name == "post: lives 20 seconds":
            parts = self.owner.parts(seconds=20, register=False)
        elif name == "post: delegation of another owner, wrapper rewritten":
            written = tokens.as_written(parts).replace(self.owner.address, self.second.address)
            headers = [part["delegationHeader"] for part in parts]
            parts = [{**part, "delegationHeader": header} for part, header in zip(json.loads(written), headers)]
        elif name in ("post: valid bundle", "post: valid bundle again (replacement)"):
            self.expires, self.text = parts[0]["expiry"], bundle_of(parts)
            return self.text
        elif name == "post: replay of the same bundle":
            return self.text
        else:
            assert name == "post: delegation of another owner", name
        return bundle_of(parts)

    def signed_in(self, name):
        return self.second if "another owner" in name or "account 2" in name else self.owner

    def request(self, exchange):
        """(method, path, headers, body) of an exchange."""
        name, recorded = exchange["name"], exchange["request"]
        headers = {"X-Requested-With": None, "X-Forwarded-For": next(self.addresses), **recorded.get("headers", {})}
        if "<session token>" in headers.get("authorization", ""):
            headers["authorization"] = "Bearer " + self.signed_in(name).token
        body = recorded.get("body", recorded.get("text"))
        if isinstance(body, dict) and "message" in body and body["message"] != "x":
            body = self.message(name)
        if isinstance(body, dict) and isinstance(body.get("serialized"), dict) and "$bundle" in body["serialized"]:
            body = {"serialized": self.bundle(name)}
        return recorded["method"], recorded["path"], headers, body if body is None or isinstance(body, str) else json.dumps(body)

    # what is compared

    def expected(self, exchange):
        if exchange["name"] in OURS:
            return OURS[exchange["name"]]
        recorded = exchange["response"]
        assert "ours" not in exchange and "text" not in recorded, f"{exchange['name']}: how ours differs is not said"
        body = recorded.get("body")
        if isinstance(body, dict) and str(body.get("expiresAt")).startswith("2026-"):
            body = {**body, "expiresAt": self.expires}
        return recorded["status"], body

    def compare_body(self, name, expected, answer):
        body = json.loads(answer.text) if answer.text else None
        if name == "health":
            assert list(body) == list(expected) and body["status"] == "ok" and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"]), body
        elif name == "manifest":
            assert body == MANIFEST
        elif name == "nonce":
            assert list(body) == ["nonce"] and re.fullmatch("[0-9a-f]{64}", body["nonce"]), body
        elif expected and "token" in expected:
            assert list(body) == list(expected) and body["expiresIn"] == expected["expiresIn"] and body["address"] == expected["address"], body
            claims = body["token"].split(".")[1]
            assert list(json.loads(tokens.base64.urlsafe_b64decode(claims + "=="))) == ["address", "sub", "iat", "exp"]
            self.owner.token = body["token"]
        else:
            assert tokens.as_written(body) == tokens.as_written(expected), (body, expected)

    def compare_headers(self, exchange, answer):
        recorded, name = exchange["response"]["headers"], exchange["name"]
        signed_in = "authorization" in exchange["request"].get("headers", {})
        for header, value in recorded.items():
            if header == "etag" and not name.startswith("server-info"):
                continue  # an artefact of the framework
            got = answer.headers.get(header)
            if header == "content-type" and "html" in value:
                value = "application/json; charset=utf-8"
            if header in ("ratelimit", "retry-after") and signed_in:  # counted by owner, not by address
                value, got = (re.sub(r"(remaining|reset)=\d+|^\d+$", "", text) for text in (value, got))
            assert got == value, (header, got, value)
        if name == "foreign origin":
            assert not any(header.startswith("access-control-") for header in answer.headers)

    # the way through

    def rest(self):
        """Counters do not outlive the process, so that the limit of writes hides nothing."""
        self.backend.restart()
        self.writes = 0

    def before(self, name, method):
        if name == "post: eleventh write in fifteen minutes":
            self.rest()
            for _ in range(10):
                assert self.owner.ask("DELETE", "/api/delegations").status == 200
        elif method in ("POST", "DELETE") and self.owner.token is not None:
            if self.writes == WRITES_BEFORE_REST:
                self.rest()
            self.writes += 1

    def run(self, exchange):
        self.before(exchange["name"], exchange["request"]["method"])
        if exchange["name"] == "post: delegation of another owner":
            self.second.sign_in()
        status, body = self.expected(exchange)
        answer = self.backend.request(*self.request(exchange))
        # The expected expiry is that of the bundle just made.
        status, body = self.expected(exchange)
        assert answer.status == status, (answer.status, answer.text, status, body, self.backend.log_text()[-400:])
        self.compare_body(exchange["name"], body, answer)
        self.compare_headers(exchange, answer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deputy", required=True)
    deputy = parser.parse_args().deputy
    usual = {"limits__" + name: None for name in ("general", "auth", "writes", "attestation")}
    passed = failed = 0
    with Node(deputy, CONFIG) as node:
        with Backend(deputy, node, manifest=MANIFEST, service="listen-backend", trusted_proxies=["127.0.0.1"], **usual) as backend:
            replay = Replay(backend, node)
            for exchange in GOLDEN["exchanges"]:
                try:
                    replay.run(exchange)
                    passed += 1
                except Exception as problem:  # one that fails does not hide the next
                    failed += 1
                    print(f"FAILED: {exchange['group']}: {exchange['name']}: {problem!r}")
    if set(OURS) - {exchange["name"] for exchange in GOLDEN["exchanges"]}:
        failed += 1
        print("FAILED: a difference without a recording")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or passed != 54 else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Encryption networks and secrets from end to end: the tool, a node, a backend with and without the right to decrypt, and a host that lies.

usage: seal.py DEPUTY
"""
import base64
import concurrent.futures
import contextlib
import hashlib
import http.server
import json
import pathlib
import sqlite3
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import curves, seal, tokens  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.tool import UNUSABLE, Tool  # noqa: E402
from kit.world import CONFIG, World, key  # noqa: E402

DEPUTY = sys.argv[1]
PATH = "vault/secrets/STRIPE_KEY"
SECRET = "sk-live-51H8aVeryUnlikelyToBeFoundByChance"


class Owner(Tool):
    """Somebody who signed in and made a network, with a backend beside."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.owner = self.key("wallet", "secp256k1")
        self.backend = self.key("backend.jwk", "ed25519")
        self.network = f"urn:tinycloud:encryption:{self.owner}:default"
        self.json("sign-in", "--key", "wallet", "--yes")

    def with_network(self):
        self.json("network", "create")
        return self

    def permit(self, *permissions):
        """The delegation's file; paths are whole."""
        self.json("delegate", "--to", self.backend, "--permissions", self.file("wanted.json", list(permissions)), "-o", "grant.json")
        return ("--key", "backend.jwk", "--delegation", "grant.json")

    def read(self):
        return {"service": "tinycloud.kv", "space": "secrets", "path": PATH, "skipPrefix": True, "actions": ["get"]}

    def decrypt(self):
        return {"service": "tinycloud.encryption", "path": self.network, "actions": ["decrypt"]}


def as_owner(test):
    def run_as_owner():
        with Owner(DEPUTY, node) as owner:
            test(owner)

    run_as_owner.__name__ = test.__name__
    return run_as_owner


class Networks:
    @as_owner
    def network_is_made_once_shown_and_known_to_nobody_before(owner):
        owner.refused("network not found", "network", "show")
        made = owner.json("network", "create")["descriptor"]
        assert made["networkId"] == owner.network and made["state"] == "active", made
        assert owner.json("network", "show")["descriptor"] == made
        assert owner.json("network", "show", owner.network)["descriptor"] == made
        owner.refused("network already exists", "network", "create")
        owner.refused("does not hold this", "network", "create", "team")

    @as_owner
    def revoked_network_opens_nothing_any_more(owner):
        manifest = {"manifest_version": 1, "app_id": "com.example", "name": "Example", "defaults": False, "permissions": [
            {"service": "tinycloud.encryption", "path": owner.network, "actions": ["decrypt", "network.create", "network.revoke"]},
            {"service": "tinycloud.kv", "path": "x", "actions": ["get"]}]}
        owner.json("sign-in", "--key", "wallet", "--yes", "--manifest", owner.file("m.json", manifest))
        owner.with_network()
        envelope = owner.ok("encrypt", stdin=b"letter").out
        assert owner.ok("decrypt", stdin=envelope).out == b"letter"
        owner.refused("--yes", "network", "revoke", "default", code=UNUSABLE)
        owner.ok("network", "revoke", "default", "--yes")
        assert owner.json("network", "show")["descriptor"]["state"] == "revoked"
        owner.refused("not active", "decrypt", stdin=envelope)
        owner.refused("not active", "encrypt", stdin=b"letter", code=UNUSABLE)
        owner.refused("network already exists", "network", "create")

    @as_owner
    def anybody_encrypts_to_a_network_that_is_named(owner):
        owner.with_network()
        with Tool(DEPUTY, node) as stranger:
            envelope = stranger.ok("encrypt", "--network", owner.network, stdin=b"for you").out
            stranger.refused("nobody is signed in", "decrypt", stdin=envelope, code=UNUSABLE)
        assert owner.json("decrypt", stdin=envelope) == {"networkId": owner.network, "body": "for you"}


class Secrets:
    @as_owner
    def secret_is_put_listed_read_and_removed(owner):
        owner.with_network()
        done = owner.json("secret", "put", "STRIPE_KEY", stdin=SECRET.encode() + b"\n")
        assert done["path"] == PATH, done
        assert owner.json("secret", "get", "STRIPE_KEY") == {"name": "STRIPE_KEY", "value": SECRET}
        assert owner.ok("secret", "get", "STRIPE_KEY").text == SECRET
        assert owner.json("secret", "list") == {"names": ["STRIPE_KEY"]}
        stored = owner.ok("kv", "get", PATH, "--space", "secrets").text
        assert SECRET not in stored and json.loads(stored)["networkId"] == owner.network, stored
        owner.ok("secret", "rm", "STRIPE_KEY")
        owner.refused("Key not found", "secret", "get", "STRIPE_KEY")

    @as_owner
    def scopes_are_apart_and_names_have_one_form(owner):
        owner.with_network()
        owner.ok("secret", "put", "TOKEN", "--scope", "Food Tracker", stdin=b"a")
        owner.ok("secret", "put", "TOKEN", owner.file("value", "b"))
        assert owner.ok("secret", "get", "TOKEN", "--scope", "food-tracker").text == "a"
        assert owner.ok("secret", "get", "TOKEN").text == "b"
        assert owner.json("secret", "list", "--scope", "food tracker") == {"names": ["TOKEN"]}
        owner.refused("Secret names must match", "secret", "put", "token", stdin=b"x", code=UNUSABLE)
        owner.refused("reserved", "secret", "put", "TOKEN", "--scope", "global", stdin=b"x", code=UNUSABLE)

    @as_owner
    def secret_to_a_file_is_readable_by_its_owner_alone(owner):
        owner.with_network()
        owner.ok("secret", "put", "TOKEN", stdin=b"value")
        owner.ok("secret", "get", "TOKEN", "-o", "out")
        assert (owner.directory / "out").stat().st_mode & 0o777 == 0o600 and (owner.directory / "out").read_text() == "value"

    @as_owner
    def moved_envelope_is_noticed_and_a_broken_one_refused(owner):
        owner.with_network()
        owner.ok("secret", "put", "TOKEN", stdin=b"value")
        stored = owner.ok("kv", "get", "vault/secrets/TOKEN", "--space", "secrets").out
        owner.ok("kv", "put", "vault/secrets/OTHER", "--space", "secrets", stdin=stored)
        assert "may have moved it" in owner.ok("secret", "get", "OTHER").err
        owner.ok("kv", "put", "vault/secrets/OTHER", "--space", "secrets", stdin=stored.replace(b'"v":1', b'"v":2'))
        owner.refused("not an envelope", "secret", "get", "OTHER")


class Backends:
    @as_owner
    def backend_without_decrypt_gets_ciphertext_and_no_plaintext(owner):
        """spec04_15_4: what a backend can read is where both rights meet."""
        owner.with_network().ok("secret", "put", "STRIPE_KEY", stdin=SECRET.encode())
        actor = owner.permit(owner.read())
        stored = owner.ok("kv", "get", PATH, *actor).out
        assert json.loads(stored)["ciphertext"] and SECRET.encode() not in stored
        owner.refused("Unauthorized Action", "secret", "get", "STRIPE_KEY", *actor)
        owner.refused("Unauthorized Action", "decrypt", *actor, stdin=stored)

    @as_owner
    def backend_with_decrypt_gets_plaintext_until_it_is_revoked(owner):
        owner.with_network().ok("secret", "put", "STRIPE_KEY", stdin=SECRET.encode())
        actor = owner.permit(owner.read(), owner.decrypt())
        assert owner.ok("secret", "get", "STRIPE_KEY", *actor).text == SECRET
        stored = owner.ok("kv", "get", PATH, *actor).out
        assert owner.ok("decrypt", *actor, stdin=stored).text.startswith('{"value":"' + SECRET)
        owner.ok("revoke", "grant.json")
        owner.refused("revoked", "decrypt", *actor, stdin=stored)
        owner.refused("revoked", "secret", "get", "STRIPE_KEY", *actor)
        assert owner.ok("secret", "get", "STRIPE_KEY").text == SECRET

    @as_owner
    def backend_that_only_writes_reads_nothing(owner):
        owner.with_network()
        actor = owner.permit({**owner.read(), "actions": ["put"]})
        owner.ok("secret", "put", "STRIPE_KEY", *actor, stdin=b"written by the backend")
        owner.refused("Unauthorized Action", "secret", "get", "STRIPE_KEY", *actor)
        assert owner.ok("secret", "get", "STRIPE_KEY").text == "written by the backend"


class Liar(http.server.BaseHTTPRequestHandler):
    """Between the tool and the node; `change` gets the node's answer to a decryption, and what it gives is sent on."""
    url, change = None, staticmethod(lambda answer: answer)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() in ("authorization", "content-type")}
        self.forward(urllib.request.Request(self.url + self.path, body, headers, method="POST"))

    def do_GET(self):
        self.forward(urllib.request.Request(self.url + self.path))

    def forward(self, request):
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
        if self.path.endswith("/decrypt"):
            body = json.dumps(type(self).change(json.loads(body))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Through:
    """The same node behind the liar's address."""

    def __init__(self):
        Liar.url = node.url
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


OTHER_NODE = key("ed25519", "another node")


def signed_by_another(answer):
    """As another node would answer, signed well by that node."""
    answer = {**answer, "nodeId": OTHER_NODE.did_key, "targetNode": OTHER_NODE.did_key}
    del answer["nodeSignature"]
    signature = curves.ed25519_sign(OTHER_NODE.secret, seal.canonical(answer))
    return {**answer, "nodeSignature": base64.b64encode(signature).decode()}


def answered(answer):
    """The JSON of an answer that must be 200."""
    expect(answer, 200)
    return json.loads(answer.text)


def flipped(text):
    data = bytearray(base64.b64decode(text))
    data[60] ^= 1
    return base64.b64encode(data).decode()


class Answers:
    @as_owner
    def answer_to_another_request_network_or_key_is_refused(owner):
        owner.with_network()
        envelope = owner.ok("encrypt", stdin=b"letter").out
        seen = []
        lies = [
            (lambda answer: seen.append(answer) or answer, None),
            (lambda answer: seen[0], "receiverPublicKeyHash differs"),
            (lambda answer: {**seen[0], "receiverPublicKeyHash": answer["receiverPublicKeyHash"]}, "invocationCid differs"),
            (lambda answer: {**answer, "networkId": answer["networkId"][:-7] + "another"}, "networkId differs"),
            (lambda answer: {**answer, "encryptedSymmetricKeyHash": "0" * 64}, "encryptedSymmetricKeyHash differs"),
            (lambda answer: {**answer, "requestHash": seen[0]["requestHash"]}, "requestHash differs"),
            (lambda answer: {**answer, "wrappedKey": seen[0]["wrappedKey"]}, "not signed by the node"),
            (lambda answer: {**answer, "wrappedKey": flipped(answer["wrappedKey"])}, "not signed by the node"),
            (lambda answer: {**answer, "more": 1}, "not signed by the node"),
            (lambda answer: {name: value for name, value in answer.items() if name != "nodeSignature"}, "not signed by the node"),
            (signed_by_another, "targetNode differs"),
            (lambda answer: {}, "type is missing"),
        ]
        with Through() as liar:
            for change, reason in lies:
                Liar.change = staticmethod(change)
                if reason is None:
                    assert owner.ok("decrypt", before=("--node", liar.url), stdin=envelope).out == b"letter"
                else:
                    owner.refused(reason, "decrypt", before=("--node", liar.url), stdin=envelope)

    @as_owner
    def network_of_another_node_than_the_one_insisted_on_is_refused(owner):
        """spec04_15_6: a descriptor is not signed."""
        owner.with_network()
        envelope = owner.ok("encrypt", stdin=b"letter").out
        did = json.loads(node.request("GET", "/info").text)["nodeId"]
        assert owner.ok("decrypt", "--node-did", did, stdin=envelope).out == b"letter"
        owner.refused("is kept by", "decrypt", "--node-did", OTHER_NODE.did_key, stdin=envelope)
        owner.refused("is kept by", "encrypt", "--node-did", OTHER_NODE.did_key, stdin=b"x")


class Keeping(World):
    """Requests made by hand, for what the tool never does."""

    def __init__(self, at, name):
        super().__init__(at, name)
        self.did = json.loads(at.request("GET", "/info").text)["nodeId"]
        self.network = f"urn:tinycloud:encryption:{self.session.did_key}:default"

    def ask(self, ability, facts, by=None, proofs=(), **more):
        by, att = by or self.session, {self.network: {"tinycloud.encryption/" + ability: [{}]}}
        return self.ucan(by, self.did, att, proofs=proofs, fct=[facts], **more)

    def create(self):
        body = {"name": "default", "ownerDid": self.session.did_key}
        facts = {"type": "tinycloud.encryption.network-admin/v1", "targetNode": self.did, "networkId": self.network,
                 "bodyHash": seal.digest(body), "action": "tinycloud.encryption/network.create"}
        answer = self.post("/encryption/networks", self.ask("network.create", facts), json.dumps(body).encode(),
                           **{"Content-Type": "application/json"})
        return answered(answer)["descriptor"]

    def revoke(self):
        facts = {"type": "tinycloud.encryption.network-admin/v1", "targetNode": self.did, "networkId": self.network,
                 "bodyHash": seal.digest({}), "action": "tinycloud.encryption/network.revoke"}
        expect(self.post(f"/encryption/networks/{self.network}/revoke", self.ask("network.revoke", facts)), 204)

    def request(self, public_key, facts=None, by=None, proofs=(), **changed):
        """The token and body of one request to decrypt, its receiver's secret, and the content key. What is changed of the body is changed
        before it is bound, what is given of the facts in its stead."""
        receiver, content = bytes(range(32)), b"k" * 32
        wrapped = base64.b64encode(seal.wrap(base64.b64decode(public_key), content, b"e" * 32, b"n" * 12)).decode()
        receiver_key = base64.b64encode(seal.x25519(receiver)).decode()
        body = {"type": "tinycloud.encryption.decrypt/v1", "targetNode": self.did, "networkId": self.network, "alg": "x25519-aes256gcm/v1",
                "keyVersion": 1, "encryptedSymmetricKey": wrapped, "encryptedSymmetricKeyHash": seal.digest(wrapped),
                "receiverPublicKey": receiver_key, "receiverPublicKeyHash": seal.digest(receiver_key), **changed}
        bound = ("type", "targetNode", "networkId", "alg", "keyVersion", "encryptedSymmetricKeyHash", "receiverPublicKeyHash")
        facts = {**{name: body[name] for name in bound}, "bodyHash": seal.digest(body), **(facts or {})}
        return self.ask("decrypt", facts, by, proofs), body, receiver, content

    def decrypt(self, token, body):
        return self.post(f"/encryption/networks/{self.network}/decrypt", token, json.dumps(body).encode(), **{"Content-Type": "application/json"})


def used_decrypt_token_stays_used_and_networks_stay_after_a_restart(strict=False):
    """spec04_15_5: the reference answers the same token again."""
    config = CONFIG + ('[global.deputy]\nreplay = "strict"\n' if strict else "")
    with Node(DEPUTY, config) as own:
        world = Keeping(own, "restart")
        made = world.create()
        token, body, receiver, content = world.request(made["publicEncryptionKey"])
        answer = answered(world.decrypt(token, body))
        assert seal.unwrap(receiver, base64.b64decode(answer["wrappedKey"])) == content
        expect(world.decrypt(token, body), 401, "nonce already used")
        own.kill()
        own.start()
        expect(world.decrypt(token, body), 401, "nonce already used")
        found = json.loads(own.request("GET", "/encryption/networks/" + world.network).text)["descriptor"]
        assert found == made, (found, made)
        token, body, receiver, content = world.request(found["publicEncryptionKey"])
        answer = answered(world.decrypt(token, body))
        assert seal.unwrap(receiver, base64.b64decode(answer["wrappedKey"])) == content


def recorded(at):
    """What the node keeps of requests to decrypt, past the node: the first row of each."""
    kept = {}
    for row in all_recorded(at):
        kept.setdefault(row[0], row[1:])
    return kept


def all_recorded(at):
    with contextlib.closing(sqlite3.connect(at.data / "deputy.db", timeout=10)) as database:
        return database.execute("SELECT request, requester, network, node, outcome, decided_at FROM decryption ORDER BY id").fetchall()


def request_hash(token, facts_hash):
    return hashlib.sha256((tokens.cid(token.encode()) + facts_hash).encode()).hexdigest()


class Records:
    def spec04_9_5_24_allowed_is_on_disk_when_the_key_is_released():
        """Killed behind the answer: the record is there, and with it the use of the token."""
        with Node(DEPUTY, CONFIG) as own:
            world = Keeping(own, "records")
            token, body, _, _ = world.request(world.create()["publicEncryptionKey"])
            before = time.time()
            answer = answered(world.decrypt(token, body))
            own.kill()
            rows = recorded(own)
            requester, network, keeper, outcome, decided = rows.pop(answer["requestHash"])
            assert (requester, network, keeper, outcome) == (world.session.did_key, world.network, world.did, "allowed") and not rows
            assert abs(decided / 1e6 - before) < 60, decided
            own.start()
            expect(world.decrypt(token, body), 401, "nonce already used")
            assert recorded(own)[answer["requestHash"]][3] == "allowed", "the first outcome stays"

    def spec04_9_5_24_key_is_not_released_when_it_cannot_be_recorded():
        """The table is not there: nothing of the key leaves."""
        with Node(DEPUTY, CONFIG) as own:
            world = Keeping(own, "unrecorded")
            public = world.create()["publicEncryptionKey"]
            with contextlib.closing(sqlite3.connect(own.data / "deputy.db")) as database:
                database.execute("ALTER TABLE decryption RENAME TO elsewhere")
                token, body, _, _ = world.request(public)
                expect(world.decrypt(token, body), 500, "Internal Server Error")
                database.execute("ALTER TABLE elsewhere RENAME TO decryption")
            assert recorded(own) == {}
            token, body, _, _ = world.request(public)
            answered(world.decrypt(token, body))

    def spec04_13_each_denial_is_recorded_with_its_outcome():
        """spec04_15_12: also those for which the reference keeps nothing."""
        with Node(DEPUTY, CONFIG) as own:
            world = Keeping(own, "denials")
            public = world.create()["publicEncryptionKey"]
            wrong, zeros = {"bodyHash": "0" * 64}, "0" * 64
            denials = [({"targetNode": "did:key:zOther"}, None, 401, "target-node"),
                       ({"receiverPublicKeyHash": zeros}, None, 401, "receiver-hash"),
                       ({"encryptedSymmetricKeyHash": zeros}, None, 401, "key-hash"),
                       ({}, wrong, 401, "body-hash"), ({"keyVersion": 2}, None, 401, "decrypt-algorithm"),
                       ({"type": "x"}, None, 401, "decrypt-type"), ({}, {"networkId": world.network + "x"}, 401, "decrypt-network"),
                       ({"receiverPublicKey": "*", "receiverPublicKeyHash": seal.digest("*")}, None, 400, "decrypt-base64"),
                       ({"receiverPublicKey": "AAAA", "receiverPublicKeyHash": seal.digest("AAAA")}, None, 400, "decrypt-key")]
            for through, post in (("its route", world.decrypt), ("/invoke", lambda token, body: world.post("/invoke", token, json.dumps(body)))):
                for changed, facts, status, outcome in denials:
                    token, body, _, _ = world.request(public, facts, **changed)
                    expect(post(token, body), status if through == "its route" else 403)
                    bound = (facts or {}).get("bodyHash", seal.digest(body))
                    assert recorded(own)[request_hash(token, bound)][:4] == (world.session.did_key, world.network, world.did, "denied:" + outcome), (through, outcome)
            world.revoke()
            token, body, _, _ = world.request(public)
            expect(world.decrypt(token, body), 401, "network has been revoked")
            assert recorded(own)[request_hash(token, seal.digest(body))][3] == "denied:revoked"
            assert len(recorded(own)) == 2 * len(denials) + 1 and all(row[3] != "allowed" for row in recorded(own).values())

    def spec04_7_3_nothing_is_allowed_behind_the_revocation_of_its_network():
        """Requests that are decided while the network is revoked: by the clock of the one writer, each that is allowed came before."""
        with Node(DEPUTY, CONFIG) as own, concurrent.futures.ThreadPoolExecutor(12) as pool:
            allowed = denied = 0
            refusals = {401: "network has been revoked", 403: "network is not active (state: revoked)"}
            for turn in range(8):
                world = Keeping(own, f"race {turn}")
                public = world.create()["publicEncryptionKey"]
                requests = [world.request(public)[:2] for _ in range(24)]
                through = (world.decrypt, lambda token, body: world.post("/invoke", token, json.dumps(body)))
                answers = [pool.submit(through[i % 2], *request) for i, request in enumerate(requests)]
                concurrent.futures.wait(answers, return_when=concurrent.futures.FIRST_COMPLETED)
                world.revoke()
                statuses = [answer.result() for answer in answers]
                assert {a.status for a in statuses} <= {200, 401, 403}, [(a.status, a.text) for a in statuses]
                assert all(a.status == 200 or a.text == refusals[a.status] for a in statuses), [(a.status, a.text) for a in statuses]
                allowed += sum(answer.status == 200 for answer in statuses)
                denied += sum(answer.status != 200 for answer in statuses)
                with contextlib.closing(sqlite3.connect(own.data / "deputy.db", timeout=10)) as database:
                    late = database.execute("SELECT count(*) FROM decryption d JOIN network n ON n.id = d.network "
                                            "WHERE d.outcome = 'allowed' AND d.decided_at > n.updated_at").fetchone()[0]
                assert late == 0, f"turn {turn}: {late} were allowed behind the revocation"
            told = [row[3] for row in recorded(own).values()]
            assert (told.count("allowed"), told.count("denied:revoked")) == (allowed, denied), (told, allowed, denied)
            assert allowed > 8 and denied > 8, f"{allowed} allowed, {denied} denied: nothing raced"

    def spec04_9_6_token_that_comes_again_is_recorded_as_replay():
        with Node(DEPUTY, CONFIG) as own:
            world = Keeping(own, "replay")
            token, body, _, _ = world.request(world.create()["publicEncryptionKey"])
            answered(world.decrypt(token, body))
            expect(world.decrypt(token, body), 401, "nonce already used")
            assert [row[4] for row in all_recorded(own)] == ["allowed", "denied:replay"]

    def whoever_may_not_decrypt_fills_no_record():
        """What strangers ask for is refused by the chain, and bodies without facts name no request."""
        with Node(DEPUTY, CONFIG) as own:
            world = Keeping(own, "strangers")
            public = world.create()["publicEncryptionKey"]
            for by in (world.stranger, world.backend):
                token, body, _, _ = world.request(public, by=by)
                assert world.decrypt(token, body).status == 401
            token, body, _, _ = world.request(public)
            expect(world.decrypt(world.ask("decrypt", {}), body), 400)
            expect(world.decrypt(token, {"type": "x"}), 400)
            assert recorded(own) == {}

    def record_holds_nothing_that_opens_anything_and_the_doctor_knows_it():
        with Node(DEPUTY, CONFIG) as own:
            world = Keeping(own, "secrecy")
            token, body, _, content = world.request(world.create()["publicEncryptionKey"])
            answer = answered(world.decrypt(token, body))
            own.stop()
            kept = b"".join(path.read_bytes() for path in own.data.glob("deputy.db*")) + own.log_text().encode()
            for secret in (content, base64.b64encode(content), body["encryptedSymmetricKey"].encode(), answer["wrappedKey"].encode(),
                           body["receiverPublicKey"].encode(), token.encode()):
                assert secret not in kept, secret
            assert own.verb("doctor").returncode == 0
            with contextlib.closing(sqlite3.connect(own.data / "deputy.db")) as database:
                database.execute("UPDATE decryption SET outcome = 'denied:state'")
                database.commit()
            done = own.verb("doctor")
            assert done.returncode == 1 and "decryptions" in done.stdout + done.stderr, done


def under_strict_replay_a_decrypt_token_is_on_disk_before_its_answer():
    used_decrypt_token_stays_used_and_networks_stay_after_a_restart(strict=True)


def nothing_secret_is_logged_and_the_doctor_finds_nothing():
    with Owner(DEPUTY, node) as owner:
        owner.with_network().ok("secret", "put", "STRIPE_KEY", stdin=SECRET.encode())
        owner.ok("secret", "get", "STRIPE_KEY")
        stored = json.loads(owner.ok("kv", "get", PATH, "--space", "secrets").text)
    log = node.log_text()
    for text in (SECRET, stored["encryptedSymmetricKey"], stored["ciphertext"], "wrappedKey", "eyJ"):
        assert text not in log, text
    done = node.verb("doctor")
    assert done.returncode == 0, done.stdout + done.stderr


node = Node(DEPUTY, CONFIG)
with node:
    run([check for group in (Networks, Secrets, Backends, Answers, Records) for name, check in vars(group).items() if not name.startswith("_")]
        + [used_decrypt_token_stays_used_and_networks_stay_after_a_restart, under_strict_replay_a_decrypt_token_is_on_disk_before_its_answer,
           nothing_secret_is_logged_and_the_doctor_finds_nothing])

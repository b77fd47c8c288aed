#!/usr/bin/env python3
"""The story of Listen on a node of its own: one request, one signature, one delegation to its backend, which is `deputy backend` beside a
server of twenty lines; and attempts inside and outside the grant. Every line is asserted; the last line is the verdict.

usage: demo.py --deputy PATH
"""
import argparse
import ast
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TREE / "tests"))
from kit import tokens  # noqa: E402
from kit.backend import Backend  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.world import CONFIG  # noqa: E402

LISTEN = TREE / "examples/listen"
PREFIX = "xyz.tinycloud.listen"
TRANSCRIPT = PREFIX + "/transcript/2026-07-10-weekly.json"
PAGE = "listen.example"
FIXTURES = {"appkeys.json": "simulator_appkeys.json", "app-compose.json": "simulator_app_compose.json",
            "sys-config.json": "simulator_sys_config.json", "attestation.bin": "simulator_attestation_v0.bin"}
TEXT = '[{"speaker":"Ada","text":"Let us begin."}]'


def lines_of_code(path):
    """Without blank lines, comments and the text at the top."""
    source = path.read_text()
    first = ast.parse(source).body[1].lineno
    return sum(1 for line in source.splitlines()[first - 1:] if line.strip() and not line.strip().startswith("#"))


class Verdict:
    """Counts what held and what did not, and prints the lines of the story."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, holds, what):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"  NOT SO: {what}")
        return holds

    def step(self, number, title):
        print(f"\n{number}. {title}")

    def say(self, text):
        for line in text.splitlines():
            print("   " + line)


class Tool:
    """The deputy tool, run as a person would, with a profile directory of its own."""

    def __init__(self, deputy, home, node):
        self.deputy, self.home, self.node = deputy, home, node

    def run(self, *arguments, json_output=False, profile="default", stdin=None):
        command = [self.deputy, *(["--json"] if json_output else []), "--profile", profile, "--node", self.node.url, *arguments]
        environment = {**os.environ, "XDG_CONFIG_HOME": str(self.home), "NO_COLOR": "1"}
        return subprocess.run(command, capture_output=True, text=True, env=environment, input=stdin, timeout=30)

    def json(self, *arguments, **options):
        done = self.run(*arguments, json_output=True, **options)
        if done.returncode != 0:
            raise RuntimeError(f"deputy {' '.join(arguments)}: {done.stderr or done.stdout}")
        return json.loads(done.stdout)

    def text(self, *arguments, **options):
        done = self.run(*arguments, **options)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"deputy {' '.join(arguments)}: {done.stderr}")
        return done.stdout


@contextlib.contextmanager
def guest_agent(deputy, home):
    """`deputy attest simulate`: what the backend of this story believes to be its trusted hardware. Gives its socket."""
    home.joinpath("guest").mkdir()
    for name, source in FIXTURES.items():
        home.joinpath("guest", name).write_bytes((TREE / "tests/data/attestation/dstack" / source).read_bytes())
    agent = home / "guest/agent.sock"
    process = subprocess.Popen([deputy, "attest", "simulate", "--fixture", str(home / "guest"), "--listen", f"unix:{agent}"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        process.stdout.readline()
        yield agent
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


class Story:
    def __init__(self, verdict, tool, node, home, agent):
        self.verdict, self.tool, self.node, self.home, self.agent = verdict, tool, node, home, agent

    # 1. who is there

    def make_keys(self):
        self.verdict.step(1, "Three keys: the user's wallet, the backend's own, and the node's")
        self.owner = self.tool.text("keygen", "--kind", "secp256k1", "-o", str(self.home / "wallet.key")).strip()
        self.backend_did = self.tool.text("backend", "init", "--key", str(self.home / "backend.key")).strip()
        self.identity = tokens.Key("secp256k1", json.loads((self.home / "backend.key").read_text())["privateKey"][2:])
        self.stranger = tokens.Key("ed25519", os.urandom(32))
        info = json.loads(self.node.request("GET", "/info").text)
        self.verdict.say(f"wallet   {self.owner}\nbackend  {self.backend_did}\nnode     {info['nodeId']} at {self.node.url}")
        self.verdict.check(info["protocol"] == 1 and self.identity.did_pkh == self.backend_did, "the keys and the node are as expected")
        self.address = self.owner.rsplit(":", 1)[1]
        self.space = "tinycloud:" + self.owner[len("did:"):] + ":applications"
        self.other_space = "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:applications"

    def start_backend(self):
        permissions = json.loads((LISTEN / "backend.json").read_text())["permissions"]
        directory = self.home / "backend"
        directory.mkdir()
        self.socket = directory / "local.sock"
        return Backend(self.tool.deputy, self.node, permissions, directory=directory, identity=None,
                       arguments=["--key-file", str(self.home / "backend.key")], environment={"DSTACK_SIMULATOR_ENDPOINT": str(self.agent)},
                       decrypts=False, manifest=json.loads(self.home.joinpath("whole.json").read_text()), local__listen=["unix:" + str(self.socket)],
                       local__require_subject=True)

    def meet_backend(self):
        self.verdict.step(2, "The backend says who it is, what it asks for, and what it runs on")
        info = json.loads(self.backend.request("GET", "/api/server-info").text)
        asked = [f"{each['service']} {each['path']} ({', '.join(each['actions'])})" for each in info["permissions"]]
        nonce = os.urandom(32).hex()
        evidence = json.loads(self.backend.request("GET", "/api/attestation?nonce=" + nonce).text)
        self.verdict.say(f"{info['did']}\nasks for  {'; '.join(asked)}\nevidence  {evidence['mode']}, of a simulator: it proves nothing, but it is asked for "
                         "and bound as on hardware")
        self.verdict.check(info["did"] == self.backend_did, "the backend is who the key says")
        statement = json.loads(evidence["statement"])
        bound = hashlib.sha512(b"tinycloud-tee-backend/v1:" + evidence["statement"].encode()).hexdigest()
        self.verdict.check(statement["did"] == self.backend_did and statement["nonce"] == nonce, "the evidence is about this backend, and fresh")
        self.verdict.check(bound in evidence["quote"] and evidence["simulator"] is True, "the quote is bound to that, and admits to be simulated")

    # 2. one request

    def compose(self):
        self.verdict.step(3, "Two manifests become one request")
        backend = json.loads((LISTEN / "backend.json").read_text())
        backend["did"] = self.backend_did
        (self.home / "backend.json").write_text(json.dumps(backend))
        self.manifests = [str(LISTEN / "manifest.json"), str(self.home / "backend.json")]
        self.verdict.say(self.tool.text("compose", "--owner", self.owner, *self.manifests))
        request = self.tool.json("compose", "--owner", self.owner, *self.manifests)
        targets = request.get("delegationTargets") or request["request"]["delegationTargets"]
        self.verdict.check([target["did"] for target in targets] == [self.backend_did], "the backend is the one target")

    # 3. one prompt

    def sign_in(self):
        self.verdict.step(4, "One prompt: the exact text that the wallet shows")
        arguments = ["sign-in", "--key", str(self.home / "wallet.key"), "--domain", PAGE, "--nonce", self.backend.nonce(self.address), "--yes"]
        for manifest in self.manifests:
            arguments += ["--manifest", manifest]
        first = self.tool.json(*arguments, profile="first-visit")
        second = self.tool.json(*arguments)
        self.verdict.say(second["siwe"])
        print()
        self.verdict.say(f"prompts on the very first visit, when the user's spaces are hosted too: {first['prompts']}\n"
                         f"prompts for a user whose spaces are hosted: {second['prompts']}")
        self.verdict.check(first["prompts"] == 2, "two prompts on the very first visit")
        self.verdict.check(second["prompts"] == 1, "one prompt afterwards")
        self.verdict.check("transcript/" in second["siwe"], "the backend's share is in the text the user signs")
        self.session_cid = second["cid"]
        login = {"message": second["siwe"], "signature": second["signature"]}
        answer = self.backend.request("POST", "/api/auth/verify", {"Origin": "https://" + PAGE}, login)
        self.verdict.check(answer.status == 200, f"the same message signs in to the backend: {answer.text}")
        self.token = json.loads(answer.text)["token"]
        again = self.backend.request("POST", "/api/auth/verify", {"Origin": "https://" + PAGE}, login)
        self.verdict.check(again.status == 401, "and only once")

    # 4. no second prompt

    def delegate(self):
        self.verdict.step(5, "The backend's share is passed on by the session key, without another prompt")
        portable = self.home / "portable.json"
        arguments = ["delegate", "--target", self.backend_did, "-o", str(portable)]
        for manifest in self.manifests:
            arguments += ["--manifest", manifest]
        done = self.tool.run(*arguments)
        self.verdict.check(done.returncode == 0, "the delegation is made: " + done.stderr)
        self.portable = portable
        wrapper = json.loads(portable.read_text())
        wrapper = wrapper[0] if isinstance(wrapper, list) else wrapper
        self.child_cid, self.child_token = wrapper["cid"], wrapper["delegationHeader"]["Authorization"]
        session = self.home / "deputy/default/session.json"
        done = self.tool.run("inspect", "--proof", str(session), str(portable))
        self.verdict.say(done.stdout)
        self.verdict.check(done.returncode == 0 and self.session_cid in done.stdout, "the chain holds from the wallet to the backend")
        tampered = self.home / "tampered.json"
        tampered.write_text(json.dumps({**wrapper, "path": PREFIX + "/"}))
        done = self.tool.run("inspect", str(tampered))
        self.verdict.check(done.returncode == 1, "a wrapper that claims more than its signed token is found out")

    def hand_over(self):
        bearer = {"Authorization": "Bearer " + self.token}
        forged = json.dumps({**json.loads(self.portable.read_text()), "path": PREFIX + "/"})
        answer = self.backend.request("POST", "/api/delegations", bearer, {"serialized": forged})
        self.verdict.check(answer.status == 400, f"the backend refuses the wrapper that claims more: {answer.text}")
        answer = self.backend.request("POST", "/api/delegations", bearer, {"serialized": self.portable.read_text()})
        self.verdict.say(f"\nPOST /api/delegations -> {answer.status} {answer.text}")
        self.verdict.check(answer.status == 200 and json.loads(answer.text)["status"] == "active", "the backend takes what is signed")

    # 6. the app's server

    def app(self, *arguments, session=None, stdin=""):
        environment = {**os.environ, "DEPUTY_LOCAL": str(self.socket), "SESSION": session or self.token}
        done = subprocess.run([sys.executable, str(LISTEN / "app.py"), *arguments], input=stdin, capture_output=True, text=True, timeout=30,
                              env=environment)
        self.verdict.say(f"app.py {' '.join(arguments)} -> exit {done.returncode} {(done.stdout or done.stderr).strip()}")
        return done

    def app_works(self):
        self.verdict.step(6, "The app's server, which holds no key, keeps and reads a transcript for the user")
        name = TRANSCRIPT.rsplit("/", 1)[1]
        self.verdict.check(lines_of_code(LISTEN / "app.py") <= 20, "it is twenty lines")
        done = self.app(self.address, "keep", name, stdin=TEXT)
        self.verdict.check(done.returncode == 0, "the put is admitted")
        done = self.app(self.address, "show", name)
        self.verdict.check(done.stdout == TEXT, "the get returns what was put")
        self.verdict.check(self.app(self.address, "list").stdout.split() == [name], "the list names it")
        self.verdict.check("subject_mismatch" in self.app("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "list").stderr,
                           "with one user's session nothing of another is had")
        self.verdict.check("invalid_key" in self.app(self.address, "show", "../private").stderr, "a name that climbs out is refused")
        self.verdict.check("invalid_token" in self.app(self.address, "list", session="x").stderr, "a false session is refused")

    # 7. attempts

    def hold_session(self):
        """The backend's key passes its share on to a session key, as the backend itself does, for attempts of our own at the node."""
        self.session_key = tokens.Key("ed25519", os.urandom(32))
        att = {f"{self.space}/kv/{PREFIX}/transcript/": {f"tinycloud.kv/{name}": [{}] for name in ("get", "put", "list")}}
        fields = {"domain": PAGE, "nonce": "attempts12345", "iat": iso(0), "exp": iso(600)}
        data = tokens.cacao(self.identity, self.session_key.did_url, fields, att, [tokens.cid58(self.child_cid)])
        answer = self.node.request("POST", "/delegate", {"Authorization": tokens.cacao_header(data)})
        self.verdict.check(answer.status == 200, f"the node takes the session of the backend: {answer.text}")
        self.held_cid = tokens.cid(data)

    def invocation(self, by=None, seconds=60, **changes):
        by = by or self.session_key
        payload = {"iss": by.did_url, "aud": by.did_key, "exp": int(time.time()) + seconds, "nnc": "urn:uuid:" + os.urandom(16).hex(),
                   "prf": [self.held_cid], "att": self.att(TRANSCRIPT, "get"), **changes}
        return tokens.ucan(by, payload)

    def att(self, path, ability, space=None):
        return {f"{space or self.space}/kv/{path}": {"tinycloud.kv/" + ability: [{}]}}

    def attempt(self, what, answer, status, reason):
        held = answer.status == status and (answer.text == reason if status == 200 else reason in answer.text)
        shown = answer.text.replace(self.space, "<space>").replace(self.other_space, "<another's space>")
        print(f"   {what:38} {answer.status}  {shown}")
        self.verdict.check(held, f"expected {status} {reason!r}, got {answer.status} {answer.text!r}")

    def invoke(self, token, body=None):
        return self.node.request("POST", "/invoke", {"Authorization": token, "Content-Type": "application/json"}, body)

    def attempts(self):
        self.verdict.step(7, "Attempts inside and outside the grant, and the node's answer to each")
        self.hold_session()
        unauthorized = f"Unauthorized Action: {self.space}/kv/"
        used = self.invocation()
        head, payload, signature = self.invocation().split(".")
        forged = json.loads(tokens.base64.urlsafe_b64decode(payload + "=="))
        forged["att"] = self.att(PREFIX + "/private/diary", "get")
        tampered = ".".join([head, tokens.b64url(tokens.compact(forged).encode()), signature])
        self.attempt("put inside", self.invoke(self.invocation(att=self.att(TRANSCRIPT, "put")), TEXT), 200, "")
        self.attempt("get inside", self.invoke(used), 200, TEXT)
        self.attempt("the same invocation again", self.invoke(used), 409, "duplicate invocation")
        self.attempt("path outside the grant", self.invoke(self.invocation(att=self.att(PREFIX + "/private/diary", "get"))), 401,
                     unauthorized + PREFIX + "/private/diary / tinycloud.kv/get")
        self.attempt("path that climbs out", self.invoke(self.invocation(att=self.att(PREFIX + "/transcript/../private", "get"))), 401,
                     unauthorized)
        self.attempt("ability that was not granted", self.invoke(self.invocation(att=self.att(TRANSCRIPT, "del"))), 401,
                     f"{unauthorized}{TRANSCRIPT} / tinycloud.kv/del")
        self.attempt("another user's space", self.invoke(self.invocation(att=self.att(TRANSCRIPT, "get", self.other_space))), 401,
                     f"Unauthorized Action: {self.other_space}/kv/{TRANSCRIPT} / tinycloud.kv/get")
        self.attempt("wrong audience: another node's", self.invoke(self.invocation(aud=self.stranger.did_key)), 401, "Unauthorized Invoker")
        self.attempt("somebody else with this delegation", self.invoke(self.invocation(self.stranger)), 401, "Unauthorized Invoker")
        self.attempt("no delegation at all", self.invoke(self.invocation(prf=[])), 401, "Cannot find parent delegation")
        self.attempt("expired", self.invoke(self.invocation(seconds=-1)), 401, "Invocation expired or not yet valid")
        self.attempt("valid for an hour", self.invoke(self.invocation(seconds=3600)), 401, "Invocation lifetime exceeds server maximum")
        self.attempt("tampered: path changed after signing", self.invoke(tampered), 401, "Failed to verify signature")

    def redelegate(self):
        expiry = int(time.time()) + 300
        claims = {"iss": self.session_key.did_url, "aud": self.stranger.did_key, "exp": expiry, "nnc": "urn:uuid:" + os.urandom(16).hex(),
                  "prf": [self.held_cid]}
        wider = tokens.ucan(self.session_key, {**claims, "att": self.att(PREFIX + "/", "get")})
        answer = self.node.request("POST", "/delegate", {"Authorization": wider})
        self.attempt("passing on more than it holds", answer, 401, f"Unauthorized Capability: {self.space}/kv/{PREFIX}/, tinycloud.kv/get")
        longer = tokens.ucan(self.session_key, {**claims, "exp": expiry + 86400 * 365, "att": self.att(TRANSCRIPT, "get")})
        answer = self.node.request("POST", "/delegate", {"Authorization": longer})
        self.attempt("passing on for longer than it holds", answer, 401, "Child delegation expiry exceeds parent expiry")

    # 7. the end of it

    def revoke(self):
        self.verdict.step(8, "The user's session revokes; the next request is refused, and the app is told why")
        done = self.tool.run("revoke", self.child_cid)
        self.verdict.say(f"deputy revoke {self.child_cid[:20]}... -> exit {done.returncode} {done.stdout.strip()}")
        self.verdict.check(done.returncode == 0, "the revocation is taken: " + done.stderr)
        self.attempt("get inside, after the revocation", self.invoke(self.invocation()), 401,
                     f"delegation-ancestor-revoked: ancestor={self.child_cid} invoked={self.held_cid}")
        done = self.app(self.address, "list")
        self.verdict.check(done.returncode == 1 and done.stdout == "" and "403" in done.stderr and '"fault":"grant"' in done.stderr,
                           "the app learns that the grant is gone, and gets no empty list")
        answer = self.node.request("POST", "/delegate", {"Authorization": self.child_token})
        self.attempt("registering the same delegation again", answer, 401, "delegation-parent-revoked: " + self.child_cid)

    def play(self):
        self.make_keys()
        self.home.joinpath("whole.json").write_text(json.dumps(whole_manifest()))
        with self.start_backend() as self.backend:
            self.meet_backend()
            self.compose()
            self.sign_in()
            self.delegate()
            self.hand_over()
            self.app_works()
            self.attempts()
            self.redelegate()
            self.revoke()
            self.verdict.check(self.backend.stop() == 0, "the backend ends cleanly")


def whole_manifest():
    """The manifest that the app shows, with what its backend asks for."""
    manifest = json.loads((LISTEN / "manifest.json").read_text())
    manifest["permissions"] += json.loads((LISTEN / "backend.json").read_text())["permissions"]
    return manifest


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deputy", required=True)
    options = parser.parse_args()
    deputy = os.path.abspath(options.deputy)
    verdict = Verdict()
    home = pathlib.Path(tempfile.mkdtemp(prefix="deputy-demo-"))
    secret = subprocess.run([deputy, "--quiet", "keygen", "--kind", "secret"], check=True, capture_output=True, text=True).stdout.strip()
    config = "\n".join(f'secret = "{secret}"' if line.startswith("secret") else line for line in CONFIG.splitlines()) + "\n"
    print("Listen keeps transcripts; its backend may read and write them, and nothing else.")
    try:
        with guest_agent(deputy, home) as agent, Node(deputy, config) as node:
            Story(verdict, Tool(deputy, home, node), node, home, agent).play()
            verdict.check(node.stop() == 0, "the node ends cleanly")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"\ndemo: {verdict.passed} passed, {verdict.failed} failed")
    return 1 if verdict.failed else 0


sys.exit(main())

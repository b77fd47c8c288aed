#!/usr/bin/env python3
"""The story of Listen and its backend on a node of its own: one request, one signature, one delegation, and attempts inside and outside
the grant. Every line is asserted; the last line is the verdict.

usage: demo.py --deputy PATH
"""
import argparse
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
from kit.node import Node  # noqa: E402
from kit.world import CONFIG  # noqa: E402

LISTEN = TREE / "examples/listen"
PREFIX = "xyz.tinycloud.listen"
TRANSCRIPT = PREFIX + "/transcript/2026-07-10-weekly.json"
TEXT = '[{"speaker":"Ada","text":"Let us begin."}]'


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


class Story:
    def __init__(self, verdict, tool, node, home):
        self.verdict, self.tool, self.node, self.home = verdict, tool, node, home

    # 1. who is there

    def make_keys(self):
        self.verdict.step(1, "Three keys: the user's wallet, the backend's own, and the node's")
        self.owner = self.tool.text("keygen", "--kind", "secp256k1", "-o", str(self.home / "wallet.key")).strip()
        self.backend_did = self.tool.text("keygen", "--kind", "ed25519", "-o", str(self.home / "backend.key")).strip()
        jwk = json.loads((self.home / "backend.key").read_text())
        self.backend = tokens.Key("ed25519", tokens.base64.urlsafe_b64decode(jwk["d"] + "=="))
        self.stranger = tokens.Key("ed25519", os.urandom(32))
        info = json.loads(self.node.request("GET", "/info").text)
        self.verdict.say(f"wallet   {self.owner}\nbackend  {self.backend_did}\nnode     {info['nodeId']} at {self.node.url}")
        self.verdict.check(info["protocol"] == 1 and self.backend.did_key == self.backend_did, "the keys and the node are as expected")
        self.space = "tinycloud:" + self.owner[len("did:"):] + ":applications"
        self.other_space = "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:applications"

    # 2. one request

    def compose(self):
        self.verdict.step(2, "Two manifests become one request")
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
        self.verdict.step(3, "One prompt: the exact text that the wallet shows")
        arguments = ["sign-in", "--key", str(self.home / "wallet.key"), "--domain", "listen.example", "--yes"]
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

    # 4. no second prompt

    def delegate(self):
        self.verdict.step(4, "The backend's share is passed on by the session key, without another prompt")
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

    # 5. attempts

    def token(self, by=None, seconds=60, **changes):
        by = by or self.backend
        payload = {"iss": by.did_url, "aud": by.did_key, "exp": int(time.time()) + seconds, "nnc": "urn:uuid:" + os.urandom(16).hex(),
                   "prf": [self.child_cid], "att": self.att(TRANSCRIPT, "get"), **changes}
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

    def backend_works(self):
        self.verdict.step(5, "The backend writes and reads a transcript with its own key")
        transcript = self.home / "transcript.json"
        transcript.write_text(TEXT)
        key = ["--key", str(self.home / "backend.key"), "--delegation", str(self.portable)]
        done = self.tool.run("kv", "put", TRANSCRIPT, str(transcript), *key)
        self.verdict.say(f"deputy kv put {TRANSCRIPT} -> exit {done.returncode} {done.stderr.strip()}")
        self.verdict.check(done.returncode == 0, "the put is admitted")
        done = self.tool.run("kv", "get", TRANSCRIPT, *key)
        self.verdict.say(f"deputy kv get {TRANSCRIPT} -> {done.stdout}")
        self.verdict.check(done.stdout == TEXT, "the get returns what was put")

    def attempts(self):
        self.verdict.step(6, "Attempts inside and outside the grant, and the node's answer to each")
        unauthorized = f"Unauthorized Action: {self.space}/kv/"
        used = self.token()
        head, payload, signature = self.token().split(".")
        forged = json.loads(tokens.base64.urlsafe_b64decode(payload + "=="))
        forged["att"] = self.att(PREFIX + "/private/diary", "get")
        tampered = ".".join([head, tokens.b64url(tokens.compact(forged).encode()), signature])
        self.attempt("put inside", self.invoke(self.token(att=self.att(TRANSCRIPT, "put")), TEXT), 200, "")
        self.attempt("get inside", self.invoke(used), 200, TEXT)
        self.attempt("the same invocation again", self.invoke(used), 409, "duplicate invocation")
        self.attempt("path outside the grant", self.invoke(self.token(att=self.att(PREFIX + "/private/diary", "get"))), 401,
                     unauthorized + PREFIX + "/private/diary / tinycloud.kv/get")
        self.attempt("path that climbs out", self.invoke(self.token(att=self.att(PREFIX + "/transcript/../private", "get"))), 401,
                     unauthorized)
        self.attempt("ability that was not granted", self.invoke(self.token(att=self.att(TRANSCRIPT, "del"))), 401,
                     f"{unauthorized}{TRANSCRIPT} / tinycloud.kv/del")
        self.attempt("another user's space", self.invoke(self.token(att=self.att(TRANSCRIPT, "get", self.other_space))), 401,
                     f"Unauthorized Action: {self.other_space}/kv/{TRANSCRIPT} / tinycloud.kv/get")
        self.attempt("wrong audience: another node's", self.invoke(self.token(aud=self.stranger.did_key)), 401, "Unauthorized Invoker")
        self.attempt("somebody else with this delegation", self.invoke(self.token(self.stranger)), 401, "Unauthorized Invoker")
        self.attempt("no delegation at all", self.invoke(self.token(prf=[])), 401, "Cannot find parent delegation")
        self.attempt("expired", self.invoke(self.token(seconds=-1)), 401, "Invocation expired or not yet valid")
        self.attempt("valid for an hour", self.invoke(self.token(seconds=3600)), 401, "Invocation lifetime exceeds server maximum")
        self.attempt("tampered: path changed after signing", self.invoke(tampered), 401, "Failed to verify signature")

    def redelegate(self):
        expiry = int(time.time()) + 300
        claims = {"iss": self.backend.did_url, "aud": self.stranger.did_key, "exp": expiry, "nnc": "urn:uuid:" + os.urandom(16).hex(),
                  "prf": [self.child_cid]}
        wider = tokens.ucan(self.backend, {**claims, "att": self.att(PREFIX + "/", "get")})
        answer = self.node.request("POST", "/delegate", {"Authorization": wider})
        self.attempt("passing on more than it holds", answer, 401, f"Unauthorized Capability: {self.space}/kv/{PREFIX}/, tinycloud.kv/get")
        longer = tokens.ucan(self.backend, {**claims, "exp": expiry + 86400 * 365, "att": self.att(TRANSCRIPT, "get")})
        answer = self.node.request("POST", "/delegate", {"Authorization": longer})
        self.attempt("passing on for longer than it holds", answer, 401, "Child delegation expiry exceeds parent expiry")

    # 7. the end of it

    def revoke(self):
        self.verdict.step(7, "The user's session revokes; the next request is refused")
        done = self.tool.run("revoke", self.child_cid)
        self.verdict.say(f"deputy revoke {self.child_cid[:20]}... -> exit {done.returncode} {done.stdout.strip()}")
        self.verdict.check(done.returncode == 0, "the revocation is taken: " + done.stderr)
        self.attempt("get inside, after the revocation", self.invoke(self.token()), 401, "delegation-revoked: " + self.child_cid)
        answer = self.node.request("POST", "/delegate", {"Authorization": self.child_token})
        self.attempt("registering the same delegation again", answer, 401, "delegation-parent-revoked: " + self.child_cid)

    def play(self):
        self.make_keys()
        self.compose()
        self.sign_in()
        self.delegate()
        self.backend_works()
        self.attempts()
        self.redelegate()
        self.revoke()


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
        with Node(deputy, config) as node:
            Story(verdict, Tool(deputy, home, node), node, home).play()
            verdict.check(node.stop() == 0, "the node ends cleanly")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"\ndemo: {verdict.passed} passed, {verdict.failed} failed")
    return 1 if verdict.failed else 0


sys.exit(main())

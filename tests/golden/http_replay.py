#!/usr/bin/env python3
"""Replays recorded HTTP exchanges (tests/data/golden-*.json) against our node, with the expectations that hold for ours.

usage: http_replay.py --deputy PATH [--only REGEX] [-v] [FILE]

The last line is the count.
"""
import argparse
import base64
import contextlib
import datetime
import json
import pathlib
import re
import sqlite3
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from kit import curves, hashes, seal, tokens  # noqa: E402
from kit.node import Node  # noqa: E402

SECRET = "ZGVwdXR5IGdvbGRlbiB2ZWN0b3JzOiBhIG5vZGUgc2VjcmV0IHRoYXQgaXMgcHVibGlj"


NODE_SEED = hashes.blake3(base64.urlsafe_b64decode(SECRET + "==") + b"tinycloud/node/identity")


def configuration(profile):
    """The profile's settings as the node's TOML, and its environment."""
    tables, environment = {"": {"address": "127.0.0.1", "port": "{port}"}}, profile.get("env", {})
    tables["storage"] = {"datadir": "{data}"}
    tables["keys"] = {"type": "Static", "secret": SECRET}
    for name, value in profile.items():
        if name != "env":
            table, _, key = name.rpartition(".")
            tables.setdefault(table, {})[key] = value
    lines = []
    for table, settings in tables.items():
        lines.append(f"[global.{table}]" if table else "[global]")
        for key, value in settings.items():
            bare = isinstance(value, (bool, int)) or value == "{port}"
            lines.append(f"{key} = {str(value).lower() if bare else json.dumps(value)}")
    return "\n".join(lines) + "\n", environment


COMPUTED = {"$var", "$hash", "$json", "$repeat", "$flip", "$seal", "$wrap"}


def alike(pattern, value):
    """Equal as JSON, where {"$re": R} stands for a text and {"$any": true} for anything."""
    if isinstance(pattern, dict) and list(pattern) == ["$any"]:
        return True
    if isinstance(pattern, dict) and list(pattern) == ["$re"]:
        return isinstance(value, str) and re.fullmatch(pattern["$re"], value, re.S) is not None
    if isinstance(pattern, dict) and isinstance(value, dict):
        return pattern.keys() == value.keys() and all(alike(member, value[name]) for name, member in pattern.items())
    if isinstance(pattern, list) and isinstance(value, list):
        return len(pattern) == len(value) and all(map(alike, pattern, value))
    return type(pattern) is type(value) and pattern == value


class Failure(Exception):
    pass


class Case:
    def __init__(self, case, node):
        self.case, self.node = case, node
        self.variables = {}
        self.keys = {name: tokens.Key(key["type"], key["secret"]) for name, key in case["keys"].items() if key["type"] != "x25519"}
        self.start = int(time.time())
        self.tokens = {}
        for name, token in case["tokens"].items():
            if not token.get("at_use"):
                self.tokens[name] = self.sign(token["sign"]) if "sign" in token else (token["authorization"], token["cid"])

    def token(self, name):
        """Authorization and CID; a token that needs variables is signed when it is first used."""
        if name not in self.tokens:
            self.tokens[name] = self.sign(self.case["tokens"][name]["sign"])
        return self.tokens[name]

    def times(self, value):
        """The value with its relative times filled in."""
        if isinstance(value, dict):
            if "$now" in value:
                return self.start + value["$now"]
            if "$iso" in value:
                moment = datetime.datetime.fromtimestamp(self.start + value["$iso"], datetime.timezone.utc)
                return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            return {name: self.times(member) for name, member in value.items()}
        return [self.times(member) for member in value] if isinstance(value, list) else value

    def sign(self, sign):
        key = self.keys[sign["key"]]
        if sign["form"] == "ucan":
            text = tokens.ucan(key, self.fill(self.times(sign["payload"])))
            return text, tokens.cid(text.encode())
        fields = self.times(sign["fields"])
        att = fields.pop("att", None)
        data = tokens.cacao(key, sign["aud"], fields, att)
        return tokens.cacao_header(data), tokens.cid(data)

    def fill(self, value):
        if isinstance(value, str):
            return re.sub(r"\$\{([^}]+)\}", self.variable, value)
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)) in COMPUTED:
                return self.computed(*next(iter(value.items())))
            return {self.fill(name): self.fill(member) for name, member in value.items()}
        return [self.fill(member) for member in value] if isinstance(value, list) else value

    def variable(self, match):
        name = match.group(1)
        return self.token(name[4:])[1] if name.startswith("cid:") else str(self.variables[name])

    def computed(self, name, value):
        """The values of the format's second version."""
        if name == "$var":
            return self.variables[value]
        value = self.fill(value)
        if name == "$hash":
            return seal.digest(value)
        if name == "$json":
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if name == "$repeat":
            return value[0] * value[1]
        if name == "$flip":
            data = bytearray(base64.b64decode(value["of"]))
            data[value["byte"]] ^= 1
            return base64.b64encode(data).decode()
        key, nonce = bytes.fromhex(value["key"]), bytes.fromhex(value["nonce"])
        if name == "$seal":
            return base64.b64encode(nonce + seal.gcm_seal(key, nonce, value["plaintext"].encode())).decode()
        return base64.b64encode(seal.wrap(base64.b64decode(value["to"]), key, bytes.fromhex(value["ephemeral"]), nonce)).decode()

    def run(self, verbose):
        for number, step in enumerate(self.case["steps"]):
            if "sleep" in step:
                time.sleep(step["sleep"])
                continue
            if "let" in step:
                for name, value in step["let"].items():
                    self.variables[name] = self.fill(value)
                continue
            answer = self.send(step["request"])
            if verbose:
                print(f"    {number}: {step['request']['method']} {step['request']['path'][:60]} -> {answer.status} {answer.text[:160]}")
            try:
                self.check(self.expected(step), answer)
            except Failure as failure:
                raise Failure(f"step {number}: {failure}\n        answered {answer.status} {answer.headers} {answer.text[:300]!r}") from None
            self.capture(step.get("capture", {}), answer)

    def expected(self, step):
        return self.fill(step.get("expect") or step["deputy"])

    def send(self, request):
        headers = {name: self.fill(value) for name, value in request.get("headers", {}).items()}
        if "token" in request:
            headers["Authorization"] = self.token(request["token"])[0]
        return self.node.request(request["method"], self.fill(request["path"]), headers, self.body(request, headers))

    def body(self, request, headers):
        if "json" in request:
            headers.setdefault("Content-Type", "application/json")
            return tokens.json.dumps(self.fill(request["json"]), separators=(",", ":"), ensure_ascii=False).encode()
        if "body_base64" in request:
            return base64.b64decode(request["body_base64"])
        if "body_repeat" in request:
            text, count = request["body_repeat"]
            return (self.fill(text) * count).encode()
        return self.fill(request["body"]).encode() if "body" in request else None

    def capture(self, wanted, answer):
        for name, source in wanted.items():
            if source.startswith("header:"):
                self.variables[name] = answer.headers[source[7:].lower()]
            elif answer.headers.get("content-type", "").startswith("application/json"):
                value = json.loads(answer.text)
                for member in source.split("."):
                    value = value[member]
                self.variables[name] = value

    def check(self, expected, answer):
        self.check_status(expected, answer)
        self.check_body(expected, answer)
        for name, wanted in expected.get("headers", {}).items():
            have = answer.headers.get(name.lower())
            if isinstance(wanted, dict):
                right = have is not None and re.fullmatch(wanted["re"], have)
            else:
                right = have == wanted
            if not right:
                raise Failure(f"header {name}: {have!r}, expected {wanted!r}")

    def check_opened(self, expected, answer):
        """The answer opens for just this request, and the envelope with it."""
        receiver = bytes.fromhex(self.case["keys"][expected["receiver"]]["secret"])
        try:
            key = seal.opened(json.loads(answer.text), expected["body"], self.token(expected["token"])[1], receiver,
                              lambda message: curves.ed25519_sign(NODE_SEED, message))
            sealed = base64.b64decode(expected["ciphertext"])
            plaintext = seal.gcm_open(key, sealed[:12], sealed[12:])
        except (ValueError, KeyError) as error:
            raise Failure(f"the answer does not open: {error}") from None
        if key.hex() != expected["key"] or plaintext.decode() != expected["plaintext"]:
            raise Failure(f"opened to another key or plaintext: {plaintext[:60]!r}")

    def check_status(self, expected, answer):
        if "status" in expected:
            allowed = expected["status"] if isinstance(expected["status"], list) else [expected["status"]]
            if answer.status not in allowed:
                raise Failure(f"status {answer.status}, expected {expected['status']} ({expected.get('body', '')!r})")

    def check_body(self, expected, answer):
        if "body" in expected and answer.text != expected["body"]:
            raise Failure(f"body {answer.text!r}, expected {expected['body']!r}")
        if "json" in expected and json.loads(answer.text) != expected["json"]:
            raise Failure(f"JSON {answer.text}, expected {json.dumps(expected['json'])}")
        if "json_like" in expected and not alike(expected["json_like"], json.loads(answer.text)):
            raise Failure(f"JSON {answer.text} is not like {json.dumps(expected['json_like'])}")
        if "opened" in expected:
            self.check_opened(expected["opened"], answer)
        if "body_re" in expected and not re.fullmatch(expected["body_re"], answer.text, re.S):
            raise Failure(f"body {answer.text!r} does not match {expected['body_re']!r}")
        if "body_not" in expected:
            unwanted = expected["body_not"] if isinstance(expected["body_not"], list) else [expected["body_not"]]
            if any(text.lower() in answer.text.lower() for text in unwanted):
                raise Failure(f"body {answer.text!r} must not hold {unwanted}")
        if "sqlite" in expected:
            check_image(expected["sqlite"], answer.body)
        if "body_base64" in expected and answer.body != base64.b64decode(expected["body_base64"]):
            raise Failure("body differs from the expected bytes")
        if "body_length" in expected and len(answer.body) != expected["body_length"]:
            raise Failure(f"body of {len(answer.body)} bytes, expected {expected['body_length']}")


def check_image(expected, body):
    """The body is an SQLite database in which each query gives these rows."""
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        file.write(body)
        file.flush()
        with contextlib.closing(sqlite3.connect(file.name)) as database:
            for query, rows in expected.items():
                have = [list(row) for row in database.execute(query)]
                if have != rows:
                    raise Failure(f"{query} gives {have}, expected {rows}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deputy", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("-v", action="store_true", dest="verbose")
    parser.add_argument("file", nargs="?", default=str(HERE.parent / "data/golden-http.json"))
    options = parser.parse_args()
    golden = json.loads(pathlib.Path(options.file).read_text())
    passed = failed = 0
    for name, profile in golden["profiles"].items():
        cases = [case for case in golden["cases"] if case["profile"] == name and re.search(options.only, case["name"])]
        if not cases:
            continue
        with Node(options.deputy, *configuration(profile)) as node:
            for case in cases:
                try:
                    if options.verbose:
                        print(case["name"])
                    Case(case, node).run(options.verbose)
                    passed += 1
                except (Failure, OSError, KeyError, ValueError) as failure:
                    failed += 1
                    print(f"FAILED: {case['name']}: {failure!s}")
            if node.stop() != 0:
                failed += 1
                print(f"FAILED: the node of profile {name} did not end cleanly:\n" + node.log_text()[-2000:])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())

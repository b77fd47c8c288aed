#!/usr/bin/env python3
"""What `deputy backend` says of itself, at every level and in both formats, while owners, pages, an app's server and a node tell it all
kinds of things: nothing of what it was told. Each thing that is told is marked, and no mark may be in the log, on standard output or
among the metrics.

usage: backend_log.py DEPUTY
"""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import KEY, ORIGIN, Backend, bundle_of, changed  # noqa: E402
from kit.local import APP, PERMISSIONS, Between, Local, User, raw, says  # noqa: E402
from kit.node import Node, free_port  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
BEARER = "marked-token-of-the-local-interface"
SECRETS = [{"service": "tinycloud.kv", "space": "secrets", "path": "vault/secrets/", "actions": ["get", "put", "del"], "skipPrefix": True}]
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
# What may stand behind the name of a field: words of the program, numbers, patterns of routes, addresses of its own.
VALUE = r"(?:[a-z][a-z0-9._-]*|\d+|[A-Z]+|<unmatched>|/[a-z0-9_./{}-]*|127\.0\.0\.1:\d+)"
LINE = re.compile(rf"{STAMP} (?:debug|info|warning|error) [a-z][a-z.-]+(?: [a-z_]+={VALUE})*")


class Marks:
    """Words that stand in what is told, and must not be heard again in any form."""

    def __init__(self):
        self.words = {}

    def __call__(self, what):
        word = f"mark{len(self.words):03}{what}"
        self.words[word] = what
        return word

    def add(self, what, *words):
        self.words.update({word: what for word in words})

    def heard(self, text):
        """Which of them are in the text, as they are, or in hex or base64."""
        low = text.lower()
        for word, what in self.words.items():
            for form in (word, word.encode().hex(), *encoded(word.encode())):
                if form.lower() in low:
                    yield what, form


def encoded(data):
    """The text in the middle of base64, wherever the data begin in it."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data).decode()
        yield text[(8 * shift + 5) // 6:-4]


class Spoken:
    """A node behind somebody who fails on demand, a backend, and an owner who has granted what it asks for."""

    def __init__(self, node, level, form):
        self.node, self.marks = node, Marks()
        self.directory = tempfile.mkdtemp(prefix="deputy-test-")
        bearer = pathlib.Path(self.directory, "bearer")
        bearer.touch(0o600)
        bearer.write_text(BEARER + "\n")
        self.between = Between(node)
        self.backend = Backend(DEPUTY, self.between, permissions=PERMISSIONS[:2] + SECRETS, directory=self.directory, app_id=APP,
                               hosts=[node.url], node_timeout_ms=2000, log_level=level, log__format=form, sidecar_intake=True,
                               telemetry=f"127.0.0.1:{free_port()}", workspace_secrets=["key=KEPT"],
                               local__listen=["unix:" + self.directory + "/local.sock", "127.0.0.1:0"], local__bearer_file=str(bearer))
        self.backend.own_directory = True
        self.marks.add("identity", KEY[2:])
        self.marks.add("bearer", BEARER)

    def __enter__(self):
        self.between.__enter__()
        self.backend.__enter__()
        self.local = Local(self.directory + "/local.sock")
        self.user = User(self.backend, self.node, "spoken", self.local)
        self.user.spaces = resolved(self.backend.permissions)
        return self

    def __exit__(self, *reason):
        self.backend.__exit__(*reason)
        self.between.end()

    def headers(self):
        """What any request may carry."""
        mark = self.marks
        return {"Cookie": "session=" + mark("cookie"), "User-Agent": mark("agent"), "Referer": "https://x.example/" + mark("referer"),
                "X-Anything": mark("header"), "X-Forwarded-For": "203.0.113.77", "Accept-Language": mark("language")}

    # pages

    def signs_in(self):
        user, mark, ask = self.user, self.marks, self.backend.request
        nonce = self.backend.nonce(user.address)
        mark.add("nonce", nonce)
        for text, signature in ((mark("message"), "0x00"), (user.message(nonce, domain=mark("domain") + ".example"), None),
                                (user.message(nonce, statement=mark("statement")), "0x" + mark("signature"))):
            body = {"message": text, "signature": signature or user.sign(text), mark("member"): mark("value")}
            assert ask("POST", "/api/auth/verify", self.headers(), body).status in (400, 401)
        text = user.message(self.backend.nonce(user.address), statement=mark("statement"))
        assert user.verify(text, **self.headers()).status == 200
        user.sign_in()
        mark.add("session", user.token, user.token.split(".")[2])
        for token in (mark("token"), user.token[:-3] + "AAA", "Bearer " + mark("bearer")):
            assert ask("GET", "/api/delegations/status", {**self.headers(), "Authorization": token}).status == 401

    def grants(self):
        user, mark, ask = self.user, self.marks, self.backend.request
        user.host()
        user.open_session()
        user.make_network()
        parts = user.parts()
        for part in parts:
            mark.add("delegation", part["delegationHeader"]["Authorization"].split(".")[2], part["cid"])
        bad = [mark("garbage"), '{"' + mark("json") + '":1}', bundle_of(changed(parts, 0, host="https://" + mark("host") + ".example")),
               bundle_of(changed(parts, 0, path=mark("path"))), bundle_of(parts, format=mark("format"))]
        for serialized in bad:
            assert user.post(serialized).status == 400
            assert ask("POST", "/delegation", self.headers(), {"serialized": serialized}).status >= 400
        assert user.post(bundle_of(changed(parts, 0, unknown=mark("unknown")))).status == 200
        mark.add("owner", user.address, user.address[2:], user.network.rsplit(":", 1)[0].rsplit(":", 1)[1])
        for method, path in (("GET", "/api/workspace-state"), ("GET", "/api/delegations/status"), ("GET", "/api/server-info"), ("GET", "/info"),
                             ("GET", "/health"), ("GET", "/healthz/ready")):
            ask(method, path + "?" + mark("query") + "=" + mark("query"), {**self.headers(), **user.bearer})

    def wanders(self):
        """Where nothing is, and what is no request."""
        mark, ask = self.marks, self.backend.request
        for method, path in (("GET", "/" + mark("path")), ("POST", "/api/" + mark("path")), ("PATCH", "/api/auth/nonce/" + mark("path")),
                             ("GET", "/api/auth/nonce?address=" + mark("address")), ("GET", "/api/attestation?nonce=" + mark("nonce")),
                             ("GET", "/attestation?nonce=" + "0" * 32 + "&aud=" + mark("audience"))):
            ask(method, path, {**self.headers(), "Origin": ORIGIN})
        ask("GET", "/api/server-info", {"Origin": "https://" + mark("origin") + ".example"})
        ask("POST", "/api/delegations", {"X-Requested-With": mark("csrf")}, {})
        over_tcp = Local(port=self.backend.port)
        for request in (f"{mark('method')} / HTTP/1.1\r\nHost: x\r\n\r\n", f"GET /{mark('target')} HTTP/9\r\nHost: {mark('host')}\r\n\r\n",
                        f"GET / HTTP/1.1\r\n{mark('name')} : x\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {mark('host')}\r\nHost: b\r\n\r\n"):
            over_tcp.raw(request.encode())

    # the app's server

    def uses_values(self):
        user, mark = self.user, self.marks
        key, value = mark("key"), mark("value").encode()
        headers = {**self.headers(), "Content-Type": "text/" + mark("type"), "X-TinyCloud-Meta-Colour": mark("meta"), "Deputy-Subject": user.token}
        assert user.put(key, value, **headers).status == 204
        assert user.get(key, **headers).body == value
        assert user.get(key, **{"If-None-Match": '"' + mark("etag") + '"', "Range": "bytes=0-3"}).status in (200, 206)
        assert user.get(mark("absent")).status == 404
        assert user.local.ask("GET", user.url("kv", prefix=APP + "/" + mark("prefix"))).status == 200
        assert user.local.ask("GET", user.url("kv", mark("foreign") + "/key")).status == 403
        assert user.local.ask("GET", user.url("kv", user.key("../" + mark("climb")))).status == 400
        assert user.get(key, **{"Deputy-Subject": mark("subject")}).status == 401
        assert user.local.ask("GET", "/v1/u/" + mark("owner") + "/kv/x").status == 400
        assert user.local.ask("GET", "/v1/" + mark("path") + "?" + mark("query")).status == 404
        assert Local(port=self.local_port, Authorization="Bearer " + mark("token")).ask("GET", "/v1/owners").status == 401
        assert Local(port=self.local_port, Authorization="Bearer " + BEARER).ask("GET", "/v1/owners").status == 200
        assert user.delete(key).status == 204
        user.events().connection.close()
        for path in (user.url("grant"), "/v1/owners?cursor=" + mark("cursor"), user.url("events") + "?" + mark("query")):
            connection, _ = user.local.open("GET", path, headers=self.headers())
            connection.close()

    @property
    def local_port(self):
        return int([place.rsplit(":", 1)[1] for place in self.backend.ready if place.startswith("http://")][1])

    def uses_databases(self):
        user, mark = self.user, self.marks
        name = "t" + mark("table")
        assert user.sql({"action": "execute", "sql": f"CREATE TABLE {name} (a TEXT)"}).status == 200
        assert user.sql({"action": "execute", "sql": f"INSERT INTO {name} VALUES (?)", "params": [mark("parameter")]}).status == 200
        assert user.sql({"action": "query", "sql": f"SELECT a AS {mark('column')} FROM {name}"}).status == 200
        assert user.sql({"action": "query", "sql": f"SELECT '{mark('literal')}' FROM nowhere"}).status >= 400
        assert user.sql({"action": mark("action"), "sql": mark("statement")}).status >= 400
        assert user.local.ask("POST", user.url("sql", user.key("main")), '{"' + mark("broken")).status >= 400

    def uses_secrets(self):
        user, mark = self.user, self.marks
        name = mark("secretname").upper()
        url = user.url("secrets", name, scope="s" + mark("scope"))
        value = mark("secretvalue")
        assert user.local.ask("PUT", url, value.encode()).status == 204
        assert user.local.ask("GET", url, headers=self.headers()).text == value
        assert user.local.ask("GET", user.url("secrets", mark("bad-name"))).status == 400
        assert user.local.ask("POST", user.url("decrypt"), json.dumps({mark("envelope"): 1})).status in (400, 422)
        assert user.local.ask("DELETE", url).status == 204

    # the node

    def meets_failures(self):
        user, mark = self.user, self.marks
        assert user.put("kept", b"x").status == 204
        for failure in (says(500, mark("body").encode(), X_Anything=mark("header")), says(403, mark("body").encode()),
                        says(401, mark("body").encode()), says(302, b"", Location="http://127.0.0.1:1/" + mark("location")),
                        says(409, json.dumps({"error": mark("error")}).encode()), raw(mark("noise").encode() + b"\r\n\r\n"),
                        raw(b"HTTP/1.1 200 " + mark("reason").encode() + b"\r\nContent-Length: 9\r\n\r\n" + b"x")):
            self.between.fail = failure
            for ask in (lambda: user.get("kept"), lambda: user.put("kept", b"y"), lambda: user.sql({"action": "query", "sql": "SELECT 1"})):
                with contextlib.suppress(http.client.IncompleteRead):
                    ask()
        self.between.fail = lambda handler: handler.path == "/delegate" and says_delegate(handler, mark("refusal"))
        user.post(user.bundle())
        self.between.fail = None
        user.revoke()
        user.get("kept")
        assert user.ask("DELETE", "/api/delegations", None, **self.headers()).status == 200
        user.get("kept")

    def all(self):
        self.signs_in()
        self.grants()
        self.wanders()
        self.uses_values()
        self.uses_databases()
        self.uses_secrets()
        self.meets_failures()

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.backend.settings['telemetry']}/metrics", timeout=20) as answer:
            return answer.read().decode()


def says_delegate(handler, words):
    handler.send_response(401)
    handler.send_header("Content-Length", str(len(words)))
    handler.end_headers()
    handler.wfile.write(words.encode())
    return True


def resolved(permissions):
    spaces = {}
    for entry in permissions:
        path = entry["path"] if entry.get("skipPrefix") else APP + "/" + entry["path"].lstrip("/")
        actions = [entry["service"] + "/" + name for name in entry["actions"]]
        spaces.setdefault(entry.get("space", "applications"), []).append((entry["service"], path, actions))
    for entries in spaces.values():
        entries.append(("tinycloud.capabilities", "", ["tinycloud.capabilities/read"]))
    return spaces


def lines_of(text):
    """Those of the log: before the first one it says who it is."""
    return [line for line in text.splitlines() if not line.startswith("deputy backend: ")]


def spoken(level, form):
    """The log of a whole life, the metrics at its end, and what must be in neither."""
    with Node(DEPUTY, CONFIG) as node, Spoken(node, level, form) as life:
        life.all()
        metrics = life.metrics()
        time.sleep(0.2)
        process = life.backend.process
        process.send_signal(15)
        said = process.stdout.read().decode()
        assert life.backend.stop() == 0
        log = life.backend.log_text()
        heard = [*life.marks.heard(log), *life.marks.heard(metrics), *life.marks.heard(said)]
        assert not heard, heard
        assert len(life.marks.words) > 80, len(life.marks.words)
        assert "203.0.113.77" not in log, "an address of a client"
        return log, metrics


def routes_in(log):
    return set(re.findall(r"route=(\S+)", log))


class Log:
    def in_text_has_lines_of_the_programs_own_words_alone():
        log, metrics = spoken("debug", "text")
        strange = [line for line in lines_of(log) if not LINE.fullmatch(line)]
        assert not strange, strange[:5]
        routes = routes_in(log)
        for route in ("/api/auth/verify", "/api/delegations", "/delegation", "<unmatched>", "/v1/u/{owner}/kv/{key...}", "/v1/u/{owner}/grant",
                      "/v1/u/{owner}/secrets/{name}", "/v1/u/{owner}/decrypt", "/v1/owners", "/v1/u/{owner}/events"):
            assert route in routes, (route, sorted(routes))
        for error in ("grant-", "portable-", "token", "node_failed"):
            assert re.search(r"error=\S*" + error, log), error
        assert 'route="/v1/u/{owner}/kv/{key...}"' in metrics and "deputy_backend_grants_in_use" in metrics

    def in_json_is_one_object_a_line():
        log, _ = spoken("normal", "json")
        for line in lines_of(log):
            said = json.loads(line)
            assert re.fullmatch(STAMP, said.pop("time")), line
            for name, value in said.items():
                assert re.fullmatch("[a-z_]+", name) and (isinstance(value, int) or re.fullmatch(VALUE, value)), line
        assert {json.loads(line).get("route") for line in lines_of(log)} >= {"/api/auth/verify", "/v1/u/{owner}/kv/{key...}"}

    def of_what_is_critical_says_nothing_of_requests():
        log, _ = spoken("critical", "text")
        assert "route=" not in log, log

    def that_is_off_is_empty():
        log, _ = spoken("off", "text")
        assert lines_of(log) == [], log

    def marks_are_found_in_every_form():
        """The ears of this test work."""
        marks = Marks()
        word = marks("x")
        for form in (word, word.upper(), word.encode().hex(), *(base64.b64encode(b"a" * shift + word.encode() + b"tail").decode() for shift in range(4)),
                     base64.urlsafe_b64encode(b"?" + word.encode() + b"?").decode(), "/" + urllib.parse.quote(word)):
            assert list(marks.heard("a line with " + form + " in it")), form
        assert not list(marks.heard("a line without any"))


if __name__ == "__main__":
    run([check for name, check in vars(Log).items() if not name.startswith("_")])

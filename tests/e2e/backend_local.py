#!/usr/bin/env python3
"""The local API of a backend: every route, against a real node and real grants; what is refused; and a node that fails in every way.

usage: backend_local.py DEPUTY [REQUESTS]
REQUESTS (default 500) is the size of the check that users never see each other's data.
"""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import Backend, iso  # noqa: E402
from kit.local import APP, PERMISSIONS, Between, Local, User, raw, says  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = sys.argv[1]
ROOT = pathlib.Path(__file__).parent.parent.parent
REQUESTS = int(sys.argv[2]) if len(sys.argv) > 2 else 500
BEARER = "token-of-the-local-interface-of-the-tests"
FAULTS = {"request", "grant", "node", "data", "backend"}
LARGE = 64 * 1024 * 1024
SQL_TABLE = {"action": "execute", "sql": "CREATE TABLE IF NOT EXISTS note (id TEXT PRIMARY KEY, body TEXT)"}


def fails(answer, status, error, fault):
    """It is this error, in the form that every error has."""
    assert answer.status == status, f"{answer.status} {answer.text!r}, expected {status} {error}"
    assert answer.headers["content-type"].startswith("application/json"), answer.headers
    said = json.loads(answer.text)
    assert set(said) == {"error", "message", "fault"} and said["message"], said
    assert said["error"] == error and said["fault"] == fault and fault in FAULTS, said
    return said


def gives(answer, status=200, text=None):
    assert answer.status == status, f"{answer.status} {answer.text!r}, expected {status}"
    if text is not None:
        assert answer.text == text, f"{answer.text[:200]!r}, expected {text[:200]!r}"
    return answer


def loads(answer):
    return json.loads(gives(answer).text)


class Sidecar(Backend):
    """A backend whose local API is on a Unix socket, and over TCP."""

    def __init__(self, node, between=None, **settings):
        directory = tempfile.mkdtemp(prefix="deputy-test-")
        self.socket = os.path.join(directory, "local.sock")
        bearer = pathlib.Path(directory, "bearer")
        bearer.touch(0o600)
        bearer.write_text(BEARER + "\n")
        settings = {"local__listen": ["unix:" + self.socket, "127.0.0.1:0"], "local__bearer_file": str(bearer), "app_id": APP,
                    "hosts": [node.url], **settings}
        super().__init__(DEPUTY, between or node, permissions=PERMISSIONS, directory=directory, **settings)
        self.own_directory = True
        self.behind = node

    def start(self):
        super().start()
        ports = [place.rsplit(":", 1)[1] for place in self.ready if place.startswith("http://")]
        self.local_port = int(ports[1])

    @property
    def local(self):
        return Local(self.socket)

    def user(self, name, network=True):
        return User(self, self.behind, name, self.local).granted(network)

    def resident(self):
        """The most memory that it ever held, in bytes."""
        return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024


class Values:
    def value_is_put_read_and_removed_with_what_is_kept_with_it():
        gives(ada.put("plain", b"\x00\x01 bytes"), 204)
        assert gives(ada.get("plain")).body == b"\x00\x01 bytes"
        kept = {"Content-Type": "text/x-notes; charset=utf-8", "Content-Language": "de", "Content-Disposition": "inline",
                "X-TinyCloud-Meta-Colour": "blue"}
        done = gives(ada.put("a/b;c/%C3%BC", b"one", **kept), 204)
        got = gives(ada.get("a/b;c/%C3%BC"), text="one")
        for name, value in kept.items():
            assert got.headers[name.lower()] == value, got.headers
        assert got.headers["etag"] == done.headers["etag"] and got.headers["content-length"] == "3", got.headers
        assert got.headers["accept-ranges"] == "bytes", got.headers
        head = gives(ada.local.ask("HEAD", ada.url("kv", ada.key("a/b;c/%C3%BC"))))
        assert head.headers["etag"] == got.headers["etag"] and "content-length" not in head.headers, head.headers
        assert head.headers["x-tinycloud-meta-colour"] == "blue" and head.body == b"", head.headers
        gives(ada.delete("a/b;c/%C3%BC"), 204)
        fails(ada.get("a/b;c/%C3%BC"), 404, "not_found", "data")
        assert gives(ada.local.ask("HEAD", ada.url("kv", ada.key("a/b;c/%C3%BC"))), 404).body == b""

    def empty_value_is_a_value_and_not_a_failure():
        gives(ada.put("empty", b""), 204)
        got = gives(ada.get("empty"), text="")
        assert got.headers["content-length"] == "0" and "content-type" not in got.headers, got.headers

    def value_is_the_one_that_the_page_sees_under_the_same_key():
        gives(ada.put("shared", b"of the backend", **{"Content-Type": "text/plain"}), 204)
        resource = f"{ada.space('applications')}/kv/{APP}/shared"
        gives(ada.invoke(resource, "tinycloud.kv/get"), text="of the backend")
        gives(ada.invoke(resource, "tinycloud.kv/put", b"of the page"))
        gives(ada.get("shared"), text="of the page")

    def slashes_may_be_escaped_or_not():
        gives(ada.put("x/y", b"1"), 204)
        gives(ada.local.ask("GET", f"/v1/u/{ada.address}/kv/{APP}/x/y"), text="1")

    def example_of_the_guide_does_what_it_says():
        program = re.search(r"```python\n(.*?)```", (ROOT / "docs/backend.md").read_text(), re.S)[1]
        program = re.sub(r"0x[0-9A-Fa-f]{40}", ada.address, program).replace("/run/app/deputy.sock", sidecar.socket)
        done = subprocess.run([sys.executable, "-c", f"session = {ada.token!r}\n" + program], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and APP + "/2026/07" in done.stdout, done.stdout + done.stderr
        gives(ada.get("2026/07"), text="bread, milk")

    def conditions_hold_in_both_directions():
        first = gives(ada.put("cond", b"1"), 204).headers["etag"]
        fails(ada.put("cond", b"2", **{"If-None-Match": "*"}), 412, "precondition_failed", "data")
        second = gives(ada.put("cond", b"2", **{"If-Match": first}), 204).headers["etag"]
        fails(ada.put("cond", b"3", **{"If-Match": first}), 412, "precondition_failed", "data")
        fails(ada.delete("cond", **{"If-Match": first}), 412, "precondition_failed", "data")
        same = gives(ada.get("cond", **{"If-None-Match": second}), 304)
        assert same.body == b"" and same.headers["etag"] == second, same.headers
        gives(ada.get("cond", **{"If-None-Match": first}), text="2")
        fails(ada.put("cond", b"3", **{"If-Match": "garbage"}), 400, "refused", "request")
        gives(ada.get("cond"), text="2")

    def range_is_cut_out_as_rfc_9110_says():
        value = bytes(range(256)) * 1000
        etag = gives(ada.put("ranged", value), 204).headers["etag"]
        size = len(value)
        for asked, first, last in [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), (f"bytes={size - 5}-", size - 5, size - 1),
                                   ("bytes=-7", size - 7, size - 1), ("bytes=0-", 0, size - 1), (f"bytes=100-{size * 2}", 100, size - 1),
                                   ("bytes=65535-65537", 65535, 65537), (f"bytes=-{size * 2}", 0, size - 1)]:
            got = gives(ada.get("ranged", Range=asked), 206)
            assert got.body == value[first:last + 1], asked
            assert got.headers["content-range"] == f"bytes {first}-{last}/{size}", (asked, got.headers)
            assert got.headers["content-length"] == str(last + 1 - first) and got.headers["etag"] == etag, got.headers
        for ignored in ("bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=x", "bytes=-0"):
            got = gives(ada.get("ranged", Range=ignored))
            assert got.body == value and "content-range" not in got.headers, ignored
        beyond = ada.get("ranged", Range=f"bytes={size}-")
        fails(beyond, 416, "range_not_satisfiable", "request")
        assert beyond.headers["content-range"] == f"bytes */{size}", beyond.headers
        assert gives(ada.get("ranged", **{"Range": "bytes=1-2", "If-Range": etag}), 206).body == value[1:3]
        assert gives(ada.get("ranged", **{"Range": "bytes=1-2", "If-Range": '"other"'})).body == value
        assert gives(ada.get("ranged", **{"Range": "bytes=1-2", "If-None-Match": etag}), 304).body == b""
        fails(ada.get("empty-range", Range="bytes=0-"), 404, "not_found", "data")

    def large_value_passes_through_and_is_never_kept():
        gives(ada.put("warm", bytes(4 * 1024 * 1024)), 204)
        gives(ada.get("warm"))
        before = sidecar.resident()
        value = random.Random(1).randbytes(LARGE)
        gives(ada.put("large", value), 204)
        assert gives(ada.get("large")).body == value
        part = gives(ada.get("large", Range=f"bytes={LARGE - 10}-"), 206)
        assert part.body == value[-10:]
        grown = sidecar.resident() - before
        assert grown < LARGE // 4, f"{grown} bytes more than before"

    def large_value_of_unknown_length_passes_through():
        def parts():
            for number in range(100):
                yield bytes([number]) * 10000

        gives(ada.local.ask("PUT", ada.url("kv", ada.key("chunks")), parts()), 204)
        assert gives(ada.get("chunks")).body == b"".join(parts())

    def slow_reader_holds_the_node_back_and_not_the_memory():
        gives(ada.put("slow", bytes(LARGE)), 204)
        before = sidecar.resident()
        connection, answer = ada.local.open("GET", ada.url("kv", ada.key("slow")))
        assert answer.read(100000) == bytes(100000)
        time.sleep(1)
        gives(ada.put("beside", b"x"), 204)  # others are served
        grown = sidecar.resident() - before
        assert grown < LARGE // 4, f"{grown} bytes more than before"
        rest = sum(len(part) for part in iter(lambda: answer.read(1 << 20), b""))
        assert rest + 100000 == LARGE
        connection.close()

    def reader_that_goes_away_leaves_nothing_behind():
        gives(ada.put("gone", bytes(8 * 1024 * 1024)), 204)
        for _ in range(20):
            connection, answer = ada.local.open("GET", ada.url("kv", ada.key("gone")))
            answer.read(10)
            connection.close()
        gives(ada.put("after", b"x"), 204)

    def writer_that_breaks_off_writes_nothing():
        gives(ada.put("half", b"whole"), 204)
        for announced, sent in ((1000000, 300000), (1000, 10), (70000, 69999)):
            connection = ada.local.connection()
            connection.putrequest("PUT", ada.url("kv", ada.key("half")))
            connection.putheader("Content-Length", str(announced))
            connection.endheaders()
            connection.send(bytes(sent))
            time.sleep(0.1)
            connection.close()
        for chunks in (1, 4):  # of a length that nobody announced
            connection = ada.local.connection()
            connection.putrequest("PUT", ada.url("kv", ada.key("half")))
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            for _ in range(chunks):
                connection.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            time.sleep(0.1)
            connection.close()
        time.sleep(0.3)
        gives(ada.get("half"), text="whole")


class Lists:
    def keys_come_page_by_page_and_each_once():
        names = sorted(f"list/{number:03}" for number in range(25))
        for name in names:
            gives(ada.put(name, b"x"), 204)
        seen, cursor, pages = [], None, 0
        while True:
            query = {"prefix": APP + "/list/", "limit": 10, **({"cursor": cursor} if cursor else {})}
            page = loads(ada.local.ask("GET", ada.url("kv", **query)))
            assert set(page) == {"keys", "cursor"}, page
            seen += page["keys"]
            cursor, pages = page["cursor"], pages + 1
            if cursor is None:
                break
        assert seen == [APP + "/" + name for name in names] and pages == 3, (seen, pages)
        assert loads(ada.local.ask("GET", ada.url("kv", prefix=APP + "/none/"))) == {"keys": [], "cursor": None}

    def wrong_questions_are_refused():
        for query in ({"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"limit": ""}):
            fails(ada.local.ask("GET", ada.url("kv", prefix=APP + "/", **query)), 400, "invalid_limit", "request")
        fails(ada.local.ask("GET", ada.url("kv", prefix=APP + "/", limit=5, cursor="AAAA")), 400, "refused", "request")
        fails(ada.local.ask("GET", ada.url("kv", prefix="a/../b")), 400, "invalid_key", "request")
        fails(ada.local.ask("GET", ada.url("kv")), 403, "not_granted", "grant")  # nobody granted all keys
        fails(ada.local.ask("GET", ada.url("kv", prefix="com.example.other/")), 403, "not_granted", "grant")

    def cursor_of_one_user_is_of_no_use_to_another():
        for name in ("p", "q", "r"):
            gives(ada.put("cursor/" + name, b"x"), 204)
            gives(bob.put("cursor/" + name, b"x"), 204)
        cursor = loads(ada.local.ask("GET", ada.url("kv", prefix=APP + "/cursor/", limit=1)))["cursor"]
        assert cursor
        fails(bob.local.ask("GET", bob.url("kv", prefix=APP + "/cursor/", limit=1, cursor=cursor)), 400, "refused", "request")


class Databases:
    def database_is_made_written_read_and_exported():
        assert loads(ada.sql(SQL_TABLE))["changes"] == 0
        assert loads(ada.sql({"action": "execute", "sql": "INSERT INTO note VALUES (?, ?)", "params": ["n1", "é"]}))["changes"] == 1
        done = loads(ada.sql({"action": "batch", "statements": [{"sql": "INSERT INTO note VALUES ('n2', NULL)"}, {"sql": "DELETE FROM note WHERE id = 'x'"}]}))
        assert [each["changes"] for each in done["results"]] == [1, 0], done
        got = loads(ada.sql({"action": "query", "sql": "SELECT id, body FROM note ORDER BY id"}))
        assert got == {"columns": ["id", "body"], "rows": [["n1", "é"], ["n2", None]], "rowCount": 2}, got
        export = gives(ada.sql({"action": "export"}))
        assert export.body.startswith(b"SQLite format 3\x00") and export.headers["content-type"] == "application/x-sqlite3", export.headers

    def query_is_asked_with_the_right_to_read_alone():
        gives(ada.sql(SQL_TABLE))
        answer = ada.sql({"action": "query", "sql": "DELETE FROM note RETURNING id"})
        assert answer.status in (400, 403), answer.text
        assert json.loads(answer.text)["fault"] in ("grant", "request"), answer.text
        fails(ada.sql({"action": "execute", "sql": "PRAGMA user_version = 3"}, ability="admin"), 403, "not_granted", "grant")

    def mistakes_come_back_as_mistakes():
        said = fails(ada.sql({"action": "query", "sql": "SELEC 1"}), 400, "refused", "request")
        assert "SELEC" in said["message"], said
        fails(ada.sql({"action": "query", "sql": "SELECT * FROM nowhere"}), 400, "refused", "request")
        fails(ada.sql({"action": "drop"}), 400, "invalid_body", "request")
        fails(ada.local.ask("POST", ada.url("sql", ada.key("main")), b"{"), 400, "invalid_body", "request")
        fails(ada.local.ask("POST", ada.url("sql", ada.key("main")), b""), 400, "invalid_body", "request")
        fails(ada.sql({"action": "query", "sql": "SELECT 1"}, ability="all"), 400, "invalid_ability", "request")
        fails(ada.local.ask("POST", ada.url("sql", ada.key("main")), b" " * 1000001), 413, "payload_too_large", "request")
        fails(ada.local.ask("POST", ada.url("sql", APP + "/other"), json.dumps({"action": "query", "sql": "SELECT 1"})), 403, "not_granted", "grant")

    def users_have_databases_of_their_own():
        for user, text in ((ada, "of ada"), (bob, "of bob")):
            gives(user.sql(SQL_TABLE))
            gives(user.sql({"action": "execute", "sql": "INSERT OR REPLACE INTO note VALUES ('same', ?)", "params": [text]}))
        for user, text in ((ada, "of ada"), (bob, "of bob")):
            got = loads(user.sql({"action": "query", "sql": "SELECT body FROM note WHERE id = 'same'"}))
            assert got["rows"] == [[text]], got


class Spaces:
    def another_space_of_the_grant_is_named():
        fails(ada.local.ask("GET", ada.url("kv", "vault/secrets/READ_ONLY", space="secrets")), 404, "not_found", "data")
        fails(ada.local.ask("GET", ada.url("kv", "vault/secrets/READ_ONLY")), 403, "not_granted", "grant")
        fails(ada.local.ask("GET", ada.url("kv", ada.key("x"), space="secrets")), 403, "not_granted", "grant")
        fails(ada.local.ask("GET", ada.url("kv", ada.key("x"), space="nowhere")), 403, "not_granted", "grant")

    def space_that_is_written_wrong_is_never_taken_for_none():
        gives(ada.put("spaced", b"x"), 204)
        path = ada.url("kv", ada.key("spaced"))
        gives(ada.local.ask("GET", path + "?space=applications"), text="x")
        fails(ada.local.ask("GET", path + "?space="), 400, "invalid_space", "request")
        fails(ada.local.ask("GET", path + "?space=%zz"), 400, "invalid_query", "request")
        fails(ada.local.ask("GET", path + "?space=applications&space=secrets"), 400, "invalid_query", "request")
        whole = ada.space("applications")
        fails(ada.local.ask("GET", path + "?space=" + whole), 400, "invalid_space", "request")
        fails(ada.local.ask("GET", path + "?space=" + bob.space("applications")), 400, "invalid_space", "request")


class Secrets:
    def F30_secret_is_put_read_and_removed():
        url = ada.url("secrets", "TOKEN", scope="notes")
        fails(ada.local.ask("GET", url), 404, "key_not_found", "data")
        for value in ("s3cr3t", "ü" * 1000, "{\"tree\": [1]}\n"):
            gives(ada.local.ask("PUT", url, value.encode()), 204)
            got = gives(ada.local.ask("GET", url), text=value)
            assert got.headers["cache-control"] == "no-store" and got.headers["content-type"].startswith("text/plain"), got.headers
        gives(ada.local.ask("GET", ada.url("secrets", "TOKEN", scope=" Notes ")), text=value)  # scopes have one form
        stored = gives(ada.local.ask("GET", ada.url("kv", "vault/secrets/scoped/notes/TOKEN", space="secrets"))).text
        assert "tree" not in stored and json.loads(stored)["networkId"] == ada.network, stored
        gives(ada.local.ask("DELETE", url), 204)
        fails(ada.local.ask("GET", url), 404, "key_not_found", "data")

    def F30_what_is_not_granted_is_refused():
        answer = ada.local.ask("GET", ada.url("secrets", "OTHER"))
        assert answer.status in (403, 404) and json.loads(answer.text)["error"] == "key_not_found", answer.text
        fails(ada.local.ask("PUT", ada.url("secrets", "READ_ONLY"), b"x"), 403, "auth_denied", "grant")
        fails(ada.local.ask("DELETE", ada.url("secrets", "READ_ONLY")), 403, "auth_denied", "grant")

    def F30_names_and_scopes_have_a_form():
        for name in ("token", "1TOKEN", "TO-KEN", "..", "TOKEN/X"):
            answer = ada.local.ask("GET", ada.url("secrets", name, scope="notes"))
            fails(answer, 400, "invalid_secret_name", "request")
        for scope in ("", "global", "default", "-"):
            fails(ada.local.ask("GET", ada.url("secrets", "TOKEN", scope=scope)), 400, "invalid_secret_name", "request")
        fails(ada.local.ask("PUT", ada.url("secrets", "TOKEN", scope="notes"), b"x" * 65537), 413, "payload_too_large", "request")

    def F30_what_is_no_envelope_is_told():
        resource = f"{ada.space('secrets')}/kv/vault/secrets/scoped/notes/TOKEN"
        url = ada.url("secrets", "TOKEN", scope="notes")
        for stored in (b"not JSON", b"{}", b"[]"):
            gives(ada.invoke(resource, "tinycloud.kv/put", stored))
            fails(ada.local.ask("GET", url), 422, "invalid_envelope", "data")
        gives(ada.local.ask("DELETE", url), 204)

    def envelope_is_opened_with_the_right_to_decrypt_and_not_without():
        gives(ada.local.ask("PUT", ada.url("secrets", "TOKEN", scope="notes"), b"hidden"), 204)
        envelope = gives(ada.local.ask("GET", ada.url("kv", "vault/secrets/scoped/notes/TOKEN", space="secrets"))).body
        opened = gives(ada.local.ask("POST", ada.url("decrypt"), envelope))
        assert json.loads(opened.text)["value"] == "hidden" and opened.headers["cache-control"] == "no-store", opened.text
        for bad in (b"", b"x", b"{}", envelope[:-20]):
            answer = ada.local.ask("POST", ada.url("decrypt"), bad)
            assert answer.status in (400, 422) and json.loads(answer.text)["fault"] in ("data", "request"), (bad, answer.text)
        answer = bob.local.ask("POST", bob.url("decrypt"), envelope)  # ada's envelope is none of bob's
        assert answer.status >= 400 and b"hidden" not in answer.body, answer.text
        with Sidecar(node, decrypts=False) as blind:
            user = User(blind, node, "blind", blind.local)
            user.host()
            user.open_session()
            user.make_network()
            user.grant(network=False)
            answer = user.local.ask("POST", user.url("decrypt"), envelope.replace(ada.network.encode(), user.network.encode()))
            said = json.loads(answer.text)
            assert answer.status in (403, 503) and said["error"] in ("decrypt_denied", "decrypt_unavailable", "not_granted"), answer.text


class Grants:
    def view_says_what_may_be_done():
        view = loads(ada.local.ask("GET", ada.url("grant")))
        assert set(view) == {"owner", "state", "grantedAt", "expiresAt", "node", "resources"}, view
        assert view["owner"] == ada.wallet.did_pkh and view["node"] == node.url, view
        gives(ada.put("used", b"x"), 204)
        assert loads(ada.local.ask("GET", ada.url("grant")))["state"] == "active"
        first = view["resources"][0]
        assert first == {"service": "kv", "space": "applications", "path": APP + "/", "actions": ["get", "put", "del", "list", "metadata"],
                         "caveats": []}, first
        services = [(each["service"], each["path"]) for each in view["resources"]]
        assert ("sql", APP + "/main") in services and ("encryption", ada.network) in services, services
        assert iso(0) < view["expiresAt"] < iso(3700) and view["grantedAt"] <= iso(60), view

    def owner_is_one_however_he_is_written():
        gives(ada.put("case", b"x"), 204)
        for written in (ada.address, ada.address.lower(), "0x" + ada.address[2:].upper(), ada.wallet.did_pkh, ada.wallet.did_pkh.lower(),
                        ada.wallet.did_pkh.replace(":", "%3A")):
            gives(ada.local.ask("GET", f"/v1/u/{written}/kv/{APP}/case"), text="x")
        for written in ("0x00", "alice", "did:pkh:eip155:2:" + ada.address, "did:key:z6Mk", "%2e%2e", "0X" + ada.address[2:]):
            fails(ada.local.ask("GET", f"/v1/u/{written}/kv/{APP}/case"), 400, "invalid_owner", "request")

    def who_granted_nothing_has_nothing():
        nobody = User(sidecar, node, "nobody", sidecar.local)
        fails(nobody.get("x"), 403, "no_delegation", "grant")
        fails(nobody.put("x", b"x"), 403, "no_delegation", "grant")
        fails(nobody.put("x", bytes(100000)), 403, "no_delegation", "grant")
        fails(nobody.delete("x"), 403, "no_delegation", "grant")
        fails(nobody.local.ask("GET", nobody.url("kv", prefix=APP + "/")), 403, "no_delegation", "grant")
        fails(nobody.sql({"action": "query", "sql": "SELECT 1"}), 403, "no_delegation", "grant")
        fails(nobody.local.ask("GET", nobody.url("secrets", "TOKEN", scope="notes")), 403, "no_delegation", "grant")
        view = loads(nobody.local.ask("GET", nobody.url("grant")))
        assert view["state"] == "none" and view["resources"] == [] and view["expiresAt"] is None, view

    def owners_are_listed_page_by_page():
        with Sidecar(node) as own:
            assert loads(own.local.ask("GET", "/v1/owners")) == {"owners": [], "cursor": None}
            users = [own.user(f"listed {number}", network=False) for number in range(5)]
            seen, cursor, pages = [], None, 0
            while pages == 0 or cursor:
                page = loads(own.local.ask("GET", "/v1/owners?limit=2" + (f"&cursor={cursor}" if cursor else "")))
                assert len(page["owners"]) <= 2, page
                seen += page["owners"]
                cursor, pages = page["cursor"], pages + 1
            assert pages == 3 and [each["owner"] for each in seen] == sorted((user.wallet.did_pkh for user in users), key=str.lower), seen
            assert {each["state"] for each in seen} <= {"active", "pending"} and all(each["expiresAt"] > iso(0) for each in seen), seen
            own.restart()
            assert {each["state"] for each in loads(own.local.ask("GET", "/v1/owners"))["owners"]} == {"pending"}
            gives(users[0].put("x", b"x"), 204)
            assert loads(own.local.ask("GET", users[0].url("grant")))["state"] == "active"
            for query, error in (("limit=0", "invalid_limit"), ("cursor=x", "invalid_cursor"), ("limit=1&limit=2", "invalid_query")):
                fails(own.local.ask("GET", "/v1/owners?" + query), 400, error, "request")

    def events_tell_of_grants_that_come_change_and_go():
        user = User(sidecar, node, "eventful", sidecar.local)
        user.host()
        user.open_session()
        user.make_network()
        with user.events() as own, ada.events() as foreign, user.events(one=False) as everybody:
            ids = []
            for act, change in ((user.grant, "given"), (user.grant, "replaced"), (lambda: user.ask("DELETE", "/api/delegations"), "withdrawn")):
                act()
                for stream in (own, everybody):
                    id, name, data = stream.take()
                    while data.get("owner") != user.wallet.did_pkh:
                        id, name, data = stream.take()
                    assert name == "grant" and data["change"] == change, (name, data)
                    assert (data["expiresAt"] is None) == (change == "withdrawn") and data["at"], data
                    if stream is own:
                        ids.append(id)
            assert len(set(ids)) == 3 and all(ids), ids
            foreign.connection.sock.settimeout(0.5)
            try:
                heard = foreign.take()
            except TimeoutError:
                heard = None
            assert heard is None, f"ada heard of somebody else: {heard}"
        assert loads(user.local.ask("GET", user.url("grant")))["state"] == "none"
        fails(user.get("x"), 403, "no_delegation", "grant")


    def stream_without_news_shows_that_it_lives():
        with ada.events() as stream:
            begun = time.monotonic()
            while stream.line() != ":":
                pass
            assert 5 < time.monotonic() - begun < 25


class Identity:
    def key_is_replaced_with_the_script_and_users_grant_again():
        with Sidecar(node) as own:
            user = own.user("rotating", network=False)
            gives(user.put("x", b"of before"), 204)
            key_file = own.directory / "identity.json"
            rotate = [str(ROOT / "packaging/rotate-backend-identity"), own.settings["data"], str(key_file)]
            environment = {**os.environ, "DEPUTY": os.path.abspath(DEPUTY)}
            done = subprocess.run(rotate, capture_output=True, text=True, env=environment)
            assert done.returncode == 1 and "stop it first" in done.stderr, done.stderr
            before = json.loads(own.request("GET", "/api/server-info").text)["did"]
            assert own.stop() == 0
            own.identity, own.arguments = None, ["--key-file", str(key_file)]  # which the script writes, not the test
            done = subprocess.run(rotate, capture_output=True, text=True, env=environment)
            assert done.returncode == 0, done.stderr
            own.start()
            after = json.loads(own.request("GET", "/api/server-info").text)["did"]
            assert after != before and after in done.stdout, (before, after, done.stdout)
            assert key_file.stat().st_mode & 0o777 == 0o600
            fails(own.local.ask("GET", user.url("kv", user.key("x")), headers={"Deputy-Subject": user.token}), 401, "invalid_token", "request")
            assert loads(own.local.ask("GET", "/v1/owners"))["owners"] == []
            fails(user.get("x"), 403, "no_delegation", "grant")
            user.sign_in()
            gives(user.post(user.bundle(to=after)))
            gives(user.get("x"), text="of before")


def routes(user):
    return [("GET", user.url("kv", prefix=APP + "/"), None), ("GET", user.url("kv", user.key("a")), None), ("PUT", user.url("kv", user.key("a")), b"x"),
            ("PUT", user.url("kv", user.key("a")), bytes(100000)), ("DELETE", user.url("kv", user.key("a")), None),
            ("POST", user.url("sql", user.key("main")), b'{"action":"query","sql":"SELECT 1"}'), ("GET", user.url("secrets", "TOKEN"), None),
            ("PUT", user.url("secrets", "TOKEN"), b"x"), ("DELETE", user.url("secrets", "TOKEN"), None), ("POST", user.url("decrypt"), b"{}"),
            ("GET", user.url("grant"), None), ("GET", user.url("events"), None)]


ALL = [("GET", "/v1/owners", None), ("GET", "/v1/events", None), ("GET", "/nowhere", None), ("OPTIONS", "/v1/owners", None), ("POST", "/", b"x")]


class Refusals:
    def every_route_is_listed_in_the_description():
        text = (ROOT / "docs/backend-local.openapi.yaml").read_text()
        source = (ROOT / "src/backend/local.c").read_text()
        served = {(method, path.replace("...}", "}")) for method, path in re.findall(r'\{HTTP_METHOD_([A-Z]+), "(/v1[^"]+)"', source)}
        described, path = set(), None
        for line in text.split("\npaths:\n")[1].split("\ncomponents:\n")[0].splitlines():
            if match := re.fullmatch(r"  (/\S*):", line):
                path = match[1]
            elif match := re.fullmatch(r"    (get|put|post|delete|head):", line):
                described.add((match[1].upper(), path))
        assert served == described and len(served) == 14, served ^ described

    def pages_of_browsers_are_refused_everywhere():
        for method, path, body in routes(ada) + ALL:
            for header in ({"Origin": "https://listen.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
                fails(ada.local.ask(method, path, body, header), 403, "browser_refused", "request")
                tcp = Local(port=sidecar.local_port, Authorization="Bearer " + BEARER)
                fails(tcp.ask(method, path, body, header), 403, "browser_refused", "request")

    def over_tcp_the_token_is_needed_everywhere():
        good = Local(port=sidecar.local_port, Authorization="Bearer " + BEARER)
        gives(ada.put("tcp", b"x"), 204)
        gives(good.ask("GET", ada.url("kv", ada.key("tcp"))), text="x")
        bad = [{}, {"Authorization": "Bearer " + BEARER[:-1]}, {"Authorization": "Bearer " + BEARER + "x"}, {"Authorization": BEARER},
               {"Authorization": "Bearer "}, {"Authorization": "Basic " + BEARER}, {"Authorization": "Bearer " + ada.token}]
        for method, path, body in routes(ada) + ALL:
            for headers in bad:
                fails(Local(port=sidecar.local_port, **headers).ask(method, path, body), 401, "invalid_bearer", "request")

    def over_tcp_another_host_is_refused_before_the_token_is_looked_at():
        for host in ("attacker.example", "127.0.0.1.nip.io", "localhost.attacker.example:80", "[::2]"):
            for headers in ({}, {"Authorization": "Bearer " + BEARER}):
                answer = Local(port=sidecar.local_port, Host=host, **headers).ask("GET", ada.url("grant"))
                fails(answer, 403, "host_refused", "request")
        for host in ("localhost", f"127.0.0.1:{sidecar.local_port}", "LOCALHOST:1"):
            gives(Local(port=sidecar.local_port, Host=host, Authorization="Bearer " + BEARER).ask("GET", ada.url("grant")))

    def public_listener_does_not_have_the_local_routes_nor_the_other_way_round():
        for method, path, body in routes(ada) + ALL[:2]:
            assert sidecar.request(method, path, {"Authorization": "Bearer " + BEARER}, body).status == 404, path
        fails(ada.local.ask("GET", "/api/server-info"), 404, "not_found", "request")

    def socket_is_for_the_group_and_no_others():
        assert os.stat(sidecar.socket).st_mode & 0o777 == 0o660, oct(os.stat(sidecar.socket).st_mode)

    def session_beside_the_owner_must_be_his():
        for method, path, body in routes(ada)[:-1]:
            answer = ada.local.ask(method, path, body, {"Deputy-Subject": ada.token})
            assert answer.status in (200, 204, 400, 403, 404, 422), (path, answer.text)
            assert b"subject" not in answer.body, answer.text
        head, payload, signature = ada.token.split(".")
        broken = [head + "." + payload + "." + signature[:-2] + ("AA" if signature[-2:] != "AA" else "BB"), "x", "", "Bearer " + ada.token,
                  bob.token.split(".")[0] + "." + payload + "." + bob.token.split(".")[2]]
        for method, path, body in routes(ada):
            fails(ada.local.ask(method, path, body, {"Deputy-Subject": bob.token}), 403, "subject_mismatch", "request")
            for token in broken:
                answer = ada.local.ask(method, path, body, {"Deputy-Subject": token})
                assert answer.status == 401 and json.loads(answer.text)["fault"] == "request", (token, answer.text)

    def backend_may_insist_on_the_session():
        with Sidecar(node, local__require_subject=True) as strict:
            user = strict.user("strict", network=False)
            for method, path, body in routes(user):
                fails(strict.local.ask(method, path, body), 403, "subject_required", "request")
                fails(strict.local.ask(method, path, body, {"Deputy-Subject": "x"}), 401, "invalid_token", "request")
            user.local = Local(strict.socket, **{"Deputy-Subject": user.token})
            gives(user.put("x", b"mine"), 204)
            gives(user.get("x"), text="mine")
            gives(strict.local.ask("GET", "/v1/owners"))

    def keys_that_climb_or_are_none_are_refused():
        base = f"/v1/u/{ada.address}/kv/"
        for key in ("..", ".", "%2e%2e", f"{APP}/a%20b", f"{APP}/%C3%BC", f"{APP}/a%3Fb", f"{APP}/a%23b", f"{APP}/%252e", f"{APP}/../other", f"{APP}/%2e%2e/other", f"{APP}/./x", f"{APP}/a%2F..%2Fb", "%2E%2E%2F" + APP, f"{APP}/x%00y",
                    f"{APP}/x%0Ay", f"{APP}/%ff", f"{APP}/%ed%a0%80", f"../../{bob.address}/kv/{APP}/x", f"{APP}/" + "k" * 1024):
            for method, body in (("GET", None), ("PUT", b"x"), ("DELETE", None)):
                fails(ada.local.ask(method, base + key, body), 400, "invalid_key", "request")
        for key in (f"{APP}/%zz", f"{APP}/%"):
            assert ada.local.ask("GET", base + key).status == 400
        for key in ("com.example.notes", "com.example.notesx/y", "other/x", "/" + APP + "/x", APP.upper() + "/x", APP + "%2e/x"):
            fails(ada.local.ask("GET", base + key), 403, "not_granted", "grant")

    def requests_that_are_no_http_get_an_answer_or_none():
        for request in (b"GET / HTTP/1.1\r\n\r\n", b"GET /v1/owners HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                        b"POST /v1/u/x/decrypt HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"):
            back = ada.local.raw(request)
            assert b"HTTP/1.1 400" in back and b'"fault":"request"' in back, back

    def tcp_without_a_token_does_not_start():
        with tempfile.TemporaryDirectory() as directory:
            for listen, more in ((["127.0.0.1:0"], {"local__bearer_file": None}), (["0.0.0.0:0"], {}), (["192.0.2.1:0"], {})):
                other = Sidecar(node, local__listen=listen, **more)
                code, said = other.refused_start()
                assert code == 2 and "local" in said, (code, said)
            other = Sidecar(node, local__listen=["127.0.0.1:0"])
            pathlib.Path(other.settings["local.bearer_file"]).chmod(0o644)
            code, said = other.refused_start()
            assert code == 2 and "bearer" in said, (code, said)


@contextlib.contextmanager
def failing(**settings):
    """A backend and a user whose node fails on demand."""
    with Between(node) as between, Sidecar(node, between, node_timeout_ms=1500, **settings) as own:
        user = own.user("failing", network=True)
        gives(user.put("kept", b"value"), 204)
        yield between, user


def reads(user):
    return [lambda: user.get("kept"), lambda: user.local.ask("GET", user.url("kv", prefix=APP + "/")),
            lambda: user.sql({"action": "query", "sql": "SELECT 1"})]


class Faults:
    def node_that_does_not_answer_as_one_is_never_an_empty_result():
        with failing() as (between, user):
            for failure in (says(500, b"boom"), says(503, b""), raw(b"garbage\r\n\r\n"), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), raw(b""),
                            says(302, b"", Location="http://127.0.0.1:1/")):
                between.fail = failure
                for read in reads(user):
                    try:
                        answer = read()
                    except http.client.IncompleteRead:
                        continue  # the answer had begun, and is seen to break off
                    assert answer.status in (502, 503, 504) and json.loads(answer.text)["fault"] == "node", (answer.status, answer.text)
                fails(user.put("kept", b"new"), 502, "node_failed", "node")
                fails(user.put("kept", bytes(200000)), 502, "node_failed", "node")
                fails(user.delete("kept"), 502, "node_failed", "node")
            between.fail = None
            gives(user.get("kept"), text="value")

    def answers_that_are_no_lists_are_told_as_the_nodes_fault():
        with failing() as (between, user):
            for body in (b"", b"{}", b"null", b"[1]", b"[\"a\"", b"[\"a\"] x"):
                between.fail = says(200, body, Content_Type="application/json")
                fails(user.local.ask("GET", user.url("kv", prefix=APP + "/")), 502, "node_failed", "node")
            between.fail = says(200, b"[]", Content_Type="application/json", X_TinyCloud_Truncated="true")
            fails(user.local.ask("GET", user.url("kv", prefix=APP + "/")), 502, "node_failed", "node")

    def answers_that_no_data_node_gives_are_told_as_the_nodes_fault():
        with failing() as (between, user):
            for status in (201, 202, 204, 206):
                between.fail = says(status, b"" if status == 204 else b"[]")
                for read in reads(user):
                    fails(read(), 502, "node_failed", "node")
                for size in (3, 200000):
                    fails(user.put("kept", bytes(size)), 502, "node_failed", "node")
                fails(user.delete("kept"), 502, "node_failed", "node")
            between.fail = says(304)
            fails(user.put("kept", b"x"), 502, "node_failed", "node")

    def slow_node_is_waited_for_as_long_as_it_is_set():
        with failing() as (between, user):
            between.fail = raw(b"", hold=4)
            for read in reads(user):
                begun = time.monotonic()
                fails(read(), 504, "gateway_timeout", "node")
                assert time.monotonic() - begun < 3.5
            between.fail, between.slow = None, 0.0
            gives(user.get("kept"), text="value")

    def value_that_breaks_off_is_seen_to_break_off():
        with failing() as (between, user):
            gives(user.put("long", bytes(500000)), 204)
            between.cut = 100000
            connection, answer = user.local.open("GET", user.url("kv", user.key("long")))
            assert answer.status == 200 and answer.headers["Content-Length"] == "500000"
            try:
                raise AssertionError(f"{len(answer.read())} bytes seem to be all")
            except (http.client.IncompleteRead, ConnectionError):
                pass
            connection.close()
            between.cut = None
            assert len(gives(user.get("long")).body) == 500000

    def node_that_is_gone_is_told_as_gone_and_forgotten_when_it_is_back():
        with failing() as (between, user):
            between.end()
            for read in reads(user):
                fails(read(), 502, "node_failed", "node")
            view = loads(user.local.ask("GET", user.url("grant")))
            assert view["state"] == "active" and view["resources"], view  # nothing is known of the grant, so nothing is said

    def F28_revoked_grant_is_no_grant_within_one_request_and_not_an_empty_list():
        user = sidecar.user("revoked", network=True)
        gives(user.put("x", b"x"), 204)
        with user.events() as events:
            user.revoke()
            for read in reads(user):
                answer = read()
                said = json.loads(answer.text)
                assert answer.status == 403 and said["fault"] == "grant", (answer.status, answer.text)
            assert events.take()[2]["change"] == "refused"

    def revoked_while_it_is_read_ends_with_what_was_admitted():
        user = sidecar.user("midstream", network=True)
        value = random.Random(7).randbytes(8 * 1024 * 1024)
        gives(user.put("long", value), 204)
        connection, answer = user.local.open("GET", user.url("kv", user.key("long")))
        got = answer.read(100000)
        user.revoke()
        got += answer.read()
        connection.close()
        assert got == value, "the read was admitted whole"
        answer = user.get("long")
        assert answer.status == 403 and json.loads(answer.text)["fault"] == "grant", answer.text

    def many_at_once_are_served_or_told_that_it_is_busy():
        users = [ada, bob] * 20
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda user: user.put("many", b"x"), users))
        assert {answer.status for answer in answers} <= {204, 503}, {answer.status for answer in answers}
        assert sum(answer.status == 204 for answer in answers) > 20


class Model(threading.Thread):
    """One of several users who do the same things at the same time to keys of the same names, and know what they must see."""

    def __init__(self, user, others, requests, seed):
        super().__init__(daemon=True)
        self.user, self.others, self.requests = user, others, requests
        self.random, self.values, self.rows, self.failure = random.Random(seed), {}, {}, None

    def run(self):
        try:
            gives(self.user.sql(SQL_TABLE))
            for number in range(self.requests):
                self.random.choice((self.put, self.put, self.get, self.get, self.get, self.remove, self.list, self.write, self.query, self.foreign, self.secret))(number)
        except BaseException as failure:
            self.failure = failure

    def name(self):
        return f"same/{self.random.randrange(12)}"

    def mine(self, number):
        size = self.random.choice((0, 1, 100, 100, 3000, 100000))
        return f"{self.user.address} {number} ".encode() + self.random.randbytes(size)

    def put(self, number):
        name, value = self.name(), self.mine(number)
        gives(self.user.put(name, value), 204)
        self.values[name] = value

    def get(self, number):
        name = self.name()
        answer = self.user.get(name)
        if name in self.values:
            assert answer.status == 200 and answer.body == self.values[name], (name, answer.status, answer.body[:80])
        else:
            fails(answer, 404, "not_found", "data")

    def remove(self, number):
        name = self.name()
        answer = self.user.delete(name)
        assert answer.status == 204 if name in self.values else answer.status in (204, 404), answer.text
        self.values.pop(name, None)

    def list(self, number):
        page = loads(self.user.local.ask("GET", self.user.url("kv", prefix=APP + "/same/")))
        assert page == {"keys": sorted(APP + "/" + name for name in self.values), "cursor": None}, page

    def write(self, number):
        id, body = f"n{self.random.randrange(5)}", self.user.address + str(number)
        gives(self.user.sql({"action": "execute", "sql": "INSERT OR REPLACE INTO note VALUES (?, ?)", "params": [id, body]}))
        self.rows[id] = body

    def query(self, number):
        got = loads(self.user.sql({"action": "query", "sql": "SELECT id, body FROM note ORDER BY id"}))
        assert got["rows"] == [list(each) for each in sorted(self.rows.items())], got

    def secret(self, number):
        url, value = self.user.url("secrets", "TOKEN", scope="notes"), self.user.address + str(number)
        gives(self.user.local.ask("PUT", url, value.encode(), {"Deputy-Subject": self.user.token}), 204)
        gives(self.user.local.ask("GET", url), text=value)

    def foreign(self, number):
        """With another's session, or through another's path, nothing of either is had."""
        other = self.random.choice(self.others)
        method, path, body = self.random.choice(routes(other))
        fails(self.user.local.ask(method, path, body, {"Deputy-Subject": self.user.token}), 403, "subject_mismatch", "request")


class Isolation:
    def E14_users_who_do_the_same_at_once_never_see_each_others_data():
        users = [sidecar.user(f"mixed {number}") for number in range(8)]
        models = [Model(user, [each for each in users if each is not user], max(1, REQUESTS // 8), seed) for seed, user in enumerate(users)]
        for model in models:
            model.start()
        for model in models:
            model.join(1200)
            assert not model.is_alive(), "it hangs"
            if model.failure is not None:
                raise model.failure
        assert sum(len(model.values) + len(model.rows) for model in models) > 0


def all_of(*classes):
    return [check for each in classes for name, check in vars(each).items() if not name.startswith("_")]


if __name__ == "__main__":
    with Node(DEPUTY, CONFIG) as node, Sidecar(node) as sidecar:
        ada, bob = sidecar.user("ada"), sidecar.user("bob")
        run(all_of(Values, Lists, Databases, Spaces, Secrets, Grants, Identity, Refusals, Faults, Isolation))

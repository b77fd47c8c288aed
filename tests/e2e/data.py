#!/usr/bin/env python3
"""Data services of a node as a process: what a list of requests and answers cannot show.

usage: data.py DEPUTY
"""
import concurrent.futures
import pathlib
import socket
import sqlite3
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

DEPUTY = sys.argv[1]
FORM = "multipart/form-data; boundary=frontier"


def part(name, value, head=""):
    return b"--frontier\r\nContent-Disposition: form-data; name=\"%s\"\r\n%s\r\n%s\r\n" % (name.encode(), head.encode(), value)


def form(*parts):
    return b"".join(parts) + b"--frontier--\r\n"


class Several:
    """A world, and a session that may do everything on kv."""

    def __init__(self, node, name="default"):
        self.node, self.world = node, World(node, name)
        self.proof = self.world.sign_in()

    def token(self, att, seconds=60, proofs=None, **more):
        return self.world.ucan(self.world.session, self.world.session.did_key, att, seconds, [self.proof] if proofs is None else proofs, **more)

    def caps(self, name, *paths):
        return {key: value for path in paths for key, value in self.world.caps("/" + path, name).items()}

    def put(self, paths, body, **headers):
        return self.world.post("/invoke", self.token(self.caps("put", *paths)), body, **{"Content-Type": FORM, **headers})

    def get(self, path):
        return self.world.invoke(self.world.session, self.proof, path, "get")

    def stored(self):
        return tokens.json.loads(self.world.invoke(self.world.session, self.proof, "", "list").text)

    def raw(self, paths, head, body):
        """Sends bytes by hand, ends the sending, and returns all that came back."""
        token = self.token(self.caps("put", *paths))
        with socket.create_connection(("127.0.0.1", self.node.port), timeout=10) as raw:
            raw.sendall(f"POST /invoke HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: {FORM}\r\n{head}\r\n\r\n".encode() + body)
            raw.shutdown(socket.SHUT_WR)
            answer = b""
            while part := raw.recv(65536):
                answer += part
        return answer


class Batch:
    def batch_of_strangers_is_refused_before_its_body():
        """No 100 Continue, and the answer comes although the body never does."""
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            world.sign_in()
            token = world.ucan(world.stranger, world.stranger.did_key, world.caps("/a", "put"))
            with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
                raw.sendall(f"POST /invoke HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: {FORM}\r\n"
                            "Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n".encode())
                assert raw.recv(4096).startswith(b"HTTP/1.1 401 ")

    def cut_off_batch_stores_nothing():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            whole = form(part("a", b"1"), part("b", b"x" * 200000))
            for length in (10, 60, 120, 100000, len(whole) - 1):
                answer = several.raw(("a", "b"), f"Content-Length: {len(whole)}", whole[:length])
                assert not answer.startswith(b"HTTP/1.1 200"), answer
                # the same bytes as a whole message: now the form itself is cut off
                answer = several.raw(("a", "b"), f"Content-Length: {length}", whole[:length])
                assert answer.startswith(b"HTTP/1.1 400 "), answer
            assert several.stored() == [], several.stored()
            assert several.raw(("a", "b"), f"Content-Length: {len(whole)}", whole).startswith(b"HTTP/1.1 200 ")
            assert several.stored() == ["a", "b"]

    def badly_framed_batch_stores_nothing():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            good = part("a", b"1")
            bad = [b"x" + form(good, part("b", b"2")), form(good, part("b", b"2")) + b"x", form(good, part("b", b"2", " folded: x\r\n")),
                   good + b"--frontier\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n2", form(good, part("b", b"2", "Content-Transfer-Encoding: base64\r\n"))]
            for body in bad:
                expect(several.put(("a", "b"), body), 400, "Invalid inputs")
            chunked = b"%x\r\n%s\r\nzz\r\n" % (len(good), good)
            assert not several.raw(("a", "b"), "Transfer-Encoding: chunked", chunked).startswith(b"HTTP/1.1 200")
            expect(several.put(("a",), form(part("a", b"1")), **{"Content-Type": "multipart/form-data"}), 400, "Invalid inputs")
            assert several.stored() == []

    def refused_part_undoes_those_before_it():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            large = b"y" * 300000
            expect(several.put(("a", "b"), form(part("a", large), part("c", b"2"))), 400,
                   "Multipart KV part c is not authorized by the invocation")
            expect(several.put(("a", "b"), form(part("a", large), part("a", b"2"))), 400, "Duplicate multipart KV part for path a")
            expect(several.put(("a", "b"), form(part("b", large))), 400, "Missing multipart KV parts for signed paths: a")
            expect(several.put(("a", "b"), form(part("a", large), b"--frontier\r\n\r\nx\r\n")), 400, "Multipart KV part is missing a field name")
            expect(several.put(("a", "b"), form(part("a", large), part("%zz", b"2"))), 400,
                   "Multipart KV part name is not valid percent-encoded UTF-8: incomplete escape")
            assert several.stored() == []

    def values_and_their_headers_come_back():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            values = {"empty": b"", "n\u00e4me/%1": b"\r\n--frontie\r", "large": bytes(range(256)) * 4096, "last": b"\x00\xff"}
            quote = urllib.parse.quote
            # keys are literal: what stands in the capability is the key
            paths = {quote(key, safe="/"): value for key, value in values.items()}
            body = form(*(part(quote(path, safe=""), value, "Content-Type: a/b\r\nX-TinyCloud-Meta-K: v\r\nX-Other: no\r\n")
                          for path, value in paths.items()))
            answer = several.put(tuple(paths), body, **{"x-tinycloud-meta-top": "not stored"})
            expect(answer, 200)
            assert tokens.json.loads(answer.text) == {"written": sorted(paths, key=str.encode), "count": 4}, answer.text
            for path, value in paths.items():
                got = several.get(path)
                assert got.status == 200 and got.body == value, (path, got.status, got.body[:20])
                assert got.headers["content-type"] == "a/b" and got.headers["x-tinycloud-meta-k"] == "v"
                assert not {"x-other", "content-disposition", "x-tinycloud-meta-top"} & set(got.headers), got.headers

    def same_path_in_two_capabilities_is_refused():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            att = several.caps("put", "a") | {f"{several.world.space}/kv/a?x=1": {"tinycloud.kv/put": [{}]}}
            answer = several.world.post("/invoke", several.token(att), form(part("a", b"1")), **{"Content-Type": FORM})
            expect(answer, 400, "Duplicate KV batch put capability for path a")

    def many_values_stay_in_bounded_memory():
        """Together more than what is held in memory: the rest goes through files, and all of it is stored."""
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            paths = [f"m/{i:03}" for i in range(150)]
            body = form(*(part(path.replace("/", "%2F"), path.encode() * 10000) for path in paths))
            expect(several.put(paths, body), 200)
            assert several.stored() == paths
            for path in (paths[0], paths[-1]):
                assert several.get(path).body == path.encode() * 10000
            status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
            peak = int(status.split("VmHWM:")[1].split()[0])
            assert node.sanitized() or peak < 64 * 1024, f"peak of {peak} KiB"

    def batch_is_used_once():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            token, body = several.token(several.caps("put", "a", "b")), form(part("a", b"1"), part("b", b"2"))
            expect(several.world.post("/invoke", token, body, **{"Content-Type": FORM}), 200)
            expect(several.world.post("/invoke", token, body, **{"Content-Type": FORM}), 409, "duplicate invocation")

    def batch_behind_a_revocation_stores_nothing():
        """The body is under way when the delegation is revoked: the decision is made again where it is stored."""
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            world = several.world
            child = world.pass_on(several.proof, world.caps("/r/", "put"))
            att = world.caps("/r/a", "put") | world.caps("/r/b", "put")
            token = world.ucan(world.backend, world.backend.did_key, att, proofs=[child])
            body = form(part("r%2Fa", b"1"), part("r%2Fb", b"2"))
            with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
                raw.sendall(f"POST /invoke HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: {FORM}\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:50])
                time.sleep(0.2)
                revocation = several.token({"urn:cid:" + child: {"tinycloud.delegation/revoke": [{}]}}, proofs=[])
                expect(world.post("/revoke", revocation), 200)
                raw.sendall(body[50:])
                answer = raw.recv(65536)
            assert answer.startswith(b"HTTP/1.1 401 ") and b"delegation-revoked: " + child.encode() in answer, answer
            assert several.stored() == []

    def concurrent_batches_are_each_whole():
        """Batches over the same keys: at any moment all keys hold the value of one batch, and at the end too."""
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            paths = [f"c/{i}" for i in range(8)]
            bodies = [form(*(part(path.replace("/", "%2F"), b"%d" % turn * 3000) for path in paths)) for turn in range(8)]
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda body: several.put(paths, body), bodies))
            assert [answer.status for answer in answers] == [200] * 8, [answer.text for answer in answers]
            assert len({several.get(path).body for path in paths}) == 1


class Reads:
    def several_values_come_in_one_answer():
        """Rows and files, in the order of the capabilities; what is not there is said to be so, one by one."""
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            values = {"a": b"hello", "e": b"", "f": bytes(range(256)) * 1001, "g": b"x" * 65536, "h": b"y" * 65537}
            for key, value in values.items():
                expect(several.world.invoke(several.world.session, several.proof, key, "put", value, **{"Content-Type": "a/b"}), 200)
            answer = several.world.post("/invoke", several.token(several.caps("get", *values, "no")))
            expect(answer, 200)
            results = tokens.json.loads(answer.text)["results"]
            assert [result["key"] for result in results] == [*values, "no"]
            for result, value in zip(results, values.values()):
                assert tokens.base64.b64decode(result["dataBase64"], validate=True) == value, result["key"]
                assert result["headers"]["content-length"] == str(len(value)) and list(result["headers"]) == sorted(result["headers"])
                assert result["headers"]["etag"] == several.get(result["key"]).headers["etag"]
            assert results[-1] == {"key": "no", "ok": False, "error": {"code": "KV_NOT_FOUND", "message": "Key not found: no"}}
            heads = tokens.json.loads(several.world.post("/invoke", several.token(several.caps("metadata", *values))).text)["results"]
            assert all("dataBase64" not in head and "content-length" not in head["headers"] for head in heads)
            assert [head["headers"]["etag"] for head in heads] == [result["headers"]["etag"] for result in results[:-1]]

    def limits_hold_for_each_value_and_for_all():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            size = 12 * 1024 * 1024
            for key in "abc":
                expect(several.world.invoke(several.world.session, several.proof, key, "put", b"z" * size), 200)
            answer = several.world.post("/invoke", several.token(several.caps("get", "a", "b", "c")))
            expect(answer, 413, "the values of one batch read may be at most 33554432 bytes")
            expect(several.world.post("/invoke", several.token(several.caps("metadata", "a", "b", "c"))), 200)
            assert len(several.world.post("/invoke", several.token(several.caps("get", "a", "b"))).body) > 2 * size
            limit = {"x-tinycloud-max-response-bytes": "100"}
            expect(several.world.post("/invoke", several.token(several.caps("get", "a", "b")), **limit), 413,
                   f"KV response is {size} bytes, exceeding the requested limit of 100 bytes")

    def values_of_strangers_are_not_read_along():
        """One capability that is not covered refuses the whole batch."""
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            world = several.world
            expect(world.invoke(world.session, several.proof, "private", "put", "secret"), 200)
            child = world.pass_on(several.proof, world.caps("/shared/", "get"))
            att = world.caps("/shared/a", "get") | world.caps("/private", "get")
            answer = world.post("/invoke", world.ucan(world.backend, world.backend.did_key, att, proofs=[child]))
            assert answer.status == 401 and answer.text.startswith("Unauthorized Action: "), answer.text

    def value_whose_file_is_gone_is_missing():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            for key in "ab":
                expect(several.world.invoke(several.world.session, several.proof, key, "put", key * 100000), 200)
            etag = several.get("a").headers["etag"]
            (node.directory / "data" / "blobs" / etag[8:72]).unlink()
            answer = several.world.post("/invoke", several.token(several.caps("get", "a", "b")))
            assert [result["ok"] for result in tokens.json.loads(answer.text)["results"]] == [False, True], answer.text[:300]

    def batch_read_is_used_once():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            token = several.token(several.caps("get", "a", "b"))
            expect(several.world.post("/invoke", token), 200)
            expect(several.world.post("/invoke", token), 409, "duplicate invocation")

    def strict_replay_holds_for_batch_reads():
        with Node(DEPUTY, CONFIG + '[global.deputy]\nreplay = "strict"\n') as node:
            several = Several(node)
            expect(several.put(("a", "b"), form(part("a", b"1"), part("b", b"2"))), 200)
            token = several.token(several.caps("get", "a", "b"))
            results = tokens.json.loads(several.world.post("/invoke", token).text)["results"]
            assert [result["dataBase64"] for result in results] == ["MQ==", "Mg=="]
            expect(several.world.post("/invoke", token), 409, "duplicate invocation")


class Listings:
    """capabilities/read and /delegation/query."""

    @staticmethod
    def _read(several, by, proof, params=None):
        world = several.world
        att = {f"{world.space}/capabilities/all": {"tinycloud.capabilities/read": [{}]}}
        more = {} if params is None else {"fct": [{"other": 1}, {"capabilitiesReadParams": params}]}
        return world.post("/invoke", world.ucan(by, by.did_key, att, 60, [proof], **more))

    @staticmethod
    def _signed_in(node):
        several = Several(node)
        world = several.world
        att = world.caps("", "get", "put", "list") | world.caps("", "read", service="capabilities") | world.caps("", "list", service="delegation")
        data = world.cacao(world.session.did_url, att)
        several.proof = tokens.cid(data)
        expect(world.delegate(data), 200)
        return several

    def capabilities_are_listed_and_filtered():
        with Node(DEPUTY, CONFIG) as node:
            several = Listings._signed_in(node)
            world = several.world
            child = world.pass_on(several.proof, world.caps("/notes/", "get", "list"))
            ask = lambda params=None: tokens.json.loads(Listings._read(several, world.session, several.proof, params).text)
            everything = ask()
            assert {several.proof, child} <= set(everything)
            record = everything[child]
            assert record["delegator"] == world.session.did_key and record["delegate"] == world.backend.did_key
            assert record["capabilities"][0] == {"resource": world.space + "/kv/notes/", "ability": "tinycloud.kv/get", "caveats": {}}
            parent = bytes(record["parents"][0])
            assert len(parent) == 36 and "b" + tokens.base64.b32encode(parent).decode().lower().rstrip("=") == several.proof
            expect(world.delegate(record["raw"]), 200)  # what it says is raw is what can be posted
            expect(world.delegate(everything[several.proof]["raw"]), 200)
            assert set(ask({"type": "list", "filters": {"path": "notes/"}})) == {child}
            assert child not in ask({"type": "list", "filters": {"direction": "created"}})
            assert several.proof in ask({"type": "list", "filters": {"direction": "created"}})
            assert ask({"type": "list", "filters": {"direction": "received"}}) == {}
            assert child not in ask({"type": "list", "filters": {"actions": ["tinycloud.kv/put"]}})
            chain = ask({"type": "chain", "delegation_cid": child})
            assert [link["delegate"] for link in chain] == [world.backend.did_key, world.session.did_key], chain

    def parameters_that_cannot_be_read_do_not_widen_the_answer():
        with Node(DEPUTY, CONFIG) as node:
            several = Listings._signed_in(node)
            for params in ("x", {}, {"type": "all"}, {"type": "list", "filters": []}, {"type": "list", "filters": {"direction": "up"}},
                           {"type": "list", "filters": {"path": 1}}, {"type": "list", "filters": {"actions": [1]}}, {"type": "chain"}):
                expect(Listings._read(several, several.world.session, several.proof, params), 400, "Invalid inputs")

    def revoked_and_foreign_delegations_are_not_capabilities():
        with Node(DEPUTY, CONFIG) as node:
            several = Listings._signed_in(node)
            world = several.world
            child = world.pass_on(several.proof, world.caps("/notes/", "get"))
            expect(Listings._read(several, world.stranger, several.proof), 401)
            expect(world.post("/revoke", several.token({"urn:cid:" + child: {"tinycloud.delegation/revoke": [{}]}}, proofs=[])), 200)
            assert child not in tokens.json.loads(Listings._read(several, world.session, several.proof).text)
            assert Listings._read(several, world.session, several.proof, {"type": "chain", "delegation_cid": child}).text == "[]"
            other = Several(node, "other")
            assert other.proof not in tokens.json.loads(Listings._read(several, world.session, several.proof).text)
            assert Listings._read(several, world.session, several.proof, {"type": "chain", "delegation_cid": other.proof}).text == "[]"

    @staticmethod
    def _query(several, body, by=None, proofs=None, att=None):
        world = several.world
        by = by or world.session
        att = att or {f"{world.space}/delegation/": {"tinycloud.delegation/list": [{}]}}
        token = world.ucan(by, by.did_key, att, 60, [several.proof] if proofs is None else proofs)
        return world.post("/delegation/query", token, body if isinstance(body, str) else tokens.json.dumps(body), **{"Content-Type": "application/json"})

    def delegations_come_page_by_page():
        with Node(DEPUTY, CONFIG) as node:
            several = Listings._signed_in(node)
            world = several.world
            for count in range(5):
                expect(world.delegate(world.cacao(world.backend.did_url, world.caps(f"/{count}/", "get"), iat=world.iso(-count))), 200)
            whole = tokens.json.loads(Listings._query(several, {"limit": 100}).text)
            assert whole["schemaVersion"] == 2 and "nextCursor" not in whole and len(whole["items"]) == 8, whole
            issued = [item["issuedAt"] for item in whole["items"]]
            assert issued == sorted(issued, reverse=True)
            seen, cursor = [], None
            while True:
                page = tokens.json.loads(Listings._query(several, {"limit": 3, "cursor": cursor}).text)
                seen += page["items"]
                cursor = page.get("nextCursor")
                if cursor is None:
                    break
                assert len(page["items"]) == 3
            assert [item["cid"] for item in seen] == [item["cid"] for item in whole["items"]]
            assert Listings._query(several, {"direction": "received"}).text == '{"schemaVersion":2,"items":[]}'
            assert len(tokens.json.loads(Listings._query(several, {"space": "default", "status": "active"}).text)["items"]) == 8
            assert len(tokens.json.loads(Listings._query(several, {"space": world.space}).text)["items"]) == 8
            assert tokens.json.loads(Listings._query(several, {"space": "elsewhere"}).text)["items"] == []

    def revocations_are_told():
        with Node(DEPUTY, CONFIG) as node:
            several = Listings._signed_in(node)
            world = several.world
            data = world.cacao(world.backend.did_url, world.caps("/gone/", "get"))
            gone = tokens.cid(data)
            expect(world.delegate(data), 200)
            expect(world.post("/revoke", tokens.cacao_header(world.cacao("ucan:" + gone, None))), 200)
            items = tokens.json.loads(Listings._query(several, {"status": "revoked"}).text)["items"]
            owner = f"did:pkh:eip155:1:{world.owner.address}"
            assert [(item["cid"], item["status"], item["revokedBy"]) for item in items] == [(gone, "revoked", owner)], items
            assert "revokedAncestorCid" not in items[0] and items[0]["delegatorDid"] == owner

    def questions_that_are_none_are_refused():
        """Those of node-http.json among them: an unknown direction or member, a limit of 101, a cursor that is none."""
        with Node(DEPUTY, CONFIG) as node:
            several = Listings._signed_in(node)
            for body in ({"direction": "sideways"}, {"unknown": True}, {"limit": 101}, {"limit": 1.5}, {"limit": "1"}, {"cursor": "%%%"},
                         {"cursor": "YQ"}, {"status": "fine"}, {"space": ""}, {"space": 1}, "[]", "{", ""):
                answer = Listings._query(several, body)
                assert answer.status == 400 and answer.text.startswith("Invalid delegation query: "), (body, answer.status, answer.text)

    def only_who_may_list_the_account_asks():
        with Node(DEPUTY, CONFIG) as node:
            several = Listings._signed_in(node)
            world = several.world
            refused = "Delegation query proof is not authorized"
            expect(Listings._query(several, {}, proofs=[]), 403, refused)
            expect(Listings._query(several, {}, by=world.stranger), 403, refused)
            for att in (world.caps("/", "get"), {world.space + "/delegation/x": {"tinycloud.delegation/list": [{}]}},
                        {f"{world.space}/delegation/": {"tinycloud.delegation/list": [{}]}} | world.caps("/a", "get")):
                expect(Listings._query(several, {}, att=att), 403, refused)
            other = Listings._signed_in(node)
            foreign = tokens.b64url(tokens.cid(world.cacao(world.session.did_url, world.caps("", "get"), nonce="unstored0")).encode())
            expect(Listings._query(other, {"cursor": foreign}), 403, refused)


class Signed:
    """Signed URLs."""

    @staticmethod
    def _make(several, path, by=None, proof=None, att=None, seconds=60, **body):
        world = several.world
        by = by or world.session
        att = att or world.caps("/" + path, "get")
        token = world.ucan(by, by.did_key, att, seconds, [proof or several.proof])
        return world.post("/signed/kv", token, tokens.json.dumps({"space": world.space, "path": path, **body}), **{"Content-Type": "application/json"})

    @staticmethod
    def _url(*args, **body):
        answer = Signed._make(*args, **body)
        expect(answer, 200)
        return tokens.json.loads(answer.text)["url"]

    def ticket_outlives_a_restart():
        """Killed right after the answer: the ticket was durable before it was given."""
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            expect(several.world.invoke(several.world.session, several.proof, "a", "put", "kept"), 200)
            url = Signed._url(several, "a")
            node.process.kill()
            node.process.wait()
            node.start()
            expect(node.request("GET", url), 200, "kept")

    def ticket_ends_with_any_delegation_it_rests_on():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            world = several.world
            expect(world.invoke(world.session, several.proof, "n/a", "put", "x"), 200)
            child = world.pass_on(several.proof, world.caps("/n/", "get"))
            token = world.ucan(world.backend, world.stranger.did_key, world.caps("/n/a", "get"), 600, [child])
            grandchild = tokens.cid(token.encode())
            expect(world.delegate(token), 200)
            url = Signed._url(several, "n/a", world.stranger, grandchild)
            expect(node.request("GET", url), 200, "x")
            expect(world.post("/revoke", several.token({"urn:cid:" + child: {"tinycloud.delegation/revoke": [{}]}}, proofs=[])), 200)
            expect(node.request("GET", url), 401, f"delegation-ancestor-revoked: ancestor={child} invoked={grandchild}")

    def ticket_lasts_no_longer_than_its_invocation():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            expect(several.world.invoke(several.world.session, several.proof, "a", "put", "x"), 200)
            url = Signed._url(several, "a", seconds=2)
            expect(node.request("GET", url), 200, "x")
            short = Signed._url(several, "a", ttlSeconds=1)
            time.sleep(2.1)
            expect(node.request("GET", url), 401, "signed URL expired")
            expect(node.request("GET", short), 401, "signed URL expired")

    def stranger_makes_no_ticket():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            world = several.world
            expect(world.invoke(world.session, several.proof, "a", "put", "x"), 200)
            assert Signed._make(several, "a", world.stranger).status == 401
            child = world.pass_on(several.proof, world.caps("/n/", "get", "put"))
            assert Signed._make(several, "a", world.backend, child).status == 401
            expect(Signed._make(several, "a", world.backend, child, world.caps("/n/", "get")), 403, "signed URL scope is not authorized")
            expect(Signed._make(several, "n/a", world.backend, child, world.caps("/n/a", "put")), 400, "Invalid inputs")
            expect(Signed._make(several, "n/a", world.backend, child, world.caps("/n/a", "get", "put")), 400, "Invalid inputs")

    def bodies_that_ask_for_something_else_are_refused():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            expect(several.world.invoke(several.world.session, several.proof, "a", "put", "x"), 200)
            digest = several.get("a").headers["etag"]
            for body, text in (({"ttlSeconds": 10, "ttl_seconds": 20}, "Invalid inputs"), ({"contentHash": digest, "content_hash": "0" * 64}, "Invalid inputs"),
                               ({"ttlSeconds": "10"}, "Invalid inputs"), ({"space": 1}, "Invalid inputs"), ({"path": None}, "Invalid inputs"),
                               ({"max_uses": 1}, "maxUses is not supported for signed KV URLs yet"), ({"etag": "W/" + digest}, "contentHash must be a blake3 hex digest"),
                               ({"path": "a?b"}, "Invalid path"), ({"path": "a#b"}, "Invalid path"), ({"path": "a b"}, "Invalid path")):
                expect(Signed._with(several, body), 400, text)
            expect(Signed._make(several, "a", ttlSeconds=0), 401, "signed URL expired immediately")
            expect(Signed._make(several, "a", ttlSeconds=-5), 401, "signed URL expired immediately")
            expect(Signed._make(several, "a", ttl_seconds=10, ttlSeconds=10, content_hash=digest.strip('"').upper().replace("BLAKE3", "blake3"), etag=digest), 200)

    @staticmethod
    def _with(several, body):
        world = several.world
        token = several.token(world.caps("/a", "get"))
        return world.post("/signed/kv", token, tokens.json.dumps({"space": world.space, "path": "a", **body}), **{"Content-Type": "application/json"})

    def invocation_makes_one_ticket():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            expect(several.world.invoke(several.world.session, several.proof, "a", "put", "x"), 200)
            token, body = several.token(several.caps("get", "a")), tokens.json.dumps({"space": several.world.space, "path": "a"})
            expect(several.world.post("/signed/kv", token, body), 200)
            expect(several.world.post("/signed/kv", token, body), 409, "duplicate invocation")
            expect(several.world.post("/invoke", token), 409, "duplicate invocation")

    def ranges_of_large_values_come_from_the_file():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node)
            value = bytes(range(256)) * 4096
            expect(several.world.invoke(several.world.session, several.proof, "a", "put", value), 200)
            url = Signed._url(several, "a")
            for first, last in ((0, 0), (1, 300000), (262143, 262144), (len(value) - 1, len(value) - 1)):
                answer = node.request("GET", url, {"Range": f"bytes={first}-{last}"})
                assert answer.status == 206 and answer.body == value[first:last + 1], (first, last, answer.status, len(answer.body))
                assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(value)}"
            whole = node.request("GET", url)
            assert whole.status == 200 and whole.body == value
            head = node.request("HEAD", url, {"Range": "bytes=5-9"})
            assert head.status == 206 and head.headers["content-length"] == "5" and head.body == b""

    def ticket_changed_in_the_database_opens_nothing():
        """Neither another value under a ticket, nor a later end, nor the database's own id as a ticket."""
        for change in ("key = CAST('private' AS BLOB)", "expires = expires + 100000", "hash = zeroblob(32)"):
            with Node(DEPUTY, CONFIG) as node:
                several = Several(node)
                for key in ("a", "private"):
                    expect(several.world.invoke(several.world.session, several.proof, key, "put", "x"), 200)
                url = Signed._url(several, "a")
                assert node.stop() == 0
                database = sqlite3.connect(next((node.directory / "data").glob("*.db")))
                digest = database.execute("SELECT id FROM ticket").fetchone()[0]
                assert database.execute("UPDATE ticket SET " + change).rowcount == 1
                database.commit()
                database.close()
                node.start()
                expect(node.request("GET", url), 500)
                expect(node.request("GET", "/signed/kv/" + tokens.b64url(digest)), 401, "signed URL ticket not found")
                expect(node.request("GET", url + "A"), 401, "signed URL ticket not found")


class Public:
    """Public spaces."""

    @staticmethod
    def _path(world, key=None):
        return f"/public/{urllib.parse.quote(world.space, safe='')}/kv" + ("" if key is None else "/" + key)

    def values_are_read_without_a_token_and_nothing_else_is():
        with Node(DEPUTY, CONFIG) as node:
            several = Several(node, "public")
            world, value = several.world, bytes(range(256)) * 1000
            meta = {"Content-Type": "a/b", "Content-Disposition": "attachment", "x-tinycloud-meta-a": "b"}
            expect(world.invoke(world.session, several.proof, "d/a", "put", value, **meta), 200)
            answer = node.request("GET", Public._path(world, "d/a"))
            assert answer.status == 200 and answer.body == value and answer.headers["content-type"] == "a/b"
            assert not {"content-disposition", "x-tinycloud-meta-a"} & set(answer.headers), answer.headers
            head = node.request("HEAD", Public._path(world, "d/a"))
            assert head.status == 200 and head.headers["content-length"] == str(len(value)) and head.body == b""
            expect(node.request("GET", Public._path(world) + "?prefix=d%2F"), 200, '["d/a"]')
            expect(node.request("GET", Public._path(world)), 422)
            expect(node.request("GET", Public._path(world, "%FF")), 400, "Invalid key")
            expect(node.request("GET", Public._path(world, "")), 404, "Key not found")
            expect(node.request("PUT", Public._path(world, "d/a"), body="x"), 404)
            private = Several(node)
            expect(private.world.invoke(private.world.session, private.proof, "a", "put", "x"), 200)
            expect(node.request("GET", Public._path(private.world, "a")), 403, "Not a public space")
            expect(node.request("GET", Public._path(private.world) + "?prefix="), 403, "Not a public space")

    def rate_limit_says_when_to_come_back():
        with Node(DEPUTY, CONFIG + "[global.public_spaces]\nrate_limit_per_minute = 60\nrate_limit_burst = 2\n") as node:
            world = World(node, "public")
            answers = [node.request("GET", Public._path(world, "a"), {"X-Real-IP": f"192.0.2.{count}"}) for count in range(20)]
            refused = [answer for answer in answers if answer.status == 429]
            assert [answer.status for answer in answers[:3]] == [404] * 3 and len(refused) >= 10, [answer.status for answer in answers]
            assert all(answer.text == "Rate limit exceeded" and answer.headers["retry-after"] == "1" for answer in refused)
            time.sleep(1.1)
            expect(node.request("GET", Public._path(world, "a")), 404)

    def address_is_believed_from_trusted_proxies_alone():
        with Node(DEPUTY, CONFIG + '[global.public_spaces]\nrate_limit_per_minute = 1\nrate_limit_burst = 1\n'
                                   '[global.deputy]\ntrusted_proxies = ["127.0.0.1"]\n') as node:
            world = World(node, "public")
            ask = lambda address: node.request("GET", Public._path(world, "a"), {"X-Real-IP": address}).status
            assert [ask(f"192.0.2.{count}") for count in range(5)] == [404] * 5
            assert ask("192.0.2.1") == 429
            assert [ask("nonsense"), ask("nonsense again")] == [404, 429]  # then the proxy itself is counted

    def proxy_on_a_unix_socket_is_believed_when_trusted():
        for trusted, expected in ((["unix"], [404, 404, 404]), ([], [404, 429, 429])):
            with tempfile.TemporaryDirectory() as directory:
                more = (f'[global.public_spaces]\nrate_limit_per_minute = 1\nrate_limit_burst = 1\n[global.deputy]\n'
                        f'listen = ["127.0.0.1:{{port}}", "unix:{directory}/node"]\ntrusted_proxies = {trusted}\n')
                with Node(DEPUTY, CONFIG + more) as node:
                    path, statuses = Public._path(World(node, "public"), "a"), []
                    for count in range(3):
                        with socket.socket(socket.AF_UNIX) as raw:
                            raw.connect(directory + "/node")
                            raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Real-IP: 192.0.2.{count}\r\n\r\n".encode())
                            statuses.append(int(raw.recv(4096).split()[1]))
                    assert statuses == expected, statuses

    def pages_may_read_public_values_where_cors_is_off():
        with Node(DEPUTY, CONFIG.replace("cors = true", "cors = false")) as node:
            world = World(node, "public")
            for method in ("GET", "OPTIONS"):
                answer = node.request(method, Public._path(world, "a"))
                assert answer.headers["access-control-allow-origin"] == "*" and answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
            assert "access-control-allow-origin" not in node.request("GET", "/info").headers


if __name__ == "__main__":
    run([check for group in (Batch, Reads, Listings, Signed, Public) for name, check in vars(group).items() if not name.startswith("_")])

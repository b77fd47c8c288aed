#!/usr/bin/env python3
"""What live clients need of a data node, sentence by sentence (spec/03 sections 17.1 to 17.3): each test is named after one.

usage: live_clients.py DEPUTY
"""
import concurrent.futures
import hashlib
import pathlib
import re
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

DEPUTY = sys.argv[1]
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=frontier"}
json = tokens.json


def enc(text):
    """As encodeURIComponent does for what stands in ids."""
    return urllib.parse.quote(text, safe="!'()*")


class Client(World):
    """A world whose tokens are those of the live SDK: members in its order, times with its precision."""

    def __init__(self, node, name):
        super().__init__(node, name)
        self.account = self.space.rsplit(":", 1)[0] + ":account"
        self.network = f"urn:tinycloud:encryption:{self.owner.did_pkh}:default"
        self.node_id = json.loads(node.request("GET", "/info").text)["nodeId"]

    def invocation(self, att, proofs=None, aud=None, seconds=60.0, **more):
        """Header and payload as the SDK writes them; exp has milliseconds."""
        jwk = self.session.jwk()
        header = {"alg": "EdDSA", "jwk": {"kid": "default", "kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"]}, "typ": "JWT", "ucv": "0.10.0"}
        exp = int(time.time() + seconds) + 0.123
        payload = {"iss": self.session.did_url, "aud": aud or self.session.did_key, "exp": exp, "nnc": self.nonce(), **more,
                   "prf": [self.proof] if proofs is None else proofs, "att": att}
        return tokens.ucan(self.session, payload, header, tokens.as_written)

    def call(self, att, body=None, **headers):
        return self.post("/invoke", self.invocation(att), body, **headers)

    def kv(self, path, name, body=None, **headers):
        return self.call(self.caps("/" + path, name), body, **headers)

    def sql(self, body, *names, space=None, path="/app/main"):
        att = {f"{space or self.space}/sql{path}": {"tinycloud.sql/" + name: [{}] for name in names}}
        return self.call(att, json.dumps(body), **JSON)

    def grants(self):
        """What a session of the SDK holds by default: whole services, with absent paths (spec/03 section 17.3, empty paths)."""
        att = {}
        for space in (self.space, self.account):
            att[space + "/kv"] = {"tinycloud.kv/" + name: [{}] for name in ("put", "get", "list", "del", "metadata")}
            att[space + "/sql"] = {"tinycloud.sql/" + name: [{}] for name in ("read", "write", "schema", "admin")}
        att[self.account + "/delegation"] = {"tinycloud.delegation/list": [{}]}
        att[self.network] = {"tinycloud.encryption/decrypt": [{}], "tinycloud.encryption/network.create": [{}]}
        return att

    def session_cacao(self, more=None):
        return tokens.cacao_header(self.cacao(self.session.did_url, self.grants() | (more or {})))

    def host_cacao(self, space):
        peer = self.node.request("GET", "/peer/generate/" + enc(space))
        expect(peer, 200)
        return tokens.cacao_header(self.cacao(peer.text, {space + "/space": {"tinycloud.space/host": [{}]}}, seconds=None))

    def signed_in(self, more=None):
        """The order of the SDK's sign-in; the account space is hosted as well."""
        session = self.session_cacao(more)
        self.proof = json.loads(self.delegate(session).text)["cid"]
        for space in (self.space, self.account):
            expect(self.delegate(self.host_cacao(space)), 200)
        assert json.loads(self.delegate(session).text)["skipped"] == []
        return self

    def network_create(self):
        body = {"name": "default", "ownerDid": self.owner.did_pkh, "threshold": {"n": 1, "t": 1}}
        facts = {"type": "tinycloud.encryption.network-admin/v1", "targetNode": self.node_id, "networkId": self.network,
                 "bodyHash": hashlib.sha256(tokens.compact(body).encode()).hexdigest(), "action": "tinycloud.encryption/network.create"}
        token = self.invocation({self.network: {"tinycloud.encryption/network.create": [{}]}}, aud=self.node_id, fct=[facts])
        return self.post("/encryption/networks", token, json.dumps(body), **JSON)

    def network_get(self):
        return self.node.request("GET", "/encryption/networks/" + enc(self.network))

    def delegation(self, att, seconds=600):
        """As the SDK passes on: exp an integer, no nbf."""
        token = self.ucan(self.session, self.backend.did_key, att, seconds, [self.proof])
        expect(self.delegate(token), 200)
        return tokens.cid(token.encode())

    def on(self, cid, name):
        return {"urn:cid:" + cid: {"tinycloud.delegation/" + name: [{}]}}

    def status(self, cid):
        return self.post("/delegation/status", self.invocation(self.on(cid, "status")), json.dumps({"cid": cid}), **JSON)


def client(test):
    """Runs the test with a client of its own, who is not signed in yet, on the node of all."""
    def run_with_client():
        test(Client(node, test.__name__.replace("_", "-").lower()))

    run_with_client.__name__ = test.__name__
    return run_with_client


def signed_in(test):
    def run_signed_in(one):
        test(one.signed_in())

    run_signed_in.__name__ = test.__name__
    return client(run_signed_in)


class Discovery:
    def spec03_17_3_discovery_is_info_with_the_number_1():
        answer = node.request("GET", "/info")
        expect(answer, 200)
        said = json.loads(answer.text)
        assert type(said["protocol"]) is int and said["protocol"] == 1, said
        assert re.match(r'\{"protocol":1,', answer.text), answer.text  # no 1.0, no "1"
        assert answer.headers["content-type"] == "application/json"
        assert node.request("GET", "/version").text == answer.text

    def spec03_17_3_features_name_what_the_sdk_would_refuse_locally():
        features = json.loads(node.request("GET", "/info").text)["features"]
        assert features == ["kv", "delegation", "sharing", "sql", "hooks", "signed-urls", "encryption"], features

    def spec03_17_3_node_id_is_there_at_once():
        said = json.loads(node.request("GET", "/info").text)
        assert re.fullmatch(r"did:key:z6Mk\w{44}", said["nodeId"]), said

    @client
    def spec03_17_3_peer_generate_goes_verbatim_into_a_siwe_uri(one):
        answer = node.request("GET", "/peer/generate/" + enc(one.space))
        expect(answer, 200)
        assert re.fullmatch(rb"did:key:z6Mk\w{44}", answer.body), answer.body  # to the last byte: no newline
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


class SignIn:
    @client
    def spec03_17_3_sign_in_is_skipped_hosted_and_the_same_bytes_again(one):
        session = one.session_cacao()
        first = json.loads(one.delegate(session).text)
        assert set(first["skipped"]) == {one.space, one.account} and first["activated"] == [], first
        expect(one.network_get(), 404, "network not found")
        hosted = json.loads(one.delegate(one.host_cacao(one.space)).text)
        assert hosted["activated"] == [one.space] and hosted["skipped"] == [], hosted
        time.sleep(0.1)
        again = json.loads(one.delegate(session).text)
        assert again["cid"] == first["cid"] and one.space not in again["skipped"] and again["activated"] == [], again
        one.proof = again["cid"]
        expect(one.kv("a", "put", "x"), 200)

    @client
    def spec03_17_3_network_of_a_decrypt_grant_is_404_then_made_then_409_and_read_back(one):
        one.signed_in()
        expect(one.network_get(), 404, "network not found")
        made = one.network_create()
        expect(made, 200)
        expect(one.network_create(), 409, "network already exists")
        assert json.loads(one.network_get().text) == json.loads(made.text)

    @client
    def spec03_17_3_all_three_members_of_the_answer_always_stand(one):
        """Also of a host, of a repeat and of a delegation that names no space, or the space is never made."""
        session, host = one.session_cacao(), one.host_cacao(one.space)
        network = tokens.cacao_header(one.cacao(one.session.did_url, {one.network: {"tinycloud.encryption/decrypt": [{}]}}))
        for token in (session, host, host, session, network):
            answer = one.delegate(token)
            expect(answer, 200)
            said = json.loads(answer.text)
            assert set(said) == {"cid", "activated", "skipped"} and answer.headers["content-type"] == "application/json", answer.text
            assert type(said["activated"]) is type(said["skipped"]) is list and said["cid"].startswith("bafkr4i"), said

    @client
    def spec03_17_3_concurrent_calls_of_one_user_never_meet_a_500(one):
        """Migrations, records of the account space, the user's own writes and the first delegation again, all at once."""
        session = one.session_cacao()
        one.signed_in()

        def migrate(i):
            statements = [{"sql": f"CREATE TABLE IF NOT EXISTS t{i % 3} (k TEXT PRIMARY KEY, v TEXT)"},
                          {"sql": f"INSERT OR REPLACE INTO t{i % 3} VALUES (?, ?)", "params": [f"k{i}", "v"]}]
            return one.sql({"action": "batch", "statements": statements}, "schema", "write", space=one.account, path="/registry")

        def record(i):
            return one.call({f"{one.account}/kv/spaces/{i}": {"tinycloud.kv/put": [{}]}}, '{"name":"x"}', **JSON)

        calls = [migrate, record, lambda i: one.kv(f"own/{i}", "put", "x"), lambda i: one.kv("own/", "list"),
                 lambda i: one.delegate(session), lambda i: one.sql({"action": "query", "sql": "SELECT 1"}, "read")]
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda i: calls[i % 6](i), range(120)))
        assert {answer.status for answer in answers} == {200}, [(i % 6, a.status, a.text) for i, a in enumerate(answers) if a.status != 200]
        assert len(json.loads(one.kv("own/", "list").text)) == 20


class Paths:
    @signed_in
    def spec03_17_3_empty_path_is_absent_in_a_grant_and_empty_in_an_invocation(one):
        expect(one.kv("a", "put", "x"), 200)
        expect(one.kv("", "list"), 200, '["a"]')
        expect(one.call(one.caps("", "list")), 200, "")  # an absent path lists nothing: TRAP of 8.1
        token = one.invocation({one.account + "/delegation/": {"tinycloud.delegation/list": [{}]}})
        answer = one.post("/delegation/query", token, "{}", **JSON)
        expect(answer, 200)
        assert one.proof in [item["cid"] for item in json.loads(answer.text)["items"]], answer.text

    @client
    def spec03_17_3_list_under_a_grant_with_a_slash_asks_without_and_is_401(one):
        one.proof = one.sign_in(one.caps("/notes/", "list", "put"))
        expect(one.kv("notes", "list"), 401, f"Unauthorized Action: {one.space}/kv/notes / tinycloud.kv/list")
        expect(one.kv("notes/", "list"), 200, "[]")

    @signed_in
    def spec03_17_3_no_session_holds_space_abilities(one):
        resource = one.account + "/space/"
        expect(one.call({resource: {"tinycloud.space/list": [{}]}}), 401, f"Unauthorized Action: {resource} / tinycloud.space/list")


class Tokens:
    @signed_in
    def spec03_17_3_received_bytes_are_verified_in_the_sdks_member_orders(one):
        """Not sorted, exp with milliseconds, a key id in the header's jwk: see Client.invocation."""
        token = one.invocation(one.caps("/a", "put"))
        head, payload = (tokens.base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode() for part in token.split(".")[:2])
        assert head.startswith('{"alg":"EdDSA","jwk":{"kid":"default","kty":"OKP","crv":"Ed25519","x":"'), head
        assert re.match(r'\{"iss":"did:key:\w+#\w+","aud":"did:key:\w+","exp":\d+\.123,"nnc":"[^"]+","prf":\[', payload), payload
        expect(one.post("/invoke", token, "x"), 200)
        changed = token.split(".")
        changed[1] = tokens.b64url(tokens.compact(json.loads(payload)).encode())  # the same payload, encoded again
        expect(one.post("/invoke", ".".join(changed), "y"), 401, "Failed to verify signature")

    @signed_in
    def spec03_17_3_token_is_bare(one):
        expect(one.post("/invoke", "Bearer " + one.invocation(one.caps("/a", "put")), "x"), 401)

    @signed_in
    def spec03_17_3_exp_is_judged_to_the_millisecond(one):
        for ago in (0.4, 0.001):
            att = one.caps("/a", "get")
            payload = {"iss": one.session.did_url, "aud": one.session.did_key, "exp": time.time() - ago, "nnc": one.nonce(), "prf": [one.proof], "att": att}
            expect(one.post("/invoke", tokens.ucan(one.session, payload, text=tokens.as_written)), 401, "Invocation expired or not yet valid")
        payload |= {"exp": round(time.time() + 0.9, 3), "nnc": one.nonce()}
        expect(one.post("/invoke", tokens.ucan(one.session, payload, text=tokens.as_written)), 404)

    @signed_in
    def spec03_17_3_delegation_has_an_integer_exp_and_no_nbf(one):
        assert len(one.delegation(one.caps("/notes/", "get"))) == 59

    @signed_in
    def spec03_17_3_audience_is_the_caller_itself_but_the_node_on_encryption(one):
        expect(one.kv("a", "put", "x"), 200)
        body = json.dumps({"name": "default", "ownerDid": one.owner.did_pkh})
        token = one.invocation({one.network: {"tinycloud.encryption/network.create": [{}]}})
        expect(one.post("/encryption/networks", token, body, **JSON), 401, "invocation audience does not match this node")
        expect(one.network_create(), 200)


class Values:
    @signed_in
    def spec03_17_3_content_types_come_back_as_node_browsers_and_bun_send_them(one):
        for kind in ("text/plain;charset=UTF-8", "application/json", "application/octet-stream", "image/png"):
            expect(one.kv("v", "put", '{"a":1}', **{"Content-Type": kind}), 200)
            for name in ("get", "metadata"):
                assert one.kv("v", name).headers["content-type"] == kind, kind

    @signed_in
    def spec03_17_3_no_content_type_is_returned_when_none_was_stored(one):
        """Bun sends none; what is invented would turn text into JSON, or the other way round."""
        expect(one.kv("v", "put", "x", **{"Content-Type": "text/plain"}), 200)
        expect(one.kv("v", "put", '"text"'), 200)  # and nothing is left of the value before
        for answer in (one.kv("v", "get"), one.kv("v", "metadata")):
            assert answer.status == 200 and "content-type" not in answer.headers, answer.headers
        expect(one.kv("w", "put", "x"), 200)
        results = json.loads(one.call(one.caps("/v", "get") | one.caps("/w", "get")).text)["results"]
        assert all("content-type" not in result["headers"] for result in results), results

    @signed_in
    def spec03_17_3_batch_put_says_just_the_requested_set(one):
        names = ["b/2", "a/1", "c%3A3"]
        parts = "".join(f'--frontier\r\nContent-Disposition: form-data; name="{enc(name)}"\r\n\r\nx\r\n' for name in names)
        att = {resource: abilities for name in names for resource, abilities in one.caps("/" + name, "put").items()}
        said = json.loads(one.call(att, parts + "--frontier--\r\n", **FORM).text)
        assert said == {"written": sorted(names), "count": 3}, said
        assert json.loads(one.kv("", "list").text) == sorted(names)

    @signed_in
    def spec03_17_3_batch_get_answers_in_the_callers_sorted_order(one):
        names = ["B", "a", "a/1", "a1", "z"]
        for name in names[:-1]:
            expect(one.kv(name, "put", name), 200)
        att = {resource: abilities for name in reversed(names) for resource, abilities in one.caps("/" + name, "get").items()}
        results = json.loads(one.call(att).text)["results"]
        assert [result["key"] for result in results] == sorted(names), results
        assert [result["ok"] for result in results] == [True] * 4 + [False], results


class Refusals:
    @client
    def spec03_17_3_not_allowed_is_401_for_every_kv_ability_in_one_line(one):
        """A 403 is not recognised on put, del, list and metadata."""
        one.proof = one.sign_in(one.caps("/notes/", "get"))
        for name in ("put", "get", "del", "list", "metadata"):
            wanted = f"Unauthorized Action: {one.space}/kv/other / tinycloud.kv/{name}"
            answer = one.kv("other", name, "x" if name == "put" else None)
            expect(answer, 401, wanted)
            assert re.fullmatch(r"Unauthorized Action: \S+ / tinycloud\.\w+/\w+", answer.text), answer.text
        parts = '--frontier\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--frontier--\r\n'
        expect(one.kv("a", "put", parts, **FORM), 401, f"Unauthorized Action: {one.space}/kv/a / tinycloud.kv/put")
        expect(one.call(one.caps("/a", "get") | one.caps("/b", "get")), 401, f"Unauthorized Action: {one.space}/kv/a / tinycloud.kv/get")

    @client
    def spec03_17_3_space_not_found_is_not_what_a_missing_key_says(one):
        data = one.cacao(one.session.did_url, one.grants())
        expect(one.delegate(data), 200)
        one.proof = tokens.cid(data)
        for name in ("get", "put", "del", "list", "metadata"):
            expect(one.kv("a", name), 404, "Space not found")
        expect(one.sql({"action": "query", "sql": "SELECT 1"}, "read"), 404, "Space not found")
        one.host()
        for name in ("get", "metadata", "del"):
            missing = one.kv("a", name)
            assert missing.status == 404 and "space not found" not in missing.text.lower(), missing.text

    @signed_in
    def spec03_17_3_conditional_writes_are_412_or_503_and_never_500(one):
        new, old = {"If-None-Match": "*"}, {"If-Match": f'"blake3-{"07" * 32}"'}
        for name, body in (("put", "x"), ("del", None)):
            expect(one.kv("none", name, body, **old), 412, "KV precondition failed")
        expect(one.kv("c", "put", "x", **new), 200)
        expect(one.kv("c", "put", "y", **new), 412, "KV precondition failed")
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda i: one.kv("race", "put", str(i), **new), range(24)))
        assert sorted(a.status for a in answers)[0] == 200 and [a.status for a in answers].count(200) == 1, [a.status for a in answers]
        assert {a.status for a in answers} <= {200, 412, 503}, [(a.status, a.text) for a in answers]

    def spec03_17_3_quota_texts_carry_used_and_limit():
        with Node(DEPUTY, CONFIG + 'limit = "10 B"\n') as small:
            one = Client(small, "quota").signed_in()
            expect(one.kv("a", "put", "x" * 11), 413, "Write exceeds remaining storage. Used: 0 bytes, Limit: 10 bytes")
            expect(one.kv("a", "put", "x" * 10), 200)
            for answer in (one.kv("b", "put", "x"), one.sql({"action": "execute", "sql": "CREATE TABLE t (k)"}, "schema")):
                expect(answer, 402, "Storage quota exceeded. Used: 10 bytes, Limit: 10 bytes")

    @signed_in
    def spec03_17_3_sql_readonly_violation_is_a_code_that_this_node_never_sends(one):
        """Only a 403 with the JSON body {"error":"sql_readonly_violation"} gets that code in the SDK. The text of section 9.5, which goldens
        hold, wins: clients read it as SQL_PERMISSION_DENIED, which a 401 would not be."""
        answer = one.sql({"action": "execute", "sql": "CREATE TABLE t (k)"}, "read")
        assert answer.status == 403 and answer.text.startswith("Permission denied: DDL operations require"), answer.text
        answer = one.sql({"action": "execute", "sql": "INSERT INTO t VALUES (1)"}, "read")
        expect(answer, 403, "Read-only violation")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"

    @signed_in
    def spec03_17_3_no_such_table_is_sqlites_own_text(one):
        answer = one.sql({"action": "query", "sql": "SELECT * FROM conversation"}, "read")
        assert answer.status == 400 and "no such table: conversation" in answer.text, answer.text

    @signed_in
    def spec03_17_1_sql_refusals_name_resource_and_action_in_one_line(one):
        narrow = one.delegation({one.space + "/sql/app/main": {"tinycloud.sql/read": [{}]}})
        token = one.ucan(one.backend, one.backend.did_key, {one.space + "/sql/app/main": {"tinycloud.sql/write": [{}]}}, 60, [narrow])
        answer = one.post("/invoke", token, '{"action":"execute","sql":"SELECT 1"}', **JSON)
        expect(answer, 401, f"Unauthorized Action: {one.space}/sql/app/main / tinycloud.sql/write")

    @signed_in
    def spec03_17_1_replay_is_409(one):
        token = one.invocation(one.caps("/a", "put"))
        expect(one.post("/invoke", token, "x"), 200)
        expect(one.post("/invoke", token, "x"), 409, "duplicate invocation")

    def spec03_17_3_framework_errors_are_one_plain_line_and_never_html():
        """Users see them: whatever the client accepts, and whatever was wrong."""
        requests = [("GET", "/nowhere", {}, None), ("PUT", "/invoke", {}, None), ("POST", "/invoke", {}, None), ("GET", "/peer/generate/x", {}, None),
                    ("POST", "/invoke", {"Authorization": "nonsense"}, None), ("POST", "/delegate", {"Authorization": "a.b.c"}, None),
                    ("POST", "/delegation/status", {**JSON, "Authorization": "a.b.c"}, "{"), ("POST", "/delegation/status", {}, "{}"),
                    ("POST", "/encryption/networks", JSON, "{}"), ("GET", "/signed/kv/x", {}, None), ("GET", "/hooks/events", {}, None),
                    ("GET", "/encryption/networks/x", {}, None), ("GET", "/.well-known/encryption/network/x", {}, None)]
        for method, path, headers, body in requests:
            for accept in ("text/html,application/xhtml+xml", "application/json", "*/*"):
                answer = node.request(method, path, {**headers, "Accept": accept}, body)
                assert answer.status >= 400 and answer.headers["content-type"] == "text/plain; charset=utf-8", (path, answer.status, answer.headers)
                assert re.fullmatch(r"[^<>\r\n]+", answer.text), (path, answer.text)


class Revoking:
    @staticmethod
    def _manifest(one):
        return {one.space + "/delegation": {"tinycloud.delegation/revoke": [{}], "tinycloud.delegation/status": [{}]}}

    @client
    def spec03_17_3_revoke_repeats_cid_and_status_tells(one):
        one.signed_in(Revoking._manifest(one))
        cid = one.delegation(one.caps("/notes/", "get"))
        said = json.loads(one.status(cid).text)
        assert said == {"cid": cid, "status": "active", "exists": True, "active": True, "revoked": False, "expired": False}, said
        answer = one.post("/revoke", one.invocation(one.on(cid, "revoke")))
        expect(answer, 200)
        assert json.loads(answer.text) == {"revoked": True, "cid": cid}, answer.text
        said = json.loads(one.status(cid).text)
        assert said["status"] == "revoked" and said["revoked"] is True and said["active"] is False, said
        got = one.post("/invoke", one.ucan(one.backend, one.backend.did_key, one.caps("/notes/a", "get"), 60, [cid]))
        expect(got, 401, "delegation-revoked: " + cid)

    @signed_in
    def spec03_17_3_default_session_neither_revokes_nor_asks_status(one):
        cid = one.delegation(one.caps("/notes/", "get"))
        expect(one.post("/revoke", one.invocation(one.on(cid, "revoke"))), 403, "Unauthorized Revoker")
        expect(one.status(cid), 404)

    @client
    def spec03_17_3_status_of_the_unknown_is_404_with_not_found_and_no_other_status_has_it(one):
        one.signed_in(Revoking._manifest(one))
        unknown = tokens.cid(b"nobody signed this")
        answer = one.status(unknown)
        expect(answer, 404)
        assert json.loads(answer.text) == {"cid": unknown, "status": "not_found", "exists": False, "active": False, "revoked": False, "expired": False}
        token = one.invocation(one.on(unknown, "status"))
        other = tokens.cid(b"another")
        for headers, body, status in ((JSON, json.dumps({"cid": other}), 403), (JSON, "{", 400), (JSON, "{}", 422), (JSON, "[]", 422), (JSON, '{"cid":1}', 422)):
            answer = one.post("/delegation/status", token, body, **headers)
            expect(answer, status)
            assert "not_found" not in answer.text, answer.text
        expect(one.post("/delegation/status", token, json.dumps({"cid": unknown})), 415)


GROUPS = (Discovery, SignIn, Paths, Tokens, Values, Refusals, Revoking)

with Node(DEPUTY, CONFIG) as node:
    run([check for group in GROUPS for name, check in vars(group).items() if not name.startswith("_")])

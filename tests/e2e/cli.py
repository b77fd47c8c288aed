#!/usr/bin/env python3
"""The tool against a node: sign-in with hosting, delegations to a key and to an account, values, refusals with their reasons, revocation.

usage: cli.py DEPUTY
"""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.tool import NO, UNUSABLE, Tool  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])

APP = {"manifest_version": 1, "app_id": "xyz.tinycloud.listen", "name": "Listen", "defaults": True,
       "secrets": {"FIREFLIES_API_KEY": ["read"]},
       "permissions": [
           {"service": "tinycloud.sql", "path": "conversations", "actions": ["read", "write", "schema"]},
           {"service": "tinycloud.delegation", "path": "", "skipPrefix": True,
            "actions": ["tinycloud.delegation/revoke", "tinycloud.delegation/status"]}]}
TRANSCRIPTS = "xyz.tinycloud.listen/transcript/"


def backend(did, name="Listen backend", **more):
    return {"manifest_version": 1, "app_id": "xyz.tinycloud.listen", "name": name, "did": did, "expiry": "7d", "defaults": False,
            "permissions": [{"service": "tinycloud.kv", "path": "transcript/", "actions": ["get", "put", "list", "del"]}], **more}


class Visitor(Tool):
    def signed_in(self):
        """A wallet, two backends, their manifests, and a session for all of them."""
        self.owner = self.key("wallet", "secp256k1")
        self.backend = self.key("backend.jwk", "ed25519")
        self.server = self.key("server", "secp256k1")
        self.manifests = ["--manifest", self.file("app.json", APP), "--manifest", self.file("backend.json", backend(self.backend)),
                          "--manifest", self.file("server.json", backend(self.server, "Listen server"))]
        return self.json("sign-in", "--key", "wallet", "--yes", *self.manifests)

    def delegated(self, to, file):
        self.json("delegate", *self.manifests, "--target", to, "-o", file)
        return json.loads((self.directory / file).read_text())


node = Node(DEPUTY, CONFIG)


def with_tool(test):
    def run_with_tool():
        with Visitor(DEPUTY, node) as tool:
            test(tool)

    run_with_tool.__name__ = test.__name__
    return run_with_tool


class Keys:
    @with_tool
    def every_kind_goes_to_a_private_file(tool):
        for kind in ("ed25519", "secp256k1", "secret"):
            answer = tool.json("keygen", "--kind", kind, "-o", kind)
            assert answer["file"] == kind and ("did" in answer) == (kind != "secret"), answer
            assert (tool.directory / kind).stat().st_mode & 0o777 == 0o600
        assert tool.ok("keygen", "-o", "another").text.startswith("did:key:z6Mk")

    @with_tool
    def did_is_that_of_the_key_in_the_file(tool):
        did = tool.key("session.jwk", "ed25519")
        secret = json.loads((tool.directory / "session.jwk").read_text())["d"]
        assert tokens.Key("ed25519", tokens.base64.urlsafe_b64decode(secret + "==")).did_key == did
        did = tool.key("wallet", "secp256k1")
        assert tokens.Key("secp256k1", (tool.directory / "wallet").read_text().strip()[2:]).did_pkh == did

    @with_tool
    def key_is_never_written_over(tool):
        tool.key("wallet", "secp256k1")
        before = (tool.directory / "wallet").read_text()
        tool.refused("is there already", "keygen", "-o", "wallet", code=UNUSABLE)
        assert (tool.directory / "wallet").read_text() == before

    @with_tool
    def key_is_never_part_of_json(tool):
        tool.refused("-o FILE", "keygen", before=("--json",), code=UNUSABLE)


class SigningIn:
    @with_tool
    def first_visit_takes_two_prompts_and_hosts_every_space(tool):
        answer = tool.signed_in()
        assert answer["prompts"] == 2 and answer["skipped"] == [], answer
        assert answer["hostSiwe"].count("'tinycloud.space': 'host'") == 3, answer["hostSiwe"]
        assert answer["owner"] == tool.owner and answer["spaceId"].endswith(":applications")

    @with_tool
    def next_visit_takes_one(tool):
        tool.signed_in()
        answer = tool.json("sign-in", "--key", "wallet", "--yes", *tool.manifests)
        assert answer["prompts"] == 1 and "hostSiwe" not in answer and len(answer["activated"]) == 3, answer

    @with_tool
    def one_missing_space_is_hosted_by_its_own_key(tool):
        tool.key("wallet", "secp256k1")
        manifest = tool.file("one.json", backend("did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"))
        answer = tool.json("sign-in", "--key", "wallet", "--yes", "--account", "no", "--manifest", manifest)
        peer = node.request("GET", "/peer/generate/" + answer["spaceId"].replace(":", "%3A")).text
        assert answer["prompts"] == 2 and f"URI: {peer}\n" in answer["hostSiwe"], answer

    @with_tool
    def the_message_shown_is_the_message_signed(tool):
        tool.key("wallet", "secp256k1")
        tool.key("session.jwk", "ed25519")
        arguments = ("sign-in", "--key", "wallet", "--session-key", "session.jwk", "--domain", "app.example")
        shown = tool.ok(*arguments, "--show-only").text
        assert tool.json(*arguments, "--show-only")["siwe"].count("\n") == shown.strip().count("\n")
        assert shown.startswith("app.example wants you to sign in with your Ethereum account:\n0x"), shown
        answer = tool.json(*arguments, "--yes")
        varying = ("Nonce: ", "Issued At: ", "Expiration Time: ")
        fixed = [[line for line in text.strip().split("\n") if not line.startswith(varying)] for text in (shown, answer["siwe"])]
        assert fixed[0] == fixed[1], fixed

    @with_tool
    def nobody_signs_without_being_asked(tool):
        tool.key("wallet", "secp256k1")
        tool.refused("--yes", "sign-in", "--key", "wallet", code=UNUSABLE)
        tool.refused("nobody is signed in", "kv", "ls", code=UNUSABLE)

    @with_tool
    def profile_is_readable_by_its_owner_alone(tool):
        answer = tool.signed_in()
        path = pathlib.Path(answer["file"])
        assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
        assert set(json.loads(path.read_text())) >= {"delegationHeader", "delegationCid", "jwk", "spaceId", "verificationMethod"}
        path.chmod(0o644)
        tool.refused("others may read it", "kv", "ls", "x", code=UNUSABLE)
        path.chmod(0o600)
        path.parent.chmod(0o770)
        tool.refused("others may use it", "kv", "ls", "x", code=UNUSABLE)

    @with_tool
    def secret_that_others_may_read_is_refused(tool):
        tool.key("wallet", "secp256k1")
        (tool.directory / "wallet").chmod(0o640)
        tool.refused("chmod 600", "sign-in", "--key", "wallet", "--yes", code=UNUSABLE)

    @with_tool
    def node_that_is_not_there_is_said_before_anybody_signs(tool):
        tool.key("wallet", "secp256k1")
        answer = tool.call("sign-in", "--key", "wallet", "--yes", before=("--node", "http://127.0.0.1:1"))
        assert answer.code == NO and "cannot reach" in answer.err and "wants you to sign in" not in answer.text, answer.err


class Delegating:
    @with_tool
    def key_reads_and_writes_what_it_was_given(tool):
        tool.signed_in()
        made = tool.delegated("Listen backend", "del.json")
        assert made["delegateDID"] == tool.backend and made["host"] == node.url
        assert made["cid"] == tokens.cid(made["delegationHeader"]["Authorization"].encode())
        who = ("--key", "backend.jwk", "--delegation", "del.json")
        put = tool.json("kv", "put", TRANSCRIPTS + "1", *who, stdin=b"hello")
        assert put["etag"] == '"blake3-ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f"', put
        assert tool.ok("kv", "get", TRANSCRIPTS + "1", *who).out == b"hello"
        assert tool.ok("kv", "get", TRANSCRIPTS + "1").out == b"hello", "the session sees it too"
        assert tool.json("kv", "ls", TRANSCRIPTS, *who)["keys"] == [TRANSCRIPTS + "1"]
        assert tool.ok("kv", "ls", TRANSCRIPTS, *who).text == TRANSCRIPTS + "1\n"
        tool.json("kv", "rm", TRANSCRIPTS + "1", *who)
        tool.refused("Key not found", "kv", "get", TRANSCRIPTS + "1", *who)

    @with_tool
    def account_hands_on_to_a_key_of_its_own(tool):
        tool.signed_in()
        made = tool.delegated(tool.server, "del.json")
        assert made["delegateDID"] == tool.server
        who = ("--key", "server", "--delegation", "del.json")
        tool.json("kv", "put", TRANSCRIPTS + "2", *who, "--content-type", "application/json", stdin=b'{"a":1}')
        got = tool.json("kv", "get", TRANSCRIPTS + "2", *who)
        assert got["body"] == '{"a":1}' and got["contentType"] == "application/json" and got["size"] == 7, got
        assert tool.json("kv", "ls", TRANSCRIPTS, *who)["keys"] == [TRANSCRIPTS + "2"]
        tool.json("kv", "rm", TRANSCRIPTS + "2", *who)

    @with_tool
    def bytes_of_every_kind_come_back(tool):
        tool.signed_in()
        value = bytes(range(256)) * 700
        (tool.directory / "in").write_bytes(value)
        tool.json("kv", "put", "xyz.tinycloud.listen/bytes", "in")
        tool.json("kv", "get", "xyz.tinycloud.listen/bytes", "-o", "out")
        assert (tool.directory / "out").read_bytes() == value
        assert "bodyBase64" in tool.json("kv", "get", "xyz.tinycloud.listen/bytes")

    @with_tool
    def several_spaces_make_a_bundle(tool):
        tool.signed_in()
        permissions = [{"service": "tinycloud.kv", "space": "applications", "path": TRANSCRIPTS, "actions": ["get"]},
                       {"service": "tinycloud.kv", "space": "secrets", "path": "vault/secrets/FIREFLIES_API_KEY", "actions": ["get"]}]
        made = json.loads(tool.ok("delegate", "--to", tool.backend, "--permissions", tool.file("p.json", permissions)).out)
        assert made["format"] == "listen.delegation-bundle" and len(made["delegations"]) == 2
        tool.file("bundle.json", made)
        who = ("--key", "backend.jwk", "--delegation", "bundle.json", "--space", "secrets")
        tool.refused("Key not found", "kv", "get", "vault/secrets/FIREFLIES_API_KEY", *who)
        tool.refused("holds nothing for the space", "kv", "get", "x", *who[:-1], "other")

    @with_tool
    def more_than_is_held_is_refused_before_it_is_signed(tool):
        tool.signed_in()
        wider = tool.file("p.json", [{"service": "tinycloud.kv", "space": "applications", "path": "other/", "actions": ["get"]}])
        answer = tool.refused("not-held", "delegate", "--to", tool.backend, "--permissions", wider)
        assert "other/" in answer.err

    @with_tool
    def people_see_a_tree(tool):
        tool.signed_in()
        answer = tool.ok("delegate", *tool.manifests, "--target", "Listen backend", "-o", "del.json")
        assert answer.text.startswith(tool.owner) and tool.backend in answer.text and TRANSCRIPTS in answer.text


class Refusals:
    @with_tool
    def outside_the_grant(tool):
        tool.signed_in()
        tool.delegated("Listen backend", "del.json")
        who = ("--key", "backend.jwk", "--delegation", "del.json")
        tool.refused("Unauthorized Action", "kv", "get", "xyz.tinycloud.listen/other", *who)
        tool.refused("Unauthorized Action", "invoke", "--ability", "tinycloud.kv/metadata", "--path", TRANSCRIPTS + "1", *who)
        stranger = f"tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:applications/kv/{TRANSCRIPTS}1"
        tool.refused("Unauthorized Action", "invoke", "--ability", "tinycloud.kv/get", "--resource", stranger, *who)

    @with_tool
    def lifetime_beyond_what_the_node_takes(tool):
        tool.signed_in()
        tool.refused("lifetime exceeds", "invoke", "--ability", "tinycloud.kv/get", "--path", "xyz.tinycloud.listen/a", "--ttl", "900")

    @with_tool
    def delegation_of_somebody_else(tool):
        tool.signed_in()
        tool.delegated("Listen backend", "del.json")
        tool.key("stranger.jwk", "ed25519")
        tool.refused("key-audience", "kv", "ls", TRANSCRIPTS, "--key", "stranger.jwk", "--delegation", "del.json")
        tool.refused("", "kv", "ls", TRANSCRIPTS, "--key", "wallet", "--delegation", "del.json")

    @with_tool
    def delegation_that_says_more_than_was_signed(tool):
        tool.signed_in()
        made = tool.delegated("Listen backend", "del.json")
        made["resources"][-1]["actions"].append("tinycloud.kv/metadata")
        tool.file("wider.json", made)
        tool.refused("resources do not match", "kv", "ls", TRANSCRIPTS, "--key", "backend.jwk", "--delegation", "wider.json")
        assert tool.call("inspect", "wider.json").code == NO

    @with_tool
    def delegation_for_another_node(tool):
        tool.signed_in()
        made = tool.delegated("Listen backend", "del.json")
        made["host"] = "https://node.example"
        tool.file("elsewhere.json", made)
        tool.refused("host", "kv", "ls", TRANSCRIPTS, "--key", "backend.jwk", "--delegation", "elsewhere.json")

    @with_tool
    def reason_and_status_are_in_the_json(tool):
        tool.signed_in()
        answer = tool.call("invoke", "--ability", "tinycloud.kv/get", "--path", "other", before=("--json",))
        assert answer.code == NO and answer.json["status"] == 401 and answer.json["body"].startswith("Unauthorized Action: "), answer.out

    @with_tool
    def one_invocation_is_taken_once(tool):
        tool.signed_in()
        tool.json("kv", "put", "xyz.tinycloud.listen/once", stdin=b"x")
        header = tool.json("invoke", "--print", "--ability", "tinycloud.kv/get", "--path", "xyz.tinycloud.listen/once")["authorization"]
        first, second = (node.request("POST", "/invoke", {"Authorization": header}) for _ in range(2))
        assert first.status == 200 and first.body == b"x" and second.status == 409, (first.status, second.status)

    @with_tool
    def preconditions_are_sent(tool):
        tool.signed_in()
        etag = tool.json("kv", "put", "xyz.tinycloud.listen/c", "--create", stdin=b"1")["etag"]
        tool.refused("precondition", "kv", "put", "xyz.tinycloud.listen/c", "--create", stdin=b"2")
        tool.json("kv", "put", "xyz.tinycloud.listen/c", "--if-match", etag, stdin=b"3")
        tool.refused("precondition", "kv", "rm", "xyz.tinycloud.listen/c", "--if-match", etag)


class Revoking:
    @with_tool
    def session_takes_back_what_it_gave(tool):
        tool.signed_in()
        made = tool.delegated("Listen backend", "del.json")
        who = ("--key", "backend.jwk", "--delegation", "del.json")
        tool.json("kv", "ls", TRANSCRIPTS, *who)
        assert tool.json("revoke", "del.json") == {"revoked": [made["cid"]]}
        tool.refused("delegation-revoked: " + made["cid"], "kv", "ls", TRANSCRIPTS, *who)

    @with_tool
    def session_without_the_right_takes_back_its_own_only(tool):
        tool.signed_in()
        tool.json("sign-in", "--key", "wallet", "--yes", "-o", "plain.json", "--account", "no", "--space", "applications")
        permissions = tool.file("p.json", [{"service": "tinycloud.kv", "space": "applications", "path": "a/", "actions": ["get"]}])
        tool.json("delegate", "--session", "plain.json", "--to", tool.backend, "--permissions", permissions, "-o", "own.json")
        tool.delegated("Listen backend", "other.json")
        tool.refused("Unauthorized Revoker", "revoke", "--session", "plain.json", "other.json")
        assert len(tool.json("revoke", "--session", "plain.json", "own.json")["revoked"]) == 1

    @with_tool
    def wallet_takes_back_a_whole_session(tool):
        cid = tool.signed_in()["cid"]
        tool.ok("kv", "ls", "xyz.tinycloud.listen/")
        assert tool.ok("revoke", "--key", "wallet", cid).text == f"revoked {cid}\n"
        tool.refused("revoked", "kv", "ls", "xyz.tinycloud.listen/")

    @with_tool
    def receiver_gives_back_what_it_got(tool):
        tool.signed_in()
        made = tool.delegated("Listen backend", "del.json")
        assert tool.json("revoke", "--key", "backend.jwk", made["cid"])["revoked"] == [made["cid"]]

    @with_tool
    def stranger_takes_nothing_back(tool):
        tool.signed_in()
        tool.delegated("Listen backend", "del.json")
        tool.key("stranger", "secp256k1")
        tool.refused("Unauthorized Revoker", "revoke", "--key", "stranger", "del.json")
        tool.json("kv", "ls", TRANSCRIPTS, "--key", "backend.jwk", "--delegation", "del.json")

    @with_tool
    def what_is_no_delegation_is_not_revoked(tool):
        tool.signed_in()
        assert tool.call("revoke", "nonsense").code == UNUSABLE


class Showing:
    @with_tool
    def the_whole_chain_is_judged_good(tool):
        answer = tool.signed_in()
        tool.delegated("Listen backend", "del.json")
        seen = tool.json("inspect", "--proof", answer["file"], "del.json")
        assert seen["verdict"] == "admitted" and seen["ok"] and seen["token"]["audience"] == tool.backend, seen
        header = tool.ok("invoke", "--print", "--ability", "tinycloud.kv/get", "--path", TRANSCRIPTS + "1", "--key", "backend.jwk",
                         "--delegation", "del.json").text.strip()
        seen = tool.json("inspect", "--proof", "del.json", "--proof", answer["file"], header)
        assert seen["verdict"] == "admitted" and seen["use"] == "invocation", seen

    @with_tool
    def private_key_is_never_shown(tool):
        answer = tool.signed_in()
        secret = json.loads(pathlib.Path(answer["file"]).read_text())["jwk"]["d"]
        for before in ((), ("--json",)):
            shown = tool.ok("inspect", answer["file"], before=before)
            assert secret not in shown.text and secret not in shown.err

    @with_tool
    def composition_names_who_gets_what(tool):
        tool.signed_in()
        files = [name for name in tool.manifests if name != "--manifest"]
        plan = tool.json("compose", "--owner", tool.owner, *files)["plan"]
        assert len(plan["spaceAbilities"]) == 3 and plan["spaceId"].endswith(":applications"), plan
        text = tool.ok("compose", *files).text
        assert "Listen backend for at most 7 days: " + tool.backend in text, text
        assert tool.json("compose", "--account", "no", *files)["request"]["registryRecords"] is not None

    @with_tool
    def unusable_input_is_exit_code_2(tool):
        tool.signed_in()
        tool.refused("", "compose", tool.file("bad.json", "{"), code=UNUSABLE)
        tool.refused("--target", "delegate", *tool.manifests, code=UNUSABLE)
        tool.refused("no manifest is for", "delegate", *tool.manifests, "--target", "nobody", code=UNUSABLE)
        tool.refused("belong together", "kv", "ls", "x", "--key", "wallet", code=UNUSABLE)
        tool.refused("--header", "invoke", "--ability", "tinycloud.kv/get", "--path", "x", "--header", "nonsense", code=UNUSABLE)
        tool.refused("profile", "kv", "ls", before=("--profile", "../x"), code=UNUSABLE)


with node:
    run([check for group in (Keys, SigningIn, Delegating, Refusals, Revoking, Showing)
         for name, check in vars(group).items() if not name.startswith("_")])

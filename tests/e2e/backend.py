#!/usr/bin/env python3
"""The public contract of `deputy backend` beside a real `deputy node` (spec/07 parts A and F).

usage: backend.py DEPUTY [NAME...]
"""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.backend import DID, INFO, KEY, LISTEN, ORIGIN, PAGE, Backend, Owner, bundle_of, changed, error, iso  # noqa: E402
from kit.node import Node, free_port  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, key  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
INVALID = error("invalid_delegation", "Failed to process delegation")
TOO_SHORT = error("delegation_expired_at_grant",
                  "Delegation is already expired or expires too soon to store. Create a fresh delegation and try again.")
NO_TEXT = error("invalid_body", "Request body must include a 'serialized' string field")
NONE = tokens.as_written({"status": "none", "expiresAt": None})
FAILED = error("verification_failed", "SIWE signature verification failed")
BAD_NONCE = error("invalid_nonce", "Nonce is invalid, expired, or already used")
BAD_TOKEN = error("invalid_token", "Token verification failed")
OTHER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
OTHER_DID = "did:pkh:eip155:1:0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
NONCE = "00112233445566778899aabbccddeeff"
DATA = pathlib.Path(__file__).parent.parent / "data" / "attestation" / "dstack"
FIXTURE = {"appkeys.json": "simulator_appkeys.json", "app-compose.json": "simulator_app_compose.json",
           "sys-config.json": "simulator_sys_config.json", "attestation.bin": "simulator_attestation_v0.bin"}

NODE = Node(DEPUTY, CONFIG)
BACKEND = None
names = iter(range(10**6))


def owner(granted=False, backend=None, node=NODE):
    """A new owner, who is signed in and whose page has a session at the node."""
    one = Owner(backend or BACKEND, node, f"owner {next(names)}")
    if node is not None:
        one.host()
    one.open_session().sign_in()
    if granted:
        one.grant()
    return one


def refused(one, serialized, text=INVALID):
    """It is refused, and what was there before stays."""
    before = one.status()
    expect(one.post(serialized), 400, text)
    assert one.status() == before, (before, one.status())


# ---- identity and server-info ----

def F1_same_key_same_did_over_restarts_and_from_three_sources():
    with Backend(DEPUTY) as backend:
        first = json.loads(backend.request("GET", "/api/server-info").text)["did"]
        backend.restart()
        assert json.loads(backend.request("GET", "/api/server-info").text)["did"] == first == DID
        assert "(key: file)" in backend.log_text()
    with Backend(DEPUTY, identity=None, environment={"BACKEND_PRIVATE_KEY": KEY}) as backend:
        assert json.loads(backend.request("GET", "/api/server-info").text)["did"] == DID
        assert "(key: environment)" in backend.log_text()
        assert KEY[2:] not in backend.log_text()
    with Agent() as agent:
        for _ in range(2):
            with Backend(DEPUTY, identity=None, dstack_endpoint=agent.place) as backend:
                got = json.loads(backend.request("GET", "/api/server-info").text)["did"]
                assert got == agent.did("xyz.tinycloud.listen/keys/server"), got
                assert "(key: dstack)" in backend.log_text()


def F1_a_named_source_that_fails_is_the_end():
    with Agent() as agent:  # E2: no other source is taken in its place
        environment = {"BACKEND_PRIVATE_KEY": KEY}
        for settings in ({"key__source": "file"}, {"key__source": "dstack", "dstack_endpoint": agent.place + ".gone"}, {"key__file": "/nowhere"}):
            backend = Backend(DEPUTY, identity=None, environment=environment, **settings)
            code, said = backend.refused_start()
            assert code == 1 and said.count("\n") == 1, (settings, code, said)


def F2_etag_and_304_round_trip_and_the_body_hashes_to_the_etag():
    answer = BACKEND.request("GET", "/api/server-info")
    expect(answer, 200)
    digest = base64.urlsafe_b64encode(hashlib.sha256(answer.body).digest()).decode().rstrip("=")
    assert answer.headers["etag"] == f'"{digest}"' == '"zsrQPOAB2nfK079NDS1shfoG_bdnkoD1yyUQwHTmPHs"', answer.headers
    assert answer.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=3600"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    for known in (f'"{digest}"', f'W/"{digest}"', "*", f'"x", "{digest}"', f'"x",W/"{digest}" , "y"'):
        answer = BACKEND.request("GET", "/api/server-info", {"If-None-Match": known})
        expect(answer, 304, "")
        assert answer.headers["etag"] == f'"{digest}"'
    for unknown in ('"x"', digest, f'"{digest}x"', f'"{digest[:-1]}"', ""):
        expect(BACKEND.request("GET", "/api/server-info", {"If-None-Match": unknown}), 200)


def F3_no_auth_is_needed_sub_paths_are_404_and_members_absent_rather_than_null():
    expect(BACKEND.request("GET", "/api/server-info/anything"), 404, '{"error":"not_found"}')
    with Backend(DEPUTY, name=None, expiry="7d", features=None) as backend:
        body = backend.request("GET", "/api/server-info").text
        assert "null" not in body and list(json.loads(body)) == ["did", "status", "expiry", "permissions"], body


def F4_start_fails_without_a_key():
    for environment in ({}, {"BACKEND_PRIVATE_KEY": ""}):
        code, said = Backend(DEPUTY, identity=None, environment=environment).refused_start()
        assert code == 1 and "no identity key" in said, (code, said)
    for bad in ("", "0x12", "0x" + "0" * 64, "0x" + "f" * 64, "not a key"):
        code, said = Backend(DEPUTY, identity=bad).refused_start()
        assert code == 1 and bad[2:40] not in said.replace("", " ") or not bad, (bad, code, said)


def F4_E1_a_key_file_that_others_may_read_is_refused():
    backend = Backend(DEPUTY)
    backend.write()
    for mode in (0o640, 0o604, 0o666):
        (backend.directory / "identity.json").chmod(mode)
        done = subprocess.run(backend.command(), capture_output=True, text=True, timeout=30, env=backend.clean_environment())
        assert done.returncode == 1 and "can be read by others" in done.stderr, (oct(mode), done.stderr)


MANIFEST = {"manifest_version": 1, "app_id": LISTEN, "name": "Listen", "defaults": False, "permissions": INFO["permissions"]}


def F4_E9_start_fails_when_the_policy_exceeds_the_manifest():
    with Backend(DEPUTY, manifest=MANIFEST) as backend:
        expect(backend.request("GET", "/api/manifest"), 200)
        assert json.loads(backend.request("GET", "/api/manifest").text) == MANIFEST
    for drop in range(len(INFO["permissions"])):
        narrow = {**MANIFEST, "permissions": [each for i, each in enumerate(INFO["permissions"]) if i != drop]}
        code, said = Backend(DEPUTY, manifest=narrow).refused_start()
        assert code == 1 and "backend delegation policy exceeds manifest permissions: " in said, (code, said)
    expect(BACKEND.request("GET", "/api/manifest"), 404, '{"error":"not_found"}')


class Agent:
    """`deputy attest simulate` as the guest agent of a dstack guest."""

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deputy-test-"))
        self.place = str(self.directory / "dstack.sock")
        for name, source in FIXTURE.items():
            self.directory.joinpath(name).write_bytes((DATA / source).read_bytes())
        command = [DEPUTY, "attest", "simulate", "--fixture", str(self.directory), "--listen", "unix:" + self.place]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout.readline().startswith(b"ready "), "the simulator did not start"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def call(self, method, body):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(self.place)
            text = json.dumps(body).encode()
            raw.sendall(f"POST /{method} HTTP/1.1\r\nHost: dstack\r\nContent-Type: application/json\r\nConnection: close\r\n"
                        f"Content-Length: {len(text)}\r\n\r\n".encode() + text)
            answer = b""
            while part := raw.recv(65536):
                answer += part
        return json.loads(answer.split(b"\r\n\r\n", 1)[1])

    def did(self, path):
        secret = bytes.fromhex(self.call("GetKey", {"path": path, "purpose": "server", "algorithm": "secp256k1"})["key"])
        return tokens.Key("secp256k1", tokens.hashes.keccak256(secret)).did_pkh


def F5_attestation_is_classic_outside_a_tee_and_a_bad_question_is_bad_there_too():
    classic = '{"mode":"classic","message":"This instance is not running in a TEE"}'
    for path in ("/attestation", "/api/attestation"):
        answer = BACKEND.request("GET", f"{path}?nonce={NONCE}&aud=https%3A%2F%2Fapp.example")
        expect(answer, 200, classic)
        assert answer.headers["cache-control"] == "no-store"
        for bad in ("", "?nonce=", "?nonce=" + "A" * 32, "?nonce=" + "0" * 31, "?nonce=" + "0" * 33, "?nonce=" + "0" * 130, "?nonce=" + "g" * 32,
                    f"?nonce={NONCE}&nonce={NONCE}", f"?aud=https://a&NONCE={NONCE}"):
            expect(BACKEND.request("GET", path + bad), 400, '{"error":"invalid nonce"}')
        for bad in ("", "app.example", "ftp://app.example", "https://App.example", "https://", "https://app.example/path", "https://u@app.example",
                    "https://a%22b", "https://a%20b", "https://a%0Ab", "did:", "https://" + "a" * 505, "https://a&aud=https://b"):
            expect(BACKEND.request("GET", f"{path}?nonce={NONCE}&aud={bad}"), 400, '{"error":"invalid aud"}')
        for good in ("http://localhost:5173", "did:web:app.example", "https://" + "a" * 504):
            expect(BACKEND.request("GET", f"{path}?nonce={NONCE}&aud={good}"), 200, classic)


def F5_attestation_is_bound_to_backend_nonce_and_audience():
    with Agent() as agent, Backend(DEPUTY, dstack_endpoint=agent.place, key__source="file") as backend:
        seen = set()
        for nonce in (NONCE, NONCE[:-1] + "0", NONCE * 4):
            answer = backend.request("GET", f"/attestation?nonce={nonce}&aud=https%3A%2F%2Fapp.example")
            expect(answer, 200)
            body = json.loads(answer.text)
            statement = json.loads(body["statement"])
            assert body["mode"] == "dstack" and body["statement"] == body["key_binding"] == tokens.compact(statement)
            assert statement["did"] == body["enforcer_did"] == DID and statement["nonce"] == nonce and statement["aud"] == "https://app.example"
            assert statement["v"] == 1 and statement["purpose"] == "grant" and statement["exp"] - statement["iat"] <= 600
            assert statement["key"].startswith("did:key:z6Mk"), "the key that signs requests is bound, too"
            bound = hashlib.sha512(b"tinycloud-tee-backend/v1:" + body["statement"].encode()).hexdigest()
            assert body["report_data"] == bound and bound in body["quote"] and body["report_data_hash"] == "tinycloud-tee-backend/v1"
            assert len(body["app_id"]) == 40 and len(body["compose_hash"]) == 64 and isinstance(json.loads(body["event_log"]), list)
            assert "simulator" not in body and answer.headers["cache-control"] == "no-store"
            seen.add(bound)
        assert len(seen) == 3
        agent.process.terminate()
        agent.process.wait(timeout=20)
        # A TEE whose evidence cannot be had is not the same as no TEE.
        expect(backend.request("GET", f"/attestation?nonce={NONCE}"), 503, '{"error":"attestation unavailable"}')
    with Agent() as agent, Backend(DEPUTY, key__source="file", environment={"DSTACK_SIMULATOR_ENDPOINT": agent.place}) as backend:
        assert json.loads(backend.request("GET", f"/attestation?nonce={NONCE}").text)["simulator"] is True
        assert "simulator" in backend.log_text()


def F5_attestation_is_limited():
    with Backend(DEPUTY, limits__attestation=2) as backend:
        for _ in range(2):
            expect(backend.request("GET", f"/attestation?nonce={NONCE}"), 200)
        answer = backend.request("GET", f"/api/attestation?nonce={NONCE}")
        expect(answer, 429, error("rate_limited", "Too many attestation requests"))
        assert 0 < int(answer.headers["retry-after"]) <= 900


# ---- sign-in ----

def F6_a_nonce_is_64_digits_for_one_address_in_any_case_and_one_use():
    one = Owner(BACKEND, name="nonces")
    other = Owner(BACKEND, name="another")
    nonce = BACKEND.nonce(one.address.lower())
    assert len(nonce) == 64 and set(nonce) <= set("0123456789abcdef")
    expect(other.verify(other.message(nonce)), 401, BAD_NONCE)
    answer = one.verify(one.message(nonce))
    expect(answer, 200)
    body = json.loads(answer.text)
    assert list(body) == ["token", "expiresIn", "address"] and body["expiresIn"] == 86400 and body["address"] == one.address
    expect(one.verify(one.message(nonce)), 401, BAD_NONCE)
    required, bad = error("invalid_request", "Query parameter 'address' is required"), error("invalid_address", "Invalid Ethereum address format")
    for query in ("", "?address=", f"?address={one.address}&address={one.address}", "?Address=" + one.address):
        expect(BACKEND.request("GET", "/api/auth/nonce" + query), 400, required)
    for query in ("0x12", one.address[2:], one.address + "0", "0x" + "g" * 40, one.address.replace("0x", "0X")):
        expect(BACKEND.request("GET", "/api/auth/nonce?address=" + query), 400, bad)


def F7_what_is_wrong_with_a_message_has_its_exact_answer():
    one, other = Owner(BACKEND, name="seven"), Owner(BACKEND, name="not seven")
    good = one.message(BACKEND.nonce(one.address))
    expect(one.verify(good, other.sign(good)), 401, FAILED)
    expect(one.verify(good, "0x" + "00" * 65), 401, FAILED)
    for fields in ({"exp": iso(-1)}, {"nbf": iso(30)}, {"iat": iso(120)}, {"domain": "evil.example"}, {"aud": "https://evil.example"}, {"chain": 5},
                   {"exp": "tomorrow"}):
        expect(one.verify(one.message(BACKEND.nonce(one.address), **fields)), 401, FAILED)
    expect(one.verify(good + "\n"), 401, FAILED)
    expect(one.verify("x"), 401, FAILED)
    expect(one.verify(one.message("0" * 64)), 401, BAD_NONCE)
    expect(one.verify(one.message("noncenonce")), 401, BAD_NONCE)
    expect(one.verify(one.message(BACKEND.nonce(other.address))), 401, BAD_NONCE)
    expect(one.verify(good), 200)  # none of that used it up
    for uri in (ORIGIN, ORIGIN + "/", one.session.did_key):
        expect(one.verify(one.message(BACKEND.nonce(one.address), aud=uri)), 200)
    expect(one.verify(one.message(BACKEND.nonce(one.address), iat=iso(45))), 200)  # subtle: a clock may be fast


def F7_bodies_without_their_texts_are_told_which():
    message = error("invalid_request", "Request body must include a 'message' string field")
    signature = error("invalid_request", "Request body must include a 'signature' string field")
    large = error("payload_too_large", "Request body is too large")
    for body, status, text in (({}, 400, message), ({"message": 1, "signature": "x"}, 400, message), ({"message": ""}, 400, message), ([], 400, message),
                               ({"message": "x"}, 400, signature), ({"message": "x", "signature": None}, 400, signature),
                               ({"message": "x", "signature": ""}, 400, signature), ({"message": "x" * (256 * 1024 + 1), "signature": "x"}, 413, large),
                               ({"message": "x", "signature": "0" * 1025}, 413, large), ({"message": "x" * 1100000, "signature": "x"}, 413, large)):
        expect(BACKEND.request("POST", "/api/auth/verify", body=body), status, text)
    expect(BACKEND.request("POST", "/api/auth/verify", {"Content-Type": "text/plain"}, json.dumps({"message": "x"})), 400, message)


def jwt_part(value):
    return tokens.b64url(tokens.as_written(value).encode())


def F8_tokens_that_are_not_ours_are_refused():
    one = owner()
    header, claims, mac = one.token.split(".")
    payload = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert payload["sub"] == payload["address"] == one.address and payload["exp"] - payload["iat"] == 86400
    other = jwt_part({**payload, "sub": DID[-42:]})
    for bad in (f"{header}.{other}.{mac}", f"{jwt_part({'alg': 'none'})}.{claims}.", f"{jwt_part({'alg': 'none'})}.{claims}.{mac}", f"{header}.{claims}.",
                f"{header}.{claims}", f"{header}..{mac}", one.token + "x", one.token[:-1], one.token + ".x", "x" * 100000):
        expect(BACKEND.request("GET", "/api/delegations/status", {"Authorization": "Bearer " + bad}), 401, BAD_TOKEN)
    for form in ("Bearer " + one.token, "bearer " + one.token, "BEARER " + one.token, one.token):
        expect(BACKEND.request("GET", "/api/delegations/status", {"Authorization": form}), 200, NONE)
    expect(BACKEND.request("GET", "/api/delegations/status"), 401, error("missing_token", "Authorization header is required"))
    expect(BACKEND.request("GET", "/api/delegations/status", {"Authorization": "Bearer "}), 401, error("missing_token", "Bearer token is required"))
    with Backend(DEPUTY, identity=OTHER_KEY) as backend:
        expect(backend.request("GET", "/api/delegations/status", one.bearer), 401, BAD_TOKEN)


def F8_a_token_ends_when_its_time_has_come():
    with Backend(DEPUTY, session_seconds=60) as backend:
        one = Owner(backend, name="brief").sign_in()
        payload = json.loads(base64.urlsafe_b64decode(one.token.split(".")[1] + "=="))
        assert payload["exp"] - payload["iat"] == 60


def F9_csrf_precedes_auth_and_get_is_exempt():
    rejected = error("csrf_rejected", "Missing or invalid X-Requested-With header")
    for method, path in (("POST", "/api/delegations"), ("DELETE", "/api/delegations"), ("POST", "/api/auth/verify"), ("PUT", "/api/nowhere")):
        for value in (None, "listen", "XMLHttpRequest", ""):
            expect(BACKEND.request(method, path, {"X-Requested-With": value}), 403, rejected)
    expect(BACKEND.request("GET", "/api/delegations/status"), 401)
    with Backend(DEPUTY, csrf="Notes") as backend:
        expect(backend.request("DELETE", "/api/delegations"), 403, rejected)
        expect(backend.request("DELETE", "/api/delegations", {"X-Requested-With": "Notes"}), 401)


def F10_the_usual_limits_hold():
    usual = {"limits__" + name: None for name in ("general", "auth", "writes", "attestation")}
    with Backend(DEPUTY, trusted_proxies=["127.0.0.1"], **usual) as backend:
        one = Owner(backend, name="often").sign_in()
        for i in range(10):
            answer = one.ask("POST", "/api/delegations", {}, **{"X-Forwarded-For": f"192.0.2.{i}"})
            expect(answer, 400, NO_TEXT)
            assert answer.headers["ratelimit-policy"] == "10;w=900" and f"limit=10, remaining={9 - i}, " in answer.headers["ratelimit"]
        answer = one.ask("DELETE", "/api/delegations")
        expect(answer, 429, error("rate_limited", "Too many delegation requests"))
        assert 0 < int(answer.headers["retry-after"]) <= 900
        expect(one.ask("GET", "/api/delegations/status"), 200)
        for i in range(30 - 2):  # signing in took two
            expect(backend.request("GET", "/api/auth/nonce"), 400)
        expect(backend.request("GET", "/api/auth/nonce"), 429, error("rate_limited", "Too many auth requests"))
        expect(backend.request("GET", "/api/auth/nonce", {"X-Forwarded-For": "192.0.2.200"}), 400)
        seen = [backend.request("GET", "/api/server-info", {"X-Forwarded-For": "192.0.2.201"}) for _ in range(101)]
        assert [answer.status for answer in seen] == [200] * 100 + [429]
        assert seen[-1].text == "Too many requests, please try again later." and seen[0].headers["ratelimit-policy"] == "100;w=900"
        expect(backend.request("GET", "/healthz", {"X-Forwarded-For": "192.0.2.201"}), 200)


# ---- intake ----

def F11_a_body_without_a_text_is_invalid():
    one = owner()
    for body in ({}, {"serialized": None}, {"serialized": 1}, {"serialized": ""}, {"serialized": {}}, {"Serialized": "x"}, []):
        expect(one.ask("POST", "/api/delegations", body), 400, NO_TEXT)
    expect(one.ask("POST", "/api/delegations", "{}", **{"Content-Type": "text/plain"}), 400, NO_TEXT)


def F12_garbage_is_refused():
    one = owner(granted=True)
    for text in ("x", "{", "{}", "null", "[]", '"x"', "1", '{"delegations":[]}'):  # subtle: JSON, but no object
        refused(one, text)


def F12_a_policy_that_is_not_covered_is_refused():
    one = owner(granted=True)
    for name, entries in one.spaces.items():
        for i, (service, path, actions) in enumerate(entries):
            for action in actions[:1]:
                left = [each for each in actions if each != action]
                narrow = entries[:i] + ([(service, path, left)] if left else []) + entries[i + 1:]
                refused(one, one.bundle(spaces={**one.spaces, name: narrow}))
    refused(one, one.bundle(network=False))
    for name in one.spaces:
        refused(one, one.bundle(spaces={each: entries for each, entries in one.spaces.items() if each != name}))


def F12_wrappers_without_what_they_need_are_refused():
    one = owner(granted=True)
    parts = one.parts()
    for members in ({"expiry": None}, {"expiry": "soon"}, {"cid": None}, {"delegationHeader": None}, {"delegationHeader": {"Authorization": ""}},
                    {"delegationHeader": {"Authorization": "x"}}, {"spaceId": 1}, {"delegateDID": None}):
        refused(one, bundle_of(changed(parts, 1, **members)))


def F13_what_ends_too_soon_is_told_so_and_the_node_is_not_asked():
    one = owner()
    for seconds in (-1, 10, 29):
        refused(one, one.bundle(seconds=seconds, register=False), TOO_SHORT)
    refused(one, bundle_of(one.parts()[:-1] + one.parts(seconds=10, register=False)[-1:]), TOO_SHORT)
    assert one.grant(seconds=120)["activation"] == "active"


def F14_single_and_bundle_are_taken_in_any_order():
    one = owner()
    parts = one.parts()
    answer = json.loads(one.post(bundle_of(parts)).text)
    assert answer == {"status": "active", "expiresAt": parts[0]["expiry"], "activation": "active"}, answer
    assert json.loads(one.post(bundle_of(parts[::-1])).text)["activation"] == "active"
    assert json.loads(one.post(bundle_of(parts, format="tinycloud.delegation-bundle")).text)["activation"] == "active"
    permissions = [{"service": "tinycloud.kv", "path": "notes/", "actions": ["get", "put"]}]
    with Backend(DEPUTY, NODE, permissions, decrypts=False) as backend:
        two = Owner(backend, NODE, "single", permissions)
        two.host()
        two.open_session().sign_in()
        expect(two.post(tokens.as_written(two.parts(network=False)[0])), 200)
        assert two.status()["status"] == "active"


def F15_short_and_long_names_are_the_same():
    one = owner()
    parts = one.parts()
    for part in parts:
        for resource in part["resources"]:
            resource["service"] = "tinycloud." + resource["service"]
            resource["space"] = resource["space"].rsplit(":", 1)[-1]
    assert json.loads(one.post(bundle_of(parts)).text)["activation"] == "active"
    for part in parts:
        part["ownerAddress"] = part["ownerAddress"].lower()
        part["delegateDID"] = part["delegateDID"].lower()
    assert json.loads(one.post(bundle_of(parts)).text)["activation"] == "active"


def F16_what_covers_a_prefix_and_what_does_not():
    one = owner()
    entries = one.spaces["applications"]
    kv = entries[0]
    for path, good in (("", True), (LISTEN + "/", True), (LISTEN, False), (LISTEN + "/transcript/", False), ("xyz.tinycloud/", False)):
        spaces = {**one.spaces, "applications": [(kv[0], path, kv[2]), *entries[1:]]}
        fresh = Owner(BACKEND, NODE, f"owner {next(names)}")
        fresh.host()
        fresh.spaces = spaces
        fresh.open_session().sign_in()
        answer = fresh.post(fresh.bundle())
        assert answer.status == (200 if good else 400), (path, answer.status, answer.text)


def F17_without_the_node_a_grant_is_kept_as_pending():
    with Backend(DEPUTY, node_timeout_ms=2000) as backend:  # nobody is at its node
        one = Owner(backend, None, "pending")
        one.open_session().sign_in()
        answer = json.loads(one.post(one.bundle()).text)
        assert answer["activation"] == "pending" and answer["status"] == "active", answer
        assert one.status()["status"] == "active"
        expect(backend.request("GET", "/healthz"), 200)
        expect(backend.request("GET", "/healthz/ready"), 503)
        backend.restart()
        assert one.status()["status"] == "active"


def F18_the_second_grant_replaces_the_first():
    one = owner()
    one.grant(seconds=1000)
    second = one.grant(seconds=2000)
    assert one.status()["expiresAt"] == second["expiresAt"]


def F19_status_of_none_active_expired_and_then_none():
    one = owner()
    assert one.status() == {"status": "none", "expiresAt": None}
    granted = one.grant()
    assert one.status() == {"status": "active", "expiresAt": granted["expiresAt"]}
    brief = one.grant(seconds=33)
    time.sleep(max(0, 34 - (time.time() % 1)))
    assert one.status() == {"status": "expired", "expiresAt": brief["expiresAt"]}
    assert one.status() == {"status": "none", "expiresAt": None}


def F20_withdrawing_is_idempotent():
    one = owner(granted=True)
    for _ in range(2):
        expect(one.ask("DELETE", "/api/delegations"), 200, NONE)
        assert one.status()["status"] == "none"
    one.grant()
    expect(one.ask("DELETE", "/api/delegations/"), 200, NONE)  # subtle: a slash behind it


def F21_forged_wrappers_are_refused():
    one, other = owner(granted=True), owner()
    parts = one.parts()
    everything = [resource for part in parts for resource in part["resources"]]
    refused(one, tokens.as_written({**parts[0], "resources": everything}))
    for members in ({"cid": parts[1]["cid"]}, {"expiry": "2099-01-01T00:00:00.000Z"}, {"expiry": iso(-60)}, {"delegateDID": OTHER_DID},
                    {"ownerAddress": other.address}, {"chainId": 5}, {"spaceId": other.space("applications")}, {"host": "http://127.0.0.1:1"},
                    {"path": "other/"}, {"actions": ["tinycloud.kv/get"]}, {"resources": parts[0]["resources"][:-1]},
                    {"resources": parts[0]["resources"] + parts[1]["resources"][-1:]}):
        refused(one, bundle_of(changed(parts, 0, **members)))
    broken = [{**part, "delegationHeader": {"Authorization": flip(part["delegationHeader"]["Authorization"])}} for part in parts]
    refused(one, bundle_of(broken))
    for part, token in zip(broken, parts):
        part["cid"] = tokens.cid(part["delegationHeader"]["Authorization"].encode())
    refused(one, bundle_of(broken))


def flip(token):
    """The same token with another signature."""
    head, signature = token.rsplit(".", 1)
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[0] ^= 1
    return head + "." + tokens.b64url(bytes(raw))


def F21_a_delegation_for_another_backend_is_refused():
    one = owner(granted=True)
    refused(one, one.bundle(to=OTHER_DID))
    parts = one.parts(to=OTHER_DID)
    refused(one, bundle_of([{**part, "delegateDID": DID} for part in parts]))
    refused(one, bundle_of(one.parts()[:-1] + parts[-1:]))


def F21_a_foreign_host_is_never_contacted():
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(1)
        one = owner(granted=True)
        for part in range(3):
            refused(one, bundle_of(changed(one.parts(), part, host=f"http://127.0.0.1:{trap.getsockname()[1]}")))
        try:
            trap.accept()
            raise AssertionError("somebody came to the host of a wrapper")
        except TimeoutError:
            pass
    with_slash = [{**part, "host": part["host"] + "/"} for part in one.parts()]
    assert json.loads(one.post(bundle_of(with_slash)).text)["activation"] == "active"
    without = [{name: value for name, value in part.items() if name != "host"} for part in one.parts()]
    assert json.loads(one.post(bundle_of(without)).text)["activation"] == "active"


def F22_what_another_owner_signed_is_of_no_use():
    mallory, victim = owner(granted=True), owner(granted=True)
    theirs = victim.parts()
    refused(mallory, bundle_of(theirs))
    for part in theirs:
        part["ownerAddress"] = mallory.address
        part["spaceId"] = part["spaceId"].replace(victim.address, mallory.address)
        for resource in part["resources"]:
            for name in ("space", "path"):
                resource[name] = resource[name].replace(victim.address, mallory.address)
        part["path"] = part["path"].replace(victim.address, mallory.address)
    refused(mallory, bundle_of(theirs))
    mixed = victim.parts()[:1] + mallory.parts()[1:]  # the victim's data beside one's own secrets and network
    refused(mallory, bundle_of(mixed))
    assert victim.status()["status"] == "active"


def F23_another_policy_makes_grants_stale():
    with Backend(DEPUTY, NODE) as backend:
        one = owner(granted=True, backend=backend)
        backend.permissions = INFO["permissions"][:-1]
        backend.restart()
        assert one.status() == {"status": "none", "expiresAt": None}
        backend.permissions = INFO["permissions"]
        backend.restart()
        assert one.status() == {"status": "none", "expiresAt": None}  # it is gone, not hidden


def F24_after_a_restart_grants_and_tokens_are_there_and_nonces_are_not():
    with Backend(DEPUTY, NODE) as backend:
        one = owner(granted=True, backend=backend)
        nonce = backend.nonce(one.address)
        backend.restart()
        assert one.status()["status"] == "active"
        expect(one.verify(one.message(nonce)), 401, BAD_NONCE)
        backend.stop(signal.SIGKILL)
        backend.start()
        assert one.status()["status"] == "active"


def F24_E13_grants_are_sealed_to_the_identity():
    with Backend(DEPUTY, NODE) as backend:
        one = owner(granted=True, backend=backend)
        parts = one.parts()
        expect(one.post(bundle_of(parts)), 200)
        backend.stop()
        for path in (backend.directory / "data").rglob("*"):
            if path.is_file():
                assert parts[0]["cid"].encode() not in path.read_bytes() and one.space("secrets").encode() not in path.read_bytes(), path
        backend.identity = OTHER_KEY
        code, said = backend.refused_start()
        assert code == 1 and said.splitlines()[-1].startswith("deputy backend: "), (code, said)
        backend.identity = KEY
        backend.start()
        assert one.status()["status"] == "active"


def F25_a_grant_the_node_does_not_honour_never_replaces_a_good_one():
    one = owner(granted=True)
    before = one.status()
    unknown = Owner(BACKEND, NODE, f"owner {next(names)}")
    # Signed in every respect, but under a session that the node never saw.
    one.root, kept = tokens.cid(b"nothing that the node has"), one.root
    refused(one, one.bundle(register=False, seconds=2000))
    one.root = kept
    assert one.status() == before and unknown.token is None


# ---- subtle inputs ----

def subtle_a_bundle_of_another_version_or_with_a_member_that_is_no_text_is_refused():
    one = owner(granted=True)
    parts = one.parts()
    refused(one, bundle_of(parts, version="1"))
    refused(one, bundle_of(parts, version=2))
    refused(one, bundle_of(parts, format="evil.bundle"))
    for member in (None, 1, {}, parts[0]):
        refused(one, tokens.as_written({"format": "listen.delegation-bundle", "version": 1,
                                        "delegations": [member, *map(tokens.as_written, parts[1:])]}))
    refused(one, bundle_of([]))
    refused(one, bundle_of([bundle_of(parts)]))
    refused(one, bundle_of(parts + parts[:1] * 14))


def subtle_an_expiry_is_a_text():
    one = owner(granted=True)
    parts = one.parts()
    refused(one, bundle_of(changed(parts, 0, expiry=int(time.time() * 1000) + 3600000)))
    parts[0]["expiry"] = None
    expect(one.post(bundle_of(parts)), 400)


def subtle_equal_keys_are_refused():
    one = owner(granted=True)
    parts = one.parts()
    text = tokens.as_written(parts[0])
    refused(one, bundle_of([text[:-1] + ',"cid":' + json.dumps(parts[0]["cid"]) + "}", *parts[1:]]))
    serialized = json.dumps(bundle_of(parts))
    expect(one.ask("POST", "/api/delegations", f'{{"serialized":"x","serialized":{serialized}}}', **{"Content-Type": "application/json"}), 400,
           error("invalid_json", "Request body is not valid JSON"))


def subtle_a_resource_with_an_action_that_is_no_text_is_refused():
    one = owner(granted=True)
    parts = one.parts()
    parts[0]["resources"][0]["actions"] = [1]
    refused(one, bundle_of(parts))


def subtle_resources_that_come_twice_are_refused():
    one = owner(granted=True)
    parts = one.parts()
    parts[0]["resources"].append(dict(parts[0]["resources"][0]))
    refused(one, bundle_of(parts))


def subtle_the_letter_case_of_an_address_makes_no_other_owner():
    one = owner(granted=True)
    nonce = BACKEND.nonce(one.address.lower())
    answer = json.loads(one.verify(one.message(nonce)).text)
    again = BACKEND.request("GET", "/api/delegations/status", {"Authorization": "Bearer " + answer["token"]})
    assert json.loads(again.text)["status"] == "active"


def subtle_what_is_too_large_is_refused_early():
    one = owner()
    refused(one, "x" * (256 * 1024 + 1))
    large = error("payload_too_large", "Request body is too large")
    expect(one.ask("POST", "/api/delegations", {"serialized": "x" * (2 * 1024 * 1024)}), 413, large)


# ---- what a page opens with ----

def A12_workspace_state_is_never_an_error_of_the_grant():
    with Backend(DEPUTY, NODE, workspace_secrets=["fireflies=FIREFLIES_API_KEY", "otter=listen/OTTER_COOKIE", "absent=NOT_GRANTED"]) as backend:
        one = owner(backend=backend)
        expect(backend.request("GET", "/api/workspace-state"), 401)
        unknown = {"readable": None}
        body = json.loads(one.ask("GET", "/api/workspace-state").text)
        assert list(body) == ["delegation", "backendReadableSecrets", "googleMeet", "conversations"], body
        assert body["delegation"] == {"status": "none", "stored": False, "validPolicy": False, "expiresAt": None, "activation": "unknown"}, body
        assert body["backendReadableSecrets"] == {"fireflies": unknown, "otter": unknown, "absent": unknown}
        assert body["googleMeet"] == {"available": False, "connected": None} and body["conversations"] == {"hasAny": None, "total": None}
        granted = one.grant()
        body = json.loads(one.ask("GET", "/api/workspace-state").text)
        assert body["delegation"] == {"status": "active", "stored": True, "validPolicy": True, "expiresAt": granted["expiresAt"],
                                      "activation": "active"}, body
        assert body["backendReadableSecrets"] == {"fireflies": {"readable": False}, "otter": {"readable": False}, "absent": {"readable": False}}, body
        brief = one.grant(seconds=60)
        backend.permissions = INFO["permissions"][:-1]
        backend.restart()
        body = json.loads(one.ask("GET", "/api/workspace-state").text)
        assert body["delegation"] == {"status": "stale", "stored": False, "validPolicy": False, "expiresAt": brief["expiresAt"],
                                      "activation": "unknown"}, body
        assert json.loads(one.ask("GET", "/api/workspace-state").text)["delegation"]["status"] == "none"


def A12_a_node_that_is_silent_does_not_keep_the_page_waiting():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with Backend(DEPUTY, f"http://127.0.0.1:{silent.getsockname()[1]}", workspace_secrets=["a=A"], node_timeout_ms=8000) as backend:
            one = Owner(backend, None, "waiting")
            one.open_session().sign_in()
            assert json.loads(one.post(one.bundle()).text)["activation"] == "pending"
            began = time.monotonic()
            body = json.loads(one.ask("GET", "/api/workspace-state").text)
            assert 4.5 < time.monotonic() - began < 7.5
            assert body["delegation"]["activation"] == "failed" and body["delegation"]["status"] == "active" and body["delegation"]["error"], body
            assert body["backendReadableSecrets"] == {"a": {"readable": None}}
            time.sleep(4)  # what it still waited for comes to nothing
            expect(backend.request("GET", "/healthz"), 200)


# ---- the paths of a sidecar ----

NOTES = [{"service": "tinycloud.kv", "path": "notes/", "actions": ["get", "put"]}]


def side_error(code, message):
    return tokens.as_written({"error": {"code": code, "message": message}})


def F41_info_is_server_info_and_taking_delegations_is_off():
    answer = BACKEND.request("GET", "/info", {"Origin": "https://anybody.example"})
    expect(answer, 200, BACKEND.request("GET", "/api/server-info").text)
    assert answer.headers["access-control-allow-origin"] == "*"
    for path in ("/delegation", "/refresh"):
        answer = BACKEND.request("POST", path, {"X-Requested-With": None}, {"serialized": "x"})
        expect(answer, 404, side_error("not_found", "POST " + path))
        answer = BACKEND.request("OPTIONS", path, {"Origin": "https://anybody.example"})
        expect(answer, 204, "")
        assert answer.headers["access-control-allow-methods"] == "POST, GET, OPTIONS" and answer.headers["access-control-max-age"] == "600"


def F41_a_delegation_says_whose_it_is_and_is_kept_over_restarts():
    with Backend(DEPUTY, NODE, NOTES, decrypts=False, sidecar_intake=True) as backend:
        one = Owner(backend, NODE, "sidecar", NOTES)
        one.host()
        one.open_session()
        plain = {"X-Requested-With": None}
        health = json.loads(backend.request("GET", "/health").text)
        nothing = {"lastAttemptAt": None, "lastSuccessAt": None, "lastError": None, "inFlight": False}
        assert health == {"ok": True, "agentDid": DID, "hasDelegation": False, "lastGrantAt": None, "lastError": None, "refresh": nothing}, health
        expect(backend.request("POST", "/refresh", plain), 409, side_error("no_delegation", "No delegation has been granted yet."))
        for text in ("{", "", "x"):
            expect(backend.request("POST", "/delegation", plain, text), 400, side_error("invalid_json", "Body must be JSON."))
        for body in ({}, {"serialized": ""}, {"serialized": 1}, []):
            expect(backend.request("POST", "/delegation", plain, body), 400,
                   side_error("invalid_body", "Body must be { serialized: string } (non-empty)."))
        part = one.parts(network=False)[0]
        without = {name: value for name, value in part.items() if name != "chainId"}
        expect(backend.request("POST", "/delegation", plain, {"serialized": tokens.as_written(without)}), 400,
               side_error("invalid_delegation", "Delegation is missing chainId."))
        for bad in ("x", bundle_of([part]), tokens.as_written(changed([part], 0, cid=tokens.cid(b"other"))[0])):
            answer = backend.request("POST", "/delegation", plain, {"serialized": bad})
            assert answer.status == 400 and json.loads(answer.text)["error"]["code"] == "invalid_delegation", answer.text
        root, one.root = one.root, tokens.cid(b"nothing that the node has")
        unknown = one.wrap(*one.child(one.att(network=False), register=False), "applications")
        answer = backend.request("POST", "/delegation", plain, {"serialized": tokens.as_written(unknown)})
        assert answer.status == 500 and json.loads(answer.text)["error"]["code"] == "activation_failed", answer.text
        one.root = root
        assert json.loads(backend.request("GET", "/health").text)["hasDelegation"] is False
        answer = backend.request("POST", "/delegation", plain, {"serialized": tokens.as_written(part)})
        expect(answer, 200, tokens.as_written({"ok": True, "agentDid": DID, "delegationCid": part["cid"], "spaceId": one.space("applications")}))
        backend.restart()
        health = json.loads(backend.request("GET", "/health").text)
        assert health["ok"] and health["hasDelegation"] and abs(health["lastGrantAt"] / 1000 - time.time()) < 60, health
        state = json.loads(backend.request("POST", "/refresh", plain).text)
        assert state["ok"] and state["state"]["lastError"] is None and state["state"]["lastSuccessAt"] >= state["state"]["lastAttemptAt"] > 0, state
        one.sign_in()
        assert one.status()["status"] == "active"  # the very grant that its owner sees


def F41_a_delegation_is_kept_only_once_it_is_in_use():
    with Backend(DEPUTY, None, NOTES, decrypts=False, sidecar_intake=True, node_timeout_ms=2000) as backend:  # nobody is at its node
        one = Owner(backend, None, "nobody there", NOTES).open_session()
        answer = backend.request("POST", "/delegation", {"X-Requested-With": None}, {"serialized": tokens.as_written(one.parts(network=False)[0])})
        assert answer.status == 500 and json.loads(answer.text)["error"]["code"] == "activation_failed", answer.text
        assert json.loads(backend.request("GET", "/health").text)["hasDelegation"] is False


# ---- the frame, from outside ----

def A6_origins_are_exact():
    answer = BACKEND.request("GET", "/api/server-info", {"Origin": ORIGIN})
    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == ORIGIN and answer.headers["vary"] == "Origin"
    for origin in ("https://evil.example", "null", ORIGIN + ".evil.example", ORIGIN.upper(), "http://listen.example"):
        answer = BACKEND.request("GET", "/api/server-info", {"Origin": origin})
        expect(answer, 403, error("origin_not_allowed", "Origin is not allowed"))
        assert not any(name.startswith("access-control-") for name in answer.headers), answer.headers
    answer = BACKEND.request("OPTIONS", "/api/delegations", {"Origin": ORIGIN, "Access-Control-Request-Method": "POST",
                                                             "Access-Control-Request-Headers": "authorization,content-type,x-requested-with"})
    expect(answer, 204, "")
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type,x-requested-with"
    assert answer.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert "access-control-allow-credentials" not in answer.headers


def A6_E7_every_request_gets_an_answer_in_json():
    bad = error("invalid_json", "Request body is not valid JSON")
    for text in ("{", '{"message":"x","message":"y"}', "[" * 33 + "]" * 33, b'{"message":"\xff"}', "null", "1"):
        expect(BACKEND.request("POST", "/api/auth/verify", {"Content-Type": "application/json"}, text), 400, bad)
    for method, path in (("GET", "/api/nope"), ("POST", "/api/server-info"), ("PUT", "/api/delegations"), ("GET", "/")):
        expect(BACKEND.request(method, path), 404, '{"error":"not_found"}')


def E3_a_process_that_dies_leaves_no_core():
    limits = pathlib.Path(f"/proc/{BACKEND.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), limits


def E3_nothing_secret_is_in_the_log():
    one = owner(granted=True)
    one.post(one.bundle(to=OTHER_DID))
    deadline = time.monotonic() + 5  # a line is written after its answer
    while "error=grant-audience" not in BACKEND.log_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    text = BACKEND.log_text()
    for secret in (one.token, one.token.split(".")[2], one.parts()[0]["delegationHeader"]["Authorization"].split(".")[2], KEY[2:], one.address,
                   "eyJ"):
        assert secret not in text, secret
    assert "http.refused method=POST route=/api/delegations status=400" in text and "error=grant-audience" in text


def many_posts_of_one_owner_leave_one_of_them():
    one = owner()
    bundles = [one.bundle(seconds=1000 + i) for i in range(6)]
    answers = [None] * len(bundles)

    def post(i):
        answers[i] = one.post(bundles[i])

    threads = [threading.Thread(target=post, args=(i,)) for i in range(len(bundles))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer.status in (200, 409) for answer in answers), [(answer.status, answer.text) for answer in answers]
    kept = one.status()
    assert kept["expiresAt"] in [json.loads(answer.text)["expiresAt"] for answer in answers if answer.status == 200]


# ---- known answers (tests/data/backend.json) ----

VECTORS = {each["name"]: each for each in json.loads((pathlib.Path(__file__).parent.parent / "data" / "backend.json").read_text())["vectors"]}


def vector_csrf():
    for case in VECTORS["csrf"]["cases"]:
        config = case.get("config", {})
        if "headerName" in config:
            continue  # the value is a setting here, the header's name is not
        with Backend(DEPUTY, csrf=config["headerValue"]) if config else contextlib.nullcontext(BACKEND) as backend:
            answer = backend.request(case["method"], "/api/delegations", {"X-Requested-With": None, **case["headers"]})
            if "error" in case:
                assert answer.status == case["status"] and json.loads(answer.text)["error"] == case["error"], (case, answer.text)
            else:
                assert answer.status in (204, 401), (case, answer.status)  # let through, to where a token is asked for


def vector_grant_time_expiry_margin():
    one = owner()
    for case in VECTORS["grant-time expiry margin"]["cases"]:
        early = case["status"] == 400
        answer = one.post(one.bundle(expires=int(time.time() + case["expiryOffsetMs"] / 1000), register=not early))
        body = json.loads(answer.text)
        assert answer.status == case["status"] and body.get("error") == case.get("error"), (case, answer.text)
        assert case.get("messageContains", "") in body.get("message", "")
        assert (one.status()["status"] == "active") == case["stored"]


def vector_delegation_body_errors():
    one = owner()
    for case in VECTORS["delegation body errors"]["cases"]:
        answer = one.ask("POST", "/api/delegations", case["body"])
        body = json.loads(answer.text)
        assert answer.status == case["status"] and body["error"] == case["error"] and body["message"] == case.get("message", body["message"]), case


def vector_server_info():
    expected = VECTORS["server-info"]["expected"]
    body = json.loads(BACKEND.request("GET", "/api/server-info").text)
    assert body["status"] == expected["bodyStatus"] and body["name"] == expected["name"] and body["expiry"] == expected["expiry"]
    assert body["features"]["googleMeet"] == expected["features.googleMeet"]
    assert [each["path"] for each in body["permissions"] if each["service"] == "tinycloud.sql"] == [expected["sqlPath"]]
    assert not any(each["path"].startswith(expected["noPathStartsWith"]) for each in body["permissions"])
    assert BACKEND.request("GET", "/api/server-info/did").status == expected["subRouteStatus"]


def vector_siwe_login_message_shape():
    """The form of the reference's own test; its nonce is none that we issue, and its page is none of ours."""
    given = VECTORS["siwe login message shape"]["inputs"]
    one = Owner(BACKEND, name="shape")
    one.wallet = tokens.Key("secp256k1", given["privateKey"][2:])
    text = given["messageTemplate"].replace("{address}", one.address)
    expect(one.verify(text.replace("{nonce}", BACKEND.nonce(one.address))), 401, FAILED)
    text = text.replace("example.com", PAGE)
    expect(one.verify(text.replace("{nonce}", given["nonce"])), 401, BAD_NONCE)
    text = text.replace("{nonce}", BACKEND.nonce(one.address))
    assert json.loads(one.verify(text).text)["address"] == one.address
    expect(one.verify(text), 401, BAD_NONCE)


def vector_malformed_signed_side():
    """What has no readable signed side is refused, whatever its wrapper says."""
    one = owner(granted=True)
    part = one.parts()[0]
    for case in VECTORS["malformed signed side"]["cases"]:
        if "authorization" in case:
            header = case["authorization"]
        elif "serialized" in case:
            refused(one, case["serialized"])
            continue
        else:
            payload = {"iss": one.session.did_url, "aud": DID, "exp": int(time.time()) + 3600, "nnc": "n", "prf": [one.root],
                       **case.get("payload", {}), **({"att": case["att"]} if "att" in case else {})}
            header = tokens.ucan(one.session, payload)
        refused(one, tokens.as_written({**part, "cid": tokens.cid(header.encode()), "delegationHeader": {"Authorization": header}}))


def vector_portable_delegation_sample():
    """A wrapper as an agent's owner has it: read as far as its token, which is no token."""
    one = owner(granted=True)
    sample = VECTORS["portable delegation sample (token scrubbed)"]["input"]
    refused(one, json.dumps(sample))
    part = one.parts()[0]
    refused(one, json.dumps({**part, "delegationHeader": sample["delegationHeader"]}))
    refused(one, json.dumps({**sample, "delegationHeader": part["delegationHeader"]}))


# ---- the command ----

def health_and_readiness():
    answer = BACKEND.request("GET", "/healthz")
    body = json.loads(answer.text)
    assert list(body) == ["status", "service", "buildSha", "deployRunUrl", "uptimeSeconds", "timestamp"] and body["status"] == "ok", body
    assert body["service"] == "deputy-backend" and body["buildSha"] is None and isinstance(body["uptimeSeconds"], int)
    assert answer.headers["cache-control"] == "no-store"
    expect(BACKEND.request("GET", "/healthz/ready"), 200, '{"status":"ready"}')


def init_makes_a_key_once():
    with tempfile.TemporaryDirectory(prefix="deputy-test-") as directory:
        path = os.path.join(directory, "identity.json")
        done = subprocess.run([DEPUTY, "backend", "init", "--key", path], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and stat.S_IMODE(os.stat(path).st_mode) == 0o600, done.stderr
        secret = json.loads(pathlib.Path(path).read_text())["privateKey"]
        assert done.stdout == tokens.Key("secp256k1", secret[2:]).did_pkh + "\n", done.stdout
        again = subprocess.run([DEPUTY, "backend", "init", "--key", path], capture_output=True, text=True, timeout=30)
        assert again.returncode != 0 and "not replaced" in again.stderr and json.loads(pathlib.Path(path).read_text())["privateKey"] == secret
        done = subprocess.run([DEPUTY, "backend", "init"], capture_output=True, text=True, timeout=30, cwd=directory)
        assert done.returncode == 0 and os.path.exists(os.path.join(directory, "backend-data/identity.json")), done.stderr


def settings_come_from_file_environment_and_flags():
    backend = Backend(DEPUTY, arguments=["--check-config"], environment={
        "TINYCLOUD_HOST": "https://one.example", "DEPUTY_BACKEND__LIMITS__AUTH": "7", "FRONTEND_URL": "https://a.example,https://b.example",
        "PORT": "4004", "TC_TIMEOUT_MS": "1234"})
    code, said = backend.refused_start()
    assert code == 0, said
    done = subprocess.run(backend.command(), capture_output=True, text=True, timeout=30, env=backend.clean_environment())
    for line in ('node = "https://one.example"', "limits.auth = 7", '"https://a.example", "https://b.example"', "port = 4004", "node_timeout_ms = 1234"):
        assert line in done.stdout, (line, done.stdout)
    for settings in ({"node": "http://node.example"}, {"node": "ftp://node.example"}, {"origins": ["app.example"]}, {"origins": ["https://App.example"]},
                     {"limits__auth": 0}, {"app_id": None}, {"features": "["},
                     {"expiry": "soon"}, {"nod": "x"}, {"sandbox": "maybe"}, {"session_seconds": 1}, {"csrf": ""}):
        code, said = Backend(DEPUTY, **settings).refused_start()
        assert code == 2 and said.count("\n") == 1, (settings, code, said)
    for path in (None, "/nowhere"):
        backend = Backend(DEPUTY)
        backend.settings["permissions"] = path
        code, said = backend.refused_start()
        assert code == 2 and (path or "permissions") in said and said.count("\n") == 1, (code, said)
    with Backend(DEPUTY, node="http://node.example", arguments=["--dev"]) as backend:
        expect(backend.request("GET", "/api/server-info", {"Origin": "http://localhost:5173"}), 200)
        assert "development only" in backend.log_text()


def SIGTERM_does_not_wait_for_a_node_that_is_silent():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with Backend(DEPUTY, f"http://127.0.0.1:{silent.getsockname()[1]}", node_timeout_ms=60000) as backend:
            one = Owner(backend, None, "at the end")
            one.open_session().sign_in()
            bundle, answers = one.bundle(), []
            thread = threading.Thread(target=lambda: answers.append(one.post(bundle)))
            thread.start()
            time.sleep(0.5)
            began = time.monotonic()
            assert backend.stop() == 0 and time.monotonic() - began < 4, backend.log_text()[-500:]
            thread.join()
            # It has not refused: the grant is kept, and its owner is told.
            assert answers[0].status == 200 and json.loads(answers[0].text)["activation"] == "pending", answers[0].text
            backend.start()
            assert one.status()["status"] == "active"


def packaged_settings_are_taken():
    """The configuration that the compose file carries, and the variables of the unit."""
    packaging = pathlib.Path(__file__).parent.parent.parent / "packaging"
    configs, name = {}, None
    for line in (packaging / "deputy-backend.compose.yaml").read_text().split("\nconfigs:\n")[1].splitlines():
        if line.startswith("      "):
            configs[name] = configs.get(name, "") + line[6:] + "\n"
        elif "content" not in line:
            name = line.strip().rstrip(":")
    assert sorted(configs) == ["manifest", "permissions", "settings"], configs
    unit = (packaging / "deputy-backend.service").read_text()
    variables = dict(line.removeprefix("Environment=").split("=", 1) for line in unit.splitlines() if line.startswith("Environment="))
    with tempfile.TemporaryDirectory(prefix="deputy-test-") as directory:
        for each in ("manifest", "permissions"):
            pathlib.Path(directory, each + ".json").write_text(configs[each])
        pathlib.Path(directory, "deputy.toml").write_text(configs["settings"].replace("/app/", directory + "/"))
        variables |= {"DEPUTY_CONFIG_FILE": directory + "/deputy.toml", "DEPUTY_BACKEND__KEY__SOURCE": "dstack", "DEPUTY_BACKEND__TRUSTED_PROXIES": ""}
        done = subprocess.run([DEPUTY, "backend", "--check-config", "--listen", "0.0.0.0:3001"], capture_output=True, text=True, timeout=30,
                              env={**Backend(DEPUTY).clean_environment(), **variables})
    assert done.returncode == 0 and "com.example.notes" not in done.stderr, done.stderr
    for line in ('data = "/var/lib/deputy-backend"', 'key.source = "dstack"', 'node = "https://node.example"'):
        assert line in done.stdout, (line, done.stdout)


def SIGTERM_ends_it_well_and_a_second_process_is_refused():
    with Backend(DEPUTY) as backend:
        code, said = Backend(DEPUTY, directory=backend.directory).refused_start()
        assert code == 1 and "another process uses this data directory" in said, (code, said)
        assert backend.stop() == 0
        assert "daemon.ending" in backend.log_text()


def main():
    global BACKEND
    wanted = sys.argv[2:]
    checks = [check for name, check in sorted(globals().items())
              if callable(check) and getattr(check, "__module__", "") == "__main__" and not isinstance(check, type)
              and name not in ("main", "owner", "refused", "jwt_part", "flip", "side_error")]
    checks = [check for check in checks if not wanted or any(each in check.__name__ for each in wanted)]
    with NODE, Backend(DEPUTY, NODE, trusted_proxies=[]) as backend:
        BACKEND = backend
        run(checks)


if __name__ == "__main__":
    main()

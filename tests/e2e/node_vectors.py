#!/usr/bin/env python3
"""Every known answer of tests/data/node-http.json, put to a running node. None is left out: a vector that no check takes is a failure, and
where the node answers otherwise on purpose, DIFFERENT says why and shows how.

usage: node_vectors.py DEPUTY
"""
import base64
import concurrent.futures
import hmac
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import node_vectors_sql  # noqa: E402
from kit import tokens  # noqa: E402
from kit.events import Events  # noqa: E402
from kit.hooked import JSON, Hooked  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.receiver import Receiver  # noqa: E402
from kit.runner import expect  # noqa: E402
from kit.vector import ADMIN, Case, enc  # noqa: E402
from kit.world import CONFIG, SECRET  # noqa: E402

DEPUTY = sys.argv[1]
VECTORS = json.loads((pathlib.Path(__file__).parent.parent / "data" / "node-http.json").read_text())["vectors"]
FORM = {"Content-Type": "multipart/form-data; boundary=frontier"}


def form(*names):
    return "".join(f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nx\r\n' for name in names) + "--frontier--\r\n"


# --- values and their conditions ---

def if_match(case):
    """A condition that is read is found false here; one that is none is refused as such."""
    expect(case.kv("put", "x", **{"If-Match": case.given["ifMatch"]}), case.wanted.get("status", 412))
    if "digestHex" in case.wanted:
        etag = case.put()
        expect(case.kv("put", "x", **{"If-Match": case.given["ifMatch"].replace(case.wanted["digestHex"], etag[8:72])}), 200)


def positive_header(case):
    header, value = case.given["header"], case.given["value"]
    if "status" in case.wanted:
        expect(case.kv("list", path="", **{header: value}), case.wanted["status"], f"{header.lower()} must be a positive integer")
        return
    limit = case.wanted["parsed"]
    case.put(b"x" * limit, **{header: value})
    answer = case.kv("get", **{header: value})
    assert answer.status == 200 and header.lower() not in answer.headers, answer.headers
    case.put(b"x" * (limit + 1))
    expect(case.kv("get", **{header: value}), 413, f"KV response is {limit + 1} bytes, exceeding the requested limit of {limit} bytes")


def precondition(case):
    att = {resource: names for ability, path in case.given["capabilities"] for resource, names in case.world.caps("/" + path, ability.split("/")[1]).items()}
    paths = [path for _, path in case.given["capabilities"]]
    ask = lambda headers: case.call(att, form(*paths) if case.given["multipart"] else "x", **headers, **(FORM if case.given["multipart"] else {}))
    if "status" in case.wanted:
        expect(ask(case.given["headers"]), case.wanted["status"])
    elif case.wanted["precondition"] == "DoesNotExist":
        expect(ask(case.given["headers"]), 200)
        expect(ask(case.given["headers"]), 412)
    elif case.wanted["precondition"] is None:  # it belongs to the response
        etag = case.put(path=paths[0])
        expect(ask(case.given["headers"]), 200)
        expect(ask({"If-None-Match": etag}), 304, "")
    else:
        etag = case.put(path=paths[0])
        expect(ask(case.given["headers"]), 412)
        expect(ask({"If-Match": etag}), 200)


def field_name(case):
    path = case.wanted["path"]
    expect(case.call(case.world.caps("/" + path, "put"), form(case.given["fieldName"]), **FORM), 200, json.dumps({"written": [path], "count": 1}, separators=(",", ":")))
    expect(case.kv("get", path=path), 200, "x")


def batch_refused(case):
    """The same path twice is a query beside it; of two spaces both are held."""
    world, att = case.world, {}
    second = Hooked(case.node, world.space.rsplit(":", 1)[1])
    second.space += "b"
    second.host()
    both = world.cacao(world.session.did_url, world.caps("", "put") | second.caps("", "put") | world.caps("", "*", service="sql"))
    expect(world.delegate(both), 200)
    spaces = {}
    for name, ability, path in case.given["capabilities"]:
        space = spaces.setdefault(name, (world, second)[len(spaces)].space)
        resource = f"{space}/{ability[10:].split('/')[0]}/{path}"
        att[resource + "?again" if resource in att else resource] = {ability: [{}]}
    token = case.token(att, proofs=[tokens.cid(both)])
    expect(world.post("/invoke", token, form(*(enc(path) for _, _, path in case.given["capabilities"])), **FORM), case.wanted["status"])


def weak_comparison(case):
    etag = case.put()
    header = case.given["ifNoneMatch"].replace(case.given["etag"], etag)
    expect(case.kv("get", **{"If-None-Match": header}), 304 if case.wanted["match"] else 200)


def metadata_filter(case):
    """The body is chunked, as the vector says; with a length beside it the message would be refused. A batch shows what is stored, and that alone."""
    sent = {name: value for name, value in case.given["headers"].items() if name not in ("authorization", "content-length", "transfer-encoding")}
    etag = case.put(iter([b"hello"]), **sent)
    answer = case.call(case.world.caps("/vector", "metadata") | case.world.caps("/z", "metadata"))
    assert json.loads(answer.text)["results"][0]["headers"] == case.wanted["stored"] | {"etag": etag}, answer.text


def read_headers(case):
    etag = case.put(case.given["body"], **case.given["storedMetadata"])
    conditional = case.wanted["conditional"]
    for answer, wanted in ((case.kv("get"), case.wanted), (case.kv("get", **{"If-None-Match": conditional["ifNoneMatch"].replace("<etag>", etag)}), conditional)):
        expect(answer, wanted["status"])
        assert answer.headers["cache-control"] == case.wanted["headers"]["Cache-Control"], answer.headers
        assert not {name.lower() for name in wanted["absentHeaders"]} & set(answer.headers), answer.headers
    assert answer.body == b"" and answer.headers["etag"] == etag


def batch_read(case):
    for item in case.given["items"]:
        if "body" in item:
            case.put(item["body"], item["path"], **{"Content-Type": item["metadata"]["content-type"]})
    att = {resource: names for item in case.given["items"] for resource, names in case.world.caps("/" + item["path"], "get").items()}
    results = json.loads(case.call(att).text)["results"]
    assert len(results) == len(case.wanted["results"]), results
    for result, wanted in zip(results, case.wanted["results"]):
        for name, value in wanted.items():
            same = value.items() <= result[name].items() if isinstance(value, dict) else value == result[name]
            assert same, (name, result, wanted)


# --- signed URLs ---

def ticket(case, **more):
    body = json.dumps({"space": case.world.space, "path": "vector", **more})
    answer = case.world.post("/signed/kv", case.token(case.world.caps("/vector", "get")), body, **JSON)
    expect(answer, 200)
    return json.loads(answer.text)["url"]


def byte_range(case):
    value = bytes(range(30))
    case.put(value)
    answer = case.node.request("GET", ticket(case), {"Range": case.given["range"]})
    wanted = case.wanted
    if wanted == "error":  # understood as none: everything is sent
        assert answer.status == 200 and answer.body == value, answer.status
        return
    first, last = wanted.get("inclusive", (wanted.get("from", 30 - wanted.get("suffix", 0)), 29))
    assert (answer.status, answer.headers.get("content-range"), answer.body) == (206, f"bytes {first}-{last}/30", value[first:last + 1]), answer.headers


def if_range(case):
    """A ticket without an ETag is bound to the value at hand: another ETag is another value."""
    etag = case.put()
    bound, asked = case.given["ticketEtag"], case.given["ifRange"]
    url = ticket(case, **({"etag": etag} if bound else {}))
    header = {"If-Range": etag if asked == bound else asked} if asked else {}
    answer = case.node.request("GET", url, {"Range": "bytes=0-1", **header})
    assert answer.status == (206 if case.wanted["rangeHonoured"] else 200), answer.status


def partial(case):
    case.put(iter([case.given["object"].encode()]), **{"Content-Type": case.given["storedMetadata"]["content-type"]})  # iter: chunked
    answer = case.node.request("GET", ticket(case), {"Range": case.given["range"]})
    expect(answer, case.wanted["status"], case.wanted["body"])
    assert {name.lower(): value for name, value in case.wanted["headers"].items()}.items() <= answer.headers.items(), answer.headers
    assert not {name.lower() for name in case.wanted["absentHeaders"]} & set(answer.headers), answer.headers


def upload_limit(case):
    case.limit(case.given["remainingBytes"])
    expect(case.kv("put", case.given["body"]), 200 if case.wanted["accepted"] else 413)


# --- invocations ---

def invocation(case):
    """Refused, and not remembered as used."""
    rows = lambda: sqlite3.connect(case.node.directory / "data" / "deputy.db", timeout=10).execute(
        "SELECT (SELECT count(*) FROM replay), (SELECT coalesce(sum(length(entries)) / 24, 0) FROM replay_page)").fetchone()
    time.sleep(0.3)  # what was read before is written down
    before, att = rows(), case.world.caps("/vector", "get")
    if "exp" in case.given:
        token = case.token(att, seconds=case.given["exp"] - int(time.time()))
    elif "now - 3600" in case.given["case"]:
        token = case.token(att, seconds=-3600)
    else:
        head, payload, _ = case.token(att).split(".")
        token = f"{head}.{payload}.{tokens.b64url(case.world.stranger.sign((head + '.' + payload).encode()))}"
    for _ in range(2):
        answer = case.world.post("/invoke", token)
        assert answer.status == case.wanted["status"] and case.wanted.get("bodyContains", "") in answer.text, answer.text
    time.sleep(0.3)
    assert sum(rows()) - sum(before) == case.wanted["replayRows"], (before, rows())


def delegation_query(case):
    space = case.world.space.rsplit(":", 1)[0] + ":account"
    token = case.world.ucan(case.world.session, case.world.session.did_key, {space + "/delegation/": {"tinycloud.delegation/list": [{}]}}, 60, [account(case, space)])
    answer = case.world.post("/delegation/query", token, json.dumps(case.given["body"]), **JSON)
    assert (answer.status == 200) == case.wanted["valid"], answer.text
    assert answer.status == 400 and answer.text.startswith("Invalid delegation query: "), (answer.status, answer.text)


def account(case, space):
    data = case.world.cacao(case.world.session.did_url, {space + "/delegation": {"tinycloud.delegation/list": [{}]}})
    expect(case.world.delegate(data), 200)
    return tokens.cid(data)


# --- write events ---

def webhook_url(case):
    url = case.given.get("callbackUrl") or "https://{}/hooks".format("[%s]" % case.given["address"] if ":" in case.given["address"] else case.given["address"])
    answer = case.world.register(url)
    assert (answer.status == 200) == case.wanted.get("accepted", not case.wanted.get("blocked")), answer.text
    assert answer.status == 400 and "callbackUrl" in answer.text, answer.text
    if "address" in case.given:
        assert answer.text == "callbackUrl resolves to a reserved address", answer.text


def hook_filter(case):
    answer = case.world.ask([case.world.scope(service=case.given["service"], abilities=case.given["abilities"])])
    expect(answer, case.wanted.get("status", 200))
    assert (answer.status == 200) == case.wanted["accepted"]


def hook_match(case):
    """The write of the vector, then one that is surely told: what comes first says whether the other was."""
    scope = case.given.get("scope") or {"service": "sql", **case.given["subscription"]}
    event = case.given.get("event") or {"service": "sql", "path": case.given["path"], "ability": case.given["ability"]}
    database, table = event["path"].split("/") if event["service"] == "sql" else (None, None)
    if database:
        case.path = "/" + database
        case.setup(f"CREATE TABLE {table} (k)")
    scope = case.world.scope(service=scope["service"], pathPrefix=scope["pathPrefix"], abilities=scope["abilities"])
    with Events(case.node, case.world.ticket([scope, case.world.scope("sentinel")])) as events:
        if event["ability"] == "tinycloud.sql/read":
            expect(case.query(f"SELECT * FROM {table}"), 200)
        elif database:
            expect(case.execute(f"INSERT INTO {table} VALUES (1)", "write"), 200)
        else:
            case.put(path=event["path"])
        case.put(path="sentinel")
        told = events.read()[1]["path"]
    assert told == (event["path"] if case.wanted["match"] else "sentinel"), told


def webhook_signature(case):
    sign = lambda body: "sha256=" + hmac.new(case.given["secret"].encode(), body, "sha256").hexdigest()
    assert sign(case.given["body"].encode()) == "sha256=6be55ffaf8228a393aa36511745c45e92ba8679a10cd8595574a71baf5d7a38b"  # spec/03 section 13.4
    with Node(DEPUTY, CONFIG + "[global.deputy]\ndev = true\n") as node, Receiver() as receiver:
        world = Hooked(node).begin()
        world.webhook(receiver.url, secret=case.given["secret"])
        world.put("a")
        headers, body = receiver.take()
    assert headers[case.wanted["header"].lower()] == sign(body), headers


# --- names ---

def resource(case):
    """Space, and with it DID and name, as /peer/generate reads them; the whole in the text of a refusal, which is printed from what was read."""
    uri = case.given["uri"]
    peer = case.node.request("GET", "/peer/generate/" + enc(uri.split("/")[0]))
    if case.wanted == "error":
        expect(peer, 400, "Invalid space ID")
        return
    expect(peer, 200)
    did, name = case.wanted["did"], case.wanted["name"]
    seed = tokens.hashes.blake3(base64.urlsafe_b64decode(SECRET + "=" * (-len(SECRET) % 4)) + f"tinycloud:{did.removeprefix('did:')}:{name}".encode())
    assert peer.text == tokens.Key("ed25519", seed).did_key, peer.text
    answer = case.call({uri: {"tinycloud.kv/get": [{}]}})
    path, fragment = case.wanted["path"], case.wanted["fragment"]
    whole = f"tinycloud:{did.removeprefix('did:')}:{name}/{case.wanted['service']}" + ("" if path is None else "/" + path) + ("#" + fragment if fragment else "")
    expect(answer, 401, f"Unauthorized Action: {whole} / tinycloud.kv/get")


def canonical_space(case):
    peers = {case.node.request("GET", "/peer/generate/" + enc(space)).text for space in (case.given["space"], case.wanted["canonical"])}
    assert len(peers) == 1 and peers.pop().startswith("did:key:")
    att = {case.given["space"] + "/kv": {"tinycloud.kv/get": [{}]}}
    answer = case.call(att)
    expect(answer, 401, f"Unauthorized Action: {case.wanted['canonical']}/kv / tinycloud.kv/get")


# --- where the node differs, and how it is held to that ---

def no_sqlstate(case):
    conflicting = [case.token(case.world.caps("/same", "put")) for _ in range(24)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda token: case.world.post("/invoke", token, "x"), conflicting))
    assert {answer.status for answer in answers} == {200}, [answer.text for answer in answers]


def sample_secret(case):
    assert base64.urlsafe_b64decode(case.given["secretBase64UrlNoPad"] + "==").decode() == case.wanted["secretUtf8"]
    with tempfile.TemporaryDirectory() as directory:
        config = CONFIG.replace(SECRET, case.given["secretBase64UrlNoPad"]).replace("{port}", "0").replace("{data}", directory)
        pathlib.Path(directory, "tinycloud.toml").write_text(config)
        done = subprocess.run([os.path.abspath(DEPUTY), "node"], cwd=directory, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "published sample" in done.stderr, (done.returncode, done.stderr)


def object_bind(case):
    answer = node_vectors_sql.fixture_ask(case)
    assert answer.status == 400 and answer.text != case.wanted["rejectionCode"], (answer.status, answer.text)


OBJECTS = "an object is no parameter on the wire (spec/03 section 9.3), so nothing is left for the profile to refuse"
DIFFERENT = {
    "db-retryable-sqlstate": ("there is no PostgreSQL: writers queue, and conflicting ones all succeed (section 16.3)", no_sqlstate),
    "default-static-secret": ("the reference starts with the secret that everybody knows; this node refuses it", sample_secret),
    "sql-caveat-fixture-reject-object-bind-into-fixed-index-rejected": (OBJECTS, object_bind),
    "sql-caveat-fixture-reject-object-bind-into-non-fixed-rejected": (OBJECTS, object_bind),
}
KINDS = [("kv-if-match-strong-", if_match), ("kv-positive-header-", positive_header), ("kv-if-", precondition), ("kv-multipart-field-name-", field_name),
         ("kv-batch-read-", batch_read), ("kv-batch-", batch_refused), ("if-none-match-weak-", weak_comparison), ("stored-object-metadata-", metadata_filter),
         ("kv-read-response-", read_headers), ("byte-range-", byte_range), ("if-range-", if_range), ("signed-kv-partial-", partial),
         ("upload-limit-", upload_limit), ("invoke-", invocation), ("delegation-query-", delegation_query), ("webhook-url-", webhook_url),
         ("webhook-address-", webhook_url), ("hook-filter-", hook_filter), ("hook-scope-match-", hook_match), ("hook-subscription-match-", hook_match),
         ("webhook-delivery-signature-", webhook_signature), ("resource-parse ", resource), ("space-id-canonical-", canonical_space),
         *node_vectors_sql.KINDS]


def check_of(name):
    if name in DIFFERENT:
        return DIFFERENT[name][1]
    return next(check for prefix, check in KINDS if name.startswith(prefix))


def main():
    passed = failed = 0
    with Node(DEPUTY, CONFIG, {"TINYCLOUD_ADMIN_SECRET": ADMIN}) as node:
        for number, vector in enumerate(VECTORS):
            try:
                check_of(vector["name"])(Case(node, number, vector))
                passed += 1
            except Exception as wrong:  # a vector may fail in any way
                failed += 1
                print(f"FAILED: {vector['name']}: {wrong!r}")
    for name, (why, _) in DIFFERENT.items():
        print(f"otherwise: {name}: {why}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed != len(VECTORS) else 0


sys.exit(main())

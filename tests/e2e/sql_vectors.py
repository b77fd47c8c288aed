#!/usr/bin/env python3
"""The known answers about SQL (tests/data/node-http.json) put to a node, each in a database of its own.

usage: sql_vectors.py DEPUTY
"""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.node import Node  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

VECTORS = json.loads((pathlib.Path(__file__).parent.parent / "data" / "node-http.json").read_text())["vectors"]
# What has no answer on the wire, and where it is shown instead.
ELSEWHERE = {
    "sql-constrained-substitution": "golden.sql: db-chain-pins",
    "sql-request-camel-bounds": "golden.sql: db-limits",
}
ERRORS = {"PermissionDenied": (401, 403), "InvalidStatement": (400,), "ResponseTooLarge": (413,)}


class Case:
    """One vector: a session with everything on SQL, in a database named after it."""

    def __init__(self, world, name, given):
        self.world, self.given = world, given
        self.path = "/v/" + re.sub(r"[^a-z0-9]+", "-", name.lower())

    def ask(self, body, *abilities, caveats=None, paths=None, **more):
        world = self.world
        caps = {}
        for path, ability in paths or [(self.path, ability) for ability in abilities]:
            caps.setdefault(f"{world.space}/sql{path}", {})[ability if "/" in ability else "tinycloud.sql/" + ability] = caveats or [{}]
        token = world.ucan(world.session, world.session.did_key, caps, 60, [world.proof], **more)
        return world.post("/invoke", token, json.dumps(body) if isinstance(body, dict) else body)

    def execute(self, sql, ability="*"):
        return self.ask({"action": "execute", "sql": sql}, ability)

    def setup(self):
        for sql in self.given.get("setup", ()):
            if not sql.startswith("ANALYZE"):  # nobody may
                answer = self.execute(sql)
                assert answer.status == 200, answer.text


def validate(case, wanted):
    sql = case.given["sql"]
    if "CREATE TABLE conversation" not in sql:
        case.execute("CREATE TABLE conversation (id TEXT)")
        case.execute("CREATE TABLE private_conversation (id TEXT)")
    answer = case.ask({"action": "query", "sql": sql}, case.given["ability"])
    allowed = (200,) if wanted.get("ok") else ERRORS[wanted["error"]]
    assert answer.status in allowed, answer.text


def authorizer(case, wanted):
    case.setup()
    answer = case.execute(case.given["sql"], case.given["ability"])
    assert (answer.status == 200) == wanted["allowed"], answer.text


def constrained(case, wanted):
    case.setup()
    caveat = [case.given.get("caveat") or case.given["chainCaveat"]]
    facts = {"fct": case.given["invocationFacts"]} if "invocationFacts" in case.given else {}
    request = case.given.get("request") or {"action": "executeStatement", "name": caveat[0]["statements"][0]["name"]}
    answer = case.ask(request, "read", caveats=caveat, **facts)
    if "status" in wanted:
        assert answer.status == wanted["status"], answer.text
    if "body" in wanted and wanted.get("status") == 403:
        assert answer.text == wanted["body"], answer.text
    if answer.status == 200:
        assert json.loads(answer.text)["rows"] == [[111]], answer.text


def fixture(case, wanted):
    caveat = case.given["authCapability"]["caveats"]
    invocation = case.given.get("invocation") or {"kind": "executeStatement", "name": caveat["statements"][0]["name"]}
    params = invocation.get("params", {})
    body = {"action": invocation["kind"], "name": invocation.get("name"), "sql": invocation.get("sql", "SELECT 1"), "statements": [],
            "params": [params.get(str(i)) for i in range(max(map(int, params), default=-1) + 1)] if isinstance(params, dict) else params}
    answer = case.ask(body, "read", caveats=[caveat])
    if any(isinstance(value, (dict, list)) for value in body["params"]):
        assert answer.status == 400, answer.text  # refused before binding
    else:
        assert (answer.status, answer.text) == (403, wanted["rejectionCode"]), answer.text


def bounds(case, wanted):
    body = {"action": "query", "sql": case.given.get("sql", "SELECT 1")}
    answer = case.ask({**body, **{name: case.given[name] for name in ("maxRows", "maxBytes") if name in case.given}}, "read")
    assert answer.status == wanted["status"], answer.text


def last_ids(case, wanted):
    case.setup()
    results = []
    if "batch" in case.given:
        answer = case.ask({"action": "batch", "statements": [{"sql": sql} for sql in case.given["batch"]]}, case.given["ability"])
        results = json.loads(answer.text)["results"]
    for sql in case.given.get("steps", ()):
        results.append(json.loads(case.execute(sql, case.given["ability"]).text))
    assert [result["lastInsertRowId"] for result in results] == wanted["lastInsertRowId"], results


def copying(case, wanted):
    case.setup()
    answer = case.ask({"action": "batch", "statements": [{"sql": sql} for sql in case.given["batch"]]}, case.given["ability"])
    assert answer.status in (400, 403), answer.text
    exists = case.ask({"action": "query", "sql": "SELECT count(*) FROM sqlite_master WHERE name = 'copied'"}, "read")
    assert json.loads(exists.text)["rows"] == [[int(wanted["tableCopiedExists"])]], exists.text


def overflow(case, wanted):
    answer = case.ask(case.given["body"], "read")
    assert answer.status == 400 and wanted["errorContains"] in answer.text, answer.text


def scope(case, wanted):
    paths = [("" if path is None else "/" + path, ability) for path, ability in case.given["caps"]]
    answer = case.ask(case.given.get("body") or {"action": "query", "sql": "SELECT 1"}, paths=paths)
    status = wanted.get("status", 403 if paths == [("/main.db", "tinycloud.sql/schema")] else 200)
    assert answer.status == status, answer.text
    if "body" in wanted:
        assert answer.text == wanted["body"].replace("<space>", case.world.space), answer.text


KINDS = [("sql-validate-", validate), ("sql-authorizer-", authorizer), ("sql-constrained-", constrained), ("sql-caveat-fixture-reject", fixture),
         ("sql-max", bounds), ("sql-limits-", bounds), ("sql-last-insert", last_ids), ("sql-batch-last", last_ids), ("sql-schema-batch", copying),
         ("sql-request-u64", overflow), ("sql-scope-", scope), ("sql-pragma-needs", scope)]


def main():
    passed = failed = skipped = 0
    with Node(sys.argv[1], CONFIG) as node:
        world = World(node)
        world.proof = world.sign_in(world.caps("", "*", "ddl", service="sql"))
        for vector in VECTORS:
            name = vector["name"]
            run = next((run for prefix, run in KINDS if name.startswith(prefix)), None)
            if run is None:
                continue
            if name in ELSEWHERE:
                skipped += 1
                print(f"skipped: {name}: shown by {ELSEWHERE[name]}")
                continue
            try:
                run(Case(world, name, vector["input"]), vector["expected"])
                passed += 1
            except (AssertionError, KeyError, ValueError) as wrong:
                failed += 1
                print(f"FAILED: {name}: {wrong!r}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


sys.exit(main())

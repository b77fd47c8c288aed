"""How the vectors about SQL are put to a node; node_vectors.py runs them."""
import json
import re

from kit.runner import expect

ERRORS = {"PermissionDenied": (401, 403), "InvalidStatement": (400,), "ResponseTooLarge": (413,)}


def validate(case):
    sql = case.given["sql"]
    if "CREATE TABLE conversation" not in sql:
        case.execute("CREATE TABLE conversation (id TEXT)")
        case.execute("CREATE TABLE private_conversation (id TEXT)")
    answer = case.ask({"action": "query", "sql": sql}, case.given["ability"])
    allowed = (200,) if case.wanted.get("ok") else ERRORS[case.wanted["error"]]
    assert answer.status in allowed, answer.text


def authorizer(case):
    case.setup()
    answer = case.execute(case.given["sql"], case.given["ability"])
    assert (answer.status == 200) == case.wanted["allowed"], answer.text


def constrained(case):
    case.setup()
    caveat = [case.given.get("caveat") or case.given["chainCaveat"]]
    facts = {"fct": case.given["invocationFacts"]} if "invocationFacts" in case.given else {}
    request = case.given.get("request") or {"action": "executeStatement", "name": caveat[0]["statements"][0]["name"]}
    answer = case.ask(request, "read", caveats=caveat, **facts)
    if "status" in case.wanted:
        assert answer.status == case.wanted["status"], answer.text
    if "body" in case.wanted and case.wanted.get("status") == 403:
        assert answer.text == case.wanted["body"], answer.text
    if answer.status == 200:
        assert json.loads(answer.text)["rows"] == [[111]], answer.text


LISTEN = ("CREATE TABLE conversation (id TEXT, title, source, source_id, source_url, started_at, ended_at, duration_secs, summary, metadata, "
          "transcript_json, transcript_text, created_at, updated_at)", "CREATE TABLE participant (id, name, email, speaker_label, conversation_id)",
          "INSERT INTO conversation (id, title) VALUES ('conv_456', 'a standup'), ('conv_999', 'other')",
          "INSERT INTO participant (id, conversation_id) VALUES (1, 'conv_456'), (2, 'conv_999')")


def fixture_ask(case):
    caveat = case.given["authCapability"]["caveats"]
    invocation = case.given.get("invocation") or {"kind": "executeStatement", "name": caveat["statements"][0]["name"]}
    params = invocation.get("params", {})
    body = {"action": invocation["kind"], "name": invocation.get("name"), "sql": invocation.get("sql", "SELECT 1"), "statements": [],
            "params": [params.get(str(i)) for i in range(max(map(int, params), default=-1) + 1)] if isinstance(params, dict) else params}
    return case.ask(body, "read", caveats=[caveat])


def fixture_accepted(case):
    """Just the rows of the pinned conversation, or those searched for."""
    case.setup(*LISTEN)
    answer = fixture_ask(case)
    expect(answer, 200)
    assert json.loads(answer.text)["rowCount"] == 1 and "conv_456" in answer.text or '"rows":[[1,' in answer.text, answer.text


def fixture_refused(case):
    expect(fixture_ask(case), 403, case.wanted["rejectionCode"])


def containment(case):
    """The backend's delegation carries the one caveat, its invocation the other."""
    case.setup(*LISTEN)
    world, resource = case.world, case.world.space + "/sql" + case.path
    proof = world.pass_on(world.proof, {resource: {"tinycloud.sql/read": [case.given["authCaveat"]]}})
    token = case.token({resource: {"tinycloud.sql/read": [case.given["reqCaveat"]]}}, world.backend, [proof])
    answer = world.post("/invoke", token, json.dumps({"action": "executeStatement", "name": "listen.getConversation"}))
    if case.wanted["contained"]:
        expect(answer, 200)
    else:
        expect(answer, 401, "invocation-caveats-not-subset-of-chain: " + case.wanted["rejectionCode"])


def substitution(case):
    """One value is bound, where the statement has two places; a statement with one shows which."""
    case.setup("CREATE TABLE transcript (id, owner)")
    answer = case.ask(case.given["request"], "read", caveats=[case.given["caveat"]])
    expect(answer, 400, "SQLite error: Wrong number of parameters passed to query. Got 1, needed 2")
    shown = json.loads(json.dumps(case.given["caveat"]))
    shown["statements"][0]["sql"] = "SELECT ?"
    answer = case.ask(case.given["request"], "read", caveats=[shown])
    expect(answer, 200)
    assert json.loads(answer.text)["rows"] == [[case.wanted["boundParam0"]]], answer.text


def camel_bounds(case):
    expect(case.ask(case.given["body"], "read"), 200)
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"
    text = "SELECT substr(hex(zeroblob(1000)), 1, {})"
    for sql, status in ((count.format(case.wanted["maxRows"]), 200), (count.format(case.wanted["maxRows"] + 1), 413),
                        (text.format(900), 200), (text.format(case.wanted["maxBytes"]), 413)):
        expect(case.ask(case.given["body"].replace("SELECT 1", sql), "read"), status)


def over_quota(case):
    case.setup("CREATE TABLE labels (label, val)")
    case.limit(case.given["limitBytes"])
    action = "query" if case.given["ability"].endswith("/read") else "execute"
    answer = case.ask({"action": action, "sql": case.given["sql"]}, case.given["ability"])
    expect(answer, case.wanted["status"])
    assert "body" not in case.wanted or re.fullmatch(re.escape(case.wanted["body"]).replace("<used>", "[1-9][0-9]*"), answer.text), answer.text


def bounds(case):
    body = {"action": "query", "sql": case.given.get("sql", "SELECT 1")}
    answer = case.ask({**body, **{name: case.given[name] for name in ("maxRows", "maxBytes") if name in case.given}}, "read")
    assert answer.status == case.wanted["status"], answer.text


def last_ids(case):
    case.setup()
    results = []
    if "batch" in case.given:
        answer = case.ask({"action": "batch", "statements": [{"sql": sql} for sql in case.given["batch"]]}, case.given["ability"])
        results = json.loads(answer.text)["results"]
    for sql in case.given.get("steps", ()):
        results.append(json.loads(case.execute(sql, case.given["ability"]).text))
    assert [result["lastInsertRowId"] for result in results] == case.wanted["lastInsertRowId"], results


def copying(case):
    case.setup()
    answer = case.ask({"action": "batch", "statements": [{"sql": sql} for sql in case.given["batch"]]}, case.given["ability"])
    assert answer.status in (400, 403), answer.text
    exists = case.ask({"action": "query", "sql": "SELECT count(*) FROM sqlite_master WHERE name = 'copied'"}, "read")
    assert json.loads(exists.text)["rows"] == [[int(case.wanted["tableCopiedExists"])]], exists.text


def overflow(case):
    answer = case.ask(case.given["body"], "read")
    assert answer.status == 400 and case.wanted["errorContains"] in answer.text, answer.text


def scope(case):
    paths = [("" if path is None else "/" + path, ability) for path, ability in case.given["caps"]]
    answer = case.ask(case.given.get("body") or {"action": "query", "sql": "SELECT 1"}, paths=paths)
    status = case.wanted.get("status", 403 if paths == [("/main.db", "tinycloud.sql/schema")] else 200)
    assert answer.status == status, answer.text
    if "body" in case.wanted:
        assert answer.text == case.wanted["body"].replace("<space>", case.world.space), answer.text


KINDS = [("sql-validate-", validate), ("sql-authorizer-", authorizer), ("sql-constrained-substitution", substitution), ("sql-constrained-", constrained),
         ("sql-caveat-fixture-accept-", fixture_accepted), ("sql-caveat-fixture-reject-", fixture_refused), ("sql-caveat-containment-", containment),
         ("sql-request-camel-", camel_bounds), ("sql-max", bounds), ("sql-limits-", bounds), ("sql-last-insert", last_ids), ("sql-batch-last", last_ids),
         ("sql-schema-batch", copying), ("sql-request-u64", overflow), ("sql-scope-", scope), ("sql-pragma-needs", scope), ("sql-write-over-", over_quota),
         ("sql-read-over-", over_quota)]

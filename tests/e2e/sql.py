#!/usr/bin/env python3
"""SQL databases of a data node: caveats and proofs, limits, events, and what looks after them.

usage: sql.py DEPUTY
"""
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import shutil
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.events import Events  # noqa: E402
from kit.hooked import Hooked  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = sys.argv[1]
GET, ALL = "SELECT v FROM t WHERE k = ?", "SELECT k FROM t ORDER BY k"


def constrained(*statements):
    """A caveat with these (name, sql, pins) alone."""
    rows = [{"name": name, "sql": sql, **({"fixedParams": [{"index": i, "value": v} for i, v in pins.items()]} if pins else {})}
            for name, sql, pins in statements]
    return [{"mode": "constrained-statements", "readOnly": True, "statements": rows}]


class Sql(Hooked):
    """A world whose session holds everything on SQL, with a table in the database app/main."""

    def begin(self, rows=(("a", 10), ("b", 20))):
        self.proof = self.sign_in({**self.caps("", "*", service="sql"), **self.caps("", "get", "put", "del"),
                                   **self.hooks("", "subscribe", "register", "list")})
        if rows:
            body = {"action": "batch", "statements": [{"sql": "CREATE TABLE t (k TEXT PRIMARY KEY, v)"}] +
                    [{"sql": "INSERT INTO t VALUES (?, ?)", "params": list(row)} for row in rows]}
            expect(self.ask_sql(body, "write"), 200)
        return self

    def ask_sql(self, body, *abilities, by=None, proofs=None, path="/app/main", caveats=None, **more):
        by = by or self.session
        caps = {f"{self.space}/sql{path}": {f"tinycloud.sql/{name}": caveats or [{}] for name in abilities}}
        token = self.ucan(by, by.did_key, caps, 60, [self.proof] if proofs is None else proofs, **more)
        return self.post("/invoke", token, json.dumps(body))

    def query(self, sql, *params, **how):
        return self.ask_sql({"action": "query", "sql": sql, "params": list(params)}, "read", **how)

    def execute(self, sql, *params, **how):
        return self.ask_sql({"action": "execute", "sql": sql, "params": list(params)}, "write", **how)

    def rows(self, sql, *params, **how):
        answer = self.query(sql, *params, **how)
        expect(answer, 200)
        return json.loads(answer.text)["rows"]

    def grant(self, caveats=None, path="/app/main", ability="read"):
        caps = {f"{self.space}/sql{path}": {f"tinycloud.sql/{ability}": caveats or [{}]}}
        return self.pass_on(self.proof, caps)


@contextlib.contextmanager
def a_world(more=""):
    with Node(DEPUTY, CONFIG + more) as node:
        yield Sql(node).begin()


def named(name, *params):
    return {"action": "executeStatement", "name": name, "params": list(params)}


# What a caveat lets through: the answer's rows, or the refusal, for each of three requests.
A = constrained(("get", GET, {0: "a"}))
B = constrained(("get", GET, {0: "b"}))
BOTH = constrained(("get", GET, None), ("all", ALL, None))
OPEN = None


def under(caveats, request):
    """What must come back to the request when it is executed under exactly this caveat."""
    if request == "raw":
        return 200 if caveats is OPEN else (403, "sql-raw-query-blocked")
    if caveats is OPEN:
        return (400, "Invalid statement: No caveats found")
    if request == "all":
        return [["a"], ["b"]] if caveats is BOTH else (403, "sql-statement-not-allowed")
    return [[10]] if caveats is A else [[20]] if caveats is B else [[10]]


class Caveats:
    def I27_no_second_proof_changes_the_caveat_that_applies():
        """All combinations of two proofs, in both orders, and what the invocation repeats of them."""
        with a_world() as world:
            proofs = {id(caveats): world.grant(caveats) for caveats in (A, B, BOTH, OPEN)}
            proofs["other"] = world.grant(BOTH, path="/app/other")
            own = Sql(world.node, "backend's")  # a space of the backend's own choosing, with a permissive caveat
            own.proof = own.sign_in(own.caps("", "*", service="sql"))
            proofs["own"] = own.pass_on(own.proof, {f"{own.space}/sql/app/main": {"tinycloud.sql/read": BOTH}}, to=world.backend)
            count = 0
            for first, second in itertools.permutations(proofs, 2):
                granted = {proof: next((c for c in (A, B, BOTH, OPEN) if id(c) == proof), None) for proof in (first, second) if isinstance(proof, int)}
                for used, request in itertools.product((A, B, BOTH, OPEN), ("get", "all", "raw")):
                    body = {"action": "query", "sql": "SELECT v FROM t"} if request == "raw" else named(request, *(["a"] if used is BOTH and request == "get" else []))
                    answer = world.ask_sql(body, "read", by=world.backend, proofs=[proofs[first], proofs[second]], caveats=used)
                    count += 1
                    if not any(allows(caveats, used) for caveats in granted.values()):
                        assert answer.status == 401, (first, second, used, request, answer.text)
                        continue
                    wanted = under(used, request)
                    if isinstance(wanted, list):
                        assert answer.status == 200 and json.loads(answer.text)["rows"] == wanted, (used, request, answer.text)
                    elif wanted == 200:
                        expect(answer, 200)
                    else:
                        expect(answer, *wanted)
            assert count == 360, count

    def I24_row_pin_holds_against_every_way_to_say_another_row():
        with a_world() as world:
            proof = world.grant(A)
            how = {"by": world.backend, "proofs": [proof], "caveats": A}
            assert json.loads(world.ask_sql(named("get"), "read", **how).text)["rows"] == [[10]]
            expect(world.ask_sql(named("get", "b"), "read", **how), 403, "sql-fixed-param-override")
            expect(world.ask_sql(named("get", None), "read", **how), 403, "sql-fixed-param-override")
            expect(world.ask_sql({"action": "export"}, "read", **how), 403, "sql-export-blocked")
            expect(world.ask_sql({"action": "batch", "statements": []}, "read", **how), 403, "sql-batch-blocked")
            wider = {**how, "caveats": BOTH}
            assert world.ask_sql(named("get", "b"), "read", **wider).status == 401
            assert world.ask_sql(named("get"), "read", **{**how, "caveats": None}).status == 401
            fact = [{"sqlCaveats": {"statements": [{"name": "get", "sql": "SELECT v FROM t"}]}}]
            assert json.loads(world.ask_sql(named("get"), "read", **how, fct=fact).text)["rows"] == [[10]]

    def I27_a_constrained_capability_beside_an_open_one_stays_constrained():
        with a_world() as world:
            proofs = [world.grant(A), world.grant(None, ability="write")]
            caps = {f"{world.space}/sql/app/main": {"tinycloud.sql/read": A, "tinycloud.sql/write": [{}]}}
            for body, wanted in (({"action": "query", "sql": "SELECT v FROM t"}, "sql-raw-query-blocked"),
                                 ({"action": "execute", "sql": "DELETE FROM t"}, "sql-raw-execute-blocked")):
                token = world.ucan(world.backend, world.backend.did_key, caps, 60, proofs)
                expect(world.post("/invoke", token, json.dumps(body)), 403, wanted)

    def revoked_grant_reads_nothing_more():
        with a_world() as world:
            proof = world.grant(A)
            how = {"by": world.backend, "proofs": [proof], "caveats": A}
            expect(world.ask_sql(named("get"), "read", **how), 200)
            world.revoke(proof)
            expect(world.ask_sql(named("get"), "read", **how), 401, "delegation-revoked: " + proof)


def allows(granted, used):
    """Does a grant under the first caveat admit an invocation under the second?"""
    if granted is OPEN:
        return True
    return used is not OPEN and (used is granted or granted is BOTH)


class Limits:
    def bombs_end_in_time_and_hold_up_nobody():
        bomb = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        with a_world("[global.deputy]\nsql_seconds = 1\nsql_workers = 1\n") as world, concurrent.futures.ThreadPoolExecutor(4) as pool:
            began = time.monotonic()
            bombs = [pool.submit(world.query, bomb, path=f"/bomb/{i}") for i in range(2)]
            time.sleep(0.2)
            assert world.rows("SELECT count(*) FROM t") == [[2]]
            for answer in bombs:
                expect(answer.result(), 400, "SQLite error: interrupted")
            assert time.monotonic() - began < 10
            assert world.node.stop() == 0

    def too_many_that_wait_are_told_so():
        bomb = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        with a_world("[global.deputy]\nsql_seconds = 2\nsql_workers = 1\n") as world, concurrent.futures.ThreadPoolExecutor(160) as pool:
            blocked = pool.submit(world.query, bomb)
            time.sleep(0.3)
            answers = [future.result() for future in [pool.submit(world.query, "SELECT 1") for _ in range(150)]]
            assert sorted({answer.status for answer in answers}) == [200, 503], {answer.status for answer in answers}
            blocked.result()

    def body_beyond_its_limit_is_refused():
        with a_world() as world:
            assert world.query("SELECT '" + "x" * 1000000 + "'").status == 413

    def concurrent_writers_all_succeed():
        with a_world() as world, concurrent.futures.ThreadPoolExecutor(8) as pool:
            for answer in [pool.submit(world.execute, "INSERT INTO t VALUES (?, ?)", f"k{i}", i) for i in range(64)]:
                expect(answer.result(), 200)
            assert world.rows("SELECT count(*) FROM t WHERE k LIKE 'k%'") == [[64]]

    def restart_keeps_what_was_acknowledged_and_what_was_used():
        with a_world() as world:
            token = world.ucan(world.session, world.session.did_key, world.caps("/app/main", "write", service="sql"), 60, [world.proof])
            body = json.dumps({"action": "execute", "sql": "INSERT INTO t VALUES ('z', 1)"})
            expect(world.post("/invoke", token, body), 200)
            world.node.kill()
            world.node.start()
            assert world.rows("SELECT v FROM t WHERE k = 'z'") == [[1]]
            expect(world.post("/invoke", token, body), 409, "duplicate invocation")

    def strict_replay_answers_reads_too():
        with a_world('[global.deputy]\nreplay = "strict"\n') as world:
            token = world.ucan(world.session, world.session.did_key, world.caps("/app/main", "read", service="sql"), 60, [world.proof])
            body = json.dumps({"action": "query", "sql": "SELECT 1 AS a"})
            expect(world.post("/invoke", token, body), 200)
            world.node.kill()
            world.node.start()
            expect(world.post("/invoke", token, body), 409, "duplicate invocation")
            expect(world.execute("DELETE FROM t"), 200)


class Hooks:
    def commit_tells_each_written_table_once():
        with a_world() as world:
            scope = {"space": world.space, "service": "sql", "pathPrefix": "app/main"}
            with Events(world.node, world.ticket([scope])) as events:
                expect(world.execute("INSERT INTO t VALUES ('a', 1)"), 400)
                expect(world.query("SELECT 1"), 200)
                expect(world.execute("CREATE TABLE u (a)"), 200)
                expect(world.ask_sql({"action": "batch", "statements": [
                    {"sql": "INSERT INTO u VALUES (1)"}, {"sql": "INSERT INTO t VALUES ('c', 1)"}, {"sql": "DELETE FROM u"}]}, "write"), 200)
                seen = [events.read()[1] for _ in range(2)]
            assert [(event["ability"], event["path"], event["eventIndex"]) for event in seen] == [
                ("tinycloud.sql/write", "app/main/u", 0), ("tinycloud.sql/write", "app/main/t", 1)], seen
            assert seen[0]["service"] == "sql" and seen[0]["actor"] == world.session.did_key

    def event_cut_off_by_a_crash_is_told_exactly_when_its_commit_was_made():
        with Node(DEPUTY, CONFIG + "[global.deputy]\ndev = true\n") as node:
            world = Sql(node).begin()
            expect(world.post("/hooks/webhooks", world.ucan(world.session, world.session.did_key, world.hooks("", "register"), 60, [world.proof]),
                              json.dumps({"space": world.space, "service": "sql", "callbackUrl": "http://127.0.0.1:9/", "secret": "s"}),
                              **{"Content-Type": "application/json"}), 200)
            token = world.ucan(world.session, world.session.did_key, world.caps("/app/main", "write", service="sql"), 60, [world.proof])
            expect(world.post("/invoke", token, json.dumps({"action": "execute", "sql": "DELETE FROM t WHERE k = 'a'"})), 200)
            assert node.stop() == 0
            [file] = (node.data / "sql").glob("*.db")
            with contextlib.closing(sqlite3.connect(file)) as database:
                [mark] = database.execute("PRAGMA application_id").fetchone()
            assert mark > 0
            with contextlib.closing(sqlite3.connect(node.data / "deputy.db")) as store:
                before = store.execute("SELECT count(*) FROM webhook_delivery").fetchone()[0]
                assert before == 1 and store.execute("SELECT count(*) FROM sql_intent").fetchone() == (0,)
                other = world.ucan(world.session, world.session.did_key, world.caps("/app/main", "write", service="sql"), 60, [world.proof])
                for number, path in ((mark - 1, "app/main/made"), (mark, "app/main/never-made")):
                    store.execute("INSERT INTO sql_intent VALUES (?, ?, ?, ?, ?)",
                                  (number, bytes.fromhex(file.stem), world.space, json.dumps([path]), other.encode()))
                store.commit()
            node.start()
            assert node.stop() == 0
            with contextlib.closing(sqlite3.connect(node.data / "deputy.db")) as store:
                told = [bytes(row[0]) for row in store.execute("SELECT CAST(body AS BLOB) FROM webhook_delivery")]
                assert store.execute("SELECT count(*) FROM sql_intent").fetchone() == (0,)
            assert len(told) == 2 and sum(b"app/main/made" in event for event in told) == 1, told


class Upkeep:
    def doctor_names_a_damaged_and_a_missing_database():
        with a_world() as world:
            node = world.node
            assert "sql: 1 checked" in node.verb("doctor").stderr
            assert node.stop() == 0
            [file] = (node.data / "sql").glob("*.db")
            whole = file.read_bytes()
            file.write_bytes(whole[:4096] + bytes(4096) + whole[8192:])
            findings = json.loads(node.verb("doctor", "--json").stdout)["findings"]
            assert any(f["check"] == "sql" and "damaged" in f["problem"] for f in findings), findings
            file.unlink()
            done = node.verb("doctor", "--json")
            assert done.returncode == 1 and "missing" in done.stdout, done

    def backup_holds_the_databases_and_serves_when_restored():
        with a_world() as world:
            node = world.node
            done = node.verb("backup", str(node.directory / "copy"))
            assert done.returncode == 0, done
            expect(world.execute("DELETE FROM t"), 200)
            assert node.stop() == 0
            shutil.rmtree(node.data)
            assert node.verb("restore", str(node.directory / "copy")).returncode == 0
            node.start()
            assert world.rows("SELECT count(*) FROM t") == [[2]]

    def collection_leaves_databases_and_takes_what_belongs_to_none():
        with a_world() as world:
            folder = world.node.data / "sql"
            stray = [folder / ("0" * 64 + ".db"), folder / ("0" * 64 + ".db-wal"), next(folder.glob("*.db")).with_suffix(".db.copy")]
            for path in stray:
                path.write_bytes(b"x")
                os.utime(path, (1, 1))
            (folder / "note.txt").write_bytes(b"not ours")
            done = world.node.verb("gc")
            assert done.returncode == 0, done
            assert not any(path.exists() for path in stray) and (folder / "note.txt").exists()
            assert world.rows("SELECT count(*) FROM t") == [[2]]

    def usage_counts_what_databases_take():
        with a_world() as world:
            with contextlib.closing(sqlite3.connect(world.node.data / "deputy.db")) as store:
                [[used]] = store.execute("SELECT used FROM space").fetchall()
                [[size]] = store.execute("SELECT bytes FROM sql_database").fetchall()
            assert used == size >= 8192


if __name__ == "__main__":
    run([check for group in (Caveats, Limits, Hooks, Upkeep) for name, check in vars(group).items() if not name.startswith("__")])

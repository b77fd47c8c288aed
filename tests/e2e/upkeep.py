#!/usr/bin/env python3
"""Looking after a node's data: doctor, backup, restore and gc, beside a running node and while it is down.

usage: upkeep.py DEPUTY
"""
import concurrent.futures
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.hooked import JSON, Hooked  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

DEPUTY = sys.argv[1]
LARGE = bytes(range(256)) * 1024  # 256 KiB: a file, not a row


def revoke(world, child):
    token = world.ucan(world.session, world.session.did_key, {"urn:cid:" + child: {"tinycloud.delegation/revoke": [{}]}})
    expect(world.post("/revoke", token), 200)


@contextlib.contextmanager
def furnished():
    """A running node with values small, large, replaced and deleted, a chain of two, and two revocations."""
    with Node(DEPUTY, CONFIG) as node:
        world = World(node)
        world.proof = world.sign_in()
        world.child = world.pass_on(world.proof, world.caps("/notes/", "get"))
        for path in ("old/", "older/"):
            revoke(world, world.pass_on(world.proof, world.caps("/" + path, "get")))
        for path, body in (("notes/a", "first"), ("notes/a", "second"), ("gone", "x"), ("large", LARGE)):
            expect(world.invoke(world.session, world.proof, path, "put", body), 200)
        expect(world.invoke(world.session, world.proof, "gone", "del"), 200)
        yield node, world


def database(node):
    return sqlite3.connect(node.data / "deputy.db")


def change(node, sql, *arguments):
    with contextlib.closing(database(node)) as connection:
        count = connection.execute(sql, arguments).rowcount
        connection.commit()
    assert count > 0, f"nothing changed: {sql}"


def the_file(node):
    [path] = [path for path in (node.data / "blobs").iterdir() if path.is_file()]
    return path


def doctor_says(node, check, problem):
    done = node.verb("doctor", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert done.returncode == 1, done
    assert any(f["check"] == check and problem in f["problem"] for f in findings), findings
    return findings


def doctor_is_content(node):
    done = node.verb("doctor")
    assert done.returncode == 0 and "nothing wrong" in done.stdout, done


def edited(sql, check, problem, *arguments):
    """The doctor says what was edited by hand, in a database that was in order before."""
    with furnished() as (node, _):
        doctor_is_content(node)
        assert node.stop() == 0
        change(node, sql, *arguments)
        return doctor_says(node, check, problem)


@contextlib.contextmanager
def with_sealed_rows():
    """A stopped node, in order, that holds a ticket for a value, a webhook and a delivery that waits."""
    with Node(DEPUTY, CONFIG + "[global.deputy]\ndev = true\n") as node:
        world = Hooked(node).begin()
        world.put("a", "kept")
        token = world.ucan(world.session, world.session.did_key, world.caps("/a", "get"), 60, [world.proof])
        expect(world.post("/signed/kv", token, tokens.json.dumps({"space": world.space, "path": "a"}), **JSON), 200)
        world.webhook("http://127.0.0.1:1/")
        world.put("b", "told")  # and a delivery that waits
        assert node.stop() == 0
        doctor_is_content(node)
        yield node


class Doctor:
    def is_content_beside_a_running_node_and_after_it():
        with furnished() as (node, world):
            done = node.verb("doctor")
            assert done.returncode == 0 and "nothing wrong" in done.stdout, done
            assert "delegations: 5 checked" in done.stderr and "revocations: 2 checked" in done.stderr, done.stderr
            assert json.loads(node.verb("doctor", "--json").stdout)["ok"] is True
            assert node.stop() == 0
            doctor_is_content(node)

    def is_content_while_the_node_writes():
        with furnished() as (node, world), concurrent.futures.ThreadPoolExecutor(4) as pool:
            puts = [pool.submit(world.invoke, world.session, world.proof, f"busy/{i}", "put", LARGE if i % 4 == 0 else "x")
                    for i in range(80)]
            while not all(put.done() for put in puts):
                doctor_is_content(node)
            assert {put.result().status for put in puts} == {200}

    def H18_widened_ability_in_the_token_is_named():
        wider = b"tinycloud.kv/*"
        with furnished() as (node, world):
            assert node.stop() == 0
            with contextlib.closing(database(node)) as connection:
                [(token,)] = connection.execute("SELECT bytes FROM delegation WHERE delegatee = ? AND CAST(bytes AS TEXT) LIKE 'ey%'"
                                                " ORDER BY id LIMIT 1", (world.backend.did_key,)).fetchall()
            head, payload, signature = token.split(b".")
            opened = tokens.base64.urlsafe_b64decode(payload + b"==").replace(b"tinycloud.kv/get", wider)
            forged = b".".join((head, tokens.b64url(opened).encode(), signature))
            change(node, "UPDATE delegation SET bytes = ? WHERE bytes = ?", forged, token)
            found = doctor_says(node, "delegations", "not the one that its id names")
            assert world.child in [finding["subject"] for finding in found], found
            # with an id that fits, it is the seal that does not
            change(node, "UPDATE delegation SET digest = ? WHERE bytes = ?", tokens.hashes.blake3(forged), forged)
            doctor_says(node, "delegations", "seal")

    def H18_changed_delegatee_is_named_and_admits_nobody():
        with furnished() as (node, world):
            assert node.stop() == 0
            change(node, "UPDATE delegation SET delegatee = ? WHERE delegatee = ?", world.stranger.did_key, world.backend.did_key)
            doctor_says(node, "delegations", "delegatee")
            node.start()
            answer = world.invoke(world.stranger, world.child, "notes/a", "get")
            assert answer.status == 401, answer.text
            expect(world.invoke(world.backend, world.child, "notes/a", "get"), 200, "second")

    def H18_changed_columns_are_named():
        for column, value, problem in (("delegator", "'did:key:zMallory'", "delegator"), ("expires", "expires + 1", "expiry"),
                                       ("expires", "NULL", "expiry"), ("not_before", "1", "begin"),
                                       ("signed_digest", "zeroblob(32)", "seal"), ("parents", "x''", "seal"),
                                       ("seal", "zeroblob(32)", "seal")):
            edited(f"UPDATE delegation SET {column} = {value} WHERE length(parents) > 0", "delegations", problem)

    def H18_deleted_revocation_is_noticed_by_the_doctor_and_at_start():
        with furnished() as (node, world):
            assert node.stop() == 0
            change(node, "DELETE FROM revocation WHERE id = (SELECT max(id) FROM revocation)")
            doctor_says(node, "revocations", "deleted")
            try:
                node.start()
            except RuntimeError as refused:
                assert "list of revocations was changed" in str(refused), refused
            else:
                raise AssertionError("the node started without its revocation")

    def edited_revocation_is_noticed():
        edited("UPDATE revocation SET target = zeroblob(32)", "revocations", "edited")

    def changed_invocation_is_noticed():
        edited("UPDATE invocation SET bytes = x'00' WHERE id = 1", "invocations", "id names")

    def changed_value_is_noticed():
        edited("UPDATE kv_event SET value = CAST('forged' AS BLOB), size = 6 WHERE id = 2", "values", "hash")

    def listing_for_a_space_that_was_not_signed_is_noticed():
        edited("INSERT INTO delegation_space SELECT 'tinycloud:key:z6MkElsewhere:default', id FROM delegation WHERE length(parents) > 0",
               "delegations", "listed for a space that its token does not name")
        edited("UPDATE delegation_space SET space = 'tinycloud:key:z6MkElsewhere:default' WHERE delegation = (SELECT max(id) FROM delegation)",
               "delegations", "listed for a space that its token does not name")

    def delegation_taken_out_of_its_listing_is_noticed():
        edited("DELETE FROM delegation_space WHERE delegation = (SELECT max(id) FROM delegation)", "delegations", "not listed for every space")

    def changed_time_of_issue_is_noticed():
        edited("UPDATE delegation SET issued = 1", "delegations", "issue")

    def usage_that_is_not_the_sum_is_noticed():
        """Less than it holds would let a space write past its quota."""
        edited("UPDATE space SET used = 0 WHERE used > 0", "usage", "not the sum")
        edited("UPDATE content SET size = size - 1", "usage", "not counted with its size")
        edited("DELETE FROM content", "usage", "not counted with its size")

    def changed_ticket_is_noticed():
        for change_of in ("key = CAST('b' AS BLOB)", "expires = expires + 1", "hash = zeroblob(32)", "invocation = x'00'", "seal = zeroblob(32)"):
            with with_sealed_rows() as node:
                change(node, f"UPDATE ticket SET {change_of}")
                doctor_says(node, "tickets", "seal")

    def changed_webhook_is_noticed():
        for change_of in ("url = 'http://127.0.0.1:2/'", "proofs = x''", "abilities = abilities + 1", "secret = x'00'", "prefix = ''"):
            with with_sealed_rows() as node:
                change(node, f"UPDATE webhook SET {change_of}")
                doctor_says(node, "webhooks", "seal")

    def delivery_to_no_webhook_is_noticed():
        with with_sealed_rows() as node:
            change(node, "INSERT INTO webhook_delivery (webhook, event, body, attempts, due) VALUES (99, 'e', '{}', 0, 0)")
            doctor_says(node, "database", "refers to one that is not there")

    def damaged_delivery_is_noticed():
        for change_of, problem in (("webhook_delivery SET body = '{}'", "not that of its event: delete the row"),
                                   ("webhook_delivery SET due = -1", "out of bounds: set due to 0"),
                                   ("webhook_waiting SET waiting = 5", "start the node again")):
            with with_sealed_rows() as node:
                change(node, f"UPDATE {change_of}")
                found = doctor_says(node, "deliveries", problem)
                assert any(change_of.split()[0] in f["subject"] for f in found), found

    def damaged_event_of_an_sql_commit_is_noticed():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in(world.caps("", "*", service="sql"))
            token = world.ucan(world.session, world.session.did_key, world.caps("/app", "write", service="sql"), 60, [proof])
            expect(world.post("/invoke", token, json.dumps({"action": "execute", "sql": "CREATE TABLE t (v)", "params": []})), 200)
            assert node.stop() == 0
            change(node, "INSERT INTO sql_intent (name, space, paths, invocation) SELECT d.name, s.name, '[\"app/t\"]', t.bytes"
                         " FROM sql_database d JOIN space s ON s.id = d.space JOIN delegation t LIMIT 1")
            doctor_is_content(node)
            change(node, "UPDATE sql_intent SET invocation = x'00'")
            doctor_says(node, "intents", "no token that its issuer signed: delete the row")
            change(node, "UPDATE sql_intent SET name = zeroblob(32)")
            found = doctor_says(node, "intents", "an SQL database that is not there")
            assert [f["subject"] for f in found if f["check"] == "intents"] == ["sql_intent 1"], found

    def replay_that_never_ends_is_noticed():
        with with_sealed_rows() as node:
            change(node, "INSERT INTO replay (fingerprint, expires) VALUES (zeroblob(16), 9223372036854775807)")
            doctor_says(node, "replays", "out of bounds: leave the node stopped")

    def malformed_page_of_used_invocations_is_noticed():
        with with_sealed_rows() as node:
            with contextlib.closing(database(node)) as connection:
                connection.execute("PRAGMA ignore_check_constraints = ON")
                connection.execute("INSERT INTO replay_page (expires, entries) VALUES (9999999999, x'00')")
                connection.commit()
            doctor_says(node, "database", "damaged")
            doctor_says(node, "replays", "its entries cannot be read")

    def older_value_made_current_is_noticed():
        edited("UPDATE kv_current SET event = 1 WHERE event = 2", "events", "newest")

    def key_that_vanished_is_noticed():
        edited("DELETE FROM kv_current WHERE event = 2", "events", "newest")

    def deleted_key_made_live_is_noticed():
        edited("UPDATE kv_current SET live = 1 WHERE live = 0", "events", "newest")

    def changed_or_missing_file_is_noticed():
        with furnished() as (node, _):
            assert node.stop() == 0
            path = the_file(node)
            content = path.read_bytes()
            path.write_bytes(content[:-1] + b"!")
            doctor_says(node, "files", "not the value")
            path.write_bytes(content[:-1])
            doctor_says(node, "files", "not the value")
            path.unlink()
            doctor_says(node, "files", "missing")

    def damaged_page_is_noticed():
        with furnished() as (node, _):
            assert node.stop() == 0
            with open(node.data / "deputy.db", "r+b") as file:
                for page in range(2, 12):
                    file.seek(4096 * page + 8)
                    file.write(b"\xff" * 64)
            assert node.verb("doctor").returncode == 1

    def orphan_file_is_told_and_no_damage():
        with furnished() as (node, _):
            (node.data / "blobs" / ("ab" * 32)).write_bytes(b"cut off")
            done = node.verb("doctor", "--json")
            assert done.returncode == 0 and json.loads(done.stdout)["orphan_files"] == 1, done

    def what_it_cannot_tell_is_exit_2():
        with furnished() as (node, _):
            assert node.verb("doctor", "--data", "/nowhere").returncode == 2
            node.environment = {"TINYCLOUD_KEYS__SECRET": tokens.b64url(b"another secret of at least 32 bytes")}
            done = node.verb("doctor")
            assert done.returncode == 2 and "another node secret" in done.stderr, done
            assert node.verb("doctor", "--dataa", "x").returncode == 2


class Backup:
    def of_a_running_node_is_whole_and_serves_when_restored():
        with furnished() as (node, world), concurrent.futures.ThreadPoolExecutor(4) as pool:
            target = node.directory / "backup"
            before = [world.invoke(world.session, world.proof, f"before/{i}", "put", LARGE + bytes([i])) for i in range(4)]
            assert {answer.status for answer in before} == {200}
            puts = [pool.submit(world.invoke, world.session, world.proof, f"busy/{i}", "put", LARGE + bytes([i])) for i in range(40)]
            done = node.verb("backup", str(target))
            assert done.returncode == 0, done
            assert {put.result().status for put in puts} == {200}
            assert node.stop() == 0
            shutil.rmtree(node.data)
            done = node.verb("restore", str(target))
            assert done.returncode == 0, done
            doctor_is_content(node)
            node.start()
            expect(world.invoke(world.session, world.proof, "notes/a", "get"), 200, "second")
            for i in range(4):
                assert world.invoke(world.session, world.proof, f"before/{i}", "get").body == LARGE + bytes([i])
            expect(world.invoke(world.session, world.proof, "gone", "get"), 404)
            assert sorted(path.name for path in target.iterdir()) == ["blobs", "deputy.db", "sql", "upkeep.lock"]

    def never_overwrites():
        with furnished() as (node, _):
            target = node.directory / "backup"
            target.mkdir()
            (target / "theirs").write_text("precious")
            done = node.verb("backup", str(target))
            assert done.returncode == 1 and "holds something" in done.stderr, done
            assert (target / "theirs").read_text() == "precious"
            (target / "theirs").unlink()
            assert node.verb("backup", str(target)).returncode == 0
            done = node.verb("restore", str(target))
            assert done.returncode == 1 and "holds something" in done.stderr, done
            doctor_is_content(node)

    def of_damaged_data_is_refused_and_leaves_nothing():
        with furnished() as (node, _):
            assert node.stop() == 0
            change(node, "UPDATE kv_event SET value = x'00' WHERE id = 1")
            done = node.verb("backup", str(node.directory / "backup"))
            assert done.returncode == 1 and "values:" in done.stdout, done
            assert not [path for path in node.directory.iterdir() if path.name.startswith("backup")]

    def changed_by_hand_is_not_restored():
        with furnished() as (node, _):
            target = node.directory / "backup"
            assert node.verb("backup", str(target)).returncode == 0
            assert node.stop() == 0
            shutil.rmtree(node.data)
            with contextlib.closing(sqlite3.connect(target / "deputy.db")) as connection:
                connection.execute("DELETE FROM revocation WHERE id = 1")
                connection.commit()
            done = node.verb("restore", str(target))
            assert done.returncode == 1 and "revocations:" in done.stdout, done
            assert not node.data.exists() and not (node.directory / "data.part").exists()

    def is_of_no_use_without_the_secret():
        with furnished() as (node, _):
            assert node.verb("backup", str(node.directory / "backup")).returncode == 0
            node.environment = {"TINYCLOUD_KEYS__SECRET": tokens.b64url(b"another secret of at least 32 bytes")}
            done = node.verb("restore", str(node.directory / "backup"), "--data", str(node.directory / "elsewhere"))
            assert done.returncode == 1 and "another node secret" in done.stderr, done


def collected(node, grace=0):
    done = node.verb("gc", "--json", "--grace", str(grace))
    assert done.returncode == 0, done
    return json.loads(done.stdout)


class Collection:
    def removes_what_no_answer_depends_on_beside_a_running_node():
        with furnished() as (node, world):
            expect(world.invoke(world.session, world.proof, "large", "put", LARGE + b"newer"), 200)
            (node.data / "blobs" / ("ab" * 32)).write_bytes(b"cut off")
            time.sleep(1.1)  # the grace counts seconds
            removed = collected(node)
            assert removed["values"] == 2 and removed["files"] == 2, removed
            expect(world.invoke(world.session, world.proof, "notes/a", "get"), 200, "second")
            assert world.invoke(world.session, world.proof, "large", "get").body == LARGE + b"newer"
            expect(world.invoke(world.session, world.proof, "gone", "get"), 404)
            doctor_is_content(node)
            assert collected(node)["files"] == 0

    def leaves_alone_what_is_younger_than_the_grace():
        with furnished() as (node, _):
            (node.data / "blobs" / ("ab" * 32)).write_bytes(b"under way")
            assert collected(node, 3600) == {"values": 0, "files": 0, "bytes": 0, "delegations": 0, "invocations": 0}

    def H10_expired_leaves_go_and_what_is_cited_stays():
        with Node(DEPUTY, CONFIG) as node:
            world = World(node)
            proof = world.sign_in()
            middle = world.pass_on(proof, world.caps("/notes/", "get"), seconds=2)
            again = world.ucan(world.backend, world.stranger.did_key, world.caps("/notes/a", "get"), 2, [middle])
            expect(world.delegate(again), 200)
            kept = world.pass_on(proof, world.caps("/notes/", "get"))
            assert collected(node)["delegations"] == 0
            time.sleep(3.1)
            assert collected(node)["delegations"] == 2, "the expired leaf, and the parent that became one"
            expect(world.invoke(world.session, proof, "notes/a", "get"), 404)
            expect(world.invoke(world.backend, kept, "notes/a", "get"), 404)
            doctor_is_content(node)

    def H10_expired_parent_of_a_stored_child_stays():
        """No chain admits such a child; if a database holds one, its parent is cited all the same."""
        with furnished() as (node, _):
            assert node.stop() == 0
            change(node, "UPDATE delegation SET expires = 1 WHERE length(parents) = 0 AND expires IS NOT NULL")
            assert collected(node)["delegations"] == 0

    def puts_beside_it_lose_nothing():
        """The same content is put again and again while its file is an orphan again and again."""
        with furnished() as (node, world), concurrent.futures.ThreadPoolExecutor(4) as pool:
            def turn(i):
                expect(world.invoke(world.session, world.proof, f"turn/{i}", "put", LARGE + b"same"), 200)
                answer = world.invoke(world.session, world.proof, f"turn/{i}", "get")
                assert answer.status == 200 and answer.body == LARGE + b"same", answer.status
                expect(world.invoke(world.session, world.proof, f"turn/{i}", "del"), 200)

            turns = [pool.submit(turn, i) for i in range(40)]
            while not all(one.done() for one in turns):
                collected(node, 60)
            for one in turns:
                one.result()
            doctor_is_content(node)

    def no_file_is_published_while_one_is_judged():
        """Who removes holds the names alone; who publishes shares them."""
        with furnished() as (node, world), concurrent.futures.ThreadPoolExecutor(1) as pool:
            names = os.open(node.data / "blobs", os.O_RDONLY)
            try:
                fcntl.flock(names, fcntl.LOCK_EX)
                put = pool.submit(world.invoke, world.session, world.proof, "waits", "put", LARGE + b"waits")
                time.sleep(0.5)
                assert not put.done(), put.result().text
                fcntl.flock(names, fcntl.LOCK_SH)
                expect(put.result(), 200)
                gc = pool.submit(collected, node, 3600)
                time.sleep(0.5)
                assert not gc.done(), gc.result()
            finally:
                os.close(names)
            assert gc.result()["files"] == 0

    def stands_back_for_a_backup():
        with furnished() as (node, _):
            with open(node.data / "upkeep.lock", "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH)
                done = node.verb("gc", "--grace", "0")
                assert done.returncode == 1 and "under way" in done.stderr, done
                assert node.verb("backup", str(node.directory / "one")).returncode == 0
                fcntl.flock(lock, fcntl.LOCK_EX)
                done = node.verb("backup", str(node.directory / "two"))
                assert done.returncode == 1 and "under way" in done.stderr, done


if __name__ == "__main__":
    os.umask(0o077)
    run([check for group in (Doctor, Backup, Collection) for name, check in vars(group).items() if not name.startswith("__")])

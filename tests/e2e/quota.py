#!/usr/bin/env python3
"""Quotas of spaces on a data node: what holds under concurrency, what nobody else learns, what the administrator may.

usage: quota.py DEPUTY
"""
import concurrent.futures
import pathlib
import shutil
import socket
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.limits import Limits  # noqa: E402
from kit.node import Node, free_port  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

DEPUTY = sys.argv[1]
ADMIN = {"Authorization": "Bearer of the tests"}


def limited(limit):
    return Node(DEPUTY, CONFIG + f'limit = "{limit}"\n', {"TINYCLOUD_ADMIN_SECRET": "of the tests"})


def usage(node, world):
    answer = node.request("GET", "/admin/quota/" + world.space.replace(":", "%3A"), ADMIN)
    expect(answer, 200)
    return tokens.json.loads(answer.text)["current_usage_bytes"]


def parallel_puts_never_exceed_the_limit():
    """Each fits when it is asked for alone; together they do not, and the writer counts."""
    with limited("1000 B") as node:
        world = World(node)
        proof = world.sign_in()
        puts = [world.ucan(world.session, world.session.did_key, world.caps(f"/n/{i}", "put"), proofs=[proof]) for i in range(40)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda i: world.post("/invoke", puts[i], f"{i:0100}"), range(40)))
        assert [a.status for a in answers].count(200) == 10, {a.status: a.text for a in answers}
        assert all(a.text.endswith("Limit: 1000 bytes") for a in answers if a.status != 200), [a.text for a in answers]
        assert {a.status for a in answers} <= {200, 402, 413} and usage(node, world) == 1000
        assert len(tokens.json.loads(world.invoke(world.session, proof, "n/", "list").text)) == 10


FORM = {"Content-Type": "multipart/form-data; boundary=frontier"}


def form(**parts):
    return "".join(f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()) + "--frontier--\r\n"


def batch_is_measured_as_a_whole():
    with limited("10 B") as node:
        world = World(node)
        proof = world.sign_in()

        def put(**parts):
            att = {resource: abilities for name in parts for resource, abilities in world.caps("/" + name, "put").items()}
            return world.post("/invoke", world.ucan(world.session, world.session.did_key, att, 60, [proof]), form(**parts), **FORM)

        expect(put(a="123456", b="78901"), 413, "Write exceeds remaining storage. Used: 0 bytes, Limit: 10 bytes")
        assert usage(node, world) == 0
        expect(put(a="123456", b="7890"), 200)
        expect(put(c="x"), 402, "Storage quota exceeded. Used: 10 bytes, Limit: 10 bytes")


def unadmitted_token_learns_nothing_of_a_quota():
    with limited("10 B") as node:
        world = World(node)
        proof = world.sign_in()
        expect(world.invoke(world.session, proof, "a", "put", "0123456789"), 200)
        expect(world.invoke(world.session, proof, "b", "put", "x"), 402, "Storage quota exceeded. Used: 10 bytes, Limit: 10 bytes")
        answer = world.invoke(world.stranger, proof, "b", "put", "x" * 100)
        assert answer.status == 401 and "Limit" not in answer.text, answer.text
        expect(node.request("GET", "/admin/usage", {"Authorization": "Bearer wrong"}), 401)


def body_of_unknown_length_stops_at_the_limit():
    with limited("100000 B") as node:
        world = World(node)
        proof = world.sign_in()
        token = world.ucan(world.session, world.session.did_key, world.caps("/chunks", "put"), proofs=[proof])
        with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
            raw.sendall(f"POST /invoke HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            raw.sendall((b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 4)  # and no end: it is not waited for
            answer = raw.recv(4096)
        assert answer.startswith(b"HTTP/1.1 413 ") and b"Used: 0 bytes, Limit: 100000 bytes" in answer, answer
        assert usage(node, world) == 0


def large_body_is_refused_before_it_is_sent():
    with limited("100000 B") as node:
        world = World(node)
        proof = world.sign_in()
        token = world.ucan(world.session, world.session.did_key, world.caps("/large", "put"), proofs=[proof])
        with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
            raw.sendall(f"POST /invoke HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: 100001\r\n"
                        "Expect: 100-continue\r\n\r\n".encode())
            assert raw.recv(4096).startswith(b"HTTP/1.1 413 ")


def full_space_can_be_read_listed_and_emptied():
    with limited("5 B") as node:
        world = World(node)
        proof = world.sign_in()
        expect(world.invoke(world.session, proof, "a", "put", "hello"), 200)
        expect(world.invoke(world.session, proof, "a", "get"), 200, "hello")
        expect(world.invoke(world.session, proof, "", "list"), 200, '["a"]')
        expect(world.invoke(world.session, proof, "a", "del"), 200)
        expect(world.invoke(world.session, proof, "a", "put", "x"), 402)


def usage_survives_a_restart_and_overrides_do_not():
    with limited("10 B") as node:
        world = World(node)
        proof = world.sign_in()
        path = "/admin/quota/" + world.space.replace(":", "%3A")
        expect(world.invoke(world.session, proof, "a", "put", "0123456789"), 200)
        expect(node.request("PUT", path, ADMIN, '{"limit_bytes":11}'), 200)
        expect(world.invoke(world.session, proof, "b", "put", "x"), 200)
        assert node.stop() == 0
        node.start()
        assert usage(node, world) == 11
        expect(world.invoke(world.session, proof, "c", "put", "x"), 402, "Storage quota exceeded. Used: 11 bytes, Limit: 10 bytes")


def administration_without_a_secret_is_off():
    with Node(DEPUTY, CONFIG) as node:
        for header in ({}, {"Authorization": "Bearer "}):
            for path in ("/admin/usage", "/admin/quota", "/admin/quota/x"):
                expect(node.request("GET", path, header), 503)


def malformed_administration_is_refused():
    with limited("10 B") as node:
        world = World(node)
        path = "/admin/quota/" + world.space.replace(":", "%3A")
        for body in ("", "{}", '{"limit_bytes":-1}', '{"limit_bytes":"5"}', '{"limit_bytes":1e30}'):
            expect(node.request("PUT", path, ADMIN, body), 400)
        expect(node.request("PUT", "/admin/quota/nonsense", ADMIN, '{"limit_bytes":1}'), 400, "Invalid space ID")
        assert tokens.json.loads(node.request("GET", "/admin/quota", ADMIN).text) == {"overrides": {}, "default_limit_bytes": 10}
        assert usage(node, world) is None


# ---- 03 14.2: an outside service says what spaces may hold ----


def asking(limits, default="10 B", more="", **settings):
    """A node that asks the service, whose own default is small."""
    config = CONFIG + f'limit = "{default}"\n' + more
    return Node(DEPUTY, config, {"TINYCLOUD_ADMIN_SECRET": "of the tests", "TINYCLOUD_QUOTA_URL": limits if isinstance(limits, str) else limits.url, **settings})


def quota_of(node, world):
    answer = node.request("GET", "/admin/quota/" + world.space.replace(":", "%3A"), ADMIN)
    expect(answer, 200)
    return tokens.json.loads(answer.text)


def eventually(check, seconds=10):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def service_says_what_a_space_may_hold():
    with Limits(20) as limits, asking(limits) as node:
        world = World(node)
        proof = world.sign_in()
        assert limits.asked == [], "hosting a space asks"
        expect(world.invoke(world.session, proof, "a", "put", "x" * 15), 200)
        expect(world.invoke(world.session, proof, "b", "put", "x" * 6), 413, "Write exceeds remaining storage. Used: 15 bytes, Limit: 20 bytes")
        assert limits.asked == ["/base/api/quota/" + world.space], limits.asked
        assert limits.headers[0]["accept"] == "application/json" and "authorization" not in limits.headers[0], limits.headers
        assert quota_of(node, world) == {"space_id": world.space, "override_bytes": None, "effective_limit_bytes": 20, "current_usage_bytes": 15}
        assert tokens.json.loads(node.request("GET", "/info").text)["quota_url"] == limits.url


def a_limit_of_nothing_holds():
    with Limits(0) as limits, asking(limits) as node:
        world = World(node)
        proof = world.sign_in()
        expect(world.invoke(world.session, proof, "a", "put", "x"), 402, "Storage quota exceeded. Used: 0 bytes, Limit: 0 bytes")


def everything_but_a_number_of_bytes_leaves_the_default():
    bad = [(200, text) for text in ("", "nonsense", "null", "[20]", "{}", '{"storage_limit_bytes":-1}', '{"storage_limit_bytes":NaN}',
                                    '{"storage_limit_bytes":1.5}', '{"storage_limit_bytes":"20"}', '{"storage_limit_bytes":1e30}',
                                    '{"storage_limit_bytes":20}' + " " * 10000)]
    bad += [(500, '{"storage_limit_bytes":20}'), (404, ""), (302, ""), (307, ""), (200, None)]
    with Limits() as limits, asking(limits) as node:
        for i, answer in enumerate(bad):
            limits.answer = answer
            world = World(node, f"bad{i}")
            proof = world.sign_in()
            expect(world.invoke(world.session, proof, "a", "put", "x" * 10), 200)
            expect(world.invoke(world.session, proof, "b", "put", "y"), 402, "Storage quota exceeded. Used: 10 bytes, Limit: 10 bytes")
        assert len(limits.asked) == len(bad) and "/elsewhere" not in limits.asked, limits.asked
        assert node.log_text().count("quota.unanswered") == 1, "each failure is logged"


def service_that_is_down_stops_nobody():
    with asking(f"http://127.0.0.1:{free_port()}") as node:
        world = World(node)
        proof = world.sign_in()
        expect(world.invoke(world.session, proof, "a", "put", "x" * 10), 200)
        expect(world.invoke(world.session, proof, "b", "put", "y"), 402, "Storage quota exceeded. Used: 10 bytes, Limit: 10 bytes")
        assert "quota.unanswered" in node.log_text() and "http-connect" in node.log_text(), node.log_text()


def without_a_default_there_is_no_limit_when_it_fails():
    with Limits((500, "")) as limits, asking(limits, default="0 B") as node:
        world = World(node)
        proof = world.sign_in()
        expect(world.invoke(world.session, proof, "a", "put", "x" * 1000), 200)
        assert quota_of(node, world)["effective_limit_bytes"] is None


def slow_service_keeps_one_write_waiting_three_seconds_and_nothing_else():
    with Limits(20, seconds=8) as limits, asking(limits, TINYCLOUD_DEPUTY__THREADS="1") as node:
        world, other = World(node), World(node, "public")
        proof, public = world.sign_in(), other.sign_in()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            slow = pool.submit(world.invoke, world.session, proof, "a", "put", "x" * 9)
            eventually(lambda: limits.asked)
            for _ in range(5):
                asked = time.monotonic()
                expect(node.request("GET", "/healthz"), 200)
                expect(world.invoke(world.session, proof, "a", "get"), 404)
                expect(other.invoke(other.session, public, "a", "put", "z"), 200)  # has a limit of its own
                assert time.monotonic() - asked < 1
            assert not slow.done()
            expect(slow.result(), 200)
            assert 2.5 < time.monotonic() - began < 5
        began = time.monotonic()
        expect(world.invoke(world.session, proof, "b", "put", "x" * 9), 413, "Write exceeds remaining storage. Used: 9 bytes, Limit: 10 bytes")
        assert time.monotonic() - began < 1, "it is asked again at once"


def peer_that_goes_while_its_write_waits_is_forgotten():
    with Limits(20, seconds=1) as limits, asking(limits) as node:
        world = World(node)
        proof = world.sign_in()
        token = world.ucan(world.session, world.session.did_key, world.caps("/a", "put"), proofs=[proof])
        with socket.create_connection(("127.0.0.1", node.port), timeout=10) as raw:
            raw.sendall(f"POST /invoke HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: 5\r\n\r\n".encode())
            eventually(lambda: limits.asked)
        time.sleep(1.5)
        expect(world.invoke(world.session, proof, "a", "get"), 404)
        expect(world.invoke(world.session, proof, "a", "put", "x"), 200)
        assert len(limits.asked) == 1


def ending_while_a_write_waits_is_clean():
    with Limits(20, seconds=8) as limits, asking(limits) as node:
        world = World(node)
        proof = world.sign_in()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            slow = pool.submit(world.invoke, world.session, proof, "a", "put", "x")
            eventually(lambda: limits.asked)
            assert node.stop() == 0, node.log_text()
            try:
                slow.result()
            except OSError:
                pass  # cut off


def writers_of_one_space_share_one_question():
    with Limits(1000, seconds=0.5) as limits, asking(limits) as node:
        world = World(node)
        proof = world.sign_in()
        puts = [world.ucan(world.session, world.session.did_key, world.caps(f"/n/{i}", "put"), proofs=[proof]) for i in range(20)]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda i: world.post("/invoke", puts[i], f"{i:0100}"), range(20)))
        assert [a.status for a in answers].count(200) == 10, {a.status: a.text for a in answers}
        assert len(limits.asked) == 1, limits.asked


def body_that_waits_with_its_write_arrives_whole():
    """Sent with the head, before it is known what the space may hold; small, and streamed."""
    with Limits(10_000_000, seconds=0.5) as limits, asking(limits) as node:
        for name, size in (("small", 100), ("large", 3_000_000)):
            world = World(node, name)
            proof = world.sign_in()
            expect(world.invoke(world.session, proof, "a", "put", name[0] * size), 200)
            expect(world.invoke(world.session, proof, "a", "get"), 200, name[0] * size)
        assert len(limits.asked) == 2


def batch_waits_for_the_limit_and_is_measured_by_it():
    with Limits(15, seconds=0.3) as limits, asking(limits) as node:
        world = World(node)
        proof = world.sign_in()
        att = {resource: abilities for name in "ab" for resource, abilities in world.caps("/" + name, "put").items()}

        def put(a, b):
            return world.post("/invoke", world.ucan(world.session, world.session.did_key, att, 60, [proof]), form(a=a, b=b), **FORM)

        expect(put("x" * 8, "y" * 8), 413, "Write exceeds remaining storage. Used: 0 bytes, Limit: 15 bytes")
        expect(put("x" * 8, "y" * 7), 200)
        assert len(limits.asked) == 1


def sql_is_held_to_the_limit():
    with Limits(5000) as limits, asking(limits, default="0 B") as node:
        world = World(node)
        proof = world.sign_in(world.caps("", "*", service="sql"))

        def execute(sql, ability="write"):
            token = world.ucan(world.session, world.session.did_key, world.caps("/app", ability, service="sql"), 60, [proof])
            return world.post("/invoke", token, tokens.json.dumps({"action": "query" if ability == "read" else "execute", "sql": sql, "params": []}))

        expect(execute("CREATE TABLE t (v)"), 200)
        assert limits.asked == ["/base/api/quota/" + world.space], limits.asked
        answer = execute("INSERT INTO t VALUES ('x')")
        assert answer.status == 402 and answer.text.endswith("Limit: 5000 bytes"), answer.text
        expect(execute("SELECT count(*) FROM t", "read"), 200)


def administrator_has_the_last_word_and_public_spaces_their_own_limit():
    with Limits(20) as limits, asking(limits, more="[global.public_spaces]\nstorage_limit = 5\n") as node:
        world, public = World(node), World(node, "public")
        proof, of_public = world.sign_in(), public.sign_in()
        path = "/admin/quota/" + world.space.replace(":", "%3A")
        expect(node.request("PUT", path, ADMIN, '{"limit_bytes":3}'), 200)
        expect(world.invoke(world.session, proof, "a", "put", "1234"), 413, "Write exceeds remaining storage. Used: 0 bytes, Limit: 3 bytes")
        expect(public.invoke(public.session, of_public, "a", "put", "123456"), 413, "Write exceeds remaining storage. Used: 0 bytes, Limit: 5 bytes")
        assert limits.asked == [], "nothing it says would matter"
        expect(node.request("DELETE", path, ADMIN), 200)
        expect(world.invoke(world.session, proof, "a", "put", "1234"), 200)
        assert quota_of(node, world)["effective_limit_bytes"] == 20 and len(limits.asked) == 1


def token_that_is_not_admitted_asks_nothing():
    with Limits(20) as limits, asking(limits) as node:
        world = World(node)
        proof = world.sign_in()
        assert world.invoke(world.stranger, proof, "a", "put", "x").status == 401
        expect(world.invoke(world.session, proof, "a", "get"), 404)
        expect(world.invoke(world.session, proof, "", "list"), 200)
        assert limits.asked == [], limits.asked


def limit_that_changes_is_noticed_and_failures_end_it():
    with Limits(20) as limits, asking(limits, more="[global.deputy]\nquota_fresh_seconds = 1\nquota_retry_seconds = 1\n") as node:
        world = World(node)
        proof = world.sign_in()

        def limit():
            world.invoke(world.session, proof, "a", "put", "x")
            return quota_of(node, world)["effective_limit_bytes"]

        assert limit() == 20
        limits.answer = 30
        eventually(lambda: limit() == 30)
        limits.answer = (500, "")
        eventually(lambda: limit() == 10)  # the default
        limits.answer = 40
        eventually(lambda: limit() == 40)
        log = node.log_text()
        assert log.count("quota.unanswered") == 1 and log.count("quota.answered") == 1, log


def failures_and_answers_are_counted():
    port = free_port()
    telemetry = f"[global.telemetry]\nenabled = true\n[global.prometheus]\nport = {port}\n"
    with Limits(20) as limits, asking(limits, more=telemetry) as node:
        for i, limits.answer in enumerate((20, 20, (500, ""))):
            world = World(node, f"counted{i}")
            world.invoke(world.session, world.sign_in(), "a", "put", "x")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        assert "deputy_quota_answered_total 2" in lines and "deputy_quota_failed_total 1" in lines, lines


def address_that_cannot_be_used_is_refused_at_the_start():
    for url in ("nonsense", "ftp://quota.example", "https://user:secret@quota.example", "https://quota.example/?key=secret"):
        node = asking(url)
        node.directory.joinpath("tinycloud.toml").write_text(node.config)
        for arguments in ((), ("--check-config",)):
            refused = node.verb(*arguments)
            assert refused.returncode == 2 and "quota_url" in refused.stderr and "secret" not in refused.stderr, refused.stderr
            assert refused.stdout == "", refused.stdout
        shutil.rmtree(node.directory)


run([parallel_puts_never_exceed_the_limit, batch_is_measured_as_a_whole, unadmitted_token_learns_nothing_of_a_quota, body_of_unknown_length_stops_at_the_limit,
     large_body_is_refused_before_it_is_sent, full_space_can_be_read_listed_and_emptied, usage_survives_a_restart_and_overrides_do_not,
     administration_without_a_secret_is_off, malformed_administration_is_refused,
     service_says_what_a_space_may_hold, a_limit_of_nothing_holds, everything_but_a_number_of_bytes_leaves_the_default, service_that_is_down_stops_nobody,
     without_a_default_there_is_no_limit_when_it_fails, slow_service_keeps_one_write_waiting_three_seconds_and_nothing_else,
     peer_that_goes_while_its_write_waits_is_forgotten, ending_while_a_write_waits_is_clean, writers_of_one_space_share_one_question,
     body_that_waits_with_its_write_arrives_whole, batch_waits_for_the_limit_and_is_measured_by_it, sql_is_held_to_the_limit,
     administrator_has_the_last_word_and_public_spaces_their_own_limit, token_that_is_not_admitted_asks_nothing,
     limit_that_changes_is_noticed_and_failures_end_it, failures_and_answers_are_counted, address_that_cannot_be_used_is_refused_at_the_start])

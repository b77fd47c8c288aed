#!/usr/bin/env python3
"""Quotas of spaces on a data node: what holds under concurrency, what nobody else learns, what the administrator may.

usage: quota.py DEPUTY
"""
import concurrent.futures
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.node import Node  # noqa: E402
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


run([parallel_puts_never_exceed_the_limit, batch_is_measured_as_a_whole, unadmitted_token_learns_nothing_of_a_quota, body_of_unknown_length_stops_at_the_limit,
     large_body_is_refused_before_it_is_sent, full_space_can_be_read_listed_and_emptied, usage_survives_a_restart_and_overrides_do_not,
     administration_without_a_secret_is_off, malformed_administration_is_refused])

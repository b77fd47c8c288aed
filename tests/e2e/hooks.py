#!/usr/bin/env python3
"""Write events of a data node: tickets and streams.

usage: hooks.py DEPUTY
"""
import concurrent.futures
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.events import Events  # noqa: E402
from kit.hooked import JSON, Hooked  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = sys.argv[1]


def node_with(more=""):
    return Node(DEPUTY, CONFIG + more)


class Tickets:
    def token_that_was_not_signed_by_its_issuer_gets_no_ticket():
        """What the reference gave to anybody (spec/03 section 18, 1)."""
        with node_with() as node:
            world = Hooked(node).begin()
            token = world.ucan(world.session, world.session.did_key, world.hooks("", "subscribe"), 60, [world.proof])
            head, payload, _ = token.split(".")
            forged = ".".join((head, payload, tokens.b64url(bytes(64))))
            body = tokens.json.dumps({"subscriptions": [world.scope()]})
            expect(world.post("/hooks/tickets", forged, body, **JSON), 401, "Failed to verify signature")
            assert world.ask([world.scope()], by=world.stranger).status == 401
            expect(node.request("POST", "/hooks/tickets", JSON, body), 401)

    def revoked_chain_gets_no_ticket():
        with node_with() as node:
            world = Hooked(node).begin()
            child = world.pass_on(world.proof, world.hooks("/kv/notes", "subscribe"))
            expect(world.ask([world.scope("notes")], by=world.backend, proof=child, path="/kv/notes"), 200)
            world.revoke(child)
            expect(world.ask([world.scope("notes")], by=world.backend, proof=child, path="/kv/notes"), 401, "delegation-revoked: " + child)

    def scope_beyond_the_capability_is_refused():
        with node_with() as node:
            world = Hooked(node).begin()
            child = world.pass_on(world.proof, world.hooks("/kv/notes", "subscribe"))
            for scopes in ([world.scope()], [world.scope("other")], [world.scope("notesx")], [world.scope("notes"), world.scope()],
                           [{**world.scope("notes"), "service": "sql"}]):
                expect(world.ask(scopes, by=world.backend, proof=child, path="/kv/notes"), 403, "requested hook scope is not authorized")
            expect(world.ask([world.scope()], ability="list"), 403, "requested hook scope is not authorized")

    def malformed_request_is_refused():
        with node_with("[global.hooks]\nmax_scopes_per_ticket = 2\n") as node:
            world = Hooked(node).begin()
            expect(world.ask([]), 400, "at least one subscription is required")
            expect(world.ask([world.scope()] * 3), 400, "too many requested hook scopes")
            expect(world.ask([{**world.scope(), "service": "ftp"}]), 400, "Unsupported hook service")
            expect(world.ask([world.scope(abilities=["tinycloud.sql/write"])]), 400, "hook ability filter does not match service")
            expect(world.ask([world.scope()], body="nonsense"), 400)
            expect(world.ask([world.scope()], ttlSeconds="60"), 400)
            expect(world.ask([world.scope()], ttlSeconds=0), 401, "hook ticket expired immediately")

    def space_that_is_not_hosted_is_not_found():
        with node_with() as node:
            world = Hooked(node)
            data = world.cacao(world.session.did_url, world.hooks("", "subscribe"))
            expect(world.delegate(data), 200)
            expect(world.ask([world.scope()], proof=tokens.cid(data)), 404, "Space not found")

    def ticket_that_is_none_opens_nothing():
        with node_with() as node:
            world = Hooked(node).begin()
            ticket = world.ticket([world.scope()])
            changed = ("B" if ticket[0] != "B" else "C") + ticket[1:]
            for text, why in (("", "invalid ticket format"), ("nonsense", "invalid ticket format"), (changed, "invalid ticket signature")):
                expect(node.request("GET", "/hooks/events?ticket=" + text), 401, why)
            expect(node.request("GET", "/hooks/events"), 401, "invalid ticket format")
            ticket = world.ticket([world.scope()], ttlSeconds=1)
            time.sleep(1.1)
            expect(node.request("GET", "/hooks/events?ticket=" + ticket), 401, "hook ticket expired")


class Streams:
    def writes_and_deletions_are_told_once_and_in_order():
        with node_with() as node:
            world = Hooked(node).begin()
            with Events(node, world.ticket([world.scope()])) as events:
                assert events.status == 200 and events.headers["content-type"] == "text/event-stream", events.headers
                assert events.headers["cache-control"] == "no-cache"
                world.put("documents/1")
                expect(world.invoke(world.session, world.proof, "documents/1", "del"), 200)
                expect(world.invoke(world.session, world.proof, "documents/1", "del"), 200)  # nothing happens
                world.put("documents/2")
                seen = [events.read() for _ in range(3)]
            assert [(kind, data["ability"], data["path"]) for kind, data in seen] == [
                ("write", "tinycloud.kv/put", "documents/1"), ("write", "tinycloud.kv/del", "documents/1"),
                ("write", "tinycloud.kv/put", "documents/2")], seen
            first = seen[0][1]
            assert list(first) == ["type", "id", "space", "service", "ability", "path", "actor", "epoch", "eventIndex", "timestamp"]
            assert first["space"] == world.space and first["actor"] == world.session.did_key and first["id"] == first["epoch"] + ":0"
            assert len({data["id"] for _, data in seen}) == 3

    def only_what_was_subscribed_to_is_told():
        with node_with() as node:
            world = Hooked(node).begin()
            other = Hooked(node, "other").begin()
            scopes = [world.scope("documents", abilities=["tinycloud.kv/put"]), world.scope("exact/key")]
            with Events(node, world.ticket(scopes)) as events:
                other.put("documents/1")
                world.put("documentsx/1")
                world.put("exact/keys")
                world.put("documents/1")
                expect(world.invoke(world.session, world.proof, "documents/1", "del"), 200)
                world.put("exact/key")
                assert [events.read()[1]["path"] for _ in range(2)] == ["documents/1", "exact/key"]

    def batch_is_one_epoch_of_numbered_events():
        with node_with() as node:
            world = Hooked(node).begin()
            names = ("a", "b", "c")
            att = {resource: abilities for name in names for resource, abilities in world.caps("/" + name, "put").items()}
            body = "".join(f'--f\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nx\r\n' for name in names) + "--f--\r\n"
            with Events(node, world.ticket([world.scope()])) as events:
                token = world.ucan(world.session, world.session.did_key, att, 60, [world.proof])
                expect(world.post("/invoke", token, body, **{"Content-Type": "multipart/form-data; boundary=f"}), 200)
                seen = [events.read()[1] for _ in names]
            assert [(event["path"], event["eventIndex"]) for event in seen] == [("a", 0), ("b", 1), ("c", 2)], seen
            assert len({event["epoch"] for event in seen}) == 1 and seen[2]["id"] == seen[2]["epoch"] + ":2"

    def refused_write_is_not_told():
        with node_with() as node:
            world = Hooked(node).begin()
            world.put("a")
            with Events(node, world.ticket([world.scope()])) as events:
                token = world.ucan(world.session, world.session.did_key, world.caps("/a", "put"), 60, [world.proof])
                expect(world.post("/invoke", token, "x", **{"If-None-Match": "*"}), 412)
                assert world.invoke(world.stranger, world.proof, "a", "put", "x").status == 401
                world.put("b")
                assert events.read()[1]["path"] == "b"

    def revocation_ends_the_stream_before_the_next_event():
        with node_with() as node:
            world = Hooked(node).begin()
            child = world.pass_on(world.proof, world.hooks("/kv/notes", "subscribe"))
            ticket = world.ticket([world.scope("notes")], by=world.backend, proof=child, path="/kv/notes")
            with Events(node, ticket) as events:
                world.put("notes/1")
                assert events.read()[1]["path"] == "notes/1"
                world.revoke(child)
                world.put("notes/2")
                assert events.read() == ("end", {"type": "end"}) and events.read() is None
            expect(node.request("GET", "/hooks/events?ticket=" + ticket), 401, "the delegation behind this subscription has ended")

    def revocation_of_an_ancestor_ends_the_stream_without_an_event():
        with node_with() as node:
            world = Hooked(node).begin()
            child = world.pass_on(world.proof, world.hooks("/kv/notes", "subscribe"))
            with Events(node, world.ticket([world.scope("notes")], by=world.backend, proof=child, path="/kv/notes")) as events:
                expect(world.post("/revoke", tokens.cacao_header(world.cacao("ucan:" + world.proof, None))), 200)
                assert events.read() == ("end", {"type": "end"})

    def stream_ends_with_its_ticket():
        with node_with() as node:
            world = Hooked(node).begin()
            began = time.monotonic()
            with Events(node, world.ticket([world.scope()], ttlSeconds=2)) as events:
                assert events.read() == ("end", {"type": "end"}) and events.read() is None
            assert time.monotonic() - began < 5

    def streams_are_limited_and_a_lost_reader_makes_room():
        with node_with("[global.hooks]\nmax_active_sse_streams = 2\n") as node:
            world = Hooked(node).begin()
            ticket = world.ticket([world.scope()])
            with Events(node, ticket), Events(node, ticket) as second:
                expect(node.request("GET", "/hooks/events?ticket=" + ticket), 429, "too many active hook streams")
                second.connection.sock.shutdown(socket.SHUT_RDWR)
                second.connection.close()
                deadline = time.monotonic() + 10
                while True:
                    with Events(node, ticket) as third:
                        if third.status == 200:
                            break
                    assert time.monotonic() < deadline
                    time.sleep(0.1)

    def slow_reader_is_told_and_does_not_hold_up_others():
        with node_with("[global.hooks]\nsse_broadcast_capacity = 8\n") as node:
            world = Hooked(node).begin()
            ticket = world.ticket([world.scope()])
            with Events(node, ticket, receive_buffer=4096) as slow:
                paths = [f"{i}/" + "k" * 40000 for i in range(200)]
                puts = [world.ucan(world.session, world.session.did_key, world.caps("/" + path, "put"), 120, [world.proof]) for path in paths]
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    answers = list(pool.map(lambda token: world.post("/invoke", token, "x").status, puts))
                assert answers == [200] * len(puts)
                seen = 0
                while (event := slow.read()) is not None and event[0] == "write":
                    seen += 1
                assert event == ("overflow", {"type": "overflow"}) and seen < len(puts), (event, seen)
                assert slow.read() is None

    def node_ends_cleanly_with_streams_open():
        with node_with() as node:
            world = Hooked(node).begin()
            with Events(node, world.ticket([world.scope()])):
                world.put("a")
                assert node.stop() == 0, node.log_text()


run([check for group in (Tickets, Streams) for name, check in vars(group).items() if not name.startswith("_")])

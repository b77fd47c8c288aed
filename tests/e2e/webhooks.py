#!/usr/bin/env python3
"""Webhooks of a data node, with a receiver on this machine: who may register, what is delivered, what survives.

usage: webhooks.py DEPUTY
"""
import hashlib
import hmac
import pathlib
import sqlite3
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.hooked import JSON, Hooked  # noqa: E402
from kit.node import Node, free_port  # noqa: E402
from kit.receiver import Receiver  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = sys.argv[1]
DEV = "[global.deputy]\ndev = true\n"


def node_with(more=DEV):
    return Node(DEPUTY, CONFIG + more)


def database(node):
    return sqlite3.connect(next((node.directory / "data").glob("*.db")), timeout=10)


def ask(node, sql, *values):
    connection = database(node)
    try:
        rows = connection.execute(sql, values).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


def eventually(check, seconds=15):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.1)


def make_due(node):
    """As if the time until the next attempt had passed."""
    ask(node, "UPDATE webhook_delivery SET due = 0 WHERE due IS NOT NULL")


BOUNDS = DEV + "webhook_waiting = 3\nwebhook_waiting_all = 4\n"


def queues(node):
    """How many deliveries wait, by the row of their webhook."""
    return dict(ask(node, "SELECT webhook, count(*) FROM webhook_delivery WHERE due IS NOT NULL GROUP BY webhook"))


class Registering:
    def token_that_was_not_signed_by_its_issuer_registers_nothing():
        """What the reference took from anybody (spec/03 section 18, 1)."""
        with node_with() as node, Receiver() as receiver:
            world = Hooked(node).begin()
            token = world.ucan(world.session, world.session.did_key, world.hooks("", "register"), 60, [world.proof])
            forged = ".".join((*token.split(".")[:2], tokens.b64url(bytes(64))))
            body = tokens.json.dumps({**world.scope(), "callbackUrl": receiver.url, "secret": "s"})
            expect(world.post("/hooks/webhooks", forged, body, **JSON), 401, "Failed to verify signature")
            assert world.register(receiver.url, by=world.stranger).status == 401
            world.put("a")
            expect(world.listed(), 200, "[]")
            assert receiver.silent()

    def scope_beyond_the_capability_is_refused():
        with node_with() as node:
            world = Hooked(node).begin()
            child = world.pass_on(world.proof, world.hooks("/kv/notes", "register", "list", "unregister"))
            with_child = {"by": world.backend, "proof": child, "path": "/kv/notes"}
            for prefix in (None, "other", "notesx"):
                expect(world.register("http://127.0.0.1:1/", prefix, **with_child), 403, "webhook scope is not authorized")
            expect(world.register("http://127.0.0.1:1/", "notes/x", **with_child), 200)
            expect(world.listed(**with_child), 403)
            assert len(tokens.json.loads(world.listed("&prefix=notes", **with_child).text)) == 1

    def addresses_of_our_own_network_are_refused_without_dev():
        with node_with("") as node:
            world = Hooked(node).begin()
            canonical = "callbackUrl must be canonical HTTPS on port 443 without userinfo or fragments"
            for url, why in (("http://93.184.215.14/", canonical), ("https://93.184.215.14:8443/", canonical), ("https://a:b@93.184.215.14/", canonical),
                             ("https://93.184.215.14/#x", canonical), ("ftp://93.184.215.14/", canonical),
                             ("https://127.1/", "callbackUrl host is not canonical"), ("https://EXAMPLE.com/", "callbackUrl host is not canonical"),
                             ("https://0x7f000001/", "callbackUrl host is not canonical"), ("https://2130706433/", "callbackUrl host is not canonical"),
                             ("https://[::ffff:127.0.0.1]/", "callbackUrl resolves to a reserved address"),
                             ("https://localhost/", "callbackUrl resolves to a reserved address"),
                             ("https://192.168.1.1/", "callbackUrl resolves to a reserved address"),
                             ("https://[fd00::1]/", "callbackUrl resolves to a reserved address")):
                expect(world.register(url), 400, why)
            for url in ("https://", "nonsense", "https://a b/", "https://example.com/\\x"):
                assert world.register(url).status == 400, url
            expect(world.register("https://93.184.215.14/hook"), 200)

    def a_space_has_few_webhooks_and_unregistering_makes_room():
        with node_with(DEV + "[global.hooks]\nmax_webhook_subscriptions_per_space = 2\n") as node:
            world = Hooked(node).begin()
            kept = [world.webhook("http://127.0.0.1:1/" + str(i)) for i in range(2)]
            expect(world.register("http://127.0.0.1:1/"), 429, "webhook subscription limit reached for space")
            assert tokens.json.loads(world.listed().text) == kept
            expect(world.unregister(kept[0]["id"]), 204)
            expect(world.unregister(kept[0]["id"]), 404, "webhook subscription not found")
            world.webhook("http://127.0.0.1:1/2")

    def record_says_everything_but_the_secret():
        with node_with() as node:
            world = Hooked(node).begin()
            record = world.webhook("http://127.0.0.1:1/x", prefix="/documents/", abilities=["tinycloud.kv/put"])
            text = f"{world.session.did_key}:{world.space}:kv:documents:http://127.0.0.1:1/x:{record['createdAt']}"
            assert record == {"id": tokens.cid(text.encode()), "subscriberDid": world.session.did_key, "space": world.space, "service": "kv",
                              "pathPrefix": "documents", "abilities": ["tinycloud.kv/put"], "callbackUrl": "http://127.0.0.1:1/x",
                              "secretKeyId": "primary", "active": True, "createdAt": record["createdAt"]}, record
            assert "hook-secret" not in world.listed().text
            files = b"".join(path.read_bytes() for path in (node.directory / "data").glob("*.db*"))
            assert b"hook-secret" not in files and b"http://127.0.0.1:1/x" in files

    def unregistering_needs_the_scope_or_the_webhook_itself():
        with node_with() as node:
            world = Hooked(node).begin()
            record = world.webhook("http://127.0.0.1:1/", prefix="notes")
            own = f"/webhooks/{record['id']}"
            other = world.pass_on(world.proof, world.hooks("/kv/other", "unregister"))
            expect(world.unregister(record["id"], world.backend, other, "/kv/other"), 403, "webhook scope is not authorized")
            stranger = Hooked(node, "stranger").begin()
            expect(stranger.unregister(record["id"]), 404, "webhook subscription not found")
            expect(world.unregister("nonsense"), 404, "webhook subscription not found")
            itself = world.pass_on(world.proof, world.hooks(own, "unregister"))
            expect(world.unregister(record["id"], world.backend, itself, own), 204)
            expect(world.listed(), 200, "[]")


class Waiting:
    """What is dropped when too many deliveries wait: the oldest, of the webhook or of the longest queue."""

    def receiver_that_is_down_costs_its_oldest_events_and_no_write():
        port = free_port()
        with node_with(BOUNDS + f"[global.telemetry]\nenabled = true\n[global.prometheus]\nport = {port}\n") as node:
            with Receiver() as receiver:
                world = Hooked(node).begin()
                world.webhook(receiver.url)
            for i in range(10):
                world.put(f"n/{i}")
            eventually(lambda: list(queues(node).values()) == [3])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                assert b"\ndeputy_webhook_dropped_total 7\n" in answer.read()
            assert node.log_text().count("webhook.dropped") == 1
            with Receiver(port=receiver.port) as receiver:
                make_due(node)
                got = sorted(tokens.json.loads(receiver.take()[1])["path"] for _ in range(3))
                assert got == ["n/7", "n/8", "n/9"], got
                assert receiver.silent()
            eventually(lambda: queues(node) == {})
            assert ask(node, "SELECT waiting FROM webhook_waiting WHERE waiting <> 0") == []

    def long_queue_makes_room_for_a_short_one():
        with node_with(BOUNDS) as node:
            world = Hooked(node).begin()
            long = world.webhook("http://127.0.0.1:1/", prefix="long")
            world.webhook("http://127.0.0.1:1/", prefix="short")
            for key in ("long/1", "long/2", "long/3", "short/1", "short/2"):
                world.put(key)
            assert sorted(queues(node).values()) == [2, 2], queues(node)
            expect(world.unregister(long["id"]), 204)
            assert ask(node, "SELECT webhook, waiting FROM webhook_waiting WHERE waiting <> 0 ORDER BY webhook") == [(0, 2), (2, 2)]

    def bound_of_nothing_is_refused_at_the_start():
        for key in ("webhook_waiting", "webhook_waiting_all"):
            try:
                with node_with(DEV + f"{key} = 0\n"):
                    pass
            except RuntimeError as error:
                assert f"deputy.{key}" in str(error), error
            else:
                raise AssertionError(key)


class Delivering:
    def each_write_is_delivered_signed():
        with node_with() as node, Receiver() as receiver:
            world = Hooked(node).begin()
            record = world.webhook(receiver.url, prefix="documents")
            world.put("elsewhere")
            world.put("documents/1")
            headers, body = receiver.take()
            event = tokens.json.loads(body)
            assert event["path"] == "documents/1" and event["ability"] == "tinycloud.kv/put" and event["actor"] == world.session.did_key
            assert headers["x-tinycloud-signature"] == "sha256=" + hmac.new(b"hook-secret", body, hashlib.sha256).hexdigest()
            assert headers["x-tinycloud-event-id"] == event["id"] and headers["x-tinycloud-subscription-id"] == record["id"]
            assert headers["x-tinycloud-delivery-id"] == tokens.cid(f"{record['id']}:{event['id']}".encode())
            assert headers["content-type"] == "application/json" and "authorization" not in headers
            assert receiver.silent()
            eventually(lambda: ask(node, "SELECT count(*) FROM webhook_delivery") == [(0,)])

    def refused_write_is_not_delivered():
        with node_with() as node, Receiver() as receiver:
            world = Hooked(node).begin()
            world.put("a")
            world.webhook(receiver.url)
            token = world.ucan(world.session, world.session.did_key, world.caps("/a", "put"), 60, [world.proof])
            expect(world.post("/invoke", token, "x", **{"If-None-Match": "*"}), 412)
            assert receiver.silent()

    def failed_delivery_is_tried_again_and_after_the_last_attempt_is_a_dead_letter():
        with node_with(DEV + "[global.hooks]\nwebhook_max_attempts = 3\n") as node, Receiver(500) as receiver:
            world = Hooked(node).begin()
            world.webhook(receiver.url)
            world.put("a")
            first = receiver.take()
            eventually(lambda: ask(node, "SELECT attempts FROM webhook_delivery") == [(1,)])
            [(due,)] = ask(node, "SELECT due FROM webhook_delivery")
            assert 25 < due / 1e6 - time.time() < 31, due
            receiver.status = 302  # not followed
            make_due(node)
            assert receiver.take() == first
            eventually(lambda: ask(node, "SELECT attempts FROM webhook_delivery") == [(2,)])
            make_due(node)
            assert receiver.take() == first
            eventually(lambda: ask(node, "SELECT attempts, due FROM webhook_delivery") == [(3, None)])
            receiver.status = 200
            assert receiver.silent()
            world.put("b")
            assert tokens.json.loads(receiver.take()[1])["path"] == "b"

    def waiting_delivery_survives_kill_and_restart():
        with Receiver() as receiver:
            port = receiver.port
        with node_with() as node:
            world = Hooked(node).begin()
            world.webhook(f"http://127.0.0.1:{port}/hook")
            world.put("a")
            eventually(lambda: ask(node, "SELECT attempts FROM webhook_delivery") == [(1,)])
            node.process.kill()
            node.process.wait()
            make_due(node)
            with Receiver(port=port) as receiver:
                node.start()
                headers, body = receiver.take()
                assert tokens.json.loads(body)["path"] == "a"
                assert headers["x-tinycloud-signature"] == "sha256=" + hmac.new(b"hook-secret", body, hashlib.sha256).hexdigest()

    def revocation_stops_what_waits_and_what_comes():
        with node_with() as node, Receiver(500) as receiver:
            world = Hooked(node).begin()
            child = world.pass_on(world.proof, world.hooks("/kv/notes", "register"))
            world.webhook(receiver.url, prefix="notes", by=world.backend, proof=child, path="/kv/notes")
            world.put("notes/1")
            receiver.take()
            eventually(lambda: ask(node, "SELECT attempts FROM webhook_delivery") == [(1,)])
            world.revoke(child)
            receiver.status = 200
            make_due(node)
            world.put("notes/2")
            assert receiver.silent()
            eventually(lambda: ask(node, "SELECT count(*) FROM webhook_delivery WHERE due IS NOT NULL") == [(0,)])
            expect(world.listed(), 200, "[]")

    def slow_receiver_holds_up_neither_others_nor_the_end():
        with node_with() as node, Receiver() as slow, Receiver() as quick:
            world = Hooked(node).begin()
            slow.hold.clear()
            world.webhook(slow.url)
            for i in range(8):
                world.put(f"s/{i}")
            slow.take()
            world.webhook(quick.url)
            world.put("q")
            assert tokens.json.loads(quick.take(5)[1])["path"] == "q"
            assert slow.silent(1), "two deliveries of one webhook at a time"
            began = time.monotonic()
            assert node.stop() == 0, node.log_text()
            assert time.monotonic() - began < 6
            assert ask(node, "SELECT count(*), max(attempts) FROM webhook_delivery") == [(9, 0)]

    def time_out_counts_as_a_failure():
        with node_with(DEV + "[global.hooks]\nwebhook_timeout_seconds = 1\n") as node, Receiver() as receiver:
            world = Hooked(node).begin()
            receiver.hold.clear()
            world.webhook(receiver.url)
            world.put("a")
            receiver.take()
            eventually(lambda: ask(node, "SELECT attempts FROM webhook_delivery") == [(1,)])


class Database:
    """The database lies outside the trust boundary."""

    def changed_webhook_is_called_no_more():
        for change in ("url = 'http://127.0.0.1:{port}/other'", "secret = CAST(x'00' || secret AS BLOB)", "proofs = x''", "prefix = NULL", "abilities = 4"):
            with node_with() as node, Receiver() as receiver, Receiver() as thief:
                world = Hooked(node).begin()
                world.webhook(receiver.url, prefix="notes")
                receiver.status = 500
                world.put("notes/1")
                receiver.take()
                eventually(lambda: ask(node, "SELECT attempts FROM webhook_delivery") == [(1,)])
                assert node.stop() == 0
                ask(node, "UPDATE webhook SET " + change.format(port=thief.port))
                make_due(node)
                node.start()
                eventually(lambda: ask(node, "SELECT active FROM webhook") == [(0,)])
                assert receiver.silent(0.1) and thief.silent(0.1)

    def address_that_became_reserved_is_not_called():
        with node_with() as node, Receiver() as receiver:
            world = Hooked(node).begin()
            world.webhook(receiver.url)
            receiver.status = 500
            world.put("a")
            receiver.take()
            eventually(lambda: ask(node, "SELECT attempts FROM webhook_delivery") == [(1,)])
            assert node.stop() == 0
            make_due(node)
            node.config = node.config.replace("dev = true", "dev = false")
            node.start()
            eventually(lambda: ask(node, "SELECT due FROM webhook_delivery") == [(None,)])
            assert receiver.silent(0.1)


run([check for group in (Registering, Waiting, Delivering, Database) for name, check in vars(group).items() if not name.startswith("_")])

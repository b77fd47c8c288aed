#!/usr/bin/env python3
"""What becomes of a grant on the way from an owner's page through `deputy backend` to the node, seen from the routes that use it (spec/07
part F, 17 to 27), with somebody in between who counts and fails.

usage: backend_grants.py DEPUTY [NAME...]
"""
import base64
import http.client
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.backend import DID, Backend  # noqa: E402
from kit.local import APP, PERMISSIONS, Between, Local, User, says  # noqa: E402
from kit.node import Node, free_port  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
NODE = Node(DEPUTY, CONFIG)
names = iter(range(10**6))


class World:
    """A backend whose node is reached through somebody who counts and fails as he is told."""

    def __init__(self, node_timeout_ms=3000):
        self.node_timeout_ms = node_timeout_ms

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="deputy-test-")
        self.between = Between(NODE).__enter__()
        self.backend = Backend(DEPUTY, self.between, permissions=PERMISSIONS, directory=self.directory, app_id=APP, hosts=[NODE.url],
                               node_timeout_ms=self.node_timeout_ms, telemetry=f"127.0.0.1:{free_port()}",
                               local__listen=["unix:" + self.directory + "/local.sock"])
        self.backend.own_directory = True
        self.backend.__enter__()
        return self

    def __exit__(self, *reason):
        self.backend.__exit__(*reason)
        self.between.end()

    def user(self):
        user = User(self.backend, NODE, f"grants {next(names)}", Local(self.directory + "/local.sock"))
        user.host()
        user.open_session().sign_in()
        user.make_network()
        return user

    def revocations(self, outcome):
        """How many are counted as that."""
        connection = http.client.HTTPConnection(self.backend.settings["telemetry"], timeout=20)
        connection.request("GET", "/metrics")
        series = f'deputy_backend_revocations_total{{outcome="{outcome}"}} '
        found = [line for line in connection.getresponse().read().decode().splitlines() if line.startswith(series)]
        connection.close()
        return int(found[0].removeprefix(series)) if found else 0

    def activations(self):
        return self.between.seen.count("/delegate")


def no(answer, status, error):
    assert answer.status == status and json.loads(answer.text)["error"] == error, (answer.status, answer.text)


def yes(answer, text=None):
    assert answer.status in (200, 204) and (text is None or answer.text == text), (answer.status, answer.text)


def F17_a_pending_grant_is_taken_into_use_when_the_node_is_back():
    with World() as world:
        user = world.user()

        def gone(handler):
            handler.send_response(503)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return True

        world.between.fail = gone
        assert user.grant()["activation"] == "pending"
        world.between.fail = None
        yes(user.put("a", b"value"))
        yes(user.get("a"), "value")


def F18_after_a_replacement_the_old_session_is_used_no_more():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        first, user.given = user.given, []
        user.grant()
        second, before = user.given, world.activations()
        yes(user.get("a"), "value")
        user.given = first
        user.revoke()
        yes(user.get("a"), "value")  # nothing of the first one is needed
        assert world.activations() == before, "what was tried when it came in is what is used"
        user.given = second
        user.revoke()
        answer = user.get("a")
        assert answer.status == 403 and json.loads(answer.text)["fault"] == "grant", (answer.status, answer.text)


def F19_an_expired_grant_is_told_once_by_whoever_is_asked_first():
    with World() as world:
        user = world.user()
        no(user.get("a"), 403, "no_delegation")
        user.grant(seconds=32)
        yes(user.put("a", b"value"))
        time.sleep(33)
        no(user.get("a"), 401, "delegation_expired")
        no(user.get("a"), 403, "no_delegation")
        assert user.status()["status"] == "none"


def F20_after_withdrawing_data_routes_have_no_delegation():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        assert user.ask("DELETE", "/api/delegations").status == 200
        for answer in (user.get("a"), user.put("a", b"other"), user.delete("a"), user.sql({"action": "query", "sql": "SELECT 1"})):
            no(answer, 403, "no_delegation")
        user.grant()
        yes(user.get("a"), "value")


def handed_on(world):
    """What the node takes from the backend from here on."""
    seen = []

    def look(handler):
        if handler.path == "/delegate":
            seen.append(handler.headers["Authorization"])
        return False

    world.between.fail = look
    return seen


def E16_what_was_handed_on_is_taken_back_at_the_node():
    with World() as world:
        user, other = world.user(), world.user()
        other.grant()
        seen = handed_on(world)
        user.grant()
        yes(user.put("a", b"value"))
        assert len(seen) == 3, seen
        for header in seen:
            assert NODE.request("POST", "/delegate", {"Authorization": header}).status == 200
        assert user.ask("DELETE", "/api/delegations").status == 200
        assert world.between.seen.count("/revoke") == world.revocations("taken") == 3
        for header in seen:
            answer = NODE.request("POST", "/delegate", {"Authorization": header})
            assert answer.status == 401 and "revoked" in answer.text, (answer.status, answer.text)
        assert user.ask("DELETE", "/api/delegations").status == 200
        assert world.between.seen.count("/revoke") == 3, "there is nothing left to take back"
        yes(other.put("a", b"value"))
        user.grant()
        yes(user.get("a"), "value")


def E16_node_that_is_down_does_not_stop_a_withdrawal():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        world.between.end()
        began = time.monotonic()
        answer = user.ask("DELETE", "/api/delegations")
        assert answer.status == 200 and json.loads(answer.text)["status"] == "none", (answer.status, answer.text)
        assert time.monotonic() - began < 2
        no(user.get("a"), 403, "no_delegation")
        assert "revocation.failed" in world.backend.log_text() and "left=3" in world.backend.log_text()
        assert world.revocations("unreached") == 3 and world.revocations("taken") == 0


def E16_node_that_is_silent_or_talks_nonsense_does_not_stop_a_withdrawal():
    def silent(handler):
        if handler.path != "/revoke":
            return False
        time.sleep(8)
        handler.close_connection = True
        return True

    def nonsense(handler):
        if handler.path != "/revoke":
            return False
        body = b'{"revoked":false}'
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return True

    for failure, outcome, least, most in ((silent, "unreached", 1.5, 5), (nonsense, "refused", 0, 2)):
        with World(node_timeout_ms=20000) as world:
            user = world.user()
            user.grant()
            yes(user.put("a", b"value"))
            world.between.fail = failure
            began = time.monotonic()
            assert user.ask("DELETE", "/api/delegations").status == 200
            assert least <= time.monotonic() - began < most, time.monotonic() - began
            no(user.get("a"), 403, "no_delegation")
            assert "left=3" in world.backend.log_text() and world.revocations(outcome) == 3


def E16_withdrawal_ends_what_is_under_way_for_that_owner():
    with World() as world:
        user, other = world.user(), world.user()
        for each in (user, other):
            each.grant()
            yes(each.put("long", bytes(4 * 1024 * 1024)))
        world.between.slow = 0.05  # 256 parts: 12 s
        reads = [each.local.open("GET", each.url("kv", each.key("long"))) for each in (user, other)]
        for connection, answer in reads:
            assert answer.read(1000) == bytes(1000)
        began = time.monotonic()
        assert user.ask("DELETE", "/api/delegations").status == 200
        try:
            raise AssertionError(f"{len(reads[0][1].read())} bytes seem to be all")
        except (http.client.IncompleteRead, ConnectionError):
            pass
        assert time.monotonic() - began < 4, "it ends at once"
        world.between.slow = 0
        assert len(reads[1][1].read()) == 4 * 1024 * 1024 - 1000, "the other owner's goes on"


def withdrawn_meanwhile(world, user, post, act):
    """The owner withdraws while the backend waits for the answer to that post of an activation, which `act` makes. What came of it,
    and what the node was given."""
    reached, goes_on, seen, answers = threading.Event(), threading.Event(), [], []

    def hold(handler):
        if handler.path == "/delegate":
            seen.append(handler.headers["Authorization"])
            if len(seen) == post:
                reached.set()
                goes_on.wait(10)
        return False

    world.between.fail = hold
    acting = threading.Thread(target=lambda: answers.append(act()))
    acting.start()
    assert reached.wait(10)
    assert user.ask("DELETE", "/api/delegations").status == 200
    goes_on.set()
    acting.join()
    ends = time.monotonic() + 5
    while world.between.seen.count("/revoke") < post and time.monotonic() < ends:
        time.sleep(0.05)
    return answers[0], seen


def all_taken_back(headers):
    for header in headers:
        ends = time.monotonic() + 5
        while (answer := NODE.request("POST", "/delegate", {"Authorization": header})).status == 200 and time.monotonic() < ends:
            time.sleep(0.05)
        assert answer.status == 401 and "revoked" in answer.text, (answer.status, answer.text)


def E16_grant_that_is_withdrawn_while_it_is_tried_is_taken_back():
    with World() as world:
        user = world.user()
        bundle = user.bundle()
        answer, seen = withdrawn_meanwhile(world, user, 3, lambda: user.post(bundle))
        no(answer, 409, "delegation_overtaken")
        assert len(seen) == 3
        all_taken_back(seen)
        no(user.get("a"), 403, "no_delegation")


def E16_grant_that_is_withdrawn_while_it_is_taken_into_use_is_taken_back():
    with World() as world:
        user = world.user()
        user.grant()
        world.backend.restart()
        answer, seen = withdrawn_meanwhile(world, user, 2, lambda: user.get("a"))
        no(answer, 403, "no_delegation")
        assert len(seen) == 2, "nothing more is handed on"
        all_taken_back(seen)


def F22_a_grant_posted_under_another_token_gives_nothing():
    with World() as world:
        victim, mallory = world.user(), world.user()
        victim.grant()
        yes(victim.put("a", b"secret"))
        assert mallory.post(victim.bundle()).status == 400
        no(mallory.get("a"), 403, "no_delegation")
        mallory.grant()
        assert mallory.get("a").status == 404
        yes(victim.get("a"), "secret")


def F23_another_policy_makes_a_grant_stale():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        world.backend.permissions = PERMISSIONS[:-1]
        world.backend.restart()
        no(user.get("a"), 403, "delegation_stale")
        no(user.get("a"), 403, "no_delegation")


def F24_a_grant_is_there_after_a_restart():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        world.backend.restart()
        yes(user.get("a"), "value")


# ---- what the node is asked ----

def cbor_take(data, at):
    """(value, where it ends) of a DAG-CBOR value without floats."""
    major, size = data[at] >> 5, data[at] & 31
    at += 1
    if size > 23:
        width = 1 << (size - 24)
        size, at = int.from_bytes(data[at:at + width], "big"), at + width
    if major == 0:
        return size, at
    if major in (2, 3):
        part = bytes(data[at:at + size])
        return (part if major == 2 else part.decode()), at + size
    items = []
    for _ in range(size * (2 if major == 5 else 1)):
        item, at = cbor_take(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if major == 5 else items), at


def F25_each_activation_is_for_an_hour_at_most_and_for_one_session_key():
    with World() as world:
        user = world.user()
        seen = []

        def look(handler):
            if handler.path == "/delegate":
                seen.append(handler.headers["Authorization"])
            return False

        world.between.fail = look
        parts = user.parts(seconds=7000)
        assert user.post(user.bundle(parts)).status == 200
        payloads = [cbor_take(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)), 0)[0]["p"] for header in seen]
        assert len({payload["aud"] for payload in payloads}) == 1 and payloads[0]["aud"].startswith("did:key:z6Mk"), payloads
        parents = []
        for payload in payloads:
            assert payload["iss"] == DID, payload
            ends = time.mktime(time.strptime(payload["exp"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
            assert 0 < ends - time.time() <= 3600 + 1, payload["exp"]
            recap = payload["resources"][-1].removeprefix("urn:recap:")
            body = json.loads(base64.urlsafe_b64decode(recap + "=" * (-len(recap) % 4)))
            assert len(body["prf"]) == 1, body
            parents += body["prf"]
            for resource in body["att"]:  # E15: nothing beyond the policy
                assert resource in user.att(), resource
        assert set(parents) == {tokens.cid58(part["cid"]) for part in parts} or set(parents) == {part["cid"] for part in parts}, parents


def F26_on_401_it_is_taken_into_use_once_more_and_no_oftener():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        refusals = [1]

        def once(handler):
            if handler.path == "/invoke" and refusals:
                refusals.pop()
                return says(401, b"Unauthorized Invoker")(handler)
            return False

        world.between.fail, before, invoked = once, world.activations(), world.between.seen.count("/invoke")
        yes(user.get("a"), "value")
        assert world.activations() > before and world.between.seen.count("/invoke") == invoked + 2
        world.between.fail, invoked = says(401, b"Unauthorized Invoker"), world.between.seen.count("/invoke")
        answer = user.get("a")
        assert answer.status == 403 and json.loads(answer.text)["fault"] == "grant", (answer.status, answer.text)
        assert world.between.seen.count("/invoke") == invoked + 2, "exactly one retry"


def F26_a_node_that_takes_too_long_is_a_timeout():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        world.backend.restart()

        def hang(handler):
            time.sleep(6)
            return False

        world.between.fail = hang
        began = time.monotonic()
        no(user.get("a"), 504, "gateway_timeout")
        assert time.monotonic() - began < 6
        world.between.fail = None


def F27_a_hundred_first_requests_share_one_activation():
    with World() as world:
        user = world.user()
        user.grant()
        yes(user.put("a", b"value"))
        alone = world.activations()
        world.backend.restart()
        yes(user.get("a"), "value")
        alone = world.activations() - alone
        world.backend.restart()
        before, answers = world.activations(), []

        def get():
            answers.append(user.get("a"))

        threads = [threading.Thread(target=get) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [answer.status for answer in answers] == [200] * 100, {answer.status: answer.text for answer in answers}
        assert world.activations() - before == alone > 0, (world.activations() - before, alone)


def F30_descriptor_of_a_network_is_asked_for_once_for_many_secrets():
    with World() as world:
        user = world.user()
        user.grant()
        url = user.url("secrets", "TOKEN", scope="notes")

        def asked():
            return sum(path.startswith("/encryption/networks/") and not path.endswith("/decrypt") for path in world.between.seen)

        yes(user.local.ask("PUT", url, b"a secret"))
        before = asked()
        for _ in range(20):
            yes(user.local.ask("GET", url), "a secret")
        assert asked() - before <= 1, (before, asked())
        decrypts = [path for path in world.between.seen if path.endswith("/decrypt")]
        assert len(decrypts) == 20, "every secret is opened by the node"


def main():
    wanted = sys.argv[2:]
    checks = [check for name, check in sorted(globals().items()) if name[0] in "EF" and name[1].isdigit() and callable(check)]
    with NODE:
        run([check for check in checks if not wanted or any(each in check.__name__ for each in wanted)])


if __name__ == "__main__":
    main()

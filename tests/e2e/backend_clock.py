#!/usr/bin/env python3
"""A backend as time goes by, and while its clock is wrong (tests/faults/clock.c is loaded before it).

usage: backend_clock.py DEPUTY [NAME...]
"""
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import Backend  # noqa: E402
from kit.clock import Clock  # noqa: E402
from kit.local import APP, PERMISSIONS, Between, Local, User  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
NODE = Node(DEPUTY, CONFIG)
ONE_LOOP = CONFIG + "[global.deputy]\nthreads = 1\n"
names = iter(range(10**6))


class World:
    """A backend with a clock of its own, on one loop, and what it asks the node of NODE, or one that has the same clock."""

    def __init__(self, with_node=False, **settings):
        self.with_node, self.settings = with_node, settings

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="deputy-test-"))
            self.socket = directory + "/local.sock"
            self.clock = stack.enter_context(Clock(DEPUTY))
            self.node = stack.enter_context(Node(DEPUTY, ONE_LOOP, self.clock.environment)) if self.with_node else NODE
            self.between = stack.enter_context(Between(self.node))
            self.backend = stack.enter_context(
                Backend(DEPUTY, self.between, directory=directory, environment=self.clock.environment, app_id=APP, hosts=[self.node.url], threads=1,
                        local__listen=["unix:" + self.socket], **{"permissions": PERMISSIONS, **self.settings}))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *reason):
        self.stack.close()

    def user(self, seconds=7200):
        user = User(self.backend, self.node, f"clock {next(names)}", Local(self.socket))
        user.host()
        user.open_session(seconds).sign_in()
        user.make_network()
        return user

    def activations(self):
        return self.between.seen.count("/delegate")

    @contextlib.contextmanager
    def no_activations(self):
        """The node is busy whenever it is to take a grant into use."""
        def busy(handler):
            if handler.path != "/delegate":
                return False
            handler.send_response(503)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return True

        self.between.fail = busy
        try:
            yield
        finally:
            self.between.fail = None

    def go_by(self, seconds):
        """Time goes by, and the loops notice it: nobody's grant is asked for."""
        self.clock.go_by(seconds)
        if self.with_node:
            with contextlib.suppress(OSError):  # what came while it did not know may be told that it came too late
                self.node.request("GET", "/healthz")
        assert self.backend.request("GET", "/healthz").status == 200


def yes(answer, text=None):
    assert answer.status in (200, 204) and (text is None or answer.text == text), (answer.status, answer.text)


def no(answer, status, error):
    assert answer.status == status and json.loads(answer.text)["error"] == error, (answer.status, answer.text)


def E16_end_of_a_grant_is_heard_though_nobody_asks_for_it():
    with World() as world:
        user = world.user()
        user.grant(seconds=100)
        with user.events() as own, user.events(one=False) as everybody:
            world.go_by(60)
            world.go_by(60)  # it has ended, and the next look is due
            for stream in (own, everybody):
                stream.connection.sock.settimeout(10)  # less than between two signs of life
                _, name, data = stream.take()
                assert (name, data["change"], data["owner"]) == ("grant", "ended", user.wallet.did_pkh), (name, data)
        no(user.get("a"), 401, "delegation_expired")  # A9: the owner still learns of it


# ---- grants that are in use for long ----

def F26_after_50_minutes_the_grant_is_taken_into_use_again():
    with World(with_node=True) as world:
        user = world.user()
        user.grant(seconds=7000)
        yes(user.put("a", b"value"))
        first = world.activations()
        world.go_by(49 * 60)
        yes(user.get("a"), "value")
        time.sleep(0.3)
        assert world.activations() == first, "not before its time"
        world.go_by(2 * 60)
        yes(user.get("a"), "value")  # with what is at hand, while that is renewed
        ends = time.monotonic() + 5
        while world.activations() < 2 * first and time.monotonic() < ends:
            time.sleep(0.02)
        time.sleep(0.5)  # until the last of them is answered
        invoked = world.between.seen.count("/invoke")
        world.go_by(15 * 60)  # the first ones are over
        yes(user.get("a"), "value")
        assert world.activations() == 2 * first and world.between.seen.count("/invoke") == invoked + 1, "nobody had to wait or try again"


def F29_backend_that_has_run_for_eight_days_still_knows_its_grants():
    days = 86400
    with World(with_node=True) as world:
        user = world.user(seconds=30 * days)
        until = user.grant(seconds=20 * days)["expiresAt"]
        yes(user.put("a", b"value"))
        world.go_by(8 * days)
        yes(user.get("a"), "value")
        view = json.loads(user.local.ask("GET", user.url("grant")).text)
        assert (view["state"], view["expiresAt"]) == ("active", until), view
        world.backend.restart()
        yes(user.get("a"), "value")


# ---- a clock that is ten minutes wrong ----

TEN_MINUTES = 600


def A15_clock_ahead_makes_a_grant_look_over_and_does_not_lose_it():
    with World() as world:
        user = world.user()
        until = user.grant(seconds=400)["expiresAt"]
        yes(user.put("a", b"value"))
        with user.events() as events:
            world.clock.jump(TEN_MINUTES)
            assert user.status() == {"status": "expired", "expiresAt": until}
            assert user.status() == {"status": "none", "expiresAt": None}
            no(user.get("a"), 403, "no_delegation")
            assert events.take()[2]["change"] == "ended"
            world.clock.jump(0)
            assert user.status() == {"status": "active", "expiresAt": until}
            yes(user.get("a"), "value")
            world.clock.jump(TEN_MINUTES)
            no(user.get("a"), 401, "delegation_expired")
            world.backend.restart()
            no(user.get("a"), 403, "no_delegation")
            assert json.loads(user.local.ask("GET", "/v1/owners").text)["owners"] == [], "it is over for all who look"
            world.clock.jump(0)
            yes(user.get("a"), "value")


def A15_app_hears_of_a_grant_that_is_in_force_again():
    with World() as world:
        user = world.user()
        user.grant(seconds=400)
        with user.events() as events:
            events.connection.sock.settimeout(10)
            world.clock.jump(TEN_MINUTES)
            no(user.get("a"), 401, "delegation_expired")
            assert events.take()[2]["change"] == "ended"
            world.clock.jump(0)
            world.go_by(121)  # a look at all is due
            assert events.take()[2]["change"] == "given"


def cpu_seconds(process):
    """Of the whole process so far."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def both_ways(check):
    """A check of a world, its user, who has granted and stored something, and by how much the clock is to be wrong."""
    def run_both():
        for way in (TEN_MINUTES, -TEN_MINUTES):
            with World() as world:
                user = world.user()
                user.until = user.grant(seconds=3500)["expiresAt"]
                yes(user.put("a", b"value"))
                check(world, user, way)
                world.clock.jump(0)

    run_both.__name__ = check.__name__
    return run_both


@both_ways
def A15_clock_that_is_wrong_does_not_change_the_status_of_a_grant(world, user, way):
    active = {"status": "active", "expiresAt": user.until}
    world.clock.jump(way)
    assert user.status() == active and user.status() == active
    assert json.loads(user.local.ask("GET", user.url("grant")).text)["expiresAt"] == user.until
    world.clock.jump(0)
    assert user.status() == active


@both_ways
def A15_clock_that_is_wrong_is_told_by_data_routes_as_what_it_is(world, user, way):
    worked = cpu_seconds(world.backend.process)
    world.clock.jump(way)
    for _ in range(10):
        no(user.get("a"), 502, "clock_differs")
        no(user.put("a", b"other"), 502, "clock_differs")
    time.sleep(1)
    assert cpu_seconds(world.backend.process) - worked < 1, "it waits, and does not try all the time"
    world.clock.jump(0)
    began = time.monotonic()
    yes(user.get("a"), "value")
    print(f"clock {way:+} s and back: served again within {time.monotonic() - began:.3f} s")


@both_ways
def A15_clock_that_is_wrong_ends_no_session_and_begins_each_once(world, user, way):
    pending = world.user()
    with world.no_activations():
        assert pending.grant(seconds=3500)["activation"] == "pending"
    before = world.activations()
    world.clock.jump(way)
    for _ in range(5):
        no(user.get("a"), 502, "clock_differs")
    assert world.activations() == before, "what the node has taken into use is not given up for that"
    for _ in range(5):
        no(pending.get("a"), 502, "clock_differs")
    assert world.activations() - before <= 6, "each delegation of the pending one, with the owner's word, and no more"
    world.clock.jump(0)
    yes(pending.put("a", b"mine"))
    with world.no_activations():  # what is at hand is still used
        yes(user.get("a"), "value")


@both_ways
def A15_clock_that_is_wrong_makes_tokens_old_or_early_and_loses_none(world, user, way):
    """A session token is good for a day; a nonce for five minutes; a message that says it is of later than now is none."""
    nonce = world.backend.nonce(user.address)
    world.clock.jump(way)
    assert user.status()["status"] == "active"
    answer = user.verify(user.message(nonce))
    assert (answer.status, json.loads(answer.text)["error"]) == (401, "invalid_nonce" if way > 0 else "verification_failed"), answer.text
    early = user.verify(user.message(world.backend.nonce(user.address)))
    assert early.status == (200 if way > 0 else 401), early.text
    world.clock.jump(0)
    assert user.status()["status"] == "active"
    if way > 0:  # a token that seems to be of later is one all the same
        user.token = json.loads(early.text)["token"]
        assert user.status()["status"] == "active"
    user.sign_in()


def A15_clock_that_is_set_does_not_keep_the_backend_from_finding_its_node():
    for way in (TEN_MINUTES, -TEN_MINUTES):
        with World() as world:
            world.between.down()
            world.backend.restart()
            assert world.backend.request("GET", "/healthz/ready").status == 503
            world.clock.jump(way)
            time.sleep(1)
            worked = cpu_seconds(world.backend.process)
            time.sleep(1)
            assert cpu_seconds(world.backend.process) - worked < 0.3, "it asks all the time"
            world.between.up()
            ends = time.monotonic() + 10
            while world.backend.request("GET", "/healthz/ready").status != 200:
                assert time.monotonic() < ends
                time.sleep(0.1)
            world.clock.jump(0)


def A15_grant_of_a_clock_that_is_ahead_is_taken_and_is_good_afterwards():
    with World() as world:
        world.clock.jump(TEN_MINUTES)
        user = world.user()
        assert user.grant(seconds=3500)["activation"] == "active"
        no(user.get("a"), 502, "clock_differs")
        world.clock.jump(0)
        yes(user.put("a", b"value"))
        yes(user.get("a"), "value")


# ---- the grant of a sidecar ----

PLAIN = {"X-Requested-With": None}


class SidecarWorld(World):
    """Somebody has granted in the way of a sidecar."""

    def __init__(self):
        super().__init__(permissions=PERMISSIONS[:1], decrypts=False, sidecar_intake=True)

    def __enter__(self):
        super().__enter__()
        self.owner = User(self.backend, self.node, f"clock {next(names)}", Local(self.socket))
        self.owner.host()
        self.owner.open_session()
        part = self.owner.parts(network=False, seconds=7000)[0]
        answer = self.backend.request("POST", "/delegation", PLAIN, {"serialized": json.dumps(part)})
        assert answer.status == 200, answer.text
        return self

    def health(self):
        answer = self.backend.request("GET", "/health")
        assert answer.status == 200, answer.text
        return json.loads(answer.text)

    def refresh(self):
        answer = self.backend.request("POST", "/refresh", PLAIN)
        assert answer.status == 200, answer.text
        return json.loads(answer.text)["state"]

    def in_use(self):
        return json.loads(self.owner.local.ask("GET", self.owner.url("grant")).text)["state"] == "active"

    def after(self, seconds, activations):
        """So long after now there have been that many activations more, and a moment before there had been none."""
        before = self.activations()
        self.go_by(seconds - 2)
        time.sleep(0.2)
        assert self.activations() == before, f"sooner than after {seconds} s"
        self.go_by(2)
        self.until(lambda: self.activations() == before + activations)

    def until(self, holds):
        ends = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < ends, self.health()
            time.sleep(0.02)


def F41_grant_is_taken_into_use_again_every_25_minutes():
    with SidecarWorld() as world:
        first = world.health()
        assert first["ok"] and first["hasDelegation"] and first["refresh"]["lastSuccessAt"], first
        for _ in range(2):
            world.after(25 * 60, 1)
        world.until(lambda: world.health()["refresh"]["lastSuccessAt"] > first["refresh"]["lastSuccessAt"] + 2900 * 1000)
        assert world.health()["ok"] and world.in_use()


def F41_node_that_fails_is_asked_after_5_15_60_and_60_seconds_and_what_is_in_use_stays():
    with SidecarWorld() as world:
        with world.no_activations():
            for seconds in (25 * 60, 5, 15, 60, 60):
                world.after(seconds, 1)
                world.until(lambda: not world.health()["refresh"]["inFlight"])
                health = world.health()
                assert health["ok"] is False and health["hasDelegation"] and health["lastError"] == "delegation_activation_failed", health
                assert health["refresh"]["lastAttemptAt"] > health["refresh"]["lastSuccessAt"], health
                assert world.in_use()
        world.after(60, 1)
        world.until(lambda: world.health()["ok"])
        world.after(25 * 60, 1)  # and no sooner
        with world.no_activations():
            world.after(25 * 60, 1)
            world.after(5, 1)  # it begins with the shortest wait again


def F41_what_the_node_refuses_is_in_use_no_more_and_tried_again_after_the_usual_time():
    with SidecarWorld() as world:
        world.owner.revoke()
        world.after(25 * 60, 2)  # what is handed on, then the owner's word, which the node may not have known: nothing helps
        world.until(lambda: not world.health()["refresh"]["inFlight"])
        health = world.health()
        assert health["ok"] is False and health["hasDelegation"] and health["lastError"] == "delegation_refused", health
        assert not world.in_use()
        world.after(25 * 60, 2)


def F41_restart_restores_what_was_granted():
    with SidecarWorld() as world:
        before = world.activations()
        world.backend.restart()
        world.until(lambda: world.activations() == before + 1)
        world.until(lambda: world.health()["refresh"]["lastSuccessAt"])
        assert world.in_use() and world.health()["ok"]


def F41_restart_without_its_node_is_recorded_and_serves():
    with SidecarWorld() as world:
        with world.no_activations():
            world.backend.restart()
            world.until(lambda: world.health()["lastError"])
            health = world.health()
            assert health["ok"] is False and health["hasDelegation"] and health["refresh"]["lastSuccessAt"] is None, health
            assert not world.in_use()
        world.after(5, 1)
        world.until(lambda: world.health()["ok"])
        assert world.in_use()


def F41_refreshes_at_once_are_one():
    with SidecarWorld() as world:
        goes_on = threading.Event()

        def hold(handler):
            if handler.path == "/delegate":
                goes_on.wait(10)
            return False

        before, states = world.activations(), []
        world.between.fail = hold
        threads = [threading.Thread(target=lambda: states.append(world.refresh())) for _ in range(20)]
        for thread in threads:
            thread.start()
        world.until(lambda: world.health()["refresh"]["inFlight"])
        time.sleep(0.3)
        goes_on.set()
        for thread in threads:
            thread.join()
        assert world.activations() == before + 1
        assert len(states) == 20 and all(state["lastError"] is None and state["inFlight"] is False for state in states), states


def F41_refresh_that_fails_is_told_and_keeps_what_is_in_use():
    with SidecarWorld() as world:
        with world.no_activations():
            state = world.refresh()
        assert state["lastError"] == "delegation_activation_failed" and state["lastAttemptAt"] >= state["lastSuccessAt"] > 0, state
        assert world.in_use()
        assert world.refresh()["lastError"] is None
        world.owner.revoke()
        assert world.refresh()["lastError"] == "delegation_refused"
        assert not world.in_use()


def F41_backend_ends_well_while_it_refreshes_and_while_it_takes_back():
    with SidecarWorld() as world:
        def hold(handler):
            if handler.path in ("/delegate", "/revoke"):
                time.sleep(4)
            return False

        world.between.fail = hold
        world.go_by(25 * 60)
        world.until(lambda: world.health()["refresh"]["inFlight"])
        assert world.backend.stop() == 0, world.backend.log_text()
        world.between.fail = None
        for number in range(20):  # in the midst of taking it into use, wherever that is
            world.backend.start()
            time.sleep(number * 0.001)
            assert world.backend.stop() == 0, world.backend.log_text()
        world.backend.start()
        world.until(world.in_use)
        world.between.fail = hold
        world.owner.sign_in()
        withdrawing = threading.Thread(target=lambda: world.owner.ask("DELETE", "/api/delegations"))
        withdrawing.start()
        world.until(lambda: "/revoke" in world.between.seen)
        assert world.backend.stop() == 0, world.backend.log_text()
        withdrawing.join()
        world.between.fail = None
        world.backend.start()
        assert world.health()["hasDelegation"] is False


def F41_state_tells_also_what_the_apps_own_requests_found():
    with SidecarWorld() as world:
        yes(world.owner.put("a", b"value"))
        world.owner.revoke()
        assert world.owner.get("a").status == 403
        health = world.health()
        assert health["ok"] is False and health["lastError"] == "delegation_refused", health


def main():
    wanted = sys.argv[2:]
    checks = [check for name, check in globals().items() if name[0] in "AEF" and name[1].isdigit() and callable(check)]
    with NODE:
        run([check for check in checks if not wanted or any(each in check.__name__ for each in wanted)])


if __name__ == "__main__":
    main()

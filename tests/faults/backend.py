#!/usr/bin/env python3
"""A backend whose node comes and goes, talks nonsense, is slow, or breaks off, while users ask for their data: every answer is the value
or a fault of the node, nobody's grant is lost, the backend does not run hot, and it is as before soon after the node is.

usage: backend.py DEPUTY [SECONDS]
SECONDS (default 6) is how long each trouble lasts.
"""
import collections
import contextlib
import http.client
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import Backend  # noqa: E402
from kit.local import APP, PERMISSIONS, Between, Local, User  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 6
NODE = Node(DEPUTY, CONFIG)
USERS, NODE_MS = 6, 1000
names = iter(range(10**6))


class World:
    """A backend, its way to the node, and users who have granted it something and stored a value."""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="deputy-test-"))
            self.local = Local(directory + "/local.sock")
            self.between = stack.enter_context(Between(NODE))
            self.backend = stack.enter_context(
                Backend(DEPUTY, self.between, permissions=PERMISSIONS, directory=directory, app_id=APP, hosts=[NODE.url], node_timeout_ms=NODE_MS,
                        local__listen=["unix:" + directory + "/local.sock"]))
            self.users = [self.user() for _ in range(USERS)]
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *reason):
        self.stack.close()

    def user(self):
        user = User(self.backend, NODE, f"faults {next(names)}", self.local).granted()
        assert user.put("kept", user.address.encode()).status == 204
        return user

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.backend.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Load:
    """Each user asks for his value over and over, and puts it back."""

    def __init__(self, world):
        self.world, self.stop, self.answers, self.wrong = world, threading.Event(), collections.Counter(), []
        self.threads = [threading.Thread(target=self.ask, args=(user,), daemon=True) for user in world.users]

    def __enter__(self):
        self.worked, self.began = self.world.cpu_seconds(), time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *reason):
        self.stop.set()
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive(), "a request hangs"
        self.worked = self.world.cpu_seconds() - self.worked
        if not any(reason):
            assert not self.wrong, self.wrong[:3]

    def ask(self, user):
        value = user.address.encode()
        while not self.stop.is_set():
            for method in (lambda: user.get("kept"), lambda: user.put("kept", value)):
                try:
                    self.judge(method(), value)
                except (http.client.IncompleteRead, ConnectionError):
                    self.answers["broken off"] += 1

    def judge(self, answer, value):
        self.answers[answer.status] += 1
        if answer.status == 200:
            good = answer.body == value
        else:
            good = answer.status == 204 or (answer.status in (502, 503, 504) and json.loads(answer.text)["fault"] in ("node", "backend"))
        if not good:
            self.wrong.append((answer.status, answer.text))

    @property
    def good(self):
        return self.answers[200] + self.answers[204]

    def per_request(self):
        return self.worked / max(1, sum(self.answers.values()))


def calm(world):
    """Processor time a request takes when all is well."""
    with Load(world) as load:
        time.sleep(2)
    assert set(load.answers) == {200, 204}, load.answers
    return load.per_request()


def recovers(world, what, within):
    """Seconds from now until each user has his value again."""
    began = time.monotonic()
    for user in world.users:
        while user.get("kept").status != 200:
            assert time.monotonic() < began + within, f"{what}: {user.get('kept').text}"
            time.sleep(0.02)
    print(f"{what}: all served again {time.monotonic() - began:.2f} s after the node was back")
    for user in world.users:
        assert user.get("kept").text == user.address and user.status()["status"] == "active"


def node_that_comes_and_goes_every_second_under_load():
    with World() as world:
        usual = calm(world)
        with Load(world) as load:
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends:
                world.between.down()
                time.sleep(1)
                world.between.up()
                time.sleep(1)
        assert load.good > 0 and load.answers[502] > 0, load.answers
        spent = load.per_request()
        print(f"coming and going: {dict(load.answers)}, {spent * 1000:.2f} ms of processor time a request, {usual * 1000:.2f} ms when all is well")
        assert spent < 3 * usual, "it runs hot"
        recovers(world, "coming and going", 3)


def node_that_is_gone_costs_nothing_while_nobody_asks():
    with World() as world:
        world.between.down()
        for user in world.users:
            assert user.get("kept").status == 502
        worked = world.cpu_seconds()
        time.sleep(3)
        worked = world.cpu_seconds() - worked
        print(f"gone: {worked:.2f} s of processor time in 3 s")
        assert worked < 0.3
        world.between.up()
        recovers(world, "gone", 3)


def grants_that_were_to_be_taken_into_use_meanwhile_are_so_afterwards():
    """The backend waits longer after each failure, but never much longer than the node has been gone."""
    with World() as world:
        world.between.down()
        world.backend.restart()
        with Load(world) as load:
            time.sleep(SECONDS)
        assert set(load.answers) <= {502, 503, 504}, load.answers
        asked = len(world.between.seen)
        world.between.up()
        recovers(world, f"gone for {SECONDS:.0f} s from the start", SECONDS + 4)
        assert len(world.between.seen) - asked < USERS * 12


def every_request(data, hold=0.0):
    def answer(handler):
        time.sleep(hold)
        with contextlib.suppress(OSError):
            handler.wfile.write(data)
        handler.close_connection = True
        return True

    return answer


TROUBLES = {
    "garbage": every_request(b"garbage\r\n\r\n"),
    "an empty answer": every_request(b""),
    "half a body": every_request(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "half a head": every_request(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "slower than it is waited for": every_request(b"", hold=NODE_MS / 1000 + 0.5),
    "500": every_request(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nboom"),
    "a success that says nothing": every_request(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
}


# To a write that the node says it has done, this is all there is to say.
BELIEVED = {"a success that says nothing"}


def trouble(world, what, restarts):
    if restarts:
        world.backend.restart()
    asked = world.between.seen.count("/delegate")
    world.between.fail = TROUBLES[what]
    with Load(world) as load:
        time.sleep(1)
    assert load.good == 0, (what, load.answers)
    world.between.fail = None
    asked = world.between.seen.count("/delegate") - asked
    assert asked <= 4 * USERS, f"{what}: it asked the node {asked} times to take {USERS} grants into use"
    recovers(world, what + (", from the start" if restarts else ""), 6)


def node_in_trouble_is_never_an_empty_result_and_is_forgotten_afterwards():
    with World() as world:
        for what in TROUBLES:
            if what not in BELIEVED:
                trouble(world, what, restarts=False)  # with sessions at hand
            trouble(world, what, restarts=True)


def main():
    checks = [check for name, check in globals().items() if name.startswith(("node_", "grants_")) and callable(check)]
    with NODE:
        run(checks)


if __name__ == "__main__":
    main()

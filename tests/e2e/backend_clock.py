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

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import Backend  # noqa: E402
from kit.clock import Clock  # noqa: E402
from kit.local import APP, PERMISSIONS, Between, Local, User  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
NODE = Node(DEPUTY, CONFIG)
names = iter(range(10**6))


class World:
    """A backend with a clock of its own, on one loop, and what it asks the node of NODE."""

    def __init__(self, **settings):
        self.settings = settings

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="deputy-test-"))
            self.socket = directory + "/local.sock"
            self.clock = stack.enter_context(Clock(DEPUTY))
            self.between = stack.enter_context(Between(NODE))
            self.backend = stack.enter_context(
                Backend(DEPUTY, self.between, permissions=PERMISSIONS, directory=directory, environment=self.clock.environment, app_id=APP,
                        hosts=[NODE.url], threads=1, local__listen=["unix:" + self.socket], **self.settings))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *reason):
        self.stack.close()

    def user(self):
        user = User(self.backend, NODE, f"clock {next(names)}", Local(self.socket))
        user.host()
        user.open_session().sign_in()
        user.make_network()
        return user

    def wake(self):
        """The loop notices that time has gone by: nobody's grant is asked for."""
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
            world.clock.go_by(60)
            world.wake()
            world.clock.go_by(60)  # it has ended, and the next look is due
            world.wake()
            for stream in (own, everybody):
                stream.connection.sock.settimeout(10)  # less than between two signs of life
                _, name, data = stream.take()
                assert (name, data["change"], data["owner"]) == ("grant", "ended", user.wallet.did_pkh), (name, data)
        no(user.get("a"), 401, "delegation_expired")  # A9: the owner still learns of it


def main():
    wanted = sys.argv[2:]
    checks = [check for name, check in globals().items() if name[0] in "AEF" and name[1].isdigit() and callable(check)]
    with NODE:
        run([check for check in checks if not wanted or any(each in check.__name__ for each in wanted)])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Kills a backend at random moments under grants and withdrawals, and holds it to what it answered.

usage: backend.py DEPUTY [--rounds N | --seconds S] [--seed N]

After each restart an owner whose last answer was for a grant has just that grant, and one whose last answer was for a withdrawal has
none; what was under way happened whole or not at all. The node beside it is not killed. Sessions of the owners outlive the backend.
"""
import http.client
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import Backend, Owner, iso  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.rounds import run_rounds  # noqa: E402
from kit.world import CONFIG  # noqa: E402

OWNERS = 4
READY_GRANTS = 3  # made before a round, so that little of it goes into signing
ROUNDS_OF_A_BACKEND = 50  # then a new one with its node, so that a round costs the same at the end
NONE = {"status": "none", "expiresAt": None}


class Worker:
    """One owner, who grants and withdraws until the backend is gone."""

    def __init__(self, backend, node, name, choice):
        self.owner = Owner(backend, node, name)
        self.owner.host()
        self.owner.open_session(40000)
        self.owner.sign_in()
        self.choice = choice
        self.known = NONE       # what the last answer left
        self.under_way = None   # what the request without an answer would leave
        self.complaint = None
        self.count = 0
        self.ready = []

    def make_ready(self):
        while len(self.ready) < READY_GRANTS:
            self.count += 1
            ends = int(time.time()) + 3600 + self.count
            self.ready.append((self.owner.bundle(expires=ends), {"status": "active", "expiresAt": iso(0, ends)}))

    def change(self):
        """One request; true when it was answered."""
        if not self.ready or self.choice.random() < 0.4:
            self.under_way = NONE
            answer = self.owner.ask("DELETE", "/api/delegations")
        else:
            serialized, self.under_way = self.ready.pop()
            answer = self.owner.post(serialized)
        if answer.status != 200:
            self.complaint = f"{self.under_way}: {answer.status} {answer.text[:200]}"
            return False
        self.known, self.under_way = self.under_way, None
        return True

    def run(self):
        try:
            while self.change():
                pass
        except (OSError, http.client.HTTPException):
            pass  # the backend was killed

    def check(self):
        found = self.owner.status()
        allowed = [self.known] if self.under_way is None else [self.known, self.under_way]
        assert found in allowed, f"{self.owner.address} has {found}, was told {self.known}, under way was {self.under_way}"
        self.known, self.under_way = found, None


def run_and_kill(backend, workers, seconds):
    for worker in workers:
        worker.make_ready()
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    backend.process.kill()
    for thread in threads:
        thread.join()
    for worker in workers:
        assert worker.complaint is None, worker.complaint
    backend.stop()


def one_backend(deputy, choice, more_rounds):
    """Rounds on one backend as long as more_rounds says; returns how many grants were made for it."""
    rounds = 0
    with Node(deputy, CONFIG) as node, Backend(deputy, node) as backend:
        workers = [Worker(backend, node, f"owner {number}", random.Random(choice.random())) for number in range(OWNERS)]
        while rounds < ROUNDS_OF_A_BACKEND and more_rounds():
            run_and_kill(backend, workers, choice.uniform(0.0, 0.15))
            backend.start()
            for worker in workers:
                worker.check()
            rounds += 1
    return sum(worker.count - len(worker.ready) for worker in workers)


if __name__ == "__main__":
    run_rounds(300, one_backend, "grants sent")

#!/usr/bin/env python3
"""Kills a data node at random moments under puts, deletions, SQL batches, delegations and revocations, and holds it to what it answered.

usage: node.py DEPUTY [--rounds N | --seconds S] [--seed N]

After each restart every acknowledged effect is there; a change that was under way is there whole or not at all, which its own token
tells: sent again it is refused as used exactly when its effect is visible. A batch of SQL is there whole or not at all, and when it is
there its token is used; a token may be used without its effect, since database and store are two files. The doctor is content beside the
running node.
"""
import http.client
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.rounds import run_rounds  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

THREADS = 4
KEYS = 6  # of each thread
ROUNDS_OF_A_NODE = 40  # then a new one, so that a round costs the same at the end
LARGEST = 80 * 1024  # above 64 KiB a value is a file
BATCH = 3  # statements of one SQL batch


class Change:
    """One request that changes something, and what it does to the worker's idea of the node."""

    def __init__(self, kind, token, name, value=None):
        self.kind, self.token, self.name, self.value = kind, token, name, value

    @property
    def route(self):
        return {"delegate": "/delegate", "revoke": "/revoke"}.get(self.kind, "/invoke")


class Worker:
    """Sends one change after another, each about keys and delegations of its own, until the node is gone."""

    def __init__(self, world, number, choice):
        self.world, self.number, self.choice = world, number, choice
        self.values = {}     # key: body, of live keys
        self.batches = {}    # number of an acknowledged SQL batch: how many rows it left
        self.living = []     # CIDs of delegations that were acknowledged
        self.revoked = []    # CIDs whose revocation was acknowledged
        self.last = None     # the last acknowledged change of a value
        self.under_way = None
        self.complaint = None
        self.count = 0

    # making changes

    def put(self, key):
        self.count += 1
        body = f"{self.number}/{self.count}/{self.choice.random()}".encode()
        if self.choice.random() < 0.2:
            body = body * (LARGEST // len(body) + 1)
        return Change("put", self.token(key, "put"), key, body)

    def token(self, key, name):
        world = self.world
        return world.ucan(world.session, world.session.did_key, world.caps("/" + key, name), 250, [world.proof])

    def delegate(self):
        world = self.world
        self.count += 1
        caps = world.caps(f"/{self.number}/", "get")
        token = world.ucan(world.session, world.backend.did_key, caps, 1800, [world.proof])
        return Change("delegate", token, tokens.cid(token.encode()))

    def sql_token(self, *abilities):
        world = self.world
        caps = world.caps(f"/crash/{self.number}", *abilities, service="sql")
        return world.ucan(world.session, world.session.did_key, caps, 250, [world.proof])

    def batch(self):
        self.count += 1
        statements = [{"sql": "CREATE TABLE IF NOT EXISTS t (batch INTEGER, part INTEGER)"}]
        statements += [{"sql": "INSERT INTO t VALUES (?, ?)", "params": [self.count, part]} for part in range(BATCH)]
        body = json.dumps({"action": "batch", "statements": statements}).encode()
        return Change("sql", self.sql_token("write"), self.count, body)

    def rows(self):
        """Batch: how many of its rows are there."""
        query = "SELECT batch, count(*) FROM t GROUP BY batch"
        answer = self.world.post("/invoke", self.sql_token("read"), json.dumps({"action": "query", "sql": query}).encode())
        if answer.status == 400 and "no such table" in answer.text:
            return {}
        assert answer.status == 200, f"reading the database: {answer.status} {answer.text}"
        return dict(json.loads(answer.text)["rows"])

    def revoke(self, cid):
        world = self.world
        caps = {"urn:cid:" + cid: {"tinycloud.delegation/revoke": [{}]}}
        return Change("revoke", world.ucan(world.session, world.session.did_key, caps, 250), cid)

    def next_change(self):
        key = f"{self.number}/{self.choice.randrange(KEYS)}"
        kind = self.choice.random()
        if kind < 0.2 and self.values:
            key = self.choice.choice(sorted(self.values))
            return Change("del", self.token(key, "del"), key)
        if 0.2 <= kind < 0.4:
            return self.batch()
        if kind < 0.5:
            return self.delegate()
        if kind < 0.6 and self.living:
            return self.revoke(self.choice.choice(self.living))
        return self.put(key)

    # what an answer, or a look after the restart, says about a change

    def took_effect(self, change):
        if change.kind == "put":
            self.values[change.name] = change.value
        elif change.kind == "del":
            self.values.pop(change.name, None)
        elif change.kind == "sql":
            self.batches[change.name] = BATCH
        elif change.kind == "delegate":
            self.living.append(change.name)
        else:
            self.living.remove(change.name)
            self.revoked.append(change.name)
        if change.kind in ("put", "del"):
            self.last = change

    def run(self, connection):
        try:
            while True:
                self.under_way = None
                change = self.next_change()
                self.under_way = change
                connection.request("POST", change.route, body=change.value, headers={"Authorization": change.token})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    self.complaint = f"{change.kind} of {change.name}: {answer.status} {text[:200]}"
                    return
                self.took_effect(change)
        except (OSError, http.client.HTTPException):
            pass  # the node was killed

    # looking

    def post(self, change):
        return self.world.post(change.route, change.token, change.value)

    def get(self, key, by=None, proof=None):
        world = self.world
        answer = world.invoke(by or world.session, proof or world.proof, key, "get")
        return answer

    def settle(self):
        """The change under way is visible exactly when its token is spent; afterwards it has happened either way."""
        change, self.under_way = self.under_way, None
        if change is None:
            return
        if change.kind == "sql":
            self.settle_batch(change)
            return
        seen = None
        if change.kind in ("put", "del"):
            answer = self.get(change.name)
            new = (answer.status == 200 and answer.body == change.value) if change.kind == "put" else answer.status == 404
            old = answer.body == self.values[change.name] and answer.status == 200 if change.name in self.values else answer.status == 404
            assert new or old, f"{change.kind} of {change.name} is half done: {answer.status}, {len(answer.body)} bytes"
            seen = new
        again = self.post(change)
        spent = again.status == 409
        assert spent or again.status == 200, f"{change.kind} again: {again.status} {again.text}"
        if seen is not None:
            assert seen or not spent, f"{change.kind} of {change.name} was recorded as used without its effect"
            assert spent or not seen or change.kind == "del", f"{change.kind} of {change.name} shows without being recorded as used"
        self.took_effect(change)

    def settle_batch(self, change):
        rows = self.rows().get(change.name, 0)
        assert rows in (0, BATCH), f"batch {change.name} is half done: {rows} rows"
        again = self.post(change)
        assert again.status in (200, 409), f"batch again: {again.status} {again.text}"
        assert rows == 0 or again.status == 409, f"batch {change.name} shows without being recorded as used"
        if rows or again.status == 200:
            self.took_effect(change)

    def check(self):
        self.settle()
        rows = self.rows()
        assert rows == self.batches, f"batches {sorted(rows)}, acknowledged {sorted(self.batches)}"
        world = self.world
        listed = json.loads(world.invoke(world.session, world.proof, f"{self.number}/", "list").text)
        assert sorted(listed) == sorted(self.values), f"keys {listed}, acknowledged {sorted(self.values)}"
        for key in self.choice.sample(sorted(self.values), min(2, len(self.values))):
            assert self.get(key).body == self.values[key], f"{key} lost its acknowledged value"
        if self.last is not None:
            again = self.post(self.last)
            assert again.status == 409, f"a used {self.last.kind} was taken again: {again.status}"
        self.check_delegations()

    def check_delegations(self):
        """The newest of each kind, and one of any age."""
        for cids, allowed in ((self.living, (200, 404)), (self.revoked, (401,))):
            for cid in {*cids[-1:], *self.choice.sample(cids, min(1, len(cids)))}:
                answer = self.get(f"{self.number}/0", self.world.backend, cid)
                assert answer.status in allowed, f"delegation {cid}: {answer.status} {answer.text}"
                assert answer.status != 401 or answer.text == "delegation-revoked: " + cid, answer.text

    def check_all(self):
        for key, body in self.values.items():
            assert self.get(key).body == body, f"{key} lost its acknowledged value"
        for cid in self.revoked:
            assert self.get(f"{self.number}/0", self.world.backend, cid).status == 401, f"{cid} lives again"
        for cid in self.living:
            assert self.get(f"{self.number}/0", self.world.backend, cid).status in (200, 404), f"{cid} is lost"


def run_and_kill(node, workers, seconds):
    connections = [http.client.HTTPConnection("127.0.0.1", node.port, timeout=30) for _ in workers]
    threads = [threading.Thread(target=worker.run, args=(connection,)) for worker, connection in zip(workers, connections)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    node.kill()
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()
    for worker in workers:
        assert worker.complaint is None, worker.complaint


def doctor(node):
    done = node.verb("doctor")
    assert done.returncode == 0, f"the doctor: {done.stdout}{done.stderr}"


def one_node(deputy, choice, more_rounds):
    """Rounds on one node as long as more_rounds says; returns how many changes they made."""
    rounds = 0
    with Node(deputy, CONFIG) as node:
        world = World(node)
        world.proof = world.sign_in({**world.caps("", "get", "put", "del", "list", "metadata"), **world.caps("", "read", "write", service="sql")})
        workers = [Worker(world, number, random.Random(choice.random())) for number in range(THREADS)]
        while rounds < ROUNDS_OF_A_NODE and more_rounds():
            run_and_kill(node, workers, choice.uniform(0.0, 0.25))
            node.start()
            for worker in workers:
                worker.check()
            doctor(node)
            rounds += 1
        for worker in workers:
            worker.check_all()
    return sum(worker.count for worker in workers)


if __name__ == "__main__":
    run_rounds(1000, one_node, "puts, batches and delegations")

#!/usr/bin/env python3
"""A node whose disk fails: every write, sync, truncation and rename of a change fails in turn with EIO and with ENOSPC.

usage: node.py BUILD-DIRECTORY

Whatever fails, the answer is 5xx in one plain line, or 200 and true; the next requests work; the store is consistent; after a kill
everything acknowledged is there. And a trace shows that no answer leaves before its data is synced.
"""
import errno
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import tokens  # noqa: E402
from kit.faults import FaultyNode  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

BUILD = pathlib.Path(sys.argv[1]).resolve()
LARGE = b"0123456789abcdef" * (100 * 1024 // 16)  # a file, not a row
MOST_CALLS = 200  # more than any change makes


def failing_node():
    return FaultyNode(BUILD, CONFIG + "[global.deputy]\nthreads = 1\n")


class Story:
    """A node, and what it must hold."""

    def __init__(self, node):
        self.node, self.world, self.count = node, World(node), 0
        self.proof = self.world.sign_in({**self.world.caps("", "get", "put", "del", "list"), **self.world.caps("", "read", "write", service="sql")})
        self.values, self.living, self.revoked = {}, [], []
        self.batches = []  # numbers of the SQL batches that were acknowledged

    def token(self, key, name):
        return self.world.ucan(self.world.session, self.world.session.did_key, self.world.caps("/" + key, name), 250, [self.proof])

    # Each change: its route, token, body, and what is true once it took effect.

    def put(self, body=b"small"):
        self.count += 1
        key, body = f"key/{self.count % 4}", body + str(self.count).encode()
        return "/invoke", self.token(key, "put"), body, lambda: self.values.__setitem__(key, body)

    def put_large(self):
        return self.put(LARGE)

    def delete(self):
        if not self.values:
            self.send(self.put())
        key = sorted(self.values)[0]
        return "/invoke", self.token(key, "del"), None, lambda: self.values.pop(key, None)

    def delegate(self):
        token = self.world.ucan(self.world.session, self.world.backend.did_key, self.world.caps("/key/", "get"), 1800, [self.proof])
        return "/delegate", token, None, lambda: self.living.append(tokens.cid(token.encode()))

    def revoke(self):
        if not self.living:
            self.send(self.delegate())
        cid = self.living[-1]
        token = self.world.ucan(self.world.session, self.world.session.did_key, {"urn:cid:" + cid: {"tinycloud.delegation/revoke": [{}]}}, 250)

        def revoked():
            self.living.remove(cid)
            self.revoked.append(cid)

        return "/revoke", token, None, revoked

    def sql_token(self, name):
        return self.world.ucan(self.world.session, self.world.session.did_key, self.world.caps("/app/main", name, service="sql"), 250, [self.proof])

    def batch(self):
        self.count += 1
        number = self.count
        statements = [{"sql": "CREATE TABLE IF NOT EXISTS t (batch INTEGER, part INTEGER)"}]
        statements += [{"sql": "INSERT INTO t VALUES (?, ?)", "params": [number, part]} for part in range(2)]
        body = tokens.json.dumps({"action": "batch", "statements": statements}).encode()
        return "/invoke", self.sql_token("write"), body, lambda: self.batches.append(number)

    def rows(self):
        body = tokens.json.dumps({"action": "query", "sql": "SELECT batch, count(*) FROM t GROUP BY batch ORDER BY batch"}).encode()
        answer = self.world.post("/invoke", self.sql_token("read"), body)
        assert answer.status == 200, f"{answer.status} {answer.text}"
        return tokens.json.loads(answer.text)["rows"]

    def send(self, change):
        route, token, body, took_effect = change
        answer = self.world.post(route, token, body)
        assert answer.status == 200, f"{route}: {answer.status} {answer.text}"
        took_effect()

    def check_changed(self):
        """The keys and the values of one of them are those that were acknowledged."""
        world = self.world
        listed = tokens.json.loads(world.invoke(world.session, self.proof, "key/", "list").text)
        assert sorted(listed) == sorted(self.values), (listed, sorted(self.values))
        for key in sorted(self.values)[:1]:
            assert world.invoke(world.session, self.proof, key, "get").body == self.values[key], key
        for cid in self.living[-1:]:
            assert world.invoke(world.backend, cid, "key/none", "get").status == 404, f"{cid} is revoked without an answer"
        if self.batches:
            self.check_batches()

    def check_batches(self):
        """Each acknowledged batch is there whole, and nothing else is."""
        assert self.rows() == [[number, 2] for number in self.batches], (self.rows(), self.batches)

    def check(self):
        world = self.world
        for key, body in self.values.items():
            answer = world.invoke(world.session, self.proof, key, "get")
            assert answer.status == 200 and answer.body == body, f"{key}: {answer.status}, {len(answer.body)} bytes"
        listed = tokens.json.loads(world.invoke(world.session, self.proof, "key/", "list").text)
        assert sorted(listed) == sorted(self.values), (listed, sorted(self.values))
        if self.batches:
            self.check_batches()
        for cid in self.living[-3:]:
            assert world.invoke(world.backend, cid, "key/none", "get").status == 404, cid
        for cid in self.revoked[-3:]:
            expect(world.invoke(world.backend, cid, "key/none", "get"), 401, "delegation-revoked: " + cid)


def is_plain(answer):
    """One line that tells nothing of the machine behind it."""
    text = answer.text.lower()
    told = [word for word in ("sqlite", "sql", "disk i/o", "constraint", "errno", "input/output", "no space", ".db", "/tmp", "0x") if word in text]
    return "\n" not in text.rstrip("\n") and 0 < len(text) < 200 and not told


def change_with_fault(story, make, nth, error):
    """Sends a change whose nth call fails; false when it makes fewer calls."""
    faults = story.node.faults
    route, token, body, took_effect = make()
    faults.arm(nth, error)
    answer = story.world.post(route, token, body)
    hits = faults.disarm()
    told = f"{make.__name__}, call {nth}, {errno.errorcode[error]}: {answer.status} {answer.text!r}"
    if answer.status == 200:
        took_effect()
        return hits > 0
    assert hits > 0, "no call failed, but " + told
    assert 500 <= answer.status <= 599 and is_plain(answer), told
    story.check_changed()  # nothing of it is kept
    again = story.world.post(route, token, body)
    spent = route == "/invoke" and again.status == 409  # an invocation that failed may be used up all the same
    assert spent or again.status == 200, f"{told}; again: {again.status} {again.text}"
    if not spent:
        took_effect()
    story.send(make())
    return True


def every_call_of(name):
    def check():
        with failing_node() as node:
            story = Story(node)
            refused = 0
            for error in (errno.EIO, errno.ENOSPC):
                nth = 1
                while change_with_fault(story, getattr(story, name), nth, error):
                    nth += 1
                    assert nth < MOST_CALLS, "the change makes no end of calls"
                assert nth > 3, f"only {nth - 1} calls could fail: the faults do not reach the node"
                refused += nth - 1
                story.check()
            node.kill()
            node.start()
            story.check()
            done = node.verb("doctor")
            assert done.returncode == 0, done.stdout + done.stderr
            print(f"{name}: {refused} calls failed in turn")

    check.__name__ = f"every_failing_call_of_a_{name}_is_answered_honestly"
    return check


def full_disk_is_told_until_there_is_room():
    """The disk stays full for several requests, then has room again."""
    for error in (errno.ENOSPC, errno.EIO):
        with failing_node() as node:
            story = Story(node)
            story.send(story.put())
            story.send(story.delegate())
            node.faults.arm(1, error, lasting=True)
            for make in (story.put, story.put_large, story.delegate, story.revoke, story.delete, story.batch):
                route, token, body, _ = make()
                answer = story.world.post(route, token, body)
                assert 500 <= answer.status <= 599 and is_plain(answer), f"{make.__name__}: {answer.status} {answer.text}"
            assert node.faults.disarm() > 4
            story.check()
            for make in (story.put, story.put_large, story.delegate, story.revoke, story.delete, story.batch, story.put):
                story.send(make())
            story.check()
            node.kill()
            node.start()
            story.check()
            assert node.verb("doctor").returncode == 0


def unsynced(trace):
    """What was written and not yet synced when the first answer left. Moving the log into the database may be under way: the log
    that it is moved from stays."""
    dirty = set()
    for event in trace[:trace.index("Sk")]:
        if event[0] in "wtr" and event[1] != "d":
            dirty.add("D" if event[0] == "r" else event[1])
        elif event[0] == "s":
            dirty.discard(event[1])
    return dirty


def no_answer_leaves_before_its_data_is_synced():
    with failing_node() as node:
        story = Story(node)
        for make in (story.put, story.put_large, story.delegate, story.revoke, story.delete, story.batch) * 5:
            change = make()
            node.faults.trace_begin()
            story.send(change)
            trace = node.faults.trace()
            before = trace[:trace.index("Sk")]
            assert "ww" in before and "sw" in before, f"{make.__name__}: nothing was written and synced before the answer: {trace}"
            assert not unsynced(trace), f"{make.__name__} was answered with {unsynced(trace)} not synced: {trace}"
            if make == story.put_large:
                # the end of the batch before it may be noted first
                assert before.index("sb") < before.index("rD") < before.index("sD") < len(before) - 1 - before[::-1].index("sw"), trace
        # the judge itself: an answer that left before the sync would be seen
        assert unsynced(["ww", "Sk", "sw"]) == {"w"} and unsynced(["wb", "sb", "rD", "ww", "sw", "Sk"]) == {"D"}


def backup_on_a_failing_disk_is_whole_or_absent():
    with failing_node() as node:
        story = Story(node)
        for make in (story.put, story.put_large, story.delegate, story.revoke):
            story.send(make())
        assert node.stop() == 0
        node.faults.trace_begin()
        assert node.failing_verb("backup", str(node.directory / "whole")).returncode == 0
        calls = len(node.faults.trace())
        assert calls > 4, f"only {calls} calls: the faults do not reach the backup"
        for nth in range(1, calls + 1):
            target = node.directory / f"backup{nth}"
            node.faults.arm(nth, errno.ENOSPC)
            done = node.failing_verb("backup", str(target))
            node.faults.disarm()
            assert done.returncode == (0 if target.exists() else 1), f"call {nth}: {done}"
            assert not target.with_name(target.name + ".part").exists(), f"call {nth} left a part"
            if target.exists():
                assert node.verb("doctor", "--data", str(target)).returncode == 0, f"call {nth}: a backup that is not whole"


CHANGES = ("put", "put_large", "delete", "delegate", "revoke", "batch")

if __name__ == "__main__":
    os.umask(0o077)
    run([*map(every_call_of, CHANGES), full_disk_is_told_until_there_is_room, backup_on_a_failing_disk_is_whole_or_absent,
         no_answer_leaves_before_its_data_is_synced])

"""Holds a history of concurrent requests against what it may show.

Each request has an interval, from when it was sent to when its answer was there; its effect took place at some moment in it.
Every check returns a list of what is wrong, one text each.
"""
import bisect
import collections
import json
import re

Op = collections.namedtuple("Op", "what client sent received status about given got")


def read(lines):
    for line in lines:
        what, client, sent, received, status, about, given, got = line.rstrip("\n").split("\t")
        yield Op(what, int(client), int(sent), int(received), int(status), about, given, got)


# revoke against invoke

def check_revocations(ops):
    """Sent after a revocation was acknowledged: refused. Answered before it was sent: admitted. In between: either."""
    wrong = []
    revoked = {op.about: op for op in ops if op.what == "revoke"}
    wrong += [f"revocation refused: {op}" for op in revoked.values() if op.status != 200]
    for op in ops:
        end = revoked.get(op.about)
        if op.what == "revoke":
            continue
        if op.status not in (200, 401):
            wrong.append(f"neither admitted nor refused: {op}")
        elif end and op.sent > end.received and op.status == 200:
            wrong.append(f"admitted after the revocation was acknowledged: {op}, {end}")
        elif op.status == 401 and (not end or op.received < end.sent):
            wrong.append(f"refused before the revocation was sent: {op}")
    return wrong


# put against put

def order_of_writes(ops):
    """The successful conditional writes of a key in the only order that they can have had, by what each replaced; and what is wrong."""
    writes = [op for op in ops if op.what == "put" and op.status == 200]
    after = collections.defaultdict(list)
    for op in writes:
        after[op.given].append(op)
    wrong = [f"one value was replaced twice: {same}" for same in after.values() if len(same) > 1]
    starts = set(after) - {op.got for op in writes}
    if wrong or not writes:
        return [], wrong
    if len(starts) != 1:
        return [], [f"no single beginning: {starts}"]
    chain, at = [], starts.pop()
    while at in after:
        chain.append(after[at][0])
        at = chain[-1].got
    if len(chain) != len(writes):
        wrong.append(f"{len(writes) - len(chain)} writes replaced what was never there")
    return chain, wrong


def place_reads(ops, chain):
    """(op, position, is a write) for each write and read: position n is the value after n writes."""
    first = chain[0].given if chain else None
    position = {first: 0, **{op.got: n for n, op in enumerate(chain, 1)}}
    placed = [(op, n, True) for n, op in enumerate(chain, 1)]
    wrong = []
    for op in ops:
        if op.what == "get" and chain:
            if op.got in position:
                placed.append((op, position[op.got], False))
            else:
                wrong.append(f"a value that nobody wrote: {op}")
    return placed, wrong


def running_bounds(placed):
    """lower(t): the position that was reached by ops answered before t; upper(t): what those sent after t begin with."""
    by_end = sorted((op.received, n) for op, n, _ in placed)
    by_start = sorted((op.sent, n - is_write) for op, n, is_write in placed)
    ends, starts = [t for t, _ in by_end], [t for t, _ in by_start]
    highest, lowest = [0], [len(placed)]
    for _, n in by_end:
        highest.append(max(highest[-1], n))
    for _, n in reversed(by_start):
        lowest.append(min(lowest[-1], n))
    lowest.reverse()
    return (lambda t: highest[bisect.bisect_left(ends, t)]), (lambda t: lowest[bisect.bisect_right(starts, t)])


def check_key(ops):
    chain, wrong = order_of_writes(ops)
    if wrong or not chain:
        return wrong
    placed, wrong = place_reads(ops, chain)
    lower, upper = running_bounds(placed)
    for op, n, is_write in placed:
        if lower(op.sent) > n - is_write:
            wrong.append(f"older than what was known when it was sent: {op}")
    current = {chain[0].given: 0, **{op.got: n for n, op in enumerate(chain, 1)}}
    for op in ops:
        if op.what == "put" and op.status == 412:
            n = current.get(op.given)
            if n is not None and lower(op.sent) == n and upper(op.received) == n:
                wrong.append(f"refused although it named the value of all that time: {op}")
    return wrong


def check_conditional_writes(ops):
    wrong = [f"neither done nor refused by its condition: {op}" for op in ops if op.status not in (200, 412)]
    for key in sorted({op.about for op in ops}):
        wrong += check_key([op for op in ops if op.about == key])
    return wrong


# del against list

class Changes:
    """The puts and deletions of one key by its owner, one behind the other."""

    def __init__(self, ops):
        self.ops = sorted(ops, key=lambda op: op.sent)
        self.ends = [op.received for op in self.ops]

    def presence(self, op):
        """Must the key be in this list (True), must it not (False), or either (None)?"""
        done = bisect.bisect_right(self.ends, op.sent)
        if done < len(self.ops) and self.ops[done].sent < op.received:
            return None
        return done > 0 and self.ops[done - 1].what == "put"


def check_lists(ops):
    wrong = [f"failed: {op}" for op in ops if op.status != 200]
    changes = collections.defaultdict(list)
    for op in ops:
        if op.what != "list":
            changes[op.about].append(op)
    changes = {key: Changes(own) for key, own in changes.items()}
    for op in ops:
        if op.what != "list" or op.status != 200:
            continue
        listed = json.loads(op.got)
        if sorted(set(listed)) != listed:
            wrong.append(f"not each key once and in order: {op}")
        there = set(listed)
        for key, steps in changes.items():
            must = steps.presence(op)
            if must is not None and must != (key in there):
                wrong.append(f"{key} {'is missing' if must else 'is there'}: {op}")
    return wrong


# put against the quota

QUOTA = 20000  # bytes
QUOTA_TEXT = re.compile(r"(Storage quota exceeded|Write exceeds remaining storage)\. Used: (\d+) bytes, Limit: (\d+) bytes")


def check_refusal(op, stored_before, stored_until):
    """A refusal names what was used at some moment of its interval, and what it refuses did not fit then."""
    told = QUOTA_TEXT.fullmatch(op.got)
    if not told:
        return [f"neither stored nor refused by the quota: {op}"]
    used, limit, full = int(told[2]), int(told[3]), told[1].startswith("Storage")
    wrong = []
    if limit != QUOTA or used > limit or (op.status, full) not in ((402, True), (413, False)):
        wrong.append(f"more than the limit, or another one: {op}")
    if not stored_before <= used <= stored_until:
        wrong.append(f"used is not between {stored_before} and {stored_until}: {op}")
    if full != (used >= limit) or used + int(op.given) <= limit:
        wrong.append(f"refused although there was room: {op}")
    return wrong


def running_sum(events):
    """The sum of the amounts whose moment is not after t."""
    moments, sums = [], [0]
    for moment, amount in sorted(events):
        moments.append(moment)
        sums.append(sums[-1] + amount)
    return lambda t: sums[bisect.bisect_right(moments, t)]


def check_quota(ops):
    stored = [op for op in ops if op.status == 200]
    total = sum(int(op.given) for op in stored)
    wrong = [f"{total} bytes were stored, and {QUOTA} may be"] if total > QUOTA else []
    acknowledged = running_sum((op.received, int(op.given)) for op in stored)
    sent = running_sum((op.sent, int(op.given)) for op in stored)
    for op in ops:
        if op.status != 200:
            wrong += check_refusal(op, acknowledged(op.sent), sent(op.received))
    return wrong


CHECKS = {"quota": check_quota, "revoke": check_revocations, "cas": check_conditional_writes, "list": check_lists}

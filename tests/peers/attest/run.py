#!/usr/bin/env python3
"""Our verdicts of evidence against those of independent verifiers.

usage: run.py BUILD [--recorded] [--count N] [--seed N]

With --recorded our verdicts of the corpus are held against those that the other verifiers gave, which the corpus records. Without it they
are built (cargo and go, pinned, in BUILD/peers; skipped by name where a toolchain is missing) and asked themselves, about the corpus and
about N random changes of it. What we accept and they refuse, what we refuse and they accept, and statuses that differ must be in
deviations.py; differences are counted and printed.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import deviations
from mutate import Mutations

HERE = pathlib.Path(__file__).parent
CORPUS = HERE.parent.parent / "data/attestation/generated"
FILES = ("quote", "collateral", "root", "report", "vcek", "ask", "ark", "policy")
RECORDED = {"dcap-qvl": "dcap", "intel-qvl": "intel", "go-tdx-guest": "go", "go-sev-guest": "sev"}
SHOWN = 20
ACCEPTED = deviations.ACCEPTED + deviations.ACCEPTED_CHANGED


class Oracle:
    """A program that answers a JSON line a case, and which oracle it is for a platform."""

    def __init__(self, program, platforms):
        self.program, self.platforms = program, platforms

    def answers(self, cases):
        """{index of the case: answer}, for the cases of its platforms."""
        mine = [i for i, case in enumerate(cases) if case["platform"] in self.platforms]
        text = "".join(json.dumps(cases[i]) + "\n" for i in mine)
        done = subprocess.run([self.program], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = done.stdout.splitlines()
        if done.returncode != 0 or len(lines) != len(mine):
            sys.exit(f"{self.program} answered {len(lines)} of {len(mine)} cases\n{done.stderr[-2000:]}")
        return dict(zip(mine, map(json.loads, lines)))


def corpus():
    """Cases with whole paths and with what of their policy an oracle can be told."""
    index = json.loads((CORPUS / "index.json").read_text())["cases"]
    for case in index:
        case.update({name: str(CORPUS / case[name]) for name in FILES if name in case})
        policy = json.loads(pathlib.Path(case["policy"]).read_text())
        case["allow_debug"] = policy.get("allow_debug", False)
        case["allow_service_td"] = policy.get("tdx", {}).get("allow_service_td", False)
        case["permit_provisional_firmware"] = policy.get("snp", {}).get("permit_provisional_firmware", False)
    return index


def only_what_is_asked(cases):
    return [{key: value for key, value in case.items() if key not in ("expect", "oracles", "why")} for case in cases]


class Comparison:
    def __init__(self):
        self.passed, self.failed, self.counts = 0, 0, collections.Counter()

    def _fail(self, text):
        self.failed += 1
        if self.failed <= SHOWN:
            print(f"FAILED: {text}")

    def check(self, holds, text):
        self.passed += bool(holds)
        if not holds:
            self._fail(text)

    def _row(self, oracle, ours, theirs):
        """The row that allows the difference; None when there is none."""
        if ours["ok"] and not theirs["ok"]:
            return next((r for r in ACCEPTED if r[0] == oracle and re.search(r[1], theirs["error"])), None)
        if not ours["ok"]:
            return next((r for r in deviations.REFUSED if r[0] == ours["error"] and oracle in r[1].split()), None)
        return next((r for r in deviations.STATUSES if r[:3] == (oracle, ours["status"], theirs["status"])), None)

    def one(self, case, oracle, ours, theirs):
        same = ours["ok"] == theirs["ok"] and (not ours["ok"] or "status" not in theirs or ours["status"] == theirs["status"])
        row = None if same else self._row(oracle, ours, theirs)
        if row is not None:
            self.counts[oracle, row] += 1
        self.check(same or row is not None, f"{case['name']}: we say {ours}, {oracle} says {theirs}\n  {json.dumps(case)}")

    def every_row_is_used(self, oracles):
        """By the corpus: a row for a difference that is no more would hide one that comes."""
        used = {row for _, row in self.counts}
        for row in deviations.ACCEPTED + deviations.REFUSED + deviations.STATUSES:
            names = row[1].split() if row in deviations.REFUSED else [row[0]]
            if any(name in oracles for name in names):
                self.check(row in used, f"nothing needs the row {row}")

    def print_counts(self, what):
        told = [("we accept, the oracle refuses", ACCEPTED, "{2}"), ("we refuse, the oracle accepts", deviations.REFUSED, "{0}: {2}"),
                ("statuses differ", deviations.STATUSES, "ours {1}, theirs {2}: {3}")]
        for title, rows, form in told:
            print(f"{what}: {title}")
            for (oracle, row), count in sorted(self.counts.items()):
                if row in rows:
                    print(f"  {oracle:5} {count:4}  {form.format(*row)}")
        self.counts.clear()


# ---- the oracles ----

def build_dcap(folder):
    target = folder / "dcap-qvl"
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", str(HERE / "dcap-qvl/Cargo.toml"),
                    "--target-dir", str(target)], check=True)
    return target / "release/oracle-dcap-qvl"


def build_go(folder):
    program = folder / "oracle-go"
    subprocess.run(["go", "build", "-mod=readonly", "-o", str(program.absolute()), "."], cwd=HERE / "go", check=True)
    return program


BUILDERS = {"cargo": (build_dcap, {"tdx": "dcap", "sgx": "dcap"}), "go": (build_go, {"tdx": "go", "sgx": "go", "snp": "sev"})}


def build_oracles(folder):
    """The oracles whose toolchain is there, and how many are not."""
    oracles, skipped = [], 0
    folder.mkdir(parents=True, exist_ok=True)
    for tool, (build, platforms) in BUILDERS.items():
        if shutil.which(tool) is None:
            print(f"skipped: peers.attest: needs {tool}")
            skipped += 1
        else:
            oracles.append(Oracle(str(build(folder).absolute()), platforms))
    return oracles, skipped


# ---- the comparisons ----

def compare_recorded(comparison, peer, cases):
    ours = peer.answers(only_what_is_asked(cases))
    for i, case in enumerate(cases):
        for name, verdict in case["oracles"].items():
            if name in RECORDED:
                comparison.one(case, RECORDED[name], ours[i], verdict)
    comparison.every_row_is_used(RECORDED.values())
    comparison.print_counts("recorded verdicts")


def compare_live(comparison, peer, oracles, cases):
    """Our verdicts, after each oracle's were held against them."""
    ours = peer.answers(cases)
    for oracle in oracles:
        for i, theirs in oracle.answers(cases).items():
            comparison.one(cases[i], oracle.platforms[cases[i]["platform"]], ours[i], theirs)
    return ours


def records_hold(comparison, oracles, cases):
    """What is recorded of these oracles is what they say. Of go-tdx-guest another version is recorded."""
    names = {"dcap": "dcap-qvl", "sev": "go-sev-guest"}
    for oracle in oracles:
        for i, theirs in oracle.answers(only_what_is_asked(cases)).items():
            name = names.get(oracle.platforms[cases[i]["platform"]])
            if name is not None:
                recorded = cases[i]["oracles"][name]
                comparison.check((theirs["ok"], theirs.get("status")) == (recorded["ok"], recorded.get("status")),
                                 f"{cases[i]['name']}: recorded {name} {recorded}, it says {theirs}")


def compare_all(comparison, peer, oracles, cases, count, seed):
    asked = only_what_is_asked(cases)
    ours = compare_live(comparison, peer, oracles, asked)
    comparison.print_counts("corpus")
    records_hold(comparison, oracles, cases)
    print(f"{count} mutations, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        accepted = [i for i, verdict in ours.items() if verdict["ok"]]
        mutations = Mutations(random.Random(seed), asked, accepted, folder)
        changed = [mutations.make(number) for number in range(count)]
        verdicts = compare_live(comparison, peer, oracles, changed)
    print(f"{sum(verdict['ok'] for verdict in verdicts.values())} of {count} mutations accepted")
    comparison.print_counts("mutations")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--recorded", action="store_true")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    arguments = parser.parse_args()
    comparison, skipped, cases = Comparison(), 0, corpus()
    peer = Oracle(str((arguments.build / "attest_peer").absolute()), {"tdx": "ours", "sgx": "ours", "snp": "ours"})
    if arguments.recorded:
        compare_recorded(comparison, peer, cases)
    else:
        oracles, skipped = build_oracles(arguments.build / "peers")
        compare_all(comparison, peer, oracles, cases, arguments.count, arguments.seed)
    print(f"{comparison.passed} passed, {comparison.failed} failed, {skipped} skipped")
    return 1 if comparison.failed else 0


sys.exit(main())

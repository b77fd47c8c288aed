#!/usr/bin/env python3
"""docs/openapi.yaml against the table of routes, row by row, and against a running node, with schemathesis: without tokens, and with
tokens that the node admits (openapi_tokens.py).

usage: openapi.py DEPUTY
The second half is skipped, by name, where schemathesis is not installed and PyPI cannot be reached.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from kit.node import Node  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = sys.argv[1]
DESCRIPTION = ROOT / "docs" / "openapi.yaml"
HOOKS = pathlib.Path(__file__).parent / "openapi_tokens.py"
VERSION = "schemathesis==4.32.5"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "deputy-tests" / VERSION.replace("==", "-")


def described():
    """{(method, path)} of the description, by its indentation."""
    found, path = set(), None
    for line in DESCRIPTION.read_text().split("\npaths:\n")[1].split("\ncomponents:\n")[0].splitlines():
        if match := re.fullmatch(r"  (/\S*):", line):
            path = match[1]
        elif match := re.fullmatch(r"    (get|put|post|delete|head|options|patch):", line):
            found.add((match[1].upper(), path))
    return found


def served():
    """The same of the table of routes; {name...} takes the rest of a path."""
    rows = re.findall(r'\{HTTP_METHOD_([A-Z]+), "([^"]+)"', (ROOT / "src/node/routes.c").read_text())
    return {(method, path.replace("...}", "}")) for method, path in rows}


def guarded():
    """The operations of the description that ask for a token or for the administrator's secret."""
    operations = re.split(r"operationId: ", DESCRIPTION.read_text().split("\ncomponents:\n")[0])[1:]
    return {operation.split()[0] for operation in operations if re.search(r"^ +security:", operation, re.M)}


def installed():
    """The schemathesis of a virtual environment made for this; None when it cannot be had."""
    program = CACHE / "bin" / "schemathesis"
    if not program.exists():
        done = subprocess.run([sys.executable, "-m", "venv", str(CACHE)], capture_output=True)
        if done.returncode == 0:
            subprocess.run([str(CACHE / "bin" / "pip"), "install", "--quiet", "--timeout", "10", "--retries", "1", VERSION], capture_output=True)
    return program if program.exists() else None


def every_route_is_described_and_nothing_else():
    assert served() - described() == set(), f"not described: {served() - described()}"
    assert described() - served() == set(), f"described, but no route: {described() - served()}"
    assert len(served()) >= 10


ADMIN = "an administrator of the tests"
CHECKS = "not_a_server_error,status_code_conformance,response_headers_conformance,response_schema_conformance"
KINDS = ",content_type_conformance"


def tried(node, checks, *arguments, **environment):
    """Runs schemathesis on the node's description; what it finds is a failure."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([str(installed()), "run", str(DESCRIPTION), "--url", node.url, "--checks", checks, "--phases", "examples,fuzzing",
                               "--max-examples", "25", "--seed", "1", "--workers", "1", "--no-color", *arguments],
                              capture_output=True, text=True, timeout=240, cwd=directory, env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    assert node.process.poll() is None, node.log_text()


def with_schemathesis(check):
    def check_or_skip():
        if installed() is None:
            print(f"skipped: {check.__name__}: schemathesis is not here and cannot be fetched")
            return
        with Node(DEPUTY, CONFIG, {"TINYCLOUD_ADMIN_SECRET": ADMIN}) as node:
            check(node)

    check_or_skip.__name__ = check.__name__
    return check_or_skip


@with_schemathesis
def running_node_answers_as_described(node):
    tried(node, CHECKS + KINDS + ",ignored_auth")


@with_schemathesis
def running_node_answers_the_admitted_as_described(node):
    """Each operation that asks for a token does its work at least once. /invoke by itself: what it answers without a Content-Type is a
    value that was stored without one, which a description cannot say."""
    seen = node.directory / "seen"
    environment = {"SCHEMATHESIS_HOOKS": HOOKS.stem, "PYTHONPATH": str(HOOKS.parent), "OPENAPI_PORT": str(node.port), "OPENAPI_ADMIN": ADMIN,
                   "OPENAPI_SEEN": str(seen)}
    chosen = [argument for name in guarded() - {"invoke"} for argument in ("--include-operation-id", name)]
    tried(node, CHECKS + KINDS, *chosen, **environment)
    tried(node, CHECKS, "--include-operation-id", "invoke", **environment)
    done = collections.Counter(line.split()[0] for line in seen.read_text().splitlines() if line.split()[1][0] == "2")
    assert set(done) == guarded(), f"never done: {guarded() - set(done)}"


if __name__ == "__main__":
    run([every_route_is_described_and_nothing_else, running_node_answers_as_described, running_node_answers_the_admitted_as_described])

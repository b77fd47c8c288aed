#!/usr/bin/env python3
"""docs/openapi.yaml against the table of routes, row by row, and against a running node, with schemathesis.

usage: openapi.py DEPUTY
The second half is skipped, by name, where schemathesis is not installed and PyPI cannot be reached.
"""
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


def running_node_answers_as_described():
    program = installed()
    if program is None:
        print("skipped: running_node_answers_as_described: schemathesis is not here and cannot be fetched")
        return
    with Node(DEPUTY, CONFIG, {"TINYCLOUD_ADMIN_SECRET": "an administrator of the tests"}) as node, tempfile.TemporaryDirectory() as directory:
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,ignored_auth"
        done = subprocess.run([str(program), "run", str(DESCRIPTION), "--url", node.url, "--checks", checks, "--max-examples", "25",
                               "--phases", "examples,fuzzing", "--seed", "1", "--workers", "1", "--no-color"],
                              capture_output=True, text=True, timeout=240, cwd=directory)
        assert done.returncode == 0, done.stdout + done.stderr
        assert node.process.poll() is None, node.log_text()


if __name__ == "__main__":
    run([every_route_is_described_and_nothing_else, running_node_answers_as_described])

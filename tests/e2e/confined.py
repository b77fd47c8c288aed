#!/usr/bin/env python3
"""The sandbox of `deputy backend` and `deputy node`, tried from inside the process and from outside: what it refuses, what goes on
as before, and what the start says of it.

usage: confined.py DEPUTY INSIDE_BACKEND INSIDE_NODE [NAME...]

Two daemons with somebody in them who tries (tests/confine). What a kernel does not have is not asked for.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import Backend, Owner  # noqa: E402
from kit.guest import AT_REPORT_DATA, Kernel  # noqa: E402
from kit.node import Node, confinement  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.secure import SecureNode  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY, INSIDE_BACKEND, INSIDE_NODE = (os.path.abspath(path) for path in sys.argv[1:4])
TLS = pathlib.Path(__file__).parent.parent / "data" / "tls"
NONCE = "00112233445566778899aabbccddeeff"
NODE = Node(DEPUTY, CONFIG)
LANDLOCK = 444  # the number of landlock_create_ruleset, on every processor

# Starts a program for which the kernel has no Landlock, as one from before 5.13.
WITHOUT_LANDLOCK = f"""
import ctypes, os, struct, sys
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, {LANDLOCK}), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7fff0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
class Filter(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("steps", ctypes.c_void_p)]
given = Filter(len(steps), ctypes.addressof(program))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(given), 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def landlock_version():
    """Of the running kernel; 0 or less: it has none."""
    import ctypes
    return ctypes.CDLL(None).syscall(LANDLOCK, None, 0, 1)


VERSION = landlock_version()


class Old:
    """Of a daemon: on a kernel without Landlock."""

    def command(self):
        return [sys.executable, "-c", WITHOUT_LANDLOCK, *super().command()]


class OldBackend(Old, Backend):
    pass


class OldNode(Old, Node):
    pass


@contextlib.contextmanager
def listener():
    """A socket where nobody is expected; gives its port, and a function that counts who came."""
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.3)

        def callers():
            count = 0
            with contextlib.suppress(TimeoutError):
                while True:
                    trap.accept()[0].close()
                    count += 1
            return count

        yield trap.getsockname()[1], callers


def eventually(backend, *parts):
    """Waits for a line of the log that has all of these."""
    deadline = time.monotonic() + 20
    while True:
        for line in backend.log_text().splitlines():
            if all(part in line for part in parts):
                return line
        assert time.monotonic() < deadline, (parts, backend.log_text()[-3000:])
        time.sleep(0.02)


def in_force(files=VERSION >= 1, calls=True, ports=VERSION >= 4, addresses="listed", threads=True):
    flags = [f"{name}={str(value).lower()}" for name, value in (("files", files), ("calls", calls), ("ports", ports))]
    return " ".join(["daemon.sandbox", *flags, f"addresses={addresses}", f"all_threads={str(threads).lower()}"])


# ---- from inside ----

def tried(**settings):
    """What came of each attempt, and how many connections were made to where none should be."""
    with tempfile.TemporaryDirectory(prefix="deputy-test-") as outside, listener() as (other, callers):
        file = pathlib.Path(outside, "file")
        file.write_text("outside")
        backend = Backend(INSIDE_BACKEND, NODE, threads=1, **settings)
        backend.environment = {"INSIDE_FILE": str(file), "INSIDE_DATA": str(backend.directory / "data" / "inside"),
                               "INSIDE_NODE": str(NODE.port), "INSIDE_OTHER": str(other)}
        with backend:
            assert "inside:" not in backend.log_text(), "nobody has asked yet"
            backend.nonce("0x" + "11" * 20)
            for name in ("the node", "another address", "another host"):
                eventually(backend, f"inside: ask {name}:")
            outcomes = dict(re.findall(r"^inside: (.*): (\S+)$", backend.log_text(), re.M))
            expect(backend.request("GET", "/healthz"), 200)
            assert backend.stop() == 0, backend.log_text()[-2000:]
        return outcomes, callers()


FILES = ("read a file outside", "write a file outside", "make a file outside", "remove a file outside", "read its own environment",
         "read the accounts")
PROGRAMS = ("make a process", "run a program", "look into a process")
ELSEWHERE = ("ask another server", "ask the node by another name", "ask another address", "ask another host")
ALLOWED = ("make a file inside", "connect to the node", "ask the node")


def from_inside_files_programs_and_addresses_are_refused():
    outcomes, connections = tried()
    for name in FILES if VERSION >= 1 else ():
        assert outcomes.pop(name) == "EACCES", (name, outcomes)
    for name in PROGRAMS:
        assert outcomes.pop(name) == "EPERM", (name, outcomes)
    if VERSION >= 4:
        assert outcomes.pop("connect elsewhere") == "EACCES", outcomes
        assert connections == 0, connections
    for name in ELSEWHERE:
        assert outcomes.pop(name) == "http-address", (name, outcomes)
    for name in ALLOWED:
        assert outcomes.pop(name) == "done", (name, outcomes)
    assert VERSION < 4 or outcomes == {}, outcomes


def without_the_sandbox_the_same_attempts_succeed():
    outcomes, connections = tried(sandbox="off")
    for name in (*FILES, *PROGRAMS, *ALLOWED, "connect elsewhere"):
        assert outcomes.pop(name) == "done", (name, outcomes)
    # Its own caller is held to the node's address whether there is a sandbox or not.
    assert outcomes == {name: "http-address" for name in ELSEWHERE} and connections == 1, (outcomes, connections)


# ---- what the start says ----

def one_line_says_what_is_in_force():
    for settings, expected in (({}, in_force()), ({"sandbox": "off"}, in_force(False, False, False, threads=False)),
                               ({"node": "http://localhost:9"}, in_force()), ({"node": "https://node.invalid"}, in_force(addresses="public")),
                               ({"node": "https://node.invalid", "node_private": True}, in_force(addresses="server")),
                               ({"node": "http://node.invalid", "dev": True}, in_force(addresses="server"))):
        with Backend(DEPUTY, **settings) as backend:
            lines = [line for line in backend.log_text().splitlines() if "daemon.sandbox" in line]
            whole = "files=true calls=true" in expected
            assert len(lines) == 1 and lines[0].endswith((" info " if whole else " warning ") + expected), (lines, expected)
    with Backend(DEPUTY, log__format="json") as backend:
        line = json.loads(next(line for line in backend.log_text().splitlines() if "daemon.sandbox" in line))
        assert line.pop("time") and line == {"level": "info" if VERSION >= 1 else "warning", "event": "daemon.sandbox", "files": VERSION >= 1,
                                             "calls": True, "ports": VERSION >= 4, "addresses": "listed", "all_threads": True}, line


def a_kernel_that_lacks_it_is_told_of_or_refused():
    with OldBackend(DEPUTY) as backend:
        assert backend.log_text().count("warning " + in_force(files=False, ports=False)) == 1, backend.log_text()
        expect(backend.request("GET", "/healthz"), 200)
        assert backend.stop() == 0
    code, said = OldBackend(DEPUTY, sandbox="required").refused_start()
    assert code == 1 and said.splitlines()[-1] == ("deputy backend: the kernel does not confine this process as sandbox = \"required\" asks"), (code, said)


def required_is_no_more_than_on_where_the_kernel_has_it():
    with Backend(DEPUTY, sandbox="required") as backend:
        assert in_force() in backend.log_text(), backend.log_text()


# ---- names ----

def a_name_may_not_mean_a_private_address():
    with listener() as (port, callers):
        with Backend(DEPUTY, f"https://node.localhost:{port}") as backend:
            eventually(backend, "backend.node-unreached", "error=guard-reserved")
            one = Owner(backend, None, "somewhere private")
            one.open_session().sign_in()
            assert json.loads(one.post(one.bundle()).text)["activation"] == "pending"
        assert callers() == 0
        with Backend(DEPUTY, f"https://node.localhost:{port}", node_private=True) as backend:
            deadline = time.monotonic() + 20
            while callers() == 0:
                assert time.monotonic() < deadline, backend.log_text()


# ---- what goes on as before ----

class Secured(Backend):
    """A backend that speaks TLS with its own copy of the files: each in its place, or behind a link that is changed."""

    def __init__(self, linked):
        super().__init__(DEPUTY, NODE)
        self.linked, self.live, self.archive = linked, self.directory / "live", self.directory / "archive"
        self.live.mkdir()
        self.archive.mkdir()
        self.settings |= {"tls.cert": str(self.live / "own.pem"), "tls.key": str(self.live / "own.key")}
        self.use("certificate.pem", "key.pem")

    def use(self, certificate, key):
        for source, name in ((certificate, "own.pem"), (key, "own.key")):
            fresh = (self.archive if self.linked else self.live) / source
            shutil.copyfile(TLS / source, fresh)
            fresh.chmod(0o600)
            if self.linked:
                link = self.live / "new"
                link.symlink_to(f"../archive/{source}")
                fresh = link
            fresh.rename(self.live / name)

    def certificate(self):
        return ssl.get_server_certificate(("127.0.0.1", self.port), timeout=20)


def a_new_certificate_is_read_on_SIGHUP():
    def text(name):
        return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert((TLS / name).read_text()))

    for linked in (False, True):
        with Secured(linked) as backend:
            assert in_force() in backend.log_text() and backend.certificate() == text("certificate.pem")
            backend.use("other_certificate.pem", "other_key.pem")
            backend.process.send_signal(signal.SIGHUP)
            eventually(backend, "tls.reloaded")
            deadline = time.monotonic() + 10
            while backend.certificate() != text("other_certificate.pem"):
                assert time.monotonic() < deadline
            assert backend.stop() == 0, backend.log_text()[-2000:]


class Trusting(Backend):
    """A backend that sees another list of authorities than the system's."""

    script = "mount --bind \"$0\" /etc/ssl/certs/ca-certificates.crt && exec \"$@\""

    def command(self):
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", self.script, str(TLS / "certificate.pem"), *super().command()]


def other_authorities_can_be_shown():
    listed = "/etc/ssl/certs/ca-certificates.crt"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", Trusting.script, str(TLS / "certificate.pem"), "cmp", listed, str(TLS / "certificate.pem")]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def a_node_is_spoken_to_over_TLS():
    with SecureNode(DEPUTY) as node:
        with Backend(DEPUTY, node) as backend:
            eventually(backend, "backend.node-unreached", "error=http-certificate")
            expect(backend.request("GET", "/healthz/ready"), 503)
        with Trusting(DEPUTY, node) as backend:
            eventually(backend, "backend.node-reached")
            assert in_force() in backend.log_text()
            one = Owner(backend, node, "over TLS")
            one.host()
            one.open_session().sign_in()
            assert one.grant()["activation"] == "active"
            backend.restart()
            assert one.status()["status"] == "active"
            assert backend.stop() == 0, backend.log_text()[-2000:]


def Unix_sockets_are_removed_at_the_end_and_nothing_else_of_their_directory():
    with tempfile.TemporaryDirectory(prefix="deputy-test-") as run_directory:
        places = [pathlib.Path(run_directory, name) for name in ("public.sock", "local.sock")]
        backend = Backend(DEPUTY, NODE, local__listen=[f"unix:{places[1]}"], telemetry="127.0.0.1:0")
        backend.settings["listen"] += [f"unix:{places[0]}"]
        with backend:
            assert all(place.is_socket() for place in places) and in_force() in backend.log_text()
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(str(places[1]))
                raw.sendall(b"GET /v1/owners HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert raw.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert backend.stop() == 0, backend.log_text()[-2000:]
            assert not any(place.exists() for place in places)


def evidence_of_the_kernel_is_asked_for():
    with Kernel() as kernel, Backend(DEPUTY, NODE, environment=kernel.environment) as backend:
        for nonce in (NONCE, NONCE[::-1]):
            answer = backend.request("GET", f"/attestation?nonce={nonce}")
            expect(answer, 200)
            body = json.loads(answer.text)
            assert body["mode"] == "tdx" and body["report_data"] == body["quote"][2 * AT_REPORT_DATA:][:128], body["mode"]
        assert in_force() in backend.log_text()


# ---- a node ----

def node_with(mode, kind=Node, deputy=DEPUTY, more="", **environment):
    return kind(deputy, CONFIG + more, environment={**confinement(deputy, mode), **environment})


def tried_in_a_node(mode):
    with tempfile.TemporaryDirectory(prefix="deputy-test-") as outside:
        file = pathlib.Path(outside, "file")
        file.write_text("outside")
        node = node_with(mode, deputy=INSIDE_NODE, INSIDE_FILE=str(file))
        node.environment["INSIDE_DATA"] = str(node.data / "inside")
        with node:
            eventually(node, "inside: all:")
            outcomes = dict(re.findall(r"^inside: (.*): (\S+)$", node.log_text(), re.M))
            expect(node.request("GET", "/healthz"), 200)
            assert node.stop() == 0, node.log_text()[-2000:]
        del outcomes["all"]
        return outcomes


def from_inside_a_node_files_and_programs_are_refused():
    outcomes = tried_in_a_node("on")
    for name in FILES if VERSION >= 1 else ():
        assert outcomes.pop(name) == "EACCES", (name, outcomes)
    for name in PROGRAMS:
        assert outcomes.pop(name) == "EPERM", (name, outcomes)
    assert outcomes.pop("make a file inside") == "done" and (VERSION < 1 or outcomes == {}), outcomes


def without_the_sandbox_the_same_attempts_succeed_in_a_node():
    outcomes = tried_in_a_node("off")
    assert outcomes == {name: "done" for name in (*FILES, *PROGRAMS, "make a file inside")}, outcomes


def the_start_of_a_node_says_what_is_in_force():
    for mode, more, expected in (("on", "", in_force(ports=False, addresses="public")),
                                 ("required" if VERSION >= 1 else "on", 'quota_url = "http://127.0.0.1:9"\n', in_force(ports=False, addresses="any")),
                                 ("off", "", in_force(False, False, False, addresses="public", threads=False))):
        node = node_with(mode)
        node.config = node.config.replace("[global]\n", "[global]\n" + more, 1)
        with node:
            lines = [line for line in node.log_text().splitlines() if "daemon.sandbox" in line]
            assert len(lines) == 1 and lines[0].endswith(expected), (lines, expected)
            assert node.stop() == 0, node.log_text()[-2000:]


def a_node_on_a_kernel_that_lacks_it_tells_or_does_not_start():
    with node_with("on", OldNode) as node:
        assert "warning " + in_force(files=False, ports=False, addresses="public") in node.log_text()
        assert node.stop() == 0
    node = node_with("required", OldNode)
    try:
        node.start()
        raise AssertionError("it started")
    except RuntimeError as error:
        assert "the kernel does not confine this process" in str(error), error
    finally:
        shutil.rmtree(node.directory)


def a_node_makes_its_directory_and_its_socket_within():
    with tempfile.TemporaryDirectory(prefix="deputy-test-") as directory:
        place = pathlib.Path(directory, "node.sock")
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(place))
        node = node_with("on", more=f'[global.deputy]\nlisten = ["127.0.0.1:{{port}}", "unix:{place}"]\n')
        with node:
            assert in_force(ports=False, addresses="public") in node.log_text()
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(str(place))
                raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert raw.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert node.stop() == 0 and not place.exists(), node.log_text()[-2000:]


def main():
    wanted = sys.argv[4:]
    checks = [check for check in globals().values() if callable(check) and getattr(check, "__module__", "") == "__main__"
              and not isinstance(check, type) and check.__name__ not in ("main", "landlock_version", "listener", "eventually", "in_force", "tried",
                                                                         "node_with", "tried_in_a_node",
                                                                         "other_authorities_can_be_shown")]
    checks = [check for check in checks if not wanted or any(each in check.__name__ for each in wanted)]
    if not other_authorities_can_be_shown():
        checks.remove(a_node_is_spoken_to_over_TLS)
        print("skipped: a_node_is_spoken_to_over_TLS: no mount namespace can be made here")
    with NODE:
        run(checks)


if __name__ == "__main__":
    main()

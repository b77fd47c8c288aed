#!/usr/bin/env python3
"""Where a data node listens: Unix sockets, sockets that a service manager passes, and what it tells that manager.

usage: listen.py DEPUTY
"""
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.node import confinement  # noqa: E402
from kit.runner import run  # noqa: E402
from kit.world import CONFIG  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
PACKAGING = pathlib.Path(__file__).parent.parent.parent / "packaging"
GET = b"GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n"


class Started:
    """`deputy node` with these places to listen on; its ready line is read. Use it in a with statement."""

    def __init__(self, *listen, more="", passed=(), **environment):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deputy-test-"))
        self.listen = [place.replace("{dir}", str(self.directory)) for place in listen]
        self.more, self.passed, self.environment = more, passed, environment

    def __enter__(self):
        config = CONFIG.replace("{port}", "0").replace("{data}", str(self.directory / "data"))
        self.directory.joinpath("tinycloud.toml").write_text(config + self.more)
        environment = {**os.environ, **confinement(DEPUTY), **self.environment, "TINYCLOUD_DEPUTY__THREADS": "2"}
        self.process = subprocess.Popen(self.command(), cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=environment, pass_fds=self.passed)
        self.ready = self.process.stdout.readline().split()
        return self

    def command(self):
        command = [DEPUTY, "node", "--listen", ",".join(self.listen)]
        if not self.passed:
            return command
        # As a manager does: descriptors from 3 on, and the number of the very process in LISTEN_PID.
        moved = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(self.passed))
        return ["sh", "-c", f'export LISTEN_PID=$$ LISTEN_FDS={len(self.passed)}; exec "$@" {moved}', "sh", *command]

    def path(self, name):
        return self.directory / name

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        out, said = self.process.communicate(timeout=20)
        return self.process.returncode, said

    def __exit__(self, *_):
        self.end(signal.SIGKILL)
        shutil.rmtree(self.directory)


def status_at(address, family=socket.AF_UNIX):
    with socket.socket(family) as raw:
        raw.settimeout(10)
        raw.connect(address)
        raw.sendall(GET)
        return raw.recv(4096).split(b"\r\n")[0]


def listening(directory):
    """A Unix and a TCP socket, bound and listening, as a manager would pass them."""
    local, tcp = socket.socket(socket.AF_UNIX), socket.socket()
    local.bind(str(directory / "passed.sock"))
    tcp.bind(("127.0.0.1", 0))
    for each in (local, tcp):
        each.listen()
    return local, tcp


class Unix:
    def is_answered_by_every_loop_and_removed_at_the_end():
        with Started("unix:{dir}/n.sock", "127.0.0.1:0") as node:
            path = node.path("n.sock")
            assert node.ready[1] == f"unix:{path}" and node.ready[2].startswith("http://127.0.0.1:"), node.ready
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
            for _ in range(20):
                assert status_at(str(path)) == b"HTTP/1.1 200 OK"
            code, said = node.end()
            assert code == 0 and not path.exists(), said

    def gets_the_mode_of_the_setting():
        with Started("unix:{dir}/n.sock", more='[global.deputy]\nsocket_mode = "0600"\n') as node:
            assert stat.S_IMODE(node.path("n.sock").stat().st_mode) == 0o600

    def mode_that_is_none_is_refused():
        for mode in ("", "rw", "0o660", "999", "1777", "00660"):
            with Started("unix:{dir}/n.sock", more=f'[global.deputy]\nsocket_mode = "{mode}"\n') as node:
                code, said = node.end()
                assert code == 2 and "socket_mode" in said and said.count("\n") == 1, (mode, code, said)

    def left_by_a_killed_node_is_taken_over():
        with Started("unix:{dir}/n.sock") as node:
            node.end(signal.SIGKILL)
            assert node.path("n.sock").exists()
            with Started(f"unix:{node.path('n.sock')}") as second:
                assert len(second.ready) == 2, second.end()
                assert status_at(str(node.path("n.sock"))) == b"HTTP/1.1 200 OK"

    def of_a_running_node_is_left_alone():
        with Started("unix:{dir}/n.sock") as node, Started(f"unix:{node.path('n.sock')}") as second:
            code, said = second.end()
            assert code == 1 and "another process listens there" in said and said.count("\n") == 1, (code, said)
            assert status_at(str(node.path("n.sock"))) == b"HTTP/1.1 200 OK"

    def is_not_limited_by_address():
        with Started("unix:{dir}/n.sock", more="[global.deputy]\nmax_connections_per_address = 1\n") as node:
            many = [socket.socket(socket.AF_UNIX) for _ in range(8)]
            for one in many:
                one.connect(str(node.path("n.sock")))
                one.sendall(GET)
            assert all(one.recv(4096).startswith(b"HTTP/1.1 200 ") for one in many)
            for one in many:
                one.close()


class Passed:
    def sockets_are_served():
        directory = pathlib.Path(tempfile.mkdtemp(prefix="deputy-test-"))
        local, tcp = listening(directory)
        with local, tcp, Started("systemd", passed=(local.fileno(), tcp.fileno())) as node:
            port = tcp.getsockname()[1]
            assert node.ready == ["ready", f"unix:{directory / 'passed.sock'}", f"http://127.0.0.1:{port}"], node.end()
            for _ in range(10):
                assert status_at(local.getsockname()) == b"HTTP/1.1 200 OK"
                assert status_at(("127.0.0.1", port), socket.AF_INET) == b"HTTP/1.1 200 OK"
            code, said = node.end()
            assert code == 0 and (directory / "passed.sock").exists(), "a socket of the manager was removed: " + said
        shutil.rmtree(directory)

    def none_is_refused():
        with Started("systemd") as node:
            code, said = node.end()
            assert code == 1 and "passed no socket" in said and said.count("\n") == 1, (code, said)

    def datagram_socket_is_refused():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, Started("systemd", passed=(datagram.fileno(),)) as node:
            code, said = node.end()
            assert code == 1 and "stream sockets" in said, (code, said)


class Manager:
    def is_told_when_ready_and_when_stopping():
        directory = pathlib.Path(tempfile.mkdtemp(prefix="deputy-test-"))
        for name in (str(directory / "notify"), "\0deputy-test-notify-" + str(os.getpid())):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(name)
                manager.settimeout(10)
                with Started("127.0.0.1:0", NOTIFY_SOCKET=name.replace("\0", "@")) as node:
                    assert manager.recv(100) == b"READY=1"
                    port = int(node.ready[1].rsplit(":", 1)[1])
                    assert status_at(("127.0.0.1", port), socket.AF_INET) == b"HTTP/1.1 200 OK"
                    assert node.end()[0] == 0
                    assert manager.recv(100) == b"STOPPING=1"
        shutil.rmtree(directory)

    def that_is_gone_stops_nothing():
        with Started("127.0.0.1:0", NOTIFY_SOCKET="/nonexistent/notify") as node:
            assert len(node.ready) == 2, node.end()
            assert node.end()[0] == 0

    def accepts_our_units():
        if not shutil.which("systemd-analyze"):
            print("skipped: systemd-analyze is not installed")
            return
        directory = pathlib.Path(tempfile.mkdtemp(prefix="deputy-test-"))
        for unit in ("deputy-node.service", "deputy-node.socket", "deputy-backend.service"):
            text = (PACKAGING / unit).read_text().replace("/usr/bin/deputy", DEPUTY)
            (directory / unit).write_text(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *sorted(map(str, directory.iterdir()))], capture_output=True, text=True)
        ours = [line for line in (done.stdout + done.stderr).splitlines() if "deputy-node" in line or "deputy-backend" in line]
        shutil.rmtree(directory)
        assert done.returncode == 0 and not ours, (done.returncode, done.stdout, done.stderr)


if __name__ == "__main__":
    run([check for group in (Unix, Passed, Manager) for check in vars(group).values() if callable(check)])

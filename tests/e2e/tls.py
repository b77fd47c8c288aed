#!/usr/bin/env python3
"""TLS of a data node, held against Python's ssl and `openssl s_client`: versions, protocols, large bodies, ends, certificates that change.

usage: tls.py DEPUTY
"""
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import secure  # noqa: E402
from kit.node import Node  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.secure import context  # noqa: E402
from kit.world import CONFIG, World  # noqa: E402

DEPUTY = sys.argv[1]
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


class SecureNode(secure.SecureNode):
    def __init__(self, more=""):
        super().__init__(DEPUTY, more)


def refused(node, using):
    try:
        node.connect(using).close()
    except ssl.SSLError as error:
        return str(error)
    raise AssertionError("the handshake was not refused")


def everything(stream):
    received = b""
    while part := stream.recv(65536):
        received += part
    return received


def s_client(node, *arguments, sent=GET):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{node.port}", *arguments], input=sent, capture_output=True, timeout=30)
    return (done.stdout + done.stderr).decode(errors="replace")


class Handshake:
    def is_tls_1_3_without_a_ticket():
        with SecureNode() as node:
            with node.connect() as stream:
                stream.sendall(GET)
                assert stream.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
                assert stream.version() == "TLSv1.3" and not stream.session.has_ticket, stream.version()
            said = s_client(node, "-ign_eof", sent=GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert "New, TLSv1.3" in said and "HTTP/1.1 200 OK" in said, said
            assert "Compression: NONE" in said and "Early data was not sent" in said and "New Session Ticket" not in said, said

    def older_versions_are_refused():
        with SecureNode() as node, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for version in ("TLSv1", "TLSv1_1", "TLSv1_2"):
                using = context(check_hostname=False)
                using.set_ciphers("ALL:@SECLEVEL=0")
                using.minimum_version = using.maximum_version = getattr(ssl.TLSVersion, version)
                assert "PROTOCOL_VERSION" in refused(node, using).upper().replace(" ", "_"), version
            assert "alert protocol version" in s_client(node, "-tls1_2")

    def protocol_http_1_1_is_chosen_and_no_other():
        with SecureNode() as node:
            using = context()
            using.set_alpn_protocols(["h2", "http/1.1"])
            with node.connect(using) as stream:
                assert stream.selected_alpn_protocol() == "http/1.1"
            using.set_alpn_protocols(["h2", "spdy/3"])
            refused(node, using)
            assert "SSL alert number 120" in s_client(node, "-alpn", "h2,spdy/3")

    def slow_one_is_cut_off():
        """The deadline of a head holds for the handshake before it."""
        with SecureNode() as node, node.raw() as silent, node.raw() as half:
            half.sendall(b"\x16\x03\x01\x02\x00\x01")
            begun = time.monotonic()
            assert silent.recv(100) == b"" and half.recv(100) == b""
            assert 5 < time.monotonic() - begun < 15

    def plain_http_is_closed_cleanly():
        with SecureNode() as node:
            for sent in (GET, b"\0" * 1000, b"SSH-2.0-client\r\n", GET * 2000):
                with node.raw() as raw:
                    raw.sendall(sent)
                    raw.shutdown(socket.SHUT_WR)
                    answer = everything(raw)  # a reset would raise
                    assert not answer.startswith(b"HTTP"), answer
            expect(node.request("GET", "/healthz"), 200)

    def broken_record_ends_the_connection():
        with SecureNode() as node:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            stream = context().wrap_bio(incoming, outgoing, server_hostname="localhost")
            with node.raw() as raw:
                while True:
                    try:
                        stream.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        raw.sendall(outgoing.read())
                        incoming.write(raw.recv(65536))
                stream.write(GET)
                record = bytearray(outgoing.read())
                record[-1] ^= 1
                raw.sendall(record)
                incoming.write(everything(raw))
            try:
                answer = stream.read(100)
            except ssl.SSLError as error:
                answer = str(error)
            assert "BAD_RECORD_MAC" in str(answer), answer


class Bodies:
    def large_values_go_both_ways():
        with SecureNode() as node:
            world = World(node)
            proof = world.sign_in()
            for size in (1, 16383, 16384, 16385, 100_000, 20_000_000):
                value = os.urandom(size)
                put = world.ucan(world.session, world.session.did_key, world.caps("/large", "put"), proofs=[proof])
                expect(world.post("/invoke", put, value), 200)
                get = world.ucan(world.session, world.session.did_key, world.caps("/large", "get"), proofs=[proof])
                answer = world.post("/invoke", get)
                assert answer.status == 200 and answer.body == value, (size, answer.status, len(answer.body))

    def slow_reader_gets_everything():
        """The answer does not fit into the socket: the rest is made into records as it is taken."""
        with SecureNode() as node:
            world = World(node)
            proof = world.sign_in()
            value = os.urandom(12_000_000)
            put = world.ucan(world.session, world.session.did_key, world.caps("/slow", "put"), proofs=[proof])
            expect(world.post("/invoke", put, value), 200)
            get = world.ucan(world.session, world.session.did_key, world.caps("/slow", "get"), proofs=[proof])
            with node.connect() as stream:
                stream.sendall(f"POST /invoke HTTP/1.1\r\nHost: a\r\nAuthorization: {get}\r\nConnection: close\r\n\r\n".encode())
                time.sleep(1)
                head, _, body = everything(stream).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ") and body == value, (head, len(body))

    def upload_cut_off_stores_nothing():
        with SecureNode() as node:
            world = World(node)
            proof = world.sign_in()
            for ending in ("end of TLS", "end of TCP"):
                token = world.ucan(world.session, world.session.did_key, world.caps("/cut", "put"), proofs=[proof])
                stream = node.connect()
                stream.sendall(f"POST /invoke HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\nContent-Length: 1000\r\n\r\nhalf".encode())
                time.sleep(0.2)
                if ending == "end of TLS":
                    try:
                        stream.unwrap()
                    except ssl.SSLError:  # its refusal came first
                        pass
                    stream.close()
                else:
                    stream.shutdown(socket.SHUT_RDWR)
                    stream.close()
                time.sleep(0.2)
                get = world.ucan(world.session, world.session.did_key, world.caps("/cut", "get"), proofs=[proof])
                expect(world.post("/invoke", get), 404)

    def client_that_says_it_sends_no_more_gets_its_answer():
        with SecureNode() as node:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            stream = context().wrap_bio(incoming, outgoing, server_hostname="localhost")
            with node.raw() as raw:
                while True:
                    try:
                        stream.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        raw.sendall(outgoing.read())
                        incoming.write(raw.recv(65536))
                stream.write(GET)
                try:
                    stream.unwrap()  # its close_notify follows the request
                except ssl.SSLWantReadError:
                    pass
                raw.sendall(outgoing.read())
                raw.shutdown(socket.SHUT_WR)
                incoming.write(everything(raw))
            assert stream.read(4096).startswith(b"HTTP/1.1 200 OK\r\n")

    def many_requests_on_one_connection():
        with SecureNode() as node, node.connect() as stream:
            stream.sendall(GET * 200)
            received = b""
            while received.count(b"HTTP/1.1 200 OK\r\n") < 200:
                received += stream.recv(65536)


class Certificate:
    def is_exchanged_on_sighup_for_new_connections():
        with SecureNode() as node, node.connect() as before:
            node.use("other_certificate.pem", "other_key.pem")
            node.reload("tls.reloaded")
            time.sleep(0.1)
            refused(node, context())
            with node.connect(context("other_certificate.pem")) as stream:
                stream.sendall(GET)
                assert stream.recv(4096).startswith(b"HTTP/1.1 200 ")
            before.sendall(GET)
            assert before.recv(4096).startswith(b"HTTP/1.1 200 ")
            node.use("certificate.pem", "key.pem")
            node.reload("tls.reloaded")
            time.sleep(0.1)
            node.connect().close()

    def that_is_broken_keeps_the_old_one_and_says_why():
        with SecureNode() as node:
            for files, why in ((("other_certificate.pem", "key.pem"), "tls-mismatch"), (("README.md", "key.pem"), "tls-certificate"),
                               (("certificate.pem", "encrypted_key.pem"), "tls-key"), (("weak_certificate.pem", "weak_key.pem"), "tls-certificate")):
                node.use(*files)
                node.reload(f"tls.kept error={why}")
                node.connect().close()
            node.use("certificate.pem", "key.pem")
            (node.directory / "own.key").chmod(0o644)
            node.reload("tls.kept error=tls-key-mode")
            (node.directory / "own.key").unlink()
            node.reload("tls.kept error=tls-file")
            expect(node.request("GET", "/healthz"), 200)

    def that_is_unusable_prevents_the_start():
        for files, mode, why in ((("certificate.pem", "other_key.pem"), 0o600, "not the certificate's"), (("certificate.pem", "key.pem"), 0o604, "everybody")):
            node = SecureNode()
            node.use(*files)
            (node.directory / "own.key").chmod(mode)
            try:
                node.start()
                raise AssertionError("it started")
            except RuntimeError as error:
                assert why in str(error), error
            finally:
                node.stop()
                shutil.rmtree(node.directory)

    def without_its_key_is_refused():
        done = subprocess.run([os.path.abspath(DEPUTY), "node", "--dev", "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=20,
                              cwd="/", env={**os.environ, "TINYCLOUD_DEPUTY__TLS__CERT": "/a.pem", "TINYCLOUD_STORAGE__DATADIR": "/nonexistent"})
        assert done.returncode == 2 and "belong together" in done.stderr, done.stderr

    def sighup_without_tls_changes_nothing():
        with Node(DEPUTY, CONFIG) as node:
            node.process.send_signal(signal.SIGHUP)
            time.sleep(0.2)
            expect(node.request("GET", "/healthz"), 200)
            assert "daemon.nothing-to-reload" in node.log_text()


class Limits:
    def connections_beyond_them_cost_no_handshake():
        with SecureNode(more="max_connections_per_address = 2\nthreads = 1\n") as node:
            time.sleep(0.2)
            with node.connect(), node.connect(), node.raw() as third:
                third.sendall(b"\x16\x03\x01")
                try:
                    assert third.recv(100) == b""
                except ConnectionResetError:
                    pass


if __name__ == "__main__":
    run([check for group in (Handshake, Bodies, Certificate, Limits) for check in vars(group).values() if callable(check)])

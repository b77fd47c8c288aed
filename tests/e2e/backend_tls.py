#!/usr/bin/env python3
"""`deputy backend` and a data node behind TLS: with a certificate that is trusted everything works, with any other nothing is asked.

usage: backend_tls.py DEPUTY
"""
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.backend import Backend  # noqa: E402
from kit.local import APP, PERMISSIONS, Local, User  # noqa: E402
from kit.runner import expect, run  # noqa: E402
from kit.secure import FILES, SecureNode  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
AUTHORITY = str(FILES / "authority.pem")


@contextlib.contextmanager
def world(certificate="signed.pem", node_ca=AUTHORITY):
    """A node with a trusted certificate, a user who has a network there, a backend that trusts node_ca; then the node shows another one."""
    with SecureNode(DEPUTY, authority="authority.pem", certificate="signed.pem") as node:
        directory = tempfile.mkdtemp(prefix="deputy-test-")
        backend = Backend(DEPUTY, node, permissions=PERMISSIONS, directory=directory, app_id=APP, node_timeout_ms=3000, node_ca=node_ca,
                          local__listen=["unix:" + directory + "/local.sock"])
        backend.own_directory = True
        user = User(backend, node, "secured", Local(directory + "/local.sock"))
        user.host()
        user.open_session()
        user.make_network()
        parts = user.parts()
        shows(node, certificate)
        with backend:
            user.sign_in()
            yield node, backend, user, user.bundle(parts)


def shows(node, certificate):
    node.use(certificate, "key.pem")
    node.reload("tls.reloaded")
    time.sleep(0.1)


def works(backend, user):
    value = bytes(range(256)) * 12000
    expect(user.put("small", b"one"), 204)
    expect(user.get("small"), 200, "one")
    expect(user.put("large", value), 204)
    assert user.get("large").body == value
    url = user.url("secrets", "TOKEN", scope="notes")
    expect(user.local.ask("PUT", url, b"hidden"), 204)
    expect(user.local.ask("GET", url), 200, "hidden")
    expect(backend.request("GET", "/healthz/ready"), 200)


def requests_at(node):
    return node.log_text().count("http.answered") + node.log_text().count("http.refused")


class Node:
    def with_a_trusted_certificate_is_used_for_everything():
        with world() as (node, backend, user, bundle):
            answer = user.post(bundle)
            assert json.loads(answer.text)["activation"] == "active", answer.text
            works(backend, user)

    def may_be_trusted_by_its_own_certificate():
        with world("certificate.pem", node_ca=str(FILES / "certificate.pem")) as (node, backend, user, bundle):
            assert json.loads(user.post(bundle).text)["activation"] == "active"
            expect(user.put("x", b"y"), 204)

    def with_any_other_certificate_is_not_asked_and_no_grant_is_lost():
        for certificate, node_ca in (("elsewhere.pem", AUTHORITY), ("expired.pem", AUTHORITY), ("not_yet.pem", AUTHORITY),
                                     ("certificate.pem", AUTHORITY), ("signed.pem", None), ("signed.pem", str(FILES / "certificate.pem"))):
            with world(certificate, node_ca) as (node, backend, user, bundle):
                before = requests_at(node)
                answer = user.post(bundle)
                assert answer.status == 200 and json.loads(answer.text)["activation"] == "pending", (certificate, answer.text)
                for answer in (user.get("small"), user.put("small", b"one"), user.sql({"action": "query", "sql": "SELECT 1"})):
                    said = json.loads(answer.text)
                    assert answer.status == 502 and said["fault"] == "node", (certificate, answer.status, said)
                expect(backend.request("GET", "/healthz/ready"), 503)
                time.sleep(0.2)
                assert requests_at(node) == before, (certificate, node.log_text()[-500:])
                log = backend.log_text()
                assert "backend.node-unreached error=http-certificate" in log, (certificate, log)

    def that_gets_the_right_certificate_is_used_again():
        with world("expired.pem") as (node, backend, user, bundle):
            assert json.loads(user.post(bundle).text)["activation"] == "pending"
            shows(node, "signed.pem")
            deadline = time.monotonic() + 60
            while user.put("x", b"y").status != 204:
                assert time.monotonic() < deadline, backend.log_text()
                time.sleep(0.5)
            while backend.request("GET", "/healthz/ready").status != 200:
                assert time.monotonic() < deadline, backend.log_text()
                time.sleep(0.5)
            works(backend, user)

    def authorities_that_are_none_prevent_the_start():
        for path in ("/nonexistent.pem", str(FILES / "key.pem"), str(FILES / "README.md"), os.devnull):
            code, said = Backend(DEPUTY, "https://node.example", node_ca=path).refused_start()
            assert code == 2 and ("node_ca" in said or path in said) and said.count("\n") == 1, (path, code, said)


if __name__ == "__main__":
    run([check for name, check in vars(Node).items() if not name.startswith("_")])

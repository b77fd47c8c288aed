"""A data node that speaks TLS, with certificates of tests/data/tls."""
import http.client
import pathlib
import shutil
import signal
import socket
import ssl
import time

from .node import Node, Response
from .world import CONFIG

FILES = pathlib.Path(__file__).parent.parent / "data" / "tls"


def context(authority="certificate.pem", **more):
    made = ssl.create_default_context(cafile=FILES / authority)
    for name, value in more.items():
        setattr(made, name, value)
    return made


class SecureNode(Node):
    """A node that speaks TLS with its own copy of the files; it is asked by somebody who trusts the authority."""

    def __init__(self, deputy, more="", certificate="certificate.pem", authority="certificate.pem"):
        super().__init__(deputy, CONFIG + "[global.deputy]\n" + more
                         + '[global.deputy.tls]\ncert = "{data}/../own.pem"\nkey = "{data}/../own.key"\n')
        self.authority = authority
        self.use(certificate, "key.pem")

    def use(self, certificate, key):
        for source, name in ((certificate, "own.pem"), (key, "own.key")):
            target = self.directory / name
            target.unlink(missing_ok=True)
            shutil.copyfile(FILES / source, target)
            target.chmod(0o600)

    def reload(self, expected):
        lines = self.log_text().count(expected)
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while self.log_text().count(expected) == lines:
            assert time.monotonic() < deadline, self.log_text()
            time.sleep(0.01)

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def connect(self, using=None):
        return (using or context(self.authority)).wrap_socket(self.raw(), server_hostname="localhost")

    def raw(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=context(self.authority))
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

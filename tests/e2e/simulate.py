#!/usr/bin/env python3
"""`deputy attest simulate` against the recorded exchanges of dstack's own simulator, raw bytes and all.

usage: simulate.py DEPUTY
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.runner import run  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
DATA = pathlib.Path(__file__).parent.parent / "data" / "attestation"
RECORDED = json.loads((DATA / "dstack-simulator.json").read_text())
FILES = {"appkeys.json": "simulator_appkeys.json", "app-compose.json": "simulator_app_compose.json",
         "sys-config.json": "simulator_sys_config.json", "attestation.bin": "simulator_attestation_v0.bin"}
CASES = {exchange["name"]: exchange for exchange in RECORDED["exchanges"]}

# Where ours differs, and how it answers: it speaks JSON alone, has no page for 404, and serves all services on one socket.
DIFFERENT = {"no-content-type": 400, "get-root": 404, "tappd-no-prefix": 200}
# What the JSON reader of the reference says of a wrong type or digit, with the place in the text.
TYPE_ERRORS = {"getkey-wrong-type", "getkey-null", "getquote-odd", "getquote-nonhex"}
# Keys and certificates are new each time.
RANDOM = {"gettlskey", "tappd-derivekey", "tappd-derivekey-2"}


class Simulator:
    """`deputy attest simulate` on a Unix socket of its own. Use it in a with statement."""

    def __init__(self, *more, files=None):
        self.more, self.files = more, files or {}

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deputy-test-"))
        for name, source in FILES.items():
            self.directory.joinpath(name).write_bytes(self.files.get(name, (DATA / "dstack" / source).read_bytes()))
        self.socket = self.directory / "agent.sock"
        command = [DEPUTY, "attest", "simulate", "--fixture", str(self.directory), "--listen", f"unix:{self.socket}", *self.more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.out, self.said = self.process.communicate(timeout=20)
        subprocess.run(["rm", "-rf", str(self.directory)], check=True)

    def raw(self, request, half_close=False):
        """All bytes that come back until the other side ends."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(str(self.socket))
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)

    def call(self, method, path, body=None, content_type=None):
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        payload = b"" if body is None else body.encode()
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        if body is not None:
            lines.append(f"Content-Length: {len(payload)}")
        return split(self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + payload))

    def post(self, method, **fields):
        status, _, text = self.call("POST", method, json.dumps(fields), "application/json")
        assert status == 200, f"{status} {text}"
        return json.loads(text)


def split(answer):
    head, _, text = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, text.decode()


SIMULATOR = Simulator()


def replay(exchange):
    request = exchange["request"]
    return SIMULATOR.call(request["method"], request["path"], request["body"], request["content_type"])


def check_headers(exchange, headers, text):
    """What clients look at: a length that is that of the text, and no chunks."""
    assert "transfer-encoding" not in headers, headers
    if exchange["request"]["method"] != "HEAD":
        assert int(headers["content-length"]) == len(text), headers
    wanted = {line.partition(": ")[0]: line.partition(": ")[2] for line in exchange["headers"]}
    for name in ("content-type", "x-app-version"):
        if name in wanted:
            assert headers.get(name) == wanted[name], (name, headers)


def parsed(text):
    """JSON, and the JSON that is in its strings."""
    value = json.loads(text)
    for name in ("tcb_info", "event_log", "vm_config"):
        if value.get(name):
            value[name] = json.loads(value[name])
    return value


def check_summary(exchange, text):
    """Of a long answer the recording has its length and some members."""
    summary, value = exchange["body_summary"], json.loads(text)
    assert list(value) == summary["members"], list(value)
    if "report_data" in summary:
        assert value["report_data"] == summary["report_data"]
    for name in ("hash_algorithm", "prefix"):
        if name in summary:
            assert value[name] == summary[name]
    if "quote_report_data" in summary:
        assert value["quote"][1136:1264] == summary["quote_report_data"]
        assert hashlib.sha256(text.encode()).hexdigest() == summary["body_sha256"], "not the recorded bytes"


def check_case(name):
    exchange = CASES[name]
    status, headers, text = replay(exchange)
    if name in DIFFERENT:
        assert status == DIFFERENT[name], f"{status} {text}"
        return
    assert status == int(exchange["status_line"].split()[1]), f"{status} {text}"
    if status == 404:
        return
    check_headers(exchange, headers, text)
    if name in TYPE_ERRORS:
        assert list(json.loads(text)) == ["error"], text
    elif name in RANDOM:
        assert list(json.loads(text)) == list(json.loads(exchange["body"]))
    elif "body_summary" in exchange:
        check_summary(exchange, text)
    elif name == "info":
        ours, theirs = parsed(text), parsed(exchange["body"])
        assert theirs.pop("app_cert") and ours.pop("app_cert") == ""
        assert ours == theirs
    else:
        assert text == exchange["body"], f"{text[:300]!r}, expected {exchange['body'][:300]!r}"


def every_recorded_exchange_is_answered_as_recorded():
    failed = []
    for name in CASES:
        try:
            check_case(name)
        except Exception as error:
            failed.append(f"{name}: {error}")
    assert len(CASES) == 70
    assert not failed, "\n".join(failed)


def clients_that_half_close_get_their_whole_answer():
    for request in RECORDED["client"]["requests"]:
        status, headers, text = split(SIMULATOR.raw(request.encode(), half_close=True))
        assert status in (200, 400), f"{request!r}: {status}"
        assert int(headers["content-length"]) == len(text)


def text_that_is_not_ascii_is_escaped():
    compose = json.loads((DATA / "dstack" / FILES["app-compose.json"]).read_text())
    compose["name"] = "gr\u00fc\u00df\U0001f600"
    with Simulator(files={"app-compose.json": json.dumps(compose, ensure_ascii=False).encode()}) as other:
        status, headers, text = other.call("POST", "/Info", "{}", "application/json")
        assert status == 200 and text.isascii() and int(headers["content-length"]) == len(text)
        assert json.loads(text)["app_name"] == compose["name"]


def openssl(*arguments, data):
    made = subprocess.run(["openssl", *arguments], input=data, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return made.stdout


def tls_certificates_are_of_the_ca_and_of_the_key():
    answer = SIMULATOR.post("/GetTlsKey", subject="app.example", alt_names=["app.example", "b.example"], usage_ra_tls=True,
                            usage_server_auth=True, usage_client_auth=True)
    leaf, ca = answer["certificate_chain"]
    directory = SIMULATOR.directory
    directory.joinpath("ca.pem").write_text(ca)
    directory.joinpath("leaf.pem").write_text(leaf)
    assert "OK" in openssl("verify", "-ignore_critical", "-CAfile", str(directory / "ca.pem"), str(directory / "leaf.pem"), data="")
    assert openssl("pkey", "-pubout", data=answer["key"]) == openssl("x509", "-noout", "-pubkey", data=leaf)
    text = openssl("x509", "-noout", "-text", data=leaf)
    assert "DNS:app.example, DNS:b.example" in text and "TLS Web Server Authentication" in text
    key = openssl("x509", "-noout", "-pubkey", data=leaf)
    info = base64.b64decode("".join(key.split("\n")[1:-2]))
    bound = hashlib.sha512(b"ratls-cert:" + info).digest()
    assert bound in base64.b64decode("".join(leaf.split("\n")[1:-2])), "the evidence is not bound to the key"


def keys_of_a_path_stay_and_others_are_new():
    fixed = [SIMULATOR.post("/prpc/Tappd.DeriveKey", path="a", subject="s")["key"] for _ in range(2)]
    fresh = [SIMULATOR.post("/prpc/Tappd.DeriveKey", path="a", subject="s", random_seed=True)["key"] for _ in range(2)]
    assert fixed[0] == fixed[1] == json.loads(CASES["tappd-derivekey"]["body"])["key"]
    assert len({fixed[0], *fresh}) == 3


SEED = "42" * 32


def signed_quotes_are_of_a_root_that_is_published():
    with tempfile.TemporaryDirectory() as published, Simulator("--seed", SEED, "--publish", published) as other:
        quote = bytes.fromhex(other.post("/GetQuote", report_data="1234")["quote"])
        plain = bytes.fromhex(SIMULATOR.post("/GetQuote", report_data="1234")["quote"])
        assert quote[:632] == plain[:632] and quote[632:] != plain[632:]
        blocks = certificates_of(quote)
        directory = pathlib.Path(published)
        for name, block in zip(("leaf", "authority", "root"), blocks, strict=True):
            directory.joinpath(name + ".pem").write_text(block)
        assert "OK" in openssl("verify", "-CAfile", published + "/root.pem", "-untrusted", published + "/authority.pem",
                               published + "/leaf.pem", data="")
        assert openssl("x509", "-in", published + "/root.der", data="") == blocks[2]
        collateral = json.loads(directory.joinpath("collateral.json").read_text())
        assert json.loads(collateral["tcb_info"])["id"] == "TDX" and json.loads(collateral["qe_identity"])["id"] == "TD_QE"


def certificates_of(quote):
    chain = quote[quote.index(b"-----BEGIN"):].decode()
    return re.findall("-----BEGIN.*?-----END CERTIFICATE-----\n", chain, re.DOTALL)


def keys_of_a_seed_are_those_of_dstack():
    theirs = RECORDED["other_modes"]["mock_attestation_seed=42*32"]["GetQuote report_data 1234"]["quote"]
    with Simulator("--seed", SEED) as other:
        ours = other.post("/GetQuote", report_data="1234")["quote"]
    keys = [[openssl("x509", "-noout", "-pubkey", data=block) for block in certificates_of(bytes.fromhex(quote))]
            for quote in (ours, theirs)]
    assert len(keys[0]) == 3 and keys[0] == keys[1]


def a_seed_that_is_none_and_a_place_without_a_seed_are_refused():
    for more in (("--seed", "42"), ("--seed", "zz" * 32), ("--publish", "/tmp")):
        with Simulator(*more) as other:
            pass
        assert other.process.returncode == 2, more


def quote(*options, environment=None):
    """`deputy attest quote`: its exit code, and what it printed."""
    made = subprocess.run([DEPUTY, "attest", "quote", *options], capture_output=True, text=True, check=False,
                          env={**os.environ, **(environment or {})})
    return made.returncode, made.stdout, made.stderr


def client_gets_the_quote_that_it_asks_for():
    data = "ab" * 64
    expected = SIMULATOR.post("/GetQuote", report_data=data)
    code, out, _ = quote("--report-data", data, "--endpoint", str(SIMULATOR.socket))
    assert code == 0 and json.loads(out) == expected
    code, out, _ = quote("--report-data", data, environment={"DSTACK_SIMULATOR_ENDPOINT": str(SIMULATOR.socket)})
    assert code == 0 and json.loads(out) == expected


def client_binds_a_statement_by_its_digest():
    statement = SIMULATOR.directory / "statement"
    statement.write_bytes(b'{"v":1}')
    code, out, _ = quote("--statement", str(statement), "--endpoint", str(SIMULATOR.socket))
    expected = hashlib.sha512(b'tinycloud-tee-backend/v1:{"v":1}').hexdigest()
    assert code == 0 and json.loads(out)["report_data"] == expected and json.loads(out)["quote"][1136:1264] == expected


def client_says_what_is_wrong():
    endpoint = ("--endpoint", str(SIMULATOR.socket))
    for options in (endpoint, ("--report-data", "ab", *endpoint), ("--report-data", "zz" * 64, *endpoint),
                    ("--report-data", "ab" * 64, "--statement", "x", *endpoint), ("--report-data", "ab" * 64, "x", *endpoint)):
        assert quote(*options)[0] == 2, options
    code, _, said = quote("--report-data", "ab" * 64, "--endpoint", "/nonexistent/agent.sock")
    assert code == 2 and "/nonexistent/agent.sock" in said, said


APP_ID = "5bb4ff9a3837357f19dc176407a5709c62eb6c56"


def verdict_on(answer, directory, *options, policy=None):
    """`deputy attest verify` on what an agent answered: its exit code and the verdict."""
    files = {"quote": answer["quote"], "event-log": answer["event_log"], "vm-config": answer["vm_config"],
             "policy": json.dumps(policy or {"version": 1, "require_nonce": False, "allow_simulator": True,
                                             "tdx": {"os_unchecked": True}, "app": {"app_ids": [APP_ID]}})}
    arguments = []
    for name, text in files.items():
        directory.joinpath(name).write_text(text)
        arguments += ["--" + name, str(directory / name)]
    made = subprocess.run([DEPUTY, "--json", "attest", "verify", *arguments, *options], capture_output=True, text=True, check=False)
    return made.returncode, json.loads(made.stdout)


def evidence_goes_from_the_agent_to_a_verdict():
    data = "5a" * 64
    with tempfile.TemporaryDirectory() as published, Simulator("--seed", SEED, "--publish", published) as other:
        directory = pathlib.Path(published)
        answer = json.loads(quote("--report-data", data, "--endpoint", str(other.socket))[1])
        collateral = ("--collateral", published + "/collateral.json")
        root = ("--root", published + "/root.der")
        code, verdict = verdict_on(answer, directory, *collateral, *root, "--report-data", data)
        assert code == 0 and verdict["ok"] and verdict["warnings"] == ["simulator"], verdict
        assert verdict["app"]["app_id"] == APP_ID
        code, verdict = verdict_on(answer, directory, *collateral, *root, "--report-data", "5b" * 64)
        assert code == 1 and verdict["error"]["code"] == "report_data", verdict
        code, verdict = verdict_on(answer, directory, *collateral, "--report-data", data)
        assert code == 1 and not verdict["ok"] and "app" not in verdict, verdict
        strict = {"version": 1, "require_nonce": False, "tdx": {"os_unchecked": True}}
        code, verdict = verdict_on(answer, directory, *collateral, *root, policy=strict)
        assert code == 1 and verdict["error"]["code"] == "simulator", verdict
        plain = json.loads(quote("--report-data", data, "--endpoint", str(SIMULATOR.socket))[1])
        code, verdict = verdict_on(plain, directory, *collateral, *root)
        assert code == 1 and not verdict["ok"], verdict


class Liar:
    """Answers each request on a Unix socket with the same bytes."""

    def __init__(self, answer):
        self.answer = answer
        self.directory = tempfile.TemporaryDirectory()
        self.path = self.directory.name + "/liar.sock"

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        connection, _ = self.listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(self.answer)

    def __exit__(self, *_):
        self.listener.close()
        self.directory.cleanup()


def http(status, body):
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


def answers_that_are_no_quote_of_ours_are_refused():
    data, good = "ab" * 64, SIMULATOR.post("/GetQuote", report_data="ab" * 64)
    wrong = [{**good, "report_data": "cd" * 64}, {**good, "report_data": "ab" * 63}, {**good, "quote": "abc"}, {**good, "event_log": []},
             {name: value for name, value in good.items() if name != "vm_config"}, []]
    answers = [http("200 OK", json.dumps(body)) for body in wrong]
    answers += [http("200 OK", "{"), http("500 Oops", json.dumps(good)), http("400 Bad Request", "{}")]
    for answer in answers:
        with Liar(answer) as liar:
            code, out, said = quote("--report-data", data, "--endpoint", liar.path)
            assert code == 2 and out == "" and "guest agent" in said, (answer[:80], code, said)
    with Liar(http("400 Bad Request", json.dumps({"error": "Quote not found"}))) as liar:
        code, _, said = quote("--report-data", data, "--endpoint", liar.path)
        assert code == 1 and "Quote not found" in said


def what_is_no_request_is_refused_and_the_next_one_is_served():
    for body in ("[]", "{", '{"report_data":1}', '{"report_data":["00"]}', '{"report_data":"0"}'):
        status, _, text = SIMULATOR.call("POST", "/GetQuote", body, "application/json")
        assert status == 400 and list(json.loads(text)) == ["error"], text
    assert SIMULATOR.post("/Version")["version"] == "0.6.0"


def start_says_that_it_is_a_simulator():
    with Simulator() as other:
        assert re.match(r"ready .*agent\.sock", other.ready), other.ready
    assert "simulator" in other.said and other.process.returncode == 0


def files_that_cannot_be_used_are_named():
    for name in FILES:
        with Simulator(files={name: b"{}"}) as other:
            pass
        assert other.process.returncode == 2 and name in other.said, other.said


with SIMULATOR:
    run([every_recorded_exchange_is_answered_as_recorded, clients_that_half_close_get_their_whole_answer,
         text_that_is_not_ascii_is_escaped, tls_certificates_are_of_the_ca_and_of_the_key, keys_of_a_path_stay_and_others_are_new,
         signed_quotes_are_of_a_root_that_is_published, keys_of_a_seed_are_those_of_dstack,
         evidence_goes_from_the_agent_to_a_verdict, client_gets_the_quote_that_it_asks_for,
         client_binds_a_statement_by_its_digest, client_says_what_is_wrong, answers_that_are_no_quote_of_ours_are_refused,
         a_seed_that_is_none_and_a_place_without_a_seed_are_refused, what_is_no_request_is_refused_and_the_next_one_is_served,
         start_says_that_it_is_a_simulator, files_that_cannot_be_used_are_named])

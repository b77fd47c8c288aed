#!/usr/bin/env python3
"""deputy attest serve: the requests of dstack's verifier service, its answers, and what it does not do.

usage: attest_serve.py DEPUTY
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.makers import DATA, Service, answers, certificates  # noqa: E402
from kit.runner import run  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
INTEL = DATA / "intel"
QUOTE = (INTEL / "tdx_v4_b0c06f.quote.bin").read_bytes()
THEN = "1752919234"
OF_90C06F = json.loads((INTEL / "tdx_v5_90c06f_nomatch.collateral.json").read_text())
GUEST = json.loads((DATA / "dstack/getquote_v1events.json").read_text())
GUEST_THEN = "1774003274"
AMD = json.loads((DATA / "dstack/verifier_sev_snp.json").read_text())
AMD_THEN = "1781740800"
BODY_MAX = 2 * 1024 * 1024
FLAGS = ("quote_verified", "event_log_verified", "os_image_hash_verified")


class Verifier:
    """The service in a home of its own, asking `makers`. Use it in a with statement."""

    def __init__(self, makers, *more, time=THEN, rate="100000"):
        self.more = [*more, *(["--time", time] if time else []), "--rate", rate, "--collateral-url", makers.url, "--certificates-url", makers.url]

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="deputy-test-")
        self.cache = pathlib.Path(self.directory.name, "cache")
        self.cache.mkdir()
        environment = {"PATH": os.environ["PATH"], "HOME": self.directory.name} | {
            name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        command = [DEPUTY, "attest", "serve", "--listen", "127.0.0.1:0", "--cache", str(self.cache), *map(str, self.more)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        ready = self.process.stdout.readline().split()
        assert ready[:1] == ["ready"], (ready, self.process.stderr.read())
        self.port = int(ready[1].rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.out, self.said = self.process.communicate(timeout=60)
        self.directory.cleanup()
        assert self.process.returncode == 0, (self.process.returncode, self.said)

    def raw(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text, answer

    def ask(self, request, status=200):
        got, text, _ = self.raw("POST", "/verify", request if isinstance(request, (bytes, str)) else json.dumps(request))
        assert got == status, (got, text[:400])
        answer = json.loads(text)
        assert list(answer)[:3] == ["is_valid", "details", "reason"], list(answer)
        assert answer["is_valid"] == (answer["reason"] is None), answer["reason"]
        return answer


def verified(answer):
    return [answer["details"][name] for name in FLAGS]


def policy(home, **members):
    path = pathlib.Path(home, "policy.json")
    path.write_text(json.dumps({"version": 1, **members}))
    return path


def health_is_told_as_the_original_does():
    with Service({}) as makers, Verifier(makers) as service:
        status, text, answer = service.raw("GET", "/health")
        assert (status, json.loads(text)) == (200, {"status": "ok", "service": "dstack-verifier"})
        assert answer.headers["Content-Type"].startswith("application/json")


def quote_of_a_guest_is_verified_with_what_is_fetched():
    """The operating system of this guest cannot be told from its configuration: the original's question is answered with no."""
    with Service(answers(OF_90C06F)) as makers, Verifier(makers, time=GUEST_THEN) as service:
        answer = service.ask(GUEST)
        assert verified(answer) == [True, True, False] and not answer["is_valid"], answer
        assert answer["reason"].startswith("OS image hash verification failed: "), answer["reason"]
        details = answer["details"]
        assert details["report_data"] == GUEST["report_data"] and details["tcb_status"] == "UpToDate", details
        assert details["tee_variant"] == "dstack-tdx" and details["advisory_ids"] == []
        assert (details["acpi_tables_verified"], details["os_image_is_dev"], details["os_image_version"]) == (False, None, None)
        app = details["app_info"]
        assert app["compose_hash"].startswith("3763bc34") and app["compose_hash"].endswith("27e7"), app
        assert len(app["app_id"]) == 40 and len(app["rtmr3"]) == 96 and len(app["mr_aggregated"]) == 64 and app["os_image_hash"] == ""
        assert json.loads(bytes.fromhex(app["key_provider_info"])) == details["key_provider"], app
        assert answer["verdict"]["ok"] and answer["verdict"]["checks"]["event_log"] == "pass", answer["verdict"]
        assert len(makers.asked) == 4, makers.asked


class Guest:
    """A guest that the tool pretends to be: a real one's registers, log and configuration, signed under a root of ours."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="deputy-test-")
        self.path = pathlib.Path(self.directory.name)
        for name, source in {"appkeys.json": "simulator_appkeys.json", "app-compose.json": "simulator_app_compose.json"}.items():
            self.path.joinpath(name).write_bytes((DATA / "dstack" / source).read_bytes())
        config = json.loads((DATA / "dstack/simulator_sys_config.json").read_text())
        config["vm_config"] = json.loads((DATA / "dstack/getquote_stripped.json").read_text())["vm_config"]
        self.path.joinpath("sys-config.json").write_text(json.dumps(config))
        real = json.loads((DATA / "dstack/verifier_tdx_lite.json").read_text())["attestation"]
        self.path.joinpath("attestation.bin").write_bytes(bytes.fromhex(real))
        command = [DEPUTY, "attest", "simulate", "--fixture", str(self.path), "--listen", f"unix:{self.path}/agent.sock",
                   "--seed", "11" * 32, "--publish", str(self.path)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout.readline().startswith("ready"), "no simulator"
        self.root, self.collateral = self.path / "root.der", json.loads((self.path / "collateral.json").read_text())
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        self.directory.cleanup()

    def quote(self, report_data):
        body = json.dumps({"report_data": report_data}).encode()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(f"{self.path}/agent.sock")
            connection.sendall(b"POST /GetQuote HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(body) + body)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return json.loads(b"".join(parts).split(b"\r\n\r\n", 1)[1])


def evidence_that_names_its_operating_system_is_valid():
    """Where the registers follow from the image that the configuration tells, as the original has it, and nowhere else."""
    with Guest() as guest, Service(answers(guest.collateral)) as makers:
        with Verifier(makers, "--root", guest.root, time=None) as service:
            evidence = guest.quote("1234" + 60 * "00")
            whole = {name: evidence[name] for name in ("quote", "event_log", "vm_config")}
            for request in (whole, {"attestation": evidence["attestation"]}):
                answer = service.ask(request)
                assert answer["is_valid"] and verified(answer) == [True, True, True], answer
                image = json.loads(evidence["vm_config"])["os_image_hash"]
                assert answer["details"]["app_info"]["os_image_hash"] == image, answer["details"]
                assert answer["details"]["report_data"] == "1234" + 124 * "0"
                assert "simulator" in answer["verdict"]["warnings"], answer["verdict"]
            assert len(makers.asked) == 4, makers.asked  # once, and then from the cache
            config = json.loads(evidence["vm_config"])
            for changed in ({"memory_size": config["memory_size"] * 2}, {"os_image_hash": "00" * 32}):
                answer = service.ask({**whole, "vm_config": json.dumps(config | changed)})
                assert verified(answer) == [True, True, False] and not answer["is_valid"], answer
                assert answer["details"]["app_info"]["os_image_hash"] == "" or changed.keys() == {"memory_size"}, answer["details"]
        with Verifier(makers, time=None) as service:  # the maker's root
            answer = service.ask(whole)
            assert verified(answer) == [False, False, False] and not answer["is_valid"], answer


def policy_of_the_service_decides():
    with Service(answers(OF_90C06F)) as makers, tempfile.TemporaryDirectory() as home:
        with Verifier(makers, time=GUEST_THEN) as service:
            app = service.ask(GUEST)["details"]["app_info"]
        good = policy(home, tdx={"os_unchecked": True}, app={"compose_hashes": [app["compose_hash"]]})
        with Verifier(makers, "--policy", good, time=GUEST_THEN) as service:
            answer = service.ask(GUEST)
            assert answer["is_valid"] and answer["reason"] is None and verified(answer) == [True, True, False], answer
        other = policy(home, tdx={"os_unchecked": True}, app={"compose_hashes": ["00" * 32]})
        with Verifier(makers, "--policy", other, time=GUEST_THEN) as service:
            answer = service.ask(GUEST)
            assert not answer["is_valid"] and verified(answer) == [True, True, False], answer
            assert answer["reason"].startswith("Policy verification failed: "), answer["reason"]
            assert answer["verdict"]["error"]["code"] == "policy.compose_hashes", answer["verdict"]["error"]


def attestation_in_one_piece_goes_before_all_else():
    """On AMD the launch measurement says what runs: where no policy names it, nothing is valid."""
    with Service(certificates()) as makers, tempfile.TemporaryDirectory() as home:
        with Verifier(makers, time=AMD_THEN) as service:
            answer = service.ask({**AMD, "quote": "zz", "event_log": 7, "vm_config": None})
            assert verified(answer) == [True, True, False] and not answer["is_valid"], answer
            assert answer["details"]["tee_variant"] == "dstack-amd-sev-snp" and answer["details"]["app_info"], answer
            assert answer["reason"].startswith("OS image hash verification failed: "), answer["reason"]
            measurement = answer["verdict"]["measurements"]["measurement"]
        named = policy(home, snp={"measurements": [measurement]})
        with Verifier(makers, "--policy", named, time=AMD_THEN) as service:
            answer = service.ask(AMD)
            assert answer["is_valid"] and verified(answer) == [True, True, True], answer


def quote_without_a_log_is_genuine_and_not_valid():
    with Service(answers()) as makers, Verifier(makers) as service:
        for request in ({"quote": QUOTE.hex()}, {"quote": "0x" + QUOTE.hex().upper(), "event_log": None, "attestation": None},
                        {"quote": QUOTE.hex(), "attestation": "", "debug": True, "unknown": [1]}):
            answer = service.ask(request)
            assert verified(answer) == [True, False, False] and not answer["is_valid"], answer
            assert answer["reason"].startswith("Event log verification failed: "), answer["reason"]


def quote_that_was_changed_proves_nothing_and_asks_nobody():
    with Service(answers()) as makers, Verifier(makers) as service:
        for at in (200, 600, 700, 1000, 3000):
            changed = QUOTE[:at] + bytes([QUOTE[at] ^ 1]) + QUOTE[at + 1:]
            answer = service.ask({"quote": changed.hex()})
            assert verified(answer) == [False, False, False] and not answer["is_valid"], (at, answer)
            assert answer["reason"].startswith("Quote verification failed: "), answer["reason"]
            assert answer["details"]["app_info"] is None and answer["details"]["report_data"] is None, answer["details"]
        for evidence in (b"", b"\x04", QUOTE[:1000], bytes(5000)):
            for member in ("quote", "attestation"):
                if evidence:
                    answer = service.ask({member: evidence.hex()})
                    assert verified(answer) == [False, False, False], (member, evidence[:4], answer)
        assert makers.asked == [], makers.asked


def log_of_another_guest_is_refused():
    with Service(answers(OF_90C06F)) as makers, Verifier(makers, time=GUEST_THEN) as service:
        log = json.loads(GUEST["event_log"])
        log[-1]["event_payload"] = "00" + log[-1]["event_payload"][2:]
        answer = service.ask({**GUEST, "event_log": json.dumps(log[:-1])})
        assert verified(answer) == [True, False, False] and not answer["is_valid"], answer
        assert answer["reason"].startswith("Event log verification failed: "), answer["reason"]
        assert answer["details"]["app_info"] is None


def request_that_is_none_is_told_so():
    with Service(answers()) as makers, Verifier(makers) as service:
        for request in (b"", b"{", b"[]", b"7", b"null", b'"quote"', b"{}", b'{"quote":null}', b'{"quote":""}', b'{"quote":7}',
                        b'{"quote":"0"}', b'{"quote":"zz"}', b'{"quote":"00","quote":"00"}', b'{"quote":"04","event_log":{}}',
                        b'{"quote":"04","vm_config":[]}', b'{"attestation":[]}', b'{"attestation":"0g"}', b"\xff\xfe", b'{"quote":"00"}x'):
            answer = service.ask(request, status=400)
            assert not answer["is_valid"] and answer["reason"] and verified(answer) == [False, False, False], (request, answer)
        assert makers.asked == []
        for method, path, status in (("GET", "/verify", 404), ("POST", "/health", 404), ("GET", "/", 404), ("POST", "/verify/x", 404)):
            got, text, _ = service.raw(method, path, b"{}" if method == "POST" else None)
            assert got == status and json.loads(text)["is_valid"] is False, (method, path, got, text)


def request_that_is_too_large_is_refused_unread():
    with Service(answers()) as makers, Verifier(makers) as service:
        filled = json.dumps({"quote": QUOTE.hex(), "unknown": ""})
        whole = filled[:-2] + "x" * (BODY_MAX - len(filled)) + filled[-2:]
        assert len(whole) == BODY_MAX
        assert verified(service.ask(whole))[0]
        answer = service.ask(whole + " ", status=413)
        assert "2 MiB" in answer["reason"], answer
        assert verified(service.ask({"quote": QUOTE.hex()}))[0]


def maker_that_does_not_answer_is_not_the_evidences_fault():
    with Service({}) as makers, Verifier(makers) as service:
        answer = service.ask({"quote": QUOTE.hex()}, status=502)
        assert answer["reason"].startswith("Quote verification failed: ") and makers.url in answer["reason"], answer
        assert verified(answer) == [False, False, False]


def without_a_maker_nothing_is_valid():
    with Service(answers()) as makers, Verifier(makers, "--offline") as service:
        answer = service.ask({"quote": QUOTE.hex()})
        assert verified(answer) == [False, False, False] and not answer["is_valid"], answer
        assert answer["verdict"]["checks"]["quote_signature"] == "pass" and answer["verdict"]["checks"]["revocation"] == "fail", answer
        assert makers.asked == []


def many_ask_at_once():
    """Each gets the answer to its own question, or is told to come back; the service lives on."""
    with Service(answers()) as makers, Verifier(makers) as service, concurrent.futures.ThreadPoolExecutor(24) as pool:
        changed = QUOTE[:200] + bytes([QUOTE[200] ^ 1]) + QUOTE[201:]
        requests = [json.dumps({"quote": (QUOTE if i % 2 else changed).hex()}) for i in range(96)]
        told = list(pool.map(lambda request: service.raw("POST", "/verify", request), requests))
        for i, (status, text, answer) in enumerate(told):
            assert status in (200, 503), (status, text)
            assert json.loads(text)["details"]["quote_verified"] == (status == 200 and i % 2 == 1), (i, text)
            assert status != 503 or int(answer.headers["Retry-After"]) > 0
        assert sum(status == 200 for status, _, _ in told) >= 16
        assert verified(service.ask({"quote": QUOTE.hex()}))[0]


def one_address_asks_so_often_a_minute():
    with Service(answers()) as makers, Verifier(makers, rate="3") as service:
        statuses = []
        for _ in range(6):
            status, text, answer = service.raw("POST", "/verify", json.dumps({"quote": QUOTE.hex()}))
            statuses.append(status)
        assert statuses[:3] == [200, 200, 200] and statuses[-1] == 429, statuses
        assert int(answer.headers["Retry-After"]) > 0 and json.loads(text)["is_valid"] is False
        assert service.raw("GET", "/health")[0] == 200


def each_request_is_one_line_of_the_log():
    """What was asked by its route, what it came to, and an id that the asker has too; nothing of what was sent."""
    changed = QUOTE[:200] + bytes([QUOTE[200] ^ 1]) + QUOTE[201:]
    asked = [("POST", "/verify", {"quote": QUOTE.hex()}, "200 event_log -"), ("POST", "/verify", {"quote": changed.hex()}, "200 quote_signature -"),
             ("POST", "/verify", {"quote": "04"}, "200 parse -"), ("POST", "/verify", {"quote": "secretsecret"}, "400 - hex"),
             ("POST", "/verify", {}, "400 - argument"), ("GET", "/health", None, "200 - -"), ("GET", "/secretsecret?secret=1", None, "404 - -")]
    with Service(answers()) as makers, tempfile.TemporaryDirectory() as home:
        own = policy(home, tdx={"os_unchecked": True})
        for more in ((), ("--log-format", "json")):
            with Verifier(makers, *more) as service:
                traces = [service.raw(method, path, None if body is None else json.dumps(body))[2].headers["TinyCloud-Trace-Id"]
                          for method, path, body, _ in asked]
            lines = [fields(line) for line in service.said.splitlines()]
            told = {line["trace"]: line for line in lines if line["event"].startswith("http.")}
            assert len(lines) - sum(line["event"].startswith("daemon.") for line in lines) == len(asked), lines
            assert told.keys() == set(traces) and len(told) == len(asked), (traces, told)
            for (method, path, _, expected), trace in zip(asked, traces):
                line = told[trace]
                route = path if path in ("/verify", "/health") else "<unmatched>"
                got = f"{line['status']} {line.get('verdict', '-')} {line.get('error', '-')}"
                assert (line["method"], line["route"], got) == (method, route, expected), (expected, line)
                assert line["event"] == ("http.refused" if "error" in line else "http.answered") and int(line["micros"]) > 0, line
            assert QUOTE.hex()[:32] not in service.said and "secret" not in service.said, service.said
        with Verifier(makers, "--policy", own) as service:
            assert service.ask({"quote": QUOTE.hex()})["is_valid"]
        assert " verdict=valid " in service.said, service.said
    with Service({}) as makers, Verifier(makers, rate="1") as service:
        service.ask({"quote": QUOTE.hex()}, status=502)
        service.ask({"quote": QUOTE.hex()}, status=429)
    told = [fields(line) for line in service.said.splitlines() if " http.refused " in line]
    assert [(line["status"], line.get("verdict"), line["error"]) for line in told] == [
        ("502", None, "collateral-fetch"), ("429", None, "too-often")], told


def fields(line):
    """Of one line of the log, in either form."""
    if line.startswith("{"):
        return json.loads(line)
    time, level, event, *rest = line.split(" ")
    return {"time": time, "level": level, "event": event} | dict(field.split("=", 1) for field in rest)


def connections_beyond_the_limit_are_told_so_and_cost_nobody_a_verdict():
    """Two loops with 256 places each: whoever connects and is silent takes no more than those."""
    loops, places = 2, 256
    with Service(answers()) as makers, Verifier(makers) as service:
        silent = [socket.create_connection(("127.0.0.1", service.port), timeout=20) for _ in range(loops * places + 40)]
        told, waiting, deadline = [], silent[:], time.monotonic() + 20
        while len(told) < 40 and time.monotonic() < deadline:
            for connection in select.select(waiting, [], [], 1)[0]:
                told.append(connection.recv(64))
                waiting.remove(connection)
        assert 40 <= len(told) < 40 + places, len(told)
        assert {answer[:13] for answer in told} - {b""} == {b"HTTP/1.1 503 "}, told
        for connection in silent:
            connection.close()
        assert verified(service.ask({"quote": QUOTE.hex()}))[0]


def settings_that_cannot_be_used_are_refused():
    for wrong in (["--policy", "/nonexistent"], ["--rate", "0"], ["--rate", "x"], ["--collateral-url", "http://example.com"],
                  ["--certificates-url", "ftp://localhost"], ["--time", "soon"], ["--root", "/nonexistent"], ["--log-format", "xml"], ["argument"]):
        done = subprocess.run([DEPUTY, "attest", "serve", *wrong], capture_output=True, text=True, timeout=30,
                              env={**os.environ, "HOME": "/nonexistent"})
        assert done.returncode == 2 and done.stderr.startswith("deputy: ") and done.stdout == "", (wrong, done)
    assert "POST /verify" in subprocess.run([DEPUTY, "attest", "serve", "--help"], capture_output=True, text=True, check=True).stdout


run([health_is_told_as_the_original_does, quote_of_a_guest_is_verified_with_what_is_fetched, policy_of_the_service_decides,
     evidence_that_names_its_operating_system_is_valid,
     attestation_in_one_piece_goes_before_all_else, quote_without_a_log_is_genuine_and_not_valid,
     quote_that_was_changed_proves_nothing_and_asks_nobody, log_of_another_guest_is_refused, request_that_is_none_is_told_so,
     request_that_is_too_large_is_refused_unread, maker_that_does_not_answer_is_not_the_evidences_fault,
     without_a_maker_nothing_is_valid, many_ask_at_once, one_address_asks_so_often_a_minute, each_request_is_one_line_of_the_log,
     connections_beyond_the_limit_are_told_so_and_cost_nobody_a_verdict, settings_that_cannot_be_used_are_refused])

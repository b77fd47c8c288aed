#!/usr/bin/env python3
"""deputy attest quote, collateral and policy: evidence of a guest that a thread of ours plays, what makers publish from a
server of ours, and policies that are made of both.

usage: evidence.py DEPUTY
"""
import hashlib
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.guest import AT_REPORT_DATA, QUOTE, Kernel  # noqa: E402
from kit.makers import COLLATERAL, DATA, REPORT, Service, answers, certificates, chain, der, signed  # noqa: E402
from kit.runner import run  # noqa: E402

DEPUTY = os.path.abspath(sys.argv[1])
THEN = "1752919234"  # when it was valid
REPORT_THEN = "1781740800"
DONE, REFUSED, UNUSABLE = 0, 1, 2
BODY_MAX = 1024 * 1024


TCB, QE, PCK_CRL, ROOT_CRL = answers()


class Home:
    """A home directory of a test, removed at its end."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="deputy-test-")
        self.path = pathlib.Path(self.directory.name)
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def attest(self, *arguments, code, environment=None):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.path)} | {
            name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")} | (environment or {})
        done = subprocess.run([DEPUTY, "attest", *map(str, arguments)], capture_output=True, text=True, timeout=90,
                              env=environment)
        assert done.returncode == code, f"{arguments}: {done.returncode} {done.stdout[:300]} {done.stderr}"
        return done

    def fetch(self, *arguments, code=DONE):
        return self.attest("collateral", "fetch", *arguments, code=code)

    def kept(self):
        return sorted(path.name for path in (self.path / ".config/deputy/default/collateral").glob("*"))


def refused(known, about):
    """The whole is refused, the message says where and why, and nothing is kept."""
    with Home() as home, Service(known) as service:
        done = home.fetch("--quote", QUOTE, "--base", service.url, code=REFUSED)
        assert about in done.stderr and service.url in done.stderr, done.stderr
        assert done.stdout == "" and home.kept() == [], (done.stdout, home.kept())


def collateral_of_a_quote_is_fetched_and_judged():
    with Home() as home, Service(answers()) as service:
        file = home.path / "collateral.json"
        for base in (service.url, service.url + "/sgx/certification/v4/", service.url + "/tdx/certification/v4"):
            done = home.fetch("--quote", QUOTE, "--base", base, "-o", file)
            assert "valid until 2025-07-19T10:00:35Z" in done.stderr, done.stderr
            fetched = json.loads(file.read_text())
            assert fetched == {name: COLLATERAL[name] for name in fetched} and len(fetched) == 9, fetched.keys()
        assert sorted(set(service.asked)) == sorted([TCB, QE, PCK_CRL, ROOT_CRL]), service.asked
        home.attest("verify", "--quote", QUOTE, "--collateral", file, "--time", THEN, code=DONE)


def collateral_of_a_named_platform_is_the_same():
    with Home() as home, Service(answers()) as service:
        named = home.fetch("--fmspc", "b0c06F000000", "--ca", "platform", "--base", service.url)
        assert json.loads(named.stdout)["tcb_info"] == COLLATERAL["tcb_info"]
        home.fetch("--fmspc", "b0c06f000000", "--ca", "platform", "--tee", "sgx", "--base", service.url, code=REFUSED)
        assert service.asked[-1] == "/sgx/certification/v4/tcb?fmspc=B0C06F000000", service.asked
        for wrong in (("--fmspc", "b0c06f"), ("--fmspc", "b0c06f000000"), ("--quote", QUOTE, "--fmspc", "b0c06f000000"), ()):
            home.fetch(*wrong, "--base", service.url, code=UNUSABLE)


def a_list_of_the_root_may_be_elsewhere_and_in_der():
    known = answers() | {ROOT_CRL: (500, {}, b""), "/root.der": (200, {}, bytes.fromhex(COLLATERAL["root_ca_crl"]))}
    with Home() as home, Service(known) as service:
        fetched = home.fetch("--quote", QUOTE, "--base", service.url, "--root-crl", service.url + "/root.der").stdout
        assert json.loads(fetched)["root_ca_crl"] == COLLATERAL["root_ca_crl"]


def an_older_name_of_a_header_is_known():
    known = answers()
    known[TCB] = (200, {"SGX-TCB-Info-Issuer-Chain": chain("tcb_info_issuer_chain")}, known[TCB][2])
    with Home() as home, Service(known) as service:
        home.fetch("--quote", QUOTE, "--base", service.url)


def early_collateral_is_asked_for_by_name():
    known = answers()
    known[TCB + "&update=early"] = known.pop(TCB)
    known[QE.replace("standard", "early")] = known.pop(QE)
    with Home() as home, Service(known) as service:
        home.fetch("--quote", QUOTE, "--base", service.url, "--early")
        assert home.kept() == ["tdx-b0c06f000000-platform-early-17.json"], home.kept()


def an_answer_that_is_too_large_is_refused():
    for path in answers():
        status, headers, body = answers()[path]
        refused(answers() | {path: (status, headers, body + b" " * (BODY_MAX + 1 - len(body)))}, "larger than what is accepted")


def an_answer_at_the_limit_is_taken():
    status, headers, body = answers()[TCB]
    with Home() as home, Service(answers() | {TCB: (status, headers, body + b" " * (BODY_MAX - len(body)))}) as service:
        home.fetch("--quote", QUOTE, "--base", service.url)


def an_answer_without_end_is_refused():
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 65536)
        except OSError:
            pass

    refused(answers() | {TCB: endless}, "larger than what is accepted")


def a_redirect_is_not_followed_to_any_host():
    with Service(answers()) as other:
        for place in (other.url + TCB, other.url.replace("127.0.0.1", "localhost") + TCB, TCB):
            refused(answers() | {TCB: (302, {"Location": place}, b"")}, "not followed")
        assert other.asked == [], other.asked


def other_statuses_are_refused():
    refused(answers() | {TCB: (404, {}, b"{}")}, "knows nothing of this platform")
    for status in (204, 400, 401, 429, 500, 503):
        refused(answers() | {QE: (status, {}, b"")}, "does not answer with status 200")


def a_chain_that_is_missing_or_wrong_is_refused():
    for path, name in ((TCB, "TCB-Info-Issuer-Chain"), (QE, "SGX-Enclave-Identity-Issuer-Chain"),
                       (PCK_CRL, "SGX-PCK-CRL-Issuer-Chain")):
        status, headers, body = answers()[path]
        twice = urllib.parse.quote(headers[name], safe="")
        for wrong in ({}, {name: ""}, {name: "certificate"}, {name: "%"}, {name: twice}, {"X-" + name: headers[name]}):
            refused(answers() | {path: (status, wrong, body)}, name)


def a_body_that_is_not_what_was_signed_is_refused():
    status, headers, body = answers()[TCB]
    text = COLLATERAL["tcb_info"]
    for wrong in (b"", b"{}", body[:-1], body[:100], body + b"x", body.replace(b'"tcbInfo"', b'"enclaveIdentity"'),
                  body.replace(b'"version":3', b'"version":3,"version":3', 1),
                  b'{"tcbInfo":{},' + body[1:], body[:-1] + b',"more":1}', b"\xef\xbb\xbf" + body,
                  re.sub(rb'"signature":"..', b'"signature":"', body)):
        assert wrong != body
        refused(answers() | {TCB: (status, headers, wrong)}, "no signed TCB info")
    unknown = signed("tcbInfo", "tcb_info", text.replace('"UpToDate"', '"Fine"', 1))
    refused(answers() | {TCB: (status, headers, unknown)}, "not collateral")


def a_list_that_is_none_is_refused():
    for path in (PCK_CRL, ROOT_CRL):
        status, headers, body = answers()[path]
        for wrong in (b"", body[:-2], b"<html></html>", body + b"00"):
            refused(answers() | {path: (status, headers, wrong)}, "no revocation list")


def another_platforms_answer_is_refused():
    status, headers, _ = answers()[TCB]
    other = signed("tcbInfo", "tcb_info", re.sub('"fmspc":"[^"]*"', '"fmspc":"00906ea10000"', COLLATERAL["tcb_info"]))
    refused(answers() | {TCB: (status, headers, other)}, "another platform")


def a_connection_that_breaks_off_is_refused():
    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(answers()[TCB][2][:200])
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    refused(answers() | {TCB: cut}, "gives nothing usable")


def a_service_that_is_slow_is_given_up_after_twenty_seconds():
    over = threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.5):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                return

    started = time.monotonic()
    refused(answers() | {TCB: trickle}, "gives nothing usable")
    over.set()
    assert 19 < time.monotonic() - started < 40, time.monotonic() - started


def a_service_must_be_secure_or_of_this_machine():
    with Home() as home:
        for base in ("http://pccs.example", "ftp://127.0.0.1", "http://localhost.example", "http://localhost@pccs.example"):
            done = home.fetch("--quote", QUOTE, "--base", base, code=UNUSABLE)
            assert base in done.stderr, done.stderr
        done = home.fetch("--quote", QUOTE, "--base", "http://127.0.0.1:9", code=REFUSED)
        assert "127.0.0.1:9" in done.stderr, done.stderr


def lasting(text):
    """The same with a next update that the test does not live to see; its signature is no longer good."""
    return re.sub('"nextUpdate":"[^"]*"', '"nextUpdate":"2199-01-01T00:00:00Z"', text, count=1)


def lasting_list(body):
    times = [match.end() for match in re.finditer(rb"\x17\x0d(?=\d{12}Z)", body)]
    return body[:times[1]] + b"49" + body[times[1] + 2:]


def lasting_answers(number=17):
    known = answers()
    text = lasting(COLLATERAL["tcb_info"]).replace('"tcbEvaluationDataNumber":17', f'"tcbEvaluationDataNumber":{number}')
    identity = lasting(COLLATERAL["qe_identity"]).replace('"tcbEvaluationDataNumber":17', f'"tcbEvaluationDataNumber":{number}')
    known[TCB] = (*known[TCB][:2], signed("tcbInfo", "tcb_info", text))
    known[QE] = (*known[QE][:2], signed("enclaveIdentity", "qe_identity", identity))
    known[PCK_CRL] = (*known[PCK_CRL][:2], lasting_list(known[PCK_CRL][2]))
    known[ROOT_CRL] = (200, {}, lasting_list(bytes.fromhex(COLLATERAL["root_ca_crl"])).hex().encode())
    return known


def what_is_valid_is_not_fetched_again():
    with Home() as home, Service(lasting_answers()) as service:
        home.fetch("--quote", QUOTE, "--offline", code=REFUSED)
        first = home.fetch("--quote", QUOTE, "--base", service.url)
        assert home.kept() == ["tdx-b0c06f000000-platform-standard-17.json"] and len(service.asked) == 4
        for more in ((), ("--offline",)):
            again = home.fetch("--quote", QUOTE, "--base", service.url, *more)
            assert again.stdout == first.stdout and "from the cache" in again.stderr, again.stderr
        assert len(service.asked) == 4, service.asked
        home.fetch("--quote", QUOTE, "--base", service.url, "--fresh")
        assert len(service.asked) == 8, service.asked
        home.fetch("--quote", QUOTE, "--offline", "--fresh", code=UNUSABLE)
        home.fetch("--quote", QUOTE, "--offline", "--early", code=REFUSED)
        home.fetch("--fmspc", "b0c06f000000", "--ca", "processor", "--offline", code=REFUSED)


def the_highest_evaluation_number_is_used():
    with Home() as home, Service(lasting_answers()) as service:
        for number in (9, 17, 10):
            service.known = lasting_answers(number)
            home.fetch("--quote", QUOTE, "--base", service.url, "--fresh")
        assert len(home.kept()) == 3, home.kept()
        text = json.loads(home.fetch("--quote", QUOTE, "--offline").stdout)["tcb_info"]
        assert '"tcbEvaluationDataNumber":17' in text, text


def what_has_expired_is_fetched_again():
    with Home() as home, Service(answers()) as service:
        for asked in (4, 8):
            home.fetch("--quote", QUOTE, "--base", service.url)
            assert len(service.asked) == asked, service.asked
        home.fetch("--quote", QUOTE, "--offline", code=REFUSED)


def a_spoilt_cache_is_passed_over():
    with Home() as home, Service(lasting_answers()) as service:
        cache = home.path / "cache"
        cache.mkdir()
        home.fetch("--quote", QUOTE, "--base", service.url, "--cache", cache)
        file = cache / "tdx-b0c06f000000-platform-standard-17.json"
        for content in (b"", b"{}", file.read_bytes()[:-1], file.read_bytes().replace(b"B0C06F", b"B0C06E")):
            assert content != file.read_bytes()
            file.write_bytes(content)
            home.fetch("--quote", QUOTE, "--cache", cache, "--offline", code=REFUSED)
            home.fetch("--quote", QUOTE, "--base", service.url, "--cache", cache)
        assert list(cache.iterdir()) == [file] and len(service.asked) == 20, (list(cache.iterdir()), len(service.asked))


# ---- quotes that do not carry their certificates ----

GENERATED = DATA / "generated"
MACHINE_THEN = "1790000000"
SGX_EXTENSION = "2a864886f84d010d01"


class Machine:
    """A quote of certification type 2 or 3 with what Intel would answer about it: a platform of the generated collection."""

    def __init__(self, kind):
        index = json.loads((GENERATED / "index.json").read_text())
        case = next(c for c in index["cases"] if c["name"] == f"certtype/{kind}-with-collateral-chain")
        self.root, self.collateral = GENERATED / case["root"], json.loads((GENERATED / case["collateral"]).read_text())
        pems = re.findall("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", self.collateral["pck_certificate_chain"], re.DOTALL)
        self.leaf, self.above = pems[0], "".join(pems[1:])
        extension = der(self.leaf.encode()).hex()
        cpu_svn = re.search(f"060b{SGX_EXTENSION}02120410(.{{32}})", extension).group(1)
        pce_svn = int(re.search(f"060b{SGX_EXTENSION}021102(01.{{2}}|02.{{4}})", extension).group(1)[2:], 16)
        pce_id = re.search(f"060a{SGX_EXTENSION}030402(.{{4}})", extension).group(1)
        self.versions, self.pce_id = bytes.fromhex(cpu_svn) + pce_svn.to_bytes(2, "little"), bytes.fromhex(pce_id)
        quote = (GENERATED / case["quote"]).read_bytes()
        self.length = {2: 256, 3: 384}[kind]
        at = quote.rindex(kind.to_bytes(2, "little") + (self.length + 20).to_bytes(4, "little")) + 6
        self.ppid = quote[at:at + self.length]
        self.quote = quote[:at] + self.ppid + self.versions + self.pce_id + quote[at + self.length + 20:]
        self.path = (f"/sgx/certification/v4/pckcert?qeid={quote[28:44].hex().upper()}&encrypted_ppid={self.ppid.hex().upper()}"
                     f"&cpusvn={self.versions[:16].hex().upper()}&pcesvn={self.versions[16:].hex().upper()}"
                     f"&pceid={self.pce_id.hex().upper()}")

    def answers(self, body=None, chain=None, versions=None):
        """What a service answers; some of the machine's own answer may be replaced."""
        headers = {"SGX-PCK-Certificate-Issuer-Chain": urllib.parse.quote(self.above if chain is None else chain, safe=""),
                   "SGX-TCBm": self.versions.hex() if versions is None else versions}
        return answers(self.collateral) | {self.path: (200, headers, (self.leaf if body is None else body).encode())}


def certificate_of_a_machine_is_fetched_by_its_encrypted_id():
    for kind in (2, 3):
        machine = Machine(kind)
        for body, versions in ((machine.leaf, machine.versions.hex()), (machine.leaf.rstrip("\n"), machine.versions.hex().upper())):
            with Home() as home, Service(machine.answers(body=body, versions=versions)) as service:
                quote, fetched = home.path / "quote.bin", home.path / "collateral.json"
                quote.write_bytes(machine.quote)
                home.fetch("--quote", quote, "--base", service.url, "-o", fetched)
                assert service.asked[0] == machine.path and len(service.asked) == 5, service.asked
                chain = json.loads(fetched.read_text())["pck_certificate_chain"]
                assert chain.count("BEGIN CERTIFICATE") == 1 + machine.above.count("BEGIN CERTIFICATE"), chain
                judged = ("verify", "--quote", quote, "--root", machine.root, "--time", MACHINE_THEN, "--json", "--policy")
                policy = GENERATED / "policy/any.json"
                home.attest(*judged, policy, "--collateral", fetched, code=DONE)
                without = json.loads(fetched.read_text())
                del without["pck_certificate_chain"]
                fetched.write_text(json.dumps(without))
                done = home.attest(*judged, policy, "--collateral", fetched, code=REFUSED)
                assert json.loads(done.stdout)["error"]["code"] == "unsupported", done.stdout
                # of one machine: nothing is kept of it, so nothing is there without a service
                assert home.kept() == [], home.kept()
                home.fetch("--quote", quote, "--offline", code=REFUSED)


def certificate_of_another_machine_is_refused():
    machine = Machine(3)
    lower, pem = machine.versions.hex(), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    cases = [({"versions": "00" * 18}, "SGX-TCBm"), ({"versions": ""}, "SGX-TCBm"), ({"versions": lower[:-2]}, "SGX-TCBm"),
             ({"versions": lower + "00"}, "SGX-TCBm"), ({"versions": "zz" + lower[2:]}, "SGX-TCBm"),
             ({"body": ""}, "one certificate"), ({"body": "no certificate"}, "one certificate"),
             ({"body": machine.leaf + machine.above}, "one certificate"), ({"body": pem}, "no platform"),
             ({"body": machine.above}, "certificate"), ({"chain": ""}, "SGX-PCK-Certificate-Issuer-Chain"),
             ({"chain": "x"}, "SGX-PCK-Certificate-Issuer-Chain")]
    for changed, about in cases:
        with Home() as home, Service(machine.answers(**changed)) as service:
            quote = home.path / "quote.bin"
            quote.write_bytes(machine.quote)
            done = home.fetch("--quote", quote, "--base", service.url, code=REFUSED)
            assert about in done.stderr and service.url in done.stderr, (changed, done.stderr)
            assert done.stdout == "" and home.kept() == [] and service.asked == [machine.path], (changed, service.asked)
    # a quote that names other versions than its machine's certificate is of
    for at in (0, 15, 16, 17, 18, 19):
        named = machine.versions + machine.pce_id
        named = named[:at] + bytes([named[at] ^ 1]) + named[at + 1:]
        path = machine.path.split("&cpusvn=")[0] + (f"&cpusvn={named[:16].hex().upper()}&pcesvn={named[16:18].hex().upper()}"
                                                    f"&pceid={named[18:].hex().upper()}")
        known = machine.answers(versions=named[:18].hex())
        with Home() as home, Service(known | {path: known[machine.path]}) as service:
            quote = home.path / "quote.bin"
            quote.write_bytes(machine.quote.replace(machine.ppid + machine.versions + machine.pce_id, machine.ppid + named))
            done = home.fetch("--quote", quote, "--base", service.url, code=REFUSED)
            assert "of other versions" in done.stderr and service.asked == [path], (at, done.stderr, service.asked)


def a_quote_that_names_its_machine_wrongly_is_no_question():
    for kind, wrong in ((2, 3), (3, 2)):
        machine = Machine(kind)
        with Home() as home, Service(machine.answers()) as service:
            quote = home.path / "quote.bin"
            at = machine.quote.index(machine.ppid) - 6
            quote.write_bytes(machine.quote[:at] + wrong.to_bytes(2, "little") + machine.quote[at + 2:])
            home.fetch("--quote", quote, "--base", service.url, code=UNUSABLE)
            quote.write_bytes(machine.quote[:at] + (1).to_bytes(2, "little") + machine.quote[at + 2:])
            home.fetch("--quote", quote, "--base", service.url, code=UNUSABLE)
            assert service.asked == []


def certificates_of_a_report_are_fetched_kept_and_judged():
    with Home() as home, Service(certificates()) as service:
        file = home.path / "certificates.json"
        home.fetch("--report", REPORT, "--base", service.url, "-o", file)
        assert sorted(service.asked) == sorted(certificates()), service.asked
        home.attest("verify", "--report", REPORT, "--collateral", file, "--time", REPORT_THEN, code=DONE)
        again = home.fetch("--report", REPORT, "--offline")
        assert json.loads(again.stdout) == json.loads(file.read_text()), again.stdout
        home.fetch("--report", REPORT, "--product", "Genoa", code=UNUSABLE)
        home.fetch("--report", REPORT, "--product", "Rome", code=UNUSABLE)


def certificates_of_another_chip_are_refused():
    vcek, chain_path = certificates()
    other = (200, {}, (DATA / "snp/milan_v2_debug_vcek.der").read_bytes())
    for wrong, about in (({vcek: other}, "not the certificate of this chip"), ({vcek: (200, {}, b"")}, "not the certificate"),
                         ({vcek: (429, {}, b"")}, "status 200"), ({chain_path: (200, {}, b"no PEM")}, "no chain")):
        with Home() as home, Service(certificates() | wrong) as service:
            done = home.fetch("--report", REPORT, "--base", service.url, code=REFUSED)
            assert about in done.stderr and home.kept() == [], (done.stderr, home.kept())


OTHER = (DATA / "intel/tdx_v4_20a06f.quote.hex", DATA / "intel/tdx_v4_20a06f.collateral.json", "1759388630")
DID = "did:pkh:eip155:1:0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
NONCE = "00112233445566778899aabbccddeeff"


def a_machine_that_is_no_guest_says_so():
    with Home() as home:
        done = home.attest("quote", "--did", DID, "--nonce", NONCE, code=REFUSED)
        assert "no attestation" in done.stderr and done.stdout == "", done.stderr


def evidence_of_the_kernel_is_bound_to_a_new_statement():
    with Home() as home, Kernel() as kernel:
        file = home.path / "evidence.json"
        before = int(time.time())
        home.attest("quote", "--did", DID, "--nonce", NONCE, "--aud", "https://app.example", "--key", "did:key:z6Mk", "-o", file,
                    code=DONE, environment=kernel.environment)
        evidence = json.loads(file.read_text())
        statement = json.loads(evidence["statement"])
        assert statement == {"v": 1, "did": DID, "nonce": NONCE, "aud": "https://app.example", "key": "did:key:z6Mk",
                             "iat": statement["iat"], "exp": statement["iat"] + 600}, statement
        assert before <= statement["iat"] <= time.time(), statement
        bound = hashlib.sha512(b"tinycloud-tee-backend/v1:" + evidence["statement"].encode()).hexdigest()
        assert evidence["report_data"] == bound == evidence["quote"][2 * AT_REPORT_DATA:][:128]


def evidence_goes_from_the_guest_to_a_verdict_in_one_file():
    collateral = DATA / "intel/tdx_v4_b0c06f.collateral.json"
    with Home() as home, Service(answers()) as service, Kernel() as kernel:
        file = home.path / "evidence.json"
        home.attest("quote", "--did", DID, "--nonce", NONCE, "-o", file, code=DONE, environment=kernel.environment)
        fetched = home.fetch("--quote", file, "--base", service.url)
        assert json.loads(fetched.stdout)["tcb_info"] == COLLATERAL["tcb_info"], fetched.stdout
        # what was put into a real quote breaks its signature, and nothing else is against it before that
        done = home.attest("verify", "--quote", file, "--collateral", collateral, "--time", THEN, "--json", code=REFUSED)
        assert json.loads(done.stdout)["error"]["code"] == "quote_signature", done.stdout
        home.attest("policy", "make", "--quote", file, "--collateral", collateral, "--time", THEN, code=REFUSED)


def a_report_with_its_certificates_is_judged_in_one_file():
    vcek, ask = (der((DATA / f"snp/milan_v3_{name}.pem").read_bytes()) for name in ("vcek", "ask"))
    guids = bytes.fromhex("63da758de6644564adc5f4b93be8accd"), bytes.fromhex("4ab7b379bbac4fe4a02f05aef327c782")
    table = b"".join(guid + at.to_bytes(4, "little") + len(body).to_bytes(4, "little")
                     for guid, at, body in zip(guids, (72, 72 + len(vcek)), (vcek, ask), strict=True)) + bytes(24) + vcek + ask
    with Home() as home:
        file = home.path / "evidence.json"
        whole = {"report": REPORT.read_bytes().hex(), "certificates": table.hex(), "statement": "{}"}
        for evidence, code in ((whole, REFUSED), ({**whole, "statement": ""}, DONE),
                                          ({**whole, "statement": "", "certificates": ""}, REFUSED),
                                          ({**whole, "certificates": table[:-1].hex()}, UNUSABLE),
                                          ({**whole, "report": "0"}, UNUSABLE), ({"statement": ""}, UNUSABLE)):
            file.write_text(json.dumps(evidence))
            home.attest("verify", "--quote", file, "--time", REPORT_THEN, code=code)


def a_kernel_that_fails_is_not_taken_for_no_guest():
    with Home() as home:
        for kernel, about in ((Kernel(flip=1), "bound to something else"), (Kernel(provider=""), "no attestation")):
            with kernel:
                done = home.attest("quote", "--did", DID, code=REFUSED, environment=kernel.environment)
                assert about in done.stderr and done.stdout == "", done.stderr
        nowhere = {"DCAP_TDX_QUOTE_CONFIGFS_PATH": str(home.path / "none")}
        done = home.attest("quote", "--did", DID, code=REFUSED, environment=nowhere)
        assert "can attest, and does not" in done.stderr, done.stderr


def evidence_is_bound_to_one_thing_of_a_sound_form():
    with Home() as home, Kernel() as kernel:
        for wrong in ((), ("--nonce", NONCE), ("--did", ""), ("--did", DID, "--nonce", "00"), ("--did", DID, "--nonce", NONCE.upper()),
                      ("--did", DID, "--aud", ""), ("--did", DID, "--report-data", "00" * 64), ("--report-data", "00"), ("x",)):
            done = home.attest("quote", *wrong, code=UNUSABLE, environment=kernel.environment)
            assert done.stdout == "" and done.stderr, wrong
        assert kernel.path.joinpath("generation").read_text() == "0\n"


def a_policy_accepts_what_it_was_made_of_and_nothing_else():
    evidence = ("--quote", QUOTE, "--collateral", DATA / "intel/tdx_v4_b0c06f.collateral.json", "--time", THEN)
    other = ("--quote", OTHER[0], "--collateral", OTHER[1], "--time", OTHER[2])
    with Home() as home:
        file = home.path / "policy.json"
        home.attest("policy", "make", *evidence, "-o", file, code=DONE)
        policy = json.loads(file.read_text())
        assert policy["tdx"]["tcb_statuses"] == ["UpToDate"] and policy["require_nonce"] is True, policy
        assert "may be old" not in home.attest("policy", "check", file, code=DONE).stdout
        done = home.attest("verify", *evidence, "--policy", file, "--json", code=REFUSED)
        assert json.loads(done.stdout)["error"]["code"] == "nonce", done.stdout
        file.write_text(json.dumps(policy | {"require_nonce": False}))
        home.attest("verify", *evidence, "--policy", file, code=DONE)
        done = home.attest("verify", *other, "--policy", file, "--json", code=REFUSED)
        assert json.loads(done.stdout)["checks"]["os_image"] == "fail", done.stdout


def a_policy_of_a_report_is_made_too():
    with Home() as home, Service(certificates()) as service:
        fetched, file = home.path / "certificates.json", home.path / "policy.json"
        home.fetch("--report", REPORT, "--base", service.url, "-o", fetched)
        evidence = ("--report", REPORT, "--collateral", fetched, "--time", REPORT_THEN)
        home.attest("policy", "make", *evidence, "-o", file, code=DONE)
        policy = json.loads(file.read_text())
        assert policy["snp"]["products"] == ["Milan"] and policy["snp"]["min_tcb"]["Milan"]["ucode"] == 213, policy
        file.write_text(json.dumps(policy | {"require_nonce": False}))
        home.attest("verify", *evidence, "--policy", file, code=DONE)


def no_policy_is_made_of_evidence_that_does_not_hold():
    collateral = DATA / "intel/tdx_v4_b0c06f.collateral.json"
    with Home() as home:
        done = home.attest("policy", "make", "--quote", QUOTE, "--collateral", collateral, code=REFUSED)
        assert "collateral_expired" in done.stderr and done.stdout == "", done.stderr
        home.attest("policy", "make", "--quote", QUOTE, "--time", THEN, code=REFUSED)
        home.attest("policy", "make", code=UNUSABLE)


def a_policy_is_checked_and_its_gaps_are_told():
    with Home() as home:
        file = home.path / "policy.json"
        file.write_text('{"version":1,"platforms":["tdx"],"require_nonce":false,"tdx":{"os_unchecked":true}}')
        gaps = json.loads(home.attest("policy", "check", file, "--json", code=DONE).stdout)
        assert gaps["sound"] is True and set(gaps["unchecked"]) == {
            "tdx.os_unchecked", "app.compose_hashes", "app.key_providers", "require_nonce"}, gaps
        for wrong, about in (('{"version":1,"requirenonce":false}', "requirenonce"), ('{"version":2}', "version"), ("{", "JSON"),
                             ('{"version":1,"app":{"compose_hashes":[]}}', "compose_hashes")):
            file.write_text(wrong)
            assert about in home.attest("policy", "check", file, code=REFUSED).stderr, wrong
        home.attest("policy", "check", home.path / "none", code=UNUSABLE)
        home.attest("policy", code=UNUSABLE)


run([collateral_of_a_quote_is_fetched_and_judged, collateral_of_a_named_platform_is_the_same,
     a_list_of_the_root_may_be_elsewhere_and_in_der, an_older_name_of_a_header_is_known, early_collateral_is_asked_for_by_name,
     an_answer_that_is_too_large_is_refused, an_answer_at_the_limit_is_taken, an_answer_without_end_is_refused,
     a_redirect_is_not_followed_to_any_host, other_statuses_are_refused, a_chain_that_is_missing_or_wrong_is_refused,
     a_body_that_is_not_what_was_signed_is_refused, a_list_that_is_none_is_refused, another_platforms_answer_is_refused,
     a_connection_that_breaks_off_is_refused, a_service_that_is_slow_is_given_up_after_twenty_seconds,
     a_service_must_be_secure_or_of_this_machine, what_is_valid_is_not_fetched_again, the_highest_evaluation_number_is_used,
     what_has_expired_is_fetched_again, a_spoilt_cache_is_passed_over, certificate_of_a_machine_is_fetched_by_its_encrypted_id,
     certificate_of_another_machine_is_refused, a_quote_that_names_its_machine_wrongly_is_no_question, certificates_of_a_report_are_fetched_kept_and_judged,
     certificates_of_another_chip_are_refused, a_machine_that_is_no_guest_says_so,
     evidence_of_the_kernel_is_bound_to_a_new_statement, evidence_goes_from_the_guest_to_a_verdict_in_one_file,
     a_report_with_its_certificates_is_judged_in_one_file, a_kernel_that_fails_is_not_taken_for_no_guest,
     evidence_is_bound_to_one_thing_of_a_sound_form, a_policy_accepts_what_it_was_made_of_and_nothing_else,
     a_policy_of_a_report_is_made_too, no_policy_is_made_of_evidence_that_does_not_hold,
     a_policy_is_checked_and_its_gaps_are_told])

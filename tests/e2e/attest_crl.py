#!/usr/bin/env python3
"""deputy attest verify --crl: what AMD's root revoked. AMD's own list names nobody, so a PKI like AMD's is made here, with the openssl
tool, and a report that it signs: the real one with another signature.

usage: attest_crl.py DEPUTY
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.runner import run  # noqa: E402

DEPUTY = sys.argv[1]
DATA = pathlib.Path(__file__).parent.parent / "data" / "attestation"
REPORT = (DATA / "snp/milan_v3_report.bin").read_bytes()
REAL = ("--report", DATA / "snp/milan_v3_report.bin", "--vcek", DATA / "snp/milan_v3_vcek.pem", "--ask", DATA / "snp/milan_v3_ask.pem",
        "--time", "1781740800")
NOW = int(time.time()) + 3600  # what is made here is valid from today on
DAY = 86400
ACCEPTED, REFUSED, UNUSABLE = 0, 1, 2
SIGNED, POINT = 0x2A0, 48
PSS = ("-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48", "-sigopt", "rsa_mgf1_md:sha384")
NAME = "/OU=Engineering/C=US/L=Santa Clara/ST=CA/O=Advanced Micro Devices/CN="
AMD = "1.3.6.1.4.1.3704.1."


class Pki:
    """ARK, ASK, VCEK and a report under them, in a directory of their own."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="deputy-test-")
        self.path = pathlib.Path(self.directory.name)
        self.made("root", "keyUsage=critical,keyCertSign,cRLSign\nbasicConstraints=critical,CA:true", "ARK-Milan", 0x10000)
        self.made("ask", "keyUsage=critical,keyCertSign\nbasicConstraints=critical,CA:true,pathlen:0", "SEV-Milan", 0x10001, "root")
        tcb = REPORT[0x180:0x188]
        numbers = {"3.1": tcb[0], "3.2": tcb[1], "3.3": tcb[6], "3.8": tcb[7]}
        leaf = [f"{AMD}2=DER:1608{b'Milan-B0'.hex()}", f"{AMD}4=DER:{REPORT[0x1A0:0x1E0].hex()}"]
        leaf += [f"{AMD}{arc}=DER:{'0202 00' if number > 127 else '0201 '}{number:02x}".replace(" ", "") for arc, number in numbers.items()]
        self.made("vcek", "\n".join(leaf), "SEV-VCEK", 0, "ask", rsa=False)
        signature = self.openssl("dgst", "-sha384", "-sign", "vcek.key", data=REPORT[:SIGNED])
        self.write("report", REPORT[:SIGNED] + b"".join(little(number) for number in numbers_of(signature)) + bytes(512 - 144))
        self.write("policy.json", json.dumps({"version": 1, "allow_simulator": True, "require_nonce": False}).encode())
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def write(self, name, content):
        (self.path / name).write_bytes(content)
        return self.path / name

    def openssl(self, *arguments, data=None):
        done = subprocess.run(["openssl", *map(str, arguments)], cwd=self.path, input=data, capture_output=True, timeout=120)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    def made(self, name, extensions, common_name, serial, issuer=None, rsa=True, key=None):
        """A key, or that of another name, and its certificate by the issuer, or by itself."""
        how = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096") if rsa else ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
        if key is None:
            self.openssl("genpkey", *how, "-out", f"{name}.key")
        else:
            self.write(f"{name}.key", (self.path / f"{key}.key").read_bytes())
        self.openssl("req", "-new", "-key", f"{name}.key", "-subj", NAME + common_name, "-out", f"{name}.req", "-sha384")
        self.write(f"{name}.extensions", extensions.encode())
        by = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key") if issuer else ("-signkey", f"{name}.key")
        self.openssl("x509", "-req", "-in", f"{name}.req", *by, "-set_serial", serial, "-days", "36500", "-extfile", f"{name}.extensions",
                     "-out", f"{name}.pem", *PSS)

    def list_of(self, *revoked, by="root", since=NOW - DAY, until=NOW + DAY):
        """The issuer's list with those serial numbers, in DER."""
        rows = "".join(f"R\t360101000000Z\t260601000000Z\t{serial:08X}\tunknown\t/CN=x\n" for serial in revoked)
        self.write("index.txt", rows.encode())
        self.write("ca.conf", b"[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha384\ncrlnumber=number\n")
        self.write("number", b"01\n")
        self.openssl("ca", "-config", "ca.conf", "-gencrl", "-cert", f"{by}.pem", "-keyfile", f"{by}.key", "-crl_lastupdate", stamp(since),
                     "-crl_nextupdate", stamp(until), "-out", "list.pem", "-md", "sha384", *PSS[1:])
        self.openssl("crl", "-in", "list.pem", "-outform", "DER", "-out", "list.der")
        return (self.path / "list.der").read_bytes()

    def verdict(self, revocations, code, *more, now=NOW, root="root"):
        arguments = ["--report", self.path / "report", "--vcek", self.path / "vcek.pem", "--ask", self.path / "ask.pem", "--root",
                     self.path / f"{root}.pem", "--policy", self.path / "policy.json", "--time", now, *more]
        if revocations is not None:
            arguments += ["--crl", self.write("asked", revocations)]
        return verdict(*arguments, code=code)


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def numbers_of(der):
    """r and s of an ECDSA signature."""
    assert der[0] == 0x30 and der[2] == 2
    r = der[4:4 + der[3]]
    s = der[6 + der[3]:]
    return int.from_bytes(r, "big"), int.from_bytes(s, "big")


def little(number):
    return number.to_bytes(72, "little")


def verdict(*arguments, code):
    done = subprocess.run([DEPUTY, "attest", "verify", *map(str, arguments), "--json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if code != UNUSABLE else done.stderr


def assert_refused(value, code):
    assert value["error"]["code"] == code and value["checks"]["revocation"] == "fail", value
    assert not value.keys() & {"tcb", "measurements", "app", "binding"}, value


def list_that_names_nobody_of_the_chain_is_accepted(pki):
    assert "revocation" not in pki.verdict(None, ACCEPTED)["checks"]
    for revoked in ((), (7,), (7, 0x10002, 0x1000100)):
        assert pki.verdict(pki.list_of(*revoked), ACCEPTED)["checks"]["revocation"] == "pass", revoked


def revoked_authorities_are_refused(pki):
    for revoked in ((0x10001,), (0x10000,), (7, 0x10001), (0x10001, 7)):
        assert_refused(pki.verdict(pki.list_of(*revoked), REFUSED), "revoked")


def list_of_somebody_else_is_refused(pki):
    """By the intermediate, which may not sign lists; by a key that is not the root's, under its name; and of another product."""
    assert_refused(pki.verdict(pki.list_of(by="ask"), REFUSED), "crl")
    forged = pki.list_of(7)
    assert pki.verdict(forged, ACCEPTED)
    for name, common_name in (("other", "ARK-Milan"), ("genoa", "ARK-Genoa")):
        pki.made(name, "keyUsage=critical,keyCertSign,cRLSign\nbasicConstraints=critical,CA:true", common_name, 0x10000)
        for revoked in ((), (0x10001,)):  # nobody learns from it who was revoked
            assert_refused(pki.verdict(pki.list_of(*revoked, by=name), REFUSED), "crl")
    assert_refused(verdict(*REAL, "--crl", pki.write("asked", forged), code=REFUSED), "crl")  # AMD's own root


def list_by_the_roots_key_that_is_not_the_roots_is_refused(pki):
    """Under another name, and of a root that may not sign lists: the signature is right in both."""
    pki.made("renamed", "keyUsage=critical,keyCertSign,cRLSign\nbasicConstraints=critical,CA:true", "ARK-Genoa", 0x10000, key="root")
    assert_refused(pki.verdict(pki.list_of(by="renamed"), REFUSED), "crl")
    pki.made("limited", "keyUsage=critical,keyCertSign\nbasicConstraints=critical,CA:true", "ARK-Milan", 0x10000, key="root")
    assert "revocation" not in pki.verdict(None, ACCEPTED, root="limited")["checks"]
    assert_refused(pki.verdict(pki.list_of(), REFUSED, root="limited"), "crl")


def list_is_of_now(pki):
    current = pki.list_of(since=NOW + 1, until=NOW + 3)
    for now, code in ((NOW, REFUSED), (NOW + 1, ACCEPTED), (NOW + 2, ACCEPTED), (NOW + 3, REFUSED)):
        value = pki.verdict(current, code, now=now)
        if code == REFUSED:
            assert_refused(value, "crl")
    assert_refused(pki.verdict(pki.list_of(0x10001, until=NOW - DAY // 2), REFUSED), "crl")


def list_counts_to_its_last_byte(pki):
    whole = pki.list_of(7)
    for wrong in (b"", b"\x30", whole[:-1], whole + b"\0", (pki.path / "list.pem").read_bytes(), (pki.path / "root.pem").read_bytes()):
        assert_refused(pki.verdict(wrong, REFUSED), "crl")
    for at in range(0, len(whole), 7):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
        assert pki.verdict(changed, REFUSED)["checks"]["revocation"] == "fail", at


def list_of_amd_is_not_of_a_quote(pki):
    quote = ("--quote", DATA / "intel/tdx_v4_b0c06f.quote.bin", "--collateral", DATA / "intel/tdx_v4_b0c06f.collateral.json", "--time", 1752919234)
    assert "--crl" in verdict(*quote, "--crl", pki.write("asked", pki.list_of()), code=UNUSABLE)
    verdict(*quote, code=ACCEPTED)


if shutil.which("openssl") is None:
    print("skipped: attest_crl: needs the openssl tool")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)
with Pki() as made:
    checks = [list_that_names_nobody_of_the_chain_is_accepted, revoked_authorities_are_refused, list_of_somebody_else_is_refused,
              list_by_the_roots_key_that_is_not_the_roots_is_refused,
              list_is_of_now, list_counts_to_its_last_byte, list_of_amd_is_not_of_a_quote]

    def with_pki(check):
        def checked():
            check(made)
        checked.__name__ = check.__name__
        return checked

    run([with_pki(check) for check in checks])

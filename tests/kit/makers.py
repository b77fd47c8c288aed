"""What the makers of trusted hardware publish, from a server of ours that plays back recorded answers."""
import json
import pathlib
import subprocess
import urllib.parse

from .served import QuietHandler, Served

DATA = pathlib.Path(__file__).parent.parent / "data" / "attestation"
COLLATERAL = json.loads((DATA / "intel/tdx_v4_b0c06f.collateral.json").read_text())
REPORT = DATA / "snp/milan_v3_report.bin"


def signed(member, name, text=None, collateral=COLLATERAL):
    return f'{{"{member}":{text or collateral[name]},"signature":"{collateral[name + "_signature"]}"}}'.encode()


def chain(name, collateral=COLLATERAL):
    return urllib.parse.quote(collateral[name], safe="")


def der(pem):
    return subprocess.run(["openssl", "x509", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout


def answers(collateral=COLLATERAL):
    """What a mirror of Intel answers about a TDX platform with this collateral: path to (status, headers, body)."""
    fmspc = json.loads(collateral["tcb_info"])["fmspc"].upper()
    return {
        f"/tdx/certification/v4/tcb?fmspc={fmspc}":
            (200, {"TCB-Info-Issuer-Chain": chain("tcb_info_issuer_chain", collateral)},
             signed("tcbInfo", "tcb_info", collateral=collateral)),
        "/tdx/certification/v4/qe/identity?update=standard":
            (200, {"SGX-Enclave-Identity-Issuer-Chain": chain("qe_identity_issuer_chain", collateral)},
             signed("enclaveIdentity", "qe_identity", collateral=collateral)),
        "/sgx/certification/v4/pckcrl?ca=platform&encoding=der":
            (200, {"SGX-PCK-CRL-Issuer-Chain": urllib.parse.quote(
                collateral.get("pck_crl_issuer_chain") or collateral["tcb_info_issuer_chain"], safe="")},
             bytes.fromhex(collateral["pck_crl"])),
        "/sgx/certification/v4/rootcacrl": (200, {}, collateral["root_ca_crl"].encode()),
    }


def certificates():
    """What a mirror of AMD answers."""
    report = REPORT.read_bytes()
    tcb = report[0x180:0x188]
    query = f"blSPL={tcb[0]}&teeSPL={tcb[1]}&snpSPL={tcb[6]}&ucodeSPL={tcb[7]}"
    return {f"/vcek/v1/Milan/{report[0x1a0:0x1e0].hex()}?{query}":
            (200, {}, der((DATA / "snp/milan_v3_vcek.pem").read_bytes())),
            "/vcek/v1/Milan/cert_chain": (200, {}, (DATA / "snp/ask_ark_milan.pem").read_bytes())}


class Service(Served):
    """A server that plays back answers, and notes what it was asked for. Use it in a with statement."""

    def __init__(self, known):
        service = self

        class Handler(QuietHandler):
            def do_GET(self):
                service.asked.append(self.path)
                answer = service.known.get(self.path, (404, {}, b"{}"))
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # a client that has read enough goes away

        self.known, self.asked = known, []
        super().__init__(Handler)

#!/usr/bin/env python3
"""deputy attest: evidence of real hardware is accepted and refused with the right exit code, and shown.

usage: attest.py DEPUTY
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit.runner import run  # noqa: E402

DEPUTY = sys.argv[1]
DATA = pathlib.Path(__file__).parent.parent / "data" / "attestation"
QUOTE = DATA / "intel/tdx_v4_b0c06f.quote.bin"
COLLATERAL = DATA / "intel/tdx_v4_b0c06f.collateral.json"
NOW = "1752919234"
ACCEPTED, REFUSED, UNUSABLE = 0, 1, 2
DOCUMENTATION = pathlib.Path(__file__).parent.parent.parent / "docs" / "attestation.md"
POLICIES = DATA / "generated/policy"


def attest(*arguments, code):
    done = subprocess.run([DEPUTY, "attest", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}"
    return done


def verdict(*arguments, code):
    done = attest("verify", *arguments, "--json", code=code)
    value = json.loads(done.stdout)
    assert value["ok"] == (code == ACCEPTED), value
    return value


def written(directory, name, content):
    path = pathlib.Path(directory) / name
    path.write_bytes(content)
    return path


def a_genuine_quote_is_accepted():
    value = verdict("--quote", QUOTE, "--collateral", COLLATERAL, "--time", NOW, code=ACCEPTED)
    assert value["platform"] == "tdx" and value["tcb"]["status"] == "UpToDate" and value["error"] is None, value
    assert value["tcb"]["fmspc"] == "b0c06f000000" and value["verified_at"] == int(NOW), value
    assert value["measurements"]["mr_td"].startswith("91eb2b44"), value


def a_quote_in_hexadecimal_digits_is_the_same():
    with tempfile.TemporaryDirectory() as directory:
        for text in (QUOTE.read_bytes().hex() + "\n", "0x" + QUOTE.read_bytes().hex().upper()):
            quote = written(directory, "quote.hex", text.encode())
            verdict("--quote", quote, "--collateral", COLLATERAL, "--time", "2025-07-19T10:00:34Z", code=ACCEPTED)


def an_attestation_of_dstack_is_accepted_as_a_whole():
    piece = json.loads((DATA / "dstack/verifier_sev_snp.json").read_text())["attestation"]
    bare = DATA / "snp/dstack_v0_attestation.bin"
    chain = ("--vcek", DATA / "snp/milan_v3_vcek.pem", "--ask", DATA / "snp/milan_v3_ask.pem")
    with tempfile.TemporaryDirectory() as directory:
        path = written(directory, "attestation.hex", piece.encode())
        value = verdict("--attestation", path, "--time", "1781740800", code=ACCEPTED)
        assert value["platform"] == "sev-snp" and value["app"]["app_id"] == "86e59625be93207bc2351c4d1bba20037cec8e16", value
        assert value["checks"]["app"] == "skipped" and value["checks"]["event_log"] == "pass", value
        verdict("--attestation", bare, *chain, "--time", "1781740800", code=ACCEPTED)
        assert verdict("--attestation", bare, "--time", "1781740800", code=REFUSED)["error"]["code"] == "cert_chain"
        attest("verify", "--attestation", path, "--quote", QUOTE, code=UNUSABLE)
        broken = written(directory, "broken", bytes.fromhex(piece)[:-1])
        assert verdict("--attestation", broken, code=REFUSED)["error"]["code"] == "parse"


def a_changed_quote_is_refused_and_tells_nothing():
    with tempfile.TemporaryDirectory() as directory:
        changed = bytearray(QUOTE.read_bytes())
        changed[200] ^= 1
        quote = written(directory, "quote.bin", changed)
        value = verdict("--quote", quote, "--collateral", COLLATERAL, "--time", NOW, code=REFUSED)
        assert value["error"]["code"] == "quote_signature", value
        assert not value.keys() & {"tcb", "measurements", "app", "binding"}, value


def refusals_say_what_to_do():
    text = attest("verify", "--quote", QUOTE, "--collateral", COLLATERAL, "--time", "2026-01-01T00:00:00Z", code=REFUSED).stdout
    assert "collateral_expired" in text and "fetch the collateral again" in text, text
    value = verdict("--quote", QUOTE, "--time", NOW, code=REFUSED)
    assert value["checks"]["quote_signature"] == "pass" and value["checks"]["revocation"] == "fail", value


def reports_in_the_documentation_are_what_is_printed():
    """docs/attestation.md shows a good quote, a stale one and a forged one."""
    shown = re.findall(r"```\n((?:accepted|refused): .*?)```", DOCUMENTATION.read_text(), re.S)
    with tempfile.TemporaryDirectory() as directory:
        changed = bytearray(QUOTE.read_bytes())
        changed[184] ^= 1
        forged = written(directory, "quote.bin", changed)
        asked = ((QUOTE, NOW, ACCEPTED), (QUOTE, "1753005635", REFUSED), (forged, NOW, REFUSED))
        printed = [attest("verify", "--quote", quote, "--collateral", COLLATERAL, "--time", now, code=code).stdout for quote, now, code in asked]
    assert shown == printed, (shown, printed)


def a_policy_is_held_against_it():
    arguments = ("--quote", QUOTE, "--collateral", COLLATERAL, "--time", NOW)
    verdict(*arguments, "--policy", POLICIES / "any-production.json", code=ACCEPTED)
    with tempfile.TemporaryDirectory() as directory:
        strict = written(directory, "policy.json", b'{"version":1,"require_nonce":false}')
        value = verdict(*arguments, "--policy", strict, code=REFUSED)
        assert value["error"]["code"] == "policy.images", value
        wrong = written(directory, "wrong.json", b'{"version":1,"platform":["tdx"]}')
        assert "did you mean platforms" in attest("verify", *arguments, "--policy", wrong, code=UNUSABLE).stderr
    value = verdict(*arguments, "--nonce", "00" * 32, code=REFUSED)
    assert value["error"]["code"] == "nonce", value
    value = verdict(*arguments, "--report-data", "00" * 64, code=REFUSED)
    assert value["error"]["code"] == "report_data", value


def another_root_is_a_simulator():
    cases = json.loads((DATA / "generated/index.json").read_text())["cases"]
    case = next(case for case in cases if case["name"] == "valid/v4")
    folder = DATA / "generated"
    arguments = ("--quote", folder / case["quote"], "--collateral", folder / case["collateral"], "--time", case["time"])
    assert verdict(*arguments, code=REFUSED)["error"]["code"] == "cert_chain"
    assert verdict(*arguments, "--root", folder / case["root"], code=REFUSED)["error"]["code"] == "simulator"
    value = verdict(*arguments, "--root", folder / case["root"], "--policy", POLICIES / "any.json", code=ACCEPTED)
    assert "simulator" in value["warnings"], value


def an_sgx_quote_is_judged_too():
    sgx = ("--quote", DATA / "intel/sgx_v3_00a067.quote.bin", "--collateral", DATA / "intel/sgx_v3_00a067.collateral.json")
    value = verdict(*sgx, "--time", "1752919277", code=REFUSED)
    assert value["error"]["code"] == "tcb_status" and value["tcb"]["advisory_ids"] == ["INTEL-SA-00289", "INTEL-SA-00615"], value
    verdict(*sgx, "--time", "1752919277", "--policy", POLICIES / "any-production.json", code=ACCEPTED)


def a_report_of_snp_is_judged_too():
    snp = DATA / "snp"
    arguments = ("--report", snp / "milan_v3_report.bin", "--vcek", snp / "milan_v3_vcek.pem", "--ask", snp / "ask_ark_milan.pem")
    value = verdict(*arguments, "--time", "1781740800", code=ACCEPTED)
    assert value["platform"] == "sev-snp" and value["checks"]["snp_signature"] == "pass", value
    verdict(*arguments, "--time", "1781740800", "--root", snp / "ask_ark_milan.pem", code=ACCEPTED)
    value = verdict(*arguments, "--time", "1781740800", "--root", snp / "ask_ark_genoa.pem", code=REFUSED)
    assert value["error"]["code"] == "cert_chain", value


def an_event_log_is_replayed():
    answer = json.loads((DATA / "dstack/getquote_v1events.json").read_text())
    with tempfile.TemporaryDirectory() as directory:
        quote = written(directory, "quote.hex", answer["quote"].encode())
        log = written(directory, "log.json", answer["event_log"].encode())
        arguments = ("--quote", quote, "--collateral", DATA / "intel/tdx_v5_90c06f_nomatch.collateral.json", "--time", "1774003274")
        value = verdict(*arguments, "--event-log", log, code=ACCEPTED)
        assert value["checks"]["event_log"] == "pass" and value["app"]["compose_hash"].startswith("3763bc34"), value
        events = json.loads(answer["event_log"])
        changed = written(directory, "changed.json", json.dumps(events[:-1]).encode())
        assert verdict(*arguments, "--event-log", changed, code=REFUSED)["error"]["code"] == "event_log"


def an_agents_answer_is_taken_whole():
    collateral = ("--collateral", DATA / "intel/tdx_v5_90c06f_nomatch.collateral.json", "--time", "1774003274")
    value = verdict("--quote", DATA / "dstack/getquote_v1events.json", *collateral, code=ACCEPTED)
    assert value["checks"]["event_log"] == "pass" and value["app"]["compose_hash"].startswith("3763bc34"), value
    with tempfile.TemporaryDirectory() as directory:
        empty = written(directory, "empty.json", b'{"quote":"","event_log":"[]"}')
        attest("verify", "--quote", empty, *collateral, code=UNUSABLE)


def unusable_input_is_no_verdict():
    attest("verify", code=UNUSABLE)
    attest("verify", "--quote", QUOTE, "--report", QUOTE, code=UNUSABLE)
    attest("verify", "--quote", "no-such-file", code=UNUSABLE)
    attest("verify", "--quote", QUOTE, "--collateral", COLLATERAL, "--time", "yesterday", code=UNUSABLE)
    attest("verify", "--quote", QUOTE, "--collateral", COLLATERAL, "--report-data", "00", code=UNUSABLE)
    attest("prove", code=UNUSABLE)
    attest("show", COLLATERAL, code=UNUSABLE)


def evidence_is_shown():
    value = json.loads(attest("show", QUOTE, "--json", code=ACCEPTED).stdout)
    assert value["platform"] == "tdx" and value["version"] == 4 and value["fmspc"] == "b0c06f000000" and value["pce_svn"] == 11, value
    assert "nothing of it is verified" in attest("show", DATA / "snp/milan_v3_report.bin", code=ACCEPTED).stdout
    assert "mr_enclave" in attest("show", DATA / "intel/sgx_v3_00a067.quote.bin", code=ACCEPTED).stdout


run([a_genuine_quote_is_accepted, a_quote_in_hexadecimal_digits_is_the_same, a_changed_quote_is_refused_and_tells_nothing,
     refusals_say_what_to_do, reports_in_the_documentation_are_what_is_printed, a_policy_is_held_against_it, another_root_is_a_simulator, an_sgx_quote_is_judged_too,
     a_report_of_snp_is_judged_too, an_attestation_of_dstack_is_accepted_as_a_whole, an_event_log_is_replayed, an_agents_answer_is_taken_whole,
     unusable_input_is_no_verdict, evidence_is_shown])

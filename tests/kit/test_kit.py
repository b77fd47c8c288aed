#!/usr/bin/env python3
"""The kit against known answers, so that an error of ours and one of the kit's cannot cancel out."""
import base64
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from kit import curves, hashes, seal, tokens  # noqa: E402

DATA = pathlib.Path(__file__).parent.parent / "data"
results = []


def check(name, actual, expected):
    results.append(actual == expected)
    if actual != expected:
        print(f"FAILED: {name}\n  actual   {actual}\n  expected {expected}")


def hash_answers():
    check("BLAKE3 of nothing", hashes.blake3(b"").hex(), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")
    check("BLAKE3 of hello", hashes.blake3(b"hello").hex(), "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f")
    check("Keccak-256 of nothing", hashes.keccak256(b"").hex(), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


def curve_answers():
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    check("RFC 8032 public key", curves.ed25519_public(seed).hex(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    check("RFC 8032 signature", curves.ed25519_sign(seed, b"").hex(),
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    check("address of key 1", tokens.Key("secp256k1", "00" * 31 + "01").address, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")
    p256 = tokens.Key("p256", "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    check("RFC 6979 P-256, sample", p256.sign(b"sample").hex(),
          "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")


def seal_answers():
    secret = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    check("RFC 7748 section 5.2", seal.x25519(secret, point).hex(), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    check("AES-256-GCM test case 14", seal.gcm_seal(bytes(32), bytes(12), bytes(16)).hex(),
          "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    network = seal.x25519(b"\x17" * 32)
    check("network key of spec/04 section 14", network.hex(), "f13fef3efa9598a2a23fc756bf688fe8bbd7f6cf9528bbaef3b4442688f0ab31")
    wrapped = seal.wrap(network, b"\xcd" * 32, b"\x22" * 32, bytes(range(16, 28)))
    check("wrapped key of spec/04 section 14", wrapped.hex(),
          "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f2001101112131415161718191a1be55bd6f8a7e758c93fe17993eb0ef0bf85be"
          "46030c5dd38485bd151ba838368c4c33abd4f5491c786a475ecf27969768")
    check("it opens", seal.unwrap(b"\x17" * 32, wrapped), b"\xcd" * 32)


def golden_tokens():
    """Deterministic tokens of the recorded exchanges, signed again from their own claims."""
    golden = json.loads((DATA / "golden-http.json").read_text())
    checked = 0
    for case in golden["cases"]:
        keys = {key["did"]: tokens.Key(key["type"], key["secret"]) for key in case["keys"].values() if "did" in key}
        for name, token in case["tokens"].items():
            text = token.get("authorization", "")
            if checked >= 60 or text.count(".") != 2 or not token.get("data"):
                continue
            header, payload, _ = (base64.urlsafe_b64decode(part + "==") for part in text.split("."))
            key = keys.get(json.loads(payload)["iss"].split("#")[0])
            if key and key.kind == "ed25519" and tokens.compact(json.loads(payload)) == payload.decode():
                check(f"{case['name']} {name}", tokens.ucan(key, json.loads(payload), json.loads(header)), text)
                check(f"{case['name']} {name} CID", tokens.cid(text.encode()), token["cid"])
                checked += 1


def host_message():
    """The host delegation of spec/01 section 7.6."""
    key = tokens.Key("secp256k1", "00" * 31 + "01")
    space = f"tinycloud:pkh:eip155:1:{key.address}:default"
    data = tokens.cacao(key, "did:key:z6Mkfmm57fsb6VL7zVusP8zeA9SYkCKdvUhby2G7Yh8vvQ1P",
                        {"domain": "example.com", "nonce": "abcdefgh12345678", "iat": "2026-07-10T11:00:00.000Z"},
                        {space + "/space": {"tinycloud.space/host": [{}]}})
    check("host CACAO length", len(data), 713)
    check("host CACAO CID", tokens.cid(data), "bafkr4iguurgpqram6keymnr672gf7cs4krlkdqntsw2zpuvzkjsbbrk7ky")


hash_answers()
curve_answers()
seal_answers()
host_message()
golden_tokens()
print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
sys.exit(not all(results))

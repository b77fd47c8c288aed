"""Keys, DIDs, UCANs, SIWE messages, ReCaps and CACAOs (spec/01), independent of the C code."""
import base64
import hashlib
import json

from . import curves, hashes

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
STATEMENT = "I further authorize the stated URI to perform the following actions on my behalf:"


def base58(data):
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def compact(value):
    """JSON with sorted members and no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def as_written(value):
    """JSON with its members in the order in which they were given and no white space."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def cid_bytes(data):
    return b"\x01\x55\x1e\x20" + hashes.blake3(data)


def cid(data):
    return "b" + base64.b32encode(cid_bytes(data)).decode().lower().rstrip("=")


def cid58(text):
    """A CID in base32 as ReCaps write it, in base58."""
    body = text[1:].upper()
    return "z" + base58(base64.b32decode(body + "=" * (-len(body) % 8)))


def checksum_address(raw):
    digits = raw.hex()
    mask = hashes.keccak256(digits.encode()).hex()
    return "0x" + "".join(c.upper() if int(m, 16) >= 8 else c for c, m in zip(digits, mask))


class Key:
    """A private key of type ed25519, p256 or secp256k1."""

    def __init__(self, kind, secret):
        self.kind, self.secret = kind, bytes.fromhex(secret) if isinstance(secret, str) else secret
        if kind == "ed25519":
            self.public = curves.ed25519_public(self.secret)
            prefix, self.alg = b"\xed\x01", "EdDSA"
        else:
            self.curve = curves.P256 if kind == "p256" else curves.SECP256K1
            self.point = self.curve.times(int.from_bytes(self.secret, "big"))
            self.public = curves.compressed(self.point)
            prefix, self.alg = (b"\x80\x24", "ES256") if kind == "p256" else (b"\xe7\x01", "ES256K")
        self.did_key = "did:key:z" + base58(prefix + self.public)

    @property
    def address(self):
        raw = self.point[0].to_bytes(32, "big") + self.point[1].to_bytes(32, "big")
        return checksum_address(hashes.keccak256(raw)[12:])

    @property
    def did_pkh(self):
        return "did:pkh:eip155:1:" + self.address

    @property
    def did_url(self):
        return self.did_key + "#" + self.did_key[len("did:key:"):]

    def jwk(self):
        if self.kind == "ed25519":
            return {"alg": "EdDSA", "crv": "Ed25519", "kty": "OKP", "x": b64url(self.public)}
        x, y = (coordinate.to_bytes(32, "big") for coordinate in self.point)
        return {"alg": self.alg, "crv": "P-256" if self.kind == "p256" else "secp256k1", "kty": "EC", "x": b64url(x),
                "y": b64url(y)}

    def sign(self, message):
        """A JWS signature."""
        if self.kind == "ed25519":
            return curves.ed25519_sign(self.secret, message)
        r, s, _ = self.curve.sign(int.from_bytes(self.secret, "big"), hashlib.sha256(message).digest(),
                                  low_s=self.kind == "secp256k1")
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def sign_eip191(self, text):
        message = text.encode()
        digest = hashes.keccak256(b"\x19Ethereum Signed Message:\n" + str(len(message)).encode() + message)
        r, s, recovery = self.curve.sign(int.from_bytes(self.secret, "big"), digest, low_s=True)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + recovery])


def ucan(key, payload, header=None, text=compact):
    """A signed JWT; members in canonical order unless text, which makes JSON, says otherwise."""
    header = header or {"alg": key.alg, "jwk": key.jwk(), "typ": "JWT", "ucv": "0.10.0"}
    signed = b64url(text(header).encode()) + "." + b64url(text(payload).encode())
    return signed + "." + b64url(key.sign(signed.encode()))


def recap(att, proofs=()):
    """(resource line, statement) of a ReCap."""
    lines = []
    for resource in sorted(att):
        spaces = {}
        for ability in att[resource]:
            space, name = ability.split("/")
            spaces.setdefault(space, []).append(name)
        for space in sorted(spaces):
            names = ", ".join(f"'{name}'" for name in sorted(spaces[space]))
            lines.append(f" ({len(lines) + 1}) '{space}': {names} for '{resource}'.")
    body = compact({"att": att, "prf": list(proofs)})
    return "urn:recap:" + b64url(body.encode()), STATEMENT + "".join(lines)


def siwe_text(fields):
    lines = [fields["domain"] + " wants you to sign in with your Ethereum account:", fields["address"], ""]
    if "statement" in fields:
        lines.append(fields["statement"])
    lines += ["", "URI: " + fields["aud"], "Version: 1", f"Chain ID: {fields.get('chain', 1)}", "Nonce: " + fields["nonce"],
              "Issued At: " + fields["iat"]]
    for name, label in (("exp", "Expiration Time"), ("nbf", "Not Before"), ("request_id", "Request ID")):
        if name in fields:
            lines.append(f"{label}: {fields[name]}")
    if fields.get("resources"):
        lines += ["Resources:"] + ["- " + resource for resource in fields["resources"]]
    return "\n".join(lines)


def _head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for size, mark in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | mark]) + number.to_bytes(size, "big")
    raise ValueError("too large")


def dag_cbor(value):
    if isinstance(value, int):
        return _head(0, value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(dag_cbor, value))
    members = sorted(value.items(), key=lambda item: (len(item[0].encode()), item[0].encode()))
    return _head(5, len(members)) + b"".join(dag_cbor(name) + dag_cbor(member) for name, member in members)


def cacao(key, aud, fields, att=None, proofs=()):
    """The DAG-CBOR bytes of a signed SIWE message; a ReCap is attached when att is given."""
    fields = {"domain": "deputy.example", "iat": "2026-01-01T00:00:00.000Z", "nonce": "nonce12345", **fields, "aud": aud,
              "address": key.address}
    if att is not None:
        line, statement = recap(att, proofs)
        fields["resources"] = [*fields.get("resources", []), line]
        fields["statement"] = (fields["statement"] + " " if "statement" in fields else "") + statement
    payload = {name: value for name, value in fields.items() if name not in ("address", "chain")}
    payload |= {"iss": f"did:pkh:eip155:{fields.get('chain', 1)}:{key.address}", "version": 1}
    return dag_cbor({"h": {"t": "eip4361"}, "p": payload, "s": {"s": key.sign_eip191(siwe_text(fields)), "t": "eip191"}})


def cacao_header(data):
    return base64.urlsafe_b64encode(data).decode()

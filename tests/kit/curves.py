"""Ed25519 (RFC 8032) and ECDSA on secp256k1 and P-256 (RFC 6979 nonces, low S on secp256k1)."""
import functools
import hashlib
import hmac

P25519 = 2**255 - 19
L25519 = 2**252 + 27742317777372353535851937790883648493
D25519 = -121665 * pow(121666, -1, P25519) % P25519


def _ed_add(p, q):
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a, b = (y1 - x1) * (y2 - x2) % P25519, (y1 + x1) * (y2 + x2) % P25519
    c, d = 2 * t1 * t2 * D25519 % P25519, 2 * z1 * z2 % P25519
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P25519, g * h % P25519, f * g % P25519, e * h % P25519


def _ed_base():
    y = 4 * pow(5, -1, P25519) % P25519
    square = (y * y - 1) * pow(D25519 * y * y + 1, -1, P25519) % P25519
    x = pow(square, (P25519 + 3) // 8, P25519)
    if (x * x - square) % P25519:
        x = x * pow(2, (P25519 - 1) // 4, P25519) % P25519
    if x & 1:
        x = P25519 - x
    return x, y, 1, x * y % P25519


ED_BASE = _ed_base()


def _ed_powers():
    """The base point times each power of two that a scalar may have."""
    powers = [ED_BASE]
    while len(powers) < 256:
        powers.append(_ed_add(powers[-1], powers[-1]))
    return powers


ED_POWERS = _ed_powers()


def _ed_times_base(scalar):
    result = (0, 1, 1, 0)
    for bit, power in enumerate(ED_POWERS):
        if scalar >> bit & 1:
            result = _ed_add(result, power)
    return result


def _ed_encode(point):
    x, y, z, _ = point
    inverse = pow(z, -1, P25519)
    x, y = x * inverse % P25519, y * inverse % P25519
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _ed_expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


@functools.lru_cache(maxsize=256)
def ed25519_public(seed):
    return _ed_encode(_ed_times_base(_ed_expand(seed)[0]))


def ed25519_sign(seed, message):
    scalar, prefix = _ed_expand(seed)
    public = ed25519_public(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L25519
    commitment = _ed_encode(_ed_times_base(nonce))
    challenge = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % L25519
    return commitment + ((nonce + challenge * scalar) % L25519).to_bytes(32, "little")


class Curve:
    """A short Weierstrass curve with cofactor 1."""

    def __init__(self, p, a, order, x, y):
        self.p, self.a, self.order, self.base = p, a, order, (x, y)

    def add(self, p, q):
        if p is None or q is None:
            return q if p is None else p
        if p[0] == q[0] and (p[1] + q[1]) % self.p == 0:
            return None
        if p == q:
            slope = (3 * p[0] * p[0] + self.a) * pow(2 * p[1], -1, self.p)
        else:
            slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, self.p)
        x = (slope * slope - p[0] - q[0]) % self.p
        return x, (slope * (p[0] - x) - p[1]) % self.p

    def times(self, scalar, point=None):
        result, point = None, point or self.base
        while scalar:
            if scalar & 1:
                result = self.add(result, point)
            point = self.add(point, point)
            scalar >>= 1
        return result

    def nonce(self, secret, digest):
        """RFC 6979 with SHA-256."""
        seed = secret.to_bytes(32, "big") + (int.from_bytes(digest, "big") % self.order).to_bytes(32, "big")
        key, value = b"\0" * 32, b"\1" * 32
        for mark in (b"\0", b"\1"):
            key = hmac.digest(key, value + mark + seed, "sha256")
            value = hmac.digest(key, value, "sha256")
        while True:
            value = hmac.digest(key, value, "sha256")
            candidate = int.from_bytes(value, "big")
            if 1 <= candidate < self.order:
                return candidate
            key = hmac.digest(key, value + b"\0", "sha256")
            value = hmac.digest(key, value, "sha256")

    def sign(self, secret, digest, low_s):
        """(r, s, recovery id)"""
        nonce = self.nonce(secret, digest)
        point = self.times(nonce)
        r = point[0] % self.order
        s = (int.from_bytes(digest, "big") + r * secret) * pow(nonce, -1, self.order) % self.order
        recovery = point[1] & 1
        if low_s and s > self.order // 2:
            s, recovery = self.order - s, recovery ^ 1
        return r, s, recovery


SECP256K1 = Curve(2**256 - 2**32 - 977, 0, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
                  0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
                  0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)
P256 = Curve(2**256 - 2**224 + 2**192 + 2**96 - 1, -3,
             0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
             0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
             0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def compressed(point):
    return bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32, "big")

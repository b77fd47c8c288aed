"""Puts the primitives of quick_kit.c in the place of those of tests/kit: use(BUILD), where libquick_kit.so was built."""
import ctypes
import functools

from kit import curves, hashes


def use(build):
    library = ctypes.CDLL(str(build / "libquick_kit.so"))

    def call(function, size, *arguments):
        """What the function writes; bytes are passed on, and those of a length that is not fixed with their length behind them."""
        out = ctypes.create_string_buffer(size)
        if function(out, *(ctypes.c_size_t(each) if isinstance(each, int) else each for each in arguments)):
            raise ValueError("no such key")
        return out.raw

    library.quick_blake3.restype = library.quick_keccak256.restype = None
    hashes.blake3 = lambda data: call(library.quick_blake3, 32, data, len(data))
    hashes.keccak256 = lambda data: call(library.quick_keccak256, 32, data, len(data))
    curves.ed25519_public = functools.lru_cache(maxsize=256)(lambda seed: call(library.quick_ed25519_public, 32, seed))
    curves.ed25519_sign = lambda seed, message: call(library.quick_ed25519_sign, 64, seed, message, len(message))
    curves.SECP256K1 = QuickCurve(call, library)


class QuickCurve:
    """What the kit asks of a curve, for secp256k1."""

    def __init__(self, call, library):
        self.call, self.library, self.p = call, library, curves.SECP256K1.p

    def times(self, scalar):
        """The public point of a secret."""
        public = self.call(self.library.quick_secp256k1_public, 33, scalar.to_bytes(32, "big"))
        x = int.from_bytes(public[1:], "big")
        y = pow(x**3 + 7, (self.p + 1) // 4, self.p)
        return x, y if y & 1 == public[0] & 1 else self.p - y

    def sign(self, secret, digest, low_s):
        assert low_s
        signature = self.call(self.library.quick_secp256k1_sign, 65, secret.to_bytes(32, "big"), digest)
        return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]

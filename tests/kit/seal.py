"""X25519, AES-256-GCM, key wraps and decrypt answers (spec/04), independent of the C code. Slow and not for secrets."""
import base64
import hashlib
import json

P = 2**255 - 19
RESPONSE_MEMBERS = {
    "type", "targetNode", "networkId", "invocationCid", "encryptedSymmetricKeyHash", "receiverPublicKeyHash",
    "wrappedKey", "alg", "keyVersion", "requestHash", "nodeId", "nodeSignature"}


def x25519(secret, point=b"\x09" + bytes(31)):
    """RFC 7748 section 5."""
    k = int.from_bytes(secret, "little") & ~7 & (2**255 - 1) | 2**254
    u = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a % P, c * b % P, a * a % P, b * b % P
        e = aa - bb
        x3, z3 = pow(da + cb, 2, P), u * pow(da - cb, 2, P) % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def _double(byte):
    return byte << 1 ^ (0x11B if byte & 0x80 else 0)


def _tables():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= _double(p) & 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        rotated = q | q << 8
        box[p] = (q ^ rotated >> 7 ^ rotated >> 6 ^ rotated >> 5 ^ rotated >> 4) & 0xFF ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


BOX = _tables()
TWICE = [_double(byte) & 0xFF for byte in range(256)]


def _expand(key):
    words, constant = [list(key[i:i + 4]) for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = list(words[-1])
        if i % 8 == 0:
            word = [BOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = TWICE[constant]
        elif i % 8 == 4:
            word = [BOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(word, words[i - 8])])
    return [sum(words[i:i + 4], []) for i in range(0, 60, 4)]


SHIFTED = [(i + 4 * (i % 4)) % 16 for i in range(16)]


def _block(rounds, block):
    state = [a ^ b for a, b in zip(block, rounds[0])]
    for number, key in enumerate(rounds[1:], 1):
        state = [BOX[state[i]] for i in SHIFTED]
        if number < 14:
            mixed = []
            for column in range(0, 16, 4):
                a, b, c, d = state[column:column + 4]
                every = a ^ b ^ c ^ d
                mixed += [a ^ every ^ TWICE[a ^ b], b ^ every ^ TWICE[b ^ c], c ^ every ^ TWICE[c ^ d], d ^ every ^ TWICE[d ^ a]]
            state = mixed
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def _times(a, b):
    product = 0
    for bit in range(127, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (0xE1 << 120 if b & 1 else 0)
    return product


def _gcm(key, nonce, text, sealing):
    rounds = _expand(key)
    subkey = int.from_bytes(_block(rounds, bytes(16)), "big")
    stream = b"".join(_block(rounds, nonce + (2 + i).to_bytes(4, "big")) for i in range((len(text) + 15) // 16))
    out = bytes(a ^ b for a, b in zip(text, stream))
    hashed, tag = out if sealing else text, 0
    for i in range(0, len(hashed), 16):
        tag = _times(tag ^ int.from_bytes(hashed[i:i + 16].ljust(16, b"\0"), "big"), subkey)
    tag = _times(tag ^ 8 * len(hashed), subkey)
    return out, bytes(a ^ b for a, b in zip(tag.to_bytes(16, "big"), _block(rounds, nonce + b"\0\0\0\1")))


def gcm_seal(key, nonce, plaintext):
    ciphertext, tag = _gcm(key, nonce, plaintext, True)
    return ciphertext + tag


def gcm_open(key, nonce, sealed):
    plaintext, tag = _gcm(key, nonce, sealed[:-16], False)
    if len(sealed) < 16 or tag != sealed[-16:]:
        raise ValueError("does not open")
    return plaintext


def wrap(recipient, key, ephemeral, nonce):
    """Spec/04 section 3.3."""
    return x25519(ephemeral) + b"\x01" + nonce + gcm_seal(x25519(ephemeral, recipient), nonce, key)


def unwrap(secret, wrapped):
    if len(wrapped) != 93 or wrapped[32] != 1:
        raise ValueError("no wrapped key")
    return gcm_open(x25519(secret, wrapped[:32]), wrapped[33:45], wrapped[45:])


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value):
    """Spec/04 section 3.1: of the canonical JSON, a text with its quotes."""
    return hashlib.sha256(canonical(value)).hexdigest()


def opened(answer, body, invocation_cid, receiver, sign):
    """The content key of an answer to just this request, or ValueError. sign signs as the node does."""
    if set(answer) != RESPONSE_MEMBERS:
        raise ValueError(f"members {sorted(answer)}")
    request_hash = hashlib.sha256((invocation_cid + digest(body)).encode()).hexdigest()
    expected = {
        "type": "tinycloud.encryption.decrypt-result/v1", "nodeId": body["targetNode"], "invocationCid": invocation_cid,
        "requestHash": request_hash}
    same = ("targetNode", "networkId", "alg", "keyVersion", "encryptedSymmetricKeyHash", "receiverPublicKeyHash")
    expected.update({name: body[name] for name in same})
    for name, value in expected.items():
        if answer[name] != value:
            raise ValueError(f"{name} is {answer[name]!r}")
    unsigned = {name: value for name, value in answer.items() if name != "nodeSignature"}
    if base64.b64decode(answer["nodeSignature"], validate=True) != sign(canonical(unsigned)):
        raise ValueError("nodeSignature is not the node's")
    return unwrap(receiver, base64.b64decode(answer["wrappedKey"], validate=True))

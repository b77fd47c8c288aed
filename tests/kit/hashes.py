"""BLAKE3 (one chunk tree, unkeyed) and Keccak-256."""

MASK32 = 0xFFFFFFFF
MASK64 = 0xFFFFFFFFFFFFFFFF

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
COLUMNS_AND_DIAGONALS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                         (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8


def _rotate32(word, count):
    return (word >> count) | (word << (32 - count)) & MASK32


def _mix(state, lane, x, y):
    a, b, c, d = lane
    for message, first, second in ((x, 16, 12), (y, 8, 7)):
        state[a] = (state[a] + state[b] + message) & MASK32
        state[d] = _rotate32(state[d] ^ state[a], first)
        state[c] = (state[c] + state[d]) & MASK32
        state[b] = _rotate32(state[b] ^ state[c], second)


def _compress(chaining, block, counter, length, flags):
    words = [int.from_bytes(block[4 * i:4 * i + 4], "little") for i in range(16)]
    state = [*chaining, *IV[:4], counter & MASK32, counter >> 32, length, flags]
    for _ in range(7):
        for i, lane in enumerate(COLUMNS_AND_DIAGONALS):
            _mix(state, lane, words[2 * i], words[2 * i + 1])
        words = [words[i] for i in PERMUTATION]
    return [state[i] ^ state[i + 8] for i in range(8)]


def _chunk(data, index, flags):
    """The arguments of the chunk's last compression, which the root repeats with its own flag."""
    blocks = [data[i:i + 64] for i in range(0, len(data), 64)] or [b""]
    chaining = list(IV)
    for number, block in enumerate(blocks):
        mark = (CHUNK_START if number == 0 else 0) | (CHUNK_END if number == len(blocks) - 1 else 0)
        last = (chaining, block.ljust(64, b"\0"), index, len(block), mark)
        if number < len(blocks) - 1:
            chaining = _compress(*last)
    return last


def _tree(data, index):
    if len(data) <= 1024:
        return _chunk(data, index, 0)
    left = 1024
    while left * 2 < len(data):
        left *= 2
    halves = [_compress(*_tree(data[:left], index)), _compress(*_tree(data[left:], index + left // 1024))]
    block = b"".join(word.to_bytes(4, "little") for half in halves for word in half)
    return list(IV), block, 0, 64, PARENT


def blake3(data):
    chaining, block, counter, length, flags = _tree(data, 0)
    return b"".join(word.to_bytes(4, "little") for word in _compress(chaining, block, counter, length, flags | ROOT))


def _keccak_constants():
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


KECCAK_CONSTANTS = _keccak_constants()


def _rotate64(word, count):
    count %= 64
    return ((word << count) | (word >> (64 - count))) & MASK64


def _keccak_f(lanes):
    for constant in KECCAK_CONSTANTS:
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        for x in range(5):
            flip = parity[(x + 4) % 5] ^ _rotate64(parity[(x + 1) % 5], 1)
            lanes[x] = [lane ^ flip for lane in lanes[x]]
        x, y, moving = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moving, lanes[x][y] = lanes[x][y], _rotate64(moving, (step + 1) * (step + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & MASK64)
        lanes[0][0] ^= constant


def keccak256(data):
    rate = 136
    padded = data + b"\x01" + b"\0" * (-(len(data) + 1) % rate)
    padded = padded[:-1] + bytes([padded[-1] | 0x80])
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i % 5][i // 5] ^= int.from_bytes(padded[start + 8 * i:start + 8 * i + 8], "little")
        _keccak_f(lanes)
    return b"".join(lanes[i % 5][i // 5].to_bytes(8, "little") for i in range(4))

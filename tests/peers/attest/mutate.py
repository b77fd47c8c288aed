"""Random changes of evidence: cases made from cases of the corpus. Nothing here can sign, so that a change either breaks something that is
signed, or touches what is not: lengths, encodings, order, the wrong collateral for a quote, the wrong time."""
import json
import pathlib

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DAY = 86400


def flip(random, data):
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1:]


def overwrite(random, data):
    at, value = random.randrange(len(data)), random.choice([0, 1, 0x7F, 0x80, 0xFF])
    return data[:at] + bytes([value]) * min(random.randint(1, 8), len(data) - at) + data[at + 8:]


def cut(random, data):
    return data[:random.randrange(len(data))]


def grow(random, data):
    return data + bytes(random.choice([0, 0, 65, 255]) for _ in range(random.randint(1, 100)))


def drop(random, data):
    at = random.randrange(len(data))
    return data[:at] + data[at + random.randint(1, 4):]


def negate_s(_, data):
    """The other valid S of the quote's signature: nobody may refuse it. A quote that is shorter stays as it is."""
    start = 48 + (6 if data[:1] == b"\5" else 0)
    start += {b"\3": 384}.get(data[:1], 584 if data[:1] == b"\4" or data[48:49] == b"\2" else 648) + 4
    s = int.from_bytes(data[start + 32:start + 64], "big")
    if len(data) < start + 64 or not 0 < s < P256_ORDER:
        return data
    return data[:start + 32] + (P256_ORDER - s).to_bytes(32, "big") + data[start + 64:]


BYTES = [flip, flip, flip, overwrite, cut, grow, drop]


def pem_blocks(text):
    return [part + "-----END CERTIFICATE-----\n" for part in text.split("-----END CERTIFICATE-----") if "BEGIN" in part]


def shuffle_pem(random, text):
    blocks = pem_blocks(text)
    if not blocks:
        return text
    return "".join(random.choice([blocks[::-1], blocks + blocks[-1:], blocks[:-1], blocks[1:], blocks[:1] + blocks]))


def change_text(random, text):
    if not text:
        return "0"
    at = random.randrange(len(text))
    return random.choice([text[:at] + random.choice("0aZ{\"\\ \n") + text[at + 1:], text[:at], text + " ", text.upper(),
                          text.replace("\n", "\r\n")])


def change_collateral(random, data, other):
    """One member changed, or taken from the collateral of another case."""
    try:
        members, others = json.loads(data), json.loads(other)
    except ValueError:
        return flip(random, data)
    texts = sorted(name for name, value in members.items() if isinstance(value, str)) if isinstance(members, dict) else []
    if not texts or not isinstance(others, dict):
        return flip(random, data)
    name = random.choice(texts)
    how = random.randrange(6)
    if how == 0:
        del members[name]
    elif how == 1 and name in others:
        members[name] = others[name]
    elif how == 2:
        for part in [part for part in texts if part.split("_")[0] == name.split("_")[0]]:
            members[part] = others.get(part, members[part])
    elif how == 3 and "chain" in name:
        members[name] = shuffle_pem(random, members[name])
    elif how == 4:
        members = dict(sorted(members.items(), key=lambda _: random.random()))
    else:
        members[name] = change_text(random, members[name])
    return json.dumps(members).encode()


class Mutations:
    """Cases like those of the corpus, whose files lie in a folder of their own. accepted: indices of the cases that we accept."""

    def __init__(self, random, cases, accepted, folder):
        self.random, self.cases, self.accepted, self.folder = random, cases, accepted, pathlib.Path(folder)

    def _write(self, case, member, number, data):
        path = self.folder / f"{number}.{member}"
        path.write_bytes(data)
        case[member] = str(path)

    def _read(self, case, member):
        return pathlib.Path(case[member]).read_bytes()

    def _of_intel(self, case, other, number):
        how = self.random.randrange(10)
        if how == 0:
            case["time"] += self.random.choice([-1, 1]) * self.random.choice([1, DAY, 30 * DAY, 365 * DAY, 3650 * DAY])
        elif how == 1:
            member = self.random.choice(["quote", "collateral", "root"])
            case[member] = other[member]
        elif how == 2:
            self._write(case, "quote", number, negate_s(self.random, self._read(case, "quote")))
        elif how < 6:
            changed = change_collateral(self.random, self._read(case, "collateral"), self._read(other, "collateral"))
            self._write(case, "collateral", number, changed)
        elif how == 6:
            self._write(case, "root", number, flip(self.random, self._read(case, "root")))
        else:
            self._write(case, "quote", number, self.random.choice(BYTES)(self.random, self._read(case, "quote")))

    def _of_amd(self, case, other, number):
        how, member = self.random.randrange(6), self.random.choice(["report", "report", "vcek", "ask", "ark"])
        if how == 0:
            case["time"] += self.random.choice([-1, 1]) * self.random.choice([1, DAY, 3650 * DAY])
        elif how == 1:
            case[member] = other[member]
        else:
            self._write(case, member, number, self.random.choice(BYTES)(self.random, self._read(case, member) or b"\0"))

    def make(self, number):
        base = self.cases[self.random.choice(self.accepted)]
        of_same_kind = [case for case in self.cases if (case["platform"] == "snp") == (base["platform"] == "snp")]
        case = dict(base, name=f"mutation {number} of {base['name']}")
        change = self._of_amd if case["platform"] == "snp" else self._of_intel
        change(case, self.random.choice(of_same_kind), number)
        return case

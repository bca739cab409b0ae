#!/usr/bin/env python3
"""Verifies an exported read ledger, independently of the Rust code. Formats: docs/LEDGER.md.

    python3 scripts/verify-ledger.py FOLDER --key 'name+hash+base64' [--key ...] [--witness 'name+hash+base64' ...]
        [--seen SIZE:ROOT ...]

Needs Python 3.9 and the package `cryptography` (for Ed25519) and nothing else. Ends with 0 if every leaf and
checkpoint is right, with 1 if not, naming the first bad one, and with 2 if it cannot tell. `noren ledger verify`
says the same, word for word.
"""

import argparse
import base64
import binascii
import collections
import hashlib
import os
import struct
import sys
import unicodedata

VERSION, LEAF = 1, 144
KINDS = "? open index seal shred prove export rotate continues alarm heads key start stop config".split()
PURPOSES = "none mail ship order-view support self-view login export notice canary-check checkout".split()
OUTCOMES, FIELDS, DETAILS = 9, 9, 9
ACTORS = "? vault shop guest customer staff operator stranger".split()
CONTINUES, HEADS, KEY = 8, 10, 11
NOBODY, ZERO = bytes(16), bytes(32)


class Bad(Exception):
    """The ledger is wrong at a place."""

    def __init__(self, place, words):
        super().__init__(f"leaf {place}: {words}")


class Unknown(Exception):
    """The ledger may be right, and this program cannot tell."""


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    """The only bytes that are written like this; None if there are none."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def decimal(text):
    """A number as these formats write it: digits, no zero in front; None if it is none."""
    fine = text.isascii() and text.isdigit() and len(text) <= 20 and str(int(text)) == text
    return int(text) if fine and int(text) < 1 << 64 else None


# --- Merkle tree, RFC 6962 ---


class Tree:
    """The right edge of a growing Merkle tree: (level, hash) of its whole subtrees."""

    def __init__(self):
        self.size, self.edge = 0, []

    def push(self, leaf_hash):
        level, value = 0, leaf_hash
        while self.edge and self.edge[-1][0] == level:
            value = sha(b"\x01", self.edge.pop()[1], value)
            level += 1
        self.edge.append((level, value))
        self.size += 1

    def root(self):
        if not self.edge:
            return sha()
        value = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            value = sha(b"\x01", left, value)
        return value


# --- Tree of heads ---


class Heads:
    """The last leaf of every subject, in a tree over the bits of their tags. Hashes of subtrees that have not
    changed are kept, by the bits that lead to them."""

    def __init__(self):
        self.heads, self.kept, self.sorted, self.stale = {}, {}, [], True

    def set(self, tag, count, sequence, leaf_hash):
        if tag not in self.heads:
            self.stale = True
        self.heads[tag] = (count, sequence, leaf_hash)
        number = int.from_bytes(tag, "big")
        for depth in range(128):
            self.kept.pop((depth, number >> (128 - depth)), None)

    def root(self):
        if self.stale:
            self.sorted, self.stale = sorted(self.heads), False
        return self.range(0, len(self.sorted), 0, 0)

    def range(self, low, high, depth, prefix):
        if low == high:
            return ZERO
        if high - low == 1:
            tag = self.sorted[low]
            count, sequence, leaf_hash = self.heads[tag]
            return sha(b"\x02", tag, struct.pack(">IQ", count, sequence), leaf_hash)
        known = self.kept.get((depth, prefix))
        if known:
            return known
        # The first tag whose next bit is 1.
        bound = ((prefix << 1 | 1) << (127 - depth)).to_bytes(16, "big")
        left, right = low, high
        while left < right:
            middle = (left + right) // 2
            if self.sorted[middle] < bound:
                left = middle + 1
            else:
                right = middle
        value = sha(
            b"\x03",
            self.range(low, left, depth + 1, prefix << 1),
            self.range(left, high, depth + 1, prefix << 1 | 1),
        )
        self.kept[depth, prefix] = value
        return value


# --- Leaves ---

Leaf = collections.namedtuple(
    "Leaf",
    "kind purpose outcome fields actor detail sequence time tag count build previous reference actor_id request previous_at route",
)

# What goes with a kind: about whom ("somebody" if it was granted, "nobody", "either"), whether it has a purpose,
# whether it has fields, whether it may have a reference, its details, whether only the vault itself does it.
LAWS = {
    "open": ("somebody", True, True, True, [], False),
    "index": ("nobody", True, True, True, [], False),
    "seal": ("somebody", False, True, False, [], False),
    "shred": ("somebody", False, False, True, [], False),
    "prove": ("somebody", False, False, True, [], False),
    "export": ("nobody", False, False, True, [], False),
    "rotate": ("nobody", False, False, True, [6, 7, 8], False),
    "config": ("nobody", False, False, True, [9], False),
    "alarm": ("either", False, False, True, [1, 2, 3, 4, 5], True),
    "start": ("nobody", False, False, False, [], True),
    "stop": ("nobody", False, False, False, [], True),
}


def read_leaf(place, raw):
    # First of all, for a leaf of a later version may be of another length.
    if raw[:1] > bytes([VERSION]):
        raise Unknown(
            f"leaf {place}: it is written in version {raw[0]}, and this program, which knows version 1, is too old for it"
        )
    if len(raw) != LEAF:
        raise Bad(place, f"a leaf is {LEAF} bytes long")
    version, *rest = struct.unpack(">BBBBHBBQQ16sII32s16s16s8sQ16s", raw)
    if version != VERSION:
        raise Bad(place, "the version of the leaf means nothing")
    leaf = Leaf(*rest)
    if leaf.kind in (CONTINUES, HEADS, KEY):
        number = bytes(8) if leaf.kind == KEY else leaf.tag[:8]
        start = struct.pack(">BBBBHBBQQ", VERSION, leaf.kind, 0, 0, 0, 0, 0, leaf.sequence, leaf.time)
        if raw != start + struct.pack(">8s8sII32s64s", number, b"", 0, leaf.build, leaf.previous, b""):
            raise Bad(place, "the leaf holds something where nothing may be")
        return leaf
    name, first = leaf.route.rstrip(b"\0"), leaf.count <= 1
    for what, fine in [
        ("kind", 1 <= leaf.kind < len(KINDS)),
        ("purpose", leaf.purpose < len(PURPOSES)),
        ("outcome", leaf.outcome <= OUTCOMES),
        ("fields", leaf.fields < 1 << FIELDS),
        ("actor", 1 <= leaf.actor < len(ACTORS)),
        ("detail", leaf.detail <= DETAILS),
        ("route", all(0x21 <= byte <= 0x7E for byte in name)),
        ("count", (leaf.tag == NOBODY) == (leaf.count == 0)),
        ("previous leaf", first == (leaf.previous == ZERO) and not (first and leaf.previous_at)),
    ]:
        if not fine:
            raise Bad(place, f"the {what} of the leaf means nothing")
    about, purpose, fields, reference, details, vault = LAWS[KINDS[leaf.kind]]
    granted, nobody = leaf.outcome == 0, leaf.tag == NOBODY
    for what, fine in [
        ("outcome", granted or not vault),
        ("actor", ACTORS[leaf.actor] == "vault" or not vault),
        ("subject", {"somebody": not (granted and nobody), "nobody": nobody, "either": True}[about]),
        ("purpose", (leaf.purpose != 0) == purpose),
        ("fields", (leaf.fields != 0 or not granted) if fields else leaf.fields == 0),
        ("reference", reference or leaf.reference == NOBODY),
        ("detail", leaf.detail in (details or [0])),
    ]:
        if not fine:
            raise Bad(place, f"the {what} of the leaf does not go with its kind")
    return leaf


class Audit:
    """What may follow what."""

    def __init__(self):
        self.tree, self.heads, self.time, self.last_kind = Tree(), Heads(), 0, 0
        # Places of the leaves that announce a key, and its hash.
        self.keys = []
        self.counts = collections.Counter()

    def take(self, raw):
        place = self.tree.size
        leaf = read_leaf(place, raw)
        if leaf.sequence != place:
            raise Bad(place, f"it says of itself that it is leaf {leaf.sequence}")
        if leaf.time < self.time:
            raise Bad(place, "it is older than the leaf before it")
        if self.last_kind == KEY and leaf.kind != HEADS:
            raise Bad(place, "the leaf before it announces a key, and only heads may follow")
        if leaf.kind == CONTINUES and place > 0:
            raise Bad(place, "it continues an earlier log, which only the first leaf of a log can")
        leaf_hash = sha(b"\x00", raw)
        if leaf.kind == HEADS:
            subjects = int.from_bytes(leaf.tag[:8], "big")
            if (subjects, leaf.previous) != (len(self.heads.heads), self.heads.root()):
                raise Bad(place, "the heads in it are not those of the leaves before it")
        elif leaf.kind == KEY:
            self.keys.append((place, leaf.previous))
        elif leaf.kind != CONTINUES and leaf.tag != NOBODY:
            count, at, before = self.heads.heads.get(leaf.tag, (0, 0, ZERO))
            if leaf.count != count + 1:
                raise Bad(place, f"it calls itself leaf {leaf.count} of its subject, and {count} went before it")
            if (leaf.previous, leaf.previous_at) != (before, at):
                raise Bad(place, "it does not follow from the last leaf of its subject")
            self.heads.set(leaf.tag, leaf.count, place, leaf_hash)
        self.tree.push(leaf_hash)
        self.time, self.last_kind = leaf.time, leaf.kind
        self.counts["kind", KINDS[leaf.kind]] += 1
        if leaf.kind not in (CONTINUES, HEADS, KEY):
            self.counts["purpose", PURPOSES[leaf.purpose]] += 1
            self.counts["actor", ACTORS[leaf.actor]] += 1

    def announced(self, size):
        """Place and hash of the key that signs the checkpoint of this size; None: the one that the log began with.
        The checkpoint right after an announcement is still signed by the key before it."""
        return next((key for key in reversed(self.keys) if key[0] + 2 < size), None)


# --- Signed notes ---


class NotSigned(Exception):
    """A note that says nothing."""


def is_name(name):
    strange = any(c.isspace() or unicodedata.category(c) == "Cc" or c == "+" for c in name)
    return name != "" and not strange


class Key:
    def __init__(self, text):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self.text, self.hash = text, sha(text.encode())
        self.name, key_id, key = (text.split("+", 2) + ["", ""])[:3]
        raw = unbase64(key) or b"?"
        self.kind, self.id = raw[0], sha(self.name.encode(), b"\n", raw)[:4]
        if self.kind not in (1, 4) or len(raw) != 33 or not is_name(self.name) or self.id.hex() != key_id:
            raise Unknown(
                f"{text}: not a verifier key in the form name+hash+base64 of C2SP signed-note (Ed25519, a log's or a witness')"
            )
        self.key = Ed25519PublicKey.from_public_bytes(raw[1:])

    def verify(self, text, signature):
        from cryptography.exceptions import InvalidSignature

        message = text.encode()
        if self.kind == 4:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        try:
            self.key.verify(signature, message)
        except InvalidSignature:
            raise NotSigned("a signature of a known key does not fit the note") from None


def read_note(note):
    """The text of a note, and its signatures: names and bytes."""
    at, signatures = note.rfind("\n\n"), []
    if len(note.encode()) > 64 * 1024 or any(c < " " and c != "\n" for c in note) or at < 0 or note[-1] != "\n":
        raise NotSigned("not a signed note")
    for line in note[at + 2 : -1].split("\n"):
        dash, name, signature = (line.split(" ", 2) + ["", ""])[:3]
        raw = unbase64(signature) or b""
        if dash != "—" or not is_name(name) or len(raw) < 5:
            raise NotSigned("not a signed note")
        signatures.append((name, raw))
    return note[: at + 1], signatures


def read_notes(file):
    """Many notes, each with an empty line behind it; behind the last one it may be missing."""
    notes = []
    while file:
        text = file.find("\n\n") + 2
        end = file.find("\n\n", text) + 1 or len(file)
        if text < 2 or file[0] == "\n":
            raise NotSigned("not a signed note")
        notes.append(read_note(file[:end]))
        file = file[end + 1 :] if file[end : end + 1] == "\n" else file[end:]
    return notes


class Checkpoints:
    """Every checkpoint, by whom it was signed and whose turn that was."""

    def __init__(self, keys, witnesses, seen):
        for key in keys:
            if key.kind != 1:
                raise Unknown(f"{key.text} is not the key of a log")
            if key.name != keys[0].name:
                raise Unknown(f"{key.text} is not a key of {keys[0].name}")
        for key in witnesses:
            if key.kind != 4:
                raise Unknown(f"{key.text} is not the key of a witness")
        self.keys, self.witnesses, self.seen = keys, witnesses, seen
        self.roots, self.notes, self.cosigned = {}, collections.defaultdict(list), collections.defaultdict(set)

    def add(self, text, signatures):
        lines = text.split("\n")
        size, root = (decimal(lines[1]), unbase64(lines[2])) if len(lines) == 4 else (None, None)
        if size is None or root is None or len(root) != 32 or not lines[0] or lines[3]:
            raise NotSigned("not a checkpoint: three lines with origin, size and root hash are expected")
        if lines[0] != self.keys[0].name:
            raise NotSigned("the checkpoint is of another log")
        known, cosigned, unknown = [], [], False
        for name, raw in signatures:
            key = next((key for key in [*self.keys, *self.witnesses] if (key.name, key.id) == (name, raw[:4])), None)
            if key is None:
                unknown |= name == lines[0]
            else:
                key.verify(text, raw[4:])
                (known if key.kind == 1 else cosigned).append(key)
        if not known and not unknown:
            raise NotSigned("no known key has signed the note")
        if self.roots.setdefault(size, root) != root:
            raise Bad(size, "two checkpoints of this size sign different roots: the log was forked")
        self.notes[size].append((known, unknown))
        for key in cosigned:
            self.cosigned[key.text].add(size)

    def newest(self):
        return max(self.roots, default=0)

    def judge(self, audit):
        """To be asked before the first leaf and after each."""
        size = audit.tree.size
        if size in self.roots:
            if self.roots[size] != audit.tree.root():
                raise Bad(size, "the checkpoint signs another root than the leaves have")
            if audit.last_kind != HEADS:
                raise Bad(size, "the last leaf under the checkpoint holds no heads")
            for known, unknown in self.notes[size]:
                self.turn(audit, size, known, unknown)
        elif audit.keys and audit.keys[-1][0] + 2 == size:
            raise Bad(size, "no checkpoint here in which the earlier key vouches for the one just announced")
        if any(seen == size and root != audit.tree.root() for seen, root in self.seen):
            raise Bad(size, "another root was seen at this size: the log was changed since")

    def turn(self, audit, size, known, unknown):
        place, announced = audit.announced(size) or (None, self.keys[0].hash)
        given = announced in [key.hash for key in self.keys]
        if announced in [key.hash for key in known]:
            return
        if unknown and not given:
            raise Unknown(
                f"leaf {size}: its checkpoint may be signed by the key that leaf {place} announces: give its key with --key"
            )
        if known:
            raise Bad(size, f"the checkpoint is signed by {known[0].name}+{known[0].id.hex()}, whose turn it is not")
        raise Bad(size, "the key whose turn it is has not signed the checkpoint")

    def end(self):
        longer = [size for size, _ in self.seen if size > self.newest()]
        if longer:
            raise Bad(
                min(longer), f"a root was seen at this size, and the newest checkpoint is about {self.newest()} leaves"
            )


# --- Files ---


def failed(path, error):
    return Unknown(f"{path}: {error.strerror} (os error {error.errno})")


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise failed(path, error) from None


def names(folder):
    """What is in a folder; nothing if there is none."""
    try:
        return sorted(os.listdir(folder), key=os.fsencode)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise failed(folder, error) from None


def checkpoints(folder, found):
    older = [os.path.join("checkpoints", name) for name in names(os.path.join(folder, "checkpoints"))]
    for name in ["checkpoint", *older]:
        raw = read_file(os.path.join(folder, name))
        try:
            text = raw.decode()
            for note in [read_note(text)] if name == "checkpoint" else read_notes(text):
                found.add(*note)
        except NotSigned as error:
            raise Bad("?", f"{name} is no checkpoint of this log: {error}") from None
        except UnicodeDecodeError:
            raise Bad("?", f"{name} is no checkpoint of this log: not a signed note") from None


def place_of(index):
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03}")
    return "/".join(parts)


def bundle(folder, index, width):
    """The file of leaves 256 * index and on, and how many its name says that it holds: the whole one; or the shortest
    that is long enough; or the longest, which will show."""
    whole = os.path.join(folder, "tile", "entries", place_of(index))
    if os.path.isfile(whole):
        return whole, 256
    widths = sorted(held for held in map(decimal, names(whole + ".p")) if held is not None and 1 <= held < 256)
    held = next((held for held in widths if held >= width), max(widths, default=0))
    return f"{whole}.p/{held}", held


def leaves(folder, size):
    for index in range((size + 255) // 256):
        first, width = 256 * index, min(256, size - 256 * index)
        path, held = bundle(folder, index, width)
        raw, at = read_file(path) if held else b"", 0
        for no in range(max(held, width)):
            length = int.from_bytes(raw[at : at + 2], "big")
            leaf = raw[at + 2 : at + 2 + length]
            if no == held or len(raw) < at + 2 or len(leaf) != length:
                raise Bad(first + no, "its file is missing or ends before it")
            if no < width:
                yield leaf
            at += 2 + length
        if at != len(raw):
            raise Bad(first + held - 1, "more stands behind it in its file")


def run(folder, found):
    """Prints what there is; whether everybody who was named vouches for it."""
    checkpoints(folder, found)
    audit = Audit()
    found.judge(audit)
    for raw in leaves(folder, found.newest()):
        audit.take(raw)
        found.judge(audit)
    found.end()
    size, subjects, signed = audit.tree.size, len(audit.heads.heads), len(found.roots)
    print(f"{size} leaves about {subjects} subjects, {signed} checkpoints: every one is right")
    for group in ("kind", "purpose", "actor"):
        words = ", ".join(f"{word} {count}" for (what, word), count in sorted(audit.counts.items()) if what == group)
        print(f"  by {group}: {words}")
    for seen, _ in found.seen:
        print(f"  the root that was seen at {seen} leaves is the one it had")
    for witness in found.witnesses:
        sizes = found.cosigned[witness.text]
        said = f"{len(sizes)}, the newest about {max(sizes)} leaves" if sizes else "nothing"
        print(f"  {witness.name} has cosigned {said}")
    return all(found.cosigned[witness.text] for witness in found.witnesses)


def read_seen(text):
    size, colon, root = text.partition(":")
    if decimal(size) is None or not colon or len(unbase64(root) or b"") != 32:
        raise Unknown(f"{text}: not SIZE:ROOT, a number of leaves and a root in base64")
    return decimal(size), unbase64(root)


def main():
    parser = argparse.ArgumentParser(description="Verifies an exported read ledger (docs/LEDGER.md).")
    parser.add_argument("folder")
    parser.add_argument(
        "--key", action="append", required=True, help="the log's verifier key; first the one that the log began with"
    )
    parser.add_argument("--witness", action="append", default=[], help="a witness' verifier key")
    parser.add_argument("--seen", action="append", default=[], help="a size and the root that was seen then: SIZE:ROOT")
    asked = parser.parse_args()
    try:
        keys, witnesses = [Key(text) for text in asked.key], [Key(text) for text in asked.witness]
        fine = run(asked.folder, Checkpoints(keys, witnesses, [read_seen(text) for text in asked.seen]))
    except Bad as bad:
        print(bad)
        return 1
    except (ImportError, Unknown) as error:
        print(f"cannot be verified: {error}", file=sys.stderr)
        return 2
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

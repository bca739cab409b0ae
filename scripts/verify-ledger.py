#!/usr/bin/env python3
"""Verifies an exported read ledger, independently of the Rust code. Formats: docs/LEDGER.md.

    python3 scripts/verify-ledger.py FOLDER --key 'name+hash+base64' [--witness 'name+hash+base64' ...]

Needs Python 3.9 and the package `cryptography` (for Ed25519) and nothing else. Ends with 0 if every leaf and
checkpoint is right, with 1 and the first bad leaf if not, with 2 if it cannot be run.
"""

import argparse
import base64
import binascii
import collections
import hashlib
import os
import struct
import sys

LEAF = 144
KINDS = "? open index seal shred deny alarm config start stop heads".split()
PURPOSES = "none mail ship order-view support self-view login export notice canary-check checkout".split()
ACTORS = "? vault shop guest customer staff operator stranger".split()
ZERO = bytes(32)


class Bad(Exception):
    """The ledger is wrong at a place."""

    def __init__(self, place, words):
        super().__init__(f"leaf {place}: {words}")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


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
    "Leaf", "kind purpose outcome fields actor klass sequence time tag count build previous reference actor_id request previous_at route"
)


def read_leaf(place, raw):
    if len(raw) != LEAF:
        raise Bad(place, f"{len(raw)} bytes instead of {LEAF}")
    version, *rest = struct.unpack(">BBBBHBBQQ16sII32s16s16s8sQ16s", raw)
    if version != 1:
        raise Bad(place, f"version {version} is not known")
    leaf = Leaf(*rest)
    if leaf.kind == 10:
        subjects, root = leaf.tag[:8], leaf.previous
        plain = struct.pack(">BBBBHBBQQ8s8sII32s64s", 1, 10, 0, 0, 0, 0, 0, leaf.sequence, leaf.time, subjects, b"", 0, leaf.build, root, b"")
        if plain != raw:
            raise Bad(place, "holds something where nothing may be")
        return leaf
    ranges = [
        ("kind", 1 <= leaf.kind <= 9),
        ("purpose", leaf.purpose <= 10),
        ("outcome", leaf.outcome <= 7),
        ("fields", leaf.fields < 1 << 9),
        ("actor", 1 <= leaf.actor <= 7),
        ("class", leaf.klass in (1, 2)),
        ("count", (leaf.tag == bytes(16)) == (leaf.count == 0)),
        ("previous leaf", (leaf.count <= 1) == (leaf.previous == ZERO) and (leaf.count > 1 or leaf.previous_at == 0)),
    ]
    name = leaf.route.rstrip(b"\0")
    ranges.append(("route", all(0x21 <= byte <= 0x7E for byte in name)))
    for what, fine in ranges:
        if not fine:
            raise Bad(place, f"the {what} means nothing")
    return leaf


class Audit:
    """What may follow what."""

    def __init__(self):
        self.tree, self.heads, self.time, self.last_kind = Tree(), Heads(), 0, 0
        self.counts = collections.Counter()

    def take(self, raw):
        place = self.tree.size
        leaf = read_leaf(place, raw)
        if leaf.sequence != place:
            raise Bad(place, f"says of itself that it is leaf {leaf.sequence}")
        if leaf.time < self.time:
            raise Bad(place, "is older than the leaf before it")
        leaf_hash = sha(b"\x00", raw)
        if leaf.kind == 10:
            subjects = int.from_bytes(leaf.tag[:8], "big")
            if (subjects, leaf.previous) != (len(self.heads.heads), self.heads.root()):
                raise Bad(place, "the heads in it are not those of the leaves before it")
        elif leaf.tag != bytes(16):
            count, at, before = self.heads.heads.get(leaf.tag, (0, 0, ZERO))
            if leaf.count != count + 1:
                raise Bad(place, f"calls itself leaf {leaf.count} of its subject, and {count} went before it")
            if (leaf.previous, leaf.previous_at) != (before, at):
                raise Bad(place, "does not follow from the last leaf of its subject")
            self.heads.set(leaf.tag, leaf.count, place, leaf_hash)
        self.tree.push(leaf_hash)
        self.time, self.last_kind = leaf.time, leaf.kind
        self.counts["kind", KINDS[leaf.kind]] += 1
        if leaf.kind != 10:
            self.counts["purpose", PURPOSES[leaf.purpose]] += 1
            self.counts["actor", ACTORS[leaf.actor]] += 1

    def check(self, size, root):
        if size != self.tree.size:
            raise Bad(size, f"the checkpoint is about {size} leaves, and there are {self.tree.size}")
        if root != self.tree.root():
            raise Bad(size, "the checkpoint signs another root than the leaves have")
        if self.last_kind != 10:
            raise Bad(size, "the last leaf under the checkpoint holds no heads")


# --- Signed notes ---


class Key:
    def __init__(self, text):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self.name, key_id, key = text.split("+", 2)
        raw = base64.b64decode(key, validate=True)
        self.kind, self.id = raw[0], bytes.fromhex(key_id)
        if self.kind not in (1, 4) or len(raw) != 33 or sha(self.name.encode(), b"\n", raw)[:4] != self.id:
            raise ValueError(f"not a key: {text}")
        self.key = Ed25519PublicKey.from_public_bytes(raw[1:])

    def verify(self, text, signature):
        from cryptography.exceptions import InvalidSignature

        message = text
        if self.kind == 4:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + text
        try:
            self.key.verify(signature, message)
            return True
        except InvalidSignature:
            return False


def open_checkpoint(note, key, witnesses):
    """Size and root of a checkpoint that the log has signed, and the witnesses that have seen it."""
    text, _, lines = note.rpartition(b"\n\n")
    text += b"\n"
    own, seen = False, set()
    for line in lines.decode().splitlines():
        dash, name, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        for known in [key, *witnesses]:
            if dash == "—" and (known.name, known.id) == (name, raw[:4]):
                if not known.verify(text, raw[4:]):
                    raise ValueError(f"the signature of {name} does not fit")
                own |= known is key
                seen |= {name} if known is not key else set()
    origin, size, root, end = text.decode().split("\n")
    if not own or origin != key.name or end or str(int(size)) != size:
        raise ValueError("it is not signed by the log")
    return int(size), base64.b64decode(root, validate=True), seen


# --- Files ---


def place_of(index):
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03}")
    return "/".join(parts)


def bundle(folder, index, width):
    """The file of leaves 256 * index and on: whole, of this width, or whatever there is, which will show."""
    whole = os.path.join(folder, "tile", "entries", place_of(index))
    if os.path.isfile(whole):
        return whole
    parts = os.listdir(whole + ".p") if os.path.isdir(whole + ".p") else []
    widths = sorted(int(name) for name in parts if name.isdigit())
    fitting = next((have for have in widths if have >= width), max(widths, default=width))
    return f"{whole}.p/{fitting}"


def leaves(folder, size):
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        try:
            with open(bundle(folder, index, width), "rb") as file:
                raw = file.read()
        except OSError as error:
            raise Bad(256 * index, f"its file is missing ({error})") from None
        at = 0
        for no in range(width):
            length = int.from_bytes(raw[at : at + 2], "big")
            leaf = raw[at + 2 : at + 2 + length]
            if len(raw) < at + 2 or len(leaf) != length:
                raise Bad(256 * index + no, "is missing: its file ends before it")
            yield leaf
            at += 2 + length


def run(folder, key, witnesses):
    notes = {}
    older = os.path.join(folder, "checkpoints")
    files = [os.path.join(older, name) for name in os.listdir(older)] if os.path.isdir(older) else []
    for path in [os.path.join(folder, "checkpoint"), *files]:
        with open(path, "rb") as file:
            note = file.read()
        try:
            size, root, seen = open_checkpoint(note, key, witnesses)
        except (ValueError, UnicodeDecodeError, binascii.Error) as error:
            raise Bad("?", f"{os.path.relpath(path, folder)} is no checkpoint of this log: {error}") from None
        if notes.setdefault(size, (root, seen))[0] != root:
            raise Bad(size, "two checkpoints of this size sign different roots: the log was forked")
    audit, newest = Audit(), max(notes)
    for raw in leaves(folder, newest):
        audit.take(raw)
        if audit.tree.size in notes:
            audit.check(audit.tree.size, notes[audit.tree.size][0])
    audit.check(newest, notes[newest][0])
    print(f"{newest} leaves about {len(audit.heads.heads)} subjects, {len(notes)} checkpoints: every one is right")
    for group in ("kind", "purpose", "actor"):
        words = ", ".join(f"{word} {count}" for (what, word), count in sorted(audit.counts.items()) if what == group)
        print(f"  by {group}: {words}")
    for witness in witnesses:
        sizes = [size for size, (_, seen) in notes.items() if witness.name in seen]
        print(f"  {witness.name} has cosigned {len(sizes)}" + (f", the newest about {max(sizes)} leaves" if sizes else ""))


def main():
    parser = argparse.ArgumentParser(description="Verifies an exported read ledger (docs/LEDGER.md).")
    parser.add_argument("folder")
    parser.add_argument("--key", required=True, help="the log's verifier key")
    parser.add_argument("--witness", action="append", default=[], help="a witness' verifier key")
    asked = parser.parse_args()
    try:
        key, witnesses = Key(asked.key), [Key(text) for text in asked.witness]
        run(asked.folder, key, witnesses)
    except Bad as bad:
        print(bad)
        return 1
    except (ImportError, OSError, ValueError) as error:
        print(f"cannot be verified: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

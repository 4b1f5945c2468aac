#!/usr/bin/env python3
"""Reads and proves a vault folder after docs/formats/vault.md with nothing of Sekisho: this file, zstd and openssl.

usage: vault_read.py VAULT_FOLDER    prints the size proven; exits 1 when the folder does not say what was signed
"""
import base64
import hashlib
import os
import struct
import subprocess
import sys
import tempfile


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root(leaves):
    """RFC 6962 section 2.1, as it stands there."""
    if not leaves:
        return sha()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b"\1", root(leaves[:k]), root(leaves[k:]))


def zstd(b):
    return subprocess.run(["zstd", "-dcq"], input=b, check=True, capture_output=True).stdout


class Cursor:
    def __init__(self, b):
        self.b, self.at = b, 0

    def take(self, n):
        assert self.at + n <= len(self.b)
        self.at += n
        return self.b[self.at - n:self.at]

    def number(self):
        v = shift = 0
        while True:
            byte = self.take(1)[0]
            v |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return v

    def signed(self):
        v = self.number()
        return v >> 1 if not v & 1 else -(v >> 1) - 1


def join(text, heads, count):
    """Entries of a block from its text and its envelopes."""
    t, h, names, time, seq, out = Cursor(text), Cursor(heads), [], 0, 0, []

    def name():
        back = h.number()
        if back:
            return names[-back]
        names.append(h.take(h.take(1)[0]))
        return names[-1]

    while len(out) < count:
        n, form = h.number(), h.take(1)[0]
        if form == 1:
            out += [b"\0" + h.take(32) for _ in range(n)]
            continue
        transport, flags, source, peer = h.take(1), h.number(), name(), name()
        times = []
        for i in range(n):
            if not i or form & 4:
                time = (time + h.signed()) % 2**64
            times.append(time)
        chains = []
        for i in range(n if flags & 1 else 0):
            seq = (seq + h.signed()) % 2**64
            chains.append((seq, h.take(32)))
        lengths = [h.number() for _ in range(n)] if form & 2 else None
        for i in range(n):
            raw = t.take(lengths[i] if lengths else text.index(b"\n", t.at) - t.at)
            assert t.take(1) == b"\n"
            out.append(b"\1" + transport + struct.pack(">HQQ", flags, times[i], chains[i][0] if chains else 0) + (chains[i][1] if chains else b"") +
                       bytes([len(source)]) + source + bytes([len(peer)]) + peer + struct.pack(">I", len(raw)) + raw)
    assert len(out) == count and t.at == len(text) and h.at == len(heads)
    return out


def segment(path):
    """Its entries; and `zstd -d` of the whole file gives nothing but the texts of its blocks."""
    b, at, out, texts = open(path, "rb").read(), 0, [], []
    while at < len(b):
        magic, n = struct.unpack_from("<II", b, at)
        content = b[at + 8:at + 8 + n]
        if magic != 0x184D2A50 or content[:4] == b"SVF1":
            break
        at += 8 + n
        if content[:4] == b"SVH1":
            continue
        assert content[:4] == b"SVB2"
        count, packed, heads_n = struct.unpack_from(">I", content, 12)[0], struct.unpack_from(">I", content, 32)[0], struct.unpack_from(">I", content, 44)[0]
        heads = b[at + 8:at + heads_n]
        assert heads[:4] == b"SVE1"
        size, heads = struct.unpack_from(">I", heads, 4)[0], heads[8:-4]
        heads = heads if len(heads) == size else zstd(heads)
        texts.append(zstd(b[at + heads_n:at + packed]))
        out += join(texts[-1], heads, count)
        at += packed
    assert zstd(b) == b"".join(texts)
    return out


def tail(path):
    b = open(path, "rb").read()
    assert b[:8] == b"SVTAIL1\n"
    first, at, out = struct.unpack_from(">Q", b, 8)[0], 52, []
    while at + 8 <= len(b):
        n = struct.unpack_from(">I", b, at)[0]
        if not n or at + 8 + n > len(b):
            break
        out.append(b[at + 8:at + 8 + n])
        at += 8 + n
    return first, out


def signed(note, vkey):
    text, _, sigs = note.rpartition("\n\n")
    text += "\n"
    name, key_id, key = vkey.strip().split("+", 2)
    key = base64.b64decode(key)
    assert key[0] == 1 and sha(name.encode(), b"\n", key)[:4].hex() == key_id
    sig = [base64.b64decode(line.split(" ")[2]) for line in sigs.splitlines() if line.split(" ")[1] == name]
    sig = [x for x in sig if x[:4].hex() == key_id][0][4:]
    with tempfile.TemporaryDirectory() as d:
        for file, data in (("key", bytes.fromhex("302a300506032b6570032100") + key[1:]), ("sig", sig), ("text", text.encode())):
            with open(os.path.join(d, file), "wb") as f:
                f.write(data)
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin", "-in", "text",
                        "-sigfile", "sig"], cwd=d, check=True, stdout=subprocess.DEVNULL)
    origin, size, head = text.splitlines()[:3]
    assert origin == name
    return int(size), base64.b64decode(head)


def main(folder):
    size, head = signed(open(os.path.join(folder, "checkpoint"), encoding="utf-8").read(),
                        open(os.path.join(folder, "vkey"), encoding="utf-8").read())
    first, last = tail(os.path.join(folder, "tail"))
    entries = []
    for name in sorted(os.listdir(os.path.join(folder, "seg"))):
        assert int(name) == len(entries)
        entries += segment(os.path.join(folder, "seg", name))
    entries = entries[:first] + last
    leaves = [sha(b"\0", e) for e in entries]
    for name in sorted(os.listdir(os.path.join(folder, "tile", "1"))) if os.path.isdir(os.path.join(folder, "tile")) else []:
        n = int(name)
        want = b"".join(root(leaves[i:i + 256]) for i in range(n * 65536, (n + 1) * 65536, 256))
        assert open(os.path.join(folder, "tile", "1", name), "rb").read() == want
    assert len(entries) >= size and root(leaves[:size]) == head
    print(size)


main(sys.argv[1])

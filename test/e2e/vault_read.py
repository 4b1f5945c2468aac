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


def bundles(b):
    at = 0
    while at < len(b):
        n = struct.unpack_from(">H", b, at)[0]
        yield b[at + 2:at + 2 + n]
        at += 2 + n


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
        entries += bundles(subprocess.run(["zstd", "-dcq", os.path.join(folder, "seg", name)], check=True, capture_output=True).stdout)
    entries = entries[:first] + last
    leaves = [sha(b"\0", e) for e in entries]
    for name in sorted(os.listdir(os.path.join(folder, "tile", "1"))) if os.path.isdir(os.path.join(folder, "tile")) else []:
        n = int(name)
        want = b"".join(root(leaves[i:i + 256]) for i in range(n * 65536, (n + 1) * 65536, 256))
        assert open(os.path.join(folder, "tile", "1", name), "rb").read() == want
    assert len(entries) >= size and root(leaves[:size]) == head
    print(size)


main(sys.argv[1])

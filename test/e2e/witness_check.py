#!/usr/bin/env python3
"""An independent look at what the log and the witnesses say: hashlib for the tree, openssl for the signatures, nothing of ours.

  witness_check.py proof FILE LOG_VKEY WITNESS_VKEY...   a tlog-proof: log's and each witness's signature, inclusion of `extra`
  witness_check.py tiles URL LOG_VKEY [--entries]        the whole tree from the tiles, against the signed root
  witness_check.py send URL FILE                         POST; prints status, type and body
  witness_check.py body OLD CHECKPOINT [HASH...]         an add-checkpoint body on stdout
"""
import base64
import hashlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mth(h):
    if not h:
        return sha()
    if len(h) == 1:
        return h[0]
    k = 1
    while 2 * k < len(h):
        k *= 2
    return sha(b"\1", mth(h[:k]), mth(h[k:]))


def vkey(text):
    name, key_id, key = text.strip().split("+", 2)
    raw = base64.b64decode(key)
    assert sha(name.encode(), b"\n", raw)[:4].hex() == key_id
    return name, key_id, raw[0], raw[1:]


def ed25519(public, message, signature):
    with tempfile.TemporaryDirectory() as d:
        for name, content in (("k", bytes.fromhex("302a300506032b6570032100") + public), ("m", message), ("s", signature)):
            with open(f"{d}/{name}", "wb") as f:
                f.write(content)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{d}/k", "-keyform", "DER", "-rawin", "-in", f"{d}/m",
                               "-sigfile", f"{d}/s"], capture_output=True, check=False).returncode == 0


def check_note(note, keys):
    """Each of the keys signed it; returns origin, size, root."""
    text, sigs = note.rsplit("\n\n", 1)
    text = (text + "\n").encode()
    for k in keys:
        name, key_id, kind, public = vkey(k)
        good = False
        for line in sigs.splitlines():
            dash, who, b64 = line.split(" ")
            raw = base64.b64decode(b64)
            if dash != "\u2014" or who != name or raw[:4].hex() != key_id:
                continue
            if kind == 4:
                at = int.from_bytes(raw[4:12], "big")
                good = ed25519(public, b"cosignature/v1\ntime %d\n" % at + text, raw[12:])
            else:
                good = ed25519(public, text, raw[4:])
            assert good, f"wrong signature by {name}"
        assert good, f"not signed by {name}"
    origin, size, root = text.decode().splitlines()[:3]
    return origin, int(size), base64.b64decode(root)


def proof(path, keys):
    with open(path, encoding="utf-8") as f:
        whole = f.read()
    head, note = whole.split("\n\n", 1)
    lines = head.splitlines()
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    r = sha(b"\0", base64.b64decode(lines[1].removeprefix("extra ")))
    fn = int(lines[2].removeprefix("index "))
    _, size, root = check_note(note, keys)
    sn = size - 1
    for line in lines[3:]:
        p = base64.b64decode(line)
        assert sn
        if fn & 1 or fn == sn:
            r = sha(b"\1", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\1", r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and r == root
    print(f"proven {size}")


def path_of(n):
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.append(f"x{n % 1000:03d}")
    return "/".join(reversed(groups))


def get(url):
    with urllib.request.urlopen(url, timeout=10) as f:
        return f.read(), f.headers


def tiles(url, key, entries):
    raw, headers = get(url + "/checkpoint")
    assert headers["content-type"] == "text/plain; charset=utf-8"
    _, size, root = check_note(raw.decode(), [key])
    level, want, below = 0, size, None
    while want:
        got = []
        for n in range((want + 255) // 256):
            w = min(256, want - n * 256)
            raw, headers = get(f"{url}/tile/{level}/{path_of(n)}" + ("" if w == 256 else f".p/{w}"))
            assert headers["content-type"] == "application/octet-stream" and "immutable" in headers["cache-control"]
            assert len(raw) == 32 * w
            got += [raw[i:i + 32] for i in range(0, len(raw), 32)]
        if level == 0:
            assert mth(got) == root, "the tiles do not lead to the root"
        else:
            assert got == [mth(below[i * 256:(i + 1) * 256]) for i in range(len(got))], f"level {level}"
        if entries and level == 0:
            seen = []
            for n in range((want + 255) // 256):
                w = min(256, want - n * 256)
                raw, _ = get(f"{url}/tile/entries/{path_of(n)}" + ("" if w == 256 else f".p/{w}"))
                while raw:
                    k = int.from_bytes(raw[:2], "big")
                    seen.append(sha(b"\0", raw[2:2 + k]))
                    raw = raw[2 + k:]
            assert seen == got, "the entries are not the leaves"
        below, want, level = got, want // 256, level + 1
    print(f"tree {size} levels {level}")


def send(url, path):
    with open(path, "rb") as f:
        body = f.read()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as f:
            print(f.status, f.headers["content-type"], f.read().decode(), end="")
    except urllib.error.HTTPError as e:
        print(e.code, e.headers["content-type"], e.read().decode(), end="")


if sys.argv[1] == "proof":
    proof(sys.argv[2], sys.argv[3:])
elif sys.argv[1] == "tiles":
    tiles(sys.argv[2], sys.argv[3], "--entries" in sys.argv)
elif sys.argv[1] == "send":
    send(sys.argv[2], sys.argv[3])
else:
    with open(sys.argv[3], encoding="utf-8") as f:
        sys.stdout.write(f"old {sys.argv[2]}\n" + "".join(h + "\n" for h in sys.argv[4:]) + "\n" + f.read())

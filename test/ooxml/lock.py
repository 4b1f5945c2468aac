#!/usr/bin/env python3
"""Locks a package with a password ([MS-OFFCRYPTO] 2.3.4): lock.py agile|standard|extensible IN OUT PASSWORD [TURNS]. Ciphers by openssl."""
import base64, hashlib, os, struct, subprocess, sys


def aes(key, iv, data):
    how = f"-aes-{len(key) * 8}-" + ("cbc" if iv else "ecb")
    return subprocess.run(["openssl", "enc", how, "-nopad", "-K", key.hex()] + (["-iv", iv.hex()] if iv else []), input=data, stdout=subprocess.PIPE, check=True).stdout


def spin(h, salt, password, turns):
    x = h(salt + password.encode("utf-16-le")).digest()
    for i in range(turns):
        x = h(struct.pack("<I", i) + x).digest()
    return x


def fill(b, n=16):
    return b + bytes(-len(b) % n)


def agile(data, password, turns):
    h, name, bits = hashlib.sha512, "SHA512", 256
    salt, salt2, secret, verifier = (hashlib.sha256(bytes([i])).digest()[:16] for i in range(4))
    secret = hashlib.sha256(b"secret").digest()
    x = spin(h, salt, password, turns)
    key = lambda block: h(x + bytes.fromhex(block)).digest()[:bits // 8]
    b64 = lambda b: base64.b64encode(b).decode()
    say = f'saltSize="16" blockSize="16" keyBits="{bits}" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="{name}"'
    info = struct.pack("<HHI", 4, 4, 0x40) + (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
        f'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><keyData {say} saltValue="{b64(salt2)}"/><keyEncryptors>'
        f'<keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><p:encryptedKey spinCount="{turns}" {say} saltValue="{b64(salt)}" '
        f'encryptedVerifierHashInput="{b64(aes(key("fea7d2763b4b9e79"), salt, verifier))}" '
        f'encryptedVerifierHashValue="{b64(aes(key("d7aa0f6d3061344e"), salt, h(verifier).digest()))}" '
        f'encryptedKeyValue="{b64(aes(key("146e0be7abacd0d6"), salt, secret))}"/></keyEncryptor></keyEncryptors></encryption>').encode()
    out = b"".join(aes(secret, h(salt2 + struct.pack("<I", i)).digest()[:16], fill(data[i * 4096:(i + 1) * 4096])) for i in range((len(data) + 4095) // 4096))
    return info, struct.pack("<Q", len(data)) + out


def standard(data, password):
    salt, verifier = hashlib.sha1(b"a").digest()[:16], hashlib.sha1(b"b").digest()[:16]
    x = hashlib.sha1(spin(hashlib.sha1, salt, password, 50000) + bytes(4)).digest()
    mix = lambda c: hashlib.sha1(bytes(a ^ b for a, b in zip(bytes([c]) * 64, x + bytes(44)))).digest()
    key = (mix(0x36) + mix(0x5c))[:16]
    csp = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16-le")
    head = struct.pack("<8I", 0x24, 0, 0x660e, 0x8004, 128, 0x18, 0, 0) + csp
    info = struct.pack("<HHII", 3, 2, 0x24, len(head)) + head + struct.pack("<I", 16) + salt + aes(key, None, verifier) + struct.pack("<I", 20) + \
        aes(key, None, fill(hashlib.sha1(verifier).digest(), 32))
    return info, struct.pack("<Q", len(data)) + aes(key, None, fill(data))


def compound(streams):
    """[MS-CFB] version 3: the directory in sectors 0 and 1, then small sectors, then the streams, then the table"""
    small, mini, starts, big = b"", [], {}, []
    for name, b in streams:
        if len(b) < 4096:
            starts[name] = len(mini)
            n = (len(b) + 63) // 64
            mini += [len(mini) + i + 1 for i in range(n - 1)] + [0xfffffffe]
            small += fill(b, 64)
        else:
            big.append((name, fill(b, 512)))
    fat, body = [1, 0xfffffffe], b""

    def put(b):
        at, n = len(fat), len(b) // 512
        fat.extend([at + i + 1 for i in range(n - 1)] + [0xfffffffe])
        return at, b
    root, b = put(fill(small, 512)); body += b
    where, b = put(fill(b"".join(struct.pack("<I", m) for m in mini), 512)); body += b
    for name, b in big:
        starts[name], b = put(b); body += b
    n = 1
    while (len(fat) + n) > n * 128: n += 1
    first = len(fat)
    fat += [0xfffffffd] * n
    table = b"".join(struct.pack("<I", s) for s in fat + [0xffffffff] * (n * 128 - len(fat)))
    entry = lambda name, kind, start, size, child=0xffffffff, right=0xffffffff: name.encode("utf-16-le").ljust(64, b"\0") + struct.pack(
        "<HBBIII", 2 * len(name) + 2, kind, 1, 0xffffffff, right, child) + bytes(36) + struct.pack("<IQ", start, size)
    rows = [entry("Root Entry", 5, root, len(small), 1)] + [entry(k, 2, starts[k], len(b), right=i + 2 if i + 1 < len(streams) else 0xffffffff) for i, (k, b) in enumerate(streams)]
    directory = b"".join(rows).ljust(1024, b"\0")
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6xIIIIIIIIII", 0x3e, 3, 0xfffe, 9, 6, 0, n, 0, 0, 4096, where, 1, 0xfffffffe, 0, first)
    head += b"".join(struct.pack("<I", first + i if i < n else 0xffffffff) for i in range(1, 109))
    return head[:512] + directory + body + table


def main(form, src, dst, password, turns=1000):
    data = open(src, "rb").read()
    info, package = standard(data, password) if form == "standard" else agile(data, password, int(turns))
    if form == "extensible":
        info = struct.pack("<HH", 4, 3) + info[4:]
    open(dst, "wb").write(compound([("EncryptionInfo", info), ("EncryptedPackage", package)]))


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""Runs the real `front` with this script in the places of its peers: supervisor, keys and the office.

usage: front_peer.py FRONT_BINARY FOLDER    prints "ready URL" and then a line for each thing it is told; ends on stdin's end.

The office answers with what it was asked, as JSON; some paths make it behave otherwise:
  /retry  the reader passes the request on    /sleep  no answer         /die   hangs up without an answer
  /wrong  breaks the protocol                 /big    10 MB             /bad-header /bad-status
  /cache  own cache-control, csp, length      /empty  204
"""
import array
import hashlib
import json
import mmap
import os
import select
import socket
import struct
import subprocess
import sys

SUP_PEER, SUP_GO, SUP_STOP, SUP_READY, SUP_LOST = 1, 2, 3, 50, 52
REQ, RESP, REQ_RETRY = 100, 101, 102
KEYS_SIGN_TLS, KEYS_SIG, KEYS_CERT, KEYS_CERT_IS = 402, 403, 404, 405


def s(b):
    b = b.encode() if isinstance(b, str) else b
    return struct.pack(">I", len(b)) + b


class Reader:
    def __init__(self, b, fds):
        self.b, self.at, self.fds = b, 0, fds

    def take(self, n):
        self.at += n
        assert self.at <= len(self.b)
        return self.b[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def i64(self):
        return struct.unpack(">q", self.take(8))[0]

    def s(self):
        n = self.u32()
        return None if n == 0xffffffff else self.take(n)

    def end(self):
        assert self.at == len(self.b) and not self.fds, "bytes or descriptors left"


def send(sock, kind, payload=b"", fds=()):
    fds = list(fds)
    count = len(fds)
    extra = None
    if len(payload) > 60 * 1024:
        import fcntl
        extra = os.memfd_create("m", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        view = memoryview(payload)
        while view:
            view = view[os.write(extra, view):]
        fcntl.fcntl(extra, 1033, 0x1 | 0x2 | 0x4 | 0x8)
        fds.append(extra)
        count |= 0x8000
        payload = b""
    anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([struct.pack(">HH", kind, count) + payload], anc)
    if extra is not None:
        os.close(extra)


def recv(sock):
    data, anc, flags, _ = sock.recvmsg(64 * 1024, socket.CMSG_SPACE(22 * 4))
    if not data:
        return None, None
    fds = array.array("i")
    for level, kind, b in anc:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(b[:len(b) - len(b) % 4])
    fds = list(fds)
    kind, count = struct.unpack(">HH", data[:4])
    body = data[4:]
    if count & 0x8000:
        fd = fds.pop()
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as m:
            body = m[:]
        os.close(fd)
    return kind, Reader(body, fds)


def pair():
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for x in (a, b):
        x.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 240 * 1024)
    return a, b


class Office:
    def __init__(self, name, sock):
        self.name, self.sock = name, sock

    def answer(self, i, status, headers, body):
        p = struct.pack(">qII", i, status, len(headers))
        for k, v in headers:
            p += s(k) + s(v)
        send(self.sock, RESP, p + s(body))

    def read(self, r):
        q = {"process": self.name, "id": r.i64()}
        for k in ("method", "path", "query", "peer"):
            q[k] = r.s().decode()
        q["https"] = r.u8()
        q["headers"] = {r.s().decode(): r.s().decode() for _ in range(r.u32())}
        q["kind"] = r.u8()
        raw = r.s()
        q["raw"], q["raw_sha"] = len(raw), hashlib.sha256(raw).hexdigest()
        q["fields"] = [[r.s().decode(), r.s().decode()] for _ in range(r.u32())]
        q["files"] = []
        for _ in range(r.u32()):
            f = {"field": r.s().decode(), "name": r.s().decode(), "type": r.s().decode(), "size": r.i64(), "spool": r.s()}
            assert f.pop("spool") is None
            fd = r.fds.pop(0)
            data = b""
            while chunk := os.read(fd, 1 << 20):
                data += chunk
            os.close(fd)
            assert len(data) == f["size"]
            f["sha"] = hashlib.sha256(data).hexdigest()
            q["files"].append(f)
        r.end()
        return q

    def take(self, kind, r):
        """True while the office stays there."""
        if kind != REQ:
            print("wrong message", kind, flush=True)
            return False
        q = self.read(r)
        i, path = q["id"], q["path"]
        if path == "/retry" and self.name != "office.writer":
            send(self.sock, REQ_RETRY, struct.pack(">q", i))
        elif path == "/sleep":
            pass
        elif path == "/die":
            return False
        elif path == "/wrong":
            send(self.sock, 999, b"")
        elif path == "/bad-header":
            self.answer(i, 200, [("x-a", "b\r\nset-cookie: c")], b"")
        elif path == "/bad-status":
            self.answer(i, 99, [], b"")
        elif path == "/big":
            self.answer(i, 200, [("content-type", "text/plain")], b"x" * 10_000_000)
        elif path == "/empty":
            self.answer(i, 204, [], b"")
        elif path == "/cache":
            self.answer(i, 200, [("cache-control", "private, max-age=5"), ("content-security-policy", "none"),
                                 ("content-length", "1"), ("content-type", "text/plain")], b"cached")
        else:
            self.answer(i, 200, [("content-type", "application/json")], json.dumps(q, ensure_ascii=False).encode())
        return True


class Harness:
    def __init__(self, binary, folder):
        self.folder = folder
        self.key, self.crt = folder + "/key.pem", folder + "/crt.pem"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key], check=True)
        self.certificate("first")
        self.peers, self.pairs = {}, 0
        self.sup, child = pair()
        listen = socket.socket(socket.AF_INET6)
        listen.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listen.bind(("::", 0))
        listen.listen(512)
        self.give("listen", listen)
        for name in ("keys", "office.writer", "office.reader.0", "office.reader.1"):
            self.fresh(name)
        send(self.sup, SUP_GO)

        def at_three():
            os.dup2(child.fileno(), 3)
            os.set_inheritable(3, True)
        self.child = subprocess.Popen([binary, "--fd", "3", "front", folder, folder], preexec_fn=at_three, close_fds=True,
                                      pass_fds=(3, child.fileno()))
        child.close()
        listen.close()

    def certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-key", self.key, "-days", "2", "-subj", "/CN=localhost/O=" + name,
                        "-addext", "subjectAltName=DNS:localhost", "-out", self.crt], check=True)

    def give(self, name, sock):
        self.pairs += 1
        send(self.sup, SUP_PEER, s(name) + struct.pack(">I", self.pairs), [sock.fileno()])

    def fresh(self, name):
        ours, theirs = pair()
        self.give(name, theirs)
        theirs.close()
        self.peers[name] = ours

    def sign(self, digest):
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.key, "-pkeyopt", "digest:sha256"], input=digest,
                              check=True, capture_output=True).stdout

    def keys(self, sock, kind, r):
        if kind == KEYS_CERT:
            r.end()
            send(sock, KEYS_CERT_IS, s(open(self.crt, "rb").read()))
        elif kind == KEYS_SIGN_TLS:
            assert r.u32() == 256
            digest = r.s()
            r.end()
            print("signed", flush=True)
            send(sock, KEYS_SIG, struct.pack(">I", 0) + s(self.sign(digest)))
        else:
            raise AssertionError(kind)

    def from_front(self, kind, r):
        if kind == SUP_READY:
            posture, url = r.s().decode(), r.s().decode()
            r.end()
            print("ready", url, posture, flush=True)
        elif kind == SUP_LOST:
            name, _, broke = r.s().decode(), r.u32(), r.u8()
            r.end()
            print("lost", name, broke, flush=True)
            if name in self.peers:
                self.peers.pop(name).close()
                self.fresh(name)

    def one(self, name, sock):
        kind, r = recv(sock)
        if kind is None:
            return False
        if name == "keys":
            self.keys(sock, kind, r)
            return True
        return Office(name, sock).take(kind, r)

    def run(self):
        while True:
            socks = {p.fileno(): n for n, p in self.peers.items()}
            ready = select.select([self.sup, sys.stdin, *socks], [], [])[0]
            if sys.stdin in ready:
                lines = os.read(0, 4096)
                if not lines:
                    return
                for line in lines.decode().splitlines():
                    self.command(line.split())
            if self.sup in ready:
                kind, r = recv(self.sup)
                if kind is None:
                    return
                self.from_front(kind, r)
                continue
            for fd in ready:
                name = socks.get(fd)
                if name and name in self.peers and not self.one(name, self.peers[name]):
                    self.peers[name].close()
                    self.peers[name] = pair()[0]      # until front reports the loss

    def command(self, words):
        """Lines on stdin: "drop NAME" hangs up for good, "fresh NAME" gives a new socket; "certificate NAME"; "stop"."""
        if words[0] == "certificate":
            self.certificate(words[1])
        elif words[0] == "stop":
            send(self.sup, SUP_STOP)
        elif words[0] == "drop":
            self.peers.pop(words[1]).close()
            print("dropped", flush=True)
        elif words[0] == "fresh":
            self.fresh(words[1])
            print("given", flush=True)

    def stop(self):
        try:
            send(self.sup, SUP_STOP)
        except OSError:
            pass
        print("front exit", self.child.wait(timeout=20), flush=True)


if __name__ == "__main__":
    h = Harness(sys.argv[1], sys.argv[2])
    try:
        h.run()
    finally:
        h.stop()

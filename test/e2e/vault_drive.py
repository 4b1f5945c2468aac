#!/usr/bin/env python3
"""Runs the real `vault` and `keys` with this script in the places of the supervisor and the office.

usage: vault_drive.py BUILD_FOLDER WORK_FOLDER    prints "ok NAME" per check
"""
import array
import base64
import fcntl
import glob
import hashlib
import json
import os
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

from front_peer import Reader, pair, recv, s, send

SUP_PEER, SUP_GO, SUP_STOP, SUP_READY, SUP_LOST = 1, 2, 3, 50, 52
APPEND, ACK, REFUSE, PROVE, PROOF, STATUS, STATE, SOURCE, LAST = range(300, 309)
LOG_APPEND, LOG_ACK, LOG_FEED = 340, 341, 342
ZERO = bytes(32)


class Child:
    """One program, started as the supervisor starts it."""

    pairs = 0

    def __init__(self, build, program, data, peers, env=None):
        self.sup, theirs = pair()
        self.log = open(os.path.join(data, program + ".log"), "ab")
        argv = [f"{build}/libexec/sekisho/{program}", "--fd", "3", program, data, f"{build}/share/sekisho"]

        def put():
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)
        self.p = subprocess.Popen(argv, pass_fds=(3,), preexec_fn=put, stderr=self.log, env={**os.environ, **(env or {})})
        theirs.close()
        for name, fd in peers.items():
            self.peer(name, fd)
        send(self.sup, SUP_GO)

    def peer(self, name, sock):
        Child.pairs += 1
        send(self.sup, SUP_PEER, s(name) + struct.pack(">I", Child.pairs), [sock.fileno()])
        sock.close()

    def ready(self):
        kind, r = recv(self.sup)
        assert kind == SUP_READY, kind
        return r.s().decode()

    def stop(self):
        send(self.sup, SUP_STOP)
        code = self.p.wait(timeout=20)
        self.sup.close()
        self.log.close()
        return code

    def kill(self):
        self.p.kill()
        self.p.wait()
        self.sup.close()
        self.log.close()


class System:
    def __init__(self, build, data, env=None, keys=True):
        self.build, self.data = build, data
        vk, kv = pair()
        self.office, o = pair()
        self.reader, r = pair()
        self.collect, c = pair()
        self.detect, d = pair()
        self.keys = Child(build, "keys", data, {"vault": kv}) if keys else None
        self.vault = Child(build, "vault", data, {"keys": vk, "office.writer": o, "office.reader.0": r, "collect": c,
                                           "detect": d}, env)
        if keys:
            self.keys.ready()
        self.posture = self.vault.ready()

    def append(self, seq, prev, raw, source="office", sock=None):
        send(sock or self.office, APPEND, s(source) + struct.pack(">q", seq) + s(prev) + s(raw))

    def answer(self, sock=None, timeout=20):
        sock = sock or self.office
        if not select.select([sock], [], [], timeout)[0]:
            return None
        try:
            kind, r = recv(sock)
        except ConnectionResetError:
            return None
        if kind is None:
            return None
        if kind == ACK:
            out = ("ack", r.i64(), r.i64())
        elif kind == REFUSE:
            out = ("refuse", r.i64(), r.u32(), r.s().decode())
        elif kind == PROOF:
            out = ("proof", r.u32(), r.s(), r.s())
        elif kind == STATE:
            out = ("state", json.loads(r.s()))
        elif kind == LAST:
            out = ("last", r.i64(), r.s(), r.i64())
        else:
            raise AssertionError(kind)
        r.end()
        return out

    def ask(self, kind, payload=b"", sock=None):
        send(sock or self.reader, kind, payload)
        return self.answer(sock or self.reader)

    def stop(self):
        code = self.vault.stop()
        if self.keys:
            code = code or self.keys.stop()
        self.close()
        return code

    def kill(self):
        self.vault.kill()
        if self.keys:
            self.keys.kill()
        self.close()

    def close(self):
        for sock in (self.office, self.reader, self.collect, self.detect):
            sock.close()

    def batch(self, number, entries, log="standard"):
        run = b"".join(struct.pack(">H", len(e)) + e for e in entries)
        send(self.collect, LOG_APPEND, struct.pack(">q", number) + s(log) + struct.pack(">I", len(entries)) + s(run))

    def acked(self, timeout=20):
        """The next LOG_ACK: batch, code, index of the first entry."""
        if not select.select([self.collect], [], [], timeout)[0]:
            raise AssertionError("no answer to a batch")
        try:
            kind, r = recv(self.collect)
        except ConnectionResetError:
            return None
        if kind is None:
            return None
        assert kind == LOG_ACK, kind
        out = (r.i64(), r.u32(), r.i64())
        r.end()
        return out

    def fed(self, timeout=20):
        """The next LOG_FEED: log, index of the first entry, number of entries, their bytes."""
        if not select.select([self.detect], [], [], timeout)[0]:
            return None
        kind, r = recv(self.detect)
        assert kind == LOG_FEED, kind
        first, kind, by_fd = r.i64(), r.u32(), r.u8()
        assert kind == LOG_APPEND, kind
        if by_fd:
            with os.fdopen(r.fds.pop(0), "rb") as f:
                batch = os.pread(f.fileno(), 1 << 25, 0)         # its place is the sender's
        else:
            batch = r.s()
        r.end()
        r = Reader(batch, [])
        r.i64()
        name, n = r.s().decode(), r.u32()
        out = (name, first, n, r.s())
        r.end()
        return out


def raw(seq):
    return json.dumps({"seq": seq, "action": "record.update", "salted": hashlib.sha256(b"%d" % seq).hexdigest()}).encode()


def hash_of(seq):
    return hashlib.sha256(raw(seq)).digest() if seq else ZERO


def line(i, transport=3, flags=0, source=b"gw1", text=None):
    """One encoded entry as collect makes it (docs/formats/vault.md)."""
    text = text or b"<38>Nov 20 12:00:%02d gw1 sshd[%d]: Accepted password for u%d" % (i % 60, 1000 + i, i)
    peer = b"192.0.2.7"
    return (struct.pack(">BBHqQ", 1, transport, flags, 1790000000000000000 + i, 0) + bytes([len(source)]) + source +
            bytes([len(peer)]) + peer + struct.pack(">I", len(text)) + text)


def tool(build, *args):
    p = subprocess.run([f"{build}/libexec/sekisho/vault", "--tool", *args], capture_output=True, env={**os.environ, "LANG": "C"})
    return p.returncode, p.stdout, p.stderr


def good(build, data, keys=True):
    code, out, err = tool(build, "verify", data, "--json")
    report = json.loads(out)
    assert code == 0 and report["ok"] and report["keys_asked"] == keys, report
    return report


def ok(name):
    print("ok vault:", name, flush=True)


def make(build, data):
    os.makedirs(data)
    for program in ("keys", "vault"):
        subprocess.run([f"{build}/libexec/sekisho/{program}", "--init", data], check=True)


def acknowledges_in_order(build, data):
    sy = System(build, data)
    for i in range(1, 301):
        sy.append(i, hash_of(i - 1), raw(i))
    got = [sy.answer() for _ in range(300)]
    assert [g[:2] for g in got] == [("ack", i) for i in range(1, 301)], got[:3]
    places = [g[2] for g in got]
    assert places == sorted(set(places))
    report = good(build, data)
    assert report["size"] >= places[-1] + 1 and report["unsigned"] == 0
    ok("300 entries acknowledged in order, audited while it runs")
    for i in (1, 150, 300):
        sy.append(i, hash_of(i - 1), raw(i))
        assert sy.answer() == ("ack", i, places[i - 1])
    ok("the same entry again gets the same answer")
    sy.append(305, hash_of(304), raw(305))
    assert sy.answer()[:3] == ("refuse", 305, 6)
    sy.append(301, hash_of(7), raw(301))
    assert sy.answer()[:3] == ("refuse", 301, 10)
    sy.append(200, hash_of(199), b"another")
    assert sy.answer()[:3] == ("refuse", 200, 10)
    kinds = {(a["kind"], a["source"]) for a in sy.ask(STATUS)[1]["alarms"]}
    assert kinds == {("gap", "office"), ("fork", "office")}, kinds
    code, out, _ = tool(build, "show", data, "--from", str(places[-1] + 1), "--to", str(places[-1] + 2))
    assert code == 0 and b'"type":"alarm","kind":"gap"' in out and b'"kind":"fork"' in out, out
    ok("a gap and a fork are refused and stand in the log")
    return sy, places


def asks(build, data, sy, places):
    kind, code, entry, proof = sy.ask(PROVE, struct.pack(">q", places[41]))
    assert kind == "proof" and code == 0 and raw(42) in entry
    path = os.path.join(data, "p.tlog-proof")
    with open(path, "wb") as f:
        f.write(proof)
    key = os.path.join(data, "vault", "vkey")
    code, out, err = tool(build, "check-proof", path, "--vkey", key, "--json")
    assert code == 0 and json.loads(out)["sequence"] == 42, err
    with open(path, "wb") as f:
        f.write(proof.replace(b"index %d" % places[41], b"index %d" % places[40]))
    assert tool(build, "check-proof", path, "--vkey", key)[0] == 1
    assert sy.ask(PROVE, struct.pack(">q", 10**9))[1] == 6
    ok("a proof for an outsider holds, for another index it does not")
    state = sy.ask(STATUS)[1]
    assert state["state"] == "open" and state["signed_size"] == state["size"]
    assert {"source": "office", "sequence": 300, "index": places[-1]} in state["sources"]
    assert sy.ask(SOURCE, s("office")) == ("last", 300, hash_of(300), places[-1])
    assert sy.ask(SOURCE, s("nobody"))[1] == 0
    ok("state and last number")
    sy.append(301, hash_of(300), raw(301), sock=sy.reader)
    kind, r = recv(sy.vault.sup)
    assert kind == SUP_LOST and r.s() == b"office.reader.0" and r.u32() and r.u8() == 1
    ok("a reader may not write")


def keys_away(build, data):
    sy = System(build, data, env={"SEKISHO_VAULT_HEARTBEAT": "1"})
    kinds = {(a["kind"], a["source"]) for a in sy.ask(STATUS)[1]["alarms"]}
    assert kinds == {("gap", "office"), ("fork", "office")}, kinds
    ok("alarms are remembered over a restart")
    sy.append(301, hash_of(300), raw(301))
    assert sy.answer()[0] == "ack"
    before = sy.ask(STATUS)[1]
    time.sleep(3.2)
    after = sy.ask(STATUS)[1]
    assert after["size"] > before["size"] and after["logs"][0]["signed_size"] > before["logs"][0]["signed_size"]
    ok("idle logs beat")
    sy.keys.kill()
    sy.append(302, hash_of(301), raw(302))
    assert sy.answer(timeout=1) is None
    vk, kv = pair()
    sy.keys = Child(build, "keys", data, {"vault": kv})
    sy.keys.ready()
    sy.vault.peer("keys", vk)
    assert sy.answer()[:2] == ("ack", 302)
    ok("without keys nothing is acknowledged; when it is back, all is")
    assert sy.stop() == 0
    good(build, data)


def killed(build, data, rounds):
    """kill -9 at any moment: what was acknowledged is there, at its place."""
    rnd = random.Random(int(os.environ.get("SEED", "1")))
    last, acked, most = 302, {}, 0
    for n in range(rounds):
        sy = System(build, data)
        assert sy.ask(STATUS)[1]["state"] == "open"
        # The office goes on after what the vault has.
        last = sy.ask(SOURCE, s("office"))[1]
        assert last >= max(acked, default=0), "an acknowledged entry is gone"
        end = time.monotonic() + rnd.uniform(0.02, 0.4)
        seq = last
        try:
            while time.monotonic() < end:
                for _ in range(rnd.choice((1, 3, 40))):
                    seq += 1
                    sy.append(seq, hash_of(seq - 1), raw(seq))
                while select.select([sy.office], [], [], 0 if rnd.random() < 0.5 else 0.002)[0]:
                    a = sy.answer()
                    assert a and a[0] == "ack", a
                    acked[a[1]] = a[2]
        finally:
            sy.kill()
        most = max(most, len(acked))
        good(build, data)
    sy = System(build, data)
    for i in rnd.sample(sorted(acked), min(50, len(acked))) + [max(acked)]:
        sy.append(i, hash_of(i - 1), raw(i))
        assert sy.answer() == ("ack", i, acked[i])
    assert sy.stop() == 0
    good(build, data)
    ok(f"{rounds} kills under load, {len(acked)} acknowledged entries all there")
    return max(acked)


def node(a, b):
    return hashlib.sha256(b"\1" + a + b).digest()


def consistent(old, new, old_root, new_root, proof):
    """RFC 9162 section 2.1.4.2."""
    if old == new:
        return not proof and old_root == new_root
    if old & (old - 1) == 0:
        proof = [old_root] + proof
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        assert sn
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == new_root and sn == 0


def commands(build, data):
    size = good(build, data)["size"]
    for old, new in ((1, size), (256, size), (300, size // 2), (size // 2, size), (size, size)):
        code, out, _ = tool(build, "prove-consistency", data, str(old), str(new), "--json")
        c = json.loads(out)
        assert code == 0 and consistent(old, new, *[base64.b64decode(c[k]) for k in ("old_root", "new_root")],
                                        [base64.b64decode(h) for h in c["proof"]])
    code, out, _ = tool(build, "prove-consistency", data, "5", str(size))
    checkpoint = open(os.path.join(data, "vault", "checkpoint"), "rb").read()
    assert code == 0 and out.startswith(b"old 5\n") and out.endswith(b"\n\n" + checkpoint)
    assert tool(build, "prove-consistency", data, "0", str(size))[0] == 1
    assert tool(build, "prove-consistency", data, "5", str(size + 1))[0] == 1
    ok("consistency proofs, also as a witness is asked")
    key = open(os.path.join(data, "vault", "vkey")).read().strip()
    path = os.path.join(data, "p.tlog-proof")
    for at in (0, 255, 256, size // 2, size - 1):
        code, out, _ = tool(build, "prove", data, str(at))
        assert code == 0 and out.startswith(b"c2sp.org/tlog-proof@v1\nextra ")
        with open(path, "wb") as f:
            f.write(out)
        assert tool(build, "check-proof", path, "--vkey", key)[0] == 0
        entry = base64.b64decode(out.split(b"\n")[1].split()[1])
        with open(path, "wb") as f:
            f.write(out.replace(out.split(b"\n")[1] + b"\n", b""))
        assert tool(build, "check-proof", path, "--vkey", key)[0] == 1
        with open(path + ".entry", "wb") as f:
            f.write(entry)
        assert tool(build, "check-proof", path, "--vkey", key, "--entry", path + ".entry")[0] == 0
        with open(path + ".entry", "wb") as f:
            f.write(entry[:-1] + b"!")
        assert tool(build, "check-proof", path, "--vkey", key, "--entry", path + ".entry")[0] == 1
    ok("proofs made and checked offline, with and without the entry inside")
    assert tool(build, "prove", data, str(size))[0] == 1
    assert tool(build, "show", data, str(10**9))[0] == 1
    code, out, _ = tool(build, "show", data, "--from", "0", "--to", "9", "--json")
    assert code == 0 and [e["index"] for e in json.loads(out)] == list(range(10))
    for bad in ([], ["verify"], ["nonsense", data], ["prove", data, "x"], ["show", data, "--from", "3"], ["verify", data, "--what"],
                ["show", data, "--from", "9", "--to", "3"], ["check-proof", path]):
        assert tool(build, *bad)[0] == 2, bad
    assert tool(build, "verify", os.path.join(data, "nowhere"))[0] == 1
    ok("answers and exit codes")


def read_by_others(build, data):
    report = good(build, data)
    p = subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "vault_read.py"), os.path.join(data, "vault")],
                       capture_output=True, text=True, check=False)
    assert p.returncode == 0 and int(p.stdout) == report["size"], p.stderr
    ok(f"{report['size']} entries proven by an independent reader, zstd and openssl")


def log_dir(data, log="standard"):
    return os.path.join(data, "vault", "logs", log)


def batches(build, work):
    """Entries of others: batches of collect into logs of their own, each signed, proven by the audit, handed to detect."""
    data = os.path.join(work, "batches")
    make(build, data)
    sy = System(build, data)
    assert [x["name"] for x in sy.ask(STATUS)[1]["logs"]] == ["standard"]
    first = None
    for n in range(20):
        sy.batch(n, [line(100 * n + i) for i in range(100)])
    for n in range(20):
        number, code, index = sy.acked()
        first = index if first is None else first
        assert (number, code, index) == (n, 0, first + 100 * n), (number, code, index)
        assert sy.fed() == ("standard", index, 100, b"".join(struct.pack(">H", len(e)) + e for e in
                                                              [line(100 * n + i) for i in range(100)]))
    ok("20 batches acknowledged in order and handed on")
    sy.batch(20, [line(i) for i in range(5000)], log="firewall")     # more than fits a socket: a memfd
    assert sy.acked()[:2] == (20, 0)
    assert sy.fed()[0] == "firewall"
    origins = {x["name"]: x["origin"] for x in sy.ask(STATUS)[1]["logs"]}
    own = sy.ask(STATUS)[1]["origin"]
    assert origins == {"standard": own + "/standard", "firewall": own + "/firewall"}, origins
    for log in ("standard", "firewall"):
        good(build, log_dir(data, log), keys=False)
    ok("a log of another name is made when something comes for it; both audited while they grow")
    sy.append(1, hash_of(0), raw(1))
    assert sy.answer(timeout=5)[:2] == ("ack", 1)
    for name in ("", "Standard", "a/b", "..", "x" * 33):
        sy.batch(30, [line(1)], log=name)
        a = sy.acked()
        if len(name) > 32:
            assert a is None
            sy.collect.close()
            sy.collect, c = pair()
            sy.vault.peer("collect", c)
        else:
            assert a[1] != 0, (name, a)
    ok("names that are none make no folder")
    for bad in ([line(1, transport=0)], [line(1, transport=1)], [line(1, source=b"vault")], [line(1, flags=0x4000)], [b"no entry"],
                [line(1), line(2)[:-1]]):
        sy.batch(31, bad)
        assert sy.acked() is None, bad
        sy.collect.close()
        sy.collect, c = pair()
        sy.vault.peer("collect", c)
    sy.batch(32, [line(7)])
    assert sy.acked()[:2] == (32, 0)
    assert sy.stop() == 0
    for log in ("standard", "firewall"):
        report = good(build, log_dir(data, log), keys=False)
    assert report["entries"] == 5002, report                         # start, 5,000, stop
    ok("what collect may not say ends it, and nothing of the batch is taken")


def ingest(build, folder, lines, *more):
    p = subprocess.run([f"{build}/libexec/sekisho/vault", "--tool", "ingest", folder, *more], input=lines, capture_output=True,
                       env={**os.environ, "LANG": "C"}, check=False)
    return p.returncode, p.stdout, p.stderr


def shown(build, folder, first, last):
    code, out, _ = tool(build, "show", folder, "--from", str(first), "--to", str(last), "--json")
    assert code == 0
    return json.loads(out)


def lines_in(build, work):
    """Lines of standard input, into a folder of its own and into a data folder at rest."""
    alone = os.path.join(work, "alone")
    texts = [b"line %d of many, from 192.0.2.%d" % (i, i % 256) for i in range(70000)]
    code, out, err = ingest(build, alone, b"\n".join(texts[:3000]) + b"\n", "--json")
    r = json.loads(out)
    assert code == 0 and r["entries"] == r["signed_size"] == 3000 and r["first"] == 0 and b"key of its own" in err, (out, err)
    assert good(build, alone)["size"] == 3000
    code, out, err = ingest(build, alone, b"\n".join(texts[3000:]), "--json")      # the last one without an end
    assert code == 0 and json.loads(out)["first"] == 3000 and not err, err
    assert good(build, alone)["size"] == 70000
    assert [e["raw"] for e in shown(build, alone, 65530, 65540)] == [t.decode() for t in texts[65530:65541]]
    ok("70,000 lines in a new folder with a key of its own, over a segment's end")
    long = b"x" * 64512 + b"y" * 64512 + b"z"
    code, _, _ = ingest(build, alone, b"a\r\n\n" + long + b"\nend", "--source", "console")
    got = shown(build, alone, 70000, 70005)
    assert code == 0 and [len(e["raw"]) for e in got] == [1, 0, 64512, 64512, 1, 3], [len(e["raw"]) for e in got]
    assert {e["source"] for e in got} == {"console"} and good(build, alone)["size"] == 70006
    ok("line ends, empty lines, and one longer than an entry")
    os.rename(os.path.join(alone, "key"), os.path.join(work, "key.away"))
    assert ingest(build, alone, b"more\n")[0] == 3
    shutil.copytree(os.path.join(work, "again", "keys"), os.path.join(alone, "key"))
    assert ingest(build, alone, b"more\n")[0] == 3 and good(build, alone, keys=False)["size"] == 70006
    ok("without its key, or with another, nothing is signed")
    data = os.path.join(work, "rest")
    make(build, data)
    assert ingest(build, data, b"one\ntwo\n")[0] == 0 and ingest(build, data, b"three\n", "--log", "web")[0] == 0
    assert ingest(build, data, b"x\n", "--log", "../web")[0] == 2
    code, out, _ = tool(build, "verify", data, "--json")
    assert code == 1 and [(x["name"], x["ok"], x["size"]) for x in json.loads(out)["logs"]] == [("standard", True, 2), ("web", True, 1)]
    sy = System(build, data)
    assert [(x["name"], x["state"]) for x in sy.ask(STATUS)[1]["logs"]] == [("standard", "open"), ("web", "open")]
    assert b"in use" in ingest(build, data, b"x\n")[2]
    assert sy.stop() == 0
    report = good(build, data)
    assert [(x["name"], x["ok"], x["size"], x["keys_asked"]) for x in report["logs"]] == [("standard", True, 4, True), ("web", True, 3, True)]
    ok("lines in the logs of a data folder that does not run; it goes on with them, and verify looks at all logs")


def keys_change(build, work):
    """A new key: both sign, then the new one; whoever trusts either proves all of it."""
    data = os.path.join(work, "change")
    make(build, data)

    def live(n):
        sy = System(build, data)
        sy.batch(n, [line(100 * n + i) for i in range(50)])
        assert sy.acked()[:2] == (n, 0)
        state = sy.ask(STATUS)[1]
        assert sy.stop() == 0
        return state

    old = live(1)["vkey"].strip()
    assert tool(build, "rotate-key", data, "--finish")[0] == 3       # nothing to finish
    shutil.copytree(os.path.join(data, "vault"), data + ".before")
    assert tool(build, "rotate-key", data)[0] == 0
    code, _, err = tool(build, "rotate-key", data)
    assert code == 3 and b"not finished" in err, err
    code, _, err = tool(build, "rotate-key", data, "--finish")
    assert code == 3 and b"does not know the new key" in err, err
    new = live(2)["vkey"].strip()
    assert new != old and "+" in new
    checkpoint = open(os.path.join(data, "vault", "checkpoint")).read()
    assert checkpoint.count("\n\u2014 ") == 2, checkpoint

    def proven(key):
        code, out, _ = tool(build, "verify", data, "--vkey", key, "--json")
        report = json.loads(out)
        return code == 0 and report["ok"] and all(x["ok"] for x in report["logs"]) and len(report["logs"]) == 1

    assert proven(old) and proven(new)
    ok("during a change of keys both sign, and each proves all logs")
    assert tool(build, "rotate-key", data, "--finish")[0] == 0
    live(3)
    assert open(os.path.join(data, "vault", "checkpoint")).read().count("\n\u2014 ") == 1
    assert proven(old) and proven(new)
    good(build, data)
    ok("afterwards the new one signs, and whoever trusts the older one finds it in what that signed")
    for name in os.listdir(os.path.join(data, "vault", "kept")):
        os.rename(os.path.join(data, "vault", "kept", name), os.path.join(data, name))
    assert not proven(old) and tool(build, "verify", data, "--vkey", new)[0] == 0
    other = os.path.join(work, "again")
    System(build, other).stop()
    for name in ("vkey", "older-keys"):
        path = os.path.join(data, "vault", name)
        had = open(path).read()
        with open(path, "a") as f:
            f.write(open(os.path.join(other, "vault", "vkey")).read())
        assert tool(build, "verify", data)[0] == 1, name
        with open(path, "w") as f:
            f.write(had)
    assert tool(build, "verify", data)[0] == 0
    ok("a key that the log does not name proves nothing")
    shutil.rmtree(os.path.join(data, "vault"))
    shutil.copytree(data + ".before", os.path.join(data, "vault"))
    sy = System(build, data)
    assert sy.ask(STATUS)[1]["state"] == "refused"
    assert sy.stop() == 0
    ok("a log from before the change, under a key that signs no more, is refused")


def state_of(sy, log):
    return next(x for x in sy.ask(STATUS)[1]["logs"] if x["name"] == log)


def one_log_ill(build, work):
    """What befalls one log is told, answered and survived; the own log and the others go on."""
    data = os.path.join(work, "ill")
    make(build, data)
    run = b"".join(b"entry %d\n" % i for i in range(70000))             # a full segment and a second one
    sy = System(build, data)
    for n in range(2):
        sy.batch(n, [line(i, text=b"") for i in range(10)], log="web")
        assert sy.acked()[:2] == (n, 0)
    assert sy.stop() == 0
    shutil.copytree(log_dir(data), data + ".first")
    assert ingest(build, data, run)[0] == 0
    base = data + ".base"
    shutil.copytree(data, base)

    def ill(name, hurt, state, code, why):
        shutil.rmtree(data)
        shutil.copytree(base, data)
        undo = hurt(log_dir(data))
        sy = System(build, data)
        got = state_of(sy, "standard")
        assert got["state"] == state and why in got.get("why", ""), (name, got["state"], got.get("why"))
        sy.batch(5, [line(1)])
        assert sy.acked()[:2] == (5, code), name
        sy.batch(6, [line(1)], log="web")
        assert sy.acked()[:2] == (6, 0), name
        sy.append(1, hash_of(0), raw(1))
        assert sy.answer(timeout=5)[:2] == ("ack", 1), name
        if undo:
            undo()
            end = time.monotonic() + 10
            while state_of(sy, "standard")["state"] != "open":
                assert time.monotonic() < end, name
                time.sleep(0.1)
            sy.batch(7, [line(1)])
            assert sy.acked()[:2] == (7, 0), name
        assert sy.stop() == 0
        code, out, _ = tool(build, "verify", data, "--json")
        report = json.loads(out)
        whole = state == "open" or undo is not None
        assert report["ok"] and (code == 0) == whole, (name, report)
        assert [x["ok"] for x in report["logs"] if x["name"] == "standard"] == [whole], (name, report)
        assert [x["ok"] for x in report["logs"] if x["name"] == "web"] == [True]
        ok(f"one log ill: {name}")

    def cut(name, at):
        def hurt(log):
            path = os.path.join(log, name)
            os.truncate(path, os.path.getsize(path) + at)
        return hurt

    def torn(log):
        with open(os.path.join(log, "tail"), "ab") as f:
            f.write(b"\0\0\0\x30half a record")

    def gone(name):
        return lambda log: os.unlink(os.path.join(log, name))

    def newer(log):
        path = os.path.join(log, "log")
        text = open(path).read()
        with open(path, "w") as f:
            f.write(text.replace("vault 1", "vault 2"))

    def taken(log):
        f = open(os.path.join(log, "lock"), "ab")
        fcntl.flock(f, fcntl.LOCK_EX)
        return f.close

    def no_folder(log):
        os.rename(os.path.join(log, "seg"), os.path.join(log, "seg.away"))
        open(os.path.join(log, "seg"), "w").close()

        def undo():
            os.unlink(os.path.join(log, "seg"))
            os.rename(os.path.join(log, "seg.away"), os.path.join(log, "seg"))
        return undo

    def older(log):
        shutil.rmtree(log)
        code, _, _ = ingest(build, data + ".other", b"another log\n")
        assert code == 0
        shutil.copytree(data + ".other", log, ignore=shutil.ignore_patterns("key"))

    def put_back(log):
        shutil.rmtree(log)
        shutil.copytree(data + ".first", log)

    BUSY, CORRUPT = 15, 16
    ill("it is put back to an older state as a whole", put_back, "refused", CORRUPT, "do not continue")
    ill("a torn record at its end is cut and told", torn, "open", 0, "")
    ill("its tail lost signed entries", cut("tail", -1), "refused", CORRUPT, "were signed")
    ill("a segment is missing", gone("seg/00000000000000000000"), "refused", CORRUPT, "missing")
    ill("its newest checkpoint is missing", gone("last-signed"), "refused", CORRUPT, "last-signed")
    ill("a newer format", newer, "refused", CORRUPT, "version")
    ill("another process writes to it", taken, "closed", BUSY, "another process")
    ill("its folder cannot be read", no_folder, "closed", BUSY, "seg")
    ill("another log in its place", older, "refused", CORRUPT, "another")
    shutil.rmtree(data)
    shutil.copytree(base, data)
    shutil.rmtree(log_dir(data, "web"))
    code, out, _ = tool(build, "verify", data, "--json")
    assert code == 1 and [(x["name"], x["ok"]) for x in json.loads(out)["logs"]] == [("standard", True), ("web", False)], out
    ok("a log that is gone as a whole is missed")
    shutil.rmtree(data)
    shutil.copytree(base, data)
    sy = System(build, data)
    for n, when in enumerate((1790000000, 1690000000, -5, 1790000001)):
        sy.batch(n, [line(when * 1000000000 - 1790000000000000000)])
        assert sy.acked()[:2] == (n, 0)
    assert sy.stop() == 0
    assert all(x["ok"] for x in good(build, data)["logs"])
    ok("a clock that jumps: order is that of arrival, time is only told")


def full_disk(build, work):
    """A small file system fills up and gets room again: the office sends again what was not acknowledged, nothing is lost."""
    data = os.path.join(work, "full")
    folder = os.path.join(data, "vault")
    os.makedirs(folder)
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, check=False).returncode:
        print("skip vault: a full disk (needs root and mount)", flush=True)
        return
    try:
        fill_up(build, data, folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill_up(build, data, folder):
    for program in ("keys", "vault"):
        subprocess.run([f"{build}/libexec/sekisho/{program}", "--init", data], check=True)
    big = [b""] + [hashlib.shake_128(b"%d" % i).digest(60000) for i in range(1, 41)]
    hashes = [ZERO] + [hashlib.sha256(b).digest() for b in big[1:]]
    sy = System(build, data)
    filler = os.path.join(folder, "filler")
    with open(filler, "wb") as f:
        try:
            while True:
                f.write(bytes(65536))
                f.flush()
        except OSError:
            pass
    os.truncate(filler, os.path.getsize(filler) // 65536 * 65536 - 400 * 1024)
    acked = 0
    for i in range(1, 41):
        sy.append(i, hashes[i - 1], big[i])
        a = sy.answer(timeout=0.5)
        if a is None:
            break
        assert a[:2] == ("ack", i)
        acked = i
    assert 0 < acked < 40, acked
    sy.batch(1, [line(i, text=big[40]) for i in range(40)])
    assert sy.acked()[1] == 15                                       # no room either: send again later
    assert state_of(sy, "standard")["state"] == "closed"
    state = sy.ask(STATUS)[1]
    assert state["state"] == "closed" and "No space" in state["why"], state
    good(build, data)
    os.unlink(filler)
    kind, r = recv(sy.vault.sup)
    assert kind == SUP_LOST and r.s() == b"office.writer"
    sy.office.close()
    sy.office, o = pair()
    sy.vault.peer("office.writer", o)
    assert sy.ask(SOURCE, s("office"))[1] >= acked
    for i in range(acked + 1, 41):
        sy.append(i, hashes[i - 1], big[i])
        assert sy.answer()[:2] == ("ack", i)
    for n in range(2, 200):
        sy.batch(n, [line(i) for i in range(20)])
        if sy.acked()[1] == 0:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("a log of others does not open again")
    assert sy.stop() == 0
    assert all(x["ok"] for x in good(build, data)["logs"])
    ok(f"a full disk: {acked} acknowledged before, the rest after there was room")


def rolled_back(build, data, last):
    old = data + ".old"
    shutil.copytree(os.path.join(data, "vault"), old)
    sy = System(build, data)
    for i in range(last + 1, last + 4):
        sy.append(i, hash_of(i - 1), raw(i))
        assert sy.answer()[0] == "ack"
    assert sy.stop() == 0
    new = data + ".new"
    os.rename(os.path.join(data, "vault"), new)
    shutil.copytree(old, os.path.join(data, "vault"))
    assert tool(build, "verify", old)[0] == 0, "in itself the old state is whole"
    assert tool(build, "verify", data)[0] == 1
    assert tool(build, "verify", old, "--known", os.path.join(new, "checkpoint"))[0] == 1
    sy = System(build, data)
    state = sy.ask(STATUS)[1]
    assert state["state"] == "refused" and "do not continue" in state["why"], state
    sy.append(last + 1, hash_of(last), raw(last + 1))
    assert sy.answer()[:3] == ("refuse", last + 1, 16)
    assert sy.stop() == 0
    ok("a vault put back to an older state signs nothing, and the audit says why")
    shutil.rmtree(os.path.join(data, "vault"))
    shutil.copytree(new, os.path.join(data, "vault"))
    tail = os.path.join(data, "vault", "tail")
    os.truncate(tail, os.path.getsize(tail) - 1)
    assert tool(build, "verify", data)[0] == 1
    sy = System(build, data)
    assert sy.ask(STATUS)[1]["state"] == "refused"
    assert sy.stop() == 0
    assert os.path.getsize(tail) == os.path.getsize(os.path.join(new, "tail")) - 1, "evidence was touched"
    ok("a log shorter than what was signed is not opened and not touched")


def main():
    build, work = sys.argv[1:3]
    data = os.path.join(work, "data")
    make(build, data)
    make(build, os.path.join(work, "again"))
    subprocess.run([f"{build}/libexec/sekisho/vault", "--init", data], check=True)
    sy, places = acknowledges_in_order(build, data)
    asks(build, data, sy, places)
    assert sy.stop() == 0
    good(build, data)
    ok("stops cleanly")
    keys_away(build, data)
    last = killed(build, data, int(os.environ.get("KILLS", "20")))
    batches(build, work)
    lines_in(build, work)
    keys_change(build, work)
    one_log_ill(build, work)
    full_disk(build, work)
    commands(build, data)
    read_by_others(build, data)
    rolled_back(build, data, last)


if __name__ == "__main__":
    main()

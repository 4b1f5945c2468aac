#!/usr/bin/env python3
"""Runs the real `detect`, `vault` and `keys` with this script in the places of the supervisor, of collect and of the office.

usage: detect_drive.py BUILD_FOLDER WORK_FOLDER    prints "ok NAME" per check
"""
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

from front_peer import pair, recv, s, send
from vault_drive import LOG_ACK, LOG_APPEND, Child, good, make

ALERT, TAKEN, SUPPRESS, RULES, STATUS, STATE = range(380, 386)
RULES_TEXT = """title: Needle
id: needle
level: high
logsource: {product: linux}
detection:
  s: [needle]
  condition: s
sekisho: {per-hour: 100000}
---
title: Failure
id: failure
logsource: {product: linux, service: sshd}
detection:
  s:
    message|startswith: 'Failed '
  condition: s
---
title: Five failures
id: five
level: high
correlation:
  type: event_count
  rules: [failure]
  group-by: [src_ip]
  timespan: 10m
  condition: {gte: 5}
---
title: Often
id: often
logsource: {product: linux}
detection:
  s: [oftener]
  condition: s
sekisho: {per-hour: 3}
"""
OWN = {"needle", "five", "often"}
START = 1790000000000000000                                          # another day than the messages say


def ok(name):
    print("ok detect:", name, flush=True)


def entry(second, text, source=b"gw1"):
    return (struct.pack(">BBHqQ", 1, 3, 0, START + second * 10**9, 0) + bytes([len(source)]) + source + b"\x09192.0.2.7" +
            struct.pack(">I", len(text)) + text)


def failure(user, ip):
    return b"<38>Nov 20 12:00:00 gw1 sshd[7]: Failed password for %s from %s port 22 ssh2" % (user, ip)


class House:
    """keys, vault and detect; detect may be killed and started alone."""

    def __init__(self, build, data, office=True):
        self.build, self.data, self.office_on = build, data, office
        os.makedirs(os.path.join(data, "rules"), exist_ok=True)
        with open(os.path.join(data, "rules", "r.yml"), "w") as f:
            f.write(RULES_TEXT)
        vk, kv = pair()
        self.writer, o = pair()
        self.collect, c = pair()
        self.keys = Child(build, "keys", data, {"vault": kv})
        self.vault = Child(build, "vault", data, {"keys": vk, "office.writer": o, "collect": c})
        self.keys.ready()
        self.vault.ready()
        self.detect = None
        self.number = 0
        self.got = {}
        self.repeats = 0
        self.others = []
        self.start_detect()

    def start_detect(self):
        dv, vd = pair()
        peers = {"vault": dv}
        if self.office_on:
            self.office, o = pair()
            peers["office.writer"] = o
        self.vault.peer("detect", vd)
        self.detect = Child(self.build, "detect", self.data, peers)
        return self.detect.ready()

    def kill_detect(self):
        self.detect.kill()
        if self.office_on:
            self.office.close()

    def batch(self, entries, log="standard"):
        self.number += 1
        run = b"".join(struct.pack(">H", len(e)) + e for e in entries)
        send(self.collect, LOG_APPEND, struct.pack(">q", self.number) + s(log) + struct.pack(">I", len(entries)) + s(run))
        assert select.select([self.collect], [], [], 20)[0], "no answer to a batch"
        kind, r = recv(self.collect)
        assert kind == LOG_ACK
        number, code, index = r.i64(), r.u32(), r.i64()
        assert (number, code) == (self.number, 0), (number, code)
        return index

    def told(self, seconds, want=None, take=True):
        """Alerts that reach the office within that time, or until there are so many."""
        until = time.monotonic() + seconds
        new = []
        while time.monotonic() < until and (want is None or len(new) < want):
            if not select.select([self.office], [], [], min(0.2, max(0, until - time.monotonic())))[0]:
                continue
            try:
                kind, r = recv(self.office)
            except ConnectionResetError:
                break
            if kind is None:
                break
            assert kind == ALERT, kind
            ident, index, text = r.s().decode(), r.i64(), json.loads(r.s())
            r.end()
            assert text["id"] == ident
            if ident in self.got:
                self.repeats += 1
                assert self.got[ident] == (index, text), "told twice and not the same"
            elif text["rule"] in OWN:
                new.append(text)
            else:
                self.others.append(text)
            self.got[ident] = (index, text)
            if take:
                send(self.office, TAKEN, s(ident))
        return new

    def state(self):
        send(self.office, STATUS)
        while True:
            kind, r = recv(self.office)
            if kind == STATE:
                return json.loads(r.s())

    def entries(self):
        """The entries of detect in the vault's own log, in order: (index, JSON)."""
        def tool(*args):
            p = subprocess.run([f"{self.build}/libexec/sekisho/vault", "--tool", *args, "--json"], capture_output=True,
                               env={**os.environ, "LANG": "C"})
            return json.loads(p.stdout)
        size = tool("verify", self.data)["size"]
        return [(e["index"], json.loads(e["raw"])) for e in tool("show", self.data, "--from", "0", "--to", str(size - 1))
                if e["source"] == "detect"]

    def stop(self):
        codes = [x.stop() for x in (self.detect, self.vault, self.keys)]
        assert codes == [0, 0, 0], codes


def house(build, work, name, **kw):
    data = os.path.join(work, name)
    make(build, data)
    return House(build, data, **kw)


def first_alerts(build, work):
    h = house(build, work, "first")
    h.batch([entry(0, b"<13>Nov 20 12:00:00 gw1 app: hay"), entry(1, b"<13>Nov 20 12:00:00 gw1 app: a needle")])
    new = h.told(10, 1)
    assert len(new) == 1 and new[0]["rule"] == "needle" and new[0]["level"] == "high", new
    assert new[0]["entries"] == [{"log": "standard", "index": [2]}] or new[0]["entries"][0]["log"] == "standard", new
    assert new[0]["fields"]["host"] == "gw1" and new[0]["fields"]["program"] == "app", new
    ok("a rule of the city's own becomes an alert for the office, with the entry it rests on")
    h.batch([entry(2 + i, failure(b"root", b"192.0.2.9")) for i in range(4)] + [entry(7, failure(b"root", b"192.0.2.8"))])
    assert h.told(1.5) == []
    h.batch([entry(8, failure(b"root", b"192.0.2.9"))])
    new = h.told(10, 1)
    assert [x["rule"] for x in new] == ["five"] and new[0]["group"] == {"src_ip": "192.0.2.9"}, new
    assert len(new[0]["entries"][0]["index"]) == 5, new
    ok("a correlation over batches, with the five entries it rests on")
    h.batch([entry(20 + i, b"<13>Nov 20 12:00:00 gw1 app: oftener") for i in range(10)])
    assert len(h.told(3)) == 3
    state = h.state()
    assert state["folded"] == 7 and state["rules"] >= 4 and state["waiting"] == 0, state
    ok("more than a rule's share of the hour is folded and counted")
    h.batch([entry(3700, b"<13>Nov 20 13:01:40 gw1 app: oftener")])
    new = h.told(10, 1)
    assert new[0]["rule"] == "often" and new[0]["folded"] in (0, 7), new
    assert [x["rule"] for x in h.others] == ["sk-clock-offset"] * len(h.others) and h.others, h.others
    ok("a source whose clock is wrong is told, by a rule we ship")
    h.stop()
    good(build, h.data)
    ok("all programs stop; the audit of the log holds")


def at_least_once(build, work):
    h = house(build, work, "once")
    h.batch([entry(0, b"<13>Nov 20 12:00:00 gw1 app: a needle")])
    assert len(h.told(10, 1, take=False)) == 1
    h.kill_detect()
    h.start_detect()
    until = time.monotonic() + 10
    while not h.repeats and time.monotonic() < until:
        h.told(0.5)
    assert h.repeats >= 1
    h.told(3)                                                        # it is on disk that the office has it
    h.kill_detect()
    h.start_detect()
    seen = h.repeats
    h.told(2)
    state = h.state()
    assert h.repeats == seen and state["waiting"] == 0, (h.repeats, seen, state)
    h.stop()
    ok("an alert is told until the office has taken it, and then no more")


def suppressed(build, work):
    h = house(build, work, "quiet")
    until = int(time.time() * 10**6) + 10**9 * 10**6
    send(h.office, SUPPRESS, struct.pack(">I", 1) + s("needle") + s("host") + s("gw1") + struct.pack(">q", until))
    h.batch([entry(0, b"<13>Nov 20 12:00:00 gw1 app: needle"), entry(1, b"<13>Nov 20 12:00:00 gw2 app: needle")])
    new = h.told(3)
    assert [x["fields"]["host"] for x in new] == ["gw2"], new
    h.kill_detect()
    h.start_detect()
    h.batch([entry(2, b"<13>Nov 20 12:00:00 gw1 app: needle")])
    assert h.told(2) == []
    send(h.office, RULES, struct.pack(">I", 1) + s("needle") + b"\0")
    send(h.office, SUPPRESS, struct.pack(">I", 0))
    h.batch([entry(3, b"<13>Nov 20 12:00:00 gw3 app: needle")])
    assert h.told(2) == []
    send(h.office, RULES, struct.pack(">I", 1) + s("needle") + b"\1")
    h.batch([entry(4, b"<13>Nov 20 12:00:00 gw3 app: needle")])
    assert len(h.told(10, 1)) == 1
    h.stop()
    ok("what the office suppresses or turns off is quiet, also after a kill; then told again")


def kills(build, work, n, seed):
    """Nothing twice, nothing missed: detect is killed while entries come; each needle is one alert in the log."""
    rnd = random.Random(seed)
    h = house(build, work, "kills", office=False)
    needles, second = [], 0
    for _ in range(n):
        for _ in range(rnd.randrange(1, 6)):
            run = []
            for _ in range(rnd.randrange(1, 200)):
                second += 1
                mark = rnd.random() < 0.05
                run.append((mark, entry(second, b"<13>Nov 20 12:00:00 gw1 app: %s" % (b"needle" if mark else b"hay"))))
            first = h.batch([e for _, e in run])
            needles += [first + i for i, (mark, _) in enumerate(run) if mark]
            time.sleep(rnd.random() * 0.05)
        h.kill_detect()
        h.start_detect()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        alerts = [t for _, t in h.entries() if t.get("rule") == "needle"]
        if len(alerts) >= len(needles):
            break
        time.sleep(0.5)
    time.sleep(1)
    alerts = [t for _, t in h.entries() if t.get("rule") == "needle"]
    got = sorted(t["entries"][0]["index"][0] for t in alerts)
    assert got == needles, (len(got), len(needles), sorted(set(needles) - set(got))[:5], seed)
    h.stop()
    good(build, h.data)
    ok(f"{n} kills: each of {len(needles)} findings is one entry, none twice, none missed (seed {seed})")


def lost_state(build, work):
    h = house(build, work, "lost", office=False)
    h.batch([entry(0, b"<13>Nov 20 12:00:00 gw1 app: needle")])
    until = time.monotonic() + 15
    while not [1 for _, t in h.entries() if t.get("rule") == "needle"] and time.monotonic() < until:
        time.sleep(0.3)
    h.kill_detect()
    path = os.path.join(h.data, "detect", "state")
    with open(path, "r+b") as f:
        f.seek(10)
        f.write(b"\xff\xff\xff")
    h.start_detect()
    time.sleep(2)
    h.batch([entry(1, b"<13>Nov 20 12:00:00 gw1 app: needle two")])
    until = time.monotonic() + 15
    while len([1 for _, t in h.entries() if t.get("rule") == "needle"]) < 2 and time.monotonic() < until:
        time.sleep(0.3)
    texts = [t for _, t in h.entries()]
    assert [t["state"] for t in texts if t.get("type") == "start"] == ["new", "lost"], texts
    assert len([t for t in texts if t.get("rule") == "needle"]) == 2, texts
    h.stop()
    good(build, h.data)
    ok("a damaged state is said in the log, and detection goes on")


def main():
    build, work = sys.argv[1:3]
    first_alerts(build, work)
    at_least_once(build, work)
    suppressed(build, work)
    lost_state(build, work)
    kills(build, work, int(os.environ.get("KILLS", "6")), int(os.environ.get("SEED", str(random.randrange(10**6)))))


if __name__ == "__main__":
    main()

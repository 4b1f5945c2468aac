#!/usr/bin/env python3
"""Plays supervisor and office.writer for a real `auth`. Prints "ok NAME" per check; any failure ends with exit 1."""
import json
import os
import random
import struct
import subprocess
import sys
import time

from front_peer import SUP_GO, SUP_LOST, SUP_PEER, SUP_READY, SUP_STOP, pair, recv, s, send

binary, folder = sys.argv[1], sys.argv[2]
VERIFY, SET, STATE, TOTP_BEGIN, TOTP_CONFIRM, SECOND, CODES, FORGET, UNLOCK, RULES, RESULT = *range(200, 210), 250
OK, WRONG, LOCKED, NONE, WEAK, TEMPORARY, REPLAYED, QUEUE_FULL, FAILED = range(9)
GOOD, OTHER = "kurage-no-sanpo-michi", "ame-no-sakamichi-to-kyusu"
failed = []


def check(name, good, detail=""):
    print("ok" if good else "FAIL", name, "" if good else detail, flush=True)
    if not good:
        failed.append(name)


class Auth:
    def __init__(self, data):
        self.sup, child = pair()
        self.office, theirs = pair()
        for x in (self.sup, self.office):
            x.settimeout(20)
        send(self.sup, SUP_PEER, s("office.writer") + struct.pack(">I", 1), [theirs.fileno()])
        send(self.sup, SUP_GO)

        def at_three():
            os.dup2(child.fileno(), 3)
            os.set_inheritable(3, True)
        self.child = subprocess.Popen([binary, "--fd", "3", "auth", data, data], preexec_fn=at_three, close_fds=True,
                                      pass_fds=(3, child.fileno()), stderr=open(folder + "/log", "a"))
        child.close()
        theirs.close()
        kind, r = recv(self.sup)
        self.posture = r.s().decode() if kind == SUP_READY else None
        self.call = 0

    def ask(self, kind, person, *rest):
        self.call += 1
        p = struct.pack(">qq", self.call, person)
        for x in rest:
            p += x if isinstance(x, bytes) else s(x)
        send(self.office, kind, p)
        return self.call

    def answer(self):
        kind, r = recv(self.office)
        if kind is None:
            return None, None, None
        assert kind == RESULT
        call, result, detail = r.i64(), r.u32(), json.loads(r.s())
        r.end()
        return call, result, detail

    def do(self, *a):
        call = self.ask(*a)
        got, result, detail = self.answer()
        assert got == call
        return result, detail

    def set(self, person, password, temporary=0, guesses=()):
        return self.do(SET, person, password, struct.pack(">BI", temporary, len(guesses)) + b"".join(s(g) for g in guesses))

    def verify(self, person, password):
        return self.do(VERIFY, person, password)

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.sup.close()
        self.office.close()

    def stop(self):
        send(self.sup, SUP_STOP)
        return self.child.wait(20)


def rules(a, *values):
    a.call += 1
    send(a.office, RULES, struct.pack(">qqqqq", a.call, *values))
    return a.answer()[1]


data = folder + "/data"
os.mkdir(data)
check("init", subprocess.run([binary, "--init", data]).returncode == 0)
check("init again", subprocess.run([binary, "--init", data]).returncode == 0)
check("folder is private", os.stat(data + "/auth").st_mode & 0o777 == 0o700)
a = Auth(data)
check("ready", a.posture and "seccomp" in a.posture, a.posture)
check("unknown person", a.verify(1, GOOD)[0] == NONE)
check("set and verify", a.set(1, GOOD)[0] == OK and a.verify(1, GOOD)[0] == OK)
check("own data", a.set(1, "lamp-10234-tree", 0, ["10234"]) == (WEAK, {"why": "own-data"}))
check("temporary", a.set(2, GOOD, 1)[0] == OK and a.verify(2, GOOD)[0] == TEMPORARY)


def shortest(tries, n=12):
    """Of each kind of try the shortest, turn by turn: what else the machine does makes none of them shorter."""
    t = [[] for _ in tries]
    for _ in range(n):
        for (person, password), seen in zip(tries, t):
            start = time.perf_counter()
            a.verify(person, password)
            seen.append(time.perf_counter() - start)
    return [min(x) for x in t]


check("rules", rules(a, 12, 1000, 1, 0) == OK)
right, wrong, nobody = shortest([(1, GOOD), (1, OTHER), (999, GOOD)])
check("time tells nothing about who exists", abs(wrong - nobody) < 0.25 * max(wrong, nobody), (right, wrong, nobody))
check("rules again", rules(a, 12, 5, 15, 0) == OK)
codes = a.do(CODES, 1, "recovery")[1]["codes"]
check("recovery code once", a.do(SECOND, 1, codes[0])[0] == OK and a.do(SECOND, 1, codes[0])[0] == REPLAYED)
uri = a.do(TOTP_BEGIN, 1, "10234")[1]
now = subprocess.run(["oathtool", "--totp", "-b", uri["secret"]], capture_output=True, text=True, check=True).stdout.strip()
check("authenticator app", a.do(TOTP_CONFIRM, 1, now)[0] == OK and a.do(STATE, 1)[1]["totp"])
check("confirmed code is spent", a.do(SECOND, 1, now)[0] == REPLAYED)
check("ends cleanly", a.stop() == 0)

# A message that makes no sense ends the pair and is reported.
a = Auth(data)
send(a.office, VERIFY, struct.pack(">qq", 1, 1))
kind, r = recv(a.sup)
check("malformed question reported", kind == SUP_LOST and (r.s(), r.u32(), r.u8()) == (b"office.writer", 1, 1))
a.kill()

# Killed at any moment: what was acknowledged holds, and a guess is counted before it is judged.
rnd = random.Random(7)
held = counted = whole = 0
ROUNDS = 6
known = GOOD
for i in range(ROUNDS):
    a = Auth(data)
    fresh = f"kurage-{i}-no-yoru-{rnd.randrange(10**6)}-sanpo"
    if a.set(1, fresh)[0] == OK:
        known = fresh
    a.kill()
    a = Auth(data)
    held += a.verify(1, known)[0] == OK
    a.ask(VERIFY, 1, OTHER)
    time.sleep(0.03)
    a.kill()
    a = Auth(data)
    result, detail = a.verify(1, known)
    counted += result == OK and detail["failures"] >= 1
    # During a change: the old or the new one is right, never none.
    nxt = f"ame-{i}-no-asa-{rnd.randrange(10**6)}-kasa"
    a.ask(SET, 1, nxt, struct.pack(">BI", 0, 0))
    time.sleep(rnd.random() * 0.4)
    a.kill()
    a = Auth(data)
    if a.verify(1, nxt)[0] == OK:
        known = nxt
        whole += 1
    else:
        whole += a.verify(1, known)[0] == OK
    a.kill()
check(f"acknowledged passwords hold over {ROUNDS} kills", held == ROUNDS, held)
check("a guess cut short is counted", counted >= ROUNDS - 1, counted)
check("a change is whole or not at all", whole == ROUNDS, whole)

# A full disk: AUTH_FAILED, nothing half, and all is well when there is room again.
small = folder + "/small"
os.mkdir(small)
if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k,mode=700", "none", small], stderr=subprocess.DEVNULL).returncode == 0:
    os.mkdir(small + "/data")
    assert subprocess.run([binary, "--init", small + "/data"]).returncode == 0
    a = Auth(small + "/data")
    rules(a, 12, 0, 15, 0)
    assert a.set(1, GOOD)[0] == OK
    filler = os.open(small + "/filler", os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(filler, b"x" * 4096):
            pass
    except OSError:
        pass
    os.close(filler)
    results = []
    for i in range(40):
        results.append(a.do(CODES, 1, "sheet")[0])
    check("full disk: failed", FAILED in results and set(results) <= {OK, FAILED}, results)
    n = a.do(STATE, 1)[1]["sheet_left"]
    check("full disk: nothing half", n in (0, 60), n)
    check("full disk: no sign-in undecided", a.verify(1, GOOD)[0] in (FAILED, OK))
    os.unlink(small + "/filler")
    check("room again", a.verify(1, GOOD)[0] == OK and a.do(CODES, 1, "sheet")[0] == OK)
    check("ends cleanly after it", a.stop() == 0)
    subprocess.run(["umount", "-l", small])
else:
    print("skip full disk: needs root and mount")
log = open(folder + "/log").read()
check("no secret in the log", GOOD not in log and OTHER not in log and "kurage" not in log and codes[0] not in log)
check("nothing broke", "AddressSanitizer" not in log and "runtime error" not in log, log[-2000:])
sys.exit(1 if failed else 0)

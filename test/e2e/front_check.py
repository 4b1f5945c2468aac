#!/usr/bin/env python3
"""Speaks to front over TLS, correctly and otherwise. Prints "ok NAME" per check; any failure ends with exit 1."""
import concurrent.futures
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

binary, folder = sys.argv[1], sys.argv[2]
here = os.path.dirname(os.path.abspath(__file__))
lines, seen = [], threading.Condition()
peer = subprocess.Popen([sys.executable, here + "/front_peer.py", binary, folder], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, stderr=open(folder + "/log", "w"), text=True)
failed = []


def reader():
    for line in peer.stdout:
        with seen:
            lines.append(line.strip())
            seen.notify_all()


threading.Thread(target=reader, daemon=True).start()


def wait_line(pattern, seconds=10, start=0):
    end = time.time() + seconds
    with seen:
        while True:
            for line in lines[start:]:
                if m := re.match(pattern, line):
                    return m
            left = end - time.time()
            if left <= 0:
                raise AssertionError(f"no line {pattern}: {lines}")
            seen.wait(left)


def check(name, good, detail=""):
    if good:
        print("ok", name, flush=True)
    else:
        print("FAIL", name, detail, flush=True)
        failed.append(name)


port = int(wait_line(r"ready https://localhost:(\d+)/ ").group(1))
tls = ssl.create_default_context(cafile=folder + "/crt.pem")


def connect(seconds=20):
    return tls.wrap_socket(socket.create_connection(("localhost", port), seconds), server_hostname="localhost")


def read_all(s):
    data = b""
    try:
        while chunk := s.recv(65536):
            data += chunk
    except (ssl.SSLError, ConnectionError):
        pass
    return data


def raw(data, seconds=20):
    """What comes back for these bytes until the server closes; "Connection: close" is the caller's business."""
    s = connect(seconds)
    try:
        s.sendall(data)
        return read_all(s)
    except (ssl.SSLError, ConnectionError):
        return b""
    finally:
        s.close()


def status(answer):
    m = re.match(rb"HTTP/1\.[01] (\d\d\d) ", answer)
    return int(m.group(1)) if m else 0


def body(answer):
    return answer.split(b"\r\n\r\n", 1)[1]


def head(answer):
    return answer.split(b"\r\n\r\n", 1)[0].decode().lower()


def request(method="GET", path="/", headers=(), content=None):
    h = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if content is not None:
        h.append(f"Content-Length: {len(content)}")
    return ("\r\n".join(h) + "\r\n\r\n").encode() + (content or b"")


FORM = "Content-Type: application/x-www-form-urlencoded"
MULTI = "Content-Type: multipart/form-data; boundary=XX"
JSON = "Content-Type: application/json"


# --- as it should be ----------------------------------------------------------------------------------------------------
a = raw(request(path="/%E6%83%85?q=%20x", headers=["Cookie: s=1", "X-Forwarded-For: 1.2.3.4"]))
q = json.loads(body(a))
check("get", status(a) == 200 and q["path"] == "/情" and q["query"] == "q=%20x" and q["process"].startswith("office.reader"))
check("only known headers pass", "cookie" in q["headers"] and "x-forwarded-for" not in q["headers"], q["headers"])
h = head(a)
for want in ("content-security-policy: default-src 'none'; style-src 'self'", "strict-transport-security: max-age=31536000",
             "x-content-type-options: nosniff", "cross-origin-opener-policy: same-origin", "cache-control: no-store",
             "referrer-policy: same-origin", "cross-origin-resource-policy: same-origin"):
    check("header " + want.split(":")[0], want in h, h)
a = raw(request(path="/cache"))
check("office sets caching, nothing else of security",
      "cache-control: private, max-age=5" in head(a) and "content-security-policy: default-src" in head(a)
      and "no-store" not in head(a) and body(a) == b"cached", head(a))
q = json.loads(body(raw(request("POST", "/f", [FORM], b"a=1&b=%E6%83%85+x&a=2"))))
check("form", q["fields"] == [["a", "1"], ["b", "情 x"], ["a", "2"]] and q["process"] == "office.writer" and q["kind"] == 1)
q = json.loads(body(raw(request("PUT", "/j", [JSON], b'{"a":1}'))))
check("json", q["raw"] == 7 and q["raw_sha"] == hashlib.sha256(b'{"a":1}').hexdigest() and q["kind"] == 3)
big = os.urandom(3_000_000)
part = b'--XX\r\nContent-Disposition: form-data; name="t"\r\n\r\n\xe6\x83\x85\r\n--XX\r\nContent-Disposition: form-data; ' \
       b'name="f"; filename="a.bin"\r\nContent-Type: application/pdf\r\n\r\n' + big + b"\r\n--XX--\r\n"
q = json.loads(body(raw(request("POST", "/u", [MULTI], part))))
check("upload", q["fields"] == [["t", "情"]] and q["files"] == [{"field": "f", "name": "a.bin", "type": "application/pdf",
      "size": 3_000_000, "sha": hashlib.sha256(big).hexdigest()}])
limit = b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b"x" * (30 << 20) + b"\r\n--XX--\r\n"
q = json.loads(body(raw(request("POST", "/u", [MULTI], limit))))
check("upload of just the limit", q["files"][0]["size"] == 30 << 20)
chunked = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (b"a=1", b"&b=2")) + b"0\r\n\r\n"
q = json.loads(body(raw(request("POST", "/c", [FORM, "Transfer-Encoding: chunked"]) + chunked)))
check("chunked", q["fields"] == [["a", "1"], ["b", "2"]])
a = raw(request(path="/retry"))
check("reader passes on to the writer", json.loads(body(a))["process"] == "office.writer")
a = raw(request(path="/big"))
check("large answer", len(body(a)) == 10_000_000)
a = raw(request("HEAD", "/x"))
check("head", status(a) == 200 and body(a) == b"" and "content-length" in head(a))
check("204", status(raw(request(path="/empty"))) == 204)
a = raw(request("POST", "/e", [FORM, "Expect: 100-continue"], b"a=1"))
check("expect", a.startswith(b"HTTP/1.1 100") and b'"a"' in a)
s = connect()
for i in range(3):
    s.sendall(f"GET /k{i} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    got = b""
    while b'"files": []}' not in got:
        got += s.recv(65536)
    check(f"kept connection {i}", f'"/k{i}"'.encode() in got)
s.close()
a = raw(request(path="/p1").replace(b"Connection: close\r\n", b"") + request(path="/p2"))
check("pipelined", b'"/p1"' in a and b'"/p2"' in a)

# --- as it should not be ---------------------------------------------------------------------------------------------------
X = "a" * 200
wrong = [
    ("no host", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", {400}),
    ("two hosts", request(headers=["Host: evil"]), {400}),
    ("percent nul", request(path="/a%00b"), {400}),
    ("bad percent", request(path="/a%zz"), {400}),
    ("short percent", request(path="/a%4"), {400}),
    ("control in path", request(path="/a%0d%0aSet-Cookie:x"), {400}),
    ("dot dot", request(path="/a/../b"), {400}),
    ("encoded dot dot", request(path="/%2e%2e/etc/passwd"), {400}),
    ("absolute uri", request(path="http://evil/"), {400}),
    ("double slash", request(path="//evil/"), {400}),
    ("backslash", request(path="/a%5c..%5cb"), {400}),
    ("overlong utf-8", request(path="/%c0%ae%c0%ae/"), {400}),
    ("query nul", request(path="/a?x=%00"), {400}),
    ("raw utf-8 in path", "GET /情 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(), {400}),
    ("long url", request(path="/" + "a" * 5000), {414}),
    ("very long url", request(path="/" + "a" * 100000), {0, 413, 414, 431}),
    ("long header", request(headers=["X: " + "a" * 9000]), {431}),
    ("very long header", request(headers=["X: " + "a" * 100000]), {0, 413, 431}),
    ("long header name", request(headers=[X + ": 1"]), {431}),
    ("many headers", request(headers=[f"X{i}: 1" for i in range(80)]), {431}),
    ("very many headers", request(headers=[f"X{i}: 1" for i in range(8000)]), {0, 413, 431}),
    ("nul in header", request(headers=["X: a\0b"]), {0, 400}),
    ("bare lf", b"GET /lf HTTP/1.1\nHost: localhost\nConnection: close\n\n", {0, 400}),
    ("one bare lf", b"GET /lf HTTP/1.1\r\nHost: localhost\nConnection: close\r\n\r\n", {0, 400}),
    ("folded header", request(headers=["X: a", " b"]), {0, 400}),
    ("folded first header", b"GET / HTTP/1.1\r\n X: a\r\nHost: localhost\r\nConnection: close\r\n\r\n", {0, 400}),
    ("control in header", request(headers=["X: a\x01b"]), {400}),
    ("nul in url", b"GET /a\0b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", {0, 400}),
    ("space before colon", request(headers=["Cookie : a"]), {0, 400}),
    ("no colon", request(headers=["Cookie"]), {0, 400}),
    ("empty name", request(headers=[": a"]), {0, 400}),
    ("two content-lengths", request("POST", "/", [FORM, "Content-Length: 3"], b"a=1"), {0, 400}),
    ("two different content-lengths", request("POST", "/", [FORM, "Content-Length: 30"], b"a=1"), {0, 400}),
    ("length and chunked", request("POST", "/", [FORM, "Transfer-Encoding: chunked"], b"0\r\n\r\n"), {0, 400}),
    ("chunked twice", request("POST", "/", [FORM, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]) + b"0\r\n\r\n", {0, 400}),
    ("gzip, chunked", request("POST", "/", [FORM, "Transfer-Encoding: gzip, chunked"]) + b"0\r\n\r\n", {0, 400, 501}),
    ("xchunked", request("POST", "/", [FORM, "Transfer-Encoding: xchunked"]) + b"0\r\n\r\n", {0, 400, 501}),
    ("bad chunk size", request("POST", "/", [FORM, "Transfer-Encoding: chunked"]) + b"zz\r\na=1\r\n0\r\n\r\n", {0, 400}),
    ("huge chunk size", request("POST", "/", [FORM, "Transfer-Encoding: chunked"]) + b"fffffffffffffffff\r\na", {0, 400, 413}),
    ("signed length", request("POST", "/", [FORM, "Content-Length: +3"]) + b"a=1", {0, 400}),
    ("negative length", request("POST", "/", [FORM, "Content-Length: -3"]) + b"a=1", {0, 400}),
    ("hex length", request("POST", "/", [FORM, "Content-Length: 0x3"]) + b"a=1", {0, 400}),
    ("length overflow", request("POST", "/", [FORM, "Content-Length: 99999999999999999999"]) + b"a=1", {0, 400, 413}),
    ("body of a get", request("GET", "/", [FORM], b"a=1"), {400}),
    ("two authorizations", request(headers=["Authorization: a", "Authorization: b"]), {400}),
    ("two cookies", request(headers=["Cookie: a=1", "Cookie: b=2"]), {400}),
    ("text/plain", request("POST", "/", ["Content-Type: text/plain"], b"a=1"), {415}),
    ("no content type", request("POST", "/", [], b"a=1"), {415}),
    ("shift_jis", request("POST", "/", [FORM + "; charset=Shift_JIS"], b"a=1"), {415}),
    ("compressed body", request("POST", "/", [FORM, "Content-Encoding: gzip"], b"a=1"), {415}),
    ("trace", request("TRACE"), {405}),
    ("unknown method", request("BREW"), {501}),
    ("lower-case method", request("get"), {501}),
    ("http/0.9", b"GET /\r\n\r\n", {0, 400, 505}),
    ("http/3.7", b"GET / HTTP/3.7\r\nHost: localhost\r\n\r\n", {0, 400, 505}),
    ("garbage", b"\x00\x01\x02\x03" * 50 + b"\r\n\r\n", {0, 400}),
    ("http/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {0, 400, 501, 505}),
    ("bad form percent", request("POST", "/", [FORM], b"a=%zz"), {400}),
    ("nul in form", request("POST", "/", [FORM], b"a=%00"), {400}),
    ("cp932 in form", request("POST", "/", [FORM], b"a=\x93\xfa\x96\x7b"), {400}),
    ("many fields", request("POST", "/", [FORM], b"&".join(b"a=1" for _ in range(2001))), {413}),
    ("long field name", request("POST", "/", [FORM], b"a" * 201 + b"=1"), {413}),
    ("form over the limit", request("POST", "/", [FORM, "Content-Length: 2097153"]), {413}),
    ("json over the limit", request("POST", "/", [JSON, "Content-Length: 8388609"]), {413}),
    ("upload over the limit", request("POST", "/", [MULTI, "Content-Length: 67108865"]), {413}),
    ("multipart without boundary", request("POST", "/", ["Content-Type: multipart/form-data"], b"x"), {400}),
    ("truncated multipart", request("POST", "/", [MULTI], part[:2000]), {400}),
    ("multipart without end", request("POST", "/", [MULTI], part[:-4]), {400}),
    ("multipart preamble", request("POST", "/", [MULTI], b"x" + part[:2000]), {400}),
    ("multipart epilogue", request("POST", "/", [MULTI], part + b"x"), {400}),
    ("multipart bare lf", request("POST", "/", [MULTI], part[:300].replace(b"\r\n", b"\n")), {400}),
    ("17 files", request("POST", "/", [MULTI], b"".join(b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx\r\n'
                                                        for _ in range(17)) + b"--XX--\r\n"), {413}),
    ("one file too large", request("POST", "/", [MULTI], b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
                                   + b"x" * (30 << 20) + b"x\r\n--XX--\r\n"), {413}),
    ("field too large", request("POST", "/", [MULTI], b'--XX\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
                                + b"x" * ((1 << 20) + 1) + b"\r\n--XX--\r\n"), {413}),
    ("static, unknown", request(path="/static/0/none.css"), {404}),
    ("static, post", request("POST", "/static/0/none.css", [FORM], b"a=1"), {404, 405}),
]
for name, data, want in wrong:
    t = time.time()
    a = raw(data)
    check("wrong: " + name, status(a) in want and time.time() - t < 12, (status(a), want, a[:200], round(time.time() - t, 1)))
a = raw(request("POST", "/", [FORM, "Transfer-Encoding: chunked"]) + b"200000\r\n" + b"a" * 0x200000 + b"\r\n400000\r\n" + b"b" * 0x400000)
check("wrong: endless chunked body", status(a) in (0, 413), a[:100])
a = raw(request(path="/a%00b", headers=["Accept-Language: en-GB,en"]))
check("error page in English", b"cannot be read" in a and b'lang="en"' in a and "content-security-policy" in head(a))
check("error page in Japanese", "読み取れません".encode() in raw(request(path="/a%00b")))
# Smuggling: what follows a refused request must not be taken for a request of its own.
a = raw(b"POST /s1 HTTP/1.1\r\nHost: localhost\r\n" + FORM.encode() + b"\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
check("no smuggling by length and chunked", b"smuggled" not in a and status(a) in (0, 400), a[:300])


# --- the office and keys ---------------------------------------------------------------------------------------------------
def lost(path, pattern, method="GET"):
    n = len(lines)
    extra, content = ([FORM], b"a=1") if method == "POST" else ([], None)
    a = raw(request(method, path, extra, content))
    check("office " + path, status(a) == 503 and "retry-after: 5" in head(a), a[:200])
    check("reported " + path, wait_line(pattern, 10, n))
    a = raw(request(method, "/after", extra, content))
    check("goes on after " + path, status(a) == 200, a[:200])


lost("/die", r"lost office.reader.\d 0")
lost("/wrong", r"lost office.reader.\d 1")
lost("/bad-header", r"lost office.reader.\d 1")
lost("/bad-status", r"lost office.reader.\d 1")
lost("/die", r"lost office.writer 0", "POST")
# Requests in flight when the office goes get an answer, those in the queue go elsewhere.
with concurrent.futures.ThreadPoolExecutor(20) as pool:
    waiting = [pool.submit(raw, request(path="/sleep")) for _ in range(10)]
    time.sleep(0.5)
    n = len(lines)
    sent = time.time()
    for name in ("office.reader.0", "office.reader.1"):
        peer.stdin.write(f"drop {name}\n")
    peer.stdin.flush()
    got = [f.result() for f in waiting]
    check("in flight when the office goes: 503 each", all(status(a) == 503 and b"</html>" in a for a in got), [a[:60] for a in got])
    check("at once", time.time() - sent < 3)
    a = raw(request(path="/alone"))
    check("the writer reads when no reader is there", status(a) == 200, a[:200])
n = len(lines)
s = connect()
session = s.session
s.sendall(request(path="/t"))
read_all(s)
session = s.session
s.close()
m = len(lines)
again = tls.wrap_socket(socket.create_connection(("localhost", port), 10), server_hostname="localhost", session=session)
again.sendall(request(path="/t"))
a = read_all(again)
check("session resumed without a signature", again.session_reused and status(a) == 200 and "signed" not in lines[m:], lines[m:])
again.close()
for version, name in ((ssl.TLSVersion.TLSv1_2, "1.2"), (ssl.TLSVersion.TLSv1_3, "1.3")):
    c = ssl.create_default_context(cafile=folder + "/crt.pem")
    c.minimum_version = c.maximum_version = version
    with c.wrap_socket(socket.create_connection(("localhost", port), 10), server_hostname="localhost") as s:
        s.sendall(request(path="/v"))
        check("tls " + name, status(read_all(s)) == 200 and s.version().endswith(name), s.cipher())
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
old.set_ciphers("ALL:@SECLEVEL=0")
old.maximum_version = ssl.TLSVersion.TLSv1_1
try:
    old.wrap_socket(socket.create_connection(("localhost", port), 10))
    check("tls 1.1 refused", False)
except (ssl.SSLError, ConnectionError):
    check("tls 1.1 refused", True)
n = len(lines)
peer.stdin.write("drop keys\n")
peer.stdin.flush()
wait_line("dropped", 5, n)
try:
    connect(5).close()
    check("no keys, no new session", False)
except (ssl.SSLError, ConnectionError, TimeoutError):
    check("no keys, no new session", True)
peer.stdin.write("certificate second\nfresh keys\n")
peer.stdin.flush()
wait_line("given", 5, n)
time.sleep(0.3)
tls = ssl.create_default_context(cafile=folder + "/crt.pem")
check("keys are back", status(raw(request(path="/k"))) == 200)
with connect() as s:
    check("their new certificate is shown", "second" in str(s.getpeercert()["subject"]), s.getpeercert())


# --- slow ones, all at once; each must be ended by the watchdog -----------------------------------------------------------------
def until_closed(s, feed=None, every=0.5, most=40):
    """Seconds until the other end closes; feeds bytes meanwhile."""
    t = time.time()
    s.settimeout(every)
    answer = b""
    while time.time() - t < most:
        try:
            if feed:
                s.sendall(feed)
            if not (chunk := s.recv(4096)):
                return time.time() - t, answer
            answer += chunk
        except (TimeoutError, ssl.SSLWantReadError):
            pass
        except (OSError, ssl.SSLError):
            return time.time() - t, answer
    return most, answer


def half_open():
    return until_closed(socket.create_connection(("localhost", port)))


def half_hello():
    s = socket.create_connection(("localhost", port))
    s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    return until_closed(s)


def not_tls():
    s = socket.create_connection(("localhost", port))
    s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return until_closed(s)


def slow_header():
    s = connect()
    s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    return until_closed(s, b"X: a\r\n")


def slow_line():
    s = connect()
    return until_closed(s, b"G")


def slow_body():
    s = connect()
    s.sendall(request("POST", "/slow", [FORM, "Content-Length: 1000000"]))
    return until_closed(s, b"a" * 100)


def hoard():
    """10 uploads of 30 MB each, held back before their end: together more than front keeps."""
    held = []
    for _ in range(10):
        s = connect(60)
        s.sendall(request("POST", "/hoard", [MULTI, f"Content-Length: {len(limit)}"]) + limit[:-10])
        held.append(s)
    small = raw(request("POST", "/small", [FORM], b"a=1"))
    for s in held:
        s.sendall(limit[-10:])
    got = [status(read_all(s)) for s in held]
    return small, got


def steady_body():
    s = connect(60)
    s.sendall(request("POST", "/steady", [FORM, "Content-Length: 150002"]) + b"a=")
    for _ in range(15):
        s.sendall(b"a" * 10000)
        time.sleep(1)
    return read_all(s)


with concurrent.futures.ThreadPoolExecutor(10) as pool:
    slow = {f.__name__: pool.submit(f) for f in (half_open, half_hello, slow_header, slow_line, slow_body)}
    plain, steady = pool.submit(not_tls), pool.submit(steady_body)
    small, got = hoard()
    check("uploads together have a limit", got.count(503) in range(1, 4) and got.count(200) == 10 - got.count(503), got)
    check("small forms get through meanwhile", status(small) == 200, small[:100])
    for name, f in slow.items():
        took, _ = f.result()
        check(f"{name} ended", 8 <= took <= 15, took)
    check("not_tls ended", plain.result()[0] < 15)
    check("a body at a fair speed is taken", status(steady.result()) == 200, steady.result()[:100])
# From one address no more than the limit; others are closed at once, and the place is free again afterwards.
many = []
try:
    for _ in range(300):
        many.append(socket.create_connection(("127.0.0.1", port), 5))
except OSError:
    pass
time.sleep(1)
closed = 0
for s in many:
    s.setblocking(False)
    try:
        closed += s.recv(1) == b""
    except BlockingIOError:
        pass
    except OSError:
        closed += 1
check("connections per address", 30 <= closed <= 60, closed)
for s in many:
    s.close()
time.sleep(1)
check("serves after the flood", status(raw(request(path="/flood"))) == 200)
check("uploads get through again", status(raw(request("POST", "/u", [MULTI], limit))) == 200)

# A request in hand when everything is to stop is answered.
last = connect()
last.sendall(request("POST", "/last", [FORM, "Content-Length: 9"]) + b"a=1&")
time.sleep(0.3)
peer.stdin.write("stop\n")
peer.stdin.flush()
time.sleep(0.2)
last.sendall(b"b=123")
a = read_all(last)
check("request in hand is finished", status(a) == 200 and b'"/last"' in a, a[:200])
try:
    connect(1).close()
    check("no new connection after it", False)
except OSError:
    check("no new connection after it", True)
peer.stdin.close()
m = wait_line(r"front exit (-?\d+)", 20)
check("front ends cleanly", m.group(1) == "0")
peer.wait(20)
log = open(folder + "/log").read()
check("nothing broke", "ERROR: AddressSanitizer" not in log and "runtime error" not in log and "Traceback" not in log, log[-2000:])
sys.exit(1 if failed else 0)

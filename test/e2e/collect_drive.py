#!/usr/bin/env python3
"""Sends and looks, for collect.sh.
  collect_drive.py entries PROGRAM FOLDER [FROM]  entries of a log from FROM on, one JSON a line
  collect_drive.py send KIND ADDR:PORT            stdin: Python string literals, one a line; each is one write or datagram"""
import ast, json, socket, subprocess, sys, time


def size_of(folder):
    with open(folder + "/checkpoint", encoding="utf-8") as f:
        return int(f.read().split("\n")[1])


def entries(program, folder, start=0):
    n = size_of(folder)
    while start < n:
        end = min(n, start + 20000) - 1
        out = subprocess.run([program, "vault", "show", folder, "--from", str(start), "--to", str(end), "--json"],
                             check=True, stdout=subprocess.PIPE).stdout
        for e in json.loads(out):
            print(json.dumps(e, ensure_ascii=False))
        start = end + 1


def send(kind, where):
    if kind.startswith("unix"):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "unix" else socket.SOCK_STREAM)
        s.connect(where)
    else:
        host, port = where.rsplit(":", 1)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        s.connect((host.strip("[]"), int(port)))
    for line in sys.stdin:
        if line.strip():
            data = ast.literal_eval(line)
            data = data.encode("utf-8") if isinstance(data, str) else data
            s.send(data) if kind in ("udp", "unix") else s.sendall(data)
            time.sleep(0.01)
    if kind not in ("udp", "unix"):
        s.shutdown(socket.SHUT_WR)
        s.settimeout(5)
        while s.recv(65536):
            pass
    s.close()


if __name__ == "__main__":
    if sys.argv[1] == "entries":
        entries(sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    else:
        send(sys.argv[2], sys.argv[3])

"""load URL TOKEN PID KILLS SEED FILE: creates records from several threads while processes of the house PID are killed; FILE gets
the subject of every acknowledged record. judge DIR FILE: what was acknowledged is there, what is there is sealed."""
import http.client, json, os, random, signal, sqlite3, ssl, subprocess, sys, threading, time
from urllib.parse import urlparse

ROLES = ["keys", "vault", "auth", "office.writer", "office.job", "office.reader.0", "office.reader.1", "front"]
PER_MINUTE = 8                                        # below what the supervisor takes as hopeless


class Load:
    def __init__(self, url, token):
        self.at, self.token = urlparse(url), token
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.acked, self.failed, self.n = [], 0, 0

    def connect(self):
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection(self.at.hostname, self.at.port, timeout=20, context=context)

    def call(self, connection, method, path, body=None):
        head = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, head)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def create(self, worker):
        connection, k = None, 0
        while not self.stop.is_set():
            k += 1
            subject = f"load-{worker}-{k}"
            body = {"fields": {"subject": subject, "kind": "equipment", "section": self.section, "symptom": "x", "effect": "none"}}
            try:
                connection = connection or self.connect()
                status, text = self.call(connection, "POST", "/api/v1/ledgers/failures/records", body)
            except (OSError, http.client.HTTPException):
                status, connection = 0, None
            with self.lock:
                if status == 201:
                    self.acked.append(subject)
                else:
                    self.failed += 1
            if status in (400, 401, 403, 404, 422):
                print("refused:", status, text[:300])
                os._exit(1)
            if status != 201:
                time.sleep(0.02)

    def find_section(self):
        connection = self.connect()
        status, text = self.call(connection, "GET", "/api/v1/ledgers/org-units/records")
        assert status == 200, (status, text[:300])
        self.section = max(r["id"] for r in json.loads(text)["records"])


def pid_of(house, role):
    found = subprocess.run(["pgrep", "-P", str(house), "-f", "--", f"--fd 3 {role} "], capture_output=True, text=True)
    return int(found.stdout.split()[0]) if found.stdout else 0


def lives(house):
    try:
        return open(f"/proc/{house}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def load(url, token, house, kills, seed, out):
    job, rng, times = Load(url, token), random.Random(int(seed)), {r: [] for r in ROLES}
    job.find_section()
    workers = [threading.Thread(target=job.create, args=(w,), daemon=True) for w in range(4)]
    for w in workers:
        w.start()
    done, from_ = 0, time.monotonic()
    while done < int(kills):
        time.sleep(rng.uniform(0.02, 0.6))
        if not lives(house):
            print(f"the house ended after {done} kills")
            sys.exit(1)
        role = rng.choice(ROLES)
        now = time.monotonic()
        times[role] = [t for t in times[role] if t > now - 60]
        pid = pid_of(house, role)
        if pid and len(times[role]) < PER_MINUTE:
            os.kill(pid, signal.SIGKILL)
            times[role].append(now)
            done += 1
    # After the last kill: everything works again, and what waits is sealed.
    before, end = len(job.acked), time.monotonic() + 30
    while len(job.acked) < before + 20 and time.monotonic() < end:
        time.sleep(0.05)
    job.stop.set()
    for w in workers:
        w.join(25)
    again = len(job.acked) - before
    print(f"# {done} kills in {time.monotonic() - from_:.0f} s, {len(job.acked)} records acknowledged, {job.failed} requests failed")
    with open(out, "w") as f:
        f.write("\n".join(job.acked))
    if again < 20:
        print("the house does not work after the last kill")
        sys.exit(1)
    time.sleep(2)


def judge(folder, acked):
    db = sqlite3.connect(os.path.join(folder, "office", "office.db"))
    want = open(acked).read().split()
    have = [r[0] for r in db.execute("SELECT subject FROM failures")]
    lost, twice = set(want) - set(have), len(have) - len(set(have))
    check("no acknowledged record is lost", len(want) >= 20 and not lost, sorted(lost)[:5])
    check("no record is there twice", twice == 0, twice)
    bare = db.execute("""SELECT count(*) FROM failures f WHERE NOT EXISTS (SELECT 1 FROM record_log l JOIN outbox o ON o.seq = l.seq
        WHERE l.ledger = 'failures' AND l.record = f.id AND l.action LIKE '%create')""").fetchone()[0]
    check("every record has its event", bare == 0, bare)
    n, least, most, unsealed, places = db.execute(
        "SELECT count(*), min(seq), max(seq), sum(idx IS NULL), count(DISTINCT idx) FROM outbox").fetchone()
    check("events are numbered without a gap", n == most - least + 1 and least == 1, (n, least, most))
    check("every event is sealed, each in a place of its own", unsealed == 0 and places == n, (unsealed, places, n))


def check(name, good, detail):
    if not good:
        print("FAIL", name, detail)
        sys.exit(1)
    print("ok", name)


{"load": load, "judge": judge}[sys.argv[1]](*sys.argv[2:])

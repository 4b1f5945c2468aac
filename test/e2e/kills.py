"""load URL TOKEN PID KILLS SEED FILE PASSWORD: records are created and moved on over the API, and written through forms by somebody
signed in, while processes of the house PID are killed; FILE gets what was acknowledged. judge DIR FILE: all of that is there once,
what is there is sealed."""
import http.client, json, os, random, re, signal, sqlite3, ssl, subprocess, sys, threading, time
from urllib.parse import urlencode, urlparse

ROLES = ["keys", "vault", "search", "detect", "audit", "auth", "office.writer", "office.job", "office.reader.0", "office.reader.1", "front"]
PER_MINUTE = 8                                        # below what the supervisor takes as hopeless


class Load:
    def __init__(self, url, token):
        self.at, self.token = urlparse(url), token
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.acked, self.acts, self.failed = [], [], 0

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
            connection, status, text = self.ask(connection, "/api/v1/ledgers/failures/records", body)
            self.note(self.acked, subject, status == 201, status, text)
            if status == 201 and k % 2 == 0:
                connection = self.receive(connection, json.loads(text))

    def receive(self, connection, record):
        """An action: its answer waits for the vault. Without an answer it is not tried again; who knows whether it was done."""
        body = {"version": record["version"], "fields": {"received_at": self.received, "owner": self.person}}
        connection, status, text = self.ask(connection, f"/api/v1/ledgers/failures/records/{record['id']}/actions/receive", body)
        self.note(self.acts, str(record["id"]), status == 200, status, text)
        return connection

    def ask(self, connection, path, body):
        try:
            connection = connection or self.connect()
            return connection, *self.call(connection, "POST", path, body)
        except (OSError, http.client.HTTPException):
            return None, 0, b""

    def note(self, done, what, good, status, text):
        with self.lock:
            if good:
                done.append(what)
            else:
                self.failed += 1
        if status in (400, 401, 403, 404, 409, 422):
            print("refused:", what, status, text[-900:].decode())
            os._exit(1)
        if not good:
            time.sleep(0.02)

    def form(self, connection, method, path, fields=None):
        """One page or form as a browser asks for it."""
        head = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(fields) if fields else None, head)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        text = answer.read()
        found = re.search(rb'name="csrf" value="([^"]*)"', text)
        self.csrf = found.group(1).decode() if found else self.csrf
        return answer.status, text

    def sign_in(self, staff_no, password):
        self.cookies, self.csrf, new = {}, "", "青い海 走る電車 静かな朝"
        connection = self.connect()
        self.form(connection, "POST", "/sign-in", {"staff_no": staff_no, "password": password})
        self.form(connection, "GET", "/sign-in/password")
        self.form(connection, "POST", "/sign-in/password", {"csrf": self.csrf, "current": password, "password": new, "again": new})
        status, text = self.form(connection, "GET", "/ledgers/failures/new")
        assert status == 200, (status, text[-300:])

    def write_forms(self):
        connection, k = None, 0
        while not self.stop.is_set():
            k += 1
            subject = f"form-{k}"
            fields = {"csrf": self.csrf, "subject": subject, "kind": "equipment", "section": self.section, "symptom": "x",
                "effect": "none", "do": "save"}
            try:
                connection = connection or self.connect()
                status, text = self.form(connection, "POST", "/ledgers/failures", fields)
            except (OSError, http.client.HTTPException):
                connection, status, text = None, 0, b""
            self.note(self.acked, subject, status == 303, status, text)

    def find_section(self):
        connection = self.connect()
        status, text = self.call(connection, "GET", "/api/v1/ledgers/org-units/records")
        assert status == 200, (status, text[:300])
        self.section = max(r["id"] for r in json.loads(text)["records"])
        status, text = self.call(connection, "GET", "/api/v1/ledgers/persons/records?q=1001")
        assert status == 200, (status, text[:300])
        self.person = json.loads(text)["records"][0]["id"]
        self.received = time.strftime("%Y-%m-%dT%H:%M", time.localtime(time.time() + 86400))


def pid_of(house, role):
    found = subprocess.run(["pgrep", "-P", str(house), "-f", "--", f"--fd 3 {role} "], capture_output=True, text=True)
    return int(found.stdout.split()[0]) if found.stdout else 0


def lives(house):
    try:
        return open(f"/proc/{house}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def load(url, token, house, kills, seed, out, password):
    job, rng, times = Load(url, token), random.Random(int(seed)), {r: [] for r in ROLES}
    job.find_section()
    job.sign_in("1002", password)
    workers = [threading.Thread(target=job.create, args=(w,), daemon=True) for w in range(3)]
    workers.append(threading.Thread(target=job.write_forms, daemon=True))
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
    print(f"# {done} kills in {time.monotonic() - from_:.0f} s, {len(job.acked)} records and {len(job.acts)} actions "
          f"acknowledged, {job.failed} requests failed")
    with open(out, "w") as f:
        json.dump({"records": job.acked, "actions": job.acts}, f)
    if again < 20:
        print("the house does not work after the last kill")
        sys.exit(1)
    time.sleep(2)


def judge(folder, acked):
    db = sqlite3.connect(os.path.join(folder, "office", "office.db"))
    said = json.load(open(acked))
    want = said["records"]
    have = [r[0] for r in db.execute("SELECT subject FROM failures")]
    lost, twice = set(want) - set(have), len(have) - len(set(have))
    check("no acknowledged record is lost", len(want) >= 20 and not lost, sorted(lost)[:5])
    check("no record is there twice", twice == 0, twice)
    forms = [w for w in want if w.startswith("form-")]
    check("forms were among them", forms, want[:5])
    steps = dict(db.execute("SELECT record, count(*) FROM failures_step WHERE action = 'receive' GROUP BY 1").fetchall())
    lost = [a for a in said["actions"] if steps.get(int(a), 0) == 0]
    check("no acknowledged action is lost", said["actions"] and not lost, lost[:5])
    twice = [r for r, n in steps.items() if n > 1]
    check("no action is there twice", not twice, twice[:5])
    half = db.execute("""SELECT count(*) FROM failures f WHERE (f.state = 'received') <> EXISTS
        (SELECT 1 FROM failures_step s WHERE s.record = f.id AND s.action = 'receive')
        OR (f.state = 'received') <> EXISTS (SELECT 1 FROM record_log l JOIN outbox o ON o.seq = l.seq
        WHERE l.ledger = 'failures' AND l.record = f.id AND l.action = 'record.receive')""").fetchone()[0]
    check("state, steps and events agree on every record", half == 0, half)
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

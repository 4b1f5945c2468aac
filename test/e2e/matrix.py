"""The permission matrix, tried over HTTP.
facts DIR:  puts into the store of DIR (nobody runs) one record for every ledger, state and place, so that each cell has something to
            be tried on. try DIR URL CELLS PEOPLE SEED SECONDS: asks every cell (or as many as fit into SECONDS, in an order made from
            SEED) as somebody of each role and compares with what the definitions say. PEOPLE: lines ROLE STAFF_NO LINK TOKEN.
No cell changes anything: forms come without content or with a version long gone, and rights are judged before both."""
import collections, http.client, json, os, queue, random, re, sqlite3, ssl, sys, threading, time
from urllib.parse import urlencode, urlparse

LATER = re.compile(rb"A matching record is needed first|Not while this is open|Your approval is recorded|second approval has to come")
THREADS = 3


def store(folder):
    db = sqlite3.connect(os.path.join(folder, "office", "office.db"), timeout=30)
    db.row_factory = sqlite3.Row
    return db


def columns(db, table):
    return {r["name"] for r in db.execute(f'PRAGMA table_info("{table}")')}


def table_of(ledger):
    return ledger.replace("-", "_")


# --- facts --------------------------------------------------------------------------------------------------------------------

def facts(folder, cells):
    db, now = store(folder), int(time.time() * 1e6)
    db.execute("PRAGMA foreign_keys = OFF")
    person = {r[0]: (r[1], r[2]) for r in db.execute("SELECT staff_no, id, section FROM persons WHERE staff_no LIKE 'M-%'")}
    stranger, other = person["M-nobody"]
    own = person["M-staff"][1]
    states = collections.OrderedDict()
    for line in open(cells):
        kind, ledger, *rest = line.rstrip("\n").split("\t")
        if kind == "ledger" and rest[1] != "-":
            states[ledger, rest[1]] = True
    for name in {table_of(ledger) for ledger, _ in states}:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (name,)).fetchall()
        for t in triggers:
            db.execute(f'DROP TRIGGER "{t["name"]}"')
        for ledger, state in states:
            if table_of(ledger) == name:
                put(db, name, state, own, other, stranger, person, now)
        for t in triggers:
            db.execute(t["sql"])
    db.commit()


def put(db, table, state, own, other, stranger, person, now):
    rows = [("own", own, stranger), ("other", other, stranger)]
    rows += [(f"mine-{no[2:]}", other, who) for no, (who, _) in person.items() if no != "M-nobody"]
    for place, section, applicant in rows:
        db.execute(f'INSERT INTO "{table}"(number, title, state, section, applicant, created_by, created_at, created_on, updated_at) '
                   "VALUES (?, ?, ?, ?, ?, ?, ?, '2026-04-01', ?)", (f"M {table} {state} {place}", "matrix", state, section, applicant, applicant, now, now))


# --- asking -------------------------------------------------------------------------------------------------------------------

class Asker:
    """Somebody signed in, or with a token; one connection."""

    def __init__(self, url):
        self.at, self.connection = urlparse(url), None

    def ask(self, method, path, body=None, head=None):
        for again in (False, True):
            try:
                if not self.connection:
                    self.connection = http.client.HTTPSConnection(self.at.hostname, self.at.port, timeout=30,
                                                                  context=ssl._create_unverified_context())
                self.connection.request(method, path, body, {"Accept-Language": "en", **(head or {})})
                answer = self.connection.getresponse()
                return answer.status, answer.read(), answer.headers
            except (OSError, http.client.HTTPException):
                self.connection = None
                if again:
                    raise


class Person:
    def __init__(self, asker, role, staff_no, link, token):
        self.role, self.staff_no, self.token = role, staff_no, token
        status, _, head = asker.ask("POST", urlparse(link).path or link)
        assert status == 303, (role, status)
        self.cookie = next(c.split(";")[0] for c in head.get_all("Set-Cookie") if c.startswith("__Host-sekisho="))
        status, text, _ = asker.ask("GET", "/me", None, {"Cookie": self.cookie})
        self.csrf = re.search(rb'name="csrf" value="([^"]*)"', text).group(1).decode()

    def get(self, asker, path):
        return asker.ask("GET", path, None, {"Cookie": self.cookie})

    def post(self, asker, path, fields):
        return asker.ask("POST", path, urlencode({"csrf": self.csrf, **fields}),
                         {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"})

    def api(self, asker, method, path, body=None):
        return asker.ask(method, path, json.dumps(body) if body is not None else None,
                         {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"})


class Matrix:
    def __init__(self, folder, url, cells, people, seed, seconds):
        self.db_folder, self.url, self.seconds = folder, url, float(seconds)
        first = Asker(url)
        self.people = {p[0]: Person(first, *p) for p in (line.split() for line in open(people))}
        lines = [line.rstrip("\n").split("\t") for line in open(cells)]
        self.routes = [c[1:] for c in lines if c[0] == "route"]
        self.cells = [c[1:] for c in lines if c[0] == "ledger"]
        random.Random(int(seed)).shuffle(self.cells)
        db = store(folder)
        self.ids = {}
        for ledger in {c[0] for c in self.cells}:
            for r in db.execute(f"SELECT id, number FROM \"{table_of(ledger)}\" WHERE number LIKE 'M {table_of(ledger)} %'"):
                _, _, state, place = r["number"].split(" ")
                self.ids[ledger, state, place] = r["id"]
        self.persons = [r[0] for r in db.execute("SELECT id FROM persons WHERE staff_no LIKE 'M-%'")]
        self.lock, self.wrong, self.tried = threading.Lock(), [], collections.Counter()

    # What the store holds that no refused request may move: the records, and events these people caused (but for reading).
    def mark(self):
        db = store(self.db_folder)
        who = ",".join(map(str, self.persons))
        events = db.execute(f"""SELECT count(*) FROM record_log WHERE actor IN ({who}) AND action NOT LIKE '%read%'
            AND action NOT LIKE 'auth.%' AND action NOT LIKE 'session.%'""").fetchone()[0]
        rows = []
        for table in sorted({table_of(c[0]) for c in self.cells}):
            rows.append((table, *db.execute(f'SELECT count(*), sum(version) FROM "{table}"').fetchone()))
        return events, rows

    def judge(self, cell, what, status, text, expected):
        if expected == "open":
            good = status in (200, 303, 400, 409, 413, 422) or (status == 403 and LATER.search(text))
        elif expected == "refused":
            good = status == 403 and not LATER.search(text)
        else:
            good = status == 404
        with self.lock:
            self.tried[expected] += 1
            if not good:
                self.wrong.append((*cell, what, status))

    def try_cell(self, asker, cell):
        ledger, act, state, role, place, expected = cell
        who, at, api = self.people[role], f"/ledgers/{ledger}", f"/api/v1/ledgers/{ledger}/records"
        if act == "list":
            self.judge(cell, "page", *who.get(asker, at)[:2], expected)
            self.judge(cell, "csv", *who.get(asker, at + "/export.csv")[:2], expected)
            return self.judge(cell, "api", *who.api(asker, "GET", api + "?limit=1")[:2], expected)
        if act == "create":
            self.judge(cell, "form", *who.get(asker, at + "/new")[:2], expected)
            self.judge(cell, "post", *who.post(asker, at, {"no_such_field": "1"})[:2], expected)
            self.judge(cell, "search", *who.post(asker, at, {"do": "find"})[:2], expected)
            self.judge(cell, "import", *who.get(asker, at + "/import")[:2], expected)
            return self.judge(cell, "api", *who.api(asker, "POST", api, {"fields": {"no_such_field": "1"}})[:2], expected)
        record = self.ids[ledger, state, place if place != "mine" else f"mine-{role}"]
        at, api = f"{at}/{record}", f"{api}/{record}"
        if act == "see":
            self.judge(cell, "page", *who.get(asker, at)[:2], expected)
            self.judge(cell, "print", *who.get(asker, at + "/print")[:2], expected)
            return self.judge(cell, "api", *who.api(asker, "GET", api)[:2], expected)
        if act == "edit":
            if expected != "open":                  # where it is, there may be no field to fill in
                self.judge(cell, "form", *who.get(asker, at + "/edit")[:2], expected)
            self.judge(cell, "post", *who.post(asker, at, {"version": "999"})[:2], expected)
            self.judge(cell, "search", *who.post(asker, at, {"version": "999", "do": "find"})[:2], expected)
            return self.judge(cell, "api", *who.api(asker, "PATCH", api, {"version": 999, "fields": {}})[:2], expected)
        if expected != "open":
            self.judge(cell, "form", *who.get(asker, f"{at}/edit?action={act}")[:2], expected)
        self.judge(cell, "post", *who.post(asker, f"{at}/act/{act}", {"version": "999"})[:2], expected)
        self.judge(cell, "search", *who.post(asker, f"{at}/act/{act}", {"version": "999", "do": "find"})[:2], expected)
        self.judge(cell, "api", *who.api(asker, "POST", f"{api}/actions/{act}", {"version": 999, "fields": {}})[:2], expected)

    def ledgers(self):
        jobs, until, done = queue.SimpleQueue(), time.monotonic() + self.seconds, collections.Counter()
        for cell in self.cells:
            jobs.put(cell)

        def work():
            asker = Asker(self.url)
            while self.seconds == 0 or time.monotonic() < until:
                try:
                    cell = jobs.get_nowait()
                except queue.Empty:
                    return
                self.try_cell(asker, cell)
                with self.lock:
                    done["cells"] += 1
        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return done["cells"]

    # --- addresses without a ledger ---------------------------------------------------------------------------------------

    def address(self, path):
        one = {"{token}": "x", "{seq}": "1"}
        if path.startswith("/clauses/"):
            one["{id}"] = "iz.8.4.1"
        elif path.startswith("/controls/"):
            one["{id}"] = "workflow.exception"
        for hole in re.findall(r"\{[a-z]+\}", path):
            path = path.replace(hole, one.get(hole, "999999"))
        return path

    def addresses(self):
        asker, n = Asker(self.url), 0
        for method, pattern, role, expected in self.routes:
            if "{ledger}" in pattern or pattern == "/sign-out" or expected == "public":
                continue
            who, path, cell = self.people[role], self.address(pattern), (method, pattern, role)
            if pattern.startswith("/api/"):
                status, text, _ = who.api(asker, method, path, {} if method != "GET" else None)
            else:
                status, text, _ = who.get(asker, path) if method == "GET" else who.post(asker, path, {})
            good = (status == 403) == (expected == "refused") and status < 500
            self.count(good, cell, expected, status)
            n += 1
        return n

    def count(self, good, cell, expected, status):
        with self.lock:
            self.tried[expected] += 1
            if not good:
                self.wrong.append((*cell, expected, status))

    def strangers(self):
        """Nobody signed in, a form without the session's secret, a form from another site: nothing opens."""
        asker, n = Asker(self.url), 0
        chief = self.people["chief"]
        form = {"Cookie": chief.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        for method, pattern, expected in sorted({(r[0], r[1], r[3] if r[3] == "public" else "") for r in self.routes}):
            if expected == "public":
                continue
            path = self.address(pattern).replace("{ledger}", "exceptions")
            path = path.replace("/999999/", "/exceptions/", 1) if "{ledger}" in pattern else path
            status, _, head = asker.ask(method, path)
            shut = status == (401 if pattern.startswith("/api/") else 403) or (status == 303 and head.get("Location", "").startswith("/sign-in"))
            self.count(shut, (method, pattern, "not signed in"), "refused", status)
            n += 1
            if method == "GET" or pattern.startswith("/api/"):
                continue
            for why, head, body in (("without the session's secret", {}, "x=1"), ("from another site", {"Origin": "https://elsewhere.example"},
                                    urlencode({"csrf": chief.csrf})), ("from another site", {"Sec-Fetch-Site": "cross-site"}, urlencode({"csrf": chief.csrf}))):
                status, _, _ = asker.ask(method, path, body, {**form, **head})
                self.count(status == 403, (method, pattern, why), "refused", status)
                n += 1
        return n


def attempt(folder, url, cells, people, seed, seconds):
    m = Matrix(folder, url, cells, people, seed, seconds)
    before, from_ = m.mark(), time.monotonic()
    n_strangers, n_addresses = m.strangers(), m.addresses()
    middle = m.mark()
    n = m.ledgers()
    after = m.mark()
    print(f"# seed {seed}: {n_strangers + n_addresses} tries of addresses, {n} of {len(m.cells)} ledger cells, {sum(m.tried.values())} requests "
          f"({', '.join(f'{v} {k}' for k, v in sorted(m.tried.items()))}) in {time.monotonic() - from_:.0f} s")
    for w in m.wrong[:int(os.environ.get("SHOW", "40"))]:
        print("differs:", *w)
    good = True
    for name, holds, detail in (
            ("every cell answers as the definitions say", not m.wrong, f"{len(m.wrong)} differ"),
            ("no refused or empty request changed a record", before[1] == after[1], [x for x in zip(before[1], after[1]) if x[0] != x[1]][:5]),
            ("nor left an event of the ledgers", middle[0] == after[0], (before[0], middle[0], after[0])),
            ("all three answers were among them", all(m.tried[k] for k in ("open", "refused", "hidden")), dict(m.tried))):
        print("ok" if holds else "FAIL", name, "" if holds else detail)
        good = good and holds
    sys.exit(not good)


{"facts": facts, "try": attempt}[sys.argv[1]](*sys.argv[2:])

-- The store's own tables: everything that is not a ledger (those come from ledgers/*.yaml, src/core/ledger_sql.c).
-- Conventions: docs/architecture.md, chapter 4. Persons and sections are ids of the ledgers persons and org_units; they carry
-- no foreign key here, because 0 stands for the system itself and the ledger tables are made after these.
-- Every statement can run again on a store that has it. A change of an existing table is a step of its own in
-- src/core/store.c, which also raises PRAGMA user_version.

-- Settings of the municipality and their history (names, types and defaults: the settings table of the office).
CREATE TABLE IF NOT EXISTS setting(
	name TEXT PRIMARY KEY, value TEXT NOT NULL, set_by INTEGER, set_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS setting_history(
	id INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL, set_by INTEGER, set_at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS setting_history_name ON setting_history(name, id);

-- Standards as shipped and as the municipality has them.
CREATE TABLE IF NOT EXISTS standard(
	id TEXT PRIMARY KEY,                             -- iizuka, setagaya …, or the city's own
	ja TEXT NOT NULL, en TEXT NOT NULL,
	version TEXT, valid_from TEXT, valid_to TEXT,    -- dates of this version
	source TEXT,                                     -- where the text is published
	active INTEGER NOT NULL DEFAULT 0 CHECK (active IN (0, 1)),
	own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1)),   -- loaded by the municipality, not shipped
	loaded_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS clause(
	id TEXT PRIMARY KEY,                             -- iz.7.1.6.2
	standard TEXT NOT NULL REFERENCES standard(id),
	parent TEXT,
	pos INTEGER NOT NULL,                            -- order within the standard
	chapter TEXT, label TEXT NOT NULL, heading TEXT,
	who TEXT, duty TEXT,
	strength TEXT NOT NULL CHECK (strength IN ('must', 'principle', 'effort', 'desirable', 'may')),
	applies TEXT, asset_scope TEXT, mechanism TEXT,
	summary_ja TEXT, summary_en TEXT, evidence TEXT,
	own_text TEXT,                                   -- the municipality's wording, verbatim
	law_group INTEGER,                               -- one of the eight groups
	hash TEXT,                                       -- of what was loaded, to see changes
	withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1))) STRICT;
CREATE INDEX IF NOT EXISTS clause_standard ON clause(standard, pos);
CREATE INDEX IF NOT EXISTS clause_parent ON clause(parent);
CREATE TABLE IF NOT EXISTS clause_group(clause TEXT NOT NULL, law_group INTEGER NOT NULL,
	PRIMARY KEY (clause, law_group)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS law_group(id INTEGER PRIMARY KEY, ja TEXT NOT NULL, en TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS control(
	id TEXT PRIMARY KEY, kind TEXT NOT NULL, title_ja TEXT NOT NULL, title_en TEXT NOT NULL,
	engine TEXT, subject TEXT, subject_kind TEXT, role TEXT, doer TEXT, cycle TEXT,
	evidence TEXT, measure TEXT, fails_when TEXT, feeds TEXT,
	measure_ja TEXT, fails_when_ja TEXT,
	tolerance TEXT,                                  -- as written in controls.tsv
	target REAL, grace_days INTEGER,                 -- as parsed: share that must be met, days of grace
	starts_on TEXT,                                  -- approved start; until then the control is planned
	has_check INTEGER NOT NULL DEFAULT 0 CHECK (has_check IN (0, 1)),
	withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1))) STRICT;
CREATE TABLE IF NOT EXISTS control_part(
	control TEXT NOT NULL, part TEXT NOT NULL, ja TEXT NOT NULL, en TEXT NOT NULL, pos INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (control, part)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS binding(
	clause TEXT NOT NULL, control TEXT NOT NULL,
	part TEXT NOT NULL DEFAULT '',                   -- '' the whole control
	source TEXT NOT NULL DEFAULT 'shipped' CHECK (source IN ('shipped', 'city', 'removed')),
	set_by INTEGER, set_at INTEGER,
	PRIMARY KEY (clause, control, part)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS binding_control ON binding(control);

CREATE TABLE IF NOT EXISTS chapter(
	standard TEXT NOT NULL, id TEXT NOT NULL, ja TEXT NOT NULL, en TEXT NOT NULL, pos INTEGER NOT NULL,
	PRIMARY KEY (standard, id)) STRICT, WITHOUT ROWID;
-- The municipality's own wording, every version of it; clause.own_text holds the newest.
CREATE TABLE IF NOT EXISTS clause_text(
	id INTEGER PRIMARY KEY, clause TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, version TEXT NOT NULL,
	loaded_at INTEGER NOT NULL, loaded_by INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS clause_text_clause ON clause_text(clause, id);
-- Clauses that hold only under some network models; a clause without a row holds under all.
CREATE TABLE IF NOT EXISTS clause_model(clause TEXT NOT NULL, model TEXT NOT NULL, PRIMARY KEY (clause, model)) STRICT, WITHOUT ROWID;
-- What a standard names: who receives a report, who approves, cycles. standard '' is the value where a standard is silent.
CREATE TABLE IF NOT EXISTS standard_param(
	standard TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (standard, name)) STRICT, WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS standard_param_now(name, value) AS
	SELECT p.name, p.value FROM standard_param p JOIN standard s ON s.id = p.standard AND s.active
	UNION ALL
	SELECT p.name, p.value FROM standard_param p WHERE p.standard = '' AND NOT EXISTS (SELECT 1 FROM standard_param q
		JOIN standard s ON s.id = q.standard AND s.active WHERE q.name = p.name);
-- What the municipality sets for one control; NULL leaves what is shipped.
CREATE TABLE IF NOT EXISTS control_setting(
	control TEXT PRIMARY KEY, starts_on TEXT, cycle TEXT, target REAL, grace_days INTEGER, reason TEXT,
	set_by INTEGER, set_at INTEGER NOT NULL) STRICT;

-- Parameters: definition as shipped, values with their history; the newest row of a name holds.
CREATE TABLE IF NOT EXISTS parameter_def(
	name TEXT PRIMARY KEY, type TEXT NOT NULL, unit TEXT, def TEXT, min TEXT, max TEXT,
	ja TEXT NOT NULL, en TEXT NOT NULL, help_ja TEXT, help_en TEXT, controls TEXT,
	pos INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS parameter(
	id INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT, from_at INTEGER NOT NULL, set_by INTEGER, reason TEXT) STRICT;
CREATE INDEX IF NOT EXISTS parameter_name ON parameter(name, from_at, id);
CREATE VIEW IF NOT EXISTS parameter_now(name, value, from_at, set_by) AS
	SELECT p.name, p.value, p.from_at, p.set_by FROM parameter p
	WHERE p.id = (SELECT q.id FROM parameter q WHERE q.name = p.name ORDER BY q.from_at DESC, q.id DESC LIMIT 1)
	UNION ALL
	SELECT d.name, d.def, 0, NULL FROM parameter_def d WHERE NOT EXISTS (SELECT 1 FROM parameter p WHERE p.name = d.name);

-- Sign-in. Only hashes of what a browser or a program holds.
CREATE TABLE IF NOT EXISTS session(
	id INTEGER PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, csrf TEXT NOT NULL, person INTEGER NOT NULL,
	stage INTEGER NOT NULL, lang TEXT, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,
	peer TEXT, agent TEXT, flash TEXT, ended_at INTEGER,
	confirmed_at INTEGER) STRICT;                    -- asked again who it is, besides the sign-in itself
CREATE INDEX IF NOT EXISTS session_person ON session(person) WHERE ended_at IS NULL;
CREATE TABLE IF NOT EXISTS token(
	id INTEGER PRIMARY KEY, kind TEXT NOT NULL, token_hash TEXT NOT NULL UNIQUE, person INTEGER NOT NULL,
	scope TEXT, created_at INTEGER NOT NULL, created_by INTEGER, expires_at INTEGER, used_at INTEGER, revoked_at INTEGER,
	label TEXT) STRICT;                              -- kind api: what it is for
CREATE INDEX IF NOT EXISTS token_person ON token(person, kind);
CREATE TABLE IF NOT EXISTS signin_log(
	id INTEGER PRIMARY KEY, person INTEGER, at INTEGER NOT NULL, ok INTEGER NOT NULL CHECK (ok IN (0, 1)),
	peer TEXT, why TEXT) STRICT;
CREATE INDEX IF NOT EXISTS signin_log_person ON signin_log(person, at);

-- Files. The bytes lie content-addressed in the folder blobs.
CREATE TABLE IF NOT EXISTS attachment(
	id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
	created_at INTEGER NOT NULL, created_by INTEGER,
	ledger TEXT, record INTEGER, field TEXT) STRICT; -- NULL until a record names it
CREATE INDEX IF NOT EXISTS attachment_sha256 ON attachment(sha256);
CREATE INDEX IF NOT EXISTS attachment_record ON attachment(ledger, record);

-- Events. outbox goes to the vault in order of seq; record_log keeps the texts of a change here. The vault sees only
-- SHA-256(salt, change), so a text can be erased (change and salt become NULL) while the proof stays.
CREATE TABLE IF NOT EXISTS outbox(
	seq INTEGER PRIMARY KEY, prev BLOB NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL,
	idx INTEGER) STRICT;                             -- index in the vault; NULL: not yet sealed
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox(seq) WHERE idx IS NULL;
CREATE TABLE IF NOT EXISTS record_log(
	id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,    -- the event of the outbox
	ledger TEXT, record INTEGER, version INTEGER,
	at INTEGER NOT NULL, actor INTEGER, on_behalf INTEGER, action TEXT NOT NULL,
	salt BLOB, change TEXT,
	erased_at INTEGER, erased_by INTEGER, erased_reason TEXT) STRICT;
-- Sign-in events, newest first, and those of one person.
CREATE INDEX IF NOT EXISTS record_log_auth ON record_log(seq, at, action) WHERE action >= 'auth.' AND action < 'auth/';
CREATE INDEX IF NOT EXISTS record_log_auth_actor ON record_log(actor, seq) WHERE action >= 'auth.' AND action < 'auth/';
CREATE INDEX IF NOT EXISTS record_log_auth_behalf ON record_log(on_behalf, seq) WHERE action >= 'auth.' AND action < 'auth/' AND on_behalf IS NOT NULL;
CREATE INDEX IF NOT EXISTS record_log_record ON record_log(ledger, record, id);
CREATE TRIGGER IF NOT EXISTS record_log_kept BEFORE DELETE ON record_log
BEGIN SELECT RAISE(ABORT, 'record_log: entries cannot be deleted'); END;
CREATE TRIGGER IF NOT EXISTS record_log_fixed BEFORE UPDATE ON record_log
WHEN NOT (NEW.id = OLD.id AND NEW.seq = OLD.seq AND NEW.ledger IS OLD.ledger AND NEW.record IS OLD.record
	AND NEW.version IS OLD.version AND NEW.at = OLD.at AND NEW.actor IS OLD.actor AND NEW.on_behalf IS OLD.on_behalf
	AND NEW.action = OLD.action AND NEW.change IS NULL AND NEW.salt IS NULL AND OLD.erased_at IS NULL
	AND NEW.erased_at IS NOT NULL AND NEW.erased_reason <> '')
BEGIN SELECT RAISE(ABORT, 'record_log: entries cannot be changed, only their text erased with a reason'); END;
CREATE TRIGGER IF NOT EXISTS outbox_kept BEFORE DELETE ON outbox
BEGIN SELECT RAISE(ABORT, 'outbox: events cannot be deleted'); END;
CREATE TRIGGER IF NOT EXISTS outbox_fixed BEFORE UPDATE ON outbox
WHEN NOT (NEW.seq = OLD.seq AND NEW.prev = OLD.prev AND NEW.hash = OLD.hash AND NEW.body = OLD.body AND NEW.at = OLD.at
	AND OLD.idx IS NULL)
BEGIN SELECT RAISE(ABORT, 'outbox: events cannot be changed'); END;

-- The recorded way round the separation of duties: this actor may take this action once, for a reason that the board shows.
CREATE TABLE IF NOT EXISTS override(
	id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, record INTEGER NOT NULL, action TEXT NOT NULL, actor INTEGER NOT NULL,
	reason TEXT NOT NULL CHECK (trim(reason) <> ''), by INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS override_record ON override(ledger, record);
CREATE TRIGGER IF NOT EXISTS override_kept BEFORE DELETE ON override
BEGIN SELECT RAISE(ABORT, 'override: entries cannot be deleted'); END;
CREATE TRIGGER IF NOT EXISTS override_fixed BEFORE UPDATE ON override
BEGIN SELECT RAISE(ABORT, 'override: entries cannot be changed'); END;

-- Work for people. A duty occurrence belongs to a definition's duty (name) or, with record 0, to the register's review.
CREATE TABLE IF NOT EXISTS duty(
	id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, record INTEGER NOT NULL DEFAULT 0,
	name TEXT NOT NULL, title TEXT,
	row TEXT NOT NULL DEFAULT '',                    -- pos or item of the table row it runs for; '' the record
	by TEXT NOT NULL,                                -- role code, or 'person'
	person INTEGER, section INTEGER,
	opened_at INTEGER NOT NULL, due_on TEXT, due_at INTEGER, notice_on TEXT,
	done_at INTEGER, done_by INTEGER, how TEXT) STRICT;     -- how: action, row, left, cancelled
CREATE UNIQUE INDEX IF NOT EXISTS duty_open ON duty(ledger, record, name, row) WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS duty_due ON duty(due_on) WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS duty_person ON duty(person, due_on) WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS duty_by ON duty(by, section, due_on) WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS duty_history ON duty(ledger, record, name, done_at);
CREATE TABLE IF NOT EXISTS notice(                       -- `tell:`
	id INTEGER PRIMARY KEY, person INTEGER NOT NULL, ledger TEXT NOT NULL, record INTEGER NOT NULL,
	action TEXT NOT NULL, step INTEGER, at INTEGER NOT NULL, text TEXT, read_at INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS notice_unread ON notice(person, id) WHERE read_at IS NULL;
CREATE INDEX IF NOT EXISTS notice_record ON notice(ledger, record);
CREATE TABLE IF NOT EXISTS receipt(                      -- who took note of what, when
	id INTEGER PRIMARY KEY, notice INTEGER REFERENCES notice(id), person INTEGER NOT NULL, ledger TEXT NOT NULL,
	record INTEGER NOT NULL, version INTEGER, action TEXT, at INTEGER NOT NULL, how TEXT) STRICT;
CREATE INDEX IF NOT EXISTS receipt_record ON receipt(ledger, record, person);

-- What engines and feeds saw, and what follows from it.
-- What collect counted per source since it was started, as it said last (COLLECT_STATE); last_at and offset_s outlive its starts.
CREATE TABLE IF NOT EXISTS log_arrival(
	source TEXT PRIMARY KEY, log TEXT NOT NULL, known INTEGER NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
	long INTEGER NOT NULL, torn INTEGER NOT NULL, binary INTEGER NOT NULL, limited INTEGER NOT NULL, refused INTEGER NOT NULL,
	last_at INTEGER NOT NULL,                        -- when something came last; µs
	offset_s INTEGER) STRICT;                        -- its clock minus ours
-- The same over time: entries and bytes of each source by the hour (kept some days), of each log by the day with what it then took.
CREATE TABLE IF NOT EXISTS log_hour(
	hour INTEGER NOT NULL, source TEXT NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL, -- hours since 1970
	PRIMARY KEY (source, hour)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_day(
	day TEXT NOT NULL, log TEXT NOT NULL, entries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, used INTEGER,
	PRIMARY KEY (day, log)) STRICT, WITHOUT ROWID;
-- What the vault says of each log (VAULT_STATE), '' its own, and what collect says of itself; wanted_days: the policy last made of the ledger.
CREATE TABLE IF NOT EXISTS log_store(
	log TEXT PRIMARY KEY, state TEXT NOT NULL, size INTEGER NOT NULL, minimum INTEGER NOT NULL, policy_days INTEGER NOT NULL,
	used INTEGER NOT NULL, oldest_at INTEGER NOT NULL, looked_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS log_house(
	id INTEGER PRIMARY KEY CHECK (id = 1), started_at INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,
	unacked INTEGER NOT NULL DEFAULT 0, wanted_days INTEGER NOT NULL DEFAULT 0, told_at INTEGER, disk_free INTEGER, disk_total INTEGER, looked_at INTEGER) STRICT;
INSERT OR IGNORE INTO log_house(id) VALUES (1);
-- Days the ledger last made the policy of a log. Which logs hold entries of a source: another class of retention is another log.
CREATE TABLE IF NOT EXISTS log_made(log TEXT PRIMARY KEY, days INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO log_made(log, days) SELECT 'standard', wanted_days FROM log_house WHERE wanted_days > 0;
CREATE TABLE IF NOT EXISTS log_place(
	source TEXT NOT NULL, log TEXT NOT NULL, last_at INTEGER NOT NULL, PRIMARY KEY (source, log)) STRICT, WITHOUT ROWID;
-- The last audit of each log by the house itself ('office' its own): what it saw, and the signed checkpoint the next one must find
-- continued. log_audit_run: when it was done last.
CREATE TABLE IF NOT EXISTS log_audit(
	log TEXT PRIMARY KEY, at INTEGER NOT NULL, ok INTEGER NOT NULL, size INTEGER NOT NULL, origin TEXT NOT NULL, problems INTEGER NOT NULL,
	problem TEXT, checkpoint TEXT) STRICT;
CREATE TABLE IF NOT EXISTS log_audit_run(id INTEGER PRIMARY KEY CHECK (id = 1), done_at INTEGER) STRICT;
INSERT OR IGNORE INTO log_audit_run(id) VALUES (1);
-- When the house last planted an event for its own rules to find.
CREATE TABLE IF NOT EXISTS log_watch(id INTEGER PRIMARY KEY CHECK (id = 1), planted_at INTEGER NOT NULL) STRICT;
-- Tokens with which programs hand logs in as a source; the text itself is nowhere.
CREATE TABLE IF NOT EXISTS log_token(
	id INTEGER PRIMARY KEY, source TEXT NOT NULL, label TEXT NOT NULL, token_hash TEXT NOT NULL UNIQUE, made_at INTEGER NOT NULL,
	made_by INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER, ended_by INTEGER) STRICT;
-- Senders somebody decided not to register, and why.
CREATE TABLE IF NOT EXISTS log_outsider(
	source TEXT PRIMARY KEY, reason TEXT NOT NULL, person INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS measurement(
	id INTEGER PRIMARY KEY, engine TEXT NOT NULL, control TEXT NOT NULL, subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL,
	part TEXT NOT NULL DEFAULT '', value TEXT, number REAL, detail TEXT,
	at INTEGER NOT NULL) STRICT;                     -- when it was so, not when it arrived
CREATE INDEX IF NOT EXISTS measurement_subject ON measurement(control, subject_kind, subject_id, part, at);
CREATE TABLE IF NOT EXISTS finding(                      -- as of now; only what is not met
	control TEXT NOT NULL, subject_id TEXT NOT NULL, part TEXT NOT NULL DEFAULT '',
	subject_kind TEXT NOT NULL, section INTEGER, title TEXT,
	status TEXT NOT NULL, reason TEXT, due_at TEXT, exception INTEGER,
	since_at INTEGER NOT NULL,
	PRIMARY KEY (control, subject_id, part)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS finding_subject ON finding(subject_kind, subject_id);
CREATE INDEX IF NOT EXISTS finding_section ON finding(section, control);
CREATE INDEX IF NOT EXISTS finding_exception ON finding(exception) WHERE exception IS NOT NULL;
CREATE TABLE IF NOT EXISTS finding_count(                -- subjects by status, met ones included; section 0: none
	control TEXT NOT NULL, section INTEGER NOT NULL, part TEXT NOT NULL DEFAULT '', status TEXT NOT NULL, n INTEGER NOT NULL,
	PRIMARY KEY (control, section, part, status)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finding_span(
	id INTEGER PRIMARY KEY, control TEXT NOT NULL, subject_id TEXT NOT NULL, part TEXT NOT NULL DEFAULT '',
	subject_kind TEXT NOT NULL, section INTEGER, title TEXT, status TEXT NOT NULL, reason TEXT, due_at TEXT,
	from_at INTEGER NOT NULL, to_at INTEGER) STRICT; -- to_at NULL: still so
CREATE UNIQUE INDEX IF NOT EXISTS finding_span_open ON finding_span(control, subject_id, part) WHERE to_at IS NULL;
CREATE INDEX IF NOT EXISTS finding_span_time ON finding_span(control, from_at, to_at);
CREATE TABLE IF NOT EXISTS control_status(
	control TEXT NOT NULL, part TEXT NOT NULL DEFAULT '', status TEXT NOT NULL, met INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0, since_at INTEGER NOT NULL, assessed_at INTEGER NOT NULL,
	PRIMARY KEY (control, part)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS control_span(
	id INTEGER PRIMARY KEY, control TEXT NOT NULL, part TEXT NOT NULL DEFAULT '', status TEXT NOT NULL, met INTEGER, total INTEGER,
	from_at INTEGER NOT NULL, to_at INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS control_span_time ON control_span(control, part, from_at);
CREATE TABLE IF NOT EXISTS clause_status(
	clause TEXT PRIMARY KEY, status TEXT NOT NULL, since_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS clause_span(
	id INTEGER PRIMARY KEY, clause TEXT NOT NULL, status TEXT NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS clause_span_time ON clause_span(clause, from_at);
CREATE TABLE IF NOT EXISTS declaration(                  -- "there is none" for a control with nothing to judge
	id INTEGER PRIMARY KEY, control TEXT NOT NULL, part TEXT NOT NULL DEFAULT '', text TEXT NOT NULL,
	by INTEGER NOT NULL, at INTEGER NOT NULL, until_on TEXT, withdrawn_at INTEGER, withdrawn_by INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS declaration_control ON declaration(control) WHERE withdrawn_at IS NULL;

-- Long work, numbers, search.
CREATE TABLE IF NOT EXISTS job(
	id INTEGER PRIMARY KEY, kind TEXT NOT NULL, args TEXT, person INTEGER, state TEXT NOT NULL DEFAULT 'waiting'
		CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
	done INTEGER NOT NULL DEFAULT 0, total INTEGER, text TEXT, result INTEGER,      -- result: attachment.id
	created_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
	lang TEXT) STRICT;                               -- in which its text is told
CREATE INDEX IF NOT EXISTS job_person ON job(person, id);
CREATE INDEX IF NOT EXISTS job_waiting ON job(id) WHERE state IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS job_board ON job(kind) WHERE kind = 'board';   -- one row: how far the whole board is judged
-- Samples that auditors drew (core/random_sample.h); each is an event as well. ids: JSON, in the order drawn.
CREATE TABLE IF NOT EXISTS audit_sample(
	id INTEGER PRIMARY KEY, person INTEGER NOT NULL, at INTEGER NOT NULL, ledger TEXT NOT NULL, seed TEXT NOT NULL,
	n INTEGER NOT NULL, of_rows INTEGER NOT NULL, ids TEXT NOT NULL, event INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS number_series(
	ledger TEXT NOT NULL, fy INTEGER NOT NULL,       -- fiscal year; 0 for numbers that run on for ever
	last INTEGER NOT NULL, PRIMARY KEY (ledger, fy)) STRICT, WITHOUT ROWID;
-- One row per record: search_doc names it, search holds its words (folded and cut to bigrams by lib/text) under the same id.
-- search is an ordinary FTS5 table (SQLite 3.40 cannot delete from contentless ones): a record is taken out with
-- DELETE FROM search WHERE rowid = the search_doc.id.
CREATE TABLE IF NOT EXISTS search_doc(
	id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, record INTEGER NOT NULL, UNIQUE (ledger, record)) STRICT;
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(words, tokenize = 'unicode61 remove_diacritics 0', detail = full);
-- Its segments are merged when nobody waits (search_merge), not in every 64th change.
INSERT INTO search(search, rank) SELECT 'automerge', 0 WHERE NOT EXISTS (SELECT 1 FROM search_config WHERE k = 'automerge');

-- Imports of whole files, so that one can be taken back. version: the one the import left; before it, record_log tells.
CREATE TABLE IF NOT EXISTS import(
	id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, at INTEGER NOT NULL, person INTEGER, rows INTEGER NOT NULL,
	undone_at INTEGER, undone_by INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS import_row(
	import INTEGER NOT NULL REFERENCES import(id), record INTEGER NOT NULL, version INTEGER NOT NULL,
	created INTEGER NOT NULL CHECK (created IN (0, 1)), PRIMARY KEY (import, record)) STRICT, WITHOUT ROWID;

-- What the ledger tables were last made from.
CREATE TABLE IF NOT EXISTS ledger_definition(
	name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, source TEXT NOT NULL, schema_sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ledger_definition_history(
	id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, source TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;

-- Files of transfers (ledgers/transfers.yaml). The bytes lie in transfers/: RECORD.in, the original, encrypted with the key of its row, which
-- goes when the original goes; RECORD.out, what the gate verified, if anything.
CREATE TABLE IF NOT EXISTS transfer_file(
	record INTEGER PRIMARY KEY,
	size INTEGER NOT NULL, sha256 TEXT NOT NULL,     -- of the original
	key TEXT,                                        -- hex; NULL: the original is gone
	keep_until TEXT NOT NULL,                        -- date: the original is removed after it
	tries INTEGER NOT NULL DEFAULT 0,                -- given to a gate since it was last received
	step TEXT, done INTEGER, of INTEGER,             -- how far the gate is
	report TEXT,                                     -- JSON of the last check
	out_size INTEGER, out_sha256 TEXT) STRICT;
-- Words a sender gives to a file so that it is not handed over twice when the answer was lost; kept for a week.
CREATE TABLE IF NOT EXISTS transfer_once(
	person INTEGER NOT NULL, word TEXT NOT NULL, record INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (person, word)) STRICT, WITHOUT ROWID;
-- The password of what leaves encrypted: told to its sender only, never together with the file.
CREATE TABLE IF NOT EXISTS transfer_secret(record INTEGER PRIMARY KEY, secret TEXT NOT NULL) STRICT;

-- The store of auth (DIR/auth/auth.db): who knows what, and nothing about who they are. A person is the number the office
-- uses. Secrets that must be read again (TOTP) are sealed with DIR/auth/seal.key; codes are kept as keyed hashes.
CREATE TABLE IF NOT EXISTS meta(
	name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

-- failures are counted before an attempt is judged, so that killing the process gives nobody a free guess.
CREATE TABLE IF NOT EXISTS person(
	person INTEGER PRIMARY KEY,
	hash TEXT,                             -- Argon2id, crypto_pwhash_str
	temporary INTEGER NOT NULL DEFAULT 0 CHECK(temporary IN (0, 1)),
	set_at INTEGER,
	failures INTEGER NOT NULL DEFAULT 0,   -- wrong passwords since the last right one or the last lock
	factor_failures INTEGER NOT NULL DEFAULT 0,
	locked_until INTEGER NOT NULL DEFAULT 0,
	totp BLOB,                             -- sealed secret in force
	totp_next BLOB,                        -- sealed secret not yet confirmed
	totp_step INTEGER NOT NULL DEFAULT 0   -- last time step that was accepted: none is accepted twice
	) STRICT;

CREATE TABLE IF NOT EXISTS old_password(
	id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person, hash TEXT NOT NULL, ended_at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS old_password_person ON old_password(person, id);

CREATE TABLE IF NOT EXISTS code(
	person INTEGER NOT NULL REFERENCES person,
	kind TEXT NOT NULL CHECK(kind IN ('recovery', 'sheet')),
	number INTEGER NOT NULL,
	hash BLOB NOT NULL,
	used_at INTEGER,
	PRIMARY KEY(person, kind, number)) STRICT;

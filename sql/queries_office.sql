-- Queries of the office's own tables: settings, sessions, tokens, outbox.

-- name: setting_get
SELECT value FROM setting WHERE name = ?1;
-- name: setting_put
INSERT INTO setting(name, value, set_by, set_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT(name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at;
-- name: setting_history_put
INSERT INTO setting_history(name, value, set_by, set_at) VALUES (?1, ?2, ?3, ?4);

-- name: session_by_token
SELECT id, csrf, person, stage, lang, created_at, seen_at, flash FROM session WHERE token_hash = ?1 AND ended_at IS NULL;
-- name: session_new
INSERT INTO session(token_hash, csrf, person, stage, lang, created_at, seen_at, peer, agent)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8);
-- name: session_seen
UPDATE session SET seen_at = max(seen_at, ?2), flash = CASE WHEN ?3 THEN NULL ELSE flash END
WHERE token_hash = ?1 AND ended_at IS NULL;
-- name: session_stage
UPDATE session SET stage = ?2 WHERE id = ?1;
-- name: session_lang
UPDATE session SET lang = ?2 WHERE id = ?1;
-- name: session_flash
UPDATE session SET flash = ?2 WHERE id = ?1;
-- name: session_end
UPDATE session SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL;
-- name: session_end_others
UPDATE session SET ended_at = ?3 WHERE person = ?1 AND id <> ?2 AND ended_at IS NULL;
-- name: session_list
SELECT id, created_at, seen_at, peer, agent FROM session WHERE person = ?1 AND ended_at IS NULL ORDER BY seen_at DESC LIMIT 50;
-- name: session_person
SELECT person FROM session WHERE id = ?1 AND ended_at IS NULL;
-- name: session_old
DELETE FROM session WHERE ended_at < ?1;

-- name: token_by_hash
SELECT id, kind, person, scope, expires_at, used_at FROM token WHERE token_hash = ?1 AND revoked_at IS NULL;
-- name: token_new
INSERT INTO token(kind, token_hash, person, scope, created_at, created_by, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- name: token_used
UPDATE token SET used_at = ?2 WHERE id = ?1;
-- name: token_list
SELECT id, kind, person, scope, created_at, expires_at, used_at FROM token WHERE kind = 'api' AND person = ?1 AND revoked_at IS NULL ORDER BY id DESC LIMIT 100;
-- name: token_revoke
UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL;

-- name: signin_person
SELECT id, state, person_type FROM persons WHERE staff_no = ?1;
-- name: signin_guesses
SELECT staff_no, phone, birth_date, kana, name, email FROM persons WHERE id = ?1;
-- name: signin_log_put
INSERT INTO signin_log(person, at, ok, peer, why) VALUES (?1, ?2, ?3, ?4, ?5);
-- name: signin_last
SELECT max(at) FROM signin_log WHERE person = ?1 AND ok = 1 AND at < ?2;
-- name: signin_failures_since
SELECT count(*), max(at) FROM signin_log WHERE person = ?1 AND ok = 0 AND at > coalesce(?2, 0);

-- name: outbox_last
SELECT seq FROM outbox ORDER BY seq DESC LIMIT 1;
-- name: outbox_unsent
SELECT seq, prev, body FROM outbox WHERE seq > ?1 AND idx IS NULL ORDER BY seq LIMIT 64;
-- name: outbox_ack
UPDATE outbox SET idx = ?2 WHERE seq = ?1;
-- name: outbox_waiting
SELECT count(*), min(at) FROM outbox WHERE idx IS NULL;

-- name: person_by_code
SELECT id FROM persons WHERE staff_no = ?1 OR number = ?1 ORDER BY staff_no = ?1 DESC LIMIT 1;

-- name: attachment_new
INSERT INTO attachment(sha256, size, name, type, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: attachment_get
SELECT sha256, size, name, type, ledger, record FROM attachment WHERE id = ?1;

-- Queries of the transfer service.

-- name: transfer_file_put
INSERT INTO transfer_file(record, size, sha256, key, keep_until) VALUES (?1, ?2, ?3, ?4, ?5);
-- name: transfer_file_get
SELECT size, sha256, key, out_size, out_sha256, report, tries FROM transfer_file WHERE record = ?1;
-- name: transfer_file_given
UPDATE transfer_file SET tries = tries + 1, step = NULL, done = NULL, of = NULL WHERE record = ?1;
-- name: transfer_file_again
UPDATE transfer_file SET tries = 0 WHERE record = ?1;
-- name: transfer_file_step
UPDATE transfer_file SET step = ?2, done = ?3, of = ?4 WHERE record = ?1;
-- name: transfer_file_result
UPDATE transfer_file SET report = ?2, out_size = ?3, out_sha256 = ?4, step = NULL, done = NULL, of = NULL WHERE record = ?1;
-- name: transfer_file_gone
UPDATE transfer_file SET key = NULL WHERE record = ?1;
-- name: transfer_out_gone
UPDATE transfer_file SET out_size = NULL, out_sha256 = NULL WHERE record = ?1;

-- What a free gate takes next: small files first, but nothing waits behind others for more than the time given.
-- name: transfer_next
SELECT r.id, r.state, r.file_name, f.size, f.sha256, f.key, f.tries, r.direction = 'out'
FROM transfers r JOIN transfer_file f ON f.record = r.id
WHERE r.state IN ('received', 'checking') AND f.size <= ?2
ORDER BY CASE WHEN r.updated_at < ?1 THEN 0 ELSE f.size END, r.id LIMIT 32;

-- Originals past their time, and cleared files nobody may fetch any more.
-- name: transfer_originals_old
SELECT f.record FROM transfer_file f JOIN transfers r ON r.id = f.record
WHERE f.key IS NOT NULL AND f.keep_until < ?1 AND r.state NOT IN ('received', 'checking') ORDER BY f.record LIMIT 500;
-- name: transfer_outs_old
SELECT f.record FROM transfer_file f JOIN transfers r ON r.id = f.record
WHERE f.out_sha256 IS NOT NULL AND r.state IN ('expired', 'withdrawn', 'refused', 'blocked', 'held') ORDER BY f.record LIMIT 500;
-- What may still be fetched, or waits for permission to be.
-- name: transfer_outs
SELECT f.record FROM transfer_file f JOIN transfers r ON r.id = f.record
WHERE f.out_sha256 IS NOT NULL AND r.state IN ('ready', 'fetched', 'waiting') ORDER BY f.record;
-- Held by another gate than ?1, the original still there.
-- name: transfer_retry
SELECT r.id FROM transfers r JOIN transfer_file f ON f.record = r.id
WHERE r.state = 'held' AND f.key IS NOT NULL AND r.engine IS NOT NULL AND r.engine <> ?1 AND coalesce(r.code, '') <> 'ENC-PASSWORD'
ORDER BY r.id LIMIT 200;

-- What is there to be fetched by a person, newest first.
-- name: transfer_inbox
SELECT r.id, r.file_name, r.expires_on, r.purpose, p.name
FROM transfers__recipients c JOIN transfers r ON r.id = c.record LEFT JOIN persons p ON p.id = r.applicant
WHERE c.value = ?1 AND r.state = 'ready' ORDER BY r.id DESC LIMIT ?2;
-- One file that person ?1 handed over or is to receive.
-- name: transfer_mine
SELECT r.id, r.number, r.file_name, r.state, r.direction, r.size, r.created_at, r.expires_on, r.out_name, r.code, r.findings,
       r.applicant, p.name, f.step, f.done, f.of, f.report, f.key IS NOT NULL,
       EXISTS (SELECT 1 FROM transfers__recipients c WHERE c.record = r.id AND c.value = ?1), r.purpose, r.out_size,
       r.format, r.outcome, r.lost, r.out_hash, o.name, r.created_on, r.hash
FROM transfers r LEFT JOIN transfer_file f ON f.record = r.id LEFT JOIN persons p ON p.id = r.applicant LEFT JOIN org_units o ON o.id = r.section
WHERE r.id = ?2 AND (r.applicant = ?1 OR EXISTS (SELECT 1 FROM transfers__recipients c WHERE c.record = r.id AND c.value = ?1));
-- What a list of one's own can be narrowed to.
-- name: transfer_formats
SELECT DISTINCT r.format FROM transfers r WHERE r.format IS NOT NULL
  AND (r.applicant = ?1 OR EXISTS (SELECT 1 FROM transfers__recipients c WHERE c.record = r.id AND c.value = ?1)) ORDER BY 1 LIMIT 60;
-- name: transfer_sections
SELECT DISTINCT o.id, o.name FROM transfers r JOIN org_units o ON o.id = r.section
WHERE r.applicant = ?1 OR EXISTS (SELECT 1 FROM transfers__recipients c WHERE c.record = r.id AND c.value = ?1) ORDER BY 2 LIMIT 60;
-- name: transfer_colleagues
SELECT staff_no, name FROM persons WHERE state = 'active' AND section = ?1 AND staff_no IS NOT NULL ORDER BY staff_no LIMIT 300;
-- name: transfer_certificate
SELECT encryption_certificate FROM parties WHERE id = ?1 AND state = 'active';
-- name: transfer_unit
SELECT id FROM org_units WHERE code = ?1;
-- name: transfer_person
SELECT id FROM persons WHERE state = 'active' AND staff_no = ?1;

-- name: transfer_secret_put
INSERT INTO transfer_secret(record, secret) VALUES (?1, ?2) ON CONFLICT(record) DO UPDATE SET secret = excluded.secret;
-- name: transfer_secret_get
SELECT secret FROM transfer_secret WHERE record = ?1;

-- What the gates made of files, for the operator.
-- name: gate_days
SELECT day(checked_at), sum(outcome = 'delivered'), sum(outcome = 'held'), sum(outcome = 'blocked')
FROM transfers WHERE checked_at IS NOT NULL AND day(checked_at) >= ?1 GROUP BY 1;
-- name: gate_formats
SELECT coalesce(format, ''), sum(outcome = 'delivered'), sum(outcome = 'held'), sum(outcome = 'blocked'), cast(avg(took_ms) AS INTEGER)
FROM transfers WHERE checked_at >= ?1 GROUP BY 1 ORDER BY count(*) DESC;
-- name: gate_reasons
SELECT r.code, count(*), max(json_extract(CASE WHEN json_valid(f.report) THEN f.report ELSE '{}' END, CASE ?2 WHEN 1 THEN '$.en' ELSE '$.ja' END))
FROM transfers r LEFT JOIN transfer_file f ON f.record = r.id
WHERE r.checked_at >= ?1 AND r.outcome <> 'delivered' AND r.code IS NOT NULL GROUP BY 1 ORDER BY 2 DESC;
-- name: gate_waiting
SELECT count(*), min(updated_at) FROM transfers WHERE state IN ('received', 'checking');
-- name: gate_kept
SELECT count(*) FROM transfers r JOIN transfer_file f ON f.record = r.id WHERE r.state = 'held' AND f.key IS NOT NULL AND coalesce(r.code, '') <> 'ENC-PASSWORD';
-- name: gate_slow
SELECT id, number, coalesce(format, ''), size, took_ms FROM transfers WHERE checked_at >= ?1 AND took_ms IS NOT NULL ORDER BY took_ms DESC LIMIT 15;
-- name: gate_senders
SELECT coalesce(p.name, ''), count(*), sum(r.size) FROM transfers r LEFT JOIN persons p ON p.id = r.applicant
WHERE r.created_at >= ?1 GROUP BY r.applicant ORDER BY 2 DESC LIMIT 15;
-- name: gate_posture
SELECT posture FROM transfers WHERE posture IS NOT NULL ORDER BY checked_at DESC LIMIT 1;
-- name: transfer_once_get
SELECT record FROM transfer_once WHERE person = ?1 AND word = ?2;
-- name: transfer_once_put
INSERT INTO transfer_once(person, word, record, at) VALUES (?1, ?2, ?3, ?4);
-- name: transfer_once_old
DELETE FROM transfer_once WHERE at < ?1;

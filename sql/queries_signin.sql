-- Sign-in events: what record_log and the outbox say of auth.* (who, when, from where, why), newest first, paged by seq.

-- name: signin_events
-- ?1 after (0: the newest) ?2 actions as JSON (NULL any) ?3 why of failures (NULL any) ?4 from ?5 before (µs; NULL open) ?6 limit
SELECT l.seq, l.at, l.action, l.actor, coalesce(nullif(l.on_behalf, 0), CASE WHEN l.ledger = 'persons' THEN l.record END, 0),
       json_extract(CAST(o.body AS TEXT), '$.detail.peer'), json_extract(CAST(o.body AS TEXT), '$.detail.why'), o.idx
FROM record_log l INDEXED BY record_log_auth JOIN outbox o ON o.seq = l.seq
WHERE l.action >= 'auth.' AND l.action < 'auth/' AND l.seq < CASE ?1 WHEN 0 THEN 9223372036854775807 ELSE ?1 END
  AND (?2 IS NULL OR l.action IN (SELECT value FROM json_each(?2)))
  AND (?3 IS NULL OR l.action <> 'auth.failure' OR json_extract(CAST(o.body AS TEXT), '$.detail.why') = ?3)
  AND l.at >= coalesce(?4, 0) AND l.at < coalesce(?5, 9223372036854775807)
ORDER BY l.seq DESC LIMIT ?6;

-- name: signin_events_of
-- as above; ?7 persons as JSON: by whom, for whom or about whom
WITH mine(seq) AS (
	SELECT seq FROM record_log WHERE action >= 'auth.' AND action < 'auth/' AND actor IN (SELECT value FROM json_each(?7))
	UNION
	SELECT seq FROM record_log WHERE action >= 'auth.' AND action < 'auth/' AND on_behalf IS NOT NULL AND on_behalf IN (SELECT value FROM json_each(?7))
	UNION
	SELECT seq FROM record_log WHERE ledger = 'persons' AND record IN (SELECT value FROM json_each(?7)) AND action >= 'auth.' AND action < 'auth/')
SELECT l.seq, l.at, l.action, l.actor, coalesce(nullif(l.on_behalf, 0), CASE WHEN l.ledger = 'persons' THEN l.record END, 0),
       json_extract(CAST(o.body AS TEXT), '$.detail.peer'), json_extract(CAST(o.body AS TEXT), '$.detail.why'), o.idx
FROM mine m JOIN record_log l ON l.seq = m.seq JOIN outbox o ON o.seq = m.seq
WHERE l.seq < CASE ?1 WHEN 0 THEN 9223372036854775807 ELSE ?1 END
  AND (?2 IS NULL OR l.action IN (SELECT value FROM json_each(?2)))
  AND (?3 IS NULL OR l.action <> 'auth.failure' OR json_extract(CAST(o.body AS TEXT), '$.detail.why') = ?3)
  AND l.at >= coalesce(?4, 0) AND l.at < coalesce(?5, 9223372036854775807)
ORDER BY l.seq DESC LIMIT ?6;

-- name: signin_persons
SELECT id FROM persons WHERE staff_no = ?1 OR instr(name, ?1) OR instr(kana, ?1) ORDER BY id LIMIT 200;
-- name: signin_who
SELECT name, staff_no FROM persons WHERE id = ?1;

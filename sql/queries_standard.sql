-- Standards, clauses, controls, parameters: loading and reading (src/core/standard*.c).

-- name: standard_put
INSERT INTO standard(id, ja, en, version, valid_from, source, loaded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT(id) DO UPDATE SET ja = excluded.ja, en = excluded.en, version = excluded.version,
	valid_from = excluded.valid_from, source = excluded.source, loaded_at = excluded.loaded_at;
-- name: standard_active
UPDATE standard SET active = (id = ?1) WHERE active <> (id = ?1);
-- name: standard_all
SELECT s.id, s.ja, s.en, s.version, s.valid_from, s.active, s.own,
	(SELECT count(*) FROM clause c WHERE c.standard = s.id AND NOT c.withdrawn)
FROM standard s ORDER BY s.active DESC, s.id;
-- name: standard_get
SELECT id, ja, en, version, valid_from, active, own, source FROM standard WHERE id = ?1;
-- name: chapter_put
INSERT INTO chapter(standard, id, ja, en, pos) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT(standard, id) DO UPDATE SET ja = excluded.ja, en = excluded.en, pos = excluded.pos;
-- name: chapter_all
SELECT id, ja, en FROM chapter WHERE standard = ?1 ORDER BY pos;
-- name: clause_put
INSERT INTO clause(id, standard, parent, pos, chapter, label, heading, who, duty, strength, applies, asset_scope,
	mechanism, summary_ja, summary_en, evidence, law_group, withdrawn)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 0)
ON CONFLICT(id) DO UPDATE SET standard = excluded.standard, parent = excluded.parent, pos = excluded.pos,
	chapter = excluded.chapter, label = excluded.label, heading = excluded.heading, who = excluded.who,
	duty = excluded.duty, strength = excluded.strength, applies = excluded.applies, asset_scope = excluded.asset_scope,
	mechanism = excluded.mechanism, summary_ja = excluded.summary_ja, summary_en = excluded.summary_en,
	evidence = excluded.evidence, law_group = excluded.law_group, withdrawn = 0;
-- name: clause_exists
SELECT 1 FROM clause WHERE id = ?1 AND NOT withdrawn;
-- name: clause_group_put
INSERT OR IGNORE INTO clause_group(clause, law_group) VALUES (?1, ?2);
-- name: clause_model_put
INSERT OR IGNORE INTO clause_model(clause, model) VALUES (?1, ?2);
-- name: clause_model_clear
DELETE FROM clause_model;
-- name: clause_all
SELECT id, parent, chapter, label, heading, who, duty, strength, applies, asset_scope, mechanism, summary_ja,
	summary_en, evidence, own_text, law_group
FROM clause WHERE standard = ?1 AND NOT withdrawn ORDER BY pos;
-- name: clause_text_put
INSERT INTO clause_text(clause, text, source, version, loaded_at, loaded_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: clause_text_now
UPDATE clause SET own_text = ?2 WHERE id = ?1;
-- name: law_group_put
INSERT INTO law_group(id, ja, en) VALUES (?1, ?2, ?3) ON CONFLICT(id) DO UPDATE SET ja = excluded.ja, en = excluded.en;
-- name: control_put
INSERT INTO control(id, kind, title_ja, title_en, engine, subject, subject_kind, role, doer, cycle, evidence, measure,
	fails_when, feeds, tolerance, target, grace_days, measure_ja, fails_when_ja, withdrawn)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, 0)
ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, title_ja = excluded.title_ja, title_en = excluded.title_en,
	engine = excluded.engine, subject = excluded.subject, subject_kind = excluded.subject_kind, role = excluded.role,
	doer = excluded.doer, cycle = excluded.cycle, evidence = excluded.evidence, measure = excluded.measure,
	fails_when = excluded.fails_when, feeds = excluded.feeds, tolerance = excluded.tolerance, target = excluded.target,
	grace_days = excluded.grace_days, measure_ja = excluded.measure_ja, fails_when_ja = excluded.fails_when_ja,
	withdrawn = 0;
-- name: control_withdraw_all
UPDATE control SET withdrawn = 1;
-- name: control_part_clear
DELETE FROM control_part;
-- name: control_part_put
INSERT INTO control_part(control, part, ja, en, pos) VALUES (?1, ?2, ?3, ?4, ?5);
-- name: control_part_exists
SELECT 1 FROM control_part WHERE control = ?1 AND part = ?2;
-- name: control_parts
SELECT part, ja, en FROM control_part WHERE control = ?1 ORDER BY pos;
-- name: control_bound
SELECT c.id, c.kind, c.title_ja, c.title_en, c.engine, c.subject, c.subject_kind, c.role, c.doer,
	coalesce(s.cycle, c.cycle), c.evidence, c.measure, c.fails_when, c.measure_ja, c.fails_when_ja, c.feeds, c.tolerance
FROM control c LEFT JOIN control_setting s ON s.control = c.id
WHERE NOT c.withdrawn AND EXISTS (SELECT 1 FROM binding b JOIN clause k ON k.id = b.clause
	WHERE b.control = c.id AND b.source <> 'removed' AND k.standard = ?1 AND NOT k.withdrawn)
ORDER BY c.id;
-- name: binding_clear
DELETE FROM binding WHERE source = 'shipped';
-- name: binding_put
INSERT OR IGNORE INTO binding(clause, control, part) VALUES (?1, ?2, ?3);
-- name: bindings_of_clause
SELECT control, part FROM binding WHERE clause = ?1 AND source <> 'removed' ORDER BY control, part;
-- name: standard_param_clear
DELETE FROM standard_param WHERE standard = ?1;
-- name: standard_param_put
INSERT INTO standard_param(standard, name, value) VALUES (?1, ?2, ?3);
-- name: parameter_def_put
INSERT INTO parameter_def(name, type, unit, def, min, max, ja, en, help_ja, help_en, controls, pos)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT(name) DO UPDATE SET type = excluded.type, unit = excluded.unit, def = excluded.def, min = excluded.min,
	max = excluded.max, ja = excluded.ja, en = excluded.en, help_ja = excluded.help_ja, help_en = excluded.help_en,
	controls = excluded.controls, pos = excluded.pos;
-- name: parameter_def_get
SELECT type, min, max FROM parameter_def WHERE name = ?1;
-- name: parameter_put
INSERT INTO parameter(name, value, from_at, set_by, reason) VALUES (?1, ?2, ?3, ?4, ?5);
-- name: parameter_value
SELECT value FROM parameter_now WHERE name = ?1;
-- name: standard_param_value
SELECT value FROM standard_param_now WHERE name = ?1 LIMIT 1;
-- name: control_cycle
SELECT coalesce(s.cycle, (SELECT value FROM standard_param_now WHERE name = 'cycle.' || c.id LIMIT 1), c.cycle)
FROM control c LEFT JOIN control_setting s ON s.control = c.id WHERE c.id = ?1;
-- name: clause_parent_set
UPDATE clause SET parent = ?2 WHERE id = ?1 AND parent IS NOT ?2;
-- name: clause_withdraw_all
UPDATE clause SET withdrawn = 1 WHERE standard = ?1;
-- name: clause_ids
SELECT id FROM clause WHERE standard = ?1 AND NOT withdrawn ORDER BY pos;
-- name: control_live
SELECT 1 FROM control WHERE id = ?1 AND NOT withdrawn;
-- name: parameter_all
SELECT d.name, d.type, d.unit, n.value, d.ja, d.en, d.help_ja, d.help_en FROM parameter_def d
JOIN parameter_now n ON n.name = d.name
ORDER BY d.pos;
-- name: standard_loaded_at
SELECT loaded_at FROM standard WHERE id = ?1;
-- name: standard_asks
SELECT b.control, b.part, group_concat(k.id, ' '), EXISTS (SELECT 1 FROM binding o JOIN clause ok ON ok.id = o.clause
	WHERE o.control = b.control AND o.part = b.part AND o.source <> 'removed' AND ok.standard = ?2 AND NOT ok.withdrawn)
FROM binding b JOIN clause k ON k.id = b.clause
WHERE k.standard = ?1 AND NOT k.withdrawn AND b.source <> 'removed' GROUP BY b.control, b.part
ORDER BY b.control, b.part;
-- name: declaration_put
INSERT INTO declaration(control, part, text, by, at, until_on) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: declaration_withdraw
UPDATE declaration SET withdrawn_at = ?2, withdrawn_by = ?3 WHERE control = ?1 AND withdrawn_at IS NULL;
-- name: declaration_now
SELECT d.text, d.at, d.until_on, p.name FROM declaration d LEFT JOIN persons p ON p.id = d.by
WHERE d.control = ?1 AND d.withdrawn_at IS NULL AND (d.until_on IS NULL OR d.until_on >= ?2) ORDER BY d.id DESC LIMIT 1;
-- name: control_start_put
INSERT INTO control_setting(control, starts_on, reason, set_by, set_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT(control) DO UPDATE SET starts_on = excluded.starts_on, reason = excluded.reason, set_by = excluded.set_by,
	set_at = excluded.set_at;

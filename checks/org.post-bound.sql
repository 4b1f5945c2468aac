-- control: org.post-bound
-- subject: role-assignments
-- part: post
-- part: superior
-- part: after-move
-- reason: left-post | 充てられる職にもう就いていません。指名替えをしてください | The holder no longer has the prescribed post; assign the role anew
-- reason: other-post | 就いている職が、組織台帳でこの役割を充てる職ではありません | The holder's post is not one to which this role is tied
-- reason: other-superior | 直属の上位役割は「{1}」と定められています | The prescribed superior role is {1}
-- reason: unchecked | {1} に職が変わりましたが、役割を確かめた記録がありません | The post changed on {1}, and nobody has confirmed the roles since
-- affects: role_assignments = SELECT :id
-- affects: persons = SELECT r.id FROM role_assignments r WHERE r.holder = :id
-- affects: org_units = *
WITH tied(role, unit, code, superior) AS MATERIALIZED (
	SELECT j.value, q.record, q.code, q.superior_role
	FROM org_units__posts q
	JOIN org_units u ON u.id = q.record
	JOIN json_each(q.roles) j
	WHERE u.state = 'active'
), bound AS (
	SELECT r.id, r.title, r.role, r.unit, r.post, r.superior_role, r.starts_on, p.section, p.post AS has_post, p.section AS has_unit,
	       p.post_since, p.roles_checked_on, coalesce(std('superior.' || r.role), t.superior) AS superior,
	       t.code IS NOT NULL AS fits, r.role IN (SELECT role FROM tied) AS is_tied
	FROM role_assignments r
	JOIN persons p ON p.id = r.holder
	LEFT JOIN tied t ON t.role = r.role AND t.code = p.post AND t.unit = p.section AND t.unit = coalesce(r.unit, t.unit)
	WHERE r.kind = 'appointment'
	  AND r.state = 'active'
	  AND (r.basis = 'post'
	       OR r.role IN (SELECT role FROM tied))
)
SELECT b.id AS subject_id, b.section, b.title, 'post' AS part, NULL AS due_at,
       CASE WHEN b.post IS NOT NULL
                 AND b.has_post IS NOT b.post
            THEN say('left-post')
            WHEN b.is_tied
                 AND NOT b.fits
            THEN say('other-post')
       END AS verdict
FROM bound b
UNION ALL
SELECT b.id, b.section, b.title, 'superior', NULL,
       CASE WHEN b.superior IS NOT coalesce(b.superior_role, '-')
                 AND b.superior IS NOT NULL
            THEN say('other-superior', b.superior)
       END
FROM bound b
UNION ALL
SELECT b.id, b.section, b.title, 'after-move', ahead(b.post_since, '1d'),
       CASE WHEN b.post_since > b.starts_on
                 AND b.post_since > coalesce(b.roles_checked_on, '')
                 AND ahead(b.post_since, '1d') < :today
            THEN say('unchecked', b.post_since)
       END
FROM bound b

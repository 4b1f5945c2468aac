-- control: def.scope
-- subject: org-units
-- part: body-type
-- part: person-type
-- part: reason
-- reason: no-flag | 対策基準の対象かどうかを入れてください | Say whether it is in scope
-- reason: no-body-type | 機関の種別を選んでください | Choose the body type
-- reason: other-body-type | 対象の機関ですが、その種別は対策基準が挙げるものにありません（{1}） | In scope, but the standard does not name its body type ({1})
-- reason: no-person-type | 任用等の種別を選んでください | Choose the person type
-- reason: other-person-type | 対象者ですが、その種別は対策基準が挙げるものにありません（{1}） | In scope, but the standard does not name this person type ({1})
-- reason: no-reason | 対象外とする理由を書いてください | Write why it is out of scope
-- affects: org_units = SELECT :id
-- affects: persons = SELECT 'persons:' || :id
-- Boards of education, elections and audit are administrative commissions; accounts, health centre and cleaning are the mayor's.
SELECT u.id AS subject_id, u.id AS section, u.title, 'body-type' AS part, NULL AS due_at,
       CASE WHEN u.in_scope IS NULL THEN say('no-flag')
            WHEN u.body_type IS NULL THEN say('no-body-type')
            WHEN u.in_scope
                 AND NOT std_has('body_types', u.body_type)
                 AND NOT std_has('body_types', CASE WHEN u.body_type IN ('education', 'election', 'audit') THEN 'commission'
                                                    WHEN u.body_type IN ('accounting', 'health', 'cleaning') THEN 'mayor'
                                                    ELSE '-' END)
            THEN say('other-body-type', u.body_type)
       END AS verdict
FROM org_units u
WHERE u.state = 'active'
UNION ALL
SELECT u.id, u.id, u.title, 'reason', NULL,
       CASE WHEN NOT u.in_scope
                 AND u.out_reason IS NULL
            THEN say('no-reason')
       END
FROM org_units u
WHERE u.state = 'active'
UNION ALL
SELECT 'persons:' || p.id, p.section, p.title, 'person-type', NULL,
       CASE WHEN p.in_scope IS NULL THEN say('no-flag')
            WHEN p.person_type IS NULL THEN say('no-person-type')
            WHEN p.in_scope
                 AND NOT std_has('person_types', p.person_type)
            THEN say('other-person-type', p.person_type)
       END
FROM persons p
WHERE p.state IN ('active', 'away')
UNION ALL
SELECT 'persons:' || p.id, p.section, p.title, 'reason', NULL,
       CASE WHEN NOT p.in_scope
                 AND p.out_reason IS NULL
            THEN say('no-reason')
       END
FROM persons p
WHERE p.state IN ('active', 'away')

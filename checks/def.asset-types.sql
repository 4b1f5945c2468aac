-- control: def.asset-types
-- subject: information-assets
-- part: types
-- part: typed
-- reason: other | 細目が種類に属していません。種類か細目を直してください | The sub-type does not belong to the type: correct one of them
-- reason: no-kind | 種類を選んでください | Choose the type
-- reason: no-form | 電子・紙などの形態を選んでください | Choose the form (electronic, paper)
-- reason: no-flag | 対策基準の対象かどうかを入れてください | Say whether it is in scope
-- reason: no-reason | 対象外とする理由を書いてください | Write why it is out of scope
-- affects: information_assets = SELECT :id
-- The sub-types that the standards list under each type.
WITH fits(kind, sub_type) AS (
	VALUES ('network', 'line'), ('network', 'cable'), ('network', 'network-device'),
	       ('system', 'software'), ('system', 'server'), ('system', 'terminal'), ('system', 'mfp'),
	       ('facility', 'server-room'), ('facility', 'distribution'), ('facility', 'power-cable'),
	       ('media', 'built-in-media'), ('media', 'removable-media'),
	       ('information', 'data'), ('information', 'database'), ('information', 'printed'),
	       ('document', 'design'), ('document', 'manual'), ('document', 'network-diagram')
)
SELECT a.id AS subject_id, a.section, a.title, 'types' AS part, NULL AS due_at,
       CASE WHEN a.kind IS NULL THEN say('no-kind')
            WHEN (a.kind, a.sub_type) NOT IN (SELECT f.kind, f.sub_type FROM fits f) THEN say('other')
       END AS verdict
FROM information_assets a
WHERE a.state <> 'retired'
UNION ALL
SELECT a.id, a.section, a.title, 'typed', NULL,
       CASE WHEN a.medium_form IS NULL THEN say('no-form')
            WHEN a.in_scope IS NULL THEN say('no-flag')
            WHEN NOT a.in_scope
             AND a.out_reason IS NULL
            THEN say('no-reason')
       END
FROM information_assets a
WHERE a.state <> 'retired'

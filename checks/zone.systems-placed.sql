-- control: zone.systems-placed
-- subject: information-systems
-- part: zone
-- later: observed
-- part: terminals
-- reason: no-zone | 領域を選んでください | Choose the zone
-- reason: other | 対策基準にない領域です（{1}） | The standard has no such zone ({1})
-- reason: mynumber | 番号利用事務・戸籍のシステムは、マイナンバー利用事務系に置いてください | Systems of My Number and family-register work belong in the My Number zone
-- reason: lgwan | 庁内業務のシステムは、LGWAN接続系に置いてください | Systems of internal business belong in the LGWAN zone
-- reason: internet | インターネットを使うシステムは、インターネット接続系に置いてください | Systems that use the Internet belong in the Internet zone
-- reason: no-business | マイナンバー利用事務系の端末に、専用とする業務が決められていません | No business is set for this terminal of the My Number zone
-- reason: several | 端末を複数の業務で使っています。業務ごとに専用とするか、理由を書いてください | The terminal serves several businesses: give each its own, or write the reason
-- affects: information_systems = SELECT :id
-- affects: devices = SELECT 'devices:' || :id
-- Under the network models of the beta kind internal business may lie in the Internet zone.
SELECT s.id AS subject_id, s.section, s.title, 'zone' AS part, NULL AS due_at,
       CASE WHEN s.zone IS NULL THEN say('no-zone')
            WHEN NOT std_has('zones', s.zone) THEN say('other', s.zone)
            WHEN s.business IN ('social-security-tax', 'family-register')
             AND s.zone <> 'mynumber'
            THEN say('mynumber')
            WHEN s.business = 'administration'
             AND s.zone NOT IN ('lgwan', 'offline')
             AND NOT (s.zone = 'internet'
                  AND EXISTS (SELECT 1 FROM setting m
                              WHERE m.name = 'network_model'
                                AND m.value LIKE 'beta%'))
            THEN say('lgwan')
            WHEN s.business = 'internet'
             AND s.zone NOT IN ('internet', 'dmz')
            THEN say('internet')
       END AS verdict
FROM information_systems s
WHERE s.state IN ('reported', 'active', 'revising', 'closing')
UNION ALL
SELECT 'devices:' || d.id, d.section, d.title, 'terminals', NULL,
       CASE WHEN d.business IS NULL THEN say('no-business')
            WHEN d.several_business_reason IS NULL
             AND (instr(d.business, '、')
               OR instr(d.business, ','))
            THEN say('several')
       END
FROM devices d
WHERE d.zone = 'mynumber'
  AND d.kind IN ('pc', 'mobile')
  AND d.state IN ('in-use', 'moving', 'repair')

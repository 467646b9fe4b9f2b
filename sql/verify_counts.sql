-- Rows of the change log by topic, and of the revisions by kind. Grain: table and name, in a fixed order. Caller: store::checks.
SELECT 'change_log', topic, count(*) FROM change_log GROUP BY topic
UNION ALL
SELECT 'bar_revisions', kind, count(*) FROM bar_revisions WHERE bar_start IS NULL GROUP BY kind
ORDER BY 1, 2

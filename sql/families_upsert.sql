-- Writes one family. Repeatable. Caller: store::definitions.
INSERT INTO families AS f (name, members)
VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET members = excluded.members
WHERE f.members IS DISTINCT FROM excluded.members

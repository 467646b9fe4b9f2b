-- Writes one factor of the catalogue. Repeatable. Caller: store::features.
INSERT INTO factors AS f (name, version, family, unit, direction, history, definition, source)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (name) DO UPDATE
SET version = excluded.version, family = excluded.family, unit = excluded.unit, direction = excluded.direction,
    history = excluded.history, definition = excluded.definition, source = excluded.source
WHERE (f.*) IS DISTINCT FROM (excluded.*)

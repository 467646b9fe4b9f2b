-- Writes one factor of the catalogue. Repeatable. Caller: store::definitions.
INSERT INTO factors AS f (name, version, family, unit, direction, history, definition, source, inputs)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (name) DO UPDATE
SET version = excluded.version, family = excluded.family, unit = excluded.unit, direction = excluded.direction,
    history = excluded.history, definition = excluded.definition, source = excluded.source, inputs = excluded.inputs
WHERE (f.*) IS DISTINCT FROM (excluded.*)

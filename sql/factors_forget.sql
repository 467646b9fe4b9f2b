-- Forgets by what the columns $1 (text[]) are computed: they count as missing until they are written again. Repeatable.
-- Caller: store::definitions.
DELETE FROM factors WHERE name = ANY ($1)

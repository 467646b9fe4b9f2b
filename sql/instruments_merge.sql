-- Notes that the instruments $1 (integer[]) are those of $2 (integer[]) now; what identified them is taken from them.
-- Caller: store::reference.
UPDATE instruments AS i
SET merged_into = m.into_id, composite_figi = NULL, share_class_figi = NULL
FROM unnest($1::integer[], $2::integer[]) AS m (from_id, into_id)
WHERE i.instrument_id = m.from_id

-- Splits of the instruments $1 (integer[]; null: all), oldest first. Grain: instrument and ex-date.
-- Caller: store::actions and store::checks.
SELECT instrument_id, ex_date, split_from, split_to
FROM splits
WHERE $1::integer[] IS NULL OR instrument_id = ANY ($1)
ORDER BY instrument_id, ex_date

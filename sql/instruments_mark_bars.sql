-- Notes that the instruments $1 (integer[]) have daily bars, in the transaction that writes the first ones. Repeatable; touches
-- only those that had none, in one order, so that two loaders never wait for each other in a circle. Caller: store::bar_table.
UPDATE instruments AS i
SET has_bars = true
FROM (
    SELECT instrument_id
    FROM instruments
    WHERE instrument_id = ANY ($1::integer[]) AND NOT has_bars
    ORDER BY instrument_id
    FOR NO KEY UPDATE
) AS first
WHERE i.instrument_id = first.instrument_id

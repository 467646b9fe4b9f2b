-- Notes that the instruments $1 (integer[]) have daily bars, in the transaction that writes the first ones. Repeatable; touches
-- only those that had none. Caller: store::bars.
UPDATE instruments SET has_bars = true WHERE instrument_id = ANY ($1::integer[]) AND NOT has_bars

-- Removes the kept signals of the instruments $1 (integer[]; null: all). Caller: store::signals.
DELETE FROM signals_latest WHERE $1::integer[] IS NULL OR instrument_id = ANY ($1)

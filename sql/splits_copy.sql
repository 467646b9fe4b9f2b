-- Splits into staging. Caller: store::actions.
COPY staged_splits (instrument_id, ex_date, split_from, split_to, vendor_id) FROM STDIN (FORMAT binary)

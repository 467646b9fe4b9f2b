-- Dividends into staging. Caller: store::actions.
COPY staged_dividends (instrument_id, ex_date, kind, cash_amount, vendor_id) FROM STDIN (FORMAT binary)

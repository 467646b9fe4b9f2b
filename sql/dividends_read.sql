-- Dividends of the instruments $1 (integer[]; null: all), oldest first, in one order always. Grain: payment.
-- Caller: store::actions and store::checks.
SELECT instrument_id, ex_date, cash_amount
FROM dividends
WHERE $1::integer[] IS NULL OR instrument_id = ANY ($1)
ORDER BY instrument_id, ex_date, cash_amount, kind

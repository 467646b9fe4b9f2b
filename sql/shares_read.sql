-- Share counts of the instruments $1 (integer[]; null: all), by filing date, the latest period of a filing last.
-- Grain: instrument, filing and period. Caller: store::actions.
SELECT instrument_id, filing_date, shares, period_end
FROM shares_outstanding
WHERE $1::integer[] IS NULL OR instrument_id = ANY ($1)
ORDER BY instrument_id, filing_date, period_end

-- The ticker that each instrument had on a day, or had last before it. Grain: instrument. No later period may be looked for by a
-- sort of all of them: so a ticker that is asked for is found by its key.
CREATE OR REPLACE FUNCTION tickers_as_of (as_of date)
RETURNS TABLE (instrument_id integer, ticker text)
LANGUAGE sql STABLE ROWS 10000
BEGIN ATOMIC
    SELECT p.instrument_id, p.ticker
    FROM ticker_periods AS p
    WHERE p.from_date <= as_of
        AND NOT EXISTS (
            SELECT FROM ticker_periods AS later
            WHERE later.instrument_id = p.instrument_id AND later.from_date > p.from_date AND later.from_date <= as_of
        );
END;
COMMENT ON FUNCTION tickers_as_of (date) IS 'instrument_id and the ticker that it had on the day, or had last before it. Two instruments that used one ticker one after the other can both be there.';

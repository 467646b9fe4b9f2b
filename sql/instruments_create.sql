-- One new instrument for each ticker of $1 (text[]) that has no period without an end. Repeatable; the caller holds a lock
-- on ticker_periods. Caller: store::instruments.
WITH numbered AS (
    SELECT ticker, nextval(pg_get_serial_sequence('instruments', 'instrument_id'))::integer AS instrument_id
    FROM (
        SELECT DISTINCT wanted.ticker
        FROM unnest($1::text[]) AS wanted (ticker)
        WHERE NOT EXISTS (SELECT FROM ticker_periods AS p WHERE p.ticker = wanted.ticker AND p.until_date IS NULL)
        ORDER BY wanted.ticker
    ) AS missing
), created AS (
    INSERT INTO instruments (instrument_id) SELECT instrument_id FROM numbered
)
INSERT INTO ticker_periods (ticker, from_date, until_date, instrument_id)
SELECT n.ticker,
       coalesce((SELECT max(p.until_date) FROM ticker_periods AS p WHERE p.ticker = n.ticker), DATE '0001-01-01'),
       NULL,
       n.instrument_id
FROM numbered AS n

-- One new instrument for each stretch of time in which a ticker of $1 (text[]) has no instrument on the day beside it in $2
-- (date[]): its period is the whole stretch. Repeatable; the caller holds a lock on ticker_periods. Caller: store::instruments.
WITH gaps AS (
    SELECT DISTINCT
           wanted.ticker,
           coalesce(
               (SELECT max(p.until_date) FROM ticker_periods AS p WHERE p.ticker = wanted.ticker AND p.until_date <= wanted.day),
               DATE '0001-01-01'
           ) AS from_date,
           (SELECT min(p.from_date) FROM ticker_periods AS p WHERE p.ticker = wanted.ticker AND p.from_date > wanted.day) AS until_date
    FROM unnest($1::text[], $2::date[]) AS wanted (ticker, day)
    WHERE NOT EXISTS (
        SELECT FROM ticker_periods AS p
        WHERE p.ticker = wanted.ticker AND p.from_date <= wanted.day AND (p.until_date IS NULL OR wanted.day < p.until_date)
    )
), numbered AS (
    SELECT *, nextval(pg_get_serial_sequence('instruments', 'instrument_id'))::integer AS instrument_id
    FROM (SELECT * FROM gaps ORDER BY ticker, from_date) AS gaps
), created AS (
    INSERT INTO instruments (instrument_id) SELECT instrument_id FROM numbered
)
INSERT INTO ticker_periods (ticker, from_date, until_date, instrument_id)
SELECT ticker, from_date, until_date, instrument_id FROM numbered

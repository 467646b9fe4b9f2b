-- Leaves one statement of each key in staging, of periods before $1 (date; null: all): of several the one with the lowest CIK,
-- else the largest amount of money, else the most numbers, else the greatest digest. Returns, for those that repeat the one
-- that stays and for those that contradict it, how many there were and the first 3 of them. Caller: store::statements.
WITH ranked AS (
    SELECT ctid AS place,
           row_number() OVER best AS rank,
           first_value(digest) OVER best AS best_digest
    FROM staged_statements
    WHERE $1::date IS NULL OR period_end < $1
    WINDOW best AS (
        PARTITION BY instrument_id, period_end, timeframe, filing_date
        ORDER BY cik COLLATE "C" NULLS LAST, amount DESC, given DESC, digest DESC
    )
), dropped AS (
    DELETE FROM staged_statements AS s
    USING ranked AS r
    WHERE s.ctid = r.place AND r.rank > 1
    RETURNING s.digest = r.best_digest AS repeats,
              format('%s %s %s, filed %s', s.ticker, s.timeframe, s.period_end, s.filing_date) AS statement
)
SELECT repeats, count(*), (array_agg(statement ORDER BY statement))[1:3]
FROM dropped
GROUP BY repeats

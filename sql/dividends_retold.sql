-- Of one instrument, day and cash, staged and stored, only those in the best words are payments: the newer interface's (recurring,
-- special, ...) before the older one's (CD, SC, LT, ST), any before none. The others are told twice. Repeatable.
-- Caller: store::actions.
WITH told AS (
    SELECT instrument_id, ex_date, cash_amount, kind FROM staged_dividends WHERE instrument_id IS NOT NULL AND fate IS NULL
    UNION
    SELECT d.instrument_id, d.ex_date, d.cash_amount, d.kind
    FROM dividends AS d
    JOIN (
        SELECT DISTINCT instrument_id, ex_date, cash_amount FROM staged_dividends WHERE fate IS NULL
    ) AS n USING (instrument_id, ex_date, cash_amount)
), worded AS (
    SELECT *, CASE WHEN kind IN ('', 'unknown') THEN 0 WHEN kind IN ('CD', 'SC', 'LT', 'ST') THEN 1 ELSE 2 END AS words FROM told
), weaker AS (
    SELECT * FROM (
        SELECT *, max(words) OVER (PARTITION BY instrument_id, ex_date, cash_amount) AS best FROM worded
    ) AS compared
    WHERE words < best
), unstaged AS (
    UPDATE staged_dividends AS s
    SET fate = 'retold'
    FROM weaker AS w
    WHERE (s.instrument_id, s.ex_date, s.cash_amount, s.kind) = (w.instrument_id, w.ex_date, w.cash_amount, w.kind)
        AND s.fate IS NULL
), gone AS (
    DELETE FROM dividends AS d
    USING weaker AS w
    WHERE (d.instrument_id, d.ex_date, d.cash_amount, d.kind) = (w.instrument_id, w.ex_date, w.cash_amount, w.kind)
    RETURNING d.*
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT 'retold', instrument_id, ex_date, format('%s %s %s', ex_date, cash_amount, kind) FROM gone

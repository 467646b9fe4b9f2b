-- Sets staged splits aside and removes stored ones. $1 instruments, $2 ex-dates, $3 why, arrays of one length. Repeatable.
-- Caller: store::actions.
WITH dropped AS (
    SELECT * FROM unnest($1::integer[], $2::date[], $3::text[]) AS d (instrument_id, ex_date, why)
), unstaged AS (
    UPDATE staged_splits AS s
    SET fate = d.why
    FROM dropped AS d
    WHERE s.instrument_id = d.instrument_id AND s.ex_date = d.ex_date AND s.fate IS NULL
), gone AS (
    DELETE FROM splits AS s
    USING dropped AS d
    WHERE s.instrument_id = d.instrument_id AND s.ex_date = d.ex_date
    RETURNING s.*, d.why
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT why, instrument_id, ex_date, format('%s %s:%s', ex_date, split_from, split_to) FROM gone

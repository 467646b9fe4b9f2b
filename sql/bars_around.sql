-- Where the instrument $1 has bars, as seen from the day $2: its first and its last session, the last before the day, whether
-- there is one on it, and the first after it. One row; nulls where there is none. Caller: store::bars.
SELECT
    (SELECT session_date FROM bars_day WHERE instrument_id = $1 ORDER BY session_date LIMIT 1),
    (SELECT session_date FROM bars_day WHERE instrument_id = $1 ORDER BY session_date DESC LIMIT 1),
    (SELECT session_date FROM bars_day WHERE instrument_id = $1 AND session_date < $2 ORDER BY session_date DESC LIMIT 1),
    EXISTS (SELECT FROM bars_day WHERE instrument_id = $1 AND session_date = $2),
    (SELECT session_date FROM bars_day WHERE instrument_id = $1 AND session_date > $2 ORDER BY session_date LIMIT 1)

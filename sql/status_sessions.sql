-- Loaded sessions and the bars of their latest load. Grain: session, ascending. Caller: store::status.
SELECT DISTINCT ON (session_date) session_date, bars
FROM loads
ORDER BY session_date, load_id DESC

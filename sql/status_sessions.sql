-- Sessions of which the bars of timeframe $1 are loaded, and the bars of their latest load. Grain: session, ascending.
-- Caller: store::status.
SELECT DISTINCT ON (session_date) session_date, bars
FROM loads
WHERE timeframe = $1
ORDER BY session_date, load_id DESC

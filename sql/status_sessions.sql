-- Sessions whose daily bars are loaded, and the bars of their latest load. Grain: session, ascending. Caller: store::status.
SELECT DISTINCT ON (session_date) session_date, bars
FROM loads
WHERE timeframe = 'day'
ORDER BY session_date, load_id DESC

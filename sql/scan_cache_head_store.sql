-- Stores what all rows of the scan's cache have in common. $1 session, $2 when a list of tickers had last been applied. Repeatable.
-- Caller: store::scan_cache.
INSERT INTO scan_cache_head (session_date, reference_at)
VALUES ($1, $2)
ON CONFLICT (only_row) DO UPDATE
SET session_date = excluded.session_date, reference_at = excluded.reference_at
WHERE (scan_cache_head.session_date, scan_cache_head.reference_at)
    IS DISTINCT FROM (excluded.session_date, excluded.reference_at)

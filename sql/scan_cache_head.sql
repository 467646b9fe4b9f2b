-- What all rows of the scan's cache have in common. One row, or none before the first scan. Caller: store::scan_cache.
SELECT session_date, reference_at FROM scan_cache_head

-- All rows of the scan's cache, those of 64 instrument numbers together: one message of 40 kB costs both sides less than 64 of 600
-- bytes. Each row stands behind its instrument (four bytes, big-endian). Grain: 64 instrument numbers. Caller: store::scan_cache.
SELECT rows
FROM generate_series(0, (SELECT max(instrument_id) FROM scan_cache), 64) AS first
CROSS JOIN LATERAL (
    SELECT string_agg(int4send(c.instrument_id) || c.panel_row, ''::bytea) AS rows
    FROM scan_cache AS c
    WHERE c.instrument_id BETWEEN first AND first + 63
) AS r
WHERE rows IS NOT NULL

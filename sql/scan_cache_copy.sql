-- Cached rows straight in. Caller: store::scan_cache.
COPY scan_cache (instrument_id, panel_row) FROM STDIN (FORMAT binary)

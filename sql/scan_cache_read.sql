-- All rows of the scan's cache. Grain: instrument, in no order. Caller: store::scan_cache.
SELECT instrument_id, panel_row FROM scan_cache

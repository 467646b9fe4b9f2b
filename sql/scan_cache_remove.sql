-- Removes the cached rows of the instruments $1 (integer[]; null: all). Repeatable. Caller: store::scan_cache.
DELETE FROM scan_cache WHERE $1::integer[] IS NULL OR instrument_id = ANY ($1)

-- Of the instruments that have bars: how many the vendor's list knows, have a type, and have a sector; how many of the list have no
-- bars; how many were merged into others; announced days to come; when a list was last applied. One row. Caller: store::status.
SELECT count(*) FILTER (WHERE has_bars AND reference_changed_at IS NOT NULL),
       count(*) FILTER (WHERE has_bars AND type IS NOT NULL),
       count(*) FILTER (WHERE has_bars AND sector IS NOT NULL),
       count(*) FILTER (WHERE NOT has_bars AND merged_into IS NULL),
       count(*) FILTER (WHERE merged_into IS NOT NULL),
       (SELECT count(*) FROM exchange_days_announced),
       (SELECT max(loaded_at) FROM reference_loads)
FROM instruments

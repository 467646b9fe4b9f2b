-- Instruments that were merged into others, whose rows a refresh has to remove. Grain: instrument, ascending.
-- Caller: store::instruments.
SELECT instrument_id FROM instruments WHERE merged_into IS NOT NULL ORDER BY instrument_id

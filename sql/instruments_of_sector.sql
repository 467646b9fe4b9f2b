-- The instruments of the sector $1 that have bars. Grain: instrument, ascending. Caller: store::instruments.
SELECT instrument_id FROM instruments WHERE has_bars AND sector = $1 ORDER BY instrument_id

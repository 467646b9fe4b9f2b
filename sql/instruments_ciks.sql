-- Instruments whose Central Index Key is known. Grain: instrument. Caller: store::instruments.
SELECT instrument_id, cik FROM instruments WHERE cik IS NOT NULL

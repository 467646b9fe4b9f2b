-- Instruments with a SIC code whose sector no file gave. Grain: instrument. Caller: store::reference.
SELECT instrument_id, sic_code, sector
FROM instruments
WHERE sic_code IS NOT NULL AND sector_source IS DISTINCT FROM 'file' AND merged_into IS NULL
ORDER BY instrument_id

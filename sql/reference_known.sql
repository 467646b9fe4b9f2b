-- Instruments in use, in the vendor's terms. Grain: instrument, ascending. Caller: store::reference.
SELECT instrument_id, reference_changed_at IS NOT NULL, has_bars, name, type, exchange, cik, composite_figi, share_class_figi,
       delisted_on
FROM instruments
WHERE merged_into IS NULL
ORDER BY instrument_id

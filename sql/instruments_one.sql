-- What the factors ask of the instrument $1. One row or none. Caller: store::instruments.
SELECT i.name, i.type, i.sector,
       CASE WHEN i.sector_source IS DISTINCT FROM 'file' AND i.sic_code IS NOT NULL THEN i.sic_code BETWEEN '6000' AND '6799'
            ELSE coalesce(i.sector = 'Financials', false) END AS financial
FROM instruments AS i
WHERE i.instrument_id = $1

-- Writes sectors. $1 instruments, $2 sectors (null: none), $3 where they come from (file or sic; null: none), arrays of one length.
-- Returns the instruments whose sector or its source differs. Repeatable. Caller: store::reference.
WITH said AS (
    SELECT * FROM unnest($1::integer[], $2::text[], $3::text[]) AS n (instrument_id, sector, sector_source)
), differing AS (
    SELECT i.instrument_id
    FROM said AS n
    JOIN instruments AS i USING (instrument_id)
    WHERE (i.sector, i.sector_source) IS DISTINCT FROM (n.sector, n.sector_source)
), written AS (
    UPDATE instruments AS i
    SET sector = n.sector, sector_source = n.sector_source
    FROM said AS n
    WHERE i.instrument_id = n.instrument_id
        AND (i.sector, i.sector_source) IS DISTINCT FROM (n.sector, n.sector_source)
)
SELECT instrument_id FROM differing

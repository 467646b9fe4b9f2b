-- Writes details. $1 instruments, $2 SIC codes, $3 first days of the listing (null says nothing), arrays of one length. Returns
-- the instruments that differ, and whether their SIC code does. Repeatable. Caller: store::reference.
WITH said AS (
    SELECT * FROM unnest($1::integer[], $2::text[], $3::date[]) AS n (instrument_id, sic_code, listed_on)
), differing AS (
    SELECT i.instrument_id, n.sic_code IS NOT NULL AND n.sic_code IS DISTINCT FROM i.sic_code AS sic
    FROM said AS n
    JOIN instruments AS i USING (instrument_id)
    WHERE n.sic_code <> i.sic_code OR (i.sic_code IS NULL AND n.sic_code IS NOT NULL)
        OR n.listed_on <> i.listed_on OR (i.listed_on IS NULL AND n.listed_on IS NOT NULL)
), written AS (
    UPDATE instruments AS i
    SET sic_code = coalesce(n.sic_code, i.sic_code), listed_on = coalesce(n.listed_on, i.listed_on), details_at = now()
    FROM said AS n
    WHERE i.instrument_id = n.instrument_id
)
SELECT instrument_id, sic FROM differing

-- Leaves one staged split of each instrument and day: the one with the greatest vendor's key (by length, then by bytes), else the
-- greatest ratio. Repeatable. Caller: store::actions.
UPDATE staged_splits AS s
SET fate = CASE WHEN s.split_to * r.best_from = r.best_to * s.split_from THEN 'repeated' ELSE 'contradicted' END
FROM (
    SELECT ctid AS place,
           row_number() OVER best AS rank,
           first_value(split_from) OVER best AS best_from,
           first_value(split_to) OVER best AS best_to
    FROM staged_splits
    WHERE instrument_id IS NOT NULL
    WINDOW best AS (
        PARTITION BY instrument_id, ex_date
        ORDER BY octet_length(vendor_id) DESC NULLS LAST,
                 vendor_id COLLATE "C" DESC NULLS LAST,
                 split_to / split_from DESC,
                 split_to DESC
    )
) AS r
WHERE s.ctid = r.place AND r.rank > 1

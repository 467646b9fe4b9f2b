-- Logs that the type or sector of the instruments $1 (integer[]) changed, from the first bar of each on; those without bars are
-- in nobody's way. Grain: instrument. Caller: store::reference.
INSERT INTO change_log (topic, instrument_id, from_session)
SELECT 'instruments', i.instrument_id, f.session_date
FROM unnest($1::integer[]) AS i (instrument_id)
CROSS JOIN LATERAL (
    SELECT session_date FROM bars_day AS b WHERE b.instrument_id = i.instrument_id ORDER BY b.session_date LIMIT 1
) AS f

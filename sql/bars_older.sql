-- Those of the instruments $1 (integer[]) that have a bar before $2. Grain: instrument. Caller: store::bars.
SELECT i.instrument_id
FROM unnest($1::integer[]) AS i (instrument_id)
WHERE EXISTS (SELECT FROM bars_day AS b WHERE b.instrument_id = i.instrument_id AND b.session_date < $2)

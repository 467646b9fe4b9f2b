-- Writes what a replacement changed to the change log, by the days in New York. Grain: instrument. Caller: store::minutes.
INSERT INTO change_log (topic, instrument_id, from_session, through_session)
SELECT 'minutes',
       instrument_id,
       (min(bar_start) AT TIME ZONE 'America/New_York')::date,
       (max(bar_start) AT TIME ZONE 'America/New_York')::date
FROM staged_changes
GROUP BY instrument_id

-- Writes what a replacement changed to the change log. Grain: instrument. Caller: store::bars.
INSERT INTO change_log (topic, instrument_id, from_session, through_session)
SELECT 'bars', instrument_id, min(session_date), max(session_date)
FROM staged_changes
GROUP BY instrument_id

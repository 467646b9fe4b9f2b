-- Writes what was done to the change log. $1 topic. An action counts from its first day to the end. Grain: instrument.
-- Caller: store::actions.
INSERT INTO change_log (topic, instrument_id, from_session)
SELECT $1, instrument_id, min(day) FROM action_changes GROUP BY instrument_id

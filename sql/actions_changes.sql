-- What a load of actions does to a table, gathered for the change log and the report; for as long as the connection lives.
-- Repeatable. Caller: store::actions.
DROP TABLE IF EXISTS action_changes;
CREATE TEMPORARY TABLE action_changes (
    what          text NOT NULL,
    instrument_id integer NOT NULL,
    day           date NOT NULL,
    action        text NOT NULL
)

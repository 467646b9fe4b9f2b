-- Staging for one replacement; goes with the transaction. Caller: store::bars.
CREATE TEMPORARY TABLE staged_bars (LIKE bars_day) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_changes (
    kind          text NOT NULL,
    instrument_id integer NOT NULL,
    session_date  date NOT NULL
) ON COMMIT DROP;

-- Staging for one replacement; goes with the transaction. Caller: store::minutes.
CREATE TEMPORARY TABLE staged_bars (LIKE bars_minute) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_changes (
    kind          text NOT NULL,
    instrument_id integer NOT NULL,
    bar_start     timestamptz NOT NULL
) ON COMMIT DROP;

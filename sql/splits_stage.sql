-- Staging for splits, for as long as the connection lives. A record that cannot be used has its vendor's key and nothing else;
-- fate says why a usable one is not stored. Repeatable. Caller: store::actions.
DROP TABLE IF EXISTS staged_splits;
CREATE TEMPORARY TABLE staged_splits (
    instrument_id integer,
    ex_date       date,
    split_from    double precision,
    split_to      double precision,
    vendor_id     text,
    fate          text
)

-- Staging for dividends, for as long as the connection lives. A record that cannot be used has its vendor's key and nothing else;
-- fate says why a usable one is not stored. Repeatable. Caller: store::actions.
DROP TABLE IF EXISTS staged_dividends;
CREATE TEMPORARY TABLE staged_dividends (
    instrument_id integer,
    ex_date       date,
    kind          text,
    cash_amount   double precision,
    vendor_id     text,
    fate          text
)

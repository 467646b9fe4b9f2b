-- Staging for one kind of statement, for as long as the connection lives; ticker to amount and digest are what duplicates are
-- settled and shown by. Repeatable. Caller: store::statements.
DROP TABLE IF EXISTS staged_statements, statement_changes;
CREATE TEMPORARY TABLE staged_statements (
    LIKE statements INCLUDING DEFAULTS,
    ticker text NOT NULL,
    amount double precision NOT NULL,
    given  smallint NOT NULL,
    digest bigint NOT NULL
);
CREATE TEMPORARY TABLE statement_changes (
    instrument_id integer NOT NULL,
    period_end    date NOT NULL,
    timeframe     text NOT NULL,
    filing_date   date NOT NULL,
    is_new        boolean NOT NULL,
    shares        boolean NOT NULL,
    others        boolean NOT NULL
);

-- Adds periods. $1 tickers, $2 first days, $3 first days after, $4 instruments, arrays of one length. Caller: store::reference.
INSERT INTO ticker_periods (ticker, from_date, until_date, instrument_id)
SELECT * FROM unnest($1::text[], $2::date[], $3::date[], $4::integer[])

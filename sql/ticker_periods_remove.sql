-- Removes the periods of the tickers $1 (text[]) that begin on $2 (date[]), arrays of one length. Caller: store::reference.
DELETE FROM ticker_periods AS p
USING unnest($1::text[], $2::date[]) AS r (ticker, from_date)
WHERE p.ticker = r.ticker AND p.from_date = r.from_date

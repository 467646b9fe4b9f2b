-- Adds the instruments $1 (integer[]), of which nothing is known yet. Caller: store::reference.
INSERT INTO instruments (instrument_id) SELECT unnest($1::integer[])

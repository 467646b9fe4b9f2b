-- Takes $1 new instrument numbers. Grain: number, ascending. Not repeatable. Caller: store::reference.
SELECT nextval(pg_get_serial_sequence('instruments', 'instrument_id'))::integer AS instrument_id
FROM generate_series(1, $1::integer)
ORDER BY instrument_id

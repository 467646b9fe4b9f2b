-- Stores share counts that come from elsewhere than statements, touching only what differs. $1 instruments, $2 filing dates,
-- $3 period ends, $4 shares, arrays of one length without two of one key. Returns instrument and filing date of what changed.
-- Repeatable. Caller: store::actions.
INSERT INTO share_counts AS s (instrument_id, filing_date, period_end, shares)
SELECT * FROM unnest($1::integer[], $2::date[], $3::date[], $4::double precision[])
ON CONFLICT (instrument_id, filing_date, period_end) DO UPDATE
SET shares = excluded.shares
WHERE s.shares IS DISTINCT FROM excluded.shares
RETURNING instrument_id, filing_date

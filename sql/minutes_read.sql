-- The minute bars of instrument $1 on the days from $2 (included) to $3 (included), New York. Grain: minute, ascending.
-- Caller: store::minutes.
SELECT bar_start, open, high, low, close, volume, vwap, trade_count
FROM bars_minute
WHERE instrument_id = $1
    AND bar_start >= ($2)::timestamp AT TIME ZONE 'America/New_York'
    AND bar_start < ($3 + 1)::timestamp AT TIME ZONE 'America/New_York'
ORDER BY bar_start

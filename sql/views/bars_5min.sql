-- Bars of five minutes from minute bars, extended hours included. Grain: instrument and five minutes with a trade. Sums are of
-- decimals (the 15 digits that a double surely has), so that they do not depend on the order of the rows. The definition
-- alone: store::aggregates makes a view of it on the Apache edition and a continuous aggregate on the community edition.
SELECT instrument_id,
       time_bucket(INTERVAL '5 minutes', bar_start) AS bar_start,
       first(open, bar_start) AS open,
       max(high) AS high,
       min(low) AS low,
       last(close, bar_start) AS close,
       sum(volume::numeric)::double precision AS volume,
       (sum(vwap::numeric * volume::numeric) / nullif(sum(volume::numeric) FILTER (WHERE vwap IS NOT NULL), 0))::double precision AS vwap,
       sum(trade_count)::bigint AS trade_count,
       count(*)::integer AS minutes
FROM bars_minute
GROUP BY instrument_id, time_bucket(INTERVAL '5 minutes', bar_start)

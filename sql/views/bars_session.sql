-- Daily bars of regular hours, from minute bars: 09:30 to 16:00 in New York, or to the early close. Grain: instrument and
-- session. Every session reads the chunks of its own day only. Sums are of decimals, as in bars_5min.
CREATE OR REPLACE VIEW bars_session AS
SELECT b.instrument_id,
       s.session_date,
       b.open,
       b.high,
       b.low,
       b.close,
       b.volume,
       b.vwap,
       b.trade_count,
       b.minutes
FROM (SELECT DISTINCT session_date FROM loads WHERE timeframe = 'minute') AS l
JOIN sessions AS s USING (session_date)
CROSS JOIN LATERAL (
    SELECT m.instrument_id,
           first(m.open, m.bar_start) AS open,
           max(m.high) AS high,
           min(m.low) AS low,
           last(m.close, m.bar_start) AS close,
           sum(m.volume::numeric)::double precision AS volume,
           (sum(m.vwap::numeric * m.volume::numeric) / nullif(sum(m.volume::numeric) FILTER (WHERE m.vwap IS NOT NULL), 0))::double precision AS vwap,
           sum(m.trade_count)::bigint AS trade_count,
           count(*)::integer AS minutes
    FROM bars_minute AS m
    WHERE m.bar_start >= (s.session_date + time '09:30') AT TIME ZONE 'America/New_York'
        AND m.bar_start < (s.session_date + coalesce(s.early_close, time '16:00')) AT TIME ZONE 'America/New_York'
    GROUP BY m.instrument_id
) AS b;
COMMENT ON VIEW bars_session IS 'Daily bars of regular hours, from minute bars: 09:30 to 16:00 in New York, or to the early close.';
COMMENT ON COLUMN bars_session.instrument_id IS 'The instrument.';
COMMENT ON COLUMN bars_session.session_date IS 'The session.';
COMMENT ON COLUMN bars_session.open IS 'First price of regular hours, per share.';
COMMENT ON COLUMN bars_session.high IS 'Highest price.';
COMMENT ON COLUMN bars_session.low IS 'Lowest price.';
COMMENT ON COLUMN bars_session.close IS 'Last price.';
COMMENT ON COLUMN bars_session.volume IS 'Shares traded.';
COMMENT ON COLUMN bars_session.vwap IS 'Volume-weighted average price over the minutes that have one; null where none has.';
COMMENT ON COLUMN bars_session.trade_count IS 'Trades of the minutes that count them; null where none does.';
COMMENT ON COLUMN bars_session.minutes IS 'Minutes with a bar.';

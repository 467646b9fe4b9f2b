-- Minute bars with their session and their time of day in New York. Grain: instrument and minute. A condition on session_date
-- alone reads every chunk: hold bar_start against new_york_midnight(day) as well, or instead.
CREATE OR REPLACE VIEW minute_bars AS
SELECT b.instrument_id,
       b.bar_start,
       (b.bar_start AT TIME ZONE 'America/New_York')::date AS session_date,
       (b.bar_start AT TIME ZONE 'America/New_York')::time AS new_york_time,
       (b.bar_start AT TIME ZONE 'America/New_York')::time >= time '09:30'
           AND (b.bar_start AT TIME ZONE 'America/New_York')::time < coalesce(s.early_close, time '16:00') AS is_regular,
       b.open,
       b.high,
       b.low,
       b.close,
       b.volume,
       b.vwap,
       b.trade_count
FROM bars_minute AS b
LEFT JOIN sessions AS s ON s.session_date = (b.bar_start AT TIME ZONE 'America/New_York')::date;
COMMENT ON VIEW minute_bars IS 'Minute bars with their session and their time of day in New York. To read few chunks, restrict bar_start: bar_start >= new_york_midnight(day) AND bar_start < new_york_midnight(day + 1).';
COMMENT ON COLUMN minute_bars.instrument_id IS 'The instrument.';
COMMENT ON COLUMN minute_bars.bar_start IS 'Start of the minute.';
COMMENT ON COLUMN minute_bars.session_date IS 'Its day in New York: the session.';
COMMENT ON COLUMN minute_bars.new_york_time IS 'Its time of day in New York.';
COMMENT ON COLUMN minute_bars.is_regular IS 'Whether the exchange was open: from 09:30 until, without, 16:00 or the early close. Else extended hours.';
COMMENT ON COLUMN minute_bars.open IS 'First price of the minute, per share.';
COMMENT ON COLUMN minute_bars.high IS 'Highest price.';
COMMENT ON COLUMN minute_bars.low IS 'Lowest price.';
COMMENT ON COLUMN minute_bars.close IS 'Last price.';
COMMENT ON COLUMN minute_bars.volume IS 'Shares traded.';
COMMENT ON COLUMN minute_bars.vwap IS 'Volume-weighted average price; null where the source lacks it.';
COMMENT ON COLUMN minute_bars.trade_count IS 'Number of trades; null where the source lacks it.';

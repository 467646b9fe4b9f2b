-- Daily bars up to a day on that day's split basis, and a close on which dividends are reinvested. Grain: instrument and session.
--
-- For each instrument small arrays are made, and each bar finds its place in them by its date: so a condition on the ticker, the
-- instrument or the session reaches the table of bars, and nothing is done for the rest of the market. OFFSET 0 keeps the arrays
-- from being made bar by bar. An action on a day without a session takes effect at the next one, hence as_of is brought back to
-- its session; a bar before an ex-date is before that session too, because bars are on sessions only. Products run from the
-- oldest split on, as domain::history multiplies them.
CREATE OR REPLACE FUNCTION adjusted_bars (as_of date)
RETURNS TABLE (
    session_date date,
    instrument_id integer,
    ticker text,
    open_adj double precision,
    high_adj double precision,
    low_adj double precision,
    close_adj double precision,
    vwap_adj double precision,
    volume_adj double precision,
    close_total_adj double precision,
    split_ratio double precision
)
LANGUAGE sql STABLE ROWS 100000
BEGIN ATOMIC
    SELECT b.session_date,
           t.instrument_id,
           t.ticker,
           b.open / r.ratio,
           b.high / r.ratio,
           b.low / r.ratio,
           b.close / r.ratio,
           b.vwap / r.ratio,
           b.volume * r.ratio,
           b.close / r.ratio / a.growths[coalesce(width_bucket(b.session_date, a.paid_on), 0) + 1],
           r.ratio
    FROM tickers_as_of(as_of) AS t
    CROSS JOIN LATERAL (
        SELECT t.instrument_id, s.ex_dates, s.ratios, d.paid_on, d.growths
        FROM (
            -- From the first split on, from the second on, ... and 1 from the day after which there is none.
            SELECT array_agg(w.ex_date ORDER BY w.ex_date) AS ex_dates,
                   array_agg(w.ratio ORDER BY w.ex_date) || 1.0::double precision AS ratios
            FROM (
                SELECT ex_date,
                       product(split_to / split_from) OVER (ORDER BY ex_date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS ratio
                FROM splits
                WHERE instrument_id = t.instrument_id
                    AND ex_date <= (SELECT max(session_date) FROM sessions WHERE session_date <= as_of)
            ) AS w
        ) AS s
        -- A dividend is worth its cash at the close of the bar at which it takes effect, on that bar's split basis. An outer join, so
        -- that nothing of this is done for who does not ask for close_total_adj.
        LEFT JOIN (
            SELECT array_agg(w.session_date ORDER BY w.session_date) AS paid_on,
                   array_agg(w.growth ORDER BY w.session_date) || 1.0::double precision AS growths
            FROM (
                SELECT p.session_date,
                       product(1 + p.cash / p.close) OVER (ORDER BY p.session_date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS growth
                FROM (
                    SELECT n.session_date, n.close, sum(v.cash_amount / n.ratio ORDER BY v.ex_date, v.cash_amount, v.kind) AS cash
                    FROM dividends AS v
                    CROSS JOIN LATERAL (
                        SELECT next.session_date,
                               next.close,
                               (
                                   SELECT product(split_to / split_from ORDER BY ex_date)
                                   FROM splits
                                   WHERE instrument_id = t.instrument_id
                                       AND ex_date > (SELECT max(session_date) FROM sessions WHERE session_date < v.ex_date)
                                       AND ex_date <= next.session_date
                               ) AS ratio
                        FROM bars_day AS next
                        WHERE next.instrument_id = t.instrument_id
                            AND next.session_date >= v.ex_date
                            AND next.session_date <= as_of
                        ORDER BY next.session_date
                        LIMIT 1
                    ) AS n
                    WHERE v.instrument_id = t.instrument_id
                    GROUP BY n.session_date, n.close
                ) AS p
            ) AS w
        ) AS d ON true
        OFFSET 0
    ) AS a
    JOIN bars_day AS b ON b.instrument_id = a.instrument_id AND b.session_date <= as_of
    CROSS JOIN LATERAL (
        SELECT a.ratios[coalesce(width_bucket(b.session_date, a.ex_dates), 0) + 1] AS ratio
    ) AS r;
END;
COMMENT ON FUNCTION adjusted_bars (date) IS 'Daily bars up to and including as_of, on the split basis of as_of: an action after it does not count. Add a condition on ticker, instrument_id or session_date: only what it leaves is read. session_date, instrument_id; ticker: as of as_of; open_adj, high_adj, low_adj, close_adj, vwap_adj: as printed / split_ratio, USD per share of as_of; volume_adj: shares of as_of; close_total_adj: close_adj with cash dividends reinvested at the close of their ex-date, so that the ratio of two is the total return between them (to 1e-12; total_returns gives it to the bit), and the last one is close_adj; split_ratio: shares of as_of for a share of the session.';

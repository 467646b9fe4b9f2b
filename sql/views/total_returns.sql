-- Total return of each instrument between two days, as the factors compound it but for the last bits (they join blocks of sessions). Grain: instrument with a price at from_date.
--
-- A price at a day is the close of the last bar up to it, at most 5 sessions before it. Between two bars in a row one share becomes
-- `ratio` shares and `cash`: a dividend is per share before the splits of its own session. Growths multiply from the oldest on.
CREATE OR REPLACE FUNCTION total_returns (from_date date, through_date date)
RETURNS TABLE (
    instrument_id integer,
    ticker text,
    from_session date,
    through_session date,
    bars bigint,
    total_return double precision
)
LANGUAGE sql STABLE ROWS 10000
BEGIN ATOMIC
    SELECT t.instrument_id,
           t.ticker,
           f.session_date,
           e.session_date,
           g.bars,
           CASE WHEN e.is_price THEN g.growth - 1 END
    FROM tickers_as_of(through_date) AS t
    CROSS JOIN LATERAL (
        SELECT session_date, close
        FROM bars_day
        WHERE instrument_id = t.instrument_id
            AND session_date <= from_date
            AND session_date >= (SELECT session_date FROM sessions WHERE session_date <= from_date ORDER BY session_date DESC OFFSET 5 LIMIT 1)
        ORDER BY session_date DESC
        LIMIT 1
    ) AS f
    CROSS JOIN LATERAL (
        SELECT max(r.session_date) AS session_date,
               count(*) AS bars,
               product(r.growth ORDER BY r.session_date) AS growth
        FROM (
            SELECT b.session_date, (b.close * a.ratio + a.cash) / b.previous_close AS growth
            FROM (
                SELECT session_date, close, lag(session_date) OVER w AS previous, lag(close) OVER w AS previous_close
                FROM bars_day
                WHERE instrument_id = t.instrument_id AND session_date >= f.session_date AND session_date <= through_date
                WINDOW w AS (ORDER BY session_date)
            ) AS b
            CROSS JOIN LATERAL (
                SELECT (
                           SELECT product(split_to / split_from ORDER BY ex_date)
                           FROM splits
                           WHERE instrument_id = t.instrument_id AND ex_date > b.previous AND ex_date <= b.session_date
                       ) AS ratio,
                       (
                           SELECT coalesce(sum(v.cash_amount * (
                                      SELECT product(split_to / split_from ORDER BY ex_date)
                                      FROM splits
                                      WHERE instrument_id = t.instrument_id
                                          AND ex_date > b.previous
                                          AND ex_date <= (SELECT max(session_date) FROM sessions WHERE session_date < v.ex_date)
                                  ) ORDER BY v.ex_date, v.cash_amount, v.kind), 0)
                           FROM dividends AS v
                           WHERE v.instrument_id = t.instrument_id AND v.ex_date > b.previous AND v.ex_date <= b.session_date
                       ) AS cash
            ) AS a
            WHERE b.previous IS NOT NULL
        ) AS r
    ) AS g
    CROSS JOIN LATERAL (
        SELECT coalesce(g.session_date, f.session_date) AS session_date,
               coalesce(g.session_date, f.session_date) >= (SELECT session_date FROM sessions WHERE session_date <= through_date ORDER BY session_date DESC OFFSET 5 LIMIT 1) AS is_price
    ) AS e
    WHERE from_date <= through_date;
END;
COMMENT ON FUNCTION total_returns (date, date) IS 'Return of each instrument from from_date through through_date, compounded bar by bar; the factors join the same returns in blocks, so the last bits may differ. A row where there is a price at from_date: the close of that day or of the last bar before it, at most 5 sessions back. instrument_id; ticker: as of through_date; from_session, through_session: the bars whose closes count; bars: how many after the first; total_return: with cash dividends reinvested at the close of their ex-date; a ratio (0.10 is +10 %), null where the bars end more than 5 sessions before through_date.';

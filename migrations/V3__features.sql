-- The feature store: raw factor values, the moments of every session, and the catalogue that explains them.

CREATE TABLE factors (
    name        text PRIMARY KEY,
    version     smallint NOT NULL,
    family      text,
    unit        text NOT NULL,
    direction   smallint,
    history     integer NOT NULL,
    definition  text NOT NULL,
    source      text
);
COMMENT ON TABLE factors IS 'The catalogue of factors, written by features refresh from the program''s own definitions.';
COMMENT ON COLUMN factors.name IS 'Column of features_day.';
COMMENT ON COLUMN factors.version IS 'Raised when the definition changes; the values are then computed again.';
COMMENT ON COLUMN factors.family IS 'Family whose score it enters; null where none.';
COMMENT ON COLUMN factors.unit IS 'Unit of the value.';
COMMENT ON COLUMN factors.direction IS '+1 where more is usually preferred, -1 where less is, null where neither.';
COMMENT ON COLUMN factors.history IS 'Sessions before a session whose bars can matter to its value.';
COMMENT ON COLUMN factors.definition IS 'What is computed.';
COMMENT ON COLUMN factors.source IS 'Where the definition was published; null where nowhere.';

CREATE TABLE features_day (
    session_date     date NOT NULL,
    instrument_id    integer NOT NULL,
    in_population    boolean NOT NULL,
    mom_12_1         double precision,
    mom_6_1          double precision,
    mom_3            double precision,
    rev_1            double precision,
    mom_risk_adj     double precision,
    high_52w         double precision,
    vol_20           double precision,
    vol_60           double precision,
    vol_252          double precision,
    downside_vol_252 double precision,
    beta_252         double precision,
    ivol_252         double precision,
    max_ret_21       double precision,
    max_drawdown_252 double precision,
    adv_20           double precision,
    adv_63           double precision,
    amihud_126       double precision,
    turnover_63      double precision,
    size             double precision,
    div_yield        double precision,
    PRIMARY KEY (session_date, instrument_id)
);
SELECT create_hypertable('features_day', by_range('session_date', INTERVAL '1 year'), create_default_indexes => false);
CREATE INDEX features_day_instrument ON features_day (instrument_id);
COMMENT ON TABLE features_day IS 'Raw factor values, one row for every bar, as known on that session. Null: too little history or a missing input. See the table factors.';
COMMENT ON COLUMN features_day.session_date IS 'Exchange session.';
COMMENT ON COLUMN features_day.instrument_id IS 'instruments.instrument_id.';
COMMENT ON COLUMN features_day.in_population IS 'Whether the row belongs to the population over which z-scores and ranks are taken.';
COMMENT ON COLUMN features_day.mom_12_1 IS 'Total return from 252 to 21 sessions ago; ratio (0.10 is +10 %).';
COMMENT ON COLUMN features_day.mom_6_1 IS 'Total return from 126 to 21 sessions ago; ratio.';
COMMENT ON COLUMN features_day.mom_3 IS 'Total return over the last 63 sessions; ratio.';
COMMENT ON COLUMN features_day.rev_1 IS 'Total return over the last 21 sessions; ratio.';
COMMENT ON COLUMN features_day.mom_risk_adj IS 'mom_12_1 / vol_252; dimensionless.';
COMMENT ON COLUMN features_day.high_52w IS 'Close / highest split-adjusted close of the last 252 sessions; ratio of at most 1.';
COMMENT ON COLUMN features_day.vol_20 IS 'Standard deviation of returns over 20 sessions, annualised by the root of 252.';
COMMENT ON COLUMN features_day.vol_60 IS 'The same over 60 sessions.';
COMMENT ON COLUMN features_day.vol_252 IS 'The same over 252 sessions.';
COMMENT ON COLUMN features_day.downside_vol_252 IS 'Root of the mean of squared negative returns over 252 sessions, annualised.';
COMMENT ON COLUMN features_day.beta_252 IS 'Covariance with the benchmark''s return / its variance, 252 sessions; dimensionless.';
COMMENT ON COLUMN features_day.ivol_252 IS 'Residual deviation of that regression, annualised.';
COMMENT ON COLUMN features_day.max_ret_21 IS 'Highest return of the last 21 sessions; ratio.';
COMMENT ON COLUMN features_day.max_drawdown_252 IS 'Deepest fall below the running maximum within 252 sessions; ratio of at most 0.';
COMMENT ON COLUMN features_day.adv_20 IS 'Mean close x volume of the last 20 sessions; USD a session.';
COMMENT ON COLUMN features_day.adv_63 IS 'The same over 63 sessions.';
COMMENT ON COLUMN features_day.amihud_126 IS 'Mean of abs(return) / (close x volume) x 1,000,000 over 126 sessions; per million USD.';
COMMENT ON COLUMN features_day.turnover_63 IS 'Mean volume / shares outstanding over 63 sessions; ratio a session.';
COMMENT ON COLUMN features_day.size IS 'Natural logarithm of the market value of equity in USD.';
COMMENT ON COLUMN features_day.div_yield IS 'Cash dividends of the last 252 sessions / close; ratio.';

CREATE TABLE feature_moments (
    session_date date NOT NULL,
    factor       text NOT NULL,
    count        integer NOT NULL,
    lower        double precision,
    upper        double precision,
    mean         double precision,
    sd           double precision,
    PRIMARY KEY (session_date, factor)
);
COMMENT ON TABLE feature_moments IS 'The cross-section of a session and factor (or family): with it a z-score is arithmetic on two rows.';
COMMENT ON COLUMN feature_moments.session_date IS 'Exchange session.';
COMMENT ON COLUMN feature_moments.factor IS 'Factor, or family of factors.';
COMMENT ON COLUMN feature_moments.count IS 'Values that are not null in the population.';
COMMENT ON COLUMN feature_moments.lower IS 'To which lower values are raised: the 1st percentile, for a family its least score; null without values.';
COMMENT ON COLUMN feature_moments.upper IS 'To which higher values are cut: the 99th percentile, for a family its largest score; null without values.';
COMMENT ON COLUMN feature_moments.mean IS 'Mean of the values so bounded; null without values.';
COMMENT ON COLUMN feature_moments.sd IS 'Their population standard deviation; 0 where all are equal, null without values.';

-- The cross-section as analysts read it: z-scores of every factor and the family scores, by arithmetic on a row and its
-- session's moments; the same bits as the programs compute (but for _sn, whose sums have no fixed order here). Null outside the population. Grain: session and instrument.
-- Sector-neutral scores are taken off their sector's mean over the whole session: give a session_date.
CREATE OR REPLACE VIEW feature_scores AS
WITH moments AS NOT MATERIALIZED (
    SELECT session_date,
           max(lower) FILTER (WHERE factor = 'mom_12_1' AND count >= 10 AND sd > 0) AS mom_12_1_lower,
           max(upper) FILTER (WHERE factor = 'mom_12_1') AS mom_12_1_upper,
           max(mean) FILTER (WHERE factor = 'mom_12_1') AS mom_12_1_mean,
           max(sd) FILTER (WHERE factor = 'mom_12_1') AS mom_12_1_sd,
           max(lower) FILTER (WHERE factor = 'mom_6_1' AND count >= 10 AND sd > 0) AS mom_6_1_lower,
           max(upper) FILTER (WHERE factor = 'mom_6_1') AS mom_6_1_upper,
           max(mean) FILTER (WHERE factor = 'mom_6_1') AS mom_6_1_mean,
           max(sd) FILTER (WHERE factor = 'mom_6_1') AS mom_6_1_sd,
           max(lower) FILTER (WHERE factor = 'mom_3' AND count >= 10 AND sd > 0) AS mom_3_lower,
           max(upper) FILTER (WHERE factor = 'mom_3') AS mom_3_upper,
           max(mean) FILTER (WHERE factor = 'mom_3') AS mom_3_mean,
           max(sd) FILTER (WHERE factor = 'mom_3') AS mom_3_sd,
           max(lower) FILTER (WHERE factor = 'rev_1' AND count >= 10 AND sd > 0) AS rev_1_lower,
           max(upper) FILTER (WHERE factor = 'rev_1') AS rev_1_upper,
           max(mean) FILTER (WHERE factor = 'rev_1') AS rev_1_mean,
           max(sd) FILTER (WHERE factor = 'rev_1') AS rev_1_sd,
           max(lower) FILTER (WHERE factor = 'mom_risk_adj' AND count >= 10 AND sd > 0) AS mom_risk_adj_lower,
           max(upper) FILTER (WHERE factor = 'mom_risk_adj') AS mom_risk_adj_upper,
           max(mean) FILTER (WHERE factor = 'mom_risk_adj') AS mom_risk_adj_mean,
           max(sd) FILTER (WHERE factor = 'mom_risk_adj') AS mom_risk_adj_sd,
           max(lower) FILTER (WHERE factor = 'high_52w' AND count >= 10 AND sd > 0) AS high_52w_lower,
           max(upper) FILTER (WHERE factor = 'high_52w') AS high_52w_upper,
           max(mean) FILTER (WHERE factor = 'high_52w') AS high_52w_mean,
           max(sd) FILTER (WHERE factor = 'high_52w') AS high_52w_sd,
           max(lower) FILTER (WHERE factor = 'vol_20' AND count >= 10 AND sd > 0) AS vol_20_lower,
           max(upper) FILTER (WHERE factor = 'vol_20') AS vol_20_upper,
           max(mean) FILTER (WHERE factor = 'vol_20') AS vol_20_mean,
           max(sd) FILTER (WHERE factor = 'vol_20') AS vol_20_sd,
           max(lower) FILTER (WHERE factor = 'vol_60' AND count >= 10 AND sd > 0) AS vol_60_lower,
           max(upper) FILTER (WHERE factor = 'vol_60') AS vol_60_upper,
           max(mean) FILTER (WHERE factor = 'vol_60') AS vol_60_mean,
           max(sd) FILTER (WHERE factor = 'vol_60') AS vol_60_sd,
           max(lower) FILTER (WHERE factor = 'vol_252' AND count >= 10 AND sd > 0) AS vol_252_lower,
           max(upper) FILTER (WHERE factor = 'vol_252') AS vol_252_upper,
           max(mean) FILTER (WHERE factor = 'vol_252') AS vol_252_mean,
           max(sd) FILTER (WHERE factor = 'vol_252') AS vol_252_sd,
           max(lower) FILTER (WHERE factor = 'downside_vol_252' AND count >= 10 AND sd > 0) AS downside_vol_252_lower,
           max(upper) FILTER (WHERE factor = 'downside_vol_252') AS downside_vol_252_upper,
           max(mean) FILTER (WHERE factor = 'downside_vol_252') AS downside_vol_252_mean,
           max(sd) FILTER (WHERE factor = 'downside_vol_252') AS downside_vol_252_sd,
           max(lower) FILTER (WHERE factor = 'beta_252' AND count >= 10 AND sd > 0) AS beta_252_lower,
           max(upper) FILTER (WHERE factor = 'beta_252') AS beta_252_upper,
           max(mean) FILTER (WHERE factor = 'beta_252') AS beta_252_mean,
           max(sd) FILTER (WHERE factor = 'beta_252') AS beta_252_sd,
           max(lower) FILTER (WHERE factor = 'ivol_252' AND count >= 10 AND sd > 0) AS ivol_252_lower,
           max(upper) FILTER (WHERE factor = 'ivol_252') AS ivol_252_upper,
           max(mean) FILTER (WHERE factor = 'ivol_252') AS ivol_252_mean,
           max(sd) FILTER (WHERE factor = 'ivol_252') AS ivol_252_sd,
           max(lower) FILTER (WHERE factor = 'max_ret_21' AND count >= 10 AND sd > 0) AS max_ret_21_lower,
           max(upper) FILTER (WHERE factor = 'max_ret_21') AS max_ret_21_upper,
           max(mean) FILTER (WHERE factor = 'max_ret_21') AS max_ret_21_mean,
           max(sd) FILTER (WHERE factor = 'max_ret_21') AS max_ret_21_sd,
           max(lower) FILTER (WHERE factor = 'max_drawdown_252' AND count >= 10 AND sd > 0) AS max_drawdown_252_lower,
           max(upper) FILTER (WHERE factor = 'max_drawdown_252') AS max_drawdown_252_upper,
           max(mean) FILTER (WHERE factor = 'max_drawdown_252') AS max_drawdown_252_mean,
           max(sd) FILTER (WHERE factor = 'max_drawdown_252') AS max_drawdown_252_sd,
           max(lower) FILTER (WHERE factor = 'adv_20' AND count >= 10 AND sd > 0) AS adv_20_lower,
           max(upper) FILTER (WHERE factor = 'adv_20') AS adv_20_upper,
           max(mean) FILTER (WHERE factor = 'adv_20') AS adv_20_mean,
           max(sd) FILTER (WHERE factor = 'adv_20') AS adv_20_sd,
           max(lower) FILTER (WHERE factor = 'adv_63' AND count >= 10 AND sd > 0) AS adv_63_lower,
           max(upper) FILTER (WHERE factor = 'adv_63') AS adv_63_upper,
           max(mean) FILTER (WHERE factor = 'adv_63') AS adv_63_mean,
           max(sd) FILTER (WHERE factor = 'adv_63') AS adv_63_sd,
           max(lower) FILTER (WHERE factor = 'amihud_126' AND count >= 10 AND sd > 0) AS amihud_126_lower,
           max(upper) FILTER (WHERE factor = 'amihud_126') AS amihud_126_upper,
           max(mean) FILTER (WHERE factor = 'amihud_126') AS amihud_126_mean,
           max(sd) FILTER (WHERE factor = 'amihud_126') AS amihud_126_sd,
           max(lower) FILTER (WHERE factor = 'turnover_63' AND count >= 10 AND sd > 0) AS turnover_63_lower,
           max(upper) FILTER (WHERE factor = 'turnover_63') AS turnover_63_upper,
           max(mean) FILTER (WHERE factor = 'turnover_63') AS turnover_63_mean,
           max(sd) FILTER (WHERE factor = 'turnover_63') AS turnover_63_sd,
           max(lower) FILTER (WHERE factor = 'size' AND count >= 10 AND sd > 0) AS size_lower,
           max(upper) FILTER (WHERE factor = 'size') AS size_upper,
           max(mean) FILTER (WHERE factor = 'size') AS size_mean,
           max(sd) FILTER (WHERE factor = 'size') AS size_sd,
           max(lower) FILTER (WHERE factor = 'div_yield' AND count >= 10 AND sd > 0) AS div_yield_lower,
           max(upper) FILTER (WHERE factor = 'div_yield') AS div_yield_upper,
           max(mean) FILTER (WHERE factor = 'div_yield') AS div_yield_mean,
           max(sd) FILTER (WHERE factor = 'div_yield') AS div_yield_sd,
           max(lower) FILTER (WHERE factor = 'momentum' AND count >= 10 AND sd > 0) AS momentum_lower,
           max(upper) FILTER (WHERE factor = 'momentum') AS momentum_upper,
           max(mean) FILTER (WHERE factor = 'momentum') AS momentum_mean,
           max(sd) FILTER (WHERE factor = 'momentum') AS momentum_sd,
           max(lower) FILTER (WHERE factor = 'low_risk' AND count >= 10 AND sd > 0) AS low_risk_lower,
           max(upper) FILTER (WHERE factor = 'low_risk') AS low_risk_upper,
           max(mean) FILTER (WHERE factor = 'low_risk') AS low_risk_mean,
           max(sd) FILTER (WHERE factor = 'low_risk') AS low_risk_sd,
           max(lower) FILTER (WHERE factor = 'momentum_sn' AND count >= 10 AND sd > 0) AS momentum_sn_lower,
           max(upper) FILTER (WHERE factor = 'momentum_sn') AS momentum_sn_upper,
           max(mean) FILTER (WHERE factor = 'momentum_sn') AS momentum_sn_mean,
           max(sd) FILTER (WHERE factor = 'momentum_sn') AS momentum_sn_sd,
           max(lower) FILTER (WHERE factor = 'low_risk_sn' AND count >= 10 AND sd > 0) AS low_risk_sn_lower,
           max(upper) FILTER (WHERE factor = 'low_risk_sn') AS low_risk_sn_upper,
           max(mean) FILTER (WHERE factor = 'low_risk_sn') AS low_risk_sn_mean,
           max(sd) FILTER (WHERE factor = 'low_risk_sn') AS low_risk_sn_sd
    FROM feature_moments
    GROUP BY session_date
), z AS (
    SELECT f.session_date, f.instrument_id, i.sector,
           CASE WHEN m.mom_12_1_lower IS NOT NULL AND f.mom_12_1 IS NOT NULL THEN least(greatest((least(greatest(f.mom_12_1, m.mom_12_1_lower), m.mom_12_1_upper) - m.mom_12_1_mean) / m.mom_12_1_sd, -3), 3) + 0.0 END AS mom_12_1,
           CASE WHEN m.mom_6_1_lower IS NOT NULL AND f.mom_6_1 IS NOT NULL THEN least(greatest((least(greatest(f.mom_6_1, m.mom_6_1_lower), m.mom_6_1_upper) - m.mom_6_1_mean) / m.mom_6_1_sd, -3), 3) + 0.0 END AS mom_6_1,
           CASE WHEN m.mom_3_lower IS NOT NULL AND f.mom_3 IS NOT NULL THEN least(greatest((least(greatest(f.mom_3, m.mom_3_lower), m.mom_3_upper) - m.mom_3_mean) / m.mom_3_sd, -3), 3) + 0.0 END AS mom_3,
           CASE WHEN m.rev_1_lower IS NOT NULL AND f.rev_1 IS NOT NULL THEN least(greatest((least(greatest(f.rev_1, m.rev_1_lower), m.rev_1_upper) - m.rev_1_mean) / m.rev_1_sd, -3), 3) * -1 + 0.0 END AS rev_1,
           CASE WHEN m.mom_risk_adj_lower IS NOT NULL AND f.mom_risk_adj IS NOT NULL THEN least(greatest((least(greatest(f.mom_risk_adj, m.mom_risk_adj_lower), m.mom_risk_adj_upper) - m.mom_risk_adj_mean) / m.mom_risk_adj_sd, -3), 3) + 0.0 END AS mom_risk_adj,
           CASE WHEN m.high_52w_lower IS NOT NULL AND f.high_52w IS NOT NULL THEN least(greatest((least(greatest(f.high_52w, m.high_52w_lower), m.high_52w_upper) - m.high_52w_mean) / m.high_52w_sd, -3), 3) + 0.0 END AS high_52w,
           CASE WHEN m.vol_20_lower IS NOT NULL AND f.vol_20 IS NOT NULL THEN least(greatest((least(greatest(f.vol_20, m.vol_20_lower), m.vol_20_upper) - m.vol_20_mean) / m.vol_20_sd, -3), 3) * -1 + 0.0 END AS vol_20,
           CASE WHEN m.vol_60_lower IS NOT NULL AND f.vol_60 IS NOT NULL THEN least(greatest((least(greatest(f.vol_60, m.vol_60_lower), m.vol_60_upper) - m.vol_60_mean) / m.vol_60_sd, -3), 3) * -1 + 0.0 END AS vol_60,
           CASE WHEN m.vol_252_lower IS NOT NULL AND f.vol_252 IS NOT NULL THEN least(greatest((least(greatest(f.vol_252, m.vol_252_lower), m.vol_252_upper) - m.vol_252_mean) / m.vol_252_sd, -3), 3) * -1 + 0.0 END AS vol_252,
           CASE WHEN m.downside_vol_252_lower IS NOT NULL AND f.downside_vol_252 IS NOT NULL THEN least(greatest((least(greatest(f.downside_vol_252, m.downside_vol_252_lower), m.downside_vol_252_upper) - m.downside_vol_252_mean) / m.downside_vol_252_sd, -3), 3) * -1 + 0.0 END AS downside_vol_252,
           CASE WHEN m.beta_252_lower IS NOT NULL AND f.beta_252 IS NOT NULL THEN least(greatest((least(greatest(f.beta_252, m.beta_252_lower), m.beta_252_upper) - m.beta_252_mean) / m.beta_252_sd, -3), 3) * -1 + 0.0 END AS beta_252,
           CASE WHEN m.ivol_252_lower IS NOT NULL AND f.ivol_252 IS NOT NULL THEN least(greatest((least(greatest(f.ivol_252, m.ivol_252_lower), m.ivol_252_upper) - m.ivol_252_mean) / m.ivol_252_sd, -3), 3) * -1 + 0.0 END AS ivol_252,
           CASE WHEN m.max_ret_21_lower IS NOT NULL AND f.max_ret_21 IS NOT NULL THEN least(greatest((least(greatest(f.max_ret_21, m.max_ret_21_lower), m.max_ret_21_upper) - m.max_ret_21_mean) / m.max_ret_21_sd, -3), 3) * -1 + 0.0 END AS max_ret_21,
           CASE WHEN m.max_drawdown_252_lower IS NOT NULL AND f.max_drawdown_252 IS NOT NULL THEN least(greatest((least(greatest(f.max_drawdown_252, m.max_drawdown_252_lower), m.max_drawdown_252_upper) - m.max_drawdown_252_mean) / m.max_drawdown_252_sd, -3), 3) + 0.0 END AS max_drawdown_252,
           CASE WHEN m.adv_20_lower IS NOT NULL AND f.adv_20 IS NOT NULL THEN least(greatest((least(greatest(f.adv_20, m.adv_20_lower), m.adv_20_upper) - m.adv_20_mean) / m.adv_20_sd, -3), 3) + 0.0 END AS adv_20,
           CASE WHEN m.adv_63_lower IS NOT NULL AND f.adv_63 IS NOT NULL THEN least(greatest((least(greatest(f.adv_63, m.adv_63_lower), m.adv_63_upper) - m.adv_63_mean) / m.adv_63_sd, -3), 3) + 0.0 END AS adv_63,
           CASE WHEN m.amihud_126_lower IS NOT NULL AND f.amihud_126 IS NOT NULL THEN least(greatest((least(greatest(f.amihud_126, m.amihud_126_lower), m.amihud_126_upper) - m.amihud_126_mean) / m.amihud_126_sd, -3), 3) * -1 + 0.0 END AS amihud_126,
           CASE WHEN m.turnover_63_lower IS NOT NULL AND f.turnover_63 IS NOT NULL THEN least(greatest((least(greatest(f.turnover_63, m.turnover_63_lower), m.turnover_63_upper) - m.turnover_63_mean) / m.turnover_63_sd, -3), 3) + 0.0 END AS turnover_63,
           CASE WHEN m.size_lower IS NOT NULL AND f.size IS NOT NULL THEN least(greatest((least(greatest(f.size, m.size_lower), m.size_upper) - m.size_mean) / m.size_sd, -3), 3) + 0.0 END AS size,
           CASE WHEN m.div_yield_lower IS NOT NULL AND f.div_yield IS NOT NULL THEN least(greatest((least(greatest(f.div_yield, m.div_yield_lower), m.div_yield_upper) - m.div_yield_mean) / m.div_yield_sd, -3), 3) + 0.0 END AS div_yield
    FROM features_day AS f
    JOIN moments AS m USING (session_date)
    JOIN instruments AS i USING (instrument_id)
    WHERE f.in_population
), families AS (
    SELECT z.*,
           CASE WHEN num_nonnulls(mom_12_1, mom_6_1, mom_risk_adj, high_52w) >= 2 THEN (coalesce(mom_12_1, 0.0) + coalesce(mom_6_1, 0.0) + coalesce(mom_risk_adj, 0.0) + coalesce(high_52w, 0.0)) / num_nonnulls(mom_12_1, mom_6_1, mom_risk_adj, high_52w) END AS momentum_mean_z,
           CASE WHEN num_nonnulls(vol_252, beta_252, ivol_252, max_drawdown_252) >= 2 THEN (coalesce(vol_252, 0.0) + coalesce(beta_252, 0.0) + coalesce(ivol_252, 0.0) + coalesce(max_drawdown_252, 0.0)) / num_nonnulls(vol_252, beta_252, ivol_252, max_drawdown_252) END AS low_risk_mean_z
    FROM z
), scored AS (
    SELECT s.*,
           CASE WHEN m.momentum_lower IS NOT NULL AND s.momentum_mean_z IS NOT NULL THEN (s.momentum_mean_z - m.momentum_mean) / m.momentum_sd + 0.0 END AS momentum,
           CASE WHEN m.low_risk_lower IS NOT NULL AND s.low_risk_mean_z IS NOT NULL THEN (s.low_risk_mean_z - m.low_risk_mean) / m.low_risk_sd + 0.0 END AS low_risk
    FROM families AS s
    JOIN moments AS m USING (session_date)
), neutral AS (
    SELECT s.*,
           momentum - CASE WHEN sector IS NOT NULL AND count(momentum) OVER sector >= 5 THEN avg(momentum) OVER sector ELSE 0 END
               AS momentum_less_sector,
           low_risk - CASE WHEN sector IS NOT NULL AND count(low_risk) OVER sector >= 5 THEN avg(low_risk) OVER sector ELSE 0 END
               AS low_risk_less_sector
    FROM scored AS s
    WINDOW sector AS (PARTITION BY session_date, sector)
)
SELECT n.session_date, n.instrument_id, t.ticker,
       n.mom_12_1 AS mom_12_1_z,
       n.mom_6_1 AS mom_6_1_z,
       n.mom_3 AS mom_3_z,
       n.rev_1 AS rev_1_z,
       n.mom_risk_adj AS mom_risk_adj_z,
       n.high_52w AS high_52w_z,
       n.vol_20 AS vol_20_z,
       n.vol_60 AS vol_60_z,
       n.vol_252 AS vol_252_z,
       n.downside_vol_252 AS downside_vol_252_z,
       n.beta_252 AS beta_252_z,
       n.ivol_252 AS ivol_252_z,
       n.max_ret_21 AS max_ret_21_z,
       n.max_drawdown_252 AS max_drawdown_252_z,
       n.adv_20 AS adv_20_z,
       n.adv_63 AS adv_63_z,
       n.amihud_126 AS amihud_126_z,
       n.turnover_63 AS turnover_63_z,
       n.size AS size_z,
       n.div_yield AS div_yield_z,
       n.momentum,
       n.low_risk,
       CASE WHEN m.momentum_sn_lower IS NOT NULL AND n.momentum_less_sector IS NOT NULL THEN (n.momentum_less_sector - m.momentum_sn_mean) / m.momentum_sn_sd + 0.0 END AS momentum_sn,
       CASE WHEN m.low_risk_sn_lower IS NOT NULL AND n.low_risk_less_sector IS NOT NULL THEN (n.low_risk_less_sector - m.low_risk_sn_mean) / m.low_risk_sn_sd + 0.0 END AS low_risk_sn
FROM neutral AS n
JOIN moments AS m USING (session_date)
JOIN tickers AS t USING (instrument_id);
COMMENT ON VIEW feature_scores IS 'z-scores of every factor (winsorised, clipped to 3, higher is preferred) and family scores over the population of each session. Always give a session_date.';
COMMENT ON COLUMN feature_scores.session_date IS 'Exchange session.';
COMMENT ON COLUMN feature_scores.instrument_id IS 'The instrument.';
COMMENT ON COLUMN feature_scores.ticker IS 'Its latest ticker.';
COMMENT ON COLUMN feature_scores.mom_12_1_z IS 'z-score of mom_12_1.';
COMMENT ON COLUMN feature_scores.mom_6_1_z IS 'z-score of mom_6_1.';
COMMENT ON COLUMN feature_scores.mom_3_z IS 'z-score of mom_3.';
COMMENT ON COLUMN feature_scores.rev_1_z IS 'z-score of rev_1.';
COMMENT ON COLUMN feature_scores.mom_risk_adj_z IS 'z-score of mom_risk_adj.';
COMMENT ON COLUMN feature_scores.high_52w_z IS 'z-score of high_52w.';
COMMENT ON COLUMN feature_scores.vol_20_z IS 'z-score of vol_20.';
COMMENT ON COLUMN feature_scores.vol_60_z IS 'z-score of vol_60.';
COMMENT ON COLUMN feature_scores.vol_252_z IS 'z-score of vol_252.';
COMMENT ON COLUMN feature_scores.downside_vol_252_z IS 'z-score of downside_vol_252.';
COMMENT ON COLUMN feature_scores.beta_252_z IS 'z-score of beta_252.';
COMMENT ON COLUMN feature_scores.ivol_252_z IS 'z-score of ivol_252.';
COMMENT ON COLUMN feature_scores.max_ret_21_z IS 'z-score of max_ret_21.';
COMMENT ON COLUMN feature_scores.max_drawdown_252_z IS 'z-score of max_drawdown_252.';
COMMENT ON COLUMN feature_scores.adv_20_z IS 'z-score of adv_20.';
COMMENT ON COLUMN feature_scores.adv_63_z IS 'z-score of adv_63.';
COMMENT ON COLUMN feature_scores.amihud_126_z IS 'z-score of amihud_126.';
COMMENT ON COLUMN feature_scores.turnover_63_z IS 'z-score of turnover_63.';
COMMENT ON COLUMN feature_scores.size_z IS 'z-score of size.';
COMMENT ON COLUMN feature_scores.div_yield_z IS 'z-score of div_yield.';
COMMENT ON COLUMN feature_scores.momentum IS 'Family score: mean of its members'' z-scores, standardised.';
COMMENT ON COLUMN feature_scores.momentum_sn IS 'The same less its sector''s mean, standardised again.';
COMMENT ON COLUMN feature_scores.low_risk IS 'Family score: mean of its members'' z-scores, standardised.';
COMMENT ON COLUMN feature_scores.low_risk_sn IS 'The same less its sector''s mean, standardised again.';

-- The cross-section as analysts read it: z-scores of every factor and the family scores, by arithmetic on a row and its
-- session's moments; the same bits as the programs compute (but for _sn, whose sums have no fixed order here). Null outside the population. Grain: session and instrument.
-- Sector-neutral scores are taken off their sector's mean over the whole session: give a session_date. Written by make generate.
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
           max(lower) FILTER (WHERE factor = 'earnings_yield' AND count >= 10 AND sd > 0) AS earnings_yield_lower,
           max(upper) FILTER (WHERE factor = 'earnings_yield') AS earnings_yield_upper,
           max(mean) FILTER (WHERE factor = 'earnings_yield') AS earnings_yield_mean,
           max(sd) FILTER (WHERE factor = 'earnings_yield') AS earnings_yield_sd,
           max(lower) FILTER (WHERE factor = 'book_to_price' AND count >= 10 AND sd > 0) AS book_to_price_lower,
           max(upper) FILTER (WHERE factor = 'book_to_price') AS book_to_price_upper,
           max(mean) FILTER (WHERE factor = 'book_to_price') AS book_to_price_mean,
           max(sd) FILTER (WHERE factor = 'book_to_price') AS book_to_price_sd,
           max(lower) FILTER (WHERE factor = 'sales_to_price' AND count >= 10 AND sd > 0) AS sales_to_price_lower,
           max(upper) FILTER (WHERE factor = 'sales_to_price') AS sales_to_price_upper,
           max(mean) FILTER (WHERE factor = 'sales_to_price') AS sales_to_price_mean,
           max(sd) FILTER (WHERE factor = 'sales_to_price') AS sales_to_price_sd,
           max(lower) FILTER (WHERE factor = 'cashflow_to_price' AND count >= 10 AND sd > 0) AS cashflow_to_price_lower,
           max(upper) FILTER (WHERE factor = 'cashflow_to_price') AS cashflow_to_price_upper,
           max(mean) FILTER (WHERE factor = 'cashflow_to_price') AS cashflow_to_price_mean,
           max(sd) FILTER (WHERE factor = 'cashflow_to_price') AS cashflow_to_price_sd,
           max(lower) FILTER (WHERE factor = 'fcf_yield' AND count >= 10 AND sd > 0) AS fcf_yield_lower,
           max(upper) FILTER (WHERE factor = 'fcf_yield') AS fcf_yield_upper,
           max(mean) FILTER (WHERE factor = 'fcf_yield') AS fcf_yield_mean,
           max(sd) FILTER (WHERE factor = 'fcf_yield') AS fcf_yield_sd,
           max(lower) FILTER (WHERE factor = 'ebitda_to_ev' AND count >= 10 AND sd > 0) AS ebitda_to_ev_lower,
           max(upper) FILTER (WHERE factor = 'ebitda_to_ev') AS ebitda_to_ev_upper,
           max(mean) FILTER (WHERE factor = 'ebitda_to_ev') AS ebitda_to_ev_mean,
           max(sd) FILTER (WHERE factor = 'ebitda_to_ev') AS ebitda_to_ev_sd,
           max(lower) FILTER (WHERE factor = 'roe' AND count >= 10 AND sd > 0) AS roe_lower,
           max(upper) FILTER (WHERE factor = 'roe') AS roe_upper,
           max(mean) FILTER (WHERE factor = 'roe') AS roe_mean,
           max(sd) FILTER (WHERE factor = 'roe') AS roe_sd,
           max(lower) FILTER (WHERE factor = 'roa' AND count >= 10 AND sd > 0) AS roa_lower,
           max(upper) FILTER (WHERE factor = 'roa') AS roa_upper,
           max(mean) FILTER (WHERE factor = 'roa') AS roa_mean,
           max(sd) FILTER (WHERE factor = 'roa') AS roa_sd,
           max(lower) FILTER (WHERE factor = 'gross_profitability' AND count >= 10 AND sd > 0) AS gross_profitability_lower,
           max(upper) FILTER (WHERE factor = 'gross_profitability') AS gross_profitability_upper,
           max(mean) FILTER (WHERE factor = 'gross_profitability') AS gross_profitability_mean,
           max(sd) FILTER (WHERE factor = 'gross_profitability') AS gross_profitability_sd,
           max(lower) FILTER (WHERE factor = 'gross_margin' AND count >= 10 AND sd > 0) AS gross_margin_lower,
           max(upper) FILTER (WHERE factor = 'gross_margin') AS gross_margin_upper,
           max(mean) FILTER (WHERE factor = 'gross_margin') AS gross_margin_mean,
           max(sd) FILTER (WHERE factor = 'gross_margin') AS gross_margin_sd,
           max(lower) FILTER (WHERE factor = 'operating_margin' AND count >= 10 AND sd > 0) AS operating_margin_lower,
           max(upper) FILTER (WHERE factor = 'operating_margin') AS operating_margin_upper,
           max(mean) FILTER (WHERE factor = 'operating_margin') AS operating_margin_mean,
           max(sd) FILTER (WHERE factor = 'operating_margin') AS operating_margin_sd,
           max(lower) FILTER (WHERE factor = 'cfo_to_assets' AND count >= 10 AND sd > 0) AS cfo_to_assets_lower,
           max(upper) FILTER (WHERE factor = 'cfo_to_assets') AS cfo_to_assets_upper,
           max(mean) FILTER (WHERE factor = 'cfo_to_assets') AS cfo_to_assets_mean,
           max(sd) FILTER (WHERE factor = 'cfo_to_assets') AS cfo_to_assets_sd,
           max(lower) FILTER (WHERE factor = 'accruals' AND count >= 10 AND sd > 0) AS accruals_lower,
           max(upper) FILTER (WHERE factor = 'accruals') AS accruals_upper,
           max(mean) FILTER (WHERE factor = 'accruals') AS accruals_mean,
           max(sd) FILTER (WHERE factor = 'accruals') AS accruals_sd,
           max(lower) FILTER (WHERE factor = 'leverage' AND count >= 10 AND sd > 0) AS leverage_lower,
           max(upper) FILTER (WHERE factor = 'leverage') AS leverage_upper,
           max(mean) FILTER (WHERE factor = 'leverage') AS leverage_mean,
           max(sd) FILTER (WHERE factor = 'leverage') AS leverage_sd,
           max(lower) FILTER (WHERE factor = 'current_ratio' AND count >= 10 AND sd > 0) AS current_ratio_lower,
           max(upper) FILTER (WHERE factor = 'current_ratio') AS current_ratio_upper,
           max(mean) FILTER (WHERE factor = 'current_ratio') AS current_ratio_mean,
           max(sd) FILTER (WHERE factor = 'current_ratio') AS current_ratio_sd,
           max(lower) FILTER (WHERE factor = 'earnings_variability' AND count >= 10 AND sd > 0) AS earnings_variability_lower,
           max(upper) FILTER (WHERE factor = 'earnings_variability') AS earnings_variability_upper,
           max(mean) FILTER (WHERE factor = 'earnings_variability') AS earnings_variability_mean,
           max(sd) FILTER (WHERE factor = 'earnings_variability') AS earnings_variability_sd,
           max(lower) FILTER (WHERE factor = 'piotroski_f' AND count >= 10 AND sd > 0) AS piotroski_f_lower,
           max(upper) FILTER (WHERE factor = 'piotroski_f') AS piotroski_f_upper,
           max(mean) FILTER (WHERE factor = 'piotroski_f') AS piotroski_f_mean,
           max(sd) FILTER (WHERE factor = 'piotroski_f') AS piotroski_f_sd,
           max(lower) FILTER (WHERE factor = 'sales_growth' AND count >= 10 AND sd > 0) AS sales_growth_lower,
           max(upper) FILTER (WHERE factor = 'sales_growth') AS sales_growth_upper,
           max(mean) FILTER (WHERE factor = 'sales_growth') AS sales_growth_mean,
           max(sd) FILTER (WHERE factor = 'sales_growth') AS sales_growth_sd,
           max(lower) FILTER (WHERE factor = 'eps_growth' AND count >= 10 AND sd > 0) AS eps_growth_lower,
           max(upper) FILTER (WHERE factor = 'eps_growth') AS eps_growth_upper,
           max(mean) FILTER (WHERE factor = 'eps_growth') AS eps_growth_mean,
           max(sd) FILTER (WHERE factor = 'eps_growth') AS eps_growth_sd,
           max(lower) FILTER (WHERE factor = 'asset_growth' AND count >= 10 AND sd > 0) AS asset_growth_lower,
           max(upper) FILTER (WHERE factor = 'asset_growth') AS asset_growth_upper,
           max(mean) FILTER (WHERE factor = 'asset_growth') AS asset_growth_mean,
           max(sd) FILTER (WHERE factor = 'asset_growth') AS asset_growth_sd,
           max(lower) FILTER (WHERE factor = 'momentum' AND count >= 10 AND sd > 0) AS momentum_lower,
           max(upper) FILTER (WHERE factor = 'momentum') AS momentum_upper,
           max(mean) FILTER (WHERE factor = 'momentum') AS momentum_mean,
           max(sd) FILTER (WHERE factor = 'momentum') AS momentum_sd,
           max(lower) FILTER (WHERE factor = 'value' AND count >= 10 AND sd > 0) AS value_lower,
           max(upper) FILTER (WHERE factor = 'value') AS value_upper,
           max(mean) FILTER (WHERE factor = 'value') AS value_mean,
           max(sd) FILTER (WHERE factor = 'value') AS value_sd,
           max(lower) FILTER (WHERE factor = 'quality' AND count >= 10 AND sd > 0) AS quality_lower,
           max(upper) FILTER (WHERE factor = 'quality') AS quality_upper,
           max(mean) FILTER (WHERE factor = 'quality') AS quality_mean,
           max(sd) FILTER (WHERE factor = 'quality') AS quality_sd,
           max(lower) FILTER (WHERE factor = 'growth' AND count >= 10 AND sd > 0) AS growth_lower,
           max(upper) FILTER (WHERE factor = 'growth') AS growth_upper,
           max(mean) FILTER (WHERE factor = 'growth') AS growth_mean,
           max(sd) FILTER (WHERE factor = 'growth') AS growth_sd,
           max(lower) FILTER (WHERE factor = 'low_risk' AND count >= 10 AND sd > 0) AS low_risk_lower,
           max(upper) FILTER (WHERE factor = 'low_risk') AS low_risk_upper,
           max(mean) FILTER (WHERE factor = 'low_risk') AS low_risk_mean,
           max(sd) FILTER (WHERE factor = 'low_risk') AS low_risk_sd,
           max(lower) FILTER (WHERE factor = 'momentum_sn' AND count >= 10 AND sd > 0) AS momentum_sn_lower,
           max(upper) FILTER (WHERE factor = 'momentum_sn') AS momentum_sn_upper,
           max(mean) FILTER (WHERE factor = 'momentum_sn') AS momentum_sn_mean,
           max(sd) FILTER (WHERE factor = 'momentum_sn') AS momentum_sn_sd,
           max(lower) FILTER (WHERE factor = 'value_sn' AND count >= 10 AND sd > 0) AS value_sn_lower,
           max(upper) FILTER (WHERE factor = 'value_sn') AS value_sn_upper,
           max(mean) FILTER (WHERE factor = 'value_sn') AS value_sn_mean,
           max(sd) FILTER (WHERE factor = 'value_sn') AS value_sn_sd,
           max(lower) FILTER (WHERE factor = 'quality_sn' AND count >= 10 AND sd > 0) AS quality_sn_lower,
           max(upper) FILTER (WHERE factor = 'quality_sn') AS quality_sn_upper,
           max(mean) FILTER (WHERE factor = 'quality_sn') AS quality_sn_mean,
           max(sd) FILTER (WHERE factor = 'quality_sn') AS quality_sn_sd,
           max(lower) FILTER (WHERE factor = 'growth_sn' AND count >= 10 AND sd > 0) AS growth_sn_lower,
           max(upper) FILTER (WHERE factor = 'growth_sn') AS growth_sn_upper,
           max(mean) FILTER (WHERE factor = 'growth_sn') AS growth_sn_mean,
           max(sd) FILTER (WHERE factor = 'growth_sn') AS growth_sn_sd,
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
           CASE WHEN m.div_yield_lower IS NOT NULL AND f.div_yield IS NOT NULL THEN least(greatest((least(greatest(f.div_yield, m.div_yield_lower), m.div_yield_upper) - m.div_yield_mean) / m.div_yield_sd, -3), 3) + 0.0 END AS div_yield,
           CASE WHEN m.earnings_yield_lower IS NOT NULL AND f.earnings_yield IS NOT NULL THEN least(greatest((least(greatest(f.earnings_yield, m.earnings_yield_lower), m.earnings_yield_upper) - m.earnings_yield_mean) / m.earnings_yield_sd, -3), 3) + 0.0 END AS earnings_yield,
           CASE WHEN m.book_to_price_lower IS NOT NULL AND f.book_to_price IS NOT NULL THEN least(greatest((least(greatest(f.book_to_price, m.book_to_price_lower), m.book_to_price_upper) - m.book_to_price_mean) / m.book_to_price_sd, -3), 3) + 0.0 END AS book_to_price,
           CASE WHEN m.sales_to_price_lower IS NOT NULL AND f.sales_to_price IS NOT NULL THEN least(greatest((least(greatest(f.sales_to_price, m.sales_to_price_lower), m.sales_to_price_upper) - m.sales_to_price_mean) / m.sales_to_price_sd, -3), 3) + 0.0 END AS sales_to_price,
           CASE WHEN m.cashflow_to_price_lower IS NOT NULL AND f.cashflow_to_price IS NOT NULL THEN least(greatest((least(greatest(f.cashflow_to_price, m.cashflow_to_price_lower), m.cashflow_to_price_upper) - m.cashflow_to_price_mean) / m.cashflow_to_price_sd, -3), 3) + 0.0 END AS cashflow_to_price,
           CASE WHEN m.fcf_yield_lower IS NOT NULL AND f.fcf_yield IS NOT NULL THEN least(greatest((least(greatest(f.fcf_yield, m.fcf_yield_lower), m.fcf_yield_upper) - m.fcf_yield_mean) / m.fcf_yield_sd, -3), 3) + 0.0 END AS fcf_yield,
           CASE WHEN m.ebitda_to_ev_lower IS NOT NULL AND f.ebitda_to_ev IS NOT NULL THEN least(greatest((least(greatest(f.ebitda_to_ev, m.ebitda_to_ev_lower), m.ebitda_to_ev_upper) - m.ebitda_to_ev_mean) / m.ebitda_to_ev_sd, -3), 3) + 0.0 END AS ebitda_to_ev,
           CASE WHEN m.roe_lower IS NOT NULL AND f.roe IS NOT NULL THEN least(greatest((least(greatest(f.roe, m.roe_lower), m.roe_upper) - m.roe_mean) / m.roe_sd, -3), 3) + 0.0 END AS roe,
           CASE WHEN m.roa_lower IS NOT NULL AND f.roa IS NOT NULL THEN least(greatest((least(greatest(f.roa, m.roa_lower), m.roa_upper) - m.roa_mean) / m.roa_sd, -3), 3) + 0.0 END AS roa,
           CASE WHEN m.gross_profitability_lower IS NOT NULL AND f.gross_profitability IS NOT NULL THEN least(greatest((least(greatest(f.gross_profitability, m.gross_profitability_lower), m.gross_profitability_upper) - m.gross_profitability_mean) / m.gross_profitability_sd, -3), 3) + 0.0 END AS gross_profitability,
           CASE WHEN m.gross_margin_lower IS NOT NULL AND f.gross_margin IS NOT NULL THEN least(greatest((least(greatest(f.gross_margin, m.gross_margin_lower), m.gross_margin_upper) - m.gross_margin_mean) / m.gross_margin_sd, -3), 3) + 0.0 END AS gross_margin,
           CASE WHEN m.operating_margin_lower IS NOT NULL AND f.operating_margin IS NOT NULL THEN least(greatest((least(greatest(f.operating_margin, m.operating_margin_lower), m.operating_margin_upper) - m.operating_margin_mean) / m.operating_margin_sd, -3), 3) + 0.0 END AS operating_margin,
           CASE WHEN m.cfo_to_assets_lower IS NOT NULL AND f.cfo_to_assets IS NOT NULL THEN least(greatest((least(greatest(f.cfo_to_assets, m.cfo_to_assets_lower), m.cfo_to_assets_upper) - m.cfo_to_assets_mean) / m.cfo_to_assets_sd, -3), 3) + 0.0 END AS cfo_to_assets,
           CASE WHEN m.accruals_lower IS NOT NULL AND f.accruals IS NOT NULL THEN least(greatest((least(greatest(f.accruals, m.accruals_lower), m.accruals_upper) - m.accruals_mean) / m.accruals_sd, -3), 3) * -1 + 0.0 END AS accruals,
           CASE WHEN m.leverage_lower IS NOT NULL AND f.leverage IS NOT NULL THEN least(greatest((least(greatest(f.leverage, m.leverage_lower), m.leverage_upper) - m.leverage_mean) / m.leverage_sd, -3), 3) * -1 + 0.0 END AS leverage,
           CASE WHEN m.current_ratio_lower IS NOT NULL AND f.current_ratio IS NOT NULL THEN least(greatest((least(greatest(f.current_ratio, m.current_ratio_lower), m.current_ratio_upper) - m.current_ratio_mean) / m.current_ratio_sd, -3), 3) + 0.0 END AS current_ratio,
           CASE WHEN m.earnings_variability_lower IS NOT NULL AND f.earnings_variability IS NOT NULL THEN least(greatest((least(greatest(f.earnings_variability, m.earnings_variability_lower), m.earnings_variability_upper) - m.earnings_variability_mean) / m.earnings_variability_sd, -3), 3) * -1 + 0.0 END AS earnings_variability,
           CASE WHEN m.piotroski_f_lower IS NOT NULL AND f.piotroski_f IS NOT NULL THEN least(greatest((least(greatest(f.piotroski_f, m.piotroski_f_lower), m.piotroski_f_upper) - m.piotroski_f_mean) / m.piotroski_f_sd, -3), 3) + 0.0 END AS piotroski_f,
           CASE WHEN m.sales_growth_lower IS NOT NULL AND f.sales_growth IS NOT NULL THEN least(greatest((least(greatest(f.sales_growth, m.sales_growth_lower), m.sales_growth_upper) - m.sales_growth_mean) / m.sales_growth_sd, -3), 3) + 0.0 END AS sales_growth,
           CASE WHEN m.eps_growth_lower IS NOT NULL AND f.eps_growth IS NOT NULL THEN least(greatest((least(greatest(f.eps_growth, m.eps_growth_lower), m.eps_growth_upper) - m.eps_growth_mean) / m.eps_growth_sd, -3), 3) + 0.0 END AS eps_growth,
           CASE WHEN m.asset_growth_lower IS NOT NULL AND f.asset_growth IS NOT NULL THEN least(greatest((least(greatest(f.asset_growth, m.asset_growth_lower), m.asset_growth_upper) - m.asset_growth_mean) / m.asset_growth_sd, -3), 3) * -1 + 0.0 END AS asset_growth
    FROM features_day AS f
    JOIN moments AS m USING (session_date)
    JOIN instruments AS i USING (instrument_id)
    WHERE f.in_population
), families AS (
    SELECT z.*,
           CASE WHEN num_nonnulls(mom_12_1, mom_6_1, mom_risk_adj, high_52w) >= 2 THEN (coalesce(mom_12_1, 0.0) + coalesce(mom_6_1, 0.0) + coalesce(mom_risk_adj, 0.0) + coalesce(high_52w, 0.0)) / num_nonnulls(mom_12_1, mom_6_1, mom_risk_adj, high_52w) END AS momentum_mean_z,
           CASE WHEN num_nonnulls(earnings_yield, book_to_price, sales_to_price, cashflow_to_price, ebitda_to_ev) >= 3 THEN (coalesce(earnings_yield, 0.0) + coalesce(book_to_price, 0.0) + coalesce(sales_to_price, 0.0) + coalesce(cashflow_to_price, 0.0) + coalesce(ebitda_to_ev, 0.0)) / num_nonnulls(earnings_yield, book_to_price, sales_to_price, cashflow_to_price, ebitda_to_ev) END AS value_mean_z,
           CASE WHEN num_nonnulls(roe, gross_profitability, cfo_to_assets, accruals, leverage, earnings_variability) >= 3 THEN (coalesce(roe, 0.0) + coalesce(gross_profitability, 0.0) + coalesce(cfo_to_assets, 0.0) + coalesce(accruals, 0.0) + coalesce(leverage, 0.0) + coalesce(earnings_variability, 0.0)) / num_nonnulls(roe, gross_profitability, cfo_to_assets, accruals, leverage, earnings_variability) END AS quality_mean_z,
           CASE WHEN num_nonnulls(sales_growth, eps_growth) >= 1 THEN (coalesce(sales_growth, 0.0) + coalesce(eps_growth, 0.0)) / num_nonnulls(sales_growth, eps_growth) END AS growth_mean_z,
           CASE WHEN num_nonnulls(vol_252, beta_252, ivol_252, max_drawdown_252) >= 2 THEN (coalesce(vol_252, 0.0) + coalesce(beta_252, 0.0) + coalesce(ivol_252, 0.0) + coalesce(max_drawdown_252, 0.0)) / num_nonnulls(vol_252, beta_252, ivol_252, max_drawdown_252) END AS low_risk_mean_z
    FROM z
), scored AS (
    SELECT s.*,
           CASE WHEN m.momentum_lower IS NOT NULL AND s.momentum_mean_z IS NOT NULL THEN (s.momentum_mean_z - m.momentum_mean) / m.momentum_sd + 0.0 END AS momentum,
           CASE WHEN m.value_lower IS NOT NULL AND s.value_mean_z IS NOT NULL THEN (s.value_mean_z - m.value_mean) / m.value_sd + 0.0 END AS value,
           CASE WHEN m.quality_lower IS NOT NULL AND s.quality_mean_z IS NOT NULL THEN (s.quality_mean_z - m.quality_mean) / m.quality_sd + 0.0 END AS quality,
           CASE WHEN m.growth_lower IS NOT NULL AND s.growth_mean_z IS NOT NULL THEN (s.growth_mean_z - m.growth_mean) / m.growth_sd + 0.0 END AS growth,
           CASE WHEN m.low_risk_lower IS NOT NULL AND s.low_risk_mean_z IS NOT NULL THEN (s.low_risk_mean_z - m.low_risk_mean) / m.low_risk_sd + 0.0 END AS low_risk
    FROM families AS s
    JOIN moments AS m USING (session_date)
), neutral AS (
    SELECT s.*,
           momentum - CASE WHEN sector IS NOT NULL AND count(momentum) OVER sector >= 5 THEN avg(momentum) OVER sector ELSE 0 END
               AS momentum_less_sector,
           value - CASE WHEN sector IS NOT NULL AND count(value) OVER sector >= 5 THEN avg(value) OVER sector ELSE 0 END
               AS value_less_sector,
           quality - CASE WHEN sector IS NOT NULL AND count(quality) OVER sector >= 5 THEN avg(quality) OVER sector ELSE 0 END
               AS quality_less_sector,
           growth - CASE WHEN sector IS NOT NULL AND count(growth) OVER sector >= 5 THEN avg(growth) OVER sector ELSE 0 END
               AS growth_less_sector,
           low_risk - CASE WHEN sector IS NOT NULL AND count(low_risk) OVER sector >= 5 THEN avg(low_risk) OVER sector ELSE 0 END
               AS low_risk_less_sector
    FROM scored AS s
    WINDOW sector AS (PARTITION BY session_date, sector)
)
SELECT n.session_date, n.instrument_id, t.ticker,
       n.momentum,
       n.value,
       n.quality,
       n.growth,
       n.low_risk,
       CASE WHEN m.momentum_sn_lower IS NOT NULL AND n.momentum_less_sector IS NOT NULL THEN (n.momentum_less_sector - m.momentum_sn_mean) / m.momentum_sn_sd + 0.0 END AS momentum_sn,
       CASE WHEN m.value_sn_lower IS NOT NULL AND n.value_less_sector IS NOT NULL THEN (n.value_less_sector - m.value_sn_mean) / m.value_sn_sd + 0.0 END AS value_sn,
       CASE WHEN m.quality_sn_lower IS NOT NULL AND n.quality_less_sector IS NOT NULL THEN (n.quality_less_sector - m.quality_sn_mean) / m.quality_sn_sd + 0.0 END AS quality_sn,
       CASE WHEN m.growth_sn_lower IS NOT NULL AND n.growth_less_sector IS NOT NULL THEN (n.growth_less_sector - m.growth_sn_mean) / m.growth_sn_sd + 0.0 END AS growth_sn,
       CASE WHEN m.low_risk_sn_lower IS NOT NULL AND n.low_risk_less_sector IS NOT NULL THEN (n.low_risk_less_sector - m.low_risk_sn_mean) / m.low_risk_sn_sd + 0.0 END AS low_risk_sn,
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
       n.earnings_yield AS earnings_yield_z,
       n.book_to_price AS book_to_price_z,
       n.sales_to_price AS sales_to_price_z,
       n.cashflow_to_price AS cashflow_to_price_z,
       n.fcf_yield AS fcf_yield_z,
       n.ebitda_to_ev AS ebitda_to_ev_z,
       n.roe AS roe_z,
       n.roa AS roa_z,
       n.gross_profitability AS gross_profitability_z,
       n.gross_margin AS gross_margin_z,
       n.operating_margin AS operating_margin_z,
       n.cfo_to_assets AS cfo_to_assets_z,
       n.accruals AS accruals_z,
       n.leverage AS leverage_z,
       n.current_ratio AS current_ratio_z,
       n.earnings_variability AS earnings_variability_z,
       n.piotroski_f AS piotroski_f_z,
       n.sales_growth AS sales_growth_z,
       n.eps_growth AS eps_growth_z,
       n.asset_growth AS asset_growth_z
FROM neutral AS n
JOIN moments AS m USING (session_date)
JOIN tickers AS t USING (instrument_id);
COMMENT ON VIEW feature_scores IS 'Family scores and z-scores of every factor (winsorised, clipped to 3, higher is preferred) over the population of each session. Always give a session_date.';
COMMENT ON COLUMN feature_scores.session_date IS 'Exchange session.';
COMMENT ON COLUMN feature_scores.instrument_id IS 'The instrument.';
COMMENT ON COLUMN feature_scores.ticker IS 'Its latest ticker.';
COMMENT ON COLUMN feature_scores.momentum IS 'Family score: mean of the z-scores of mom_12_1, mom_6_1, mom_risk_adj, high_52w, at least 2 of them, standardised.';
COMMENT ON COLUMN feature_scores.momentum_sn IS 'momentum less its sector''s mean, standardised again.';
COMMENT ON COLUMN feature_scores.value IS 'Family score: mean of the z-scores of earnings_yield, book_to_price, sales_to_price, cashflow_to_price, ebitda_to_ev, at least 3 of them, standardised.';
COMMENT ON COLUMN feature_scores.value_sn IS 'value less its sector''s mean, standardised again.';
COMMENT ON COLUMN feature_scores.quality IS 'Family score: mean of the z-scores of roe, gross_profitability, cfo_to_assets, accruals, leverage, earnings_variability, at least 3 of them, standardised.';
COMMENT ON COLUMN feature_scores.quality_sn IS 'quality less its sector''s mean, standardised again.';
COMMENT ON COLUMN feature_scores.growth IS 'Family score: mean of the z-scores of sales_growth, eps_growth, at least 1 of them, standardised.';
COMMENT ON COLUMN feature_scores.growth_sn IS 'growth less its sector''s mean, standardised again.';
COMMENT ON COLUMN feature_scores.low_risk IS 'Family score: mean of the z-scores of vol_252, beta_252, ivol_252, max_drawdown_252, at least 2 of them, standardised.';
COMMENT ON COLUMN feature_scores.low_risk_sn IS 'low_risk less its sector''s mean, standardised again.';
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
COMMENT ON COLUMN feature_scores.earnings_yield_z IS 'z-score of earnings_yield.';
COMMENT ON COLUMN feature_scores.book_to_price_z IS 'z-score of book_to_price.';
COMMENT ON COLUMN feature_scores.sales_to_price_z IS 'z-score of sales_to_price.';
COMMENT ON COLUMN feature_scores.cashflow_to_price_z IS 'z-score of cashflow_to_price.';
COMMENT ON COLUMN feature_scores.fcf_yield_z IS 'z-score of fcf_yield.';
COMMENT ON COLUMN feature_scores.ebitda_to_ev_z IS 'z-score of ebitda_to_ev.';
COMMENT ON COLUMN feature_scores.roe_z IS 'z-score of roe.';
COMMENT ON COLUMN feature_scores.roa_z IS 'z-score of roa.';
COMMENT ON COLUMN feature_scores.gross_profitability_z IS 'z-score of gross_profitability.';
COMMENT ON COLUMN feature_scores.gross_margin_z IS 'z-score of gross_margin.';
COMMENT ON COLUMN feature_scores.operating_margin_z IS 'z-score of operating_margin.';
COMMENT ON COLUMN feature_scores.cfo_to_assets_z IS 'z-score of cfo_to_assets.';
COMMENT ON COLUMN feature_scores.accruals_z IS 'z-score of accruals.';
COMMENT ON COLUMN feature_scores.leverage_z IS 'z-score of leverage.';
COMMENT ON COLUMN feature_scores.current_ratio_z IS 'z-score of current_ratio.';
COMMENT ON COLUMN feature_scores.earnings_variability_z IS 'z-score of earnings_variability.';
COMMENT ON COLUMN feature_scores.piotroski_f_z IS 'z-score of piotroski_f.';
COMMENT ON COLUMN feature_scores.sales_growth_z IS 'z-score of sales_growth.';
COMMENT ON COLUMN feature_scores.eps_growth_z IS 'z-score of eps_growth.';
COMMENT ON COLUMN feature_scores.asset_growth_z IS 'z-score of asset_growth.';

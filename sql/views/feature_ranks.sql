-- Percentile rank of every raw value within the population of its session, 0 to 1: (number below + half of the ties, itself
-- counted as a tie) / number of values. Grain: session and instrument. Always give a session_date. Written by make generate.
CREATE OR REPLACE VIEW feature_ranks AS
SELECT f.session_date, f.instrument_id, t.ticker,
       CASE WHEN f.mom_12_1 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.mom_12_1) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.mom_12_1) / 2.0::double precision)
           / count(f.mom_12_1) OVER (PARTITION BY f.session_date) END AS mom_12_1_rank,
       CASE WHEN f.mom_6_1 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.mom_6_1) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.mom_6_1) / 2.0::double precision)
           / count(f.mom_6_1) OVER (PARTITION BY f.session_date) END AS mom_6_1_rank,
       CASE WHEN f.mom_3 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.mom_3) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.mom_3) / 2.0::double precision)
           / count(f.mom_3) OVER (PARTITION BY f.session_date) END AS mom_3_rank,
       CASE WHEN f.rev_1 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.rev_1) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.rev_1) / 2.0::double precision)
           / count(f.rev_1) OVER (PARTITION BY f.session_date) END AS rev_1_rank,
       CASE WHEN f.mom_risk_adj IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.mom_risk_adj) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.mom_risk_adj) / 2.0::double precision)
           / count(f.mom_risk_adj) OVER (PARTITION BY f.session_date) END AS mom_risk_adj_rank,
       CASE WHEN f.high_52w IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.high_52w) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.high_52w) / 2.0::double precision)
           / count(f.high_52w) OVER (PARTITION BY f.session_date) END AS high_52w_rank,
       CASE WHEN f.vol_20 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.vol_20) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.vol_20) / 2.0::double precision)
           / count(f.vol_20) OVER (PARTITION BY f.session_date) END AS vol_20_rank,
       CASE WHEN f.vol_60 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.vol_60) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.vol_60) / 2.0::double precision)
           / count(f.vol_60) OVER (PARTITION BY f.session_date) END AS vol_60_rank,
       CASE WHEN f.vol_252 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.vol_252) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.vol_252) / 2.0::double precision)
           / count(f.vol_252) OVER (PARTITION BY f.session_date) END AS vol_252_rank,
       CASE WHEN f.downside_vol_252 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.downside_vol_252) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.downside_vol_252) / 2.0::double precision)
           / count(f.downside_vol_252) OVER (PARTITION BY f.session_date) END AS downside_vol_252_rank,
       CASE WHEN f.beta_252 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.beta_252) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.beta_252) / 2.0::double precision)
           / count(f.beta_252) OVER (PARTITION BY f.session_date) END AS beta_252_rank,
       CASE WHEN f.ivol_252 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.ivol_252) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.ivol_252) / 2.0::double precision)
           / count(f.ivol_252) OVER (PARTITION BY f.session_date) END AS ivol_252_rank,
       CASE WHEN f.max_ret_21 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.max_ret_21) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.max_ret_21) / 2.0::double precision)
           / count(f.max_ret_21) OVER (PARTITION BY f.session_date) END AS max_ret_21_rank,
       CASE WHEN f.max_drawdown_252 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.max_drawdown_252) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.max_drawdown_252) / 2.0::double precision)
           / count(f.max_drawdown_252) OVER (PARTITION BY f.session_date) END AS max_drawdown_252_rank,
       CASE WHEN f.adv_20 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.adv_20) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.adv_20) / 2.0::double precision)
           / count(f.adv_20) OVER (PARTITION BY f.session_date) END AS adv_20_rank,
       CASE WHEN f.adv_63 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.adv_63) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.adv_63) / 2.0::double precision)
           / count(f.adv_63) OVER (PARTITION BY f.session_date) END AS adv_63_rank,
       CASE WHEN f.amihud_126 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.amihud_126) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.amihud_126) / 2.0::double precision)
           / count(f.amihud_126) OVER (PARTITION BY f.session_date) END AS amihud_126_rank,
       CASE WHEN f.turnover_63 IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.turnover_63) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.turnover_63) / 2.0::double precision)
           / count(f.turnover_63) OVER (PARTITION BY f.session_date) END AS turnover_63_rank,
       CASE WHEN f.size IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.size) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.size) / 2.0::double precision)
           / count(f.size) OVER (PARTITION BY f.session_date) END AS size_rank,
       CASE WHEN f.div_yield IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.div_yield) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.div_yield) / 2.0::double precision)
           / count(f.div_yield) OVER (PARTITION BY f.session_date) END AS div_yield_rank,
       CASE WHEN f.earnings_yield IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.earnings_yield) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.earnings_yield) / 2.0::double precision)
           / count(f.earnings_yield) OVER (PARTITION BY f.session_date) END AS earnings_yield_rank,
       CASE WHEN f.book_to_price IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.book_to_price) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.book_to_price) / 2.0::double precision)
           / count(f.book_to_price) OVER (PARTITION BY f.session_date) END AS book_to_price_rank,
       CASE WHEN f.sales_to_price IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.sales_to_price) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.sales_to_price) / 2.0::double precision)
           / count(f.sales_to_price) OVER (PARTITION BY f.session_date) END AS sales_to_price_rank,
       CASE WHEN f.cashflow_to_price IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.cashflow_to_price) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.cashflow_to_price) / 2.0::double precision)
           / count(f.cashflow_to_price) OVER (PARTITION BY f.session_date) END AS cashflow_to_price_rank,
       CASE WHEN f.fcf_yield IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.fcf_yield) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.fcf_yield) / 2.0::double precision)
           / count(f.fcf_yield) OVER (PARTITION BY f.session_date) END AS fcf_yield_rank,
       CASE WHEN f.ebitda_to_ev IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.ebitda_to_ev) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.ebitda_to_ev) / 2.0::double precision)
           / count(f.ebitda_to_ev) OVER (PARTITION BY f.session_date) END AS ebitda_to_ev_rank,
       CASE WHEN f.roe IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.roe) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.roe) / 2.0::double precision)
           / count(f.roe) OVER (PARTITION BY f.session_date) END AS roe_rank,
       CASE WHEN f.roa IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.roa) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.roa) / 2.0::double precision)
           / count(f.roa) OVER (PARTITION BY f.session_date) END AS roa_rank,
       CASE WHEN f.gross_profitability IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.gross_profitability) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.gross_profitability) / 2.0::double precision)
           / count(f.gross_profitability) OVER (PARTITION BY f.session_date) END AS gross_profitability_rank,
       CASE WHEN f.gross_margin IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.gross_margin) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.gross_margin) / 2.0::double precision)
           / count(f.gross_margin) OVER (PARTITION BY f.session_date) END AS gross_margin_rank,
       CASE WHEN f.operating_margin IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.operating_margin) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.operating_margin) / 2.0::double precision)
           / count(f.operating_margin) OVER (PARTITION BY f.session_date) END AS operating_margin_rank,
       CASE WHEN f.cfo_to_assets IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.cfo_to_assets) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.cfo_to_assets) / 2.0::double precision)
           / count(f.cfo_to_assets) OVER (PARTITION BY f.session_date) END AS cfo_to_assets_rank,
       CASE WHEN f.accruals IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.accruals) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.accruals) / 2.0::double precision)
           / count(f.accruals) OVER (PARTITION BY f.session_date) END AS accruals_rank,
       CASE WHEN f.leverage IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.leverage) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.leverage) / 2.0::double precision)
           / count(f.leverage) OVER (PARTITION BY f.session_date) END AS leverage_rank,
       CASE WHEN f.current_ratio IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.current_ratio) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.current_ratio) / 2.0::double precision)
           / count(f.current_ratio) OVER (PARTITION BY f.session_date) END AS current_ratio_rank,
       CASE WHEN f.earnings_variability IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.earnings_variability) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.earnings_variability) / 2.0::double precision)
           / count(f.earnings_variability) OVER (PARTITION BY f.session_date) END AS earnings_variability_rank,
       CASE WHEN f.piotroski_f IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.piotroski_f) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.piotroski_f) / 2.0::double precision)
           / count(f.piotroski_f) OVER (PARTITION BY f.session_date) END AS piotroski_f_rank,
       CASE WHEN f.sales_growth IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.sales_growth) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.sales_growth) / 2.0::double precision)
           / count(f.sales_growth) OVER (PARTITION BY f.session_date) END AS sales_growth_rank,
       CASE WHEN f.eps_growth IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.eps_growth) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.eps_growth) / 2.0::double precision)
           / count(f.eps_growth) OVER (PARTITION BY f.session_date) END AS eps_growth_rank,
       CASE WHEN f.asset_growth IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.asset_growth) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.asset_growth) / 2.0::double precision)
           / count(f.asset_growth) OVER (PARTITION BY f.session_date) END AS asset_growth_rank
FROM features_day AS f
JOIN tickers AS t USING (instrument_id)
WHERE f.in_population;
COMMENT ON VIEW feature_ranks IS 'Percentile ranks of raw factor values within the population of each session, 0 to 1. Always give a session_date.';
COMMENT ON COLUMN feature_ranks.session_date IS 'Exchange session.';
COMMENT ON COLUMN feature_ranks.instrument_id IS 'The instrument.';
COMMENT ON COLUMN feature_ranks.ticker IS 'Its latest ticker.';
COMMENT ON COLUMN feature_ranks.mom_12_1_rank IS 'Percentile rank of mom_12_1.';
COMMENT ON COLUMN feature_ranks.mom_6_1_rank IS 'Percentile rank of mom_6_1.';
COMMENT ON COLUMN feature_ranks.mom_3_rank IS 'Percentile rank of mom_3.';
COMMENT ON COLUMN feature_ranks.rev_1_rank IS 'Percentile rank of rev_1.';
COMMENT ON COLUMN feature_ranks.mom_risk_adj_rank IS 'Percentile rank of mom_risk_adj.';
COMMENT ON COLUMN feature_ranks.high_52w_rank IS 'Percentile rank of high_52w.';
COMMENT ON COLUMN feature_ranks.vol_20_rank IS 'Percentile rank of vol_20.';
COMMENT ON COLUMN feature_ranks.vol_60_rank IS 'Percentile rank of vol_60.';
COMMENT ON COLUMN feature_ranks.vol_252_rank IS 'Percentile rank of vol_252.';
COMMENT ON COLUMN feature_ranks.downside_vol_252_rank IS 'Percentile rank of downside_vol_252.';
COMMENT ON COLUMN feature_ranks.beta_252_rank IS 'Percentile rank of beta_252.';
COMMENT ON COLUMN feature_ranks.ivol_252_rank IS 'Percentile rank of ivol_252.';
COMMENT ON COLUMN feature_ranks.max_ret_21_rank IS 'Percentile rank of max_ret_21.';
COMMENT ON COLUMN feature_ranks.max_drawdown_252_rank IS 'Percentile rank of max_drawdown_252.';
COMMENT ON COLUMN feature_ranks.adv_20_rank IS 'Percentile rank of adv_20.';
COMMENT ON COLUMN feature_ranks.adv_63_rank IS 'Percentile rank of adv_63.';
COMMENT ON COLUMN feature_ranks.amihud_126_rank IS 'Percentile rank of amihud_126.';
COMMENT ON COLUMN feature_ranks.turnover_63_rank IS 'Percentile rank of turnover_63.';
COMMENT ON COLUMN feature_ranks.size_rank IS 'Percentile rank of size.';
COMMENT ON COLUMN feature_ranks.div_yield_rank IS 'Percentile rank of div_yield.';
COMMENT ON COLUMN feature_ranks.earnings_yield_rank IS 'Percentile rank of earnings_yield.';
COMMENT ON COLUMN feature_ranks.book_to_price_rank IS 'Percentile rank of book_to_price.';
COMMENT ON COLUMN feature_ranks.sales_to_price_rank IS 'Percentile rank of sales_to_price.';
COMMENT ON COLUMN feature_ranks.cashflow_to_price_rank IS 'Percentile rank of cashflow_to_price.';
COMMENT ON COLUMN feature_ranks.fcf_yield_rank IS 'Percentile rank of fcf_yield.';
COMMENT ON COLUMN feature_ranks.ebitda_to_ev_rank IS 'Percentile rank of ebitda_to_ev.';
COMMENT ON COLUMN feature_ranks.roe_rank IS 'Percentile rank of roe.';
COMMENT ON COLUMN feature_ranks.roa_rank IS 'Percentile rank of roa.';
COMMENT ON COLUMN feature_ranks.gross_profitability_rank IS 'Percentile rank of gross_profitability.';
COMMENT ON COLUMN feature_ranks.gross_margin_rank IS 'Percentile rank of gross_margin.';
COMMENT ON COLUMN feature_ranks.operating_margin_rank IS 'Percentile rank of operating_margin.';
COMMENT ON COLUMN feature_ranks.cfo_to_assets_rank IS 'Percentile rank of cfo_to_assets.';
COMMENT ON COLUMN feature_ranks.accruals_rank IS 'Percentile rank of accruals.';
COMMENT ON COLUMN feature_ranks.leverage_rank IS 'Percentile rank of leverage.';
COMMENT ON COLUMN feature_ranks.current_ratio_rank IS 'Percentile rank of current_ratio.';
COMMENT ON COLUMN feature_ranks.earnings_variability_rank IS 'Percentile rank of earnings_variability.';
COMMENT ON COLUMN feature_ranks.piotroski_f_rank IS 'Percentile rank of piotroski_f.';
COMMENT ON COLUMN feature_ranks.sales_growth_rank IS 'Percentile rank of sales_growth.';
COMMENT ON COLUMN feature_ranks.eps_growth_rank IS 'Percentile rank of eps_growth.';
COMMENT ON COLUMN feature_ranks.asset_growth_rank IS 'Percentile rank of asset_growth.';

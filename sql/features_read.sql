-- Feature rows of the sessions from $1 (included) until $2 (excluded), in no order. Grain: session and instrument.
-- Caller: store::features.
SELECT session_date, instrument_id, in_population,
    mom_12_1, mom_6_1, mom_3, rev_1, mom_risk_adj, high_52w, vol_20, vol_60, vol_252, downside_vol_252, beta_252,
    ivol_252, max_ret_21, max_drawdown_252, adv_20, adv_63, amihud_126, turnover_63, size, div_yield,
    earnings_yield, book_to_price, sales_to_price, cashflow_to_price, fcf_yield, ebitda_to_ev, roe, roa,
    gross_profitability, gross_margin, operating_margin, cfo_to_assets, accruals, leverage, current_ratio,
    earnings_variability, piotroski_f, sales_growth, eps_growth, asset_growth
FROM features_day
WHERE session_date >= $1 AND session_date < $2

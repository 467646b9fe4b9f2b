-- The same as statements_read, of the instruments $1 (integer[]). Caller: store::statements.
SELECT instrument_id, period_end, timeframe = 'annual', filing_date,
    net_income_loss_attributable_common_shareholders,
    consolidated_net_income_loss,
    revenue,
    gross_profit,
    operating_income,
    ebitda,
    depreciation_depletion_amortization,
    depreciation_depletion_and_amortization,
    net_cash_from_operating_activities,
    purchase_of_property_plant_and_equipment,
    diluted_earnings_per_share,
    basic_shares_outstanding,
    total_assets,
    total_current_assets,
    total_current_liabilities,
    total_equity_attributable_to_parent,
    total_equity,
    long_term_debt_and_capital_lease_obligations,
    debt_current,
    cash_and_equivalents
FROM statements
WHERE timeframe IN ('quarterly', 'annual') AND instrument_id = ANY ($1)

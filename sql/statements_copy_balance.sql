-- Balance sheets into staging. Caller: store::statements.
COPY staged_statements (
    instrument_id, period_end, timeframe, filing_date, fiscal_year, fiscal_quarter, cik, ticker, amount, given,
    digest, accounts_payable, accrued_and_other_current_liabilities, accumulated_other_comprehensive_income,
    additional_paid_in_capital, cash_and_equivalents, commitments_and_contingencies, common_stock, debt_current,
    deferred_revenue_current, goodwill, intangible_assets_net, inventories,
    long_term_debt_and_capital_lease_obligations, balance_noncontrolling_interest, other_assets, other_current_assets,
    other_equity, other_noncurrent_liabilities, preferred_stock, property_plant_equipment_net, receivables,
    retained_earnings_deficit, short_term_investments, total_assets, total_current_assets, total_current_liabilities,
    total_equity, total_equity_attributable_to_parent, total_liabilities, total_liabilities_and_equity, treasury_stock
) FROM STDIN (FORMAT binary)

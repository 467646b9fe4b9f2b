-- Income statements into staging. Caller: store::statements.
COPY staged_statements (
    instrument_id, period_end, timeframe, filing_date, fiscal_year, fiscal_quarter, cik, ticker, amount, given,
    digest, basic_earnings_per_share, basic_shares_outstanding, consolidated_net_income_loss, cost_of_revenue,
    depreciation_depletion_amortization, diluted_earnings_per_share, diluted_shares_outstanding,
    discontinued_operations, ebitda, equity_in_affiliates, extraordinary_items, gross_profit,
    income_before_income_taxes, income_taxes, interest_expense, interest_income,
    net_income_loss_attributable_common_shareholders, income_noncontrolling_interest, operating_income,
    other_income_expense, other_operating_expenses, preferred_stock_dividends_declared, research_development, revenue,
    selling_general_administrative, total_operating_expenses, total_other_income_expense
) FROM STDIN (FORMAT binary)

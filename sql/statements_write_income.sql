-- Writes the staged income statements that are new or differ, and nothing of the other kinds. Repeatable.
-- Caller: store::statements.
INSERT INTO statements AS t (
    instrument_id, period_end, timeframe, filing_date, fiscal_year, fiscal_quarter, cik, has_income_statement,
    basic_earnings_per_share, basic_shares_outstanding, consolidated_net_income_loss, cost_of_revenue,
    depreciation_depletion_amortization, diluted_earnings_per_share, diluted_shares_outstanding,
    discontinued_operations, ebitda, equity_in_affiliates, extraordinary_items, gross_profit,
    income_before_income_taxes, income_taxes, interest_expense, interest_income,
    net_income_loss_attributable_common_shareholders, income_noncontrolling_interest, operating_income,
    other_income_expense, other_operating_expenses, preferred_stock_dividends_declared, research_development, revenue,
    selling_general_administrative, total_operating_expenses, total_other_income_expense
)
SELECT instrument_id, period_end, timeframe, filing_date, s.fiscal_year, s.fiscal_quarter, s.cik, true,
       s.basic_earnings_per_share, s.basic_shares_outstanding, s.consolidated_net_income_loss, s.cost_of_revenue,
       s.depreciation_depletion_amortization, s.diluted_earnings_per_share, s.diluted_shares_outstanding,
       s.discontinued_operations, s.ebitda, s.equity_in_affiliates, s.extraordinary_items, s.gross_profit,
       s.income_before_income_taxes, s.income_taxes, s.interest_expense, s.interest_income,
       s.net_income_loss_attributable_common_shareholders, s.income_noncontrolling_interest, s.operating_income,
       s.other_income_expense, s.other_operating_expenses, s.preferred_stock_dividends_declared,
       s.research_development, s.revenue, s.selling_general_administrative, s.total_operating_expenses,
       s.total_other_income_expense
FROM statement_changes
JOIN staged_statements AS s USING (instrument_id, period_end, timeframe, filing_date)
ORDER BY instrument_id, period_end, timeframe, filing_date
ON CONFLICT (instrument_id, period_end, timeframe, filing_date) DO UPDATE
SET fiscal_year = excluded.fiscal_year,
    fiscal_quarter = excluded.fiscal_quarter,
    cik = excluded.cik,
    has_income_statement = true,
    basic_earnings_per_share = excluded.basic_earnings_per_share,
    basic_shares_outstanding = excluded.basic_shares_outstanding,
    consolidated_net_income_loss = excluded.consolidated_net_income_loss,
    cost_of_revenue = excluded.cost_of_revenue,
    depreciation_depletion_amortization = excluded.depreciation_depletion_amortization,
    diluted_earnings_per_share = excluded.diluted_earnings_per_share,
    diluted_shares_outstanding = excluded.diluted_shares_outstanding,
    discontinued_operations = excluded.discontinued_operations,
    ebitda = excluded.ebitda,
    equity_in_affiliates = excluded.equity_in_affiliates,
    extraordinary_items = excluded.extraordinary_items,
    gross_profit = excluded.gross_profit,
    income_before_income_taxes = excluded.income_before_income_taxes,
    income_taxes = excluded.income_taxes,
    interest_expense = excluded.interest_expense,
    interest_income = excluded.interest_income,
    net_income_loss_attributable_common_shareholders = excluded.net_income_loss_attributable_common_shareholders,
    income_noncontrolling_interest = excluded.income_noncontrolling_interest,
    operating_income = excluded.operating_income,
    other_income_expense = excluded.other_income_expense,
    other_operating_expenses = excluded.other_operating_expenses,
    preferred_stock_dividends_declared = excluded.preferred_stock_dividends_declared,
    research_development = excluded.research_development,
    revenue = excluded.revenue,
    selling_general_administrative = excluded.selling_general_administrative,
    total_operating_expenses = excluded.total_operating_expenses,
    total_other_income_expense = excluded.total_other_income_expense

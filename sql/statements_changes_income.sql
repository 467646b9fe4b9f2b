-- Which staged income statements of periods before $1 (date; null: all) are new or differ, in share counts or otherwise.
-- Grain: key. Repeatable. Caller: store::statements.
INSERT INTO statement_changes (instrument_id, period_end, timeframe, filing_date, is_new, shares, others)
SELECT * FROM (
    SELECT s.instrument_id, s.period_end, s.timeframe, s.filing_date,
           t.instrument_id IS NULL OR NOT t.has_income_statement AS is_new,
           s.basic_shares_outstanding IS DISTINCT FROM t.basic_shares_outstanding AS shares,
           t.instrument_id IS NULL
               OR NOT t.has_income_statement
               OR (s.fiscal_year, s.fiscal_quarter, s.cik) IS DISTINCT FROM (t.fiscal_year, t.fiscal_quarter, t.cik)
               OR (
                   s.basic_earnings_per_share, s.consolidated_net_income_loss, s.cost_of_revenue,
                   s.depreciation_depletion_amortization, s.diluted_earnings_per_share, s.diluted_shares_outstanding,
                   s.discontinued_operations, s.ebitda, s.equity_in_affiliates, s.extraordinary_items, s.gross_profit,
                   s.income_before_income_taxes, s.income_taxes, s.interest_expense, s.interest_income,
                   s.net_income_loss_attributable_common_shareholders, s.income_noncontrolling_interest,
                   s.operating_income, s.other_income_expense, s.other_operating_expenses,
                   s.preferred_stock_dividends_declared, s.research_development, s.revenue,
                   s.selling_general_administrative, s.total_operating_expenses, s.total_other_income_expense
               ) IS DISTINCT FROM (
                   t.basic_earnings_per_share, t.consolidated_net_income_loss, t.cost_of_revenue,
                   t.depreciation_depletion_amortization, t.diluted_earnings_per_share, t.diluted_shares_outstanding,
                   t.discontinued_operations, t.ebitda, t.equity_in_affiliates, t.extraordinary_items, t.gross_profit,
                   t.income_before_income_taxes, t.income_taxes, t.interest_expense, t.interest_income,
                   t.net_income_loss_attributable_common_shareholders, t.income_noncontrolling_interest,
                   t.operating_income, t.other_income_expense, t.other_operating_expenses,
                   t.preferred_stock_dividends_declared, t.research_development, t.revenue,
                   t.selling_general_administrative, t.total_operating_expenses, t.total_other_income_expense
               ) AS others
    FROM staged_statements AS s
    LEFT JOIN statements AS t USING (instrument_id, period_end, timeframe, filing_date)
    WHERE $1::date IS NULL OR s.period_end < $1
) AS compared
WHERE shares OR others

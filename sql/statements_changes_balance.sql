-- Which staged balance sheets of periods before $1 (date; null: all) are new or differ.
-- Year, quarter and filer are the income statement's where there is one.
-- Grain: key. Repeatable. Caller: store::statements.
INSERT INTO statement_changes (instrument_id, period_end, timeframe, filing_date, is_new, shares, others)
SELECT * FROM (
    SELECT s.instrument_id, s.period_end, s.timeframe, s.filing_date,
           t.instrument_id IS NULL OR NOT t.has_balance_sheet AS is_new,
           false AS shares,
           t.instrument_id IS NULL
               OR NOT t.has_balance_sheet
               OR (NOT t.has_income_statement AND (s.fiscal_year, s.fiscal_quarter, s.cik)
                   IS DISTINCT FROM (t.fiscal_year, t.fiscal_quarter, t.cik))
               OR (
                   s.accounts_payable, s.accrued_and_other_current_liabilities,
                   s.accumulated_other_comprehensive_income, s.additional_paid_in_capital, s.cash_and_equivalents,
                   s.commitments_and_contingencies, s.common_stock, s.debt_current, s.deferred_revenue_current,
                   s.goodwill, s.intangible_assets_net, s.inventories, s.long_term_debt_and_capital_lease_obligations,
                   s.balance_noncontrolling_interest, s.other_assets, s.other_current_assets, s.other_equity,
                   s.other_noncurrent_liabilities, s.preferred_stock, s.property_plant_equipment_net, s.receivables,
                   s.retained_earnings_deficit, s.short_term_investments, s.total_assets, s.total_current_assets,
                   s.total_current_liabilities, s.total_equity, s.total_equity_attributable_to_parent,
                   s.total_liabilities, s.total_liabilities_and_equity, s.treasury_stock
               ) IS DISTINCT FROM (
                   t.accounts_payable, t.accrued_and_other_current_liabilities,
                   t.accumulated_other_comprehensive_income, t.additional_paid_in_capital, t.cash_and_equivalents,
                   t.commitments_and_contingencies, t.common_stock, t.debt_current, t.deferred_revenue_current,
                   t.goodwill, t.intangible_assets_net, t.inventories, t.long_term_debt_and_capital_lease_obligations,
                   t.balance_noncontrolling_interest, t.other_assets, t.other_current_assets, t.other_equity,
                   t.other_noncurrent_liabilities, t.preferred_stock, t.property_plant_equipment_net, t.receivables,
                   t.retained_earnings_deficit, t.short_term_investments, t.total_assets, t.total_current_assets,
                   t.total_current_liabilities, t.total_equity, t.total_equity_attributable_to_parent,
                   t.total_liabilities, t.total_liabilities_and_equity, t.treasury_stock
               ) AS others
    FROM staged_statements AS s
    LEFT JOIN statements AS t USING (instrument_id, period_end, timeframe, filing_date)
    WHERE $1::date IS NULL OR s.period_end < $1
) AS compared
WHERE others

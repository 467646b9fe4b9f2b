-- Which staged cash flow statements of periods before $1 (date; null: all) are new or differ.
-- Year, quarter and filer are the income statement's or the balance sheet's where there is one.
-- Grain: key. Repeatable. Caller: store::statements.
INSERT INTO statement_changes (instrument_id, period_end, timeframe, filing_date, is_new, shares, others)
SELECT * FROM (
    SELECT s.instrument_id, s.period_end, s.timeframe, s.filing_date,
           t.instrument_id IS NULL OR NOT t.has_cash_flow_statement AS is_new,
           false AS shares,
           t.instrument_id IS NULL
               OR NOT t.has_cash_flow_statement
               OR (NOT (t.has_income_statement OR t.has_balance_sheet) AND (s.fiscal_year, s.fiscal_quarter, s.cik)
                   IS DISTINCT FROM (t.fiscal_year, t.fiscal_quarter, t.cik))
               OR (
                   s.cash_from_operating_activities_continuing_operations, s.change_in_cash_and_equivalents,
                   s.change_in_other_operating_assets_and_liabilities_net, s.depreciation_depletion_and_amortization,
                   s.dividends, s.effect_of_currency_exchange_rate, s.income_loss_from_discontinued_operations,
                   s.long_term_debt_issuances_repayments, s.net_cash_from_financing_activities,
                   s.net_cash_from_financing_activities_continuing_operations,
                   s.net_cash_from_financing_activities_discontinued_operations, s.net_cash_from_investing_activities,
                   s.net_cash_from_investing_activities_continuing_operations,
                   s.net_cash_from_investing_activities_discontinued_operations, s.net_cash_from_operating_activities,
                   s.net_cash_from_operating_activities_discontinued_operations, s.net_income,
                   s.noncontrolling_interests, s.other_cash_adjustments, s.other_financing_activities,
                   s.other_investing_activities, s.other_operating_activities,
                   s.purchase_of_property_plant_and_equipment, s.sale_of_property_plant_and_equipment,
                   s.short_term_debt_issuances_repayments
               ) IS DISTINCT FROM (
                   t.cash_from_operating_activities_continuing_operations, t.change_in_cash_and_equivalents,
                   t.change_in_other_operating_assets_and_liabilities_net, t.depreciation_depletion_and_amortization,
                   t.dividends, t.effect_of_currency_exchange_rate, t.income_loss_from_discontinued_operations,
                   t.long_term_debt_issuances_repayments, t.net_cash_from_financing_activities,
                   t.net_cash_from_financing_activities_continuing_operations,
                   t.net_cash_from_financing_activities_discontinued_operations, t.net_cash_from_investing_activities,
                   t.net_cash_from_investing_activities_continuing_operations,
                   t.net_cash_from_investing_activities_discontinued_operations, t.net_cash_from_operating_activities,
                   t.net_cash_from_operating_activities_discontinued_operations, t.net_income,
                   t.noncontrolling_interests, t.other_cash_adjustments, t.other_financing_activities,
                   t.other_investing_activities, t.other_operating_activities,
                   t.purchase_of_property_plant_and_equipment, t.sale_of_property_plant_and_equipment,
                   t.short_term_debt_issuances_repayments
               ) AS others
    FROM staged_statements AS s
    LEFT JOIN statements AS t USING (instrument_id, period_end, timeframe, filing_date)
    WHERE $1::date IS NULL OR s.period_end < $1
) AS compared
WHERE others

-- Cash flow statements into staging. Caller: store::statements.
COPY staged_statements (
    instrument_id, period_end, timeframe, filing_date, fiscal_year, fiscal_quarter, cik, ticker, amount, given,
    digest, cash_from_operating_activities_continuing_operations, change_in_cash_and_equivalents,
    change_in_other_operating_assets_and_liabilities_net, depreciation_depletion_and_amortization, dividends,
    effect_of_currency_exchange_rate, income_loss_from_discontinued_operations, long_term_debt_issuances_repayments,
    net_cash_from_financing_activities, net_cash_from_financing_activities_continuing_operations,
    net_cash_from_financing_activities_discontinued_operations, net_cash_from_investing_activities,
    net_cash_from_investing_activities_continuing_operations,
    net_cash_from_investing_activities_discontinued_operations, net_cash_from_operating_activities,
    net_cash_from_operating_activities_discontinued_operations, net_income, noncontrolling_interests,
    other_cash_adjustments, other_financing_activities, other_investing_activities, other_operating_activities,
    purchase_of_property_plant_and_equipment, sale_of_property_plant_and_equipment,
    short_term_debt_issuances_repayments
) FROM STDIN (FORMAT binary)

-- Financial statements, every version under its filing date; share counts become a view over them and over what was counted elsewhere.

CREATE TABLE statements (
    instrument_id integer NOT NULL REFERENCES instruments,
    period_end date NOT NULL,
    timeframe text NOT NULL CHECK (timeframe IN ('quarterly', 'annual', 'trailing_twelve_months')),
    filing_date date NOT NULL,
    fiscal_year smallint,
    fiscal_quarter smallint,
    cik text,
    has_income_statement boolean NOT NULL DEFAULT false,
    has_balance_sheet boolean NOT NULL DEFAULT false,
    has_cash_flow_statement boolean NOT NULL DEFAULT false,
    basic_earnings_per_share double precision,
    basic_shares_outstanding double precision,
    consolidated_net_income_loss double precision,
    cost_of_revenue double precision,
    depreciation_depletion_amortization double precision,
    diluted_earnings_per_share double precision,
    diluted_shares_outstanding double precision,
    discontinued_operations double precision,
    ebitda double precision,
    equity_in_affiliates double precision,
    extraordinary_items double precision,
    gross_profit double precision,
    income_before_income_taxes double precision,
    income_taxes double precision,
    interest_expense double precision,
    interest_income double precision,
    net_income_loss_attributable_common_shareholders double precision,
    income_noncontrolling_interest double precision,
    operating_income double precision,
    other_income_expense double precision,
    other_operating_expenses double precision,
    preferred_stock_dividends_declared double precision,
    research_development double precision,
    revenue double precision,
    selling_general_administrative double precision,
    total_operating_expenses double precision,
    total_other_income_expense double precision,
    accounts_payable double precision,
    accrued_and_other_current_liabilities double precision,
    accumulated_other_comprehensive_income double precision,
    additional_paid_in_capital double precision,
    cash_and_equivalents double precision,
    commitments_and_contingencies double precision,
    common_stock double precision,
    debt_current double precision,
    deferred_revenue_current double precision,
    goodwill double precision,
    intangible_assets_net double precision,
    inventories double precision,
    long_term_debt_and_capital_lease_obligations double precision,
    balance_noncontrolling_interest double precision,
    other_assets double precision,
    other_current_assets double precision,
    other_equity double precision,
    other_noncurrent_liabilities double precision,
    preferred_stock double precision,
    property_plant_equipment_net double precision,
    receivables double precision,
    retained_earnings_deficit double precision,
    short_term_investments double precision,
    total_assets double precision,
    total_current_assets double precision,
    total_current_liabilities double precision,
    total_equity double precision,
    total_equity_attributable_to_parent double precision,
    total_liabilities double precision,
    total_liabilities_and_equity double precision,
    treasury_stock double precision,
    cash_from_operating_activities_continuing_operations double precision,
    change_in_cash_and_equivalents double precision,
    change_in_other_operating_assets_and_liabilities_net double precision,
    depreciation_depletion_and_amortization double precision,
    dividends double precision,
    effect_of_currency_exchange_rate double precision,
    income_loss_from_discontinued_operations double precision,
    long_term_debt_issuances_repayments double precision,
    net_cash_from_financing_activities double precision,
    net_cash_from_financing_activities_continuing_operations double precision,
    net_cash_from_financing_activities_discontinued_operations double precision,
    net_cash_from_investing_activities double precision,
    net_cash_from_investing_activities_continuing_operations double precision,
    net_cash_from_investing_activities_discontinued_operations double precision,
    net_cash_from_operating_activities double precision,
    net_cash_from_operating_activities_discontinued_operations double precision,
    net_income double precision,
    noncontrolling_interests double precision,
    other_cash_adjustments double precision,
    other_financing_activities double precision,
    other_investing_activities double precision,
    other_operating_activities double precision,
    purchase_of_property_plant_and_equipment double precision,
    sale_of_property_plant_and_equipment double precision,
    short_term_debt_issuances_repayments double precision,
    PRIMARY KEY (instrument_id, period_end, timeframe, filing_date),
    CHECK (filing_date >= period_end)
);
-- Share counts are read by filing, for every instrument that has new bars: from this index alone.
CREATE INDEX statements_shares ON statements (instrument_id, filing_date, period_end)
    INCLUDE (timeframe, basic_shares_outstanding) WHERE basic_shares_outstanding > 0;

COMMENT ON TABLE statements IS 'Financial statements as filed. One row holds what the income statement, the balance sheet and the cash flow statement of one filing say of one period, as far as they are loaded; a restated period is a row of its own under its later filing date. Usable from the session after filing_date. The only writers are programs that also write change_log in the same transaction.';
COMMENT ON COLUMN statements.instrument_id IS 'The instrument; a company with several listed shares has the same statements under each.';
COMMENT ON COLUMN statements.period_end IS 'Last day of the period.';
COMMENT ON COLUMN statements.timeframe IS 'Length of the period: quarterly, annual or trailing_twelve_months.';
COMMENT ON COLUMN statements.filing_date IS 'Day of the filing, from which on this version was known.';
COMMENT ON COLUMN statements.fiscal_year IS 'Company''s own year. This, fiscal_quarter and cik are those of the first that the row has of income statement, balance sheet, cash flow statement.';
COMMENT ON COLUMN statements.fiscal_quarter IS 'Company''s own quarter, 1 to 4.';
COMMENT ON COLUMN statements.cik IS 'Filer''s Central Index Key, ten digits; null where the vendor gives none.';
COMMENT ON COLUMN statements.has_income_statement IS 'Whether the income statement is loaded; a number that is null then was not given.';
COMMENT ON COLUMN statements.has_balance_sheet IS 'Whether the balance sheet is loaded.';
COMMENT ON COLUMN statements.has_cash_flow_statement IS 'Whether the cash flow statement is loaded.';
COMMENT ON COLUMN statements.basic_earnings_per_share IS 'Earnings per basic share. USD a share, on the split basis of the filing date.';
COMMENT ON COLUMN statements.basic_shares_outstanding IS 'Basic shares outstanding, averaged over the period. Shares, on the split basis of the filing date.';
COMMENT ON COLUMN statements.consolidated_net_income_loss IS 'Net income of the whole group, minorities included. USD.';
COMMENT ON COLUMN statements.cost_of_revenue IS 'Direct costs of the goods and services sold. USD.';
COMMENT ON COLUMN statements.depreciation_depletion_amortization IS 'Depreciation, depletion and amortisation, as an expense. USD.';
COMMENT ON COLUMN statements.diluted_earnings_per_share IS 'Earnings per diluted share. USD a share, on the split basis of the filing date.';
COMMENT ON COLUMN statements.diluted_shares_outstanding IS 'Diluted shares outstanding, averaged over the period. Shares, on the split basis of the filing date.';
COMMENT ON COLUMN statements.discontinued_operations IS 'Result of operations given up, after tax. USD.';
COMMENT ON COLUMN statements.ebitda IS 'Earnings before interest, taxes, depreciation and amortisation. USD.';
COMMENT ON COLUMN statements.equity_in_affiliates IS 'Share of the results of affiliates. USD.';
COMMENT ON COLUMN statements.extraordinary_items IS 'Items unusual and infrequent. USD.';
COMMENT ON COLUMN statements.gross_profit IS 'Revenue less its direct costs. USD.';
COMMENT ON COLUMN statements.income_before_income_taxes IS 'Income before taxes. USD.';
COMMENT ON COLUMN statements.income_taxes IS 'Income taxes; negative where they are a benefit. USD.';
COMMENT ON COLUMN statements.interest_expense IS 'Interest on what is owed. USD.';
COMMENT ON COLUMN statements.interest_income IS 'Interest earned. USD.';
COMMENT ON COLUMN statements.net_income_loss_attributable_common_shareholders IS 'Net income of the common shareholders, after preferred dividends and minorities. USD.';
COMMENT ON COLUMN statements.income_noncontrolling_interest IS 'Minorities'' share of net income (the vendor''s noncontrolling_interest of income statements). USD.';
COMMENT ON COLUMN statements.operating_income IS 'Income from operations. USD.';
COMMENT ON COLUMN statements.other_income_expense IS 'Income and expenses outside of operations. USD.';
COMMENT ON COLUMN statements.other_operating_expenses IS 'Operating expenses of no other line. USD.';
COMMENT ON COLUMN statements.preferred_stock_dividends_declared IS 'Dividends declared on preferred shares. USD.';
COMMENT ON COLUMN statements.research_development IS 'Research and development. USD.';
COMMENT ON COLUMN statements.revenue IS 'Sales of the period. USD.';
COMMENT ON COLUMN statements.selling_general_administrative IS 'Selling, general and administrative expenses. USD.';
COMMENT ON COLUMN statements.total_operating_expenses IS 'All operating expenses. USD.';
COMMENT ON COLUMN statements.total_other_income_expense IS 'Net of all income and expenses outside of operations, interest included. USD.';
COMMENT ON COLUMN statements.accounts_payable IS 'Owed to suppliers. USD.';
COMMENT ON COLUMN statements.accrued_and_other_current_liabilities IS 'Current liabilities of no other line. USD.';
COMMENT ON COLUMN statements.accumulated_other_comprehensive_income IS 'Gains and losses kept out of the income statement, cumulated. USD.';
COMMENT ON COLUMN statements.additional_paid_in_capital IS 'Paid in by shareholders above par. USD.';
COMMENT ON COLUMN statements.cash_and_equivalents IS 'Cash and what is as good as cash. USD.';
COMMENT ON COLUMN statements.commitments_and_contingencies IS 'Amount disclosed for commitments and contingencies. USD.';
COMMENT ON COLUMN statements.common_stock IS 'Common stock, at par or as stated. USD.';
COMMENT ON COLUMN statements.debt_current IS 'Debt due within a year. USD.';
COMMENT ON COLUMN statements.deferred_revenue_current IS 'Paid by customers for what is delivered within a year. USD.';
COMMENT ON COLUMN statements.goodwill IS 'Price of acquisitions above the fair value of their net assets. USD.';
COMMENT ON COLUMN statements.intangible_assets_net IS 'Other intangible assets, after amortisation. USD.';
COMMENT ON COLUMN statements.inventories IS 'Goods and materials held. USD.';
COMMENT ON COLUMN statements.long_term_debt_and_capital_lease_obligations IS 'Debt and capital leases due after a year. USD.';
COMMENT ON COLUMN statements.balance_noncontrolling_interest IS 'Minorities'' share of equity (the vendor''s noncontrolling_interest of balance sheets). USD.';
COMMENT ON COLUMN statements.other_assets IS 'Non-current assets of no other line. USD.';
COMMENT ON COLUMN statements.other_current_assets IS 'Current assets of no other line. USD.';
COMMENT ON COLUMN statements.other_equity IS 'Equity of no other line. USD.';
COMMENT ON COLUMN statements.other_noncurrent_liabilities IS 'Non-current liabilities of no other line. USD.';
COMMENT ON COLUMN statements.preferred_stock IS 'Preferred stock, at par or as stated. USD.';
COMMENT ON COLUMN statements.property_plant_equipment_net IS 'Property, plant and equipment, after depreciation. USD.';
COMMENT ON COLUMN statements.receivables IS 'Owed by customers and others. USD.';
COMMENT ON COLUMN statements.retained_earnings_deficit IS 'Net income kept since the beginning. USD.';
COMMENT ON COLUMN statements.short_term_investments IS 'Securities due within a year that are not cash equivalents. USD.';
COMMENT ON COLUMN statements.total_assets IS 'All assets. USD.';
COMMENT ON COLUMN statements.total_current_assets IS 'Assets that become cash within a year. USD.';
COMMENT ON COLUMN statements.total_current_liabilities IS 'Liabilities due within a year. USD.';
COMMENT ON COLUMN statements.total_equity IS 'Equity, minorities included. USD.';
COMMENT ON COLUMN statements.total_equity_attributable_to_parent IS 'Equity of the parent''s shareholders. USD.';
COMMENT ON COLUMN statements.total_liabilities IS 'All liabilities. USD.';
COMMENT ON COLUMN statements.total_liabilities_and_equity IS 'Liabilities and equity, which should equal total_assets. USD.';
COMMENT ON COLUMN statements.treasury_stock IS 'Own shares bought back, at cost; usually negative. USD.';
COMMENT ON COLUMN statements.cash_from_operating_activities_continuing_operations IS 'Cash from operations that go on. USD.';
COMMENT ON COLUMN statements.change_in_cash_and_equivalents IS 'Change of cash over the period. USD.';
COMMENT ON COLUMN statements.change_in_other_operating_assets_and_liabilities_net IS 'Change of working capital. USD.';
COMMENT ON COLUMN statements.depreciation_depletion_and_amortization IS 'Depreciation, depletion and amortisation, added back. USD.';
COMMENT ON COLUMN statements.dividends IS 'Dividends paid; usually negative. USD.';
COMMENT ON COLUMN statements.effect_of_currency_exchange_rate IS 'Effect of exchange rates on cash. USD.';
COMMENT ON COLUMN statements.income_loss_from_discontinued_operations IS 'Result of operations given up, after tax. USD.';
COMMENT ON COLUMN statements.long_term_debt_issuances_repayments IS 'Long-term debt taken up less repaid. USD.';
COMMENT ON COLUMN statements.net_cash_from_financing_activities IS 'Cash from financing. USD.';
COMMENT ON COLUMN statements.net_cash_from_financing_activities_continuing_operations IS 'Cash from financing, of operations that go on. USD.';
COMMENT ON COLUMN statements.net_cash_from_financing_activities_discontinued_operations IS 'Cash from financing, of operations given up. USD.';
COMMENT ON COLUMN statements.net_cash_from_investing_activities IS 'Cash from investing. USD.';
COMMENT ON COLUMN statements.net_cash_from_investing_activities_continuing_operations IS 'Cash from investing, of operations that go on. USD.';
COMMENT ON COLUMN statements.net_cash_from_investing_activities_discontinued_operations IS 'Cash from investing, of operations given up. USD.';
COMMENT ON COLUMN statements.net_cash_from_operating_activities IS 'Cash from operations. USD.';
COMMENT ON COLUMN statements.net_cash_from_operating_activities_discontinued_operations IS 'Cash from operations given up. USD.';
COMMENT ON COLUMN statements.net_income IS 'Net income from which the cash flow statement starts. USD.';
COMMENT ON COLUMN statements.noncontrolling_interests IS 'Cash flows with minority shareholders. USD.';
COMMENT ON COLUMN statements.other_cash_adjustments IS 'Adjustments of cash of no other line. USD.';
COMMENT ON COLUMN statements.other_financing_activities IS 'Financing of no other line, such as own shares bought back. USD.';
COMMENT ON COLUMN statements.other_investing_activities IS 'Investing of no other line. USD.';
COMMENT ON COLUMN statements.other_operating_activities IS 'Operating adjustments of no other line. USD.';
COMMENT ON COLUMN statements.purchase_of_property_plant_and_equipment IS 'Paid for property, plant and equipment; usually negative. USD.';
COMMENT ON COLUMN statements.sale_of_property_plant_and_equipment IS 'Received for property, plant and equipment. USD.';
COMMENT ON COLUMN statements.short_term_debt_issuances_repayments IS 'Short-term debt taken up less repaid. USD.';

CREATE TABLE statement_loads (
    kind          text PRIMARY KEY,
    filed_through date,
    run_since     date,
    run_began     date,
    run_reached   date,
    run_filed     date
);
COMMENT ON TABLE statement_loads IS 'How far ingest statements has come with each kind of statement in the vendor''s API.';
COMMENT ON COLUMN statement_loads.kind IS 'income-statements, balance-sheets or cash-flow-statements.';
COMMENT ON COLUMN statement_loads.filed_through IS 'Everything filed up to this day was loaded, as the vendor had it then; null until a load has come to its end.';
COMMENT ON COLUMN statement_loads.run_since IS 'First filing date of the load under way; null without one, and for a load of everything.';
COMMENT ON COLUMN statement_loads.run_began IS 'Day on which the load under way began; null without one.';
COMMENT ON COLUMN statement_loads.run_reached IS 'All periods that end before this day are in, of the load under way: it goes on from here.';
COMMENT ON COLUMN statement_loads.run_filed IS 'Latest filing date that the load under way has seen.';

ALTER TABLE shares_outstanding RENAME TO share_counts;
ALTER TABLE share_counts RENAME CONSTRAINT shares_outstanding_pkey TO share_counts_pkey;
ALTER TABLE share_counts RENAME CONSTRAINT shares_outstanding_shares_check TO share_counts_shares_check;
ALTER TABLE share_counts RENAME CONSTRAINT shares_outstanding_instrument_id_fkey TO share_counts_instrument_id_fkey;
COMMENT ON TABLE share_counts IS 'Share counts that do not come from statements as they are loaded now: what earlier versions of the programs stored of them, and what other sources gave. The view shares_outstanding puts them behind those of statements.';
COMMENT ON COLUMN share_counts.filing_date IS 'Day of the filing, or the day on which the count was given; usable from the session after it.';
COMMENT ON COLUMN share_counts.period_end IS 'End of the period that the filing is about, or the day on which the count was given.';

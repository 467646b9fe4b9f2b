-- Share counts as filed: those of the income statements, and what was counted elsewhere. Of one filing and period the shorter
-- timeframe counts, because its average is nearer to the period's end; counts from elsewhere come last. Grain: instrument,
-- filing and period.
CREATE OR REPLACE VIEW shares_outstanding AS
SELECT DISTINCT ON (instrument_id, filing_date, period_end) instrument_id, filing_date, period_end, shares
FROM (
    SELECT instrument_id, filing_date, period_end, basic_shares_outstanding AS shares,
           CASE timeframe WHEN 'quarterly' THEN 1 WHEN 'annual' THEN 2 ELSE 3 END AS place
    FROM statements
    WHERE basic_shares_outstanding > 0
    UNION ALL
    SELECT instrument_id, filing_date, period_end, shares, 4 FROM share_counts
) AS counted
ORDER BY instrument_id, filing_date, period_end, place;
COMMENT ON VIEW shares_outstanding IS 'Basic shares outstanding as filed: every version under its own filing date, on that date''s split basis. From statements, else from share_counts.';
COMMENT ON COLUMN shares_outstanding.instrument_id IS 'The instrument.';
COMMENT ON COLUMN shares_outstanding.filing_date IS 'Day of the filing; usable from the session after it.';
COMMENT ON COLUMN shares_outstanding.period_end IS 'End of the period that the filing is about.';
COMMENT ON COLUMN shares_outstanding.shares IS 'Shares outstanding, an average over the quarter, else the year, that ends there.';

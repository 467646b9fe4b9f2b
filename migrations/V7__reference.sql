-- Reference data: who an instrument is by the vendor's list, which days the exchange announced, and when the list was read.

ALTER TABLE instruments
    ADD COLUMN name                 text,
    ADD COLUMN cik                  text,
    ADD COLUMN composite_figi       text,
    ADD COLUMN share_class_figi     text,
    ADD COLUMN sic_code             text,
    ADD COLUMN sector_source        text CHECK (sector_source IN ('file', 'sic')),
    ADD COLUMN vendor_updated       timestamptz,
    ADD COLUMN reference_changed_at timestamptz,
    ADD COLUMN details_at           timestamptz,
    ADD COLUMN has_bars             boolean NOT NULL DEFAULT false,
    ADD COLUMN merged_into          integer REFERENCES instruments;
COMMENT ON TABLE instruments IS 'One row an instrument, whatever its tickers were. A bar for an unknown ticker creates its instrument; so does the vendor''s list, for bars to come. Rows never go: see merged_into.';
COMMENT ON COLUMN instruments.name IS 'Name in the vendor''s list; null where the list does not know the instrument.';
COMMENT ON COLUMN instruments.cik IS 'Number of the company at the SEC, which several instruments share; null where unknown.';
COMMENT ON COLUMN instruments.composite_figi IS 'FIGI of the share class in the US: one instrument each; null where unknown.';
COMMENT ON COLUMN instruments.share_class_figi IS 'FIGI of the share class in all countries; null where unknown. It identifies only where the composite FIGI is missing.';
COMMENT ON COLUMN instruments.sic_code IS 'Industry by the SEC''s list of SIC codes; null where unknown.';
COMMENT ON COLUMN instruments.sector IS 'GICS sector name as known now, for the past too; null where unknown.';
COMMENT ON COLUMN instruments.sector_source IS 'file: given by ingest reference --sectors, which a SIC code does not overwrite; sic: mapped from sic_code; null without a sector.';
COMMENT ON COLUMN instruments.listed_on IS 'First day of the listing by the vendor''s details; null where unknown.';
COMMENT ON COLUMN instruments.delisted_on IS 'Last day traded; null while listed or where unknown.';
COMMENT ON COLUMN instruments.vendor_updated IS 'Up to when the vendor''s entry was accurate when it last differed from what was stored; null where the vendor does not say.';
COMMENT ON COLUMN instruments.reference_changed_at IS 'When the vendor''s list last changed something here; null where it never knew the instrument.';
COMMENT ON COLUMN instruments.details_at IS 'When the vendor''s details were read; null where they were not.';
COMMENT ON COLUMN instruments.has_bars IS 'Whether a daily bar was ever stored; set with the first one. Refresh and scan leave the others out.';
COMMENT ON COLUMN instruments.merged_into IS 'Instrument that took its bars and tickers when both turned out to be one; null for an instrument in use.';

UPDATE instruments AS i
SET has_bars = EXISTS (SELECT FROM bars_day AS b WHERE b.instrument_id = i.instrument_id);

CREATE UNIQUE INDEX instruments_composite_figi ON instruments (composite_figi);

-- Serves the view tickers without a sort.
DROP INDEX ticker_periods_instrument;
CREATE INDEX ticker_periods_instrument ON ticker_periods (instrument_id, from_date DESC) INCLUDE (ticker, until_date);

CREATE TABLE exchange_days_announced (
    session_date date PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('closed', 'early_close')),
    close_time   time CHECK ((close_time IS NOT NULL) = (kind = 'early_close')),
    name         text NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE exchange_days_announced IS 'Days on which the exchange said that it departs from the program''s own calendar. They overlay it in every program and in the table sessions.';
COMMENT ON COLUMN exchange_days_announced.session_date IS 'The day.';
COMMENT ON COLUMN exchange_days_announced.kind IS 'closed: no session; early_close: the session ends at close_time.';
COMMENT ON COLUMN exchange_days_announced.close_time IS 'Closing time in New York; null on a closed day.';
COMMENT ON COLUMN exchange_days_announced.name IS 'Why, in the vendor''s words.';
COMMENT ON COLUMN exchange_days_announced.announced_at IS 'When it was read.';

COMMENT ON TABLE sessions IS 'Trading sessions of the New York Stock Exchange, 1970 to 2099, written by the programs from their own calendar and from exchange_days_announced.';
COMMENT ON COLUMN schema_applied.digest IS 'SHA-256 of the views, of the calendar and of the announced days.';

CREATE TABLE reference_loads (
    load_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source    text NOT NULL,
    listed    integer NOT NULL,
    set_aside integer NOT NULL,
    changed   integer NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE reference_loads IS 'Ledger of ingest reference: one row for every list of tickers that was applied.';
COMMENT ON COLUMN reference_loads.load_id IS 'Order of the loads.';
COMMENT ON COLUMN reference_loads.source IS 'rest, or files: and the folder.';
COMMENT ON COLUMN reference_loads.listed IS 'Entries of the list.';
COMMENT ON COLUMN reference_loads.set_aside IS 'Entries that were not used.';
COMMENT ON COLUMN reference_loads.changed IS 'Instruments that were new or changed.';
COMMENT ON COLUMN reference_loads.loaded_at IS 'When.';

COMMENT ON COLUMN shares_outstanding.filing_date IS 'Day of the filing, or the day on which the vendor''s details gave the count; usable from the session after it.';

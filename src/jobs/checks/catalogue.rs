//! What is looked for: names, severities, what each finding means, its numbers, and what to do about it.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Common; counted.
    Note,
    /// Look at it: it may be right.
    Warning,
    /// It cannot be right, or something is missing for sure.
    Error,
}

impl Severity {
    /// Name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A check, in the order in which they are shown: the worst first, and first what explains others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "CHECKS explains them")]
pub enum Check {
    MissingSession,
    EmptySession,
    BarCount,
    NotASession,
    HalfLoaded,
    StaleSession,
    ImpossibleBar,
    UnknownInstrument,
    Twins,
    SplitTwice,
    SplitWithoutJump,
    ImpossibleDividend,
    UnrecordedSession,
    OutsideListing,
    Renamed,
    LongGap,
    RepeatedBar,
    OutsideRange,
    AbsurdBar,
    BadPrint,
    MissingSplit,
    LevelShift,
    OtherRatio,
    LargeDividend,
    UntradedMove,
    ShortGaps,
    Ended,
    StartsLate,
    ZeroVolume,
    Standstill,
    ActionWithoutBar,
}

/// What a check is.
#[derive(Debug)]
pub struct About {
    /// The check.
    pub check: Check,
    /// Its name on the command line and in the output.
    pub name: &'static str,
    /// How bad a finding is.
    pub severity: Severity,
    /// Whether it needs the bars of the whole market, and so is left out when only some tickers are asked for.
    pub whole_market: bool,
    /// Which of its numbers adds up over the findings, and to what.
    pub sum: Option<(&'static str, &'static str)>,
    /// What a finding means.
    pub meaning: &'static str,
    /// Names and meanings of its numbers in the JSON.
    pub numbers: &'static [(&'static str, &'static str)],
    /// What to do; {from}, {through} and {ticker} stand for those of the finding.
    pub remedy: &'static str,
}

impl Check {
    /// What it is.
    pub fn about(self) -> &'static About {
        &CHECKS[self as usize]
    }

    /// The check of that name.
    pub fn named(name: &str) -> Option<Self> {
        CHECKS.iter().find(|about| about.name == name).map(|about| about.check)
    }
}

const MARKET: bool = true;
const INSTRUMENT: bool = false;

const RELOAD: &str = "load it again: ingest backfill --source … --from {from} --to {through} --reload";
const VENDOR: &str = "compare with another source; a correction by the vendor comes with: ingest backfill --source … --from {from} --to {through} --reload";
const ACTIONS: &str = "load the vendor's splits and dividends: ingest actions --source …; if they are loaded, ask the vendor for this one";

const OPEN_RATIO: (&str, &str) = ("open_ratio", "open / close before");
const CLOSE_RATIO: (&str, &str) = ("close_ratio", "close / close before");
const TRADING: (&str, &str) =
    ("trading", "dollars traded / median of up to 20 sessions before; null where too few are known");
const BEFORE: (&str, &str) = ("close_before", "close of the last traded bar before, USD");
const OPEN: (&str, &str) = ("open", "USD");
const CLOSE: (&str, &str) = ("close", "USD");
const STORED: (&str, &str) = ("stored_ratio", "stored split, new shares per old");

/// All checks, in the order of [`Check`].
pub const CHECKS: [About; 31] = [
    About {
        check: Check::MissingSession,
        name: "missing-session",
        severity: Severity::Error,
        whole_market: MARKET,
        sum: None,
        meaning: "the exchange was open, and the ledger has no load of the session, though of earlier and later ones",
        numbers: &[],
        remedy: "load it: ingest backfill --source … --from {from} --to {through}",
    },
    About {
        check: Check::EmptySession,
        name: "empty-session",
        severity: Severity::Error,
        whole_market: MARKET,
        sum: None,
        meaning: "the whole market of the session is loaded by the ledger, but there is no bar",
        numbers: &[("ledger_bars", "bars by the ledger")],
        remedy: RELOAD,
    },
    About {
        check: Check::BarCount,
        name: "bar-count",
        severity: Severity::Error,
        whole_market: MARKET,
        sum: None,
        meaning: "the session has another number of bars than the ledger says of its latest load: something else wrote",
        numbers: &[("ledger_bars", "bars by the ledger"), ("table_bars", "bars in bars_day")],
        remedy: RELOAD,
    },
    About {
        check: Check::NotASession,
        name: "not-a-session",
        severity: Severity::Error,
        whole_market: INSTRUMENT,
        sum: Some(("bars", "bars")),
        meaning: "bars on a day on which the exchange was closed; features and scan refuse to read them",
        numbers: &[("bars", "bars on the day")],
        remedy: "no program of ours wrote them: DELETE FROM bars_day WHERE session_date = '{from}', then features refresh --full",
    },
    About {
        check: Check::HalfLoaded,
        name: "half-loaded",
        severity: Severity::Error,
        whole_market: MARKET,
        sum: None,
        meaning: "a tenth of the market or more (beyond what is usual, at least 5) lacks the session though it has earlier and later ones; these bars are not counted as gaps",
        numbers: &[
            ("expected", "instruments between their first and last bar"),
            ("present", "those with a bar"),
        ],
        remedy: "was the file cut or replaced? load it again: ingest backfill --source … --from {from} --to {through} --reload",
    },
    About {
        check: Check::StaleSession,
        name: "stale-session",
        severity: Severity::Error,
        whole_market: MARKET,
        sum: Some(("repeated", "bars")),
        meaning: "a twentieth of the session's bars or more (at least 5) are the bars of the session before, to the last share",
        numbers: &[
            ("repeated", "bars equal to those of the session before"),
            ("bars", "bars of the session"),
        ],
        remedy: "the vendor's file is stale: load it again: ingest backfill --source … --from {from} --to {through} --reload",
    },
    About {
        check: Check::ImpossibleBar,
        name: "impossible-bar",
        severity: Severity::Error,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "a price that is not a number above 0, a high below the low, or a volume that is not a number of 0 or more",
        numbers: &[("open", "USD"), ("high", "USD"), ("low", "USD"), ("close", "USD"), ("volume", "shares")],
        remedy: "ingest sets such rows aside, so another program wrote it: load the session again: ingest backfill --source … --from {from} --to {through} --reload",
    },
    About {
        check: Check::UnknownInstrument,
        name: "unknown-instrument",
        severity: Severity::Error,
        whole_market: MARKET,
        sum: Some(("bars", "bars")),
        meaning: "bars of an instrument that the table instruments does not have: nothing reads them",
        numbers: &[("bars", "its bars")],
        remedy: "no program of ours wrote them: DELETE FROM bars_day WHERE instrument_id = the one in the finding",
    },
    About {
        check: Check::Twins,
        name: "twins",
        severity: Severity::Error,
        whole_market: MARKET,
        sum: None,
        meaning: "two instruments have equal closes and volumes in two or more blocks of 10 sessions: one series is stored under two tickers",
        numbers: &[
            ("other_instrument_id", "the other instrument"),
            ("other_ticker", "its ticker"),
            ("sessions", "sessions in equal blocks"),
        ],
        remedy: "one of them is the other's old ticker: tell the vendor's ticker changes with ingest reference, or load the right bars again with --reload",
    },
    About {
        check: Check::SplitTwice,
        name: "split-twice",
        severity: Severity::Error,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "splits by one ratio on two days within 10 sessions, and the price does not show both",
        numbers: &[STORED, ("shown_on", "day on which the price jumps by it; null if on neither")],
        remedy: "one is an announcement of the other: ingest actions --source … keeps the day that the price shows, of days within 5 sessions; of others, ask the vendor",
    },
    About {
        check: Check::SplitWithoutJump,
        name: "split-without-jump",
        severity: Severity::Error,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "a split is stored, and the price does not move a third of the way; returns over that day are wrong",
        numbers: &[
            STORED,
            OPEN_RATIO,
            CLOSE_RATIO,
            BEFORE,
            OPEN,
            CLOSE,
            ("jumps_on", "day nearby on which the price does jump by it; null if on none"),
        ],
        remedy: "are these prices adjusted for splits already? load them without splits. Otherwise the record is wrong: run ingest actions --source … again, then ask the vendor",
    },
    About {
        check: Check::ImpossibleDividend,
        name: "impossible-dividend",
        severity: Severity::Error,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "a dividend of the price or more; returns over that day are wrong by it",
        numbers: &[
            ("cash", "USD a share"),
            BEFORE,
            ("part", "cash / close before"),
            ("fallen", "part of the cash by which the price opened lower; null without a bar"),
        ],
        remedy: "an amount in another currency or for another share? run ingest actions --source … again, then ask the vendor",
    },
    About {
        check: Check::UnrecordedSession,
        name: "unrecorded-session",
        severity: Severity::Warning,
        whole_market: MARKET,
        sum: Some(("bars", "bars")),
        meaning: "bars of a session that the ledger does not know: another program wrote them",
        numbers: &[("bars", "bars of the session")],
        remedy: "load the session with ingest, which replaces what differs: ingest backfill --source … --from {from} --to {through}",
    },
    About {
        check: Check::OutsideListing,
        name: "outside-listing",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: Some(("bars", "bars")),
        meaning: "bars before the listing, after the delisting, or on days on which the instrument had no ticker",
        numbers: &[
            ("bars", "bars outside"),
            ("listed_on", "first day of the listing; null where unknown"),
            ("delisted_on", "day of the delisting; null where unknown"),
        ],
        remedy: "is it another company that had the ticker before or after? ingest reference --source … tells them apart",
    },
    About {
        check: Check::Renamed,
        name: "renamed",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "an instrument ends, and another begins in the next session within 10 % of its last price: one that changed its ticker?",
        numbers: &[
            ("other_instrument_id", "the instrument that begins"),
            ("other_ticker", "its ticker"),
            ("price_ratio", "its first open / the last close"),
        ],
        remedy: "ingest reference --source … follows ticker changes and makes one instrument of both",
    },
    About {
        check: Check::LongGap,
        name: "long-gap",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: Some(("missing", "sessions")),
        meaning: "5 or more loaded sessions in a row without a bar, of an instrument that otherwise trades on 9 of 10; 21 or more of any",
        numbers: &[
            ("missing", "loaded sessions without a bar"),
            ("traded_part", "part of its other sessions with a bar"),
        ],
        remedy: "halted, or lost by the vendor? if the bars are at the vendor: ingest backfill --source … --from {from} --to {through} --reload",
    },
    About {
        check: Check::RepeatedBar,
        name: "repeated-bar",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "the bar of the session before once more, to the last share",
        numbers: &[("close", "USD"), ("volume", "shares")],
        remedy: VENDOR,
    },
    About {
        check: Check::OutsideRange,
        name: "outside-range",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "the open or the close lies above the high or below the low",
        numbers: &[("open", "USD"), ("high", "USD"), ("low", "USD"), ("close", "USD")],
        remedy: VENDOR,
    },
    About {
        check: Check::AbsurdBar,
        name: "absurd-bar",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "a high or a low 3 times away from the open, the close and the close before; a price above 5 million or a volume above 100 billion",
        numbers: &[("value", "the absurd value"), ("close", "USD"), BEFORE],
        remedy: VENDOR,
    },
    About {
        check: Check::BadPrint,
        name: "bad-print",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "the price leaves by 30 % or more (and 8 times its usual move) for 1 to 3 bars and is back at an open: no split",
        numbers: &[
            ("close_ratio", "close of the first such bar / close before"),
            BEFORE,
            ("close", "close of the first such bar, USD"),
            ("close_back", "close of the bar that is back, USD"),
        ],
        remedy: VENDOR,
    },
    About {
        check: Check::MissingSplit,
        name: "missing-split",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "the price opens at a usual split ratio and stays, and no split is stored: likely if the ratio is met closely and trading goes on as before, possible otherwise (3:2 and 5:4 always, for a spin-off looks the same)",
        numbers: &[
            ("ratio", "new shares per old of the nearest usual ratio"),
            ("sure", "likely or possible"),
            OPEN_RATIO,
            CLOSE_RATIO,
            BEFORE,
            OPEN,
            CLOSE,
            TRADING,
        ],
        remedy: ACTIONS,
    },
    About {
        check: Check::LevelShift,
        name: "level-shift",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "the price opens at another level and stays, by no usual split ratio, while trading goes on as before (or four times up overnight): a spin-off, a special dividend, an exchange of shares, another company under the ticker, or news",
        numbers: &[OPEN_RATIO, CLOSE_RATIO, BEFORE, OPEN, CLOSE, TRADING],
        remedy: "a spin-off or a special dividend belongs into dividends with its value: ingest actions --source …; another company: ingest reference --source …",
    },
    About {
        check: Check::OtherRatio,
        name: "other-ratio",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "a split is stored, and the price jumps by another ratio: a wrong ratio, or a spin-off on the same day",
        numbers: &[STORED, OPEN_RATIO, CLOSE_RATIO, BEFORE, OPEN, CLOSE],
        remedy: "run ingest actions --source … again: a corrected record replaces the wrong one; then ask the vendor",
    },
    About {
        check: Check::LargeDividend,
        name: "large-dividend",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "a dividend above a quarter of the price; right if the price opened lower by about as much",
        numbers: &[
            ("cash", "USD a share"),
            BEFORE,
            ("part", "cash / close before"),
            ("fallen", "part of the cash by which the price opened lower; null without a bar"),
        ],
        remedy: "where the price did not fall, the amount or the day is wrong: run ingest actions --source … again, then ask the vendor",
    },
    About {
        check: Check::UntradedMove,
        name: "untraded-move",
        severity: Severity::Warning,
        whole_market: INSTRUMENT,
        sum: Some(("bars", "bars")),
        meaning: "bars without volume whose close is 10 % or more away from the last traded one: quotes or remains, not prices",
        numbers: &[
            ("bars", "such bars"),
            ("close", "close of the furthest, USD"),
            ("close_before", "last traded close before it, USD"),
            ("close_ratio", "their ratio, with stored actions taken out"),
        ],
        remedy: VENDOR,
    },
    About {
        check: Check::ShortGaps,
        name: "short-gaps",
        severity: Severity::Note,
        whole_market: INSTRUMENT,
        sum: Some(("missing", "sessions")),
        meaning: "loaded sessions without a bar between an instrument's first and last, other than long gaps; common where trading is thin",
        numbers: &[
            ("missing", "loaded sessions without a bar"),
            ("expected", "loaded sessions between its first and last bar"),
            ("gaps", "number of gaps"),
            ("longest", "sessions of the longest gap"),
            ("longest_from", "its first session"),
        ],
        remedy: "nothing, if trading is thin",
    },
    About {
        check: Check::Ended,
        name: "ended",
        severity: Severity::Note,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "the last bar is 5 or more sessions before the market's last one, and no delisting explains it",
        numbers: &[
            ("sessions", "sessions between its last bar and the market's last, or the delisting"),
            ("close", "last close, USD"),
            ("delisted_on", "day of the delisting; null where unknown"),
        ],
        remedy: "delisted or renamed: ingest reference --source … tells which",
    },
    About {
        check: Check::StartsLate,
        name: "starts-late",
        severity: Severity::Note,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "5 or more loaded sessions of the whole market between the listing and the first bar",
        numbers: &[("sessions", "loaded sessions without a bar"), ("listed_on", "first day of the listing")],
        remedy: "compare with the vendor: were there bars, or is the listing date wrong?",
    },
    About {
        check: Check::ZeroVolume,
        name: "zero-volume",
        severity: Severity::Note,
        whole_market: INSTRUMENT,
        sum: Some(("bars", "bars")),
        meaning: "bars without volume",
        numbers: &[
            ("bars", "bars without volume"),
            ("of", "bars in all"),
            ("longest", "most of them in a row"),
            ("longest_from", "first session of that run"),
        ],
        remedy: "nothing, if trading is thin",
    },
    About {
        check: Check::Standstill,
        name: "standstill",
        severity: Severity::Note,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "10 or more traded bars in a row with one price: open, high, low and close, each the same every day",
        numbers: &[("bars", "bars of the longest such run"), ("close", "the price, USD")],
        remedy: "nothing, if the price is fixed (a tender, a money fund); otherwise compare with another source",
    },
    About {
        check: Check::ActionWithoutBar,
        name: "action-without-bar",
        severity: Severity::Note,
        whole_market: INSTRUMENT,
        sum: None,
        meaning: "splits or dividends on days on which the instrument has no bar: before its first, between two, or after its last",
        numbers: &[
            ("splits", "such splits"),
            ("dividends", "such dividends"),
            ("before", "those before the first bar"),
            ("between", "those between two bars"),
            ("after", "those after the last bar"),
        ],
        remedy: "nothing before and after; between two bars, see the gaps",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_stands_at_its_own_place_under_its_own_name() {
        for (place, about) in CHECKS.iter().enumerate() {
            assert_eq!(about.check as usize, place, "{}", about.name);
            assert_eq!(Check::named(about.name), Some(about.check));
            assert!(about.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", about.name);
        }
        assert_eq!(Check::named("twin"), None);
    }

    #[test]
    fn the_worst_are_shown_first() {
        assert!(CHECKS.is_sorted_by(|a, b| a.severity >= b.severity));
    }
}

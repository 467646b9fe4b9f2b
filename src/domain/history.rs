//! One instrument's history as the arithmetic reads it: bars raw as printed, splits, dividends and share counts.
//! Sessions are numbers: positions in the exchange calendar, consecutive sessions differ by 1. No I/O.

/// Daily bars of one instrument in columns, **raw as printed**, ascending by session, one bar a session.
///
/// - **Shape** the three slices have one length; what exceeds the shortest is not read.
/// - **Nulls** none: closes are above 0, volumes 0 or more, all finite.
#[derive(Debug, Clone, Copy, Default)]
pub struct BarSlice<'a> {
    /// Session number of each bar.
    pub sessions: &'a [i32],
    /// Last price of the session, currency a share.
    pub close: &'a [f64],
    /// Shares traded; a bar without volume is a bar.
    pub volume: &'a [f64],
}

impl<'a> BarSlice<'a> {
    /// Number of bars.
    pub fn len(&self) -> usize {
        self.sessions.len().min(self.close.len()).min(self.volume.len())
    }

    /// Whether there is no bar.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bars from position `from` on and before position `to`; positions past the end are cut.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> BarSlice<'a> {
        let to = to.min(self.len());
        let from = from.min(to);
        BarSlice {
            sessions: &self.sessions[from..to],
            close: &self.close[from..to],
            volume: &self.volume[from..to],
        }
    }

    /// Position of the first bar on `session` or later; the number of bars if there is none.
    pub fn position(&self, session: i32) -> usize {
        self.sessions[..self.len()].partition_point(|&s| s < session)
    }
}

/// A split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// First session at or after the ex-date.
    pub session: i32,
    /// New shares per old share: 7.0 for a 7:1 split, 0.1 for a 1:10 consolidation.
    pub ratio: f64,
}

/// A cash dividend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dividend {
    /// First session at or after the ex-date.
    pub session: i32,
    /// Currency a share, on the split basis of the session before: with a split on the same session it is per **old** share.
    pub cash: f64,
}

/// Shares outstanding as one filing gives them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharesReport {
    /// First session on which the number may be used: the one after the filing date.
    pub usable_from: i32,
    /// Session whose split basis the number is on: splits after it are still to be applied.
    pub filed: i32,
    /// Shares outstanding.
    pub shares: f64,
}

/// What is known of one instrument: its bars and what changes their meaning.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    /// Bars, ascending.
    pub bars: BarSlice<'a>,
    /// Splits, ascending by session.
    pub splits: &'a [Split],
    /// Cash dividends, ascending by session.
    pub dividends: &'a [Dividend],
    /// Share counts, ascending by `usable_from`; of several with one `usable_from` the last counts.
    pub shares: &'a [SharesReport],
    /// Whether the instrument has bars before the first one given here.
    pub earlier_bars: bool,
}

/// New shares per share held at the end of session `after`, at the end of session `through`: the product, oldest first,
/// of the splits in `(after, through]`.
pub fn split_ratio(splits: &[Split], after: i32, through: i32) -> f64 {
    let mut ratio = 1.0;
    for split in splits.iter().filter(|split| after < split.session && split.session <= through) {
        ratio *= split.ratio;
    }
    ratio
}

/// Walks an instrument's splits and dividends from bar to bar.
#[derive(Debug, Clone)]
pub struct ActionCursor<'a> {
    splits: &'a [Split],
    dividends: &'a [Dividend],
}

impl<'a> ActionCursor<'a> {
    /// Stands at the end of session `after`: what took effect by then is behind.
    pub fn new(history: &History<'a>, after: i32) -> ActionCursor<'a> {
        let splits = &history.splits[history.splits.partition_point(|split| split.session <= after)..];
        let past = history.dividends.partition_point(|dividend| dividend.session <= after);
        ActionCursor { splits, dividends: &history.dividends[past..] }
    }

    /// Goes on to the end of session `through` and gives what one share of before has become: `(ratio, cash)`, the new
    /// shares and the cash per **old** share. A dividend is multiplied by the splits strictly before its own session.
    pub fn advance(&mut self, through: i32) -> (f64, f64) {
        let (mut ratio, mut cash) = (1.0, 0.0);
        while let Some((dividend, rest)) = self.dividends.split_first()
            && dividend.session <= through
        {
            ratio = self.splits_before(dividend.session, ratio);
            cash += dividend.cash * ratio;
            self.dividends = rest;
        }
        (self.splits_before(through.saturating_add(1), ratio), cash)
    }

    fn splits_before(&mut self, session: i32, mut ratio: f64) -> f64 {
        while let Some((split, rest)) = self.splits.split_first()
            && split.session < session
        {
            ratio *= split.ratio;
            self.splits = rest;
        }
        ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLITS: [Split; 2] = [Split { session: 10, ratio: 7.0 }, Split { session: 20, ratio: 0.5 }];

    fn history<'a>(splits: &'a [Split], dividends: &'a [Dividend]) -> History<'a> {
        History { splits, dividends, ..History::default() }
    }

    #[test]
    fn a_split_counts_on_its_own_session_and_not_before() {
        assert_eq!(split_ratio(&SPLITS, 0, 9), 1.0);
        assert_eq!(split_ratio(&SPLITS, 9, 10), 7.0);
        assert_eq!(split_ratio(&SPLITS, 10, 20), 0.5);
        assert_eq!(split_ratio(&SPLITS, 0, 30), 3.5);
    }

    #[test]
    fn a_dividend_is_paid_on_the_shares_held_before_a_split_of_the_same_session() {
        let dividends = [
            Dividend { session: 9, cash: 1.0 },
            Dividend { session: 10, cash: 1.0 },
            Dividend { session: 11, cash: 1.0 },
        ];
        let mut cursor = ActionCursor::new(&history(&SPLITS, &dividends), 8);
        assert_eq!(cursor.advance(10), (7.0, 2.0));
        assert_eq!(cursor.advance(19), (1.0, 1.0));
        assert_eq!(cursor.advance(20), (0.5, 0.0));
        assert_eq!(ActionCursor::new(&history(&SPLITS, &dividends), 8).advance(30), (3.5, 9.0));
    }

    #[test]
    fn the_cursor_starts_after_its_session() {
        let dividends = [Dividend { session: 10, cash: 1.0 }];
        assert_eq!(ActionCursor::new(&history(&SPLITS, &dividends), 10).advance(30), (0.5, 0.0));
    }

    #[test]
    fn slices_of_unequal_length_are_cut_to_the_shortest() {
        let bars = BarSlice { sessions: &[1, 2, 3], close: &[1.0, 2.0], volume: &[0.0, 0.0, 0.0] };
        assert_eq!((bars.len(), bars.position(2), bars.position(9)), (2, 1, 2));
        assert_eq!(bars.slice(1, 9).sessions, [2]);
        assert!(bars.slice(5, 9).is_empty());
    }
}

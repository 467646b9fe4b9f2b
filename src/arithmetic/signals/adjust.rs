//! One instrument's bars as printed, and the same bars on the latest bar's split basis.

/// One instrument's own bars, oldest first, **raw as printed**. All columns are equally long.
#[derive(Debug, Clone, Copy)]
pub struct SignalBars<'a> {
    /// Session numbers, strictly rising; only their order matters.
    pub sessions: &'a [i32],
    /// First price of each bar.
    pub open: &'a [f64],
    /// Highest price of each bar.
    pub high: &'a [f64],
    /// Lowest price of each bar.
    pub low: &'a [f64],
    /// Last price of each bar.
    pub close: &'a [f64],
    /// Shares traded; 0 is a bar too.
    pub volume: &'a [f64],
}

/// Why bars or splits cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SignalsError {
    /// A column is shorter or longer than the sessions.
    #[error("column {column} holds {found} values for {sessions} sessions")]
    Length {
        /// The column's name.
        column: &'static str,
        /// Its length.
        found: usize,
        /// How many sessions there are.
        sessions: usize,
    },
    /// Bars are not oldest first, or two share a session.
    #[error("a bar of session {next} follows the bar of session {previous}")]
    BarOrder {
        /// The session of the earlier position.
        previous: i32,
        /// The session that follows it.
        next: i32,
    },
    /// Splits are not oldest first.
    #[error("a split of session {next} follows the split of session {previous}")]
    SplitOrder {
        /// The session of the earlier position.
        previous: i32,
        /// The session that follows it.
        next: i32,
    },
    /// A split ratio is NaN, infinite, zero or negative.
    #[error("the split of session {session} has the ratio {ratio}, which is not a number above 0")]
    SplitRatio {
        /// The split's session.
        session: i32,
        /// New shares per old share.
        ratio: f64,
    },
}

/// Memory for adjusted bars, used again from one instrument to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
}

/// The last bars on the latest one's split basis, oldest first, equally long.
#[derive(Debug, Clone, Copy)]
pub(super) struct AdjustedBars<'a> {
    pub open: &'a [f64],
    pub high: &'a [f64],
    pub low: &'a [f64],
    pub close: &'a [f64],
    pub volume: &'a [f64],
}

/// Cuts to the last `count` bars and brings them to the latest bar's basis. Bars that no split follows are
/// not copied.
pub(super) fn adjust<'a>(
    bars: &SignalBars<'a>,
    splits: &[(i32, f64)],
    count: usize,
    workspace: &'a mut Workspace,
) -> Result<AdjustedBars<'a>, SignalsError> {
    check_lengths(bars)?;
    check_splits(splits)?;
    let start = bars.sessions.len().saturating_sub(count);
    let raw = AdjustedBars {
        open: &bars.open[start..],
        high: &bars.high[start..],
        low: &bars.low[start..],
        close: &bars.close[start..],
        volume: &bars.volume[start..],
    };
    let sessions = &bars.sessions[start..];
    if let Some(pair) = sessions.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(SignalsError::BarOrder { previous: pair[0], next: pair[1] });
    }
    let (Some(&first), Some(&last)) = (sessions.first(), sessions.last()) else { return Ok(raw) };

    let from = splits.partition_point(|&(session, _)| session <= first);
    let to = splits.partition_point(|&(session, _)| session <= last);
    let Some(effective) = splits.get(from..to).filter(|effective| !effective.is_empty()) else {
        return Ok(raw);
    };

    let Workspace { open, high, low, close, volume } = workspace;
    for column in [&mut *open, &mut *high, &mut *low, &mut *close, &mut *volume] {
        column.clear();
    }
    let mut begin = 0;
    for later in 0..=effective.len() {
        let end = effective
            .get(later)
            .map_or(sessions.len(), |&(split, _)| sessions.partition_point(|&session| session < split));
        let ratio = effective[later..].iter().fold(1.0, |product, &(_, ratio)| product * ratio);
        let span = begin..end;
        open.extend(raw.open[span.clone()].iter().map(|price| price / ratio));
        high.extend(raw.high[span.clone()].iter().map(|price| price / ratio));
        low.extend(raw.low[span.clone()].iter().map(|price| price / ratio));
        close.extend(raw.close[span.clone()].iter().map(|price| price / ratio));
        volume.extend(raw.volume[span].iter().map(|shares| shares * ratio));
        begin = end;
    }
    Ok(AdjustedBars { open, high, low, close, volume })
}

fn check_lengths(bars: &SignalBars<'_>) -> Result<(), SignalsError> {
    let sessions = bars.sessions.len();
    let columns = [
        ("open", bars.open),
        ("high", bars.high),
        ("low", bars.low),
        ("close", bars.close),
        ("volume", bars.volume),
    ];
    match columns.into_iter().find(|(_, values)| values.len() != sessions) {
        Some((column, values)) => Err(SignalsError::Length { column, found: values.len(), sessions }),
        None => Ok(()),
    }
}

fn check_splits(splits: &[(i32, f64)]) -> Result<(), SignalsError> {
    if let Some(&(session, ratio)) = splits.iter().find(|&&(_, ratio)| !(ratio.is_finite() && ratio > 0.0)) {
        return Err(SignalsError::SplitRatio { session, ratio });
    }
    match splits.windows(2).find(|pair| pair[0].0 > pair[1].0) {
        Some(pair) => Err(SignalsError::SplitOrder { previous: pair[0].0, next: pair[1].0 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::HISTORY;
    use super::*;

    const PRICES: [f64; 4] = [60.0, 66.0, 36.0, 12.5];
    const VOLUMES: [f64; 4] = [10.0, 20.0, 30.0, 40.0];

    fn bars(sessions: &[i32]) -> SignalBars<'_> {
        SignalBars { sessions, open: &PRICES, high: &PRICES, low: &PRICES, close: &PRICES, volume: &VOLUMES }
    }

    #[test]
    fn a_price_is_divided_by_the_product_of_the_later_splits_and_volume_multiplied() {
        let mut workspace = Workspace::default();
        // 2:1 at the bar of session 8, for it has none on session 7; 3:1 on session 9 itself.
        let adjusted = adjust(&bars(&[5, 6, 8, 9]), &[(7, 2.0), (9, 3.0)], HISTORY, &mut workspace).unwrap();
        assert_eq!(adjusted.close, [10.0, 11.0, 12.0, 12.5]);
        assert_eq!(adjusted.open, adjusted.close);
        assert_eq!(adjusted.volume, [60.0, 120.0, 90.0, 40.0]);
    }

    #[test]
    fn the_product_is_taken_oldest_first() {
        let ratios = [1.1, 0.3, 7.0];
        let oldest_first = ratios[0] * ratios[1] * ratios[2];
        assert_ne!(oldest_first, ratios[2] * ratios[1] * ratios[0], "the ratios must tell the orders apart");
        let mut workspace = Workspace::default();
        let splits = [(6, ratios[0]), (8, ratios[1]), (9, ratios[2])];
        let adjusted = adjust(&bars(&[5, 6, 8, 9]), &splits, HISTORY, &mut workspace).unwrap();
        assert_eq!(adjusted.volume[0], 10.0 * oldest_first);
    }

    #[test]
    fn a_split_at_the_first_bar_or_after_the_last_one_changes_nothing() {
        let mut workspace = Workspace::default();
        let adjusted =
            adjust(&bars(&[5, 6, 8, 9]), &[(4, 2.0), (5, 3.0), (10, 7.0)], HISTORY, &mut workspace).unwrap();
        assert_eq!(adjusted.close, PRICES);
        assert_eq!(adjusted.volume, VOLUMES);
    }

    #[test]
    fn a_workspace_used_before_leaves_no_trace() {
        let mut workspace = Workspace::default();
        adjust(&bars(&[5, 6, 8, 9]), &[(6, 9.0)], HISTORY, &mut workspace).unwrap();
        let adjusted = adjust(&bars(&[5, 6, 8, 9]), &[(9, 3.0)], HISTORY, &mut workspace).unwrap();
        assert_eq!(adjusted.close, [20.0, 22.0, 12.0, 12.5]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let mut workspace = Workspace::default();
        let short = bars(&[5, 6, 8]);
        let error = adjust(&short, &[], HISTORY, &mut workspace).unwrap_err();
        assert_eq!(error, SignalsError::Length { column: "open", found: 4, sessions: 3 });
        let error = adjust(&bars(&[5, 8, 8, 9]), &[], HISTORY, &mut workspace).unwrap_err();
        assert_eq!(error, SignalsError::BarOrder { previous: 8, next: 8 });
        let error = adjust(&bars(&[5, 6, 8, 9]), &[(8, 2.0), (7, 2.0)], HISTORY, &mut workspace).unwrap_err();
        assert_eq!(error, SignalsError::SplitOrder { previous: 8, next: 7 });
        for ratio in [0.0, -2.0, f64::INFINITY, f64::NAN] {
            let error = adjust(&bars(&[5, 6, 8, 9]), &[(8, ratio)], HISTORY, &mut workspace).unwrap_err();
            assert!(matches!(error, SignalsError::SplitRatio { session: 8, .. }), "{ratio}");
        }
    }
}

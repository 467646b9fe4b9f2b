//! Columns and small markets for the tests.

use super::{ColumnData, Kind, Known, Market};
use crate::arithmetic::universe::Drop;

const fn known(name: &'static str, kind: Kind, earlier: bool) -> Known {
    Known { name, kind, earlier }
}

/// The published columns, as far as tests and shipped profiles read them.
pub(super) const KNOWN: &[Known] = &[
    known("ticker", Kind::Text, false),
    known("type", Kind::Text, false),
    known("exchange", Kind::Text, false),
    known("sector", Kind::Text, false),
    known("tier", Kind::Text, false),
    known("band", Kind::Text, false),
    known("flags", Kind::Text, false),
    known("in_population", Kind::Flag, false),
    known("open", Kind::Number, true),
    known("high", Kind::Number, true),
    known("low", Kind::Number, true),
    known("close", Kind::Number, true),
    known("volume", Kind::Number, true),
    known("bars", Kind::Number, false),
    known("bar_age", Kind::Number, false),
    known("sma_20", Kind::Number, true),
    known("sma_50", Kind::Number, true),
    known("sma_200", Kind::Number, true),
    known("sma_50_distance", Kind::Number, true),
    known("sma_200_distance", Kind::Number, true),
    known("rsi_14", Kind::Number, true),
    known("macd_histogram", Kind::Number, true),
    known("atr_pct", Kind::Number, true),
    known("adx_14", Kind::Number, true),
    known("bollinger_b", Kind::Number, true),
    known("bollinger_width", Kind::Number, true),
    known("return_1", Kind::Number, true),
    known("return_5", Kind::Number, true),
    known("return_21", Kind::Number, true),
    known("volume_ratio_20", Kind::Number, true),
    known("high_20_distance", Kind::Number, true),
    known("low_20_distance", Kind::Number, true),
    known("high_252_distance", Kind::Number, true),
    known("rel_strength_63", Kind::Number, true),
    known("mom_12_1", Kind::Number, true),
    known("high_52w", Kind::Number, true),
    known("vol_60", Kind::Number, true),
    known("vol_252", Kind::Number, true),
    known("beta_252", Kind::Number, true),
    known("max_drawdown_252", Kind::Number, true),
    known("max_ret_21", Kind::Number, true),
    known("adv_20", Kind::Number, true),
    known("earnings_yield", Kind::Number, true),
    known("fcf_yield", Kind::Number, true),
    known("roe", Kind::Number, true),
    known("gross_profitability", Kind::Number, true),
    known("piotroski_f", Kind::Number, true),
    known("leverage", Kind::Number, true),
    known("mom_12_1_rank", Kind::Number, false),
    known("vol_60_rank", Kind::Number, false),
    known("vol_252_rank", Kind::Number, false),
    known("beta_252_rank", Kind::Number, false),
    known("momentum_z", Kind::Number, false),
    known("value_z", Kind::Number, false),
    known("quality_z", Kind::Number, false),
    known("growth_z", Kind::Number, false),
    known("low_risk_z", Kind::Number, false),
    known("rank", Kind::Number, false),
    known("ics", Kind::Number, false),
    known("merit", Kind::Number, false),
    known("technical", Kind::Number, false),
    known("alpha", Kind::Number, false),
    known("stability", Kind::Number, false),
    known("liquidity", Kind::Number, false),
    known("momentum", Kind::Number, false),
    known("value", Kind::Number, false),
    known("quality", Kind::Number, false),
    known("entry", Kind::Number, false),
    known("stop", Kind::Number, false),
    known("target", Kind::Number, false),
    known("risk_per_share", Kind::Number, false),
    known("shares", Kind::Number, false),
    known("position_value", Kind::Number, false),
];

/// A market of any columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    pub(super) tickers: Vec<String>,
    pub(super) sectors: Vec<Option<String>>,
    pub(super) drops: Vec<Option<Drop>>,
    pub(super) columns: Vec<(String, ColumnData)>,
}

impl Sample {
    /// A market of these tickers without sectors, none dropped.
    pub(super) fn of(tickers: &[&str]) -> Self {
        Self {
            tickers: tickers.iter().map(|&ticker| ticker.to_owned()).collect(),
            sectors: vec![None; tickers.len()],
            drops: vec![None; tickers.len()],
            columns: Vec::new(),
        }
    }

    /// With a column of numbers.
    pub(super) fn number(mut self, name: &str, values: &[f64]) -> Self {
        self.columns.push((name.to_owned(), ColumnData::Numbers(values.to_vec())));
        self
    }

    /// With a column of texts; empty ones are null.
    pub(super) fn text(mut self, name: &str, values: &[&str]) -> Self {
        let texts = values.iter().map(|&text| Some(text.to_owned()).filter(|text| !text.is_empty()));
        self.columns.push((name.to_owned(), ColumnData::Texts(texts.collect())));
        self
    }

    /// With sectors; empty ones are none.
    pub(super) fn sectors(mut self, values: &[&str]) -> Self {
        self.sectors =
            values.iter().map(|&text| Some(text.to_owned()).filter(|text| !text.is_empty())).collect();
        self
    }

    /// What `run` makes of the market.
    pub(super) fn with<T>(&self, run: impl FnOnce(&Market<'_>) -> T) -> T {
        let tickers: Vec<&str> = self.tickers.iter().map(String::as_str).collect();
        let sectors: Vec<Option<&str>> = self.sectors.iter().map(Option::as_deref).collect();
        let column =
            |name: &str| self.columns.iter().find(|(known, _)| known == name).map(|(_, data)| data.clone());
        run(&Market { tickers: &tickers, sectors: &sectors, drops: &self.drops, column: &column })
    }
}

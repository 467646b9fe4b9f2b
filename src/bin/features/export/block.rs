//! A block of whole sessions on its way into the file: rows of the store, the scores over each session, and the frame.

use polars::prelude::*;
use rayon::prelude::*;
use tidemark::arithmetic::cross_section::CrossSection;
use tidemark::arithmetic::session::{SessionColumns, cross_section};
use tidemark::domain::calendar;
use tidemark::store::date_of;
use tidemark::store::features::FeatureRow;
use tidemark::store::instruments::Instrument;

use super::columns::{Columns, Holds};

/// A row of an instrument.
pub type Row = (i32, FeatureRow);

/// What a block has to know of the market.
pub struct Market {
    /// Ascending by id.
    instruments: Vec<Instrument>,
    /// Place of each by ticker, then id.
    places: Vec<usize>,
    /// Sector of each as a number.
    sectors: Vec<Option<i32>>,
}

impl Market {
    /// Of instruments ascending by id.
    pub fn new(instruments: Vec<Instrument>) -> Self {
        let mut order: Vec<usize> = (0..instruments.len()).collect();
        order.sort_by(|a, b| instruments[*a].ticker.cmp(&instruments[*b].ticker));
        let mut places = vec![0; order.len()];
        for (place, at) in order.into_iter().enumerate() {
            places[at] = place;
        }
        let mut names: Vec<&str> = instruments.iter().filter_map(|i| i.sector.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let number = |sector: &str| names.binary_search(&sector).ok().map(|at| at as i32);
        let sectors = instruments.iter().map(|i| i.sector.as_deref().and_then(number)).collect();
        Self { instruments, places, sectors }
    }

    /// The most rows that a session can have.
    pub fn width(&self) -> usize {
        self.instruments.len()
    }

    fn position(&self, id: i32) -> Option<usize> {
        self.instruments.binary_search_by_key(&id, |instrument| instrument.id).ok()
    }
}

/// Which rows go into the file, of those that were read for the scores.
pub struct Wanted {
    /// Ids, ascending; none: everybody's.
    pub only: Option<Vec<i32>>,
    /// Those in the population only.
    pub population: bool,
}

impl Wanted {
    pub fn has(&self, (id, row): &Row) -> bool {
        (row.in_population || !self.population)
            && self.only.as_ref().is_none_or(|ids| ids.binary_search(id).is_ok())
    }
}

/// The frame of the wanted ones among `rows`, which are of whole sessions where there are scores: ascending by session, then
/// ticker.
pub fn frame(
    mut rows: Vec<Row>,
    market: &Market,
    columns: &Columns,
    wanted: &Wanted,
) -> PolarsResult<DataFrame> {
    rows.par_sort_unstable_by_key(|(id, row)| (row.session, *id));
    let mut scores = scores(&rows, market, columns).into_iter();
    let positions: Vec<Option<usize>> = rows.iter().map(|(id, _)| market.position(*id)).collect();
    let mut order: Vec<usize> = (0..rows.len()).filter(|at| wanted.has(&rows[*at])).collect();
    order.par_sort_unstable_by_key(|at| {
        let (id, row) = &rows[*at];
        (row.session, positions[*at].map(|position| market.places[position]), *id)
    });
    let floats = |name: &str, value: &dyn Fn(usize) -> f64| {
        let values: Float64Chunked =
            order.iter().map(|at| Some(value(*at)).filter(|value| !value.is_nan())).collect();
        values.with_name(name.into()).into_column()
    };
    let column = |name: &str, holds: Holds| match holds {
        Holds::Ticker => {
            let ticker = |at: &usize| positions[*at].map(|at| market.instruments[at].ticker.as_str());
            let tickers: StringChunked = order.iter().map(ticker).collect();
            tickers.with_name(name.into()).into_column()
        }
        Holds::SessionDate => {
            // The calendar begins where polars counts days from.
            let day = |session: i32| (date_of(session) - calendar::FIRST_DAY).num_days() as i32;
            let days: Vec<i32> = order.iter().map(|at| day(rows[*at].1.session)).collect();
            Int32Chunked::from_vec(name.into(), days).into_date().into_column()
        }
        Holds::InstrumentId => {
            Int32Chunked::from_vec(name.into(), order.iter().map(|at| rows[*at].0).collect()).into_column()
        }
        Holds::InPopulation => {
            let members: BooleanChunked = order.iter().map(|at| Some(rows[*at].1.in_population)).collect();
            members.with_name(name.into()).into_column()
        }
        Holds::Factor(factor) => floats(name, &|at| rows[at].1.values[factor]),
        Holds::ZScore(_) | Holds::Family(_) | Holds::Neutral(_) => {
            let values = scores.next().unwrap_or_default();
            floats(name, &|at| values[at])
        }
    };
    let mut column = column;
    let all = columns.all.iter().map(|c| column(&c.name, c.holds)).collect();
    DataFrame::new(order.len(), all)
}

/// The scores of all rows, which are ascending by session and instrument: a column for each that is chosen.
fn scores(rows: &[Row], market: &Market, columns: &Columns) -> Vec<Vec<f64>> {
    let chosen: Vec<Holds> = columns.scores().collect();
    if chosen.is_empty() {
        return Vec::new();
    }
    let sessions: Vec<&[Row]> = rows.chunk_by(|a, b| a.1.session == b.1.session).collect();
    let parts: Vec<Vec<Vec<f64>>> = sessions
        .par_iter()
        .map_init(CrossSection::default, |memory, rows| of_session(memory, rows, market, &chosen))
        .collect();
    let column = |at: usize| parts.iter().flat_map(|part| part[at].iter().copied()).collect();
    (0..chosen.len()).map(column).collect()
}

fn of_session(memory: &mut CrossSection, rows: &[Row], market: &Market, chosen: &[Holds]) -> Vec<Vec<f64>> {
    let mut columns = SessionColumns::default();
    for (id, row) in rows {
        let sector = market.position(*id).and_then(|at| market.sectors[at]);
        columns.push(row.in_population, sector, &row.values);
    }
    let section = cross_section(memory, &columns);
    let column = |holds: &Holds| match *holds {
        Holds::ZScore(at) => section.z_scores(&columns, at),
        Holds::Family(at) => section.families[at].scores.clone(),
        Holds::Neutral(at) => section.families[at].neutral.clone(),
        Holds::Ticker | Holds::SessionDate | Holds::InstrumentId | Holds::InPopulation | Holds::Factor(_) => {
            Vec::new()
        }
    };
    chosen.iter().map(column).collect()
}

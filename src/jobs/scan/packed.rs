//! A panel's instruments as bytes, for the scan's cache: who it is, its latest bar and signals, and its factors of the session.
//! Numbers are little-endian and keep their bits. What follows each other here is part of the scan's definitions.

use std::sync::Arc;

use super::panel::Panel;
use crate::store::features::{self, FeatureRow};
use crate::store::instruments::Instrument;
use crate::store::signals::{self, LatestSignals};

/// Length of a text that is not there.
const NO_TEXT: u16 = u16::MAX;

/// The row of the instrument at a place of the panel.
pub fn pack(panel: &Panel, place: usize) -> Vec<u8> {
    let one = &panel.instruments[place];
    let mut bytes = Vec::with_capacity(720);
    for text in [Some(&one.ticker), one.kind.as_ref(), one.sector.as_ref(), one.exchange.as_ref()] {
        let length = text.map_or(NO_TEXT, |text| text.len() as u16);
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.map_or(&[] as &[u8], |text| text.as_bytes()));
    }
    bytes.push(u8::from(one.financial));
    let signals = panel.signals_of(one.id);
    bytes.push(u8::from(signals.is_some()));
    if let Some(row) = signals {
        bytes.extend(row.session.to_le_bytes());
        row.bar.iter().chain(&row.values).for_each(|value| bytes.extend(value.to_le_bytes()));
    }
    let features = panel.features_of(one.id);
    bytes.push(features.map_or(0, |row| 1 + u8::from(row.in_population)));
    if let Some(row) = features {
        row.values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    }
    bytes
}

/// Instruments for which room is kept from the start; memory that is not written costs nothing.
const ROOM: usize = 16_384;

/// Gathers rows into a panel.
pub struct Unpacking {
    instruments: Vec<Instrument>,
    signals: Vec<Arc<LatestSignals>>,
    features: Vec<(i32, Arc<FeatureRow>)>,
}

impl Default for Unpacking {
    fn default() -> Self {
        Self {
            instruments: Vec::with_capacity(ROOM),
            signals: Vec::with_capacity(ROOM),
            features: Vec::with_capacity(ROOM),
        }
    }
}

impl Unpacking {
    /// Takes rows whose factors are of `session`, each behind its instrument; none where the bytes are not of the form.
    pub fn take(&mut self, session: i32, rows: &[u8]) -> Option<()> {
        let mut bytes = Bytes(rows);
        while !bytes.0.is_empty() {
            self.take_one(session, &mut bytes)?;
        }
        Some(())
    }

    fn take_one(&mut self, session: i32, bytes: &mut Bytes<'_>) -> Option<()> {
        let id = i32::from_be_bytes(bytes.array()?);
        let ticker = bytes.text()?.0?;
        let (kind, sector, exchange) = (bytes.text()?.0, bytes.text()?.0, bytes.text()?.0);
        let financial = bytes.byte()? == 1;
        self.instruments.push(Instrument { id, ticker, kind, sector, financial, exchange });
        if bytes.byte()? == 1 {
            let mut row = LatestSignals {
                instrument_id: id,
                session: i32::from_le_bytes(bytes.array()?),
                bar: [f64::NAN; 5],
                values: [f64::NAN; signals::WIDTH],
            };
            for value in row.bar.iter_mut().chain(&mut row.values) {
                *value = f64::from_le_bytes(bytes.array()?);
            }
            self.signals.push(Arc::new(row));
        }
        let features = bytes.byte()?;
        if features > 0 {
            let mut row =
                FeatureRow { session, in_population: features == 2, values: [f64::NAN; features::WIDTH] };
            for value in &mut row.values {
                *value = f64::from_le_bytes(bytes.array()?);
            }
            self.features.push((id, Arc::new(row)));
        }
        Some(())
    }

    /// The panel of all rows taken; who the benchmark is and who is behind is not in them.
    pub fn panel(mut self, session: i32) -> Panel {
        // Rows come in order but for those that the last scan replaced, which a stable sort notices.
        self.instruments.sort_by_key(|one| one.id);
        self.signals.sort_by_key(|row| row.instrument_id);
        self.features.sort_by_key(|(id, _)| *id);
        Panel {
            session,
            instruments: Arc::new(self.instruments),
            signals: self.signals,
            features: self.features,
            ..Panel::default()
        }
    }
}

struct Bytes<'a>(&'a [u8]);

/// A text that may be unknown.
struct Text(Option<String>);

impl Bytes<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn text(&mut self) -> Option<Text> {
        let length = u16::from_le_bytes(self.array()?);
        if length == NO_TEXT {
            return Some(Text(None));
        }
        let (text, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok().map(|text| Text(Some(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel() -> Panel {
        let instrument = |id, ticker: &str, sector: Option<&str>| Instrument {
            id,
            ticker: ticker.into(),
            kind: Some("CS".into()),
            sector: sector.map(str::to_owned),
            financial: id == 7,
            exchange: None,
        };
        let mut values = [f64::NAN; signals::WIDTH];
        values[3] = -0.1;
        let signals = LatestSignals { instrument_id: 7, session: 41, bar: [1.0, 2.0, 0.5, 1.5, 0.0], values };
        let mut values = [1.0 / 3.0; features::WIDTH];
        values[1] = f64::NAN;
        let features = FeatureRow { session: 41, in_population: true, values };
        Panel {
            session: 41,
            instruments: Arc::new(vec![instrument(7, "BRK.A", Some("Financials")), instrument(9, "É", None)]),
            signals: vec![Arc::new(signals)],
            features: vec![(7, Arc::new(features))],
            ..Panel::default()
        }
    }

    fn rows(panel: &Panel, places: &[usize]) -> Vec<u8> {
        let row =
            |place: &usize| [&panel.instruments[*place].id.to_be_bytes()[..], &pack(panel, *place)].concat();
        places.iter().flat_map(row).collect()
    }

    #[test]
    fn what_is_packed_comes_back_to_the_bit_in_any_order() {
        let panel = panel();
        let mut unpacking = Unpacking::default();
        unpacking.take(41, &rows(&panel, &[1])).unwrap();
        unpacking.take(41, &rows(&panel, &[0])).unwrap();
        let mut together = Unpacking::default();
        together.take(41, &rows(&panel, &[1, 0])).unwrap();
        assert_eq!(format!("{:?}", together.panel(41)), format!("{panel:?}"));
        let back = unpacking.panel(41);
        // NaN is not equal to itself, but its words are.
        assert_eq!(format!("{back:?}"), format!("{panel:?}"));
    }

    #[test]
    fn half_a_row_and_a_longer_one_are_refused() {
        let bytes = rows(&panel(), &[0]);
        for length in 1..bytes.len() {
            assert!(Unpacking::default().take(41, &bytes[..length]).is_none(), "{length}");
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        assert!(Unpacking::default().take(41, &longer).is_none());
    }
}

//! Sectors from a file: CSV with the header `ticker,sector` and the names of GICS.

use std::collections::BTreeMap;
use std::path::Path;

use deadpool_postgres::Object;
use tidemark::domain::sector::Sector;
use tidemark::failure::Failure;
use tidemark::store::instruments::Tickers;
use tidemark::store::{During, StoreError, reference as store};

use super::super::refusals::Refusals;
use crate::flatfiles::printable;

/// The lines of a file, a ticker once.
#[derive(Debug, Default)]
pub struct Sectors {
    read: usize,
    repeated: usize,
    /// Line and sector of each ticker.
    by_ticker: BTreeMap<String, (u64, Sector)>,
    refused: Refusals,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Counts {
    /// Lines.
    pub read: usize,
    /// Instruments that differed.
    pub changed: usize,
    /// Instruments that were as the file says.
    pub equal: usize,
    /// Lines that said nothing new.
    pub repeated: usize,
    /// Lines that were not used.
    pub refused: Refusals,
}

/// Reads the file. Lines whose sector is none are set aside with their number; of two that contradict each other, the later.
///
/// # Errors
/// A file that cannot be read, is not CSV, or lacks the header.
pub fn read(path: &Path) -> Result<Sectors, Failure> {
    let unusable = |fact: String| {
        Failure::new(format!("{}: {fact}", path.display()))
            .hint("the file is CSV; its first line is ticker,sector, and each other line a ticker and a GICS sector")
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| unusable(format!("cannot be read: {error}")))?;
    let header: Vec<String> = reader
        .headers()
        .map_err(|error| unusable(error.to_string()))?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').to_ascii_lowercase())
        .collect();
    let column = |name: &str| {
        header.iter().position(|column| column == name).ok_or_else(|| {
            unusable(format!("the header has no column {name}: {}", printable(header.join(",").as_bytes())))
        })
    };
    let (ticker_at, sector_at) = (column("ticker")?, column("sector")?);
    let mut sectors = Sectors::default();
    for record in reader.records() {
        let record = record.map_err(|error| unusable(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |at: usize| record.get(at).unwrap_or_default();
        sectors.take(line, field(ticker_at), field(sector_at));
    }
    Ok(sectors)
}

impl Sectors {
    fn take(&mut self, line: u64, ticker: &str, name: &str) {
        self.read += 1;
        let shown =
            || format!("line {line}: {} \"{}\"", printable(ticker.as_bytes()), printable(name.as_bytes()));
        let Some(sector) = Sector::named(name) else {
            return self.refused.add("not the name of a GICS sector", shown);
        };
        if ticker.is_empty() {
            return self.refused.add("the ticker is empty", shown);
        }
        match self.by_ticker.get(ticker) {
            None => {
                self.by_ticker.insert(ticker.to_owned(), (line, sector));
            }
            Some((_, kept)) if *kept == sector => self.repeated += 1,
            Some((kept, _)) => {
                let kept = *kept;
                self.refused.add("an earlier line contradicts it", || format!("{}, line {kept}", shown()));
            }
        }
    }
}

/// Stores the sectors of the instruments that have these tickers now, or had them last.
pub async fn store(client: &mut Object, sectors: Sectors) -> Result<Counts, StoreError> {
    let Sectors { read, repeated, by_ticker, mut refused } = sectors;
    let tickers = Tickers::read(&***client).await?;
    let mut rows: BTreeMap<i32, Sector> = BTreeMap::new();
    for (ticker, (line, sector)) in by_ticker {
        match tickers.latest(&ticker) {
            Some(id) => {
                rows.insert(id, sector);
            }
            None => refused.add("the ticker is not known", || format!("line {line}: {ticker}")),
        }
    }
    let rows: Vec<(i32, Sector)> = rows.into_iter().collect();
    let transaction = client.transaction().await.during("opening a transaction")?;
    let changed = store::store_sectors(&transaction, &rows).await?;
    transaction.commit().await.during("storing sectors")?;
    Ok(Counts { read, changed, equal: rows.len() - changed, repeated, refused })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file
    }

    #[test]
    fn lines_are_read_by_their_header_and_faults_have_their_line() {
        let file = file(
            "\u{feff}Security,Ticker,Sector\nApple,AAPL,Information Technology\nOne,NA,energy\nTwo,X,Tech\n\
             Three,AAPL,Energy\nFour,NA,Energy\n,,Energy\n",
        );
        let sectors = read(file.path()).expect("readable");
        let kept: Vec<String> = sectors
            .by_ticker
            .iter()
            .map(|(ticker, (line, sector))| format!("{ticker} {line} {}", sector.name()))
            .collect();
        assert_eq!(kept, ["AAPL 2 Information Technology", "NA 3 Energy"]);
        assert_eq!((sectors.read, sectors.repeated, sectors.refused.total()), (6, 1, 3));
        let shown = format!("{:?}", sectors.refused);
        for words in ["line 4: X \\\"Tech\\\"", "line 5: AAPL \\\"Energy\\\", line 2", "the ticker is empty"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
    }

    #[test]
    fn a_file_without_the_header_is_refused() {
        for text in ["", "AAPL,Energy\n", "ticker;sector\nAAPL;Energy\n"] {
            let failure = read(file(text).path()).expect_err("refused");
            assert!(failure.to_string().contains("the header has no column"), "{failure}");
        }
        let failure = read(file("ticker,sector\nA,Energy,more\n").path()).expect_err("refused");
        assert!(failure.to_string().contains("line: 2"), "{failure}");
        assert!(read(Path::new("/no/such/file")).is_err());
    }
}

//! Leveraged and inverse exchange-traded products listed in the US, by ticker.
//! Written by hand from what their issuers call them: those well known in 2025, and gone ones that histories since 2015 hold.
//! Not all there are, and none listed since: a profile adds others in `exclude`. Tickers that a company bore in those years are
//! left out (AVL, BITI, MSTX, NVDQ), because a ticker is all that is compared: types are not, they are wrong at times.

/// Whether `ticker` is that of a product on the list: one whose day is a multiple of an index's or a share's day, or its
/// inverse.
pub fn is_listed(ticker: &str) -> bool {
    TICKERS.binary_search(&ticker).is_ok()
}

/// Sorted. Issuers: ProShares, Direxion, MicroSectors, GraniteShares, T-Rex, Defiance, AXS, Tuttle, Volatility Shares,
/// VelocityShares, Deutsche Bank, iPath and Barclays. (OILU and OILD were AccuShares' up and down shares of oil before.)
#[rustfmt::skip]
const TICKERS: [&str; 249] = [
    "AAPB", "AAPD", "AAPU", "AGQ", "AMDL", "AMUU", "AMZD", "AMZU", "AVS", "BABX", "BERZ", "BIB", "BIS",
    "BITU", "BITX", "BNKD", "BNKU", "BOIL", "BRZU", "BULZ", "BZQ", "CARD", "CARU", "CHAU", "CONL", "CURE",
    "DDG", "DDM", "DFEN", "DGAZ", "DGLD", "DGP", "DGZ", "DIG", "DLBS", "DOG", "DPST", "DRIP", "DRN", "DRV",
    "DSLV", "DTUS", "DTYS", "DUG", "DULL", "DUST", "DWT", "DWTI", "DXD", "DZZ", "EDC", "EDZ", "EET", "EEV",
    "EFO", "EFU", "EFZ", "EPV", "ERX", "ERY", "ETHD", "ETHT", "ETHU", "EUM", "EUO", "EURL", "EWV", "EZJ",
    "FAS", "FAZ", "FBL", "FINU", "FINZ", "FLYD", "FLYU", "FNGD", "FNGO", "FNGU", "FXP", "GASL", "GASX",
    "GDXD", "GDXU", "GGLL", "GGLS", "GLL", "GUSH", "HIBL", "HIBS", "INDL", "JDST", "JETD", "JETU", "JNUG",
    "KOLD", "KORU", "LABD", "LABU", "METD", "METU", "MEXX", "MIDU", "MSFD", "MSFL", "MSFU", "MSTU", "MSTZ",
    "MUD", "MUU", "MVV", "MYY", "MZZ", "NAIL", "NFXL", "NRGD", "NRGU", "NUGT", "NVD", "NVDD", "NVDL",
    "NVDS", "NVDU", "NVDX", "OILD", "OILU", "PILL", "PLTD", "PLTU", "PSQ", "PST", "PTIR", "QID", "QLD",
    "QQQU", "REK", "RETL", "REW", "ROM", "RUSL", "RUSS", "RWM", "RXD", "RXL", "SAA", "SARK", "SBB", "SBIT",
    "SCC", "SCO", "SDD", "SDOW", "SDP", "SDS", "SEF", "SH", "SHNY", "SIJ", "SJB", "SKF", "SMDD", "SMN",
    "SMST", "SOXL", "SOXS", "SPDN", "SPUU", "SPXL", "SPXS", "SPXU", "SQQQ", "SRS", "SRTY", "SSG", "SSO",
    "SVIX", "SVXY", "SZK", "TAPR", "TARK", "TBF", "TBT", "TBX", "TECL", "TECS", "TMF", "TMV", "TNA", "TPOR",
    "TQQQ", "TSDD", "TSLL", "TSLQ", "TSLR", "TSLS", "TSLT", "TSLZ", "TSMX", "TTT", "TVIX", "TVIZ", "TWM",
    "TYD", "TYO", "TZA", "UBIO", "UBR", "UBT", "UCC", "UCO", "UDOW", "UGAZ", "UGE", "UGL", "UGLD", "UJB",
    "ULE", "UMDD", "UPRO", "UPV", "UPW", "URE", "URTY", "USD", "USLV", "UST", "UTSL", "UVIX", "UVXY", "UWM",
    "UWT", "UWTI", "UXI", "UYG", "UYM", "WANT", "WEBL", "WEBS", "WTID", "WTIU", "XIV", "XPP", "YANG", "YCL",
    "YCS", "YINN", "YXI", "ZBIO", "ZIV", "ZSL",
];

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_no_ticker_twice() {
        assert!(TICKERS.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(TICKERS.iter().all(|ticker| ticker.chars().all(|c| c.is_ascii_uppercase())));
    }

    #[test]
    fn products_are_listed_and_plain_funds_and_companies_are_not() {
        for ticker in ["TQQQ", "SQQQ", "SPXS", "UVXY", "NVDL", "SH"] {
            assert!(is_listed(ticker), "{ticker}");
        }
        for ticker in ["SPY", "QQQ", "VXX", "GLD", "NVDA", "MSTX", "MUB", "tqqq", ""] {
            assert!(!is_listed(ticker), "{ticker}");
        }
    }

    /// The master of 2015 and 2016 has names: what calls itself a multiple or an inverse is on the list, and what is on the list
    /// calls itself so.
    #[test]
    fn the_list_agrees_with_the_names_of_2015() {
        let Some(folder) = crate::real_data() else { return };
        let file = std::fs::File::open(folder.join("symbol_master_first_last_seen.csv.gz")).unwrap();
        let mut master = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut master).unwrap();
        let mut found = 0;
        for row in master.lines().skip(1) {
            let fields: Vec<&str> = row.split(',').collect();
            let (ticker, name) = (fields[0], fields[3].to_lowercase());
            let names_it = [
                "2x",
                "3x",
                "inverse",
                "proshares ultra",
                "daily",
                "bear etn",
                "proshares short",
                "crude oil excess",
            ];
            let multiple = names_it.iter().any(|part| name.contains(part)) && !name.contains("daily journal");
            assert_eq!(is_listed(ticker), multiple, "{row}");
            found += usize::from(multiple);
        }
        assert!(found >= 20, "{found}");
    }
}

//! What is asked for in every situation.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The five sessions of a week without a holiday.
fn week() -> Vec<NaiveDate> {
    nyse().sessions(day("2024-07-08"), day("2024-07-13")).collect()
}

fn entry(source: &str, etag: Option<&str>, selection: &str) -> Entry {
    Entry {
        source: source.into(),
        etag: etag.map(str::to_owned),
        selection: selection.into(),
        whole: selection.is_empty(),
        ..Entry::default()
    }
}

fn file(date: &str, etag: &str) -> RemoteFile {
    RemoteFile {
        session_date: day(date),
        key: format!("us_stocks_sip/day_aggs_v1/{date}"),
        etag: Some(etag.into()),
        size: Some(300_000),
    }
}

/// What a test varies; the rest is a whole market of which nothing is loaded, looked at on the Saturday after.
struct Case {
    minutes: bool,
    known: HashMap<NaiveDate, Entry>,
    selection: Selection,
    reload: bool,
    recheck: BTreeSet<NaiveDate>,
    today: NaiveDate,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            minutes: false,
            known: HashMap::new(),
            selection: Selection::new(&[]),
            reload: false,
            recheck: BTreeSet::new(),
            today: day("2024-07-13"),
        }
    }
}

impl Case {
    fn tickers(tickers: &[&str]) -> Self {
        let tickers: Vec<String> = tickers.iter().map(|ticker| (*ticker).to_owned()).collect();
        Self { selection: Selection::new(&tickers), ..Self::default() }
    }

    fn with(mut self, dates: &[&str], entry: &Entry) -> Self {
        self.known.extend(dates.iter().map(|date| (day(date), entry.clone())));
        self
    }

    fn on<'a>(&'a self, sessions: &'a [NaiveDate]) -> Situation<'a> {
        Situation {
            timeframe: if self.minutes { Timeframe::Minute } else { Timeframe::Day },
            sessions,
            known: &self.known,
            selection: &self.selection,
            reload: self.reload,
            recheck: &self.recheck,
            today: self.today,
        }
    }

    fn way(&self, files: bool, api: bool) -> Option<Way> {
        self.on(&week()).way(files, api)
    }

    fn files(&self, files: Vec<RemoteFile>, insist: bool, api: bool) -> Plan {
        self.on(&week()).files(Listing::of(files), insist, api)
    }
}

fn dates(files: &[RemoteFile]) -> Vec<String> {
    files.iter().map(|file| file.session_date.to_string()).collect()
}

fn texts(dates: &[NaiveDate]) -> Vec<String> {
    dates.iter().map(ToString::to_string).collect()
}

fn lines(plan: &Plan, per_minute: u32) -> Vec<String> {
    plan.lines(NonZeroU32::new(per_minute).unwrap())
}

#[test]
fn the_whole_market_comes_from_files_where_there_are_keys_and_else_by_session() {
    let all = Case::default();
    assert_eq!(all.way(true, true), Some(Way::Files));
    assert_eq!(all.way(true, false), Some(Way::Files));
    assert_eq!(all.way(false, true), Some(Way::Grouped));
    assert_eq!(all.way(false, false), None);
}

#[test]
fn tickers_fewer_than_sessions_come_one_call_each() {
    let few = Case::tickers(&["A", "B", "C", "D"]);
    assert_eq!(few.way(false, true), Some(Way::Ranges));
    assert_eq!(few.way(true, true), Some(Way::Ranges), "four calls against a list and five files");
    assert_eq!(few.way(true, false), Some(Way::Files), "ranges need the API");
    let many = Case::tickers(&["A", "B", "C", "D", "E"]);
    assert_eq!(many.way(false, true), Some(Way::Grouped));
    assert_eq!(many.way(true, true), Some(Way::Files));
}

#[test]
fn what_is_loaded_does_not_count_as_a_session_to_ask_for() {
    let loaded = entry("rest", None, "A,B");
    let case = Case::tickers(&["A", "B"]).with(&["2024-07-08", "2024-07-09", "2024-07-10"], &loaded);
    assert_eq!(case.way(false, true), Some(Way::Grouped), "two sessions are left: two calls either way");
    assert_eq!(case.way(true, true), Some(Way::Files));
    let plan = case.on(&week()).grouped();
    assert_eq!(texts(&plan.grouped), ["2024-07-11", "2024-07-12"]);
    assert_eq!((plan.unchanged, plan.api_calls()), (3, 2));
    let other = Case::tickers(&["A"]).with(&["2024-07-08"], &loaded);
    assert_eq!(other.on(&week()).ranges().windows, [week()], "A,B is another selection");
}

#[test]
fn a_day_of_the_whole_market_is_one_call() {
    let one = [day("2024-07-12")];
    let plan = Case::default().on(&one).grouped();
    assert_eq!(plan.api_calls(), 1);
    let plan = Case::default().on(&one).files(Listing::of(vec![file("2024-07-12", "e")]), false, true);
    assert_eq!((plan.lists, plan.files.len(), plan.api_calls()), (1, 1, 0));
}

#[test]
fn a_file_is_fetched_when_it_is_new_or_replaced() {
    let case = Case::default()
        .with(&["2024-07-08", "2024-07-09"], &entry("s3", Some("one"), ""))
        .with(&["2024-07-10"], &entry("s3", None, ""));
    let files = vec![
        file("2024-07-08", "one"),
        file("2024-07-09", "two"),
        file("2024-07-10", "one"),
        file("2024-07-11", "one"),
        file("2024-07-12", "one"),
    ];
    let plan = case.files(files.clone(), false, false);
    assert_eq!(dates(&plan.files), ["2024-07-09", "2024-07-10", "2024-07-11", "2024-07-12"]);
    assert_eq!((plan.unchanged, plan.absent.len()), (1, 0));
    assert_eq!(Case { reload: true, ..case }.files(files, false, false).files.len(), 5);
}

#[test]
fn a_session_from_another_source_is_fetched_when_files_are_asked_for_or_it_is_to_be_checked() {
    let rest = entry("rest", None, "");
    let case = || Case::default().with(&["2024-07-08", "2024-07-09"], &rest);
    let files = || vec![file("2024-07-08", "one"), file("2024-07-09", "one")];
    assert!(case().files(files(), false, false).files.is_empty());
    assert_eq!(case().files(files(), true, false).files.len(), 2);
    let check = Case { recheck: [day("2024-07-09")].into(), ..case() };
    assert_eq!(dates(&check.files(files(), false, false).files), ["2024-07-09"]);
}

#[test]
fn a_session_loaded_for_other_tickers_only_is_fetched() {
    let case = Case::default().with(&["2024-07-08"], &entry("s3", Some("one"), "A"));
    assert_eq!(case.files(vec![file("2024-07-08", "one")], false, false).files.len(), 1);
    let whole = Case::tickers(&["A"]).with(&["2024-07-08"], &entry("s3", Some("one"), ""));
    assert_eq!(whole.files(vec![file("2024-07-08", "one")], false, false).files.len(), 0);
}

#[test]
fn a_session_whose_file_is_not_published_yet_comes_from_the_api() {
    let case = Case::default();
    let files = || vec![file("2024-07-09", "e"), file("2024-07-11", "e")];
    let plan = case.files(files(), false, true);
    assert_eq!(texts(&plan.grouped), ["2024-07-08", "2024-07-10", "2024-07-12"]);
    assert!(plan.absent.is_empty());
    let plan = case.files(files(), false, false);
    assert_eq!(
        texts(&plan.absent),
        ["2024-07-08", "2024-07-10", "2024-07-12"],
        "without a key there is no other way"
    );

    // Years later, a session before the first file is no late one: the bucket begins there.
    let later = Case { today: day("2030-07-13"), ..Case::default() };
    let plan = later.files(files(), false, true);
    assert_eq!(texts(&plan.grouped), ["2024-07-10", "2024-07-12"]);
    assert_eq!(texts(&plan.absent), ["2024-07-08"]);
    let plan = later.files(Vec::new(), false, true);
    assert_eq!((plan.grouped.len(), plan.absent.len()), (0, 5));
}

#[test]
fn a_session_without_a_file_that_is_loaded_is_let_be() {
    let case = Case::default().with(&["2024-07-12"], &entry("rest", None, ""));
    let plan = case.files(vec![file("2024-07-11", "e")], false, true);
    assert!(!plan.grouped.contains(&day("2024-07-12")));
    assert_eq!(plan.unchanged, 1);
    let check = Case { recheck: [day("2024-07-12")].into(), ..case };
    assert!(check.files(vec![file("2024-07-11", "e")], false, true).grouped.contains(&day("2024-07-12")));
}

#[test]
fn files_of_closed_days_are_set_aside() {
    let plan = Case::default().files(vec![file("2024-07-04", "e"), file("2024-07-08", "e")], false, false);
    assert_eq!(dates(&plan.closed), ["2024-07-04"]);
    assert_eq!(dates(&plan.files), ["2024-07-08"]);
}

#[test]
fn many_tickers_over_many_years_are_cut_into_windows_that_fit_into_memory() {
    let years: Vec<NaiveDate> = nyse().sessions(day("2015-01-01"), day("2025-01-01")).collect();
    let tickers: Vec<String> = (0..400).map(|n| format!("T{n}")).collect();
    let case = Case { selection: Selection::new(&tickers), ..Case::default() };
    let plan = case.on(&years).ranges();
    assert_eq!(plan.windows.len(), 3);
    assert!(plan.windows.iter().all(|window| window.len() * 400 <= WINDOW_BARS));
    assert_eq!(plan.windows.concat(), years);
    assert_eq!(plan.api_calls(), 1_200);
    assert_eq!(case.on(&years).way(false, true), Some(Way::Ranges));
    // With twice as many, the windows make more calls than there are sessions.
    let tickers: Vec<String> = (0..800).map(|n| format!("T{n}")).collect();
    let case = Case { selection: Selection::new(&tickers), ..Case::default() };
    assert_eq!(case.on(&years).way(false, true), Some(Way::Grouped));
}

#[test]
fn the_words_give_the_calls_and_at_a_slow_pace_the_time() {
    let years: Vec<NaiveDate> = nyse().sessions(day("2015-01-01"), day("2025-01-01")).collect();
    let plan = Case::default().on(&years).grouped();
    assert_eq!(
        lines(&plan, 5),
        [
            "2,516 sessions: 2,516 to load, 0 loaded already, 0 without a file",
            "2,516 calls of the vendor's API, one a session",
            "at 5 calls of the API a minute that takes 8 h 23 min; with a paid plan, say --plan paid",
        ]
    );
    assert_eq!(lines(&plan, 60)[2], "at 60 calls of the API a minute that takes 41 min 55 s");
    assert_eq!(lines(&plan, 5_700).len(), 2, "a fast pace is not worth a word");
    let plan = Case::tickers(&["A", "B"]).on(&years).ranges();
    assert_eq!(
        lines(&plan, 5)[1..],
        [
            "2 calls of the vendor's API, one a ticker for up to 2,516 sessions",
            "at 5 calls of the API a minute that takes 12.0 s; with a paid plan, say --plan paid",
        ]
    );
    let plan = Case::default().files(vec![file("2024-07-08", "e"), file("2024-07-09", "e")], false, true);
    assert_eq!(
        lines(&plan, 5)[..3],
        [
            "5 sessions: 5 to load, 0 loaded already, 0 without a file",
            "2 files to fetch, 600.0 kB, one call each; 1 call to list them",
            "3 calls of the vendor's API, one a session",
        ]
    );
}

#[test]
fn minutes_come_from_files_and_from_the_api_only_of_chosen_tickers() {
    let all = Case { minutes: true, ..Case::default() };
    assert_eq!(all.way(true, true), Some(Way::Files));
    assert_eq!(all.way(false, true), None, "the API gives no minutes of all");
    let few = Case { minutes: true, ..Case::tickers(&["A", "B"]) };
    assert_eq!(few.way(true, true), Some(Way::Ranges));
    assert_eq!(few.way(true, false), Some(Way::Files));
    let many = Case { minutes: true, ..Case::tickers(&["A", "B", "C", "D", "E", "F"]) };
    assert_eq!(many.way(true, true), Some(Way::Files));
    assert_eq!(many.way(false, true), Some(Way::Ranges), "there is no other way");
    let plan = all.files(vec![file("2024-07-08", "1")], false, true);
    assert_eq!((plan.grouped.len(), plan.absent.len()), (0, 4), "the API cannot fill in");
}

#[test]
fn minutes_are_asked_for_by_months_and_in_windows_that_fit_into_memory() {
    let sessions: Vec<NaiveDate> = nyse().sessions(day("2024-01-10"), day("2024-04-01")).collect();
    let windows = |tickers: usize| {
        let tickers: Vec<String> = (0..tickers).map(|n| format!("T{n}")).collect();
        let case = Case { minutes: true, selection: Selection::new(&tickers), ..Case::default() };
        case.on(&sessions).ranges().windows
    };
    let shown = |windows: &[Vec<NaiveDate>]| -> Vec<(String, String)> {
        windows.iter().map(|dates| (dates[0].to_string(), dates[dates.len() - 1].to_string())).collect()
    };
    let months = [("2024-01-10", "2024-01-31"), ("2024-02-01", "2024-02-29"), ("2024-03-01", "2024-03-28")];
    assert_eq!(shown(&windows(1)), months.map(|(from, to)| (from.to_owned(), to.to_owned())));
    assert_eq!(windows(20).len(), 3);
    let cut = windows(100);
    assert!(cut.iter().all(|window| window.len() <= 5) && cut.concat() == sessions);
    assert!(windows(10_000).iter().all(|window| window.len() == 1));
}

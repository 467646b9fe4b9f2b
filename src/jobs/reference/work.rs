//! A list on its way into the database: what it means for each instrument, and the writing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::Transaction;

use super::chain::{self, Chain};
use super::identify::{self, Entity, Identified, Refusal};
use super::plan::{Assigned, Plan, Target};
use super::{Refused, Said, Summary, dates, periods_of};
use crate::domain::claims::{BEGINNING, Claim, Fault, Start};
use crate::domain::instrument::is_share;
use crate::domain::listing::{Held, Known, Listing};
use crate::store::StoreError;
use crate::store::reference::{self as store, Move};

/// An instrument as the list has it, and up to when the entry is accurate.
type Fact = (Known, Option<DateTime<Utc>>);

/// A list on its way into the database.
pub struct Work<'a> {
    said: &'a Said<'a>,
    known: &'a [Known],
    held: &'a [Held],
    /// Instruments of the list and of the database.
    pub identified: Identified,
    /// What was done so far.
    pub summary: Summary,
    /// First and last session of minute bars that moved.
    pub minutes_moved: Option<(NaiveDate, NaiveDate)>,
}

impl<'a> Work<'a> {
    /// Finds out whose entries they are.
    pub fn new(said: &'a Said<'a>, known: &'a [Known], held: &'a [Held]) -> Self {
        let identified = identify::identify(said.entries, known, held);
        let mut work =
            Self { said, known, held, identified, summary: Summary::default(), minutes_moved: None };
        let refused = std::mem::take(&mut work.identified.refused);
        for (at, refusal) in refused {
            work.refuse(refusal, at);
        }
        work
    }

    fn refuse(&mut self, refusal: Refusal, entry: usize) {
        let entry = &self.said.entries[entry];
        let id = entry.composite_figi.as_deref().or(entry.share_class_figi.as_deref());
        let id = id.map(str::to_owned).or_else(|| entry.cik.as_ref().map(|cik| format!("CIK {cik}")));
        let until = entry.last_day.map_or_else(String::new, |last| format!(" until {last}"));
        let id = id.map_or_else(String::new, |id| format!(" ({id})"));
        let example = format!("{}{until}{id}", entry.ticker);
        self.summary.refused.push(Refused { reason: refusal.to_string(), example });
    }

    fn entries(&self, entity: &Entity) -> Vec<&'a Listing> {
        entity.entries.iter().map(|at| &self.said.entries[*at]).collect()
    }

    /// The tickers of every instrument through time, dated by the bars where the vendor is silent or only near the day.
    pub async fn chains(&mut self, transaction: &Transaction<'_>) -> Result<Vec<Chain>, StoreError> {
        let periods = periods_of(self.held);
        let events = self.events();
        let mut chains: Vec<Chain> = Vec::with_capacity(self.identified.entities.len());
        for (at, entity) in self.identified.entities.iter().enumerate() {
            let held = entity.known.and_then(|at| periods.get(&self.known[at].id));
            let held: &[&Held] = held.map_or(&[], Vec::as_slice);
            chains.push(chain::chain(held, events.get(&at).copied(), &self.entries(entity)));
        }
        let trading = dates::date_changes(transaction, &mut chains, self.said.today).await?;
        for at in trading {
            chains[at].pop();
            self.refuse_present(Refusal::BothTrade, at);
        }
        dates::follow_bars(transaction, &mut chains).await?;
        self.settle_contested(&mut chains);
        Ok(chains)
    }

    fn refuse_present(&mut self, refusal: Refusal, entity: usize) {
        if let Some(present) = self.identified.entities[entity].entries.last().copied() {
            self.refuse(refusal, present);
        }
    }

    /// The vendor's ticker changes of each instrument.
    fn events(&mut self) -> HashMap<usize, &'a [(NaiveDate, String)]> {
        let mut by_figi: HashMap<&str, usize> = HashMap::new();
        let mut by_ticker: HashMap<&str, usize> = HashMap::new();
        for (at, entity) in self.identified.entities.iter().enumerate() {
            let known = entity.known.and_then(|at| self.known[at].composite_figi.as_deref());
            let entries = self.entries(entity);
            let figis = entries.iter().filter_map(|entry| entry.composite_figi.as_deref()).chain(known);
            by_figi.extend(figis.map(|figi| (figi, at)));
            if let Some(present) = entries.last().filter(|entry| entry.last_day.is_none()) {
                by_ticker.insert(&present.ticker, at);
            }
        }
        let mut events = HashMap::new();
        for changes in self.said.changes {
            let of = match &changes.composite_figi {
                Some(figi) => by_figi.get(figi.as_str()),
                None => changes.tickers.last().and_then(|(_, ticker)| by_ticker.get(ticker.as_str())),
            };
            if let Some(at) = of {
                events.insert(*at, changes.tickers.as_slice());
            } else {
                let reason = "ticker changes of an instrument that is not in the list".to_owned();
                let ticker = changes.tickers.last().map(|(_, ticker)| ticker.clone()).unwrap_or_default();
                self.summary.refused.push(Refused { reason, example: ticker });
            }
        }
        events
    }

    /// A ticker that a known FIGI had and that the list gives to a new one changes hands on the day that is known, or not at all.
    fn settle_contested(&mut self, chains: &mut [Chain]) {
        let present =
            |chain: &Chain| chain.last().filter(|link| link.until.is_none()).map(|link| link.ticker.clone());
        let entities = &self.identified.entities;
        let holders: HashMap<String, usize> = (0..chains.len())
            .filter(|at| entities[*at].entries.is_empty())
            .filter_map(|at| Some((present(&chains[at])?, at)))
            .collect();
        let contested: Vec<usize> = (0..chains.len()).filter(|at| entities[*at].contested).collect();
        for at in contested {
            let Some(holder) = present(&chains[at]).and_then(|ticker| holders.get(&ticker)).copied() else {
                continue;
            };
            let since = match chains[at].last().and_then(|link| link.start) {
                Some(Start::On(day) | Start::NotBefore(day)) => Some(day),
                _ => None,
            };
            let begun = chains[holder].last().and_then(|link| link.start);
            let before = |day: NaiveDate| match begun {
                Some(Start::On(begun) | Start::NotBefore(begun)) => begun < day,
                _ => true,
            };
            if let (Some(day), Some(link)) = (since.filter(|day| before(*day)), chains[holder].last_mut()) {
                link.until = Some(day);
            } else {
                chains[at].pop();
                self.refuse_present(Refusal::NewFigi, at);
            }
        }
    }

    /// What the chains claim; what the list says weighs more than what only the database has.
    pub fn claims(&self, chains: &[Chain]) -> Vec<Claim> {
        let mut all = Vec::new();
        for (holder, chain) in chains.iter().enumerate() {
            let weight = i64::from(!self.identified.entities[holder].entries.is_empty());
            all.extend(chain.iter().filter_map(|link| {
                let (ticker, start, until) = (link.ticker.clone(), link.start?, link.until);
                Some(Claim { ticker, holder, start, until, weight })
            }));
        }
        all
    }

    /// Notes the claims that do not hold as they were made.
    pub fn faults(&mut self, faults: &[(Claim, Fault)]) {
        for (claim, fault) in faults {
            let example = match claim.until {
                Some(until) => format!("{} until {until}", claim.ticker),
                None => claim.ticker.clone(),
            };
            self.summary.refused.push(Refused { reason: fault.to_string(), example });
        }
    }

    /// Writes the plan, its change log and the ledger.
    pub async fn write(
        &mut self,
        transaction: &Transaction<'_>,
        plan: &Plan,
        touched: &HashSet<&str>,
        source: &str,
        set_aside: usize,
    ) -> Result<(), StoreError> {
        let new = store::add(transaction, plan.new).await?;
        let id = |target: Target| match target {
            Target::Old(id) => id,
            Target::New(at) => new[at],
        };
        let merged: Vec<(i32, i32)> = plan.merged.iter().map(|(from, into)| (*from, id(*into))).collect();
        store::merge(transaction, &merged).await?;
        let (rows, restated) = self.facts(plan, &id);
        store::update(transaction, &rows).await?;
        let moves: Vec<Move> = plan
            .moves
            .iter()
            .map(|m| Move { from: m.from, into: id(m.into), first: m.first, until: m.until })
            .collect();
        let moved = store::move_days(transaction, &moves).await?;
        // What is left of an instrument on days without bars goes with the rest: the vendor files a company's statements of
        // all years under the ticker of today.
        let rest: Vec<Move> = merged
            .iter()
            .map(|(from, into)| Move { from: *from, into: *into, first: BEGINNING, until: None })
            .collect();
        store::move_days(transaction, &rest).await?;
        self.summary.bars_moved = moved.bars;
        self.minutes_moved = moved.minutes;
        store::log(transaction, &restated).await?;
        self.periods(transaction, plan, touched, &id).await?;
        self.summary.split = plan.split;
        let mut tickers: BTreeMap<i32, &str> = BTreeMap::new();
        for period in self.held {
            tickers.insert(period.instrument_id, &period.ticker);
        }
        self.summary.merged = merged
            .iter()
            .filter_map(|(from, _)| tickers.get(from).map(|ticker| (*ticker).to_owned()))
            .collect();
        let refused = set_aside + self.summary.refused.len();
        let written = self.summary.new + self.summary.changed;
        store::note(transaction, source, self.said.entries.len() + set_aside, refused, written).await
    }

    /// What the list says of the instruments that differ, and those whose place in the population changes.
    fn facts(&mut self, plan: &Plan, id: &impl Fn(Target) -> i32) -> (Vec<Fact>, Vec<i32>) {
        let by_id: HashMap<i32, &Known> = self.known.iter().map(|known| (known.id, known)).collect();
        let (mut rows, mut restated) = (Vec::new(), Vec::new());
        for (entity, holder) in self.identified.entities.iter().zip(&plan.holders) {
            let (Some(target), Some(entry)) = (*holder, entity.entries.last()) else { continue };
            if plan.merged.iter().any(|(id, _)| target == Target::Old(*id)) {
                continue;
            }
            let entry = &self.said.entries[*entry];
            let before = match target {
                Target::Old(id) => by_id.get(&id).map(|known| (*known).clone()).unwrap_or_default(),
                Target::New(_) => Known { id: id(target), ..Known::default() },
            };
            let or = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
            let now = Known {
                listed: true,
                name: or(&entry.name, &before.name),
                kind: or(&entry.kind, &before.kind),
                exchange: or(&entry.exchange, &before.exchange),
                cik: or(&entry.cik, &before.cik),
                composite_figi: or(&entry.composite_figi, &before.composite_figi),
                share_class_figi: or(&entry.share_class_figi, &before.share_class_figi),
                delisted_on: entry.last_day,
                ..before.clone()
            };
            self.summary.corrected += usize::from(entity.corrected);
            if now == before {
                self.summary.equal += 1;
                continue;
            }
            match target {
                Target::New(_) => self.summary.new += 1,
                Target::Old(_) => self.summary.changed += 1,
            }
            if is_share(before.kind.as_deref()) != is_share(now.kind.as_deref()) {
                restated.push(now.id);
            }
            rows.push((now, entry.updated));
        }
        (rows, restated)
    }

    /// Writes the periods that differ, and notes the changes of tickers that are new.
    async fn periods(
        &mut self,
        transaction: &Transaction<'_>,
        plan: &Plan,
        touched: &HashSet<&str>,
        id: &impl Fn(Target) -> i32,
    ) -> Result<(), StoreError> {
        let held = |period: &Assigned| Held {
            ticker: period.ticker.clone(),
            from: period.from,
            until: period.until,
            instrument_id: id(period.holder),
        };
        let new: BTreeSet<Held> = plan.periods.iter().map(held).collect();
        let old: BTreeSet<Held> =
            self.held.iter().filter(|period| touched.contains(period.ticker.as_str())).cloned().collect();
        let gone: Vec<(&str, NaiveDate)> =
            old.difference(&new).map(|period| (period.ticker.as_str(), period.from)).collect();
        let added: Vec<Held> = new.difference(&old).cloned().collect();
        store::change_periods(transaction, &gone, &added).await?;

        let before: BTreeSet<(i32, String, String)> = changes_of(self.held).into_keys().collect();
        let now: Vec<Held> = new.into_iter().collect();
        for ((instrument, one, other), day) in changes_of(&now) {
            let text = format!("{one} to {other} on {day}");
            if !before.contains(&(instrument, one, other)) {
                self.summary.ticker_changes.push(text);
            }
        }
        Ok(())
    }
}

/// An instrument's change from one ticker to the next, with the day.
fn changes_of(held: &[Held]) -> BTreeMap<(i32, String, String), NaiveDate> {
    let mut changes = BTreeMap::new();
    for (instrument, periods) in periods_of(held) {
        for pair in periods.windows(2).filter(|pair| pair[0].ticker != pair[1].ticker) {
            changes.insert((instrument, pair[0].ticker.clone(), pair[1].ticker.clone()), pair[1].from);
        }
    }
    changes
}

//! The campaign: loads with corrections are killed, doubled, starved and cut off at moments drawn from a seed, and started
//! again until they succeed; every bar then equals the source, and every change is named once.
//!
//! `TIDEMARK_CAMPAIGN` sets the number of kills, which the other disturbances follow, `TIDEMARK_CAMPAIGN_SEED` the seed.
//! `make campaign` runs a hundred kills and prints what happened.

mod check;
mod cluster;
mod plan;
mod program;
mod tally;
mod truth;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use check::{Follower, Revision};
use cluster::Cluster;
use plan::{Disturbance, Random};
use program::{Ended, Program};
use tally::Tally;
use truth::{SOURCES, Source, Truth};

use crate::files::Bars;
use crate::run::KEY;
use crate::support::Database;
use crate::tables;
use crate::vendor::{Random as RandomFaults, S3_SECRET};

/// Kills of the reduced campaign.
const KILLS: usize = 12;
/// Rounds with one database: the first load and the corrections after it.
const ROUNDS: usize = 3;
/// About one request of the API in so many meets a fault.
const FAULTS: u64 = 200;
/// Runs after which a round must have succeeded.
const RUNS: usize = 60;

#[tokio::test]
async fn whatever_happens_to_a_load_every_bar_ends_as_the_source_has_it_and_every_change_is_named() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let kills = number("TIDEMARK_CAMPAIGN").unwrap_or(KILLS as u64) as usize;
    let seed = number("TIDEMARK_CAMPAIGN_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let _seed = SaidOnFailure(seed);
    let cluster = Cluster::start();
    if let Err(why) = &cluster {
        eprintln!("skipped: the server is not restarted and its disk not filled: {why}");
    }
    let cluster = cluster.ok();
    if cluster.as_ref().is_some_and(|cluster| !cluster.is_small()) {
        eprintln!("skipped: the disk is not filled: this user cannot mount a small file system");
    }
    let mut campaign = Campaign::new(cluster, seed, kills);
    campaign.run().await;
    println!("campaign of seed {seed}\n{}", campaign.tally);
}

struct SaidOnFailure(u64);

impl Drop for SaidOnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the campaign's seed was {}: TIDEMARK_CAMPAIGN_SEED={}", self.0, self.0);
        }
    }
}

struct Campaign {
    random: Random,
    cluster: Option<Cluster>,
    truth: Truth,
    plan: VecDeque<Disturbance>,
    /// How long a load takes undisturbed: from which source, and whether all sessions are there already.
    times: BTreeMap<(Source, bool), Duration>,
    tally: Tally,
    kills: usize,
}

/// One database of the campaign and what is known of it.
struct Held {
    database: Database,
    follower: Follower,
    /// Revisions that it must have.
    revisions: Vec<Revision>,
    /// The source as it was when the last round was over.
    before: Bars,
}

/// A load that must succeed in the end.
struct Round<'a> {
    again: bool,
    args: Vec<String>,
    held: &'a mut Held,
}

impl Campaign {
    fn new(cluster: Option<Cluster>, seed: u64, kills: usize) -> Self {
        let mut random = Random::new(seed);
        let is_possible = |disturbance: &Disturbance| match disturbance {
            Disturbance::Restart { .. } => cluster.is_some(),
            Disturbance::FillDisk { .. } => cluster.as_ref().is_some_and(Cluster::is_small),
            _ => true,
        };
        let plan = plan::draw(&mut random, kills).into_iter().filter(is_possible).collect();
        // A small campaign takes a minute, a great one has more to meet in each load.
        let truth = Truth::new(seed, if kills < 50 { 120 } else { 250 });
        Self { random, cluster, truth, plan, times: BTreeMap::new(), tally: Tally::default(), kills }
    }

    /// Rounds until nothing is left of the plan, and enough kills met a load in its middle.
    async fn run(&mut self) {
        while !self.plan.is_empty() || self.tally.kills_when[1] < self.kills / 4 {
            assert!(self.tally.kills < 20 * self.kills, "no kill meets a load between two transactions");
            if self.plan.is_empty() {
                self.plan.push_back(Disturbance::Kill { at: 0.4 + 0.5 * self.random.fraction() });
            }
            let database = match &self.cluster {
                Some(cluster) => Database::create_empty_on(cluster.url()).await,
                None => Database::create_empty().await,
            };
            self.tally.databases += 1;
            let mut held =
                Held { database, follower: Follower::default(), revisions: Vec::new(), before: Bars::new() };
            for number in 0..ROUNDS {
                if number > 0 {
                    self.truth.correct();
                }
                self.round(SOURCES[(self.tally.databases + number) % SOURCES.len()], number > 0, &mut held)
                    .await;
            }
        }
        self.tally.requests = [self.truth.vendor.requests().len(), self.truth.vendor.faults_played()];
    }

    async fn round(&mut self, source: Source, again: bool, held: &mut Held) {
        let log = if again { check::end_of_log(&held.database.client().await).await } else { "0".into() };
        if again {
            held.revisions.extend(check::revisions(&held.before, &self.truth.bars));
        }
        let mut round = Round { again, args: self.truth.args(source, again), held };
        let measured = self.times.contains_key(&(source, again));
        // The first load of a kind is measured, undisturbed.
        let faults = measured.then(|| RandomFaults::new(self.random.below(1 << 31), FAULTS, true));
        self.truth.vendor.random_faults(faults);
        let disturbances = if measured { self.random.below(6) + 1 } else { 0 };
        let mut succeeded = false;
        for _ in 0..disturbances {
            let Some(disturbance) = self.next(source) else { break };
            let time = self.times[&(source, again)];
            let (at, early, left) = (disturbance.at(), self.tally.kills_when[0], self.plan.len());
            succeeded = self.disturb(disturbance, time, &mut round).await;
            // The machine may have become slower or faster since the load was measured.
            let is_early = at > 0.5 && self.tally.kills_when[0] > early;
            let is_late = self.plan.len() > left;
            let change = if is_early {
                1.3
            } else if is_late {
                0.8
            } else {
                1.0
            };
            self.times.insert((source, again), time.mul_f64(change));
            self.look(&mut round).await;
            if succeeded {
                break;
            }
        }
        // An undisturbed load, and if the vendor does not let it through, another.
        let (mut runs, mut said) = (0, String::new());
        while !succeeded {
            assert!(runs < RUNS, "the load does not succeed, {source:?}, again {again}:\n{said}");
            runs += 1;
            let started = Instant::now();
            let ended = self.start(&round).end();
            self.ended(&ended);
            succeeded = ended.succeeded();
            assert!(succeeded || source != Source::FlatFiles, "nothing was done to it:\n{}", ended.err);
            if !measured {
                self.times.insert((source, again), started.elapsed());
            }
            said = ended.err;
            self.look(&mut round).await;
        }
        self.conclude(&mut round, &log).await;
    }

    /// The next disturbance that loads from `source` can meet.
    fn next(&mut self, source: Source) -> Option<Disturbance> {
        let fits =
            |one: &Disturbance| !matches!(one, Disturbance::CutVendor { .. }) || source != Source::FlatFiles;
        let at = self.plan.iter().position(fits)?;
        self.plan.remove(at)
    }

    /// Runs a load and does something to it. Says whether a load has succeeded.
    async fn disturb(&mut self, disturbance: Disturbance, time: Duration, round: &mut Round<'_>) -> bool {
        let mut program = self.start(round);
        let other = matches!(disturbance, Disturbance::Twice { .. }).then(|| self.start(round));
        std::thread::sleep(time.mul_f64(disturbance.at()));
        if !program.is_running() {
            self.plan.push_back(disturbance.earlier());
            let succeeded = self.outlives(program);
            return other.map_or(succeeded, |other| self.outlives(other) || succeeded);
        }
        match disturbance {
            Disturbance::Kill { .. } => {
                program.kill();
                let succeeded = self.outlives(program);
                let (come, differ) = self.look(round).await;
                self.tally.kills += 1;
                self.tally.kills_when[usize::from(come > 0) + usize::from(come == differ && differ > 0)] += 1;
                succeeded
            }
            Disturbance::Restart { mode, .. } => {
                self.own().restart(mode);
                self.tally.restart(mode);
                self.outlives(program)
            }
            Disturbance::FillDisk { left_kib, .. } => {
                self.own().fill(left_kib);
                let succeeded = self.outlives(program);
                self.own().free();
                self.own().up();
                self.tally.disk_fills += 1;
                succeeded
            }
            Disturbance::CutVendor { ms, .. } => {
                self.truth.vendor.cut(true);
                let mut program = Some(program);
                let succeeded = match ms {
                    Some(ms) => {
                        std::thread::sleep(Duration::from_millis(ms));
                        false
                    }
                    None => program.take().is_some_and(|program| self.outlives(program)),
                };
                self.truth.vendor.cut(false);
                self.tally.cuts += 1;
                program.map_or(succeeded, |program| self.outlives(program))
            }
            Disturbance::Twice { kill } => {
                if kill.is_some() {
                    program.kill();
                }
                self.tally.pairs += 1;
                let succeeded = self.outlives(program);
                other.map_or(succeeded, |other| self.outlives(other) || succeeded)
            }
        }
    }

    /// Waits for the end of a load to which something was done.
    fn outlives(&mut self, program: Program) -> bool {
        let ended = program.end();
        self.ended(&ended);
        ended.succeeded()
    }

    fn ended(&mut self, ended: &Ended) {
        self.tally.runs += 1;
        if let Some(error) = ended.error() {
            *self.tally.errors.entry(error).or_default() += 1;
        }
    }

    /// What must hold at any moment. Gives how many of the round's sessions have come, and how many there are.
    async fn look(&mut self, round: &mut Round<'_>) -> (usize, usize) {
        let mut client = round.held.database.client().await;
        if !check::has_schema(&client).await {
            return (0, 0);
        }
        round.held.follower.step(&mut client).await;
        self.tally.steps += 1;
        check::old_or_new(&client, &self.truth, &round.held.before).await
    }

    /// What must hold when the load has succeeded; and that an equal load changes nothing.
    async fn conclude(&mut self, round: &mut Round<'_>, log: &str) {
        self.look(round).await;
        let client = round.held.database.client().await;
        let held = &round.held;
        check::whole(&client, &self.truth, &held.before, &held.revisions, log).await;
        if !round.again {
            assert_eq!(tables::loads(&client).await.len(), self.truth.days.len(), "a session is loaded once");
        }
        let appended = check::appended(&client).await;
        round.args.retain(|arg| arg != "--reload");
        // A fault that ends a run would end this one, which must succeed at once.
        self.truth.vendor.random_faults(None);
        let ended = self.start(round).end();
        self.ended(&ended);
        // The same bytes are known by their digest, and what the API gave is not asked for again.
        assert!(ended.succeeded(), "{}", ended.err);
        let sessions = self.truth.days.len();
        assert!(ended.out.contains(&format!("loaded 0, unchanged {sessions}, set aside 0")), "{}", ended.out);
        assert_eq!(check::appended(&client).await, appended, "an equal load changes nothing");
        round.held.before.clone_from(&self.truth.bars);
        self.tally.rounds += 1;
        self.tally.bars += self.truth.bars.len();
    }

    fn start(&self, round: &Round<'_>) -> Program {
        let url = &round.held.database.url;
        let args: Vec<&str> = round.args.iter().map(String::as_str).collect();
        let config: tokio_postgres::Config = url.parse().expect("a URL");
        let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let secrets = [Some(KEY.to_owned()), Some(S3_SECRET.to_owned()), password].into_iter().flatten();
        Program::start(self.truth.vendor.command(url, &args), secrets.collect())
    }

    fn own(&self) -> &Cluster {
        self.cluster.as_ref().expect("the plan has nothing for a server that is not ours")
    }
}

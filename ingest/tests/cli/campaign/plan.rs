//! What will be done to the loads, drawn from a seed.

use crate::vendor::step;

/// Random numbers from a seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        step(&mut state);
        Self(state)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        step(&mut self.0) % end
    }

    /// From 0 to 1.
    pub fn fraction(&mut self) -> f64 {
        step(&mut self.0) as f64 / (1_u64 << 31) as f64
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

/// How the server goes down before it comes up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Transactions are broken off, everything is written (`pg_ctl restart -m fast`).
    Fast,
    /// Everybody leaves at once; the next start recovers (`-m immediate`).
    Immediate,
    /// The first process is killed with -9.
    Killed,
}

/// One thing done to a running load. Moments are parts of the time that it takes undisturbed.
#[derive(Debug, Clone, PartialEq)]
pub enum Disturbance {
    /// Kill -9.
    Kill { at: f64 },
    /// The database server restarts.
    Restart { mode: Mode, at: f64 },
    /// All but this many KiB of the server's file system are taken, until the load has ended.
    FillDisk { at: f64, left_kib: u64 },
    /// The vendor is cut off for so many milliseconds, or until the load gives up.
    CutVendor { at: f64, ms: Option<u64> },
    /// A second load starts at once; perhaps the first one is killed.
    Twice { kill: Option<f64> },
}

impl Disturbance {
    /// The same, earlier: it came when the load had ended.
    pub fn earlier(mut self) -> Self {
        match &mut self {
            Self::Kill { at }
            | Self::Restart { at, .. }
            | Self::FillDisk { at, .. }
            | Self::CutVendor { at, .. } => *at *= 0.7,
            Self::Twice { kill } => *kill = kill.map(|at| at * 0.7),
        }
        self
    }

    /// When it comes.
    pub fn at(&self) -> f64 {
        match self {
            Self::Kill { at }
            | Self::Restart { at, .. }
            | Self::FillDisk { at, .. }
            | Self::CutVendor { at, .. } => *at,
            Self::Twice { kill } => kill.unwrap_or(0.0),
        }
    }
}

/// Disturbances of a campaign of so many kills, in their order. The kills' moments are spread evenly.
pub fn draw(random: &mut Random, kills: usize) -> Vec<Disturbance> {
    let mut plan: Vec<Disturbance> =
        (0..kills).map(|n| Disturbance::Kill { at: (n as f64 + random.fraction()) / kills as f64 }).collect();
    for n in 0..usize::max(2, kills / 10) {
        let mode = [Mode::Immediate, Mode::Fast, Mode::Killed][n % 3];
        plan.push(Disturbance::Restart { mode, at: random.fraction() });
        plan.push(Disturbance::FillDisk { at: random.fraction(), left_kib: random.below(100) });
        // To give up takes a load half a minute: not in a small campaign.
        let ms = (n % 5 != 4).then(|| random.below(700));
        plan.push(Disturbance::CutVendor { at: random.fraction(), ms });
    }
    for n in 0..usize::max(2, kills / 20) {
        plan.push(Disturbance::Twice { kill: (n % 2 == 1).then(|| random.fraction()) });
    }
    random.shuffle(&mut plan);
    plan
}

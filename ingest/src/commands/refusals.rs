//! What was not loaded, counted by reason, with the first examples of each.

use std::collections::BTreeMap;

use tidemark::say;

/// Examples kept for each reason.
const EXAMPLES: usize = 3;

/// Rows or files that were set aside, by reason.
#[derive(Debug, Default)]
pub struct Refusals {
    by_reason: BTreeMap<String, (u64, Vec<String>)>,
}

impl Refusals {
    /// Counts one for `reason`; `example` says where and what.
    pub fn add(&mut self, reason: &str, example: impl FnOnce() -> String) {
        let (count, examples) = self.by_reason.entry(reason.to_owned()).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example());
        }
    }

    /// Counts `count` for `reason`, of which `examples` say where and what.
    pub fn add_all(&mut self, reason: &str, count: u64, examples: &[String]) {
        if count == 0 {
            return;
        }
        let (counted, shown) = self.by_reason.entry(reason.to_owned()).or_default();
        *counted += count;
        shown.extend(examples.iter().take(EXAMPLES.saturating_sub(shown.len())).cloned());
    }

    /// Counts everything that `others` counted.
    pub fn merge(&mut self, others: &Refusals) {
        for (reason, (count, examples)) in &others.by_reason {
            self.add_all(reason, *count, examples);
        }
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.by_reason.values().map(|(count, _)| count).sum()
    }

    /// Prints a line for each reason and its examples below.
    pub fn print(&self) {
        for (reason, (count, examples)) in &self.by_reason {
            println!("    {:>9}  {reason}", say::count(*count));
            for example in examples {
                println!("               {example}");
            }
        }
    }
}

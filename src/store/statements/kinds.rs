//! The three kinds of statement, each with its columns and statements.

use std::sync::LazyLock;

/// A kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Income statements: flows of the period.
    Income,
    /// Balance sheets: what there is at its end.
    Balance,
    /// Cash flow statements: flows of the period.
    CashFlow,
}

impl Kind {
    /// All kinds, in the order in which the first one that a row has gives its fiscal year, quarter and filer.
    pub const ALL: [Self; 3] = [Self::Income, Self::Balance, Self::CashFlow];

    /// The vendor's name, in its addresses and in names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Income => "income-statements",
            Self::Balance => "balance-sheets",
            Self::CashFlow => "cash-flow-statements",
        }
    }

    /// The columns of `statements` that hold this kind's numbers.
    pub fn columns(self) -> &'static [&'static str] {
        static COLUMNS: LazyLock<[Vec<&'static str>; 3]> =
            LazyLock::new(|| Kind::ALL.map(|kind| columns_of(kind.copy())));
        &COLUMNS[self as usize]
    }

    pub(super) fn copy(self) -> &'static str {
        match self {
            Self::Income => include_str!("../../../sql/statements_copy_income.sql"),
            Self::Balance => include_str!("../../../sql/statements_copy_balance.sql"),
            Self::CashFlow => include_str!("../../../sql/statements_copy_cash_flow.sql"),
        }
    }

    pub(super) fn changes(self) -> &'static str {
        match self {
            Self::Income => include_str!("../../../sql/statements_changes_income.sql"),
            Self::Balance => include_str!("../../../sql/statements_changes_balance.sql"),
            Self::CashFlow => include_str!("../../../sql/statements_changes_cash_flow.sql"),
        }
    }

    pub(super) fn write(self) -> &'static str {
        match self {
            Self::Income => include_str!("../../../sql/statements_write_income.sql"),
            Self::Balance => include_str!("../../../sql/statements_write_balance.sql"),
            Self::CashFlow => include_str!("../../../sql/statements_write_cash_flow.sql"),
        }
    }
}

/// What a COPY statement lists after the digest, which is the last column that all kinds have.
fn columns_of(copy: &'static str) -> Vec<&'static str> {
    let list = copy.split_once("digest,").and_then(|(_, rest)| rest.split_once(')'));
    list.map_or_else(Vec::new, |(list, _)| list.split(',').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_numbers_and_no_two_share_a_column() {
        assert_eq!(Kind::ALL.map(|kind| kind.columns().len()), [27, 31, 25]);
        let mut all: Vec<&str> = Kind::ALL.iter().flat_map(|kind| kind.columns()).copied().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 83);
    }
}

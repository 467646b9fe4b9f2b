//! Statements as the arithmetic reads them.

use std::collections::HashMap;

use tokio_postgres::Transaction;

use crate::domain::statement::{FIELD_COUNT, Statement, Timeframe};
use crate::store::copy_out::{self, Fields, Literal};
use crate::store::date_on;
use crate::store::error::StoreError;

/// The quarterly and annual statements of the instruments `only`, or of all, by instrument, each list in the order of
/// [`Statement::sort`]. What is filed outside of the calendar takes no effect and is left out.
pub async fn read(
    client: &Transaction<'_>,
    only: Option<&[i32]>,
) -> Result<HashMap<i32, Vec<Statement>>, StoreError> {
    let mut statements: HashMap<i32, Vec<Statement>> = HashMap::new();
    let action = "reading statements";
    let take = |fields: &mut Fields<'_>| {
        let instrument_id = fields.int()?;
        let period_end = date_on(fields.day()?);
        let timeframe = if fields.bool()? { Timeframe::Annual } else { Timeframe::Quarterly };
        let filing_date = date_on(fields.day()?);
        let mut values = [f64::NAN; FIELD_COUNT];
        for value in &mut values {
            *value = fields.float()?;
        }
        if let Some(statement) = Statement::new(period_end, timeframe, filing_date, values) {
            statements.entry(instrument_id).or_default().push(statement);
        }
        Ok(())
    };
    match only {
        None => {
            copy_out::rows(client, include_str!("../../../sql/statements_read.sql"), &[], action, take)
                .await?;
        }
        Some(ids) => {
            let values = [Literal::Ints(ids)];
            let query = include_str!("../../../sql/statements_read_only.sql");
            copy_out::rows(client, query, &values, action, take).await?;
        }
    }
    for list in statements.values_mut() {
        Statement::sort(list);
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use crate::domain::statement::Field;

    #[test]
    fn both_ways_read_every_field_at_its_place() {
        let columns = Field::ALL.map(Field::column).join(", ");
        for query in [
            include_str!("../../../sql/statements_read.sql"),
            include_str!("../../../sql/statements_read_only.sql"),
        ] {
            let words = query.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(&format!("filing_date, {columns} FROM statements")), "{words}");
        }
    }
}

//! Rows out of Postgres: COPY BINARY parsed as it comes, straight into the caller's columns.

use bytes::{Buf, Bytes, BytesMut};
use chrono::NaiveDate;
use futures::TryStreamExt;
use tokio_postgres::Transaction;

use super::error::{During, StoreError};

const HEADER: usize = 19;

/// A value for a `$n` of a COPY statement, which cannot take parameters. Only numbers, dates and the program's own names of
/// columns can be built, so no text from outside ever becomes SQL.
pub enum Literal<'a> {
    /// An `integer`.
    Int(i32),
    /// A `date`.
    Date(NaiveDate),
    /// An `integer[]`.
    Ints(&'a [i32]),
    /// A list of columns, by names that are part of the program.
    Columns(&'a [&'static str]),
}

fn render(statement: &str, values: &[Literal<'_>]) -> String {
    let mut sql = statement.to_owned();
    for (index, value) in values.iter().enumerate().rev() {
        let text = match value {
            Literal::Int(number) => number.to_string(),
            Literal::Date(date) => format!("date '{date}'"),
            Literal::Ints(numbers) => {
                let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                format!("'{{{}}}'::integer[]", list.join(","))
            }
            Literal::Columns(names) => names.join(", "),
        };
        sql = sql.replace(&format!("${}", index + 1), &text);
    }
    sql
}

/// The fields of one row, read in the order of the statement's columns.
pub struct Fields<'a> {
    bytes: &'a [u8],
}

impl Fields<'_> {
    fn next(&mut self, width: usize) -> Result<Option<&[u8]>, StoreError> {
        if self.bytes.len() < 4 {
            return Err(StoreError::BrokenCopy);
        }
        let length = self.bytes.get_i32();
        if length < 0 {
            return Ok(None);
        }
        if length as usize != width || self.bytes.len() < width {
            return Err(StoreError::BrokenCopy);
        }
        let (field, rest) = self.bytes.split_at(width);
        self.bytes = rest;
        Ok(Some(field))
    }

    /// An `integer` that is never null.
    pub fn int(&mut self) -> Result<i32, StoreError> {
        self.next(4)?.map(|mut field| field.get_i32()).ok_or(StoreError::BrokenCopy)
    }

    /// A `date` that is never null, as days since 2000-01-01.
    pub fn day(&mut self) -> Result<i32, StoreError> {
        self.int()
    }

    /// A `timestamptz` that is never null, as microseconds since 2000-01-01 UTC.
    pub fn instant(&mut self) -> Result<i64, StoreError> {
        self.bigint()?.ok_or(StoreError::BrokenCopy)
    }

    /// A nullable `bigint`.
    pub fn bigint(&mut self) -> Result<Option<i64>, StoreError> {
        Ok(self.next(8)?.map(|mut field| field.get_i64()))
    }

    /// A `boolean` that is never null.
    pub fn bool(&mut self) -> Result<bool, StoreError> {
        self.next(1)?.map(|field| field[0] != 0).ok_or(StoreError::BrokenCopy)
    }

    /// A `bytea` that is never null.
    pub fn bytes(&mut self) -> Result<&[u8], StoreError> {
        let width = self.bytes.get(..4).map_or(0, |mut length| length.get_i32());
        self.next(usize::try_from(width).unwrap_or(0))?.ok_or(StoreError::BrokenCopy)
    }

    /// A `double precision`; NULL becomes NaN, which is null in our arithmetic.
    pub fn float(&mut self) -> Result<f64, StoreError> {
        Ok(self.next(8)?.map_or(f64::NAN, |mut field| field.get_f64()))
    }
}

/// Runs COPY (`query`) TO STDOUT (FORMAT binary) with `$1`, `$2`, … replaced by `values`, and hands every row to `take`.
/// Gives the number of rows.
pub async fn rows(
    client: &Transaction<'_>,
    query: &str,
    values: &[Literal<'_>],
    action: &'static str,
    mut take: impl FnMut(&mut Fields<'_>) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let statement = format!("COPY ({}) TO STDOUT (FORMAT binary)", render(query, values));
    let stream = client.copy_out(&statement).await.during(action)?;
    futures::pin_mut!(stream);
    let mut count = 0;
    let mut header = false;
    let mut carry = BytesMut::new();
    while let Some(message) = stream.try_next().await.during(action)? {
        let mut bytes: Bytes = if carry.is_empty() {
            message
        } else {
            carry.extend_from_slice(&message);
            carry.split().freeze()
        };
        if !header {
            if bytes.len() < HEADER {
                carry.extend_from_slice(&bytes);
                continue;
            }
            bytes.advance(HEADER);
            header = true;
        }
        while let Some(length) = row_length(&bytes) {
            take(&mut Fields { bytes: &bytes[2..length] })?;
            bytes.advance(length);
            count += 1;
        }
        if !bytes.is_empty() && bytes[..] != [0xff, 0xff] {
            carry.extend_from_slice(&bytes);
        }
    }
    if carry.is_empty() { Ok(count) } else { Err(StoreError::BrokenCopy) }
}

/// Length of the first row in `bytes`; none when it is not whole yet or the trailer is reached.
fn row_length(bytes: &[u8]) -> Option<usize> {
    let fields = i16::from_be_bytes(bytes.get(..2)?.try_into().ok()?);
    if fields < 0 {
        return None;
    }
    let mut at = 2;
    for _ in 0..fields {
        let length = i32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        at += 4 + length.max(0) as usize;
    }
    (at <= bytes.len()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_a_number_or_a_date_and_nothing_else() {
        let day = NaiveDate::from_ymd_opt(2024, 7, 5).unwrap();
        let sql = render(
            "a >= $1 AND b = ANY($2) AND c = $3",
            &[Literal::Date(day), Literal::Ints(&[3, -1]), Literal::Int(7)],
        );
        assert_eq!(sql, "a >= date '2024-07-05' AND b = ANY('{3,-1}'::integer[]) AND c = 7");
    }

    #[test]
    fn half_a_row_is_not_a_row() {
        let row = [0, 1, 0, 0, 0, 4, 0, 0, 0, 9];
        assert_eq!(row_length(&row), Some(10));
        assert_eq!(row_length(&row[..9]), None);
        assert_eq!(row_length(&[0xff, 0xff]), None);
    }
}

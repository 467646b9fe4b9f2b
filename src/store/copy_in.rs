//! Rows into Postgres: COPY BINARY from our own 64 KiB buffers.

use std::pin::Pin;

use bytes::{BufMut, Bytes, BytesMut};
use futures::SinkExt;
use tokio_postgres::{CopyInSink, Transaction};

use super::error::{During, StoreError};

const BUFFER: usize = 64 * 1024;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// An open COPY … FROM STDIN (FORMAT binary). Fields must come in the column order of the statement; dropping it
/// unfinished makes the server discard every row.
pub struct CopyIn {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    buffer: BytesMut,
    action: &'static str,
}

impl CopyIn {
    /// Starts the COPY of `statement`; `action` completes "the database failed while …".
    pub async fn start(
        client: &Transaction<'_>,
        statement: &str,
        action: &'static str,
    ) -> Result<Self, StoreError> {
        let sink = Box::pin(client.copy_in(statement).await.during(action)?);
        let mut buffer = BytesMut::with_capacity(BUFFER + 4096);
        buffer.put_slice(SIGNATURE);
        buffer.put_i32(0);
        buffer.put_i32(0);
        Ok(Self { sink, buffer, action })
    }

    /// Opens a row of `fields` fields, sending what has gathered first if it is enough.
    pub async fn row(&mut self, fields: i16) -> Result<(), StoreError> {
        if self.buffer.len() >= BUFFER {
            let full = std::mem::replace(&mut self.buffer, BytesMut::with_capacity(BUFFER + 4096));
            self.sink.send(full.freeze()).await.during(self.action)?;
        }
        self.buffer.put_i16(fields);
        Ok(())
    }

    /// An `integer`.
    pub fn int(&mut self, value: i32) {
        self.buffer.put_i32(4);
        self.buffer.put_i32(value);
    }

    /// A `boolean`.
    pub fn bool(&mut self, value: bool) {
        self.buffer.put_i32(1);
        self.buffer.put_u8(u8::from(value));
    }

    /// A `date`, as days since 2000-01-01.
    pub fn day(&mut self, value: i32) {
        self.int(value);
    }

    /// A `double precision`; NaN, which is null in our arithmetic, becomes NULL.
    pub fn float(&mut self, value: f64) {
        if value.is_nan() {
            self.buffer.put_i32(-1);
        } else {
            self.buffer.put_i32(8);
            self.buffer.put_f64(value);
        }
    }

    /// A nullable `smallint`.
    pub fn smallint(&mut self, value: Option<i16>) {
        match value {
            Some(value) => {
                self.buffer.put_i32(2);
                self.buffer.put_i16(value);
            }
            None => self.null(),
        }
    }

    /// NULL, of any type.
    pub fn null(&mut self) {
        self.buffer.put_i32(-1);
    }

    /// A nullable `bigint`.
    pub fn bigint(&mut self, value: Option<i64>) {
        match value {
            Some(value) => {
                self.buffer.put_i32(8);
                self.buffer.put_i64(value);
            }
            None => self.buffer.put_i32(-1),
        }
    }

    /// A `text`.
    pub fn text(&mut self, value: &str) {
        self.buffer.put_i32(value.len() as i32);
        self.buffer.put_slice(value.as_bytes());
    }

    /// A `bytea`.
    pub fn bytes(&mut self, value: &[u8]) {
        self.buffer.put_i32(value.len() as i32);
        self.buffer.put_slice(value);
    }

    /// Sends the rest and ends the COPY. Gives the number of rows that the server took.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.buffer.put_i16(-1);
        let last = self.buffer.split().freeze();
        self.sink.send(last).await.during(self.action)?;
        self.sink.as_mut().finish().await.during(self.action)
    }
}

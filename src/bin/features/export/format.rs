//! The forms of a file, and the writer of each: block by block, with what is to be known of the columns in the file itself.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use polars::prelude::*;
use polars_arrow::io::ipc::write::{Compression, FileWriter, WriteOptions};
use polars_io::csv::write::CsvWriter;
use polars_io::parquet::write::{KeyValueMetadata, ParquetWriter};

use super::arrow;

/// Key under which Parquet and Arrow files hold what is to be known of them.
const KEY: &str = "tidemark";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Apache Parquet, zstd, a row group a block
    Parquet,
    /// Arrow IPC file, which is Feather v2, lz4
    #[value(alias = "arrow", alias = "feather")]
    Ipc,
    /// Text in full precision, null an empty field, with FILE.schema.json beside it
    Csv,
}

impl Format {
    /// What the name of a file says.
    pub fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "parquet" | "pq" => Some(Self::Parquet),
            "arrow" | "feather" | "ipc" => Some(Self::Ipc),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Ipc => "arrow",
            Self::Csv => "csv",
        }
    }

    /// Whether the file cannot hold what is to be known of it, so that another one beside it does.
    pub fn has_schema_beside(self) -> bool {
        self == Self::Csv
    }
}

/// A file being written.
pub enum Writer {
    Csv(Box<polars_io::csv::write::BatchedWriter<File>>),
    Parquet(Box<polars_io::parquet::write::BatchedWriter<BufWriter<File>>>),
    Ipc(Box<FileWriter<BufWriter<File>>>),
}

impl Writer {
    /// Begins a file of frames like `frame`; `about` is JSON.
    pub fn new(format: Format, file: File, frame: &DataFrame, about: &str) -> PolarsResult<Self> {
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(CsvWriter::new(file).batched(frame.schema())?)),
            Format::Parquet => {
                let schema = arrow::in_parquet(&arrow::schema(frame), &arrow::metadata(KEY, about));
                let about = vec![("ARROW:schema".into(), schema), (KEY.into(), about.into())];
                let writer = ParquetWriter::new(BufWriter::new(file))
                    .with_key_value_metadata(Some(KeyValueMetadata::from_static(about)));
                Self::Parquet(Box::new(writer.batched(frame.schema())?))
            }
            Format::Ipc => {
                let options = WriteOptions { compression: Some(Compression::LZ4) };
                let schema = Arc::new(arrow::schema(frame));
                let mut writer = FileWriter::try_new(BufWriter::new(file), schema, None, options)?;
                writer.set_custom_schema_metadata(arrow::metadata(KEY, about));
                Self::Ipc(Box::new(writer))
            }
        })
    }

    pub fn write(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        match self {
            Self::Csv(writer) => writer.write_batch(frame),
            Self::Parquet(writer) => writer.write_batch(frame),
            Self::Ipc(writer) => {
                frame.iter_chunks(arrow::STRINGS, false).try_for_each(|batch| writer.write(&batch, None))
            }
        }
    }

    pub fn finish(self) -> PolarsResult<()> {
        match self {
            Self::Csv(mut writer) => writer.finish(),
            Self::Parquet(writer) => writer.finish().map(|_| ()),
            Self::Ipc(mut writer) => writer.finish(),
        }
    }
}

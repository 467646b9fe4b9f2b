//! The forms of a file, and the writer of each: block by block, with what is to be known of the columns in the file itself.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use polars::prelude::*;
use polars_arrow::datatypes::Metadata;
use polars_arrow::io::ipc::write::{Compression, FileWriter, WriteOptions};
use polars_io::csv::write::CsvWriter;
use polars_io::parquet::write::{KeyValueMetadata, ParquetWriter};

/// Key under which Parquet and Arrow files hold what is to be known of them.
const KEY: &str = "tidemark";

/// Strings as every reader of Arrow has known them from the beginning.
const STRINGS: CompatLevel = CompatLevel::oldest();

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
                let about = KeyValueMetadata::from_static(vec![(KEY.into(), about.into())]);
                let writer = ParquetWriter::new(BufWriter::new(file)).with_key_value_metadata(Some(about));
                Self::Parquet(Box::new(writer.batched(frame.schema())?))
            }
            Format::Ipc => {
                let field = |field: Field| field.dtype().to_arrow_field(field.name().clone(), STRINGS);
                let schema: ArrowSchema = frame
                    .schema()
                    .iter_fields()
                    .map(field)
                    .map(|field| (field.name.clone(), field))
                    .collect();
                let options = WriteOptions { compression: Some(Compression::LZ4) };
                let mut writer = FileWriter::try_new(BufWriter::new(file), Arc::new(schema), None, options)?;
                let about: Metadata = [(KEY.into(), about.into())].into_iter().collect();
                writer.set_custom_schema_metadata(Arc::new(about));
                Self::Ipc(Box::new(writer))
            }
        })
    }

    pub fn write(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        match self {
            Self::Csv(writer) => writer.write_batch(frame),
            Self::Parquet(writer) => writer.write_batch(frame),
            Self::Ipc(writer) => {
                frame.iter_chunks(STRINGS, false).try_for_each(|batch| writer.write(&batch, None))
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

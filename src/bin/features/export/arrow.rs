//! The schema as Arrow's readers want it: strings in the layout that all of them know, with what is to be known of the file.

use std::sync::Arc;

use polars::prelude::*;
use polars_arrow::datatypes::Metadata;
use polars_arrow::io::ipc::write::{default_ipc_fields, schema_to_bytes};

/// Layout of strings. The newer one (views) surprises: pyarrow cannot group by it, and pandas shows it as a type of its own.
pub const STRINGS: CompatLevel = CompatLevel::oldest();

/// The schema of `frame`.
pub fn schema(frame: &DataFrame) -> ArrowSchema {
    let field = |field: Field| field.dtype().to_arrow_field(field.name().clone(), STRINGS);
    frame.schema().iter_fields().map(field).map(|field| (field.name.clone(), field)).collect()
}

/// What goes into a schema beside its fields.
pub fn metadata(key: &str, about: &str) -> Arc<Metadata> {
    Arc::new([(key.into(), about.into())].into_iter().collect())
}

/// The value of Parquet's key `ARROW:schema`, from which Arrow's readers take types and metadata: the schema's IPC message
/// with its length before it, in base64 (Apache Arrow, "Parquet: ARROW:schema").
pub fn in_parquet(schema: &ArrowSchema, metadata: &Metadata) -> String {
    let message = schema_to_bytes(schema, &default_ipc_fields(schema.iter_values()), Some(metadata));
    let mut bytes = vec![0xff; 4];
    bytes.extend((message.len() as u32).to_le_bytes());
    bytes.extend(message);
    base64(&bytes)
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= three.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }
}

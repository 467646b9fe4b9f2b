//! Gzip in one pass from memory to memory: several members, a checked sum, and a limit against bombs.

use flate2::{Decompress, FlushDecompress, Status};

/// The two bytes every gzip member starts with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Deflate cannot shrink by more; a trailer that claims more is not believed.
const GREATEST_RATIO: usize = 1032;

/// Why bytes could not be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GzipFault {
    /// The first bytes are not gzip's; holds up to four of them.
    #[error("not gzip: it starts with {}", hex(.0))]
    NotGzip(Vec<u8>),
    /// The data stops before the end of a member.
    #[error("cut short: the compressed data stops after {after} bytes")]
    Truncated {
        /// Compressed bytes there are.
        after: usize,
    },
    /// The data is not what was compressed: a broken code, or a sum that differs.
    #[error("damaged near compressed byte {at}: {what}")]
    Damaged {
        /// Compressed bytes read before the fault.
        at: usize,
        /// What the decompressor says.
        what: String,
    },
    /// Unpacks to more than `limit` bytes.
    #[error("unpacks to more than {limit} bytes")]
    TooLarge {
        /// The most that is accepted.
        limit: usize,
    },
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Unpacks all members of `packed` into `out`, which is emptied first and keeps its capacity.
///
/// # Errors
/// A [`GzipFault`]; `out` then holds an unusable part.
pub fn unpack(packed: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), GzipFault> {
    out.clear();
    let mut rest = packed;
    loop {
        check_start(packed.len(), rest)?;
        rest = unpack_member(packed.len(), rest, limit, out)?;
        if rest.is_empty() {
            return Ok(());
        }
    }
}

/// Checks that a member begins where `rest` does.
fn check_start(packed_len: usize, rest: &[u8]) -> Result<(), GzipFault> {
    if rest.starts_with(&MAGIC) {
        return Ok(());
    }
    if rest.len() == packed_len {
        return Err(GzipFault::NotGzip(rest.iter().copied().take(4).collect()));
    }
    let at = packed_len - rest.len();
    Err(GzipFault::Damaged { at, what: "other bytes follow the compressed data".to_owned() })
}

/// Unpacks the member that `rest` starts with and returns what follows it.
fn unpack_member<'a>(
    packed_len: usize,
    mut rest: &'a [u8],
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<&'a [u8], GzipFault> {
    let mut inflater = Decompress::new_gzip(15);
    out.reserve(expected_size(rest).min(limit.saturating_sub(out.len())) + 1);
    loop {
        let consumed_before = inflater.total_in();
        let status = inflater
            .decompress_vec(rest, out, FlushDecompress::Finish)
            .map_err(|fault| GzipFault::Damaged { at: packed_len - rest.len(), what: fault.to_string() })?;
        rest = &rest[(inflater.total_in() - consumed_before) as usize..];
        if out.len() > limit {
            return Err(GzipFault::TooLarge { limit });
        }
        if status == Status::StreamEnd {
            return Ok(rest);
        }
        if out.len() < out.capacity() {
            return Err(GzipFault::Truncated { after: packed_len });
        }
        out.reserve(out.len().max(1 << 16).min(limit.saturating_sub(out.len()) + 1));
    }
}

/// All members of a file piece by piece, for what is too large to be unpacked in memory.
pub struct Pieces<'a> {
    packed_len: usize,
    rest: &'a [u8],
    limit: usize,
    total: usize,
    inflater: Option<Decompress>,
    piece: Vec<u8>,
}

impl<'a> Pieces<'a> {
    const SIZE: usize = 256 * 1024;

    /// Begins with `packed`, of which no more than `limit` bytes may come.
    pub fn new(packed: &'a [u8], limit: usize) -> Self {
        let piece = Vec::with_capacity(Self::SIZE);
        Self { packed_len: packed.len(), rest: packed, limit, total: 0, inflater: None, piece }
    }

    /// The next piece; none after the last one, when every sum was right.
    ///
    /// # Errors
    /// A [`GzipFault`]; what came before it cannot be trusted either.
    pub fn next(&mut self) -> Result<Option<&[u8]>, GzipFault> {
        self.piece.clear();
        while self.piece.len() < self.piece.capacity() {
            let inflater = match &mut self.inflater {
                Some(inflater) => inflater,
                None if self.rest.is_empty() && self.packed_len > 0 => break,
                none => {
                    check_start(self.packed_len, self.rest)?;
                    none.insert(Decompress::new_gzip(15))
                }
            };
            let (read, had) = (inflater.total_in(), self.piece.len());
            let status = inflater.decompress_vec(self.rest, &mut self.piece, FlushDecompress::None).map_err(
                |fault| GzipFault::Damaged { at: self.packed_len - self.rest.len(), what: fault.to_string() },
            )?;
            self.rest = &self.rest[(inflater.total_in() - read) as usize..];
            self.total += self.piece.len() - had;
            if self.total > self.limit {
                return Err(GzipFault::TooLarge { limit: self.limit });
            }
            if status == Status::StreamEnd {
                self.inflater = None;
            } else if self.piece.len() < self.piece.capacity() {
                return Err(GzipFault::Truncated { after: self.packed_len });
            }
        }
        Ok(Some(&self.piece[..]).filter(|piece| !piece.is_empty()))
    }
}

/// The unpacked size that the last four bytes claim, which for one whole member is the truth.
pub fn expected_size(packed: &[u8]) -> usize {
    let claimed = packed.last_chunk::<4>().map_or(0, |trailer| u32::from_le_bytes(*trailer) as usize);
    claimed.min(packed.len().saturating_mul(GREATEST_RATIO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn pack(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).expect("write to memory");
        encoder.finish().expect("write to memory")
    }

    fn unpacked(packed: &[u8], limit: usize) -> Result<Vec<u8>, GzipFault> {
        let mut out = Vec::new();
        unpack(packed, limit, &mut out).map(|()| out)
    }

    fn in_pieces(packed: &[u8], limit: usize) -> Result<Vec<u8>, GzipFault> {
        let mut pieces = Pieces::new(packed, limit);
        let mut out = Vec::new();
        while let Some(piece) = pieces.next()? {
            out.extend_from_slice(piece);
        }
        Ok(out)
    }

    #[test]
    fn pieces_are_the_text_and_end_in_the_same_faults() {
        let text = "AAPL,100,1.5,1426824000000000000\n".repeat(30_000);
        let packed = [pack(text.as_bytes()), pack(b""), pack(b"the end")].concat();
        let whole = format!("{text}the end").into_bytes();
        assert_eq!(in_pieces(&packed, 1 << 20), Ok(whole.clone()));
        assert_eq!(in_pieces(&packed, whole.len()).map(|text| text.len()), Ok(whole.len()));
        assert_eq!(in_pieces(&packed, whole.len() - 1), Err(GzipFault::TooLarge { limit: whole.len() - 1 }));
        let mut damaged = packed.clone();
        damaged[packed.len() / 2] ^= 1;
        let mut cases = vec![b"PK\x03\x04..".to_vec(), Vec::new(), [&packed[..], b"more"].concat(), damaged];
        cases.extend((2..packed.len()).step_by(97).map(|length| packed[..length].to_vec()));
        for case in cases {
            match (in_pieces(&case, 1 << 21), unpacked(&case, 1 << 21)) {
                // Where a fault is found depends on how far one call got.
                (Err(GzipFault::Damaged { .. }), Err(GzipFault::Damaged { .. })) => {}
                (pieces, whole) => assert_eq!(pieces, whole),
            }
        }
    }

    #[test]
    fn several_members_are_one_text() {
        let packed = [pack(b"ticker\n"), pack(b""), pack(b"AAPL\n")].concat();
        assert_eq!(unpacked(&packed, 100), Ok(b"ticker\nAAPL\n".to_vec()));
    }

    #[test]
    fn a_buffer_is_emptied_before_it_is_used_again() {
        let mut out = b"of the file before".to_vec();
        assert_eq!(unpack(&pack(b"new"), 100, &mut out), Ok(()));
        assert_eq!(out, b"new");
    }

    #[test]
    fn every_cut_of_a_file_is_noticed() {
        let packed = pack("a line of text that repeats\n".repeat(50).as_bytes());
        for length in 2..packed.len() {
            let fault = unpacked(&packed[..length], 10_000);
            assert_eq!(fault, Err(GzipFault::Truncated { after: length }), "{length}");
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let mut packed = pack(b"AAPL,100,1.5\n");
        let middle = packed.len() - 6;
        packed[middle] ^= 1;
        assert!(matches!(unpacked(&packed, 100), Err(GzipFault::Damaged { .. })));
    }

    #[test]
    fn other_data_is_not_gzip() {
        assert_eq!(unpacked(b"", 100), Err(GzipFault::NotGzip(vec![])));
        assert_eq!(unpacked(b"PK\x03\x04..", 100), Err(GzipFault::NotGzip(b"PK\x03\x04".to_vec())));
        let followed = [pack(b"text"), b"more".to_vec()].concat();
        assert!(matches!(unpacked(&followed, 100), Err(GzipFault::Damaged { .. })));
    }

    #[test]
    fn a_bomb_is_refused_before_it_fills_the_memory() {
        let packed = pack(&vec![0; 1 << 20]);
        let mut out = Vec::new();
        assert_eq!(unpack(&packed, 1000, &mut out), Err(GzipFault::TooLarge { limit: 1000 }));
        assert!(out.capacity() < 1 << 17, "{}", out.capacity());
        assert_eq!(unpacked(&packed, 1 << 20).map(|text| text.len()), Ok(1 << 20));
        assert_eq!(unpacked(&packed, (1 << 20) - 1), Err(GzipFault::TooLarge { limit: (1 << 20) - 1 }));
    }
}

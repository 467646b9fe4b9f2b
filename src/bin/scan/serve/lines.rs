//! Lines of a bounded length from a stream without bounds: what is too long is passed over without being kept.

use std::io::{self, BufRead};

/// Longest line that is kept, without its end.
pub const LONGEST: usize = 1 << 20;

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Its bytes, without its end.
    Whole(Vec<u8>),
    /// It is longer than [`LONGEST`].
    TooLong,
}

/// The next line; none at the end. A last line without an end is a line too.
pub fn next(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut any = false;
    let mut too_long = false;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let (part, used) = (&chunk[..end.unwrap_or(chunk.len())], end.map_or(chunk.len(), |end| end + 1));
        // One more than the longest: a line may end in a carriage return.
        if line.len() + part.len() > LONGEST + 1 {
            too_long = true;
            line = Vec::new();
        } else if !too_long {
            line.extend_from_slice(part);
        }
        input.consume(used);
        if end.is_some() {
            break;
        }
    }
    if !any {
        return Ok(None);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(if too_long || line.len() > LONGEST { Line::TooLong } else { Line::Whole(line) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], buffer: usize) -> Vec<Line> {
        let mut input = io::BufReader::with_capacity(buffer, text);
        std::iter::from_fn(|| next(&mut input).unwrap()).collect()
    }

    #[test]
    fn lines_end_in_a_line_feed_in_both_or_in_nothing() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        for buffer in [1, 3, 100] {
            assert_eq!(all(b"a\r\nbc\n\nd", buffer), [whole("a"), whole("bc"), whole(""), whole("d")]);
            assert_eq!(all(b"", buffer), []);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let mut text = vec![b'x'; LONGEST + 1];
        text.extend_from_slice(b"\nok\n");
        assert_eq!(all(&text, 4096), [Line::TooLong, Line::Whole(b"ok".to_vec())]);
        text.remove(0);
        assert_eq!(all(&text, 4096), [Line::Whole(vec![b'x'; LONGEST]), Line::Whole(b"ok".to_vec())]);
        let endless = vec![b'x'; 10 * LONGEST];
        assert_eq!(all(&endless, 4096), [Line::TooLong]);
    }
}

//! Line ends as they should be: CR LF and lone CR become LF, and the last line has one.
//!
//! So that a row's line number can be counted from where its reading ended.

use std::io::{self, Read};

/// Reads `inner` with every line end as one LF.
pub(super) struct PlainLines<R> {
    inner: R,
    /// The last byte read was a CR, given out as LF.
    after_cr: bool,
    /// The last byte given out was no LF.
    open_line: bool,
}

impl<R> PlainLines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            after_cr: false,
            open_line: false,
        }
    }
}

impl<R: Read> Read for PlainLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = self.inner.read(buffer)?;
            if read == 0 {
                let last = usize::from(std::mem::take(&mut self.open_line));
                buffer[..last].fill(b'\n');
                return Ok(last);
            }
            // Most files have no CR, or few.
            if !self.after_cr && !buffer[..read].contains(&b'\r') {
                self.open_line = buffer[read - 1] != b'\n';
                return Ok(read);
            }
            let mut kept = 0;
            for n in 0..read {
                let byte = buffer[n];
                let second_half = byte == b'\n' && self.after_cr;
                self.after_cr = byte == b'\r';
                if !second_half {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
            }
            if kept > 0 {
                self.open_line = buffer[kept - 1] != b'\n';
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_becomes_one() {
        for (text, plain) in [
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\rb\r", "a\nb\n"),
            ("a\n\r\n\nb", "a\n\n\nb\n"),
            ("", ""),
            ("\r\n", "\n"),
        ] {
            for size in 1..6 {
                let mut out = Vec::new();
                let mut reader = PlainLines::new(text.as_bytes());
                let mut buffer = vec![0; size];
                loop {
                    let n = reader.read(&mut buffer).expect("reads");
                    if n == 0 {
                        break;
                    }
                    out.extend_from_slice(&buffer[..n]);
                }
                assert_eq!(String::from_utf8_lossy(&out), plain, "{text:?} by {size}");
            }
        }
    }
}

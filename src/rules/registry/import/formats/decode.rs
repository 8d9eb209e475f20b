//! Text in the encodings that registers come in, as UTF-8.
//!
//! A byte order mark decides; else the first 64 KiB do: UTF-8 where they are valid UTF-8, otherwise what the format is
//! known to come in. The encoding found is told, so that it can be shown.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How much of a file decides on its encoding.
const LOOK: usize = 64 * 1024;

/// What a file is that is not UTF-8 and has no byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// Windows-1252, which holds Latin-1.
    Latin,
    /// GB18030 where that is valid, which holds GBK and GB 2312; otherwise left as it is.
    Chinese,
}

/// A reader that gives UTF-8, and the name of the encoding it was read from.
pub(crate) fn utf8<'a>(reader: impl Read + 'a, fallback: Fallback) -> io::Result<(Box<dyn Read + 'a>, &'static str)> {
    let mut head = Vec::with_capacity(LOOK);
    let mut reader = reader;
    reader.by_ref().take(LOOK as u64).read_to_end(&mut head)?;
    let encoding = encoding(&head, fallback);
    let mark = Encoding::for_bom(&head).map_or(0, |(_, length)| length);
    let rest = io::Cursor::new(head.split_off(mark)).chain(reader);
    if encoding == UTF_8 {
        return Ok((Box::new(rest), UTF_8.name()));
    }
    let decoded = Decoded {
        inner: BufReader::with_capacity(LOOK, rest),
        decoder: encoding.new_decoder_without_bom_handling(),
        ready: String::with_capacity(LOOK),
        given: 0,
        ended: false,
    };
    Ok((Box::new(decoded), encoding.name()))
}

/// The encoding of a file that begins with these bytes.
pub(crate) fn encoding(head: &[u8], fallback: Fallback) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    // Without a mark, UTF-16 shows by zeros at every other place of its ASCII.
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .take(64)
            .filter(|&&byte| byte == 0)
            .count()
    };
    match (zeros(0), zeros(1)) {
        (0, odd) if odd > 16 => return UTF_16LE,
        (even, 0) if even > 16 => return UTF_16BE,
        _ => {}
    }
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character cut off by the end of what was looked at.
        Err(error) => error.error_len().is_none() && head.len() >= LOOK,
    };
    if valid {
        return UTF_8;
    }
    match fallback {
        Fallback::Latin => WINDOWS_1252,
        // The end of what was looked at may cut a character in two.
        Fallback::Chinese
            if GB18030
                .decode_without_bom_handling(&head[..head.len().saturating_sub(4)])
                .1 =>
        {
            UTF_8
        }
        Fallback::Chinese => GB18030,
    }
}

/// Decodes while reading.
struct Decoded<R> {
    inner: BufReader<R>,
    decoder: Decoder,
    ready: String,
    given: usize,
    ended: bool,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            self.ready.clear();
            self.given = 0;
            let input = self.inner.fill_buf()?;
            let last = input.is_empty();
            let (result, read, _) = self.decoder.decode_to_string(input, &mut self.ready, last);
            self.inner.consume(read);
            self.ended = last && result == CoderResult::InputEmpty;
        }
        let rest = &self.ready.as_bytes()[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], fallback: Fallback) -> (String, &'static str) {
        let (mut reader, name) = utf8(bytes, fallback).expect("reads");
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("UTF-8");
        (text, name)
    }

    #[test]
    fn the_encodings_that_offices_save_in_are_told_apart() {
        let chinese = "编号,设台单位,台站名称,频率(MHz)\nA-1,武汉广播电视台,龟山,97.2\n";
        let (gb, _, _) = GB18030.encode(chinese);
        assert_eq!(read(&gb, Fallback::Chinese), (chinese.to_owned(), "gb18030"));
        assert_eq!(read(chinese.as_bytes(), Fallback::Latin), (chinese.to_owned(), "UTF-8"));
        let marked = format!("\u{feff}{chinese}");
        assert_eq!(read(marked.as_bytes(), Fallback::Latin), (chinese.to_owned(), "UTF-8"));
        let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16, Fallback::Chinese), (chinese.to_owned(), "UTF-16LE"));
        let french = "171;0000-0100;;MRC;Médi 1;A;NAf;n;1;;\n";
        let latin: Vec<u8> = french.chars().map(|c| c as u32 as u8).collect();
        assert_eq!(read(&latin, Fallback::Latin), (french.to_owned(), "windows-1252"));
        let neither = [&[0xff; 3][..], &[b'x'; 20][..]].concat();
        let (mut reader, name) = utf8(neither.as_slice(), Fallback::Chinese).expect("reads");
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).expect("reads");
        assert_eq!((bytes.as_slice(), name), (neither.as_slice(), "UTF-8"), "left as it is");
        assert_eq!(read(b"", Fallback::Chinese).0, "");
    }

    #[test]
    fn long_files_are_decoded_across_buffers() {
        let text = "频谱,".repeat(60_000);
        let (gb, _, _) = GB18030.encode(&text);
        assert_eq!(read(&gb, Fallback::Chinese).0, text);
    }
}

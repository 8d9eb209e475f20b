//! Finds the samples in a WAV file with I on the left and Q on the right, as SDR# and HDSDR write it.
//!
//! Only the layout is read; the samples are then played like those of a raw file. RF64 and files whose size
//! overflowed 32 bits are taken to run to the end of the file.

use std::io::{self, Read, Seek, SeekFrom};

use crate::SampleFormat;

/// Where the samples are and what they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WavLayout {
    pub(super) format: SampleFormat,
    pub(super) sample_rate_hz: f64,
    pub(super) data_start: u64,
    /// As the header has it; `None`: to the end of the file.
    pub(super) data_bytes: Option<u64>,
}

/// Reads the chunk headers. The outer error is the file's, the inner one says what is wrong with the content.
pub(super) fn layout(file: &mut (impl Read + Seek)) -> io::Result<Result<WavLayout, String>> {
    let mut head = [0; 12];
    if !fill(file, &mut head)? || !(head.starts_with(b"RIFF") || head.starts_with(b"RF64")) || &head[8..] != b"WAVE" {
        return Ok(Err(
            "is not a WAV file, whatever its name: give --format and --rate if it is raw I/Q".into(),
        ));
    }
    let mut kind = None;
    let mut at = 12_u64;
    loop {
        let mut chunk = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        if !fill(file, &mut chunk)? {
            return Ok(Err(
                "is a WAV file without samples: it was cut off within its header".into()
            ));
        }
        let size = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        match &chunk[..4] {
            b"fmt " => {
                let mut body = [0; 16];
                if !fill(file, &mut body)? {
                    return Ok(Err("is a WAV file cut off within its header".into()));
                }
                kind = Some(format_chunk(&body));
            }
            b"data" => {
                return Ok(kind
                    .unwrap_or_else(|| Err("is a WAV file whose format chunk is missing".into()))
                    .map(|(format, sample_rate_hz)| WavLayout {
                        format,
                        sample_rate_hz,
                        data_start: at + 8,
                        data_bytes: (size != 0 && size != u32::MAX).then_some(u64::from(size)),
                    }));
            }
            _ => {}
        }
        at += 8 + u64::from(size) + u64::from(size % 2);
    }
}

fn format_chunk(body: &[u8; 16]) -> Result<(SampleFormat, f64), String> {
    let short = |at: usize| u16::from_le_bytes([body[at], body[at + 1]]);
    let (tag, channels, bits) = (short(0), short(2), short(14));
    let rate = u32::from_le_bytes([body[4], body[5], body[6], body[7]]);
    if channels != 2 {
        return Err(format!(
            "has {channels} channel(s): I/Q needs two, I on the left and Q on the right"
        ));
    }
    // Tag 0xFFFE (extensible) repeats the kind further on; the width decides well enough there.
    let format = match (tag, bits) {
        (1 | 0xfffe, 8) => SampleFormat::Cu8,
        (1 | 0xfffe, 16) => SampleFormat::Cs16,
        (3 | 0xfffe, 32) => SampleFormat::Cf32,
        _ => {
            return Err(format!(
                "holds {bits}-bit samples of WAV kind {tag}: known are 8 and 16 bit integers and 32 bit floats; convert it first"
            ));
        }
    };
    Ok((format, f64::from(rate)))
}

/// Whether the whole buffer could be filled.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn wav(tag: u16, channels: u16, bits: u16, data: u32) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEauxi\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        file.extend(tag.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(12_001_u32.to_le_bytes());
        file.extend([0; 6]);
        file.extend(bits.to_le_bytes());
        file.extend(b"data");
        file.extend(data.to_le_bytes());
        file
    }

    #[test]
    fn samples_are_found_behind_other_chunks() {
        for (tag, bits, format) in [
            (1, 8, SampleFormat::Cu8),
            (1, 16, SampleFormat::Cs16),
            (3, 32, SampleFormat::Cf32),
        ] {
            let file = wav(tag, 2, bits, 40);
            let found = layout(&mut Cursor::new(&file)).unwrap().unwrap();
            assert_eq!(found.format, format);
            assert_eq!((found.sample_rate_hz, found.data_bytes), (12_001.0, Some(40)));
            assert_eq!(found.data_start, file.len() as u64);
        }
        let open_ended = layout(&mut Cursor::new(wav(1, 2, 16, u32::MAX))).unwrap().unwrap();
        assert_eq!(open_ended.data_bytes, None);
    }

    #[test]
    fn what_is_not_iq_says_so() {
        for (file, word) in [
            (wav(1, 1, 16, 40), "channel"),
            (wav(1, 2, 24, 40), "24-bit"),
            (wav(1, 2, 16, 40)[..30].to_vec(), "cut off"),
            (b"RIFX".to_vec(), "not a WAV"),
        ] {
            let reason = layout(&mut Cursor::new(file)).unwrap().unwrap_err();
            assert!(reason.contains(word), "{reason}");
        }
    }
}

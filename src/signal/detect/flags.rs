//! One flag per bin, sixty-four to a word: stretches are found by their ends and not bin by bin.

use std::ops::Range;

use super::config::BINS;

/// Bins of a word.
const WORD: usize = 64;

/// A set of bins.
#[derive(Debug, Clone)]
pub(super) struct Flags {
    words: [u64; BINS / WORD],
}

impl Flags {
    pub(super) fn new() -> Self {
        Self {
            words: [0; BINS / WORD],
        }
    }

    /// Takes over `flags`, 0 or 1 for each bin.
    #[inline(always)]
    pub(super) fn pack(&mut self, flags: &[u8]) {
        for (word, flags) in self.words.iter_mut().zip(flags.as_chunks::<WORD>().0) {
            *word = 0;
            for (i, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
                // The product moves byte k's lowest bit to bit 56 + k; no two bits meet on the way.
                let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
                *word |= bits << (8 * i);
            }
        }
    }

    /// First bin of `range` that is set.
    pub(super) fn first_set(&self, range: Range<usize>) -> Option<usize> {
        self.first(range, |word| word)
    }

    /// First bin of `range` that is not set; its end where all are.
    pub(super) fn first_clear(&self, range: Range<usize>) -> usize {
        let end = range.end;
        self.first(range, |word| !word).unwrap_or(end)
    }

    fn first(&self, range: Range<usize>, of: impl Fn(u64) -> u64) -> Option<usize> {
        let mut k = range.start;
        while k < range.end {
            let rest = of(self.words[k / WORD]) >> (k % WORD);
            if rest != 0 {
                let found = k + rest.trailing_zeros() as usize;
                return (found < range.end).then_some(found);
            }
            k = (k / WORD + 1) * WORD;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_stretches_are_found_across_words() {
        let mut flags = Flags::new();
        for set in [
            vec![0, 1, 63, 64, 65, 130, 1023],
            vec![],
            (0..BINS).collect(),
            vec![7, 8, 15, 16, 56, 127],
        ] {
            let bytes: Vec<u8> = (0..BINS).map(|k| u8::from(set.contains(&k))).collect();
            flags.pack(&bytes);
            for from in 0..BINS {
                for to in [from, (from + 3).min(BINS), (from + 70).min(BINS), BINS] {
                    assert_eq!(
                        flags.first_set(from..to),
                        (from..to).find(|k| set.contains(k)),
                        "{from}..{to}"
                    );
                    let clear = (from..to).find(|k| !set.contains(k)).unwrap_or(to);
                    assert_eq!(flags.first_clear(from..to), clear, "{from}..{to}");
                }
            }
        }
    }
}

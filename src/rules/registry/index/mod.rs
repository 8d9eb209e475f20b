//! Which bands overlap a given one: an interval tree laid out over a sorted array.
//!
//! Algorithm: intervals are sorted by lower edge; over them lies an implicit balanced tree (the middle of each slice is
//! its root) that stores, for every slice, the highest upper edge in it. A query skips each slice whose highest upper
//! edge is not above the queried band, and everything to the right of the queried upper edge: O(log n + hits).

mod place;

pub(super) use place::PlaceIndex;
pub use place::Query;

use crate::units::{Band, Hertz};

/// A fixed set of bands, each with the number of the record it belongs to.
#[derive(Debug, Clone, Default)]
pub(super) struct BandIndex {
    /// Ascending by (low, high, record).
    entries: Vec<(Band, u32)>,
    /// At the root position of each slice: the highest upper edge within the slice.
    highest: Vec<Hertz>,
}

impl BandIndex {
    pub(super) fn new(mut entries: Vec<(Band, u32)>) -> Self {
        entries.sort_by_key(|&(band, record)| (band.low(), band.high(), record));
        let mut highest = vec![Hertz(i64::MIN); entries.len()];
        fill(&entries, &mut highest);
        Self { entries, highest }
    }

    /// Records with a band that shares a frequency with `wanted`, ascending by lower edge; empty bands never do.
    pub(super) fn overlapping(&self, wanted: Band) -> Vec<u32> {
        let mut found = Vec::new();
        collect(&self.entries, &self.highest, wanted, &mut found);
        found
    }

    /// Bytes it holds.
    fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(Band, u32)>() + self.highest.capacity() * size_of::<Hertz>()
    }
}

fn fill(entries: &[(Band, u32)], highest: &mut [Hertz]) -> Hertz {
    if entries.is_empty() {
        return Hertz(i64::MIN);
    }
    let middle = entries.len() / 2;
    let left = fill(&entries[..middle], &mut highest[..middle]);
    let right = fill(&entries[middle + 1..], &mut highest[middle + 1..]);
    highest[middle] = entries[middle].0.high().max(left).max(right);
    highest[middle]
}

fn collect(entries: &[(Band, u32)], highest: &[Hertz], wanted: Band, found: &mut Vec<u32>) {
    if entries.is_empty() {
        return;
    }
    let middle = entries.len() / 2;
    if highest[middle] <= wanted.low() {
        return;
    }
    collect(&entries[..middle], &highest[..middle], wanted, found);
    let (band, record) = entries[middle];
    if band.low() >= wanted.high() {
        return;
    }
    if band.overlaps(wanted) {
        found.push(record);
    }
    collect(&entries[middle + 1..], &highest[middle + 1..], wanted, found);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn band((low, width): (i64, i64)) -> Band {
        Band::new(Hertz(low), Hertz(low + width)).expect("ordered")
    }

    proptest! {
        /// The oracle is the definition: look at every band.
        #[test]
        fn finds_what_looking_at_every_band_finds(
            bands in proptest::collection::vec((0_i64..60, 0_i64..20), 0..60),
            wanted in (0_i64..60, 0_i64..20),
        ) {
            let entries: Vec<_> = (0_u32..).zip(&bands).map(|(record, &b)| (band(b), record)).collect();
            let wanted = band(wanted);
            let mut expected: Vec<_> = entries.iter().filter(|(b, _)| b.overlaps(wanted)).copied().collect();
            expected.sort_by_key(|&(b, record)| (b.low(), b.high(), record));
            let expected: Vec<u32> = expected.into_iter().map(|(_, record)| record).collect();
            prop_assert_eq!(BandIndex::new(entries).overlapping(wanted), expected);
        }
    }

    #[test]
    fn touching_ends_do_not_overlap() {
        let index = BandIndex::new(vec![(band((0, 10)), 0), (band((10, 10)), 1)]);
        assert_eq!(index.overlapping(band((10, 1))), [1]);
        assert_eq!(index.overlapping(band((20, 5))), [] as [u32; 0]);
    }
}

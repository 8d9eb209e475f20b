//! Rows in order of their start, though they are known only when they end, with bounded memory.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::rows::Row;

/// Rows kept back at most. A recording with more (hours of bursts under one steady carrier) is in order only within
/// this many rows, so that memory stays flat on a file of any length.
const KEPT_ROWS: usize = 20_000;

struct Pending {
    row: Row,
    number: u64,
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first; the earliest shall come first.
        other
            .row
            .start_s()
            .total_cmp(&self.row.start_s())
            .then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pending {}

/// Puts rows in order.
#[derive(Default)]
pub(super) struct InOrder {
    pending: BinaryHeap<Pending>,
    count: u64,
}

impl InOrder {
    /// Takes a row; gives back the one that must wait no longer.
    pub(super) fn push(&mut self, row: Row) -> Option<Row> {
        self.count += 1;
        self.pending.push(Pending {
            row,
            number: self.count,
        });
        (self.pending.len() > KEPT_ROWS)
            .then(|| self.pending.pop().map(|pending| pending.row))
            .flatten()
    }

    /// The rest, in order.
    pub(super) fn finish(mut self) -> impl Iterator<Item = Row> {
        std::iter::from_fn(move || self.pending.pop().map(|pending| pending.row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Gap, GapReason};

    fn row(start_s: f64) -> Row {
        Row::Gap(Gap {
            start_s,
            stop_s: start_s,
            reason: GapReason::Overflow,
        })
    }

    #[test]
    fn rows_come_out_by_start_and_no_row_is_lost() {
        let mut order = InOrder::default();
        let mut out = Vec::new();
        let total = KEPT_ROWS + 500;
        for n in 0..total {
            out.extend(order.push(row(((n * 7919) % total) as f64)));
        }
        assert!(out.len() == 500, "memory is bounded");
        out.extend(order.finish());
        assert_eq!(out.len(), total);
        let tail = &out[500..];
        assert!(tail.windows(2).all(|pair| pair[0].start_s() <= pair[1].start_s()));
    }
}

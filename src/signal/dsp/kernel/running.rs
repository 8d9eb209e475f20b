//! Sum, maximum and minimum of each bin in the order in which a kernel makes them, and the way to ascending frequency.

use std::ops::Range;

use super::{
    passes::turned,
    simd::{Simd, Work},
};

/// Vectors counted together: their sums, maxima and minima fit the registers.
const GROUP: usize = 4;

/// Statistics of N bins as N / L vectors. Bin q + Q m + (N / L) p of the transform, q below Q = N / L², is lane m of vector
/// `starts[q]` + p.
pub(super) struct Running<S: Simd<L>, const L: usize> {
    sum: Vec<S::V>,
    max: Vec<S::V>,
    min: Vec<S::V>,
    starts: Vec<usize>,
}

impl<S: Simd<L>, const L: usize> Running<S, L> {
    /// Nothing counted.
    pub(super) fn new(s: S, size: usize, starts: Vec<usize>) -> Self {
        assert!(starts.len() * L * L == size, "one place for each q");
        Self {
            sum: vec![s.splat(0.0); size / L],
            max: vec![s.splat(0.0); size / L],
            min: vec![s.splat(f32::INFINITY); size / L],
            starts,
        }
    }

    /// Counts some frames' powers of the vectors `at`, frame by frame.
    #[inline(always)]
    pub(super) fn count(&mut self, s: S, powers: &[S::V], at: Range<usize>) {
        let row = at.len();
        let sum = &mut self.sum[at.clone()];
        let (max, min) = (&mut self.max[at.clone()], &mut self.min[at]);
        let groups = sum.as_chunks_mut::<GROUP>().0.iter_mut();
        let groups = groups
            .zip(max.as_chunks_mut::<GROUP>().0)
            .zip(min.as_chunks_mut::<GROUP>().0);
        for (i, ((sum, max), min)) in groups.enumerate() {
            let (mut total, mut high, mut low) = (*sum, *max, *min);
            for frame in powers.chunks_exact(row) {
                let power = &frame.as_chunks::<GROUP>().0[i];
                for v in 0..GROUP {
                    total[v] = s.add(total[v], power[v]);
                    high[v] = s.max(high[v], power[v]);
                    low[v] = s.min(low[v], power[v]);
                }
            }
            (*sum, *max, *min) = (total, high, low);
        }
    }

    /// Hands out the statistics in ascending frequency and begins anew.
    pub(super) fn take(&mut self, s: S, sum: &mut [f32], max: &mut [f32], min: &mut [f32]) {
        let (starts, zero, infinity) = (&self.starts, s.splat(0.0), s.splat(f32::INFINITY));
        for (slots, fresh, out) in [
            (&mut self.sum, zero, sum),
            (&mut self.max, zero, max),
            (&mut self.min, infinity, min),
        ] {
            s.run(Order {
                simd: s,
                starts,
                slots,
                out,
            });
            slots.fill(fresh);
        }
    }
}

/// Puts bins in order.
struct Order<'a, S: Simd<L>, const L: usize> {
    simd: S,
    starts: &'a [usize],
    slots: &'a [S::V],
    out: &'a mut [f32],
}

impl<S: Simd<L>, const L: usize> Work for Order<'_, S, L> {
    #[inline(always)]
    fn run(self) {
        let (s, starts, slots) = (self.simd, self.starts, self.slots);
        for (p, out) in self.out.chunks_exact_mut(starts.len() * L).enumerate() {
            // DC in the middle: the upper half of the transform's bins comes first.
            let p = (p + L / 2) % L;
            if starts.len() >= L {
                transposed(s, starts, &slots[p..], out);
            } else {
                scattered(s, starts, &slots[p..], out);
            }
        }
    }
}

/// L neighbouring values of q at a time.
#[inline(always)]
fn transposed<S: Simd<L>, const L: usize>(s: S, starts: &[usize], slots: &[S::V], out: &mut [f32]) {
    for (group, at) in starts.as_chunks::<L>().0.iter().enumerate() {
        let mut x = [slots[at[0]]; L];
        for i in 1..L {
            x[i] = slots[at[i]];
        }
        let x = s.transpose(x);
        for m in 0..L {
            out[turned::<L>(m) * starts.len() + group * L..][..L].copy_from_slice(&s.array(x[m]));
        }
    }
}

/// Number by number.
#[inline(always)]
fn scattered<S: Simd<L>, const L: usize>(s: S, starts: &[usize], slots: &[S::V], out: &mut [f32]) {
    for (q, start) in starts.iter().enumerate() {
        let x = s.array(slots[*start]);
        for m in 0..L {
            out[turned::<L>(m) * starts.len() + q] = x[m];
        }
    }
}

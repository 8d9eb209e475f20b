//! Sample blocks seen as bytes, without copying: what files and sockets read into and write from.
//!
//! Files and wires are little-endian; on a big-endian host the swap happens here and nowhere else.

use bytemuck::{cast_slice, cast_slice_mut};

use crate::SampleBlock;

/// The whole block as bytes to be filled.
pub(crate) fn of_block_mut(block: &mut SampleBlock) -> &mut [u8] {
    match block {
        SampleBlock::Cu8(v) => cast_slice_mut(v),
        SampleBlock::Cs8(v) => cast_slice_mut(v),
        SampleBlock::Cs16(v) => cast_slice_mut(v),
        SampleBlock::Cf32(v) => cast_slice_mut(v),
    }
}

/// The whole block as bytes.
pub(crate) fn of_block(block: &SampleBlock) -> &[u8] {
    match block {
        SampleBlock::Cu8(v) => cast_slice(v),
        SampleBlock::Cs8(v) => cast_slice(v),
        SampleBlock::Cs16(v) => cast_slice(v),
        SampleBlock::Cf32(v) => cast_slice(v),
    }
}

/// Turns `samples` samples between little-endian and the host's order, in place; does nothing on most hosts.
pub(crate) fn swap_if_big_endian(block: &mut SampleBlock, samples: usize) {
    if cfg!(target_endian = "little") {
        return;
    }
    let width = match block {
        SampleBlock::Cu8(_) | SampleBlock::Cs8(_) => return,
        SampleBlock::Cs16(_) => 2,
        SampleBlock::Cf32(_) => 4,
    };
    let bytes = samples * block.format().bytes();
    for number in of_block_mut(block)[..bytes].chunks_exact_mut(width) {
        number.reverse();
    }
}

/// Index of the first sample with a NaN or infinite part among the first `samples`; integers have none.
pub(crate) fn first_non_finite(block: &SampleBlock, samples: usize) -> Option<usize> {
    let SampleBlock::Cf32(values) = block else { return None };
    // Chunks without an early exit inside vectorise; the exact place is looked up only when there is one.
    values[..samples]
        .chunks(1024)
        .enumerate()
        .find(|(_, chunk)| {
            !chunk
                .iter()
                .fold(true, |ok, v| ok & v.re.is_finite() & v.im.is_finite())
        })
        .and_then(|(n, chunk)| {
            let inside = chunk.iter().position(|v| !(v.re.is_finite() && v.im.is_finite()))?;
            Some(n * 1024 + inside)
        })
}

/// Replaces samples with a NaN or infinite part by zero and says how many there were.
pub(crate) fn zero_non_finite(block: &mut SampleBlock, samples: usize) -> u64 {
    let SampleBlock::Cf32(values) = block else { return 0 };
    let mut count = 0;
    for value in &mut values[..samples] {
        if !(value.re.is_finite() && value.im.is_finite()) {
            *value = num_complex::Complex::new(0.0, 0.0);
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::SampleFormat;

    #[test]
    fn bytes_cover_the_whole_block_in_sample_order() {
        for format in [
            SampleFormat::Cu8,
            SampleFormat::Cs8,
            SampleFormat::Cs16,
            SampleFormat::Cf32,
        ] {
            let mut block = SampleBlock::new(format, 3);
            assert_eq!(of_block_mut(&mut block).len(), 3 * format.bytes());
        }
        let block = SampleBlock::Cs16(vec![Complex::new(0x0201, 0x0403)]);
        assert_eq!(of_block(&block), 0x0403_0201_u32.to_ne_bytes().as_slice());
    }

    #[test]
    fn the_first_non_finite_sample_is_found_wherever_it_is() {
        for (at, bad) in [
            (0, f32::NAN),
            (1023, f32::INFINITY),
            (1024, f32::NEG_INFINITY),
            (4999, f32::NAN),
        ] {
            let mut values = vec![Complex::new(1.0, -1.0); 5000];
            values[at].im = bad;
            let mut block = SampleBlock::Cf32(values);
            assert_eq!(first_non_finite(&block, 5000), Some(at));
            assert_eq!(first_non_finite(&block, at), None, "only the valid part counts");
            assert_eq!(zero_non_finite(&mut block, 5000), 1);
            assert_eq!(first_non_finite(&block, 5000), None);
        }
    }
}

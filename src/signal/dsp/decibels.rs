//! Decibels of whole spectra: the logarithm as a polynomial, so that a processor takes eight bins at a time.

use super::kernel::{Work, widest};

/// Decibels of each of `power`, −200 and less for nothing; to 2·10⁻⁵ dB, which is two roundings of a result of −100.
///
/// # Panics
/// When the slices differ in length.
pub fn decibels(power: &[f32], out: &mut [f32]) {
    assert_eq!(power.len(), out.len());
    widest(Decibels { power, out });
}

struct Decibels<'a> {
    power: &'a [f32],
    out: &'a mut [f32],
}

impl Work for Decibels<'_> {
    #[inline(always)]
    fn run(self) {
        for (out, power) in self.out.iter_mut().zip(self.power) {
            *out = decibel(*power);
        }
    }
}

/// 10 log₁₀ of a power: x = 2ᵉ m with m within √2 of 1, and ln m = 2 artanh s, s = (m − 1)/(m + 1), as a series. |s| is 0.172
/// at most, so what is left out after s⁷ is less than 2·10⁻⁷ dB.
#[inline(always)]
fn decibel(power: f32) -> f32 {
    /// 10 log₁₀ 2 and 20 log₁₀ e.
    const PER_OCTAVE: f32 = 3.010_3;
    const PER_ARTANH: f32 = 8.685_889;
    /// Bits of √½ and of 1: the mantissa is taken from the one, the exponent from the other.
    const HALF_OCTAVE: u32 = 0x3f35_04f3;
    const ONE: u32 = 0x3f80_0000;
    // −200 dB; denormal numbers, which have no exponent, are far below.
    let power = if power > 1e-20 { power } else { 1e-20 };
    let shifted = power.to_bits() + (ONE - HALF_OCTAVE);
    let exponent = (shifted >> 23) as i32 - 127;
    let m = f32::from_bits((shifted & 0x007f_ffff) + HALF_OCTAVE);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let artanh = s * (1.0 + z * (1.0 / 3.0 + z * (0.2 + z * (1.0 / 7.0))));
    exponent as f32 * PER_OCTAVE + PER_ARTANH * artanh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_levels_are_right() {
        let power: Vec<f32> = (0..200_000)
            .map(|i| 10_f64.powf(-12.0 + 14.0 * f64::from(i) / 200_000.0) as f32)
            .collect();
        let mut out = vec![0.0; power.len()];
        decibels(&power, &mut out);
        let worst = power.iter().zip(&out).fold(0.0_f64, |worst, (power, out)| {
            worst.max((f64::from(*out) - 10.0 * f64::from(*power).log10()).abs())
        });
        assert!(worst < 2e-5, "{worst:e}");
    }

    #[test]
    fn nothing_is_a_level_too() {
        let mut out = [0.0; 5];
        decibels(&[0.0, -1.0, 1e-40, f32::NAN, 1.0], &mut out);
        assert!(out[..4].iter().all(|level| (level + 200.0).abs() < 1e-4), "{out:?}");
        assert_eq!(out[4], 0.0);
    }
}

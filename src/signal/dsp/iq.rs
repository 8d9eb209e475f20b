//! Complex samples as receivers deliver them, and their one conversion to floating point.
//!
//! Full scale is ±1.0 for every format: `cu8` (x − 127.5) / 127.5, `cs8` x / 128, `cs16` x / 32768, `cf32` as is.

use num_complex::Complex;

use super::kernel::{Work, widest};

/// A native format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IqFormat {
    /// Unsigned 8 bit, offset 127.5.
    Cu8,
    /// Signed 8 bit.
    Cs8,
    /// Signed 16 bit.
    Cs16,
    /// 32-bit float.
    Cf32,
}

impl IqFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Cu8, Self::Cs8, Self::Cs16, Self::Cf32];
}

pub(super) fn from_cu8(x: Complex<u8>) -> Complex<f32> {
    Complex::new(f32::from(x.re) - 127.5, f32::from(x.im) - 127.5) * (1.0 / 127.5)
}

pub(super) fn from_cs8(x: Complex<i8>) -> Complex<f32> {
    Complex::new(f32::from(x.re), f32::from(x.im)) * (1.0 / 128.0)
}

pub(super) fn from_cs16(x: Complex<i16>) -> Complex<f32> {
    Complex::new(f32::from(x.re), f32::from(x.im)) * (1.0 / 32_768.0)
}

pub(super) fn from_cf32(x: Complex<f32>) -> Complex<f32> {
    let finite = |x: f32| if x.is_finite() { x } else { 0.0 };
    Complex::new(finite(x.re), finite(x.im))
}

/// Borrowed samples in their native format.
#[derive(Debug, Clone, Copy)]
pub enum IqSlice<'a> {
    /// Unsigned 8 bit, offset 127.5.
    Cu8(&'a [Complex<u8>]),
    /// Signed 8 bit.
    Cs8(&'a [Complex<i8>]),
    /// Signed 16 bit.
    Cs16(&'a [Complex<i16>]),
    /// 32-bit float, full scale ±1.0.
    Cf32(&'a [Complex<f32>]),
}

impl IqSlice<'_> {
    /// Number of complex samples.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Cu8(s) => s.len(),
            Self::Cs8(s) => s.len(),
            Self::Cs16(s) => s.len(),
            Self::Cf32(s) => s.len(),
        }
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples from `range` only.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        match self {
            Self::Cu8(s) => Self::Cu8(&s[range]),
            Self::Cs8(s) => Self::Cs8(&s[range]),
            Self::Cs16(s) => Self::Cs16(&s[range]),
            Self::Cf32(s) => Self::Cf32(&s[range]),
        }
    }

    /// The format.
    #[must_use]
    pub fn format(&self) -> IqFormat {
        match self {
            Self::Cu8(_) => IqFormat::Cu8,
            Self::Cs8(_) => IqFormat::Cs8,
            Self::Cs16(_) => IqFormat::Cs16,
            Self::Cf32(_) => IqFormat::Cf32,
        }
    }

    /// Appends the samples as floating point, full scale ±1.0; what is not a number becomes silence.
    pub fn append_to(&self, out: &mut Vec<Complex<f32>>) {
        match self {
            Self::Cu8(s) => out.extend(s.iter().map(|x| from_cu8(*x))),
            Self::Cs8(s) => out.extend(s.iter().map(|x| from_cs8(*x))),
            Self::Cs16(s) => out.extend(s.iter().map(|x| from_cs16(*x))),
            Self::Cf32(s) => out.extend(s.iter().map(|x| from_cf32(*x))),
        }
    }

    /// Power |x|² of each sample into `out`, full scale 1.
    pub fn powers_into(&self, out: &mut [f32]) {
        fn each<T>(samples: &[Complex<T>], out: &mut [f32], power: impl Fn(&Complex<T>) -> f32) {
            widest(Powers { samples, out, power });
        }
        // Twice the offset binary value less 255 is a whole number: squares and their sum are exact.
        const CU8: f32 = 1.0 / (255.0 * 255.0);
        let whole = |re: i32, im: i32| (re * re + im * im) as f32;
        match self {
            Self::Cu8(s) => each(s, out, |x| {
                whole(2 * i32::from(x.re) - 255, 2 * i32::from(x.im) - 255) * CU8
            }),
            Self::Cs8(s) => each(s, out, |x| from_cs8(*x).norm_sqr()),
            Self::Cs16(s) => each(s, out, |x| from_cs16(*x).norm_sqr()),
            Self::Cf32(s) => each(s, out, |x| from_cf32(*x).norm_sqr()),
        }
    }

    /// Samples with I or Q at the limits of the converter.
    #[must_use]
    pub fn clipped(&self) -> u64 {
        match self {
            // Adding one turns both limits into 0 and 1, or the lowest two values.
            Self::Cu8(s) => count(s, |x| (x.re.wrapping_add(1) < 2) | (x.im.wrapping_add(1) < 2)),
            Self::Cs8(s) => count(s, |x| (x.re.wrapping_add(1) < -126) | (x.im.wrapping_add(1) < -126)),
            Self::Cs16(s) => count(s, |x| {
                (x.re.wrapping_add(1) < -32_766) | (x.im.wrapping_add(1) < -32_766)
            }),
            Self::Cf32(s) => count(s, |x| (x.re.abs() >= 1.0) | (x.im.abs() >= 1.0)),
        }
    }

    /// Power of the format's own rounding noise, both components: two uniform steps of 1/12 of a squared step.
    #[must_use]
    pub fn rounding_power(&self) -> f64 {
        let step: f64 = match self {
            Self::Cu8(_) => 1.0 / 127.5,
            Self::Cs8(_) => 1.0 / 128.0,
            Self::Cs16(_) => 1.0 / 32_768.0,
            Self::Cf32(_) => 0.0,
        };
        step * step / 6.0
    }
}

/// Samples for which `hit` holds.
fn count<T>(samples: &[Complex<T>], hit: impl Fn(&Complex<T>) -> bool) -> u64 {
    let mut count = 0;
    widest(Count {
        samples,
        hit,
        count: &mut count,
    });
    count
}

/// Applies `power` to each sample.
struct Powers<'a, T, F> {
    samples: &'a [Complex<T>],
    out: &'a mut [f32],
    power: F,
}

impl<T, F: Fn(&Complex<T>) -> f32> Work for Powers<'_, T, F> {
    #[inline(always)]
    fn run(self) {
        for (out, x) in self.out.iter_mut().zip(self.samples) {
            *out = (self.power)(x);
        }
    }
}

/// Counts in bytes at first, so that many are counted at once.
struct Count<'a, T, F> {
    samples: &'a [Complex<T>],
    hit: F,
    count: &'a mut u64,
}

impl<T, F: Fn(&Complex<T>) -> bool> Work for Count<'_, T, F> {
    #[inline(always)]
    fn run(self) {
        for part in self.samples.chunks(224) {
            let mut few = 0_u8;
            for x in part {
                few += u8::from((self.hit)(x));
            }
            *self.count += u64::from(few);
        }
    }
}

/// Samples kept in their native format.
#[derive(Debug, Clone)]
pub enum IqBuffer {
    /// Unsigned 8 bit, offset 127.5.
    Cu8(Vec<Complex<u8>>),
    /// Signed 8 bit.
    Cs8(Vec<Complex<i8>>),
    /// Signed 16 bit.
    Cs16(Vec<Complex<i16>>),
    /// 32-bit float, full scale ±1.0.
    Cf32(Vec<Complex<f32>>),
}

impl Default for IqBuffer {
    fn default() -> Self {
        Self::Cu8(Vec::new())
    }
}

impl IqBuffer {
    /// An empty buffer with room for `capacity` samples.
    #[must_use]
    pub fn with_capacity(format: IqFormat, capacity: usize) -> Self {
        match format {
            IqFormat::Cu8 => Self::Cu8(Vec::with_capacity(capacity)),
            IqFormat::Cs8 => Self::Cs8(Vec::with_capacity(capacity)),
            IqFormat::Cs16 => Self::Cs16(Vec::with_capacity(capacity)),
            IqFormat::Cf32 => Self::Cf32(Vec::with_capacity(capacity)),
        }
    }

    /// The samples.
    #[must_use]
    pub fn as_slice(&self) -> IqSlice<'_> {
        match self {
            Self::Cu8(s) => IqSlice::Cu8(s),
            Self::Cs8(s) => IqSlice::Cs8(s),
            Self::Cs16(s) => IqSlice::Cs16(s),
            Self::Cf32(s) => IqSlice::Cf32(s),
        }
    }

    /// Appends samples.
    ///
    /// # Panics
    /// When they are of another format.
    pub fn append(&mut self, samples: IqSlice<'_>) {
        match (self, samples) {
            (Self::Cu8(to), IqSlice::Cu8(s)) => to.extend_from_slice(s),
            (Self::Cs8(to), IqSlice::Cs8(s)) => to.extend_from_slice(s),
            (Self::Cs16(to), IqSlice::Cs16(s)) => to.extend_from_slice(s),
            (Self::Cf32(to), IqSlice::Cf32(s)) => to.extend_from_slice(s),
            (to, s) => wrong_format(to.as_slice().format(), s.format()),
        }
    }

    /// Appends samples; where they are of another format, all become floating point. A buffer that never held any takes theirs.
    pub fn append_any(&mut self, samples: IqSlice<'_>) {
        if self.as_slice().format() == samples.format() {
            self.append(samples);
        } else if matches!(self, Self::Cu8(own) if own.capacity() == 0) {
            *self = Self::with_capacity(samples.format(), samples.len());
            self.append(samples);
        } else {
            samples.append_to(self.floats());
        }
    }

    /// Turns the samples to floating point, full scale ±1.0, and hands them out.
    pub fn floats(&mut self) -> &mut Vec<Complex<f32>> {
        if !matches!(self, Self::Cf32(_)) {
            let mut floats = Vec::with_capacity(self.as_slice().len());
            self.as_slice().append_to(&mut floats);
            *self = Self::Cf32(floats);
        }
        match self {
            Self::Cf32(floats) => floats,
            _ => unreachable!("turned just now"),
        }
    }

    /// Removes all samples.
    pub fn clear(&mut self) {
        match self {
            Self::Cu8(s) => s.clear(),
            Self::Cs8(s) => s.clear(),
            Self::Cs16(s) => s.clear(),
            Self::Cf32(s) => s.clear(),
        }
    }

    /// Removes the first `count` samples.
    pub fn drop_front(&mut self, count: usize) {
        match self {
            Self::Cu8(s) => drop(s.drain(..count)),
            Self::Cs8(s) => drop(s.drain(..count)),
            Self::Cs16(s) => drop(s.drain(..count)),
            Self::Cf32(s) => drop(s.drain(..count)),
        }
    }
}

#[cold]
fn wrong_format(expected: IqFormat, got: IqFormat) -> ! {
    panic!("samples are {got:?} where {expected:?} was agreed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_limits_of_the_converter_count_as_clipped() {
        let cu8: Vec<_> = (0..=255_u8).map(|x| Complex::new(x, 128)).collect();
        let cs8: Vec<_> = (-128..=127_i8).map(|x| Complex::new(0, x)).collect();
        let cs16 = [i16::MIN, i16::MIN + 1, -1, 0, 1, i16::MAX - 1, i16::MAX].map(|x| Complex::new(x, 0));
        let cf32 = [-1.5, -1.0, -0.999, 0.0, 0.999, 1.0].map(|x| Complex::new(x, 0.0));
        for (block, clipped) in [
            (IqSlice::Cu8(&cu8), 2),
            (IqSlice::Cs8(&cs8), 2),
            (IqSlice::Cs16(&cs16), 2),
            (IqSlice::Cf32(&cf32), 3),
        ] {
            assert_eq!(block.clipped(), clipped, "{block:?}");
        }
    }
}

//! Mean, maximum and minimum of the power of each bin.

/// Power of each bin over some frames, in ascending frequency, DC at N / 2. A spectrum's bins sum to the mean power of
/// its windowed samples; full scale is 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Frames counted.
    pub frames: u32,
    /// Mean power.
    pub mean: Vec<f32>,
    /// Greatest power.
    pub max: Vec<f32>,
    /// Least power.
    pub min: Vec<f32>,
}

impl Statistics {
    /// Nothing counted, `size` bins.
    pub(in crate::dsp) fn new(size: usize) -> Self {
        Self {
            frames: 0,
            mean: vec![0.0; size],
            max: vec![0.0; size],
            min: vec![0.0; size],
        }
    }
}

/// Copies bins from the order of the transform, DC first, to ascending frequency.
pub(super) fn centred(bins: &[f32], out: &mut [f32]) {
    let (positive, negative) = bins.split_at(bins.len().div_ceil(2));
    out[..negative.len()].copy_from_slice(negative);
    out[negative.len()..].copy_from_slice(positive);
}

//! Centre frequency of carriers against the Cramér–Rao bound (Rife & Boorstyn 1974).

use super::{
    BINS, Check, Effort, RATE_HZ, configuration, hear, ratio,
    signals::{Signals, add_tone},
};
use crate::dsp::window::Window;

/// Samples of one observation.
const SAMPLES: usize = 600 * BINS;
/// Carriers in an observation, well apart.
const CARRIERS: usize = 12;

/// Errors of the reported centre of carriers anywhere in a bin.
pub(super) fn measure(effort: Effort, seed: u64) -> Vec<Check> {
    [10.0, 20.0, 40.0]
        .map(|snr_db| carriers(seed, snr_db, effort.of(240, 1200)))
        .into()
}

fn carriers(seed: u64, snr_db: f64, wanted: usize) -> Check {
    let bin_hz = RATE_HZ / BINS as f64;
    let noise = 1e-4;
    let enbw = Window::blackman_harris(BINS).enbw_bins();
    let amplitude = (ratio(snr_db) * noise * enbw / BINS as f64).sqrt();
    let mut signals = Signals::new(seed ^ snr_db as u64);
    let (mut squares, mut worst, mut stated, mut found, mut made) = (0.0_f64, 0.0_f64, 0.0, 0, 0);
    while made < wanted {
        let mut samples = signals.noise(SAMPLES, noise);
        let places: Vec<f64> = (0..CARRIERS)
            .map(|i| (i as f64 - 6.0) * 75.0 + 20.0 + signals.between(0.0, 30.0))
            .collect();
        for place in &places {
            add_tone(&mut samples, place / BINS as f64, amplitude, signals.between(0.0, 1.0));
        }
        let (heard, _) = hear(&samples, &configuration(RATE_HZ));
        for place in &places {
            let truth_hz = place * bin_hz;
            let near = |error: &f64| error.abs() < 3.0 * bin_hz;
            let errors = heard
                .emissions
                .iter()
                .map(|e| (e.center_hz.as_f64() - truth_hz, e.center_uncertainty_hz));
            if let Some((error, sigma)) = errors
                .filter(|(error, _)| near(error))
                .min_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))
            {
                squares += (error / bin_hz).powi(2);
                worst = worst.max((error / bin_hz).abs());
                stated += sigma / bin_hz;
                found += 1;
            }
        }
        made += CARRIERS;
    }
    let rms = (squares / f64::from(found.max(1))).sqrt();
    let bound = bound_bins(ratio(snr_db) * enbw / BINS as f64);
    let limit = (2.0 * bound).max(0.02);
    Check {
        quantity: "centre frequency of a carrier, root mean square error".into(),
        conditions: format!(
            "{snr_db:.0} dB over the noise in its bin, anywhere in the bin, {SAMPLES} samples at 2.4 MS/s ({found} of {made} found); \
             Cramér–Rao bound for segments added by power {bound:.4} bin"
        ),
        expected: format!("at most {limit:.3} bin ({:.0} Hz)", limit * bin_hz),
        result: format!(
            "{rms:.4} bin (worst {worst:.3}; stated one sigma {:.3})",
            stated / f64::from(found.max(1))
        ),
        met: rms <= limit && found as usize == made,
    }
}

/// Bound of the frequency error, in bins, at the signal-to-noise ratio `snr` of a sample: per segment of `BINS` samples,
/// var f = 6 fs² / ((2π)² S N (N² − 1)), divided by the number of segments.
fn bound_bins(snr: f64) -> f64 {
    let n = BINS as f64;
    let per_segment = 6.0 / (std::f64::consts::TAU.powi(2) * snr * n * (n * n - 1.0));
    (per_segment / (SAMPLES / BINS) as f64).sqrt() * n
}

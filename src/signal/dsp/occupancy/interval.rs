//! Wilson's interval on effective visits, and what can be said of a state that was never seen.

use super::{ChannelCount, Quality, Terms};
use crate::dsp::detection::threshold_ratio;

/// Correlation above which a longer window would be needed to tell it from one.
const CORRELATION_MAX: f64 = 1.0 - 1e-9;

/// The flags of a channel, reduced to what the interval needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    /// Share of busy flags, as observed.
    pub(super) share: f64,
    /// Independent flags that would tell as much.
    pub(super) effective: f64,
    /// Correlation of the channel from visit to visit.
    pub(super) correlation: f64,
    /// Changes between neighbouring visits.
    pub(super) changes: u64,
    /// Degrees of freedom of the variance: changes of the channel, without those the detector's errors make.
    pub(super) freedom: f64,
}

impl Flags {
    pub(super) fn of(count: &ChannelCount, terms: &Terms) -> Self {
        let (n, busy) = (count.observed() as f64, count.busy as f64);
        let [[stay_free, rise], [fall, stay_busy]] = count.pairs;
        let changes = rise + fall;
        let share = busy / n;
        let lag_one = 1.0 - transition(rise, stay_free) - transition(fall, stay_busy);
        let plain = Self {
            share,
            effective: n * (1.0 - lag_one.max(0.0)) / (1.0 + lag_one.max(0.0)),
            correlation: lag_one.clamp(0.0, CORRELATION_MAX),
            changes,
            freedom: changes as f64,
        };
        match terms.quality {
            Some(quality) if changes > 0 => plain.with_errors(quality, n),
            _ => plain,
        }
    }

    /// The same where a part of the variance of the flags is the detector's.
    fn with_errors(self, quality: Quality, n: f64) -> Self {
        let power = quality.pd - quality.pfa;
        // A share that the false alarms explain has no variance of its own: one visit keeps the ratio in bounds.
        let p = quality.corrected(self.share).clamp(1.0 / n, 1.0 - 1.0 / n);
        let variance = (self.share * (1.0 - self.share)).max(1.0 / n * (1.0 - 1.0 / n));
        let part = (power * power * p * (1.0 - p) / variance).clamp(1e-9, 1.0);
        let correlation = (self.correlation / part).clamp(0.0, CORRELATION_MAX);
        let changes = 2.0 * n * p * (1.0 - p) * (1.0 - correlation);
        // The ratio of two estimates has a tail: no fewer changes than one in the window.
        let correlation = correlation.min(1.0 - 1.0 / (2.0 * n * p * (1.0 - p) + 1.0));
        Self {
            effective: n / (1.0 + 2.0 * part * correlation / (1.0 - correlation)),
            correlation,
            freedom: changes.clamp(1.0, self.changes.max(1) as f64),
            ..self
        }
    }
}

/// Probability of a change, half a transition added to either outcome.
fn transition(changed: u64, stayed: u64) -> f64 {
    (changed as f64 + 0.5) / ((changed + stayed) as f64 + 1.0)
}

/// Both ends for the observed share, before any correction.
pub(super) fn bounded(flags: &Flags, confidence: f64) -> [f64; 2] {
    wilson(
        flags.share,
        flags.effective,
        student_quantile(confidence, flags.freedom),
    )
}

/// Wilson's score interval (1927) of a share seen in `n` independent trials, `z` standard deviations wide.
#[must_use]
pub(super) fn wilson(share: f64, n: f64, z: f64) -> [f64; 2] {
    let squared = z * z / n;
    let centre = (share + squared / 2.0) / (1.0 + squared);
    let half = z / (1.0 + squared) * (share * (1.0 - share) / n + squared / (4.0 * n)).sqrt();
    [(centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0)]
}

/// Largest share of a state that stays away in `n` visits with probability `alpha`, when it lasts `visits` visits on
/// average: (1 − p)(1 − p/visits)^(n−1) = α; the rule of three, 3/n, for states of one visit.
pub(super) fn share_never_seen(n: u64, alpha: f64, visits: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let p: f64 = 0.5 * (low + high);
        let unseen = (-p).ln_1p() + (n as f64 - 1.0) * (-p / visits.max(1.0)).ln_1p();
        if unseen > alpha.ln() { low = p } else { high = p }
    }
    high
}

/// Two-sided quantile of the normal distribution: P(|Z| > z) = 1 − confidence, from Z² ~ 2 Γ(½).
pub(super) fn normal_quantile(confidence: f64) -> f64 {
    threshold_ratio(0.5, 1.0 - confidence).sqrt()
}

/// Two-sided quantile of Student's distribution (Hill 1970, CACM algorithm 396; the first two in closed form). At least
/// one degree of freedom is assumed.
pub(super) fn student_quantile(confidence: f64, freedom: f64) -> f64 {
    let (alpha, n) = (1.0 - confidence, freedom.max(1.0));
    if n < 1.5 {
        return (0.5 * std::f64::consts::PI * (1.0 - alpha)).tan();
    }
    if n < 2.5 {
        return (2.0 / (alpha * (2.0 - alpha)) - 2.0).sqrt();
    }
    let a = 1.0 / (n - 0.5);
    let b = 48.0 / (a * a);
    let mut c = ((20_700.0 * a / b - 98.0) * a - 16.0) * a + 96.36;
    let d = ((94.5 / (b + c) - 3.0) / b + 1.0) * (a * 0.5 * std::f64::consts::PI).sqrt() * n;
    let mut x = d * alpha;
    let mut y = x.powf(2.0 / n);
    if y > 0.05 + a {
        x = -normal_quantile(confidence);
        y = x * x;
        if n < 5.0 {
            c += 0.3 * (n - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x;
        y = (a * y * y).exp_m1();
    } else {
        y = ((1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0) + 0.5 / (n + 4.0)) * y - 1.0)
            * (n + 1.0)
            / (n + 2.0)
            + 1.0 / y;
    }
    (n * y).sqrt()
}

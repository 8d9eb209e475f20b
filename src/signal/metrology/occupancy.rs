//! Coverage of the occupancy interval on simulated channels whose occupancy is known.

use super::signals::Signals;
use crate::dsp::occupancy::{Bound, ChannelCount, Occupancy, Quality, Terms, Visit, correlation_of};

/// Time between visits.
const REVISIT_S: f64 = 1.0;
/// Share of the visits that do not take place, in stretches of a minute.
const MISSED: f64 = 0.1;
/// Busy periods to be expected in the window for a channel to count as resolved.
const PERIODS_MIN: f64 = 10.0;

/// What is simulated: two-state Markov channels with shares from 1 to 90 % and busy times from 0.5 to 300 s (uniform in
/// their logarithms), visited every second with a tenth of the visits missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Campaign {
    /// Seed of everything drawn.
    pub(crate) seed: u64,
    /// Channels.
    pub(crate) channels: u32,
    /// Length of the window in hours.
    pub(crate) hours: f64,
    /// Errors of the detector, simulated and corrected.
    pub(crate) quality: Option<Quality>,
}

/// How often the intervals of some channels held the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Coverage {
    /// Channels.
    pub(crate) channels: u32,
    /// Whose interval (nominal 95 %) holds the true share.
    pub(crate) covered: u32,
    /// Of these and the others, those answered by a bound on one side.
    pub(crate) one_sided: u32,
    /// Median width of the interval over the true share.
    pub(crate) width_median: f64,
    /// Mean of the estimate over the truth, less one, and the standard error of that mean.
    pub(crate) bias: f64,
    /// Standard error of `bias`.
    pub(crate) bias_error: f64,
}

impl Coverage {
    /// Share of intervals that hold the truth.
    pub(crate) fn share(&self) -> f64 {
        f64::from(self.covered) / f64::from(self.channels.max(1))
    }
}

/// Coverage by how much of a channel the window shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OccupancyResult {
    /// At least ten busy periods to be expected in the window.
    pub(crate) resolved: Coverage,
    /// Fewer, but busy and free both seen.
    pub(crate) few: Coverage,
    /// Never busy or never free: the bound holds only for bursts as short as it assumes (a minute).
    pub(crate) bounded: Coverage,
}

/// Simulates and measures.
pub(crate) fn measure(campaign: &Campaign) -> OccupancyResult {
    let mut draw = Signals::new(campaign.seed);
    let (mut resolved, mut few, mut bounded) = (Vec::new(), Vec::new(), Vec::new());
    let terms = Terms {
        quality: campaign.quality,
        ..Terms::default()
    };
    for _ in 0..campaign.channels {
        let (share, busy_s) = (draw.log_between(0.01, 0.9), draw.log_between(0.5, 300.0));
        let correlation = correlation_of(busy_s, busy_s * (1.0 - share) / share, REVISIT_S);
        let visits = (campaign.hours * 3600.0 / REVISIT_S) as u64;
        let count = simulate(&mut draw, share, correlation, visits, campaign.quality);
        let Some(occupancy) = count.occupancy(&terms) else {
            continue;
        };
        let periods = visits as f64 * share * (1.0 - share) * (1.0 - correlation);
        if periods >= PERIODS_MIN {
            resolved.push((share, occupancy));
        } else if occupancy.changes > 0 {
            few.push((share, occupancy));
        } else {
            bounded.push((share, occupancy));
        }
    }
    OccupancyResult {
        resolved: coverage(&resolved),
        few: coverage(&few),
        bounded: coverage(&bounded),
    }
}

/// Visits to a channel that is busy for `share` of the time with `correlation` from visit to visit.
fn simulate(draw: &mut Signals, share: f64, correlation: f64, visits: u64, quality: Option<Quality>) -> ChannelCount {
    let (rise, fall) = (share * (1.0 - correlation), (1.0 - share) * (1.0 - correlation));
    let mut busy = draw.uniform() < share;
    let mut count = ChannelCount::default();
    for visit in 0..visits {
        let away = visit % 600 < (600.0 * MISSED) as u64;
        let shown = quality.map_or(busy, |q| draw.uniform() < if busy { q.pd } else { q.pfa });
        count.push(match (away, shown) {
            (true, _) => Visit::Unobserved,
            (false, true) => Visit::Busy,
            (false, false) => Visit::Free,
        });
        busy ^= draw.uniform() < if busy { fall } else { rise };
    }
    count
}

fn coverage(answers: &[(f64, Occupancy)]) -> Coverage {
    let n = answers.len() as f64;
    if answers.is_empty() {
        return Coverage::default();
    }
    let count = |is: &dyn Fn(&(f64, Occupancy)) -> bool| answers.iter().filter(|answer| is(answer)).count() as u32;
    let mut widths: Vec<f64> = answers.iter().map(|(share, o)| (o.high - o.low) / share).collect();
    widths.sort_unstable_by(f64::total_cmp);
    let errors: Vec<f64> = answers.iter().map(|(share, o)| o.share / share - 1.0).collect();
    let bias = errors.iter().sum::<f64>() / n;
    let variance = errors.iter().map(|e| (e - bias) * (e - bias)).sum::<f64>() / (n - 1.0).max(1.0);
    Coverage {
        channels: answers.len() as u32,
        covered: count(&|(share, o)| o.low <= *share && *share <= o.high),
        one_sided: count(&|(_, o)| o.bound != Bound::Interval),
        width_median: widths[widths.len() / 2],
        bias,
        bias_error: (variance / n).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_cover_what_they_say() {
        let plain = Campaign {
            seed: 3,
            channels: 1000,
            hours: 24.0,
            quality: None,
        };
        let result = measure(&plain);
        let share = result.resolved.share();
        assert!((0.93..=0.97).contains(&share), "{result:?}");
        assert!(
            result.resolved.bias.abs() < 0.01 + 2.0 * result.resolved.bias_error,
            "{result:?}"
        );
        let errors = Campaign {
            quality: Some(Quality { pfa: 0.01, pd: 0.95 }),
            ..plain
        };
        let result = measure(&errors);
        let share = result.resolved.share();
        assert!((0.93..=0.97).contains(&share), "{result:?}");
    }

    #[test]
    fn a_window_of_few_busy_periods_gives_wide_intervals_and_no_wrong_ones() {
        let hour = Campaign {
            seed: 5,
            channels: 4000,
            hours: 1.0,
            quality: None,
        };
        let result = measure(&hour);
        assert!((0.93..=0.985).contains(&result.few.share()), "{result:?}");
        assert!(
            result.few.width_median > 3.0 * result.resolved.width_median,
            "{result:?}"
        );
    }
}

//! Occupancy of channels and bands from busy flags, with an interval that knows what was not seen.
//!
//! Terms of ITU-R SM.1880 and SM.2256: *frequency channel occupancy* (FCO) is the share of the visits to a channel at
//! which it was busy ([`ChannelCount`]); *frequency band occupancy* (FBO) is that share over all frequency points of a
//! band, *spectrum resource occupancy* (SRO) over all its channels: the same arithmetic on bins or on the channels of
//! a raster ([`BandCount`]). A visit that did not take place is [`Visit::Unobserved`]: it counts in no share, and where
//! nothing was observed there is no occupancy at all, rather than one of zero.
//!
//! **Interval.** A busy channel stays busy, so neighbouring visits tell the same thing twice. The flags are read as a
//! two-state Markov chain with the transition shares a = P(free → busy), b = P(busy → free) (each with half a transition
//! added to either outcome, Jeffreys), hence the correlation of neighbours r = 1 − a − b and n (1 − r)/(1 + r)
//! independent visits. Wilson's interval (1927) is taken on those. The number of changes that r rests on may be small:
//! the normal quantile becomes Student's with as many degrees of freedom as there were changes. `pinpu selftest
//! metrology` shows the coverage: it holds from a single change on.
//!
//! **Errors of the detector.** Flags that are busy with probability Pd in a busy channel and Pfa in a free one show
//! q = p Pd + (1 − p) Pfa. Share and interval are put right by p = (q − Pfa)/(Pd − Pfa). Such errors are independent from
//! visit to visit and hide the correlation: only the part A = (Pd − Pfa)² p (1 − p)/(q (1 − q)) of the variance of the
//! flags belongs to the channel, so their lag-1 correlation is A r and the variance of the share is
//! q (1 − q)/n · (1 + 2 A r/(1 − r)).
//!
//! Limits: where the detector's errors outnumber the busy periods, the correlation is hidden and the interval is too
//! narrow once fewer than ten busy periods fit into the window. Bursts shorter than the time between visits are counted
//! in proportion ([`chance_of_seeing`]). A channel whose busy times are all alike is steadier than a Markov chain and gets
//! an interval that is too wide, a periodic one in step with the visits none that is right.

mod band;
mod hour;
mod interval;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::interval::{Flags, bounded, share_never_seen};
pub use self::{
    band::BandCount,
    hour::{Hour, MINUTE, MINUTES, Minute},
};

/// What a visit to a channel showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visit {
    /// Over the threshold.
    Busy,
    /// Watched, and not over the threshold.
    Free,
    /// Not watched: away on another frequency, samples lost, overloaded.
    Unobserved,
}

impl Visit {
    /// A channel from its bins: busy where any is, free only where all were watched.
    #[must_use]
    pub fn any_of(bins: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = None;
        for bin in bins {
            match bin {
                Self::Busy => return Self::Busy,
                Self::Unobserved => whole = Some(Self::Unobserved),
                Self::Free => whole = whole.or(Some(Self::Free)),
            }
        }
        whole.unwrap_or(Self::Unobserved)
    }
}

/// How often the detector is right at one visit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Probability of *busy* in a free channel.
    pub pfa: f64,
    /// Probability of *busy* in a busy one.
    pub pd: f64,
}

impl Quality {
    /// False-alarm probability of a channel that is busy where any of `bins` independent bins is: 1 − (1 − Pfa)^bins.
    #[must_use]
    pub fn any_of(self, bins: f64) -> Self {
        Self {
            pfa: 1.0 - (1.0 - self.pfa).powf(bins),
            pd: self.pd,
        }
    }

    fn is_useful(self) -> bool {
        (0.0..1.0).contains(&self.pfa) && self.pd > self.pfa && self.pd <= 1.0
    }

    fn corrected(self, observed: f64) -> f64 {
        ((observed - self.pfa) / (self.pd - self.pfa)).clamp(0.0, 1.0)
    }
}

/// What an interval is asked for under.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Probability that the interval holds the true share.
    pub confidence: f64,
    /// Errors of the detector, where they are known; none: flags are taken as they are.
    pub quality: Option<Quality>,
    /// Mean length, in visits, assumed of a state that was never seen. A channel that was never busy does not say how
    /// long its bursts would be, and the longer they are the fewer fit into the same share: the bound is for bursts of
    /// this length, and shorter ones are held tighter.
    pub unseen_visits: f64,
}

impl Default for Terms {
    /// 95 %, no correction, bursts of sixty visits: a minute where a visit is a second.
    fn default() -> Self {
        Self {
            confidence: 0.95,
            quality: None,
            unseen_visits: 60.0,
        }
    }
}

/// Which ends of an interval were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Both.
    Interval,
    /// Never busy: only how much it may be.
    AtMost,
    /// Never free: only how little it may be.
    AtLeast,
}

/// The occupancy of what was observed, with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occupancy {
    /// Share of busy visits, 0 to 1, corrected for the detector's errors where they are known.
    pub share: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability that the interval holds the true share.
    pub confidence: f64,
    /// Which ends were measured.
    pub bound: Bound,
    /// Visits that were observed (of all channels, for a band).
    pub observed: u64,
    /// Visits that were asked for.
    pub asked: u64,
    /// `observed / asked`.
    pub coverage: f64,
    /// Visits between which the state changed.
    pub changes: u64,
    /// Correlation of neighbouring visits (of the channel, not of the flags, where the detector's errors are known).
    pub correlation: f64,
    /// Independent visits that would tell as much.
    pub effective_samples: f64,
}

impl fmt::Display for Occupancy {
    /// `12.4 % (10.9 to 14.1 %)`, `at most 0.3 %`, `at least 98.7 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [share, low, high] = [self.share, self.low, self.high].map(|part| 100.0 * part);
        match self.bound {
            Bound::Interval => {
                let places = places(low, high);
                write!(f, "{share:.places$} % ({low:.places$} to {high:.places$} %)")
            }
            Bound::AtMost => write!(f, "at most {high:.0$} %", places(0.0, high)),
            Bound::AtLeast => write!(f, "at least {low:.0$} %", places(low, 100.0)),
        }
    }
}

/// Decimals that show two digits of the width of an interval in percent; never so few that a bound reads as nothing.
fn places(low: f64, high: f64) -> usize {
    let digit = (high - low).max(1e-6).log10().floor();
    (1.0 - digit).clamp(0.0, 6.0) as usize
}

/// Visits to one channel, at equal distances in time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelCount {
    asked: u64,
    busy: u64,
    free: u64,
    /// Pairs of visits that followed one another: `[from][to]`, 0 free, 1 busy.
    pairs: [[u64; 2]; 2],
    last: Option<bool>,
}

impl ChannelCount {
    /// Takes the next visit.
    pub fn push(&mut self, visit: Visit) {
        self.push_run(visit, 1);
    }

    /// Takes the next `visits` visits, all of which showed the same.
    pub fn push_run(&mut self, visit: Visit, visits: u64) {
        let busy = match visit {
            _ if visits == 0 => return,
            Visit::Busy => true,
            Visit::Free => false,
            Visit::Unobserved => return self.miss(visits),
        };
        self.asked += visits;
        if busy {
            self.busy += visits;
        } else {
            self.free += visits;
        }
        if let Some(last) = self.last {
            self.pairs[usize::from(last)][usize::from(busy)] += 1;
        }
        self.pairs[usize::from(busy)][usize::from(busy)] += visits - 1;
        self.last = Some(busy);
    }

    /// The next visit does not follow the last at the usual distance: the two say nothing of the correlation.
    pub fn interrupt(&mut self) {
        self.last = None;
    }

    /// Visits asked for that did not take place, all at once.
    pub fn miss(&mut self, visits: u64) {
        self.asked += visits;
        self.interrupt();
    }

    /// Visits observed.
    #[must_use]
    pub fn observed(&self) -> u64 {
        self.busy + self.free
    }

    /// Visits asked for.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Frequency channel occupancy; `None` where nothing was observed, or where `terms` names a detector that cannot
    /// tell busy from free (Pd ≤ Pfa).
    #[must_use]
    pub fn occupancy(&self, terms: &Terms) -> Option<Occupancy> {
        let observed = self.observed();
        if observed == 0 || terms.quality.is_some_and(|quality| !quality.is_useful()) {
            return None;
        }
        let flags = Flags::of(self, terms);
        let known = |low, high, bound| Occupancy {
            share: terms
                .quality
                .map_or(flags.share, |quality| quality.corrected(flags.share)),
            low,
            high,
            confidence: terms.confidence,
            bound,
            observed,
            asked: self.asked,
            coverage: observed as f64 / self.asked as f64,
            changes: flags.changes,
            correlation: flags.correlation,
            effective_samples: flags.effective,
        };
        let correct = |part: f64| terms.quality.map_or(part, |quality| quality.corrected(part));
        if self.busy == 0 || self.free == 0 {
            let bound = share_never_seen(observed, 1.0 - terms.confidence, terms.unseen_visits);
            return Some(if self.busy == 0 {
                known(0.0, correct(bound).max(bound), Bound::AtMost)
            } else {
                known(correct(1.0 - bound).min(1.0 - bound), 1.0, Bound::AtLeast)
            });
        }
        let [low, high] = bounded(&flags, terms.confidence).map(correct);
        Some(match (low <= 0.0, high >= 1.0) {
            (true, false) => known(0.0, high, Bound::AtMost),
            (false, true) => known(low, 1.0, Bound::AtLeast),
            _ => known(low, high, Bound::Interval),
        })
    }
}

/// Probability of seeing at least one of `bursts` bursts of `burst_s` in visits `revisit_s` apart:
/// 1 − (1 − min(1, d/T))^k.
#[must_use]
pub fn chance_of_seeing(bursts: u32, burst_s: f64, revisit_s: f64) -> f64 {
    1.0 - (1.0 - (burst_s / revisit_s).clamp(0.0, 1.0)).powi(bursts.cast_signed())
}

/// Correlation of visits `revisit_s` apart to a channel busy for `busy_s` and free for `free_s` on average, both
/// exponentially distributed: exp(−T (1/busy + 1/free)).
#[must_use]
pub fn correlation_of(busy_s: f64, free_s: f64, revisit_s: f64) -> f64 {
    (-revisit_s * (1.0 / busy_s + 1.0 / free_s)).exp()
}

/// Visits after which a share is known within `relative` of itself at `confidence`, when neighbours are correlated by
/// `correlation`: (z/e)² (1 − p)/p · (1 + r)/(1 − r).
#[must_use]
pub fn visits_needed(share: f64, relative: f64, confidence: f64, correlation: f64) -> f64 {
    let z = interval::normal_quantile(confidence) / relative;
    z * z * (1.0 - share) / share * (1.0 + correlation) / (1.0 - correlation)
}

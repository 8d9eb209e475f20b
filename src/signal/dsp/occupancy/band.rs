//! A band of many channels: how much of it is in use.

use super::{
    Bound, ChannelCount, MINUTE, Minute, Occupancy, Terms, Visit,
    interval::{Flags, share_never_seen, student_quantile, wilson},
};

/// Visits to all channels of a band, one after another: over frequency points its share is the *frequency band
/// occupancy*, over the channels of a raster the *spectrum resource occupancy*.
///
/// The variance of the share is the sum over the channels, each with its own correlation in time, times how much more
/// (never less) the busy share of single visits varies than it would were the channels independent: two bins of one
/// signal are one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BandCount {
    channels: Vec<ChannelCount>,
    /// Visits at which anything was observed; the sum of their busy shares, and of the squares.
    visits: u64,
    shares: f64,
    squares: f64,
}

impl BandCount {
    /// A band of `channels` channels, not visited yet.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self {
            channels: vec![ChannelCount::default(); channels],
            ..Self::default()
        }
    }

    /// The channels in order, for their own occupancy.
    #[must_use]
    pub fn channels(&self) -> &[ChannelCount] {
        &self.channels
    }

    /// Takes a visit to every channel.
    ///
    /// # Panics
    /// When there are not as many flags as channels.
    pub fn push(&mut self, visit: &[Visit]) {
        self.push_run(visit, 1);
    }

    /// Takes `visits` visits to every channel, all of which showed the same.
    ///
    /// # Panics
    /// When there are not as many flags as channels.
    pub fn push_run(&mut self, visit: &[Visit], visits: u64) {
        assert_eq!(
            visit.len(),
            self.channels.len(),
            "one flag for each channel of the band"
        );
        for (channel, flag) in self.channels.iter_mut().zip(visit) {
            channel.push_run(*flag, visits);
        }
        let count = |wanted: Visit| visit.iter().filter(|flag| **flag == wanted).count() as f64;
        let (busy, free) = (count(Visit::Busy), count(Visit::Free));
        if busy + free > 0.0 {
            let (share, n) = (busy / (busy + free), visits as f64);
            self.visits += visits;
            self.shares += n * share;
            self.squares += n * share * share;
        }
    }

    /// Takes a minute of visits a second to every channel.
    ///
    /// # Panics
    /// When there are not as many rows as channels.
    pub fn push_minute(&mut self, minute: &[Minute]) {
        let at = |second: usize| minute.iter().map(|channel| channel[second]).collect::<Vec<_>>();
        let mut second = 0;
        while second < MINUTE {
            // Most of the time nothing changes anywhere: as far as the next change in one step.
            let same = |channel: &Minute| {
                let rest = &channel[second..];
                rest.iter().take_while(|visit| **visit == rest[0]).count()
            };
            let run = minute.iter().map(same).min().unwrap_or(MINUTE - second);
            self.push_run(&at(second), run as u64);
            second += run;
        }
    }

    /// The next visit does not follow the last at the usual distance; see [`ChannelCount::interrupt`].
    pub fn interrupt(&mut self) {
        self.channels.iter_mut().for_each(ChannelCount::interrupt);
    }

    /// Occupancy of the band; `None` where nothing was observed.
    #[must_use]
    pub fn occupancy(&self, terms: &Terms) -> Option<Occupancy> {
        let observed: u64 = self.channels.iter().map(ChannelCount::observed).sum();
        let asked: u64 = self.channels.iter().map(|channel| channel.asked).sum();
        let busy: u64 = self.channels.iter().map(|channel| channel.busy).sum();
        if observed == 0 || terms.quality.is_some_and(|quality| !quality.is_useful()) {
            return None;
        }
        let correct = |part: f64| terms.quality.map_or(part, |quality| quality.corrected(part));
        let share = busy as f64 / observed as f64;
        let (n, total) = (observed as f64, self.spread(terms));
        let known = |low, high, bound| Occupancy {
            share: correct(share),
            low,
            high,
            confidence: terms.confidence,
            bound,
            observed,
            asked,
            coverage: n / asked as f64,
            changes: total.changes,
            correlation: total.correlation,
            effective_samples: total.effective,
        };
        if busy == 0 || busy == observed {
            let bound = share_never_seen(self.visits, 1.0 - terms.confidence, terms.unseen_visits);
            return Some(if busy == 0 {
                known(0.0, correct(bound).max(bound), Bound::AtMost)
            } else {
                known(correct(1.0 - bound).min(1.0 - bound), 1.0, Bound::AtLeast)
            });
        }
        let z = student_quantile(terms.confidence, total.freedom);
        let [low, high] = wilson(share, total.effective, z).map(correct);
        Some(match (low <= 0.0, high >= 1.0) {
            (true, false) => known(low, high, Bound::AtMost),
            (false, true) => known(low, high, Bound::AtLeast),
            _ => known(low, high, Bound::Interval),
        })
    }

    /// The flags of all channels as those of one.
    fn spread(&self, terms: &Terms) -> Flags {
        let observed: f64 = self.channels.iter().map(|c| c.observed() as f64).sum();
        let busy: f64 = self.channels.iter().map(|c| c.busy as f64).sum();
        let share = busy / observed;
        let (mut variance, mut at_once, mut weighted, mut changes, mut freedom) = (0.0, 0.0, 0.0, 0, 0.0);
        for channel in self.channels.iter().filter(|channel| channel.observed() > 0) {
            let flags = Flags::of(channel, terms);
            let (n, part) = (channel.observed() as f64, channel.observed() as f64 / observed);
            // A channel whose state never changed still weighs: half a visit of the other state.
            let p = flags.share.clamp(0.5 / n, 1.0 - 0.5 / n);
            let one = part * part * p * (1.0 - p);
            variance += one / flags.effective;
            at_once += one;
            weighted += one * flags.correlation;
            changes += flags.changes;
            freedom += flags.freedom;
        }
        let visits = self.visits as f64;
        let of_visits = (self.squares / visits - (self.shares / visits).powi(2)).max(0.0);
        let together = (of_visits / at_once).max(1.0);
        Flags {
            share,
            effective: (share * (1.0 - share) / (variance * together)).max(1e-3),
            correlation: weighted / at_once,
            changes,
            freedom: freedom / together,
        }
    }
}

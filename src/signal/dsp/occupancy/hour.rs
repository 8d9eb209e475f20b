//! Visits out of what was kept of an hour: the seconds observed in each minute, and when something was on.
//!
//! ITU-R SM.1880 and SM.2256 define the occupancy of a channel by time, T_occupied over T_integration, and estimate it by
//! visits that each stand for the time to the next. On-times are kept to a thousandth of a second here, so a visit stands
//! for one second *observed*, and busy visits are dealt out so that their number is the on-time: what a second was on goes
//! onto an account, and a visit is busy when the account holds half a second or more, which is then taken from it. The
//! share is thereby the share of time, whatever the length of the bursts, to half a second in all; a minute with one short
//! burst in it is no busy minute.
//!
//! Of a minute that was observed for k seconds, k visits took place and 60 − k did not. Where in the minute a receiver that
//! hops was here is not kept. A burst longer than [`STAY_S`] was followed over the hops and counts by the clock; a shorter
//! one was seen within one stay, and as many are taken to have been missed as there were other places to be.

use super::Visit;

/// Seconds, and so visits, of a minute.
pub const MINUTE: usize = 60;
/// Minutes of an hour.
pub const MINUTES: usize = 60;
const SECONDS: usize = MINUTE * MINUTES;
/// Longest stay of a receiver that hops, as far as bursts are concerned, seconds. Ours: the usual stay is half of it.
const STAY_S: f64 = 1.0;

/// What the visits to a channel in one minute showed, one a second.
pub type Minute = [Visit; MINUTE];

/// One hour of several channels. Seconds count from its beginning. Memory: 14 KiB a channel, taken once.
#[derive(Debug, Clone)]
pub struct Hour {
    channels: usize,
    /// Seconds observed, channel by channel and minute by minute.
    watched_s: Vec<f32>,
    /// On-time of each second of a channel, seconds; of bursts seen within one stay, with those taken as missed.
    on_s: Vec<f32>,
    /// Whether anything was on in a minute of a channel.
    touched: Vec<bool>,
    /// On-time that no visit has shown yet; from hour to hour.
    account_s: Vec<f32>,
}

impl Hour {
    /// An hour in which nothing was observed.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self {
            channels,
            watched_s: vec![0.0; channels * MINUTES],
            on_s: vec![0.0; channels * SECONDS],
            touched: vec![false; channels * MINUTES],
            account_s: vec![0.0; channels],
        }
    }

    /// The channel was observed for `seconds` of the minute. Of several that say so (bands that overlap) the longest counts.
    ///
    /// # Panics
    /// Beyond the channels or the hour.
    pub fn watch(&mut self, channel: usize, minute: usize, seconds: f64) {
        assert!(channel < self.channels && minute < MINUTES, "a minute of a channel");
        let watched = &mut self.watched_s[channel * MINUTES + minute];
        *watched = watched.max(seconds.clamp(0.0, MINUTE as f64) as f32);
    }

    /// Something was on in these channels from `start_s` to `stop_s`, for `duty` of that time. After all of [`Self::watch`].
    ///
    /// # Panics
    /// Beyond the channels. What lies beyond the hour is not counted.
    pub fn on(&mut self, channels: &[usize], [start_s, stop_s]: [f64; 2], duty: f64) {
        let is_stay = stop_s - start_s <= STAY_S;
        let (first_s, last_s) = (start_s.max(0.0), stop_s.min(SECONDS as f64));
        for second in first_s as usize..last_s.ceil().max(0.0) as usize {
            let from = second as f64;
            let part_s = (last_s.min(from + 1.0) - first_s.max(from)).max(0.0) * duty;
            for &channel in channels {
                let minute = channel * MINUTES + second / MINUTE;
                let watched_s = f64::from(self.watched_s[minute]);
                if watched_s <= 0.0 {
                    continue;
                }
                let missed = if is_stay { MINUTE as f64 / watched_s } else { 1.0 };
                let on = &mut self.on_s[channel * SECONDS + second];
                // Two signals in one channel keep it no busier than one.
                *on = (f64::from(*on) + part_s * missed).min(missed.max(f64::from(*on))) as f32;
                self.touched[minute] = true;
            }
        }
    }

    /// The visits of a minute, channel by channel. To be asked for every minute in order: what is left over goes on.
    ///
    /// # Panics
    /// Beyond the hour, or with room for another number of channels.
    pub fn visits_into(&mut self, minute: usize, visits: &mut [Minute]) {
        assert!(
            minute < MINUTES && visits.len() == self.channels,
            "a minute of each channel"
        );
        for (channel, row) in visits.iter_mut().enumerate() {
            let took_place = self.watched_s[channel * MINUTES + minute].round() as usize;
            row[took_place..].fill(Visit::Unobserved);
            if !self.touched[channel * MINUTES + minute] {
                row[..took_place].fill(Visit::Free);
                continue;
            }
            let begin = channel * SECONDS + minute * MINUTE;
            let seconds = &self.on_s[begin..begin + MINUTE];
            let account = &mut self.account_s[channel];
            let stretch_s = MINUTE as f64 / took_place.max(1) as f64;
            for (n, visit) in row[..took_place].iter_mut().enumerate() {
                let share = sum_between(seconds, n as f64 * stretch_s, (n + 1) as f64 * stretch_s) / stretch_s;
                *account += share.min(1.0) as f32;
                *visit = if *account >= 0.5 { Visit::Busy } else { Visit::Free };
                if *visit == Visit::Busy {
                    *account -= 1.0;
                }
            }
        }
    }

    /// Forgets the hour for the next one.
    pub fn clear(&mut self) {
        self.watched_s.fill(0.0);
        self.on_s.fill(0.0);
        self.touched.fill(false);
    }
}

/// Sum of what lies between two times, where each second's part is spread over it evenly.
fn sum_between(seconds: &[f32], from_s: f64, to_s: f64) -> f64 {
    let last = (to_s.ceil() as usize).min(seconds.len());
    (from_s as usize..last)
        .map(|second| {
            let common = to_s.min(second as f64 + 1.0) - from_s.max(second as f64);
            f64::from(seconds[second]) * common.max(0.0)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::dsp::occupancy::{BandCount, Terms};

    fn counted(hour: &mut Hour, channel: usize) -> [usize; 3] {
        let mut rows = vec![[Visit::Unobserved; MINUTE]; hour.channels];
        let mut counts = [0; 3];
        for minute in 0..MINUTES {
            hour.visits_into(minute, &mut rows);
            for visit in rows[channel] {
                counts[match visit {
                    Visit::Busy => 0,
                    Visit::Free => 1,
                    Visit::Unobserved => 2,
                }] += 1;
            }
        }
        counts
    }

    fn watched(channels: usize, minutes: Range<usize>, seconds: f64) -> Hour {
        let mut hour = Hour::new(channels);
        for minute in minutes {
            (0..channels).for_each(|channel| hour.watch(channel, minute, seconds));
        }
        hour
    }

    #[test]
    fn visits_are_seconds_of_what_was_observed() {
        // 20 minutes watched, on from 5:00.3 to 7:00.3 in the first channel only.
        let mut hour = watched(2, 0..20, 60.0);
        hour.on(&[0], [300.3, 420.3], 1.0);
        assert_eq!(counted(&mut hour.clone(), 0), [120, 1080, 2400]);
        assert_eq!(counted(&mut hour, 1), [0, 1200, 2400]);
    }

    #[test]
    fn what_was_on_while_nobody_watched_counts_nowhere() {
        let mut hour = watched(1, 0..1, 60.0);
        hour.on(&[0], [-100.0, 4000.0], 1.0);
        assert_eq!(counted(&mut hour, 0), [60, 0, 3540], "on over the ends of the hour");
    }

    #[test]
    fn short_bursts_count_by_their_time_and_not_by_their_number() {
        // 0.1 s in every second of an hour: six minutes; and one burst of 0.1 s is none.
        let mut hour = watched(1, 0..60, 60.0);
        (0..3600).for_each(|s| hour.on(&[0], [f64::from(s) + 0.2, f64::from(s) + 0.3], 1.0));
        let [busy, free, missed] = counted(&mut hour, 0);
        assert!(
            busy.abs_diff(360) <= 1 && missed == 0 && busy + free == 3600,
            "{busy} {free}"
        );
        let mut hour = watched(1, 0..60, 60.0);
        hour.on(&[0], [10.0, 10.1], 1.0);
        assert_eq!(counted(&mut hour, 0), [0, 3600, 0]);
        // What is left over is not lost from one hour to the next.
        hour.clear();
        (0..60).for_each(|minute| hour.watch(0, minute, 60.0));
        (0..5).for_each(|s| hour.on(&[0], [f64::from(s), f64::from(s) + 0.1], 1.0));
        assert_eq!(
            counted(&mut hour, 0)[0],
            1,
            "0.1 s of the hour before and 0.5 s of this one"
        );
    }

    #[test]
    fn a_receiver_that_hops_is_credited_with_what_it_saw() {
        // A fifth of each minute was spent here: 12 visits a minute.
        let mut steady = watched(1, 0..60, 12.0);
        steady.on(&[0], [0.0, 3600.0], 1.0);
        assert_eq!(counted(&mut steady, 0), [720, 0, 2880]);
        // On for the first half hour, followed over the hops.
        let mut half = watched(1, 0..60, 12.0);
        half.on(&[0], [0.0, 1800.0], 1.0);
        assert_eq!(counted(&mut half, 0), [360, 360, 2880]);
        // Half a second once a minute, seen within a stay: 0.5 of 12 s.
        let mut brief = watched(1, 0..60, 12.0);
        (0..60).for_each(|minute| {
            let start_s = f64::from(minute) * 60.0 + 3.0;
            brief.on(&[0], [start_s, start_s + 0.5], 1.0);
        });
        let [busy, ..] = counted(&mut brief, 0);
        assert!(busy.abs_diff(30) <= 1, "{busy}");
    }

    #[test]
    fn a_duty_stands_for_bursts_that_were_not_listed_and_two_signals_are_no_more_than_one() {
        let mut hour = watched(1, 0..60, 60.0);
        hour.on(&[0], [0.0, 3600.0], 0.25);
        assert_eq!(counted(&mut hour, 0)[0], 900);
        let mut hour = watched(1, 0..60, 60.0);
        hour.on(&[0], [0.0, 600.0], 1.0);
        hour.on(&[0], [300.0, 900.0], 1.0);
        assert_eq!(counted(&mut hour, 0)[0], 900);
    }

    #[test]
    fn minutes_in_one_step_count_like_seconds_one_by_one() {
        let mut hour = watched(3, 0..60, 60.0);
        hour.watch(2, 0, 60.0);
        hour.on(&[0, 1], [100.0, 103.0], 1.0);
        hour.on(&[1], [1000.0, 2000.5], 1.0);
        let (mut fast, mut slow) = (BandCount::new(3), BandCount::new(3));
        let mut rows = vec![[Visit::Unobserved; MINUTE]; 3];
        for minute in 0..MINUTES {
            hour.visits_into(minute, &mut rows);
            fast.push_minute(&rows);
            for ((first, second), third) in rows[0].iter().zip(&rows[1]).zip(&rows[2]) {
                slow.push(&[*first, *second, *third]);
            }
        }
        assert_eq!(fast.channels(), slow.channels());
        let [fast, slow] = [fast, slow].map(|band| band.occupancy(&Terms::default()).expect("observed"));
        assert!((fast.high - slow.high).abs() < 1e-12, "{fast:?} {slow:?}");
        assert_eq!(fast.share, (3.0 + 3.0 + 1001.0) / 10_800.0);
    }
}

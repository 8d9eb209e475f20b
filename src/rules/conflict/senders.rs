//! The senders behind a list of emissions: what came and went on one channel is one sender with a history.

use super::{Measured, Present, Rules, measured::Uncertainty};
use crate::detect::Emission;

/// Groups looked back at, by frequency, for the sender an emission belongs to.
const NEIGHBOURS: usize = 8;

/// Whether all times an emission was on are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// It ended, or the observation did, and nothing in it went unobserved.
    Whole,
    /// It is still on, and nothing in it went unobserved so far.
    SoFar,
    /// Something went unobserved.
    Partial,
}

/// A sender and the emissions taken for its.
#[derive(Debug, Clone, PartialEq)]
pub struct Sender {
    /// The strongest of its emissions, with the history of all.
    pub present: Present,
    /// Number, first and last second of each.
    pub members: Vec<(u64, f64, f64)>,
}

impl Sender {
    /// Its emission that was on the air at a time of this interval.
    #[must_use]
    pub fn member_within(&self, start_s: f64, stop_s: f64) -> Option<u64> {
        let meets = |member: &&(u64, f64, f64)| member.1 <= stop_s && member.2 >= start_s;
        self.members.iter().find(meets).map(|member| member.0)
    }

    fn new(emission: &Emission, history: History, rules: &Rules) -> Self {
        let listed = emission.bursts.len() as u64 == emission.bursts_total;
        // The oscillator is the same for all.
        let expanded_hz = Uncertainty::of(&Measured::from(emission), 0.0, rules).frequency_hz;
        Self {
            present: Present {
                id: format!("#{}", emission.id),
                center_hz: emission.center_hz.as_f64(),
                sigma_hz: expanded_hz / rules.coverage_factor,
                bandwidth_hz: emission.bandwidth_hz.as_f64(),
                level_db: emission.power_dbfs,
                on: (history != History::Partial && listed).then(|| emission.bursts.clone()),
                known_s: match history {
                    History::Whole => f64::INFINITY,
                    History::SoFar | History::Partial => emission.stop_s,
                },
            },
            members: vec![(emission.id, emission.start_s, emission.stop_s)],
        }
    }

    /// On one channel, as a baseline would say, and not at the same time.
    fn is(&self, other: &Self, rules: &Rules) -> bool {
        let (a, b) = (&self.present, &other.present);
        let wider = a.bandwidth_hz.max(b.bandwidth_hz);
        let ratio = wider / a.bandwidth_hz.min(b.bandwidth_hz).max(1.0);
        let near = rules.coverage_factor * a.sigma_hz.hypot(b.sigma_hz) + rules.baseline.same_share * wider;
        let at_once = |&(_, start_s, stop_s): &(u64, f64, f64)| self.member_within(start_s, stop_s).is_some();
        (a.center_hz - b.center_hz).abs() <= near
            && ratio <= rules.baseline.same_ratio
            && !other.members.iter().any(at_once)
    }

    fn unite(&mut self, other: Self) {
        let (mine, theirs) = (self.present.on.take(), other.present.on.clone());
        let on = mine.zip(theirs).map(|(mut mine, theirs)| {
            mine.extend(theirs);
            mine.sort_by(|a, b| a[0].total_cmp(&b[0]));
            mine
        });
        let known_s = self.present.known_s.min(other.present.known_s);
        if other.present.level_db > self.present.level_db {
            self.present = other.present;
        }
        (self.present.on, self.present.known_s) = (on, known_s);
        self.members.extend(other.members);
    }
}

/// The senders of these emissions, by frequency; the order of the emissions makes no difference.
#[must_use]
pub fn senders<'a>(emissions: impl IntoIterator<Item = (&'a Emission, History)>, rules: &Rules) -> Vec<Sender> {
    let mut emissions: Vec<_> = emissions.into_iter().collect();
    emissions.sort_by_key(|(emission, _)| (emission.center_hz, emission.id));
    let mut all: Vec<Sender> = Vec::new();
    for (emission, history) in emissions {
        let one = Sender::new(emission, history, rules);
        match all
            .iter_mut()
            .rev()
            .take(NEIGHBOURS)
            .find(|sender| sender.is(&one, rules))
        {
            Some(sender) => sender.unite(one),
            None => all.push(one),
        }
    }
    all
}

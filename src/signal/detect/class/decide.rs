//! From features to a class, or to none: every class asks for all of its features, and what lies between two classes is
//! neither.

use super::{Class, Features};

/// What a class asks for. Ratios without a unit where none is given. Where a value follows from theory the theory is named;
/// the others were chosen on the signals of `metrology::classes` so that wrong answers are rarer than one in a hundred at
/// 20 dB, and held against recordings.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Signal over noise in the cut below which nothing is decided, dB.
    pub snr_min_db: f64,
    /// Time on times bandwidth below which nothing is decided: the histogram of the frequency needs some hundreds of values.
    pub time_bandwidth_min: f64,
    /// Kurtosis up to which an envelope is constant. 1 is; filtered QPSK has 1.3, and a voice channel with 100 % AM 1.4.
    pub constant_max: f64,
    /// Share of the energy in its line from which a carrier is unmodulated.
    pub carrier_min: f64,
    /// Share of the energy in the carrier of AM, least: 100 % modulation by a square wave leaves one half.
    pub am_carrier_min: f64,
    /// Share of the sidebands that is in phase with the carrier, least; 0.5 is one sideband.
    pub am_in_phase_min: f64,
    /// Sidebands over noise in the cut, dB, from which their phase can be told.
    pub sidebands_min_db: f64,
    /// Share of time off of keying, least.
    pub keyed_low_min: f64,
    /// Share of time between off and on of keying, most; a tone at 80 % AM has 0.29.
    pub keyed_middle_max: f64,
    /// Changes from off to on, least.
    pub keyed_edges_min: usize,
    /// Spread of the frequency over the bandwidth up to which it is one frequency.
    pub steady_max: f64,
    /// The same from which it is modulated. Two tones of FSK have 0.3, speech 0.15.
    pub modulated_min: f64,
    /// Kurtosis of the frequency of stepped modulation, most. Four equally spaced values have 1.64.
    pub stepped_max: f64,
    /// Kurtosis of the frequency of modulation that is not stepped, least. Filtered steps stay below 2, a Gaussian has 3.
    pub smooth_min: f64,
    /// Share of the variance of the frequency in one line from which the modulation is a tone.
    pub tone_min: f64,
    /// Changes between two frequencies, least.
    pub changes_min: usize,
    /// Pilot tone over its neighbourhood, dB.
    pub pilot_min_db: f64,
    /// Bandwidth of FM broadcasting, least (ITU-R SM.1138: 180 to 300 kHz; the 99 % band of quiet programmes is narrower).
    pub broadcast_min_hz: f64,
    /// Likeness at one lag over that of all lags. Of 10⁵ Rayleigh distributed values one exceeds 6.8 by chance in 10⁵ stretches.
    pub prefix_min: f64,
    /// Kurtosis of the envelope of many carriers: 2 by the central limit theorem; the gaps of a frame raise it.
    pub many_carriers: [f64; 2],
    /// Share of time of many carriers between a third and two thirds of the plateau; a Rayleigh distribution has one half.
    pub many_middle_min: f64,
    /// Longest pulse, seconds.
    pub pulse_max_s: f64,
    /// Share of time in pulses, most.
    pub pulse_share_max: f64,
    /// Bandwidth of speech in one sideband (ITU-R SM.1138: J3E 2.7 kHz).
    pub ssb_hz: [f64; 2],
    /// Kurtosis of the envelope of speech, least; data modems of that width have up to 2.
    pub ssb_kurtosis_min: f64,
    /// Change of its level between syllables, dB.
    pub ssb_syllables_min_db: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            snr_min_db: 10.0,
            time_bandwidth_min: 200.0,
            constant_max: 1.1,
            carrier_min: 0.96,
            am_carrier_min: 0.4,
            am_in_phase_min: 0.8,
            sidebands_min_db: 0.0,
            keyed_low_min: 0.06,
            keyed_middle_max: 0.16,
            keyed_edges_min: 4,
            steady_max: 0.1,
            modulated_min: 0.04,
            stepped_max: 1.95,
            smooth_min: 2.1,
            tone_min: 0.7,
            changes_min: 12,
            pilot_min_db: 12.0,
            broadcast_min_hz: 50_000.0,
            prefix_min: 7.0,
            many_carriers: [1.7, 2.5],
            many_middle_min: 0.25,
            pulse_max_s: 500e-6,
            pulse_share_max: 0.1,
            ssb_hz: [1_200.0, 4_000.0],
            ssb_kurtosis_min: 2.2,
            ssb_syllables_min_db: 10.0,
        }
    }
}

/// The class of what has these features with a score between 0.6, where a feature is at its limit, and 1, where all are well
/// beyond; `None` where they fit no class or too little was seen.
#[must_use]
pub fn decide(features: &Features, limits: &Limits) -> Option<(Class, f64)> {
    let envelope = &features.envelope;
    if envelope.snr_db < limits.snr_min_db {
        return None;
    }
    let case = Case { features, limits };
    if let Some(score) = case.pulse() {
        return Some((Class::Pulse, score));
    }
    // A carrier has no bandwidth and keying shows in its edges: they need no more than a stretch of samples.
    let plain = [(Class::Ook, case.ook()), (Class::Carrier, case.carrier())];
    if features.time_bandwidth < limits.time_bandwidth_min {
        return first(plain);
    }
    let answers = [
        (Class::Ofdm, case.ofdm()),
        (Class::FmBroadcast, case.fm_broadcast()),
        (Class::Fsk, case.fsk()),
        plain[0],
        plain[1],
        (Class::Am, case.am()),
        (Class::Fm, case.fm()),
        (Class::Ssb, case.ssb()),
    ];
    first(answers)
}

/// The first class that has a score.
fn first<const N: usize>(answers: [(Class, Option<f64>); N]) -> Option<(Class, f64)> {
    answers
        .into_iter()
        .find_map(|(class, score)| score.map(|score| (class, score)))
}

struct Case<'a> {
    features: &'a Features,
    limits: &'a Limits,
}

/// How far a value lies beyond its limit: 0 at it, 1 at `sure`; `None` on its other side.
fn beyond(value: f64, limit: f64, sure: f64) -> Option<f64> {
    let share = (value - limit) / (sure - limit);
    (share >= 0.0).then_some(share.min(1.0))
}

/// The score when all of them are met.
fn all<const N: usize>(margins: [Option<f64>; N]) -> Option<f64> {
    let mut least = 1.0_f64;
    for margin in margins {
        least = least.min(margin?);
    }
    Some(0.6 + 0.4 * least.sqrt())
}

impl Case<'_> {
    fn keyed(&self) -> bool {
        let limits = self.limits;
        self.features
            .envelope
            .is_keyed(limits.keyed_low_min, limits.keyed_middle_max)
    }

    /// Kurtosis of the envelope, of a keyed signal while it is on.
    fn kurtosis(&self) -> f64 {
        let envelope = &self.features.envelope;
        if self.keyed() {
            envelope.kurtosis_on
        } else {
            envelope.kurtosis
        }
    }

    fn constant(&self) -> Option<f64> {
        beyond(self.kurtosis(), self.limits.constant_max, 1.03)
    }

    fn pulse(&self) -> Option<f64> {
        let (features, limits) = (self.features, self.limits);
        let envelope = &features.envelope;
        let many = beyond(features.bursts as f64, 3.0, 6.0);
        let short = beyond(envelope.burst_s, limits.pulse_max_s, limits.pulse_max_s / 4.0);
        let rare = beyond(envelope.on_share, limits.pulse_share_max, limits.pulse_share_max / 4.0);
        // A short packet of stepped frequency or of many carriers is no pulse.
        let plain = (self.ofdm().is_none() && self.fsk().is_none()).then_some(1.0);
        all([many, short, rare, plain])
    }

    fn ofdm(&self) -> Option<f64> {
        let limits = self.limits;
        let [low, high] = limits.many_carriers;
        let correlation = self.features.correlation?;
        let kurtosis = self.features.envelope.kurtosis;
        all([
            beyond(correlation.ratio, self.limits.prefix_min, 1.5 * self.limits.prefix_min),
            beyond(kurtosis, low, low + 0.1),
            beyond(kurtosis, high, high - 0.1),
            // Half on and half off has the same kurtosis, but nothing between.
            beyond(
                self.features.envelope.middle,
                limits.many_middle_min,
                limits.many_middle_min + 0.05,
            ),
        ])
    }

    fn fm_broadcast(&self) -> Option<f64> {
        let limits = self.limits;
        let pilot_db = self.features.frequency.as_ref()?.pilot_db?;
        all([
            beyond(pilot_db, limits.pilot_min_db, limits.pilot_min_db + 6.0),
            beyond(self.features.bandwidth_hz, limits.broadcast_min_hz, 80e3),
            beyond(self.kurtosis(), 1.3, 1.1),
        ])
    }

    fn fsk(&self) -> Option<f64> {
        let limits = self.limits;
        let frequency = self.features.frequency.as_ref()?;
        let lobes = matches!((frequency.lobes, frequency.even), (2, _) | (4, true));
        all([
            self.constant(),
            lobes.then_some(1.0),
            beyond(frequency.kurtosis, limits.stepped_max, limits.stepped_max - 0.1),
            beyond(frequency.spread, 2.0 * limits.modulated_min, 4.0 * limits.modulated_min),
            beyond(frequency.tone, limits.tone_min, limits.tone_min - 0.2),
            beyond(
                frequency.changes as f64,
                limits.changes_min as f64,
                2.0 * limits.changes_min as f64,
            ),
        ])
    }

    fn ook(&self) -> Option<f64> {
        let limits = self.limits;
        let envelope = &self.features.envelope;
        let spread = self.features.frequency.as_ref()?.spread;
        let edges = limits.keyed_edges_min as f64;
        all([
            self.keyed().then_some(1.0),
            beyond(envelope.middle, limits.keyed_middle_max, 0.6 * limits.keyed_middle_max),
            beyond(envelope.edges as f64, edges, 2.0 * edges),
            beyond(envelope.kurtosis_on, limits.constant_max, 1.05),
            beyond(spread, limits.steady_max, 0.5 * limits.steady_max),
        ])
    }

    fn carrier(&self) -> Option<f64> {
        let limits = self.limits;
        all([
            (!self.keyed()).then_some(1.0),
            beyond(self.features.line.share, limits.carrier_min, 0.99),
            beyond(self.kurtosis(), 1.06, 1.02),
        ])
    }

    fn am(&self) -> Option<f64> {
        let limits = self.limits;
        let line = self.features.line;
        all([
            (!self.keyed()).then_some(1.0),
            beyond(line.share, limits.am_carrier_min, limits.am_carrier_min + 0.1),
            beyond(line.in_phase, limits.am_in_phase_min, 0.95),
            beyond(
                line.sidebands_db,
                limits.sidebands_min_db,
                limits.sidebands_min_db + 6.0,
            ),
        ])
    }

    fn fm(&self) -> Option<f64> {
        let (line, limits) = (self.features.line, self.limits);
        let frequency = self.features.frequency.as_ref()?;
        let tone = beyond(frequency.tone, limits.tone_min, limits.tone_min + 0.1);
        let small = all([
            (!self.keyed()).then_some(1.0),
            beyond(line.share, limits.am_carrier_min, limits.am_carrier_min + 0.1),
            beyond(line.in_phase, 1.0 - limits.am_in_phase_min, 0.05),
            beyond(
                line.sidebands_db,
                limits.sidebands_min_db,
                limits.sidebands_min_db + 6.0,
            ),
        ]);
        let one = (frequency.lobes <= 1).then_some(1.0);
        let smooth = beyond(frequency.kurtosis, limits.smooth_min, limits.smooth_min + 0.4);
        let wide = all([
            beyond(frequency.spread, limits.modulated_min, 2.0 * limits.modulated_min),
            tone.or_else(|| one.and(smooth)),
        ]);
        let how = small.into_iter().chain(wide).reduce(f64::max)?;
        all([self.constant()]).map(|score| score.min(how))
    }

    fn ssb(&self) -> Option<f64> {
        let limits = self.limits;
        let features = self.features;
        let [narrow, broad] = limits.ssb_hz;
        let envelope = &features.envelope;
        all([
            beyond(features.bandwidth_hz, narrow, narrow + 300.0),
            beyond(features.bandwidth_hz, broad, broad - 500.0),
            beyond(features.line.share, 0.3, 0.15),
            beyond(
                envelope.kurtosis,
                limits.ssb_kurtosis_min,
                limits.ssb_kurtosis_min + 0.5,
            ),
            beyond(
                envelope.syllables_db?,
                limits.ssb_syllables_min_db,
                limits.ssb_syllables_min_db + 5.0,
            ),
        ])
    }
}

//! What the instantaneous frequency tells: one value, a few, or many.

use num_complex::Complex;

use super::{
    Baseband,
    envelope::quantile,
    tools::{Memory, Transforms},
};

/// Products of neighbouring samples averaged for one value of frequency.
const SMOOTH: usize = 4;
/// Cells of the histogram.
const CELLS: usize = 40;
/// Height of a lobe over the highest, at least.
const LOBE_MIN: f64 = 0.15;
/// Depth of the valley between two lobes over the lower of them, at most.
const VALLEY_MAX: f64 = 0.6;
/// Distance of three neighbouring lobes: by how much they may differ, of the larger.
const UNEVEN: f64 = 0.35;
/// Values of frequency needed.
const VALUES_MIN: usize = 64;
/// The pilot tone of FM stereo broadcasting, ITU-R BS.450.
const PILOT_HZ: f64 = 19_000.0;
/// What is looked at about it: between the sum and the difference signal there is nothing else.
const BESIDE_HZ: [[f64; 2]; 2] = [[16_500.0, 18_600.0], [19_400.0, 21_500.0]];

/// Statistics of the instantaneous frequency, in units of the sample rate where not said otherwise.
#[derive(Debug, Clone, Default)]
pub struct Frequency {
    /// Standard deviation without what the noise adds, over the bandwidth.
    pub spread: f64,
    /// E f⁴ / (E f²)² about the mean: 1 for two values, 1.64 for four, 1.5 for a sine, 3 and more for speech.
    pub kurtosis: f64,
    /// Share of the variance in one line: a single tone.
    pub tone: f64,
    /// Values it keeps to.
    pub lobes: usize,
    /// Whether three or more of them are equally far apart.
    pub even: bool,
    /// Changes between the outermost ones.
    pub changes: usize,
    /// The shortest stay that is often there, seconds.
    pub element_s: Option<f64>,
    /// Line at 19 kHz over its neighbourhood, dB.
    pub pilot_db: Option<f64>,
}

impl Frequency {
    /// Of the samples that are `on`; `snr` is the ratio in the cut.
    pub(super) fn of(
        cut: &Baseband,
        on: &[bool],
        snr: f64,
        transforms: &mut Transforms,
        memory: &mut Memory,
    ) -> Option<Self> {
        follow(&cut.samples, on, memory);
        let values = &memory.numbers[VALUES];
        if values.len() < VALUES_MIN {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let moment = |power: i32| values.iter().map(|f| (f - mean).powi(power)).sum::<f64>() / count;
        let (second, fourth) = (moment(2), moment(4));
        // The phase of a strong signal has the variance 1/(2 SNR), and band-limited noise is correlated over `SMOOTH` samples.
        let lag = SMOOTH as f64;
        let correlated = sinc(lag * cut.width);
        let noise = (1.0 - correlated) / snr.max(1e-3) / (lag * std::f64::consts::TAU).powi(2);
        let signal = (second - noise).max(0.0);
        let mut own = Self {
            spread: signal.sqrt() / cut.band,
            kurtosis: fourth / (second * second).max(1e-30),
            ..Self::default()
        };
        own.lines(memory, mean, [second, signal], cut, transforms);
        let low = quantile(&mut memory.numbers[VALUES], 0.005)?;
        let high = quantile(&mut memory.numbers[VALUES], 0.995)?;
        if high > low {
            let places = lobes(&memory.numbers[VALUES], low, high);
            own.lobes = places.len();
            own.even = places.windows(3).all(|p| {
                let (a, b) = ((p[1] - p[0]) as f64, (p[2] - p[1]) as f64);
                (a - b).abs() <= UNEVEN * a.max(b)
            });
            if let (Some(first), Some(last)) = (places.first(), places.last()) {
                let at = |cell: usize| low + (high - low) * (cell as f64 + 0.5) / CELLS as f64;
                own.stays(memory, at(*first), at(*last), cut.rate_hz);
            }
        }
        Some(own)
    }

    /// Single tones in the frequency.
    fn lines(
        &mut self,
        memory: &mut Memory,
        mean: f64,
        [second, signal]: [f64; 2],
        cut: &Baseband,
        transforms: &mut Transforms,
    ) {
        let Memory {
            samples: lines,
            numbers: [track, _, power, few],
        } = memory;
        lines.clear();
        let value = |f: &f64| if f.is_nan() { 0.0 } else { (f - mean) as f32 };
        lines.extend(track.iter().map(|f| Complex::new(value(f), 0.0)));
        transforms.forward(lines);
        power.clear();
        power.extend(lines[..lines.len() / 2].iter().map(|x| f64::from(x.norm_sqr())));
        let total: f64 = power.iter().sum();
        let line = power
            .windows(5)
            .skip(1)
            .map(|near| near.iter().sum::<f64>())
            .fold(0.0, f64::max);
        self.tone = (line / total.max(1e-30) * second / signal.max(1e-30)).min(1.0);
        let line_hz = cut.rate_hz / lines.len() as f64;
        if cut.rate_hz > 2.2 * BESIDE_HZ[1][1] && line_hz < 200.0 {
            let place = |hz: f64| (hz / line_hz) as usize;
            let pilot = &power[place(PILOT_HZ) - 2..=place(PILOT_HZ) + 3];
            let pilot = pilot.iter().copied().fold(0.0, f64::max);
            let beside = BESIDE_HZ.iter().flat_map(|b| &power[place(b[0])..place(b[1])]);
            few.clear();
            few.extend(beside);
            let middle = quantile(few, 0.5);
            self.pilot_db = middle.map(|middle| 10.0 * (pilot / middle.max(1e-30)).log10());
        }
    }

    /// How often it goes from one half to the other, with hysteresis, and how long it stays.
    fn stays(&mut self, memory: &mut Memory, low: f64, high: f64, rate_hz: f64) {
        let [track, _, _, runs] = &mut memory.numbers;
        let (middle, slack) = (0.5 * (low + high), 0.25 * (high - low));
        let mut above: Option<(bool, usize)> = None;
        runs.clear();
        for (n, &f) in track.iter().enumerate() {
            if f.is_nan() {
                above = None;
                continue;
            }
            let now = f > middle;
            match above {
                Some((was, since)) if was != now && (f - middle).abs() > slack => {
                    self.changes += 1;
                    runs.push((n - since) as f64 / rate_hz);
                    above = Some((now, n));
                }
                None => above = Some((now, n)),
                _ => {}
            }
        }
        self.element_s = quantile(runs, 0.2);
    }
}

/// Finds the frequency of each sample: not a number where it is off; and the values alone.
fn follow(samples: &[Complex<f32>], on: &[bool], memory: &mut Memory) {
    let steps = &mut memory.samples;
    let [track, values, ..] = &mut memory.numbers;
    steps.clear();
    steps.extend(samples.windows(2).map(|x| x[1] * x[0].conj()));
    track.clear();
    track.resize(samples.len(), f64::NAN);
    values.clear();
    for (n, near) in steps.windows(SMOOTH).enumerate() {
        if on[n..=n + SMOOTH].iter().all(|on| *on) {
            let sum: Complex<f32> = near.iter().sum();
            let f = f64::from(sum.arg()) / std::f64::consts::TAU;
            track[n + SMOOTH / 2] = f;
            values.push(f);
        }
    }
}

/// Which of the numbers in memory are the values.
const VALUES: usize = 1;

/// Cells of the histogram that are the top of a lobe.
fn lobes(values: &[f64], low: f64, high: f64) -> Vec<usize> {
    let mut cells = [0.0_f64; CELLS];
    for f in values {
        let place = (f - low) / (high - low) * CELLS as f64;
        if (0.0..CELLS as f64).contains(&place) {
            cells[place as usize] += 1.0;
        }
    }
    let at = |n: i64| cells.get(n as usize).copied().unwrap_or(0.0);
    let soft: Vec<f64> = (0..CELLS as i64).map(|n| at(n - 1) + 2.0 * at(n) + at(n + 1)).collect();
    let top = soft.iter().copied().fold(0.0, f64::max);
    let mut found: Vec<usize> = Vec::new();
    for (n, &height) in soft.iter().enumerate() {
        let left = n.checked_sub(1).map_or(0.0, |n| soft[n]);
        let right = soft.get(n + 1).copied().unwrap_or(0.0);
        if height < LOBE_MIN * top || height < left || height <= right {
            continue;
        }
        match found.last().copied() {
            Some(last) => {
                let valley = soft[last..n].iter().copied().fold(f64::INFINITY, f64::min);
                if valley <= VALLEY_MAX * height.min(soft[last]) {
                    found.push(n);
                } else if height > soft[last] {
                    found.pop();
                    found.push(n);
                }
            }
            None => found.push(n),
        }
    }
    found
}

fn sinc(x: f64) -> f64 {
    let x = std::f64::consts::PI * x;
    if x == 0.0 { 1.0 } else { x.sin() / x }
}

//! Averaged spectra and everything that comes after them on one core: decibels, floor, threshold, regions, emissions, and
//! the verdict on each against a register of 10,000 stations. Beside each speed stands the error of the decibels.

use std::{hint::black_box, time::Instant};

use num_complex::Complex;
use pinpu::{
    conflict::{Context, Measured, Rules, judge},
    detect::{
        DetectEvent,
        survey::{Averaged, Survey, SurveyConfig},
    },
    dsp::{
        estimator::{EstimatorSettings, SpectrumEstimator},
        iq::{IqFormat, IqSlice},
        kernel::Backend,
        window::Window,
    },
    registry::{Assignment, AssignmentStatus, Place, Registry, table},
    units::Hertz,
};

use super::{Random, scene};

/// Frames of a mean at 0 % overlap; twice as many at 50 %, over the same samples.
const AVERAGES: usize = 64;
const SAMPLES: usize = 16 << 20;
/// Times the samples are gone through in a measurement: a second of stream or so, for what is done by time.
const PASSES: usize = 4;
const ROUNDS: usize = 3;
/// A span of 61.44 MHz in the land mobile bands.
const RATE_HZ: f64 = 61.44e6;
const CENTER_HZ: i64 = 150_000_000;
const STATIONS: usize = 10_000;

/// Samples in one of the formats.
enum Samples {
    Cu8(Vec<Complex<u8>>),
    Cs8(Vec<Complex<i8>>),
    Cs16(Vec<Complex<i16>>),
    Cf32(Vec<Complex<f32>>),
}

impl Samples {
    fn as_slice(&self) -> IqSlice<'_> {
        match self {
            Self::Cu8(x) => IqSlice::Cu8(x),
            Self::Cs8(x) => IqSlice::Cs8(x),
            Self::Cs16(x) => IqSlice::Cs16(x),
            Self::Cf32(x) => IqSlice::Cf32(x),
        }
    }

    /// The same scene in each format, to the same 256 steps.
    fn all(scene: Vec<Complex<u8>>) -> [(IqFormat, Self); 4] {
        let signed: Vec<Complex<i8>> = scene
            .iter()
            .map(|x| Complex::new(x.re.wrapping_sub(128) as i8, x.im.wrapping_sub(128) as i8))
            .collect();
        let wide = |x: i8| i16::from(x) * 256 + 128;
        let cs16 = signed.iter().map(|x| Complex::new(wide(x.re), wide(x.im))).collect();
        let real = |x: u8| (f32::from(x) - 127.5) / 127.5;
        let cf32 = scene.iter().map(|x| Complex::new(real(x.re), real(x.im))).collect();
        [
            (IqFormat::Cu8, Self::Cu8(scene)),
            (IqFormat::Cs8, Self::Cs8(signed)),
            (IqFormat::Cs16, Self::Cs16(cs16)),
            (IqFormat::Cf32, Self::Cf32(cf32)),
        ]
    }
}

/// Who is asked for verdicts.
struct Judge {
    rules: Rules,
    registry: Registry,
    context: Context,
}

impl Judge {
    /// Stations of 11 kHz in channels of 12.5 kHz over the whole span, all within 80 km: two in every channel.
    fn new() -> Option<Self> {
        let here = Place {
            latitude: 39.9,
            longitude: 116.4,
            radius_km: 0.0,
        };
        let mut random = Random(9);
        let mut unit = move || f64::from(random.next()) + 0.5;
        let channels = RATE_HZ / 12_500.0;
        let station = |n: usize| Assignment {
            id: format!("{n:05}"),
            holder: String::new(),
            station: String::new(),
            call_sign: None,
            center_hz: Hertz(CENTER_HZ - (RATE_HZ / 2.0) as i64 + 12_500 * (channels * unit()) as i64),
            necessary_bandwidth_hz: Hertz(11_000),
            designator: None,
            service: None,
            block: false,
            tolerance_hz: None,
            place: Some(Place {
                latitude: here.latitude + unit() - 0.5,
                longitude: here.longitude + unit() - 0.5,
                radius_km: 20.0,
            }),
            eirp_dbm: None,
            valid_from: None,
            valid_to: None,
            status: AssignmentStatus::Granted,
            source: String::new(),
            details: None,
        };
        Some(Self {
            rules: Rules::builtin().ok()?,
            registry: Registry::new(vec![table::builtin_cn().ok()?], (0..STATIONS).map(station).collect()),
            context: Context {
                time: "2026-11-23T12:00:00Z".parse().ok(),
                site: Some(here),
                ppm_uncertainty: 1.0,
            },
        })
    }
}

/// One way to run the chain.
struct Setting {
    window: Window,
    hop: usize,
    format: IqFormat,
}

impl Setting {
    fn bins(&self) -> usize {
        self.window.taps.len()
    }

    fn frames(&self) -> usize {
        AVERAGES * self.bins() / self.hop
    }

    fn estimator(&self, backend: Backend) -> Option<SpectrumEstimator> {
        let settings = EstimatorSettings {
            hop: self.hop,
            averages: self.frames() as u32,
            format: self.format,
            backend,
        };
        SpectrumEstimator::new(&self.window, settings).ok()
    }

    fn survey(&self) -> Survey {
        Survey::new(SurveyConfig {
            bins: self.bins(),
            averages: self.window.effective_averages(self.frames(), self.hop, 1),
            frame_s: (self.frames() * self.hop) as f64 / RATE_HZ,
            sample_rate_hz: RATE_HZ,
            center_hz: Hertz(CENTER_HZ),
            usable_fraction: 0.9,
            silence: 0.0,
            false_alarms_per_day_mhz: 1.0,
            hold_s: 0.5,
        })
    }

    /// A frame in which nothing is said to clip.
    fn averaged<'a>(&self, mean: &'a [f32]) -> Averaged<'a> {
        Averaged {
            mean,
            clipped: 0,
            samples: self.frames() * self.hop,
        }
    }

    /// Spectra alone, seconds.
    fn spectra(&self, samples: IqSlice<'_>) -> f64 {
        let Some(mut estimator) = self.estimator(Backend::best()) else {
            return f64::NAN;
        };
        let start = Instant::now();
        for _ in 0..PASSES {
            estimator.push(samples, &mut |s| {
                black_box(s);
            });
        }
        start.elapsed().as_secs_f64()
    }

    /// All of it, with what was found.
    fn whole(&self, samples: IqSlice<'_>, judge_of: &Judge) -> Whole {
        let mut whole = Whole {
            seconds: f64::NAN,
            closed: 0,
            verdicts: 0,
            judging_s: 0.0,
        };
        let Some(mut estimator) = self.estimator(Backend::best()) else {
            return whole;
        };
        let mut survey = self.survey();
        let bin_hz = RATE_HZ / self.bins() as f64;
        let start = Instant::now();
        let mut sink = |event: DetectEvent| {
            let (DetectEvent::Opened(emission) | DetectEvent::Closed(emission)) = &event else {
                return;
            };
            let begun = Instant::now();
            let measured = Measured::from(emission).with_bin(bin_hz);
            black_box(judge(&judge_of.rules, &judge_of.registry, &measured, &judge_of.context));
            whole.judging_s += begun.elapsed().as_secs_f64();
            whole.verdicts += 1;
            whole.closed += usize::from(matches!(event, DetectEvent::Closed(_)));
        };
        for _ in 0..PASSES {
            estimator.push(samples, &mut |s| survey.frame(self.averaged(&s.mean), &mut sink));
        }
        survey.finish(&mut sink);
        whole.seconds = start.elapsed().as_secs_f64();
        whole
    }

    /// Greatest difference of the decibels of the first frames to the logarithm of the mean in double precision, over bins at
    /// most 100 dB below the strongest.
    fn error(&self, samples: IqSlice<'_>) -> f64 {
        const FRAMES: usize = 3;
        let samples = samples.slice(0..((FRAMES * self.frames() - 1) * self.hop + self.bins()).min(samples.len()));
        let (Some(mut exact), Some(mut tested)) = (self.estimator(Backend::Reference), self.estimator(Backend::best()))
        else {
            return f64::NAN;
        };
        let mut reference = Vec::new();
        exact.push(samples, &mut |s| reference.push(s.mean.clone()));
        let (mut survey, mut worst, mut frame) = (self.survey(), 0.0_f64, 0);
        tested.push(samples, &mut |s| {
            survey.frame(self.averaged(&s.mean), &mut |_| ());
            let exact = &reference[frame];
            frame += 1;
            let least = exact.iter().fold(0.0, |most: f32, p| most.max(*p)) * 1e-10;
            for (got, exact) in survey
                .levels_dbfs()
                .iter()
                .zip(exact)
                .filter(|(_, exact)| **exact > least)
            {
                worst = worst.max((f64::from(*got) - 10.0 * f64::from(*exact).log10()).abs());
            }
        });
        if frame < FRAMES { f64::NAN } else { worst }
    }
}

struct Whole {
    seconds: f64,
    closed: usize,
    verdicts: usize,
    judging_s: f64,
}

pub(super) fn table() {
    let Some(judge_of) = Judge::new() else { return };
    println!(
        "\nspectra averaged over 64 lengths, MS/s alone and with all that comes after them; verdicts against {STATIONS} stations"
    );
    println!("carriers  bins  overlap  input   alone   whole  emissions  verdicts  us each   error, dB");
    for lines in [0, 10, 100] {
        let formats = Samples::all(scene(SAMPLES, lines));
        for bins in [1024, 2048, 4096] {
            for hop in [bins, bins / 2] {
                for (format, samples) in &formats {
                    let setting = Setting {
                        window: Window::blackman_harris(bins),
                        hop,
                        format: *format,
                    };
                    row(lines, &setting, samples.as_slice(), &judge_of);
                }
            }
        }
    }
}

fn row(lines: usize, setting: &Setting, samples: IqSlice<'_>, judge_of: &Judge) {
    let (mut alone, mut best) = (f64::INFINITY, setting.whole(samples, judge_of));
    for _ in 0..ROUNDS {
        alone = alone.min(setting.spectra(samples));
        let whole = setting.whole(samples, judge_of);
        if whole.seconds < best.seconds {
            best = whole;
        }
    }
    let rate = |seconds: f64| (PASSES * samples.len()) as f64 / seconds * 1e-6;
    println!(
        "{lines:8} {:5} {:6} %  {:5} {:7.0} {:7.0} {:10} {:9} {:8.1} {:11.1e}",
        setting.bins(),
        100 - 100 * setting.hop / setting.bins(),
        format!("{:?}", setting.format).to_uppercase(),
        rate(alone),
        rate(best.seconds),
        best.closed,
        best.verdicts,
        best.judging_s * 1e6 / best.verdicts.max(1) as f64,
        setting.error(samples),
    );
}

//! Speed and error of every spectrum kernel, and its ratio to the same chain on the general FFT library (R2).
//!
//! One core, one process: the backends take turns on the same stream, block by block. A block is timed in slices of well
//! under a millisecond, each slice keeps its fastest time over the rounds, and their sum is the time of the block: every
//! slice has the same work in every round, so nothing is left out, and an interruption spoils one slice of one round
//! only. Fastest or median whole blocks would not do: on a busy machine every one of them is interrupted, the slower
//! backend's more often, which flatters the faster. MS/s is million complex input samples per second; the error is the
//! greatest difference to double precision of a mean over 64 frames, for bins at most 100 dB below the strongest.
//! The chain: convert, window (Hann), FFT, power, mean, maximum and minimum over 64 frames, bins in order.
//!
//! `cargo bench --bench kernel` prints the table; arguments are sizes. `-- --one SIZE HOP FORMAT BACKEND` prints the MS/s
//! of one case, for comparisons with programs outside (benches/peers). Nothing is asserted: the machine may be busy.

use std::{hint::black_box, time::Instant};

use num_complex::Complex;
use pinpu::dsp::{
    estimator::{EstimatorSettings, SpectrumEstimator},
    iq::{IqBuffer, IqFormat},
    kernel::Backend,
    window::Window,
};

const SIZES: [usize; 6] = [64, 1024, 2048, 4096, 8192, 16384];
const AVERAGES: u32 = 64;
/// Samples per block, at least 64 frames of the greatest size.
const BLOCK: usize = 1 << 20;
/// Samples timed at a time.
const SLICE: usize = 1 << 16;
const ROUNDS: usize = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [one, size, hop, format, backend] = &arguments[..]
        && one == "--one"
    {
        let (Ok(size), Ok(hop)) = (size.parse(), hop.parse()) else {
            eprintln!("SIZE and HOP are numbers of samples");
            return;
        };
        let format = IqFormat::ALL
            .into_iter()
            .find(|f| format!("{f:?}").eq_ignore_ascii_case(format));
        let backend = Backend::ALL
            .into_iter()
            .find(|b| format!("{b:?}").eq_ignore_ascii_case(backend));
        one_case(
            size,
            hop,
            format.unwrap_or(IqFormat::Cu8),
            backend.unwrap_or(Backend::best()),
        );
        return;
    }
    let sizes: Vec<usize> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
    let backends: Vec<_> = [Backend::General, Backend::Neon, Backend::Avx2, Backend::Avx512]
        .into_iter()
        .filter(|backend| backend.is_available())
        .collect();
    println!(
        "{:>6} {:>5} {:>8} {:>8} {:>7} {:>6} {:>9}",
        "size", "input", "overlap", "kernel", "MS/s", "R2", "error/dB"
    );
    for size in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        for format in IqFormat::ALL {
            let samples = samples(format);
            for hop in [size, size / 2] {
                table(size, hop, &samples, &backends);
            }
        }
    }
}

/// Prints one line per backend.
fn table(size: usize, hop: usize, samples: &IqBuffer, backends: &[Backend]) {
    let format = samples.as_slice().format();
    let mut estimators: Vec<_> = backends.iter().map(|b| estimator(size, hop, format, *b)).collect();
    let mut times = vec![Fastest::new(); estimators.len()];
    for _ in 0..ROUNDS {
        for (estimator, times) in estimators.iter_mut().zip(&mut times) {
            times.block(estimator, samples);
        }
    }
    for (backend, own) in backends.iter().zip(&times) {
        println!(
            "{size:>6} {:>5} {:>7}% {:>8} {:>7.0} {:>6.2} {:>9.1e}",
            format!("{format:?}").to_lowercase(),
            100 - 100 * hop / size,
            format!("{backend:?}").to_lowercase(),
            own.rate_ms(),
            own.rate_ms() / times[0].rate_ms(),
            error_db(size, samples, *backend),
        );
    }
}

fn one_case(size: usize, hop: usize, format: IqFormat, backend: Backend) {
    let (samples, mut estimator) = (samples(format), estimator(size, hop, format, backend));
    let mut times = Fastest::new();
    for _ in 0..ROUNDS {
        times.block(&mut estimator, &samples);
    }
    println!("{:.1}", times.rate_ms());
}

/// Fastest time of each slice of a block, in seconds.
#[derive(Clone)]
struct Fastest([f64; BLOCK / SLICE]);

impl Fastest {
    fn new() -> Self {
        Self([f64::INFINITY; BLOCK / SLICE])
    }

    fn block(&mut self, estimator: &mut SpectrumEstimator, samples: &IqBuffer) {
        for (slice, fastest) in self.0.iter_mut().enumerate() {
            let samples = samples.as_slice().slice(slice * SLICE..(slice + 1) * SLICE);
            let start = Instant::now();
            estimator.push(samples, &mut |result| {
                black_box(result);
            });
            *fastest = fastest.min(start.elapsed().as_secs_f64());
        }
    }

    fn rate_ms(&self) -> f64 {
        BLOCK as f64 / self.0.iter().sum::<f64>() / 1e6
    }
}

fn estimator(size: usize, hop: usize, format: IqFormat, backend: Backend) -> SpectrumEstimator {
    let settings = EstimatorSettings {
        hop,
        averages: AVERAGES,
        format,
        backend,
    };
    SpectrumEstimator::new(&Window::hann(size), settings).expect("a size with frames, on an available backend")
}

/// Greatest difference to the reference over the first result.
fn error_db(size: usize, samples: &IqBuffer, backend: Backend) -> f32 {
    let frames = samples.as_slice().slice(0..size * AVERAGES as usize);
    let mean = |backend| {
        let mut mean = Vec::new();
        let mut estimator = estimator(size, size, frames.format(), backend);
        estimator.push(frames, &mut |result| mean.clone_from(&result.mean));
        mean
    };
    let (got, expected) = (mean(backend), mean(Backend::Reference));
    let strongest = expected.iter().copied().fold(0.0, f32::max);
    let compared = got.iter().zip(&expected).filter(|(_, e)| **e > strongest * 1e-10);
    compared
        .map(|(g, e)| (10.0 * (g / e).log10()).abs())
        .fold(0.0, f32::max)
}

/// A carrier 6 dB below full scale in noise, the same every time.
fn samples(format: IqFormat) -> IqBuffer {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    let x: Vec<Complex<f32>> = (0..BLOCK)
        .map(|n| {
            let carrier = Complex::from_polar(0.5, (n as f64 * 0.7 % std::f64::consts::TAU) as f32);
            carrier + Complex::new(uniform() + uniform(), uniform() + uniform()) * 0.05
        })
        .collect();
    let scaled = |scale: f32| x.iter().map(move |x| x * scale);
    match format {
        IqFormat::Cu8 => IqBuffer::Cu8(
            scaled(127.5)
                .map(|x| Complex::new((x.re + 128.0) as u8, (x.im + 128.0) as u8))
                .collect(),
        ),
        IqFormat::Cs8 => IqBuffer::Cs8(scaled(128.0).map(|x| Complex::new(x.re as i8, x.im as i8)).collect()),
        IqFormat::Cs16 => IqBuffer::Cs16(
            scaled(32_768.0)
                .map(|x| Complex::new(x.re as i16, x.im as i16))
                .collect(),
        ),
        IqFormat::Cf32 => IqBuffer::Cf32(x),
    }
}

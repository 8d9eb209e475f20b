//! The whole detection chain on 8-bit samples, one core. Budget: 30 MS/s at least, 60 MS/s aimed at; held against the
//! bare conversion and the FFTs it contains by their share in a profile, not here.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use num_complex::Complex;
use pinpu::{
    detect::{Detector, DetectorConfig},
    dsp::iq::IqSlice,
};

fn samples(count: usize) -> Vec<Complex<u8>> {
    let mut state = 1_u64;
    let mut next = || {
        // The sum of four uniform bytes is near enough to Gaussian noise of an 8-bit receiver.
        (0..4)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as i32 - 128
            })
            .sum::<i32>()
            / 24
    };
    let tone = |i: usize| (0.3 * i as f64).sin() * 20.0;
    (0..count)
        .map(|i| {
            let on = if i % 400_000 < 100_000 { tone(i) as i32 } else { 0 };
            Complex::new(
                (128 + on + next()).clamp(0, 255) as u8,
                (128 + next()).clamp(0, 255) as u8,
            )
        })
        .collect()
}

fn pipeline(c: &mut Criterion) {
    let samples = samples(4 << 20);
    let mut group = c.benchmark_group("pipeline");
    group
        .throughput(Throughput::Elements(samples.len() as u64))
        .sample_size(10);
    group.bench_function("detect cu8", |b| {
        b.iter(|| {
            let mut events = 0_u64;
            let config = DetectorConfig::default();
            let Ok(mut detector) = Detector::new(&config) else {
                return 0;
            };
            for block in samples.chunks(1 << 16) {
                detector.push(IqSlice::Cu8(block), &mut |_| events += 1);
            }
            detector.finish(&mut |_| events += 1);
            events
        });
    });
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);

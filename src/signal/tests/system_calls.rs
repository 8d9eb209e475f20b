//! Detector and survey, once they have begun, ask the system for nothing: the filter of this process ends it at any call but
//! those of the allocator, which the floor needs four times a second (`detect/tests/memory.rs` counts them), and those that end it.
//!
//! A program of its own, for a filter stays.

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn main() {
    println!("system_calls: Linux on x86-64 or ARM alone can tell");
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn main() {
    use num_complex::Complex;
    use pinpu_signal::{
        detect::{DetectEvent, Detector, DetectorConfig, survey::Surveyor},
        dsp::iq::IqSlice,
    };

    const BLOCK: usize = 1 << 15;
    let mut random = 1_u64;
    let mut uniform = move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 40) as f32 / (1_u32 << 24) as f32 - 0.5
    };
    // Noise and a carrier keyed every 80 ms.
    let samples: Vec<Complex<f32>> = (0..96 * BLOCK)
        .map(|n| {
            let on = if n / 96_000 % 2 == 0 { 0.02 } else { 0.0 };
            let turn = std::f32::consts::TAU * (n % 8) as f32 / 8.0;
            Complex::from_polar(on, turn) + Complex::new(uniform(), uniform()) * 0.01
        })
        .collect();
    let config = DetectorConfig::default();
    let mut detector = Detector::new(&config).expect("valid");
    let mut survey = Surveyor::new(&config).expect("valid");
    let mut events = [0_u32; 2];
    let mut take = |blocks: std::slice::Chunks<'_, Complex<f32>>, events: &mut [u32; 2]| {
        for block in blocks {
            let counted = |event: DetectEvent| u32::from(!matches!(event, DetectEvent::Frame(_)));
            detector.push(IqSlice::Cf32(block), &mut |event| events[0] += counted(event));
            survey.push(IqSlice::Cf32(block), &mut |event| events[1] += counted(event));
        }
    };
    // A second and a half, in which the first floors are learnt.
    take(samples.chunks(BLOCK), &mut events);
    let before = events;
    if let Err(error) = forbid() {
        println!("system_calls: this system lets nobody filter its calls: {error}");
        return;
    }
    for _ in 0..3 {
        take(samples.chunks(BLOCK), &mut events);
    }
    assert!(events[0] > before[0], "{events:?}: nothing was detected meanwhile");
    println!("system_calls: ok. {} blocks, {} events", 3 * 96, events[0] - before[0]);
    // Threads and memory are given back by calls of more kinds.
    std::process::exit(0);
}

/// From here on, any other call ends the process.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn forbid() -> Result<(), seccompiler::Error> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

    let allowed = [
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        // Telling, and ending.
        libc::SYS_write,
        libc::SYS_sigaltstack,
        libc::SYS_exit_group,
    ];
    let filter = SeccompFilter::new(
        allowed.into_iter().map(|call| (call, Vec::new())).collect(),
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    apply_filter(&program)
}

//! What the front end does to signals: DC spike, I/Q image, clipping, roll-off at the edges, intermodulation.

use pinpu_hardware::Gain;

use crate::{
    harness::{fast, isolated, streaming, take, tuning},
    measure::{spectrum, tone_db},
};

#[test]
fn dc_spike_and_image_stand_at_their_levels() {
    isolated("impairments::dc_spike_and_image_stand_at_their_levels", |folder| {
        let scene = "receiver full_scale_dbm=-40 dc_dbfs=-35 iq_gain_db=0.5 iq_phase_deg=3\ncw freq=100.3M power=-50\n";
        let (mut receiver, _) = streaming(&fast(folder, "ideal", scene), &tuning(100_000_000, 2.4e6));
        let samples = take(&mut receiver, 1 << 18);
        let dc = tone_db(&samples, 2.4e6, 0.0);
        assert!((dc + 35.0).abs() < 0.1, "DC at {dc:.2} dBFS");
        let wanted = tone_db(&samples, 2.4e6, 300e3);
        assert!(
            (wanted + 10.0).abs() < 0.1,
            "the signal itself moved to {wanted:.2} dBFS"
        );
        let (g, phi) = (10_f64.powf(0.5 / 20.0), 3_f64.to_radians());
        let ratio = (1.0 + g * g - 2.0 * g * phi.cos()) / (1.0 + g * g + 2.0 * g * phi.cos());
        let image = tone_db(&samples, 2.4e6, -300e3) - wanted;
        assert!(
            (image - 10.0 * ratio.log10()).abs() < 0.1,
            "image {image:.2} dB instead of {:.2}",
            10.0 * ratio.log10()
        );
    });
}

#[test]
fn the_converter_has_its_bits_and_clips() {
    isolated("impairments::the_converter_has_its_bits_and_clips", |folder| {
        let scene = "receiver full_scale_dbm=-40 dc_dbfs=off noise=off adc_bits=8\ncw freq=100.1M power=-30\n";
        let mut wanted = tuning(100_000_000, 2.4e6);
        wanted.gain = Gain::Total(0.0);
        let (mut receiver, _) = streaming(&fast(folder, "ideal", scene), &wanted);
        let samples = take(&mut receiver, 8192);
        let top = samples.iter().map(|s| s.re.max(s.im)).fold(0.0, f32::max);
        let bottom = samples.iter().map(|s| s.re.min(s.im)).fold(0.0, f32::min);
        assert!(
            (top - 127.0 / 128.0).abs() < 1e-6 && (bottom + 1.0).abs() < 1e-6,
            "{bottom}..{top}"
        );
        assert!(
            samples.iter().all(|s| (s.re * 128.0).fract() == 0.0),
            "values between the steps of 8 bits"
        );
        let clipped: u64 = receiver
            .device()
            .read_sensor("clipped_samples")
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            clipped > 4096,
            "a carrier 10 dB over full scale clips most samples, not {clipped}"
        );
    });
}

#[test]
fn the_filter_is_flat_inside_and_falls_at_the_edges() {
    isolated(
        "impairments::the_filter_is_flat_inside_and_falls_at_the_edges",
        |folder| {
            let scene = "receiver full_scale_dbm=-80 dc_dbfs=off usable_fraction=0.8\n";
            let (mut receiver, _) = streaming(&fast(folder, "ideal", scene), &tuning(100_000_000, 2.4e6));
            let spectrum = spectrum(&take(&mut receiver, 1 << 21), 512);
            let db: Vec<f64> = spectrum.iter().map(|p| 10.0 * p.log10()).collect();
            let middle = spectrum[200..312].iter().sum::<f64>() / 112.0;
            for (bin, level) in db.iter().enumerate().filter(|(bin, _)| (56..456).contains(bin)) {
                assert!(
                    (level - 10.0 * middle.log10()).abs() < 0.6,
                    "bin {bin}: {level:.2} dB is not flat"
                );
            }
            for bin in [0, 1, 510, 511] {
                assert!(
                    db[bin] < 10.0 * middle.log10() - 25.0,
                    "bin {bin}: the edge is only {:.1} dB down",
                    10.0 * middle.log10() - db[bin]
                );
            }
        },
    );
}

#[test]
fn two_strong_carriers_make_a_third() {
    isolated("impairments::two_strong_carriers_make_a_third", |folder| {
        let scene = "receiver full_scale_dbm=-20 dc_dbfs=off iip3_dbm=-10\ncw freq=100.1M power=-40\ncw freq=100.2M power=-40\n";
        let (mut receiver, _) = streaming(&fast(folder, "ideal", scene), &tuning(100_000_000, 2.4e6));
        let samples = take(&mut receiver, 1 << 18);
        // By definition 2 (IIP3 - P) = 60 dB below the carriers, at 2 f1 - f2 and 2 f2 - f1.
        for offset in [0.0, 300e3] {
            let level = tone_db(&samples, 2.4e6, offset);
            assert!(
                (level + 80.0).abs() < 0.5,
                "{offset} Hz: {level:.2} dBFS instead of -80"
            );
        }
    });
}

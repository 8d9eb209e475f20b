//! The campaigns of level, occupancy and artefacts as lines of the table.

use super::{Check, Effort, artefacts, level, occupancy};
use crate::dsp::occupancy::Quality;

/// Field strength, channel power and linearity.
pub(super) fn level(effort: Effort, seed: u64) -> Vec<Check> {
    let result = level::measure(seed, effort.of(40, 400) as u32);
    let conditions = format!(
        "{} drawn chains and signals, noise of the receiver at −70 dBFS",
        result.signals
    );
    let line = |quantity: &str, worst: f64, limit: f64| Check {
        quantity: quantity.into(),
        conditions: conditions.clone(),
        expected: format!("within {limit} dB"),
        result: format!("worst {worst:.3} dB"),
        met: worst <= limit,
    };
    vec![
        line(
            "field strength of tones, −60 to −20 dBFS, through calibration, cable, preamplifier and antenna",
            result.field_error_db,
            0.05,
        ),
        line("level of a tone from its main lobe", result.main_lobe_error_db, 0.05),
        line("departure from a straight line over 40 dB", result.linearity_db, 0.05),
        line(
            "change of the calibrated level with a gain step of 10 dB",
            result.gain_step_db,
            0.5,
        ),
        line(
            "channel power, own noise taken out, 3 to 30 dB over it",
            result.channel_error_db,
            0.1,
        ),
    ]
}

/// Coverage of nominal 95 % intervals.
pub(super) fn occupancy(effort: Effort, seed: u64) -> Vec<Check> {
    let channels = effort.of(1_000, 5_000) as u32;
    let errors = Some(Quality { pfa: 0.01, pd: 0.95 });
    let mut checks = Vec::new();
    for (hours, quality, detector) in [
        (24.0, None, "perfect detector"),
        (1.0, None, "perfect detector"),
        (24.0, errors, "Pfa 1 %, Pd 95 %, corrected"),
    ] {
        let result = occupancy::measure(&occupancy::Campaign {
            seed,
            channels,
            hours,
            quality,
        });
        let resolved = result.resolved;
        let share = resolved.share();
        // Two standard errors of a share of so many channels.
        let spread = 2.0 * (0.95 * 0.05 / f64::from(resolved.channels.max(1))).sqrt();
        let conditions = format!(
            "two-state Markov channels of 1 to 90 %, busy for 0.5 to 300 s, a visit a second, 10 % missing, {hours} h, {detector}; {} channels with ten or more busy periods expected",
            resolved.channels
        );
        checks.push(Check {
            quantity: "coverage of the 95 % interval of occupancy".into(),
            conditions: conditions.clone(),
            expected: format!("93 to 97 % (counting ± {:.1} %)", 100.0 * spread),
            result: format!("{:.1} %", 100.0 * share),
            met: (0.93 - spread..=0.97 + spread).contains(&share),
        });
        checks.push(Check {
            quantity: "bias of the occupancy".into(),
            conditions,
            expected: "at most 1 % of it".into(),
            result: format!("{:+.2} % ± {:.2} %", 100.0 * resolved.bias, 100.0 * resolved.bias_error),
            met: resolved.bias.abs() <= 0.01 + 2.0 * resolved.bias_error,
        });
    }
    checks
}

/// What became of artefacts and of signals.
pub(super) fn artefacts(effort: Effort, seed: u64) -> Vec<Check> {
    let result = artefacts::measure(seed, effort.of(4, 20) as u32);
    let [reported, right, taken] = result.totals();
    let each = result
        .artefacts
        .iter()
        .map(|(cause, [all, right, _])| format!("{cause} {right}/{all}"));
    let each = each.collect::<Vec<_>>().join(", ");
    let conditions = format!(
        "synthetic front end with offset, image, spurs, aliases, mixing products and clipping; {} bands of ten signals of 10 to 60 dB",
        result.runs
    );
    vec![
        Check {
            quantity: "artefacts named with the right cause".into(),
            conditions: conditions.clone(),
            expected: "at least 99 %".into(),
            result: format!(
                "{:.1} % ({right} of {reported}: {each})",
                100.0 * f64::from(right) / f64::from(reported.max(1))
            ),
            met: f64::from(right) >= 0.99 * f64::from(reported),
        },
        Check {
            quantity: "real signals taken for artefacts".into(),
            conditions: conditions.clone(),
            expected: "at most 1 %".into(),
            result: format!(
                "{} of {} ({} undecided and kept)",
                result.lost, result.signals, result.undecided
            ),
            met: f64::from(result.lost) <= 0.01 * f64::from(result.signals),
        },
        Check {
            quantity: "artefacts taken for signals, which could become conflicts".into(),
            conditions,
            expected: "none".into(),
            result: format!("{taken} of {reported}"),
            met: taken == 0,
        },
    ]
}

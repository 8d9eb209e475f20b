//! How much interference a receiver may get: what its record states, and the policy's criterion where it states nothing.
//!
//! ```text
//! I/N      noise of the receiver (290 K, its noise figure or the policy's, its bandwidth) + I/N
//! power    as stated, out of an isotropic antenna
//! field    P = E − 20 log f(MHz) − 77.2 dBm out of an isotropic antenna (ITU-R P.525, 50 Ω)
//! ```
//!
//! Where several are stated the strictest holds. A share of time is told, but not reckoned with: the path model is a median.

use super::CheckRules;
use crate::{
    registry::{Assignment, Text},
    units::{Band, Hertz},
};

/// Thermal noise at 290 K, dBm in one hertz.
const THERMAL_DBM_HZ: f64 = -173.975;

/// Permissible interference of one receiver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    /// In its band, out of an isotropic antenna.
    pub(super) dbm: f64,
    /// Where it comes from.
    pub(super) criterion: Criterion,
}

/// A protection criterion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Criterion {
    /// I/N of the policy, dB.
    Policy(f64),
    /// I/N of the station's record, dB.
    OverNoise(f64),
    /// Power of the record, dBm.
    Power(f64),
    /// Field strength of the record, dB(µV/m).
    Field(f64),
}

fn noise_dbm(band: Band, noise_figure_db: f64) -> f64 {
    THERMAL_DBM_HZ + noise_figure_db + 10.0 * band.width().as_f64().max(1.0).log10()
}

/// That of a receiver of which nothing is known but its band.
pub(super) fn of_policy(band: Band, rules: &CheckRules) -> Limit {
    Limit {
        dbm: noise_dbm(band, rules.noise_figure_db) + rules.protection_i_n_db,
        criterion: Criterion::Policy(rules.protection_i_n_db),
    }
}

/// That of a station of the register.
pub(super) fn of_station(assignment: &Assignment, rules: &CheckRules) -> Limit {
    let band = assignment.band();
    let details = assignment.details.as_deref();
    let equipment = details.and_then(|details| details.equipment.as_ref());
    let noise_figure_db = equipment.and_then(|equipment| equipment.noise_figure_db);
    let noise_dbm = noise_dbm(band, noise_figure_db.unwrap_or(rules.noise_figure_db));
    let stated = details.and_then(|details| details.protection.as_ref());
    let stated = stated.into_iter().flat_map(|protection| {
        [
            protection.i_n_db.map(|db| (noise_dbm + db, Criterion::OverNoise(db))),
            protection.power_dbm.map(|dbm| (dbm, Criterion::Power(dbm))),
            protection
                .field_dbuv_m
                .map(|field| (isotropic_dbm(field, assignment.center_hz), Criterion::Field(field))),
        ]
    });
    let stated = stated.flatten().min_by(|(a, _), (b, _)| a.total_cmp(b));
    let policy = (
        noise_dbm + rules.protection_i_n_db,
        Criterion::Policy(rules.protection_i_n_db),
    );
    let (dbm, criterion) = stated.unwrap_or(policy);
    Limit { dbm, criterion }
}

fn isotropic_dbm(field_dbuv_m: f64, at: Hertz) -> f64 {
    field_dbuv_m - 20.0 * (at.as_f64().max(1.0) / 1e6).log10() - 77.2
}

impl Criterion {
    /// In words.
    pub(super) fn text(self) -> Text {
        match self {
            Self::Policy(db) => Text::new(
                format!("I/N {db:.1} dB（通用准则）"),
                format!("I/N {db:.1} dB, the general one"),
            ),
            Self::OverNoise(db) => Text::new(
                format!("I/N {db:.1} dB（台站登记）"),
                format!("I/N {db:.1} dB of its record"),
            ),
            Self::Power(dbm) => Text::new(
                format!("干扰功率 {dbm:.1} dBm（台站登记）"),
                format!("{dbm:.1} dBm of its record"),
            ),
            Self::Field(field) => Text::new(
                format!("干扰场强 {field:.1} dB(μV/m)（台站登记）"),
                format!("{field:.1} dB(µV/m) of its record"),
            ),
        }
    }
}

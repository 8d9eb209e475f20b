//! What of a station can arrive at the receiver, and whether what arrived can be that station.
//!
//! **The most** that can arrive is the field of free space (ITU-R P.525) of the assigned radiated power, in the direction of
//! the receiver where a pattern is registered, plus a margin for reflections; beyond the farthest radio horizon the station
//! can have, less what ducting takes. **The usual** is free space less the diffraction over a smooth Earth (ITU-R P.526), plus
//! a margin for place and time. Both are asked only of stations that stand still: a mobile one may be next door.
//!
//! **What arrived** is a field strength behind a calibration, or else the least it can have been: the noise of no receiver is
//! below that of a matched resistor at 290 K, so the signal is at least its SNR above that.

use super::{Level, Measured, Rules};
use crate::{
    propagation::{
        SmoothEarth, bearing_deg, diffraction_loss_db, field_of_isotropic_power_dbuv_m, free_space_field_dbuv_m,
    },
    registry::{Assignment, Details, Place},
};

/// Thermal noise at 290 K, dBm in one hertz.
const THERMAL_DBM_HZ: f64 = -173.975;
/// Gain of a half-wave dipole, dBi.
const DIPOLE_DBI: f64 = 2.15;

/// What of a station can arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arrival {
    /// Nearest the transmitter can be.
    pub(super) distance_km: f64,
    pub(super) eirp_dbm: f64,
    /// Free space without any margin.
    pub(super) free_space_dbuv_m: f64,
    pub(super) most_dbuv_m: f64,
    pub(super) usual_dbuv_m: f64,
    /// The curvature of the Earth takes no more than place and time do.
    pub(super) in_sight: bool,
}

/// What arrived.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Received {
    /// Field strength, or the least it can have been.
    pub(super) field_dbuv_m: f64,
    /// Expanded uncertainty of it; zero for a lower bound.
    pub(super) uncertainty_db: f64,
    /// Measured, and not only bounded.
    pub(super) calibrated: bool,
}

/// How what arrived stands to what can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Power, place or level are not known.
    Untold,
    /// No more than usual.
    Usual,
    /// More than usual, but possible.
    Unusual,
    /// More than the station can send, by so little that it may be the station all the same.
    TooStrong,
    /// More than the station can send by far, or from beyond the horizon: it is another one, nearer by.
    Impossible,
}

impl Received {
    pub(super) fn of(measured: &Measured, rules: &Rules) -> Option<Self> {
        let hz = measured.center_hz.as_f64();
        let gain_dbi = rules.power.receive_gain_dbi;
        if let Some(Level {
            power_dbm,
            sigma_db,
            field_dbuv_m,
        }) = measured.level
        {
            let expand = |sigma: f64| rules.coverage_factor * sigma;
            return Some(match field_dbuv_m {
                Some([field_dbuv_m, sigma_db]) => Self {
                    field_dbuv_m,
                    uncertainty_db: expand(sigma_db),
                    calibrated: true,
                },
                None => Self {
                    field_dbuv_m: field_of_isotropic_power_dbuv_m(power_dbm - gain_dbi, hz),
                    uncertainty_db: expand(sigma_db),
                    calibrated: true,
                },
            });
        }
        let width_hz = measured.bandwidth_hz.as_f64();
        let least_dbm = THERMAL_DBM_HZ + 10.0 * width_hz.log10() + measured.snr_db - gain_dbi;
        least_dbm.is_finite().then(|| Self {
            field_dbuv_m: field_of_isotropic_power_dbuv_m(least_dbm, hz),
            uncertainty_db: 0.0,
            calibrated: false,
        })
    }

    /// Field strength it had at least.
    fn least_dbuv_m(&self) -> f64 {
        self.field_dbuv_m - self.uncertainty_db
    }

    /// Radiated power the sender has at least, at `km`.
    pub(super) fn eirp_at_least_dbm(&self, km: f64, rules: &Rules) -> f64 {
        self.least_dbuv_m() - rules.power.margin_db - free_space_field_dbuv_m(0.0, km)
    }
}

impl Arrival {
    /// Nothing where place or power are not registered, or the station moves.
    pub(super) fn of(assignment: &Assignment, services: &[&str], site: &Place, rules: &Rules) -> Option<Self> {
        let place = assignment.place.filter(|_| stands_still(assignment, services, rules))?;
        let details = assignment.details.as_deref();
        let eirp_dbm = eirp_dbm(assignment)? + details.map_or(0.0, |details| toward(details, &place, site, rules));
        let power = &rules.power;
        let distance_km = (place.distance_km(site) - power.position_uncertainty_km).max(power.position_uncertainty_km);
        let hz = assignment.center_hz.as_f64();
        let free_space_dbuv_m = free_space_field_dbuv_m(eirp_dbm, distance_km);
        let [usual_m, most_m] = heights_m(details, rules);
        let to_receiver = |height| SmoothEarth::median([height, rules.propagation.receiver_height_m]);
        let beyond_km = (distance_km - to_receiver(most_m).horizon_km()).max(0.0);
        let diffraction_db = diffraction_loss_db(hz, distance_km, &to_receiver(usual_m));
        Some(Self {
            distance_km,
            eirp_dbm,
            free_space_dbuv_m,
            most_dbuv_m: free_space_dbuv_m + power.margin_db - rules.propagation.ducting_db_per_km * beyond_km,
            usual_dbuv_m: free_space_dbuv_m - diffraction_db + rules.propagation.usual_margin_db,
            in_sight: diffraction_db <= rules.propagation.usual_margin_db,
        })
    }

    /// How far what arrived stays below what can, dB; negative beyond it.
    pub(super) fn margin_db(&self, received: &Received) -> f64 {
        self.most_dbuv_m - received.least_dbuv_m()
    }

    pub(super) fn heard(&self, received: &Received, rules: &Rules) -> Heard {
        let margin_db = self.margin_db(received);
        let may_be_it = self.in_sight && margin_db >= -rules.power.capture_db;
        if margin_db < 0.0 && !may_be_it {
            Heard::Impossible
        } else if margin_db < 0.0 {
            Heard::TooStrong
        } else if received.least_dbuv_m() > self.usual_dbuv_m {
            Heard::Unusual
        } else {
            Heard::Usual
        }
    }
}

/// The registered radiated power, however the register states it.
pub(super) fn eirp_dbm(assignment: &Assignment) -> Option<f64> {
    let details = assignment.details.as_deref();
    let fed = || {
        let details = details?;
        let antenna = details.antenna.as_ref()?;
        Some(details.power_dbm? + antenna.gain_dbi? - antenna.feeder_loss_db.unwrap_or(0.0))
    };
    assignment
        .eirp_dbm
        .or_else(|| Some(details?.erp_dbm? + DIPOLE_DBI))
        .or_else(fed)
}

/// Whether the transmitter is where the register says, and nowhere else.
pub(super) fn stands_still(assignment: &Assignment, services: &[&str], rules: &Rules) -> bool {
    let class = assignment
        .details
        .as_ref()
        .and_then(|details| details.station_class.as_deref());
    match class {
        Some(class) => rules.power.fixed_classes.iter().any(|known| known == class),
        None => {
            !services.is_empty()
                && services
                    .iter()
                    .all(|code| rules.power.fixed_services.iter().any(|known| known == code))
        }
    }
}

/// Gain toward the receiver relative to the greatest, where a pattern is registered; never less than the rules believe of
/// a pattern.
fn toward(details: &Details, from: &Place, to: &Place, rules: &Rules) -> f64 {
    let Some(antenna) = details.antenna.as_ref().filter(|antenna| antenna.pattern.len() >= 2) else {
        return 0.0;
    };
    let bearing = bearing_deg((from.latitude, from.longitude), (to.latitude, to.longitude));
    let turned = (bearing - antenna.azimuth_deg.unwrap_or(0.0)).rem_euclid(360.0);
    let mut points: Vec<(f64, f64)> = antenna
        .pattern
        .iter()
        .map(|&(azimuth, gain)| (azimuth.rem_euclid(360.0), gain))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let after = points.partition_point(|(azimuth, _)| *azimuth <= turned) % points.len();
    let before = (after + points.len() - 1) % points.len();
    // Between two directions the stronger one counts: a pattern is no finer than it was tabulated.
    points[before]
        .1
        .max(points[after].1)
        .clamp(-rules.power.pattern_depth_db, 0.0)
}

/// Heights of the station's antenna over the ground toward the receiver: usual, and the most it can be.
fn heights_m(details: Option<&Details>, rules: &Rules) -> [f64; 2] {
    let rules = &rules.propagation;
    let antenna = details.and_then(|details| details.antenna.as_ref());
    let known = antenna.and_then(|antenna| antenna.haat_m.or(antenna.height_m));
    let elevation = details.and_then(|details| details.ground_elevation_m);
    let over_sea = antenna
        .and_then(|antenna| antenna.height_m)
        .zip(elevation)
        .map(|(height, ground)| height + ground);
    let usual = known.unwrap_or(rules.station_height_m);
    [usual, over_sea.unwrap_or(rules.station_height_most_m).max(usual)]
}

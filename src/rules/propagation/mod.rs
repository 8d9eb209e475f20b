//! How much of what a station radiates arrives: free space (ITU-R P.525) and the smooth Earth (ITU-R P.526).
//!
//! Numbers in, numbers out: no terrain, no clutter, no weather. Free space is the least loss a path can have but for
//! reflections; the smooth Earth adds what its curvature takes beyond the radio horizon. What is made of the figures (how
//! much doubt, for whom) is decided where a verdict is made.

mod smooth_earth;

pub use smooth_earth::{SmoothEarth, diffraction_loss_db};

/// Radius of the Earth, kilometres, as the recommendations take it.
pub const EARTH_RADIUS_KM: f64 = 6371.0;
/// Field strength of 0 dBm received by an isotropic antenna, at 1 MHz: dB(µV/m).
const FIELD_OF_POWER_DB: f64 = 77.2;

/// Loss between isotropic antennas in free space, dB (P.525: 32.4 + 20 log f/MHz + 20 log d/km).
#[must_use]
pub fn free_space_loss_db(hz: f64, km: f64) -> f64 {
    32.45 + 20.0 * (hz * 1e-6).log10() + 20.0 * km.log10()
}

/// Field strength in free space of `eirp_dbm` at `km`, dB(µV/m) (P.525: 74.8 + 10 log P/W − 20 log d/km).
#[must_use]
pub fn free_space_field_dbuv_m(eirp_dbm: f64, km: f64) -> f64 {
    eirp_dbm - 30.0 + 74.8 - 20.0 * km.log10()
}

/// Field strength, dB(µV/m), in which an isotropic antenna receives `dbm`.
#[must_use]
pub fn field_of_isotropic_power_dbuv_m(dbm: f64, hz: f64) -> f64 {
    dbm + 20.0 * (hz * 1e-6).log10() + FIELD_OF_POWER_DB
}

/// Initial bearing from one point to another, degrees clockwise from true north; points as degrees north and east.
#[must_use]
pub fn bearing_deg(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (from.0.to_radians(), to.0.to_radians());
    let d_lon = (to.1 - from.1).to_radians();
    let east = d_lon.sin() * lat_b.cos();
    let north = lat_a.cos() * lat_b.sin() - lat_a.sin() * lat_b.cos() * d_lon.cos();
    east.atan2(north).to_degrees().rem_euclid(360.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64, within: f64) {
        assert!(
            (got - expected).abs() <= within,
            "{got}, expected {expected} ± {within}"
        );
    }

    #[test]
    fn free_space_is_that_of_the_recommendation() {
        close(free_space_loss_db(100e6, 10.0), 92.45, 0.005);
        close(free_space_loss_db(1e9, 1.0), 92.45, 0.005);
        // E = 106.9 + 10 log P(kW ERP) − 20 log d: 1 kW ERP is 62.15 dBm EIRP.
        close(free_space_field_dbuv_m(62.15, 10.0), 86.9, 0.1);
        // The two ways from a radiated power to a field are one.
        let received = 62.15 - free_space_loss_db(98e6, 10.0);
        close(
            field_of_isotropic_power_dbuv_m(received, 98e6),
            free_space_field_dbuv_m(62.15, 10.0),
            0.1,
        );
    }

    #[test]
    fn bearings_turn_clockwise_from_north() {
        for (to, bearing) in [
            ((1.0, 0.0), 0.0),
            ((0.0, 1.0), 90.0),
            ((-1.0, 0.0), 180.0),
            ((0.0, -1.0), 270.0),
        ] {
            close(bearing_deg((0.0, 0.0), to), bearing, 1e-9);
        }
    }
}

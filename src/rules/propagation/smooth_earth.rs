//! What the curvature of a smooth Earth takes: ITU-R P.526, "Diffraction over a spherical Earth".
//!
//! ```text
//! beyond the horizon:  A = −F(X) − G(Y₁) − G(Y₂)                      first term of the residue series
//!     X = 21.88 β (f/a²)^(1/3) d        Y = 0.9575 β (f²/a)^(1/3) h   f in GHz, a and d in km, h in m
//! within it:           A = (1 − h/h_req) A(a'), at least 0
//!     h      smallest height of the ray over the Earth
//!     h_req  height at which nothing is lost, 0.552 of the first Fresnel zone
//!     a'     radius of the Earth for which the path would just graze
//! ```
//!
//! Horizontal polarization over land of average conductivity (relative permittivity 22, 0.003 S/m): from 30 MHz on the two
//! polarizations over land differ by less than a decibel.

use super::EARTH_RADIUS_KM;

const PERMITTIVITY: f64 = 22.0;
const CONDUCTIVITY_S_M: f64 = 0.003;
/// Speed of light, m·GHz.
const LIGHT: f64 = 0.2998;

/// A path over a smooth Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmoothEarth {
    /// Heights of the two antennas over the surface, metres, above zero.
    pub heights_m: [f64; 2],
    /// Radius of the Earth over which rays are straight lines, kilometres; 4/3 of the true one in half of all hours.
    pub effective_radius_km: f64,
}

impl SmoothEarth {
    /// The median atmosphere: 4/3 of the Earth's radius. Heights below a metre count as one.
    #[must_use]
    pub fn median(heights_m: [f64; 2]) -> Self {
        Self {
            heights_m: heights_m.map(|height| height.max(1.0)),
            effective_radius_km: EARTH_RADIUS_KM * 4.0 / 3.0,
        }
    }

    /// Distance of the radio horizon: beyond it the antennas do not see one another.
    #[must_use]
    pub fn horizon_km(&self) -> f64 {
        let [a, b] = self.heights_m.map(|height| (height * 1e-3).sqrt());
        (2.0 * self.effective_radius_km).sqrt() * (a + b)
    }
}

/// Loss in addition to that of free space, dB, zero or more.
#[must_use]
pub fn diffraction_loss_db(hz: f64, km: f64, path: &SmoothEarth) -> f64 {
    let ghz = hz * 1e-9;
    if km >= path.horizon_km() {
        return first_term_db(ghz, km, path).max(0.0);
    }
    let [high, low] = path.heights_m;
    let (sum, radius) = (high + low, path.effective_radius_km);
    // Where the ray comes closest to the Earth (P.526: c, m, b), and how close.
    let c = (high - low) / sum;
    let m = 250.0 * km * km / (radius * sum);
    let turn = (1.5 * c * (3.0 * m / (m + 1.0).powi(3)).sqrt()).clamp(-1.0, 1.0);
    let b = 2.0 * ((m + 1.0) / (3.0 * m)).sqrt() * (std::f64::consts::FRAC_PI_3 + turn.acos() / 3.0).cos();
    let d1 = km / 2.0 * (1.0 + b);
    let d2 = km - d1;
    let over = |height: f64, d: f64| height - 500.0 * d * d / radius;
    let clearance_m = (over(high, d1) * d2 + over(low, d2) * d1) / km;
    let required_m = 17.456 * (d1 * d2 * LIGHT / (ghz * km)).sqrt();
    if clearance_m >= required_m {
        return 0.0;
    }
    let grazing = SmoothEarth {
        effective_radius_km: 500.0 * (km / (high.sqrt() + low.sqrt())).powi(2),
        ..*path
    };
    let loss = first_term_db(ghz, km, &grazing).max(0.0);
    (1.0 - clearance_m / required_m) * loss
}

fn first_term_db(ghz: f64, km: f64, path: &SmoothEarth) -> f64 {
    let radius = path.effective_radius_km;
    let conductivity = 18.0 * CONDUCTIVITY_S_M / ghz;
    let k = 0.036 * (radius * ghz).cbrt().recip() / ((PERMITTIVITY - 1.0).powi(2) + conductivity.powi(2)).powf(0.25);
    let beta = (1.0 + 1.6 * k.powi(2) + 0.67 * k.powi(4)) / (1.0 + 4.5 * k.powi(2) + 1.53 * k.powi(4));
    let x = 21.88 * beta * (ghz / (radius * radius)).cbrt() * km;
    let distance = if x >= 1.6 {
        11.0 + 10.0 * x.log10() - 17.6 * x
    } else {
        -20.0 * x.log10() - 5.6488 * x.powf(1.425)
    };
    let height = |metres: f64| {
        let y = 0.9575 * beta * (ghz * ghz / radius).cbrt() * metres;
        let b = beta * y;
        let gain = if b > 2.0 {
            17.6 * (b - 1.1).sqrt() - 5.0 * (b - 1.1).log10() - 8.0
        } else {
            20.0 * (b + 0.1 * b.powi(3)).log10()
        };
        gain.max(2.0 + 20.0 * k.log10())
    };
    -distance - height(path.heights_m[0]) - height(path.heights_m[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_those_of_the_validation_of_p_1812() {
        // Smooth-Earth losses (the same method, P.1812 eq. 27) published with the validation examples of ITU-R P.1812, land
        // paths with 3 Earth radii: b2iseac dense urban land, rburg subpath diffraction.
        for (mhz, km, heights_m, loss) in [
            (95.3, 235.1, [734.452_279_6, 154.814_287_8], 13.921_480_19),
            (98.2, 96.2, [200.0, 200.0], 1.070_248_895),
        ] {
            let path = SmoothEarth {
                heights_m,
                effective_radius_km: 3.0 * EARTH_RADIUS_KM,
            };
            let got = diffraction_loss_db(mhz * 1e6, km, &path);
            assert!((got - loss).abs() < 1e-5, "{mhz} MHz, {km} km: {got}, expected {loss}");
        }
    }

    #[test]
    fn the_horizon_is_where_it_is_known_to_be_and_loss_has_no_step_there() {
        let path = SmoothEarth::median([150.0, 10.0]);
        assert!((path.horizon_km() - 4.12 * (150_f64.sqrt() + 10_f64.sqrt())).abs() < 0.1);
        for mhz in [50.0, 98.0, 450.0, 3500.0] {
            let at = |km| diffraction_loss_db(mhz * 1e6, km, &path);
            let horizon = path.horizon_km();
            assert!((at(horizon - 1e-6) - at(horizon + 1e-6)).abs() < 0.1, "{mhz} MHz");
            let losses: Vec<f64> = (1..=500).map(|km| at(f64::from(km))).collect();
            assert!(
                losses.windows(2).all(|pair| pair[1] >= pair[0]),
                "{mhz} MHz: falls with distance"
            );
            assert_eq!(losses[0], 0.0, "{mhz} MHz: near by there is no curvature");
        }
    }
}

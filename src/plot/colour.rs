//! Colours: one of our own making for levels, a few for lines, and one per kind of radio service.
//!
//! The level map rises evenly in lightness (OKLab, Ottosson 2020), so equal steps in dB look equal, in grey print
//! and to colour-blind eyes too. Its lightest end is the strongest level.

use std::sync::OnceLock;

use crate::conflict::verdict::Severity;

/// A colour with opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colour {
    /// Red, green, blue.
    pub rgb: [u8; 3],
    /// 0 is invisible, 1 opaque.
    pub opacity: f32,
}

impl Colour {
    /// An opaque colour.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self {
            rgb: [red, green, blue],
            opacity: 1.0,
        }
    }

    /// The same with another opacity, 0 to 1.
    #[must_use]
    pub const fn faded(self, opacity: f32) -> Self {
        Self { opacity, ..self }
    }

    /// The colour of a service by its code, such as `BROADCASTING`; unknown codes get one by their name, always the
    /// same.
    #[must_use]
    pub fn of_service(code: &str) -> Self {
        let known = [
            ("BROADCAST", Self::new(0xf2, 0xb1, 0x6d)),
            ("AERO", Self::new(0x8e, 0xb8, 0xe8)),
            ("RADIONAV", Self::new(0x7f, 0xc4, 0xd6)),
            ("MARITIME", Self::new(0x86, 0xc9, 0xbd)),
            ("AMATEUR", Self::new(0xb7, 0xd3, 0x7c)),
            ("SATELLITE", Self::new(0xc3, 0xa6, 0xdf)),
            ("SPACE", Self::new(0xc3, 0xa6, 0xdf)),
            ("ASTRONOMY", Self::new(0xe3, 0xa2, 0xc3)),
            ("RADIOLOC", Self::new(0xe0, 0x94, 0x8f)),
            ("METEO", Self::new(0xa9, 0xc6, 0xa0)),
            ("MOBILE", Self::new(0xe9, 0xd2, 0x77)),
            ("FIXED", Self::new(0xc9, 0xbf, 0xa5)),
        ];
        let upper = code.to_ascii_uppercase();
        known
            .iter()
            .find(|(part, _)| upper.contains(part))
            .map_or_else(|| Self::by_name(code), |(_, colour)| *colour)
    }

    /// The colour of a severity.
    #[must_use]
    pub fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::new(0x4c, 0x8c, 0x5a),
            Severity::Notice => Self::new(0x2f, 0x6f, 0xc0),
            Severity::Warning => Self::new(0xc9, 0x6a, 0x12),
            Severity::Alarm => Self::new(0xc4, 0x2b, 0x2b),
        }
    }

    fn by_name(name: &str) -> Self {
        // FNV-1a: a stable spread of names over hues, nothing more.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
        });
        Self {
            rgb: oklch(0.82, 0.09, (hash % 360) as f64),
            opacity: 1.0,
        }
    }
}

/// Text and frames.
pub(super) const INK: Colour = Colour::new(0x1b, 0x23, 0x30);
/// Less important text.
pub(super) const MUTED: Colour = Colour::new(0x5a, 0x66, 0x75);
/// Grid lines.
pub(super) const GRID: Colour = Colour::new(0xe4, 0xe8, 0xee);
/// Paper.
pub(super) const PAPER: Colour = Colour::new(0xff, 0xff, 0xff);
/// Mean level.
pub(super) const MEAN: Colour = Colour::new(0x1d, 0x58, 0xb3);
/// Highest level.
pub(super) const MAX: Colour = Colour::new(0xd9, 0x7a, 0x2b);
/// Lowest level.
pub(super) const MIN: Colour = Colour::new(0x7d, 0xa6, 0xde);
/// Noise floor.
pub(super) const FLOOR: Colour = Colour::new(0x2a, 0x87, 0x55);
/// Ground and lines of what was not observed.
pub(super) const UNSEEN: [Colour; 2] = [Colour::new(0xee, 0xef, 0xf1), Colour::new(0xc3, 0xc8, 0xd0)];

/// Entries of the level map; entry 0 is never a level, it stands for "not observed".
pub(super) fn level_map() -> &'static [[u8; 3]; 256] {
    static MAP: OnceLock<[[u8; 3]; 256]> = OnceLock::new();
    MAP.get_or_init(|| {
        let mut map = [[0; 3]; 256];
        for (n, entry) in map.iter_mut().enumerate().skip(1) {
            let t = (n - 1) as f64 / 254.0;
            *entry = oklch(
                0.16 + 0.80 * t,
                0.05 + 0.13 * (t * (1.6 - t)).min(0.63) / 0.63,
                292.0 - 192.0 * t,
            );
        }
        map
    })
}

/// The entry for a level within `[low, high]`; 0 for what is not a number.
pub(super) fn level_index(level: f32, low: f32, high: f32) -> u8 {
    if !level.is_finite() {
        return 0;
    }
    (1.0 + ((level - low) / (high - low)).clamp(0.0, 1.0) * 254.0).round() as u8
}

/// A colour from lightness, chroma and hue in degrees; the chroma is lowered until it can be shown.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> [u8; 3] {
    let (sin, cos) = hue.to_radians().sin_cos();
    let (mut low, mut high) = (0.0, chroma);
    if let Some(shown) = srgb(lightness, chroma * cos, chroma * sin) {
        return shown;
    }
    for _ in 0..20 {
        let middle = (low + high) / 2.0;
        if srgb(lightness, middle * cos, middle * sin).is_some() {
            low = middle
        } else {
            high = middle
        }
    }
    srgb(lightness, low * cos, low * sin).unwrap_or([128; 3])
}

/// OKLab to sRGB, or nothing when it lies outside.
fn srgb(lightness: f64, a: f64, b: f64) -> Option<[u8; 3]> {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let linear = [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ];
    if linear.iter().any(|v| !(-1e-4..=1.0001).contains(v)) {
        return None;
    }
    Some(linear.map(|v| {
        let v = v.clamp(0.0, 1.0);
        let encoded = if v <= 0.003_130_8 {
            12.92 * v
        } else {
            1.055 * v.powf(1.0 / 2.4) - 0.055
        };
        (encoded * 255.0).round() as u8
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE lightness, a formula independent of the one the map is made with.
    fn cie_lightness([r, g, b]: [u8; 3]) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        };
        let y = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        if y > 0.008_856 {
            116.0 * y.cbrt() - 16.0
        } else {
            903.3 * y
        }
    }

    #[test]
    fn stronger_is_always_lighter_and_evenly_so() {
        let lightness: Vec<f64> = level_map()[1..].iter().map(|rgb| cie_lightness(*rgb)).collect();
        assert!(
            lightness[0] < 12.0 && lightness[254] > 90.0,
            "{} to {}",
            lightness[0],
            lightness[254]
        );
        for step in lightness.windows(16) {
            let rise = step[15] - step[0];
            assert!((2.0..9.0).contains(&rise), "a sixteenth rises by {rise}");
        }
    }

    #[test]
    fn levels_outside_the_range_keep_to_its_ends_and_nan_is_no_level() {
        assert_eq!(level_index(f32::NAN, -100.0, 0.0), 0);
        assert_eq!(
            (level_index(-200.0, -100.0, 0.0), level_index(50.0, -100.0, 0.0)),
            (1, 255)
        );
        assert_eq!(level_index(-50.0, -100.0, 0.0), 128);
    }

    #[test]
    fn services_keep_their_colours() {
        assert_eq!(Colour::of_service("AERONAUTICAL_MOBILE"), Colour::of_service("AERO"));
        assert_eq!(Colour::of_service("whatever"), Colour::of_service("whatever"));
        assert_ne!(Colour::of_service("whatever"), Colour::of_service("another"));
    }
}

//! What the worlds differ in.

use super::world::{Hidden, Secrets};

const fn hidden(id: &'static str, mhz: &'static str, place: [f64; 2]) -> Hidden {
    Hidden {
        id,
        mhz,
        latitude: place[0],
        longitude: place[1],
        bandwidth: "25k",
        valid_to: "",
        role: "transmit",
    }
}

/// Confidential assignments, drafts and orders.
pub const ONE: Secrets = Secrets {
    assignments: &[
        hidden("HIDDEN-1", "150.2", [30.2, 114.1]),
        hidden("HIDDEN-2", "150.8", [30.3, 114.2]),
        hidden("HIDDEN-3", "410.1", [30.6, 114.4]),
        // In the band of the devices that ask by PAWS.
        hidden("HIDDEN-5", "550.2", [30.55, 114.3]),
        // It explains what is at 97.45 MHz; the other world's, which is over, does not quite.
        hidden("HIDDEN-4", "97.45", [30.6, 114.2]),
        // It is nearer to what is at 98.63 MHz than the open station there.
        Hidden {
            bandwidth: "200k",
            ..hidden("HIDDEN-6", "98.63", [30.5, 114.3])
        },
    ],
    drafts: &["秘密演习", "第二次"],
    orders_khz: &[[150_100, 150_400]],
    complaints: 2,
    ..NONE
};
/// Others in the same cells and blocks: other keys, places, frequencies and numbers of them.
pub const OTHER: Secrets = Secrets {
    assignments: &[
        hidden("SECRET/9", "150.65", [30.45, 114.45]),
        hidden("绝密8", "410.9", [30.9, 114.05]),
        hidden("SECRET/5", "550.8", [30.8, 114.45]),
        Hidden {
            valid_to: "2020-05-01",
            ..hidden("SECRET/4", "97.8", [30.7, 114.3])
        },
        hidden("SECRET/6", "98.1", [30.6, 114.4]),
    ],
    ..NONE
};
/// Those of the first where nothing is on the air: that nobody is to be asked there would be told by what is said of it.
pub const SILENT: Secrets = Secrets {
    assignments: ONE.assignments.split_at(4).0,
    ..ONE
};
pub const NONE: Secrets = Secrets {
    assignments: &[],
    drafts: &[],
    orders_khz: &[],
    complaints: 0,
    policy: "",
    quiet: false,
};

/// Bands that always ask, among them one with what is on the air, and a band whose spectrum is masked.
const POLICY: &str = r#"
format = 1
version = "worlds"
questions = { per_day = 200, zone = "UTC" }
classification = [{ markings = ["S", "秘密"], told = "hidden" }]

[[band]]
name = "of the regiment"
lower_hz = 150_000_000
upper_hz = 152_000_000
answers = "always_ask"

[[band]]
name = "on the air"
lower_hz = 97_000_000
upper_hz = 98_000_000
answers = "always_ask"

[[band]]
name = "of devices"
lower_hz = 550_000_000
upper_hz = 552_000_000
answers = "always_ask"

[[band]]
name = "not shown"
lower_hz = 97_950_000
upper_hz = 98_150_000
spectrum = "masked"
"#;

/// Hidden records in bands that always ask, and something on the air in the masked band.
pub const HIDDEN: Secrets = Secrets {
    assignments: &[
        hidden("HIDDEN-1", "150.2", [30.2, 114.1]),
        hidden("HIDDEN-2", "151.8", [30.9, 114.9]),
        hidden("HIDDEN-5", "550.2", [30.55, 114.3]),
        hidden("HIDDEN-4", "97.45", [30.6, 114.2]),
    ],
    drafts: &["秘密演习", "第二次"],
    orders_khz: &[[150_100, 150_400]],
    complaints: 2,
    policy: POLICY,
    ..NONE
};
/// Neither.
pub const BARE: Secrets = Secrets {
    policy: POLICY,
    quiet: true,
    ..NONE
};

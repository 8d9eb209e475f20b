//! Worked numbers, and what is refused.

use super::{calibration::*, *};
use crate::units::{Dbfs, Dbm};

fn flat(db: f64, sigma: f64) -> Curve {
    Curve::new(vec![(50e6, db), (2e9, db)], sigma).expect("a table")
}

fn chain() -> Calibration {
    Calibration {
        receiver: vec![(20.0, flat(0.0, 0.3)), (30.0, flat(-10.0, 0.3))],
        cable: Some(flat(1.5, 0.2)),
        preamplifier: None,
        antenna: Some(Antenna::Gain(flat(2.15, 1.0))),
        sigma_db: 0.5,
        gain_sigma_db: 0.5,
    }
}

#[test]
fn the_worked_chain_comes_out() {
    let level = chain().apply(Dbfs(-60.0), 0.1, 450e6, 30.0).expect("calibrated");
    assert_eq!(level.power, Dbm(-68.5));
    let [field, sigma] = level.field_dbuv_m.expect("an antenna");
    assert!((field - 59.6).abs() < 0.05, "{field}");
    let power_sigma = (0.3_f64.powi(2) + 0.2_f64.powi(2) + 0.5_f64.powi(2) + 0.1_f64.powi(2)).sqrt();
    assert!((level.power_sigma_db - power_sigma).abs() < 1e-12);
    assert!((sigma - power_sigma.hypot(1.0)).abs() < 1e-12);
    for (mhz, factor) in [(100.0, 8.06), (450.0, 21.12), (1090.0, 28.81)] {
        assert!((antenna_factor_db(mhz * 1e6, 2.15) - factor).abs() < 0.03, "{mhz} MHz");
    }
    let boosted = Calibration {
        preamplifier: Some(flat(20.0, 0.0)),
        ..chain()
    };
    assert_eq!(
        boosted.apply(Dbfs(-60.0), 0.1, 450e6, 30.0).expect("calibrated").power,
        Dbm(-88.5)
    );
}

#[test]
fn nothing_is_extrapolated() {
    let chain = chain();
    let at = |hz, gain| chain.apply(Dbfs(-60.0), 0.0, hz, gain);
    assert!(at(49.9e6, 30.0).is_none() && at(2.01e9, 30.0).is_none(), "frequency");
    assert!(at(1e8, 19.0).is_none() && at(1e8, 31.0).is_none(), "gain");
    assert!(
        at(50e6, 30.0).is_some() && at(2e9, 20.0).is_some(),
        "the ends belong to it"
    );
    let between = at(1e8, 25.0).expect("between two gains");
    assert_eq!(between.power, Dbm(-63.5));
    assert!(between.power_sigma_db > at(1e8, 30.0).expect("calibrated").power_sigma_db);
    let narrow = Calibration {
        antenna: Some(Antenna::Factor(
            Curve::new(vec![(400e6, 20.0), (500e6, 22.0)], 0.0).expect("a table"),
        )),
        ..chain.clone()
    };
    let level = narrow.apply(Dbfs(-60.0), 0.0, 1e8, 30.0).expect("the power is known");
    assert_eq!(level.field_dbuv_m, None, "the field is not");
}

#[test]
fn tables_are_straight_in_the_logarithm_of_frequency() {
    let curve = Curve::new(vec![(100e6, 0.0), (1e9, 10.0)], 0.0).expect("a table");
    assert!((curve.at(100e6 * 10_f64.sqrt()).expect("inside") - 5.0).abs() < 1e-9);
    assert_eq!(Curve::new(vec![(1e8, 0.0)], 0.0), Err(CurveError::TooFew));
    assert_eq!(
        Curve::new(vec![(2e8, 0.0), (1e8, 0.0)], 0.0),
        Err(CurveError::Order(1e8))
    );
    assert_eq!(
        Curve::new(vec![(1e8, f64::NAN), (2e8, 0.0)], 0.0),
        Err(CurveError::Number)
    );
}

#[test]
fn own_noise_is_taken_out_and_refused_near_it() {
    let at = |excess: f64| without_noise([excess, 0.1], [0.0, 0.1]);
    assert!((at(3.0).expect("enough").level_db - (3.0 - 3.02)).abs() < 0.005);
    assert!((at(10.0).expect("enough").level_db - (10.0 - 0.458)).abs() < 0.001);
    assert!(at(3.0).expect("enough").sigma_db > 0.2, "half of it is noise");
    assert_eq!(at(0.9), None);
}

#[test]
fn channels_are_summed_in_power_with_parts_of_bins() {
    assert!((channel_power(&[1.0, 2.0, 4.0, 8.0], 0.5, 3.25) - (0.5 + 2.0 + 4.0 + 2.0)).abs() < 1e-9);
    let window = Window::hann(1024);
    assert!((channel_sigma_db(&window, 20.0, 100.0) - 0.135).abs() < 0.001);
}

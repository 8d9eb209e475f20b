//! Designators as registers write them, the published bandwidth codes, and the ways to write them wrong.

use proptest::prelude::*;

use super::{
    bandwidth::{NoBandwidth, Signal},
    *,
};
use crate::registry::test_data;

#[test]
fn bandwidths_are_read_exactly() {
    for (text, millihertz) in [
        ("H002A1A", 2),
        ("25H3A1A", 25_300),
        ("400HF1B", 400_000),
        ("16K0F3E", 16_000_000),
        ("256KF8EHF", 256_000_000),
        ("2M00P0N", 2_000_000_000),
        ("5G65X7W", 0),
        (" 16k0f3e ", 16_000_000),
        ("1K20G1D--", 1_200_000),
    ] {
        match parse(text) {
            Ok(designator) => assert_eq!(designator.bandwidth_millihertz, millihertz, "{text}"),
            Err(error) => assert!(millihertz == 0 && error.position == 5, "{text}: {error}"),
        }
    }
    assert_eq!(
        parse("6K00XXX").map(|d| d.bandwidth()),
        Ok(Hertz(6000)),
        "all other cases"
    );
}

#[test]
fn a_fault_points_at_its_character() {
    for (text, position) in [
        ("", 1),
        ("K160F3E", 1),
        ("1600F3E", 4),
        ("16KKF3E", 4),
        ("16K0", 5),
        ("16K0E3E", 5),
        ("16K0F4E", 6),
        ("16K0F", 6),
        ("16K0F3Z", 7),
        ("16K0F3EZ", 8),
        ("16K0F3EJFX", 10),
        ("H000A1A", 2),
        ("256K0F8E", 5),
        ("频率F3E", 1),
    ] {
        assert_eq!(parse(text).map_err(|error| error.position), Err(position), "{text}");
    }
}

#[test]
fn published_bandwidth_codes_are_written_and_read_back() {
    let Some(text) = test_data("registry/emission/cfr47_2_202_b3_bandwidth_examples.tsv") else {
        return;
    };
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let mut cells = line.split('\t');
        let hertz: f64 = cells.next().and_then(|cell| cell.parse().ok()).expect("bandwidth");
        let code = cells.next().expect("code");
        let millihertz = (hertz * 1000.0).round() as u64;
        assert_eq!(format_bandwidth(millihertz).as_deref(), Some(code));
        let read = parse(&format!("{code}F3E")).expect("valid").bandwidth_millihertz;
        assert_eq!(format_bandwidth(read).as_deref(), Some(code), "reads back");
        rows += 1;
    }
    assert!(rows >= 15, "{rows} rows");
}

#[test]
fn real_designators_are_accepted_with_their_bandwidth() {
    for (file, bandwidth_column) in [
        ("uls_real_designators.tsv", None),
        ("sm1138_style_examples.tsv", Some(2)),
    ] {
        let Some(text) = test_data(&format!("registry/emission/{file}")) else {
            return;
        };
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let read = parse(cells[0]).unwrap_or_else(|error| panic!("{file}: {error}"));
            if let Some(column) = bandwidth_column {
                let hertz: u64 = cells[column].parse().expect("hertz");
                assert_eq!(read.bandwidth_millihertz, hertz * 1000, "{}", cells[0]);
            }
        }
    }
}

#[test]
fn malformed_designators_are_refused() {
    let Some(text) = test_data("registry/emission/malformed_examples.tsv") else {
        return;
    };
    for line in text.lines().skip(1) {
        let (written, expect) = line.split_once('\t').expect("two columns");
        let result = parse(written);
        assert_eq!(result.is_ok(), expect != "reject", "{written}: {result:?}");
        if let Err(error) = result {
            let length = written.chars().count();
            assert!(
                (1..=length + 1).contains(&error.position),
                "points at a character: {error}"
            );
        }
    }
}

fn fm(highest: f64, deviation: f64) -> Signal {
    Signal {
        highest_hz: Some(highest),
        deviation_hz: Some(deviation),
        ..Signal::default()
    }
}

fn keyed(rate: f64, deviation: f64) -> Signal {
    Signal {
        rate_bd: Some(rate),
        deviation_hz: Some(deviation),
        ..Signal::default()
    }
}

fn voice(lowest: f64, highest: f64) -> Signal {
    Signal {
        lowest_hz: Some(lowest),
        highest_hz: Some(highest),
        ..Signal::default()
    }
}

fn two_channels(lowest: f64, highest: f64) -> Signal {
    Signal {
        channels: Some(2),
        ..voice(lowest, highest)
    }
}

fn digital(rate: f64, states: u32) -> Signal {
    Signal {
        bit_rate: Some(rate),
        states: Some(states),
        ..Signal::default()
    }
}

fn pulse(seconds: f64) -> Signal {
    Signal {
        pulse_s: Some(seconds),
        ..Signal::default()
    }
}

fn on_subcarrier(hz: f64, signal: Signal) -> Signal {
    Signal {
        subcarrier_hz: Some(hz),
        ..signal
    }
}

/// Parameters of the sample calculations of SM.1138, in the notation of [`Signal`].
#[test]
fn sample_calculations_of_the_recommendation_come_out() {
    let morse_on_tone = Signal {
        highest_hz: Some(1000.0),
        ..keyed(20.0, 0.0)
    };
    let fax = Signal {
        elements_per_s: Some(1100.0),
        deviation_hz: Some(400.0),
        subcarrier_hz: Some(1900.0),
        ..Signal::default()
    };
    for (designator, signal) in [
        ("100HA1A", keyed(20.0, 0.0)),
        ("2K10A2A", morse_on_tone),
        ("2K11H2B", voice(0.0, 2110.0)),
        ("134HJ2B", keyed(50.0, 35.0)),
        // The Recommendation prints 2K89: it rounds 2884.75 Hz to 2.885 kHz first.
        ("2K88R7B", on_subcarrier(2805.0, keyed(100.0, 42.5))),
        ("6K00A3E", voice(0.0, 3000.0)),
        ("8K00A3E", voice(0.0, 4000.0)),
        ("2K70J3E", voice(300.0, 3000.0)),
        ("3K00R3E", voice(300.0, 3000.0)),
        ("3K00H3E", voice(300.0, 3000.0)),
        ("5K75J8E", two_channels(250.0, 3000.0)),
        ("6K00B8E", two_channels(250.0, 3000.0)),
        ("2K89R3C", fax),
        ("1K98J3C", fax),
        ("20K9A9W", on_subcarrier(9960.0, fm(30.0, 480.0))),
        ("304HF1B", keyed(100.0, 85.0)),
        ("1K42F7B", keyed(100.0, 600.0)),
        ("1K98F3C", fax),
        ("16K0F3E", fm(3000.0, 5000.0)),
        ("180KF3E", fm(15_000.0, 75_000.0)),
        ("16M3F8EJF", fm(4_028_000.0, 4_136_000.0)),
        ("10M0G7WDT", digital(10e6, 4)),
        ("45M0W7D", digital(135e6, 64)),
        ("3M00P0N", pulse(1e-6)),
        ("8M00M7EJT", pulse(0.4e-6)),
    ] {
        let class = parse(designator).expect("valid").class;
        let necessary = bandwidth::necessary(&class, &signal).unwrap_or_else(|why| panic!("{designator}: {why}"));
        let written = format((necessary.hz * 1000.0).round() as u64, &class);
        assert_eq!(written.as_deref(), Some(designator), "{necessary:?}");
    }
}

#[test]
fn what_a_formula_lacks_is_named() {
    let class = Class::parse("F3E").expect("valid");
    let why = bandwidth::necessary(&class, &Signal::default()).expect_err("nothing stated");
    assert!(why.to_string().contains("highest modulating frequency M"), "{why}");
    let zero = Signal {
        highest_hz: Some(0.0),
        deviation_hz: Some(f64::NAN),
        ..Signal::default()
    };
    assert!(bandwidth::necessary(&class, &zero).is_err());
    let television = Class::parse("C3F").expect("valid");
    assert_eq!(bandwidth::necessary(&television, &zero), Err(NoBandwidth::NoFormula));
}

#[test]
fn every_symbol_of_the_grammar_has_a_meaning_in_both_languages() {
    for (index, (allowed, _, _)) in SYMBOLS.iter().enumerate() {
        for symbol in allowed.chars().filter(|&symbol| symbol != '-') {
            let mut chars = ['F', '3', 'E', 'J', 'N'];
            chars[index] = symbol;
            let class = Class {
                modulation: chars[0],
                nature: chars[1],
                information: chars[2],
                detail: Some(chars[3]),
                multiplex: Some(chars[4]),
            };
            let explained = meaning::explain(&class);
            assert_eq!(explained.len(), 5, "{symbol} as symbol {}", index + 1);
            let said = &explained[index];
            assert!(
                said.symbol == symbol && !said.meaning.zh.is_ascii() && said.meaning.en.is_ascii(),
                "{said:?}"
            );
        }
    }
    let voice = parse("16K0F3EJN").expect("valid");
    let text = meaning::sentence(&voice);
    assert!(
        text.en
            .starts_with("16 kHz; frequency modulation; a single channel of analogue"),
        "{}",
        text.en
    );
    assert!(text.zh.contains("调频") && text.zh.ends_with("无复用"), "{}", text.zh);
}

#[test]
fn symbols_four_and_five_are_kept_and_their_padding_is_not_one() {
    for (text, detail, multiplex, written) in [
        ("1K20G1D--", None, None, "1K20G1D"),
        ("1K20G1D-T", None, Some('T'), "1K20G1D-T"),
        ("200KF8EHF", Some('H'), Some('F'), "200KF8EHF"),
        ("16K0F3EJ", Some('J'), None, "16K0F3EJ"),
    ] {
        let read = parse(text).expect(text);
        assert_eq!((read.class.detail, read.class.multiplex), (detail, multiplex), "{text}");
        assert_eq!(format(read.bandwidth_millihertz, &read.class).as_deref(), Some(written));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_at_one_of_its_characters(text in "\\PC{0,14}") {
        if let Err(error) = parse(&text) {
            prop_assert!((1..=error.text.chars().count().max(4) + 1).contains(&error.position), "{error}");
        }
    }

    #[test]
    fn what_is_written_reads_back(
        digits in 100_u64..1000, scale in 0_u32..9,
        symbols in "[ABCDFGHJKLMNPQRVW][0-3789X][A-FNWX]([A-HJ-NWX][CFNTWX]?)?",
    ) {
        let millihertz = digits * 10_u64.pow(scale + 1);
        let class = Class::parse(&symbols).expect("valid");
        let written = format(millihertz, &class).expect("writable");
        let read = parse(&written).expect("readable");
        prop_assert_eq!((read.bandwidth_millihertz, read.class), (millihertz, class));
    }
}

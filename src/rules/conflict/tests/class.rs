//! The class of emission in the matching: agreeing, disagreeing, and what must not count as either.

use super::*;
use crate::detect::class::{Class, ClassScore};

fn of_class(center: &str, bandwidth: &str, name: Class, score: f64) -> Measured {
    Measured {
        class: Some(ClassScore { name, score }),
        ..measured(center, bandwidth)
    }
}

#[test]
fn a_keyed_carrier_on_a_telephony_channel_is_not_licensed_and_the_verdict_names_what_would_decide() {
    let found = verdict(&of_class("150.1M", "10k", Class::Ook, 0.93));
    assert_eq!(
        (found.rule.as_str(), found.kind),
        ("class_differs", VerdictKind::Inconclusive)
    );
    assert_eq!(found.assignment.as_deref(), Some("LMR"));
    assert_eq!(found.would_decide, [Remedy::Identification, Remedy::Bearing]);
    assert_eq!(
        (found.evidence["class_score"], found.evidence["class_agreement"]),
        (0.93, -1.0)
    );
    for text in [&found.explanation.zh, &found.explanation.en] {
        assert!(text.contains("11K0F3E") && text.contains("LMR"), "{text}");
    }
    assert!(found.explanation.zh.contains("通断键控"), "{}", found.explanation.zh);
    assert!(
        found.explanation.en.contains("on-off keying"),
        "{}",
        found.explanation.en
    );
}

#[test]
fn doubt_about_the_class_is_for_the_sender() {
    let weak = Measured {
        snr_db: 12.0,
        ..of_class("150.1M", "10k", Class::Ook, 0.93)
    };
    let cases = [
        (of_class("150.1M", "10k", Class::Fm, 0.93), 1.0),
        // A telephony transmitter is a bare carrier in a pause.
        (of_class("150.1M", "10k", Class::Carrier, 0.99), 0.0),
        // Selective calls are steps of tones.
        (of_class("150.1M", "10k", Class::Fsk, 0.99), 0.0),
        (of_class("150.1M", "10k", Class::Ook, 0.6), 0.0),
        (weak, 0.0),
        (of_class("118.1M", "5k", Class::Am, 0.9), 1.0),
        (of_class("98.0M", "150k", Class::FmBroadcast, 0.9), 1.0),
    ];
    for (measured, agreement) in cases {
        let found = verdict(&measured);
        assert_eq!(found.kind, VerdictKind::Licensed, "{measured:?} {found:#?}");
        assert_eq!(found.evidence["class_agreement"], agreement, "{measured:?}");
    }
    assert!(
        !verdict(&measured("150.1M", "10k"))
            .evidence
            .contains_key("class_agreement")
    );
}

#[test]
fn a_graver_finding_stands_though_the_class_differs() {
    let wide = verdict(&of_class("150.1M", "16k", Class::Ook, 0.93));
    assert_eq!(wide.kind, VerdictKind::OverBandwidth, "{wide:#?}");
    assert_eq!(wide.evidence["class_agreement"], -1.0);
}

#[test]
fn of_two_stations_on_a_channel_the_one_of_that_class_explains_it() {
    let csv = format!("{CSV}TELEX,电报,甲,,150.1M,,11K0A1B,500,30.55,114.40,20,,,,\n");
    let report = import::parse_assignments(csv.as_bytes(), "two.csv");
    let registry = Registry::new(vec![table::builtin_cn().expect("built in")], report.ok);
    for (class, station) in [(Class::Ook, "TELEX"), (Class::Fm, "LMR")] {
        let found = judge(&RULES, &registry, &of_class("150.1M", "10k", class, 0.93), &context());
        assert_eq!(
            (found.kind, found.assignment.as_deref()),
            (VerdictKind::Licensed, Some(station)),
            "{found:#?}"
        );
    }
}

#[test]
fn the_licence_table_shows_the_class_measured_against_the_designator() {
    let lmr = REGISTRY.assignment("LMR").expect("registered");
    for (class, result) in [
        (Class::Ook, Standing::Outside),
        (Class::Fm, Standing::Within),
        (Class::Carrier, Standing::Undecided),
    ] {
        let table = compare(
            &RULES,
            &REGISTRY,
            lmr,
            &[(of_class("150.1M", "10k", class, 0.93), context())],
        );
        let row = table
            .rows
            .iter()
            .find(|row| row.parameter == Parameter::ClassOfEmission);
        let row = row.expect("a row for the class");
        assert_eq!((row.result, table.emissions), (result, 1), "{row:#?}");
        let measured = &row.measured.as_ref().expect("measured").text;
        assert!(
            measured.zh.contains(class.name(true)) && measured.en.contains("0.93"),
            "{measured:?}"
        );
    }
}

#[test]
fn every_class_has_symbols_and_every_symbol_is_of_the_appendix() {
    for class in Class::ALL {
        let symbols = RULES.class.classes.get(&class).expect("every class is in the rules");
        for symbol in symbols
            .agrees
            .iter()
            .chain(&symbols.possible)
            .chain(&RULES.class.never_disproved)
        {
            let first = symbol.chars().next().expect("not empty");
            assert!(
                "NABCDFGHJKLMPQRVWX".contains(first) && symbol.len() <= 3,
                "{class:?}: {symbol}"
            );
        }
    }
}

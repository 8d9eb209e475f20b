//! Each cause by what it does, and that what proves nothing decides nothing. Offsets in kHz from the nominal centre.

use super::*;

const RATE: f64 = 1_024_000.0;
const CENTRE: f64 = 100e6;
const SHIFT: f64 = 62_437.0;

/// Narrow sightings (offset in kHz from `CENTRE`, dBFS) under a condition.
fn look(trial: Trial, moved_hz: f64, seen: &[(f64, f64)]) -> Observation {
    let sighting = |(khz, level): &(f64, f64)| Sighting {
        center_hz: Hertz::from_f64(CENTRE + khz * 1e3),
        bandwidth_hz: Hertz(4_000),
        power_dbfs: *level,
        snr_db: level + 90.0,
        claimed: None,
    };
    Observation {
        trial,
        center_hz: CENTRE + moved_hz,
        sample_rate_hz: RATE,
        usable_fraction: 0.84,
        bin_hz: 1000.0,
        noise_dbfs_hz: -126.0,
        clipped_fraction: 0.0,
        seconds: 1.0,
        power: Vec::new(),
        floor: Vec::new(),
        sightings: seen.iter().map(sighting).collect(),
    }
}

const STEP: Trial = Trial::Stepped { by_db: -6.0 };

/// Nominal, shifts either way, stepped gain, repeated.
fn trials(nominal: &[(f64, f64)], up: &[(f64, f64)], down: &[(f64, f64)], step: &[(f64, f64)]) -> Vec<Observation> {
    vec![
        look(Trial::Nominal, 0.0, nominal),
        look(Trial::Shifted, SHIFT, up),
        look(Trial::Shifted, -SHIFT, down),
        look(STEP, 0.0, step),
        look(Trial::Repeated, 0.0, nominal),
    ]
}

fn cause(observations: &[Observation], khz: f64) -> Cause {
    finding(observations, &Knowledge::default(), khz).cause
}

fn finding(observations: &[Observation], knowledge: &Knowledge<'_>, khz: f64) -> Finding {
    let all = examine(observations, knowledge);
    let here = |f: &&Finding| (f.sighting.center_hz.as_f64() - CENTRE - khz * 1e3).abs() < 1.0;
    all.iter().find(here).expect("something was heard there").clone()
}

#[test]
fn a_signal_stays_and_falls_with_the_gain() {
    let one = [(150.0, -50.0)];
    let found = finding(
        &trials(&one, &one, &one, &[(150.0, -56.0)]),
        &Knowledge::default(),
        150.0,
    );
    assert_eq!(
        (found.cause, found.evidence.stayed, found.evidence.fall_db),
        (Cause::Signal, 2, Some(6.0))
    );
}

#[test]
fn what_moves_says_what_it_is() {
    let shift = SHIFT * 1e-3;
    let nominal = [(150.0, -30.0), (-150.0, -58.0), (0.0, -50.0)];
    let up = [(150.0, -30.0), (-150.0 + 2.0 * shift, -58.0), (shift, -50.0)];
    let down = [(150.0, -30.0), (-150.0 - 2.0 * shift, -58.0), (-shift, -50.0)];
    let all = trials(&nominal, &up, &down, &[(150.0, -36.0), (-150.0, -64.0), (0.0, -50.0)]);
    assert_eq!(cause(&all, -150.0), Cause::Image);
    assert_eq!(cause(&all, 0.0), Cause::Dc);
    assert_eq!(cause(&all, 150.0), Cause::Signal);
    let mirror = [(150.0, -30.0), (-150.0, -58.0)];
    // Somebody else comes on the air just where an image would have gone.
    let chance = [(150.0, -30.0), (-150.0, -58.0), (-150.0 + 2.0 * shift, -58.0)];
    let stays = trials(&mirror, &chance, &mirror, &[(150.0, -36.0), (-150.0, -64.0)]);
    assert_eq!(
        cause(&stays, -150.0),
        Cause::Signal,
        "a station at the mirror of another is one"
    );
}

#[test]
fn the_gain_parts_spurs_and_products_from_signals() {
    let nominal = [
        (100.0, -25.0),
        (160.0, -25.0),
        (220.0, -60.0),
        (-200.0, -60.0),
        (-300.0, -60.0),
    ];
    let step = [
        (100.0, -31.0),
        (160.0, -31.0),
        (220.0, -78.0),
        (-200.0, -60.2),
        (-300.0, -72.0),
    ];
    let all = trials(&nominal, &nominal, &nominal, &step);
    let third = finding(&all, &Knowledge::default(), 220.0);
    assert_eq!((third.cause, third.evidence.order), (Cause::Intermodulation, Some(3)));
    assert_eq!(third.evidence.parents_hz.len(), 2, "{third:?}");
    assert_eq!(finding(&all, &Knowledge::default(), -300.0).evidence.order, Some(2));
    assert_eq!(cause(&all, -200.0), Cause::Spur);
    assert_eq!(cause(&all, 100.0), Cause::Signal);
}

/// The weaker pass may measure something else where a wide signal was: only a line is a carrier of the receiver's own.
#[test]
fn what_is_wide_is_no_spur_and_a_product_of_third_order_has_parents() {
    let one = [(150.0, -50.0)];
    let mut all = trials(&one, &one, &one, &[(150.0, -50.5)]);
    assert_eq!(cause(&all, 150.0), Cause::Spur, "a line");
    for seen in all.iter_mut().flat_map(|observation| &mut observation.sightings) {
        seen.bandwidth_hz = Hertz(8_000);
    }
    assert_eq!(cause(&all, 150.0), Cause::Undecided, "no signal falls by so little");
    let fallen = trials(&one, &one, &one, &[(150.0, -67.0)]);
    assert_ne!(
        cause(&fallen, 150.0),
        Cause::Intermodulation,
        "nothing else is on the air"
    );
}

#[test]
fn an_alias_moves_with_the_rate_and_nothing_else_does() {
    let one = [(200.0, -60.0), (-90.0, -60.0)];
    let mut all = trials(&one, &one, &one, &[(200.0, -66.0), (-90.0, -66.0)]);
    let mut other = look(Trial::Resampled, 0.0, &[(200.0 - 51.2, -60.0), (-90.0, -60.0)]);
    other.sample_rate_hz = RATE * 1.05;
    all.push(other);
    let alias = finding(&all, &Knowledge::default(), 200.0);
    assert_eq!((alias.cause, alias.evidence.folds), (Cause::Alias, Some(1)));
    assert_eq!(cause(&all, -90.0), Cause::Signal);
}

#[test]
fn a_mapped_spur_is_one_unless_something_stronger_is_there() {
    let mut map = SpurMap::default();
    let still = [(250.0, -70.0), (0.0, -50.0)];
    map.add_scan(&[
        look(Trial::Nominal, 0.0, &still),
        look(Trial::Shifted, SHIFT, &[(250.0, -70.0), (SHIFT * 1e-3, -50.0)]),
    ]);
    assert_eq!(map.spurs.len(), 1, "the spike at the centre is no spur: {map:?}");
    let knowledge = Knowledge {
        spurs: Some(&map),
        ..Knowledge::default()
    };
    for (level, expected) in [(-69.0, Cause::Spur), (-55.0, Cause::Signal)] {
        let one = [(250.0, level)];
        let all = trials(&one, &one, &one, &[(250.0, level - 6.0)]);
        assert_eq!(finding(&all, &knowledge, 250.0).cause, expected, "{level}");
    }
    let text = serde_json::to_string(&map).expect("a map is text");
    assert_eq!(serde_json::from_str::<SpurMap>(&text).expect("and back"), map);
}

#[test]
fn what_went_off_the_air_is_undecided_and_kept() {
    let one = [(150.0, -50.0)];
    assert_eq!(cause(&trials(&one, &[], &[], &[]), 150.0), Cause::Undecided);
    assert_eq!(Cause::Undecided.artefact(), None);
    // Off during the step only: absence alone makes no product of it.
    assert_eq!(cause(&trials(&one, &one, &one, &[]), 150.0), Cause::Signal);
    // Its level wanders: the step of the gain says nothing.
    let mut fading = trials(&one, &one, &one, &[(150.0, -51.0)]);
    fading[4] = look(Trial::Repeated, 0.0, &[(150.0, -58.0)]);
    assert_eq!(cause(&fading, 150.0), Cause::Signal);
    assert!(examine(&[], &Knowledge::default()).is_empty());
}

#[test]
fn overload_is_what_is_gone_with_the_clipping() {
    let clipped = |trial| Observation {
        clipped_fraction: 0.05,
        ..look(trial, 0.0, &[(100.0, -2.0), (-300.0, -40.0), (-150.0, -88.0)])
    };
    let used = [clipped(Trial::Nominal), clipped(Trial::Repeated)];
    let one = [(100.0, -6.0)];
    let clean = trials(&one, &one, &one, &[(100.0, -12.0)]);
    let all = examine_overloaded(&used, &clean, -6.0, &Knowledge::default());
    let causes: Vec<Cause> = all.iter().map(|finding| finding.cause).collect();
    assert_eq!(causes, [Cause::Signal, Cause::Overload, Cause::Undecided], "{all:#?}");
    let once = examine_overloaded(&used[..1], &clean, -6.0, &Knowledge::default());
    assert_eq!(
        once[1].cause,
        Cause::Undecided,
        "heard once: it may have gone off the air"
    );
}

/// Gives the sighting at `khz` another width.
fn widen(observation: &mut Observation, khz: f64, width_hz: i64) {
    let hz = Hertz::from_f64(CENTRE + khz * 1e3);
    let all = observation.sightings.iter_mut();
    let seen = all.into_iter().find(|seen| seen.center_hz == hz).expect("it is there");
    seen.bandwidth_hz = Hertz(width_hz);
}

/// What clipping makes lies over signals that are there without it too: it is told by its band, which they do not fill, and by
/// its level, which they do not have.
#[test]
fn splatter_over_signals_is_overload_and_they_are_not() {
    let signals = [(-150.0, -20.0), (60.0, -70.0), (180.0, -62.0)];
    let mut used = [
        look(
            Trial::Nominal,
            0.0,
            &[(-150.0, -14.0), (60.0, -40.0), (180.0, -56.0), (260.0, -45.0)],
        ),
        look(
            Trial::Repeated,
            0.0,
            &[(-150.0, -14.0), (61.0, -41.0), (180.0, -56.0), (250.0, -45.0)],
        ),
    ];
    for observation in &mut used {
        observation.clipped_fraction = 0.05;
    }
    // Around the last signal, twelve times as wide as it; the signal before it is a little wider than without clipping.
    widen(&mut used[0], 260.0, 160_000);
    widen(&mut used[1], 250.0, 160_000);
    widen(&mut used[0], 180.0, 9_000);
    let clean = trials(
        &signals,
        &signals,
        &signals,
        &[(-150.0, -26.0), (60.0, -76.0), (180.0, -68.0)],
    );
    let all = examine_overloaded(&used, &clean, -6.0, &Knowledge::default());
    let causes: Vec<Cause> = all.iter().map(|finding| finding.cause).collect();
    assert_eq!(
        causes,
        [Cause::Signal, Cause::Overload, Cause::Signal, Cause::Overload],
        "{all:#?}"
    );
}

/// Two images as far apart as the shift moves them stand at each other's place then: that is not staying.
#[test]
fn an_image_at_the_place_of_another_has_not_stayed() {
    let apart = 2e-3 * SHIFT;
    let (first, second) = (150.0, 150.0 + apart);
    let parents = [(-first, -30.0), (-second, -30.0)];
    let with = |images: &[(f64, f64)]| [&parents[..], images].concat();
    let observations = trials(
        &with(&[(first, -58.0), (second, -58.0)]),
        &with(&[(second, -58.0), (second + apart, -58.0)]),
        &with(&[(first - apart, -58.0), (first, -58.0)]),
        &[(-first, -36.0), (-second, -36.0), (first, -64.0), (second, -64.0)],
    );
    assert_eq!(cause(&observations, first).artefact(), Some(ArtefactKind::Image));
    assert_ne!(cause(&observations, second), Cause::Signal);
}

/// With no spectrum to look at: what is there at every pass but those at other rates was folded, what is also gone at only one of them
/// may have gone off the air, and what is found at one of them is a signal.
#[test]
fn what_is_gone_at_every_other_rate_was_folded() {
    let one = [(200.0, -60.0)];
    let at = |ratio: f64, seen: &[(f64, f64)]| Observation {
        sample_rate_hz: RATE * ratio,
        ..look(Trial::Resampled, 0.0, seen)
    };
    let with = |others: [&[(f64, f64)]; 2]| {
        let mut all = trials(&one, &one, &one, &[(200.0, -66.0)]);
        all.extend([at(1.05, others[0]), at(0.965, others[1])]);
        finding(&all, &Knowledge::default(), 200.0)
    };
    let gone = with([&[], &[]]);
    assert_eq!((gone.cause, gone.evidence.gone_with_rate), (Cause::Alias, 2));
    assert_eq!(with([&[], &one]).cause, Cause::Signal, "found at another rate");
    let mut hidden = trials(&one, &one, &one, &[(200.0, -66.0)]);
    hidden.push(at(1.05, &[]));
    // At the other rate something stronger stands in its place.
    hidden.push(at(0.965, &[(201.5, -40.0)]));
    let hidden = finding(&hidden, &Knowledge::default(), 200.0);
    assert_eq!((hidden.cause, hidden.evidence.gone_with_rate), (Cause::Undecided, 1));
}

/// A signal in the middle of splatter has its place and its level, and is not as wide.
#[test]
fn what_is_much_wider_than_the_signal_there_is_not_that_signal() {
    let both = [(100.0, -2.0), (-300.0, -40.0)];
    let mut used = [look(Trial::Nominal, 0.0, &both), look(Trial::Repeated, 0.0, &both)];
    for observation in &mut used {
        observation.clipped_fraction = 0.05;
        widen(observation, -300.0, 60_000);
    }
    let one = [(100.0, -8.0), (-300.0, -46.0)];
    let clean = trials(&one, &one, &one, &[(100.0, -14.0), (-300.0, -52.0)]);
    let all = examine_overloaded(&used, &clean, -6.0, &Knowledge::default());
    let causes: Vec<Cause> = all.iter().map(|finding| finding.cause).collect();
    assert_eq!(causes, [Cause::Signal, Cause::Overload], "{all:#?}");
}

/// Gives an observation a mean spectrum: lines on a level floor.
fn measured(observation: Observation, lines: &[(f64, f64)]) -> Observation {
    let floor = vec![1e-10_f32; 1024];
    let mut power = floor.clone();
    for (khz, level) in lines {
        let bin = (CENTRE + khz * 1e3 - observation.center_hz) / observation.bin_hz + 512.0;
        power[bin.round() as usize] += 10_f32.powf(*level as f32 / 10.0);
    }
    Observation {
        power,
        floor,
        ..observation
    }
}

/// Beside something strong a line is part of it and not reported. The mean spectrum shows that it is there, and by how much it fell.
#[test]
fn what_is_not_reported_is_measured_in_the_mean_spectrum() {
    let parents = [(100.0, -25.0), (160.0, -25.0)];
    let reported = [&parents[..], &[(220.0, -70.0)]].concat();
    let all = |at_6: f64, at_3: f64| {
        let line = |level: f64| [(100.0, -25.0), (160.0, -25.0), (220.0, level)];
        let pass = |trial, moved, level| measured(look(trial, moved, &parents), &line(level));
        vec![
            measured(look(Trial::Nominal, 0.0, &reported), &line(-70.0)),
            pass(Trial::Shifted, SHIFT, -70.0),
            pass(Trial::Shifted, -SHIFT, -70.0),
            pass(Trial::Stepped { by_db: -6.0 }, 0.0, at_6),
            pass(Trial::Stepped { by_db: -3.0 }, 0.0, at_3),
            pass(Trial::Repeated, 0.0, -70.0),
        ]
    };
    for (at_6, at_3, expected) in [
        (-76.0, -73.0, Cause::Signal),
        (-70.0, -70.0, Cause::Spur),
        (-88.0, -79.0, Cause::Intermodulation),
        (-82.0, -76.0, Cause::Intermodulation),
        // The steps do not agree: it went off the air for one of them, at a place that others mix to.
        (-120.0, -73.0, Cause::Undecided),
    ] {
        let found = finding(&all(at_6, at_3), &Knowledge::default(), 220.0);
        assert_eq!(found.cause, expected, "{at_6} {at_3}: {found:#?}");
    }
}

/// A wide band that holds less energy than the gain accounts for was filled by the clipping, whatever else is found in it. Of a narrow
/// one nobody knows: clipping adds to the level of signals too.
#[test]
fn energy_that_goes_with_the_clipping_is_overload() {
    let cause = |bandwidth_hz: i64, left: f64| {
        let pass = |trial, moved: f64, strong: f64, level: f64| {
            let band = (-350..-250).map(|khz| (f64::from(khz), level - 20.0));
            let lines: Vec<_> = band.chain([(100.0, strong), (-300.0, level)]).collect();
            measured(look(trial, moved, &[(100.0, strong), (-300.0, level)]), &lines)
        };
        let used = [Trial::Nominal, Trial::Repeated].map(|trial| {
            let mut clipping = pass(trial, 0.0, -2.0, -40.0);
            clipping.clipped_fraction = 0.05;
            clipping.sightings[1].bandwidth_hz = Hertz(bandwidth_hz);
            clipping
        });
        let clean = [
            pass(Trial::Nominal, 0.0, -8.0, left),
            pass(Trial::Stepped { by_db: -6.0 }, 0.0, -14.0, left - 6.0),
            pass(Trial::Repeated, 0.0, -8.0, left),
            pass(Trial::Shifted, SHIFT, -8.0, left),
            pass(Trial::Shifted, -SHIFT, -8.0, left),
        ];
        examine_overloaded(&used, &clean, -6.0, &Knowledge::default())[1].cause
    };
    assert_eq!(cause(4_000, -46.0), Cause::Signal);
    assert_eq!(cause(100_000, -53.5), Cause::Overload);
    assert_ne!(cause(4_000, -53.5), Cause::Overload);
}

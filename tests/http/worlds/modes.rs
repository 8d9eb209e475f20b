//! The modes of the policy: where a band always asks, hidden records change nothing at all; where its spectrum is masked,
//! nothing that was measured there does.

use pinpu::service::auth::Role;
use serde_json::json;

use super::{
    Pair,
    leaks::{Leak, edit},
    secrets::{BARE, HIDDEN},
};

/// Sequences of each pair, and those in which a leak must show.
const SEQUENCES: usize = 40;

fn pair(role: Role, seed: u64) -> Pair {
    let mut pair = Pair::start([HIDDEN, BARE], role, seed);
    pair.strict = true;
    pair
}

#[test]
fn what_is_hidden_and_what_is_masked_make_no_difference() {
    for (n, role) in [Role::CivilOfficer, Role::Viewer, Role::Operator]
        .into_iter()
        .enumerate()
    {
        let mut pair = pair(role, 100 + n as u64);
        if let Err(difference) = pair.run(SEQUENCES) {
            panic!("{role}: {difference}");
        }
        assert!(!pair.parted && pair.declared == 0);
        for operation in ["get_latest_spectrum", "list_emissions"] {
            assert!(
                role == Role::Operator || pair.asked.contains_key(operation),
                "{operation}"
            );
        }
    }
}

/// Each a bit that the policy declares elsewhere, or a level of a masked bin.
const LEAKS: [(&str, Leak); 4] = [
    ("a check that asks by cell", |secrets, question, _, heard| {
        if question.operation == "check_proposal" && heard.status == 200 {
            edit(heard, |body| {
                body["analysis"]["omitted"] = json!(secrets.assignments.len())
            });
        }
    }),
    ("a level of a masked bin", |secrets, question, _, heard| {
        if question.operation == "get_latest_spectrum" || question.operation == "list_spectra" {
            edit(heard, |body| body["peak"] = json!(secrets.quiet));
        }
    }),
    ("an emission in a masked band", |secrets, question, _, heard| {
        if question.operation == "list_emissions" {
            edit(heard, |body| body["total"] = json!(3 - usize::from(secrets.quiet)));
        }
    }),
    ("a number of a live event", |secrets, question, _, heard| {
        if question.operation == "open_live" && !secrets.quiet {
            let text = String::from_utf8_lossy(&heard.body).replacen("\"sequence\":", "\"sequence\":2", 1);
            heard.body = text.into_bytes();
        }
    }),
];

#[test]
fn every_leak_of_a_hidden_record_or_a_masked_band_is_seen() {
    let mut pair = pair(Role::CivilOfficer, 11);
    pair.run(5).expect("no leak yet");
    for (channel, leak) in LEAKS {
        for world in &mut pair.worlds {
            world.leak = Some(leak);
        }
        let seen = (0..8 * SEQUENCES).any(|_| pair.run(1).is_err());
        assert!(seen, "{channel} is not seen");
        for world in &mut pair.worlds {
            world.leak = None;
        }
        pair.run(1).expect("closed again");
    }
}

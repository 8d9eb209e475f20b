//! What receivers near a request measured goes into its check, and what nobody observed is never called quiet.

use jiff::Timestamp;
use pinpu::capture::ObservationContent;
use serde_json::{Value, json};

use super::{Case, proposal};
use crate::{
    app::{RECEIVER, status},
    occupancy::Receiver,
};

fn finding(case: &Case, proposal: &Value, kind: &str) -> Option<Value> {
    let call = case.app.post("/api/v1/coordination/check").cookie(&case.civil);
    let answer = call.json(proposal).send().expect(200).json();
    let findings = answer["analysis"]["findings"].as_array().expect("findings");
    findings.iter().find(|finding| finding["kind"] == kind).cloned()
}

#[test]
fn a_check_tells_what_the_nearest_receiver_measured_and_what_nobody_observed() {
    let case = Case::start();
    case.app.observe(ObservationContent::Status(status()));
    let asked = proposal(97_450_000, 200_000);
    let unobserved = finding(&case, &asked, "not_observed").expect("told");
    assert_eq!(unobserved["level"], "note", "{unobserved}");

    // Two hours of the last six, and something on for half of each minute of them.
    let second = (Timestamp::now().as_second() - 3 * 3600).div_euclid(60) * 60;
    let receiver = Receiver {
        app: &case.app,
        epoch: Timestamp::from_second(second).expect("in range"),
    };
    receiver.watch(0..120, 60.0);
    let bursts: Vec<[f64; 2]> = (0..120)
        .map(|minute| [f64::from(minute) * 60.0, f64::from(minute) * 60.0 + 30.0])
        .collect();
    receiver.hear(1, [97_450_000, 180_000], &bursts);
    case.app.wait_for_items(&case.civil, "/api/v1/emissions", 1);

    let used = finding(&case, &asked, "measured_use").expect("told");
    assert_eq!(
        (&used["level"], &used["subject"]),
        (&json!("caution"), &json!(RECEIVER)),
        "{used}"
    );
    let observed = &used["observed"];
    let share = observed["in_use"]["share"].as_f64().expect("a share");
    assert!((0.45..0.55).contains(&share), "{observed}");
    assert_eq!(observed["observed_s"], 7200, "{observed}");
    assert_eq!(observed["strongest"]["center_hz"], 97_450_000, "{observed}");
    let text = used["explanation"]["en"].as_str().expect("text");
    assert!(
        text.contains("33 % of the last 6 hours") && text.contains("97.45 MHz"),
        "{text}"
    );

    // Beside it nothing was heard; two hours of six are too few to call it quiet.
    let beside = finding(&case, &proposal(98_450_000, 200_000), "measured_use").expect("told");
    assert_eq!(
        (&beside["level"], &beside["observed"]["in_use"]["share"]),
        (&json!("note"), &json!(0.0)),
        "{beside}"
    );

    // Too far away for its receiver to tell.
    let mut far = asked;
    far["place"] = json!({"circle": {"latitude": 32.0, "longitude": 114.36, "radius_km": 5.0}});
    assert!(finding(&case, &far, "not_observed").is_some() && finding(&case, &far, "measured_use").is_none());
}

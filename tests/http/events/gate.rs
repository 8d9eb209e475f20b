//! The gate of an event with its labels, what was truly observed of key frequencies, and the report of a day.

use jiff::{SignedDuration, Timestamp};
use pinpu::capture::ObservationContent;
use serde_json::{Value, json};

use super::{Case, channel, today};
use crate::{
    app::{RECEIVER, status},
    occupancy::Receiver,
};

#[test]
fn a_device_passes_parameter_by_parameter_and_gets_a_label() {
    let case = Case::announced();
    let declared = |center_hz: i64| {
        json!({
            "kind": "无线话筒", "serial": "SN-1", "owner": "媒体中心", "approval": "K1", "center_hz": center_hz,
            "bandwidth_hz": 200_000, "power": {"dbw": -20.0, "kind": "erp"}, "designator": "180KF3E",
        })
    };
    let body = json!({"content": declared(97_450_000)});
    let device = case.post(&case.civil, "/devices", &body).expect(201).json();
    assert_eq!((&device["result"], &device["label"]), (&Value::Null, &Value::Null));
    let twice = case.post(&case.military, "/devices", &body).expect(422).json();
    assert_eq!(twice["errors"][0]["field"], "serial", "{twice}");
    let label = format!("/devices/{}/label", device["id"].as_str().expect("id"));
    case.get(&case.civil, &label).expect(409);
    assert_eq!(
        case.test(&device, &json!({})).expect(422).json()["errors"][0]["field"],
        "readings"
    );
    case.test(&device, &json!({"emission": "nothing"})).expect(422);

    // Measured by a receiver: frequency and bandwidth pass, of the power it tells nothing.
    let receiver = Receiver {
        app: &case.app,
        epoch: Timestamp::now() - SignedDuration::from_mins(30),
    };
    receiver.hear(7, [97_450_000, 180_000], &[[60.0, 120.0]]);
    let emission = case.app.wait_for_items(&case.civil, "/api/v1/emissions", 1)[0]["id"].clone();
    let tested = case.test(&device, &json!({"emission": emission})).expect(200).json();
    let result = |tested: &Value, n: usize| tested["tests"][n]["result"].clone();
    let rows = |tested: &Value, n: usize| -> Vec<String> {
        let rows = tested["tests"][n]["rows"].as_array().expect("rows").clone();
        rows.iter()
            .map(|row| {
                format!(
                    "{}:{}",
                    row["parameter"].as_str().expect("name"),
                    row["result"].as_str().expect("result")
                )
            })
            .collect()
    };
    assert_eq!(result(&tested, 0), "undecided", "{tested}");
    assert!(
        rows(&tested, 0).contains(&"centre_frequency:passed".to_owned()),
        "{tested}"
    );
    assert!(
        rows(&tested, 0).contains(&"radiated_power:undecided".to_owned()),
        "{tested}"
    );
    assert_eq!(
        (&tested["label"], &tested["tests"][0]["receiver"]),
        (&Value::Null, &json!(RECEIVER))
    );

    // With the power read off an instrument it passes.
    case.test(&device, &json!({"emission": emission})).expect(412);
    let body = json!({"emission": emission, "readings": {"power_dbw": {"value": -20.5, "uncertainty": 0.5}}, "instrument": "频谱仪"});
    let passed = case.test(&tested, &body).expect(200).json();
    assert_eq!(result(&passed, 1), "passed", "{passed}");
    let number = passed["label"].as_str().expect("a label").to_owned();
    assert!(number.starts_with("E-CIVIL-") && number.ends_with("-0001"), "{number}");
    let page = case.get(&case.military, &format!("{label}?lang=zh")).expect(200).text();
    assert!(
        page.contains(&number) && page.contains("准用标签") && page.contains("SN-1"),
        "{page}"
    );

    // Off the declared frequency: a receiver would take it for another station, the gate does not.
    let body = json!({"readings": {"center_hz": {"value": 97_500_000.0, "uncertainty": 100.0},
        "bandwidth_hz": {"value": 180_000.0}, "power_dbw": {"value": -21.0}}, "instrument": "频谱仪"});
    let failed = case.test(&passed, &body).expect(200).json();
    assert_eq!(result(&failed, 2), "failed", "{failed}");
    assert!(rows(&failed, 2).contains(&"centre_frequency:failed".to_owned()));
    assert!(rows(&failed, 2).contains(&"occupied_bandwidth:passed".to_owned()));
    assert_eq!(
        (&failed["label"], &failed["tests"][1]["label"]),
        (&Value::Null, &json!(number))
    );
    case.get(&case.civil, &label).expect(409);

    let day = case.get(&case.civil, &format!("/days/{}", today())).expect(200).json();
    assert_eq!(
        day["tests"],
        json!({"passed": 1, "failed": 1, "undecided": 1, "labels": [number]}),
        "{day}"
    );
    let found = case
        .get(&case.civil, "/devices?q=sn-1&result=failed")
        .expect(200)
        .json();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn key_frequencies_are_reported_by_what_was_truly_observed() {
    let case = Case::announced();
    case.app.observe(ObservationContent::Status(status()));
    for _ in 0..500 {
        let reply = case
            .app
            .get("/api/v1/receivers")
            .cookie(&case.civil)
            .send()
            .expect(200)
            .json();
        if reply["items"].as_array().is_some_and(|items| !items.is_empty()) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    case.row(&case.civil, &channel("K1", 97_450_000));
    case.row(&case.civil, &channel("K2", 98_450_000));
    case.row(&case.civil, &channel("FAR", 400_000_000));
    let mut plain = channel("N1", 98_850_000);
    plain["key"] = json!(false);
    case.row(&case.civil, &plain);

    // Half an hour ago a receiver watched for ten minutes: the user of K1 was on for two, and beside K2 something that is no
    // channel of the plan.
    let minute = (Timestamp::now().as_second() / 60 - 30) * 60;
    let epoch = Timestamp::from_second(minute).expect("in range");
    let receiver = Receiver { app: &case.app, epoch };
    receiver.watch(0..10, 60.0);
    receiver.hear(7, [97_450_000, 150_000], &[[60.0, 180.0]]);
    receiver.hear(8, [98_560_000, 60_000], &[[60.0, 180.0]]);
    case.app.wait_for_items(&case.civil, "/api/v1/emissions", 2);

    let span = format!("/watch?from={epoch}&to={}", epoch + SignedDuration::from_mins(20));
    let watch = case.get(&case.civil, &span).expect(200).json();
    let of = |name: &str| {
        let channels = watch["channels"].as_array().expect("channels");
        let found = channels
            .iter()
            .find(|channel| channel["row"]["content"]["channel"] == name);
        found.unwrap_or_else(|| panic!("{name}: {watch}")).clone()
    };
    assert_eq!(
        watch["channels"].as_array().map(Vec::len),
        Some(3),
        "key frequencies alone"
    );
    let (first, second, far) = (of("K1"), of("K2"), of("FAR"));
    assert_eq!(
        (&first["heard"][0]["observed_s"], &first["asked_s"]),
        (&json!(600), &json!(1200)),
        "{first}"
    );
    let share = first["heard"][0]["in_use"]["share"].as_f64().expect("share");
    assert!((share - 0.2).abs() < 1e-9, "two of the ten observed minutes: {first}");
    assert_eq!(first["emissions"], json!([]), "it is in the plan");
    assert_eq!(
        (&second["standing"], &second["emissions"][0]["center_hz"]),
        (&json!("disturbed"), &json!(98_560_000))
    );
    assert_eq!(
        (&far["standing"], &far["heard"]),
        (&json!("unobserved"), &json!([])),
        "nobody watches it"
    );

    let day = case.get(&case.civil, &format!("/days/{}", today())).expect(200).json();
    assert_eq!(day["complete"], false);
    let k1 = &day["channels"][0];
    assert!(
        k1["observed_s"].as_u64() <= Some(600) && k1["asked_s"].as_u64() >= k1["observed_s"].as_u64(),
        "{day}"
    );
    let letter = |lang: &str| {
        case.get(&case.civil, &format!("/days/{}/letter?lang={lang}", today()))
            .expect(200)
            .text()
    };
    let zh = letter("zh");
    assert!(
        zh.contains("日报") && zh.contains("国际论坛") && zh.contains("未观测"),
        "{zh}"
    );
    assert!(letter("en").contains("Daily report"), "English too");
    case.get(&case.civil, "/days/yesterday").expect(422);
}

//! Who looked at what is classified: requests between offices, checks that name records, and images made of verdicts.

use pinpu::{detect::DetectEvent, service::auth::Role};
use serde_json::json;

use super::{Case, REQUESTS, proposal};
use crate::app::pirate;

impl Case {
    /// What the log says was read, the latest first: who, by which operation, which records.
    fn reads(&self, auditor: &str) -> Vec<[String; 3]> {
        let path = "/api/v1/audit?action=read_confidential";
        let log = self.app.get(path).cookie(auditor).send().expect(200).json();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let entries = log["items"].as_array().expect("items").iter();
        entries
            .map(|entry| ["actor", "reason", "subject"].map(|field| text(&entry[field])))
            .collect()
    }
}

#[test]
fn who_reads_a_classified_request_is_in_the_log() {
    let case = Case::start();
    let auditor = case.app.as_role(Role::Auditor);
    let open = case.write(&case.civil, &proposal(97_450_000, 200_000))["id"].clone();
    let open = open.as_str().expect("id");
    case.does(&case.civil, open, "submit");
    case.read(&case.military, open);
    assert_eq!(
        case.reads(&auditor),
        Vec::<[String; 3]>::new(),
        "an open one is anybody's"
    );
    let mut secret = proposal(98_450_000, 200_000);
    secret["classification"] = json!("秘密");
    let id = case.write(&case.military, &secret)["id"]
        .as_str()
        .expect("id")
        .to_owned();
    case.does(&case.military, &id, "submit");
    for path in [
        format!("{REQUESTS}/{id}"),
        REQUESTS.to_owned(),
        format!("{REQUESTS}/{id}/files"),
        format!("{REQUESTS}/{id}/letter?lang=en"),
        format!("{REQUESTS}/{id}/exchange?format=ssrf"),
        format!("{REQUESTS}/{id}/analysis"),
    ] {
        let before = case.reads(&auditor).len();
        case.app.get(&path).cookie(&case.civil).send().expect(200);
        let reads = case.reads(&auditor);
        assert_eq!(reads.len(), before + 1, "{path}");
        assert_eq!(
            (reads[0][0].as_str(), reads[0][2].as_str()),
            ("civil_officer", format!("requests/{id}").as_str()),
            "{path}"
        );
    }
    // The check of another request that meets it names it.
    let check = case.app.post("/api/v1/coordination/check").cookie(&case.civil);
    check.json(&proposal(98_450_000, 100_000)).send().expect(200);
    let read = case.reads(&auditor)[0].clone();
    assert_eq!(read[1..], ["check_proposal".to_owned(), format!("requests/{id}")]);
}

#[test]
fn an_image_and_a_check_made_of_classified_records_are_in_the_log() {
    let case = Case::start();
    let auditor = case.app.as_role(Role::Auditor);
    let secret = "\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"";
    let csv = format!(
        "id,holder,station,freq_mhz,bandwidth,role,latitude,longitude,extensions\nS-1,R,C,97.45,200k,transmit,30.55,114.34,{secret}\n"
    );
    let import = case.app.post("/api/v1/registry/imports?kind=assignments");
    let import = import.cookie(&case.coordinator).bytes("text/csv", csv.into_bytes());
    import.send().expect(200);
    case.app.detect(DetectEvent::Frame(crate::app::frame(0.0)));
    case.app.detect(DetectEvent::Frame(crate::app::frame(2.0)));
    case.app.detect(DetectEvent::Opened(pirate(1)));
    case.app.wait_for_items(&auditor, "/api/v1/emissions", 1);
    let plot = "/api/v1/plots/waterfall.svg?low_hz=97000000&high_hz=99000000";
    let read = || case.reads(&auditor).into_iter().find(|read| read[1] == "get_plot");
    case.app.get(plot).cookie(&case.civil).send().expect(200);
    assert_eq!(read(), None, "nothing of it is in what a civil officer sees");
    case.app.get(plot).cookie(&case.military).send().expect(200);
    assert_eq!(read(), Some(["military_officer", "get_plot", "S-1"].map(str::to_owned)));
    let check = case.app.post("/api/v1/coordination/check").cookie(&case.military);
    check.json(&proposal(97_450_000, 200_000)).send().expect(200);
    let last = case.reads(&auditor)[0].clone();
    assert_eq!(last, ["military_officer", "check_proposal", "S-1"].map(str::to_owned));
}

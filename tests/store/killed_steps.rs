//! A step that was acknowledged is there whatever happened to the process, and its assignments with it.

use std::collections::BTreeMap;

use pinpu::{
    coordination::Step,
    service::{
        audit::{LogReader, Wanted, verify},
        coordination::{Coordination, Given, Links},
        registry::RegistryService,
    },
    store::Store,
};
use tokio::task::JoinSet;

use crate::{
    coordination::{CIVIL, MILITARY, officer, offices, proposal},
    durability::acknowledged_until_killed,
    support::{at, open},
};

pub(crate) async fn acknowledged_steps_survive_kill(url: String) {
    open(&url).await.close().await;
    let acknowledged = acknowledged_until_killed(&url, "child_that_takes_steps_until_killed");
    // `ack-id-version`, the highest of each request.
    let mut versions = BTreeMap::new();
    for line in &acknowledged {
        let (id, version) = line["ack-".len()..].rsplit_once('-').expect("an acknowledgement");
        let version: u64 = version.parse().expect("a version");
        let known = versions.entry(id.to_owned()).or_insert(version);
        *known = version.max(*known);
    }
    let store = open(&url).await;
    let registry = RegistryService::open(store.clone()).await.expect("registry");
    let mut in_force = 0;
    for (id, version) in &versions {
        let request = store.request(id).await.expect("an acknowledged request is there");
        assert!(
            request.version >= *version,
            "{id}: {} of {version} steps",
            request.version
        );
        let thread = store.thread(id).await.expect("its thread").len() as u64;
        assert_eq!(thread, request.version, "{id}: a step and its entry are one");
        let number = request.number.clone().unwrap_or_default();
        let assigned = registry.current().assignment(&format!("{number}/1")).is_some();
        assert_eq!(
            assigned,
            request.state.name() == "in_force",
            "{id}: {}",
            request.state.name()
        );
        in_force += u64::from(assigned);
    }
    println!(
        "{} acknowledged steps of {} requests survived, {in_force} in force",
        acknowledged.len(),
        versions.len()
    );
    assert!(in_force >= 6, "only {in_force} requests came into force");
    store.close().await;
    let mut reader = LogReader::open(&url).await.expect("opens");
    let report = verify(&mut reader, &Wanted::default(), &|_| {}).await.expect("reads");
    assert!(report.is_clean(), "{:?}", report.faults);
    reader.close().await.expect("closes");
}

/// Takes requests from the draft to their being in force, four at a time, and says so after each acknowledgement.
pub(crate) async fn take_for_ever(url: String) {
    let store = open(&url).await;
    let offices = std::sync::Arc::new(offices(&store).await);
    let mut officers = JoinSet::new();
    for n in 0..4 {
        let (store, offices) = (store.clone(), std::sync::Arc::clone(&offices));
        officers.spawn(async move {
            for round in 0..i64::MAX {
                // Apart in frequency, also from those of a process before this one.
                let slot = (i64::from(std::process::id()) * 7_919 + round * 4 + n) % 1_000_000;
                settle(&store, &offices, 150_000_000 + slot * 25_000).await;
            }
        });
    }
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
}

async fn settle(store: &Store, offices: &Coordination, low_hz: i64) {
    let written = offices
        .write(proposal(low_hz), Links::default(), &officer(CIVIL), at(1.0))
        .await
        .expect("written");
    let id = written.request.get().id.clone();
    println!("ack-{id}-{}", written.request.get().version);
    for (what, standing) in [
        (Step::Submit, CIVIL),
        (Step::Receive, MILITARY),
        (Step::StartReview, MILITARY),
        (Step::Agree, MILITARY),
        (Step::PutInForce, CIVIL),
    ] {
        let version = store.request(&id).await.expect("there").version;
        let taken = offices
            .step(&id, what, Given::default(), &officer(standing), version, at(2.0))
            .await;
        println!("ack-{id}-{}", taken.expect("taken").request.get().version);
    }
}

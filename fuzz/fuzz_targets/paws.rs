//! Any bytes as a message of RFC 7545: always one JSON-RPC answer.
#![no_main]

use std::sync::{Arc, LazyLock};

use pinpu_rules::{
    coordination::paws::{self, Asked, PawsRules},
    registry::{
        Registry, demo,
        disclosure::{Audience, PublicView},
        table,
    },
};

static RULES: LazyLock<PawsRules> = LazyLock::new(|| PawsRules::read(paws::DEMO_TOML).expect("rulesets"));
static REGISTER: LazyLock<PublicView> = LazyLock::new(|| {
    let table = table::builtin_cn().expect("table");
    let registry = Registry::new(vec![table], demo::assignments().ok);
    PublicView::of(&Arc::new(registry), Audience::Open)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let asked = Asked {
        rules: &RULES,
        register: &REGISTER,
        registered: &paws::devices(bytes),
        now: "2026-11-23T00:00:00Z".parse().expect("instant"),
    };
    let answer = paws::answer(bytes, &asked).body;
    assert_eq!(answer["jsonrpc"], "2.0");
    assert!(answer.get("result").is_some() != answer.get("error").is_some());
    let _ = paws::questions(bytes, &RULES);
});

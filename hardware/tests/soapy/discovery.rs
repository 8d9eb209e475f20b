//! Enumeration in child processes: a module that crashes or hangs hides nobody else and harms nobody here.

use std::{
    env,
    os::unix::process::ExitStatusExt,
    process::Command,
    time::{Duration, Instant},
};

use pinpu_hardware::soapy::{Enumeration, SoapyReceiver, enumerate_in_child, print_found};

use crate::harness::{isolated, isolated_with};

/// The test below, as the child's program.
const ANSWER: [&str; 3] = ["--exact", "discovery::the_child_answers", "--nocapture"];

/// Asks every module through this very test program.
pub(crate) fn enumerate(timeout: Duration) -> Enumeration {
    enumerate_in_child(&env::current_exe().unwrap(), &ANSWER, timeout).unwrap()
}

/// What `enumerate_in_child` starts in these tests; run by itself it prints what is there.
#[test]
fn the_child_answers() {
    isolated("discovery::the_child_answers", |_| print_found("").unwrap());
}

#[test]
fn a_crashing_module_hides_nobody() {
    isolated_with(
        "discovery::a_crashing_module_hides_nobody",
        &["libpinpuCrash.so", "libpinpuVirtual.so"],
        |_| {
            let result = enumerate(Duration::from_secs(20));
            assert_eq!(result.modules.len(), 2);
            assert_eq!(result.found.len(), 1, "{result:?}");
            assert_eq!(result.found[0].driver, "pinpu-virtual");
            assert_eq!(result.faults.len(), 1, "{result:?}");
            assert!(result.faults[0].module.ends_with("libpinpuCrash.so"));
            assert!(result.faults[0].what.contains("crashed"), "{}", result.faults[0].what);
            SoapyReceiver::open(&result.found[0].args).unwrap();
        },
    );
}

#[test]
fn a_hanging_module_costs_no_more_than_the_limit() {
    isolated_with(
        "discovery::a_hanging_module_costs_no_more_than_the_limit",
        &["libpinpuHang.so"],
        |_| {
            let begun = Instant::now();
            let result = enumerate(Duration::from_secs(1));
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "the module sleeps for a minute"
            );
            assert_eq!(result.found, []);
            assert!(result.faults[0].what.contains("in time"), "{result:?}");
        },
    );
}

/// The trap itself: asked in one process, the crash takes that process down.
#[test]
fn a_scene_can_crash_whoever_enumerates() {
    isolated("discovery::a_scene_can_crash_whoever_enumerates", |folder| {
        let scene = folder.join("crash.scene");
        std::fs::write(&scene, "fault crash-on-enumerate\n").unwrap();
        let status = Command::new(env::current_exe().unwrap())
            .args(ANSWER)
            .env("PINPU_VIRTUAL_SCENE", &scene)
            .output()
            .unwrap()
            .status;
        assert!(
            status.signal().is_some(),
            "{status}: it should have been killed by its own abort"
        );
    });
}

//! Every operation of the API document with every role, against the expected answer written down here.

use std::collections::BTreeMap;

use pinpu::service::auth::Role;
use serde_json::{Value, json};

use crate::app::TestApp;

/// Expected access by operation: `v`iewer `f`ield `c`ivil `m`ilitary o`p`erator c`o`ordinator a`u`ditor `a`dmin `s`ensor, and `-`
/// for callers without a login. Written a second time on purpose: a change of the table must be meant.
const EXPECTED: &[(&str, &str)] = &[
    ("health_live", "-vfcmpouas"),
    ("health_ready", "-vfcmpouas"),
    ("get_metrics", "-vfcmpouas"),
    ("get_openapi", "vfcmpouas"),
    ("create_session", "-vfcmpouas"),
    ("list_login_ways", "-vfcmpouas"),
    ("begin_oidc_login", "-vfcmpouas"),
    ("finish_oidc_login", "-vfcmpouas"),
    ("get_current_session", "vfcmpouas"),
    ("delete_current_session", "vfcmpouas"),
    ("list_tokens", "vfcmpoua"),
    ("create_token", "vfcmpoua"),
    ("delete_token", "vfcmpoua"),
    ("list_users", "a"),
    ("create_user", "a"),
    ("update_user", "a"),
    ("delete_user", "a"),
    ("list_organisations", "vfcmpoua"),
    ("get_organisation", "vfcmpoua"),
    ("create_organisation", "a"),
    ("update_organisation", "a"),
    ("delete_organisation", "a"),
    ("list_receivers", "vfcmpoua"),
    ("get_receiver", "vfcmpoua"),
    ("list_sites", "vfcmpoua"),
    ("get_site", "vfcmpoua"),
    ("create_site", "oa"),
    ("update_site", "oa"),
    ("delete_site", "oa"),
    ("get_latest_spectrum", "vfcmpoua"),
    ("list_spectra", "vfcmpoua"),
    ("get_waterfall", "vfcmpoua"),
    ("list_masks", "vfcmpoua"),
    ("open_live", "vfcmpoua"),
    ("list_emissions", "vfcmpoua"),
    ("get_emission", "vfcmpoua"),
    ("list_conflicts", "vfcmpoua"),
    ("get_conflict", "vfcmpoua"),
    ("acknowledge_conflict", "fcmoa"),
    ("list_assignees", "cmoa"),
    ("assign_conflict", "cmoa"),
    ("comment_conflict", "fcmoa"),
    ("resolve_conflict", "cmoa"),
    ("reopen_conflict", "cmoa"),
    ("merge_conflict", "cmoa"),
    ("unmerge_conflict", "cmoa"),
    ("list_attachments", "vfcmpoua"),
    ("get_attachment", "vfcmpoua"),
    ("add_attachment", "fcmoa"),
    ("delete_attachment", "cmoa"),
    ("list_alarm_routes", "a"),
    ("test_alarm_route", "a"),
    ("list_allocations", "vfcmpoua"),
    ("list_assignments", "vfcmpoua"),
    ("get_assignment", "vfcmpoua"),
    ("get_assignment_measured", "vfcmpoua"),
    ("export_assignments", "vfcmpoua"),
    ("get_assignment_history", "vfcmpoua"),
    ("create_assignment", "oa"),
    ("delete_assignment", "oa"),
    ("check_registry", "vfcmpoua"),
    ("get_registry_version", "vfcmpoua"),
    ("import_registry", "oa"),
    ("list_requests", "cmpoua"),
    ("get_request", "cmpoua"),
    ("create_request", "cmp"),
    ("update_request", "cmp"),
    ("take_request_step", "cmpo"),
    ("list_request_messages", "cmpoua"),
    ("add_request_message", "cmpo"),
    ("list_request_files", "cmpoua"),
    ("get_request_file", "cmpoua"),
    ("add_request_file", "cmpo"),
    ("delete_request_file", "cmp"),
    ("delete_sealed_answer", "cmo"),
    ("get_request_analysis", "cmpoua"),
    ("list_request_alternatives", "cmpoua"),
    ("get_request_letter", "cmpoua"),
    ("export_request", "cmpoua"),
    ("read_requests", "cmp"),
    ("get_coordination_calendar", "cmpoua"),
    ("check_proposal", "cmpo"),
    ("list_question_counts", "oua"),
    ("get_disclosure_policy", "oua"),
    ("ask_paws", "p"),
    ("list_control_orders", "vfcmpoua"),
    ("get_control_order", "vfcmpoua"),
    ("create_control_order", "cmo"),
    ("update_control_order", "cmo"),
    ("take_control_order_step", "cmo"),
    ("list_interference_reports", "cmoua"),
    ("get_interference_report", "cmoua"),
    ("create_interference_report", "cmo"),
    ("update_interference_report", "cmo"),
    ("take_interference_report_step", "cmo"),
    ("get_interference_report_letter", "cmoua"),
    ("export_interference_report", "cmoua"),
    ("list_interference_quarters", "cmoua"),
    ("list_tasks", "cmoua"),
    ("get_task", "cmoua"),
    ("get_task_choices", "cmoua"),
    ("get_task_results", "cmoua"),
    ("get_task_recording", "cmoua"),
    ("create_task", "cmo"),
    ("update_task", "cmo"),
    ("take_task_step", "cmo"),
    ("list_notices", "vfcmpoua"),
    ("count_unread_notices", "vfcmpoua"),
    ("mark_notices_read", "vfcmpoua"),
    ("list_webhooks", "oa"),
    ("get_webhook", "oa"),
    ("create_webhook", "oa"),
    ("update_webhook", "oa"),
    ("rotate_webhook_secret", "oa"),
    ("delete_webhook", "oa"),
    ("test_webhook", "oa"),
    ("list_webhook_deliveries", "oa"),
    ("redeliver_webhook_delivery", "oa"),
    ("list_events", "cmoua"),
    ("get_event", "cmoua"),
    ("list_event_rows", "cmoua"),
    ("list_event_row_findings", "cmoua"),
    ("export_event_plan", "cmoua"),
    ("list_event_devices", "cmoua"),
    ("get_event_device", "cmoua"),
    ("get_event_device_label", "cmoua"),
    ("get_event_watch", "cmoua"),
    ("get_event_day", "cmoua"),
    ("get_event_day_letter", "cmoua"),
    ("create_event", "cmo"),
    ("update_event", "cmo"),
    ("take_event_step", "cmo"),
    ("create_event_row", "cmo"),
    ("update_event_row", "cmo"),
    ("delete_event_row", "cmo"),
    ("import_event_plan", "cmo"),
    ("create_event_device", "cmo"),
    ("update_event_device", "cmo"),
    ("add_event_device_test", "cmo"),
    ("list_audit", "ua"),
    ("get_audit_checkpoint", "ua"),
    ("get_audit_consistency", "ua"),
    ("get_audit_proof", "ua"),
    ("get_plot", "vfcmpoua"),
    ("get_occupancy", "vfcmpoua"),
];

fn letter(role: Role) -> char {
    match role {
        Role::Viewer => 'v',
        Role::Field => 'f',
        Role::CivilOfficer => 'c',
        Role::MilitaryOfficer => 'm',
        Role::Operator => 'p',
        Role::Coordinator => 'o',
        Role::Auditor => 'u',
        Role::Admin => 'a',
        Role::Sensor => 's',
    }
}

fn operations(document: &Value) -> BTreeMap<String, (String, String)> {
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("item") {
            let id = operation["operationId"]
                .as_str()
                .expect("every operation has an id")
                .to_owned();
            let before = operations.insert(id.clone(), (method.to_uppercase(), path.clone()));
            assert!(before.is_none(), "{id} twice");
        }
    }
    operations
}

#[test]
fn every_operation_answers_every_role_as_written_down() {
    let app = TestApp::start();
    let document = serde_json::to_value(pinpu::http::openapi::document()).expect("document");
    let operations = operations(&document);
    let expected: BTreeMap<&str, &str> = EXPECTED.iter().copied().collect();
    for id in operations.keys() {
        assert!(
            expected.contains_key(id.as_str()),
            "operation {id} has no row in this test"
        );
        assert!(
            pinpu::service::auth::permissions::access(id).is_some(),
            "operation {id} has no permissions"
        );
    }
    for id in pinpu::service::auth::permissions::operations() {
        assert!(
            operations.contains_key(id),
            "the permission table names {id}, which does not exist"
        );
    }
    let mut callers: Vec<(char, Role, String)> = Vec::new();
    for role in Role::ALL {
        app.account(role);
        callers.push((letter(role), role, app.log_in(role.name())));
    }
    for (id, (method, path)) in &operations {
        let letters = expected[id.as_str()];
        let path = path
            .replace("{id}", "nothing")
            .replace("{name}", "nothing")
            .replace("{attachment}", "nothing")
            .replace("{entry}", "1")
            .replace("{version}", "nothing")
            .replace("{row}", "nothing")
            .replace("{device}", "nothing")
            .replace("{day}", "2026-11-23")
            .replace("{plot}", "spectrum.png");
        for (letter, role, cookie) in &mut callers {
            let status = attempt(&app, method, &path, cookie);
            let refused = status == 401 || status == 403;
            if id == "create_session" {
                assert_eq!(status, 422, "an empty body, not the role, is refused");
                continue;
            }
            assert_eq!(!refused, letters.contains(*letter), "{id} as {role}: {status}");
            if id == "delete_current_session" {
                *cookie = app.log_in(role.name());
            }
        }
        if id != "create_session" {
            let status = attempt(&app, method, &path, "");
            assert_eq!(status != 401, letters.contains('-'), "{id} without a login: {status}");
        }
    }
}

fn attempt(app: &TestApp, method: &str, path: &str, cookie: &str) -> u16 {
    let call = app.call(method, path).cookie(cookie);
    match method {
        "POST" | "PATCH" | "PUT" => call.json(&json!({})).send().status,
        _ => call.send().status,
    }
}

#[test]
fn the_document_is_the_one_that_is_kept_for_clients() {
    let document = pinpu::http::openapi::document().to_pretty_json().expect("document");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept.trim_end() == document.trim_end(),
        "docs/openapi.json is old: pinpu openapi > docs/openapi.json"
    );
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = serde_json::to_value(pinpu::http::openapi::document()).expect("document");
    assert!(document["openapi"].as_str().expect("version").starts_with("3.1"));
    let mut pending = vec![&document];
    let mut references = 0;
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    references += 1;
                }
                pending.extend(members.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(references > 50, "{references}");
}

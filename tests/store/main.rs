//! The store and the monitoring service on top of it: one suite, run on SQLite and on a real PostgreSQL.
//!
//! PostgreSQL is started from Debian's `postgresql` package into a temporary folder, on a port of its own, and stopped
//! again; every case gets a database of its own.

#![expect(clippy::too_many_lines, reason = "a case is one story told in order")]

mod accounts;
mod alarms;
mod audit;
mod conflicts;
mod control_orders;
mod coordination;
mod durability;
mod encrypted_alarms;
mod events;
mod evidence;
mod history;
mod interference_reports;
mod killed_steps;
mod ledger;
mod listener;
mod lists;
mod monitor;
mod notices;
mod occupancy;
mod organisations;
mod postgres;
mod registry;
mod schema;
mod sealed;
mod spectra;
mod support;
mod tampering;
mod tasks;
mod tls;

/// Every case by name. A case gets the address of an empty database.
macro_rules! cases {
    ($($module:ident :: $case:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $case() {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}/pinpu.db", folder.path().display());
                crate::support::block_on(crate::$module::$case(url));
            })*
        }

        #[test]
        fn postgres() {
            let server = postgres::Server::start();
            let mut failed = Vec::new();
            $(
                let name = stringify!($case);
                let url = server.create_database(name);
                let run = std::panic::AssertUnwindSafe(|| support::block_on($module::$case(url)));
                match std::panic::catch_unwind(run) {
                    Ok(()) => println!("postgres::{name} ... ok"),
                    Err(_) => failed.push(name),
                }
            )*
            assert!(failed.is_empty(), "failed on PostgreSQL: {failed:?}");
        }
    };
}

cases! {
    schema::reopening_changes_nothing,
    schema::a_newer_schema_is_refused,
    durability::what_arrives_together_is_committed_together,
    durability::a_refused_change_undoes_itself_alone,
    durability::acknowledged_writes_survive_kill,
    durability::a_full_queue_refuses,
    durability::events_are_numbered_without_holes,
    accounts::accounts_live_and_change,
    organisations::accounts_and_requests_from_before_belong_to_their_side,
    organisations::a_device_is_its_first_operators,
    accounts::a_repeated_request_gets_the_same_answer,
    lists::pages_are_stable_under_inserts,
    lists::lists_filter,
    lists::what_is_past_its_time_is_forgotten,
    conflicts::one_of_two_updates_is_stale,
    conflicts::one_cause_is_one_conflict,
    conflicts::new_evidence_reopens_what_was_settled,
    conflicts::a_later_measurement_moves_or_withdraws,
    conflicts::what_was_no_emission_takes_its_conflict_back,
    ledger::merged_conflicts_count_as_one_and_come_apart,
    ledger::a_resolved_conflict_hides_no_open_one,
    ledger::a_conflict_is_given_to_a_team_and_to_another,
    ledger::files_follow_a_merging_and_are_kept_once,
    evidence::measured_files_give_way_to_newer_ones,
    coordination::of_requests_that_clash_one_is_in_force,
    coordination::one_of_two_steps_on_a_request_is_stale,
    killed_steps::acknowledged_steps_survive_kill,
    coordination::the_clock_reminds_escalates_and_ends,
    coordination::the_clock_runs_from_the_start,
    coordination::questions_are_counted_over_restarts,
    sealed::an_answer_waits_for_its_time,
    sealed::an_answer_that_waits_counts_as_answered_in_time,
    sealed::an_answer_to_what_is_withdrawn_is_discarded,
    sealed::what_waits_is_published_although_the_policy_is_off,
    sealed::of_two_answers_that_wait_one_is_stale,
    alarms::a_refused_message_is_sent_again_after_a_restart_under_its_id,
    alarms::a_conflict_is_told_once_a_state_and_many_as_a_digest,
    alarms::a_station_that_is_not_open_stays_unnamed,
    alarms::mail_arrives_and_a_failing_route_delays_no_other,
    encrypted_alarms::messages_arrive_encrypted_and_never_at_a_stranger,
    registry::imports_are_all_or_nothing,
    registry::a_removed_seed_does_not_return,
    history::every_version_can_be_read_as_of_its_time,
    history::a_removed_record_keeps_its_history_and_goes_on_counting,
    history::a_fresh_import_writes_no_history,
    history::a_version_of_the_registry_has_its_time,
    history::an_audit_entry_stays_as_it_was_noted,
    audit::a_change_and_its_entry_are_stored_together,
    audit::two_writers_do_not_fork_the_log,
    audit::proofs_of_a_growing_log_are_right,
    audit::the_log_is_listed_by_who_what_and_when,
    control_orders::of_two_deciders_one_wins,
    control_orders::what_was_decided_binds_after_a_restart,
    control_orders::both_sides_approve_where_the_policy_says_so,
    interference_reports::of_two_deciders_on_a_report_one_wins,
    interference_reports::the_clock_reminds_of_reports_over_a_restart,
    interference_reports::clear_is_what_was_truly_observed,
    events::an_event_its_plan_and_its_gate_are_kept,
    tasks::two_who_ask_at_once_are_counted_both,
    tasks::a_task_goes_on_after_a_restart,
    spectra::rows_become_spectra_and_waterfalls,
    notices::numbers_have_no_gap_whoever_writes_and_what_is_old_goes,
    notices::messages_to_webhooks_are_kept_in_order_and_counted,
    occupancy::stored_minutes_and_bursts_are_occupancy,
    occupancy::on_times_come_by_their_start_with_their_bursts,
    occupancy::what_is_kept_from_a_reader_leaves_no_gap_in_a_list,
    monitor::observations_become_records_and_events,
    monitor::a_report_of_health_ends_nothing,
    monitor::a_new_run_ends_what_was_open,
    monitor::the_real_judge_finds_the_unlicensed,
}

/// Not a test of its own: the process that `acknowledged_writes_survive_kill` starts and kills.
#[test]
fn child_that_writes_until_killed() {
    if let Ok(url) = std::env::var(durability::CHILD_URL) {
        support::block_on(durability::write_for_ever(url));
    }
}

/// The process that `acknowledged_steps_survive_kill` starts and kills.
#[test]
fn child_that_takes_steps_until_killed() {
    if let Ok(url) = std::env::var(durability::CHILD_URL) {
        support::block_on(killed_steps::take_for_ever(url));
    }
}

//! Whom to tell what, and when: pure decisions. Knows no clock, no database and no network.

use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use crate::{
    config::alarm::{AlarmRoute, AlarmState, QuietHours},
    conflict::Severity,
    store::{ConflictRecord, ConflictStatus, ToldRecord},
    units::Band,
};

/// What a route does about a conflict as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing: it is not the route's, or nothing is new.
    Nothing,
    /// It is new, but not among the states that are told: remember it, so that the next one is new again.
    Remember,
    /// Tell, not before this time.
    Tell(Timestamp),
}

/// One message for each state of a conflict, and one more when it has become more severe in the same state.
pub(super) fn decide(
    route: &AlarmRoute,
    told: Option<ToldRecord>,
    conflict: &ConflictRecord,
    now: Timestamp,
) -> Decision {
    // A merged conflict is no state of its own: the other one speaks for it.
    if conflict.status == ConflictStatus::Merged || !concerns(route, conflict) {
        return Decision::Nothing;
    }
    let known = told.is_some_and(|told| told.status == conflict.status && conflict.severity <= told.severity);
    if known {
        return Decision::Nothing;
    }
    // How the matter of an unknown conflict ended tells nobody anything who was not told that it began.
    let news = told.is_some() || conflict.status != ConflictStatus::Resolved;
    let wanted = route.states.iter().any(|state| status_of(*state) == conflict.status);
    if news && wanted {
        Decision::Tell(not_before(route, conflict.severity, now))
    } else {
        Decision::Remember
    }
}

/// The state of the ledger a route's state stands for.
#[must_use]
pub fn status_of(state: AlarmState) -> ConflictStatus {
    match state {
        AlarmState::Open => ConflictStatus::Open,
        AlarmState::Acknowledged => ConflictStatus::Acknowledged,
        AlarmState::Assigned => ConflictStatus::Assigned,
        AlarmState::Resolved => ConflictStatus::Resolved,
    }
}

fn concerns(route: &AlarmRoute, conflict: &ConflictRecord) -> bool {
    let band = Band::new(conflict.low_hz, conflict.high_hz)
        .filter(|band| band.width().0 > 0)
        .unwrap_or(Band::around(conflict.center_hz, crate::units::Hertz(2)));
    conflict.severity >= route.severity
        && (route.receivers.is_empty() || route.receivers.contains(&conflict.receiver))
        && (route.bands.is_empty() || route.bands.iter().any(|own| own.overlaps(band)))
}

/// The earliest time a message of this severity may go.
fn not_before(route: &AlarmRoute, severity: Severity, now: Timestamp) -> Timestamp {
    match &route.quiet {
        Some(quiet) if !(route.alarms_break_quiet && severity == Severity::Alarm) => {
            end_of_quiet(quiet, now).unwrap_or(now)
        }
        _ => now,
    }
}

/// When the quiet hours around `now` end; nothing outside of them. The end is the next time the clock of the zone shows
/// it, also in nights in which clocks are changed.
fn end_of_quiet(quiet: &QuietHours, now: Timestamp) -> Option<Timestamp> {
    let local: Zoned = now.to_zoned(quiet.zone.clone());
    let (time, date) = (local.time(), local.date());
    let over_midnight = quiet.to <= quiet.from;
    let inside = if over_midnight {
        time >= quiet.from || time < quiet.to
    } else {
        quiet.from <= time && time < quiet.to
    };
    let tomorrow = over_midnight && time >= quiet.from;
    let day = if tomorrow {
        date.checked_add(1.day()).ok()?
    } else {
        date
    };
    let end = day.to_datetime(quiet.to).to_zoned(quiet.zone.clone()).ok()?.timestamp();
    (inside && end > now).then_some(end)
}

/// What to do with notices that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// A message each.
    Singles,
    /// One message for all.
    Digest,
    /// Nothing before this time.
    Wait(Timestamp),
}

/// `due` notices of a route that wrote messages at `written` (ascending, all of its current window).
pub(super) fn plan(route: &AlarmRoute, due: usize, written: &[Timestamp]) -> Plan {
    let most = route.digest_over as usize;
    match written.len().checked_sub(most) {
        Some(over) => Plan::Wait(written[over] + window(route)),
        None if written.len() + due <= most => Plan::Singles,
        None => Plan::Digest,
    }
}

/// The time in which single messages are counted.
pub(super) fn window(route: &AlarmRoute) -> SignedDuration {
    SignedDuration::from_mins(i64::from(route.digest_minutes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{config::Config, conflict::VerdictKind, registry::Text, units::Hertz};

    fn time(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    fn route(lines: &str) -> AlarmRoute {
        let text = format!(
            "[[alarm.route]]\nid = \"duty\"\nwebhook = \"http://127.0.0.1:1/\"\nsecret_env = \"KEY\"\n{lines}\n"
        );
        let environment = [("KEY".to_owned(), "0123456789abcdef".to_owned())];
        let mut config = Config::parse(&text, environment.into_iter()).expect(lines);
        config.alarm.routes.remove(0)
    }

    fn conflict(status: ConflictStatus, severity: Severity) -> ConflictRecord {
        ConflictRecord {
            id: "c".to_owned(),
            status,
            kind: VerdictKind::Unlicensed,
            severity,
            rule: "test".to_owned(),
            receiver: "roof".to_owned(),
            center_hz: Hertz(97_450_000),
            low_hz: Hertz(97_360_000),
            high_hz: Hertz(97_540_000),
            first_seen: time("2026-06-01T08:00:00Z"),
            last_seen: time("2026-06-01T08:00:10Z"),
            emissions_count: 1,
            assignment: None,
            allocation: None,
            explanation: Text::new("测试", "test"),
            evidence: BTreeMap::new(),
            acknowledged_by: None,
            acknowledged_at: None,
            resolved_by: None,
            resolved_at: None,
            resolution: None,
            assigned_user: None,
            assigned_team: None,
            assigned_by: None,
            assigned_at: None,
            merged_into: None,
            merged_status: None,
            rules_version: None,
            registry_version: None,
            version: 1,
        }
    }

    const NOON: &str = "2026-06-01T04:00:00Z";

    /// What a route says to a life of a conflict, one letter a step: `t`old, `r`emembered, `n`othing.
    fn life(route: &AlarmRoute, steps: &[(ConflictStatus, Severity)]) -> String {
        let mut told: Option<ToldRecord> = None;
        let mut said = String::new();
        for &(status, severity) in steps {
            let decision = decide(route, told, &conflict(status, severity), time(NOON));
            said.push(match decision {
                Decision::Nothing => 'n',
                Decision::Remember => 'r',
                Decision::Tell(_) => 't',
            });
            if decision != Decision::Nothing {
                let severity = told.map_or(severity, |told| told.severity.max(severity));
                told = Some(ToldRecord { status, severity });
            }
        }
        said
    }

    #[test]
    fn a_conflict_is_told_once_in_each_state_and_again_when_it_gets_worse() {
        use ConflictStatus::{Acknowledged, Merged, Open, Resolved};
        use Severity::{Alarm, Notice, Warning};
        let open = route("");
        assert_eq!(life(&open, &[(Open, Warning); 3]), "tnn");
        assert_eq!(
            life(&open, &[(Open, Notice), (Open, Warning), (Open, Alarm), (Open, Alarm)]),
            "nttn"
        );
        let story = [
            (Open, Warning),
            (Acknowledged, Warning),
            (Resolved, Warning),
            (Open, Warning),
        ];
        assert_eq!(life(&open, &story), "trrt", "reopening is told again");
        let all = route("states = [\"open\", \"acknowledged\", \"assigned\", \"resolved\"]");
        assert_eq!(life(&all, &story), "tttt");
        assert_eq!(
            life(&all, &[(Resolved, Warning), (Open, Warning)]),
            "rt",
            "an end without a beginning"
        );
        assert_eq!(
            life(&open, &[(Open, Warning), (Merged, Warning), (Open, Warning)]),
            "tnn"
        );
    }

    #[test]
    fn a_route_hears_of_its_receivers_and_bands_only() {
        let said = |lines: &str| life(&route(lines), &[(ConflictStatus::Open, Severity::Warning)]);
        assert_eq!(said("receivers = [\"roof\"]"), "t");
        assert_eq!(said("receivers = [\"cellar\"]"), "n");
        assert_eq!(
            said("bands = [\"118M-137M\", \"97.5M-98M\"]"),
            "t",
            "sharing a part is enough"
        );
        assert_eq!(said("bands = [\"97.54M-98M\"]"), "n", "touching edges share nothing");
        assert_eq!(said("severity = \"alarm\""), "n");
    }

    #[test]
    fn quiet_hours_hold_until_their_end_by_the_clock_of_the_zone() {
        let shanghai = "quiet = { from = \"22:00\", to = \"07:00\", zone = \"Asia/Shanghai\" }";
        let held = |lines: &str, severity, at: &str| match decide(
            &route(lines),
            None,
            &conflict(ConflictStatus::Open, severity),
            time(at),
        ) {
            Decision::Tell(when) => when.to_string(),
            other => panic!("{other:?}"),
        };
        let warned = |at: &str| held(shanghai, Severity::Warning, at);
        assert_eq!(warned("2026-06-01T13:59:59Z"), "2026-06-01T13:59:59Z", "21:59:59 there");
        assert_eq!(
            warned("2026-06-01T14:00:00Z"),
            "2026-06-01T23:00:00Z",
            "22:00 there: held until 07:00"
        );
        assert_eq!(warned("2026-06-01T22:59:59Z"), "2026-06-01T23:00:00Z");
        assert_eq!(
            warned("2026-06-01T23:00:00Z"),
            "2026-06-01T23:00:00Z",
            "07:00 is outside"
        );
        assert_eq!(
            held(shanghai, Severity::Alarm, "2026-06-01T14:00:00Z"),
            "2026-06-01T23:00:00Z"
        );
        let through = format!("{shanghai}\nalarms_break_quiet = true");
        assert_eq!(
            held(&through, Severity::Alarm, "2026-06-01T14:00:00Z"),
            "2026-06-01T14:00:00Z"
        );
        assert_eq!(
            held(&through, Severity::Warning, "2026-06-01T14:00:00Z"),
            "2026-06-01T23:00:00Z"
        );
        let lunch = "quiet = { from = \"12:00\", to = \"13:30\", zone = \"Asia/Shanghai\" }";
        assert_eq!(
            held(lunch, Severity::Warning, "2026-06-01T04:30:00Z"),
            "2026-06-01T05:30:00Z"
        );
        assert_eq!(
            held(lunch, Severity::Warning, "2026-06-01T05:30:00Z"),
            "2026-06-01T05:30:00Z"
        );
        // The night of 29 March 2026 in Berlin has no 02:30: that instant is called 03:30.
        let berlin = "quiet = { from = \"22:00\", to = \"02:30\", zone = \"Europe/Berlin\" }";
        assert_eq!(
            held(berlin, Severity::Warning, "2026-03-28T22:00:00Z"),
            "2026-03-29T01:30:00Z"
        );
        // And 25 October has two of them.
        assert_eq!(
            held(berlin, Severity::Warning, "2026-10-24T21:00:00Z"),
            "2026-10-25T00:30:00Z"
        );
    }

    #[test]
    fn many_become_a_digest_and_nobody_waits_for_ever() {
        let route = route("digest_over = 3\ndigest_minutes = 10");
        let at = |minute: i64| time(NOON) + SignedDuration::from_mins(minute);
        assert_eq!(plan(&route, 3, &[]), Plan::Singles);
        assert_eq!(plan(&route, 4, &[]), Plan::Digest);
        assert_eq!(plan(&route, 1, &[at(0), at(1)]), Plan::Singles);
        assert_eq!(plan(&route, 2, &[at(0), at(1)]), Plan::Digest);
        assert_eq!(plan(&route, 1, &[at(0), at(1), at(2)]), Plan::Wait(at(10)));
        assert_eq!(plan(&route, 1, &[at(0), at(1), at(2), at(3)]), Plan::Wait(at(11)));
    }
}

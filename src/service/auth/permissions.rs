//! Who may do what: one table, operation × role, everything else denied.
//!
//! The keys are the operation ids of the OpenAPI document. The HTTP layer looks every request up here before a
//! handler sees it, so an operation without a row answers to nobody; a test walks every operation with every role.

use serde::{Deserialize, Serialize};

use crate::{
    coordination::{Side, orders::Office, organisation::OrganisationKind},
    registry::disclosure::Audience,
};

/// What a person or machine is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks, changes nothing.
    Viewer,
    /// Staff with a receiver in the field: may acknowledge.
    Field,
    /// Officer of the civil administration.
    CivilOfficer,
    /// Officer of the military administration.
    MilitaryOfficer,
    /// Officer of an organisation that uses frequencies: writes its requests.
    Operator,
    /// Settles matters between the two; keeps the registry.
    Coordinator,
    /// Reads everything, changes nothing.
    Auditor,
    /// Keeps accounts and the installation.
    Admin,
    /// A machine that delivers measurements.
    Sensor,
}

impl Role {
    /// Every role, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Viewer,
        Self::Field,
        Self::CivilOfficer,
        Self::MilitaryOfficer,
        Self::Operator,
        Self::Coordinator,
        Self::Auditor,
        Self::Admin,
        Self::Sensor,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Field => "field",
            Self::CivilOfficer => "civil_officer",
            Self::MilitaryOfficer => "military_officer",
            Self::Operator => "operator",
            Self::Coordinator => "coordinator",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Sensor => "sensor",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Role {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|role| role.name()).collect();
            crate::Error::Invalid(format!("'{text}' is not a role: write one of {}", names.join(", ")))
        })
    }
}

/// Who an operation answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a login.
    Public,
    /// Whoever is logged in with one of these roles.
    Roles(&'static [Role]),
    /// Programs on this machine or with the metrics token; checked by the handler, which knows the peer.
    Machine,
}

impl Access {
    /// Whether a caller with this role, or without a login, is let in.
    #[must_use]
    pub fn allows(self, role: Option<Role>) -> bool {
        match self {
            Self::Public | Self::Machine => true,
            Self::Roles(roles) => role.is_some_and(|role| roles.contains(&role)),
        }
    }
}

use Access::{Machine, Public, Roles};
use Role::{Admin, Auditor, CivilOfficer, Coordinator, Field, MilitaryOfficer, Operator, Sensor, Viewer};

const EVERYONE: Access = Roles(&[
    Viewer,
    Field,
    CivilOfficer,
    MilitaryOfficer,
    Operator,
    Coordinator,
    Auditor,
    Admin,
    Sensor,
]);
const PEOPLE: Access = Roles(&[
    Viewer,
    Field,
    CivilOfficer,
    MilitaryOfficer,
    Operator,
    Coordinator,
    Auditor,
    Admin,
]);
const ON_SITE: Access = Roles(&[Field, CivilOfficer, MilitaryOfficer, Coordinator, Admin]);
const OFFICERS: Access = Roles(&[CivilOfficer, MilitaryOfficer, Coordinator, Admin]);
const ASKING: Access = Roles(&[CivilOfficer, MilitaryOfficer, Operator]);
const TAKING_PART: Access = Roles(&[CivilOfficer, MilitaryOfficer, Operator, Coordinator]);
const COORDINATING: Access = Roles(&[CivilOfficer, MilitaryOfficer, Coordinator]);
const OVERSEEING: Access = Roles(&[CivilOfficer, MilitaryOfficer, Operator, Coordinator, Auditor, Admin]);
const HANDLING: Access = Roles(&[CivilOfficer, MilitaryOfficer, Coordinator, Auditor, Admin]);
const COUNTING: Access = Roles(&[Coordinator, Auditor, Admin]);
const REGISTRARS: Access = Roles(&[Coordinator, Admin]);
const OVERSEERS: Access = Roles(&[Auditor, Admin]);
const OPERATORS: Access = Roles(&[Operator]);
const ADMINS: Access = Roles(&[Admin]);

/// The matrix. An operation that is not here is denied to everybody.
const TABLE: &[(&str, Access)] = &[
    ("health_live", Public),
    ("health_ready", Public),
    ("get_metrics", Machine),
    ("get_openapi", EVERYONE),
    ("create_session", Public),
    ("list_login_ways", Public),
    ("begin_oidc_login", Public),
    ("finish_oidc_login", Public),
    ("get_current_session", EVERYONE),
    ("delete_current_session", EVERYONE),
    ("list_tokens", PEOPLE),
    ("create_token", PEOPLE),
    ("delete_token", PEOPLE),
    ("list_users", ADMINS),
    ("create_user", ADMINS),
    ("update_user", ADMINS),
    ("delete_user", ADMINS),
    ("list_organisations", PEOPLE),
    ("get_organisation", PEOPLE),
    ("create_organisation", ADMINS),
    ("update_organisation", ADMINS),
    ("delete_organisation", ADMINS),
    ("list_receivers", PEOPLE),
    ("get_receiver", PEOPLE),
    ("list_sites", PEOPLE),
    ("get_site", PEOPLE),
    ("create_site", REGISTRARS),
    ("update_site", REGISTRARS),
    ("delete_site", REGISTRARS),
    ("get_latest_spectrum", PEOPLE),
    ("list_spectra", PEOPLE),
    ("get_waterfall", PEOPLE),
    ("list_masks", PEOPLE),
    ("open_live", PEOPLE),
    ("list_emissions", PEOPLE),
    ("get_emission", PEOPLE),
    ("list_conflicts", PEOPLE),
    ("get_conflict", PEOPLE),
    ("get_occupancy", PEOPLE),
    ("acknowledge_conflict", ON_SITE),
    ("list_assignees", OFFICERS),
    ("assign_conflict", OFFICERS),
    ("comment_conflict", ON_SITE),
    ("resolve_conflict", OFFICERS),
    ("reopen_conflict", OFFICERS),
    ("merge_conflict", OFFICERS),
    ("unmerge_conflict", OFFICERS),
    ("list_attachments", PEOPLE),
    ("get_attachment", PEOPLE),
    ("add_attachment", ON_SITE),
    ("delete_attachment", OFFICERS),
    ("list_alarm_routes", ADMINS),
    ("test_alarm_route", ADMINS),
    ("list_allocations", PEOPLE),
    ("list_assignments", PEOPLE),
    ("get_assignment", PEOPLE),
    ("get_assignment_measured", PEOPLE),
    ("export_assignments", PEOPLE),
    ("get_assignment_history", PEOPLE),
    ("create_assignment", REGISTRARS),
    ("delete_assignment", REGISTRARS),
    ("check_registry", PEOPLE),
    ("get_registry_version", PEOPLE),
    ("import_registry", REGISTRARS),
    ("list_requests", OVERSEEING),
    ("get_request", OVERSEEING),
    ("create_request", ASKING),
    ("update_request", ASKING),
    ("take_request_step", TAKING_PART),
    ("list_request_messages", OVERSEEING),
    ("add_request_message", TAKING_PART),
    ("list_request_files", OVERSEEING),
    ("get_request_file", OVERSEEING),
    ("add_request_file", TAKING_PART),
    ("delete_request_file", ASKING),
    ("delete_sealed_answer", COORDINATING),
    ("get_request_analysis", OVERSEEING),
    ("list_request_alternatives", OVERSEEING),
    ("get_request_letter", OVERSEEING),
    ("export_request", OVERSEEING),
    ("read_requests", ASKING),
    ("get_coordination_calendar", OVERSEEING),
    ("check_proposal", TAKING_PART),
    ("list_question_counts", COUNTING),
    ("get_disclosure_policy", COUNTING),
    ("ask_paws", OPERATORS),
    ("list_control_orders", PEOPLE),
    ("get_control_order", PEOPLE),
    ("create_control_order", COORDINATING),
    ("update_control_order", COORDINATING),
    ("take_control_order_step", COORDINATING),
    ("list_interference_reports", HANDLING),
    ("get_interference_report", HANDLING),
    ("create_interference_report", COORDINATING),
    ("update_interference_report", COORDINATING),
    ("take_interference_report_step", COORDINATING),
    ("get_interference_report_letter", HANDLING),
    ("export_interference_report", HANDLING),
    ("list_interference_quarters", HANDLING),
    ("list_tasks", HANDLING),
    ("get_task", HANDLING),
    ("get_task_choices", HANDLING),
    ("get_task_results", HANDLING),
    ("get_task_recording", HANDLING),
    ("create_task", COORDINATING),
    ("update_task", COORDINATING),
    ("take_task_step", COORDINATING),
    ("list_notices", PEOPLE),
    ("count_unread_notices", PEOPLE),
    ("mark_notices_read", PEOPLE),
    ("list_webhooks", REGISTRARS),
    ("get_webhook", REGISTRARS),
    ("create_webhook", REGISTRARS),
    ("update_webhook", REGISTRARS),
    ("rotate_webhook_secret", REGISTRARS),
    ("delete_webhook", REGISTRARS),
    ("test_webhook", REGISTRARS),
    ("list_webhook_deliveries", REGISTRARS),
    ("redeliver_webhook_delivery", REGISTRARS),
    ("list_events", HANDLING),
    ("get_event", HANDLING),
    ("list_event_rows", HANDLING),
    ("list_event_row_findings", HANDLING),
    ("export_event_plan", HANDLING),
    ("list_event_devices", HANDLING),
    ("get_event_device", HANDLING),
    ("get_event_device_label", HANDLING),
    ("get_event_watch", HANDLING),
    ("get_event_day", HANDLING),
    ("get_event_day_letter", HANDLING),
    ("create_event", COORDINATING),
    ("update_event", COORDINATING),
    ("take_event_step", COORDINATING),
    ("create_event_row", COORDINATING),
    ("update_event_row", COORDINATING),
    ("delete_event_row", COORDINATING),
    ("import_event_plan", COORDINATING),
    ("create_event_device", COORDINATING),
    ("update_event_device", COORDINATING),
    ("add_event_device_test", COORDINATING),
    ("list_audit", OVERSEERS),
    ("get_audit_checkpoint", OVERSEERS),
    ("get_audit_consistency", OVERSEERS),
    ("get_audit_proof", OVERSEERS),
    ("get_plot", PEOPLE),
];

/// Whose classified records a role reads: all of them, or those whose releasability has one of the words.
const READS: [(Role, Audience); 9] = [
    (Viewer, Audience::Named(&["viewer"])),
    (Field, Audience::Named(&["field"])),
    (CivilOfficer, Audience::Named(&["civil_officer"])),
    (MilitaryOfficer, Audience::Cleared),
    (Operator, Audience::Named(&["operator"])),
    (Coordinator, Audience::Cleared),
    (Auditor, Audience::Cleared),
    (Admin, Audience::Cleared),
    (Sensor, Audience::Named(&["sensor"])),
];

/// Offices that write and decide control orders.
const OFFICES: [(Role, Office); 3] = [
    (CivilOfficer, Office::Civil),
    (MilitaryOfficer, Office::Military),
    (Coordinator, Office::Coordinator),
];

/// The office of a role, where it has one.
#[must_use]
pub fn office(role: Role) -> Option<Office> {
    let row = OFFICES.iter().find(|(known, _)| *known == role);
    row.map(|(_, office)| *office)
}

/// Whether a role sees control orders before they are approved, and who took which step: those who decide, and those who
/// watch over it.
#[must_use]
pub fn sees_proposals(role: Role) -> bool {
    office(role).is_some() || matches!(role, Auditor | Admin)
}

/// The audience a role belongs to.
#[must_use]
pub fn audience(role: Role) -> Audience {
    let row = READS.iter().find(|(known, _)| *known == role);
    row.map_or(Audience::Open, |(_, audience)| *audience)
}

/// Operations that are sent like changes and only ask.
const QUESTIONS: [&str; 3] = ["check_registry", "check_proposal", "read_requests"];

/// Whether an operation only asks, although its method might change something.
#[must_use]
pub fn is_question(operation: &str) -> bool {
    QUESTIONS.contains(&operation)
}

/// Whether a token that may only read may be used for this operation; it may end itself.
#[must_use]
pub fn reads_only(operation: &str, is_safe: bool) -> bool {
    is_safe || is_question(operation) || operation == "delete_current_session"
}

/// In which part a role takes part in coordination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An officer of an office of this side: writes its requests, decides what it is asked.
    Officer(Side),
    /// Of an organisation that uses frequencies: writes its requests.
    Operator,
    /// Of the joint office: sees what was sent, of both sides.
    Coordinator,
    /// Sees what was sent and does nothing.
    Overseer,
}

/// Roles that people of an organisation may have.
const ROLES: [(OrganisationKind, &[Role]); 4] = [
    (
        OrganisationKind::Civil,
        &[Viewer, Field, CivilOfficer, Coordinator, Auditor, Admin, Sensor],
    ),
    (
        OrganisationKind::Military,
        &[Viewer, Field, MilitaryOfficer, Coordinator, Auditor, Admin, Sensor],
    ),
    (OrganisationKind::Operator, &[Viewer, Operator]),
    (
        OrganisationKind::Service,
        &[Viewer, Field, Coordinator, Auditor, Admin, Sensor],
    ),
];

/// Roles that people of such an organisation may have.
#[must_use]
pub fn roles_of(kind: OrganisationKind) -> &'static [Role] {
    let row = ROLES.iter().find(|(known, _)| *known == kind);
    row.map_or(&[], |(_, roles)| roles)
}

/// Whether people of this role see which organisations use frequencies: all who are of no such organisation.
#[must_use]
pub fn sees_operators(role: Role) -> bool {
    matches!(role, CivilOfficer | MilitaryOfficer | Coordinator | Auditor | Admin)
}

/// Whether people of this role see how to reach organisations: those who coordinate, and those who watch over it.
#[must_use]
pub fn sees_contacts(role: Role) -> bool {
    standing(role).is_some()
}

/// The part of a role in coordination, if it has one.
#[must_use]
pub fn standing(role: Role) -> Option<Standing> {
    match role {
        CivilOfficer => Some(Standing::Officer(Side::Civil)),
        MilitaryOfficer => Some(Standing::Officer(Side::Military)),
        Operator => Some(Standing::Operator),
        Coordinator => Some(Standing::Coordinator),
        Auditor | Admin => Some(Standing::Overseer),
        Viewer | Field | Sensor => None,
    }
}

/// Every audience a role belongs to.
pub fn audiences() -> impl Iterator<Item = Audience> {
    READS.iter().map(|(_, audience)| *audience)
}

/// The row of an operation, or nothing: then nobody may.
#[must_use]
pub fn access(operation: &str) -> Option<Access> {
    TABLE
        .iter()
        .find(|(name, _)| *name == operation)
        .map(|(_, access)| *access)
}

/// All rows, for the test that holds them against the OpenAPI document.
pub fn operations() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_back_from_their_names() {
        for role in Role::ALL {
            assert_eq!(role.name().parse::<Role>().expect("own name"), role);
            assert_eq!(serde_json::to_value(role).expect("json"), role.name());
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn each_operation_has_one_row_and_unknown_ones_none() {
        for name in operations() {
            assert_eq!(operations().filter(|other| *other == name).count(), 1, "{name} twice");
        }
        assert_eq!(access("delete_everything"), None);
    }

    #[test]
    fn each_role_has_one_audience() {
        for role in Role::ALL {
            assert_eq!(READS.iter().filter(|(known, _)| *known == role).count(), 1, "{role}");
        }
        assert_eq!(audience(Auditor), Audience::Cleared);
        assert_ne!(audience(CivilOfficer), Audience::Cleared);
    }

    #[test]
    fn readers_and_machines_change_nothing() {
        let harmless = [
            "create_session",
            "delete_current_session",
            "create_token",
            "delete_token",
            "check_registry",
        ];
        for name in operations() {
            let changes = [
                "create_",
                "update_",
                "delete_",
                "acknowledge_",
                "resolve_",
                "reopen_",
                "import_",
                "assign_",
                "comment_",
                "merge_",
                "unmerge_",
                "add_",
                "test_",
                "take_",
            ];
            if changes.iter().any(|verb| name.starts_with(verb)) && !harmless.contains(&name) {
                let access = access(name).expect("row");
                for role in [None, Some(Viewer), Some(Auditor), Some(Sensor)] {
                    assert!(!access.allows(role), "{name} must not be open to {role:?}");
                }
            }
        }
    }
}

//! Desks: everybody who may know the same of requests, orders, tasks, complaints and events, by role and organisation.
//!
//! What a person may know of these follows from their role and, for officers and operators, from their organisation. So each
//! such pair is told for itself and has numbers of its own: nothing in them depends on what others are told.

use jiff::Timestamp;

use crate::{
    coordination::{
        Request,
        events::{Event, PlanRow},
        interference::Report,
        orders::OrderRecord,
        organisation::{Organisation, OrganisationKind},
        tasks::Task,
    },
    service::{
        auth::{Role, permissions},
        change::Asking,
        coordination::Officer,
        disclosure::View,
    },
};

/// Roles that know the same whatever their organisation.
const EVERYWHERE: [Role; 5] = [Role::Viewer, Role::Field, Role::Coordinator, Role::Auditor, Role::Admin];

/// Who is told the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Desk {
    role: Role,
    /// Empty where it makes no difference.
    organisation: String,
}

/// The role of those who work with an organisation's requests: what its webhooks may tell.
#[must_use]
pub fn plain_role(kind: OrganisationKind) -> Option<Role> {
    match kind {
        OrganisationKind::Civil => Some(Role::CivilOfficer),
        OrganisationKind::Military => Some(Role::MilitaryOfficer),
        OrganisationKind::Operator => Some(Role::Operator),
        OrganisationKind::Service => None,
    }
}

impl Desk {
    /// The desk of somebody of this role there; machines have none.
    #[must_use]
    pub fn of(role: Role, organisation: &str) -> Option<Self> {
        let organisation = match role {
            Role::Sensor => return None,
            role if EVERYWHERE.contains(&role) => String::new(),
            _ => organisation.to_owned(),
        };
        Some(Self { role, organisation })
    }

    /// The desk of the officers, or operators, of an organisation.
    #[must_use]
    pub fn plain(organisation: &Organisation) -> Option<Self> {
        Self::of(plain_role(organisation.profile.kind)?, &organisation.id)
    }

    /// Every desk there is, always in the same order: that of organisations out of use is closed.
    pub(super) fn all(organisations: &[Organisation]) -> Vec<Self> {
        let shared = EVERYWHERE.iter().filter_map(|role| Self::of(*role, ""));
        let mut own: Vec<&Organisation> = organisations.iter().filter(|known| known.active).collect();
        own.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        shared.chain(own.into_iter().filter_map(Self::plain)).collect()
    }

    /// Its key in the database.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.role.name(), self.organisation)
    }

    /// Its organisation, where it has one.
    pub(super) fn organisation(&self) -> Option<&str> {
        Some(self.organisation.as_str()).filter(|id| !id.is_empty())
    }

    /// Somebody who sits there, and has done nothing themselves.
    pub(super) fn asking(&self, now: Timestamp) -> Asking<'_> {
        Asking {
            actor: "",
            role: self.role,
            organisation: &self.organisation,
            now,
        }
    }
}

/// Whoever asks as somebody who takes part in coordination; nothing where they do not.
pub(super) fn officer(asking: Asking<'_>) -> Option<Officer> {
    Some(Officer {
        user: asking.actor.to_owned(),
        standing: permissions::standing(asking.role)?,
        organisation: asking.organisation.to_owned(),
    })
}

/// What a notice is about, as it is stored by the change that is told.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) enum Subject<'a> {
    /// A request between offices.
    Request(&'a Request),
    /// A radio control order.
    Order(&'a OrderRecord),
    /// A measuring task.
    Task(&'a Task),
    /// An interference report.
    Report(&'a Report),
    /// A major event.
    Event(&'a Event),
    /// The plan of a major event: it is told to those who may know one of the rows that changed.
    Plan(&'a Event, &'a [&'a PlanRow]),
    /// A webhook of an organisation: for the organisation itself, and administrators.
    Webhook(&'a str, &'a str),
}

impl Subject<'_> {
    pub(super) fn kind(&self) -> super::NoticeKind {
        match self {
            Self::Request(_) => super::NoticeKind::Request,
            Self::Order(_) => super::NoticeKind::ControlOrder,
            Self::Task(_) => super::NoticeKind::Task,
            Self::Report(_) => super::NoticeKind::InterferenceReport,
            Self::Event(_) | Self::Plan(..) => super::NoticeKind::Event,
            Self::Webhook(..) => super::NoticeKind::Webhook,
        }
    }

    pub(super) fn key(&self) -> &str {
        match self {
            Self::Request(request) => &request.id,
            Self::Order(record) => &record.key,
            Self::Task(task) => &task.id,
            Self::Report(report) => &report.id,
            Self::Event(event) | Self::Plan(event, _) => &event.id,
            Self::Webhook(id, _) => id,
        }
    }

    /// The same of whoever asks.
    pub(super) fn known_to_asker(&self, asking: Asking<'_>) -> bool {
        Desk::of(asking.role, asking.organisation).is_some_and(|desk| self.known_to(&desk, asking.now))
    }

    /// Whether those at the desk may know of it, as it is now. The rules are those that lists and readers are held to.
    pub(super) fn known_to(&self, desk: &Desk, now: Timestamp) -> bool {
        let asking = desk.asking(now);
        match self {
            Self::Request(request) => officer(asking).is_some_and(|officer| View::knows_request(&officer, request)),
            Self::Order(record) => View::order_is_known(record, desk.role, permissions::audience(desk.role)),
            Self::Task(task) => View::knows_task(task, asking),
            Self::Report(report) => View::report_is_known(report, desk.role),
            Self::Event(event) => View::knows_event(event, asking),
            Self::Plan(event, rows) => {
                View::knows_event(event, asking) && rows.iter().any(|row| View::row_is_known(row, asking))
            }
            Self::Webhook(_, organisation) => desk.role == Role::Admin || desk.organisation() == Some(*organisation),
        }
    }
}

//! What the service's clock has to do about a request, and when.

use jiff::Timestamp;

use super::{Asked, Policy, Request, Silence, State, Step, policy::Deadlines};

/// What the service's clock has to do about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Tell those who are to act that time is running.
    Remind,
    /// Tell their superiors.
    Escalate,
    /// Take this step.
    Take(Step),
}

/// What is due next, seen from `now`, and when; nothing where no time is running. It may lie in the past.
#[must_use]
pub fn due(request: &Request, policy: &Policy, now: Timestamp) -> Option<(Timestamp, Due)> {
    let rules = policy.kind(request.proposal.kind);
    let [decision, information] = policy.deadlines(request);
    let waiting = |deadlines: &Deadlines, started: Timestamp, end: Step| {
        let (after, what) = match request.reminders {
            0 => (deadlines.remind, Due::Remind),
            1 => (deadlines.escalate, Due::Escalate),
            _ => (deadlines.lapse, Due::Take(end)),
        };
        let at = started + after;
        // With fixed times nothing tells whether an answer waits: what ends a request ends it when answers are shown, after them.
        let sealing = policy
            .publication
            .as_ref()
            .filter(|publication| publication.seals(request));
        match (what, sealing) {
            (Due::Take(_), Some(publication)) => Some((publication.not_before(at), what)),
            _ => Some((at, what)),
        }
    };
    // A request for something that fits names no band, and nobody agrees to what is over: silence cannot.
    let named = matches!(request.proposal.asked, Asked::Bands(_));
    let silence = match rules.silence {
        Silence::Agrees if named && request.proposal.time.to > now.max(request.clock + decision.lapse) => {
            Step::AgreeBySilence
        }
        _ => Step::Lapse,
    };
    match request.state {
        State::Submitted | State::Received | State::UnderReview => waiting(&decision, request.clock, silence),
        State::InformationRequested => waiting(&information, request.since, Step::Lapse),
        State::InForce | State::Suspended => {
            let ends = request.decision.as_ref()?.expires;
            let before = ends - rules.renewal_notice;
            match request.reminders {
                0 if before > request.since => Some((before, Due::Remind)),
                _ => Some((ends, Due::Take(Step::Expire))),
            }
        }
        state if state.is_agreed() => Some((request.decision.as_ref()?.expires, Due::Take(Step::Expire))),
        _ => None,
    }
}

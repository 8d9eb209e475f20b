//! What may be said of a key frequency: never that it was clean in time nobody observed.

use serde::Serialize;

/// How a key frequency stands over a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WatchStanding {
    /// No receiver observed it.
    Unobserved,
    /// Some of the time was not observed; nothing was found in the rest.
    PartlyObserved,
    /// It was observed, and nothing was found.
    Clear,
    /// A conflict, or an emission that is not in the plan.
    Disturbed,
    /// Conflicts here are not told, so nothing is said of it: ask the other side.
    AskOtherSide,
}

/// Share of the time that must have been observed to say that nothing was there. Judgement: a receiver that hops or restarts
/// misses some seconds of a day.
const OBSERVED_SHARE: f64 = 0.99;

/// How it stands, by what was found and how much of the asked seconds were observed.
#[must_use]
pub fn watch_standing(found: usize, observed_s: u64, asked_s: u64) -> WatchStanding {
    match (found, observed_s) {
        (1.., _) => WatchStanding::Disturbed,
        (0, 0) => WatchStanding::Unobserved,
        (0, observed_s) if (observed_s as f64) < OBSERVED_SHARE * asked_s as f64 => WatchStanding::PartlyObserved,
        _ => WatchStanding::Clear,
    }
}

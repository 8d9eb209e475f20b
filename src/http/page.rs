//! Lists: `limit` in, items and an opaque cursor out.

use serde::Serialize;

use super::error::Problem;
use crate::service::findings::Page;

/// Items when the caller names no limit.
pub const DEFAULT_LIMIT: u32 = 100;
/// Most items in one answer.
pub const MAX_LIMIT: u32 = 1000;

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ListResponse<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> ListResponse<T> {
    /// A page of records as they go over the wire.
    #[must_use]
    pub fn of<R: Into<T>>(page: Page<R>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next_cursor,
        }
    }

    /// A list that fits on one page.
    #[must_use]
    pub fn complete(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
        }
    }
}

/// The page size the caller asked for, or why not.
///
/// # Errors
/// A limit outside 1 to 1000.
pub fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => {
            let reason = format!("{other} is not between 1 and {MAX_LIMIT}");
            Err(Problem::malformed(
                format!("limit 应在 1 到 {MAX_LIMIT} 之间，收到 {other}。"),
                format!("Give a limit between 1 and {MAX_LIMIT}, not {other}."),
            )
            .field("limit", reason))
        }
    }
}

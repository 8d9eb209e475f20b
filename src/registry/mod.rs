//! Who may be where: allocations (band → service) and assignments (station → frequency). Pure data and lookup.

pub mod allocation;
pub mod assignment;

pub use allocation::{Allocation, AllocationTable, Confidence, Exemption, ServiceStatus};
pub use assignment::{Assignment, AssignmentStatus, Place};

/// A text in the two languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

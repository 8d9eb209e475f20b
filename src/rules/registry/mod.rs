//! Who may be where: allocations (band → service) and assignments (station → frequency). Pure data and lookup.

pub mod allocation;
pub mod assignment;
pub mod control;

pub mod demo;
pub mod designator;
pub mod details;
pub mod difference;
pub mod disclosure;
pub mod export;
pub mod footprint;
pub mod hours;
pub mod import;
mod index;
pub mod service;
mod snapshot;
pub mod table;
pub mod telling;

pub use allocation::{Allocation, AllocationTable, Confidence, Exemption, ServiceStatus, Unlisted};
pub use assignment::{Assignment, AssignmentStatus, Place};
pub use control::ControlOrder;
pub use details::{Details, Role};
pub use index::Query;
pub use snapshot::Registry;

/// A text in the two languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// The same fact in Chinese and English.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// A file of the test data, or nothing (said by name) where the data is absent. With `CI=true` absence is a failure.
#[cfg(test)]
pub(crate) fn test_bytes(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("PINPU_TEST_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        Into::into,
    );
    let path = root.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "{}: {error}",
                path.display()
            );
            println!("skipped: {} is absent", path.display());
            None
        }
    }
}

/// The same as text.
#[cfg(test)]
pub(crate) fn test_data(name: &str) -> Option<String> {
    let bytes = test_bytes(name)?;
    Some(String::from_utf8(bytes).unwrap_or_else(|error| panic!("{name}: {error}")))
}

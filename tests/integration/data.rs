//! Where test data lie; absent data skip by name, and fail where the environment promises them.

use std::path::PathBuf;

/// A file or folder of the test data, or none (said by name) where they are not on this machine.
///
/// # Panics
/// With `CI` set, when they are missing.
pub(crate) fn test_data(name: &str, test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PINPU_TEST_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "test data missing: {}",
        path.display()
    );
    eprintln!("skipped: {test} ({} is not here; set PINPU_TEST_DATA)", path.display());
    None
}

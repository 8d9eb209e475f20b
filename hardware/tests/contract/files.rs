//! Files as the tests of recordings need them, and what is asked of a refusal.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use pinpu_hardware::{Recording, RecordingOptions};
use serde_json::{Value, json};

/// Longer than a file needs for a block.
pub(crate) const SOON: Duration = Duration::from_millis(200);

pub(crate) fn options() -> RecordingOptions {
    RecordingOptions::default()
}

/// Writes a SigMF pair and returns the path of its metadata.
pub(crate) fn sigmf(folder: &Path, global: Value, captures: Value, data: &[u8]) -> PathBuf {
    let mut all = json!({"core:datatype": "cu8", "core:sample_rate": 1000.0, "core:version": "1.2.0"});
    for (key, value) in global.as_object().unwrap() {
        all[key] = value.clone();
    }
    let meta = json!({"global": all, "captures": captures, "annotations": []});
    fs::write(folder.join("r.sigmf-data"), data).unwrap();
    let path = folder.join("r.sigmf-meta");
    fs::write(&path, meta.to_string()).unwrap();
    path
}

pub(crate) fn refusal(path: impl AsRef<Path>, options: &RecordingOptions) -> String {
    match Recording::open(path.as_ref(), options) {
        Ok(_) => panic!("{} was accepted", path.as_ref().display()),
        Err(e) => e.to_string(),
    }
}

#[track_caller]
pub(crate) fn assert_says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "'{word}' is missing in: {message}");
    }
}

//! Folders in memory for tests.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use super::files::Files;
use crate::registry::test_bytes;

/// Files by name.
pub(super) struct Folder(BTreeMap<String, Vec<u8>>);

impl Folder {
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect(),
        )
    }

    /// Files of a folder of the test data; nothing where it is absent.
    pub(super) fn open(folder: &str, names: &[&str]) -> Option<Self> {
        let read = names
            .iter()
            .map(|name| Some(((*name).to_owned(), test_bytes(&format!("{folder}/{name}"))?)));
        read.collect::<Option<_>>().map(Self)
    }
}

impl Files for Folder {
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        Ok(self
            .0
            .get(name)
            .map(|bytes| Box::new(bytes.as_slice()) as Box<dyn Read>))
    }
}

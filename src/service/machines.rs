//! Machines that show a certificate instead of a token: which account each is, by a name in its certificate.
//!
//! Whether the certificate is good was settled when the connection was made (`http::tls`) and is looked at again while it
//! lasts. Here only names count; the account is looked up at every request, so a lock counts from the next one on.

use std::collections::BTreeMap;

use super::{sessions::Principal, users::User};
use crate::{
    Result,
    config::{MachineConfig, MachineScope},
    store::{Store, TokenScope},
};

/// The machines of the configuration.
#[derive(Debug, Clone)]
pub struct Machines {
    store: Store,
    /// By names as they stand in certificates.
    names: BTreeMap<String, MachineConfig>,
}

impl Machines {
    /// These machines, with accounts in this store.
    #[must_use]
    pub fn new(store: Store, names: BTreeMap<String, MachineConfig>) -> Self {
        Self { store, names }
    }

    /// The machine with these names in its certificate: all that are known must be the same one.
    fn of(&self, names: &[String]) -> Option<&MachineConfig> {
        let mut known = names.iter().filter_map(|name| self.names.get(name));
        let first = known.next()?;
        known.all(|other| other == first).then_some(first)
    }

    /// Who a machine with these names in its certificate is; nobody where none is known, or its account is locked.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn owner(&self, names: &[String]) -> Result<Option<Principal>> {
        let Some(machine) = self.of(names) else {
            return Ok(None);
        };
        let Some(record) = self.store.user_in_force(&machine.account).await? else {
            return Ok(None);
        };
        let scope = match machine.scope {
            MachineScope::Read => TokenScope::Read,
            MachineScope::Full => TokenScope::Full,
        };
        Ok(Some(Principal::machine(&User::from_record(&record)?, scope)))
    }
}

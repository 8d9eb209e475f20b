//! Logins that began and are not over. In memory: after a restart people press the button again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use openidconnect::Nonce;

/// A login must be over after this long.
const AGE_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Of more than so many the oldest give way.
const COUNT_MAX: usize = 10_000;

/// What a login is recognised by when it comes back.
#[derive(Debug)]
pub(super) struct Waiting {
    /// What the provider must repeat in its token.
    pub(super) nonce: Nonce,
    /// What the code is redeemed with.
    pub(super) verifier: String,
    /// Hash of the cookie.
    pub(super) cookie: [u8; 32],
    /// When it began.
    pub(super) since: Timestamp,
}

/// All of them, by the hash of their state.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<[u8; 32], Waiting>>);

impl Pending {
    pub(super) fn add(&self, state: [u8; 32], waiting: Waiting) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= COUNT_MAX {
            let now = waiting.since;
            all.retain(|_, other| now.duration_since(other.since) <= AGE_MAX);
        }
        while all.len() >= COUNT_MAX {
            let oldest = all.iter().min_by_key(|(_, other)| other.since).map(|(key, _)| *key);
            if oldest.and_then(|key| all.remove(&key)).is_none() {
                break;
            }
        }
        all.insert(state, waiting);
    }

    /// Takes one out, for good. Who does not have the cookie takes nothing.
    pub(super) fn take(&self, state: &[u8; 32], cookie: &[u8; 32], now: Timestamp) -> Result<Waiting, &'static str> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all
            .get(state)
            .ok_or("no login with this state began here, or it is over")?;
        if known.cookie != *cookie {
            return Err("the login began in another browser");
        }
        let waiting = all.remove(state).ok_or("the login is over")?;
        if now.duration_since(waiting.since) > AGE_MAX {
            return Err("the login took longer than ten minutes");
        }
        Ok(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(second: i64) -> Waiting {
        Waiting {
            nonce: Nonce::new(String::new()),
            verifier: String::new(),
            cookie: [7; 32],
            since: Timestamp::from_second(second).expect("time"),
        }
    }

    #[test]
    fn a_login_is_over_once_by_its_own_browser_in_ten_minutes() {
        let at = |second| Timestamp::from_second(second).expect("time");
        let pending = Pending::default();
        for state in [1, 2] {
            pending.add([state; 32], waiting(0));
        }
        assert!(pending.take(&[3; 32], &[7; 32], at(1)).is_err());
        assert!(pending.take(&[1; 32], &[8; 32], at(1)).is_err());
        assert!(
            pending.take(&[1; 32], &[7; 32], at(600)).is_ok(),
            "another browser took nothing"
        );
        assert!(pending.take(&[1; 32], &[7; 32], at(600)).is_err());
        assert!(pending.take(&[2; 32], &[7; 32], at(601)).is_err());
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let pending = Pending::default();
        for n in 0..COUNT_MAX + 10 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_le_bytes());
            pending.add(key, waiting(i64::try_from(n / 100).expect("small")));
        }
        assert_eq!(pending.0.lock().expect("sound").len(), COUNT_MAX);
    }
}

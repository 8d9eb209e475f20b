//! Slows guessing down without locking anybody out.
//!
//! Every try counts before the password is looked at, so tries in parallel gain nothing. Three counts, each forgotten
//! after a quarter of an hour without a try:
//! * account from one network: five tries are free, then the wait doubles from one second to five minutes;
//! * one network, whatever the account: twenty are free;
//! * one account from everywhere: past fifty tries a network that is new to the account gets two free tries instead of
//!   five. It never blocks by itself: the owner, coming from a quiet network, gets in at once.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const FREE_PAIR: u32 = 5;
const FREE_PAIR_UNDER_ATTACK: u32 = 2;
const FREE_NETWORK: u32 = 20;
const ATTACK: u32 = 50;
const WAIT_MAX: Duration = Duration::from_secs(300);
const FORGET: Duration = Duration::from_secs(900);
/// Entries kept of each count.
const ENTRIES_MAX: usize = 50_000;

/// Counts tries; cheap, in memory, lost at a restart.
#[derive(Debug, Default)]
pub struct Throttle {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    pairs: HashMap<(String, IpAddr), Tries>,
    networks: HashMap<IpAddr, Tries>,
    accounts: HashMap<String, Tries>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: u32,
    last: Instant,
}

impl Tries {
    /// How long after the last try the next is let in.
    fn wait(self, free: u32) -> Duration {
        match self.count.checked_sub(free) {
            None => Duration::ZERO,
            Some(over) => Duration::from_secs(1 << over.min(16)).min(WAIT_MAX),
        }
    }

    fn left(self, free: u32, now: Instant) -> Duration {
        self.wait(free).saturating_sub(now.saturating_duration_since(self.last))
    }
}

impl Throttle {
    /// Counts a try, or tells how long to wait; a refused try does not count.
    ///
    /// # Errors
    /// The time left to wait.
    pub fn admit(&self, account: &str, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let network = network(address);
        let mut counts = self.lock();
        let attacked = live(&counts.accounts, &account.to_owned(), now).is_some_and(|tries| tries.count >= ATTACK);
        let free = if attacked { FREE_PAIR_UNDER_ATTACK } else { FREE_PAIR };
        let pair = (account.to_owned(), network);
        let left = [
            live(&counts.pairs, &pair, now).map(|tries| tries.left(free, now)),
            live(&counts.networks, &network, now).map(|tries| tries.left(FREE_NETWORK, now)),
        ];
        let left = left.into_iter().flatten().max().unwrap_or_default();
        if left > Duration::ZERO {
            return Err(left);
        }
        count(&mut counts.pairs, pair, now);
        count(&mut counts.networks, network, now);
        count(&mut counts.accounts, account.to_owned(), now);
        Ok(())
    }

    /// The try was right: forgets what this network did to this account, and takes the try back from the network.
    pub fn succeeded(&self, account: &str, address: IpAddr) {
        let network = network(address);
        let mut counts = self.lock();
        let tries = counts
            .pairs
            .remove(&(account.to_owned(), network))
            .map_or(1, |tries| tries.count);
        for entry in [counts.networks.get_mut(&network)].into_iter().flatten() {
            entry.count = entry.count.saturating_sub(tries);
        }
        if let Some(entry) = counts.accounts.get_mut(account) {
            entry.count = entry.count.saturating_sub(tries);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn live<K: Eq + Hash>(map: &HashMap<K, Tries>, key: &K, now: Instant) -> Option<Tries> {
    map.get(key)
        .copied()
        .filter(|tries| now.saturating_duration_since(tries.last) < FORGET)
}

fn count<K: Eq + Hash + Clone>(map: &mut HashMap<K, Tries>, key: K, now: Instant) {
    if map.len() >= ENTRIES_MAX && !map.contains_key(&key) {
        map.retain(|_, tries| now.saturating_duration_since(tries.last) < FORGET);
        if map.len() >= ENTRIES_MAX {
            // Still full: whoever tried least is forgotten first, those who are being held back stay.
            map.retain(|_, tries| tries.count > FREE_PAIR_UNDER_ATTACK);
        }
        if map.len() >= ENTRIES_MAX {
            map.clear();
        }
    }
    let fresh = live(map, &key, now).map_or(0, |tries| tries.count);
    map.insert(
        key,
        Tries {
            count: fresh.saturating_add(1),
            last: now,
        },
    );
}

/// What one subscriber can hold: an IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("address")
    }

    #[test]
    fn the_wait_doubles_and_the_owner_elsewhere_is_let_in_at_once() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let attacker = ip("192.0.2.1");
        for _ in 0..FREE_PAIR {
            throttle.admit("admin", attacker, start).expect("free try");
        }
        assert_eq!(throttle.admit("admin", attacker, start), Err(Duration::from_secs(1)));
        let later = start + Duration::from_secs(1);
        throttle.admit("admin", attacker, later).expect("waited");
        assert_eq!(throttle.admit("admin", attacker, later), Err(Duration::from_secs(2)));
        throttle
            .admit("admin", ip("198.51.100.7"), later)
            .expect("the owner from elsewhere");
        throttle
            .admit("other", attacker, later)
            .expect("another account from the same place");
    }

    #[test]
    fn a_thousand_guesses_a_minute_get_few_through_and_never_shut_out_the_owner() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let mut through = 0;
        for n in 0..1000_u64 {
            let now = start + Duration::from_millis(60 * n);
            through += u32::from(throttle.admit("admin", ip("192.0.2.1"), now).is_ok());
        }
        assert!(through <= FREE_PAIR + 6, "{through} guesses got through");
        throttle
            .admit("admin", ip("198.51.100.7"), start + Duration::from_secs(60))
            .expect("the owner");
    }

    #[test]
    fn many_networks_against_one_account_get_two_tries_each() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let mut through = 0;
        for n in 0..200_u8 {
            for _ in 0..10 {
                through += u32::from(throttle.admit("admin", IpAddr::from([203, 0, 113, n]), now).is_ok());
            }
        }
        assert!(
            through <= 50 + 200 * FREE_PAIR_UNDER_ATTACK,
            "{through} guesses got through"
        );
        throttle.admit("admin", ip("198.51.100.7"), now).expect("the owner");
    }

    #[test]
    fn one_network_against_many_accounts_is_held_back() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let through = (0..1000)
            .filter(|n| throttle.admit(&format!("user{n}"), ip("2001:db8::1"), now).is_ok())
            .count();
        assert_eq!(through, FREE_NETWORK as usize);
        assert!(throttle.admit("fresh", ip("2001:db8::2"), now).is_err(), "the same /64");
        throttle
            .admit("fresh", ip("2001:db8:0:1::1"), now)
            .expect("another /64");
    }

    #[test]
    fn a_right_password_and_a_quarter_of_an_hour_clear_the_count() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let home = ip("192.0.2.1");
        for _ in 0..4 {
            throttle.admit("admin", home, now).expect("free try");
        }
        throttle.succeeded("admin", home);
        for _ in 0..FREE_PAIR {
            throttle.admit("admin", home, now).expect("free again");
        }
        assert!(throttle.admit("admin", home, now).is_err());
        throttle.admit("admin", home, now + FORGET).expect("forgotten");
    }

    #[test]
    fn memory_stays_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..(ENTRIES_MAX as u32 + 1000) {
            let _ = throttle.admit("admin", IpAddr::from(n.to_be_bytes()), now);
        }
        assert!(throttle.lock().pairs.len() <= ENTRIES_MAX);
    }
}

//! What alarms and webhooks of organisations share in sending: the signed request, whom it may reach, and when it is tried again.
//! Blocks; runs on threads made for that.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use super::trust::Trust;
use crate::config::alarm::Secret;

/// Longest time one attempt may take.
pub(super) const ATTEMPT_MAX: Duration = Duration::from_secs(10);
/// Longest pause between two attempts.
const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// Which addresses a name may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Whatever it is: whoever keeps this machine has named it.
    Any,
    /// Those of closed networks too, but none that only this link knows.
    Internal,
    /// Those of the public network alone.
    Public,
}

impl Reach {
    /// Whether an address may be connected to.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let link = match address {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast(),
        };
        match self {
            Self::Any => true,
            Self::Internal => !link,
            Self::Public => !link && is_public(address),
        }
    }
}

/// Whether an address is none of those that the IANA registries of special-purpose addresses (RFC 6890) keep out of the
/// public network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let special = v4.is_private()
                || v4.is_loopback()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19));
            !special
        }
        IpAddr::V6(v6) => {
            let s = v6.segments();
            // What is not global unicast, documentation, and what stands for an address of version 4.
            let global = s[0] & 0xe000 == 0x2000;
            let special = (s[0] == 0x2001 && (s[1] == 0x0db8 || s[1] < 0x0200)) || s[0] == 0x2002 || s[0] == 0x3fff;
            global && !special
        }
    }
}

/// Looks a name up and leaves out what may not be reached. It is the address that is connected to which is looked at, so a name
/// that stands for another one a moment later is no way around.
#[derive(Debug)]
struct Guarded {
    reach: Reach,
    names: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| self.reach.allows(address.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() {
            let refused =
                "the address is in a closed network, which the configuration does not allow (webhooks.internal)";
            return Err(ureq::Error::Other(refused.into()));
        }
        Ok(allowed)
    }
}

/// Where a signed message goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) url: &'a str,
    /// Key of the signature.
    pub(super) secret: &'a Secret,
    pub(super) trust: &'a Trust,
    pub(super) reach: Reach,
    /// Longest time the attempt may take.
    pub(super) patience: Duration,
}

/// The signature of a body at a time, as the header has it: `t=1750000000,v1=0123…`. The time is signed too, so that
/// an old request cannot be sent again by whoever saw it.
fn signature(secret: &Secret, time: Timestamp, body: &str) -> String {
    let t = time.as_second();
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).expect("any length");
    mac.update(format!("{t}.{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    digest
        .iter()
        .fold(format!("t={t},v1="), |text, byte| format!("{text}{byte:02x}"))
}

/// Sends a message; the error says why not, without secrets. An address may hold a key; an error that repeats it must not.
pub(super) fn post(to: &Address<'_>, delivery: &str, body: &str, now: Timestamp) -> Result<(), String> {
    put_through(to, delivery, body, now).map_err(|error| error.replace(to.url, "(address)"))
}

fn put_through(to: &Address<'_>, delivery: &str, body: &str, now: Timestamp) -> Result<(), String> {
    let tls = ureq::tls::TlsConfig::builder().root_certs(to.trust.of_web()).build();
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(to.patience))
        .http_status_as_error(false)
        // Another address has not been named by anybody.
        .max_redirects(0)
        .tls_config(tls)
        .user_agent(concat!("pinpu/", env!("CARGO_PKG_VERSION")));
    if to.reach != Reach::Any {
        // A proxy would look the name up for us.
        config = config.proxy(None);
    }
    let guarded = Guarded {
        reach: to.reach,
        names: DefaultResolver::default(),
    };
    let agent = ureq::Agent::with_parts(config.build(), DefaultConnector::default(), guarded);
    let answer = agent
        .post(to.url)
        .header("content-type", "application/json")
        .header("pinpu-delivery", delivery)
        .header("pinpu-signature", signature(to.secret, now, body))
        .send(body)
        .map_err(|error| error.to_string())?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(format!("the other side answered {status}"))
}

/// When to try again after `attempts` failures: `first` doubled each time, up to an hour, of which a random half is kept
/// open, so that many senders do not come back at once. Nothing when `lasting` is over since `since`. `chance` is 0 to 1.
pub(super) fn retry(
    (first, lasting): (SignedDuration, SignedDuration),
    since: Timestamp,
    attempts: u64,
    now: Timestamp,
    chance: f64,
) -> Option<Timestamp> {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(20);
    let pause = first.saturating_mul(1 << doublings).min(PAUSE_MAX);
    let next = now + pause.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0));
    (next <= since + lasting).then_some(next)
}

/// Whether an address of the web is written as one that `reach` never allows.
pub(super) fn names_closed_network(url: &str, reach: Reach) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let named = host
        .eq_ignore_ascii_case("localhost")
        .then_some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let address = host.parse().ok().or(named);
    address.is_some_and(|address: IpAddr| !reach.allows(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 has no case of this form; the value is that of `printf '1700000000.{}' | openssl dgst -sha256 -hmac`.
    #[test]
    fn the_signature_is_the_one_others_compute() {
        let time = Timestamp::from_second(1_700_000_000).expect("time");
        let secret = Secret::new("0123456789abcdef");
        assert_eq!(signature(&secret, time, "{}"), EXPECTED);
        assert_ne!(signature(&secret, time, "{ }"), EXPECTED);
        assert_ne!(signature(&Secret::new("0123456789abcdeF"), time, "{}"), EXPECTED);
    }

    const EXPECTED: &str = "t=1700000000,v1=e4f8e2ecae2295b2ddb2f0b5584c8275e226c0ebe9b3b819e70156bb67122e3e";

    #[test]
    fn attempts_come_at_growing_pauses_and_end() {
        let (first, lasting) = (SignedDuration::from_secs(15), SignedDuration::from_hours(2));
        let noon: Timestamp = "2026-06-01T04:00:00Z".parse().expect("time");
        let pause = |attempts, chance| {
            retry((first, lasting), noon, attempts, noon, chance).map(|next| next.duration_since(noon).as_secs_f64())
        };
        assert_eq!(pause(1, 1.0), Some(15.0));
        assert_eq!(pause(1, 0.0), Some(7.5));
        assert_eq!(pause(4, 1.0), Some(120.0));
        assert_eq!(pause(4000, 1.0), Some(3600.0));
        assert_eq!(retry((first, lasting), noon, 9, noon + lasting, 0.0), None);
    }

    #[test]
    fn addresses_of_closed_networks_are_told_from_public_ones() {
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        for public in [
            "1.1.1.1",
            "223.5.5.5",
            "99.255.1.1",
            "2400:3200::1",
            "2606:4700:4700::1111",
        ] {
            assert!(
                Reach::Public.allows(ip(public)) && Reach::Internal.allows(ip(public)),
                "{public}"
            );
        }
        let closed = [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "0.1.2.3",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
        ];
        for closed in closed {
            assert!(!Reach::Public.allows(ip(closed)), "{closed}");
        }
        for closed in ["10.1.2.3", "127.0.0.1", "::1", "fd00::1"] {
            assert!(Reach::Internal.allows(ip(closed)), "{closed}");
        }
        // Where clouds tell machines their secrets.
        for link in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
        ] {
            assert!(
                !Reach::Public.allows(ip(link)) && !Reach::Internal.allows(ip(link)),
                "{link}"
            );
        }
    }

    #[test]
    fn what_is_written_as_a_closed_address_is_seen_before_anything_is_sent() {
        for url in [
            "https://10.0.0.1/x",
            "https://localhost:8443/",
            "https://[::1]/",
            "https://LOCALHOST",
        ] {
            assert!(names_closed_network(url, Reach::Public), "{url}");
            assert!(!names_closed_network(url, Reach::Internal), "{url}");
        }
        assert!(!names_closed_network("https://pinpu.example.cn/hook", Reach::Public));
        assert!(names_closed_network("http://169.254.169.254/latest", Reach::Internal));
    }
}

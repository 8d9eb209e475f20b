//! Putting a message through: a signed HTTP request, or e-mail. Blocks; runs on threads made for that.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use lettre::{
    SmtpTransport, Transport,
    message::{Mailbox, header::ContentType},
    transport::smtp::{authentication::Credentials, client::Tls},
};
use sha2::Sha256;

use super::{
    super::trust::Trust,
    message::{Message, subject, text},
};
use crate::config::alarm::{AlarmLanguage, AlarmRoute, AlarmTarget, Secret, SmtpConfig, SmtpSecurity};

/// Longest time one attempt may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(10);

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

/// Sends a message; the error says why not, without secrets.
pub(super) fn send(
    route: &AlarmRoute,
    smtp: Option<&SmtpConfig>,
    trust: &Trust,
    delivery: &str,
    body: &str,
    now: Timestamp,
) -> Result<(), String> {
    match (&route.target, smtp) {
        (AlarmTarget::Webhook { url, secret }, _) => {
            // An address may hold a key; an error that repeats it must not.
            post(url, secret, trust, delivery, body, now).map_err(|error| error.replace(url.as_str(), "(address)"))
        }
        (AlarmTarget::Email(to), Some(smtp)) => mail(to, smtp, trust, delivery, body, route.language),
        (AlarmTarget::Email(_), None) => Err("there is no mail server: fill in [smtp]".to_owned()),
    }
}

fn post(url: &str, secret: &Secret, trust: &Trust, delivery: &str, body: &str, now: Timestamp) -> Result<(), String> {
    let tls = ureq::tls::TlsConfig::builder().root_certs(trust.of_web()).build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(ATTEMPT_MAX))
        .http_status_as_error(false)
        // Another address has not been named by the administrator.
        .max_redirects(0)
        .tls_config(tls)
        .user_agent(concat!("pinpu/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let answer = agent
        .post(url)
        .header("content-type", "application/json")
        .header("pinpu-delivery", delivery)
        .header("pinpu-signature", signature(secret, now, body))
        .send(body)
        .map_err(|error| error.to_string())?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(format!("the other side answered {status}"))
}

fn mail(
    to: &[lettre::Address],
    smtp: &SmtpConfig,
    trust: &Trust,
    delivery: &str,
    body: &str,
    language: AlarmLanguage,
) -> Result<(), String> {
    let said = |error: &dyn std::error::Error| match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let message: Message = serde_json::from_str(body).map_err(|error| said(&error))?;
    let mut mail = lettre::Message::builder()
        .from(smtp.from.clone())
        // The same at every attempt: a mail server that had it already can tell.
        .message_id(Some(format!("<{delivery}@{}>", smtp.from.email.domain())))
        .subject(subject(&message, language))
        .header(ContentType::TEXT_PLAIN);
    for address in to {
        mail = mail.to(Mailbox::new(None, address.clone()));
    }
    let mail = mail.body(text(&message, language)).map_err(|error| said(&error))?;
    let tls = || trust.of_mail(&smtp.host).map_err(|error| said(&error));
    let tls = match smtp.security {
        SmtpSecurity::Tls => Tls::Wrapper(tls()?),
        SmtpSecurity::Starttls => Tls::Required(tls()?),
        SmtpSecurity::None => Tls::None,
    };
    let mut transport = SmtpTransport::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(ATTEMPT_MAX));
    if let Some((user, password)) = &smtp.login {
        transport = transport.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
    }
    transport.build().send(&mail).map(drop).map_err(|error| said(&error))
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
}

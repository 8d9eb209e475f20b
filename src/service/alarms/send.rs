//! Putting a message through: a signed HTTP request, or e-mail. Blocks; runs on threads made for that.

use jiff::Timestamp;
use lettre::{
    SmtpTransport, Transport,
    message::{Mailbox, header::ContentType},
    transport::smtp::{authentication::Credentials, client::Tls},
};

use super::{
    super::{
        outbox::{ATTEMPT_MAX, Address, Reach, post},
        trust::Trust,
    },
    message::{Message, subject, text},
};
use crate::config::alarm::{AlarmLanguage, AlarmRoute, AlarmTarget, SmtpConfig, SmtpSecurity};

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
            let reach = Reach::Any;
            let patience = ATTEMPT_MAX;
            let to = Address {
                url,
                secret,
                trust,
                reach,
                patience,
            };
            post(&to, delivery, body, now)
        }
        (AlarmTarget::Email(to), Some(smtp)) => mail(to, smtp, trust, delivery, body, route.language),
        (AlarmTarget::Email(_), None) => Err("there is no mail server: fill in [smtp]".to_owned()),
    }
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

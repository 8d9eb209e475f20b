//! Alarm routes of the configuration: who is told of conflicts, of which ones, how, and when not.

use std::{collections::BTreeSet, fmt, path::PathBuf};

use jiff::{civil::Time, tz::TimeZone};
use serde::Deserialize;

use super::{file::Faults, plan::parse_band};
use crate::{conflict::Severity, units::Band};

/// A text that is shown nowhere.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the one who signs or logs in with it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Everything about telling people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlarmConfig {
    /// Routes, in the order of the file.
    pub routes: Vec<AlarmRoute>,
    /// Mail server; `None`: no e-mail.
    pub smtp: Option<SmtpConfig>,
    /// Address of the console in messages, without a slash at the end.
    pub console_url: Option<String>,
    /// Certificate authorities that web and mail servers of the routes are held to, a PEM file; `None`: the system's.
    pub authorities: Option<PathBuf>,
}

/// Who is told what.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmRoute {
    /// Short name.
    pub id: String,
    /// Where messages go.
    pub target: AlarmTarget,
    /// Conflicts of at least this severity,
    pub severity: Severity,
    /// of these receivers (empty: all),
    pub receivers: Vec<String>,
    /// sharing frequencies with one of these bands (empty: all),
    pub bands: Vec<Band>,
    /// when they get into one of these states.
    pub states: Vec<AlarmState>,
    /// When messages wait.
    pub quiet: Option<QuietHours>,
    /// Conflicts of severity alarm do not wait.
    pub alarms_break_quiet: bool,
    /// Most single messages in `digest_minutes`; what comes beyond waits and goes as one.
    pub digest_over: u32,
    /// The time for that.
    pub digest_minutes: u32,
    /// How long a message that cannot be delivered is tried again.
    pub retry_hours: u32,
    /// Language of e-mails.
    pub language: AlarmLanguage,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmTarget {
    /// A signed HTTP request.
    Webhook {
        /// Address.
        url: String,
        /// Key of the signature.
        secret: Secret,
    },
    /// E-mail.
    Email(Vec<lettre::Address>),
}

/// States of a conflict a route may tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// New, or open again.
    Open,
    /// Taken up.
    Acknowledged,
    /// Given to somebody.
    Assigned,
    /// Settled.
    Resolved,
}

/// Language of messages that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmLanguage {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

/// Hours of a day in which messages wait: from `from` until before `to`, across midnight when `to` is not later.
#[derive(Debug, Clone, PartialEq)]
pub struct QuietHours {
    /// Beginning.
    pub from: Time,
    /// End.
    pub to: Time,
    /// Whose clock.
    pub zone: TimeZone,
}

/// How mail is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SmtpConfig {
    /// Server.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub security: SmtpSecurity,
    /// Account and password.
    pub login: Option<(String, Secret)>,
    /// Sender.
    pub from: lettre::message::Mailbox,
}

/// Encryption of a mail connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// Plain first, then TLS or nothing.
    Starttls,
    /// Plain.
    None,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AlarmFile {
    console_url: String,
    authorities: PathBuf,
    route: Vec<RouteFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteFile {
    id: String,
    webhook: Option<String>,
    secret_env: Option<String>,
    email: Option<Vec<String>>,
    #[serde(default = "warning")]
    severity: Severity,
    #[serde(default)]
    receivers: Vec<String>,
    #[serde(default)]
    bands: Vec<String>,
    #[serde(default = "open")]
    states: Vec<AlarmState>,
    quiet: Option<QuietFile>,
    #[serde(default)]
    alarms_break_quiet: bool,
    digest_over: Option<u32>,
    digest_minutes: Option<u32>,
    retry_hours: Option<u32>,
    #[serde(default = "zh")]
    language: AlarmLanguage,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuietFile {
    from: String,
    to: String,
    zone: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SmtpFile {
    host: String,
    port: u16,
    security: SmtpSecurity,
    user: String,
    password: Secret,
    from: String,
}

fn warning() -> Severity {
    Severity::Warning
}

fn open() -> Vec<AlarmState> {
    vec![AlarmState::Open]
}

fn zh() -> AlarmLanguage {
    AlarmLanguage::Zh
}

/// What the validation of a route looks things up in.
pub(super) struct Known<'a> {
    /// Ids of the configured receivers; empty: whatever is found.
    pub(super) receivers: BTreeSet<&'a str>,
    /// Values of environment variables.
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
}

pub(super) fn validate_alarm(file: AlarmFile, smtp: SmtpFile, known: &Known<'_>, faults: &mut Faults) -> AlarmConfig {
    let smtp = validate_smtp(smtp, faults);
    let url = file.console_url.trim_end_matches('/');
    faults.unless(
        url.is_empty() || web_host(url).is_some(),
        "alarm.console_url",
        "write the address of the console, such as \"https://pinpu.example.cn\", or leave it empty",
    );
    let mut seen = BTreeSet::new();
    let mut routes = Vec::with_capacity(file.route.len());
    for (index, route) in file.route.into_iter().enumerate() {
        let at = |key: &str| format!("alarm.route[{index}].{key}");
        let fits = !route.id.is_empty() && route.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        faults.unless(fits, at("id"), "use letters, digits and hyphens, such as \"duty-desk\"");
        faults.unless(
            seen.insert(route.id.clone()),
            at("id"),
            "this id stands twice; give each route its own",
        );
        routes.extend(validate_route(route, &at, smtp.is_some(), known, faults));
    }
    AlarmConfig {
        routes,
        smtp,
        console_url: (!url.is_empty()).then(|| url.to_owned()),
        authorities: Some(file.authorities).filter(|path| !path.as_os_str().is_empty()),
    }
}

fn validate_route(
    file: RouteFile,
    at: &dyn Fn(&str) -> String,
    mail: bool,
    known: &Known<'_>,
    faults: &mut Faults,
) -> Option<AlarmRoute> {
    let target = match (&file.webhook, &file.email) {
        (Some(url), None) => webhook(url, file.secret_env.as_deref(), at, known, faults),
        (None, Some(addresses)) => {
            faults.unless(mail, at("email"), "fill in [smtp] first, so that mail can be sent");
            faults.unless(
                file.secret_env.is_none(),
                at("secret_env"),
                "only a webhook is signed; leave it out",
            );
            email(addresses, at, faults)
        }
        _ => {
            faults.unless(false, at("webhook"), "give either webhook or email, one of the two");
            None
        }
    };
    for receiver in &file.receivers {
        faults.unless(
            known.receivers.is_empty() || known.receivers.contains(receiver.as_str()),
            at("receivers"),
            format!("there is no [[receiver]] with the id '{receiver}'"),
        );
    }
    let mut bands = Vec::with_capacity(file.bands.len());
    for (index, text) in file.bands.iter().enumerate() {
        match parse_band(text) {
            Ok(band) => bands.push(band),
            Err(reason) => faults.unless(false, at(&format!("bands[{index}]")), reason),
        }
    }
    faults.unless(
        !file.states.is_empty(),
        at("states"),
        "name at least one of \"open\", \"acknowledged\", \"assigned\", \"resolved\"",
    );
    let mut within = |key: &str, value: Option<u32>, default: u32, most: u32| {
        let value = value.unwrap_or(default);
        faults.unless((1..=most).contains(&value), at(key), format!("write 1 to {most}"));
        value
    };
    let digest_over = within("digest_over", file.digest_over, 5, 1000);
    let digest_minutes = within("digest_minutes", file.digest_minutes, 10, 1440);
    let retry_hours = within("retry_hours", file.retry_hours, 24, 168);
    let quiet = file.quiet.and_then(|quiet| validate_quiet(&quiet, at, faults));
    faults.unless(
        quiet.is_some() || !file.alarms_break_quiet,
        at("alarms_break_quiet"),
        "there are no quiet hours to break; give quiet, or leave it out",
    );
    Some(AlarmRoute {
        id: file.id,
        target: target?,
        severity: file.severity,
        receivers: file.receivers,
        bands,
        states: file.states,
        quiet,
        alarms_break_quiet: file.alarms_break_quiet,
        digest_over,
        digest_minutes,
        retry_hours,
        language: file.language,
    })
}

/// Host of an address of the web; nothing where it is none, or carries a login.
#[must_use]
pub fn web_host(url: &str) -> Option<String> {
    let uri: ureq::http::Uri = url.parse().ok()?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    matches!(uri.scheme_str(), Some("http" | "https")).then(|| authority.to_string())
}

fn webhook(
    url: &str,
    secret_env: Option<&str>,
    at: &dyn Fn(&str) -> String,
    known: &Known<'_>,
    faults: &mut Faults,
) -> Option<AlarmTarget> {
    faults.unless(
        web_host(url).is_some(),
        at("webhook"),
        "write an address such as \"https://example.cn/hooks/pinpu\", without a login in it",
    );
    let Some(name) = secret_env else {
        let reason = "name the environment variable that holds the key of the signature, such as \"PINPU_ALARM_DUTY\"";
        faults.unless(false, at("secret_env"), reason);
        return None;
    };
    let secret = (known.environment)(name).unwrap_or_default();
    faults.unless(
        secret.len() >= 16,
        at("secret_env"),
        format!("the environment variable {name} must hold the key of the signature: at least 16 random characters"),
    );
    Some(AlarmTarget::Webhook {
        url: url.to_owned(),
        secret: Secret(secret),
    })
}

fn email(addresses: &[String], at: &dyn Fn(&str) -> String, faults: &mut Faults) -> Option<AlarmTarget> {
    faults.unless(
        !addresses.is_empty(),
        at("email"),
        "name at least one address, such as [\"duty@example.cn\"]",
    );
    let mut parsed = Vec::with_capacity(addresses.len());
    for (index, text) in addresses.iter().enumerate() {
        match text.parse() {
            Ok(address) => parsed.push(address),
            Err(_) => faults.unless(
                false,
                at(&format!("email[{index}]")),
                format!("'{text}' is not an address: write it as \"duty@example.cn\""),
            ),
        }
    }
    Some(AlarmTarget::Email(parsed))
}

fn validate_quiet(file: &QuietFile, at: &dyn Fn(&str) -> String, faults: &mut Faults) -> Option<QuietHours> {
    let mut time = |key: &str, text: &str| {
        let parsed = Time::strptime("%H:%M", text).ok();
        faults.unless(parsed.is_some(), at(key), "write hours and minutes, such as \"22:00\"");
        parsed
    };
    let (from, to) = (time("quiet.from", &file.from), time("quiet.to", &file.to));
    let zone = TimeZone::get(&file.zone).ok();
    faults.unless(
        zone.is_some(),
        at("quiet.zone"),
        format!(
            "'{}' is not a zone of the IANA database: write one such as \"Asia/Shanghai\"",
            file.zone
        ),
    );
    faults.unless(
        from.is_none() || from != to,
        at("quiet.to"),
        "quiet hours that never end tell nobody anything: choose another end",
    );
    Some(QuietHours {
        from: from?,
        to: to?,
        zone: zone?,
    })
}

fn validate_smtp(file: SmtpFile, faults: &mut Faults) -> Option<SmtpConfig> {
    if file.host.is_empty() {
        let empty = file.user.is_empty() && file.from.is_empty() && file.password == Secret::default();
        faults.unless(empty, "smtp.host", "name the mail server, such as \"mail.example.cn\"");
        return None;
    }
    let from = file.from.parse().ok();
    faults.unless(
        from.is_some(),
        "smtp.from",
        "write the sender, such as \"Pinpu <pinpu@example.cn>\"",
    );
    faults.unless(
        file.user.is_empty() == file.password.0.is_empty(),
        "smtp.password",
        "give user and password, or neither; the password best as PINPU__SMTP__PASSWORD in the environment",
    );
    let local = matches!(file.host.as_str(), "localhost" | "127.0.0.1" | "::1");
    faults.unless(
        file.user.is_empty() || file.security != SmtpSecurity::None || local,
        "smtp.security",
        "a password does not travel in the clear: write \"tls\" or \"starttls\"",
    );
    let port = match (file.port, file.security) {
        (0, SmtpSecurity::Tls) => 465,
        (0, SmtpSecurity::Starttls) => 587,
        (0, SmtpSecurity::None) => 25,
        (port, _) => port,
    };
    Some(SmtpConfig {
        host: file.host,
        port,
        security: file.security,
        login: (!file.user.is_empty()).then_some((file.user, file.password)),
        from: from?,
    })
}

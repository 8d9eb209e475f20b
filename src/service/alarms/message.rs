//! What a message says: one text for machines, one for people. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    config::alarm::AlarmLanguage,
    conflict::Severity,
    store::{ConflictRecord, ConflictStatus},
};

/// Notices spelled out in a digest; the others are counted.
pub(super) const LISTED_MAX: usize = 200;

/// What kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MessageKind {
    /// One conflict.
    Conflict,
    /// Several.
    Digest,
    /// None: somebody wants to know whether messages arrive.
    Test,
}

/// One conflict in one state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Notice {
    /// Where to read on, when the address of the console is known.
    pub(super) url: Option<String>,
    /// The conflict as it was then; the resource of the API.
    pub(super) conflict: ConflictRecord,
}

/// A message. Its JSON is what a webhook gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    /// What kind.
    pub(super) r#type: MessageKind,
    /// Key of the message, the same at every attempt.
    pub(super) delivery: String,
    /// Route.
    pub(super) route: String,
    /// When it was written.
    pub(super) created_at: Timestamp,
    /// How many conflicts it tells of.
    pub(super) total: usize,
    /// The most urgent of them, most urgent first.
    pub(super) notices: Vec<Notice>,
}

struct Words {
    zh: &'static str,
    en: &'static str,
}

impl Words {
    fn get(&self, language: AlarmLanguage) -> &'static str {
        match language {
            AlarmLanguage::Zh => self.zh,
            AlarmLanguage::En => self.en,
        }
    }
}

fn severity(severity: Severity) -> Words {
    let (zh, en) = match severity {
        Severity::Info => ("记录", "Info"),
        Severity::Notice => ("关注", "Notice"),
        Severity::Warning => ("警告", "Warning"),
        Severity::Alarm => ("告警", "Alarm"),
    };
    Words { zh, en }
}

fn status(status: ConflictStatus) -> Words {
    let (zh, en) = match status {
        ConflictStatus::Open => ("未处理", "open"),
        ConflictStatus::Acknowledged => ("处理中", "acknowledged"),
        ConflictStatus::Assigned => ("已指派", "assigned"),
        ConflictStatus::Resolved => ("已解决", "resolved"),
        ConflictStatus::Merged => ("已合并", "merged"),
    };
    Words { zh, en }
}

/// The subject of an e-mail.
pub(super) fn subject(message: &Message, language: AlarmLanguage) -> String {
    let worst = message.notices.iter().map(|notice| notice.conflict.severity).max();
    match (message.r#type, message.notices.first(), language) {
        (MessageKind::Test, ..) | (_, None, _) => match language {
            AlarmLanguage::Zh => format!("[Pinpu] 测试消息（路由 {}）", message.route),
            AlarmLanguage::En => format!("[Pinpu] Test message of route {}", message.route),
        },
        (MessageKind::Conflict, Some(Notice { conflict: c, .. }), _) => {
            let (severity, status) = (severity(c.severity).get(language), status(c.status).get(language));
            match language {
                AlarmLanguage::Zh => format!("[Pinpu] {severity}：{}（{}），{status}", c.center_hz, c.receiver),
                AlarmLanguage::En => format!("[Pinpu] {severity}: {} ({}), {status}", c.center_hz, c.receiver),
            }
        }
        (MessageKind::Digest, Some(_), _) => {
            let worst = severity(worst.unwrap_or(Severity::Info)).get(language);
            match language {
                AlarmLanguage::Zh => format!("[Pinpu] {} 条冲突汇总，最高等级：{worst}", message.total),
                AlarmLanguage::En => format!("[Pinpu] {} conflicts, worst: {worst}", message.total),
            }
        }
    }
}

/// The text of an e-mail.
pub(super) fn text(message: &Message, language: AlarmLanguage) -> String {
    let mut text = String::new();
    if message.r#type == MessageKind::Test {
        text.push_str(match language {
            AlarmLanguage::Zh => "这是一条测试消息：告警路由工作正常，无需处理。\n",
            AlarmLanguage::En => "This is a test message: the alarm route works. There is nothing to do.\n",
        });
    }
    for notice in &message.notices {
        push_notice(&mut text, notice, language);
    }
    let more = message.total.saturating_sub(message.notices.len());
    if more > 0 {
        let _ = match language {
            AlarmLanguage::Zh => writeln!(text, "另有 {more} 条冲突未列出，请在控制台查看。\n"),
            AlarmLanguage::En => writeln!(text, "{more} more conflicts are not listed; see the console.\n"),
        };
    }
    let (route, delivery) = (&message.route, &message.delivery);
    let _ = match language {
        AlarmLanguage::Zh => writeln!(text, "-- \n告警路由 {route}，消息编号 {delivery}"),
        AlarmLanguage::En => writeln!(text, "-- \nAlarm route {route}, message {delivery}"),
    };
    text
}

fn push_notice(text: &mut String, notice: &Notice, language: AlarmLanguage) {
    let c = &notice.conflict;
    let (severity, status) = (severity(c.severity).get(language), status(c.status).get(language));
    let _ = match language {
        AlarmLanguage::Zh => writeln!(
            text,
            "{severity}：{}（{}–{}）\n状态：{status}\n{}\n接收机：{}\n首次发现：{}\n最近一次：{}",
            c.center_hz, c.low_hz, c.high_hz, c.explanation.zh, c.receiver, c.first_seen, c.last_seen
        ),
        AlarmLanguage::En => writeln!(
            text,
            "{severity}: {} ({}–{})\nState: {status}\n{}\nReceiver: {}\nFirst seen: {}\nLast seen: {}",
            c.center_hz, c.low_hz, c.high_hz, c.explanation.en, c.receiver, c.first_seen, c.last_seen
        ),
    };
    if let Some(url) = &notice.url {
        let _ = writeln!(text, "{url}");
    }
    text.push('\n');
}

//! Webhooks of organisations: where their own programs are told what their officers, or operators, are told.
//!
//! The change that is told writes the message (`notices::tell`); `send` sends it. A message says what the notice says to the
//! plainest reader of the organisation, and no words: kind, number, state, action, time and a link.

mod send;

use std::{path::Path, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

pub use crate::store::{DeliveryState, WebhookDelivery, WebhookHealth, WebhookRecord};

use super::{
    auth::Role,
    change::{Asking, Refused},
    notices::{NoticeKind, Notices, plain_role},
    outbox::{ATTEMPT_MAX, Reach, names_closed_network},
    trust::Trust,
};
use crate::{
    Error, Result,
    config::alarm::web_host,
    coordination::Fault,
    registry::Text,
    store::{Page, Store, Tx, random_id},
};

/// Longest name, characters, and longest address.
const NAME_MAX: usize = 100;
const URL_MAX: usize = 2000;
/// Webhooks of one organisation.
const WEBHOOKS_MAX: u64 = 20;

/// Kinds of records a webhook may be told of.
pub const KINDS: [NoticeKind; 5] = [
    NoticeKind::Request,
    NoticeKind::ControlOrder,
    NoticeKind::Task,
    NoticeKind::InterferenceReport,
    NoticeKind::Event,
];

/// How messages go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Pause before the second attempt; it doubles from there.
    pub first_retry: SignedDuration,
    /// How long a message is tried. A webhook that accepted nothing for as long is switched off.
    pub lasting: SignedDuration,
    /// Longest time one attempt may take.
    pub patience: Duration,
    /// Addresses of closed networks, and without TLS, are taken.
    pub internal: bool,
    /// Address of the console, for links in messages.
    pub console_url: Option<String>,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            first_retry: SignedDuration::from_secs(15),
            lasting: SignedDuration::from_hours(24),
            patience: ATTEMPT_MAX,
            internal: false,
            console_url: None,
        }
    }
}

/// What is written about a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookContent {
    /// What people call it.
    pub name: String,
    /// Where messages go; where a webhook is changed, nothing leaves it as it is.
    pub url: Option<String>,
    /// What it is told of.
    pub kinds: Vec<NoticeKind>,
    /// Messages are sent.
    pub active: bool,
}

/// A webhook and how it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenWebhook {
    /// What is kept of it.
    pub record: WebhookRecord,
    /// The host of its address, which may hold a key.
    pub host: String,
    /// How it is doing.
    pub health: WebhookHealth,
}

/// What became of a test message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestDelivery {
    /// Key of the message.
    pub delivery: String,
    /// Why it was not accepted; nothing: it was.
    pub error: Option<String>,
}

/// Outcome of a change.
pub type Changed<T> = std::result::Result<T, Refused>;

/// The webhooks, and who sends.
#[derive(Debug)]
pub struct Webhooks {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    sender: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    notices: Notices,
    config: WebhookConfig,
    trust: Trust,
    /// Changes when somebody has made something due.
    woken: watch::Sender<u64>,
}

impl Webhooks {
    /// Starts sending what waits. Must be called inside a tokio runtime. `authorities` are those of `alarm.authorities`.
    ///
    /// # Errors
    /// `Io` or `Invalid` for a file of authorities that cannot be used.
    pub fn start(
        store: Store,
        notices: Notices,
        config: WebhookConfig,
        authorities: Option<&Path>,
    ) -> Result<Arc<Self>> {
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            store,
            notices,
            config,
            trust: Trust::read(authorities, "alarm.authorities")?,
            woken: watch::channel(0).0,
        });
        let sender = tokio::spawn(send::run(Arc::clone(&shared), stopped));
        Ok(Arc::new(Self {
            shared,
            stop,
            sender: Mutex::new(Some(sender)),
        }))
    }

    /// Stops sending; an attempt under way is waited for, so that its outcome is on the disk.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        if let Some(sender) = self.sender.lock().await.take()
            && sender.await.is_err()
        {
            tracing::error!("the sender of webhooks did not stop cleanly");
        }
    }

    fn store(&self) -> &Store {
        &self.shared.store
    }

    fn wake(&self) {
        self.shared.woken.send_modify(|count| *count += 1);
    }

    /// Those of the asker's organisation; of all of them for administrators.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn list(&self, asking: Asking<'_>) -> Result<Vec<SeenWebhook>> {
        let own = (asking.role != Role::Admin).then_some(asking.organisation);
        let mut seen = Vec::new();
        for record in self.store().webhooks(own).await? {
            seen.push(self.seen(record).await?);
        }
        Ok(seen)
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`, also for that of another organisation; `Store` when reading fails.
    pub async fn get(&self, id: &str, asking: Asking<'_>) -> Result<SeenWebhook> {
        let record = self.store().webhook(id).await?;
        self.seen(own(record, asking)?).await
    }

    async fn seen(&self, record: WebhookRecord) -> Result<SeenWebhook> {
        Ok(SeenWebhook {
            host: web_host(&record.url).unwrap_or_default(),
            health: self.store().webhook_health(&record.id).await?,
            record,
        })
    }

    /// Makes a webhook; answers it with the key of its signature, which is told this once.
    ///
    /// # Errors
    /// Faults of what is written; `Forbidden` for another organisation than one's own; `Unavailable`.
    pub async fn create(
        &self,
        organisation: Option<String>,
        content: WebhookContent,
        asking: Asking<'_>,
    ) -> Changed<(SeenWebhook, String)> {
        let organisation = organisation.unwrap_or_else(|| asking.organisation.to_owned());
        if asking.role != Role::Admin && organisation != asking.organisation {
            return Err(Error::Forbidden {
                role: asking.role.name().to_owned(),
                action: "make webhooks of another organisation",
            }
            .into());
        }
        let url = self.check(&content, None)?;
        let secret = new_secret();
        let record = WebhookRecord {
            id: random_id(),
            organisation,
            name: content.name.trim().to_owned(),
            url,
            kinds: names(&content.kinds),
            active: content.active,
            failed: false,
            created_by: asking.actor.to_owned(),
            created_at: asking.now,
            secret_at: asking.now,
            version: 1,
        };
        let (stored, key) = (record.clone(), secret.clone());
        let made = self.store().write(move |tx| {
            Box::pin(async move {
                if let Some(fault) = unsuitable(tx, &stored.organisation).await? {
                    return Ok(Err(fault));
                }
                tx.add_webhook(&stored, &key).await.map(Ok)
            })
        });
        made.await?.map_err(|fault| Refused::Faults(vec![fault]))?;
        Ok((self.seen(record).await?, secret))
    }

    /// Writes it anew, switches it on or off; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of what is written; `Unavailable`.
    pub async fn update(
        &self,
        id: &str,
        version: u64,
        content: WebhookContent,
        asking: Asking<'_>,
    ) -> Changed<SeenWebhook> {
        let before = own(self.store().webhook(id).await?, asking)?;
        let url = self.check(&content, Some(&before.url))?;
        let after = WebhookRecord {
            name: content.name.trim().to_owned(),
            url,
            kinds: names(&content.kinds),
            active: content.active,
            failed: before.failed && !content.active,
            version: version + 1,
            ..before
        };
        self.put(after, version, (None, "update_webhook"), asking.now).await
    }

    /// Gives it another key at once; answers that, this once.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; `Unavailable`.
    pub async fn rotate(&self, id: &str, version: u64, asking: Asking<'_>) -> Changed<(SeenWebhook, String)> {
        let before = own(self.store().webhook(id).await?, asking)?;
        let secret = new_secret();
        let after = WebhookRecord {
            secret_at: asking.now,
            version: version + 1,
            ..before
        };
        let key = Some(secret.clone());
        let seen = self
            .put(after, version, (key, "rotate_webhook_secret"), asking.now)
            .await?;
        Ok((seen, secret))
    }

    async fn put(
        &self,
        after: WebhookRecord,
        version: u64,
        (secret, action): (Option<String>, &'static str),
        now: Timestamp,
    ) -> Changed<SeenWebhook> {
        let record = after.clone();
        let put = self.store().write(move |tx| {
            Box::pin(async move { tx.put_webhook(&after, version, (secret.as_deref(), action), now).await })
        });
        put.await?;
        self.wake();
        Ok(self.seen(record).await?)
    }

    /// Removes it, with what waits for it.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; `Unavailable`.
    pub async fn delete(&self, id: &str, version: u64, asking: Asking<'_>) -> Result<()> {
        own(self.store().webhook(id).await?, asking)?;
        let id = id.to_owned();
        self.store()
            .write(move |tx| Box::pin(async move { tx.delete_webhook(&id, version).await }))
            .await
    }

    /// Sends a test message at once, whether it is on or off, and not again when it fails.
    ///
    /// # Errors
    /// `NotFound`; `Store` or `Unavailable`.
    pub async fn test(&self, id: &str, asking: Asking<'_>) -> Result<TestDelivery> {
        let record = own(self.store().webhook(id).await?, asking)?;
        send::test(&self.shared, record, asking.now).await
    }

    /// One page of its messages, the latest first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn deliveries(
        &self,
        id: &str,
        (limit, cursor): (Option<u32>, Option<String>),
        asking: Asking<'_>,
    ) -> Result<Page<WebhookDelivery>> {
        own(self.store().webhook(id).await?, asking)?;
        self.store().webhook_deliveries(id, limit, cursor.as_deref()).await
    }

    /// Sends a message once more that is over, under its id and with its text.
    ///
    /// # Errors
    /// `NotFound`; `WrongState` where it waits anyhow, is a test, or the webhook is off.
    pub async fn redeliver(&self, id: &str, delivery: &str, asking: Asking<'_>) -> Result<()> {
        let record = own(self.store().webhook(id).await?, asking)?;
        if !record.active {
            return Err(Error::WrongState("the webhook is off: switch it on first".to_owned()));
        }
        let (id, delivery, now) = (id.to_owned(), delivery.to_owned(), asking.now);
        self.store()
            .write(move |tx| Box::pin(async move { tx.redeliver(&id, &delivery, now).await }))
            .await?;
        self.wake();
        Ok(())
    }

    /// What is wrong with what is written; answers the address.
    fn check(&self, content: &WebhookContent, before: Option<&str>) -> Changed<String> {
        let mut faults = Vec::new();
        let mut unless = |holds: bool, field: &'static str, zh: String, en: String| {
            if !holds {
                faults.push(Fault {
                    field,
                    reason: Text::new(zh, en),
                });
            }
        };
        let name = content.name.trim();
        unless(
            !name.is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control),
            "name",
            format!("请填写名称，最多 {NAME_MAX} 字"),
            format!("write a name of up to {NAME_MAX} characters"),
        );
        let kinds = content.kinds.iter().all(|kind| KINDS.contains(kind)) && !content.kinds.is_empty();
        let known = KINDS.map(NoticeKind::name).join(", ");
        unless(
            kinds,
            "kinds",
            format!("请至少选择一类：{known}"),
            format!("name at least one of {known}"),
        );
        let url = content.url.as_deref().map_or(before.unwrap_or_default(), str::trim);
        let reach = reach(&self.shared.config);
        let secure = url.starts_with("https://") || (reach == Reach::Internal && url.starts_with("http://"));
        unless(
            secure && url.len() <= URL_MAX && web_host(url).is_some(),
            "url",
            "请填写以 https:// 开头、不含用户名和密码的地址，例如 https://example.cn/hooks/pinpu".to_owned(),
            "write an address that begins with https:// and has no login in it, such as https://example.cn/hooks/pinpu"
                .to_owned(),
        );
        unless(
            !names_closed_network(url, reach),
            "url",
            "不能使用内部网络地址：如确有需要，请管理员在配置中设置 webhooks.internal".to_owned(),
            "an address of a closed network is not taken: where it must be, set webhooks.internal in the configuration"
                .to_owned(),
        );
        if faults.is_empty() {
            Ok(url.to_owned())
        } else {
            Err(Refused::Faults(faults))
        }
    }
}

fn reach(config: &WebhookConfig) -> Reach {
    if config.internal {
        Reach::Internal
    } else {
        Reach::Public
    }
}

/// Where the asker may know of it: of the own organisation, or of any for administrators.
fn own(record: WebhookRecord, asking: Asking<'_>) -> Result<WebhookRecord> {
    if asking.role == Role::Admin || record.organisation == asking.organisation {
        return Ok(record);
    }
    Err(Error::NotFound {
        kind: "webhook",
        id: record.id,
    })
}

/// What speaks against a webhook of this organisation.
async fn unsuitable(tx: &mut Tx, organisation: &str) -> Result<Option<Fault>> {
    let known = tx.organisation(organisation).await?.filter(|known| known.active);
    let told = known.is_some_and(|known| plain_role(known.profile.kind).is_some());
    let (zh, en) = if !told {
        (
            "没有此单位、单位已停用，或其人员不办理协调事务，无可推送".to_owned(),
            "there is no such organisation at work whose people are told of anything: choose an office or an operator"
                .to_owned(),
        )
    } else if tx.webhooks_count(organisation).await? >= WEBHOOKS_MAX {
        (
            format!("一个单位最多 {WEBHOOKS_MAX} 个推送地址：请先删除不用的"),
            format!("an organisation has {WEBHOOKS_MAX} webhooks at most: remove some first"),
        )
    } else {
        return Ok(None);
    };
    Ok(Some(Fault {
        field: "organisation",
        reason: Text::new(zh, en),
    }))
}

/// A key of the signature: 200 random bits.
fn new_secret() -> String {
    format!("whsec_{}{}", random_id(), random_id())
}

fn names(kinds: &[NoticeKind]) -> Vec<String> {
    let mut kinds: Vec<NoticeKind> = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().map(|kind| kind.name().to_owned()).collect()
}

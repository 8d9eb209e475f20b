//! Devices of operators that ask which spectrum they may use (RFC 7545). It answers other people's devices; Pinpu itself
//! sends nothing.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{audit::nothing_changed, disclosure::View, questions::Questions};
use crate::{
    Result,
    coordination::paws::{self, Asked, Fault, Kept, PawsRules},
    store::Store,
};

/// Devices of one organisation.
const DEVICES_MAX: u64 = 100_000;

/// The database that devices ask. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Paws {
    store: Store,
    rules: Arc<PawsRules>,
    questions: Questions,
}

impl Paws {
    /// Answers by these rulesets; what operators ask counts with `questions`.
    #[must_use]
    pub fn new(store: Store, rules: PawsRules, questions: Questions) -> Self {
        Self {
            store,
            rules: Arc::new(rules),
            questions,
        }
    }

    /// Answers one message of a device of `organisation`, from the register as it is known to its people. What is to be
    /// kept of the device is stored when it answers.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; `WrongState` when the organisation has too many devices; `BudgetSpent` when it has asked
    /// all it may today. What is wrong with the message is in the answer.
    pub async fn ask(&self, body: &[u8], organisation: &str, view: &View, now: Timestamp) -> Result<Value> {
        let keys = paws::devices(body);
        let known = self.store.registered_devices(organisation, &keys).await?;
        let answer = paws::answer(
            body,
            &Asked {
                rules: &self.rules,
                register: view.register(),
                registered: &known,
                now,
            },
        );
        if answer.body.get("result").is_some() && !view.is_cleared() {
            // Which channels are taken tells of confidential use, by cell.
            for (place, band) in paws::questions(body, &self.rules) {
                self.questions.count(organisation, &place, band, now).await?;
            }
        }
        match answer.keep {
            None => nothing_changed(),
            Some((key, Kept::Registered(said))) => {
                let said = said.to_string();
                let own = self.store.register_device(organisation, &key, said, DEVICES_MAX, now);
                if !own.await? {
                    return Ok(paws::refusal(&Fault::unauthorized(), &answer.body["id"]));
                }
            }
            Some((key, Kept::Uses(used))) => {
                let used = used.to_string();
                self.store.note_device_use(organisation, &key, used, now).await?;
            }
        }
        Ok(answer.body)
    }
}

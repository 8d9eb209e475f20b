//! The assignments as a set whose hash is kept up to date: a registry may have a million of them.

use super::append::AuditNote;
use crate::{
    Result,
    audit::{Encoder, Hash, SetSum, hex},
    store::{Tx, engine::values},
};

/// The one set there is; also the first part of its entries' subjects.
pub(super) const ASSIGNMENTS: &str = "assignments";

/// The set while a job changes it.
pub(crate) struct Sum {
    value: SetSum,
    /// The one key that was changed; more than one: none is named.
    changed: Vec<String>,
}

impl Sum {
    pub(super) fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    pub(super) fn note(&self) -> AuditNote {
        let subject = match self.changed.as_slice() {
            [one] => format!("{ASSIGNMENTS}/{one}"),
            _ => ASSIGNMENTS.to_owned(),
        };
        AuditNote {
            subject,
            state: Some(hex(&self.value.digest())),
            ..AuditNote::default()
        }
    }

    fn change(&mut self, id: &str) {
        // Two tell that it was more than one.
        if self.changed.len() < 2 && !self.changed.iter().any(|known| known == id) {
            self.changed.push(id.to_owned());
        }
    }
}

/// A record of the set, as it is stored.
pub(in crate::store) fn member(id: &str, record: &str) -> Hash {
    let mut bytes = Encoder::new(1);
    bytes.text(ASSIGNMENTS);
    bytes.text(id);
    bytes.text(record);
    bytes.digest()
}

impl Tx {
    /// Notes that the record of an assignment becomes another, `None` standing for none. Texts as they are stored.
    pub(crate) async fn assignment_changes(&mut self, id: &str, old: Option<&str>, new: Option<&str>) -> Result<()> {
        let sum = self.sum().await?;
        sum.change(id);
        if let Some(old) = old {
            sum.value.remove(&member(id, old));
        }
        if let Some(new) = new {
            sum.value.add(&member(id, new));
        }
        Ok(())
    }

    /// Notes that assignments are added whose keys were not there; `first` are some of the keys.
    pub(crate) async fn assignments_come(&mut self, added: &SetSum, first: &[String]) -> Result<()> {
        let sum = self.sum().await?;
        for id in first {
            sum.change(id);
        }
        sum.value.unite(added);
        Ok(())
    }

    async fn sum(&mut self) -> Result<&mut Sum> {
        let kept = self.notes().sum.take();
        let sum = match kept {
            Some(sum) => sum,
            None => Sum {
                value: self.stored_sum().await?,
                changed: Vec::new(),
            },
        };
        Ok(self.notes().sum.insert(sum))
    }

    async fn stored_sum(&mut self) -> Result<SetSum> {
        let sql = "select members, sum from audit_sums where name = $1";
        let row = self.fetch_optional(sql, values![ASSIGNMENTS]).await?;
        let Some(row) = row else {
            return Ok(SetSum::default());
        };
        // Of another length it was changed by something else; the verifier says so.
        Ok(SetSum::from_bytes(row.count("members")?, &row.blob("sum")?).unwrap_or_default())
    }

    pub(super) async fn put_sum(&mut self, sum: &Sum) -> Result<()> {
        let sql = "insert into audit_sums (name, members, sum) values ($1, $2, $3) \
                   on conflict (name) do update set members = excluded.members, sum = excluded.sum";
        let values = values![ASSIGNMENTS, sum.value.count(), sum.value.to_bytes()];
        self.execute(sql, values).await.map(drop)
    }
}

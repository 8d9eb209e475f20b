//! Pages of long lists: a page ends where its last row's key ends, so rows that arrive in between neither repeat nor
//! hide others. The cursor is opaque to callers and bound to the order it was made for.

use std::fmt::Write as _;

use super::engine::Value;
use crate::{Error, Result};

/// Rows of a list and where to go on.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give this to get the next rows; `None` at the end.
    pub next_cursor: Option<String>,
}

/// Rows a page may hold when nothing is asked.
const LIMIT_DEFAULT: u32 = 100;
/// Rows a page may hold at most.
const LIMIT_MAX: u32 = 1000;

/// The position after a row: its sort key and, for equal keys, its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) key: i64,
    pub(super) id: String,
}

impl Cursor {
    fn encode(&self, order: &str) -> String {
        let plain = format!("{order} {} {}", self.key, self.id);
        plain
            .bytes()
            .fold(String::with_capacity(plain.len() * 2), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    fn decode(text: &str, order: &str) -> Result<Self> {
        let wrong =
            || Error::Invalid("the cursor is not one of this list and order: start again without a cursor".to_owned());
        if !text.is_ascii() || !text.len().is_multiple_of(2) || text.len() > 2048 {
            return Err(wrong());
        }
        let bytes: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
            .collect();
        let plain = String::from_utf8(bytes.ok_or_else(wrong)?).map_err(|_| wrong())?;
        let mut parts = plain.splitn(3, ' ');
        match (
            parts.next(),
            parts.next().and_then(|key| key.parse().ok()),
            parts.next(),
        ) {
            (Some(found), Some(key), Some(id)) if found == order => Ok(Self { key, id: id.to_owned() }),
            _ => Err(wrong()),
        }
    }
}

/// A `select` whose conditions are added as they are asked for.
pub(super) struct Select {
    sql: String,
    values: Vec<Value>,
    joined: bool,
}

impl Select {
    /// Starts from `select … from …`.
    pub(super) fn new(head: &str) -> Self {
        Self {
            sql: head.to_owned(),
            values: Vec::new(),
            joined: false,
        }
    }

    /// Adds a condition; each `?` in it stands for the next of `values`.
    pub(super) fn and(&mut self, condition: &str, values: Vec<Value>) -> &mut Self {
        self.sql.push_str(if self.joined { " and " } else { " where " });
        self.joined = true;
        let mut values = values.into_iter();
        for part in condition.split_inclusive('?') {
            self.sql.push_str(part.trim_end_matches('?'));
            if part.ends_with('?') {
                self.values.extend(values.next());
                let _ = write!(self.sql, "${}", self.values.len());
            }
        }
        self
    }

    /// Adds a condition when there is a value.
    pub(super) fn and_some<T: Into<Value>>(&mut self, condition: &str, value: Option<T>) -> &mut Self {
        if let Some(value) = value {
            self.and(condition, vec![value.into()]);
        }
        self
    }

    /// Orders by `key`, then by `id`, and starts after `cursor`; one row more than `limit` is asked for, to know
    /// whether there is more.
    pub(super) fn page(
        mut self,
        order: &Order,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<(String, Vec<Value>, usize)> {
        let Order {
            name,
            key,
            id,
            descending,
        } = *order;
        let (beyond, direction) = if descending { ("<", "desc") } else { (">", "asc") };
        // So that an index is entered at the cursor, not read up to it.
        if let Some(cursor) = cursor {
            let Cursor { key: at, id: after } = Cursor::decode(cursor, name)?;
            let condition = format!("{key} {beyond}= ? and ({key} {beyond} ? or {id} {beyond} ?)");
            self.and(&condition, vec![at.into(), at.into(), after.into()]);
        }
        let limit = limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX) as usize;
        let _ = write!(
            self.sql,
            " order by {key} {direction}, {id} {direction} limit {}",
            limit + 1
        );
        Ok((self.sql, self.values, limit))
    }

    /// The statement as it stands, with a tail such as `order by … limit …`.
    pub(super) fn finish(mut self, tail: &str) -> (String, Vec<Value>) {
        self.sql.push(' ');
        self.sql.push_str(tail);
        (self.sql, self.values)
    }
}

/// The pattern of texts that contain this one, for `like ? escape '!'` on a column in lower case.
pub(super) fn containing(text: &str) -> String {
    let text = text
        .to_lowercase()
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{text}%")
}

/// How a list is ordered: its name in the cursor, the key column (an integer), the id column that breaks ties.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) id: &'static str,
    pub(super) descending: bool,
}

impl Order {
    /// The cursor of a row with this sort key and id.
    pub(super) fn cursor(&self, (key, id): (i64, String)) -> String {
        Cursor { key, id }.encode(self.name)
    }
}

/// Cuts the row that was asked for in excess and makes the cursor of the last that stays.
pub(super) fn cut<T>(mut items: Vec<T>, limit: usize, order: &Order, at: impl Fn(&T) -> (i64, String)) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| order.cursor(at(last)));
    Page { items, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_only_for_its_own_order() {
        let cursor = Cursor {
            key: -5,
            id: "a b/频".to_owned(),
        };
        let text = cursor.encode("-start");
        assert_eq!(Cursor::decode(&text, "-start").expect("reads back"), cursor);
        assert!(Cursor::decode(&text, "center").is_err());
        for wrong in ["", "zz", "频", "abc", "2d"] {
            assert!(Cursor::decode(wrong, "-start").is_err(), "{wrong}");
        }
    }

    #[test]
    fn conditions_number_their_values() {
        let mut select = Select::new("select 1");
        select.and("a = ?", vec![1_i64.into()]).and_some("b < ?", None::<i64>);
        select.and("c between ? and ?", vec![2_i64.into(), 3_i64.into()]);
        let (sql, values) = select.finish("limit 1");
        assert_eq!(sql, "select 1 where a = $1 and c between $2 and $3 limit 1");
        assert_eq!(values.len(), 3);
    }
}

//! What changed between two versions of a record, field by field.

use serde::Serialize;
use serde_json::Value;

use super::Assignment;

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Difference {
    /// Name of the field; parts of a part are joined by points: `place.latitude`.
    pub field: String,
    /// What it said; null: nothing.
    #[schema(required = true)]
    pub old: Value,
    /// What it says; null: nothing.
    #[schema(required = true)]
    pub new: Value,
}

/// Fields that differ, in the order of their names. Where a record stood in a file is not part of what it says.
#[must_use]
pub fn differences(old: &Assignment, new: &Assignment) -> Vec<Difference> {
    let content = |record: &Assignment| {
        let mut record = record.clone();
        record.source.clear();
        if let Some(details) = &mut record.details {
            details.raw.clear();
        }
        serde_json::to_value(record).unwrap_or_default()
    };
    let mut found = Vec::new();
    compare("", &content(old), &content(new), &mut found);
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn compare(field: &str, old: &Value, new: &Value, found: &mut Vec<Difference>) {
    let none = serde_json::Map::new();
    match (old, new) {
        (old, new) if old == new => {}
        (Value::Object(_), Value::Object(_) | Value::Null) | (Value::Null, Value::Object(_)) => {
            let (old, new) = (old.as_object().unwrap_or(&none), new.as_object().unwrap_or(&none));
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let name = if field.is_empty() {
                    key.clone()
                } else {
                    format!("{field}.{key}")
                };
                let part = |of: &serde_json::Map<String, Value>| of.get(key).cloned().unwrap_or_default();
                compare(&name, &part(old), &part(new), found);
            }
        }
        _ => found.push(Difference {
            field: field.to_owned(),
            old: old.clone(),
            new: new.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Details, Place, demo};

    #[test]
    fn every_field_that_differs_is_named_with_both_values() {
        let old = demo::assignments().ok.remove(0);
        assert_eq!(differences(&old, &old), []);
        let mut new = old.clone();
        new.source = "elsewhere.csv:9".to_owned();
        assert_eq!(differences(&old, &new), [], "where it stood is not what it says");
        new.holder = "Li".to_owned();
        new.place = Some(Place {
            latitude: 1.5,
            ..old.place.expect("demo stations have places")
        });
        new.details = Some(Box::new(Details {
            classification: Some("S".to_owned()),
            ..Details::default()
        }));
        let found = differences(&old, &new);
        let fields: Vec<&str> = found.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["details.classification", "holder", "place.latitude"]);
        assert_eq!((&found[0].old, &found[0].new), (&Value::Null, &"S".into()));
        assert_eq!(found[1].new, "Li");
        let back = differences(&new, &old);
        assert_eq!((&back[0].old, &back[0].new), (&"S".into(), &Value::Null));
    }
}

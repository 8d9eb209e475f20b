//! Whether a complaint makes sense, and what to write instead.

use jiff::{SignedDuration, Timestamp};

use super::Complaint;
use crate::{coordination::Fault, registry::Text};

/// Highest frequency of the Radio Regulations, 3000 GHz.
const HIGHEST_HZ: i64 = 3_000_000_000_000;

/// Every field that makes no sense, and what to write instead. `now` is when it is written down.
#[must_use]
pub fn faults(complaint: &Complaint, now: Timestamp) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |field, zh: String, en: String| {
        faults.push(Fault {
            field,
            reason: Text::new(zh, en),
        });
    };
    let c = complaint;
    for (field, text, least, most) in [
        ("complainant", &c.complainant, 1, 200),
        ("contact", &c.contact, 0, 200),
        ("address", &c.address, 0, 500),
        ("symptoms", &c.symptoms, 1, 4000),
    ] {
        let count = text.trim().chars().count();
        if count < least || count > most {
            fault(
                field,
                format!("请填写 {least} 至 {most} 字"),
                format!("write {least} to {most} characters"),
            );
        }
    }
    if c.assignment
        .as_ref()
        .is_some_and(|key| key.trim().is_empty() || key.chars().count() > 200)
    {
        fault(
            "assignment",
            "请填写台站登记中的指配编号，没有的留空（null）".to_owned(),
            "give the key of an assignment in the registry, or null where there is none".to_owned(),
        );
    }
    if c.low_hz.0 < 1 || c.high_hz.0 > HIGHEST_HZ || c.low_hz >= c.high_hz {
        fault(
            "high_hz",
            "频率下限应低于上限，范围为 1 Hz 至 3000 GHz".to_owned(),
            "give an upper edge above the lower one, between 1 Hz and 3000 GHz".to_owned(),
        );
    }
    if let Some(place) = &c.place {
        let fits = (-90.0..=90.0).contains(&place.latitude)
            && (-180.0..=180.0).contains(&place.longitude)
            && (0.0..=5000.0).contains(&place.radius_km);
        if !fits {
            fault(
                "place",
                "纬度 -90 至 90，经度 -180 至 180，半径 0 至 5000 km".to_owned(),
                "write a latitude of -90 to 90, a longitude of -180 to 180 and a radius of 0 to 5000 km".to_owned(),
            );
        }
    }
    // Clocks of callers differ a little.
    if c.began > now + SignedDuration::from_mins(5) {
        fault(
            "began",
            "干扰开始时间不能晚于现在".to_owned(),
            "it cannot begin in the future: write when it was first met".to_owned(),
        );
    }
    if c.ended.is_some_and(|ended| ended < c.began) {
        fault(
            "ended",
            "结束时间应晚于开始时间；仍在持续的留空（null）".to_owned(),
            "write an end after the beginning, or null where it goes on".to_owned(),
        );
    }
    faults
}

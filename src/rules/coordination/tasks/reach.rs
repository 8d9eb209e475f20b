//! Whether the shared receivers can serve a task at all, and what to ask for where they cannot.

use super::{SharedReceiver, TaskContent, schedule::can_serve};
use crate::{
    coordination::{Fault, words::mhz},
    registry::Text,
    units::Band,
};

/// Names a receiver that is none of the shared ones.
#[must_use]
pub fn unknown_receiver(content: &TaskContent, receivers: &[SharedReceiver]) -> Option<Fault> {
    let known = |id: &String| receivers.iter().any(|receiver| receiver.id == *id);
    let unknown = content.receivers.iter().find(|id| !known(id))?;
    let names: Vec<&str> = receivers.iter().map(|receiver| receiver.id.as_str()).collect();
    let names = names.join(", ");
    Some(Fault {
        field: "receivers",
        reason: Text::new(
            format!("没有接收机“{unknown}”：请选择 {names}，或不指定"),
            format!("there is no receiver '{unknown}': name some of {names}, or none for any"),
        ),
    })
}

/// That none of the receivers that will do can serve the band, with the bands they watch.
#[must_use]
pub fn out_of_reach(content: &TaskContent, receivers: &[SharedReceiver]) -> Option<Fault> {
    let band = content.band()?;
    let will_do = |receiver: &&SharedReceiver| content.receivers.is_empty() || content.receivers.contains(&receiver.id);
    let named: Vec<&SharedReceiver> = receivers.iter().filter(will_do).collect();
    if named
        .iter()
        .any(|receiver| can_serve(receiver, band, !content.classified))
    {
        return None;
    }
    let (mut zh, mut en): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for receiver in named {
        let range = |band: &Band| format!("{}–{} MHz", mhz(band.low()), mhz(band.high()));
        let watched: Vec<String> = receiver.watched.iter().map(range).collect();
        let watched = format!("{} {}", receiver.id, watched.join(", "));
        match receiver.tunable.as_ref().filter(|_| !content.classified) {
            Some(tunable) => {
                let (ranges, width) = (
                    tunable.ranges.iter().map(range).collect::<Vec<_>>().join(", "),
                    mhz(tunable.width),
                );
                zh.push(format!("{watched}（可调谐于 {ranges}，每次不超过 {width} MHz）"));
                en.push(format!("{watched} (can be tuned to {ranges}, {width} MHz at once)"));
            }
            None => {
                zh.push(watched.clone());
                en.push(watched);
            }
        }
    }
    let (zh, en) = match zh.is_empty() {
        true => ("无".to_owned(), "nothing".to_owned()),
        false => (zh.join("；"), en.join("; ")),
    };
    Some(Fault {
        field: "low_hz",
        reason: Text::new(
            format!("该频段不在所选接收机的监视范围内。各接收机监视：{zh}"),
            format!("no receiver that will do watches all of this band. Watched: {en}"),
        ),
    })
}

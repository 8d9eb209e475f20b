//! Leaks, one for each channel through which an answer can tell of what it must not, and the proof that the comparison of
//! worlds sees every one of them.
//!
//! A leak is a layer around the service that knows what the world keeps from the caller and changes an answer as it leaves,
//! before anything is masked, so the masks are tried too. None of them is part of the program.

use serde_json::{Value, json};

use super::{
    Pair,
    question::Question,
    secrets::{ONE, OTHER},
    world::{Hidden, Raw, Secrets},
};

/// What goes out through a channel that should be tight.
pub type Leak = fn(&Secrets, &Question, &str, &mut Raw);

/// Sequences in which a leak must show.
const SEQUENCES: usize = 80;

/// The channel that is seen by how long answers take.
const TIMED: &str = "time of an answer";

/// Every channel of the design's list, with a fault in it.
const LEAKS: [(&str, Leak); 17] = [
    ("status", |secrets, _, address, heard| {
        if named(secrets, address) && heard.status == 404 {
            heard.status = 403;
        }
    }),
    ("body", |secrets, question, _, heard| {
        if question.operation == "list_assignments" {
            edit(heard, |body| {
                if let Some(items) = body["items"].as_array_mut() {
                    items.extend(secrets.assignments.iter().map(|hidden| json!({"id": hidden.id})));
                }
            });
        }
    }),
    ("presence of a field", |secrets, question, _, heard| {
        let emissions = question.operation == "get_emission" || question.operation == "list_emissions";
        if emissions && explains(secrets, &heard.body) {
            edit(heard, |body| body["registered"] = Value::Null);
        }
    }),
    ("totals", |secrets, question, _, heard| {
        if question.operation == "list_assignments" {
            edit(heard, |body| body["total"] = json!(40 + secrets.assignments.len()));
        }
    }),
    ("pages", |secrets, question, address, heard| {
        if question.operation.starts_with("list_") && address.contains("limit=") {
            let hidden = secrets.assignments.len();
            edit(heard, |body| {
                if let Some(items) = body["items"].as_array_mut() {
                    items.truncate(items.len().saturating_sub(hidden % 2));
                }
            });
        }
    }),
    ("keys with gaps", |secrets, question, _, heard| {
        if question.operation == "create_request" {
            edit(heard, |body| {
                body["number"] = json!(format!("C-{}", secrets.drafts.len()))
            });
        }
    }),
    ("ETag and Last-Modified", |secrets, question, _, heard| {
        if question.operation == "get_occupancy" || question.operation == "list_assignments" {
            let tag = format!("\"{}\"", secrets.assignments.len());
            heard.headers.push(("etag".to_owned(), tag));
        }
    }),
    ("Content-Length", |secrets, question, _, heard| {
        let length = heard.headers.iter_mut().find(|(name, _)| name == "content-length");
        if let Some((_, length)) = length.filter(|_| question.operation.starts_with("list_")) {
            *length = (heard.body.len() + secrets.assignments.len()).to_string();
        }
    }),
    ("words of an error", |secrets, _, address, heard| {
        if named(secrets, address) && heard.status == 404 {
            edit(heard, |body| body["detail"] = json!("not open to you"));
        }
    }),
    ("search", |secrets, question, address, heard| {
        let sought = |hidden: &&Hidden| {
            hidden
                .id
                .chars()
                .next()
                .is_some_and(|first| address.contains(&format!("q={first}")))
        };
        if question.operation == "list_assignments" && secrets.assignments.iter().any(|hidden| sought(&hidden)) {
            edit(heard, |body| body["suggestions"] = json!(1));
        }
    }),
    ("extent of a map", |secrets, question, _, heard| {
        if question.operation == "export_assignments" {
            let north = secrets
                .assignments
                .iter()
                .map(|hidden| hidden.latitude)
                .fold(0.0, f64::max);
            heard.body.extend(format!("<north>{north}</north>").bytes());
        }
    }),
    ("count of conflicts", |secrets, question, _, heard| {
        if question.operation == "list_conflicts" {
            edit(heard, |body| body["open"] = json!(explains(secrets, b"97450000")));
        }
    }),
    ("numbers of events", |secrets, question, _, heard| {
        if question.operation == "open_live" {
            let sequence = format!("\"sequence\":{}", 10 + secrets.assignments.len());
            let text = String::from_utf8_lossy(&heard.body).replacen("\"sequence\":", &sequence, 1);
            heard.body = text.into_bytes();
        }
    }),
    ("headers of limits", |secrets, _, _, heard| {
        let left = 200 - secrets.assignments.len();
        heard
            .headers
            .push(("x-ratelimit-remaining".to_owned(), left.to_string()));
    }),
    ("metrics", |secrets, question, _, heard| {
        if question.operation == "get_metrics" {
            heard.say(format!("registry_assignments {}\n", secrets.assignments.len()));
        }
    }),
    (TIMED, |secrets, question, _, _| {
        if question.operation == "check_proposal" {
            std::thread::sleep(std::time::Duration::from_millis(25 * secrets.assignments.len() as u64));
        }
    }),
    ("time to a decision", |secrets, question, _, heard| {
        let sent = question.operation == "create_request" || question.operation == "take_request_step";
        if sent && !secrets.drafts.is_empty() {
            edit(heard, |body| body["due"] = json!({"what": "remind"}));
        }
    }),
];

/// Whether an address names a record of this world.
fn named(secrets: &Secrets, address: &str) -> bool {
    let mut keys = secrets.assignments.iter().map(|hidden| hidden.id.replace('/', "%2F"));
    keys.any(|key| address.contains(&key))
}

/// Whether a station of this world is where the emission at 97.45 MHz is, and not over.
fn explains(secrets: &Secrets, body: &[u8]) -> bool {
    let explains = |hidden: &Hidden| hidden.mhz == "97.45" && hidden.valid_to.is_empty();
    String::from_utf8_lossy(body).contains("97450000") && secrets.assignments.iter().any(explains)
}

/// Changes an answer in JSON.
pub fn edit(heard: &mut Raw, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&heard.body)
        && body.is_object()
    {
        change(&mut body);
        heard.say(body.to_string());
    }
}

/// Welch's t of two samples, each without its slowest tenth, which is the machine's and not the service's.
pub fn welch_t(samples: [&[f64]; 2]) -> f64 {
    let [a, b] = samples.map(|sample| {
        let mut sample = sample.to_vec();
        sample.sort_by(f64::total_cmp);
        sample.truncate(sample.len() - sample.len() / 10);
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance / n)
    });
    (a.0 - b.0) / (a.1 + b.1).sqrt()
}

#[test]
fn every_seeded_leak_is_seen() {
    let mut pair = Pair::start([ONE, OTHER], pinpu::service::auth::Role::CivilOfficer, 7);
    // Keys and tags to ask about, and the proof that nothing leaks by itself.
    pair.run(10).expect("no leak yet");
    let mut missed = Vec::new();
    for (channel, leak) in LEAKS {
        for world in &mut pair.worlds {
            world.leak = Some(leak);
        }
        pair.times_s = [Vec::new(), Vec::new()];
        let mut seen = None;
        for sequence in 0..4 * SEQUENCES {
            if let Err(difference) = pair.run(1) {
                seen = Some(difference);
                break;
            }
            let times = [&pair.times_s[0][..], &pair.times_s[1][..]];
            if channel == TIMED && times[0].len() >= 12 && welch_t(times).abs() >= 4.5 {
                seen = Some(format!("times differ after {sequence} sequences"));
                break;
            }
        }
        println!(
            "{channel}: {}",
            seen.as_deref()
                .and_then(|seen| seen.lines().next())
                .unwrap_or("not seen")
        );
        if seen.is_none() {
            missed.push(channel);
        }
        for world in &mut pair.worlds {
            world.leak = None;
        }
        pair.run(1)
            .unwrap_or_else(|difference| panic!("after {channel} was closed: {difference}"));
    }
    println!("{} of {} leaks seen", LEAKS.len() - missed.len(), LEAKS.len());
    assert_eq!(missed, Vec::<&str>::new(), "of {} leaks", LEAKS.len());
}

//! Paired worlds: two services that are equal but for what is confidential, with the same measurements and the same
//! clock, answer the same questions. A caller who may not know what they differ in must hear the same from both, to the
//! byte, but for what `mask` lists and what the policy declares.
//!
//! Questions are drawn from the OpenAPI document over every operation the caller's role may call. A sequence is 20 of
//! them. `PINPU_PAIRED_SEQUENCES` says how many sequences; without it there are few enough for every run of the tests.

mod attack;
mod leaks;
mod mask;
mod modes;
mod question;
mod secrets;
mod timing;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;

use pinpu::service::auth::Role;

use question::{Draw, Learnt, Operations, Question, written};
use secrets::{NONE, ONE, OTHER, SILENT};
use world::{Heard, Secrets, World, report};

/// Questions in a sequence.
const LENGTH: usize = 20;
/// Sequences between two new pairs of services.
const SEQUENCES_OF_A_PAIR: usize = 100;
/// Sequences when nothing else is said.
const SEQUENCES: usize = 140;

/// Two worlds, and all that was asked of both.
struct Pair {
    worlds: [World; 2],
    operations: Operations,
    learnt: Learnt,
    draw: Draw,
    hour: jiff::Timestamp,
    /// How often each operation answered with a success, and how often with an error.
    asked: BTreeMap<String, [usize; 2]>,
    /// Differences that the policy declares.
    declared: usize,
    /// Nothing may differ, not even what the policy declares elsewhere.
    strict: bool,
    /// One of them was a change that was made in one of the two: from then on they are not the same.
    parted: bool,
    /// How long the checks of requests took in each world, seconds.
    times_s: [Vec<f64>; 2],
}

impl Pair {
    fn start(secrets: [Secrets; 2], role: Role, seed: u64) -> Self {
        let now = jiff::Timestamp::now().as_second();
        let hour = jiff::Timestamp::from_second(now - now % 3600).expect("an hour");
        Self {
            worlds: secrets.map(|secrets| World::start(secrets, role, hour)),
            operations: Operations::of(role),
            learnt: Learnt {
                open: ["OPEN-1", "HIDDEN-1", "SECRET/9", "NEVER-1"]
                    .map(str::to_owned)
                    .to_vec(),
                ..Learnt::default()
            },
            draw: Draw(seed),
            hour,
            asked: BTreeMap::new(),
            declared: 0,
            strict: false,
            parted: false,
            times_s: [Vec::new(), Vec::new()],
        }
    }

    /// Asks both; answers how their answers differ beyond what is declared.
    fn ask(&mut self, question: &Question) -> Result<(), String> {
        let [a, b] = self.worlds.each_mut().map(|world| world.ask(question));
        if question.operation == "check_proposal" {
            for (times, world) in self.times_s.iter_mut().zip(&self.worlds) {
                times.push(world.took_s);
            }
        }
        let counts = self.asked.entry(question.operation.clone()).or_default();
        counts[usize::from(a.status >= 400)] += 1;
        if a == b {
            self.learn(question, &a);
            return Ok(());
        }
        if !self.strict && is_declared(question, &a, &b) {
            self.declared += 1;
            self.parted |= (a.status < 400) != (b.status < 400) && question.method != "GET";
            return Ok(());
        }
        Err(format!("{}\n  {}", report(question), difference(&a, &b)))
    }

    fn learn(&mut self, question: &Question, heard: &Heard) {
        let (names, open, cursor) = World::shown(heard);
        let keys = self.learnt.keys.entry(question.list.clone()).or_default();
        for name in names {
            if !keys.contains(&name) {
                keys.push(name);
            }
        }
        for id in open {
            if !self.learnt.open.contains(&id) && self.learnt.open.len() < 40 {
                self.learnt.open.push(id);
            }
        }
        self.learnt
            .cursors
            .entry(question.list.clone())
            .or_default()
            .extend(cursor);
        let tag = heard.headers.iter().find(|(name, _)| name == "etag");
        if let Some((_, tag)) = tag {
            let address = written(&question.address);
            let record = address.rsplit_once('/').map_or("", |(record, _)| record).to_owned();
            self.learnt.tags.insert(record, tag.clone());
            self.learnt.tags.insert(address, tag.clone());
        }
    }

    /// Sequences of questions until something differs, or the worlds are no longer the same; answers how many were asked
    /// to their end.
    fn run(&mut self, sequences: usize) -> Result<usize, String> {
        for done in 0..sequences {
            let mut asked = Vec::new();
            for _ in 0..LENGTH {
                if self.parted {
                    return Ok(done);
                }
                let question = self.operations.draw(&mut self.draw, &self.learnt, self.hour);
                asked.push(report(&question));
                self.ask(&question)
                    .map_err(|difference| format!("{difference}\nafter\n{}", asked.join("\n")))?;
            }
        }
        Ok(sequences)
    }
}

/// What all pairs together asked and heard.
#[derive(Default)]
struct Sum {
    sequences: usize,
    pairs: usize,
    declared: usize,
    /// How often each operation answered with a success, and how often with an error.
    asked: BTreeMap<String, [usize; 2]>,
    difference: Option<String>,
}

/// Asks new pairs of worlds until `all` sequences were asked to their end, or an answer differs.
fn ask_all(all: usize, kinds: &[(Role, [Secrets; 2])], sum: &Mutex<Sum>) {
    let of_a_pair = SEQUENCES_OF_A_PAIR.min(all.div_ceil(kinds.len()));
    loop {
        let n = {
            let mut sum = sum.lock().expect("no asker panics");
            if sum.sequences >= all && sum.pairs >= kinds.len() || sum.difference.is_some() {
                return;
            }
            sum.pairs += 1;
            sum.pairs - 1
        };
        let (role, secrets) = kinds[n % kinds.len()];
        let mut pair = Pair::start(secrets, role, n as u64);
        let heard = pair.run(of_a_pair);
        let mut sum = sum.lock().expect("no asker panics");
        match heard {
            Ok(_) if !secrets[1].assignments.is_empty() && pair.declared > 0 => {
                let text = format!("pair {n}, {role}: declared answers in the same cells and blocks");
                sum.difference = Some(text);
            }
            Ok(done) => sum.sequences += done,
            Err(difference) => sum.difference = Some(format!("pair {n}, {role}: {difference}")),
        }
        for (operation, [good, bad]) in pair.asked {
            let sum = sum.asked.entry(operation).or_default();
            *sum = [sum[0] + good, sum[1] + bad];
        }
        sum.declared += pair.declared;
        if all > SEQUENCES {
            eprintln!("{} of {all} sequences", sum.sequences);
        }
    }
}

/// How the refusal begins to take a receiver's word in a veiled block.
const NO_RECEIVER: &str = "receiver: 该频段可能有不公开的用频";

/// Blocks in which something confidential may be, MHz.
const BLOCKS_MHZ: [i64; 3] = [150, 410, 550];

/// Whether an answer speaks of a band in one of the blocks: what fits somewhere is looked for around them.
fn speaks_of_a_block(body: &str) -> bool {
    let edges = |name: &str| -> Vec<i64> {
        let digits = |text: &str| {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        body.split(&format!("\"{name}\":")).skip(1).filter_map(digits).collect()
    };
    let bands = edges("low_hz").into_iter().zip(edges("high_hz"));
    let touches = |(low, high): (i64, i64)| {
        let mut blocks = BLOCKS_MHZ.iter();
        blocks.any(|mhz| low < (mhz + 1) * 1_000_000 && mhz * 1_000_000 < high)
    };
    bands.into_iter().any(touches)
}

/// Whether two answers to a device differ in the channels of one of the blocks alone.
fn differ_in_channels(a: &str, b: &str) -> bool {
    let without = |body: &str| {
        let mut answer: serde_json::Value = serde_json::from_str(body).ok()?;
        let specs = answer["result"]["spectrumSpecs"].as_array_mut()?;
        for schedule in specs
            .iter_mut()
            .flat_map(|spec| spec["spectrumSchedules"].as_array_mut())
            .flatten()
        {
            schedule["spectra"] = serde_json::Value::Null;
        }
        Some(answer)
    };
    without(a).is_some_and(|a| Some(a) == without(b))
}

/// Whether an answer may differ: the check of a request says that somebody is to be asked in a public cell and block, or
/// leaves the block out of what would fit; a device is not given a channel; a station in a veiled block is not measured; no
/// receiver's word is taken for interference there.
fn is_declared(question: &Question, a: &Heard, b: &Heard) -> bool {
    const CHECKS: [&str; 7] = [
        "check_proposal",
        "get_request_analysis",
        "list_request_alternatives",
        "list_event_row_findings",
        "get_event_watch",
        "get_event_day",
        "get_event_day_letter",
    ];
    if question.operation == "get_assignment_measured" {
        let veiled = |heard: &Heard| heard.status == 403 && heard.body.contains("ask_other_side");
        return veiled(a) != veiled(b) && [a, b].into_iter().all(|heard| heard.status == 200 || veiled(heard));
    }
    if question.operation == "take_interference_report_step" {
        let veiled = |heard: &Heard| heard.status == 422 && heard.body.contains(NO_RECEIVER);
        return veiled(a) != veiled(b);
    }
    if (a.status, &a.headers) != (b.status, &b.headers) {
        return false;
    }
    if question.operation == "ask_paws" {
        return differ_in_channels(&a.body, &b.body);
    }
    let told = |heard: &Heard| {
        let words = ["ask_other_side", "请与对方主管部门协调", "ask the other side"];
        words.iter().any(|word| heard.body.contains(word)) || speaks_of_a_block(&heard.body)
    };
    CHECKS.contains(&question.operation.as_str()) && (told(a) || told(b))
}

/// Where two answers part.
fn difference(a: &Heard, b: &Heard) -> String {
    if a.status != b.status || a.headers != b.headers {
        return format!(
            "{} {:?}\n  {} {:?}\n  {}\n  {}",
            a.status, a.headers, b.status, b.headers, a.body, b.body
        );
    }
    let same = a.body.bytes().zip(b.body.bytes()).take_while(|(a, b)| a == b).count();
    let around = |body: &str| {
        let bytes = &body.as_bytes()[same.saturating_sub(300).min(body.len())..(same + 300).min(body.len())];
        String::from_utf8_lossy(bytes).into_owned()
    };
    format!("at byte {same}:\n  {}\n  {}", around(&a.body), around(&b.body))
}

fn sequences() -> usize {
    let said = std::env::var("PINPU_PAIRED_SEQUENCES").ok();
    said.map_or(SEQUENCES, |text| {
        text.parse().expect("PINPU_PAIRED_SEQUENCES: a number")
    })
}

#[test]
fn two_worlds_that_differ_in_what_is_confidential_sound_the_same() {
    let all = sequences();
    let kinds = [
        (Role::CivilOfficer, [ONE, OTHER]),
        (Role::CivilOfficer, [SILENT, NONE]),
        (Role::Viewer, [ONE, OTHER]),
        (Role::Field, [SILENT, NONE]),
        (Role::CivilOfficer, [OTHER, ONE]),
        (Role::Operator, [ONE, OTHER]),
        (Role::Operator, [SILENT, NONE]),
    ];
    let started = std::time::Instant::now();
    let sum = Mutex::new(Sum::default());
    let askers = if all > SEQUENCES {
        std::thread::available_parallelism().map_or(1, usize::from)
    } else {
        1
    };
    std::thread::scope(|scope| {
        for _ in 0..askers {
            scope.spawn(|| ask_all(all, &kinds, &sum));
        }
    });
    let Sum {
        sequences,
        declared,
        asked,
        difference,
        ..
    } = sum.into_inner().expect("no asker panics");
    assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    println!(
        "{sequences} sequences of {LENGTH} in {:.0} s, {declared} answers the policy declares: {asked:?}",
        started.elapsed().as_secs_f64()
    );
    assert!(all < kinds.len() || declared > 0, "the policy's answer was never seen");
    for operation in Operations::of(Role::CivilOfficer).names() {
        assert!(asked.contains_key(operation), "{operation} was never asked");
    }
}

//! From the air to the console: a service in this process, the virtual receiver through SoapySDR, one WebSocket reader.
//!
//! ```text
//! cmake -S hardware/virtual-receiver -B /tmp/module && cmake --build /tmp/module
//! SOAPY_SDR_PLUGIN_PATH=/tmp/module cargo bench --bench live -- 600           # the demo scene at 2.4 MS/s
//! SOAPY_SDR_PLUGIN_PATH=/tmp/module cargo bench --bench live -- 45 rate=56    # ten keyed carriers, made once and repeated
//! ```
//! Prints lost samples, and how long after an emission's first sample its `emission_opened` event arrived. That includes
//! the receiver's buffers, the time the detector needs to be sure, the judge, the commit on the disk and the network; the
//! part from detection to the commit is the service's own figure at the end. Also how long each thread computed.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use pinpu::{
    app::{App, AppOptions},
    config::{Config, PlanConfig, ReceiverConfig, Source},
    units::Hertz,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// Length of the scene that is repeated: long enough for a pause that ends an emission.
const REPEAT_S: f64 = 2.0;
const CARRIERS: u32 = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds = arguments.iter().find_map(|arg| arg.parse().ok()).unwrap_or(60);
    let rate = arguments.iter().find_map(|arg| arg.strip_prefix("rate=")?.parse().ok());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(watch(Duration::from_secs(seconds), rate));
}

/// The receiver: the demo, or one of `rate` MS/s.
fn receiver(folder: &Path, rate: Option<f64>) -> ReceiverConfig {
    let Some(rate) = rate else {
        let scene = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/hardware/virtual-receiver/scenes/demo.scene"
        );
        return ReceiverConfig::new("virtual", Source::Soapy(format!("driver=pinpu-virtual,scene={scene}")));
    };
    let scene = folder.join("live.scene");
    std::fs::write(&scene, keyed(rate * 1e6)).expect("a scene");
    let source = format!(
        "driver=pinpu-virtual,profile=wideband,repeat={REPEAT_S},scene={}",
        scene.display()
    );
    ReceiverConfig {
        plan: PlanConfig::Center(Hertz(100_000_000)),
        sample_rate_hz: Some(rate * 1e6),
        ..ReceiverConfig::new("virtual", Source::Soapy(source))
    }
}

/// Carriers evenly over seven tenths of the span, about 40 dB over the noise of a bin, each on for 0.6 s of the two: six come and go
/// in a second, and the pause ends an emission.
fn keyed(rate_hz: f64) -> String {
    let mut scene = String::from("receiver seed=3\n");
    for n in 0..CARRIERS {
        let place = (f64::from(n) + 0.5) / f64::from(CARRIERS) - 0.5;
        let start = 0.05 + 0.13 * f64::from(n);
        let _ = writeln!(
            scene,
            "cw freq={:.0} power=-75 start={start:.2} stop={:.2}",
            100e6 + 0.7 * rate_hz * place,
            start + 0.6
        );
    }
    scene
}

async fn watch(time: Duration, rate: Option<f64>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut config = Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        data_dir: folder.path().to_owned(),
        ..Config::default()
    };
    config.receivers = vec![receiver(folder.path(), rate)];
    let app = App::start(
        &config,
        &AppOptions {
            demo: true,
            demo_password: None,
        },
    )
    .await
    .expect("it starts");
    let (mut socket, _) = connect_async(format!("ws://{}/api/v1/live", app.address))
        .await
        .expect("a live channel");
    let subscribe = r#"{"type":"subscribe","receivers":null,"pixels":1024,"frames":true,"events":true}"#;
    socket.send(Message::text(subscribe)).await.expect("a subscription");

    // The scene is made, and the first floor learnt.
    while app.receivers().iter().all(|status| status.counters.samples == 0) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (begun, before) = (Instant::now(), computed_s());
    let (mut latencies_ms, mut frames, mut events) = (Vec::new(), 0_u64, 0_u64);
    while begun.elapsed() < time {
        let message = match tokio::time::timeout(Duration::from_secs(5), socket.next()).await {
            Ok(Some(Ok(message))) => message,
            other => panic!("the live channel ended: {other:?}"),
        };
        match message {
            Message::Binary(_) => frames += 1,
            Message::Text(text) => {
                let event: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                events += u64::from(event["type"] == "event");
                if event["kind"] == "emission_opened" {
                    let start: jiff::Timestamp = event["data"]["start"]
                        .as_str()
                        .and_then(|text| text.parse().ok())
                        .expect("a time");
                    latencies_ms.push(jiff::Timestamp::now().duration_since(start).as_secs_f64() * 1e3);
                }
            }
            _ => {}
        }
    }
    report(&app, &mut latencies_ms, frames, events, begun.elapsed());
    for (thread, seconds) in computed_s() {
        let share = (seconds - before.get(&thread).unwrap_or(&0.0)) / begun.elapsed().as_secs_f64();
        if share > 0.005 {
            println!("{thread}: {:.1} % of a core", 100.0 * share);
        }
    }
    for line in metrics(app.address)
        .await
        .lines()
        .filter(|line| line.contains("_seconds"))
    {
        println!("{line}");
    }
    app.stop().await.expect("it stops");
}

fn report(app: &App, latencies_ms: &mut [f64], frames: u64, events: u64, took: Duration) {
    latencies_ms.sort_by(f64::total_cmp);
    let at = |share: f64| {
        latencies_ms
            .get(((latencies_ms.len() as f64 - 1.0) * share) as usize)
            .copied()
    };
    println!(
        "{:.0} s, {frames} frames, {events} events, {} emissions opened",
        took.as_secs_f64(),
        latencies_ms.len()
    );
    if let (Some(median), Some(p99), Some(worst)) = (at(0.5), at(0.99), latencies_ms.last()) {
        println!("first sample to live event: median {median:.0} ms, p99 {p99:.0} ms, worst {worst:.0} ms");
    }
    for status in app.receivers() {
        println!("{}: {:?} {:?}", status.label, status.state, status.counters);
    }
}

/// Processor time of the threads of each name so far (`/proc` counts it in hundredths of a second).
fn computed_s() -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else {
            continue;
        };
        let (Some((_, name)), Some((_, rest))) = (stat.split_once('('), stat.rsplit_once(") ")) else {
            continue;
        };
        let name = name.rsplit_once(')').map_or(name, |(name, _)| name).to_owned();
        // Fields 14 and 15; the rest begins with the third.
        let ticks: f64 = rest
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<f64>().ok())
            .sum();
        *all.entry(name).or_insert(0.0) += ticks / 100.0;
    }
    all
}

async fn metrics(address: std::net::SocketAddr) -> String {
    let request = move || {
        let mut answer = ureq::get(format!("http://{address}/metrics")).call().ok()?;
        answer.body_mut().read_to_string().ok()
    };
    tokio::task::spawn_blocking(request)
        .await
        .ok()
        .flatten()
        .unwrap_or_default()
}

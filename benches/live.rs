//! From the air to the console: a service in this process, the virtual receiver through SoapySDR, one WebSocket reader.
//!
//! ```text
//! cmake -S hardware/virtual-receiver -B /tmp/module && cmake --build /tmp/module
//! SOAPY_SDR_PLUGIN_PATH=/tmp/module cargo bench --bench live -- 600
//! ```
//! Prints lost samples, and how long after an emission's first sample its `emission_opened` event arrived. That includes
//! the receiver's buffers, the time the detector needs to be sure, the judge, the commit on the disk and the network; the
//! part from detection to the commit is the service's own figure at the end.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use pinpu::{
    app::{App, AppOptions},
    config::{Config, ReceiverConfig, Source},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

fn main() {
    let seconds = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(60);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(watch(Duration::from_secs(seconds)));
}

async fn watch(time: Duration) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scene = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/hardware/virtual-receiver/scenes/demo.scene"
    );
    let mut config = Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        data_dir: folder.path().to_owned(),
        ..Config::default()
    };
    let source = Source::Soapy(format!("driver=pinpu-virtual,scene={scene}"));
    config.receivers = vec![ReceiverConfig::new("virtual", source)];
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

    let begun = Instant::now();
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

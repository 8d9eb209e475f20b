//! The live channel over a real WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pinpu::{capture::ObservationContent, detect::DetectEvent, registry::disclosure::Audience, service::auth::Role};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::app::{TestApp, frame, pirate, status};

type Socket = WebSocketStream<TcpStream>;

async fn open(address: std::net::SocketAddr, cookie: &str) -> Socket {
    let mut request = format!("ws://{address}/api/v1/live")
        .into_client_request()
        .expect("request");
    request.headers_mut().insert("cookie", cookie.parse().expect("cookie"));
    let stream = TcpStream::connect(address).await.expect("connection");
    tokio_tungstenite::client_async(request, stream)
        .await
        .expect("channel")
        .0
}

async fn say(socket: &mut Socket, message: Value) {
    socket
        .send(Message::Text(message.to_string().into()))
        .await
        .expect("sent");
}

/// The next message that satisfies `wanted`.
async fn next(socket: &mut Socket, wanted: impl Fn(&Message) -> bool) -> Message {
    tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let message = socket.next().await.expect("open").expect("message");
            if wanted(&message) {
                return message;
            }
        }
    })
    .await
    .expect("within ten seconds")
}

fn parse(message: &Message) -> Value {
    match message {
        Message::Text(text) => serde_json::from_str(text).expect("JSON"),
        _ => Value::Null,
    }
}

async fn next_text(socket: &mut Socket, kind: &str) -> Value {
    parse(&next(socket, |message| parse(message)["type"] == kind).await)
}

fn subscribe(after: Option<u64>) -> Value {
    json!({"type": "subscribe", "receivers": null, "low_hz": null, "high_hz": null, "pixels": 256, "frames": true,
        "events": true, "after": after})
}

#[test]
fn frames_and_events_arrive_and_a_reader_resumes_where_it_was() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    app.observe(ObservationContent::Status(status()));
    app.runtime.block_on(async {
        let mut socket = open(app.address, &viewer).await;
        let hello = next_text(&mut socket, "hello").await;
        assert!(
            hello["sequence"].is_u64() && hello["server_time"].is_string(),
            "{hello}"
        );
        say(&mut socket, subscribe(None)).await;
        say(&mut socket, json!({"type": "subscribe", "colour": 1})).await;
        next_text(&mut socket, "problem").await;

        app.detect(DetectEvent::Frame(frame(1.0)));
        let Message::Binary(bytes) = next(&mut socket, Message::is_binary).await else {
            unreachable!()
        };
        assert_eq!((&bytes[..4], bytes.len()), (&b"PSF1"[..], 72 + 3 * 256));
        assert_eq!(
            bytes[72 + 256..72 + 512].iter().filter(|value| **value > 200).count(),
            1,
            "the peak, once"
        );

        app.detect(DetectEvent::Opened(pirate(1)));
        let event = next_text(&mut socket, "event").await;
        let event = if event["kind"] == "receiver_state" {
            next_text(&mut socket, "event").await
        } else {
            event
        };
        assert_eq!(event["kind"], "emission_opened", "{event}");
        let id = event["data"]["id"].as_str().expect("id");
        let view = app.state.registry.view(Audience::Cleared).expect("ready");
        let resource = app
            .state
            .findings
            .emission(id, &view)
            .await
            .expect("stored before it is told")
            .0;
        let wire = serde_json::to_value(pinpu::http::emissions::EmissionResponse::from(view.emission(resource)))
            .expect("JSON");
        let keys = |value: &Value| value.as_object().expect("object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            keys(&event["data"]),
            keys(&wire),
            "an event carries the resource as its address answers it"
        );
        let conflict = next_text(&mut socket, "event").await;
        assert_eq!(conflict["kind"], "conflict_opened");
        let last = conflict["sequence"].as_u64().expect("number");
        drop(socket);

        let mut closed = pirate(1);
        closed.open = false;
        app.detect(DetectEvent::Closed(closed));
        let mut socket = open(app.address, &viewer).await;
        say(&mut socket, subscribe(Some(last))).await;
        // Conflicts carry the number of the event before: this one is told again.
        let again = next_text(&mut socket, "event").await;
        assert_eq!(
            (&again["kind"], &again["sequence"]),
            (&conflict["kind"], &conflict["sequence"])
        );
        let missed = next_text(&mut socket, "event").await;
        assert_eq!(missed["sequence"].as_u64(), Some(last + 1), "{missed}");
        say(&mut socket, subscribe(Some(1_000_000))).await;
        let resync = next_text(&mut socket, "resync").await;
        assert!(resync["sequence"].as_u64() < Some(1_000_000), "{resync}");
    });
}

#[test]
fn a_channel_needs_a_login_and_our_own_page() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    let upgrade = |cookie: &str, origin: &str| {
        let call = app
            .get("/api/v1/live")
            .cookie(cookie)
            .header("connection", "upgrade")
            .header("upgrade", "websocket");
        let call = call
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        if origin.is_empty() {
            call
        } else {
            call.header("origin", origin)
        }
    };
    upgrade("", "").send().expect(401);
    upgrade(&viewer, "https://evil.example").send().expect(403);
    app.get("/api/v1/live").cookie(&viewer).send().expect(426);
}

#[test]
fn a_channel_ends_with_the_session_and_with_the_service() {
    let mut app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    let auditor = app.as_role(Role::Auditor);
    let close_code = |message: Message| match message {
        Message::Close(Some(frame)) => u16::from(frame.code),
        other => panic!("{other:?}"),
    };
    let (mut ending, mut staying) = app
        .runtime
        .block_on(async { (open(app.address, &viewer).await, open(app.address, &auditor).await) });
    app.call("DELETE", "/api/v1/sessions/current")
        .cookie(&viewer)
        .send()
        .expect(204);
    let code = app
        .runtime
        .block_on(async { close_code(next(&mut ending, Message::is_close).await) });
    assert_eq!(code, 4401);
    let goodbye = app
        .runtime
        .spawn(async move { close_code(next(&mut staying, Message::is_close).await) });
    app.stop().expect("stopped in time");
    assert_eq!(app.runtime.block_on(goodbye).expect("task"), 1001);
}

#[test]
fn a_client_that_does_not_read_hurts_nobody() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    app.observe(ObservationContent::Status(status()));
    app.runtime.block_on(async {
        let mut slow = open(app.address, &viewer).await;
        say(&mut slow, json!({"type": "subscribe", "pixels": 8192})).await;
        let mut quick = open(app.address, &viewer).await;
        say(
            &mut quick,
            json!({"type": "subscribe", "pixels": 8192, "events": false}),
        )
        .await;
        let mut wide = frame(0.0);
        for levels in [
            &mut wide.mean_dbfs,
            &mut wide.max_dbfs,
            &mut wide.min_dbfs,
            &mut wide.floor_dbfs,
        ] {
            *levels = vec![-100.0; 8192];
        }
        // 24 kB each: the slow client's buffers fill early.
        let (mut sent, mut received, mut newest) = (0_u64, 0_u64, 0_u64);
        for n in 0..400 {
            wide.start_s = f64::from(n) * 0.05;
            app.detect(DetectEvent::Frame(wide.clone()));
            sent += 1;
            let until = tokio::time::Instant::now() + Duration::from_millis(10);
            while let Ok(Some(Ok(message))) = tokio::time::timeout_at(until, quick.next()).await {
                if let Message::Binary(bytes) = message {
                    received += 1;
                    newest = u64::from_le_bytes(bytes[8..16].try_into().expect("8 bytes"));
                }
            }
        }
        assert!(received > 20, "the quick client got {received} of {sent}");
        while newest < sent {
            let message = tokio::time::timeout(Duration::from_secs(10), quick.next()).await;
            if let Ok(Some(Ok(Message::Binary(bytes)))) = message {
                newest = u64::from_le_bytes(bytes[8..16].try_into().expect("8 bytes"));
            } else {
                assert!(
                    message.is_ok(),
                    "the newest of {sent} never came; the last was {newest}"
                );
            }
        }
        // The slow one reads at last: whatever it gets now was not queued without bound.
        let mut late = 0_u64;
        while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_millis(500), slow.next()).await {
            late += u64::from(message.is_binary());
        }
        assert!(late < sent, "{late} frames waited for a client that did not read");
    });
    app.get("/api/v1/health/live").send().expect(200);
}

//! One of two services that are equal but for what is confidential, and one caller of it.

use axum::{body::Body, extract::ConnectInfo, http::Request};
use futures_util::{SinkExt, StreamExt};
use http_body_util::BodyExt as _;
use pinpu::{
    capture::{Observation, ObservationContent},
    detect::{DetectEvent, Emission},
    http::router,
    service::{auth::Role, policy::DisclosurePolicy},
    units::Hertz,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tower::ServiceExt as _;

use super::{
    leaks::Leak,
    mask::{HEADERS, Names},
    question::{Part, Question, written},
};
use crate::app::{RECEIVER, TestApp, band, frame, pirate, status};

/// Bins from 98.0 to 98.1 MHz of the tests' receiver, within the band that the tests mask.
const LOUD: std::ops::Range<usize> = 513..563;

/// A confidential assignment.
#[derive(Debug, Clone, Copy)]
pub struct Hidden {
    pub id: &'static str,
    pub mhz: &'static str,
    pub latitude: f64,
    pub longitude: f64,
    pub bandwidth: &'static str,
    pub valid_to: &'static str,
    pub role: &'static str,
}

/// All that two worlds may differ in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Secrets {
    pub assignments: &'static [Hidden],
    /// Titles of drafts of the military side.
    pub drafts: &'static [&'static str],
    /// Bands of classified control orders in force, kilohertz.
    pub orders_khz: &'static [[i64; 2]],
    /// Complaints of the military side that it has not shared.
    pub complaints: usize,
    /// The policy of disclosure; empty: the one that is compiled in.
    pub policy: &'static str,
    /// Whether nothing is on the air where the policy masks the spectrum.
    pub quiet: bool,
}

/// An answer as it leaves the service.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Raw {
    /// Another text in its place, with its true length.
    pub fn say(&mut self, text: String) {
        self.body = text.into_bytes();
        let length = self.body.len().to_string();
        if let Some((_, told)) = self.headers.iter_mut().find(|(name, _)| name == "content-length") {
            *told = length;
        }
    }
}

/// An answer as the caller hears it: random keys and the clock are masked.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A service, and one of its callers.
pub struct World {
    pub app: TestApp,
    pub names: Names,
    pub secrets: Secrets,
    pub leak: Option<Leak>,
    /// How long the last answer took, seconds.
    pub took_s: f64,
    cookie: String,
    router: axum::Router,
}

impl World {
    pub fn start(secrets: Secrets, role: Role, hour: jiff::Timestamp) -> Self {
        let app = match secrets.policy {
            "" => TestApp::start(),
            text => TestApp::under(DisclosurePolicy::parse(text, "worlds").expect("a policy")),
        };
        let [coordinator, military] = [Role::Coordinator, Role::MilitaryOfficer].map(|role| app.as_role(role));
        let cookie = app.as_role(role);
        let router = router::app(app.state.clone());
        let mut world = Self {
            app,
            names: Names::new(hour),
            secrets,
            leak: None,
            took_s: 0.0,
            cookie,
            router,
        };
        world.register(&coordinator);
        for title in secrets.drafts {
            world.draft(&military, title, hour);
        }
        for band_khz in secrets.orders_khz {
            world.order(&military, &coordinator, *band_khz, hour);
        }
        for _ in 0..secrets.complaints {
            world.complain(&military, hour);
        }
        world.event(&coordinator, &military, hour);
        world.measure(&coordinator, hour);
        // The last second and minute are stored when nothing has come for a while, which is the clock's matter, or now.
        let monitor = world.app.monitor.take().expect("running");
        world.app.runtime.block_on(monitor.stop());
        world
    }

    fn complain(&self, military: &str, hour: jiff::Timestamp) {
        let complaint = json!({
            "complainant": "Regiment", "contact": "", "low_hz": 150_100_000, "high_hz": 150_200_000,
            "began": hour.to_string(), "symptoms": "HIDDEN", "channel": "telephone",
        });
        let body = json!({"complaint": complaint, "grade": "second", "level": "district"});
        let call = self.app.post("/api/v1/interference-reports").cookie(military);
        call.json(&body).send().expect(201);
    }

    fn register(&self, coordinator: &str) {
        let mut csv = "id,holder,station,freq_mhz,bandwidth,valid_to,role,latitude,longitude,extensions\n".to_owned();
        csv += "OPEN-1,Open,Hill,98.6,256k,,transmit,30.5,114.3,\n";
        csv += "OPEN-2,Open,Dale,150.3,16k,,transmit,30.5,114.3,\n";
        for hidden in self.secrets.assignments {
            let Hidden {
                id,
                mhz,
                bandwidth,
                latitude,
                longitude,
                valid_to,
                role,
            } = hidden;
            let secret = "\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"";
            csv += &format!(
                "{id},Regiment of {id},Camp {id},{mhz},{bandwidth},{valid_to},{role},{latitude},{longitude},{secret}\n"
            );
        }
        let import = self
            .app
            .post("/api/v1/registry/imports?kind=assignments")
            .cookie(coordinator);
        let done = import.bytes("text/csv", csv.into_bytes()).send().expect(200);
        assert_eq!(
            done.json()["added"],
            self.secrets.assignments.len() + 2,
            "{}",
            done.text()
        );
    }

    fn draft(&self, military: &str, title: &str, hour: jiff::Timestamp) {
        let day = jiff::SignedDuration::from_hours(24);
        let proposal = json!({
            "title": title, "kind": "exercise", "priority": "routine", "from_office": "甲", "to_office": "乙",
            "user": "Regiment", "purpose": "exercise", "classification": "秘密",
            "asked": {"bands": [{"low_hz": 150_600_000, "high_hz": 150_700_000}]}, "designator": "11K0F3E",
            "power": {"dbw": 10.0, "kind": "erp"}, "service": "LAND-MOBILE",
            "place": {"circle": {"latitude": 30.55, "longitude": 114.36, "radius_km": 50.0}},
            "time": {"from": (hour - day).to_string(), "to": (hour + day).to_string()}
        });
        let call = self.app.post("/api/v1/coordination/requests").cookie(military);
        call.json(&json!({"proposal": proposal})).send().expect(201);
    }

    /// An event of both sides, with secret rows of the military one in its plan; and one that only it knows.
    fn event(&self, coordinator: &str, military: &str, hour: jiff::Timestamp) {
        let date = |days: i64| {
            let time = hour + jiff::SignedDuration::from_hours(24 * days + 8);
            json!({"date": time.to_zoned(jiff::tz::TimeZone::UTC).date(), "opens_min": 0, "closes_min": 1440})
        };
        let content = json!({
            "name": {"zh": "论坛", "en": "Forum"}, "days": [date(-1), date(0), date(1)], "participants": ["military"],
            "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 20.0}},
        });
        let send = |cookie: &str, path: &str, body: &Value| {
            let call = self.app.post(&format!("/api/v1/events{path}")).cookie(cookie);
            call.header("if-match", "\"1\"")
                .json(body)
                .send()
                .expect(if path.ends_with("transitions") { 200 } else { 201 })
                .json()
        };
        let made = send(coordinator, "", &json!({"content": content}));
        let path = format!("/{}", made["id"].as_str().expect("id"));
        send(
            coordinator,
            &format!("{path}/transitions"),
            &json!({"step": "announce"}),
        );
        let row = |channel: &str, center_hz: i64, class: Option<&str>| {
            json!({"content": {
                "channel": channel, "center_hz": center_hz, "bandwidth_hz": 200_000, "designator": "180KF3E", "user": "Open",
                "power": {"dbw": 10.0, "kind": "erp"}, "key": true, "classification": class,
            }})
        };
        for (channel, center_hz) in [("K1", 97_450_000), ("K2", 98_600_000), ("K3", 150_300_000)] {
            send(coordinator, &format!("{path}/plan"), &row(channel, center_hz, None));
        }
        // They explain what is on the air at 97.3 MHz, and clash with an open one.
        for (title, center_hz) in self.secrets.drafts.iter().zip([97_300_000, 97_500_000]) {
            send(military, &format!("{path}/plan"), &row(title, center_hz, Some("秘密")));
            let own =
                json!({"content": {"name": {"zh": title, "en": ""}, "days": content["days"], "area": content["area"]}});
            send(military, "", &own);
        }
    }

    fn order(&self, military: &str, coordinator: &str, [low_khz, high_khz]: [i64; 2], hour: jiff::Timestamp) {
        let hours = jiff::SignedDuration::from_hours(48);
        let order = json!({
            "number": format!("X-{low_khz}"), "title": {"zh": "秘密管制", "en": "HIDDEN order"}, "issuer": "Regiment",
            "low_hz": low_khz * 1000, "high_hz": high_khz * 1000, "classification": "S",
            "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 5.0}},
            "from": (hour - hours).to_string(), "to": (hour + hours).to_string(), "effect": {"kind": "prohibit"},
        });
        let orders = "/api/v1/control-orders";
        let mut record = self
            .app
            .post(orders)
            .cookie(military)
            .json(&order)
            .send()
            .expect(201)
            .json();
        for (who, step) in [(military, "propose"), (coordinator, "approve")] {
            let path = format!("{orders}/{}/transitions", record["id"].as_str().expect("id"));
            let call = self.app.post(&path).cookie(who);
            let call = call.header("if-match", &format!("\"{}\"", record["version"]));
            record = call.json(&json!({"step": step})).send().expect(200).json();
        }
    }

    /// What the receiver of both worlds hears.
    fn measure(&self, coordinator: &str, hour: jiff::Timestamp) {
        let epoch = hour - jiff::SignedDuration::from_mins(30);
        let send = |content| {
            let observation = Observation {
                receiver: RECEIVER.into(),
                run: 1,
                epoch,
                content,
            };
            let monitor = self.app.monitor.as_ref().expect("running");
            assert!(monitor.sender().try_send(observation), "the queue is full");
        };
        let detect = |event| send(ObservationContent::Detect { band: band(), event });
        let mut status = status();
        status.since = epoch;
        send(ObservationContent::Status(status));
        for second in 0..120 {
            let mut frame = frame(f64::from(second));
            if !self.secrets.quiet {
                // In the masked band of the tests, and as loud as the floor of the whole spectrum would show.
                for levels in [&mut frame.mean_dbfs, &mut frame.max_dbfs, &mut frame.floor_dbfs] {
                    levels[LOUD].fill(-12.0);
                }
            }
            detect(DetectEvent::Frame(frame));
        }
        let heard = [(1, 97_450_000), (2, 98_050_000), (3, 98_630_000)];
        let heard = heard.into_iter().filter(|(n, _)| *n != 2 || !self.secrets.quiet);
        for (n, center_hz) in heard.clone() {
            let emission = Emission {
                center_hz: Hertz(center_hz),
                low_hz: Hertz(center_hz - 90_000),
                high_hz: Hertz(center_hz + 90_000),
                start_s: n as f64,
                stop_s: 10.0 + n as f64,
                ..pirate(n)
            };
            detect(DetectEvent::Opened(emission.clone()));
            detect(DetectEvent::Closed(Emission {
                stop_s: 20.0 + n as f64,
                open: false,
                ..emission
            }));
        }
        self.app
            .wait_for_items(coordinator, "/api/v1/emissions?open=false", heard.count());
    }

    /// Asks, and hears what goes out, through what is leaking.
    pub fn ask(&mut self, question: &Question) -> Heard {
        let address = self.address(question);
        let started = std::time::Instant::now();
        let mut raw = if question.operation == "open_live" {
            Raw {
                status: 101,
                headers: Vec::new(),
                body: self.live().into_bytes(),
            }
        } else {
            self.app.runtime.block_on(self.call(question, &address))
        };
        if let Some(leak) = self.leak {
            leak(&self.secrets, question, &address, &mut raw);
        }
        self.took_s = started.elapsed().as_secs_f64();
        self.heard(raw)
    }

    fn heard(&mut self, raw: Raw) -> Heard {
        let length = raw.body.len() as i64;
        let body = match String::from_utf8(raw.body) {
            Ok(text) => self.names.mask(&text),
            Err(binary) => self.unpacked(binary.as_bytes()),
        };
        let mut headers = Vec::new();
        for (name, value) in raw.headers {
            // Keys and instants differ in length, so what is compared is how far the length told is from the true one.
            let value = match name.as_str() {
                "content-length" => format!("{:+}", value.parse::<i64>().expect("a number") - length),
                _ => self.names.mask(&value),
            };
            if !HEADERS.contains(&name.as_str()) {
                headers.push((name, value));
            }
        }
        headers.sort();
        Heard {
            status: raw.status,
            headers,
            body,
        }
    }

    /// What of a file is written: of a workbook the parts, for the container says when it was made.
    fn unpacked(&mut self, bytes: &[u8]) -> String {
        let Ok(mut container) = zip::ZipArchive::new(std::io::Cursor::new(bytes)) else {
            return format!("{bytes:?}");
        };
        let mut text = String::new();
        for n in 0..container.len() {
            let mut part = container.by_index(n).expect("part");
            let name = part.name().expect("name").into_owned();
            text += &format!("\n{name}\n");
            let made_at = name == "docProps/core.xml";
            if !made_at {
                std::io::Read::read_to_string(&mut part, &mut text).expect("text");
            }
        }
        self.names.mask(&text)
    }

    fn address(&self, question: &Question) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Key(name) => {
                let key = self.names.key(*name).unwrap_or("unknown");
                key.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
            }
        };
        question.address.iter().map(part).collect()
    }

    async fn call(&self, question: &Question, address: &str) -> Raw {
        let mut request = Request::builder()
            .method(question.method.as_str())
            .uri(address)
            .header("host", "pinpu.example")
            .header("cookie", &self.cookie)
            .header("accept-language", question.language)
            .extension(ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 40_000))));
        if let Some(version) = &question.version {
            request = request.header("if-match", version);
        }
        let body = match &question.body {
            Some((kind, body)) => {
                request = request.header("content-type", *kind);
                Body::from(body.clone())
            }
            None => Body::empty(),
        };
        let request = request.body(body).unwrap_or_else(|error| panic!("{address}: {error}"));
        let reply = self.router.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.expect("body").to_bytes().to_vec();
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter();
        Raw {
            status: parts.status.as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
            body,
        }
    }

    /// Every event from the first one on, and every notice after the first, over a connection of its own. The answer to
    /// something that makes no sense comes after all of them.
    fn live(&self) -> String {
        let path = "/api/v1/notices?limit=1000";
        let told = self.app.get(path).cookie(&self.cookie).send().expect(200).json();
        let first = told["items"].as_array().and_then(|items| items.last());
        let subscribe = json!({"type": "subscribe", "frames": false, "after": 0, "notices": true,
            "notices_after": first.map(|notice| &notice["id"])});
        self.app.runtime.block_on(async {
            let mut request = format!("ws://{}/api/v1/live", self.app.address)
                .into_client_request()
                .expect("request");
            request
                .headers_mut()
                .insert("cookie", self.cookie.parse().expect("cookie"));
            let stream = tokio::net::TcpStream::connect(self.app.address)
                .await
                .expect("connection");
            let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("channel");
            for text in [subscribe.to_string(), "{}".to_owned()] {
                socket.send(Message::Text(text.into())).await.expect("sent");
            }
            let mut heard = String::new();
            while let Some(message) = socket.next().await {
                if let Message::Text(text) = message.expect("message") {
                    heard += &text;
                    heard.push('\n');
                    if serde_json::from_str::<Value>(&text).expect("JSON")["type"] == "problem" {
                        break;
                    }
                }
            }
            heard
        })
    }

    /// The random keys of the records a masked answer shows, and the place where its list goes on.
    pub fn shown(heard: &Heard) -> (Vec<usize>, Vec<String>, Option<usize>) {
        let Ok(body) = serde_json::from_str::<Value>(&heard.body) else {
            return (Vec::new(), Vec::new(), None);
        };
        let name = |value: &Value| value.as_str()?.strip_prefix('#')?.parse::<usize>().ok();
        let items = body["items"].as_array().into_iter().flatten();
        let ids: Vec<&Value> = items.chain([&body]).map(|item| &item["id"]).collect();
        let open = ids.iter().filter(|id| name(id).is_none()).filter_map(|id| id.as_str());
        (
            ids.iter().filter_map(|id| name(id)).collect(),
            open.map(str::to_owned).collect(),
            name(&body["next_cursor"]),
        )
    }
}

/// How a question reads in a report of a difference.
pub fn report(question: &Question) -> String {
    let body = question.body.as_ref().map_or("", |(_, body)| body);
    format!(
        "{} {} ({}) {body}",
        question.method,
        written(&question.address),
        question.operation
    )
}

//! A whole service on a temporary store and a port of its own, spoken to over TCP. The client checks on every answer
//! what every answer owes: status, content type, request id, security headers, problem details.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use pinpu::{
    capture::{Observation, ObservationContent},
    config::AlarmConfig,
    conflict::Rules,
    coordination::{
        organisation::{Contact, OrganisationKind, Profile},
        paws::{DEMO_TOML, PawsRules},
    },
    detect::DetectEvent,
    http::{AppState, HttpConfig, Services, readiness::Readiness, serve},
    registry::{Text, telling::Masks},
    service::{
        alarms::{AlarmTimes, Alarms},
        audit::Audit,
        auth::{Passwords, Role},
        check::Checker,
        findings::Findings,
        history::History,
        idempotency::Answers,
        ledger::{Attachments, Ledger},
        live::Hub,
        machines::Machines,
        monitoring::{Monitor, MonitorConfig},
        organisations::Organisations,
        paws::Paws,
        questions::DisclosurePolicy,
        rules::RulesInForce,
        sessions::Sessions,
        sites::Sites,
        spectra::Spectra,
        tokens::Tokens,
        users::{NewUser, Users},
    },
    store::{DatabaseConfig, Store},
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::parts::{Offices, judge_with, metrics_handle, seeded};

pub use crate::air::{band, frame, pirate, status};

/// Password of every account of the tests.
pub const PASSWORD: &str = "green horses swim upstream";
/// Id of the receiver of the tests.
pub const RECEIVER: &str = "rx1";

/// The running service.
pub struct TestApp {
    pub address: std::net::SocketAddr,
    pub runtime: Runtime,
    pub state: AppState,
    pub store: Store,
    pub monitor: Option<Monitor>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<pinpu::Result<()>>>,
    agent: ureq::Agent,
    pub folder: tempfile::TempDir,
}

/// An answer that has passed the checks.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

impl TestApp {
    /// The service as it is with real users: no demo.
    pub fn start() -> Self {
        Self::with(HttpConfig::default())
    }

    pub fn with(config: HttpConfig) -> Self {
        Self::with_alarms(config, AlarmConfig::default())
    }

    /// The service under this policy of disclosure.
    pub fn under(policy: DisclosurePolicy) -> Self {
        Self::built(HttpConfig::default(), AlarmConfig::default(), policy)
    }

    /// The service with these alarm routes; what fails is tried again soon.
    pub fn with_alarms(config: HttpConfig, alarms: AlarmConfig) -> Self {
        Self::built(config, alarms, DisclosurePolicy::builtin().expect("policy"))
    }

    fn built(config: HttpConfig, alarms: AlarmConfig, policy: DisclosurePolicy) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("runtime");
        let folder = tempfile::tempdir().expect("folder");
        let url = format!("sqlite://{}", folder.path().join("pinpu.db").display());
        let attachments = folder.path().join("attachments");
        let (state, store, monitor) = runtime.block_on(build(&url, attachments, (config, alarms, policy)));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("port");
        let address = listener.local_addr().expect("address");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let served = Some(runtime.spawn(serve(listener, state.clone(), shutdown)));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            // The service closes idle connections; a request on one that is being closed would fail.
            .max_idle_age(Duration::from_secs(2))
            .allow_non_standard_methods(true)
            .build()
            .into();
        Self {
            address,
            runtime,
            state,
            store,
            monitor: Some(monitor),
            stop: Some(stop),
            served,
            agent,
            folder,
        }
    }

    /// Starts a request.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        Call {
            app: self,
            request,
            body: None,
        }
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        self.call("POST", path)
    }

    /// Announces a body of `length` bytes and sends only `sent` of them; answers the status that comes back.
    pub fn announce_body(&self, path: &str, cookie: &str, kind: &str, [length, sent]: [usize; 2]) -> u16 {
        let mut stream = self.begin_post(path, cookie, kind, length);
        stream.write_all(&vec![b' '; sent]).expect("sent");
        read_status(&mut stream)
    }

    /// Sends a request's head over a connection of its own; the body, `length` bytes of it, is the caller's to write.
    pub fn begin_post(&self, path: &str, cookie: &str, kind: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("timeout");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).expect("sent");
        stream
    }

    /// Makes an account, named like its role.
    pub fn account(&self, role: Role) -> String {
        let users = Arc::clone(&self.state.users);
        let organisations = self.state.organisations.clone();
        self.runtime
            .block_on(async move {
                let organisation = match role {
                    Role::Operator => Some(operator(&organisations).await),
                    _ => None,
                };
                let new = NewUser {
                    name: role.name().to_owned(),
                    role,
                    organisation,
                    password: PASSWORD.to_owned(),
                    language: None,
                };
                users.create(new).await
            })
            .expect("account");
        role.name().to_owned()
    }

    /// Logs in; answers the cookie.
    pub fn log_in(&self, user: &str) -> String {
        let body = serde_json::json!({"user": user, "password": PASSWORD});
        let reply = self.post("/api/v1/sessions").json(&body).send().expect(200);
        let cookie = reply.header("set-cookie");
        cookie.split(';').next().expect("cookie").to_owned()
    }

    /// An account of this role, logged in.
    pub fn as_role(&self, role: Role) -> String {
        let name = self.account(role);
        self.log_in(&name)
    }

    /// Hands an observation to the monitor, as capture does.
    pub fn observe(&self, content: ObservationContent) {
        let observation = Observation {
            receiver: RECEIVER.into(),
            run: 1,
            epoch: jiff::Timestamp::now() - jiff::SignedDuration::from_secs(5),
            content,
        };
        assert!(
            self.monitor.as_ref().expect("running").sender().try_send(observation),
            "the queue is full"
        );
    }

    pub fn detect(&self, event: DetectEvent) {
        self.observe(ObservationContent::Detect { band: band(), event });
    }

    /// Asks until the list at `path` has `count` items.
    pub fn wait_for_items(&self, cookie: &str, path: &str, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            let reply = self.get(path).cookie(cookie).send().expect(200).json();
            let items = reply["items"].as_array().expect("items").clone();
            if items.len() >= count {
                return items;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{path} did not reach {count} items within five seconds");
    }

    /// Stops the service; answers what `serve` answered.
    pub fn stop(&mut self) -> pinpu::Result<()> {
        drop(self.stop.take());
        let served = self.served.take().expect("running");
        self.runtime.block_on(served).expect("no panic")
    }
}

/// An organisation that uses frequencies: its key.
async fn operator(organisations: &Organisations) -> String {
    let profile = Profile {
        name: Text::new("示范轨道交通集团", "Demo Railway"),
        code: "RAIL".to_owned(),
        kind: OrganisationKind::Operator,
        level: None,
        parent: None,
        contact: Contact::default(),
    };
    let made = organisations.create(profile, jiff::Timestamp::now()).await;
    made.expect("an organisation").id
}

/// Largest attachment in the tests.
pub const ATTACHMENT_BYTES_MAX: u64 = 2 << 20;

async fn build(
    url: &str,
    attachments: std::path::PathBuf,
    (config, alarms, disclosure): (HttpConfig, AlarmConfig, DisclosurePolicy),
) -> (AppState, Store, Monitor) {
    let store = Store::open(&DatabaseConfig::new(url)).await.expect("store");
    let passwords = Passwords::new().expect("passwords");
    let users = Arc::new(Users::new(store.clone(), passwords.clone()));
    let sessions = Arc::new(Sessions::new(store.clone(), passwords, Arc::clone(&users)));
    let hub = Hub::new(store.clone());
    let registry = seeded(&store)
        .await
        .under(disclosure.telling.clone())
        .await
        .expect("policy");
    let rules = Arc::new(Rules::builtin().expect("rules"));
    let monitor = Monitor::start(
        store.clone(),
        Arc::clone(&hub),
        judge_with(&registry, &rules),
        MonitorConfig {
            masks: Arc::new(Masks::of(registry.telling().masking())),
            ..MonitorConfig::default()
        },
    );
    let times = AlarmTimes {
        first_retry: jiff::SignedDuration::from_millis(50),
    };
    let offices = Offices::start(&store, &hub, &registry, &rules, disclosure);
    let services = Services {
        answers: Answers::new(store.clone()),
        spectra: Spectra::new(store.clone(), Arc::clone(&hub)),
        findings: Findings::new(store.clone()),
        organisations: Organisations::new(store.clone(), Arc::clone(&users)),
        paws: Paws::new(
            store.clone(),
            PawsRules::read(DEMO_TOML).expect("rulesets"),
            offices.coordination.questions().clone(),
        ),
        occupancies: offices.occupancies,
        ledger: Ledger::new(store.clone()),
        history: History::new(store.clone()),
        audit: Audit::new(store.clone()),
        coordination: offices.coordination,
        interference_reports: offices.interference_reports,
        tasks: offices.tasks,
        webhooks: offices.webhooks,
        notices: offices.notices,
        attachments: Attachments::open(store.clone(), attachments, ATTACHMENT_BYTES_MAX)
            .await
            .expect("folder"),
        alarms: Alarms::start(store.clone(), alarms, times).await.expect("alarms"),
        comparisons: offices.comparisons,
        control_orders: offices.control_orders,
        checker: Checker::new(RulesInForce::new((*rules).clone())),
        readiness: Arc::new(Readiness::waiting_for(&["capture"])),
        metrics: Some(metrics_handle()),
        tokens: Arc::new(Tokens::new(store.clone(), Arc::clone(&users))),
        machines: Machines::new(store.clone(), BTreeMap::new()),
        sites: Sites::new(store.clone()),
        oidc: None,
        users,
        sessions,
        hub,
        registry,
    };
    (AppState::new(services, config), store, monitor)
}

/// The status of the answer that comes next.
pub fn read_status(stream: &mut TcpStream) -> u16 {
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[9..]).parse().expect("status")
}

/// A request being put together.
pub struct Call<'a> {
    app: &'a TestApp,
    request: ureq::http::request::Builder,
    body: Option<Vec<u8>>,
}

impl Call<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn cookie(self, cookie: &str) -> Self {
        if cookie.is_empty() {
            self
        } else {
            self.header("cookie", cookie)
        }
    }

    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    pub fn bytes(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header("content-type", kind)
    }

    /// Sends it and checks what every answer owes.
    #[track_caller]
    pub fn send(self) -> Reply {
        let shown = format!("{:?} {:?}", self.request.method_ref(), self.request.uri_ref());
        let response = match self.body {
            Some(body) => self.app.agent.run(self.request.body(body).expect("request")),
            None => self.app.agent.run(self.request.body(()).expect("request")),
        };
        let response = response.unwrap_or_else(|error| panic!("{shown}: {error}"));
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(64 << 20).read_to_vec().expect("body");
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        };
        check(&reply, &shown);
        reply
    }
}

#[track_caller]
fn check(reply: &Reply, shown: &str) {
    let id = reply.header("x-request-id");
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{shown}: request id '{id}'"
    );
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "x-frame-options",
        "referrer-policy",
        "cache-control",
    ] {
        assert!(!reply.header(name).is_empty(), "{shown}: no {name}");
    }
    let policy = reply.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self';") && !policy.contains("unsafe-eval"),
        "{shown}: {policy}"
    );
    assert!(
        reply.body.is_empty() || !reply.header("content-type").is_empty(),
        "{shown}: a body without a type"
    );
    if reply.status >= 400 && !reply.body.is_empty() && !shown.contains("/health/") {
        assert_eq!(reply.header("content-type"), "application/problem+json", "{shown}");
        let problem = reply.json();
        let keys: BTreeSet<&str> = problem
            .as_object()
            .expect("object")
            .keys()
            .map(String::as_str)
            .collect();
        let owed = BTreeSet::from(["type", "title", "status", "detail", "request_id"]);
        assert!(keys.is_superset(&owed), "{shown}: {problem}");
        assert_eq!(problem["request_id"], id, "{shown}");
        assert_eq!(problem["status"], reply.status, "{shown}");
        let title = problem["title"].as_str().expect("text");
        assert!(
            !title.is_empty() && !problem["detail"].as_str().expect("text").is_empty(),
            "{shown}: {problem}"
        );
        assert!(reply.status != 500, "{shown}: {problem}");
    }
}

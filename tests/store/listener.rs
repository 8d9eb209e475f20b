//! The other side of an alarm route: a web server that keeps what it is sent and answers as told, and a mail server, each
//! plain or behind TLS.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use mailin::{Action, AuthMechanism, Handler, Response, SessionBuilder, response};
use sha2::{Digest, Sha256};

use crate::tls::{Identity, Wire};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The signature fits this key, and is of just now.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let Some((time, digest)) = self
            .header("pinpu-signature")
            .strip_prefix("t=")
            .and_then(|rest| rest.split_once(",v1="))
        else {
            return false;
        };
        let age = jiff::Timestamp::now().as_second() - time.parse::<i64>().expect("seconds");
        digest == hmac_hex(secret.as_bytes(), format!("{time}.{}", self.body).as_bytes()) && (0..60).contains(&age)
    }
}

/// HMAC by RFC 2104 for keys that are not longer than a block, written out so that it is not the program's.
fn hmac_hex(key: &[u8], text: &[u8]) -> String {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A server on a port of its own; ends when dropped.
struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(serve: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.expect("connection");
                stream.set_read_timeout(Some(Duration::from_secs(5))).expect("timeout");
                serve(stream);
            }
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the other side failed");
        }
    }
}

/// Waits until there are `count` of something.
fn wait_for<T: Clone>(list: &Mutex<Vec<T>>, count: usize) -> Vec<T> {
    let begun = Instant::now();
    loop {
        let now = list.lock().expect("not poisoned").clone();
        if now.len() >= count {
            return now;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{} of {count} came",
            now.len()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A web server that takes webhooks.
pub(crate) struct Hook {
    server: Server,
    scheme: &'static str,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Hook {
    /// Answers these, then 204 for ever.
    pub(crate) fn start(first: &[u16]) -> Self {
        Self::behind(None, first)
    }

    /// The same behind TLS.
    pub(crate) fn behind(identity: Option<Identity>, first: &[u16]) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(first.iter().copied().collect::<VecDeque<u16>>()));
        let (kept, told) = (Arc::clone(&received), Arc::clone(&answers));
        let scheme = if identity.is_some() { "https" } else { "http" };
        let server = Server::start(move |stream| {
            let mut stream = match &identity {
                Some(identity) => identity.accept(stream),
                None => Box::new(stream),
            };
            let Some(request) = read_request(&mut stream) else {
                return;
            };
            let answer = told.lock().expect("not poisoned").pop_front().unwrap_or(204);
            kept.lock().expect("not poisoned").push(request);
            let head = format!("HTTP/1.1 {answer} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).expect("answered");
            stream.flush().expect("answered");
        });
        Self {
            server,
            scheme,
            received,
            answers,
        }
    }

    pub(crate) fn url(&self) -> String {
        let port = self.server.address.port();
        format!("{}://localhost:{port}/hook?key=in-the-address", self.scheme)
    }

    pub(crate) fn wait_for(&self, count: usize) -> Vec<Received> {
        wait_for(&self.received, count)
    }

    pub(crate) fn count(&self) -> usize {
        self.received.lock().expect("not poisoned").len()
    }

    /// Forgets what it was to answer: these come next, then 204 for ever.
    pub(crate) fn answer_next(&self, answers: &[u16]) {
        let mut waiting = self.answers.lock().expect("not poisoned");
        waiting.clear();
        waiting.extend(answers);
    }
}

fn read_request(stream: &mut Box<dyn Wire>) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut headers = Vec::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
    assert!(line.starts_with("POST /hook?key=in-the-address "), "{line}");
    loop {
        line.clear();
        reader.read_line(&mut line).expect("header");
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut request = Received {
        headers,
        body: String::new(),
    };
    let mut body = vec![0; request.header("content-length").parse().expect("length")];
    reader.read_exact(&mut body).expect("body");
    request.body = String::from_utf8(body).expect("UTF-8");
    Some(request)
}

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
}

/// How a mail server is reached.
pub(crate) enum Door {
    Plain,
    /// TLS from the first byte.
    Tls(Identity),
    /// Plain first; mail is taken after `STARTTLS` and a login only.
    StartTls(Identity),
}

/// The account that [`Door::StartTls`] asks for.
pub(crate) const LOGIN: (&str, &str) = ("pinpu", "mail password");

/// A mail server.
pub(crate) struct Post {
    server: Server,
    received: Arc<Mutex<Vec<Mail>>>,
}

struct Taker {
    mail: Mail,
    kept: Arc<Mutex<Vec<Mail>>>,
    refusals: Arc<Mutex<u32>>,
}

impl Handler for Taker {
    fn auth_plain(&mut self, _authorization: &str, user: &str, password: &str) -> Response {
        if (user, password) == LOGIN {
            response::AUTH_OK
        } else {
            response::INVALID_CREDENTIALS
        }
    }

    fn data_start(&mut self, _domain: &str, from: &str, _is8bit: bool, to: &[String]) -> Response {
        let mut left = self.refusals.lock().expect("not poisoned");
        if *left > 0 {
            *left -= 1;
            return response::NO_SERVICE;
        }
        self.mail = Mail {
            from: from.to_owned(),
            to: to.to_vec(),
            text: String::new(),
        };
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.mail.text.push_str(&String::from_utf8_lossy(line));
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.kept
            .lock()
            .expect("not poisoned")
            .push(std::mem::take(&mut self.mail));
        response::OK
    }
}

impl Post {
    /// Refuses so many mails first.
    pub(crate) fn start(refused: u32) -> Self {
        Self::behind(Door::Plain, refused)
    }

    pub(crate) fn behind(door: Door, refused: u32) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let refusals = Arc::new(Mutex::new(refused));
        let server = Server::start(move |stream| {
            let taker = Taker {
                mail: Mail::default(),
                kept: Arc::clone(&kept),
                refusals: Arc::clone(&refusals),
            };
            match &door {
                Door::Plain => talk(Box::new(stream), None, taker),
                Door::Tls(identity) => talk(identity.accept(stream), None, taker),
                Door::StartTls(identity) => {
                    let later = stream.try_clone().expect("socket");
                    talk(
                        Box::new(stream),
                        Some(&|| identity.accept(later.try_clone().expect("socket"))),
                        taker,
                    );
                }
            }
        });
        Self { server, received }
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.address.port()
    }

    /// Nothing came.
    pub(crate) fn is_empty(&self) -> bool {
        self.received.lock().expect("not poisoned").is_empty()
    }

    pub(crate) fn wait_for(&self, count: usize) -> Vec<Mail> {
        wait_for(&self.received, count)
    }
}

/// One conversation; `upgrade` gives the encrypted connection that follows `STARTTLS`.
fn talk(stream: Box<dyn Wire>, upgrade: Option<&dyn Fn() -> Box<dyn Wire>>, taker: Taker) {
    let mut builder = SessionBuilder::new("mail.test");
    if upgrade.is_some() {
        builder.enable_start_tls().enable_auth(AuthMechanism::Plain);
    }
    let mut session = builder.build(IpAddr::from([127, 0, 0, 1]), taker);
    let mut wire = BufReader::new(stream);
    session.greeting().write_to(wire.get_mut()).expect("greeting");
    wire.get_mut().flush().expect("greeting");
    let mut line = Vec::new();
    while wire.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let answer = session.process(&line);
        line.clear();
        match answer.action {
            Action::Reply => answer.write_to(wire.get_mut()).expect("answered"),
            Action::NoReply => {}
            Action::UpgradeTls => {
                answer.write_to(wire.get_mut()).expect("answered");
                wire = BufReader::new(upgrade.expect("only where it is offered")());
                session.tls_active();
            }
            _ => {
                let _ = answer.write_to(wire.get_mut());
                let _ = wire.get_mut().flush();
                return;
            }
        }
        if wire.get_mut().flush().is_err() {
            return;
        }
    }
}

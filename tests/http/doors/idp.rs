//! An identity provider of the test's own, over HTTP. It keeps to the rules, refuses who does not, and signs tokens that are
//! wrong in one point each when it is told to.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use ring::{
    digest, hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Map, Value, json};

/// Name and password of the service at this provider.
pub(super) const CLIENT: (&str, &str) = ("pinpu", "a secret of the client");
/// The only address it sends people back to.
pub(super) const REDIRECT: &str = "http://127.0.0.1:7373/api/v1/sessions/oidc/callback";

/// What is wrong with the next tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Nothing,
    AlgorithmNone,
    Unsigned,
    PublicKeyAsSecret,
    ClientSecretAsKey,
    OtherKey,
    UnknownKey,
    Tampered,
    Issuer,
    Audience,
    MoreAudiences,
    AuthorisedParty,
    Nonce,
    NoNonce,
    Expired,
    NoExpiry,
    NotYetValid,
    IssuedInTheFuture,
    AccessTokenHash,
    NoToken,
}

struct Grant {
    nonce: String,
    challenge: String,
}

#[derive(Default)]
struct Kept {
    grants: BTreeMap<String, Grant>,
    codes: u32,
    refused: Vec<&'static str>,
    /// Questions by path.
    asked: Vec<String>,
    metadata: Map<String, Value>,
    claims: Map<String, Value>,
    /// What it says about the person beside the token.
    person: Map<String, Value>,
    wrong: Option<Wrong>,
}

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: &str) -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("key");
        Self {
            id: id.to_owned(),
            pair: EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("key"),
        }
    }

    fn public(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": text(x), "y": text(y)})
    }

    fn sign(&self, message: &str) -> Vec<u8> {
        let signed = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        signed.expect("signed").as_ref().to_vec()
    }
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The provider, answering until it is dropped.
pub(super) struct Idp {
    pub(super) issuer: String,
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    key: Arc<Mutex<Key>>,
    over: Arc<AtomicBool>,
}

impl Idp {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let address = listener.local_addr().expect("address");
        let idp = Self {
            issuer: format!("http://{address}"),
            address,
            kept: Arc::default(),
            key: Arc::new(Mutex::new(Key::new("first"))),
            over: Arc::default(),
        };
        let (issuer, kept, key, over) = (
            idp.issuer.clone(),
            Arc::clone(&idp.kept),
            Arc::clone(&idp.key),
            Arc::clone(&idp.over),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { return };
                answer(stream, &issuer, &kept, &key.lock().expect("key"));
            }
        });
        idp
    }

    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.kept.lock().expect("sound"))
    }

    /// The next tokens are wrong in this.
    pub(super) fn be_wrong(&self, wrong: Wrong) {
        self.with(|kept| kept.wrong = Some(wrong));
    }

    /// The next tokens say this of the person.
    pub(super) fn say(&self, claims: &Value) {
        self.with(|kept| kept.claims = claims.as_object().expect("object").clone());
    }

    /// It says this of the person to who asks with the access token, and nothing in the token but who it is.
    pub(super) fn say_elsewhere(&self, person: &Value) {
        self.announce("userinfo_endpoint", json!(format!("{}/person", self.issuer)));
        self.say(&json!({"preferred_username": null}));
        self.with(|kept| kept.person = person.as_object().expect("object").clone());
    }

    /// It says this of itself beside the rest.
    pub(super) fn announce(&self, name: &str, value: Value) {
        self.with(|kept| kept.metadata.insert(name.to_owned(), value));
    }

    /// From now on it signs with another key, and knows the old one no more.
    pub(super) fn change_key(&self, id: &str) {
        *self.key.lock().expect("key") = Key::new(id);
    }

    /// What it refused since it was asked last, and why.
    pub(super) fn refused(&self) -> Vec<&'static str> {
        self.with(|kept| std::mem::take(&mut kept.refused))
    }

    /// How often a path was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.with(|kept| kept.asked.iter().filter(|asked| *asked == path).count())
    }

    /// The person says yes: where the browser is sent to, or nothing where the provider refuses what it was sent with.
    pub(super) fn agree(&self, url: &str) -> Option<BTreeMap<String, String>> {
        let answer = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .new_agent()
            .get(url)
            .call()
            .expect("an answer");
        let location = answer.headers().get("location")?.to_str().expect("text").to_owned();
        let (to, query) = location.split_once('?').expect("a query");
        assert_eq!(to, REDIRECT, "to the letter");
        Some(fields(query))
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.over.store(true, Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// The fields of a form or query.
pub(super) fn fields(query: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let hex: Vec<u8> = rest.by_ref().take(2).collect();
                    u8::from_str_radix(std::str::from_utf8(&hex).expect("hex"), 16).expect("hex")
                }
                other => other,
            });
        }
        String::from_utf8(bytes).expect("text")
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

fn answer(mut stream: TcpStream, issuer: &str, kept: &Mutex<Kept>, key: &Key) {
    let mut reader = BufReader::new(stream.try_clone().expect("clone"));
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    let target = first.split(' ').nth(1).unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut kept = kept.lock().expect("sound");
    kept.asked.push(path.to_owned());
    let (status, more, body) = match path {
        "/.well-known/openid-configuration" => (200, String::new(), metadata(issuer, &kept.metadata)),
        "/keys" => (200, String::new(), json!({"keys": [key.public()]})),
        "/authorize" => match authorise(&fields(query), issuer, &mut kept) {
            Ok(location) => (302, format!("location: {location}\r\n"), Value::Null),
            Err(reason) => refuse(&mut kept, reason),
        },
        "/token" => match token(
            &headers,
            &fields(&String::from_utf8_lossy(&body)),
            issuer,
            &mut kept,
            key,
        ) {
            Ok(answer) => (200, String::new(), answer),
            Err(reason) => refuse(&mut kept, reason),
        },
        "/person"
            if headers
                .get("authorization")
                .is_some_and(|bearer| bearer == "Bearer an access token") =>
        {
            (200, String::new(), Value::Object(kept.person.clone()))
        }
        _ => (404, String::new(), Value::Null),
    };
    let body = body.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

fn refuse(kept: &mut Kept, reason: &'static str) -> (u16, String, Value) {
    kept.refused.push(reason);
    let body = json!({"error": "invalid_grant", "error_description": reason});
    (400, String::new(), body)
}

fn metadata(issuer: &str, more: &Map<String, Value>) -> Value {
    let mut all = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // A provider that offers what must not be taken.
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        "code_challenge_methods_supported": ["S256"],
    });
    let members = all.as_object_mut().expect("object");
    members.extend(more.clone());
    all
}

fn authorise(asked: &BTreeMap<String, String>, issuer: &str, kept: &mut Kept) -> Result<String, &'static str> {
    let of = |name: &str| asked.get(name).map_or("", String::as_str);
    let scopes: BTreeSet<&str> = of("scope").split(' ').collect();
    for (holds, reason) in [
        (of("response_type") == "code", "not the code flow"),
        (of("client_id") == CLIENT.0, "another client"),
        (of("redirect_uri") == REDIRECT, "another redirect"),
        (scopes == BTreeSet::from(["openid", "profile"]), "other scopes"),
        (of("code_challenge_method") == "S256", "no PKCE with S256"),
        (of("code_challenge").len() == 43, "no challenge"),
        (of("state").len() >= 32, "a short state"),
        (of("nonce").len() >= 32, "a short nonce"),
    ] {
        if !holds {
            return Err(reason);
        }
    }
    kept.codes += 1;
    let code = format!("code-{}", kept.codes);
    let grant = Grant {
        nonce: of("nonce").to_owned(),
        challenge: of("code_challenge").to_owned(),
    };
    kept.grants.insert(code.clone(), grant);
    let issuer = issuer.replace(':', "%3A").replace('/', "%2F");
    Ok(format!("{REDIRECT}?code={code}&state={}&iss={issuer}", of("state")))
}

fn token(
    headers: &BTreeMap<String, String>,
    asked: &BTreeMap<String, String>,
    issuer: &str,
    kept: &mut Kept,
    key: &Key,
) -> Result<Value, &'static str> {
    let of = |name: &str| asked.get(name).map_or("", String::as_str);
    // RFC 6749 section 2.3.1: name and password are encoded as in forms first.
    let login = format!("{}:{}", CLIENT.0, CLIENT.1.replace(' ', "+"));
    let expected = format!("Basic {}", BASE64_STANDARD.encode(login));
    if headers.get("authorization") != Some(&expected) {
        return Err("another client");
    }
    let grant = kept.grants.remove(of("code")).ok_or("no such code, or it was used")?;
    let digest = digest::digest(&digest::SHA256, of("code_verifier").as_bytes());
    if text(digest.as_ref()) != grant.challenge {
        return Err("another verifier");
    }
    if of("redirect_uri") != REDIRECT || of("grant_type") != "authorization_code" {
        return Err("another redirect");
    }
    let wrong = kept.wrong.unwrap_or(Wrong::Nothing);
    let mut answer = json!({"access_token": "an access token", "token_type": "Bearer", "expires_in": 60});
    if wrong != Wrong::NoToken {
        answer["id_token"] = signed(&claims(wrong, &grant, issuer, &kept.claims), wrong, key).into();
    }
    Ok(answer)
}

fn claims(wrong: Wrong, grant: &Grant, issuer: &str, person: &Map<String, Value>) -> Value {
    let now = jiff::Timestamp::now().as_second();
    let hash = digest::digest(&digest::SHA256, b"an access token");
    let mut claims = json!({
        "iss": issuer, "sub": "person-1", "aud": CLIENT.0, "azp": CLIENT.0, "nonce": grant.nonce,
        "iat": now, "exp": now + 300, "at_hash": text(&hash.as_ref()[..16]), "preferred_username": "civil",
    });
    let members = claims.as_object_mut().expect("object");
    members.extend(person.clone());
    members.retain(|_, value| !value.is_null());
    let (name, value) = match wrong {
        Wrong::Issuer => ("iss", json!("http://127.0.0.1:1")),
        Wrong::Audience => ("aud", json!("another service")),
        Wrong::MoreAudiences => ("aud", json!([CLIENT.0, "another service"])),
        Wrong::AuthorisedParty => ("azp", json!("another service")),
        Wrong::Nonce => ("nonce", json!("another nonce that is as long as the right one")),
        Wrong::NoNonce => ("nonce", Value::Null),
        Wrong::Expired => ("exp", json!(now - 120)),
        Wrong::NoExpiry => ("exp", Value::Null),
        Wrong::NotYetValid => ("nbf", json!(now + 600)),
        Wrong::IssuedInTheFuture => ("iat", json!(now + 600)),
        // With it they would be refused for want of a key to hash by.
        Wrong::PublicKeyAsSecret | Wrong::ClientSecretAsKey => ("at_hash", Value::Null),
        Wrong::AccessTokenHash => ("at_hash", json!(text(&[0; 16]))),
        _ => return claims,
    };
    members.remove(name);
    if !value.is_null() {
        members.insert(name.to_owned(), value);
    }
    claims
}

fn signed(claims: &Value, wrong: Wrong, key: &Key) -> String {
    let (algorithm, id) = match wrong {
        Wrong::AlgorithmNone => ("none", key.id.as_str()),
        Wrong::PublicKeyAsSecret | Wrong::ClientSecretAsKey => ("HS256", key.id.as_str()),
        Wrong::UnknownKey => ("ES256", "nobody's"),
        _ => ("ES256", key.id.as_str()),
    };
    let header = json!({"alg": algorithm, "kid": id, "typ": "JWT"}).to_string();
    let message = format!("{}.{}", text(header.as_bytes()), text(claims.to_string().as_bytes()));
    let shared = |secret: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
    };
    let signature = match wrong {
        Wrong::AlgorithmNone | Wrong::Unsigned => Vec::new(),
        Wrong::PublicKeyAsSecret => shared(key.pair.public_key().as_ref()),
        Wrong::ClientSecretAsKey => shared(CLIENT.1.as_bytes()),
        Wrong::OtherKey | Wrong::UnknownKey => Key::new("other").sign(&message),
        _ => key.sign(&message),
    };
    if wrong == Wrong::Tampered {
        let mut claims = claims.clone();
        claims["preferred_username"] = json!("admin");
        let claims = text(claims.to_string().as_bytes());
        return format!("{}.{claims}.{}", text(header.as_bytes()), text(&signature));
    }
    format!("{message}.{}", text(&signature))
}

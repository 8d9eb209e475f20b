//! Who is calling, and whether the permission table lets them through: one layer in front of every handler.
//!
//! The operation is found by method and matched route in the OpenAPI document, its row in
//! `service::auth::permissions`. No row, no answer. The layer also refuses what a foreign web page could cause: writes
//! with another `Origin`, and, on a demo without login, requests to a host name that is not this machine's.

use std::{
    borrow::Cow,
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use utoipa::openapi::{OpenApi, path::PathItem};

use super::{
    AppState,
    error::{Problem, Result},
    noted,
    proof::Proof,
};
use crate::{
    Error,
    registry::disclosure::Audience,
    service::{
        auth::permissions,
        change::Asking,
        disclosure::View,
        sessions::Principal,
        tokens::{PREFIX, TokenScope},
    },
};

/// Name of the session cookie.
pub const COOKIE: &str = "pinpu_session";

/// Operation ids by method and route.
#[derive(Debug)]
pub struct Operations(HashMap<(Method, String), String>);

impl Operations {
    /// Reads them off the document.
    #[must_use]
    pub fn of(document: &OpenApi) -> Self {
        let mut operations = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, id) in methods(item) {
                operations.insert((method, path.clone()), id);
            }
        }
        Self(operations)
    }

    fn find(&self, method: &Method, route: &str) -> Option<&str> {
        let method = if method == Method::HEAD {
            Method::GET
        } else {
            method.clone()
        };
        self.0.get(&(method, route.to_owned())).map(String::as_str)
    }

    /// The methods of a route, as the `Allow` header says them; nothing for a route that is not in the document.
    fn allowed(&self, route: &str) -> Option<HeaderValue> {
        let mut methods: Vec<&str> = self
            .0
            .keys()
            .filter(|(_, known)| known == route)
            .map(|(method, _)| method.as_str())
            .collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        HeaderValue::from_str(&methods.join(", "))
            .ok()
            .filter(|_| !methods.is_empty())
    }
}

fn methods(item: &PathItem) -> impl Iterator<Item = (Method, String)> {
    let operations = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| {
        operation
            .as_ref()
            .and_then(|operation| operation.operation_id.clone())
            .map(|id| (method, id))
    })
}

/// Whoever passed the permission table.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<Principal>);

impl Caller {
    /// The registry and the findings as this caller may know them.
    pub(super) fn view(&self, state: &AppState) -> Result<Arc<View>> {
        Ok(state.registry.view(self.audience())?)
    }

    /// The caller as somebody who asks now.
    pub(super) fn asking(&self) -> Asking<'_> {
        Asking {
            actor: &self.0.user,
            role: self.0.role,
            organisation: &self.0.organisation,
            now: Timestamp::now(),
        }
    }

    /// Whose classified records the caller reads.
    pub(super) fn audience(&self) -> Audience {
        permissions::audience(self.0.role)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthenticated)
    }
}

/// Address of the caller: that of the connection, or what a trusted proxy on this machine says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// The caller is a program on this machine, and not somebody behind a proxy.
    pub local: bool,
}

impl FromRequestParts<AppState> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let address = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip().to_canonical());
        let Some(address) = address else {
            return Err(Problem::from_status(StatusCode::INTERNAL_SERVER_ERROR));
        };
        let forwarded = parts.headers.get("x-forwarded-for");
        let local = address.is_loopback() && forwarded.is_none() && !parts.headers.contains_key("forwarded");
        let told = forwarded
            .filter(|_| state.config.trust_proxy && address.is_loopback())
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Ok(Self {
            address: told.unwrap_or(address),
            local,
        })
    }
}

/// The layer.
pub async fn authorise(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&state, &parts).await {
        Ok((operation, caller)) => {
            let caller = caller.map(Arc::new);
            if let Some(caller) = &caller {
                parts.extensions.insert(Caller(Arc::clone(caller)));
            }
            let request = Request::from_parts(parts, body);
            noted::run(&state, operation, caller.as_deref(), request, next).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// The operation, and who asks for it.
async fn admit<'s>(state: &'s AppState, request: &Parts) -> Result<(&'s str, Option<Principal>)> {
    let headers = &request.headers;
    if !request.method.is_safe() && !same_origin(headers) {
        return Err(foreign_origin());
    }
    if state.config.demo && !names_this_machine(headers, &request.uri) {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "forbidden",
            "演示模式仅接受 localhost 或 127.0.0.1 的请求。",
            "The demo answers at localhost and 127.0.0.1 only.",
        ));
    }
    let route = request.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let Some(operation) = state.operations.find(&request.method, route) else {
        return Err(match state.operations.allowed(route) {
            Some(allow) => Problem::from_status(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, allow),
            None => {
                tracing::error!(route, "a route without an operation id is denied to everybody");
                denied("-", "use an operation that has no permissions")
            }
        });
    };
    let access = permissions::access(operation);
    let caller = match Proof::of(request) {
        Some(proof) => proof.owner(state).await?,
        None => None,
    };
    let caller = caller.or_else(|| state.config.demo.then(Principal::demo));
    if let Some(caller) = &caller
        && caller.scope == Some(TokenScope::Read)
        && access != Some(permissions::Access::Public)
        && !permissions::reads_only(operation, request.method.is_safe())
    {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "此令牌只能读取：请换用 scope 为 full 的令牌。",
            "This token may only read: use one with the scope 'full'.",
        ));
    }
    match access {
        None => Err(denied("-", "use an operation that has no permissions")),
        Some(access) if access.allows(caller.as_ref().map(|caller| caller.role)) => Ok((operation, caller)),
        Some(_) => match caller {
            None => Err(Problem::unauthenticated()),
            Some(caller) => Err(denied(caller.role.name(), "do this")),
        },
    }
}

fn denied(role: &str, action: &'static str) -> Problem {
    Error::Forbidden {
        role: role.to_owned(),
        action,
    }
    .into()
}

/// The session token of a request: a bearer token, a token as the password of HTTP Basic, or the cookie.
pub(super) fn token(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let authorised = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorised.and_then(authorised_token);
    token.or_else(|| cookie_of(headers, COOKIE).map(Cow::Borrowed))
}

/// The value of a cookie.
pub(super) fn cookie_of<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })
}

fn authorised_token(value: &str) -> Option<Cow<'_, str>> {
    let (scheme, given) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Cow::Borrowed(given.trim()));
    }
    // Calendars and the like know nothing but names and passwords. A person's password is not taken this way.
    let plain = BASE64_STANDARD.decode(given.trim()).ok()?;
    let (_, password) = std::str::from_utf8(&plain).ok()?.split_once(':')?;
    let is_token = scheme.eq_ignore_ascii_case("basic") && password.starts_with(PREFIX);
    is_token.then(|| Cow::Owned(password.to_owned()))
}

/// Whether the request was caused by one of our own pages, or by a program that sends no `Origin`.
pub(super) fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let origin = origin.to_str().unwrap_or("");
    let authority = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    !host.is_empty() && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

pub(super) fn foreign_origin() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "请求来自其他网站，已拒绝。",
        "The request was caused by another web site and is refused.",
    )
}

/// Guards a demo without login against web pages that point their own name at this machine.
fn names_this_machine(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| uri.authority().map(|a| a.as_str()));
    let Some(host) = host else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().expect("value")))
            .collect()
    }

    #[test]
    fn tokens_come_from_the_cookie_or_the_header() {
        assert_eq!(
            token(&headers(&[("cookie", "a=b; pinpu_session=xyz; c=d")])),
            Some("xyz".into())
        );
        // `x:pinpu_abc`, and `x:a person's password`.
        let basic = |text: &str| token(&headers(&[("authorization", text)])).map(Cow::into_owned);
        assert_eq!(basic("Basic eDpwaW5wdV9hYmM="), Some("pinpu_abc".into()));
        assert_eq!(basic("Basic eDphIHBlcnNvbidzIHBhc3N3b3Jk"), None);
        assert_eq!(
            token(&headers(&[
                ("authorization", "bearer abc"),
                ("cookie", "pinpu_session=xyz")
            ])),
            Some("abc".into())
        );
        assert_eq!(
            token(&headers(&[
                ("authorization", "Basic abc"),
                ("cookie", "xpinpu_session=xyz")
            ])),
            None
        );
    }

    #[test]
    fn other_web_sites_are_recognised() {
        for (origin, host, expected) in [
            ("http://localhost:8080", "localhost:8080", true),
            ("https://pinpu.example", "pinpu.example", true),
            ("https://evil.example", "pinpu.example", false),
            ("http://localhost:8081", "localhost:8080", false),
            ("null", "localhost:8080", false),
            ("https://pinpu.example.evil", "pinpu.example", false),
        ] {
            assert_eq!(
                same_origin(&headers(&[("origin", origin), ("host", host)])),
                expected,
                "{origin}"
            );
        }
        assert!(same_origin(&headers(&[("host", "x")])), "programs send no Origin");
    }

    #[test]
    fn only_names_of_this_machine_reach_a_demo() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1:8080", true),
            ("127.1.2.3", true),
            ("[::1]:8080", true),
            ("evil.example:8080", false),
            ("192.168.1.2:8080", false),
            ("localhost.evil.example", false),
            ("", false),
        ] {
            assert_eq!(
                names_this_machine(&headers(&[("host", host)]), &Uri::from_static("/")),
                expected,
                "{host}"
            );
        }
    }
}

//! What every answer wears: request id, security headers, and problem details where it is not a success.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    error::Problem,
    language::{self, Language},
};

/// Header with the key of the request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The key of a request, in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// Outermost layer: numbers the request, runs it, dresses the answer.
pub async fn dress(mut request: Request, next: Next) -> Response {
    let id: Arc<str> = format!("{:032x}", rand::random::<u128>()).into();
    let language = language::negotiate(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    request.extensions_mut().insert(language);
    let started = std::time::Instant::now();
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Arc<Problem>>();
    if problem.is_some() || is_bare_error(&response) {
        let problem = problem.unwrap_or_else(|| Arc::new(Problem::from_status(response.status())));
        response = write_problem(response, &problem, &id, language);
        log_problem(&problem, &id);
    }
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    metrics::counter!("http_requests_total", "method" => method_label(&method), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("http_request_duration_seconds").record(elapsed.as_secs_f64());
    tracing::debug!(request_id = %id, %method, path, status, elapsed_ms = elapsed.as_secs_f64() * 1e3, "answered");
    secure(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Methods people may invent must not become metric labels.
fn method_label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// An error which some layer answered in plain text or without a word; answers in JSON were meant.
fn is_bare_error(response: &Response) -> bool {
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    is_error && kind != b"application/json" && kind != b"application/problem+json"
}

fn log_problem(problem: &Problem, id: &str) {
    if problem.status.is_server_error() {
        let cause = problem.cause().map_or_else(|| "no cause given".to_owned(), chain);
        tracing::error!(
            request_id = id,
            status = problem.status.as_u16(),
            cause,
            "request failed"
        );
    }
}

/// An error and what is behind it, in one line.
fn chain(error: &(dyn std::error::Error + Send + Sync)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

fn write_problem(old: Response, problem: &Problem, id: &str, language: Language) -> Response {
    let mut response = (problem.status, axum::Json(problem.body(id, language))).into_response();
    let headers = response.headers_mut();
    for name in [header::ALLOW, header::SET_COOKIE] {
        if let Some(value) = old.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    for (name, value) in problem.headers() {
        headers.insert(name.clone(), value.clone());
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response
}

/// Only our own scripts, styles and images; no framing, no sniffing, no referrer.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; font-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

fn secure(headers: &mut axum::http::HeaderMap) {
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CONTENT_SECURITY_POLICY),
        );
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(self)",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

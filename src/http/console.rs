//! The console and the page that explains the API: files built from `web/`, embedded in the binary.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::error::Problem;

/// The built console. In development builds the files are read from the folder at every request.
#[derive(rust_embed::RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

/// The reader of the API document needs nothing from elsewhere and no inline code.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Everything that is not an API route.
pub(super) async fn fallback(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Problem::from_status(StatusCode::NOT_FOUND).into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let allow = HeaderValue::from_static("GET, HEAD");
        return Problem::from_status(StatusCode::METHOD_NOT_ALLOWED)
            .header(header::ALLOW, allow)
            .into_response();
    }
    if path == "docs" {
        let mut response = file("docs.html").unwrap_or_else(|| not_built("the page that explains the API"));
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
        return response;
    }
    if path.is_empty() || path == "index.html" {
        return file("index.html").unwrap_or_else(|| not_built("the console"));
    }
    if let Some(response) = file(path) {
        return response;
    }
    // A deep link into the console, not a file that is missing.
    let is_page = !path.rsplit('/').next().unwrap_or("").contains('.');
    if is_page && let Some(response) = file("index.html") {
        return response;
    }
    Problem::from_status(StatusCode::NOT_FOUND).into_response()
}

fn file(path: &str) -> Option<Response> {
    let file = Files::get(path)?;
    let mut response = Response::new(Body::from(file.data.into_owned()));
    let kind = match file.metadata.mimetype() {
        text if text.starts_with("text/") || text == "application/javascript" => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    };
    // Names of built assets carry a hash of their content.
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&kind).ok()?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    Some(response)
}

/// A page that says how to get the real one.
fn not_built(what: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Pinpu</title>\n<h1>Pinpu 频谱</h1>\n\
         <p>The service runs, but {what} is not part of this build. Build it and start again:</p>\n\
         <pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build\ncargo build</pre>\n\
         <p>服务已运行，但此程序未包含网页。请执行以上命令后重新启动。</p>\n\
         <p><a href=\"/openapi.json\">/openapi.json</a> describes the API.</p>\n</html>\n"
    );
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        html,
    )
        .into_response()
}

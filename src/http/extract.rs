//! Reading requests: path, query, JSON and the conditional headers, each failing as a [`Problem`].

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{StatusCode, Uri, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::error::Problem;
use crate::units::{Band, Hertz};

/// Query parameters. Unknown keys are errors when the type denies them; `key=` counts as not given.
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let given: Vec<&str> = parts
            .uri
            .query()
            .unwrap_or("")
            .split('&')
            .filter(|pair| pair.split_once('=').is_some_and(|(_, value)| !value.is_empty()) || !pair.contains('='))
            .filter(|pair| !pair.is_empty())
            .collect();
        let uri: Uri = format!("/?{}", given.join("&"))
            .parse()
            .map_err(|_| Problem::malformed("查询字符串无法解析。", "The query string cannot be read."))?;
        match axum::extract::Query::<T>::try_from_uri(&uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => {
                let text = rejection.body_text();
                let reason = text
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text);
                let reason = shortened(reason);
                let (field, reason) = reason.split_once(": ").unwrap_or(("", &reason));
                let problem = Problem::malformed(
                    format!("查询参数有误：{field} {reason}"),
                    format!("The query is wrong: {field} {reason}"),
                );
                Err(if field.is_empty() {
                    problem
                } else {
                    problem.field(field, reason)
                })
            }
        }
    }
}

/// A JSON body. Members the type does not know are errors when it denies them.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(json) => Ok(Self(json.0)),
            Err(rejection) => Err(json_problem(&rejection)),
        }
    }
}

/// A JSON body with the bytes it was read from, by which a repeated request is recognised.
pub struct JsonBytes<T>(pub Bytes, pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBytes<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        if !kind
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .eq_ignore_ascii_case("application/json")
        {
            return Err(unsupported_media_type("application/json"));
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| Problem::from_status(rejection.status()))?;
        match axum::Json::<T>::from_bytes(&body) {
            Ok(json) => Ok(Self(body, json.0)),
            Err(rejection) => Err(json_problem(&rejection)),
        }
    }
}

fn json_problem(rejection: &JsonRejection) -> Problem {
    let text = rejection.body_text();
    match rejection.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => unsupported_media_type("application/json"),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::from_status(StatusCode::PAYLOAD_TOO_LARGE),
        status => {
            let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason);
            let reason = shortened(reason);
            let (zh, en) = (format!("JSON 有误：{reason}"), format!("The JSON is wrong: {reason}"));
            match status {
                StatusCode::UNPROCESSABLE_ENTITY => Problem::invalid(zh, en),
                _ => Problem::malformed(zh, en),
            }
        }
    }
}

/// The message without what it quotes at length.
fn shortened(reason: &str) -> String {
    const MOST: usize = 300;
    match reason.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}

/// The body has another type than the one asked for.
pub(super) fn unsupported_media_type(wanted: &str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("请以 Content-Type: {wanted} 发送。"),
        format!("Send it with Content-Type: {wanted}."),
    )
}

/// Path parameters.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(path) => Ok(Self(path.0)),
            Err(_) => Err(Problem::from_status(StatusCode::NOT_FOUND)),
        }
    }
}

/// Highest frequency the Radio Regulations know (RR 1.5), hertz.
pub(super) const FREQUENCY_MAX_HZ: i64 = 3_000_000_000_000;

/// The band between two edges; an edge not given is open. Nothing when neither is given.
///
/// # Errors
/// The edges are the wrong way round, or no frequencies (RR 1.5 ends at 3 THz; negative ones are offsets).
pub(super) fn band(low_hz: Option<i64>, high_hz: Option<i64>) -> Result<Option<Band>, Problem> {
    if low_hz.is_none() && high_hz.is_none() {
        return Ok(None);
    }
    let given = [("low_hz", low_hz), ("high_hz", high_hz)];
    let far = given
        .iter()
        .find(|(_, hz)| hz.is_some_and(|hz| hz.unsigned_abs() > FREQUENCY_MAX_HZ.unsigned_abs()));
    if let Some((name, _)) = far {
        return Err(Problem::malformed(
            format!("{name} 应在 ±3 THz 以内（以 Hz 为单位）。"),
            format!("Give a {name} within ±3 THz, in hertz."),
        )
        .field(*name, "beyond 3 THz"));
    }
    let (low, high) = (low_hz.unwrap_or(-FREQUENCY_MAX_HZ), high_hz.unwrap_or(FREQUENCY_MAX_HZ));
    match Band::new(Hertz(low), Hertz(high)) {
        Some(band) if low < high => Ok(Some(band)),
        _ => Err(Problem::malformed(
            format!("low_hz（{low}）应小于 high_hz（{high}）。"),
            format!("Give a low_hz ({low}) below high_hz ({high})."),
        )
        .field("low_hz", "not below high_hz")),
    }
}

/// The version a change is based on, from `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u64);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "请在 If-Match 中给出所读记录的 ETag。",
                "Give the ETag of the record you read in If-Match.",
            ));
        };
        parse_etag(value.to_str().unwrap_or("")).map(Self).ok_or_else(|| {
            Problem::invalid(
                "If-Match 应为所读记录的 ETag，即带引号的版本号，例如 \"3\"。",
                "If-Match takes the ETag of the record you read: its version in quotation marks, such as \"3\".",
            )
        })
    }
}

/// The entity tag of a version: the record's `version` in quotation marks, so that whoever holds the record holds its tag.
#[must_use]
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

fn parse_etag(text: &str) -> Option<u64> {
    text.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        low_hz: Option<i64>,
        q: Option<String>,
    }

    async fn query(text: &str) -> Result<Wanted, Problem> {
        let (mut parts, ()) = axum::http::Request::builder()
            .uri(text)
            .body(())
            .expect("request")
            .into_parts();
        Query::<Wanted>::from_request_parts(&mut parts, &())
            .await
            .map(|query| query.0)
    }

    #[tokio::test]
    async fn empty_values_count_as_not_given_and_unknown_keys_are_named() {
        assert_eq!(
            query("/x?low_hz=&q=").await.expect("empty"),
            Wanted { low_hz: None, q: None }
        );
        let full = query("/x?low_hz=-5&q=a%20b").await.expect("full");
        assert_eq!(
            full,
            Wanted {
                low_hz: Some(-5),
                q: Some("a b".into())
            }
        );
        for bad in ["/x?lo_hz=5", "/x?low_hz=abc", "/x?low_hz=1&low_hz=2", "/x?q"] {
            let problem = query(bad).await.map(|_| ()).err();
            if bad != "/x?q" {
                assert_eq!(problem.expect(bad).status, StatusCode::BAD_REQUEST, "{bad}");
            }
        }
    }

    #[test]
    fn entity_tags_are_read_back() {
        assert_eq!(parse_etag(&etag(7)), Some(7));
        for bad in ["", "*", "7", "\"v7\"", "W/\"7\"", "\"7"] {
            assert_eq!(parse_etag(bad), None, "{bad}");
        }
    }
}

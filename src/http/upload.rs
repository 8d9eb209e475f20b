//! Files as they come and go: the body of an upload up to the configured size, and content to be saved under its name.

use axum::{
    body::to_bytes,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    AppState,
    error::{Problem, Result},
};

/// What the file is called.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FileQuery {
    /// Name of the file, without a path.
    #[param(min_length = 1, max_length = 200)]
    pub name: String,
}

/// The body, up to the size that is configured; a longer one is refused as soon as that is known.
pub(super) async fn content(state: &AppState, request: Request) -> Result<axum::body::Bytes> {
    let most = state.attachments.vault().bytes_max();
    let too_large = || {
        let mib = most >> 20;
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("附件超过上限 {mib} MiB：请截取所需部分或压缩后再传。"),
            format!("The file is larger than {mib} MiB: send the part that matters, or pack it."),
        )
    };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    match to_bytes(request.into_body(), most).await {
        Ok(content) => Ok(content),
        Err(error) if announced.is_some() => {
            tracing::debug!(%error, "a file was cut short");
            Err(Problem::malformed(
                "附件传输中断，请重新上传。",
                "The file was cut short on its way: send it again.",
            ))
        }
        Err(_) => Err(too_large()),
    }
}

/// Content to be saved under a name, and never shown as part of the console's site.
pub(super) fn download(name: &str, content_type: &str, content: Vec<u8>) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    let header_value = |text: &str| HeaderValue::from_str(text).ok();
    if let Some(value) = header_value(content_type) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    if let Some(value) = header_value(&disposition(name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// `attachment` with the name in RFC 8187's form: every byte that is not plainly a letter or digit is escaped.
fn disposition(name: &str) -> String {
    use std::fmt::Write as _;
    let mut text = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("a b.png"), "attachment; filename*=UTF-8''a%20b.png");
        assert_eq!(
            disposition("频\"\r\n;x"),
            "attachment; filename*=UTF-8''%E9%A2%91%22%0D%0A%3Bx"
        );
    }
}

//! Which of the two languages a message is sent in.

use axum::http::{HeaderMap, header};

pub use crate::service::users::Language;

/// The best of the two for an `Accept-Language` header: highest quality wins, the earlier one on a tie, English where
/// neither is asked for.
#[must_use]
pub fn negotiate(headers: &HeaderMap) -> Language {
    let header = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let mut best = (0.0_f32, Language::En);
    for part in header.split(',').take(20) {
        let (tag, quality) = part.split_once(';').unwrap_or((part, "q=1"));
        let quality = quality
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.parse().ok())
            .unwrap_or(0.0_f32);
        let language = match tag.trim().split('-').next().unwrap_or("").to_ascii_lowercase().as_str() {
            "zh" => Language::Zh,
            "en" => Language::En,
            _ => continue,
        };
        if quality.is_finite() && quality > best.0 {
            best = (quality, language);
        }
    }
    best.1
}

/// The text in this language.
#[must_use]
pub fn text_in(language: Language, text: &crate::registry::Text) -> &str {
    match language {
        Language::Zh => &text.zh,
        Language::En => &text.en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_decides_then_order() {
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Zh),
            ("en-US,en;q=0.9,zh;q=0.8", Language::En),
            ("fr, zh-Hans;q=0.3", Language::Zh),
            ("en;q=0.1, zh;q=0.2", Language::Zh),
            ("zh;q=0", Language::En),
            ("zh;q=NaN", Language::En),
            ("", Language::En),
            ("*", Language::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, header.parse().expect("header"));
            assert_eq!(negotiate(&headers), expected, "{header}");
        }
    }
}

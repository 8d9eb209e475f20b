//! SigMF 1.2 metadata: the part we act on, typed; everything else kept as it was found.
//!
//! Knows the text, not the samples. Sample indices are absolute (`core:offset` included) as the specification has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use crate::SampleFormat;

/// Fields of other namespaces, kept.
pub type Extra = BTreeMap<String, Value>;

/// A `.sigmf-meta` document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// What holds for the whole recording.
    pub global: Global,
    /// Stretches of samples recorded under the same conditions, ascending.
    #[serde(default)]
    pub captures: Vec<Capture>,
    /// What somebody saw in it.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
}

/// The `global` object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Global {
    /// Sample format, such as `ci16_le`.
    #[serde(rename = "core:datatype")]
    pub datatype: String,
    /// Samples per second.
    #[serde(rename = "core:sample_rate", default, skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<f64>,
    /// Version of the specification.
    #[serde(rename = "core:version", default)]
    pub version: String,
    /// Interleaved channels; absent means one.
    #[serde(rename = "core:num_channels", default, skip_serializing_if = "Option::is_none")]
    pub num_channels: Option<u64>,
    /// Hash of the data file, hexadecimal.
    #[serde(rename = "core:sha512", default, skip_serializing_if = "Option::is_none")]
    pub sha512: Option<String>,
    /// Index of the first sample of the data file.
    #[serde(
        rename = "core:offset",
        default,
        deserialize_with = "whole",
        skip_serializing_if = "is_zero"
    )]
    pub offset: u64,
    /// In words.
    #[serde(rename = "core:description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who made it.
    #[serde(rename = "core:author", default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Under which licence, as an address.
    #[serde(rename = "core:license", default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The receiver, in words.
    #[serde(rename = "core:hw", default, skip_serializing_if = "Option::is_none")]
    pub hw: Option<String>,
    /// The program that made it.
    #[serde(rename = "core:recorder", default, skip_serializing_if = "Option::is_none")]
    pub recorder: Option<String>,
    /// Name of a data file that does not follow the naming rule.
    #[serde(rename = "core:dataset", default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Bytes behind the samples of such a file.
    #[serde(
        rename = "core:trailing_bytes",
        default,
        deserialize_with = "whole",
        skip_serializing_if = "is_zero"
    )]
    pub trailing_bytes: u64,
    /// Metadata without data.
    #[serde(rename = "core:metadata_only", default, skip_serializing_if = "std::ops::Not::not")]
    pub metadata_only: bool,
    /// Place of the receiver.
    #[serde(rename = "core:geolocation", default, skip_serializing_if = "Option::is_none")]
    pub geolocation: Option<Point>,
    /// Namespaces in use.
    #[serde(rename = "core:extensions", default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A GeoJSON point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Always `Point`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Longitude, latitude (degrees), and altitude in metres where known.
    pub coordinates: Vec<f64>,
}

/// A namespace in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether the recording can be understood without it.
    pub optional: bool,
}

/// A stretch recorded under the same conditions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Capture {
    /// First sample.
    #[serde(rename = "core:sample_start", deserialize_with = "whole")]
    pub sample_start: u64,
    /// Number of that sample in the original stream: a jump is a loss.
    #[serde(
        rename = "core:global_index",
        default,
        deserialize_with = "maybe_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub global_index: Option<u64>,
    /// Centre frequency, hertz.
    #[serde(rename = "core:frequency", default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<f64>,
    /// UTC of the first sample, RFC 3339.
    #[serde(rename = "core:datetime", default, skip_serializing_if = "Option::is_none")]
    pub datetime: Option<String>,
    /// Bytes before the samples, in files that do not follow the specification.
    #[serde(
        rename = "core:header_bytes",
        default,
        deserialize_with = "whole",
        skip_serializing_if = "is_zero"
    )]
    pub header_bytes: u64,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What somebody saw.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Annotation {
    /// First sample.
    #[serde(rename = "core:sample_start", deserialize_with = "whole")]
    pub sample_start: u64,
    /// How many samples; absent: to the end.
    #[serde(
        rename = "core:sample_count",
        default,
        deserialize_with = "maybe_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub sample_count: Option<u64>,
    /// Lower edge, hertz.
    #[serde(rename = "core:freq_lower_edge", default, skip_serializing_if = "Option::is_none")]
    pub freq_lower_edge: Option<f64>,
    /// Upper edge, hertz.
    #[serde(rename = "core:freq_upper_edge", default, skip_serializing_if = "Option::is_none")]
    pub freq_upper_edge: Option<f64>,
    /// Name.
    #[serde(rename = "core:label", default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Remark.
    #[serde(rename = "core:comment", default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The datatype of a format, as SigMF spells it.
#[must_use]
pub fn datatype_of(format: SampleFormat) -> &'static str {
    match format {
        SampleFormat::Cu8 => "cu8",
        SampleFormat::Cs8 => "ci8",
        SampleFormat::Cs16 => "ci16_le",
        SampleFormat::Cf32 => "cf32_le",
    }
}

/// The format of a datatype.
///
/// # Errors
/// A sentence that says what is known, and what to do about what is not.
pub fn format_of(datatype: &str) -> Result<SampleFormat, String> {
    const KNOWN: &str = "known are cu8, ci8, ci16_le and cf32_le";
    match datatype {
        "cu8" | "cu8_le" | "cu8_be" => Ok(SampleFormat::Cu8),
        "ci8" | "ci8_le" | "ci8_be" => Ok(SampleFormat::Cs8),
        "ci16_le" => Ok(SampleFormat::Cs16),
        "cf32_le" => Ok(SampleFormat::Cf32),
        "ci16" | "cf32" => Err(format!(
            "core:datatype '{datatype}' names no byte order: write '{datatype}_le' if it is little-endian"
        )),
        _ if datatype.starts_with('r') => Err(format!(
            "core:datatype '{datatype}' is real, not complex: {KNOWN}; make it I/Q first"
        )),
        _ => Err(format!("unknown core:datatype '{datatype}': {KNOWN}; convert it first")),
    }
}

/// Whole numbers, also as the `0.0` that some programs write.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    maybe_whole(deserializer)?.ok_or_else(|| D::Error::custom("a sample number is missing"))
}

fn maybe_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<serde_json::Number>::deserialize(deserializer)? {
        None => Ok(None),
        Some(number) => whole_number(&number).map(Some).ok_or_else(|| {
            D::Error::custom(format!(
                "{number} is not a sample number: it must be whole and not negative"
            ))
        }),
    }
}

fn whole_number(number: &serde_json::Number) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.as_u64().or_else(|| {
        let value = number.as_f64()?;
        (value.fract() == 0.0 && (0.0..=EXACT).contains(&value)).then_some(value as u64)
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_survives_reading_and_writing_with_fields_we_do_not_know() {
        let text = r#"{"global":{"core:datatype":"cu8","core:sample_rate":250000.0,"core:version":"1.2.0","x:y":[1]},
            "captures":[{"core:sample_start":0.0,"core:frequency":433920000.0,"x:z":"kept"}],
            "annotations":[{"core:sample_start":5,"core:sample_count":7,"core:label":"a"}]}"#;
        let read: Metadata = serde_json::from_str(text).unwrap();
        assert_eq!(read.captures[0].sample_start, 0);
        let again: Metadata = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(read, again);
        assert_eq!(again.global.extra["x:y"], serde_json::json!([1]));
        assert_eq!(again.captures[0].extra["x:z"], "kept");
    }

    #[test]
    fn sample_numbers_must_be_whole() {
        for bad in ["-1", "1.5", "1e300", "\"3\""] {
            let text = format!(r#"{{"core:sample_start":{bad}}}"#);
            assert!(serde_json::from_str::<Capture>(&text).is_err(), "{bad}");
        }
    }

    #[test]
    fn unknown_datatypes_say_what_is_known() {
        for format in [
            SampleFormat::Cu8,
            SampleFormat::Cs8,
            SampleFormat::Cs16,
            SampleFormat::Cf32,
        ] {
            assert_eq!(format_of(datatype_of(format)), Ok(format));
        }
        for (datatype, word) in [
            ("ci16_be", "ci16_le"),
            ("cf64_le", "cf32_le"),
            ("rf32_le", "real"),
            ("ci16", "_le"),
        ] {
            assert!(format_of(datatype).unwrap_err().contains(word), "{datatype}");
        }
    }
}

//! Emission designators (RR Appendix 1): `16K0F3E` = 16 kHz, frequency modulation, one analogue channel, telephony.
//!
//! Grammar: necessary bandwidth in four characters, three digits with one letter H, K, M or G at the place of the
//! decimal point (the first character is never 0, K, M or G); then modulation of the main carrier, nature of the
//! modulating signal, type of information; then optionally details of the signal and nature of multiplexing. Space
//! notices pad the last two with `-`. It is read, not interpreted: only the bandwidth takes part in verdicts.

use std::fmt;

use super::Text;
use crate::units::Hertz;

const MODULATION: &str = "ABCDFGHJKLMNPQRVWX";
const NATURE: &str = "0123789X";
const INFORMATION: &str = "ABCDEFNWX";
const DETAIL: &str = "ABCDEFGHJKLMNWX-";
const MULTIPLEX: &str = "CFNTWX-";

/// A valid emission designator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Designator {
    /// As used: upper case, without surrounding blanks.
    pub text: String,
    /// Necessary bandwidth in thousandths of a hertz, exact.
    pub bandwidth_millihertz: u64,
}

impl Designator {
    /// Necessary bandwidth, rounded up to whole hertz.
    #[must_use]
    pub fn bandwidth(&self) -> Hertz {
        Hertz(self.bandwidth_millihertz.div_ceil(1000) as i64)
    }
}

/// Why a text is no designator, pointing at the character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesignatorError {
    /// What was written, without surrounding blanks.
    pub text: String,
    /// Position of the offending character, from 1; one past the end where something is missing.
    pub position: usize,
    /// What is wrong and what to write.
    pub reason: Text,
}

impl std::error::Error for DesignatorError {}

impl fmt::Display for DesignatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}', character {}: {}", self.text, self.position, self.reason.en)
    }
}

/// Reads a designator; lower case and surrounding blanks are tolerated.
///
/// # Errors
/// The first character that breaks the grammar.
pub fn parse(text: &str) -> Result<Designator, DesignatorError> {
    let text = text.trim().to_uppercase();
    let fail = |position, zh: &str, en: &str| DesignatorError {
        text: text.clone(),
        position,
        reason: Text {
            zh: zh.to_owned(),
            en: en.to_owned(),
        },
    };
    let chars: Vec<char> = text.chars().collect();
    let bandwidth_millihertz = bandwidth(&chars, fail)?;
    for (index, (allowed, zh, en)) in SYMBOLS.iter().enumerate() {
        match chars.get(4 + index) {
            Some(&symbol) if allowed.contains(symbol) => {}
            None if index >= 3 => break,
            _ => return Err(fail(5 + index, zh, en)),
        }
    }
    if chars.len() > 9 {
        return Err(fail(
            10,
            "指配符最多九个字符",
            "a designator has at most nine characters",
        ));
    }
    // X stands for cases the table does not cover. Where the other two symbols are those of a plain covered case,
    // X for the modulation contradicts them.
    if chars[4] == 'X' && chars[5] != 'X' && chars[6] != 'X' {
        let zh = "主载波调制写 X（其他情形）而其余符号为普通情形：请写明调制方式，例如 F3E";
        let en = "X (cases not covered) as modulation beside ordinary symbols: name the modulation, such as F3E";
        return Err(fail(5, zh, en));
    }
    Ok(Designator {
        text,
        bandwidth_millihertz,
    })
}

/// Allowed characters of symbols 1 to 5 and what to say otherwise.
const SYMBOLS: [(&str, &str, &str); 5] = [
    (
        MODULATION,
        "应为主载波调制方式，A–X 之一，例如 F3E 中的 F",
        "expected the modulation of the main carrier, such as the F of F3E",
    ),
    (
        NATURE,
        "应为调制信号的性质，0、1、2、3、7、8、9 或 X",
        "expected the nature of the modulating signal: 0, 1, 2, 3, 7, 8, 9 or X",
    ),
    (
        INFORMATION,
        "应为被发送信息的类型，A–F、N、W 或 X",
        "expected the type of information: A to F, N, W or X",
    ),
    (
        DETAIL,
        "应为信号的详细说明，A–H、J–N、W 或 X",
        "expected the details of the signal: A to H, J to N, W or X",
    ),
    (
        MULTIPLEX,
        "应为复用性质，C、F、N、T、W 或 X",
        "expected the nature of multiplexing: C, F, N, T, W or X",
    ),
];

fn bandwidth(chars: &[char], fail: impl Fn(usize, &str, &str) -> DesignatorError) -> Result<u64, DesignatorError> {
    let (mut letter, mut digits) = (None, 0_u64);
    for index in 0..4 {
        let position = index + 1;
        match chars.get(index) {
            Some('0' | 'K' | 'M' | 'G') if index == 0 => {
                let zh = "首字符不能是 0、K、M 或 G：16 kHz 写作 16K0，400 Hz 写作 400H";
                let en = "the first character is never 0, K, M or G: write 16K0 for 16 kHz, 400H for 400 Hz";
                return Err(fail(position, zh, en));
            }
            Some(&digit @ '0'..='9') => digits = digits * 10 + u64::from(digit as u32 - '0' as u32),
            Some(&unit @ ('H' | 'K' | 'M' | 'G')) if letter.is_none() => letter = Some((index, unit)),
            _ => {
                let zh = "必要带宽应为三位数字加一个字母 H、K、M 或 G，例如 16K0、180K、2M00";
                let en = "the bandwidth is three digits and one letter H, K, M or G, such as 16K0, 180K or 2M00";
                return Err(fail(position, zh, en));
            }
        }
    }
    let Some((index, unit)) = letter else {
        let zh = "必要带宽缺少单位字母 H、K、M 或 G：16 kHz 写作 16K0";
        let en = "the bandwidth lacks its letter H, K, M or G: write 16K0 for 16 kHz";
        return Err(fail(4, zh, en));
    };
    if digits == 0 {
        return Err(fail(2, "必要带宽不能为零", "the necessary bandwidth cannot be zero"));
    }
    let hertz_in_millihertz = match unit {
        'K' => 1_000_000,
        'M' => 1_000_000_000,
        'G' => 1_000_000_000_000,
        _ => 1000,
    };
    // The letter stands where the decimal point is: three digits, 3 - index of them after it.
    Ok(digits * hertz_in_millihertz / 10_u64.pow(3 - index as u32))
}

/// The four characters for a necessary bandwidth, rounded half up to three significant figures.
#[must_use]
pub fn format_bandwidth(millihertz: u64) -> Option<String> {
    if millihertz < 1000 {
        return (millihertz > 0).then(|| format!("H{millihertz:03}"));
    }
    for (unit, scale) in [
        ('H', 1000_u64),
        ('K', 1_000_000),
        ('M', 1_000_000_000),
        ('G', 1_000_000_000_000),
    ] {
        for (decimals, step) in [(2_usize, scale / 100), (1, scale / 10), (0, scale)] {
            let digits = (millihertz + step / 2) / step;
            if digits < 1000 {
                let text = format!("{digits:03}");
                let (whole, part) = text.split_at(3 - decimals);
                return Some(format!("{whole}{unit}{part}"));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_data;

    #[test]
    fn bandwidths_are_read_exactly() {
        for (text, millihertz) in [
            ("H002A1A", 2),
            ("25H3A1A", 25_300),
            ("400HF1B", 400_000),
            ("16K0F3E", 16_000_000),
            ("256KF8EHF", 256_000_000),
            ("2M00P0N", 2_000_000_000),
            ("5G65X7W", 0),
            (" 16k0f3e ", 16_000_000),
            ("1K20G1D--", 1_200_000),
        ] {
            match parse(text) {
                Ok(designator) => assert_eq!(designator.bandwidth_millihertz, millihertz, "{text}"),
                Err(error) => assert!(millihertz == 0 && error.position == 5, "{text}: {error}"),
            }
        }
        assert_eq!(
            parse("6K00XXX").map(|d| d.bandwidth()),
            Ok(Hertz(6000)),
            "all other cases"
        );
    }

    #[test]
    fn a_fault_points_at_its_character() {
        for (text, position) in [
            ("", 1),
            ("K160F3E", 1),
            ("1600F3E", 4),
            ("16KKF3E", 4),
            ("16K0", 5),
            ("16K0E3E", 5),
            ("16K0F4E", 6),
            ("16K0F", 6),
            ("16K0F3Z", 7),
            ("16K0F3EZ", 8),
            ("16K0F3EJFX", 10),
            ("H000A1A", 2),
            ("256K0F8E", 5),
            ("频率F3E", 1),
        ] {
            assert_eq!(parse(text).map_err(|error| error.position), Err(position), "{text}");
        }
    }

    #[test]
    fn published_bandwidth_codes_are_written_and_read_back() {
        let Some(text) = test_data("registry/emission/cfr47_2_202_b3_bandwidth_examples.tsv") else {
            return;
        };
        let mut rows = 0;
        for line in text.lines().skip(1) {
            let mut cells = line.split('\t');
            let hertz: f64 = cells.next().and_then(|cell| cell.parse().ok()).expect("bandwidth");
            let code = cells.next().expect("code");
            let millihertz = (hertz * 1000.0).round() as u64;
            assert_eq!(format_bandwidth(millihertz).as_deref(), Some(code));
            let read = parse(&format!("{code}F3E")).expect("valid").bandwidth_millihertz;
            assert_eq!(format_bandwidth(read).as_deref(), Some(code), "reads back");
            rows += 1;
        }
        assert!(rows >= 15, "{rows} rows");
    }

    #[test]
    fn real_designators_are_accepted_with_their_bandwidth() {
        for (file, bandwidth_column) in [
            ("uls_real_designators.tsv", None),
            ("sm1138_style_examples.tsv", Some(2)),
        ] {
            let Some(text) = test_data(&format!("registry/emission/{file}")) else {
                return;
            };
            for line in text.lines().skip(1) {
                let cells: Vec<&str> = line.split('\t').collect();
                let read = parse(cells[0]).unwrap_or_else(|error| panic!("{file}: {error}"));
                if let Some(column) = bandwidth_column {
                    let hertz: u64 = cells[column].parse().expect("hertz");
                    assert_eq!(read.bandwidth_millihertz, hertz * 1000, "{}", cells[0]);
                }
            }
        }
    }

    #[test]
    fn malformed_designators_are_refused() {
        let Some(text) = test_data("registry/emission/malformed_examples.tsv") else {
            return;
        };
        for line in text.lines().skip(1) {
            let (written, expect) = line.split_once('\t').expect("two columns");
            let result = parse(written);
            assert_eq!(result.is_ok(), expect != "reject", "{written}: {result:?}");
        }
    }
}

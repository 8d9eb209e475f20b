//! Emission designators (RR Appendix 1): `16K0F3E` = 16 kHz, frequency modulation, one analogue channel, telephony.
//!
//! Grammar: necessary bandwidth in four characters, three digits with one letter H, K, M or G at the place of the
//! decimal point (the first character is never 0, K, M or G); then modulation of the main carrier, nature of the
//! modulating signal, type of information; then optionally details of the signal and nature of multiplexing. Space
//! notices pad the last two with `-`. Only the bandwidth takes part in verdicts; [`meaning`] says what each symbol
//! stands for, and [`bandwidth`] works the necessary bandwidth out from the modulating signal.

use std::fmt;

pub mod bandwidth;
pub mod meaning;

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
    /// The symbols behind the bandwidth.
    pub class: Class,
}

/// Class of emission and its optional particulars: the symbols behind the bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Class {
    /// First symbol: modulation of the main carrier.
    pub modulation: char,
    /// Second symbol: nature of the signal or signals modulating the main carrier.
    pub nature: char,
    /// Third symbol: type of information to be transmitted.
    pub information: char,
    /// Fourth symbol: details of the signal or signals.
    pub detail: Option<char>,
    /// Fifth symbol: nature of multiplexing.
    pub multiplex: Option<char>,
}

impl Class {
    /// Reads the symbols without a bandwidth: `F3E`, `G7WDT`, `G1D--`.
    ///
    /// # Errors
    /// The first character that breaks the grammar, counted within `text`.
    pub fn parse(text: &str) -> Result<Self, DesignatorError> {
        let text = text.trim().to_uppercase();
        let chars: Vec<char> = text.chars().collect();
        symbols(&text, &chars, 0)
    }
}

impl fmt::Display for Class {
    /// The symbols, with `-` for a missing fourth one before a fifth.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.modulation, self.nature, self.information)?;
        match (self.detail, self.multiplex) {
            (None, None) => Ok(()),
            (Some(detail), None) => write!(f, "{detail}"),
            (detail, Some(multiplex)) => write!(f, "{}{multiplex}", detail.unwrap_or('-')),
        }
    }
}

/// Writes a designator; nothing for a bandwidth that four characters cannot hold.
#[must_use]
pub fn format(millihertz: u64, class: &Class) -> Option<String> {
    format_bandwidth(millihertz).map(|bandwidth| format!("{bandwidth}{class}"))
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
    let chars: Vec<char> = text.chars().collect();
    let bandwidth_millihertz = width(&chars, |position, zh, en| fault(&text, position, zh, en))?;
    let class = symbols(&text, &chars, 4)?;
    Ok(Designator {
        text,
        bandwidth_millihertz,
        class,
    })
}

fn fault(text: &str, position: usize, zh: &str, en: &str) -> DesignatorError {
    DesignatorError {
        text: text.to_owned(),
        position,
        reason: Text::new(zh, en),
    }
}

/// The symbols that begin after `before` characters.
fn symbols(text: &str, chars: &[char], before: usize) -> Result<Class, DesignatorError> {
    for (index, (allowed, zh, en)) in SYMBOLS.iter().enumerate() {
        match chars.get(before + index) {
            Some(&symbol) if allowed.contains(symbol) => {}
            None if index >= 3 => break,
            _ => return Err(fault(text, before + 1 + index, zh, en)),
        }
    }
    if chars.len() > before + 5 {
        let (zh, en) = (
            "指配符最多九个字符",
            "a designator has at most nine characters: four of bandwidth and five symbols",
        );
        return Err(fault(text, before + 6, zh, en));
    }
    let at = |index: usize| chars.get(before + index).copied();
    let optional = |index| at(index).filter(|&symbol| symbol != '-');
    let class = Class {
        modulation: at(0).unwrap_or('X'),
        nature: at(1).unwrap_or('X'),
        information: at(2).unwrap_or('X'),
        detail: optional(3),
        multiplex: optional(4),
    };
    // X stands for cases the table does not cover. Where the other two symbols are those of a plain covered case,
    // X for the modulation contradicts them.
    if class.modulation == 'X' && class.nature != 'X' && class.information != 'X' {
        let zh = "主载波调制写 X（其他情形）而其余符号为普通情形：请写明调制方式，例如 F3E";
        let en = "X (cases not covered) as modulation beside ordinary symbols: name the modulation, such as F3E";
        return Err(fault(text, before + 1, zh, en));
    }
    Ok(class)
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

fn width(chars: &[char], fail: impl Fn(usize, &str, &str) -> DesignatorError) -> Result<u64, DesignatorError> {
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
mod tests;

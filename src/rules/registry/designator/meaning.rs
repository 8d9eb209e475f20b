//! What the symbols of a class of emission stand for, in the words of RR Appendix 1, in Chinese and English.

use super::{Class, Designator};
use crate::{registry::Text, units::Hertz};

type Meaning = (char, &'static str, &'static str);

/// First symbol: type of modulation of the main carrier (RR Appendix 1, § 5).
const MODULATION: &[Meaning] = &[
    ('N', "未调制载波", "unmodulated carrier"),
    ('A', "双边带", "double-sideband"),
    ('H', "单边带，全载波", "single-sideband, full carrier"),
    (
        'R',
        "单边带，减载波或可变电平载波",
        "single-sideband, reduced or variable level carrier",
    ),
    ('J', "单边带，抑制载波", "single-sideband, suppressed carrier"),
    ('B', "独立边带", "independent sidebands"),
    ('C', "残余边带", "vestigial sideband"),
    ('F', "调频", "frequency modulation"),
    ('G', "调相", "phase modulation"),
    (
        'D',
        "主载波同时或按预定顺序调幅和调角",
        "main carrier amplitude- and angle-modulated, simultaneously or in a pre-established sequence",
    ),
    ('P', "未调制脉冲序列", "sequence of unmodulated pulses"),
    ('K', "脉冲序列，调幅", "sequence of pulses, modulated in amplitude"),
    (
        'L',
        "脉冲序列，调宽（时长）",
        "sequence of pulses, modulated in width or duration",
    ),
    (
        'M',
        "脉冲序列，调位（相位）",
        "sequence of pulses, modulated in position or phase",
    ),
    (
        'Q',
        "脉冲序列，脉冲期间载波调角",
        "sequence of pulses, carrier angle-modulated during the pulse",
    ),
    (
        'V',
        "脉冲序列，上述方式的组合或其他方式",
        "sequence of pulses, a combination of the foregoing or produced by other means",
    ),
    (
        'W',
        "主载波按调幅、调角、脉冲中两种以上方式的组合调制",
        "main carrier modulated in a combination of two or more of amplitude, angle and pulse",
    ),
    ('X', "其他情形", "cases not otherwise covered"),
];

/// Second symbol: nature of the signal or signals modulating the main carrier (§ 6).
const NATURE: &[Meaning] = &[
    ('0', "无调制信号", "no modulating signal"),
    (
        '1',
        "单信道量化或数字信息，不用调制副载波",
        "a single channel of quantized or digital information, without a modulating sub-carrier",
    ),
    (
        '2',
        "单信道量化或数字信息，用调制副载波",
        "a single channel of quantized or digital information, with a modulating sub-carrier",
    ),
    ('3', "单信道模拟信息", "a single channel of analogue information"),
    (
        '7',
        "两个以上信道的量化或数字信息",
        "two or more channels of quantized or digital information",
    ),
    (
        '8',
        "两个以上信道的模拟信息",
        "two or more channels of analogue information",
    ),
    (
        '9',
        "量化或数字信道与模拟信道的复合系统",
        "composite system of quantized or digital channels together with analogue ones",
    ),
    ('X', "其他情形", "cases not otherwise covered"),
];

/// Third symbol: type of information to be transmitted (§ 7).
const INFORMATION: &[Meaning] = &[
    ('N', "不传送信息", "no information transmitted"),
    ('A', "电报（人工收听）", "telegraphy, for aural reception"),
    ('B', "电报（自动接收）", "telegraphy, for automatic reception"),
    ('C', "传真", "facsimile"),
    ('D', "数据传输、遥测、遥令", "data transmission, telemetry, telecommand"),
    ('E', "电话（包括声音广播）", "telephony, including sound broadcasting"),
    ('F', "电视（视频）", "television (video)"),
    ('W', "上述各项的组合", "a combination of the above"),
    ('X', "其他情形", "cases not otherwise covered"),
];

/// Fourth symbol: details of the signal or signals (Appendix 1, supplement).
const DETAIL: &[Meaning] = &[
    (
        'A',
        "二状态码，码元数和/或时长不同",
        "two-condition code with elements of differing numbers and/or durations",
    ),
    (
        'B',
        "二状态码，码元数和时长相同，无纠错",
        "two-condition code with elements of the same number and duration, without error correction",
    ),
    (
        'C',
        "二状态码，码元数和时长相同，有纠错",
        "two-condition code with elements of the same number and duration, with error correction",
    ),
    (
        'D',
        "四状态码，每一状态代表一个信号码元",
        "four-condition code, each condition a signal element",
    ),
    (
        'E',
        "多状态码，每一状态代表一个信号码元",
        "multi-condition code, each condition a signal element",
    ),
    (
        'F',
        "多状态码，每一状态或状态组合代表一个字符",
        "multi-condition code, each condition or combination a character",
    ),
    (
        'G',
        "广播质量的声音（单声道）",
        "sound of broadcasting quality, monophonic",
    ),
    (
        'H',
        "广播质量的声音（立体声或四声道）",
        "sound of broadcasting quality, stereophonic or quadraphonic",
    ),
    ('J', "商用质量的声音", "sound of commercial quality"),
    (
        'K',
        "商用质量的声音，用倒频或频带分割",
        "sound of commercial quality with frequency inversion or band-splitting",
    ),
    (
        'L',
        "商用质量的声音，用单独的调频信号控制解调信号电平",
        "sound of commercial quality with separate frequency-modulated signals controlling the demodulated level",
    ),
    ('M', "黑白", "monochrome"),
    ('N', "彩色", "colour"),
    ('W', "上述各项的组合", "a combination of the above"),
    ('X', "其他情形", "cases not otherwise covered"),
];

/// Fifth symbol: nature of multiplexing (Appendix 1, supplement).
const MULTIPLEX: &[Meaning] = &[
    ('N', "无复用", "none"),
    (
        'C',
        "码分复用（含带宽扩展技术）",
        "code-division multiplex, including bandwidth expansion techniques",
    ),
    ('F', "频分复用", "frequency-division multiplex"),
    ('T', "时分复用", "time-division multiplex"),
    (
        'W',
        "频分复用与时分复用的组合",
        "a combination of frequency- and time-division multiplex",
    ),
    ('X', "其他复用方式", "other types of multiplexing"),
];

/// A symbol with what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// What kind of thing the symbol tells.
    pub title: Text,
    /// The symbol.
    pub symbol: char,
    /// What it stands for.
    pub meaning: Text,
}

/// What the symbols of a class stand for, in the order they are written; missing ones are left out.
#[must_use]
pub fn explain(class: &Class) -> Vec<Symbol> {
    let parts = [
        (
            Some(class.modulation),
            MODULATION,
            "主载波调制方式",
            "modulation of the main carrier",
        ),
        (
            Some(class.nature),
            NATURE,
            "调制信号的性质",
            "nature of the modulating signal",
        ),
        (
            Some(class.information),
            INFORMATION,
            "被发送信息的类型",
            "type of information",
        ),
        (class.detail, DETAIL, "信号的详细说明", "details of the signal"),
        (class.multiplex, MULTIPLEX, "复用性质", "nature of multiplexing"),
    ];
    let explained = parts.into_iter().filter_map(|(symbol, table, zh, en)| {
        let &(symbol, meaning_zh, meaning_en) = table.iter().find(|row| Some(row.0) == symbol)?;
        Some(Symbol {
            title: Text::new(zh, en),
            symbol,
            meaning: Text::new(meaning_zh, meaning_en),
        })
    });
    explained.collect()
}

/// The designator in words: `16 kHz, frequency modulation, a single channel of analogue information, telephony …`.
#[must_use]
pub fn sentence(designator: &Designator) -> Text {
    let width = match designator.bandwidth_millihertz {
        millihertz if millihertz % 1000 == 0 => Hertz((millihertz / 1000) as i64).to_string(),
        millihertz => format!("{} Hz", millihertz as f64 / 1000.0),
    };
    let (mut zh, mut en) = (vec![width.clone()], vec![width]);
    for symbol in explain(&designator.class) {
        zh.push(symbol.meaning.zh);
        en.push(symbol.meaning.en);
    }
    Text::new(zh.join("；"), en.join("; "))
}

//! The vocabulary of radiocommunication services: codes and their names in Chinese and English.
//!
//! Words are those of RR Article 1 and of the Chinese national table, plus a few uses that tables name beside services
//! (ISM, SRD, WLAN, IMT, distress). A row may carry several codes joined by `+`.

use super::Text;

/// (code, Chinese, English), in the order of the national table.
const SERVICES: [(&str, &str, &str); 46] = [
    ("FIXED", "固定", "Fixed"),
    ("MOBILE", "移动", "Mobile"),
    (
        "MOBILE-EX-AERO",
        "移动（航空移动除外）",
        "Mobile except aeronautical mobile",
    ),
    (
        "MOBILE-EX-AERO-R",
        "移动（航空移动（R）除外）",
        "Mobile except aeronautical mobile (R)",
    ),
    ("MOBILE-IMT", "国际移动通信", "Mobile (IMT)"),
    ("LAND-MOBILE", "陆地移动", "Land mobile"),
    ("MARITIME-MOBILE", "水上移动", "Maritime mobile"),
    (
        "MARITIME-MOBILE-DISTRESS",
        "水上移动（遇险和呼叫）",
        "Maritime mobile (distress and calling)",
    ),
    (
        "MARITIME-MOBILE-DSC",
        "水上移动（使用DSC的遇险和安全呼叫）",
        "Maritime mobile (distress and safety calling via DSC)",
    ),
    ("DISTRESS", "遇险和安全", "Distress and safety"),
    ("AERO-MOBILE", "航空移动", "Aeronautical mobile"),
    ("AERO-MOBILE-R", "航空移动（R）", "Aeronautical mobile (R)"),
    ("AERO-MOBILE-OR", "航空移动（OR）", "Aeronautical mobile (OR)"),
    ("BROADCASTING", "广播", "Broadcasting"),
    ("BROADCASTING-SATELLITE", "卫星广播", "Broadcasting-satellite"),
    ("AMATEUR", "业余", "Amateur"),
    ("AMATEUR-SATELLITE", "卫星业余", "Amateur-satellite"),
    ("RADIOLOCATION", "无线电定位", "Radiolocation"),
    ("RADIONAVIGATION", "无线电导航", "Radionavigation"),
    ("AERO-RADIONAVIGATION", "航空无线电导航", "Aeronautical radionavigation"),
    ("MARITIME-RADIONAVIGATION", "水上无线电导航", "Maritime radionavigation"),
    (
        "MARITIME-RADIONAVIGATION-BEACON",
        "水上无线电导航（无线电信标）",
        "Maritime radionavigation (radiobeacons)",
    ),
    ("RADIOASTRONOMY", "射电天文", "Radio astronomy"),
    ("METAIDS", "气象辅助", "Meteorological aids"),
    ("STFS", "标准频率和时间信号", "Standard frequency and time signal"),
    (
        "STFS-SATELLITE",
        "卫星标准频率和时间信号",
        "Standard frequency and time signal-satellite",
    ),
    ("SPACE-OPERATION", "空间操作", "Space operation"),
    ("SPACE-RESEARCH", "空间研究", "Space research"),
    ("SPACE-RESEARCH-DEEP", "空间研究（深空）", "Space research (deep space)"),
    ("SPACE-RESEARCH-PASSIVE", "空间研究（无源）", "Space research (passive)"),
    ("SPACE-RESEARCH-ACTIVE", "空间研究（有源）", "Space research (active)"),
    ("EESS", "卫星地球探测", "Earth exploration-satellite"),
    (
        "EESS-PASSIVE",
        "卫星地球探测（无源）",
        "Earth exploration-satellite (passive)",
    ),
    (
        "EESS-ACTIVE",
        "卫星地球探测（有源）",
        "Earth exploration-satellite (active)",
    ),
    ("METSAT", "卫星气象", "Meteorological-satellite"),
    ("FSS", "卫星固定", "Fixed-satellite"),
    ("MSS", "卫星移动", "Mobile-satellite"),
    ("MMSS", "卫星水上移动", "Maritime mobile-satellite"),
    ("AMSS-R", "卫星航空移动（R）", "Aeronautical mobile-satellite (R)"),
    ("RNSS", "卫星无线电导航", "Radionavigation-satellite"),
    ("RDSS", "卫星无线电测定", "Radiodetermination-satellite"),
    ("INTER-SATELLITE", "卫星间", "Inter-satellite"),
    ("NOT-ALLOCATED", "未划分", "Not allocated"),
    ("ISM", "工业、科学和医疗", "Industrial, scientific and medical"),
    ("SRD", "微功率短距离设备", "Short-range devices"),
    ("WLAN", "无线局域网", "Wireless LAN"),
];

/// Reads a code, or several joined by `+`, or the Chinese or English name; returns the canonical code.
///
/// # Errors
/// The part that is no service, and the nearest code of the vocabulary.
pub fn parse(text: &str) -> Result<String, UnknownService> {
    let mut codes = Vec::new();
    for part in text.split(['+', '＋']) {
        codes.push(find(part.trim()).ok_or_else(|| UnknownService::new(part.trim()))?);
    }
    Ok(codes.join("+"))
}

/// The single services in a canonical code.
pub fn parts(service: &str) -> impl Iterator<Item = &str> {
    service.split('+')
}

/// The name of a canonical code; unknown parts stand as they are.
#[must_use]
pub fn name(service: &str) -> Text {
    let known = |code: &str| SERVICES.iter().find(|entry| entry.0 == code).copied();
    let names = parts(service).map(|code| known(code).unwrap_or((code, code, code)));
    let (zh, en): (Vec<_>, Vec<_>) = names.map(|entry| (entry.1, entry.2)).unzip();
    Text {
        zh: zh.join("、"),
        en: en.join(", "),
    }
}

fn find(text: &str) -> Option<&'static str> {
    let plain = text.replace('(', "（").replace(')', "）");
    let matches = |entry: &&(&str, &str, &str)| {
        entry.0.eq_ignore_ascii_case(text) || entry.1 == plain || entry.2.eq_ignore_ascii_case(text)
    };
    SERVICES.iter().find(matches).map(|entry| entry.0)
}

/// A word that is no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no service of the vocabulary: write a code such as {nearest}")]
pub struct UnknownService {
    /// What was written.
    pub text: String,
    /// The nearest code.
    pub nearest: &'static str,
}

impl UnknownService {
    fn new(text: &str) -> Self {
        let upper = text.to_ascii_uppercase();
        let near = SERVICES.iter().map(|entry| entry.0).max_by(|a, b| {
            let (a, b) = (strsim::jaro_winkler(a, &upper), strsim::jaro_winkler(b, &upper));
            a.total_cmp(&b)
        });
        Self {
            text: text.to_owned(),
            nearest: near.unwrap_or("BROADCASTING"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_names_and_combinations_are_read() {
        for (text, code) in [
            ("BROADCASTING", "BROADCASTING"),
            ("广播", "BROADCASTING"),
            ("land-mobile", "LAND-MOBILE"),
            ("ISM+WLAN", "ISM+WLAN"),
            ("航空移动(R)", "AERO-MOBILE-R"),
            ("固定 + 移动", "FIXED+MOBILE"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(code), "{text}");
        }
        assert_eq!(name("FIXED+MOBILE").zh, "固定、移动");
    }

    #[test]
    fn a_misspelt_code_names_its_neighbour() {
        assert_eq!(parse("BRODCASTING").expect_err("misspelt").nearest, "BROADCASTING");
        assert!(parse("FIXED+").is_err(), "an empty part is no service");
    }
}

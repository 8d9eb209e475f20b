//! Words of the lists of SSRF 3.1 (lists.xsd): what a value has to be for the schema to accept it.

use crate::registry::service;

/// List CAO, tab-separated.
const PLACES: &str = include_str!("places.tsv");

/// List USC: classes of station.
const STATION_CLASSES: &str = "\
AL ALA ALB ALC ALG ALL ALO ALR ALS ALTM ALTO AM AMA APX APX2 AT AX AX2 BC BT DAMS DARS DBS DFSS DGP DHFS \
DLMS DMMS DMSS DTH E1 E2 E3 E4 EA EB EC ED EE EESS EF EG EH EI EJ EK ELT ELT1 EM EMER EMSS EN EO EQ ER ES \
ESV ET EU EV EW EX EY FA FA1 FA2 FAA FAA1 FAA2 FAB FAC FAD FAS FAS1 FAT FAT1 FAT3 FB FB2 FB2A FB2C FB2I FB2J \
FB2K FB2L FB2S FB2T FB4 FB4C FB4I FB4J FB4K FB4S FB4T FB6 FB6C FB6I FB6J FB6K FB6L FB6S FB6T FB7 FB7C FB7J \
FB7T FB8 FB8A FB8C FB8I FB8J FB8L FB8S FB8T FBA FBAT FBBS FBC FBCT FBD FBGS FBI FBJ FBK FBL FBS FBSI FBST \
FBT FC FCA FCA2 FCB FCD FCL FCL2 FCU FCU1 FD FDBS FG FIS FL FLD FLE FLEA FLEB FLEC FLFS FLH FLU FLU1 FLW \
FMA1 FP FR FSS FSSF FX FX1 FX1A FX1C FX1I FX1J FX1K FX1L FX1S FX1T FX2 FX2C FX2I FX2J FX2K FX2L FX2S FX2T \
FX3 FX3C FX3J FX3S FX3T FX5 FXC FXCO FXCT FXD FXDI FXE FXH FXI FXIO FXK FXO FXOC FXOI FXOJ FXOS FXOT FXRP \
FXRX FXS FXSB FXT FXTS GCO GS IAMS IFLM IFSS IMMS IMSS LR LRT MA MAD MAP ME MFL MFL1 MFL2 MFX ML MLD MLP MMS \
MO MO3 MO3C MO3I MO5 MO6 MO6C MO6I MO6L MO6S MO7 MO7C MO7I MO7L MO8 MO8A MO8C MOA MOB MOC MOD MOE MOEA MOEB \
MOEC MOH MOI MOL MOP MOS MOT MOU MOU1 MR MRP MRT MRT2 MS MSC MSD MSP MSR MSS NL NLC NLM NR OD OE OTH PA PL \
PLAN RA RCO RDS RG RLA RLB RLB1 RLB2 RLC RLC2 RLD RLG RLL RLO RLR RLT RLT1 RM RN RNL RNV RPC SA SAR SAR1 SM \
SMB SMD SMRG SN SP SS TA TB TC TD TE TF TG TH TI TJ TK TL TM TN TO TP TQ TR TS TT TU TV TW TX TY TZ UA UB UD \
UE UH UK UM UN UR UT UV UW UY VA WDX WDXT X XC XD XE XM XR XT";

/// List CSN by our codes of services; the others are `Other`.
const SERVICES: [(&str, &str); 34] = [
    ("FIXED", "Fixed Service"),
    ("MOBILE", "Mobile Service"),
    ("MOBILE-EX-AERO", "Mobile Service"),
    ("MOBILE-EX-AERO-R", "Mobile Service"),
    ("MOBILE-IMT", "Mobile Service"),
    ("LAND-MOBILE", "Land Mobile Service"),
    ("MARITIME-MOBILE", "Maritime Mobile Service"),
    ("AERO-MOBILE", "Aeronautical Mobile Service"),
    ("AERO-MOBILE-R", "Aeronautical Mobile (Route) Service"),
    ("AERO-MOBILE-OR", "Aeronautical Mobile (Off Route) Service"),
    ("BROADCASTING", "Broadcasting Service"),
    ("BROADCASTING-SATELLITE", "Broadcasting-Satellite Service"),
    ("AMATEUR", "Amateur Service"),
    ("AMATEUR-SATELLITE", "Amateur-Satellite Service"),
    ("RADIOLOCATION", "Radiolocation Service"),
    ("RADIONAVIGATION", "Radionavigation Service"),
    ("AERO-RADIONAVIGATION", "Aeronautical Radionavigation Service"),
    ("MARITIME-RADIONAVIGATION", "Maritime Radionavigation Service"),
    ("RADIOASTRONOMY", "Radio Astronomy Service"),
    ("METAIDS", "Meteorological Aids Service"),
    ("STFS", "Standard Frequency and Time Signal Service"),
    ("STFS-SATELLITE", "Standard Frequency and Time Signal-Satellite Service"),
    ("SPACE-OPERATION", "Space Operation Service"),
    ("SPACE-RESEARCH", "Space Research Service"),
    ("EESS", "Earth Exploration-Satellite Service"),
    ("EESS-PASSIVE", "Earth Exploration-Satellite (passive)"),
    ("EESS-ACTIVE", "Earth Exploration-Satellite (active)"),
    ("METSAT", "Meteorological-Satellite Service"),
    ("FSS", "Fixed-Satellite Service"),
    ("MSS", "Mobile-Satellite Service"),
    ("MMSS", "Maritime Mobile-Satellite Service"),
    ("AMSS-R", "Aeronautical Mobile-Satellite (R) Service"),
    ("RNSS", "Radionavigation-Satellite Service"),
    ("INTER-SATELLITE", "Inter-Satellite Service"),
];

/// Two-letter codes (ISO 3166) that registers use most, as list CAO has them.
const SHORT: [(&str, &str); 5] = [
    ("CN", "CHN"),
    ("US", "USA"),
    ("CA", "CAN"),
    ("GB", "GBR"),
    ("AU", "AUS"),
];

/// The code of a place by its code or English name.
pub(super) fn place(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let text = SHORT
        .iter()
        .find(|(short, _)| *short == text)
        .map_or(text, |(_, code)| code);
    let places = PLACES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'));
    let mut found = places.filter(|(code, name)| *code == text || name.eq_ignore_ascii_case(text));
    found.next().map(|(code, _)| code)
}

/// The class of station where the list knows it.
pub(super) fn station_class(text: &str) -> Option<&'static str> {
    STATION_CLASSES
        .split_whitespace()
        .find(|class| class.eq_ignore_ascii_case(text.trim()))
}

/// The first service of a code.
pub(super) fn radio_service(code: &str) -> &'static str {
    let first = service::parts(code).next().unwrap_or_default();
    SERVICES
        .iter()
        .find(|(known, _)| *known == first)
        .map_or("Other", |(_, name)| name)
}

/// List CPO: polarization by the letters that registers use.
pub(super) fn polarization(text: &str) -> Option<&'static str> {
    match text.trim() {
        "H" | "Horizontal linear" => Some("Horizontal linear"),
        "V" | "Vertical linear" => Some("Vertical linear"),
        "L" | "CL" | "Left-hand circular" => Some("Left-hand circular"),
        "R" | "CR" | "Right-hand circular" => Some("Right-hand circular"),
        _ => None,
    }
}

/// List CCL: classification by its first letter, or the Chinese word; what is not known is `R`, restricted.
pub(super) fn classification(text: Option<&str>) -> &'static str {
    let Some(text) = text else { return "U" };
    match text.trim() {
        "公开" | "非密" | "非涉密" => "U",
        "秘密" => "C",
        "机密" => "S",
        "绝密" => "T",
        text => ["U", "R", "C", "S", "T"]
            .into_iter()
            .find(|letter| text.to_ascii_uppercase().starts_with(letter))
            .unwrap_or("R"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_code_and_by_name() {
        assert_eq!(
            (place("Canada"), place("CAN"), place("CN")),
            (Some("CAN"), Some("CAN"), Some("CHN"))
        );
        assert_eq!((place("Atlantis"), place("")), (None, None));
        assert_eq!((station_class("bt"), station_class("QQ")), (Some("BT"), None));
        assert_eq!(radio_service("LAND-MOBILE+FIXED"), "Land Mobile Service");
        assert_eq!(
            (
                classification(Some("UA")),
                classification(Some("机密")),
                classification(None)
            ),
            ("U", "S", "U")
        );
    }
}

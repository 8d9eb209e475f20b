//! The columns of the templates: names in both languages, and the unit a header may carry.

use super::extensions::COLUMNS as EXTENSIONS;

/// A column of a template.
pub(crate) struct Column {
    /// Name of the field in reports; the English header.
    pub(crate) field: &'static str,
    /// Other accepted headers, without unit.
    pub(crate) aliases: &'static [&'static str],
    /// Units a header may end with: `freq_mhz`, `频率(MHz)`.
    pub(crate) units: &'static [&'static str],
    /// Whether a file without this column is refused.
    pub(crate) required: bool,
    /// Whether it is a particular of the technical form.
    of_form: bool,
}

const HERTZ: &[&str] = &["hz", "khz", "mhz", "ghz"];
const NONE: &[&str] = &[];

pub(crate) const fn column(field: &'static str, aliases: &'static [&'static str]) -> Column {
    Column {
        field,
        aliases,
        units: NONE,
        required: false,
        of_form: false,
    }
}

pub(crate) const fn required(field: &'static str, aliases: &'static [&'static str]) -> Column {
    Column {
        field,
        aliases,
        units: NONE,
        required: true,
        of_form: false,
    }
}

pub(crate) const fn with_unit(
    field: &'static str,
    aliases: &'static [&'static str],
    units: &'static [&'static str],
) -> Column {
    Column {
        field,
        aliases,
        units,
        required: false,
        of_form: false,
    }
}

const fn of_form(field: &'static str, aliases: &'static [&'static str], units: &'static [&'static str]) -> Column {
    Column {
        field,
        aliases,
        units,
        required: false,
        of_form: true,
    }
}

/// Fields of the forms 国无管表 1, 2, 3, 7 and 13 and of the licence that no field of the model holds: kept as they stand, under
/// their name in the form.
pub(super) const KEPT: [&str; 18] = [
    "频率使用许可证号",
    "波道间隔",
    "业务性质",
    "使用范围",
    "接收频率",
    "发送信息",
    "调制方式",
    "天线类型",
    "射线仰角范围",
    "台站级别",
    "台站地址",
    "功率标志代码",
    "设备出厂号",
    "生产厂家",
    "核发机关",
    "核发日期",
    "组织机构代码",
    "系统代码",
];

/// Columns of the assignment template.
pub(super) const ASSIGNMENTS: &[Column] = &[
    required("id", &["编号", "指配编号", "执照编号", "licence", "license", "key"]),
    required("holder", &["设台单位", "使用单位", "单位", "licensee"]),
    required("station", &["台站名称", "台站", "station_name", "site"]),
    column("call_sign", &["呼号", "callsign"]),
    column("service", &["业务", "业务类型", "无线电业务"]),
    Column {
        field: "freq",
        aliases: &[
            "frequency",
            "频率",
            "发射频率",
            "中心频率",
            "发射中心频率",
            "center",
            "centre",
        ],
        units: HERTZ,
        required: true,
        of_form: false,
    },
    with_unit(
        "bandwidth",
        &["bw", "necessary_bandwidth", "必要带宽", "带宽", "信道带宽"],
        HERTZ,
    ),
    column(
        "designator",
        &["emission", "emission_designator", "发射标识", "发射类别", "发射指配符"],
    ),
    with_unit(
        "tolerance",
        &["频率容限", "容限", "frequency_tolerance"],
        &["hz", "khz", "ppm"],
    ),
    column("block", &["频段指配", "整段使用"]),
    column("latitude", &["lat", "纬度", "北纬"]),
    column("longitude", &["lon", "lng", "经度", "东经"]),
    with_unit("radius", &["服务半径", "半径", "service_radius"], &["km", "m"]),
    with_unit("eirp", &["等效全向辐射功率"], &["dbm", "dbw", "w", "kw"]),
    column("valid_from", &["启用日期", "有效期起", "生效日期", "起始日期", "from"]),
    column(
        "valid_to",
        &["有效期至", "有效期止", "截止日期", "到期日期", "expires", "to"],
    ),
    column("status", &["状态"]),
    column(
        "hours",
        &["使用时间", "工作时间", "工作时段", "发射时间", "hours_of_operation"],
    ),
    column("role", &["收发", "direction"]),
    column("note", &["备注", "remarks"]),
    of_form("station_class", &["台站类别", "class_of_station"], NONE),
    of_form("power", &["发射功率", "tx_power"], &["dbm", "dbw", "w", "kw"]),
    of_form("elevation", &["海拔高度", "海拔", "ground_elevation"], &["m"]),
    of_form(
        "antenna_height",
        &["天线距地面高度", "天线距地高度", "天线高度", "height"],
        &["m"],
    ),
    of_form("antenna", &["天线型号", "antenna_model"], NONE),
    of_form("gain", &["天线增益", "antenna_gain"], &["dbi", "dbd"]),
    of_form("polarization", &["极化方式", "极化", "polarisation"], NONE),
    of_form("azimuth", &["最大辐射方位角", "方位角"], &["deg", "°"]),
    of_form("feeder_loss", &["馈线系统总损耗", "馈线损耗"], &["db"]),
    of_form("equipment", &["设备型号", "equipment_model"], NONE),
    of_form(
        "approval",
        &[
            "型号核准代码",
            "型号核准代码(cmiit_id)",
            "型号核准",
            "型号核准证号",
            "cmiit_id",
            "type_approval",
        ],
        NONE,
    ),
    of_form("sensitivity", &["接收机灵敏度", "灵敏度"], &["dbm", "dbuv", "uv"]),
    of_form("noise_figure", &["噪声系数"], &["db"]),
    of_form("protection_i_n", &["保护准则_i/n", "保护准则i/n", "i/n"], &["db"]),
    of_form("protection_power", &["允许干扰功率", "保护功率"], &["dbm"]),
    of_form(
        "protection_field",
        &["允许干扰场强", "保护场强"],
        &["dbuv_m", "dbuv/m", "dbμv/m", "dbµv/m"],
    ),
    of_form("protection_time", &["允许超过时间"], &["percent", "%"]),
    of_form("precedence", &["优先日期", "受理日期", "precedence_date"], NONE),
    of_form("classification", &["密级"], NONE),
    of_form("releasability", &["知悉范围"], NONE),
    of_form(KEPT[0], &["频率使用许可证号或批准文号", "批准文号", "permit"], NONE),
    of_form(KEPT[1], &["信道间隔", "channel_spacing"], HERTZ),
    of_form(KEPT[2], &["nature_of_service"], NONE),
    of_form(KEPT[3], &["scope_of_use"], NONE),
    of_form(KEPT[4], &["接收中心频率", "receive_freq"], HERTZ),
    of_form(KEPT[5], &["information"], NONE),
    of_form(KEPT[6], &["modulation"], NONE),
    of_form(KEPT[7], &["antenna_type"], NONE),
    of_form(KEPT[8], &["elevation_range"], NONE),
    of_form(KEPT[9], &["station_level"], NONE),
    of_form(KEPT[10], &["设台地址", "台址", "address"], NONE),
    of_form(KEPT[11], &["功率标志", "power_code"], NONE),
    of_form(KEPT[12], &["出厂号", "serial_number"], NONE),
    of_form(KEPT[13], &["设备生产厂家", "maker"], NONE),
    of_form(KEPT[14], &["发证机关", "issuer"], NONE),
    of_form(KEPT[15], &["发证日期", "issued"], NONE),
    of_form(KEPT[16], &["统一社会信用代码", "organisation_code"], NONE),
    of_form(KEPT[17], &["system_code"], NONE),
    column("source", &["数据来源"]),
    column(EXTENSIONS[0], &["扩展"]),
    column(EXTENSIONS[1], &["扩展_2"]),
    column(EXTENSIONS[2], &["扩展_3"]),
    column(EXTENSIONS[3], &["扩展_4"]),
    column(EXTENSIONS[4], &["扩展_5"]),
    column(EXTENSIONS[5], &["扩展_6"]),
    column(EXTENSIONS[6], &["扩展_7"]),
    column(EXTENSIONS[7], &["扩展_8"]),
];

/// Columns of the allocation template.
pub(super) const ALLOCATIONS: &[Column] = &[
    column("id", &["编号", "key"]),
    Column {
        field: "low",
        aliases: &["lower", "起始频率", "频率下限", "下限", "from"],
        units: HERTZ,
        required: true,
        of_form: false,
    },
    Column {
        field: "high",
        aliases: &["upper", "终止频率", "频率上限", "上限", "to"],
        units: HERTZ,
        required: true,
        of_form: false,
    },
    required("service", &["业务", "业务类型", "无线电业务"]),
    column("name_zh", &["名称", "中文名称", "用途"]),
    column("name_en", &["name", "英文名称"]),
    column("status", &["地位", "业务地位"]),
    column("user", &["使用单位", "用户"]),
    column("protected", &["保护", "保护频段"]),
    column("unlisted", &["未登记用户"]),
    with_unit("paired_low", &["paired_lower", "对端起始频率", "对端频率下限"], HERTZ),
    with_unit("paired_high", &["paired_upper", "对端终止频率", "对端频率上限"], HERTZ),
    with_unit("exempt_max_bandwidth", &["免执照最大带宽"], HERTZ),
    with_unit("exempt_max_eirp", &["免执照最大功率"], &["dbm"]),
    column("exempt_conditions_zh", &["免执照条件"]),
    column("exempt_conditions_en", &["exempt_conditions"]),
    required("basis", &["依据", "来源", "source"]),
    column("confidence", &["可信度"]),
    column("note", &["备注", "脚注", "remarks", "footnotes"]),
    column(EXTENSIONS[0], &["扩展"]),
    column(EXTENSIONS[1], &["扩展_2"]),
    column(EXTENSIONS[2], &["扩展_3"]),
    column(EXTENSIONS[3], &["扩展_4"]),
    column(EXTENSIONS[4], &["扩展_5"]),
    column(EXTENSIONS[5], &["扩展_6"]),
    column(EXTENSIONS[6], &["扩展_7"]),
    column(EXTENSIONS[7], &["扩展_8"]),
];

/// A header cell recognised: which column, and the unit it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) field: &'static str,
    pub(crate) unit: Option<&'static str>,
    pub(crate) of_form: bool,
}

/// The column a header cell names, with its unit.
pub(super) fn recognise(cell: &str, columns: &'static [Column]) -> Option<Header> {
    let plain = normalise(cell);
    columns.iter().find_map(|column| {
        let names = std::iter::once(&column.field).chain(column.aliases);
        names.into_iter().find_map(|name| {
            let rest = plain.strip_prefix(name)?;
            let unit = rest.trim_start_matches(['_', '(', '/', ' ']).trim_end_matches(')');
            let known = column.units.iter().find(|known| **known == unit).copied();
            (rest.is_empty() || known.is_some()).then_some(Header {
                field: column.field,
                unit: known,
                of_form: column.of_form,
            })
        })
    })
}

/// How many cells of a header line name a column.
pub(super) fn matches(header: &str, columns: &[Column]) -> usize {
    let header = header.trim_start_matches('\u{feff}');
    let named = |cell: &str| {
        let plain = normalise(cell.trim().trim_matches('"'));
        columns.iter().any(|column| {
            let mut names = std::iter::once(&column.field).chain(column.aliases);
            names.any(|name| plain == *name || (!column.units.is_empty() && plain.starts_with(name)))
        })
    };
    header.split([',', ';', '\t']).filter(|cell| named(cell)).count()
}

/// Lower case, ASCII punctuation, blanks as underscores: what headers are compared by.
pub(super) fn normalise(cell: &str) -> String {
    let plain: String = cell.trim().chars().map(half_width).collect();
    plain.to_lowercase().replace(' ', "_")
}

/// Full-width letters, digits and punctuation as ASCII: what input methods leave behind.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

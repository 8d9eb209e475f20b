//! What an order may say: every fault with its field and what to write instead.

use crate::{
    coordination::{
        OrderRules, Span,
        request::{Fault, Faults, check_area, on_air},
    },
    registry::{ControlOrder, Text, control::Effect},
};

/// Names and keys that may go on.
const EXEMPT_MAX: usize = 200;
/// Roles a classified order is released to.
const RELEASED_MAX: usize = 16;
/// Limits of power and width that make sense, dBm and hertz.
const EIRP_DBM: std::ops::RangeInclusive<f64> = -100.0..=150.0;

/// What is wrong with an order; empty: nothing.
#[must_use]
pub fn faults(order: &ControlOrder, rules: &OrderRules) -> Vec<Fault> {
    let mut faults = Faults::default();
    check_texts(order, &mut faults);
    faults.unless(
        on_air(&order.band),
        "high_hz",
        "频率下限应低于上限，且在 1 Hz 至 3000 GHz 之间",
        "give an upper edge above the lower one, both between 1 Hz and 3000 GHz",
    );
    if let Some(area) = &order.area {
        check_area(area, "area", true, &mut faults);
    }
    let span = Span {
        from: order.from,
        to: order.to,
        windows: order.windows.clone(),
    };
    span.check(["to", "hours"], &mut faults);
    let days = rules.span_max.as_hours() / 24;
    faults.unless(
        order.to.duration_since(order.from) <= rules.span_max,
        "to",
        &format!("管制期限最长 {days} 天：请缩短，或到期前另发"),
        &format!("an order runs {days} days at most: shorten it, or issue another one before it ends"),
    );
    check_effect(&order.effect, &mut faults);
    faults.0
}

fn check_texts(order: &ControlOrder, faults: &mut Faults) {
    let printable = |text: &str| !text.chars().any(char::is_control);
    for (field, text, longest) in [
        ("number", &order.id, 64),
        ("title", &order.title.zh, 200),
        ("title", &order.title.en, 200),
        ("issuer", &order.issuer, 100),
    ] {
        faults.unless(
            !text.trim().is_empty() && text.chars().count() <= longest && printable(text),
            field,
            &format!("请填写 1 至 {longest} 字，不含控制字符"),
            &format!("write 1 to {longest} characters without control characters"),
        );
    }
    // A number is looked for in texts when it is not for everybody: `7` would be found in many.
    let telling = order.id.chars().count() >= 4 && order.id.chars().any(|c| !c.is_ascii_digit() && c != '.');
    faults.unless(
        telling,
        "number",
        "文号至少 4 个字，且不能只有数字，例如 鄂无管令〔2026〕3号",
        "write a number of at least 4 characters that are not all digits, such as HB-2026-03",
    );
    let name = |text: &String| !text.trim().is_empty() && text.chars().count() <= 256 && printable(text);
    faults.unless(
        order.exempt.len() <= EXEMPT_MAX && order.exempt.iter().all(name),
        "exempt",
        &format!("请填写指配编号或使用单位名称，最多 {EXEMPT_MAX} 个"),
        &format!("write keys of assignments or names of holders, at most {EXEMPT_MAX}"),
    );
    faults.unless(
        order
            .classification
            .as_ref()
            .is_none_or(|text| name(text) && text.chars().count() <= 64),
        "classification",
        "密级请填写 1 至 64 字，公开则不填",
        "write 1 to 64 characters, or nothing for an order that is open",
    );
    faults.unless(
        order.releasability.len() <= RELEASED_MAX && order.releasability.iter().all(name),
        "releasability",
        "请填写角色名称，例如 civil_officer",
        "write names of roles, such as civil_officer",
    );
}

fn check_effect(effect: &Effect, faults: &mut Faults) {
    let Effect::Limit {
        max_eirp_dbm,
        max_bandwidth_hz,
    } = effect
    else {
        return;
    };
    faults.unless(
        max_eirp_dbm.is_some() || max_bandwidth_hz.is_some(),
        "effect",
        "限制类管制令须给出最大功率或最大带宽",
        "a limit needs max_eirp_dbm or max_bandwidth_hz",
    );
    faults.unless(
        max_eirp_dbm.is_none_or(|limit| EIRP_DBM.contains(&limit)),
        "effect.max_eirp_dbm",
        "功率应在 −100 至 150 dBm 之间",
        "give a power between -100 and 150 dBm",
    );
    faults.unless(
        max_bandwidth_hz.is_none_or(|width| (1..=3_000_000_000_000).contains(&width.0)),
        "effect.max_bandwidth_hz",
        "带宽应大于 0",
        "give a bandwidth above zero",
    );
}

/// The title in both languages where one was written.
#[must_use]
pub fn title(given: Text) -> Text {
    match (given.zh.trim(), given.en.trim()) {
        ("", en) => Text::new(en, en),
        (zh, "") => Text::new(zh, zh),
        (zh, en) => Text::new(zh, en),
    }
}

//! Control orders in force.

use super::*;
use crate::registry::control;

const STATIONS: &str = "\
id,holder,station,service,freq,designator,latitude,longitude,radius_km,eirp_dbm
IN,甲台,区内,BROADCASTING,107.0M,180KF3E,30.54,114.36,60,60
OUT,乙台,区外,BROADCASTING,106.0M,180KF3E,30.62,114.36,60,60
TAXI,出租车公司,流动,LAND-MOBILE,150.1M,11K0F3E,30.54,114.36,20,40
RESCUE,应急管理局,区内,BROADCASTING,105.0M,180KF3E,30.54,114.36,60,60
";

fn order(effect: &str) -> String {
    format!(
        "format = 1\n[[order]]\nid = \"K-1\"\ntitle = {{ zh = \"考点管制\", en = \"Exam sites\" }}\nissuer = \"某市人民政府\"\n\
         low = \"30M\"\nhigh = \"3000M\"\narea = {{ circle = {{ latitude = 30.53, longitude = 114.36, radius_km = 2.0 }} }}\n\
         from = \"2026-11-22T08:00:00Z\"\nto = \"2026-11-22T12:00:00Z\"\nexempt = [\"应急管理局\"]\n{effect}\n"
    )
}

fn under(effect: &str, measured: &Measured, context: &Context) -> Verdict {
    let report = import::parse_assignments(STATIONS.as_bytes(), "test.csv");
    assert!(report.is_clean(), "{:#?}", report.bad);
    let orders = control::parse(&order(effect), "orders.toml").unwrap_or_else(|error| panic!("{error}"));
    let registry = Registry::new(vec![table::builtin_cn().expect("built in")], report.ok).with_control_orders(orders);
    judge(&RULES, &registry, measured, context)
}

#[test]
fn a_prohibition_binds_who_sends_inside_its_area_and_time() {
    let prohibited =
        |center: &str, bandwidth: &str| under("effect = \"prohibit\"", &measured(center, bandwidth), &context());
    for (center, bandwidth, rule) in [
        ("107.0M", "150k", "control_prohibited"),
        ("106.0M", "150k", "licensed"),
        ("105.0M", "150k", "licensed"),
        ("97.45M", "150k", "control_prohibited"),
        ("433.92M", "30k", "control_prohibited"),
        // It may come from beyond the edge, or from a side the order does not bind.
        ("150.1M", "11k", "control_unclear"),
        ("300M", "20k", "control_unclear"),
        ("145.5M", "12k", "control_unclear"),
    ] {
        let found = prohibited(center, bandwidth);
        assert_eq!(found.rule, rule, "{center}: {found:#?}");
        assert_eq!(found.control_order.is_some(), rule.starts_with("control"), "{center}");
    }
    let found = prohibited("107.0M", "150k");
    assert_eq!(
        (found.kind, found.severity),
        (VerdictKind::ControlOrder, Severity::Alarm)
    );
    assert_eq!(found.control_order.as_deref(), Some("K-1"));
    for (text, words) in [
        (
            &found.explanation.zh,
            [
                "某市人民政府发布的无线电管制令“考点管制（K-1）”",
                "指配 IN",
                "20:00（北京时间）",
            ],
        ),
        (
            &found.explanation.en,
            [
                "Control order 'Exam sites (K-1)' of 某市人民政府",
                "assignment IN",
                "20:00 (UTC+8)",
            ],
        ),
    ] {
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    let searched = prohibited("97.45M", "150k");
    assert!(
        searched.explanation.zh.contains("发射源位置尚未确定"),
        "{}",
        searched.explanation.zh
    );
}

#[test]
fn an_order_is_over_to_the_second_and_holds_nowhere_else() {
    let unlicensed = measured("97.45M", "150k");
    let at = |time: &str, latitude: f64| {
        let context = Context {
            time: Some(time.parse().expect("time")),
            site: Some(Place { latitude, ..HERE }),
            ..context()
        };
        under("effect = \"prohibit\"", &unlicensed, &context).rule
    };
    for (time, latitude, rule) in [
        ("2026-11-22T08:00:00Z", 30.53, "control_prohibited"),
        ("2026-11-22T07:59:59Z", 30.53, "unlicensed"),
        ("2026-11-22T12:00:00Z", 30.53, "unlicensed"),
        ("2026-11-22T10:00:00Z", 30.5475, "control_prohibited"),
        ("2026-11-22T10:00:00Z", 30.5485, "unlicensed"),
    ] {
        assert_eq!(at(time, latitude), rule, "{time} {latitude}");
    }
    let timeless = Context {
        time: None,
        ..context()
    };
    let found = under("effect = \"prohibit\"", &measured("107.0M", "150k"), &timeless);
    assert_eq!(found.rule, "licensed");
    assert!(
        found.explanation.zh.contains("未核对该频段的管制令"),
        "{}",
        found.explanation.zh
    );
    let nowhere = Context {
        site: None,
        ..context()
    };
    assert_eq!(
        under("effect = \"prohibit\"", &unlicensed, &nowhere).rule,
        "control_unclear"
    );
}

#[test]
fn protection_alarms_for_what_nothing_explains() {
    for (center, bandwidth, rule) in [
        ("107.0M", "150k", "licensed"),
        ("97.45M", "150k", "control_protected"),
        ("433.92M", "30k", "licence_exempt"),
        ("300M", "20k", "control_unclear"),
    ] {
        assert_eq!(
            under("effect = \"protect\"", &measured(center, bandwidth), &context()).rule,
            rule,
            "{center}"
        );
    }
}

#[test]
fn a_limit_is_judged_by_measured_level_or_width_and_else_by_the_register() {
    let limit = "effect = \"limit\"\nmax_eirp_dbm = 50.0\nmax_bandwidth = \"200k\"";
    let at = |center: &str, field: Option<f64>, bandwidth: &str| {
        let level = field.map(|field| Level {
            power_dbm: field - 117.8,
            sigma_db: 0.5,
            field_dbuv_m: Some([field, 1.0]),
        });
        under(limit, &measured(center, bandwidth).with_level(level), &context())
    };
    // 50 dBm at 0.91 km, less reflections and two sigma: 95.6 + 8 dB(µV/m).
    let over = at("107.0M", Some(104.5), "150k");
    assert_eq!(
        (over.rule.as_str(), over.kind),
        ("control_limited", VerdictKind::ControlOrder)
    );
    assert!(
        over.evidence["eirp_at_least_dbm"] > 50.0 && over.evidence["control_max_eirp_dbm"] == 50.0,
        "{over:#?}"
    );
    assert!(
        over.explanation
            .en
            .contains("EIRP up to 50 dBm, occupied bandwidth up to 200 kHz"),
        "{}",
        over.explanation.en
    );
    // Registered with 60 dBm, and nothing measured says that it keeps to 50.
    assert_eq!(at("107.0M", Some(100.0), "150k").rule, "control_unclear");
    assert_eq!(at("107.0M", None, "230k").rule, "control_limited");
    assert_eq!(at("106.0M", None, "150k").rule, "licensed", "outside the area");
    assert_eq!(
        at("97.45M", None, "150k").rule,
        "unlicensed",
        "what nobody may send is no matter of a limit"
    );
}

#[test]
fn orders_are_content_of_the_registry() {
    let plain = Registry::new(REGISTRY.tables().to_vec(), REGISTRY.assignments().to_vec());
    let orders = |effect: &str| control::parse(&order(effect), "o.toml").expect("orders");
    let with = |effect: &str| plain.clone().with_control_orders(orders(effect));
    assert_eq!(plain.clone().with_control_orders(Vec::new()).version(), plain.version());
    assert_ne!(with("effect = \"prohibit\"").version(), plain.version());
    assert_ne!(
        with("effect = \"prohibit\"").version(),
        with("effect = \"protect\"").version()
    );
}

//! Equipment at the gate: what was declared, what was measured, and whether it may go in. Each test is kept; a device that passes
//! gets a label, and one that fails afterwards has none.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AdmissionRules, words};
use crate::{
    coordination::{
        Fault, Power,
        request::{Faults, on_air},
    },
    registry::{Text, designator},
    units::{Band, Hertz},
};

/// What is declared of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventDeviceContent)]
pub struct DeviceContent {
    /// What it is, such as a wireless microphone or its model.
    #[schema(min_length = 1, max_length = 200)]
    pub kind: String,
    /// Serial number; one device of an event has it.
    #[schema(min_length = 1, max_length = 100)]
    pub serial: String,
    /// Who owns it.
    #[schema(min_length = 1, max_length = 200)]
    pub owner: String,
    /// What allows it: a channel of the plan, or the number of a request.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub approval: String,
    /// Declared frequency.
    pub center_hz: Hertz,
    /// Declared bandwidth.
    pub bandwidth_hz: Hertz,
    /// Declared radiated power.
    pub power: Power,
    /// Declared class of emission: the designator of RR Appendix 1.
    #[schema(max_length = 20)]
    pub designator: String,
}

/// What is measured at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdmissionParameter {
    /// Centre against the declared frequency.
    CentreFrequency,
    /// Occupied against the declared bandwidth.
    OccupiedBandwidth,
    /// Radiated against the declared power.
    RadiatedPower,
    /// The class of emission of the designator.
    ClassOfEmission,
}

/// How a parameter, or a whole test, came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdmissionResult {
    /// It keeps to what was declared.
    Passed,
    /// It does not, uncertainty considered.
    Failed,
    /// It was not measured, or too badly to tell.
    Undecided,
}

/// A figure with the words for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AdmissionFigure)]
pub struct Figure {
    /// In words, with unit.
    pub text: Text,
    /// The number, where it is one.
    #[schema(required = true)]
    pub value: Option<f64>,
    /// Expanded uncertainty of it, in the same unit.
    #[schema(required = true)]
    pub uncertainty: Option<f64>,
    /// Unit of both.
    #[schema(required = true)]
    pub unit: Option<String>,
}

/// One parameter of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AdmissionRow {
    /// Which.
    pub parameter: AdmissionParameter,
    /// Its name.
    pub name: Text,
    /// What was declared.
    #[schema(required = true)]
    pub declared: Option<Figure>,
    /// What was measured.
    #[schema(required = true)]
    pub measured: Option<Figure>,
    /// What it may be.
    #[schema(required = true)]
    pub limit: Option<Figure>,
    /// How the two stand.
    pub result: AdmissionResult,
    /// How far it is off, or why it cannot be decided; may be empty.
    pub reason: Text,
}

/// A value read off an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdmissionReading)]
pub struct Reading {
    /// The value.
    pub value: f64,
    /// Expanded uncertainty (k = 2), in the same unit; 0: none is known.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub uncertainty: f64,
}

/// What somebody read off an instrument; what is absent was not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = AdmissionReadings)]
pub struct Readings {
    /// Centre frequency, Hz.
    pub center_hz: Option<Reading>,
    /// Occupied bandwidth, Hz.
    pub bandwidth_hz: Option<Reading>,
    /// Radiated power, dBW, against what the declared power is.
    pub power_dbw: Option<Reading>,
}

impl Readings {
    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AdmissionTest {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Their organisation.
    pub organisation: String,
    /// The emission that a receiver measured; null: none was chosen.
    #[schema(required = true)]
    pub emission: Option<String>,
    /// The receiver that measured it.
    #[schema(required = true)]
    pub receiver: Option<String>,
    /// The instrument whose values were typed in; may be empty.
    pub instrument: String,
    /// A remark.
    pub note: String,
    /// What was declared then.
    pub declared: DeviceContent,
    /// Who had declared it.
    pub declared_by: String,
    /// The parameters.
    pub rows: Vec<AdmissionRow>,
    /// How it came out.
    pub result: AdmissionResult,
    /// The label it got, where it passed.
    #[schema(required = true)]
    pub label: Option<String>,
    /// Version of the policy with the tolerances.
    pub policy_version: String,
}

/// A device with its tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EventDevice)]
pub struct Device {
    /// Public id.
    pub id: String,
    /// Id of the event.
    pub event: String,
    /// Running number within the event.
    pub number: u64,
    /// Key of the organisation that registered it.
    pub organisation: String,
    /// What is declared.
    pub content: DeviceContent,
    /// Who declared it so.
    pub declared_by: String,
    /// How the last test of this declaration came out; null: not tested.
    #[schema(required = true)]
    pub result: Option<AdmissionResult>,
    /// The label that is valid; null: it must not go in.
    #[schema(required = true)]
    pub label: Option<String>,
    /// Its tests, oldest first.
    pub tests: Vec<AdmissionTest>,
    /// Who registered it.
    pub registered_by: String,
    /// When.
    pub registered_at: Timestamp,
    /// Grows with every change; the ETag is made of it.
    pub version: u64,
}

/// A new device: nobody has tested it.
#[must_use]
pub fn register(
    [id, event]: [String; 2],
    number: u64,
    content: DeviceContent,
    [by, organisation]: [String; 2],
    now: Timestamp,
) -> Device {
    Device {
        id,
        event,
        number,
        organisation,
        content,
        declared_by: by.clone(),
        result: None,
        label: None,
        tests: Vec::new(),
        registered_by: by,
        registered_at: now,
        version: 1,
    }
}

/// The device as `by` declares it now: its label is void, and it is to be tested again. The same declaration changes nothing.
#[must_use]
pub fn redeclared(device: &Device, content: DeviceContent, by: &str) -> Device {
    if device.content == content {
        return device.clone();
    }
    Device {
        content,
        declared_by: by.to_owned(),
        result: None,
        label: None,
        version: device.version + 1,
        ..device.clone()
    }
}

/// The device after a test. One that passed keeps the label it has, or gets `label`; after any other result it has none.
#[must_use]
pub fn tested(device: &Device, mut test: AdmissionTest, label: impl FnOnce() -> String) -> Device {
    let mut after = device.clone();
    after.label = match test.result {
        AdmissionResult::Passed => Some(device.label.clone().unwrap_or_else(label)),
        AdmissionResult::Failed | AdmissionResult::Undecided => None,
    };
    test.label.clone_from(&after.label);
    after.result = Some(test.result);
    after.tests.push(test);
    after.version += 1;
    after
}

/// How a test came out: it fails by one parameter, and passes when all that are required do and none fails.
#[must_use]
pub fn result_of(rows: &[AdmissionRow], rules: &AdmissionRules) -> AdmissionResult {
    if rows.iter().any(|row| row.result == AdmissionResult::Failed) {
        return AdmissionResult::Failed;
    }
    let passed = |parameter: &AdmissionParameter| {
        rows.iter()
            .any(|row| row.parameter == *parameter && row.result == AdmissionResult::Passed)
    };
    match rules.required.iter().all(passed) {
        true => AdmissionResult::Passed,
        false => AdmissionResult::Undecided,
    }
}

/// The row of the radiated power, by what an instrument showed.
#[must_use]
pub fn power_row(declared: Power, read: Option<Reading>, rules: &AdmissionRules) -> AdmissionRow {
    let decibels = |value: f64, uncertainty: Option<f64>, text: String| Figure {
        text: Text::new(text.clone(), text),
        value: Some(value),
        uncertainty,
        unit: Some("dBW".to_owned()),
    };
    let most = declared.dbw + rules.power_db;
    let excess = read.map(|read| read.value - most);
    let (result, reason) = match (excess, read) {
        (Some(excess), _) if excess <= 0.0 => (AdmissionResult::Passed, Text::default()),
        (Some(excess), Some(read)) if excess <= read.uncertainty => (
            AdmissionResult::Undecided,
            Text::new(
                format!("高出限值 {excess:.1} dB，但未超出不确定度：请用更准确的仪器复测"),
                format!(
                    "{excess:.1} dB above the limit, but not beyond the uncertainty: test with a better instrument"
                ),
            ),
        ),
        (Some(excess), _) => (
            AdmissionResult::Failed,
            Text::new(
                format!("高出限值 {excess:.1} dB"),
                format!("{excess:.1} dB above the limit"),
            ),
        ),
        (None, _) => (
            AdmissionResult::Undecided,
            Text::new(
                "未测量：请填写仪器读数（监测接收机的电平不能代替辐射功率）",
                "not measured: type in what an instrument shows (a level at a receiver is no radiated power)",
            ),
        ),
    };
    AdmissionRow {
        parameter: AdmissionParameter::RadiatedPower,
        name: words::parameter(AdmissionParameter::RadiatedPower),
        declared: Some(decibels(
            declared.dbw,
            None,
            crate::coordination::words::power(declared),
        )),
        measured: read.map(|read| {
            decibels(
                read.value,
                Some(read.uncertainty).filter(|uncertainty| *uncertainty > 0.0),
                match read.uncertainty > 0.0 {
                    true => format!("{:.1} ± {:.1} dBW", read.value, read.uncertainty),
                    false => format!("{:.1} dBW", read.value),
                },
            )
        }),
        limit: Some(decibels(most, None, format!("≤ {most:.1} dBW"))),
        result,
        reason,
    }
}

impl AdmissionParameter {
    /// Its name.
    #[must_use]
    pub fn words(self) -> Text {
        words::parameter(self)
    }
}

/// Every field of a declaration that makes no sense, and what to write instead.
#[must_use]
pub fn device_faults(content: &DeviceContent) -> Vec<Fault> {
    let mut faults = Faults::default();
    for (field, text, least, most) in [
        ("kind", &content.kind, 1, 200),
        ("serial", &content.serial, 1, 100),
        ("owner", &content.owner, 1, 200),
        ("approval", &content.approval, 0, 100),
    ] {
        let count = text.trim().chars().count();
        faults.unless(
            (least..=most).contains(&count) && !text.chars().any(char::is_control),
            field,
            &format!("请填写 {least} 至 {most} 字，不含控制字符"),
            &format!("write {least} to {most} characters, without control characters"),
        );
    }
    let whole =
        content.center_hz.0 <= 3_000_000_000_000 && (1..=content.center_hz.0.max(0)).contains(&content.bandwidth_hz.0);
    faults.unless(
        whole && on_air(&Band::around(content.center_hz, content.bandwidth_hz)),
        "center_hz",
        "请给出频率和带宽，频段在 1 Hz 至 3000 GHz 之间",
        "give a frequency and a bandwidth, the band between 1 Hz and 3000 GHz",
    );
    faults.unless(
        content.power.dbw.is_finite() && (-100.0..=100.0).contains(&content.power.dbw),
        "power",
        "功率应在 −100 至 100 dBW 之间",
        "give a power between -100 and 100 dBW",
    );
    if let Err(error) = designator::parse(&content.designator) {
        faults.0.push(Fault {
            field: "designator",
            reason: error.reason,
        });
    }
    faults.0
}

/// Every reading that makes no sense; at least one, or an emission, is needed.
#[must_use]
pub fn reading_faults(readings: &Readings, emission: Option<&str>) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.unless(
        emission.is_some() || !readings.is_empty(),
        "readings",
        "请选择一条测得的发射，或填写仪器读数",
        "choose an emission that was measured, or type in what an instrument shows",
    );
    let good = |read: Option<Reading>, range: std::ops::RangeInclusive<f64>| {
        read.is_none_or(|read| range.contains(&read.value) && (0.0..=1e9).contains(&read.uncertainty))
    };
    for (field, read, range) in [
        ("readings.center_hz", readings.center_hz, 1.0..=3e12),
        ("readings.bandwidth_hz", readings.bandwidth_hz, 1.0..=1e12),
        ("readings.power_dbw", readings.power_dbw, -200.0..=100.0),
    ] {
        faults.unless(
            good(read, range),
            field,
            "读数或不确定度超出范围：频率和带宽以 Hz、功率以 dBW 填写",
            "out of range: write frequencies and widths in Hz, the power in dBW, and an uncertainty of 0 or more",
        );
    }
    faults.0
}

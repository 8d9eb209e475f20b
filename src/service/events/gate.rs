//! The gate: devices with what was declared of them, and their tests against it.
//!
//! A test takes an emission that a receiver measured, values read off an instrument, or both; what was read off goes before. Each
//! parameter stands to the declaration by the figures of the table *a station against its licence* (`conflict::comparison`):
//! the declaration, widened by the tolerances of the policy, is the licence.

use super::{Events, author, faultless, workable};
use crate::{
    Error, Result,
    conflict::{Cell, ComparisonRow, Parameter, Standing},
    coordination::{
        Fault, Refusal,
        events::{
            AdmissionParameter, AdmissionResult, AdmissionRow, AdmissionRules, AdmissionTest, Device, DeviceContent,
            Event, Figure, Reading, Readings, device_faults, power_row, reading_faults, redeclared, register,
            result_of, tested,
        },
        tasks::Author,
    },
    registry::{Assignment, AssignmentStatus, Text},
    service::{
        change::{Asking, Refused},
        comparison::Comparisons,
        disclosure::{Disclosed, View},
        findings::EmissionRecord,
        notices::{Subject, tell},
    },
    store::{AuditNote, DeviceQuery, Page, Tx, random_id},
    units::Hertz,
};

/// Tests of one device, at most.
const TESTS_MAX: usize = 100;
/// Longest remark and name of an instrument, characters.
const WORDS_MAX: usize = 1000;

/// A device as somebody may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenDevice {
    /// What is known of it.
    pub device: Disclosed<Device>,
    /// Whether the reader may test it and write it anew.
    pub works: bool,
}

/// What somebody brings to a test.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GiveTest {
    /// Id of the emission that a receiver measured of it.
    pub emission: Option<String>,
    /// What an instrument showed; goes before the emission.
    pub readings: Readings,
    /// The instrument.
    pub instrument: String,
    /// A remark.
    pub note: String,
}

/// Outcome of a change.
type Changed = std::result::Result<SeenDevice, Refused>;

impl Events {
    /// One page of the devices of an event, the latest first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn devices(&self, id: &str, query: &DeviceQuery, asking: Asking<'_>) -> Result<Page<SeenDevice>> {
        let view = self.view(asking)?;
        let event = self.known(id, asking).await?;
        let page = self.store.event_devices(id, query).await?;
        Ok(View::page(page, |device| seen(device, &event, &view, asking)))
    }

    /// One device with its tests.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn device(&self, [id, device]: [&str; 2], asking: Asking<'_>) -> Result<SeenDevice> {
        let view = self.view(asking)?;
        let event = self.known(id, asking).await?;
        let device = self.store.event_device(id, device).await?;
        Ok(seen(device, &event, &view, asking))
    }

    /// Registers a device.
    ///
    /// # Errors
    /// `NotFound`; faults of what is declared, a serial number that is there already among them; the refusal of the procedure.
    pub async fn register_device(&self, id: &str, content: DeviceContent, asking: Asking<'_>) -> Changed {
        self.known(id, asking).await?;
        let (author, content) = (author(asking)?, tidy(content));
        faultless(device_faults(&content))?;
        let (id, now, most) = (id.to_owned(), asking.now, self.rules().devices_max);
        let made = self.store.write(move |tx| {
            Box::pin(async move {
                let event = match workable(tx, &id, &author).await? {
                    Ok(event) => event,
                    Err(refused) => return Ok(Err(refused)),
                };
                if let Some(refused) = taken(tx, &id, &content.serial, None).await? {
                    return Ok(Err(refused));
                }
                let number = tx.next_number(&format!("event-device-{id}")).await?;
                if number > most as u64 {
                    return Ok(Err(fault(
                        "serial",
                        (
                            format!("一次活动最多登记 {most} 台设备"),
                            format!("an event has {most} devices at most"),
                        ),
                    )));
                }
                let by = [author.actor, author.organisation];
                let device = register([random_id(), id], number, content, by, now);
                tx.put_event_device(&device, None).await?;
                tell(tx, Subject::Event(&event), "device", &device.declared_by, now).await?;
                Ok(Ok((event, device)))
            })
        });
        let (event, device) = made.await??;
        Ok(seen(device, &event, &*self.view(asking)?, asking))
    }

    /// Declares a device anew: its label is void, and it is to be tested again. `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of what is declared; the refusal of the procedure.
    pub async fn declare_device(
        &self,
        ids: [&str; 2],
        version: u64,
        content: DeviceContent,
        asking: Asking<'_>,
    ) -> Changed {
        let content = tidy(content);
        faultless(device_faults(&content))?;
        self.known(ids[0], asking).await?;
        let (author, ids, now) = (author(asking)?, ids.map(str::to_owned), asking.now);
        let changed = self.store.write(move |tx| {
            Box::pin(async move {
                let (event, before) = match at_gate(tx, &ids, version, &author).await? {
                    Ok(found) => found,
                    Err(refused) => return Ok(Err(refused)),
                };
                if let Some(refused) = taken(tx, &ids[0], &content.serial, Some(&before.id)).await? {
                    return Ok(Err(refused));
                }
                let after = redeclared(&before, content, &author.actor);
                if after != before {
                    tx.put_event_device(&after, Some(version)).await?;
                    tell(tx, Subject::Event(&event), "device", &author.actor, now).await?;
                }
                Ok(Ok((event, after)))
            })
        });
        let (event, device) = changed.await??;
        Ok(seen(device, &event, &*self.view(asking)?, asking))
    }

    /// Tests a device against its declaration; `version` must be the one that was read. One that passes gets a label.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of what was measured, an emission that is not there among them; the refusal of the procedure.
    pub async fn test_device(&self, ids: [&str; 2], version: u64, give: GiveTest, asking: Asking<'_>) -> Changed {
        self.known(ids[0], asking).await?;
        let author = author(asking)?;
        let mut faults = reading_faults(&give.readings, give.emission.as_deref());
        for (field, text) in [("instrument", &give.instrument), ("note", &give.note)] {
            if text.chars().count() > WORDS_MAX {
                faults.push(Fault {
                    field,
                    reason: Text::new(
                        format!("不得超过 {WORDS_MAX} 字"),
                        format!("write at most {WORDS_MAX} characters"),
                    ),
                });
            }
        }
        faultless(faults)?;
        let emission = match &give.emission {
            Some(id) => Some(self.measured_emission(id, &*self.view(asking)?).await?),
            None => None,
        };
        let device = self.store.event_device(ids[0], ids[1]).await?;
        let rules = &self.rules().admission;
        let rows = rows(
            &device.content,
            emission.as_ref(),
            &give.readings,
            (&self.comparisons, rules),
        );
        let test = AdmissionTest {
            at: asking.now,
            by: author.actor.clone(),
            organisation: author.organisation.clone(),
            receiver: emission.map(|record| record.receiver),
            emission: give.emission,
            instrument: give.instrument.trim().to_owned(),
            note: give.note.trim().to_owned(),
            result: result_of(&rows, rules),
            rows,
            declared: device.content,
            declared_by: device.declared_by,
            label: None,
            policy_version: self.policy.version.clone(),
        };
        let ids = ids.map(str::to_owned);
        let done = self
            .store
            .write(move |tx| Box::pin(async move { record(tx, &ids, version, test, &author).await }));
        let (event, device) = done.await??;
        Ok(seen(device, &event, &*self.view(asking)?, asking))
    }

    async fn measured_emission(&self, id: &str, view: &View) -> std::result::Result<EmissionRecord, Refused> {
        match self.findings.emission(id, view).await {
            Ok((record, _)) => Ok(record),
            Err(Error::NotFound { .. }) => Err(fault(
                "emission",
                (
                    "没有这条发射：请从发射列表中选择".to_owned(),
                    "there is no such emission: choose one of the list".to_owned(),
                ),
            )),
            Err(error) => Err(error.into()),
        }
    }
}

/// One test in the writer's transaction.
async fn record(
    tx: &mut Tx,
    ids: &[String; 2],
    version: u64,
    test: AdmissionTest,
    author: &Author,
) -> Result<std::result::Result<(Event, Device), Refused>> {
    let (event, before) = match at_gate(tx, ids, version, author).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    if before.tests.len() >= TESTS_MAX {
        return Ok(Err(Refused::Step(Refusal::WrongState(Text::new(
            format!("该设备已检测 {TESTS_MAX} 次：请另行登记"),
            format!("the device was tested {TESTS_MAX} times: register it anew"),
        )))));
    }
    let mut label = String::new();
    if test.result == AdmissionResult::Passed && before.label.is_none() {
        let n = tx.next_number(&format!("event-label-{}", event.id)).await?;
        label = format!("{}-{n:04}", event.number);
    }
    let tested_at = test.at;
    let after = tested(&before, test, || label);
    tx.put_event_device(&after, Some(version)).await?;
    tell(tx, Subject::Event(&event), "test", &author.actor, tested_at).await?;
    let name = |result: Option<AdmissionResult>| result.map(|result| format!("{result:?}").to_lowercase());
    tx.note(AuditNote {
        actor: author.actor.clone(),
        version_before: name(before.result),
        version_after: name(after.result),
        ..AuditNote::of("test_event_device", &format!("event_devices/{}", after.id))
    });
    Ok(Ok((event, after)))
}

/// The event and a device of it of this version, for somebody who works at its gate.
async fn at_gate(
    tx: &mut Tx,
    [id, device]: &[String; 2],
    version: u64,
    author: &Author,
) -> Result<std::result::Result<(Event, Device), Refused>> {
    let event = match workable(tx, id, author).await? {
        Ok(event) => event,
        Err(refused) => return Ok(Err(refused)),
    };
    let before = tx.event_device(id, device).await?;
    if before.version == version {
        Ok(Ok((event, before)))
    } else {
        Err(Error::Stale)
    }
}

/// Another device of the event has the serial number.
async fn taken(tx: &mut Tx, event: &str, serial: &str, own: Option<&str>) -> Result<Option<Refused>> {
    let known = tx.event_device_with(event, serial).await?;
    Ok(known.filter(|known| Some(known.id.as_str()) != own).map(|known| {
        let number = known.number;
        fault(
            "serial",
            (
                format!("序列号与第 {number} 号设备相同：请在该设备上复测"),
                format!("device {number} has this serial number: test that one again"),
            ),
        )
    }))
}

fn fault(field: &'static str, (zh, en): (String, String)) -> Refused {
    Refused::Faults(vec![Fault {
        field,
        reason: Text::new(zh, en),
    }])
}

/// The rows of a test.
fn rows(
    content: &DeviceContent,
    emission: Option<&EmissionRecord>,
    readings: &Readings,
    (comparisons, rules): (&Comparisons, &AdmissionRules),
) -> Vec<AdmissionRow> {
    let declared = declaration(content, rules);
    let heard = emission.map_or_else(Vec::new, |record| comparisons.of_known(&declared, record));
    let figures = |read: Option<Reading>, otherwise: Hertz| {
        read.map_or([otherwise.as_f64(), 0.0], |read| [read.value, read.uncertainty])
    };
    let read_off = comparisons.of_readings(
        &declared,
        [
            figures(readings.center_hz, content.center_hz),
            figures(readings.bandwidth_hz, content.bandwidth_hz),
        ],
    );
    let find = |rows: &[ComparisonRow], wanted| rows.iter().find(|row| row.parameter == wanted).cloned();
    let choose = |wanted, read: Option<Reading>| match read {
        Some(read) => find(&read_off, wanted).map(|row| unqualified(row, read)),
        None => find(&heard, wanted),
    };
    let mut rows = vec![
        row(
            AdmissionParameter::CentreFrequency,
            content,
            choose(Parameter::CentreFrequency, readings.center_hz),
        ),
        row(
            AdmissionParameter::OccupiedBandwidth,
            content,
            choose(Parameter::OccupiedBandwidth, readings.bandwidth_hz),
        ),
        power_row(content.power, readings.power_dbw, rules),
    ];
    let class = choose(Parameter::ClassOfEmission, None);
    if class.is_some() || rules.required.contains(&AdmissionParameter::ClassOfEmission) {
        rows.push(row(AdmissionParameter::ClassOfEmission, content, class));
    }
    rows
}

/// A reading without an uncertainty is not claimed to be exact.
fn unqualified(mut row: ComparisonRow, read: Reading) -> ComparisonRow {
    if let Some(cell) = row.measured.as_mut().filter(|_| read.uncertainty <= 0.0) {
        let hertz = Hertz::from_f64(read.value).to_string();
        (cell.text, cell.uncertainty) = (Text::new(hertz.clone(), hertz), None);
    }
    row
}

/// The declaration as a licence, widened by the tolerances. Without a place: what arrives at a receiver tells nothing of the power.
fn declaration(content: &DeviceContent, rules: &AdmissionRules) -> Assignment {
    let widest = content.bandwidth_hz.as_f64() * (1.0 + rules.bandwidth_share);
    Assignment {
        id: content.serial.clone(),
        holder: content.owner.clone(),
        station: content.kind.clone(),
        call_sign: None,
        center_hz: content.center_hz,
        necessary_bandwidth_hz: Hertz::from_f64(widest),
        designator: Some(content.designator.clone()),
        service: None,
        block: false,
        tolerance_hz: Some(rules.tolerance_hz(content.center_hz.as_f64())),
        place: None,
        eirp_dbm: Some(content.power.eirp_dbm()),
        valid_from: None,
        valid_to: None,
        status: AssignmentStatus::Granted,
        source: String::new(),
        details: None,
    }
}

/// One parameter of the comparison as a row of the test.
fn row(parameter: AdmissionParameter, content: &DeviceContent, compared: Option<ComparisonRow>) -> AdmissionRow {
    let hertz = |hz: Hertz| Figure {
        text: Text::new(hz.to_string(), hz.to_string()),
        value: Some(hz.as_f64()),
        uncertainty: None,
        unit: Some("Hz".to_owned()),
    };
    let declared = match parameter {
        AdmissionParameter::CentreFrequency => hertz(content.center_hz),
        AdmissionParameter::OccupiedBandwidth => hertz(content.bandwidth_hz),
        AdmissionParameter::RadiatedPower | AdmissionParameter::ClassOfEmission => Figure {
            text: Text::new(content.designator.clone(), content.designator.clone()),
            value: None,
            uncertainty: None,
            unit: None,
        },
    };
    let (measured, limit, result, reason) = match compared {
        Some(row) => (
            row.measured.map(figure),
            row.limit.map(figure),
            match row.result {
                Standing::Within => AdmissionResult::Passed,
                Standing::Outside => AdmissionResult::Failed,
                Standing::Undecided => AdmissionResult::Undecided,
            },
            row.reason,
        ),
        None => (
            None,
            None,
            AdmissionResult::Undecided,
            Text::new("未测量", "not measured"),
        ),
    };
    AdmissionRow {
        parameter,
        name: parameter.words(),
        declared: Some(declared),
        measured,
        limit,
        result,
        reason,
    }
}

fn figure(cell: Cell) -> Figure {
    Figure {
        text: cell.text,
        value: cell.value,
        uncertainty: cell.uncertainty,
        unit: cell.unit,
    }
}

fn seen(device: Device, event: &Event, view: &View, asking: Asking<'_>) -> SeenDevice {
    let works = author(asking).is_ok_and(|author| crate::coordination::events::may_work(event, &author).is_ok());
    SeenDevice {
        works,
        device: view.event_device(device, asking),
    }
}

/// What people type, without the space around it.
fn tidy(mut content: DeviceContent) -> DeviceContent {
    for text in [
        &mut content.kind,
        &mut content.serial,
        &mut content.owner,
        &mut content.approval,
        &mut content.designator,
    ] {
        *text = text.trim().to_owned();
    }
    content
}

//! `pinpu doctor`: drivers, permissions, kernel clashes, USB, sample loss at each rate, clock and disk; each finding
//! with its fix.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use clap::Args;
use comfy_table::{Cell, Color, ContentArrangement, LineStyle, Table, presets};
use pinpu_hardware::{
    Gain, Receiver, ReceiverError, SampleBlock, Tuning,
    host::{Finding, Host, Severity, Text, any_problem},
    soapy::SoapyReceiver,
};

use super::receivers;
use crate::{Result, units::Hertz};

/// How long each sample rate is tried.
const TRY_RATE: Duration = Duration::from_secs(1);
/// Fewer samples than this share of the nominal rate means that some were lost unsaid.
const DELIVERED_LEAST: f64 = 0.98;
/// Less free space than this and recordings will soon fail: twenty minutes of 2.4 MS/s at 16 bits.
const FREE_LEAST_BYTES: u64 = 12_000_000_000;

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// NDJSON: one object a finding
    #[arg(long)]
    json: bool,
    /// Folder whose disk is looked at
    #[arg(long, value_name = "DIR", default_value = ".")]
    data: PathBuf,
    /// Do not try sample rates (about a second for each rate of each receiver)
    #[arg(long)]
    quick: bool,
    /// Texts in Chinese
    #[arg(long)]
    zh: bool,
}

/// Runs the command; exit status 1 when a connected receiver cannot work.
///
/// # Errors
/// When this computer cannot be looked at.
pub(super) fn run(args: &DoctorArgs) -> Result<ExitCode> {
    let mut findings = Host::default().findings()?;
    findings.push(clock());
    findings.push(disk(&args.data));
    let answer = receivers::discover()?;
    for fault in answer.faults {
        let name = fault.module.display();
        findings.push(finding(
            Severity::Warning,
            "soapy.module",
            (format!("{name}: {}", fault.what), format!("{name}：{}", fault.what)),
            Some((
                "reinstall or remove this module's package",
                "重新安装或卸载该模块的软件包",
            )),
        ));
    }
    for found in answer.found.iter().filter(|_| !args.quick) {
        findings.extend(try_rates(&found.args, &found.label));
    }
    print(&findings, args);
    Ok(if any_problem(&findings) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn finding(
    severity: Severity,
    topic: &'static str,
    what: (String, String),
    fix: Option<(&'static str, &'static str)>,
) -> Finding {
    let text = |en: &str, zh: &str| Text {
        en: en.to_owned(),
        zh: zh.to_owned(),
    };
    Finding {
        severity,
        topic,
        what: text(&what.0, &what.1),
        fix: fix.map(|(en, zh)| text(en, zh)),
    }
}

/// Whether the clock is held by a time service: times in evidence depend on it.
fn clock() -> Finding {
    let answer = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output();
    let synchronised = answer
        .ok()
        .filter(|answer| answer.status.success())
        .map(|answer| answer.stdout == b"yes\n");
    match synchronised {
        Some(true) => finding(
            Severity::Fine,
            "clock",
            ("the clock is synchronised".into(), "时钟已同步".into()),
            None,
        ),
        Some(false) => finding(
            Severity::Warning,
            "clock",
            (
                "the clock is not synchronised: times in evidence may be wrong".into(),
                "时钟未同步：证据中的时间可能有误".into(),
            ),
            Some((
                "timedatectl set-ntp true, or install chrony",
                "执行 timedatectl set-ntp true，或安装 chrony",
            )),
        ),
        None => finding(
            Severity::Notice,
            "clock",
            (
                "whether the clock is synchronised cannot be told here".into(),
                "无法判断时钟是否同步".into(),
            ),
            Some((
                "install systemd-timesyncd or chrony",
                "安装 systemd-timesyncd 或 chrony",
            )),
        ),
    }
}

fn disk(folder: &Path) -> Finding {
    let existing = folder
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or_else(|| Path::new("."));
    let Ok(space) = rustix::fs::statvfs(existing) else {
        return finding(
            Severity::Notice,
            "disk",
            (
                format!("{}: free space unknown", existing.display()),
                format!("{}：无法读取剩余空间", existing.display()),
            ),
            None,
        );
    };
    let free = space.f_bavail * space.f_frsize;
    let size = indicatif::HumanBytes(free);
    let what = (
        format!("{size} free at {}", existing.display()),
        format!("{} 剩余 {size}", existing.display()),
    );
    if free >= FREE_LEAST_BYTES {
        finding(Severity::Fine, "disk", what, None)
    } else {
        let fix = (
            "free some space, or keep data elsewhere with --data",
            "清理磁盘，或用 --data 指定其他位置",
        );
        finding(Severity::Warning, "disk", what, Some(fix))
    }
}

/// Streams at the ends of each range of rates and counts what does not arrive.
fn try_rates(args: &str, label: &str) -> Vec<Finding> {
    let mut receiver = match SoapyReceiver::open(args) {
        Ok(receiver) => receiver,
        Err(error) => {
            let what = (format!("{label}: {error}"), format!("{label}：{error}"));
            let fix = (
                "close other programs that use it; see the findings above",
                "关闭占用该设备的其他程序；参见以上各项",
            );
            return vec![finding(Severity::Problem, "receiver", what, Some(fix))];
        }
    };
    let facts = receiver.facts().clone();
    let mut rates: Vec<f64> = facts.sample_rate_ranges_hz.iter().flatten().copied().collect();
    rates.push(receiver.profile().rates.default_hz);
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let center = facts
        .frequency_ranges_hz
        .first()
        .map_or(100e6, |[low, high]| 100e6_f64.clamp(*low, *high));
    let bar = super::progress(Some(rates.len() as u64));
    let findings = rates
        .iter()
        .map(|rate| {
            bar.inc(1);
            rate_finding(label, *rate, try_rate(&mut receiver, center, *rate))
        })
        .collect();
    bar.finish_and_clear();
    findings
}

/// Overflows, and the share of the nominal samples that arrived.
fn try_rate(receiver: &mut SoapyReceiver, center: f64, rate: f64) -> std::result::Result<(u64, f64), ReceiverError> {
    receiver.tune(&Tuning {
        center_hz: center as u64,
        sample_rate_hz: rate,
        gain: Gain::Profile,
        ppm: 0.0,
        antenna: None,
        bandwidth_hz: None,
    })?;
    receiver.start()?;
    let mut block = SampleBlock::new(receiver.facts().format, 65_536);
    let mut read = |until: Duration| -> std::result::Result<(u64, u64, f64), ReceiverError> {
        let (mut samples, mut overflows, begun) = (0_u64, 0_u64, Instant::now());
        while begun.elapsed() < until {
            match receiver.read(&mut block, Duration::from_millis(500)) {
                Ok(Some(info)) => {
                    samples += info.samples as u64;
                    overflows += u64::from(info.loss.is_some());
                }
                Ok(None) => break,
                Err(ReceiverError::Timeout { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((samples, overflows, begun.elapsed().as_secs_f64()))
    };
    read(TRY_RATE / 4)?; // what was buffered while the rate changed
    let (samples, overflows, seconds) = read(TRY_RATE)?;
    receiver.stop()?;
    Ok((overflows, samples as f64 / (rate * seconds)))
}

fn rate_finding(label: &str, rate: f64, outcome: std::result::Result<(u64, f64), ReceiverError>) -> Finding {
    let rate = Hertz::from_f64(rate).to_string().replace("Hz", "S/s");
    match outcome {
        Ok((0, share)) if share >= DELIVERED_LEAST => finding(
            Severity::Fine,
            "rate",
            (format!("{label}: no loss at {rate}"), format!("{label}：{rate} 无丢样")),
            None,
        ),
        Ok((overflows, share)) => finding(
            Severity::Warning,
            "rate",
            (
                format!(
                    "{label}: {overflows} overflow(s) at {rate}, {:.1} % delivered",
                    share * 100.0
                ),
                format!("{label}：{rate} 溢出 {overflows} 次，收到 {:.1} %", share * 100.0),
            ),
            Some((
                "use a lower rate, a USB port of its own, or a faster computer",
                "降低采样率、换独立 USB 口或更快的电脑",
            )),
        ),
        Err(error) => finding(
            Severity::Warning,
            "rate",
            (format!("{label}: {rate}: {error}"), format!("{label}：{rate}：{error}")),
            Some(("unplug it, plug it in again, and repeat", "重新插拔后再试")),
        ),
    }
}

fn print(findings: &[Finding], args: &DoctorArgs) {
    if args.json {
        for finding in findings {
            println!("{}", serde_json::json!(finding));
        }
        return;
    }
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(if args.zh {
        ["", "项目", "情况", "处理办法"]
    } else {
        ["", "topic", "finding", "fix"]
    });
    let pick = |text: &Text| if args.zh { text.zh.clone() } else { text.en.clone() };
    for finding in findings {
        let (mark, colour) = match finding.severity {
            Severity::Fine => ("ok", Color::Green),
            Severity::Notice => ("note", Color::Cyan),
            Severity::Warning => ("warn", Color::Yellow),
            Severity::Problem => ("fail", Color::Red),
        };
        table.add_row(vec![
            Cell::new(mark).fg(colour),
            Cell::new(finding.topic),
            Cell::new(pick(&finding.what)),
            Cell::new(finding.fix.as_ref().map(pick).unwrap_or_default()),
        ]);
    }
    println!("{table}");
}

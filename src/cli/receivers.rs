//! `pinpu receivers`: what SoapySDR finds, with profile and ranges, and what is wrong with it.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, LineStyle, Table, presets};
use pinpu_hardware::{ReceiverFacts, soapy};
use serde::Serialize;

use crate::{Result, units::Hertz};

/// Modules that need longer than this to answer are reported as hanging.
const MODULE_TIMEOUT: Duration = Duration::from_secs(10);
/// Drivers that answer without a radio: the virtual receiver, and sound cards, which are seldom meant.
const NOT_PHYSICAL: &[&str] = &["pinpu-virtual", "audio", "null"];

/// Options of `receivers`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ReceiversArgs {
    #[command(subcommand)]
    command: Option<ReceiversCommand>,
    /// NDJSON: one object a receiver or fault
    #[arg(long)]
    json: bool,
    /// Leave out what is no radio: the virtual receiver and sound cards
    #[arg(long)]
    physical: bool,
    /// Ask the drivers in this process and print for the parent
    #[arg(long, hide = true)]
    probe: bool,
}

#[derive(Debug, Subcommand)]
enum ReceiversCommand {
    /// Tell a receiver's own artefacts from signals by moving its oscillator, rate and gain; map its spurs
    Examine(super::examine::ExamineArgs),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "a handful of rows, printed and forgotten")]
enum Row {
    Receiver {
        args: String,
        driver: String,
        label: String,
        serial: Option<String>,
        product: Option<String>,
        facts: Option<ReceiverFacts>,
        problem: Option<String>,
    },
    Fault {
        module: PathBuf,
        what: String,
    },
}

/// Receivers found by asking each driver in a child process of its own.
///
/// # Errors
/// When this program cannot be started again.
pub(crate) fn discover() -> Result<soapy::Enumeration> {
    let program = std::env::current_exe().map_err(super::io_error("this program".as_ref()))?;
    Ok(soapy::enumerate_in_child(
        &program,
        &["receivers", "--probe"],
        MODULE_TIMEOUT,
    )?)
}

/// Whether it is a radio that somebody plugged in.
#[must_use]
pub(crate) fn is_physical(found: &soapy::Found) -> bool {
    !NOT_PHYSICAL.contains(&found.driver.as_str())
}

/// Runs the command.
///
/// # Errors
/// When the drivers cannot be asked at all; one driver's failure is a row, not an error.
pub(super) fn run(args: &ReceiversArgs) -> Result<ExitCode> {
    if let Some(ReceiversCommand::Examine(examine)) = &args.command {
        return super::examine::run(examine);
    }
    if args.probe {
        soapy::print_found("")?;
        return Ok(ExitCode::SUCCESS);
    }
    let answer = discover()?;
    let found = answer
        .found
        .into_iter()
        .filter(|found| !args.physical || is_physical(found));
    let mut rows: Vec<Row> = found.map(describe).collect();
    rows.extend(answer.faults.into_iter().map(|fault| Row::Fault {
        module: fault.module,
        what: fault.what,
    }));
    if args.json {
        for row in &rows {
            println!("{}", serde_json::json!(row));
        }
    } else {
        print(&rows, answer.modules.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(found: soapy::Found) -> Row {
    let opened = soapy::SoapyReceiver::open(&found.args);
    let (facts, problem) = match opened {
        Ok(receiver) => (Some(pinpu_hardware::Receiver::facts(&receiver).clone()), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Row::Receiver {
        args: found.args,
        driver: found.driver,
        label: found.label,
        serial: found.serial,
        product: found.product,
        facts,
        problem,
    }
}

fn print(rows: &[Row], modules: usize) {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["receiver", "profile", "tunes", "samples/s", "open it with"]);
    let ranges = |ranges: &[[f64; 2]]| {
        let text = |[low, high]: &[f64; 2]| {
            if low == high {
                Hertz::from_f64(*low).to_string()
            } else {
                format!("{} – {}", Hertz::from_f64(*low), Hertz::from_f64(*high))
            }
        };
        let shown = ranges.iter().take(4).map(text).collect::<Vec<_>>().join("\n");
        if ranges.len() > 4 {
            format!("{shown}\n…")
        } else {
            shown
        }
    };
    let mut count = 0;
    for row in rows {
        if let Row::Receiver {
            args,
            label,
            facts,
            problem,
            ..
        } = row
        {
            count += 1;
            let (profile, tunes, rates) = match (facts, problem) {
                (Some(facts), _) => (
                    facts.profile.clone(),
                    ranges(&facts.frequency_ranges_hz),
                    ranges(&facts.sample_rate_ranges_hz)
                        .replace(" Hz", "")
                        .replace("Hz", ""),
                ),
                (None, problem) => (problem.clone().unwrap_or_default(), String::new(), String::new()),
            };
            table.add_row([label.clone(), profile, tunes, rates, format!("soapy:{args}")]);
        }
    }
    if count > 0 {
        println!("{table}");
    }
    for row in rows {
        if let Row::Fault { module, what } = row {
            println!("module {}: {what}", module.display());
        }
    }
    match (count, modules) {
        (0, 0) => println!(
            "No SoapySDR module is installed. Install the one for your receiver, such as: apt-get install soapysdr-module-rtlsdr"
        ),
        (0, _) => {
            println!("No receiver answered. Plug one in, then see `pinpu doctor` for permissions and driver clashes.")
        }
        _ => {}
    }
}

//! `pinpu coordination`: a request between civil and military offices as a file, held against the registry before it is
//! sent, and printed as a letter. It needs no service and no database.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{Cell, Color, ContentArrangement, LineStyle, Table, presets};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{files, language::Language};
use crate::{
    Error, Result,
    coordination::{
        Alternative, Analysis, LetterLanguage, Level, Policy, Proposal, Request, Side, Surroundings, View, Writing,
        alternatives, analyse, letter,
    },
    registry::{
        Text,
        disclosure::{Audience, PublicView},
    },
    units::{Band, Hertz},
};

/// The file that `example` prints.
const EXAMPLE: &str = include_str!("../../config/request.example.toml");

/// Arguments of `pinpu coordination`.
#[derive(Debug, Args)]
pub(super) struct CoordinationArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a request to fill in
    Example,
    /// Hold a request against allocations, assignments and control orders; exit status 3 when it cannot stand as it is
    Check(CheckArgs),
    /// Print a request as a letter (协调函): one HTML page to sign and seal
    Letter(LetterArgs),
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The request (TOML); `pinpu coordination example` prints one
    file: PathBuf,
    /// Assignments it is held against (CSV, see docs/registry.md); repeatable
    #[arg(long, value_name = "FILE")]
    registry: Vec<PathBuf>,
    /// Radio control orders (TOML, see config/control-orders.toml)
    #[arg(long, value_name = "FILE")]
    control_orders: Option<PathBuf>,
    /// Deadlines and criteria instead of the built-in ones (TOML, see config/coordination.toml)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// For whose eyes the answer is: classified assignments of the files show as public cells and blocks to `civil`
    #[arg(long, value_enum, default_value_t = Reader::Civil)]
    reader: Reader,
    /// Language of texts: zh or en; by default that of the environment
    #[arg(long, value_enum)]
    lang: Option<Language>,
    /// NDJSON: findings, alternatives, then a summary
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct LetterArgs {
    /// The request (TOML)
    file: PathBuf,
    /// Language of the letter: zh or en; by default that of the environment
    #[arg(long, value_enum)]
    lang: Option<Language>,
    /// Write it here instead of to standard output
    #[arg(long, value_name = "FILE.html")]
    output: Option<PathBuf>,
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reader {
    /// Somebody who may not see classified assignments
    Civil,
    /// Somebody who may see all of the files
    All,
}

/// A request as a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    side: Side,
    request: Proposal,
}

/// Runs the command.
///
/// # Errors
/// `Invalid` for a request with faults, each with what to write instead; of files that cannot be read or written.
pub(super) fn run(args: &CoordinationArgs) -> Result<ExitCode> {
    match &args.action {
        Action::Example => print(EXAMPLE).map(|()| ExitCode::SUCCESS),
        Action::Check(args) => check(args),
        Action::Letter(args) => write_letter(args).map(|()| ExitCode::SUCCESS),
    }
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(super::io_error("standard output".as_ref()))
}

/// The request of a file, without faults.
fn request(path: &Path, language: Language) -> Result<Request> {
    let text = files::text(path)?;
    let file: RequestFile =
        toml::from_str(&text).map_err(|error| Error::Invalid(format!("{}: {error}", path.display())))?;
    let faults: Vec<String> = file
        .request
        .faults()
        .iter()
        .map(|fault| format!("\n  {}: {}", fault.field, language.of(&fault.reason)))
        .collect();
    if faults.is_empty() {
        let user = file.request.user.clone();
        let id = path.display().to_string();
        Ok(Request::draft(id, file.side, file.request, user, Timestamp::now()))
    } else {
        Err(Error::Invalid(format!("{}:{}", path.display(), faults.concat())))
    }
}

fn check(args: &CheckArgs) -> Result<ExitCode> {
    let language = args.lang.unwrap_or_else(Language::of_environment);
    let request = request(&args.file, language)?;
    let policy = match &args.policy {
        Some(path) => Policy::parse(&files::text(path)?, &path.display().to_string()),
        None => Policy::builtin(),
    };
    let policy = policy.map_err(|error| Error::Invalid(error.to_string()))?;
    let registry = Arc::new(files::registry(&args.registry, args.control_orders.as_deref())?);
    let public = PublicView::of(&registry, Audience::Open);
    let around = Surroundings {
        view: match args.reader {
            Reader::Civil => View::Public(&public),
            Reader::All => View::Full(&registry),
        },
        requests: &[],
        policy: &policy,
        now: Timestamp::now(),
    };
    let analysis = analyse(&request, &around);
    let others = alternatives(&request, &around);
    print(&if args.json {
        lines(&analysis, &others)
    } else {
        tables(&analysis, &others, language, io::stdout().is_terminal())
    })?;
    Ok(if analysis.level == Level::Blocking {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}

/// One object a line.
fn lines(analysis: &Analysis, others: &[Alternative]) -> String {
    let typed = |kind: &str, value: serde_json::Value| {
        let mut row = json!({"type": kind});
        if let (Some(row), serde_json::Value::Object(fields)) = (row.as_object_mut(), value) {
            row.extend(fields);
        }
        format!("{row}\n")
    };
    let findings = analysis.findings.iter().map(|finding| typed("finding", json!(finding)));
    let ranked = others.iter().map(|other| typed("alternative", json!(other)));
    let summary = json!({
        "level": analysis.level, "bands": analysis.bands, "findings": analysis.findings.len(),
        "omitted": analysis.omitted, "alternatives": others.len(), "model": analysis.model,
        "registry_version": analysis.registry_version, "policy_version": analysis.policy_version, "at": analysis.at,
    });
    findings.chain(ranked).chain([typed("summary", summary)]).collect()
}

fn tables(analysis: &Analysis, others: &[Alternative], language: Language, terminal: bool) -> String {
    let say = |zh: &'static str, en: &'static str| language.pick(zh, en);
    let mut findings = table(
        &[
            say("结论", "level"),
            say("余量 dB", "margin dB"),
            say("距离 km", "km"),
            say("说明", "finding"),
        ],
        terminal,
    );
    for finding in &analysis.findings {
        findings.add_row([
            level(finding.level, language),
            number(finding.margin_db),
            number(finding.distance_km),
            Cell::new(language.of(&finding.explanation)),
        ]);
    }
    let mut text = format!("{findings}\n");
    if analysis.omitted > 0 {
        text += &language.pick(
            format!("另有 {} 条未列出。\n", analysis.omitted),
            format!("{} more are not listed.\n", analysis.omitted),
        );
    }
    if !others.is_empty() {
        let mut ranked = table(
            &[
                say("可用频段 MHz", "would pass, MHz"),
                say("结论", "level"),
                say("待核事项", "cautions"),
                say("余量 dB", "margin dB"),
            ],
            terminal,
        );
        for other in others {
            ranked.add_row([
                Cell::new(band(other.band)),
                level(other.level, language),
                Cell::new(other.cautions),
                number(other.margin_db),
            ]);
        }
        text += &format!("\n{ranked}\n");
    }
    let Analysis {
        model,
        registry_version,
        policy_version,
        ..
    } = analysis;
    text + &language.pick(
        format!("模型：{model}；登记库版本 {registry_version}；规则版本 {policy_version}。仅供参考，由人裁定。\n"),
        format!("model: {model}; registry {registry_version}; policy {policy_version}. A person decides.\n"),
    )
}

fn table(header: &[&str], terminal: bool) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    if !terminal {
        table.force_no_tty();
    }
    table
}

fn level(level: Level, language: Language) -> Cell {
    let (text, color) = match level {
        Level::Clear => (Text::new("可行", "clear"), Color::Green),
        Level::Note => (Text::new("提示", "note"), Color::Reset),
        Level::Caution => (Text::new("待核", "caution"), Color::Yellow),
        Level::Blocking => (Text::new("不可行", "blocking"), Color::Red),
    };
    Cell::new(language.of(&text)).fg(color)
}

fn number(value: Option<f64>) -> Cell {
    Cell::new(value.map_or_else(String::new, |value| format!("{value:.1}")))
}

/// Edges in MHz.
fn band(band: Band) -> String {
    let mhz = |hz: Hertz| {
        let text = format!("{:.6}", hz.as_f64() * 1e-6);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    format!("{}–{}", mhz(band.low()), mhz(band.high()))
}

fn write_letter(args: &LetterArgs) -> Result<()> {
    let language = args.lang.unwrap_or_else(Language::of_environment);
    let request = request(&args.file, language)?;
    let page = letter(
        &request,
        &Writing {
            language: language.pick(LetterLanguage::Chinese, LetterLanguage::English),
            at: Timestamp::now(),
        },
    );
    match &args.output {
        Some(path) => fs::write(path, page).map_err(super::io_error(path)),
        None => print(&page),
    }
}

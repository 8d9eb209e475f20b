//! `pinpu audit`: verifies the audit log and signs checkpoints, on the machine where the data is, whether the service runs
//! or not.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::{block_on, io_error, language::Language};
use crate::{
    Error, Result,
    audit::{PublicKey, Tree},
    config::Config,
    service::audit::{self, CHECKPOINT_FILE, LogReader, Report, Wanted},
    store::{ROWS, SETS, StoredHead},
};

const EXAMPLES: &str = "Examples 示例:
  pinpu audit checkpoint --out /media/usb/pinpu.checkpoint   keep this elsewhere 另存于他处
  pinpu audit verify --checkpoint /media/usb/pinpu.checkpoint
  pinpu audit verify --data /var/lib/pinpu --json
  pinpu audit verify --config /etc/pinpu.toml --key 'pinpu.audit/…+1a2b3c4d+AQ…'

Exit status: 0 everything agrees, 1 something does not, 2 wrong use.
退出码：0 全部相符，1 有不符，2 用法错误。
Changes after the newest checkpoint kept elsewhere, by somebody who holds the signing key, cannot be found.
持有签名密钥者在最后一个另存检查点之后所做的改动无法查出。";

/// Arguments of `pinpu audit`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    action: Action,
}

/// Which log.
#[derive(Debug, Args)]
struct Place {
    /// Folder with the data, the key and the newest checkpoint
    #[arg(long, global = true, value_name = "DIR", env = "PINPU_DATA")]
    data: Option<PathBuf>,
    /// Configuration file that names folder and database
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address of the database, when it is not the one in the data folder
    #[arg(
        long,
        alias = "database",
        global = true,
        value_name = "URL",
        env = "PINPU__DATABASE__URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Recomputes the log and holds it against its checkpoints and against the tables it vouches for
    #[command(after_help = EXAMPLES)]
    Verify {
        /// Checkpoint that was kept elsewhere; repeatable
        #[arg(long = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
        /// Public key to rely on, instead of the one the log names
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Signs the log as it is now and prints the text, or writes it to a file
    #[command(after_help = EXAMPLES)]
    Checkpoint {
        /// File to write, replacing what is there
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Prints the public key instead
        #[arg(long, conflicts_with = "out")]
        public_key: bool,
    },
}

/// Where the log is.
struct Found {
    folder: PathBuf,
    url: String,
}

impl Place {
    fn find(self) -> Result<Found> {
        let mut config = match &self.config {
            Some(path) => Config::load(Some(path.as_path()), std::env::vars())
                .map_err(|error| Error::Invalid(error.to_string()))?,
            None => Config::default(),
        };
        config.data_dir = self.data.unwrap_or(config.data_dir);
        config.database_url = self.database_url.or(config.database_url);
        let file = config.data_dir.join("pinpu.db");
        if config.database_url.is_none() && !file.exists() {
            return Err(Error::Invalid(format!(
                "there is no database at {}: give its folder with --data DIR, or --config FILE, or --database URL",
                file.display()
            )));
        }
        Ok(Found {
            url: config.effective_database_url(),
            folder: config.data_dir,
        })
    }
}

/// Runs the command.
pub(super) fn run(args: AuditArgs) -> Result<ExitCode> {
    let found = args.place.find()?;
    match args.action {
        Action::Verify { checkpoints, key, json } => verify(&found, &checkpoints, key.as_deref(), json),
        Action::Checkpoint { out, public_key } => checkpoint(&found, out, public_key),
    }
}

fn verify(found: &Found, files: &[PathBuf], key: Option<&str>, json: bool) -> Result<ExitCode> {
    let language = Language::of_environment();
    let mut checkpoints = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(path).map_err(io_error(path))?;
        checkpoints.push((path.display().to_string(), text));
    }
    let newest = found.folder.join(CHECKPOINT_FILE);
    if let Ok(text) = std::fs::read_to_string(&newest) {
        checkpoints.push((newest.display().to_string(), text));
    }
    let trusted = key
        .map(|text| {
            PublicKey::parse(text).ok_or_else(|| {
                Error::Invalid("--key takes the line that `pinpu audit checkpoint --public-key` prints".to_owned())
            })
        })
        .transpose()?;
    let report = block_on(async {
        let mut reader = LogReader::open(&found.url).await?;
        let origin = reader.head().await?.map(|head| head.origin).unwrap_or_default();
        let own = audit::read_key(&found.folder, &origin)?;
        let wanted = Wanted {
            key: own.map(|key| key.public()),
            trusted,
            checkpoints,
        };
        let tables: Vec<&str> = ROWS
            .iter()
            .map(|table| table.name)
            .chain(SETS)
            .chain(["audit_log"])
            .collect();
        let bar = bar(language, reader.rows(&tables).await?);
        let report = audit::verify(&mut reader, &wanted, &*bar).await;
        reader.close().await?;
        report
    })?;
    if json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::Unavailable(format!("the report cannot be written: {error}")))?;
        print(&format!("{text}\n"))?;
    } else {
        print(&text_of(&report, language))?;
    }
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A bar on a terminal, where it takes longer than two seconds.
fn bar(language: Language, rows: u64) -> Box<dyn Fn(u64) + Send + Sync> {
    if !io::stderr().is_terminal() {
        return Box::new(|_| {});
    }
    let begun = Instant::now();
    let bar = ProgressBar::hidden();
    bar.set_length(rows);
    let template = language.pick(
        "核验 {bar:40} {pos}/{len} 行 剩余 {eta}",
        "verifying {bar:40} {pos}/{len} rows {eta} left",
    );
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Box::new(move |more| {
        if begun.elapsed() > Duration::from_secs(2) && bar.is_hidden() {
            bar.set_draw_target(indicatif::ProgressDrawTarget::stderr_with_hz(4));
        }
        bar.inc(more);
        if bar.position() >= rows {
            bar.finish_and_clear();
        }
    })
}

fn text_of(report: &Report, language: Language) -> String {
    let Report {
        origin,
        entries,
        root,
        checkpoints,
        vouched,
        rows,
        faults_total,
        ..
    } = report;
    let mut lines = vec![language.pick(
        format!("日志 {origin}：{entries} 条，根 {root}"),
        format!("log {origin}: {entries} entries, root {root}"),
    )];
    lines.push(language.pick(
        format!("已比对检查点 {checkpoints} 个（前 {vouched} 条有签名为证）、受保护记录 {rows} 条"),
        format!(
            "compared: {checkpoints} checkpoints (the first {vouched} entries are signed for), {rows} protected rows"
        ),
    ));
    if report.is_clean() {
        lines.push(language.pick("全部相符。".to_owned(), "Everything agrees.".to_owned()));
        return lines.join("\n") + "\n";
    }
    if let Some(entry) = report.first_bad_entry() {
        lines.push(language.pick(format!("首个有误条目：{entry}"), format!("first bad entry: {entry}")));
    }
    for fault in &report.faults {
        let entry = fault
            .entry
            .map(|entry| language.pick(format!("第 {entry} 条 "), format!("entry {entry} ")));
        let row = fault.row.as_ref().map(|row| format!("{row} "));
        let place = [entry, row].into_iter().flatten().collect::<String>();
        let place = place.trim_end();
        let text = language.of(&fault.text);
        lines.push(if place.is_empty() {
            format!("✗ {text}")
        } else {
            format!("✗ {place}: {text}")
        });
    }
    lines.push(language.pick(
        format!("不符之处共 {faults_total} 项。"),
        format!("{faults_total} things do not agree."),
    ));
    lines.join("\n") + "\n"
}

fn checkpoint(found: &Found, out: Option<PathBuf>, public_key: bool) -> Result<ExitCode> {
    let head = block_on(async {
        let mut reader = LogReader::open(&found.url).await?;
        let head = reader.head().await;
        reader.close().await?;
        head
    })?;
    let broken =
        || Error::Unavailable("the head of the log does not fit together: run `pinpu audit verify`".to_owned());
    let StoredHead {
        origin,
        size,
        root,
        peaks,
    } = head.ok_or_else(broken)?;
    let key = audit::read_key(&found.folder, &origin)?.ok_or_else(|| {
        Error::Invalid(format!(
            "there is no key {} in {}: give the folder of the service with --data DIR",
            audit::KEY_FILE,
            found.folder.display()
        ))
    })?;
    if public_key {
        print(&format!("{}\n", key.public()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (whole, _) = peaks.as_chunks::<32>();
    let tree = Tree::from_peaks(size, whole.to_vec()).filter(|tree| root == tree.root());
    let tree = tree.ok_or_else(broken)?;
    let signed = audit::sign(&key, origin, size, tree.root());
    match out {
        Some(path) => audit::replace(&path, &signed.note)?,
        None => print(&signed.note)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(io_error("standard output".as_ref()))
}

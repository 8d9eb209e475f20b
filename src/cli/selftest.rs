//! `pinpu selftest metrology`: measures the measuring chain and says where it holds what theory allows.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use clap::{Args, Subcommand};
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use serde_json::json;

use crate::{
    Error, Result,
    metrology::{CAMPAIGNS, Campaign, Check, Effort},
};

/// Marks between which `--write` puts the table.
const BEGIN: &str = "<!-- pinpu selftest metrology: begin -->";
const END: &str = "<!-- pinpu selftest metrology: end -->";

/// Options of `selftest`.
#[derive(Debug, Args)]
pub(super) struct SelftestArgs {
    #[command(subcommand)]
    command: SelftestCommand,
}

#[derive(Debug, Subcommand)]
enum SelftestCommand {
    /// Known signals through the detector: false alarms, detection, floor, bursts, frequency, bandwidth, level, occupancy,
    /// artefacts, each held against theory
    Metrology(MetrologyArgs),
}

#[derive(Debug, Args)]
struct MetrologyArgs {
    /// What to measure; everything when none is named
    #[arg(value_name = "NAME", value_parser = campaign_names())]
    only: Vec<String>,
    /// As many trials as the stated limits need: the better part of an hour instead of some minutes
    #[arg(long)]
    full: bool,
    /// Seed of everything random; the same seed gives the same table
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// NDJSON: one object a line of the table
    #[arg(long)]
    json: bool,
    /// Put the table into this Markdown file, between its marks
    #[arg(long, value_name = "FILE.md")]
    write: Option<PathBuf>,
}

fn campaign_names() -> clap::builder::PossibleValuesParser {
    CAMPAIGNS
        .iter()
        .map(|campaign| campaign.name)
        .collect::<Vec<_>>()
        .into()
}

/// Runs the command; exit status 1 when a figure is not what it should be.
///
/// # Errors
/// When the file cannot be written, or has no place for the table.
pub(super) fn run(args: &SelftestArgs) -> Result<ExitCode> {
    let SelftestCommand::Metrology(args) = &args.command;
    // A place that is missing is known before the measuring, not after it.
    let page = args.write.as_deref().map(Page::open).transpose()?;
    let wanted = |campaign: &Campaign| args.only.is_empty() || args.only.iter().any(|name| name == campaign.name);
    let campaigns: Vec<Campaign> = CAMPAIGNS.iter().copied().filter(wanted).collect();
    let effort = if args.full { Effort::Full } else { Effort::Quick };
    let bar = super::progress(Some(campaigns.len() as u64));
    let results = measure(&campaigns, effort, args.seed, &|| bar.inc(1));
    bar.finish_and_clear();
    if args.json {
        for (campaign, checks) in &results {
            for check in checks {
                println!(
                    "{}",
                    json!({ "campaign": campaign.name, "seed": args.seed, "check": check })
                );
            }
        }
    } else {
        println!("{}", table(&results));
    }
    if let Some(page) = page {
        page.write(&markdown(&results, args))?;
    }
    let checks = || results.iter().flat_map(|(_, checks)| checks);
    let (all, missed) = (checks().count(), checks().filter(|check| !check.met).count());
    eprintln!("{all} figures measured, {missed} of them not as they should be");
    Ok(ExitCode::from(u8::from(missed > 0)))
}

type Results = Vec<(Campaign, Vec<Check>)>;

/// Runs `campaigns`, as many at a time as there are processors; `done` is told of each that is over.
fn measure(campaigns: &[Campaign], effort: Effort, seed: u64, done: &(dyn Fn() + Sync)) -> Results {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Vec::new(); campaigns.len()]);
    thread::scope(|scope| {
        for _ in 0..threads.min(campaigns.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Relaxed);
                    let Some(campaign) = campaigns.get(index) else { break };
                    let checks = campaign.measure(effort, seed);
                    results.lock().unwrap_or_else(PoisonError::into_inner)[index] = checks;
                    done();
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    campaigns.iter().copied().zip(results).collect()
}

fn table(results: &Results) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["", "Quantity", "Conditions", "Expected", "Measured"]);
    for check in results.iter().flat_map(|(_, checks)| checks) {
        let (mark, colour) = if check.met {
            ("ok", Color::Green)
        } else {
            ("MISSED", Color::Red)
        };
        table.add_row([
            Cell::new(mark).fg(colour),
            Cell::new(&check.quantity),
            Cell::new(&check.conditions),
            Cell::new(&check.expected),
            Cell::new(&check.result),
        ]);
    }
    table
}

fn markdown(results: &Results, args: &MetrologyArgs) -> String {
    let mut text = format!(
        "`pinpu selftest metrology{}{}`, Pinpu {}. **Missed** figures are open defects or limits.\n",
        if args.full { " --full" } else { "" },
        if args.seed == 1 {
            String::new()
        } else {
            format!(" --seed {}", args.seed)
        },
        env!("CARGO_PKG_VERSION"),
    );
    for (campaign, checks) in results {
        let _ = write!(
            text,
            "\n### {}\n\n| quantity | conditions | expected | measured | |\n|---|---|---|---|---|\n",
            campaign.about
        );
        for check in checks {
            let met = if check.met { "met" } else { "**missed**" };
            let cells = [&check.quantity, &check.conditions, &check.expected, &check.result]
                .map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(text, "| {} | {met} |", cells.join(" | "));
        }
    }
    text
}

/// A Markdown file with a place for the table.
struct Page {
    path: PathBuf,
    before: String,
    after: String,
}

impl Page {
    fn open(path: &Path) -> Result<Self> {
        let failed = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let text = fs::read_to_string(path).map_err(failed)?;
        let parts = text
            .split_once(BEGIN)
            .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
        let Some((before, after)) = parts else {
            let path = path.display();
            return Err(Error::Invalid(format!(
                "{path} has no place for the table: write the lines {BEGIN} and {END} where it belongs"
            )));
        };
        Ok(Self {
            path: path.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    fn write(&self, table: &str) -> Result<()> {
        let text = format!("{}{BEGIN}\n{table}\n{END}{}", self.before, self.after);
        fs::write(&self.path, text).map_err(|source| Error::Io {
            path: self.path.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_takes_its_place_and_nothing_else() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("page.md");
        let refused = Page::open(&path).err().expect("absent").to_string();
        assert!(refused.contains("page.md"), "{refused}");
        fs::write(&path, "# Page\n").expect("written");
        let refused = Page::open(&path).err().expect("no place").to_string();
        assert!(refused.contains(BEGIN) && refused.contains(END), "{refused}");
        fs::write(&path, format!("# Page\n{BEGIN}\nold\n{END}\nrest\n")).expect("written");
        Page::open(&path).expect("a place").write("new").expect("written");
        let text = fs::read_to_string(&path).expect("read");
        assert_eq!(text, format!("# Page\n{BEGIN}\nnew\n{END}\nrest\n"));
    }
}

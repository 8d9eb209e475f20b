//! `pinpu registry`: stations and allocation tables from files into the database, checked before anything is changed.
//!
//! `check` is the dry run of `import`. Without a database both look at the file alone. A file with a bad row changes
//! nothing unless `--accept-partial` says that the good rows are wanted.

mod export;
mod print;
mod progress;
mod source;
mod storage;
mod straight;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date, tz::Offset};

use self::{
    print::{Outcome, Printer},
    progress::Progress,
    source::{Content, Format},
    storage::{DatabaseArgs, Folder},
    straight::Straight,
};
use crate::{
    Error, Result,
    cli::language::Language,
    registry::{
        AllocationTable, Text,
        disclosure::{self, Audience},
        import::{Changes, Kind, compare, merge_rows},
    },
    units::{Band, Hertz},
};

/// Arguments of `pinpu registry`.
#[derive(Debug, Args)]
pub(super) struct RegistryArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Reads a file and says what importing it would change; changes nothing
    Check {
        #[command(flatten)]
        file: FileArgs,
        #[command(flatten)]
        table: TableArgs,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Adds the records of a file to the database, or updates those with the same key
    Import {
        #[command(flatten)]
        file: FileArgs,
        #[command(flatten)]
        table: TableArgs,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        output: OutputArgs,
        /// Import the good rows of a file that has bad ones
        #[arg(long)]
        accept_partial: bool,
        /// Change nothing; the same as `check`
        #[arg(long)]
        dry_run: bool,
    },
    /// Lists assignments or allocations, of the database or of a file
    List {
        /// A file to list instead of the database
        file: Option<PathBuf>,
        /// Format of the file, when its header does not tell
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// Assignments or allocations
        #[arg(long, value_enum, default_value = "assignments")]
        kind: Kind,
        /// Only what overlaps this band, such as 87M-108M
        #[arg(long, value_name = "LOW-HIGH", value_parser = parse_band)]
        band: Option<Band>,
        /// List classified records of the database too; by default they stay out
        #[arg(long)]
        include_classified: bool,
        /// What the database said at a time: a day such as 2026-03-01, to its end in China (UTC+8), or an instant such as
        /// 2026-03-01T08:00:00Z
        #[arg(long, value_name = "DATE", value_parser = parse_time, conflicts_with = "file")]
        as_of: Option<Timestamp>,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Writes the registry, or a file in another format, as csv, xlsx, geojson, kml, sfaf or ssrf
    Export(export::ExportArgs),
}

#[derive(Debug, Args)]
struct FileArgs {
    /// The file, a folder or zip of a register in several files, or `-` for standard input
    file: PathBuf,
    /// Format, when the file does not tell it
    #[arg(long, value_enum, value_name = "NAME")]
    format: Option<Format>,
}

/// Which allocation table rows of a CSV file belong to.
#[derive(Debug, Args)]
struct TableArgs {
    /// Key of the allocation table that rows of a CSV file belong to
    #[arg(long, value_name = "KEY", default_value = "cn")]
    table: String,
    /// Edition of the table, in words
    #[arg(long, value_name = "TEXT")]
    edition: Option<String>,
    /// First day the table is in force
    #[arg(long, value_name = "DATE")]
    effective_from: Option<jiff::civil::Date>,
    /// The file is the whole table: rows it does not hold are removed, and bands without a row are not allocated
    #[arg(long)]
    complete: bool,
}

#[derive(Debug, Args)]
struct OutputArgs {
    /// One JSON object a line, the last one a summary
    #[arg(long)]
    json: bool,
    /// Language of reasons: zh or en; by default that of the environment
    #[arg(long, value_enum)]
    lang: Option<Language>,
}

impl OutputArgs {
    fn printer(&self) -> Printer {
        Printer::new(self.json, self.lang)
    }
}

/// Runs the command.
///
/// # Errors
/// `Invalid` for wrong use; `Io` and `Store` for what cannot be read or written.
pub(super) fn run(args: &RegistryArgs) -> Result<ExitCode> {
    match &args.action {
        Action::Check {
            file,
            table,
            database,
            output,
        } => take(
            file,
            table,
            database,
            &mut output.printer(),
            Take {
                dry_run: true,
                accept_partial: false,
            },
        ),
        Action::Import {
            file,
            table,
            database,
            output,
            accept_partial,
            dry_run,
        } => {
            let take_what = Take {
                dry_run: *dry_run,
                accept_partial: *accept_partial,
            };
            take(file, table, database, &mut output.printer(), take_what)
        }
        Action::List {
            file,
            format,
            kind,
            band,
            include_classified,
            as_of,
            database,
            output,
        } => {
            let mut printer = output.printer();
            let (content, clean) = match file {
                Some(file) => {
                    let report = source::read(file, *format)?;
                    printer.bad_rows(&report)?;
                    let clean = report.is_clean();
                    (report.content, clean)
                }
                None => (listed(database, (*kind, *as_of), *band, *include_classified)?, true),
            };
            printer.list(&content, *band)?;
            Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Action::Export(args) => export::run(args),
    }
}

/// What of the database may be shown: on a screen as in a file.
fn listed(
    database: &DatabaseArgs,
    (kind, as_of): (Kind, Option<Timestamp>),
    band: Option<Band>,
    include_classified: bool,
) -> Result<Content> {
    let audience = if include_classified {
        Audience::Cleared
    } else {
        Audience::Open
    };
    let content = match as_of {
        Some(time) => storage::content_at(database, kind, time, audience)?,
        None => storage::content(database, kind)?,
    };
    Ok(match content {
        Content::Assignments(mut records) => {
            records.retain(|record| disclosure::may_leave(record, audience));
            let read = records
                .iter()
                .filter(|record| band.is_none_or(|band| band.overlaps(record.band())));
            storage::note_read(database, "list_registry", &read.collect::<Vec<_>>())?;
            Content::Assignments(records)
        }
        other => other,
    })
}

/// How an import is meant.
#[derive(Clone, Copy)]
struct Take {
    dry_run: bool,
    accept_partial: bool,
}

fn take(
    file: &FileArgs,
    table: &TableArgs,
    database: &DatabaseArgs,
    printer: &mut Printer,
    how: Take,
) -> Result<ExitCode> {
    let progress = Progress::start(printer.language())?;
    let read = if how.dry_run || how.accept_partial {
        Straight::whole(&file.file, file.format)
    } else {
        straight::read(&file.file, file.format, database, &progress)
    };
    let Straight {
        mut report,
        stored,
        passed,
    } = match read {
        Ok(read) => read,
        Err(error) => return progress.stopped().ok_or(error),
    };
    printer.bad_rows(&report)?;
    if let Some(folder) = stored {
        let outcome = Outcome {
            report: &report,
            changes: [passed, 0, 0],
            removed: 0,
            database: Some(folder.name()),
            applied: true,
        };
        printer.outcome(&outcome)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Rows missing from a complete table would be removed: bad ones must not be missing.
    let partial = how.accept_partial && report.complete && !table.complete;
    let wanted = (report.is_clean() || partial) && !how.dry_run;
    // Only an import that will happen makes a database where there is none.
    let folder = if wanted {
        Some(Folder::create(database)?)
    } else {
        Folder::existing(database)?
    };
    let content = std::mem::replace(&mut report.content, Content::Rows(Vec::new()));
    let plan = plan(content, table, folder.as_ref())?;
    if let (true, Some(folder)) = (wanted, &folder)
        && let Err(error) = folder.apply(plan.content, &report.name, &progress)
    {
        return progress.stopped().ok_or(error);
    }
    let outcome = Outcome {
        report: &report,
        changes: [
            plan.changes.added.len() + passed,
            plan.changes.updated.len(),
            plan.changes.unchanged.len(),
        ],
        removed: plan.removed,
        database: folder.as_ref().map(Folder::name),
        applied: wanted,
    };
    printer.outcome(&outcome)?;
    Ok(if report.is_clean() || wanted {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What would be stored, and what that would change.
struct Plan {
    content: Content,
    changes: Changes,
    /// Rows of a table that the new one does not hold.
    removed: usize,
}

fn plan(content: Content, args: &TableArgs, folder: Option<&Folder>) -> Result<Plan> {
    let registry = folder.map(Folder::registry);
    let known_table = |id: &str| {
        registry
            .as_ref()
            .and_then(|known| known.tables().iter().find(|table| table.id == id))
    };
    let (content, changes, known) = match content {
        Content::Assignments(incoming) => {
            let known = registry.as_ref().map_or(&[][..], |registry| registry.assignments());
            let changes = compare(known, &incoming);
            (Content::Assignments(incoming), changes, None)
        }
        Content::Rows(rows) => {
            let known = known_table(&args.table);
            let changes = compare(known.map_or(&[][..], |table| &table.rows), &rows);
            (Content::Table(Box::new(target(known, rows, args)?)), changes, known)
        }
        Content::Table(table) => {
            let known = known_table(&table.id);
            let changes = compare(known.map_or(&[][..], |table| &table.rows), &table.rows);
            (Content::Table(table), changes, known)
        }
    };
    let kept = changes.updated.len() + changes.unchanged.len();
    let removed = match (known, &content) {
        (Some(known), Content::Table(new)) if new.rows.len() == kept + changes.added.len() => known.rows.len() - kept,
        _ => 0,
    };
    Ok(Plan {
        content,
        changes,
        removed,
    })
}

/// The table that CSV rows make together with what is there.
fn target(
    known: Option<&AllocationTable>,
    rows: Vec<crate::registry::Allocation>,
    args: &TableArgs,
) -> Result<AllocationTable> {
    let mut table = match known {
        Some(known) => known.clone(),
        None => AllocationTable {
            id: args.table.clone(),
            jurisdiction: args.table.to_uppercase(),
            edition: String::new(),
            effective_from: String::new(),
            title: Text::new("导入的频率划分表", "Imported allocation table"),
            notice: Text::default(),
            complete: false,
            rows: Vec::new(),
        },
    };
    if let Some(edition) = &args.edition {
        table.edition.clone_from(edition);
    }
    if let Some(day) = args.effective_from {
        table.effective_from = day.to_string();
    }
    if args.complete {
        if table.edition.is_empty() || args.edition.is_none() || args.effective_from.is_none() {
            let text = "a complete table needs --edition TEXT and --effective-from DATE: verdicts name the edition";
            return Err(Error::Invalid(text.to_owned()));
        }
        table.complete = true;
        table.notice = Text::default();
        table.rows.clear();
    }
    Ok(merge_rows(table, rows))
}

fn parse_band(text: &str) -> std::result::Result<Band, String> {
    let (low, high) = text.split_once('-').ok_or("write LOW-HIGH, such as 87M-108M")?;
    let read = |text: &str| text.parse::<Hertz>().map_err(|error| error.to_string());
    Band::new(read(low)?, read(high)?).ok_or_else(|| "the lower edge comes first, such as 87M-108M".to_owned())
}

/// An instant, or the end of a day in China.
fn parse_time(text: &str) -> std::result::Result<Timestamp, String> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let day: Date = text
        .parse()
        .map_err(|_| "write a day such as 2026-03-01, or an instant such as 2026-03-01T08:00:00Z")?;
    let next = day.tomorrow().map_err(|error| error.to_string())?;
    let midnight = Offset::constant(8).to_timestamp(next.at(0, 0, 0, 0));
    midnight
        .and_then(|midnight| midnight.checked_sub(jiff::SignedDuration::from_micros(1)))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;

//! `pinpu registry export`: the registry, or a file in any format that is read, as a file for others.
//!
//! The file appears when it is complete: it is written beside its place and moved there.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{
    source::{self, Content},
    storage::{self, DatabaseArgs},
};
use crate::{
    Error, Result,
    cli::language::Language,
    registry::{
        disclosure::{self, Audience},
        export::{self, ExportError, Folders, Format, Options},
        import::{Kind, formats},
    },
    service::exports::{self, Wanted, Written},
    units::Band,
};

/// Arguments of `pinpu registry export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// A file to write in another format, instead of the database
    file: Option<PathBuf>,
    /// Format to write
    #[arg(long, value_enum)]
    format: Format,
    /// Format of the file to read, when it does not tell it
    #[arg(long, value_enum, value_name = "NAME")]
    input_format: Option<formats::Format>,
    /// Assignments or allocations; allocations as csv or xlsx only
    #[arg(long, value_enum, default_value = "assignments")]
    kind: Kind,
    /// Only what overlaps this band, such as 87M-108M
    #[arg(long, value_name = "LOW-HIGH", value_parser = super::parse_band)]
    band: Option<Band>,
    /// Only records with this text in key, holder, station or call sign
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Where to write; `-` is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// What folders of a KML file stand for
    #[arg(long, value_enum, default_value = "service")]
    folders: Folders,
    /// Write classified records too; by default they stay out
    #[arg(long)]
    include_classified: bool,
    /// Language of headers and labels: zh or en; by default that of the environment
    #[arg(long, value_enum)]
    lang: Option<Language>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs the command.
pub(super) fn run(args: &ExportArgs) -> Result<ExitCode> {
    if args.kind == Kind::Allocations && !args.format.holds_allocations() {
        let text = "allocations have no place and no station: write them with --format csv or --format xlsx";
        return Err(Error::Invalid(text.to_owned()));
    }
    let content = content(args)?;
    let wanted = Wanted {
        format: args.format,
        band: args.band,
        text: args.search.clone(),
        audience: if args.include_classified {
            Audience::Cleared
        } else {
            Audience::Open
        },
        options: Options {
            language: match args.lang.unwrap_or_else(Language::of_environment) {
                Language::Zh => export::Language::Chinese,
                Language::En => export::Language::English,
            },
            folders: args.folders,
            written_at: jiff::Timestamp::now(),
        },
    };
    if let (Content::Assignments(records), None) = (&content, &args.file) {
        let words = wanted.words();
        let read = records.iter().filter(|record| wanted.means(record, words.as_deref()));
        let read = read.filter(|record| disclosure::may_leave(*record, wanted.audience));
        storage::note_read(&args.database, "export_registry", &read.collect::<Vec<_>>())?;
    }
    let written = if args.output == Path::new("-") {
        if args.format == Format::Xlsx && io::stdout().is_terminal() {
            let text = "a workbook is no text for a terminal: give --output FILE.xlsx";
            return Err(Error::Invalid(text.to_owned()));
        }
        let mut out = BufWriter::new(io::stdout());
        let written = write(&content, &wanted, &mut out);
        written.and_then(|written| out.flush().map(|()| written).map_err(ExportError::from))
    } else {
        to_file(&content, &wanted, &args.output)
    };
    let written = written.map_err(|error| match error {
        ExportError::Unfit(text) => Error::Invalid(text.en),
        ExportError::Io(source) => Error::Io {
            path: args.output.clone(),
            source,
        },
    })?;
    if written.held_back > 0 {
        eprintln!(
            "{} classified records were left out; --include-classified writes them too",
            written.held_back
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn content(args: &ExportArgs) -> Result<Content> {
    let Some(file) = &args.file else {
        return storage::content(&args.database, args.kind);
    };
    let report = source::read(file, args.input_format)?;
    if !report.is_clean() {
        let file = file.display();
        let text = format!("{file} has rows that cannot be read: `pinpu registry check {file}` lists them");
        return Err(Error::Invalid(text));
    }
    Ok(report.content)
}

fn write(content: &Content, wanted: &Wanted, out: &mut dyn Write) -> std::result::Result<Written, ExportError> {
    match content {
        Content::Assignments(records) => exports::assignments(records, wanted, out),
        Content::Rows(rows) => exports::allocations(rows.iter(), wanted, out),
        Content::Table(table) => exports::allocations(table.rows.iter(), wanted, out),
    }
}

/// Writes beside the place and moves the whole file there, so that no half of one is ever taken for it.
fn to_file(content: &Content, wanted: &Wanted, place: &Path) -> std::result::Result<Written, ExportError> {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = place.with_file_name(name);
    let written = File::create(&beside).map_err(ExportError::from).and_then(|file| {
        let mut out = BufWriter::new(file);
        let written = write(content, wanted, &mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&beside, place)?;
        Ok(written)
    });
    if written.is_err() {
        // The error that is told is the first one.
        drop(std::fs::remove_file(&beside));
    }
    written
}

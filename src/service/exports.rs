//! Files of the registry for others: which records are wanted, which of them may leave, and their writing.
//!
//! Every export goes through here, on the command line and over HTTP.

use std::io::Write;

use crate::{
    registry::{
        Allocation, Assignment,
        disclosure::{self, Audience},
        export::{self, ExportError, Format, Options},
    },
    units::Band,
};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// In which format.
    pub format: Format,
    /// Only what shares frequencies with this band.
    pub band: Option<Band>,
    /// Only records with this text in key, holder, station or call sign, whatever the case.
    pub text: Option<String>,
    /// For whom.
    pub audience: Audience,
    /// How to write it.
    pub options: Options,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Records in the file.
    pub records: usize,
    /// Records that were wanted and may not leave: for the operator, never for a caller.
    pub held_back: usize,
}

impl Wanted {
    /// The text that is searched for, as it is compared.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        self.text.as_ref().map(|text| text.trim().to_lowercase())
    }

    /// Whether a record is among those that are asked for, whoever may have them; `words` are those of this.
    #[must_use]
    pub fn means(&self, record: &Assignment, words: Option<&str>) -> bool {
        let texts = [
            Some(&record.id),
            Some(&record.holder),
            Some(&record.station),
            record.call_sign.as_ref(),
        ];
        let says = |part: &str| texts.iter().flatten().any(|text| text.to_lowercase().contains(part));
        self.band.is_none_or(|band| band.overlaps(record.band())) && words.is_none_or(says)
    }
}

/// Writes assignments by frequency.
///
/// # Errors
/// Writing failed, or a record does not fit the format.
pub fn assignments(all: &[Assignment], wanted: &Wanted, out: &mut dyn Write) -> Result<Written, ExportError> {
    let text = wanted.words();
    let (mut records, held_back): (Vec<_>, Vec<_>) = all
        .iter()
        .filter(|record| wanted.means(record, text.as_deref()))
        .partition(|record| disclosure::may_leave(record, wanted.audience));
    records.sort_by(|a, b| (a.center_hz, &a.id).cmp(&(b.center_hz, &b.id)));
    export::assignments(wanted.format, &records, &wanted.options, out)?;
    Ok(Written {
        records: records.len(),
        held_back: held_back.len(),
    })
}

/// Writes rows of allocation tables in the order of the table.
///
/// # Errors
/// Writing failed, or the format has no place for allocations.
pub fn allocations<'a>(
    all: impl Iterator<Item = &'a Allocation>,
    wanted: &Wanted,
    out: &mut dyn Write,
) -> Result<Written, ExportError> {
    let overlaps = |row: &&Allocation| wanted.band.is_none_or(|band| row.bands().any(|own| band.overlaps(own)));
    let rows: Vec<_> = all.filter(overlaps).collect();
    export::allocations(wanted.format, &rows, &wanted.options, out)?;
    Ok(Written {
        records: rows.len(),
        held_back: 0,
    })
}

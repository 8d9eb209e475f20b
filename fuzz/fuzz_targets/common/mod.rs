//! Reads bytes in a format and writes what was read.

use pinpu_rules::registry::{
    export::{self, Folders, Language, Options},
    import::formats::{self, Content, Format, files::Single},
};

/// Reads, holds the counts against each other, and writes the records in every format.
pub(crate) fn read_as(format: Format, bytes: &[u8]) {
    let name = match format {
        Format::FccUls => "FR.dat",
        Format::AcmaRrl => "device_details.csv",
        _ => "f",
    };
    let Ok(read) = formats::read(format, &mut Single::new(name, bytes), name) else { return };
    assert!(read.rows_bad <= read.rows_read || !read.complete);
    let Content::Assignments(records) = read.content else { return };
    let records: Vec<_> = records.iter().collect();
    let options = Options {
        language: Language::Chinese,
        folders: Folders::Service,
        written_at: "2026-01-31T00:00:00Z".parse().expect("instant"),
    };
    for format in [
        export::Format::Csv,
        export::Format::GeoJson,
        export::Format::Kml,
        export::Format::Sfaf,
        export::Format::Ssrf,
    ] {
        export::assignments(format, &records, &options, &mut std::io::sink()).expect("what is read can be written");
    }
}

//! Requests as files and back.

use super::{at, band, draft, in_force};
use crate::{
    coordination::{
        Asked, PowerKind, State,
        exchange::{ReadRequest, Unread, read, write},
    },
    registry::{
        control::ControlArea,
        export::{ExportError, Folders, Format, Language, Options},
    },
    units::Hertz,
};

fn options() -> Options {
    Options {
        language: Language::Chinese,
        folders: Folders::default(),
        written_at: at("2026-12-01T09:00:00Z"),
    }
}

fn file(request: &crate::coordination::Request, format: Format) -> String {
    String::from_utf8(write(request, format, &options()).expect("written")).expect("text")
}

fn one(name: &str, text: &str) -> ReadRequest {
    let mut read = read(name, text).expect("read");
    assert_eq!(read.len(), 1, "{read:?}");
    read.remove(0)
}

/// Whole days of UTC, which is what SFAF knows.
fn whole_days(mut request: crate::coordination::Request) -> crate::coordination::Request {
    request.proposal.time.from = at("2026-12-10T00:00:00Z");
    request.proposal.time.to = at("2026-12-20T00:00:00Z");
    request.proposal.asked = Asked::Bands(vec![band(160_000_000, 160_012_500), band(160_100_000, 160_112_500)]);
    request
}

#[test]
fn a_request_comes_back_as_it_was_asked() {
    let request = whole_days(draft("a"));
    for (name, format) in [
        ("r.sfaf", Format::Sfaf),
        ("r.xml", Format::Ssrf),
        ("r.csv", Format::Csv),
    ] {
        let said = one(name, &file(&request, format));
        assert_eq!(said.title.as_deref(), Some("运动会保障"), "{name}");
        assert_eq!(said.user.as_deref(), Some("运动会组委会"), "{name}");
        // The channel's necessary bandwidth about its middle.
        let bands = [band(160_000_750, 160_011_750), band(160_100_750, 160_111_750)];
        assert_eq!(said.bands, bands, "{name}");
        assert_eq!(said.designator.as_deref(), Some("11K0F3E"), "{name}");
        let power = said.power.expect("a power");
        assert_eq!(
            (power.dbw * 10.0).round(),
            121.0,
            "{name}: 10 dBW over a dipole are 12.15 dBW"
        );
        assert_eq!(power.kind, PowerKind::Eirp);
        assert_eq!(said.antenna_height_m, Some(20.0), "{name}");
        let Some(ControlArea::Circle(place)) = said.place else {
            panic!("{name}: {:?}", said.place)
        };
        assert!((place.latitude - 30.55).abs() < 1e-3 && (place.longitude - 114.36).abs() < 1e-3);
        assert_eq!(place.radius_km, 5.0, "{name}");
        assert_eq!(said.from, Some(at("2026-12-10T00:00:00Z")), "{name}");
        assert_eq!(said.to, Some(at("2026-12-20T00:00:00Z")), "{name}");
        assert_eq!(said.classification, None, "{name}");
    }
    let purpose = one("r.sfaf", &file(&request, Format::Sfaf)).purpose;
    assert_eq!(purpose.as_deref(), Some("现场指挥调度"));
}

#[test]
fn a_file_says_whether_it_is_agreed() {
    let mut asked = draft("a");
    asked.state = State::UnderReview;
    asked.number = Some("2026-0007".to_owned());
    let text = file(&asked, Format::Sfaf);
    assert!(
        text.contains("REQUEST 2026-0007, NO AUTHORISATION: under_review"),
        "{text}"
    );
    assert!(file(&asked, Format::Ssrf).contains("NO AUTHORISATION"));
    let agreed = file(&in_force("7"), Format::Sfaf);
    assert!(
        !agreed.contains("NO AUTHORISATION") && agreed.contains("夜间停用"),
        "{agreed}"
    );
}

#[test]
fn a_refusal_offers_its_alternates() {
    let mut refused = draft("a");
    refused.state = State::Refused;
    refused.offered = vec![band(161_000_000, 161_012_500)];
    let text = file(&refused, Format::Sfaf);
    assert!(text.contains("806.     M161-M161.0125"), "{text}");
}

#[test]
fn what_has_no_frequency_yet_is_not_written() {
    let mut request = draft("a");
    request.proposal.asked = Asked::Fit {
        bandwidth_hz: Hertz(12_500),
        tuning: band(160_000_000, 161_000_000),
        raster_hz: Hertz(12_500),
    };
    let error = write(&request, Format::Sfaf, &options()).expect_err("no frequency");
    assert!(matches!(error, ExportError::Unfit(text) if text.en.contains("alternatives")));
}

#[test]
fn records_of_different_stations_are_different_requests() {
    let mut other = whole_days(draft("b"));
    other.proposal.title = "另一台站".to_owned();
    let both = file(&whole_days(draft("a")), Format::Sfaf) + &file(&other, Format::Sfaf);
    let read = read("both.sfaf", &both).expect("read");
    assert_eq!(read.len(), 2);
    assert_eq!(read[1].title.as_deref(), Some("另一台站"));
    assert_eq!(read[1].sources.len(), 2, "a band each");
}

#[test]
fn a_fault_and_nothing_is_read() {
    let text = file(&whole_days(draft("a")), Format::Sfaf).replacen("11K0F3E", "11K0", 1);
    let Err(Unread::Rows(rows)) = read("a.sfaf", &text) else {
        panic!("a designator of no class was read");
    };
    assert_eq!((rows[0].field.as_str(), rows[0].value.as_str()), ("114", "11K0"));
    for (text, words) in [("nothing of the kind", "not recognised"), ("", "not recognised")] {
        let Err(Unread::File(reason)) = read("a.txt", text) else {
            panic!("{text:?} was read");
        };
        assert!(reason.en.contains(words), "{reason:?}");
    }
}

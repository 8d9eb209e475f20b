//! KML 2.2: a folder for each service or holder, a placemark for each record with its fields as data and its validity
//! as a time span. Circles and areas of operation are polygons; a record without a place has no geometry.

use std::{collections::BTreeMap, io::Write};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use super::{
    ExportError, Folders, Language, Options,
    shape::{self, Ring},
    sheet::{self, Cell},
};
use crate::registry::{Assignment, service};

const NAMESPACE: &str = "http://www.opengis.net/kml/2.2";

/// Columns that the geometry or the name says.
const LEFT_OUT: [&str; 3] = ["latitude", "longitude", "extensions"];

pub(super) fn write(records: &[&Assignment], options: &Options, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut folders: BTreeMap<String, Vec<&Assignment>> = BTreeMap::new();
    for record in records {
        folders.entry(folder(record, options)).or_default().push(record);
    }
    let mut kml = Kml(Writer::new_with_indent(out, b' ', 1));
    kml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = BytesStart::new("kml").with_attributes([("xmlns", NAMESPACE)]);
    kml.event(Event::Start(root))?;
    kml.open("Document")?;
    kml.text("name", chosen(options, "频率指配", "Assignments"))?;
    kml.style()?;
    for (name, records) in &folders {
        kml.open("Folder")?;
        kml.text("name", name)?;
        for record in records {
            kml.placemark(record, options)?;
        }
        kml.close("Folder")?;
    }
    kml.close("Document")?;
    kml.close("kml")?;
    kml.0.get_mut().write_all(b"\n")?;
    Ok(())
}

fn chosen<'a>(options: &Options, zh: &'a str, en: &'a str) -> &'a str {
    match options.language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

fn folder(record: &Assignment, options: &Options) -> String {
    let name = match options.folders {
        Folders::Service => record.service.as_deref().map(|code| {
            let name = service::name(code);
            chosen(options, &name.zh, &name.en).to_owned()
        }),
        Folders::Holder => Some(record.holder.clone()),
    };
    let unknown = match options.folders {
        Folders::Service => chosen(options, "未注明业务", "Service not stated"),
        Folders::Holder => chosen(options, "未注明设台单位", "Holder not stated"),
    };
    name.filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| unknown.to_owned())
}

struct Kml<'a>(Writer<&'a mut dyn Write>);

impl Kml<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), ExportError> {
        Ok(self.0.write_event(event)?)
    }

    fn open(&mut self, name: &str) -> Result<(), ExportError> {
        self.event(Event::Start(BytesStart::new(name)))
    }

    fn close(&mut self, name: &str) -> Result<(), ExportError> {
        self.event(Event::End(BytesEnd::new(name)))
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), ExportError> {
        self.open(name)?;
        self.event(Event::Text(BytesText::new(&printable(text))))?;
        self.close(name)
    }

    /// One look for all areas, so that a map under them can be read.
    fn style(&mut self) -> Result<(), ExportError> {
        self.event(Event::Start(BytesStart::new("Style").with_attributes([("id", "area")])))?;
        self.open("PolyStyle")?;
        self.text("color", "40d08030")?;
        self.close("PolyStyle")?;
        self.close("Style")
    }

    fn placemark(&mut self, record: &Assignment, options: &Options) -> Result<(), ExportError> {
        self.open("Placemark")?;
        let station = Some(record.station.as_str()).filter(|name| !name.trim().is_empty());
        self.text(
            "name",
            &format!("{} {}", record.center_hz, station.unwrap_or(&record.id)),
        )?;
        if record.valid_from.is_some() || record.valid_to.is_some() {
            self.open("TimeSpan")?;
            for (name, instant) in [("begin", record.valid_from), ("end", record.valid_to)] {
                if let Some(instant) = instant {
                    self.text(name, &instant.to_string())?;
                }
            }
            self.close("TimeSpan")?;
        }
        self.text("styleUrl", "#area")?;
        self.data(record, options)?;
        self.geometry(record)?;
        self.close("Placemark")
    }

    fn data(&mut self, record: &Assignment, options: &Options) -> Result<(), ExportError> {
        let row = sheet::assignment(record, options.language);
        let labels = sheet::headers(sheet::ASSIGNMENTS, options.language);
        self.open("ExtendedData")?;
        for ((&(name, _), label), cell) in sheet::ASSIGNMENTS.iter().zip(labels).zip(&row.cells) {
            let (Cell::Text(value) | Cell::Number(value)) = cell else {
                continue;
            };
            if LEFT_OUT.contains(&name) {
                continue;
            }
            self.event(Event::Start(BytesStart::new("Data").with_attributes([("name", name)])))?;
            self.text("displayName", label)?;
            self.text("value", value)?;
            self.close("Data")?;
        }
        self.close("ExtendedData")
    }

    fn geometry(&mut self, record: &Assignment) -> Result<(), ExportError> {
        let mut rings = shape::area(record);
        rings.extend(
            record
                .place
                .filter(|place| place.radius_km > 0.0)
                .map(|place| shape::circle(&place)),
        );
        let shapes = rings.len() + usize::from(record.place.is_some());
        if shapes > 1 {
            self.open("MultiGeometry")?;
        }
        if let Some(place) = record.place {
            self.open("Point")?;
            self.text("coordinates", &format!("{},{}", place.longitude, place.latitude))?;
            self.close("Point")?;
        }
        for ring in &rings {
            self.polygon(ring)?;
        }
        if shapes > 1 {
            self.close("MultiGeometry")?;
        }
        Ok(())
    }

    fn polygon(&mut self, ring: &Ring) -> Result<(), ExportError> {
        let corners = ring.iter().chain(ring.first());
        let corners: Vec<_> = corners
            .map(|(latitude, longitude)| format!("{longitude},{latitude}"))
            .collect();
        for name in ["Polygon", "outerBoundaryIs", "LinearRing"] {
            self.open(name)?;
            if name == "Polygon" {
                self.text("tessellate", "1")?;
            }
        }
        self.text("coordinates", &corners.join(" "))?;
        for name in ["LinearRing", "outerBoundaryIs", "Polygon"] {
            self.close(name)?;
        }
        Ok(())
    }
}

/// Without the characters that XML 1.0 cannot hold.
pub(super) fn printable(text: &str) -> String {
    let holds = |c: char| matches!(c, '\t' | '\n') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    text.chars().map(|c| if holds(c) { c } else { '\u{fffd}' }).collect()
}

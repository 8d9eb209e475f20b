//! GeoJSON (RFC 7946): one feature a record, one line a feature.
//!
//! The geometry is the area of operation where it is a polygon or rectangle, otherwise the point, whose circle is the
//! property `radius_km`; null where the record has no place. Properties are the record's fields under the names of the
//! API, without the rows of the source.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::{
    ExportError,
    shape::{self, Ring},
};
use crate::registry::Assignment;

pub(super) fn write(records: &[&Assignment], out: &mut dyn Write) -> Result<(), ExportError> {
    out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[\n")?;
    for (n, record) in records.iter().enumerate() {
        if n > 0 {
            out.write_all(b",\n")?;
        }
        let feature = json!({
            "type": "Feature",
            "id": record.id,
            "geometry": geometry(record),
            "properties": properties(record)?,
        });
        serde_json::to_writer(&mut *out, &feature).map_err(std::io::Error::from)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(())
}

fn geometry(record: &Assignment) -> Value {
    match (shape::area(record).as_slice(), record.place) {
        ([], None) => Value::Null,
        ([], Some(place)) => json!({"type": "Point", "coordinates": [place.longitude, place.latitude]}),
        ([ring], _) => json!({"type": "Polygon", "coordinates": [closed(ring)]}),
        (rings, _) => {
            let polygons: Vec<_> = rings.iter().map(|ring| [closed(ring)]).collect();
            json!({"type": "MultiPolygon", "coordinates": polygons})
        }
    }
}

/// Longitude before latitude, the first corner again at the end.
fn closed(ring: &Ring) -> Vec<[f64; 2]> {
    let corners = ring.iter().chain(ring.first());
    corners.map(|&(latitude, longitude)| [longitude, latitude]).collect()
}

fn properties(record: &Assignment) -> Result<Map<String, Value>, ExportError> {
    let Value::Object(mut fields) = serde_json::to_value(record).map_err(std::io::Error::from)? else {
        return Ok(Map::new());
    };
    let place = fields.remove("place");
    if let Some(place) = record.place.filter(|_| place.is_some()) {
        fields.insert("latitude".to_owned(), place.latitude.into());
        fields.insert("longitude".to_owned(), place.longitude.into());
        fields.insert("radius_km".to_owned(), place.radius_km.into());
    }
    let band = record.band();
    fields.insert("low_hz".to_owned(), band.low().0.into());
    fields.insert("high_hz".to_owned(), band.high().0.into());
    fields.insert("role".to_owned(), json!(record.role()));
    if let Some(details) = fields.get_mut("details").and_then(Value::as_object_mut) {
        details.remove("raw");
        details.remove("area");
        details.remove("role");
    }
    fields.retain(|_, value| !value.is_null());
    Ok(fields)
}

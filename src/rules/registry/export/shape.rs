//! Shapes on the Earth as rings of corners, for maps.

use crate::registry::{Assignment, Place, details::Area};

/// Corners of a ring: latitude and longitude, degrees; the first is not repeated.
pub(super) type Ring = Vec<(f64, f64)>;

/// Corners of a circle drawn as a polygon: its edge lies within 0.1 % of the radius.
const CORNERS: usize = 72;

/// Mean radius of the Earth (IUGG), as in [`Place::distance_km`].
const EARTH_RADIUS_KM: f64 = 6371.0088;

/// The area of operation as rings, counterclockwise; a rectangle across the 180th meridian as two. Nothing for areas
/// that are only named.
pub(super) fn area(assignment: &Assignment) -> Vec<Ring> {
    let Some(area) = assignment.details.as_ref().and_then(|details| details.area.as_ref()) else {
        return Vec::new();
    };
    match area {
        Area::Rectangle {
            south,
            west,
            north,
            east,
        } if west > east => vec![
            rectangle(*south, *west, *north, 180.0),
            rectangle(*south, -180.0, *north, *east),
        ],
        Area::Rectangle {
            south,
            west,
            north,
            east,
        } => vec![rectangle(*south, *west, *north, *east)],
        Area::Polygon(corners) if corners.len() >= 3 => vec![counterclockwise(corners.clone())],
        Area::Polygon(_) | Area::Named(_) => Vec::new(),
    }
}

fn rectangle(south: f64, west: f64, north: f64, east: f64) -> Ring {
    vec![(south, west), (south, east), (north, east), (north, west)]
}

fn counterclockwise(mut corners: Ring) -> Ring {
    if corners.first() == corners.last() {
        corners.pop();
    }
    let next = corners.iter().cycle().skip(1);
    let twice_area: f64 = corners.iter().zip(next).map(|(a, b)| a.1 * b.0 - b.1 * a.0).sum();
    if twice_area < 0.0 {
        corners.reverse();
    }
    corners
}

/// The circle around a place, counterclockwise from due north, on a sphere.
pub(super) fn circle(place: &Place) -> Ring {
    let (lat, lon) = (place.latitude.to_radians(), place.longitude.to_radians());
    let arc = (place.radius_km / EARTH_RADIUS_KM).min(std::f64::consts::PI);
    let corner = |n: usize| {
        let bearing = -(n as f64) * std::f64::consts::TAU / CORNERS as f64;
        let sine = lat.sin() * arc.cos() + lat.cos() * arc.sin() * bearing.cos();
        let there = sine.clamp(-1.0, 1.0).asin();
        let turn = (bearing.sin() * arc.sin() * lat.cos()).atan2(arc.cos() - lat.sin() * sine);
        let east = (lon + turn).to_degrees();
        (there.to_degrees(), (east + 540.0).rem_euclid(360.0) - 180.0)
    };
    (0..CORNERS).map(corner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_keeps_its_radius_even_across_the_date_line() {
        for (latitude, longitude, radius_km) in [(30.0, 114.0, 46.0), (-60.0, 179.9, 500.0), (89.0, 10.0, 300.0)] {
            let center = Place {
                latitude,
                longitude,
                radius_km,
            };
            for (latitude, longitude) in circle(&center) {
                let corner = Place {
                    latitude,
                    longitude,
                    radius_km: 0.0,
                };
                let distance = center.distance_km(&corner);
                assert!((distance - radius_km).abs() < 0.01, "{corner:?}: {distance} km");
                assert!((-180.0..=180.0).contains(&longitude), "{longitude}");
            }
        }
    }

    #[test]
    fn rings_run_counterclockwise() {
        let clockwise = vec![(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
        assert_eq!(
            counterclockwise(clockwise),
            [(0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
        );
    }
}

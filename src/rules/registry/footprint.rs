//! How far apart two areas are, and which cells of a fixed grid an area touches.
//!
//! Distances between polygons are measured on a plane that touches the sphere at one of them (equirectangular): good to
//! about one per cent over some hundred kilometres, which is finer than any criterion they are used for.

use super::{Assignment, Place, control::ControlArea, details::Area};

/// Kilometres of a degree of latitude on the mean sphere.
const KM_PER_DEGREE: f64 = 111.195_08;
type Point = (f64, f64);

/// Where something is.
#[derive(Debug, Clone, PartialEq)]
pub enum Footprint {
    /// Everywhere, or not known.
    Everywhere,
    /// Within a circle.
    Circle(Place),
    /// Within a polygon: latitude and longitude of its corners.
    Polygon(Vec<Point>),
}

impl Footprint {
    /// That of an area.
    #[must_use]
    pub fn of_area(area: &ControlArea) -> Self {
        match area {
            ControlArea::Circle(place) => Self::Circle(*place),
            ControlArea::Shape(area) => Self::of_shape(area).unwrap_or(Self::Everywhere),
        }
    }

    /// That of a station or its service area.
    #[must_use]
    pub fn of_assignment(assignment: &Assignment) -> Self {
        let area = assignment.details.as_ref().and_then(|details| details.area.as_ref());
        let shape = area.and_then(Self::of_shape);
        shape.or(assignment.place.map(Self::Circle)).unwrap_or(Self::Everywhere)
    }

    fn of_shape(area: &Area) -> Option<Self> {
        match area {
            Area::Named(_) => None,
            // What encloses nothing says nothing of where.
            Area::Polygon(corners) => (corners.len() >= 3
                && corners.iter().all(|(lat, lon)| lat.is_finite() && lon.is_finite()))
            .then(|| Self::Polygon(corners.clone())),
            Area::Rectangle {
                south,
                west,
                north,
                east,
            } => {
                let east = if east < west { east + 360.0 } else { *east };
                Some(Self::Polygon(vec![
                    (*south, *west),
                    (*south, east),
                    (*north, east),
                    (*north, *west),
                ]))
            }
        }
    }

    /// A circle around all of it.
    #[must_use]
    pub fn around(&self) -> Option<Place> {
        match self {
            Self::Everywhere => None,
            Self::Circle(place) => Some(*place),
            Self::Polygon(corners) => {
                let (count, first) = (
                    corners.len().max(1) as f64,
                    corners.first().map_or(0.0, |corner| corner.1),
                );
                // Longitudes on the same side of the 180th meridian as the first one.
                let beside = |longitude: f64| first + (longitude - first + 540.0).rem_euclid(360.0) - 180.0;
                let (lat, lon) = corners.iter().fold((0.0, 0.0), |(lat, lon), corner| {
                    (lat + corner.0, lon + beside(corner.1))
                });
                let middle = point(lat / count, (lon / count + 180.0).rem_euclid(360.0) - 180.0);
                let far = |corner: &Point| middle.distance_km(&point(corner.0, corner.1));
                let radius_km = corners.iter().map(far).fold(0.0, f64::max);
                Some(Place { radius_km, ..middle })
            }
        }
    }

    /// Kilometres between the nearest points of the two; 0 where they touch.
    #[must_use]
    pub fn gap_km(&self, other: &Self) -> f64 {
        match (self, other) {
            (Self::Everywhere, _) | (_, Self::Everywhere) => 0.0,
            (Self::Circle(a), Self::Circle(b)) => (a.distance_km(b) - a.radius_km - b.radius_km).max(0.0),
            (Self::Circle(circle), Self::Polygon(corners)) | (Self::Polygon(corners), Self::Circle(circle)) => {
                let flat = flatten(corners, (circle.latitude, circle.longitude));
                if contains(&flat, (0.0, 0.0)) {
                    return 0.0;
                }
                (distance_to_outline(&flat, (0.0, 0.0)) - circle.radius_km).max(0.0)
            }
            (Self::Polygon(a), Self::Polygon(b)) => {
                let origin = a.first().copied().unwrap_or_default();
                polygons_km(&flatten(a, origin), &flatten(b, origin))
            }
        }
    }

    /// Cells of a grid of `degrees` that it touches, as row and column from the south-west; at most `most`, and nothing
    /// where there are more or it is everywhere.
    #[must_use]
    pub fn cells(&self, degrees: f64, most: usize) -> Option<Vec<(i32, i32)>> {
        let around = self.around()?;
        let reach = around.radius_km / KM_PER_DEGREE;
        let row = |latitude: f64| (latitude.clamp(-90.0, 90.0 - 1e-9) / degrees).floor() as i32;
        let across = (reach / around.latitude.to_radians().cos().max(0.01)).min(180.0);
        let column = |longitude: f64| (longitude / degrees).floor() as i32;
        let rows = row(around.latitude - reach)..=row(around.latitude + reach);
        let columns = column(around.longitude - across)..=column(around.longitude + across);
        if rows.clone().count().saturating_mul(columns.clone().count()) > most.saturating_mul(4) {
            return None;
        }
        let mut found = Vec::new();
        for row in rows {
            for column in columns.clone() {
                if self.gap_km(&cell_area(row, column, degrees)) <= 0.0 {
                    found.push((row, wrapped(column, degrees)));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        (found.len() <= most).then_some(found)
    }
}

/// The column of the same cell between −180° and 180°.
fn wrapped(column: i32, degrees: f64) -> i32 {
    let around = (360.0 / degrees).round() as i32;
    (column + around / 2).rem_euclid(around) - around / 2
}

fn cell_area(row: i32, column: i32, degrees: f64) -> Footprint {
    let (south, west) = (f64::from(row) * degrees, f64::from(column) * degrees);
    Footprint::Polygon(vec![
        (south, west),
        (south, west + degrees),
        (south + degrees, west + degrees),
        (south + degrees, west),
    ])
}

fn point(latitude: f64, longitude: f64) -> Place {
    Place {
        latitude,
        longitude,
        radius_km: 0.0,
    }
}

/// Kilometres east and north of the origin.
fn flatten(corners: &[Point], origin: Point) -> Vec<Point> {
    let scale = origin.0.to_radians().cos();
    let flat = |&(lat, lon): &Point| {
        let east = (lon - origin.1 + 540.0).rem_euclid(360.0) - 180.0;
        (east * scale * KM_PER_DEGREE, (lat - origin.0) * KM_PER_DEGREE)
    };
    corners.iter().map(flat).collect()
}

fn edges(corners: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    let next = corners.iter().cycle().skip(1);
    corners.iter().copied().zip(next.copied())
}

fn contains(corners: &[Point], (x, y): Point) -> bool {
    edges(corners).fold(false, |inside, (a, b)| {
        let crosses = (a.1 > y) != (b.1 > y);
        inside != (crosses && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0))
    })
}

fn distance_to_outline(corners: &[Point], from: Point) -> f64 {
    edges(corners)
        .map(|edge| distance_to_edge(edge, from))
        .fold(f64::INFINITY, f64::min)
}

fn distance_to_edge((a, b): (Point, Point), (x, y): Point) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        (((x - a.0) * dx + (y - a.1) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (x - a.0 - along * dx).hypot(y - a.1 - along * dy)
}

fn polygons_km(a: &[Point], b: &[Point]) -> f64 {
    let inside = |outer: &[Point], inner: &[Point]| inner.iter().any(|corner| contains(outer, *corner));
    let cross = edges(a).any(|one| edges(b).any(|other| edges_cross(one, other)));
    if cross || inside(a, b) || inside(b, a) {
        return 0.0;
    }
    let nearest = |outline: &[Point], corners: &[Point]| {
        let each = corners.iter().map(|corner| distance_to_outline(outline, *corner));
        each.fold(f64::INFINITY, f64::min)
    };
    nearest(a, b).min(nearest(b, a))
}

/// Whether they cross; where they only touch, or lie in one line, the distances tell.
fn edges_cross((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let turn = |p: Point, q: Point, r: Point| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    turn(a, b, c) * turn(a, b, d) < 0.0 && turn(c, d, a) * turn(c, d, b) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(latitude: f64, longitude: f64, radius_km: f64) -> Footprint {
        Footprint::Circle(Place {
            latitude,
            longitude,
            radius_km,
        })
    }

    fn square(south: f64, west: f64, side: f64) -> Footprint {
        Footprint::Polygon(vec![
            (south, west),
            (south, west + side),
            (south + side, west + side),
            (south + side, west),
        ])
    }

    #[test]
    fn gaps_are_between_nearest_points() {
        for (a, b, km) in [
            (circle(30.0, 114.0, 10.0), circle(30.0, 115.0, 20.0), 66.3),
            (circle(30.0, 114.0, 60.0), circle(30.0, 115.0, 60.0), 0.0),
            (circle(30.5, 114.5, 0.0), square(30.0, 114.0, 1.0), 0.0),
            (circle(30.5, 113.0, 10.0), square(30.0, 114.0, 1.0), 85.8),
            (square(30.0, 114.0, 1.0), square(30.0, 116.0, 1.0), 95.8),
            (square(30.0, 114.0, 3.0), square(31.0, 115.0, 1.0), 0.0),
            (circle(0.0, 179.5, 0.0), square(-0.5, -180.0, 1.0), 55.6),
            (Footprint::Everywhere, circle(0.0, 0.0, 0.0), 0.0),
        ] {
            let (there, back) = (a.gap_km(&b), b.gap_km(&a));
            assert!((there - km).abs() < 1.0, "{a:?} {b:?}: {there}, expected {km}");
            assert!((there - back).abs() < 0.5, "{a:?} {b:?}: {there} and {back}");
        }
    }

    #[test]
    fn an_area_across_the_180th_meridian_is_small_and_one_that_encloses_nothing_is_everywhere() {
        let across = Area::Polygon(vec![(0.1, 179.8), (0.1, -179.8), (0.4, -179.8), (0.4, 179.8)]);
        let across = Footprint::of_area(&ControlArea::Shape(across));
        let around = across.around().expect("somewhere");
        assert!(around.radius_km < 40.0 && around.longitude.abs() > 179.9, "{around:?}");
        assert_eq!(across.cells(0.5, 10), Some(vec![(0, -360), (0, 359)]));
        for corners in [vec![], vec![(1.0, 1.0), (2.0, 2.0)], vec![(f64::NAN, 0.0); 3]] {
            let nothing = Footprint::of_area(&ControlArea::Shape(Area::Polygon(corners)));
            assert_eq!(nothing, Footprint::Everywhere);
        }
    }

    #[test]
    fn cells_are_those_a_sampling_finds() {
        for area in [
            circle(30.2, 114.2, 20.0),
            square(30.1, 113.8, 0.6),
            circle(0.0, 179.9, 30.0),
        ] {
            let cells = area.cells(0.5, 1000).expect("few");
            let around = area.around().expect("somewhere");
            for n in 0..40_000 {
                let (x, y) = (f64::from(n % 200) / 100.0 - 1.0, f64::from(n / 200) / 100.0 - 1.0);
                let (lat, lon) = (around.latitude + y, around.longitude + x);
                if area.gap_km(&circle(lat, lon, 0.0)) <= 0.0 {
                    let wrapped = (lon + 180.0).rem_euclid(360.0) - 180.0;
                    let cell = ((lat / 0.5).floor() as i32, (wrapped / 0.5).floor() as i32);
                    assert!(cells.contains(&cell), "{area:?}: {cell:?} of {lat}, {lon}");
                }
            }
        }
        assert_eq!(circle(30.0, 114.0, 5000.0).cells(0.5, 100), None);
        assert_eq!(circle(30.2, 114.2, 0.0).cells(0.5, 100), Some(vec![(60, 228)]));
    }
}

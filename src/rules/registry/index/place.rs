//! Who may be here: assignments by frequency, place, time and direction.
//!
//! Layout: the surface is cut into cells of latitude and longitude, in three sizes by the radius of the service area;
//! the assignments of a cell stand together, as an interval tree over frequency (see [`super::fill`]). A query visits
//! the cells within reach, and in each the tree. Assignments without a place, with a very large area, or near a pole
//! are in one tree of their own that every query visits; a reach over too many cells takes a tree of everything.

use jiff::Timestamp;

use super::{BandIndex, collect, fill};
use crate::{
    registry::{Assignment, AssignmentStatus, Place, Role},
    units::{Band, Hertz},
};

/// What is asked. Absent conditions do not restrict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Query {
    /// Sharing a frequency with this band.
    pub band: Band,
    /// Heard here: the service area reaches within so many kilometres of the place.
    pub near: Option<(Place, f64)>,
    /// In force at this instant: granted, begun and not ended.
    pub at: Option<Timestamp>,
    /// Sending, receiving, or either.
    pub role: Option<Role>,
}

/// Kilometres of a degree of latitude on the mean sphere (π · 6371.0088 km / 180).
const KM_PER_DEGREE: f64 = 111.195_08;

/// Edge of a cell in degrees, and the largest service radius of its assignments in kilometres.
const LEVELS: [(f64, f64); 3] = [(0.5, 30.0), (2.0, 150.0), (8.0, 700.0)];

/// Poleward of this a degree of longitude is too short for cells.
const POLAR_DEGREES: f64 = 80.0;

/// More cells than this and one tree is faster.
const CELLS_MAX: usize = 2048;

/// Instants in whole seconds; open ends as extremes.
#[derive(Debug, Clone, Copy)]
struct Facts {
    from_s: i64,
    to_s: i64,
    role: Role,
    granted: bool,
}

/// The index.
#[derive(Debug, Clone, Default)]
pub(in crate::registry) struct PlaceIndex {
    everything: BandIndex,
    everywhere: BandIndex,
    levels: [Grid; LEVELS.len()],
    facts: Vec<Facts>,
}

impl PlaceIndex {
    pub(in crate::registry) fn new(assignments: &[Assignment]) -> Self {
        let mut everywhere = Vec::new();
        let mut levels: [Vec<(u32, Band, u32)>; LEVELS.len()] = Default::default();
        for (assignment, record) in assignments.iter().zip(0_u32..) {
            match assignment
                .place
                .and_then(|place| level(place).map(|level| (level, place)))
            {
                Some((level, place)) => levels[level].push((cell(LEVELS[level].0, place), assignment.band(), record)),
                None => everywhere.push((assignment.band(), record)),
            }
        }
        let everything = assignments
            .iter()
            .zip(0_u32..)
            .map(|(assignment, record)| (assignment.band(), record));
        Self {
            everything: BandIndex::new(everything.collect()),
            everywhere: BandIndex::new(everywhere),
            levels: levels.map(Grid::new),
            facts: assignments.iter().map(facts).collect(),
        }
    }

    /// Records with a band that shares a frequency with `band`, ascending by lower edge.
    pub(in crate::registry) fn overlapping(&self, band: Band) -> Vec<u32> {
        self.everything.overlapping(band)
    }

    /// Records that may answer the query, ascending; their distance is still to be checked where `near` is given.
    pub(in crate::registry) fn candidates(&self, query: &Query) -> Vec<u32> {
        let mut found = match query.near {
            Some((place, reach_km)) => self.within(query.band, place, reach_km),
            None => self.everything.overlapping(query.band),
        };
        found.retain(|&record| self.facts.get(record as usize).is_some_and(|facts| facts.fit(query)));
        found.sort_unstable();
        found
    }

    fn within(&self, band: Band, place: Place, reach_km: f64) -> Vec<u32> {
        let windows: [Option<Window>; LEVELS.len()] =
            std::array::from_fn(|n| Window::around(place, reach_km + LEVELS[n].1 + place.radius_km, LEVELS[n].0));
        let cells: usize = windows.iter().flatten().map(Window::cells).sum();
        if windows.iter().any(Option::is_none) || cells > CELLS_MAX {
            return self.everything.overlapping(band);
        }
        let mut found = self.everywhere.overlapping(band);
        for (grid, window) in self.levels.iter().zip(windows.into_iter().flatten()) {
            grid.collect(&window, band, &mut found);
        }
        found
    }

    /// Bytes the index holds.
    pub(in crate::registry) fn bytes(&self) -> usize {
        let grids: usize = self.levels.iter().map(Grid::bytes).sum();
        grids + self.everything.bytes() + self.everywhere.bytes() + self.facts.capacity() * size_of::<Facts>()
    }
}

impl Facts {
    fn fit(&self, query: &Query) -> bool {
        let in_force = query.at.is_none_or(|at| {
            let second = at.as_second();
            self.granted && self.from_s <= second && second < self.to_s
        });
        let role = match query.role {
            None => true,
            Some(Role::Transmit) => self.role.transmits(),
            Some(Role::Receive) => self.role.receives(),
            Some(Role::Both) => self.role == Role::Both,
        };
        in_force && role
    }
}

fn facts(assignment: &Assignment) -> Facts {
    // A fraction of a second belongs to the second it begins in, at either end.
    let ceiling = |instant: Timestamp| instant.as_second() + i64::from(instant.subsec_nanosecond() > 0);
    Facts {
        from_s: assignment.valid_from.map_or(i64::MIN, |instant| instant.as_second()),
        to_s: assignment.valid_to.map_or(i64::MAX, ceiling),
        role: assignment.role(),
        granted: assignment.status == AssignmentStatus::Granted,
    }
}

/// The finest level a place fits; nothing for one that is everywhere.
fn level(place: Place) -> Option<usize> {
    let on_grid = place.latitude.abs() <= POLAR_DEGREES && place.longitude.abs() <= 180.0 && place.radius_km >= 0.0;
    LEVELS
        .iter()
        .position(|&(_, radius)| on_grid && place.radius_km <= radius)
}

fn columns(size: f64) -> u32 {
    (360.0 / size) as u32
}

fn row(size: f64, latitude: f64) -> u32 {
    ((latitude + 90.0) / size) as u32
}

fn cell(size: f64, place: Place) -> u32 {
    let column = ((place.longitude + 180.0) / size) as u32 % columns(size);
    row(size, place.latitude) * columns(size) + column
}

/// Cells around a place: rows, and columns that may run across the 180th meridian.
#[derive(Debug, Clone, Copy)]
struct Window {
    rows: (u32, u32),
    /// Ranges of columns, both ends inside.
    columns: [Option<(u32, u32)>; 2],
    per_row: u32,
}

impl Window {
    /// Nothing where the circle reaches a pole or the whole round: then cells do not help.
    fn around(place: Place, km: f64, size: f64) -> Option<Self> {
        let degrees = km / KM_PER_DEGREE;
        if !(degrees.is_finite() && place.latitude.abs() + degrees < 89.0) {
            return None;
        }
        // Widest east–west extent of a circle on the sphere.
        let wide = (degrees.to_radians().sin() / place.latitude.to_radians().cos())
            .min(1.0)
            .asin()
            .to_degrees();
        if degrees >= 90.0 || 2.0 * wide + size >= 360.0 {
            return None;
        }
        let per_row = columns(size);
        let at = |longitude: f64| ((longitude + 180.0).rem_euclid(360.0) / size) as u32 % per_row;
        let (west, east) = (at(place.longitude - wide), at(place.longitude + wide));
        let columns = if west <= east {
            [Some((west, east)), None]
        } else {
            [Some((west, per_row - 1)), Some((0, east))]
        };
        Some(Self {
            rows: (row(size, place.latitude - degrees), row(size, place.latitude + degrees)),
            columns,
            per_row,
        })
    }

    fn cells(&self) -> usize {
        let across: u32 = self
            .columns
            .iter()
            .flatten()
            .map(|(first, last)| last - first + 1)
            .sum();
        (self.rows.1 - self.rows.0 + 1) as usize * across as usize
    }
}

/// The assignments of one level by cell.
#[derive(Debug, Clone, Default)]
struct Grid {
    /// Cell and where its entries begin; ascending, the last one past the end.
    cells: Vec<(u32, u32)>,
    entries: Vec<(Band, u32)>,
    highest: Vec<Hertz>,
}

impl Grid {
    fn new(mut entries: Vec<(u32, Band, u32)>) -> Self {
        entries.sort_unstable_by_key(|&(cell, band, record)| (cell, band.low(), band.high(), record));
        let mut cells: Vec<(u32, u32)> = Vec::new();
        for (&(cell, _, _), n) in entries.iter().zip(0_u32..) {
            if cells.last().is_none_or(|&(last, _)| last != cell) {
                cells.push((cell, n));
            }
        }
        let entries: Vec<_> = entries.into_iter().map(|(_, band, record)| (band, record)).collect();
        let mut highest = vec![Hertz(i64::MIN); entries.len()];
        cells.push((u32::MAX, entries.len() as u32));
        for pair in cells.windows(2) {
            let range = pair[0].1 as usize..pair[1].1 as usize;
            fill(&entries[range.clone()], &mut highest[range]);
        }
        Self {
            cells,
            entries,
            highest,
        }
    }

    fn collect(&self, window: &Window, band: Band, found: &mut Vec<u32>) {
        for row in window.rows.0..=window.rows.1 {
            for (first, last) in window.columns.into_iter().flatten() {
                let (first, last) = (row * window.per_row + first, row * window.per_row + last);
                let mut n = self.cells.partition_point(|&(cell, _)| cell < first);
                while let (Some(&(cell, from)), Some(&(_, to))) = (self.cells.get(n), self.cells.get(n + 1)) {
                    if cell > last {
                        break;
                    }
                    let range = from as usize..to as usize;
                    collect(&self.entries[range.clone()], &self.highest[range], band, found);
                    n += 1;
                }
            }
        }
    }

    fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<(u32, u32)>()
            + self.entries.capacity() * size_of::<(Band, u32)>()
            + self.highest.capacity() * size_of::<Hertz>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::registry::Registry;

    fn station(
        n: usize,
        (mhz, width, latitude, longitude, radius): (i64, i64, f64, f64, f64),
        year: i16,
    ) -> Assignment {
        let day = |year: i16| jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
        let start = jiff::tz::Offset::UTC.to_timestamp(day(year)).expect("instant");
        Assignment {
            id: format!("{n:06}"),
            holder: String::new(),
            station: String::new(),
            call_sign: None,
            center_hz: Hertz(mhz * 1_000_000),
            necessary_bandwidth_hz: Hertz(width * 1000),
            designator: None,
            service: None,
            block: false,
            tolerance_hz: None,
            place: (radius >= 0.0).then_some(Place {
                latitude,
                longitude,
                radius_km: radius,
            }),
            eirp_dbm: None,
            valid_from: Some(start),
            valid_to: None,
            status: if n.is_multiple_of(7) {
                AssignmentStatus::Suspended
            } else {
                AssignmentStatus::Granted
            },
            source: String::new(),
            details: None,
        }
    }

    proptest! {
        /// The oracle is the definition: look at every assignment.
        #[test]
        fn finds_what_looking_at_every_assignment_finds(
            stations in proptest::collection::vec(
                ((100_i64..104, 1_i64..3000, -89.9_f64..89.9, -180.0_f64..180.0, -5.0_f64..900.0), 2000_i16..2030), 0..80),
            low in 99_i64..105, width in 1_i64..3,
            latitude in -89.9_f64..89.9, longitude in -180.0_f64..180.0, reach in 0.0_f64..6000.0,
            year in 2000_i16..2030,
        ) {
            let assignments = stations.iter().enumerate().map(|(n, &(at, year))| station(n, at, year)).collect();
            let registry = Registry::new(Vec::new(), assignments);
            let band = Band::new(Hertz(low * 1_000_000), Hertz((low + width) * 1_000_000)).expect("ordered");
            let here = Place { latitude, longitude, radius_km: 0.0 };
            let at = station(0, (100, 1, 0.0, 0.0, 0.0), year).valid_from.expect("instant");
            let query = Query { band, near: Some((here, reach)), at: Some(at), role: Some(Role::Transmit) };
            let expected: Vec<&str> = registry.assignments().iter().filter(|assignment| {
                let near = assignment.place.is_none_or(|place| place.distance_km(&here) <= reach + place.radius_km);
                let valid = assignment.valid_from.is_none_or(|from| from <= at);
                assignment.band().overlaps(band) && near && valid && assignment.status == AssignmentStatus::Granted
            }).map(|assignment| assignment.id.as_str()).collect();
            let found: Vec<&str> = registry.who(&query).into_iter().map(|assignment| assignment.id.as_str()).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_180th_meridian_is_no_edge() {
        let stations = vec![
            station(1, (100, 10, 10.0, 179.9, 0.0), 2000),
            station(2, (100, 10, 10.0, -179.9, 0.0), 2000),
            station(3, (100, 10, 10.0, 0.0, 0.0), 2000),
        ];
        let registry = Registry::new(Vec::new(), stations);
        let here = Place {
            latitude: 10.0,
            longitude: 180.0,
            radius_km: 0.0,
        };
        let query = Query {
            band: Band::around(Hertz(100_000_000), Hertz(1)),
            near: Some((here, 50.0)),
            at: None,
            role: None,
        };
        let found: Vec<&str> = registry
            .who(&query)
            .into_iter()
            .map(|assignment| assignment.id.as_str())
            .collect();
        assert_eq!(found, ["000001", "000002"]);
    }
}

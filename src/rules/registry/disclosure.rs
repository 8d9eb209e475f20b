//! What of the registry may leave it: the one place that decides, for every export, every answer and every alarm.
//!
//! A record that carries a classification other than unclassified stays in unless the caller is allowed to have it, or the
//! record's releasability names the caller. A classification nobody here knows counts as one. What is left out is not
//! counted towards a caller, because a number tells too.
//!
//! Whoever may not see a record may still have to know that there is somebody to be asked. [`PublicView`] is what such an
//! audience gets of a whole register: the open records, and for the others no more than the cells of a fixed grid and the
//! blocks of a fixed raster they touch. An answer made of it depends on a confidential record through these cells and
//! blocks alone, so no series of questions finds its place or frequency more closely than they are drawn.

use std::{collections::BTreeMap, sync::Arc};

use super::{Assignment, AssignmentStatus, ControlOrder, Registry, footprint::Footprint, telling::Telling};
use crate::units::{Band, Hertz};

/// How sources write that a record is open to everybody: SSRF and SFAF (item 005: class and special handling, where
/// `A` adds no handling instruction; from memory, to be checked with MCEB Pub 7 annex), and words.
const OPEN: [&str; 8] = ["U", "UA", "UNCLASSIFIED", "UNCLAS", "OPEN", "公开", "非密", "非涉密"];

/// For whom something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Anybody who may read the register.
    Open,
    /// Somebody a record's releasability names by one of these words, whatever the case.
    Named(&'static [&'static str]),
    /// Somebody who holds the register itself, such as the operator at its command line, and asked for all of it.
    Cleared,
}

/// What carries a classification: an assignment, a control order.
pub trait Classified {
    /// As the source writes it; none: open.
    fn classification(&self) -> Option<&str>;
    /// Whom it may be released to nevertheless.
    fn releasability(&self) -> &[String];
}

impl<T: Classified> Classified for &T {
    fn classification(&self) -> Option<&str> {
        (*self).classification()
    }

    fn releasability(&self) -> &[String] {
        (*self).releasability()
    }
}

impl Classified for Assignment {
    fn classification(&self) -> Option<&str> {
        self.details.as_ref()?.classification.as_deref()
    }

    fn releasability(&self) -> &[String] {
        self.details.as_ref().map_or(&[][..], |details| &details.releasability)
    }
}

impl Classified for ControlOrder {
    fn classification(&self) -> Option<&str> {
        self.classification.as_deref()
    }

    fn releasability(&self) -> &[String] {
        &self.releasability
    }
}

/// Whether the record is open to everybody.
#[must_use]
pub fn is_open(record: &impl Classified) -> bool {
    record.classification().is_none_or(|text| {
        let class = text.split([',', ' ', '/']).next().unwrap_or_default();
        OPEN.iter().any(|open| open.eq_ignore_ascii_case(class))
    })
}

/// Whether the record may go out to the audience.
#[must_use]
pub fn may_leave(record: &impl Classified, audience: Audience) -> bool {
    match audience {
        Audience::Cleared => true,
        Audience::Open => is_open(record),
        Audience::Named(words) => is_open(record) || is_released(record, words),
    }
}

/// Whether the record's releasability has one of the words.
fn is_released(record: &impl Classified, words: &[&str]) -> bool {
    record
        .releasability()
        .iter()
        .any(|to| words.iter().any(|word| word.eq_ignore_ascii_case(to.trim())))
}

/// Edge of a public cell, degrees of latitude and longitude.
pub const CELL_DEGREES: f64 = 0.5;
/// Width of a public block.
pub const BLOCK_HZ: i64 = 1_000_000;
/// Cells of one record or one question; beyond, it counts as everywhere.
const CELLS_MAX: usize = 4096;

/// Row and column of a public cell: its southern and western edge in cells from the equator and the meridian.
pub type Cell = (i32, i32);

/// A whole register as an audience may know it.
#[derive(Debug, Clone)]
pub struct PublicView {
    /// The records it may know, with a version that says nothing of others.
    pub registry: Arc<Registry>,
    /// What is published of the others, neither their dates nor their direction of use: ranges of blocks by cell, those
    /// without a cell everywhere. Two registers that publish the same are the same here, so an answer takes the same time.
    used: BTreeMap<Option<Cell>, Vec<(i64, i64)>>,
    /// The blocks of all cells.
    anywhere: Vec<(i64, i64)>,
    /// Blocks in which the answer is always *ask the other side*, whatever the register holds.
    asking: Blocks,
}

/// Somebody is to be asked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existence {
    /// The cell; nothing where the question was about more than can be told by cells.
    pub cell: Option<Cell>,
    /// Adjoining blocks.
    pub band: Band,
}

impl PublicView {
    /// What the audience may know of the register, without a policy.
    #[must_use]
    pub fn of(registry: &Arc<Registry>, audience: Audience) -> Self {
        Self::under(&Telling::default(), registry, audience)
    }

    /// What the audience may know of the register under this policy.
    #[must_use]
    pub fn under(telling: &Telling, registry: &Arc<Registry>, audience: Audience) -> Self {
        let may_know = |assignment: &Assignment| telling.may_leave(assignment, audience);
        let assignments = registry.assignments().iter();
        let mut used: BTreeMap<Option<Cell>, Vec<(i64, i64)>> = BTreeMap::new();
        // Published as used everywhere: what lies in such a band adds nothing.
        let asking: Vec<Band> = match audience {
            Audience::Cleared => Vec::new(),
            _ => telling.asking().collect(),
        };
        if !asking.is_empty() {
            used.insert(None, asking.iter().map(|band| blocks(*band)).collect());
        }
        for hidden in assignments.filter(|it| !may_know(it) && it.status != AssignmentStatus::Cancelled) {
            let blocks = blocks(hidden.band());
            match Footprint::of_assignment(hidden).cells(CELL_DEGREES, CELLS_MAX) {
                None => used.entry(None).or_default().push(blocks),
                Some(cells) => {
                    for cell in cells {
                        used.entry(Some(cell)).or_default().push(blocks);
                    }
                }
            }
        }
        for ranges in used.values_mut() {
            *ranges = merged(std::mem::take(ranges));
        }
        let anywhere = merged(used.values().flatten().copied().collect());
        let mut orders = registry.control_orders().iter();
        let knows_orders = orders.all(|order| telling.may_leave(order, audience));
        let registry = if registry.assignments().iter().all(may_know) && knows_orders {
            Arc::clone(registry)
        } else {
            Arc::new(registry.retaining(telling, audience))
        };
        Self {
            registry,
            used,
            anywhere,
            asking: Blocks::of(asking.into_iter()),
        }
    }

    /// Whether every answer about some of this band is *ask the other side*.
    #[must_use]
    pub fn always_asks(&self, band: Band) -> bool {
        let (first, last) = blocks(band);
        self.asking.meet(first, last)
    }

    /// Where somebody is to be asked about a use of these bands in this area, ascending by cell and frequency. Two
    /// questions that touch the same cells and blocks get the same answer.
    #[must_use]
    pub fn existence(&self, area: &Footprint, bands: &[Band]) -> Vec<Existence> {
        let asked: Vec<(i64, i64)> = bands.iter().map(|band| blocks(*band)).collect();
        let within = |ranges: &[(i64, i64)]| -> Vec<(i64, i64)> {
            let shared = asked
                .iter()
                .flat_map(|range| ranges.iter().filter_map(|used| shared(*range, *used)));
            shared.collect()
        };
        let tell = |cell: Option<Cell>, ranges| joined(ranges).into_iter().map(move |band| Existence { cell, band });
        let Some(cells) = area.cells(CELL_DEGREES, CELLS_MAX) else {
            return tell(None, within(&self.anywhere)).collect();
        };
        let of = |cell: Option<Cell>| self.used.get(&cell).map_or(&[][..], Vec::as_slice);
        let everywhere = within(of(None));
        let told = cells.into_iter().flat_map(|cell| {
            let ranges = [within(of(Some(cell))), everywhere.clone()].concat();
            tell(Some(cell), ranges)
        });
        told.collect()
    }
}

/// Public blocks that some records touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocks(Vec<(i64, i64)>);

impl Blocks {
    /// The blocks that these bands touch.
    #[must_use]
    pub fn of(bands: impl Iterator<Item = Band>) -> Self {
        Self(merged(bands.map(blocks).collect()))
    }

    /// Whether something between these edges may be judged by one of the records: a block is touched by what lies within
    /// one block, or the width of it, of the edges. Stations are looked for that far from an emission (`conflict`).
    #[must_use]
    pub fn touch(&self, low: Hertz, high: Hertz) -> bool {
        let around = high.0.saturating_sub(low.0).max(BLOCK_HZ);
        let first = low.0.saturating_sub(around).div_euclid(BLOCK_HZ);
        let last = high.0.saturating_add(around).div_euclid(BLOCK_HZ);
        self.meet(first, last)
    }

    fn meet(&self, first: i64, last: i64) -> bool {
        let after = self.0.partition_point(|range| range.1 < first);
        self.0.get(after).is_some_and(|range| range.0 <= last)
    }

    /// The blocks as bands.
    #[must_use]
    pub fn bands(&self) -> Vec<Band> {
        joined(self.0.clone())
    }
}

/// Cells times blocks that count as one question; a wider one counts as several.
pub const QUESTION_CELL_BLOCKS: u64 = 256;

/// The cells and blocks of which a question may be told whether they are used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// All of them in one text.
    pub touches: String,
    /// As how many questions it counts.
    pub cost: u32,
}

/// A question about a use of this band in this area. Where the area is more than can be told by cells the answer is by
/// blocks alone.
#[must_use]
pub fn question(area: &Footprint, band: Band) -> Question {
    let (cells, (first, last)) = (area.cells(CELL_DEGREES, CELLS_MAX), blocks(band));
    let cell_blocks = cells.as_ref().map_or(1, |cells| cells.len() as u64) * first.abs_diff(last).saturating_add(1);
    Question {
        touches: format!("{cells:?} {first} {last}"),
        cost: u32::try_from(cell_blocks.div_ceil(QUESTION_CELL_BLOCKS).max(1)).unwrap_or(u32::MAX),
    }
}

/// First and last block that a band touches.
fn blocks(band: Band) -> (i64, i64) {
    let last = band.high().0.max(band.low().0 + 1) - 1;
    (band.low().0.div_euclid(BLOCK_HZ), last.div_euclid(BLOCK_HZ))
}

fn shared(a: (i64, i64), b: (i64, i64)) -> Option<(i64, i64)> {
    let range = (a.0.max(b.0), a.1.min(b.1));
    (range.0 <= range.1).then_some(range)
}

/// The bands of these ranges of blocks, where ranges that meet or adjoin are one: nothing of how many records they come
/// from remains.
fn joined(ranges: Vec<(i64, i64)>) -> Vec<Band> {
    let band = |(first, last): (i64, i64)| Band::new(Hertz(first * BLOCK_HZ), Hertz((last + 1) * BLOCK_HZ));
    merged(ranges).into_iter().filter_map(band).collect()
}

/// The same ranges, ascending and apart.
fn merged(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Details, Place, demo};

    fn secret(latitude: f64, longitude: f64, radius_km: f64, center_hz: i64) -> Assignment {
        let mut record = demo::assignments().ok.remove(0);
        record.id = format!("secret-{latitude}-{longitude}-{center_hz}");
        record.place = Some(Place {
            latitude,
            longitude,
            radius_km,
        });
        record.center_hz = Hertz(center_hz);
        record.necessary_bandwidth_hz = Hertz(25_000);
        record.details = Some(Box::new(Details {
            classification: Some("秘密".to_owned()),
            ..Details::default()
        }));
        record
    }

    fn view(secrets: Vec<Assignment>) -> PublicView {
        let mut all = demo::assignments().ok;
        all.extend(secrets);
        PublicView::of(&Arc::new(Registry::new(Vec::new(), all)), Audience::Open)
    }

    fn ask(view: &PublicView, latitude: f64, longitude: f64, radius_km: f64, low_hz: i64) -> Vec<Existence> {
        let place = Place {
            latitude,
            longitude,
            radius_km,
        };
        let band = Band::new(Hertz(low_hz), Hertz(low_hz + 12_500)).expect("ordered");
        view.existence(&Footprint::Circle(place), &[band])
    }

    #[test]
    fn a_wide_question_counts_as_several() {
        let place = |radius_km| {
            Footprint::Circle(Place {
                latitude: 30.25,
                longitude: 114.25,
                radius_km,
            })
        };
        let band = |high_mhz: i64| Band::new(Hertz(150_000_000), Hertz(high_mhz * 1_000_000)).expect("ordered");
        let cost = |radius_km, high_mhz| question(&place(radius_km), band(high_mhz)).cost;
        assert_eq!([cost(0.0, 151), cost(0.0, 406), cost(0.0, 407)], [1, 1, 2], "blocks");
        let cells = place(300.0).cells(CELL_DEGREES, CELLS_MAX).expect("cells").len();
        assert_eq!(cost(300.0, 153) as usize, (3 * cells).div_ceil(256), "{cells} cells");
        assert!(cost(300.0, 153) > 1);
        let same = question(&place(1.0), band(151)) == question(&place(2.0), band(151));
        assert!(same, "the same cell and block");
    }

    #[test]
    fn the_public_view_holds_no_confidential_record_and_has_the_version_of_a_register_without() {
        let (with, without) = (view(vec![secret(30.2, 114.3, 5.0, 150_200_000)]), view(Vec::new()));
        assert_eq!(with.registry.version(), without.registry.version());
        assert!(with.registry.assignments().iter().all(is_open));
    }

    /// Wherever in its cells and blocks a confidential record is, the answers are the same.
    #[test]
    fn answers_depend_on_cells_and_blocks_alone() {
        let worlds = [
            view(vec![secret(30.1, 114.1, 2.0, 150_200_000)]),
            view(vec![secret(30.4, 114.4, 1.0, 150_900_000)]),
            view(vec![
                secret(30.3, 114.2, 0.0, 150_500_000),
                secret(30.1, 114.4, 0.0, 150_100_000),
            ]),
        ];
        let mut told = 0;
        for n in 0..400 {
            let (latitude, longitude) = (29.5 + f64::from(n % 20) * 0.07, 113.5 + f64::from(n / 20) * 0.07);
            for low in [149_400_000, 150_000_000, 150_500_000, 150_990_000, 151_000_000] {
                for radius in [0.0, 20.0] {
                    let answers: Vec<_> = worlds
                        .iter()
                        .map(|w| ask(w, latitude, longitude, radius, low))
                        .collect();
                    assert_eq!(answers[0], answers[1], "{latitude} {longitude} {low}");
                    assert_eq!(answers[0], answers[2], "{latitude} {longitude} {low}");
                    told += usize::from(!answers[0].is_empty());
                }
            }
        }
        assert!(told > 100, "the record shows somewhere: {told}");
        let here = ask(&worlds[0], 30.49, 114.01, 0.0, 150_990_000);
        let band = Band::new(Hertz(150_000_000), Hertz(151_000_000)).expect("ordered");
        assert_eq!(
            here,
            [Existence {
                cell: Some((60, 228)),
                band
            }]
        );
        assert_eq!(ask(&worlds[0], 30.51, 114.01, 0.0, 150_990_000), [], "the next cell");
    }

    #[test]
    fn what_is_not_known_to_be_open_stays_in() {
        let mut record = demo::assignments().ok.remove(0);
        assert!(is_open(&record), "no classification stated");
        for (class, open) in [
            ("U", true),
            ("UA", true),
            ("unclassified", true),
            ("公开", true),
            ("UE", false),
            ("C", false),
            ("S,20301231", false),
            ("秘密", false),
            ("", false),
            ("?", false),
        ] {
            record.details = Some(Box::new(Details {
                classification: Some(class.to_owned()),
                ..Details::default()
            }));
            assert_eq!(may_leave(&record, Audience::Open), open, "{class}");
            assert!(may_leave(&record, Audience::Cleared), "{class}");
        }
    }

    #[test]
    fn releasability_names_who_else_may_know() {
        let mut record = demo::assignments().ok.remove(0);
        record.details = Some(Box::new(Details {
            classification: Some("S".to_owned()),
            releasability: vec!["field".to_owned(), " Civil_Officer".to_owned()],
            ..Details::default()
        }));
        assert!(may_leave(&record, Audience::Named(&["civil_officer"])));
        assert!(!may_leave(&record, Audience::Named(&["viewer"])));
        assert!(!may_leave(&record, Audience::Open));
    }
}

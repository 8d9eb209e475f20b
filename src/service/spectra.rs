//! Spectra as people ask for them: the latest, the stored ones, and many at once as a waterfall, reduced to pixels. Masked bins
//! are taken out before: no pixel is made of them.

use std::{borrow::Cow, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::{
    disclosure::masked::{shown, shown_frame},
    live::Hub,
    reduction::{Grid, Reduction, Show},
};
use crate::{
    Error, Result,
    registry::telling::Masks,
    store::{Page, SpectraQuery, SpectrumRow, Store},
    units::Band,
};

/// Pixels and rows an answer may have at most.
pub const PIXELS_MAX: usize = 16_384;

/// One spectrum on a grid of pixels. Levels in dBFS, `NaN` where nothing was observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Receiver id.
    pub receiver: String,
    /// Start of the averaged time.
    pub start: Timestamp,
    /// Time truly observed, seconds.
    pub duration_s: f64,
    /// The pixels.
    pub grid: Grid,
    /// Width of the bins the detector measured; levels are power per such bin.
    pub bin_hz: f64,
    /// Equivalent noise bandwidth of the window, in detector bins.
    pub enbw_bins: f64,
    /// Mean power.
    pub mean_dbfs: Vec<f32>,
    /// Strongest single spectrum.
    pub max_dbfs: Vec<f32>,
    /// Weakest single spectrum.
    pub min_dbfs: Vec<f32>,
    /// Noise floor.
    pub floor_dbfs: Vec<f32>,
}

/// Which stored spectra, and how wide.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryQuery {
    /// Receiver id.
    pub receiver: String,
    /// Part of the spectrum; all of it when absent.
    pub band: Option<Band>,
    /// Observed at or after.
    pub from: Timestamp,
    /// Observed before.
    pub to: Timestamp,
    /// Most pixels of one spectrum.
    pub pixels: usize,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

/// Which part of the waterfall, and how large.
#[derive(Debug, Clone, PartialEq)]
pub struct WaterfallQuery {
    /// Receiver id.
    pub receiver: String,
    /// Part of the spectrum; all that was observed when absent.
    pub band: Option<Band>,
    /// First row.
    pub from: Timestamp,
    /// End of the last row.
    pub to: Timestamp,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A waterfall: the strongest level of every cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// The columns.
    pub grid: Grid,
    /// Start of the first row.
    pub from: Timestamp,
    /// End of the last row.
    pub to: Timestamp,
    /// Rows in time order, equally long; `None` where the receiver was not watching at all. Within a row `NaN` is not
    /// observed.
    pub rows: Vec<Option<Vec<f32>>>,
    /// Median of the floor over the time and band; `NaN` where nothing was observed.
    pub floor_median_dbfs: f32,
    /// Equivalent noise bandwidth of the window, in detector bins.
    pub enbw_bins: f64,
}

impl Waterfall {
    /// Start of a row.
    #[must_use]
    pub fn row_start(&self, row: usize) -> Timestamp {
        let span = self.to.duration_since(self.from).as_micros();
        let offset = span * row as i128 / self.rows.len().max(1) as i128;
        self.from + SignedDuration::from_micros(offset as i64)
    }
}

/// Spectra out of memory and database.
#[derive(Debug, Clone)]
pub struct Spectra {
    store: Store,
    hub: Arc<Hub>,
}

impl Spectra {
    /// Reads the latest from `hub`, the rest from `store`.
    #[must_use]
    pub fn new(store: Store, hub: Arc<Hub>) -> Self {
        Self { store, hub }
    }

    /// The latest spectrum of a receiver, its bands stitched together; `None` before the first or where `band` holds
    /// nothing of it.
    #[must_use]
    pub fn latest(&self, receiver: &str, band: Option<Band>, pixels: usize, masks: &Masks) -> Option<Spectrum> {
        let frames = self.hub.latest_frames(receiver).into_iter();
        let mut frames: Vec<_> = frames.map(|frame| shown_frame(masks, &frame)).collect();
        frames.retain(|frame| match (frame.band(), band) {
            (Some(has), Some(wanted)) => has.overlaps(wanted),
            (has, _) => has.is_some_and(|has| has.width().0 > 0),
        });
        let newest = frames.iter().max_by_key(|frame| frame.start)?.clone();
        let extent = frames.iter().filter_map(|frame| frame.band()).reduce(hull)?;
        let band = band.map_or(Some(extent), |wanted| wanted.intersection(extent))?;
        let bin_hz = |band: Band, bins: usize| band.width().as_f64() / bins.max(1) as f64;
        let finest = frames
            .iter()
            .filter_map(|frame| Some(bin_hz(frame.band()?, frame.frame.mean_dbfs.len())))
            .fold(f64::INFINITY, f64::min);
        let grid = grid_of(band, pixels, finest);
        let mut levels = Levels::new(grid);
        for frame in &frames {
            let Some(source) = frame.band() else { continue };
            let f = &frame.frame;
            levels.add(
                source,
                [&f.mean_dbfs, &f.max_dbfs, &f.min_dbfs, &f.floor_dbfs].map(|levels| Cow::Borrowed(levels.as_slice())),
                f.duration_s,
            );
        }
        let newest_band = newest.band()?;
        Some(levels.spectrum(Facts {
            receiver: receiver.to_owned(),
            start: newest.start,
            duration_s: newest.frame.duration_s,
            bin_hz: bin_hz(newest_band, newest.frame.mean_dbfs.len()),
            enbw_bins: newest.frame.enbw_bins,
        }))
    }

    /// Stored spectra in time order: one a second, or one a minute where the span is longer than two hours or the
    /// seconds are no longer kept.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn history(&self, query: &HistoryQuery, masks: &Masks) -> Result<Page<Spectrum>> {
        let mut rows = SpectraQuery {
            receiver: query.receiver.clone(),
            interval_s: if query.to.duration_since(query.from) > SignedDuration::from_hours(2) {
                60
            } else {
                1
            },
            band: query.band,
            from: query.from,
            to: query.to,
            limit: query.limit,
            cursor: query.cursor.clone(),
        };
        let mut page = self.store.spectra(&rows).await?;
        if page.items.is_empty() && query.cursor.is_none() {
            rows.interval_s = 61 - rows.interval_s;
            page = self.store.spectra(&rows).await?;
        }
        let items = page
            .items
            .iter()
            .filter_map(|row| on_grid(row, query.band, query.pixels, masks))
            .collect();
        Ok(Page {
            items,
            next_cursor: page.next_cursor,
        })
    }

    /// The waterfall of a time span, from the coarsest rows that still resolve it.
    ///
    /// # Errors
    /// `Invalid` for an empty span or size; `NotFound` when nothing says which band is meant; `Store` when reading
    /// fails.
    pub async fn waterfall(&self, query: &WaterfallQuery, masks: &Masks) -> Result<Waterfall> {
        if query.from >= query.to || query.width == 0 || query.height == 0 {
            let text = "the waterfall is empty: give a `from` before `to`, and a width and height of at least 1";
            return Err(Error::Invalid(text.to_owned()));
        }
        let (width, height) = (query.width.min(PIXELS_MAX), query.height.min(PIXELS_MAX));
        let row_us = query.to.duration_since(query.from).as_micros() as f64 / height as f64;
        let mut rows = Vec::new();
        let mut resume = query.from;
        if row_us >= 60e6 {
            rows = self.rows(query, 60, query.from).await?;
            resume = rows
                .iter()
                .map(|row: &SpectrumRow| row.stop)
                .max()
                .unwrap_or(query.from);
        }
        // The minute that is not over, or a span that needs seconds.
        rows.extend(self.rows(query, 1, resume).await?);
        if rows.is_empty() && row_us < 60e6 {
            // The seconds are no longer kept: minutes are better than nothing, and they do say what was observed.
            rows = self.rows(query, 60, query.from).await?;
        }
        let extent = rows.iter().filter_map(SpectrumRow::band).reduce(hull);
        let Some(band) = query
            .band
            .or(extent)
            .or_else(|| self.latest(&query.receiver, None, 1, masks).map(|s| s.grid.band))
        else {
            return Err(Error::NotFound {
                kind: "spectra of receiver",
                id: query.receiver.clone(),
            });
        };
        Ok(draw(query, Grid { band, pixels: width }, height, (&rows, masks)))
    }

    async fn rows(&self, query: &WaterfallQuery, interval_s: u32, from: Timestamp) -> Result<Vec<SpectrumRow>> {
        let mut page = SpectraQuery {
            receiver: query.receiver.clone(),
            interval_s,
            band: query.band,
            from,
            to: query.to,
            limit: Some(1000),
            cursor: None,
        };
        let mut rows = Vec::new();
        loop {
            let answer = self.store.spectra(&page).await?;
            rows.extend(answer.items);
            page.cursor = answer.next_cursor;
            if page.cursor.is_none() {
                return Ok(rows);
            }
        }
    }
}

fn hull(a: Band, b: Band) -> Band {
    Band::new(a.low().min(b.low()), a.high().max(b.high())).unwrap_or(a)
}

/// At most `pixels` over `band`, and never finer than the bins.
fn grid_of(band: Band, pixels: usize, bin_hz: f64) -> Grid {
    let bins = (band.width().as_f64() / bin_hz).round().max(1.0) as usize;
    Grid {
        band,
        pixels: pixels.clamp(1, PIXELS_MAX).min(bins),
    }
}

/// The four levels of a spectrum on one grid.
struct Levels([Reduction; 4]);

struct Facts {
    receiver: String,
    start: Timestamp,
    duration_s: f64,
    bin_hz: f64,
    enbw_bins: f64,
}

impl Levels {
    fn new(grid: Grid) -> Self {
        Self([Show::Mean, Show::Max, Show::Min, Show::Mean].map(|show| Reduction::new(grid, show)))
    }

    fn add(&mut self, source: Band, levels: [Cow<'_, [f32]>; 4], seconds: f64) {
        for (reduction, level) in self.0.iter_mut().zip(&levels) {
            reduction.add(source, level, seconds);
        }
    }

    fn spectrum(self, facts: Facts) -> Spectrum {
        let grid = self.0[0].grid();
        let [mean_dbfs, max_dbfs, min_dbfs, floor_dbfs] = self.0.map(|reduction| reduction.levels());
        let Facts {
            receiver,
            start,
            duration_s,
            bin_hz,
            enbw_bins,
        } = facts;
        Spectrum {
            receiver,
            start,
            duration_s,
            grid,
            bin_hz,
            enbw_bins,
            mean_dbfs,
            max_dbfs,
            min_dbfs,
            floor_dbfs,
        }
    }
}

fn on_grid(row: &SpectrumRow, band: Option<Band>, pixels: usize, masks: &Masks) -> Option<Spectrum> {
    let source = row.band()?;
    let band = band.map_or(Some(source), |wanted| wanted.intersection(source))?;
    let stored_bin_hz = source.width().as_f64() / row.mean_dbfs.len().max(1) as f64;
    let mut levels = Levels::new(grid_of(band, pixels, stored_bin_hz));
    levels.add(
        source,
        [&row.mean_dbfs, &row.max_dbfs, &row.min_dbfs, &row.floor_dbfs].map(|levels| shown(masks, source, levels)),
        row.observed_s,
    );
    Some(levels.spectrum(Facts {
        receiver: row.receiver.clone(),
        start: row.start,
        duration_s: row.observed_s,
        bin_hz: row.bin_hz,
        enbw_bins: row.enbw_bins,
    }))
}

fn draw(query: &WaterfallQuery, grid: Grid, height: usize, (rows, masks): (&[SpectrumRow], &Masks)) -> Waterfall {
    let mut cells: Vec<Option<Reduction>> = vec![None; height];
    let row_us = query.to.duration_since(query.from).as_micros() as f64 / height as f64;
    let at = |time: Timestamp| time.duration_since(query.from).as_micros() as f64 / row_us;
    let mut floors = Reduction::new(
        Grid {
            pixels: grid.pixels.min(256),
            ..grid
        },
        Show::Mean,
    );
    for row in rows {
        let Some(source) = row.band() else { continue };
        let first = (at(row.start) + 1e-6).floor().max(0.0);
        let last = ((at(row.stop) - 1e-6).ceil() - 1.0).max(first).min(height as f64 - 1.0);
        if first > last {
            continue;
        }
        let mut one = Reduction::new(grid, Show::Max);
        one.add(source, &shown(masks, source, &row.max_dbfs), 1.0);
        for cell in &mut cells[first as usize..=last as usize] {
            cell.get_or_insert_with(|| Reduction::new(grid, Show::Max)).merge(&one);
        }
        floors.add(source, &shown(masks, source, &row.floor_dbfs), row.observed_s);
    }
    let mut floor: Vec<f32> = floors.levels().into_iter().filter(|level| !level.is_nan()).collect();
    floor.sort_unstable_by(f32::total_cmp);
    Waterfall {
        grid,
        from: query.from,
        to: query.to,
        rows: cells.into_iter().map(|cell| cell.map(|cell| cell.levels())).collect(),
        floor_median_dbfs: floor.get(floor.len() / 2).copied().unwrap_or(f32::NAN),
        enbw_bins: rows.first().map_or(1.0, |row| row.enbw_bins),
    }
}

//! Images for reports: what was stored, drawn with the allocations and findings of its band.

use jiff::{SignedDuration, Timestamp};

use super::{
    disclosure::{Disclosed, View},
    findings::{EmissionQuery, EmissionRecord, Findings},
    live::Hub,
    reduction::{Grid, Reduction, Show},
    registry::RegistryService,
    spectra::{HistoryQuery, Spectra, Spectrum, WaterfallQuery},
    users::Language,
};
use crate::{
    Error, Result,
    conflict::Severity,
    dsp::occupancy::{BandCount, Terms, Visit},
    plot::{
        self, BandLabel, Colour, EmissionBox, Format, LevelUnit, Marker, OccupancyBin, OccupancyPlot, Plot,
        PlotOptions, Scope, SpectrumPlot, WaterfallPlot,
    },
    registry::Text,
    units::{Band, Hertz},
};

/// A level this far over the floor counts as use.
const IN_USE_DB: f32 = 6.0;
/// Pages of a thousand spectra that one image may read: nearly three hours of seconds, or a week of minutes.
const PAGES_MAX: usize = 10;
/// Emissions named in an image.
const EMISSIONS_MAX: u32 = 40;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Levels over frequency.
    Spectrum,
    /// Levels over frequency and time.
    Waterfall,
    /// Share of the observed time in use over frequency.
    Occupancy,
}

/// Which image.
#[derive(Debug, Clone)]
pub struct PictureQuery {
    /// What is drawn.
    pub subject: Subject,
    /// Receiver id.
    pub receiver: String,
    /// Part of the spectrum; all of it when absent.
    pub band: Option<Band>,
    /// Beginning.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    /// Pixels.
    pub size: (u32, u32),
    /// Language of titles and names.
    pub language: Language,
    /// File format.
    pub format: Format,
}

/// Draws what is stored.
#[derive(Debug, Clone)]
pub struct Pictures {
    spectra: Spectra,
    findings: Findings,
    registry: RegistryService,
    hub: std::sync::Arc<Hub>,
}

impl Pictures {
    /// Draws from these.
    #[must_use]
    pub fn new(spectra: Spectra, findings: Findings, registry: RegistryService, hub: std::sync::Arc<Hub>) -> Self {
        Self {
            spectra,
            findings,
            registry,
            hub,
        }
    }

    /// The image as a file, with the findings as the reader may know them.
    ///
    /// # Errors
    /// `NotFound` where nothing is stored; `Unavailable` where a font is missing.
    pub async fn draw(&self, query: PictureQuery, view: &View) -> Result<Vec<u8>> {
        let plot = match query.subject {
            Subject::Waterfall => self.waterfall(&query, view).await?,
            Subject::Spectrum | Subject::Occupancy => self.summary(&query, view).await?,
        };
        let options = PlotOptions {
            width: query.size.0,
            height: query.size.1,
            language: match query.language {
                Language::Zh => plot::Language::Zh,
                Language::En => plot::Language::En,
            },
            format: query.format,
            ..PlotOptions::default()
        };
        let drawn = tokio::task::spawn_blocking(move || plot::render(&plot, &options)).await;
        Ok(drawn.map_err(|_| Error::Unavailable("drawing was given up".to_owned()))??)
    }

    async fn waterfall(&self, query: &PictureQuery, view: &View) -> Result<Plot> {
        let (width, height) = query.size;
        let waterfall = self
            .spectra
            .waterfall(
                &WaterfallQuery {
                    receiver: query.receiver.clone(),
                    band: query.band,
                    from: query.from,
                    to: query.to,
                    width: width as usize,
                    height: (height / 2).max(1) as usize,
                },
                view.masks(),
            )
            .await?;
        let band = waterfall.grid.band;
        let offset = |time: Timestamp| time.duration_since(query.from).as_secs_f64();
        let emissions = self.emissions(query, band, view).await?;
        Ok(Plot::Waterfall(WaterfallPlot {
            scope: self.scope(query, band, view),
            unit: LevelUnit::Dbfs,
            resolution_hz: None,
            rows: waterfall.rows,
            levels: None,
            emissions: emissions
                .iter()
                .map(|emission| EmissionBox {
                    marker: marker(emission, query.language),
                    start_s: offset(emission.start).max(0.0),
                    stop_s: offset(emission.stop).min(offset(query.to)),
                })
                .collect(),
        }))
    }

    /// Spectrum and occupancy: all stored spectra of the span on one grid.
    async fn summary(&self, query: &PictureQuery, view: &View) -> Result<Plot> {
        let pixels = (query.size.0 as usize).min(1024);
        let mut history = HistoryQuery {
            receiver: query.receiver.clone(),
            band: query.band,
            from: query.from,
            to: query.to,
            pixels,
            limit: Some(1000),
            cursor: None,
        };
        let mut summary: Option<Summary> = None;
        for _ in 0..PAGES_MAX {
            let page = self.spectra.history(&history, view.masks()).await?;
            for spectrum in &page.items {
                let summary = summary.get_or_insert_with(|| {
                    let band = query.band.unwrap_or(spectrum.grid.band);
                    Summary::new(
                        Grid {
                            band,
                            pixels: pixels.min(spectrum.grid.pixels).max(1),
                        },
                        spectrum,
                    )
                });
                summary.add(spectrum);
            }
            history.cursor = page.next_cursor;
            if history.cursor.is_none() {
                break;
            }
        }
        let nothing = || Error::NotFound {
            kind: "spectrum",
            id: query.receiver.clone(),
        };
        let summary = summary.ok_or_else(nothing)?;
        let scope = self.scope(query, summary.grid.band, view);
        Ok(match query.subject {
            Subject::Occupancy => Plot::Occupancy(OccupancyPlot {
                scope,
                threshold: match query.language {
                    Language::Zh => format!("高于噪声底 {IN_USE_DB} dB"),
                    Language::En => format!("{IN_USE_DB} dB above the floor"),
                },
                band_share: summary.band_share(),
                bins: summary.occupancy(),
            }),
            _ => Plot::Spectrum(SpectrumPlot {
                scope,
                unit: LevelUnit::Dbfs,
                resolution_hz: Some(summary.resolution_hz),
                mean: summary.mean.levels(),
                max: summary.max.levels(),
                min: summary.min.levels(),
                floor: summary.floor.levels(),
                emissions: self
                    .emissions(query, summary.grid.band, view)
                    .await?
                    .iter()
                    .map(|emission| marker(emission, query.language))
                    .collect(),
            }),
        })
    }

    async fn emissions(&self, query: &PictureQuery, band: Band, view: &View) -> Result<Vec<EmissionRecord>> {
        let query = EmissionQuery {
            receiver: Some(query.receiver.clone()),
            band: Some(band),
            from: Some(query.from),
            to: Some(query.to),
            limit: Some(EMISSIONS_MAX),
            ..EmissionQuery::default()
        };
        let told = self.findings.emissions_told(&query, view).await?.items;
        let mut emissions: Vec<_> = told.into_iter().map(Disclosed::into_inner).collect();
        emissions.sort_by_key(|emission| std::cmp::Reverse(emission.verdict.as_ref().map(|verdict| verdict.severity)));
        Ok(emissions)
    }

    fn scope(&self, query: &PictureQuery, band: Band, view: &View) -> Scope {
        let name = |text: &Text| match query.language {
            Language::Zh => text.zh.clone(),
            Language::En => text.en.clone(),
        };
        let registry = self.registry.current();
        let status = self.hub.receiver(&query.receiver).and_then(|receiver| receiver.status);
        let allocations = registry.allocations_in(band).into_iter().map(|row| BandLabel {
            band: row.band,
            text: name(&row.name),
            colour: Colour::of_service(&row.service),
        });
        // First: what leaves a gap in the chart is named under it.
        let masked = view.masks().bands().iter().filter(|masked| masked.overlaps(band));
        let masked = masked.map(|masked| BandLabel {
            band: *masked,
            text: name(&Text::new("按策略屏蔽", "masked by policy")),
            colour: Colour::of_severity(Severity::Info),
        });
        Scope {
            band,
            start: Some(query.from),
            seconds: query.to.duration_since(query.from).as_secs_f64(),
            receiver: status.map_or_else(|| query.receiver.clone(), |status| status.label),
            title: None,
            allocations: masked.chain(allocations).collect(),
        }
    }
}

fn marker(emission: &EmissionRecord, language: Language) -> Marker {
    let band =
        Band::new(emission.low_hz, emission.high_hz).unwrap_or_else(|| Band::around(emission.center_hz, Hertz(1)));
    let (words, severity) = emission.verdict.as_ref().map_or_else(
        || (String::new(), Severity::Info),
        |verdict| {
            (
                format!(" {}", verdict.kind.name(language == Language::Zh)),
                verdict.severity,
            )
        },
    );
    Marker {
        band,
        label: format!("{}{words}", emission.center_hz),
        colour: Colour::of_severity(severity),
    }
}

/// Many spectra on one grid.
struct Summary {
    grid: Grid,
    resolution_hz: f64,
    mean: Reduction,
    max: Reduction,
    min: Reduction,
    floor: Reduction,
    /// Each pixel in use or not, spectrum by spectrum.
    visits: BandCount,
    /// Seconds each pixel was watched.
    watched_s: Vec<f64>,
    /// Start of the last spectrum, and its distance from the one before.
    last: Option<(Timestamp, Option<SignedDuration>)>,
}

impl Summary {
    fn new(grid: Grid, first: &Spectrum) -> Self {
        let reduction = |show| Reduction::new(grid, show);
        Self {
            grid,
            resolution_hz: first.bin_hz * first.enbw_bins,
            mean: reduction(Show::Mean),
            max: reduction(Show::Max),
            min: reduction(Show::Min),
            floor: reduction(Show::Mean),
            visits: BandCount::new(grid.pixels),
            watched_s: vec![0.0; grid.pixels],
            last: None,
        }
    }

    fn add(&mut self, spectrum: &Spectrum) {
        let (source, seconds) = (spectrum.grid.band, spectrum.duration_s);
        self.mean.add(source, &spectrum.mean_dbfs, seconds);
        self.max.add(source, &spectrum.max_dbfs, seconds);
        self.min.add(source, &spectrum.min_dbfs, seconds);
        self.floor.add(source, &spectrum.floor_dbfs, seconds);
        let on_grid = |levels: &[f32], show| {
            let mut one = Reduction::new(self.grid, show);
            one.add(source, levels, 1.0);
            one.levels()
        };
        let (level, floor) = (
            on_grid(&spectrum.mean_dbfs, Show::Max),
            on_grid(&spectrum.floor_dbfs, Show::Mean),
        );
        self.follow(spectrum.start);
        let visit =
            |(level, floor): (&f32, &f32)| match (level.is_nan() || floor.is_nan(), level > &(floor + IN_USE_DB)) {
                (true, _) => Visit::Unobserved,
                (false, true) => Visit::Busy,
                (false, false) => Visit::Free,
            };
        let visits: Vec<Visit> = level.iter().zip(&floor).map(visit).collect();
        for (watched, _) in self
            .watched_s
            .iter_mut()
            .zip(&visits)
            .filter(|(_, v)| **v != Visit::Unobserved)
        {
            *watched += seconds;
        }
        self.visits.push(&visits);
    }

    /// Spectra at a larger distance than those before are no neighbours: the correlation is not theirs.
    fn follow(&mut self, start: Timestamp) {
        let apart = self.last.map(|(last, _)| start.duration_since(last));
        if let (Some((_, Some(before))), Some(now)) = (self.last, apart)
            && now > before + before / 2
        {
            self.visits.interrupt();
        }
        self.last = Some((start, apart));
    }

    /// Share of all pixels and spectra in use (frequency band occupancy) with its 95 % interval.
    fn band_share(&self) -> Option<[f64; 3]> {
        let share = self.visits.occupancy(&Terms::default())?;
        Some([share.low, share.share, share.high])
    }

    fn occupancy(&self) -> Vec<OccupancyBin> {
        let edge = |pixel: usize| self.grid.band.low() + Hertz::from_f64(self.grid.pixel_hz() * pixel as f64);
        let channels = self.visits.channels().iter().zip(&self.watched_s).enumerate();
        let bins = channels.filter_map(|(pixel, (channel, &watched_s))| {
            let band = Band::new(edge(pixel), edge(pixel + 1))?;
            let share = channel.occupancy(&Terms::default());
            Some(OccupancyBin {
                band,
                fraction: share.as_ref().map_or(0.0, |share| share.share),
                interval: share.as_ref().map_or([0.0, 1.0], |share| [share.low, share.high]),
                observed_s: if share.is_some() { watched_s } else { 0.0 },
            })
        });
        bins.collect()
    }
}

/// The span an image covers when none is asked for.
pub const USUAL_SPAN: SignedDuration = SignedDuration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// A spectrum of two bins a second after `second`, one of them not watched.
    fn spectrum(second: i64, busy: bool) -> Spectrum {
        let level = if busy { -60.0 } else { -99.0 };
        Spectrum {
            receiver: "roof".into(),
            start: Timestamp::from_second(second).expect("in range"),
            duration_s: 1.0,
            grid: grid(),
            bin_hz: 1000.0,
            enbw_bins: 2.0,
            mean_dbfs: vec![level, f32::NAN],
            max_dbfs: vec![level, f32::NAN],
            min_dbfs: vec![level, f32::NAN],
            floor_dbfs: vec![-100.0, f32::NAN],
        }
    }

    fn grid() -> Grid {
        Grid {
            band: Band::new(Hertz(0), Hertz(2000)).expect("ordered"),
            pixels: 2,
        }
    }

    fn summary(of: impl Iterator<Item = (i64, bool)>) -> Summary {
        let mut summary = Summary::new(grid(), &spectrum(0, false));
        of.for_each(|(second, busy)| summary.add(&spectrum(second, busy)));
        summary
    }

    #[test]
    fn slow_signals_have_wider_intervals_and_the_unwatched_none() {
        let fast = summary((0..600).map(|s| (s, s % 2 == 0))).occupancy();
        let slow = summary((0..600).map(|s| (s, s % 60 < 30))).occupancy();
        assert_eq!((fast[0].fraction, slow[0].fraction), (0.5, 0.5));
        let width = |bin: &OccupancyBin| bin.interval[1] - bin.interval[0];
        assert!(width(&slow[0]) > 3.0 * width(&fast[0]), "{slow:?} {fast:?}");
        assert_eq!((slow[0].observed_s, slow[1].observed_s), (600.0, 0.0));
        assert_eq!(slow[1].interval, [0.0, 1.0], "not watched is not known");
        let never = summary((0..100).map(|s| (s, false)));
        assert!(
            never.occupancy()[0].interval[1] > 0.02,
            "never in use is not never used"
        );
        assert!(
            never
                .band_share()
                .is_some_and(|[low, _, high]| low == 0.0 && high > 0.02)
        );
    }

    #[test]
    fn neighbours_over_a_gap_are_none() {
        let changes = |gap: i64| {
            let of = (0..40).map(|s| (s + if s >= 20 { gap } else { 0 }, s >= 20));
            summary(of).visits.channels()[0]
                .occupancy(&Terms::default())
                .expect("watched")
                .changes
        };
        assert_eq!((changes(0), changes(60)), (1, 0));
    }
}

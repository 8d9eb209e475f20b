//! Images for reports: what was stored, drawn with the allocations and findings of its band.

use jiff::{SignedDuration, Timestamp};

use super::{
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

    /// The image as a file.
    ///
    /// # Errors
    /// `NotFound` where nothing is stored; `Unavailable` where a font is missing.
    pub async fn draw(&self, query: PictureQuery) -> Result<Vec<u8>> {
        let plot = match query.subject {
            Subject::Waterfall => self.waterfall(&query).await?,
            Subject::Spectrum | Subject::Occupancy => self.summary(&query).await?,
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

    async fn waterfall(&self, query: &PictureQuery) -> Result<Plot> {
        let (width, height) = query.size;
        let waterfall = self
            .spectra
            .waterfall(&WaterfallQuery {
                receiver: query.receiver.clone(),
                band: query.band,
                from: query.from,
                to: query.to,
                width: width as usize,
                height: (height / 2).max(1) as usize,
            })
            .await?;
        let band = waterfall.grid.band;
        let offset = |time: Timestamp| time.duration_since(query.from).as_secs_f64();
        let emissions = self.emissions(query, band).await?;
        Ok(Plot::Waterfall(WaterfallPlot {
            scope: self.scope(query, band),
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
    async fn summary(&self, query: &PictureQuery) -> Result<Plot> {
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
            let page = self.spectra.history(&history).await?;
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
        let scope = self.scope(query, summary.grid.band);
        Ok(match query.subject {
            Subject::Occupancy => Plot::Occupancy(OccupancyPlot {
                scope,
                threshold: match query.language {
                    Language::Zh => format!("高于噪声底 {IN_USE_DB} dB"),
                    Language::En => format!("{IN_USE_DB} dB above the floor"),
                },
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
                    .emissions(query, summary.grid.band)
                    .await?
                    .iter()
                    .map(|emission| marker(emission, query.language))
                    .collect(),
            }),
        })
    }

    async fn emissions(&self, query: &PictureQuery, band: Band) -> Result<Vec<EmissionRecord>> {
        let query = EmissionQuery {
            receiver: Some(query.receiver.clone()),
            band: Some(band),
            from: Some(query.from),
            to: Some(query.to),
            limit: Some(EMISSIONS_MAX),
            ..EmissionQuery::default()
        };
        let mut emissions = self.findings.emissions(&query).await?.items;
        emissions.sort_by_key(|emission| std::cmp::Reverse(emission.verdict.as_ref().map(|verdict| verdict.severity)));
        Ok(emissions)
    }

    fn scope(&self, query: &PictureQuery, band: Band) -> Scope {
        let name = |text: &Text| match query.language {
            Language::Zh => text.zh.clone(),
            Language::En => text.en.clone(),
        };
        let registry = self.registry.current();
        let status = self.hub.receiver(&query.receiver).and_then(|receiver| receiver.status);
        Scope {
            band,
            start: Some(query.from),
            seconds: query.to.duration_since(query.from).as_secs_f64(),
            receiver: status.map_or_else(|| query.receiver.clone(), |status| status.label),
            title: None,
            allocations: registry
                .allocations_in(band)
                .into_iter()
                .map(|row| BandLabel {
                    band: row.band,
                    text: name(&row.name),
                    colour: Colour::of_service(&row.service),
                })
                .collect(),
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
    /// By pixel: spectra in use, spectra watched, seconds watched.
    counts: Vec<(u32, u32, f64)>,
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
            counts: vec![(0, 0, 0.0); grid.pixels],
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
        for ((count, level), floor) in self.counts.iter_mut().zip(level).zip(floor) {
            if level.is_nan() || floor.is_nan() {
                continue;
            }
            count.0 += u32::from(level > floor + IN_USE_DB);
            count.1 += 1;
            count.2 += seconds;
        }
    }

    fn occupancy(&self) -> Vec<OccupancyBin> {
        let edge = |pixel: usize| self.grid.band.low() + Hertz::from_f64(self.grid.pixel_hz() * pixel as f64);
        let bins = self
            .counts
            .iter()
            .enumerate()
            .filter_map(|(pixel, &(used, watched, observed_s))| {
                let band = Band::new(edge(pixel), edge(pixel + 1))?;
                let fraction = if watched == 0 {
                    0.0
                } else {
                    f64::from(used) / f64::from(watched)
                };
                Some(OccupancyBin {
                    band,
                    fraction,
                    interval: wilson(used, watched),
                    observed_s,
                })
            });
        bins.collect()
    }
}

/// 95 % interval of a share by Wilson (1927); the spectra are taken as independent, which flatters slow signals.
fn wilson(used: u32, watched: u32) -> [f64; 2] {
    if watched == 0 {
        return [0.0, 1.0];
    }
    const Z: f64 = 1.959_964;
    let (n, p) = (f64::from(watched), f64::from(used) / f64::from(watched));
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(centre - half).clamp(0.0, p), (centre + half).clamp(p, 1.0)]
}

/// The span an image covers when none is asked for.
pub const USUAL_SPAN: SignedDuration = SignedDuration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_with_the_interval_of_wilson() {
        let [low, high] = wilson(5, 10);
        assert!(
            (low - 0.2366).abs() < 1e-3 && (high - 0.7634).abs() < 1e-3,
            "{low} {high}"
        );
        let [low, high] = wilson(0, 100);
        assert!(
            low == 0.0 && (high - 0.0370).abs() < 1e-3,
            "never in use is not never used: {high}"
        );
        assert_eq!(wilson(0, 0), [0.0, 1.0], "not watched is not known");
    }
}

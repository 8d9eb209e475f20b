//! Images for reports: spectrum, waterfall and occupancy, as PNG and SVG, with axes, units and titles in zh or en.
//!
//! Pure: data in, bytes out. A chart becomes a list of shapes (`scene`), which `raster` and `svg` write. What was not
//! observed is hatched and never drawn as a low level. Levels keep the unit they came with. Plotters draws the charts
//! into the scene (`chart`, `backend`); pixels and glyphs are ours (tiny-skia, ab_glyph), because its own bitmaps have no
//! anti-aliased thick lines and whole pixels only, and drop the side bearings of glyphs.

mod axis;
mod backend;
mod chart;
mod colour;
mod data;
pub mod fonts;
mod frame;
mod occupancy;
mod raster;
mod scene;
mod spectrum;
mod svg;
mod waterfall;
mod words;

use std::{fmt, str::FromStr};

use jiff::tz::Offset;

pub use colour::Colour;
pub use data::{
    BandLabel, EmissionBox, LevelUnit, Marker, OccupancyBin, OccupancyPlot, Scope, SpectrumPlot, WaterfallPlot,
};

/// Smallest width and height, pixels.
const SMALLEST: (u32, u32) = (320, 240);
/// Largest width and height, pixels.
const LARGEST: u32 = 8192;

/// What to draw.
#[derive(Debug, Clone)]
pub enum Plot {
    /// Level over frequency.
    Spectrum(SpectrumPlot),
    /// Level over frequency and time.
    Waterfall(WaterfallPlot),
    /// Share of time in use over frequency.
    Occupancy(OccupancyPlot),
}

/// Language of titles and axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Simplified Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

/// File format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Pixels.
    #[default]
    Png,
    /// Shapes and text.
    Svg,
}

impl Format {
    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
        }
    }
}

impl FromStr for Format {
    type Err = PlotError;

    /// From a file name extension, in any case.
    fn from_str(extension: &str) -> Result<Self, PlotError> {
        match extension.to_ascii_lowercase().as_str() {
            "png" => Ok(Self::Png),
            "svg" => Ok(Self::Svg),
            _ => Err(PlotError::Format(extension.to_owned())),
        }
    }
}

/// How to draw it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlotOptions {
    /// Width in pixels, 320 to 8192. Text grows with the picture.
    pub width: u32,
    /// Height in pixels, 240 to 8192.
    pub height: u32,
    /// Language of titles and axes.
    pub language: Language,
    /// File format.
    pub format: Format,
    /// The clock that times are written in.
    pub offset: Offset,
}

impl Default for PlotOptions {
    /// 1200 × 700 PNG in English, UTC.
    fn default() -> Self {
        Self {
            width: 1200,
            height: 700,
            language: Language::En,
            format: Format::Png,
            offset: Offset::UTC,
        }
    }
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The size is out of bounds.
    #[error(
        "a plot of {width} × {height} pixels is not possible: give a width of 320 to 8192 and a height of 240 to 8192"
    )]
    Size {
        /// As asked.
        width: u32,
        /// As asked.
        height: u32,
    },
    /// The size is allowed, but what stands around the chart leaves no room for it.
    #[error("axes and names leave no room for the chart on {width} × {height} pixels: ask for a larger plot")]
    Room {
        /// As asked.
        width: u32,
        /// As asked.
        height: u32,
    },
    /// The format is unknown.
    #[error("'{0}' is not a plot format: give png or svg")]
    Format(String),
    /// The data do not fit together; the text says which and how.
    #[error("{0}")]
    Data(String),
    /// The chart could not be laid out or drawn.
    #[error("chart: {0}")]
    Chart(String),
    /// No font for PNG text.
    #[error("no font found that draws {script}: {}", fonts::INSTALL)]
    Font {
        /// `Chinese` or `Latin`.
        script: &'static str,
    },
    /// The pixels do not fit into memory.
    #[error("not enough memory for a plot of this size: ask for a smaller one")]
    Memory,
    /// PNG could not be written.
    #[error("PNG: {0}")]
    Png(#[from] png::EncodingError),
    /// SVG could not be written.
    #[error("SVG: {0}")]
    Svg(#[from] fmt::Error),
}

impl From<PlotError> for crate::Error {
    /// What the caller asked for in a wrong way stays the caller's; the rest is this machine's.
    fn from(error: PlotError) -> Self {
        match error {
            PlotError::Size { .. } | PlotError::Room { .. } | PlotError::Format(_) | PlotError::Data(_) => {
                Self::Invalid(error.to_string())
            }
            PlotError::Chart(_)
            | PlotError::Font { .. }
            | PlotError::Memory
            | PlotError::Png(_)
            | PlotError::Svg(_) => Self::Unavailable(error.to_string()),
        }
    }
}

/// Draws.
///
/// # Errors
/// `Size` and `Data` for what cannot be drawn, `Font` where a PNG needs a font that this machine has not.
pub fn render(plot: &Plot, options: &PlotOptions) -> Result<Vec<u8>, PlotError> {
    let fonts = fonts::installed();
    render_with(plot, options, fonts)
}

fn render_with(plot: &Plot, options: &PlotOptions, fonts: &fonts::Fonts) -> Result<Vec<u8>, PlotError> {
    let scene = compose(plot, options, fonts)?;
    match options.format {
        Format::Svg => svg::document(&scene),
        Format::Png if !fonts.any() => Err(PlotError::Font { script: "Latin" }),
        Format::Png if options.language == Language::Zh && !fonts.draws_chinese() => {
            Err(PlotError::Font { script: "Chinese" })
        }
        Format::Png => raster::png(&scene, fonts),
    }
}

fn compose(plot: &Plot, options: &PlotOptions, fonts: &fonts::Fonts) -> Result<scene::Scene, PlotError> {
    let (width, height) = (options.width, options.height);
    if !(SMALLEST.0..=LARGEST).contains(&width) || !(SMALLEST.1..=LARGEST).contains(&height) {
        return Err(PlotError::Size { width, height });
    }
    match plot {
        Plot::Spectrum(data) => spectrum::compose(data, options, fonts),
        Plot::Waterfall(data) => waterfall::compose(data, options, fonts),
        Plot::Occupancy(data) => occupancy::compose(data, options, fonts),
    }
}

#[cfg(test)]
mod tests;

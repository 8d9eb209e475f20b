//! The picture of a pass: a waterfall with what was found marked in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Error, Result,
    cli::io_error,
    conflict::Severity,
    detect::{DetectorConfig, Emission, Frame},
    plot::{self, Colour, EmissionBox, Format, Language, LevelUnit, Marker, Plot, PlotOptions, Scope, WaterfallPlot},
    units::{Band, Hertz},
};

use super::rows::VerdictRow;

/// Rows kept; when they are full, pairs are joined and rows last twice as long.
const ROWS_MAX: usize = 2048;
/// Rows wanted where the length of the pass is known.
const ROWS_WANTED: f64 = 1024.0;
/// Shortest row, in spectra of the detector.
const SPECTRA_MIN: f64 = 2.0;
/// First length of a row where the length of the pass is not known, seconds.
const INTERVAL_S: f64 = 0.05;
/// Emissions marked at most, the first to end.
const EMISSIONS_MAX: usize = 400;

/// Gathers spectra and emissions of a pass, and writes them as one image.
pub(super) struct Picture {
    path: PathBuf,
    options: PlotOptions,
    /// Length of a row.
    row_s: f64,
    /// Highest level per bin of each row's time; `None` was not observed.
    rows: Vec<Option<Vec<f32>>>,
    band: Option<Band>,
    bin_hz: f64,
    emissions: Vec<EmissionBox>,
}

impl Picture {
    /// A picture at `path`, whose ending says the format.
    ///
    /// # Errors
    /// `Invalid` when the ending is neither `.png` nor `.svg`, or the folder is not there: before the pass, not after.
    pub(super) fn new(path: &Path, chinese: bool) -> Result<Self> {
        let named = |what: &str| Error::Invalid(format!("--plot {}: {what}", path.display()));
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let format: Format = ending
            .parse()
            .map_err(|_| named("give a file name that ends in .png or .svg"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
            return Err(named("the folder is not there; make it first, or name another"));
        }
        Ok(Self {
            path: path.to_owned(),
            options: PlotOptions {
                language: if chinese { Language::Zh } else { Language::En },
                format,
                ..PlotOptions::default()
            },
            row_s: INTERVAL_S,
            rows: Vec::new(),
            band: None,
            bin_hz: 1.0,
            emissions: Vec::new(),
        })
    }

    /// Asks the detector for the spectra of a pass of `seconds`, where that is known.
    pub(super) fn prepare(&mut self, config: &mut DetectorConfig, seconds: Option<f64>) {
        let shortest_s = SPECTRA_MIN * config.frame_bins as f64 / config.sample_rate_hz;
        self.row_s = seconds
            .map_or(INTERVAL_S, |seconds| seconds / ROWS_WANTED)
            .max(shortest_s);
        config.frame_interval_s = Some(self.row_s);
    }

    /// Takes a spectrum.
    pub(super) fn frame(&mut self, frame: &Frame) {
        self.band = Band::new(frame.low_hz, frame.high_hz);
        self.bin_hz = (frame.high_hz - frame.low_hz).as_f64() / frame.max_dbfs.len().max(1) as f64;
        let mut row = self.row_at(frame.start_s);
        while row >= ROWS_MAX {
            self.halve();
            row = self.row_at(frame.start_s);
        }
        let last = self.row_at(frame.start_s + 0.5 * frame.duration_s).min(ROWS_MAX - 1);
        self.rows.resize(self.rows.len().max(last + 1), None);
        for row in &mut self.rows[row..=last] {
            join(row, &frame.max_dbfs);
        }
    }

    fn row_at(&self, time_s: f64) -> usize {
        // A spectrum that begins a rounding error before its row belongs to that row.
        (time_s / self.row_s + 1e-6).max(0.0) as usize
    }

    fn halve(&mut self) {
        self.row_s *= 2.0;
        let mut joined: Vec<Option<Vec<f32>>> = Vec::with_capacity(ROWS_MAX);
        let mut rows = std::mem::take(&mut self.rows).into_iter();
        while let Some(mut first) = rows.next() {
            if let Some(levels) = rows.next().flatten() {
                join(&mut first, &levels);
            }
            joined.push(first);
        }
        self.rows = joined;
    }

    /// Takes an emission that ended, with its verdict where there is one.
    pub(super) fn emission(&mut self, emission: &Emission, verdict: Option<&VerdictRow>) {
        if self.emissions.len() >= EMISSIONS_MAX {
            return;
        }
        let band =
            Band::new(emission.low_hz, emission.high_hz).unwrap_or_else(|| Band::around(emission.center_hz, Hertz(1)));
        let severity = verdict.map_or(Severity::Info, |verdict| verdict.severity);
        let words = verdict.map_or_else(String::new, |verdict| {
            format!(" {}", verdict.kind.name(self.options.language == Language::Zh))
        });
        self.emissions.push(EmissionBox {
            marker: Marker {
                band,
                label: format!("{}{words}", emission.center_hz),
                colour: Colour::of_severity(severity),
            },
            start_s: emission.start_s,
            stop_s: emission.stop_s,
        });
    }

    /// Draws and writes; `source` is what was measured, in words.
    ///
    /// # Errors
    /// When nothing was measured, a font is missing, or the file cannot be written; no half file stays.
    pub(super) fn write(self, source: &str, start: Option<jiff::Timestamp>) -> Result<()> {
        let Some(band) = self.band else {
            return Err(Error::Invalid(format!(
                "--plot {}: the pass was too short for a spectrum; nothing was drawn",
                self.path.display()
            )));
        };
        let scope = Scope {
            band,
            start,
            seconds: self.rows.len() as f64 * self.row_s,
            receiver: source.to_owned(),
            title: None,
            allocations: Vec::new(),
        };
        let waterfall = Plot::Waterfall(WaterfallPlot {
            scope,
            unit: LevelUnit::Dbfs,
            resolution_hz: Some(self.bin_hz),
            rows: self.rows,
            levels: None,
            emissions: self.emissions,
        });
        let image = plot::render(&waterfall, &self.options)?;
        let mut partial = self.path.clone().into_os_string();
        partial.push(".part");
        let written = fs::write(&partial, image).and_then(|()| fs::rename(&partial, &self.path));
        written.map_err(|error| {
            let _ = fs::remove_file(&partial);
            io_error(&self.path)(error)
        })
    }
}

/// The higher of both, bin by bin.
fn join(row: &mut Option<Vec<f32>>, levels: &[f32]) {
    match row {
        None => *row = Some(levels.to_vec()),
        Some(row) => {
            for (highest, level) in row.iter_mut().zip(levels) {
                *highest = highest.max(*level);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(start_s: f64, duration_s: f64, level: f32) -> Frame {
        Frame {
            start_s,
            duration_s,
            low_hz: Hertz(97_000_000),
            high_hz: Hertz(99_000_000),
            enbw_bins: 1.0,
            mean_dbfs: vec![level; 4],
            max_dbfs: vec![level; 4],
            min_dbfs: vec![level; 4],
            floor_dbfs: vec![level; 4],
        }
    }

    #[test]
    fn long_passes_keep_their_peaks_and_their_gaps_in_bounded_memory() {
        let mut picture = Picture::new(Path::new("x.png"), false).expect("a picture");
        for second in 0..5_000 {
            if !(1_000..2_000).contains(&second) {
                let level = if second == 4_321 { -10.0 } else { -90.0 };
                picture.frame(&frame(f64::from(second) * INTERVAL_S, INTERVAL_S, level));
            }
        }
        assert!(picture.rows.len() <= ROWS_MAX);
        let at = |second: f64| picture.rows[(second * INTERVAL_S / picture.row_s) as usize].as_ref();
        assert_eq!(at(4_321.0).map(|row| row[2]), Some(-10.0), "a peak survives");
        assert!(at(1_500.0).is_none(), "the unobserved stays so");
        assert_eq!(at(500.0).map(|row| row[0]), Some(-90.0));
    }

    #[test]
    fn a_name_without_a_picture_format_is_refused_before_the_pass() {
        for path in ["plot", "plot.jpg", "/nowhere/at/all/plot.png"] {
            let error = Picture::new(Path::new(path), false)
                .map(|_| ())
                .expect_err(path)
                .to_string();
            assert!(
                error.contains(path) && (error.contains(".png") || error.contains("folder")),
                "{error}"
            );
        }
    }
}

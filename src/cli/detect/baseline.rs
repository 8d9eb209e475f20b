//! What is usual at a place, for `detect`: the file it is kept in, and whether what was found is new there.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::rows::NoveltyRow;
use crate::{
    Error, Result,
    conflict::{Baseline, Measured, Novelty, Rules, Severity},
    detect::{Emission, Gap},
    registry::Place,
    units::Band,
};

const FORMAT: u32 = 1;
/// A baseline of a thousand places would be smaller.
const BYTES_MAX: u64 = 64 << 20;
/// Farther apart than this, degrees of latitude, it is another place: about 1 km.
const SAME_PLACE_DEG: f64 = 0.01;
const NO_TIME: (&str, &str) = (
    "观测时间未知，不能与基线比对。请用 --began 给出第一个采样的时间，例如 --began 2026-06-07T08:00:00+08:00。",
    "The time of observation is unknown, so nothing can be compared with the baseline. Give the time of the first sample, \
     such as --began 2026-06-07T08:00:00+08:00.",
);

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: u32,
    /// Degrees north and east.
    site: Option<[f64; 2]>,
    baseline: Baseline,
}

impl Kept {
    /// Reads a file; nothing where there is none.
    fn read(path: &Path) -> Result<Option<Self>> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
        match read {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() != ErrorKind::InvalidData => return Err(crate::cli::io_error(path)(error)),
            _ => {}
        }
        let broken = |reason: String| {
            Error::Invalid(format!(
                "{} is no baseline: {reason}. Restore it from a backup, or give --learn-baseline another name to begin anew",
                path.display()
            ))
        };
        let kept: Self = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if kept.format != FORMAT {
            let reason = format!(
                "format {} was written by another version, this one reads {FORMAT}",
                kept.format
            );
            return Err(broken(reason));
        }
        kept.baseline.check().map_err(broken)?;
        Ok(Some(kept))
    }

    /// Refuses to mix two places.
    fn hold(&self, path: &Path, site: Option<Place>) -> Result<()> {
        let away = |[lat, lon]: [f64; 2], site: Place| {
            (lat - site.latitude).hypot((lon - site.longitude) * lat.to_radians().cos())
        };
        match self.site.zip(site) {
            Some((here, site)) if away(here, site) > SAME_PLACE_DEG => Err(Error::Invalid(format!(
                "{} is the baseline of {:.5},{:.5}; --site says {:.5},{:.5}: each place needs a file of its own",
                path.display(),
                here[0],
                here[1],
                site.latitude,
                site.longitude
            ))),
            _ => Ok(()),
        }
    }
}

/// Where and when a pass takes place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub(super) site: Option<Place>,
    pub(super) began: Option<Timestamp>,
    pub(super) ppm: f64,
    /// What of the spectrum is observed.
    pub(super) band: Band,
}

impl Scope {
    fn at(&self, seconds: f64) -> Option<Timestamp> {
        let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
        self.began?.checked_add(since).ok()
    }
}

/// Asks one baseline, and adds to one.
pub(super) struct Baselines {
    scope: Scope,
    asked: Option<Baseline>,
    learned: Option<(PathBuf, Kept)>,
    gaps: Vec<Gap>,
}

impl Baselines {
    /// Reads what was asked for.
    pub(super) fn new(ask: Option<&Path>, learn: Option<&Path>, scope: Scope) -> Result<Self> {
        let asked = ask.map(|path| -> Result<Baseline> {
            let kept = Kept::read(path)?.ok_or_else(|| {
                let path = path.display();
                Error::Invalid(format!(
                    "{path} does not exist: make it first with --learn-baseline {path}"
                ))
            })?;
            kept.hold(path, scope.site)?;
            Ok(kept.baseline)
        });
        let learned = learn.map(|path| -> Result<(PathBuf, Kept)> {
            if scope.began.is_none() {
                let reason = "--learn-baseline needs the time of the observation: give --began, such as \
                              --began 2026-06-07T08:00:00+08:00";
                return Err(Error::Invalid(reason.into()));
            }
            let mut kept = Kept::read(path)?.unwrap_or_else(|| Kept {
                format: FORMAT,
                site: None,
                baseline: Baseline::new(&place_name(path, scope.site)),
            });
            kept.hold(path, scope.site)?;
            kept.site = kept.site.or(scope.site.map(|site| [site.latitude, site.longitude]));
            Ok((path.to_owned(), kept))
        });
        Ok(Self {
            scope,
            asked: asked.transpose()?,
            learned: learned.transpose()?,
            gaps: Vec::new(),
        })
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether an emission is new here; and it is learned.
    pub(super) fn take(
        &mut self,
        emission: &Emission,
        bin_hz: f64,
        rules: &Rules,
        chinese: bool,
    ) -> Option<NoveltyRow> {
        let measured = Measured::from(emission).with_bin(bin_hz);
        let scope = self.scope;
        let answer = self.asked.as_ref().map(|baseline| match scope.at(emission.start_s) {
            Some(time) => NoveltyRow::new(baseline.ask(rules, &measured, scope.ppm, time), chinese),
            None => NoveltyRow {
                kind: Novelty::Unclear,
                severity: Severity::Info,
                explanation: if chinese { NO_TIME.0 } else { NO_TIME.1 }.to_owned(),
                evidence: BTreeMap::new(),
            },
        });
        let times = scope.at(emission.start_s).zip(scope.at(emission.stop_s));
        if let Some(((_, kept), (from, to))) = self.learned.as_mut().zip(times) {
            kept.baseline.learn_emission(rules, &measured, scope.ppm, from, to);
        }
        answer
    }

    pub(super) fn gap(&mut self, gap: Gap) {
        if self.learned.is_some() {
            self.gaps.push(gap);
        }
    }

    /// Writes what was learned; says so. `observed_s` does not count gaps.
    pub(super) fn finish(self, observed_s: f64, chinese: bool) -> Result<Option<String>> {
        let Some((path, mut kept)) = self.learned else {
            return Ok(None);
        };
        let lost_s: f64 = self.gaps.iter().map(|gap| gap.stop_s - gap.start_s).sum();
        let mut edges = vec![0.0];
        edges.extend(self.gaps.iter().flat_map(|gap| [gap.start_s, gap.stop_s]));
        edges.push(observed_s + lost_s);
        for pair in edges.chunks_exact(2) {
            if let Some((from, to)) = self.scope.at(pair[0]).zip(self.scope.at(pair[1])) {
                kept.baseline.learn_watch(self.scope.band, from, to);
            }
        }
        let text = serde_json::to_vec_pretty(&kept).map_err(|error| Error::Invalid(error.to_string()))?;
        replace(&path, &text)?;
        let (path, emissions) = (path.display(), kept.baseline.emissions());
        Ok(Some(if chinese {
            format!("基线 {path}：本次观测 {observed_s:.1} s，共 {emissions} 个常见发射")
        } else {
            format!("baseline {path}: {observed_s:.1} s observed, {emissions} usual emissions in all")
        }))
    }
}

/// The place as the texts call it.
fn place_name(path: &Path, site: Option<Place>) -> String {
    site.map_or_else(
        || path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        |site| format!("{:.5},{:.5}", site.latitude, site.longitude),
    )
}

/// Writes beside the file and moves it there when it is on the disk.
fn replace(path: &Path, text: &[u8]) -> Result<()> {
    let mut partial = path.to_owned().into_os_string();
    partial.push(".part");
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // The error that is told is the first one.
        drop(fs::remove_file(&partial));
        crate::cli::io_error(path)(error)
    })
}

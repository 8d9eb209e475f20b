//! Verdicts for `detect`: the registry it is held against, and where and when.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::{
    baseline::{Baselines, Scope},
    rows::VerdictRow,
};
use crate::{
    Error, Result,
    cli::{SiteArg, files, language::Language},
    conflict::{Comparison, Context, Level, Measured, Rules, compare, judge},
    detect::Emission,
    registry::Registry,
    units::Band,
};

/// Options about verdicts.
#[derive(Debug, Args)]
pub(super) struct JudgeArgs {
    /// Hold emissions against the built-in national table; exit status 3 when conflicts were found
    #[arg(long)]
    pub(super) check: bool,
    /// Hold them against these assignments too (CSV, see docs/registry.md); repeatable
    #[arg(long, value_name = "FILE")]
    registry: Vec<PathBuf>,
    /// Also print this assignment of the registry against what was measured of the station, parameter by parameter
    #[arg(long, value_name = "KEY", requires = "registry")]
    station: Option<String>,
    /// Judge by the radio control orders of this file too (TOML, see config/control-orders.toml)
    #[arg(long, value_name = "FILE")]
    control_orders: Option<PathBuf>,
    /// Judge by these rules instead of the built-in ones (TOML, see config/rules.toml)
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Say of each emission whether it is new at this place and hour, by what was learned into this file
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Add what is found to what is usual at this place, by hour of the day; makes the file where there is none
    #[arg(long, value_name = "FILE")]
    learn_baseline: Option<PathBuf>,
    /// UTC of the first sample, RFC 3339, where the source does not say: 2026-06-07T08:00:00+08:00
    #[arg(long, value_name = "TIME")]
    began: Option<Timestamp>,
    /// Antenna position, degrees north and east: 31.2304,121.4737
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    site: Option<SiteArg>,
    /// Uncertainty of the receiver's oscillator, parts per million, one sigma
    #[arg(long, value_name = "PPM", default_value_t = 20.0)]
    ppm_uncertainty: f64,
    /// Language of texts; without it that of the environment
    #[arg(long, value_enum)]
    lang: Option<Language>,
}

/// Judges emissions, or does not.
pub(super) struct Judge {
    rules: Rules,
    registry: Option<Registry>,
    context: Context,
    began: Option<Timestamp>,
    bin_hz: f64,
    chinese: bool,
    station: Option<String>,
    /// What was measured of that station.
    seen: Vec<(Measured, Context)>,
}

impl Judge {
    /// `began`: UTC of the first sample, where known; `bin_hz`: width of the bins bandwidths are measured on.
    pub(super) fn new(args: &JudgeArgs, began: Option<Timestamp>, bin_hz: f64) -> Result<Self> {
        let wanted = args.check || !args.registry.is_empty() || args.control_orders.is_some() || args.rules.is_some();
        let context = Context {
            time: None,
            site: args.site.map(|site| site.0),
            ppm_uncertainty: args.ppm_uncertainty,
        };
        let language = args.lang.unwrap_or_else(Language::of_environment);
        let registry = if wanted {
            Some(files::registry(&args.registry, args.control_orders.as_deref())?)
        } else {
            None
        };
        if let (Some(key), Some(registry)) = (&args.station, &registry)
            && registry.assignment(key).is_none()
        {
            return Err(unknown_station(key, registry));
        }
        Ok(Self {
            rules: rules(args)?,
            registry,
            context,
            began: args.began.or(began),
            bin_hz,
            chinese: language == Language::Zh,
            station: args.station.clone(),
            seen: Vec::new(),
        })
    }

    /// The baselines asked for; `band` is what of the spectrum is observed.
    pub(super) fn baselines(&self, args: &JudgeArgs, band: Band) -> Result<Baselines> {
        let scope = Scope {
            site: self.context.site,
            began: self.began,
            ppm: self.context.ppm_uncertainty,
            band,
        };
        Baselines::new(args.baseline.as_deref(), args.learn_baseline.as_deref(), scope)
    }

    pub(super) fn is_active(&self) -> bool {
        self.registry.is_some()
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(super) fn bin_hz(&self) -> f64 {
        self.bin_hz
    }

    pub(super) fn chinese(&self) -> bool {
        self.chinese
    }

    /// The station asked for against what was measured of it.
    pub(super) fn comparison(&self) -> Option<Comparison> {
        let registry = self.registry.as_ref()?;
        let assignment = registry.assignment(self.station.as_deref()?)?;
        Some(compare(&self.rules, registry, assignment, &self.seen))
    }

    /// The verdict of an emission; none without a registry.
    pub(super) fn verdict(&mut self, emission: &Emission, level: Option<Level>) -> Option<VerdictRow> {
        let registry = self.registry.as_ref()?;
        let since = SignedDuration::try_from_secs_f64(emission.stop_s).ok();
        let time = self
            .began
            .zip(since)
            .and_then(|(began, since)| began.checked_add(since).ok());
        let measured = Measured::from(emission).with_bin(self.bin_hz).with_level(level);
        let context = Context { time, ..self.context };
        let verdict = judge(&self.rules, registry, &measured, &context);
        if self.station.is_some() && verdict.assignment == self.station {
            self.seen.push((measured, context));
        }
        Some(VerdictRow::new(&verdict, self.chinese))
    }
}

/// Says which keys there are, the ones alike first.
fn unknown_station(key: &str, registry: &Registry) -> Error {
    let folded = key.to_lowercase();
    let mut known: Vec<&str> = registry.assignments().iter().map(|own| own.id.as_str()).collect();
    known.sort_by_key(|id| !id.to_lowercase().contains(&folded));
    let shown = known.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let more = if known.len() > 5 { " …" } else { "" };
    Error::Invalid(format!(
        "--station {key}: no assignment of the registry has this key; there are {shown}{more}"
    ))
}

fn rules(args: &JudgeArgs) -> Result<Rules> {
    let rules = match &args.rules {
        Some(path) => Rules::parse(&files::text(path)?, &path.display().to_string()),
        None => Rules::builtin(),
    };
    rules.map_err(|error| Error::Invalid(error.to_string()))
}

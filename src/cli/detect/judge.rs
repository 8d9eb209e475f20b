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
    conflict::{Context, Level, Measured, Rules, judge},
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
        Ok(Self {
            rules: rules(args)?,
            registry: if wanted {
                Some(files::registry(&args.registry, args.control_orders.as_deref())?)
            } else {
                None
            },
            context,
            began: args.began.or(began),
            bin_hz,
            chinese: language == Language::Zh,
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

    /// The verdict of an emission; none without a registry.
    pub(super) fn verdict(&self, emission: &Emission, level: Option<Level>) -> Option<VerdictRow> {
        let registry = self.registry.as_ref()?;
        let since = SignedDuration::try_from_secs_f64(emission.stop_s).ok();
        let time = self
            .began
            .zip(since)
            .and_then(|(began, since)| began.checked_add(since).ok());
        let measured = Measured::from(emission).with_bin(self.bin_hz).with_level(level);
        let verdict = judge(&self.rules, registry, &measured, &Context { time, ..self.context });
        Some(VerdictRow::new(&verdict, self.chinese))
    }
}

fn rules(args: &JudgeArgs) -> Result<Rules> {
    let rules = match &args.rules {
        Some(path) => Rules::parse(&files::text(path)?, &path.display().to_string()),
        None => Rules::builtin(),
    };
    rules.map_err(|error| Error::Invalid(error.to_string()))
}

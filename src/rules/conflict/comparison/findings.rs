//! How one emission stands to each parameter of a licence.

use super::{Case, Cell, Finding, Parameter, windows};
use crate::{
    conflict::{
        Rule, Standing,
        candidate::{Candidate, not_in_force},
        class, hours,
        template::{self, plain},
    },
    registry::Text,
};

impl Case<'_> {
    pub(super) fn finding(&self, parameter: Parameter) -> Finding {
        match parameter {
            Parameter::CentreFrequency => self.frequency(),
            Parameter::OccupiedBandwidth => self.bandwidth(),
            Parameter::RadiatedPower => self.power(),
            Parameter::Hours => self.hours(),
            Parameter::Validity => self.validity(),
            Parameter::ClassOfEmission => self.class(),
        }
    }

    fn frequency(&self) -> Finding {
        let Candidate {
            offset_hz,
            tolerance_hz,
            assignment,
            ..
        } = self.candidate;
        let uncertainty_hz = self.uncertainty.frequency_hz;
        let center_hz = self.measured.center_hz.as_f64();
        let measured = Cell::number(
            plain(format!(
                "{} ± {}",
                template::frequency(center_hz, uncertainty_hz),
                template::uncertainty(uncertainty_hz)
            )),
            center_hz,
            Some(uncertainty_hz),
            "Hz",
        );
        if assignment.block {
            // An emission that was taken for the holder's lies inside.
            return Finding {
                standing: Standing::Within,
                excess: offset_hz.abs(),
                measured: Some(measured),
                limit: Some(Cell::words(plain(assignment.band().to_string()))),
                reason: Text::default(),
            };
        }
        let standing = Standing::of_offset(offset_hz, tolerance_hz, uncertainty_hz);
        let (offset, uncertain) = (template::width(offset_hz), template::uncertainty(uncertainty_hz));
        let reason = match standing {
            Standing::Within => Text::new(format!("偏差 {offset}"), format!("off by {offset}")),
            Standing::Outside => Text::new(
                format!(
                    "偏差 {offset}，超出容限 {}",
                    template::width(offset_hz.abs() - tolerance_hz)
                ),
                format!(
                    "off by {offset}, {} beyond the tolerance",
                    template::width(offset_hz.abs() - tolerance_hz)
                ),
            ),
            Standing::Undecided => Text::new(
                format!("偏差 {offset} 超出容限，但未超出不确定度 {uncertain}：需频率基准或更长时间的观测"),
                format!(
                    "off by {offset}: beyond the tolerance but not beyond the uncertainty of {uncertain}; a frequency \
                     reference or longer observation would tell"
                ),
            ),
        };
        let limit = Cell::number(
            plain(format!("± {}", template::width(tolerance_hz))),
            tolerance_hz,
            None,
            "Hz",
        );
        Finding {
            standing,
            excess: offset_hz.abs() - tolerance_hz - uncertainty_hz,
            measured: Some(measured),
            limit: Some(limit),
            reason,
        }
    }

    fn bandwidth(&self) -> Finding {
        let necessary = self.candidate.assignment.necessary_bandwidth_hz;
        let (necessary_hz, uncertainty_hz) = (necessary.as_f64(), self.uncertainty.bandwidth_hz);
        let measured_hz = self.measured.bandwidth_hz.as_f64();
        let standing = match self.candidate.assignment.block {
            true => Standing::Within,
            false => Standing::of_bandwidth(self.rules, self.measured, necessary_hz, uncertainty_hz),
        };
        let excess_hz = measured_hz - necessary_hz;
        let wider = template::width(excess_hz);
        let reason = match standing {
            Standing::Within => Text::default(),
            Standing::Outside => Text::new(
                format!("超出必要带宽 {wider}"),
                format!("{wider} wider than the necessary bandwidth"),
            ),
            Standing::Undecided if excess_hz <= uncertainty_hz => Text::new(
                format!("超出必要带宽 {wider}，但未超出不确定度"),
                format!("{wider} wider than the necessary bandwidth, but not beyond the uncertainty"),
            ),
            Standing::Undecided => Text::new(
                "信噪比或分辨率不足，带宽不能作为判定依据：需更强的信号或更高的分辨率",
                "measured too badly to count (signal-to-noise ratio or resolution): a stronger signal or a finer resolution would tell",
            ),
        };
        let text = format!(
            "{} ± {}",
            template::width(measured_hz),
            template::uncertainty(uncertainty_hz)
        );
        Finding {
            standing,
            excess: excess_hz - uncertainty_hz,
            measured: Some(Cell::number(plain(text), measured_hz, Some(uncertainty_hz), "Hz")),
            limit: Some(Cell::hertz(format!("≤ {necessary}"), necessary_hz)),
            reason,
        }
    }

    fn power(&self) -> Finding {
        let received = self.received.filter(|received| received.calibrated);
        let measured = received.map(|received| {
            let text = format!("{:.1} ± {:.1} dBμV/m", received.field_dbuv_m, received.uncertainty_db);
            Cell::number(
                plain(text),
                received.field_dbuv_m,
                Some(received.uncertainty_db),
                "dBµV/m",
            )
        });
        let limit = self.candidate.arrival.map(|arrival| {
            let text = format!("{:.1} dBμV/m", arrival.most_dbuv_m);
            Cell::number(
                Text::new(
                    format!("≤ {text}（距离 {:.1} km）", arrival.distance_km),
                    format!("≤ {text} at {:.1} km", arrival.distance_km),
                ),
                arrival.most_dbuv_m,
                None,
                "dBµV/m",
            )
        });
        let (standing, excess, reason) = match (self.candidate.arrival, received) {
            (None, _) => (
                Standing::Undecided,
                0.0,
                Text::new(
                    "登记资料未载功率或位置、台站可移动，或接收位置未知，无法推算应有场强",
                    "power or place is not registered, the station may move, or the place of the receiver is not known: no field to hold it against",
                ),
            ),
            (_, None) => (
                Standing::Undecided,
                0.0,
                Text::new(
                    "接收机未校准：电平仅为相对值",
                    "the receiver is not calibrated: levels are relative",
                ),
            ),
            (Some(arrival), Some(received)) => {
                let margin_db = arrival.margin_db(&received);
                let beyond = template::decibels(-margin_db);
                match margin_db < 0.0 {
                    true => (
                        Standing::Outside,
                        -margin_db,
                        Text::new(
                            format!("扣除不确定度后仍高出 {beyond}"),
                            format!("{beyond} beyond it, uncertainty deducted"),
                        ),
                    ),
                    false => (Standing::Within, -margin_db, Text::default()),
                }
            }
        };
        Finding {
            standing,
            excess,
            measured,
            limit,
            reason,
        }
    }

    fn hours(&self) -> Finding {
        let windows = windows(self.candidate.assignment);
        let measured = self.context.time.map(|time| Cell::words(template::moment(time)));
        let grace_s = self.rules.hours.grace_s;
        let outside_s = match (windows, self.context.time) {
            ([], _) => Some(0.0),
            (windows, Some(time)) => hours::outside_s(windows, time, grace_s),
            (_, None) => None,
        };
        let limit = (!windows.is_empty()).then(|| {
            let grace = Text::new(
                format!("时段前后各 {grace_s:.0} s"),
                format!("{grace_s:.0} s before and after"),
            );
            Cell::number(grace, grace_s, None, "s")
        });
        let (standing, reason) = match outside_s {
            None if self.context.time.is_none() => (Standing::Undecided, no_time()),
            None => (
                Standing::Undecided,
                Text::new("登记时段的时区未知", "the zone of the registered hours is not known"),
            ),
            Some(outside_s) if outside_s > 0.0 => {
                let minutes = outside_s / 60.0;
                let reason = Text::new(
                    format!("超出时段 {minutes:.0} 分钟"),
                    format!("{minutes:.0} min outside the hours"),
                );
                (Standing::Outside, reason)
            }
            Some(_) => (Standing::Within, Text::default()),
        };
        Finding {
            standing,
            excess: outside_s.unwrap_or(0.0),
            measured,
            limit,
            reason,
        }
    }

    fn class(&self) -> Finding {
        let Some(measured) = self.measured.class else {
            return Finding::undecided(Text::new(
                "未识别调制方式：需解调识别",
                "the modulation was not recognised: demodulate to tell",
            ));
        };
        let standing = self.candidate.class;
        let reason = match standing {
            Standing::Within => Text::default(),
            Standing::Outside => Text::new(
                "与登记的各发射标识均不符",
                "none of the registered designators can mean it",
            ),
            Standing::Undecided if class::certain(self.rules, self.measured).is_none() => {
                Text::new("识别结果不够可靠，不足以判定", "not told surely enough to decide")
            }
            Standing::Undecided => Text::new(
                "与登记的发射标识不矛盾，但不能确认",
                "does not contradict the registered designators, nor prove them",
            ),
        };
        let name = class::name(measured.name);
        let text = Text::new(
            format!("{}（评分 {:.2}）", name.zh, measured.score),
            format!("{} (score {:.2})", name.en, measured.score),
        );
        Finding {
            standing,
            excess: f64::from(u8::from(standing == Standing::Outside)),
            measured: Some(Cell::words(text)),
            limit: None,
            reason,
        }
    }

    fn validity(&self) -> Finding {
        let assignment = self.candidate.assignment;
        let limited = assignment.valid_from.is_some() || assignment.valid_to.is_some();
        let rule = not_in_force(assignment, self.context.time);
        let reason = match rule {
            Some(Rule::Expired) => Text::new("已过有效期", "no longer in force"),
            Some(Rule::NotYetValid) => Text::new("尚未生效", "not yet in force"),
            Some(Rule::Suspended) => Text::new("已暂停", "suspended"),
            Some(_) => Text::new("已注销", "cancelled"),
            None if limited && self.context.time.is_none() => no_time(),
            None => Text::default(),
        };
        let standing = match rule {
            Some(_) => Standing::Outside,
            None if limited && self.context.time.is_none() => Standing::Undecided,
            None => Standing::Within,
        };
        Finding {
            standing,
            excess: 0.0,
            measured: self.context.time.map(|time| Cell::words(template::moment(time))),
            limit: None,
            reason,
        }
    }
}

fn no_time() -> Text {
    Text::new("测量时间未知", "the time of the measurement is not known")
}

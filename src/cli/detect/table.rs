//! The table of `detect` for people: emissions, artefacts set apart, gaps, and the conditions underneath.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, presets};

use super::rows::{CalibratedRow, NoveltyRow, Row};
use crate::{
    conflict::{Novelty, Severity},
    detect::{ArtefactKind, BandwidthMethod, Emission, Summary},
    units::Hertz,
};

/// Rows shown at most; NDJSON has them all.
const ROWS_MAX: u64 = 500;

pub(super) struct Table {
    table: comfy_table::Table,
    verdicts: bool,
    novelties: bool,
    calibrated: bool,
    chinese: bool,
    emissions: u64,
    artefacts: u64,
    gaps: u64,
    gap_s: f64,
}

impl Table {
    pub(super) fn new(verdicts: bool, novelties: bool, calibrated: bool, chinese: bool, terminal: bool) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
            .set_content_arrangement(ContentArrangement::Dynamic);
        if !terminal {
            table.force_no_tty();
        }
        let mut header = if chinese {
            vec![
                "中心频率",
                "带宽",
                "方法",
                "开始 s",
                "结束 s",
                "功率 dBFS",
                "信噪比 dB",
                "占空比",
                "突发",
                "发射类别",
            ]
        } else {
            vec![
                "centre",
                "bandwidth",
                "by",
                "start s",
                "stop s",
                "power dBFS",
                "SNR dB",
                "duty",
                "bursts",
                "class",
            ]
        };
        if calibrated {
            header.extend(["dBm", "dBµV/m"]);
        }
        if novelties {
            header.push(if chinese { "是否新出现" } else { "new here" });
        }
        if verdicts {
            header.push(if chinese { "判定" } else { "verdict" });
        }
        table.set_header(header);
        Self {
            table,
            verdicts,
            novelties,
            calibrated,
            chinese,
            emissions: 0,
            artefacts: 0,
            gaps: 0,
            gap_s: 0.0,
        }
    }

    pub(super) fn add(&mut self, row: &Row) {
        match row {
            Row::Emission {
                emission,
                verdict,
                novelty,
                calibrated,
                ..
            } => {
                self.emissions += 1;
                if self.emissions + self.artefacts > ROWS_MAX {
                    return;
                }
                let mut cells = measured(emission, self.chinese);
                if self.calibrated {
                    cells.extend(levels(calibrated.as_ref()));
                }
                cells.extend(novelty.as_ref().map(|novelty| new_here(novelty, self.chinese)));
                if let Some(verdict) = verdict {
                    cells.push(Cell::new(&verdict.explanation).fg(colour(verdict.severity)));
                }
                self.table.add_row(cells);
            }
            Row::Artefact(artefact) => {
                self.artefacts += 1;
                if self.emissions + self.artefacts > ROWS_MAX {
                    return;
                }
                let mut cells = measured(&artefact.emission, self.chinese);
                if self.calibrated {
                    cells.extend(levels(None));
                }
                if self.novelties {
                    cells.push(Cell::new(""));
                }
                for cell in &mut cells {
                    *cell = cell.clone().add_attribute(Attribute::Dim);
                }
                if self.verdicts {
                    let name = artefact_name(artefact.artefact, self.chinese);
                    cells.push(Cell::new(format!("{name}: {}", artefact.cause)).add_attribute(Attribute::Dim));
                }
                self.table.add_row(cells);
            }
            Row::Gap(gap) => {
                self.gaps += 1;
                self.gap_s += gap.stop_s - gap.start_s;
            }
            Row::Station(_) | Row::Summary { .. } => {}
        }
    }

    /// The whole text.
    pub(super) fn finish(&self, summary: &Summary, throughput_msps: f64, conflicts: u64) -> String {
        let mut text = String::new();
        if self.emissions + self.artefacts > 0 {
            text.push_str(&format!("{}\n", self.table));
        }
        let hidden = (self.emissions + self.artefacts).saturating_sub(ROWS_MAX);
        if hidden > 0 {
            text.push_str(&format!("… {hidden} more rows; --json lists them all\n"));
        }
        let count = |n: u64, zh: &str, one: &str, many: &str| {
            if self.chinese {
                format!("{n} {zh}")
            } else {
                format!("{n} {}", if n == 1 { one } else { many })
            }
        };
        let mut parts = vec![count(self.emissions, "个发射", "emission", "emissions")];
        if self.artefacts > 0 {
            parts.push(count(
                self.artefacts,
                "个接收机假信号",
                "receiver artefact",
                "receiver artefacts",
            ));
        }
        if self.gaps > 0 {
            parts.push(format!(
                "{} ({:.3} s)",
                count(self.gaps, "处数据缺失", "gap not observed", "gaps not observed"),
                self.gap_s
            ));
        }
        if self.verdicts {
            parts.push(count(conflicts, "个冲突", "conflict", "conflicts"));
        }
        text.push_str(&parts.join(", "));
        text.push_str(&conditions(summary, throughput_msps, self.chinese));
        text
    }
}

/// The likeliest class with its score; a dash where none could be told.
fn class(emission: &Emission, chinese: bool) -> String {
    emission.classes.first().map_or_else(
        || "–".to_owned(),
        |class| format!("{} {:.2}", class.name.name(chinese), class.score),
    )
}

fn measured(emission: &Emission, chinese: bool) -> Vec<Cell> {
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let method = match emission.bandwidth_method {
        BandwidthMethod::Obw99 => "99 %",
        BandwidthMethod::X26 => "26 dB",
        BandwidthMethod::Bins => "bins",
    };
    vec![
        right(readable(emission.center_hz, emission.center_uncertainty_hz)),
        right(readable(emission.bandwidth_hz, emission.bandwidth_hz.as_f64() * 0.01)),
        Cell::new(method),
        right(format!("{:.4}", emission.start_s)),
        right(format!(
            "{:.4}{}",
            emission.stop_s,
            if emission.open { " …" } else { "" }
        )),
        right(format!("{:.1}", emission.power_dbfs)),
        right(format!("{:.1}", emission.snr_db)),
        right(format!("{:.0} %", emission.duty_cycle * 100.0)),
        right(emission.bursts_total.to_string()),
        Cell::new(class(emission, chinese)),
    ]
}

fn colour(severity: Severity) -> Color {
    match severity {
        Severity::Info => Color::Green,
        Severity::Notice => Color::Cyan,
        Severity::Warning => Color::Yellow,
        Severity::Alarm => Color::Red,
    }
}

/// A word for what is usual, the reason for all else.
fn new_here(novelty: &NoveltyRow, chinese: bool) -> Cell {
    let text = match (novelty.kind, chinese) {
        (Novelty::Known, true) => "常见",
        (Novelty::Known, false) => "usual",
        _ => novelty.explanation.as_str(),
    };
    Cell::new(text).fg(colour(novelty.severity))
}

/// Level and field strength with their uncertainty (one sigma); empty where they are not known.
fn levels(row: Option<&CalibratedRow>) -> [Cell; 2] {
    let text =
        |level: Option<(f64, f64)>| level.map_or_else(String::new, |(db, sigma)| format!("{db:.1} ± {sigma:.1}"));
    let power = row.map(|row| (row.power_dbm, row.power_uncertainty_db));
    let field = row.and_then(|row| row.field_dbuv_m.zip(row.field_uncertainty_db));
    [power, field].map(|level| Cell::new(text(level)).set_alignment(CellAlignment::Right))
}

/// A frequency with no more digits than its uncertainty supports.
fn readable(value: Hertz, uncertainty_hz: f64) -> String {
    let step = 10_f64.powf(uncertainty_hz.max(1.0).log10().floor()).max(1.0);
    Hertz::from_f64((value.as_f64() / step).round() * step).to_string()
}

fn artefact_name(kind: ArtefactKind, chinese: bool) -> &'static str {
    match (kind, chinese) {
        (ArtefactKind::Dc, true) => "直流尖峰",
        (ArtefactKind::Dc, false) => "DC spike",
        (ArtefactKind::Image, true) => "镜像",
        (ArtefactKind::Image, false) => "image",
        (ArtefactKind::Spur, true) => "杂散",
        (ArtefactKind::Spur, false) => "spur",
        (ArtefactKind::Alias, true) => "混叠",
        (ArtefactKind::Alias, false) => "alias",
        (ArtefactKind::Intermodulation, true) => "互调",
        (ArtefactKind::Intermodulation, false) => "intermodulation",
        (ArtefactKind::Overload, true) => "过载",
        (ArtefactKind::Overload, false) => "overload",
    }
}

fn conditions(summary: &Summary, throughput_msps: f64, chinese: bool) -> String {
    let floor = if summary.floor_observed {
        format!(
            "{:.1} ± {:.2} dBFS/Hz",
            summary.noise_floor_dbfs_hz, summary.floor_uncertainty_db
        )
    } else if chinese {
        "未见（频段占满）".to_owned()
    } else {
        "not visible (the span is full)".to_owned()
    };
    let (rate, center) = (Hertz::from_f64(summary.sample_rate_hz), summary.center_hz);
    let clipped = summary.clipped_fraction * 100.0;
    if chinese {
        format!(
            "\n{:.3} s，采样率 {rate}，中心 {center}；噪声底 {floor}；信噪比墙 {:.1} dB；削波 {clipped:.3} %；{throughput_msps:.0} MS/s\n",
            summary.seconds, summary.snr_wall_db
        )
    } else {
        format!(
            "\n{:.3} s at {rate}, centre {center}; noise floor {floor}; SNR wall {:.1} dB; clipped {clipped:.3} %; {throughput_msps:.0} MS/s\n",
            summary.seconds, summary.snr_wall_db
        )
    }
}

/// What a survey does not see.
pub(super) fn survey_note(frame_s: f64, chinese: bool) -> String {
    let frame_ms = frame_s * 1e3;
    if chinese {
        format!("概览：每帧 {frame_ms:.1} ms。更短的突发、微弱宽带信号和发射类别请不带 --survey 再测。\n")
    } else {
        format!(
            "Survey: frames of {frame_ms:.1} ms. Shorter bursts, faint wide signals and classes take a pass without --survey.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stop_where_the_uncertainty_begins() {
        assert_eq!(readable(Hertz(433_922_157), 340.0), "433.9222 MHz");
        assert_eq!(readable(Hertz(433_922_157), 0.2), "433.922157 MHz");
        assert_eq!(readable(Hertz(-41_955), 12.0), "-41.96 kHz");
    }
}

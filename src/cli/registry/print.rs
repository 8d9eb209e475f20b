//! Tables for people and lines of JSON for programs.

use std::io::{self, BufWriter, Stdout, Write};

use serde_json::json;

use super::source::{Content, Report};
use crate::{
    Error, Result,
    cli::language::Language,
    registry::{Allocation, Assignment, AssignmentStatus, Confidence, Text},
    units::Band,
};

/// Bad cells printed for people; programs get all of them.
const SHOWN: usize = 200;

/// What an import did, or would do.
pub(super) struct Outcome<'a> {
    pub(super) report: &'a Report,
    /// Records that are new, that change, and that stay.
    pub(super) changes: [usize; 3],
    pub(super) removed: usize,
    /// The database it was held against.
    pub(super) database: Option<&'a str>,
    pub(super) applied: bool,
}

/// Writes to standard output.
pub(super) struct Printer {
    json: bool,
    language: Language,
    out: BufWriter<Stdout>,
}

impl Printer {
    pub(super) fn new(json: bool, language: Option<Language>) -> Self {
        let language = language.unwrap_or_else(Language::of_environment);
        Self {
            json,
            language,
            out: BufWriter::new(io::stdout()),
        }
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    fn say(&self, zh: String, en: String) -> String {
        self.language.pick(zh, en)
    }

    fn text<'a>(&self, text: &'a Text) -> &'a str {
        self.language.of(text)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        writeln!(self.out, "{line}").map_err(stdout_failed)
    }

    fn object(&mut self, object: &serde_json::Value) -> Result<()> {
        self.line(&object.to_string())
    }

    /// Every bad cell of a file.
    pub(super) fn bad_rows(&mut self, report: &Report) -> Result<()> {
        if self.json {
            for bad in &report.bad {
                let object = json!({"type": "bad_row", "file": bad.file, "line": bad.line, "field": bad.field,
                    "value": bad.value, "reason": bad.reason});
                self.object(&object)?;
            }
            return Ok(());
        }
        if report.bad.is_empty() {
            return Ok(());
        }
        let heads = self.say("行,字段,内容,原因".into(), "line,field,value,reason".into());
        let mut table = vec![heads.split(',').map(str::to_owned).collect::<Vec<_>>()];
        for bad in report.bad.iter().take(SHOWN) {
            let value = bad.value.replace(['\n', '\r', '\t'], " ");
            table.push(vec![
                bad.line.to_string(),
                bad.field.clone(),
                value,
                self.text(&bad.reason).to_owned(),
            ]);
        }
        self.table(&table, &[0])?;
        if let Some(more) = report.bad.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let line = self.say(
                format!("……另有 {more} 处，见 --json"),
                format!("… and {more} more; --json has all"),
            );
            self.line(&line)?;
        }
        self.line("")
    }

    /// Counts, what changed or would change, and the next step.
    pub(super) fn outcome(&mut self, outcome: &Outcome<'_>) -> Result<()> {
        let Outcome {
            report,
            changes: [added, updated, same],
            removed,
            database,
            applied,
        } = *outcome;
        let (read, bad) = (report.rows_read, report.rows_bad);
        let good = read - bad;
        if self.json {
            let summary = json!({"type": "summary", "format": report.format, "rows_read": read, "rows_ok": good,
                "rows_bad": bad, "complete": report.complete, "added": added, "updated": updated,
                "unchanged": same, "removed": removed, "applied": applied});
            self.object(&summary)?;
            return self.flush();
        }
        let counts = self.say(
            format!(
                "{}（{}）：读入 {read} 行，{good} 行正确，{bad} 行有误",
                report.name, report.format
            ),
            format!(
                "{} ({}): {read} rows read, {good} good, {bad} bad",
                report.name, report.format
            ),
        );
        self.line(&counts)?;
        let effect = match (database, applied) {
            (None, _) => self.say("没有数据库可比对".into(), "no database to compare with".into()),
            (Some(name), true) => self.say(
                format!("{name}：已新增 {added}，已更新 {updated}，未变 {same}，已删除 {removed}"),
                format!("{name}: {added} added, {updated} updated, {same} unchanged, {removed} removed"),
            ),
            (Some(name), false) => self.say(
                format!("{name}：将新增 {added}，将更新 {updated}，未变 {same}，将删除 {removed}；尚未改动"),
                format!(
                    "{name}: would add {added}, update {updated}, leave {same}, remove {removed}; nothing was changed"
                ),
            ),
        };
        self.line(&effect)?;
        let next = self.next_step(report, applied);
        self.line(&next)?;
        self.flush()
    }

    fn next_step(&self, report: &Report, applied: bool) -> String {
        let path = &report.path;
        if applied {
            return self.say(
                "下一步：pinpu registry list（运行中的服务在重新启动后采用）".into(),
                "Next: pinpu registry list (a running service takes it up when it is started again)".into(),
            );
        }
        if report.is_clean() {
            let command = format!("pinpu registry import {path}");
            return self.say(format!("下一步：{command}"), format!("Next: {command}"));
        }
        if !report.complete {
            return self.say(
                "下一步：改正上述问题后重试".into(),
                "Next: correct the faults above and try again".into(),
            );
        }
        self.say(
            "下一步：改正上述各行后重试，或用 --accept-partial 只导入正确的行".into(),
            "Next: correct the rows above and try again, or import the good rows with --accept-partial".into(),
        )
    }

    /// All records that overlap the band.
    pub(super) fn list(&mut self, content: &Content, band: Option<Band>) -> Result<()> {
        let wanted = |own: Band| band.is_none_or(|band| band.overlaps(own));
        match content {
            Content::Assignments(rows) => {
                let rows: Vec<_> = rows.iter().filter(|row| wanted(row.band())).collect();
                self.assignments(&rows)?;
            }
            Content::Rows(rows) => {
                let rows: Vec<_> = rows.iter().filter(|row| row.bands().any(wanted)).collect();
                self.allocations(&rows)?;
            }
            Content::Table(table) => {
                let rows: Vec<_> = table.rows.iter().filter(|row| row.bands().any(wanted)).collect();
                self.allocations(&rows)?;
                if !self.json && !self.text(&table.notice).is_empty() {
                    let notice = self.text(&table.notice).to_owned();
                    self.line(&format!(
                        "\n{} · {}\n{notice}",
                        self.text(&table.title).to_owned(),
                        table.edition
                    ))?;
                }
            }
        }
        self.flush()
    }

    fn assignments(&mut self, rows: &[&Assignment]) -> Result<()> {
        if self.json {
            return self.objects("assignment", rows, "pinpu-assignments-csv");
        }
        let heads = self.say(
            "频率,带宽,编号,设台单位,台站名称,有效期至,状态".into(),
            "frequency,bandwidth,id,holder,station,valid to,status".into(),
        );
        let mut table = vec![heads.split(',').map(str::to_owned).collect::<Vec<_>>()];
        for row in rows {
            let status = match row.status {
                AssignmentStatus::Granted => self.say("有效".into(), "granted".into()),
                AssignmentStatus::Suspended => self.say("暂停".into(), "suspended".into()),
                AssignmentStatus::Cancelled => self.say("注销".into(), "cancelled".into()),
            };
            let last_day = row.valid_to.map(|end| {
                let last = end - jiff::SignedDuration::from_secs(1);
                jiff::tz::Offset::constant(8).to_datetime(last).date().to_string()
            });
            let (frequency, width) = (row.center_hz.to_string(), row.necessary_bandwidth_hz.to_string());
            let validity = last_day.unwrap_or_else(|| "–".to_owned());
            table.push(vec![
                frequency,
                width,
                row.id.clone(),
                row.holder.clone(),
                row.station.clone(),
                validity,
                status,
            ]);
        }
        self.table(&table, &[0, 1])?;
        let count = self.say(
            format!("共 {} 条指配", rows.len()),
            format!("{} assignments", rows.len()),
        );
        self.line(&count)
    }

    fn allocations(&mut self, rows: &[&Allocation]) -> Result<()> {
        if self.json {
            return self.objects("allocation", rows, "pinpu-allocations-csv");
        }
        let heads = self.say(
            "频段,业务,名称,保护,依据".into(),
            "band,service,name,protected,basis".into(),
        );
        let mut table = vec![heads.split(',').map(str::to_owned).collect::<Vec<_>>()];
        for row in rows {
            let protected = if row.protected {
                self.say("是".into(), "yes".into())
            } else {
                String::new()
            };
            let verify = match row.confidence {
                Confidence::High => String::new(),
                Confidence::Verify => self.say("（待核实）".into(), " (to be verified)".into()),
            };
            let basis = format!("{}{verify}", row.basis);
            let name = self.text(&row.name).to_owned();
            table.push(vec![row.band.to_string(), row.service.clone(), name, protected, basis]);
        }
        self.table(&table, &[])?;
        let count = self.say(
            format!("共 {} 条划分", rows.len()),
            format!("{} allocations", rows.len()),
        );
        self.line(&count)
    }

    fn objects<T: serde::Serialize>(&mut self, kind: &str, rows: &[&T], format: &str) -> Result<()> {
        for row in rows {
            let mut object = json!({ "type": kind });
            let fields = serde_json::to_value(row).map_err(|error| Error::Invalid(error.to_string()))?;
            if let (Some(object), serde_json::Value::Object(fields)) = (object.as_object_mut(), fields) {
                object.extend(fields);
            }
            self.object(&object)?;
        }
        let summary = json!({"type": "summary", "format": format, "rows_read": rows.len(), "rows_ok": rows.len(),
            "rows_bad": 0});
        self.object(&summary)
    }

    /// Columns as wide as their widest cell; those in `right` aligned to the right, the last one never padded.
    fn table(&mut self, rows: &[Vec<String>], right: &[usize]) -> Result<()> {
        let columns = rows.first().map_or(0, Vec::len);
        let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        for row in rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths[column] - width(cell));
                if right.contains(&column) {
                    line.push_str(&gap);
                }
                line.push_str(cell);
                if column + 1 < columns {
                    if !right.contains(&column) {
                        line.push_str(&gap);
                    }
                    line.push_str("  ");
                }
            }
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(stdout_failed)
    }
}

fn stdout_failed(source: io::Error) -> Error {
    Error::Io {
        path: "standard output".into(),
        source,
    }
}

/// Columns a text takes on a terminal: two for Chinese characters and full-width forms.
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

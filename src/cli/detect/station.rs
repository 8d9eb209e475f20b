//! `detect --station`: the table of one station measured against its licence, for people.

use comfy_table::{Cell, Color, ContentArrangement, LineStyle, presets};

use crate::{
    conflict::{self, Comparison, ComparisonRow, Standing},
    registry::Text,
};

/// The whole text: title, table, and what it rests on.
pub(super) fn text(comparison: &Comparison, chinese: bool, terminal: bool) -> String {
    let pick = |text: &Text| if chinese { text.zh.clone() } else { text.en.clone() };
    let mut table = comfy_table::Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !terminal {
        table.force_no_tty();
    }
    table.set_header(if chinese {
        ["参数", "核定值", "实测值", "限值", "依据", "结论", "说明"]
    } else {
        ["parameter", "licensed", "measured", "limit", "by", "result", "note"]
    });
    for row in &comparison.rows {
        let cell = |cell: Option<&conflict::Cell>| cell.map_or_else(|| "—".to_owned(), |cell| pick(&cell.text));
        table.add_row([
            Cell::new(pick(&row.name)),
            Cell::new(cell(row.licensed.as_ref())),
            Cell::new(cell(row.measured.as_ref())),
            Cell::new(cell(row.limit.as_ref())),
            Cell::new(pick(&row.limit_source)),
            result(row, chinese),
            Cell::new(pick(&row.reason)),
        ]);
    }
    let Comparison {
        assignment,
        holder,
        station,
        emissions,
        set_aside,
        rules_version,
        ..
    } = comparison;
    if chinese {
        format!(
            "\n台站 {station}（{holder}，{assignment}）实测参数与核定参数对照\n{table}\n\
             归属于该台站的发射 {emissions} 个，未采用 {set_aside} 个；每行为最不利的一次测量；判定规则 {rules_version}\n"
        )
    } else {
        format!(
            "\nstation {station} ({holder}, {assignment}) measured against its licence\n{table}\n\
             {emissions} emission(s) of the station, {set_aside} set aside; each row shows the least favourable \
             measurement; rules {rules_version}\n"
        )
    }
}

/// The result with how many emissions share it, where there are several.
fn result(row: &ComparisonRow, chinese: bool) -> Cell {
    let (count, colour) = match row.result {
        Standing::Within => (row.within, Color::Green),
        Standing::Outside => (row.outside, Color::Red),
        Standing::Undecided => (row.undecided, Color::Yellow),
    };
    let all = row.within + row.outside + row.undecided;
    let name = row.result.name(chinese);
    let text = if all > 1 {
        format!("{name} ({count}/{all})")
    } else {
        name.to_owned()
    };
    Cell::new(text).fg(colour)
}

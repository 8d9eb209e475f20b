//! What all charts share: title, legend, the frame with its frequency axis, the strip of allocated bands beneath it,
//! and where the chart itself goes. Nothing here overlaps: whatever does not fit is cut with an ellipsis or left out.

use super::{
    Language, PlotError, PlotOptions,
    axis::{self, Tick, TimeSpan},
    chart::{self, Axis, Chart, Charted},
    colour::{Colour, INK, MUTED, PAPER},
    data::{BandLabel, Scope},
    fonts::{Fonts, Weight},
    scene::{Area, Scene, Shape, Text, fitted},
};

/// Rows of the strip at most; what overlaps more than that is left out.
const STRIP_ROWS: usize = 3;
/// A chart narrower than this shows nothing; pixels.
const LEAST_WIDTH: f64 = 120.0;
/// A chart lower than this shows nothing; pixels.
const LEAST_HEIGHT: f64 = 56.0;

/// A sample in the legend.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sample {
    Line(Colour, Option<[f64; 2]>),
    Patch(Colour),
    Unseen,
}

/// Texts above the chart.
pub(super) struct Heading {
    pub(super) title: String,
    /// Parts of the line below it.
    pub(super) facts: Vec<String>,
    pub(super) legend: Vec<(Sample, String)>,
}

/// Room the chart wants around itself, pixels.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Margins {
    /// For labels left of the chart.
    pub(super) left: f64,
    /// For what stands right of it.
    pub(super) right: f64,
    /// Between heading and chart.
    pub(super) top: f64,
}

/// A frame that is being filled.
pub(super) struct Frame<'a> {
    pub(super) fonts: &'a Fonts,
    pub(super) language: Language,
    pub(super) scene: Scene,
    /// Size of things: 1 on a picture of 1200 × 700.
    pub(super) unit: f64,
    /// Where the chart goes; whole pixels.
    pub(super) chart: Area,
    low_hz: f64,
    high_hz: f64,
    /// The frequency axis.
    across: Axis,
}

/// Size of things for a picture: 1 on 1200 × 700.
pub(super) fn unit_of(options: &PlotOptions) -> f64 {
    let side = |pixels: u32, usual: f64| f64::from(pixels) / usual;
    (side(options.width, 1200.0) * side(options.height, 700.0))
        .sqrt()
        .clamp(0.72, 8.0)
}

impl<'a> Frame<'a> {
    /// Draws everything but the chart.
    pub(super) fn new(
        fonts: &'a Fonts,
        options: &PlotOptions,
        scope: &Scope,
        heading: &Heading,
        margins: Margins,
    ) -> Result<Self, PlotError> {
        let unit = unit_of(options);
        let (width, height) = (f64::from(options.width), f64::from(options.height));
        let title = scope.title.clone().unwrap_or_else(|| heading.title.clone());
        let scene = Scene {
            width: options.width,
            height: options.height,
            title,
            shapes: Vec::new(),
        };
        let mut frame = Self {
            fonts,
            language: options.language,
            scene,
            unit,
            chart: Area {
                left: 0.0,
                top: 0.0,
                right: width,
                bottom: height,
            },
            low_hz: scope.band.low().as_f64(),
            high_hz: scope.band.high().as_f64(),
            across: Axis::new(scope.band.low().as_f64()..scope.band.high().as_f64(), &[]),
        };
        let top = frame.heading(heading, width);
        let mut rows = strip_rows(&scope.allocations, scope);
        let strip = loop {
            let strip = if rows.is_empty() {
                0.0
            } else {
                (rows.len() as f64 * 18.0 + 4.0) * unit
            };
            frame.chart = Area {
                left: (16.0 * unit + margins.left).round(),
                top: (top + margins.top).round(),
                right: (width - 18.0 * unit - margins.right).round(),
                bottom: (height - 52.0 * unit - strip).round(),
            };
            // On small pictures the strip gives way to the chart.
            if frame.chart.height() >= LEAST_HEIGHT || rows.pop().is_none() {
                break strip;
            }
        };
        if frame.chart.width() < LEAST_WIDTH || frame.chart.height() < LEAST_HEIGHT {
            return Err(PlotError::Room {
                width: options.width,
                height: options.height,
            });
        }
        frame
            .scene
            .push(Shape::Rect(frame.chart, Colour::new(0xfb, 0xfc, 0xfd)));
        frame.strip(&rows);
        frame.frequency_axis(scope, strip);
        Ok(frame)
    }

    /// Pixels of a frequency; not limited to the chart.
    pub(super) fn x(&self, hz: f64) -> f64 {
        self.across.pixel(hz, self.chart.left, self.chart.right)
    }

    /// The pixel of a value on a vertical axis; not limited to the chart.
    pub(super) fn y(&self, axis: &Axis, value: f64) -> f64 {
        axis.pixel(value, self.chart.bottom, self.chart.top)
    }

    /// The frequency of a pixel.
    pub(super) fn hz(&self, x: f64) -> f64 {
        self.low_hz + (x - self.chart.left) * self.hz_per_pixel()
    }

    /// Hertz a pixel.
    pub(super) fn hz_per_pixel(&self) -> f64 {
        self.across.per_pixel(self.chart.width())
    }

    /// Draws on the chart, in hertz and the quantity of the vertical axis.
    pub(super) fn plot(
        &mut self,
        vertical: &Axis,
        draw: impl FnOnce(&mut Chart<'_, '_>) -> Charted,
    ) -> Result<(), PlotError> {
        chart::on(&mut self.scene, self.chart, [&self.across, vertical], draw)
    }

    /// The grid at the ticks of both axes.
    pub(super) fn grid(&mut self, vertical: &Axis) -> Result<(), PlotError> {
        let (area, width) = (self.chart, self.unit.max(1.0));
        self.plot(vertical, |on| chart::grid(on, area, width))
    }

    /// The pixels of a band within the chart, at least `least` wide; nothing when it lies outside.
    pub(super) fn across(&self, low_hz: f64, high_hz: f64, least: f64) -> Option<(f64, f64)> {
        if high_hz < self.low_hz || low_hz > self.high_hz {
            return None;
        }
        let (left, right) = (
            self.x(low_hz).max(self.chart.left),
            self.x(high_hz).min(self.chart.right),
        );
        let missing = ((least - (right - left)) / 2.0).max(0.0);
        Some((
            (left - missing).max(self.chart.left),
            (right + missing).min(self.chart.right),
        ))
    }

    /// Size of ordinary text.
    pub(super) fn text_size(&self) -> f64 {
        12.5 * self.unit
    }

    pub(super) fn width(&self, text: &str, size: f64) -> f64 {
        self.fonts.width(text, size, Weight::Regular)
    }

    /// Title, facts and legend; returns where they end.
    fn heading(&mut self, heading: &Heading, width: f64) -> f64 {
        let u = self.unit;
        let (left, room) = (16.0 * u, width - 32.0 * u);
        let title = fitted(self.fonts, &self.scene.title, room, 19.0 * u, Weight::Bold);
        self.scene.text(Text::new(title, left, 24.0 * u, 19.0 * u, INK).bold());
        let size = self.text_size();
        let sample = 20.0 * u;
        let entry = |label: &str| sample + 6.0 * u + self.width(label, size) + 16.0 * u;
        let legend: f64 = heading.legend.iter().map(|(_, label)| entry(label)).sum::<f64>() - 16.0 * u;
        let facts = self.fact_lines(heading, room);
        let mut first_line = 46.0 * u;
        let beside =
            facts.len() < 2 && self.width(facts.first().map_or("", String::as_str), size) + 28.0 * u + legend <= room;
        for (n, line) in facts.into_iter().enumerate() {
            first_line = (46.0 + 18.0 * n as f64) * u;
            self.scene.text(Text::new(line, left, first_line, size, MUTED));
        }
        let mut y = if beside { first_line } else { first_line + 19.0 * u };
        let mut x = if beside { width - 18.0 * u - legend } else { left };
        for (kind, label) in &heading.legend {
            let wide = sample + 6.0 * u + self.width(label, size);
            if x > left && x + wide > width - 12.0 * u {
                (x, y) = (left, y + 18.0 * u);
            }
            self.legend_sample(*kind, x, y, sample);
            self.scene
                .text(Text::new(label.clone(), x + sample + 6.0 * u, y, size, INK));
            x += wide + 16.0 * u;
        }
        let last = if heading.legend.is_empty() { first_line } else { y };
        last + 16.0 * u
    }

    /// The facts in as many lines as they need, parted between facts.
    fn fact_lines(&self, heading: &Heading, room: f64) -> Vec<String> {
        let size = self.text_size();
        let mut lines: Vec<String> = Vec::new();
        for fact in heading.facts.iter().filter(|fact| !fact.is_empty()) {
            let fact = fitted(self.fonts, fact, room, size, Weight::Regular);
            let longer = lines.last().map(|line| format!("{line}  ·  {fact}"));
            match (
                longer.filter(|longer| self.width(longer, size) <= room),
                lines.last_mut(),
            ) {
                (Some(longer), Some(last)) => *last = longer,
                _ => lines.push(fact),
            }
        }
        lines
    }

    fn legend_sample(&mut self, kind: Sample, x: f64, y: f64, width: f64) {
        let u = self.unit;
        let patch = Area {
            left: x,
            top: y - 5.0 * u,
            right: x + width,
            bottom: y + 5.0 * u,
        };
        match kind {
            Sample::Line(colour, dash) => self.scene.push(Shape::Line {
                points: vec![(x, y), (x + width, y)],
                colour,
                width: 2.0 * u,
                dash: dash.map(|lengths| lengths.map(|length| length * u)),
            }),
            Sample::Patch(colour) => self.scene.push(Shape::Rect(patch, colour)),
            Sample::Unseen => self.scene.push(Shape::Unseen(patch)),
        }
    }

    /// The allocated bands, row by row under the chart.
    fn strip(&mut self, rows: &[Vec<&BandLabel>]) {
        let u = self.unit;
        let size = 11.0 * u;
        for (row, bands) in rows.iter().enumerate() {
            let top = self.chart.bottom + (4.0 + row as f64 * 18.0) * u;
            for label in bands {
                let (low, high) = (label.band.low().as_f64(), label.band.high().as_f64());
                let Some((left, right)) = self.across(low, high, 1.0) else {
                    continue;
                };
                let area = Area {
                    left,
                    top,
                    right,
                    bottom: top + 16.0 * u,
                };
                self.scene.push(Shape::Rect(area, label.colour));
                // A line of paper parts neighbours of the same colour.
                if left > self.chart.left + 1.0 {
                    self.scene
                        .line(vec![(left, top), (left, area.bottom)], PAPER, u.min(2.0));
                }
                let text = fitted(self.fonts, &label.text, right - left - 8.0 * u, size, Weight::Regular);
                if !text.is_empty() {
                    self.scene
                        .text(Text::new(text, (left + right) / 2.0, top + 8.0 * u, size, INK).middle());
                }
            }
        }
    }

    fn frequency_axis(&mut self, scope: &Scope, strip: f64) {
        let (u, size, chart) = (self.unit, self.text_size(), self.chart);
        let gap = 14.0 * u;
        let (low, high) = (scope.band.low().0, scope.band.high().0);
        let found = axis::frequency(low, high, chart.width(), |label| self.width(label, size) + gap);
        let top = chart.bottom + strip;
        for tick in &found.ticks {
            let x = self.x(tick.at).round() + 0.5;
            self.scene.line(vec![(x, top), (x, top + 5.0 * u)], MUTED, u.max(1.0));
            let half = self.width(&tick.label, size) / 2.0 + 2.0;
            let x = x.clamp(half, f64::from(self.scene.width) - half);
            self.scene
                .text(Text::new(tick.label.clone(), x, top + 14.0 * u, size, INK).middle());
        }
        self.across = Axis::new(self.low_hz..self.high_hz, &found.ticks);
        let words = self.language.frequency_axis(scope.band, found.unit);
        let middle = (chart.left + chart.right) / 2.0;
        self.scene
            .text(Text::new(words, middle, top + 34.0 * u, size, MUTED).middle());
    }

    /// Ticks and name of the vertical axis.
    pub(super) fn vertical_axis(&mut self, name: &str, ticks: &[Tick], axis: &Axis) {
        let (u, size, chart) = (self.unit, self.text_size(), self.chart);
        for tick in ticks {
            let at = self.y(axis, tick.at).round().clamp(chart.top, chart.bottom - 1.0) + 0.5;
            self.scene
                .line(vec![(chart.left - 5.0 * u, at), (chart.left, at)], MUTED, u.max(1.0));
            self.scene
                .text(Text::new(tick.label.clone(), chart.left - 8.0 * u, at, size, INK).end());
        }
        let text = fitted(self.fonts, name, chart.height() + 40.0 * u, size, Weight::Regular);
        let mut text = Text::new(text, 14.0 * u, (chart.top + chart.bottom) / 2.0, size, MUTED).middle();
        text.upright = true;
        self.scene.text(text);
    }

    /// Room left of the chart for labels as wide as the widest of these.
    pub(super) fn room_for(fonts: &Fonts, unit: f64, labels: &[Tick]) -> f64 {
        let widest = labels
            .iter()
            .map(|tick| fonts.width(&tick.label, 12.5 * unit, Weight::Regular))
            .fold(0.0, f64::max);
        widest + 22.0 * unit
    }

    /// The outline, drawn last.
    pub(super) fn finish(mut self) -> Scene {
        let edge = Area {
            left: self.chart.left - 0.5,
            top: self.chart.top - 0.5,
            right: self.chart.right + 0.5,
            bottom: self.chart.bottom + 0.5,
        };
        self.scene.push(Shape::Frame(edge, MUTED, self.unit.max(1.0)));
        self.scene
    }
}

impl Scope {
    pub(super) fn time(&self) -> TimeSpan {
        TimeSpan {
            start: self.start,
            seconds: self.seconds,
        }
    }
}

/// Puts bands that overlap on rows of their own; keeps their order.
fn strip_rows<'d>(bands: &'d [BandLabel], scope: &Scope) -> Vec<Vec<&'d BandLabel>> {
    let mut rows: Vec<Vec<&BandLabel>> = Vec::new();
    for label in bands.iter().filter(|label| label.band.overlaps(scope.band)) {
        let free = |row: &Vec<&BandLabel>| !row.iter().any(|other| other.band.overlaps(label.band));
        match rows.iter().position(free) {
            Some(row) => rows[row].push(label),
            None if rows.len() < STRIP_ROWS => rows.push(vec![label]),
            None => {}
        }
    }
    rows
}

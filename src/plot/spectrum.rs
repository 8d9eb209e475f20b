//! Level over frequency: the mean as a line within the span from lowest to highest, the noise floor, and emissions
//! with their names above the chart.
//!
//! Where there are more bins than pixels, each pixel column shows both the highest and the lowest of its bins, so a
//! narrow carrier never vanishes.

use plotters::{element::Polygon, series::LineSeries};

use super::{
    PlotError, PlotOptions, axis,
    chart::{Axis, Dashed, Hatched, fill, stroke},
    colour::{FLOOR, MAX, MEAN, MIN},
    data::{Marker, SpectrumPlot},
    fonts::{Fonts, Weight},
    frame::{Frame, Heading, Margins, Sample, unit_of},
    scene::{Area, Scene, Shape, Text, fitted},
};

/// Rows for the names of emissions at most.
const NAME_ROWS: usize = 3;
/// Height of such a row on a picture of usual size.
const NAME_HEIGHT: f64 = 17.0;
/// Dashes of the noise floor.
const DASH: [f64; 2] = [6.0, 4.0];

/// Makes the picture.
pub(super) fn compose(data: &SpectrumPlot, options: &PlotOptions, fonts: &Fonts) -> Result<Scene, PlotError> {
    data.check()?;
    let unit = unit_of(options);
    let [low, high] = range(data);
    let rough = axis::level(low, high, f64::from(options.height) * 0.6, 34.0 * unit);
    let margins = Margins {
        left: Frame::room_for(fonts, unit, &rough),
        ..Margins::default()
    };
    let heading = heading(data, options);
    // The first frame only tells how wide the chart is, and so how many rows the names need.
    let names = named(
        &Frame::new(fonts, options, &data.scope, &heading, margins)?,
        &data.emissions,
    );
    let rows = names.iter().flatten().map(|name| name.row + 1).max().unwrap_or(0);
    let margins = Margins {
        top: rows as f64 * NAME_HEIGHT * unit,
        ..margins
    };
    let mut frame = Frame::new(fonts, options, &data.scope, &heading, margins)?;
    let chart = frame.chart;
    let ticks = axis::level(low, high, chart.height(), 34.0 * unit);
    let levels = Axis::new(low..high, &ticks);
    frame.vertical_axis(&options.language.level_axis(data.unit.symbol()), &ticks, &levels);
    frame.grid(&levels)?;
    let bins = Bins {
        low_hz: data.scope.band.low().as_f64(),
        width_hz: data.scope.band.width().as_f64() / data.mean.len() as f64,
        pixel_hz: frame.hz_per_pixel(),
        levels: [low, high],
    };
    let unseen = unseen(&data.mean, &bins);
    frame.plot(&levels, |on| on.draw_series(unseen).map(|_| ()))?;
    markers(&mut frame, &data.emissions, &names);
    traces(&mut frame, data, &bins, &levels)?;
    Ok(frame.finish())
}

/// The veil from lowest to highest, the lines, and the noise floor in dashes.
fn traces(frame: &mut Frame<'_>, data: &SpectrumPlot, bins: &Bins, levels: &Axis) -> Result<(), PlotError> {
    let unit = frame.unit;
    let [min, max, floor] = [&data.min, &data.max, &data.floor].map(|trace| observed(trace, &data.mean));
    frame.plot(levels, |on| {
        if !max.is_empty() && !min.is_empty() {
            on.draw_series(between(&min, &max, bins))?;
        }
        for (trace, colour, width) in [(&min, MIN, 1.0), (&max, MAX, 1.0), (&data.mean, MEAN, 1.6)] {
            for points in lines(trace, bins) {
                on.draw_series(LineSeries::new(points, stroke(colour, width * unit)))?;
            }
        }
        on.draw_series(lines(&floor, bins).into_iter().map(|points| Dashed {
            points,
            colour: FLOOR,
            width: 1.6 * unit,
            dash: DASH.map(|length| length * unit),
        }))?;
        Ok(())
    })
}

/// Where the bins of a trace lie.
struct Bins {
    low_hz: f64,
    width_hz: f64,
    /// Hertz a pixel.
    pixel_hz: f64,
    /// The ends of the level axis.
    levels: [f64; 2],
}

fn heading(data: &SpectrumPlot, options: &PlotOptions) -> Heading {
    let words = options.language;
    let mut legend = vec![(Sample::Line(MEAN, None), words.mean().to_owned())];
    if !data.max.is_empty() {
        legend.push((Sample::Line(MAX, None), words.max().to_owned()));
    }
    if !data.min.is_empty() {
        legend.push((Sample::Line(MIN, None), words.min().to_owned()));
    }
    if !data.floor.is_empty() {
        legend.push((Sample::Line(FLOOR, Some(DASH)), words.floor().to_owned()));
    }
    if data.mean.iter().any(|level| !level.is_finite()) {
        legend.push((Sample::Unseen, words.unseen().to_owned()));
    }
    Heading {
        title: format!("{} {}", words.spectrum(), data.scope.band),
        facts: vec![
            data.scope.receiver.clone(),
            words.when(data.scope.time(), options.offset),
            data.resolution_hz.map(|hz| words.resolution(hz)).unwrap_or_default(),
        ],
        legend,
    }
}

/// Levels from a little below the lowest of interest to a little above the highest; at least 20 dB. Single bins far
/// below the rest (digital zero) do not stretch it.
fn range(data: &SpectrumPlot) -> [f64; 2] {
    let mut low: Vec<f32> = [&data.mean, &data.min, &data.floor]
        .into_iter()
        .flatten()
        .copied()
        .filter(|v| v.is_finite())
        .collect();
    let highest = [&data.mean, &data.max, &data.floor]
        .into_iter()
        .flatten()
        .copied()
        .filter(|v| v.is_finite());
    let Some(highest) = highest.reduce(f32::max) else {
        return [-100.0, 0.0];
    };
    let at = low.len() / 100;
    low.select_nth_unstable_by(at, f32::total_cmp);
    let high = ((f64::from(highest) + 4.0) / 5.0).ceil() * 5.0;
    let low = ((f64::from(low[at]) - 3.0) / 5.0).floor() * 5.0;
    [low.min(high - 20.0).max(high - 250.0), high]
}

/// The other traces say nothing where the mean was not observed.
fn observed(trace: &[f32], mean: &[f32]) -> Vec<f32> {
    trace
        .iter()
        .zip(mean)
        .map(|(level, mean)| if mean.is_finite() { *level } else { f32::NAN })
        .collect()
}

/// A trace as joined lines in hertz and levels, parted where it was not observed.
fn lines(trace: &[f32], on: &Bins) -> Vec<Vec<(f64, f64)>> {
    let mut lines = vec![Vec::new()];
    let per_column = (on.pixel_hz / on.width_hz).floor().max(1.0) as usize;
    let point = |at: usize, level: f32| {
        let hz = on.low_hz + (at as f64 + 0.5) * on.width_hz;
        (hz, f64::from(level).clamp(on.levels[0], on.levels[1]))
    };
    for (n, bins) in trace.chunks(per_column).enumerate() {
        let first = n * per_column;
        let seen = || bins.iter().enumerate().filter(|(_, level)| level.is_finite());
        let (lowest, highest) = (
            seen().min_by(|a, b| a.1.total_cmp(b.1)),
            seen().max_by(|a, b| a.1.total_cmp(b.1)),
        );
        let (Some(a), Some(b)) = (lowest, highest) else {
            lines.push(Vec::new());
            continue;
        };
        let Some(line) = lines.last_mut() else { continue };
        let (early, late) = if a.0 <= b.0 { (a, b) } else { (b, a) };
        line.push(point(first + early.0, *early.1));
        if early.0 != late.0 {
            line.push(point(first + late.0, *late.1));
        }
    }
    // A single bin between two that were not observed still shows.
    for line in lines.iter_mut().filter(|line| line.len() == 1) {
        line.push((line[0].0 + on.width_hz.max(on.pixel_hz), line[0].1));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The span from lowest to highest as a veil behind the lines, parted like them.
fn between(min: &[f32], max: &[f32], on: &Bins) -> Vec<Polygon<(f64, f64)>> {
    let parts = lines(min, on).into_iter().zip(lines(max, on));
    let veil = parts.map(|(below, above)| {
        let outline: Vec<_> = above.into_iter().chain(below.into_iter().rev()).collect();
        Polygon::new(outline, fill(MIN.faded(0.16)))
    });
    veil.collect()
}

/// Hatches runs of bins that were not observed.
fn unseen(mean: &[f32], on: &Bins) -> Vec<Hatched> {
    let (mut from, mut hatched) = (None, Vec::new());
    for (n, level) in mean.iter().copied().chain([0.0]).enumerate() {
        match (level.is_finite(), from) {
            (false, None) => from = Some(n),
            (true, Some(start)) => {
                let edge = |bin: usize| on.low_hz + bin as f64 * on.width_hz;
                hatched.push(Hatched([(edge(start), on.levels[0]), (edge(n), on.levels[1])]));
                from = None;
            }
            _ => {}
        }
    }
    hatched
}

/// Where the name of an emission goes.
struct Name {
    text: String,
    row: usize,
    centre: f64,
}

/// Size of names.
fn name_size(frame: &Frame<'_>) -> f64 {
    11.5 * frame.unit
}

/// Gives the more important emissions a place for their name, so that no name covers another or its leader.
fn named(frame: &Frame<'_>, emissions: &[Marker]) -> Vec<Option<Name>> {
    let (u, chart, size) = (frame.unit, frame.chart, name_size(frame));
    let mut taken: Vec<(usize, f64, f64)> = Vec::new();
    let mut leaders: Vec<(usize, f64)> = Vec::new();
    let mut place = |marker: &Marker| {
        let (left, right) = frame.across(marker.band.low().as_f64(), marker.band.high().as_f64(), 2.0 * u)?;
        let middle = (left + right) / 2.0;
        let text = fitted(frame.fonts, &marker.label, chart.width() * 0.4, size, Weight::Regular);
        let half = frame.width(&text, size) / 2.0 + 5.0 * u;
        let centre = middle.clamp(chart.left + half, (chart.right - half).max(chart.left + half));
        let (from, to) = (centre - half, centre + half);
        let free = |row: usize| {
            taken.iter().all(|(other, a, b)| {
                (*other != row || to <= *a || *b <= from) && (*other >= row || middle < *a || *b < middle)
            }) && leaders.iter().all(|(other, x)| *other <= row || *x < from || to < *x)
        };
        let row = (0..NAME_ROWS).find(|row| !text.is_empty() && free(*row))?;
        taken.push((row, from, to));
        leaders.push((row, middle));
        Some(Name { text, row, centre })
    };
    emissions.iter().map(&mut place).collect()
}

/// Emissions as veils over their bands, a leader from each name.
fn markers(frame: &mut Frame<'_>, emissions: &[Marker], names: &[Option<Name>]) {
    let (u, chart, size) = (frame.unit, frame.chart, name_size(frame));
    for (marker, name) in emissions.iter().zip(names) {
        let (low, high) = (marker.band.low().as_f64(), marker.band.high().as_f64());
        let Some((left, right)) = frame.across(low, high, 2.0 * u) else {
            continue;
        };
        frame
            .scene
            .push(Shape::Rect(Area { left, right, ..chart }, marker.colour.faded(0.13)));
        let Some(name) = name else { continue };
        let middle = (left + right) / 2.0;
        let y = chart.top - (9.0 + NAME_HEIGHT * name.row as f64) * u;
        frame.scene.line(
            vec![(middle, y + 7.0 * u), (middle, chart.top)],
            marker.colour,
            u.max(1.0),
        );
        frame.scene.push(Shape::Line {
            points: vec![(middle, chart.top), (middle, chart.bottom)],
            colour: marker.colour.faded(0.55),
            width: u.max(1.0),
            dash: Some([3.0 * u, 3.0 * u]),
        });
        frame
            .scene
            .text(Text::new(name.text.clone(), name.centre, y, size, marker.colour).middle());
    }
}

//! Level over frequency and time, the oldest row on top. Each pixel shows the highest level that fell into it; a
//! pixel into which nothing observed fell is hatched.

use std::ops::Range;

use super::{
    PlotError, PlotOptions, axis,
    chart::Axis,
    colour::{Colour, INK, MUTED, PAPER, level_index},
    data::{EmissionBox, WaterfallPlot},
    fonts::{Fonts, Weight},
    frame::{Frame, Heading, Margins, Sample, unit_of},
    scene::{Area, Image, Scene, Shape, Text, fitted},
};

/// Levels looked at to find the range of colours; more would not change it.
const SAMPLED: usize = 200_000;

/// Makes the picture.
pub(super) fn compose(data: &WaterfallPlot, options: &PlotOptions, fonts: &Fonts) -> Result<Scene, PlotError> {
    data.check()?;
    let unit = unit_of(options);
    let span = data.scope.time();
    let apart = 40.0 * unit;
    let rough = axis::time(span, options.offset, f64::from(options.height) * 0.7, apart);
    let [low, high] = data.levels.unwrap_or_else(|| range(data));
    let levels = axis::level(
        f64::from(low),
        f64::from(high),
        f64::from(options.height) * 0.6,
        34.0 * unit,
    );
    let margins = Margins {
        left: Frame::room_for(fonts, unit, &rough),
        right: Frame::room_for(fonts, unit, &levels) + 26.0 * unit,
        top: 0.0,
    };
    let mut frame = Frame::new(fonts, options, &data.scope, &heading(data, options), margins)?;
    let chart = frame.chart;
    frame.scene.push(Shape::Unseen(chart));
    let (width, height) = (chart.width() as usize, chart.height() as usize);
    frame.scene.push(Shape::Image(Image {
        left: chart.left as u32,
        top: chart.top as u32,
        width: width as u32,
        height: height as u32,
        indices: reduced(&data.rows, width, height, |level| level_index(level, low, high)),
    }));
    let seconds = span.seconds.max(1e-9);
    let ticks = axis::time(span, options.offset, chart.height(), apart);
    // The oldest is on top: the axis runs downwards.
    let times = Axis::new(seconds..0.0, &ticks);
    frame.vertical_axis(&options.language.time_axis(span, options.offset), &ticks, &times);
    boxes(&mut frame, &data.emissions, &times);
    colour_bar(&mut frame, [low, high], data.unit.symbol());
    Ok(frame.finish())
}

fn heading(data: &WaterfallPlot, options: &PlotOptions) -> Heading {
    let words = options.language;
    let missing = data.rows.iter().any(|row| {
        row.as_ref()
            .is_none_or(|row| row.iter().any(|level| !level.is_finite()))
    });
    Heading {
        title: format!("{} {}", words.waterfall(), data.scope.band),
        facts: vec![
            data.scope.receiver.clone(),
            words.when(data.scope.time(), options.offset),
            data.resolution_hz.map(|hz| words.resolution(hz)).unwrap_or_default(),
        ],
        legend: if missing {
            vec![(Sample::Unseen, words.unseen().to_owned())]
        } else {
            Vec::new()
        },
    }
}

/// From below the noise (10th percentile) to the strong ones (99.9th), at least 25 dB.
fn range(data: &WaterfallPlot) -> [f32; 2] {
    let total: usize = data.rows.iter().flatten().map(Vec::len).sum();
    let every = (total / SAMPLED).max(1);
    let mut seen: Vec<f32> = data
        .rows
        .iter()
        .flatten()
        .flatten()
        .step_by(every)
        .copied()
        .filter(|level| level.is_finite())
        .collect();
    if seen.is_empty() {
        return [-100.0, 0.0];
    }
    seen.sort_unstable_by(f32::total_cmp);
    let at = |part: f64| seen[((seen.len() - 1) as f64 * part) as usize];
    let low = (at(0.1) - 2.0).floor();
    [low, at(0.999).ceil().max(low + 25.0)]
}

/// Rows and bins reduced to pixels by their highest level, or repeated where there are fewer.
fn reduced(rows: &[Option<Vec<f32>>], width: usize, height: usize, index: impl Fn(f32) -> u8) -> Vec<u8> {
    let bins = rows.iter().flatten().map(Vec::len).next().unwrap_or(1);
    let columns: Vec<Range<usize>> = (0..width).map(|n| share(n, width, bins)).collect();
    let mut indices = Vec::with_capacity(width * height);
    let mut highest = vec![f32::NAN; width];
    for line in 0..height {
        highest.fill(f32::NAN);
        for row in rows[share(line, height, rows.len())].iter().flatten() {
            for (best, column) in highest.iter_mut().zip(&columns) {
                // `max` passes over NaN on either side.
                *best = row[column.clone()]
                    .iter()
                    .copied()
                    .filter(|level| level.is_finite())
                    .fold(*best, f32::max);
            }
        }
        indices.extend(highest.iter().map(|level| index(*level)));
    }
    indices
}

/// Which of `items` fall into pixel `n` of `pixels`; at least one.
fn share(n: usize, pixels: usize, items: usize) -> Range<usize> {
    let from = (n * items / pixels).min(items - 1);
    from..((n + 1) * items / pixels).clamp(from + 1, items)
}

/// Frames around emissions; a name at each where it does not cover another.
fn boxes(frame: &mut Frame<'_>, emissions: &[EmissionBox], times: &Axis) {
    let (u, chart, size) = (frame.unit, frame.chart, 11.0 * frame.unit);
    let mut taken: Vec<Area> = Vec::new();
    for emission in emissions {
        let band = emission.marker.band;
        let Some((left, right)) = frame.across(band.low().as_f64(), band.high().as_f64(), 5.0 * u) else {
            continue;
        };
        let (top, bottom) = (
            frame.y(times, emission.start_s).max(chart.top),
            frame.y(times, emission.stop_s).min(chart.bottom),
        );
        if bottom < chart.top || top > chart.bottom {
            continue;
        }
        let area = Area {
            left,
            right,
            top,
            bottom: bottom.max(top + 3.0 * u).min(chart.bottom),
        };
        frame.scene.push(Shape::Frame(area, INK.faded(0.75), 3.0 * u));
        frame.scene.push(Shape::Frame(area, PAPER, 1.3 * u));
        let label = fitted(
            frame.fonts,
            &emission.marker.label,
            chart.width() * 0.35,
            size,
            Weight::Regular,
        );
        let width = frame.width(&label, size) + 8.0 * u;
        let x = left.min(chart.right - width).max(chart.left);
        let tag = |top: f64| Area {
            left: x,
            right: x + width,
            top,
            bottom: top + 16.0 * u,
        };
        let places = [tag(area.top - 18.0 * u), tag(area.bottom + 2.0 * u)];
        let free = |tag: &Area| {
            tag.top >= chart.top && tag.bottom <= chart.bottom && !taken.iter().any(|other| other.overlaps(*tag))
        };
        let Some(tag) = places.into_iter().find(free).filter(|_| !label.is_empty()) else {
            continue;
        };
        taken.push(tag);
        frame.scene.push(Shape::Rect(tag, on_dark(emission.marker.colour)));
        frame.scene.text(Text::new(
            label,
            tag.left + 4.0 * u,
            (tag.top + tag.bottom) / 2.0,
            size,
            PAPER,
        ));
    }
}

/// The ground of a name, dark enough for white text.
fn on_dark(colour: Colour) -> Colour {
    let rgb = colour.rgb.map(|part| (f32::from(part) * 0.8) as u8);
    Colour { rgb, opacity: 0.92 }
}

/// The colours and their levels, right of the chart.
fn colour_bar(frame: &mut Frame<'_>, [low, high]: [f32; 2], unit: &str) {
    let (u, chart, size) = (frame.unit, frame.chart, frame.text_size());
    let (left, width) = ((chart.right + 14.0 * u).round(), (14.0 * u).round());
    let top = (chart.top + 18.0 * u).round();
    let height = (chart.bottom - top) as usize;
    let column = (0..height).map(|n| level_index(1.0 - (n as f32 + 0.5) / height as f32, 0.0, 1.0));
    let indices = column.flat_map(|index| vec![index; width as usize]).collect();
    let image = Image {
        left: left as u32,
        top: top as u32,
        width: width as u32,
        height: height as u32,
        indices,
    };
    frame.scene.push(Shape::Image(image));
    frame
        .scene
        .text(Text::new(unit, left, chart.top + 6.0 * u, size, MUTED));
    let right = left + width;
    let (low, high) = (f64::from(low), f64::from(high));
    for tick in axis::level(low, high, height as f64, 34.0 * u) {
        let y = (top + (high - tick.at) / (high - low) * height as f64)
            .round()
            .min(chart.bottom - 1.0)
            + 0.5;
        frame
            .scene
            .line(vec![(right, y), (right + 4.0 * u, y)], MUTED, u.max(1.0));
        frame.scene.text(Text::new(tick.label, right + 7.0 * u, y, size, INK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_share_out_every_item_and_leave_none_out() {
        for (pixels, items) in [(7, 3), (3, 7), (100, 100), (640, 4096), (1, 5), (5, 1)] {
            let mut seen = vec![false; items];
            for n in 0..pixels {
                let part = share(n, pixels, items);
                assert!(
                    !part.is_empty() && part.end <= items,
                    "{n} of {pixels}: {part:?} of {items}"
                );
                seen[part].fill(true);
            }
            assert!(
                seen.iter().all(|seen| *seen),
                "{pixels} pixels leave items of {items} out"
            );
        }
    }

    #[test]
    fn a_single_strong_bin_survives_and_the_unobserved_stays_so() {
        let mut rows = vec![Some(vec![-90.0_f32; 1000]); 300];
        if let Some(row) = &mut rows[150] {
            row[500] = -10.0;
            row[0] = f32::NAN;
        }
        rows[200..260].fill(None);
        let pixels = reduced(&rows, 50, 30, |level| level_index(level, -100.0, 0.0));
        assert_eq!(pixels[15 * 50 + 25], level_index(-10.0, -100.0, 0.0));
        assert!(
            pixels[21 * 50..25 * 50].iter().all(|index| *index == 0),
            "unobserved rows"
        );
        assert!(pixels[..19 * 50].iter().all(|index| *index != 0));
    }
}

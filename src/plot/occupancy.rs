//! Share of time in use over frequency: a bar per channel with its 95 % interval, and above the chart how much of the
//! time each channel was observed at all. A channel that was never observed is hatched: nothing is known of it.

use plotters::element::{PathElement, Rectangle};

use super::{
    PlotError, PlotOptions, axis,
    backend::units,
    chart::{Axis, Chart, Charted, fill, stroke},
    colour::{Colour, INK, MEAN, MIN},
    data::{OccupancyBin, OccupancyPlot},
    fonts::Fonts,
    frame::{Frame, Heading, Margins, Sample, unit_of},
    scene::{Area, Scene, Shape},
};

/// Bars narrower than this show their interval as a veil, wider ones as a whisker; pixels.
const WHISKER_FROM: f64 = 7.0;
/// How well a channel was observed.
const OBSERVED: Colour = Colour::new(0x3f, 0x8f, 0x86);

/// Makes the picture.
pub(super) fn compose(data: &OccupancyPlot, options: &PlotOptions, fonts: &Fonts) -> Result<Scene, PlotError> {
    data.check()?;
    let unit = unit_of(options);
    let top = top(&data.bins);
    let rough = axis::level(0.0, top * 100.0, f64::from(options.height) * 0.6, 34.0 * unit);
    let margins = Margins {
        left: Frame::room_for(fonts, unit, &rough),
        right: 0.0,
        top: 14.0 * unit,
    };
    let mut frame = Frame::new(fonts, options, &data.scope, &heading(data, options), margins)?;
    let chart = frame.chart;
    let ticks = axis::level(0.0, top * 100.0, chart.height(), 34.0 * unit);
    let shares = Axis::new(0.0..top * 100.0, &ticks);
    frame.vertical_axis(&options.language.occupancy_axis(), &ticks, &shares);
    frame.grid(&shares)?;
    for bin in &data.bins {
        draw(&mut frame, bin, data.scope.seconds, &shares)?;
    }
    Ok(frame.finish())
}

fn heading(data: &OccupancyPlot, options: &PlotOptions) -> Heading {
    let words = options.language;
    let mut legend = vec![
        (Sample::Patch(MEAN.faded(0.85)), words.occupied().to_owned()),
        (Sample::Line(INK, None), words.interval().to_owned()),
        (Sample::Patch(OBSERVED), words.observed().to_owned()),
    ];
    if data.bins.iter().any(|bin| bin.observed_s <= 0.0) {
        legend.push((Sample::Unseen, words.unseen().to_owned()));
    }
    let threshold = if data.threshold.is_empty() {
        String::new()
    } else {
        words.threshold(&data.threshold)
    };
    Heading {
        title: format!("{} {}", words.occupancy(), data.scope.band),
        facts: vec![
            data.scope.receiver.clone(),
            words.when(data.scope.time(), options.offset),
            threshold,
            data.band_share
                .map_or_else(String::new, |share| words.band_share(share)),
        ],
        legend,
    }
}

/// The upper end of the axis: a round share that nothing reaches beyond.
fn top(bins: &[OccupancyBin]) -> f64 {
    let highest = bins
        .iter()
        .filter(|bin| bin.observed_s > 0.0)
        .map(|bin| bin.interval[1].max(bin.fraction))
        .fold(0.0, f64::max);
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
        .into_iter()
        .find(|top| highest <= *top)
        .unwrap_or(1.0)
}

fn draw(frame: &mut Frame<'_>, bin: &OccupancyBin, seconds: f64, shares: &Axis) -> Result<(), PlotError> {
    let (u, chart) = (frame.unit, frame.chart);
    let Some((left, right)) = frame.across(bin.band.low().as_f64(), bin.band.high().as_f64(), 1.0) else {
        return Ok(());
    };
    let ruler = Area {
        left,
        right,
        top: chart.top - 10.0 * u,
        bottom: chart.top - 3.0 * u,
    };
    if bin.observed_s <= 0.0 {
        frame.scene.push(Shape::Unseen(Area { left, right, ..chart }));
        frame.scene.push(Shape::Unseen(ruler));
        return Ok(());
    }
    let share = (bin.observed_s / seconds.max(1e-9)).clamp(0.0, 1.0);
    frame
        .scene
        .push(Shape::Rect(ruler, OBSERVED.faded(0.15 + 0.85 * share as f32)));
    let sides = [left, right].map(|x| frame.hz(x));
    let least = shares.per_pixel(chart.height()) / 2.0;
    frame.plot(shares, |on| bar(on, bin, sides, [u, right - left, least]))
}

/// The bar of a channel between its two frequencies and its interval; `wide` is its width in pixels.
fn bar(on: &mut Chart<'_, '_>, bin: &OccupancyBin, [left, right]: [f64; 2], [u, wide, least]: [f64; 3]) -> Charted {
    // A gap between bars shows where channels end, as long as there is room for one.
    let gap = if wide > 6.0 * u {
        units(0.5 * u).unsigned_abs()
    } else {
        0
    };
    let mut bar = Rectangle::new([(left, bin.fraction * 100.0), (right, 0.0)], fill(MEAN.faded(0.85)));
    bar.set_margin(0, 0, gap, gap);
    on.draw_series([bar])?;
    let [low, high] = bin.interval.map(|share| share * 100.0);
    if wide < WHISKER_FROM * u {
        let veil = [(left, high), (right, low.min(high - least))];
        on.draw_series([Rectangle::new(veil, fill(MIN.faded(0.55)))])?;
        return Ok(());
    }
    let middle = (left + right) / 2.0;
    let arm = (right - left) * (0.25_f64).min(5.0 * u / wide);
    let line = |from, to| PathElement::new(vec![from, to], stroke(INK, 1.2 * u));
    on.draw_series([
        line((middle, low), (middle, high)),
        line((middle - arm, low), (middle + arm, low)),
        line((middle - arm, high), (middle + arm, high)),
    ])?;
    Ok(())
}

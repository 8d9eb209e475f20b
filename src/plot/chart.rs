//! The chart proper, drawn by plotters: axes that know our ticks, the grid they make, and the elements of our own.

use std::ops::Range;

use plotters::{
    chart::{ChartBuilder, ChartContext},
    coord::{
        cartesian::{Cartesian2d, MeshLine},
        ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
    },
    drawing::{DrawingAreaErrorKind, IntoDrawingArea},
    element::{Drawable, PointCollection},
    style::{RGBAColor, ShapeStyle},
};
use plotters_backend::{BackendCoord, DrawingBackend};

use super::{
    PlotError,
    axis::Tick,
    backend::{Canvas, Drawn, NoDots, pixels, point, units},
    colour::{Colour, GRID},
    scene::{Area, Scene, Shape},
};

/// A chart that is being drawn, in the quantities of its axes.
pub(super) type Chart<'a, 's> = ChartContext<'a, Canvas<'s>, Cartesian2d<Axis, Axis>>;
/// How drawing on a chart ends.
pub(super) type Charted = Result<(), DrawingAreaErrorKind<NoDots>>;

impl From<DrawingAreaErrorKind<NoDots>> for PlotError {
    fn from(error: DrawingAreaErrorKind<NoDots>) -> Self {
        Self::Chart(error.to_string())
    }
}

/// A linear axis whose key points are the ticks we chose, since those know how wide their labels are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
}

impl Axis {
    /// An axis from the left or lower end to the other; a range may run downwards.
    pub(super) fn new(range: Range<f64>, ticks: &[Tick]) -> Self {
        Self {
            range,
            ticks: ticks.iter().map(|tick| tick.at).collect(),
        }
    }

    /// The pixel of a value, where the axis lies on the pixels `from` (its beginning) to `to`.
    pub(super) fn pixel(&self, value: f64, from: f64, to: f64) -> f64 {
        pixels(self.map(&value, (units(from), units(to))))
    }

    /// How much of the axis' quantity a pixel is, on so many pixels.
    pub(super) fn per_pixel(&self, room: f64) -> f64 {
        (self.range.end - self.range.start).abs() / room
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        (f64::from(from) + part * (f64::from(to) - f64::from(from))).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// Opens a chart on `area` of the scene and draws on it.
pub(super) fn on(
    scene: &mut Scene,
    area: Area,
    [x, y]: [&Axis; 2],
    draw: impl FnOnce(&mut Chart<'_, '_>) -> Charted,
) -> Result<(), PlotError> {
    let (width, height) = (f64::from(scene.width), f64::from(scene.height));
    let root = Canvas(scene).into_drawing_area();
    // Plotters counts whole dots and ends an axis on the last one within; ours ends on the edge, one unit later.
    let mut chart = ChartBuilder::on(&root)
        .margin_left(units(area.left))
        .margin_right(units(width - area.right) - 1)
        .margin_top(units(area.top))
        .margin_bottom(units(height - area.bottom) - 1)
        .build_cartesian_2d(x.clone(), y.clone())?;
    draw(&mut chart)?;
    Ok(())
}

/// The grid at the ticks, on the middle of pixels so that it stays sharp; none on the very edges of the frequencies.
pub(super) fn grid(chart: &Chart<'_, '_>, area: Area, width: f64) -> Charted {
    let style = stroke(GRID, width);
    let middle = |at: i32| pixels(at).round() + 0.5;
    let line = |canvas: &mut Canvas<'_>, line: MeshLine<'_, Axis, Axis>| match line {
        MeshLine::XMesh((x, _), ..) => {
            let x = middle(x);
            if x > area.left + 2.0 && x < area.right - 2.0 {
                canvas.draw_line((units(x), units(area.top)), (units(x), units(area.bottom)), &style)?;
            }
            Ok(())
        }
        MeshLine::YMesh((_, y), ..) => {
            let y = units(middle(y).clamp(area.top + 0.5, area.bottom - 0.5));
            canvas.draw_line((units(area.left), y), (units(area.right), y), &style)
        }
    };
    chart.plotting_area().draw_mesh(line, usize::MAX, usize::MAX)
}

/// A line of a colour, `width` pixels wide.
pub(super) fn stroke(colour: Colour, width: f64) -> ShapeStyle {
    ShapeStyle {
        stroke_width: units(width).unsigned_abs(),
        filled: false,
        ..fill(colour)
    }
}

/// A ground of a colour.
pub(super) fn fill(colour: Colour) -> ShapeStyle {
    let [r, g, b] = colour.rgb;
    ShapeStyle {
        color: RGBAColor(r, g, b, f64::from(colour.opacity)),
        filled: true,
        stroke_width: 0,
    }
}

/// A dashed line that stays one line: plotters would cut it into a path for every dash.
pub(super) struct Dashed {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) colour: Colour,
    /// Pixels.
    pub(super) width: f64,
    /// On and off, pixels.
    pub(super) dash: [f64; 2],
}

impl<'a> PointCollection<'a, (f64, f64)> for &'a Dashed {
    type IntoIter = &'a [(f64, f64)];
    type Point = &'a (f64, f64);

    fn point_iter(self) -> &'a [(f64, f64)] {
        &self.points
    }
}

impl<'s> Drawable<Canvas<'s>> for Dashed {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, at: I, canvas: &mut Canvas<'s>, _: (u32, u32)) -> Drawn {
        canvas.0.push(Shape::Line {
            points: at.map(point).collect(),
            colour: self.colour,
            width: self.width,
            dash: Some(self.dash),
        });
        Ok(())
    }
}

/// The hatching of what was not observed, between two corners.
pub(super) struct Hatched(pub(super) [(f64, f64); 2]);

impl<'a> PointCollection<'a, (f64, f64)> for &'a Hatched {
    type IntoIter = &'a [(f64, f64)];
    type Point = &'a (f64, f64);

    fn point_iter(self) -> &'a [(f64, f64)] {
        &self.0
    }
}

impl<'s> Drawable<Canvas<'s>> for Hatched {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, mut at: I, canvas: &mut Canvas<'s>, _: (u32, u32)) -> Drawn {
        if let (Some((left, bottom)), Some((right, top))) = (at.next().map(point), at.next().map(point)) {
            canvas.0.push(Shape::Unseen(Area {
                left,
                top,
                right,
                bottom,
            }));
        }
        Ok(())
    }
}

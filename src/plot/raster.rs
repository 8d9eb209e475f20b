//! A scene as PNG: anti-aliased shapes (tiny-skia), glyphs (ab_glyph), and levels straight from their indices.

use tiny_skia::{
    FillRule, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

use super::{
    PlotError,
    colour::{Colour, PAPER, UNSEEN, level_map},
    fonts::Fonts,
    scene::{Area, Image, Scene, Shape, Text},
};

/// Distance of the hatch lines of what was not observed, pixels.
pub(super) const HATCH: f64 = 7.0;

/// Points of a line drawn at once.
const PIECE: usize = 48;

/// Draws and encodes.
pub(super) fn png(scene: &Scene, fonts: &Fonts) -> Result<Vec<u8>, PlotError> {
    let mut canvas = Canvas {
        pixels: Pixmap::new(scene.width, scene.height).ok_or(PlotError::Memory)?,
        fonts,
    };
    canvas.pixels.fill(skia(PAPER));
    for shape in &scene.shapes {
        canvas.draw(shape);
    }
    let rgb: Vec<u8> = canvas
        .pixels
        .data()
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    encode(scene.width, scene.height, png::ColorType::Rgb, None, &rgb)
}

/// An image of level indices as a palette PNG; index 0 is transparent.
pub(super) fn indexed_png(image: &Image) -> Result<Vec<u8>, PlotError> {
    let palette = level_map().as_flattened();
    encode(
        image.width,
        image.height,
        png::ColorType::Indexed,
        Some(palette),
        &image.indices,
    )
}

fn encode(
    width: u32,
    height: u32,
    kind: png::ColorType,
    palette: Option<&[u8]>,
    data: &[u8],
) -> Result<Vec<u8>, PlotError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(kind);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
        encoder.set_trns(&[0_u8][..]);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    writer.finish()?;
    Ok(out)
}

struct Canvas<'a> {
    pixels: Pixmap,
    fonts: &'a Fonts,
}

impl Canvas<'_> {
    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect(area, colour) => {
                if let Some(rect) = rect(*area) {
                    self.pixels
                        .fill_rect(rect, &paint(*colour), Transform::identity(), None);
                }
            }
            Shape::Frame(area, colour, width) => {
                let Area {
                    left,
                    top,
                    right,
                    bottom,
                } = *area;
                let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
                self.stroke(&corners, *colour, *width, None, None);
            }
            Shape::Line {
                points,
                colour,
                width,
                dash,
            } => self.stroke(points, *colour, *width, *dash, None),
            Shape::Polygon(points, colour) => {
                if let Some(path) = path(points, true) {
                    let paint = paint(*colour);
                    self.pixels
                        .fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
                }
            }
            Shape::Unseen(area) => self.unseen(*area),
            Shape::Text(text) => self.text(text),
            Shape::Image(image) => self.image(image),
        }
    }

    fn stroke(
        &mut self,
        points: &[(f64, f64)],
        colour: Colour,
        width: f64,
        dash: Option<[f64; 2]>,
        mask: Option<&Mask>,
    ) {
        let stroke = Stroke {
            width: width as f32,
            line_join: LineJoin::Round,
            line_cap: LineCap::Butt,
            dash: dash.and_then(|[on, off]| StrokeDash::new(vec![on as f32, off as f32], 0.0)),
            ..Stroke::default()
        };
        let paint = paint(colour);
        // A noisy trace of thousands of points as one outline costs ten times more than in pieces; opaque pieces may
        // share a point without a trace of it.
        let whole = dash.is_some() || colour.opacity < 1.0;
        let piece = if whole { points.len() } else { PIECE };
        for start in (0..points.len().saturating_sub(1)).step_by(piece.max(1)) {
            let part = &points[start..points.len().min(start + piece + 1)];
            if let Some(path) = path(part, false) {
                self.pixels
                    .stroke_path(&path, &paint, &stroke, Transform::identity(), mask);
            }
        }
    }

    fn unseen(&mut self, area: Area) {
        let (Some(rect), Some(mut mask)) = (rect(area), Mask::new(self.pixels.width(), self.pixels.height())) else {
            return;
        };
        self.pixels
            .fill_rect(rect, &paint(UNSEEN[0]), Transform::identity(), None);
        mask.fill_path(
            &PathBuilder::from_rect(rect),
            FillRule::Winding,
            false,
            Transform::identity(),
        );
        // Lines x + y = k · HATCH everywhere, so that neighbouring areas hatch as one.
        let first = ((area.left + area.top) / HATCH).ceil() as i64;
        let last = ((area.right + area.bottom) / HATCH).floor() as i64;
        for k in (first..=last).map(|k| k as f64 * HATCH) {
            let ends = [(area.left, k - area.left), (k - area.top, area.top)];
            self.stroke(&ends, UNSEEN[1], 1.0, None, Some(&mask));
        }
    }

    fn text(&mut self, text: &Text) {
        let (width, height) = (self.pixels.width() as i32, self.pixels.height() as i32);
        let pixels = self.pixels.data_mut();
        let shift = text.shift(self.fonts);
        let mut dot = |x: i32, y: i32, coverage: f32| {
            if (0..width).contains(&x) && (0..height).contains(&y) {
                let at = (y * width + x) as usize * 4;
                blend(&mut pixels[at..at + 3], text.colour, coverage);
            }
        };
        if text.upright {
            // Drawn lying around the origin; a quarter turn takes (along, down) to (down, -along).
            let (x, y) = (text.x.round() as i32, text.y.round() as i32);
            let start = (-shift as f32, (0.36 * text.size).round() as f32);
            self.fonts
                .draw(&text.content, text.size, text.weight, start, |along, down, c| {
                    dot(x + down, y - along, c)
                });
        } else {
            let start = ((text.x - shift) as f32, text.baseline().round() as f32);
            self.fonts.draw(&text.content, text.size, text.weight, start, dot);
        }
    }

    fn image(&mut self, image: &Image) {
        let map = level_map();
        let width = self.pixels.width();
        let pixels = self.pixels.data_mut();
        for (row, line) in image.indices.chunks_exact(image.width as usize).enumerate() {
            let start = ((image.top as usize + row) * width as usize + image.left as usize) * 4;
            let out = &mut pixels[start..start + line.len() * 4];
            for (pixel, index) in out.chunks_exact_mut(4).zip(line).filter(|(_, index)| **index != 0) {
                pixel[..3].copy_from_slice(&map[usize::from(*index)]);
            }
        }
    }
}

fn blend(pixel: &mut [u8], colour: Colour, coverage: f32) {
    let part = (coverage * colour.opacity).clamp(0.0, 1.0);
    for (below, above) in pixel.iter_mut().zip(colour.rgb) {
        *below = (f32::from(*below) * (1.0 - part) + f32::from(above) * part).round() as u8;
    }
}

fn path(points: &[(f64, f64)], closed: bool) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(first.0 as f32, first.1 as f32);
    for (x, y) in rest {
        path.line_to(*x as f32, *y as f32);
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn rect(area: Area) -> Option<Rect> {
    Rect::from_ltrb(area.left as f32, area.top as f32, area.right as f32, area.bottom as f32)
}

fn skia(colour: Colour) -> tiny_skia::Color {
    let [r, g, b] = colour.rgb;
    tiny_skia::Color::from_rgba8(r, g, b, (colour.opacity.clamp(0.0, 1.0) * 255.0).round() as u8)
}

fn paint(colour: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(skia(colour));
    paint.anti_alias = true;
    paint
}

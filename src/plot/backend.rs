//! Plotters draws onto our scene: its whole-number coordinates and widths are 256ths of a pixel here, so that lines
//! of 1.3 pixels and bars between two pixels stay what they are until the scene is written.

use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};

use super::{
    colour::Colour,
    scene::{Area, Scene, Shape},
};

/// Units of plotters per pixel.
const UNITS: f64 = 256.0;

/// Pixels in units of plotters.
pub(super) fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// Units of plotters in pixels.
pub(super) fn pixels(units: i32) -> f64 {
    f64::from(units) / UNITS
}

/// A point of plotters in pixels.
pub(super) fn point((x, y): BackendCoord) -> (f64, f64) {
    (pixels(x), pixels(y))
}

/// What a scene does not take from plotters.
#[derive(Debug, thiserror::Error)]
#[error("a scene takes lines, rectangles and polygons, no single dots")]
pub(super) struct NoDots;

/// How drawing ends.
pub(super) type Drawn = Result<(), DrawingErrorKind<NoDots>>;

/// A scene that plotters draws on.
pub(super) struct Canvas<'s>(pub(super) &'s mut Scene);

impl DrawingBackend for Canvas<'_> {
    type ErrorType = NoDots;

    fn get_size(&self) -> (u32, u32) {
        (self.0.width * UNITS as u32, self.0.height * UNITS as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// Refused: whatever plotters would draw dot by dot (its own text, circles) would be drawn in 256ths of a pixel.
    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Drawn {
        Err(DrawingErrorKind::DrawingError(NoDots))
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        let ((left, top), (right, bottom)) = (point(from), point(to));
        let area = Area {
            left,
            top,
            right,
            bottom,
        };
        self.0.push(if fill {
            Shape::Rect(area, colour(style))
        } else {
            Shape::Frame(area, colour(style), width(style))
        });
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points = path.into_iter().map(point).collect();
        self.0.line(points, colour(style), width(style));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let corners = corners.into_iter().map(point).collect();
        self.0.push(Shape::Polygon(corners, colour(style)));
        Ok(())
    }
}

fn colour<S: BackendStyle>(style: &S) -> Colour {
    let BackendColor { alpha, rgb: (r, g, b) } = style.color();
    Colour::new(r, g, b).faded(alpha as f32)
}

fn width<S: BackendStyle>(style: &S) -> f64 {
    f64::from(style.stroke_width()) / UNITS
}

#[cfg(test)]
mod tests {
    use plotters::prelude::{Circle, IntoDrawingArea, PathElement, RGBAColor, Rectangle, ShapeStyle};

    use super::*;

    fn scene() -> Scene {
        Scene {
            width: 8192,
            height: 8192,
            title: String::new(),
            shapes: Vec::new(),
        }
    }

    #[test]
    fn parts_of_pixels_and_opacities_arrive_as_they_were() {
        let mut scene = scene();
        let style = ShapeStyle {
            color: RGBAColor(1, 2, 3, f64::from(0.16_f32)),
            filled: true,
            stroke_width: units(1.25) as u32,
        };
        let at = |x: f64, y: f64| (units(x), units(y));
        {
            let area = Canvas(&mut scene).into_drawing_area();
            area.draw(&PathElement::new(vec![at(0.5, 8191.75), at(8000.125, 3.0)], style))
                .unwrap();
            area.draw(&Rectangle::new([at(10.5, 20.25), at(11.0, 21.0)], style))
                .unwrap();
        }
        let colour = Colour::new(1, 2, 3).faded(0.16);
        let rect = Area {
            left: 10.5,
            top: 20.25,
            right: 11.0,
            bottom: 21.0,
        };
        assert_eq!(
            scene.shapes,
            [
                Shape::Line {
                    points: vec![(0.5, 8191.75), (8000.125, 3.0)],
                    colour,
                    width: 1.25,
                    dash: None
                },
                Shape::Rect(rect, colour)
            ]
        );
    }

    #[test]
    fn what_would_be_drawn_in_dots_is_refused() {
        let mut scene = scene();
        let area = Canvas(&mut scene).into_drawing_area();
        let style = RGBAColor(0, 0, 0, 0.5);
        assert!(area.draw(&Circle::new((500, 500), 40, style)).is_err());
    }
}

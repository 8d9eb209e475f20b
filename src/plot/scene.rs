//! A picture as a list of shapes in pixels: what the charts make and the two writers draw.
//!
//! Between them nothing knows of PNG or SVG, and tests can ask where every label lies.

use super::{
    colour::Colour,
    fonts::{Fonts, Weight},
};

/// A rectangle, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    pub(super) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

/// Which point of a text its `x` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text; `y` is the middle of its capitals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) content: String,
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
    pub(super) anchor: Anchor,
    /// Reads upwards, turned by a quarter around (x, y).
    pub(super) upright: bool,
}

impl Text {
    pub(super) fn new(content: impl Into<String>, x: f64, y: f64, size: f64, colour: Colour) -> Self {
        Self {
            x,
            y,
            content: content.into(),
            size,
            weight: Weight::Regular,
            colour,
            anchor: Anchor::Start,
            upright: false,
        }
    }

    pub(super) fn bold(self) -> Self {
        Self {
            weight: Weight::Bold,
            ..self
        }
    }

    pub(super) fn middle(self) -> Self {
        Self {
            anchor: Anchor::Middle,
            ..self
        }
    }

    pub(super) fn end(self) -> Self {
        Self {
            anchor: Anchor::End,
            ..self
        }
    }

    /// The baseline that puts the middle of the capitals at `y`.
    pub(super) fn baseline(&self) -> f64 {
        self.y + 0.36 * self.size
    }

    /// How far left of `x` it begins.
    pub(super) fn shift(&self, fonts: &Fonts) -> f64 {
        let width = fonts.width(&self.content, self.size, self.weight);
        match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        }
    }

    /// The ground it covers.
    #[cfg(test)]
    pub(super) fn area(&self, fonts: &Fonts) -> Area {
        let (width, shift, half) = (
            fonts.width(&self.content, self.size, self.weight),
            self.shift(fonts),
            self.size * 0.5,
        );
        if self.upright {
            let bottom = self.y + shift;
            Area {
                left: self.x - half,
                right: self.x + half,
                top: bottom - width,
                bottom,
            }
        } else {
            let left = self.x - shift;
            Area {
                left,
                right: left + width,
                top: self.y - half,
                bottom: self.y + half,
            }
        }
    }
}

/// Pixels with an entry of the level map each, 0 being not observed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Image {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) indices: Vec<u8>,
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A filled rectangle.
    Rect(Area, Colour),
    /// The outline of a rectangle.
    Frame(Area, Colour, f64),
    /// Joined lines; dashes are on and off lengths.
    Line {
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
        dash: Option<[f64; 2]>,
    },
    /// A filled polygon.
    Polygon(Vec<(f64, f64)>, Colour),
    /// What was not observed.
    Unseen(Area),
    /// A line of text.
    Text(Text),
    /// Levels.
    Image(Image),
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scene {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) title: String,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        self.shapes.push(Shape::Line {
            points,
            colour,
            width,
            dash: None,
        });
    }

    pub(super) fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    pub(super) fn push(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }
}

/// Cuts a text with an ellipsis so that it fits; empty when nothing sensible would be left.
pub(super) fn fitted(fonts: &Fonts, text: &str, room: f64, size: f64, weight: Weight) -> String {
    if fonts.width(text, size, weight) <= room {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    (1..chars.len())
        .rev()
        .map(|n| chars[..n].iter().collect::<String>().trim_end().to_owned() + "…")
        .find(|short| fonts.width(short, size, weight) <= room)
        .filter(|short| short.chars().count() > 2)
        .unwrap_or_default()
}

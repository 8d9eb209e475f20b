//! A scene as SVG: shapes to a hundredth of a pixel, text as text, levels as an embedded palette image.

use std::fmt::{self, Write};

use super::{
    PlotError,
    colour::{Colour, PAPER, UNSEEN},
    fonts::{FAMILIES, Weight},
    raster::{HATCH, indexed_png},
    scene::{Anchor, Area, Scene, Shape, Text},
};

/// Writes the document.
pub(super) fn document(scene: &Scene) -> Result<Vec<u8>, PlotError> {
    let mut out = String::new();
    head(&mut out, scene)?;
    for shape in &scene.shapes {
        write_shape(&mut out, shape)?;
    }
    out.push_str("</svg>\n");
    Ok(out.into_bytes())
}

fn head(out: &mut String, scene: &Scene) -> fmt::Result {
    let (width, height) = (scene.width, scene.height);
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FAMILIES}\">\n<title>{}</title>\n",
        Escaped(&scene.title)
    )?;
    write!(
        out,
        "<defs><pattern id=\"unseen\" width=\"{HATCH}\" height=\"{HATCH}\" patternUnits=\"userSpaceOnUse\">\
         <rect width=\"{HATCH}\" height=\"{HATCH}\" fill=\"{}\"/>\
         <path d=\"M-1 1L1 -1M0 {HATCH}L{HATCH} 0M{a} {b}L{b} {a}\" stroke=\"{}\"/></pattern></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        Hex(UNSEEN[0]),
        Hex(UNSEEN[1]),
        Hex(PAPER),
        a = HATCH - 1.0,
        b = HATCH + 1.0,
    )
}

fn write_shape(out: &mut String, shape: &Shape) -> Result<(), PlotError> {
    match shape {
        Shape::Rect(area, colour) => writeln!(out, "<rect {} {}/>", Box(*area), Paint("fill", *colour))?,
        Shape::Frame(area, colour, width) => writeln!(
            out,
            "<rect {} fill=\"none\" {} stroke-width=\"{}\"/>",
            Box(*area),
            Paint("stroke", *colour),
            Short(*width)
        )?,
        Shape::Line {
            points,
            colour,
            width,
            dash,
        } => {
            write!(
                out,
                "<polyline fill=\"none\" stroke-linejoin=\"round\" {}",
                Paint("stroke", *colour)
            )?;
            write!(out, " stroke-width=\"{}\"", Short(*width))?;
            if let Some([on, off]) = dash {
                write!(out, " stroke-dasharray=\"{} {}\"", Short(*on), Short(*off))?;
            }
            writeln!(out, " points=\"{}\"/>", Points(points))?;
        }
        Shape::Polygon(points, colour) => {
            writeln!(
                out,
                "<polygon {} points=\"{}\"/>",
                Paint("fill", *colour),
                Points(points)
            )?;
        }
        Shape::Unseen(area) => writeln!(out, "<rect {} fill=\"url(#unseen)\"/>", Box(*area))?,
        Shape::Text(text) => write_text(out, text)?,
        Shape::Image(image) => writeln!(
            out,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" style=\"image-rendering:pixelated\" \
             href=\"data:image/png;base64,{}\"/>",
            image.left,
            image.top,
            image.width,
            image.height,
            base64(&indexed_png(image)?)
        )?,
    }
    Ok(())
}

fn write_text(out: &mut String, text: &Text) -> fmt::Result {
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    write!(
        out,
        "<text font-size=\"{}\" text-anchor=\"{anchor}\" {}",
        Short(text.size),
        Paint("fill", text.colour)
    )?;
    if text.weight == Weight::Bold {
        out.push_str(" font-weight=\"bold\"");
    }
    if text.upright {
        let lowered = text.x + 0.36 * text.size;
        write!(
            out,
            " transform=\"translate({} {}) rotate(-90)\"",
            Short(lowered),
            Short(text.y)
        )?;
    } else {
        write!(out, " x=\"{}\" y=\"{}\"", Short(text.x), Short(text.baseline()))?;
    }
    writeln!(out, ">{}</text>", Escaped(&text.content))
}

/// Text with what XML reserves escaped, and what XML forbids left out.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                c if (c < ' ' && c != '\t') || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A number to a hundredth, without needless zeros.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

struct Hex(Colour);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0.rgb;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// `fill` or `stroke` with its opacity.
struct Paint(&'static str, Colour);

impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=\"{}\"", self.0, Hex(self.1))?;
        if self.1.opacity < 1.0 {
            write!(f, " {}-opacity=\"{}\"", self.0, Short(f64::from(self.1.opacity)))?;
        }
        Ok(())
    }
}

struct Box(Area);

impl fmt::Display for Box {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x, y) = (Short(self.0.left), Short(self.0.top));
        let (width, height) = (Short(self.0.width().max(0.0)), Short(self.0.height().max(0.0)));
        write!(f, "x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
    }
}

struct Points<'a>(&'a [(f64, f64)]);

impl fmt::Display for Points<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (x, y)) in self.0.iter().enumerate() {
            let gap = if n == 0 { "" } else { " " };
            write!(f, "{gap}{},{}", Short(*x), Short(*y))?;
        }
        Ok(())
    }
}

fn base64(data: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4);
    for group in data.chunks(3) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0_u32, |bits, (n, byte)| bits | u32::from(*byte) << (16 - 8 * n));
        for n in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * n)) as usize & 63];
            out.push(if n <= group.len() { letter as char } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_follows_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn text_cannot_break_the_document() {
        assert_eq!(
            Escaped("<a href=\"x\">&\u{0}\u{7}频").to_string(),
            "&lt;a href=&quot;x&quot;&gt;&amp;频"
        );
    }
}

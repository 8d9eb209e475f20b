//! Fonts: looked for once on this machine, measured, and drawn from.
//!
//! No font is shipped. Chinese needs a CJK font: `PINPU_FONT` names one, else the places where Debian, Ubuntu, Fedora,
//! macOS and Windows keep theirs are tried. Without one, PNG text is Latin only; SVG text stays text and is drawn by
//! whoever shows it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use ab_glyph::{Font, FontVec, PxScale, ScaleFont, point};

/// The family list SVG text asks for, first found wins.
pub(super) const FAMILIES: &str = "'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','WenQuanYi Micro Hei',\
     'PingFang SC','Microsoft YaHei','DejaVu Sans',sans-serif";

/// Where CJK fonts lie: regular, bold, and the number of the simplified Chinese face in the collection.
const CJK: &[(&str, Option<&str>, u32)] = &[
    (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
        2,
    ),
    (
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc"),
        2,
    ),
    (
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc"),
        2,
    ),
    (
        "/usr/share/fonts/google-noto-sans-cjk-vf-fonts/NotoSansCJK-VF.ttc",
        None,
        2,
    ),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", None, 0),
    ("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc", None, 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", None, 0),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", None, 0),
    ("/System/Library/Fonts/PingFang.ttc", None, 0),
    ("/System/Library/Fonts/STHeiti Medium.ttc", None, 0),
    ("/System/Library/Fonts/Hiragino Sans GB.ttc", None, 0),
    (
        "C:\\Windows\\Fonts\\msyh.ttc",
        Some("C:\\Windows\\Fonts\\msyhbd.ttc"),
        0,
    ),
];

/// Where Latin fonts lie: regular, bold.
const LATIN: &[(&str, &str)] = &[
    (
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    ),
    (
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf",
    ),
    (
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf",
    ),
    (
        "/usr/share/fonts/liberation-sans/LiberationSans-Regular.ttf",
        "/usr/share/fonts/liberation-sans/LiberationSans-Bold.ttf",
    ),
    (
        "/System/Library/Fonts/Supplemental/Arial.ttf",
        "/System/Library/Fonts/Supplemental/Arial Bold.ttf",
    ),
    ("C:\\Windows\\Fonts\\arial.ttf", "C:\\Windows\\Fonts\\arialbd.ttf"),
];

/// What to do where a font is missing.
pub(super) const INSTALL: &str = "install one (Debian and Ubuntu: apt-get install fonts-wqy-microhei or fonts-noto-cjk; \
     Fedora: dnf install google-noto-sans-cjk-fonts) or name a font file in PINPU_FONT, and start again";

/// How heavy text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// The fonts in use.
pub struct Fonts {
    regular: Option<FontVec>,
    bold: Option<FontVec>,
    path: Option<PathBuf>,
    chinese: bool,
}

/// The fonts of this machine, looked for at the first call.
pub fn installed() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| {
        let fonts = Fonts::find(env::var_os("PINPU_FONT").as_deref().map(Path::new), Path::new("/"));
        match &fonts.path {
            Some(path) => tracing::info!(font = %path.display(), chinese = fonts.chinese, "font for plots"),
            None => tracing::warn!("no font for plots: PNG plots are not possible; {INSTALL}"),
        }
        fonts
    })
}

impl Fonts {
    /// The font file in use, if any.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether it draws Chinese.
    #[must_use]
    pub fn draws_chinese(&self) -> bool {
        self.chinese
    }

    /// Looks for fonts: `named` first, then the usual places below `root`.
    pub(super) fn find(named: Option<&Path>, root: &Path) -> Self {
        let below = |path: &str| root.join(path.trim_start_matches('/'));
        if let Some(path) = named {
            match load(path, 0) {
                Some(font) => return Self::of(font, None, path.to_owned()),
                None => {
                    tracing::warn!(font = %path.display(), "PINPU_FONT is not a readable font file; looking elsewhere")
                }
            }
        }
        let cjk = CJK.iter().find_map(|(regular, bold, face)| {
            let path = below(regular);
            let font = load(&path, *face)?;
            Some(Self::of(font, bold.and_then(|bold| load(&below(bold), *face)), path))
        });
        let latin = || {
            LATIN.iter().find_map(|(regular, bold)| {
                let path = below(regular);
                Some(Self::of(load(&path, 0)?, load(&below(bold), 0), path))
            })
        };
        cjk.or_else(latin).unwrap_or(Self {
            regular: None,
            bold: None,
            path: None,
            chinese: false,
        })
    }

    fn of(regular: FontVec, bold: Option<FontVec>, path: PathBuf) -> Self {
        let chinese = "频谱图".chars().all(|c| regular.glyph_id(c).0 != 0);
        Self {
            regular: Some(regular),
            bold,
            path: Some(path),
            chinese,
        }
    }

    /// Whether text can be drawn at all.
    pub(super) fn any(&self) -> bool {
        self.regular.is_some()
    }

    fn face(&self, weight: Weight) -> Option<&FontVec> {
        match weight {
            Weight::Regular => self.regular.as_ref(),
            Weight::Bold => self.bold.as_ref().or(self.regular.as_ref()),
        }
    }

    /// Width of a line of text, `size` being the em in pixels. Estimated where there is no font.
    pub(super) fn width(&self, text: &str, size: f64, weight: Weight) -> f64 {
        let Some(font) = self.face(weight) else {
            return text
                .chars()
                .map(|c| if c as u32 >= 0x2e80 { 1.0 } else { 0.58 })
                .sum::<f64>()
                * size;
        };
        let scaled = font.as_scaled(scale(font, size));
        let mut before = None;
        let mut width = 0.0;
        for c in text.chars() {
            let glyph = font.glyph_id(c);
            width += before.map_or(0.0, |before| scaled.kern(before, glyph)) + scaled.h_advance(glyph);
            before = Some(glyph);
        }
        f64::from(width)
    }

    /// Draws a line of text from `(x, baseline)` on: `dot(column, row, coverage)` for every pixel touched.
    pub(super) fn draw(
        &self,
        text: &str,
        size: f64,
        weight: Weight,
        (x, baseline): (f32, f32),
        mut dot: impl FnMut(i32, i32, f32),
    ) {
        let Some(font) = self.face(weight) else { return };
        let scale = scale(font, size);
        let scaled = font.as_scaled(scale);
        let mut pen = x;
        let mut before = None;
        for c in text.chars() {
            let id = font.glyph_id(c);
            pen += before.map_or(0.0, |before| scaled.kern(before, id));
            before = Some(id);
            if let Some(outline) = font.outline_glyph(id.with_scale_and_position(scale, point(pen, baseline))) {
                let corner = outline.px_bounds().min;
                outline.draw(|column, row, coverage| {
                    dot(corner.x as i32 + column as i32, corner.y as i32 + row as i32, coverage);
                });
            }
            pen += scaled.h_advance(id);
        }
    }
}

/// `ab_glyph` scales by line height; we think in em, as SVG does.
fn scale(font: &FontVec, size: f64) -> PxScale {
    let em = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(size as f32 * font.height_unscaled() / em)
}

fn load(path: &Path, face: u32) -> Option<FontVec> {
    let data = fs::read(path).ok()?;
    FontVec::try_from_vec_and_index(data, face)
        .map_err(|_| tracing::debug!(font = %path.display(), "not a font"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_fonts_widths_are_estimated_and_nothing_is_drawn() {
        let empty = tempfile::tempdir().unwrap();
        let none = Fonts::find(Some(&empty.path().join("no.ttf")), empty.path());
        assert!(!none.any() && !none.draws_chinese() && none.path().is_none());
        assert!((none.width("频谱", 10.0, Weight::Regular) - 20.0).abs() < 1e-9);
        none.draw("x", 10.0, Weight::Bold, (0.0, 0.0), |_, _, _| {
            panic!("drawn without a font")
        });
    }

    #[test]
    fn a_file_that_is_no_font_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.ttf");
        fs::write(&path, "not a font").unwrap();
        assert!(!Fonts::find(Some(&path), folder.path()).any());
    }

    #[test]
    fn wide_text_is_wider_and_drawn_within_its_width() {
        let fonts = installed();
        if !fonts.any() {
            println!("skipped: wide_text_is_wider_and_drawn_within_its_width (no font on this machine)");
            assert!(env::var("CI").as_deref() != Ok("true"), "CI needs a font: {INSTALL}");
            return;
        }
        let width = |text| fonts.width(text, 20.0, Weight::Regular);
        assert!(width("MMMM") > width("iiii") * 1.5);
        let (mut left, mut right) = (i32::MAX, i32::MIN);
        fonts.draw("MHz", 20.0, Weight::Regular, (5.0, 20.0), |x, _, coverage| {
            if coverage > 0.1 {
                (left, right) = (left.min(x), right.max(x));
            }
        });
        assert!(left >= 5 && f64::from(right) <= 6.0 + width("MHz"), "{left} to {right}");
    }
}

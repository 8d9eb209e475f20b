//! The pictures hold what they promise: sizes, readable labels that keep apart, signals where they are, hatching where
//! nothing was observed. `PINPU_PLOT_DIR=folder` keeps the sample pictures for looking at.

mod samples;

use std::{collections::BTreeSet, env, fs, path::Path};

use jiff::tz::Offset;

use self::samples::{band, occupancy, spectrum, waterfall};
use super::{
    colour::{UNSEEN, level_map},
    fonts::Fonts,
    scene::Shape,
    *,
};

/// Sizes that pictures are asked for in: usual, narrow, wide, smallest, large.
const SIZES: [(u32, u32); 6] = [
    (1200, 700),
    (480, 640),
    (1600, 420),
    (320, 240),
    (640, 360),
    (2400, 1500),
];

fn samples(language: Language) -> [(&'static str, Plot); 3] {
    [
        ("spectrum", Plot::Spectrum(spectrum(language))),
        ("waterfall", Plot::Waterfall(waterfall(language))),
        ("occupancy", Plot::Occupancy(occupancy(language))),
    ]
}

fn options((width, height): (u32, u32), language: Language, format: Format) -> PlotOptions {
    PlotOptions {
        width,
        height,
        language,
        format,
        offset: Offset::constant(8),
    }
}

/// Whether PNG can be drawn here; said by name where not, and a failure under `CI=true`.
fn has_font(test: &str) -> bool {
    let fonts = fonts::installed();
    if fonts.draws_chinese() {
        return true;
    }
    assert!(
        env::var("CI").as_deref() != Ok("true"),
        "CI needs a Chinese font: {}",
        fonts::INSTALL
    );
    println!("skipped: {test} (no Chinese font on this machine)");
    false
}

fn decode(bytes: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (
        info.width,
        info.height,
        data[..info.buffer_size()].as_chunks::<3>().0.to_vec(),
    )
}

#[test]
fn every_picture_has_the_size_it_was_asked_for_in_both_formats() {
    if !has_font("every_picture_has_the_size_it_was_asked_for_in_both_formats") {
        return;
    }
    let keep = env::var_os("PINPU_PLOT_DIR");
    for language in [Language::Zh, Language::En] {
        for (name, plot) in samples(language) {
            for size in if keep.is_some() { &SIZES[..5] } else { &SIZES[3..5] } {
                let bytes = render(&plot, &options(*size, language, Format::Png)).unwrap();
                let (width, height, _) = decode(&bytes);
                assert_eq!((width, height), *size);
                let svg = render(&plot, &options(*size, language, Format::Svg)).unwrap();
                let text = String::from_utf8(svg.clone()).unwrap();
                let tree = roxmltree::Document::parse(&text).unwrap();
                assert_eq!(
                    tree.root_element().attribute("width"),
                    Some(size.0.to_string().as_str())
                );
                if let Some(folder) = &keep {
                    let file = Path::new(folder).join(format!("{name}-{language:?}-{}x{}.png", size.0, size.1));
                    fs::write(&file, bytes).unwrap();
                    fs::write(file.with_extension("svg"), svg).unwrap();
                }
            }
        }
    }
}

#[test]
fn no_label_covers_another_or_leaves_the_picture() {
    let fonts = fonts::installed();
    for language in [Language::Zh, Language::En] {
        for (name, plot) in samples(language) {
            for (width, height) in SIZES {
                let scene = compose(&plot, &options((width, height), language, Format::Svg), fonts).unwrap();
                let texts: Vec<_> = scene
                    .shapes
                    .iter()
                    .filter_map(|shape| {
                        if let Shape::Text(text) = shape {
                            Some(text)
                        } else {
                            None
                        }
                    })
                    .collect();
                assert!(texts.len() > 8, "{name} {width}x{height}: only {} labels", texts.len());
                for (n, text) in texts.iter().enumerate() {
                    let area = text.area(fonts);
                    let inside = area.left >= -0.5
                        && area.top >= -0.5
                        && area.right <= f64::from(width) + 0.5
                        && area.bottom <= f64::from(height) + 0.5;
                    assert!(
                        inside,
                        "{name} {width}x{height}: '{}' leaves the picture: {area:?}",
                        text.content
                    );
                    for other in &texts[..n] {
                        let both = (&other.content, &text.content);
                        assert!(
                            !area.overlaps(other.area(fonts)),
                            "{name} {width}x{height}: {both:?} cover each other"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn on_the_smallest_picture_the_strip_gives_way_to_the_chart() {
    let mut plot = spectrum(Language::En);
    let whole = plot.scope.band;
    for name in ["one", "two", "three"] {
        let colour = Colour::of_service(name);
        plot.scope.allocations.push(BandLabel {
            band: whole,
            text: name.into(),
            colour,
        });
    }
    plot.scope.receiver = "a receiver with quite a long name at a place with a long name too".into();
    let svg = render(&Plot::Spectrum(plot), &options((320, 240), Language::En, Format::Svg)).unwrap();
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("FM broadcasting, class 1"), "what fits of the strip stays");
}

#[test]
fn svg_keeps_its_text_as_text_and_says_everything() {
    let svg = |plot: &Plot, language| {
        String::from_utf8(render(plot, &options((1200, 700), language, Format::Svg)).unwrap()).unwrap()
    };
    let texts = |document: &str| -> BTreeSet<String> {
        let tree = roxmltree::Document::parse(document).unwrap();
        tree.descendants()
            .filter_map(|node| node.text())
            .map(|text| text.trim().to_owned())
            .collect()
    };
    let [(_, spectrum), (_, waterfall), (_, occupancy)] = samples(Language::Zh);
    for (plot, words) in [
        (
            &spectrum,
            vec![
                "频谱 96.8 MHz – 99.2 MHz",
                "频率（MHz）",
                "电平（dBFS）",
                "平均",
                "噪声底",
                "未观测",
                "#3 无执照",
                "调频广播（一类）",
            ],
        ),
        (
            &waterfall,
            vec![
                "瀑布图 96.8 MHz – 99.2 MHz",
                "时间（UTC+8）",
                "dBFS",
                "10:16:00",
                "未观测",
            ],
        ),
        (
            &occupancy,
            vec!["信道占用度 96.8 MHz – 99.2 MHz", "占用度（%）", "95% 置信区间", "100"],
        ),
    ] {
        let found = texts(&svg(plot, Language::Zh));
        for word in words {
            assert!(found.contains(word), "'{word}' is missing in {found:?}");
        }
    }
    let [(_, spectrum), ..] = samples(Language::En);
    let found = texts(&svg(&spectrum, Language::En));
    for word in ["Frequency (MHz)", "Level (dBFS)", "97.0", "−60", "#3 unlicensed"] {
        assert!(found.contains(word), "'{word}' is missing in {found:?}");
    }
}

#[test]
fn a_signal_is_drawn_where_it_is_and_nowhere_else() {
    if !has_font("a_signal_is_drawn_where_it_is_and_nowhere_else") {
        return;
    }
    let mut quiet = spectrum(Language::En);
    (quiet.emissions, quiet.max, quiet.min) = (Vec::new(), Vec::new(), Vec::new());
    quiet.mean = vec![-90.0; 2048];
    let mut loud = quiet.clone();
    loud.mean[1024] = -50.0;
    quiet.mean[3] = -50.0;
    loud.mean[3] = -50.0;
    let [quiet, loud] = [quiet, loud].map(Plot::Spectrum);
    let size = options((800, 500), Language::En, Format::Png);
    let [(width, _, before), (_, _, after)] = [&quiet, &loud].map(|plot| decode(&render(plot, &size).unwrap()));
    let changed: BTreeSet<u32> = (0..before.len())
        .filter(|n| before[*n] != after[*n])
        .map(|n| n as u32 % width)
        .collect();
    let (first, last) = (*changed.first().expect("a difference"), *changed.last().unwrap());
    assert!(last - first < 8, "one bin changed columns {first} to {last}");
    let chart = compose(&quiet, &size, fonts::installed()).unwrap().shapes;
    let Some(Shape::Rect(area, _)) = chart
        .iter()
        .find(|shape| matches!(shape, Shape::Rect(area, _) if area.height() > 200.0))
    else {
        panic!("no chart")
    };
    let expected = area.left + area.width() * 1024.5 / 2048.0;
    assert!(
        (f64::from(first + last) / 2.0 - expected).abs() < 1.5,
        "{first} to {last}, expected {expected}"
    );
}

#[test]
fn what_was_not_observed_is_hatched_and_never_a_level() {
    if !has_font("what_was_not_observed_is_hatched_and_never_a_level") {
        return;
    }
    let mut plot = waterfall(Language::En);
    plot.rows = vec![None; 50];
    plot.emissions.clear();
    let size = options((640, 480), Language::En, Format::Png);
    let scene = compose(&Plot::Waterfall(plot.clone()), &size, fonts::installed()).unwrap();
    let chart = scene.shapes.iter().find_map(|shape| {
        if let Shape::Unseen(area) = shape {
            Some(*area)
        } else {
            None
        }
    });
    let inside = chart.filter(|area| area.height() > 100.0).or_else(|| {
        scene.shapes.iter().find_map(|shape| match shape {
            Shape::Unseen(area) if area.height() > 100.0 => Some(*area),
            _ => None,
        })
    });
    let area = inside.expect("a hatched chart");
    let (width, _, pixels) = decode(&render(&Plot::Waterfall(plot), &size).unwrap());
    let levels: BTreeSet<[u8; 3]> = level_map()[1..].iter().copied().collect();
    let ground = UNSEEN[0].rgb;
    let mut hatched = 0;
    for y in area.top as u32 + 2..area.bottom as u32 - 2 {
        for x in area.left as u32 + 2..area.right as u32 - 2 {
            let pixel = pixels[(y * width + x) as usize];
            assert!(!levels.contains(&pixel), "a level at ({x}, {y})");
            hatched += usize::from(pixel != ground);
        }
    }
    assert!(hatched as f64 > 0.05 * area.width() * area.height(), "no hatch lines");
}

#[test]
fn chinese_is_drawn_and_not_as_boxes() {
    if !has_font("chinese_is_drawn_and_not_as_boxes") {
        return;
    }
    let ink = |text: &str| {
        let mut dots = BTreeSet::new();
        fonts::installed().draw(text, 32.0, fonts::Weight::Regular, (0.0, 32.0), |x, y, coverage| {
            if coverage > 0.5 {
                dots.insert((x, y));
            }
        });
        dots
    };
    let (one, other) = (ink("频"), ink("谱"));
    assert!(
        one.len() > 100 && other.len() > 100,
        "{} and {} dots",
        one.len(),
        other.len()
    );
    let differ = one.symmetric_difference(&other).count();
    assert!(
        differ > one.len() / 2,
        "two characters differ in {differ} dots only: the same box twice?"
    );
}

#[test]
fn without_a_font_png_says_what_to_install_and_svg_still_works() {
    let folder = tempfile::tempdir().unwrap();
    let none = Fonts::find(None, folder.path());
    let [(_, plot), ..] = samples(Language::Zh);
    let error = render_with(&plot, &options((800, 600), Language::Zh, Format::Png), &none).unwrap_err();
    assert!(
        matches!(error, PlotError::Font { .. }) && error.to_string().contains("fonts-wqy-microhei"),
        "{error}"
    );
    let svg = render_with(&plot, &options((800, 600), Language::Zh, Format::Svg), &none).unwrap();
    assert!(String::from_utf8(svg).unwrap().contains("频谱"));
    let latin = Path::new("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf");
    if latin.exists() {
        let latin = Fonts::find(Some(latin), folder.path());
        let draw = |language| render_with(&plot, &options((800, 600), language, Format::Png), &latin);
        assert!(matches!(draw(Language::Zh), Err(PlotError::Font { script: "Chinese" })));
        assert!(draw(Language::En).is_ok());
    }
}

#[test]
fn impossible_wishes_are_refused_with_what_to_ask_for() {
    let [(_, plot), ..] = samples(Language::En);
    for size in [(8193, 700), (1200, 8193), (319, 700), (1200, 239), (0, 0)] {
        let error = render(&plot, &options(size, Language::En, Format::Svg))
            .unwrap_err()
            .to_string();
        assert!(error.contains("320 to 8192"), "{error}");
    }
    assert!("gif".parse::<Format>().unwrap_err().to_string().contains("png or svg"));
}

#[test]
fn data_that_do_not_fit_together_are_refused() {
    let refusal = |plot: Plot| {
        render(&plot, &options((800, 600), Language::En, Format::Svg))
            .unwrap_err()
            .to_string()
    };
    let good = spectrum(Language::En);
    let empty = Scope {
        band: band(5, 5),
        ..good.scope.clone()
    };
    for (plot, word) in [
        (
            Plot::Spectrum(SpectrumPlot {
                mean: Vec::new(),
                ..good.clone()
            }),
            "no bins",
        ),
        (
            Plot::Spectrum(SpectrumPlot {
                max: vec![0.0; 3],
                ..good.clone()
            }),
            "'max' has 3 bins",
        ),
        (
            Plot::Spectrum(SpectrumPlot {
                scope: empty,
                ..good.clone()
            }),
            "is empty",
        ),
        (
            Plot::Waterfall(WaterfallPlot {
                rows: Vec::new(),
                ..waterfall(Language::En)
            }),
            "no rows",
        ),
        (
            Plot::Waterfall(WaterfallPlot {
                rows: vec![Some(vec![0.0]), Some(vec![0.0; 2])],
                ..waterfall(Language::En)
            }),
            "rows of 1 and of 2",
        ),
        (
            Plot::Waterfall(WaterfallPlot {
                levels: Some([0.0, -10.0]),
                ..waterfall(Language::En)
            }),
            "must be higher",
        ),
        (
            Plot::Occupancy(OccupancyPlot {
                bins: Vec::new(),
                ..occupancy(Language::En)
            }),
            "no channels",
        ),
    ] {
        let error = refusal(plot);
        assert!(error.contains(word), "'{word}' is missing in: {error}");
    }
}

#[test]
fn one_bin_all_nan_and_offsets_are_drawn_too() {
    let mut plot = spectrum(Language::En);
    (plot.max, plot.min, plot.floor) = (Vec::new(), Vec::new(), Vec::new());
    plot.scope.band = band(-6_000, 6_001);
    plot.scope.start = None;
    for mean in [vec![-80.0], vec![f32::NAN; 64], vec![f32::NEG_INFINITY, -3.0, f32::NAN]] {
        plot.mean = mean;
        let svg = render(
            &Plot::Spectrum(plot.clone()),
            &options((800, 600), Language::En, Format::Svg),
        )
        .unwrap();
        assert!(String::from_utf8(svg).unwrap().contains("Offset from centre (kHz)"));
    }
}

#[test]
fn occupancy_of_the_band_is_told_with_its_interval_and_never_as_nothing() {
    assert!(
        Language::En
            .band_share([0.10, 0.12, 0.14])
            .ends_with("12.0 % (10.0 – 14.0 %)")
    );
    assert!(Language::En.band_share([0.0, 0.0, 0.003]).ends_with("≤ 0.30 %"));
    assert!(Language::Zh.band_share([0.985, 1.0, 1.0]).ends_with("≥ 98.50 %"));
}

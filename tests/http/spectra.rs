//! Spectra and the waterfall, as JSON and as bytes.

use std::time::Duration;

use pinpu::{capture::ObservationContent, detect::DetectEvent, service::auth::Role};
use serde_json::json;

use crate::app::{TestApp, frame, status};

fn wait_for(mut ready: impl FnMut() -> bool) {
    for _ in 0..500 {
        if ready() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not ready within five seconds");
}

#[test]
fn the_latest_spectrum_keeps_its_peak_at_any_width() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    app.get("/api/v1/spectra/latest").cookie(&viewer).send().expect(404);
    app.observe(ObservationContent::Status(status()));
    app.detect(DetectEvent::Frame(frame(1.0)));
    wait_for(|| app.get("/api/v1/spectra/latest").cookie(&viewer).send().status == 200);
    for pixels in [1024, 100, 1] {
        let path = format!("/api/v1/spectra/latest?receiver=rx1&pixels={pixels}");
        let spectrum = app.get(&path).cookie(&viewer).send().expect(200).json();
        let max = spectrum["max"].as_array().expect("levels");
        assert_eq!(max.len(), pixels);
        assert_eq!(
            max.iter().filter(|level| level.as_f64() == Some(-25.0)).count(),
            1,
            "{pixels}"
        );
        assert_eq!(
            (&spectrum["unit"], &spectrum["low_hz"]),
            (&json!("dbfs"), &json!(97_000_000))
        );
    }
    let part = app
        .get("/api/v1/spectra/latest?low_hz=97400000&high_hz=97500000")
        .cookie(&viewer)
        .send()
        .expect(200);
    assert!(part.json()["max"].as_array().expect("levels").len() < 60);
    app.get("/api/v1/spectra/latest?low_hz=10&high_hz=20")
        .cookie(&viewer)
        .send()
        .expect(404);
    app.get("/api/v1/spectra/latest?receiver=rx9")
        .cookie(&viewer)
        .send()
        .expect(404);
    let receiver = app
        .get("/api/v1/receivers/rx1")
        .cookie(&viewer)
        .send()
        .expect(200)
        .json();
    assert_eq!(receiver["latest_frame"]["bins"], 1024);
}

#[test]
fn stored_spectra_come_in_time_order_and_as_a_waterfall_with_holes() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    app.observe(ObservationContent::Status(status()));
    // Two seconds watched, two not, one watched; the frame after it closes the row.
    for start_s in [0.1, 0.5, 1.1, 1.5, 4.1, 4.5, 5.1] {
        app.detect(DetectEvent::Frame(frame(start_s)));
    }
    let list = app.wait_for_items(&viewer, "/api/v1/spectra?receiver=rx1", 3);
    let times: Vec<&str> = list
        .iter()
        .map(|spectrum| spectrum["time"].as_str().expect("time"))
        .collect();
    assert!(times.is_sorted(), "{times:?}");

    let from = list[0]["time"]
        .as_str()
        .expect("time")
        .parse::<jiff::Timestamp>()
        .expect("time");
    let from = jiff::Timestamp::from_second(from.as_second()).expect("time");
    let to = from + jiff::SignedDuration::from_secs(6);
    let path = format!("/api/v1/spectra/waterfall?receiver=rx1&from={from}&to={to}&width=64&height=6");
    let reply = app.get(&path).cookie(&viewer).send().expect(200);
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    let bytes = &reply.body;
    assert_eq!((&bytes[..4], bytes[6]), (&b"PSF1"[..], 2));
    assert_eq!(bytes.len(), 72 + 6 * (8 + 64));
    let rows: Vec<&[u8]> = bytes[72..].chunks(72).map(|row| &row[8..]).collect();
    let watched: Vec<bool> = rows.iter().map(|row| row.iter().any(|value| *value != 0)).collect();
    assert!(
        watched.contains(&true) && watched.contains(&false),
        "a gap is not a level: {watched:?}"
    );
    assert!(
        rows.iter()
            .all(|row| row.iter().all(|value| *value == 0) || row.iter().any(|value| *value > 200)),
        "the peak stays"
    );
}

#[test]
fn images_are_drawn_in_both_formats_and_languages() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    app.observe(ObservationContent::Status(status()));
    for start_s in [0.1, 1.1, 2.1, 3.1] {
        app.detect(DetectEvent::Frame(frame(start_s)));
    }
    app.wait_for_items(&viewer, "/api/v1/spectra?receiver=rx1", 2);
    for subject in ["spectrum", "waterfall", "occupancy"] {
        let get = |file: &str| app.get(&format!("/api/v1/plots/{file}")).cookie(&viewer).send();
        let svg = get(&format!("{subject}.svg?lang=zh&width=800&height=400")).expect(200);
        assert_eq!(svg.header("content-type"), "image/svg+xml");
        assert!(svg.text().contains("<svg") && svg.text().contains("频"), "{subject}");
        let english = get(&format!("{subject}.svg?lang=en")).expect(200).text();
        assert!(english.contains("MHz") && !english.contains("频"), "{subject}");
        let png = get(&format!("{subject}.png?lang=en"));
        assert!(
            png.status == 200 || (png.status == 503 && png.text().contains("font")),
            "{}",
            png.text()
        );
        if png.status == 200 {
            assert_eq!(
                (png.header("content-type"), &png.body[..4]),
                ("image/png", &b"\x89PNG"[..])
            );
        }
        get(&format!("{subject}.svg?width=5")).expect(400);
        let elsewhere = get(&format!("{subject}.svg?low_hz=5&high_hz=6")).status;
        let hatched = subject == "waterfall";
        assert_eq!(
            elsewhere,
            if hatched { 200 } else { 404 },
            "{subject}: what nobody watched is never drawn as quiet"
        );
    }
}

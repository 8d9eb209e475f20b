//! Orders as a TOML file: every fault with file, line, key and what to write instead.

use serde::Deserialize;
use toml::Spanned;

use super::{ControlArea, ControlOrder, Effect};
use crate::registry::{
    Place, Text,
    details::Area,
    hours,
    table::{Source, TableError},
};

const FORMAT: u32 = 1;

/// Reads the orders of the TOML file `file`.
///
/// # Errors
/// The first fault, with file, line and key.
pub fn parse(text: &str, file: &str) -> Result<Vec<ControlOrder>, TableError> {
    let source = Source { text, file };
    let raw: RawFile = toml::from_str(text)
        .map_err(|error| source.fault(&error.span().unwrap_or(0..0), "", error.message().to_owned()))?;
    if *raw.format.get_ref() != FORMAT {
        let reason = format!(
            "this version reads format {FORMAT}, the file has {}",
            raw.format.get_ref()
        );
        return Err(source.fault(&raw.format.span(), "format", reason));
    }
    let mut orders: Vec<ControlOrder> = Vec::with_capacity(raw.order.len());
    for raw in raw.order {
        let span = raw.id.span();
        let order = source.order(raw)?;
        if orders.iter().any(|known| known.id == order.id) {
            let reason = format!("'{}' stands twice: give every order a number of its own", order.id);
            return Err(source.fault(&span, "id", reason));
        }
        orders.push(order);
    }
    Ok(orders)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    format: Spanned<u32>,
    #[serde(default)]
    order: Vec<RawOrder>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrder {
    id: Spanned<String>,
    title: Text,
    issuer: String,
    low: Spanned<String>,
    high: Spanned<String>,
    area: RawArea,
    from: Spanned<String>,
    to: Spanned<String>,
    hours: Option<Spanned<String>>,
    effect: Spanned<Word>,
    max_eirp_dbm: Option<f64>,
    max_bandwidth: Option<Spanned<String>>,
    #[serde(default)]
    exempt: Vec<String>,
    classification: Option<String>,
    #[serde(default)]
    releasability: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Prohibit,
    Limit,
    Protect,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawArea {
    Everywhere,
    Circle {
        latitude: Spanned<f64>,
        longitude: f64,
        radius_km: f64,
    },
    Rectangle {
        south: Spanned<f64>,
        west: f64,
        north: f64,
        east: f64,
    },
    Polygon(Spanned<Vec<(f64, f64)>>),
}

impl Source<'_> {
    fn order(&self, raw: RawOrder) -> Result<ControlOrder, TableError> {
        let instant = |text: &Spanned<String>, key| {
            text.get_ref().parse::<jiff::Timestamp>().map_err(|_| {
                let reason = format!("'{}' is no instant: write 2026-06-07T08:00:00+08:00", text.get_ref());
                self.fault(&text.span(), key, reason)
            })
        };
        let (from, to) = (instant(&raw.from, "from")?, instant(&raw.to, "to")?);
        if to <= from {
            let reason = "is not after 'from': exchange the two".to_owned();
            return Err(self.fault(&raw.to.span(), "to", reason));
        }
        let windows = match &raw.hours {
            Some(text) => {
                hours::parse(text.get_ref()).map_err(|error| self.fault(&text.span(), "hours", error.to_string()))?
            }
            None => Vec::new(),
        };
        Ok(ControlOrder {
            band: self.band(&raw.low, &raw.high, ["low", "high"])?,
            area: self.area(&raw.area)?,
            effect: self.effect(&raw)?,
            id: raw.id.into_inner(),
            title: raw.title,
            issuer: raw.issuer,
            from,
            to,
            windows,
            exempt: raw.exempt,
            classification: raw.classification,
            releasability: raw.releasability,
        })
    }

    fn effect(&self, raw: &RawOrder) -> Result<Effect, TableError> {
        let span = raw.effect.span();
        let limited = raw.max_eirp_dbm.is_some() || raw.max_bandwidth.is_some();
        let is_limit = *raw.effect.get_ref() == Word::Limit;
        if limited != is_limit {
            let reason = if is_limit {
                "a limit needs max_eirp_dbm or max_bandwidth"
            } else {
                "max_eirp_dbm and max_bandwidth go with effect = \"limit\""
            };
            return Err(self.fault(&span, "effect", reason.to_owned()));
        }
        if raw.max_eirp_dbm.is_some_and(|limit| !limit.is_finite()) {
            return Err(self.fault(&span, "max_eirp_dbm", "write a finite number of dBm".to_owned()));
        }
        let max_bandwidth_hz = match &raw.max_bandwidth {
            Some(width) => Some(self.frequency(width, "max_bandwidth")?),
            None => None,
        };
        Ok(match raw.effect.get_ref() {
            Word::Prohibit => Effect::Prohibit,
            Word::Protect => Effect::Protect,
            Word::Limit => Effect::Limit {
                max_eirp_dbm: raw.max_eirp_dbm,
                max_bandwidth_hz,
            },
        })
    }

    fn area(&self, raw: &RawArea) -> Result<Option<ControlArea>, TableError> {
        let on_earth = |lat: f64, lon: f64| (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        let fault = |span: std::ops::Range<usize>, reason: &str| Err(self.fault(&span, "area", reason.to_owned()));
        match raw {
            RawArea::Everywhere => Ok(None),
            RawArea::Circle {
                latitude,
                longitude,
                radius_km,
            } => {
                let fits = on_earth(*latitude.get_ref(), *longitude) && *radius_km > 0.0 && radius_km.is_finite();
                if !fits {
                    let reason = "write degrees north and east (WGS-84) and a radius above zero";
                    return fault(latitude.span(), reason);
                }
                Ok(Some(ControlArea::Circle(Place {
                    latitude: *latitude.get_ref(),
                    longitude: *longitude,
                    radius_km: *radius_km,
                })))
            }
            RawArea::Rectangle {
                south,
                west,
                north,
                east,
            } => {
                let fits = on_earth(*south.get_ref(), *west) && on_earth(*north, *east) && south.get_ref() < north;
                if !fits {
                    return fault(south.span(), "write degrees; south lies below north");
                }
                Ok(Some(ControlArea::Shape(Area::Rectangle {
                    south: *south.get_ref(),
                    west: *west,
                    north: *north,
                    east: *east,
                })))
            }
            RawArea::Polygon(corners) => {
                let fits =
                    corners.get_ref().len() >= 3 && corners.get_ref().iter().all(|&(lat, lon)| on_earth(lat, lon));
                if !fits {
                    return fault(corners.span(), "write at least three corners as [latitude, longitude]");
                }
                Ok(Some(ControlArea::Shape(Area::Polygon(corners.get_ref().clone()))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::control::EXAMPLE_TOML;

    #[test]
    fn the_example_holds_where_and_when_it_says() {
        let orders = parse(EXAMPLE_TOML, "control-orders.toml").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(orders.len(), 3);
        let at = |text: &str| text.parse().expect("an instant");
        let point = |latitude, longitude| Place {
            latitude,
            longitude,
            radius_km: 0.0,
        };
        let exam = &orders[0];
        for (instant, holds) in [
            ("2026-06-07T08:00:00+08:00", true),
            ("2026-06-07T07:59:59+08:00", false),
            ("2026-06-07T18:00:00+08:00", false),
            ("2026-06-09T08:00:00+08:00", false),
        ] {
            assert_eq!(exam.in_force(at(instant)), holds, "{instant}");
        }
        assert!(exam.covers(&point(30.530, 114.360)) && !exam.covers(&point(30.560, 114.360)));
        let games = &orders[1];
        assert!(games.covers(&point(30.55, 114.40)) && !games.covers(&point(30.55, 114.60)));
        let triangle = &orders[2];
        assert!(triangle.covers(&point(30.6, 114.4)) && !triangle.covers(&point(30.99, 114.2)));
    }

    #[test]
    fn faults_name_line_and_key_and_say_what_to_write() {
        for (from, to, key, says) in [
            ("format = 1", "format = 2", "format", "format 1"),
            ("effect = \"prohibit\"", "effect = \"limit\"", "effect", "max_eirp_dbm"),
            ("effect = \"prohibit\"", "effect = \"forbid\"", "", "prohibit"),
            (
                "2026-06-09T00:00:00+08:00",
                "2026-06-06T00:00:00+08:00",
                "to",
                "exchange",
            ),
            ("2026-06-09T00:00:00+08:00", "9 June", "to", "2026-06-07T08:00:00+08:00"),
            ("hours = \"08:00-18:00\"", "hours = \"8-18\"", "hours", "Mo-Fr"),
            ("high = \"3000M\"", "high = \"10M\"", "high", "exchange"),
            ("radius_km = 1.5", "radius_km = -1.5", "area", "radius"),
            ("EXAM-2026-06", "GAMES-2026-10", "id", "twice"),
        ] {
            let text = EXAMPLE_TOML.replacen(from, to, 1);
            assert_ne!(text, EXAMPLE_TOML, "{from}");
            let error = parse(&text, "o.toml").expect_err(to);
            assert_eq!(error.key, key, "{error}");
            assert!(error.reason.contains(says) && error.line > 1, "{error}");
        }
    }
}

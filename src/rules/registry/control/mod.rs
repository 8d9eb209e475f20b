//! Radio control orders (无线电管制令): a band, an area and a time in which sending is prohibited, limited, or everything
//! but the licensed is to keep away. Pure data; who issued one and how it was agreed is kept elsewhere.

mod read;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use read::parse;

use super::{
    Assignment, Place, Text,
    details::{Area, Window},
};
use crate::units::{Band, Hertz};

/// An example with every key; `config/control-orders.toml`.
pub const EXAMPLE_TOML: &str = include_str!("../../../../config/control-orders.toml");

/// One order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ControlOrder {
    /// Number of the order.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Who issued it.
    pub issuer: String,
    /// The band it covers.
    pub band: Band,
    /// Where it holds; `None`: in the whole jurisdiction.
    pub area: Option<ControlArea>,
    /// First instant in force.
    pub from: Timestamp,
    /// First instant no longer in force.
    pub to: Timestamp,
    /// Hours within that; empty: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// What it does.
    pub effect: Effect,
    /// Assignments (by key) and holders that may go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<String>,
    /// Security classification; none: the order is open to everybody who may read orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// Whom a classified order may be released to nevertheless: names of roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releasability: Vec<String>,
}

/// Where an order holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlArea {
    /// Around a point.
    Circle(Place),
    /// A rectangle or polygon.
    Shape(Area),
}

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Effect {
    /// Nobody may send but the exempt.
    Prohibit,
    /// Those who may send do so within these limits.
    Limit {
        /// Greatest radiated power, dBm.
        max_eirp_dbm: Option<f64>,
        /// Greatest occupied bandwidth.
        max_bandwidth_hz: Option<Hertz>,
    },
    /// Only who has an assignment or an exemption from licensing may send: the band is watched.
    Protect,
}

impl ControlOrder {
    /// Whether it is in force at an instant.
    #[must_use]
    pub fn in_force(&self, time: Timestamp) -> bool {
        let within = self.windows.is_empty() || self.windows.iter().any(|window| window.contains(time) == Some(true));
        (self.from..self.to).contains(&time) && within
    }

    /// Whether it holds at a point.
    #[must_use]
    pub fn covers(&self, point: &Place) -> bool {
        match &self.area {
            None => true,
            Some(ControlArea::Circle(circle)) => circle.distance_km(point) <= circle.radius_km,
            Some(ControlArea::Shape(area)) => area.contains(point.latitude, point.longitude) == Some(true),
        }
    }

    /// Whether a station may go on in spite of it.
    #[must_use]
    pub fn exempts(&self, assignment: &Assignment) -> bool {
        self.exempt
            .iter()
            .any(|name| *name == assignment.id || *name == assignment.holder)
    }
}

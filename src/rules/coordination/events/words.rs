//! States and results in words, in both languages.

use super::{AdmissionParameter, EventState, WatchStanding};
use crate::registry::Text;

pub(super) fn state(state: EventState) -> Text {
    let (zh, en) = match state {
        EventState::Draft => ("草稿", "a draft"),
        EventState::Announced => ("已发布", "announced"),
        EventState::Running => ("进行中", "running"),
        EventState::Closed => ("已结束", "closed"),
        EventState::Cancelled => ("已取消", "cancelled"),
    };
    Text::new(zh, en)
}

pub(super) fn parameter(parameter: AdmissionParameter) -> Text {
    let (zh, en) = match parameter {
        AdmissionParameter::CentreFrequency => ("中心频率", "Centre frequency"),
        AdmissionParameter::OccupiedBandwidth => ("占用带宽", "Occupied bandwidth"),
        AdmissionParameter::RadiatedPower => ("辐射功率", "Radiated power"),
        AdmissionParameter::ClassOfEmission => ("发射类别", "Class of emission"),
    };
    Text::new(zh, en)
}

pub(super) fn standing(standing: WatchStanding) -> Text {
    let (zh, en) = match standing {
        WatchStanding::Unobserved => ("未观测", "not observed"),
        WatchStanding::PartlyObserved => (
            "部分时间未观测，观测时段内未发现异常",
            "partly unobserved; nothing found while observed",
        ),
        WatchStanding::Clear => ("未发现异常", "nothing found"),
        WatchStanding::Disturbed => ("发现异常", "something was found"),
        WatchStanding::AskOtherSide => ("不提供结论，请与对方主管部门协调", "not told: ask the other side"),
    };
    Text::new(zh, en)
}

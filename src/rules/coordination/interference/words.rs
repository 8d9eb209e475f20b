//! States, grades and steps in words, in both languages.

use super::{GiveReport, Grade, Level, LicenceFinding, ReportDue, ReportState, ReportStep, Verification};
use crate::{
    coordination::{Refusal, orders::Office, words::moment},
    registry::Text,
};

pub(super) fn state(state: ReportState) -> Text {
    let (zh, en) = match state {
        ReportState::Received => ("已受理", "received"),
        ReportState::Confirmed => ("已确认", "confirmed"),
        ReportState::Located => ("已定位", "located"),
        ReportState::Acted => ("已采取措施", "acted upon"),
        ReportState::VerifiedClear => ("干扰已消除", "verified clear"),
        ReportState::Closed => ("已办结", "closed"),
        ReportState::Rejected => ("不予受理", "rejected"),
        ReportState::Withdrawn => ("已撤回", "withdrawn"),
    };
    Text::new(zh, en)
}

pub(super) fn grade(grade: Grade) -> Text {
    let (zh, en) = match grade {
        Grade::First => ("一级", "grade 1"),
        Grade::Second => ("二级", "grade 2"),
        Grade::Third => ("三级", "grade 3"),
    };
    Text::new(zh, en)
}

pub(super) fn level(level: Level) -> Text {
    let (zh, en) = match level {
        Level::District => ("区县", "district"),
        Level::City => ("市", "city"),
        Level::Province => ("省", "province"),
    };
    Text::new(zh, en)
}

pub(super) fn office(office: Office) -> Text {
    let (zh, en) = match office {
        Office::Civil => ("地方无线电管理机构", "civil radio administration"),
        Office::Military => ("军队频谱管理机构", "military spectrum office"),
        Office::Coordinator => ("军地协调机构", "joint coordination office"),
    };
    Text::new(zh, en)
}

pub(super) fn finding(finding: LicenceFinding) -> Text {
    let (zh, en) = match finding {
        LicenceFinding::NotNamed => ("未提供受干扰台站的指配", "no assignment was named"),
        LicenceFinding::InOrder => (
            "指配有效，且覆盖所投诉频率",
            "the assignment is in force and covers the frequencies",
        ),
        LicenceFinding::NotInForce => (
            "指配在所述时间不在有效期内",
            "the assignment is not in force at that time",
        ),
        LicenceFinding::OtherFrequencies => (
            "所投诉频率不在指配频带内",
            "the frequencies are not in the band of the assignment",
        ),
        LicenceFinding::OtherHolder => ("指配的持有人与投诉人不一致", "somebody else holds the assignment"),
    };
    Text::new(zh, en)
}

/// What the clock says.
pub(super) fn due(what: ReportDue, state: ReportState) -> Text {
    let (zh, en) = match (what, state) {
        (ReportDue::Remind, ReportState::Received) => ("请尽快核实确认", "Please confirm or reject it soon"),
        (ReportDue::Remind, _) => ("请尽快查处，消除干扰", "Please find and remove the interference soon"),
        (ReportDue::Escalate, ReportState::Received) => (
            "已逾确认期限，报请上级督办",
            "Not confirmed in time: brought before those in charge",
        ),
        (ReportDue::Escalate, _) => (
            "已逾查处期限，报请上级督办",
            "Not settled in time: brought before those in charge",
        ),
        (ReportDue::RemindPaper, _) => (
            "今日为补交书面投诉材料的最后一日",
            "The last day for the written complaint has begun",
        ),
        (ReportDue::EscalatePaper, _) => (
            "书面投诉材料逾期未交，报请上级督办",
            "The written complaint is late: brought before those in charge",
        ),
    };
    Text::new(zh, en)
}

/// What a step says in the history: what people wrote, after what the step itself tells.
pub(super) fn said(give: &GiveReport, reason: &str) -> Text {
    let own = match give.step {
        ReportStep::Grade => give.grade.map(grade),
        ReportStep::Verify => give.observed.as_ref().map(|observed| {
            let minutes = observed.observed_s / 60;
            let receiver = &observed.receiver;
            Text::new(
                format!("接收机 {receiver} 观测 {minutes} 分钟，未测到该干扰"),
                format!("Receiver {receiver} observed for {minutes} minutes and met it no more"),
            )
        }),
        _ => None,
    };
    match (own, reason) {
        (None, reason) => Text::new(reason, reason),
        (Some(own), "") => own,
        (Some(own), reason) => Text::new(format!("{}。{reason}", own.zh), format!("{}. {reason}", own.en)),
    }
}

/// What must be written with a step, and is not.
pub(super) fn owed(step: ReportStep) -> Refusal {
    let (zh, en) = match step {
        ReportStep::Locate => ("请写明干扰源是什么、在何处", "write what the source is and where"),
        ReportStep::Act => ("请写明采取了何种措施", "write what was done"),
        ReportStep::Note => ("请填写内容", "write what you have to say"),
        ReportStep::Verify => (
            "请选择观测此频段的接收机，或写明确认干扰消除的理由",
            "name the receiver that observed the frequencies, or write on what grounds it is gone",
        ),
        _ => ("请写明理由", "write the reason"),
    };
    Refusal::Incomplete("reason", Text::new(zh, en))
}

/// What verified it, as a sentence of a letter.
pub(super) fn verification(verification: &Verification) -> Text {
    match verification {
        Verification::Observed {
            receiver,
            from,
            to,
            observed_s,
        } => {
            let (from, to, minutes) = (moment(*from), moment(*to), observed_s / 60);
            Text::new(
                format!(
                    "{} 至 {}，接收机 {receiver} 对该频段实际观测 {minutes} 分钟，未再测到该干扰",
                    from.zh, to.zh
                ),
                format!(
                    "From {} to {} receiver {receiver} observed the frequencies for {minutes} minutes and met it no more",
                    from.en, to.en
                ),
            )
        }
        Verification::Word { reason } => {
            Text::new(format!("经人工确认：{reason}"), format!("On somebody's word: {reason}"))
        }
    }
}

//! The class of emission as measured against the designators of a licence.
//!
//! Doubt is for the sender: what a class may look like in a pause of its modulation, or by another way of writing it, is not
//! a disagreement.

use super::{Measured, Rules, Standing};
use crate::{
    detect::class::{Class, ClassScore},
    registry::{Assignment, designator},
};

/// How the measured class stands to an assignment: within what one of its designators says, outside what all of them can
/// mean, or undecided, which is also what no class, a weak one, a block of frequencies or an unreadable designator are.
pub(super) fn standing(rules: &Rules, measured: &Measured, assignment: &Assignment) -> Standing {
    let Some(class) = certain(rules, measured) else {
        return Standing::Undecided;
    };
    let Some(symbols) = rules.class.classes.get(&class.name).filter(|_| !assignment.block) else {
        return Standing::Undecided;
    };
    let written: Vec<&str> = designators(assignment).collect();
    let read: Option<Vec<String>> = written
        .iter()
        .map(|text| designator::parse(text).ok().map(|parsed| parsed.class.to_string()))
        .collect();
    // One that cannot be read may be the one.
    let Some(read) = read.filter(|read| !read.is_empty()) else {
        return Standing::Undecided;
    };
    let fits = |patterns: &[String]| {
        read.iter()
            .any(|own| patterns.iter().any(|start| own.starts_with(start)))
    };
    if fits(&symbols.agrees) {
        Standing::Within
    } else if fits(&symbols.possible) || fits(&rules.class.never_disproved) {
        Standing::Undecided
    } else {
        Standing::Outside
    }
}

/// The measured class, where it was told for sure enough to rest a finding on.
pub(super) fn certain(rules: &Rules, measured: &Measured) -> Option<ClassScore> {
    let rules = &rules.class;
    let class = measured.class?;
    (class.score >= rules.min_score && measured.snr_db >= rules.min_snr_db).then_some(class)
}

/// Its name in both languages.
pub(super) fn name(class: Class) -> crate::registry::Text {
    crate::registry::Text::new(class.name(true), class.name(false))
}

/// All designators of an assignment.
pub(super) fn designators(assignment: &Assignment) -> impl Iterator<Item = &str> {
    let more = assignment.details.iter().flat_map(|details| &details.emissions);
    let more = more.map(|emission| emission.designator.as_str());
    assignment.designator.as_deref().into_iter().chain(more)
}

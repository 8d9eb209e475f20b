//! What all looks at one emission say together.

use super::{Class, ClassScore};

/// What an undecided look weighs against one that decided for sure.
const UNDECIDED: f32 = 0.3;
/// Share of the votes from which another class outweighs the carrier: a transmitter that pauses is a carrier meanwhile.
const MODULATED: f32 = 0.2;
/// Classes below this score are not worth telling.
const TOLD_MIN: f64 = 0.05;

/// Votes for each class.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::detect) struct Votes {
    weights: [f32; Class::ALL.len()],
    undecided: f32,
    looks: u32,
}

impl Votes {
    /// One look said `answer`.
    pub(in crate::detect) fn add(&mut self, answer: Option<(Class, f64)>) {
        self.looks += 1;
        match answer {
            Some((class, score)) => self.weights[class as usize] += score as f32,
            None => self.undecided += UNDECIDED,
        }
    }

    /// Takes over the votes for a part of the same emission.
    pub(in crate::detect) fn unite(&mut self, part: &Self) {
        for (own, other) in self.weights.iter_mut().zip(&part.weights) {
            *own += other;
        }
        self.undecided += part.undecided;
        self.looks += part.looks;
    }

    /// How many looks there were.
    pub(in crate::detect) fn looks(&self) -> u32 {
        self.looks
    }

    /// The classes, best first.
    pub(in crate::detect) fn scores(&self) -> Vec<ClassScore> {
        let mut weights = self.weights;
        let mut undecided = self.undecided;
        let all: f32 = weights.iter().sum();
        let carrier = weights[Class::Carrier as usize];
        if all - carrier >= MODULATED * all && all > carrier {
            // Undecided between a pause and the modulation is what a look at both is.
            weights[Class::Carrier as usize] = 0.0;
            undecided *= (all - carrier) / all;
        }
        let decided: f32 = weights.iter().sum();
        // Each look's own score says how sure it was.
        let looks = decided / self.mean_score().max(1e-6) + undecided;
        let score = |class: Class| f64::from(weights[class as usize] / looks.max(1e-6));
        let mut scores: Vec<ClassScore> = Class::ALL
            .into_iter()
            .map(|name| ClassScore {
                name,
                score: (score(name) * 100.0).round() / 100.0,
            })
            .filter(|own| own.score >= TOLD_MIN)
            .collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.name.cmp(&b.name)));
        scores
    }

    fn mean_score(&self) -> f32 {
        let undecided = (self.undecided / UNDECIDED).round();
        let decided = self.looks as f32 - undecided;
        self.weights.iter().sum::<f32>() / decided.max(1.0)
    }
}

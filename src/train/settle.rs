//! Fits how the learned sums and the terms are weighed together, on lines neither has learned from.
//!
//! A logistic regression per head and group of languages, held near a plain start by a ridge: a
//! group of few lines stays near what all lines say, which stays near "both judges count".

use crate::classify::Lesson;
use crate::classify::blend::{self, Group, INPUTS};
use crate::classify::model::HEADS;
use crate::classify::topics::Scale;

use super::sources::Sample;

/// How strongly the weights are held, in lines.
const HOLD: f32 = 10.0;
const STEPS: usize = 400;
const NEEDS: usize = HEADS.len() - 1;
/// So much of the best F1 is as good.
const NEARLY: f32 = 0.99;

/// One held-back line as inputs and what it says.
type Line<'l> = (&'l Sample, &'l [f32; INPUTS], f32);

/// The weights of each group of languages, then those for all others.
pub(super) fn groups(wanted: Vec<Vec<String>>, held: &[(&Sample, Lesson)]) -> Vec<Group> {
    let lines = lines(held, |_| true);
    let all = fit(Group::plain(), &lines);
    let one = |langs| group(langs, &all, held);
    let mut groups: Vec<Group> = wanted.into_iter().map(one).collect();
    groups.push(thresholds(all, &lines));
    groups
}

/// The weights for some languages, held near those of `all`.
fn group(langs: Vec<String>, all: &Group, held: &[(&Sample, Lesson)]) -> Group {
    let is_own = |sample: &Sample| sample.lang.as_ref().is_some_and(|lang| langs.contains(lang));
    let own = lines(held, is_own);
    let mut group = fit(all.clone(), &own);
    group.langs.clone_from(&langs);
    thresholds(group, &own)
}

fn lines<'l>(held: &'l [(&'l Sample, Lesson)], takes: impl Fn(&Sample) -> bool) -> Vec<Line<'l>> {
    let own = held.iter().filter(|(sample, _)| takes(sample));
    own.map(|(sample, lesson)| (*sample, &lesson.inputs, sample.weight)).collect()
}

/// Moves the weights of a group to where the lines are most likely.
fn fit(start: Group, lines: &[Line<'_>]) -> Group {
    let mut group = start.clone();
    if lines.is_empty() {
        return group;
    }
    let mut squares = vec![[1e-6_f32; INPUTS]; HEADS.len()];
    for _ in 0..STEPS {
        let mut slopes = vec![[0.0_f32; INPUTS]; HEADS.len()];
        for (sample, inputs, weight) in lines {
            let off = off(&group, sample, inputs);
            for (slope, off) in slopes.iter_mut().zip(off).filter(|(_, off)| *off != 0.0) {
                for (slope, input) in slope.iter_mut().zip(*inputs) {
                    *slope += off * weight * input;
                }
            }
        }
        for head in 0..HEADS.len() {
            for input in (0..INPUTS).filter(|input| blend::speaks(*input, head)) {
                let weight = &mut group.weights[head][input];
                // The constant is free: how frequent something is differs from group to group.
                let hold = if input == INPUTS - 1 { 0.1 * HOLD } else { HOLD };
                let slope = slopes[head][input] + hold * (*weight - start.weights[head][input]);
                squares[head][input] += slope * slope;
                *weight -= 0.05 * slope / squares[head][input].sqrt();
            }
        }
    }
    group
}

/// How far each head's probability is from what the line says; 0 where it says nothing.
fn off(group: &Group, sample: &Sample, inputs: &[f32; INPUTS]) -> [f32; HEADS.len()] {
    let chances = blend::chances(group, inputs);
    let found = [
        chances.sentiment[0],
        chances.sentiment[1],
        chances.sentiment[2],
        chances.complaint,
        chances.question,
        chances.request,
        chances.praise,
        chances.spam,
        chances.needs_answer,
    ];
    let target = &sample.target;
    std::array::from_fn(|head| {
        let wanted = match (head, target.sentiment) {
            (0..3, Some(_)) if target.lacks_neutral => None,
            (0..3, Some(feeling)) => Some(feeling == head),
            (0..3, None) => None,
            _ => target.heads[head],
        };
        wanted.map_or(0.0, |yes| found[head] - f32::from(yes))
    })
}

/// From where on a post needs an answer, and from where on a person should look (19 of 20 posts that
/// need one lie above). The first is the lowest that is nearly as good by F1 as the best: the best by
/// itself is a matter of chance, and a post that is missed costs more than a look.
fn thresholds(mut group: Group, lines: &[Line<'_>]) -> Group {
    let mut scored: Vec<(f32, bool, f32)> = lines
        .iter()
        .filter_map(|(sample, inputs, weight)| {
            let p = blend::chances(&group, inputs).needs_answer;
            Some((p, sample.target.heads[NEEDS]?, *weight))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let weigh = |yes: bool| scored.iter().filter(|s| s.1 == yes).map(|s| s.2).sum::<f32>();
    let needy = weigh(true);
    if needy < 20.0 {
        return group;
    }
    let (mut right, mut found, mut look) = (0.0, 0.0, 0.5);
    let mut f1s = Vec::with_capacity(scored.len());
    for (p, yes, weight) in &scored {
        found += weight;
        right += if *yes { *weight } else { 0.0 };
        f1s.push((2.0 * right / (needy + found), *p));
        if right <= 0.95 * needy {
            look = *p;
        }
    }
    let best = f1s.iter().fold(0.0, |best, (f1, _)| f32::max(best, *f1));
    let take = f1s.iter().rfind(|(f1, _)| *f1 >= NEARLY * best).map_or(0.5, |(_, p)| *p);
    // A held-back set of a few hundred lines must not set a wild threshold.
    group.take = take.clamp(0.35, 0.6);
    group.look = look.clamp(0.15, group.take);
    group
}

/// How the table of topics and the terms are weighed: what makes the aspects of the lines likeliest.
pub(super) fn scale(held: &[(&Sample, Lesson)]) -> Scale {
    let steps = || (1..=12).map(|step| step as f32 * 0.25);
    let tries = steps().flat_map(|learned| steps().map(move |terms| Scale { learned, terms }));
    let likely = |scale: &Scale| -> f32 {
        let line = |(sample, lesson): &(&Sample, Lesson)| {
            let topic = sample.target.topic?;
            Some(scale.chances(&lesson.topics, &lesson.told)[topic].max(1e-6).ln())
        };
        held.iter().filter_map(line).sum()
    };
    let tried = tries.map(|scale| (likely(&scale), scale));
    tried.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(Scale::PLAIN, |(_, scale)| scale)
}

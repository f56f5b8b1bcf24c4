//! Makes the model that the classifier looks into, from labelled texts.
//!
//! `sources` (with `retype`) reads the list of sources and their lines; `learn` fits the tables; `settle`
//! fits how tables and terms are weighed together, on lines that were held back. The same list and
//! seed give the same bytes.

mod learn;
mod retype;
mod settle;
mod sources;

use std::collections::BTreeMap;

use crate::classify::blend::Group;
use crate::classify::model::{COLUMNS, HEADS, Head, Model, ModelError, PIECES, Shape};
use crate::classify::topics::{Scale, TOPICS};
use crate::classify::{Classifier, Lesson, Post, Watch, is_settled};
pub use sources::{Error, Part, Plan, Sample, Target};

/// How far the work is, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// So many lines were read.
    Read(usize),
    /// A pass over the languages: which, of how many.
    Langs(u32, u32),
    /// A pass over the heads.
    Heads(u32, u32),
    /// A pass over the topics.
    Topics(u32, u32),
    /// The weights of both judges are being fitted.
    Settle,
}

/// Fewest samples of a language before the model says it knows it.
const KNOWN: usize = 40;

/// Makes a model.
///
/// # Errors
/// [`ModelError`] if the plan gives nothing to learn from.
pub fn train(
    plan: &Plan,
    samples: &[Sample],
    mut tell: impl FnMut(Stage),
) -> Result<Model, ModelError> {
    tell(Stage::Read(samples.len()));
    let counts_of_langs = counts(samples, |sample| sample.tells_lang);
    let mut codes = enough(&counts_of_langs, plan.lang_least);
    codes.retain(|code| !is_settled(code));
    let mut rng = fastrand::Rng::with_seed(plan.seed);

    // Languages first: which terms apply depends on them.
    let bare = Model::new(empty(plan, &codes), vec![0; cells(plan, &codes)])?;
    let told = lessons(&bare, samples);
    let classes = samples.iter().map(|sample| {
        let code = sample.lang.as_deref()?;
        codes.iter().position(|known| known == code)
    });
    let mut of_langs: Vec<learn::Row<'_>> = Vec::new();
    for ((sample, lesson), class) in samples.iter().zip(&told).zip(classes) {
        let Some(class) = class.filter(|_| sample.part == Part::Learn && sample.tells_lang) else {
            continue;
        };
        of_langs.push(learn::Row {
            words: &lesson.spoken,
            pieces: &[],
            target: learn::Of::Class(class),
            weight: sample.lang_weight * rarity(&counts_of_langs, sample),
        });
    }
    let shape = learn::Layout { rows: plan.lang_rows, columns: codes.len(), pieces: None };
    let langs = learn::fit(&of_langs, shape, plan.lang_passes, 0.3, &mut rng, |pass| {
        tell(Stage::Langs(pass, plan.lang_passes));
    });
    let (lang_shape, lang_cells) = langs.quantised();

    // Then the heads, whose features include what the terms say.
    let mut head = empty(plan, &codes);
    head.langs = lang_shape;
    let nothing = vec![0; cells(plan, &codes) - lang_cells.len()];
    let knows_langs = Model::new(head.clone(), [lang_cells.clone(), nothing].concat())?;
    let told = lessons(&knows_langs, samples);
    let of_heads = rows(samples, &told, |sample| {
        (sample.weight > 0.0).then_some((learn::Of::Heads(sample.target), sample.weight))
    });
    let shape = learn::Layout { rows: plan.rows, columns: COLUMNS, pieces: Some(PIECES) };
    let heads = learn::fit(&of_heads, shape, plan.passes, plan.rate, &mut rng, |pass| {
        tell(Stage::Heads(pass, plan.passes));
    });
    let (shape, head_cells) = heads.quantised();
    head.heads = shape;

    // Every text with such a label counts alike: there are few.
    let of_topics = rows(samples, &told, |sample| {
        let target = sample.target;
        let is_told = target.topic.is_some() || target.is_severe.is_some();
        is_told.then_some((learn::Of::Topics(target), 1.0))
    });
    let shape = learn::Layout { rows: plan.topic_rows, columns: TOPICS, pieces: Some(PIECES) };
    let topics = learn::fit(&of_topics, shape, plan.passes, plan.rate, &mut rng, |pass| {
        tell(Stage::Topics(pass, plan.passes));
    });
    let (shape, topic_cells) = topics.quantised();
    head.topics = shape;
    let cells = [lang_cells, topic_cells, head_cells].concat();

    tell(Stage::Settle);
    let learned = Model::new(head.clone(), cells.clone())?;
    // Languages in which needing an answer was taught.
    let taught = |sample: &Sample| sample.target.heads[HEADS.len() - 1].is_some();
    let known = enough(&counts(samples, taught), KNOWN);
    let held: Vec<(&Sample, Lesson)> = samples
        .iter()
        .filter(|sample| sample.part == Part::Settle)
        .map(|sample| (sample, lesson(&learned, sample)))
        .collect();
    let langs = |langs: &Vec<String>| -> Vec<String> {
        langs.iter().filter(|lang| known.contains(*lang)).cloned().collect()
    };
    let wanted = plan.groups.iter().map(langs).filter(|langs| !langs.is_empty()).collect();
    head.groups = settle::groups(wanted, &held);
    head.scale = settle::scale(&held);
    Model::new(head, cells)
}

/// The samples that teach something: what, and how much that counts.
fn rows<'l>(
    samples: &[Sample],
    lessons: &'l [Lesson],
    teaches: impl Fn(&Sample) -> Option<(learn::Of, f32)>,
) -> Vec<learn::Row<'l>> {
    let taught = samples.iter().zip(lessons).filter(|(sample, _)| sample.part == Part::Learn);
    let row = |(sample, lesson): (&Sample, &'l Lesson)| {
        let (target, weight) = teaches(sample)?;
        Some(learn::Row { words: &lesson.words, pieces: &lesson.pieces, target, weight })
    };
    taught.filter_map(row).collect()
}

fn lessons(model: &Model, samples: &[Sample]) -> Vec<Lesson> {
    samples.iter().map(|sample| lesson(model, sample)).collect()
}

/// What a sample teaches, read the way the daemon reads a post.
fn lesson(model: &Model, sample: &Sample) -> Lesson {
    let watch = sample.brand.as_deref().map(Watch::name);
    Classifier::lesson(
        model,
        &Post {
            text: &sample.text,
            channel: sample.channel.as_deref(),
            watch: watch.as_ref(),
            addressed: true,
            ..Post::default()
        },
    )
}

/// How many samples of a kind each language has.
fn counts(samples: &[Sample], takes: impl Fn(&Sample) -> bool) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for lang in samples.iter().filter(|s| takes(s)).filter_map(|s| s.lang.as_deref()) {
        *counts.entry(lang).or_default() += 1;
    }
    counts
}

/// The languages that have enough, in order of their codes.
fn enough(counts: &BTreeMap<&str, usize>, least: usize) -> Vec<String> {
    let enough = counts.iter().filter(|(_, count)| **count >= least);
    enough.map(|(lang, _)| (*lang).to_owned()).collect()
}

/// A language of few lines must not be drowned by a neighbour of many.
fn rarity(counts: &BTreeMap<&str, usize>, sample: &Sample) -> f32 {
    let count = sample.lang.as_deref().and_then(|lang| counts.get(lang)).copied().unwrap_or(1);
    (1_500.0 / count.max(1) as f32).powf(0.75).clamp(0.5, 12.0)
}

fn cells(plan: &Plan, codes: &[String]) -> usize {
    let heads = COLUMNS * plan.rows as usize;
    heads + TOPICS * plan.topic_rows as usize + codes.len() * plan.lang_rows as usize
}

fn empty(plan: &Plan, codes: &[String]) -> Head {
    let shape = |rows: u32, columns: usize| Shape {
        rows,
        scale: vec![1.0; columns],
        bias: vec![0.0; columns],
    };
    Head {
        name: plan.name.clone(),
        heads: shape(plan.rows, COLUMNS),
        topics: shape(plan.topic_rows, TOPICS),
        langs: shape(plan.lang_rows, codes.len()),
        codes: codes.to_vec(),
        groups: vec![Group::plain()],
        scale: Scale::PLAIN,
    }
}

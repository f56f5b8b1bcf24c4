//! Makes the model that the classifier looks into, from labelled texts.
//!
//! `sources` reads the list of sources and their lines; `learn` fits the two tables; `settle`
//! fits how tables and terms are weighed together, on lines that were held back. The same list and
//! seed give the same bytes.

mod learn;
mod settle;
mod sources;

use std::collections::BTreeMap;

use crate::classify::blend::Group;
use crate::classify::model::{HEADS, Head, Model, ModelError, PIECES, Shape};
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
    let mut rows: Vec<learn::Row<'_>> = Vec::new();
    for ((sample, lesson), class) in samples.iter().zip(&told).zip(classes) {
        let Some(class) = class.filter(|_| sample.part == Part::Learn && sample.tells_lang) else {
            continue;
        };
        rows.push(learn::Row {
            words: &lesson.spoken,
            pieces: &[],
            target: learn::Of::Class(class),
            weight: sample.lang_weight * rarity(&counts_of_langs, sample),
        });
    }
    let shape = learn::Layout { bits: plan.lang_bits, columns: codes.len(), pieces: None };
    let langs = learn::fit(&rows, shape, plan.lang_passes, 0.3, &mut rng, |pass| {
        tell(Stage::Langs(pass, plan.lang_passes));
    });
    let (lang_shape, lang_cells) = langs.quantised();

    // Then the heads, whose features include what the terms say.
    let mut head = empty(plan, &codes);
    head.langs = lang_shape;
    let no_heads = vec![0; HEADS.len() << plan.bits];
    let knows_langs = Model::new(head.clone(), [no_heads, lang_cells.clone()].concat())?;
    let told = lessons(&knows_langs, samples);
    let learns = |sample: &&(&Sample, &Lesson)| sample.0.part == Part::Learn;
    let both: Vec<(&Sample, &Lesson)> = samples.iter().zip(&told).collect();
    let rows: Vec<learn::Row<'_>> = both
        .iter()
        .filter(learns)
        .filter(|(sample, _)| sample.weight > 0.0)
        .map(|(sample, lesson)| learn::Row {
            words: &lesson.words,
            pieces: &lesson.pieces,
            target: learn::Of::Heads(sample.target),
            weight: sample.weight,
        })
        .collect();
    let shape = learn::Layout { bits: plan.bits, columns: HEADS.len(), pieces: Some(PIECES) };
    let heads = learn::fit(&rows, shape, plan.passes, plan.rate, &mut rng, |pass| {
        tell(Stage::Heads(pass, plan.passes));
    });
    let (shape, cells) = heads.quantised();
    head.heads = shape;
    let cells = [cells, lang_cells].concat();

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
    Model::new(head, cells)
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
    (HEADS.len() << plan.bits) + (codes.len() << plan.lang_bits)
}

fn empty(plan: &Plan, codes: &[String]) -> Head {
    let shape = |bits: u32, columns: usize| Shape {
        bits,
        scale: vec![1.0; columns],
        bias: vec![0.0; columns],
    };
    Head {
        name: plan.name.clone(),
        heads: shape(plan.bits, HEADS.len()),
        langs: shape(plan.lang_bits, codes.len()),
        codes: codes.to_vec(),
        groups: vec![Group::plain()],
    }
}

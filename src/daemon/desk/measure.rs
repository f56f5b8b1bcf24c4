//! Answers about how good the classifier is where people have said what is so.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Office, corrections};
use crate::classify::eval::{Sample, evaluate};
use crate::indicators::statistics::Level;
use crate::indicators::statistics::misclassified::{Check, corrected};
use crate::pipeline::{self, Gold};

/// Said with every figure that rests on corrections alone.
const NOT_RANDOM: &str = "Corrected posts are not a random sample: people correct where they see a \
    mistake, so these figures are worse than the classifier is. `affinityd cases review --sample \
    N` draws one.";

/// Posts drawn at random to be checked.
pub fn draw(office: &Office, brand: Option<&str>, n: usize) -> Result<Value> {
    let (brand, _) = office.brand(brand)?;
    let _turn = office.turn();
    let drawn = pipeline::draw(office.desk(&brand.id)?, n, office.clock.now())?;
    Ok(drawn.iter().map(|post| corrections::shown(brand, post)).collect())
}

/// The classifier against stored corrections, and against the checked sample.
pub fn measure(office: &Office, brand: Option<&str>) -> Result<Value> {
    let (brand, _) = office.brand(brand)?;
    let desk = office.desk(&brand.id)?;
    let now = office.clock.now();
    let all = pipeline::gold(desk, now)?;
    let checks = pipeline::checks(desk, now)?;
    let [complaints, praise, posts] = pipeline::labelled(desk, now)?;
    let share = |class: &str, found: u64, check: &Check| {
        let p = (posts > 0).then(|| found as f64 / posts as f64);
        json!({
            "class": class,
            "labelled": p,
            "posts": posts,
            "sensitivity": check.sensitivity(),
            "specificity": check.specificity(),
            "checked": { "of_class": check.truly, "others": check.falsely },
            "corrected": p.and_then(|p| corrected(p, posts, check, Level::Value)),
        })
    };
    let (drawn, own): (Vec<&Gold>, Vec<&Gold>) = all.iter().partition(|gold| gold.is_drawn);
    let mut answer = report(&own);
    answer["note"] = json!(NOT_RANDOM);
    answer["wordless"] = json!(own.iter().filter(|gold| gold.is_wordless).count());
    let mut sample = report(&drawn);
    sample["minimum"] = json!(Check::MINIMUM);
    sample["shares"] = json!([
        share("complaint", complaints, &checks.complaint),
        share("praise", praise, &checks.praise)
    ]);
    Ok(json!({
        "brand": brand.id,
        "model": office.classifier.model(),
        "corrections": answer,
        "checked": sample,
    }))
}

fn report(gold: &[&Gold]) -> Value {
    let samples: Vec<Sample> = gold.iter().map(|gold| gold.sample).collect();
    let mut answer = json!(evaluate(&samples));
    answer["n"] = json!(samples.len());
    answer["confusion"] = json!(confusion(&samples));
    answer
}

/// How often each right intent was found as each other: right, then found.
fn confusion(samples: &[Sample]) -> BTreeMap<&'static str, BTreeMap<&'static str, u64>> {
    let mut all: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for sample in samples {
        let Some(right) = sample.gold_intent else { continue };
        *all.entry(right.word()).or_default().entry(sample.intent.word()).or_default() += 1;
    }
    all
}

//! `reclassify`: history gets the labels of the present classifier, batch by batch.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::ask::Oracle;
use super::show::{self, text};
use super::{Outcome, Place};
use crate::daemon::Call;

/// `affinityd reclassify …`.
#[derive(Args)]
pub struct Options {
    /// Posts from this date or time on only
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Of this brand only
    #[arg(long)]
    brand: Option<String>,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
}

/// Examples that are shown.
const EXAMPLES: usize = 10;

/// What all batches came to.
#[derive(Default)]
struct Total {
    looked: u64,
    changed: u64,
    opened: u64,
    resumed: u64,
    changes: BTreeMap<String, u64>,
    examples: Vec<Value>,
    model: String,
}

impl Total {
    fn add(&mut self, answer: &Value) {
        for (what, n) in answer["changes"].as_object().into_iter().flatten() {
            *self.changes.entry(what.clone()).or_default() += n.as_u64().unwrap_or(0);
        }
        self.opened += answer["opened"].as_u64().unwrap_or(0);
        self.model = text(&answer["cursor"]["model"]);
        let room = EXAMPLES.saturating_sub(self.examples.len());
        let examples = answer["examples"].as_array().into_iter().flatten();
        self.examples.extend(examples.take(room).cloned());
    }
}

/// Runs it to its end.
pub fn reclassify(place: &Place, options: &Options) -> Outcome {
    let mut oracle = Oracle::find(place)?;
    let mut total = Total::default();
    let mut done: Vec<String> = Vec::new();
    let mut trial = options.dry_run.then_some(Value::Null);
    let mut bar: Option<indicatif::ProgressBar> = None;
    let mut is_first = true;
    loop {
        let answer = oracle.ask(Call::Reclassify {
            brand: options.brand.clone(),
            since: options.since.clone(),
            trial: trial.clone(),
            done: done.clone(),
        })?;
        let Some(brand) = answer["brand"].as_str() else { break };
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let (looked, changed) =
            (number(&answer["cursor"]["looked"]), number(&answer["cursor"]["changed"]));
        total.add(&answer);
        if is_first {
            let here: u64 =
                answer["changes"].as_object().into_iter().flatten().map(|(_, n)| number(n)).sum();
            total.resumed += changed - here.min(changed);
        }
        is_first = false;
        let bar_here = bar.get_or_insert_with(|| {
            show::bar(number(&answer["stored"]), &format!("labelling posts of {brand}"))
        });
        bar_here.set_position(looked);
        if answer["done"] == Value::Bool(true) {
            total.looked += looked;
            total.changed += changed;
            done.push(brand.to_owned());
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            is_first = true;
        }
        trial = options.dry_run.then(|| {
            if answer["done"] == Value::Bool(true) { Value::Null } else { answer["cursor"].clone() }
        });
    }
    Ok(print(place, options.dry_run, &total)?)
}

fn print(place: &Place, is_trial: bool, total: &Total) -> anyhow::Result<()> {
    if place.json {
        return show::json(&json!({
            "dry_run": is_trial,
            "model": total.model,
            "looked_at": total.looked,
            "changed": total.changed,
            "cases_opened": total.opened,
            "changes": total.changes,
            "examples": total.examples,
        }));
    }
    let mut out = show::out();
    let posts = show::count(total.looked, "post", "posts");
    let would = if is_trial { "would get" } else { "got" };
    let labels = show::count(total.changed, "post", "posts");
    show::line(
        &mut out,
        &format!("{posts} looked at with {}; {labels} {would} new labels", total.model),
    )?;
    if total.resumed > 0 {
        let before = show::count(total.resumed, "of them", "of them");
        show::line(&mut out, &format!("{before} in a run before this one, which went on here"))?;
    }
    if !total.changes.is_empty() {
        let mut table = show::table(&["label", "posts"], 1);
        for (what, n) in &total.changes {
            table.add_row(vec![what.clone(), n.to_string()]);
        }
        show::rows(&mut out, &table)?;
    }
    for example in &total.examples {
        show::paragraph(
            &mut out,
            &format!(
                "  {} -> {}: {}",
                text(&example["was"]),
                text(&example["is"]),
                crate::text::clean_line(&text(&example["text"]))
            ),
        )?;
    }
    if is_trial && total.changed > 0 {
        show::line(&mut out, "Nothing was written. Without --dry-run it is.")?;
    }
    Ok(())
}

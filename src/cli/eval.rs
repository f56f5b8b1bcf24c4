//! `eval`: how good the classifier is on labelled texts, and on what people have corrected.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::classify::{Bench, Line, lines, open};
use super::show;
use super::{Outcome, Place};
use crate::classify::eval::{Fold, Report, Sample, evaluate, fold};

/// `affinityd eval …`.
#[derive(Args)]
pub struct Options {
    /// Labelled lines: those of `classify` with `intent`, `needs_answer`, `sentiment`, `severity` or
    /// `aspect`
    #[arg(required_unless_present = "corrections", conflicts_with = "corrections")]
    files: Vec<PathBuf>,
    /// What people have corrected and checked, in place of files
    #[arg(long)]
    corrections: bool,
    /// Of this brand, with --corrections
    #[arg(long, requires = "corrections")]
    brand: Option<String>,
    /// Another model than the one compiled in (see `affinityd train`)
    #[arg(long, value_name = "FILE", conflicts_with = "corrections")]
    model: Option<PathBuf>,
    /// Only the lines of data/corpus with which nothing was chosen
    #[arg(long)]
    held_out: bool,
    /// A row for each value of a key too
    #[arg(long, value_name = "KEY", value_parser = ["lang", "hard", "channel", "brand"])]
    by: Option<String>,
}

/// Measures the classifier on labelled lines.
pub fn eval(place: &Place, options: &Options) -> Outcome {
    if options.corrections {
        return super::measure::measured(place, options.brand.clone());
    }
    let mut bench = Bench::new(options.model.as_deref())?;
    let mut samples: Vec<(Option<String>, Sample)> = Vec::new();
    let mut bad = 0_u64;
    for file in &options.files {
        lines(open(Some(file))?, |_, line: Result<Line>, _| {
            let Ok(mut line) = line else {
                bad += 1;
                return Ok(());
            };
            let is_kept = line.id.as_str().is_none_or(|id| fold(id) == Fold::Measure);
            if options.held_out && !is_kept {
                return Ok(());
            }
            // The language is to be found, not told.
            let lang = line.lang.take();
            let verdict = bench.verdict(&line);
            let key = match options.by.as_deref() {
                Some("lang") => lang.clone(),
                Some("hard") => line.hard.clone(),
                Some("channel") => line.channel.clone(),
                Some("brand") => line.brand.clone(),
                _ => None,
            };
            let is_lang = lang.map(|lang| verdict.lang.as_deref() == Some(&lang));
            samples.push((key, line.sample(&verdict, is_lang)));
            Ok(())
        })?;
    }
    let all = |wanted: Option<&str>| -> Report {
        let own = samples.iter().filter(|(key, _)| wanted.is_none() || key.as_deref() == wanted);
        evaluate(&own.map(|(_, sample)| *sample).collect::<Vec<_>>())
    };
    let report = all(None);
    if report == Report::default() {
        return Err(super::Failure::Failed(anyhow::anyhow!(
            "none of {} lines has a label, such as `intent` or `needs_answer`",
            samples.len()
        )));
    }
    let mut answer = serde_json::to_value(&report).map_err(anyhow::Error::from)?;
    answer["model"] = json!(bench.model());
    answer["bad_lines"] = json!(bad);
    let keys: BTreeSet<&str> = samples.iter().filter_map(|(key, _)| key.as_deref()).collect();
    let parts: Vec<(&str, Report)> = keys.into_iter().map(|key| (key, all(Some(key)))).collect();
    if place.json {
        if options.by.is_some() {
            answer["by"] = json!(parts.iter().cloned().collect::<BTreeMap<_, _>>());
        }
        return Ok(show::json(&answer)?);
    }
    print(&answer)?;
    print_parts(&parts)?;
    Ok(())
}

/// A row for each value of a key.
fn print_parts(parts: &[(&str, Report)]) -> Result<()> {
    if parts.is_empty() {
        return Ok(());
    }
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.3}"));
    let heads = ["", "n", "intent", "needs f1", "auc", "off", "sentiment f1", "lang"];
    let mut table = show::table(&heads, 0);
    for (key, report) in parts {
        let needs = report.needs_answer.as_ref();
        table.add_row(vec![
            (*key).to_owned(),
            report.n.to_string(),
            figure(report.intent.as_ref().map(|part| part.accuracy)),
            figure(needs.and_then(|part| part.classes[0].f1)),
            figure(needs.and_then(|part| part.auc)),
            figure(needs.map(|part| part.calibration_error)),
            figure(report.sentiment.as_ref().map(|part| part.macro_f1)),
            figure(report.lang),
        ]);
    }
    let mut out = show::out();
    show::line(&mut out, "")?;
    show::rows(&mut out, &table)
}

/// Shows the figures of a report.
pub fn print(answer: &Value) -> Result<()> {
    let mut out = show::out();
    let share = |value: &Value| value.as_f64().map_or("-".to_owned(), |v| format!("{v:.3}"));
    show::line(&mut out, &format!("model {}", show::text(&answer["model"])))?;
    for (name, key) in [
        ("intent", "intent"),
        ("needs an answer", "needs_answer"),
        ("sentiment", "sentiment"),
        ("severity", "severity"),
        ("main aspect", "aspect"),
    ] {
        let part = &answer[key];
        if part.is_null() {
            continue;
        }
        show::line(
            &mut out,
            &format!(
                "\n{name}: n {}, accuracy {}, macro-F1 {}",
                part["n"],
                share(&part["accuracy"]),
                share(&part["macro_f1"])
            ),
        )?;
        for (word, key) in [
            ("area under the curve", "auc"),
            ("calibration error", "calibration_error"),
            ("suggested threshold", "suggested_threshold"),
        ] {
            if !part[key].is_null() {
                show::line(&mut out, &format!("{word} {}", share(&part[key])))?;
            }
        }
        let mut table =
            show::table(&["class", "labelled", "found", "precision", "recall", "f1"], 0);
        for class in part["classes"].as_array().into_iter().flatten() {
            table.add_row(vec![
                show::text(&class["class"]),
                show::text(&class["labelled"]),
                show::text(&class["found"]),
                share(&class["precision"]),
                share(&class["recall"]),
                share(&class["f1"]),
            ]);
        }
        show::rows(&mut out, &table)?;
    }
    Ok(())
}

//! `classify` and `eval`: the classifier on its own, for scripts and for doubters.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::pieces::skip_line;
use super::show;
use super::{Outcome, Place};
use crate::classify::eval::{Report, Rest, Sample, evaluate};
use crate::classify::{Classifier, Post, Watch};
use crate::model::{Aspect, Intent, Sentiment, Severity, Verdict};

/// `affinityd classify …`.
#[derive(Args)]
pub struct Options {
    /// Read here instead of standard input
    file: Option<PathBuf>,
}

/// `affinityd eval …`.
#[derive(Args)]
pub struct Eval {
    /// Labelled lines: those of `classify` with `intent`, `needs_answer`, `sentiment`, `severity` or
    /// `aspect`
    #[arg(required_unless_present = "corrections", conflicts_with = "corrections")]
    file: Option<PathBuf>,
    /// What people have corrected and checked, in place of a file
    #[arg(long)]
    corrections: bool,
    /// Of this brand, with --corrections
    #[arg(long, requires = "corrections")]
    brand: Option<String>,
}

/// One text to classify.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    brand: Option<String>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    intent: Option<Intent>,
    #[serde(default)]
    needs_answer: Option<Gold>,
    #[serde(default)]
    sentiment: Option<Value>,
    #[serde(default)]
    severity: Option<Value>,
    #[serde(default)]
    aspect: Option<Value>,
    #[serde(default)]
    own: bool,
}

impl Line {
    /// The labels beside intent and need, with what was found. Words nobody knows are no labels.
    fn rest(&self, verdict: &Verdict) -> Rest {
        fn label<T: serde::de::DeserializeOwned>(word: Option<&Value>) -> Option<T> {
            T::deserialize(word?).ok()
        }
        let severity: Option<Severity> = label(self.severity.as_ref());
        Rest {
            severe: verdict.severity == Severity::Severe,
            gold_severe: severity.map(|severity| severity == Severity::Severe),
            aspect: verdict.aspects.first().copied(),
            gold_aspect: label::<Aspect>(self.aspect.as_ref()),
            sentiment: Some(verdict.sentiment),
            gold_sentiment: label::<Sentiment>(self.sentiment.as_ref()),
        }
    }
}

/// A label, as people write it.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Gold {
    Word(bool),
    Number(f64),
}

impl Gold {
    fn is_yes(self) -> bool {
        match self {
            Self::Word(yes) => yes,
            Self::Number(number) => number >= 0.5,
        }
    }
}

/// The longest line that is read; what is longer is that line's mistake.
const LONGEST: usize = 8 * 1024 * 1024;

/// The classifier with the brands seen so far.
#[derive(Default)]
struct Bench {
    classifier: Classifier,
    watches: HashMap<String, Watch>,
}

impl Bench {
    fn verdict(&mut self, line: &Line) -> Verdict {
        if let Some(brand) = &line.brand {
            // Streams with ever new brands must not grow without bound.
            if self.watches.len() > 10_000 {
                self.watches.clear();
            }
            self.watches.entry(brand.clone()).or_insert_with(|| Watch::name(brand));
        }
        self.classifier.classify(&Post {
            text: line.text.as_deref().unwrap_or_default(),
            title: line.title.as_deref(),
            lang: line.lang.as_deref(),
            channel: line.channel.as_deref(),
            watch: line.brand.as_ref().and_then(|brand| self.watches.get(brand)),
            // A text that is handed over for a brand is taken as meant for it.
            addressed: true,
            own: line.own,
        })
    }
}

/// Where lines come from. Its buffer tells whether more of them are here already.
pub(super) type Input = BufReader<Box<dyn Read>>;

/// Reads JSON lines one by one, whatever they hold, in constant memory; `each` gets the number, the
/// line or what is wrong with it, and whether the next one would have to be waited for.
pub(super) fn lines<L: DeserializeOwned>(
    mut input: Input,
    mut each: impl FnMut(u64, Result<L>, bool) -> Result<()>,
) -> Result<()> {
    let mut number = 0;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let room = LONGEST as u64 + 1;
        if input.by_ref().take(room).read_until(b'\n', &mut bytes).context("reading")? == 0 {
            return Ok(());
        }
        number += 1;
        let is_too_long = bytes.len() > LONGEST && bytes.last() != Some(&b'\n');
        if is_too_long {
            skip_line(&mut input).context("reading")?;
        }
        let text = String::from_utf8_lossy(&bytes);
        // A mark that some editors put in front of a file.
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        let line = if is_too_long {
            Err(anyhow::anyhow!("longer than 8 MiB"))
        } else {
            serde_json::from_str::<L>(text).context("no JSON object with `id` and `text`")
        };
        each(number, line, input.buffer().is_empty())?;
        bytes.shrink_to(64 * 1024);
    }
}

pub(super) fn open(file: Option<&PathBuf>) -> Result<Input> {
    let input: Box<dyn Read> = match file {
        Some(path) if path.as_os_str() != "-" => {
            let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
            if file.metadata().is_ok_and(|about| about.is_dir()) {
                bail!("{} is a directory; name a file in it", path.display());
            }
            Box::new(file)
        }
        _ => Box::new(std::io::stdin()),
    };
    Ok(BufReader::with_capacity(256 * 1024, input))
}

/// Classifies lines; a bad line gives a line with `error`, in its place.
pub fn classify(options: &Options) -> Outcome {
    let input = open(options.file.as_ref())?;
    let mut out = BufWriter::with_capacity(256 * 1024, std::io::stdout().lock());
    let mut bench = Bench::default();
    lines(input, |number, line: Result<Line>, is_last_here| {
        let answer = match line {
            Ok(line) => answer(&line.id, &bench.verdict(&line)),
            Err(error) => json!({ "id": null, "line": number, "error": format!("{error:#}") }),
        };
        serde_json::to_writer(&mut out, &answer).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
        // Somebody who writes a line and waits gets the answer; a file is written in large pieces.
        if is_last_here {
            out.flush()?;
        }
        Ok(())
    })?;
    out.flush().map_err(anyhow::Error::from)?;
    Ok(())
}

fn answer(id: &Value, verdict: &Verdict) -> Value {
    let scores = &verdict.scores;
    json!({
        "id": id,
        "lang": verdict.lang,
        "intent": verdict.intent,
        "complaint": scores.complaint,
        "question": scores.question,
        "praise": scores.praise,
        "spam": scores.spam,
        "relevant": scores.relevant,
        "needs_answer": scores.needs_answer,
        "sentiment": {
            "neg": scores.sentiment[0],
            "neu": scores.sentiment[1],
            "pos": scores.sentiment[2],
        },
        "severity": verdict.severity,
        "aspects": verdict.aspects,
        "signals": verdict.signals,
        "unsure": verdict.unsure,
        "reasons": verdict.reasons,
        "model": verdict.model,
    })
}

/// Measures the classifier on labelled lines.
pub fn eval(place: &Place, options: &Eval) -> Outcome {
    let Some(file) = &options.file else {
        return super::measure::measured(place, options.brand.clone());
    };
    let input = open(Some(file))?;
    let mut bench = Bench::default();
    let mut samples = Vec::new();
    let mut bad = 0_u64;
    lines(input, |_, line: Result<Line>, _| {
        let Ok(line) = line else {
            bad += 1;
            return Ok(());
        };
        let verdict = bench.verdict(&line);
        samples.push(Sample {
            intent: verdict.intent,
            needs_answer: verdict.scores.needs_answer,
            gold_intent: line.intent,
            gold_needs_answer: line.needs_answer.map(Gold::is_yes),
            rest: line.rest(&verdict),
        });
        Ok(())
    })?;
    let report = evaluate(&samples);
    if report == Report::default() {
        return Err(super::Failure::Failed(anyhow::anyhow!(
            "{}: none of {} lines has a label, such as `intent` or `needs_answer`",
            file.display(),
            samples.len()
        )));
    }
    let mut answer = serde_json::to_value(&report).map_err(anyhow::Error::from)?;
    answer["model"] = json!(bench.classifier.model());
    answer["bad_lines"] = json!(bad);
    if place.json {
        return Ok(show::json(&answer)?);
    }
    print(&answer)?;
    Ok(())
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

//! `classify`: the classifier on its own, for scripts and for doubters; and its lines, for `eval`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Outcome;
use super::pieces::skip_line;
use crate::classify::eval::{Rest, Sample};
use crate::classify::model::{MOST, Model};
use crate::classify::{Classifier, Post, Watch};
use crate::model::{Aspect, Intent, Reason, Sentiment, Severity, Signal, Verdict};

/// `affinityd classify …`.
#[derive(Args)]
pub struct Options {
    /// Read here instead of standard input
    file: Option<PathBuf>,
    /// Another model than the one compiled in (see `affinityd train`)
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

/// One text to classify, maybe with labels.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(default)]
    pub(super) id: Value,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    pub(super) lang: Option<String>,
    #[serde(default)]
    pub(super) brand: Option<String>,
    #[serde(default)]
    pub(super) channel: Option<String>,
    #[serde(default)]
    intent: Option<Intent>,
    #[serde(default)]
    needs_answer: Option<Gold>,
    #[serde(default)]
    pub(super) hard: Option<String>,
    #[serde(default, alias = "sent")]
    sentiment: Option<Value>,
    #[serde(default)]
    severity: Option<Value>,
    #[serde(default)]
    aspect: Option<Value>,
    #[serde(default)]
    own: bool,
}

impl Line {
    /// What was found, beside its labels.
    pub(super) fn sample(&self, verdict: &Verdict, is_lang: Option<bool>) -> Sample {
        Sample {
            intent: verdict.intent,
            needs_answer: verdict.scores.needs_answer,
            gold_intent: self.intent,
            gold_needs_answer: self.needs_answer.map(Gold::is_yes),
            is_lang,
            rest: self.rest(verdict),
        }
    }

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

/// Read and written at once. Larger pieces push the model out of the cache of a processor.
const PIECE: usize = 64 * 1024;
/// The longest line that is read; what is longer is that line's mistake.
const LONGEST: usize = 8 * 1024 * 1024;

/// The classifier with the brands seen so far.
pub(super) struct Bench {
    classifier: Classifier,
    watches: HashMap<String, Watch>,
}

impl Bench {
    /// With the model compiled in, or another.
    pub(super) fn new(model: Option<&Path>) -> Result<Self> {
        let classifier = match model {
            None => Classifier::new(),
            Some(path) => {
                let about = || format!("reading {}", path.display());
                let file = File::open(path).with_context(about)?;
                let mut bytes = Vec::new();
                file.take(MOST as u64 + 1).read_to_end(&mut bytes).with_context(about)?;
                let model =
                    Model::read(bytes.into()).with_context(|| path.display().to_string())?;
                // One command, one model: it lives as long as the program.
                Classifier::with(Box::leak(Box::new(model)))
            }
        };
        Ok(Self { classifier, watches: HashMap::new() })
    }

    /// Name and version of the model.
    pub(super) fn model(&self) -> &'static str {
        self.classifier.model()
    }

    pub(super) fn verdict(&mut self, line: &Line) -> Verdict {
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
            overheard: false,
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
        bytes.shrink_to(PIECE);
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
    Ok(BufReader::with_capacity(PIECE, input))
}

/// Classifies lines; a bad line gives a line with `error`, in its place.
pub fn classify(options: &Options) -> Outcome {
    let input = open(options.file.as_ref())?;
    let mut out = BufWriter::with_capacity(PIECE, std::io::stdout().lock());
    let mut bench = Bench::new(options.model.as_deref())?;
    lines(input, |number, line: Result<Line>, is_last_here| {
        let written = match line {
            Ok(line) => serde_json::to_writer(&mut out, &answer(&line.id, &bench.verdict(&line))),
            Err(error) => {
                let told = json!({ "id": null, "line": number, "error": format!("{error:#}") });
                serde_json::to_writer(&mut out, &told)
            }
        };
        written.map_err(std::io::Error::from)?;
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

/// One line of the answer.
#[derive(Serialize)]
struct Answer<'v> {
    id: &'v Value,
    lang: Option<&'v str>,
    intent: Intent,
    complaint: f32,
    question: f32,
    praise: f32,
    spam: f32,
    relevant: f32,
    needs_answer: f32,
    sentiment: Feelings,
    severity: Severity,
    aspects: &'v [Aspect],
    signals: &'v [Signal],
    unsure: bool,
    thanks: bool,
    reasons: &'v [Reason],
    model: &'v str,
}

#[derive(Serialize)]
struct Feelings {
    neg: f32,
    neu: f32,
    pos: f32,
}

fn answer<'v>(id: &'v Value, verdict: &'v Verdict) -> Answer<'v> {
    let scores = &verdict.scores;
    let [neg, neu, pos] = scores.sentiment;
    Answer {
        id,
        lang: verdict.lang.as_deref(),
        intent: verdict.intent,
        complaint: scores.complaint,
        question: scores.question,
        praise: scores.praise,
        spam: scores.spam,
        relevant: scores.relevant,
        needs_answer: scores.needs_answer,
        sentiment: Feelings { neg, neu, pos },
        severity: verdict.severity,
        aspects: &verdict.aspects,
        signals: &verdict.signals,
        unsure: verdict.unsure,
        thanks: verdict.thanks,
        reasons: &verdict.reasons,
        model: &verdict.model,
    }
}

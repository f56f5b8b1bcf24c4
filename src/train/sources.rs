//! The list of sources, and their lines as samples.
//!
//! A list is TOML: what the model is called, sizes, and a `[[source]]` per set of texts, with its
//! weight and which labels count. Paths are relative to the list.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::retype;
use crate::classify::eval::{self, Fold};
use crate::classify::model::HEADS;
use crate::classify::topics::NOTHING;
use crate::model::{Aspect, Intent, Sentiment, Severity};

/// A list of sources.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name and version of the model.
    pub name: String,
    /// Where chance starts.
    #[serde(default)]
    pub seed: u64,
    /// Rows for the heads.
    pub rows: u32,
    /// Passes over the lines for the heads.
    pub passes: u32,
    /// The first step of those passes.
    pub rate: f32,
    /// Rows for the topics.
    pub topic_rows: u32,
    /// Rows for the languages.
    pub lang_rows: u32,
    /// Passes over the lines for the languages.
    pub lang_passes: u32,
    /// Fewest lines of a language that is told apart.
    pub lang_least: usize,
    /// Languages that are weighed together.
    pub groups: Vec<Vec<String>>,
    /// The sets of texts.
    #[serde(rename = "source")]
    sources: Vec<Source>,
    /// The folder of the list.
    #[serde(skip)]
    base: PathBuf,
}

/// One set of texts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    /// A file, or a folder of which every file with the right ending is read.
    path: PathBuf,
    /// Where to get it, if it is not part of this project; and its licence.
    #[serde(default)]
    origin: String,
    #[serde(default)]
    format: Format,
    /// How much a line counts for the heads; 0: only for the languages.
    #[serde(default = "one")]
    weight: f32,
    /// How much of that for a line whose `hard` is not `none`: such lines are more frequent in a
    /// gold set than among posts.
    #[serde(default = "one")]
    hard_weight: f32,
    /// How much of that for a line of a feeling: a rare one may count as much as others.
    #[serde(default)]
    feelings: BTreeMap<Sentiment, f32>,
    /// The same as `weight`, for the languages.
    #[serde(default = "one")]
    lang_weight: f32,
    /// Lines are held back by their id: see [`eval::fold`].
    #[serde(default)]
    held_back: bool,
    /// Lines whose `split` is `dev` settle; else they are left out.
    #[serde(default)]
    settles: bool,
    /// All other lines teach. A set that may only choose settings says no.
    #[serde(default = "yes")]
    teaches: bool,
    /// Only lines with these values.
    #[serde(default)]
    only: BTreeMap<String, String>,
    /// Heads whose labels count; empty: all.
    #[serde(default)]
    heads: Vec<String>,
    /// Labels that every line has.
    #[serde(default)]
    labels: BTreeMap<String, bool>,
    /// The set has no neutral texts, so that their absence teaches nothing.
    #[serde(default)]
    lacks_neutral: bool,
    /// For lines that do not say it.
    channel: Option<String>,
    lang: Option<String>,
    /// What stands for the brand in every text.
    brand: Option<String>,
    /// Languages by other names: `"ar-DZ" = "ar"`.
    #[serde(default)]
    rename: BTreeMap<String, String>,
    /// Most lines of one language.
    most: Option<usize>,
    /// A question comes a second time without its mark, for people leave it out; with this weight.
    #[serde(default)]
    unmarked: f32,
    /// Languages of which each line comes a second time as people type it in a hurry: Serbian in
    /// Latin letters, and letters without their marks.
    #[serde(default)]
    retype: Vec<String>,
}

fn one() -> f32 {
    1.0
}

fn yes() -> bool {
    true
}

/// How a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// Objects with `text` and labels, one a line.
    #[default]
    Jsonl,
    /// Plain lines; the language is the file's name up to the first point.
    Lines,
    /// Words with a value (below 0 negative): `word TAB value`, or `lang TAB word TAB value`.
    Words,
}

/// What a sample is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The tables learn from it.
    Learn,
    /// The weights of both judges are fitted on it.
    Settle,
}

/// What a text was labelled with; what is absent teaches nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Target {
    /// The column of its sentiment, as in [`Sentiment::ALL`]: 0 negative, 1 neutral, 2 positive.
    pub sentiment: Option<usize>,
    /// Its set has no neutral texts.
    pub lacks_neutral: bool,
    /// The other heads.
    pub heads: [Option<bool>; HEADS.len()],
    /// The column of what it is mainly about, among those of the topics.
    pub topic: Option<usize>,
    /// Whether it is severe.
    pub is_severe: Option<bool>,
}

/// One labelled text.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// Its language.
    pub lang: Option<String>,
    /// What the watched brand is called in it.
    pub brand: Option<String>,
    /// Kind of channel.
    pub channel: Option<String>,
    /// What it was labelled with.
    pub target: Target,
    /// What it is for.
    pub part: Part,
    /// How much it counts for the heads.
    pub weight: f32,
    /// How much it counts for the languages.
    pub lang_weight: f32,
    /// Whether it counts for the languages.
    pub tells_lang: bool,
}

/// Why there is nothing to learn from.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list cannot be read.
    #[error("{0}: {1}")]
    Plan(PathBuf, String),
    /// A file cannot be read.
    #[error("{path}: {why}{}", if origin.is_empty() { String::new() } else { format!(" (get it from {origin})") })]
    Source {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// Where it comes from.
        origin: String,
    },
}

impl Plan {
    /// Reads a list.
    ///
    /// # Errors
    /// [`Error::Plan`], with the place.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: String| Error::Plan(path.to_owned(), why);
        let text = fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
        let mut plan: Self = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        let is_size = |rows: u32| (256..=4 << 20).contains(&rows);
        if ![plan.rows, plan.topic_rows, plan.lang_rows].into_iter().all(is_size) {
            let why = "rows, topic_rows and lang_rows go from 256 to 4194304";
            return Err(wrong(why.to_owned()));
        }
        let named = plan.sources.iter().flat_map(|s| s.heads.iter().chain(s.labels.keys()));
        if let Some(head) = named.into_iter().find(|name| head_of(name).is_none()) {
            let known = HEADS.join(", ");
            return Err(wrong(format!("there is no head `{head}`; there are {known}")));
        }
        plan.base = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(plan)
    }

    /// Reads every line of every source, in order.
    ///
    /// # Errors
    /// [`Error::Source`] for a file that cannot be read or a line that is none.
    pub fn samples(&self) -> Result<Vec<Sample>, Error> {
        let mut all = Vec::new();
        for source in &self.sources {
            let path = self.base.join(&source.path);
            let mut counts = BTreeMap::new();
            for file in files(&path).map_err(|e| source.error(&path, e.to_string()))? {
                let lines = open(&file).map_err(|e| source.error(&file, e.to_string()))?;
                for (index, line) in lines.lines().enumerate() {
                    let wrong =
                        |why: String| source.error(&file, format!("line {}: {why}", index + 1));
                    let line = line.map_err(|e| wrong(e.to_string()))?;
                    let Some(sample) = source.sample(&file, &line).map_err(wrong)? else {
                        continue;
                    };
                    let count = counts.entry(sample.lang.clone()).or_insert(0);
                    *count += 1;
                    if source.most.is_none_or(|most| *count <= most) {
                        let retyped = source.retyped(&sample);
                        all.push(sample);
                        all.extend(retyped);
                    }
                }
            }
        }
        Ok(all)
    }
}

fn head_of(name: &str) -> Option<usize> {
    HEADS.iter().position(|head| *head == name)
}

/// The file, or the files of a folder in the order of their names.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let is_text = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        [".jsonl", ".jsonl.gz", ".txt", ".tsv"].iter().any(|end| name.ends_with(end))
    };
    let mut all = Vec::new();
    for entry in fs::read_dir(path)? {
        all.push(entry?.path());
    }
    all.retain(is_text);
    all.sort();
    Ok(all)
}

fn open(path: &Path) -> io::Result<BufReader<Box<dyn Read>>> {
    let file = File::open(path)?;
    let is_packed = path.extension().is_some_and(|ending| ending == "gz");
    let reader: Box<dyn Read> =
        if is_packed { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    Ok(BufReader::new(reader))
}

impl Source {
    fn error(&self, path: &Path, why: String) -> Error {
        Error::Source { path: path.to_owned(), why, origin: self.origin.clone() }
    }

    fn sample(&self, file: &Path, line: &str) -> Result<Option<Sample>, String> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        match self.format {
            Format::Jsonl => self.labelled(line),
            Format::Lines => Ok(self.plain(file, line)),
            Format::Words => self.word(line).map(Some),
        }
    }

    fn bare(&self, text: &str, lang: Option<&str>) -> Sample {
        let lang = lang.or(self.lang.as_deref());
        let lang = lang.map(|lang| self.rename.get(lang).map_or(lang, String::as_str));
        Sample {
            text: text.to_owned(),
            lang: lang.map(str::to_owned),
            brand: self.brand.clone(),
            channel: self.channel.clone(),
            target: Target { lacks_neutral: self.lacks_neutral, ..Target::default() },
            part: Part::Learn,
            weight: self.weight,
            lang_weight: self.lang_weight,
            tells_lang: self.lang_weight > 0.0 && lang.is_some(),
        }
    }

    fn plain(&self, file: &Path, line: &str) -> Option<Sample> {
        let name = file.file_name()?.to_str()?;
        let lang = name.split('.').next();
        // Numbered lines.
        let text = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
        Some(Sample { weight: 0.0, ..self.bare(text, lang) })
    }

    /// The same question without its mark.
    fn unmarked(&self, sample: &Sample) -> Vec<Sample> {
        let bare = sample.text.trim_end().trim_end_matches(['?', '？', '؟']);
        if self.unmarked == 0.0 || sample.part != Part::Learn || bare == sample.text.trim_end() {
            return Vec::new();
        }
        let weight = sample.weight * self.unmarked;
        let text = bare.trim_end().to_owned();
        vec![Sample { text, weight, tells_lang: false, ..sample.clone() }]
    }

    fn retyped(&self, sample: &Sample) -> Vec<Sample> {
        let mut all = self.unmarked(sample);
        let is_wanted = sample.lang.as_ref().is_some_and(|lang| self.retype.contains(lang));
        if !is_wanted {
            return all;
        }
        let copy = |text| Sample { text, weight: 0.0, ..sample.clone() };
        all.extend(retype::in_a_hurry(&sample.text).map(copy));
        all.retain(|other| other.text != sample.text);
        all.dedup_by(|a, b| a.text == b.text);
        all
    }

    fn word(&self, line: &str) -> Result<Sample, String> {
        let columns: Vec<&str> = line.split('\t').collect();
        let (lang, word, value) = match (&self.lang, columns.as_slice()) {
            (None, [lang, word, value, ..]) => (Some(*lang), *word, *value),
            (Some(_), [word, value, ..]) => (None, *word, *value),
            _ => return Err("too few columns".to_owned()),
        };
        let value: f32 = value.trim().parse().map_err(|_| format!("`{value}` is no number"))?;
        let mut sample = self.bare(word, lang);
        sample.weight *= value.abs();
        sample.target.sentiment = Some(if value < 0.0 { 0 } else { 2 });
        Ok(sample)
    }

    fn labelled(&self, line: &str) -> Result<Option<Sample>, String> {
        let line: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let word = |key: &str| line.get(key).and_then(Value::as_str);
        let is_wanted = self.only.iter().all(|(key, value)| word(key) == Some(value));
        let Some(text) = word("text").filter(|_| is_wanted) else { return Ok(None) };
        let part = match (self.held_back, word("id")) {
            (true, Some(id)) => match eval::fold(id) {
                Fold::Measure => return Ok(None),
                Fold::Settle => Part::Settle,
                Fold::Learn => Part::Learn,
            },
            _ if word("split") == Some("dev") => Part::Settle,
            _ => Part::Learn,
        };
        let is_used = match part {
            Part::Learn => self.teaches,
            Part::Settle => self.settles || self.held_back,
        };
        if !is_used {
            return Ok(None);
        }
        let mut sample = self.bare(text, word("lang"));
        sample.part = part;
        if let Some(brand) = word("brand") {
            sample.brand = Some(brand.to_owned());
        }
        if let Some(channel) = word("channel") {
            sample.channel = Some(channel.to_owned());
        }
        if word("hard").is_some_and(|hard| hard != "none") {
            sample.weight *= self.hard_weight;
        }
        self.label(&line, &mut sample.target);
        let feeling = sample.target.sentiment.map(|column| Sentiment::ALL[column]);
        sample.weight *= feeling.and_then(|feeling| self.feelings.get(&feeling)).unwrap_or(&1.0);
        Ok(Some(sample))
    }

    fn label(&self, line: &Value, target: &mut Target) {
        let word = |key: &str| line.get(key).and_then(Value::as_str);
        let counts =
            |head: &str| self.heads.is_empty() || self.heads.iter().any(|name| name == head);
        let feeling = word("sentiment").or(word("sent"));
        // Who reviews finds fault or praises.
        let is_review = word("channel") == Some("review");
        let by_review = |head: &str, feeling: &str| {
            is_review.then(|| feeling == if head == "praise" { "pos" } else { "neg" })
        };
        // Our own labels say how a text feels about the brand: of one that is about something
        // else they say "neutral", whatever its tone.
        if counts("neg") && word("about").is_none_or(|about| about == "brand") {
            target.sentiment = feeling.and_then(|f| HEADS[..3].iter().position(|head| *head == f));
        }
        for (index, head) in HEADS.iter().enumerate().skip(3).filter(|(_, head)| counts(head)) {
            let told = match line.get(*head) {
                Some(Value::Bool(yes)) => Some(*yes),
                Some(Value::Number(number)) => number.as_f64().map(|n| n >= 0.5),
                _ => None,
            };
            let by_intent = || match *head {
                "complaint" | "praise" if word("intent").is_none() => by_review(head, feeling?),
                "complaint" | "question" | "request" | "praise" => {
                    word("intent").map(|intent| intent == *head)
                }
                "spam" => word("hard").map(|hard| hard == "advert"),
                _ => None,
            };
            let fixed = self.labels.get(*head).copied();
            target.heads[index] = fixed.or(told).or_else(by_intent);
        }
        target.topic = match line.get("aspect") {
            Some(Value::Null) => Some(NOTHING),
            Some(Value::String(word)) => Aspect::ALL.iter().position(|known| known.word() == word),
            _ => None,
        };
        // What asks for nothing is not severe.
        let is_told = |intent: &Intent| word("intent") == Some(intent.word());
        let asks = Intent::ALL.into_iter().find(is_told).map(Intent::asks);
        target.is_severe = match (word("severity"), asks) {
            (Some(how), _) => Some(how == Severity::Severe.word()),
            (None, Some(false)) => Some(false),
            (None, _) => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_comes_again_without_its_mark() {
        let source: Source = toml::from_str("path = 'x'\nunmarked = 0.5").unwrap();
        let again = source.retyped(&source.bare("where is it ??", Some("en")));
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].text.as_str(), again[0].weight), ("where is it", 0.5));
        assert!(source.retyped(&source.bare("it is here", Some("en"))).is_empty());
    }

    #[test]
    fn a_line_comes_again_as_it_is_typed_in_a_hurry() {
        let source: Source = toml::from_str("path = 'x'\nretype = ['sr', 'pl']").unwrap();
        let texts = |text, lang| -> Vec<String> {
            source.retyped(&source.bare(text, Some(lang))).into_iter().map(|s| s.text).collect()
        };
        assert_eq!(texts("шта ћеш", "sr"), ["šta ćeš", "sta ces"]);
        assert_eq!(texts("źle, Łódź", "pl"), ["zle, Lodz"]);
        assert!(texts("tak?", "pl").is_empty());
        assert!(texts("även", "sv").is_empty());
    }
}

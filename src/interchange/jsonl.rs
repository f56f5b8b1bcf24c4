//! One JSON object a line, as documented for import and export, into a [`Reading`].

use std::io::BufRead;

use serde_json::{Map, Value};
use url::Url;

use super::fields::{Fields, LONGEST_WORD, shown};
use super::lines::Lines;
use super::{Line, LineError, Numbered};
use crate::model::{Author, Counts, Intent, Kind, Reading, Ruling, Sentiment, Severity};

const LONGEST_TEXT: usize = 256 << 10;
const LONGEST_TITLE: usize = 4 << 10;
const LONGEST_URL: usize = 4 << 10;

/// Understands one line. Keys that are not known are passed over; absent and null are the same, and
/// mean "not told". `v` may be absent, but nothing else than 1.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse_line(line: &str) -> Result<Line, LineError> {
    let value: Value = serde_json::from_str(line).map_err(|error| {
        let said = error.to_string();
        let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
        LineError { column: Some(error.column()), ..LineError::new(format!("is no JSON: {what}")) }
    })?;
    match value {
        Value::Object(map) => of_object(&map),
        _ => Err(LineError::new("is no JSON object").help("write one {…} a line, no list around")),
    }
}

pub(super) fn readings(reader: impl BufRead) -> impl Iterator<Item = Numbered> {
    Lines::new(reader).filter_map(|line| {
        let (number, bytes) = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        let parsed = match std::str::from_utf8(&bytes) {
            Ok(text) if text.trim().is_empty() => return None,
            Ok(text) => parse_line(text),
            Err(why) => Err(LineError {
                column: Some(why.valid_up_to() + 1),
                ..LineError::new("is not UTF-8 text")
            }),
        };
        Some(parsed.map(|line| (number, line)).map_err(|error| (number, error)))
    })
}

/// Understands one object of the documented keys.
pub(super) fn of_object(map: &Map<String, Value>) -> Result<Line, LineError> {
    let all = Fields::root(map);
    if all.count("v").ok().is_none_or(|v| v.is_some_and(|v| v != 1)) {
        return Err(LineError::at("v", "must be 1").help("other versions are not known here"));
    }
    let brand = all.name_or_none("brand", LONGEST_WORD)?;
    let platform = platform(&all)?;
    let id = all.id("id")?.ok_or_else(|| {
        LineError::at("id", "is missing").help("the id that is the same wherever the post is seen")
    })?;
    let kinds = Kind::ALL.map(|kind| (kind.word(), kind));
    let kind = all.word("kind", kinds)?.ok_or_else(|| {
        let words = Kind::ALL.map(Kind::word).join(", ");
        LineError::at("kind", "is missing").help(format!("it can be: {words}"))
    })?;
    let mut reading = Reading::new(platform, id, kind);
    reading.own = all.flag("own")?.unwrap_or(false);
    (reading.author, reading.bot) = author(&all)?;
    reading.text = all.text("text", LONGEST_TEXT)?;
    reading.title = all.name_or_none("title", LONGEST_TITLE)?;
    reading.lang = lang(&all)?;
    reading.url = address(&all)?;
    reading.created_at = all.time("created_at")?;
    reading.seen_at = all.time("seen_at")?;
    reading.in_reply_to = all.id("in_reply_to")?;
    reading.thread = all.id("thread")?;
    reading.about = all.id("about")?;
    reading.deleted_at = all.time("deleted_at")?;
    reading.rating = all.part("rating")?;
    reading.counts = counts(&all)?;
    reading.counts_at = all.time("counts_at")?;
    reading.ruling = ruling(&all)?;
    if reading.created_at.is_none() && reading.deleted_at.is_none() {
        return Err(LineError::at("created_at", "is missing")
            .help("only a line with `deleted_at` may go without"));
    }
    Ok(Line { brand, reading })
}

fn platform(all: &Fields<'_>) -> Result<String, LineError> {
    let help = "a lower-case word such as `mastodon`, `appstore`, or one of your own";
    let word = all.text("platform", LONGEST_WORD)?;
    let word = word.ok_or_else(|| LineError::at("platform", "is missing").help(help))?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if (1..=32).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(fits)
    {
        return Ok(word);
    }
    Err(LineError::at("platform", format!("cannot be {}", shown(&word))).help(help))
}

fn author(all: &Fields<'_>) -> Result<(Option<Author>, Option<bool>), LineError> {
    let Some(author) = all.object("author")? else { return Ok((None, None)) };
    let id = author.id("id")?;
    let handle = author.name_or_none("handle", LONGEST_WORD)?;
    let handle = handle.map(|h| h.strip_prefix('@').map_or(h.clone(), str::to_owned));
    let name = author.name_or_none("name", 4 * LONGEST_WORD)?;
    let bot = author.flag("bot")?;
    match id {
        Some(id) => Ok((Some(Author { id, handle, name }), bot)),
        None if handle.is_none() && name.is_none() => Ok((None, bot)),
        None => Err(LineError::at("author.id", "is missing")
            .help("give the account's id; handles and names change hands")),
    }
}

fn lang(all: &Fields<'_>) -> Result<Option<String>, LineError> {
    let Some(lang) = all.name_or_none("lang", LONGEST_WORD)? else { return Ok(None) };
    let lang = lang.replace('_', "-");
    let fits = lang.len() <= 35
        && lang.starts_with(|c: char| c.is_ascii_alphabetic())
        && lang.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    if fits {
        return Ok(Some(lang));
    }
    Err(LineError::at("lang", format!("is no language tag: {}", shown(&lang)))
        .help("write BCP 47, such as `en`, `pt-BR` or `zh-Hant`"))
}

/// A link that people will be shown, so nothing but a web address passes.
fn address(all: &Fields<'_>) -> Result<Option<String>, LineError> {
    let Some(url) = all.name_or_none("url", LONGEST_URL)? else { return Ok(None) };
    match Url::parse(&url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => Ok(Some(url)),
        _ => {
            Err(LineError::at("url", "is no web address").help("write https://…, or leave it out"))
        }
    }
}

fn counts(all: &Fields<'_>) -> Result<Option<Counts>, LineError> {
    let Some(counts) = all.object("counts")? else { return Ok(None) };
    let counts = Counts {
        likes: counts.count("likes")?,
        replies: counts.count("replies")?,
        shares: counts.count("shares")?,
        quotes: counts.count("quotes")?,
    };
    Ok((counts != Counts::default()).then_some(counts))
}

fn ruling(all: &Fields<'_>) -> Result<Option<Ruling>, LineError> {
    let Some(verdict) = all.object("verdict")? else { return Ok(None) };
    let severities = [Severity::Severe, Severity::High, Severity::Normal, Severity::Low];
    let ruling = Ruling {
        intent: verdict.word("intent", Intent::ALL.map(|i| (i.word(), i)))?,
        sentiment: verdict.word(
            "sentiment",
            [("pos", Sentiment::Pos), ("neu", Sentiment::Neu), ("neg", Sentiment::Neg)],
        )?,
        relevant: verdict.flag("relevant")?,
        severity: verdict.word("severity", severities.map(|s| (s.word(), s)))?,
        thanks: verdict.flag("thanks")?,
        recommends: verdict.word("recommends", [("yes", true), ("no", false)])?,
        moved_private: verdict.flag("moved_private")?,
        aspects: verdict.texts("aspects")?,
        switching: verdict.text("switching", LONGEST_WORD)?,
    };
    Ok((ruling != Ruling::default()).then_some(ruling))
}

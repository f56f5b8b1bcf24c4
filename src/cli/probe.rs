//! `probe-terms`: what a set of terms would catch, and what it would drag in.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ask::{self, Oracle};
use super::classify::{lines, open};
use super::show::{self, count, text};
use super::{Failure, Outcome, Place};
use crate::classify::probe::{Probe, Trial};
use crate::classify::watch;
use crate::daemon::Call;
use crate::settings::nearest;

/// `affinityd probe-terms …`.
#[derive(Args)]
pub struct Options {
    /// Start from the terms of this brand
    #[arg(long)]
    brand: Option<String>,
    /// Look at the lines of this file (JSON with `text`) instead of the stored posts; -: standard
    /// input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A further term
    #[arg(long, value_name = "TERM")]
    term: Vec<String>,
    /// A further exclusion
    #[arg(long, value_name = "WORD")]
    exclude: Vec<String>,
    /// A further word of which one must be there
    #[arg(long, value_name = "WORD")]
    require: Vec<String>,
    /// A further hashtag
    #[arg(long, value_name = "TAG")]
    hashtag: Vec<String>,
    /// A further handle
    #[arg(long, value_name = "NAME")]
    handle: Vec<String>,
    /// A further other brand
    #[arg(long, value_name = "NAME")]
    rival: Vec<String>,
    /// Forgive one slip in terms of six letters or more
    #[arg(long)]
    misspellings: bool,
    /// Leave the configured terms out
    #[arg(long)]
    alone: bool,
    /// Sample posts of each sort
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=100))]
    examples: u16,
}

/// A post of a file.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    own: bool,
}

/// Tries terms.
pub fn probe(place: &Place, options: Options) -> Outcome {
    let trial = Trial {
        terms: options.term,
        exclude: options.exclude,
        require: options.require,
        hashtags: options.hashtag,
        handles: options.handle,
        rivals: options.rival,
        misspellings: options.misspellings,
        alone: options.alone,
    };
    for word in [&trial.terms, &trial.exclude, &trial.require, &trial.hashtags, &trial.handles]
        .into_iter()
        .chain([&trial.rivals])
        .flatten()
    {
        if !word.chars().any(char::is_alphanumeric) {
            return Err(Failure::Usage(format!("`{word}` has no letter or digit")));
        }
    }
    let examples = usize::from(options.examples);
    let answer = match &options.file {
        Some(file) => from_file(place, file, options.brand.as_deref(), &trial, examples)?,
        None => {
            let call = Call::ProbeTerms { brand: options.brand, trial, examples };
            Oracle::find(place)?.ask(call)?
        }
    };
    if place.json {
        return Ok(show::json(&answer)?);
    }
    print(&answer, options.file.is_none())?;
    Ok(())
}

fn from_file(
    place: &Place,
    file: &PathBuf,
    brand: Option<&str>,
    trial: &Trial,
    examples: usize,
) -> Result<Value, Failure> {
    let (id, present) = present(place, brand)?;
    let tried = trial.onto(&present);
    let mut probe = Probe::new(&tried, &present, examples);
    let mut bad = 0_u64;
    lines(open(Some(file))?, |_, line: Result<Line>, _| {
        match line {
            Ok(Line { text: Some(text), title, own: false }) => probe.take(title.as_deref(), &text),
            Ok(_) => probe.pass_over(),
            Err(_) => bad += 1,
        }
        Ok(())
    })?;
    let mut answer = serde_json::to_value(probe.report()).map_err(anyhow::Error::from)?;
    answer["brand"] = json!(id);
    answer["bad_lines"] = json!(bad);
    Ok(answer)
}

/// The configured terms of a brand, or of the only one. Without a configuration there are none.
fn present(place: &Place, brand: Option<&str>) -> Result<(Option<String>, watch::Config), Failure> {
    if brand.is_none() && !place.config.exists() {
        return Ok((None, watch::Config::default()));
    }
    let config = ask::config(place)?;
    let ids = || config.brands.iter().map(|brand| brand.id.as_str());
    let found = match brand {
        Some(id) => config.brands.iter().find(|brand| brand.id == id).ok_or_else(|| {
            let hint = match nearest(id, ids()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("configured are: {}", ids().collect::<Vec<_>>().join(", ")),
            };
            Failure::Failed(anyhow::anyhow!("there is no brand `{id}`; {hint}"))
        })?,
        None if config.brands.len() == 1 => &config.brands[0],
        None => {
            return Err(Failure::Usage(format!(
                "there are several brands: add `--brand` with one of: {}",
                ids().collect::<Vec<_>>().join(", ")
            )));
        }
    };
    Ok((Some(found.id.clone()), found.watch.config().clone()))
}

/// A number of the answer.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn print(answer: &Value, is_store: bool) -> Result<()> {
    let mut out = show::out();
    let n = |key: &str| number(&answer[key]);
    let posts = |n: u64| count(n, "post", "posts");
    let brand = answer["brand"].as_str().map(|b| format!(" of brand `{b}`")).unwrap_or_default();
    let mut head = format!("Looked at {}{brand}", posts(n("looked_at")));
    if n("passed_over") > 0 {
        head.push_str(&format!("; {} own or without words", n("passed_over")));
    }
    if n("bad_lines") > 0 {
        let bad = count(n("bad_lines"), "line was", "lines were");
        head.push_str(&format!("; {bad} no JSON"));
    }
    show::paragraph(&mut out, &format!("{head}."))?;
    show::paragraph(
        &mut out,
        &format!(
            "These terms catch {}, the configured ones {}: {} newly, {} no longer.",
            n("caught"),
            n("caught_now"),
            n("newly"),
            n("no_longer")
        ),
    )?;
    if is_store {
        let said = "Stored posts came by the configured terms, accounts and threads; what a search \
                    would find beyond them is not among them. Try a file with --file.";
        show::paragraph(&mut out, said)?;
    }
    for name in answer["ordinary"].as_array().into_iter().flatten() {
        warn(&mut out, answer, name)?;
    }
    names(&mut out, answer)?;
    left_out(&mut out, answer)?;
    words(&mut out, answer)?;
    examples(&mut out, answer)
}

/// A term that catches idle talk.
fn warn(out: &mut dyn Write, answer: &Value, name: &Value) -> Result<()> {
    let all = answer["names"].as_array().into_iter().flatten();
    let Some(caught) = all.into_iter().find(|caught| caught["name"] == *name) else {
        return Ok(());
    };
    let (without, alone) = (number(&caught["in_small"]), number(&caught["alone"]));
    let share = 100 * without / alone.max(1);
    let said = format!(
        "{}warning{}: `{}` may be an ordinary word: of {alone} posts that have no other name of \
         the brand, {share} % write it in small letters and neither ask, complain nor praise. Add \
         words with --require.",
        show::BAD,
        show::PLAIN,
        plain(name)
    );
    show::paragraph(out, &said)
}

fn names(out: &mut dyn Write, answer: &Value) -> Result<()> {
    let all = answer["names"].as_array().map_or(&[][..], Vec::as_slice);
    if all.is_empty() {
        return show::line(out, "\nThere is no term, hashtag or handle: add --term.");
    }
    show::line(out, "")?;
    let mut table = show::table(&["caught by", "kind", "posts", "alone", "with others"], 0);
    for name in all {
        let (posts, alone) = (number(&name["posts"]), number(&name["alone"]));
        let with = (posts - alone.min(posts)).to_string();
        let row = [posts.to_string(), alone.to_string(), with];
        table.add_row([plain(&name["name"]), text(&name["kind"])].into_iter().chain(row));
    }
    show::rows(out, &table)?;
    for (key, words) in [
        ("in_link", "only in a web address"),
        ("with_rival", "beside another brand"),
        ("misspelt", "only misspelt"),
    ] {
        let n = number(&answer[key]);
        if n > 0 {
            show::paragraph(out, &format!("  of them {n} {words}{}", slips(answer, key)))?;
        }
    }
    Ok(())
}

/// Which misspellings were found.
fn slips(answer: &Value, key: &str) -> String {
    if key != "misspelt" {
        return String::new();
    }
    let all = answer["misspellings"].as_array().into_iter().flatten();
    let all: Vec<String> =
        all.map(|slip| format!("{} {}", plain(&slip["word"]), text(&slip["posts"]))).collect();
    format!(": {}", all.join(", "))
}

fn left_out(out: &mut dyn Write, answer: &Value) -> Result<()> {
    let mut rows: Vec<(String, u64)> = Vec::new();
    for word in answer["exclusions"].as_array().into_iter().flatten() {
        rows.push((plain(&word["word"]), number(&word["posts"])));
    }
    let lacking = number(&answer["lacks_context"]);
    if rows.is_empty() && lacking == 0 {
        return Ok(());
    }
    show::line(out, "")?;
    let mut table = show::table(&["left out by", "posts"], 0);
    for (word, posts) in rows {
        table.add_row([word, posts.to_string()]);
    }
    if lacking > 0 {
        table.add_row(["(lacks every required word)".to_owned(), lacking.to_string()]);
    }
    show::rows(out, &table)
}

fn words(out: &mut dyn Write, answer: &Value) -> Result<()> {
    for (key, heading, what, other) in [
        ("typical", "more often in caught posts: for --require", "caught", "the rest"),
        ("stray", "more often in caught posts without context: for --exclude", "without", "with"),
    ] {
        let all = answer[key].as_array().map_or(&[][..], Vec::as_slice);
        if all.is_empty() {
            continue;
        }
        show::line(out, &format!("\nWords {heading}"))?;
        let mut table = show::table(&["word", what, other, "log-odds"], 0);
        for word in all {
            let odds = word["log_odds"].as_f64().unwrap_or(0.0);
            table.add_row([
                plain(&word["word"]),
                text(&word["posts"]),
                text(&word["others"]),
                format!("{odds:+.1}"),
            ]);
        }
        show::rows(out, &table)?;
    }
    Ok(())
}

fn examples(out: &mut dyn Write, answer: &Value) -> Result<()> {
    for (key, heading) in [
        ("newly", "Newly caught"),
        ("no_longer", "No longer caught"),
        ("misspelt", "Caught by a misspelling"),
        ("excluded", "Left out by an exclusion"),
        ("lacks_context", "Left out for lack of context"),
        ("caught", "Caught"),
    ] {
        let all = answer["examples"][key].as_array().map_or(&[][..], Vec::as_slice);
        if all.is_empty() {
            continue;
        }
        show::line(out, &format!("\n{heading}, for example"))?;
        for post in all {
            show::line(out, &format!("  {}", fitted(&plain(post))))?;
        }
    }
    Ok(())
}

/// As much as fits on a line of 80 columns; signs of East Asia take two.
fn fitted(text: &str) -> String {
    const MOST: usize = 77;
    let mut columns = 0;
    let mut fitted = String::new();
    for c in text.chars() {
        columns += if c >= '\u{1100}' { 2 } else { 1 };
        if columns > MOST {
            return format!("{}…", fitted.trim_end());
        }
        fitted.push(c);
    }
    fitted
}

/// Strangers' words on one line, without signs that a terminal obeys.
fn plain(value: &Value) -> String {
    crate::text::clean_line(&text(value))
}

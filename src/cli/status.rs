//! `status`, `poll`, `verify`, `release-mail`.

use std::io::Write;

use anyhow::Result;
use serde_json::Value;

use super::ask::Oracle;
use super::local::{self, Local};
use super::show::{self, text};
use super::{Failure, Outcome, Place};
use crate::daemon::Call;
use crate::model::Time;

/// So many refused mails are shown, the newest: the rest is not what fills the screen.
const DEAD_SHOWN: usize = 3;

/// Shows how everything is; fails if something needs attention.
pub fn status(place: &Place) -> Outcome {
    let mut oracle = Oracle::find(place)?;
    let mut answer = oracle.ask(Call::Status)?;
    // Who names a store, or wants it read directly, asks about the store and not about the daemon.
    let is_about_store = place.offline || place.store.is_some();
    if answer["running"] != Value::Bool(true) && !is_about_store {
        let said = "the daemon does not run: nothing is read and no mail leaves; \
                    `systemctl start affinityd`";
        if let Some(attention) = answer["attention"].as_array_mut() {
            attention.insert(0, Value::from(said));
        }
        answer["healthy"] = Value::Bool(false);
    }
    if place.json {
        show::json(&answer)?;
    } else {
        print(&answer)?;
    }
    if answer["healthy"] == Value::Bool(true) { Ok(()) } else { Err(Failure::Unwell) }
}

fn print(answer: &Value) -> Result<()> {
    let mut out = show::out();
    let now = answer["now"].as_str().and_then(Time::parse).unwrap_or_else(|| local::moment(None));
    let running = if answer["running"] == Value::Bool(true) {
        format!("running for {}", show::span(answer["uptime_seconds"].as_f64().unwrap_or(0.0)))
    } else {
        "not running; this is what the store holds".to_owned()
    };
    show::line(&mut out, &format!("affinityd {}, {running}", text(&answer["version"])))?;
    let brands: Vec<(&String, &Value)> =
        answer["brands"].as_object().into_iter().flatten().collect();
    let zone = brands.first().map_or(&Value::Null, |(_, brand)| &brand["zone"]);
    let local = Local::new(zone, now);
    let attention: Vec<String> =
        answer["attention"].as_array().into_iter().flatten().map(text).collect();
    if attention.is_empty() {
        show::line(&mut out, &format!("{}Everything is well.{}", show::GOOD, show::PLAIN))?;
    }
    for said in attention {
        let said = local.sentence(&said);
        show::paragraph(&mut out, &format!("{}! {}{said}", show::BAD, show::PLAIN))?;
    }
    for (id, brand) in brands {
        let sources: Vec<&Value> = answer["sources"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|source| source["brand"].as_str() == Some(id))
            .collect();
        of_brand(&mut out, id, brand, &sources, now)?;
    }
    mail_and_store(&mut out, answer, local)
}

fn of_brand(
    out: &mut dyn Write,
    id: &str,
    brand: &Value,
    sources: &[&Value],
    now: Time,
) -> Result<()> {
    let local = Local::new(&brand["zone"], now);
    let waiting: Vec<String> = brand["waiting"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(state, n)| format!("{n} {}", state.replace('_', " ")))
        .collect();
    let waiting = match waiting.is_empty() {
        true => "nobody waits".to_owned(),
        false => format!("cases: {}", waiting.join(", ")),
    };
    let rows = show::count(brand["interactions"].as_u64().unwrap_or(0), "post", "posts");
    show::line(out, &format!("\n{}{id}{}: {rows}; {waiting}", show::BOLD, show::PLAIN))?;
    let to_look_at = brand["to_look_at"].as_u64().unwrap_or(0);
    if to_look_at > 0 {
        let posts = show::count(to_look_at, "post", "posts");
        show::line(out, &format!("{posts} to look at: `affinityd cases review`"))?;
    }
    if sources.is_empty() {
        return show::paragraph(
            out,
            "No account is configured for it, so nothing is polled; add one such as \
             [[platforms.mastodon]] to the configuration.",
        );
    }
    show::line(out, &format!("Times: {}.\n", local.zone()))?;
    let gaps_of = |source: &Value| source["gaps"].as_array().map_or(0, Vec::len);
    let mut headings = vec!["source", "health", "last read", "read to end", "next"];
    // The names need the width; a column of nothing does not.
    let has_gaps = sources.iter().any(|source| gaps_of(source) > 0);
    if has_gaps {
        headings.push("gaps");
    }
    let mut table = show::table(&headings, 0);
    for source in sources {
        let mut row = vec![
            place(source),
            text(&source["health"]).replace('-', " "),
            local.short(&source["last_success_at"]),
            local.short(&source["read_to_end_at"]),
            local.short(&source["next_poll_at"]),
        ];
        if has_gaps {
            row.push(gaps_of(source).to_string());
        }
        table.add_row(row);
    }
    show::rows(out, &table)?;
    for source in sources {
        // What wants a person was said at the top.
        if source["health"] != "needs-attention" {
            trouble(out, source, local)?;
        }
        gaps(out, source, local)?;
    }
    Ok(())
}

fn place(source: &Value) -> String {
    format!("{}/{}", text(&source["account"]), text(&source["stream"]))
}

/// The error behind a row, in words.
fn trouble(out: &mut dyn Write, source: &Value, local: Local) -> Result<()> {
    let error = &source["error"];
    if !error.is_null() {
        show::paragraph(
            out,
            &format!(
                "  {}: {} since {}: {}",
                place(source),
                text(&error["class"]),
                local.short(&error["since"]),
                crate::text::clean_line(&text(&error["said"]))
            ),
        )?;
    }
    Ok(())
}

/// The stretches that were never read.
fn gaps(out: &mut dyn Write, source: &Value, local: Local) -> Result<()> {
    for gap in source["gaps"].as_array().into_iter().flatten().take(3) {
        let from = match gap["after"].is_null() {
            true => "the beginning".to_owned(),
            false => local.short(&gap["after"]),
        };
        let until = local.short(&gap["before"]);
        let why = crate::text::clean_line(&text(&gap["why"]));
        let said = format!("  {}: not read from {from} until {until}: {why}", place(source));
        show::paragraph(out, &said)?;
    }
    Ok(())
}

fn mail_and_store(out: &mut dyn Write, answer: &Value, local: Local) -> Result<()> {
    let mail = &answer["mail"];
    let dead = mail["dead"].as_array().map_or(0, Vec::len);
    let mut said = format!("\nmail: {} waiting", mail["waiting"]);
    for (n, word) in [(mail["held"].as_u64().unwrap_or(0), "held"), (dead as u64, "refused")] {
        if n > 0 {
            said.push_str(&format!(", {n} {word}"));
        }
    }
    if let Some(at) = mail["last_sent_at"].as_str() {
        said.push_str(&format!("; last sent {}", local.full(&Value::from(at))));
    }
    show::line(out, &said)?;
    if let Some(trouble) = mail["trouble"].as_str().filter(|_| mail["waiting"] != 0) {
        let said = format!("  the server said: {}", crate::text::clean_line(trouble));
        show::paragraph(out, &said)?;
    }
    for letter in mail["dead"].as_array().into_iter().flatten().rev().take(DEAD_SHOWN) {
        show::paragraph(
            out,
            &format!(
                "  refused: \"{}\" to {}: {}",
                crate::text::clean_line(&text(&letter["subject"])),
                text(&letter["to"]),
                crate::text::clean_line(&text(&letter["said"]))
            ),
        )?;
    }
    if dead > DEAD_SHOWN {
        show::line(out, &format!("  and {} more; `affinityd status --json`", dead - DEAD_SHOWN))?;
    }
    let store = &answer["store"];
    let free = store["free_bytes"].as_u64().unwrap_or(0) / 1_048_576;
    let free = if free < 10_240 { format!("{free} MiB") } else { format!("{} GiB", free / 1024) };
    show::line(out, &format!("store: {}, {free} free", text(&store["directory"])))
}

/// Lets the daemon poll now.
pub fn poll(place: &Place, account: Option<String>) -> Outcome {
    let answer = Oracle::find(place)?.ask(Call::Poll { account })?;
    if place.json {
        show::json(&answer)?;
    } else {
        let names: Vec<String> =
            answer["polling"].as_array().into_iter().flatten().map(text).collect();
        show::line(&mut show::out(), &format!("polling {}", names.join(", ")))?;
    }
    Ok(())
}

/// Compares what is kept twice; fails on a difference.
pub fn verify(place: &Place) -> Outcome {
    let bar = show::spinner("comparing");
    let answer = Oracle::find(place)?.ask(Call::Verify)?;
    bar.finish_and_clear();
    if place.json {
        show::json(&answer)?;
    } else {
        let mut out = show::out();
        for difference in answer["differences"].as_array().into_iter().flatten() {
            show::line(&mut out, &text(difference))?;
        }
        let word = if answer["clean"] == Value::Bool(true) { "clean" } else { "NOT clean" };
        show::line(&mut out, &format!("{} interactions compared: {word}", answer["interactions"]))?;
    }
    if answer["clean"] == Value::Bool(true) { Ok(()) } else { Err(Failure::Unwell) }
}

/// Lets held mail go.
pub fn release(place: &Place) -> Outcome {
    let answer = Oracle::find(place)?.ask(Call::Release)?;
    if place.json {
        show::json(&answer)?;
    } else {
        show::line(&mut show::out(), &format!("{} mails released", answer["released"]))?;
    }
    Ok(())
}

//! `indicators` and `explain`: numbers with their samples, and what is behind them.

use std::io::Write;

use clap::Args;
use comfy_table::{ColumnConstraint, Width};
use serde_json::Value;

use super::ask::Oracle;
use super::local::{self, Local};
use super::show::{self, text};
use super::{Failure, Outcome, Place};
use crate::daemon::Call;
use crate::model::Time;
use crate::settings::parse_duration;

/// `affinityd indicators …`.
#[derive(Args)]
pub struct Options {
    /// The window: 28d, 7d, 1d
    #[arg(long, default_value = "28d")]
    window: String,
    /// As of then: 2026-11-09, or a time
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Of this brand
    #[arg(long)]
    brand: Option<String>,
}

/// `affinityd explain …`.
#[derive(Args)]
pub struct Explain {
    /// The indicator, with or without its part: I10, I12.median_wall
    id: String,
    #[command(flatten)]
    options: Options,
}

fn days(window: &str) -> Result<u32, Failure> {
    parse_duration(window)
        .filter(|millis| millis % Time::DAY == 0 && (1..=400).contains(&(millis / Time::DAY)))
        .and_then(|millis| u32::try_from(millis / Time::DAY).ok())
        .ok_or_else(|| {
            Failure::Usage(format!("`{window}` is no window; write whole days, 1d to 400d"))
        })
}

/// Shows the panel.
pub fn indicators(place: &Place, options: Options) -> Outcome {
    let as_of = options.as_of.clone();
    let call = Call::Indicators {
        days: days(&options.window)?,
        brand: options.brand,
        as_of: options.as_of,
    };
    let answer = Oracle::find(place)?.ask(call)?;
    if place.json {
        return Ok(show::json(&answer)?);
    }
    let mut out = show::out();
    heading(&mut out, &answer, as_of.as_deref())?;
    let rows: Vec<&Value> = answer["indicators"].as_array().into_iter().flatten().collect();
    let headings = ["id", "indicator", "value", "95 % interval", "n", "change"];
    let mut table = show::table(&headings, 1);
    for row in &rows {
        table.add_row(vec![
            id(row),
            name(row),
            value(row),
            interval(row),
            text(&row["n"]),
            change(&row["change"]),
        ]);
    }
    show::rows(&mut out, &table)?;
    if rows.iter().all(|row| row["n"] == 0) {
        show::line(
            &mut out,
            "\nNothing is stored for these days yet: `affinityd status` shows what is",
        )?;
        show::line(&mut out, "read, and `affinityd import FILE` takes in history.")?;
        return Ok(());
    }
    for row in &rows {
        if let Some(said) = corrected(row) {
            show::paragraph(&mut out, &format!("\n{}: {said}", id(row)))?;
        }
    }
    show::line(&mut out, "\nbusiness: in business time; wall: by the clock on the wall.")?;
    show::line(&mut out, "`affinityd explain ID` shows what is behind a number.")?;
    Ok(())
}

fn heading(out: &mut dyn Write, answer: &Value, as_of: Option<&str>) -> anyhow::Result<()> {
    let local = Local::new(&answer["zone"], local::moment(as_of));
    show::line(
        out,
        &format!(
            "{}{}{}, {} to {}, {}\n",
            show::BOLD,
            text(&answer["brand"]),
            show::PLAIN,
            local.day(&answer["from"], false),
            local.day(&answer["to"], true),
            text(&answer["zone"])
        ),
    )
}

fn id(row: &Value) -> String {
    match row["part"].as_str() {
        Some(part) => format!("{}.{part}", text(&row["id"])),
        None => text(&row["id"]),
    }
}

/// Names that fit into a table; the part of the id says the rest.
fn name(row: &Value) -> String {
    let short = match (row["id"].as_str(), row["part"].as_str()) {
        (Some("I12"), Some(part)) if part.starts_with("median") => "Half answered in",
        (Some("I12"), Some(part)) if part.starts_with("p90") => "90 % answered in",
        (Some("I13"), Some("oldest_seconds")) => "Oldest open",
        _ => return text(&row["name"]),
    };
    short.to_owned()
}

fn amount(number: f64, unit: &str) -> String {
    match unit {
        "share" => format!("{:.0} %", number * 100.0),
        "score" => format!("{:+.0}", number * 100.0),
        "seconds" => span(number),
        "business seconds" => hours(number),
        "count" => format!("{number:.0}"),
        _ if number.fract().abs() < 1e-9 => format!("{number:.0}"),
        _ => format!("{number:.1}"),
    }
}

/// A span of seconds in few characters: `42 min`, `3 h 05`, `15 d 4 h`.
fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as i64;
    match minutes {
        m if m < 60 => format!("{m} min"),
        m if m < 48 * 60 => format!("{} h {:02}", m / 60, m % 60),
        m => format!("{} d {} h", m / (24 * 60), m % (24 * 60) / 60),
    }
}

/// Business time: its days are shorter than those of the clock, so it is told in hours.
fn hours(seconds: f64) -> String {
    match (seconds / 60.0).round() as i64 {
        m if m < 60 => format!("{m} min"),
        m => format!("{} h {:02}", m / 60, m % 60),
    }
}

fn unit(row: &Value) -> &str {
    let is_business = row["part"].as_str().is_some_and(|part| part.ends_with("_business"));
    match row["unit"].as_str().unwrap_or_default() {
        "seconds" if is_business => "business seconds",
        unit => unit,
    }
}

/// A share is shown as a percentage only from a denominator of twenty.
fn value(row: &Value) -> String {
    let Some(number) = row["value"].as_f64() else { return "-".to_owned() };
    let unit = unit(row);
    let below = row["denominator"].as_f64().unwrap_or(0.0);
    let above = row["numerator"].as_f64().unwrap_or(0.0);
    match unit {
        "share" if below < 20.0 => format!("{above:.0} of {below:.0}"),
        _ => amount(number, unit),
    }
}

fn interval(row: &Value) -> String {
    let unit = unit(row);
    match (row["low"].as_f64(), row["high"].as_f64()) {
        _ if row["status"] == "too-few" && unit != "count" => "too few".to_owned(),
        _ if row["status"] == "unknown" => "cannot be told".to_owned(),
        (Some(low), Some(high)) => format!("{} to {}", amount(low, unit), amount(high, unit)),
        (Some(low), None) => format!("from {}", amount(low, unit)),
        _ => "-".to_owned(),
    }
}

/// What the number would be without the classifier's mistakes, where a random sample was checked.
fn corrected(row: &Value) -> Option<String> {
    let corrected = row["corrected"].as_object()?;
    let number = |key: &str| corrected[key].as_f64().unwrap_or_default();
    let unit = unit(row);
    let [value, low, high] = ["value", "low", "high"].map(|key| amount(number(key), unit));
    let [se, sp] = ["se", "sp"].map(|key| amount(number(key), "share"));
    Some(format!(
        "without the classifier's mistakes {value} ({low} to {high}): of {} checked posts it found \
         {se} of those for and {sp} of those against",
        corrected["n"]
    ))
}

fn change(change: &Value) -> String {
    match change["flag"].as_str() {
        Some("up") => "up".to_owned(),
        Some("down") => "down".to_owned(),
        Some("none") => "unclear".to_owned(),
        Some("too-few") => "too few".to_owned(),
        _ => "-".to_owned(),
    }
}

/// Shows what is behind a number.
pub fn explain(place: &Place, options: Explain) -> Outcome {
    let as_of = options.options.as_of.clone();
    let call = Call::Explain {
        id: options.id,
        days: days(&options.options.window)?,
        brand: options.options.brand,
        as_of: options.options.as_of,
    };
    let answer = Oracle::find(place)?.ask(call)?;
    if place.json {
        return Ok(show::json(&answer)?);
    }
    let mut out = show::out();
    let parts: Vec<&Value> = answer.as_array().into_iter().flatten().collect();
    if let Some(first) = parts.first() {
        heading(&mut out, first, as_of.as_deref())?;
    }
    let mut told: Option<&Value> = None;
    for part in &parts {
        let local = Local::new(&part["zone"], local::moment(as_of.as_deref()));
        let head = format!("{}{}{}  {}", show::BOLD, id(part), show::PLAIN, text(&part["name"]));
        show::line(&mut out, &head)?;
        // Several numbers may come from one rule and the same posts; these are told once.
        let is_new = told.is_none_or(|t| t["rule"] != part["rule"]);
        if is_new {
            show::paragraph(&mut out, &text(&part["rule"]))?;
        }
        let sample = format!("n {}, interval {}", text(&part["n"]), interval(part));
        show::line(&mut out, &format!("value {}, {sample}", value(part)))?;
        if let Some(said) = corrected(part) {
            show::paragraph(&mut out, &said)?;
        }
        show::line(&mut out, "")?;
        let is_new = told.is_none_or(|t| t["behind"] != part["behind"]);
        if is_new {
            behind(&mut out, part, local)?;
        }
        told = Some(part);
    }
    show::line(&mut out, "`affinityd cases show ID` shows one case with its posts.")?;
    Ok(())
}

fn behind(out: &mut dyn Write, part: &Value, local: Local) -> anyhow::Result<()> {
    /// Addresses longer than this are broken, ids of cases never.
    const WIDEST: usize = 34;
    let rows: Vec<[String; 4]> = part["behind"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let place = match (row["case"].as_str(), row["interaction"].as_str()) {
                (Some(case), _) => format!("case {case}"),
                (None, Some(id)) => crate::text::clean_line(id),
                (None, None) => String::new(),
            };
            let note = row["note"].as_str().map(crate::text::clean_line).unwrap_or_default();
            [local.short(&row["at"]), text(&row["what"]), place, remark(&note, local)]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = show::table(&["when", "what", "post or case", "note"], 3);
    if rows.iter().any(|row| row[2].chars().count() > WIDEST)
        && let Some(column) = table.column_mut(2)
    {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(WIDEST as u16 + 2)));
    }
    for row in rows {
        table.add_row(row.to_vec());
    }
    show::rows(out, &table)?;
    show::line(out, "")
}

/// A note with its times and spans as people say them.
fn remark(note: &str, local: Local) -> String {
    let words: Vec<&str> = note.split(' ').collect();
    let mut all: Vec<String> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let number: Option<f64> = word.parse().ok();
        let is_unit = *word == "s" && place > 0 && words[place - 1].parse::<f64>().is_ok();
        match number {
            _ if is_unit => {}
            Some(seconds) if words.get(place + 1) == Some(&"s") => {
                let is_business = words.get(place + 3) == Some(&"business");
                all.push(if is_business { hours(seconds) } else { span(seconds) });
            }
            _ => all.push(local.remark(word)),
        }
    }
    all.join(" ")
}

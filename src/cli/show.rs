//! How answers look on a terminal: tables, times, JSON; and the commands that only print.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use chrono::Utc;
use clap::{Args, Subcommand};

use comfy_table::presets;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{Failure, Outcome, Place};
use crate::schedule::Schedule as Plan;

/// Colours; anstream takes them out where they do not belong.
pub const GOOD: &str = "\u{1b}[32m";
/// Something is wrong.
pub const BAD: &str = "\u{1b}[31m";
/// Stands out.
pub const BOLD: &str = "\u{1b}[1m";
/// Back to normal.
pub const PLAIN: &str = "\u{1b}[0m";

/// The word in front of an error.
pub fn error_word() -> String {
    format!("{BAD}error{PLAIN}")
}

/// Standard output, without colours where nobody sees them.
pub fn out() -> anstream::AutoStream<std::io::Stdout> {
    anstream::AutoStream::auto(std::io::stdout())
}

/// One line.
pub fn line(out: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(out, "{text}").context("writing")
}

/// The first reasons of a post's label, on one line; empty if there are none.
pub fn reasons(post: &Value) -> String {
    let all = post["reasons"].as_array().into_iter().flatten().take(4);
    let one = |reason: &Value| {
        let found = crate::text::clean_line(&text(&reason["found"]));
        format!("\"{found}\" ({})", text(&reason["speaks_for"]))
    };
    all.map(one).collect::<Vec<_>>().join(", ")
}

/// A paragraph, wrapped to the width of the terminal; what follows its first line stands two deeper.
pub fn paragraph(out: &mut dyn Write, text: &str) -> Result<()> {
    let width = width();
    for piece in text.lines() {
        let indent = piece.len() - piece.trim_start_matches(' ').len();
        write!(out, "{:indent$}", "")?;
        let mut column = indent;
        let mut is_first = true;
        for word in piece.split(' ').filter(|word| !word.is_empty()) {
            let length = columns(word);
            if !is_first && column + 1 + length > width {
                let deeper = indent + 2;
                write!(out, "\n{:deeper$}", "")?;
                column = deeper;
            } else if !is_first {
                write!(out, " ")?;
                column += 1;
            }
            write!(out, "{word}")?;
            column += length;
            is_first = false;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// How many columns a word takes: colours take none.
fn columns(word: &str) -> usize {
    let mut inside = false;
    let mut all = 0;
    for c in word.chars() {
        match c {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            _ if inside || c.is_control() => {}
            _ => all += 1,
        }
    }
    all
}

fn width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|c| c.parse().ok())
        .or_else(|| Table::new().width().map(usize::from))
        .unwrap_or(80)
        .clamp(40, 120)
}

/// Indented JSON.
pub fn json(value: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// A table with these headings, as wide as the terminal and no wider. Only column `elastic` gives
/// way: ids and times are never broken.
pub fn table(headings: &[&str], elastic: usize) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width()).unwrap_or(80))
        .set_header(headings.iter().map(|h| h.to_uppercase()).collect::<Vec<_>>());
    for (place, column) in table.column_iter_mut().enumerate() {
        // The last column needs no space behind it.
        let behind = if place + 1 == headings.len() { 0 } else { 2 };
        column.set_padding((0, behind));
        if place != elastic {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

/// The lines of a table, without spaces at their ends.
pub fn rows(out: &mut dyn Write, table: &Table) -> Result<()> {
    for row in table.lines() {
        line(out, row.trim_end())?;
    }
    Ok(())
}

/// `1 case`, `2 cases`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The words of a value, without quotes; `-` for nothing.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A span of seconds, as people say it.
pub fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as i64;
    match minutes {
        0 => format!("{seconds:.0} s"),
        m if m < 60 => format!("{m} min"),
        m if m < 48 * 60 => format!("{} h {:02} min", m / 60, m % 60),
        m => match m % (24 * 60) / 60 {
            0 => format!("{} days", m / (24 * 60)),
            hours => format!("{} days {hours} h", m / (24 * 60)),
        },
    }
}

/// A bar for work of known length; nothing where nobody watches.
pub fn bar(length: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {percent}%  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style).with_message(what.to_owned())
}

/// A sign of life for work of unknown length.
pub fn spinner(what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

/// `affinityd schedule …`.
#[derive(Subcommand)]
pub enum Schedule {
    /// Print the next runs of a cron expression
    #[command(after_help = "\
Example: affinityd schedule explain '30 8 * * 1-5' --tz Europe/Stockholm")]
    Explain {
        /// Five, six or seven fields: `30 8 * * 1-5`
        expression: String,
        /// The zone, such as Europe/Stockholm
        #[arg(long, value_name = "ZONE")]
        tz: String,
        /// From this time instead of now (RFC 3339)
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// How many runs
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
        count: u16,
    },
}

/// Explains a schedule.
pub fn schedule(place: &Place, command: Schedule) -> Outcome {
    let Schedule::Explain { expression, tz, from, count } = command;
    let zone: chrono_tz::Tz = tz.parse().map_err(|_| {
        let names: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name()).collect();
        let near = crate::settings::nearest(&tz, names.iter().copied());
        let hint = near.map_or_else(
            || "use a name of the zone database, such as Europe/Stockholm".to_owned(),
            |n| format!("did you mean `{n}`?"),
        );
        Failure::Usage(format!("there is no time zone `{tz}`; {hint}"))
    })?;
    let mut at = match from {
        None => crate::model::Time::from(Utc::now()),
        Some(text) => crate::model::Time::parse(&text)
            .ok_or_else(|| Failure::Usage(format!("`{text}` is no RFC 3339 time")))?,
    };
    let plan = Plan::parse(&expression, zone).map_err(|e| Failure::Usage(e.to_string()))?;
    let mut runs = Vec::new();
    for _ in 0..count {
        let Some(next) = plan.next(at) else { break };
        runs.push(next);
        at = next;
    }
    if place.json {
        let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
        json(&serde_json::json!({ "expression": expression, "zone": zone.name(), "runs": runs }))?;
    } else {
        let mut out = out();
        for run in runs {
            let local = run.utc().with_timezone(&zone);
            line(
                &mut out,
                &format!("{}  ({})", local.format("%a %Y-%m-%d %H:%M:%S %Z (%:z)"), run),
            )?;
        }
    }
    Ok(())
}

/// `affinityd demo`.
#[derive(Args)]
pub struct Demo {
    /// Write the mails and pages here
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on serving the simulated platform afterwards, until interrupted
    #[arg(long)]
    pub serve: bool,
}

/// Runs the demo.
pub fn demo(options: &Demo) -> Outcome {
    crate::demo::run(options.out.as_deref(), options.serve, &mut out()).map_err(Failure::Failed)
}

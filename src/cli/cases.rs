//! `cases`: list, show, and what people do with them.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::ask::Oracle;
use super::local::{self, Local};
use super::show::{self, text};
use super::{Outcome, Place};
use crate::daemon::Call;

/// `affinityd cases …`.
#[derive(Subcommand)]
pub enum Cases {
    /// List cases: those that wait by urgency, else newest first
    #[command(after_help = "Example: affinityd cases list --state waiting")]
    List {
        /// Of this brand only
        #[arg(long)]
        brand: Option<String>,
        /// In this state only: waiting, open, at_risk, overdue, answered, …
        #[arg(long)]
        state: Option<String>,
        /// As known then: 2026-11-09, or a time
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
    },
    /// Show one case with its posts
    #[command(after_help = "Example: affinityd cases show 80j7p8qrye")]
    Show {
        /// Its id
        id: String,
    },
    /// List the posts that the classifier is not sure of
    #[command(after_help = "\
They open no case and send no alert. What a person says about one settles it.

With --sample, posts are drawn at random whatever the classifier says, to measure it: what \
you confirm or correct of exactly these counts as the checked sample.

Example: affinityd cases review --sample 20")]
    Review {
        /// Of this brand only
        #[arg(long)]
        brand: Option<String>,
        /// So many posts drawn at random, to check the classifier
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
        sample: Option<u16>,
    },
    /// Close a case by hand
    #[command(after_help = "Example: affinityd cases close 80j7p8qrye --note \"called her\"")]
    Close(One),
    /// It is not for this brand: leaves all figures
    #[command(after_help = "Example: affinityd cases not-for-us 80j7p8qrye")]
    NotForUs(One),
    /// It went on in a private channel
    #[command(after_help = "Example: affinityd cases moved-private 80j7p8qrye")]
    MovedPrivate(One),
    /// No alerts until then
    #[command(after_help = "Example: affinityd cases snooze 80j7p8qrye --until 4h")]
    Snooze {
        /// `next-open`, a duration such as 4h, or a time
        #[arg(long, default_value = "next-open")]
        until: String,
        #[command(flatten)]
        one: One,
    },
    /// Somebody has seen it; alerts again after a business day
    #[command(after_help = "Example: affinityd cases ack 80j7p8qrye")]
    Ack(One),
    /// Give it to somebody
    #[command(after_help = "Example: affinityd cases assign 80j7p8qrye --to Ada")]
    Assign {
        /// To whom
        #[arg(long)]
        to: String,
        #[command(flatten)]
        one: One,
    },
}

/// One case.
#[derive(Args)]
pub struct One {
    /// Its id
    id: String,
    /// Why
    #[arg(long)]
    note: Option<String>,
}

/// Runs one of them.
pub fn cases(place: &Place, command: Cases) -> Outcome {
    let mut oracle = Oracle::find(place)?;
    let act = |one: One, what: &str, argument: Option<String>| Call::Act {
        id: one.id,
        what: what.to_owned(),
        argument,
        note: one.note,
        actor: actor(),
    };
    let call = match command {
        Cases::List { brand, state, as_of } => {
            let call = Call::Cases { brand, state: state.clone(), as_of: as_of.clone() };
            let answer = oracle.ask(call)?;
            if place.json {
                return Ok(show::json(&answer)?);
            }
            return Ok(list(&answer, state.as_deref(), as_of.as_deref())?);
        }
        Cases::Show { id } => Call::Case { id },
        Cases::Review { brand, sample } => {
            let is_sample = sample.is_some();
            let answer = oracle.ask(Call::Review { brand, sample: sample.map(usize::from) })?;
            if place.json {
                return Ok(show::json(&answer)?);
            }
            return Ok(super::review::review(&answer, is_sample)?);
        }
        Cases::Close(one) => act(one, "close", None),
        Cases::NotForUs(one) => act(one, "not-for-us", None),
        Cases::MovedPrivate(one) => act(one, "moved-private", None),
        Cases::Snooze { until, one } => act(one, "snooze", Some(until)),
        Cases::Ack(one) => act(one, "ack", None),
        Cases::Assign { to, one } => act(one, "assign", Some(to)),
    };
    let answer = oracle.ask(call)?;
    if place.json { Ok(show::json(&answer)?) } else { Ok(one_case(&answer)?) }
}

/// Who types.
pub fn actor() -> String {
    std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "cli".into())
}

fn who(case: &Value) -> String {
    let author = &case["author"];
    match (author["handle"].as_str(), author["name"].as_str()) {
        (Some(handle), _) => format!("@{handle}"),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "-".to_owned(),
    }
}

fn list(answer: &Value, state: Option<&str>, as_of: Option<&str>) -> anyhow::Result<()> {
    let mut out = show::out();
    let cases: Vec<&Value> = answer.as_array().into_iter().flatten().collect();
    let Some(first) = cases.first() else {
        return match state {
            Some("waiting") => show::line(&mut out, "Nobody waits for an answer."),
            Some(state) => show::line(
                &mut out,
                &format!(
                    "No case is {}. `affinityd cases list` shows all there are.",
                    state.replace('_', " ")
                ),
            ),
            None => show::line(
                &mut out,
                "There are no cases yet. They come with the posts: `affinityd status` shows\n\
                 what is read, and `affinityd import FILE` takes in history.",
            ),
        };
    };
    let now = local::moment(as_of);
    let is_one = cases.iter().all(|case| case["brand"] == first["brand"]);
    let mut headings = vec!["case", "state", "wants", "who", "opened", "due"];
    if !is_one {
        headings.insert(1, "brand");
    }
    let mut table = show::table(&headings, headings.len() - 3);
    let mut marks = false;
    for case in &cases {
        let local = Local::new(&case["zone"], now);
        let mark = match case["severity"].as_str() {
            Some("severe") => " !!",
            Some("high") => " !",
            _ => "",
        };
        marks |= !mark.is_empty();
        let mut row = vec![
            text(&case["id"]),
            text(&case["state"]).replace('_', " "),
            format!("{}{mark}", text(&case["class"])),
            crate::text::clean_line(&who(case)),
            local.short(&case["opened_at"]),
            local.short(&case["due_at"]),
        ];
        if !is_one {
            row.insert(1, text(&case["brand"]));
        }
        let mut row = comfy_table::Row::from(row);
        row.max_height(1);
        table.add_row(row);
    }
    show::rows(&mut out, &table)?;
    let mut zones: Vec<&str> =
        cases.iter().map(|case| Local::new(&case["zone"], now).zone()).collect();
    zones.sort();
    zones.dedup();
    let zones =
        if is_one { zones.join("; ") } else { format!("each brand's: {}", zones.join("; ")) };
    let number = show::count(cases.len() as u64, "case", "cases");
    let marks = if marks { "  !! severe, ! high." } else { "" };
    show::line(&mut out, &format!("\n{number}.{marks}  Times: {zones}."))
}

fn one_case(case: &Value) -> anyhow::Result<()> {
    let mut out = show::out();
    let local = Local::new(&case["zone"], local::moment(None));
    show::line(
        &mut out,
        &format!(
            "{}case {}{}: {} by {}, {}",
            show::BOLD,
            text(&case["id"]),
            show::PLAIN,
            text(&case["class"]),
            crate::text::clean_line(&who(case)),
            text(&case["state"]).replace('_', " ")
        ),
    )?;
    show::line(&mut out, &format!("opened  {}", local.full(&case["opened_at"])))?;
    show::line(&mut out, &format!("due     {}", local.full(&case["due_at"])))?;
    if let Some(until) = case["held_until"].as_str() {
        let until = local.full(&Value::from(until));
        show::line(&mut out, &format!("quiet   until {until}: no alerts about it"))?;
    }
    if let Some(reply) = case["first_reply_seconds"].as_object() {
        show::line(
            &mut out,
            &format!(
                "first reply after {} of business time, {} by the clock",
                show::span(reply["business"].as_f64().unwrap_or(0.0)),
                show::span(reply["wall"].as_f64().unwrap_or(0.0))
            ),
        )?;
    }
    if let Some(link) = case["permalink"].as_str() {
        show::line(&mut out, link)?;
    }
    show::line(&mut out, "\nwhat was said")?;
    for post in case["posts"].as_array().into_iter().flatten() {
        let name = if post["own"] == Value::Bool(true) { "you".to_owned() } else { who(post) };
        let words = post["text"].as_str().unwrap_or("(deleted, or older than texts are kept)");
        show::paragraph(
            &mut out,
            &format!(
                "  {}  {}: {}",
                local.short(&post["at"]),
                crate::text::clean_line(&name),
                crate::text::clean_line(words)
            ),
        )?;
        let reasons = show::reasons(post);
        if !reasons.is_empty() && post["own"] != Value::Bool(true) {
            show::paragraph(&mut out, &format!("    {}: {reasons}", text(&post["intent"])))?;
        }
    }
    show::line(&mut out, "\nwhat happened")?;
    for event in case["events"].as_array().into_iter().flatten() {
        let mut said =
            format!("  {}  {}", local.short(&event["at"]), text(&event["what"]).replace('-', " "));
        for key in ["actor", "note"] {
            if let Some(more) = event[key].as_str() {
                said.push_str(&format!(", {}", crate::text::clean_line(more)));
            }
        }
        show::paragraph(&mut out, &said)?;
    }
    Ok(())
}

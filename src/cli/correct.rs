//! `correct`: a person says what a post is.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::ask::Oracle;
use super::local::{self, Local};
use super::show::{self, text};
use super::{Failure, Outcome, Place};
use crate::daemon::Call;
use crate::model::{Aspect, Intent, Ruling, Sentiment, Severity};

/// What a text wants.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Wants {
    /// It expresses dissatisfaction
    Complaint,
    /// It wants to know something
    Question,
    /// It wants something done
    Request,
    /// It praises or thanks
    Praise,
    /// None of these
    Other,
}

/// How a text feels.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Feels {
    /// Negative
    Neg,
    /// Neither
    Neu,
    /// Positive
    Pos,
}

/// How bad it is if nobody answers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Bad {
    /// Somebody may be hurt, or it is a matter for lawyers
    Severe,
    /// Repeated, or many take part
    High,
    /// The usual case
    Normal,
    /// Can wait
    Low,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Answer {
    /// It is so
    Yes,
    /// It is not
    No,
}

/// `affinityd correct …`.
#[derive(Args)]
pub struct Options {
    /// A case (every asking post of it), or the id of one post
    #[arg(value_name = "CASE|POST-ID")]
    id: String,
    /// What it wants
    #[arg(long, value_enum)]
    intent: Option<Wants>,
    /// How it feels about the brand
    #[arg(long, value_enum)]
    sentiment: Option<Feels>,
    /// How bad it is if nobody answers
    #[arg(long, value_enum)]
    severity: Option<Bad>,
    /// Whether it is about the brand
    #[arg(long, value_enum)]
    relevant: Option<Answer>,
    /// Whether it is thanks and nothing else
    #[arg(long, value_enum)]
    thanks: Option<Answer>,
    /// What it is about, as often as needed: quality, price, service, …
    #[arg(long, value_name = "WORD")]
    aspect: Vec<String>,
    /// Whether it recommends the brand, or warns others off
    #[arg(long, value_enum)]
    recommends: Option<Answer>,
    /// Why
    #[arg(long)]
    note: Option<String>,
    /// Who says so, if not you
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Of this brand
    #[arg(long)]
    brand: Option<String>,
    /// On this platform, where several have a post of that id
    #[arg(long)]
    platform: Option<String>,
}

impl Options {
    fn ruling(&self) -> Result<Ruling, Failure> {
        let yes = |answer: Answer| answer == Answer::Yes;
        let aspects: Vec<String> =
            self.aspect.iter().map(|word| aspect(word)).collect::<Result<_, _>>()?;
        Ok(Ruling {
            intent: self.intent.map(|wants| match wants {
                Wants::Complaint => Intent::Complaint,
                Wants::Question => Intent::Question,
                Wants::Request => Intent::Request,
                Wants::Praise => Intent::Praise,
                Wants::Other => Intent::Other,
            }),
            sentiment: self.sentiment.map(|feels| match feels {
                Feels::Neg => Sentiment::Neg,
                Feels::Neu => Sentiment::Neu,
                Feels::Pos => Sentiment::Pos,
            }),
            severity: self.severity.map(|bad| match bad {
                Bad::Severe => Severity::Severe,
                Bad::High => Severity::High,
                Bad::Normal => Severity::Normal,
                Bad::Low => Severity::Low,
            }),
            relevant: self.relevant.map(yes),
            thanks: self.thanks.map(yes),
            recommends: self.recommends.map(yes),
            aspects: (!aspects.is_empty()).then_some(aspects),
            ..Ruling::default()
        })
    }
}

fn aspect(word: &str) -> Result<String, Failure> {
    let known = || Aspect::ALL.iter().map(|aspect| aspect.word());
    let lower = word.to_lowercase();
    if known().any(|aspect| aspect == lower) {
        return Ok(lower);
    }
    let hint = crate::settings::nearest(word, known()).map_or_else(
        || format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Failure::Usage(format!("there is no aspect `{word}`; {hint}")))
}

/// Says what a post is.
pub fn correct(place: &Place, options: Options) -> Outcome {
    let ruling = options.ruling()?;
    if ruling == Ruling::default() {
        return Err(Failure::Usage(
            "nothing to correct: say what it is, as in `--intent question`".to_owned(),
        ));
    }
    let answer = Oracle::find(place)?.ask(Call::Correct {
        id: options.id,
        brand: options.brand,
        platform: options.platform,
        ruling,
        note: options.note,
        actor: options.actor.unwrap_or_else(super::cases::actor),
    })?;
    if place.json { Ok(show::json(&answer)?) } else { Ok(told(&answer)?) }
}

/// What can change in a post, and how it is called.
const FACTS: [(&str, &str); 6] = [
    ("intent", ""),
    ("sentiment", "sentiment "),
    ("severity", "severity "),
    ("relevant", "about us "),
    ("thanks", "thanks "),
    ("recommends", "recommends "),
];

fn told(answer: &Value) -> anyhow::Result<()> {
    let mut out = show::out();
    let local = Local::new(&answer["zone"], local::moment(None));
    let (was, is) = (&answer["case_before"], &answer["case"]);
    let posts: Vec<&Value> = answer["posts"].as_array().into_iter().flatten().collect();
    for (place, post) in posts.iter().enumerate() {
        let (before, after) = (&post["before"], &post["after"]);
        let mut said: Vec<String> = FACTS
            .iter()
            .filter(|(key, _)| before[key] != after[key])
            .map(|(key, name)| format!("{name}{} -> {}", word(&before[key]), word(&after[key])))
            .collect();
        if before["unsure"] == Value::Bool(true) && after["unsure"] == Value::Bool(false) {
            said.push("settled".to_owned());
        }
        if before["aspects"] != after["aspects"] {
            let words = after["aspects"].as_array().into_iter().flatten().map(text);
            said.push(format!("about {}", words.collect::<Vec<_>>().join(", ")));
        }
        if said.is_empty() {
            said.push(format!("{}, as before: kept as checked", word(&after["intent"])));
        }
        if place == 0 {
            said.extend(dates(was, is, local));
        }
        let many = if posts.len() > 1 {
            format!("{}: ", crate::text::clean_line(&text(&post["id"])))
        } else {
            String::new()
        };
        show::paragraph(&mut out, &format!("{many}{}", said.join("; ")))?;
    }
    if let Some(line) = case_line(was, is) {
        show::paragraph(&mut out, &line)?;
    }
    Ok(())
}

/// How the deadline moved, if the case waits before and after.
fn dates(was: &Value, is: &Value, local: Local) -> Option<String> {
    let is_waiting = |case: &Value| {
        matches!(case["state"].as_str(), Some("open" | "at_risk" | "overdue" | "lapsed"))
    };
    (is_waiting(was) && is_waiting(is) && was["due_at"] != is["due_at"])
        .then(|| format!("due {} -> {}", local.short(&was["due_at"]), local.short(&is["due_at"])))
}

fn case_line(was: &Value, is: &Value) -> Option<String> {
    let name = |case: &Value| format!("case {}", text(&case["id"]));
    let state = |case: &Value| text(&case["state"]).replace('_', " ");
    match (was.is_null(), is.is_null()) {
        (true, true) => None,
        (true, false) => {
            Some(format!("{} is open: {}, {}", name(is), text(&is["class"]), state(is)))
        }
        (false, true) => Some(format!("{} is gone", name(was))),
        (false, false) if was["id"] != is["id"] => {
            Some(format!("it belongs to {} now: {}", name(is), state(is)))
        }
        (false, false) if was["state"] != is["state"] => {
            Some(format!("{}: {} -> {}", name(is), state(was), state(is)))
        }
        (false, false) if was["severity"] != is["severity"] => Some(format!(
            "{}: severity {} -> {}",
            name(is),
            text(&was["severity"]),
            text(&is["severity"])
        )),
        (false, false) => Some(format!("{}: {}", name(is), state(is))),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "not said".to_owned(),
        other => text(other),
    }
}

//! Decides how an indicator may be read: which of value, sample, interval and change are shown, and
//! what is said where there is too little to tell.

use crate::model::{Change, Flag, Indicator, Standing, Time};
use crate::words::{Share, Words};

use super::page::Figure;

/// The indicators of the daily digest, in the order they stand: what was promised first, then who
/// speaks and how.
const SHOWN: [(&str, Option<&str>); 9] = [
    ("I13", Some("open")),
    ("I13", Some("past_due")),
    ("I13", Some("oldest_seconds")),
    ("I10", None),
    ("I12", Some("median_business")),
    ("I12", Some("p90_business")),
    ("I3", None),
    ("I7", None),
    ("I5", None),
];

/// How many a number takes before it may be read.
fn least(id: &str, part: Option<&str>) -> u64 {
    match (id, part) {
        ("I5", _) => 30,
        ("I12", Some(part)) if part.starts_with("median") => 6,
        ("I12", _) => 36,
        _ => 20,
    }
}

/// The figures of the panel; indicators that were not computed are left out.
pub(crate) fn figures(all: &[Indicator], words: Words) -> Vec<Figure> {
    SHOWN
        .iter()
        .filter_map(|(id, part)| all.iter().find(|i| i.id == *id && i.part == *part))
        .map(|indicator| figure(indicator, words))
        .collect()
}

fn figure(indicator: &Indicator, words: Words) -> Figure {
    let (value, mut notes) = match indicator.unit {
        "share" => share(indicator, words),
        "count" if indicator.status != Standing::Unknown => {
            (words.int(whole(indicator.value)), interval(indicator, words).into_iter().collect())
        }
        _ => measured(indicator, words),
    };
    notes.extend(indicator.change.as_ref().map(|change| changed(indicator, change, words)));
    let mut lines = Vec::new();
    // One line of what it rests on and how it moved, one of what it counts.
    if !notes.is_empty() {
        lines.push(notes.join("; "));
    }
    let is_first_part = indicator.part.is_none_or(|part| part.starts_with("median"));
    lines.extend(words.indicator_note(indicator.id).filter(|_| is_first_part).map(str::to_owned));
    Figure {
        name: words.indicator(indicator.id, indicator.part, indicator.name),
        value,
        notes: lines,
    }
}

/// A share by its denominator: percentage, k of n, or the count alone.
fn share(indicator: &Indicator, words: Words) -> (String, Vec<String>) {
    let (k, n) = (whole(indicator.numerator), whole(indicator.denominator));
    if indicator.status == Standing::Unknown {
        let why = words.sources_cannot_tell().to_owned();
        return (words.no_value(Standing::Unknown).to_owned(), vec![why]);
    }
    if n == 0 {
        return (
            words.no_value(Standing::TooFew).to_owned(),
            vec![words.nothing_to_count().to_owned()],
        );
    }
    match words.share(k, n) {
        Share::Percent(value) => {
            let mut notes = vec![words.sample(k, n)];
            notes.extend(interval(indicator, words));
            (value, notes)
        }
        Share::KOfN(value) | Share::Count(value) => {
            (value, vec![words.needs_for_percent(n, least(indicator.id, indicator.part))])
        }
    }
}

/// A score or a time.
fn measured(indicator: &Indicator, words: Words) -> (String, Vec<String>) {
    let least = least(indicator.id, indicator.part);
    // The backlog is counted, not sampled: it needs no minimum.
    let is_count = indicator.id == "I13";
    match (indicator.status, indicator.value) {
        (Standing::Ok, Some(value)) => {
            let mut notes = Vec::new();
            if !is_count {
                notes.push(words.based_on(indicator.n, indicator.id));
            }
            notes.extend(interval(indicator, words));
            (shown(indicator, value, words), notes)
        }
        (Standing::Ok, None) => (words.no_value(Standing::Ok).to_owned(), Vec::new()),
        (_, None) if is_count => (words.no_value(Standing::Ok).to_owned(), Vec::new()),
        (Standing::TooFew, _) => {
            (words.no_value(Standing::TooFew).to_owned(), vec![words.needs(indicator.n, least)])
        }
        (Standing::Unknown, _) if indicator.id == "I12" && indicator.n >= least => {
            let mut notes = vec![words.not_reached().to_owned()];
            notes.extend(indicator.low.map(|low| words.at_least(&shown(indicator, low, words))));
            (words.no_value(Standing::Unknown).to_owned(), notes)
        }
        (Standing::Unknown, _) => (
            words.no_value(Standing::Unknown).to_owned(),
            vec![words.sources_cannot_tell().to_owned()],
        ),
    }
}

fn shown(indicator: &Indicator, value: f64, words: Words) -> String {
    let millis = (value * Time::SECOND as f64) as i64;
    match indicator.unit {
        "share" => words.percent(value),
        "score" => words.points(value),
        "seconds" if indicator.part.is_some_and(|part| part.ends_with("business")) => {
            words.hours(millis)
        }
        "seconds" => words.span(millis),
        _ => words.int(whole(Some(value))),
    }
}

fn interval(indicator: &Indicator, words: Words) -> Option<String> {
    if indicator.status != Standing::Ok {
        return None;
    }
    let low = shown(indicator, indicator.low?, words);
    Some(match indicator.high {
        Some(high) => words.interval(&low, &shown(indicator, high, words)),
        None => words.at_least(&low),
    })
}

fn changed(indicator: &Indicator, change: &Change, words: Words) -> String {
    let before = change
        .value
        .filter(|_| change.flag != Flag::TooFew)
        .map(|value| shown(indicator, value, words));
    words.change(change.flag, before.as_deref())
}

fn whole(value: Option<f64>) -> u64 {
    value.unwrap_or_default().max(0.0).round() as u64
}

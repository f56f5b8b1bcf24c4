//! Small histories, and what a person with a pencil makes of them.
//!
//! `tests/fixtures/history/<name>.jsonl` is imported as it stands; `<name>.want.json` holds the
//! moment, the cases and the numbers that must come out, with the arithmetic under `why`. Only the
//! keys given there are compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use affinityd::indicators::window::now_of_date;
use affinityd::interchange::{Format, Mapping, readings};
use affinityd::model::{Act, ActKind, Case, CaseKind, End, Reading, Time};
use affinityd::pipeline::{OwnAccount, Panel, act};
use serde_json::Value;

use super::desk_kit::{World, brand};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/history")
}

fn texts<'v>(want: &'v Value, key: &str) -> Vec<&'v str> {
    want[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A world as the sidecar says, with the history in it.
fn world(name: &str, want: &Value) -> World {
    let zone = want["zone"].as_str().unwrap_or("UTC").parse().expect("a zone");
    let mut brand = brand(zone);
    brand.auto_replies = texts(want, "auto_replies").into_iter().map(str::to_owned).collect();
    let account =
        |name: &str| OwnAccount { platform: "p".to_owned(), account: name.to_owned(), bot: false };
    brand.own = texts(want, "own").into_iter().map(account).collect();
    brand.blocked = texts(want, "blocked").into_iter().map(account).collect();
    let mut world = World::of(brand);
    world.parented = BTreeSet::new();
    let file = fs::read(folder().join(format!("{name}.jsonl"))).expect("the history");
    let lines: Vec<Reading> = readings(Format::Jsonl, file.as_slice(), &Mapping::default())
        .map(|line| line.unwrap_or_else(|(n, error)| panic!("{name} line {n}: {error}")))
        .map(|(_, line)| line.reading)
        .collect();
    world.import(lines, "2027-06-01T00:00:00Z");
    for done in want["acts"].as_array().into_iter().flatten() {
        let at = Time::parse(done["at"].as_str().expect("a time")).expect("a time");
        let until = at.plus(3 * Time::DAY);
        let kind = match done["what"].as_str().expect("an act") {
            "close" => ActKind::Close,
            "not-for-us" => ActKind::NotForUs,
            "moved-private" => ActKind::MovedPrivate,
            "snooze" => ActKind::Snooze(until),
            "ack" => ActKind::Ack(until),
            "assign" => ActKind::Assign("bo".to_owned()),
            other => panic!("{other}"),
        };
        let id = done["id"].as_str().expect("a post").to_owned();
        let platform = "p".to_owned();
        let done = Act { platform, id, at, kind, actor: "bea".to_owned(), note: None };
        act(world.desk(), done, at).expect("filed");
    }
    world
}

fn moment(want: &Value, world: &World) -> Time {
    let text = want["as_of"].as_str().expect("a moment");
    let date = text.parse().map(|date| now_of_date(date, world.brand.zone));
    date.ok().or_else(|| Time::parse(text)).expect("a date or a time")
}

/// `complaint a due 2026-11-03T12:00:00Z: answered by r 2026-11-03T11:00:00Z`.
fn told(case: &Case, now: Time) -> String {
    let posts = match case.kind {
        CaseKind::FollowUp => format!("after-{}", case.interaction),
        CaseKind::Asked => case.asks.iter().map(|a| a.id.as_str()).collect::<Vec<_>>().join("+"),
    };
    let end = match (&case.answer, case.end) {
        (_, Some((End::NotForUs, _))) | (None, _) => String::new(),
        (Some(answer), _) => {
            format!(" by {} {}", answer.by.as_deref().unwrap_or("hand"), answer.at)
        }
    };
    format!("{} {posts} due {}: {}{end}", case.class.word(), case.due_at, case.state(now).word())
}

/// Every key of `want` is in `got`; numbers agree to a millionth.
fn compare(place: &str, got: &Value, want: &Value, wrong: &mut Vec<String>) {
    match want {
        Value::Object(keys) => {
            for (key, want) in keys.iter().filter(|(key, _)| *key != "why") {
                compare(&format!("{place}.{key}"), &got[key], want, wrong);
            }
        }
        Value::Number(_) => {
            let (got, want) = (got.as_f64(), want.as_f64());
            let near = got.zip(want).is_some_and(|(g, w)| (g - w).abs() <= 1e-6 * w.abs().max(1.0));
            if !near {
                wrong.push(format!("{place}: {got:?}, by hand {want:?}"));
            }
        }
        _ if got == want => {}
        _ => wrong.push(format!("{place}: {got}, by hand {want}")),
    }
}

#[test]
fn every_history_comes_to_what_was_computed_by_hand() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .filter_map(|file| file.strip_suffix(".jsonl").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 12, "{names:?}");
    let mut wrong = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder().join(format!("{name}.want.json"))).expect("want");
        let want: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let world = world(&name, &want);
        let now = moment(&want, &world);
        let panel = Panel::load(world.desk(), 28, now).expect("loaded");
        if want["cases"].is_array() {
            let mut got: Vec<String> = panel.cases.iter().map(|case| told(case, now)).collect();
            let mut hand = texts(&want, "cases");
            got.sort();
            hand.sort_unstable();
            for line in got.iter().filter(|line| !hand.contains(&line.as_str())) {
                wrong.push(format!("{name}: not by hand: {line}"));
            }
            for line in hand.iter().filter(|line| !got.iter().any(|got| got == *line)) {
                wrong.push(format!("{name}: only by hand: {line}"));
            }
        }
        let numbers = serde_json::to_value(panel.indicators()).expect("JSON");
        for want in want["indicators"].as_array().into_iter().flatten() {
            let (id, part) = (&want["id"], &want["part"]);
            let found = numbers.as_array().into_iter().flatten();
            let found = found.into_iter().find(|n| n["id"] == *id && n["part"] == *part);
            let place = format!("{name} {id} {part}");
            match found {
                Some(found) => compare(&place, found, want, &mut wrong),
                None => wrong.push(format!("{place} is not there")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

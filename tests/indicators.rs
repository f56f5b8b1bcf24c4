//! The same facts give the same numbers, in the shape that other programs read.

use std::time::{Duration, Instant};

use affinityd::indicators::{Scope, compute, explain, rules, window};
use affinityd::model::{
    Answer, Ask, Case, CaseKind, End, Flag, History, Indicator, Intent, Interaction, Kind, Person,
    Record, Sentiment, Severity, Standing, Time, Version,
};
use proptest::prelude::*;

/// The keys of an indicator, as other programs read it.
pub const KEYS: [&str; 14] = [
    "id",
    "part",
    "name",
    "value",
    "unit",
    "numerator",
    "denominator",
    "n",
    "low",
    "high",
    "level",
    "status",
    "change",
    "version",
];

fn at(text: &str) -> Time {
    Time::parse(text).expect("a time of this test")
}

fn business(from: Time, to: Time) -> i64 {
    to.since(from) / 3
}

fn record(id: &str, person: u64, posted: Time, seen: Time) -> Record {
    let version = Version {
        seen_at: seen,
        created_at: posted,
        kind: Some(Kind::Mention),
        ..Version::default()
    };
    Record {
        platform: "mastodon".to_owned(),
        id: id.to_owned(),
        key_at: posted,
        stored_at: posted,
        person: Some(Person(person)),
        filed: id.to_owned(),
        versions: vec![version],
    }
}

fn post(id: &str, person: u64, posted: Time) -> Interaction {
    record(id, person, posted, posted).latest().expect("it was seen")
}

fn case(id: &str, person: u64, opened: Time) -> Case {
    Case {
        id: id.to_owned(),
        kind: CaseKind::Asked,
        platform: "mastodon".to_owned(),
        thread: id.to_owned(),
        person: Some(Person(person)),
        author: None,
        class: Intent::Complaint,
        severity: Severity::Normal,
        interaction: id.to_owned(),
        permalink: None,
        opened_at: opened,
        seen_at: opened,
        asks: vec![Ask { id: id.to_owned(), at: opened, intent: Intent::Complaint }],
        risk_at: opened.plus(Time::HOUR),
        due_at: opened.plus(2 * Time::HOUR),
        answer: None,
        end: None,
        held_until: None,
        events: Vec::new(),
    }
}

/// Everything about Stockholm's window of 28 days as of a moment.
fn measured(history: &History, cases: &[Case]) -> Vec<Indicator> {
    let zone = chrono_tz::Europe::Stockholm;
    let window = window::ending(history.now, 28, zone);
    compute(&Scope::new(history, cases, window, zone, &business))
}

fn find(all: &[Indicator], id: &str, part: Option<&str>) -> Indicator {
    all.iter().find(|i| i.id == id && i.part == part).expect("a number that exists").clone()
}

#[test]
fn json_has_the_promised_keys_in_a_stable_order() {
    let history = History { now: at("2026-11-09T07:00:00Z"), ..History::default() };
    let all = measured(&history, &[]);
    let order: Vec<String> = all
        .iter()
        .map(|i| i.part.map_or_else(|| i.id.to_owned(), |part| format!("{} {part}", i.id)))
        .collect();
    let expected = [
        "I3",
        "I5",
        "I6",
        "I7",
        "I10",
        "I12 median_business",
        "I12 p90_business",
        "I12 median_wall",
        "I12 p90_wall",
        "I13 open",
        "I13 oldest_seconds",
        "I13 past_due",
        "I18 replies",
        "I18 kept_promises",
        "I19 posts",
        "I19 complaint_replies",
        "I24 quality",
        "I24 price",
        "I24 service",
        "I24 delivery",
        "I24 app",
        "I24 returns",
        "I24 staff",
        "I24 values",
        "I24 availability",
        "I25",
        "I30",
        "I31",
    ];
    assert_eq!(order, expected);
    for indicator in &all {
        let json = serde_json::to_value(indicator).unwrap();
        let found: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(found.len(), KEYS.len(), "{}", indicator.id);
        assert!(KEYS.iter().all(|key| json.get(key).is_some()), "{json}");
        assert_eq!(json["level"], 0.95, "rule E52");
    }
    let json = serde_json::to_value(find(&all, "I10", None)).unwrap();
    assert_eq!(json["part"], serde_json::Value::Null);
    assert_eq!(json["value"], serde_json::Value::Null, "unknown is null, never 0");
    assert_eq!(json["status"], "too-few", "rule E54: nothing to count");
    assert_eq!(json["change"]["flag"], "too-few");
    let json = serde_json::to_value(find(&all, "I13", Some("open"))).unwrap();
    assert_eq!(json["change"], serde_json::Value::Null, "rule E39: a fact of now has no past");
}

#[test]
fn rule_e2_an_item_seen_late_joins_the_window_of_its_time() {
    let stream = [
        record("on time", 1, at("2026-11-08T10:00:00Z"), at("2026-11-08T10:01:00Z")),
        record("seen late", 2, at("2026-11-08T22:59:59.999Z"), at("2026-11-10T09:00:00Z")),
        record("at `to`", 3, at("2026-11-08T23:00:00Z"), at("2026-11-08T23:00:00Z")),
        record("clock ahead", 4, at("2026-12-24T10:00:00Z"), at("2026-11-08T12:00:00Z")),
    ];
    let table = [("2026-11-09T07:00:00Z", 2.0), ("2026-11-10T09:00:00Z", 4.0)];
    for (now, persons) in table {
        let now = at(now);
        let rows = stream.iter().filter_map(|r| r.as_of(now)).collect();
        let all = measured(&History { now, rows, ..History::default() }, &[]);
        assert_eq!(find(&all, "I3", None).value, Some(persons), "as of {now}");
    }
    // The same window as before, as known a day later.
    let now = at("2026-11-10T09:00:00Z");
    let rows = stream.iter().filter_map(|r| r.as_of(now)).collect();
    let history = History { now, rows, ..History::default() };
    let zone = chrono_tz::Europe::Stockholm;
    let window = window::ending(at("2026-11-09T07:00:00Z"), 28, zone);
    let all = compute(&Scope::new(&history, &[], window, zone, &business));
    assert_eq!(find(&all, "I3", None).value, Some(3.0), "persons 1, 2 and 4, not 3");
}

#[test]
fn four_weeks_of_silence_after_four_good_ones() {
    let now = at("2026-11-09T07:00:00Z");
    let mut cases = Vec::new();
    let mut rows = Vec::new();
    for i in 0..40_i64 {
        let good = at("2026-09-15T08:00:00Z").plus(i * 12 * Time::HOUR);
        let mut answered = case(&format!("good {i}"), i as u64, good);
        answered.answer = Some(Answer { at: good.plus(Time::HOUR), by: Some("r".to_owned()) });
        rows.push(post(&format!("good {i}"), i as u64, good));
        cases.push(answered);
        let silent = at("2026-10-13T08:00:00Z").plus(i * 12 * Time::HOUR);
        rows.push(post(&format!("silent {i}"), 100 + i as u64, silent));
        cases.push(case(&format!("silent {i}"), 100 + i as u64, silent));
    }
    let history = History { now, rows, ..History::default() };
    let all = measured(&history, &cases);
    let flag = |id, part| find(&all, id, part).change.unwrap().flag;

    let rate = find(&all, "I10", None);
    assert_eq!((rate.value, rate.n, rate.status), (Some(0.0), 40, Standing::Ok));
    assert_eq!((rate.low, flag("I10", None)), (Some(0.0), Flag::Down));
    let median = find(&all, "I12", Some("median_wall"));
    assert_eq!((median.value, median.status), (None, Standing::Unknown), "nobody was answered");
    assert_eq!(flag("I12", Some("median_wall")), Flag::Up, "an unknown median can still be slower");
    assert_eq!(flag("I12", Some("p90_business")), Flag::Up);
    assert_eq!(flag("I3", None), Flag::None, "as many persons as before");
    assert_eq!(find(&all, "I7", None).value, Some(0.0), "and none of them came back");
    assert_eq!(flag("I7", None), Flag::TooFew, "nobody was known before that");
    // 2026-10-13T08:00Z + i · 12 h, due 2 h later: lapsed if due more than 14 days before now, which
    // is 10-26T07:00Z; so i = 0..=25 have lapsed, the last of them due 10-25T22:00Z.
    assert_eq!(find(&all, "I13", Some("open")).value, Some(14.0), "rule E25");
    assert_eq!(find(&all, "I13", Some("past_due")).value, Some(14.0));

    let zone = chrono_tz::Europe::Stockholm;
    let scope = Scope::new(&history, &cases, window::ending(now, 28, zone), zone, &business);
    for rule in rules() {
        let behind = explain(&scope, rule.id, rule.part).unwrap();
        let number = find(&all, rule.id, rule.part);
        assert_eq!(behind.parts.len() as u64, number.n, "{}: one line for each", rule.id);
        assert!(behind.parts.is_sorted(), "{}", rule.id);
    }
    let behind = explain(&scope, "I10", None).unwrap().parts;
    assert_eq!(behind.len(), 40);
    assert!(behind.iter().all(|line| line.what == "not answered" && line.case.is_some()));
}

/// One random post: who, how many days ago, in which mood, and, if it asked for something, what
/// became of it after how many hours.
type Fact = (u64, i64, u8, Option<(i64, u8)>);

fn fact() -> impl Strategy<Value = Fact> {
    (0_u64..60, 0_i64..90, 0_u8..4, proptest::option::of((0_i64..40, 0_u8..4)))
}

fn world(facts: &[Fact]) -> (History, Vec<Case>) {
    let now = at("2026-11-09T07:00:00Z");
    let mut rows = Vec::new();
    let mut cases = Vec::new();
    for (i, (person, days, mood, fate)) in facts.iter().enumerate() {
        let id = format!("{i}");
        // Whole days, so that many times are equal.
        let posted = now.plus(-days * Time::DAY);
        let mut row = post(&id, *person, posted);
        row.sentiment = [None, Some(Sentiment::Neg), Some(Sentiment::Neu), Some(Sentiment::Pos)]
            [usize::from(*mood)];
        row.in_reply_to = (i > 0 && mood % 2 == 1).then(|| format!("{}", i - 1));
        rows.push(row);
        if let Some((hours, how)) = fate {
            let mut case = case(&id, *person, posted);
            let then = posted.plus(hours * Time::HOUR);
            match how {
                0 => case.answer = Some(Answer { at: then, by: Some("r".to_owned()) }),
                1 => case.end = Some((End::DeletedByAuthor, then)),
                2 => case.person = None,
                _ => {}
            }
            cases.push(case);
        }
    }
    (History { now, rows, ..History::default() }, cases)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn order_of_rows_and_cases_never_matters(
        facts in prop::collection::vec(fact(), 0..200),
        turn in 0_usize..200,
    ) {
        let (mut history, mut cases) = world(&facts);
        let there = measured(&history, &cases);
        history.rows.reverse();
        if !cases.is_empty() {
            let turn = turn % cases.len();
            cases.rotate_left(turn);
        }
        prop_assert_eq!(&there, &measured(&history, &cases));
        for found in there {
            let (Some(value), Some(low)) = (found.value, found.low) else { continue };
            prop_assert!(low <= value, "{:?}", found);
            prop_assert!(found.high.is_none_or(|high| value <= high), "{:?}", found);
        }
    }
}

/// A year of a busy brand. Anything quadratic would take hours here.
#[test]
fn a_hundred_thousand_rows_cost_seconds_at_most() {
    let now = at("2026-11-09T07:00:00Z");
    let mut rows = Vec::with_capacity(100_000);
    let mut cases = Vec::with_capacity(20_000);
    for i in 0..100_000_i64 {
        let posted = now.plus(-i * 196 * Time::DAY / 100_000);
        let person = (i * 7_919 % 30_011) as u64;
        let id = format!("{i}");
        let mut row = post(&id, person, posted);
        row.sentiment = Some(if i % 3 == 0 { Sentiment::Neg } else { Sentiment::Pos });
        row.in_reply_to = (i % 4 != 0).then(|| format!("{}", i - i % 4));
        rows.push(row);
        if i % 5 == 0 {
            let mut case = case(&id, person, posted);
            if i % 3 != 0 {
                let then = posted.plus(i % 300 * Time::MINUTE);
                case.answer = Some(Answer { at: then, by: Some("r".to_owned()) });
            }
            cases.push(case);
        }
    }
    let history = History { now, rows, ..History::default() };
    let start = Instant::now();
    let all = measured(&history, &cases);
    let took = start.elapsed();
    assert_eq!(find(&all, "I12", Some("median_wall")).status, Standing::Ok);
    // Unoptimised and on a busy machine; optimised it is a small part of a second.
    assert!(took < Duration::from_secs(60), "{took:?}");
}

//! The keys that other programs rely on.

use serde_json::Value;

use super::THEN;
use crate::binary::{Place, QUIET};
use crate::indicators::KEYS;

/// Panics unless every key is there; what is unknown is null, but named.
fn has(what: &str, value: &Value, keys: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no object: {value}"));
    for key in keys {
        assert!(object.contains_key(*key), "{what} lacks `{key}`: {value}");
    }
}

fn is_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    assert!(text.ends_with('Z') && text.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{text}");
}

#[test]
fn cases() {
    let place = Place::with_history();
    let cases = place.json(&["cases", "list", "--as-of", THEN]);
    let cases = cases.as_array().expect("a list");
    assert_eq!(cases.len(), 8, "eight of the posts ask for something");
    for case in cases {
        has(
            "a case",
            case,
            &[
                "id",
                "brand",
                "state",
                "severity",
                "opened_at",
                "due_at",
                "answered_at",
                "first_reply_seconds",
                "interaction",
                "permalink",
                "author",
                "events",
            ],
        );
        is_time(&case["opened_at"]);
        is_time(&case["due_at"]);
        assert_eq!(case["answered_at"].is_null(), case["first_reply_seconds"].is_null());
    }
    let ada = cases.iter().find(|c| c["author"]["id"] == "u-ada").expect("Ada's");
    assert_eq!(ada["state"], "answered");
    // From 09:05 to 10:35 in Stockholm, within the hours.
    assert_eq!(ada["first_reply_seconds"]["wall"], 5400.0);
    assert_eq!(ada["first_reply_seconds"]["business"], 5400.0);
    let waiting = place.json(&["cases", "list", "--state", "waiting", "--as-of", THEN]);
    let order: Vec<&str> =
        waiting.as_array().unwrap().iter().map(|c| c["state"].as_str().unwrap()).collect();
    assert_eq!(order, ["overdue", "overdue", "open", "open", "lapsed"], "the most urgent first");
    assert_eq!(place.json(&["cases", "list", "--state", "not_for_us"]), Value::Array(Vec::new()));
}

#[test]
fn indicators() {
    let place = Place::with_history();
    let panel = place.json(&["indicators", "--as-of", THEN, "--window", "28d"]);
    has("the panel", &panel, &["brand", "from", "to", "zone", "indicators"]);
    assert_eq!(panel["from"], "2026-10-18T22:00:00Z", "28 local days, one of 25 hours");
    assert_eq!(panel["to"], "2026-11-15T23:00:00Z");
    let all = panel["indicators"].as_array().expect("a list");
    for indicator in all {
        has("an indicator", indicator, &KEYS);
        assert!(["ok", "too-few", "unknown"].contains(&indicator["status"].as_str().unwrap()));
    }
    let rate = all.iter().find(|i| i["id"] == "I10").expect("the answer rate");
    // Three of the six whose deadline has passed; two are due on Monday.
    assert_eq!((rate["numerator"].as_f64(), rate["denominator"].as_f64()), (Some(3.0), Some(6.0)));
    assert_eq!(rate["n"], 6);
}

#[test]
fn status() {
    let place = Place::new(&format!(
        "{QUIET}[[platforms.feed]]\nname = \"blog\"\nurl = \"https://blog.invalid/feed\"\n"
    ));
    let status = place.json(&["status"]);
    has(
        "the status",
        &status,
        &[
            "version",
            "uptime_seconds",
            "running",
            "healthy",
            "attention",
            "store",
            "sources",
            "mail",
        ],
    );
    has("the store", &status["store"], &["directory", "free_bytes", "held"]);
    has("the mail", &status["mail"], &["waiting", "held", "dead", "last_sent_at"]);
    let sources = status["sources"].as_array().expect("a list");
    assert_eq!(sources.len(), 1);
    has(
        "a source",
        &sources[0],
        &[
            "account",
            "platform",
            "stream",
            "health",
            "last_success_at",
            "read_to_end_at",
            "gaps",
            "next_poll_at",
            "error",
            "credential_expires_at",
        ],
    );
}

#[test]
fn classified_lines() {
    let place = Place::new(QUIET);
    let input = b"{\"id\":\"a\",\"text\":\"It broke after a day, I want my money back!\"}\n\
                  {\"id\":7,\"text\":\"\",\"lang\":\"de\",\"brand\":\"Acme\",\"channel\":\"review\"}\n";
    let ran = place.feed(&["classify"], input);
    let lines: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        has(
            "a line",
            line,
            &[
                "id",
                "lang",
                "intent",
                "complaint",
                "question",
                "praise",
                "spam",
                "relevant",
                "needs_answer",
                "sentiment",
                "reasons",
                "model",
            ],
        );
        has("the sentiment", &line["sentiment"], &["neg", "neu", "pos"]);
        for key in ["complaint", "question", "praise", "spam", "relevant", "needs_answer"] {
            assert!((0.0..=1.0).contains(&line[key].as_f64().unwrap()), "{key}: {line}");
        }
    }
    assert_eq!((&lines[0]["id"], &lines[1]["id"]), (&Value::from("a"), &Value::from(7)));
    assert_eq!(lines[0]["intent"], "complaint");
}

#[test]
fn measured_lines() {
    let place = Place::new(QUIET);
    let file = place.write(
        "labelled.jsonl",
        "{\"id\":1,\"text\":\"It broke, I want a refund\",\"intent\":\"complaint\",\"needs_answer\":1}\n\
         {\"id\":2,\"text\":\"Thank you, I love it\",\"intent\":\"praise\",\"needs_answer\":false}\n\
         no JSON\n",
    );
    let measured = place.json(&["eval", &file]);
    has("the measure", &measured, &["intent", "needs_answer", "model", "bad_lines"]);
    assert_eq!((&measured["bad_lines"], &measured["intent"]["n"]), (&1.into(), &2.into()));
    has("a part", &measured["intent"], &["accuracy", "macro_f1", "classes"]);
    assert_eq!(measured["intent"]["accuracy"], 1.0);
}

#[test]
fn a_configuration() {
    let place = Place::new(QUIET);
    let report = place.json(&["check-config"]);
    has("the report", &report, &["errors", "warnings", "findings"]);
    assert_eq!((&report["errors"], &report["warnings"]), (&0.into(), &1.into()));
    place.write("affinityd.toml", "[[brands]]\n");
    let ran = place.run(&["check-config", "--json"]);
    assert_eq!(ran.code, 78);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert!(report["errors"].as_u64() >= Some(1), "{report}");
}

//! What is typed is answered: readable for people, stable for programs, with the right exit code,
//! and the same whether a daemon is asked or the store is opened.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "cli/correct.rs"]
mod correct;
#[path = "cli/docs.rs"]
mod docs;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/probe.rs"]
mod probe;
#[path = "cli/reclassify.rs"]
mod reclassify;
#[path = "cli/streams.rs"]
mod streams;

use crate::binary::{Daemon, Place, QUIET, history};

const THEN: &str = "2026-11-16";

/// What people see, with the marks of this machine taken out.
fn shown(place: &Place, arguments: &[&str]) -> String {
    let ran = place.run(arguments);
    assert!(!ran.out.contains('\u{1b}'), "no colours into a pipe");
    for line in ran.out.lines().chain(ran.err.lines()) {
        assert!(line.chars().count() <= 80 || line.contains("http"), "too wide: {line}");
        // What stands above a signature in a mail ends in a space.
        assert!(line == "-- " || line.trim_end() == line, "spaces at the end: {line}");
    }
    let out = ran.out.replace(env!("CARGO_PKG_VERSION"), "[version]");
    let mut all = format!("$ affinityd {}\n{out}", arguments.join(" "));
    if !ran.err.is_empty() {
        all.push_str(&format!("--- to standard error:\n{}", ran.err));
    }
    if ran.code != 0 {
        all.push_str(&format!("--- exit code {}\n", ran.code));
    }
    all
}

#[test]
fn a_history_is_shown_as_it_was_known_then() {
    let place = Place::with_history();
    for arguments in [
        &["cases", "list", "--as-of", THEN][..],
        &["cases", "list", "--state", "waiting", "--as-of", THEN],
        &["cases", "list", "--state", "not-for-us", "--as-of", THEN],
        &["indicators", "--as-of", THEN],
        &["explain", "I13", "--as-of", THEN],
        &["explain", "I12.median_wall", "--as-of", THEN],
        &["digest", "--as-of", THEN],
    ] {
        let name = arguments.iter().filter(|a| **a != "--as-of" && **a != THEN);
        let name: Vec<&str> = name.map(|a| a.trim_start_matches("--")).collect();
        insta::assert_snapshot!(name.join("-").replace('.', "-"), shown(&place, arguments));
    }
}

#[test]
fn one_case_is_shown_with_what_was_said_and_what_was_done() {
    let place = Place::with_history();
    let cases = place.json(&["cases", "list", "--as-of", THEN]);
    let broken = cases
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["interaction"].as_str() == Some("https://social.example/p/13"));
    let id = broken.expect("the broken grinder is a case")["id"].as_str().unwrap().to_owned();
    let closed = place.run(&["cases", "close", &id, "--note", "called her"]);
    assert_eq!(closed.code, 0, "{}", closed.err);
    let shown = shown(&place, &["cases", "show", &id]);
    let shown = shown.replace("  15 Nov 2026 12:20", "  15 Nov 12:20");
    // The year is said in years to come. When it was closed is the only other thing that is not history.
    let (before, after) = shown.split_once("closed, ").expect("the act is shown");
    let before = before.rsplit_once('\n').expect("on a line of its own").0;
    insta::assert_snapshot!("one_case", format!("{before}\n  [now] closed, {after}"));
}

#[test]
fn an_empty_store_says_where_to_begin() {
    let place = Place::new(QUIET);
    let all: Vec<String> = [
        &["status", "--offline"][..],
        &["cases", "list"],
        &["cases", "list", "--state", "waiting"],
        &["indicators", "--as-of", THEN],
        &["explain", "I10", "--as-of", THEN],
        &["verify"],
        &["release-mail"],
    ]
    .iter()
    .map(|arguments| shown(&place, arguments))
    .collect();
    let all = all.join("\n");
    let free = all.lines().find(|l| l.starts_with("store:")).expect("where it is").to_owned();
    let all = all.replace(&free, "store: [dir]/state, [some] free");
    insta::assert_snapshot!(all);
}

#[test]
fn every_mistake_names_the_place_and_the_way_out() {
    let place = Place::with_history();
    place.write("folder.toml", "[[brands]]\nid = \"acme\"\nzone = \"Europe/Stokholm\"\n");
    let all: Vec<String> = [
        &["status", "--config", "nowhere.toml"][..],
        &["check-config", "--config", "nowhere.toml"],
        &["check-config", "--config", "."],
        &["check-config", "--config", "folder.toml"],
        &["cases", "list", "--brand", "acne"],
        &["cases", "list", "--state", "wating"],
        &["cases", "show", "nope"],
        &["cases", "snooze", "nope", "--until", "4h"],
        &["indicators", "--window", "3h"],
        &["explain", "I99"],
        &["digest", "--as-of", "yesterday"],
        &["poll"],
        &["import", "nowhere.jsonl"],
        &["import", "."],
        &["erase", "mastodon", "ada@far.example"],
        &["erase", "mastodon", "nobody", "--yes"],
        &["schedule", "explain", "0 8 * * *", "--tz", "Europe/Stokholm"],
        &["schedule", "explain", "0 25 * * *", "--tz", "Europe/Stockholm"],
        &["no-such-command"],
        &["cases", "list", "--colour"],
        &["import"],
        &["check", "--account", "nope"],
        &["eval", "nowhere.jsonl"],
    ]
    .iter()
    .map(|arguments| {
        let ran = place.run(arguments);
        assert_ne!(ran.code, 0, "{arguments:?}");
        assert!(ran.out.lines().count() <= 1, "what is wrong goes to standard error: {}", ran.out);
        format!("$ affinityd {}\n{}--- exit code {}\n", arguments.join(" "), ran.err, ran.code)
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

/// A line of a list, a heading, or none.
fn is_apart(line: &str) -> bool {
    line.is_empty() || line.starts_with(' ') || line.ends_with(':') || line.starts_with("Example")
}

#[test]
fn every_command_has_its_help_with_an_example() {
    let place = Place::new(QUIET);
    let top = place.run(&["--help"]);
    let mut commands: Vec<Vec<String>> = Vec::new();
    for line in top.out.lines().skip_while(|l| *l != "Commands:").skip(1) {
        let Some(name) = line.split_whitespace().next() else { break };
        commands.push(vec![name.to_owned()]);
    }
    assert!(commands.len() > 18, "{commands:?}");
    for below in [
        "list",
        "show",
        "review",
        "close",
        "not-for-us",
        "moved-private",
        "snooze",
        "ack",
        "assign",
    ] {
        commands.push(vec!["cases".to_owned(), below.to_owned()]);
    }
    commands.push(vec!["schedule".to_owned(), "explain".to_owned()]);
    for command in commands {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        if arguments == ["help"] {
            continue;
        }
        arguments.push("--help");
        let ran = place.run(&arguments);
        assert_eq!(ran.code, 0);
        let is_group = ran.out.contains("\nCommands:");
        assert!(is_group || ran.out.contains("\nExample: "), "no example: {command:?}");
        let lines: Vec<&str> = ran.out.lines().collect();
        for line in &lines {
            assert!(line.chars().count() <= 80, "too wide in {command:?}: {line}");
        }
        for pair in lines.windows(2).filter(|pair| !pair.iter().any(|l| is_apart(l))) {
            let next = pair[1].split(' ').next().unwrap_or_default();
            let all = pair[0].chars().count() + 1 + next.chars().count();
            assert!(all > 80, "broken too early in {command:?}: {}", pair[0]);
        }
    }
    let nothing = place.run(&[]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("First steps:"), "no arguments: the help");
    let version = place.run(&["--version"]).out;
    let zones = chrono_tz::IANA_TZDB_VERSION;
    let wanted = format!("affinityd {} (time zones {zones})\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(version, wanted);
    assert!(place.run(&["man"]).out.contains(".SS affinityd cases snooze\n"));
    assert!(place.run(&["completions", "bash"]).out.contains("release-mail"));
}

#[test]
fn the_daemon_and_the_store_give_the_same_answers() {
    let place = Place::with_history();
    let questions = [
        &["cases", "list", "--as-of", THEN][..],
        &["cases", "list", "--as-of", THEN, "--json"],
        &["indicators", "--as-of", THEN, "--json"],
        &["explain", "I10", "--as-of", THEN],
        &["digest", "--as-of", THEN, "--format", "html"],
        &["digest", "--as-of", THEN, "--format", "json"],
        &["cases", "show", "nope"],
        &["cases", "list", "--brand", "acne"],
        &["import", &history(), "--json"],
        &["verify"],
    ];
    let ask = |place: &Place| -> Vec<(i32, String, String)> {
        let asked = questions.iter().map(|arguments| place.run(arguments));
        asked.map(|ran| (ran.code, ran.out, ran.err)).collect()
    };
    let alone = ask(&place);
    let daemon = Daemon::ready(&place);
    let by_socket = ask(&place);
    for ((question, alone), by_socket) in questions.iter().zip(alone).zip(by_socket) {
        assert_eq!(alone, by_socket, "{question:?}");
    }
    assert_eq!(place.json(&["status"])["running"], true);
    assert_eq!(place.run(&["status"]).code, 0, "a backlog is no fault");
    let state = place.path("state").display().to_string();
    assert_eq!(place.json(&["status", "--store", &state])["running"], true, "found by its store");
    let refused = place.run(&["status", "--offline"]);
    assert!(refused.code == 1 && refused.err.contains("without `--offline`"), "{}", refused.err);
    drop(daemon);
    let status = place.run(&["status"]);
    assert_eq!(status.code, 1, "nobody reads and nobody mails");
    assert!(status.out.contains("the daemon does not run"), "{}", status.out);
}

#[test]
fn a_digest_comes_in_every_form() {
    let place = Place::with_history();
    let digest = |form: &str| place.run(&["digest", "--as-of", THEN, "--format", form]).out;
    let eml = digest("eml");
    let mail = mail_parser::MessageParser::default().parse(eml.as_bytes()).expect("a mail");
    assert_eq!(mail.subject(), digest("text").lines().next().map(|_| mail.subject().unwrap()));
    let text = mail.body_text(0).expect("a text part").replace("\r\n", "\n");
    assert_eq!(text.trim(), digest("text").trim());
    assert!(digest("html").contains("</html>"));
    let facts: serde_json::Value = serde_json::from_str(&digest("json")).expect("JSON");
    assert_eq!(facts["day"]["to"], "2026-11-15T23:00:00Z", "midnight in Stockholm");
}

//! What terms would catch is told before they are configured, from the store and from files.

use serde_json::Value;

use super::shown;
use crate::binary::{Daemon, Place, QUIET};

/// A brand whose name is a fruit, with a rival.
const ORANGE: &str = r#"
[[brands]]
id = "orange"
zone = "Europe/Stockholm"
recipients = ["care@orange.example"]

[brands.terms]
terms = ["Orange"]
exclude = ["orange juice"]
rivals = ["Lemonia"]

[mail]
from = "Care <care@orange.example>"
"#;

/// Fruit, phones, and things that would upset a terminal.
fn posts() -> String {
    let mut all = String::new();
    let mut say = |text: &str| all.push_str(&format!("{}\n", serde_json::json!({ "text": text })));
    for n in 0..30 {
        say(&format!("peeled an orange for breakfast, sweet vitamin bowl number {n}"));
        say(&format!("My Orange phone contract is broken, no signal since Monday. Ticket {n}"));
        say(&format!("rain again in town, walked the dog {n} times"));
    }
    say("a glass of orange juice and a book");
    say("Oragne support never answers, ticket open for weeks");
    say("#OrangeFail");
    say("Orange is fine, but Lemonia lost my contract, terrible");
    say("good read https://news.example/orange-prices");
    say("Orange \u{1b}[31mred\u{7} alert\u{202e}\nline two");
    say(
        "オレンジ電話が繋がらない。サポートも返事がない。本当に困っています。助けてください。お願いします。何日も待っている。",
    );
    all.push_str("no JSON\n{\"text\":\"Orange, our own words\",\"own\":true}\n{\"id\":1}\n");
    all
}

#[test]
fn a_term_that_is_an_ordinary_word_is_told_as_such() {
    let place = Place::new(ORANGE);
    place.write("posts.jsonl", posts());
    insta::assert_snapshot!(
        "probe_ordinary",
        shown(&place, &["probe-terms", "--file", "posts.jsonl", "--examples", "2"])
    );
    let better = [
        "probe-terms",
        "--file",
        "posts.jsonl",
        "--misspellings",
        "--term",
        "オレンジ",
        "--require",
        "phone",
        "--require",
        "contract",
        "--require",
        "support",
    ];
    insta::assert_snapshot!("probe_better", shown(&place, &better));
    let figures = place.json(&better);
    let n = |key: &str| figures[key].as_u64().unwrap_or_else(|| panic!("{key}: {figures}"));
    assert_eq!((n("looked_at"), n("passed_over"), n("bad_lines")), (97, 2, 1));
    assert_eq!(n("caught"), n("caught_now") + n("newly") - n("no_longer"));
    assert_eq!((n("newly"), n("misspelt")), (1, 1), "the slip; fruit has no context");
    assert_eq!(figures["ordinary"], Value::Array(Vec::new()));
}

#[test]
fn terms_are_tried_without_any_configuration() {
    let place = Place::new(QUIET);
    std::fs::remove_file(place.path("affinityd.toml")).expect("it was there");
    let ran = place.feed(
        &["probe-terms", "--file", "-", "--term", "Acme", "--json"],
        b"{\"text\":\"my Acme kettle broke\"}\n{\"text\":\"fine day\"}\n\xff\xfe\n",
    );
    let figures: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
    assert_eq!((&figures["looked_at"], &figures["caught"]), (&2.into(), &1.into()));
    assert_eq!((&figures["newly"], &figures["bad_lines"]), (&1.into(), &1.into()));
}

#[test]
fn stored_posts_are_looked_at_alike_by_the_daemon_and_alone() {
    let place = Place::with_history();
    let question = ["probe-terms", "--brand", "acme", "--term", "grinder", "--json"];
    let alone = place.run(&question);
    assert_eq!(alone.code, 0, "{}", alone.err);
    let figures: Value = serde_json::from_str(&alone.out).expect("JSON");
    assert!(figures["newly"].as_u64() > Some(0), "{figures}");
    assert_eq!(figures["caught_now"], 0, "nothing is configured");
    let _daemon = Daemon::ready(&place);
    assert_eq!(place.run(&question).out, alone.out);
}

#[test]
fn mistakes_name_the_way_out() {
    let place = Place::new(ORANGE);
    for (arguments, code, said) in [
        (&["probe-terms", "--file", "nowhere.jsonl"][..], 1, "nowhere.jsonl"),
        (&["probe-terms", "--brand", "ornage"], 1, "did you mean `orange`?"),
        (&["probe-terms", "--file", "x", "--brand", "ornage"], 1, "did you mean `orange`?"),
        (&["probe-terms", "--term", " - "], 2, "no letter or digit"),
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_large_file_is_read_in_constant_memory() {
    use std::io::Write as _;
    use std::process::Stdio;
    let place = Place::new(ORANGE);
    let mut command = place.command(&["probe-terms", "--file", "-", "--json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let status = format!("/proc/{}/status", child.id());
    let feeding = std::thread::spawn(move || {
        for n in 0..6_000_u64 {
            // Ever new words, as in a stream of many languages.
            let words: Vec<String> = (0..24).map(|w| format!("w{}x", n * 24 + w)).collect();
            writeln!(stdin, "{{\"text\":\"orange {}\"}}", words.join(" ")).expect("it reads");
        }
        let text = std::fs::read_to_string(status).expect("it runs");
        let peak = text.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("a line");
        peak.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number")
    });
    let out = child.wait_with_output().expect("it ends").stdout;
    let figures: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(figures["looked_at"], 6_000);
    let peak = feeding.join().expect("no panic");
    assert!(peak < 64 * 1024, "{peak} kB");
}

#[test]
fn every_stored_post_is_looked_at_once_however_many_came_at_one_moment() {
    let place = Place::new(ORANGE);
    let mut lines = String::new();
    for n in 0..2_300 {
        // Rows are read in stretches of two thousand; most of these share their moment.
        let minute = if n < 2_100 { 0 } else { n % 60 };
        lines.push_str(&format!(
            "{{\"platform\":\"p\",\"id\":\"{n}\",\"kind\":\"mention\",\"author\":{{\"id\":\"u{n}\"}},\
             \"text\":\"my orange number {n}\",\"created_at\":\"2026-11-02T10:{minute:02}:00Z\"}}\n"
        ));
    }
    let file = place.write("many.jsonl", lines);
    assert_eq!(place.run(&["import", &file]).code, 0);
    let figures = place.json(&["probe-terms"]);
    assert_eq!((&figures["looked_at"], &figures["caught"]), (&2_300.into(), &2_300.into()));
}

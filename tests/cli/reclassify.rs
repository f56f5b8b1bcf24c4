//! `reclassify` as it is typed: killed at any write it goes on where it was, and it asks a daemon
//! that runs.

use std::collections::BTreeSet;

use affinityd::classify::Classifier;
use affinityd::fault;
use serde_json::{Value, json};

use crate::binary::{Daemon, Place, QUIET};

const POSTS: usize = 230;

/// An export whose posts were all judged by a former classifier, wrongly.
fn former() -> String {
    let place = Place::new(QUIET);
    let mut lines = String::new();
    for n in 0..POSTS {
        let text =
            ["My order is broken and nobody helps, I want a refund!", "I love it, best ever!"];
        let post = json!({
            "v": 1, "platform": "mastodon", "id": format!("https://social.example/p/{n}"),
            "kind": "mention", "author": { "id": format!("u{}", n % 9) }, "text": text[n % 2],
            "created_at": format!("2026-10-{:02}T06:{:02}:00Z", 1 + n / 10, n % 60),
        });
        lines.push_str(&format!("{post}\n"));
    }
    let file = place.write("posts.jsonl", lines);
    assert_eq!(place.run(&["import", &file]).code, 0);
    let mut former = String::new();
    for line in place.run(&["export"]).out.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let versions = line["record"]["versions"].as_array_mut().into_iter().flatten();
        for verdict in versions.map(|version| &mut version["verdict"]).filter(|v| !v.is_null()) {
            verdict["model"] = json!("former-1");
            verdict["intent"] = json!("other");
        }
        former.push_str(&format!("{line}\n"));
    }
    former
}

/// A place with that export in it.
fn place(former: &str) -> Place {
    let twin = Place::new(QUIET);
    let former = twin.write("former.jsonl", former);
    let taken = twin.run(&["import", &former, "--format", "export"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    twin
}

/// Everything stored, but when the labels were given and how many writes there were.
fn state(place: &Place) -> Vec<Value> {
    let mut all = Vec::new();
    for line in place.run(&["export"]).out.lines().skip(1) {
        let mut line: Value = serde_json::from_str(line).unwrap();
        for version in line["record"]["versions"].as_array_mut().into_iter().flatten() {
            if version["text"].is_null() && version["verdict"]["model"] == Classifier::new().model()
            {
                version["seen_at"] = Value::Null;
            }
        }
        all.push(line);
    }
    all
}

#[test]
fn killed_at_any_write_it_goes_on_and_comes_to_the_same() {
    let former = former();
    let straight = place(&former);
    let trial = super::shown(&straight, &["reclassify", "--dry-run"]);
    let done = super::shown(&straight, &["reclassify"]);
    insta::assert_snapshot!(format!("{trial}{done}").replace(Classifier::new().model(), "[model]"));
    let wanted = state(&straight);
    let halting = place(&former);
    let mut kills = 0;
    let mut changed = BTreeSet::new();
    for (point, hit) in [("store.commit", 2), ("store.synced", 2), ("store.flush", 3)] {
        let mut command = halting.command(&["reclassify", "--json"]);
        command.env(fault::VARIABLE, format!("{point}:{hit}=kill"));
        kills += usize::from(!command.output().expect("it runs").status.success());
        let at = halting.run(&["export"]).out;
        let cursor = at.lines().find(|line| line.contains("reclassify/acme"));
        let cursor = cursor.map(|line| serde_json::from_str::<Value>(line).unwrap());
        changed.extend(cursor.and_then(|cursor| cursor["value"]["changed"].as_u64()));
    }
    assert_eq!(kills, 3);
    assert!(changed.len() > 1, "each goes on where the one before was: {changed:?}");
    let last = halting.json(&["reclassify"]);
    assert_eq!(last["changed"].as_u64(), Some(POSTS as u64), "in all runs together");
    assert_eq!(state(&halting), wanted);
    assert_eq!(halting.json(&["reclassify"])["changed"], 0);
}

#[test]
fn a_daemon_labels_while_it_goes_on_with_its_work() {
    let place = place(&former());
    let daemon = Daemon::ready(&place);
    let done = place.json(&["reclassify", "--brand", "acme", "--since", "2026-10-01"]);
    assert_eq!((&done["changed"], &done["dry_run"]), (&json!(POSTS), &json!(false)), "{done}");
    assert_eq!(place.json(&["status"])["running"], true);
    assert!(!place.json(&["cases", "list"]).as_array().unwrap().is_empty());
    drop(daemon);
}

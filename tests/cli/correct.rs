//! `correct` and `cases review` as they are typed, with and without a daemon.

use crate::binary::{Daemon, Place, QUIET};

fn case_of(place: &Place, post: &str) -> String {
    let cases = place.json(&["cases", "list"]);
    let cases = cases.as_array().unwrap();
    let case = cases.iter().find(|case| case["interaction"].as_str() == Some(post));
    case.expect("it is a case")["id"].as_str().unwrap().to_owned()
}

/// The same answers, whoever gives them.
fn session(place: &Place) -> String {
    let broken = "https://social.example/p/13";
    let case = case_of(place, broken);
    let mut near = case.clone();
    near.replace_range(9.., if case.ends_with('0') { "1" } else { "0" });
    let mut all = String::new();
    for arguments in [
        &["correct", &case, "--intent", "question", "--note", "asks for the manual"][..],
        &["correct", broken, "--intent", "question"],
        &["correct", broken, "--severity", "severe", "--aspect", "Quality", "--aspect", "price"],
        &["correct", &case, "--relevant", "no", "--actor", "Bea"],
        &["correct", broken, "--relevant", "yes", "--intent", "complaint", "--sentiment", "neg"],
        &["correct", broken, "--intent", "praise", "--thanks", "yes", "--recommends", "yes"],
        &["correct", "https://social.example/p/2", "--intent", "other"],
        &["correct", &near, "--intent", "other"],
        &["correct", "nope", "--intent", "other"],
        &["correct", &case],
        &["correct", &case, "--aspect", "qualty"],
        &["correct", &case, "--intent", "complain"],
        &["cases", "review"],
    ] {
        let shown = super::shown(place, arguments);
        all.push_str(&shown.replace(&case, "[case]").replace(&near, "[near]"));
    }
    all
}

#[test]
fn what_was_said_of_a_post_is_told_as_it_changed() {
    let alone = session(&Place::with_history());
    insta::assert_snapshot!(alone);

    let place = Place::with_history();
    let daemon = Daemon::ready(&place);
    assert_eq!(session(&place), alone, "the daemon says the same");
    drop(daemon);
}

#[test]
fn a_correction_is_shown_with_the_case_and_comes_back_from_a_backup() {
    let place = Place::with_history();
    let case = case_of(&place, "https://social.example/p/13");
    let done = place.run(&["correct", &case, "--intent", "request", "--actor", "Bea"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let events = place.json(&["cases", "show", &case])["events"].clone();
    let last = events.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["what"], &last["actor"]), (&"corrected".into(), &"Bea".into()));
    assert_eq!(last["note"], "complaint -> request");

    let backup = place.path("backup.jsonl").display().to_string();
    assert_eq!(place.run(&["export", "-o", &backup]).code, 0);
    let twin = Place::new(QUIET);
    assert_eq!(twin.run(&["import", &backup, "--format", "export"]).code, 0);
    assert_eq!(twin.json(&["cases", "show", &case])["events"], events);
}

#[test]
fn the_classifier_is_measured_on_what_people_said() {
    let place = Place::with_history();
    let mut all = super::shown(&place, &["eval", "--corrections"]);
    for (post, intent) in [("13", "complaint"), ("1", "complaint"), ("3", "other")] {
        let id = format!("https://social.example/p/{post}");
        assert_eq!(place.run(&["correct", &id, "--intent", intent]).code, 0);
    }
    all.push_str(&super::shown(&place, &["eval", "--corrections", "--brand", "acme"]));
    all.push_str(&super::shown(&place, &["eval"]));
    insta::assert_snapshot!(all.replace(affinityd::classify::Classifier::new().model(), "[model]"));
    let report = place.json(&["eval", "--corrections"]);
    assert_eq!(report["corrections"]["confusion"]["other"]["question"], 1);
    assert_eq!(report["checked"]["n"], 0);
}

#[test]
fn what_the_classifier_is_not_sure_of_is_shown_with_the_way_to_settle_it() {
    let source = Place::with_history();
    let mut doubted = String::new();
    for line in source.run(&["export"]).out.lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["id"] == "https://social.example/p/13" {
            // The history is old; what is looked at is not.
            let now = chrono::Utc::now() - chrono::TimeDelta::hours(3);
            let version = &mut line["record"]["versions"][0];
            for key in ["created_at", "seen_at"] {
                version[key] = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true).into();
            }
            version["verdict"]["unsure"] = true.into();
            version["deadline"] = serde_json::Value::Null;
            let version = version.clone();
            line["record"]["versions"] = serde_json::json!([version]);
            line["record"]["key_at"] = line["record"]["versions"][0]["created_at"].clone();
        }
        doubted.push_str(&format!("{line}\n"));
    }
    let place = Place::new(QUIET);
    let doubted = place.write("doubted.jsonl", doubted);
    let taken = place.run(&["import", &doubted, "--format", "export"]);
    assert_eq!(taken.code, 0, "{}", taken.err);

    let listed = super::shown(&place, &["cases", "review"]);
    let (when, rest) = listed.split_once(" @").expect("when it was posted");
    assert_eq!(when.lines().count(), 2);
    insta::assert_snapshot!(rest);
    assert!(place.run(&["status", "--offline"]).out.contains("1 post to look at"));
    let list = place.json(&["cases", "review"]);
    assert_eq!(list[0]["id"], "https://social.example/p/13");
    assert!(list[0]["scores"]["complaint"].is_number() && list[0]["reasons"].is_array());
    let settled = place.run(&["correct", "https://social.example/p/13", "--intent", "complaint"]);
    assert!(settled.out.contains("settled"), "{}{}", settled.out, settled.err);
    assert_eq!(place.json(&["cases", "review"]).as_array().unwrap().len(), 0);
}

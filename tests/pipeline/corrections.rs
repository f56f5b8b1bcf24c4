//! A person's word wins over the classifier at once, survives whatever comes later but another text,
//! and is told with who said it.

use affinityd::model::{
    ActKind, Case, Intent, Interaction, Kind, Person, Reading, Record, Ruling, Scores, Sentiment,
    Severity, Verdict, Version,
};
use affinityd::pipeline::{self, Corrected, Said};
use affinityd::store::Change;

use super::desk_kit::{COMPLAINT, PLAIN, QUESTION, World, post, reply, t};

pub fn ruling(intent: Intent) -> Ruling {
    Ruling { intent: Some(intent), ..Ruling::default() }
}

pub fn correct(world: &World, id: &str, ruling: Ruling, now: &str) -> Corrected {
    let said = Said { ruling, actor: "bea".to_owned(), note: Some("she asked".to_owned()) };
    let posts = [("p".to_owned(), id.to_owned())];
    let done = pipeline::correct(world.desk(), &posts, &said, t(now)).expect("kept");
    done.into_iter().next().expect("one post")
}

fn latest(world: &World, id: &str) -> Interaction {
    let record = world.store().record(world.key, "p", id).expect("read").expect("stored");
    record.latest().expect("known")
}

fn events(case: &Case) -> Vec<&str> {
    case.events.iter().map(|e| e.what.as_str()).collect()
}

/// Puts a post there of which the classifier was not sure, as a model that can say so would.
pub fn doubted(world: &World, id: &str, by: &str, at: &str, intent: Intent) {
    let person = world.store().person("p", by);
    let reading = post(id, by, at, COMPLAINT);
    let verdict = Verdict {
        lang: Some("en".to_owned()),
        intent,
        sentiment: Sentiment::Neg,
        relevant: true,
        scores: Scores { needs_answer: 0.5, complaint: 0.5, relevant: 0.98, ..Scores::default() },
        unsure: true,
        ..Verdict::empty("doubtful-1")
    };
    let record = Record {
        platform: "p".to_owned(),
        id: id.to_owned(),
        key_at: t(at),
        stored_at: t(at),
        person: Some(Person(person.0)),
        filed: id.to_owned(),
        versions: vec![Version {
            seen_at: t(at),
            created_at: t(at),
            kind: Some(Kind::Mention),
            author: reading.author,
            text: reading.text,
            url: reading.url,
            verdict: Some(verdict),
            ..Version::default()
        }],
    };
    let change = Change { brand: Some(world.key), records: vec![record], ..Change::default() };
    world.store().commit(change).expect("stored");
}

#[test]
fn it_changes_class_and_deadline_at_once_and_says_who_said_so() {
    let world = World::new();
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 10:01");
    assert_eq!(world.lines("mon 10:30"), ["complaint a due mon 12:00: open"]);
    let done = correct(&world, "a", ruling(Intent::Question), "mon 10:30");
    assert_eq!((done.before.intent, done.after.intent), (Intent::Complaint, Intent::Question));
    assert_eq!(world.lines("mon 10:30"), ["question a due mon 14:00: open"]);
    let case = &world.cases()[0];
    assert_eq!(events(case), ["opened", "corrected"]);
    let last = case.events.last().unwrap();
    assert_eq!(last.actor.as_deref(), Some("bea"));
    assert_eq!(last.note.as_deref(), Some("complaint -> question: she asked"));

    // Figures as of before are what they were.
    let day = |now: &str| {
        let panel = world.panel(now);
        panel.history.rows.iter().map(|row| row.intent).collect::<Vec<_>>()
    };
    assert_eq!(day("mon 10:29"), [Intent::Complaint]);
    assert_eq!(day("mon 10:30"), [Intent::Question]);
}

#[test]
fn it_closes_opens_and_raises_cases_as_the_rules_say() {
    let mut world = World::new();
    world.watch("mon 09:00");
    world.read(
        vec![
            post("a", "ada", "mon 10:00", COMPLAINT),
            post("b", "bo", "mon 10:05", PLAIN),
            post("c", "cy", "mon 10:10", QUESTION),
        ],
        "mon 10:11",
    );
    let not_us = Ruling { relevant: Some(false), ..Ruling::default() };
    correct(&world, "a", not_us, "mon 10:20");
    correct(&world, "b", ruling(Intent::Complaint), "mon 10:21");
    let severe = Ruling { severity: Some(Severity::Severe), ..Ruling::default() };
    correct(&world, "c", severe, "mon 10:22");
    assert_eq!(
        world.lines("mon 10:30"),
        [
            "complaint a due mon 12:00: not_for_us",
            "complaint b due mon 12:05: open",
            "question c due mon 14:10: open",
        ]
    );
    assert_eq!(world.cases()[2].severity, Severity::Severe);
    // The severe one at once, the other when it is at risk, and nothing about the one that ended.
    assert_eq!(world.watch("mon 10:30"), 1);
    assert_eq!(world.watch("mon 11:36") + world.watch("mon 11:40"), 1);
    let mails = world.mails();
    let told: Vec<&String> = mails.iter().flat_map(|m| &m.message.cases).collect();
    let ids: Vec<String> = world.cases().into_iter().map(|case| case.id).collect();
    assert!(told.contains(&&ids[1]) && told.contains(&&ids[2]) && !told.contains(&&ids[0]));

    // What was closed by a word is opened by another.
    let ours = Ruling { relevant: Some(true), ..Ruling::default() };
    correct(&world, "a", ours, "mon 11:45");
    assert_eq!(world.lines("mon 11:50")[0], "complaint a due mon 12:00: at_risk");
    assert_eq!(events(&world.cases()[0]), ["opened", "corrected", "corrected"]);
}

#[test]
fn it_holds_until_the_text_changes() {
    let world = World::new();
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 10:01");
    correct(&world, "a", ruling(Intent::Praise), "mon 10:30");
    // Keys given later are laid over it (rule E3).
    let pos = Ruling { sentiment: Some(Sentiment::Pos), ..Ruling::default() };
    correct(&world, "a", pos, "mon 10:31");
    // The same words again, as each poll brings them.
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 11:00");
    let now = latest(&world, "a");
    assert_eq!((now.intent, now.sentiment), (Intent::Praise, Some(Sentiment::Pos)));
    // A person's verdict belongs to the text it was given to (rule E22).
    let edited = format!("{COMPLAINT} And it burns!");
    world.read(vec![post("a", "ada", "mon 10:00", &edited)], "mon 11:10");
    assert_eq!(latest(&world, "a").intent, Intent::Complaint);
    assert_eq!(world.lines("mon 11:20"), ["complaint a due mon 12:00: open"]);
}

#[test]
fn it_comes_back_from_an_export_and_from_its_lines() {
    let world = World::new();
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 10:01");
    correct(&world, "a", ruling(Intent::Question), "mon 10:30");
    let export = world.export();
    assert_eq!(world.restored().export(), export, "everything, who and when included");
    let line = |kind: &str| {
        let kind = format!("\"type\":\"{kind}\"");
        export.lines().find(|line| line.contains(&kind)).expect("there is one").to_owned()
    };
    let act: serde_json::Value = serde_json::from_str(&line("act")).unwrap();
    assert_eq!(act["act"]["kind"]["correct"]["ruling"]["intent"], "question");
    assert_eq!(act["act"]["kind"]["correct"]["was"], "complaint");
    assert_eq!((&act["act"]["actor"], &act["act"]["note"]), (&"bea".into(), &"she asked".into()));

    // A program that knows only the stable keys takes the line in as history, ruling and all.
    let read = affinityd::interchange::parse_line(&line("interaction")).unwrap().reading;
    let twin = World::new();
    twin.import(vec![read], "tue 09:00");
    assert_eq!(latest(&twin, "a").intent, Intent::Question);
}

#[test]
fn it_makes_no_news_of_what_was_imported() {
    let mut world = World::new();
    world.watch("mon 09:00");
    world.import(vec![post("a", "ada", "mon 10:00", PLAIN)], "mon 10:30");
    correct(&world, "a", ruling(Intent::Complaint), "mon 10:40");
    assert_eq!(world.lines("mon 12:30"), ["complaint a due mon 12:00: overdue"]);
    assert_eq!(world.watch("mon 12:30"), 0, "an import is history, corrected or not");
}

#[test]
fn what_cannot_be_corrected_is_refused_by_name() {
    let world = World::new();
    world.read(
        vec![
            post("a", "ada", "mon 10:00", COMPLAINT),
            Reading { own: true, ..reply("b", "acme", "mon 10:10", "Sorry!", "a") },
        ],
        "mon 10:11",
    );
    world.gone(&["a"], "mon 10:20");
    for (id, wanted) in [
        ("a", "its author has deleted a: there is nothing left to correct"),
        ("b", "b is a post of the brand: only what others say is classified"),
        ("c", "p c is not stored"),
    ] {
        let said = Said { ruling: ruling(Intent::Other), actor: "bea".to_owned(), note: None };
        let posts = [("p".to_owned(), id.to_owned())];
        let refused = pipeline::correct(world.desk(), &posts, &said, t("mon 11:00")).unwrap_err();
        assert_eq!(refused.to_string(), wanted);
    }
}

#[test]
fn a_doubted_post_is_looked_at_and_settled() {
    let mut world = World::new();
    world.watch("mon 09:00");
    doubted(&world, "a", "ada", "mon 10:00", Intent::Complaint);
    doubted(&world, "b", "bo", "mon 10:10", Intent::Question);
    doubted(&world, "c", "cy", "mon 10:20", Intent::Other);
    let listed = |world: &World, now: &str| -> Vec<String> {
        let all = pipeline::review(world.desk(), t(now)).expect("listed");
        all.into_iter().map(|post| post.id).collect()
    };
    assert_eq!(listed(&world, "mon 10:30"), ["a", "b", "c"]);
    assert!(world.cases().is_empty());
    assert_eq!(world.watch("tue 12:30"), 0, "nobody is woken up");
    let digest = pipeline::digest(world.desk(), &[], t("tue 08:00"), false).unwrap();
    assert_eq!(digest.facts.to_look_at, 3);
    let text = digest.composed.expect("a mail").text;
    assert!(text.contains("3 posts to look at"), "{text}");

    // One is settled by a word, one by an answer; both leave the list at once.
    let done = correct(&world, "a", ruling(Intent::Complaint), "tue 12:40");
    assert!(done.before.unsure && !done.after.unsure);
    assert_eq!(world.lines("tue 12:40"), ["complaint a due mon 12:00: overdue"]);
    world.read(
        vec![Reading { own: true, ..reply("b1", "acme", "tue 12:45", "On its way.", "b") }],
        "tue 12:46",
    );
    assert_eq!(listed(&world, "tue 12:50"), ["c"]);
    // As it was before, it stays.
    assert_eq!(listed(&world, "tue 12:30"), ["a", "b", "c"]);
    assert_eq!(listed(&world, "3 mon 10:21"), [""; 0], "after fourteen days nobody looks");
    assert_eq!(world.watch("tue 12:50") + world.watch("tue 12:54"), 1, "a sure one is alerted");
    let kinds: Vec<ActKind> =
        world.store().acts(world.key).unwrap().into_iter().map(|act| act.kind).collect();
    assert!(matches!(&kinds[..], [ActKind::Correct(said)] if said.was == Intent::Complaint));
    assert_eq!(world.store().verify(world.key, &mut |_| {}).unwrap().differences, [""; 0]);
}

#[test]
fn an_alert_that_has_not_left_is_withdrawn_with_its_case() {
    let mut world = World::new();
    world.watch("mon 09:00");
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 10:01");
    assert_eq!(world.watch("mon 11:36") + world.watch("mon 11:40"), 1);
    let not_us = Ruling { relevant: Some(false), ..Ruling::default() };
    correct(&world, "a", not_us, "mon 11:41");
    world.watch("mon 11:42");
    let sending = world.mails()[0].sending.clone();
    assert!(matches!(sending, affinityd::model::Sending::Withdrawn(_)), "{sending:?}");
}

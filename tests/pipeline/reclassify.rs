//! History gets the labels of the present classifier; what people said, what was known before and
//! who was told stay as they were.

use affinityd::classify::Classifier;
use affinityd::model::{Intent, Interaction, Reading, Record, Ruling, Sentiment, Time, Verdict};
use affinityd::pipeline::{self, Relabelled};
use affinityd::store::Change;

use super::corrections::{correct, ruling};
use super::desk_kit::{COMPLAINT, PLAIN, PRAISE, QUESTION, World, post, t};

/// Rewrites what is stored of a post as if a former classifier had judged it.
fn judged(world: &World, id: &str, intent: Intent) {
    let mut record = stored(world, id);
    for version in &mut record.versions {
        if let Some(verdict) = &mut version.verdict {
            *verdict = Verdict {
                lang: verdict.lang.clone(),
                intent,
                sentiment: Sentiment::Neu,
                relevant: true,
                scores: verdict.scores,
                ..Verdict::empty("former-1")
            };
            version.deadline = None;
        }
    }
    let change = Change { brand: Some(world.key), records: vec![record], ..Change::default() };
    world.store().commit(change).expect("stored");
}

fn stored(world: &World, id: &str) -> Record {
    world.store().record(world.key, "p", id).expect("read").expect("stored")
}

fn latest(world: &World, id: &str) -> Interaction {
    stored(world, id).latest().expect("known")
}

/// Runs so many batches, or to the end.
fn run(world: &World, now: &str, most: usize) -> Vec<Relabelled> {
    let mut all = Vec::new();
    for _ in 0..most {
        let cursor = pipeline::reclassify_from(world.desk(), Time(0), t(now)).expect("read");
        all.push(pipeline::reclassify(world.desk(), cursor, false, t(now)).expect("labelled"));
        if all.last().is_some_and(|last| last.done) {
            break;
        }
    }
    all
}

#[test]
fn labels_change_and_what_was_known_before_does_not() {
    let world = World::new();
    let texts = [("a", COMPLAINT), ("b", PRAISE), ("c", QUESTION), ("d", PLAIN)];
    world.import(texts.map(|(id, text)| post(id, id, "mon 10:00", text)).to_vec(), "mon 12:00");
    for (id, _) in texts {
        judged(&world, id, Intent::Other);
    }
    correct(&world, "c", ruling(Intent::Request), "tue 09:00");

    let trial = {
        let cursor = pipeline::Cursor::start(Classifier::new().model(), Time(0), t("wed 09:00"));
        let before = world.export();
        let done = pipeline::reclassify(world.desk(), cursor, true, t("wed 09:00")).unwrap();
        assert_eq!(world.export(), before, "a trial writes nothing");
        done
    };
    let done = run(&world, "wed 09:00", 9).remove(0);
    assert_eq!(done.changes, trial.changes);
    assert!(done.done && done.cursor.looked == 4, "{done:?}");
    assert_eq!(done.changes["other -> complaint"], 1);
    assert_eq!(done.changes["other -> praise"], 1);
    assert_eq!(done.changes["other -> question"], 1);
    assert!(done.examples.iter().any(|e| e.is == "praise" && e.text == PRAISE));

    assert_eq!(latest(&world, "a").intent, Intent::Complaint);
    assert_eq!(latest(&world, "c").intent, Intent::Request, "a person's word wins");
    assert_eq!(world.lines("wed 10:00")[0], "complaint a due mon 12:00: overdue");
    let versions = stored(&world, "a").versions;
    let models = versions.iter().filter_map(|v| v.verdict.as_ref()).map(|v| v.model.as_str());
    assert_eq!(
        models.collect::<Vec<_>>(),
        ["former-1", Classifier::new().model()],
        "who judged first stays"
    );
    let then = stored(&world, "a").as_of(t("tue 23:59")).unwrap();
    assert_eq!(then.intent, Intent::Other, "figures as of before see the labels of before");
    assert_eq!(world.store().verify(world.key, &mut |_| {}).unwrap().differences, [""; 0]);

    let before = world.export();
    assert_eq!(run(&world, "wed 11:00", 9)[0].cursor.changed, 0, "again, nothing is left to do");
    assert_eq!(world.export(), before, "and no trace of the run stays");
}

#[test]
fn nobody_is_alerted_about_history_and_everybody_about_what_is_still_in_time() {
    let mut world = World::new();
    world.watch("mon 09:00");
    let late = post("late", "ada", "mon 09:30", COMPLAINT);
    let fresh = post("fresh", "bo", "mon 14:00", COMPLAINT);
    world.read(vec![late, fresh], "mon 14:01");
    judged(&world, "late", Intent::Other);
    judged(&world, "fresh", Intent::Other);
    // The cases go as the former classifier had never opened them.
    let cases = world.cases();
    let change = Change { brand: Some(world.key), dropped_cases: cases, ..Change::default() };
    world.store().commit(change).unwrap();
    run(&world, "mon 14:10", 9);
    assert_eq!(
        world.lines("mon 14:10"),
        ["complaint late due mon 11:30: overdue", "complaint fresh due mon 16:00: open"]
    );
    assert_eq!(world.watch("mon 14:10") + world.watch("mon 14:20"), 0);
    assert_eq!(world.watch("mon 15:40") + world.watch("mon 15:44"), 1, "it was in time");
    let fresh = world.cases()[1].id.clone();
    assert_eq!(world.mails()[0].message.cases, [fresh]);
    // What a person says of it is news, however late.
    correct(
        &world,
        "late",
        Ruling { intent: Some(Intent::Complaint), ..Ruling::default() },
        "mon 16:00",
    );
    assert!(world.watch("mon 16:30") + world.watch("mon 16:40") > 0);
}

#[test]
fn a_run_that_stops_anywhere_goes_on_and_comes_to_the_same() {
    let world = World::new();
    // More than a batch, many of one moment.
    let all: Vec<_> = (0..130)
        .map(|n| {
            let at = format!("mon 10:{:02}", n / 50);
            post(&format!("i{n:03}"), &format!("p{}", n % 7), &at, [COMPLAINT, PRAISE][n % 2])
        })
        .collect();
    world.import(all, "mon 12:00");
    for n in 0..130 {
        judged(&world, &format!("i{n:03}"), Intent::Other);
    }
    let straight = world.restored();
    let mut halting = world.restored();
    assert_eq!(straight.export(), halting.export());
    assert_eq!(run(&straight, "wed 09:00", 99).len(), 4);
    // Each batch in a process of its own, at ever later times: the labels bear that of the first.
    for hour in 9..16 {
        let done = run(&halting, &format!("wed {hour:02}:00"), 1).remove(0);
        halting.reopen();
        if done.done {
            assert_eq!(done.cursor.changed, 130);
            break;
        }
    }
    let plain = |world: &World| -> Vec<String> {
        // How many writes there were differs, by the start of each process.
        world.export().lines().skip(1).map(str::to_owned).collect()
    };
    assert_eq!(plain(&halting), plain(&straight));
    assert_eq!(halting.store().verify(halting.key, &mut |_| {}).unwrap().differences, [""; 0]);
}

#[test]
fn words_that_turn_out_to_have_stood_there_are_judged_by_themselves() {
    let world = World::new();
    let first =
        || Reading { seen_at: Some(t("mon 10:00")), ..post("a", "ada", "mon 10:00", PRAISE) };
    world.import(vec![first()], "mon 12:00");
    judged(&world, "a", Intent::Other);
    run(&world, "wed 09:00", 9);
    assert_eq!(latest(&world, "a").intent, Intent::Praise);
    // History knows of an edit before that; the label was given to the words of before.
    let edit = Reading { text: Some(COMPLAINT.into()), seen_at: Some(t("tue 09:00")), ..first() };
    world.import(vec![edit], "wed 10:00");
    assert_eq!(latest(&world, "a").intent, Intent::Complaint);
    // The same words again change nothing.
    world.import(vec![Reading { seen_at: Some(t("tue 08:00")), ..first() }], "wed 10:00");
    assert_eq!(latest(&world, "a").intent, Intent::Complaint);
}

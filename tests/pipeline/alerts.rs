//! Time lines: who is told what, when, and never twice.

use affinityd::model::{ActKind, DeliveryState, Purpose, Sending, Time};
use affinityd::notify::LookUp;

use super::desk_kit::{COMPLAINT, PLAIN, PRAISE, QUESTION, World, brand, post, reply, say, t};

const SEVERE: &str = "Acme, your heater caught fire and I was injured, this is dangerous!";

/// A brand whose baseline is from eight in the morning.
fn world() -> World {
    let world = World::new();
    assert_eq!(world.sweep("mon 08:00").mails, 0);
    world
}

fn complaint(world: &World) {
    world.read(vec![post("a", "ada", "mon 09:00", COMPLAINT)], "mon 09:01");
}

/// Sweeps each minute from one time to another, looking up what is wanted; when mails went out.
fn run(world: &mut World, from: &str, to: &str) -> Vec<String> {
    let mut sent = Vec::new();
    let mut now = t(from);
    while now <= t(to) {
        let text = now.to_string();
        for _ in 0..world.watch(&text) {
            sent.push(say(now));
        }
        now = now.plus(Time::MINUTE);
    }
    sent
}

fn deliver(world: &World, at: &str) {
    for mut mail in world.mails() {
        if mail.sending == Sending::Due {
            mail.deliveries[0].state = DeliveryState::Sent(t(at));
            mail.sending = Sending::Done;
            let change = affinityd::store::Change { mails: vec![mail], ..Default::default() };
            world.store().commit(change).unwrap();
        }
    }
}

#[test]
fn a_complaint_of_nine_at_risk_overdue_and_answered() {
    let mut world = world();
    complaint(&world);
    // Due at 11:00, at risk from 10:30; then the group waits three minutes.
    assert_eq!(run(&mut world, "mon 09:01", "mon 10:32"), [] as [&str; 0]);
    assert_eq!(run(&mut world, "mon 10:33", "mon 10:59"), ["mon 10:33"]);
    deliver(&world, "mon 10:34");
    assert_eq!(run(&mut world, "mon 11:00", "mon 11:30"), ["mon 11:01"], "overdue");
    deliver(&world, "mon 11:02");
    world.read(vec![reply("r", "acme", "mon 11:40", "Sorry!", "a")], "mon 11:41");
    assert_eq!(run(&mut world, "mon 11:41", "mon 16:59"), ["mon 11:41"], "resolved, once");
    let mails = world.mails();
    let purposes: Vec<_> = mails.iter().map(|m| m.message.purpose.clone()).collect();
    assert_eq!(purposes, [Purpose::Alert, Purpose::Alert, Purpose::Resolved]);
    assert_eq!(
        mails[2].message.references,
        [mails[0].message.id.clone(), mails[1].message.id.clone()]
    );
    assert!(mails[2].message.subject.starts_with("Re: "), "{}", mails[2].message.subject);
    assert!(mails[0].message.text.contains("still broken"));
}

#[test]
fn a_question_that_became_a_complaint_is_shown_with_the_words_of_the_complaint() {
    let mut world = world();
    world.read(vec![post("a", "ada", "mon 09:00", QUESTION)], "mon 09:01");
    world.read(vec![reply("b", "ada", "mon 09:30", COMPLAINT, "a")], "mon 09:31");
    assert!(!run(&mut world, "mon 09:32", "mon 16:00").is_empty());
    let text = &world.mails()[0].message.text;
    assert!(text.contains("delivery address? … My parcel"), "{text}");
    assert!(text.contains("complaint"), "{text}");
}

#[test]
fn no_mail_before_the_case_was_looked_up() {
    let mut world = world();
    complaint(&world);
    world.sweep("mon 10:30");
    let swept = world.sweep("mon 10:33");
    assert_eq!((swept.mails, swept.wanted.len()), (0, 1));
    assert_eq!(swept.wanted[0].target.id, "a");
    let looked = |at: &str| LookUp { checked_at: Some(t(at)), failing_since: None };
    let case = swept.wanted[0].case.clone();
    world.looked.insert(case.clone(), looked("mon 10:27"));
    assert_eq!(world.sweep("mon 10:33").mails, 0, "six minutes are too old");
    world.looked.insert(case, looked("mon 10:33"));
    assert_eq!(world.sweep("mon 10:33").mails, 1);
}

#[test]
fn the_look_up_finds_the_answer_and_nobody_is_told() {
    let mut world = world();
    complaint(&world);
    world.sweep("mon 10:30");
    assert_eq!(world.sweep("mon 10:33").wanted.len(), 1);
    world.read(vec![reply("r", "acme", "mon 10:20", "Sorry!", "a")], "mon 10:33");
    assert_eq!(run(&mut world, "mon 10:33", "mon 12:00"), [] as [&str; 0]);
}

#[test]
fn a_look_up_that_keeps_failing_holds_no_alert_for_more_than_ten_minutes() {
    let mut world = world();
    complaint(&world);
    world.sweep("mon 10:30");
    let case = world.sweep("mon 10:33").wanted[0].case.clone();
    let failing = LookUp { checked_at: None, failing_since: Some(t("mon 10:33")) };
    world.looked.insert(case, failing);
    assert_eq!(world.sweep("mon 10:42").mails, 0);
    assert_eq!(world.sweep("mon 10:43").mails, 1);
    let text = &world.mails()[0].message.text;
    assert!(text.contains("Could not be checked again since"), "{text}");
}

#[test]
fn what_is_answered_before_its_mail_has_left_is_withdrawn_with_its_end() {
    let mut world = world();
    complaint(&world);
    assert_eq!(run(&mut world, "mon 10:30", "mon 10:40"), ["mon 10:33"]);
    world.read(vec![reply("r", "acme", "mon 10:41", "Sorry!", "a")], "mon 10:42");
    assert_eq!(run(&mut world, "mon 10:42", "mon 12:00"), [] as [&str; 0], "no resolved notice");
    assert!(matches!(world.mails()[0].sending, Sending::Withdrawn(_)));
    // The next complaint of the same person starts a mail thread of its own.
    world.read(vec![reply("b", "ada", "mon 12:00", COMPLAINT, "r")], "mon 12:01");
    assert_eq!(run(&mut world, "mon 12:01", "mon 13:40"), ["mon 13:33"]);
    assert!(world.mails()[1].message.references.is_empty());
}

#[test]
fn snoozed_and_acknowledged_cases_are_held_and_come_back() {
    for (what, kind) in [
        ("snoozed", ActKind::Snooze(t("mon 14:00"))),
        ("acknowledged", ActKind::Ack(t("mon 14:00"))),
    ] {
        let mut world = world();
        complaint(&world);
        world.act("a", "mon 09:30", kind);
        assert_eq!(run(&mut world, "mon 09:30", "mon 16:00"), ["mon 14:03"], "{what}");
    }
    // After the first mail: held over the deadline, told again when the time is over.
    let mut world = world();
    complaint(&world);
    assert_eq!(run(&mut world, "mon 10:30", "mon 10:40"), ["mon 10:33"]);
    deliver(&world, "mon 10:41");
    world.act("a", "mon 10:45", ActKind::Ack(t("mon 14:00")));
    assert_eq!(run(&mut world, "mon 10:45", "mon 16:00"), ["mon 14:00"]);
}

#[test]
fn nothing_from_before_the_start() {
    let mut world = World::new();
    world.read(vec![post("old", "ada", "mon 07:00", COMPLAINT)], "mon 08:00");
    assert_eq!(run(&mut world, "mon 08:00", "mon 12:00"), [] as [&str; 0], "the baseline");
    world.read(vec![reply("more", "ada", "mon 12:00", COMPLAINT, "old")], "mon 12:01");
    assert_eq!(run(&mut world, "mon 12:01", "mon 12:10"), ["mon 12:04"], "asked again since");

    let mut later = World::new();
    let from = affinityd::notify::AlertFrom::Instant(t("mon 12:00"));
    later.brand.alerts.alert_from = Some(from);
    later.sweep("mon 08:00");
    complaint(&later);
    assert_eq!(run(&mut later, "mon 10:30", "mon 16:00"), [] as [&str; 0], "alert-from");
}

#[test]
fn an_import_is_history() {
    let mut world = world();
    world.import(vec![post("a", "ada", "mon 09:00", COMPLAINT)], "mon 09:30");
    assert_eq!(world.lines("mon 12:00"), ["complaint a due mon 11:00: overdue"]);
    assert_eq!(run(&mut world, "mon 09:30", "mon 12:00"), [] as [&str; 0]);
    // What the platform itself has shown stays news, also if a file tells it again.
    world.read(vec![post("b", "bo", "mon 12:00", COMPLAINT)], "mon 12:01");
    world.import(vec![post("b", "bo", "mon 12:00", COMPLAINT)], "mon 12:30");
    assert_eq!(run(&mut world, "mon 12:30", "mon 13:40"), ["mon 13:33"]);
}

#[test]
fn nothing_where_answers_cannot_be_seen() {
    let mut world = world();
    world.readable.clear();
    complaint(&world);
    assert_eq!(run(&mut world, "mon 10:30", "mon 12:00"), [] as [&str; 0]);
    assert_eq!(world.sweep("mon 12:00").wanted, [], "nor is it looked up");
}

#[test]
fn without_recipients_nothing_is_written() {
    let mut world = world();
    world.brand.recipients.clear();
    complaint(&world);
    assert_eq!(run(&mut world, "mon 10:30", "mon 12:00"), [] as [&str; 0]);
    assert!(world.mails().is_empty());
}

#[test]
fn praise_and_questions_each_in_their_time() {
    let mut world = world();
    world.read(
        vec![
            post("p", "ada", "mon 09:00", PRAISE),
            post("q", "bo", "mon 09:00", QUESTION),
            post("n", "cy", "mon 09:00", PLAIN),
        ],
        "mon 09:01",
    );
    // Four hours: at risk after three.
    assert_eq!(run(&mut world, "mon 09:01", "mon 12:59"), ["mon 12:03"]);
}

#[test]
fn quiet_hours_hold_and_the_bell_rings() {
    let mut world = world();
    // Due on Tuesday at 09:30, at risk from 09:00 on.
    world.read(vec![post("a", "ada", "mon 15:30", COMPLAINT)], "mon 15:31");
    world.read(vec![post("b", "bo", "mon 15:10", COMPLAINT)], "mon 15:31");
    // B is due at 09:10 and at risk from 16:40 on; A from 17:00, when it is closed.
    assert_eq!(run(&mut world, "mon 15:31", "mon 16:59"), ["mon 16:43"]);
    deliver(&world, "mon 16:44");
    assert_eq!(run(&mut world, "mon 17:00", "tue 08:59"), [] as [&str; 0]);
    assert_eq!(run(&mut world, "tue 09:00", "tue 09:10"), ["tue 09:00"], "one mail at the opening");
    let bell = &world.mails()[1].message;
    assert_eq!(bell.cases.len(), 2);
}

#[test]
fn a_severe_case_waits_for_nothing() {
    let mut world = world();
    world.read(vec![post("s", "ada", "mon 22:00", SEVERE)], "mon 22:01");
    assert_eq!(run(&mut world, "mon 22:01", "mon 22:10"), ["mon 22:01"]);
    assert_eq!(world.lines("mon 22:10"), ["complaint s due tue 09:30: open"]);
}

#[test]
fn an_hour_holds_six_mails_and_one_that_lists_the_rest() {
    let mut brand = brand(chrono_tz::Tz::UTC);
    brand.alerts.cap_per_hour = 2;
    let mut world = World::of(brand);
    world.sweep("mon 08:00");
    for platform in ["p", "q", "r", "s"] {
        world.readable.insert(platform.to_owned());
        let mut reading = post(&format!("a{platform}"), "ada", "mon 09:00", COMPLAINT);
        reading.platform = platform.to_owned();
        world.read(vec![reading], "mon 09:01");
    }
    assert_eq!(run(&mut world, "mon 10:30", "mon 10:50"), ["mon 10:33"; 3]);
    let mails = world.mails();
    assert_eq!(mails.iter().map(|m| m.message.cases.len()).collect::<Vec<_>>(), [1, 1, 2]);
    let mut told: Vec<_> = mails.iter().flat_map(|m| m.message.cases.clone()).collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 4, "everybody was told of");
}

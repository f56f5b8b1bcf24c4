//! Each row is one case of the rules for alerts, in words.

use super::*;
use CaseState::{Answered, AtRisk, Lapsed, Open, Overdue};
use chrono::{Datelike, Timelike, Weekday};

/// Monday to Friday, 09:00 to 17:00 UTC.
struct Office;

impl Hours for Office {
    fn is_open(&self, at: Time) -> bool {
        let at = at.utc();
        !matches!(at.weekday(), Weekday::Sat | Weekday::Sun) && (9..17).contains(&at.hour())
    }

    fn next_open(&self, at: Time) -> Time {
        let quarters = (1..).map(|i| Time((at.0 / 900_000 + i) * 900_000));
        let was_closed = |t: &Time| !self.is_open(t.plus(-1)) && self.is_open(*t);
        quarters.into_iter().find(was_closed).expect("an office opens again")
    }

    fn business_day_after(&self, at: Time) -> Time {
        let minutes = (0..).map(|i| at.plus(i * Time::MINUTE));
        let open = minutes.into_iter().filter(|t| self.is_open(*t));
        open.take(480).last().expect("an office opens again").plus(Time::MINUTE)
    }
}

/// A time in the week of Monday 9 November 2026, in UTC.
fn at(text: &str) -> Time {
    let (day, clock) = text.split_once(' ').expect("a day and a time");
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let day = 9 + days.iter().position(|d| *d == day).expect("a day");
    Time::parse(&format!("2026-11-{day:02}T{clock}:00Z")).expect("a time")
}

fn case(id: &str, state: CaseState) -> CaseFacts {
    let severity = if id.starts_with("severe") { Severity::Severe } else { Severity::Normal };
    CaseFacts {
        id: id.to_owned(),
        severity,
        state,
        asked_at: at("Mon 08:00"),
        held_until: None,
        answers_readable: true,
    }
}

fn held(mut case: CaseFacts, until: &str) -> CaseFacts {
    case.held_until = Some(at(until));
    case
}

fn run(state: &GroupState, cases: &[CaseFacts], now: &str) -> Decision {
    decide(state, cases, &AlertConfig::default(), None, &Office, at(now))
}

fn said(decision: &Decision) -> String {
    match decision {
        Decision::Nothing => "nothing".to_owned(),
        Decision::Wait { until, why, about } => {
            let at = until.utc().format("%a %H:%M");
            format!("wait {why:?} {at}: {}", about.join(" "))
        }
        Decision::Send(n) => {
            let mut text = format!("send {}: {}", n.reason.word(), n.news.join(" "));
            for (word, ids) in
                [("still", &n.still), ("ended", &n.resolved), ("cleared", &n.cleared)]
            {
                if !ids.is_empty() {
                    text.push_str(&format!(" | {word} {}", ids.join(" ")));
                }
            }
            text
        }
    }
}

/// Decides at each time with these cases, logs what follows, and tells every decision.
fn day(steps: &[(&str, Vec<CaseFacts>)]) -> Vec<String> {
    let mut state = GroupState::default();
    let mut told = Vec::new();
    for (now, cases) in steps {
        let decision = run(&state, cases, now);
        told.push(format!("{now} {}", said(&decision)));
        state = match &decision {
            Decision::Send(notice) => state.sent(notice, cases, now, "subject", at(now)),
            other => state.waited(other, cases, &Office, at(now)),
        };
    }
    told
}

fn told(ids: &[(&str, CaseState)], when: &str) -> GroupState {
    let cases: Vec<CaseFacts> = ids.iter().map(|(id, state)| case(id, *state)).collect();
    let ids = cases.iter().map(|c| c.id.clone()).collect();
    let notice = Notice {
        reason: Reason::FirstNotice,
        news: ids,
        still: vec![],
        resolved: vec![],
        cleared: vec![],
    };
    GroupState::default().sent(&notice, &cases, "first@acme.example", "subject", at(when))
}

#[test]
fn whether_a_mail_is_due_and_why() {
    let none = GroupState::default;
    let ada = || told(&[("ada", AtRisk)], "Mon 10:00");
    let rows: Vec<(&str, GroupState, Vec<CaseFacts>, &str, &str)> = vec![
        (
            "a complaint with time left mails nothing",
            none(),
            vec![case("ada", Open)],
            "Mon 10:00",
            "nothing",
        ),
        (
            "a case at risk waits for its group first",
            none(),
            vec![case("ada", AtRisk)],
            "Mon 10:00",
            "wait GroupWait Mon 10:03: ada",
        ),
        (
            "so does an overdue one",
            none(),
            vec![case("ada", Overdue)],
            "Mon 10:00",
            "wait GroupWait Mon 10:03: ada",
        ),
        (
            "a severe one skips the wait",
            none(),
            vec![case("severe", Open)],
            "Mon 10:00",
            "send severe-opened: severe",
        ),
        (
            "and the night",
            none(),
            vec![case("severe", Open)],
            "Sat 03:00",
            "send severe-opened: severe",
        ),
        (
            "others wait for the opening",
            none(),
            vec![case("ada", Overdue)],
            "Fri 17:00",
            "wait Opening Mon 09:00: ada",
        ),
        ("a lapsed case does not alert", none(), vec![case("ada", Lapsed)], "Mon 10:00", "nothing"),
        (
            "an answered one nobody was told of says nothing",
            none(),
            vec![case("ada", Answered)],
            "Mon 10:00",
            "nothing",
        ),
        (
            "where answers cannot be read, nothing is alerted",
            none(),
            vec![CaseFacts { answers_readable: false, ..case("severe", Overdue) }],
            "Mon 10:00",
            "nothing",
        ),
        (
            "a snoozed case is quiet",
            none(),
            vec![held(case("ada", Overdue), "Tue 09:00")],
            "Mon 10:00",
            "nothing",
        ),
        (
            "what people know is not told again",
            ada(),
            vec![case("ada", AtRisk)],
            "Mon 12:00",
            "nothing",
        ),
        (
            "a passed deadline is told",
            ada(),
            vec![case("ada", Overdue)],
            "Mon 12:00",
            "send newly-overdue: ada",
        ),
        (
            "but not before the interval is over",
            ada(),
            vec![case("ada", Overdue)],
            "Mon 10:10",
            "wait GroupInterval Mon 10:15: ada",
        ),
        (
            "a further case is told with the known one",
            ada(),
            vec![case("ada", AtRisk), case("bo", AtRisk)],
            "Mon 10:20",
            "send new-case: bo | still ada",
        ),
        (
            "an end is told, if the case was",
            ada(),
            vec![case("ada", Answered)],
            "Mon 10:20",
            "send resolved:  | ended ada",
        ),
        (
            "an end waits for the opening too",
            ada(),
            vec![case("ada", Answered)],
            "Mon 18:00",
            "wait Opening Tue 09:00: ada",
        ),
        (
            "an end and a new case are one mail",
            ada(),
            vec![case("ada", Answered), case("bo", Overdue)],
            "Mon 10:20",
            "wait GroupWait Mon 10:23: bo ada",
        ),
        (
            "repeated after a business day",
            ada(),
            vec![case("ada", AtRisk)],
            "Tue 10:00",
            "send repeat-due:  | still ada",
        ),
        ("not a minute sooner", ada(), vec![case("ada", AtRisk)], "Tue 09:59", "nothing"),
        (
            "a told case somebody has taken is quiet",
            ada(),
            vec![held(case("ada", Overdue), "Tue 10:00")],
            "Mon 12:00",
            "nothing",
        ),
        (
            "told again when that time is over",
            told(&[("ada", Overdue)], "Mon 10:00"),
            vec![held(case("ada", Overdue), "Tue 10:00")],
            "Tue 10:00",
            "send ack-ran-out: ada",
        ),
        (
            "a known case that lapses is quiet",
            told(&[("ada", Overdue)], "Mon 10:00"),
            vec![case("ada", Lapsed)],
            "Fri 10:00",
            "nothing",
        ),
        (
            "a severe case waits for the interval, not for the wait",
            told(&[("severe-a", Open)], "Mon 10:00"),
            vec![case("severe-a", Open), case("severe-b", Open)],
            "Mon 10:05",
            "wait GroupInterval Mon 10:15: severe-b",
        ),
    ];
    for (what, state, cases, now, wanted) in rows {
        assert_eq!(said(&run(&state, &cases, now)), wanted, "{what}");
    }
}

#[test]
fn a_case_answered_within_the_group_wait_is_never_mailed() {
    let got = day(&[
        ("Mon 10:00", vec![case("ada", AtRisk)]),
        ("Mon 10:02", vec![case("ada", Answered)]),
        ("Mon 10:30", vec![case("bo", AtRisk)]),
    ]);
    assert_eq!(
        got,
        [
            "Mon 10:00 wait GroupWait Mon 10:03: ada",
            "Mon 10:02 nothing",
            "Mon 10:30 wait GroupWait Mon 10:33: bo",
        ]
    );
}

#[test]
fn quiet_hours_hold_the_mail_and_not_the_log() {
    let got = day(&[
        ("Mon 16:00", vec![case("ada", AtRisk)]),
        ("Mon 16:03", vec![case("ada", AtRisk)]),
        // Overnight ada's deadline passes, bo comes and goes, cy comes and stays.
        ("Mon 20:00", vec![case("ada", Overdue), case("bo", Overdue)]),
        ("Mon 22:00", vec![case("ada", Overdue), case("bo", Answered), case("cy", Overdue)]),
        ("Tue 09:00", vec![case("ada", Overdue), case("bo", Answered), case("cy", Overdue)]),
        ("Tue 09:30", vec![case("ada", Answered), case("cy", Overdue)]),
    ]);
    assert_eq!(
        got,
        [
            "Mon 16:00 wait GroupWait Mon 16:03: ada",
            "Mon 16:03 send first-notice: ada",
            "Mon 20:00 wait Opening Tue 09:00: ada bo",
            "Mon 22:00 wait Opening Tue 09:00: ada cy",
            "Tue 09:00 send opening-bell: ada cy | cleared bo",
            "Tue 09:30 send resolved:  | still cy | ended ada",
        ]
    );
}

#[test]
fn what_cleared_overnight_alone_rings_no_bell() {
    let got = day(&[
        ("Mon 20:00", vec![case("bo", Overdue)]),
        ("Mon 22:00", vec![case("bo", Answered)]),
        ("Tue 09:00", vec![case("bo", Answered)]),
    ]);
    assert_eq!(got[1..], ["Mon 22:00 nothing", "Tue 09:00 nothing"]);
}

#[test]
fn a_storm_is_three_mails_in_its_first_hour_and_one_an_hour_after() {
    let mut state = GroupState::default();
    let mut mails = Vec::new();
    // From 10:00 on a thousand cases a minute come up, for ten minutes, and again an hour later.
    for minute in 0..240_i64 {
        let now = at("Mon 10:00").plus(minute * Time::MINUTE);
        let waves = minute.min(10) + (minute - 60).clamp(0, 10);
        let cases: Vec<CaseFacts> =
            (0..waves * 100).map(|i| case(&format!("c{i}"), AtRisk)).collect();
        let decision = decide(&state, &cases, &AlertConfig::default(), None, &Office, now);
        state = match &decision {
            Decision::Send(notice) => {
                mails.push(minute);
                state.sent(notice, &cases, "m", "s", now)
            }
            other => state.waited(other, &cases, &Office, now),
        };
    }
    assert!(mails.iter().filter(|m| **m < 60).count() <= 3, "{mails:?}");
    assert!((1..4).all(|h| mails.iter().filter(|m| **m / 60 == h).count() <= 1), "{mails:?}");
    assert_eq!(mails[0], 4, "the first comes with the group wait");
    assert_eq!(state.told.len(), 2_000, "in the end people were told of every case");
}

#[test]
fn feedback_from_before_the_start_of_alerts_is_the_baseline() {
    let run = |from: &str, now: &str, asked: &str| {
        let cases = [CaseFacts { asked_at: at(asked), ..case("severe", Overdue) }];
        let settings = AlertConfig::default();
        said(&decide(&GroupState::default(), &cases, &settings, Some(at(from)), &Office, at(now)))
    };
    assert_eq!(run("Tue 09:00", "Mon 10:00", "Mon 08:00"), "nothing", "before the start");
    assert_eq!(run("Tue 09:00", "Tue 10:00", "Mon 08:00"), "nothing", "an old post");
    assert_eq!(run("Tue 09:00", "Tue 10:00", "Tue 09:00"), "send severe-opened: severe");
}

#[test]
fn a_mail_withdrawn_from_the_outbox_told_nobody() {
    let state = told(&[("ada", AtRisk)], "Mon 10:00").withdrawn("first@acme.example");
    assert_eq!(said(&run(&state, &[case("ada", Answered)], "Mon 12:00")), "nothing");
    assert!(state.messages.is_empty() && state.subject.is_none());
}

#[test]
fn without_resolved_notices_an_end_is_just_forgotten() {
    let settings = AlertConfig { resolved_notices: false, ..AlertConfig::default() };
    let (state, cases) = (told(&[("ada", AtRisk)], "Mon 10:00"), [case("ada", Answered)]);
    let decision = decide(&state, &cases, &settings, None, &Office, at("Mon 12:00"));
    assert_eq!(decision, Decision::Nothing);
    assert!(state.waited(&decision, &cases, &Office, at("Mon 12:00")).told.is_empty());
}

#[test]
fn the_morning_is_one_mail_a_brand() {
    let key = |brand: &str, severity, topic: &str| GroupKey {
        brand: brand.to_owned(),
        severity,
        topic: topic.to_owned(),
    };
    let notice = |reason, id: &str| Notice {
        reason,
        news: vec![id.to_owned()],
        still: vec![],
        resolved: vec![],
        cleared: vec![],
    };
    let mails = together(vec![
        (key("acme", Severity::Normal, "mastodon"), notice(Reason::OpeningBell, "ada")),
        (key("acme", Severity::Severe, "mastodon"), notice(Reason::SevereOpened, "bo")),
        (key("acme", Severity::High, "bluesky"), notice(Reason::OpeningBell, "cy")),
        (key("blue", Severity::Normal, "mastodon"), notice(Reason::OpeningBell, "di")),
    ]);
    let told: Vec<(usize, Vec<String>)> =
        mails.into_iter().map(|(keys, notice)| (keys.len(), notice.news)).collect();
    let ids = |all: &[&str]| all.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(told, [(2, ids(&["ada", "cy"])), (1, ids(&["bo"])), (1, ids(&["di"]))]);
}

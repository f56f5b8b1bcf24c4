//! The people, sources and numbers the mails in these tests are about.

use affinityd::model::{
    Author, Capabilities, CaseState, Change, Flag, Health, Indicator, Intent, Kind, Reach,
    Reason as Sign, Severity, Standing, Time, Window,
};
use affinityd::notify::{
    AlertFacts, CaseCard, ClockRule, Coverage, DigestConfig, DigestFacts, KindCount, Part,
    PersonCard, Reason,
};
use affinityd::words::{Language, Words};
use chrono_tz::Tz;

pub fn at(text: &str) -> Time {
    Time::parse(&format!("2026-11-{text}:00+01:00")).expect("a time in November")
}

pub fn words(language: Language) -> Words {
    Words::new(language, Tz::Europe__Stockholm)
}

pub fn sign(found: &str, speaks_for: &str) -> Sign {
    Sign { found: found.to_owned(), speaks_for: speaks_for.to_owned().into(), weight: 1.0 }
}

pub fn author(handle: &str, name: &str) -> Option<Author> {
    Some(Author {
        id: format!("id-{handle}"),
        handle: Some(handle.to_owned()),
        name: Some(name.to_owned()),
    })
}

/// Ada's complaint of Monday 09:12, due 11:12, as seen at 11:54.
pub fn ada() -> CaseCard {
    CaseCard {
        id: "c7f3k2".to_owned(),
        platform: "mastodon".to_owned(),
        author: author("ada@example.social", "Ada Berg"),
        class: Intent::Complaint,
        severity: Severity::Normal,
        state: CaseState::Overdue,
        opened_at: at("09T09:12"),
        seen_at: at("09T09:14"),
        due_at: at("09T11:12"),
        rule: ClockRule::FirstReply,
        business: 162 * Time::MINUTE,
        late: 42 * Time::MINUTE,
        ended_at: None,
        asks: 2,
        people: 1,
        title: None,
        text: Some(
            "My Acme kettle broke after three days & your support line just hangs up.\n\n\
             Third time I ask: when do I get my money back?"
                .to_owned(),
        ),
        permalink: Some("https://example.social/@ada/1134?a=1&b=2".to_owned()),
        reasons: vec![
            sign("broke", "complaint"),
            sign("money back", "complaint"),
            sign("Third time", "neg"),
        ],
        person: PersonCard {
            earlier: 4,
            complaints: 1,
            praise: 2,
            language: Some("en".to_owned()),
            last_case: Some(CaseState::Answered),
        },
        unchecked_since: None,
    }
}

/// A question that is due soon, seen late.
pub fn bo() -> CaseCard {
    CaseCard {
        id: "c11aa9".to_owned(),
        platform: "lemmy".to_owned(),
        author: author("bo", "Bo"),
        class: Intent::Question,
        state: CaseState::AtRisk,
        opened_at: at("09T09:00"),
        seen_at: at("09T10:30"),
        due_at: at("09T13:00"),
        business: 174 * Time::MINUTE,
        asks: 1,
        text: Some("Ist der Wasserkocher von Acme auch in 110 V zu haben?".to_owned()),
        permalink: Some("https://lemmy.example/comment/77".to_owned()),
        reasons: vec![sign("zu haben?", "question")],
        person: PersonCard { language: Some("de".to_owned()), ..PersonCard::default() },
        ..ada()
    }
}

/// A severe one with many people in its thread.
pub fn cy() -> CaseCard {
    CaseCard {
        id: "c90zzq".to_owned(),
        platform: "bluesky".to_owned(),
        author: author("cy.example.org", "Cy"),
        severity: Severity::Severe,
        state: CaseState::AtRisk,
        opened_at: at("09T11:30"),
        seen_at: at("09T11:31"),
        due_at: at("09T12:00"),
        business: 24 * Time::MINUTE,
        asks: 1,
        people: 14,
        text: Some(
            "The Acme kettle caught fire on my table. My lawyer will write to you.".to_owned(),
        ),
        permalink: Some("https://bsky.example/profile/cy/post/3k".to_owned()),
        reasons: vec![sign("caught fire", "safety"), sign("lawyer", "safety")],
        person: PersonCard::default(),
        ..ada()
    }
}

pub fn alert(reason: Reason, news: Vec<CaseCard>) -> AlertFacts {
    AlertFacts {
        brand: "Acme".to_owned(),
        reason,
        news,
        still: vec![],
        resolved: vec![],
        cleared: vec![],
        thread_subject: None,
        now: at("09T11:54"),
        version: "0.1.0".to_owned(),
    }
}

pub fn stream(account: &str, platform: &str, name: &str) -> Coverage {
    Coverage {
        account: account.to_owned(),
        platform: platform.to_owned(),
        stream: name.to_owned(),
        health: Health::Well,
        read_until: Some(at("09T07:58")),
        gaps: vec![],
        trouble: None,
        last_found_at: Some(at("08T20:00")),
        is_silent: false,
        can: Capabilities { answers: Reach::Full, ..Capabilities::default() },
    }
}

pub fn share(id: &'static str, k: f64, n: f64, ends: Option<(f64, f64)>) -> Indicator {
    Indicator {
        corrected: None,
        id,
        part: None,
        name: "",
        value: (n > 0.0).then(|| k / n),
        unit: "share",
        numerator: Some(k),
        denominator: Some(n),
        n: n as u64,
        low: ends.map(|e| e.0),
        high: ends.map(|e| e.1),
        level: 0.95,
        status: if n >= 20.0 { Standing::Ok } else { Standing::TooFew },
        change: None,
        version: 1,
    }
}

pub fn number(
    id: &'static str,
    part: Option<&'static str>,
    unit: &'static str,
    value: Option<f64>,
    n: u64,
    ends: Option<(f64, f64)>,
    status: Standing,
) -> Indicator {
    let base = share(id, 0.0, 0.0, ends);
    Indicator { part, unit, value, n, numerator: None, denominator: None, status, ..base }
}

pub fn changed(mut indicator: Indicator, value: f64, flag: Flag) -> Indicator {
    indicator.change =
        Some(Change { value: Some(value), difference: None, low: None, high: None, flag });
    indicator
}

pub fn indicators() -> Vec<Indicator> {
    use Standing::Ok;
    vec![
        changed(
            number("I3", None, "count", Some(212.0), 212, Some((184.4, 242.5)), Ok),
            190.0,
            Flag::None,
        ),
        changed(
            number("I5", None, "score", Some(0.18), 66, Some((-0.06, 0.4)), Ok),
            0.31,
            Flag::None,
        ),
        changed(share("I7", 44.0, 190.0, Some((0.177, 0.296))), 0.25, Flag::None),
        changed(share("I10", 40.0, 48.0, Some((0.7, 0.915))), 0.52, Flag::Up),
        number(
            "I12",
            Some("median_business"),
            "seconds",
            Some(4_260.0),
            51,
            Some((2_900.0, 6_300.0)),
            Ok,
        ),
        number(
            "I12",
            Some("p90_business"),
            "seconds",
            None,
            51,
            Some((41_000.0, 0.0)).map(|e| (e.0, e.0)),
            Standing::Unknown,
        ),
        number("I13", Some("open"), "count", Some(3.0), 3, None, Ok),
        number("I13", Some("oldest_seconds"), "seconds", Some(82_800.0), 3, None, Ok),
        number("I13", Some("past_due"), "count", Some(1.0), 3, None, Ok),
    ]
}

pub fn digest() -> DigestFacts {
    let count = |kind, day, week| KindCount { kind, day, week };
    DigestFacts {
        brand: "Acme".to_owned(),
        day: Window { from: at("08T00:00"), to: at("09T00:00"), days: 1 },
        window: Window {
            from: Time::parse("2026-10-11T22:00:00Z").expect("a time"),
            to: at("09T00:00"),
            days: 28,
        },
        coverage: vec![
            stream("main", "mastodon", "notifications"),
            stream("main", "mastodon", "search:acme"),
            stream("forum", "lemmy", "search:acme"),
        ],
        waiting: vec![],
        counts: vec![
            count(Kind::Mention, Some(12), Some(61)),
            count(Kind::Comment, Some(3), Some(40)),
            count(Kind::Review, Some(1), Some(2)),
            count(Kind::Share, Some(0), Some(17)),
            count(Kind::Reaction, None, None),
        ],
        indicators: indicators(),
        praise: vec![],
        dead_letters: 0,
        to_look_at: 0,
        drift: Vec::new(),
        is_late: false,
        now: at("09T08:00"),
        version: "0.1.0".to_owned(),
    }
}

pub fn empty_day() -> DigestFacts {
    let none = |kind| KindCount { kind, day: Some(0), week: Some(4) };
    DigestFacts { counts: vec![none(Kind::Mention), none(Kind::Comment)], ..digest() }
}

pub fn all_parts() -> Vec<Part> {
    DigestConfig::default().sections
}

//! What people are mailed says who waits, since when, until when and why, the same in HTML and in
//! text, and nothing a stranger writes can act in it.

use affinityd::model::{
    Author, CaseState, Change, Flag, Gap, Health, Indicator, Intent, Kind, Reach, Reason as Sign,
    Severity, Standing, Time, Trouble, Window,
};
use affinityd::notify::{
    AlertFacts, CaseCard, ClockRule, Composed, Coverage, DigestConfig, DigestFacts, Form,
    KindCount, Part, PersonCard, Praise, Reason, ResolvedFacts, RollUpFacts, SourceFacts,
    compose_alert, compose_digest, compose_resolved, compose_roll_up, compose_source, digest_form,
};
use affinityd::words::{Language, Words};
use chrono_tz::Tz;

fn at(text: &str) -> Time {
    Time::parse(&format!("2026-11-{text}:00+01:00")).expect("a time in November")
}

fn words(language: Language) -> Words {
    Words::new(language, Tz::Europe__Stockholm)
}

fn sign(found: &str, speaks_for: &str) -> Sign {
    Sign { found: found.to_owned(), speaks_for: speaks_for.to_owned(), weight: 1.0 }
}

fn author(handle: &str, name: &str) -> Option<Author> {
    Some(Author {
        id: format!("id-{handle}"),
        handle: Some(handle.to_owned()),
        name: Some(name.to_owned()),
    })
}

/// Ada's complaint of Monday 09:12, due 11:12, as seen at 11:54.
fn ada() -> CaseCard {
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
fn bo() -> CaseCard {
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
fn cy() -> CaseCard {
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

fn alert(reason: Reason, news: Vec<CaseCard>) -> AlertFacts {
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

fn stream(account: &str, platform: &str, name: &str) -> Coverage {
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
        answers: Reach::Full,
    }
}

fn share(id: &'static str, k: f64, n: f64, ends: Option<(f64, f64)>) -> Indicator {
    Indicator {
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

fn number(
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

fn changed(mut indicator: Indicator, value: f64, flag: Flag) -> Indicator {
    indicator.change =
        Some(Change { value: Some(value), difference: None, low: None, high: None, flag });
    indicator
}

fn indicators() -> Vec<Indicator> {
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

fn digest() -> DigestFacts {
    let count = |kind, day, week| KindCount { kind, day, week };
    DigestFacts {
        brand: "Acme".to_owned(),
        day: Window { from: at("08T00:00"), to: at("09T00:00"), days: 1 },
        window: Window {
            from: Time::parse("2026-10-11T22:00:00Z").unwrap(),
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
        is_late: false,
        now: at("09T08:00"),
        version: "0.1.0".to_owned(),
    }
}

fn empty_day() -> DigestFacts {
    let none = |kind| KindCount { kind, day: Some(0), week: Some(4) };
    DigestFacts { counts: vec![none(Kind::Mention), none(Kind::Comment)], ..digest() }
}

fn all_parts() -> Vec<Part> {
    DigestConfig::default().sections
}

/// What every mail keeps to, whatever it says; then the snapshot of both parts.
fn check(name: &str, mail: &Composed) {
    assert!(mail.subject.chars().count() <= 120, "{name}: {}", mail.subject);
    assert!(!mail.subject.chars().any(char::is_control), "{name}: {:?}", mail.subject);
    assert!(mail.html.len() < 102_000, "{name}: {} bytes", mail.html.len());
    for line in mail.text.lines().filter(|l| !l.contains("://")) {
        assert!(line.chars().count() <= 72, "{name}: {line}");
    }
    let html = mail.html.to_lowercase();
    for active in
        ["<script", "<img", "<link", "<style", "<form", "<iframe", "<object", "javascript:"]
    {
        assert!(!html.contains(active), "{name}: {active}");
    }
    assert!(!html.contains("url("), "{name}: nothing remote in styles");
    assert!(!html.contains(" on") || !has_handler(&html), "{name}: no handlers");
    for hidden in ['\u{202a}', '\u{202e}', '\u{2066}', '\u{200b}', '\r', '\0'] {
        assert!(!mail.text.contains(hidden) && !mail.html.contains(hidden), "{name}: {hidden:?}");
    }
    insta::assert_snapshot!(
        format!("{name}-text"),
        format!("Subject: {}\n\n{}", mail.subject, mail.text)
    );
    insta::assert_snapshot!(format!("{name}-html"), mail.html);
}

/// `onload=` and its like, as a scanner looks for them.
fn has_handler(html: &str) -> bool {
    html.split_whitespace().any(|word| {
        word.strip_prefix("on").and_then(|rest| rest.split_once('=')).is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
        })
    })
}

#[test]
fn one_overdue_complaint() {
    let facts = alert(Reason::FirstNotice, vec![ada()]);
    check("alert-one-overdue", &compose_alert(&facts, words(Language::En)));
    check("alert-one-overdue-de", &compose_alert(&facts, words(Language::De)));
    check("alert-one-overdue-sv", &compose_alert(&facts, words(Language::Sv)));
}

#[test]
fn a_severe_case_a_new_one_and_one_told_before() {
    let mut facts = alert(Reason::SevereOpened, vec![bo(), cy()]);
    facts.still = vec![ada()];
    facts.cleared =
        vec![CaseCard { state: CaseState::Answered, ended_at: Some(at("09T08:00")), ..bo() }];
    check("alert-three-mixed", &compose_alert(&facts, words(Language::En)));
}

#[test]
fn a_case_that_could_not_be_looked_up() {
    let card = CaseCard { unchecked_since: Some(at("09T11:30")), ..ada() };
    let facts = alert(Reason::NewlyOverdue, vec![card]);
    check("alert-look-up-failed", &compose_alert(&facts, words(Language::En)));
}

#[test]
fn what_has_ended_is_told_in_the_same_thread() {
    let card = CaseCard {
        state: CaseState::Answered,
        ended_at: Some(at("09T12:05")),
        business: 173 * Time::MINUTE,
        ..ada()
    };
    let facts = ResolvedFacts {
        brand: "Acme".to_owned(),
        resolved: vec![card],
        still: vec![bo()],
        thread_subject: Some("Acme: overdue answer to @ada@example.social".to_owned()),
        now: at("09T12:10"),
        version: "0.1.0".to_owned(),
    };
    check("resolved", &compose_resolved(&facts, words(Language::En)));
}

#[test]
fn the_roll_up_lists_what_the_cap_held_back() {
    let facts = RollUpFacts {
        brand: "Acme".to_owned(),
        cases: vec![bo(), ada()],
        cap: 6,
        until: at("09T12:31"),
        now: at("09T11:54"),
        version: "0.1.0".to_owned(),
    };
    check("roll-up", &compose_roll_up(&facts, words(Language::En)));
}

#[test]
fn a_digest_on_a_normal_day() {
    let lapsed = CaseCard {
        id: "old".to_owned(),
        state: CaseState::Lapsed,
        opened_at: Time::parse("2026-10-01T08:00:00Z").unwrap(),
        due_at: Time::parse("2026-10-01T10:00:00Z").unwrap(),
        ..ada()
    };
    let morning =
        |card: CaseCard, due: &str| CaseCard { opened_at: at("06T15:30"), due_at: at(due), ..card };
    let facts = DigestFacts {
        waiting: vec![morning(bo(), "09T10:30"), morning(ada(), "06T16:45"), lapsed],
        praise: vec![Praise {
            author: author("di", "Di"),
            platform: "mastodon".to_owned(),
            text: Some("Two years in and my Acme kettle still looks new. Love it!".to_owned()),
            permalink: Some("https://example.social/@di/99".to_owned()),
        }],
        dead_letters: 1,
        ..digest()
    };
    let form = digest_form(&facts, &DigestConfig::default(), words(Language::En));
    assert_eq!(form, Some(Form::Full));
    for (name, language) in
        [("digest", Language::En), ("digest-de", Language::De), ("digest-sv", Language::Sv)]
    {
        check(name, &compose_digest(&facts, Form::Full, &all_parts(), words(language)));
    }
}

#[test]
fn an_empty_day_is_short_and_skipped_at_weekends_unless_something_is_wrong() {
    let (config, words) = (DigestConfig::default(), words(Language::En));
    let monday = empty_day();
    assert_eq!(digest_form(&monday, &config, words), Some(Form::Short));
    check("digest-empty", &compose_digest(&monday, Form::Short, &all_parts(), words));

    let sunday = DigestFacts { now: at("08T08:00"), ..empty_day() };
    assert_eq!(digest_form(&sunday, &config, words), None);
    let blind = DigestFacts { coverage: vec![], ..sunday.clone() };
    assert_eq!(digest_form(&blind, &config, words), Some(Form::Short), "a fault is told");
    let undelivered = DigestFacts { dead_letters: 2, ..sunday };
    assert_eq!(digest_form(&undelivered, &config, words), Some(Form::Short), "so is lost mail");
}

#[test]
fn a_blind_day_is_not_a_quiet_one() {
    let mut facts = empty_day();
    facts.coverage[0].health = Health::NeedsAttention;
    facts.coverage[0].read_until = Some(at("07T21:10"));
    facts.coverage[0].trouble =
        Some((Trouble::Unauthorised("the token was revoked".to_owned()), at("07T21:12")));
    facts.coverage[1].gaps = vec![Gap {
        after: Some(at("08T03:00")),
        before: Some(at("08T05:30")),
        why: "page limit".to_owned(),
        noticed_at: at("08T06:00"),
    }];
    facts.coverage[2].is_silent = true;
    facts.coverage[2].last_found_at = Some(at("02T11:00"));
    facts.coverage[2].answers = Reach::No;
    let mail = compose_digest(&facts, Form::Short, &all_parts(), words(Language::En));
    assert!(!mail.text.contains("No mentions"), "{}", mail.text);
    check("digest-blind", &mail);
}

#[test]
fn too_few_is_said_and_not_shown_as_a_percentage() {
    let facts = DigestFacts {
        indicators: vec![
            number("I3", None, "count", Some(9.0), 9, Some((4.1, 17.1)), Standing::Ok),
            number("I5", None, "score", Some(0.5), 4, None, Standing::TooFew),
            changed(share("I7", 3.0, 4.0, None), 0.5, Flag::TooFew),
            share("I10", 7.0, 9.0, None),
            number(
                "I12",
                Some("median_business"),
                "seconds",
                Some(900.0),
                4,
                None,
                Standing::TooFew,
            ),
            number("I12", Some("p90_business"), "seconds", None, 4, None, Standing::TooFew),
            number("I13", Some("open"), "count", Some(0.0), 0, None, Standing::Ok),
        ],
        ..digest()
    };
    let mail = compose_digest(&facts, Form::Full, &[Part::Indicators], words(Language::En));
    assert!(!mail.text.contains('%'), "no percentage from so few: {}", mail.text);
    check("digest-too-few", &mail);
}

#[test]
fn a_hostile_stranger_stays_text() {
    let evil = CaseCard {
        author: author(
            "evil\r\nBcc: x@evil.example",
            "\u{202e}<script>alert(1)</script> {{ 7*7 }}",
        ),
        platform: "mastodon".to_owned(),
        text: Some(
            "<img src=x onerror=alert(1)> javascript:alert(1) {{ 7*7 }} {% raw %} \
             \u{202e}txet desrever\u{2066} onload=x =?utf-8?b?QmNj?= \0"
                .to_owned(),
        ),
        title: Some("\"><style>*{background:url(http://evil.example)}</style>".to_owned()),
        permalink: Some("javascript:alert(document.domain)".to_owned()),
        reasons: vec![sign("</div><b onclick=x>", "complaint\r\nX: y")],
        ..ada()
    };
    let facts = AlertFacts {
        brand: "Acme\r\nBcc: y@evil.example".to_owned(),
        ..alert(Reason::FirstNotice, vec![evil])
    };
    let mail = compose_alert(&facts, words(Language::En));
    assert!(!mail.html.contains("href"), "a link that is none is left out");
    assert!(!mail.html.contains("49"), "template syntax is inert");
    check("alert-hostile", &mail);
}

#[test]
fn ten_thousand_cases_fit_into_one_mail_that_counts_them_all() {
    let long = "&\"<".repeat(400);
    let cards: Vec<CaseCard> = (0..10_000)
        .map(|i| CaseCard {
            id: format!("c{i}"),
            author: author(&format!("p{i}"), &long),
            text: Some(long.clone()),
            permalink: Some(format!("https://example.social/{}{i}", "x&".repeat(450))),
            reasons: vec![sign(&long, &long); 5],
            ..ada()
        })
        .collect();
    let mail = compose_alert(&alert(Reason::FirstNotice, cards), words(Language::En));
    assert!(mail.html.len() < 102_000, "{} bytes", mail.html.len());
    assert!(mail.text.starts_with("Acme"));
    assert!(mail.text.contains("10,000 answers are overdue"), "{}", &mail.text[..200]);
    assert!(mail.text.contains("All of them: affinityd cases"));
    assert_eq!(mail.subject, "Acme: 10,000 answers overdue (@p0, @p1 and 9,998 more)");
}

#[test]
fn a_source_that_needs_a_person() {
    let facts = SourceFacts {
        brand: "Acme".to_owned(),
        platform: "mastodon".to_owned(),
        account: "main".to_owned(),
        streams: vec!["notifications".to_owned(), "search:acme".to_owned()],
        trouble: (Trouble::Unauthorised("the token was revoked".to_owned()), at("09T07:12")),
        read_until: Some(at("09T07:10")),
        now: at("09T07:20"),
        version: "0.1.0".to_owned(),
    };
    check("source", &compose_source(&facts, words(Language::En)));
}

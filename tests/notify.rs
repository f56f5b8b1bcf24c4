//! What people are mailed says who waits, since when, until when and why, the same in HTML and in
//! text, and nothing a stranger writes can act in it.

pub mod facts;

use affinityd::model::{
    CaseState, Drift, Flag, Gap, Health, Reach, Standing, Time, Trait, Trouble, Yardstick,
};
use affinityd::notify::{
    AlertFacts, CaseCard, Composed, DigestConfig, DigestFacts, Form, Part, Praise, Reason,
    ResolvedFacts, RollUpFacts, SourceFacts, compose_alert, compose_digest, compose_resolved,
    compose_roll_up, compose_source, digest_form,
};
use affinityd::words::Language;

use facts::{
    ada, alert, all_parts, at, author, bo, changed, cy, digest, empty_day, number, share, sign,
    words,
};

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
    let morning = |card: CaseCard, due: &str| CaseCard {
        opened_at: at("06T15:30"),
        due_at: at(due),
        business: 90 * Time::MINUTE,
        late: 15 * Time::MINUTE,
        ..card
    };
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
fn what_the_classifier_doubts_is_one_line_each() {
    let moved = |against| Drift { of: Trait::Languages, against, psi: 0.314, n: 1_234 };
    let facts = DigestFacts {
        to_look_at: 7,
        drift: vec![moved(Yardstick::Training), moved(Yardstick::Before)],
        ..digest()
    };
    let text = |language, facts: &DigestFacts| {
        let mail = compose_digest(facts, Form::Full, &all_parts(), words(language));
        mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (language, lines) in [
        (
            Language::En,
            [
                "7 posts to look at, because the classifier is not sure: affinityd cases review",
                "The classifier sees other posts than it was made for (their languages, PSI 0.31, \
                 1,234 posts of last week): look at affinityd cases review.",
            ],
        ),
        (Language::De, ["7 Beiträge zum Ansehen", "(ihre Sprachen, PSI 0,31,"]),
        (Language::Sv, ["7 inlägg att titta på", "(deras språk, PSI 0,31,"]),
    ] {
        let said = text(language, &facts);
        for line in lines {
            assert!(said.contains(line), "{line} in {said}");
        }
        assert_eq!(said.matches("PSI").count(), 1, "the largest move, in one sentence");
    }
    let one = DigestFacts { to_look_at: 1, ..digest() };
    assert!(text(Language::En, &one).contains("1 post to look at"));
    assert!(!text(Language::En, &digest()).contains("to look at"));
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
    facts.coverage[2].can.answers = Reach::No;
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

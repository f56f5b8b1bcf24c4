//! One digest a day, never two, and each can be made again.

use affinityd::model::{Capabilities, Kind, Message, Purpose, Reach, Reading};
use affinityd::notify::{Coverage, Empty};
use affinityd::pipeline;
use chrono_tz::Tz;

use super::desk_kit::{COMPLAINT, PRAISE, World, brand, post, reply, t};

/// A brand in Stockholm, whose digest is due at eight in the morning.
fn world() -> World {
    let world = World::of(brand(Tz::Europe__Stockholm));
    assert!(!world.send_digest("2026-10-22T10:00:00Z"), "before the first there is nothing");
    world
}

fn digests(world: &World) -> Vec<Message> {
    let all = world.mails().into_iter().map(|mail| mail.message);
    all.filter(|m| matches!(m.purpose, Purpose::Digest(_))).collect()
}

#[test]
fn once_a_day_also_when_the_clocks_change() {
    let world = world();
    // The clocks go back on Sunday 25 October 2026: eight is 06:00 before it and 07:00 from it on.
    for (what, now, sent) in [
        ("before its hour", "2026-10-23T05:59:59Z", false),
        ("at its hour", "2026-10-23T06:00:00Z", true),
        ("a minute later", "2026-10-23T06:01:00Z", false),
        ("Saturday is empty", "2026-10-24T06:00:20Z", false),
        ("the old hour of Sunday", "2026-10-25T06:00:20Z", false),
        ("its new hour, but empty too", "2026-10-25T07:00:20Z", false),
        ("Monday, the old hour", "2026-10-26T06:59:59Z", false),
        ("Monday", "2026-10-26T07:00:20Z", true),
    ] {
        // Without any source every digest tells of that; so this brand skips the weekends only
        // where nothing is wrong.
        let before = digests(&world).len();
        let done = world.send_digest(now);
        assert_eq!(digests(&world).len() - before, usize::from(done), "{what}");
        let weekend = now.starts_with("2026-10-24") || now.starts_with("2026-10-25T07");
        assert_eq!(done, sent || weekend, "{what}");
    }
    let ids: Vec<String> = digests(&world).into_iter().map(|m| m.id).collect();
    assert_eq!(
        ids,
        ["22", "23", "24", "25"].map(|day| format!("digest.acme.2026-10-{day}.0800@acme.example"))
    );
    let purposes: Vec<Purpose> = digests(&world).into_iter().map(|m| m.purpose).collect();
    assert_eq!(purposes[0], Purpose::Digest(t("2026-10-22T22:00:00Z")));
    assert_eq!(purposes[3], Purpose::Digest(t("2026-10-25T23:00:00Z")), "a day of 25 hours");
}

#[test]
fn late_within_grace_once_and_beyond_it_never() {
    for (what, now, sent) in [
        ("an hour late", "2026-10-23T07:00:00Z", true),
        ("twelve hours late", "2026-10-23T18:00:00Z", true),
        ("a second more", "2026-10-23T18:00:01Z", false),
        ("days later only the newest", "2026-10-28T08:00:00Z", true),
    ] {
        let mut world = world();
        assert_eq!(world.send_digest(now), sent, "{what}");
        world.reopen();
        assert!(!world.send_digest(now), "{what}: and not again");
        assert_eq!(digests(&world).len(), usize::from(sent), "{what}");
    }
    let world = world();
    assert!(!world.send_digest("2026-10-23T18:00:01Z"));
    assert!(world.send_digest("2026-10-24T06:00:00Z"), "the next one comes all the same");
}

#[test]
fn a_digest_that_is_late_past_midnight_is_that_of_its_day() {
    let mut brand = brand(Tz::Europe__Stockholm);
    brand.digest.grace = 48 * affinityd::model::Time::HOUR;
    let world = World::of(brand);
    world.send_digest("2026-10-22T10:00:00Z");
    assert!(world.send_digest("2026-10-24T01:00:00Z"), "that of Friday, on Saturday at three");
    assert!(world.send_digest("2026-10-24T06:00:00Z"), "that of Saturday");
    let ids: Vec<String> = digests(&world).into_iter().map(|m| m.id).collect();
    assert_eq!(ids, ["22", "23"].map(|day| format!("digest.acme.2026-10-{day}.0800@acme.example")));
}

/// One stream, read to its end.
fn well(can: Capabilities) -> Vec<Coverage> {
    vec![Coverage {
        account: "mine".to_owned(),
        platform: "p".to_owned(),
        stream: "mentions".to_owned(),
        health: affinityd::model::Health::Well,
        read_until: Some(t("6 mon 00:00")),
        gaps: Vec::new(),
        trouble: None,
        last_found_at: None,
        is_silent: false,
        can,
    }]
}

#[test]
fn what_no_source_shows_is_unknown_and_not_zero() {
    let world = World::of(brand(Tz::UTC));
    world.read(vec![post("a", "ada", "mon 10:00", PRAISE)], "mon 10:01");
    let counts = |coverage: &[Coverage]| {
        let made = pipeline::digest(world.desk(), coverage, t("tue 08:00"), false).unwrap();
        let count = |kind| made.facts.counts.iter().find(|c| c.kind == kind).unwrap().day;
        [Kind::Mention, Kind::Quote, Kind::Share].map(count)
    };
    let shares = Capabilities { shares: Reach::Partly, ..Capabilities::default() };
    assert_eq!(counts(&well(shares)), [Some(1), None, Some(0)], "a mention was found all the same");
    assert_eq!(counts(&[]), [Some(1), Some(0), Some(0)], "imports are all there is");
}

#[test]
fn empty_days() {
    for (what, now, empty, read, sent) in [
        ("an empty Tuesday", "tue 08:00", None, true, true),
        ("an empty Saturday", "sat 08:00", None, true, false),
        ("on which a source was not read", "sat 08:00", None, false, true),
        ("never empty ones", "tue 08:00", Some(Empty::Skip), true, false),
        ("but faults", "tue 08:00", Some(Empty::Skip), false, true),
    ] {
        let mut brand = brand(Tz::UTC);
        if let Some(empty) = empty {
            (brand.digest.empty_weekdays, brand.digest.empty_weekends) = (empty, empty);
        }
        let world = World::of(brand);
        world.send_digest("mon 12:00");
        let mut coverage = well(Capabilities::default());
        if !read {
            coverage[0].read_until = Some(t("mon 00:00"));
        }
        // Days between are over: only the newest counts.
        let done = pipeline::send_digest(world.desk(), &coverage, "acme.example", t(now)).unwrap();
        assert_eq!(done, sent, "{what}");
    }
}

#[test]
fn without_recipients_the_day_is_passed_over() {
    let mut world = world();
    world.brand.recipients.clear();
    assert!(!world.send_digest("2026-10-23T06:00:00Z"));
    world.brand.recipients.push("care@acme.example".to_owned());
    assert!(!world.send_digest("2026-10-23T09:00:00Z"), "it is not made up for");
}

#[test]
fn a_digest_of_an_earlier_day_comes_out_as_it_was() {
    let mut world = World::new();
    world.send_digest("mon 00:00");
    world.read(
        vec![
            post("a", "ada", "mon 10:00", COMPLAINT),
            post("b", "bo", "mon 11:00", PRAISE),
            post("c", "cy", "mon 15:00", COMPLAINT),
            post("d", "dee", "mon 15:30", COMPLAINT),
        ],
        "mon 15:31",
    );
    world.read(vec![reply("r", "acme", "mon 10:30", "Sorry!", "a")], "mon 15:32");
    assert!(world.send_digest("tue 08:00:20"));
    let sent = digests(&world).remove(0);

    // Later: answers, new posts of the same people, an edit, a bot, posts seen late, a ruling.
    let ruling = affinityd::model::Ruling {
        intent: Some(affinityd::model::Intent::Question),
        ..Default::default()
    };
    world.read(
        vec![
            reply("r2", "acme", "tue 09:00", "Sorry!", "c"),
            post("e", "cy", "tue 09:30", COMPLAINT),
            post("f", "eve", "mon 10:00", COMPLAINT),
            post("d", "dee", "mon 15:30", PRAISE),
            Reading { bot: Some(true), ..post("g", "bo", "tue 09:30", PRAISE) },
            Reading { ruling: Some(ruling), ..post("a", "ada", "mon 10:00", COMPLAINT) },
        ],
        "tue 10:00",
    );
    world.act("c", "tue 11:00", affinityd::model::ActKind::Close);
    world.reopen();
    let again = pipeline::digest(world.desk(), &[], t("tue 08:00"), false).unwrap();
    let again = again.composed.expect("not empty");
    assert_eq!(again.text, sent.text);
    assert_eq!(again.html, sent.html);
    assert_eq!(again.subject, sent.subject);
}

//! What its author deleted, and who was erased, is in no stored byte and does not come back.

use affinityd::model::Reading;
use affinityd::pipeline::Batch;

use super::desk_kit::{COMPLAINT, PLAIN, World, post, reply, t};

const SECRET: &str = "Acme lost my parcel to Rosegarden and nobody helps, this is terrible!";

#[test]
fn a_deletion_takes_words_and_author_and_ends_the_case() {
    let world = World::new();
    world.read(
        vec![
            post("a", "ada-lovelace", "mon 10:00", SECRET),
            post("b", "bo", "mon 10:00", COMPLAINT),
        ],
        "mon 10:01",
    );
    assert!(world.export().contains("Rosegarden"));
    assert_eq!(world.gone(&["a", "never seen"], "mon 11:00").changed, 1);
    let export = world.export();
    assert!(!export.contains("Rosegarden") && !export.contains("ada-lovelace"), "rule E10");
    assert_eq!(
        world.lines("mon 11:00"),
        ["complaint a due mon 12:00: deleted_by_author", "complaint b due mon 12:00: open"]
    );
    let case = &world.cases()[0];
    assert_eq!((case.person, &case.author, &case.permalink), (None, &None, &None), "rule E23");

    // A slow stream still shows it.
    let before = world.export();
    world.read(vec![post("a", "ada-lovelace", "mon 10:00", SECRET)], "mon 11:05");
    let around = vec![post("a", "ada-lovelace", "mon 10:00", "Rosegarden, edited")];
    world.ingest(&Batch { around, ..Batch::default() }, "mon 11:06");
    assert_eq!(world.export(), before);
}

#[test]
fn rule_e23_the_other_posts_of_the_person_go_on_without_it() {
    let world = World::new();
    world.read(
        vec![
            post("a", "ada", "mon 10:00", COMPLAINT),
            reply("b", "ada", "mon 10:20", COMPLAINT, "a"),
        ],
        "mon 10:21",
    );
    assert_eq!(world.lines("mon 10:22"), ["complaint a due mon 12:00: open"], "one case");
    world.gone(&["a"], "mon 11:00");
    assert_eq!(
        world.lines("mon 11:00"),
        ["complaint a due mon 12:00: deleted_by_author", "complaint b due mon 12:20: open"]
    );
}

#[test]
fn a_deleted_answer_is_no_answer() {
    let world = World::new();
    world.read(
        vec![
            post("a", "ada", "mon 10:00", COMPLAINT),
            reply("r", "acme", "mon 10:30", "Sorry!", "a"),
        ],
        "mon 10:31",
    );
    world.gone(&["r"], "mon 11:00");
    assert_eq!(world.lines("mon 11:00"), ["complaint a due mon 12:00: open"], "rule E10");
    // Also once nothing of the handles is left.
    let keep = affinityd::store::Retention { handles_days: 1, ..Default::default() };
    world.store().retain(world.key, t("5 mon 09:00"), &keep).unwrap();
    world.read(vec![reply("c", "cy", "5 mon 09:00", PLAIN, "a")], "5 mon 09:01");
    assert_eq!(world.lines("5 mon 09:02"), ["complaint a due mon 12:00: lapsed"]);
}

#[test]
fn a_deletion_may_be_told_before_its_post() {
    let lines = || {
        let deletion = Reading {
            author: None,
            text: None,
            url: None,
            deleted_at: Some(t("mon 10:30")),
            seen_at: Some(t("mon 11:00")),
            ..post("a", "", "mon 10:00", "")
        };
        [deletion, post("a", "ada-lovelace", "mon 10:00", SECRET)]
    };
    for order in [[0, 1], [1, 0]] {
        let world = World::new();
        let [one, two] = order.map(|n| lines()[n].clone());
        world.import(vec![one], "tue 09:00");
        world.import(vec![two], "tue 09:00");
        assert_eq!(world.lines("tue 09:00"), ["complaint a due mon 12:00: deleted_by_author"]);
        assert!(!world.export().contains("Rosegarden") && !world.export().contains("ada-lovelace"));
        let before = world.export();
        world.import(lines().to_vec(), "tue 10:00");
        assert_eq!(world.export(), before, "the file again, {order:?}");
    }
}

#[test]
fn who_was_erased_does_not_come_back() {
    let world = World::new();
    world.read(vec![post("a", "ada-lovelace", "mon 10:00", SECRET)], "mon 10:01");
    assert_eq!(world.store().erase(world.key, "p", "ada-lovelace").unwrap().rows, 1);
    let readings = || {
        vec![
            post("a", "ada-lovelace", "mon 10:00", SECRET),
            post("b", "ada-lovelace", "mon 10:10", SECRET),
        ]
    };
    assert_eq!(world.read(readings(), "mon 10:11").dropped, 2);
    assert_eq!(world.import(readings(), "tue 10:11").dropped, 2);
    let export = world.export();
    assert!(!export.contains("Rosegarden") && !export.contains("ada-lovelace"));
    assert_eq!(world.indicators("tue 08:00")[0].value, Some(0.0));
}

#[test]
fn what_reached_its_age_does_not_come_back_with_the_next_reading() {
    let world = World::new();
    let said = |id: &str| Reading { url: None, ..post(id, "ada-lovelace", "mon 10:00", SECRET) };
    world.read(vec![said("a")], "mon 10:01");
    world.import(vec![said("b")], "mon 10:01");
    let keep =
        affinityd::store::Retention { handles_days: 10, texts_days: 20, ..Default::default() };
    world.store().retain(world.key, t("5 mon 09:00"), &keep).unwrap();
    let export = world.export();
    assert!(!export.contains("Rosegarden") && !export.contains("ada-lovelace"));
    world.read(vec![said("a")], "5 mon 09:10");
    world.import(vec![said("b")], "5 mon 09:10");
    assert_eq!(world.export(), export);
}

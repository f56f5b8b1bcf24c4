//! Only what was drawn at random measures the classifier, and what it measures is used.

use std::collections::BTreeSet;

use affinityd::model::Intent::{self, Complaint, Praise};
use affinityd::pipeline;

use super::corrections::{correct, doubted, ruling};
use super::desk_kit::{COMPLAINT, PLAIN, PRAISE, World, post, t};

/// Forty people who complain and forty who praise, by the label.
fn crowd() -> World {
    let world = World::new();
    let posts = (0..80)
        .map(|n| {
            let at = format!("mon 10:{:02}", n % 60);
            post(&format!("i{n:02}"), &format!("p{n}"), &at, [COMPLAINT, PRAISE][n % 2])
        })
        .collect();
    world.import(posts, "mon 12:00");
    world
}

fn drawn(world: &World, n: usize, now: &str) -> Vec<String> {
    let all = pipeline::draw(world.desk(), n, t(now)).expect("drawn");
    all.into_iter().map(|post| post.id).collect()
}

/// What the post is in truth: of those labelled praise each fifth is none, of those labelled as
/// complaints each tenth.
fn truth(n: usize) -> Intent {
    match (n % 2, n / 2) {
        (1, k) if k % 5 == 0 => Complaint,
        (1, _) => Praise,
        (_, k) if k % 10 == 0 => Praise,
        _ => Complaint,
    }
}

fn number(id: &str) -> usize {
    id[1..].parse().expect("a number")
}

#[test]
fn a_sample_is_random_kept_and_filled_up() {
    let world = crowd();
    let first = drawn(&world, 20, "tue 09:00");
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 20);
    let praise = first.iter().filter(|id| number(id) % 2 == 1).count();
    assert!((3..=17).contains(&praise), "both classes have their chance: {praise} of 20");
    assert_eq!(drawn(&world, 20, "tue 10:00"), first, "who asks again goes on with the same");
    correct(&world, &first[0], ruling(truth(number(&first[0]))), "tue 10:30");
    let second = drawn(&world, 20, "tue 11:00");
    assert!(!second.contains(&first[0]) && first[1..].iter().all(|id| second.contains(id)));
    assert_eq!(second.len(), 20);
    // What somebody picked, the brand's own words and what is gone are not drawn.
    let other = World::new();
    let posts = vec![post("a", "ada", "mon 10:00", PLAIN), post("b", "bo", "mon 10:00", PLAIN)];
    other.import(posts, "mon 12:00");
    doubted(&other, "c", "cy", "mon 10:10", Complaint);
    correct(&other, "a", ruling(Praise), "tue 08:00");
    other.gone(&["b"], "tue 08:30");
    assert_eq!(drawn(&other, 5, "tue 09:00"), ["c"], "what is not sure can be drawn too");
}

#[test]
fn what_was_checked_corrects_the_score_and_what_was_only_corrected_does_not() {
    let world = crowd();
    let score = |world: &World| {
        let all = world.indicators("2 mon 08:00");
        all.into_iter().find(|i| i.id == "I5").expect("there is one")
    };
    // Corrected of somebody's own accord: that says nothing about the rest.
    let picked = World::new();
    assert_eq!(score(&picked).corrected, None);
    for n in 0..80 {
        correct(&world, &format!("i{n:02}"), ruling(truth(n)), "tue 08:00");
    }
    assert_eq!(score(&world).corrected, None);
    let gold = pipeline::gold(world.desk(), t("wed 08:00")).unwrap();
    assert!(gold.len() == 80 && gold.iter().all(|gold| !gold.is_drawn && !gold.is_wordless));

    let world = crowd();
    assert_eq!(drawn(&world, 80, "tue 09:00").len(), 80);
    for n in 0..80 {
        correct(&world, &format!("i{n:02}"), ruling(truth(n)), "tue 10:00");
    }
    let checks = pipeline::checks(world.desk(), t("wed 08:00")).unwrap();
    // Truly praise: 32 of those labelled so and 4 of the others; truly complaints: 36 and 8.
    assert_eq!((checks.praise.found, checks.praise.truly), (32, 36));
    assert_eq!((checks.feeling.left, checks.feeling.falsely), (36, 44));
    assert_eq!(checks.complaint.sensitivity(), Some(36.0 / 44.0));
    let found = score(&world);
    let corrected = found.corrected.expect("enough were checked");
    // Half of the votes are labelled as for: (1/2 + 36/44 - 1) / (32/36 + 36/44 - 1) = 63/140 = 0.45.
    assert_eq!(found.value, Some(0.0));
    assert!((corrected.value - (2.0 * 0.45 - 1.0)).abs() < 1e-9, "{corrected:?}");
    assert!(corrected.low < corrected.value && corrected.value < corrected.high);
    assert_eq!(corrected.n, 80);
    // As of before nothing had been checked.
    assert_eq!(pipeline::checks(world.desk(), t("tue 09:30")).unwrap(), Default::default());
    let gold = pipeline::gold(world.desk(), t("wed 08:00")).unwrap();
    assert!(gold.iter().all(|gold| gold.is_drawn));
}

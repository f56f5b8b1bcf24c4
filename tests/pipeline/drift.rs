//! The digest of a Monday says if the posts of the last week are not like those before.

use affinityd::model::{Reading, Time};
use affinityd::pipeline;

use super::desk_kit::{COMPLAINT, PLAIN, PRAISE, QUESTION, World, post, t};

/// So many posts in the seven days that begin with that one, a share of them of each text.
fn week(world: &World, from: &str, n: usize, texts: &[&str]) {
    let posts: Vec<Reading> = (0..n)
        .map(|k| {
            let at = t(from).plus(k as i64 * 7 * Time::DAY / n as i64);
            let name = format!("{from}{k}");
            Reading {
                created_at: Some(at),
                seen_at: Some(at),
                ..post(&name, &format!("p{}", k % 50), from, texts[k % texts.len()])
            }
        })
        .collect();
    world.import(posts, "9 mon 00:00");
}

fn said(world: &World, now: &str) -> Option<String> {
    let made = pipeline::digest(world.desk(), &[], t(now), false).expect("made");
    let text = made.composed?.text.replace("\n", " ");
    let start = text.find("The classifier sees")?;
    let end = text[start..].find("review").expect("it says where to look");
    Some(text[start..start + end + 6].to_owned())
}

#[test]
fn a_week_unlike_those_before_is_told_on_monday_in_one_sentence() {
    let world = World::new();
    let usual = [COMPLAINT, QUESTION, PRAISE, PLAIN];
    for from in ["mon 00:00", "2 mon 00:00", "3 mon 00:00", "4 mon 00:00", "5 mon 00:00"] {
        week(&world, from, 220, &usual);
    }
    week(&world, "6 mon 00:00", 220, &[PLAIN]);
    week(&world, "7 mon 00:00", 199, &usual);
    assert_eq!(said(&world, "6 mon 08:00"), None, "like the four weeks before");
    let told = said(&world, "7 mon 08:00").expect("nobody asks for anything any more");
    assert!(
        told.starts_with(
            "The classifier sees other posts than in the four weeks before (how much they ask"
        ),
        "{told}"
    );
    assert!(told.contains("220 posts of last week"), "{told}");
    assert_eq!(said(&world, "7 tue 08:00"), None, "once a week");
    assert_eq!(said(&world, "8 mon 08:00"), None, "199 posts are too few to say");
    // As of then nothing of it was known.
    assert_eq!(said(&world, "6 mon 08:00"), None);
}

//! The corpus of the benchmark is the same each time, whatever slice is made of it, and what it is said to be.

use affinityd::interchange::parse_line;

#[path = "../benches/corpus/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the benchmark uses the rest")]
mod corpus;

use corpus::{BLOCK, Corpus, What};

fn made() -> Corpus {
    Corpus::new(1, 1_767_225_600_000)
}

#[test]
fn an_item_depends_on_seed_and_number_alone() {
    let forwards: Vec<String> = (0..200).map(|k| corpus::note(&made(), k).to_string()).collect();
    let mut backwards: Vec<String> =
        (0..200).rev().map(|k| corpus::note(&made(), k).to_string()).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    assert_ne!(forwards[7], corpus::note(&Corpus { seed: 2, ..made() }, 7).to_string());
    let print = xxhash_rust::xxh3::xxh3_64(forwards.concat().as_bytes());
    assert_eq!(print, PRINT, "figures of another corpus cannot be compared with those before");
}

/// Of the first two hundred items with seed 1.
const PRINT: u64 = 6_655_331_736_636_007_740;

#[test]
fn shares_edits_and_replies_come_as_often_as_is_said_and_stay_in_their_block() {
    const N: u64 = 20_000;
    let (mut shares, mut edits, mut replies) = (0, 0, 0);
    for k in 0..N {
        let earlier = match made().what(k) {
            What::Share(of) => {
                shares += 1;
                Some(of)
            }
            What::Edit(of) => {
                edits += 1;
                Some(of)
            }
            What::Post { to } => {
                replies += u64::from(to.is_some());
                to
            }
        };
        if let Some(earlier) = earlier {
            assert!(earlier < k && earlier / BLOCK == k / BLOCK, "{k} refers to {earlier}");
            assert!(matches!(made().what(earlier), What::Post { .. }), "{k} refers to no post");
        }
    }
    for (case, counted, wanted) in
        [("shares", shares, 0.195), ("edits", edits, 0.049), ("replies", replies, 0.35 * 0.73)]
    {
        let share = counted as f64 / N as f64;
        assert!((share - wanted).abs() < 0.02, "{case}: {share}");
    }
}

#[test]
fn every_line_can_be_imported() {
    for k in 0..2_000 {
        let line = corpus::line(&made(), k);
        assert!(parse_line(&line).is_ok(), "{line}");
    }
}

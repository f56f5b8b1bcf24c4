//! F4: the Nth commit, flush, sync or read of the store fails, with EIO and with ENOSPC, for every
//! N while pages come in. No panic, the cursor is never ahead of what is stored, and a second run
//! completes the set.

use std::collections::BTreeSet;

use affinityd::fault::{Action, Hits, Plan, during};
use affinityd::model::{Mark, Reading, Time};
use affinityd::notify::{AlertFrom, LookUp};
use affinityd::pipeline::{self, Batch};
use rustix::io::Errno;

use crate::desk_kit::{COMPLAINT, PLAIN, World, brand, post, t};

/// Posts on a page.
const PAGE: usize = 40;

fn posts(count: usize) -> Vec<Reading> {
    let one = |n: usize| {
        let text = if n.is_multiple_of(20) { COMPLAINT } else { PLAIN };
        post(&format!("m{n}"), &format!("p{}", n % 30), "mon 09:00", text)
    };
    (0..count).map(one).collect()
}

/// A world in which everything may be alerted, however old.
fn world() -> World {
    let mut brand = brand(chrono_tz::Tz::UTC);
    brand.alerts.alert_from = Some(AlertFrom::Instant(Time(0)));
    World::of(brand)
}

fn cursor(world: &World) -> usize {
    let mark = world.store().mark("main", "notifications").expect("it can be read");
    mark.and_then(|mark| mark.cursor).map_or(0, |cursor| cursor.parse().expect("ours"))
}

/// Reads on from the cursor, page by page, and writes mails after each, until something fails.
fn read_on(world: &mut World, posts: &[Reading]) -> anyhow::Result<()> {
    let mut from = match world.store().mark("main", "notifications")?.and_then(|mark| mark.cursor) {
        Some(cursor) => cursor.parse()?,
        None => 0,
    };
    while from < posts.len() {
        let to = (from + PAGE).min(posts.len());
        let mark = Mark { cursor: Some(to.to_string()), end_at: None, gaps: Vec::new() };
        let batch = Batch {
            readings: posts[from..to].to_vec(),
            addressed: true,
            mark: Some(("main".to_owned(), "notifications".to_owned(), mark)),
            ..Batch::default()
        };
        pipeline::ingest(world.desk(), &batch, t("mon 15:00"))?;
        from = to;
        sweep(world, t("mon 15:10"))?;
    }
    // The first of them waits for others, the second looks up what is due.
    for minutes in [0, 10, 20, 30, 40] {
        sweep(world, t("mon 16:00").plus(minutes * Time::MINUTE))?;
    }
    Ok(())
}

/// Writes the mails that are due; what has to be looked up for them has not changed.
fn sweep(world: &mut World, now: Time) -> anyhow::Result<()> {
    for _ in 0..2 {
        let (desk, readable) = (world.desk(), &world.readable);
        let (looked, domain) = (&world.looked, "acme.example");
        let mut last = world.swept.borrow_mut();
        let swept = pipeline::sweep(desk, readable, looked, &mut last, domain, now)?;
        drop(last);
        for wanted in swept.wanted {
            let look = LookUp { checked_at: Some(now), failing_since: None };
            world.looked.insert(wanted.case, look);
        }
    }
    Ok(())
}

fn stored(world: &World) -> BTreeSet<String> {
    let all = world.store().scan(world.key, Time(0)..Time(i64::MAX));
    all.map(|row| row.expect("it can be read").id).collect()
}

fn is_clean(world: &World) {
    let report = world.store().verify(world.key, &mut |_| {}).expect("it can be read");
    assert!(report.is_clean(), "{:#?}", report.differences);
}

/// What became of the posts: their cases, and the cases that a mail was written about.
type Outcome = (BTreeSet<String>, BTreeSet<String>);

fn outcome(world: &World) -> Outcome {
    let told = world.mails().into_iter().flat_map(|mail| mail.message.cases);
    (world.lines("tue 09:00").into_iter().collect(), told.collect())
}

fn fails_at(point: &str, nth: usize, errno: Errno, posts: &[Reading], calm: &Outcome) {
    let case = format!("{point} {nth} {errno:?}");
    let mut world = world();
    let plan = Plan::default().at(point, nth, Action::Fail(errno));
    let (done, _) = during(plan, || read_on(&mut world, posts));
    if point != "store.read" {
        assert!(done.is_err(), "{case}: nobody was told");
    }
    world.reopen();
    let (at, there) = (cursor(&world), stored(&world));
    let missing = posts[..at].iter().filter(|post| !there.contains(&post.id)).count();
    assert_eq!(missing, 0, "{case}: the cursor is ahead of the store");
    is_clean(&world);
    read_on(&mut world, posts).unwrap_or_else(|error| panic!("{case}: {error:#}"));
    assert_eq!(stored(&world).len(), posts.len(), "{case}");
    is_clean(&world);
    assert_eq!(outcome(&world), *calm, "{case}");
}

#[test]
fn whichever_operation_of_the_store_fails_the_next_run_completes_the_set() {
    let posts = posts(super::rounds(120, 500));
    let mut world = world();
    let (done, hits): (_, Hits) = during(Plan::default(), || read_on(&mut world, &posts));
    done.unwrap();
    let calm = outcome(&world);
    assert!(
        calm.0.len() == calm.1.len() && !calm.1.is_empty() && stored(&world).len() == posts.len()
    );
    let mut tried = 0;
    for point in ["store.commit", "store.flush", "store.sync", "store.read"] {
        let all = hits[point];
        // There are thousands of reads; a hundred of them, spread evenly.
        let most = if point == "store.read" { super::rounds(12, 100) } else { all };
        let most = super::rounds(most.min(12), most);
        for n in 0..most.min(all) {
            for errno in [Errno::IO, Errno::NOSPC] {
                fails_at(point, 1 + n * all / most.min(all), errno, &posts, &calm);
                tried += 1;
            }
        }
        println!("{point}: {} of {all}", most.min(all));
    }
    println!("{tried} failures");
}

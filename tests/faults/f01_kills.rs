//! F1: kill -9 at random moments while posts and mails flow. Nothing is lost, nobody repairs
//! anything, and at most one mail a kill, in at most one kill of twenty, comes twice: under the same
//! Message-ID.

use std::time::{Duration, Instant};

use affinityd::model::Time;

use crate::binary::until;
use crate::flow::{self, Flow};

/// How long a daemon takes here and now to start, poll and mail, and then half as long again.
fn life(flow: &mut Flow) -> Duration {
    flow.speak(1, 19);
    let begun = Instant::now();
    let daemon = flow.start("");
    until("the first mails", || flow.arrived().len() >= 2, || daemon.log());
    begun.elapsed().mul_f64(1.5)
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_repeats_one_mail_at_most() {
    let kills = super::rounds(50, 500);
    let mut dice = fastrand::Rng::with_seed(fastrand::u64(..));
    println!("seed {}", dice.get_seed());
    let mut flow = Flow::new("");
    let whole_life = life(&mut flow);
    let (mut doubled, mut kills_that_doubled, mut mid_mail) = (0, 0, 0);
    for kill in 0..kills {
        flow.speak(usize::from(kill % 2 == 0), 19);
        flow.answer();
        let begun = Instant::now();
        let life = whole_life.mul_f64(dice.f64());
        let daemon = flow.start("");
        std::thread::sleep(life.saturating_sub(begun.elapsed()));
        drop(daemon);
        let log = std::fs::read_to_string(flow.place.path("log")).unwrap();
        assert!(!log.contains("panic"), "kill {kill}: {log}");
        let mut opened = log.lines().filter(|line| line.contains("opening the store: "));
        assert!(opened.all(|line| line.contains(flow::BY_ITSELF)), "kill {kill}: {log}");
        // What a kill repeats is seen when the next daemon, or a later one, has sent it.
        let now = flow.doubled();
        assert!(now - doubled <= 1, "kill {kill} doubled {} mails", now - doubled);
        kills_that_doubled += usize::from(now > doubled);
        doubled = now;
        if kill % 10 == 9 {
            let (store, opening) = flow.store();
            assert!(flow::is_ordinary(&opening), "{opening:?}");
            let unmarked = flow.unmarked(&store).len();
            assert!(unmarked <= 1, "kill {kill} left {unmarked} mails that were sent");
            mid_mail += unmarked;
            flow::is_clean(&store);
        }
    }
    println!("after {kills} kills: {kills_that_doubled} with a mail twice");
    let log = flow.finish();
    assert!(!log.contains("panic"), "{log}");
    flow.check();
    kills_that_doubled += usize::from(flow.doubled() > doubled);
    let mails = flow.sink.mails().len();
    println!(
        "{kills} kills: {} posts and {} complaints, {mails} mails, {kills_that_doubled} kills with \
         a mail twice, {mid_mail} of {} looked at between 250 and its mark",
        flow.fake.served().len(),
        flow.complaints.len(),
        kills / 10,
    );
    assert!(mails * 10 >= kills, "mails must flow meanwhile: {mails} in {kills} kills");
    // 5 %, and what chance may add to it in few kills: three standard deviations.
    let most = kills as f64 * 0.05;
    assert!(kills_that_doubled as f64 <= most + 3.0 * most.sqrt(), "{kills_that_doubled}");
    let (store, _) = flow.store();
    // The next digest may have been written as it was told to stop.
    let before = flow.now().plus(-Time::HOUR);
    assert_eq!(flow::waiting(&store.mails().unwrap(), before), 0, "everything was sent");
}

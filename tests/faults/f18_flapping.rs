//! F18: something that is bad and good again at each look, for 24 hours. Two mails at most.

use affinityd::model::{Purpose, Time};

use crate::desk_kit::{COMPLAINT, World, post, reply, t};
use crate::fake_mastodon::{Fake, Mood};
use crate::stage::{Stage, at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_fails_and_heals_at_each_poll_is_told_of_twice_at_most() {
    for (case, mood) in [("a refused token", Mood::TokenRefused), ("a broken server", Mood::Broken)]
    {
        let fake = Fake::start().await;
        let stage = Stage::new(at("08:00"), &[("main", &fake)]).await;
        let mut now = at("08:00");
        let mut turns = 0;
        while now < at("tue 08:00") {
            now = now.plus(Time::DAY / super::rounds(8, 48) as i64);
            fake.is(if turns % 2 == 0 { mood } else { Mood::Well });
            turns += 1;
            stage.settle(now).await;
        }
        let told = stage.mails(&Purpose::Source).len();
        println!("{case}: {turns} turns, {told} mails");
        assert!(told <= 2, "{case}: {told} mails");
    }
}

#[test]
fn a_case_that_is_answered_and_asked_again_at_each_look_is_told_of_twice_at_most() {
    let mut world = World::new();
    world.watch("mon 08:00");
    world.read(vec![post("a", "ada", "mon 08:01", COMPLAINT)], "mon 08:02");
    let mut now = t("mon 08:10");
    let mut turns = 0;
    while now < t("tue 08:10") {
        let (mine, hers) = (format!("r{turns}"), format!("q{turns}"));
        let text = |at: Time| at.to_string();
        let before = if turns == 0 { "a".to_owned() } else { format!("q{}", turns - 1) };
        world
            .read(vec![reply(&mine, "acme", &text(now), "Sorry!", &before)], &text(now.plus(1000)));
        world.watch(&text(now.plus(60_000)));
        let again = now.plus(5 * Time::MINUTE);
        world.read(
            vec![reply(&hers, "ada", &text(again), COMPLAINT, &mine)],
            &text(again.plus(1000)),
        );
        world.watch(&text(again.plus(60_000)));
        now = now.plus(10 * Time::MINUTE);
        turns += 1;
    }
    let told = world.mails().iter().filter(|m| m.message.purpose == Purpose::Alert).count();
    println!("{turns} turns, {told} alerts, {} mails", world.mails().len());
    assert!(world.mails().len() <= 2, "{told} alerts, {} mails", world.mails().len());
}

//! Stopped between any two writes and started again, nobody is told twice and nothing is lost.

use affinityd::model::Sending;
use affinityd::pipeline::Batch;

use super::desk_kit::{COMPLAINT, World, post, reply, say, t};

type Step = fn(&mut World, &str);

/// What happens on a day, each step as often as it is called.
const STEPS: [(&str, Step); 13] = [
    ("mon 08:00", |world, now| _ = world.watch(now)),
    ("mon 09:01", |world, now| {
        world.read(vec![post("a", "ada", "mon 09:00", COMPLAINT)], now);
    }),
    ("mon 10:30", |world, now| _ = world.watch(now)),
    ("mon 10:33", |world, now| _ = world.watch(now)),
    ("mon 10:34", |world, now| {
        world.read(vec![post("b", "bo", "mon 10:33", COMPLAINT)], now);
    }),
    ("mon 11:01", |world, now| _ = world.watch(now)),
    ("mon 11:02", deliver),
    ("mon 11:10", |world, now| {
        let batch = Batch {
            readings: vec![reply("r", "acme", "mon 11:09", "Sorry!", "a")],
            addressed: true,
            ..Batch::default()
        };
        world.ingest(&batch, now);
    }),
    ("mon 11:16", |world, now| _ = world.watch(now)),
    ("mon 12:03", |world, now| _ = world.watch(now)),
    ("mon 12:06", |world, now| _ = world.watch(now)),
    ("tue 07:59", |world, now| _ = world.send_digest(now)),
    ("tue 08:00", |world, now| _ = world.send_digest(now)),
];

fn deliver(world: &mut World, now: &str) {
    for mut mail in world.store().due_mail(t(now)).unwrap() {
        mail.sending = Sending::Done;
        mail.deliveries[0].state = affinityd::model::DeliveryState::Sent(t(now));
        let change = affinityd::store::Change { mails: vec![mail], ..Default::default() };
        world.store().commit(change).unwrap();
    }
}

fn told(world: &World) -> Vec<String> {
    let told = world.mails().into_iter().map(|mail| {
        let kind = format!("{:?}", mail.message.purpose);
        let kind = kind.split('(').next().unwrap_or_default().to_owned();
        format!("{} {kind} {}", say(mail.message.at), mail.message.cases.len())
    });
    told.collect()
}

#[test]
fn a_day_without_a_crash_and_with_one_after_every_step() {
    let mut calm = World::new();
    calm.send_digest("mon 08:00");
    for (now, step) in STEPS {
        step(&mut calm, now);
    }
    assert_eq!(
        told(&calm),
        [
            "mon 10:33 Alert 1",
            "mon 11:01 Alert 1",
            "mon 11:16 Resolved 0",
            "mon 12:06 Alert 1",
            "tue 08:00 Digest 0",
        ]
    );
    for crash in 0..STEPS.len() {
        let mut world = World::new();
        world.send_digest("mon 08:00");
        for (n, (now, step)) in STEPS.into_iter().enumerate() {
            step(&mut world, now);
            if n == crash {
                world.reopen();
                // Whatever was done is not known to be done: it is done again.
                step(&mut world, now);
            }
        }
        assert_eq!(told(&world), told(&calm), "stopped after step {crash}");
        assert_eq!(world.lines("tue 09:00"), calm.lines("tue 09:00"), "stopped after step {crash}");
    }
}

#[test]
fn a_crash_in_the_middle_of_a_page_is_made_good_by_reading_it_again() {
    // A page is taken in by forty; what a crash leaves is a page cut short.
    let all: Vec<_> = (0..100)
        .map(|n| match n % 2 {
            0 => post(&format!("m{n}"), &format!("p{n}"), "mon 10:00", COMPLAINT),
            _ => reply(&format!("m{n}"), "acme", "mon 11:00", "Sorry!", &format!("m{}", n - 1)),
        })
        .collect();
    let whole = World::new();
    whole.read(all.clone(), "mon 11:01");
    for cut in [0, 1, 39, 40, 41, 80] {
        let mut world = World::new();
        world.read(all[..cut].to_vec(), "mon 11:01");
        world.reopen();
        world.read(all.clone(), "mon 11:01");
        let mut lines = (world.lines("tue 09:00"), whole.lines("tue 09:00"));
        lines.0.sort();
        lines.1.sort();
        assert_eq!(lines.0, lines.1, "cut after {cut}");
    }
}

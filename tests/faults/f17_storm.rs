//! F17: ten thousand complaints in ten minutes, and again an hour later; ten thousand shares of one
//! complaint. At most three alert mails in the first hour and one an hour after that, every item
//! counted, and a different incident still alerts.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use affinityd::model::{Kind, Purpose, Reading, Sending, Time};
use affinityd::pipeline;

use super::rounds;
use crate::desk_kit::{COMPLAINT, World, post, reply, say, t};

const SEVERE: &str = "Acme, your heater caught fire and I was injured, this is dangerous!";
/// As a poll hands them over.
const PAGE: usize = 40;

/// A storm and what it costs.
struct Storm {
    world: World,
    reading: Duration,
    sweeping: Duration,
    sweeps: u32,
}

impl Storm {
    fn new() -> Self {
        let world = World::new();
        world.sweep("mon 08:00");
        Self { world, reading: Duration::ZERO, sweeping: Duration::ZERO, sweeps: 0 }
    }

    /// Ten minutes in which all of this is read, with a sweep after each minute.
    fn blow(&mut self, from: &str, readings: &[Reading]) {
        for (minute, part) in readings.chunks(readings.len().div_ceil(10)).enumerate() {
            let now = t(from).plus(i64::try_from(minute).unwrap() * Time::MINUTE).to_string();
            let begun = Instant::now();
            for page in part.chunks(PAGE) {
                self.world.read(page.to_vec(), &now);
            }
            self.reading += begun.elapsed();
            self.watch(&now);
        }
    }

    fn watch(&mut self, now: &str) {
        let begun = Instant::now();
        self.world.watch(now);
        self.sweeping += begun.elapsed();
        self.sweeps += 1;
        // The mail server takes everything at once.
        let mut due: Vec<_> = self.world.mails();
        due.retain(|entry| entry.sending == Sending::Due);
        for entry in &mut due {
            entry.deliveries[0].state = affinityd::model::DeliveryState::Sent(t(now));
            entry.sending = Sending::Done;
        }
        let change = affinityd::store::Change { mails: due, ..Default::default() };
        self.world.store().commit(change).unwrap();
    }

    /// Quiet until then, with a sweep every so many minutes.
    fn pass(&mut self, from: &str, to: &str, minutes: i64) {
        let mut now = t(from);
        while now <= t(to) {
            self.watch(&now.to_string());
            now = now.plus(minutes * Time::MINUTE);
        }
    }

    /// When alerts were mailed, and about how many cases each.
    fn alerts(&self) -> Vec<(String, usize)> {
        let mails = self.world.mails();
        let alerts = mails.iter().filter(|e| e.message.purpose == Purpose::Alert);
        alerts.map(|e| (say(e.message.at), e.message.cases.len())).collect()
    }

    /// Every case that a mail told of.
    fn told(&self) -> usize {
        let mails = self.world.mails();
        let cases: BTreeSet<&String> = mails.iter().flat_map(|e| &e.message.cases).collect();
        cases.len()
    }

    /// What the digest of Monday counts of a kind.
    fn counted(&self, kind: Kind) -> u64 {
        let made = pipeline::digest(self.world.desk(), &[], t("tue 08:00"), false).unwrap();
        let count = made.facts.counts.iter().find(|count| count.kind == kind).unwrap();
        count.day.unwrap()
    }

    fn report(&self, items: usize) {
        println!(
            "{items} items: {:?} of reading an item, {:?} a watch",
            self.reading / u32::try_from(items).unwrap(),
            self.sweeping / self.sweeps
        );
    }
}

/// At most three in the hour from the first on, and at most one in each hour after that.
fn assert_few(alerts: &[(String, usize)]) {
    let first = t(&alerts.first().expect("somebody is told").0);
    let mut hours = std::collections::BTreeMap::<i64, usize>::new();
    for (at, _) in alerts {
        *hours.entry(t(at).since(first) / Time::HOUR).or_default() += 1;
    }
    for (hour, count) in hours {
        assert!(count <= if hour == 0 { 3 } else { 1 }, "{count} in hour {hour}: {alerts:?}");
    }
}

fn complaints(wave: &str, at: &str, count: usize, text: &str) -> Vec<Reading> {
    let one = |n: usize| {
        post(&format!("{wave}{n}"), &format!("{wave}person{n}"), at, &format!("{text} {n}"))
    };
    (0..count).map(one).collect()
}

#[test]
fn a_storm_of_complaints_is_few_mails_that_tell_of_every_case() {
    let count = rounds(150, 10_000);
    let mut storm = Storm::new();
    storm.blow("mon 09:00", &complaints("a", "mon 09:00", count, COMPLAINT));
    storm.pass("mon 09:10", "mon 10:05", 5);
    storm.blow("mon 10:10", &complaints("b", "mon 10:10", count, COMPLAINT));
    storm.pass("mon 10:20", "mon 14:00", 5);
    storm.report(2 * count);
    let alerts = storm.alerts();
    assert_few(&alerts);
    assert_eq!(alerts[0], ("mon 10:35".to_owned(), count), "at risk, and the group's wait");
    assert_eq!(storm.told(), 2 * count);
    // Something else happens while it blows: told with the next sweep.
    storm.world.read(vec![post("fire", "eve", "mon 14:01", SEVERE)], "mon 14:02");
    storm.watch("mon 14:02");
    assert_eq!(storm.alerts().last().unwrap(), &("mon 14:02".to_owned(), 1));
    assert_eq!(storm.counted(Kind::Mention), 2 * count as u64 + 1);
}

#[test]
fn a_storm_of_severe_complaints_is_told_at_once_and_by_few_mails() {
    let count = rounds(120, 10_000);
    let mut storm = Storm::new();
    storm.blow("mon 09:00", &complaints("a", "mon 09:00", count, SEVERE));
    storm.pass("mon 09:10", "mon 16:00", 5);
    storm.report(count);
    let alerts = storm.alerts();
    assert_eq!(alerts[0].0, "mon 09:00", "with the first sweep");
    assert_few(&alerts);
    assert_eq!(storm.told(), count);
    // An ordinary complaint elsewhere has its own clock.
    let mut other = post("q", "eve", "mon 09:30", COMPLAINT);
    other.platform = "q".to_owned();
    storm.world.readable.insert("q".to_owned());
    storm.world.read(vec![other], "mon 16:01");
    storm.pass("mon 16:02", "mon 16:06", 1);
    assert_eq!(storm.alerts().last().unwrap().1, 1, "{:?}", storm.alerts());
    assert_eq!(storm.counted(Kind::Mention), count as u64 + 1);
}

#[test]
fn shares_of_one_complaint_are_counted_and_not_mailed() {
    let count = rounds(400, 10_000);
    let mut storm = Storm::new();
    storm.world.read(vec![post("a", "ada", "mon 09:00", COMPLAINT)], "mon 09:00");
    let share = |n: usize| Reading {
        kind: Kind::Share,
        about: Some("a".to_owned()),
        text: None,
        ..post(&format!("s{n}"), &format!("person{n}"), "mon 09:01", "")
    };
    let shares: Vec<Reading> = (0..count).map(share).collect();
    storm.blow("mon 09:01", &shares);
    storm.pass("mon 09:15", "mon 16:00", 5);
    storm.report(count);
    assert_few(&storm.alerts());
    assert_eq!(storm.told(), 1);
    assert_eq!(storm.counted(Kind::Share), count as u64);
}

#[test]
fn a_storm_below_one_post_of_the_brand_is_read_in_time() {
    let count = rounds(150, 10_000);
    let mut storm = Storm::new();
    storm
        .world
        .read(vec![post("ours", "acme", "mon 08:30", "Our new cold brew is out")], "mon 08:31");
    let below = |n: usize| {
        let text = format!("{COMPLAINT} {n}");
        reply(&format!("c{n}"), &format!("person{n}"), "mon 09:00", &text, "ours")
    };
    storm.blow("mon 09:00", &(0..count).map(below).collect::<Vec<_>>());
    storm.pass("mon 09:10", "mon 14:00", 5);
    storm.report(count);
    assert_few(&storm.alerts());
    assert_eq!(storm.told(), count);
    assert_eq!(storm.counted(Kind::Comment), count as u64);
}

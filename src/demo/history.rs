//! Sixty days of a small bicycle maker: who wrote what when, and how the brand answered.
//!
//! Deterministic for a day and a seed. The brand answers most in business hours, some late, and
//! some never; the numbers of the digest come out of that, none is made up.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone, Timelike};
use chrono_tz::Tz;
use fastrand::Rng;

use super::people;
use super::texts::{LANGUAGES, Phrasebook, brand_posts};
use super::world::{BRAND, SignKind, Which, Who, World};
use crate::calendar::{Calendar, Span};
use crate::model::Time;

/// The brand's zone.
pub const ZONE: Tz = Tz::Europe__Berlin;
/// How many days of history there are before the morning that is played.
pub const DAYS: u64 = 60;
/// What a private message says that must never be seen again.
pub const PRIVATE: &str = "my door code is 4711, please ring twice";
/// How often, of a hundred days' threads, somebody begins with what.
const KINDS: [(&str, u32); 5] =
    [("complaint", 20), ("question", 24), ("request", 10), ("praise", 28), ("talk", 18)];

/// An instant of a local day. Times that the clocks skip do not occur between 7 and 23 o'clock.
pub fn local(day: NaiveDate, hour: u32, minute: u32, second: u32) -> Time {
    let time = NaiveTime::from_hms_opt(hour, minute, second).unwrap_or_default();
    ZONE.from_local_datetime(&day.and_time(time))
        .earliest()
        .map_or(Time(0), |at| Time(at.timestamp_millis()))
}

/// The brand's business hours.
pub fn hours() -> Calendar {
    let office: Vec<Span> = Span::new(9 * 60, 17 * 60).into_iter().collect();
    let week = std::array::from_fn(|day| if day < 5 { office.clone() } else { Vec::new() });
    Calendar::new(ZONE, week, BTreeMap::new())
}

/// Fills the world with what happened before `morning`, the start of the day that is played.
pub fn write(world: &mut World, morning: NaiveDate, rng: &mut Rng) {
    people::settle(world, rng);
    let mut history = History {
        world,
        rng,
        book: Phrasebook::new(),
        hours: hours(),
        until: local(morning, 8, 50, 0),
    };
    // Two days more than are told: the daemon must find something when it looks for the first time.
    let first = morning - Days::new(DAYS + 2);
    history.own_posts(first);
    for day in first.iter_days().take_while(|day| *day <= morning) {
        history.day(day);
    }
    history.private(morning - Days::new(9));
}

struct History<'a> {
    world: &'a mut World,
    rng: &'a mut Rng,
    book: Phrasebook,
    hours: Calendar,
    until: Time,
}

impl History<'_> {
    fn day(&mut self, day: NaiveDate) {
        let usual = match day.weekday().number_from_monday() {
            1 => 9,
            5 => 7,
            6 | 7 => 4,
            _ => 8,
        };
        for _ in 0..usual + self.rng.u32(0..3) {
            let at = self.moment(day);
            if at >= self.until {
                continue;
            }
            let lang = weighted(self.rng, &LANGUAGES);
            match weighted(self.rng, &KINDS) {
                "praise" => self.praise(lang, at),
                "talk" => self.talk(lang, at),
                asks => self.ask(lang, at, asks),
            }
        }
        if day.weekday().number_from_monday() == 2 {
            let (bot, at) = (people::bot(self.world), local(day, 7, 0, 12));
            self.world.mention(bot, at, "Nimbrel Lark: lowest price seen today 1,149 euro.", "en");
        }
    }

    /// A time of day at which people write: on the way to work, at lunch, and after it.
    fn moment(&mut self, day: NaiveDate) -> Time {
        let hour = weighted(
            self.rng,
            &[
                (7, 7),
                (8, 10),
                (9, 9),
                (10, 8),
                (11, 7),
                (12, 9),
                (13, 6),
                (14, 5),
                (15, 5),
                (16, 6),
                (17, 8),
                (18, 8),
                (19, 7),
                (20, 7),
                (21, 5),
                (22, 3),
            ],
        );
        let (minute, second) = (self.rng.u32(0..60), self.rng.u32(0..60));
        local(day, hour, minute, second)
    }

    fn minutes(&mut self, from: i64, to: i64) -> i64 {
        self.rng.i64(from * Time::MINUTE..to * Time::MINUTE)
    }

    /// So long that half of the waits are shorter; a few are much longer.
    fn about(&mut self, median: f64) -> i64 {
        // Three dice are normal enough.
        let bell = (self.rng.f64() + self.rng.f64() + self.rng.f64() - 1.5) * 2.0;
        (median * (0.8 * bell).exp() * Time::MINUTE as f64) as i64
    }

    fn ask(&mut self, lang: &'static str, at: Time, kind: &str) {
        let author = people::somebody(self.world, self.rng, lang);
        let said = self.book.say(self.rng, lang, kind);
        let asked = self.world.mention(author, at, said.text, lang);
        if self.rng.u32(0..100) < 20 {
            self.peer(lang, author, asked);
        }
        let (median, never) = match kind {
            "complaint" => (60.0, 7),
            "question" => (75.0, 10),
            _ => (150.0, 13),
        };
        // The brand has become better at it: of what is fresh, less is left lying.
        let is_fresh = self.until.since(at) < 12 * Time::DAY;
        let never = if is_fresh { never / 2 } else { never };
        let is_late = self.rng.u32(0..100) < 12;
        let wait = if is_late {
            self.about(median) + self.minutes(300, 1_100)
        } else {
            self.about(median)
        };
        let answer_at = self.hours.add(at, wait).plus(self.minutes(0, 2));
        let is_answered = self.rng.u32(0..100) >= never;
        let is_impatient = (is_late || !is_answered) && self.rng.u32(0..100) < 35;
        if is_impatient {
            let again = self.book.say(self.rng, lang, "again").text;
            let at = at.plus(self.minutes(150, 280));
            if at < answer_at {
                self.reply(asked, author, at, again);
            }
        }
        let Some(answer) = said.answer.filter(|_| is_answered) else { return };
        let answered = self.world.reply(asked, BRAND, answer_at, answer);
        self.after_the_answer(lang, author, answered, answer_at);
    }

    fn after_the_answer(&mut self, lang: &'static str, author: Who, answered: Which, at: Time) {
        let luck = self.rng.u32(0..100);
        if luck < 40 {
            let thanks = self.book.say(self.rng, lang, "thanks").text;
            let at = at.plus(self.minutes(4, 170));
            self.reply(answered, author, at, thanks);
        } else if luck < 47 {
            let more = self.book.say(self.rng, lang, "more");
            let at = at.plus(self.minutes(60, 900));
            let Some(again) = self.reply(answered, author, at, more.text) else { return };
            let wait = self.about(60.0);
            let end = self.hours.add(at, wait);
            if let Some(answer) = more.answer {
                self.world.reply(again, BRAND, end, answer);
            }
        }
    }

    /// Replies of customers end where the morning begins; what happens then is written by hand.
    fn reply(&mut self, parent: Which, by: Who, at: Time, text: String) -> Option<Which> {
        (at < self.until).then(|| self.world.reply(parent, by, at, text))
    }

    fn peer(&mut self, lang: &'static str, author: Who, asked: Which) {
        let peer = people::somebody(self.world, self.rng, lang);
        if peer == author {
            return;
        }
        let text = self.book.say(self.rng, lang, "peer").text;
        let at = self.world.posts[asked].at.plus(self.minutes(12, 300));
        let Some(said) = self.reply(asked, peer, at, text) else { return };
        if self.rng.u32(0..100) < 40 {
            let thanks = self.book.say(self.rng, lang, "thanks").text;
            let at = at.plus(self.minutes(5, 90));
            self.reply(said, author, at, thanks);
        }
    }

    fn praise(&mut self, lang: &'static str, at: Time) {
        let author = people::somebody(self.world, self.rng, lang);
        let said = self.book.say(self.rng, lang, "praise");
        let praise = self.world.mention(author, at, said.text, lang);
        if let Some(answer) = said.answer.filter(|_| self.rng.u32(0..100) < 75) {
            let wait = self.about(120.0);
            self.world.reply(praise, BRAND, self.hours.add(at, wait), answer);
        }
    }

    /// Talk about the brand, found by its tag; some of it names the account.
    fn talk(&mut self, lang: &'static str, at: Time) {
        let author = people::somebody(self.world, self.rng, lang);
        let text = self.book.say(self.rng, lang, "talk").text;
        if self.rng.bool() || !text.contains('#') {
            self.world.mention(author, at, text, lang);
        } else {
            self.world.post(author, at, text, lang);
        }
    }

    /// The brand's own posts, and what people do with them.
    fn own_posts(&mut self, first: NaiveDate) {
        let posts = brand_posts();
        let mut day = first;
        for (lang, text) in posts {
            while day.weekday().number_from_monday() > 5 {
                day = day + Days::new(1);
            }
            let at = local(day, self.rng.u32(10..15), self.rng.u32(0..60), 0);
            day = day + Days::new(self.rng.u64(2..4));
            if at >= self.until {
                return;
            }
            let post = self.world.post(BRAND, at, text, lang);
            self.echo(lang, post, at);
        }
    }

    fn echo(&mut self, lang: &'static str, post: Which, at: Time) {
        let many = if text_is_warm(&self.world.posts[post].text) { 2 } else { 1 };
        let mut seen: Vec<Who> = Vec::new();
        for _ in 0..self.rng.usize(3..9) * many {
            let who = people::somebody(self.world, self.rng, lang);
            if seen.contains(&who) {
                continue;
            }
            seen.push(who);
            let wait = self.about(180.0);
            let at = at.plus(wait);
            let luck = self.rng.u32(0..100);
            if at >= self.until {
                continue;
            }
            if luck < 20 {
                self.world.sign(SignKind::Boost, who, at, post);
            } else if luck < 30 {
                let text = self.book.say(self.rng, lang, "quote").text;
                self.world.quote(post, who, at, text);
            } else if luck < 42 {
                let text = self.book.say(self.rng, lang, "quote").text;
                self.reply(post, who, at, text);
            } else {
                self.world.sign(SignKind::Favourite, who, at, post);
            }
        }
    }

    /// A message for the brand alone. The platform tells the brand of it like of any other.
    fn private(&mut self, day: NaiveDate) {
        let author = people::somebody(self.world, self.rng, "en");
        let text = format!("For your courier only: {PRIVATE}.");
        let message = self.world.mention(author, local(day, 14, 7, 31), text, "en");
        self.world.posts[message].is_private = true;
    }
}

/// What people pass on: stories and admissions more than notices.
fn text_is_warm(text: &str) -> bool {
    ["wrong", "Why", "geirrt", "midwife", "fault", "Thank"].iter().any(|word| text.contains(word))
}

/// One of a list, by weight.
fn weighted<T: Copy>(rng: &mut Rng, list: &[(T, u32)]) -> T {
    let total: u32 = list.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.u32(0..total);
    for (what, weight) in list {
        if left < *weight {
            return *what;
        }
        left -= weight;
    }
    list[0].0
}

/// Hour and minute on the brand's clock, for people.
pub fn clock_of(at: Time) -> String {
    let local = at.utc().with_timezone(&ZONE);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn world() -> World {
        let mut world = World::default();
        let day = NaiveDate::from_ymd_opt(2026, 6, 11).expect("a day");
        write(&mut world, day, &mut Rng::with_seed(11));
        world
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let (one, two) = (world(), world());
        assert_eq!(format!("{:?}", one.posts), format!("{:?}", two.posts));
    }

    #[test]
    fn there_are_several_hundred_posts_by_many_people_in_eleven_languages() {
        let world = world();
        let inbound: Vec<_> = world.posts.iter().filter(|p| p.by != BRAND).collect();
        let people: BTreeSet<Who> = inbound.iter().map(|p| p.by).collect();
        let langs: BTreeSet<&str> = inbound.iter().map(|p| p.lang).collect();
        assert!((400..900).contains(&inbound.len()), "{} posts", inbound.len());
        assert!(people.len() >= 110, "{} people", people.len());
        assert_eq!(langs.len(), 11);
        assert_eq!(world.posts.iter().filter(|p| p.is_private).count(), 1);
    }

    #[test]
    fn the_brand_answers_in_business_hours_and_nobody_answers_before_the_question() {
        let (world, hours) = (world(), hours());
        for post in &world.posts {
            let Some(parent) = post.parent else { continue };
            assert!(world.posts[parent].at <= post.at, "{}", post.text);
            if post.by == BRAND {
                let typed = [0, 2].map(|minutes| post.at.plus(-minutes * Time::MINUTE));
                assert!(typed.iter().any(|at| hours.is_open(*at)), "at {}", post.at);
            }
        }
    }

    #[test]
    fn no_words_come_so_often_that_people_notice() {
        let world = world();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for post in world.posts.iter().filter(|p| p.by != BRAND && p.parent.is_none()) {
            *seen.entry(post.text.as_str()).or_default() += 1;
        }
        seen.retain(|text, times| *times > 8 && !text.starts_with("Nimbrel Lark: lowest"));
        assert!(seen.is_empty(), "{seen:?}");
    }
}

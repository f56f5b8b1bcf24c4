//! Where a stream was left, and which page of it is next.
//!
//! Every list here is newest first and can only be paged down, so each round begins at the top and
//! goes down to what was there the last time: an item that the server had taken up by then. The
//! author's word places an item in the list, so late and backdated ones appear below; once in a
//! while the walk therefore goes on beyond known ground. What a page means is not decided here.

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::views::Views;
use crate::model::Time;

/// Items asked for at once: the most that servers allow.
pub const LIMIT: u32 = 100;
/// Pages that are read as history the first time.
const HISTORY: u32 = 3;
/// How often a walk goes on beyond known ground, how far, and in how many pages at most.
const AGAIN: i64 = Time::HOUR;
const BEYOND: i64 = 24 * Time::HOUR;
const MAX_BEYOND: u32 = 3;
/// How often a page that names itself as the next one is asked for again, at later polls, before
/// what lies behind it is given up: a cache in between may have mixed up two answers.
const MAX_STUCK: u32 = 3;
/// Empty pages in a row after which nothing more is looked for.
const MAX_EMPTY: u32 = 10;

/// Where a stream was left.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// What the server had taken up by this time (its own, in milliseconds) has been read; 0: the
    /// list was empty.
    known: Option<i64>,
    /// A walk down that is under way.
    walk: Option<Walk>,
    /// When a walk last went beyond known ground.
    beyond_at: Option<i64>,
    /// The posts of the list that are asked for by themselves.
    #[serde(flatten)]
    pub views: Views,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Walk {
    /// The server's word for the next page.
    next: Option<String>,
    pages: u32,
    /// So many of them, the last ones, were empty.
    empty: u32,
    newest: Option<i64>,
    oldest: Option<i64>,
    /// Known ground has been reached, and so many pages since.
    reached: bool,
    beyond: u32,
    /// It is to go on beyond that.
    far: bool,
    /// So many times in a row the page named itself as the next one.
    stuck: u32,
}

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The next one.
    More,
    /// The same one, but not now.
    Later,
    /// Nothing: the list has been read to its end, or to known ground.
    End,
    /// Nothing, but what lies between these two times was not reached.
    Cut { after: Time, before: Option<Time> },
}

impl Cursor {
    /// Reads a cursor; one that cannot be read starts over, which loses nothing.
    pub fn read(words: Option<&str>) -> Self {
        words.and_then(|w| serde_json::from_str(w).ok()).unwrap_or_default()
    }

    /// The cursor as it is kept.
    pub fn words(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// The server's word for the next page; `None`: the first one.
    pub fn next(&self) -> Option<&str> {
        self.walk.as_ref()?.next.as_deref()
    }

    /// Whether nothing is left to ask for: no further page, and no post by itself.
    pub fn is_at_end(&self) -> bool {
        self.walk.is_none() && self.views.next().is_empty()
    }

    /// Moves on over a page whose items were taken up at these times, and that named `next`.
    pub fn advance(&mut self, line: &Line, times: &[Time], next: Option<&str>, now: Time) -> Step {
        let mut walk = self.walk.take().unwrap_or_else(|| Walk {
            far: self.beyond_at.is_none_or(|at| !(0..AGAIN).contains(&now.0.saturating_sub(at))),
            ..Walk::default()
        });
        // A clock far ahead of ours must not make all that follows look known.
        let times = times.iter().map(|t| t.0).filter(|t| *t <= now.0.saturating_add(Time::DAY));
        let (oldest, newest) = (times.clone().min(), times.max());
        walk.newest = walk.newest.max(newest);
        walk.oldest = [walk.oldest, oldest].into_iter().flatten().min();
        walk.pages += 1;
        walk.empty = if oldest.is_none() { walk.empty + 1 } else { 0 };
        walk.beyond += u32::from(walk.reached);
        let known = self.known;
        walk.reached |= oldest.is_some_and(|t| known.is_some_and(|known| t <= known));

        // A page may be empty and still name a next one. One that names itself leads nowhere.
        let is_stuck = next.is_some() && walk.next.as_deref() == next;
        if is_stuck && known.is_some() && !walk.reached && walk.stuck < MAX_STUCK {
            walk.stuck += 1;
            self.walk = Some(walk);
            return Step::Later;
        }
        walk.stuck = 0;
        let next = next.filter(|n| !n.is_empty() && !is_stuck);
        let is_far_enough = walk.beyond >= MAX_BEYOND
            || walk.oldest.is_some_and(|t| known.is_some_and(|k| t <= k.saturating_sub(BEYOND)));
        let is_over = walk.empty >= MAX_EMPTY
            || match known {
                None => walk.pages >= HISTORY,
                Some(_) if walk.reached => !walk.far || is_far_enough,
                Some(_) => walk.pages >= line.most(),
            };
        if let (Some(next), false) = (next, is_over) {
            walk.next = Some(next.to_owned());
            self.walk = Some(walk);
            return Step::More;
        }
        if walk.far {
            self.beyond_at = Some(now.0);
        }
        self.known = Some(known.max(walk.newest).unwrap_or(0));
        // A list that ends on its first page is all there is; one that was paged through ought to
        // hold something known, unless the server cut it off. Nothing was known if it was empty, and
        // where nothing at all was found nothing can be missing.
        let is_whole = next.is_none() && (walk.pages == 1 || known == Some(0));
        let is_whole = is_whole || walk.oldest.is_none();
        match known {
            Some(known) if !walk.reached && !is_whole => {
                Step::Cut { after: Time(known), before: walk.oldest.map(Time) }
            }
            _ => Step::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: Line = Line::Notifications;

    /// An item: where the list has it, and when the server took it up.
    type Item = (i64, i64);

    /// A poll of a list (any order) to the end, 100 to a page, with times for cursors.
    fn poll(list: &[Item], cursor: &mut Cursor, line: &Line, now: i64) -> (Vec<Item>, Step) {
        let mut sorted = list.to_vec();
        sorted.sort_by(|a, b| b.cmp(a));
        let mut read = Vec::new();
        for _ in 0..1000 {
            // The cursor must survive being kept.
            *cursor = Cursor::read(cursor.words().as_deref());
            let below: i64 = cursor.next().map_or(i64::MAX, |n| n.parse().unwrap());
            let page: Vec<Item> =
                sorted.iter().filter(|(at, _)| *at < below).take(LIMIT as usize).copied().collect();
            let next = page.last().map(|(at, _)| at.to_string());
            let times: Vec<Time> = page.iter().map(|(_, at)| Time(*at)).collect();
            read.extend(page);
            let step = cursor.advance(line, &times, next.as_deref(), Time(now));
            if step != Step::More {
                return (read, step);
            }
        }
        panic!("the walk does not end");
    }

    fn items(range: std::ops::Range<i64>) -> Vec<Item> {
        range.map(|n| (n * 1000, n * 1000)).collect()
    }

    #[test]
    fn history_is_bounded_and_a_week_behind_is_read_whole() {
        let (mut list, mut cursor) = (items(1..1000), Cursor::default());
        let now = 100_000_000;
        let (first, step) = poll(&list, &mut cursor, &NOTES, now);
        assert_eq!((first.len(), step), ((HISTORY * LIMIT) as usize, Step::End));
        list.extend(items(1000..11_000));
        let (second, step) = poll(&list, &mut cursor, &NOTES, now + 1);
        assert_eq!(step, Step::End);
        let mut new: Vec<Item> = second.into_iter().filter(|i| i.0 >= 1_000_000).collect();
        new.sort_unstable();
        assert_eq!(new, items(1000..11_000));
        let (third, _) = poll(&list, &mut cursor, &NOTES, now + 2);
        assert_eq!(third.len(), LIMIT as usize, "one page when there is nothing new");
    }

    #[test]
    fn what_comes_after_an_empty_start_is_read() {
        let mut cursor = Cursor::default();
        assert_eq!(poll(&[], &mut cursor, &NOTES, 0), (Vec::new(), Step::End));
        let (read, step) = poll(&items(1..1000), &mut cursor, &NOTES, 1);
        assert_eq!((read.len(), step), (999, Step::End));
    }

    #[test]
    fn a_backdated_post_is_found_within_the_hour() {
        let (mut list, mut cursor) = (items(1..150), Cursor::default());
        poll(&list, &mut cursor, &NOTES, 150_000);
        list.push((500, 151_000));
        let late = |read: Vec<Item>| read.contains(&(500, 151_000));
        assert!(!late(poll(&list, &mut cursor, &NOTES, 150_000 + AGAIN - 1).0));
        assert!(late(poll(&list, &mut cursor, &NOTES, 150_000 + AGAIN).0));
        assert!(!late(poll(&list, &mut cursor, &NOTES, 150_000 + AGAIN + 1).0));
    }

    #[test]
    fn a_cap_that_stops_short_of_known_ground_is_told() {
        let line = Line::Search("x".to_owned());
        let (mut list, mut cursor) = (items(1..50), Cursor::default());
        poll(&list, &mut cursor, &line, 50_000);
        list.extend(items(50..5000));
        let (read, step) = poll(&list, &mut cursor, &line, 5_000_000);
        assert_eq!(read.len(), 2000);
        let before = Some(Time(3_000_000));
        assert_eq!(step, Step::Cut { after: Time(49_000), before });
        let (_, step) = poll(&list, &mut cursor, &line, 5_000_001);
        assert_eq!(step, Step::End, "told once");
    }

    #[test]
    fn a_list_that_is_cut_off_by_the_server_is_told_and_one_whose_items_are_deleted_is_not() {
        let known = || Cursor { known: Some(5_000), beyond_at: Some(0), ..Cursor::default() };
        let (mut cursor, news) = (known(), [Time(9_000), Time(8_000)]);
        assert_eq!(cursor.advance(&NOTES, &news, None, Time(0)), Step::End, "all of it");
        let mut cursor = known();
        assert_eq!(cursor.advance(&NOTES, &news, Some("a"), Time(0)), Step::More);
        let step = cursor.advance(&NOTES, &[], None, Time(0));
        assert_eq!(step, Step::Cut { after: Time(5_000), before: Some(Time(8_000)) });
    }

    #[test]
    fn an_empty_page_goes_on_and_one_that_repeats_itself_does_not() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.advance(&NOTES, &[], Some("a"), Time(0)), Step::More);
        assert_eq!(cursor.next(), Some("a"));
        assert_eq!(cursor.advance(&NOTES, &[Time(1)], Some("a"), Time(0)), Step::End);
        assert_eq!(cursor.next(), None);
    }

    #[test]
    fn a_page_that_names_itself_is_asked_for_again_before_what_lies_behind_is_given_up() {
        let start = || Cursor { known: Some(5_000), beyond_at: Some(0), ..Cursor::default() };
        let step = |cursor: &mut Cursor, time, next| {
            *cursor = Cursor::read(cursor.words().as_deref());
            cursor.advance(&NOTES, &[Time(time)], next, Time(0))
        };
        let mut cursor = start();
        assert_eq!(step(&mut cursor, 9_000, Some("a")), Step::More);
        assert_eq!(step(&mut cursor, 9_000, Some("a")), Step::Later);
        assert_eq!(cursor.next(), Some("a"));
        assert_eq!(step(&mut cursor, 8_000, Some("b")), Step::More, "it was passing");
        assert_eq!(step(&mut cursor, 4_000, None), Step::End, "known ground");

        let mut cursor = start();
        step(&mut cursor, 9_000, Some("a"));
        for _ in 0..MAX_STUCK {
            assert_eq!(step(&mut cursor, 9_000, Some("a")), Step::Later);
        }
        let cut = Step::Cut { after: Time(5_000), before: Some(Time(9_000)) };
        assert_eq!(step(&mut cursor, 9_000, Some("a")), cut);
    }

    #[test]
    fn pages_without_anything_on_them_are_not_followed_for_ever() {
        let mut cursor = Cursor { known: Some(5_000), beyond_at: Some(0), ..Cursor::default() };
        let mut walk = |times: &[Time]| {
            let steps =
                (0..50).map(|n| cursor.advance(&NOTES, times, Some(&n.to_string()), Time(0)));
            steps.take_while(|step| *step == Step::More).count()
        };
        assert_eq!(walk(&[]), MAX_EMPTY as usize - 1);
        assert_eq!(walk(&[Time(6_000)]), 50, "other than such with news on them");
    }

    #[test]
    fn a_server_whose_clock_is_years_ahead_does_not_hide_what_follows() {
        let mut cursor = Cursor::default();
        cursor.advance(&NOTES, &[Time(i64::MAX), Time(1_000)], None, Time(2_000));
        assert_eq!(cursor.known, Some(1_000));
    }

    #[test]
    fn a_cursor_that_cannot_be_read_starts_over() {
        for words in ["", "garbage", "[]", "{\"known\":\"x\"}", "{\"other\":1}"] {
            assert_eq!(Cursor::read(Some(words)), Cursor::default(), "{words}");
        }
    }
}

//! Lays a new reading over what is known of an interaction.
//!
//! Decides what of a reading is new, where it stands among the others, and what must go when its
//! author deleted it. Classifying what changed is `ingest`'s.

use super::reclassify::is_label;
use crate::model::{Interaction, Person, Reading, Record, Time, Version};
use crate::store::{MAX_TEXT, cap};

/// Counters alone make a new version at most this often.
const TALLY_EVERY: i64 = 10 * Time::MINUTE;

/// The most bytes of a display name.
const MAX_NAME: usize = 1024;

/// Stands for the classifier where there was nothing to classify.
pub const WORDLESS: &str = "no words";

/// A record, and what it says now.
#[derive(Clone, Debug)]
pub struct Known {
    pub record: Record,
    pub state: Interaction,
}

impl Known {
    /// `None` of a record in which nothing was read.
    pub fn of(record: Record) -> Option<Self> {
        let state = record.latest()?;
        Some(Self { record, state })
    }
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Merged {
    /// Nothing that was not known.
    Known,
    /// The record as it is now.
    Changed(Record),
}

/// Lays `reading` over `known`. Without `seen_at` it was seen at `now`, and only what differs from
/// the latest state is kept; with one it is history and is kept as told, at its place in time.
pub fn merge(
    known: Option<&Known>,
    reading: &Reading,
    person: Option<Person>,
    now: Time,
) -> Merged {
    let seen_at = reading.seen_at.unwrap_or(now);
    let mut version = told(reading, seen_at);
    let Some(known) = known else {
        let at = version.created_at.min(seen_at);
        return Merged::Changed(Record {
            platform: reading.platform.clone(),
            id: reading.id.clone(),
            key_at: at,
            stored_at: now,
            person,
            filed: reading.id.clone(),
            versions: vec![version],
        });
    };
    if reading.seen_at.is_none() {
        leave_forgotten(&known.state, &mut version, person);
        if !is_news(known, &mut version, reading.created_at) {
            return Merged::Known;
        }
    } else if known.record.versions.iter().any(|v| says_the_same(&known.record, v, &version)) {
        return Merged::Known;
    }
    let mut record = known.record.clone();
    let place = record.versions.partition_point(|v| v.seen_at <= version.seen_at);
    drop_former_labels(&mut record, place, &version);
    record.versions.insert(place, version);
    // What was fixed without knowing this reading is fixed anew, so that the order in which
    // history comes does not matter.
    record.versions[place + 1..].iter_mut().for_each(|later| later.deadline = None);
    record.person = record.person.or(person);
    Merged::Changed(record)
}

/// A label that history was given later judged the words that were known then. Where other words
/// turn out to have stood there, these are judged anew.
fn drop_former_labels(record: &mut Record, place: usize, version: &Version) {
    fn known<'a>(
        versions: &'a [Version],
        of: impl Fn(&'a Version) -> Option<&'a String>,
    ) -> Option<&'a String> {
        versions.iter().rev().find_map(of)
    }
    let (before, after) = record.versions.split_at(place);
    let is_edit = (version.text.is_some()
        && version.text.as_ref() != known(before, |v| v.text.as_ref()))
        || (version.title.is_some()
            && version.title.as_ref() != known(before, |v| v.title.as_ref()));
    if !is_edit {
        return;
    }
    let tells = |v: &Version| v.text.is_some() || v.title.is_some();
    let end = place + after.iter().position(tells).unwrap_or(after.len());
    let mut at = 0;
    record.versions.retain(|v| {
        at += 1;
        !(place..end).contains(&(at - 1)) || !is_label(v)
    });
}

/// The record after its author deleted the post, or took it out of public view.
pub fn delete(mut record: Record, now: Time) -> Merged {
    if record.versions.iter().any(|v| v.deleted_at.is_some()) {
        return Merged::Known;
    }
    let Some(first) = record.versions.first() else { return Merged::Known };
    let version = Version {
        seen_at: now,
        created_at: first.created_at,
        deleted_at: Some(now),
        ..Version::default()
    };
    let place = record.versions.partition_point(|v| v.seen_at <= now);
    record.versions.insert(place, version);
    forget_if_deleted(&mut record);
    Merged::Changed(record)
}

/// A deletion takes author and words from every version; time, kind, class and place stay
/// (rule E10). Called once the class is known.
pub fn forget_if_deleted(record: &mut Record) {
    if record.versions.iter().all(|v| v.deleted_at.is_none()) {
        return;
    }
    record.person = None;
    for version in &mut record.versions {
        version.author = None;
        version.text = None;
        version.title = None;
        version.url = None;
        if let Some(verdict) = &mut version.verdict {
            verdict.reasons.clear();
        }
    }
}

/// What a reading tells, no longer than it can be kept: else it would look like news each time.
fn told(reading: &Reading, seen_at: Time) -> Version {
    let mut version = whole(reading, seen_at);
    version.text.iter_mut().chain(&mut version.title).for_each(|text| cap(text, MAX_TEXT));
    version.author.iter_mut().flat_map(|a| &mut a.name).for_each(|name| cap(name, MAX_NAME));
    version
}

fn whole(reading: &Reading, seen_at: Time) -> Version {
    Version {
        seen_at,
        created_at: reading.created_at.unwrap_or(seen_at),
        kind: Some(reading.kind),
        own: reading.own,
        bot: reading.bot,
        author: reading.author.clone(),
        text: reading.text.clone(),
        title: reading.title.clone(),
        lang: reading.lang.clone(),
        url: reading.url.clone(),
        locator: reading.locator.clone(),
        in_reply_to: reading.in_reply_to.clone(),
        thread: reading.thread.clone(),
        about: reading.about.clone(),
        deleted_at: reading.deleted_at,
        rating: reading.rating,
        counts: reading.counts,
        counts_at: reading
            .counts_at
            .or(reading.counts.and(reading.seen_at.is_none().then_some(seen_at))),
        ruling: reading.ruling.clone(),
        verdict: None,
        deadline: None,
    }
}

/// Takes out of `version` all that the latest state holds already; whether anything is left.
fn is_news(
    Known { record, state }: &Known,
    version: &mut Version,
    created_at: Option<Time>,
) -> bool {
    if state.deleted_at.is_some() {
        return false;
    }
    fn drop_known<T: PartialEq>(told: &mut Option<T>, known: &Option<T>) {
        if told == known {
            *told = None;
        }
    }
    version.created_at = created_at.unwrap_or(state.created_at);
    if version.kind.is_some_and(|kind| kind >= state.kind) {
        version.kind = None;
    }
    let newly_own = version.own && !state.own;
    let newly_bot = version.bot == Some(true) && !state.bot;
    if !newly_bot {
        version.bot = None;
    }
    drop_known(&mut version.author, &state.author);
    drop_known(&mut version.text, &state.text);
    drop_known(&mut version.title, &state.title);
    drop_known(&mut version.url, &state.url);
    drop_known(&mut version.locator, &state.locator);
    drop_known(&mut version.in_reply_to, &state.in_reply_to);
    drop_known(&mut version.thread, &state.thread);
    // A connector's stand-in for a parent it could not read never replaces the real one.
    for (told, known) in
        [(&mut version.in_reply_to, &state.in_reply_to), (&mut version.thread, &state.thread)]
    {
        if known.is_some() && told.as_ref().is_some_and(|id| id.starts_with("local:")) {
            *told = None;
        }
    }
    drop_known(&mut version.about, &state.about);
    drop_known(&mut version.deleted_at, &state.deleted_at);
    drop_known(&mut version.rating, &state.rating);
    // The language of the state may be the classifier's; a platform's word is told only once.
    if record.versions.iter().any(|v| v.lang == version.lang) {
        version.lang = None;
    }
    if let (Some(counts), Some(last)) = (version.counts, state.tallies.last()) {
        let too_soon = last.at.is_some_and(|at| version.seen_at.since(at) < TALLY_EVERY);
        if counts == last.counts || too_soon {
            version.counts = None;
            version.counts_at = None;
        }
    }
    newly_own
        || newly_bot
        || version.kind.is_some()
        || version.author.is_some()
        || version.text.is_some()
        || version.title.is_some()
        || version.lang.is_some()
        || version.url.is_some()
        || version.locator.is_some()
        || version.in_reply_to.is_some()
        || version.thread.is_some()
        || version.about.is_some()
        || version.deleted_at.is_some()
        || version.rating.is_some()
        || version.counts.is_some()
        || version.ruling.is_some()
}

/// Takes out of a reading what was known once and has been forgotten for its age: reading a post
/// again brings neither its words nor its author's name back.
fn leave_forgotten(state: &Interaction, version: &mut Version, person: Option<Person>) {
    if state.author.is_none() && state.person.is_some() && state.person == person {
        version.author = None;
    }
    let was_judged = state.verdict.as_ref().is_some_and(|verdict| verdict.model != WORDLESS);
    if state.text.is_none() && state.title.is_none() && was_judged {
        version.text = None;
        version.title = None;
    }
}

/// Whether two versions tell the same, whatever the classifier made of the known one, and whatever
/// was taken from it since for its age or because its author deleted the post.
fn says_the_same(record: &Record, known: &Version, told: &Version) -> bool {
    let mut bare = known.clone();
    bare.verdict = None;
    bare.deadline = None;
    let mut told = told.clone();
    let is_deleted = record.versions.iter().any(|v| v.deleted_at.is_some());
    if bare.author.is_none() && (is_deleted || record.person.is_some()) {
        told.author = None;
    }
    let were_words = known.verdict.as_ref().is_some_and(|verdict| verdict.model != WORDLESS);
    if bare.text.is_none() && bare.title.is_none() && (is_deleted || were_words) {
        told.text = None;
        told.title = None;
        // A ruling that had ended went with the words it was given to.
        told.ruling = told.ruling.filter(|_| bare.ruling.is_some());
    }
    if is_deleted {
        told.url = None;
    }
    bare == told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Author, Kind};

    fn reading(text: &str) -> Reading {
        Reading {
            author: Some(Author { id: "1".into(), handle: Some("ada".into()), name: None }),
            text: Some(text.into()),
            created_at: Some(Time(1_000)),
            ..Reading::new("mastodon", "p1", Kind::Mention)
        }
    }

    /// Laid over a record.
    fn over(record: Record, reading: &Reading, person: Option<Person>, now: Time) -> Merged {
        merge(Known::of(record).as_ref(), reading, person, now)
    }

    fn changed(merged: Merged) -> Record {
        match merged {
            Merged::Changed(record) => record,
            Merged::Known => panic!("nothing new"),
        }
    }

    #[test]
    fn the_same_post_read_again_is_known() {
        let first = changed(merge(None, &reading("hello"), Some(Person(1)), Time(2_000)));
        assert_eq!(over(first, &reading("hello"), Some(Person(1)), Time(3_000)), Merged::Known);
    }

    #[test]
    fn an_edit_keeps_the_first_times_and_has_the_new_text_from_when_it_was_seen() {
        let first = changed(merge(None, &reading("hello"), Some(Person(1)), Time(2_000)));
        let edited = changed(over(first, &reading("bye"), Some(Person(1)), Time(9_000)));
        let before = edited.as_of(Time(8_999)).expect("known");
        let after = edited.as_of(Time(9_000)).expect("known");
        assert_eq!((before.text.as_deref(), before.at), (Some("hello"), Time(1_000)));
        assert_eq!((after.text.as_deref(), after.at), (Some("bye"), Time(1_000)));
    }

    #[test]
    fn a_deletion_takes_the_words_also_from_earlier_moments() {
        let first = changed(merge(None, &reading("hello"), Some(Person(1)), Time(2_000)));
        let gone = changed(delete(first, Time(5_000)));
        let before = gone.as_of(Time(3_000)).expect("known");
        assert_eq!((before.text, before.person, before.deleted_at), (None, None, None));
        assert_eq!(gone.latest().and_then(|it| it.deleted_at), Some(Time(5_000)));
        assert!(gone.versions.iter().all(|v| v.text.is_none() && v.author.is_none()));
    }

    #[test]
    fn history_may_come_in_any_order_and_twice() {
        let mut early = reading("first words");
        early.seen_at = Some(Time(2_000));
        let mut late = reading("later words");
        late.seen_at = Some(Time(4_000));
        let one = changed(merge(None, &late, None, Time(9_000)));
        let both = changed(over(one, &early, None, Time(9_000)));
        assert_eq!(both.as_of(Time(2_000)).and_then(|it| it.text).as_deref(), Some("first words"));
        assert_eq!(both.latest().and_then(|it| it.text).as_deref(), Some("later words"));
        assert_eq!(over(both.clone(), &late, None, Time(9_000)), Merged::Known);
        assert_eq!(over(both, &early, None, Time(9_000)), Merged::Known);
    }
}

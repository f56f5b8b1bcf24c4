//! What is written is read back, and no line breaks the reader.

use affinityd::interchange::{Format, Line, Mapping, parse_line, readings, write_line};
use affinityd::model::{
    Author, Counts, Intent, Interaction, Kind, Reading, Record, Ruling, Sentiment, Severity, Tally,
    Time, Version,
};
use proptest::prelude::*;

fn some<T: Clone + std::fmt::Debug>(
    inner: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::of(inner)
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9:/.äß🙂-]{1,20}"
}

fn time() -> impl Strategy<Value = Time> {
    (0_i64..253_402_300_800_000).prop_map(Time)
}

prop_compose! {
    fn rulings()(
        intent in some(prop::sample::select(Intent::ALL.to_vec())),
        sentiment in some(prop::sample::select(vec![Sentiment::Neg, Sentiment::Neu, Sentiment::Pos])),
        severity in some(prop::sample::select(vec![Severity::Low, Severity::Normal, Severity::High, Severity::Severe])),
        flags in (some(any::<bool>()), some(any::<bool>()), some(any::<bool>()), some(any::<bool>())),
        aspects in some(prop::collection::vec(word(), 0..3)),
        switching in some(word()),
    ) -> Ruling {
        let (relevant, thanks, recommends, moved_private) = flags;
        Ruling { intent, sentiment, relevant, severity, thanks, recommends, moved_private, aspects, switching }
    }
}

prop_compose! {
    fn counts()(all in prop::array::uniform4(some(any::<u64>()))) -> Counts {
        let [likes, replies, shares, quotes] = all;
        Counts { likes, replies, shares, quotes }
    }
}

prop_compose! {
    fn interactions()(
        names in (word(), prop::sample::select(Kind::ALL.to_vec()), any::<bool>(), any::<bool>()),
        author in some((word(), some(word()), some(word()))),
        texts in (some("\\PC{0,60}"), some("[^\\p{C}\\s]{1,9}"), some("[a-z]{2}(-[A-Z]{2})?")),
        links in prop::array::uniform3(some(word())),
        times in (time(), time(), some(time())),
        rating in some(0.0_f32..=1.0),
        tallies in prop::collection::vec((some(time()), counts()), 0..3),
        ruling in some(rulings()),
    ) -> Interaction {
        let (id, kind, own, bot) = names;
        let (text, title, lang) = texts;
        let [in_reply_to, thread, about] = links;
        let (created_at, seen_at, deleted_at) = times;
        let version = Version { created_at, seen_at, kind: Some(kind), ..Version::default() };
        let record = Record {
            platform: "mastodon".to_owned(), id, key_at: seen_at, stored_at: seen_at, person: None,
            filed: String::new(), versions: vec![version],
        };
        let base = record.latest().expect("it has a version");
        let author = author.map(|(id, handle, name)| Author { id, handle, name });
        let tallies = tallies.into_iter().map(|(at, counts)| Tally { at, counts }).collect();
        let url = thread.as_ref().map(|t| format!("https://a.example/{t}"));
        Interaction {
            own, bot, author, text, title, lang, url, in_reply_to, thread, about, deleted_at,
            rating, tallies, ruling, ..base
        }
    }
}

/// What a reading of that interaction must tell.
fn told(it: &Interaction) -> Reading {
    let tally = it.tallies.iter().max_by_key(|tally| tally.at);
    Reading {
        own: it.own,
        bot: it.bot.then_some(true),
        author: it.author.clone(),
        text: it.text.clone(),
        title: it.title.clone(),
        lang: it.lang.clone(),
        url: it.url.clone(),
        created_at: Some(it.created_at),
        seen_at: Some(it.seen_at),
        in_reply_to: it.in_reply_to.clone(),
        thread: it.thread.clone(),
        about: it.about.clone(),
        deleted_at: it.deleted_at,
        rating: it.rating,
        counts: tally.map(|t| t.counts).filter(|c| *c != Counts::default()),
        counts_at: tally.and_then(|t| t.at),
        ruling: it.ruling.clone().filter(|r| *r != Ruling::default()),
        ..Reading::new(it.platform.clone(), it.id.clone(), it.kind)
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(it in interactions()) {
        let line = write_line("acme", &it).to_string();
        let read = parse_line(&line);
        prop_assert_eq!(read, Ok(Line { brand: Some("acme".to_owned()), reading: told(&it) }));
    }

    #[test]
    fn no_line_breaks_it(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_line(&text);
        for format in Format::ALL {
            let newlines = bytes.iter().filter(|b| **b == b'\n').count() as u64 + 1;
            let last = readings(format, bytes.as_slice(), &Mapping::default()).last();
            let number = last.map_or(0, |line| line.map_or_else(|e| e.0, |l| l.0));
            prop_assert!(number <= newlines);
        }
    }

    #[test]
    fn a_cut_or_flipped_line_is_refused_or_read_but_never_breaks(
        it in interactions(), at in any::<prop::sample::Index>(), flip in any::<u8>()
    ) {
        let mut bytes = write_line("acme", &it).to_string().into_bytes();
        let at = at.index(bytes.len());
        prop_assert!(parse_line(&String::from_utf8_lossy(&bytes[..at])).is_err());
        bytes[at] ^= flip;
        let _ = parse_line(&String::from_utf8_lossy(&bytes));
    }
}

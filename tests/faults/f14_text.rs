//! F14: text of every hostile kind: stored or refused, never a panic; cut on borders of letters; recognised in time that grows with its length.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use affinityd::classify::{Classifier, Post, Watch};
use affinityd::interchange::{Format, Mapping, readings};
use affinityd::mail::one_line;
use affinityd::platforms::Scene;
use affinityd::store::{MAX_TEXT, cap};
use affinityd::text;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use super::rounds;
use crate::platforms::fixtures::Fixtures;
use crate::platforms::now;

/// Hostile texts, each with its name.
pub fn texts() -> Vec<(&'static str, String)> {
    let many = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    vec![
        ("nothing", String::new()),
        ("NUL", "a\0b\0".to_owned()),
        ("every control", (0..32).chain(127..160).filter_map(char::from_u32).collect()),
        ("BOM", "\u{feff}a\u{feff}".to_owned()),
        ("replaced bytes", "a\u{fffd}\u{fffd}b".to_owned()),
        ("no characters", "\u{fffe}\u{ffff}\u{1ffff}\u{10ffff}".to_owned()),
        ("one word of a megabyte", many("x", 1 << 20)),
        ("one Chinese word of a megabyte", many("送", 1 << 20)),
        ("overrides", "\u{202e}live\u{202c} \u{2067}x\u{2069}\u{200f}".to_owned()),
        ("a thousand embeddings", many("\u{202b}", 3000)),
        ("nothing to be seen", many("\u{200b}\u{200d}\u{2060}\u{ad}", 3000)),
        ("10,000 marks", format!("a{}b", "\u{301}".repeat(10_000))),
        (
            "10,000 marks of other kinds",
            format!("a{}b", "\u{489}\u{e31}\u{20d0}\u{1ab0}".repeat(2_500)),
        ),
        ("marks alone", "\u{301}".repeat(10_000)),
        ("families", many("👩\u{200d}👩\u{200d}👧\u{200d}👧", 10_000)),
        ("an endless family", many("👩\u{200d}", 100_000)),
        ("flags", many("🇸🇪", 10_000)),
        ("half flags", many("🇸", 100_000)),
        ("skins", many("👍🏽", 10_000)),
        ("tags", format!("🏴{}", "\u{e0067}".repeat(10_000))),
        ("Hangul letters", many("\u{1112}\u{1161}\u{11ab}", 10_000)),
        ("Devanagari", many("क्ष", 100_000)),
        ("one character that becomes eighteen", many("\u{fdfa}", 100_000)),
        ("letters that grow in lower case", many("İ", 100_000)),
        ("lines", many("\r\n\u{2028}\u{2029}\u{85}\u{b}\u{c}", 10_000)),
        ("an escape", "\u{1b}[2J\u{1b}]0;x\u{7}".to_owned()),
        ("names", many("@a.b-c@", 100_000)),
        ("names of points", many("@.", 100_000)),
        ("addresses", many("https://", 100_000)),
        ("brands", many("acme", 100_000)),
        ("brands and spaces", many("acme ", 100_000)),
        ("brackets", many("<", 100_000)),
        ("marks of sentences", many("?!.", 100_000)),
        ("digits", many("9", 100_000)),
    ]
}

/// Pieces that meet at a cut.
const LETTERS: [&str; 8] =
    ["e\u{301}", "👩\u{200d}🚒", "🇸🇪", "👍🏽", "क्ष", "각", "❤\u{fe0f}", "\r\n"];

#[test]
fn every_cut_is_between_letters() {
    for letter in LETTERS {
        let text = letter.repeat(20);
        for room in 0..60 {
            let cut = text::snippet(&text, room);
            let kept = cut.trim_end_matches('…');
            assert!(
                kept.is_empty() || kept.len().is_multiple_of(letter.len()) || letter == "\r\n",
                "{cut:?}"
            );
            let line = text::line(&text, room);
            assert!(line.chars().count() <= room.max(1), "{line:?}");
            let kept = line.trim_end_matches('…');
            assert!(kept.len().is_multiple_of(letter.len()), "{letter:?} in {room}: {line:?}");
            let mut capped = text.clone();
            cap(&mut capped, room);
            assert!(text.starts_with(&capped) && capped.len() + 4 > room.min(text.len()));
        }
    }
}

#[test]
fn no_text_breaks_what_cleans_it() {
    for (name, words) in texts() {
        for said in [text::clean_line(&words), text::line(&words, 100), one_line(&words, 100)] {
            assert!(!said.chars().any(char::is_control), "{name}: {said:?}");
            assert!(!said.contains(['\u{202e}', '\u{2067}', '\u{200b}', '\u{feff}']), "{name}");
            let tall = said
                .graphemes(true)
                .map(|g| g.chars().filter(|c| ('\u{300}'..='\u{36f}').contains(c)).count());
            assert!(tall.max().unwrap_or(0) <= 6, "{name}: marks cover what is above");
        }
        assert!(text::line(&words, 100).chars().count() <= 100, "{name}");
        assert!(text::snippet(&words, 100).graphemes(true).count() <= 100, "{name}");
        let plain = text::plain(&words);
        assert!(plain.len() <= words.len() && !plain.contains('\0'), "{name}");
    }
}

/// Through a connector and through an import into a reading; what is told is text of bounded length.
#[test]
fn every_text_is_told_or_refused() {
    let fixtures = Fixtures::load("mastodon");
    let session = fixtures.session("tag-first");
    let scene = Scene { cursor: None, session: session.as_ref(), now: now() };
    let read = |body: Vec<u8>| fixtures.parse("tag-first", scene, body).1;
    let whole: Value = serde_json::from_slice(&fixtures.body("tag-first")).unwrap();
    let count = read(whole.to_string().into_bytes()).unwrap().readings.len();
    for (name, words) in texts() {
        let mut page = whole.clone();
        for place in ["/0/content", "/0/spoiler_text", "/0/account/display_name", "/0/account/acct"]
        {
            *page.pointer_mut(place).unwrap() = json!(words);
        }
        let page = read(page.to_string().into_bytes()).unwrap();
        assert_eq!(page.readings.len(), count, "{name}");
        for reading in &page.readings {
            let author = reading.author.clone().unwrap_or_default();
            assert!(author.name.unwrap_or_default().graphemes(true).count() <= 100, "{name}");
            assert!(author.handle.unwrap_or_default().graphemes(true).count() <= 200, "{name}");
            assert!(reading.text.as_ref().is_none_or(|t| t.len() <= 256 << 10), "{name}");
        }
        let line = json!({"platform": "forum", "id": "1", "kind": "mention", "text": words,
            "created_at": "2026-03-04T09:15:00Z", "author": {"id": "7", "name": words}});
        let file = format!("{line}\n");
        let read: Vec<_> = readings(Format::Jsonl, file.as_bytes(), &Mapping::default()).collect();
        assert_eq!(read.len(), 1, "{name}");
        let mut stored = words.clone();
        cap(&mut stored, MAX_TEXT);
        assert!(stored.len() <= MAX_TEXT, "{name}");
    }
    // What is no text at all: half characters, written out and as bytes.
    let body = String::from_utf8(fixtures.body("tag-first")).unwrap();
    let marked = body.replacen("\"content\": \"", "\"content\": \"HERE", 1);
    let marked = marked.replacen("\"content\":\"", "\"content\":\"HERE", 1);
    assert!(marked.contains("HERE"));
    for half in ["\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud83d\\u0041", "\\u12"] {
        match read(marked.replace("HERE", half).into_bytes()) {
            Ok(page) => assert_eq!(page.spoiled.len(), 1, "{half}: one item is refused, no more"),
            Err(refusal) => assert_eq!(half, "\\u12", "{refusal}"),
        }
    }
    for half in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"] {
        let (before, after) = marked.split_once("HERE").unwrap();
        let bytes = [before.as_bytes(), half, after.as_bytes()].concat();
        let _ = read(bytes);
        for format in [Format::Jsonl, Format::Csv, Format::Twcs] {
            let file = [b"platform,id,kind\n{\"id\":\"", half, b"\"}\nx,", half, b",y\n"].concat();
            let mapping = Mapping::default();
            assert!(readings(format, &*file, &mapping).all(|line| line.is_err()), "{half:?}");
        }
    }
}

/// How long this thread has run. Wall time says little where others want the processor too: a long
/// piece of work is interrupted, a short one is not.
fn run_time() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    // The kernel brings the count up to date when a thread steps back.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat");
    let told = told.ok().and_then(|line| line.split(' ').next()?.parse().ok());
    told.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

/// How long it takes to recognise a text so many times, in seconds.
fn time(classifier: &Classifier, watch: &Watch, text: &str, times: usize) -> f64 {
    let post = Post { text, watch: Some(watch), ..Post::default() };
    let began = run_time();
    for _ in 0..times {
        let verdict = classifier.classify(&post);
        assert!(verdict.reasons.len() <= 64);
    }
    (run_time() - began).as_secs_f64()
}

/// Ten times the text takes no more than fifteen times the time, whatever it is made of: ten short
/// ones are set against a long one. Prints microseconds a kB, which mean something in a release
/// build only.
#[test]
fn recognising_takes_time_in_step_with_length() {
    let classifier = Classifier::new();
    let watch = Watch::name("Acme");
    let ordinary =
        "My Acme kettle broke after three days & your support just hangs up. Third time I ask!\n";
    let pieces = texts()
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(name, words)| (name, words.chars().take(24).collect::<String>()));
    let size = rounds(8_000, 40_000);
    for (name, piece) in pieces.chain([("ordinary words", ordinary.to_owned())]) {
        let of = |bytes: usize| piece.repeat(bytes / piece.len());
        let (short, long) = (of(size), of(10 * size));
        // A neighbour in the same cache can spoil one measurement, not five.
        let mut ratio = f64::MAX;
        for _ in 0..5 {
            let (a, b) =
                (time(&classifier, &watch, &short, 10), time(&classifier, &watch, &long, 1));
            ratio = ratio.min(10.0 * b / a.max(1e-4));
            if ratio <= 15.0 {
                println!("{name}: {:.1} us a kB", b * 1e9 / long.len() as f64);
                break;
            }
        }
        assert!(ratio <= 15.0, "{name}: ten times the text takes {ratio:.1} times the time");
    }
}

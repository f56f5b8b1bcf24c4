//! F10: pages and lines that are cut short, of wrong types, lacking, deep or endless: no panic, at most 64 MiB more memory, one error, and the valid items of a page that parses are kept.
//!
//! Depth, length and memory are in `f10_heavy`.

use affinityd::interchange::{Format, Mapping, readings};
use affinityd::model::Purpose;
use affinityd::platforms::{Page, Refusal, Scene};
use affinityd::store::{Config as StoreConfig, Error, Store};
use serde_json::Value;

use super::rounds;
use crate::fake_mastodon::{Fake, Mood};
use crate::mutator::seed;
use crate::platforms::fixtures::Fixtures;
use crate::platforms::now;
use crate::stage::{Stage, at};

/// Three kinds of page a platform, and threads where there are some; where their items stand.
pub const PAGES: [(&str, &str, &str); 10] = [
    ("mastodon", "notifications-first", ""),
    ("mastodon", "tag-first", ""),
    ("mastodon", "search-first", "/statuses"),
    ("mastodon", "replies-thread-1", "/descendants"),
    ("bluesky", "notifications-first", "/notifications"),
    ("bluesky", "posts-first", "/feed"),
    ("bluesky", "search-first", "/posts"),
    ("bluesky", "look-thread", "/thread/replies"),
    ("feed", "json-first", "/items"),
    ("feed", "rss-first", ""),
];
/// XML has no types; what is tried on it is tried on its elements.
const XML: [&str; 2] = ["rss-first", "atom-first"];

/// One saved page, ready to be read in other versions.
pub struct Saved {
    fixtures: Fixtures,
    case: &'static str,
    session: Option<affinityd::platforms::Session>,
    cursor: Option<String>,
}

impl Saved {
    pub fn new(platform: &str, case: &'static str) -> Self {
        let fixtures = Fixtures::load(platform);
        let (session, cursor) = (fixtures.session(case), fixtures.cursor(case));
        Self { fixtures, case, session, cursor }
    }

    fn body(&self) -> Vec<u8> {
        self.fixtures.body(self.case)
    }

    pub fn read(&self, body: Vec<u8>) -> Result<Page, Refusal> {
        let scene =
            Scene { cursor: self.cursor.as_deref(), session: self.session.as_ref(), now: now() };
        self.fixtures.parse(self.case, scene, body).1
    }
}

fn ids(page: &Page) -> Vec<&str> {
    page.readings.iter().chain(&page.around).map(|r| r.id.as_str()).collect()
}

/// What stands in the place of a value: of another type, or beyond its bounds.
const INSTEAD: [&str; 18] = [
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "0.5",
    "1e400",
    "18446744073709551616",
    "-9223372036854775809",
    "\"\"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"9999-99-99T99:99:99Z\"",
    "[]",
    "[[null]]",
    "{}",
    "{\"id\":{}}",
];
/// What XML makes nothing good of.
const MARKUP: [&str; 6] = ["", "&#0;", "&nope;", "<b>", "</b>", "]]>"];
/// No JSON: the whole page is refused.
const NO_JSON: [&str; 5] = ["NaN", "-Infinity", "0x10", "01", "'x'"];

/// The pointers to every value below this one.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| {
            let here = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            places(inner, &here, all);
            all.push(here);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(n, inner)| {
            let here = format!("{at}/{n}");
            places(inner, &here, all);
            all.push(here);
        }),
        _ => {}
    }
}

fn parent<'a>(page: &'a mut Value, place: &str) -> (&'a mut Value, String) {
    let (above, key) = place.rsplit_once('/').unwrap();
    (page.pointer_mut(above).unwrap(), key.replace("~1", "/").replace("~0", "~"))
}

fn remove(page: &mut Value, place: &str) {
    match parent(page, place) {
        (Value::Object(map), key) => drop(map.remove(&key)),
        (Value::Array(list), key) => drop(list.remove(key.parse::<usize>().unwrap())),
        _ => unreachable!("only these have places"),
    }
}

#[test]
fn a_page_cut_off_at_any_byte_is_refused() {
    for (platform, case) in PAGES.iter().map(|(p, c, _)| (*p, *c)).chain([("feed", "atom-first")]) {
        let saved = Saved::new(platform, case);
        let body = saved.body();
        let whole = saved.read(body.clone()).unwrap();
        let last = body.iter().rposition(|b| !b.is_ascii_whitespace()).unwrap();
        // By day every ninth byte, and the last ones.
        let step = rounds(9, 1);
        for cut in
            (seed() as usize % step..=last).step_by(step).chain(last.saturating_sub(9)..=last)
        {
            let page = saved.read(body[..cut].to_vec());
            // Behind the last entry of a feed there is nothing more to be lost.
            let is_refused =
                page.as_ref().map_or(true, |page| XML.contains(&case) && ids(page) == ids(&whole));
            assert!(is_refused, "{platform}/{case} cut at {cut} was taken for whole");
        }
    }
}

#[test]
fn a_wrong_value_costs_no_more_than_its_item() {
    for (platform, case, list) in PAGES.into_iter().filter(|(_, case, _)| !XML.contains(case)) {
        let saved = Saved::new(platform, case);
        let whole: Value = serde_json::from_slice(&saved.body()).unwrap();
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        // By day every seventh place, and a few values for each, all of them in turn.
        let seventh = rounds(7, 1);
        for (nth, place) in all.iter().enumerate().skip(seed() as usize % seventh).step_by(seventh)
        {
            let item = place.strip_prefix(list).and_then(|rest| rest.split('/').nth(1));
            let item = item.filter(|n| n.parse::<usize>().is_ok()).map(|n| format!("{list}/{n}"));
            // What a page without that item holds must also be found on the page with it broken.
            let others = item.as_ref().map(|item| {
                let mut others = whole.clone();
                remove(&mut others, item);
                saved.read(others.to_string().into_bytes())
            });
            let check = |what: &str, body: String| {
                let page = saved.read(body.into_bytes());
                let Some(Ok(others)) = &others else { return };
                let at = format!("{platform}/{case}: {place} is {what}");
                // A new parent is asked for first, and then the page again.
                match page {
                    Ok(page) if page.more && ids(&page).is_empty() => {}
                    Ok(page) => {
                        let found = ids(&page);
                        for id in ids(others) {
                            assert!(found.contains(&id), "{at}: {id} is lost");
                        }
                    }
                    Err(e) => {
                        assert!(ids(others).is_empty() || others.readings.is_empty(), "{at}: {e}")
                    }
                }
            };
            let mut lacking = whole.clone();
            remove(&mut lacking, place);
            check("missing", lacking.to_string());
            let mut marked = whole.clone();
            *marked.pointer_mut(place).unwrap() = Value::from("\u{1}here\u{1}");
            let marked = marked.to_string();
            let step = rounds(6, 1);
            for instead in INSTEAD.into_iter().skip(nth / seventh % step).step_by(step) {
                check(instead, marked.replace("\"\\u0001here\\u0001\"", instead));
            }
            for instead in NO_JSON.into_iter().skip(nth / seventh % step).step_by(step) {
                let page =
                    saved.read(marked.replace("\"\\u0001here\\u0001\"", instead).into_bytes());
                assert!(page.is_err(), "{platform}/{case}: {place} is {instead}");
            }
            if let Some(Value::Object(_)) = whole.pointer(place) {
                let mut more = whole.clone();
                more.pointer_mut(place).unwrap()["future"] = serde_json::json!([1, {"x": [2]}]);
                let (page, base) =
                    (saved.read(more.to_string().into_bytes()), saved.read(saved.body()));
                let (page, base) = (page.unwrap(), base.unwrap());
                assert_eq!(ids(&page), ids(&base), "{place}: an unknown key changes nothing");
            }
        }
    }
}

#[test]
fn a_wrong_element_costs_no_more_than_its_entry() {
    for case in XML {
        let saved = Saved::new("feed", case);
        let body = String::from_utf8(saved.body()).unwrap();
        let whole = saved.read(body.clone().into_bytes()).unwrap();
        let name = if body.contains("<item>") { "item" } else { "entry" };
        let mut from = 0;
        while let Some(start) = body[from..].find(&format!("<{name}")).map(|at| from + at) {
            let end = start + body[start..].find(&format!("</{name}>")).unwrap();
            let others = format!("{}{}", &body[..start], &body[end + name.len() + 3..]);
            let others = saved.read(others.into_bytes()).unwrap();
            // Each text between two tags, each attribute, each tag of this entry.
            let step = rounds(5, 1);
            for (nth, (at, _)) in body[start..end].match_indices(['>', '"', '<']).enumerate() {
                let at = start + at + 1;
                let to = at + body[at..].find(['<', '"', '>']).unwrap();
                let instead = INSTEAD.into_iter().chain(MARKUP);
                for instead in instead.skip((seed() as usize + nth) % step).step_by(step) {
                    let broken = format!("{}{instead}{}", &body[..at], &body[to..]);
                    let Ok(page) = saved.read(broken.into_bytes()) else { continue };
                    let is_text = body.as_bytes()[at - 1] == b'>' && !instead.contains(['<', ']']);
                    if is_text {
                        let missing: Vec<&str> = ids(&others)
                            .into_iter()
                            .filter(|id| !ids(&page).contains(id))
                            .collect();
                        assert_eq!(missing, [""; 0], "{case}: {instead} at {at}");
                    }
                }
            }
            from = end;
        }
        assert!(!ids(&whole).is_empty());
    }
}

#[test]
fn broken_lines_are_errors_of_their_own() {
    let good = |n: usize| {
        format!(
            "{{\"platform\":\"forum\",\"id\":\"{n}\",\"kind\":\"mention\",\"created_at\":\
             \"2026-03-04T09:15:00Z\",\"text\":\"x\",\"author\":{{\"id\":\"7\",\"bot\":false}},\
             \"counts\":{{\"likes\":3}},\"verdict\":{{\"aspects\":[\"a\"]}},\"rating\":0.5}}"
        )
    };
    let whole: Value = serde_json::from_str(&good(2)).unwrap();
    let mut bad: Vec<String> = (0..good(2).len()).map(|cut| good(2)[..cut].to_owned()).collect();
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    for place in &all {
        let mut marked = whole.clone();
        *marked.pointer_mut(place).unwrap() = Value::from("\u{1}here\u{1}");
        let marked = marked.to_string();
        let instead = INSTEAD.iter().chain(&NO_JSON);
        bad.extend(instead.map(|i| marked.replace("\"\\u0001here\\u0001\"", i)));
        let mut lacking = whole.clone();
        remove(&mut lacking, place);
        bad.push(lacking.to_string());
    }
    bad.push("[".repeat(10_000));
    bad.push(format!("{{\"a\":{}", "[".repeat(10_000)));
    bad.push(format!("{{\"verdict\":{{\"aspects\":[{}0]}}}}", "0,".repeat(400_000)));
    bad.push("x".repeat(2 << 20));
    let header = "platform,id,kind,created_at,text,author.id,rating";
    let row = |n: usize| format!("forum,{n},mention,2026-03-04T09:15:00Z,x,7,0.5");
    let columns =
        "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id";
    let tweet = |n: usize| format!("{n},7,True,Tue Oct 31 22:10:47 +0000 2017,x,,");
    for bad in &bad {
        for (format, before, one, line, two) in [
            (Format::Jsonl, String::new(), good(1), bad.clone(), good(3)),
            (
                Format::Csv,
                format!("{header}\n"),
                row(1),
                row(2).replace(",0.5", &format!(",{bad}")),
                row(3),
            ),
            (Format::Csv, format!("{header}\n"), row(1), bad.clone(), row(3)),
            (
                Format::Twcs,
                format!("{columns}\n"),
                tweet(1),
                tweet(2).replace(",x,", &format!(",{bad},")),
                tweet(3),
            ),
            (Format::Twcs, format!("{columns}\n"), tweet(1), bad.clone(), tweet(3)),
        ] {
            let file = format!("{before}{one}\n{line}\n{two}\n");
            let mapping = Mapping::default();
            let read: Vec<_> = readings(format, file.as_bytes(), &mapping).collect();
            let good: Vec<&str> = read
                .iter()
                .filter_map(|l| l.as_ref().ok())
                .map(|(_, l)| l.reading.id.as_str())
                .collect();
            let says = format!("{}: {}", format.word(), line.chars().take(200).collect::<String>());
            assert!(good.contains(&"1") && good.contains(&"3"), "{says}: {good:?}");
            assert!(read.iter().filter(|l| l.is_err()).count() <= 1, "{says}: {read:?}");
        }
    }
}

/// A line of an export that is broken is named, and leaves a store as empty as it was; what is taken
/// in can be written out again.
#[test]
fn a_broken_line_of_an_export_leaves_nothing_behind() {
    let good = include_str!("../fixtures/fuzz/export/a.jsonl");
    let lines: Vec<&str> = good.lines().collect();
    // The line, what stands there instead, and whether that can be no line at all.
    let mut broken: Vec<(usize, String, bool)> = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        broken
            .extend((0..line.len()).filter_map(|cut| Some((n, line.get(..cut)?.to_owned(), true))));
        let whole: Value = serde_json::from_str(line).unwrap();
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for place in &all {
            let mut marked = whole.clone();
            *marked.pointer_mut(place).unwrap() = Value::from("\u{1}here\u{1}");
            let marked = marked.to_string();
            let put = |value: &&str| marked.replace("\"\\u0001here\\u0001\"", value);
            broken.extend(INSTEAD.iter().map(|value| (n, put(value), false)));
            broken.extend(NO_JSON.iter().map(|value| (n, put(value), true)));
            let mut lacking = whole.clone();
            remove(&mut lacking, place);
            broken.push((n, lacking.to_string(), false));
        }
    }
    let mut rng = fastrand::Rng::with_seed(seed());
    rng.shuffle(&mut broken);
    broken.truncate(rounds(150, usize::MAX));
    for open in ["[", "{\"a\":", "{\"type\":\"value\",\"name\":\"x\",\"value\":["] {
        broken.push((2, open.repeat(10_000), true));
    }
    let many = "0,".repeat(1_000_000);
    broken.push((2, format!("{{\"type\":[{many}0]}}"), true));
    broken.push((2, format!("{{\"type\":\"brand\",\"name\":[{many}0]}}"), true));

    let folder = tempfile::tempdir().unwrap();
    let config = StoreConfig { cache_mb: 4, low_disk_mb: 0, ..StoreConfig::default() };
    let open = |n: usize| Store::open(&folder.path().join(n.to_string()), &config).unwrap().0;
    let (mut store, mut taken_in) = (open(0), 0);
    for (n, instead, is_no_line) in &broken {
        let says = format!("line {}: {}", n + 1, instead.chars().take(200).collect::<String>());
        let mut all = lines.clone();
        all[*n] = instead;
        let file = all.join("\n") + "\n";
        match store.import_export(file.as_bytes(), &mut |_| {}) {
            Ok(_) => {
                assert!(!is_no_line, "{says}");
                store.export(&mut Vec::new(), affinityd::model::Time(0), &mut |_| {}).unwrap();
                taken_in += 1;
                store = open(taken_in);
            }
            // A store that is not empty any more would say so with the next one.
            Err(Error::BadLine { line, why }) => {
                let said = *n as u64 + 1;
                assert!(line == said || (line > said && !is_no_line), "{says}: {line}: {why}");
            }
            Err(other) => panic!("{says}: {other}"),
        }
    }
    assert_eq!(store.import_export(good.as_bytes(), &mut |_| {}).unwrap().lines, 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_talks_nonsense_leaves_the_others_alone() {
    const COMPLAINT: &str = "the grinder broke after two days, terrible quality, I want a refund";
    let (odd, well) = (Fake::start().await, Fake::start().await);
    let stage = Stage::new(at("08:00"), &[("odd", &odd), ("well", &well)]).await;
    odd.is(Mood::Garbage);
    odd.mention("bob", COMPLAINT, at("08:10"));
    well.mention("ada", COMPLAINT, at("08:20"));
    stage.pass(at("08:30")).await;
    let source = stage.source("odd", "notifications");
    assert_eq!(source["error"]["class"], "malformed", "{source}");
    assert_eq!(stage.source("well", "notifications")["health"], "well");
    assert_eq!(stage.ids().len(), 1, "the other account goes on");
    stage.pass(at("14:00")).await;
    assert!(stage.mails(&Purpose::Source).len() <= 1, "told once");
    odd.is(Mood::Well);
    // It may be an hour into its back-off, by chance.
    stage.pass(at("14:30")).await;
    stage.pass(at("16:00")).await;
    stage.until("what was said meanwhile", || stage.ids().len() == 2).await;
}

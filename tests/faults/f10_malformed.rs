//! F10: pages and lines that are cut short, of wrong types, lacking, deep or endless: no panic, at most 64 MiB more memory, one error, and the valid items of a page that parses are kept.
//!
//! That other sources go on meanwhile is held by
//! `daemon::one_account_in_trouble_leaves_the_others_alone`.

use affinityd::interchange::{Format, Mapping, readings};
use affinityd::platforms::{Page, Refusal, Scene};
use serde_json::Value;

use super::rounds;
use crate::alone::{forget_peak, growth, peak};
use crate::platforms::fixtures::Fixtures;
use crate::platforms::now;

/// Three kinds of page a platform, and threads where there are some; where their items stand.
const PAGES: [(&str, &str, &str); 10] = [
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
struct Saved {
    fixtures: Fixtures,
    case: &'static str,
    session: Option<affinityd::platforms::Session>,
    cursor: Option<String>,
}

impl Saved {
    fn new(platform: &str, case: &'static str) -> Self {
        let fixtures = Fixtures::load(platform);
        let (session, cursor) = (fixtures.session(case), fixtures.cursor(case));
        Self { fixtures, case, session, cursor }
    }

    fn body(&self) -> Vec<u8> {
        self.fixtures.body(self.case)
    }

    fn read(&self, body: Vec<u8>) -> Result<Page, Refusal> {
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
        let last = body.iter().rposition(|b| !b.is_ascii_whitespace()).unwrap();
        for cut in 0..=last {
            let page = saved.read(body[..cut].to_vec());
            // Of a feed that breaks off the entries before are good, and newsreaders show them.
            let is_json = b"[{".contains(&body[0]);
            assert!(
                page.is_err() || !is_json,
                "{platform}/{case} cut at {cut} was taken for whole"
            );
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
        // By day every third place, and a few values for each, all of them in turn.
        for (nth, place) in all.iter().enumerate().step_by(rounds(3, 1)) {
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
            for instead in INSTEAD.into_iter().skip(nth / 3 % step).step_by(step) {
                check(instead, marked.replace("\"\\u0001here\\u0001\"", instead));
            }
            for instead in NO_JSON.into_iter().skip(nth / 3 % step).step_by(step) {
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
            for (at, _) in body[start..end].match_indices(['>', '"', '<']) {
                let at = start + at + 1;
                let to = at + body[at..].find(['<', '"', '>']).unwrap();
                for instead in
                    INSTEAD.into_iter().chain(["", "&#0;", "&nope;", "<b>", "</b>", "]]>"])
                {
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

/// A page of one thing repeated, as large as the client lets through: what stands before, the
/// thing, what stands behind.
struct Heavy {
    platform: &'static str,
    case: &'static str,
    pieces: [&'static str; 3],
    /// So often; else as often as it fits.
    times: Option<usize>,
    /// Closes what the thing opens, as often.
    close: &'static str,
}

impl Heavy {
    fn body(&self) -> Vec<u8> {
        const SIZE: usize = 8 << 20;
        let [before, item, after] = self.pieces;
        let room = (SIZE - before.len() - after.len()) / item.len();
        let times = self.times.unwrap_or(room).max(1);
        let many = item.repeat(times);
        let close = self.close.repeat(times);
        format!("{before}{}{close}{after}", many.trim_end_matches(',')).into_bytes()
    }
}

fn heavy() -> Vec<Heavy> {
    let mut all = Vec::new();
    let lists = [
        ("mastodon", "tag-first", "[", "]"),
        ("mastodon", "notifications-first", "[", "]"),
        ("mastodon", "search-first", "{\"statuses\":[", "]}"),
        ("mastodon", "replies-thread-1", "{\"ancestors\":[],\"descendants\":[", "]}"),
        ("bluesky", "notifications-first", "{\"notifications\":[", "]}"),
        ("bluesky", "posts-first", "{\"feed\":[", "]}"),
        ("bluesky", "search-first", "{\"posts\":[", "]}"),
        ("bluesky", "look-thread", "{\"thread\":{\"replies\":[", "]}}"),
        ("feed", "json-first", "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[", "]}"),
        (
            "feed",
            "json-first",
            "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"a\",\"authors\":[",
            "]}]}",
        ),
        (
            "feed",
            "json-first",
            "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":[",
            "]}]}",
        ),
        (
            "mastodon",
            "tag-first",
            "[{\"id\":\"1\",\"uri\":\"https://a.example/1\",\"visibility\":\"public\",\
             \"account\":{\"id\":\"1\",\"acct\":\"a\"},\"mentions\":[",
            "]}]",
        ),
        (
            "bluesky",
            "search-first",
            "{\"posts\":[{\"uri\":\"at://did:plc:a/app.bsky.feed.post/1\",\
             \"author\":{\"did\":\"did:plc:a\",\"handle\":\"a.example\"},\
             \"record\":{\"text\":\"x\",\"facets\":[",
            "]}}]}",
        ),
        (
            "bluesky",
            "search-first",
            "{\"posts\":[{\"uri\":\"at://did:plc:a/app.bsky.feed.post/1\",\
             \"author\":{\"did\":\"did:plc:a\",\"handle\":\"a.example\",\"labels\":[",
            "]},\"record\":{\"text\":\"x\"}}]}",
        ),
        (
            "bluesky",
            "search-first",
            "{\"posts\":[{\"uri\":\"at://did:plc:a/app.bsky.feed.post/1\",\
             \"author\":{\"did\":\"did:plc:a\",\"handle\":\"a.example\"},\
             \"record\":{\"text\":\"x\",\"langs\":[",
            "]}}]}",
        ),
    ];
    let items = [
        "{},",
        "[],",
        "0,",
        "\"\",",
        "{\"id\":\"\",\"acct\":\"\"},",
        "{\"id\":\"1\",\"content_text\":\"x\"},",
        "{\"id\":\"1\",\"uri\":\"x\",\"visibility\":\"public\",\"in_reply_to_id\":\"2\",\
         \"account\":{\"id\":\"1\",\"acct\":\"\"}},",
        "{\"index\":{\"byteStart\":0,\"byteEnd\":1},\"features\":[{}]},",
        "{\"src\":\"\",\"val\":\"\"},",
    ];
    for (n, (platform, case, before, after)) in lists.into_iter().enumerate() {
        for (m, item) in items.into_iter().enumerate() {
            // By day the lightest item, of which there are most, and one other of them all in turn.
            if m == 0 || rounds(usize::from(m == 1 + n % (items.len() - 1)), 1) == 1 {
                let pieces = [before, item, after];
                all.push(Heavy { platform, case, pieces, times: None, close: "" });
            }
        }
    }
    for (platform, case, _) in PAGES {
        for times in [10_000, rounds(10_000, 1_000_000)] {
            for (before, open, close, after) in [
                ("", "[", "]", ""),
                ("", "{\"a\":", "1}", ""),
                ("{\"thread\":", "{\"parent\":", "1}", "}"),
                ("{\"thread\":", "{\"replies\":[", "]}", "}"),
                ("[{\"id\":\"1\",\"status\":", "[", "]", "}]"),
                ("<a>", "<a>", "</a>", "</a>"),
                (
                    "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><content type=\"xhtml\">",
                    "<div>",
                    "</div>",
                    "</content></entry></feed>",
                ),
            ] {
                let pieces = [before, open, after];
                all.push(Heavy { platform, case, pieces, times: Some(times), close });
            }
        }
    }
    for pieces in [["", "[", ""], ["\"", "x", "\""], ["", "9", ""]] {
        for (platform, case) in [("mastodon", "tag-first"), ("feed", "json-first")] {
            all.push(Heavy { platform, case, pieces, times: None, close: "" });
        }
    }
    let rss = ("<rss version=\"2.0\"><channel>", "</channel></rss>");
    let atom = ("<feed xmlns=\"http://www.w3.org/2005/Atom\">", "</feed>");
    for (before, item, after) in [
        (rss.0, "<item/>", rss.1),
        (rss.0, "<item><title>x</title></item>", rss.1),
        (rss.0, "<category>x</category>", rss.1),
        (rss.0, "<item><category/>", rss.1),
        (
            "<rss version=\"2.0\"><channel><item>",
            "<category>x</category>",
            "</item></channel></rss>",
        ),
        (
            "<rss version=\"2.0\"><channel><item>",
            "<enclosure url=\"\"/>",
            "</item></channel></rss>",
        ),
        (
            "<rss version=\"2.0\" xmlns:m=\"http://search.yahoo.com/mrss/\"><channel><item>",
            "<m:content/>",
            "</item></channel></rss>",
        ),
        (atom.0, "<entry/>", atom.1),
        (atom.0, "<author/>", atom.1),
        (atom.0, "<link href=\"\"/>", atom.1),
        ("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>", "<author/>", "</entry></feed>"),
        (
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>",
            "<link href=\"a\"/>",
            "</entry></feed>",
        ),
        (
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>",
            "<category term=\"\"/>",
            "</entry></feed>",
        ),
        ("<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\">", "<a:entry/>", "</a:feed>"),
        ("<rss version=\"2.0\"><channel><item ", "a=\"\" ", "/></channel></rss>"),
        (
            "<rss version=\"2.0\"><channel><item><description>",
            "&amp;",
            "</description></item></channel></rss>",
        ),
        (
            "<rss version=\"2.0\"><channel><item><description>",
            "&lt;b&gt;",
            "</description></item></channel></rss>",
        ),
        (
            "<rss version=\"2.0\"><channel><item><description><![CDATA[",
            "<b>",
            "]]></description></item></channel></rss>",
        ),
        ("<!DOCTYPE rss [<!ENTITY a \"", "&a;&a;&a;&a;", "\">]><rss><channel/></rss>"),
        ("<a>", "<a>", ""),
        (
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><content type=\"xhtml\">",
            "<div>",
            "",
        ),
        ("<rss version=\"2.0\"><channel><item><title>", "<b>", ""),
        ("<rss version=\"2.0\"><channel><item>", "<item>", ""),
        ("<rss version=\"2.0\"><channel>", "<channel>", ""),
    ] {
        let pieces = [before, item, after];
        all.push(Heavy { platform: "feed", case: "rss-first", pieces, times: None, close: "" });
    }
    all
}

#[test]
fn endless_and_deep_pages_are_read_within_64_mib() {
    const TEST: &str = "faults::f10_malformed::endless_and_deep_pages_are_read_within_64_mib";
    let grown = growth(TEST, || {
        for heavy in heavy() {
            let saved = Saved::new(heavy.platform, heavy.case);
            let body = heavy.body();
            let size = body.len();
            let before = forget_peak();
            let page = saved.read(body);
            let grown = peak().saturating_sub(before);
            let what =
                format!("{}/{}: {:?} in {size} bytes", heavy.platform, heavy.case, heavy.pieces);
            let read = page.as_ref().map(|p| (p.readings.len(), p.spoiled.len()));
            println!("{} KiB: {what}: {read:?}", grown >> 10);
            assert!(grown <= 64 << 20, "{what} takes {} MiB", grown >> 20);
        }
    });
    if let Some(grown) = grown {
        println!("grown by {} MiB in all", grown >> 20);
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

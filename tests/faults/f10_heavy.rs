//! F10: pages that are deep or endless: no panic, at most 64 MiB more memory.
//!
//! By day bodies of 256 KiB may take little more than a quarter of that, for a feed is read up to so
//! many tags; those of 10^6 elements, and by night the largest that the client lets through, all of
//! it.

use super::f10_malformed::{PAGES, Saved};
use super::rounds;
use crate::alone::{forget_peak, growth, peak};

/// The most that memory may grow.
const MOST: u64 = 64 << 20;

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
        let size = rounds(256 << 10, 8 << 20);
        let [before, item, after] = self.pieces;
        let room = (size - before.len() - after.len()) / item.len();
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
    for (n, (platform, case, before, after)) in lists.iter().copied().enumerate() {
        for (m, item) in items.into_iter().enumerate() {
            // By day the lightest item, of which there are most, and one other of them all in turn.
            if m == 0 || rounds(usize::from(m == 1 + n % (items.len() - 1)), 1) == 1 {
                let pieces = [before, item, after];
                all.push(Heavy { platform, case, pieces, times: None, close: "" });
            }
        }
    }
    for (platform, case, _) in PAGES {
        for times in [10_000, 1_000_000].into_iter().take(rounds(1, 2)) {
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
    for (platform, case, before, after) in [lists[1], lists[5], lists[8]] {
        let pieces = [before, "0,", after];
        all.push(Heavy { platform, case, pieces, times: Some(1_000_000), close: "" });
    }
    // As many of what takes most as are read, and as many as are not.
    for times in [199_000, 400_000] {
        let pieces = [
            "<rss version=\"2.0\"><channel><item>",
            "<enclosure url=\"\"/>",
            "</item></channel></rss>",
        ];
        all.push(Heavy {
            platform: "feed",
            case: "rss-first",
            pieces,
            times: Some(times),
            close: "",
        });
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
    const TEST: &str = "faults::f10_heavy::endless_and_deep_pages_are_read_within_64_mib";
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
            // What the allocator takes at once does not shrink with the body.
            let most = if size > 1 << 20 { MOST } else { MOST / 4 + (4 << 20) };
            assert!(grown <= most, "{what} takes {} MiB", grown >> 20);
        }
    });
    if let Some(grown) = grown {
        // The body itself, and the one that it is written from, count here.
        println!("grown by {} MiB in all", grown >> 20);
        assert!(grown <= MOST + (24 << 20), "grown by {} MiB in all", grown >> 20);
    }
}

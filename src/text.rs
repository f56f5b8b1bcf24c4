//! Remote HTML to plain text, and text cut and cleaned for display: one place for all platforms.
//!
//! Nothing here trusts its input: it is capped in bytes and in tags, read with an HTML parser, and
//! walked without recursion. What the text means is left to others; so is escaping it.

mod quick;

use scraper::{Html, Node};
use unicode_segmentation::UnicodeSegmentation;

/// Bytes of HTML that are read; the rest is cut off.
const MAX_BYTES: usize = 256 * 1024;

/// Tags that are read. The parser looks through all open elements for some of them, so its time
/// grows with their square.
const MAX_TAGS: usize = 4096;

/// The plain text of a piece of HTML: paragraphs and line breaks become newlines, entities
/// characters, shortened links their address; scripts and styles are left out.
pub fn plain(html: &str) -> String {
    plain_with(html, &|_| None)
}

/// As [`plain`], but asks `link` for the words that stand for the link to an address; `None`
/// leaves the link as it is.
pub fn plain_with(html: &str, link: &dyn Fn(&str) -> Option<String>) -> String {
    let html = capped(html);
    if !html.contains(['<', '&']) {
        return tidy(html);
    }
    quick::plain(html, link).unwrap_or_else(|| by_tree(html, link))
}

fn by_tree(html: &str, link: &dyn Fn(&str) -> Option<String>) -> String {
    let tree = Html::parse_fragment(html);
    let mut out = Lines::default();
    let mut pre = 0_u32;
    let root = tree.tree.root();
    let mut node = root;
    // By hand, not by recursion: strangers decide how deep it goes.
    loop {
        if enter(node, &mut out, &mut pre, link)
            && let Some(child) = node.first_child()
        {
            node = child;
            continue;
        }
        loop {
            leave(node, &mut out, &mut pre);
            if node == root {
                return out.text;
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else { return out.text };
            node = parent;
        }
    }
}

/// A place in the tree, named by way of what scraper gives out.
type Place<'a> = <scraper::ElementRef<'a> as std::ops::Deref>::Target;

/// Writes what a node begins with; `false`: what is inside it is not read.
fn enter(
    node: Place<'_>,
    out: &mut Lines,
    pre: &mut u32,
    link: &dyn Fn(&str) -> Option<String>,
) -> bool {
    let element = match node.value() {
        Node::Text(text) => {
            out.words(&text.text, *pre > 0);
            return false;
        }
        Node::Element(element) => element,
        other => return matches!(other, Node::Document | Node::Fragment),
    };
    let name = element.name();
    *pre += u32::from(name == "pre");
    if is_silent(name) {
        return false;
    }
    out.border(border(name));
    match name {
        "br" => out.new_line(),
        "li" => out.words("- ", false),
        "a" => {
            let words = element.attr("href").and_then(|href| {
                link(href).or_else(|| (is_cut(node) && is_web(href)).then(|| href.to_owned()))
            });
            if let Some(words) = words {
                out.words(&words, false);
                return false;
            }
        }
        _ => {}
    }
    true
}

fn leave(node: Place<'_>, out: &mut Lines, pre: &mut u32) {
    if let Node::Element(element) = node.value() {
        *pre -= u32::from(element.name() == "pre");
        out.border(border(element.name()));
    }
}

/// Whether a link shows only a part of its address.
fn is_cut(link: Place<'_>) -> bool {
    link.descendants()
        .filter_map(|n| n.value().as_element())
        .any(|e| e.classes().any(|class| class == "invisible" || class == "ellipsis"))
}

/// At most `max` grapheme clusters of a text; a cut is marked with `…`, which counts as one. Long
/// runs of combining marks count for what they take up, so the bytes are bounded too.
pub fn snippet(text: &str, max: usize) -> String {
    const BYTES_EACH: usize = 32;
    let text = text.trim();
    let room = max.saturating_mul(BYTES_EACH);
    // No more clusters than characters, which are counted faster.
    let whole = text.len() <= room
        && (text.chars().nth(max).is_none() || text.graphemes(true).nth(max).is_none());
    if whole || max == 0 {
        return if max == 0 { String::new() } else { text.to_owned() };
    }
    let mut cut = String::new();
    for grapheme in text.graphemes(true).take(max - 1) {
        if cut.len() + grapheme.len() > room {
            break;
        }
        cut.push_str(grapheme);
    }
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// How many marks may sit on one letter, and joiners stand in a row. No script needs more; towers of
/// marks cover other lines.
const MARKS: u32 = 6;

/// A text as one line that cannot disturb what stands around it: no control characters, nothing
/// that is invisible or turns the direction of writing, no towers of marks, single spaces.
pub fn clean_line(text: &str) -> String {
    clean(text.chars(), text.len())
}

/// As [`clean_line`], and at most `limit` characters: cut at a letter's border, behind a whole word
/// where that costs little, and marked with `…`.
pub fn line(text: &str, limit: usize) -> String {
    // Enough to fill any limit; a megabyte in a name is not worth walking through.
    let most = limit.saturating_mul(8).max(1_000);
    let line = clean(text.chars().take(most), text.len().min(most));
    if line.chars().nth(limit).is_none() {
        return line;
    }
    let mut short = String::new();
    let mut length = 0;
    for letter in line.graphemes(true) {
        length += letter.chars().count();
        if length >= limit {
            break;
        }
        short.push_str(letter);
    }
    let words = match short.rfind(' ') {
        // A whole word at the end reads better, where the script has spaces.
        Some(at) if at * 4 > short.len() * 3 => &short[..at],
        _ => short.as_str(),
    };
    format!("{}…", words.trim_end())
}

fn clean(chars: impl Iterator<Item = char>, size: usize) -> String {
    let mut line = String::with_capacity(size);
    let (mut space, mut marks) = (false, 0);
    for c in chars {
        if c.is_whitespace() || c.is_control() {
            space = true;
            continue;
        }
        if is_hidden(c) {
            continue;
        }
        let starts = space || line.is_empty();
        if is_joiner(c) && starts {
            // There is nothing to join, and a name of nothing else would be empty to the eye.
            continue;
        }
        marks = if is_mark(c) || is_joiner(c) { marks + 1 } else { 0 };
        if marks > MARKS {
            continue;
        }
        if space && !line.is_empty() {
            line.push(' ');
        }
        space = false;
        line.push(c);
    }
    line
}

/// Reorders text, hides it, or stands for nothing.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{f0000}'..='\u{10ffff}')
}

/// Joiners of emoji and of Persian, and what chooses between shapes: invisible, but they stay.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Whether an address is one of the web, and so may be shown in place of a link's words.
pub fn is_web(address: &str) -> bool {
    let start = address.get(..8).or_else(|| address.get(..7)).unwrap_or("").to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

fn capped(html: &str) -> &str {
    let html = &html[..html.floor_char_boundary(MAX_BYTES)];
    match html.match_indices('<').nth(MAX_TAGS) {
        Some((at, _)) => &html[..at],
        None => html,
    }
}

fn is_silent(name: &str) -> bool {
    const SILENT: [&str; 10] = [
        "script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head",
        "title",
    ];
    SILENT.contains(&name)
}

/// How many newlines stand at least between an element and its neighbours.
fn border(name: &str) -> u8 {
    match name {
        "p" | "blockquote" | "pre" | "ul" | "ol" | "table" | "hr" | "h1" | "h2" | "h3" | "h4"
        | "h5" | "h6" => 2,
        "div" | "li" | "tr" | "dt" | "dd" | "section" | "article" | "header" | "footer"
        | "figure" => 1,
        _ => 0,
    }
}

/// Plain text that never was HTML: spaces put in order, its own line breaks kept.
fn tidy(text: &str) -> String {
    let mut out = Lines::default();
    out.words(text, true);
    out.text
}

/// Text being written, with spaces and line breaks put in order: never two spaces or three newlines
/// in a row, none at the ends.
#[derive(Default)]
struct Lines {
    text: String,
    space: bool,
    lines: u8,
}

impl Lines {
    /// A line break; two make an empty line, more make no more.
    fn new_line(&mut self) {
        self.lines = (self.lines + 1).min(2);
    }

    /// The border of a block: borders that meet fall together.
    fn border(&mut self, lines: u8) {
        self.lines = self.lines.max(lines);
    }

    fn words(&mut self, words: &str, keep_lines: bool) {
        for c in words.chars() {
            if c == '\n' && keep_lines {
                self.new_line();
            } else if c.is_whitespace() {
                self.space = true;
            } else if !c.is_control() {
                if self.text.is_empty() {
                    // Nothing stands before it that it would have to be kept apart from.
                } else if self.lines > 0 {
                    self.text.extend(std::iter::repeat_n('\n', usize::from(self.lines)));
                } else if self.space {
                    self.text.push(' ');
                }
                (self.space, self.lines) = (false, 0);
                self.text.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_becomes_the_text_a_person_would_read() {
        for (case, html, wanted) in [
            ("paragraphs part by an empty line", "<p>One</p><p>Two</p>", "One\n\nTwo"),
            ("a break is a newline", "one<br>two<br/>three", "one\ntwo\nthree"),
            (
                "two breaks are an empty line, five no more",
                "a<br><br>b<br><br><br><br><br>c",
                "a\n\nb\n\nc",
            ),
            ("a break at the end of a paragraph adds nothing", "<p>a<br></p><p>b</p>", "a\n\nb"),
            (
                "entities are characters",
                "<p>Tom &amp; J&eacute;r&#244;me &lt;3</p>",
                "Tom & Jérôme <3",
            ),
            ("spaces fall together", "  a \n\t b&nbsp; c ", "a b c"),
            (
                "a mention keeps its words",
                r#"<a href="https://h.example/@b" class="u-url mention">@<span>b</span></a> hi"#,
                "@b hi",
            ),
            (
                "a shortened link is its address",
                r#"see <a href="https://x.example/a/b?c=1"><span class="invisible">https://</span><span class="ellipsis">x.example/a</span><span class="invisible">/b?c=1</span></a>!"#,
                "see https://x.example/a/b?c=1!",
            ),
            (
                "a shortened link to a script keeps its words",
                r#"<a href="javascript:alert(1)"><span class="ellipsis">x</span></a>"#,
                "x",
            ),
            (
                "a link with words keeps its words",
                r#"<a href="https://x.example">here</a>"#,
                "here",
            ),
            (
                "scripts and styles are not text",
                "a<script>evil()</script><style>p{}</style>b<!-- c -->",
                "ab",
            ),
            ("a list", "<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter"),
            ("pre keeps its lines", "<pre>a\n  b</pre>", "a\nb"),
            ("what was no HTML keeps its lines", "a\nb\r\n\r\n\r\nc  d", "a\nb\n\nc d"),
            ("a lone bracket is text", "5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
            ("unclosed tags", "<p>a<b>b<p>c", "ab\n\nc"),
            ("an attribute that is cut off", "a <a href=\"https://x", "a"),
            ("nothing", "", ""),
            ("nothing but tags", "<p></p><br>", ""),
        ] {
            assert_eq!(plain(html), wanted, "{case}");
        }
    }

    #[test]
    fn a_link_can_be_given_other_words() {
        let html =
            r#"<p><a href="https://h.example/@b">@b</a> <a href="https://x.example">x</a></p>"#;
        let words = |href: &str| href.ends_with("@b").then(|| "@b@h.example".to_owned());
        assert_eq!(plain_with(html, &words), "@b@h.example x");
    }

    #[test]
    fn deep_and_long_input_ends_soon() {
        for piece in
            ["<div>", "<b>", "<p><b><i>", "<a href=x>", "<table><tr><td>", "&amp;", "<", "x"]
        {
            let text = plain(&piece.repeat(2_000_000 / piece.len()));
            assert!(text.len() <= MAX_BYTES, "{piece}");
        }
    }

    #[test]
    fn a_snippet_is_cut_between_what_a_person_sees_as_characters() {
        for (case, text, max, wanted) in [
            ("short text stays", "abc", 3, "abc"),
            ("the mark counts as one", "abcd", 3, "ab…"),
            ("a family is one character", "👩‍👩‍👧‍👧👩‍👩‍👧‍👧👩‍👩‍👧‍👧", 2, "👩‍👩‍👧‍👧…"),
            ("a flag is one character", "🇸🇪🇸🇪🇸🇪", 2, "🇸🇪…"),
            ("accents stay with their letter", "e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("no space before the mark", "ab cd", 4, "ab…"),
            ("nothing", "", 5, ""),
            ("no room", "abc", 0, ""),
        ] {
            assert_eq!(snippet(text, max), wanted, "{case}");
        }
        let pile = format!("a{}", "\u{301}".repeat(10_000));
        assert!(snippet(&pile, 10).len() < 400, "a pile of accents is bounded");
    }

    #[test]
    fn a_clean_line_cannot_disturb_its_surroundings() {
        for (case, text, wanted) in [
            ("newlines", "a\r\nBcc: b\u{2028}c", "a Bcc: b c"),
            ("controls", "a\u{0}\u{1b}[31mb\u{7f}", "a [31mb"),
            ("overrides of direction", "\u{202e}evil\u{202c}\u{2066}x\u{2069}", "evilx"),
            ("joiners stay", "👩‍👧 می\u{200c}خواهم ❤\u{fe0f}", "👩‍👧 می\u{200c}خواهم ❤\u{fe0f}"),
            ("but not where they join nothing", "\u{200d}\u{200c} \u{fe0f}a", "a"),
            (
                "towers of marks end",
                &format!("e{}x", "\u{301}".repeat(500)),
                "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}x",
            ),
            ("spaces", "  a  b ", "a b"),
        ] {
            assert_eq!(clean_line(text), wanted, "{case}");
        }
    }

    #[test]
    fn a_short_line_keeps_whole_letters_and_where_it_can_whole_words() {
        for (why, text, limit, wanted) in [
            ("a word", "the parcel never arrived at all", 22, "the parcel never…"),
            ("no spaces", "送り状が届かないので連絡してください", 6, "送り状が届…"),
            ("a family", "👩\u{200d}🚒👩\u{200d}🚒👩\u{200d}🚒", 5, "👩\u{200d}🚒…"),
            ("in a word", "abcdefgh", 5, "abcd…"),
            ("it fits", "abc", 3, "abc"),
            ("no room", "abc", 0, "…"),
        ] {
            assert_eq!(line(text, limit), wanted, "{why}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_within_its_limit(text in any::<String>(), limit in 1_usize..200) {
            let line = line(&text, limit);
            prop_assert!(line.chars().count() <= limit, "{line:?}");
            prop_assert!(!line.contains(char::is_control) && line.trim() == line);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), max in 0_usize..50) {
            let text = String::from_utf8_lossy(&bytes);
            let read = plain(&text);
            prop_assert!(!read.contains("\n\n\n") && !read.contains("  "));
            prop_assert!(snippet(&read, max).graphemes(true).count() <= max);
            prop_assert!(!clean_line(&text).contains(char::is_control));
        }

        #[test]
        fn no_markup_makes_it_panic(html in "(<(p|br|a href=\"http://x\"|span class=\"invisible\"|/p|/a|pre|/pre|li|script|!--|/b)>|&[a-z]{1,5};|[a-z <>\n]{1,4}){0,40}") {
            let read = plain(&html);
            prop_assert_eq!(read.trim(), read.as_str());
        }
    }
}

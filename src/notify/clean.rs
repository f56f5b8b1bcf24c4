//! Makes text from strangers safe to put into a mail: what it may contain, not how it is escaped.

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

/// How many marks may sit on one letter. No script needs more; towers of them cover other lines.
const MARKS: usize = 6;

/// Text on one line: no control characters, nothing invisible that reorders or hides, single spaces,
/// cut at a letter's border with an ellipsis.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let mut kept = String::new();
    let mut marks = 0;
    // Enough to fill any limit; a megabyte in a name is not worth walking through.
    for c in text.chars().take(limit.saturating_mul(8).max(1_000)) {
        if c.is_control() || c.is_whitespace() {
            if !kept.is_empty() && !kept.ends_with(' ') {
                kept.push(' ');
            }
            continue;
        }
        if is_hidden(c) {
            continue;
        }
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if marks <= MARKS {
            kept.push(c);
        }
    }
    cut(kept.trim_end(), limit)
}

/// A person's words on one line, without the handles they are addressed to: those say nothing new,
/// and cost a third of what fits.
pub(crate) fn quote(text: &str, limit: usize) -> String {
    let mut rest = text.trim_start();
    while rest.starts_with('@') {
        let Some(end) = rest.find(char::is_whitespace) else { break };
        rest = rest[end..].trim_start();
    }
    line(rest, limit)
}

fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut length = 0;
    for letter in text.graphemes(true) {
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
    format!("{}\u{2026}", words.trim_end())
}

/// Reorders text, hides it, or stands for nothing. Joiners stay: emoji and some scripts need them.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{f0000}'..='\u{10ffff}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// A permalink that may be linked: http or https, with a host, without a login in it, and not
/// longer than a mail can bear.
pub(crate) fn permalink(text: &str) -> Option<Url> {
    const LONGEST: usize = 1_000;
    let url = Url::parse(text.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let has_login = !url.username().is_empty() || url.password().is_some();
    (is_web && !has_login && url.as_str().len() <= LONGEST).then_some(url)
}

/// The subject: one line of at most 120 characters.
pub(crate) fn subject(text: &str) -> String {
    line(text, 120)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quote_begins_with_what_is_said() {
        for (text, wanted) in [
            ("@acme@home.example  my parcel", "my parcel"),
            ("@acme @bo same here @acme", "same here @acme"),
            ("@acme", "@acme"),
            ("no handle", "no handle"),
        ] {
            assert_eq!(quote(text, 80), wanted);
        }
    }

    #[test]
    fn strangers_cannot_break_lines_or_reorder_them() {
        for (what, text, wanted) in [
            ("line breaks become spaces", "Evil\r\nBcc: x", "Evil Bcc: x"),
            ("overrides vanish", "abc\u{202e}fdp.exe\u{2066}", "abcfdp.exe"),
            ("line separators are spaces", "a\u{2028}b\u{2029}c", "a b c"),
            ("NUL and escape become spaces", "a\0\u{1b}[31mb", "a [31mb"),
            ("joined emoji stay whole", "👩\u{200d}🚒 thanks", "👩\u{200d}🚒 thanks"),
            ("spaces at the ends go", "  a \t b  ", "a b"),
        ] {
            assert_eq!(line(text, 80), wanted, "{what}");
        }
        let tower = format!("e{}x", "\u{301}".repeat(500));
        assert_eq!(line(&tower, 80), format!("e{}x", "\u{301}".repeat(6)), "towers of marks end");
    }

    #[test]
    fn a_cut_keeps_whole_letters_and_where_it_can_whole_words() {
        assert_eq!(line("the parcel never arrived at all", 22), "the parcel never\u{2026}");
        assert_eq!(line("送り状が届かないので連絡してください", 6), "送り状が届\u{2026}");
        assert_eq!(line("👩\u{200d}🚒👩\u{200d}🚒👩\u{200d}🚒", 5), "👩\u{200d}🚒\u{2026}");
    }

    #[test]
    fn only_web_links_are_links() {
        for (text, wanted) in [
            ("https://example.social/@ada/1", true),
            ("http://example.social/1", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("https://bank.example@evil.example/", false),
            ("/relative", false),
            ("", false),
        ] {
            assert_eq!(permalink(text).is_some(), wanted, "{text}");
        }
        assert!(permalink(&format!("https://a.example/{}", "x".repeat(2_000))).is_none());
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_within_its_limit(text in any::<String>(), limit in 1_usize..200) {
            let line = line(&text, limit);
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert!(line.chars().count() <= limit);
        }
    }
}

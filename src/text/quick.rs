//! The HTML that microblogs send, read in one pass: paragraphs, breaks, links and spans, well nested.
//!
//! Nearly every post is of this kind, and a tree costs ten times its text. Whatever is not plainly of
//! this kind is left to the parser, so that both always come to the same.

use super::{Lines, border, is_web};

/// One piece of markup or text.
enum Piece<'a> {
    Text(&'a str),
    Char(char),
    Open(&'a str, Attributes<'a>),
    Close(&'a str),
}

#[derive(Clone, Copy, Default)]
struct Attributes<'a> {
    href: Option<&'a str>,
    class: Option<&'a str>,
}

impl Attributes<'_> {
    fn hides(&self) -> bool {
        let mut classes = self.class.unwrap_or_default().split_ascii_whitespace();
        classes.any(|class| class == "invisible" || class == "ellipsis")
    }
}

/// The plain text, or `None` if this is for the parser. See [`super::plain_with`].
pub fn plain(html: &str, link: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    // The parser leaves out a mark of byte order.
    if html.starts_with('\u{feff}') {
        return None;
    }
    let mut out = Lines::default();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    // Inside a link whose words were replaced.
    let mut silent = false;
    while !rest.is_empty() {
        let (piece, after) = piece(rest)?;
        rest = after;
        match piece {
            Piece::Text(words) if !silent => out.words(words, false),
            Piece::Char(c) if !silent => out.words(c.encode_utf8(&mut [0; 4]), false),
            Piece::Text(_) | Piece::Char(_) => {}
            Piece::Open("br", _) => {
                if !silent {
                    out.new_line();
                }
            }
            Piece::Open(name, attributes) => {
                let is_misplaced = match name {
                    "p" => !open.is_empty(),
                    "a" => open.contains(&"a"),
                    _ => open.len() > 8,
                };
                if is_misplaced {
                    return None;
                }
                open.push(name);
                out.border(border(name));
                if let Some(href) = attributes.href.filter(|_| name == "a") {
                    let words = link(href)
                        .or_else(|| (is_web(href) && is_cut(rest)?).then(|| href.to_owned()));
                    if let Some(words) = words {
                        out.words(&words, false);
                        silent = true;
                    }
                }
            }
            Piece::Close(name) => {
                if open.pop() != Some(name) {
                    return None;
                }
                silent &= name != "a";
                out.border(border(name));
            }
        }
    }
    open.is_empty().then_some(out.text)
}

/// Whether what is inside a link shows only a part of its address.
fn is_cut(mut rest: &str) -> Option<bool> {
    loop {
        let (piece, after) = piece(rest)?;
        match piece {
            Piece::Close("a") => return Some(false),
            Piece::Open(_, attributes) if attributes.hides() => return Some(true),
            _ => rest = after,
        }
    }
}

/// The piece that comes first, and what is behind it.
fn piece(rest: &str) -> Option<(Piece<'_>, &str)> {
    match rest.as_bytes().first()? {
        b'<' => tag(&rest[1..]),
        b'&' => {
            const NAMED: [(&str, char); 7] = [
                ("&amp;", '&'),
                ("&lt;", '<'),
                ("&gt;", '>'),
                ("&quot;", '"'),
                ("&#39;", '\''),
                ("&apos;", '\''),
                ("&nbsp;", '\u{a0}'),
            ];
            let (name, c) = NAMED.into_iter().find(|(name, _)| rest.starts_with(name))?;
            Some((Piece::Char(c), &rest[name.len()..]))
        }
        _ => {
            let end = rest.find(['<', '&', '\0']).unwrap_or(rest.len());
            (end > 0).then(|| (Piece::Text(&rest[..end]), &rest[end..]))
        }
    }
}

fn tag(rest: &str) -> Option<(Piece<'_>, &str)> {
    let (inside, after) = rest.split_once('>')?;
    if let Some(name) = inside.strip_prefix('/') {
        return matches!(name, "p" | "a" | "span").then_some((Piece::Close(name), after));
    }
    let (name, attributes) = match inside.split_once(' ') {
        Some((name, attributes)) => (name, attributes),
        None => (inside.strip_suffix('/').filter(|name| *name == "br").unwrap_or(inside), ""),
    };
    let attributes = match (name, attributes) {
        ("br", "" | "/") => Attributes::default(),
        ("p" | "a" | "span", attributes) => read(attributes)?,
        _ => return None,
    };
    Some((Piece::Open(name, attributes), after))
}

/// Attributes of the form `name="value"`, one space between two of them; the first of a name counts.
fn read(mut rest: &str) -> Option<Attributes<'_>> {
    let mut all = Attributes::default();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if name.is_empty() || !is_plain || value.contains(['&', '<', '\0', '\r']) {
            return None;
        }
        match name {
            "href" => all.href = all.href.or(Some(value)),
            "class" => all.class = all.class.or(Some(value)),
            _ => {}
        }
        rest = match after.strip_prefix(' ') {
            Some(next) if !next.is_empty() => next,
            None if after.is_empty() => after,
            _ => return None,
        };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{by_tree, capped};

    #[test]
    fn what_microblogs_send_needs_no_parser() {
        for html in [
            "<p>One</p><p>Two &amp; three<br>four<br />five</p>",
            r#"<p><span class="h-card" translate="no"><a href="https://h.example/@b" class="u-url mention">@<span>b</span></a></span> it&#39;s broken</p>"#,
            r##"<p><a href="https://h.example/tags/x" class="mention hashtag" rel="tag">#<span>x</span></a></p>"##,
            r#"see <a href="https://x.example/a?c=1" rel="nofollow noopener" target="_blank"><span class="invisible">https://</span><span class="ellipsis">x.example/a</span><span class="invisible">?c=1</span></a>!"#,
        ] {
            assert_eq!(super::plain(html, &|_| None), Some(by_tree(html, &|_| None)), "{html}");
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z é\n]{0,5}",
            Just("<p>".to_owned()),
            Just("</p>".to_owned()),
            Just("<br>".to_owned()),
            Just("<br/>".to_owned()),
            Just("<br />".to_owned()),
            Just("</br>".to_owned()),
            Just("<a href=\"https://x.example\" rel=\"tag\">".to_owned()),
            Just("<a href=\"mailto:x\">".to_owned()),
            Just("<a href='https://x.example'>".to_owned()),
            Just("<a>".to_owned()),
            Just("</a>".to_owned()),
            Just("<span class=\"a invisible\">".to_owned()),
            Just("<span>".to_owned()),
            Just("</span>".to_owned()),
            Just("<a href=\"https://y.example/?a&amp;b\">".to_owned()),
            Just("<a title=\">\" href=\"http://z.example\">".to_owned()),
            Just("<!-- x -->".to_owned()),
            Just("<div>".to_owned()),
            Just("<p/>".to_owned()),
            Just("\u{0}".to_owned()),
            Just("\r".to_owned()),
            Just("&amp;lt;".to_owned()),
            Just("&#39;".to_owned()),
            Just("&amp".to_owned()),
            Just("&eacute;".to_owned()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_says_what_the_parser_says(pieces in proptest::collection::vec(piece(), 0..9), is_known in any::<bool>()) {
            let html = pieces.concat();
            let link = |href: &str| (is_known && href.contains("x.example")).then(|| "@x".to_owned());
            let html = capped(&html);
            if let Some(quick) = super::plain(html, &link) {
                prop_assert_eq!(quick, by_tree(html, &link), "{}", html);
            }
        }

        #[test]
        fn it_says_so_of_what_is_well_nested(pieces in proptest::collection::vec((0..6_usize, "[a-z &<>\n]{0,6}"), 0..9)) {
            let part = |(kind, words): &(usize, String)| {
                let words = words.replace('&', "&amp;").replace('<', "&lt;");
                match kind {
                    0 => format!("<p>{words}<br>{words}</p>"),
                    1 => format!("<p class=\"x\"><a href=\"https://x.example/{kind}\"><span class=\"ellipsis\">{words}</span></a></p>"),
                    2 => format!("<span><a href=\"#\">{words}</a></span>"),
                    3 => format!("<p><span class=\"h-card\"><a href=\"https://x.example\">{words}</a></span>{words}</p>"),
                    4 => "<br><br />".to_owned(),
                    _ => words,
                }
            };
            let html: String = pieces.iter().map(part).collect();
            let quick = super::plain(&html, &|_| None);
            prop_assert_eq!(quick, Some(by_tree(&html, &|_| None)), "{}", html);
        }
    }
}

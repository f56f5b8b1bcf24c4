//! Hashtags: words written together, of which a name may be one.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::letters::plain;
use super::needle::Form;

/// A hashtag of a text.
pub(super) struct Tag {
    /// Without `#`, in plain form.
    body: String,
    /// Where words begin inside it by their capitals, as bytes of `body`.
    humps: Vec<usize>,
    /// Body and `#` in the plain text.
    pub place: Range<usize>,
}

impl Tag {
    /// Whether it names somebody: it is the name, or begins with it at a capital (`#AcmeFail`), or
    /// the rest is one of the words that are hung onto names (`#acmefail`).
    pub(super) fn names(&self, name: &str) -> bool {
        if let Some(rest) = self.body.strip_prefix(name) {
            return rest.is_empty() || self.humps.contains(&name.len()) || TAILS.contains(&rest);
        }
        self.body.strip_suffix(name).is_some_and(|head| HEADS.contains(&head))
    }
}

/// No hashtag of people is longer.
const LONGEST_TAG: usize = 100;

/// The hashtags of a text; `original` still has its capitals.
pub(super) fn tags(original: &str, plain_text: &str) -> Vec<Tag> {
    let is_sign = |c: char| matches!(c, '#' | '＃' | '﹟');
    let is_inner = |c: char| c.is_alphanumeric() || c == '_' || is_combining_mark(c);
    let length = |text: &str| text.find(|c| !is_inner(c)).unwrap_or(text.len());
    let mut written = original.match_indices(is_sign).map(|(at, sign)| {
        let rest = &original[at + sign.len()..];
        &rest[..length(rest)]
    });
    let mut all = Vec::new();
    for (at, _) in plain_text.match_indices('#') {
        let written = written.next().unwrap_or_default();
        let rest = &plain_text[at + 1..];
        let body = &rest[..length(rest)];
        if body.is_empty() || body.len() > 4 * LONGEST_TAG || body.chars().count() > LONGEST_TAG {
            continue;
        }
        let is_same = written.len() <= 4 * body.len() && plain(written) == body;
        let humps = if is_same { humps(written) } else { Vec::new() };
        let form = Form::new(body);
        let body = form.text().to_owned();
        all.push(Tag { place: at..at + 1 + length(rest), body, humps });
    }
    all
}

/// Where the words of a hashtag begin, as bytes of its compared form.
fn humps(tag: &str) -> Vec<usize> {
    let letters: Vec<(usize, char)> = tag.char_indices().collect();
    let mut all = Vec::new();
    for (index, (at, c)) in letters.iter().enumerate().skip(1) {
        let before = letters[index - 1].1;
        let next = letters.get(index + 1).map(|(_, c)| *c);
        let is_hump = (c.is_uppercase() && !before.is_uppercase())
            || (c.is_uppercase() && next.is_some_and(char::is_lowercase))
            || (c.is_numeric() != before.is_numeric())
            || *c == '_';
        if is_hump {
            all.push(Form::new(&plain(&tag[..*at])).text().len());
        }
    }
    all
}

/// What people hang onto a name in a hashtag that is written in small letters.
const TAILS: &[&str] = &[
    "fail",
    "fails",
    "fail2026",
    "failed",
    "sucks",
    "suck",
    "down",
    "outage",
    "scam",
    "scammers",
    "fraud",
    "shame",
    "boycott",
    "support",
    "help",
    "care",
    "service",
    "customerservice",
    "complaint",
    "complaints",
    "refund",
    "app",
    "love",
    "estafa",
    "arnaque",
    "betrug",
    "truffa",
    "golpe",
    "panne",
    "caido",
    "caida",
    "störung",
    "störungen",
    "kundenservice",
    "kundtjänst",
    "oszustwo",
    "rezalet",
    "boykot",
];

/// What people put in front of it.
const HEADS: &[&str] = &[
    "boycott",
    "boykott",
    "boykot",
    "boicot",
    "boicotta",
    "boicote",
    "boycottez",
    "bojkotta",
    "bojkot",
    "ilove",
    "ihate",
    "hate",
    "love",
    "fuck",
    "never",
    "stop",
    "cancel",
    "delete",
    "shameon",
    "thanks",
    "nie",
    "niewieder",
    "plusjamais",
    "nuncamas",
];

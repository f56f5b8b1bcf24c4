//! What a mail shows, as blocks: the HTML and the text part are two renderings of the same page, so
//! they cannot say different things.

use std::fmt;

use askama::Template;

use super::clean;
use super::plain;

/// A mail ready for the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// One line of at most 120 characters.
    pub subject: String,
    /// Plain text, at most 72 columns but for long links.
    pub text: String,
    /// HTML that loads nothing, under 102 kB.
    pub html: String,
}

/// Where mail clients cut off what follows, less room for what they add.
pub(crate) const LARGEST_HTML: usize = 98_000;

/// How much a block presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Somebody must act now.
    Urgent,
    /// Somebody must act soon.
    Warning,
    /// It went well.
    Good,
    /// Neither.
    Calm,
}

impl Tone {
    /// Dark enough for white letters on it, and to be read on white.
    pub(crate) fn colour(self) -> &'static str {
        match self {
            Self::Urgent => "#b3261e",
            Self::Warning => "#945300",
            Self::Good => "#1b6e3c",
            Self::Calm => "#4a5568",
        }
    }
}

/// A link with the address it leads to in sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// What it is called.
    pub label: String,
    /// Where it leads.
    pub address: String,
}

impl Link {
    /// A link, if the address may be linked at all.
    pub(crate) fn new(label: String, address: Option<&str>) -> Option<Self> {
        clean::permalink(address?).map(|url| Self { label, address: url.to_string() })
    }

    /// The address as it is shown in the HTML part, without the scheme and not too long.
    pub(crate) fn shown(&self) -> String {
        let bare = self.address.split_once("://").map_or(self.address.as_str(), |(_, rest)| rest);
        clean::line(bare.trim_end_matches('/'), 64)
    }

    /// The address for an attribute. `Url` has already encoded quotes and angle brackets.
    pub(crate) fn href(&self) -> String {
        self.address.replace('&', "&amp;").replace('\'', "&#39;").replace('"', "&quot;")
    }
}

/// One case, or one post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub tone: Tone,
    /// The state, short.
    pub badge: String,
    /// Who and where.
    pub title: String,
    /// Their words.
    pub quote: String,
    /// What is known, as pairs.
    pub rows: Vec<(String, String)>,
    /// A warning about this card alone.
    pub warning: Option<String>,
    pub link: Option<Link>,
}

/// A line in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Where it stands, in the colour of how much it presses.
    pub standing: Option<(Tone, String)>,
    /// Who and where, set off.
    pub lead: String,
    /// The rest.
    pub text: String,
    pub link: Option<Link>,
}

/// One figure: its name, its value, and what must be known to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub name: String,
    pub value: String,
    pub notes: Vec<String>,
}

/// A piece of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A paragraph of what is good to know, in small letters.
    Small(String),
    /// Something that must not be overlooked.
    Note { tone: Tone, title: String, lines: Vec<String> },
    /// A case.
    Card(Box<Card>),
    /// A list.
    Items(Vec<Item>),
    /// A table; the first column is left, the others right.
    Table { head: Vec<String>, rows: Vec<Vec<String>> },
    /// Figures.
    Figures(Vec<Figure>),
    /// Commands with what each does.
    Commands(Vec<(String, String)>),
}

/// A whole mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub language: &'static str,
    pub tone: Tone,
    /// The brand and what kind of mail it is, above everything.
    pub kicker: String,
    /// The one sentence that says it.
    pub lead: String,
    /// What an inbox shows beside the subject.
    pub preview: String,
    pub blocks: Vec<Block>,
    pub footer: Vec<String>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    page: &'a Page,
}

impl Page {
    /// Both parts under a subject.
    pub(crate) fn compose(&self, subject: &str) -> Composed {
        let html = Html { page: self }.render().expect("writing to a string cannot fail");
        Composed { subject: clean::subject(subject), text: plain::render(self), html }
    }
}

/// Composes with ever shorter lists until the HTML fits. `build` gets how many cases may be shown in
/// full; what it leaves out, it must say.
pub(crate) fn fit(subject: &str, most: usize, build: impl Fn(usize) -> Page) -> Composed {
    let mut limit = most;
    loop {
        let mail = build(limit).compose(subject);
        if mail.html.len() <= LARGEST_HTML || limit == 0 {
            return mail;
        }
        limit /= 2;
    }
}

/// Escapes for HTML more than it needs: what only looks like active content to a scanner
/// (`onload=`, `javascript:`, `url(`) is taken apart too, and so is template syntax.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Escape;

impl askama::filters::Escaper for Escape {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        let mut before = ' ';
        for c in string.chars() {
            // After a letter these may be `javascript:` or `url(`; a time of day stays readable.
            if is_special(c) || (matches!(c, ':' | '(') && before.is_alphabetic()) {
                write!(dest, "&#{};", u32::from(c))?;
            } else {
                dest.write_char(c)?;
            }
            before = c;
        }
        Ok(())
    }
}

fn is_special(c: char) -> bool {
    matches!(c, '<' | '>' | '&' | '"' | '\'' | '`' | '=' | '{' | '}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use askama::filters::Escaper;

    #[test]
    fn nothing_a_stranger_writes_is_markup() {
        let mut out = String::new();
        let text = "<b onload=\"x\">{{ 7*7 }} & é javascript:x 09:12";
        Escape.write_escaped_str(&mut out, text).unwrap();
        assert_eq!(
            out,
            "&#60;b onload&#61;&#34;x&#34;&#62;&#123;&#123; 7*7 &#125;&#125; &#38; é javascript&#58;x 09:12"
        );
    }
}

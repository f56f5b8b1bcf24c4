//! Finds a term where it stands as a word of its own, in any script.
//!
//! What people type on any keyboard compares equal: a dotless ı and an i, a Greek final sigma,
//! Arabic vowel signs and alifs, a hyphen and a space. Accents that make another letter do not.
//! Which terms there are and what they decide is `watch`'s.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::fold::address;
use super::letters::{is_unspaced, is_word, plain};

/// A text in the form in which terms are compared, with the way back to its plain form.
pub(super) struct Form<'p> {
    text: Cow<'p, str>,
    /// For each byte of `text`, and for its end, the byte of the plain text; empty: the same.
    origin: Vec<u32>,
}

impl<'p> Form<'p> {
    /// The form of a text that is in its plain form already.
    pub(super) fn new(plain: &'p str) -> Self {
        let is_same = plain.bytes().all(|b| b.is_ascii() && b != b'-' && !b.is_ascii_control())
            && !plain.contains("  ");
        if is_same {
            return Self { text: Cow::Borrowed(plain), origin: Vec::new() };
        }
        let mut text = String::with_capacity(plain.len());
        let mut origin = Vec::with_capacity(plain.len() + 1);
        let mut last = ' ';
        let mut rest = plain.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let c = match c {
                '-' | '\u{2010}' | '\u{2212}' | '\u{5BE}' => {
                    let next = rest.peek().map(|(_, c)| *c);
                    let is_inside =
                        last.is_alphanumeric() && next.is_some_and(char::is_alphanumeric);
                    if is_inside { ' ' } else { c }
                }
                c if c.is_whitespace() => {
                    if last == ' ' && !text.is_empty() {
                        continue;
                    }
                    ' '
                }
                c => match variant(c) {
                    Some(c) => c,
                    None => continue,
                },
            };
            last = c;
            text.push(c);
            origin.resize(text.len(), at as u32);
        }
        origin.push(plain.len() as u32);
        Self { text: Cow::Owned(text), origin }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The same range in the plain text.
    pub(super) fn back(&self, range: Range<usize>) -> Range<usize> {
        let at = |place: usize| match self.origin.get(place) {
            Some(origin) => *origin as usize,
            None => place,
        };
        at(range.start)..at(range.end)
    }
}

/// The letter that a letter is compared as; `None` for a mark that makes no other letter of it.
fn variant(c: char) -> Option<char> {
    match c {
        _ if c.is_ascii() => Some(c),
        // What NFKC could not put onto a letter: stress marks, a stray dot above an i, decoration.
        '\u{300}'..='\u{36F}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' => None,
        'ı' => Some('i'),
        'ς' => Some('σ'),
        'ё' => Some('е'),
        '\u{591}'..='\u{5BD}' | '\u{5BF}'..='\u{5C7}' => None,
        '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' => None,
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        'ة' => Some('ه'),
        'ى' | 'ی' => Some('ي'),
        'ک' => Some('ك'),
        _ => Some(c),
    }
}

/// How a needle stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word or phrase that names somebody; names have a genitive.
    Name,
    /// Another word or phrase, just so.
    Word,
    /// A hashtag, just so.
    Tag,
    /// A handle: must not go on into a longer name or another host.
    Handle,
}

/// One thing to look for.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    /// As configured.
    pub written: String,
    pub kind: Kind,
    /// In the form in which texts are searched; several where a word has several spellings.
    pub forms: Vec<String>,
    /// Without spaces, as in a hashtag.
    pub joined: String,
    /// How many letters it has.
    pub letters: usize,
}

impl Needle {
    /// A needle for what was configured; `None` without a letter or digit.
    pub(super) fn new(written: &str, kind: Kind) -> Option<Self> {
        let word = plain(written.trim());
        let word = word.trim();
        let sign = match kind {
            Kind::Name | Kind::Word => "",
            Kind::Tag => "#",
            Kind::Handle => "@",
        };
        let signed = match word.starts_with(sign) {
            true => word.to_owned(),
            false => format!("{sign}{word}"),
        };
        let form = match kind {
            // Hyphens and dots of a handle are its letters.
            Kind::Handle => signed,
            _ => Form::new(&signed).text().trim().to_owned(),
        };
        if !form.chars().any(char::is_alphanumeric) {
            return None;
        }
        let mut forms = vec![form.clone()];
        // "McDonalds" is how many write "McDonald's".
        if kind == Kind::Name && form.contains('\'') {
            forms.push(form.replace('\'', ""));
        }
        // The article melts into the preposition: ل + ال = لل.
        if let Some(rest) = form.strip_prefix("ال") {
            forms.push(format!("لل{rest}"));
        }
        Some(Self {
            written: written.trim().to_owned(),
            kind,
            joined: form.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect(),
            letters: form.chars().filter(|c| c.is_alphanumeric()).count(),
            forms,
        })
    }

    /// Where it stands as a whole word, as ranges of the plain text.
    pub(super) fn places(&self, form: &Form<'_>, plain: &str) -> Vec<Range<usize>> {
        let mut all = Vec::new();
        for needle in &self.forms {
            if self.kind == Kind::Handle {
                let found = plain.match_indices(needle.as_str());
                all.extend(found.filter_map(|(start, found)| {
                    let end = start + found.len();
                    let is_one = !touches(needle.chars().next_back(), plain[end..].chars().next())
                        && !goes_on(&plain[end..]);
                    is_one.then_some(start..end)
                }));
                continue;
            }
            let text = form.text();
            for (start, found) in text.match_indices(needle.as_str()) {
                let end = start + found.len();
                if self.may_begin(needle, &text[..start])
                    && let Some(more) = self.may_end(needle, &text[end..])
                {
                    all.push(form.back(start..end + more));
                }
            }
        }
        all
    }

    /// Whether the needle may begin behind this.
    fn may_begin(&self, needle: &str, before: &str) -> bool {
        let (Some(first), Some(last)) = (needle.chars().next(), before.chars().next_back()) else {
            return true;
        };
        // オンライン is no ライン. Korean puts spaces between words, so a word has a beginning.
        if is_katakana(first) {
            return !is_katakana(last);
        }
        if is_hangul(first) {
            return !is_hangul(last);
        }
        if !touches(Some(last), Some(first)) {
            return true;
        }
        let scripts = [(is_arabic as fn(char) -> bool, ARABIC), (is_hebrew, HEBREW)];
        scripts.iter().any(|(is_script, prefixes)| {
            let is_near = is_script(last) && (is_script(first) || first.is_ascii_alphabetic());
            is_near && self.letters >= 3 && is_prefix(before, prefixes)
        })
    }

    /// Whether the needle may end before this, and how many bytes of it belong to it.
    fn may_end(&self, needle: &str, after: &str) -> Option<usize> {
        let (last, next) = (needle.chars().next_back()?, after.chars().next());
        let Some(next) = next else { return Some(0) };
        // A sign that hangs on the last letter makes it another.
        if is_combining_mark(next) && !last.is_ascii_punctuation() {
            return None;
        }
        if is_katakana(last) {
            return (!CLINGING.contains(next)).then_some(0);
        }
        if is_hangul(last) && is_hangul(next) {
            let is_free = self.letters >= 3 || PARTICLES.iter().any(|p| after.starts_with(p));
            return is_free.then_some(0);
        }
        if !touches(Some(last), Some(next)) {
            return Some(0);
        }
        // The genitive of Swedish, Danish, Norwegian, German, and the lazy one of English.
        let is_genitive = self.kind == Kind::Name
            && self.letters >= 4
            && last.is_alphabetic()
            && last != 's'
            && next == 's'
            && !after[1..].starts_with(is_word);
        is_genitive.then_some(1)
    }
}

/// و and, ف so, ب in, ل for, ك as, ال the.
const ARABIC: &[&str] = &[
    "و", "ف", "ب", "ل", "ك", "ال", "وال", "فال", "بال", "كال", "لل", "ولل", "فلل", "وب", "ول",
    "وك", "فب", "فل", "فك", "وبال", "فبال", "وكال",
];

/// ו and, ה the, ב in, ל to, מ from, ש that, כ as, and how they come together.
const HEBREW: &[&str] = &[
    "ו", "ה", "ב", "ל", "מ", "ש", "כ", "וה", "וב", "ול", "ומ", "וש", "וכ", "שה", "שב", "של", "שמ",
    "מה", "כש", "וכש", "ושה", "ושב", "כשה", "כשב", "שכש", "מש", "לכש", "בה", "לה",
];

/// Korean particles, for names so short that what follows may as well be the rest of a word.
const PARTICLES: &[&str] = &[
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "와",
    "과",
    "도",
    "만",
    "로",
    "으로",
    "께",
    "한테",
    "부터",
    "까지",
    "보다",
    "처럼",
    "랑",
    "하고",
    "라고",
    "라는",
    "입니다",
    "예요",
    "네",
    "야",
    "아",
    "측",
    "앱",
    "고객",
    "본사",
    "직원",
    "상담",
];

/// Kana that change the syllable before them.
const CLINGING: &str = "ーァィゥェォャュョヮッ゛゜";

fn is_prefix(before: &str, prefixes: &[&str]) -> bool {
    let run = before.rfind(|c| !is_word(c)).map_or(before, |at| {
        before[at..].char_indices().nth(1).map_or("", |(next, _)| &before[at + next..])
    });
    prefixes.contains(&run)
}

fn is_arabic(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{64A}' | '\u{66E}'..='\u{6D3}')
}

fn is_hebrew(c: char) -> bool {
    matches!(c, '\u{5D0}'..='\u{5EA}')
}

fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{AC00}'..='\u{D7A3}' | '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}')
}

/// Whether two neighbours belong to one word.
fn touches(left: Option<char>, right: Option<char>) -> bool {
    let is_inner = |c: Option<char>| c.is_some_and(|c| is_word(c) && !is_unspaced(c));
    is_inner(left) && is_inner(right)
}

/// Whether a handle goes on: `@acme-help`, `@acme.example`, `@acme@elsewhere.example`.
fn goes_on(after: &str) -> bool {
    let mut rest = after.chars();
    match rest.next() {
        Some('-' | '.' | '@') => rest.next().is_some_and(char::is_alphanumeric),
        _ => false,
    }
}

/// A web address in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// All of it.
    pub place: Range<usize>,
    /// Where its query or fragment begins: they say where a click came from.
    pub tail: usize,
}

/// The web addresses of a plain text, in order.
pub(super) fn links(plain: &str) -> Vec<Link> {
    let mut all: Vec<Link> = Vec::new();
    if !plain.contains("://") && !plain.contains("www.") {
        return all;
    }
    let mut at = 0;
    while let Some(found) = plain[at..].find(['h', 'w']) {
        let start = at + found;
        let Some(long) = address(plain, start) else {
            at = start + 1;
            continue;
        };
        let end = start + long;
        let tail = start + plain[start..end].find(['?', '#']).unwrap_or(end - start);
        all.push(Link { place: start..end, tail });
        at = end;
    }
    all
}

//! The terms that say something about a text, per language, as read from `data/`.
//!
//! A data line is `class weight: term, term, …`; `#` starts a comment line. A star at the end of a
//! term allows any ending, one at its start any beginning (compounds). `<brand>` stands for the
//! watched brand, `<name>` for an @name. Accents and case do not matter. A negative weight speaks
//! against the class.

use std::sync::LazyLock;

use super::fold::{self, Text, is_unspaced};
use super::trie::Trie;

/// What a term speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    /// Dissatisfaction.
    Complaint,
    /// Something that ought to happen: a complaint if a negation is near.
    Works,
    /// A question, wherever it stands.
    Question,
    /// A question word: counts at the start of a sentence or in one that ends with `?`.
    Opener,
    /// Help or an act is asked for.
    Request,
    /// Admiration, recommendation.
    Praise,
    /// Gratitude.
    Thanks,
    /// A problem is over.
    Solved,
    /// Adverts, fraud, giveaways.
    Spam,
    /// Danger, injury, law.
    Safety,
    /// Moves the talk to a private channel.
    Private,
    /// A good feeling.
    Pos,
    /// A bad feeling.
    Neg,
    /// A negation.
    Not,
    /// A frequent word that tells the language.
    Stop,
}

const CLASSES: [(&str, Class); 15] = [
    ("complaint", Class::Complaint),
    ("works", Class::Works),
    ("question", Class::Question),
    ("opener", Class::Opener),
    ("request", Class::Request),
    ("praise", Class::Praise),
    ("thanks", Class::Thanks),
    ("solved", Class::Solved),
    ("spam", Class::Spam),
    ("safety", Class::Safety),
    ("private", Class::Private),
    ("pos", Class::Pos),
    ("neg", Class::Neg),
    ("not", Class::Not),
    ("stop", Class::Stop),
];

impl Class {
    /// The word in data lines and reasons.
    pub(super) fn word(self) -> &'static str {
        CLASSES.iter().find(|(_, class)| *class == self).map_or("", |(word, _)| word)
    }
}

macro_rules! data {
    ($($code:literal),*) => {
        [$(($code, include_str!(concat!("data/", $code, ".txt")))),*]
    };
}

/// The languages with terms, in the order of their bits. `emoji` belongs to all of them.
pub(super) static FILES: [(&str, &str); 20] = data![
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "tr", "ru", "zh", "ja",
    "ko", "ar", "id", "emoji"
];

/// A set of languages, a bit each.
pub(super) type Langs = u32;

/// Every language.
pub(super) const ALL: Langs = (1 << FILES.len()) - 1;
const EMOJI: Langs = 1 << (FILES.len() - 1);

/// The bit of a language, with emoji; none if it has no terms.
pub(super) fn bit(code: &str) -> Option<Langs> {
    FILES.iter().position(|(name, _)| *name == code).map(|index| 1 << index | EMOJI)
}

/// One term.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub class: Class,
    pub weight: f32,
    pub langs: Langs,
    /// Any ending is allowed.
    open: bool,
}

/// A term in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Where it starts in the folded text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    pub term: Term,
}

/// All terms of all languages.
pub(super) struct Lexicon {
    terms: Vec<Term>,
    starts: Trie,
    inner: Trie,
}

/// Read once, at first use.
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut terms = Vec::new();
    let (mut starts, mut inner) = (Vec::new(), Vec::new());
    for (index, (code, data)) in FILES.iter().enumerate() {
        for line in data.lines() {
            let Some((class, weight, list)) = line_parts(line) else { continue };
            for written in list.split(',').map(str::trim).filter(|t| !t.is_empty()) {
                let is_inner = written.starts_with('*');
                let open = written.ends_with('*');
                let number = terms.len() as u32;
                terms.push(Term { class, weight, langs: 1 << index, open });
                for spelling in spellings(code, written.trim_matches('*')) {
                    let list = if is_inner { &mut inner } else { &mut starts };
                    list.push((spelling, number));
                }
            }
        }
    }
    Lexicon { terms, starts: Trie::new(starts), inner: Trie::new(inner) }
});

/// Class, weight and terms of a data line; `None` for comments and empty lines.
fn line_parts(line: &str) -> Option<(Class, f32, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (head, list) = line.split_once(':')?;
    let (class, weight) = head.split_once(' ').unwrap_or((head, "1"));
    let (_, class) = CLASSES.iter().find(|(word, _)| *word == class)?;
    Some((*class, weight.trim().parse().ok()?, list))
}

/// A term as folded, and as people write it who have no such letters on their keyboard.
fn spellings(code: &str, term: &str) -> Vec<Vec<char>> {
    let term = term
        .replace("<brand>", &fold::BRAND.to_string())
        .replace("<name>", &fold::MENTION.to_string());
    let fold = |term: &str| {
        // The stand-ins are of the private range, which `plain` drops.
        term.split_inclusive([fold::BRAND, fold::MENTION])
            .flat_map(|part| {
                let sign =
                    part.chars().last().filter(|c| matches!(*c, fold::BRAND | fold::MENTION));
                fold::fold_term(part).into_iter().chain(sign)
            })
            .collect::<Vec<char>>()
    };
    let mut all = vec![fold(&term)];
    let pairs: &[(&str, &str)] = match code {
        "de" => &[],
        "da" | "no" => &[("å", "aa"), ("ø", "o")],
        _ => &[("ä", "a"), ("ö", "o"), ("ü", "u")],
    };
    let respelt = pairs.iter().fold(term.clone(), |term, (from, to)| term.replace(from, to));
    if respelt != term {
        all.push(fold(&respelt));
    }
    all
}

impl Lexicon {
    /// Every term in the text, in order of place; overlapping ones too.
    pub(super) fn hits(&self, text: &Text) -> Vec<Hit> {
        let (chars, letters) = (&text.chars, &text.letters);
        let mut hits = Vec::new();
        let mut take = |start: usize, end: usize, numbers: &[u32]| {
            let is_cut = letters.get(end).is_some_and(|next| *next) && letters[end - 1];
            for number in numbers {
                let term = self.terms[*number as usize];
                if !is_cut || term.open {
                    hits.push(Hit { start, end, term });
                }
            }
        };
        for (at, c) in chars.iter().enumerate() {
            let is_inside = at > 0 && letters[at] && letters[at - 1];
            if !is_inside && *c != ' ' {
                self.starts.walk(chars, at, |end, numbers| take(at, end, numbers));
            }
            if letters[at] && !c.is_ascii_digit() {
                self.inner.walk(chars, at, |end, numbers| take(at, end, numbers));
            }
        }
        hits
    }
}

/// Whether a term of another language is long enough not to be a chance likeness.
pub(super) fn is_distinct(hit: &Hit, text: &Text) -> bool {
    hit.end - hit.start >= 7 || text.chars[hit.start..hit.end].iter().any(|c| is_unspaced(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_line_can_be_read() {
        for (code, data) in &FILES {
            for (number, line) in data.lines().enumerate() {
                let is_comment = line.trim().is_empty() || line.starts_with('#');
                let parts = line_parts(line);
                assert!(is_comment || parts.is_some(), "{code}:{}: {line}", number + 1);
                let weight = parts.map_or(1.0, |(_, weight, _)| weight);
                assert!((-4.0..=4.0).contains(&weight), "{code}:{}: {line}", number + 1);
            }
        }
    }

    #[test]
    fn every_language_has_every_class_it_needs() {
        for (code, data) in &FILES[..FILES.len() - 1] {
            let classes: Vec<Class> =
                data.lines().filter_map(line_parts).map(|(class, ..)| class).collect();
            for (word, class) in CLASSES {
                let is_phrased = matches!(*code, "ja" | "ko" | "tr");
                let is_optional = is_phrased && matches!(class, Class::Works | Class::Not);
                let is_script = matches!(*code, "zh" | "ja" | "ko") && class == Class::Stop;
                assert!(
                    is_optional || is_script || classes.contains(&class),
                    "{code} has no {word} line"
                );
            }
        }
    }
}

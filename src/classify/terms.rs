//! Terms of many languages, as read from data files, and where they stand in a text.
//!
//! A data line is `class weight: term, term, …`; `#` starts a comment line. A star at the end of a
//! term allows any ending, one at its start any beginning (compounds). `<brand>` stands for the
//! watched brand, `<name>` for an @name. Accents do not matter; all else is written as
//! [`letters::plain`] leaves it, so that tens of thousands of terms need not be made plain at each
//! start. What classes there are, and what a weight means, is the caller's.

use std::iter;
use std::sync::OnceLock;

use super::fold::{self, Text};
use super::index::Index;
use super::letters::{self, is_unspaced};

/// A set of languages, a bit each.
pub(super) type Langs = u32;

/// One term.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term<C> {
    pub class: C,
    pub weight: f32,
    pub langs: Langs,
    /// Any ending is allowed.
    open: bool,
}

/// A term in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<C> {
    /// Where it starts in the folded text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its number among those of its language.
    pub number: u32,
    pub term: Term<C>,
}

/// The terms of a list of files, one per language; each is read when it is first asked for.
pub(super) struct Terms<C: 'static> {
    files: &'static [File<C>],
    lists: Vec<OnceLock<List<C>>>,
}

/// The terms of one language: most texts ask for one, and what is small stays near the processor.
struct List<C> {
    terms: Vec<Term<C>>,
    /// Those that start where a word does.
    starts: Index,
    /// Those that start anywhere: few.
    inner: Index,
    /// A bit for each [`beginning`] of a term.
    beginnings: [u64; BEGINNINGS / 64],
}

/// Beginnings told apart.
const BEGINNINGS: usize = 1 << 12;

/// Stands for the second letter of a term of one.
const ONLY: char = '\0';

/// The number of the first two letters of a term. Different letters share one.
#[inline]
fn beginning(first: char, second: char) -> usize {
    (first as usize ^ (second as usize) << 5) % BEGINNINGS
}

/// The terms of one language.
pub(super) struct File<C: 'static> {
    /// ISO 639-1.
    pub code: &'static str,
    pub parts: &'static [Part<C>],
}

/// Data lines, and what knows their words of classes.
pub(super) struct Part<C> {
    pub data: &'static str,
    pub class: fn(&str) -> Option<C>,
}

/// Class, weight and terms of a data line; `None` for comments, empty lines, and what makes no
/// sense. `class` knows the words of classes.
pub(super) fn line_parts<C>(
    line: &str,
    class: impl Fn(&str) -> Option<C>,
) -> Option<(C, f32, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (head, list) = line.split_once(':')?;
    let (word, weight) = head.split_once(' ').unwrap_or((head, "1"));
    Some((class(word)?, weight.trim().parse().ok()?, list))
}

/// A term as people write it who have no such letters on their keyboard.
fn respelt(code: &str, term: &str) -> Option<String> {
    let pairs: &[(char, &str)] = match code {
        "de" => &[],
        "da" | "no" => &[('å', "aa"), ('ø', "o")],
        _ => &[('ä', "a"), ('ö', "o"), ('ü', "u")],
    };
    let is_other = |c| pairs.iter().any(|(from, _)| c == *from);
    let respell = || pairs.iter().fold(term.to_owned(), |term, (from, to)| term.replace(*from, to));
    (!term.is_ascii() && term.contains(is_other)).then(respell)
}

/// Folds a term the way texts are folded, with stand-ins for names.
fn fold(term: &str, out: &mut Vec<char>) {
    let names = [("<brand>", fold::BRAND), ("<name>", fold::MENTION)];
    let split = || names.iter().find_map(|(name, sign)| Some((term.split_once(name)?, *sign)));
    match term.contains('<').then(split).flatten() {
        // The stand-ins are of the private range, which folding drops.
        Some(((before, behind), sign)) => {
            fold(before, out);
            out.push(sign);
            fold(behind, out);
        }
        None => letters::fold_term(term, out),
    }
}

impl<C: Copy> Terms<C> {
    /// Of these files; the languages get their bits in this order.
    pub(super) fn new(files: &'static [File<C>]) -> Self {
        Self { files, lists: files.iter().map(|_| OnceLock::new()).collect() }
    }

    fn list(&self, number: usize) -> &List<C> {
        self.lists[number].get_or_init(|| List::read(&self.files[number], 1 << number))
    }

    /// Calls `take` for every term of these languages in the text; overlapping ones too. Those that
    /// start where a word does come in order of place, then those that start anywhere.
    pub(super) fn each(&self, text: &Text, langs: Langs, mut take: impl FnMut(Hit<C>)) {
        let (chars, letters) = (&text.chars, &text.letters);
        let is_asked = |number: &usize| langs >> number & 1 == 1;
        let numbers = (0..self.files.len()).filter(is_asked);
        let lists: Vec<&List<C>> = numbers.map(|number| self.list(number)).collect();
        let mut walk = |list: &List<C>, index: &Index, at: usize| {
            let next = chars.get(at + 1).unwrap_or(&ONLY);
            if !list.begins(beginning(chars[at], ONLY)) && !list.begins(beginning(chars[at], *next))
            {
                return;
            }
            index.walk(chars, at, |end, number| {
                let is_cut = letters.get(end).is_some_and(|next| *next) && letters[end - 1];
                let term = list.terms[number as usize];
                if !is_cut || term.open {
                    take(Hit { start: at, end, number, term });
                }
            });
        };
        for at in &text.starts {
            lists.iter().for_each(|list| walk(list, &list.starts, *at as usize));
        }
        for list in lists.iter().filter(|list| !list.inner.is_empty()) {
            let is_inner = |at: &usize| letters[*at] && !chars[*at].is_ascii_digit();
            (0..chars.len()).filter(is_inner).for_each(|at| walk(list, &list.inner, at));
        }
    }
}

impl<C: Copy> List<C> {
    fn read(file: &File<C>, langs: Langs) -> Self {
        let mut list = Self {
            terms: Vec::new(),
            starts: Index::default(),
            inner: Index::default(),
            beginnings: [0; BEGINNINGS / 64],
        };
        let parts = file.parts.iter();
        let lines = parts.flat_map(|part| {
            part.data.lines().filter_map(move |line| line_parts(line, part.class))
        });
        for (class, weight, line) in lines {
            for written in line.split(',').map(str::trim).filter(|t| !t.is_empty()) {
                let open = written.ends_with('*');
                let number = list.terms.len() as u32;
                list.terms.push(Term { class, weight, langs, open });
                let is_inner = written.starts_with('*');
                let index = if is_inner { &mut list.inner } else { &mut list.starts };
                let term = written.trim_matches('*');
                let respelt = respelt(file.code, term);
                for spelling in iter::once(term).chain(respelt.as_deref()) {
                    let letters = index.file(number, |letters| fold(spelling, letters));
                    let Some(first) = letters.first() else { continue };
                    let begins = beginning(*first, *letters.get(1).unwrap_or(&ONLY));
                    list.beginnings[begins / 64] |= 1 << (begins % 64);
                }
            }
        }
        list.starts.sort();
        list.inner.sort();
        list
    }

    #[inline]
    fn begins(&self, number: usize) -> bool {
        self.beginnings[number / 64] >> (number % 64) & 1 == 1
    }
}

impl<C> Hit<C> {
    /// The same, by what the caller makes of its class.
    pub(super) fn with<D>(self, class: D) -> Hit<D> {
        let Self { start, end, number, term: Term { weight, langs, open, .. } } = self;
        Hit { start, end, number, term: Term { class, weight, langs, open } }
    }

    /// Whether a term of another language is long enough not to be a chance likeness.
    pub(super) fn is_distinct(&self, text: &Text) -> bool {
        let is_long = self.end - self.start >= 7;
        is_long || text.chars[self.start..self.end].iter().any(|c| is_unspaced(*c))
    }
}

//! Counts the words of groups of posts, and says which set one group apart.
//!
//! A post counts once for each of its words. However many posts come, the counts take the same
//! room: rare words give way.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Serialize;

use super::letters::{is_unspaced, is_word};
use super::lexicon;

/// A word that sets two groups of posts apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Apart {
    /// The word.
    pub word: String,
    /// Posts of the group that have it.
    pub posts: u64,
    /// Posts of the other group that have it.
    pub others: u64,
    /// The logarithm of the ratio of its odds in the two, with ½ added to each count.
    pub log_odds: f64,
}

/// How many words are counted at once; rare ones give way.
const MOST_WORDS: usize = 60_000;
/// Words of one post that are counted.
const WORDS_OF_POST: usize = 400;
/// Posts that must have a word before it says anything.
const LEAST: u64 = 5;
/// Least log-likelihood ratio of a word that is told: chance gives it to one in a thousand.
const CERTAIN: f64 = 10.83;
/// Words and misspellings that are told.
pub(super) const TOLD: usize = 10;
/// Posts from which on a share is one.
pub(super) const ENOUGH: u64 = 10;

/// Posts that were caught, and say more than a bare name.
pub(super) const WITH_CONTEXT: usize = 0;
/// Posts that were caught by a bare name.
pub(super) const WITHOUT: usize = 1;
/// The others.
pub(super) const NOT_CAUGHT: usize = 2;

/// The posts of each group, and those that have each word.
#[derive(Debug, Default)]
pub(super) struct Tally {
    posts: [u64; 3],
    words: HashMap<Box<str>, [u32; 3]>,
}

impl Tally {
    /// Counts one post, given in plain form.
    pub(super) fn take(&mut self, plain: &str, group: usize) {
        self.posts[group] += 1;
        let mut seen = HashSet::new();
        for word in words(plain).take(WORDS_OF_POST) {
            if !seen.insert(word) || STOP_WORDS.contains(word) {
                continue;
            }
            match self.words.get_mut(word) {
                Some(counts) => counts[group] += 1,
                None => {
                    let mut counts = [0; 3];
                    counts[group] = 1;
                    self.words.insert(word.into(), counts);
                }
            }
        }
        // What was rare so far goes, then what was a little less rare: room for what comes.
        let mut rare = 1;
        while self.words.len() > MOST_WORDS {
            self.words.retain(|_, counts| counts.iter().sum::<u32>() > rare);
            rare *= 2;
        }
    }

    /// The words that some groups together have more often than another, surest first; `names` are
    /// left out.
    pub(super) fn apart(
        &self,
        names: &HashSet<String>,
        groups: &[usize],
        other: usize,
    ) -> Vec<Apart> {
        let words = self.words.iter().filter(|(word, _)| !names.contains(&***word));
        let counts = words.map(|(word, counts)| {
            let posts = groups.iter().map(|group| u64::from(counts[*group])).sum();
            (word, posts, u64::from(counts[other]))
        });
        let posts = groups.iter().map(|group| self.posts[*group]).sum();
        apart(counts, (posts, self.posts[other]))
    }
}

/// Words that one group has more often than the other, surest first.
fn apart<'w>(
    words: impl Iterator<Item = (&'w Box<str>, u64, u64)>,
    (ours, theirs): (u64, u64),
) -> Vec<Apart> {
    // Nothing can be told from a handful of posts.
    if ours < ENOUGH || theirs < ENOUGH {
        return Vec::new();
    }
    let mut all: Vec<(f64, Apart)> = words
        .filter(|(_, posts, _)| *posts >= LEAST)
        .filter_map(|(word, posts, others)| {
            let odds = |has: u64, of: u64| {
                let has = (has.min(of)) as f64;
                ((has + 0.5) / (of as f64 - has + 0.5)).ln()
            };
            let log_odds = odds(posts, ours) - odds(others, theirs);
            let sure =
                likelihood([posts, ours - posts.min(ours)], [others, theirs - others.min(theirs)]);
            (log_odds > 0.0 && sure >= CERTAIN)
                .then(|| (sure, Apart { word: word.to_string(), posts, others, log_odds }))
        })
        .collect();
    all.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.word.cmp(&y.word)));
    all.into_iter().take(TOLD).map(|(_, word)| word).collect()
}

/// The log-likelihood ratio G² of a table of two by two: 2 Σ observed × ln(observed ÷ expected). It
/// holds for rare words too (Dunning 1993).
fn likelihood(ours: [u64; 2], theirs: [u64; 2]) -> f64 {
    let of = |[a, b]: [u64; 2]| (a + b) as f64;
    let all = of(ours) + of(theirs);
    let mut sum = 0.0;
    for group in [ours, theirs] {
        for (column, observed) in group.into_iter().enumerate() {
            let expected = of(group) * (ours[column] + theirs[column]) as f64 / all;
            if observed > 0 {
                sum += observed as f64 * (observed as f64 / expected).ln();
            }
        }
    }
    2.0 * sum
}

/// The words of a plain text that can tell something: three letters and more, no addresses and no
/// names; in scripts without spaces each pair of neighbours.
pub(super) fn words(plain: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| is_word(c) || is_unspaced(c) || matches!(c, '@' | '/' | '\'');
    plain.split(move |c| !is_part(c)).flat_map(|piece| {
        let is_close = piece.chars().any(is_unspaced);
        let letters: Vec<usize> =
            if is_close { piece.char_indices().map(|(at, _)| at).collect() } else { Vec::new() };
        let pairs = (0..letters.len().saturating_sub(1)).map(move |at| {
            let end = letters.get(at + 2).copied().unwrap_or(piece.len());
            &piece[letters[at]..end]
        });
        let word = (!is_close).then_some(piece).into_iter();
        let is_fit = |word: &&str| {
            let has_sign = word.contains(['@', '/']);
            let count = word.chars().take(25).count();
            let is_pair = word.chars().all(is_unspaced) && count == 2;
            !has_sign
                && (is_pair || (3..25).contains(&count))
                && word.chars().any(char::is_alphabetic)
        };
        word.chain(pairs).filter(is_fit)
    })
}

/// Words that stand everywhere, in every language of the classifier.
static STOP_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut all: HashSet<&'static str> = lexicon::lines()
        .filter(|line| ["stop", "not", "opener"].iter().any(|class| line.starts_with(class)))
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(_, list)| list.split(',').map(str::trim))
        .collect();
    all.extend([
        "http", "https", "www", "the", "and", "for", "you", "your", "are", "was", "has", "have",
        "had", "this", "that", "with", "not", "but", "they", "from", "its", "it's", "all", "can",
        "just", "will", "been", "about", "would", "there", "their", "some", "also", "les", "des",
        "est", "pas", "que", "qui", "une", "pour", "dans", "los", "las", "una", "por", "con",
        "per", "non", "che", "nie",
    ]);
    all
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_in_every_script() {
        for (text, wanted) in [
            ("my phone, my plan", &["phone", "plan"][..]),
            ("ask @acme or https://acme.example/x about it's", &["ask", "https", "about", "it's"]),
            ("电话合同", &["电话", "话合", "合同"]),
            ("a 123 no", &[]),
            ("", &[]),
        ] {
            assert_eq!(words(text).collect::<Vec<_>>(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_frequent_stands_however_much_that_is_rare_comes_by() {
        let mut tally = Tally::default();
        for n in 0..20_000 {
            let group = if n % 100 == 0 { WITH_CONTEXT } else { NOT_CAUGHT };
            let word = if group == WITH_CONTEXT { "contract" } else { "walnut" };
            let rare: Vec<String> = (0..10).map(|w| format!("{word}{n}x{w}")).collect();
            tally.take(&format!("{word} common {}", rare.join(" ")), group);
            assert!(tally.words.len() <= MOST_WORDS);
        }
        let found = tally.apart(&HashSet::new(), &[WITH_CONTEXT], NOT_CAUGHT);
        let words: Vec<&str> = found.iter().map(|word| word.word.as_str()).collect();
        assert_eq!(words, ["contract"], "{found:?}");
        assert_eq!((found[0].posts, found[0].others), (200, 0));
        let none = tally.apart(&["contract".to_owned()].into(), &[WITH_CONTEXT], NOT_CAUGHT);
        assert_eq!(none, [], "names set nothing apart");
    }

    #[test]
    fn the_likelihood_is_that_of_the_textbook() {
        // 2 × (10 ln(10/5.5) + 90 ln(90/94.5) + 1 ln(1/5.5) + 99 ln(99/94.5)).
        assert!((likelihood([10, 90], [1, 99]) - 8.976).abs() < 0.01);
        assert_eq!(likelihood([5, 5], [5, 5]), 0.0);
    }
}

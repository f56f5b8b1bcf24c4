//! Counts what a set of terms would catch in a stream of posts, and what it would drag in, beside
//! what the present set catches.
//!
//! Posts come one by one and are not kept: a few examples, and bounded counts of words, are all
//! that stays of them. Where posts come from and how figures look is left to others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::fold::{is_unspaced, is_word, plain};
use super::lexicon::FILES;
use super::needle::Kind;
use super::watch::{Config, Match, Sight, Watch};
use super::{Classifier, Post};
use crate::model::Intent;
use crate::text;

/// What is tried: laid over the present terms, or in their place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Further terms.
    pub terms: Vec<String>,
    /// Further exclusions.
    pub exclude: Vec<String>,
    /// Further words one of which must be there.
    pub require: Vec<String>,
    /// Further hashtags.
    pub hashtags: Vec<String>,
    /// Further handles.
    pub handles: Vec<String>,
    /// Further other brands.
    pub rivals: Vec<String>,
    /// Forgive slips, also where that is not configured.
    pub misspellings: bool,
    /// The present terms are left out.
    pub alone: bool,
}

impl Trial {
    /// The terms to try.
    pub fn onto(&self, present: &Config) -> Config {
        let mut all = if self.alone { Config::default() } else { present.clone() };
        for (list, more) in [
            (&mut all.terms, &self.terms),
            (&mut all.exclude, &self.exclude),
            (&mut all.require, &self.require),
            (&mut all.hashtags, &self.hashtags),
            (&mut all.handles, &self.handles),
            (&mut all.rivals, &self.rivals),
        ] {
            for word in more {
                if !list.contains(word) {
                    list.push(word.clone());
                }
            }
        }
        all.misspellings |= self.misspellings;
        all
    }
}

/// What one name caught.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Caught {
    /// The term, hashtag or handle as configured.
    pub name: String,
    /// `term`, `hashtag`, `handle`.
    pub kind: &'static str,
    /// Posts caught that have it.
    pub posts: u64,
    /// Those that have no other name of the brand.
    pub alone: u64,
    /// Those of `alone` that have none of the required words either and say nothing to a company:
    /// no complaint, question, request or praise.
    pub without_context: u64,
}

/// A word and the posts that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The word.
    pub word: String,
    /// How many.
    pub posts: u64,
}

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

/// Sample posts of one sort, cut and cleaned.
pub type Examples = BTreeMap<&'static str, Vec<String>>;

/// The figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Posts with words.
    pub looked_at: u64,
    /// Posts without words, and the brand's own.
    pub passed_over: u64,
    /// Posts that the tried terms catch.
    pub caught: u64,
    /// Posts that the present terms catch.
    pub caught_now: u64,
    /// Caught by the tried ones alone.
    pub newly: u64,
    /// Caught by the present ones alone.
    pub no_longer: u64,
    /// Those that name the brand, without any of the words it needs beside it.
    pub lacks_context: u64,
    /// Caught by a web address alone.
    pub in_link: u64,
    /// Caught, with another brand named too.
    pub with_rival: u64,
    /// Caught by a misspelling alone.
    pub misspelt: u64,
    /// The misspellings that were found, most frequent first.
    pub misspellings: Vec<Count>,
    /// By name.
    pub names: Vec<Caught>,
    /// Posts that name the brand, left out by each exclusion.
    pub exclusions: Vec<Count>,
    /// Samples: `newly`, `no_longer`, `excluded`, `lacks_context`, `misspelt`, `caught`.
    pub examples: Examples,
    /// Words that caught posts have more often than the others: candidates for `require`.
    pub typical: Vec<Apart>,
    /// Words that caught posts without context have more often than those with: candidates for
    /// `exclude`.
    pub stray: Vec<Apart>,
    /// Names that may be ordinary words: more than half of what they catch alone has no context.
    pub ordinary: Vec<String>,
}

/// How many words are counted at once; rare ones give way.
const MOST_WORDS: usize = 60_000;
/// Words of one post that are counted.
const WORDS_OF_POST: usize = 400;
/// Posts that must have a word before it says anything.
const LEAST: u64 = 5;
/// Standard errors that a word must be away from chance.
const CERTAIN: f64 = 2.58;
/// Words and misspellings that are told.
const TOLD: usize = 10;
/// Posts from which on a share is one.
const ENOUGH: u64 = 10;
/// Letters of an example.
const EXAMPLE: usize = 300;

/// Terms on trial.
#[derive(Debug)]
pub struct Probe {
    tried: Watch,
    present: Watch,
    classifier: Classifier,
    most_examples: usize,
    report: Report,
    samples: BTreeMap<&'static str, (u64, Vec<String>)>,
    words: HashMap<Box<str>, [u32; 3]>,
    groups: [u64; 3],
    slips: HashMap<String, u64>,
}

/// The groups in which words are counted.
const WITH_CONTEXT: usize = 0;
const WITHOUT: usize = 1;
const NOT_CAUGHT: usize = 2;

impl Probe {
    /// Begins to count. At most `examples` posts of each sort are kept.
    pub fn new(tried: &Config, present: &Config, examples: usize) -> Self {
        let tried = Watch::new(tried);
        let names = tried.names().map(|(kind, name)| Caught {
            name: name.to_owned(),
            kind: match kind {
                Kind::Tag => "hashtag",
                Kind::Handle => "handle",
                Kind::Name | Kind::Word => "term",
            },
            ..Caught::default()
        });
        let exclusions =
            tried.exclusions().map(|word| Count { word: word.to_owned(), posts: 0 }).collect();
        let report = Report { names: names.collect(), exclusions, ..Report::default() };
        Self {
            present: Watch::new(present),
            tried,
            classifier: Classifier::new(),
            most_examples: examples,
            report,
            samples: BTreeMap::new(),
            words: HashMap::new(),
            groups: [0; 3],
            slips: HashMap::new(),
        }
    }

    /// A post without words, or one that is not looked at.
    pub fn pass_over(&mut self) {
        self.report.passed_over += 1;
    }

    /// Looks at one post.
    pub fn take(&mut self, title: Option<&str>, text: &str) {
        let whole = match title.filter(|title| !text.starts_with(title)) {
            Some(title) => format!("{title}\n{text}"),
            None => text.to_owned(),
        };
        if whole.trim().is_empty() {
            return self.pass_over();
        }
        let plain = plain(&whole);
        let sight = self.tried.look(&whole, &plain);
        let is_caught = sight.about.is_about();
        let was_caught = self.present.look(&whole, &plain).about.is_about();
        let report = &mut self.report;
        report.looked_at += 1;
        report.caught += u64::from(is_caught);
        report.caught_now += u64::from(was_caught);
        report.newly += u64::from(is_caught && !was_caught);
        report.no_longer += u64::from(was_caught && !is_caught);
        let group = match is_caught {
            false => NOT_CAUGHT,
            true if self.has_context(&sight, &whole) => WITH_CONTEXT,
            true => WITHOUT,
        };
        self.count(&sight, group);
        self.groups[group] += 1;
        self.count_words(&plain, group);
        for (sort, is_one) in sorts(&sight.about, is_caught, was_caught) {
            if is_one {
                self.keep(sort, &whole);
            }
        }
    }

    /// Whether anything beside one bare name says that a brand is meant.
    fn has_context(&self, sight: &Sight, text: &str) -> bool {
        let config = self.tried.config();
        let is_bare = sight.hits.len() == 1 && sight.hits[0] >= self.tried.marked();
        if !config.require.is_empty() || !is_bare {
            return true;
        }
        let post = Post { text, watch: Some(&self.tried), ..Post::default() };
        self.classifier.classify(&post).intent != Intent::Other
    }

    fn count(&mut self, sight: &Sight, group: usize) {
        let (about, report) = (&sight.about, &mut self.report);
        if about.hit.is_none() {
            return;
        }
        for number in &sight.exclusions {
            report.exclusions[*number].posts += 1;
        }
        if group == NOT_CAUGHT {
            report.lacks_context += u64::from(about.excluded.is_none() && about.lacks_context);
            return;
        }
        report.in_link += u64::from(about.in_link);
        report.with_rival += u64::from(about.rival.is_some());
        report.misspelt += u64::from(about.misspelt.is_some());
        for number in &sight.hits {
            let name = &mut report.names[*number];
            name.posts += 1;
            if sight.hits.len() == 1 {
                name.alone += 1;
                name.without_context += u64::from(group == WITHOUT);
            }
        }
        if let Some(slip) = &about.misspelt
            && (self.slips.len() < 1_000 || self.slips.contains_key(slip))
        {
            *self.slips.entry(slip.clone()).or_default() += 1;
        }
    }

    fn count_words(&mut self, plain: &str, group: usize) {
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

    /// Keeps every post of a sort with the same chance, by a rule that gives the same each time.
    fn keep(&mut self, sort: &'static str, words: &str) {
        let (seen, kept) = self.samples.entry(sort).or_default();
        let number = *seen;
        *seen += 1;
        let example = || text::line(words, EXAMPLE);
        if kept.len() < self.most_examples {
            kept.push(example());
            return;
        }
        let place = scatter(number) % (number + 1);
        let place = usize::try_from(place).ok().filter(|place| *place < kept.len());
        if let Some(place) = place {
            kept[place] = example();
        }
    }

    /// The figures.
    pub fn report(mut self) -> Report {
        let names: HashSet<String> = self
            .tried
            .names()
            .map(|(_, name)| name)
            .chain(self.tried.config().require.iter().map(String::as_str))
            .flat_map(|name| words(&plain(name)).map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let told = |word: &str| !names.contains(word);
        let [with, without, rest] = self.groups;
        let sum = |a: u32, b: u32| u64::from(a) + u64::from(b);
        self.report.typical = apart(
            self.words.iter().filter(|(word, _)| told(word)).map(|(word, n)| {
                (word, sum(n[WITH_CONTEXT], n[WITHOUT]), u64::from(n[NOT_CAUGHT]))
            }),
            (with + without, rest),
        );
        self.report.stray = apart(
            self.words
                .iter()
                .filter(|(word, _)| told(word))
                .map(|(word, n)| (word, u64::from(n[WITHOUT]), u64::from(n[WITH_CONTEXT]))),
            (without, with),
        );
        let mut slips: Vec<Count> =
            self.slips.into_iter().map(|(word, posts)| Count { word, posts }).collect();
        slips.sort_by(|a, b| b.posts.cmp(&a.posts).then_with(|| a.word.cmp(&b.word)));
        slips.truncate(TOLD);
        self.report.misspellings = slips;
        let ordinary = |name: &&Caught| {
            name.kind == "term" && name.alone >= ENOUGH && 2 * name.without_context > name.alone
        };
        let names = self.report.names.iter().filter(ordinary);
        self.report.ordinary = names.map(|name| name.name.clone()).collect();
        self.report.examples =
            self.samples.into_iter().map(|(sort, (_, kept))| (sort, kept)).collect();
        self.report
    }
}

/// The sorts of examples that a post is one of.
fn sorts(about: &Match, is_caught: bool, was_caught: bool) -> [(&'static str, bool); 6] {
    let is_named = about.hit.is_some();
    [
        ("newly", is_caught && !was_caught),
        ("no_longer", was_caught && !is_caught),
        ("excluded", is_named && about.excluded.is_some()),
        ("lacks_context", is_named && about.excluded.is_none() && about.lacks_context),
        ("misspelt", is_caught && about.misspelt.is_some()),
        ("caught", is_caught),
    ]
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
            // The usual approximation of the variance of a log-odds ratio.
            let error = (1.0 / (posts as f64 + 0.5) + 1.0 / (others as f64 + 0.5)).sqrt();
            let sure = log_odds / error;
            (sure >= CERTAIN)
                .then(|| (sure, Apart { word: word.to_string(), posts, others, log_odds }))
        })
        .collect();
    all.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.word.cmp(&y.word)));
    all.into_iter().take(TOLD).map(|(_, word)| word).collect()
}

/// The words of a plain text that can tell something: three letters and more, no addresses and no
/// names; in scripts without spaces each pair of neighbours.
fn words(plain: &str) -> impl Iterator<Item = &str> {
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
    let mut all: HashSet<&'static str> = FILES
        .iter()
        .flat_map(|(_, data)| data.lines())
        .filter(|line| ["stop", "not", "opener"].iter().any(|class| line.starts_with(class)))
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(_, list)| list.split(',').map(str::trim))
        .collect();
    all.extend([
        "the", "and", "for", "you", "your", "are", "was", "has", "have", "had", "this", "that",
        "with", "not", "but", "they", "from", "its", "it's", "all", "can", "just", "will", "been",
        "about", "would", "there", "their", "some", "also", "les", "des", "est", "pas", "que",
        "qui", "une", "pour", "dans", "los", "las", "una", "por", "con", "per", "non", "che",
        "nie",
    ]);
    all
});

/// Spreads numbers evenly (the finaliser of splitmix64).
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

//! Counts what a set of terms would catch in a stream of posts, and what it would drag in, beside
//! what the present set catches.
//!
//! Posts come one by one and are not kept: a few examples, and bounded counts of words, are all
//! that stays of them. Where posts come from and how figures look is left to others.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::letters::plain;
use super::needle::Kind;
pub use super::tally::Apart;
use super::tally::{ENOUGH, NOT_CAUGHT, TOLD, Tally, WITH_CONTEXT, WITHOUT, words};
use super::watch::{Config, Match, Sight, Watch};
use super::{Classifier, Post};
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
    /// Those of `without_context` that write it in small letters, as they write ordinary words; in
    /// scripts without capitals all of them.
    pub in_small: u64,
}

/// A word and the posts that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The word.
    pub word: String,
    /// How many.
    pub posts: u64,
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
    /// Names that may be ordinary words: more than a third of what they catch alone has no context
    /// and writes them in small letters.
    pub ordinary: Vec<String>,
}

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
    words: Tally,
    slips: HashMap<String, u64>,
}

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
            words: Tally::default(),
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
        self.count(&sight, group, &whole);
        self.words.take(&plain, group);
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
        let post = Post { text, watch: Some(&self.tried), addressed: true, ..Post::default() };
        let scores = self.classifier.classify(&post).scores;
        scores.complaint.max(scores.question).max(scores.praise) >= 0.5
    }

    fn count(&mut self, sight: &Sight, group: usize, text: &str) {
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
                let is_small = group == WITHOUT && text.contains(&name.name.to_lowercase());
                name.in_small += u64::from(is_small);
            }
        }
        if let Some(slip) = &about.misspelt
            && (self.slips.len() < 1_000 || self.slips.contains_key(slip))
        {
            *self.slips.entry(slip.clone()).or_default() += 1;
        }
    }

    /// Keeps every post of a sort with the same chance, by a rule that gives the same each time.
    fn keep(&mut self, sort: &'static str, words: &str) {
        let (seen, kept) = self.samples.entry(sort).or_default();
        let number = *seen;
        *seen += 1;
        let place = match kept.len() < self.most_examples {
            true => kept.len() as u64,
            false => scatter(number) % (number + 1),
        };
        let place = usize::try_from(place).ok().filter(|place| *place < self.most_examples);
        let Some(place) = place else { return };
        let example = text::line(words, EXAMPLE);
        // The same words again show nothing.
        if kept.contains(&example) {
            return;
        }
        match kept.get_mut(place) {
            Some(kept) => *kept = example,
            None => kept.push(example),
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
        self.report.typical = self.words.apart(&names, &[WITH_CONTEXT, WITHOUT], NOT_CAUGHT);
        self.report.stray = self.words.apart(&names, &[WITHOUT], WITH_CONTEXT);
        let mut slips: Vec<Count> =
            self.slips.into_iter().map(|(word, posts)| Count { word, posts }).collect();
        slips.sort_by(|a, b| b.posts.cmp(&a.posts).then_with(|| a.word.cmp(&b.word)));
        slips.truncate(TOLD);
        self.report.misspellings = slips;
        let ordinary = |name: &&Caught| {
            name.kind == "term" && name.alone >= ENOUGH && 3 * name.in_small > name.alone
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

/// Spreads numbers evenly (the finaliser of splitmix64).
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

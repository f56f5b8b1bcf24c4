//! Says what a text wants from the brand, how it feels, and why it was judged so.
//!
//! A [`Post`] goes in, a [`Verdict`] comes out: no I/O, no clock, no memory, and any text is
//! fine. This classifier weighs terms and phrases in 19 languages (`data/`); its probabilities are
//! log-linear scores. Whether a case opens is decided from the verdict by `cases`.
//!
//! - `watch` (with `needle`, `tag`, `misspell`): does it name the brand?
//! - `named` (with `contrast`): or is the complaint about another one?
//! - `probe` (with `tally`): what would other terms catch?
//! - `fold` → `lexicon` → `language` → `cues` → `score`: the way of a text.
//! - `signals`: what it says beside its intent.
//! - `eval`: how good is it on labelled texts?
//! - `drift`: are the texts still like those it was made with?

mod contrast;
mod cues;
pub mod drift;
pub mod eval;
mod fold;
mod language;
mod lexicon;
mod misspell;
mod named;
mod needle;
pub mod probe;
mod score;
mod signals;
mod tag;
mod tally;
mod trie;
pub mod watch;

use std::borrow::Cow;

use crate::model::{Intent, Reason, Scores, Sentiment, Severity, Signal, Verdict};
use cues::{Cue, Cues};
use fold::{Signs, Text};
use lexicon::{Class, LEXICON};
pub use named::ELSEWHERE;
use score::{Odds, Setting};
pub use watch::{Match, Watch};

/// Name and version of this classifier, kept with every verdict.
pub const MODEL: &str = "lexicon-1";

/// Reasons given with a verdict at most.
const REASONS: usize = 8;
/// Probability from which on a class is taken.
const TAKEN: f32 = 0.5;
/// Words up to which thanks may be all there is.
const SHORT: usize = 45;

/// A text and where it comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Post<'a> {
    /// Plain text.
    pub text: &'a str,
    /// Title of a review, article or forum post.
    pub title: Option<&'a str>,
    /// Language in the platform's word (BCP 47).
    pub lang: Option<&'a str>,
    /// Kind of channel: `microblog`, `forum`, `review`, `news`, `chat`.
    pub channel: Option<&'a str>,
    /// The brand's terms; `None`: the text is known to be about the brand.
    pub watch: Option<&'a Watch>,
    /// It speaks to the brand: from notifications, a reply below its posts, or it names an account
    /// of it.
    pub addressed: bool,
    /// By an account of the brand itself.
    pub own: bool,
}

/// The classifier. Cheap to make and to copy: its terms are read once per process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Classifier;

impl Classifier {
    /// A classifier with the terms compiled in.
    pub fn new() -> Self {
        Self
    }

    /// Name and version, as found in [`Verdict::model`].
    pub fn model(&self) -> &'static str {
        MODEL
    }

    /// Judges one post. Takes time in proportion to its length.
    pub fn classify(&self, post: &Post<'_>) -> Verdict {
        let words = words(post);
        let plain = fold::plain(&words);
        let sight = post.watch.map(|watch| watch.look(&words, &plain)).unwrap_or_default();
        let text = Text::new(&words, plain, &sight.brand);
        let hits = LEXICON.hits(&text);
        let language = language::find(&text, &hits, post.lang);
        let cues = cues::weigh(&text, &hits, &language);
        let said = signals::find(&text, language.code.as_deref(), post.own);
        if post.own {
            return said.join(own(&text, &cues, language.code));
        }
        let setting = Setting {
            addressed: post.addressed,
            named: sight.about.is_about(),
            news: post.channel == Some("news"),
            review: post.channel == Some("review"),
        };
        let odds = score::odds(&cues, &text.signs, setting);
        let intent = intent(&odds);
        // Who praises us beside a complaint about them speaks of us.
        let elsewhere = match intent {
            Intent::Praise => None,
            _ => named::elsewhere(post.addressed, &sight, &text, &cues),
        };
        let relevance = relevance(post, &sight.about, elsewhere.is_some());
        let is_safety =
            odds.spam < TAKEN && (said.says(Signal::Safety) || said.says(Signal::Legal));
        let is_severe = said.is_severe() && odds.spam < TAKEN && (is_safety || asks(&odds));
        said.join(Verdict {
            lang: language.code,
            intent,
            sentiment: feeling(&odds),
            relevant: relevance >= TAKEN && odds.spam < TAKEN,
            severity: if is_severe { Severity::Severe } else { Severity::Normal },
            safety: is_safety,
            thanks: is_thanks(&odds, intent, &text),
            scores: scores(&odds, relevance),
            reasons: reasons(&text, &cues, &sight.about, elsewhere),
            ..Verdict::empty(MODEL)
        })
    }
}

/// Whether a text with severe words may be asking something: less is enough than for others, for
/// missing it costs more.
fn asks(odds: &Odds) -> bool {
    odds.complaint.max(odds.question) >= TAKEN / 2.0
}

/// Title and text as one.
fn words<'a>(post: &Post<'a>) -> Cow<'a, str> {
    match post.title {
        Some(title) if !title.trim().is_empty() && !post.text.starts_with(title) => {
            Cow::Owned(format!("{title}\n{}", post.text))
        }
        _ => Cow::Borrowed(post.text),
    }
}

/// A post of the brand asks nothing of the brand; only where it sends people matters.
fn own(text: &Text, cues: &Cues, lang: Option<String>) -> Verdict {
    let odds = score::odds(&Cues::default(), &Signs::default(), Setting::default());
    let private: Vec<Cue> =
        cues.0.iter().filter(|cue| cue.class == Class::Private).cloned().collect();
    let moved_private = cues.sum(Class::Private) >= 1.0;
    Verdict {
        lang,
        relevant: true,
        moved_private,
        scores: Scores { relevant: 1.0, sentiment: odds.sentiment, ..Scores::default() },
        reasons: reasons(text, &Cues(private), &Match::default(), None),
        ..Verdict::empty(MODEL)
    }
}

/// How likely the text is about the brand.
fn relevance(post: &Post<'_>, about: &Match, is_elsewhere: bool) -> f32 {
    if post.addressed {
        return 0.98;
    }
    match post.watch {
        None => 0.9,
        Some(_) if about.is_about() && is_elsewhere => 0.15,
        Some(_) if about.is_about() && about.in_link => 0.6,
        Some(_) if about.is_about() => 0.93,
        Some(_) if about.hit.is_some() => 0.1,
        Some(_) => 0.03,
    }
}

/// The class with the highest probability, if that is high enough. What asks goes before praise:
/// a missed complaint costs more than a missed compliment.
fn intent(odds: &Odds) -> Intent {
    if odds.spam >= TAKEN {
        return Intent::Other;
    }
    let asks = odds.complaint.max(odds.question);
    if asks >= TAKEN && asks >= odds.praise - 0.1 {
        // Complaints are often put as questions, questions seldom as complaints.
        if odds.complaint >= TAKEN && odds.complaint >= odds.question - 0.2 {
            return Intent::Complaint;
        }
        return if odds.is_request { Intent::Request } else { Intent::Question };
    }
    if odds.praise >= TAKEN { Intent::Praise } else { Intent::Other }
}

fn feeling(odds: &Odds) -> Sentiment {
    match odds.sentiment {
        [neg, neu, pos] if neg > neu && neg > pos => Sentiment::Neg,
        [_, neu, pos] if pos > neu => Sentiment::Pos,
        _ => Sentiment::Neu,
    }
}

/// Gratitude and nothing else: short, nothing asked, no number that somebody was asked for.
fn is_thanks(odds: &Odds, intent: Intent, text: &Text) -> bool {
    odds.thanks >= 0.9
        && !intent.asks()
        && odds.complaint.max(odds.question) < 0.4
        && odds.spam < TAKEN
        && text.words() <= SHORT
        && text.signs.digits < 4
}

/// `needs_answer` is max(complaint, question) × (1 − ½ praise) × (1 − 0.8 spam) × relevance.
fn scores(odds: &Odds, relevance: f32) -> Scores {
    let asks = odds.complaint.max(odds.question);
    Scores {
        complaint: odds.complaint,
        question: odds.question,
        praise: odds.praise,
        spam: odds.spam,
        relevant: relevance,
        needs_answer: asks * (1.0 - 0.5 * odds.praise) * (1.0 - 0.8 * odds.spam) * relevance,
        sentiment: odds.sentiment,
    }
}

/// The strongest evidence, as the text has it.
fn reasons(text: &Text, cues: &Cues, about: &Match, elsewhere: Option<String>) -> Vec<Reason> {
    let mut strongest: Vec<&Cue> = cues.0.iter().filter(|cue| cue.weight != 0.0).collect();
    strongest.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    let hit = about.misspelt.as_ref().or(about.hit.as_ref()).cloned();
    let link = if about.in_link { "relevant, in a link" } else { "relevant" };
    let excluded = about.excluded.clone();
    // Whoever is meant instead decides, so no other reason may push it out.
    let brand = [(excluded, "irrelevant", 1.0), (elsewhere, ELSEWHERE, 9.0), (hit, link, 1.0)];
    let brand = brand.into_iter().filter_map(|(found, speaks_for, weight)| {
        Some(Reason { found: found?, speaks_for: speaks_for.to_owned(), weight })
    });
    let mut all: Vec<Reason> = strongest
        .into_iter()
        .take(REASONS)
        .map(|cue| Reason {
            found: match cue.sign {
                "" => text.piece(cue.place.clone()),
                sign => sign.to_owned(),
            },
            speaks_for: cue.class.word().to_owned(),
            weight: cue.weight,
        })
        .chain(brand)
        .collect();
    all.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    all.truncate(REASONS);
    all
}

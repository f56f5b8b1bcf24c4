//! Says what a text wants from the brand, how it feels, and why it was judged so.
//!
//! A [`Post`] goes in, a [`Verdict`] comes out: no I/O, no clock, no memory, and any text is
//! fine. Two judges look at each text: terms and phrases written by hand in 19 languages (`data/`),
//! and a model learned from labelled posts; what they say together becomes probabilities. Whether
//! a case opens is decided from the verdict by `cases`.
//!
//! - `watch` (with `needle`, `tag`, `misspell`): does it name the brand?
//! - `named` (with `contrast`): or is the complaint about another one?
//! - `probe` (with `tally`): what would other terms catch?
//! - `letters` → `fold` → `features` (with `hashes`) → `spelling` → `language` → `lexicon` (with
//!   `class`, `terms`, `index`) → `cues` → `tone` → `score`: the way of a text.
//! - `model` → `blend` → `decide`: what was learned, what both judges mean together, what it is taken
//!   for; `why`: the evidence.
//! - `signals`: what it says beside its intent; `topics`: what it is about, and whether it is severe.
//! - `eval`: how good is it on labelled texts?
//! - `drift`: are the texts still like those it was made with?

pub mod blend;
mod class;
mod contrast;
mod cues;
mod decide;
pub mod drift;
pub mod eval;
pub mod features;
mod fold;
mod hashes;
mod index;
mod language;
mod letters;
mod lexicon;
mod misspell;
pub mod model;
mod named;
mod needle;
pub mod probe;
mod score;
mod signals;
pub mod spelling;
mod tag;
mod tally;
mod terms;
mod tone;
pub mod topics;
pub mod watch;
mod why;

use std::borrow::Cow;
use std::cell::RefCell;

use crate::model::{Aspect, Reason, Scores, Severity, Signal, Verdict};
use blend::{Group, INPUTS};
use class::Class;
use cues::{Cue, Cues};
use decide::TAKEN;
use features::{Names, Parts};
use fold::Text;
use language::Language;
pub(crate) use language::is_settled;
use model::{HEADS, Model, SHIPPED};
pub use named::ELSEWHERE;
use score::{Odds, Setting};
use signals::{Applying, Said};
use spelling::{Cache, Spelt};
use tone::Tone;
use topics::{ASPECTS, SEVERE, TOPICS};
use watch::Sight;
pub use watch::{Match, Watch};

/// Characters looked at, from the start and from the end of a text: what it wants stands there.
const LOOKED_AT: (usize, usize) = (3_000, 1_000);
/// How far what is clearly heard as a complaint or a question needs an answer.
const HEARD: f32 = 0.8;
/// What is left of the need for an answer where thanks are all there is.
const THANKED: f32 = 0.1;

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
    /// All that speaks for that is that it names the brand: it does not if it turns out to complain
    /// of another one.
    pub overheard: bool,
    /// By an account of the brand itself.
    pub own: bool,
}

/// The classifier. Cheap to make and to copy: terms and model are read once per process.
#[derive(Clone, Copy, Debug)]
pub struct Classifier {
    model: &'static Model,
}

impl Default for Classifier {
    fn default() -> Self {
        Self::new()
    }
}

thread_local! {
    /// The memory in which texts are taken apart, one after the other.
    static DESK: RefCell<Desk> = RefCell::default();
}

/// A text taken apart, and what is known of its words.
#[derive(Default)]
struct Desk {
    text: Text,
    parts: Parts,
    spelt: Spelt,
    cache: Cache,
    /// The terms in it, by what becomes of them.
    hits: Vec<cues::Hit>,
    remarks: Vec<signals::Hit>,
}

/// What both judges found in a text, before it is weighed.
struct Found {
    sight: Sight,
    said: Said,
    cues: Cues,
    tones: Vec<Cue>,
    odds: Odds,
    language: Language,
}

impl Found {
    /// The other brand that it complains of, if it does.
    fn elsewhere(&self, text: &Text) -> Option<String> {
        named::elsewhere(&self.sight, text, &self.cues)
    }
}

/// What a trainer learns from: the features of a text, and what the terms say of it.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Hashes of words, pairs, characters and signs.
    pub words: Vec<u32>,
    /// Hashes of pieces of words.
    pub pieces: Vec<u32>,
    /// Hashes of what tells the language.
    pub spoken: Vec<u32>,
    /// The inputs of [`blend`], with the sums of the model that was used.
    pub inputs: [f32; INPUTS],
    /// What the table of topics says in that model.
    pub topics: [f32; TOPICS],
    /// What the terms say of each aspect.
    pub told: [f32; ASPECTS],
    /// The language found.
    pub lang: Option<String>,
}

impl Classifier {
    /// A classifier with the terms and the model compiled in.
    pub fn new() -> Self {
        Self::with(&SHIPPED)
    }

    /// The same with another model.
    pub fn with(model: &'static Model) -> Self {
        Self { model }
    }

    /// Name and version, as found in [`Verdict::model`].
    pub fn model(&self) -> &'static str {
        &self.model.head.name
    }

    /// What a trainer learns from a post. `model` tells the language and the sums.
    pub fn lesson(model: &Model, post: &Post<'_>) -> Lesson {
        DESK.with_borrow_mut(|desk| {
            let found = look(model, post, desk);
            let Desk { text, parts, spelt, .. } = desk;
            let (mut pieces, mut spoken) = (Vec::new(), Vec::new());
            for token in &parts.lettered {
                let (word, hash) = parts.word(&text.plain, *token);
                spelling::split(word, hash, &mut pieces, &mut spoken);
            }
            Lesson {
                words: parts.words.iter().map(|feature| feature.hash).collect(),
                pieces,
                spoken,
                inputs: blend::inputs(&model.sums(parts, spelt), &found.odds),
                topics: model.topic_sums(parts, spelt),
                told: found.said.told(),
                lang: found.language.code,
            }
        })
    }

    /// Judges one post. Takes time in proportion to its length, up to that of some pages.
    pub fn classify(&self, post: &Post<'_>) -> Verdict {
        DESK.with_borrow_mut(|desk| {
            let found = look(self.model, post, desk);
            if post.own {
                self.own(found, &desk.text)
            } else if post.overheard && found.elsewhere(&desk.text).is_some() {
                self.overhear(post, desk)
            } else {
                self.judge(post, found, desk)
            }
        })
    }

    /// Judges a post that names the brand and complains of another one, unless it praises as well.
    fn overhear(&self, post: &Post<'_>, desk: &mut Desk) -> Verdict {
        let apart = Post { addressed: false, ..*post };
        let found = look(self.model, &apart, desk);
        let verdict = self.judge(&apart, found, desk);
        if verdict.scores.praise < TAKEN {
            return verdict;
        }
        let found = look(self.model, post, desk);
        self.judge(post, found, desk)
    }

    fn judge(&self, post: &Post<'_>, found: Found, desk: &Desk) -> Verdict {
        let Desk { text, parts, spelt, .. } = desk;
        let meant_instead = if post.addressed { None } else { found.elsewhere(text) };
        let Found { sight, said, cues, tones, odds, language } = found;
        let (group, is_known) = self.group(language.code.as_deref());
        let mut chances =
            blend::chances(group, &blend::inputs(&self.model.sums(parts, spelt), &odds));
        let thanks = decide::is_thanks(&cues, &odds, &chances, text);
        if thanks {
            chances.needs_answer = chances.needs_answer.min(THANKED);
        }
        let is_spam = chances.spam >= TAKEN;
        // What both judges hear as a complaint or a question needs an answer, and so does whatever
        // tells of harm, however it is put.
        let has_terms = decide::has_terms(&cues);
        if !is_spam && (has_terms || said.is_severe()) {
            chances.needs_answer = chances.needs_answer.max(HEARD * chances.wants());
        }
        // Who praises us beside a complaint about them speaks of us.
        let elsewhere = meant_instead.filter(|_| chances.praise < TAKEN);
        let relevance = decide::relevance(post, &sight.about, elsewhere.is_some());
        let scores = decide::scores(&chances, relevance);
        let (intent, unsure) =
            decide::decide(&chances, &scores, group, is_known, has_terms, said.is_severe());
        let is_safety = !is_spam && (said.says(Signal::Safety) || said.says(Signal::Legal));
        // Less is enough than for others, for missing it costs more.
        let may_ask = scores.needs_answer >= group.look;
        let topics = self.model.topic_sums(parts, spelt);
        let is_heard = intent.asks() && topics::is_severe(&topics);
        let is_severe = is_safety || (!is_spam && may_ask && (said.is_severe() || is_heard));
        // Who would be woken up, or is to look, wants to know what the model saw.
        let mut learned = Vec::new();
        if intent.asks() {
            let head = decide::head(intent, unsure);
            let gain = group.weights[head][head];
            let shares = self.model.head_shares(parts, spelt, head);
            learned = why::pieces(text, parts, HEADS[head], gain, shares);
        }
        let relevant = relevance >= TAKEN && !is_spam;
        let (aspects, mut topical): (Vec<Aspect>, Vec<Reason>) =
            if relevant { self.about(desk, &said, &topics).unzip() } else { Default::default() };
        if is_severe && !said.is_severe() {
            topical.extend(self.piece(desk, SEVERE, Severity::Severe.word()));
        }
        said.join(Verdict {
            lang: language.code,
            intent,
            sentiment: decide::feeling(&chances),
            relevant,
            aspects,
            severity: if is_severe { Severity::Severe } else { Severity::Normal },
            safety: is_safety,
            thanks,
            scores,
            reasons: why::reasons(
                text,
                &cues,
                &tones,
                learned,
                decide::brand(&sight.about, elsewhere).chain(topical),
            ),
            unsure,
            ..Verdict::empty(self.model())
        })
    }

    /// What a text is about, with the piece that says so: where none does, it is about nothing.
    fn about(
        &self,
        desk: &Desk,
        said: &Said,
        topics: &[f32; TOPICS],
    ) -> impl Iterator<Item = (Aspect, Reason)> {
        let likely = self.model.head.scale.aspects(topics, &said.told());
        likely.filter_map(|aspect| {
            let told = said.evidence(&desk.text, aspect);
            let learned = || self.piece(desk, aspect as usize, aspect.word());
            Some((aspect, told.or_else(learned)?))
        })
    }

    /// The piece whose learned features speak most for a topic.
    fn piece(&self, desk: &Desk, topic: usize, word: &'static str) -> Option<Reason> {
        let gain = self.model.head.scale.learned;
        let shares = self.model.topic_shares(&desk.parts, &desk.spelt, topic);
        why::pieces(&desk.text, &desk.parts, word, gain, shares).into_iter().next()
    }

    /// A post of the brand asks nothing of the brand; only where it sends people matters.
    fn own(&self, found: Found, text: &Text) -> Verdict {
        let Found { said, cues, language, .. } = found;
        let moved_private = cues.sum(Class::Private) >= 1.0;
        let private: Vec<Cue> =
            cues.0.into_iter().filter(|cue| cue.class == Class::Private).collect();
        said.join(Verdict {
            lang: language.code,
            relevant: true,
            moved_private,
            scores: Scores { relevant: 1.0, sentiment: [0.0, 1.0, 0.0], ..Scores::default() },
            reasons: why::reasons(text, &Cues(private), &[], Vec::new(), std::iter::empty()),
            ..Verdict::empty(self.model())
        })
    }

    /// How a language is weighed, and whether the model has seen posts in it.
    fn group(&self, code: Option<&str>) -> (&Group, bool) {
        let groups = &self.model.head.groups;
        let known = code.and_then(|code| {
            groups.iter().find(|group| group.langs.iter().any(|lang| lang == code))
        });
        // A model has at least one group; the last is for all other languages.
        known.map_or_else(|| (&groups[groups.len() - 1], false), |group| (group, true))
    }
}

/// Takes a post apart and lets the terms judge it.
fn look(model: &Model, post: &Post<'_>, desk: &mut Desk) -> Found {
    let Desk { text, parts, spelt, cache, hits, remarks } = desk;
    let words = words(post);
    let plain = letters::plain(&words);
    let sight = post.watch.map(|watch| watch.look(&words, &plain)).unwrap_or_default();
    let names = Names { brand: &sight.brand, others: &sight.rivals };
    text.read(&words, plain, &sight.brand);
    parts.take(&text.plain, names, text.signs.shouts, post.channel);
    spelt.read(model, &text.plain, parts, cache);
    let language = language::find(&text.plain, spelt, model, post.lang);
    let applying = Applying::to(language.code.as_deref());
    let langs = language.active | language.mixed_in | applying.all();
    lexicon::find(text, langs, hits, remarks);
    let (cues, tones) = cues::weigh(text, hits, &language);
    let said = signals::find(text, remarks, &applying, post.own);
    let setting = Setting {
        addressed: post.addressed,
        named: sight.about.is_about(),
        news: post.channel == Some("news"),
        review: post.channel == Some("review"),
    };
    let odds = score::odds(&cues, Tone::of(text, &tones), &text.signs, setting);
    let levels = [
        odds.complaint,
        odds.question,
        odds.praise,
        odds.spam,
        odds.sentiment[0],
        odds.sentiment[2],
    ];
    for (which, p) in levels.into_iter().enumerate() {
        parts.cue(which as u32, (p * 8.0) as u32);
    }
    Found { sight, said, cues, tones, odds, language }
}

/// Title and text as one, without the middle of a long one.
fn words<'a>(post: &Post<'a>) -> Cow<'a, str> {
    let words = match post.title {
        Some(title) if !title.trim().is_empty() && !post.text.starts_with(title) => {
            Cow::Owned(format!("{title}\n{}", post.text))
        }
        _ => Cow::Borrowed(post.text),
    };
    let (start, end) = LOOKED_AT;
    if words.len() <= start + end {
        return words;
    }
    let cut = (words.floor_char_boundary(start), words.ceil_char_boundary(words.len() - end));
    Cow::Owned(format!("{}\n{}", &words[..cut.0], &words[cut.1..]))
}

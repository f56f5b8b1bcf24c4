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
//! - `fold` → `features` → `language` → `lexicon` (with `terms`, `index`) → `cues` → `tone` → `score`: the way of a text.
//! - `model` → `blend`: what was learned, and what both judges mean together; `why`: the evidence.
//! - `signals`: what it says beside its intent.
//! - `eval`: how good is it on labelled texts?
//! - `drift`: are the texts still like those it was made with?

pub mod blend;
mod contrast;
mod cues;
pub mod drift;
pub mod eval;
pub mod features;
mod fold;
mod index;
mod language;
mod lexicon;
mod misspell;
pub mod model;
mod named;
mod needle;
pub mod probe;
mod score;
mod signals;
mod tag;
mod tally;
mod terms;
mod tone;
pub mod watch;
mod why;

use std::borrow::Cow;
use std::cell::RefCell;

use crate::model::{Intent, Reason, Scores, Sentiment, Severity, Signal, Verdict};
use blend::{Chances, Group, INPUTS};
use cues::{Cue, Cues};
use features::{Names, Parts};
use fold::Text;
use language::Language;
pub(crate) use language::is_settled;
use lexicon::{Class, LEXICON};
use model::{HEADS, Model, SHIPPED};
pub use named::ELSEWHERE;
use score::{Odds, Setting};
use signals::Said;
use tone::Tone;
use watch::Sight;
pub use watch::{Match, Watch};

/// Probability from which on a class is taken.
const TAKEN: f32 = 0.5;
/// Characters looked at, from the start and from the end of a text: what it wants stands there.
const LOOKED_AT: (usize, usize) = (3_000, 1_000);
/// The relevance of a post that names the brand.
const NAMED: f32 = 0.9;
/// How far what is clearly heard as a complaint or a question needs an answer.
const HEARD: f32 = 0.8;
/// Below this no class is a reason to look at a post.
const HINTED: f32 = 0.35;
/// The same, and what wakes somebody up, where no term speaks for what the model finds.
const ALONE: (f32, f32) = (0.4, 0.85);
/// What is left of the need for an answer where thanks are all there is.
const THANKED: f32 = 0.1;
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
    static PARTS: RefCell<Parts> = RefCell::default();
}

/// What both judges found in a text, before it is weighed.
struct Found {
    sight: Sight,
    said: Said,
    text: Text,
    cues: Cues,
    tones: Vec<Cue>,
    odds: Odds,
    language: Language,
}

impl Found {
    /// The other brand that it complains of, if it does.
    fn elsewhere(&self) -> Option<String> {
        named::elsewhere(&self.sight, &self.text, &self.cues)
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
        let mut parts = Parts::default();
        let found = look(model, post, &mut parts);
        let hashes = |all: &[features::Feature]| all.iter().map(|f| f.hash).collect();
        Lesson {
            words: hashes(&parts.words),
            pieces: hashes(&parts.pieces),
            inputs: blend::inputs(&model.sums(&parts), &found.odds),
            spoken: parts.spoken,
            lang: found.language.code,
        }
    }

    /// Judges one post. Takes time in proportion to its length, up to that of some pages.
    pub fn classify(&self, post: &Post<'_>) -> Verdict {
        PARTS.with_borrow_mut(|parts| {
            let found = look(self.model, post, parts);
            if post.own {
                self.own(found)
            } else if post.overheard && found.elsewhere().is_some() {
                self.overhear(post, parts)
            } else {
                self.judge(post, found, parts)
            }
        })
    }

    /// Judges a post that names the brand and complains of another one, unless it praises as well.
    fn overhear(&self, post: &Post<'_>, parts: &mut Parts) -> Verdict {
        let apart = Post { addressed: false, ..*post };
        let found = look(self.model, &apart, parts);
        let verdict = self.judge(&apart, found, parts);
        if verdict.scores.praise < TAKEN {
            return verdict;
        }
        let found = look(self.model, post, parts);
        self.judge(post, found, parts)
    }

    fn judge(&self, post: &Post<'_>, found: Found, parts: &Parts) -> Verdict {
        let meant_instead = if post.addressed { None } else { found.elsewhere() };
        let Found { sight, said, text, cues, tones, odds, language } = found;
        let (group, is_known) = self.group(language.code.as_deref());
        let mut chances = blend::chances(group, &blend::inputs(&self.model.sums(parts), &odds));
        let thanks = is_thanks(&odds, &chances, &text);
        if thanks {
            chances.needs_answer = chances.needs_answer.min(THANKED);
        }
        let is_spam = chances.spam >= TAKEN;
        // What both judges hear as a complaint or a question needs an answer, and so does whatever
        // tells of harm, however it is put.
        let has_terms = has_terms(&cues);
        if !is_spam && (has_terms || said.is_severe()) {
            chances.needs_answer = chances.needs_answer.max(HEARD * chances.wants());
        }
        // Who praises us beside a complaint about them speaks of us.
        let elsewhere = meant_instead.filter(|_| chances.praise < TAKEN);
        let relevance = relevance(post, &sight.about, elsewhere.is_some());
        let scores = scores(&chances, relevance);
        let (intent, unsure) = decide(&chances, &scores, group, is_known, has_terms);
        let is_safety = !is_spam && (said.says(Signal::Safety) || said.says(Signal::Legal));
        // Less is enough than for others, for missing it costs more.
        let may_ask = scores.needs_answer >= group.look;
        let is_severe = !is_spam && said.is_severe() && (is_safety || may_ask);
        // Who would be woken up, or is to look, wants to know what the model saw.
        let learned = intent.asks().then(|| {
            let head = head(intent, unsure);
            (self.model, parts, head, HEADS[head], group.weights[head][head])
        });
        said.join(Verdict {
            lang: language.code,
            intent,
            sentiment: feeling(&chances),
            relevant: relevance >= TAKEN && !is_spam,
            severity: if is_severe { Severity::Severe } else { Severity::Normal },
            safety: is_safety,
            thanks,
            scores,
            reasons: why::reasons(&text, &cues, &tones, learned, brand(&sight.about, elsewhere)),
            unsure,
            ..Verdict::empty(self.model())
        })
    }

    /// A post of the brand asks nothing of the brand; only where it sends people matters.
    fn own(&self, found: Found) -> Verdict {
        let Found { said, text, cues, language, .. } = found;
        let moved_private = cues.sum(Class::Private) >= 1.0;
        let private: Vec<Cue> =
            cues.0.into_iter().filter(|cue| cue.class == Class::Private).collect();
        said.join(Verdict {
            lang: language.code,
            relevant: true,
            moved_private,
            scores: Scores { relevant: 1.0, sentiment: [0.0, 1.0, 0.0], ..Scores::default() },
            reasons: why::reasons(&text, &Cues(private), &[], None, std::iter::empty()),
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
fn look(model: &Model, post: &Post<'_>, parts: &mut Parts) -> Found {
    let words = words(post);
    let plain = fold::plain(&words);
    let sight = post.watch.map(|watch| watch.look(&words, &plain)).unwrap_or_default();
    let names = Names { brand: &sight.brand, others: &sight.rivals };
    let text = Text::new(&words, plain, &sight.brand);
    parts.take(&text.plain, names, text.signs.shouts, post.channel);
    let language = language::find(&text.plain, parts, model, post.lang);
    let mut hits = Vec::new();
    LEXICON.each(&text, language.active | language.mixed_in, |hit| hits.push(hit));
    let (cues, tones) = cues::weigh(&text, &hits, &language);
    let said = signals::find(&text, language.code.as_deref(), post.own);
    let setting = Setting {
        addressed: post.addressed,
        named: sight.about.is_about(),
        news: post.channel == Some("news"),
        review: post.channel == Some("review"),
    };
    let odds = score::odds(&cues, Tone::of(&tones), &text.signs, setting);
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
    Found { sight, said, text, cues, tones, odds, language }
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

/// What it wants, and whether a person should look instead. Somebody is woken up where it more
/// likely than not needs an answer and is of one of the classes that ask. Where less is known, a
/// person should look: in a language in which the model has seen no posts, and where it alone finds
/// something that no term speaks for.
fn decide(
    chances: &Chances,
    scores: &Scores,
    group: &Group,
    is_known: bool,
    has_terms: bool,
) -> (Intent, bool) {
    let (asked, wants) = (chances.asked(), chances.wants());
    let (hinted, clear) = if has_terms { (HINTED, TAKEN) } else { (ALONE.0, ALONE.1) };
    let is_silent = scores.needs_answer < group.take || wants < hinted;
    if chances.spam >= TAKEN {
        return (Intent::Other, false);
    }
    if is_silent {
        // How likely it is among what asks for nothing.
        let is_praise = chances.praise >= TAKEN * (1.0 - wants);
        return (if is_praise { Intent::Praise } else { Intent::Other }, false);
    }
    let intent = if chances.complaint >= asked {
        Intent::Complaint
    } else if chances.request > chances.question {
        Intent::Request
    } else {
        Intent::Question
    };
    (intent, scores.needs_answer < TAKEN || wants < clear || !is_known)
}

/// Whether any term asks something or finds fault.
fn has_terms(cues: &Cues) -> bool {
    use Class::{Complaint, Neg, Question, Request, Safety};
    let speaks = |class| matches!(class, Complaint | Neg | Question | Request | Safety);
    cues.0.iter().any(|cue| speaks(cue.class) && cue.weight > 0.0)
}

/// The column of the model that explains why somebody is woken up or is to look.
fn head(intent: Intent, unsure: bool) -> usize {
    let word = if unsure { "needs_answer" } else { intent.word() };
    HEADS.iter().position(|head| *head == word).unwrap_or(HEADS.len() - 1)
}

fn feeling(chances: &Chances) -> Sentiment {
    match chances.sentiment {
        [neg, neu, pos] if neg > neu && neg > pos => Sentiment::Neg,
        [_, neu, pos] if pos > neu => Sentiment::Pos,
        _ => Sentiment::Neu,
    }
}

/// Gratitude and nothing else: short, nothing asked in the eyes of either judge, no number that
/// somebody was asked for.
fn is_thanks(odds: &Odds, chances: &Chances, text: &Text) -> bool {
    odds.thanks >= 0.9
        && odds.complaint.max(odds.question) < 0.4
        && chances.wants() < TAKEN
        && chances.spam < TAKEN
        && text.words() <= SHORT
        && text.signs.digits < 4
}

/// Whatever is not about the brand needs no answer from it.
fn scores(chances: &Chances, relevance: f32) -> Scores {
    Scores {
        complaint: chances.complaint,
        question: chances.asked(),
        praise: chances.praise,
        spam: chances.spam,
        relevant: relevance,
        needs_answer: chances.needs_answer * (relevance / NAMED).min(1.0),
        sentiment: chances.sentiment,
    }
}

/// What spoke for or against its being about the brand.
fn brand(about: &Match, elsewhere: Option<String>) -> impl Iterator<Item = Reason> {
    let hit = about.misspelt.as_ref().or(about.hit.as_ref()).cloned();
    let link = if about.in_link { "relevant, in a link" } else { "relevant" };
    let excluded = about.excluded.clone();
    // Whoever is meant instead decides, so no other reason may push it out.
    let all = [(excluded, "irrelevant", 1.0), (elsewhere, ELSEWHERE, 9.0), (hit, link, 1.0)];
    all.into_iter().filter_map(|(found, speaks_for, weight)| {
        Some(Reason { found: found?, speaks_for: speaks_for.to_owned(), weight })
    })
}

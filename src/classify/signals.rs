//! Says what a text says beside its intent: its signals, what it is about, and the day it promises.
//!
//! The weights of the terms in a text are summed per signal and per aspect. What a customer says and
//! what the brand says are told apart by who wrote it. Whether a severe signal makes a post severe is
//! decided by the caller, who knows whether it asks for anything.

mod promise;

use super::class::{Family, Remark};
use super::fold::Text;
use super::lexicon::{self, Langs};
use super::terms;
use super::why::REASONS;
use crate::model::{Aspect, Promised, Reason, Sentiment, Signal, Verdict};

/// A term of what is said.
pub(super) type Hit = terms::Hit<Remark>;

/// The sum from which on something is said.
const SAID: f32 = 0.995;
/// Words between a negation and what it negates.
const REACH: u32 = 3;
/// Terms lighter than this are no statements that could be negated.
const STATEMENT: f32 = 0.8;
/// What an amount of money adds to words of loss, and to price.
const AMOUNT: (f32, f32) = (0.3, 0.8);
/// What words of waiting in vain, or of data gone astray, add to service.
const CARE: f32 = 0.8;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// In order of [`Signal`].
    pub signals: Vec<Signal>,
    /// What speaks for each aspect.
    aspects: [Sum; Aspect::ALL.len()],
    /// The day that was named, in the brand's own posts.
    pub promised: Option<Promised>,
    /// One piece of evidence for each signal, the heaviest.
    pub reasons: Vec<Reason>,
}

impl Said {
    /// Whether anything of it makes a post severe.
    pub(super) fn is_severe(&self) -> bool {
        self.signals.iter().any(|signal| signal.is_severe())
    }

    /// Whether it says this.
    pub(super) fn says(&self, signal: Signal) -> bool {
        self.signals.contains(&signal)
    }

    /// How much speaks for each aspect.
    pub(super) fn told(&self) -> [f32; Aspect::ALL.len()] {
        self.aspects.map(|sum| sum.weight)
    }

    /// The heaviest piece that speaks for an aspect, if any does.
    pub(super) fn evidence(&self, text: &Text, aspect: Aspect) -> Option<Reason> {
        let sum = &self.aspects[aspect as usize];
        (sum.weight > 0.0).then(|| sum.reason(text, aspect.word()))
    }

    /// The verdict with the signals that were found.
    pub(super) fn join(self, mut verdict: Verdict) -> Verdict {
        // "Can you recommend one?" recommends nothing, and "it was five stars once" the contrary.
        let fits = |signal: Signal| match signal {
            Signal::Recommends => !verdict.intent.asks() && verdict.sentiment != Sentiment::Neg,
            Signal::WarnsOff => verdict.sentiment != Sentiment::Pos,
            _ => true,
        };
        let signals: Vec<Signal> = self.signals.into_iter().filter(|s| fits(*s)).collect();
        let is_kept = |word: &str| signals.iter().any(|signal| signal.word() == word);
        verdict.reasons.extend(self.reasons.into_iter().filter(|r| is_kept(&r.speaks_for)));
        verdict.reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        verdict.reasons.truncate(REASONS);
        verdict.signals = signals;
        verdict.promised = self.promised;
        verdict
    }
}

/// The sum for one signal or aspect, and its heaviest piece.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    weight: f32,
    heaviest: f32,
    place: (usize, usize),
}

impl Sum {
    fn add(&mut self, hit: &Hit) {
        self.weight += hit.term.weight;
        if hit.term.weight > self.heaviest {
            self.heaviest = hit.term.weight;
            self.place = (hit.start, hit.end);
        }
    }

    fn reason(&self, text: &Text, word: &'static str) -> Reason {
        let (start, end) = self.place;
        Reason { found: text.piece(start..end), speaks_for: word.into(), weight: self.weight }
    }
}

/// Tells signals and aspects by the terms of a text; `own`: the brand wrote it.
pub(super) fn find(text: &Text, hits: &mut Vec<Hit>, langs: &Applying, own: bool) -> Said {
    hits.retain(|hit| concerns(hit.term.class, own) && langs.hold(text, hit));
    if hits.is_empty() {
        return Said::default();
    }
    let hits = settle(text, hits);
    let mut signals = [Sum::default(); Signal::ALL.len()];
    let mut aspects = [Sum::default(); Aspect::ALL.len()];
    for hit in &hits {
        match hit.term.class {
            Remark::Signal(signal) => {
                let is_denied = hit.term.weight >= STATEMENT && is_negated(text, &hits, hit);
                match (is_denied, signal) {
                    (false, _) => signals[signal as usize].add(hit),
                    // "I would recommend them to nobody."
                    (true, Signal::Recommends) => signals[Signal::WarnsOff as usize].add(hit),
                    (true, _) => {}
                }
            }
            Remark::Aspect(aspect) => aspects[aspect as usize].add(hit),
            _ => {}
        }
    }
    let money = &mut signals[Signal::MoneyLost as usize];
    if text.signs.money > 0 && money.weight > 0.0 {
        money.weight += AMOUNT.0;
    }
    let is_care = [Signal::DataLeak, Signal::Effort, Signal::AnyAnswer]
        .iter()
        .any(|signal| signals[*signal as usize].weight >= SAID);
    // Signs only add to words: a sum by itself is not about price.
    for (aspect, is_given, weight) in
        [(Aspect::Price, text.signs.money > 0, AMOUNT.1), (Aspect::Service, is_care, CARE)]
    {
        let sum = &mut aspects[aspect as usize];
        if is_given && sum.weight > 0.0 {
            sum.weight += weight;
        }
    }
    // "Left them for you" announces one thing in the words of two: the weightier holds.
    let (leaving, arriving) = (Signal::Leaving as usize, Signal::Arriving as usize);
    if signals[leaving].weight >= SAID && signals[arriving].weight >= SAID {
        let weaker =
            if signals[leaving].weight < signals[arriving].weight { leaving } else { arriving };
        signals[weaker] = Sum::default();
    }
    let mut found = Said::default();
    let mut promised = None;
    if own {
        promised = promise::day(text, &hits);
        found.promised = promised.map(|(day, _)| day);
    } else {
        found.aspects = aspects;
    }
    for signal in Signal::ALL {
        let sum = &signals[signal as usize];
        if sum.weight >= SAID {
            found.signals.push(signal);
            found.reasons.push(sum.reason(text, signal.word()));
        }
    }
    if let Some((_, place)) = promised {
        found.signals.push(Signal::Promise);
        let sum = Sum { weight: 1.0, heaviest: 1.0, place };
        found.reasons.push(sum.reason(text, Signal::Promise.word()));
    }
    found
}

/// Customers say one kind of thing, the brand another.
fn concerns(remark: Remark, own: bool) -> bool {
    match remark {
        Remark::Signal(signal) => (signal >= Signal::Selling) == own,
        Remark::Aspect(_) => !own,
        Remark::Plain | Remark::Not => true,
        _ => own,
    }
}

/// Which languages' terms apply.
pub(super) struct Applying {
    /// All of their terms.
    full: Langs,
    /// Only long ones: people mix languages.
    distinct: Langs,
}

impl Applying {
    /// To a text of this language (ISO 639-1), if it could be told.
    pub(super) fn to(code: Option<&str>) -> Self {
        let set = |codes: &[&str]| {
            codes.iter().filter_map(|code| lexicon::bit(code)).fold(0, |all, bit| all | bit)
        };
        let Some(code) = code else { return Self { full: 0, distinct: lexicon::ALL } };
        // Languages close enough that a neighbour's terms help.
        let full = match code {
            "da" | "no" | "nb" | "nn" => set(&["da", "no"]),
            "uk" | "be" | "bg" | "sr" => set(&["ru"]),
            "ms" => set(&["id"]),
            "gl" => set(&["es", "pt"]),
            "ca" => set(&["es"]),
            _ => set(&[code]),
        };
        if full == 0 {
            return Self { full: 0, distinct: lexicon::ALL };
        }
        Self { full, distinct: set(&["en"]) & !full }
    }

    /// All of them.
    pub(super) fn all(&self) -> Langs {
        self.full | self.distinct
    }

    fn hold(&self, text: &Text, hit: &Hit) -> bool {
        let is_among = |langs: Langs| hit.term.langs & langs != 0;
        is_among(self.full) || is_among(self.distinct) && hit.is_distinct(text)
    }
}

/// The longest term at each place, family by family; the same term counts once, and so do the same
/// words, which close languages share.
fn settle(text: &Text, hits: &mut [Hit]) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut longest = [(0, 0); 4];
    let mut kept: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits.iter().copied() {
        let span = (hit.start, hit.end);
        let Some(family) = hit.term.class.family() else {
            for family in [Family::Signal, Family::Aspect, Family::Chase] {
                if hit.start >= longest[family as usize].1 {
                    longest[family as usize] = span;
                }
            }
            continue;
        };
        let cover = &mut longest[family as usize];
        if hit.start < cover.1 && *cover != span {
            continue;
        }
        *cover = span;
        let is_same = |known: &Hit| {
            let words = |hit: &Hit| &text.chars[hit.start..hit.end];
            (known.term.langs, known.number) == (hit.term.langs, hit.number)
                || (known.term.class == hit.term.class && words(known) == words(&hit))
        };
        if family == Family::Time || !kept.iter().any(is_same) {
            kept.push(hit);
        }
    }
    kept
}

/// Whether a negation of the same clause stands a few words before, or, for a recommendation in a
/// language that puts it there, behind.
fn is_negated(text: &Text, hits: &[Hit], hit: &Hit) -> bool {
    let nots = hits.iter().filter(|other| other.term.class == Remark::Not);
    let mut nots = nots.filter(|not| not.term.langs & hit.term.langs != 0);
    nots.any(|not| {
        are_near(text, not, hit)
            || (hit.term.class == Remark::Signal(Signal::Recommends) && are_near(text, hit, not))
    })
}

fn are_near(text: &Text, left: &Hit, right: &Hit) -> bool {
    if left.end > right.start {
        return false;
    }
    let next = text.clauses.partition_point(|end| *end < left.end);
    let is_one_clause = text.clauses.get(next).is_none_or(|end| *end >= right.start);
    is_one_clause && text.word(right.start).saturating_sub(text.word(left.end - 1)) <= REACH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lang: &str, text: &str, own: bool) -> Said {
        let text = Text::of(text, &[]);
        let langs = Applying::to(Some(lang));
        let mut hits = Vec::new();
        lexicon::find(&text, langs.all(), &mut Vec::new(), &mut hits);
        find(&text, &mut hits, &langs, own)
    }

    /// Language, text, signal, and whether it says that.
    fn check(rows: &[(&str, &str, Signal, bool)]) {
        for (lang, text, signal, is_said) in rows {
            assert_eq!(said(lang, text, false).says(*signal), *is_said, "{text}: {signal:?}");
        }
    }

    #[test]
    fn negation_is_respected() {
        check(&[
            ("en", "I will sue you", Signal::Legal, true),
            ("en", "No need to call a lawyer", Signal::Legal, false),
            ("en", "Never had a data leak with them", Signal::DataLeak, false),
            ("en", "I recommend them", Signal::Recommends, true),
            ("en", "I would not recommend them", Signal::Recommends, false),
            ("en", "I would not recommend them", Signal::WarnsOff, true),
            ("de", "Kann ich leider niemandem empfehlen", Signal::WarnsOff, true),
            ("de", "Kann ich nur empfehlen", Signal::Recommends, true),
            ("fr", "Je ne recommande pas", Signal::WarnsOff, true),
            ("ja", "おすすめしません", Signal::WarnsOff, true),
            ("zh", "不推荐", Signal::Recommends, false),
        ]);
    }

    #[test]
    fn a_word_that_only_begins_like_a_ground_is_none() {
        check(&[
            ("pl", "Pożar w waszym magazynie", Signal::Safety, true),
            ("pl", "Pożarłam całą tabliczkę", Signal::Safety, false),
            ("pl", "Zatrułam się waszą sałatką", Signal::Safety, true),
            ("pl", "Zatrudnicie kogoś na lato?", Signal::Safety, false),
            ("pl", "Spotkamy się w sądzie", Signal::Legal, true),
            ("pl", "Sądzę, że wystarczy, pozwolę sobie zapytać", Signal::Legal, false),
            ("tr", "Bu kafeye bayılıyorum", Signal::Safety, false),
            ("da", "En journalist skrev om jer", Signal::DataLeak, false),
        ]);
    }

    #[test]
    fn each_ground_of_severity_has_its_words() {
        for (lang, text, signal) in [
            ("en", "The charger caught fire next to my bed", Signal::Safety),
            ("de", "Im Joghurt waren Glassplitter", Signal::Safety),
            ("fr", "Je vais porter plainte", Signal::Legal),
            ("es", "Me han cobrado dos veces", Signal::MoneyLost),
            ("sv", "Det är ren diskriminering", Signal::Discrimination),
            ("zh", "我看到别人的病历", Signal::DataLeak),
            ("ko", "두 번 결제됐어요", Signal::MoneyLost),
        ] {
            let found = said(lang, text, false);
            assert!(found.says(signal) && found.is_severe(), "{text}: {found:?}");
            assert!(found.reasons.iter().any(|r| r.speaks_for == signal.word()), "{text}");
        }
        assert!(!said("en", "The bus was late and the tea was cold", false).is_severe());
    }

    #[test]
    fn what_close_languages_share_counts_once() {
        let found = said("da", "Mit barn står alene i SFO'en", false);
        assert!(!found.is_severe(), "half a word of Danish, half of Norwegian: {found:?}");
    }

    #[test]
    fn terms_speak_for_aspects() {
        let strongest = |text| {
            let told = said("en", text, false).told();
            let heaviest = |a: &Aspect, b: &Aspect| told[*a as usize].total_cmp(&told[*b as usize]);
            Aspect::ALL.into_iter().filter(|a| told[*a as usize] > 0.0).max_by(heaviest)
        };
        assert_eq!(strongest("The app crashes at every login"), Some(Aspect::App));
        assert_eq!(strongest("The waitress was so rude"), Some(Aspect::Staff));
        assert_eq!(strongest("Hm."), None);
    }

    #[test]
    fn what_the_brand_says_is_its_own_kind() {
        use Promised::{Date, InDays, Weekday};
        for (lang, text, promised) in [
            ("en", "Sorry! Your refund will be there by Friday.", Some(Weekday(5))),
            ("en", "An engineer will be with you within 3 working days.", Some(InDays(3))),
            ("en", "We will write to you by 12 March.", Some(Date(3, 12))),
            ("en", "We'll call you within 48 hours.", Some(InDays(2))),
            ("en", "We are open today. We will see.", None),
            ("en", "We will send order 4711 in 2 weeks.", Some(InDays(14))),
            ("de", "Sie erhalten die Antwort bis 12. März.", Some(Date(3, 12))),
            ("sv", "Vi återkommer senast imorgon.", Some(InDays(1))),
            ("ja", "3営業日以内に返金いたします。", Some(InDays(3))),
            ("ja", "3月12日までにご連絡いたします。", Some(Date(3, 12))),
            ("zh", "我们会在3天内回复您。", Some(InDays(3))),
        ] {
            let found = said(lang, text, true);
            assert_eq!(found.promised, promised, "{text}");
            assert_eq!(found.says(Signal::Promise), promised.is_some(), "{text}");
        }
        let found = said("en", "20 % off, use code SUN. Shop now!", true);
        assert_eq!(found.signals, [Signal::Selling]);
        assert!(!said("en", "20 % off, use code SUN. Shop now!", false).says(Signal::Selling));
        let found = said("en", "Sorry, this was caused by a fault. We have refunded you.", true);
        assert_eq!(found.signals, [Signal::Apology, Signal::Cause, Signal::NextStep]);
    }
}

//! Tells the language of a text: by its script where that settles it, else by the model's table of
//! languages. The platform's word counts, but does not decide.

use super::fold::count;
use super::letters::is_letter;
use super::lexicon::{self, Langs};
use super::model::Model;
use super::spelling::Spelt;

/// What was found out about the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Language {
    /// ISO 639, if it could be told.
    pub code: Option<String>,
    /// Languages whose terms apply.
    pub active: Langs,
    /// Languages of which only long terms apply: people mix English in.
    pub mixed_in: Langs,
}

/// Letters looked at: more say nothing new.
const LETTERS: usize = 400;
/// How much the platform's word counts, in log-odds: in a long text, and more in a short one.
const TOLD: (f32, f32) = (1.5, 14.0);
/// How much the languages with terms are preferred in a short text: they are the frequent ones.
const FREQUENT: f32 = 2.5;
/// Features from which on a text is no longer short.
const SHORT: f32 = 25.0;
/// Probability from which on a language is named; and what a short text needs beyond it.
const CLEAR: (f32, f32) = (0.2, 0.6);
/// Languages at least this likely beside the best lend their terms.
const NEAR: f32 = 0.12;

/// So far behind a language is out of the question.
const FAR: f32 = 16.0;

/// Languages that a script would have settled.
const SETTLED: [&str; 14] =
    ["zh", "ja", "ko", "el", "hy", "he", "bn", "pa", "gu", "ta", "te", "kn", "ml", "th"];

/// Whether a text of this language is told by its script, so that a model need not know it.
pub(crate) fn is_settled(code: &str) -> bool {
    SETTLED.contains(&code)
}

/// How much a language is preferred in a short text.
pub(super) fn prior(code: &str) -> f32 {
    if lexicon::bit(code).is_some() { FREQUENT } else { 0.0 }
}

/// The language of a text whose words say `spelt`. `told` is the platform's word (BCP 47).
pub(super) fn find(plain: &str, spelt: &Spelt, model: &Model, told: Option<&str>) -> Language {
    let told = told.map(base_code).filter(|code| !code.is_empty() && code != "und");
    let scripts = Scripts::of(plain);
    if let Some(code) = scripts.only(told.as_deref()) {
        return settled(code);
    }
    if scripts.letters == 0 {
        let active = told.as_deref().and_then(lexicon::bit).unwrap_or(lexicon::ALL);
        return Language { code: told, active, mixed_in: 0 };
    }
    let codes = &model.head.codes;
    let mut odds = model.lang_odds(&spelt.langs, spelt.spoken);
    let shortness = SHORT / (SHORT + spelt.spoken as f32);
    odds.iter_mut().zip(&model.priors).for_each(|(z, prior)| *z += prior * shortness);
    if let Some(told) = &told
        && let Some(index) = codes.iter().position(|code| code == told)
    {
        odds[index] += TOLD.0 + TOLD.1 * shortness;
    }
    let top = odds.iter().copied().fold(f32::MIN, f32::max);
    // Most are so far behind that they have no share.
    odds.iter_mut().for_each(|z| *z = if *z < top - FAR { 0.0 } else { f32::exp(*z - top) });
    let total: f32 = odds.iter().sum();
    if 1.0 / total < CLEAR.0 + CLEAR.1 * shortness {
        return Language { code: told, active: lexicon::ALL, mixed_in: 0 };
    }
    let best = odds.iter().position(|share| *share == 1.0).unwrap_or_default();
    let mut language = settled(&codes[best]);
    for (code, share) in codes.iter().zip(&odds) {
        if *share >= NEAR * total {
            language.active |= lexicon::bit(code).unwrap_or(0);
        }
    }
    language.mixed_in &= !language.active;
    language
}

/// `pt-BR` and `PT_br` are `pt`.
fn base_code(tag: &str) -> String {
    let base = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    match base.as_str() {
        "nb" | "nn" => "no".to_owned(),
        "in" => "id".to_owned(),
        "iw" => "he".to_owned(),
        _ if base.len() <= 3 && base.chars().all(|c| c.is_ascii_lowercase()) => base,
        _ => String::new(),
    }
}

/// What a language that is known means for the terms.
fn settled(code: &str) -> Language {
    let english = lexicon::bit("en").unwrap_or(0);
    // Languages close enough that a neighbour's terms help.
    let neighbour = match code {
        "uk" | "be" | "bg" => "ru",
        "ms" => "id",
        "gl" | "ca" => "es",
        other => other,
    };
    let active = lexicon::bit(neighbour).unwrap_or(english);
    Language { code: Some(code.to_owned()), active, mixed_in: english & !active }
}

/// Counts of letters per script.
#[derive(Default)]
struct Scripts {
    /// Of scripts that several languages share.
    letters: usize,
    han: usize,
    kana: usize,
    hangul: usize,
    other: usize,
    other_code: Option<&'static str>,
}

impl Scripts {
    fn of(plain: &str) -> Self {
        let mut all = Self::default();
        if plain.is_ascii() {
            all.letters = count(plain, |byte| byte.is_ascii_alphabetic());
            return all;
        }
        for c in plain.chars().filter(|c| is_letter(*c)).take(LETTERS) {
            all.count(c);
        }
        all
    }

    fn count(&mut self, c: char) {
        match c {
            // Latin and its accents: most letters of most texts.
            ..'\u{370}' => self.letters += 1,
            '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' => self.kana += 1,
            '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' => self.han += 1,
            '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7AF}' => {
                self.hangul += 1;
            }
            _ => match own_script(c) {
                Some(code) => {
                    self.other += 1;
                    self.other_code = self.other_code.or(Some(code));
                }
                None => self.letters += 1,
            },
        }
    }

    /// The language, where a script settles it. A Latin brand name does not make a Japanese post
    /// English, so other scripts win from a quarter of the letters on (letters of scripts
    /// without spaces count double: they say more each).
    fn only(&self, told: Option<&str>) -> Option<&'static str> {
        let dense = 2 * (self.han + self.kana + self.hangul);
        let total = self.letters + self.other + dense;
        let is_large = |count: usize| count > 0 && count * 4 >= total;
        if is_large(dense) {
            return Some(match () {
                () if self.hangul * 2 > self.kana + self.han => "ko",
                () if self.kana > 0 && self.kana * 12 >= self.han => "ja",
                () if told == Some("ja") => "ja",
                () => "zh",
            });
        }
        if is_large(self.other) { self.other_code } else { None }
    }
}

/// The language of a script that (among the languages people post in) is written by one.
fn own_script(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{370}'..='\u{3FF}' => "el",
        '\u{530}'..='\u{58F}' => "hy",
        '\u{590}'..='\u{5FF}' => "he",
        '\u{980}'..='\u{9FF}' => "bn",
        '\u{A00}'..='\u{A7F}' => "pa",
        '\u{A80}'..='\u{AFF}' => "gu",
        '\u{B80}'..='\u{BFF}' => "ta",
        '\u{C00}'..='\u{C7F}' => "te",
        '\u{C80}'..='\u{CFF}' => "kn",
        '\u{D00}'..='\u{D7F}' => "ml",
        '\u{E00}'..='\u{E7F}' => "th",
        '\u{10A0}'..='\u{10FF}' => "ka",
        _ => return None,
    })
}

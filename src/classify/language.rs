//! Tells the language of a text: by its script, its frequent words, its letters, and for longer
//! texts by letter statistics. The platform's word counts, but does not decide.

use whatlang::Lang;

use super::fold::Text;
use super::lexicon::{self, Class, FILES, Hit, Langs};

/// What was found out about the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Language {
    /// ISO 639-1, if it could be told.
    pub code: Option<String>,
    /// Languages whose terms apply.
    pub active: Langs,
    /// Languages of which only long terms apply: people mix English in.
    pub mixed_in: Langs,
}

/// Letters looked at: more say nothing new.
const LETTERS: usize = 1_000;
/// Letters from which on letter statistics are worth something.
const ENOUGH: usize = 20;
/// What letter statistics look at.
const SAMPLE: usize = 240;
/// Evidence from which on a language is named.
const CLEAR: f32 = 0.9;

/// The language of a text. `told` is the platform's word (BCP 47).
pub(super) fn find(text: &Text, hits: &[Hit], told: Option<&str>) -> Language {
    let told = told.map(base_code).filter(|code| !code.is_empty() && code != "und");
    let scripts = Scripts::of(&text.plain);
    if let Some(code) = scripts.only(told.as_deref()) {
        return settled(code);
    }
    if scripts.latin == 0 {
        let active = told.as_deref().and_then(lexicon::bit).unwrap_or(lexicon::ALL);
        return Language { code: told, active, mixed_in: 0 };
    }
    latin(text, hits, told, &scripts)
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

fn settled(code: &str) -> Language {
    let english = lexicon::bit("en").unwrap_or(0);
    // Languages close enough that a neighbour's terms help.
    let neighbour = match code {
        "uk" | "be" | "bg" => "ru",
        "nn" => "no",
        "ms" => "id",
        "gl" | "ca" => "es",
        other => other,
    };
    let active = lexicon::bit(neighbour).unwrap_or(english);
    Language { code: Some(code.to_owned()), active, mixed_in: english & !active }
}

/// Counts of letters per script, and letters that only some languages have.
#[derive(Default)]
struct Scripts {
    latin: usize,
    cyrillic: usize,
    arabic: usize,
    han: usize,
    kana: usize,
    hangul: usize,
    other: usize,
    other_code: Option<&'static str>,
    ukrainian: usize,
    serbian: usize,
    russian: usize,
    persian: usize,
    urdu: usize,
}

impl Scripts {
    fn of(plain: &str) -> Self {
        let mut all = Self::default();
        for c in plain.chars().filter(|c| c.is_alphabetic()).take(LETTERS) {
            all.count(c);
        }
        all
    }

    fn count(&mut self, c: char) {
        match c {
            'a'..='z' | '\u{AA}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => self.latin += 1,
            '\u{400}'..='\u{52F}' => {
                self.cyrillic += 1;
                self.ukrainian += usize::from(matches!(c, 'і' | 'ї' | 'є' | 'ґ'));
                self.serbian += usize::from(matches!(c, 'ј' | 'љ' | 'њ' | 'ђ' | 'ћ' | 'џ'));
                self.russian += usize::from(matches!(c, 'ы' | 'э' | 'ё'));
            }
            '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => {
                self.arabic += 1;
                self.persian += usize::from(matches!(c, 'پ' | 'چ' | 'ژ' | 'گ' | 'ی' | 'ک'));
                self.urdu += usize::from(matches!(c, 'ٹ' | 'ڈ' | 'ڑ' | 'ے' | 'ں'));
            }
            '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' => self.kana += 1,
            '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' => self.han += 1,
            '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7AF}' => {
                self.hangul += 1;
            }
            _ => {
                self.other += 1;
                self.other_code = self.other_code.or(match c {
                    '\u{370}'..='\u{3FF}' => Some("el"),
                    '\u{530}'..='\u{58F}' => Some("hy"),
                    '\u{590}'..='\u{5FF}' => Some("he"),
                    '\u{900}'..='\u{97F}' => Some("hi"),
                    '\u{980}'..='\u{9FF}' => Some("bn"),
                    '\u{A00}'..='\u{A7F}' => Some("pa"),
                    '\u{A80}'..='\u{AFF}' => Some("gu"),
                    '\u{B80}'..='\u{BFF}' => Some("ta"),
                    '\u{C00}'..='\u{C7F}' => Some("te"),
                    '\u{C80}'..='\u{CFF}' => Some("kn"),
                    '\u{D00}'..='\u{D7F}' => Some("ml"),
                    '\u{E00}'..='\u{E7F}' => Some("th"),
                    '\u{10A0}'..='\u{10FF}' => Some("ka"),
                    '\u{1200}'..='\u{137F}' => Some("am"),
                    _ => None,
                });
            }
        }
    }

    /// The language, where a script settles it. A Latin brand name does not make a Japanese post
    /// English, so other scripts win from a quarter of the letters on (letters of scripts
    /// without spaces count double: they say more each).
    fn only(&self, told: Option<&str>) -> Option<&'static str> {
        let dense = 2 * (self.han + self.kana + self.hangul);
        let total = self.latin + self.cyrillic + self.arabic + self.other + dense;
        let is_large = |count: usize| count > 0 && count * 4 >= total;
        if is_large(dense) {
            return Some(match () {
                () if self.hangul * 2 > self.kana + self.han => "ko",
                () if self.kana > 0 && self.kana * 12 >= self.han => "ja",
                () if told == Some("ja") => "ja",
                () => "zh",
            });
        }
        if is_large(self.cyrillic) {
            return Some(match () {
                () if self.serbian > 0 && self.russian == 0 => "sr",
                () if self.ukrainian > 0 && self.russian == 0 => "uk",
                () if told == Some("bg") && self.russian == 0 => "bg",
                () => "ru",
            });
        }
        if is_large(self.arabic) {
            return Some(match () {
                () if self.urdu > 0 => "ur",
                () if self.persian > 0 => "fa",
                () => "ar",
            });
        }
        if is_large(self.other) { self.other_code } else { None }
    }
}

fn latin(text: &Text, hits: &[Hit], told: Option<String>, scripts: &Scripts) -> Language {
    let mut score = [0_f32; FILES.len()];
    count_words(hits, &mut score);
    count_terms(hits, &mut score);
    count_letters(&text.plain, &mut score);
    let index = |code: &str| FILES.iter().position(|(name, _)| *name == code);
    // Statistics cost more than all the rest, so they are only asked where words leave doubt.
    let is_doubtful = scripts.latin >= ENOUGH && !is_settled(&score);
    let statistic = if is_doubtful { statistics(text) } else { None };
    let mut foreign = None;
    if let Some((code, weight)) = statistic {
        match index(code) {
            Some(index) => score[index] += weight,
            None => foreign = Some((code, weight)),
        }
    }
    if let Some(index) = told.as_deref().and_then(index) {
        score[index] += 1.0;
    }
    let (best, top) = score
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map_or((0, 0.0), |(index, top)| (index, *top));
    if let Some((code, weight)) = foreign
        && weight > top
        && (weight >= 1.5 || told.as_deref() == Some(code))
    {
        return settled(code);
    }
    if top < CLEAR {
        return Language { code: told, active: lexicon::ALL, mixed_in: 0 };
    }
    let near = score.iter().enumerate().filter(|(_, s)| **s >= top * 0.6);
    let active = near.filter_map(|(index, _)| lexicon::bit(FILES[index].0)).fold(0, |a, b| a | b);
    let english = lexicon::bit("en").unwrap_or(0);
    Language { code: Some(FILES[best].0.to_owned()), active, mixed_in: english & !active }
}

/// Whether one language is far ahead of all others.
fn is_settled(score: &[f32]) -> bool {
    let top = score.iter().copied().fold(0.0, f32::max);
    top >= 2.0 && score.iter().filter(|s| **s >= top * 0.6).count() == 1
}

/// Frequent words; one that several languages share counts for each of them in part.
fn count_words(hits: &[Hit], score: &mut [f32]) {
    let stops = hits.iter().filter(|hit| hit.term.class == Class::Stop).take(200);
    let stops: Vec<&Hit> = stops.collect();
    for same in stops.chunk_by(|a, b| (a.start, a.end) == (b.start, b.end)) {
        for hit in same {
            let index = hit.term.langs.trailing_zeros() as usize;
            if let Some(score) = score.get_mut(index) {
                *score += hit.term.weight / same.len() as f32;
            }
        }
    }
}

/// Terms that mean something are evidence too, where no other language writes them the same.
fn count_terms(hits: &[Hit], score: &mut [f32]) {
    const LEAST: usize = 5;
    let mut spans: Vec<(usize, usize, u32)> = Vec::new();
    for hit in hits.iter().filter(|hit| hit.term.class != Class::Stop).take(60) {
        if hit.end - hit.start >= LEAST && hit.term.langs.count_ones() == 1 {
            spans.push((hit.start, hit.end, hit.term.langs.trailing_zeros()));
        }
    }
    spans.sort_unstable();
    spans.dedup();
    for same in spans.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        for (_, _, index) in same {
            if let Some(score) = score.get_mut(*index as usize) {
                *score += 0.5 / same.len() as f32;
            }
        }
    }
}

/// Letters that only some languages have.
fn count_letters(plain: &str, score: &mut [f32]) {
    let mut add = |codes: &[&str], weight: f32| {
        for code in codes {
            if let Some(index) = FILES.iter().position(|(name, _)| name == code) {
                score[index] += weight;
            }
        }
    };
    let mut seen = Vec::new();
    for c in plain.chars().filter(|c| !c.is_ascii()).take(LETTERS) {
        if seen.contains(&c) || seen.len() > 30 {
            continue;
        }
        seen.push(c);
        match c {
            'ß' => add(&["de"], 1.0),
            'ü' => add(&["de", "tr"], 0.4),
            'ä' | 'ö' => add(&["de", "sv", "fi"], 0.4),
            'å' => add(&["sv", "da", "no"], 0.5),
            'ø' | 'æ' => add(&["da", "no"], 0.7),
            'ñ' | '¿' | '¡' => add(&["es"], 1.0),
            'ã' | 'õ' => add(&["pt"], 1.0),
            'ç' => add(&["fr", "pt", "tr"], 0.4),
            'ı' | 'ş' | 'ğ' => add(&["tr"], 0.8),
            'ł' | 'ą' | 'ę' | 'ż' | 'ś' | 'ć' | 'ń' | 'ź' => add(&["pl"], 0.8),
            'œ' | 'ê' | 'û' | 'î' => add(&["fr"], 0.5),
            'è' | 'à' | 'ù' => add(&["fr", "it"], 0.4),
            'ì' | 'ò' => add(&["it"], 0.6),
            'á' | 'í' | 'ó' | 'ú' => add(&["es", "pt"], 0.3),
            'é' => add(&["fr", "es", "pt"], 0.2),
            'ë' | 'ï' => add(&["nl", "fr"], 0.2),
            _ => {}
        }
    }
}

/// Letter statistics, as a language and how much they are to be trusted.
fn statistics(text: &Text) -> Option<(&'static str, f32)> {
    // Names and addresses are in no language; accents are, so the plain text is read.
    let sample: String = text
        .plain
        .split_whitespace()
        .filter(|word| !word.starts_with(['@', '#']) && !word.contains("://"))
        .flat_map(|word| word.chars().chain([' ']))
        .take(SAMPLE)
        .collect();
    let info = whatlang::detect(&sample)?;
    let code = short_code(info.lang())?;
    let length = sample.len() as f32 / SAMPLE as f32;
    // What it calls unreliable is a guess, and on a dozen words often a wrong one.
    let weight = if info.is_reliable() { 1.5 + length } else { 0.5 * info.confidence() as f32 };
    Some((code, weight))
}

fn short_code(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "no",
        Lang::Fin => "fi",
        Lang::Pol => "pl",
        Lang::Tur => "tr",
        Lang::Ind => "id",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Hrv => "hr",
        Lang::Slv => "sl",
        Lang::Est => "et",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Vie => "vi",
        Lang::Cat => "ca",
        Lang::Afr => "af",
        Lang::Aze => "az",
        Lang::Uzb => "uz",
        Lang::Tgl => "tl",
        Lang::Jav => "jv",
        Lang::Epo => "eo",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Aka => "ak",
        Lang::Lat => "la",
        Lang::Tuk => "tk",
        Lang::Cym => "cy",
        _ => return None,
    })
}

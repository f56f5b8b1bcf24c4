//! What people write in the simulated world: hand-written lines per language, with slots.
//!
//! The lines are in `texts/`, one a line: kind, words, and for what asks something the answer of
//! the brand. Who says which of them when is `history`'s to decide.

use std::collections::HashMap;

use fastrand::Rng;

/// Models, as they stand for `{bike}`.
const BIKES: [&str; 5] = ["Lark", "Heron", "Wren", "Swift", "Tern"];
/// Who answers for the brand, as they stand for `{staff}`.
const STAFF: [&str; 4] = ["Mira", "Jonas", "Elif", "Tomás"];

/// The languages of the simulated world, with how many of a hundred people speak each.
pub const LANGUAGES: [(&str, u32); 11] = [
    ("en", 28),
    ("de", 22),
    ("fr", 8),
    ("es", 8),
    ("it", 6),
    ("sv", 5),
    ("nl", 7),
    ("pl", 4),
    ("pt", 4),
    ("ja", 4),
    ("zh", 4),
];

/// What the brand posts of its own accord: language and words.
pub fn brand_posts() -> Vec<(&'static str, &'static str)> {
    lines(include_str!("texts/brand.txt")).map(|(lang, text, _)| (lang, text)).collect()
}

fn file(lang: &str) -> &'static str {
    match lang {
        "de" => include_str!("texts/de.txt"),
        "fr" => include_str!("texts/fr.txt"),
        "es" => include_str!("texts/es.txt"),
        "it" => include_str!("texts/it.txt"),
        "sv" => include_str!("texts/sv.txt"),
        "nl" => include_str!("texts/nl.txt"),
        "pl" => include_str!("texts/pl.txt"),
        "pt" => include_str!("texts/pt.txt"),
        "ja" => include_str!("texts/ja.txt"),
        "zh" => include_str!("texts/zh.txt"),
        _ => include_str!("texts/en.txt"),
    }
}

/// Kind, words and answer of each line.
fn lines(
    file: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>)> {
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.split(" | ");
        Some((parts.next()?.trim(), parts.next()?.trim(), parts.next().map(str::trim)))
    })
}

/// What somebody says, and what the brand says to it if it says anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// The brand's words.
    pub answer: Option<String>,
}

/// Words and answer of a line.
type Line = (&'static str, Option<&'static str>);

/// Deals lines, each one once before any comes again.
pub struct Phrasebook {
    decks: HashMap<(&'static str, String), Vec<Line>>,
}

impl Phrasebook {
    /// A full one.
    pub fn new() -> Self {
        Self { decks: HashMap::new() }
    }

    /// A line of that language and kind, with its slots filled. English stands in where a language
    /// has no line of that kind.
    pub fn say(&mut self, rng: &mut Rng, lang: &'static str, kind: &str) -> Said {
        let deck = self.decks.entry((lang, kind.to_owned())).or_default();
        if deck.is_empty() {
            let of_kind = |lang| lines(file(lang)).filter(|(k, _, _)| *k == kind);
            deck.extend(of_kind(lang).map(|(_, text, answer)| (text, answer)));
            if deck.is_empty() {
                deck.extend(of_kind("en").map(|(_, text, answer)| (text, answer)));
            }
            rng.shuffle(deck);
        }
        let (text, answer) = deck.pop().unwrap_or_default();
        let slots = Slots::draw(rng, lang);
        Said { text: slots.fill(text), answer: answer.map(|answer| slots.fill(answer)) }
    }
}

/// One filling of the slots, the same for a post and its answer.
struct Slots([(&'static str, String); 5]);

impl Slots {
    fn draw(rng: &mut Rng, lang: &'static str) -> Self {
        let cities = lines(file(lang)).find(|(kind, _, _)| *kind == "cities");
        let cities: Vec<&str> =
            cities.map(|(_, list, _)| list.split(", ").collect()).unwrap_or_default();
        Self([
            ("{bike}", pick(rng, &BIKES).to_owned()),
            ("{staff}", pick(rng, &STAFF).to_owned()),
            ("{city}", pick(rng, &cities).to_owned()),
            ("{order}", format!("N-{}", rng.u32(41_000..49_999))),
            ("{days}", rng.u32(4..13).to_string()),
        ])
    }

    fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (slot, word)| text.replace(slot, word))
    }
}

fn pick<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    rng.choice(list).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_can_say_everything_and_no_slot_is_left_open() {
        let mut rng = Rng::with_seed(1);
        let mut book = Phrasebook::new();
        for (lang, _) in LANGUAGES {
            for kind in [
                "complaint",
                "question",
                "request",
                "praise",
                "talk",
                "again",
                "thanks",
                "more",
                "peer",
                "quote",
            ] {
                assert!(lines(file(lang)).any(|(k, _, _)| k == kind), "{lang} has no {kind}");
                for _ in 0..20 {
                    let said = book.say(&mut rng, lang, kind);
                    let all = format!("{}{}", said.text, said.answer.unwrap_or_default());
                    assert!(
                        !all.contains(['{', '}', '|']) && !all.is_empty(),
                        "{lang} {kind}: {all}"
                    );
                }
            }
        }
    }

    #[test]
    fn whatever_asks_has_an_answer() {
        for (lang, _) in LANGUAGES {
            for (kind, text, answer) in lines(file(lang)) {
                let asks = matches!(kind, "complaint" | "question" | "request" | "more");
                assert_eq!(asks, answer.is_some() && kind != "praise", "{lang}: {text}");
            }
        }
    }

    #[test]
    fn a_line_comes_again_only_after_all_others() {
        let mut rng = Rng::with_seed(2);
        let mut book = Phrasebook::new();
        let talk = lines(file("en")).filter(|(k, _, _)| *k == "thanks").count();
        let said: std::collections::BTreeSet<String> =
            (0..talk).map(|_| book.say(&mut rng, "en", "thanks").text).collect();
        assert_eq!(said.len(), talk);
    }
}

//! Decides whether a text names the watched brand: its terms, what excludes them, and the
//! context they need.
//!
//! Case and width do not matter (NFKC, lower case); accents do, or `Ås` would be found in every
//! English sentence. What relevance means for the verdict is decided in `mod`.

use std::ops::Range;

use super::fold::{is_unspaced, is_word, plain};
use crate::settings::Section;

/// The terms of a brand as configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Words and phrases that name the brand.
    pub terms: Vec<String>,
    /// Words and phrases with which a text is about something else, whatever else it says.
    pub exclude: Vec<String>,
    /// If there are any, one of these must be in the text too: for terms that are ordinary words.
    /// Hashtags and handles need no context.
    pub require: Vec<String>,
    /// Hashtags, with or without `#`.
    pub hashtags: Vec<String>,
    /// Handles, with or without `@`.
    pub handles: Vec<String>,
}

impl Config {
    /// Reads `terms`, `exclude`, `require`, `hashtags` and `handles`. An element without a letter
    /// or digit would match nothing or everything and is reported.
    pub fn read(section: &Section<'_>) -> Self {
        let list = |key| {
            let mut all = Vec::new();
            for item in section.strings(key) {
                if item.value.chars().any(char::is_alphanumeric) {
                    all.push(item.value);
                } else {
                    section.reject(
                        item.span,
                        format!("`{}` has no letter or digit", item.value),
                        "write a word as people write it",
                    );
                }
            }
            all
        };
        Self {
            terms: list("terms"),
            exclude: list("exclude"),
            require: list("require"),
            hashtags: list("hashtags"),
            handles: list("handles"),
        }
    }
}

/// One thing to look for.
#[derive(Clone, Debug)]
struct Needle {
    /// As configured.
    written: String,
    /// In the form in which texts are searched.
    folded: String,
    /// A handle: must not go on into a longer name or another host.
    is_handle: bool,
}

/// A brand's terms, ready for matching.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    terms: Vec<Needle>,
    marked: Vec<Needle>,
    exclude: Vec<Needle>,
    require: Vec<Needle>,
}

/// What a text says about the brand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The term, hashtag or handle that was found, as configured.
    pub hit: Option<String>,
    /// The exclusion that was found, as configured.
    pub excluded: Option<String>,
    /// A term was found, but none of the words it needs beside it.
    pub lacks_context: bool,
}

impl Match {
    /// Whether the text is about the brand.
    pub fn is_about(&self) -> bool {
        self.hit.is_some() && self.excluded.is_none() && !self.lacks_context
    }
}

impl Watch {
    /// Prepares the terms of a brand. Without terms, hashtags and handles nothing ever matches.
    pub fn new(config: &Config) -> Self {
        let words =
            |list: &[String]| list.iter().filter_map(|t| needle(t, "", false)).collect::<Vec<_>>();
        let mut marked: Vec<Needle> = Vec::new();
        marked.extend(config.hashtags.iter().filter_map(|t| needle(t, "#", false)));
        marked.extend(config.handles.iter().filter_map(|t| needle(t, "@", true)));
        Self {
            terms: words(&config.terms),
            marked,
            exclude: words(&config.exclude),
            require: words(&config.require),
        }
    }

    /// A watch for a name alone, as a word, hashtag or handle.
    pub fn name(name: &str) -> Self {
        Self::new(&Config { terms: vec![name.to_owned()], ..Config::default() })
    }

    /// What a text says about the brand.
    pub fn matches(&self, text: &str) -> Match {
        self.look(&plain(text)).0
    }

    /// The same for a text in its plain form, with the places that name the brand, in order and
    /// without overlaps.
    pub(super) fn look(&self, text: &str) -> (Match, Vec<Range<usize>>) {
        let mut places = Vec::new();
        let mut found = Match::default();
        for needle in self.marked.iter().chain(&self.terms) {
            for place in places_of(needle, text) {
                found.hit.get_or_insert_with(|| needle.written.clone());
                places.push(place);
            }
        }
        let first = |needles: &[Needle]| {
            needles.iter().find(|n| places_of(n, text).next().is_some()).map(|n| n.written.clone())
        };
        found.excluded = first(&self.exclude);
        if found.hit.is_some() && !self.require.is_empty() {
            let is_marked = first(&self.marked).is_some();
            found.lacks_context = !is_marked && first(&self.require).is_none();
        }
        places.sort_by_key(|place| (place.start, place.end));
        let mut end = 0;
        places.retain(|place| {
            let is_free = place.start >= end;
            if is_free {
                end = place.end;
            }
            is_free
        });
        (found, places)
    }
}

fn needle(written: &str, sign: &str, is_handle: bool) -> Option<Needle> {
    let word = plain(written.trim());
    let word = word.trim();
    let folded = match sign.is_empty() || word.starts_with(sign) {
        true => word.to_owned(),
        false => format!("{sign}{word}"),
    };
    folded.chars().any(char::is_alphanumeric).then(|| Needle {
        written: written.trim().to_owned(),
        folded,
        is_handle,
    })
}

/// Where a needle stands as a whole word.
fn places_of<'t>(needle: &'t Needle, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    text.match_indices(needle.folded.as_str())
        .map(|(start, found)| start..start + found.len())
        .filter(|place| {
            let before = text[..place.start].chars().next_back();
            let after = &text[place.end..];
            let first = needle.folded.chars().next();
            let last = needle.folded.chars().next_back();
            let is_part = touches(before, first)
                || touches(last, after.chars().next())
                || (needle.is_handle && goes_on(after));
            !is_part
        })
}

/// Whether two neighbours belong to one word.
fn touches(left: Option<char>, right: Option<char>) -> bool {
    let is_inner = |c: Option<char>| c.is_some_and(|c| is_word(c) && !is_unspaced(c));
    is_inner(left) && is_inner(right)
}

/// Whether a handle goes on: `@acme-help`, `@acme.example`, `@acme@elsewhere.example`.
fn goes_on(after: &str) -> bool {
    let mut rest = after.chars();
    match rest.next() {
        Some('-' | '.' | '@') => rest.next().is_some_and(char::is_alphanumeric),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn a_term_is_a_whole_word_in_any_script() {
        for (term, text, wanted, why) in [
            ("Acme", "I love ACME!", true, "case"),
            ("Acme", "Ａｃｍｅ ist toll", true, "width"),
            ("Acme", "acmeology", false, "part of a word"),
            ("Acme", "my_acme", false, "part of a name"),
            ("Acme", "Acme's app", true, "apostrophe"),
            ("Acme", "#acme rocks", true, "hashtag"),
            ("Acme", "@acme hi", true, "handle"),
            ("Acme", "@acme_support hi", false, "another handle"),
            ("Acme", "昨日Acmeのアプリが落ちた", true, "between kana and Han"),
            ("アクメ", "昨日アクメのアプリが落ちた", true, "a script without spaces"),
            ("ｱｸﾒ", "アクメ最高", true, "half-width kana"),
            ("애크미", "애크미가 안 돼요", true, "Korean with a particle"),
            ("阿克米", "阿克米客服真差", true, "Chinese"),
            ("Акме", "в Акме плохо", true, "Cyrillic"),
            ("Акме", "Акмеизм", false, "Cyrillic, part of a word"),
            ("أكمي", "شكرا أكمي!", true, "Arabic"),
            ("Ås", "as good as it gets", false, "accents matter"),
            ("Acme Bank", "acme bank is down", true, "a phrase"),
            ("C++", "c++ is hard", true, "signs at the end"),
            ("ß", "STRASSE", false, "folding makes no letters equal that are not"),
        ] {
            assert_eq!(Watch::name(term).matches(text).is_about(), wanted, "{why}: {text}");
        }
    }

    #[test]
    fn exclusions_and_context_decide_about_ordinary_words() {
        let watch = Watch::new(&Config {
            terms: strings(&["Anvil"]),
            exclude: strings(&["blacksmith", "anvil cloud"]),
            require: strings(&["app", "order"]),
            hashtags: strings(&["anvilapp"]),
            handles: strings(&["@anvil"]),
        });
        for (text, wanted, why) in [
            ("where is my Anvil order?", true, "term and context"),
            ("dropped an anvil on my foot", false, "no context"),
            ("the blacksmith will order an anvil", false, "excluded"),
            ("an app about anvil clouds", true, "the exclusion is a word of its own"),
            ("an app about an anvil cloud", false, "excluded phrase"),
            ("#anvilapp is down", true, "hashtags need no context"),
            ("@anvil help", true, "handles need no context"),
            ("@anvil.example help", false, "another account, and the bare term lacks context"),
            ("order an app", false, "context alone"),
        ] {
            let found = watch.matches(text);
            assert_eq!(found.is_about(), wanted, "{why}: {text}: {found:?}");
        }
    }

    #[test]
    fn terms_are_read_from_the_config_and_empty_ones_reported() {
        let all = crate::settings::Findings::default();
        let text = "terms = [\"Acme\", \" - \"]\nexclude = [\"Acme Tools\"]\n";
        let table = toml::de::DeTable::parse(text).expect("test input is TOML");
        let config = Config::read(&Section::root(&table, &all));
        assert_eq!(config.terms, ["Acme"]);
        assert_eq!(config.exclude, ["Acme Tools"]);
        let said: Vec<String> = all.take().into_iter().map(|f| f.message).collect();
        assert_eq!(said, ["` - ` has no letter or digit"]);
    }

    #[test]
    fn nothing_configured_matches_nothing() {
        assert_eq!(Watch::new(&Config::default()).matches("anything"), Match::default());
        assert_eq!(Watch::name("  ").matches("anything at  all").hit, None);
    }

    #[test]
    fn places_are_in_order_and_apart() {
        let watch = Watch::new(&Config {
            terms: strings(&["acme", "acme bank"]),
            handles: strings(&["acme"]),
            ..Config::default()
        });
        assert_eq!(watch.look("@acme hi acme bank").1, [0..5, 9..13]);
    }
}

//! Decides whether a text names the watched brand: its terms, what excludes them, and the
//! context they need.
//!
//! Case and width do not matter (NFKC, lower case); accents do, or `Ås` would be found in every
//! English sentence. Where a term may begin and end is `needle`'s, what is a slip of the finger
//! `misspell`'s. What relevance means for the verdict is decided in `mod`.
//!
//! In a web address a name is weaker: the address may be all that a post says, or the page may be
//! about anything. Host and path name the brand, query and fragment (where clicks come from) do
//! not, and [`Match::in_link`] says that nothing else does.

use std::ops::Range;

use super::letters::plain;
use super::misspell::Slips;
use super::needle::{Form, Kind, Link, Needle, links};
use super::tag::{Tag, tags};
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
    /// Other brands, by name or, with `@`, by handle: a complaint about one of them is not ours.
    pub rivals: Vec<String>,
    /// Whether terms of six letters and more are also found with one slip in them.
    pub misspellings: bool,
}

impl Config {
    /// Reads the keys of `[brands.terms]`. An element without a letter or digit would match nothing
    /// or everything and is reported.
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
            rivals: list("rivals"),
            misspellings: section.flag("misspellings", false),
        }
    }
}

/// A brand's terms, ready for matching.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    config: Config,
    /// Hashtags and handles, then terms.
    names: Vec<Needle>,
    /// How many of `names` are hashtags and handles.
    marked: usize,
    exclude: Vec<Needle>,
    require: Vec<Needle>,
    rivals: Vec<Needle>,
    slips: Slips,
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
    /// The term was found only with a slip in it: the word as the text has it.
    pub misspelt: Option<String>,
    /// It was found only in a web address.
    pub in_link: bool,
    /// The other brand that is named too, as configured.
    pub rival: Option<String>,
}

impl Match {
    /// Whether the text is about the brand.
    pub fn is_about(&self) -> bool {
        self.hit.is_some() && self.excluded.is_none() && !self.lacks_context
    }
}

/// Everything that was seen in one text.
#[derive(Debug, Default)]
pub(super) struct Sight {
    pub about: Match,
    /// Where the plain text names the brand outside of web addresses, in order, without overlaps.
    pub brand: Vec<Range<usize>>,
    /// The same for other brands.
    pub rivals: Vec<Range<usize>>,
    /// The names that were found, by their number; a misspelt one has the number of its term.
    pub hits: Vec<usize>,
    /// The exclusions that were found, by their number.
    pub exclusions: Vec<usize>,
}

impl Watch {
    /// Prepares the terms of a brand. Without terms, hashtags and handles nothing ever matches.
    pub fn new(config: &Config) -> Self {
        let all = |list: &[String], kind| -> Vec<Needle> {
            list.iter().filter_map(|written| Needle::new(written, kind)).collect()
        };
        let mut names = all(&config.hashtags, Kind::Tag);
        names.extend(all(&config.handles, Kind::Handle));
        let marked = names.len();
        names.extend(all(&config.terms, Kind::Name));
        let rival = |written: &String| {
            let kind = if written.trim().starts_with('@') { Kind::Handle } else { Kind::Name };
            Needle::new(written, kind)
        };
        let mut watch = Self {
            marked,
            names,
            exclude: all(&config.exclude, Kind::Word),
            require: all(&config.require, Kind::Word),
            rivals: config.rivals.iter().filter_map(rival).collect(),
            slips: Slips::default(),
            config: config.clone(),
        };
        if config.misspellings {
            let known = watch.exclude.iter().chain(&watch.require).chain(&watch.rivals);
            watch.slips = Slips::new(&watch.names, known);
        }
        watch
    }

    /// A watch for a name alone, as a word, hashtag or handle.
    pub fn name(name: &str) -> Self {
        Self::new(&Config { terms: vec![name.to_owned()], ..Config::default() })
    }

    /// The terms as configured.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What a text says about the brand.
    pub fn matches(&self, text: &str) -> Match {
        self.look(text, &plain(text)).about
    }

    /// Its hashtags, handles and terms as configured, by their number in [`Sight::hits`].
    pub(super) fn names(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.names.iter().map(|needle| (needle.kind, needle.written.as_str()))
    }

    /// How many of them are hashtags and handles; those come first.
    pub(super) fn marked(&self) -> usize {
        self.marked
    }

    /// Its exclusions as configured, by their number in [`Sight::exclusions`].
    pub(super) fn exclusions(&self) -> impl Iterator<Item = &str> {
        self.exclude.iter().map(|needle| needle.written.as_str())
    }

    /// All that a text says about the brand; `plain` is its plain form.
    pub(super) fn look(&self, text: &str, plain: &str) -> Sight {
        let scene = Scene::new(text, plain);
        let mut brand = scene.all_places(&self.names);
        let mut rivals = scene.all_places(&self.rivals);
        // The longer name is meant: "Acme Tools" is no "Acme", and the other way round.
        let ours = apart(brand.iter());
        let theirs = apart(rivals.iter());
        brand.retain(|place| {
            !over(&theirs, &place.range).is_some_and(|it| is_inside(&place.range, it))
        });
        rivals.retain(|place| {
            !over(&ours, &place.range).is_some_and(|it| is_within(&place.range, it))
        });
        let mut sight = Sight::default();
        let spoken = |place: &Place| scene.link(&place.range).is_none();
        for slip in self.slips.find(scene.form.text()) {
            let range = scene.form.back(slip.place);
            let place = Place { number: slip.term, range };
            let is_new =
                over(&ours, &place.range).is_none() && over(&theirs, &place.range).is_none();
            if is_new && spoken(&place) {
                if brand.is_empty() {
                    sight.about.misspelt = plain.get(place.range.clone()).map(str::to_owned);
                }
                brand.push(place);
            }
        }
        let is_marked = brand.iter().any(|place| place.number < self.marked);
        sight.hits = brand.iter().map(|place| place.number).collect();
        sight.hits.sort_unstable();
        sight.hits.dedup();
        let about = &mut sight.about;
        about.hit = sight.hits.first().map(|first| self.names[*first].written.clone());
        about.in_link = about.hit.is_some() && !brand.iter().any(spoken);
        let excludes = |needle: &Needle| {
            // A page about something else does not take away what the post itself says.
            let mut places = scene.places(needle).into_iter();
            places.any(|range| about.in_link || scene.link(&range).is_none())
        };
        let found = self.exclude.iter().enumerate().filter(|(_, needle)| excludes(needle));
        sight.exclusions = found.map(|(number, _)| number).collect();
        let first = sight.exclusions.first();
        about.excluded = first.map(|first| self.exclude[*first].written.clone());
        about.lacks_context = about.hit.is_some()
            && !self.require.is_empty()
            && !is_marked
            && !self.require.iter().any(|needle| !scene.places(needle).is_empty());
        let rival = rivals.iter().map(|place| place.number).min();
        about.rival = rival.map(|number| self.rivals[number].written.clone());
        sight.brand = apart(brand.iter().filter(|place| spoken(place)));
        sight.rivals = apart(rivals.iter().filter(|place| spoken(place)));
        sight
    }
}

/// Where a name stands.
struct Place {
    number: usize,
    range: Range<usize>,
}

/// A text, ready to be searched.
struct Scene<'p> {
    plain: &'p str,
    form: Form<'p>,
    tags: Vec<Tag>,
    links: Vec<Link>,
}

impl<'p> Scene<'p> {
    fn new(text: &str, plain: &'p str) -> Self {
        let tags = if plain.contains('#') { tags(text, plain) } else { Vec::new() };
        Self { plain, form: Form::new(plain), tags, links: links(plain) }
    }

    /// Where a needle stands, but for the tails of web addresses.
    fn places(&self, needle: &Needle) -> Vec<Range<usize>> {
        let mut all = needle.places(&self.form, self.plain);
        if matches!(needle.kind, Kind::Name | Kind::Word) {
            let named = self.tags.iter().filter(|tag| tag.names(&needle.joined));
            all.extend(named.map(|tag| tag.place.clone()));
        }
        all.retain(|range| self.link(range).is_none_or(|link| range.start < link.tail));
        all
    }

    /// Where any of them stand.
    fn all_places(&self, needles: &[Needle]) -> Vec<Place> {
        let mut all = Vec::new();
        for (number, needle) in needles.iter().enumerate() {
            all.extend(self.places(needle).into_iter().map(|range| Place { number, range }));
        }
        all
    }

    /// The web address that a place is in.
    fn link(&self, range: &Range<usize>) -> Option<&Link> {
        let next = self.links.partition_point(|link| link.place.end <= range.start);
        self.links.get(next).filter(|link| link.place.start <= range.start)
    }
}

fn is_within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn is_inside(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    is_within(inner, outer) && inner != outer
}

/// The first of some ranges that shares a letter with this one; they are in order and apart.
fn over<'r>(ranges: &'r [Range<usize>], range: &Range<usize>) -> Option<&'r Range<usize>> {
    let next = ranges.partition_point(|it| it.end <= range.start);
    ranges.get(next).filter(|it| it.start < range.end)
}

/// The places in order, the longest where several begin, without overlaps.
fn apart<'p>(places: impl Iterator<Item = &'p Place>) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = places.map(|place| place.range.clone()).collect();
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let mut end = 0;
    places.retain(|place| {
        let is_free = place.start >= end;
        if is_free {
            end = place.end;
        }
        is_free
    });
    places
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;

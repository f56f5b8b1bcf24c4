//! Reads one TOML file section by section and collects everything that is wrong with it.
//!
//! Each module reads its own keys from its own [`Section`]; this file knows no key. Reading never
//! stops at a mistake: a wrong value becomes a [`Finding`] and its default, so that a person sees
//! all mistakes at once. Keys that nobody read are unknown, and the nearest known one is named.

mod spell;

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use chrono_tz::Tz;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use spell::{article, say};
pub use spell::{nearest, parse_duration};

/// One thing that is wrong, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the file it is about.
    pub span: Range<usize>,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// A word or two under the place itself.
    pub label: String,
    /// The way out.
    pub help: Option<String>,
    /// A warning does not stop the start.
    pub warning: bool,
}

/// A value with the bytes it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Range<usize>,
}

/// All findings of one file.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    all: Rc<RefCell<Vec<Finding>>>,
    absent: Rc<RefCell<Vec<String>>>,
}

impl Findings {
    /// Everything found, in the order of the file.
    pub fn take(&self) -> Vec<Finding> {
        let mut all = std::mem::take(&mut *self.all.borrow_mut());
        all.sort_by_key(|f| (f.span.start, f.span.end));
        all
    }

    /// Whether nothing has been found wrong so far.
    pub fn is_empty(&self) -> bool {
        self.all.borrow().iter().all(|f| f.warning)
    }

    /// Every key that was looked for and is not in the file: what an example file lacks.
    pub fn absent(&self) -> Vec<String> {
        self.absent.borrow().clone()
    }

    fn add(&self, span: Range<usize>, message: String, label: &str, help: Option<String>) {
        self.all.borrow_mut().push(Finding {
            span,
            message,
            label: label.to_owned(),
            help,
            warning: false,
        });
    }
}

/// One table of the file while it is being read.
pub struct Section<'a> {
    path: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
    findings: Findings,
    finished: Cell<bool>,
}

impl<'a> Section<'a> {
    /// The whole file. Syntax errors are findings; what could be parsed is read all the same.
    pub fn root(table: &'a Spanned<DeTable<'a>>, findings: &Findings) -> Self {
        Self::new(String::new(), table.span(), table.get_ref(), findings.clone())
    }

    fn new(path: String, span: Range<usize>, table: &'a DeTable<'a>, findings: Findings) -> Self {
        Self { path, span, table, known: RefCell::default(), findings, finished: Cell::new(false) }
    }

    /// Where the section stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn find(&self, key: &'static str) -> Option<(&'a Spanned<DeValue<'a>>, Range<usize>)> {
        self.known.borrow_mut().push(key);
        let found = self
            .table
            .iter()
            .find(|(k, _)| k.get_ref().as_ref() == key)
            .map(|(k, v)| (v, k.span()));
        if found.is_none() {
            self.findings.absent.borrow_mut().push(self.name(key));
        }
        found
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Reports something about a place.
    pub fn reject(&self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let help = help.into();
        self.findings.add(span, message.into(), "", (!help.is_empty()).then_some(help));
    }

    /// Reports something about a place that does not stop the start.
    pub fn warn(&self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.findings.all.borrow_mut().push(Finding {
            span,
            message: message.into(),
            label: String::new(),
            help: Some(help.into()),
            warning: true,
        });
    }

    /// Where a key is written, or where the section starts if it is not.
    pub fn place(&self, key: &str) -> Range<usize> {
        self.table
            .iter()
            .find(|(k, _)| k.get_ref().as_ref() == key)
            .map_or_else(|| self.span.clone(), |(_, v)| v.span())
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        self.findings.add(
            value.span(),
            format!("`{}` must be {wanted}", self.name(key)),
            &format!("this is {}", article(value.get_ref().type_str())),
            None,
        );
    }

    fn missing(&self, key: &str, example: &str) {
        self.findings.add(
            self.span.clone(),
            format!("`{}` is missing", self.name(key)),
            "in this section",
            Some(format!("add `{key} = {example}`")),
        );
    }

    /// A string, if it is there.
    pub fn string(&self, key: &'static str) -> Option<Placed<String>> {
        let (value, _) = self.find(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(key, value, "a string in quotes");
            return None;
        };
        Some(Placed { value: text.to_owned(), span: value.span() })
    }

    /// A string that must be there and not be empty; `example` is shown if it is not.
    pub fn required(&self, key: &'static str, example: &str) -> Option<Placed<String>> {
        let is_there = self.table.iter().any(|(k, _)| k.get_ref().as_ref() == key);
        let found = self.string(key);
        match &found {
            None if !is_there => self.missing(key, example),
            Some(text) if text.value.trim().is_empty() => {
                self.reject(
                    text.span.clone(),
                    format!("`{}` is empty", self.name(key)),
                    format!("write for example `{key} = {example}`"),
                );
                return None;
            }
            _ => {}
        }
        found
    }

    /// One of a few words.
    pub fn choice<T: Clone>(&self, key: &'static str, words: &[(&str, T)], default: T) -> T {
        let Some(text) = self.string(key) else { return default };
        if let Some((_, value)) = words.iter().find(|(w, _)| *w == text.value) {
            return value.clone();
        }
        let all: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
        let help = match nearest(&text.value, all.iter().copied()) {
            Some(word) => format!("did you mean `{word}`? it can be one of: {}", all.join(", ")),
            None => format!("it can be one of: {}", all.join(", ")),
        };
        self.reject(text.span, format!("`{}` cannot be `{}`", self.name(key), text.value), help);
        default
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &'static str, default: bool) -> bool {
        let Some((value, _)) = self.find(key) else { return default };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(key, value, "`true` or `false`");
            default
        })
    }

    /// A whole number within bounds.
    pub fn number(&self, key: &'static str, bounds: Range<i64>, default: i64) -> i64 {
        let Some((value, _)) = self.find(key) else { return default };
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        match number {
            Some(n) if bounds.contains(&n) => n,
            Some(_) => {
                self.reject(
                    value.span(),
                    format!("`{}` is out of bounds", self.name(key)),
                    format!("it can be {} to {}", bounds.start, bounds.end - 1),
                );
                default
            }
            None => {
                self.wrong(key, value, "a whole number");
                default
            }
        }
    }

    /// A duration such as `"15m"`, in milliseconds, within bounds.
    pub fn duration(&self, key: &'static str, bounds: Range<i64>, default: i64) -> i64 {
        self.duration_if(key, bounds).unwrap_or(default)
    }

    /// A duration, if it is there.
    pub fn duration_if(&self, key: &'static str, bounds: Range<i64>) -> Option<i64> {
        let text = self.string(key)?;
        match parse_duration(&text.value) {
            Some(millis) if bounds.contains(&millis) => Some(millis),
            Some(_) => {
                self.reject(
                    text.span,
                    format!("`{}` is out of bounds", self.name(key)),
                    format!("it can be {} to {}", say(bounds.start), say(bounds.end - 1)),
                );
                None
            }
            None => {
                self.reject(
                    text.span,
                    format!("`{}` is no duration", self.name(key)),
                    "write a number and a unit: \"30s\", \"15m\", \"2h\", \"14d\"",
                );
                None
            }
        }
    }

    /// A list of strings; empty if it is not there.
    pub fn strings(&self, key: &'static str) -> Vec<Placed<String>> {
        let Some((value, _)) = self.find(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of strings, such as [\"a\", \"b\"]");
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) => all.push(Placed { value: text.to_owned(), span: item.span() }),
                None => self.wrong(key, item, "a list of strings"),
            }
        }
        all
    }

    /// A path, if it is there.
    pub fn path(&self, key: &'static str) -> Option<Placed<PathBuf>> {
        self.string(key).map(|p| Placed { value: PathBuf::from(p.value), span: p.span })
    }

    /// A zone of the zone database. There is no default: hours without a zone mean nothing.
    pub fn zone(&self, key: &'static str) -> Option<Tz> {
        let text = self.required(key, "\"Europe/Stockholm\"")?;
        if let Ok(zone) = text.value.parse::<Tz>() {
            return Some(zone);
        }
        let names: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name()).collect();
        let help = match nearest(&text.value, names.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "write a name of the zone database, such as `Europe/Stockholm`".to_owned(),
        };
        self.reject(text.span, format!("there is no time zone `{}`", text.value), help);
        None
    }

    /// A sub-table, if it is there.
    pub fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let (value, place) = self.find(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, value, &format!("a section: `[{}]`", self.name(key)));
            return None;
        };
        // A section's own span covers its header only in places; its key is always right.
        let span = if value.span().is_empty() { place } else { value.span() };
        Some(Self::new(self.name(key), span, table, self.findings.clone()))
    }

    /// A list of tables; empty if it is not there.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some((value, _)) = self.find(key) else { return Vec::new() };
        self.tables(key, value)
    }

    /// Every key of this section with its list of tables, for sections whose keys are names. Keys
    /// not in `known` are findings.
    pub fn named_sections(&self, known: &[&'static str]) -> Vec<(&'static str, Section<'a>)> {
        known
            .iter()
            .flat_map(|&key| self.sections(key).into_iter().map(move |s| (key, s)))
            .collect()
    }

    /// Every key of this section with its sub-table, for sections whose keys are chosen freely.
    pub fn free_sections(&self) -> Vec<(Placed<String>, Section<'a>)> {
        self.finished.set(true);
        let mut all = Vec::new();
        for (key, value) in self.table.iter() {
            let name = key.get_ref().to_string();
            match value.get_ref().as_table() {
                Some(table) => all.push((
                    Placed { value: name.clone(), span: key.span() },
                    Self::new(self.name(&name), key.span(), table, self.findings.clone()),
                )),
                None => self.wrong(&name, value, "a section"),
            }
        }
        all
    }

    /// Every key of this section with its string, for sections whose keys are chosen freely.
    pub fn free_strings(&self) -> Vec<(Placed<String>, Placed<String>)> {
        self.finished.set(true);
        let mut all = Vec::new();
        for (key, value) in self.table.iter() {
            let name = key.get_ref().to_string();
            match value.get_ref().as_str() {
                Some(text) => all.push((
                    Placed { value: name, span: key.span() },
                    Placed { value: text.to_owned(), span: value.span() },
                )),
                None => self.wrong(&name, value, "a string"),
            }
        }
        all
    }

    fn tables(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Vec<Section<'a>> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, value, &format!("a list of sections: `[[{}]]`", self.name(key)));
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(table) => {
                    all.push(Self::new(self.name(key), item.span(), table, self.findings.clone()))
                }
                None => self.wrong(key, item, &format!("a section: `[[{}]]`", self.name(key))),
            }
        }
        all
    }

    /// Reports every key that nobody asked for.
    fn finish(&self) {
        let known = self.known.borrow();
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("this section knows: {}", known.join(", ")),
            };
            self.findings.add(
                key.span(),
                format!("unknown key `{}`", self.name(name)),
                "nobody reads this",
                Some(help),
            );
        }
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        if !self.finished.get() && !std::thread::panicking() {
            self.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    fn findings(toml: &str, read: impl Fn(&Section<'_>)) -> Vec<String> {
        let all = Findings::default();
        let table = DeTable::parse(toml).expect("test input is TOML");
        read(&Section::root(&table, &all));
        all.take().iter().map(|f| format!("{} [{}]", f.message, &toml[f.span.clone()])).collect()
    }

    #[test]
    fn every_mistake_is_found_at_once_and_at_its_place() {
        let said = findings("zone = \"Europe/Stokholm\"\nevry = 3\nask = \"5x\"\nn = 9\n", |s| {
            s.zone("zone");
            s.string("every");
            s.duration("ask", 0..Time::DAY, 0);
            s.number("n", 0..5, 0);
        });
        assert_eq!(
            said,
            [
                "there is no time zone `Europe/Stokholm` [\"Europe/Stokholm\"]",
                "unknown key `evry` [evry]",
                "`ask` is no duration [\"5x\"]",
                "`n` is out of bounds [9]",
            ]
        );
    }
}

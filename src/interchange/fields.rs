//! Reads typed values out of one JSON object, each with its bounds. Absent and null are the same.

use serde_json::{Map, Value};

use super::LineError;
use crate::model::Time;
use crate::settings::nearest;

/// One object, and where it stands in the line.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn root(map: &'a Map<String, Value>) -> Self {
        Self { map, path: "" }
    }

    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn find(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&self, key: &str, value: &Value, wanted: &str) -> LineError {
        LineError::at(self.name(key), format!("must be {wanted}, this is {}", kind(value)))
    }

    /// A text of at most `most` bytes.
    pub(super) fn text(&self, key: &str, most: usize) -> Result<Option<String>, LineError> {
        let Some(value) = self.find(key) else { return Ok(None) };
        let Some(text) = value.as_str() else { return Err(self.wrong(key, value, "a string")) };
        if text.len() > most {
            let message = format!("is too long: {} bytes, at most {most}", text.len());
            return Err(LineError::at(self.name(key), message));
        }
        Ok(Some(text.to_owned()))
    }

    /// A text that means nothing if it is empty.
    pub(super) fn name_or_none(&self, key: &str, most: usize) -> Result<Option<String>, LineError> {
        Ok(self.text(key, most)?.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()))
    }

    /// An id: no control characters; empty is absent.
    pub(super) fn id(&self, key: &str) -> Result<Option<String>, LineError> {
        if let Some(Value::Number(_)) = self.find(key) {
            return Err(LineError::at(self.name(key), "must be a string, this is a number")
                .help("write it in quotes: long numbers lose digits"));
        }
        let id = self.text(key, LONGEST_ID)?.filter(|id| !id.trim().is_empty());
        if id.as_ref().is_some_and(|id| id.chars().any(char::is_control)) {
            return Err(LineError::at(self.name(key), "has control characters"));
        }
        Ok(id)
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, LineError> {
        let Some(value) = self.find(key) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.wrong(key, value, "true or false"))
    }

    pub(super) fn time(&self, key: &str) -> Result<Option<Time>, LineError> {
        let Some(value) = self.find(key) else { return Ok(None) };
        match value.as_str() {
            None => Err(self.wrong(key, value, "a time in quotes").help(TIME_HELP)),
            Some(text) => Time::parse(text).map(Some).ok_or_else(|| {
                LineError::at(self.name(key), format!("is no time: {}", shown(text)))
                    .help(TIME_HELP)
            }),
        }
    }

    /// A count. `3.0` is one too: programs that know no empty integers write that.
    pub(super) fn count(&self, key: &str) -> Result<Option<u64>, LineError> {
        let Some(value) = self.find(key) else { return Ok(None) };
        let whole = |n: f64| n >= 0.0 && n.fract() == 0.0 && n <= 9_007_199_254_740_992.0;
        value
            .as_u64()
            .or_else(|| value.as_f64().filter(|n| whole(*n)).map(|n| n as u64))
            .map(Some)
            .ok_or_else(|| self.wrong(key, value, "a whole number from 0 on"))
    }

    /// A number from 0 to 1.
    pub(super) fn part(&self, key: &str) -> Result<Option<f32>, LineError> {
        let Some(value) = self.find(key) else { return Ok(None) };
        match value.as_f64() {
            Some(n) if (0.0..=1.0).contains(&n) => Ok(Some(n as f32 + 0.0)),
            _ => Err(self
                .wrong(key, value, "a number from 0 to 1")
                .help("divide stars by the most there can be")),
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &self,
        key: &str,
        words: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Result<Option<T>, LineError> {
        let Some(value) = self.find(key) else { return Ok(None) };
        let words: Vec<(&'static str, T)> = words.into_iter().collect();
        let Some(text) = value.as_str() else { return Err(self.wrong(key, value, "a word")) };
        if let Some((_, known)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*known));
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let help = match nearest(text, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? it can be: {}", all.join(", ")),
            None => format!("it can be: {}", all.join(", ")),
        };
        Err(LineError::at(self.name(key), format!("cannot be {}", shown(text))).help(help))
    }

    /// A list of texts; a single one stands for a list of one.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, LineError> {
        let Some(value) = self.find(key) else { return Ok(None) };
        let all = match value {
            Value::Array(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        if all.len() > MOST_WORDS {
            return Err(LineError::at(
                self.name(key),
                format!("has more than {MOST_WORDS} entries"),
            ));
        }
        all.iter()
            .map(|one| match one.as_str() {
                Some(text) if text.len() <= LONGEST_WORD => Ok(text.to_owned()),
                Some(_) => Err(LineError::at(self.name(key), "has an entry that is too long")),
                None => Err(self.wrong(key, one, "a list of strings")),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// An object within this one; `path` is its full name.
    pub(super) fn object(&self, path: &'static str) -> Result<Option<Fields<'a>>, LineError> {
        match self.find(path) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields { map, path })),
            Some(other) => Err(self.wrong(path, other, "an object")),
        }
    }
}

pub(super) const LONGEST_ID: usize = 1024;
pub(super) const LONGEST_WORD: usize = 256;
const MOST_WORDS: usize = 64;
const TIME_HELP: &str = "write RFC 3339 with a zone, such as 2026-03-04T09:15:00Z";

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The start of a stranger's text, harmless on a terminal.
pub(super) fn shown(text: &str) -> String {
    let start: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    let dots = if text.chars().nth(40).is_some() { "…" } else { "" };
    format!("`{start}{dots}`")
}

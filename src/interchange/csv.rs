//! Spreadsheets: a header, then one interaction a record, its columns mapped to the documented keys.

use std::io::BufRead;

use chrono::NaiveDateTime;
use serde_json::{Map, Number, Value};

use super::jsonl::of_object;
use super::lines::Records;
use super::{LineError, Numbered};
use crate::model::Time;
use crate::settings::nearest;

/// How the text of a cell becomes a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Text,
    Word,
    Flag,
    Number,
    Time,
    List,
}

/// Every key a column can fill.
const FIELDS: [(&str, Cell); 34] = [
    ("brand", Cell::Text),
    ("platform", Cell::Word),
    ("id", Cell::Text),
    ("kind", Cell::Word),
    ("own", Cell::Flag),
    ("author.id", Cell::Text),
    ("author.handle", Cell::Text),
    ("author.name", Cell::Text),
    ("author.bot", Cell::Flag),
    ("text", Cell::Text),
    ("title", Cell::Text),
    ("lang", Cell::Text),
    ("url", Cell::Text),
    ("created_at", Cell::Time),
    ("seen_at", Cell::Time),
    ("in_reply_to", Cell::Text),
    ("thread", Cell::Text),
    ("about", Cell::Text),
    ("deleted_at", Cell::Time),
    ("counts_at", Cell::Time),
    ("rating", Cell::Number),
    ("counts.likes", Cell::Number),
    ("counts.replies", Cell::Number),
    ("counts.shares", Cell::Number),
    ("counts.quotes", Cell::Number),
    ("verdict.intent", Cell::Word),
    ("verdict.sentiment", Cell::Word),
    ("verdict.relevant", Cell::Flag),
    ("verdict.severity", Cell::Word),
    ("verdict.thanks", Cell::Flag),
    ("verdict.recommends", Cell::Word),
    ("verdict.moved_private", Cell::Flag),
    ("verdict.aspects", Cell::List),
    ("verdict.switching", Cell::Text),
];

/// Which column fills which key.
///
/// A pair is `key=Column name`; `key==value` gives every record that value, for what a file does
/// not say, such as its platform. Keys without a pair are filled by the column of their own name,
/// if there is one. Nested keys are written with a point: `author.id`, `counts.likes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(Vec<(usize, Source)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Column(String),
    Value(String),
}

impl Mapping {
    /// Reads pairs as given on the command line.
    ///
    /// # Errors
    /// What is wrong with the first pair that is no pair, or whose key is not known or given twice.
    pub fn parse(pairs: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, String> {
        let mut all: Vec<(usize, Source)> = Vec::new();
        for pair in pairs {
            let pair = pair.as_ref();
            let Some((key, rest)) = pair.split_once('=') else {
                return Err(format!("`{pair}` is no pair; write key=column, or key==value"));
            };
            let key = key.trim();
            let Some(at) = FIELDS.iter().position(|(name, _)| *name == key) else {
                let known = FIELDS.map(|(name, _)| name);
                return Err(match nearest(key, known.iter().copied()) {
                    Some(near) => format!("there is no key `{key}`; did you mean `{near}`?"),
                    None => format!("there is no key `{key}`; there are: {}", known.join(", ")),
                });
            };
            if all.iter().any(|(known, _)| *known == at) {
                return Err(format!("`{key}` is mapped twice"));
            }
            all.push(match rest.strip_prefix('=') {
                Some(value) => (at, Source::Value(value.to_owned())),
                None => (at, Source::Column(rest.trim().to_owned())),
            });
        }
        Ok(Self(all))
    }

    /// For each field that something fills: its column, or the value for all records.
    fn resolve(&self, header: &[String]) -> Result<Vec<(usize, Filling)>, LineError> {
        let column = |name: &str| header.iter().position(|column| column.trim() == name);
        let mut all = Vec::new();
        for (at, (key, _)) in FIELDS.iter().enumerate() {
            match self.0.iter().find(|(mapped, _)| *mapped == at) {
                Some((_, Source::Value(value))) => all.push((at, Filling::Value(value.clone()))),
                Some((_, Source::Column(name))) => {
                    let found = column(name).ok_or_else(|| {
                        let known = nearest(name, header.iter().map(String::as_str));
                        let help = match known {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!("the columns are: {}", header.join(", ")),
                        };
                        LineError::at(*key, format!("has no column `{name}`")).help(help)
                    })?;
                    all.push((at, Filling::Column(found)));
                }
                None => all.extend(column(key).map(|found| (at, Filling::Column(found)))),
            }
        }
        for key in ["platform", "id", "kind"] {
            if !all.iter().any(|(at, _)| FIELDS[*at].0 == key) {
                return Err(LineError::at(key, "is filled by no column").help(format!(
                    "add --map {key}=COLUMN or --map {key}==VALUE; the columns are: {}",
                    header.join(", ")
                )));
            }
        }
        Ok(all)
    }
}

enum Filling {
    Column(usize),
    Value(String),
}

pub(super) fn readings(reader: impl BufRead, mapping: Mapping) -> impl Iterator<Item = Numbered> {
    let opened = Records::open(reader, None).and_then(|(header, records)| {
        let fillings = mapping.resolve(&header).map_err(|error| (1, error))?;
        Ok((header.len(), fillings, records))
    });
    let (failed, rows) = match opened {
        Ok(rows) => (None, Some(rows)),
        Err(error) => (Some(Err(error)), None),
    };
    let lines = rows.into_iter().flat_map(|(width, fillings, records)| {
        records.map(move |record| {
            let (number, cells) = record?;
            let object = of_cells(width, &fillings, &cells).map_err(|error| (number, error))?;
            of_object(&object).map(|line| (number, line)).map_err(|error| (number, error))
        })
    });
    failed.into_iter().chain(lines)
}

fn of_cells(
    width: usize,
    fillings: &[(usize, Filling)],
    cells: &[String],
) -> Result<Map<String, Value>, LineError> {
    if cells.len() != width {
        let said = format!("has {} fields where the header has {width}", cells.len());
        return Err(LineError::new(said).help("put text with delimiters in it into quotes"));
    }
    let mut all = Map::new();
    for (at, filling) in fillings {
        let (key, cell) = FIELDS[*at];
        let text = match filling {
            Filling::Column(column) => cells.get(*column).map_or("", String::as_str),
            Filling::Value(value) => value,
        };
        if text.trim().is_empty() {
            continue;
        }
        let value = value(key, cell, text)?;
        match key.split_once('.') {
            None => {
                all.insert(key.to_owned(), value);
            }
            Some((outer, inner)) => {
                let nested = all.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(nested) = nested {
                    nested.insert(inner.to_owned(), value);
                }
            }
        }
    }
    Ok(all)
}

fn value(key: &str, cell: Cell, text: &str) -> Result<Value, LineError> {
    let bare = text.trim();
    Ok(match cell {
        Cell::Text => Value::String(text.to_owned()),
        Cell::Word => Value::String(bare.to_lowercase()),
        Cell::Flag => Value::Bool(match bare.to_lowercase().as_str() {
            "true" | "yes" | "1" | "t" | "y" => true,
            "false" | "no" | "0" | "f" | "n" => false,
            _ => return Err(LineError::at(key, "must be true or false, yes or no, 1 or 0")),
        }),
        Cell::Number => {
            let number = bare.parse::<u64>().map(Number::from).ok();
            let number = number.or_else(|| Number::from_f64(bare.parse().ok()?));
            Value::Number(number.ok_or_else(|| {
                LineError::at(key, "is no number").help("write a decimal point and no separators")
            })?)
        }
        Cell::Time => Value::String(time(bare).map_or(bare.to_owned(), |at| at.to_string())),
        Cell::List => {
            bare.split(['|', ';']).map(|part| Value::String(part.trim().to_owned())).collect()
        }
    })
}

/// RFC 3339, or the same without a zone as spreadsheets write it: then it is UTC.
fn time(text: &str) -> Option<Time> {
    Time::parse(text).or_else(|| {
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"]
            .into_iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(|at| Time(at.and_utc().timestamp_millis()))
            .and_then(|at| Time::parse(&at.to_string()))
    })
}

//! The public "Customer Support on Twitter" data, in its own columns.
//!
//! `tweet_id, author_id, inbound, created_at, text, response_tweet_id, in_response_to_tweet_id`.
//! Customers are anonymous numbers, brands keep their names: an author whose id is not a number is
//! the brand's account.

use std::io::BufRead;

use chrono::DateTime;

use super::fields::shown;
use super::lines::Records;
use super::{Line, LineError, Numbered};
use crate::model::{Author, Kind, Reading, Time};

const PLATFORM: &str = "twitter";
const LONGEST_FIELD: usize = 64 << 10;

/// Where the columns are that are needed.
struct Columns {
    width: usize,
    tweet: usize,
    author: usize,
    created: usize,
    text: usize,
    parent: usize,
}

impl Columns {
    fn of(header: &[String]) -> Result<Self, LineError> {
        let find = |name: &str| {
            header.iter().position(|column| column.trim() == name).ok_or_else(|| {
                LineError::at(name, "is a column that the file lacks").help(
                    "the first line must name the columns: tweet_id, author_id, inbound, \
                     created_at, text, response_tweet_id, in_response_to_tweet_id",
                )
            })
        };
        Ok(Self {
            width: header.len(),
            tweet: find("tweet_id")?,
            author: find("author_id")?,
            created: find("created_at")?,
            text: find("text")?,
            parent: find("in_response_to_tweet_id")?,
        })
    }
}

pub(super) fn readings(reader: impl BufRead) -> impl Iterator<Item = Numbered> {
    let opened = Records::open(reader, Some(b',')).and_then(|(header, records)| {
        Ok((Columns::of(&header).map_err(|error| (1, error))?, records))
    });
    let (failed, rows) = match opened {
        Ok(rows) => (None, Some(rows)),
        Err(error) => (Some(Err(error)), None),
    };
    let lines = rows.into_iter().flat_map(|(columns, records)| {
        records.map(move |record| {
            let (number, cells) = record?;
            let reading = reading(&columns, &cells).map_err(|error| (number, error))?;
            Ok((number, Line { brand: None, reading }))
        })
    });
    failed.into_iter().chain(lines)
}

fn reading(columns: &Columns, cells: &[String]) -> Result<Reading, LineError> {
    if cells.len() != columns.width {
        let said = format!("has {} fields where the header has {}", cells.len(), columns.width);
        return Err(LineError::new(said));
    }
    let id = number("tweet_id", &cells[columns.tweet])?
        .ok_or_else(|| LineError::at("tweet_id", "is missing"))?;
    let parent = number("in_response_to_tweet_id", &cells[columns.parent])?;
    let author = cells[columns.author].trim();
    if author.is_empty() || author.len() > 64 || author.chars().any(char::is_control) {
        return Err(LineError::at("author_id", "must be a number or a name"));
    }
    let text = &cells[columns.text];
    if text.len() > LONGEST_FIELD {
        return Err(LineError::at("text", "is too long"));
    }
    let own = !author.chars().all(|c| c.is_ascii_digit());
    let kind = match (own, &parent) {
        (_, Some(_)) => Kind::Comment,
        (true, None) => Kind::Post,
        (false, None) => Kind::Mention,
    };
    let mut reading = Reading::new(PLATFORM, id, kind);
    reading.own = own;
    // The texts name people by the same numbers, so the number is the handle as well.
    reading.author =
        Some(Author { id: author.to_owned(), handle: Some(author.to_owned()), name: None });
    reading.text = Some(text.clone());
    reading.created_at = Some(time(&cells[columns.created])?);
    reading.in_reply_to = parent;
    Ok(reading)
}

/// An id: digits, also as `123.0`, which is what tables with gaps make of them.
fn number(key: &str, cell: &str) -> Result<Option<String>, LineError> {
    let text = cell.trim();
    let digits = text.strip_suffix(".0").unwrap_or(text);
    if digits.is_empty() {
        return Ok(None);
    }
    if digits.len() <= 32 && digits.chars().all(|c| c.is_ascii_digit()) {
        return Ok(Some(digits.to_owned()));
    }
    Err(LineError::at(key, format!("is no id: {}", shown(text))))
}

fn time(cell: &str) -> Result<Time, LineError> {
    DateTime::parse_from_str(cell.trim(), "%a %b %d %H:%M:%S %z %Y")
        .ok()
        .and_then(|at| Time::parse(&at.to_rfc3339()))
        .ok_or_else(|| {
            LineError::at("created_at", format!("is no time: {}", shown(cell)))
                .help("the form is: Tue Oct 31 22:10:47 +0000 2017")
        })
}

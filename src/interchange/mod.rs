//! Interactions as other programs write and read them: JSON Lines, spreadsheets, and the public
//! customer support data.
//!
//! Text in, [`Reading`]s out, and back. Which brand a line belongs to, what is known already and
//! what becomes of it is decided above. A bad line is an error of that line alone.

mod csv;
mod fields;
mod jsonl;
mod lines;
mod twcs;
mod write;

use std::fmt;
use std::io::BufRead;

pub use self::csv::Mapping;
pub use self::jsonl::parse_line;
pub use self::lines::LONGEST_LINE;
pub use self::write::write_line;

use crate::model::Reading;
use crate::text::line;

/// Characters of a message or a way out.
const LONGEST_SAID: usize = 1_000;

/// One line that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The brand it says it is about.
    pub brand: Option<String>,
    /// What it tells.
    pub reading: Reading,
}

/// Why a line was not understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineError {
    /// The column, from 1, if the line could not even be taken apart.
    pub column: Option<usize>,
    /// The key it is about, such as `author.id`.
    pub key: Option<String>,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

impl LineError {
    /// What it says may hold words of the file: columns, ids.
    fn new(message: impl Into<String>) -> Self {
        Self { message: line(&message.into(), LONGEST_SAID), ..Self::default() }
    }

    fn at(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..Self::new(message) }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(line(&help.into(), LONGEST_SAID));
        self
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            write!(f, "`{key}` ")?;
        }
        f.write_str(&self.message)?;
        if let Some(column) = self.column {
            write!(f, " (column {column})")?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LineError {}

/// The layout of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// A spreadsheet with a header.
    Csv,
    /// The columns of the public "Customer Support on Twitter" data.
    Twcs,
}

impl Format {
    /// Every format, for help texts.
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Csv, Self::Twcs];

    /// The word used on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Twcs => "twcs",
        }
    }

    /// The format of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

/// What became of one line, with its number from 1. A record over several lines has the number of
/// its first.
pub type Numbered = Result<(u64, Line), (u64, LineError)>;

/// Every line of a file, in order; `mapping` is for [`Format::Csv`]. Empty lines are passed over.
///
/// An error is followed by the next line, except where nothing can follow: the file cannot be read
/// on, or its header lacks a column.
pub fn readings<'r>(
    format: Format,
    reader: impl BufRead + 'r,
    mapping: &Mapping,
) -> Box<dyn Iterator<Item = Numbered> + 'r> {
    match format {
        Format::Jsonl => Box::new(jsonl::readings(reader)),
        Format::Csv => Box::new(csv::readings(reader, mapping.clone())),
        Format::Twcs => Box::new(twcs::readings(reader)),
    }
}

//! Takes a file apart into lines, and lines together into spreadsheet records, within bounds.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::LineError;

/// Longer lines are refused, in bytes.
pub const LONGEST_LINE: usize = 1 << 20;

/// The lines of a file, without their ends, numbered from 1.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    done: bool,
    /// Lines that were read and given back.
    back: VecDeque<Numbered>,
}

type Numbered = Result<(u64, Vec<u8>), (u64, LineError)>;

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0, done: false, back: VecDeque::new() }
    }

    fn read(&mut self) -> io::Result<Option<Result<Vec<u8>, LineError>>> {
        let mut line = Vec::new();
        let (mut any, mut too_long) = (false, false);
        loop {
            let chunk = match self.reader.fill_buf() {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = chunk.iter().position(|b| *b == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            too_long |= line.len() + part.len() > LONGEST_LINE;
            if too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(part);
            }
            let used = end.map_or(chunk.len(), |at| at + 1);
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        if too_long {
            return Ok(Some(Err(LineError::new("is longer than 1 MiB"))));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if self.number == 1 && line.starts_with("\u{feff}".as_bytes()) {
            line.drain(..3);
        }
        Ok(Some(Ok(line)))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Numbered;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(line) = self.back.pop_front() {
            return Some(line);
        }
        if self.done {
            return None;
        }
        match self.read() {
            Ok(Some(line)) => {
                let number = self.number;
                Some(line.map(|l| (number, l)).map_err(|e| (number, e)))
            }
            Ok(None) => {
                self.done = true;
                None
            }
            Err(why) => {
                self.done = true;
                let error = LineError::new(format!("the file cannot be read on: {}", why.kind()));
                Some(Err((self.number + 1, error)))
            }
        }
    }
}

/// The records of a spreadsheet: lines, with quoted line ends inside.
pub(super) struct Records<R> {
    lines: Lines<R>,
    delimiter: u8,
}

/// One record: its first line's number and its fields.
pub(super) type Record = (u64, Vec<String>);

impl<R: BufRead> Records<R> {
    /// Reads the header, and finds the delimiter from it unless it is given: the most frequent of
    /// comma, semicolon and tab.
    pub(super) fn open(
        reader: R,
        delimiter: Option<u8>,
    ) -> Result<(Vec<String>, Self), (u64, LineError)> {
        let mut records = Self { lines: Lines::new(reader), delimiter: delimiter.unwrap_or(b',') };
        let first = match records.lines.next() {
            None => return Err((1, LineError::new("the file is empty"))),
            Some(first) => first?,
        };
        if delimiter.is_none() {
            let count = |d: &u8| first.1.iter().filter(|b| *b == d).count();
            // Of equal ones the last wins, so the comma is last.
            records.delimiter = *b"\t;,".iter().max_by_key(|d| count(d)).unwrap_or(&b',');
        }
        records.lines.back.push_front(Ok(first));
        match records.next() {
            Some(header) => header.map(|(_, names)| (names, records)),
            None => Err((1, LineError::new("the file has no header"))),
        }
    }

    /// Collects lines until no quote is open. If that never happens, the first line is to blame
    /// alone, and the others are given back.
    fn collect(&mut self, first: (u64, Vec<u8>)) -> Result<Vec<u8>, LineError> {
        let mut state = scan(Place::Start, &first.1, self.delimiter);
        let mut whole = first.1;
        let mut taken: Vec<Numbered> = Vec::new();
        let mut ended = false;
        while state == Place::Quoted {
            match self.lines.next() {
                Some(Ok(line)) if whole.len() + line.1.len() < LONGEST_LINE => {
                    whole.push(b'\n');
                    whole.extend_from_slice(&line.1);
                    state = scan(state, &line.1, self.delimiter);
                    taken.push(Ok(line));
                }
                other => {
                    taken.extend(other);
                    ended = true;
                    break;
                }
            }
        }
        if !ended {
            return Ok(whole);
        }
        for line in taken.into_iter().rev() {
            self.lines.back.push_front(line);
        }
        Err(LineError::new("has a quote that is never closed")
            .help("a quote within quotes is written twice"))
    }

    fn split(&self, bytes: &[u8]) -> Result<Vec<String>, LineError> {
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .buffer_capacity(bytes.len().clamp(64, 8 << 10))
            .from_reader(bytes);
        let mut record = ::csv::ByteRecord::new();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            _ => return Err(LineError::new("is no record of fields")),
        }
        record
            .iter()
            .map(|field| match std::str::from_utf8(field) {
                Ok(text) => Ok(text.to_owned()),
                Err(_) => Err(LineError::new("is not UTF-8 text")
                    .help("save the file as UTF-8, in spreadsheets under \"CSV UTF-8\"")),
            })
            .collect()
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Record, (u64, LineError)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let first = match self.lines.next()? {
                Ok((_, line)) if line.iter().all(u8::is_ascii_whitespace) => continue,
                Ok(first) => first,
                Err(error) => return Some(Err(error)),
            };
            let number = first.0;
            let fields = self.collect(first).and_then(|bytes| self.split(&bytes));
            return Some(fields.map(|f| (number, f)).map_err(|e| (number, e)));
        }
    }
}

/// Where in a record a line ends.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Start,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end, or the first of two.
    Closing,
}

fn scan(mut place: Place, line: &[u8], delimiter: u8) -> Place {
    for &byte in line {
        place = match (place, byte) {
            (Place::Start | Place::Closing, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::Closing,
            (Place::Quoted, _) => Place::Quoted,
            (_, b) if b == delimiter => Place::Start,
            _ => Place::Plain,
        };
    }
    place
}

//! The way out: everything in the store as JSON Lines.
//!
//! One object a line with a `type`; the first is the header, the last a footer that says how many
//! lines there are, so that a file cut short is known. Sessions (values under `session/`) hold
//! tokens and never leave.

use std::io::{self, Write};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::brands::Brand;
use super::codec;
use super::engine::Space;
use super::error::{Error, Result};
use super::keys::{self, state};
use super::layout::SCHEMA;
use super::readable::interaction_out;
use super::rollups::{AuthorSummary, DayCounts};
use super::shelf::Shelf;
use super::{Inner, Store};
use crate::model::{Act, Case, Entry, Mark, Person, Record, SourceState, Time};

/// Values under these names are secret.
const SECRET: &str = "session/";

/// What an account is to the brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    Own,
    OwnBot,
    Bot,
}

/// Every line but that of an interaction, which has readable keys besides.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Line {
    Header {
        schema: u32,
        seed: String,
        exported_at: Time,
        next_mail: u64,
        commits: u64,
        held: bool,
    },
    Brand(Brand),
    Account {
        brand: String,
        person: Person,
        role: Role,
        seen_at: Option<Time>,
    },
    Tombstone {
        brand: String,
        person: Person,
    },
    Interaction {
        brand: String,
        record: Box<Record>,
    },
    Case {
        brand: String,
        case: Box<Case>,
    },
    Act {
        brand: String,
        act: Act,
    },
    Day {
        brand: String,
        day: NaiveDate,
        platform: String,
        counts: DayCounts,
    },
    Person {
        brand: String,
        person: Person,
        summary: AuthorSummary,
    },
    Mark {
        account: String,
        stream: String,
        mark: Mark,
    },
    Source {
        source: SourceState,
    },
    Value {
        name: String,
        value: serde_json::Value,
    },
    Mail {
        mail: Box<Entry>,
    },
    Footer {
        lines: u64,
        interactions: u64,
    },
}

/// Writes lines and counts them.
struct Lines<'a> {
    out: &'a mut dyn Write,
    progress: &'a mut dyn FnMut(u64),
    lines: u64,
    interactions: u64,
}

impl Lines<'_> {
    fn write<T: Serialize>(&mut self, line: &T) -> Result<()> {
        let file = |why: io::Error| Error::File { what: "writing an export".to_owned(), why };
        serde_json::to_writer(&mut *self.out, line).map_err(|e| file(e.into()))?;
        self.out.write_all(b"\n").map_err(file)?;
        self.lines += 1;
        if self.lines.is_multiple_of(1_000) {
            (self.progress)(self.lines);
        }
        Ok(())
    }
}

impl Store {
    /// Writes everything as JSON Lines. Changes wait meanwhile, so give it a file rather than a
    /// slow reader. `progress` hears the number of lines, now and then.
    ///
    /// # Errors
    /// The engine's, damage, or that of `out`.
    pub fn export(
        &self,
        out: &mut dyn Write,
        now: Time,
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let inner = &self.inner;
        let _writer = inner.draft();
        let mut lines = Lines { out, progress, lines: 0, interactions: 0 };
        let next = inner.engine.get(Space::State, state::NEXT_MAIL)?;
        lines.write(&Line::Header {
            schema: SCHEMA,
            seed: format!("{:016x}", inner.hasher().seed),
            exported_at: now,
            next_mail: next.and_then(|v| keys::read_number(&v)).unwrap_or(1),
            commits: inner.commits()?,
            held: self.mail_is_held()?,
        })?;
        for brand in inner.all_brands() {
            lines.write(&Line::Brand(brand.clone()))?;
            inner.export_people(&brand, &mut lines)?;
            inner.export_rows(&brand, &mut lines)?;
            inner.export_cases(&brand, &mut lines)?;
            inner.export_counts(&brand, &mut lines)?;
        }
        for (account, stream, mark) in self.marks()? {
            lines.write(&Line::Mark { account, stream, mark })?;
        }
        for source in self.sources()? {
            lines.write(&Line::Source { source })?;
        }
        for (name, value) in self.values::<serde_json::Value>("")? {
            if !name.starts_with(SECRET) {
                lines.write(&Line::Value { name, value })?;
            }
        }
        for entry in inner.engine.all(Space::Outbox) {
            lines.write(&Line::Mail { mail: Box::new(codec::decode(&entry?.1)?) })?;
        }
        let footer = Line::Footer { lines: lines.lines, interactions: lines.interactions };
        lines.write(&footer)?;
        let all = lines.lines;
        progress(all);
        out.flush().map_err(|why| Error::File { what: "writing an export".to_owned(), why })
    }
}

impl Inner {
    fn export_people(&self, brand: &Brand, lines: &mut Lines<'_>) -> Result<()> {
        let name = || brand.name.clone();
        for (person, bot) in self.persons("own", brand.brand())? {
            let role = if bot == [1] { Role::OwnBot } else { Role::Own };
            lines.write(&Line::Account { brand: name(), person, role, seen_at: None })?;
        }
        for (person, seen) in self.persons("bot", brand.brand())? {
            let seen_at = keys::read_number(&seen).map(keys::time);
            lines.write(&Line::Account { brand: name(), person, role: Role::Bot, seen_at })?;
        }
        for (person, _) in self.persons("gone", brand.brand())? {
            lines.write(&Line::Tombstone { brand: name(), person })?;
        }
        Ok(())
    }

    fn export_rows(&self, brand: &Brand, lines: &mut Lines<'_>) -> Result<()> {
        for row in self.rows(Shelf::Rows, brand.brand(), Time(0)..Time(i64::MAX)) {
            let record = codec::decode_row(&row?.1)?;
            match record.latest() {
                Some(it) => lines.write(&interaction_out(&brand.name, &it, &record))?,
                None => lines.write(&Line::Interaction {
                    brand: brand.name.clone(),
                    record: Box::new(record),
                })?,
            }
            lines.interactions += 1;
        }
        Ok(())
    }

    fn export_cases(&self, brand: &Brand, lines: &mut Lines<'_>) -> Result<()> {
        for case in self.cases_of(brand.brand(), Time(0)..Time(i64::MAX)) {
            lines.write(&Line::Case { brand: brand.name.clone(), case: Box::new(case?) })?;
        }
        let (from, to) = keys::of_brand(brand.brand());
        for entry in self.engine.range(Space::Acts, &from, &to) {
            let act = codec::decode(&entry?.1)?;
            lines.write(&Line::Act { brand: brand.name.clone(), act })?;
        }
        Ok(())
    }

    fn export_counts(&self, brand: &Brand, lines: &mut Lines<'_>) -> Result<()> {
        let (from, to) = keys::of_brand(brand.brand());
        for day in self.days_between(&from, &to)? {
            lines.write(&Line::Day {
                brand: brand.name.clone(),
                day: day.day,
                platform: day.platform,
                counts: day.counts,
            })?;
        }
        for (person, summary) in self.summaries(brand.brand())? {
            lines.write(&Line::Person { brand: brand.name.clone(), person, summary })?;
        }
        Ok(())
    }
}

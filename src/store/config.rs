//! What can be set about the store, and its defaults.

use std::time::Duration;

use crate::model::Time;
use crate::settings::Section;

/// How long what is kept, in days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Texts, titles and the evidence quoted from them, from when a row was first seen.
    pub texts_days: i64,
    /// Handles, names and account ids, from the end of the author's last case, or from the row if
    /// they have none.
    pub handles_days: i64,
    /// Rows, with the cases and acts of that age. Roll-ups and summaries of authors stay.
    pub rows_days: i64,
    /// Mails that are finished.
    pub mails_days: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { texts_days: 180, handles_days: 30, rows_days: 400, mails_days: 30 }
    }
}

/// The section `[store]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Memory for pages of the database, in MB (of 2^20 bytes). Measured: more than 16 buys nothing.
    pub cache_mb: u64,
    /// How long what is kept.
    pub retention: Retention,
    /// How many nightly exports are kept.
    pub exports: usize,
    /// Below so much free space, in MB, no export is written and polling should stop.
    pub low_disk_mb: u64,
    /// How long to wait for a previous instance that is still closing. Not in the file.
    pub lock_wait: Duration,
    /// How many ids, members of threads or authors a journal holds before it is merged. Not in the
    /// file.
    pub journal_ids: usize,
    /// So much older than the newest row of its brand a row is sealed, in ms. Not in the file.
    pub open_for: i64,
    /// Fewer rows than this are not sealed, however old they are. Not in the file.
    pub seal_least: usize,
    /// Fewer than a batch are sealed only once they have been of age for so long, in ms. Not in the
    /// file.
    pub seal_wait: i64,
    /// A data file below so many bytes is not compacted. Not in the file.
    pub compact_from: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_mb: 16,
            retention: Retention::default(),
            exports: 7,
            low_disk_mb: 256,
            lock_wait: Duration::from_secs(10),
            journal_ids: 16_384,
            open_for: 2 * Time::DAY,
            seal_least: 32,
            seal_wait: Time::DAY,
            compact_from: 32 << 20,
        }
    }
}

impl Config {
    /// Memory for pages of the database, in bytes.
    pub(super) fn cache_bytes(&self) -> u64 {
        self.cache_mb.saturating_mul(1 << 20)
    }

    /// Reads the section `[store]`.
    pub fn read(section: &Section<'_>) -> Self {
        let plain = Self::default();
        let kept = plain.retention.clone();
        let days = |key, least, default: i64| {
            section.duration(key, least * Time::DAY..3_650 * Time::DAY + 1, default * Time::DAY)
                / Time::DAY
        };
        let number = |key, bounds, default: u64| {
            u64::try_from(section.number(key, bounds, default as i64)).unwrap_or(default)
        };
        Self {
            cache_mb: number("cache-mb", 4..1_025, plain.cache_mb),
            retention: Retention {
                texts_days: days("keep-texts", 1, kept.texts_days),
                handles_days: days("keep-handles", 1, kept.handles_days),
                // Indicators look back 196 days (rule E11).
                rows_days: days("keep-rows", 200, kept.rows_days),
                mails_days: days("keep-mails", 1, kept.mails_days),
            },
            exports: number("exports", 1..366, plain.exports as u64) as usize,
            low_disk_mb: number("low-disk-mb", 0..1_000_001, plain.low_disk_mb),
            ..plain
        }
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;
    use crate::settings::Findings;

    #[test]
    fn keys_are_read_and_bounds_are_kept() {
        let all = Findings::default();
        let text = "cache-mb = 64\nkeep-rows = \"100d\"\nkeep-texts = \"90d\"\nexports = 3\n";
        let table = DeTable::parse(text).unwrap();
        let config = Config::read(&Section::root(&table, &all));
        assert_eq!((config.cache_mb, config.exports, config.retention.texts_days), (64, 3, 90));
        assert_eq!(config.retention.rows_days, 400);
        let said: Vec<String> = all.take().into_iter().map(|f| f.message).collect();
        assert_eq!(said, ["`keep-rows` is out of bounds"]);
    }
}

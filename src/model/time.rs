//! An instant in UTC milliseconds: the only time that is stored or compared.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Milliseconds since 1970-01-01T00:00:00Z. Zones exist only at the edges.
///
/// In human-readable formats (JSON, TOML) it is an RFC 3339 string, in the
/// store a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// One second, minute, hour and day of elapsed time, in milliseconds.
    pub const SECOND: i64 = 1_000;
    /// Sixty seconds in milliseconds.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// Sixty minutes in milliseconds.
    pub const HOUR: i64 = 60 * Self::MINUTE;
    /// Twenty-four hours in milliseconds, whatever the clocks do.
    pub const DAY: i64 = 24 * Self::HOUR;

    /// The same instant for chrono. Instants outside chrono's range are clamped.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// This instant moved by `millis`, stopping at the ends of the range.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to here; negative if `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339, with or without a fraction. Years outside 1970 to 9999 are refused:
    /// they are mistakes or attacks, and would break the order of stored keys.
    pub fn parse(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text.trim()).ok()?;
        let at = Self(at.timestamp_millis());
        (at.0 >= 0 && at.0 < 253_402_300_800_000).then_some(at)
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).ok_or_else(|| {
                de::Error::custom(format!(
                    "`{text}` is not an RFC 3339 time such as 2026-03-04T09:15:00Z"
                ))
            })
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

//! How fast an answer is due, and from when on a case is at risk.
//!
//! ```toml
//! safety = "30m"         # safety or legal words, whatever the class
//! complaint = "2h"
//! question = "4h"
//! request = "2d"         # "1d" is one business day, not 24 hours
//! at-risk-percent = 75   # of the target gone
//! at-risk-before = "15m" # and at least this long before the deadline
//! severe-ceiling = "24h" # wall clock, also over a weekend; severe cases only
//! ```

use xxhash_rust::xxh3::xxh3_64;

use super::id::spell;
use crate::calendar::Calendar;
use crate::model::{Deadline, Intent, Severity, Time};
use crate::settings::{Section, parse_duration};

/// A stretch of business time: business days, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Business days, each as long as [`Calendar::day_millis`].
    pub days: i64,
    /// Milliseconds of open time beside them.
    pub millis: i64,
}

impl Target {
    const LONGEST_DAYS: i64 = 90;

    /// So many minutes of open time.
    pub const fn minutes(minutes: i64) -> Self {
        Self { days: 0, millis: minutes * Time::MINUTE }
    }

    /// So many business days.
    pub const fn days(days: i64) -> Self {
        Self { days, millis: 0 }
    }

    /// Reads `30m`, `4h`, `2d`, `1d4h`. `None` also for nothing at all and for more than 90 days.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (days, rest) = match text.split_once('d') {
            None => (0, text),
            Some((days, rest)) => {
                let digits = days.trim();
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                (plain.then(|| digits.parse().ok())??, rest.trim())
            }
        };
        let millis = if rest.is_empty() && days > 0 { 0 } else { parse_duration(rest)? };
        let sound = days <= Self::LONGEST_DAYS
            && (millis >= Time::MINUTE || days > 0)
            && millis <= Self::LONGEST_DAYS * Time::DAY
            // "2h1d" and "1d1d" would otherwise count a business day as 24 hours.
            && !rest.contains('d');
        sound.then_some(Self { days, millis })
    }

    /// Its length in milliseconds of open time.
    pub fn millis(self, calendar: &Calendar) -> i64 {
        self.days * calendar.day_millis() + self.millis
    }
}

/// The values of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Safety or legal words, whatever the class.
    pub safety: Target,
    /// Complaints.
    pub complaint: Target,
    /// Questions.
    pub question: Target,
    /// Requests.
    pub request: Target,
    /// At risk when so many hundredths of the target are gone.
    pub risk_percent: i64,
    /// At risk at least so many milliseconds before the deadline.
    pub risk_before: i64,
    /// Severe cases are due after so many milliseconds of elapsed time at the latest.
    pub ceiling: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            safety: Target::minutes(30),
            complaint: Target::minutes(2 * 60),
            question: Target::minutes(4 * 60),
            request: Target::days(2),
            risk_percent: 75,
            risk_before: 15 * Time::MINUTE,
            ceiling: 24 * Time::HOUR,
        }
    }
}

impl Config {
    /// Reads the targets from a section.
    pub fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        let target = |key, default| {
            let Some(text) = section.string(key) else { return default };
            Target::parse(&text.value).unwrap_or_else(|| {
                section.reject(
                    text.span,
                    format!("`{}` is no target", text.value),
                    "write business time of 1m to 90d: \"30m\", \"4h\", \"2d\" (two business days)",
                );
                default
            })
        };
        Self {
            safety: target("safety", default.safety),
            complaint: target("complaint", default.complaint),
            question: target("question", default.question),
            request: target("request", default.request),
            risk_percent: section.number("at-risk-percent", 1..101, default.risk_percent),
            risk_before: section.duration("at-risk-before", 0..Time::DAY + 1, default.risk_before),
            ceiling: section.duration(
                "severe-ceiling",
                Time::HOUR..14 * Time::DAY + 1,
                default.ceiling,
            ),
        }
    }
}

/// A policy in force: its values, and a version that changes with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    values: Config,
    version: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Policy {
    /// The policy with these values.
    pub fn new(values: Config) -> Self {
        let Config { safety, complaint, question, request, risk_percent, risk_before, ceiling } =
            &values;
        let mut bytes = Vec::new();
        for target in [safety, complaint, question, request] {
            bytes.extend(target.days.to_le_bytes());
            bytes.extend(target.millis.to_le_bytes());
        }
        for number in [risk_percent, risk_before, ceiling] {
            bytes.extend(number.to_le_bytes());
        }
        let version = spell(xxh3_64(&bytes));
        Self { values, version }
    }

    /// The values.
    pub fn values(&self) -> &Config {
        &self.values
    }

    /// A word that changes when a value does; stored with every deadline.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// When an answer is due to a post of time `from` (rules E18 and E19); `None` if its class asks
    /// nothing.
    ///
    /// Business time from `from`; with `safety` words the shorter of two targets; for a severe post
    /// never later than the wall-clock ceiling. Each of the two clocks has its own at-risk time, a
    /// share of the way and some minutes before its end, and the earlier counts.
    pub fn deadline(
        &self,
        calendar: &Calendar,
        intent: Intent,
        safety: bool,
        severity: Severity,
        from: Time,
    ) -> Option<Deadline> {
        let values = &self.values;
        let target = match intent {
            Intent::Complaint => values.complaint,
            Intent::Question => values.question,
            Intent::Request => values.request,
            Intent::Praise | Intent::Other => return None,
        };
        let mut target = target.millis(calendar);
        if safety {
            target = target.min(values.safety.millis(calendar));
        }
        let mut due_at = calendar.add(from, target);
        let mut risk_at = match self.risk(target) {
            // Nothing is at risk before the count has started.
            0 => calendar.next_open(from).unwrap_or(from),
            risk => calendar.add(from, risk),
        };
        if safety || severity == Severity::Severe {
            due_at = due_at.min(from.plus(values.ceiling));
            risk_at = risk_at.min(from.plus(self.risk(values.ceiling)));
        }
        let policy = self.version.clone();
        Some(Deadline { from, risk_at: risk_at.min(due_at), due_at, policy })
    }

    /// How much of a length may be gone before it is at risk.
    fn risk(&self, length: i64) -> i64 {
        let share = length / 100 * self.values.risk_percent;
        share.min(length - self.values.risk_before).max(0)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use toml::de::DeTable;

    use super::*;
    use crate::calendar;
    use crate::settings::Findings;

    const MON: &str = "2026-11-09T";
    const TUE: &str = "2026-11-10T";
    const WED: &str = "2026-11-11T";
    const FRI: &str = "2026-11-06T";
    const SAT: &str = "2026-11-07T";

    fn office() -> Calendar {
        calendar::Config { zone: Tz::UTC, ..calendar::Config::default() }.calendar(&[])
    }

    fn t(day: &str, clock: &str) -> Time {
        Time::parse(&format!("{day}{clock}:00Z")).expect("a time")
    }

    #[test]
    fn when_an_answer_is_due() {
        use Intent::{Complaint, Question, Request};
        use Severity::{High, Normal, Severe};
        for (case, intent, safety, severity, from, risk, due) in [
            (
                "question at 10:00",
                Question,
                false,
                Normal,
                t(MON, "10:00"),
                t(MON, "13:00"),
                t(MON, "14:00"),
            ),
            (
                "complaint at 10:30",
                Complaint,
                false,
                Normal,
                t(MON, "10:30"),
                t(MON, "12:00"),
                t(MON, "12:30"),
            ),
            (
                "complaint on Friday 16:30",
                Complaint,
                false,
                Normal,
                t(FRI, "16:30"),
                t(MON, "10:00"),
                t(MON, "10:30"),
            ),
            (
                "severe complaint on Friday 16:30: ceiling on Saturday",
                Complaint,
                false,
                Severe,
                t(FRI, "16:30"),
                t(SAT, "10:30"),
                t(SAT, "16:30"),
            ),
            (
                "high is not severe",
                Complaint,
                false,
                High,
                t(FRI, "16:30"),
                t(MON, "10:00"),
                t(MON, "10:30"),
            ),
            (
                "severe within hours: the target comes first",
                Complaint,
                false,
                Severe,
                t(MON, "10:00"),
                t(MON, "11:30"),
                t(MON, "12:00"),
            ),
            (
                "severe request: the ceiling comes first",
                Request,
                false,
                Severe,
                t(MON, "10:00"),
                t(TUE, "04:00"),
                t(TUE, "10:00"),
            ),
            (
                "request: two days of eight hours",
                Request,
                false,
                Normal,
                t(MON, "10:00"),
                t(TUE, "14:00"),
                t(WED, "10:00"),
            ),
            (
                "safety words in a question",
                Question,
                true,
                Severe,
                t(MON, "10:00"),
                t(MON, "10:15"),
                t(MON, "10:30"),
            ),
            (
                "safety words bring the ceiling too",
                Complaint,
                true,
                Normal,
                t(FRI, "17:00"),
                t(SAT, "11:00"),
                t(SAT, "17:00"),
            ),
            (
                "posted at night",
                Complaint,
                false,
                Normal,
                t(MON, "06:00"),
                t(MON, "10:30"),
                t(MON, "11:00"),
            ),
        ] {
            let deadline = Policy::default().deadline(&office(), intent, safety, severity, from);
            let deadline = deadline.expect("it asks");
            assert_eq!(
                (deadline.from, deadline.risk_at, deadline.due_at),
                (from, risk, due),
                "{case}"
            );
        }
    }

    #[test]
    fn praise_and_other_are_never_due() {
        for intent in [Intent::Praise, Intent::Other] {
            let due =
                Policy::default().deadline(&office(), intent, true, Severity::Severe, Time(0));
            assert_eq!(due, None, "{intent:?}");
        }
    }

    #[test]
    fn a_target_shorter_than_the_warning_is_at_risk_from_opening() {
        let policy = Policy::new(Config { safety: Target::minutes(10), ..Config::default() });
        let due = policy
            .deadline(&office(), Intent::Complaint, true, Severity::Normal, t(MON, "06:00"))
            .expect("it asks");
        assert_eq!((due.risk_at, due.due_at), (t(MON, "09:00"), t(MON, "09:10")));
    }

    #[test]
    fn the_version_follows_the_values() {
        let one = Policy::default();
        let other = Policy::new(Config { complaint: Target::minutes(60), ..Config::default() });
        assert_eq!(one.version(), Policy::default().version());
        assert_ne!(one.version(), other.version());
        let due = one.deadline(&office(), Intent::Question, false, Severity::Low, Time(0));
        assert_eq!(due.expect("it asks").policy, one.version());
    }

    #[test]
    fn targets_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("30m", Some(Target::minutes(30))),
            ("2h", Some(Target::minutes(120))),
            ("2d", Some(Target::days(2))),
            ("1d4h", Some(Target { days: 1, millis: 4 * Time::HOUR })),
            ("90d", Some(Target::days(90))),
            ("91d", None),
            ("0m", None),
            ("0d", None),
            ("30s", None),
            ("2h1d", None),
            ("1d1d", None),
            ("+1d", None),
            ("d", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(Target::parse(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_config_is_read_whole() {
        let read = |toml: &str| {
            let findings = Findings::default();
            let table = DeTable::parse(toml).expect("test input is TOML");
            let config = Config::read(&Section::root(&table, &findings));
            (config, findings.take().into_iter().map(|f| f.message).collect::<Vec<_>>())
        };
        assert_eq!(read(""), (Config::default(), vec![]));
        let (config, found) = read(
            "safety = \"10m\"\ncomplaint = \"1h\"\nquestion = \"1d\"\nrequest = \"5d\"\n\
             at-risk-percent = 50\nat-risk-before = \"5m\"\nsevere-ceiling = \"12h\"",
        );
        assert_eq!(found, Vec::<String>::new());
        let wanted = Config {
            safety: Target::minutes(10),
            complaint: Target::minutes(60),
            question: Target::days(1),
            request: Target::days(5),
            risk_percent: 50,
            risk_before: 5 * Time::MINUTE,
            ceiling: 12 * Time::HOUR,
        };
        assert_eq!(config, wanted);
        assert_eq!(
            read("complaint = \"fast\"\nquestions = \"4h\"").1,
            ["`fast` is no target", "unknown key `questions`"]
        );
    }
}

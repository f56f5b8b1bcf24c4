//! What the digest says, but for the indicators.

use super::Words;
use crate::model::{Kind, Time, Window};

/// How many cases there are of each standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Past their deadline.
    pub overdue: u64,
    /// Close to it.
    pub at_risk: u64,
    /// With time left.
    pub open: u64,
    /// Overdue for more than fourteen days.
    pub lapsed: u64,
}

impl Words {
    /// `Acme · digest for Sun 8 Nov 2026`.
    pub fn digest_kicker(self, brand: &str, day: Time) -> String {
        let day = self.day(day);
        self.pick(
            format!("{brand} · digest for {day}"),
            format!("{brand} · Tagesbericht für {day}"),
            format!("{brand} · sammanfattning för {day}"),
        )
    }

    /// The sentence about who waits, without its full stop; `complete` if every source was read.
    pub fn waiting_sentence(self, tally: Tally, complete: bool) -> String {
        let Tally { overdue, at_risk, open, .. } = tally;
        let rest = at_risk + open;
        match (overdue, rest) {
            (0, 0) if !complete => self
                .pick(
                    "Nobody is known to be waiting for an answer",
                    "Soweit bekannt, wartet niemand auf eine Antwort",
                    "Såvitt känt väntar ingen på svar",
                )
                .to_owned(),
            (0, 0) => self
                .pick(
                    "Nobody is waiting for an answer",
                    "Niemand wartet auf eine Antwort",
                    "Ingen väntar på svar",
                )
                .to_owned(),
            (0, rest) => self.pick(
                format!(
                    "{} for an answer, none overdue",
                    self.count(rest, "case is waiting", "cases are waiting")
                ),
                format!(
                    "{} auf Antwort, keiner überfällig",
                    self.count(rest, "Fall wartet", "Fälle warten")
                ),
                format!(
                    "{} på svar, inget försenat",
                    self.count(rest, "ärende väntar", "ärenden väntar")
                ),
            ),
            (overdue, 0) => self.pick(
                format!("{} overdue", self.count(overdue, "answer is", "answers are")),
                format!("{} überfällig", self.count(overdue, "Antwort ist", "Antworten sind")),
                self.count(overdue, "svar är försenat", "svar är försenade"),
            ),
            (overdue, rest) => {
                let rest_n = self.int(rest);
                self.pick(
                    format!(
                        "{} overdue, {rest_n} more waiting",
                        self.count(overdue, "answer is", "answers are")
                    ),
                    format!(
                        "{} überfällig, {rest_n} weitere {} noch Zeit",
                        self.count(overdue, "Antwort ist", "Antworten sind"),
                        if rest == 1 { "hat" } else { "haben" }
                    ),
                    format!(
                        "{}, {rest_n} till väntar",
                        self.count(overdue, "svar är försenat", "svar är försenade")
                    ),
                )
            }
        }
    }

    /// `Acme, Sun 8 Nov 2026: 2 answers are overdue`.
    pub fn digest_subject(self, brand: &str, day: Time, waiting: &str, complete: bool) -> String {
        let day = self.day(day);
        let note = if complete {
            ""
        } else {
            self.pick(
                " (not everything was read)",
                " (nicht alles gelesen)",
                " (allt är inte läst)",
            )
        };
        format!("{brand}, {day}: {waiting}{note}")
    }

    /// The sentence about the day: what came in of each kind, and whether that can be known.
    pub fn day_sentence(
        self,
        kinds: &[(Kind, u64)],
        complete: bool,
        day: Window,
        now: Time,
    ) -> String {
        let parts: Vec<String> = kinds.iter().map(|(kind, n)| self.kind_count(*kind, *n)).collect();
        let date = self.day(day.from);
        // On any other day than the one after it, "yesterday" would be a lie.
        let is_yesterday = self.day(day.to) == self.day(now);
        let when = if is_yesterday {
            self.pick("yesterday", "gestern", "i går").to_owned()
        } else {
            self.pick(format!("on {date}"), format!("am {date}"), date.clone())
        };
        let head = if is_yesterday {
            self.pick("Yesterday", "Gestern", "I går").to_owned()
        } else {
            date
        };
        let all = self.list(&parts);
        match (parts.is_empty(), complete) {
            (true, true) => self.pick(
                format!("No mentions {when}."),
                format!("Keine Erwähnungen {when}."),
                format!("Inga omnämnanden {when}."),
            ),
            (true, false) => self.pick(
                format!("Nothing was seen {when}, but not every source was read to its end."),
                format!(
                    "Nichts gesehen {when}, aber nicht jede Quelle wurde bis zum Ende gelesen."
                ),
                format!("Inget sågs {when}, men alla källor lästes inte till slutet."),
            ),
            (false, true) => format!("{head}: {all}."),
            (false, false) => self.pick(
                format!("{head}, at least: {all}. Not every source was read to its end."),
                format!("{head}, mindestens: {all}. Nicht jede Quelle wurde bis zum Ende gelesen."),
                format!("{head}, minst: {all}. Alla källor lästes inte till slutet."),
            ),
        }
    }

    /// Heading of the list of who waits.
    pub fn unanswered(self) -> &'static str {
        self.pick("Waiting for an answer", "Wartet auf Antwort", "Väntar på svar")
    }

    /// How long a case in a list has waited, with its standing before it.
    pub fn listed_case(self, standing: &str, age: i64) -> String {
        let age = self.span_after(age);
        self.pick(
            format!("{standing}, posted {age} ago"),
            format!("{standing}, gepostet vor {age}"),
            format!("{standing}, skrivet för {age} sedan"),
        )
    }

    /// The line about cases that lapsed; the oldest was posted so long ago.
    pub fn lapsed(self, n: u64, oldest: i64) -> String {
        let (age, many) = (self.span_after(oldest), self.int(n));
        if n == 1 {
            return self.pick(
                format!("1 case has lapsed: overdue for more than 14 days, posted {age} ago. It is not alerted any more and counts as not met."),
                format!("1 Fall ist verfallen: seit mehr als 14 Tagen überfällig, vor {age} gepostet. Er wird nicht mehr gemeldet und zählt als verfehlt."),
                format!("1 ärende är inaktuellt: försenat mer än 14 dygn, skrivet för {age} sedan. Det larmas inte mer och räknas som missat."),
            );
        }
        self.pick(
            format!("{many} cases have lapsed: overdue for more than 14 days, the oldest posted {age} ago. They are not alerted any more and count as not met."),
            format!("{many} Fälle sind verfallen: seit mehr als 14 Tagen überfällig, der älteste vor {age} gepostet. Sie werden nicht mehr gemeldet und zählen als verfehlt."),
            format!("{many} ärenden är inaktuella: försenade mer än 14 dygn, det äldsta skrivet för {age} sedan. De larmas inte mer och räknas som missade."),
        )
    }

    /// Heading of the counts.
    pub fn counts(self) -> &'static str {
        self.pick("What came in", "Was hereinkam", "Vad som kom in")
    }

    /// Head of the column of one day.
    pub fn one_day(self) -> &'static str {
        self.pick("1 day", "1 Tag", "1 dag")
    }

    /// Head of the column of seven days.
    pub fn seven_days(self) -> &'static str {
        self.pick("7 days", "7 Tage", "7 dagar")
    }

    /// In place of a number that no source offers.
    pub fn not_offered(self) -> &'static str {
        self.pick("not offered", "nicht angeboten", "erbjuds inte")
    }

    /// Why one day is not judged.
    pub fn counts_note(self) -> &'static str {
        self.pick(
            "Plain counts: one day or one week proves nothing. Likes are the weakest sign.",
            "Reine Zählungen: Ein Tag oder eine Woche beweist nichts. Likes sind das schwächste Zeichen.",
            "Bara antal: en dag eller en vecka bevisar inget. Gilla-markeringar är det svagaste tecknet.",
        )
    }

    /// Heading of the praise.
    pub fn praise(self) -> &'static str {
        self.pick("Worth a thank-you", "Ein Dankeschön wert", "Värt ett tack")
    }

    /// Mails that could not be delivered.
    pub fn dead_letters(self, n: u64) -> String {
        self.pick(
            format!("{} could not be delivered", self.count(n, "mail", "mails")),
            format!("{} nicht zugestellt werden", self.count(n, "Mail konnte", "Mails konnten")),
            format!("{} inte levereras", self.count(n, "mejl kunde", "mejl kunde")),
        )
    }

    /// What to do about them.
    pub fn dead_letters_help(self) -> &'static str {
        self.pick(
            "Refused for good by the mail server. See: affinityd status",
            "Vom Mailserver endgültig abgelehnt. Siehe: affinityd status",
            "Slutgiltigt avvisat av e-postservern. Se: affinityd status",
        )
    }

    /// What a window covers, with its zone and days that are not 24 hours long.
    pub fn window(self, window: Window) -> String {
        let last = self.day(window.to.plus(-1));
        let first = self.day(window.from);
        let days = window.days;
        let zone = self.zone.name();
        self.pick(
            format!("Indicators: {days} days, {first} to {last}, days of {zone}."),
            format!("Kennzahlen: {days} Tage, {first} bis {last}, Tage der Zone {zone}."),
            format!("Nyckeltal: {days} dagar, {first} till {last}, dygn i {zone}."),
        )
    }

    /// The day a digest is about.
    pub fn day_window(self, window: Window) -> String {
        let (from, to) = (self.moment(window.from), self.moment(window.to));
        self.pick(
            format!("Day: {from} to {to}."),
            format!("Tag: {from} bis {to}."),
            format!("Dygn: {from} till {to}."),
        )
    }

    /// A day on which the clocks changed.
    pub fn odd_day(self, day: Time, minutes: i64) -> String {
        let day = self.day(day);
        let hours = self.hours(minutes * Time::MINUTE);
        self.pick(
            format!("{day} had {hours}: the clocks changed."),
            format!("{day} hatte {hours}: Die Uhren wurden umgestellt."),
            format!("{day} hade {hours}: klockan ställdes om."),
        )
    }

    /// How to find out where a number comes from.
    pub fn how_to_explain(self) -> &'static str {
        self.pick(
            "Where a number comes from, down to the posts: affinityd explain I10",
            "Woher eine Zahl kommt, bis zu den Beiträgen: affinityd explain I10",
            "Varifrån en siffra kommer, ner till inläggen: affinityd explain I10",
        )
    }

    /// When the mail was written, and by which version.
    pub fn written_by(self, version: &str, at: Time) -> String {
        let at = self.moment(at);
        self.pick(
            format!("affinityd {version}, written {at}. Public posts only."),
            format!("affinityd {version}, geschrieben {at}. Nur öffentliche Beiträge."),
            format!("affinityd {version}, skrivet {at}. Endast offentliga inlägg."),
        )
    }

    /// A digest that had to be sent late.
    pub fn sent_late(self) -> &'static str {
        self.pick(
            "This digest is late: the service was not running at its hour.",
            "Dieser Bericht kommt verspätet: Der Dienst lief zur vorgesehenen Zeit nicht.",
            "Sammanfattningen är sen: tjänsten var inte igång vid utsatt tid.",
        )
    }
}

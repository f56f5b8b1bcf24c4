//! What is said about one case: who, where, since when, until when, and why it was recognised.

use super::Words;
use crate::model::{CaseState, Time};

impl Words {
    /// `@ada on Mastodon`.
    pub fn who_on(self, who: &str, platform: &str) -> String {
        self.pick(
            format!("{who} on {platform}"),
            format!("{who} auf {platform}"),
            format!("{who} på {platform}"),
        )
    }

    /// `2 more`, after names.
    pub fn and_more(self, n: u64) -> String {
        let n = self.int(n);
        self.pick(format!("{n} more"), format!("{n} weitere"), format!("{n} till"))
    }

    /// Beside the badge of a case that is told for the first time.
    pub fn new_badge(self) -> &'static str {
        self.pick("new", "neu", "nytt")
    }

    /// Label of the time of the post.
    pub fn posted(self) -> &'static str {
        self.pick("Posted", "Gepostet", "Skrivet")
    }

    /// Label of the time it was seen here.
    pub fn seen(self) -> &'static str {
        self.pick("Seen here", "Hier gesehen", "Upptäckt")
    }

    /// Label of the deadline.
    pub fn due(self) -> &'static str {
        self.pick("Answer due", "Antwort fällig", "Svar senast")
    }

    /// How the deadline of a first answer is counted.
    pub fn rule_first_reply(self) -> &'static str {
        self.pick(
            "first reply, business time, from the oldest unanswered post",
            "erste Antwort, Geschäftszeit, ab dem ältesten unbeantworteten Beitrag",
            "första svar, kontorstid, från det äldsta obesvarade inlägget",
        )
    }

    /// How the deadline of a further answer is counted.
    pub fn rule_next_reply(self) -> &'static str {
        self.pick(
            "next reply, business time, from the first post after our answer",
            "nächste Antwort, Geschäftszeit, ab dem ersten Beitrag nach unserer Antwort",
            "nästa svar, kontorstid, från det första inlägget efter vårt svar",
        )
    }

    /// How the deadline of a severe case is counted where the clock on the wall comes first.
    pub fn rule_wall_clock(self) -> &'static str {
        self.pick(
            "first reply, severe case, by the clock on the wall, from the oldest unanswered post",
            "erste Antwort, schwerwiegender Fall, nach der Uhr, ab dem ältesten unbeantworteten Beitrag",
            "första svar, allvarligt ärende, verklig tid, från det äldsta obesvarade inlägget",
        )
    }

    /// Label of what is known about the person.
    pub fn person(self) -> &'static str {
        self.pick("This person", "Diese Person", "Personen")
    }

    /// Somebody who was never seen before.
    pub fn first_contact(self) -> &'static str {
        self.pick("first contact", "erster Kontakt", "första kontakten")
    }

    /// How their last case ended.
    pub fn last_case(self, state: CaseState) -> String {
        let state = self.state(state).to_lowercase();
        self.pick(
            format!("last case: {state}"),
            format!("letzter Fall: {state}"),
            format!("senaste ärendet: {state}"),
        )
    }

    /// How often somebody asked, if more than once.
    pub fn asked_times(self, n: u64) -> String {
        let n = self.int(n);
        self.pick(
            format!("asked {n} times without an answer"),
            format!("hat {n} Mal ohne Antwort gefragt"),
            format!("har frågat {n} gånger utan svar"),
        )
    }

    /// How many people take part in the thread.
    pub fn people_in_thread(self, n: u64) -> String {
        let n = self.int(n);
        self.pick(
            format!("{n} people take part"),
            format!("{n} Personen beteiligt"),
            format!("{n} personer deltar"),
        )
    }

    /// Label of the conversation.
    pub fn thread(self) -> &'static str {
        self.pick("Thread", "Gespräch", "Tråd")
    }

    /// Label of the severity.
    pub fn severity_label(self) -> &'static str {
        self.pick("Severity", "Schwere", "Allvar")
    }

    /// Label of the case id.
    pub fn case(self) -> &'static str {
        self.pick("Case", "Fall", "Ärende")
    }

    /// Where the words are no longer kept, or never were.
    pub fn no_text(self) -> &'static str {
        self.pick("(no text)", "(kein Text)", "(ingen text)")
    }

    /// A case could not be looked up again before the mail was written.
    pub fn unchecked(self, since: Time) -> String {
        let since = self.moment(since);
        self.pick(
            format!("Could not be checked again since {since}. It may have been answered since."),
            format!("Nicht mehr prüfbar seit {since}. Vielleicht ist es inzwischen beantwortet."),
            format!("Har inte kunnat kontrolleras sedan {since}. Det kan ha besvarats sedan dess."),
        )
    }

    /// The button that leads to a post.
    pub fn open_on(self, platform: &str) -> String {
        self.pick(
            format!("Answer on {platform}"),
            format!("Auf {platform} antworten"),
            format!("Svara på {platform}"),
        )
    }

    /// The link that leads to a post that needs no answer any more.
    pub fn see_on(self, platform: &str) -> String {
        self.pick(
            format!("See it on {platform}"),
            format!("Auf {platform} ansehen"),
            format!("Visa på {platform}"),
        )
    }

    /// The badge of a case with time left, or the label of its state.
    pub fn due_badge(self, state: CaseState, left: i64) -> String {
        if !matches!(state, CaseState::AtRisk | CaseState::Open) {
            return self.state(state).to_owned();
        }
        let span = self.span_after(left);
        self.pick(
            format!("Due in {span}"),
            format!("Fällig in {span}"),
            format!("Svar inom {span}"),
        )
    }

    /// The badge of an overdue case: by so much, on the wall clock or in business time.
    pub fn overdue_badge(self, late: i64, business: bool) -> String {
        let span = if business { self.hours(late) } else { self.span_after(late) };
        let rule = if business { self.business_time() } else { "" };
        self.pick(
            format!("Overdue by {span}{rule}"),
            format!("Seit {span}{rule} überfällig"),
            format!("Försenat med {span}{rule}"),
        )
    }

    fn business_time(self) -> &'static str {
        self.pick(" business time", " Geschäftszeit", " kontorstid")
    }

    /// A moment with its age: `Mon 9 Nov 2026 09:12 CET (+01:00), 3 h ago`; with the business time in
    /// it where that is not the same.
    pub fn moment_ago(self, at: Time, now: Time, business: i64) -> String {
        let (moment, age) = (self.moment(at), self.span_after(now.since(at)));
        let told = self.pick(
            format!("{moment}, {age} ago"),
            format!("{moment}, vor {age}"),
            format!("{moment}, för {age} sedan"),
        );
        if now.since(at) - business < Time::MINUTE {
            return told;
        }
        format!("{told} ({}{})", self.hours(business), self.business_time())
    }

    /// A moment that lies so long after the post.
    pub fn moment_after(self, at: Time, posted: Time) -> String {
        let (moment, late) = (self.moment(at), self.span(at.since(posted)));
        self.pick(
            format!("{moment}, {late} after it was posted"),
            format!("{moment}, {late} nach dem Posten"),
            format!("{moment}, {late} efter att det skrevs"),
        )
    }

    /// Label of the evidence.
    pub fn recognised(self) -> &'static str {
        self.pick("Recognised as", "Erkannt als", "Bedömt som")
    }

    /// How often somebody was seen before, and with what.
    pub fn seen_before(self, times: u64, complaints: u64, praise: u64) -> String {
        let mut parts = vec![self.pick(
            format!("seen {} before", self.count(times, "time", "times")),
            format!("schon {} gesehen", self.count(times, "Mal", "Mal")),
            format!("sedd {} tidigare", self.count(times, "gång", "gånger")),
        )];
        if complaints > 0 {
            parts.push(self.pick(
                self.count(complaints, "complaint", "complaints"),
                self.count(complaints, "Beschwerde", "Beschwerden"),
                self.count(complaints, "klagomål", "klagomål"),
            ));
        }
        if praise > 0 {
            parts.push(self.pick(
                format!("praised {}", self.count(praise, "time", "times")),
                format!("{} gelobt", self.count(praise, "Mal", "Mal")),
                format!("berömde {}", self.count(praise, "gång", "gånger")),
            ));
        }
        parts.join(", ")
    }

    /// The language somebody writes in, as its code.
    pub fn writes_in(self, code: &str) -> String {
        self.pick(format!("language: {code}"), format!("Sprache: {code}"), format!("språk: {code}"))
    }
}

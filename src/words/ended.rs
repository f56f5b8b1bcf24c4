//! What is said when cases have ended, and when an hour has had enough mails.

use super::Words;
use crate::model::{CaseState, Time};

impl Words {
    /// `Acme · feedback settled`, above everything.
    pub fn ended_kicker(self, brand: &str) -> String {
        let what = self.pick("feedback settled", "Feedback erledigt", "feedback avklarad");
        format!("{brand} · {what}")
    }

    /// Subject about the end of one case, where the mail opens a thread of its own.
    pub fn ended_subject_one(
        self,
        brand: &str,
        state: CaseState,
        who: &str,
        platform: &str,
    ) -> String {
        let state = self.state(state);
        self.pick(
            format!("{brand}: {state}: {who} on {platform}"),
            format!("{brand}: {state}: {who} auf {platform}"),
            format!("{brand}: {state}: {who} på {platform}"),
        )
    }

    /// Subject about the end of several.
    pub fn ended_subject_many(self, brand: &str, n: u64, who: &str) -> String {
        self.pick(
            format!("{brand}: {n} cases are done ({who})"),
            format!("{brand}: {n} Fälle sind erledigt ({who})"),
            format!("{brand}: {n} ärenden är klara ({who})"),
        )
    }

    /// The sentence at the top when one case has ended; `who` is named.
    pub fn ended_lead_one(self, state: CaseState, who: &str) -> String {
        match state {
            CaseState::Answered => self.pick(
                format!("{who} has an answer."),
                format!("{who} hat eine Antwort."),
                format!("{who} har fått svar."),
            ),
            CaseState::MovedPrivate => self.pick(
                format!("{who}: the talk goes on in private."),
                format!("{who}: Das Gespräch geht privat weiter."),
                format!("{who}: samtalet fortsätter privat."),
            ),
            CaseState::DeletedByAuthor => self.pick(
                "The post was deleted by its author.".to_owned(),
                "Der Beitrag wurde vom Verfasser gelöscht.".to_owned(),
                "Inlägget togs bort av avsändaren.".to_owned(),
            ),
            CaseState::NotForUs => self.pick(
                format!("{who}: somebody marked it as not for us."),
                format!("{who}: Jemand hat es als nicht für uns markiert."),
                format!("{who}: någon markerade det som inte till oss."),
            ),
            _ => self.pick(
                format!("{who}: somebody closed the case by hand."),
                format!("{who}: Jemand hat den Fall von Hand geschlossen."),
                format!("{who}: någon stängde ärendet för hand."),
            ),
        }
    }

    /// The sentence at the top when several have ended.
    pub fn ended_lead_many(self, n: u64) -> String {
        let n = self.int(n);
        self.pick(
            format!("{n} cases are done."),
            format!("{n} Fälle sind erledigt."),
            format!("{n} ärenden är klara."),
        )
    }

    /// Label of the end.
    pub fn ended(self) -> &'static str {
        self.pick("Ended", "Ende", "Slut")
    }

    /// Label of the answer's time.
    pub fn answered(self) -> &'static str {
        self.pick("Answered", "Beantwortet", "Besvarat")
    }

    /// How long it took, on the wall clock and in business time.
    pub fn took(self, at: Time, wall: i64, business: Option<i64>) -> String {
        let (moment, wall) = (self.moment(at), self.span_after(wall));
        let took = self.pick(
            format!("{moment}, after {wall}"),
            format!("{moment}, nach {wall}"),
            format!("{moment}, efter {wall}"),
        );
        match business.map(|b| self.hours(b)) {
            None => took,
            Some(b) => self.pick(
                format!("{took} ({b} business time)"),
                format!("{took} ({b} Geschäftszeit)"),
                format!("{took} ({b} kontorstid)"),
            ),
        }
    }

    /// Whether the deadline was met.
    pub fn in_time(self, late: i64) -> String {
        if late <= 0 {
            return self.pick("in time", "rechtzeitig", "i tid").to_owned();
        }
        let late = self.span(late);
        self.pick(format!("{late} too late"), format!("{late} zu spät"), format!("{late} för sent"))
    }

    /// `Acme · more alerts`, above the roll-up.
    pub fn roll_up_kicker(self, brand: &str) -> String {
        let what = self.pick(
            "more alerts, in one mail",
            "weitere Meldungen, in einer Mail",
            "fler larm, i ett mejl",
        );
        format!("{brand} · {what}")
    }

    /// Subject of the roll-up.
    pub fn roll_up_subject(self, brand: &str, cases: u64) -> String {
        self.pick(
            format!("{brand}: {} in one mail", self.count(cases, "more case", "more cases")),
            format!(
                "{brand}: {} in einer Mail",
                self.count(cases, "weiterer Fall", "weitere Fälle")
            ),
            format!("{brand}: {} i ett mejl", self.count(cases, "ärende till", "ärenden till")),
        )
    }

    /// Why there is one mail now, and until when no other follows.
    pub fn roll_up_why(self, cap: u64, until: Time) -> String {
        let (cap, until) = (self.int(cap), self.moment(until));
        self.pick(
            format!("You have had {cap} alerts within an hour, so this mail lists the rest. Until {until} only severe cases are mailed."),
            format!("In einer Stunde kamen {cap} Meldungen, darum listet diese Mail die übrigen auf. Bis {until} werden nur schwerwiegende Fälle gemeldet."),
            format!("Du har fått {cap} larm på en timme, så det här mejlet listar resten. Till {until} mejlas bara allvarliga ärenden."),
        )
    }
}

//! The words of the field in the three languages.

use super::Words;
use crate::model::{CaseState, Intent, Kind, Severity};

impl Words {
    /// What a post is: a complaint, a question, …
    pub fn intent(self, intent: Intent) -> &'static str {
        match intent {
            Intent::Complaint => self.pick("complaint", "Beschwerde", "klagomål"),
            Intent::Question => self.pick("question", "Frage", "fråga"),
            Intent::Request => self.pick("request", "Anliegen", "önskemål"),
            Intent::Praise => self.pick("praise", "Lob", "beröm"),
            Intent::Other => self.pick("post", "Beitrag", "inlägg"),
        }
    }

    /// Where a case stands, as a label of its own.
    pub fn state(self, state: CaseState) -> &'static str {
        match state {
            CaseState::Open => self.pick("Open", "Offen", "Öppet"),
            CaseState::AtRisk => self.pick("Due soon", "Bald fällig", "Bråttom"),
            CaseState::Overdue => self.pick("Overdue", "Überfällig", "Försenat"),
            CaseState::Lapsed => self.pick("Lapsed", "Verfallen", "Inaktuellt"),
            CaseState::Answered => self.pick("Answered", "Beantwortet", "Besvarat"),
            CaseState::MovedPrivate => {
                self.pick("Continued in private", "Geht privat weiter", "Fortsätter privat")
            }
            CaseState::DeletedByAuthor => self.pick(
                "Deleted by its author",
                "Vom Verfasser gelöscht",
                "Borttaget av avsändaren",
            ),
            CaseState::ResolvedByHand => {
                self.pick("Closed by hand", "Von Hand geschlossen", "Stängt för hand")
            }
            CaseState::NotForUs => self.pick("Not for us", "Nicht für uns", "Inte till oss"),
        }
    }

    /// How bad it is, as a label.
    pub fn severity(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Severe => self.pick("severe", "schwerwiegend", "allvarligt"),
            Severity::High => self.pick("high", "hoch", "högt"),
            Severity::Normal => self.pick("normal", "normal", "normalt"),
            Severity::Low => self.pick("low", "niedrig", "lågt"),
        }
    }

    /// The plural name of a kind of act.
    pub fn kinds(self, kind: Kind) -> &'static str {
        match kind {
            Kind::Mention => self.pick("Mentions", "Erwähnungen", "Omnämnanden"),
            Kind::Comment => self.pick("Comments", "Kommentare", "Kommentarer"),
            Kind::Post => self.pick("Posts found", "Gefundene Beiträge", "Hittade inlägg"),
            Kind::Review => self.pick("Reviews", "Bewertungen", "Recensioner"),
            Kind::Quote => {
                self.pick("Shares with words", "Geteilt mit Worten", "Delningar med ord")
            }
            Kind::Share => self.pick("Shares", "Geteilt", "Delningar"),
            Kind::Reaction => self.pick("Likes", "Likes", "Gilla-markeringar"),
        }
    }

    /// `3 comments`.
    pub fn kind_count(self, kind: Kind, n: u64) -> String {
        let (one, many) = match kind {
            Kind::Mention => self.pick(
                ("mention", "mentions"),
                ("Erwähnung", "Erwähnungen"),
                ("omnämnande", "omnämnanden"),
            ),
            Kind::Comment => self.pick(
                ("comment", "comments"),
                ("Kommentar", "Kommentare"),
                ("kommentar", "kommentarer"),
            ),
            Kind::Post => self.pick(
                ("post found", "posts found"),
                ("gefundener Beitrag", "gefundene Beiträge"),
                ("hittat inlägg", "hittade inlägg"),
            ),
            Kind::Review => self.pick(
                ("review", "reviews"),
                ("Bewertung", "Bewertungen"),
                ("recension", "recensioner"),
            ),
            Kind::Quote => self.pick(
                ("share with words", "shares with words"),
                ("Mal geteilt mit Worten", "Mal geteilt mit Worten"),
                ("delning med ord", "delningar med ord"),
            ),
            Kind::Share => self.pick(
                ("share", "shares"),
                ("Mal geteilt", "Mal geteilt"),
                ("delning", "delningar"),
            ),
            Kind::Reaction => self.pick(
                ("like", "likes"),
                ("Like", "Likes"),
                ("gilla-markering", "gilla-markeringar"),
            ),
        };
        self.count(n, one, many)
    }

    /// What a piece of evidence speaks for; the classifier's own word where there is no other.
    pub fn speaks_for(self, word: &str) -> String {
        let known = match word {
            "complaint" => self.intent(Intent::Complaint),
            "question" => self.intent(Intent::Question),
            "request" => self.intent(Intent::Request),
            "praise" => self.intent(Intent::Praise),
            "safety" => {
                self.pick("safety or legal", "Sicherheit oder Recht", "säkerhet eller juridik")
            }
            "severe" => self.severity(Severity::Severe),
            "legal" => self.pick("legal", "Recht", "juridik"),
            "discrimination" => self.pick("discrimination", "Diskriminierung", "diskriminering"),
            "money-lost" => self.pick("money lost", "Geld verloren", "förlorade pengar"),
            "data-leak" => self.pick("data leak", "Datenleck", "dataläcka"),
            "effort" => self.pick("effort", "Mühe", "besvär"),
            "any-answer" => self.pick("asked again", "erneut gefragt", "frågat igen"),
            "recommends" => self.pick("recommends", "empfiehlt", "rekommenderar"),
            "warns-off" => self.pick("warns others", "warnt andere", "varnar andra"),
            "leaving" => self.pick("is leaving", "geht", "lämnar"),
            "arriving" => self.pick("is arriving", "kommt", "kommer"),
            "needs_answer" => self.pick("needs an answer", "braucht Antwort", "behöver svar"),
            "neg" => self.pick("negative", "negativ", "negativt"),
            "pos" => self.pick("positive", "positiv", "positivt"),
            "relevant" => self.pick("about the brand", "über die Marke", "om varumärket"),
            "relevant, in a link" => {
                self.pick("named in a link", "in einem Link genannt", "nämnt i en länk")
            }
            "other brand" => self.pick("another brand", "andere Marke", "annat varumärke"),
            "thanks" => self.pick("thanks", "Dank", "tack"),
            other => self.aspect(other),
        };
        known.to_owned()
    }

    /// Somebody whose name is not known.
    pub fn somebody(self) -> &'static str {
        self.pick("somebody unnamed", "jemand Unbekanntes", "någon utan namn")
    }
}

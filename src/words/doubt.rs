//! What is said where the classifier cannot be relied on.

use super::Words;
use crate::model::{Drift, Trait, Yardstick};

impl Words {
    /// Posts that the classifier was not sure of.
    pub fn to_look_at(self, n: u64) -> String {
        self.pick(
            format!(
                "{} to look at, because the classifier is not sure: affinityd cases review",
                self.count(n, "post", "posts")
            ),
            format!(
                "{} zum Ansehen, weil der Klassifikator nicht sicher ist: affinityd cases review",
                self.count(n, "Beitrag", "Beiträge")
            ),
            format!(
                "{} att titta på, eftersom klassificeraren inte är säker: affinityd cases review",
                self.count(n, "inlägg", "inlägg")
            ),
        )
    }

    /// That the posts of last week are not like others; one sentence.
    pub fn drift(self, drift: Drift) -> String {
        let what = match drift.of {
            Trait::Scores => self.pick(
                "how much they ask for answers",
                "wie sehr sie nach Antworten verlangen",
                "hur mycket de frågar efter svar",
            ),
            Trait::Languages => self.pick("their languages", "ihre Sprachen", "deras språk"),
            Trait::Unsure => self.pick(
                "how often it is not sure",
                "wie oft er nicht sicher ist",
                "hur ofta den inte är säker",
            ),
        };
        let n = self.int(drift.n);
        let psi = (drift.psi * 100.0).round() as u64;
        let psi = match self.language {
            super::Language::En => format!("{}.{:02}", psi / 100, psi % 100),
            _ => format!("{},{:02}", psi / 100, psi % 100),
        };
        let measure = self.pick(
            format!("{what}, PSI {psi}, {n} posts of last week"),
            format!("{what}, PSI {psi}, {n} Beiträge der letzten Woche"),
            format!("{what}, PSI {psi}, {n} inlägg förra veckan"),
        );
        let look = "affinityd cases review";
        match drift.against {
            Yardstick::Training => self.pick(
                format!("The classifier sees other posts than it was made for ({measure}): look at {look}."),
                format!("Der Klassifikator sieht andere Beiträge als die, für die er gemacht ist ({measure}): siehe {look}."),
                format!("Klassificeraren ser andra inlägg än den är gjord för ({measure}): se {look}."),
            ),
            Yardstick::Before => self.pick(
                format!("The classifier sees other posts than in the four weeks before ({measure}): look at {look}."),
                format!("Der Klassifikator sieht andere Beiträge als in den vier Wochen davor ({measure}): siehe {look}."),
                format!("Klassificeraren ser andra inlägg än de fyra veckorna innan ({measure}): se {look}."),
            ),
        }
    }
}

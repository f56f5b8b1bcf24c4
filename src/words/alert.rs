//! What alerts say.

use super::Words;
use crate::model::{Intent, Time};

impl Words {
    /// `Acme · unanswered feedback`, above everything.
    pub fn alert_kicker(self, brand: &str) -> String {
        let what =
            self.pick("unanswered feedback", "unbeantwortetes Feedback", "obesvarad feedback");
        format!("{brand} · {what}")
    }

    /// Subject about one case that has no answer yet; `due` if its deadline is still ahead.
    pub fn alert_subject_one(
        self,
        brand: &str,
        severe: bool,
        due: Option<Time>,
        who: &str,
        platform: &str,
        class: Intent,
    ) -> String {
        let class = self.intent(class);
        let severe =
            if severe { self.pick("SEVERE: ", "SCHWERWIEGEND: ", "ALLVARLIGT: ") } else { "" };
        let what = match due.map(|at| self.short_moment(at)) {
            None => self.pick(
                format!("overdue answer to {who} on {platform} ({class})"),
                format!("überfällige Antwort an {who} auf {platform} ({class})"),
                format!("försenat svar till {who} på {platform} ({class})"),
            ),
            Some(at) => self.pick(
                format!("answer to {who} on {platform} due {at} ({class})"),
                format!("Antwort an {who} auf {platform} fällig {at} ({class})"),
                format!("svar till {who} på {platform} senast {at} ({class})"),
            ),
        };
        format!("{brand}: {severe}{what}")
    }

    /// Subject about several cases.
    pub fn alert_subject_many(
        self,
        brand: &str,
        severe: bool,
        overdue: u64,
        soon: u64,
        who: &str,
    ) -> String {
        let severe =
            if severe { self.pick("SEVERE: ", "SCHWERWIEGEND: ", "ALLVARLIGT: ") } else { "" };
        let mut parts = Vec::new();
        if overdue > 0 {
            parts.push(self.pick(
                format!("{} overdue", self.count(overdue, "answer", "answers")),
                format!("{} überfällig", self.count(overdue, "Antwort", "Antworten")),
                self.count(overdue, "försenat svar", "försenade svar"),
            ));
        }
        if soon > 0 {
            let soon = self.int(soon);
            parts.push(self.pick(
                format!("{soon} due soon"),
                format!("{soon} bald fällig"),
                format!("{soon} brådskar"),
            ));
        }
        format!("{brand}: {severe}{} ({who})", parts.join(", "))
    }

    /// In front of that sentence when severe cases are among them.
    pub fn severe_lead(self, n: u64) -> String {
        self.pick(
            format!("{}.", self.count(n, "severe case", "severe cases")),
            format!("{}.", self.count(n, "schwerwiegender Fall", "schwerwiegende Fälle")),
            format!("{}.", self.count(n, "allvarligt ärende", "allvarliga ärenden")),
        )
    }

    /// The sentence at the top: how many cases are overdue, and how many will be soon.
    pub fn alert_lead(self, overdue: u64, soon: u64) -> String {
        match (overdue, soon) {
            (0, soon) => self.pick(
                format!("{} due soon.", self.count(soon, "answer is", "answers are")),
                format!("{} bald fällig.", self.count(soon, "Antwort ist", "Antworten sind")),
                format!("{} snart.", self.count(soon, "svar behövs", "svar behövs")),
            ),
            (overdue, 0) => self.pick(
                format!("{} overdue.", self.count(overdue, "answer is", "answers are")),
                format!("{} überfällig.", self.count(overdue, "Antwort ist", "Antworten sind")),
                format!("{}.", self.count(overdue, "svar är försenat", "svar är försenade")),
            ),
            (overdue, soon) => {
                let soon_n = self.int(soon);
                self.pick(
                    format!(
                        "{} overdue, {soon_n} due soon.",
                        self.count(overdue, "answer is", "answers are")
                    ),
                    format!(
                        "{} überfällig, {soon_n} {} bald fällig.",
                        self.count(overdue, "Antwort ist", "Antworten sind"),
                        if soon == 1 { "ist" } else { "sind" }
                    ),
                    format!(
                        "{}, {soon_n} behövs snart.",
                        self.count(overdue, "svar är försenat", "svar är försenade")
                    ),
                )
            }
        }
    }

    /// `@ada on Mastodon · complaint`.
    pub fn who_where(self, who: &str, platform: &str, class: Intent) -> String {
        let class = self.intent(class);
        self.pick(
            format!("{who} on {platform} · {class}"),
            format!("{who} auf {platform} · {class}"),
            format!("{who} på {platform} · {class}"),
        )
    }

    /// Heading of what people know already and still waits.
    pub fn still_waiting(self) -> &'static str {
        self.pick(
            "Told before, still waiting",
            "Schon gemeldet, wartet noch",
            "Meddelat tidigare, väntar ännu",
        )
    }

    /// Heading of what has ended since the last mail.
    pub fn ended_since(self) -> &'static str {
        self.pick(
            "Done since the last mail",
            "Erledigt seit der letzten Mail",
            "Klart sedan förra mejlet",
        )
    }

    /// Heading of what came and went outside hours.
    pub fn cleared_overnight(self) -> &'static str {
        self.pick(
            "Came up and was settled outside hours",
            "Außerhalb der Geschäftszeit entstanden und erledigt",
            "Uppstod och löstes utanför kontorstid",
        )
    }

    /// What a list leaves out.
    pub fn not_listed(self, n: u64) -> String {
        self.pick(
            format!(
                "And {} not listed here. All of them: affinityd cases",
                self.count(n, "more", "more")
            ),
            format!(
                "Und {} hier nicht gezeigt. Alle: affinityd cases",
                self.count(n, "weiterer,", "weitere,")
            ),
            format!(
                "Och {} som inte visas här. Alla: affinityd cases",
                self.count(n, "till", "till")
            ),
        )
    }

    /// Heading of what can be done.
    pub fn how_to_act(self) -> &'static str {
        self.pick("What you can do", "Was zu tun ist", "Vad du kan göra")
    }

    /// The one thing that is best done.
    pub fn answer_in_public(self) -> &'static str {
        self.pick(
            "Answer in public, from one of the brand's accounts. The case then closes by itself; nothing has to be ticked off.",
            "Öffentlich antworten, mit einem Konto der Marke. Der Fall schließt sich dann von selbst; abzuhaken ist nichts.",
            "Svara offentligt från ett av varumärkets konton. Ärendet stängs då av sig självt; inget behöver bockas av.",
        )
    }

    /// What `cases ack` does.
    pub fn act_ack(self) -> &'static str {
        self.pick(
            "I am on it: no alerts about it for one business day",
            "Ich kümmere mich: einen Geschäftstag lang keine Meldung dazu",
            "Jag tar det: inga larm om det på en arbetsdag",
        )
    }

    /// What `cases snooze` does.
    pub fn act_snooze(self) -> &'static str {
        self.pick(
            "remind me when business hours begin again",
            "erinnern, wenn die Geschäftszeit wieder beginnt",
            "påminn när kontorstiden börjar igen",
        )
    }

    /// What `cases close` does.
    pub fn act_close(self) -> &'static str {
        self.pick(
            "it is settled without a public answer",
            "ohne öffentliche Antwort erledigt",
            "det är löst utan offentligt svar",
        )
    }

    /// What `cases not-for-us` does.
    pub fn act_not_for_us(self) -> &'static str {
        self.pick(
            "it does not concern us; counts nowhere",
            "betrifft uns nicht; zählt nirgends mit",
            "det gäller inte oss; räknas inte någonstans",
        )
    }

    /// In front of the reason for which a mail was sent.
    pub fn why_this_mail(self, why: &str) -> String {
        self.pick(
            format!("Why this mail: {why}."),
            format!("Warum diese Mail: {why}."),
            format!("Varför detta mejl: {why}."),
        )
    }

    /// Reason: a severe case.
    pub fn because_severe(self) -> &'static str {
        self.pick(
            "a severe case was opened; these are sent at once, at any hour",
            "ein schwerwiegender Fall ist neu; solche werden sofort gemeldet, zu jeder Stunde",
            "ett allvarligt ärende har öppnats; sådana skickas genast, dygnet runt",
        )
    }

    /// Reason: the first of its group.
    pub fn because_first(self) -> &'static str {
        self.pick(
            "an answer is overdue or will be soon",
            "eine Antwort ist überfällig oder bald fällig",
            "ett svar är försenat eller brådskar",
        )
    }

    /// Reason: the morning.
    pub fn because_opening(self) -> &'static str {
        self.pick(
            "business hours have begun; this was held back outside them",
            "die Geschäftszeit hat begonnen; dies wurde außerhalb zurückgehalten",
            "kontorstiden har börjat; detta hölls inne utanför den",
        )
    }

    /// Reason: a deadline has passed.
    pub fn because_overdue(self) -> &'static str {
        self.pick(
            "a deadline has passed",
            "eine Frist ist verstrichen",
            "en tidsgräns har passerats",
        )
    }

    /// Reason: one more.
    pub fn because_new(self) -> &'static str {
        self.pick(
            "a further case came up",
            "ein weiterer Fall ist dazugekommen",
            "ytterligare ett ärende har tillkommit",
        )
    }

    /// Reason: a severe case comes close to its deadline.
    pub fn because_risk(self) -> &'static str {
        self.pick("a deadline is close", "eine Frist läuft bald ab", "en tidsgräns närmar sig")
    }

    /// Reason: an ack or a snooze is over.
    pub fn because_ack_ran_out(self) -> &'static str {
        self.pick(
            "a case was taken or set aside, that time is over, and it still waits",
            "ein Fall war übernommen oder zurückgestellt, die Zeit ist um, und er wartet noch",
            "ett ärende var taget eller uppskjutet, den tiden är ute, och det väntar ännu",
        )
    }

    /// Reason: an end.
    pub fn because_ended(self) -> &'static str {
        self.pick(
            "what an earlier mail was about has ended",
            "was eine frühere Mail meldete, ist erledigt",
            "det som ett tidigare mejl handlade om är klart",
        )
    }

    /// Reason: nothing has changed for a business day.
    pub fn because_repeat(self) -> &'static str {
        self.pick(
            "a reminder, nothing has changed since the last mail",
            "eine Erinnerung, seit der letzten Mail hat sich nichts getan",
            "en påminnelse, inget har hänt sedan förra mejlet",
        )
    }
}

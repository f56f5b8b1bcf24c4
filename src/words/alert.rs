//! What alerts say.

use super::Words;
use crate::model::{CaseState, Intent, Time};

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

    /// The badge of a case with time left or past: `Overdue by 42 min`, `Due in 18 min`.
    pub fn due_badge(self, state: CaseState, left: i64) -> String {
        let span = self.span(left.abs());
        match state {
            CaseState::Overdue | CaseState::Lapsed => self.pick(
                format!("Overdue by {span}"),
                format!("Seit {span} überfällig"),
                format!("Försenat med {span}"),
            ),
            CaseState::AtRisk | CaseState::Open => self.pick(
                format!("Due in {span}"),
                format!("Fällig in {span}"),
                format!("Svar inom {span}"),
            ),
            other => self.state(other).to_owned(),
        }
    }

    /// Beside the badge of a case that is told for the first time.
    pub fn new_badge(self) -> &'static str {
        self.pick("new", "neu", "nytt")
    }

    /// Label of the time of the post.
    pub fn posted(self) -> &'static str {
        self.pick("Posted", "Gepostet", "Skrivet")
    }

    /// A moment with its age: `Mon 9 Nov 2026 09:12 CET (+01:00), 3 h ago`.
    pub fn moment_ago(self, at: Time, now: Time) -> String {
        let (moment, age) = (self.moment(at), self.span(now.since(at)));
        self.pick(
            format!("{moment}, {age} ago"),
            format!("{moment}, vor {age}"),
            format!("{moment}, för {age} sedan"),
        )
    }

    /// Label of the time it was seen here.
    pub fn seen(self) -> &'static str {
        self.pick("Seen here", "Hier gesehen", "Upptäckt")
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

    /// Label of the deadline.
    pub fn due(self) -> &'static str {
        self.pick("Answer due", "Antwort fällig", "Svar senast")
    }

    /// Label of the time somebody has waited.
    pub fn waiting(self) -> &'static str {
        self.pick("Waiting", "Wartet", "Väntat")
    }

    /// How long somebody has waited, on the wall clock and in business time.
    pub fn waited(self, wall: i64, business: i64) -> String {
        let (wall, business) = (self.span(wall), self.hours(business));
        self.pick(
            format!("{wall}, of it {business} business time"),
            format!("{wall}, davon {business} Geschäftszeit"),
            format!("{wall}, varav {business} kontorstid"),
        )
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

    /// Label of the evidence.
    pub fn recognised(self) -> &'static str {
        self.pick("Recognised by", "Erkannt an", "Känns igen på")
    }

    /// Label of what is known about the person.
    pub fn person(self) -> &'static str {
        self.pick("This person", "Diese Person", "Personen")
    }

    /// Somebody who was never seen before.
    pub fn first_contact(self) -> &'static str {
        self.pick("first contact", "erster Kontakt", "första kontakten")
    }

    /// How often somebody was seen before, and with what.
    pub fn seen_before(self, times: u64, complaints: u64, praise: u64) -> String {
        let mut parts = vec![self.pick(
            format!("seen {} before", self.count(times, "time", "times")),
            format!("{} zuvor gesehen", self.count(times, "Mal", "Mal")),
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
                self.count(praise, "time praise", "times praise"),
                self.count(praise, "Mal Lob", "Mal Lob"),
                self.count(praise, "gång beröm", "gånger beröm"),
            ));
        }
        parts.join(", ")
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

    /// The language somebody writes in, as its code.
    pub fn writes_in(self, code: &str) -> String {
        self.pick(
            format!("writes in {code}"),
            format!("schreibt {code}"),
            format!("skriver på {code}"),
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

//! What is said about sources: what is wrong, what follows from it, and what can be done.

use super::Words;
use crate::model::{Gap, Time, Trouble};

impl Words {
    /// `Acme · a source needs attention`.
    pub fn source_kicker(self, brand: &str) -> String {
        let what = self.pick(
            "a source needs attention",
            "eine Quelle braucht Hilfe",
            "en källa behöver hjälp",
        );
        format!("{brand} · {what}")
    }

    /// Subject of the mail about a source.
    pub fn source_subject(self, brand: &str, platform: &str, account: &str) -> String {
        self.pick(
            format!("{brand}: {platform} cannot be read ({account})"),
            format!("{brand}: {platform} ist nicht lesbar ({account})"),
            format!("{brand}: {platform} kan inte läsas ({account})"),
        )
    }

    /// The sentence at the top of that mail.
    pub fn source_lead(self, platform: &str, account: &str, since: Time) -> String {
        let since = self.moment(since);
        self.pick(
            format!("{platform} ({account}) has not been read since {since}."),
            format!("{platform} ({account}) wurde seit {since} nicht mehr gelesen."),
            format!("{platform} ({account}) har inte lästs sedan {since}."),
        )
    }

    /// What is wrong, by its class, with what the platform said.
    pub fn trouble(self, trouble: &Trouble, said: &str) -> String {
        let what = match trouble {
            Trouble::Unauthorised(_) => self.pick(
                "the login is refused",
                "die Anmeldung wird abgelehnt",
                "inloggningen nekas",
            ),
            Trouble::RateLimited => {
                return self
                    .pick("told to wait", "zum Warten aufgefordert", "ombedd att vänta")
                    .to_owned();
            }
            Trouble::Unreachable(_) => self.pick("no answer", "keine Antwort", "inget svar"),
            Trouble::Malformed(_) => self.pick(
                "an answer that makes no sense",
                "eine unverständliche Antwort",
                "ett obegripligt svar",
            ),
            Trouble::Gone(_) => {
                self.pick("it is gone for good", "es gibt sie nicht mehr", "den finns inte längre")
            }
        };
        if said.is_empty() { what.to_owned() } else { format!("{what}: {said}") }
    }

    /// What follows from not reading it.
    pub fn source_consequence(self) -> &'static str {
        self.pick(
            "Posts there are not seen, and nobody is alerted about them. Everything else goes on. What can still be fetched is fetched when it works again.",
            "Beiträge dort werden nicht gesehen, und niemand wird über sie alarmiert. Alles andere läuft weiter. Was sich noch holen lässt, wird nachgeholt, sobald es wieder geht.",
            "Inlägg där syns inte, och ingen larmas om dem. Allt annat fortsätter. Det som ännu kan hämtas hämtas när det fungerar igen.",
        )
    }

    /// Heading of what a person must do.
    pub fn what_to_do(self) -> &'static str {
        self.pick("What to do", "Was zu tun ist", "Vad som behöver göras")
    }

    /// What `check` is for.
    pub fn act_check(self) -> &'static str {
        self.pick(
            "shows which right or which setting is missing",
            "zeigt, welches Recht oder welche Einstellung fehlt",
            "visar vilken rättighet eller inställning som saknas",
        )
    }

    /// What a restart is for: systemd hands credentials over at the start, and only then.
    pub fn act_restart(self) -> &'static str {
        self.pick(
            "takes over a new token, once it is in its credential file",
            "übernimmt einen neuen Token, sobald er in seiner Datei steht",
            "tar över en ny nyckel, när den ligger i sin fil",
        )
    }

    /// How often the mail about a source comes.
    pub fn source_repeats(self) -> &'static str {
        self.pick(
            "This comes once a day until the source is read again. The digest says so too.",
            "Dies kommt einmal am Tag, bis die Quelle wieder gelesen wird. Auch der Tagesbericht nennt es.",
            "Detta kommer en gång om dagen tills källan läses igen. Sammanfattningen säger det också.",
        )
    }

    /// Heading of the coverage when something is wrong.
    pub fn coverage_wrong(self) -> &'static str {
        self.pick(
            "Not everything could be read",
            "Nicht alles konnte gelesen werden",
            "Allt kunde inte läsas",
        )
    }

    /// Heading of the coverage when all is well.
    pub fn coverage(self) -> &'static str {
        self.pick("What was read", "Was gelesen wurde", "Vad som har lästs")
    }

    /// All sources were read to their ends, the one that was read longest ago at `oldest`.
    pub fn all_read(self, n: u64, oldest: Time) -> String {
        let oldest = self.moment(oldest);
        self.pick(
            format!(
                "Every source was read to its end ({}), none longer ago than {oldest}.",
                self.count(n, "stream", "streams")
            ),
            format!(
                "Jede Quelle wurde bis zum Ende gelesen ({}), keine früher als {oldest}.",
                self.count(n, "Strom", "Ströme")
            ),
            format!(
                "Alla källor lästes till slutet ({}), ingen tidigare än {oldest}.",
                self.count(n, "flöde", "flöden")
            ),
        )
    }

    /// The sources beside those with a fault were read to their ends.
    pub fn others_read(self, n: u64, oldest: Time) -> String {
        let oldest = self.moment(oldest);
        self.pick(
            format!(
                "The other sources were read to their ends ({}), none longer ago than {oldest}.",
                self.count(n, "stream", "streams")
            ),
            format!(
                "Die übrigen Quellen wurden bis zum Ende gelesen ({}), keine früher als {oldest}.",
                self.count(n, "Strom", "Ströme")
            ),
            format!(
                "Övriga källor lästes till slutet ({}), ingen tidigare än {oldest}.",
                self.count(n, "flöde", "flöden")
            ),
        )
    }

    /// What follows from something not having been read, in the digest.
    pub fn coverage_help(self) -> &'static str {
        self.pick(
            "What is missing is not counted here, and nobody was alerted about it. What to do: affinityd check",
            "Was fehlt, ist hier nicht mitgezählt, und niemand wurde darüber alarmiert. Was zu tun ist: affinityd check",
            "Det som saknas är inte med i siffrorna, och ingen har larmats om det. Vad som kan göras: affinityd check",
        )
    }

    /// Nothing is configured to be read.
    pub fn no_sources(self) -> &'static str {
        self.pick(
            "No source is configured: nothing can be seen.",
            "Keine Quelle ist eingerichtet: Es ist nichts zu sehen.",
            "Ingen källa är inställd: inget kan ses.",
        )
    }

    /// How many faulty sources are not listed.
    pub fn more_sources(self, n: u64) -> String {
        let n = self.int(n);
        self.pick(
            format!("And {n} more. All of them: affinityd status"),
            format!("Und {n} weitere. Alle: affinityd status"),
            format!("Och {n} till. Alla: affinityd status"),
        )
    }

    /// A stream that was never read to its end.
    pub fn never_read(self) -> &'static str {
        self.pick(
            "never read to its end yet",
            "noch nie bis zum Ende gelesen",
            "har ännu aldrig lästs till slutet",
        )
    }

    /// When a stream was last read to its end.
    pub fn read_to_end(self, at: Time) -> String {
        let at = self.moment(at);
        self.pick(
            format!("last read to its end {at}"),
            format!("zuletzt bis zum Ende gelesen {at}"),
            format!("senast läst till slutet {at}"),
        )
    }

    /// Trouble that lasts.
    pub fn trouble_since(self, what: &str, since: Time) -> String {
        let since = self.moment(since);
        self.pick(
            format!("{what} (since {since})"),
            format!("{what} (seit {since})"),
            format!("{what} (sedan {since})"),
        )
    }

    /// A stretch that was never read.
    pub fn gap(self, gap: &Gap, why: &str) -> String {
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        match (gap.after, gap.before) {
            (Some(after), Some(before)) => {
                let (after, before) = (self.moment(after), self.moment(before));
                self.pick(
                    format!("missing: from {after} to {before}{why}"),
                    format!("fehlt: von {after} bis {before}{why}"),
                    format!("saknas: från {after} till {before}{why}"),
                )
            }
            (None, Some(before)) => {
                let before = self.moment(before);
                self.pick(
                    format!("missing: some posts before {before}{why}"),
                    format!("fehlt: einige Beiträge vor {before}{why}"),
                    format!("saknas: en del inlägg före {before}{why}"),
                )
            }
            (after, None) => {
                let after = self.moment(after.unwrap_or(gap.noticed_at));
                self.pick(
                    format!("missing: some posts after {after}{why}"),
                    format!("fehlt: einige Beiträge nach {after}{why}"),
                    format!("saknas: en del inlägg efter {after}{why}"),
                )
            }
        }
    }

    /// A stream that works but in which nothing was found for longer than is usual for it.
    pub fn silent_since(self, since: Option<Time>) -> String {
        match since.map(|at| self.moment(at)) {
            Some(since) => self.pick(
                format!("nothing found since {since}, longer than usual"),
                format!("nichts gefunden seit {since}, länger als üblich"),
                format!("inget hittat sedan {since}, längre än vanligt"),
            ),
            None => self
                .pick(
                    "nothing was ever found in it",
                    "darin wurde noch nie etwas gefunden",
                    "inget har någonsin hittats där",
                )
                .to_owned(),
        }
    }

    /// A source whose answers cannot be seen, and what follows.
    pub fn answers_unseen(self, source: &str) -> String {
        self.pick(
            format!("{source}: answers cannot be seen here, so no alerts are sent about posts there."),
            format!("{source}: Antworten sind hier nicht sichtbar, darum gibt es zu Beiträgen dort keine Meldungen."),
            format!("{source}: svar syns inte här, så inga larm skickas om inlägg där."),
        )
    }

    /// A source of whose answers only some can be seen.
    pub fn answers_partly_seen(self, source: &str) -> String {
        self.pick(
            format!("{source}: only some answers can be seen here; an alert may be about something answered."),
            format!("{source}: Nur ein Teil der Antworten ist sichtbar; eine Meldung kann Beantwortetes betreffen."),
            format!("{source}: bara en del av svaren syns här; ett larm kan gälla något som är besvarat."),
        )
    }
}

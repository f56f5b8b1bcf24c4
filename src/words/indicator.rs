//! How the indicators of the digest are named, and what is said about a value, its sample and its
//! change.

use super::Words;
use crate::model::{Flag, Standing};

impl Words {
    /// Heading of the panel.
    pub fn indicators(self, days: u32) -> String {
        self.pick(
            format!("Indicators, {days} days"),
            format!("Kennzahlen, {days} Tage"),
            format!("Nyckeltal, {days} dagar"),
        )
    }

    /// The name of an indicator for people; `fallback` for those not listed here.
    pub fn indicator(self, id: &str, part: Option<&str>, fallback: &str) -> String {
        let name = match (id, part) {
            ("I3", _) => self.pick("Active voices", "Aktive Stimmen", "Aktiva röster"),
            ("I5", _) => self.pick("Net sentiment", "Stimmungssaldo", "Nettostämning"),
            ("I6", _) => {
                self.pick("Recommendation balance", "Empfehlungssaldo", "Rekommendationsbalans")
            }
            ("I7", _) => {
                self.pick("Returning voices", "Wiederkehrende Stimmen", "Återkommande röster")
            }
            ("I10", _) => self.pick("Answered", "Beantwortet", "Besvarat"),
            ("I11", _) => {
                self.pick("Answered in time", "Rechtzeitig beantwortet", "Besvarat i tid")
            }
            ("I12", Some("median_business")) => self.pick(
                "First reply, median, business time",
                "Erste Antwort, Median, Geschäftszeit",
                "Första svar, median, kontorstid",
            ),
            ("I12", Some("p90_business")) => self.pick(
                "First reply, 90th percentile, business time",
                "Erste Antwort, 90. Perzentil, Geschäftszeit",
                "Första svar, 90:e percentilen, kontorstid",
            ),
            ("I12", Some("median_wall")) => self.pick(
                "First reply, median, by the clock",
                "Erste Antwort, Median, nach der Uhr",
                "Första svar, median, verklig tid",
            ),
            ("I12", Some("p90_wall")) => self.pick(
                "First reply, 90th percentile, by the clock",
                "Erste Antwort, 90. Perzentil, nach der Uhr",
                "Första svar, 90:e percentilen, verklig tid",
            ),
            ("I13", Some("open")) => self.pick("Open now", "Jetzt offen", "Öppna nu"),
            ("I13", Some("oldest_seconds")) => {
                self.pick("Oldest open", "Ältester offener", "Äldsta öppna")
            }
            ("I13", Some("past_due")) => {
                self.pick("Past due now", "Jetzt überfällig", "Försenade nu")
            }
            ("I18", Some("replies")) => self.pick(
                "Accountable replies",
                "Antworten, die Verantwortung zeigen",
                "Svar som tar ansvar",
            ),
            ("I18", Some("kept_promises")) => {
                self.pick("Kept promises", "Gehaltene Zusagen", "Hållna löften")
            }
            ("I19", Some("posts")) => {
                self.pick("Selling posts", "Werbende Beiträge", "Säljande inlägg")
            }
            ("I19", Some("complaint_replies")) => self.pick(
                "Selling replies to complaints",
                "Werbende Antworten auf Beschwerden",
                "Säljande svar på klagomål",
            ),
            ("I24", Some(aspect)) => {
                return format!(
                    "{}: {} ({id})",
                    self.pick("Aspect balance", "Saldo nach Thema", "Balans per ämne"),
                    self.aspect(aspect)
                );
            }
            ("I25", _) => self.pick("Switching talk", "Rede vom Wechseln", "Tal om att byta"),
            ("I30", _) => {
                self.pick("Replies sought in vain", "Vergeblich nachgefragt", "Svar som efterlysts")
            }
            ("I31", _) => {
                self.pick("Complaints with effort", "Beschwerden mit Mühe", "Klagomål med besvär")
            }
            _ => fallback,
        };
        format!("{name} ({id})")
    }

    /// The name of an aspect for people, from its word.
    pub fn aspect(self, word: &str) -> &str {
        match word {
            "quality" => self.pick("quality", "Qualität", "kvalitet"),
            "price" => self.pick("price", "Preis", "pris"),
            "service" => self.pick("service", "Service", "service"),
            "delivery" => self.pick("delivery", "Lieferung", "leverans"),
            "app" => self.pick("app and website", "App und Website", "app och webbplats"),
            "returns" => self.pick("returns", "Rückgabe", "returer"),
            "staff" => self.pick("staff", "Personal", "personal"),
            "values" => self.pick("values", "Werte", "värderingar"),
            "availability" => self.pick("availability", "Verfügbarkeit", "tillgänglighet"),
            _ => word,
        }
    }

    /// What a number counts, where its name does not say it all.
    pub fn indicator_note(self, id: &str) -> Option<&'static str> {
        Some(match id {
            "I5" => self.pick(
                "people who speak well less people who speak ill, of all who do either",
                "Personen mit guten minus Personen mit schlechten Worten, von allen mit einem von beidem",
                "personer som talar väl minus personer som talar illa, av alla som gör något av det",
            ),
            "I6" => self.pick(
                "people who recommend less people who warn or leave, of all who spoke; overheard, not asked",
                "wer empfiehlt minus wer warnt oder geht, von allen, die sprachen; mitgehört, nicht gefragt",
                "de som rekommenderar minus de som varnar eller lämnar, av alla som hördes; uppsnappat, inte efterfrågat",
            ),
            "I7" => self.pick(
                "of those who spoke in the window before, who spoke again; people who speak are not all customers",
                "von denen, die im Zeitraum davor sprachen, wer wieder sprach; wer spricht, ist nicht die ganze Kundschaft",
                "av dem som hördes i perioden före, vilka som hördes igen; de som hörs är inte alla kunder",
            ),
            "I10" => self.pick(
                "of the cases whose deadline has passed",
                "von den Fällen, deren Frist vorbei ist",
                "av de ärenden vars tidsgräns har passerat",
            ),
            "I12" => self.pick(
                "from the oldest unanswered post; unanswered ones included",
                "ab dem ältesten unbeantworteten Beitrag; Unbeantwortetes eingerechnet",
                "från det äldsta obesvarade inlägget; obesvarade inräknade",
            ),
            _ => return None,
        })
    }

    /// `40 of 48`.
    pub fn sample(self, k: u64, n: u64) -> String {
        let (k, n) = (self.int(k), self.int(n));
        self.pick(format!("{k} of {n}"), format!("{k} von {n}"), format!("{k} av {n}"))
    }

    /// How many a number rests on.
    pub fn based_on(self, n: u64, id: &str) -> String {
        match id {
            "I18" | "I19" => self.pick(
                self.count(n, "post", "posts"),
                self.count(n, "Beitrag", "Beiträge"),
                self.count(n, "inlägg", "inlägg"),
            ),
            "I3" | "I5" | "I6" | "I7" | "I24" | "I25" => self.pick(
                self.count(n, "person", "people"),
                self.count(n, "Person", "Personen"),
                self.count(n, "person", "personer"),
            ),
            _ => self.pick(
                self.count(n, "case", "cases"),
                self.count(n, "Fall", "Fälle"),
                self.count(n, "ärende", "ärenden"),
            ),
        }
    }

    /// The interval: where the true value plausibly lies.
    pub fn interval(self, low: &str, high: &str) -> String {
        let span = self.between(low, high);
        self.pick(format!("likely {span}"), format!("wohl {span}"), format!("troligen {span}"))
    }

    /// An interval that is open upwards.
    pub fn at_least(self, low: &str) -> String {
        self.pick(
            format!("likely at least {low}"),
            format!("wohl mindestens {low}"),
            format!("troligen minst {low}"),
        )
    }

    /// In place of a value that may not be read.
    pub fn no_value(self, standing: Standing) -> &'static str {
        match standing {
            Standing::TooFew => self.pick("too few", "zu wenige", "för få"),
            Standing::Unknown => self.pick("not known", "nicht bekannt", "okänt"),
            Standing::Ok => self.pick("none", "keine", "inga"),
        }
    }

    /// Why there is no value: the sample and what it takes.
    pub fn needs(self, n: u64, least: u64) -> String {
        let (n, least) = (self.int(n), self.int(least));
        self.pick(
            format!("{n} so far, {least} needed"),
            format!("{n} bisher, {least} nötig"),
            format!("{n} hittills, {least} behövs"),
        )
    }

    /// Why a share is not shown as a percentage.
    pub fn needs_for_percent(self, n: u64, least: u64) -> String {
        let (n, least) = (self.int(n), self.int(least));
        self.pick(
            format!("{n} so far, {least} needed for a percentage"),
            format!("{n} bisher, {least} nötig für einen Prozentwert"),
            format!("{n} hittills, {least} behövs för en procentsats"),
        )
    }

    /// Why there is no share: there was nothing to take a share of.
    pub fn nothing_to_count(self) -> &'static str {
        self.pick("nothing to count yet", "noch nichts zu zählen", "inget att räkna ännu")
    }

    /// Why there is no value though there are enough: the half-way mark was not reached.
    pub fn not_reached(self) -> &'static str {
        self.pick(
            "so many are unanswered that it cannot be told",
            "so viele sind unbeantwortet, dass es sich nicht sagen lässt",
            "så många är obesvarade att det inte går att säga",
        )
    }

    /// Why there is no value: nobody can know.
    pub fn sources_cannot_tell(self) -> &'static str {
        self.pick(
            "the sources cannot tell",
            "die Quellen lassen es nicht erkennen",
            "källorna kan inte visa det",
        )
    }

    /// What may be said about the change against the window before.
    pub fn change(self, flag: Flag, before: Option<&str>) -> String {
        let before = before.unwrap_or_default();
        let was = if before.is_empty() {
            String::new()
        } else {
            self.pick(
                format!(" (before: {before})"),
                format!(" (zuvor: {before})"),
                format!(" (förut: {before})"),
            )
        };
        match flag {
            Flag::Up => self.pick(
                format!("clearly up{was}"),
                format!("deutlich gestiegen{was}"),
                format!("tydligt upp{was}"),
            ),
            Flag::Down => self.pick(
                format!("clearly down{was}"),
                format!("deutlich gesunken{was}"),
                format!("tydligt ner{was}"),
            ),
            Flag::None => self.pick(
                format!("no clear change{was}"),
                format!("keine klare Änderung{was}"),
                format!("ingen tydlig ändring{was}"),
            ),
            Flag::TooFew => self.pick(
                "too few to compare with the window before".to_owned(),
                "zu wenige für einen Vergleich mit dem Zeitraum davor".to_owned(),
                "för få för att jämföra med perioden före".to_owned(),
            ),
        }
    }
}

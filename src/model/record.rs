//! An interaction as it is kept (all its readings) and as it was known at a moment.

use serde::{Deserialize, Serialize};

use super::{
    Aspect, Author, Counts, Deadline, Intent, Kind, Promised, Ruling, Sentiment, Severity, Signal,
    Time, Verdict,
};

/// A person: a keyed hash of (platform, author id). Outlives handle and name, so that people who
/// come back are known; only an erasure removes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Person(pub u64);

/// What one reading added to what was known before it. Stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// When it was seen here.
    pub seen_at: Time,
    /// When it was posted, in this reading's word.
    pub created_at: Time,
    /// The kind in this reading.
    pub kind: Option<Kind>,
    /// This reading says it is ours.
    pub own: bool,
    /// Whether the account says it is a bot.
    pub bot: Option<bool>,
    /// The author, if told.
    pub author: Option<Author>,
    /// The text, if told.
    pub text: Option<String>,
    /// The title, if told.
    pub title: Option<String>,
    /// The language, if told by the platform.
    pub lang: Option<String>,
    /// The permalink, if told.
    pub url: Option<String>,
    /// The locator, if told.
    pub locator: Option<String>,
    /// The parent, if told.
    pub in_reply_to: Option<String>,
    /// The root of the conversation, if told.
    pub thread: Option<String>,
    /// What it is about, if told.
    pub about: Option<String>,
    /// The deletion, if told.
    pub deleted_at: Option<Time>,
    /// Stars, if told.
    pub rating: Option<f32>,
    /// Counters, if told.
    pub counts: Option<Counts>,
    /// When the counters were read.
    pub counts_at: Option<Time>,
    /// A person's word that came with this reading.
    pub ruling: Option<Ruling>,
    /// The classifier's word on the text as of this reading (present when the text is new or changed).
    pub verdict: Option<Verdict>,
    /// The deadline fixed for the text and class as of this reading; `None` if it asks nothing.
    pub deadline: Option<Deadline>,
}

/// One interaction as stored: its identity and every reading that told something new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The platform's name.
    pub platform: String,
    /// The id that is the same wherever this is seen.
    pub id: String,
    /// The time in its key: `at` as first stored. Never changes.
    pub key_at: Time,
    /// When it was first stored here. Retention counts from it, so that imported history is not
    /// forgotten on its first night.
    pub stored_at: Time,
    /// Who did it, also after the handle is gone. `None`: no author was ever told.
    pub person: Option<Person>,
    /// The conversation it is filed under (`affinity` rule E13 as far as known when it was stored).
    pub filed: String,
    /// Readings ordered by `seen_at`; equal ones in the order they came.
    pub versions: Vec<Version>,
}

/// Counters with the time they were read at (`None`: age unknown).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// When they were read.
    pub at: Option<Time>,
    /// The counters.
    pub counts: Counts,
}

/// One interaction as it was known at a moment. A fold over the readings of its [`Record`].
#[derive(Clone, Debug, PartialEq)]
pub struct Interaction {
    /// The platform's name.
    pub platform: String,
    /// The id that is the same wherever this is seen.
    pub id: String,
    /// What the platform needs to be asked for it again, if not `id`.
    pub locator: Option<String>,
    /// The most specific kind seen.
    pub kind: Kind,
    /// A reading said it is ours. Whether the *account* is ours is in [`super::Accounts`].
    pub own: bool,
    /// A reading said the account is a bot.
    pub bot: bool,
    /// Who did it; `None` also after a deletion, an erasure or the retention of handles.
    pub author: Option<Author>,
    /// Who did it, also after the handle is gone; `None` after a deletion.
    pub person: Option<Person>,
    /// Plain text; `None` after a deletion or the retention of texts.
    pub text: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Language as the platform told it, else as found in the text.
    pub lang: Option<String>,
    /// Permalink.
    pub url: Option<String>,
    /// When it was posted, in the platform's word.
    pub created_at: Time,
    /// When it was first seen here.
    pub seen_at: Time,
    /// The time of the interaction: the earlier of the two (rule E2).
    pub at: Time,
    /// The parent.
    pub in_reply_to: Option<String>,
    /// The root of the conversation, as given.
    pub thread: Option<String>,
    /// What it is about.
    pub about: Option<String>,
    /// When its author deleted it, if that is known.
    pub deleted_at: Option<Time>,
    /// Stars, 0..1.
    pub rating: Option<f32>,
    /// Every reading of its counters.
    pub tallies: Vec<Tally>,
    /// The intent in force: a person's word, else the classifier's.
    pub intent: Intent,
    /// The sentiment in force; `None` if it carries none.
    pub sentiment: Option<Sentiment>,
    /// Accepted as being about the brand.
    pub relevant: bool,
    /// Severity in force.
    pub severity: Severity,
    /// Safety or legal words.
    pub safety: bool,
    /// Thanks, word that a problem is over, or consent, and nothing else.
    pub thanks: bool,
    /// Recommends (`true`) or warns off (`false`).
    pub recommends: Option<bool>,
    /// On an own post: the talk was moved to a private channel.
    pub moved_private: bool,
    /// The classifier was not sure, and no person has said what it wants.
    pub unsure: bool,
    /// What it is about, as far as known.
    pub aspects: Vec<Aspect>,
    /// What else it says.
    pub signals: Vec<Signal>,
    /// On an own post: the day it promises something for.
    pub promised: Option<Promised>,
    /// The deadline that was fixed for the class in force; `None` if it asks nothing.
    pub deadline: Option<Deadline>,
    /// The classifier's word on the text in force.
    pub verdict: Option<Verdict>,
    /// A person's word on the text in force.
    pub ruling: Option<Ruling>,
}

impl Record {
    /// What was known at `now`; `None` if nothing had been seen by then.
    ///
    /// Rules E2, E3, E10 and E22: the earliest reading's times stay, text and verdict come from
    /// the latest, a key that a reading leaves out keeps its value, a ruling belongs to the text it
    /// was given to, and a deletion takes author and text for every moment, also earlier ones.
    pub fn as_of(&self, now: Time) -> Option<Interaction> {
        self.after(self.versions.partition_point(|v| v.seen_at <= now))
    }

    /// What was known after so many of its readings, of those there are.
    pub fn after(&self, readings: usize) -> Option<Interaction> {
        let (first, later) = self.versions.get(..readings)?.split_first()?;
        let mut it = Interaction {
            platform: self.platform.clone(),
            id: self.id.clone(),
            locator: None,
            kind: first.kind.unwrap_or(Kind::Mention),
            own: false,
            bot: false,
            author: None,
            person: self.person,
            text: None,
            title: None,
            lang: None,
            url: None,
            created_at: first.created_at,
            seen_at: first.seen_at,
            at: first.created_at.min(first.seen_at),
            in_reply_to: None,
            thread: None,
            about: None,
            deleted_at: None,
            rating: None,
            tallies: Vec::new(),
            intent: Intent::Other,
            sentiment: None,
            relevant: true,
            severity: Severity::Normal,
            safety: false,
            thanks: false,
            recommends: None,
            moved_private: false,
            unsure: false,
            aspects: Vec::new(),
            signals: Vec::new(),
            promised: None,
            deadline: None,
            verdict: None,
            ruling: None,
        };
        for version in std::iter::once(first).chain(later) {
            it.learn(version);
        }
        // A deletion seen later still takes the words (privacy before reproducibility), but
        // the act of deleting belongs to the time it became known.
        if self.versions.iter().any(|v| v.deleted_at.is_some()) {
            it.author = None;
            it.person = None;
            it.text = None;
            it.title = None;
        }
        it.settle();
        Some(it)
    }

    /// The time of the interaction as it is known now: that of its first reading.
    pub fn at(&self) -> Option<Time> {
        self.versions.first().map(|first| first.created_at.min(first.seen_at))
    }

    /// What is known now, whatever the time of the readings.
    pub fn latest(&self) -> Option<Interaction> {
        self.as_of(Time(i64::MAX))
    }
}

impl Interaction {
    fn learn(&mut self, v: &Version) {
        fn keep<T: Clone>(known: &mut Option<T>, told: &Option<T>) {
            if told.is_some() {
                known.clone_from(told);
            }
        }
        if let Some(kind) = v.kind {
            self.kind = self.kind.min(kind);
        }
        self.own |= v.own;
        self.bot |= v.bot == Some(true);
        let edited = v.text.is_some() && v.text != self.text;
        if edited && self.text.is_some() && v.ruling.is_none() {
            self.ruling = None;
        }
        keep(&mut self.author, &v.author);
        keep(&mut self.text, &v.text);
        keep(&mut self.title, &v.title);
        keep(&mut self.lang, &v.lang);
        keep(&mut self.url, &v.url);
        keep(&mut self.locator, &v.locator);
        keep(&mut self.in_reply_to, &v.in_reply_to);
        keep(&mut self.thread, &v.thread);
        keep(&mut self.about, &v.about);
        keep(&mut self.deleted_at, &v.deleted_at);
        keep(&mut self.rating, &v.rating);
        keep(&mut self.verdict, &v.verdict);
        if let Some(counts) = v.counts {
            self.tallies.push(Tally { at: v.counts_at, counts });
        }
        if let Some(ruling) = &v.ruling {
            if edited || self.ruling.is_none() {
                self.ruling = Some(ruling.clone());
            } else if let Some(known) = &mut self.ruling {
                known.overlay(ruling);
            }
        }
        if v.verdict.is_some() || v.ruling.is_some() || v.deadline.is_some() {
            self.deadline.clone_from(&v.deadline);
        }
    }

    /// Lays the ruling over the verdict.
    fn settle(&mut self) {
        if let Some(verdict) = &self.verdict {
            self.intent = verdict.intent;
            self.sentiment = Some(verdict.sentiment);
            self.relevant = verdict.relevant;
            self.severity = verdict.severity;
            self.safety = verdict.safety;
            self.thanks = verdict.thanks;
            self.moved_private = verdict.moved_private;
            self.unsure = verdict.unsure;
            self.aspects.clone_from(&verdict.aspects);
            self.signals.clone_from(&verdict.signals);
            self.promised = verdict.promised;
            self.recommends = overheard(&verdict.signals);
            if self.lang.is_none() {
                self.lang.clone_from(&verdict.lang);
            }
        }
        if let Some(ruling) = &self.ruling {
            // Whoever says what a post wants has read it: that it is spam, or thanks only, is then
            // theirs to say too.
            if let Some(intent) = ruling.intent {
                self.intent = intent;
                self.relevant = true;
                self.thanks = false;
            }
            self.unsure &= !ruling.decides();
            self.sentiment = ruling.sentiment.or(self.sentiment);
            self.relevant = ruling.relevant.unwrap_or(self.relevant);
            self.severity = ruling.severity.unwrap_or(self.severity);
            self.thanks = ruling.thanks.unwrap_or(self.thanks);
            self.moved_private = ruling.moved_private.unwrap_or(self.moved_private);
        }
        if let Some(ruling) = self.ruling.clone() {
            self.take_signals(&ruling);
        }
        if !self.kind.speaks() {
            self.intent = Intent::Other;
            self.sentiment = None;
            self.recommends = None;
            self.aspects.clear();
            self.signals.clear();
        }
        if !self.intent.asks() || self.unsure {
            self.deadline = None;
        }
    }

    /// What a person said about aspects, recommending and switching. Words nobody knows are kept in
    /// the ruling and mean nothing here.
    fn take_signals(&mut self, ruling: &Ruling) {
        if let Some(words) = &ruling.aspects {
            let known = |word: &String| {
                Aspect::ALL.into_iter().find(|a| a.word().eq_ignore_ascii_case(word.trim()))
            };
            self.aspects = words.iter().filter_map(known).collect();
        }
        if let Some(word) = &ruling.switching {
            let said = match word.trim().to_ascii_lowercase().as_str() {
                "in" | "arriving" | "to" => Some(Signal::Arriving),
                "out" | "away" | "leaving" | "from" => Some(Signal::Leaving),
                _ => None,
            };
            self.put([Signal::Leaving, Signal::Arriving], said);
            self.recommends = overheard(&self.signals);
        }
        if let Some(recommends) = ruling.recommends {
            let said = if recommends { Signal::Recommends } else { Signal::WarnsOff };
            self.put([Signal::Recommends, Signal::WarnsOff], Some(said));
            self.recommends = Some(recommends);
        }
    }

    /// Takes out these signals and puts in the one that holds.
    fn put(&mut self, out: [Signal; 2], said: Option<Signal>) {
        self.signals.retain(|signal| !out.contains(signal));
        self.signals.extend(said);
        self.signals.sort_unstable();
    }

    /// Whether it says this too.
    pub fn says(&self, signal: Signal) -> bool {
        self.signals.contains(&signal)
    }

    /// Whether it asks something of the brand and is accepted as being about it. What the classifier
    /// is not sure of asks nothing until a person says so: it is looked at, nobody is woken up.
    pub fn asks(&self) -> bool {
        self.kind.speaks() && self.relevant && self.intent.asks() && !self.unsure
    }
}

/// Whether signals recommend the brand or warn off it. Announcing to leave counts against it (rule
/// E33); who warns and recommends in one breath is no recommendation.
fn overheard(signals: &[Signal]) -> Option<bool> {
    let says = |signal| signals.contains(&signal);
    if says(Signal::WarnsOff) || says(Signal::Leaving) {
        Some(false)
    } else {
        says(Signal::Recommends).then_some(true)
    }
}

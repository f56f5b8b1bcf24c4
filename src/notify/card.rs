//! What a mail shows about one case: who, where, since when, until when, in which words, and why it
//! was recognised.

use crate::model::{Author, CaseState, Intent, Reason, Severity, Time};
use crate::words::Words;

use super::clean;
use super::page::{Card, Item, Link, Tone};

/// Later than this after the post, "posted" and "seen" are both shown.
const LATE_SIGHT: i64 = 10 * Time::MINUTE;
const SNIPPET: usize = 400;
const LISTED_SNIPPET: usize = 110;

/// By which rule a deadline was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockRule {
    /// First reply, business time.
    FirstReply,
    /// A further reply, business time.
    NextReply,
    /// The ceiling of a severe case, on the wall clock.
    WallClock,
}

/// What is known about a person from their public contact with the brand, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonCard {
    /// Posts seen before this case.
    pub earlier: u64,
    /// Complaints among their earlier cases.
    pub complaints: u64,
    /// Praise among their earlier posts.
    pub praise: u64,
    /// The language they write in (ISO 639-1), if it differs from the reader's or is worth telling.
    pub language: Option<String>,
    /// How their last case before this one ended.
    pub last_case: Option<CaseState>,
}

/// One case, as the pipeline knows it when the mail is composed.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseCard {
    /// Its id.
    pub id: String,
    /// The platform.
    pub platform: String,
    /// Who asks.
    pub author: Option<Author>,
    /// What is asked.
    pub class: Intent,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub state: CaseState,
    /// When the oldest unanswered post was posted.
    pub opened_at: Time,
    /// When that was first seen here.
    pub seen_at: Time,
    /// The deadline.
    pub due_at: Time,
    /// How it was counted.
    pub rule: ClockRule,
    /// Business time from the post to now, or to the answer, in milliseconds.
    pub business: i64,
    /// Business time from the deadline to now, in milliseconds; 0 while it lies ahead.
    pub late: i64,
    /// When it was answered or ended.
    pub ended_at: Option<Time>,
    /// How often they asked without an answer.
    pub asks: u64,
    /// How many people take part in the thread.
    pub people: u64,
    /// Title of a review, article or forum post.
    pub title: Option<String>,
    /// Their words.
    pub text: Option<String>,
    /// Where it stands in public.
    pub permalink: Option<String>,
    /// Why it was recognised, strongest first.
    pub reasons: Vec<Reason>,
    /// Who they are to the brand.
    pub person: PersonCard,
    /// It could not be looked up again since then.
    pub unchecked_since: Option<Time>,
}

impl CaseCard {
    /// Whether the deadline has passed.
    pub(crate) fn is_overdue(&self) -> bool {
        matches!(self.state, CaseState::Overdue | CaseState::Lapsed)
    }

    pub(crate) fn tone(&self) -> Tone {
        match self.state {
            _ if self.severity == Severity::Severe && self.state.waits() => Tone::Urgent,
            CaseState::Overdue => Tone::Urgent,
            CaseState::AtRisk => Tone::Warning,
            CaseState::Open | CaseState::Lapsed => Tone::Calm,
            _ => Tone::Good,
        }
    }

    /// How they are called in one or two words: their handle, else their name.
    pub(crate) fn who(&self, words: Words) -> String {
        who(self.author.as_ref(), words)
    }

    /// Handle and name.
    pub(crate) fn full_name(&self, words: Words) -> String {
        let short = self.who(words);
        let name = self.author.as_ref().and_then(|a| a.name.as_deref()).map(|n| clean::line(n, 40));
        match name {
            Some(name) if !name.is_empty() && name != short => format!("{short} ({name})"),
            _ => short,
        }
    }

    pub(crate) fn words_of(&self, words: Words, limit: usize) -> String {
        let title = self.title.as_deref().map(|t| clean::line(t, 120)).unwrap_or_default();
        let text = self.text.as_deref().map(|t| clean::quote(t, limit)).unwrap_or_default();
        match (title.is_empty(), text.is_empty()) {
            (true, true) => words.no_text().to_owned(),
            (true, false) => text,
            (false, true) => title,
            (false, false) => format!("{title}: {text}"),
        }
    }

    /// The whole card of a case that waits.
    pub(crate) fn waiting(&self, words: Words, now: Time, is_new: bool) -> Card {
        let platform = platform_name(&self.platform);
        let mut badge = self.badge(words, now);
        if self.severity >= Severity::High {
            badge = format!("{badge} · {}", words.severity(self.severity));
        }
        if is_new {
            badge = format!("{badge} · {}", words.new_badge());
        }
        let rule = match self.rule {
            ClockRule::FirstReply => words.rule_first_reply(),
            ClockRule::NextReply => words.rule_next_reply(),
            ClockRule::WallClock => words.rule_wall_clock(),
        };
        let mut rows = self.times(words, now);
        let due = format!("{} ({rule})", words.moment(self.due_at));
        rows.push((words.due().to_owned(), due));
        rows.extend(self.person_row(words));
        rows.extend(self.thread_row(words));
        rows.extend(self.reasons_row(words));
        rows.push((words.case().to_owned(), clean::line(&self.id, 40)));
        Card {
            tone: self.tone(),
            badge,
            title: words.who_where(&self.full_name(words), &platform, self.class),
            quote: self.words_of(words, SNIPPET),
            rows,
            warning: self.unchecked_since.map(|since| words.unchecked(since)),
            link: Link::new(words.open_on(&platform), self.permalink.as_deref()),
        }
    }

    /// The card of a case that has ended.
    pub(crate) fn ended(&self, words: Words) -> Card {
        let platform = platform_name(&self.platform);
        let mut rows = vec![(words.posted().to_owned(), words.moment(self.opened_at))];
        if let Some(at) = self.ended_at {
            let is_answered = self.state == CaseState::Answered;
            let label = if is_answered { words.answered() } else { words.ended() };
            let wall = at.since(self.opened_at);
            let differs = (wall - self.business).abs() >= Time::MINUTE;
            let took = words.took(at, wall, differs.then_some(self.business));
            let verdict = words.in_time(at.since(self.due_at));
            let told = if is_answered { format!("{took}; {verdict}") } else { took };
            rows.push((label.to_owned(), told));
        }
        rows.push((words.case().to_owned(), clean::line(&self.id, 40)));
        // What its author took back is not quoted, whatever is still held.
        let is_deleted = self.state == CaseState::DeletedByAuthor;
        Card {
            tone: Tone::Good,
            badge: words.state(self.state).to_owned(),
            title: words.who_where(&self.full_name(words), &platform, self.class),
            quote: if is_deleted { String::new() } else { self.words_of(words, LISTED_SNIPPET) },
            rows,
            warning: None,
            link: Link::new(words.see_on(&platform), self.permalink.as_deref())
                .filter(|_| !is_deleted),
        }
    }

    /// One line in a list.
    pub(crate) fn listed(&self, words: Words, now: Time) -> Item {
        let platform = platform_name(&self.platform);
        let standing = if self.state.waits() {
            words.listed_case(&self.badge(words, now), now.since(self.opened_at))
        } else {
            words.state(self.state).to_owned()
        };
        let who = words.who_where(&self.who(words), &platform, self.class);
        let quote = words.quoted(&self.words_of(words, LISTED_SNIPPET));
        let label =
            if self.state.waits() { words.open_on(&platform) } else { words.see_on(&platform) };
        Item {
            standing: Some((self.tone(), standing)),
            lead: who,
            text: quote,
            link: Link::new(label, self.permalink.as_deref()),
        }
    }

    /// By how much it is late, in business time where the rule counts that and the two differ.
    fn badge(&self, words: Words, now: Time) -> String {
        let late = now.since(self.due_at);
        if !self.is_overdue() {
            return words.due_badge(self.state, -late);
        }
        let is_business = self.rule != ClockRule::WallClock && late - self.late >= Time::MINUTE;
        words.overdue_badge(if is_business { self.late } else { late }, is_business)
    }

    fn times(&self, words: Words, now: Time) -> Vec<(String, String)> {
        let posted = words.moment_ago(self.opened_at, now, self.business);
        let mut rows = vec![(words.posted().to_owned(), posted)];
        if self.seen_at.since(self.opened_at) > LATE_SIGHT {
            let seen = words.moment_after(self.seen_at, self.opened_at);
            rows.push((words.seen().to_owned(), seen));
        }
        rows
    }

    fn person_row(&self, words: Words) -> Option<(String, String)> {
        self.author.as_ref()?;
        let person = &self.person;
        let mut parts = vec![if person.earlier == 0 {
            words.first_contact().to_owned()
        } else {
            words.seen_before(person.earlier, person.complaints, person.praise)
        }];
        parts.extend(person.last_case.map(|state| words.last_case(state)));
        let language = person.language.as_deref().map(|code| clean::line(code, 12));
        parts.extend(
            language.filter(|c| c != words.language.code()).map(|code| words.writes_in(&code)),
        );
        Some((words.person().to_owned(), parts.join("; ")))
    }

    fn thread_row(&self, words: Words) -> Option<(String, String)> {
        let mut parts = Vec::new();
        if self.asks > 1 {
            parts.push(words.asked_times(self.asks));
        }
        if self.people > 2 {
            parts.push(words.people_in_thread(self.people));
        }
        (!parts.is_empty()).then(|| (words.thread().to_owned(), parts.join("; ")))
    }

    /// The strongest pieces of evidence, by what they speak for.
    fn reasons_row(&self, words: Words) -> Option<(String, String)> {
        const MOST: usize = 5;
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for reason in self.reasons.iter().take(MOST) {
            let meaning = words.speaks_for(&clean::line(&reason.speaks_for, 24));
            let found = words.quoted(&clean::line(&reason.found, 40));
            match groups.iter_mut().find(|(known, _)| *known == meaning) {
                Some((_, all)) if !all.contains(&found) => all.push(found),
                Some(_) => {}
                None => groups.push((meaning, vec![found])),
            }
        }
        let told: Vec<String> = groups
            .into_iter()
            .map(|(what, found)| format!("{what} ({})", found.join(", ")))
            .collect();
        (!told.is_empty()).then(|| (words.recognised().to_owned(), told.join(", ")))
    }
}

/// A person's handle, else their name, made harmless.
pub(crate) fn who(author: Option<&Author>, words: Words) -> String {
    let shown = author.and_then(|author| {
        let handle = author.handle.as_deref().map(|h| clean::line(h.trim_start_matches('@'), 40));
        let name = author.name.as_deref().map(|n| clean::line(n, 40));
        let handle = handle.filter(|h| !h.is_empty()).map(|h| format!("@{h}"));
        handle.or(name.filter(|n| !n.is_empty()))
    });
    shown.unwrap_or_else(|| words.somebody().to_owned())
}

/// The first few of these people, and how many more there are.
pub(crate) fn names(cards: &[&CaseCard], words: Words) -> String {
    const NAMED: usize = 2;
    let mut all: Vec<String> = Vec::new();
    for card in cards {
        let who = clean::line(&card.who(words), 20);
        if !all.contains(&who) {
            all.push(who);
        }
    }
    let more = all.len().saturating_sub(NAMED);
    // Naming a third takes no more room than counting one.
    if more > 1 {
        all.truncate(NAMED);
        all.push(words.and_more(more as u64));
    }
    words.list(&all)
}

/// How a platform writes itself.
pub(crate) fn platform_name(platform: &str) -> String {
    let known = match platform {
        "lemmy" => "Lemmy",
        "hackernews" | "hacker-news" => "Hacker News",
        "youtube" => "YouTube",
        "github" => "GitHub",
        "stackexchange" => "Stack Exchange",
        "gnusocial" => "GNU social",
        "rss" | "feed" | "feeds" => "RSS",
        "appstore" | "app-store" => "App Store",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let platform = clean::line(platform, 24);
    let mut letters = platform.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

//! A case: feedback that asks something of the brand, and what became of it.

use serde::{Deserialize, Serialize};

use super::{Author, Intent, Person, Ruling, Severity, Time};

/// When an answer is due, as fixed when the post was classified. A later change of policy does not
/// touch it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Where the clock started.
    pub from: Time,
    /// When at-risk notices begin.
    pub risk_at: Time,
    /// The deadline. An answer at exactly this time is in time.
    pub due_at: Time,
    /// The policy version it was computed with.
    pub policy: String,
}

/// One asking post of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The interaction's id on its platform.
    pub id: String,
    /// When it was posted.
    pub at: Time,
    /// What it asks.
    pub intent: Intent,
}

/// Whether the case counts in N(W) or only runs the next-reply clock (rule E21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseKind {
    /// Opened by an asking post.
    Asked,
    /// Something else said after an answer: open for alerts and the backlog, not in N.
    FollowUp,
}

/// The first public answer, or the mark that stands for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// When; never before the post it answers.
    pub at: Time,
    /// The answering interaction; `None` for a mark by a person (moved to a private channel).
    pub by: Option<String>,
}

/// How a case ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Its author deleted the post.
    DeletedByAuthor,
    /// A person closed it by hand.
    ResolvedByHand,
    /// A person said it is not for this brand; leaves N.
    NotForUs,
}

/// Where a case stands. At risk, overdue and lapsed are derived from the deadline and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Waiting, with time left.
    Open,
    /// Waiting, little time left.
    AtRisk,
    /// The deadline has passed.
    Overdue,
    /// Overdue for more than fourteen days.
    Lapsed,
    /// Answered in public.
    Answered,
    /// A person marked that it went on in private.
    MovedPrivate,
    /// Deleted by its author.
    DeletedByAuthor,
    /// Closed by hand.
    ResolvedByHand,
    /// Not for this brand.
    NotForUs,
}

impl CaseState {
    /// Every state, for help texts and filters.
    pub const ALL: [Self; 9] = [
        Self::Open,
        Self::AtRisk,
        Self::Overdue,
        Self::Lapsed,
        Self::Answered,
        Self::MovedPrivate,
        Self::DeletedByAuthor,
        Self::ResolvedByHand,
        Self::NotForUs,
    ];

    /// The word used in config, JSON, mails and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::AtRisk => "at_risk",
            Self::Overdue => "overdue",
            Self::Lapsed => "lapsed",
            Self::Answered => "answered",
            Self::MovedPrivate => "moved_private",
            Self::DeletedByAuthor => "deleted_by_author",
            Self::ResolvedByHand => "resolved_by_hand",
            Self::NotForUs => "not_for_us",
        }
    }

    /// Where a case stands at `now` that nobody has answered or ended.
    pub fn waiting(risk_at: Time, due_at: Time, now: Time) -> Self {
        if now.since(due_at) > Case::LAPSE {
            Self::Lapsed
        } else if due_at < now {
            Self::Overdue
        } else if risk_at <= now {
            Self::AtRisk
        } else {
            Self::Open
        }
    }

    /// Whether somebody still waits (lapsed included).
    pub fn waits(self) -> bool {
        matches!(self, Self::Open | Self::AtRisk | Self::Overdue | Self::Lapsed)
    }
}

/// What happened to a case. `what` is one of a small set of words, see `cases/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseEvent {
    /// When.
    pub at: Time,
    /// What: `opened`, `asked-again`, `answered`, `deleted`, `thanked`, `said-more`, `closed`,
    /// `not-for-us`, `moved-private`, `snoozed`, `acked`, `assigned`, `corrected`.
    pub what: String,
    /// The interaction that caused it, if one did.
    pub interaction: Option<String>,
    /// Who did it, if a person of the brand did.
    pub actor: Option<String>,
    /// A note, or the reason.
    pub note: Option<String>,
}

/// A case: the first unanswered asking post of one person in one thread, with what that person
/// added up to the answer (rules E15 to E26).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Short id for people, stable: derived from the post that opened it.
    pub id: String,
    /// Asked, or a follow-up.
    pub kind: CaseKind,
    /// The platform.
    pub platform: String,
    /// The thread it is in.
    pub thread: String,
    /// Who asks; `None` for an item without an author and after a deletion.
    pub person: Option<Person>,
    /// Their account, while it is kept.
    pub author: Option<Author>,
    /// Complaint if any asking post is one, else the class of the first.
    pub class: Intent,
    /// Severity; only rises.
    pub severity: Severity,
    /// The post that opened it.
    pub interaction: String,
    /// Its permalink.
    pub permalink: Option<String>,
    /// When the opening post was posted.
    pub opened_at: Time,
    /// When it was first seen here.
    pub seen_at: Time,
    /// Every asking post, in order.
    pub asks: Vec<Ask>,
    /// The earliest at-risk time over its asking posts.
    pub risk_at: Time,
    /// The earliest deadline over its asking posts.
    pub due_at: Time,
    /// The answer, if there is one.
    pub answer: Option<Answer>,
    /// The end without an answer, if there is one, and when.
    pub end: Option<(End, Time)>,
    /// Alerts about it are held until then.
    pub held_until: Option<Time>,
    /// Everything that happened, in order.
    pub events: Vec<CaseEvent>,
}

impl Case {
    /// How long after its deadline an unanswered case counts as lapsed (rule E25).
    pub const LAPSE: i64 = 14 * Time::DAY;
    /// For how long a case can be put off (ack, snooze), in milliseconds.
    pub const LONGEST_HOLD: i64 = 14 * Time::DAY;

    /// Where it stands at `now`.
    pub fn state(&self, now: Time) -> CaseState {
        if let Some((End::NotForUs, _)) = self.end {
            return CaseState::NotForUs;
        }
        if let Some(answer) = &self.answer {
            return if answer.by.is_some() { CaseState::Answered } else { CaseState::MovedPrivate };
        }
        match self.end {
            Some((End::DeletedByAuthor, _)) => return CaseState::DeletedByAuthor,
            Some((End::ResolvedByHand, _)) => return CaseState::ResolvedByHand,
            Some((End::NotForUs, _)) | None => {}
        }
        CaseState::waiting(self.risk_at, self.due_at, now)
    }
}

/// What a person did with a case or a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActKind {
    /// Closed by hand.
    Close,
    /// Not for this brand.
    NotForUs,
    /// Went on in a private channel.
    MovedPrivate,
    /// No alerts until then.
    Snooze(Time),
    /// Seen by somebody; alerts again after then.
    Ack(Time),
    /// Given to somebody.
    Assign(String),
    /// Said what the post is, whatever the classifier says.
    Correct(Box<Correction>),
}

/// What a person said about a post, and what was said of it before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The person's word. It is kept with the post as well, where it counts.
    pub ruling: Ruling,
    /// The intent in force before.
    pub was: Intent,
    /// The post had opened a case. If it opens none any more, that case is closed by this act.
    pub opened: bool,
    /// The classifier whose word was in force, if there was one.
    pub model: Option<String>,
}

impl Correction {
    /// What was said, in the words of the command line: `complaint -> question, severity high`.
    pub fn told(&self) -> String {
        let Ruling { intent, sentiment, relevant, severity, thanks, recommends, .. } = &self.ruling;
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        let mut all = Vec::new();
        match intent {
            Some(intent) if *intent != self.was => {
                all.push(format!("{} -> {}", self.was.word(), intent.word()));
            }
            Some(intent) => all.push(format!("{} confirmed", intent.word())),
            None => {}
        }
        all.extend(relevant.map(|is| if is { "about us" } else { "not about us" }.to_owned()));
        all.extend(severity.map(|severity| format!("severity {}", severity.word())));
        all.extend(sentiment.map(|sentiment| format!("sentiment {}", sentiment.word())));
        all.extend(thanks.map(|thanks| format!("thanks {}", yes(thanks))));
        all.extend(recommends.map(|recommends| format!("recommends {}", yes(recommends))));
        all.extend(self.ruling.aspects.as_ref().map(|a| format!("about {}", a.join(", "))));
        all.join(", ")
    }
}

/// One act by a person, filed under the post it was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The platform of the post.
    pub platform: String,
    /// The post: any post of the case.
    pub id: String,
    /// When.
    pub at: Time,
    /// What.
    pub kind: ActKind,
    /// Who: a login, an address, `cli`.
    pub actor: String,
    /// Why.
    pub note: Option<String>,
}

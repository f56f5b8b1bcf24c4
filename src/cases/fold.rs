//! The state of every conversation while a history is gone through: what each person has open,
//! and what becomes of it. The order of things is `replay`'s to find.

mod acts;

use std::collections::{BTreeMap, BTreeSet};

use super::{Policy, Threads, case_id};
use crate::calendar::Calendar;
use crate::model::{
    Answer, Ask, Case, CaseEvent, CaseKind, Deadline, End, Intent, Interaction, Person, Severity,
    Signal, Time,
};

/// Other people below a case from which on many take part.
const MANY: usize = 5;
/// Posts that are looked up from each one: in a thread deeper than that nobody overlooks the case.
const NEAR: usize = 64;

struct Draft {
    case: Case,
    voice: usize,
    rows: Vec<usize>,
    /// An asking post took its place (rule E21).
    replaced: bool,
    /// Other voices below it while it waits, as far as they matter.
    crowd: BTreeSet<usize>,
}

#[derive(Clone, Default)]
struct Talk {
    /// The case that waits.
    open: Option<usize>,
    /// The newest case, whatever became of it.
    last: Option<usize>,
    /// Cases that were asked and answered.
    answered: Vec<usize>,
}

pub(super) struct Fold<'t, 'h> {
    threads: &'t Threads<'h>,
    policy: &'t Policy,
    calendar: &'t Calendar,
    drafts: Vec<Draft>,
    /// What a person took out of the cases, by row: it is shown as not for us.
    dismissed: BTreeMap<usize, Case>,
    /// By voice.
    talks: Vec<Talk>,
    /// The case of a row.
    filed: Vec<Option<usize>>,
    /// By topmost row: how many voices of that tree wait.
    waiting: Vec<u32>,
    /// By thread, linear ones only: the voices that wait.
    in_line: Vec<BTreeSet<usize>>,
}

impl<'t, 'h> Fold<'t, 'h> {
    pub(super) fn new(
        threads: &'t Threads<'h>,
        policy: &'t Policy,
        calendar: &'t Calendar,
    ) -> Self {
        let rows = threads.order().len();
        Self {
            threads,
            policy,
            calendar,
            drafts: Vec::new(),
            dismissed: BTreeMap::new(),
            talks: vec![Talk::default(); threads.voices().len()],
            filed: vec![None; rows],
            waiting: vec![0; rows],
            in_line: vec![BTreeSet::new(); threads.threads()],
        }
    }

    /// All cases, in the order in which they were opened.
    pub(super) fn cases(self) -> Vec<Case> {
        let drafts = self.drafts.into_iter().filter(|d| !d.replaced).map(|d| d.case);
        if self.dismissed.is_empty() {
            return drafts.collect();
        }
        let mut all: Vec<Case> = drafts.chain(self.dismissed.into_values()).collect();
        all.sort_by_key(|case| case.opened_at);
        all
    }

    /// Whether anybody waits in a tree of rows.
    pub(super) fn is_waiting_in(&self, root: usize) -> bool {
        self.waiting[root] > 0
    }

    /// Who waits in a linear thread.
    pub(super) fn waiting_in_thread(&self, thread: usize) -> Vec<usize> {
        self.in_line[thread].iter().copied().collect()
    }

    /// Somebody said something.
    pub(super) fn post(&mut self, voice: usize, row: usize) {
        self.join_crowds(voice, row);
        let it = self.threads.row(row);
        if it.asks() {
            self.ask(voice, row);
        } else if it.thanks || it.intent == Intent::Praise {
            let talk = &self.talks[voice];
            match (talk.open, talk.last) {
                (Some(n), _) => self.take_in(n, row, "thanked"),
                (None, Some(n)) => self.tell(n, it.at, "thanked", Some(row)),
                (None, None) => {}
            }
        } else if let Some(n) = self.talks[voice].open {
            self.take_in(n, row, "said-more");
        } else if let Some(class) = self.answered_class(voice) {
            // Classes that were cases always have a deadline.
            let due = self.due(it, class);
            self.open(voice, row, CaseKind::FollowUp, class, due);
        }
    }

    /// Counts a voice among those who take part below other people's open cases: the reach of a case
    /// is who speaks there, not who might read it.
    fn join_crowds(&mut self, voice: usize, row: usize) {
        for above in self.threads.above(row).take(NEAR) {
            let Some(n) = self.filed[above] else { continue };
            let draft = &mut self.drafts[n];
            if draft.voice == voice || self.talks[draft.voice].open != Some(n) {
                continue;
            }
            if draft.crowd.len() < MANY && draft.crowd.insert(voice) && draft.crowd.len() == MANY {
                draft.case.severity = draft.case.severity.max(Severity::High);
            }
        }
    }

    fn ask(&mut self, voice: usize, row: usize) {
        let it = self.threads.row(row);
        let due = it.deadline.clone().or_else(|| self.due(it, it.intent));
        match self.talks[voice].open {
            Some(n) if self.drafts[n].case.kind == CaseKind::Asked => {
                let case = &mut self.drafts[n].case;
                case.asks.push(ask(it));
                case.severity = case.severity.max(severity(it));
                if it.intent == Intent::Complaint {
                    case.class = Intent::Complaint;
                }
                if let Some(due) = due {
                    case.risk_at = case.risk_at.min(due.risk_at);
                    case.due_at = case.due_at.min(due.due_at);
                }
                self.take_in(n, row, "asked-again");
            }
            Some(follow_up) => {
                self.end_wait(follow_up);
                self.drafts[follow_up].replaced = true;
                let n = self.open(voice, row, CaseKind::Asked, it.intent, due);
                self.inherit(n, follow_up);
            }
            None => {
                self.open(voice, row, CaseKind::Asked, it.intent, due);
            }
        }
    }

    /// Hands the rows and the past of a follow-up to the case that takes its place.
    fn inherit(&mut self, heir: usize, follow_up: usize) {
        let rows = std::mem::take(&mut self.drafts[follow_up].rows);
        let mut events = std::mem::take(&mut self.drafts[follow_up].case.events);
        for event in events.iter_mut().filter(|e| e.what == "opened") {
            event.what = "said-more".to_owned();
        }
        for &row in &rows {
            self.filed[row] = Some(heir);
        }
        let draft = &mut self.drafts[heir];
        draft.rows.extend(rows);
        events.append(&mut draft.case.events);
        draft.case.events = events;
    }

    fn open(
        &mut self,
        voice: usize,
        row: usize,
        kind: CaseKind,
        class: Intent,
        due: Option<Deadline>,
    ) -> usize {
        let it = self.threads.row(row);
        let who = &self.threads.voices()[voice];
        let mut case = self.begun(row, who.person, class, due);
        case.kind = kind;
        if kind == CaseKind::Asked {
            case.asks.push(ask(it));
        }
        let n = self.drafts.len();
        self.drafts.push(Draft {
            case,
            voice,
            rows: vec![row],
            replaced: false,
            crowd: BTreeSet::new(),
        });
        self.filed[row] = Some(n);
        self.talks[voice].open = Some(n);
        self.talks[voice].last = Some(n);
        for &root in &who.roots {
            self.waiting[root] += 1;
        }
        if self.threads.is_linear(who.thread) {
            self.in_line[who.thread].insert(voice);
        }
        self.tell(n, it.at, "opened", Some(row));
        n
    }

    /// A case that a row opens; nothing has happened in it yet.
    fn begun(
        &self,
        row: usize,
        person: Option<Person>,
        class: Intent,
        due: Option<Deadline>,
    ) -> Case {
        let it = self.threads.row(row);
        let (risk_at, due_at) = due.map_or((it.at, it.at), |d| (d.risk_at, d.due_at));
        Case {
            id: case_id(&it.platform, &it.id),
            kind: CaseKind::Asked,
            platform: it.platform.clone(),
            thread: self.threads.thread_id(self.threads.thread(row)).to_owned(),
            person,
            author: it.author.clone().filter(|_| person.is_some()),
            class,
            severity: severity(it),
            interaction: it.id.clone(),
            // The page is gone, and its address often holds the handle.
            permalink: it.url.clone().filter(|_| it.deleted_at.is_none()),
            opened_at: it.at,
            seen_at: it.seen_at,
            asks: Vec::new(),
            risk_at,
            due_at,
            answer: None,
            end: None,
            held_until: None,
            events: Vec::new(),
        }
    }

    /// Files one more row of the same person under a case.
    fn take_in(&mut self, n: usize, row: usize, what: &str) {
        let it = self.threads.row(row);
        let case = &mut self.drafts[n].case;
        if severity(it) >= Severity::High {
            case.severity = case.severity.max(severity(it));
        }
        if case.author.is_none() && case.person.is_some() {
            case.author.clone_from(&it.author);
        }
        self.drafts[n].rows.push(row);
        self.filed[row] = Some(n);
        self.tell(n, it.at, what, Some(row));
    }

    /// An own post answers somebody, if they wait.
    pub(super) fn answer(&mut self, voice: usize, own: usize, at: Time) {
        let Some(n) = self.talks[voice].open else { return };
        let row = self.threads.row(own);
        self.end_wait(n);
        self.settle(n, Answer { at, by: Some(row.id.clone()) });
        self.tell(n, at, "answered", Some(own));
        if row.moved_private {
            self.tell(n, at, "moved-private", Some(own));
        }
    }

    fn settle(&mut self, n: usize, answer: Answer) {
        let draft = &mut self.drafts[n];
        draft.case.answer = Some(answer);
        if draft.case.kind == CaseKind::Asked {
            self.talks[draft.voice].answered.push(n);
        }
    }

    /// The author deleted a row: credit for an answer stays, otherwise the case ends here.
    pub(super) fn delete(&mut self, row: usize, at: Time) {
        let Some(n) = self.filed[row] else { return };
        let case = &self.drafts[n].case;
        if case.answer.is_none() && case.end.is_none() {
            self.end(n, End::DeletedByAuthor, at);
        }
        self.tell(n, at, "deleted", Some(row));
    }

    fn end(&mut self, n: usize, end: End, at: Time) {
        self.end_wait(n);
        self.drafts[n].case.end = Some((end, at));
    }

    /// Takes a case off the lists of those that wait, if it is on them.
    fn end_wait(&mut self, n: usize) {
        let voice = self.drafts[n].voice;
        if self.talks[voice].open != Some(n) {
            return;
        }
        self.talks[voice].open = None;
        let who = &self.threads.voices()[voice];
        for &root in &who.roots {
            self.waiting[root] -= 1;
        }
        self.in_line[who.thread].remove(&voice);
    }

    fn tell(&mut self, n: usize, at: Time, what: &str, row: Option<usize>) {
        let interaction = row.map(|row| self.threads.row(row).id.clone());
        let event = CaseEvent { at, what: what.to_owned(), interaction, actor: None, note: None };
        self.drafts[n].case.events.push(event);
    }

    /// The class of the last case of this voice that was answered, if one was.
    fn answered_class(&self, voice: usize) -> Option<Intent> {
        let cases = self.talks[voice].answered.iter().rev().map(|&n| &self.drafts[n].case);
        cases.filter(|c| !matches!(c.end, Some((End::NotForUs, _)))).map(|c| c.class).next()
    }

    fn due(&self, row: &Interaction, class: Intent) -> Option<Deadline> {
        self.policy.deadline(self.calendar, class, row.safety, row.severity, row.at)
    }
}

fn ask(row: &Interaction) -> Ask {
    Ask { id: row.id.clone(), at: row.at, intent: row.intent }
}

/// Safety words are severe and repeated contact (I31) is high, unless a person has said how bad it
/// is.
fn severity(row: &Interaction) -> Severity {
    let ruled = row.ruling.as_ref().and_then(|r| r.severity);
    ruled.unwrap_or_else(|| {
        let heard = if row.says(Signal::Effort) { Severity::High } else { Severity::Low };
        row.severity.max(if row.safety { Severity::Severe } else { heard })
    })
}

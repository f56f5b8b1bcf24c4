//! Plays the morning and tells what the daemon makes of it, from what it has in its store.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use super::history::{self, ZONE, clock_of, local};
use super::morning::{self, Morning};
use super::stage::{BRAND_ID, Stage};
use super::teller::{Teller, Tone};
use crate::clock::Clock;
use crate::model::{Case, CaseState, Entry, Intent, Purpose, Record, Sending, Time};
use crate::store::BrandKey;
use crate::words::{Language, Words};

/// How long before the morning the daemon begins to catch up: it asks a server as slowly as any.
const HEAD_START: i64 = 150 * Time::MINUTE;
/// Steps of the clock in which every stream must have been read; about ten times what it takes.
const PATIENCE: u32 = 3_000;

/// Plays it all.
///
/// # Errors
/// If the daemon does not do what it should: then the demo has found a fault.
pub async fn play(stage: &Stage, morning: &Morning, teller: &mut Teller<'_>) -> Result<()> {
    read(stage, Time(1)).await?;
    stage.clock.jump(morning.live.plus(-HEAD_START));
    let told = "The daemon begins to read what was said so far, about one request a second.";
    teller.event(stage.clock.now(), told, Tone::Plain)?;
    read(stage, morning.live.plus(-HEAD_START)).await?;
    stage.clock.jump(morning.live);
    stage.settle().await?;
    let (_, key) = stage.running.office.brand(Some(BRAND_ID))?;
    let mut watch = Watch { stage, key, since: morning.live, mails: 0, cases: BTreeMap::new() };
    watch.tell_history(teller)?;
    while stage.clock.now() < morning.end {
        stage.step().await?;
        stage.settle().await?;
        watch.tell_cases(teller)?;
        watch.tell_mails(teller)?;
    }
    Ok(())
}

/// Lets the daemon run until every stream has been read to its end.
async fn read(stage: &Stage, since: Time) -> Result<()> {
    for _ in 0..PATIENCE {
        stage.settle().await?;
        if stage.is_read_since(since) {
            return Ok(());
        }
        stage.step().await?;
    }
    bail!("the simulated platform was not read to its end")
}

/// What has been told already.
struct Watch<'a> {
    stage: &'a Stage,
    key: BrandKey,
    since: Time,
    mails: usize,
    cases: BTreeMap<String, CaseState>,
}

impl Watch<'_> {
    fn tell_history(&self, teller: &mut Teller<'_>) -> Result<()> {
        let (mut rows, mut people, mut languages) = (0, BTreeSet::new(), BTreeSet::new());
        for record in self.stage.store.scan(self.key, Time(0)..Time(i64::MAX)) {
            let record = record?;
            refuse_private(&record)?;
            let Some(row) = record.latest() else { continue };
            rows += 1;
            if !row.own {
                people.extend(row.person);
                languages.extend(row.lang.filter(|_| row.text.is_some()));
            }
        }
        let told = format!(
            "{} days of history read: {rows} interactions of {} people in {} languages. A private \
             message was among them: it never reached the store.",
            history::DAYS,
            people.len(),
            languages.len()
        );
        teller.event(self.stage.clock.now(), &told, Tone::Plain)
    }

    fn tell_mails(&mut self, teller: &mut Teller<'_>) -> Result<()> {
        let mails = self.stage.store.mails()?;
        for Entry { message, sending, .. } in mails.iter().skip(self.mails) {
            let (what, tone) = match message.purpose {
                Purpose::Alert => ("ALERT", Tone::Alarm),
                Purpose::Resolved => ("RESOLVED", Tone::Good),
                Purpose::Digest(_) => ("DIGEST", Tone::Plain),
                Purpose::Source => ("SOURCE", Tone::Alarm),
                Purpose::Test => ("TEST", Tone::Plain),
            };
            let done = if *sending == Sending::Done { "mailed" } else { "written" };
            teller.event(message.at, &format!("{what} {done}: {}", message.subject), tone)?;
        }
        self.mails = mails.len();
        Ok(())
    }

    fn tell_cases(&mut self, teller: &mut Teller<'_>) -> Result<()> {
        let now = self.stage.clock.now();
        for case in self.stage.store.cases(self.key, self.since..Time(i64::MAX))? {
            let state = case.state(now);
            match self.cases.insert(case.id.clone(), state) {
                None => self.tell_opened(&case, teller)?,
                Some(known) if known != state => tell_change(&case, state, now, teller)?,
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn tell_opened(&self, case: &Case, teller: &mut Teller<'_>) -> Result<()> {
        let words = Words::new(Language::En, ZONE);
        let record = self.stage.store.record(self.key, &case.platform, &case.interaction)?;
        let post = record.and_then(|record| record.latest());
        let author = case.author.as_ref().and_then(|a| a.name.clone()).unwrap_or_default();
        let told = format!(
            "{author} posted a {} at {}. An answer is due at {} ({} of business time).",
            case.class.word(),
            clock_of(case.opened_at),
            clock_of(case.due_at),
            words.hours(history::hours().between(case.opened_at, case.due_at)),
        );
        teller.event(case.seen_at, &told, Tone::Plain)?;
        let Some(post) = post else { return Ok(()) };
        let Some(verdict) = post.verdict else { return Ok(()) };
        let foreign = verdict.lang.filter(|code| code != "en");
        if case.class != Intent::Complaint && foreign.is_none() {
            return Ok(());
        }
        if let Some(text) = &post.text {
            teller.detail(&format!("“{text}”"))?;
        }
        let class = case.class.word();
        let speaks =
            |reason: &&crate::model::Reason| reason.speaks_for == class && reason.weight > 0.0;
        let found: Vec<String> = verdict
            .reasons
            .iter()
            .filter(speaks)
            .map(|reason| format!("“{}”", reason.found))
            .collect();
        let language = foreign.map(|code| format!(" ({})", words.writes_in(&code)));
        if !found.is_empty() {
            let (language, found) = (language.unwrap_or_default(), found.join(", "));
            teller.detail(&format!("Taken for a {class}{language} because of: {found}."))?;
        }
        Ok(())
    }
}

fn tell_change(case: &Case, state: CaseState, now: Time, teller: &mut Teller<'_>) -> Result<()> {
    let words = Words::new(Language::En, ZONE);
    match (state, &case.answer) {
        (CaseState::Answered, Some(answer)) => {
            let late =
                if answer.at <= case.due_at { "in time, so nobody was alerted" } else { "late" };
            let told = format!(
                "The brand's answer of {} is seen, typed in its own app: {} after the {}, {late}.",
                clock_of(answer.at),
                words.span(answer.at.since(case.opened_at)),
                case.class.word(),
            );
            teller.event(now, &told, Tone::Good)
        }
        (CaseState::DeletedByAuthor, _) => {
            let told = format!(
                "The {} of {} was deleted by its author: text and name are gone here as well.",
                case.class.word(),
                clock_of(case.opened_at)
            );
            teller.event(now, &told, Tone::Plain)
        }
        // At risk and overdue are told by the mails they cause.
        _ => Ok(()),
    }
}

/// A private message in the store would be a fault that the demo must not hide.
fn refuse_private(record: &Record) -> Result<()> {
    let says = |text: &str| text.contains(history::PRIVATE) || text.contains(morning::PRIVATE);
    if record.versions.iter().any(|version| version.text.as_deref().is_some_and(says)) {
        bail!("a private message was stored: this is a fault of affinityd");
    }
    Ok(())
}

/// Where the clock stands when the daemon is started: so long before the morning.
pub fn first_start(day: chrono::NaiveDate) -> Time {
    local(day - chrono::Days::new(history::DAYS), 9, 0, 0)
}

//! Classifies the words of an interaction, and fixes when an answer to them is due.
//!
//! Each text is judged once, as of the reading that brought it (rule E22). What comes out does not
//! depend on the order in which readings came.

use super::ingest::Desk;
use super::merge::WORDLESS;
use crate::classify::Post;
use crate::model::{Deadline, Interaction, Record, Time, Verdict, Version};

/// How a post stands to the brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It speaks to the brand, or was once found to be about it.
    Speaks,
    /// It names the brand.
    Names,
    /// Neither.
    Neither,
}

/// Judges every text that is new. `is_late`: its clock runs from when it was first seen, not from
/// the time it claims.
pub fn judge(desk: Desk<'_>, record: &mut Record, standing: Standing, is_late: bool) {
    let (mut text, mut title) = (None, None);
    for nth in 0..record.versions.len() {
        let version = &mut record.versions[nth];
        let is_edit = learn(&mut text, &version.text) | learn(&mut title, &version.title);
        let says_nothing = [&text, &title].into_iter().flatten().all(|w| w.trim().is_empty());
        let is_repeat = !is_edit && (version.text.is_some() || version.title.is_some());
        if is_repeat {
            version.verdict = None;
            version.deadline = version.deadline.take().filter(|_| version.ruling.is_some());
        } else if version.verdict.is_none() {
            if is_edit && !says_nothing {
                version.verdict = Some(classify(desk, version, &text, &title, standing));
            } else if nth == 0 && says_nothing && standing == Standing::Neither {
                // Nothing was said, and nothing speaks for its being about the brand.
                version.verdict = Some(Verdict::empty(WORDLESS));
            }
        }
        let speaks_new = is_edit || version.ruling.is_some() || version.verdict.is_some();
        if speaks_new && version.deadline.is_none() {
            let so_far = record.after(nth + 1);
            record.versions[nth].deadline = so_far.and_then(|it| deadline_of(desk, &it, is_late));
        }
    }
}

/// Whether the clock of a known post, which says this now, runs from when it was seen.
pub fn was_late(known: &Record, it: &Interaction) -> bool {
    let fixed = known.versions.iter().find_map(|version| version.deadline.as_ref());
    fixed.is_some_and(|fixed| fixed.from == it.seen_at && it.seen_at != it.at)
}

/// Whether the classifier took a post for one that is not about the brand, and no person said so.
pub fn was_passed_over(it: &Interaction) -> bool {
    let said_by_person = it.ruling.as_ref().is_some_and(|r| r.relevant.is_some());
    !it.relevant && !said_by_person && it.verdict.as_ref().is_some_and(|v| v.scores.spam < 0.5)
}

/// The record without the classifier's words, so that it is judged anew.
pub fn unjudged(mut record: Record) -> Record {
    for version in &mut record.versions {
        version.verdict = None;
        version.deadline = None;
    }
    record
}

/// How a stored post stands to the brand, as far as that can still be told.
pub fn standing(desk: Desk<'_>, it: &Interaction) -> Standing {
    let was_taken = it.ruling.as_ref().is_some_and(|ruling| ruling.relevant == Some(true))
        || it.verdict.as_ref().is_some_and(|v| v.relevant || v.scores.relevant >= 0.5);
    let mut words = [&it.title, &it.text].into_iter().flatten();
    if words.any(|text| desk.brand.watch.matches(text).is_about()) {
        Standing::Names
    } else if was_taken {
        Standing::Speaks
    } else {
        Standing::Neither
    }
}

/// What the classifier says now about the words in force, as [`judge`] would have asked it; `None`
/// if no words are kept.
pub fn rejudge(desk: Desk<'_>, record: &Record, standing: Standing) -> Option<Verdict> {
    let (mut text, mut title) = (None, None);
    let mut told = None;
    for version in &record.versions {
        if learn(&mut text, &version.text) | learn(&mut title, &version.title) {
            told = Some(version);
        }
    }
    let says_nothing = [&text, &title].into_iter().flatten().all(|w| w.trim().is_empty());
    told.filter(|_| !says_nothing).map(|told| classify(desk, told, &text, &title, standing))
}

fn learn(known: &mut Option<String>, told: &Option<String>) -> bool {
    let is_new = told.is_some() && told != known;
    if is_new {
        known.clone_from(told);
    }
    is_new
}

fn classify(
    desk: Desk<'_>,
    version: &Version,
    text: &Option<String>,
    title: &Option<String>,
    standing: Standing,
) -> Verdict {
    desk.classifier.classify(&Post {
        text: text.as_deref().unwrap_or_default(),
        title: title.as_deref(),
        lang: version.lang.as_deref(),
        channel: None,
        watch: Some(&desk.brand.watch),
        addressed: standing != Standing::Neither,
        overheard: standing == Standing::Names,
        own: version.own,
    })
}

/// When an answer to a post is due by the present policy; `None` if it asks nothing.
pub fn deadline_of(desk: Desk<'_>, it: &Interaction, is_late: bool) -> Option<Deadline> {
    if !it.asks() || it.own {
        return None;
    }
    let from: Time = if is_late { it.seen_at } else { it.at };
    let brand = desk.brand;
    brand.policy.deadline(&brand.calendar, it.intent, it.safety, it.severity, from)
}

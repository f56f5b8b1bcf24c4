//! Takes a person's word about posts: it is kept with them, wins over the classifier, and changes
//! their cases in the same commit.

use anyhow::{Context, Result, bail};

use super::ingest::Desk;
use super::judge::{Standing, judge, was_late};
use super::page::Page;
use crate::cases::case_id;
use crate::model::{Act, ActKind, CaseKind, Correction, Interaction, Ruling, Time, Version};
use crate::store::Change;

/// Who says it, and why.
#[derive(Clone, Debug)]
pub struct Said {
    /// What.
    pub ruling: Ruling,
    /// Who: a login, `cli`.
    pub actor: String,
    /// Why.
    pub note: Option<String>,
}

/// A post before and after.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// As it was known before.
    pub before: Interaction,
    /// As it is known now.
    pub after: Interaction,
}

/// Keeps a person's word about these posts (platform, id): a reading that holds nothing but the
/// ruling, seen now, so that figures as of before stay what they were (rule E2), and an act that
/// tells who and why. The deadline is fixed anew for the class in force.
///
/// # Errors
/// If a post is not stored, is the brand's own or was deleted, or the store fails; nothing is kept
/// then.
pub fn correct(
    desk: Desk<'_>,
    posts: &[(String, String)],
    said: &Said,
    now: Time,
) -> Result<Vec<Corrected>> {
    let mut page = Page::new(desk, now)?;
    let mut before = Vec::new();
    for (platform, id) in posts {
        let mut record =
            page.record(platform, id)?.with_context(|| format!("{platform} {id} is not stored"))?;
        let known = record.latest().with_context(|| format!("{platform} {id} holds nothing"))?;
        if known.deleted_at.is_some() {
            bail!("its author has deleted {id}: there is nothing left to correct");
        }
        let is_own =
            known.own || known.person.is_some_and(|person| page.accounts.own.contains(&person));
        if is_own {
            bail!("{id} is a post of the brand: only what others say is classified");
        }
        let case = desk.store.case(desk.key, &case_id(platform, id))?;
        let act = Correction {
            ruling: said.ruling.clone(),
            was: known.intent,
            opened: case.is_some_and(|case| case.kind == CaseKind::Asked),
            model: known.verdict.as_ref().map(|verdict| verdict.model.clone()),
        };
        // Nothing is said before what it is said about, whatever the clocks do.
        let last = record.versions.last().map_or(now, |version| version.seen_at);
        let seen_at = now.max(last);
        let is_late = was_late(&record, &known);
        record.versions.push(Version {
            seen_at,
            created_at: known.created_at,
            ruling: Some(said.ruling.clone()),
            ..Version::default()
        });
        judge(desk, &mut record, Standing::Speaks, is_late);
        page.now = page.now.max(seen_at);
        page.put(record);
        page.acts.push(Act {
            platform: platform.clone(),
            id: id.clone(),
            at: seen_at,
            kind: ActKind::Correct(Box::new(act)),
            actor: said.actor.clone(),
            note: said.note.clone(),
        });
        before.push(known);
    }
    page.commit(Change::default())?;
    let mut all = Vec::new();
    for before in before {
        let record = desk.store.record(desk.key, &before.platform, &before.id)?;
        let after = record.and_then(|record| record.latest());
        all.push(Corrected { before, after: after.context("a post went while it was corrected")? });
    }
    Ok(all)
}

/// Whether a version tells nothing of a post, only what somebody or a classifier says about it.
pub(super) fn is_opinion(version: &Version) -> bool {
    let bare = Version {
        seen_at: version.seen_at,
        created_at: version.created_at,
        ruling: version.ruling.clone(),
        verdict: version.verdict.clone(),
        deadline: version.deadline.clone(),
        ..Version::default()
    };
    *version == bare
}

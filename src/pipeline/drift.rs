//! Counts the posts of a week and of the four before it, and asks whether they have changed.

use anyhow::Result;

use super::accounts;
use super::ingest::Desk;
use crate::classify::drift::{REFERENCE, Sight, drift as compare};
use crate::model::{Drift, Time};

/// Days of the week that is looked at, and of the time it is compared with.
const RECENT: i64 = 7 * Time::DAY;
const BEFORE: i64 = 28 * Time::DAY;

/// What has moved in the seven days before `to`, as known at `now`; only posts that the present
/// classifier has judged are compared.
///
/// # Errors
/// If the store cannot be read.
pub fn drift(desk: Desk<'_>, to: Time, now: Time) -> Result<Vec<Drift>> {
    let (recent, before) = sights(desk, to, now)?;
    Ok(compare(&recent, &before, &REFERENCE))
}

fn sights(desk: Desk<'_>, to: Time, now: Time) -> Result<(Sight, Sight)> {
    let Desk { store, key, .. } = desk;
    let own = accounts::without_bots(desk)?.own;
    let model = desk.classifier.model();
    let (mut recent, mut before) = (Sight::default(), Sight::default());
    for record in store.scan(key, to.plus(-RECENT - BEFORE)..to) {
        let Some(it) = record?.as_of(now) else { continue };
        let Some(verdict) = it.verdict.as_ref().filter(|v| v.model == model) else { continue };
        let is_own = it.own || it.person.is_some_and(|person| own.contains(&person));
        if is_own || it.bot || !it.kind.speaks() {
            continue;
        }
        let sight = if it.at < to.plus(-RECENT) { &mut before } else { &mut recent };
        sight.add(verdict.scores.needs_answer, verdict.lang.as_deref(), verdict.unsure);
    }
    Ok((recent, before))
}

//! Brings cases that wait up to what the configuration says now.
//!
//! An account that was listed as own or blocked, or a text as an automatic reply, after posts had
//! been stored changes who waits. Figures are made anew each time; what is kept is the cases, and
//! alerts go by these.

use anyhow::Result;
use xxhash_rust::xxh3::xxh3_64;

use super::ingest::Desk;
use super::page::Page;
use crate::model::{Case, Time};
use crate::store::Change;

/// Cases whose threads are found before they are replayed, each thread once. Whoever waits in two
/// such lots has theirs replayed twice, to the same end.
const AT_ONCE: usize = 200;

/// Replays every thread in which somebody waits, if the lists have changed since the last time.
pub fn refresh(desk: Desk<'_>, now: Time) -> Result<()> {
    let Desk { store, brand, key, .. } = desk;
    let lists = (&brand.own, &brand.blocked, &brand.auto_replies, desk.parented);
    let name = format!("lists/{}", brand.id);
    let print = format!("{:016x}", xxh3_64(format!("{lists:?}").as_bytes()));
    let known: Option<String> = store.value(&name)?;
    if known.as_ref() == Some(&print) {
        return Ok(());
    }
    // Nothing is mailed about what has lapsed. In order of opening: what lies side by side in the
    // store is replayed one after the other.
    let mut cases = store.each_open_case(key, now.plus(-Case::LAPSE)..)?.peekable();
    while cases.peek().is_some() {
        let mut groups = Vec::new();
        for case in cases.by_ref().take(AT_ONCE) {
            let case = case?;
            let record = store.record(key, &case.platform, &case.interaction)?;
            let group = record.map(|record| (record.platform, record.filed));
            groups.extend(group.filter(|group| !groups.contains(group)));
        }
        for group in groups {
            let mut page = Page::new(desk, now)?;
            page.touched.insert(group);
            page.commit(Change::default())?;
        }
    }
    let values = vec![(name, Some(serde_json::to_value(print)?))];
    store.commit(Change { values, ..Change::default() })?;
    Ok(())
}

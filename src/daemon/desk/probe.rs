//! Answers what a set of terms would catch of the posts that are stored.

use std::collections::HashSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Office;
use crate::classify::probe::{Probe, Trial};
use crate::model::{Record, Time};
use crate::store::{BrandKey, Store};

/// Rows that are looked at before the store may seal again.
const AT_ONCE: usize = 2_000;
/// Examples of a sort at most.
const MOST_EXAMPLES: usize = 100;

/// Tries terms on every stored post of a brand.
pub fn probe(
    office: &Office,
    brand: Option<&str>,
    trial: &Trial,
    examples: usize,
) -> Result<Value> {
    let (brand, key) = office.brand(brand)?;
    let present = brand.watch.config();
    let tried = trial.onto(present);
    let mut probe = Probe::new(&tried, present, examples.min(MOST_EXAMPLES));
    each_record(&office.store, key, |record| {
        let latest = record.latest().filter(|it| !it.own);
        match latest.as_ref().and_then(|it| it.text.as_deref()) {
            Some(text) => probe.take(latest.as_ref().and_then(|it| it.title.as_deref()), text),
            None => probe.pass_over(),
        }
    })?;
    let mut answer = serde_json::to_value(probe.report()).context("writing the figures")?;
    answer["brand"] = json!(brand.id);
    Ok(answer)
}

/// Every row of a brand, a stretch at a time: while rows are being read none is sealed.
fn each_record(store: &Store, key: BrandKey, mut each: impl FnMut(Record)) -> Result<()> {
    let mut from = Time(i64::MIN);
    // Rows of the moment at which the last stretch ended.
    let mut told: HashSet<(String, String)> = HashSet::new();
    loop {
        let mut seen = 0;
        let mut is_over = true;
        for record in store.scan(key, from..Time(i64::MAX)) {
            let record = record.context("reading the posts")?;
            if record.key_at > from {
                if seen >= AT_ONCE {
                    is_over = false;
                    break;
                }
                from = record.key_at;
                told.clear();
            }
            if told.insert((record.platform.clone(), record.id.clone())) {
                seen += 1;
                each(record);
            }
        }
        if is_over {
            return Ok(());
        }
    }
}

//! Answers that label history anew, one batch a call, so that a daemon does its work in between.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Office, numbers};
use crate::model::Time;
use crate::pipeline::{self, Cursor};

/// Labels the next batch of the first brand that is not done; `brand` is null when all are. With
/// `trial` nothing is written, and the caller keeps the cursor.
pub fn reclassify(
    office: &Office,
    brand: Option<&str>,
    since: Option<&str>,
    trial: Option<Value>,
    done: &[String],
) -> Result<Value> {
    let ids: Vec<&String> = match brand {
        Some(_) => vec![&office.brand(brand)?.0.id],
        None => office.brands.keys().collect(),
    };
    let Some(id) = ids.into_iter().find(|id| !done.contains(id)) else {
        return Ok(json!({ "brand": null }));
    };
    let (named, key) = office.brand(Some(id))?;
    let desk = office.desk(id)?;
    let now = office.clock.now();
    let since = since.map(|text| numbers::moment(office, named, Some(text))).transpose()?;
    let since = since.unwrap_or(Time(0));
    let is_trial = trial.is_some();
    let relabelled = {
        // What a batch is made from must still be so when it is committed.
        let _turn = (!is_trial).then(|| office.turn());
        let cursor: Cursor = match trial {
            Some(cursor) if !cursor.is_null() => {
                serde_json::from_value(cursor).context("the place where the trial goes on")?
            }
            Some(_) => Cursor::start(office.classifier.model(), since, now),
            None => pipeline::reclassify_from(desk, since, now)?,
        };
        pipeline::reclassify(desk, cursor, is_trial, now)?
    };
    if !is_trial {
        office.swept.notify_one();
    }
    let mut answer = serde_json::to_value(&relabelled)?;
    answer["brand"] = json!(id);
    answer["stored"] = json!(office.store.rows(key)?);
    Ok(answer)
}

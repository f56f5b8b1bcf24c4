//! Answers that change or check the store: import, verify, erase, poll now, release of held mail.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Office;
use crate::interchange::{self, Format, Mapping};
use crate::pipeline::{self, Batch, Ingested};

/// A piece of a file that is being imported.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// The format's word.
    pub format: &'a str,
    /// `field=column` pairs, for csv.
    pub map: &'a [String],
    /// The piece.
    pub text: &'a str,
    /// Lines of the file before it.
    pub skipped: u64,
    /// Stop at the first bad line.
    pub strict: bool,
}

/// The most bad lines that are told one by one.
const MOST_TOLD: usize = 50;

/// Takes a piece of history in. Bad lines are told with their numbers and left out.
pub fn import(office: &Office, brand: Option<&str>, piece: Piece<'_>) -> Result<Value> {
    let format = Format::of(piece.format)
        .with_context(|| format!("there is no format `{}`", piece.format))?;
    let mapping = Mapping::parse(piece.map).map_err(anyhow::Error::msg)?;
    let now = office.clock.now();
    let mut total = Ingested::default();
    let mut bad = 0_u64;
    let mut told = Vec::new();
    let mut waiting: std::collections::BTreeMap<String, Batch> = std::collections::BTreeMap::new();
    if let Some(brand) = brand {
        office.brand(Some(brand))?;
    }
    for line in interchange::readings(format, piece.text.as_bytes(), &mapping) {
        let (number, line) = match line {
            Ok((number, line)) => (number, Ok(line)),
            Err((number, error)) => (number, Err(error)),
        };
        let number = number + piece.skipped;
        let outcome = line.map_err(|e| e.to_string()).and_then(|line| {
            let named = line.brand.as_deref().or(brand);
            let (brand, _) = office.brand(named).map_err(|e| format!("{e:#}"))?;
            Ok((brand.id.clone(), line.reading))
        });
        match outcome {
            Ok((brand, mut reading)) => {
                reading.seen_at = reading.seen_at.or(reading.created_at).or(reading.deleted_at);
                let batch = waiting.entry(brand).or_default();
                batch.addressed = true;
                batch.readings.push(reading);
            }
            Err(said) => {
                bad += 1;
                if told.len() < MOST_TOLD {
                    told.push(json!({ "line": number, "said": said }));
                }
                if piece.strict {
                    break;
                }
            }
        }
    }
    if !(piece.strict && bad > 0) {
        let _turn = office.turn();
        for (brand, batch) in waiting {
            let done = pipeline::ingest(office.desk(&brand)?, &batch, now);
            total.add(done.with_context(|| format!("importing for brand `{brand}`"))?);
        }
        // Room that open rows take once is never given back, so history is sealed as it comes. What
        // does not work now is done in idle time.
        if let Err(error) = office.store.seal_all() {
            tracing::error!("older interactions not packed: {error}");
        }
        office.swept.notify_one();
    }
    Ok(json!({
        "new": total.new,
        "changed": total.changed,
        "known": total.known,
        "dropped": total.dropped,
        "cases_opened": total.opened,
        "bad": bad,
        "bad_lines": told,
        "stopped": piece.strict && bad > 0,
    }))
}

/// Compares what is kept twice.
pub fn verify(office: &Office) -> Result<Value> {
    let mut all = Vec::new();
    let mut rows = 0;
    for (id, (_, key)) in &office.brands {
        let report = office.store.verify(*key, &mut |_| {})?;
        rows += report.rows;
        all.extend(report.differences.into_iter().map(|d| format!("{id}: {d}")));
    }
    Ok(json!({ "interactions": rows, "clean": all.is_empty(), "differences": all }))
}

/// Erases a person for good.
pub fn erase(office: &Office, brand: Option<&str>, platform: &str, author: &str) -> Result<Value> {
    let (brand, key) = office.brand(brand)?;
    let done = office.store.erase(key, platform, author)?;
    if done.persons == 0 {
        bail!("nobody called `{author}` is stored for brand `{}` on {platform}", brand.id);
    }
    tracing::info!(brand = %brand.id, %platform, interactions = done.rows, "a person was erased");
    Ok(json!({
        "persons": done.persons,
        "interactions": done.rows,
        "cases": done.cases,
        "mails_withdrawn": done.mails,
    }))
}

/// Polls at once.
pub fn poll(office: &Office, account: Option<&str>) -> Result<Value> {
    if office.wakers.is_empty() {
        bail!("the daemon does not run, so there is nobody to poll: `systemctl start affinityd`");
    }
    let mut woken = Vec::new();
    for (name, wake) in &office.wakers {
        if account.is_none_or(|wanted| wanted == name) {
            wake.notify_one();
            woken.push(name);
        }
    }
    if woken.is_empty() {
        let all: Vec<&str> = office.wakers.keys().map(String::as_str).collect();
        bail!(
            "there is no account `{}`; there are: {}",
            account.unwrap_or_default(),
            all.join(", ")
        );
    }
    Ok(json!({ "polling": woken }))
}

/// Lets held mail go.
pub fn release(office: &Office) -> Result<Value> {
    let released = office.store.release_mail()?;
    Ok(json!({ "released": released }))
}

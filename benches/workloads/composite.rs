//! What the work costs at least: the same pages, read by a program that does nothing but what cannot
//! be left out. Fetch, parse into types, weigh n-grams, drop what is known, store, flush each page.
//!
//! It keeps no threads, cases, counts or verdicts, gives no reasons, and says nothing of crashes.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::process::own_cpu;

#[derive(Deserialize)]
struct Note {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    account: Account,
    status: Status,
}

#[derive(Deserialize)]
struct Account {
    acct: String,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    uri: String,
    url: Option<String>,
    created_at: String,
    content: String,
    account: Account,
}

/// Weights of hashed features: words up to three in a row, and letters three to five within a word.
#[derive(Default)]
struct Weigher {
    counts: HashMap<u32, f32>,
    lower: String,
}

impl Weigher {
    fn weigh(&mut self, text: &str, weights: &[f32]) -> f32 {
        self.counts.clear();
        self.lower.clear();
        self.lower.extend(text.chars().flat_map(char::to_lowercase));
        let mut words: Vec<&str> = Vec::new();
        let mut rest = self.lower.as_str();
        while let Some(start) = rest.find(char::is_alphanumeric) {
            rest = &rest[start..];
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            words.push(&rest[..end]);
            rest = &rest[end..];
        }
        let place = |word: &str| word.as_ptr() as usize - self.lower.as_ptr() as usize;
        let mut count = |bytes: &[u8]| {
            let feature = (xxh3_64(bytes) % weights.len() as u64) as u32;
            *self.counts.entry(feature).or_default() += 1.0;
        };
        let all = self.lower.as_bytes();
        for (at, word) in words.iter().enumerate() {
            for last in words[at..].iter().take(3) {
                count(&all[place(word)..place(last) + last.len()]);
            }
            for length in 3..=5 {
                word.as_bytes().windows(length).for_each(&mut count);
            }
        }
        self.counts.iter().map(|(feature, n)| weights[*feature as usize] * n).sum()
    }
}

/// Reads so many blocks from a port into a new database; gives the CPU seconds.
pub fn ingest(port: u16, blocks: u64, dir: &Path) -> Result<f64> {
    let (runtime, client) = tools()?;
    let begun = own_cpu();
    let db = sled::Config::new().path(dir).flush_every_ms(None).open()?;
    let (mut weigher, weights) = (Weigher::default(), vec![0.01_f32; 1 << 19]);
    for block in 0..blocks {
        let body = runtime.block_on(fetch(&client, port, &format!("block?b={block}")))?;
        let notes: Vec<Note> = serde_json::from_slice(&body)?;
        for note in notes {
            let status = &note.status;
            let key = match note.kind.as_str() {
                "mention" => status.uri.clone(),
                kind => format!("{kind}:{}:{}", note.id, status.uri),
            };
            if db.contains_key(&key)? {
                continue;
            }
            let weight = weigher.weigh(&status.content, &weights);
            let url = status.url.as_deref().unwrap_or_default();
            let row = format!(
                "{}\0{}\0{}\0{}\0{url}\0{}\0{weight}",
                status.id,
                status.created_at,
                status.account.acct,
                note.account.acct,
                status.content
            );
            db.insert(key, row.as_bytes())?;
        }
        db.flush()?;
    }
    Ok(own_cpu() - begun)
}

/// Reads and parses a feed so often over one connection; gives the CPU seconds of one time.
pub fn get(port: u16, times: u64) -> Result<f64> {
    let (runtime, client) = tools()?;
    let begun = own_cpu();
    for _ in 0..times {
        let body = runtime.block_on(fetch(&client, port, "feed?n=100&as=changed"))?;
        feed_rs::parser::parse(&body[..]).context("the feed")?;
    }
    Ok((own_cpu() - begun) / times as f64)
}

fn tools() -> Result<(tokio::runtime::Runtime, reqwest::Client)> {
    affinityd::http::install_provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok((runtime, reqwest::Client::builder().no_proxy().build()?))
}

async fn fetch(client: &reqwest::Client, port: u16, path: &str) -> Result<Vec<u8>> {
    let reply = client.get(format!("http://127.0.0.1:{port}/{path}")).send().await?;
    Ok(reply.error_for_status()?.bytes().await?.to_vec())
}

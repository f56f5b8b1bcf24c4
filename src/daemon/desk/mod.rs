//! What the command line can ask for, and the answers: the same whether the daemon gives them over
//! its socket or the command line opens the store itself.

mod cases;
mod corrections;
mod measure;
mod numbers;
mod probe;
mod relabel;
mod status;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::health::Board;
use super::worker::Worker;
use crate::classify::Classifier;
use crate::classify::probe::Trial;
use crate::clock::Clock;
use crate::config::Config;
use crate::mail::{CourierState, Letterhead};
use crate::model::{Capabilities, Reach, Ruling, SourceState, Time};
use crate::notify::Coverage;
use crate::pipeline::{self, Brand};
use crate::settings::nearest;
use crate::store::{BrandKey, Change, Retention, Store};

/// One thing asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case")]
pub enum Call {
    /// How everything is.
    Status,
    /// A list of cases.
    Cases {
        /// Of this brand only.
        brand: Option<String>,
        /// In this state only; `waiting` is every state in which somebody waits.
        state: Option<String>,
        /// As known then: a date or a time.
        as_of: Option<String>,
    },
    /// One case with its posts.
    Case {
        /// Its id.
        id: String,
    },
    /// Something a person did with a case.
    Act {
        /// The case.
        id: String,
        /// `close`, `not-for-us`, `moved-private`, `snooze`, `ack`, `assign`.
        what: String,
        /// Until when, or to whom.
        argument: Option<String>,
        /// Why.
        note: Option<String>,
        /// Who.
        actor: String,
    },
    /// What a person says a post is.
    Correct {
        /// A case (all its asking posts) or a post.
        id: String,
        /// Of this brand only.
        brand: Option<String>,
        /// On this platform only.
        platform: Option<String>,
        /// What it is.
        ruling: Ruling,
        /// Why.
        note: Option<String>,
        /// Who.
        actor: String,
    },
    /// The posts that wait for a look, because the classifier was not sure.
    Review {
        /// Of this brand only.
        brand: Option<String>,
        /// So many posts drawn at random to be checked, in place of those.
        sample: Option<usize>,
    },
    /// How the classifier does where people have said what is so.
    Measure {
        /// Of this brand.
        brand: Option<String>,
    },
    /// The panel of indicators.
    Indicators {
        /// Of this brand.
        brand: Option<String>,
        /// Days of the window.
        days: u32,
        /// As known then.
        as_of: Option<String>,
    },
    /// What is behind one indicator.
    Explain {
        /// Its id, with or without a part: `I12` or `I12.median_wall`.
        id: String,
        /// Of this brand.
        brand: Option<String>,
        /// Days of the window.
        days: u32,
        /// As known then.
        as_of: Option<String>,
    },
    /// The digest that would be sent.
    Digest {
        /// Of this brand.
        brand: Option<String>,
        /// As known then.
        as_of: Option<String>,
    },
    /// A piece of a file to take in.
    Import {
        /// For lines that name no brand.
        brand: Option<String>,
        /// `jsonl`, `csv`, `twcs`.
        format: String,
        /// `field=column` pairs.
        map: Vec<String>,
        /// The piece; a csv piece has its header.
        text: String,
        /// The number of its first line, less one.
        skipped: u64,
        /// Stop at the first bad line.
        strict: bool,
    },
    /// What other terms would catch of the stored posts.
    ProbeTerms {
        /// Of this brand.
        brand: Option<String>,
        /// The terms.
        trial: Trial,
        /// Sample posts of each sort.
        examples: usize,
    },
    /// Compare roll-ups, counters and indexes with the interactions.
    Verify,
    /// Erase a person for good.
    Erase {
        /// Of this brand.
        brand: Option<String>,
        /// The platform.
        platform: String,
        /// Author id or handle.
        author: String,
    },
    /// Label the next batch of history with the present classifier.
    Reclassify {
        /// Of this brand only.
        brand: Option<String>,
        /// Posts from this date or time on only.
        since: Option<String>,
        /// Where a trial goes on; nothing is written. `Null` begins one.
        trial: Option<Value>,
        /// Brands that are done.
        done: Vec<String>,
    },
    /// Poll now.
    Poll {
        /// This account only.
        account: Option<String>,
    },
    /// Send the mail that was held after a restore.
    Release,
}

/// An account as the answers need it.
#[derive(Clone, Debug)]
pub struct AccountFacts {
    /// Its name.
    pub name: String,
    /// Its platform.
    pub platform: String,
    /// Its brand.
    pub brand: String,
    /// What it can tell.
    pub capabilities: Capabilities,
    /// Its streams.
    pub streams: Vec<String>,
}

/// Everything an answer is made from.
pub struct Office {
    /// The store.
    pub store: Store,
    /// The classifier.
    pub classifier: Classifier,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The brands with their keys.
    pub brands: BTreeMap<String, (Arc<Brand>, BrandKey)>,
    /// The accounts.
    pub accounts: Vec<AccountFacts>,
    /// Platforms whose replies carry their parents.
    pub parented: BTreeSet<String>,
    /// How the sources are doing.
    pub board: Board,
    /// Told after each commit that changed something.
    pub swept: Notify,
    /// Polls an account at once; empty when no daemon runs.
    pub wakers: BTreeMap<String, Arc<Notify>>,
    /// When this process began.
    pub started_at: Time,
    /// Told when mail was put into the outbox.
    pub post: Arc<Notify>,
    /// Told when the store may have stopped taking writes.
    pub doubt: Notify,
    /// Why the store takes no more writes, once it does not: it must be opened again.
    pub broken: watch::Sender<Option<String>>,
    /// Takes pages in, sweeps, and packs older rows.
    pub worker: Worker,
    /// See [`Office::turn`].
    pages: Mutex<()>,
    /// How the courier is doing; `None` when no daemon runs.
    courier: Mutex<Option<watch::Receiver<CourierState>>>,
    /// What stands on every mail.
    pub letterhead: Letterhead,
    /// How long what is kept.
    pub retention: Retention,
    /// The domain of the sender, for Message-IDs.
    pub mail_domain: String,
}

impl Office {
    /// Furnishes an office: brands get their keys, sources are put on the board as they were left.
    ///
    /// # Errors
    /// If the store fails.
    pub fn new(store: Store, config: &Config, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut brands = BTreeMap::new();
        for brand in &config.brands {
            let key = store.brand(&brand.id, brand.zone).context("enlisting a brand")?;
            brands.insert(brand.id.clone(), (Arc::new(brand.clone()), key));
        }
        let board = Board::default();
        let mut accounts = Vec::new();
        for (account, brand) in &config.accounts {
            let streams: Vec<String> =
                account.connector.streams().into_iter().map(|s| s.name).collect();
            for stream in &streams {
                let state = store.source(&account.name, stream)?;
                let mark = store.mark(&account.name, stream)?.unwrap_or_default();
                board.enlist(&account.name, stream, state, mark);
            }
            accounts.push(AccountFacts {
                name: account.name.clone(),
                platform: account.platform.to_owned(),
                brand: brand.clone(),
                capabilities: account.connector.capabilities(),
                streams,
            });
        }
        Ok(Self {
            started_at: clock.now(),
            parented: config.parented(),
            wakers: BTreeMap::new(),
            swept: Notify::new(),
            classifier: Classifier::new(),
            post: Arc::default(),
            doubt: Notify::new(),
            broken: watch::Sender::default(),
            worker: Worker::new().context("starting a worker")?,
            pages: Mutex::default(),
            courier: Mutex::default(),
            mail_domain: config.mail.head.from.email.domain().to_owned(),
            letterhead: config.mail.head.clone(),
            retention: config.store.retention.clone(),
            store,
            clock,
            brands,
            accounts,
            board,
        })
    }

    /// The turn to take a page in. What a page is made from must still be so when it is committed:
    /// a question and its answer that came in side by side would not see each other.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A courier has begun its work.
    pub fn hire(&self, courier: watch::Receiver<CourierState>) {
        *self.courier.lock().unwrap_or_else(PoisonError::into_inner) = Some(courier);
    }

    /// How the courier is doing; `None` when no daemon runs.
    pub fn courier(&self) -> Option<CourierState> {
        let courier = self.courier.lock().unwrap_or_else(PoisonError::into_inner);
        courier.as_ref().map(|state| state.borrow().clone())
    }

    /// What ingest needs for a brand.
    ///
    /// # Errors
    /// If there is no such brand.
    pub fn desk(&self, brand: &str) -> Result<pipeline::Desk<'_>> {
        let (brand, key) = self.brand(Some(brand))?;
        Ok(pipeline::Desk {
            store: &self.store,
            classifier: &self.classifier,
            brand,
            key,
            parented: &self.parented,
        })
    }

    /// The brand of that id, or the only one.
    ///
    /// # Errors
    /// If there is none of that id, or there are several and none is named.
    pub fn brand(&self, id: Option<&str>) -> Result<(&Brand, BrandKey)> {
        let all: Vec<&str> = self.brands.keys().map(String::as_str).collect();
        match id {
            Some(id) => match self.brands.get(id) {
                Some((brand, key)) => Ok((brand, *key)),
                None => match nearest(id, all.iter().copied()) {
                    Some(near) => bail!("there is no brand `{id}`; did you mean `{near}`?"),
                    None => bail!("there is no brand `{id}`; configured are: {}", all.join(", ")),
                },
            },
            None if self.brands.len() == 1 => {
                let (brand, key) = self.brands.values().next().context("one brand")?;
                Ok((brand, *key))
            }
            None => {
                bail!("there are several brands: add `--brand` with one of: {}", all.join(", "))
            }
        }
    }

    /// Whether there is too little room to take anything in.
    pub fn disk_is_low(&self) -> bool {
        let has_reserve =
            self.store.free_bytes().map_or(true, |free| free >= self.store.low_disk_bytes());
        !has_reserve || self.store.has_room().is_err()
    }

    /// Platforms on which an answer to this brand's feedback could be seen.
    pub fn readable(&self, brand: &str) -> BTreeSet<String> {
        self.accounts
            .iter()
            .filter(|a| a.brand == brand && a.capabilities.answers != Reach::No)
            .map(|a| a.platform.clone())
            .collect()
    }

    /// What was read and what was not, for a brand's digest.
    pub fn coverage(&self, brand: &str) -> Vec<Coverage> {
        let now = self.clock.now();
        self.board
            .sources()
            .into_iter()
            .filter_map(|(state, mark)| {
                let facts =
                    self.accounts.iter().find(|a| a.name == state.account && a.brand == brand)?;
                Some(Coverage {
                    is_silent: is_silent(&state, now),
                    account: state.account,
                    platform: facts.platform.clone(),
                    stream: state.stream,
                    health: state.health,
                    read_until: mark.end_at,
                    gaps: mark.gaps,
                    trouble: state.trouble,
                    last_found_at: state.last_found_at,
                    can: facts.capabilities,
                })
            })
            .collect()
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// If the store fails.
    pub fn keep(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let values = vec![(name.to_owned(), Some(serde_json::to_value(value)?))];
        self.store.commit(Change { values, ..Change::default() }).context("keeping a value")
    }

    /// Keeps how every source is doing and how far it was read.
    ///
    /// # Errors
    /// If the store fails.
    pub fn save_sources(&self) -> Result<()> {
        for chunk in self.board.sources().chunks(100) {
            let mut change = Change::default();
            for (state, mark) in chunk {
                let place = (state.account.clone(), state.stream.clone(), mark.clone());
                change.marks.push(place);
                change.sources.push(state.clone());
            }
            self.store.commit(change).context("keeping the sources' states")?;
        }
        Ok(())
    }

    /// Keeps a source's state.
    ///
    /// # Errors
    /// If the store fails.
    pub fn save_source(&self, state: &SourceState) -> Result<()> {
        let change = Change { sources: vec![state.clone()], ..Change::default() };
        self.store.commit(change).context("keeping a source's state")
    }
}

/// Whether a source that used to find things has found nothing for a fortnight.
fn is_silent(state: &SourceState, now: Time) -> bool {
    state.last_found_at.is_some_and(|at| now.since(at) > 14 * Time::DAY)
}

/// Answers one call.
///
/// # Errors
/// What is wrong with the call, or with the store.
pub fn answer(office: &Office, call: Call) -> Result<Value> {
    match call {
        Call::Status => status::status(office),
        Call::Cases { brand, state, as_of } => {
            cases::list(office, brand.as_deref(), state.as_deref(), as_of.as_deref())
        }
        Call::Case { id } => cases::show(office, &id),
        Call::Act { id, what, argument, note, actor } => {
            cases::act(office, &id, &what, argument.as_deref(), note, actor)
        }
        Call::Correct { id, brand, platform, ruling, note, actor } => {
            let (brand, platform) = (brand.as_deref(), platform.as_deref());
            let named = corrections::Named { id: &id, brand, platform };
            corrections::correct(office, named, &pipeline::Said { ruling, actor, note })
        }
        Call::Review { brand, sample: None } => corrections::review(office, brand.as_deref()),
        Call::Review { brand, sample: Some(n) } => measure::draw(office, brand.as_deref(), n),
        Call::Measure { brand } => measure::measure(office, brand.as_deref()),
        Call::Indicators { brand, days, as_of } => {
            numbers::indicators(office, brand.as_deref(), days, as_of.as_deref())
        }
        Call::Explain { id, brand, days, as_of } => {
            numbers::explain(office, &id, brand.as_deref(), days, as_of.as_deref())
        }
        Call::Digest { brand, as_of } => {
            numbers::digest(office, brand.as_deref(), as_of.as_deref())
        }
        Call::Import { brand, format, map, text, skipped, strict } => {
            let piece = upkeep::Piece { format: &format, map: &map, text: &text, skipped, strict };
            upkeep::import(office, brand.as_deref(), piece)
        }
        Call::ProbeTerms { brand, trial, examples } => {
            probe::probe(office, brand.as_deref(), &trial, examples)
        }
        Call::Verify => upkeep::verify(office),
        Call::Erase { brand, platform, author } => {
            upkeep::erase(office, brand.as_deref(), &platform, &author)
        }
        Call::Reclassify { brand, since, trial, done } => {
            relabel::reclassify(office, brand.as_deref(), since.as_deref(), trial, &done)
        }
        Call::Poll { account } => upkeep::poll(office, account.as_deref()),
        Call::Release => upkeep::release(office),
    }
}

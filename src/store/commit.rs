//! One change of the store: everything that belongs together, written at once or not at all.

use super::codec;
use super::draft::Draft;
use super::engine::Space;
use super::error::{Error, Result};
use super::keys::{self, BrandKey, state};
use super::{Store, draft};
use crate::model::{Act, Case, Entry, Mark, Person, Record, SourceState, Time};

/// What a commit writes. Fields left empty change nothing.
///
/// One commit takes 500 operations. A record costs at most 5 (row, or three parts of a block of
/// sealed rows; day before and after), mostly 1; a case 4 (itself, or the parts of its block, and the
/// place it leaves), an act 1, an own account or bot 1, a mail 2, the rest 1 each, and 8 for the
/// commit itself. [`Change::RECORDS`] records with a case, a mark and a
/// source state beside them always fit.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The brand of the records, cases, acts and accounts.
    pub brand: Option<BrandKey>,
    /// Interactions as they are from now on. `key_at` and `stored_at` count only
    /// for a new one.
    pub records: Vec<Record>,
    /// Cases as they are from now on.
    pub cases: Vec<Case>,
    /// Cases that no longer exist.
    pub dropped_cases: Vec<Case>,
    /// Acts by people. One that is already there is not stored again.
    pub acts: Vec<Act>,
    /// Accounts of the brand, and whether they are bots.
    pub own: Vec<(Person, bool)>,
    /// Accounts that say they are bots, and when this was seen; the earliest stays.
    pub bots: Vec<(Person, Time)>,
    /// How far streams were read: account, stream, mark.
    pub marks: Vec<(String, String, Mark)>,
    /// How sources are.
    pub sources: Vec<SourceState>,
    /// Other owners' values; `None` removes.
    pub values: Vec<(String, Option<serde_json::Value>)>,
    /// New mails. Their `seq` is given here.
    pub mails_new: Vec<Entry>,
    /// Mails as they are from now on.
    pub mails: Vec<Entry>,
}

impl Change {
    /// So many records always fit into one change.
    pub const RECORDS: usize = 64;

    fn needs_brand(&self) -> bool {
        !(self.records.is_empty()
            && self.cases.is_empty()
            && self.dropped_cases.is_empty()
            && self.acts.is_empty()
            && self.own.is_empty()
            && self.bots.is_empty())
    }
}

impl Store {
    /// Writes a change. When this returns, it survives a power cut.
    ///
    /// # Errors
    /// [`Error::TooLarge`]: split it. [`Error::NoBrand`], [`Error::UnknownBrand`],
    /// [`Error::UnknownMail`]: the caller's mistake. Otherwise the engine's, or damage. Nothing is
    /// left behind, but after an error of the disk the store takes no more writes.
    pub fn commit(&self, change: Change) -> Result<()> {
        let mut draft = self.inner.draft();
        if change.needs_brand() {
            let brand = change.brand.ok_or(Error::NoBrand)?;
            let zone = self.inner.zone(brand)?;
            draft.keep_brands_part(brand, &change)?;
            for record in change.records {
                draft.keep_record(brand, zone, record)?;
            }
            for case in change.cases {
                draft.keep_case(brand, case)?;
            }
        }
        for (account, stream, mark) in &change.marks {
            draft.keep_json(state::stream("mark", account, stream), mark)?;
        }
        for source in &change.sources {
            draft.keep_json(state::stream("source", &source.account, &source.stream), source)?;
        }
        for (name, value) in &change.values {
            let value = value.as_ref().map(draft::write_json).transpose()?;
            draft.set(Space::State, state::one("value", name), value);
        }
        for mail in change.mails_new {
            draft.add_mail(mail)?;
        }
        for mail in change.mails {
            draft.keep_mail(mail)?;
        }
        draft.write()
    }
}

impl Draft<'_> {
    fn keep_brands_part(&mut self, brand: BrandKey, change: &Change) -> Result<()> {
        for case in &change.dropped_cases {
            self.drop_case(brand, &case.id)?;
        }
        for act in &change.acts {
            self.keep_act(brand, act.clone())?;
        }
        for (person, bot) in &change.own {
            let key = state::person("own", brand, *person);
            self.put(Space::State, key, vec![u8::from(*bot)]);
        }
        for (person, seen) in &change.bots {
            self.keep_bot(brand, *person, *seen)?;
        }
        Ok(())
    }

    pub(super) fn keep_bot(&mut self, brand: BrandKey, person: Person, seen: Time) -> Result<()> {
        if self.is_erased(brand, person)? {
            return Ok(());
        }
        let key = state::person("bot", brand, person);
        let known = self.get(Space::State, &key)?.and_then(|v| keys::read_number(&v));
        let seen = keys::ms(seen).min(known.unwrap_or(u64::MAX));
        self.put(Space::State, key, keys::number(seen));
        Ok(())
    }

    pub(super) fn keep_act(&mut self, brand: BrandKey, mut act: Act) -> Result<()> {
        codec::tidy_act(&mut act);
        let hash = self.inner.hasher().interaction(brand, &act.platform, &act.id);
        for number in 0..u16::MAX {
            let key = keys::act(brand, hash, keys::ms(act.at), number);
            match self.value::<Act>(Space::Acts, &key)? {
                Some(known) if known == act => return Ok(()),
                Some(_) => {}
                None => return self.keep(Space::Acts, key, &act),
            }
        }
        Err(Error::damaged("act", "too many acts at one time"))
    }
}

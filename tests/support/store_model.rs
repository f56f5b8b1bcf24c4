//! The store against plain maps: whatever the order of events, it holds what they hold.

use std::collections::{BTreeMap, BTreeSet};

use affinityd::model::{Case, Intent, Kind, Person, Record, Time};
use affinityd::store::{
    BrandKey, Change, DayCounts, Lookout, Retention, Store, Waits, contribution,
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::store_kit::{acme, answered, assert_clean, case, day, exported, filed, open, row, rows};

#[derive(Clone, Debug)]
enum Step {
    /// (id, author, day, thread, intent, days until seen).
    Read(Vec<(u8, u8, i64, u8, Intent, i64)>),
    /// (id, author, day, hours until it is due, answered on that day).
    Open(Vec<(u8, u8, i64, i64, Option<i64>)>),
    Drop(u8),
    /// The cases that are due on a day.
    Look(i64),
    Retain(i64),
    Erase(u8),
    Seal,
    Reopen,
    Copy,
}

fn step() -> impl Strategy<Value = Step> {
    let intent = prop_oneof![Just(Intent::Complaint), Just(Intent::Praise), Just(Intent::Other)];
    let read = (0_u8..24, 0_u8..5, 1_i64..60, 0_u8..24, intent, 0_i64..4);
    let case = (0_u8..24, 0_u8..5, 1_i64..60, 0_i64..72, proptest::option::of(1_i64..70));
    prop_oneof![
        6 => proptest::collection::vec(case, 1..12).prop_map(Step::Open),
        1 => (0_u8..24).prop_map(Step::Drop),
        6 => (15_i64..70).prop_map(Step::Look),
        8 => proptest::collection::vec(read, 1..8).prop_map(Step::Read),
        2 => (20_i64..75).prop_map(Step::Retain),
        1 => (0_u8..5).prop_map(Step::Erase),
        4 => Just(Step::Seal),
        2 => Just(Step::Reopen),
        1 => Just(Step::Copy),
    ]
}

const KEEP: Retention =
    Retention { texts_days: 20, handles_days: 10, rows_days: 30, mails_days: 30 };

#[derive(Default)]
struct Model {
    rows: BTreeMap<String, Record>,
    cases: BTreeMap<String, Case>,
    days: BTreeMap<(NaiveDate, String), DayCounts>,
    items: BTreeMap<Person, u32>,
    erased: BTreeSet<Person>,
}

impl Model {
    fn items_of(record: &Record) -> Option<Person> {
        let it = record.latest()?;
        it.person.filter(|_| it.kind != Kind::Reaction && it.relevant && !it.own)
    }

    fn strip(record: &mut Record) {
        record.person = None;
        for version in &mut record.versions {
            (version.author, version.text, version.url) = (None, None, None);
            version.verdict.iter_mut().for_each(|v| v.reasons.clear());
        }
    }

    fn put(&mut self, mut record: Record) {
        if record.person.is_some_and(|p| self.erased.contains(&p)) {
            Self::strip(&mut record);
        }
        let zone = Tz::Europe__Stockholm;
        if let Some(old) = self.rows.get(&record.id) {
            record.key_at = old.key_at;
            record.stored_at = old.stored_at;
            let (date, counts) = contribution(&old.latest().unwrap(), zone).unwrap();
            let all = self.days.get_mut(&(date, "mastodon".to_owned())).unwrap();
            all.take(&counts);
            if let Some(person) = Self::items_of(old)
                && let Some(items) = self.items.get_mut(&person)
            {
                *items -= 1;
            }
        }
        let (date, counts) = contribution(&record.latest().unwrap(), zone).unwrap();
        self.days.entry((date, "mastodon".to_owned())).or_default().add(&counts);
        if let Some(person) = Self::items_of(&record) {
            *self.items.entry(person).or_default() += 1;
        }
        self.rows.insert(record.id.clone(), record);
    }

    fn open(&mut self, mut case: Case) {
        if case.person.is_some_and(|p| self.erased.contains(&p)) {
            (case.person, case.author, case.permalink) = (None, None, None);
        }
        self.cases.insert(case.id.clone(), case);
    }

    /// What [`due`] finds.
    fn due(&self, now: Time) -> BTreeMap<String, Case> {
        let is_due = |case: &Case| {
            case.answer.is_none()
                && (day(20)..=now).contains(&case.due_at)
                && case.opened_at < day(45)
        };
        let due = self.cases.iter().filter(|(_, case)| is_due(case));
        due.map(|(id, case)| (id.clone(), case.clone())).collect()
    }

    fn retain(&mut self, now: Time) {
        let end =
            |case: &Case| case.answer.as_ref().map_or(case.due_at.plus(Case::LAPSE), |a| a.at);
        let mut ends: BTreeMap<Person, Time> = BTreeMap::new();
        for case in self.cases.values() {
            if let Some(person) = case.person {
                let last = ends.entry(person).or_insert(Time(0));
                *last = end(case).max(*last);
            }
        }
        let free = |person: Option<Person>, at: Time| {
            let last = person.and_then(|p| ends.get(&p).copied()).map_or(at, |end| end.max(at));
            now.since(last) > 10 * Time::DAY
        };
        self.cases
            .retain(|_, case| now.since(case.opened_at) <= 30 * Time::DAY || now <= end(case));
        for case in self.cases.values_mut() {
            if free(case.person, end(case)) {
                case.author = None;
            }
        }
        let age = |record: &Record| now.since(record.stored_at);
        self.rows.retain(|_, record| age(record) <= 30 * Time::DAY);
        for record in self.rows.values_mut() {
            let age = age(record);
            let is_free = free(record.person, record.stored_at);
            for version in &mut record.versions {
                if age > 20 * Time::DAY {
                    version.text = None;
                    version.verdict.iter_mut().for_each(|v| v.reasons.clear());
                }
                if is_free {
                    version.author = None;
                }
            }
        }
    }

    fn erase(&mut self, person: Person) {
        self.erased.insert(person);
        self.items.remove(&person);
        for record in self.rows.values_mut().filter(|r| r.person == Some(person)) {
            Self::strip(record);
        }
        for case in std::mem::take(&mut self.cases).into_values() {
            self.open(case);
        }
    }
}

/// What was known with one more reading: the text and class of today, the thread as now known.
fn read_again(model: &Model, fresh: Record) -> Record {
    let Some(known) = model.rows.get(&fresh.id) else { return fresh };
    let mut again = known.clone();
    again.filed = fresh.filed;
    again.person = again.person.or(fresh.person);
    again.versions.extend(fresh.versions);
    again.versions.sort_by_key(|v| v.seen_at);
    again
}

fn same(store: &Store, brand: BrandKey, model: &Model) {
    assert_clean(store, brand);
    let stored: BTreeMap<String, Record> = store
        .scan(brand, Time(0)..Time(i64::MAX))
        .map(|r| r.map(|r| (r.id.clone(), r)).unwrap())
        .collect();
    assert_eq!(stored, model.rows);
    assert_eq!(store.rows(brand).unwrap(), model.rows.len() as u64);
    for id in (0..24).map(|n| n.to_string()) {
        assert_eq!(store.record(brand, "mastodon", &id).unwrap().as_ref(), model.rows.get(&id));
        let members: BTreeSet<String> =
            store.thread(brand, "mastodon", &id).unwrap().into_iter().map(|r| r.id).collect();
        let wanted: BTreeSet<String> =
            model.rows.values().filter(|r| r.filed == id).map(|r| r.id.clone()).collect();
        assert_eq!(members, wanted, "thread {id}");
    }
    same_cases(store, brand, model);
    let days = store.days(brand, NaiveDate::MIN, NaiveDate::MAX).unwrap();
    let days: BTreeMap<_, _> = days.into_iter().map(|d| ((d.day, d.platform), d.counts)).collect();
    let wanted: BTreeMap<_, _> = model
        .days
        .iter()
        .filter(|(_, c)| !c.is_empty())
        .map(|(k, c)| (k.clone(), c.clone()))
        .collect();
    assert_eq!(days, wanted);
    for person in (0..5).map(|n| store.person("mastodon", &format!("p{n}"))) {
        let items = store.author(brand, person).unwrap().map_or(0, |s| s.items);
        assert_eq!(items, model.items.get(&person).copied().unwrap_or(0));
        assert_eq!(store.is_erased(brand, person).unwrap(), model.erased.contains(&person));
    }
}

/// The cases due by now, of those due from day 20 on and opened before day 45.
fn due(store: &Store, brand: BrandKey, now: Time, lookout: &mut Lookout) -> BTreeMap<String, Case> {
    let due_from = |case: &Waits| (case.opened_at < day(45)).then_some(case.due_at);
    let found = store.due_cases(brand, day(20).., lookout, now, due_from).unwrap();
    let found: Vec<Case> = found.map(Result::unwrap).collect();
    assert!(found.is_sorted_by_key(|case| case.opened_at));
    found.into_iter().map(|case| (case.id.clone(), case)).collect()
}

fn same_cases(store: &Store, brand: BrandKey, model: &Model) {
    let stored = store.cases(brand, Time(0)..Time(i64::MAX)).unwrap();
    assert!(stored.is_sorted_by_key(|case| case.opened_at));
    let by_id =
        |cases: Vec<Case>| cases.into_iter().map(|c| (c.id.clone(), c)).collect::<BTreeMap<_, _>>();
    assert_eq!(stored.len(), model.cases.len());
    assert_eq!(by_id(stored), model.cases);
    for id in (0..24).map(|n| format!("c{n}")) {
        assert_eq!(store.case(brand, &id).unwrap().as_ref(), model.cases.get(&id));
    }
    let waiting: Vec<&Case> = model.cases.values().filter(|c| c.answer.is_none()).collect();
    for since in [0, 20, 45] {
        let found = store.each_open_case(brand, day(since)..).unwrap().map(Result::unwrap);
        let wanted = waiting.iter().filter(|c| day(since) <= c.due_at).map(|c| (*c).clone());
        assert_eq!(by_id(found.collect()), by_id(wanted.collect()), "due from day {since}");
    }
    for now in [day(0), day(30), day(41), day(99)] {
        let mut states = BTreeMap::new();
        for case in &waiting {
            *states.entry(case.state(now)).or_default() += 1;
        }
        assert_eq!(store.waiting(brand, now).unwrap(), states);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_store_holds_what_plain_maps_hold(steps in proptest::collection::vec(step(), 1..14)) {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = open(dir.path());
        let brand = acme(&store);
        let mut model = Model::default();
        let mut lookout = Lookout::default();
        for step in steps {
            match step {
                Step::Read(readings) => {
                    let mut records = Vec::new();
                    for (id, author, at, thread, intent, delay) in readings {
                        let mut fresh =
                            row(&store, &id.to_string(), day(at), &format!("p{author}"), intent);
                        fresh.versions[0].seen_at = day(at + delay);
                        fresh.stored_at = day(at + delay);
                        let record = read_again(&model, filed(fresh, &thread.to_string()));
                        model.put(record.clone());
                        records.push(record);
                    }
                    store.commit(rows(brand, records)).unwrap();
                }
                Step::Open(cases) => {
                    let mut change = rows(brand, Vec::new());
                    for (id, author, at, hours, answer) in cases {
                        let person = store.person("mastodon", &format!("p{author}"));
                        let mut new = case(&format!("c{id}"), day(at), Some(person));
                        new.due_at = day(at).plus(hours * Time::HOUR);
                        new.thread = "t".repeat(usize::from(id) * 40);
                        let new = answer.map_or(new.clone(), |at| answered(new, day(at)));
                        model.open(new.clone());
                        change.cases.push(new);
                    }
                    store.commit(change).unwrap();
                }
                Step::Drop(id) => {
                    let dropped = model.cases.remove(&format!("c{id}"));
                    let dropped_cases = dropped.into_iter().collect();
                    store.commit(Change { dropped_cases, ..rows(brand, Vec::new()) }).unwrap();
                }
                Step::Look(now) => {
                    let found = due(&store, brand, day(now), &mut lookout);
                    let again = due(&store, brand, day(now), &mut Lookout::default());
                    prop_assert_eq!(&found, &model.due(day(now)));
                    prop_assert_eq!(found, again);
                }
                Step::Retain(now) => {
                    store.retain(brand, day(now), &KEEP).unwrap();
                    model.retain(day(now));
                }
                Step::Erase(author) => {
                    store.erase(brand, "mastodon", &format!("p{author}")).unwrap();
                    model.erase(store.person("mastodon", &format!("p{author}")));
                }
                Step::Seal => {
                    store.seal_all().unwrap();
                    prop_assert_eq!(store.seal().unwrap(), 0);
                }
                Step::Reopen => {
                    drop(store);
                    lookout = Lookout::default();
                    let (again, opening) = open(dir.path());
                    prop_assert!(opening.sound && opening.steps.is_empty(), "{:?}", opening.steps);
                    store = again;
                }
                Step::Copy => {
                    let other = tempfile::tempdir().unwrap();
                    let (copy, _) = open(other.path());
                    let out = exported(&store);
                    copy.import_export(out.as_bytes(), &mut |_| {}).unwrap();
                    prop_assert_eq!(exported(&copy), out);
                    same(&copy, brand, &model);
                }
            }
            same(&store, brand, &model);
        }
    }
}

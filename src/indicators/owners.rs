//! Shares of cases, with the cases of one person drawn together: what answer rates are made of.

use std::collections::BTreeMap;

use super::ground::Owner;
use super::measure::Measure;
use super::statistics::resample::{self, Part, share_difference};
use super::statistics::{Level, Limits};

/// How many cases of each owner count, and how many of them are hits.
pub(super) type Owners<'a> = BTreeMap<Owner<'a>, Part>;

/// # hits / # cases, with its interval, and its change since before.
///
/// Change: bootstrap over persons too, since the cases of one are no more independent across two
/// windows than within one; Newcombe over groups at 0 % and 100 %.
pub(super) fn share(now: &Owners<'_>, before: &Owners<'_>, minimum: u64) -> Measure {
    let one = |owners: &Owners<'_>| {
        let groups: Vec<Part> = owners.values().copied().collect();
        let hits: u64 = groups.iter().map(|p| u64::from(p.hits)).sum();
        let all = groups.iter().map(|p| u64::from(p.of)).sum();
        Measure::ratio(hits as f64, all, minimum, || resample::share(&groups, Level::Value))
    };
    one(now).against(&one(before), || {
        let mut both: BTreeMap<Owner<'_>, (Part, Part)> = BTreeMap::new();
        now.iter().for_each(|(owner, part)| both.entry(*owner).or_default().0 = *part);
        before.iter().for_each(|(owner, part)| both.entry(*owner).or_default().1 = *part);
        let both: Vec<(Part, Part)> = both.into_values().collect();
        share_difference(&both, Level::Change).map(Limits::from).unwrap_or_default()
    })
}

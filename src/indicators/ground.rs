//! What every indicator looks at, gathered once: who spoke in which window, in which order, and
//! what became of each case. The rules themselves are one file each.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::Scope;
use crate::model::{Case, CaseKind, End, Interaction, Person, Time, Window};

/// Everybody who was active in a window, each with what they said there in the order of rule E5.
/// The lists are never empty.
pub(super) type Voices<'a> = BTreeMap<Person, Vec<&'a Interaction>>;

/// The facts of one scope.
pub(super) struct Ground<'a> {
    pub(super) scope: &'a Scope<'a>,
    /// A(W).
    pub(super) now: Voices<'a>,
    /// A(W′).
    pub(super) before: Voices<'a>,
    /// A(W″), which only the change of I7 needs.
    pub(super) earlier: Voices<'a>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(scope: &'a Scope<'a>) -> Self {
        let order = Order { rows: &scope.history.rows, depths: OnceCell::new() };
        let voices = |window: &Window| {
            let mut voices = Voices::new();
            for row in &scope.history.rows {
                // Rules E6 and E9: a like makes nobody active, and an item without an author
                // belongs to nobody.
                if let Some(person) = row.person
                    && window.has(row.at)
                    && scope.history.is_inbound(row)
                {
                    voices.entry(person).or_default().push(row);
                }
            }
            voices.values_mut().for_each(|rows| rows.sort_unstable_by(|a, b| order.compare(a, b)));
            voices
        };
        Self {
            scope,
            now: voices(&scope.window),
            before: voices(&scope.before),
            earlier: voices(&scope.earlier),
        }
    }

    /// The cases that count in N, posted in a window (rules E15 and E26).
    pub(super) fn asked(&self, window: Window) -> impl Iterator<Item = (&'a Case, Fate)> {
        self.scope.cases.iter().filter_map(move |case| {
            let fate = Fate::of(case)?;
            (case.kind == CaseKind::Asked && window.has(case.opened_at)).then_some((case, fate))
        })
    }
}

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Answered, or marked as moved to a private channel, at this time.
    Answered(Time),
    /// Deleted by its author or closed by hand, unanswered, at this time (rules E23 and E26).
    Ended(Time),
    /// Nobody answered yet.
    Waits,
}

impl Fate {
    /// `None` if a person said that the case is not for this brand: it counts nowhere.
    pub(super) fn of(case: &Case) -> Option<Self> {
        match (&case.answer, case.end) {
            (_, Some((End::NotForUs, _))) => None,
            // An answer after the end came too late to be one (rule E23).
            (Some(answer), Some((_, ended))) if ended < answer.at => Some(Self::Ended(ended)),
            (Some(answer), _) => Some(Self::Answered(answer.at)),
            (None, Some((_, ended))) => Some(Self::Ended(ended)),
            (None, None) => Some(Self::Waits),
        }
    }
}

/// Who is drawn together when persons are resampled (rules E6 and E23): the person, or a case
/// without one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner<'a> {
    Person(Person),
    Alone(&'a str, &'a str),
}

impl<'a> Owner<'a> {
    pub(super) fn of(case: &'a Case) -> Self {
        case.person.map_or(Self::Alone(&case.platform, &case.id), Self::Person)
    }
}

/// The order of rule E5: by time, depth in the thread, platform, id.
struct Order<'a> {
    rows: &'a [Interaction],
    // Only ties need depths, and most histories have none.
    depths: OnceCell<HashMap<(&'a str, &'a str), u32>>,
}

impl Order<'_> {
    fn compare(&self, a: &Interaction, b: &Interaction) -> Ordering {
        a.at.cmp(&b.at)
            .then_with(|| self.depth(a).cmp(&self.depth(b)))
            .then_with(|| a.platform.cmp(&b.platform))
            .then_with(|| a.id.cmp(&b.id))
    }

    fn depth(&self, row: &Interaction) -> u32 {
        let depths = self.depths.get_or_init(|| depths(self.rows));
        depths.get(&(row.platform.as_str(), row.id.as_str())).copied().unwrap_or(0)
    }
}

/// How many stored rows stand above each row, going up by rules E12 and E13. Rows that reply to
/// each other in a circle, which nobody honest sends, count the others of the circle.
fn depths(rows: &[Interaction]) -> HashMap<(&str, &str), u32> {
    const UNKNOWN: u32 = u32::MAX;
    let places: HashMap<(&str, &str), usize> =
        rows.iter().enumerate().map(|(i, r)| ((r.platform.as_str(), r.id.as_str()), i)).collect();
    let above = |i: usize| {
        let row = &rows[i];
        let find = |id: &Option<String>| {
            places.get(&(row.platform.as_str(), id.as_deref()?)).copied().filter(|j| *j != i)
        };
        find(&row.in_reply_to).or_else(|| find(&row.thread))
    };
    let mut known = vec![UNKNOWN; rows.len()];
    let mut on_path = vec![UNKNOWN; rows.len()];
    for start in 0..rows.len() {
        let mut path: Vec<usize> = Vec::new();
        let mut at = Some(start);
        while let Some(i) = at.filter(|i| known[*i] == UNKNOWN && on_path[*i] == UNKNOWN) {
            on_path[i] = path.len() as u32;
            path.push(i);
            at = above(i);
        }
        if let Some(i) = at.filter(|i| known[*i] == UNKNOWN) {
            let circle = path.split_off(on_path[i] as usize);
            circle.iter().for_each(|j| known[*j] = circle.len() as u32 - 1);
        }
        let lowest = at.map_or(0, |i| known[i] + 1);
        path.into_iter().rev().zip(lowest..).for_each(|(i, depth)| known[i] = depth);
    }
    places.into_iter().map(|(key, i)| (key, known[i])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{asked, post};
    use super::*;
    use crate::model::Answer;

    fn reply(id: &str, parent: Option<&str>, thread: Option<&str>) -> Interaction {
        let mut row = post(id, 1, 0);
        row.in_reply_to = parent.map(str::to_owned);
        row.thread = thread.map(str::to_owned);
        row
    }

    #[test]
    fn depths_follow_rules_e12_and_e13() {
        let rows = [
            reply("root", None, None),
            reply("a", Some("root"), Some("root")),
            reply("b", Some("a"), Some("root")),
            reply("flat", None, Some("root")),
            reply("lost", Some("never seen"), Some("root")),
            reply("self", Some("self"), Some("self")),
            reply("x", Some("y"), None),
            reply("y", Some("x"), None),
            reply("z", Some("x"), None),
        ];
        let expected = [
            ("root", 0),
            ("a", 1),
            ("b", 2),
            ("flat", 1),
            ("lost", 1),
            ("self", 0),
            ("x", 1),
            ("y", 1),
            ("z", 2),
        ];
        for turn in 0..rows.len() {
            let mut rows = rows.to_vec();
            rows.rotate_left(turn);
            let found = depths(&rows);
            for (id, depth) in expected {
                assert_eq!(found[&("mastodon", id)], depth, "{id}, order {turn}");
            }
        }
    }

    #[test]
    fn fates() {
        let mut case = asked("a", 1, 100, 200);
        assert_eq!(Fate::of(&case), Some(Fate::Waits));
        case.end = Some((End::DeletedByAuthor, Time(150)));
        assert_eq!(Fate::of(&case), Some(Fate::Ended(Time(150))), "rule E23");
        case.answer = Some(Answer { at: Time(150), by: Some("r".to_owned()) });
        assert_eq!(
            Fate::of(&case),
            Some(Fate::Answered(Time(150))),
            "rule E23: answered at the deletion is answered"
        );
        case.answer = Some(Answer { at: Time(151), by: Some("r".to_owned()) });
        assert_eq!(Fate::of(&case), Some(Fate::Ended(Time(150))), "after it is not");
        case.end = Some((End::NotForUs, Time(500)));
        assert_eq!(Fate::of(&case), None, "rule E26: leaves N");
    }
}

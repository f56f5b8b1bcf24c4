//! Reads the day by which the brand promises something.
//!
//! A promise takes two: somebody who binds themselves ("we will") and a day, in one sentence.

use super::super::class::Remark;
use super::super::fold::Text;
use super::Hit;
use crate::model::Promised;

/// Days of a month at most.
const MONTH: u16 = 31;
/// A promise further away than this is a plan.
const FURTHEST: u16 = 365;

/// The first day that is named in a sentence in which the brand binds itself, and where its name
/// stands.
pub(super) fn day(text: &Text, hits: &[Hit]) -> Option<(Promised, (usize, usize))> {
    // The dot of "12. March" ends no sentence.
    let is_end = |end: usize| !end.checked_sub(1).is_some_and(|at| text.chars[at].is_ascii_digit());
    let sentence = |at: usize| {
        let ends = text.sentences.iter().map(|(end, _)| *end).take_while(|end| *end <= at);
        ends.filter(|end| is_end(*end)).count()
    };
    let binds = |at: usize| {
        let mut commits = hits.iter().filter(|hit| hit.term.class == Remark::Commit);
        commits.any(|commit| sentence(commit.start) == sentence(at))
    };
    hits.iter().find_map(|hit| {
        let day = promised(text, hits, hit)?;
        binds(hit.start).then_some((day, (hit.start, hit.end)))
    })
}

fn promised(text: &Text, hits: &[Hit], hit: &Hit) -> Option<Promised> {
    match hit.term.class {
        Remark::Day(days) => Some(Promised::InDays(days)),
        Remark::Weekday(day) => Some(Promised::Weekday(day)),
        Remark::Month(month) => {
            let day = before(text, hits, hit.start).or_else(|| after(text, hit.end))?;
            (1..=MONTH).contains(&day).then_some(Promised::Date(month, day as u8))
        }
        Remark::Span(hours) => {
            let count = before(text, hits, hit.start)?;
            let days = count.checked_mul(hours)?.div_ceil(24);
            (days <= FURTHEST).then_some(Promised::InDays(days))
        }
        _ => None,
    }
}

/// The number that ends just before a place: digits, or a word for one. Dots, spaces, ordinal
/// endings and one short word ("12 de marzo", "2 working days") may stand between.
fn before(text: &Text, hits: &[Hit], end: usize) -> Option<u16> {
    const GAP: usize = 12;
    let from = end.saturating_sub(GAP);
    let worded = hits.iter().rev().find_map(|hit| match hit.term.class {
        Remark::Number(n) if hit.end <= end && hit.end >= from => Some((hit.end, n)),
        _ => None,
    });
    let last = text.chars[from..end].iter().rposition(char::is_ascii_digit).map(|at| from + at);
    match (last, worded) {
        (Some(last), Some((at, n))) if at > last => Some(n),
        (Some(last), _) => {
            let first = text.chars[..last].iter().rposition(|c| !c.is_ascii_digit());
            number(&text.chars[first.map_or(0, |at| at + 1)..=last])
        }
        (None, worded) => worded.map(|(_, n)| n),
    }
}

/// The number that starts just after a place.
fn after(text: &Text, start: usize) -> Option<u16> {
    let rest = text.chars.get(start..)?;
    let first = rest.iter().take(3).position(char::is_ascii_digit)?;
    let digits = rest[first..].iter().take_while(|c| c.is_ascii_digit()).count();
    number(&rest[first..first + digits])
}

fn number(digits: &[char]) -> Option<u16> {
    // Longer ones are years and order numbers.
    if digits.is_empty() || digits.len() > 3 {
        return None;
    }
    digits.iter().try_fold(0, |n: u16, c| Some(n * 10 + u16::try_from(c.to_digit(10)?).ok()?))
}

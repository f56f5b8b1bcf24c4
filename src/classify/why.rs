//! Leads a judgement back to pieces of the text: the terms that counted, and the words in which
//! the learned features that counted stand.

use super::cues::{Cue, Cues};
use super::features::Parts;
use super::fold::Text;
use super::model::Share;
use crate::model::Reason;

/// Reasons given with a verdict at most.
pub(super) const REASONS: usize = 8;
/// Learned pieces among them at most.
const LEARNED: usize = 4;
/// Tokens of one piece at most.
const LONGEST: usize = 5;
/// What a piece must add to be worth telling, in log-odds.
const LEAST: f32 = 0.15;

/// The strongest terms and pieces, strongest first; `learned` are [`pieces`] for what was decided.
pub(super) fn reasons(
    text: &Text,
    cues: &Cues,
    tones: &[Cue],
    learned: Vec<Reason>,
    others: impl Iterator<Item = Reason>,
) -> Vec<Reason> {
    let term = |cue: &Cue| Reason {
        found: match cue.sign {
            "" => text.piece(cue.place.clone()),
            sign => sign.to_owned(),
        },
        speaks_for: cue.class.word().into(),
        weight: cue.weight,
    };
    let mut strongest: Vec<&Cue> = cues.0.iter().filter(|cue| cue.weight != 0.0).collect();
    strongest.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    let mut all: Vec<Reason> = strongest.into_iter().take(REASONS).map(term).collect();
    for piece in learned {
        if !all.iter().any(|reason| reason.found == piece.found) {
            all.push(piece);
        }
    }
    // Where nothing else speaks, what its feeling was told by.
    if all.is_empty() {
        let loudest = tones.iter().max_by(|a, b| a.weight.abs().total_cmp(&b.weight.abs()));
        all.extend(loudest.map(term));
    }
    all.extend(others);
    all.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    all.truncate(REASONS);
    all
}

/// Runs of tokens whose shares add most to what was decided, which is called `speaks_for`. The weights
/// of `shares` are multiplied by `gain`.
pub(super) fn pieces(
    text: &Text,
    parts: &Parts,
    speaks_for: &'static str,
    gain: f32,
    shares: impl Iterator<Item = Share>,
) -> Vec<Reason> {
    let mut adds = vec![0.0_f32; parts.tokens.len()];
    for Share { first, count, weight } in shares {
        let (first, count) = (usize::from(first), usize::from(count));
        let part = gain * weight / count as f32;
        adds[first..first + count].iter_mut().for_each(|sum| *sum += part);
    }

    let most = adds.iter().copied().fold(0.0, f32::max);
    let counts = |sum: f32| sum > 0.0 && sum >= 0.3 * most;
    let mut runs: Vec<(usize, usize, f32)> = Vec::new();
    for (at, sum) in adds.iter().enumerate().filter(|(_, sum)| counts(**sum)) {
        match runs.last_mut() {
            Some((first, last, total)) if *last + 1 == at && at - *first < LONGEST => {
                *last = at;
                *total += sum;
            }
            _ => runs.push((at, at, *sum)),
        }
    }
    runs.retain(|(.., total)| *total >= LEAST);
    runs.sort_by(|a, b| b.2.total_cmp(&a.2));
    runs.truncate(LEARNED);
    let found = |(first, last, weight): (usize, usize, f32)| {
        let (start, end) = (parts.tokens[first].start, parts.tokens[last].end);
        let piece = text.plain.get(start as usize..end as usize).unwrap_or_default();
        let found = piece.chars().take(60).collect();
        Reason { found, speaks_for: speaks_for.into(), weight }
    };
    runs.into_iter().map(found).collect()
}

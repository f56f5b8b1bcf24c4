//! The words with which people set one brand against another, in 14 languages, as read from
//! `data/contrast.txt`.
//!
//! What stands before or behind a name says whether it is the one complained of, or the one that
//! is held up against it. Whom that makes the complaint one about is `named`'s.

use std::sync::LazyLock;

use super::letters::is_unspaced;

/// What a name is in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Just named.
    Plain,
    /// Held up against the other: what is bad is not about it.
    Foil,
    /// The same, where another brand is named too: "at least Acme", "not Acme" may mean anything.
    Aside,
    /// Gone over to.
    Goal,
    /// Turned away from, or the worse one: what is bad is about it, if anything near is.
    Left,
}

/// Words beside a name in scripts with spaces.
#[derive(Debug)]
struct Phrase {
    words: &'static str,
    /// How many more words may stand between.
    gap: usize,
    role: Role,
}

/// Letters beside a name in scripts without spaces.
#[derive(Debug)]
struct Near {
    letters: &'static str,
    /// One of these must follow in the sentence; empty: nothing must.
    with: Vec<&'static str>,
    role: Role,
}

/// Going over from one to the other.
#[derive(Debug, Default)]
struct Move {
    /// How its verbs begin.
    verbs: Vec<&'static str>,
    /// Beside the one that is left.
    from: Vec<&'static str>,
    /// Beside the one that is gone to.
    to: Vec<&'static str>,
    /// Those stand behind the names.
    is_behind: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Contrast {
    before: Vec<Phrase>,
    behind: Vec<Phrase>,
    near_before: Vec<Near>,
    near_behind: Vec<Near>,
    moves: Vec<Move>,
    /// Words that begin a clause.
    pub turns: Vec<&'static str>,
    /// Letters behind which a clause begins.
    pub turns_behind: Vec<&'static str>,
    /// Letters before which one begins.
    pub turns_before: Vec<&'static str>,
    reasons: Vec<&'static str>,
    /// What joins two names so that both are meant.
    pub joints: Vec<&'static str>,
}

/// Read once, at first use.
pub(super) static CONTRAST: LazyLock<Contrast> = LazyLock::new(|| {
    let mut all = Contrast::default();
    for line in include_str!("data/contrast.txt").lines() {
        if let Some((key, rest)) = line.split_once(": ").filter(|_| !line.starts_with('#')) {
            all.take(key, rest);
        }
    }
    all
});

fn list(text: &'static str) -> Vec<&'static str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}

fn role_of(word: &str) -> Role {
    match word {
        "foil" => Role::Foil,
        "aside" => Role::Aside,
        "goal" => Role::Goal,
        "left" => Role::Left,
        _ => Role::Plain,
    }
}

/// Words beside a name, and those of its sentence: without accents and signs, one space before,
/// between and behind them.
pub(super) struct Beside<'a> {
    pub before: &'a str,
    pub behind: &'a str,
    pub sentence: &'a str,
}

impl Contrast {
    fn take(&mut self, key: &'static str, rest: &'static str) {
        let mut words = key.split(' ');
        let side = words.next().unwrap_or_default();
        let role = role_of(words.next().unwrap_or_default());
        let gap = words.next().and_then(|gap| gap.parse().ok()).unwrap_or(0);
        let phrases = || list(rest).into_iter().map(move |words| Phrase { words, gap, role });
        let near = || {
            let (first, with) = rest.split_once(" + ").unwrap_or((rest, ""));
            let with = list(with);
            list(first).into_iter().map(move |letters| Near { letters, with: with.clone(), role })
        };
        match side {
            "before" => self.before.extend(phrases()),
            "behind" => self.behind.extend(phrases()),
            "near-before" => self.near_before.extend(near()),
            "near-behind" => self.near_behind.extend(near()),
            "move" | "move-behind" => {
                let mut parts = rest.split('|').map(list);
                let mut next = || parts.next().unwrap_or_default();
                let (verbs, from, to) = (next(), next(), next());
                self.moves.push(Move { verbs, from, to, is_behind: side == "move-behind" });
            }
            "turn" => self.turns.extend(list(rest)),
            "turn-behind" => self.turns_behind.extend(list(rest)),
            "turn-before" => self.turns_before.extend(list(rest)),
            "reason" => self.reasons.extend(list(rest)),
            "joint" => self.joints.extend(list(rest)),
            _ => debug_assert!(false, "no such key: {key}"),
        }
    }

    /// What a name is by the words beside it; the longest phrase decides.
    pub(super) fn role(&self, beside: &Beside<'_>) -> Role {
        let before = self.before.iter().filter(|p| ends_with(beside.before, p.words, p.gap));
        let behind = self.behind.iter().filter(|p| starts_with(beside.behind, p.words, p.gap));
        let longest = behind.chain(before).max_by_key(|phrase| phrase.words.len());
        if let Some(phrase) = longest {
            return phrase.role;
        }
        self.moves.iter().find_map(|way| way.role(beside)).unwrap_or(Role::Plain)
    }

    /// The same by the letters beside it, in scripts without spaces; `rest` is what follows in its
    /// sentence.
    pub(super) fn near_role(&self, before: &str, behind: &str, rest: &str) -> Option<Role> {
        let fits =
            |near: &&Near| near.with.is_empty() || near.with.iter().any(|word| rest.contains(word));
        let mut found = None;
        if behind.starts_with(is_unspaced) {
            let mut all = self.near_behind.iter().filter(|near| behind.starts_with(near.letters));
            found = all.find(fits);
        }
        if found.is_none() && before.ends_with(is_unspaced) {
            let mut all = self.near_before.iter().filter(|near| before.ends_with(near.letters));
            found = all.find(fits);
        }
        found.map(|near| near.role)
    }

    /// Whether any of these words gives a reason for what was said before.
    pub(super) fn gives_reason(&self, words: &str) -> bool {
        self.reasons.iter().any(|reason| words.contains(&format!(" {reason} ")))
    }
}

impl Move {
    fn role(&self, beside: &Beside<'_>) -> Option<Role> {
        let has_any = |words: &[&str]| {
            words.iter().any(|word| match self.is_behind {
                true => starts_with(beside.behind, word, 0),
                false => ends_with(beside.before, word, 1),
            })
        };
        let role = if has_any(&self.from) {
            Role::Left
        } else if has_any(&self.to) {
            Role::Goal
        } else {
            return None;
        };
        let mut words = beside.sentence.split(' ');
        words.any(|word| self.verbs.iter().any(|verb| word.starts_with(verb))).then_some(role)
    }
}

/// Whether words end with a phrase and at most `gap` words more.
fn ends_with(words: &str, phrase: &str, gap: usize) -> bool {
    let mut words = words.trim_end();
    for _ in 0..=gap {
        if words.strip_suffix(phrase).is_some_and(|rest| rest.ends_with(' ')) {
            return true;
        }
        words = words.rsplit_once(' ').map_or("", |(rest, _)| rest);
    }
    false
}

/// Whether words begin with a phrase behind at most `gap` words more.
fn starts_with(words: &str, phrase: &str, gap: usize) -> bool {
    let mut words = words.trim_start();
    for _ in 0..=gap {
        if words.strip_prefix(phrase).is_some_and(|rest| rest.starts_with(' ')) {
            return true;
        }
        words = words.split_once(' ').map_or("", |(_, rest)| rest);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::letters;
    use super::*;

    #[test]
    fn every_line_is_read_and_written_as_texts_are_folded() {
        let phrases = CONTRAST.before.iter().chain(&CONTRAST.behind);
        for phrase in phrases {
            let mut folded = Vec::new();
            letters::fold_term(&letters::plain(phrase.words), &mut folded);
            let folded: String = folded.into_iter().collect();
            assert_eq!(folded, phrase.words, "accents and signs are taken off before");
            assert!(phrase.role != Role::Plain && phrase.gap <= 3, "{phrase:?}");
        }
        let near = CONTRAST.near_before.iter().chain(&CONTRAST.near_behind);
        assert!(near.clone().all(|near| near.role != Role::Plain && !near.letters.is_empty()));
        assert!(CONTRAST.moves.iter().all(|way| !way.verbs.is_empty() && !way.to.is_empty()));
        assert!(CONTRAST.before.len() > 100 && near.count() > 50 && CONTRAST.moves.len() > 8);
    }
}

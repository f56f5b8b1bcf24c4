//! Which post of the brand answers whom (rule E16).

use std::collections::HashMap;

use super::Threads;
use super::threads::is_deleted;
use crate::model::{History, Interaction, Kind};

/// Who each own post of a history answers.
pub struct Answers<'t, 'h> {
    threads: &'t Threads<'h>,
    can_answer: Vec<bool>,
    /// The nearest row above that has a voice.
    speaker_above: Vec<Option<usize>>,
    by_handle: HashMap<(usize, String), Vec<usize>>,
    /// By post: the first answer that stands below it or quotes it and claims to be earlier.
    late: Vec<Option<usize>>,
}

impl<'t, 'h> Answers<'t, 'h> {
    /// Looks at all own posts.
    pub fn of(threads: &'t Threads<'h>) -> Self {
        let history = threads.history();
        let mut this = Self {
            threads,
            can_answer: history.rows.iter().map(|row| can_answer(history, row)).collect(),
            speaker_above: vec![None; history.rows.len()],
            by_handle: handles(threads),
            late: vec![None; history.rows.len()],
        };
        this.look_up();
        this
    }

    /// The conversations these are the answers of.
    pub fn threads(&self) -> &'t Threads<'h> {
        self.threads
    }

    /// Whether an own post can answer anybody: words of the brand, not deleted, no bot's and no
    /// automatic reply.
    pub fn can_answer(&self, row: usize) -> bool {
        self.can_answer[row]
    }

    /// The posts an own row stands below, nearest first.
    pub(super) fn above(&self, row: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.speaker_above[row], |&up| self.speaker_above[up])
    }

    /// The post an own row quotes, if somebody else said it.
    pub(super) fn quoted(&self, row: usize) -> Option<usize> {
        let it = self.threads.row(row);
        let quoted = self.threads.find(&it.platform, it.about.as_deref()?)?;
        self.threads.voice(quoted).map(|_| quoted)
    }

    /// The voices of its thread that an own row names, also such as speak only later.
    pub(super) fn named(&self, row: usize) -> Vec<usize> {
        let Some(text) = &self.threads.row(row).text else { return Vec::new() };
        if !text.contains('@') {
            return Vec::new();
        }
        let thread = self.threads.thread(row);
        let mut all = Vec::new();
        for words in at_words(&text.to_lowercase()) {
            // `@ann.lee` is Ann Lee if she takes part, else Ann.
            let voices = words.into_iter().find_map(|word| self.by_handle.get(&(thread, word)));
            all.extend(voices.into_iter().flatten());
        }
        all
    }

    /// The own post that answers this post although it claims an earlier time. The time of such an
    /// answer is that of the post: an answer is never before what it answers.
    pub(super) fn late(&self, post: usize) -> Option<usize> {
        self.late[post]
    }

    /// Everybody an own post answers, each voice once and in order, whether or not they wait for
    /// anything. Nobody for other rows.
    pub fn voices(&self, row: usize) -> Vec<usize> {
        if !self.can_answer[row] {
            return Vec::new();
        }
        let threads = self.threads;
        let posts = self.above(row).chain(self.quoted(row));
        let mut all: Vec<usize> = posts.filter_map(|post| threads.voice(post)).collect();
        let thread = threads.thread(row);
        let mut named = self.named(row);
        if threads.is_linear(thread) {
            let here = threads.voices().iter().enumerate().filter(|(_, v)| v.thread == thread);
            named.extend(here.map(|(n, _)| n));
        }
        let spoke = |voice: usize| {
            let first = threads.voices()[voice].rows[0];
            threads.rank(first) < threads.rank(row)
        };
        all.extend(named.into_iter().filter(|&voice| spoke(voice)));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Fills `speaker_above` and `late`: once down the trees and once up.
    fn look_up(&mut self) {
        let threads = self.threads;
        let mut downwards: Vec<usize> = (0..self.can_answer.len()).collect();
        downwards.sort_by_key(|&row| threads.depth(row));
        let mut first: Vec<Option<usize>> = vec![None; downwards.len()];
        for &row in &downwards {
            if let Some(up) = threads.up(row) {
                self.speaker_above[row] =
                    if threads.voice(up).is_some() { Some(up) } else { self.speaker_above[up] };
            }
        }
        let earlier = |a: Option<usize>, b: Option<usize>| {
            a.into_iter().chain(b).min_by_key(|&row| threads.rank(row))
        };
        for &row in threads.order() {
            if let Some(quoted) = self.quoted(row).filter(|_| self.can_answer[row]) {
                self.late[quoted] = earlier(self.late[quoted], Some(row));
            }
        }
        for &row in downwards.iter().rev() {
            self.late[row] = earlier(self.late[row], first[row])
                .filter(|&own| threads.rank(own) < threads.rank(row));
            let here = earlier(first[row], self.can_answer[row].then_some(row));
            if let Some(up) = threads.up(row) {
                first[up] = earlier(first[up], here);
            }
        }
    }
}

fn can_answer(history: &History, row: &Interaction) -> bool {
    matches!(row.kind, Kind::Comment | Kind::Mention | Kind::Post | Kind::Quote)
        && is_human_own(history, row)
        && !is_automatic(history, row)
}

/// Whether an own row counts at all: not deleted, no bot's, not ruled out (rules E8 and E10).
pub(super) fn is_human_own(history: &History, row: &Interaction) -> bool {
    let accounts = &history.accounts;
    let is_bot = row.bot
        || row.person.is_some_and(|p| {
            accounts.own_bots.contains(&p)
                || accounts.blocked.contains(&p)
                || accounts.bots.get(&p).is_some_and(|seen| *seen <= history.now)
        });
    // The classifier is not asked whether our own words are about us; a person may say so.
    let is_ruled_out = row.ruling.as_ref().is_some_and(|r| r.relevant == Some(false));
    history.is_own(row) && !is_deleted(row, history.now) && !is_bot && !is_ruled_out
}

/// Whether its text is a known automatic reply: compared whole, trimmed, without case.
fn is_automatic(history: &History, row: &Interaction) -> bool {
    let is_known = |text: &String| history.auto_replies.contains(&text.trim().to_lowercase());
    !history.auto_replies.is_empty() && row.text.as_ref().is_some_and(is_known)
}

fn handles(threads: &Threads<'_>) -> HashMap<(usize, String), Vec<usize>> {
    let mut all: HashMap<(usize, String), Vec<usize>> = HashMap::new();
    for (n, voice) in threads.voices().iter().enumerate() {
        for &row in &voice.rows {
            let author = threads.row(row).author.as_ref();
            let Some(handle) = author.and_then(|a| a.handle.as_deref()) else { continue };
            let handle = handle.trim().trim_start_matches('@').to_lowercase();
            if handle.is_empty() {
                continue;
            }
            let voices = all.entry((voice.thread, handle)).or_default();
            if voices.last() != Some(&n) {
                voices.push(n);
            }
        }
    }
    all
}

/// What follows each `@` that starts a word: the whole words it may be, longest first.
fn at_words(text: &str) -> Vec<Vec<String>> {
    /// Longer than any handle, and a bound on what one `@` can cost.
    const LONGEST: usize = 256;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut all = Vec::new();
    for (at, _) in text.match_indices('@') {
        if text[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let rest = &text[at + 1..];
        let mut words = Vec::new();
        let mut after_word = false;
        for (i, c) in rest.char_indices().take(LONGEST) {
            let end = i + c.len_utf8();
            let mut behind = rest[end..].chars();
            let next = behind.next();
            if is_word(c) {
                after_word = true;
                // In `ann@there.example` the first part alone is somebody else.
                let goes_on = next.is_some_and(is_word)
                    || next == Some('@') && behind.next().is_some_and(is_word);
                if !goes_on {
                    words.push(rest[..end].to_owned());
                }
            } else if after_word && matches!(c, '.' | '-' | '·' | '@') && next.is_some_and(is_word)
            {
                after_word = false;
            } else {
                break;
            }
        }
        words.reverse();
        all.push(words);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_whole_words() {
        for (case, text, wanted) in [
            ("in the middle", "hello @ann, sorry", "ann"),
            ("at the end of a sentence", "sorry @ann.", "ann"),
            ("with a dot inside, the longer first", "@ann.lee hi", "ann.lee ann"),
            (
                "on another server, never the first part",
                "@ann@there.example hi",
                "ann@there.example ann@there",
            ),
            ("dots that go nowhere", "@ann...we", "ann"),
            ("a possessive", "@ann's order", "ann"),
            ("longer word", "@anna", "anna"),
            ("a mail address names nobody", "mail help@ann.example", ""),
            ("two", "@ann @bo_2!", "ann|bo_2"),
            ("no word at all", "@ @@ @.", "|||"),
            ("other scripts", "hej @åsa!", "åsa"),
        ] {
            let found: Vec<String> = at_words(text).iter().map(|w| w.join(" ")).collect();
            assert_eq!(found.join("|"), wanted, "{case}");
        }
    }
}

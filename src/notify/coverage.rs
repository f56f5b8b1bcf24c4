//! What was read and what was not: a quiet day and a blind one must not look alike.

use crate::model::{Capabilities, Gap, Health, Reach, Time, Trouble, Window};
use crate::words::Words;

use super::card::platform_name;
use super::clean;
use super::page::{Block, Tone};

/// One stream of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The account's name in the configuration.
    pub account: String,
    /// The platform.
    pub platform: String,
    /// The stream.
    pub stream: String,
    /// Whether it is well.
    pub health: Health,
    /// When it was last read to its end.
    pub read_until: Option<Time>,
    /// Stretches that were never read.
    pub gaps: Vec<Gap>,
    /// What is wrong, and since when.
    pub trouble: Option<(Trouble, Time)>,
    /// When something was last found in it.
    pub last_found_at: Option<Time>,
    /// Nothing was found for longer than is usual for it; the pipeline judges that.
    pub is_silent: bool,
    /// What can be seen on this account.
    pub can: Capabilities,
}

impl Coverage {
    /// Whether everything that was posted in the window has been read.
    pub(crate) fn is_complete(&self, window: Window) -> bool {
        self.read_until.is_some_and(|at| window.to <= at)
            && !self.gaps.iter().any(|gap| {
                gap.after.is_none_or(|after| after < window.to)
                    && gap.before.is_none_or(|before| window.from < before)
            })
    }

    /// Whether people must be told something about it.
    pub(crate) fn is_wrong(&self, window: Window) -> bool {
        !self.is_complete(window)
            || !self.gaps.is_empty()
            || self.is_silent
            || self.health == Health::NeedsAttention
            || self.trouble.as_ref().is_some_and(|(t, _)| !matches!(t, Trouble::RateLimited))
    }

    fn name(&self) -> String {
        format!(
            "{} · {} · {}",
            platform_name(&self.platform),
            clean::line(&self.account, 40),
            clean::line(&self.stream, 40)
        )
    }

    fn lines(&self, words: Words) -> Vec<String> {
        const GAPS: usize = 3;
        let mut lines = vec![match self.read_until {
            Some(at) => words.read_to_end(at),
            None => words.never_read().to_owned(),
        }];
        if let Some((trouble, since)) = &self.trouble {
            let what = words.trouble(trouble, &clean::line(trouble.said(), 160));
            lines.push(words.trouble_since(&what, *since));
        }
        let gaps = self.gaps.iter().take(GAPS);
        lines.extend(gaps.map(|gap| words.gap(gap, &clean::line(&gap.why, 80))));
        if self.gaps.len() > GAPS {
            lines.push(format!("+ {}", words.int((self.gaps.len() - GAPS) as u64)));
        }
        if self.is_silent {
            lines.push(words.silent_since(self.last_found_at));
        }
        lines
    }
}

/// Whether every stream was read over the whole window; with no stream at all, nothing was.
pub(crate) fn is_complete(all: &[Coverage], window: Window) -> bool {
    !all.is_empty() && all.iter().all(|stream| stream.is_complete(window))
}

/// Whether anything must be told.
pub(crate) fn is_wrong(all: &[Coverage], window: Window) -> bool {
    all.is_empty() || all.iter().any(|stream| stream.is_wrong(window))
}

/// The section: each faulty stream, the well ones in one line, then where answers are out of sight.
pub(crate) fn blocks(all: &[Coverage], window: Window, words: Words) -> Vec<Block> {
    const NOTES: usize = 20;
    let (wrong, well): (Vec<&Coverage>, Vec<&Coverage>) =
        all.iter().partition(|stream| stream.is_wrong(window));
    let heading = if is_wrong(all, window) { words.coverage_wrong() } else { words.coverage() };
    let mut blocks = vec![Block::Heading(heading.to_owned())];
    if all.is_empty() {
        let title = words.no_sources().to_owned();
        blocks.push(Block::Note { tone: Tone::Warning, title, lines: Vec::new() });
    }
    for stream in wrong.iter().take(NOTES) {
        let lines = stream.lines(words);
        blocks.push(Block::Note { tone: Tone::Warning, title: stream.name(), lines });
    }
    if wrong.len() > NOTES {
        blocks.push(Block::Text(words.more_sources((wrong.len() - NOTES) as u64)));
    }
    if !wrong.is_empty() {
        blocks.push(Block::Text(words.coverage_help().to_owned()));
    }
    if let Some(oldest) = well.iter().filter_map(|stream| stream.read_until).min() {
        let n = well.len() as u64;
        let all =
            if wrong.is_empty() { words.all_read(n, oldest) } else { words.others_read(n, oldest) };
        blocks.push(Block::Text(all));
    }
    blocks.extend(out_of_sight(all, words).into_iter().map(Block::Text));
    blocks
}

/// One sentence per account where answers cannot, or only partly, be seen.
fn out_of_sight(all: &[Coverage], words: Words) -> Vec<String> {
    let mut told: Vec<(&str, &str)> = Vec::new();
    let mut lines = Vec::new();
    for stream in all.iter().filter(|s| s.can.answers != Reach::Full) {
        let account = (stream.platform.as_str(), stream.account.as_str());
        if told.contains(&account) {
            continue;
        }
        told.push(account);
        let name = format!("{} ({})", platform_name(account.0), clean::line(account.1, 40));
        lines.push(match stream.can.answers {
            Reach::No => words.answers_unseen(&name),
            _ => words.answers_partly_seen(&name),
        });
    }
    lines
}

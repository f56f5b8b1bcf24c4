//! Composes the mail about a source that only a person can bring back, and decides how often.

use crate::model::{Time, Trouble};
use crate::words::Words;

use super::card::platform_name;
use super::clean;
use super::page::{Block, Composed, Page, Tone};

/// A source that needs a person.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFacts {
    /// The brand's name.
    pub brand: String,
    /// The platform.
    pub platform: String,
    /// The account's name in the configuration.
    pub account: String,
    /// The streams that cannot be read.
    pub streams: Vec<String>,
    /// What is wrong, and since when.
    pub trouble: (Trouble, Time),
    /// When it was last read to its end, if ever.
    pub read_until: Option<Time>,
    /// When it is composed.
    pub now: Time,
    /// The version of affinityd.
    pub version: String,
}

/// Whether a mail about a source that needs attention is due: at once, then once a day.
pub fn source_notice_due(last_told_at: Option<Time>, now: Time) -> bool {
    last_told_at.is_none_or(|at| now.since(at) >= Time::DAY)
}

/// Composes it.
pub fn compose_source(facts: &SourceFacts, words: Words) -> Composed {
    let brand = clean::line(&facts.brand, 30);
    let platform = platform_name(&facts.platform);
    let account = clean::line(&facts.account, 40);
    let (trouble, since) = &facts.trouble;
    let what = words.trouble(trouble, &clean::line(trouble.said(), 200));
    let streams: Vec<String> = facts.streams.iter().map(|s| clean::line(s, 40)).collect();

    let mut lines = vec![words.trouble_since(&what, *since)];
    lines.push(match facts.read_until {
        Some(at) => words.read_to_end(at),
        None => words.never_read().to_owned(),
    });
    let mut commands = Vec::new();
    if matches!(trouble, Trouble::Unauthorised(_)) {
        commands.push(("systemctl restart affinityd".to_owned(), words.act_restart().to_owned()));
    }
    let check = format!("affinityd check --account {account}");
    commands.push((check, words.act_check().to_owned()));
    let title = if streams.is_empty() {
        format!("{platform} · {account}")
    } else {
        format!("{platform} · {account} · {}", streams.join(", "))
    };
    let lead = words.source_lead(&platform, &account, facts.read_until.unwrap_or(*since));
    Page {
        language: words.language.code(),
        tone: Tone::Warning,
        kicker: words.source_kicker(&clean::line(&facts.brand, 60)),
        preview: what,
        lead,
        blocks: vec![
            Block::Note { tone: Tone::Warning, title, lines },
            Block::Text(words.source_consequence().to_owned()),
            Block::Heading(words.what_to_do().to_owned()),
            Block::Commands(commands),
            Block::Small(words.source_repeats().to_owned()),
        ],
        footer: vec![words.written_by(&facts.version, facts.now)],
    }
    .compose(&words.source_subject(&brand, &platform, &account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_once_and_then_once_a_day() {
        let now = Time(10 * Time::DAY);
        for (what, told, wanted) in [
            ("never told", None, true),
            ("told an hour ago", Some(now.plus(-Time::HOUR)), false),
            ("told a day ago", Some(now.plus(-Time::DAY)), true),
        ] {
            assert_eq!(source_notice_due(told, now), wanted, "{what}");
        }
    }
}

//! The keys of a `[[platforms.mastodon]]` block, and what is wrong with them.

use secrecy::SecretString;
use url::Url;

use crate::platforms::{Secrets, answer};
use crate::settings::Section;

/// One account on one server.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The server, such as `https://home.example`.
    pub url: Option<Url>,
    /// The access token of the brand's account; without one only tags can be read.
    pub token: Option<SecretString>,
    /// Tags that are searched for, without `#`.
    pub tags: Vec<String>,
    /// Words and phrases that are searched for.
    pub searches: Vec<String>,
}

impl Config {
    /// Reads the keys `url`, `token-…`, `tags` and `searches`.
    pub fn read(section: &Section<'_>, secrets: Secrets<'_>) -> Self {
        let url = section.required("url", "\"https://home.example\"").and_then(|written| {
            let url = answer::address(&written.value);
            if url.is_none() {
                section.reject(
                    written.span.clone(),
                    "this is no address of a server",
                    "write the address you open in the browser: `url = \"https://home.example\"`",
                );
            }
            url
        });
        let token = secrets(section, "token");
        if let (Some(url), Some(_)) = (&url, &token)
            && url.scheme() == "http"
            && !answer::is_own_machine(url)
        {
            section.warn(
                section.place("url"),
                "the token travels in the clear",
                "write https:// if the server has it",
            );
        }
        let tags = section
            .strings("tags")
            .into_iter()
            .filter_map(|tag| {
                let word = tag.value.trim().trim_start_matches('#').to_owned();
                let is_tag =
                    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
                if !is_tag {
                    section.reject(
                        tag.span,
                        "this is no tag",
                        "a tag is one word, without spaces or signs",
                    );
                }
                is_tag.then_some(word)
            })
            .collect::<Vec<_>>();
        let searches = section.strings("searches");
        if let (Some(first), None) = (searches.first(), &token) {
            section.reject(
                first.span.clone(),
                "a search needs a token",
                "add `token-file`, or use `tags`, which most servers show to everybody",
            );
        }
        if token.is_none() && tags.is_empty() && searches.is_empty() {
            section.reject(
                section.span(),
                "without a token and without tags there is nothing to read",
                "add `token-file` (Preferences > Development on the server), or `tags`",
            );
        }
        let searches = searches.into_iter().map(|s| s.value.trim().to_owned());
        Self { url, token, tags, searches: searches.filter(|s| !s.is_empty()).collect() }
    }
}

//! The keys of a `[[platforms.bluesky]]` block, and what is wrong with them.

use secrecy::SecretString;
use url::Url;

use crate::platforms::{Secrets, answer};
use crate::settings::Section;

/// Where accounts of the network's own servers log in.
const USUAL: &str = "https://bsky.social";

/// One account.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The server that logs in.
    pub url: Option<Url>,
    /// The account's handle, or its DID.
    pub identifier: Option<String>,
    /// An app password of it.
    pub password: Option<SecretString>,
    /// Words and phrases that are searched for.
    pub searches: Vec<String>,
}

impl Config {
    /// Reads the keys `url`, `identifier`, `password-…` and `searches`.
    pub fn read(section: &Section<'_>, secrets: Secrets<'_>) -> Self {
        let url = match section.string("url") {
            None => answer::address(USUAL),
            Some(written) => {
                let url = answer::address(&written.value);
                if url.is_none() {
                    section.reject(
                        written.span,
                        "this is no address of a server",
                        format!("write `url = \"{USUAL}\"`, or the address of your own server"),
                    );
                }
                url
            }
        };
        let identifier = section.required("identifier", "\"acme.bsky.social\"").and_then(|name| {
            let plain = name.value.trim().trim_start_matches('@').to_owned();
            let is_name = plain.contains(['.', ':']) && !plain.contains(char::is_whitespace);
            if !is_name {
                section.reject(
                    name.span,
                    "this is no handle",
                    "write the whole handle, such as `identifier = \"acme.bsky.social\"`",
                );
            }
            is_name.then_some(plain)
        });
        let password = secrets(section, "password");
        let is_named = ["password-file", "password-credential", "password"]
            .into_iter()
            .any(|key| section.string(key).is_some());
        if password.is_none() && !is_named {
            section.reject(
                section.span(),
                "there is no password",
                "make an app password (Settings > Privacy and security > App passwords) and name \
                 its file with `password-file`",
            );
        }
        if let (Some(url), Some(_)) = (&url, &password)
            && url.scheme() == "http"
            && !answer::is_own_machine(url)
        {
            section.warn(
                section.place("url"),
                "the password travels in the clear",
                "write https:// if the server has it",
            );
        }
        let mut searches: Vec<String> = Vec::new();
        for words in section.strings("searches").into_iter().map(|s| s.value.trim().to_owned()) {
            // The same stream twice would share a cursor.
            if !words.is_empty() && !searches.contains(&words) {
                searches.push(words);
            }
        }
        Self { url, identifier, password, searches }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Findings;

    fn read(block: &str) -> (Config, Vec<String>) {
        let secrets = |section: &Section<'_>, what: &'static str| {
            assert_eq!(what, "password");
            section.string("password-file").map(|f| SecretString::from(f.value))
        };
        let findings = Findings::default();
        let toml = format!("[account]\n{block}");
        let table = toml::de::DeTable::parse(&toml).expect("it is TOML");
        let root = Section::root(&table, &findings);
        let config = Config::read(&root.section("account").expect("it is there"), &secrets);
        drop(root);
        (config, findings.take().into_iter().map(|f| f.message).collect())
    }

    #[test]
    fn mistakes_are_found_at_once() {
        let good = "identifier = \"acme.example\"\npassword-file = \"p\"\n";
        for (case, block, wanted) in [
            ("all is well", good.to_owned(), vec![]),
            (
                "nothing at all",
                String::new(),
                vec!["`account.identifier` is missing", "there is no password"],
            ),
            ("half a handle", good.replace("acme.example", "acme"), vec!["this is no handle"]),
            (
                "no address",
                format!("{good}url = \"bsky\"\n"),
                vec!["this is no address of a server"],
            ),
            (
                "in the clear",
                format!("{good}url = \"http://pds.example\"\n"),
                vec!["the password travels in the clear"],
            ),
            ("on this machine", format!("{good}url = \"http://127.0.0.1:2583\"\n"), vec![]),
        ] {
            assert_eq!(read(&block).1, wanted, "{case}");
        }
    }

    #[test]
    fn what_is_left_out_is_usual_and_what_is_written_is_tidied() {
        let (config, _) = read(
            "identifier = \" @acme.example \"\npassword-file = \"p\"\n\
             searches = [\"acme coffee\", \" \", \"acme coffee \", \"#acme\"]\n",
        );
        assert_eq!(config.url.map(|u| u.to_string()).as_deref(), Some("https://bsky.social/"));
        assert_eq!(config.identifier.as_deref(), Some("acme.example"));
        assert_eq!(config.searches, ["acme coffee", "#acme"]);
    }
}

//! What of a stranger's text goes into a mail: quotes, links, subjects. How text is cleaned and
//! cut is `text`'s to say, how it is escaped `page`'s.

use url::Url;

pub(crate) use crate::text::line;

/// A person's words on one line, without the handles they are addressed to: those say nothing new,
/// and cost a third of what fits.
pub(crate) fn quote(text: &str, limit: usize) -> String {
    let mut rest = text.trim_start();
    while rest.starts_with('@') {
        let Some(end) = rest.find(char::is_whitespace) else { break };
        rest = rest[end..].trim_start();
    }
    line(rest, limit)
}

/// A permalink that may be linked: http or https, with a host, without a login in it, and not
/// longer than a mail can bear.
pub(crate) fn permalink(text: &str) -> Option<Url> {
    const LONGEST: usize = 1_000;
    let url = Url::parse(text.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let has_login = !url.username().is_empty() || url.password().is_some();
    (is_web && !has_login && url.as_str().len() <= LONGEST).then_some(url)
}

/// The subject: one line of at most 120 characters.
pub(crate) fn subject(text: &str) -> String {
    line(text, 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_begins_with_what_is_said() {
        for (text, wanted) in [
            ("@acme@home.example  my parcel", "my parcel"),
            ("@acme @bo same here @acme", "same here @acme"),
            ("@acme", "@acme"),
            ("no handle", "no handle"),
        ] {
            assert_eq!(quote(text, 80), wanted);
        }
    }

    #[test]
    fn only_web_links_are_links() {
        for (text, wanted) in [
            ("https://example.social/@ada/1", true),
            ("http://example.social/1", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("https://bank.example@evil.example/", false),
            ("/relative", false),
            ("", false),
        ] {
            assert_eq!(permalink(text).is_some(), wanted, "{text}");
        }
        assert!(permalink(&format!("https://a.example/{}", "x".repeat(2_000))).is_none());
    }
}

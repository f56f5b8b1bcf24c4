//! Whether a redirect is followed, where to, and what may be taken along.

use url::Url;

use super::error::SendError;

/// How many redirects are followed in a row.
pub(super) const MOST_HOPS: usize = 5;

/// The next hop.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hop {
    /// Where to.
    pub url: Url,
    /// Credentials, headers and body may go there: it is the same server.
    pub trusted: bool,
    /// The body is sent again.
    pub with_body: bool,
    /// It said "moved for good".
    pub for_good: bool,
}

/// Whether this status, with a `Location`, is a redirect.
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where the redirect leads. `way` is every URL asked so far, the configured one first.
///
/// # Errors
/// [`SendError::Refused`] or [`SendError::Protocol`] if it is not to be followed.
pub(super) fn follow(
    way: &[Url],
    status: u16,
    location: &str,
    has_body: bool,
) -> Result<Hop, SendError> {
    let (Some(first), Some(current)) = (way.first(), way.last()) else {
        return Err(SendError::Protocol("a redirect without a request"));
    };
    if way.len() > MOST_HOPS {
        return Err(SendError::Refused("too many redirects"));
    }
    let mut url = current
        .join(location)
        .map_err(|_| SendError::Protocol("a redirect to something that is no address"))?;
    url.set_fragment(None);
    match url.scheme() {
        "https" => {}
        "http" if first.scheme() == "http" => {}
        "http" => return Err(SendError::Refused("a redirect from https to http")),
        _ => return Err(SendError::Refused("a redirect to something that is not http")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SendError::Refused("a redirect with a password in it"));
    }
    if way.contains(&url) {
        return Err(SendError::Refused("a redirect in a circle"));
    }
    // Trust that was lost on the way does not come back: the stranger chose where "back" is.
    let trusted = way.iter().chain([&url]).all(|hop| is_same_server(first, hop));
    // A POST may hold a password in its body. It is repeated only where the status asks for that
    // and the server is the same; 301 and 302 leave the method open, so they are not guessed at.
    let with_body = has_body && status != 303;
    if with_body && !matches!(status, 307 | 308) {
        return Err(SendError::Refused("a redirect that leaves open what becomes of the body"));
    }
    if with_body && !trusted {
        return Err(SendError::Refused("a redirect of a body to another host"));
    }
    Ok(Hop { url, trusted, with_body, for_good: matches!(status, 301 | 308) })
}

/// Same host and port; the step from http to https on their usual ports is the same server too.
fn is_same_server(a: &Url, b: &Url) -> bool {
    let ports = (a.port_or_known_default(), b.port_or_known_default());
    let upgraded = a.scheme() == "http" && b.scheme() == "https" && ports == (Some(80), Some(443));
    a.host() == b.host() && (upgraded || (a.scheme() == b.scheme() && ports.0 == ports.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(way: &[&str]) -> Vec<Url> {
        way.iter().map(|u| Url::parse(u).expect("a row is a URL")).collect()
    }

    #[test]
    fn credentials_stay_with_the_server_they_are_for() {
        for (from, location, wanted) in [
            ("https://a.example/x", "/y", true),
            ("https://a.example/x", "https://a.example:443/y", true),
            ("https://a.example/x", "//a.example/y", true),
            ("http://a.example/x", "https://a.example/y", true),
            ("https://a.example/x", "https://b.example/x", false),
            ("https://a.example/x", "https://a.example:8443/x", false),
            ("https://a.example/x", "https://x.a.example/x", false),
            ("https://a.example/x", "https://a.example.b.example/x", false),
            ("http://a.example:8080/x", "https://a.example/y", false),
        ] {
            let hop = follow(&urls(&[from]), 302, location, false).expect("followed");
            assert_eq!(hop.trusted, wanted, "{from} -> {location}");
        }
    }

    #[test]
    fn trust_does_not_come_back() {
        let way = urls(&["https://a.example/", "https://b.example/"]);
        for location in ["https://b.example/again", "https://a.example/chosen-by-b"] {
            assert!(!follow(&way, 302, location, false).expect("followed").trusted, "{location}");
        }
    }

    #[test]
    fn some_redirects_are_not_followed() {
        let a = "https://a.example/x";
        for (case, way, status, location, has_body, wanted) in [
            ("down to http", vec![a], 302, "http://a.example/x", false, "https to http"),
            ("a file", vec![a], 302, "file:///etc/passwd", false, "not http"),
            ("a script", vec![a], 302, "javascript:alert(1)", false, "not http"),
            ("to itself", vec![a], 302, "/x", false, "circle"),
            ("to itself with a fragment", vec![a], 302, "/x#1", false, "circle"),
            ("back", vec!["https://b.example/", a], 302, "https://b.example/", false, "circle"),
            ("a password", vec![a], 302, "https://u:p@b.example/", false, "password"),
            ("a post, 302", vec![a], 302, "/y", true, "leaves open"),
            ("a post, 307, elsewhere", vec![a], 307, "https://b.example/", true, "another host"),
            ("nonsense", vec![a], 302, "https://", false, "no address"),
            ("the sixth", vec![a, a, a, a, a, a], 302, "/y", false, "too many"),
        ] {
            let said = follow(&urls(&way), status, location, has_body).expect_err(case).to_string();
            assert!(said.contains(wanted), "{case}: {said}");
            assert!(!said.contains("example"), "{case}: {said}");
        }
    }

    #[test]
    fn a_body_goes_along_only_where_the_status_says_so() {
        let way = urls(&["https://a.example/x"]);
        for (status, with_body, for_good) in
            [(307, true, false), (308, true, true), (303, false, false)]
        {
            let hop = follow(&way, status, "/y", true).expect("followed");
            assert_eq!((hop.with_body, hop.for_good), (with_body, for_good), "{status}");
        }
    }

    #[test]
    fn http_stays_allowed_where_the_config_said_http() {
        let hop = follow(&urls(&["http://a.example/"]), 301, "http://b.example/", false);
        assert_eq!(hop.map(|h| h.url.to_string()), Ok("http://b.example/".to_owned()));
    }
}

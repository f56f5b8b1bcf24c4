//! Addresses and names on the wire: the only place that builds a `Mailbox`.
//!
//! Names and subjects may come from strangers. lettre panics on a line break in a display name, so
//! nothing reaches it that has not been through [`one_line`].

use lettre::Address;
use lettre::message::Mailbox;

use crate::text;

/// Longest display name on the wire, in characters.
const NAME_LIMIT: usize = 100;

/// An address that is safe in a header and in an SMTP command.
///
/// Plain form only: no quoted local part, no comment, no route. A domain in another script is
/// turned into its ASCII form, so no server needs to know SMTPUTF8.
///
/// # Errors
/// What is wrong with it, for people.
pub fn address(text: &str) -> Result<Address, String> {
    let text = text.trim();
    let (user, domain) =
        text.rsplit_once('@').ok_or_else(|| format!("`{}` has no `@`", one_line(text, 100)))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if !user.chars().all(is_plain) {
        return Err("the part before `@` holds a character that mail does not carry".to_owned());
    }
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        match url::Host::parse(domain) {
            Ok(url::Host::Domain(ascii)) => ascii,
            _ => return Err(format!("`{}` is no domain", one_line(domain, 100))),
        }
    };
    if text.len() > 254 {
        return Err("it is longer than 254 bytes".to_owned());
    }
    let is_address = domain.chars().all(|c| c.is_ascii_alphanumeric() || "-.[]:".contains(c));
    match Address::new(user, &domain) {
        Ok(address) if is_address => Ok(address),
        _ => Err(format!("`{}` is no mail address", one_line(text, 100))),
    }
}

/// A name and an address as one mailbox. Whatever the name held, it is one line of at most 100
/// characters afterwards.
pub fn mailbox(name: &str, address: Address) -> Mailbox {
    let name = one_line(name, NAME_LIMIT);
    Mailbox::new((!name.is_empty()).then_some(name), address)
}

/// Reads `care@acme.example` or `Acme Care <care@acme.example>`.
///
/// # Errors
/// What is wrong with it, for people.
pub fn parse_mailbox(text: &str) -> Result<Mailbox, String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err("it holds a line break or another control character".to_owned());
    }
    let Some(inside) = text.strip_suffix('>') else {
        return Ok(mailbox("", address(text)?));
    };
    let (name, inner) =
        inside.rsplit_once('<').ok_or_else(|| "it has a `>` without a `<`".to_owned())?;
    Ok(mailbox(name.trim().trim_matches('"'), address(inner)?))
}

/// Text as one line that is safe in a header: as [`text::line`] cleans it, nothing that a mail
/// program would decode once more, at most `limit` characters.
pub fn one_line(text: &str, limit: usize) -> String {
    // Two characters alone make an encoded word: `=?utf-8?b?…?=` would be read as its content.
    text::line(&text::line(text, limit).replace("=?", "= ?"), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_or_refused() {
        for (text, wanted) in [
            ("care@acme.example", Some("care@acme.example")),
            (" care+alerts@acme.example ", Some("care+alerts@acme.example")),
            ("root@localhost", Some("root@localhost")),
            ("ops@münchen.example", Some("ops@xn--mnchen-3ya.example")),
            ("acme.example", None),
            ("@acme.example", None),
            ("care@", None),
            ("\"a b\"@acme.example", None),
            ("ada@acme.example, bob@acme.example", None),
            ("ada@acme.example\r\nBcc: eve@evil.example", None),
            ("ada@acme.example>\r\nRCPT TO:<eve@evil.example", None),
            ("ada\u{0}@acme.example", None),
            ("ada@acme..example", None),
            ("ädä@acme.example", None),
        ] {
            assert_eq!(address(text).ok().as_ref().map(AsRef::as_ref), wanted, "{text:?}");
        }
    }

    #[test]
    fn mailboxes_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("care@acme.example", Ok((None, "care@acme.example"))),
            ("Acme Care <care@acme.example>", Ok((Some("Acme Care"), "care@acme.example"))),
            ("\"Acme, Inc.\" <care@acme.example>", Ok((Some("Acme, Inc."), "care@acme.example"))),
            ("Acme\r\nBcc: x <care@acme.example>", Err(())),
            ("Acme care@acme.example>", Err(())),
        ] {
            let read = parse_mailbox(text).map(|m| (m.name, m.email.to_string())).map_err(|_| ());
            let wanted = wanted.map(|(n, a)| (n.map(str::to_owned), a.to_owned()));
            assert_eq!(read, wanted, "{text:?}");
        }
    }

    #[test]
    fn lines_hold_nothing_that_acts() {
        for (why, text, limit, wanted) in [
            ("plain", "Acme waits", 100, "Acme waits"),
            ("line breaks", "Evil\r\nBcc: x@y", 100, "Evil Bcc: x@y"),
            ("other controls", "a\0b\u{7f}c\u{85}d", 100, "a b c d"),
            ("direction", "\u{202e}gro.live", 100, "gro.live"),
            ("line separator", "a\u{2028}b", 100, "a b"),
            ("an encoded word", "=?utf-8?b?QmNj?=", 100, "= ?utf-8?b?QmNj?="),
            ("too long, in a word", "abcdefgh", 5, "abcd…"),
            ("too long, after a word", "abc defgh", 6, "abc d…"),
            ("taken apart when it is full", "a =?=?=?", 8, "a = ?=…"),
            ("only breaks", "\r\n\r\n", 5, ""),
        ] {
            assert_eq!(one_line(text, limit), wanted, "{why}");
        }
    }
}

//! The `[mail]` section: from whom, and which way.
//!
//! ```toml
//! [mail]
//! from = "Acme Care <care@acme.example>"
//!
//! [mail.smtp]
//! host = "mail.acme.example"
//! user = "care@acme.example"
//! password-credential = "smtp-password"
//! ```

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use lettre::Address;
use lettre::message::Mailbox;
use secrecy::SecretString;

use super::{Letterhead, address, parse_mailbox};
use crate::settings::{Placed, Section};

/// Reads the secret that a section names under a key: from a credential or a file, with findings
/// of its own.
pub type SecretReader<'r> = &'r dyn Fn(&Section<'_>, &'static str) -> Option<SecretString>;

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS is required after a plain greeting (port 587).
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
    /// Nothing. On the loopback interface, or if the config insists.
    None,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Its name or address; also what its certificate must say.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Login name and password, if it wants one.
    pub login: Option<(String, SecretString)>,
    /// A certificate authority to trust besides the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// What we call ourselves; the host's name if not set.
    pub hello_name: Option<String>,
}

/// Which way mails leave.
#[derive(Clone, Debug)]
pub enum Way {
    /// To a mail server.
    Smtp(SmtpConfig),
    /// Into files below this path.
    Directory(PathBuf),
}

/// How mails leave.
#[derive(Clone, Debug)]
pub struct Config {
    /// What stands on every mail.
    pub head: Letterhead,
    /// Which way.
    pub way: Way,
}

/// The sender of a daemon that has not been told one; such mails never leave the machine.
const NOBODY: &str = "affinityd@localhost";

impl Default for Config {
    fn default() -> Self {
        Self {
            head: Letterhead {
                from: parse_mailbox(NOBODY).expect("a constant that a test checks"),
                reply_to: None,
                list_id: None,
                unsubscribe: None,
            },
            way: Way::Directory(PathBuf::from("mail")),
        }
    }
}

impl Config {
    /// The same with a relative directory below `state`.
    #[must_use]
    pub fn below(&self, state: &Path) -> Self {
        let mut config = self.clone();
        if let Way::Directory(path) = &mut config.way {
            *path = state.join(&*path);
        }
        config
    }

    /// Reads `[mail]`. Without `[mail.smtp]` mails become files below `directory`.
    pub fn read(section: &Section<'_>, secrets: SecretReader<'_>) -> Self {
        let default = Self::default();
        let from = section.string("from");
        let reply_to = section.string("reply-to").and_then(|p| mailbox_at(section, p));
        let list_id = section.string("list-id").and_then(|p| list_id_at(section, p));
        let unsubscribe = section.string("unsubscribe").and_then(|p| address_at(section, p));
        let directory = section.path("directory");
        let smtp = section.section("smtp");
        if smtp.is_some() && from.is_none() {
            // Reported by the section itself, with an example.
            section.required("from", "\"Acme Care <care@acme.example>\"");
        }
        if let (Some(_), Some(path)) = (&smtp, &directory) {
            section.reject(
                path.span.clone(),
                "mails go to a directory or to a mail server, not to both",
                "leave out `directory` or the section `[mail.smtp]`",
            );
        }
        let way = match smtp.and_then(|smtp| SmtpConfig::read(&smtp, secrets)) {
            Some(smtp) => Way::Smtp(smtp),
            None => directory.map_or(default.way, |path| Way::Directory(path.value)),
        };
        let from = from.and_then(|p| mailbox_at(section, p)).unwrap_or(default.head.from);
        Self { head: Letterhead { from, reply_to, list_id, unsubscribe }, way }
    }
}

impl SmtpConfig {
    /// The ports a server listens on, by how it protects the connection.
    fn default_port(security: Security) -> i64 {
        match security {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::None => 25,
        }
    }

    fn read(section: &Section<'_>, secrets: SecretReader<'_>) -> Option<Self> {
        let host = section.required("host", "\"mail.acme.example\"");
        let words =
            [("starttls", Security::StartTls), ("tls", Security::Tls), ("none", Security::None)];
        let security = section.choice("security", &words, Security::StartTls);
        let port = section.number("port", 1..65_536, Self::default_port(security));
        let user = section.string("user");
        let password = secrets(section, "password");
        let insecure = section.flag("insecure", false);
        let ca_file = section.path("ca-file").map(|p| p.value);
        let hello_name = section.string("hello-name").and_then(|p| host_at(section, p));
        let login = match (user, password) {
            (Some(user), Some(password)) if user.value.chars().any(char::is_control) => {
                section.reject(user.span, "`mail.smtp.user` holds a control character", "");
                drop(password);
                None
            }
            (Some(user), Some(password)) => Some((user.value, password)),
            (Some(user), None) => {
                section.reject(
                    user.span,
                    "there is a user but no password",
                    "add `password-credential = \"…\"` or `password-file = \"…\"`",
                );
                None
            }
            (None, Some(_)) => {
                section.reject(section.span(), "there is a password but no user", "add `user`");
                None
            }
            (None, None) => None,
        };
        let host = host_at(section, host?)?;
        if security == Security::None && !insecure && !is_loopback(&host) {
            section.reject(
                section.place("security"),
                format!("mails to {host} would travel in the open"),
                "use `starttls` or `tls`; `insecure = true` sends them all the same",
            );
            return None;
        }
        let port = u16::try_from(port).ok()?;
        Some(Self { host, port, security, login, ca_file, hello_name })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn mailbox_at(section: &Section<'_>, text: Placed<String>) -> Option<Mailbox> {
    let said = |why| section.reject(text.span.clone(), format!("no mail address: {why}"), EXAMPLE);
    parse_mailbox(&text.value).map_err(said).ok()
}

fn address_at(section: &Section<'_>, text: Placed<String>) -> Option<Address> {
    let said = |why| section.reject(text.span.clone(), format!("no mail address: {why}"), EXAMPLE);
    address(&text.value).map_err(said).ok()
}

const EXAMPLE: &str = "write `care@acme.example` or `Acme Care <care@acme.example>`";

fn host_at(section: &Section<'_>, text: Placed<String>) -> Option<String> {
    let host = text.value.trim();
    let is_host = host.parse::<IpAddr>().is_ok() || is_name(host);
    if !is_host {
        section.reject(
            text.span,
            "no host name",
            "a name such as `mail.acme.example` or an address, without a scheme or a port",
        );
    }
    is_host.then(|| host.to_owned())
}

fn list_id_at(section: &Section<'_>, text: Placed<String>) -> Option<String> {
    let is_list = is_name(&text.value) && text.value.contains('.');
    if !is_list {
        section.reject(text.span, "no list id", "write a name such as `alerts.acme.example`");
    }
    is_list.then_some(text.value)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        })
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;
    use crate::settings::Findings;

    fn read(toml: &str) -> (Config, Vec<String>) {
        let findings = Findings::default();
        let table = DeTable::parse(toml).expect("test input is TOML");
        let secrets = |section: &Section<'_>, key: &'static str| {
            assert_eq!(key, "password");
            section.string("password-file").map(|p| SecretString::from(p.value))
        };
        let root = Section::root(&table, &findings);
        let config = match root.section("mail") {
            Some(section) => Config::read(&section, &secrets),
            None => Config::default(),
        };
        drop(root);
        (config, findings.take().into_iter().map(|f| f.message).collect())
    }

    #[test]
    fn without_a_section_mails_become_files() {
        let (config, findings) = read("");
        assert!(matches!(config.way, Way::Directory(path) if path.as_os_str() == "mail"));
        assert!(findings.is_empty());
    }

    #[test]
    fn a_server_is_read_with_the_defaults_of_its_security() {
        for (lines, security, port) in [
            ("host = \"m.example\"", Security::StartTls, 587),
            ("host = \"m.example\"\nsecurity = \"tls\"", Security::Tls, 465),
            ("host = \"127.0.0.1\"\nsecurity = \"none\"", Security::None, 25),
            ("host = \"::1\"\nsecurity = \"none\"\nport = 2525", Security::None, 2525),
            ("host = \"m.example\"\nsecurity = \"none\"\ninsecure = true", Security::None, 25),
        ] {
            let (config, findings) =
                read(&format!("[mail]\nfrom = \"a@acme.example\"\n[mail.smtp]\n{lines}"));
            assert!(findings.is_empty(), "{lines}: {findings:?}");
            let Way::Smtp(smtp) = config.way else { panic!("{lines}: no server") };
            assert_eq!((smtp.security, smtp.port), (security, port), "{lines}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let smtp = "[mail]\nfrom = \"a@acme.example\"\n[mail.smtp]\nhost = \"m.example\"\n";
        for (why, toml, wanted) in [
            (
                "injected",
                "[mail]\nfrom = \"A\\r\\nBcc: x <a@b.example>\"".to_owned(),
                "no mail address: it holds a line break or another control character",
            ),
            (
                "two addresses",
                "[mail]\nreply-to = \"a@b.example, c@d.example\"".to_owned(),
                "no mail address: the part before `@` holds a character that mail does not carry",
            ),
            (
                "a server without a sender",
                "[mail]\n[mail.smtp]\nhost = \"m.example\"".to_owned(),
                "`mail.from` is missing",
            ),
            (
                "in the open",
                format!("{smtp}security = \"none\""),
                "mails to m.example would travel in the open",
            ),
            ("a URL", smtp.replace("m.example", "smtp://m.example"), "no host name"),
            ("no password", format!("{smtp}user = \"ada\""), "there is a user but no password"),
            ("no user", format!("{smtp}password-file = \"x\""), "there is a password but no user"),
            (
                "both ways",
                smtp.replace("[mail]", "[mail]\ndirectory = \"x\""),
                "mails go to a directory or to a mail server, not to both",
            ),
            (
                "a wrong word",
                format!("{smtp}security = \"ssl\""),
                "`mail.smtp.security` cannot be `ssl`",
            ),
            ("a hello that speaks", format!("{smtp}hello-name = \"a\\r\\nMAIL\""), "no host name"),
            ("unknown", format!("{smtp}hots = \"x\""), "unknown key `mail.smtp.hots`"),
            ("a list id with brackets", "[mail]\nlist-id = \"<a.b>\"".to_owned(), "no list id"),
        ] {
            assert_eq!(read(&toml).1, [wanted], "{why}");
        }
    }

    #[test]
    fn the_password_does_not_print() {
        let (config, _) = read(
            "[mail]\nfrom = \"a@acme.example\"\n[mail.smtp]\nhost = \"m.example\"\nuser = \"ada\"\npassword-file = \"hunter2\"",
        );
        let shown = format!("{config:?}");
        assert!(shown.contains("ada") && !shown.contains("hunter2"), "{shown}");
    }
}

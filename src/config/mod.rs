//! The configuration file as a whole: its sections, each owned by its module, and what they must
//! agree on.

mod report;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::de::DeTable;

use crate::model::{Reach, Time};
use crate::pipeline::Brand;
use crate::platforms::Account;
use crate::settings::{Finding, Findings, Section};
use crate::{http, mail, platforms, secret, store};

pub use report::Report;

/// Everything the daemon is told.
pub struct Config {
    /// Where the file is, for people.
    pub path: PathBuf,
    /// The brands.
    pub brands: Vec<Brand>,
    /// The accounts, each with the brand it belongs to.
    pub accounts: Vec<(Account, String)>,
    /// The HTTP client.
    pub http: http::Config,
    /// The store.
    pub store: store::Config,
    /// Mail.
    pub mail: mail::Config,
    /// The daemon itself.
    pub daemon: Daemon,
}

/// The `[daemon]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// The Unix socket for the command line.
    pub socket: PathBuf,
    /// Where the store, exports and mails are kept.
    pub state: PathBuf,
    /// The log filter, as `RUST_LOG` has it.
    pub log: String,
    /// JSON lines instead of plain ones, where there is no journal.
    pub log_json: bool,
    /// Called after each healthy hour, so that somebody else notices when it is not.
    pub dead_man_url: Option<url::Url>,
}

impl Daemon {
    /// Reads the `[daemon]` section.
    fn read(section: &Section<'_>) -> Self {
        let standard = Self::default();
        Self {
            socket: section.path("socket").map_or(standard.socket, |p| p.value),
            state: section.path("state").map_or(standard.state, |p| p.value),
            log: section.string("log").map_or(standard.log, |t| t.value),
            log_json: section.choice(
                "log-format",
                &[("plain", false), ("json", true)],
                standard.log_json,
            ),
            dead_man_url: section.string("dead-man-url").and_then(|text| {
                let url = url::Url::parse(&text.value).ok().filter(is_safe);
                if url.is_none() {
                    section.reject(
                        text.span,
                        "`daemon.dead-man-url` is no https address",
                        "write it as `https://watch.example/ping/acme`; plain http only on this machine",
                    );
                }
                url
            }),
        }
    }
}

/// What systemd hands to the unit, else what the unit would have.
fn directory(variable: &str, standard: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(standard), PathBuf::from)
}

impl Default for Daemon {
    fn default() -> Self {
        Self {
            socket: directory("RUNTIME_DIRECTORY", "/run/affinityd").join("affinityd.sock"),
            state: directory("STATE_DIRECTORY", "/var/lib/affinityd"),
            log: "info".to_owned(),
            log_json: false,
            dead_man_url: None,
        }
    }
}

/// Whether nobody on the way can read or forge the call.
fn is_safe(url: &url::Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// Whether secrets must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// The daemon starts: a missing secret is an error.
    Needed,
    /// The file is only looked at: a missing secret is a warning.
    Optional,
}

impl Config {
    /// Loads and checks a file. Warnings come with the config, errors instead of it.
    ///
    /// # Errors
    /// Every mistake of the file at once, each with its place and the way out.
    pub fn load(path: &Path, secrets: Secrets) -> Result<(Self, Report), Report> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return Err(Report::unreadable(path, &error)),
        };
        Self::parse(path, text, secrets)
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(path: &Path, text: String, secrets: Secrets) -> Result<(Self, Report), Report> {
        let findings = Findings::default();
        let (config, found) = {
            let (table, errors) = DeTable::parse_recoverable(&text);
            if errors.is_empty() {
                let config = {
                    let root = Section::root(&table, &findings);
                    let config = Self::read(path, &root, secrets);
                    // Beside an error these would only be follow-up mistakes.
                    if findings.is_empty() {
                        warn_about_blind_spots(&root, &config.brands, &config.accounts);
                    }
                    config
                };
                (Some(config), findings.take())
            } else {
                // What could be parsed around a syntax error would only add follow-up mistakes.
                (None, errors.iter().map(syntax).collect())
            }
        };
        let report = Report::new(path, text, found);
        match config {
            Some(config) if !report.has_errors() => Ok((config, report)),
            _ => Err(report),
        }
    }

    /// Every key that a file could hold and does not: what an example file lacks.
    pub fn absent_keys(text: &str) -> Vec<String> {
        let findings = Findings::default();
        if let Ok(table) = DeTable::parse(text) {
            let root = Section::root(&table, &findings);
            Self::read(Path::new("example"), &root, Secrets::Optional);
        }
        findings.absent()
    }

    fn read(path: &Path, root: &Section<'_>, secrets: Secrets) -> Self {
        let daemon = root.section("daemon").map_or_else(Daemon::default, |s| Daemon::read(&s));
        let http =
            root.section("http").map_or_else(http::Config::default, |s| http::Config::read(&s));
        let store =
            root.section("store").map_or_else(store::Config::default, |s| store::Config::read(&s));
        let load_secret = |section: &Section<'_>, what: &'static str| {
            let keys = secret::keys(what);
            match secret::out_of_reach(section, keys) {
                // An empty stand-in, so that the rest of the section is looked at all the same.
                Some(named) if secrets == Secrets::Optional => {
                    section.warn(
                        named.span,
                        format!("the {what} cannot be read here"),
                        "no fault if only the daemon may read it; `affinityd check` tries it",
                    );
                    Some(SecretString::from("not read"))
                }
                _ => secret::load(section, keys),
            }
        };
        let mail = root
            .section("mail")
            .map_or_else(mail::Config::default, |s| mail::Config::read(&s, &load_secret));
        let brands = brands(root);
        let accounts = root
            .section("platforms")
            .map(|section| {
                let read = platforms::read(&section, &load_secret);
                assign(&section, read, &brands)
            })
            .unwrap_or_default();
        Self { path: path.to_owned(), brands, accounts, http, store, mail, daemon }
    }

    /// Platforms whose connectors say that replies carry their parents.
    pub fn parented(&self) -> BTreeSet<String> {
        self.accounts
            .iter()
            .filter(|(account, _)| account.connector.capabilities().parents)
            .map(|(account, _)| account.platform.to_owned())
            .collect()
    }
}

fn syntax(error: &toml::de::Error) -> Finding {
    Finding {
        span: error.span().unwrap_or(0..0),
        message: error.message().to_owned(),
        label: "here".to_owned(),
        help: None,
        warning: false,
    }
}

fn brands(root: &Section<'_>) -> Vec<Brand> {
    let sections = root.sections("brands");
    if sections.is_empty() {
        root.reject(
            0..0,
            "no brand is configured",
            "add a section `[[brands]]` with `id`, `zone` and `recipients`",
        );
    }
    let mut all: Vec<Brand> = Vec::new();
    for section in sections {
        let Some(brand) = Brand::read(&section) else { continue };
        if all.iter().any(|known| known.id == brand.id) {
            section.reject(
                section.place("id"),
                format!("there are two brands `{}`", brand.id),
                "give each brand an id of its own",
            );
            continue;
        }
        if brand.recipients.is_empty() {
            section.warn(
                section.span(),
                format!("brand `{}` has no recipients, so nobody gets its mails", brand.id),
                "add `recipients = [\"care@acme.example\"]`",
            );
        }
        all.push(brand);
    }
    all
}

/// Gives every account its brand: the one it names, or the only one.
fn assign(section: &Section<'_>, read: Vec<Account>, brands: &[Brand]) -> Vec<(Account, String)> {
    let mut all = Vec::new();
    for account in read {
        let brand = match (&account.brand, brands) {
            (Some(named), _) => {
                let found = brands.iter().find(|b| b.id == named.value);
                if found.is_none() {
                    let ids: Vec<&str> = brands.iter().map(|b| b.id.as_str()).collect();
                    section.reject(
                        named.span.clone(),
                        format!("there is no brand `{}`", named.value),
                        format!("the brands are: {}", ids.join(", ")),
                    );
                }
                found
            }
            (None, [only]) => Some(only),
            (None, []) => None,
            (None, _) => {
                section.reject(
                    section.span(),
                    format!("account `{}` does not say which brand it belongs to", account.name),
                    "add `brand = \"…\"` to it: there are several brands",
                );
                None
            }
        };
        if let Some(brand) = brand {
            let id = brand.id.clone();
            all.push((account, id));
        }
    }
    all
}

fn warn_about_blind_spots(root: &Section<'_>, brands: &[Brand], accounts: &[(Account, String)]) {
    for brand in brands {
        let mut mine = accounts.iter().filter(|(_, id)| *id == brand.id).peekable();
        if mine.peek().is_none() {
            root.warn(
                0..0,
                format!("brand `{}` has no account, so nothing is polled for it", brand.id),
                "add a section such as `[[platforms.mastodon]]`; import works without one",
            );
        } else if mine.all(|(a, _)| a.connector.capabilities().answers == Reach::No) {
            root.warn(
                0..0,
                format!("no account of brand `{}` can see answers, so no alert is ever sent", brand.id),
                "alerts need an account whose threads can be read, such as `[[platforms.mastodon]]` with a token",
            );
        }
    }
}

/// The shortest poll interval that is taken from a config.
pub const SHORTEST_POLL: i64 = 30 * Time::SECOND;

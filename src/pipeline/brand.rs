//! A brand as configured: all that the pipeline needs to know about it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::calendar::{self, Calendar};
use crate::cases::{Policy, policy};
use crate::classify::{Watch, watch};
use crate::model::Author;
use crate::notify::{AlertConfig, DigestConfig};
use crate::settings::Section;
use crate::words::Language;

/// An account of the brand or its staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAccount {
    /// The platform.
    pub platform: String,
    /// Its id or its handle there, without `@`, in lower case.
    pub account: String,
    /// A bot: nothing it posts is an answer.
    pub bot: bool,
}

/// A brand.
#[derive(Clone, Debug)]
pub struct Brand {
    /// First component of every stored key; never change it.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The zone of its days and hours.
    pub zone: Tz,
    /// The language of its mails.
    pub language: Language,
    /// Its business hours.
    pub calendar: Calendar,
    /// Its targets.
    pub policy: Policy,
    /// Its terms.
    pub watch: Watch,
    /// Its accounts and those of its staff.
    pub own: Vec<OwnAccount>,
    /// Accounts it does not want to hear of.
    pub blocked: Vec<OwnAccount>,
    /// Texts that are automatic replies, trimmed and in lower case.
    pub auto_replies: BTreeSet<String>,
    /// Who gets alerts and digests.
    pub recipients: Vec<String>,
    /// When alerts are mailed.
    pub alerts: AlertConfig,
    /// When the digest is mailed, and what is in it.
    pub digest: DigestConfig,
}

impl Brand {
    /// Reads one `[[brands]]` block; `None` if something vital is missing (said as a finding).
    pub fn read(section: &Section<'_>) -> Option<Self> {
        let id = section.required("id", "\"acme\"");
        let name = section.string("name");
        let language = section.choice("language", &Language::CHOICES, Language::En);
        let recipients = recipients(section);
        let hours = calendar::Config::read(section);
        let closed = holidays(section, &hours);
        let targets = section.section("targets");
        let terms = section.section("terms");
        let watch = match &terms {
            Some(terms) => Watch::new(&watch::Config::read(terms)),
            None => Watch::new(&watch::Config::default()),
        };
        let own = accounts(section, "accounts");
        let blocked = accounts(section, "blocked");
        let auto_replies =
            section.strings("auto-replies").iter().map(|t| t.value.trim().to_lowercase()).collect();
        let alerts = section
            .section("alerts")
            .map_or_else(AlertConfig::default, |alerts| AlertConfig::read(&alerts));
        let digest = section
            .section("digest")
            .map_or_else(DigestConfig::default, |digest| DigestConfig::read(&digest));
        let policy = targets
            .map_or_else(Policy::default, |targets| Policy::new(policy::Config::read(&targets)));
        let id = id?;
        let is_plain = id.value.len() <= 40
            && id.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !is_plain {
            section.reject(
                id.span,
                format!("`{}` cannot be a brand's id", id.value),
                "use at most 40 lower-case letters, digits and hyphens; the id is part of every stored key",
            );
            return None;
        }
        Some(Self {
            name: name.map_or_else(|| id.value.clone(), |name| name.value),
            id: id.value,
            zone: hours.zone,
            language,
            calendar: hours.calendar(&closed),
            policy,
            watch,
            own,
            blocked,
            auto_replies,
            recipients,
            alerts,
            digest,
        })
    }

    /// The listed account that an author of that platform is, if any.
    pub fn own_account(&self, platform: &str, author: &Author) -> Option<&OwnAccount> {
        find(&self.own, platform, author)
    }

    /// The blocked account that an author of that platform is, if any.
    pub fn blocks(&self, platform: &str, author: &Author) -> Option<&OwnAccount> {
        find(&self.blocked, platform, author)
    }
}

fn find<'a>(list: &'a [OwnAccount], platform: &str, author: &Author) -> Option<&'a OwnAccount> {
    if list.iter().all(|own| own.platform != platform) {
        return None;
    }
    let id = author.id.to_lowercase();
    let handle = author.handle.as_deref().map(str::to_lowercase);
    list.iter().find(|own| {
        own.platform == platform
            && (own.account == id || handle.as_deref() == Some(own.account.as_str()))
    })
}

fn accounts(section: &Section<'_>, key: &'static str) -> Vec<OwnAccount> {
    section
        .sections(key)
        .iter()
        .filter_map(|block| {
            let platform = block.required("platform", "\"mastodon\"");
            let account = block.required("account", "\"acme@social.example\"");
            let bot = block.flag("bot", false);
            Some(OwnAccount {
                platform: platform?.value,
                account: account?.value.trim().trim_start_matches('@').to_lowercase(),
                bot,
            })
        })
        .collect()
}

/// The closed days of the holiday file.
fn holidays(section: &Section<'_>, hours: &calendar::Config) -> Vec<NaiveDate> {
    let Some(file) = &hours.holidays_file else { return Vec::new() };
    let read = std::fs::read_to_string(&file.value).map_err(|error| error.to_string());
    match read.and_then(|text| calendar::parse_ics(&text).map_err(|error| error.to_string())) {
        Ok(days) => days,
        Err(said) => {
            section.reject(
                file.span.clone(),
                format!("the holidays cannot be read: {said}"),
                "name an iCalendar file with whole-day events, or list the days in `holidays`",
            );
            Vec::new()
        }
    }
}

fn recipients(section: &Section<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for address in section.strings("recipients") {
        if address.value.parse::<lettre::Address>().is_ok() {
            all.push(address.value);
        } else {
            section.reject(
                address.span,
                format!("`{}` is no mail address", address.value),
                "write it as `care@acme.example`",
            );
        }
    }
    all
}

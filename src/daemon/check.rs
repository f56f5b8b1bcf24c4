//! The live probe: does every account work, what may it see, does mail leave?

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use serde::Serialize;

use super::source::{Ground, Source};
use crate::clock::Wall;
use crate::config::Config;
use crate::http::Client;
use crate::http::lanes::Lanes;
use crate::mail::{self, Transport};
use crate::model::{Capabilities, Message, Purpose, Reach, Severity, Time};
use crate::platforms::{Ask, Refusal};

/// One thing that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The account, or `mail`.
    pub about: String,
    /// What works if it works.
    pub shows: String,
    /// Whether it does.
    pub works: bool,
    /// Without it, the account is of no use.
    pub vital: bool,
    /// What went wrong, or more about it.
    pub said: Option<String>,
}

/// Tries every account, or one, and the mail; with an address, sends a test mail there.
///
/// # Errors
/// If nothing could be tried at all.
pub async fn check(
    config: &Config,
    account: Option<&str>,
    mail_to: Option<&str>,
) -> Result<Vec<Finding>> {
    let client = Client::new(&config.http).context("setting up HTTP")?;
    let ground = Ground {
        client,
        clock: Arc::new(Wall),
        store: None,
        lanes: Arc::new(Mutex::new(Lanes::new())),
    };
    let mut all = Vec::new();
    for (configured, brand) in &config.accounts {
        if account.is_some_and(|wanted| wanted != configured.name) {
            continue;
        }
        let source = Source::new(configured.clone(), brand.clone(), ground.clone());
        probe(&source, &mut all).await;
    }
    if account.is_none() || mail_to.is_some() {
        all.push(mail(config, mail_to).await);
    }
    Ok(all)
}

async fn probe(source: &Source, all: &mut Vec<Finding>) {
    let about = format!("{} ({})", source.account.name, source.account.platform);
    let mut is_over = false;
    for (number, probe) in source.account.connector.probes().into_iter().enumerate() {
        if is_over {
            // A dead server or token answers the other questions too, only slower.
            let said = Some("not tried after that".to_owned());
            all.push(Finding {
                about: about.clone(),
                shows: probe.shows,
                works: false,
                vital: probe.vital,
                said,
            });
            continue;
        }
        let asked = source.page(Ask::Probe(number), None).await;
        is_over =
            probe.vital && matches!(asked, Err(Refusal::Unauthorised(_) | Refusal::Unreachable(_)));
        let said = asked.as_ref().err().map(|refusal| match &probe.needs {
            Some(needs) => format!("{refusal} (needs `{needs}`)"),
            None => refusal.to_string(),
        });
        all.push(Finding {
            about: about.clone(),
            shows: probe.shows,
            works: asked.is_ok(),
            vital: probe.vital,
            said,
        });
    }
    let (works, said) = sight(source.account.connector.capabilities());
    all.push(Finding { about, shows: "what can be seen".to_owned(), works, vital: false, said });
}

/// What an account can tell, in words; `false` if answers cannot be seen at all.
fn sight(can: Capabilities) -> (bool, Option<String>) {
    let word = |name: &str, reach: Reach| match reach {
        Reach::Full => name.to_owned(),
        Reach::Partly => format!("{name} (partly)"),
        Reach::No => format!("no {name}"),
    };
    let list = [
        word("mentions", can.mentions),
        word("search", can.search),
        word("comments", can.comments),
        word("shares", can.shares),
        word("quotes", can.quotes),
        word("likes", can.likes),
        word("own posts", can.own_posts),
        word("answers", can.answers),
    ];
    let mut said = list.join(", ");
    if can.answers == Reach::No {
        said.push_str("; so no alert is ever sent for it");
    }
    (can.answers != Reach::No, Some(said))
}

async fn mail(config: &Config, to: Option<&str>) -> Finding {
    let transport = Transport::new(&config.mail.below(&config.daemon.state));
    let tried = match to {
        None => transport.probe().await.map_err(|failure| failure.to_string()),
        Some(to) => test_mail(config, &transport, to).await,
    };
    transport.close().await;
    Finding {
        about: "mail".to_owned(),
        shows: match to {
            None => "mail can leave".to_owned(),
            Some(to) => format!("a test mail to {to} was taken"),
        },
        works: tried.is_ok(),
        vital: true,
        said: tried.err(),
    }
}

async fn test_mail(config: &Config, transport: &Transport, to: &str) -> Result<(), String> {
    let address = mail::address(to)?;
    let now = Time::from(chrono::Utc::now());
    let domain = config.mail.head.from.email.domain();
    let text = "This is a test. Mail from affinityd reaches you.\n";
    let message = Message {
        id: format!("test.{}@{domain}", now.0),
        brand: String::new(),
        purpose: Purpose::Test,
        severity: Severity::Low,
        group: "test".to_owned(),
        references: Vec::new(),
        subject: "affinityd: test mail".to_owned(),
        text: text.to_owned(),
        html: format!("<p>{text}</p>"),
        at: now,
        cases: Vec::new(),
    };
    let built = mail::build(&message, &config.mail.head, &address)
        .map_err(|failure| failure.to_string())?;
    transport.send(&built, &address).await.map_err(|failure| failure.to_string())
}

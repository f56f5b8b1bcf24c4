//! `check-config` and `check`: is the file right, and does the world agree?

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::show;
use super::{Failure, Outcome, Place};
use crate::config::{Config, Secrets};
use crate::daemon;

/// Checks the file and shows every mistake at once.
pub fn config(place: &Place) -> Outcome {
    let loaded = Config::load(&place.config, Secrets::Optional);
    let (report, config) = match &loaded {
        Ok((config, report)) => (report, Some(config)),
        Err(report) => (report, None),
    };
    let (errors, warnings) = report.counts();
    if place.json {
        show::json(&json!({ "errors": errors, "warnings": warnings, "findings": report.lines() }))?;
    } else {
        anstream::eprint!("{}", report.render(true));
        let file = place.config.display();
        let warnings = show::count(warnings as u64, "warning", "warnings");
        let mut out = show::out();
        if let Some(config) = config {
            let brands = show::count(config.brands.len() as u64, "brand", "brands");
            let accounts = show::count(config.accounts.len() as u64, "account", "accounts");
            let said = format!("{file}: fine: {brands}, {accounts}, {warnings}");
            show::line(&mut out, &said)?;
        } else if report.was_read() {
            let errors = show::count(errors as u64, "error", "errors");
            show::line(&mut out, &format!("{file}: {errors}, {warnings}"))?;
        }
    }
    if config.is_some() { Ok(()) } else { Err(Failure::Config) }
}

/// `affinityd check …`.
#[derive(Args)]
pub struct Options {
    /// This account only
    #[arg(long)]
    account: Option<String>,
    /// Send a test mail there
    #[arg(long, value_name = "ADDRESS")]
    mail_to: Option<String>,
}

/// Asks every account and the mail server whether they work.
pub fn check(place: &Place, options: &Options) -> Outcome {
    let config = match Config::load(&place.config, Secrets::Needed) {
        Ok((config, _)) => config,
        Err(report) => {
            anstream::eprint!("{}", report.render(true));
            return Err(Failure::Config);
        }
    };
    if let Some(wanted) = &options.account
        && !config.accounts.iter().any(|(a, _)| a.name == *wanted)
    {
        let all: Vec<&str> = config.accounts.iter().map(|(a, _)| a.name.as_str()).collect();
        let known = match all.as_slice() {
            [] => "none is configured".to_owned(),
            all => format!("there are: {}", all.join(", ")),
        };
        return Err(Failure::Usage(format!("there is no account `{wanted}`; {known}")));
    }
    let runtime = tokio::runtime::Runtime::new().context("starting")?;
    let findings = runtime.block_on(daemon::check(
        &config,
        options.account.as_deref(),
        options.mail_to.as_deref(),
    ))?;
    let is_fine = findings.iter().all(|f| f.works || !f.vital);
    if place.json {
        show::json(&serde_json::to_value(&findings).map_err(anyhow::Error::from)?)?;
    } else {
        let mut out = show::out();
        for finding in &findings {
            let sign = match (finding.works, finding.vital) {
                (true, _) => format!("{}ok  {}", show::GOOD, show::PLAIN),
                (false, true) => format!("{}FAIL{}", show::BAD, show::PLAIN),
                (false, false) => "no  ".to_owned(),
            };
            let said = finding.said.as_deref().map(|s| format!(": {s}")).unwrap_or_default();
            show::paragraph(
                &mut out,
                &format!("{sign} {}: {}{said}", finding.about, finding.shows),
            )?;
        }
    }
    if is_fine { Ok(()) } else { Err(Failure::Unwell) }
}

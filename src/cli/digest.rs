//! `digest`: what would be mailed.

use clap::{Args, ValueEnum};

use super::ask::Oracle;
use super::show;
use super::{Outcome, Place};
use crate::daemon::Call;

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// As the text part of the mail
    Text,
    /// As the HTML part
    Html,
    /// As the whole mail
    Eml,
    /// Its facts
    Json,
}

/// `affinityd digest …`.
#[derive(Args)]
pub struct Options {
    /// Of this brand
    #[arg(long)]
    brand: Option<String>,
    /// As of then: 2026-11-09, or a time
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Prints the digest; sends nothing.
pub fn digest(place: &Place, options: Options) -> Outcome {
    let format = if place.json { Format::Json } else { options.format };
    let call = Call::Digest { brand: options.brand, as_of: options.as_of };
    let answer = Oracle::find(place)?.ask(call)?;
    let mut out = show::out();
    match format {
        Format::Json => show::json(&answer["facts"])?,
        Format::Text => show::line(&mut out, answer["text"].as_str().unwrap_or_default())?,
        Format::Html => show::line(&mut out, answer["html"].as_str().unwrap_or_default())?,
        Format::Eml => {
            use std::io::Write as _;
            let eml = answer["eml"].as_str().unwrap_or_default();
            std::io::stdout().write_all(eml.as_bytes()).map_err(anyhow::Error::from)?;
        }
    }
    Ok(())
}

//! `train`: makes a model from labelled texts.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::Args;

use super::Outcome;
use super::show;
use crate::train::{Part, Plan, Stage, train};

/// `affinityd train …`.
#[derive(Args)]
pub struct Options {
    /// The list of sources (see data/model/shipped.toml)
    #[arg(long, value_name = "FILE")]
    sources: PathBuf,
    /// Where the model goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Reads, fits, writes.
pub fn run(options: &Options) -> Outcome {
    let began = Instant::now();
    let plan = Plan::read(&options.sources).map_err(anyhow::Error::from)?;
    let samples = plan.samples().map_err(anyhow::Error::from)?;
    let held = samples.iter().filter(|sample| sample.part == Part::Settle).count();
    eprintln!("{} lines, {held} of them held back to settle with", samples.len());
    let model = train(&plan, &samples, |stage| match stage {
        Stage::Read(_) => {}
        Stage::Langs(pass, of) => eprintln!("languages: pass {pass} of {of}"),
        Stage::Heads(pass, of) => eprintln!("heads: pass {pass} of {of}"),
        Stage::Topics(pass, of) => eprintln!("topics: pass {pass} of {of}"),
        Stage::Settle => eprintln!("settling"),
    })
    .map_err(anyhow::Error::from)?;
    let bytes = model.bytes();
    fs::write(&options.out, &bytes)
        .with_context(|| format!("writing {}", options.out.display()))?;
    let mut out = show::out();
    show::line(
        &mut out,
        &format!(
            "{}: {}, {:.1} MB, {} languages, {:.0} s",
            options.out.display(),
            model.head.name,
            bytes.len() as f64 / 1e6,
            model.head.codes.len(),
            began.elapsed().as_secs_f32()
        ),
    )?;
    Ok(())
}

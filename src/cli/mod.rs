//! The command line: what can be typed, and the exit code that comes back.
//!
//! Each command has a file of its own. Commands that need the store ask the daemon over its socket
//! and open the store themselves only where no daemon runs.

mod ask;
mod cases;
mod check;
mod classify;
mod correct;
mod digest;
mod eval;
mod export;
mod import;
mod indicators;
mod local;
mod man;
mod measure;
mod pieces;
mod probe;
mod reclassify;
mod review;
mod run;
mod show;
mod status;
mod train;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{Args, CommandFactory, Parser, Subcommand};

/// What stopped a command, as an exit code.
#[derive(Debug)]
pub enum Failure {
    /// Something went wrong: 1.
    Failed(anyhow::Error),
    /// It works, and the answer is "no": 1, with nothing more to say.
    Unwell,
    /// Called in a wrong way: 2.
    Usage(String),
    /// The configuration is wrong: 78. Already shown.
    Config,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// What a command comes to.
pub type Outcome = Result<(), Failure>;

/// affinityd watches what customers say to a brand in public, and makes sure somebody answers.
#[derive(Parser)]
#[command(
    name = "affinityd",
    version = version(),
    max_term_width = 80,
    after_help = AFTER
)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
First steps:
  affinityd demo             see it work in ten seconds, on simulated data
  affinityd check-config     after editing /etc/affinityd/affinityd.toml
  affinityd check            are accounts and mail server reachable?
  affinityd status           how is the daemon doing?

Each command has its own help: affinityd cases --help
Exit codes: 0 fine, 1 failure, 2 wrong usage, 78 wrong configuration.";

/// The version, and that of the zone database: both decide when a digest leaves.
fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let (own, zones) = (env!("CARGO_PKG_VERSION"), chrono_tz::IANA_TZDB_VERSION);
        format!("{own} (time zones {zones})")
    });
    &VERSION
}

/// Where things are.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// The configuration
    #[arg(
        long,
        global = true,
        env = "AFFINITYD_CONFIG",
        hide_env_values = true,
        value_name = "FILE",
        display_order = 100,
        default_value = "/etc/affinityd/affinityd.toml"
    )]
    pub config: PathBuf,
    /// The store, where it is not where the configuration says
    #[arg(long, global = true, value_name = "DIR", display_order = 101)]
    pub store: Option<PathBuf>,
    /// Open the store here even if a daemon could be asked
    #[arg(long, global = true, display_order = 102)]
    pub offline: bool,
    /// Print JSON instead of tables
    #[arg(long, global = true, display_order = 103)]
    pub json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon
    #[command(after_help = "Example: affinityd run --config acme.toml")]
    Run,
    /// Check the configuration and show every mistake at once
    #[command(after_help = "Example: affinityd check-config --config acme.toml")]
    CheckConfig,
    /// Ask every account and the mail server whether they work
    #[command(after_help = "Example: affinityd check --mail-to you@example.org")]
    Check(check::Options),
    /// Let the daemon poll now
    #[command(after_help = "Example: affinityd poll acme-mastodon")]
    Poll {
        /// This account only
        account: Option<String>,
    },
    /// Show how everything is, and what to do about it
    #[command(after_help = "\
Exit code 0: all is well; 1: something needs attention. A backlog is no fault.

Example: affinityd status --json")]
    Status,
    /// List, show and close cases
    #[command(subcommand)]
    Cases(cases::Cases),
    /// Say what a post is: it wins over the classifier at once
    #[command(after_help = "\
Example: affinityd correct 80j7p8qrye --intent question --note \"asks for hours\"")]
    Correct(correct::Options),
    /// Show the digest that would be mailed
    #[command(after_help = "Example: affinityd digest --as-of 2026-11-09 --format text")]
    Digest(digest::Options),
    /// Show the indicators with their samples and intervals
    #[command(after_help = "Example: affinityd indicators --window 7d --as-of 2026-11-09")]
    Indicators(indicators::Options),
    /// Show what is behind a number
    #[command(after_help = "Example: affinityd explain I12.median_wall --window 7d")]
    Explain(indicators::Explain),
    /// Classify texts: JSON lines in, JSON lines out
    #[command(after_help = "\
Each answer has the intent, its probabilities, `severity` (severe, high, normal, low), `aspects` \
(the strongest first), `signals` (safety, legal, discrimination, money-lost, data-leak, effort, \
any-answer, recommends, warns-off, leaving, arriving; with \"own\": true selling, apology, cause, \
next-step, promise), `unsure`, `thanks` (or all is well, or consent, and nothing else: reopens no \
case), and the reasons.

Example: echo '{\"id\":1,\"text\":\"My order never came!\"}' | affinityd classify")]
    Classify(classify::Options),
    /// Measure the classifier on labelled texts
    #[command(after_help = "\
Lines are those of `classify` with labels: `intent`, `needs_answer`, `sentiment`, `severity`, \
`aspect`. With --corrections it is measured on what people have said of stored posts.

Example: affinityd eval labelled.jsonl --json")]
    Eval(eval::Options),
    /// Try terms on stored posts before they are configured
    #[command(after_help = "\
What is typed is added to the configured terms of the brand; --alone leaves \
those out. Both are compared with what the configured terms catch.

Example: affinityd probe-terms --brand acme --term acmecafe --exclude blender
         affinityd probe-terms --file posts.jsonl --alone --term orange")]
    ProbeTerms(probe::Options),
    /// Label history anew with the present classifier
    #[command(after_help = "\
What people have said stays. Figures as of an earlier day stay what they were. Nobody is \
alerted about history. If it is stopped, the next run goes on where it was.

Example: affinityd reclassify --since 2026-10-01 --dry-run")]
    Reclassify(reclassify::Options),
    /// Make a model for the classifier from labelled texts
    #[command(
        after_help = "Example: affinityd train --sources data/model/shipped.toml --out model.bin"
    )]
    Train(train::Options),
    /// Take in history from a file
    #[command(after_help = "\
Example: affinityd import reviews.csv --format csv --map platform==appstore
         --map kind==review --map id=Nr --map text=Review --map created_at=Date")]
    Import(import::Options),
    /// Write everything as JSON lines
    #[command(after_help = "Example: affinityd export -o backup.jsonl")]
    Export(export::Options),
    /// Compare counters, roll-ups and indexes with the interactions
    #[command(after_help = "Example: affinityd verify")]
    Verify,
    /// Erase a person for good
    #[command(after_help = "Example: affinityd erase mastodon @ada@far.example --yes")]
    Erase(export::Erase),
    /// Let go the mail that is held since the store was restored
    #[command(after_help = "Example: affinityd release-mail")]
    ReleaseMail,
    /// Explain a schedule
    #[command(subcommand)]
    Schedule(show::Schedule),
    /// See it work on simulated platforms
    #[command(after_help = "Example: affinityd demo --out mails")]
    Demo(show::Demo),
    /// Print completions for a shell
    #[command(after_help = "\
Example: affinityd completions bash > /etc/bash_completion.d/affinityd")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example: affinityd man > /usr/share/man/man1/affinityd.1")]
    Man,
}

/// Runs the command that was typed.
pub fn main() -> ExitCode {
    // clap's own rule for this counts a variable of the environment as an argument.
    if std::env::args_os().len() < 2 {
        let mut cli = Cli::command();
        anstream::eprint!("{}", cli.render_help().ansi());
        return ExitCode::from(2);
    }
    let cli = Cli::parse();
    let outcome = dispatch(cli);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Unwell) => ExitCode::from(1),
        Err(Failure::Config) => ExitCode::from(78),
        Err(Failure::Usage(said)) => {
            anstream::eprintln!("{}: {said}", show::error_word());
            ExitCode::from(2)
        }
        Err(Failure::Failed(error)) => {
            if is_closed_pipe(&error) {
                return ExitCode::SUCCESS;
            }
            anstream::eprintln!("{}: {error:#}", show::error_word());
            ExitCode::from(1)
        }
    }
}

/// `affinityd … | head` is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

fn dispatch(cli: Cli) -> Outcome {
    let Cli { place, command } = cli;
    match command {
        Command::Run => run::run(&place),
        Command::CheckConfig => check::config(&place),
        Command::Check(options) => check::check(&place, &options),
        Command::Poll { account } => status::poll(&place, account),
        Command::Status => status::status(&place),
        Command::Cases(command) => cases::cases(&place, command),
        Command::Correct(options) => correct::correct(&place, options),
        Command::Digest(options) => digest::digest(&place, options),
        Command::Indicators(options) => indicators::indicators(&place, options),
        Command::Explain(options) => indicators::explain(&place, options),
        Command::Classify(options) => classify::classify(&options),
        Command::Eval(options) => eval::eval(&place, &options),
        Command::ProbeTerms(options) => probe::probe(&place, options),
        Command::Reclassify(options) => reclassify::reclassify(&place, &options),
        Command::Train(options) => train::run(&options),
        Command::Import(options) => import::import(&place, options),
        Command::Export(options) => export::export(&place, &options),
        Command::Verify => status::verify(&place),
        Command::Erase(options) => export::erase(&place, options),
        Command::ReleaseMail => status::release(&place),
        Command::Schedule(command) => show::schedule(&place, command),
        Command::Demo(options) => show::demo(&options),
        Command::Completions { shell } => {
            // Into memory first: the generator takes a closed pipe for a disaster.
            let mut page = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "affinityd", &mut page);
            Ok(print(&page)?)
        }
        Command::Man => {
            let mut page = Vec::new();
            man::page(Cli::command(), &mut page).map_err(anyhow::Error::from)?;
            Ok(print(&page)?)
        }
    }
}

fn print(bytes: &[u8]) -> anyhow::Result<()> {
    std::io::stdout().lock().write_all(bytes)?;
    Ok(())
}

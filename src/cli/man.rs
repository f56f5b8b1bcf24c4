//! `man`: the manual page, one for the program with all its commands.

use std::io::{Result, Write};

use clap::Command;
use clap_mangen::Man;

/// What no command can tell of itself: files, surroundings, exit codes.
const REST: &str = r#".SH ENVIRONMENT
.TP
.B AFFINITYD_CONFIG
The configuration, where \-\-config does not name one.
.TP
.B RUST_LOG
What is logged, in place of `log` in the configuration.
.SH FILES
.TP
.I /etc/affinityd/affinityd.toml
The configuration.
.TP
.I /etc/affinityd/credentials/
Tokens and passwords, a file each, mode 600; the unit hands them over at the start.
.TP
.I /var/lib/affinityd/
The store, and in exports/ a copy of each of the last nights.
.TP
.I /run/affinityd/affinityd.sock
Where a running daemon is asked: by root and the unit's group.
.SH SIGNALS
SIGHUP takes over a changed configuration; a wrong one is refused and the old one stays. SIGTERM and
SIGINT stop the daemon within five seconds.
.SH EXIT STATUS
0 fine, 1 failure or "no", 2 wrong usage, 78 the configuration or the store wants a person.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
"#;

/// Writes the page.
pub fn page(mut cli: Command, page: &mut Vec<u8>) -> Result<()> {
    cli.build();
    let man = Man::new(cli.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    writeln!(page, ".SH COMMANDS")?;
    commands(page, &cli, "affinityd")?;
    page.write_all(REST.as_bytes())
}

fn commands(page: &mut Vec<u8>, of: &Command, path: &str) -> Result<()> {
    for command in of.get_subcommands().filter(|c| c.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        if command.has_subcommands() {
            commands(page, command, &path)?;
            continue;
        }
        // What every command has stands at the top of the page.
        let own = command.clone().mut_args(|arg| {
            let is_common = arg.is_global_set() || arg.get_id() == "help";
            arg.hide(is_common)
        });
        writeln!(page, ".SS {}", plain(&path))?;
        let about = own.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(page, "{}.", plain(&about))?;
        let mut options = Vec::new();
        Man::new(own.clone()).render_options_section(&mut options)?;
        // The heading would begin a chapter of its own.
        let options = String::from_utf8_lossy(&options).replace(".SH OPTIONS\n", "");
        if own.get_arguments().any(|arg| !arg.is_hide_set()) {
            page.write_all(options.as_bytes())?;
        }
        if let Some(more) = own.get_after_help() {
            for paragraph in more.to_string().split("\n\n") {
                // What is typed stands as it is.
                let is_typed = paragraph.starts_with("Example");
                writeln!(page, ".PP{}", if is_typed { "\n.nf" } else { "" })?;
                for line in paragraph.lines() {
                    writeln!(page, "{}", plain(line))?;
                }
                if is_typed {
                    writeln!(page, ".fi")?;
                }
            }
        }
    }
    Ok(())
}

/// A line in which nothing means anything to roff.
fn plain(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}

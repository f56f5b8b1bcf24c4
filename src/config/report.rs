//! What is wrong with a file, as people read it: file, line, column, the text itself, the way out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::settings::Finding;

/// The findings of one file, ready to be shown.
#[derive(Clone, Debug)]
pub struct Report {
    path: PathBuf,
    text: String,
    findings: Vec<Finding>,
    unreadable: Option<String>,
}

impl Report {
    /// A report about a file that was read.
    pub fn new(path: &Path, text: String, findings: Vec<Finding>) -> Self {
        Self { path: path.to_owned(), text, findings, unreadable: None }
    }

    /// A report about a file that could not be read.
    pub fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let said = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "there is no such file; name another with `--config FILE`".to_owned()
            }
            std::io::ErrorKind::PermissionDenied => {
                "it may not be read by this user; try `sudo`, or `chmod` the file".to_owned()
            }
            std::io::ErrorKind::IsADirectory => {
                "it is a directory; name the file in it with `--config FILE`".to_owned()
            }
            std::io::ErrorKind::InvalidData => "it is no UTF-8 text; save it as UTF-8".to_owned(),
            _ => error.to_string(),
        };
        Self {
            path: path.to_owned(),
            text: String::new(),
            findings: Vec::new(),
            unreadable: Some(said),
        }
    }

    /// Whether anything stops the start.
    pub fn has_errors(&self) -> bool {
        self.unreadable.is_some() || self.findings.iter().any(|f| !f.warning)
    }

    /// Whether the file could be read at all; if not, one line says it all.
    pub fn was_read(&self) -> bool {
        self.unreadable.is_none()
    }

    /// How many errors and warnings there are.
    pub fn counts(&self) -> (usize, usize) {
        let warnings = self.findings.iter().filter(|f| f.warning).count();
        (self.findings.len() - warnings + usize::from(self.unreadable.is_some()), warnings)
    }

    /// One line for each finding: `file:line:column: message`, for logs and scripts.
    pub fn lines(&self) -> Vec<String> {
        if let Some(said) = &self.unreadable {
            return vec![format!("{}: {said}", self.path.display())];
        }
        self.findings
            .iter()
            .map(|f| {
                let (line, column) = self.place(f.span.start);
                let help = f.help.as_deref().map(|h| format!(" ({h})")).unwrap_or_default();
                format!("{}:{line}:{column}: {}{help}", self.path.display(), f.message)
            })
            .collect()
    }

    /// The findings with the text they are about, in colour if `colour`.
    pub fn render(&self, colour: bool) -> String {
        if let Some(said) = &self.unreadable {
            return format!("error: {}: {said}\n", self.path.display());
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let path = self.path.display().to_string();
        let mut out = String::new();
        let text = without_passwords(&self.text);
        for finding in &self.findings {
            let level = if finding.warning { Level::WARNING } else { Level::ERROR };
            let start = finding.span.start.min(self.text.len());
            let end = finding.span.end.clamp(start, self.text.len());
            let mut group = level.primary_title(finding.message.as_str()).element(
                Snippet::source(text.as_str()).path(path.as_str()).annotation(
                    AnnotationKind::Primary.span(start..end).label(finding.label.as_str()),
                ),
            );
            if let Some(help) = &finding.help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            let _ = writeln!(out, "{}\n", renderer.render(&[group]));
        }
        out
    }

    fn place(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..byte.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        (line, column)
    }
}

/// The text with a star for each byte of a name and password in an address: the line of a finding is
/// shown, and may go into a log. Everything else stays at its place.
fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, address) = rest.split_at(at + 3);
        shown.push_str(before);
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'');
        let host = address.find(ends).unwrap_or(address.len());
        let hidden = address[..host].rfind('@').unwrap_or(0);
        shown.push_str(&"*".repeat(hidden));
        rest = &address[hidden..];
    }
    shown.push_str(rest);
    shown
}

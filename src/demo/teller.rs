//! How the demo speaks to a person at a terminal: eighty columns, a time line, a little colour.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use anyhow::Result;

use super::history::clock_of;
use crate::model::Time;

const WIDTH: usize = 80;
/// Where the words of the time line begin.
const INDENT: usize = 9;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const LOUD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();

/// How a line of the time line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// It asks for attention.
    Alarm,
    /// It turned out well.
    Good,
}

/// Writes to the terminal. Colours are ANSI codes: whoever gives a writer that is no terminal wraps
/// it so that they are taken out.
pub struct Teller<'a>(&'a mut dyn Write);

impl<'a> Teller<'a> {
    /// Speaks to that terminal.
    pub fn new(terminal: &'a mut dyn Write) -> Self {
        Self(terminal)
    }

    /// A heading with a blank line before it.
    pub fn heading(&mut self, text: &str) -> Result<()> {
        writeln!(self.0, "\n{BOLD}{text}{BOLD:#}")?;
        Ok(())
    }

    /// A paragraph.
    pub fn say(&mut self, text: &str) -> Result<()> {
        for line in wrap(text, WIDTH) {
            writeln!(self.0, "{line}")?;
        }
        Ok(())
    }

    /// A step to take, or a command to type: as it is, however long.
    pub fn step(&mut self, text: &str) -> Result<()> {
        writeln!(self.0, "  {text}")?;
        Ok(())
    }

    /// Something that happened.
    pub fn event(&mut self, at: Time, text: &str, tone: Tone) -> Result<()> {
        let style = match tone {
            Tone::Plain => Style::new(),
            Tone::Alarm => LOUD,
            Tone::Good => GOOD,
        };
        for (nth, line) in wrap(text, WIDTH - INDENT).iter().enumerate() {
            let clock = if nth == 0 { clock_of(at) } else { String::new() };
            writeln!(self.0, "  {DIM}{clock:<5}{DIM:#}  {style}{line}{style:#}")?;
        }
        // People watch it happen.
        self.0.flush()?;
        Ok(())
    }

    /// More about what happened.
    pub fn detail(&mut self, text: &str) -> Result<()> {
        for line in wrap(text, WIDTH - INDENT - 2) {
            writeln!(self.0, "{:INDENT$}  {line}", "")?;
        }
        Ok(())
    }

    /// A text that has its own lines.
    pub fn quote(&mut self, text: &str) -> Result<()> {
        for line in text.trim_end().lines() {
            let bar = if line.is_empty() { "  |" } else { "  | " };
            writeln!(self.0, "{DIM}{bar}{DIM:#}{line}")?;
        }
        Ok(())
    }

    /// A name and what it is.
    pub fn item(&mut self, name: &str, what: &str) -> Result<()> {
        writeln!(self.0, "  {name:<22} {what}")?;
        Ok(())
    }
}

/// The words of a text in lines of at most so many characters; longer words stay whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let long = word.chars().count();
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + long <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_they_may_be_and_no_longer() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 6), ["one", "two", "three"]);
        assert_eq!(wrap("", 6), [""]);
        assert_eq!(wrap("a-word-that-is-long b", 6), ["a-word-that-is-long", "b"]);
    }
}

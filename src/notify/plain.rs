//! Writes a page as plain text, 72 columns wide.

use unicode_segmentation::UnicodeSegmentation;

use super::page::{Block, Card, Figure, Item, Page};

const WIDTH: usize = 72;

/// The whole text part.
pub(crate) fn render(page: &Page) -> String {
    let mut out = Sheet(String::new());
    out.wrap("", "", &page.kicker);
    out.gap();
    out.wrap("", "", &page.lead);
    for block in &page.blocks {
        out.gap();
        out.block(block);
    }
    out.gap();
    // The sign by which mail clients know that what follows is no news.
    out.0.push_str("-- \n");
    for line in &page.footer {
        out.wrap("", "", line);
    }
    out.0
}

struct Sheet(String);

impl Sheet {
    fn gap(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(text) => {
                self.wrap("", "", &text.to_uppercase());
                self.0.push_str(&"-".repeat(width(&text.to_uppercase()).min(WIDTH)));
                self.0.push('\n');
            }
            Block::Text(text) | Block::Small(text) => self.wrap("", "", text),
            Block::Note { title, lines, .. } => {
                self.wrap("! ", "! ", title);
                for line in lines {
                    self.wrap("!   ", "!   ", line);
                }
            }
            Block::Card(card) => self.card(card),
            Block::Items(items) => items.iter().for_each(|item| self.item(item)),
            Block::Table { head, rows } => self.table(head, rows),
            Block::Figures(figures) => figures.iter().for_each(|figure| self.figure(figure)),
            Block::Commands(commands) => {
                for (command, what) in commands {
                    self.wrap("  ", "  ", command);
                    self.wrap("      ", "      ", what);
                }
            }
        }
    }

    fn card(&mut self, card: &Card) {
        self.wrap("", "", &format!("[{}] {}", card.badge, card.title));
        if !card.quote.is_empty() {
            self.wrap("  > ", "  > ", &card.quote);
        }
        if let Some(warning) = &card.warning {
            self.wrap("  ! ", "  ! ", warning);
        }
        for (label, value) in &card.rows {
            self.wrap("  ", "    ", &format!("{label}: {value}"));
        }
        if let Some(link) = &card.link {
            self.wrap("  ", "  ", &format!("{}:", link.label));
            self.line("  ", &link.address);
        }
    }

    fn item(&mut self, item: &Item) {
        let text = match (item.lead.is_empty(), item.text.is_empty()) {
            (true, _) => item.text.clone(),
            (_, true) => item.lead.clone(),
            _ => format!("{}: {}", item.lead, item.text),
        };
        match &item.standing {
            Some((_, standing)) => {
                self.wrap("* ", "  ", standing);
                self.wrap("  ", "  ", &text);
            }
            None => self.wrap("* ", "  ", &text),
        }
        if let Some(link) = &item.link {
            self.line("  ", &link.address);
        }
    }

    fn figure(&mut self, figure: &Figure) {
        self.wrap("* ", "  ", &format!("{}: {}", figure.name, figure.value));
        for note in &figure.notes {
            self.wrap("    ", "    ", note);
        }
    }

    fn table(&mut self, head: &[String], rows: &[Vec<String>]) {
        let all: Vec<&[String]> =
            std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).collect();
        let widths: Vec<usize> = (0..head.len())
            .map(|i| all.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).max())
            .map(|widest| widest.unwrap_or(0))
            .collect();
        for row in all {
            let mut line = String::new();
            for (i, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths.get(i).map_or(0, |w| w.saturating_sub(width(cell))));
                if i == 0 {
                    line.push_str(&format!("{cell}{gap}"));
                } else {
                    line.push_str(&format!("  {gap}{cell}"));
                }
            }
            self.line("  ", line.trim_end());
        }
    }

    fn line(&mut self, indent: &str, text: &str) {
        self.0.push_str(&format!("{indent}{text}\n"));
    }

    /// Wraps at spaces; what has none and is no link is cut where the line ends.
    fn wrap(&mut self, first: &str, next: &str, text: &str) {
        let mut line = first.to_owned();
        let mut has_words = false;
        for word in text.split(' ').filter(|w| !w.is_empty()) {
            let space = usize::from(has_words);
            if has_words && width(&line) + space + width(word) > WIDTH {
                self.line("", &line);
                line = next.to_owned();
                has_words = false;
            }
            if has_words {
                line.push(' ');
            }
            for letter in word.graphemes(true) {
                let is_full = width(&line) + width(letter) > WIDTH;
                if is_full && !word.contains("://") {
                    self.line("", &line);
                    line = next.to_owned();
                }
                line.push_str(letter);
            }
            has_words = true;
        }
        if has_words {
            self.line("", line.trim_end());
        }
    }
}

/// Columns on a terminal: East Asian letters and emoji take two.
fn width(text: &str) -> usize {
    text.graphemes(true)
        .map(|letter| match letter.chars().next() {
            Some('\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}') => 2,
            Some('\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}') => 2,
            Some(
                '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}',
            ) => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str) -> String {
        let mut sheet = Sheet(String::new());
        sheet.wrap("> ", "> ", text);
        sheet.0
    }

    #[test]
    fn no_line_is_wider_than_72_columns_but_for_links() {
        for text in ["word ".repeat(60), "x".repeat(300), "送り状が届かない".repeat(20)] {
            assert!(wrapped(&text).lines().all(|l| width(l) <= WIDTH), "{}", wrapped(&text));
        }
        let link = format!("https://example.social/{}", "x".repeat(90));
        assert!(wrapped(&link).contains(&link), "a link stays whole");
    }
}

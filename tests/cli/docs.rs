//! The documents for people quote commands as they can be typed.

use crate::binary::{Place, QUIET};

const DOCS: [&str; 2] = ["docs/operations.md", "README.md"];

/// The commands in a document: from `affinityd` to the end of the line, the quote, or what a shell
/// takes for the end.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut is_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
            continue;
        }
        let pieces: Vec<&str> = if is_block {
            line.split("&&").collect()
        } else {
            line.split('`').skip(1).step_by(2).collect()
        };
        for piece in pieces {
            let words =
                piece.split_whitespace().take_while(|w| !w.starts_with(['|', '>', '#', '…']));
            let mut words = words.map(str::to_owned);
            if words.next().as_deref() == Some("affinityd") {
                // Words that stand aside of a command behind two spaces say what it is for.
                let typed = piece.trim_start().split("  ").next().unwrap_or_default();
                let length = typed.split_whitespace().count() - 1;
                found.push(words.take(length).collect());
            }
        }
    }
    found
}

#[test]
fn every_command_that_the_documents_name_can_be_typed() {
    let place = Place::new(QUIET);
    let mut seen = 0;
    for document in DOCS {
        let path = format!("{}/{document}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("it is there");
        for command in commands(&text).into_iter().filter(|command| !command.is_empty()) {
            // Options and values are looked at up to the place where help is asked for.
            let choices = command.iter().map(|word| word.split('|').count()).max().unwrap_or(1);
            for choice in 0..choices {
                let pick = |word: &'_ str| -> String {
                    let all: Vec<&str> = word.split('|').collect();
                    all[choice % all.len()].to_owned()
                };
                let typed: Vec<String> = command.iter().map(|word| pick(word)).collect();
                let mut typed: Vec<&str> = typed.iter().map(String::as_str).collect();
                typed.push("--help");
                let ran = place.run(&typed);
                assert_eq!(ran.code, 0, "{document}: affinityd {}: {}", typed.join(" "), ran.err);
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "only {seen} commands were found");
}

//! Keeps the walls where they stand: imports go down, only the engine names sled, files stay small, the
//! map in the README is true.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rows, lowest first. A folder or file may use what is in a lower row, and its own inside.
const ROWS: &[&[&str]] = &[
    &["model"],
    &["settings"],
    &["clock", "calendar", "schedule", "words", "secret", "text", "fault", "memory"],
    &["classify", "cases", "indicators", "notify", "http", "interchange"],
    &["platforms", "store", "train"],
    &["pipeline", "mail"],
    &["config"],
    &["daemon"],
    &["demo"],
    &["cli"],
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, all);
            } else if path.extension().is_some_and(|e| e == "rs") {
                all.push(path);
            }
        }
    }
    let mut all = Vec::new();
    walk(&root().join("src"), &mut all);
    all.sort();
    all
}

/// The module of a file: the first word below `src`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).expect("below src");
    let first = below.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Every module named after `crate::` in a file, comments left out.
fn imports(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut all = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            // `use crate::{a, b::C}`: the first word of each part.
            for part in group.split(';').next().unwrap_or_default().split(',') {
                let name: String =
                    part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !name.is_empty() {
                    all.push(name);
                }
            }
        } else {
            all.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    all
}

#[test]
fn imports_go_down_only() {
    let row: BTreeMap<&str, usize> = ROWS
        .iter()
        .enumerate()
        .flat_map(|(row, modules)| modules.iter().map(move |module| (*module, row)))
        .collect();
    let mut wrong = Vec::new();
    for path in sources() {
        let from = module(&path);
        if from == "lib" || from == "main" {
            continue;
        }
        let here = *row.get(from.as_str()).unwrap_or_else(|| panic!("`{from}` is in no row"));
        for to in imports(&fs::read_to_string(&path).expect("a source file")) {
            let Some(there) = row.get(to.as_str()) else { continue };
            if to != from && *there >= here {
                wrong.push(format!("{} (row {here}) uses {to} (row {there})", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports must go down:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_engine_names_sled() {
    let engine = root().join("src/store/engine");
    let others: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|path| !path.with_extension("").starts_with(&engine))
        .filter(|path| {
            let text = fs::read_to_string(path).expect("a source file");
            text.contains("sled::") || text.contains("use sled")
        })
        .collect();
    assert!(others.is_empty(), "these name sled: {others:?}");
}

#[test]
fn no_source_file_is_over_five_hundred_lines() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|path| (fs::read_to_string(&path).expect("a source file").lines().count(), path))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, path)| format!("{} has {lines}", path.display()))
        .collect();
    assert!(long.is_empty(), "too long:\n{}", long.join("\n"));
}

#[test]
fn the_map_in_the_readme_is_true() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let mut mapped = Vec::new();
    for word in readme.split(|c: char| c.is_whitespace() || "`()|,;".contains(c)) {
        let is_path = ["src/", "tests/", "config/", "systemd/", ".ci/"]
            .iter()
            .any(|start| word.starts_with(start) && word.len() > start.len());
        if is_path && !word.contains(['<', '*', '…']) {
            assert!(
                root().join(word.trim_end_matches(['.', ':'])).exists(),
                "the README names `{word}`, which is not there"
            );
            mapped.push(word.to_owned());
        }
    }
    for path in sources() {
        let folder = module(&path);
        if folder == "main" || folder == "lib" {
            continue;
        }
        let is_named = mapped.iter().any(|word| {
            word.trim_start_matches("src/").trim_end_matches('/').trim_end_matches(".rs") == folder
                || word.starts_with(&format!("src/{folder}/"))
        });
        assert!(is_named, "the README's map does not name src/{folder}");
    }
}

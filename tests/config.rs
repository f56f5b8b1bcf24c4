//! Every shipped configuration is right, every key is in the example, and mistakes are shown all at
//! once, each at its place, with the way out.

use std::fs;
use std::path::{Path, PathBuf};

use affinityd::config::{Config, Report, Secrets};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn mistakes(toml: &str) -> Report {
    match Config::parse(Path::new("affinityd.toml"), toml.to_owned(), Secrets::Optional) {
        Err(report) => report,
        Ok(_) => panic!("no mistake was found"),
    }
}

#[test]
fn the_shipped_example_is_right() {
    let path = root().join("config/affinityd.toml");
    if let Err(report) = Config::load(&path, Secrets::Optional) {
        panic!("{}", report.render(false));
    }
}

#[test]
fn every_key_is_in_the_example() {
    let text = fs::read_to_string(root().join("config/affinityd.toml")).expect("the example");
    let lacking: Vec<String> = Config::absent_keys(&text)
        .into_iter()
        .filter(|name| {
            let key = name.rsplit('.').next().unwrap_or(name);
            // Each secret is named in one of three ways, and each interval is of one kind of stream.
            let is_other_way =
                ["-file", "-credential"].iter().any(|end| key.ends_with(end)) && key != "ca-file";
            let is_secret = ["token", "password", "url", "secret-url"].contains(&key);
            let is_other_stream = key.starts_with("poll-");
            let is_written = text.contains(&format!("{key} = "));
            !is_other_way && !is_secret && !is_other_stream && !is_written
        })
        .collect();
    assert!(lacking.is_empty(), "config/affinityd.toml does not show: {lacking:?}");
}

#[test]
fn mistakes_are_shown_at_once_with_place_and_way_out() {
    let report = mistakes(
        r#"
[[brands]]
id = "acme"
zone = "Europe/Stokholm"
recipents = ["care@acme.example"]
recipients = ["care at acme"]

[brands.targets]
complaint = "soon"

[[platforms.mastodon]]
name = "main"
brand = "acne"
url = "https://social.example"
token = "abc"
"#,
    );
    insta::assert_snapshot!(report.render(false));
}

#[test]
fn a_syntax_error_names_its_line() {
    let report = mistakes("[[brands]]\nid = \"acme\nzone = 1\n");
    assert_eq!(report.lines().first().map(|l| l.starts_with("affinityd.toml:2:")), Some(true));
}

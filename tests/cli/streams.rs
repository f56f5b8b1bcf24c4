//! Files and pipes of every kind: broken ones, endless ones, ones whose reader has gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::Value;

use crate::binary::{Place, QUIET, history};

fn lines() -> Vec<String> {
    let text = std::fs::read_to_string(history()).expect("the history");
    text.lines().map(str::to_owned).collect()
}

/// What an import of these bytes came to: exit code, new posts, and the bad lines.
fn imported(bytes: impl AsRef<[u8]>, more: &[&str]) -> (i32, u64, Vec<(u64, String)>) {
    let place = Place::new(QUIET);
    let file = place.write("file", bytes);
    let ran = place.run(&[&["import", &file, "--json"], more].concat());
    let answer: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
    let bad = answer["bad_lines"].as_array().expect("a list").iter().map(|bad| {
        let said = bad["said"].as_str().expect("words").to_owned();
        (bad["line"].as_u64().expect("a number"), said)
    });
    (ran.code, answer["new"].as_u64().expect("a number"), bad.collect())
}

#[test]
fn files_of_every_kind_are_taken_in() {
    let three = lines()[..3].join("\n");
    let rows = [
        ("as it should be", format!("{three}\n"), 3),
        ("no end of the last line", three.clone(), 3),
        ("lines as elsewhere", three.replace('\n', "\r\n"), 3),
        ("a byte order mark", format!("\u{feff}{three}"), 3),
        ("blank lines", format!("\n\n{three}\n\n \n"), 3),
        ("nothing", String::new(), 0),
    ];
    for (case, text, wanted) in rows {
        assert_eq!(imported(text, &[]), (0, wanted, Vec::new()), "{case}");
    }
}

#[test]
fn a_bad_line_is_told_with_its_number_and_the_others_stand() {
    let [first, second, third] = [0, 1, 2].map(|n| lines()[n].clone());
    let cut = format!("{first}\n{second}\n{}", &third[..40]);
    let (code, new, bad) = imported(&cut, &[]);
    assert_eq!((code, new, bad.len(), bad[0].0), (0, 2, 1, 3), "cut off: {bad:?}");
    let (code, new, bad) = imported(&cut, &["--strict"]);
    assert_eq!((code, new, bad[0].0), (1, 0, 3), "strict: nothing of it");
    let named = second.replacen('{', "{\"brand\":\"acne\",", 1);
    let (code, new, bad) = imported(format!("{first}\n{named}\n"), &[]);
    assert_eq!((code, new, bad[0].0), (0, 1, 2));
    assert_eq!(bad[0].1, "there is no brand `acne`; did you mean `acme`?");
    let mut bytes = format!("{first}\n").into_bytes();
    bytes.extend_from_slice(b"{\"id\":\"caf\xe9\"}\n");
    let (code, new, bad) = imported(bytes, &[]);
    assert_eq!((code, new, bad[0].0), (0, 1, 2));
    assert!(bad[0].1.contains("not UTF-8"), "{bad:?}");
    let place = Place::new(QUIET);
    let ran = place.run(&["import", &history(), "--brand", "acne"]);
    assert!(ran.code == 1 && ran.err.contains("did you mean `acme`?"), "{}", ran.err);
}

#[test]
fn a_second_import_changes_nothing_and_standard_input_is_a_file() {
    let place = Place::new(QUIET);
    let text = std::fs::read(history()).expect("the history");
    let first = place.feed(&["import", "-"], &text);
    assert_eq!(first.out, "14 new, 0 with news, 0 known, 0 dropped; 8 cases\n");
    assert_eq!(first.err, "", "no progress where nobody watches");
    let again = place.feed(&["import", "-"], &text);
    assert_eq!(again.out, "0 new, 0 with news, 14 known, 0 dropped; 0 cases\n");
}

#[test]
fn a_spreadsheet_is_cut_between_its_records() {
    // Larger than one piece, with delimiters, quotes and line ends inside the quotes.
    let mut text = "Nr;When;Review\r\n".to_owned();
    for n in 0..1500 {
        let filler = "word ".repeat(150);
        text.push_str(&format!("{n};2026-11-01 10:00;\"it is \"\"{n}\"\";\r\n{filler}\"\r\n"));
    }
    assert!(text.len() > 1_100_000);
    let maps = ["id=Nr", "text=Review", "created_at=When", "platform==shop", "kind==review"];
    let mut more = vec!["--format", "csv"];
    for map in &maps {
        more.extend(["--map", map]);
    }
    assert_eq!(imported(&text, &more), (0, 1500, Vec::new()));
}

#[test]
fn an_export_goes_into_an_empty_store_and_gives_the_same_answers() {
    let place = Place::with_history();
    let backup = place.path("backup.jsonl").display().to_string();
    assert_eq!(place.run(&["export", "-o", &backup]).code, 0);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(&backup).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let other = place.path("other").display().to_string();
    let restored = place.run(&["import", &backup, "--format", "export", "--store", &other]);
    assert_eq!((restored.code, restored.err.as_str()), (0, ""));
    let ask = |more: &[&str]| {
        place.run(&[&["indicators", "--as-of", super::THEN, "--json"], more].concat()).out
    };
    assert_eq!(ask(&[]), ask(&["--store", &other]));
    let refused = place.run(&["import", &backup, "--format", "export"]);
    assert!(refused.code == 1 && refused.err.contains("not empty"), "{}", refused.err);
    let mistaken = place.run(&["import", &backup]);
    assert!(mistaken.err.contains("--format export"), "{}", mistaken.err);
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let place = Place::with_history();
    for arguments in
        [&["export"][..], &["man"], &["completions", "zsh"], &["cases", "list", "--json"]]
    {
        let mut child = place
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        let code = child.wait().expect("it ends").code();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn who_writes_a_line_and_waits_gets_the_answer() {
    let place = Place::new(QUIET);
    let mut child = place
        .command(&["classify"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    for n in 0..3 {
        writeln!(stdin, "{{\"id\":{n},\"text\":\"thank you\"}}").expect("it reads");
        let mut answer = String::new();
        stdout.read_line(&mut answer).expect("it answers before the end");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["id"], n);
    }
    drop(stdin);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn any_bytes_are_answered_line_by_line_in_constant_memory() {
    let place = Place::new(QUIET);
    let mut input = b"\xff\xfe\n{\"id\":1}\n[]\n{\"id\":2,\"text\":5}\n\0\n".to_vec();
    // One line that is longer than is ever kept.
    input.extend(std::iter::repeat_n(b'x', 40 * 1024 * 1024));
    input.extend_from_slice(b"\n{\"id\":3,\"text\":\"\xf0\x9f\x98\"}\n");
    let mut command = place.command(&["classify"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let status = format!("/proc/{}/status", child.id());
    let feeding = std::thread::spawn(move || {
        stdin.write_all(&input).expect("all is read");
        // Looked at while it still runs: the highest it ever was.
        let text = std::fs::read_to_string(status).expect("it runs");
        let peak = text.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("a line");
        peak.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number")
    });
    let mut out = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
    let answers: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    let none = Value::Null;
    assert_eq!(ids, [&none, &1.into(), &none, &none, &none, &none, &3.into()]);
    assert_eq!(answers[5]["error"], "longer than 8 MiB");
    let peak = feeding.join().expect("no panic");
    assert!(peak < 64 * 1024, "{peak} kB");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

//! A newcomer sees everything work on simulated data in one go, and nothing private comes out of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use affinityd::config::{Config, Secrets};
use mail_parser::MessageParser;

/// What must come out nowhere: two private messages, and a post whose author deleted it.
const UNSPEAKABLE: [&str; 3] = ["door code is 4711", "0341 555 0199", "marzipan yellow"];

fn play(out: &Path) -> String {
    let mut terminal = anstream::StripStream::new(Vec::new());
    affinityd::demo::run(Some(out), false, &mut terminal).expect("the demo runs");
    String::from_utf8(terminal.into_inner()).expect("text")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_demo_shows_a_complaint_from_post_to_answer_and_leaves_only_its_files() {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("out");
    let began = Instant::now();
    let told = play(&out);
    assert!(began.elapsed() < Duration::from_secs(120), "took {:?}", began.elapsed());

    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "all data is SIMULATED",
        "in 11 languages. A private message was among them",
        "Hattie M. posted a complaint at 09:20. An answer is due at 11:20",
        "Taken for a complaint because of: “",
        "Taken for a question (language: nl) because of: “",
        "2 h 20 min after the complaint, late",
        "31 min after the question, in time",
        "The question of 09:08 was deleted by its author",
    ] {
        assert!(flat.contains(said), "does not say `{said}`: {told}");
    }
    assert!(told.lines().all(|line| line.chars().count() <= 80 || line.contains('/')), "{told}");

    // Nothing but these, and no store.
    let mails = ["1-digest", "2-alert", "3-alert", "4-resolved"];
    let names: BTreeSet<String> = fs::read_dir(&out)
        .expect("the output")
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"))
        .collect();
    let wanted: BTreeSet<String> = mails
        .iter()
        .flat_map(|mail| ["eml", "html", "txt"].map(|ending| format!("{mail}.{ending}")))
        .chain(["affinityd.toml", "export.jsonl", "token"].map(str::to_owned))
        .collect();
    assert_eq!(names, wanted);

    let digest = read(&out.join("1-digest.txt"));
    for number in [
        "Answered (I10): ",
        "business time (I12): ",
        "90th percentile",
        "Returning voices (I7): ",
        "Net sentiment (I5): ",
    ] {
        let line = digest.lines().find(|line| line.contains(number));
        let line = line.unwrap_or_else(|| panic!("no {number} in {digest}"));
        assert!(line.chars().any(|c| c.is_ascii_digit()) && !line.contains("not known"), "{line}");
    }
    assert!(!digest.contains("NOT EVERYTHING"), "{digest}");
    assert!(told.contains("INDICATORS"), "the digest is shown");

    for mail in mails {
        let raw = fs::read(out.join(format!("{mail}.eml"))).expect("a mail");
        let parsed = MessageParser::default().parse(&raw).expect("a mail");
        assert!(parsed.body_html(0).is_some() && parsed.body_text(0).is_some(), "{mail}");
        let is_about = parsed.subject().is_some_and(|subject| subject.contains("hattie_m"));
        assert_eq!(is_about, mail != "1-digest", "{:?}", parsed.subject());
    }
    for name in &names {
        let text = read(&out.join(name));
        for words in UNSPEAKABLE {
            assert!(!text.contains(words) && !told.contains(words), "{name} says {words}");
        }
    }
    assert!(read(&out.join("export.jsonl")).lines().count() > 1_000, "everything else is exported");

    let config = out.join("affinityd.toml");
    let (config, report) = Config::load(&config, Secrets::Needed)
        .map_err(|report| report.lines().join("\n"))
        .expect("the configuration that is left can be gone on with");
    assert_eq!(report.lines(), Vec::<String>::new());
    assert_eq!(config.brands[0].name, "Nimbrel Cycles");
}

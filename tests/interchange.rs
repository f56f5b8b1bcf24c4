//! Other programs' lines are understood as documented, bad ones stop nobody, and what is written is read back.

mod round_trip;

use affinityd::interchange::{
    Format, LONGEST_LINE, Line, Mapping, parse_line, readings, write_line,
};
use affinityd::model::{
    Author, Counts, Intent, Kind, Reading, Record, Ruling, Sentiment, Severity, Time, Version,
};
use serde_json::{Value, json};

/// 2026-03-04T09:15:00Z.
const AT: Time = Time(1_772_615_700_000);

type Lines = Vec<Result<(u64, Line), (u64, String)>>;

fn read(format: Format, bytes: impl AsRef<[u8]>, map: &[&str]) -> Lines {
    let mapping = Mapping::parse(map).expect("the mapping is right");
    readings(format, bytes.as_ref(), &mapping)
        .map(|line| line.map_err(|(number, error)| (number, error.to_string())))
        .collect()
}

/// `5 id` for a line that was understood, `5 ! what` for one that was not.
fn outline(lines: &Lines) -> Vec<String> {
    lines
        .iter()
        .map(|line| match line {
            Ok((number, line)) => format!("{number} {}", line.reading.id),
            Err((number, error)) => format!("{number} ! {error}"),
        })
        .collect()
}

#[test]
fn a_full_line_is_understood() {
    let line = r#"{"v":1,"brand":"acme","platform":"mastodon","id":"https://a.example/1",
        "kind":"comment","own":true,"author":{"id":"7","handle":"@ada","name":"Ada","bot":true},
        "text":"It broke.","title":"Hm","lang":"pt_BR","url":"https://a.example/@ada/1",
        "created_at":"2026-03-04T10:15:00+01:00","seen_at":"2026-03-04T09:15:00.250Z",
        "in_reply_to":"p","thread":"t","about":"q","deleted_at":"2026-03-04T09:15:01Z",
        "counts_at":"2026-03-04T09:15:02Z","rating":0.8,
        "counts":{"likes":3,"replies":0,"shares":4.0,"quotes":null},
        "verdict":{"intent":"complaint","sentiment":"neg","relevant":true,"severity":"severe",
        "thanks":false,"recommends":"no","moved_private":true,"aspects":["price"],
        "switching":"leaves","mood":"?"},"future":[1,{"x":2}]}"#;
    let mut wanted = Reading::new("mastodon", "https://a.example/1", Kind::Comment);
    wanted.own = true;
    wanted.bot = Some(true);
    wanted.author = Some(Author {
        id: "7".to_owned(),
        handle: Some("ada".to_owned()),
        name: Some("Ada".to_owned()),
    });
    wanted.text = Some("It broke.".to_owned());
    wanted.title = Some("Hm".to_owned());
    wanted.lang = Some("pt-BR".to_owned());
    wanted.url = Some("https://a.example/@ada/1".to_owned());
    wanted.created_at = Some(AT);
    wanted.seen_at = Some(AT.plus(250));
    wanted.in_reply_to = Some("p".to_owned());
    wanted.thread = Some("t".to_owned());
    wanted.about = Some("q".to_owned());
    wanted.deleted_at = Some(AT.plus(1000));
    wanted.counts_at = Some(AT.plus(2000));
    wanted.rating = Some(0.8);
    wanted.counts =
        Some(Counts { likes: Some(3), replies: Some(0), shares: Some(4), quotes: None });
    wanted.ruling = Some(Ruling {
        intent: Some(Intent::Complaint),
        sentiment: Some(Sentiment::Neg),
        relevant: Some(true),
        severity: Some(Severity::Severe),
        thanks: Some(false),
        recommends: Some(false),
        moved_private: Some(true),
        aspects: Some(vec!["price".to_owned()]),
        switching: Some("leaves".to_owned()),
    });
    let line = parse_line(&line.replace('\n', " "));
    assert_eq!(line, Ok(Line { brand: Some("acme".to_owned()), reading: wanted }));
}

/// A line with these keys changed; null takes a key away.
fn line_with(changes: Value) -> Value {
    let mut line = json!({
        "v": 1, "platform": "mastodon", "id": "a", "kind": "mention",
        "created_at": "2026-03-04T09:15:00Z",
    });
    for (key, value) in changes.as_object().expect("changes are an object") {
        line[key] = value.clone();
    }
    line
}

#[test]
fn absent_and_null_and_empty_are_not_told() {
    let mut wanted = Reading::new("mastodon", "a", Kind::Mention);
    wanted.created_at = Some(AT);
    for (case, changes) in [
        ("nothing more", json!({})),
        (
            "all null",
            json!({"v": null, "brand": null, "own": null, "author": null, "text": null,
                "title": null, "lang": null, "url": null, "seen_at": null, "in_reply_to": null,
                "thread": null, "about": null, "deleted_at": null, "counts_at": null,
                "rating": null, "counts": null, "verdict": null}),
        ),
        (
            "null inside",
            json!({"author": {"id": null, "handle": null, "name": null, "bot": null},
                "counts": {"likes": null}, "verdict": {"intent": null, "aspects": null}}),
        ),
        (
            "empty",
            json!({"title": "", "lang": " ", "url": "", "in_reply_to": "", "thread": "",
                "about": "", "brand": "", "author": {}, "counts": {}, "verdict": {}}),
        ),
    ] {
        let line = parse_line(&line_with(changes).to_string());
        assert_eq!(line, Ok(Line { brand: None, reading: wanted.clone() }), "{case}");
    }
}

#[test]
fn a_deletion_needs_no_time_of_posting() {
    let line = line_with(json!({"created_at": null, "deleted_at": "2026-03-04T09:15:00Z"}));
    let reading = parse_line(&line.to_string()).expect("a deletion").reading;
    assert_eq!((reading.created_at, reading.deleted_at), (None, Some(AT)));
}

#[test]
fn what_is_wrong_is_said_with_its_key() {
    let long = "x".repeat(2000);
    for (case, changes, wanted) in [
        ("another version", json!({"v": 2}), "`v` must be 1"),
        ("a version in words", json!({"v": "1"}), "`v` must be 1"),
        ("no id", json!({"id": null}), "`id` is missing"),
        ("an empty id", json!({"id": " "}), "`id` is missing"),
        ("a number for an id", json!({"id": 5}), "`id` must be a string, this is a number"),
        ("a line end in an id", json!({"id": "a\nb"}), "`id` has control characters"),
        ("a long id", json!({"id": long}), "`id` is too long: 2000 bytes, at most 1024"),
        ("no platform", json!({"platform": null}), "`platform` is missing"),
        ("a platform in capitals", json!({"platform": "Mastodon"}), "`platform` cannot be"),
        ("a platform of two words", json!({"platform": "app store"}), "`platform` cannot be"),
        ("no kind", json!({"kind": null}), "`kind` is missing"),
        ("a mistyped kind", json!({"kind": "mentoin"}), "did you mean `mention`?"),
        ("no time", json!({"created_at": null}), "`created_at` is missing"),
        ("no zone", json!({"created_at": "2026-03-04 09:15"}), "`created_at` is no time"),
        ("a number for a time", json!({"seen_at": 1772615700}), "`seen_at` must be a time"),
        ("the year 10000", json!({"created_at": "+10000-01-01T00:00:00Z"}), "is no time"),
        ("before 1970", json!({"created_at": "1969-12-31T23:59:59Z"}), "is no time"),
        ("text as a list", json!({"text": ["a"]}), "`text` must be a string, this is a list"),
        ("own as text", json!({"own": "yes"}), "`own` must be true or false"),
        ("an author by name", json!({"author": "ada"}), "`author` must be an object"),
        ("an author without id", json!({"author": {"handle": "ada"}}), "`author.id` is missing"),
        ("an odd bot", json!({"author": {"id": "a", "bot": 1}}), "`author.bot` must be true"),
        ("five stars", json!({"rating": 5}), "`rating` must be a number from 0 to 1"),
        ("a negative count", json!({"counts": {"likes": -1}}), "`counts.likes` must be a whole"),
        ("half a like", json!({"counts": {"likes": 0.5}}), "`counts.likes` must be a whole"),
        ("a script", json!({"url": "javascript:alert(1)"}), "`url` is no web address"),
        ("a language in words", json!({"lang": "in English"}), "`lang` is no language tag"),
        ("an unknown intent", json!({"verdict": {"intent": "rant"}}), "`verdict.intent` cannot"),
        ("recommends: true", json!({"verdict": {"recommends": true}}), "must be a word"),
        ("aspects of numbers", json!({"verdict": {"aspects": [1]}}), "must be a list of strings"),
    ] {
        let error = parse_line(&line_with(changes).to_string()).expect_err(case).to_string();
        assert!(error.contains(wanted), "{case}: {error}");
    }
}

#[test]
fn what_is_no_json_is_said_with_its_column() {
    for (text, wanted) in [
        ("{\"v\": 1,}", "is no JSON: trailing comma (column 9)"),
        ("{\"v\": 1", "is no JSON: EOF while parsing an object (column 7)"),
        ("[1]", "is no JSON object; write one {…} a line, no list around"),
        ("{\"a\": 1e400}", "is no JSON: number out of range (column 11)"),
        ("{\"a\": \"\\ud800\"}", "is no JSON: unexpected end of hex escape (column 14)"),
    ] {
        assert_eq!(parse_line(text).expect_err(text).to_string(), wanted);
    }
    assert!(parse_line(&"[".repeat(100_000)).is_err(), "deep nesting is no crash");
}

#[test]
fn bad_lines_do_not_stop_the_others() {
    let good = |id: &str| line_with(json!({"id": id})).to_string();
    let mut file = Vec::new();
    file.extend_from_slice("\u{feff}".as_bytes());
    for line in [
        good("1").into_bytes(),
        b"not json".to_vec(),
        Vec::new(),
        b"{\"text\": \"\xff\xfe\"}".to_vec(),
        format!("{{\"text\": \"{}\"}}", "x".repeat(LONGEST_LINE)).into_bytes(),
        format!("{}\r", good("6")).into_bytes(),
        b"   ".to_vec(),
        good("8").into_bytes(),
    ] {
        file.extend_from_slice(&line);
        file.push(b'\n');
    }
    file.pop();
    let outline = outline(&read(Format::Jsonl, &file, &[]));
    assert_eq!(
        outline,
        [
            "1 1",
            "2 ! is no JSON: expected ident (column 2)",
            "4 ! is not UTF-8 text (column 11)",
            "5 ! is longer than 1 MiB",
            "6 6",
            "8 8",
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_on_ends_with_an_error() {
    struct Breaks(bool);
    impl std::io::Read for Breaks {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            into[..3].copy_from_slice(b"{}\n");
            Ok(3)
        }
    }
    let reader = std::io::BufReader::new(Breaks(false));
    let all: Vec<_> = readings(Format::Jsonl, reader, &Mapping::default()).collect();
    assert_eq!(all.len(), 2);
    let (number, error) = all[1].as_ref().expect_err("it broke");
    assert_eq!((*number, error.message.as_str()), (2, "the file cannot be read on: timed out"));
}

#[test]
fn a_spreadsheet_is_read_by_its_columns() {
    let file = "\u{feff}Review;Stars;When;Who;kind;text;Up;counts.replies;aspects\r\n\
        r1;0,5;2026-03-04 09:15:00;ada;review;broken;2;3.0;price | size\r\n\
        r2;0.5;2026-03-04T09:15:00Z;;Review;\"two\r\nlines; \"\"quoted\"\"\";;;\r\n\
        r3;;2026-03-04 09:15;;review;;;;\r\n";
    let map = [
        "id=Review",
        "rating=Stars",
        "created_at=When",
        "author.id=Who",
        "counts.likes=Up",
        "platform==appstore",
        "verdict.aspects=aspects",
    ];
    let lines = read(Format::Csv, file, &map);
    assert_eq!(
        outline(&lines),
        ["2 ! `rating` is no number; write a decimal point and no separators", "3 r2", "5 r3"]
    );
    let (_, second) = lines[1].as_ref().expect("it is right");
    let mut wanted = Reading::new("appstore", "r2", Kind::Review);
    wanted.created_at = Some(AT);
    wanted.rating = Some(0.5);
    wanted.text = Some("two\nlines; \"quoted\"".to_owned());
    assert_eq!(second, &Line { brand: None, reading: wanted });

    let file = file.replace("0,5", "1");
    let lines = read(Format::Csv, file, &map);
    let (_, first) = lines[0].as_ref().expect("it is right");
    assert_eq!(first.reading.counts.map(|c| (c.likes, c.replies)), Some((Some(2), Some(3))));
    assert_eq!(first.reading.author.as_ref().map(|a| a.id.as_str()), Some("ada"));
    let aspects = first.reading.ruling.as_ref().and_then(|r| r.aspects.clone());
    assert_eq!(aspects, Some(vec!["price".to_owned(), "size".to_owned()]));
}

#[test]
fn columns_with_the_names_of_keys_need_no_mapping() {
    let file = "platform,id,kind,created_at,own,author.id,author.bot,verdict.recommends\n\
        blog,1,comment,2026-03-04T09:15:00Z,TRUE,a,0,yes\n";
    let lines = read(Format::Csv, file, &[]);
    let (_, line) = lines[0].as_ref().expect("it is right");
    assert!(line.reading.own);
    assert_eq!(line.reading.bot, Some(false));
    assert_eq!(line.reading.ruling.as_ref().and_then(|r| r.recommends), Some(true));
}

#[test]
fn bad_records_do_not_stop_the_others() {
    let head = "platform,id,kind,created_at,text\n";
    let row = |id: &str, text: &str| format!("blog,{id},post,2026-03-04T09:15:00Z,{text}\n");
    let mut file = head.to_owned();
    file += &row("2", "5\" wide"); // a quote that opens nothing
    file += &row("3", "a,b");
    file += &row("4", "\"never closed");
    file += &row("5", "fine");
    file += "blog\n\n";
    file += &row("8", "\"two\nlines\"");
    let mut bytes = file.into_bytes();
    bytes.extend_from_slice(b"blog,10,post,2026-03-04T09:15:00Z,caf\xe9\n");
    bytes.extend_from_slice(row("11", &"x".repeat(LONGEST_LINE)).as_bytes());
    bytes.extend_from_slice(row("12", "last").as_bytes());
    let lines = read(Format::Csv, &bytes, &[]);
    // The quote of line 4 finds its partner in line 8, and what is in between is its text.
    let said = outline(&lines);
    assert_eq!(said[0], "2 2");
    assert!(said[1].starts_with("3 ! has 6 fields where the header has 5"), "{said:?}");
    assert_eq!(said.last().map(String::as_str), Some("12 12"), "{said:?}");
    assert!(said.contains(&"11 ! is longer than 1 MiB".to_owned()), "{said:?}");
    assert!(said.iter().any(|l| l.starts_with("10 ! is not UTF-8 text")), "{said:?}");
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_line_only() {
    let file = "platform,id,kind,created_at,text\n\
        blog,2,post,2026-03-04T09:15:00Z,\"never closed\n\
        blog,3,post,2026-03-04T09:15:00Z,fine\n\
        blog,4,post,2026-03-04T09:15:00Z,fine\n";
    let said = outline(&read(Format::Csv, file, &[]));
    assert_eq!(
        said,
        [
            "2 ! has a quote that is never closed; a quote within quotes is written twice",
            "3 3",
            "4 4"
        ]
    );
}

#[test]
fn a_header_that_does_not_fit_is_one_error() {
    for (file, map, wanted) in [
        ("", vec![], "1 ! the file is empty"),
        ("\n\n", vec![], "1 ! the file has no header"),
        ("id,kind\n1,post\n", vec![], "1 ! `platform` is filled by no column; add --map"),
        ("id,kind,Site\n1,post,x\n", vec!["platform=site"], "did you mean `Site`?"),
    ] {
        let said = outline(&read(Format::Csv, file, &map));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(wanted), "{said:?}");
    }
}

#[test]
fn a_mapping_that_makes_no_sense_is_refused() {
    for (pairs, wanted) in [
        (vec!["id"], "`id` is no pair"),
        (vec!["auhtor.id=x"], "did you mean `author.id`?"),
        (vec!["id=a", "id=b"], "`id` is mapped twice"),
    ] {
        let error = Mapping::parse(&pairs).expect_err("refused");
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn the_public_support_data_is_understood() {
    let file = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n\
        1,acmecare,False,Tue Oct 31 22:10:47 +0000 2017,@115712 I understand.,2,3\n\
        3,115712,True,Tue Oct 31 22:08:27 +0000 2017,\"@acmecare it's\nbroken\",1,\n\
        4,acmecare,False,Tue Oct 31 21:00:00 +0100 2017,News!,,\n\
        5,115713,True,Tue Oct 31 22:11:45 +0000 2017,me too,,3.0\n\
        6,115713,True,yesterday,hm,,\n\
        x,115713,True,Tue Oct 31 22:11:45 +0000 2017,hm,,\n";
    let lines = read(Format::Twcs, file, &[]);
    assert_eq!(
        outline(&lines),
        [
            "2 1",
            "3 3",
            "5 4",
            "6 5",
            "7 ! `created_at` is no time: `yesterday`; the form is: Tue Oct 31 22:10:47 +0000 2017",
            "8 ! `tweet_id` is no id: `x`",
        ]
    );
    let told: Vec<_> = lines
        .iter()
        .flatten()
        .map(|(_, line)| {
            let r = &line.reading;
            (r.kind, r.own, r.in_reply_to.as_deref(), r.created_at)
        })
        .collect();
    // 2017-10-31T22:10:47Z is 1509487847.
    let at = |second: i64| Some(Time(1_509_487_847_000 + second * 1000));
    assert_eq!(
        told,
        [
            (Kind::Comment, true, Some("3"), at(0)),
            (Kind::Mention, false, None, at(-140)),
            (Kind::Post, true, None, at(-7847)),
            (Kind::Comment, false, Some("3"), at(58)),
        ]
    );
    let (_, second) = lines[1].as_ref().expect("it is right");
    assert_eq!(second.reading.platform, "twitter");
    assert_eq!(second.reading.text.as_deref(), Some("@acmecare it's\nbroken"));
    assert_eq!(second.reading.author.as_ref().map(|a| a.id.as_str()), Some("115712"));

    let said = outline(&read(Format::Twcs, "a,b\n1,2\n", &[]));
    assert!(said.len() == 1 && said[0].contains("`tweet_id` is a column that the file lacks"));
}

#[test]
fn ratings_are_written_as_people_write_them() {
    let version = Version { created_at: AT, seen_at: AT, ..Version::default() };
    let record = Record {
        platform: "appstore".to_owned(),
        id: "1".to_owned(),
        key_at: AT,
        stored_at: AT,
        person: None,
        filed: "1".to_owned(),
        versions: vec![Version { rating: Some(0.8), kind: Some(Kind::Review), ..version }],
    };
    let line = write_line("acme", &record.latest().expect("one version"));
    assert_eq!(
        line,
        json!({"v": 1, "brand": "acme", "platform": "appstore", "id": "1", "kind": "review",
            "own": false, "created_at": "2026-03-04T09:15:00Z", "seen_at": "2026-03-04T09:15:00Z",
            "rating": 0.8})
    );
}

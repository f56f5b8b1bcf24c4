//! F31: every format that comes from outside, broken at random from a kept corpus: no input makes anything panic, and what is understood keeps to its bounds.

use std::path::Path;

use affinityd::calendar::parse_ics;
use affinityd::classify::watch::Config as Terms;
use affinityd::classify::{Classifier, Post, Watch};
use affinityd::config::{Config, Secrets};
use affinityd::http::Reply;
use affinityd::http::wait::{not_before, parse_reset, parse_retry_after};
use affinityd::interchange::{Format, Mapping, parse_line, readings};
use affinityd::mail::{Letterhead, address, build, mailbox, one_line};
use affinityd::model::{Message, Purpose, Reading, Severity, Time};
use affinityd::platforms::{Ask, Page, Refusal, Scene, Session, Target};
use affinityd::schedule::Schedule;
use affinityd::store::{Config as StoreConfig, Store};
use affinityd::text;
use chrono_tz::Tz;
use mail_parser::MessageParser;
use url::Url;

use super::{f14_text, rounds};
use crate::mutator::Mutator;
use crate::platforms::fixtures::Fixtures;
use crate::platforms::now;

/// How many inputs one target is shown; `heavy`: so many times as long does one take as with the
/// light ones.
fn inputs(heavy: usize) -> usize {
    rounds(2_000, 500_000) / heavy
}

/// The saved replies of a platform.
fn saved(platform: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(platform);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json" || e == "xml"))
        .collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn bounded(reading: &Reading) {
    assert!(!reading.id.is_empty() && !reading.platform.is_empty());
    let author = reading.author.clone().unwrap_or_default();
    for line in [&author.handle, &author.name, &reading.title].into_iter().flatten() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(line.len() <= 32 * 300, "{} bytes", line.len());
    }
    if let Some(url) = &reading.url {
        assert!(text::is_web(url), "{url}");
    }
    assert!(reading.text.as_ref().is_none_or(|t| t.len() <= 32 * 10_000));
    assert!(reading.rating.is_none_or(|r| (0.0..=1.0).contains(&r)));
}

fn checked(page: &Result<Page, Refusal>) {
    match page {
        Ok(page) => {
            page.readings.iter().chain(&page.around).for_each(bounded);
            let latest = now().plus(2 * Time::DAY);
            assert!(page.not_before.is_none_or(|at| at <= latest), "{:?}", page.not_before);
            assert!(page.cursor.as_ref().is_none_or(|c| c.len() <= 4 << 20));
        }
        Err(refusal) => {
            let said = refusal.to_string();
            assert!(said.len() <= 4_000 && !said.chars().any(char::is_control), "{said:?}");
        }
    }
}

/// Each input as the reply to every question a platform is asked, in turn; as the cursor that was
/// left; as the reply to a login, and as the session that it left.
fn pages(platform: &str) {
    let fixtures = Fixtures::load(platform);
    let cases: Vec<_> = fixtures
        .cases
        .iter()
        .filter(|(_, case)| case.ask != "login")
        .map(|(name, _)| (name, fixtures.session(name), fixtures.cursor(name)))
        .collect();
    let connector = &fixtures.connector;
    let streams = connector.streams();
    Mutator::new(platform, saved(platform)).run(inputs(2), |input| {
        let nth = input.iter().fold(input.len(), |sum, b| sum.wrapping_mul(31) + usize::from(*b));
        let (name, session, cursor) = &cases[nth % cases.len()];
        let scene = Scene { cursor: cursor.as_deref(), session: session.as_ref(), now: now() };
        checked(&fixtures.parse(name, scene, input.to_vec()).1);

        let words = String::from_utf8_lossy(input);
        let strange = Session { state: words.clone().into_owned(), expires_at: None };
        let body = fixtures.body(name);
        for scene in
            [Scene { cursor: Some(&words), ..scene }, Scene { session: Some(&strange), ..scene }]
        {
            let ask = Ask::Stream(&streams[nth % streams.len()]);
            if let Ok(request) = connector.request(ask, scene) {
                let _ =
                    connector.parse(ask, scene, &fixtures.reply(name, request.url, body.clone()));
            }
            let target = Target {
                id: words.chars().take(200).collect(),
                locator: Some(words.chars().skip(3).take(200).collect()),
                thread: None,
                url: Some(words.chars().take(300).collect()),
            };
            if let Ok(request) = connector.request(Ask::LookUp(&target), scene) {
                assert!(matches!(request.url.scheme(), "http" | "https"));
                let reply = fixtures.reply(name, request.url, input.to_vec());
                let _ = connector.parse(Ask::LookUp(&target), scene, &reply);
            }
        }
        let mut reply = fixtures.reply(name, request_url(), input.to_vec());
        reply.status = 200;
        let _ = connector.parse_login(None, &reply, now());
        let _ = connector.parse_login(Some(&strange), &reply, now());
    });
}

fn request_url() -> Url {
    Url::parse("https://home.example/").unwrap()
}

#[test]
fn replies_of_mastodon() {
    pages("mastodon");
}

#[test]
fn replies_of_bluesky() {
    pages("bluesky");
}

#[test]
fn feeds() {
    pages("feed");
}

#[test]
fn html_to_text() {
    Mutator::new("html", []).run(inputs(1), |input| {
        let html = String::from_utf8_lossy(input);
        let read = text::plain(&html);
        assert!(!read.chars().any(|c| c.is_control() && c != '\n'));
        assert!(!read.contains("\n\n\n") && !read.contains("  ") && read.trim() == read);
        // Three newlines and a mark for a list item, and an address once for each link to it.
        assert!(read.len() <= 4 * html.len() + 16, "{} from {}", read.len(), html.len());
        let asked = text::plain_with(&html, &|href| Some(href.to_owned()));
        assert!(asked.len() <= 4 * html.len() + 16);
    });
}

/// The first line is the status, the others are headers.
#[test]
fn headers_that_ask_for_patience() {
    let all = ["mastodon", "bluesky", "feed"].map(|p| (p, Fixtures::load(p)));
    let pages: Vec<_> = all
        .iter()
        .map(|(platform, fixtures)| {
            let case = match *platform {
                "mastodon" => "tag-first",
                "bluesky" => "search-first",
                _ => "rss-first",
            };
            (
                fixtures,
                fixtures.cases[case].ask.clone(),
                fixtures.session(case),
                fixtures.body(case),
            )
        })
        .collect();
    Mutator::new("headers", []).run(inputs(4), |input| {
        let said = String::from_utf8_lossy(input);
        let mut lines = said.lines();
        let status = lines.next().and_then(|l| l.trim().parse().ok()).unwrap_or(503);
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
            .collect();
        for (_, value) in &headers {
            for at in [Time(0), now(), Time(i64::MAX), Time(i64::MIN)] {
                let _ = (parse_retry_after(value, at), parse_reset(value, at));
            }
        }
        for (fixtures, ask, session, body) in &pages {
            let streams = fixtures.connector.streams();
            let name = ask.strip_prefix("stream ").unwrap();
            let stream = streams.iter().find(|s| s.name == name).unwrap();
            let reply = Reply {
                status,
                headers: headers.clone(),
                body: body.clone(),
                url: request_url(),
                moved_for_good: status == 301,
            };
            let _ = not_before(&reply, now());
            let scene = Scene { cursor: None, session: session.as_ref(), now: now() };
            let page = fixtures.connector.parse(Ask::Stream(stream), scene, &reply);
            checked(&page);
            if let Err(Refusal::RateLimited(Some(until))) = page {
                assert!(until >= now() && until <= now().plus(2 * Time::DAY), "{until}");
            }
        }
    });
}

#[test]
fn settings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut more = vec![std::fs::read(root.join("affinityd.toml")).unwrap()];
    for name in affinityd::platforms::NAMES {
        more.push(std::fs::read(root.join(format!("platforms/{name}.toml"))).unwrap());
    }
    Mutator::new("config", more).run(inputs(16), |input| {
        let text = String::from_utf8_lossy(input).into_owned();
        let path = Path::new("/nowhere/affinityd.toml");
        match Config::parse(path, text, Secrets::Optional) {
            Ok((config, report)) => {
                let _ = (report.render(false), config.parented());
            }
            Err(report) => assert!(!report.render(false).is_empty()),
        }
    });
}

#[test]
fn lines_of_other_programs() {
    Mutator::new("lines", []).run(inputs(4), |input| {
        let mapping = Mapping::parse(["text=text"]).unwrap();
        for format in Format::ALL {
            for mapping in [&Mapping::default(), &mapping] {
                let all: Vec<_> = readings(format, input, mapping).collect();
                let lines = input.split(|b| *b == b'\n').count();
                assert!(all.len() <= lines, "{} of {lines}", all.len());
                let mut last = 0;
                for line in &all {
                    let number = match line {
                        Ok((number, line)) => {
                            assert!(!line.reading.id.is_empty());
                            *number
                        }
                        Err((number, error)) => {
                            let said = error.to_string();
                            assert!(!said.contains(['\0', '\u{1b}']), "{said:?}");
                            *number
                        }
                    };
                    assert!(number >= last, "numbers go up");
                    last = number;
                }
            }
        }
        let _ = parse_line(&String::from_utf8_lossy(input));
        let _ = Mapping::parse(String::from_utf8_lossy(input).lines());
    });
}

/// A name, a subject and a body: what is built is read back as the same.
#[test]
fn mails_are_read_back_as_they_were_written() {
    let to = address("ada@acme.example").unwrap();
    Mutator::new("mime", []).run(inputs(1), |input| {
        let all = String::from_utf8_lossy(input);
        let mut parts = all.splitn(3, '\n');
        let [name, subject, text] = [(); 3].map(|()| parts.next().unwrap_or_default());
        let message = Message {
            id: "k1@acme.example".to_owned(),
            brand: "acme".to_owned(),
            purpose: Purpose::Alert,
            severity: Severity::High,
            group: String::new(),
            references: vec![],
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: format!("<p>{}</p>", text.replace(['<', '&'], " ")),
            at: now(),
            cases: vec![],
        };
        let from = mailbox(name, address("care@acme.example").unwrap());
        let head = Letterhead { from, reply_to: None, list_id: None, unsubscribe: None };
        let built = build(&message, &head, &to).unwrap();
        assert!(built.bytes.is_ascii());
        let parsed = MessageParser::default().parse(&built.bytes).unwrap();
        assert_eq!(parsed.parts.len(), 3);
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let held = |found: Option<&str>| squeeze(found.unwrap_or_default());
        assert_eq!(held(parsed.subject()), one_line(subject, 200));
        let sender = parsed.from().and_then(|a| a.first()).and_then(|a| a.name());
        assert_eq!(held(sender), one_line(name, 100));
        let kept = |text: &str| -> String {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
        };
        let read = parsed.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(read.trim_end_matches('\n'), kept(text).trim_end_matches('\n'));
    });
}

#[test]
fn cron_expressions() {
    Mutator::new("cron", []).run(inputs(1), |input| {
        let words = String::from_utf8_lossy(input);
        for zone in [Tz::UTC, Tz::Europe__Stockholm, Tz::Pacific__Apia] {
            match Schedule::parse(&words, zone) {
                Ok(schedule) => {
                    for at in [now(), Time(0), Time(253_402_300_799_000)] {
                        assert!(schedule.next(at).is_none_or(|next| next > at), "{words:?}");
                        let _ = schedule.missed(at, at.plus(Time::DAY), Time::HOUR);
                    }
                }
                Err(error) => assert!(!error.wrong.is_empty()),
            }
        }
    });
}

#[test]
fn holiday_files() {
    Mutator::new("ics", []).run(inputs(1), |input| {
        if let Ok(days) = parse_ics(&String::from_utf8_lossy(input)) {
            assert!(days.len() <= 20_000 && days.is_sorted());
        }
    });
}

/// All lines but the last are terms of a brand, the last is what somebody says.
#[test]
fn terms_of_brands() {
    let classifier = Classifier::new();
    Mutator::new("terms", []).run(inputs(4), |input| {
        let all = String::from_utf8_lossy(input);
        let mut lines: Vec<String> = all.lines().map(str::to_owned).collect();
        let text = lines.pop().unwrap_or_default();
        let watch = Watch::new(&Terms {
            terms: lines.clone(),
            exclude: lines.iter().skip(2).cloned().collect(),
            require: lines.iter().skip(3).cloned().collect(),
            hashtags: lines.clone(),
            handles: lines.clone(),
            rivals: lines.iter().skip(1).cloned().collect(),
            misspellings: true,
        });
        let found = watch.matches(&text);
        let post = Post {
            text: &text,
            title: Some(&text),
            lang: Some("sv"),
            channel: None,
            watch: Some(&watch),
            addressed: !found.is_about(),
            overheard: true,
            own: false,
        };
        let verdict = classifier.classify(&post);
        assert!(verdict.scores.relevant.is_finite() && verdict.scores.complaint.is_finite());
    });
}

/// What people write, and what nobody writes: to the brand, about it, and by it; some of it as a
/// text of a megabyte.
#[test]
fn posts() {
    const MEGABYTE: usize = 1 << 20;
    let classifier = Classifier::new();
    let watch = Watch::name("acme");
    let strange = f14_text::texts().into_iter().map(|(_, words)| words.chars().take(200).collect());
    let strange = strange.map(String::into_bytes);
    Mutator::new("posts", strange).run_on_all_cores(rounds(2_000, 10_000_000), |input| {
        let mut text = String::from_utf8_lossy(input);
        if input.len() % 1_000 == 999 {
            text = text.repeat(MEGABYTE / text.len() + 1).into();
        }
        let way = input.len() % 3;
        let post = Post {
            text: &text,
            watch: Some(&watch),
            addressed: way == 0,
            own: way == 1,
            ..Post::default()
        };
        let verdict = classifier.classify(&post);
        let scores = verdict.scores;
        for p in [scores.complaint, scores.question, scores.relevant, scores.needs_answer] {
            assert!((0.0..=1.0).contains(&p), "{scores:?}");
        }
        assert!(verdict.reasons.len() <= 8 && verdict.aspects.len() <= 2);
        assert!(verdict.reasons.iter().all(|r| r.found.chars().count() <= 60 || r.found == "acme"));
    });
}

/// An export with broken lines leaves the store as empty as it was, or is taken in whole.
#[test]
fn exports() {
    let folder = tempfile::tempdir().unwrap();
    let config = StoreConfig { cache_mb: 4, low_disk_mb: 0, ..StoreConfig::default() };
    let open = |name: String| Store::open(&folder.path().join(name), &config).unwrap().0;
    let taken_in = std::cell::Cell::new(0);
    let store = std::cell::RefCell::new(open("0".to_owned()));
    Mutator::new("export", []).run(rounds(100, 5_000), |input| {
        let result = store.borrow().import_export(input, &mut |_| {});
        match result {
            Ok(done) => {
                assert!(done.lines >= 2);
                taken_in.set(taken_in.get() + 1);
                store.replace(open(taken_in.get().to_string()));
            }
            Err(error) => {
                assert!(matches!(error, affinityd::store::Error::BadLine { .. }), "{error}");
            }
        }
    });
    assert!(taken_in.get() > 0, "the kept export is good");
}

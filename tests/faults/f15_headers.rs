//! F15: names, titles and brands that try to become headers: each mail has exactly the configured recipient and one header each, whoever reads it.

use std::io::Write;
use std::process::{Command, Stdio};

use affinityd::mail::{Letterhead, address, build, mailbox, parse_mailbox};
use affinityd::model::{Author, Message, Purpose, Severity, Time};
use affinityd::notify::{CaseCard, Reason, compose_alert, compose_digest, digest_form};
use affinityd::words::Language;
use fastrand::Rng;
use mail_parser::{HeaderValue, MessageParser};
use serde_json::{Value, json};

use super::rounds;
use crate::notify::facts::{ada, alert, all_parts, digest, words};

/// What every mail has, once.
const HEADERS: [&str; 14] = [
    "auto-submitted",
    "content-type",
    "date",
    "from",
    "in-reply-to",
    "list-id",
    "list-unsubscribe",
    "message-id",
    "mime-version",
    "references",
    "reply-to",
    "subject",
    "to",
    "x-affinityd-purpose",
];

/// What names are made of.
fn piece(rng: &mut Rng) -> String {
    const PIECES: [&str; 26] = [
        "\r\nBcc: eve@evil.example\r\n",
        "\nBcc: eve@evil.example",
        "\rBcc: eve@evil.example",
        "\r\n\r\n<script>",
        "\r\n.\r\nRCPT TO:<eve@evil.example>\r\n",
        "Bcc:",
        "\0",
        "\u{7f}",
        "\u{85}Bcc: eve@evil.example",
        "\u{2028}To: eve@evil.example\u{2029}",
        "\u{b}\u{c}",
        "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
        "=?utf-8?q?=0D=0ABcc:_eve=40evil?=",
        "=?=?=?",
        "\", <eve@evil.example>, \"",
        "eve@evil.example, bob@evil.example",
        "<eve@evil.example>",
        "\\\"<>@,;:()[]",
        "group: eve@evil.example;",
        "(comment",
        "\u{202e}gro.live",
        "\u{200b}\u{200d}\u{feff}",
        "👩\u{200d}👩\u{200d}👧",
        "Åsa Ö",
        "送り状",
        " ",
    ];
    match rng.u8(..12) {
        0 => "x".repeat(10_000),
        1 => "é".repeat(5_000),
        2 => (0..rng.usize(1..40)).map(|_| rng.char(..)).collect(),
        3 => (0..rng.usize(1..20)).map(|_| rng.alphanumeric()).collect(),
        _ => PIECES[rng.usize(..PIECES.len())].to_owned(),
    }
}

fn name(rng: &mut Rng) -> String {
    (0..rng.usize(1..6)).map(|_| piece(rng)).collect()
}

/// A mail in which everything that a stranger or a setting names is hostile, as it leaves.
fn hostile(rng: &mut Rng) -> (Vec<u8>, String) {
    let author = Author { id: name(rng), handle: Some(name(rng)), name: Some(name(rng)) };
    let card = CaseCard {
        id: name(rng),
        platform: name(rng),
        author: Some(author),
        title: Some(name(rng)),
        text: Some(name(rng)),
        permalink: Some(format!("https://a.example/{}", name(rng))),
        ..ada()
    };
    let brand = name(rng);
    let mail = if rng.bool() {
        let mut facts = alert(Reason::FirstNotice, vec![card]);
        facts.brand = brand.clone();
        facts.thread_subject = rng.bool().then(|| name(rng));
        compose_alert(&facts, words(Language::En))
    } else {
        let mut facts = digest();
        facts.brand = brand.clone();
        facts.coverage[0].account = name(rng);
        facts.coverage[0].stream = name(rng);
        facts.waiting = vec![card];
        let form = digest_form(&facts, &Default::default(), words(Language::En)).unwrap();
        compose_digest(&facts, form, &all_parts(), words(Language::En))
    };
    let message = Message {
        id: if rng.bool() { name(rng) } else { "k1.digest@acme.example".to_owned() },
        brand,
        purpose: Purpose::Alert,
        severity: Severity::High,
        group: name(rng),
        references: vec![name(rng), "r2@acme.example".to_owned()],
        // As composed, and as if nobody had composed it.
        subject: if rng.bool() { mail.subject } else { name(rng) },
        text: mail.text,
        html: mail.html,
        at: Time::parse("2026-03-04T09:15:00Z").unwrap(),
        cases: vec![],
    };
    let head = Letterhead {
        from: mailbox(&name(rng), address("care@acme.example").unwrap()),
        reply_to: Some(mailbox(&name(rng), address("team@acme.example").unwrap())),
        list_id: Some(name(rng)),
        unsubscribe: Some(address("team@acme.example").unwrap()),
    };
    let built = build(&message, &head, &address("ada@acme.example").unwrap()).unwrap();
    (built.bytes, built.id)
}

fn addresses(value: Option<&HeaderValue<'_>>) -> Vec<String> {
    match value {
        Some(HeaderValue::Address(all)) => {
            all.iter().filter_map(|a| a.address()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn no_name_adds_a_header_or_a_recipient() {
    let mut rng = Rng::with_seed(15);
    let mut mails = Vec::new();
    for n in 0..rounds(200, 1_000) {
        let (bytes, id) = hostile(&mut rng);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.is_ascii(), "{n}");
        for line in text.split("\r\n") {
            assert!(line.len() <= 998 && !line.contains(['\r', '\n', '\0']), "{n}: {line:?}");
        }
        let parsed = MessageParser::default().parse(&text).unwrap();
        let mut names: Vec<String> =
            parsed.headers().iter().map(|h| h.name.as_str().to_lowercase()).collect();
        names.sort_unstable();
        assert_eq!(names, HEADERS, "{n}");
        assert_eq!(addresses(parsed.header("To")), ["ada@acme.example"], "{n}");
        assert_eq!(addresses(parsed.header("From")), ["care@acme.example"], "{n}");
        assert_eq!(addresses(parsed.header("Reply-To")), ["team@acme.example"], "{n}");
        assert_eq!(parsed.message_id(), Some(id.as_str()), "{n}");
        assert_eq!(parsed.parts.len(), 3, "{n}");
        for held in [parsed.subject(), parsed.from().and_then(|a| a.first()?.name())] {
            let held = held.unwrap_or_default();
            assert!(!held.chars().any(char::is_control) && !held.contains("=?"), "{n}: {held:?}");
            assert!(held.chars().count() <= 200, "{n}: {held:?}");
        }
        mails.push(json!([text, id]));
    }
    with_python(&mails);
}

/// The same with the parser of Python's standard library under its strict policy, all in one go.
fn with_python(mails: &[Value]) {
    const SCRIPT: &str = r#"
import email, email.errors, email.policy, json, sys
wanted = json.loads(sys.argv[1])
policy = email.policy.strict.clone(utf8=False) + email.policy.SMTP
policy = policy.clone(raise_on_defect=True)
for n, (text, ident) in enumerate(json.load(sys.stdin)):
    mail = email.message_from_bytes(text.encode("ascii"), policy=policy)
    names = sorted(key.lower() for key in mail.keys())
    assert names == wanted, (n, names)
    for header, address in (("To", "ada"), ("From", "care"), ("Reply-To", "team")):
        found = [a.addr_spec for a in mail[header].addresses]
        assert found == [address + "@acme.example"], (n, header, found)
    for header in mail.values():
        # A point in a name is old usage, and means what it seems to.
        defects = [d for d in header.defects if not isinstance(d, email.errors.ObsoleteHeaderDefect)]
        assert not defects, (n, header, defects)
        assert not any(ord(c) < 32 or ord(c) == 127 for c in header), (n, header)
    assert mail["Message-ID"].strip() == "<" + ident + ">", (n, mail["Message-ID"])
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"], (n, kinds)
    assert not any(part.defects for part in mail.walk()), n
print(n + 1)
"#;
    let started = Command::new("python3")
        .args(["-c", SCRIPT, &json!(HEADERS).to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut python = match started {
        Ok(python) => python,
        Err(why) => return println!("not read by a second parser: there is no python3 ({why})"),
    };
    let input = json!(mails).to_string();
    python.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = python.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), mails.len().to_string());
}

/// What a person writes into the settings is an address, or refused: it never becomes two.
#[test]
fn no_setting_adds_a_recipient() {
    let mut rng = Rng::with_seed(16);
    for _ in 0..rounds(2_000, 20_000) {
        let written = match rng.u8(..4) {
            0 => format!("{}@acme.example", name(&mut rng)),
            1 => format!("ada@{}", name(&mut rng)),
            2 => format!("{} <ada@acme.example>", name(&mut rng)),
            _ => format!("Ada <{}>", name(&mut rng)),
        };
        let Ok(read) = parse_mailbox(&written) else { continue };
        let told = read.email.to_string();
        assert!(told.is_ascii() && told.len() <= 300, "{written:?}");
        assert!(!told.contains(|c: char| c.is_control() || " ,;<>\"()".contains(c)), "{written:?}");
        assert_eq!(told.matches('@').count(), 1, "{written:?}");
    }
}

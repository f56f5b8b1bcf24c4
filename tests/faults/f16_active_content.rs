//! F16: scripts, styles, addresses and template syntax of strangers: a mail shows them and does nothing; its links are web links, and it loads nothing.

use affinityd::model::Author;
use affinityd::notify::{
    CaseCard, Composed, Praise, Reason, compose_alert, compose_digest, digest_form,
};
use affinityd::words::Language;
use scraper::{Html, Node};

use crate::notify::facts::{ada, alert, all_parts, author, bo, digest, sign, words};

/// What strangers write. `{trap}` is an address that must never be asked.
const HOSTILE: [&str; 34] = [
    "<script>fetch('{trap}')</script>",
    "</title><script src={trap}></script>",
    "--><script src={trap}></script><!--",
    "<![endif]--><script src={trap}></script>",
    "<img src={trap} onerror=fetch('{trap}')>",
    "\"><img src='{trap}'>",
    "' onmouseover='fetch(`{trap}`)",
    "\" style=\"background:url({trap})",
    "<svg onload=fetch('{trap}')><image href={trap} /></svg>",
    "<svg><style>*{background:url({trap})}</style></svg>",
    "<math><mtext></p><img src={trap}>",
    "<style>@import '{trap}';body{background:url({trap})}</style>",
    "</style><link rel=stylesheet href={trap}>",
    "<link rel=prefetch href={trap}><meta http-equiv=refresh content='0;url={trap}'>",
    "<base href={trap}><a href=/x>x</a>",
    "<iframe src={trap}></iframe><object data={trap}></object><embed src={trap}>",
    "<iframe srcdoc='<img src={trap}>'></iframe>",
    "<form action={trap}><input autofocus onfocus=this.form.submit()></form>",
    "<video src={trap} autoplay><source src={trap}></video><audio src={trap}>",
    "<a href=\"javascript:fetch('{trap}')\">x</a>",
    "<a href=\"data:text/html,<script src={trap}></script>\">x</a>",
    "<a ping={trap} href={trap}>x</a>",
    "javascript:fetch('{trap}')",
    "JaVaScRiPt&colon;alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "<div><table><tr></div></td></body></html><img src={trap}>",
    "<!--[if mso]><img src={trap}><![endif]-->",
    "<<b>script<b>>x</script>",
    "{{ 7*7 }} {% include '/etc/passwd' %} ${7*7} <%= 7*7 %> #{7*7} {{page.kicker}}",
    "&lt;script src={trap}&gt; &#60;img src={trap}&#62;",
    "\u{202e}<\u{0}script src={trap}>\u{feff}",
    "<a\u{b}href={trap}\u{c}onclick=x>",
    "<noscript><p title=\"</noscript><img src={trap}>\">",
    "<textarea><img title=\"</textarea><img src={trap}>\">",
];

/// A digest and an alert in which all that strangers can choose is this text.
pub fn mails(text: &str) -> [Composed; 2] {
    let hostile = || text.to_owned();
    let person = Some(Author { id: hostile(), handle: Some(hostile()), name: Some(hostile()) });
    let card = CaseCard {
        id: hostile(),
        platform: hostile(),
        author: person.clone(),
        title: Some(hostile()),
        text: Some(hostile()),
        permalink: Some(hostile()),
        reasons: vec![sign(text, text)],
        ..ada()
    };
    let linked = CaseCard {
        permalink: Some(format!("https://a.example/{text}?{text}#{text}")),
        author: author(text, text),
        ..card.clone()
    };
    let mut facts = alert(Reason::FirstNotice, vec![card.clone(), linked.clone()]);
    facts.brand = hostile();
    facts.thread_subject = Some(hostile());
    let mut day = digest();
    day.brand = hostile();
    day.waiting = vec![card, linked, bo()];
    day.praise = [hostile(), format!("http://b.example/{text}")]
        .map(|permalink| Praise {
            author: person.clone(),
            platform: hostile(),
            text: Some(hostile()),
            permalink: Some(permalink),
        })
        .into();
    for coverage in &mut day.coverage {
        coverage.account = hostile();
        coverage.stream = hostile();
        coverage.platform = hostile();
        coverage.trouble = Some((
            affinityd::model::Trouble::Unauthorised(hostile()),
            coverage.read_until.unwrap(),
        ));
    }
    let words = words(Language::En);
    let form = digest_form(&day, &Default::default(), words).unwrap();
    [compose_alert(&facts, words), compose_digest(&day, form, &all_parts(), words)]
}

const TAGS: [&str; 20] = [
    "html", "head", "meta", "title", "body", "div", "table", "tbody", "tr", "td", "th", "h1", "h2",
    "strong", "br", "span", "a", "code", "p", "b",
];
const ATTRIBUTES: [&str; 17] = [
    "lang",
    "charset",
    "name",
    "content",
    "style",
    "role",
    "width",
    "cellpadding",
    "cellspacing",
    "border",
    "align",
    "valign",
    "dir",
    "bgcolor",
    "href",
    "scope",
    "class",
];

/// What a mail program would build of it holds no more than our own template.
fn check(mail: &Composed, text: &str) {
    let tree = Html::parse_document(&mail.html);
    for node in tree.tree.nodes() {
        match node.value() {
            Node::Element(element) => {
                let name = element.name();
                assert!(TAGS.contains(&name), "<{name}> of {text}");
                for (key, value) in element.attrs() {
                    assert!(ATTRIBUTES.contains(&key), "{key}={value} of {text}");
                    assert!(key == "href" || !value.contains("{{"), "{key}={value}");
                    if key == "href" {
                        assert_eq!(name, "a", "{value}");
                        assert!(
                            value.starts_with("https://") || value.starts_with("http://"),
                            "{value} of {text}"
                        );
                        assert!(!value.contains(['<', '>', '"', ' ', '\n']), "{value}");
                    }
                    if key == "style" {
                        assert!(!value.contains("url(") && !value.contains('@'), "{value}");
                        assert!(!value.contains("expression"), "{value}");
                    }
                    assert!(name != "meta" || key != "http-equiv", "{value}");
                }
            }
            Node::Comment(comment) => {
                let said = comment.trim();
                assert!(
                    said.starts_with("[if mso]><") && said.ends_with("<![endif]"),
                    "<!--{said}--> of {text}"
                );
                assert!(!said.contains("src") && !said.contains("trap"), "{said}");
            }
            Node::Doctype(_) | Node::Text(_) | Node::Document | Node::Fragment => {}
            Node::ProcessingInstruction(_) => panic!("of {text}"),
        }
    }
    let visible: String = tree.root_element().text().collect();
    assert!(!visible.contains("49"), "template syntax came to life: {text}");
    for said in [&mail.html, &mail.text, &mail.subject] {
        let at = said.find(['\0', '\r', '\u{202e}', '\u{feff}']);
        assert!(
            at.is_none(),
            "{text}: {:?}",
            at.and_then(|at| said.get(at.saturating_sub(80)..at))
        );
    }
}

#[test]
fn nothing_that_a_stranger_writes_acts() {
    for text in HOSTILE {
        let text = text.replace("{trap}", "https://trap.example/x");
        for mail in mails(&text) {
            check(&mail, &text);
        }
    }
    let mut rng = fastrand::Rng::with_seed(16);
    for _ in 0..super::rounds(24, 20_000) {
        let text: String = (0..rng.usize(2..6))
            .map(|_| {
                let all: Vec<char> = HOSTILE[rng.usize(..HOSTILE.len())].chars().collect();
                let from = rng.usize(..all.len());
                all[from..rng.usize(from..=all.len())].iter().collect::<String>()
            })
            .collect();
        for mail in mails(&text) {
            check(&mail, &text);
        }
    }
}

/// Writes the hostile mails into the folder that `AFFINITYD_HOSTILE_MAILS` names, their trap being
/// `AFFINITYD_TRAP`, for a real browser to open: see `tests/live/browser`.
#[test]
#[ignore = "writes files for a browser, see above"]
fn write_hostile_mails() {
    let folder = std::path::PathBuf::from(std::env::var("AFFINITYD_HOSTILE_MAILS").unwrap());
    let trap = std::env::var("AFFINITYD_TRAP").unwrap();
    for (n, text) in HOSTILE.into_iter().enumerate() {
        let text = text.replace("{trap}", &format!("{trap}/{n}"));
        for (kind, mail) in ["alert", "digest"].into_iter().zip(mails(&text)) {
            std::fs::write(folder.join(format!("{kind}-{n}.html")), mail.html).unwrap();
        }
    }
}

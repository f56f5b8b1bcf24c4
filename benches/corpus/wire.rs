//! How items look on a platform: notifications with the whole Status and Account of the Mastodon
//! API, an RSS feed, and one JSON object a line.

use serde_json::{Value, json};

use super::{Corpus, Dice, Item, What, time};

/// The brand's id on the simulated server.
const BRAND_ACCOUNT: &str = "42";

const HOSTS: &[&str] = &["town.example", "tea.example", "big.example", "small.example"];
const FIRST_ID: u64 = 110_000_000_000_000_007;

/// The id of item *k*, as a note and as a post; later ones are greater.
pub fn note_id(k: u64) -> u64 {
    FIRST_ID + 1000 * k
}

/// The item that has this id.
pub fn item_of(id: u64) -> u64 {
    id.saturating_sub(FIRST_ID) / 1000
}

/// The brand's own account.
pub fn brand() -> Value {
    json!({
        "id": BRAND_ACCOUNT, "username": "nimbrel", "acct": "nimbrel", "display_name": "Nimbrel",
        "url": "https://town.example/@nimbrel", "uri": "https://town.example/users/nimbrel",
        "bot": false, "locked": false, "note": "", "emojis": [], "fields": [],
    })
}

fn handle(author: u64) -> (String, &'static str) {
    let host = Dice::new(0, author, 7).one(HOSTS);
    (format!("rider{author:06}"), host)
}

/// An author's account with every documented field.
fn account(author: u64) -> Value {
    let mut dice = Dice::new(0, author, 8);
    let (name, host) = handle(author);
    let picture = |kind: &str, dice: &mut Dice| {
        let (high, low) = (author / 1000, author % 1000);
        let name = dice.number();
        format!("https://files.{host}/accounts/{kind}/{high:03}/{low:03}/original/{name:016x}.jpg")
    };
    let (avatar, header) = (picture("avatars", &mut dice), picture("headers", &mut dice));
    let shown = match dice.below(5) {
        0 => String::new(),
        1 => format!("Rider {author}"),
        2 => format!("Zoë ✨ {author}"),
        3 => format!("陳{author}"),
        _ => format!("O'Hara & <Co> \"{author}\""),
    };
    let fields: Vec<Value> = (0..dice.below(3))
        .map(|_| json!({ "name": "Web", "value": format!("<a href=\"https://{name}.example\" rel=\"me nofollow noopener\" target=\"_blank\">{name}.example</a>"), "verified_at": null }))
        .collect();
    let who = json!({
        "id": (100_000 + author).to_string(), "username": name, "acct": format!("{name}@{host}"),
        "display_name": shown, "locked": false, "bot": dice.percent() < 4, "discoverable": true,
        "indexable": false, "group": false, "created_at": "2023-04-01T00:00:00.000Z",
        "note": "<p>Rides to work, reads on the train, and tells what comes of it. Views are mine, pictures too.</p>",
        "url": format!("https://{host}/@{name}"), "uri": format!("https://{host}/users/{name}"),
    });
    let more = json!({
        "avatar": avatar, "avatar_static": avatar, "header": header, "header_static": header,
        "followers_count": dice.below(5_000), "following_count": dice.below(2_000),
        "statuses_count": dice.below(60_000), "last_status_at": "2026-01-01",
        "hide_collections": null, "noindex": false, "emojis": [], "roles": [], "fields": fields,
    });
    joined(who, more)
}

/// Two objects as one: the macro takes no more keys at once.
fn joined(mut one: Value, two: Value) -> Value {
    if let (Value::Object(one), Value::Object(mut two)) = (&mut one, two) {
        one.append(&mut two);
    }
    one
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

fn content(text: &str, host: &str) -> String {
    let tag = format!(
        "<a href=\"https://{host}/tags/nimbrel\" class=\"mention hashtag\" rel=\"tag\">#<span>nimbrel</span></a>"
    );
    let name = "<span class=\"h-card\"><a href=\"https://town.example/@nimbrel\" class=\"u-url mention\">@<span>nimbrel</span></a></span>";
    format!("<p>{name} {}</p>", escaped(text).replace("#nimbrel", &tag))
}

/// The post of item *k*; `edited`: with the words, and the time, of that later item.
fn status(corpus: &Corpus, k: u64, edited: Option<&Item>) -> Value {
    let item = corpus.item(k);
    let mut dice = Dice::new(corpus.seed, k, 9);
    let (name, host) = handle(item.author);
    let id = note_id(k).to_string();
    let to = match item.what {
        What::Post { to } => to,
        What::Share(_) | What::Edit(_) => None,
    };
    let text = edited.map_or(&item.text, |edited| &edited.text);
    let card = (dice.percent() < 20).then(|| {
        json!({
            "url": format!("https://news.example/{k}"), "title": format!("On bicycles, {k}"),
            "description": "What was seen at the fair, and what it costs", "type": "link",
            "author_name": "", "author_url": "", "provider_name": "", "provider_url": "", "html": "",
            "width": 0, "height": 0, "image": null, "embed_url": "", "blurhash": null,
        })
    });
    let media: Vec<Value> = (0..u64::from(dice.percent() < 25))
        .map(|_| {
            let url = format!("https://files.{host}/media/{:016x}.jpg", dice.number());
            json!({
                "id": id, "type": "image", "url": url, "preview_url": url, "remote_url": null,
                "meta": { "original": { "width": 1200, "height": 900, "size": "1200x900", "aspect": 1.33 } },
                "description": null, "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
            })
        })
        .collect();
    let is_tagged = text.contains("#nimbrel");
    let place = json!({
        "id": id, "created_at": item.time(),
        "in_reply_to_id": to.map(|to| note_id(to).to_string()),
        "in_reply_to_account_id": to.map(|to| (100_000 + corpus.item(to).author).to_string()),
        "sensitive": false, "spoiler_text": "", "visibility": "public", "language": item.lang,
        "uri": format!("https://{host}/users/{name}/statuses/{id}"),
        "url": format!("https://{host}/@{name}/{id}"),
    });
    let more = json!({
        "replies_count": dice.below(9), "reblogs_count": dice.below(4), "favourites_count": dice.below(20),
        "quotes_count": 0, "edited_at": edited.map(Item::time), "content": content(text, host),
        "reblog": null, "application": { "name": "Web", "website": null },
        "account": account(item.author), "media_attachments": media,
        "mentions": [{ "id": BRAND_ACCOUNT, "username": "nimbrel", "url": "https://town.example/@nimbrel", "acct": "nimbrel" }],
        "tags": if is_tagged { json!([{ "name": "nimbrel", "url": format!("https://{host}/tags/nimbrel") }]) } else { json!([]) },
        "emojis": [], "quote": null, "card": card, "poll": null, "filtered": [],
    });
    joined(place, more)
}

/// Item *k* as a notification of the brand's account.
pub fn note(corpus: &Corpus, k: u64) -> Value {
    let item = corpus.item(k);
    let (kind, by, status) = match item.what {
        What::Post { .. } => ("mention", item.author, status(corpus, k, None)),
        What::Share(of) => ("reblog", item.author, status(corpus, of, None)),
        What::Edit(of) => ("mention", corpus.item(of).author, status(corpus, of, Some(&item))),
    };
    json!({
        "id": note_id(k).to_string(), "type": kind, "group_key": format!("ungrouped-{k}"),
        "created_at": time(item.at), "account": account(by), "status": status,
    })
}

/// Items `from..from + n` as an RSS feed, newest first; `turn` changes the body and nothing else.
pub fn feed(corpus: &Corpus, from: u64, n: u64, turn: u64) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>nimbrel mentions</title><link>http://127.0.0.1/</link><description>turn {turn}</description>\n"
    );
    for k in (from..from + n).rev() {
        let item = corpus.item(k);
        let when = chrono::DateTime::from_timestamp_millis(item.at).unwrap_or_default();
        let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let text: String = item.text.chars().filter(|c| allowed(*c)).collect();
        let title: String = text.chars().take(60).collect();
        out.push_str(&format!(
            "<item><title>{}</title><link>http://127.0.0.1/item/{k}</link><guid isPermaLink=\"false\">tag:corpus,{k}</guid><dc:creator>rider{:06}</dc:creator><pubDate>{}</pubDate><description>{}</description></item>\n",
            escaped(&title),
            item.author,
            when.to_rfc2822(),
            escaped(&format!("<p>{}</p>", escaped(&text))),
        ));
    }
    out.push_str("</channel></rss>\n");
    out
}

/// Item *k* as one line of JSON, with the keys of `affinityd import`; others can be told them.
pub fn line(corpus: &Corpus, k: u64) -> String {
    let item = corpus.item(k);
    let (name, host) = handle(item.author);
    let line = json!({
        "platform": "corpus", "id": format!("tag:corpus,{k}"), "kind": "mention", "text": item.text,
        "created_at": item.time(), "lang": item.lang,
        "author": { "id": (100_000 + item.author).to_string(), "handle": format!("{name}@{host}") },
    });
    line.to_string()
}

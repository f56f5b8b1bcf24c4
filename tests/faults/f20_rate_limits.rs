//! F20: told to wait, in every form in use and in nonsense. No request before the allowed time, by
//! the server's own count; never longer than an hour; all accounts of a server wait together.

use std::sync::{Arc, Mutex};

use affinityd::clock::{Clock, Manual};
use affinityd::model::Time;
use chrono::DateTime;

use crate::scripted::{Answer, Asked, Scripted};
use crate::stage::{Stage, at};

/// Requests that were under way together end together; the clock stands or moves by seconds then.
const TOGETHER: i64 = 5 * Time::SECOND;
/// Nobody who is allowed to ask stays away longer than this: jitter, and a round of polling.
const SLACK: i64 = 4 * Time::MINUTE;

/// A status, headers, and for how many milliseconds that is to hold.
type Told = (u16, Vec<(&'static str, String)>, i64);

#[derive(Default)]
struct Gate {
    /// What the next request is told.
    next: Option<Told>,
    refused_at: Option<Time>,
    until: Option<Time>,
    early: Vec<Time>,
    back_at: Option<Time>,
}

impl Gate {
    fn pass(&mut self, now: Time) -> Option<Answer> {
        if let Some((status, headers, wait)) = self.next.take() {
            (self.refused_at, self.until) = (Some(now), Some(now.plus(wait)));
            let answer = Answer::new(status, "{\"error\":\"slow down\"}");
            return Some(headers.into_iter().fold(answer, |a, (name, value)| a.with(name, value)));
        }
        let (refused_at, until) = (self.refused_at?, self.until?);
        if now >= until {
            self.back_at.get_or_insert(now);
        } else if now.since(refused_at) > TOGETHER {
            self.early.push(now);
        }
        None
    }
}

fn mastodon(asked: &Asked) -> Answer {
    if asked.path.ends_with("verify_credentials") {
        return Answer::ok(r#"{"id":"1","acct":"acme","username":"acme"}"#);
    }
    Answer::ok("[]")
}

fn bluesky(asked: &Asked) -> Answer {
    Answer::ok(match asked.path.rsplit('.').next().unwrap_or_default() {
        "createSession" => {
            r#"{"did":"did:plc:acmeacmeacmeacmeacmeacme","handle":"acme.example","accessJwt":"a","refreshJwt":"r"}"#
        }
        "listNotifications" => r#"{"notifications":[]}"#,
        _ => r#"{"feed":[]}"#,
    })
}

fn feed(_: &Asked) -> Answer {
    Answer::ok(
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"Blog","items":[
            {"id":"1","title":"Hello","content_text":"Hello"}]}"#,
    )
}

/// Two accounts of a kind on one server.
fn accounts(kind: &str, url: &str) -> String {
    let one = |name: &str| match kind {
        "mastodon" => format!(
            "[[platforms.mastodon]]\nname = \"{name}\"\nurl = \"{url}\"\ntoken-file = \"{{token}}\"\n\
             poll-notifications = \"1s\"\n"
        ),
        "bluesky" => format!(
            "[[platforms.bluesky]]\nname = \"{name}\"\nurl = \"{url}\"\n\
             identifier = \"acme.example\"\npassword-file = \"{{token}}\"\n\
             poll-notifications = \"1s\"\n"
        ),
        _ => format!(
            "[[platforms.feed]]\nname = \"{name}\"\nurl = \"{url}/{name}.json\"\n\
             poll-feed = \"1s\"\n"
        ),
    };
    format!("\n{}\n{}", one("ann"), one("bo"))
}

fn http_date(at: Time) -> String {
    let at = DateTime::from_timestamp_millis(at.0).expect("a time");
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

type Row = (&'static str, u16, Vec<(&'static str, String)>, i64);

/// What is said at `now`, and for how many seconds that is to be waited at least.
fn rows(now: Time) -> Vec<Row> {
    let after = |seconds: i64| now.plus(seconds * Time::SECOND);
    let epoch = |seconds| (after(seconds).0 / 1000 + 1).to_string();
    let retry = |value: &str| vec![("retry-after", value.to_owned())];
    let spent = |name: &'static str, value: String| vec![(name, value)];
    vec![
        ("seconds", 429, retry("120"), 120),
        ("a date", 429, retry(&http_date(after(300))), 299),
        (
            "a date, of a server whose clock is an hour behind",
            429,
            vec![("date", http_date(after(-3600))), ("retry-after", http_date(after(-3600 + 300)))],
            299,
        ),
        ("nothing", 429, vec![], 60),
        ("words", 429, retry("soon"), 60),
        ("a negative number", 429, retry("-5"), 60),
        ("no wait at all", 429, retry("0"), 60),
        ("a date in the past", 429, retry(&http_date(after(-500))), 60),
        ("thirty years", 429, retry("1000000000"), 3600),
        ("more than fits", 429, retry("99999999999999999999999999"), 3600),
        (
            "a quota that starts anew: ISO 8601",
            429,
            spent("x-ratelimit-reset", after(400).to_string()),
            400,
        ),
        ("a quota: seconds since 1970", 429, spent("ratelimit-reset", epoch(400)), 400),
        ("a quota: seconds to wait", 429, spent("x-rate-limit-reset", "400".to_owned()), 400),
        (
            "both: the later one",
            429,
            vec![
                ("retry-after", "100".to_owned()),
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", epoch(400)),
            ],
            400,
        ),
        ("overload", 503, retry("200"), 200),
        ("overload, a date", 503, retry(&http_date(after(200))), 199),
    ]
}

async fn nobody_comes_early(kind: &'static str, answer: fn(&Asked) -> Answer) {
    let clock = Manual::new(at("08:00"));
    let gate: Arc<Mutex<Gate>> = Arc::default();
    let (inner, now) = (gate.clone(), clock.clone());
    let server = Scripted::start(move |asked| {
        let now = now.now();
        let refused = inner.lock().expect("no panic").pass(now);
        let answer = refused.unwrap_or_else(|| answer(asked));
        // Its clock is ours, unless the row says otherwise.
        let is_dated = answer.headers.iter().any(|(name, _)| *name == "date");
        if is_dated { answer } else { answer.with("date", http_date(now)) }
    })
    .await;
    let mut stage = Stage::of(&clock, &accounts(kind, &server.url)).await;
    let count = rows(clock.now()).len();
    for n in 0..count {
        // Nobody is on the way to the server, who would be told before the clock is at `begin`.
        stage.rest().await;
        let begin = clock.now().plus(2 * Time::HOUR);
        let (case, status, headers, wait) = rows(begin).swap_remove(n);
        let case = format!("{kind}: {case}");
        *gate.lock().unwrap() =
            Gate { next: Some((status, headers, wait * Time::SECOND)), ..Gate::default() };
        stage.settle(begin).await;
        stage.until(&case, || gate.lock().unwrap().refused_at.is_some()).await;
        let until = gate.lock().unwrap().until.expect("refused");
        // Whoever is told learns it before the clock goes on.
        let trouble = || {
            let status = stage.status();
            let sources = status["sources"].as_array().expect("a list").clone();
            sources.iter().any(|source| !source["error"].is_null())
        };
        stage.until("the trouble", trouble).await;
        if n % 4 == 0 {
            stage.stop().await;
            stage.start();
        }
        let left = until.since(clock.now()) - 2 * Time::SECOND;
        for part in 1..=4 {
            clock.set(until.plus(-2 * Time::SECOND - left * (4 - part) / 4));
            stage.rest().await;
            assert_eq!(gate.lock().unwrap().early, [], "{case}: allowed at {until}");
        }
        clock.set(until.plus(SLACK));
        stage.until(&case, || gate.lock().unwrap().back_at.is_some()).await;
        let back_at = gate.lock().unwrap().back_at.expect("it came");
        // The next round is up to a minute later, and the clock goes up to a minute at once.
        let is_prompt = back_at.since(until) <= SLACK + 2 * Time::MINUTE;
        assert!(is_prompt, "{case}: back at {back_at}, allowed at {until}");
        assert_eq!(gate.lock().unwrap().early, [], "{case}");
        stage.pass(back_at.plus(10 * Time::MINUTE)).await;
    }
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mastodon_server_is_left_alone_as_long_as_it_says() {
    nobody_comes_early("mastodon", mastodon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bluesky_server_is_left_alone_as_long_as_it_says() {
    nobody_comes_early("bluesky", bluesky).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_is_left_alone_as_long_as_its_server_says() {
    nobody_comes_early("feed", feed).await;
}

/// Half of a quota is for others: people on the same account, look-ups before an alert.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_is_used_by_half_and_waited_for_before_it_is_spent() {
    for (kind, prefix, answer) in [
        ("mastodon", "x-ratelimit", mastodon as fn(&Asked) -> Answer),
        ("bluesky", "ratelimit", bluesky),
    ] {
        let clock = Manual::new(at("08:00"));
        let left = Arc::new(Mutex::new((40_i64, at("08:05"))));
        let (inner, now) = (left.clone(), clock.clone());
        let names: [&'static str; 3] = match prefix {
            "ratelimit" => ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
            _ => ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
        };
        let server = Scripted::start(move |asked| {
            let mut left = inner.lock().expect("no panic");
            while now.now() >= left.1 {
                *left = (40, left.1.plus(5 * Time::MINUTE));
            }
            left.0 -= 1;
            let reset = if prefix == "ratelimit" {
                (left.1.0 / 1000).to_string()
            } else {
                left.1.to_string()
            };
            answer(asked)
                .with("date", http_date(now.now()))
                .with(names[0], "40")
                .with(names[1], left.0.max(0).to_string())
                .with(names[2], reset)
        })
        .await;
        let stage = Stage::of(&clock, &accounts(kind, &server.url)).await;
        let mut least = i64::MAX;
        for _ in 0..200 {
            stage.settle(clock.now().plus(3 * Time::SECOND)).await;
            least = least.min(left.lock().unwrap().0);
        }
        assert!(least >= 16, "{kind}: {least} of 40 were left");
        assert_eq!(stage.status()["healthy"], true, "{kind}");
    }
}

//! F19: refused tokens, missing rights, sessions that run out or cannot be renewed, wrong clocks.
//! "Needs attention" once, one notice a day, the others go on; no token is seen anywhere.

use affinityd::clock::{Clock, Manual};
use affinityd::daemon::Call;
use affinityd::model::{Purpose, Time};

use crate::binary::{Daemon, Place, until};
use crate::fake_bluesky::{Mood as Sky_, Sky};
use crate::fake_mastodon::{Fake, Mood};
use crate::scripted::{Answer, Scripted};
use crate::stage::{Stage, TOKEN, at};

const COMPLAINT: &str = "the grinder broke after two days, terrible quality, I want a refund";
/// Never to be seen anywhere but in the file it stands in.
const CANARY: &str = "c4n4ry-0f-th3-t0k3n";

fn cases(stage: &Stage) -> usize {
    let cases = stage.ask(Call::Cases { brand: None, state: None, as_of: None });
    cases.as_array().unwrap().len()
}

/// Every file below a folder that holds these words.
fn files_with(dir: &std::path::Path, words: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, words));
        } else if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let has = bytes.windows(words.len()).any(|part| part == words.as_bytes());
            found.extend(has.then_some(path));
        }
    }
    found
}

/// The secret is in its own file and nowhere else: not in the store, a mail, an export, the status.
fn is_secret_everywhere(stage: &Stage) {
    let token = stage.dir.path().join("token");
    assert_eq!(files_with(stage.dir.path(), TOKEN), [token]);
    assert!(!stage.status().to_string().contains(TOKEN));
    let mut export = Vec::new();
    tokio::task::block_in_place(|| stage.store.export(&mut export, Time(0), &mut |_| {})).unwrap();
    assert!(!String::from_utf8(export).unwrap().contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_is_told_once_a_day_and_the_other_accounts_go_on() {
    let (dead, well) = (Fake::start().await, Fake::start().await);
    let stage = Stage::new(at("08:00"), &[("dead", &dead), ("well", &well)]).await;
    assert_eq!(stage.status()["healthy"], true);
    dead.is(Mood::TokenRefused);
    well.mention("ada", COMPLAINT, at("08:20"));
    stage.pass(at("08:30")).await;
    stage.until("the notice", || stage.mails(&Purpose::Source).len() == 1).await;
    let status = stage.status();
    assert_eq!(status["healthy"], false);
    let said = status["attention"][0].as_str().unwrap();
    assert!(said.contains("dead") && said.contains("new token"), "{said}");
    assert_eq!(stage.source("dead", "notifications")["error"]["class"], "unauthorised");
    assert_eq!(stage.source("well", "notifications")["health"], "well");
    assert_eq!(cases(&stage), 1, "the other account goes on");
    stage.pass(at("20:00")).await;
    assert_eq!(stage.mails(&Purpose::Source).len(), 1, "once a day");
    stage.pass(at("tue 08:40")).await;
    stage.until("the next notice", || stage.mails(&Purpose::Source).len() == 2).await;
    is_secret_everywhere(&stage);
    dead.is(Mood::Well);
    stage.pass(at("tue 10:00")).await;
    // A stream that was refused a day long may be an hour into its back-off, by chance.
    stage.pass(at("tue 11:30")).await;
    stage.until("a healthy day", || stage.status()["healthy"] == true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_in_whatever_way_it_is_told_once_a_day_and_seldom_asked() {
    for (case, mood) in [
        ("mastodon: a right is missing", None),
        ("bluesky: the password is revoked", Some(Sky_::Revoked)),
        ("bluesky: forbidden", Some(Sky_::Forbidden)),
        ("bluesky: sessions renew and are refused", Some(Sky_::AlwaysExpired)),
        ("bluesky: sessions open and are refused", Some(Sky_::NeverRenewed)),
    ] {
        let clock = Manual::new(at("08:00"));
        let (dead, sky, well) =
            (Fake::start().await, Sky::start(&clock).await, Fake::start().await);
        let mut platforms = String::new();
        if mood.is_some() {
            platforms += &sky.account("dead");
        }
        for (name, fake) in [("dead", &dead), ("well", &well)] {
            if name == "well" || mood.is_none() {
                platforms += &format!(
                    "\n[[platforms.mastodon]]\nname = \"{name}\"\nurl = \"{}\"\n\
                     token-file = \"{{token}}\"\n",
                    fake.url
                );
            }
        }
        let stage = Stage::of(&clock, &platforms).await;
        assert_eq!(stage.status()["healthy"], true, "{case}: {:#}", stage.status());
        match mood {
            Some(mood) => sky.is(mood),
            None => dead.is(Mood::Forbidden),
        }
        let asked = || if mood.is_some() { sky.asked("") } else { dead.asked("") };
        let before = asked();
        // A day, in steps of ten minutes: as often as it may ask.
        let mut now = at("08:00");
        while now < at("tue 07:40") {
            now = now.plus(10 * Time::MINUTE);
            stage.settle(now).await;
        }
        stage.pass(at("tue 07:50")).await;
        let source = stage.source("dead", "notifications");
        assert_eq!(source["health"], "needs-attention", "{case}: {source}");
        assert_eq!(stage.source("well", "notifications")["health"], "well", "{case}");
        assert_eq!(stage.mails(&Purpose::Source).len(), 1, "{case}: once a day");
        let requests = asked() - before;
        assert!(requests <= 250, "{case}: asked {requests} times in a day");
        let logins = sky.logins();
        assert!(logins.len() <= 51, "{case}: {} logins in a day", logins.len());
        for from in &logins {
            let within =
                |span| logins.iter().filter(|at| (0..span).contains(&at.since(*from))).count();
            assert!(within(5 * Time::MINUTE) <= 10 && within(Time::HOUR) <= 11, "{case}");
        }
        println!(
            "{case}: {requests} requests, {} logins, {} renewals",
            logins.len(),
            sky.renewals()
        );
        is_secret_everywhere(&stage);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_are_counted_over_restarts() {
    let clock = Manual::new(at("08:00"));
    let sky = Sky::start(&clock).await;
    sky.is(Sky_::NeverRenewed);
    let mut stage = Stage::of(&clock, &sky.account("main")).await;
    for _ in 0..20 {
        let failures =
            |stage: &Stage| stage.source("main", "notifications")["failures"].as_u64().unwrap();
        let before = failures(&stage);
        stage.stop().await;
        stage.start();
        stage.until("another try", || failures(&stage) > before).await;
    }
    let logins = sky.logins().len();
    assert!((2..=10).contains(&logins), "{logins} logins in a few minutes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_runs_out_in_the_middle_of_a_walk_costs_nothing() {
    let clock = Manual::new(at("08:00"));
    let sky = Sky::start(&clock).await;
    sky.mention("hello", at("07:00"));
    let stage = Stage::of(&clock, &sky.account("main")).await;
    for n in 0..450 {
        sky.mention("do you ship to Norway?", at("08:01").plus(n));
    }
    sky.forgets_after(2);
    stage.pass(at("08:10")).await;
    stage.until("all of them", || stage.ids().len() >= 451).await;
    assert_eq!(stage.ids(), sky.ids());
    assert_eq!((sky.logins().len(), sky.renewals()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_that_fails_for_a_while_costs_no_login() {
    let clock = Manual::new(at("08:00"));
    let sky = Sky::start(&clock).await;
    let stage = Stage::of(&clock, &sky.account("main")).await;
    sky.is(Sky_::RenewalBroken);
    for minutes in 1..6 {
        stage.settle(at("08:00").plus(minutes * 10 * Time::MINUTE)).await;
    }
    let class = || stage.source("main", "notifications")["error"]["class"].clone();
    stage.until("the trouble", || class() == "unreachable").await;
    sky.is(Sky_::Well);
    stage.pass(at("10:30")).await;
    stage.until("its end", || class().is_null()).await;
    assert_eq!(sky.logins().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_are_wrong_cost_no_login() {
    for skew in [-Time::DAY, -Time::HOUR, Time::HOUR, Time::DAY] {
        let clock = Manual::new(at("08:00"));
        let sky = Sky::start(&clock).await;
        sky.skew(skew);
        let stage = Stage::of(&clock, &sky.account("main")).await;
        for hour in 1..8 {
            sky.mention("do you ship to Norway?", clock.now());
            stage.pass(at("08:00").plus(hour * Time::HOUR)).await;
        }
        // A post is asked for by itself once the list has named it.
        stage.until("every post", || stage.ids() == sky.ids()).await;
        assert_eq!(sky.logins().len(), 1, "{skew}");
        assert!((2..=5).contains(&sky.renewals()), "{skew}: renewed {} times", sky.renewals());
        assert_eq!(stage.status()["healthy"], true, "{skew}");
    }
}

/// The program itself, logging all it can, and servers that repeat what they were sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_the_server_repeats_is_not_told_on() {
    let server = Scripted::start(|asked| {
        let said = format!("no: {} {}", asked.token, asked.body.replace('"', " "));
        let (status, error) = if asked.path.contains("xrpc") { (403, "No") } else { (401, "") };
        let body = match error {
            "" => serde_json::json!({ "error": said }),
            error => serde_json::json!({ "error": error, "message": said }),
        };
        Answer::new(status, body.to_string())
    })
    .await;
    let place = Place::new("");
    let token = place.write("token", CANARY);
    let address = place.write("address", format!("{}/feed?key={CANARY}", server.url));
    for path in [&token, &address] {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    place.configure(&format!(
        "{}directory = \"mail\"\n\
         [[platforms.mastodon]]\nname = \"m\"\nurl = \"{url}\"\ntoken-file = \"{token}\"\n\
         [[platforms.bluesky]]\nname = \"b\"\nurl = \"{url}\"\nidentifier = \"acme.example\"\n\
         password-file = \"{token}\"\n\
         [[platforms.feed]]\nname = \"f\"\nurl-file = \"{address}\"\n",
        crate::binary::QUIET,
        url = server.url,
    ));
    tokio::task::block_in_place(|| {
        let daemon = Daemon::start(&place, |command| {
            command.env("RUST_LOG", "trace");
        });
        daemon.has_logged("running");
        until(
            "three refusals",
            || {
                let log = daemon.log();
                log.matches("needs attention: ").count() >= 3
            },
            || daemon.log().chars().rev().take(3000).collect::<String>().chars().rev().collect(),
        );
        let status = place.json(&["status"]).to_string();
        assert!(!status.contains(CANARY), "{status}");
        let export = place.run(&["export", "-o", "-"]);
        assert!(!export.out.contains(CANARY) && !export.err.contains(CANARY));
        let check = place.run(&["check"]);
        assert!(!check.out.contains(CANARY) && !check.err.contains(CANARY), "{}", check.out);
        daemon.signal(rustix::process::Signal::TERM);
        assert_eq!(daemon.end().0, Some(0));
    });
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.token == CANARY), "it was sent");
    assert!(asked.iter().any(|asked| asked.body.contains(CANARY)), "and posted");
    let mut known: Vec<std::path::PathBuf> = vec![token.into(), address.into()];
    known.sort();
    let mut found: Vec<std::path::PathBuf> = files_with(place.dir.path(), CANARY);
    found.sort();
    assert_eq!(found, known);
}

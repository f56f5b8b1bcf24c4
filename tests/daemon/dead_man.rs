//! The dead-man address is called after each healthy hour, and not while something wants a person.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::fake_mastodon::{Fake, Mood};
use crate::stage::{Stage, at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_called_after_each_healthy_hour_and_not_while_something_is_wrong() {
    let watch = MockServer::start().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let answer = move |_: &Request| {
        count.fetch_add(1, Ordering::SeqCst);
        ResponseTemplate::new(200)
    };
    Mock::given(path("/ping/acme")).respond_with(answer).mount(&watch).await;
    let calls = || calls.load(Ordering::SeqCst);
    let fake = Fake::start().await;
    let key = format!("[daemon]\ndead-man-url = \"{}/ping/acme\"\n", watch.uri());
    let settle = |text: String| text.replace("[daemon]\n", &key);
    let mut stage = Stage::settled(at("08:00"), &[("main", &fake)], settle).await;
    stage.pass(at("08:50")).await;
    assert_eq!(calls(), 0, "the hour is not over");
    stage.pass(at("09:10")).await;
    stage.until("the call", || calls() == 1).await;
    fake.is(Mood::TokenRefused);
    stage.pass(at("09:40")).await;
    stage.pass(at("11:30")).await;
    assert_eq!((calls(), stage.status()["healthy"].clone()), (1, false.into()));
    fake.is(Mood::Well);
    stage.pass(at("13:00")).await;
    stage.pass(at("13:10")).await;
    stage.until("the next call", || calls() == 2).await;
    stage.stop().await;
}

//! F8: the server takes a mail, and its answer never arrives: at most one more, with the same
//! Message-ID, for that recipient alone.

use affinityd::model::DeliveryState;

use crate::post_office::{HOUR, Office, Shelf, id};
use crate::smtp_server::{Act, At, Sink};

#[tokio::test(start_paused = true)]
async fn an_answer_lost_after_the_mail_doubles_it_at_most_once_under_the_same_id() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example"]);
    let sink = Sink::new();
    sink.play(vec![(At::End, Act::TakeAndDrop)]);
    let office = Office::open(shelf, sink);
    office.at(HOUR).await;
    assert_eq!(office.got(), vec![format!("{} ada@acme.example", id(1)); 2]);
    let mails = office.sink.mails();
    assert_eq!(mails[0].bytes, mails[1].bytes, "byte for byte the same mail");
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn only_the_recipient_whose_answer_was_lost_gets_a_second_one() {
    for act in [Act::TakeAndDrop, Act::TakeAndStall] {
        let shelf = Shelf::default();
        shelf.alert(1, &["ada@acme.example", "bob@acme.example", "eve@acme.example"]);
        let sink = Sink::new();
        sink.play(vec![(At::End, act)]);
        let office = Office::open(shelf, sink);
        office.at(HOUR).await;
        let mut got = office.got();
        got.sort();
        let wanted = ["ada", "ada", "bob", "eve"].map(|to| format!("{} {to}@acme.example", id(1)));
        assert_eq!(got, wanted, "{act:?}");
        let entry = office.shelf.entry(1);
        assert!(entry.deliveries.iter().all(|d| matches!(d.state, DeliveryState::Sent(_))));
        office.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_cut_off_in_the_middle_is_sent_again_and_came_once() {
    for script in [
        vec![(At::MidData, Act::Drop)],
        vec![(At::Data, Act::Say("451 4.3.0 later"))],
        vec![(At::Mail, Act::Stall)],
        vec![(At::Banner, Act::Drop)],
    ] {
        let shelf = Shelf::default();
        shelf.alert(1, &["ada@acme.example"]);
        let sink = Sink::new();
        sink.play(script.clone());
        let office = Office::open(shelf, sink);
        office.at(HOUR).await;
        assert_eq!(office.got(), [format!("{} ada@acme.example", id(1))], "{script:?}");
        assert_eq!(office.shelf.entry(1).deliveries[0].attempts, 2, "{script:?}");
        office.close().await;
    }
}

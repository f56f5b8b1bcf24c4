//! What people do with a case ends or holds it, once and for all moments after.

use affinityd::model::{ActKind, CaseState};

use super::desk_kit::{COMPLAINT, PLAIN, World, post, reply, t};

fn world() -> World {
    let world = World::new();
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 10:01");
    world
}

#[test]
fn each_act_has_its_end() {
    for (what, kind, state) in [
        ("closed by hand", ActKind::Close, CaseState::ResolvedByHand),
        ("not for us", ActKind::NotForUs, CaseState::NotForUs),
        ("moved to a private channel", ActKind::MovedPrivate, CaseState::MovedPrivate),
        ("snoozing ends nothing", ActKind::Snooze(t("tue 09:00")), CaseState::Open),
        ("nor does an acknowledgement", ActKind::Ack(t("tue 09:00")), CaseState::Open),
        ("nor giving it to somebody", ActKind::Assign("bo".to_owned()), CaseState::Open),
    ] {
        let world = world();
        world.act("a", "mon 10:30", kind);
        let case = &world.cases()[0];
        assert_eq!(case.state(t("mon 10:31")), state, "{what}");
        assert_eq!(case.events.last().and_then(|e| e.actor.as_deref()), Some("bea"), "{what}");
        let held = matches!(what, "snoozing ends nothing" | "nor does an acknowledgement");
        assert_eq!(case.held_until.is_some(), held, "{what}");
    }
}

#[test]
fn an_act_stays_when_the_thread_goes_on() {
    let world = world();
    world.act("a", "mon 10:30", ActKind::Close);
    world.read(vec![reply("b", "ada", "mon 10:40", PLAIN, "a")], "mon 10:41");
    world.read(vec![reply("r", "acme", "mon 11:00", "Sorry!", "a")], "mon 11:01");
    assert_eq!(world.lines("mon 12:00"), ["complaint a due mon 12:00: resolved_by_hand"]);
}

#[test]
fn any_post_of_the_case_will_do_and_no_other() {
    let world = world();
    world.read(vec![reply("b", "ada", "mon 10:20", COMPLAINT, "a")], "mon 10:21");
    world.act("b", "mon 10:30", ActKind::MovedPrivate);
    assert_eq!(world.lines("mon 12:00"), ["complaint a due mon 12:00: moved_private mon 10:30"]);
    let act = affinityd::model::Act {
        platform: "p".to_owned(),
        id: "nobody's".to_owned(),
        at: t("mon 10:30"),
        kind: ActKind::Close,
        actor: "bea".to_owned(),
        note: None,
    };
    let refused = affinityd::pipeline::act(world.desk(), act, t("mon 10:30"));
    assert!(refused.unwrap_err().to_string().contains("not stored"));
}

//! What is loaded is whole and no more than is needed, and outlives the words it was made from.

use affinityd::model::{ActKind, Intent, Reading, Ruling, Time};
use affinityd::pipeline;
use affinityd::store::Retention;

use super::desk_kit::{COMPLAINT, PLAIN, World, account, post, reply, t};

fn ask(id: &str, by: &str, at: Time) -> Reading {
    Reading {
        created_at: Some(at),
        ruling: Some(Ruling { intent: Some(Intent::Complaint), ..Ruling::default() }),
        ..post(id, by, "mon 00:00", COMPLAINT)
    }
}

#[test]
fn threads_are_whole_and_old_unrelated_ones_are_left_alone() {
    let world = World::new();
    let day = |n: i64| t("mon 10:00").plus(-n * Time::DAY);
    let mut lines = Vec::new();
    for n in 0..300_i64 {
        let (root, answer) = (format!("old{n}"), format!("oldr{n}"));
        lines.push(ask(&root, &format!("p{n}"), day(200)));
        let answered = reply(&answer, "acme", "mon 10:00", "Sorry!", &root);
        lines.push(Reading { created_at: Some(day(199)), ..answered });
    }
    // Answered a year late, to the day: the only one of the old that has to do with now.
    lines.push(ask("long", "ada", day(300)));
    lines.push(Reading {
        created_at: Some(day(299)),
        ..reply("long2", "bo", "mon 10:00", PLAIN, "long")
    });
    lines.push(reply("long3", "acme", "mon 10:00", "Sorry it took so long.", "long2"));
    // Never answered at all.
    lines.push(ask("open", "cy", day(250)));
    lines.push(Reading {
        created_at: Some(day(249)),
        ..reply("open2", "bo", "mon 10:00", PLAIN, "open")
    });
    world.import(lines, "tue 08:00");

    let load = |days: i64, now: &str| {
        let from = t(now).plus(-days * Time::DAY);
        let desk = world.desk();
        pipeline::load_history(desk.store, desk.brand, desk.key, desk.parented, from, t(now))
            .unwrap()
    };
    let mut ids: Vec<String> = load(84, "tue 09:00").rows.into_iter().map(|row| row.id).collect();
    ids.sort();
    assert_eq!(ids, ["long", "long2", "long3", "open", "open2"]);
    assert_eq!(load(400, "tue 09:00").rows.len(), 605);
    // Before the answer came, both waited.
    let before = load(3, "2026-10-20T09:00:00Z");
    let mut ids: Vec<&str> = before.rows.iter().map(|row| row.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["long", "long2", "open", "open2"], "long3 was not known then");
}

#[test]
fn words_and_handles_go_and_the_figures_stay() {
    let mut world = World::new();
    world.brand.auto_replies.insert("we got your message.".to_owned());
    let week = |n: i64, hour: i64| t("mon 00:00").plus((7 * n) * Time::DAY + hour * Time::HOUR);
    let mut lines = Vec::new();
    for n in 0..4_i64 {
        let id = |what: &str| format!("{what}{n}");
        // Answered below; by name only; only by a machine; by a machine, then by a person.
        lines.push(ask(&id("below"), "ada", week(n, 10)));
        lines.push(ask(&id("named"), "bo", week(n, 10)));
        lines.push(ask(&id("auto"), "cy", week(n, 10)));
        lines.push(ask(&id("both"), "dee", week(n, 10)));
        let own = |what: &str, to: &str, hour: i64, text: &str| Reading {
            created_at: Some(week(n, hour)),
            ..reply(&id(what), "acme", "mon 10:00", text, &id(to))
        };
        lines.push(own("r1", "below", 11, "Sorry!"));
        lines.push(own("r3", "auto", 11, "We got your message. "));
        lines.push(own("r4", "both", 11, "We got your message."));
        lines.push(own("r5", "both", 13, "Here is what went wrong."));
        lines.push(Reading {
            created_at: Some(week(n, 12)),
            thread: Some(id("named")),
            ..post(&id("r2"), "acme", "mon 10:00", "@bo we are sorry")
        });
        lines.push(Reading {
            created_at: Some(week(n, 14)),
            ..reply(&id("thanks"), "bo", "mon 10:00", "Thank you!", &id("named"))
        });
    }
    world.import(lines, "5 mon 00:00");
    let now = "5 mon 08:00";
    let before = world.indicators(now);
    let (answered, asked) = (before.iter().find(|i| i.id == "I10"), 16.0);
    assert_eq!(answered.map(|i| (i.numerator, i.denominator)), Some((Some(12.0), Some(asked))));
    let cases = world.cases();

    let keep = Retention { texts_days: 1, handles_days: 1, ..Retention::default() };
    for (what, keep) in
        [("words", Retention { texts_days: 1, ..Retention::default() }), ("handles too", keep)]
    {
        world.store().retain(world.key, t("10 mon 08:00"), &keep).unwrap();
        assert_eq!(world.indicators(now), before, "without {what}");
        // Somebody says something there, and nothing old comes up again.
        let late = reply(&format!("late {what}"), "eve", "10 mon 08:00", PLAIN, "named0");
        world.read(
            vec![late, reply(&format!("later {what}"), "eve", "10 mon 08:00", PLAIN, "auto0")],
            "10 mon 08:01",
        );
        let ends = |cases: &[affinityd::model::Case]| {
            cases.iter().map(|c| (c.id.clone(), c.answer.clone())).collect::<Vec<_>>()
        };
        assert_eq!(ends(&world.cases()), ends(&cases), "without {what}");
    }
}

#[test]
fn an_export_read_into_an_empty_store_comes_to_the_same() {
    let mut world = World::new();
    world.brand.blocked.push(account("troll"));
    world.watch("mon 08:00");
    world.read(
        vec![
            post("a", "ada", "mon 10:00", COMPLAINT),
            post("b", "bo", "mon 10:00", COMPLAINT),
            post("c", "troll", "mon 10:00", COMPLAINT),
            reply("r", "acme", "mon 10:30", "Sorry!", "a"),
        ],
        "mon 10:31",
    );
    world.gone(&["b"], "mon 11:00");
    world.act("a", "mon 11:30", ActKind::Assign("bea".to_owned()));
    world.read(vec![post("d", "dee", "mon 10:40", COMPLAINT)], "mon 11:40");
    world.watch("mon 12:50");
    let mut twin = world.restored();
    assert_eq!(twin.lines("mon 13:00"), world.lines("mon 13:00"));
    assert_eq!(twin.indicators("tue 08:00"), world.indicators("tue 08:00"));
    let digest = |world: &World| {
        let made = pipeline::digest(world.desk(), &[], t("tue 08:00"), false).unwrap();
        made.composed.map(|mail| mail.text)
    };
    assert_eq!(digest(&twin), digest(&world));
    let told = world.mails().len();
    assert_eq!(twin.watch("mon 12:51"), 0, "what was told there is not told here again");
    assert_eq!(twin.mails().len(), told);
}

//! The morning that is played: written by hand, minute by minute, on top of the history.

use chrono::NaiveDate;

use super::history::local;
use super::world::{Account, BRAND, HOME, SignKind, World};
use crate::model::Time;

/// The complaint that nobody answers for more than two hours.
pub const COMPLAINT: &str = "My Heron has been in your Leeds workshop for three weeks now. You promised it for last \
     Friday, nobody picks up the phone, and this is the third time I am asking. Very disappointed. What is going on?";
/// How the brand answers it in the end, from its own app.
pub const ANSWER: &str = "Hattie, you are right and I am sorry: the motor part came broken and nobody told you. A new \
     one is here, your Heron will be ready tomorrow at noon, and the repair is on us. – Mira";
/// A question that its author deletes again.
pub const DELETED: &str =
    "Does the marzipan yellow Tern come with a rack, or can I order one later?";
/// A second message for the brand alone.
pub const PRIVATE: &str =
    "Please call me on 0341 555 0199, it is about the inheritance of my aunt's Wren.";

/// The times of the morning.
pub struct Morning {
    /// When the daemon catches up with the history, and alerts begin.
    pub live: Time,
    /// Nothing more happens.
    pub end: Time,
}

/// Writes the morning of that day into the world.
pub fn write(world: &mut World, day: NaiveDate) -> Morning {
    let at = |hour, minute| local(day, hour, minute, 14);
    let mut stranger = |handle: &str, name: &str, lang, host| {
        let account =
            Account { handle: handle.to_owned(), host, name: name.to_owned(), lang, bot: false };
        world.accounts.push(account);
        world.accounts.len() - 1
    };
    let hattie = stranger("hattie_m", "Hattie M.", "en", "north.example");
    let renzo = stranger("renzo", "Renzo", "it", HOME);
    let mieke = stranger("mieke_v", "Mieke V.", "nl", "lake.example");
    let wilma = stranger("wilma", "Wilma", "en", "books.example");
    let otto = stranger("otto_k", "Otto K.", "de", HOME);

    world.mention(
        renzo,
        at(9, 5),
        "Prima settimana con la mia Swift: bellissima, la consiglio a tutti!",
        "it",
    );
    let regretted = world.mention(wilma, at(9, 8), DELETED, "en");
    world.posts[regretted].deleted_at = Some(at(9, 52));
    let complaint = world.mention(hattie, at(9, 20), COMPLAINT, "en");
    let question = world.mention(
        mieke,
        at(9, 41),
        "Kan ik mijn Lark zaterdag in Leiden laten nakijken, of zijn jullie dan dicht?",
        "nl",
    );
    world.reply(
        question,
        BRAND,
        at(10, 12),
        "Zaterdag zijn we open van 10 tot 16 uur, kom gerust langs. – Jonas",
    );
    let message = world.mention(otto, at(10, 5), PRIVATE, "de");
    world.posts[message].is_private = true;
    let ride = world.post(
        BRAND,
        at(10, 20),
        "New this summer: the Heron with a lower step, ride it in Leeds from Monday. #nimbrel",
        "en",
    );
    world.sign(SignKind::Favourite, renzo, at(10, 31), ride);
    world.sign(SignKind::Boost, otto, at(10, 44), ride);
    let answer = world.reply(complaint, BRAND, at(11, 40), ANSWER);
    world.reply(answer, hattie, at(11, 51), "Thank you Mira, that is a proper answer.");
    Morning { live: local(day, 8, 50, 0), end: local(day, 11, 58, 0) }
}

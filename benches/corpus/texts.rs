//! What is said: sentences put together from pieces, in the shares of languages and moods in which
//! brands are spoken about, and some that somebody made up to do harm.

use super::Dice;

/// What words want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Something went wrong.
    Negative,
    /// Somebody is pleased.
    Positive,
    /// Neither.
    Neutral,
}

/// Words, their language and what they want.
pub struct Said {
    pub text: String,
    pub lang: &'static str,
    pub stance: Stance,
}

const BRAND: &[&str] = &["Nimbrel", "nimbrel", "#nimbrel", "Nimbrel Cycles"];
const THINGS: &[&str] = &[
    "the gravel frame",
    "my order",
    "the parcel",
    "support",
    "the app",
    "the web shop",
    "checkout",
    "the refund",
    "the rear light",
    "the invoice",
    "the workshop",
    "the newsletter",
    "the saddle",
    "the warranty form",
    "the city bike",
    "the login page",
];
const BAD: &[&str] = &[
    "is broken again",
    "came three weeks late and nobody replies",
    "arrived damaged, I want my money back",
    "was charged twice and that looks like fraud",
    "crashes since the last update",
    "is the worst I have had to deal with",
    "never arrived",
    "gave my address to advertisers",
    "cut my hand on the first ride, please recall it",
    "does not work at all",
];
const GOOD: &[&str] = &[
    "is wonderful, thank you",
    "came a day early, love it",
    "solved my problem in five minutes",
    "is my favourite by far :)",
    "simply works, I can recommend it",
    "is a lovely surprise",
];
const PLAIN: &[&str] = &[
    "costs 12.90 today",
    "will be at the fair on Saturday",
    "has a new colour",
    "opens at nine",
    "stands next to two others in my post",
    "is in this article",
    "- does anybody know how it works?",
    "goes to Lyon next week",
    "was on the radio",
];
const ASIDES: &[&str] = &[
    "honestly",
    "for the record",
    "as of this morning",
    "not an advert",
    "after two years",
    "on my old phone",
    "says my sister",
    "since spring",
    "in Berlin",
    "by the way",
    "and I am not alone",
    "see the picture",
    "the third time this month",
    "more to follow",
];
const SIGNS: &[&str] = &["🔥", "😡😡", "❤️", "🤔", "👍🏽", "👨‍👩‍👧", "🚲"];
/// By language: what a displeased, a pleased and some other person says.
const ELSEWHERE: &[(&str, [&str; 3])] = &[
    (
        "fr",
        [
            "La livraison est en retard, je suis très déçu",
            "Merci, ce vélo est superbe",
            "Où est le magasin ?",
        ],
    ),
    (
        "de",
        [
            "Das Rad kam beschädigt an, ich will mein Geld zurück",
            "Sehr guter Service, vielen Dank!",
            "Gibt es das auch in Grün?",
        ],
    ),
    (
        "es",
        [
            "El pedido nunca llegó y nadie responde",
            "Me encanta esta bici, gracias",
            "¿Cuánto cuesta el envío?",
        ],
    ),
    (
        "ja",
        [
            "注文が届きません。返金してください",
            "この自転車はとても良いです",
            "新しい店舗はどこですか",
        ],
    ),
];

/// Draws a post: 70 % English; 25 % displeased, 35 % pleased; in English one to nine sentences.
pub fn draw(dice: &mut Dice) -> Said {
    let (stance, mood) = match dice.percent() {
        0..25 => (Stance::Negative, 0),
        25..60 => (Stance::Positive, 1),
        _ => (Stance::Neutral, 2),
    };
    let place = match dice.percent() {
        0..70 => None,
        70..80 => Some(0),
        80..88 => Some(1),
        88..96 => Some(2),
        _ => Some(3),
    };
    if let Some(place) = place {
        let (lang, moods) = ELSEWHERE[place];
        let text = format!("{} {}", moods[mood], dice.one(BRAND));
        return Said { text, lang, stance };
    }
    let sentences = (dice.log_normal(0.7, 0.6) as u64).clamp(1, 9);
    let mut text = String::new();
    for number in 0..sentences {
        // Who speaks about a brand names it once at least.
        let name = if number == 0 || dice.percent() < 40 { dice.one(BRAND) } else { "" };
        let about = [BAD, GOOD, PLAIN][mood];
        let (thing, about, aside) = (dice.one(THINGS), dice.one(about), dice.one(ASIDES));
        let part = if number == 0 { "" } else { ". " };
        let space = if name.is_empty() { "" } else { " " };
        text.push_str(&format!("{part}{name}{space}{thing} {about}, {aside}"));
    }
    if dice.percent() < 15 {
        text.push(' ');
        text.push_str(dice.one(SIGNS));
    }
    if dice.percent() < 10 {
        text = text.to_uppercase();
    }
    Said { text, lang: "en", stance }
}

/// What is made to break a reader: it is kept, shown harmlessly, and costs no more than its length.
pub fn hostile(dice: &mut Dice) -> Said {
    let text = match dice.below(8) {
        0 => "nimbrel <script>alert('1')</script><img src=x onerror=alert(1)>".to_owned(),
        1 => format!("nimbrel \u{202e}gnihton si\u{202c}\u{2066} {}", "\u{200b}".repeat(200)),
        2 => format!("nimbrel a{}", "\u{301}".repeat(2_000)),
        3 => format!("nimbrel{}", " does not work".repeat(700)),
        4 => "nimbrel\r\nBcc: everybody@example.org\r\n\r\nhello".to_owned(),
        5 => format!("nimbrel {}", "<div><b>".repeat(500)),
        6 => "nimbrel \u{0}\u{1b}[31m\u{7} '; DROP TABLE posts; --".to_owned(),
        _ => format!("nimbrel {}", "👨‍👩‍👧‍👧".repeat(300)),
    };
    Said { text, lang: "en", stance: Stance::Neutral }
}

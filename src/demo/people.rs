//! Who lives in the simulated world: the brand, and a hundred and fifty invented people.

use fastrand::Rng;

use super::texts::LANGUAGES;
use super::world::{Account, HOME, Who, World};

/// How many people there are.
const PEOPLE: u32 = 150;
/// The servers they are on.
const HOSTS: [&str; 5] = [HOME, "lake.example", "north.example", "velo.example", "books.example"];

/// First names by language; where handles cannot be written so, as `name=handle`.
fn names(lang: &str) -> &'static [&'static str] {
    match lang {
        "de" => &[
            "Anke",
            "Birk",
            "Dörte=doerte",
            "Fritz",
            "Gesa",
            "Henner",
            "Imke",
            "Jost",
            "Karla",
            "Lutz",
            "Nele",
            "Silke",
        ],
        "fr" => &[
            "Agathe",
            "Basile",
            "Céline=celine",
            "Édith=edith",
            "Loïc=loic",
            "Maëlle=maelle",
            "Noé=noe",
            "Solène=solene",
        ],
        "es" => {
            &["Aitor", "Blanca", "Chema", "Inés=ines", "Lucía=lucia", "Nuria", "Pau", "Rocío=rocio"]
        }
        "it" => &["Chiara", "Dario", "Elisa", "Fabio", "Giulia", "Nico"],
        "sv" => &["Agneta", "Björn=bjorn", "Elsa", "Göran=goran", "Lova", "Viktor"],
        "nl" => &["Bram", "Daan", "Femke", "Joost", "Lotte", "Sanne"],
        "pl" => &["Agnieszka", "Bartek", "Kasia", "Michał=michal"],
        "pt" => &["Beatriz", "Duarte", "Inácio=inacio", "Matilde"],
        "ja" => &["あおい=aoi", "けんじ=kenji", "みお=mio", "そうた=sota"],
        "zh" => &["小雨=xiaoyu", "阿杰=ajie", "晓琳=xiaolin", "大伟=dawei"],
        _ => &[
            "Alice", "Bertie", "Cleo", "Dylan", "Edie", "Fergus", "Gwen", "Hattie", "Idris",
            "Joss", "Kit", "Lorna", "Moira", "Ned", "Orla",
        ],
    }
}

/// What somebody may call themselves, after their first name.
const WORDS: [&str; 12] = [
    "rides",
    "am_see",
    "pedals",
    "on_two_wheels",
    "in_town",
    "velo",
    "uphill",
    "n_dog",
    "reads",
    "garden",
    "tea",
    "north",
];

/// Adds the brand, which is the first account, and everybody else.
pub fn settle(world: &mut World, rng: &mut Rng) {
    world.accounts.push(Account {
        handle: "nimbrel".to_owned(),
        host: HOME,
        name: "Nimbrel Cycles".to_owned(),
        lang: "en",
        bot: false,
    });
    for (lang, share) in LANGUAGES {
        for nth in 0..(PEOPLE * share / 100).max(4) {
            let person = person(lang, nth as usize, rng);
            world.accounts.push(person);
        }
    }
    world.accounts.push(Account {
        handle: "price_watch".to_owned(),
        host: "north.example",
        name: "Price watch (bot)".to_owned(),
        lang: "en",
        bot: true,
    });
}

fn person(lang: &'static str, nth: usize, rng: &mut Rng) -> Account {
    let names = names(lang);
    let written = names[nth % names.len()];
    let (first, plain) = written.split_once('=').unwrap_or((written, written));
    let word = WORDS[(nth / names.len() + nth) % WORDS.len()];
    let handle = format!("{}_{word}", plain.to_lowercase());
    let name = if nth.is_multiple_of(3) {
        first.to_owned()
    } else {
        format!("{first} {}", initial(lang, rng))
    };
    Account { handle, host: HOSTS[rng.usize(..HOSTS.len())], name, lang, bot: false }
}

fn initial(lang: &str, rng: &mut Rng) -> String {
    if matches!(lang, "ja" | "zh") {
        "🚲".to_owned()
    } else {
        format!("{}.", rng.char('A'..='W'))
    }
}

/// The bot.
pub fn bot(world: &World) -> Who {
    world.accounts.iter().position(|a| a.bot).unwrap_or_default()
}

/// Somebody who writes that language; the first of them are the ones who write most.
pub fn somebody(world: &World, rng: &mut Rng, lang: &str) -> Who {
    let all: Vec<Who> = (1..world.accounts.len())
        .filter(|w| world.accounts[*w].lang == lang && !world.accounts[*w].bot)
        .collect();
    let luck = rng.f64();
    // Few write often and most write rarely.
    let place = (luck.powf(1.5) * all.len() as f64) as usize;
    all[place.min(all.len() - 1)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn about_a_hundred_and_fifty_people_with_addresses_of_their_own() {
        let mut world = World::default();
        settle(&mut world, &mut Rng::with_seed(3));
        let urls: BTreeSet<String> = world.accounts.iter().map(Account::url).collect();
        assert_eq!(urls.len(), world.accounts.len());
        assert!((145..=165).contains(&world.accounts.len()), "{}", world.accounts.len());
        assert!(
            world
                .accounts
                .iter()
                .all(|a| a.handle.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        );
        assert!(world.accounts[bot(&world)].bot);
    }
}

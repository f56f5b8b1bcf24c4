//! Sentences with two brands: `{}` marks the evidence. Acme is watched, Bmart is another.

use super::*;
use crate::classify::letters::plain;
use crate::classify::watch::{Config, Watch};
use About::{Brand, Other, Unclear};

fn acme() -> Watch {
    let strings = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    Watch::new(&Config {
        terms: strings(&["Acme", "アクメ", "阿克米", "애크미"]),
        handles: strings(&["acme"]),
        rivals: strings(&["Bmart", "@bmart", "ビーマート", "必马", "비마트"]),
        ..Config::default()
    })
}

fn told(marked: &str) -> About {
    let mut text = String::new();
    let mut evidence: Vec<Range<usize>> = Vec::new();
    for c in plain(marked).chars() {
        match c {
            '{' => evidence.push(text.len()..text.len()),
            '}' => evidence.last_mut().expect("opened").end = text.len(),
            _ => text.push(c),
        }
    }
    let sight = acme().look(&text, &text);
    about(Scene { text: &text, brand: &sight.brand, rivals: &sight.rivals, evidence: &evidence })
}

const SENTENCES: &[(&str, &str, About)] = &[
    ("en", "Unlike Bmart, Acme {lost} my parcel", Brand),
    ("en", "Unlike Acme, Bmart {lost} my parcel", Other),
    ("en", "Unlike Acme, the others {never answer} the phone", Other),
    ("en", "Bmart {lost} my parcel, Acme would never", Other),
    ("en", "Bmart {froze} my wages so I switched to Acme", Other),
    ("en", "Switched from Bmart to Acme because they {lost} two parcels", Other),
    ("en", "Switched from Acme to Bmart because they {lost} two parcels", Brand),
    ("en", "Switched from Bmart to Acme and now {nothing works}", Unclear),
    ("en", "Left Bmart for Acme last week, {dropped calls} for years", Unclear),
    ("en", "Acme never did this, Bmart {broke} the screen", Other),
    ("en", "Acme is so much better than Bmart. {Terrible} service there", Other),
    ("en", "Bmart is way better than Acme", Brand),
    ("en", "Acme and Bmart both {lost} my parcel", Unclear),
    ("en", "@acme @bmart your apps are {broken}", Unclear),
    ("en", "@acme unlike @bmart you {never answer}", Brand),
    ("en", "It wasn't Acme, it was Bmart who {threw} my box over the fence", Other),
    ("en", "Acme {broke} my lamp but Bmart was lovely", Brand),
    ("en", "Acme was lovely but Bmart {broke} my lamp", Other),
    ("en", "Acme is late. {Third time} this month. {Useless}", Brand),
    ("en", "At least Acme picks up. Bmart {ignores} me", Other),
    ("en", "At least Acme could answer, {ignored} for days", Brand),
    ("en", "My Acme parcel is {late}, should have used Bmart", Brand),
    ("en", "Compared to Bmart, Acme is a {disaster}", Brand),
    ("de", "Anders als Bmart hat Acme mein Paket {verloren}", Brand),
    ("de", "Im Gegensatz zu Acme hat Bmart mein Paket {verloren}", Other),
    ("de", "Bmart hat das Paket {verloren}, Acme hätte wenigstens geklingelt", Other),
    ("de", "Ich bin von Bmart zu Acme gewechselt, weil dort alles {teurer} wurde", Other),
    ("de", "Die Kündigung kam {ohne Grund} von Bmart, nicht von Acme", Other),
    ("de", "Acme ist {unerreichbar}, aber Bmart hat sofort geholfen", Brand),
    ("de", "Besser als Acme geht es kaum, die anderen {antworten nie}", Other),
    ("fr", "Contrairement à Bmart, Acme a {perdu} mon colis", Brand),
    ("fr", "Contrairement à Acme, Bmart a {perdu} mon colis", Other),
    ("fr", "C'était pas Acme mais Bmart qui a {cassé} mon colis", Other),
    ("fr", "J'ai quitté Bmart pour Acme, cinq semaines {sans ligne}", Unclear),
    ("fr", "Bmart m'a livré du {pourri}, Acme au moins ils ont des sacs", Other),
    ("es", "A diferencia de Bmart, Acme {perdió} mi paquete", Brand),
    ("es", "A diferencia de Acme, Bmart {perdió} mi paquete", Other),
    ("es", "Me cambié de Bmart a Acme porque me {cobraban} dos veces", Other),
    ("es", "Acme es {carísimo} pero Bmart responde siempre", Brand),
    ("it", "A differenza di Bmart, Acme ha {perso} il pacco", Brand),
    ("it", "A differenza di Acme, Bmart ha {perso} il pacco", Other),
    ("it", "Bmart ha {rotto} tutto, Acme non lo farebbe mai", Other),
    ("it", "Sono passato da Bmart ad Acme perché {non rispondevano}", Other),
    ("pt", "Ao contrário da Bmart, a Acme {perdeu} a encomenda", Brand),
    ("pt", "Ao contrário da Acme, a Bmart {perdeu} a encomenda", Other),
    ("pt", "Troquei a Bmart pela Acme porque {não atendem}", Other),
    ("nl", "In tegenstelling tot Bmart is Acme mijn pakket {kwijt}", Brand),
    ("nl", "In tegenstelling tot Acme is Bmart mijn pakket {kwijt}", Other),
    ("nl", "Overgestapt van Bmart naar Acme omdat ze {nooit opnemen}", Other),
    ("sv", "Till skillnad från Bmart har Acme {tappat bort} paketet", Brand),
    ("sv", "Till skillnad från Acme har Bmart {tappat bort} paketet", Other),
    ("sv", "Bytte från Bmart till Acme eftersom de {aldrig svarar}", Other),
    ("sv", "Varför svarar inte Acme? {Väntat} i en vecka", Brand),
    ("da", "I modsætning til Bmart har Acme {mistet} pakken", Brand),
    ("da", "Modsat Acme har Bmart {mistet} pakken", Other),
    ("da", "Skiftede fra Bmart til Acme fordi de {aldrig svarer}", Other),
    ("pl", "W przeciwieństwie do Bmart, Acme {zgubił} paczkę", Brand),
    ("pl", "W przeciwieństwie do Acme, Bmart {zgubił} paczkę", Other),
    ("pl", "Przeszłam z Bmart do Acme, bo {nie odbierali} telefonu", Other),
    ("tr", "Bmart'ın aksine Acme kargomu {kaybetti}", Brand),
    ("tr", "Acme'nin aksine Bmart kargomu {kaybetti}", Other),
    ("tr", "Bmart'tan Acme'ye geçtim çünkü {açmıyorlardı}", Other),
    ("tr", "{Ezen} Acme değil Bmart", Other),
    ("zh", "不像必马，阿克米把我的包裹{弄丢}了", Brand),
    ("zh", "不像阿克米，必马把我的包裹{弄丢}了", Other),
    ("zh", "从必马换到阿克米了，那边客服{太差}", Unclear),
    ("zh", "不是阿克米，是必马{摔坏}的", Other),
    ("zh", "阿克米比必马好多了，必马{太慢}", Other),
    ("ja", "ビーマートと違ってアクメは荷物を{なくした}", Brand),
    ("ja", "アクメと違ってビーマートは荷物を{なくした}", Other),
    ("ja", "{壊した}のはアクメじゃなくてビーマート", Other),
    ("ja", "ビーマートのアプリ、また{落ちた}。アクメは普通に見れてる", Other),
    ("ja", "ビーマートからアクメに乗り換えた。{最悪}だった", Other),
    ("ko", "비마트와 달리 애크미는 택배를 {잃어버렸어요}", Brand),
    ("ko", "애크미와 달리 비마트는 택배를 {잃어버렸어요}", Other),
    ("ko", "애크미가 아니라 비마트가 {부쉈어요}", Other),
    ("ko", "비마트는 {최악}인데 애크미는 친절해요", Other),
];

#[test]
fn a_complaint_is_about_the_brand_that_its_evidence_stands_with() {
    let wrong: Vec<String> = SENTENCES
        .iter()
        .map(|(lang, text, wanted)| (lang, text, wanted, told(text)))
        .filter(|(_, _, wanted, got)| *wanted != got)
        .map(|(lang, text, wanted, got)| format!("{lang} wanted {wanted:?}, got {got:?}: {text}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SENTENCES.len(), wrong.join("\n"));
    let mut languages: Vec<&str> = SENTENCES.iter().map(|(lang, ..)| *lang).collect();
    languages.dedup();
    assert!(SENTENCES.len() >= 60 && languages.len() >= 10);
}

#[test]
fn in_doubt_the_brand_is_meant() {
    for (text, wanted, why) in [
        ("Acme {broke} it", Brand, "nobody else is named"),
        ("Not Acme {again}", Brand, "an outcry, for nobody else is named"),
        ("Acme would never {answer} me", Brand, "and so is this"),
        ("Moved to Acme, {charged twice}", Brand, "gone to, but nobody left"),
        ("{broken}", Unclear, "no name at all"),
        ("Bmart {broke} it", Other, "the brand is not named"),
        ("Acme {lost} one, Bmart {lost} the other", Unclear, "both"),
        ("", Unclear, "nothing"),
    ] {
        assert_eq!(told(text), wanted, "{why}: {text}");
    }
    assert_eq!(told(&"acme bmart ".repeat(100)), Unclear, "a list is about nobody");
}

proptest::proptest! {
    #[test]
    fn any_text_and_any_places_are_answered(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "acme", "bmart", "unlike", " ", ", ", ". ", "아", "より", "不像", "なら", "ß", "\u{301}",
            "@", "#", "not", "换到", "{", "}", "من", "ağ", "\n", "'", "ın", "🙂",
        ]), 0..60)
    ) {
        let text = parts.concat().replace(['{', '}'], "");
        let plain = plain(&text);
        let sight = acme().look(&text, &plain);
        let places: Vec<_> = (0..plain.len()).step_by(3).map(|at| at..at + 2).collect();
        let scene = Scene {
            text: &plain, brand: &sight.brand, rivals: &sight.rivals, evidence: &places,
        };
        about(scene);
    }
}

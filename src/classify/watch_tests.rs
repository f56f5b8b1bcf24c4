//! Terms, exclusions, context, hashtags, handles, addresses and misspellings, in all scripts.

use super::*;

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| (*s).to_owned()).collect()
}

#[test]
fn a_term_is_a_whole_word_in_any_script() {
    for (term, text, wanted, why) in [
        ("Acme", "I love ACME!", true, "case"),
        ("Acme", "Ａｃｍｅ ist toll", true, "width"),
        ("Acme", "acmeology", false, "part of a word"),
        ("Acme", "my_acme", false, "part of a name"),
        ("Acme", "Acme's app", true, "apostrophe"),
        ("Acme", "#acme rocks", true, "hashtag"),
        ("Acme", "@acme hi", true, "handle"),
        ("Acme", "@acme_support hi", false, "another handle"),
        ("Acme", "昨日Acmeのアプリが落ちた", true, "between kana and Han"),
        ("アクメ", "昨日アクメのアプリが落ちた", true, "a script without spaces"),
        ("ｱｸﾒ", "アクメ最高", true, "half-width kana"),
        ("애크미", "애크미가 안 돼요", true, "Korean with a particle"),
        ("阿克米", "阿克米客服真差", true, "Chinese"),
        ("Акме", "в Акме плохо", true, "Cyrillic"),
        ("Акме", "Акмеизм", false, "Cyrillic, part of a word"),
        ("أكمي", "شكرا أكمي!", true, "Arabic"),
        ("Ås", "as good as it gets", false, "accents matter"),
        ("Acme Bank", "acme bank is down", true, "a phrase"),
        ("C++", "c++ is hard", true, "signs at the end"),
        ("ß", "STRASSE", false, "folding makes no letters equal that are not"),
    ] {
        assert_eq!(Watch::name(term).matches(text).is_about(), wanted, "{why}: {text}");
    }
}

#[test]
fn exclusions_and_context_decide_about_ordinary_words() {
    let watch = Watch::new(&Config {
        terms: strings(&["Anvil"]),
        exclude: strings(&["blacksmith", "anvil cloud"]),
        require: strings(&["app", "order"]),
        hashtags: strings(&["anvilapp"]),
        handles: strings(&["@anvil"]),
        ..Config::default()
    });
    for (text, wanted, why) in [
        ("where is my Anvil order?", true, "term and context"),
        ("dropped an anvil on my foot", false, "no context"),
        ("the blacksmith will order an anvil", false, "excluded"),
        ("an app about anvil clouds", true, "the exclusion is a word of its own"),
        ("an app about an anvil cloud", false, "excluded phrase"),
        ("#anvilapp is down", true, "hashtags need no context"),
        ("@anvil help", true, "handles need no context"),
        ("@anvil.example help", false, "another account, and the bare term lacks context"),
        ("order an app", false, "context alone"),
    ] {
        let found = watch.matches(text);
        assert_eq!(found.is_about(), wanted, "{why}: {text}: {found:?}");
    }
}

#[test]
fn terms_are_read_from_the_config_and_empty_ones_reported() {
    let all = crate::settings::Findings::default();
    let text = "terms = [\"Acme\", \" - \"]\nexclude = [\"Acme Tools\"]\n";
    let table = toml::de::DeTable::parse(text).expect("test input is TOML");
    let config = Config::read(&Section::root(&table, &all));
    assert_eq!(config.terms, ["Acme"]);
    assert_eq!(config.exclude, ["Acme Tools"]);
    let said: Vec<String> = all.take().into_iter().map(|f| f.message).collect();
    assert_eq!(said, ["` - ` has no letter or digit"]);
}

#[test]
fn nothing_configured_matches_nothing() {
    assert_eq!(Watch::new(&Config::default()).matches("anything"), Match::default());
    assert_eq!(Watch::name("  ").matches("anything at  all").hit, None);
}

#[test]
fn places_are_in_order_and_apart() {
    let watch = Watch::new(&Config {
        terms: strings(&["acme", "acme bank"]),
        handles: strings(&["acme"]),
        ..Config::default()
    });
    assert_eq!(watch.look("", "@acme hi acme bank").brand, [0..5, 9..18]);
}

#[test]
fn what_clings_to_a_word_is_told_from_what_makes_it_another() {
    for (term, text, wanted, why) in [
        ("Acme", "Acmes Kundendienst", true, "German and Scandinavian genitive"),
        ("Acme", "acmest", false, "the rest of another word"),
        ("Ace", "aces", false, "too short for a genitive without an apostrophe"),
        ("Acme", "Acme'den aldım", true, "Turkish ending"),
        ("Acme", "l\u{2019}Acme du coin", true, "French elision"),
        ("Acme", "non-Acme chargers", true, "a hyphen ends a word"),
        ("McAcme's", "mcacmes and mcacme\u{2019}s", true, "the apostrophe is left out"),
        ("Acme Bank", "my Acme-Bank card", true, "a hyphen for a space"),
        ("Acme-Bank", "my acme bank card", true, "a space for a hyphen"),
        ("Acme Bank", "acme\n  bank", true, "a line end for a space"),
        ("Acme Bank", "acme, bank", false, "a comma stands between"),
        ("Café Acme", "cafe\u{301} acme", true, "a mark of its own"),
        ("Cafe Acme", "café acme", false, "accents matter"),
        ("Acme", "A\u{332}c\u{332}m\u{332}e\u{332}", true, "underlined letter by letter"),
        ("Акме", "в Акме\u{301} плохо", true, "a stress mark"),
        ("Акмёр", "акмер", true, "yo without its dots"),
        ("Işık", "IŞIK ve ışık", true, "dotless I in capitals"),
        ("Işık", "işık", true, "typed on another keyboard"),
        ("İnci", "inci'den", true, "dotted capital"),
        ("Ακμές", "ΑΚΜΈΣ", true, "Greek final sigma"),
        ("أكمي", "وأكمي لا ترد", true, "Arabic and"),
        ("أكمي", "بأكمي", true, "Arabic in"),
        ("أكمي", "اكمي", true, "alif without hamza"),
        ("أكمي", "أَكْمِي", true, "vowel signs"),
        ("أكمي", "أكميات", false, "another word"),
        ("الأكمي", "للأكمي", true, "the article melts"),
        ("Acme", "بAcme", true, "an Arabic prefix on a Latin name"),
        ("אקמי", "באקמי ולאקמי", true, "Hebrew prefixes"),
        ("אקמי", "תאקמי", false, "no prefix"),
        ("ライン", "オンラインで買った", false, "the end of another word"),
        ("ライン", "ラインで買った", true, "with a particle"),
        ("アクメ", "アクメー", false, "a longer word"),
        ("ｱｸﾒ", "ＡＢＣとアクメ", true, "half width in the term"),
        ("애크미", "애크미에서 샀어요", true, "a particle"),
        ("애크미", "뉴애크미", false, "the end of another word"),
        ("카카", "카카는 좋아요", true, "a short name with a particle"),
        ("카카", "카카오톡", false, "a short name goes on"),
        ("แอคมี", "ซื้อจากแอคมีเมื่อวาน", true, "Thai inside a sentence"),
        ("แอคม", "ซื้อจากแอคมี", false, "a vowel sign hangs on the last letter"),
        ("ແອັກມ", "ຊື້ແອັກມີ", false, "the same in Lao"),
        ("អាក់មេ", "ទិញពីអាក់មេម្សិលមិញ", true, "Khmer"),
        ("एक्मे", "एक्मे से खरीदा", true, "Hindi"),
        ("एक्म", "एक्मे से खरीदा", false, "a vowel sign in Hindi"),
    ] {
        assert_eq!(Watch::name(term).matches(text).is_about(), wanted, "{why}: {term} in {text}");
    }
}

#[test]
fn a_hashtag_may_go_on_where_a_word_begins() {
    for (term, text, wanted, why) in [
        ("Acme", "#AcmeFail", true, "a capital"),
        ("Acme", "#ACMESucks", true, "after capitals"),
        ("Acme", "＃AcmeFail", true, "full width"),
        ("Acme", "#acmesucks", true, "what is hung onto names"),
        ("Acme", "#acme2026", true, "a number"),
        ("Acme", "#acme_fail", true, "an underline"),
        ("Acme", "#acmeology", false, "another word"),
        ("Acme", "#Acmeology", false, "another word, one capital"),
        ("Acme", "#BoycottAcme", true, "what is put before names"),
        ("Acme", "#PacMe", false, "no beginning"),
        ("Acme", "AcmeFail", false, "no hashtag"),
        ("Acme Coffee", "#AcmeCoffee", true, "no spaces in hashtags"),
        ("Acme Coffee", "#acmecoffeefail", true, "and one with a tail"),
        ("Acme", "fine #x #y and #AcmeFail", true, "the third one"),
    ] {
        assert_eq!(Watch::name(term).matches(text).is_about(), wanted, "{why}: {text}");
    }
    let only = Watch::new(&Config { hashtags: strings(&["acme"]), ..Config::default() });
    assert!(!only.matches("#AcmeFail").is_about(), "a configured hashtag is meant just so");
    let tools = Watch::new(&Config {
        terms: strings(&["Acme"]),
        exclude: strings(&["Acme Tools"]),
        ..Config::default()
    });
    assert!(!tools.matches("#AcmeToolsFail").is_about(), "exclusions are found in hashtags too");
}

#[test]
fn in_a_web_address_a_name_is_weaker() {
    let acme = Watch::new(&Config {
        terms: strings(&["Acme"]),
        exclude: strings(&["tools"]),
        ..Config::default()
    });
    for (text, is_about, in_link, why) in [
        ("look https://acme.example/x", true, true, "the host"),
        ("look https://news.example/acme-recalls", true, true, "the path"),
        ("Acme! https://acme.example", true, false, "the text as well"),
        ("look https://x.example/?utm=acme", false, false, "where a click came from"),
        ("look https://x.example/y#acme", false, false, "the fragment"),
        ("my Acme broke https://x.example/tools", true, false, "a page takes nothing away"),
        ("look https://acme.example/tools", false, true, "unless it is all there is"),
        ("acme.example is down", true, false, "as people write it"),
    ] {
        let found = acme.matches(text);
        assert_eq!((found.is_about(), found.in_link), (is_about, in_link), "{why}: {found:?}");
    }
}

#[test]
fn misspellings_are_found_where_they_can_be_nothing_else() {
    let config = Config {
        terms: strings(&["Fennloop", "Skarrow Air", "Refundo"]),
        exclude: strings(&["fennlook"]),
        rivals: strings(&["Fenloop"]),
        misspellings: true,
        ..Config::default()
    };
    let watch = Watch::new(&config);
    for (text, wanted, why) in [
        ("where is my fenlnoop order", Some("fenlnoop"), "swapped"),
        ("Fennlop!!", Some("fennlop"), "left out"),
        ("fennnloop's app", Some("fennnloop"), "put in"),
        ("my sakrow air ticket", None, "two slips make none"),
        ("my skarrwo air ticket", Some("skarrwo air"), "one word of two"),
        ("my skarrow aid ticket", None, "the short word must be right"),
        ("Fennlook", None, "an exclusion is meant"),
        ("Fenloop", None, "another brand is meant"),
        ("pennloop", None, "the first letter is right"),
        ("@fennlop #fennlop", None, "names are typed as they are called"),
        ("https://fennlop.example", None, "so are addresses"),
        ("i want a refund", None, "a word that the classifier knows"),
    ] {
        let found = watch.matches(text);
        assert_eq!(found.misspelt.as_deref(), wanted, "{why}: {found:?}");
        assert_eq!(found.is_about(), wanted.is_some(), "{why}: {found:?}");
    }
    let found = watch.matches("Fennloop, not fennlop");
    assert_eq!((found.misspelt, found.hit.as_deref()), (None, Some("Fennloop")));
    let strict = Watch::new(&Config { misspellings: false, ..config });
    assert!(!strict.matches("fennlop").is_about());
}

#[test]
fn the_longer_of_two_brands_is_meant() {
    let watch = Watch::new(&Config {
        terms: strings(&["Acme"]),
        rivals: strings(&["Acme Tools", "@acmetools"]),
        ..Config::default()
    });
    let found = watch.matches("my Acme Tools drill, @acmetools");
    assert_eq!((found.hit, found.rival.as_deref()), (None, Some("Acme Tools")));
    let found = watch.matches("my Acme Tools drill was bought at Acme");
    assert!(found.is_about() && found.rival.is_some(), "{found:?}");
}

proptest::proptest! {
    #[test]
    fn any_term_finds_itself_at_places_that_are_letters(
        term in "\\PC{1,12}", before in "\\PC{0,20}", after in "\\PC{0,20}",
    ) {
        let watch = Watch::new(&Config {
            terms: vec![term.clone()],
            rivals: vec![after.clone()],
            misspellings: true,
            ..Config::default()
        });
        let text = format!("{before} {term} {after} #{term}{after} https://{before}/{term}");
        let plain = plain(&text);
        let sight = watch.look(&text, &plain);
        for place in sight.brand.iter().chain(&sight.rivals) {
            proptest::prop_assert!(plain.get(place.clone()).is_some_and(|piece| !piece.is_empty()));
        }
        proptest::prop_assert!(sight.brand.is_sorted_by(|a, b| a.end <= b.start));
    }
}

#[test]
fn ten_times_the_text_takes_about_ten_times_as_long() {
    let watch = Watch::new(&Config {
        terms: strings(&["acme", "fennloop"]),
        rivals: strings(&["bmart", "acme tools"]),
        exclude: strings(&["nobody"]),
        require: strings(&["app"]),
        misspellings: true,
        ..Config::default()
    });
    let worst = [
        "acme ",
        "acme bmart acme tools ",
        "#AaAaAa",
        "#acme",
        "https://acme",
        "fennlop ",
        "www.",
        "a",
        "و",
        "アクメ",
        "e\u{301}",
        "-",
        " ",
        "ı",
    ];
    for piece in worst {
        let took = |times: usize| {
            let text = piece.repeat(times);
            let begun = std::time::Instant::now();
            watch.matches(&text);
            begun.elapsed().as_secs_f64()
        };
        // The better of two, for the machine has other work as well.
        let (one, ten) = (took(4_000).min(took(4_000)), took(40_000).min(took(40_000)));
        assert!(ten < 40.0 * one + 0.05, "{piece:?}: {one} s, then {ten} s");
    }
}

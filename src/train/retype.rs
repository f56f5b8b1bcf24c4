//! Texts as people type them in a hurry.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A text with Serbian in Latin letters, and without the marks of its letters as well.
pub(super) fn in_a_hurry(text: &str) -> [String; 2] {
    let latin: String = text.chars().flat_map(latin).collect();
    let bare = latin.nfd().filter_map(bare).collect();
    [latin, bare]
}

/// A letter of Serbian Cyrillic as Latin ones; others stay.
fn latin(c: char) -> impl Iterator<Item = char> {
    const CYRILLIC: &str = "абвгдђежзијклљмнњопрстћуфхцчџш";
    const LATIN: [&str; 30] = [
        "a", "b", "v", "g", "d", "đ", "e", "ž", "z", "i", "j", "k", "l", "lj", "m", "n", "nj", "o",
        "p", "r", "s", "t", "ć", "u", "f", "h", "c", "č", "dž", "š",
    ];
    let small = c.to_lowercase().next().unwrap_or(c);
    let place = CYRILLIC.chars().position(|known| known == small);
    let whole = place.map_or("", |place| LATIN[place]);
    whole.chars().chain(place.is_none().then_some(c))
}

/// A letter without its mark; marks themselves are dropped.
fn bare(c: char) -> Option<char> {
    Some(match c {
        'đ' => 'd',
        'ł' => 'l',
        'ø' => 'o',
        'ı' => 'i',
        'Đ' => 'D',
        'Ł' => 'L',
        'Ø' => 'O',
        _ if is_combining_mark(c) => return None,
        _ => c,
    })
}

//! What characters are, and the forms in which those that people type for one another are one.

use unicode_normalization::char::decompose_canonical;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// NFKC in lower case, without invisible characters, typographic apostrophes as `'`.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() && !text.contains('`') {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    // NFKC would tear an acute accent that is used as an apostrophe off into a space.
    let chars =
        text.chars().map(|c| if matches!(c, '´' | '`' | '’' | '‘' | 'ʼ') { '\'' } else { c });
    if is_nfkc_quick(chars.clone().filter(|c| !is_common(*c))) == IsNormalized::Yes {
        push_plain(chars, &mut out);
    } else {
        push_plain(chars.nfkc(), &mut out);
    }
    out
}

fn push_plain(chars: impl Iterator<Item = char>, out: &mut String) {
    for c in chars {
        match c {
            '\u{AD}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{E000}'..='\u{F8FF}' => {}
            'İ' => out.push('i'),
            _ if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            _ if is_unspaced(c) => out.push(c),
            _ => out.extend(c.to_lowercase()),
        }
    }
}

/// Whether a character is written in a script without spaces (or, like Hangul, with endings
/// attached): there a term may stand anywhere.
pub(super) fn is_unspaced(c: char) -> bool {
    c >= '\u{0E00}'
        && matches!(c,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' // Myanmar
        | '\u{1100}'..='\u{11FF}' // Hangul letters
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FF}' // kana
        | '\u{3130}'..='\u{318F}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{9FFF}' // Han
        | '\u{AC00}'..='\u{D7AF}' // Hangul
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a character is part of a word in a script with spaces.
#[inline]
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { is_other_word(c) }
}

fn is_other_word(c: char) -> bool {
    !is_unspaced(c) && (is_common(c) || c.is_alphanumeric() || is_mark(c))
}

/// A word as it counts: "sooo" and "soooooo" are one.
pub(super) fn squeezed(word: &str) -> impl Iterator<Item = char> {
    let (mut last, mut times) = ('\0', 0);
    word.chars().filter(move |c| {
        times = if *c == last { times + 1 } else { 1 };
        last = *c;
        times <= 2
    })
}

/// What [`char::is_alphabetic`] says.
#[inline]
pub(super) fn is_letter(c: char) -> bool {
    is_common(c) || c.is_alphabetic()
}

/// Letters beyond ASCII that most texts are written in, and that are their own NFKC. The tables of
/// Unicode would say so too, but a look into them costs hundreds of instructions.
#[inline]
fn is_common(c: char) -> bool {
    c >= '\u{C0}'
        && matches!(c,
        '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{131}' | '\u{14A}'..='\u{17E}' // Latin
        | '\u{400}'..='\u{481}' // Cyrillic
        | '\u{620}'..='\u{64A}' // Arabic
        | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' // kana
        | '\u{4E00}'..='\u{9FFF}' // Han
        | '\u{AC00}'..='\u{D7A3}') // Hangul
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{903}' | '\u{93A}'..='\u{94F}')
}

/// Takes the accents off a letter of the Latin script; brings other scripts' spelling variants
/// together. What people type on any keyboard must compare equal.
pub(super) fn fold_char(c: char, mut push: impl FnMut(char)) {
    match c {
        _ if c.is_ascii() => push(c),
        'ł' => push('l'),
        // Not `a`, `o`, `u`: German `schon` and `schön` are different words.
        'ä' | 'æ' => "ae".chars().for_each(push),
        'ö' | 'ø' => "oe".chars().for_each(push),
        'ü' => "ue".chars().for_each(push),
        'đ' | 'ð' => push('d'),
        'ı' => push('i'),
        'þ' => push('t'),
        'ß' => "ss".chars().for_each(push),
        'œ' => "oe".chars().for_each(push),
        '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => {
            decompose_canonical(c, |part| {
                if !is_mark(part) {
                    push(part)
                }
            });
        }
        '\u{300}'..='\u{36F}' => {}
        'ё' => push('е'),
        // Arabic: vowel signs, stretching, and letters that keyboards treat as one.
        '\u{64B}'..='\u{65F}' | '\u{640}' => {}
        'أ' | 'إ' | 'آ' => push('ا'),
        'ة' => push('ه'),
        'ى' => push('ي'),
        '“' | '”' | '„' | '«' | '»' => push('"'),
        _ => push(c),
    }
}

/// Folds a term, which is written [`plain`], the way texts are folded.
pub(super) fn fold_term(plain: &str, out: &mut Vec<char>) {
    for c in plain.chars() {
        fold_char(c, |c| out.push(c));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_what_unicode_says() {
        for c in char::MIN..=char::MAX {
            assert_eq!(is_letter(c), c.is_alphabetic(), "{c:?}");
            let is_of_word = c.is_alphanumeric() || c == '_' || is_mark(c);
            assert_eq!(is_word(c), is_of_word && !is_unspaced(c), "{c:?}");
            let is_settled = is_nfkc_quick([c].into_iter()) == IsNormalized::Yes;
            assert!(!is_common(c) || is_settled, "{c:?}");
        }
    }
}

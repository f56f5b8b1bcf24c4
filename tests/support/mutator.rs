//! One mutator for every external format: takes what a format really looks like from a folder of
//! kept inputs, and breaks it. The same seed gives the same inputs.

use std::fs;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::thread::{available_parallelism, scope};
use std::time::SystemTime;

use fastrand::Rng;

/// Longest input that is made.
const LONGEST: usize = 64 << 10;

/// What parsers are known to stumble over, for any format.
const TOKENS: [&[u8]; 72] = [
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b"\r\nBcc: eve@evil.example\r\n",
    b"\t",
    b" ",
    b"\"",
    b"'",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"\\ud83d\\ude00",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b",",
    b":",
    b"=",
    b";",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"1e400",
    b"-0",
    b"-1",
    b"0.1",
    b"18446744073709551616",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"4294967296",
    b"99999-01-01T00:00:00Z",
    b"1969-12-31T23:59:59Z",
    b"2024-02-30T25:61:61Z",
    b"+262143-12-31T23:59:59Z",
    b"<",
    b">",
    b"</",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE x [<!ENTITY a \"a\">]>",
    b"&a;",
    b"&#0;",
    b"&#x110000;",
    b"&amp;",
    b"<script>",
    b"javascript:alert(1)",
    b"https://",
    b"at://did:plc:x/app.bsky.feed.post/",
    b"@",
    b"#",
    b"%00",
    b"%s",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    "\u{202e}".as_bytes(),
    "\u{200b}".as_bytes(),
    "e\u{301}\u{301}".as_bytes(),
    "👩\u{200d}👩\u{200d}👧".as_bytes(),
    "\u{2028}".as_bytes(),
    "ﷺ".as_bytes(),
];

/// The inputs of one format, and what is made of them.
pub struct Mutator {
    format: String,
    kept: Vec<Vec<u8>>,
}

impl Mutator {
    /// The inputs kept in `tests/fixtures/fuzz/<format>`, and `more` of them.
    pub fn new(format: &str, more: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz").join(format);
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|e| panic!("{format} has no kept inputs: {}: {e}", folder.display()))
            .map(|entry| entry.expect("the folder can be read").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{format} has no kept inputs");
        let mut kept: Vec<Vec<u8>> =
            files.iter().map(|f| fs::read(f).expect("it was just listed")).collect();
        kept.extend(more);
        Self { format: format.to_owned(), kept }
    }

    /// Shows every kept input as it is and `count` broken ones to `look`. If that panics, says
    /// with which input, and with which seed it is made again.
    pub fn run(&self, count: usize, look: impl Fn(&[u8])) {
        let seed = self.begin(count, &look);
        (0..count as u64).for_each(|nth| self.show_nth(seed, nth, &look));
    }

    /// The same on every core, for what is shown very many.
    pub fn run_on_all_cores(&self, count: usize, look: impl Fn(&[u8]) + Sync) {
        let (seed, look) = (self.begin(count, &look), &look);
        let cores = available_parallelism().map_or(1, NonZero::get);
        scope(|scope| {
            for first in 0..cores as u64 {
                let mine = (first..count as u64).step_by(cores);
                scope.spawn(move || mine.for_each(|nth| self.show_nth(seed, nth, look)));
            }
        });
    }

    /// Shows the kept inputs; tells the seed of the broken ones.
    fn begin(&self, count: usize, look: &impl Fn(&[u8])) -> u64 {
        for (place, kept) in self.kept.iter().enumerate() {
            self.show(&format!("kept input {place}"), kept, look);
        }
        let seed = seed();
        println!("{}: {count} inputs of AFFINITYD_SEED={seed}", self.format);
        seed
    }

    fn show_nth(&self, seed: u64, nth: u64, look: &impl Fn(&[u8])) {
        let mut rng = Rng::with_seed(seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let input = self.make(&mut rng);
        self.show(&format!("AFFINITYD_SEED={seed}, input {nth}"), &input, look);
    }

    fn show(&self, which: &str, input: &[u8], look: &impl Fn(&[u8])) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| look(input))) {
            let start = &input[..input.len().min(2_000)];
            eprintln!("{}: {which}, {} bytes: {}", self.format, input.len(), start.escape_ascii());
            resume_unwind(panic);
        }
    }

    fn make(&self, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = self.kept[rng.usize(..self.kept.len())].clone();
        for _ in 0..rng.usize(1..=6) {
            self.change(&mut bytes, rng);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn change(&self, bytes: &mut Vec<u8>, rng: &mut Rng) {
        let at = rng.usize(..=bytes.len());
        let most = 16 << rng.usize(..8);
        let end = (at + 1 + rng.usize(..most)).min(bytes.len());
        match rng.u8(..9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].to_vec();
                let to = rng.usize(..=bytes.len());
                bytes.splice(to..to, piece.repeat(rng.usize(1..4)));
            }
            5 => {
                let other = &self.kept[rng.usize(..self.kept.len())];
                let from = rng.usize(..=other.len());
                let to = (from + rng.usize(..256)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            6 => {
                // A whole value goes: what stands between two quotes, brackets or lines.
                let is_border = |b: &u8| b"\"'<>{}[],:;\n\t".contains(b);
                let from = bytes[..at].iter().rposition(is_border).map_or(0, |p| p + 1);
                let to = bytes[at..].iter().position(is_border).map_or(bytes.len(), |p| at + p);
                bytes.splice(from..to, TOKENS[rng.usize(..TOKENS.len())].iter().copied());
            }
            _ => {
                let token = TOKENS[rng.usize(..TOKENS.len())];
                let many = if rng.u8(..32) == 0 { rng.usize(1..2_000) } else { 1 };
                bytes.splice(at..at, token.repeat(many));
            }
        }
    }
}

/// `AFFINITYD_SEED`; else always the same by day and a new one by night.
pub fn seed() -> u64 {
    if let Some(seed) = std::env::var("AFFINITYD_SEED").ok().and_then(|s| s.parse().ok()) {
        return seed;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    super::faults::rounds(31, now.as_secs() as usize) as u64
}

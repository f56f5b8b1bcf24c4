//! A block: up to 32 older rows or cases, compressed together, in one entry of the engine. Here
//! each of them is called a row.
//!
//! An entry of sled costs some 400 bytes however small it is, and rows beside each other repeat
//! each other. What tells rows apart (place, halves of author and thread) stands in front, so that
//! most questions are answered without decompression. A block lies under the least place it may
//! hold; the brand is in that key alone.
//!
//! Version 1: version u8, codec u8 (0 none, 6 deflate), rows u16, length of the bodies u32; for each
//! row ms u48, hash u64, author u32, thread u32, length u32; then the bodies. Big endian. Version 2,
//! for cases, is the same without author and thread.

use std::cell::RefCell;
use std::io::Read;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::error::{Error, Result};
use super::keys::{BrandKey, Placed};

/// How many rows a block is filled with.
pub const ROWS: usize = 32;

/// A block with more rows than this is parted.
pub const MOST_ROWS: usize = 48;

/// The most bytes of a block, unless it holds a single row. A leaf of sled takes 16 entries and
/// becomes a file of its own above 128 KiB.
pub const MAX: usize = 7 << 10;

const PLAIN: u8 = 0;
const DEFLATE: u8 = 6;
const START: usize = 8;
/// Place and length.
const HEAD: usize = 18;

/// How many of the first bytes of a row stand in front of the block; the number is its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Eight: halves of author and thread.
    Marked = 1,
    /// None.
    Bare = 2,
}

impl Form {
    fn read(version: u8) -> Option<Self> {
        [Self::Marked, Self::Bare].into_iter().find(|form| *form as u8 == version)
    }

    fn marks(self) -> usize {
        match self {
            Self::Marked => 8,
            Self::Bare => 0,
        }
    }
}

/// A row with its place, as it lies open: of a row author and thread halves, then the record.
pub type Row = (Placed, Vec<u8>);

/// What a block tells of a row without being decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Where the row lies.
    pub at: Placed,
    /// Low halves of the hashes of author and thread, as in front of a row; zeros where there are
    /// none.
    pub halves: [u8; 8],
    from: usize,
    len: usize,
}

fn damaged(why: &str) -> Error {
    Error::damaged("block", why)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b))
}

fn form(bytes: &[u8]) -> Result<Form> {
    match bytes {
        [version, PLAIN | DEFLATE, ..] => Form::read(*version),
        _ => None,
    }
    .ok_or_else(|| damaged("unknown version or compression"))
}

/// What a block of a brand tells of its rows, in their order.
///
/// # Errors
/// [`Error::Damaged`] if the bytes make no sense or come from a later version.
pub fn heads(brand: BrandKey, bytes: &[u8]) -> Result<Vec<Head>> {
    let form = form(bytes)?;
    let rows = number(bytes.get(2..4).unwrap_or_default());
    let head = HEAD + form.marks();
    let table = bytes.get(START..START + rows * head).ok_or_else(|| damaged("it is cut short"))?;
    let mut heads = Vec::with_capacity(rows);
    let mut from = 0;
    for head in table.chunks_exact(head) {
        let (place, len) = head.split_at(head.len() - 4);
        let mut halves = [0; 8];
        halves[..form.marks()].copy_from_slice(&place[14..]);
        let len = number(len);
        let (ms, hash) = (number(&head[..6]) as u64, number(&head[6..14]) as u64);
        heads.push(Head { at: Placed { brand, ms, hash }, halves, from, len });
        from += len;
    }
    if from != number(&bytes[4..START]) {
        return Err(damaged("the lengths do not add up"));
    }
    Ok(heads)
}

/// The rows of a block of a brand.
///
/// # Errors
/// As [`heads`].
pub fn unpack(brand: BrandKey, bytes: &[u8]) -> Result<Vec<Row>> {
    let (heads, marks) = (heads(brand, bytes)?, form(bytes)?.marks());
    let bodies = bodies(bytes, &heads, marks)?;
    let row = |h: &Head| (h.at, [&h.halves[..marks], &bodies[h.from..h.from + h.len]].concat());
    Ok(heads.iter().map(row).collect())
}

/// The bodies of all rows, one after the other.
fn bodies(bytes: &[u8], heads: &[Head], marks: usize) -> Result<Vec<u8>> {
    let long = heads.last().map_or(0, |head| head.from + head.len);
    let packed = &bytes[START + heads.len() * (HEAD + marks)..];
    let mut all = Vec::new();
    if bytes[1] == PLAIN {
        all.extend_from_slice(packed);
    } else {
        // One byte more than there should be, so that more is noticed and never read.
        let mut reader = flate2::read::DeflateDecoder::new(packed).take(long as u64 + 1);
        reader.read_to_end(&mut all).map_err(|e| damaged(&e.to_string()))?;
    }
    if all.len() != long {
        return Err(damaged("it has another length than it says"));
    }
    Ok(all)
}

/// The bytes of a block of these rows, in order.
pub fn pack(form: Form, rows: &[Row]) -> Vec<u8> {
    let marks = form.marks();
    let bodies: Vec<u8> = rows.iter().flat_map(|(_, row)| &row[marks..]).copied().collect();
    let packed = deflate(&bodies).filter(|packed| packed.len() < bodies.len());
    let codec = if packed.is_some() { DEFLATE } else { PLAIN };
    let packed = packed.unwrap_or_else(|| bodies.clone());
    let mut bytes = Vec::with_capacity(START + rows.len() * (HEAD + marks) + packed.len());
    bytes.extend_from_slice(&[form as u8, codec]);
    bytes.extend_from_slice(&(rows.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&(bodies.len() as u32).to_be_bytes());
    for (at, row) in rows {
        bytes.extend_from_slice(&at.bytes()[2..]);
        bytes.extend_from_slice(&row[..marks]);
        bytes.extend_from_slice(&((row.len() - marks) as u32).to_be_bytes());
    }
    bytes.extend(packed);
    bytes
}

thread_local! {
    /// A third of a megabyte, which costs as much to ask for as a block costs to pack.
    static PACKER: RefCell<Compress> =
        RefCell::new(Compress::new(Compression::new(DEFLATE.into()), false));
}

/// `None` if they do not become shorter.
fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    PACKER.with_borrow_mut(|packer| {
        let mut packed = Vec::with_capacity(bytes.len());
        packer.reset();
        let done = packer.compress_vec(bytes, &mut packed, FlushCompress::Finish);
        matches!(done, Ok(Status::StreamEnd)).then_some(packed)
    })
}

fn fits(rows: &[Row], bytes: &[u8]) -> bool {
    rows.len() <= 1 || (rows.len() <= MOST_ROWS && bytes.len() <= MAX)
}

/// Rows in as few blocks as hold them: for rows that will not get neighbours any more. Gives the
/// place of the first row of each block, and its bytes.
pub fn fill(form: Form, rows: &[Row]) -> Vec<(Placed, Vec<u8>)> {
    let mut blocks = Vec::new();
    let mut rest = rows;
    // As many as fitted last time, and a few more if there was room: packing twice costs twice.
    let mut guess = ROWS;
    while !rest.is_empty() {
        let mut some = rest.len().min(guess);
        let mut bytes = pack(form, &rest[..some]);
        while !fits(&rest[..some], &bytes) {
            some = (some * MAX * 15 / 16 / bytes.len()).clamp(1, some - 1);
            bytes = pack(form, &rest[..some]);
        }
        guess = (some * MAX * 15 / 16 / bytes.len().max(1)).clamp(1, ROWS);
        blocks.push((rest[0].0, bytes));
        rest = &rest[some..];
    }
    blocks
}

/// Rows of one block that has changed: one block if they fit, else even ones with room to grow; a
/// row that is as large as all others together gets its own.
pub fn part(form: Form, rows: &[Row]) -> Vec<(Placed, Vec<u8>)> {
    let mut blocks = Vec::new();
    part_into(form, rows, &mut blocks);
    blocks
}

fn part_into(form: Form, rows: &[Row], blocks: &mut Vec<(Placed, Vec<u8>)>) {
    let Some((first, _)) = rows.first() else { return };
    let parts = if rows.len() > MOST_ROWS { rows.len().div_ceil(ROWS) } else { 1 };
    if parts > 1 {
        for part in 0..parts {
            let some = &rows[rows.len() * part / parts..rows.len() * (part + 1) / parts];
            part_into(form, some, blocks);
        }
        return;
    }
    let bytes = pack(form, rows);
    if fits(rows, &bytes) {
        blocks.push((*first, bytes));
        return;
    }
    let all: usize = rows.iter().map(|(_, row)| row.len()).sum();
    if let Some(large) = rows.iter().position(|(_, row)| row.len() * 2 > all) {
        for some in [&rows[..large], &rows[large..=large], &rows[large + 1..]] {
            part_into(form, some, blocks);
        }
    } else {
        let (one, other) = rows.split_at(rows.len() / 2);
        part_into(form, one, blocks);
        part_into(form, other, blocks);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BRAND: BrandKey = BrandKey(7);

    fn row(ms: u64, hash: u64, body: &[u8]) -> Row {
        let row = [&[1, 2, 3, 4, 5, 6, 7, 8], body].concat();
        (Placed { brand: BRAND, ms, hash }, row)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn version_one_is_written_as_ever() {
        let plain = pack(Form::Marked, &[row(0x0102_0304_0506, 0x0708, b"\x01ab")]);
        let golden = "01000001000000030102030405060000000000000708010203040506070800000003016162";
        assert_eq!(hex(&plain), golden);
        // What is compressed may come out otherwise with a later library, but must be read as ever.
        let golden = "01060002000000280000000000010000000000000002010203040506070800000014\
                      0000000000030000000000000004010203040506070800000014\
                      4b4c240e0000";
        let bytes: Vec<u8> = (0..golden.len() / 2)
            .map(|n| u8::from_str_radix(&golden[2 * n..2 * n + 2], 16).unwrap())
            .collect();
        let rows = [row(1, 2, &[b'a'; 20]), row(3, 4, &[b'a'; 20])];
        assert_eq!(unpack(BRAND, &bytes).unwrap(), rows, "{}", hex(&pack(Form::Marked, &rows)));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let rows: Vec<Row> = (0..20).map(|n| row(n, n, &[b'x'; 50])).collect();
        let whole = pack(Form::Marked, &rows);
        for (why, at, value) in [
            ("a later version", 0, 3),
            ("another compression", 1, 7),
            ("more rows", 3, 21),
            ("longer bodies", 7, 0),
            ("a longer row", START + HEAD + 7, 99),
        ] {
            let mut bytes = whole.clone();
            assert_ne!(bytes[at], value, "{why}");
            bytes[at] = value;
            assert!(unpack(BRAND, &bytes).is_err(), "{why}");
        }
        for cut in 0..whole.len() {
            assert!(unpack(BRAND, &whole[..cut]).is_err(), "cut at {cut}");
        }
    }

    /// Bytes that do not become shorter.
    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| random.u8(..)).collect()
    }

    #[test]
    fn a_large_row_costs_its_neighbours_little() {
        let mut rows: Vec<Row> = (0..32).map(|n| row(n, n, &noise(200, n))).collect();
        assert_eq!(part(Form::Marked, &rows).len(), 2);
        rows[9].1.extend(noise(20_000, 9));
        let sizes: Vec<usize> =
            part(Form::Marked, &rows).iter().map(|(_, b)| heads(BRAND, b).unwrap().len()).collect();
        assert_eq!(sizes, [9, 1, 22]);
    }

    proptest! {
        #[test]
        fn rows_come_back_from_blocks_within_bounds(
            sizes in proptest::collection::vec((0_usize..3_000, any::<bool>()), 0..120)
        ) {
            let rows: Vec<Row> = sizes
                .iter()
                .enumerate()
                .map(|(n, (size, is_plain))| {
                    let body = if *is_plain { vec![b'p'; *size] } else { noise(*size, n as u64) };
                    row(n as u64 / 3, n as u64, &body)
                })
                .collect();
            for blocks in [Form::Marked, Form::Bare].into_iter().flat_map(|f| [fill(f, &rows), part(f, &rows)]) {
                let mut back = Vec::new();
                for (first, bytes) in &blocks {
                    let some = unpack(BRAND, bytes).unwrap();
                    prop_assert!(some.len() == 1 || (bytes.len() <= MAX && some.len() <= MOST_ROWS));
                    prop_assert_eq!(some[0].0, *first);
                    back.extend(some);
                }
                prop_assert_eq!(&back, &rows);
            }
        }

        #[test]
        fn strange_bytes_are_an_error_or_rows(bytes: Vec<u8>, codec in 0_u8..8) {
            for version in [1, 2] {
                let bytes = [&[version, codec][..], &bytes].concat();
                let _ = unpack(BRAND, &bytes);
            }
        }
    }
}

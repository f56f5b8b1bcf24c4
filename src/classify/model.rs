//! The learned part of the classifier: three tables of small numbers, and how a file of them looks.
//!
//! A feature's hash picks a row; the rows of a text are summed, words and pieces of words each
//! divided by the root of their number. What the sums mean together with the terms is `blend`'s and
//! `topics`'.
//!
//! File: `affinityd model 3\n`, the length of the head (u32, little endian), the head as JSON, the
//! cells of the tables of languages, topics and heads (i8). Made by `affinityd train`.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::blend::Group;
use super::features::{Feature, Parts};
use super::language::prior;
use super::spelling::{Spelling, Spelt};
use super::topics::{Scale, TOPICS};

/// What the first table tells. The first three exclude each other.
pub const HEADS: [&str; 9] =
    ["neg", "neu", "pos", "complaint", "question", "request", "praise", "spam", "needs_answer"];

/// One number per head.
pub type Sums = [f32; HEADS.len()];

/// Neutral is what is neither negative nor positive: it has no column, and its sum is 0.
const NEUTRAL: usize = 1;
/// Columns of the first table.
pub const COLUMNS: usize = HEADS.len() - 1;

/// The column of a head, if it has one.
pub fn column(head: usize) -> Option<usize> {
    (head != NEUTRAL).then(|| head - usize::from(head > NEUTRAL))
}

/// Pieces of words weigh this much of what words weigh: there are many, and each says little.
pub const PIECES: f32 = 0.4;

const MAGIC: &[u8] = b"affinityd model 3\n";
/// The most bytes of a model file.
pub const MOST: usize = 64 << 20;
const MOST_LANGS: usize = 256;

/// One table: rows of `columns` cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// The number of rows.
    pub rows: u32,
    /// What a cell of 1 means, per column.
    pub scale: Vec<f32>,
    /// Added to each column.
    pub bias: Vec<f32>,
}

impl Shape {
    fn cells(&self) -> usize {
        self.scale.len() * self.rows as usize
    }

    /// The first cell of the row of a feature.
    #[inline]
    fn place(&self, hash: u32) -> usize {
        row(hash, self.rows) * self.scale.len()
    }
}

/// The number of the row of a feature's hash: the rows share all hashes evenly.
#[inline]
pub fn row(hash: u32, rows: u32) -> usize {
    ((u64::from(hash) * u64::from(rows)) >> 32) as usize
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Name and version, kept with every verdict.
    pub name: String,
    /// The shape of the table of heads.
    pub heads: Shape,
    /// The shape of the table of topics.
    pub topics: Shape,
    /// The shape of the table of languages.
    pub langs: Shape,
    /// The language of each column of that table, ISO 639.
    pub codes: Vec<String>,
    /// How sums and terms become probabilities, per group of languages; the last is for all others.
    pub groups: Vec<Group>,
    /// How topics and terms are weighed together.
    pub scale: Scale,
}

impl Head {
    /// Where the cells of topics and those of heads begin, and where these end.
    fn bounds(&self) -> [usize; 3] {
        let langs = self.langs.cells();
        let topics = langs + self.topics.cells();
        [langs, topics, topics + self.heads.cells()]
    }
}

/// A table of features of a text: its cells, and whatever is behind them.
pub struct Table<'m> {
    shape: &'m Shape,
    cells: &'m [u8],
}

/// A model, ready to use.
#[derive(Debug)]
pub struct Model {
    /// No other model of this process has it: what was kept of one means nothing to another.
    pub number: u64,
    /// What it says of itself.
    pub head: Head,
    /// How much each language of [`Head::codes`] is preferred in a short text.
    pub priors: Vec<f32>,
    cells: Cow<'static, [u8]>,
}

/// Cells of the table of topics that are added up at once: a row and what is behind it.
const LANES: usize = 16;
/// The same of that of languages.
const LANG_LANES: usize = 72;
/// Rows whose sum two bytes hold, whatever their cells.
const ROWS: usize = 256;

/// Why a file is no model.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    /// It is something else.
    #[error("it is no model of this program (make one with `affinityd train`)")]
    Foreign,
    /// Its head makes no sense.
    #[error("its head makes no sense: {0}")]
    Head(String),
    /// It is shorter or longer than its head says.
    #[error("it is cut short or has something behind its end")]
    Length,
}

/// The model compiled in.
pub static SHIPPED: LazyLock<Model> = LazyLock::new(|| {
    let bytes = include_bytes!("data/model.bin");
    Model::read(Cow::Borrowed(bytes)).expect("the model compiled in is one; a test holds that")
});

impl Model {
    /// Puts a model together.
    ///
    /// # Errors
    /// [`ModelError::Head`] or [`ModelError::Length`] if the parts do not fit.
    pub fn new(head: Head, cells: Vec<u8>) -> Result<Self, ModelError> {
        check(&head)?;
        if cells.len() != head.bounds()[2] {
            return Err(ModelError::Length);
        }
        Ok(Self::of(head, Cow::Owned(cells)))
    }

    /// With parts that fit.
    fn of(head: Head, cells: Cow<'static, [u8]>) -> Self {
        let priors = head.codes.iter().map(|code| prior(code)).collect();
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Self { number: NUMBERS.fetch_add(1, Ordering::Relaxed), head, priors, cells }
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`ModelError`], for whatever is wrong with it.
    pub fn read(bytes: Cow<'static, [u8]>) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::Foreign)?;
        let (long, rest) = rest.split_first_chunk::<4>().ok_or(ModelError::Length)?;
        let long = u32::from_le_bytes(*long) as usize;
        let head = rest.get(..long).ok_or(ModelError::Length)?;
        let head: Head =
            serde_json::from_slice(head).map_err(|e| ModelError::Head(e.to_string()))?;
        check(&head)?;
        if rest.len() - long != head.bounds()[2] {
            return Err(ModelError::Length);
        }
        let start = MAGIC.len() + 4 + long;
        let cells = match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..]),
            Cow::Owned(bytes) => Cow::Owned(bytes[start..].to_vec()),
        };
        Ok(Self::of(head, cells))
    }

    /// The bytes of its file.
    pub fn bytes(&self) -> Vec<u8> {
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        let long = (head.len() as u32).to_le_bytes();
        [MAGIC, &long, &head, &self.cells].concat()
    }

    /// The first table.
    fn heads(&self) -> Table<'_> {
        Table { shape: &self.head.heads, cells: &self.cells[self.head.bounds()[1]..] }
    }

    /// The second table; a topic's column is its number.
    fn topics(&self) -> Table<'_> {
        Table { shape: &self.head.topics, cells: &self.cells[self.head.bounds()[0]..] }
    }

    /// What the tables say of a word of such pieces: at most [`ROWS`].
    pub(super) fn spell(&self, pieces: &[u32]) -> Spelling {
        let hashes = || pieces.iter().copied();
        let topics: [i16; LANES] = self.topics().part(hashes());
        Spelling {
            heads: self.heads().part(hashes()),
            topics: std::array::from_fn(|topic| topics[topic]),
            pieces: pieces.len() as u8,
        }
    }

    /// What the first table says of a text.
    pub fn sums(&self, parts: &Parts, spelt: &Spelt) -> Sums {
        let columns = self.heads().sums::<COLUMNS, COLUMNS>(parts, spelt, &spelt.heads);
        std::array::from_fn(|head| column(head).map_or(0.0, |column| columns[column]))
    }

    /// What the second table says of a text.
    pub fn topic_sums(&self, parts: &Parts, spelt: &Spelt) -> [f32; TOPICS] {
        self.topics().sums::<LANES, TOPICS>(parts, spelt, &spelt.topics)
    }

    /// What the tokens of a text add to a head's sum.
    pub fn head_shares(
        &self,
        parts: &Parts,
        spelt: &Spelt,
        head: usize,
    ) -> impl Iterator<Item = Share> {
        let shares = column(head).map(|column| {
            self.heads().shares(parts, spelt, column, move |word| word.heads[column])
        });
        shares.into_iter().flatten()
    }

    /// What the tokens of a text add to a topic's sum.
    pub fn topic_shares(
        &self,
        parts: &Parts,
        spelt: &Spelt,
        topic: usize,
    ) -> impl Iterator<Item = Share> {
        self.topics().shares(parts, spelt, topic, move |word| word.topics[topic])
    }

    /// The sums per language of [`Head::codes`], of at most 256 hashes of what tells it.
    pub fn lang_sums(&self, spoken: &[u32], sums: &mut [i16]) {
        // As many columns at once as have room in registers.
        for (block, sums) in sums.chunks_mut(LANG_LANES).enumerate() {
            let table = Table { shape: &self.head.langs, cells: &self.cells[block * LANG_LANES..] };
            let part: [i16; LANG_LANES] = table.part(spoken.iter().copied());
            sums.copy_from_slice(&part[..sums.len()]);
        }
    }

    /// The log-odds of each language of [`Head::codes`], by the sums of so many rows.
    pub fn lang_odds(&self, sums: &[i32], count: usize) -> Vec<f32> {
        let Shape { scale, bias, .. } = &self.head.langs;
        let share = 1.0 / (count.max(1) as f32).sqrt();
        let sums = sums.iter().zip(scale).zip(bias);
        sums.map(|((sum, scale), bias)| *sum as f32 * scale * share + bias).collect()
    }
}

/// What some tokens of a text add to a sum.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// The first of them.
    pub first: u16,
    /// How many they are.
    pub count: u16,
    /// In log-odds.
    pub weight: f32,
}

impl<'m> Table<'m> {
    /// The sums of the first columns, of at most [`ROWS`] features. Where a row has fewer, what is
    /// behind it is added up as well, and nobody asks for it: the tables end with that of heads, which
    /// has no more columns than are added up.
    #[inline]
    fn part<const WIDE: usize>(&self, hashes: impl Iterator<Item = u32>) -> [i16; WIDE] {
        let mut sums = [0; WIDE];
        for hash in hashes {
            let row: Option<&[u8; WIDE]> = self.cells[self.shape.place(hash)..].first_chunk();
            for (sum, cell) in sums.iter_mut().zip(row.unwrap_or(&[0; WIDE])) {
                *sum += i16::from(*cell as i8);
            }
        }
        sums
    }

    /// The weighed sums of the columns, of which `WIDE` are added up at once; `pieces` are the sums of
    /// the pieces of words.
    fn sums<const WIDE: usize, const N: usize>(
        &self,
        parts: &Parts,
        spelt: &Spelt,
        pieces: &[i32; N],
    ) -> [f32; N] {
        let mut words = [0_i32; WIDE];
        for features in parts.words.chunks(ROWS) {
            let part: [i16; WIDE] = self.part(features.iter().map(|feature| feature.hash));
            words.iter_mut().zip(part).for_each(|(sum, part)| *sum += i32::from(part));
        }
        let (of_words, of_pieces) = weights(parts, spelt);
        let Shape { scale, bias, .. } = self.shape;
        std::array::from_fn(|column| {
            let sum = words[column] as f32 * of_words + pieces[column] as f32 * of_pieces;
            sum * scale[column] + bias[column]
        })
    }

    /// What a text's words, pairs, characters, and the spelling of its words add to the sum of a
    /// column, each by itself. `cell` tells the cell of that column.
    fn shares(
        self,
        parts: &Parts,
        spelt: &Spelt,
        column: usize,
        cell: impl Fn(&Spelling) -> i16,
    ) -> impl Iterator<Item = Share> {
        let scale = self.shape.scale[column];
        let (of_words, of_pieces) = weights(parts, spelt);
        let words = parts.words.iter().filter(|feature| feature.first != Feature::WHOLE);
        let words = words.filter_map(move |feature| {
            // Many add nothing.
            let cell = self.cells[self.shape.place(feature.hash) + column] as i8;
            let Feature { first, count, .. } = *feature;
            (cell != 0).then(|| Share { first, count, weight: f32::from(cell) * scale * of_words })
        });
        words.chain(spelt.words.iter().map(move |(token, spelling)| {
            let weight = f32::from(cell(spelling)) * scale * of_pieces;
            Share { first: *token, count: 1, weight }
        }))
    }
}

/// How much one word and one piece weigh in a text.
fn weights(parts: &Parts, spelt: &Spelt) -> (f32, f32) {
    let root = |count: usize| (count.max(1) as f32).sqrt();
    (1.0 / root(parts.words.len()), PIECES / root(spelt.pieces as usize))
}

fn check(head: &Head) -> Result<(), ModelError> {
    let wrong = |why: &str| Err(ModelError::Head(why.to_owned()));
    let is_table = |shape: &Shape, columns: usize| {
        (16..=16 << 20).contains(&shape.rows)
            && shape.scale.len() == columns
            && shape.bias.len() == columns
            && shape.scale.iter().chain(&shape.bias).all(|n| n.is_finite())
    };
    if !is_table(&head.heads, COLUMNS) {
        return wrong("the table of heads");
    }
    if !is_table(&head.topics, TOPICS) {
        return wrong("the table of topics");
    }
    if head.codes.is_empty() || head.codes.len() > MOST_LANGS {
        return wrong("the number of languages");
    }
    if !is_table(&head.langs, head.codes.len()) {
        return wrong("the table of languages");
    }
    if !head.scale.is_sound() {
        return wrong("how topics are weighed");
    }
    if head.groups.is_empty() || !head.groups.iter().all(Group::is_sound) {
        return wrong("the groups of languages");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_compiled_in_is_one_and_comes_back_from_its_own_bytes() {
        let bytes = SHIPPED.bytes();
        let again = Model::read(bytes.clone().into()).unwrap();
        assert_eq!(again.head, SHIPPED.head);
        assert_eq!(again.bytes(), bytes);
        assert!(bytes.len() <= 6_000_000, "{} bytes", bytes.len());
    }

    #[test]
    fn languages_are_added_up_however_many_there_are() {
        for columns in [1, LANG_LANES, LANG_LANES + 3] {
            let shape =
                |columns| Shape { rows: 16, scale: vec![1.0; columns], bias: vec![0.5; columns] };
            let head = Head {
                heads: shape(COLUMNS),
                topics: shape(TOPICS),
                langs: shape(columns),
                codes: vec!["xx".to_owned(); columns],
                ..SHIPPED.head.clone()
            };
            let cells: Vec<u8> = (0..head.bounds()[2]).map(|at| (at * 7) as u8).collect();
            let table = cells[..head.bounds()[0]].to_vec();
            let model = Model::new(head, cells).unwrap();
            // The first row, the last and one between, of sixteen.
            let mut sums = vec![0; columns];
            model.lang_sums(&[0, u32::MAX, 9 << 28], &mut sums);
            let wanted = (0..columns).map(|column| {
                let cells = [0, 15, 9].map(|row| table[row * columns + column] as i8);
                cells.iter().map(|cell| i16::from(*cell)).sum::<i16>()
            });
            assert!(wanted.eq(sums));
            assert_eq!(model.lang_odds(&vec![8; columns], 4), vec![4.5; columns]);
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let bytes = SHIPPED.bytes();
        let read = |bytes: &[u8]| Model::read(bytes.to_vec().into()).map(|_| ());
        assert_eq!(read(b"something else"), Err(ModelError::Foreign));
        for end in [0, MAGIC.len(), MAGIC.len() + 2, 400, bytes.len() - 1] {
            assert!(read(&bytes[..end]).is_err(), "cut at {end}");
        }
        assert_eq!(read(&[&bytes[..], b"x"].concat()), Err(ModelError::Length));
        // Sizes that would not fit into memory are not believed.
        let rows = format!("\"rows\":{}", SHIPPED.head.heads.rows);
        let huge = String::from_utf8_lossy(&bytes[..120]).replace(&rows, "\"rows\":999999");
        assert!(read(&[huge.as_bytes(), &bytes[120..]].concat()).is_err());
        let mut nan = SHIPPED.head.clone();
        nan.groups[0].take = f32::NAN;
        assert!(matches!(Model::new(nan, Vec::new()), Err(ModelError::Head(_))));
    }
}

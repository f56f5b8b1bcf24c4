//! The learned part of the classifier: three tables of small numbers, and how a file of them looks.
//!
//! A feature's hash picks a row; the rows of a text are summed, words and pieces of words each
//! divided by the root of their number. What the sums mean together with the terms is `blend`'s and
//! `topics`'.
//!
//! File: `affinityd model 2\n`, the length of the head (u32, little endian), the head as JSON, the
//! cells of the tables of heads, topics and languages (i8). Made by `affinityd train`.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::blend::Group;
use super::features::{Feature, Parts};
use super::language::prior;
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

const MAGIC: &[u8] = b"affinityd model 2\n";
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
    /// Where the cells of topics and those of languages begin, and where these end.
    fn bounds(&self) -> [usize; 3] {
        let heads = self.heads.cells();
        let topics = heads + self.topics.cells();
        [heads, topics, topics + self.langs.cells()]
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
    /// What it says of itself.
    pub head: Head,
    /// How much each language of [`Head::codes`] is preferred in a short text.
    pub priors: Vec<f32>,
    cells: Cow<'static, [u8]>,
}

/// Cells of the second table that are added up at once: a row and what is behind it.
const LANES: usize = 16;
/// Cells of the third table that are added up at once.
const BLOCK: usize = 8;
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
        Self { head, priors, cells }
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
        Table { shape: &self.head.heads, cells: &self.cells }
    }

    /// The second table; a topic's column is its number.
    pub fn topics(&self) -> Table<'_> {
        Table { shape: &self.head.topics, cells: &self.cells[self.head.bounds()[0]..] }
    }

    /// What the first table says of a text.
    pub fn sums(&self, parts: &Parts) -> Sums {
        let columns = self.heads().sums::<COLUMNS>(parts);
        std::array::from_fn(|head| column(head).map_or(0.0, |column| columns[column]))
    }

    /// What the second table says of a text.
    pub fn topic_sums(&self, parts: &Parts) -> [f32; TOPICS] {
        let columns = self.topics().sums::<LANES>(parts);
        std::array::from_fn(|topic| columns[topic])
    }

    /// What features of a text add to a head's sum, each by itself.
    pub fn part(&self, parts: &Parts, head: usize) -> impl Fn(&Feature, bool) -> f32 + use<'_> {
        let part = column(head).map(|column| self.heads().part(parts, column));
        move |feature, is_piece| part.as_ref().map_or(0.0, |part| part(feature, is_piece))
    }

    /// What the third table says of a text, per language of [`Head::codes`].
    pub fn langs(&self, parts: &Parts) -> Vec<f32> {
        let shape = &self.head.langs;
        let columns = self.head.codes.len();
        let table = &self.cells[self.head.bounds()[1]..];
        let mut total = [[0_i16; BLOCK]; MOST_LANGS / BLOCK];
        // Of less than `ROWS` features.
        for hash in &parts.spoken {
            let row = &table[shape.place(*hash)..][..columns];
            let (blocks, rest) = row.as_chunks();
            for (sums, cells) in total.iter_mut().zip(blocks) {
                add(sums, cells);
            }
            let behind = total.as_flattened_mut().iter_mut().skip(columns - rest.len());
            for (sum, cell) in behind.zip(rest) {
                *sum += i16::from(*cell as i8);
            }
        }
        let root = (parts.spoken.len().max(1) as f32).sqrt();
        let sums = total.as_flattened().iter().zip(&shape.scale).zip(&shape.bias);
        sums.map(|((sum, scale), bias)| f32::from(*sum) * scale / root + bias).collect()
    }
}

impl<'m> Table<'m> {
    /// The weighed sums of the columns; what is behind the last of them means nothing.
    fn sums<const WIDE: usize>(&self, parts: &Parts) -> [f32; WIDE] {
        let total = |features: &[Feature]| {
            let mut total = [0_i32; WIDE];
            for features in features.chunks(ROWS) {
                let mut part = [0_i16; WIDE];
                for feature in features {
                    // What is behind a row is added up as well, and nobody asks for it. The table
                    // behind this one has more cells than that.
                    let at = self.shape.place(feature.hash);
                    let row = self.cells[at..].first_chunk().unwrap_or(&[0; WIDE]);
                    add(&mut part, row);
                }
                total.iter_mut().zip(part).for_each(|(sum, part)| *sum += i32::from(part));
            }
            total
        };
        let (words, pieces) = (total(&parts.words), total(&parts.pieces));
        let (of_words, of_pieces) = shares(parts);
        let mut all = [0.0; WIDE];
        let columns = self.shape.scale.iter().zip(&self.shape.bias).zip(words.iter().zip(&pieces));
        for (sum, ((scale, bias), (words, pieces))) in all.iter_mut().zip(columns) {
            *sum = (*words as f32 * of_words + *pieces as f32 * of_pieces) * scale + bias;
        }
        all
    }

    /// What features of a text add to the sum of a column, each by itself; the second argument is
    /// whether it is a piece of a word.
    pub fn part(self, parts: &Parts, column: usize) -> impl Fn(&Feature, bool) -> f32 + use<'m> {
        let scale = self.shape.scale[column];
        let (of_words, of_pieces) = shares(parts);
        move |feature, is_piece| {
            let cell = self.cells[self.shape.place(feature.hash) + column] as i8;
            let share = if is_piece { of_pieces } else { of_words };
            f32::from(cell) * scale * share
        }
    }
}

#[inline]
fn add<const N: usize>(sums: &mut [i16; N], cells: &[u8; N]) {
    for (sum, cell) in sums.iter_mut().zip(cells) {
        *sum += i16::from(*cell as i8);
    }
}

/// How much one word and one piece weigh in a text.
fn shares(parts: &Parts) -> (f32, f32) {
    let root = |count: usize| (count.max(1) as f32).sqrt();
    (1.0 / root(parts.words.len()), PIECES / root(parts.pieces.len()))
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
        for columns in [1, 8, 11] {
            let shape =
                |columns| Shape { rows: 16, scale: vec![1.0; columns], bias: vec![0.5; columns] };
            let head = Head {
                heads: shape(COLUMNS),
                topics: shape(TOPICS),
                langs: shape(columns),
                codes: vec!["xx".to_owned(); columns],
                ..SHIPPED.head.clone()
            };
            let [_, begin, end] = head.bounds();
            let cells: Vec<u8> = (0..end).map(|at| (at * 7) as u8).collect();
            let table = cells[begin..].to_vec();
            let model = Model::new(head, cells).unwrap();
            // The first row, the last and one between, of sixteen.
            let mut parts = Parts::default();
            parts.spoken = vec![0, u32::MAX, 9 << 28];
            let wanted = (0..columns).map(|column| {
                let cells = [0, 15, 9].map(|row| table[row * columns + column] as i8);
                cells.iter().map(|cell| f32::from(*cell)).sum::<f32>() / 3_f32.sqrt() + 0.5
            });
            for (sum, wanted) in model.langs(&parts).into_iter().zip(wanted) {
                assert!((sum - wanted).abs() < 1e-3, "{sum} {wanted}");
            }
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

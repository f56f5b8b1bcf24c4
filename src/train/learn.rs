//! Fits a table: multinomial or several binary logistic regressions at once, by AdaGrad over
//! shuffled rows (Duchi, Hazan, Singer 2011).

use crate::classify::model::{self, COLUMNS, Shape, column};
use crate::classify::topics::{NOTHING, SEVERE};

use super::sources::Target;

/// What one row teaches.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    /// One of the columns, the others not.
    Class(usize),
    /// Some of the heads.
    Heads(Target),
    /// Some of the topics.
    Topics(Target),
}

/// One text as the table sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'r> {
    /// Hashes of words and signs.
    pub words: &'r [u32],
    /// Hashes of pieces of words.
    pub pieces: &'r [u32],
    pub target: Of,
    pub weight: f32,
}

/// The size of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub rows: u32,
    pub columns: usize,
    /// What pieces weigh beside words; `None`: all features alike.
    pub pieces: Option<f32>,
}

/// A table in full precision.
pub(super) struct Table {
    layout: Layout,
    cells: Vec<f32>,
    bias: Vec<f32>,
}

/// Sums of squares start here, so that the first step is no leap.
const START: f32 = 1e-3;

/// Fits a table in so many passes. `rate` is the first step; `pass` is told the number of each.
pub(super) fn fit(
    rows: &[Row<'_>],
    layout: Layout,
    passes: u32,
    rate: f32,
    rng: &mut fastrand::Rng,
    mut pass: impl FnMut(u32),
) -> Table {
    let columns = layout.columns;
    let mut table = Table {
        layout,
        cells: vec![0.0; columns * layout.rows as usize],
        bias: vec![0.0; columns],
    };
    let mut squares = vec![START; table.cells.len()];
    let mut bias_squares = vec![START; columns];
    let (mut sums, mut slopes) = (vec![0.0; columns], vec![0.0; columns]);
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    for number in 1..=passes {
        pass(number);
        rng.shuffle(&mut order);
        for row in order.iter().map(|index| &rows[*index as usize]) {
            let (of_words, of_pieces) = layout.shares(row);
            table.sum(row, &mut sums);
            slope(row, &mut sums, &mut slopes);
            for (column, slope) in slopes.iter().enumerate().filter(|(_, s)| **s != 0.0) {
                bias_squares[column] += slope * slope;
                table.bias[column] -= rate * slope / bias_squares[column].sqrt();
            }
            for (features, share) in [(row.words, of_words), (row.pieces, of_pieces)] {
                for hash in features {
                    let at = layout.place(*hash);
                    let cells = &mut table.cells[at..at + columns];
                    let squares = &mut squares[at..at + columns];
                    for ((cell, square), slope) in cells.iter_mut().zip(squares).zip(&slopes) {
                        let step = slope * share;
                        *square += step * step;
                        *cell -= rate * step / square.sqrt();
                    }
                }
            }
        }
    }
    table
}

/// How far each column is from what the row says, times the row's weight; 0 where it says nothing.
fn slope(row: &Row<'_>, sums: &mut [f32], slopes: &mut [f32]) {
    slopes.fill(0.0);
    match row.target {
        Of::Class(class) => {
            soften(sums);
            for (index, (slope, p)) in slopes.iter_mut().zip(&*sums).enumerate() {
                let off = p - f32::from(index == class);
                // Classes that are out of the question learn nothing: they are most of them.
                *slope = if off.abs() < 1e-4 { 0.0 } else { off * row.weight };
            }
        }
        Of::Heads(target) => {
            if let Some(feeling) = target.sentiment {
                // Neutral has no column: the others are what they are beside it.
                let neutral = if target.lacks_neutral { f32::NEG_INFINITY } else { 0.0 };
                let mut all = [sums[0], neutral, sums[1]];
                soften(&mut all);
                for (head, p) in all.into_iter().enumerate() {
                    if let Some(column) = column(head) {
                        slopes[column] = (p - f32::from(head == feeling)) * row.weight;
                    }
                }
            }
            for (head, wanted) in target.heads.iter().enumerate().skip(3) {
                if let (Some(yes), Some(column)) = (wanted, column(head)) {
                    slopes[column] = off(sums[column], *yes) * row.weight;
                }
            }
            debug_assert_eq!(slopes.len(), COLUMNS);
        }
        Of::Topics(target) => {
            if let Some(yes) = target.is_severe {
                slopes[SEVERE] = off(sums[SEVERE], yes) * row.weight;
            }
            if let Some(topic) = target.topic {
                let topics = &mut sums[..=NOTHING];
                soften(topics);
                for (index, (slope, p)) in slopes.iter_mut().zip(topics).enumerate() {
                    *slope = (*p - f32::from(index == topic)) * row.weight;
                }
            }
        }
    }
}

/// How far a probability is from what it should be.
fn off(sum: f32, wanted: bool) -> f32 {
    1.0 / (1.0 + (-sum).exp()) - f32::from(wanted)
}

/// Log-odds to shares of 1.
fn soften(all: &mut [f32]) {
    let most = all.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    all.iter_mut().for_each(|z| *z = (*z - most).exp());
    let total: f32 = all.iter().sum();
    all.iter_mut().for_each(|p| *p /= total);
}

impl Layout {
    fn place(&self, hash: u32) -> usize {
        model::row(hash, self.rows) * self.columns
    }

    /// How much one word and one piece count.
    fn shares(&self, row: &Row<'_>) -> (f32, f32) {
        let root = |count: usize| (count.max(1) as f32).sqrt();
        match self.pieces {
            Some(weight) => (1.0 / root(row.words.len()), weight / root(row.pieces.len())),
            None => {
                let share = 1.0 / root(row.words.len() + row.pieces.len());
                (share, share)
            }
        }
    }
}

impl Table {
    fn sum(&self, row: &Row<'_>, sums: &mut [f32]) {
        sums.copy_from_slice(&self.bias);
        let (of_words, of_pieces) = self.layout.shares(row);
        for (features, share) in [(row.words, of_words), (row.pieces, of_pieces)] {
            for hash in features {
                let at = self.layout.place(*hash);
                let cells = &self.cells[at..at + self.layout.columns];
                for (sum, cell) in sums.iter_mut().zip(cells) {
                    *sum += cell * share;
                }
            }
        }
    }

    /// The table in whole numbers of one byte, with what 1 means in each column.
    pub(super) fn quantised(&self) -> (Shape, Vec<u8>) {
        let columns = self.layout.columns;
        let scale: Vec<f32> = (0..columns).map(|column| self.unit(column)).collect();
        let cell = |(index, cell): (usize, &f32)| {
            (cell / scale[index % columns]).round().clamp(-127.0, 127.0) as i8 as u8
        };
        let cells = self.cells.iter().enumerate().map(cell).collect();
        (Shape { rows: self.layout.rows, scale, bias: self.bias.clone() }, cells)
    }

    /// What 1 means in a column. The few largest cells are cut, so that the many small ones are
    /// told apart.
    fn unit(&self, column: usize) -> f32 {
        let mut sizes: Vec<f32> = self
            .cells
            .iter()
            .skip(column)
            .step_by(self.layout.columns)
            .map(|cell| cell.abs())
            .filter(|size| *size > 0.0)
            .collect();
        if sizes.is_empty() {
            return 1.0;
        }
        let last = sizes.len() - 1;
        let at = last - last / 2_000;
        let (_, most, _) = sizes.select_nth_unstable_by(at, f32::total_cmp);
        *most / 127.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::topics::TOPICS;

    #[test]
    fn what_can_be_told_apart_is_learned_and_survives_rounding() {
        let mut rng = fastrand::Rng::with_seed(5);
        let texts: Vec<(Vec<u32>, usize)> = (0..600)
            .map(|index| {
                let class = index % 3;
                let own = 0x1000_0000 * (class as u32 + 1);
                let noise = (0..6).map(|_| rng.u32(0x8000_0000..));
                (noise.chain([own]).collect(), class)
            })
            .collect();
        let rows: Vec<Row<'_>> = texts
            .iter()
            .map(|(words, class)| Row {
                words,
                pieces: &[],
                target: Of::Class(*class),
                weight: 1.0,
            })
            .collect();
        let layout = Layout { rows: 1 << 10, columns: 3, pieces: None };
        let table = fit(&rows, layout, 5, 0.3, &mut fastrand::Rng::with_seed(1), |_| {});
        let (shape, cells) = table.quantised();
        let right = rows.iter().zip(&texts).filter(|(row, (_, class))| {
            let mut sums = shape.bias.clone();
            for hash in row.words {
                let at = layout.place(*hash);
                for column in 0..3 {
                    sums[column] += f32::from(cells[at + column] as i8) * shape.scale[column];
                }
            }
            (0..3).all(|other| sums[*class] >= sums[other])
        });
        assert!(right.count() > 590);
    }

    #[test]
    fn a_row_that_says_nothing_of_a_head_teaches_it_nothing() {
        let words = [1 << 28];
        let biases = |target: Of, columns: usize| {
            let row = Row { words: &words, pieces: &[], target, weight: 1.0 };
            let layout = Layout { rows: 1 << 8, columns, pieces: Some(0.5) };
            fit(&[row], layout, 3, 0.3, &mut fastrand::Rng::with_seed(1), |_| {}).bias
        };
        let feels = Target { sentiment: Some(2), lacks_neutral: true, ..Target::default() };
        let [neg, pos, ref others @ ..] = biases(Of::Heads(feels), COLUMNS)[..] else { panic!() };
        assert!(pos > 0.0 && neg < 0.0);
        assert!(others.iter().all(|bias| *bias == 0.0));

        let is_calm = Target { is_severe: Some(false), ..Target::default() };
        let [ref aspects @ .., severe] = biases(Of::Topics(is_calm), TOPICS)[..] else { panic!() };
        assert!(severe < 0.0 && aspects.iter().all(|bias| *bias == 0.0));
    }
}

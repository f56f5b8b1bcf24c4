//! Sealed rows and cases in a commit: their blocks are opened, changed in memory and closed again
//! when the commit is written, each once however many of its rows change.

use super::block::{self, MOST_ROWS, Row};
use super::cold::position;
use super::draft::Draft;
use super::engine::{Expect, Op};
use super::error::Result;
use super::keys::Placed;
use super::shelf::Shelf;

/// A block that a commit has looked into.
pub(super) struct Open {
    was: Option<Vec<u8>>,
    rows: Vec<Row>,
    is_changed: bool,
}

impl Open {
    /// About how many operations writing it takes.
    pub(super) fn ops(&self) -> usize {
        if self.is_changed { 3 + self.rows.len() / MOST_ROWS * 2 } else { 0 }
    }
}

impl Draft<'_> {
    /// The row at a place, as it will be.
    pub(super) fn row(&mut self, shelf: Shelf, at: Placed) -> Result<Option<Vec<u8>>> {
        if let Some(row) = self.get(shelf.open(), &at.bytes())? {
            return Ok(Some(row));
        }
        let Some(open) = self.open_block(shelf, at)? else { return Ok(None) };
        Ok(position(&open.rows, at).map(|n| open.rows[n].1.clone()))
    }

    /// Sets or removes the row at a place that is free or whose row this commit has read.
    pub(super) fn set_row(&mut self, shelf: Shelf, at: Placed, row: Option<Vec<u8>>) {
        let found = self.opened(shelf, at).and_then(|open| {
            let n = position(&open.rows, at)?;
            Some((open, n))
        });
        let Some((open, n)) = found else { return self.set(shelf.open(), at.bytes(), row) };
        open.is_changed = true;
        match row {
            Some(row) => open.rows[n].1 = row,
            None => drop(open.rows.remove(n)),
        }
    }

    /// Of the blocks that are open, the last that begins before a place or at it.
    fn opened(&mut self, shelf: Shelf, at: Placed) -> Option<&mut Open> {
        let from = (shelf, Placed::floor(at.brand, 0));
        self.blocks.range_mut(from..=(shelf, at.bytes())).next_back().map(|(_, open)| open)
    }

    /// The block in whose stretch a place lies, if there is one.
    fn open_block(&mut self, shelf: Shelf, at: Placed) -> Result<Option<&mut Open>> {
        // What lies before the last row of a block lies in its stretch.
        let ends_later = |open: &mut Open| open.rows.last().is_some_and(|(last, _)| at <= *last);
        if !self.opened(shelf, at).is_some_and(ends_later)
            && let Some(block) = self.inner.unpacked(shelf, at)?
        {
            self.blocks.entry((shelf, block.key.clone())).or_insert_with(|| Open {
                was: Some(block.bytes.clone()),
                rows: block.rows.clone(),
                is_changed: false,
            });
        }
        Ok(self.opened(shelf, at))
    }

    /// Puts rows into the block in whose stretch a place lies; one is made if there is none.
    pub(super) fn add_to_block(&mut self, shelf: Shelf, at: Placed, rows: &[Row]) -> Result<()> {
        if self.open_block(shelf, at)?.is_none() {
            let new = Open { was: None, rows: Vec::new(), is_changed: false };
            self.blocks.insert((shelf, Placed::floor(at.brand, 0)), new);
        }
        let open = self.opened(shelf, at).expect("opened or made above");
        open.is_changed = true;
        for row in rows {
            match open.rows.binary_search_by_key(&row.0, |(at, _)| *at) {
                Ok(n) => open.rows[n] = row.clone(),
                Err(n) => open.rows.insert(n, row.clone()),
            }
        }
        Ok(())
    }

    /// Closes all blocks: what is to be written of them.
    pub(super) fn close_blocks(&mut self, ops: &mut Vec<Op>) {
        for ((shelf, key), open) in std::mem::take(&mut self.blocks) {
            if !open.is_changed {
                continue;
            }
            let space = shelf.sealed();
            let mut parts = block::part(shelf.form(), &open.rows).into_iter();
            let expect = open.was.map_or(Expect::Absent, Expect::Is);
            // The first part stays where the block was: its key may be less than its first place.
            let value = parts.next().map(|(_, bytes)| bytes);
            ops.push(Op { space, key, value, expect });
            ops.extend(parts.map(|(at, bytes)| Op {
                space,
                key: at.bytes(),
                value: Some(bytes),
                expect: Expect::Absent,
            }));
        }
    }
}

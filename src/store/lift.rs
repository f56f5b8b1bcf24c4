//! Sealed rows in a commit: their blocks are opened, changed in memory and closed again when the
//! commit is written, each once however many of its rows change.

use super::block::{self, MOST_ROWS, Row};
use super::cold::position;
use super::draft::Draft;
use super::engine::{Expect, Op, Space};
use super::error::Result;
use super::keys::Placed;

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
    pub(super) fn row(&mut self, at: Placed) -> Result<Option<Vec<u8>>> {
        if let Some(row) = self.get(Space::Hot, &at.bytes())? {
            return Ok(Some(row));
        }
        let Some(open) = self.open_block(at)? else { return Ok(None) };
        Ok(position(&open.rows, at).map(|n| open.rows[n].1.clone()))
    }

    /// Sets or removes the row at a place that is free or whose row this commit has read.
    pub(super) fn set_row(&mut self, at: Placed, row: Option<Vec<u8>>) {
        let key = at.bytes();
        let open = self.blocks.range_mut(..=key.clone()).next_back();
        let found = open.and_then(|(_, open)| position(&open.rows, at).map(|n| (open, n)));
        let Some((open, n)) = found else { return self.set(Space::Hot, key, row) };
        open.is_changed = true;
        match row {
            Some(row) => open.rows[n].1 = row,
            None => drop(open.rows.remove(n)),
        }
    }

    /// The block in whose stretch a place lies, if there is one.
    fn open_block(&mut self, at: Placed) -> Result<Option<&mut Open>> {
        let Some((key, bytes)) = self.inner.block_of(at)? else { return Ok(None) };
        self.inner.engine.settle(Space::Cold, &key);
        let open = match self.blocks.entry(key) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                let rows = block::unpack(at.brand, &bytes)?;
                new.insert(Open { was: Some(bytes), rows, is_changed: false })
            }
        };
        Ok(Some(open))
    }

    /// Puts rows into the block in whose stretch a place lies; one is made if there is none.
    pub(super) fn add_to_block(&mut self, at: Placed, rows: &[Row]) -> Result<()> {
        if self.open_block(at)?.is_none() {
            let new = Open { was: None, rows: Vec::new(), is_changed: false };
            self.blocks.insert(Placed::floor(at.brand, 0), new);
        }
        let open = self.blocks.range_mut(..=at.bytes()).next_back();
        let (_, open) = open.expect("opened or made above");
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
        for (key, open) in std::mem::take(&mut self.blocks) {
            if !open.is_changed {
                continue;
            }
            let mut parts = block::part(&open.rows).into_iter();
            let expect = open.was.map_or(Expect::Absent, Expect::Is);
            // The first part stays where the block was: its key may be less than its first place.
            let value = parts.next().map(|(_, bytes)| bytes);
            ops.push(Op { space: Space::Cold, key, value, expect });
            ops.extend(parts.map(|(at, bytes)| Op {
                space: Space::Cold,
                key: at.bytes(),
                value: Some(bytes),
                expect: Expect::Absent,
            }));
        }
    }
}

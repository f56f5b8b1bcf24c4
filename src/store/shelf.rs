//! What is kept open while it is young and sealed in blocks when it is older: rows, and cases.
//!
//! Both lie under a brand, a time and a hash. Reading, changing and sealing are the same for both;
//! a shelf says where.

use super::block::Form;
use super::engine::Space;

/// One kind of things that are sealed with age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Interactions.
    Rows,
    /// Cases.
    Cases,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Self; 2] = [Self::Rows, Self::Cases];

    /// Where the young ones lie, an entry each.
    pub fn open(self) -> Space {
        match self {
            Self::Rows => Space::Hot,
            Self::Cases => Space::Cases,
        }
    }

    /// Where the blocks of the older ones lie.
    pub fn sealed(self) -> Space {
        match self {
            Self::Rows => Space::Cold,
            Self::Cases => Space::ColdCases,
        }
    }

    /// The form of these blocks.
    pub fn form(self) -> Form {
        match self {
            Self::Rows => Form::Marked,
            Self::Cases => Form::Bare,
        }
    }

    /// What one of them is called.
    pub fn what(self) -> &'static str {
        match self {
            Self::Rows => "row",
            Self::Cases => "case",
        }
    }
}

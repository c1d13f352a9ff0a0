//! Worktrees: where they are, whose they are, who stands in them, and how they are put away.

mod current;
mod occupants;
mod park;
mod records;
mod restore;

pub use current::{current, folder};
pub(in crate::engine) use occupants::{is_owner, left_in, moved_meanwhile, owns, works_in};
pub use occupants::{nobody_in, still_wanted};
pub use park::{Occasion, park};
pub use records::{Finding, Looked, SeenTree, lost, newest, out_of_place, settle, survey, whereabouts};
pub(in crate::engine) use records::{make_again, not_there};
pub use restore::restore;

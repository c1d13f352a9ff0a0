//! The board as a person sees it: keys are typed, the screen is looked at.

mod acts;
mod diffs;
mod keys;
mod pictures;
mod simple;
mod speed;
pub mod support;

//! The board: a terminal interface that never waits.
//!
//! `update` takes a message and changes the model, `view` draws the model, and what takes time is an effect that a
//! thread elsewhere carries out. It wires nothing: what it needs of the machine comes through [`host::Host`].

mod background;
mod banner;
mod card;
mod columns;
mod describe;
pub mod diff;
mod find;
mod fold;
pub mod host;
mod input;
pub mod keymap;
mod layout;
mod mark;
mod merge;
mod model;
pub mod msg;
mod options;
mod overlay;
mod paint;
mod perform;
mod runtime;
mod shelf;
mod simple;
mod terminal;
pub mod theme;
mod update;
mod view;
mod viewer;
mod words;

#[cfg(test)]
mod tests;

pub use options::Options;
pub use runtime::{Board, run};
pub use terminal::size;

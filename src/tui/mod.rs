//! The board: a terminal interface that never waits.
//!
//! `update` takes a message and changes the model, `view` draws the model, and what takes time is an effect that a
//! thread elsewhere carries out. It wires nothing: what it needs of the machine comes through [`stage::Stage`].

mod background;
mod columns;
mod describe;
mod form;
mod input;
pub mod keymap;
mod layout;
mod model;
pub mod msg;
mod perform;
mod runtime;
pub mod stage;
mod terminal;
pub mod theme;
mod update;
mod view;

#[cfg(test)]
mod tests;

pub use model::Outfit;
pub use runtime::{Board, run};

//! The board as a person sees it: keys are typed, the screen is looked at.

pub mod support;

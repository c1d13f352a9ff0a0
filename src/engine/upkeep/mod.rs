//! The reconciler and the clean-up: whatever a process that died has left is found and finished.
//!
//! Any process may run it, at any time, beside any other.

pub mod clean_up;
mod observe;
mod pass;
mod report;
mod settle;
mod survivors;

pub use pass::reconcile;
pub use report::{Action, Report, Scope};
pub use settle::{one, sweep};

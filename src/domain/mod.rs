//! What ganger decides: pure values and functions, the standard library only.
//!
//! Nothing here reads a clock, a file, a process or a database. Every decision that can lose work, start an
//! agent or move a task is a function in this module, so that it can be tested without any of them.

pub mod attempt;
pub mod bounds;
pub mod comment;
pub mod completion;
pub mod diff;
pub mod duration;
pub mod emphasis;
pub mod glob;
pub mod height;
pub mod id;
pub mod import;
pub mod lifecycle;
pub mod liveness;
pub mod merge;
pub mod naming;
pub mod order;
pub mod patch;
pub mod permission;
pub mod profile;
pub mod pull;
pub mod queue;
pub mod reconcile;
pub mod requeue;
pub mod run;
pub mod saga;
pub mod settings;
pub mod size;
pub mod state;
pub mod task;
pub mod template;
pub mod text;
pub mod time;
pub mod timeline;
pub mod tree;
pub mod unified;

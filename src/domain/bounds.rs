//! How large the files and answers may get that are read as a whole, or written without anybody's doing: all of it is here,
//! or named here. What is larger is cut or refused by name.
//!
//! With the code that obeys them are the limits of what agents and repositories supply: a hook's event
//! ([`LONGEST`](crate::agent::hooks::payload::LONGEST)), a letter (`engine::outbox`), `.ganger.toml` (`config::repository`), a diff
//! (`git::diff`), a saved screen (its lines, `shim::world`).

/// A log keeps so much of its beginning, in bytes.
pub const LOG_HEAD: u64 = 1 << 20;
/// And so much of its end.
pub const LOG_TAIL: u64 = 1 << 20;
/// A log that has become longer than this is cut to its beginning and its end.
pub const LOG: u64 = 4 << 20;
/// So much of a log or a saved screen is shown, half from its beginning and half from its end. A log that was bounded while
/// it was written is shown whole.
pub const SHOWN: usize = 6 << 20;
/// An exit file, or what stands in a lock.
pub const STATE_FILE: u64 = 1 << 20;
/// The configuration.
pub const CONFIGURATION: u64 = 1 << 20;
/// A prompt.
pub const PROMPT: u64 = 16 << 20;
/// A list of tasks that is imported.
pub const LIST: u64 = 64 << 20;
/// What a program that is waited for may print, git on a very large repository included.
pub const ANSWER: usize = 256 << 20;
/// The events that an agent's own words may leave, for one attempt. What it says beyond is shown, and leaves none.
pub const EVENTS: u32 = 1000;

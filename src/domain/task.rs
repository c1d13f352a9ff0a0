//! A task: what a person wants done.

use std::path::PathBuf;
use std::time::Duration;

use super::id::{AttemptId, TaskId};
use super::state::{Cause, Status};
use super::time::Timestamp;

/// What a person asks for: everything about a task that does not change by running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// One line, as given; never empty, never with a NUL.
    pub title: String,
    /// What the agent is told, byte for byte; empty means the title alone.
    pub prompt: String,
    /// The canonical path of the main worktree, or of the common directory of a bare repository.
    pub repo: PathBuf,
    /// The name of an agent profile.
    pub agent: String,
    /// A revision to start from; absent, the configured one.
    pub base: Option<String>,
    /// Higher goes first.
    pub priority: i64,
    pub batch: Option<i64>,
    /// Files that the task is about.
    pub files: Vec<String>,
    /// Commands (`sh -c`) that must pass before review.
    pub verify: Vec<String>,
    pub timeout: Option<Duration>,
    /// Tasks that must be done first.
    pub after: Vec<TaskId>,
    pub external_id: Option<String>,
    /// Unknown fields of an import, as JSON text.
    pub extra: Option<String>,
    /// Whether the profile's dangerous arguments are added.
    pub unsafe_mode: bool,
}

/// A task as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub id: TaskId,
    pub draft: Draft,
    pub status: Status,
    /// Why it is there, for programs.
    pub cause: Option<Cause>,
    /// Why it is there, for people: one sentence.
    pub reason: Option<String>,
    /// A note for the next attempt, from a person.
    pub note: Option<String>,
    /// Before this, only an explicit dispatch takes it.
    pub not_before: Option<Timestamp>,
    /// Consecutive attempts that vanished young.
    pub orphans: u32,
    pub archived: bool,
    /// The newest attempt, whatever its phase.
    pub attempt: Option<AttemptId>,
    /// How many attempts there have been.
    pub attempts: u32,
    /// Tasks of `draft.after` that are not done.
    pub blocked_by: Vec<TaskId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

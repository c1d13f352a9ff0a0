//! What to dispatch, and how.

use crate::domain::id::TaskId;
use crate::domain::state::Status;

/// A dispatch that is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    pub task: TaskId,
    /// The statuses it may be taken from: ready, or failed for a retry.
    pub from: Vec<Status>,
    /// A person asked for this very task: limits of time and orphans don't hold it back.
    pub explicit: bool,
    pub over_limit: bool,
    /// No more than so many may be in progress, whatever is configured.
    pub at_most: Option<u32>,
    /// Another profile than the task's.
    pub agent: Option<String>,
    /// Leaves the earlier attempt's tree alone and makes a new one.
    pub fresh: bool,
    /// Goes on in the earlier attempt's tree, or not at all.
    pub resume: bool,
    /// Starts no agent: only verifies what stands in the tree.
    pub verify_only: bool,
    /// What a person tells this attempt; absent, the task's note.
    pub note: Option<String>,
}

impl Request {
    /// A plain dispatch of one task.
    #[must_use]
    pub fn of(task: TaskId) -> Self {
        Self {
            task,
            from: vec![Status::Ready],
            explicit: true,
            over_limit: false,
            at_most: None,
            agent: None,
            fresh: false,
            resume: false,
            verify_only: false,
            note: None,
        }
    }
}

//! What a pass of the reconciler looks at, and what it came to.

use std::path::PathBuf;

use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::reconcile::Observed;
use crate::domain::time::Timestamp;

/// What to look at, and whether to act.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Absent: every repository.
    pub repo: Option<PathBuf>,
    pub dry_run: bool,
}

/// What was decided of one attempt, and why.
#[derive(Clone, Debug)]
pub struct Action {
    pub task: TaskId,
    pub attempt: AttemptId,
    pub observed: Observed,
    /// `keep`, `record`, `requeue`, `fail`, `revoke`, `unknown` or `clean-up`.
    pub decision: &'static str,
    pub reason: String,
    pub applied: bool,
}

impl Action {
    pub(super) fn of(
        attempt: &Attempt,
        observed: &Observed,
        decision: &'static str,
        reason: String,
        applied: bool,
    ) -> Self {
        let (task, attempt) = (attempt.plan.task, attempt.plan.id.clone());
        Self { task, attempt, observed: observed.clone(), decision, reason, applied }
    }
}

/// What a pass came to. Attempts that are as they should be are not in it.
#[derive(Clone, Debug)]
pub struct Report {
    pub observed_at: Timestamp,
    pub actions: Vec<Action>,
    pub unknown: Vec<Action>,
    /// Why the database can't be believed to know of everything that runs.
    pub doubt: Option<String>,
    /// Whether the tmux servers that were asked answered; the first that did not. `None`: none had to be asked.
    pub tmux: Option<Result<(), String>>,
}

impl Report {
    /// Whether a pass would change, or has changed, anything.
    #[must_use]
    pub fn changes(&self) -> bool {
        !self.actions.is_empty()
    }
}

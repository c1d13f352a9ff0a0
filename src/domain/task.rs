//! A task: what a person wants done.

use std::path::PathBuf;
use std::time::Duration;

use super::id::{AttemptId, TaskId};
use super::pull::Linked;
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
    /// A branch that is there and that it works on, instead of a new one: never deleted, and never moved but by commits.
    pub branch: Option<String>,
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

impl Draft {
    /// Nothing asked for but this; the title is all that the agent is told.
    #[must_use]
    pub fn new(title: impl Into<String>, repo: impl Into<PathBuf>, agent: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            prompt: String::new(),
            repo: repo.into(),
            agent: agent.into(),
            base: None,
            branch: None,
            priority: 0,
            batch: None,
            files: Vec::new(),
            verify: Vec::new(),
            timeout: None,
            after: Vec::new(),
            external_id: None,
            extra: None,
            unsafe_mode: false,
        }
    }
}

/// Which fields of a task to change, and to what; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    pub title: Option<String>,
    pub prompt: Option<String>,
    pub agent: Option<String>,
    pub base: Option<Option<String>>,
    pub branch: Option<Option<String>>,
    pub priority: Option<i64>,
    pub batch: Option<Option<i64>>,
    pub files: Option<Vec<String>>,
    pub verify: Option<Vec<String>>,
    pub timeout: Option<Option<Duration>>,
    pub after: Option<Vec<TaskId>>,
    pub unsafe_mode: Option<bool>,
}

impl Edit {
    /// The fields that may change while an attempt lives: it has its own copy of its brief.
    pub const WHILE_LIVE: [&'static str; 3] = ["title", "prompt", "priority"];

    /// What `draft` becomes.
    #[must_use]
    pub fn applied(&self, draft: &Draft) -> Draft {
        let Self { title, prompt, agent, base, branch, priority, batch, files, verify, timeout, after, unsafe_mode } =
            self.clone();
        let is = draft.clone();
        Draft {
            title: title.unwrap_or(is.title),
            prompt: prompt.unwrap_or(is.prompt),
            agent: agent.unwrap_or(is.agent),
            base: base.unwrap_or(is.base),
            branch: branch.unwrap_or(is.branch),
            priority: priority.unwrap_or(is.priority),
            files: files.unwrap_or(is.files),
            verify: verify.unwrap_or(is.verify),
            timeout: timeout.unwrap_or(is.timeout),
            after: after.unwrap_or(is.after),
            unsafe_mode: unsafe_mode.unwrap_or(is.unsafe_mode),
            repo: is.repo,
            batch: batch.unwrap_or(is.batch),
            external_id: is.external_id,
            extra: is.extra,
        }
    }

    /// The names of the fields that it would change.
    #[must_use]
    pub fn changes(&self, draft: &Draft) -> Vec<&'static str> {
        let new = self.applied(draft);
        [
            ("title", new.title != draft.title),
            ("prompt", new.prompt != draft.prompt),
            ("agent", new.agent != draft.agent),
            ("base", new.base != draft.base),
            ("branch", new.branch != draft.branch),
            ("priority", new.priority != draft.priority),
            ("batch", new.batch != draft.batch),
            ("files", new.files != draft.files),
            ("verify", new.verify != draft.verify),
            ("timeout", new.timeout != draft.timeout),
            ("after", new.after != draft.after),
            ("unsafe", new.unsafe_mode != draft.unsafe_mode),
        ]
        .into_iter()
        .filter_map(|(name, changes)| changes.then_some(name))
        .collect()
    }
}

/// A task that another one waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocker {
    pub task: TaskId,
    pub why: Why,
}

/// Why one is still waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It has not come so far yet.
    Open,
    Failed,
    /// It was removed before it came so far.
    Removed,
}

impl Blocker {
    /// As `12`, `12 (failed)` or `12 (removed)`.
    #[must_use]
    pub fn said(&self) -> String {
        match self.why {
            Why::Open => self.task.to_string(),
            Why::Failed => format!("{} (failed)", self.task),
            Why::Removed => format!("{} (removed)", self.task),
        }
    }

    /// Several, with commas between them.
    #[must_use]
    pub fn list(blockers: &[Self]) -> String {
        blockers.iter().map(Self::said).collect::<Vec<_>>().join(", ")
    }
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
    /// What keeps it from being started: tasks of `draft.after`, or of the batch before.
    pub blocked_by: Vec<Blocker>,
    /// The pull request of its work.
    pub pull: Option<Linked>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{Draft, Edit};
    use crate::domain::id::TaskId;

    #[test]
    fn an_edit_names_what_it_would_change_and_nothing_else() {
        let draft = Draft { prompt: "p".to_owned(), ..Draft::new("t", "/r", "a") };
        let text = |text: &str| Some(text.to_owned());
        let none = Edit::default();
        let changes: [(&str, Edit, Edit); 11] = [
            ("title", Edit { title: text("x"), ..none.clone() }, Edit { title: text("t"), ..none.clone() }),
            ("prompt", Edit { prompt: text("x"), ..none.clone() }, Edit { prompt: text("p"), ..none.clone() }),
            ("agent", Edit { agent: text("x"), ..none.clone() }, Edit { agent: text("a"), ..none.clone() }),
            ("base", Edit { base: Some(text("x")), ..none.clone() }, Edit { base: Some(None), ..none.clone() }),
            ("priority", Edit { priority: Some(1), ..none.clone() }, Edit { priority: Some(0), ..none.clone() }),
            (
                "files",
                Edit { files: Some(vec!["x".to_owned()]), ..none.clone() },
                Edit { files: Some(Vec::new()), ..none.clone() },
            ),
            (
                "branch",
                Edit { branch: Some(Some("fix".to_owned())), ..none.clone() },
                Edit { branch: Some(None), ..none.clone() },
            ),
            (
                "verify",
                Edit { verify: Some(vec!["x".to_owned()]), ..none.clone() },
                Edit { verify: Some(Vec::new()), ..none.clone() },
            ),
            (
                "timeout",
                Edit { timeout: Some(Some(std::time::Duration::from_secs(1))), ..none.clone() },
                Edit { timeout: Some(None), ..none.clone() },
            ),
            (
                "after",
                Edit { after: Some(vec![TaskId(1)]), ..none.clone() },
                Edit { after: Some(Vec::new()), ..none.clone() },
            ),
            (
                "unsafe",
                Edit { unsafe_mode: Some(true), ..none.clone() },
                Edit { unsafe_mode: Some(false), ..none.clone() },
            ),
        ];
        assert_eq!(none.changes(&draft), [""; 0]);
        for (name, other, same) in changes {
            assert_eq!(other.changes(&draft), [name]);
            assert_eq!(same.changes(&draft), [""; 0], "{name} as it is");
        }
    }
}

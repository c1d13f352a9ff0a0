//! What a use case could not do, in the words and exit codes of the command line.

use std::fmt;

use super::remedy::{Hint, Remedy};
use crate::domain::id::TaskId;
use crate::domain::queue::Limit;
use crate::domain::time::span;
use crate::ports::multiplexer::MuxError;
use crate::ports::store::StoreError;
use crate::ports::worktrees::TreeError;

/// What kind of fault it is: one exit code each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Failed,
    Usage,
    NoSuchTask,
    Conflict,
    NotDispatched,
    Unknown,
    TimedOut,
    OtherStatus,
    WouldChange,
}

impl Kind {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoSuchTask => 3,
            Self::Conflict => 4,
            Self::NotDispatched => 5,
            Self::Unknown => 6,
            Self::TimedOut => 7,
            Self::OtherStatus => 8,
            Self::WouldChange => 9,
        }
    }

    /// Its name in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NoSuchTask => "no-such-task",
            Self::Conflict => "conflict",
            Self::NotDispatched => "not-dispatched",
            Self::Unknown => "unknown",
            Self::TimedOut => "timed-out",
            Self::OtherStatus => "other-status",
            Self::WouldChange => "would-change",
        }
    }
}

/// A fault: what failed and why, and what to try next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    pub message: String,
    pub hint: Option<Hint>,
    pub task: Option<TaskId>,
    /// The limit that stands in the way, where one does: it does so for others as well.
    pub full: Option<Full>,
    /// What the task's agent could be told about it.
    pub note: Option<String>,
}

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    pub running: u32,
    /// How many it lets run.
    pub of: u32,
    pub limit: Limit,
    /// In how many minutes a usage limit ends; of others, 0. Small, as every result has room for it.
    pub minutes: u16,
}

impl Full {
    /// What came of several tasks that were to be started.
    #[must_use]
    pub fn after(self, started: usize, of: usize) -> String {
        let started = if started == 0 { "none".to_owned() } else { started.to_string() };
        format!("{started} of {of} started; {self}")
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Limit::MaxRunning => write!(f, "the limit of {} is reached", self.of),
            Limit::PerAgent | Limit::PerRepo => write!(f, "the limit of {} is reached ({})", self.of, self.limit),
            Limit::Usage => {
                write!(f, "the agent is at its usage limit, which ends in {}", span(60 * u64::from(self.minutes)))
            }
        }
    }
}

impl From<Full> for Fault {
    fn from(full: Full) -> Self {
        if full.limit == Limit::Usage {
            return Self { full: Some(full), ..Self::new(Kind::Conflict, full.to_string()).hint(Remedy::Wait) };
        }
        let are = if full.running == 1 { "task is" } else { "tasks are" };
        let why = format!("{} {are} in progress, the limit is {} ({})", full.running, full.of, full.limit);
        Self { full: Some(full), ..Self::new(Kind::Conflict, why).hint(Remedy::Wait) }
    }
}

impl Fault {
    /// A fault without a hint.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, task: None, full: None, note: None }
    }

    /// Adds what to try next.
    #[must_use]
    pub fn hint(self, hint: impl Into<Hint>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Names the task.
    #[must_use]
    pub fn of(self, task: TaskId) -> Self {
        Self { task: Some(task), ..self }
    }

    /// There is no such task.
    #[must_use]
    pub fn no_such_task(id: TaskId) -> Self {
        Self::new(Kind::NoSuchTask, format!("there is no task {id}")).of(id).hint(Remedy::ListAll)
    }

    /// The file system refused something.
    #[must_use]
    pub fn io(doing: &str, error: &std::io::Error) -> Self {
        Self::new(Kind::Failed, format!("{doing}: {error}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Busy { .. } => {
                Self::new(Kind::Failed, message).hint("try again when the other program is done")
            }
            StoreError::Full { .. } => Self::new(Kind::Failed, message)
                .hint(Hint::saying("free some room, then: ganger --reconcile", Remedy::Reconcile)),
            StoreError::Newer { .. } => Self::new(Kind::Usage, message).hint("install a newer ganger"),
            StoreError::OtherStateDir { recorded, .. } => {
                Self::new(Kind::Usage, message).hint(format!("--state-dir {}", recorded.display()))
            }
            StoreError::OtherDatabase { recorded, .. } => Self::new(Kind::Usage, message)
                .hint(format!("--db {}, or --state-dir PATH for a state directory of its own", recorded.display())),
            StoreError::ExternalIdTaken { holder, .. } => {
                Self::new(Kind::Conflict, message).of(holder).hint(Remedy::Show(holder))
            }
            StoreError::Begun { task } => Self::new(Kind::Conflict, message).of(task).hint("the same again"),
            StoreError::Older { .. } => Self::new(Kind::Unknown, message).hint("ganger doctor, then again"),
            StoreError::Replaced { .. } => Self::new(Kind::Failed, message).hint("start it again, then: ganger doctor"),
            StoreError::NetworkFileSystem { .. } => Self::new(Kind::Usage, message).hint("--db PATH on a local disk"),
            StoreError::Damaged { .. } => {
                Self::new(Kind::Failed, message).hint("restore a backup, or move the file away to start with a new one")
            }
            StoreError::Unreadable { .. } | StoreError::Failed { .. } => {
                Self::new(Kind::Failed, message).hint("ganger doctor")
            }
        }
    }
}

impl From<TreeError> for Fault {
    fn from(error: TreeError) -> Self {
        let kind = match error {
            TreeError::Taken(_) | TreeError::Busy(_) | TreeError::Revoked => Kind::Conflict,
            TreeError::Impossible(_)
            | TreeError::Missing(_)
            | TreeError::Deadline { .. }
            | TreeError::Failed { .. } => Kind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<MuxError> for Fault {
    fn from(error: MuxError) -> Self {
        Self::new(Kind::Failed, error.to_string()).hint("ganger doctor")
    }
}

//! The use cases: decisions of `domain` carried out over `ports`.
//!
//! Nothing here knows SQLite, git, tmux or the terminal, and nothing holds a transaction across a call.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::permission::Caller;
use crate::domain::settings::Settings;
use crate::domain::state::Who;
use crate::domain::task::Task;
use crate::ports::forge::Forge;
use crate::ports::host::{Clock, Disk, Entry, Locks, Notifier, Processes, Shell, StateFiles, TreeFiles};
use crate::ports::merges::Merges;
use crate::ports::multiplexer::Multiplexer;
use crate::ports::repositories::Repositories;
use crate::ports::store::{Applied, Stamp, Store};
use crate::ports::worktrees::Worktrees;

pub mod audit;
pub mod board;
pub mod comments;
pub mod diff;
pub mod dispatch;
pub mod fault;
pub mod import;
pub mod leftover;
pub mod merge;
pub mod notice;
pub mod outbox;
pub mod permission;
pub mod queue;
pub mod remedy;
pub mod report;
pub mod review;
pub mod run;
pub mod screen;
pub mod stack;
mod steps;
pub mod stop;
pub mod strays;
pub mod survey;
pub mod tasks;
pub mod trash;
pub mod trees;
pub mod trust;
pub mod undo;
pub mod upkeep;
pub mod wait;

pub use fault::{Fault, Full, Kind};
pub use remedy::{Hint, Remedy};

/// The seams, wired to something.
pub struct Ports {
    pub store: Box<dyn Store>,
    pub trees: Box<dyn Worktrees>,
    pub merges: Box<dyn Merges>,
    pub forge: Box<dyn Forge>,
    pub mux: Box<dyn Multiplexer>,
    pub clock: Box<dyn Clock>,
    pub locks: Box<dyn Locks>,
    pub processes: Box<dyn Processes>,
    pub files: Box<dyn StateFiles>,
    pub notifier: Box<dyn Notifier>,
    pub shell: Box<dyn Shell>,
    pub repositories: Box<dyn Repositories>,
    pub disk: Box<dyn Disk>,
    pub tree_files: Box<dyn TreeFiles>,
}

/// What is around this process, read once.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The database's absolute path.
    pub database: PathBuf,
    /// The state directory's absolute path.
    pub state_dir: PathBuf,
    /// Where the person stands, or where they pointed.
    pub here: PathBuf,
    /// The configuration file, where one was named.
    pub config: Option<PathBuf>,
    /// The tmux server's socket for new sessions.
    pub socket: PathBuf,
    /// This program.
    pub program: PathBuf,
    /// The environment, for agents.
    pub environment: Vec<(OsString, OsString)>,
    /// The file mode creation mask, for agents.
    pub umask: u32,
    /// Who gives this command.
    pub caller: Caller,
}

/// Everything that a use case needs.
pub struct Engine {
    pub ports: Ports,
    /// The person's own. What concerns the tasks of one repository is asked of [`trust::settings`].
    pub settings: Arc<Settings>,
    pub around: Arc<Surroundings>,
    /// Set when a person asked this process to end: sagas in flight roll back.
    pub interrupted: Arc<AtomicBool>,
}

impl Engine {
    /// A stamp of now.
    #[must_use]
    pub fn stamp(&self, who: Who) -> Stamp {
        self.stamp_with(who, Vec::new())
    }

    /// A stamp of now that shows what was seen. What an agent does in a person's place is stamped as the agent's.
    #[must_use]
    pub fn stamp_with(&self, who: Who, mut evidence: Vec<(&'static str, String)>) -> Stamp {
        let who = match (&self.around.caller, who) {
            (Caller::Agent(agent), Who::Person | Who::Dispatcher) => {
                evidence.push(("by", agent.attempt.to_string()));
                if who == Who::Person { Who::Agent } else { who }
            }
            (Caller::Agent(_) | Caller::Person, who) => who,
        };
        Stamp { now: self.ports.clock.now(), who, evidence }
    }

    /// The limits that decisions about the tasks of a repository need. Where its own can't be had, the person's.
    #[must_use]
    pub fn limits(&self, repo: &Path) -> Limits {
        let settings = trust::settings(self, repo).unwrap_or_else(|_| Arc::clone(&self.settings));
        Limits { max_orphan_retries: settings.queue.max_orphan_retries }
    }

    /// Applies an event.
    ///
    /// # Errors
    /// Those of the store.
    pub fn apply(
        &self,
        task: TaskId,
        attempt: Option<&AttemptId>,
        event: &Event,
        stamp: &Stamp,
    ) -> Result<Applied, Fault> {
        // Only these may queue a task again.
        let may_requeue = matches!(event, Event::Ended(_) | Event::RolledBack { .. });
        let task_row = if may_requeue { self.ports.store.task(task)? } else { None };
        let limits = task_row.map_or_else(Limits::default, |task| self.limits(&task.draft.repo));
        let applied = self.ports.store.apply(task, attempt, event, limits, stamp)?;
        notice::applied(self, task, &applied);
        Ok(applied)
    }

    /// A person's act on a task; that it is so already is fine.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where its state does not allow it; those of the store.
    pub fn act(&self, task: TaskId, event: &Event) -> Result<Task, Fault> {
        match self.apply(task, None, event, &self.stamp(Who::Person))? {
            Applied::Changed { .. } | Applied::Already { .. } => self.task(task),
            Applied::Conflict { why, .. } => {
                Err(Fault::new(Kind::Conflict, format!("task {task}: {why}")).of(task).hint(Remedy::Show(task)))
            }
            Applied::Missing => Err(Fault::no_such_task(task)),
        }
    }

    /// A task that must be there.
    ///
    /// # Errors
    /// [`Kind::NoSuchTask`], and those of the store.
    pub fn task(&self, id: TaskId) -> Result<Task, Fault> {
        self.ports.store.task(id)?.ok_or_else(|| Fault::no_such_task(id))
    }

    /// What stands at a path.
    ///
    /// # Errors
    /// Where that can't be told.
    pub fn look(&self, path: &Path) -> Result<Option<Entry>, Fault> {
        self.ports.disk.look(path).map_err(|error| Fault::io(&format!("looking at {}", path.display()), &error))
    }

    /// Whether a person asked this process to end.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Looks at a condition, at short and growing intervals, until it gives something or `patience` is over.
    ///
    /// # Errors
    /// Those of the condition.
    pub fn until<T>(
        &self,
        patience: Duration,
        mut look: impl FnMut(Duration) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        let started = self.ports.clock.now().boot;
        let mut pause = Duration::from_micros(500);
        loop {
            let waited = self.ports.clock.now().boot.since(started);
            if let Some(found) = look(waited)? {
                return Ok(Some(found));
            }
            if waited >= patience {
                return Ok(None);
            }
            self.ports.clock.pause(pause.min(patience.saturating_sub(waited)));
            pause = (pause * 5 / 4).min(Duration::from_millis(50));
        }
    }
}

#[cfg(test)]
mod tests;

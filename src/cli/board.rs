//! The board as it is now: tasks with what can be seen of their attempts.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::domain::attempt::Attempt;
use crate::domain::id::TaskId;
use crate::domain::reconcile::{Lock, Pane};
use crate::domain::state::{Phase, Status};
use crate::domain::task::Task;
use crate::domain::text;
use crate::engine::{Engine, Fault};
use crate::os::proc;
use crate::ports::multiplexer::Panes;

use super::output;

/// An attempt, and what was seen of it just now.
pub struct Seen {
    pub attempt: Attempt,
    /// Its lock, asked now: held, free, or unknown.
    pub live: Option<bool>,
    pub pane: Pane,
}

/// A task, and its newest attempt.
pub struct Card {
    pub task: Task,
    pub attempt: Option<Seen>,
    /// The commits on its branch since the base, newest first.
    pub commits: Vec<String>,
}

impl Card {
    /// What the agent is doing, while an attempt lives.
    #[must_use]
    pub fn activity(&self) -> Option<&'static str> {
        let attempt = &self.attempt.as_ref()?.attempt;
        match attempt.phase {
            Phase::Claimed | Phase::Worktree | Phase::Spawning => Some("starting"),
            Phase::Verifying => Some("verifying"),
            Phase::Running if attempt.started_at.is_none() => Some("setup"),
            Phase::Running if attempt.agent.is_some_and(proc::is_stopped) => Some("stopped"),
            Phase::Running => Some("working"),
            Phase::Exited | Phase::Revoked => None,
        }
    }

    /// In progress by the row, and yet nobody holds its lock.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.task.status == Status::InProgress && self.attempt.as_ref().is_some_and(|seen| seen.live == Some(false))
    }
}

/// Looks at attempts, listing each tmux server once.
pub struct Looker<'a> {
    engine: &'a Engine,
    /// Whether tmux is asked for the panes.
    panes: bool,
    servers: HashMap<PathBuf, Option<Panes>>,
}

impl<'a> Looker<'a> {
    #[must_use]
    pub fn new(engine: &'a Engine) -> Self {
        Self { engine, panes: true, servers: HashMap::new() }
    }

    /// One that does not ask tmux: for where panes are not shown, and a tmux that hangs must not be waited for.
    #[must_use]
    pub fn without_panes(engine: &'a Engine) -> Self {
        Self { panes: false, ..Self::new(engine) }
    }

    /// A task with its newest attempt.
    ///
    /// # Errors
    /// Those of the store.
    pub fn card(&mut self, task: Task) -> Result<Card, Fault> {
        let attempt = task.attempt.as_ref().map(|id| self.engine.ports.store.attempt(id)).transpose()?.flatten();
        let commits = attempt
            .as_ref()
            .filter(|attempt| attempt.started_at.is_some())
            .map(|attempt| {
                let plan = &attempt.plan;
                // A branch that is gone has no commits to show.
                self.engine.ports.trees.commits(&plan.repo, &plan.branch, &plan.base).unwrap_or_default()
            })
            .unwrap_or_default();
        Ok(Card { task, attempt: attempt.map(|attempt| self.see(attempt)), commits })
    }

    /// An attempt.
    pub fn see(&mut self, attempt: Attempt) -> Seen {
        let locks = &self.engine.ports.locks;
        let lock = match attempt.phase {
            Phase::Exited | Phase::Revoked => Lock::Free,
            Phase::Claimed | Phase::Worktree | Phase::Spawning => locks.ask(&attempt.plan.files.saga, None),
            Phase::Running | Phase::Verifying => locks.ask(&attempt.plan.files.lock, attempt.lock),
        };
        let here = self.engine.ports.processes.place();
        let live = match lock {
            _ if attempt.place.host != here.host && attempt.phase.is_live() => None,
            _ if attempt.place.boot != here.boot => Some(false),
            Lock::Held => Some(true),
            Lock::Free => Some(false),
            Lock::Missing if !attempt.phase.has_shim() => Some(false),
            Lock::Missing | Lock::Replaced | Lock::Unknown => None,
        };
        let pane = self.pane(&attempt);
        Seen { attempt, live, pane }
    }

    fn pane(&mut self, attempt: &Attempt) -> Pane {
        if attempt.cleaned {
            return Pane::Missing;
        }
        if !self.panes {
            return Pane::Unknown;
        }
        let socket = &attempt.plan.socket;
        if !self.servers.contains_key(socket) {
            self.servers.insert(socket.clone(), self.engine.ports.mux.panes(socket).ok());
        }
        match self.servers.get(socket) {
            None | Some(None) => Pane::Unknown,
            Some(Some(panes)) => panes.look(&attempt.plan.id),
        }
    }
}

/// One task as it is now.
///
/// # Errors
/// There is no such task; those of the store.
pub fn card(engine: &Engine, id: TaskId) -> Result<Card, Fault> {
    Looker::new(engine).card(engine.task(id)?)
}

/// Prints cards as a table.
pub fn table(cards: &[Card]) {
    if cards.is_empty() {
        return;
    }
    let mut rows = vec![["ID", "STATUS", "AGENT", "TITLE", ""].map(str::to_owned).to_vec()];
    for card in cards {
        let task = &card.task;
        let mut remarks = Vec::new();
        if card.is_lost() {
            remarks.push("LOST: nobody works on it, run: ganger --reconcile".to_owned());
        } else if let Some(activity) = card.activity() {
            remarks.push(activity.to_owned());
        }
        if task.attempts > 1 {
            remarks.push(format!("attempt {}", task.attempts));
        }
        if !task.blocked_by.is_empty() {
            let by: Vec<String> = task.blocked_by.iter().map(ToString::to_string).collect();
            remarks.push(format!("waits for {}", by.join(", ")));
        }
        if task.status != Status::InProgress
            && let Some(reason) = &task.reason
        {
            remarks.push(reason.clone());
        }
        rows.push(vec![
            task.id.to_string(),
            task.status.to_string(),
            text::line(&task.draft.agent),
            text::cut(&text::line(&task.draft.title), 50),
            text::cut(&text::line(&remarks.join(" · ")), 100),
        ]);
    }
    output::table(&rows);
}

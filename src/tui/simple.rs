//! The acts on a task that ask nothing first. To add one is to add a variant and its key to the key table, and here what
//! it is done to, what it does, and how that is said.

use super::keymap::{Intent, Simple};
use super::words::Said;
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::engine::board::Card;
use crate::engine::{Engine, Fault, review, tasks};

impl Simple {
    /// Why it can't be done to this task; `None` where it can.
    pub(super) fn refuses(self, card: &Card) -> Option<String> {
        let task = &card.task;
        match self {
            Self::Reopen if task.status != Status::Done => {
                Some(only(task.id, task.status.said(), Status::Done, "reopened"))
            }
            Self::Archive if task.archived => Some(format!("task {} is archived already", task.id)),
            Self::Unarchive if !task.archived => {
                Some(format!("task {} is on the board: only archived tasks come back", task.id))
            }
            Self::Archive if card.is_live() => Some(format!("task {}: its agent runs; stop it first", task.id)),
            Self::Reopen | Self::Archive | Self::Unarchive => None,
        }
    }

    /// Does it.
    pub(super) fn carry_out(self, engine: &Engine, task: TaskId) -> Result<(), Fault> {
        match self {
            Self::Reopen => review::reopen(engine, task).map(drop),
            Self::Archive => tasks::archive(engine, task, false).map(drop),
            Self::Unarchive => tasks::unarchive(engine, task).map(drop),
        }
    }

    /// What is shown on the task's card while it goes on.
    pub(super) const fn going_on(self) -> &'static str {
        match self {
            Self::Reopen => "reopening",
            Self::Archive => "archiving",
            Self::Unarchive => "bringing back",
        }
    }

    /// What it came to.
    pub(super) fn said(self, task: TaskId) -> Said {
        match self {
            Self::Reopen => format!("task {task} is in review again").into(),
            Self::Archive => Said::from(format!("task {task} archived")).then(Intent::Undo),
            Self::Unarchive => format!("task {task} is on the board again").into(),
        }
    }
}

/// That a task is not where this is done.
pub(super) fn only(task: TaskId, is: &str, from: Status, done: &str) -> String {
    format!("task {task} is {is}; only tasks that are {} can be {done}", from.said())
}

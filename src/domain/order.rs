//! In which order tasks stand, and in which groups.

use std::cmp::{Ordering, Reverse};

use super::task::Task;

/// What decides which of two tasks comes first; then it is the id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By status, then by priority.
    #[default]
    Board,
    Id,
    /// The highest first.
    Priority,
    /// The oldest first.
    Created,
    /// What changed last comes first.
    Updated,
    Title,
}

impl Sort {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 6] = [Self::Board, Self::Id, Self::Priority, Self::Created, Self::Updated, Self::Title];

    /// Its name on the command line and in the configuration.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Id => "id",
            Self::Priority => "priority",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Title => "title",
        }
    }

    /// Which of two tasks comes first.
    #[must_use]
    pub fn compare(self, one: &Task, other: &Task) -> Ordering {
        let by_priority = || other.draft.priority.cmp(&one.draft.priority);
        let first = match self {
            Self::Board => one.status.cmp(&other.status).then_with(by_priority),
            Self::Id => Ordering::Equal,
            Self::Priority => by_priority(),
            Self::Created => one.created_at.cmp(&other.created_at),
            Self::Updated => other.updated_at.cmp(&one.updated_at),
            Self::Title => one.draft.title.to_lowercase().cmp(&other.draft.title.to_lowercase()),
        };
        first.then(one.id.cmp(&other.id))
    }
}

/// What the tasks of a group have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    /// There are no groups.
    #[default]
    None,
    Repository,
    Agent,
    Priority,
}

impl Group {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::None, Self::Repository, Self::Agent, Self::Priority];

    /// Its name in the configuration.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Repository => "repository",
            Self::Agent => "agent",
            Self::Priority => "priority",
        }
    }

    /// The heading of a task's group; none where there are no groups.
    #[must_use]
    pub fn heading(self, task: &Task) -> Option<String> {
        match self {
            Self::None => None,
            Self::Repository => {
                let repo = &task.draft.repo;
                Some(repo.file_name().unwrap_or(repo.as_os_str()).to_string_lossy().into_owned())
            }
            Self::Agent => Some(task.draft.agent.clone()),
            Self::Priority => Some(format!("priority {}", task.draft.priority)),
        }
    }

    /// Which of two tasks' groups comes first.
    #[must_use]
    pub fn compare(self, one: &Task, other: &Task) -> Ordering {
        match self {
            Self::None => Ordering::Equal,
            // Two repositories may have one name: they are two groups all the same.
            Self::Repository => {
                let key = |task: &Task| (Self::Repository.heading(task), task.draft.repo.clone());
                key(one).cmp(&key(other))
            }
            Self::Agent => one.draft.agent.cmp(&other.draft.agent),
            Self::Priority => Reverse(one.draft.priority).cmp(&Reverse(other.draft.priority)),
        }
    }
}

/// How a board is arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    pub sort: Sort,
    pub group: Group,
}

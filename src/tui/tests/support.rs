//! Boards made up for tests.

use std::path::PathBuf;

use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::domain::task::{Draft, Task};
use crate::domain::time::Timestamp;
use crate::engine::board::{Board, Card};

/// The moment at which every test's clock stands: 2026-01-02T12:00:00Z.
pub const NOON: Timestamp = Timestamp(1_767_355_200_000);

/// A task called `task ID`.
pub fn card(id: i64, status: Status) -> Card {
    let draft = Draft {
        title: format!("task {id}"),
        prompt: String::new(),
        repo: PathBuf::from("/repo"),
        agent: "shell".to_owned(),
        base: None,
        priority: 0,
        batch: None,
        files: Vec::new(),
        verify: Vec::new(),
        timeout: None,
        after: Vec::new(),
        external_id: None,
        extra: None,
        unsafe_mode: false,
    };
    let task = Task {
        id: TaskId(id),
        draft,
        status,
        cause: None,
        reason: None,
        note: None,
        not_before: None,
        orphans: 0,
        archived: false,
        attempt: None,
        attempts: 0,
        blocked_by: Vec::new(),
        created_at: NOON,
        updated_at: NOON,
    };
    Card { task, attempt: None, commits: Vec::new() }
}

/// A board of these tasks.
pub fn board(mut cards: Vec<Card>) -> Board {
    cards.sort_by_key(|card| card.task.id);
    Board { cards, unreadable: Vec::new() }
}

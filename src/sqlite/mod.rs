//! The store, in `SQLite`: schema, transactions, strict decoding.
//!
//! Owns the database file and everything beside it. Never holds a transaction across a call to anything else, never
//! writes a row from a snapshot, never makes a new board where an old one can't be read.

mod apply;
mod attempts;
mod claim;
mod disk;
mod events;
mod open;
mod rows;
mod tasks;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::domain::attempt::{Attempt, Tree};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::task::{Draft, Task};
use crate::ports::store::{Amendment, Applied, Claim, Claimed, Filter, Listing, Record, Result, Stamp, Store, Which};

/// A connection to a board.
pub struct Sqlite {
    conn: Connection,
    db: PathBuf,
    state_dir: PathBuf,
    busy: Duration,
    read_only: bool,
}

/// How many tasks are in the columns that a status line shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub ready: u32,
    pub in_progress: u32,
    pub review: u32,
    pub done: u32,
    pub failed: u32,
}

impl Sqlite {
    /// The state directory that the database belongs to.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Counts the tasks on the board, of one repository or of all.
    ///
    /// # Errors
    /// Those of the store.
    pub fn tally(&self, repo: Option<&Path>) -> Result<Tally> {
        self.read("counting tasks", |conn| tasks::tally(conn, repo))
    }
}

impl Store for Sqlite {
    fn task(&self, id: TaskId) -> Result<Option<Task>> {
        self.read("reading a task", |conn| tasks::one(conn, id))
    }

    fn tasks(&self, filter: &Filter) -> Result<Listing> {
        self.read("reading the board", |conn| tasks::list(conn, filter))
    }

    fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>> {
        self.read("reading an attempt", |conn| attempts::one(conn, id))
    }

    fn attempts(&self, which: &Which) -> Result<Vec<Attempt>> {
        self.read("reading attempts", |conn| attempts::list(conn, which))
    }

    fn trees(&self, task: TaskId) -> Result<Vec<Tree>> {
        self.read("reading worktrees", |conn| attempts::trees(conn, task))
    }

    fn timeline(&self, task: Option<TaskId>, after: i64, limit: u32) -> Result<Vec<Record>> {
        self.read("reading the timeline", |conn| events::list(conn, task, after, limit))
    }

    fn add(&self, drafts: &[Draft], stamp: &Stamp) -> Result<Vec<TaskId>> {
        self.write("adding tasks", |conn| drafts.iter().map(|draft| tasks::insert(conn, draft, stamp)).collect())
    }

    fn claim(&self, claim: &Claim, stamp: &Stamp) -> Result<Claimed> {
        match self.attempt_write("claiming a task", |conn| claim::claim(conn, claim, stamp))? {
            Some(claimed) => Ok(claimed),
            None => Ok(Claimed::Stale),
        }
    }

    fn apply(
        &self,
        task: TaskId,
        attempt: Option<&AttemptId>,
        event: &Event,
        limits: Limits,
        stamp: &Stamp,
    ) -> Result<Applied> {
        self.write("moving a task", |conn| apply::apply(conn, task, attempt, event, limits, stamp))
    }

    fn amend(&self, amendment: &Amendment, stamp: &Stamp) -> Result<bool> {
        self.write("keeping the books", |conn| apply::amend(conn, amendment, stamp))
    }

    fn version(&self) -> Result<i64> {
        self.waiting("asking for changes", |conn| {
            Ok(conn.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0))?)
        })
    }
}
